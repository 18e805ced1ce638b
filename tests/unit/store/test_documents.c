// History: lists with filters and pages, erasing, retention. Templates and their versions.
#include "fixture.h"

#include "server/store/snapshot.h"
#include "server/store/sqlite/sql.h"

#include <stdio.h>
#include <string.h>

static const struct dgl_document_filter any = {.status = -1, .source = -1, .is_uat = -1};

static size_t list(struct fixture *f, const struct dgl_document_filter *filter, int64_t limit, const char *cursor,
                   struct dgl_document_row **ret, char next[DGL_CURSOR_LEN])
{
    struct dgl_page_query page = {.limit = limit, .cursor = cursor};
    size_t count;
    assert_ok(f, dgl_store_document_list(f->store, f->arena, f->org.s, filter, &page, ret, &count, next, &f->err));
    return count;
}

static void test_pages_are_stable(void **state)
{
    struct fixture *f = *state;
    struct dgl_document_row *rows;
    char next[DGL_CURSOR_LEN], cursor[DGL_CURSOR_LEN];
    struct dgl_id ids[25];
    for (int i = 0; i < 25; i++) {
        ids[i] = accept_own(f);
        if (i % 5 == 4)
            dgl_clock_advance(f->clock, 1); // five of each moment
    }
    assert_int_equal(list(f, &any, 10, NULL, &rows, next), 10);
    assert_string_equal(rows[0].id, ids[24].s);
    accept_own(f); // comes after the pages began and must not shift them
    const char **uris;
    size_t uri_count;
    assert_ok(f, dgl_store_document_delete(f->store, f->arena, f->org.s, ids[15].s, &uris, &uri_count, &f->err));
    memcpy(cursor, next, sizeof cursor);
    assert_int_equal(list(f, &any, 10, cursor, &rows, next), 10);
    for (int i = 0; i < 10; i++)
        assert_string_equal(rows[i].id, ids[14 - i].s);
    memcpy(cursor, next, sizeof cursor);
    assert_int_equal(list(f, &any, 10, cursor, &rows, next), 5);
    assert_string_equal(rows[4].id, ids[0].s);
    assert_string_equal(next, "");
}

static void test_bad_cursors(void **state)
{
    struct fixture *f = *state;
    struct dgl_document_row *rows;
    struct dgl_template_row *templates;
    char next[DGL_CURSOR_LEN], template_cursor[DGL_CURSOR_LEN], out[DGL_CURSOR_LEN];
    size_t count;
    struct dgl_page_query one = {.limit = 1};
    make_template(f, f->org.s, "Second");
    assert_ok(f, dgl_store_template_list(f->store, f->arena, f->org.s, -1, &one, &templates, &count, template_cursor,
                                         &f->err));
    assert_true(template_cursor[0]);
    char padded[DGL_CURSOR_LEN + 8];
    snprintf(padded, sizeof padded, "%s=", template_cursor);
    const char *bad[] = {"",
                         "x",
                         "!!!!",
                         "AAAAAAAAAAAAAAAAAAAAAAA",
                         template_cursor,
                         padded,
                         "ZAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_page_query page = {.limit = 10, .cursor = bad[i]};
        assert_fails(f, DGL_E_INVALID,
                     dgl_store_document_list(f->store, f->arena, f->org.s, &any, &page, &rows, &count, out, &f->err));
        assert_string_equal(f->err.field, "cursor");
    }
    int64_t limits[] = {0, -1, DGL_PAGE_MAX + 1};
    for (size_t i = 0; i < DGL_COUNT(limits); i++) {
        struct dgl_page_query page = {.limit = limits[i]};
        assert_fails(f, DGL_E_INVALID,
                     dgl_store_document_list(f->store, f->arena, f->org.s, &any, &page, &rows, &count, next, &f->err));
        assert_string_equal(f->err.field, "limit");
    }
}

static void test_filters(void **state)
{
    struct fixture *f = *state;
    struct dgl_document_row *rows;
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    struct dgl_job_accepted accepted;
    char next[DGL_CURSOR_LEN];
    struct dgl_id second = make_template(f, f->org.s, "Second");
    struct dgl_id ready = accept_own(f), failed = accept_own(f), rendering = accept_own(f);
    assert_int_equal(claim(f, 3, 0, &c), 3);
    finish_job(f, ready.s, true, &due);
    finish_job(f, failed.s, false, &due);
    dgl_clock_advance(f->clock, 1000);
    struct dgl_job_new job = new_job(f, f->org.s, second.s);
    job.source = DGL_SOURCE_UI;
    job.is_uat = true;
    assert_ok(f, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    const char *by_status[] = {job.id, rendering.s, ready.s, failed.s};
    for (int i = 0; i < 4; i++) {
        struct dgl_document_filter filter = any;
        filter.status = i;
        assert_int_equal(list(f, &filter, 10, NULL, &rows, next), 1);
        assert_string_equal(rows[0].id, by_status[i]);
    }
    struct dgl_document_filter filter = any;
    filter.template_id = second.s;
    assert_int_equal(list(f, &filter, 10, NULL, &rows, next), 1);
    filter = any;
    filter.source = DGL_SOURCE_API;
    assert_int_equal(list(f, &filter, 10, NULL, &rows, next), 3);
    filter = any;
    filter.is_uat = 1;
    assert_int_equal(list(f, &filter, 10, NULL, &rows, next), 1);
    filter = any;
    filter.since_us = START_US + 1;
    assert_int_equal(list(f, &filter, 10, NULL, &rows, next), 1);
    filter = any;
    filter.until_us = START_US + 1000;
    assert_int_equal(list(f, &filter, 2, NULL, &rows, next), 2);
    assert_int_equal(list(f, &filter, 2, next, &rows, next), 1);
}

static void test_erase_keeps_a_tombstone(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *due;
    struct dgl_attempt_row *attempts;
    struct dgl_document_row d;
    struct dgl_delivery_row w;
    const char **uris;
    size_t count;
    put_endpoint(f, f->org.s, true, "https://one.example/", NULL);
    struct dgl_id id = finished_document(f, &due, &count);
    struct dgl_attempt_result r = attempt_of(due[0].id, 1, DGL_DELIVERY_SUCCEEDED, 200);
    assert_ok(f, record_attempt(f, &r));
    assert_ok(f, dgl_store_document_for_link(f->store, f->arena, id.s, &d, &f->err));
    assert_ok(f, dgl_store_document_delete(f->store, f->arena, f->org.s, id.s, &uris, &count, &f->err));
    assert_int_equal(count, 1);
    assert_string_equal(uris[0], "blob:o/document/d.pdf");
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_get(f->store, f->arena, f->org.s, id.s, &d, &f->err));
    assert_fails(f, DGL_E_GONE, dgl_store_document_for_link(f->store, f->arena, id.s, &d, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_for_link(f->store, f->arena, "never", &d, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_document_delete(f->store, f->arena, f->org.s, id.s, &uris, &count, &f->err));
    assert_ok(f, dgl_store_delivery_load(f->store, f->arena, due[0].id, &w, &f->err));
    assert_true(w.document_erased);
    assert_true(w.document_ok);
    assert_int_equal(w.document_created_at_us, START_US);
    assert_ok(f, dgl_store_attempt_list(f->store, f->arena, f->org.s, due[0].id, &attempts, &count, &f->err));
    assert_int_equal(count, 1);
    assert_null(attempts[0].answer_body);
    assert_null(attempts[0].answer_headers);
    assert_int_equal(attempts[0].http_status, 200);
}

static void test_erase_of_an_unfinished_job(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    const char **uris;
    size_t count;
    struct dgl_id queued = accept_own(f), rendering = accept_own(f);
    assert_ok(f, dgl_store_document_delete(f->store, f->arena, f->org.s, queued.s, &uris, &count, &f->err));
    assert_int_equal(count, 0);
    assert_int_equal(claim(f, 2, 0, &c), 1);
    assert_string_equal(c[0].id, rendering.s);
    assert_ok(f, dgl_store_document_delete(f->store, f->arena, f->org.s, rendering.s, &uris, &count, &f->err));
    struct dgl_job_finish finish = {.ok = true};
    memcpy(finish.id, rendering.s, sizeof finish.id);
    assert_fails(f, DGL_E_CONFLICT, dgl_store_job_finish(f->store, f->arena, &finish, &due, &count, &f->err));
    struct dgl_store_stats stats;
    dgl_store_stats(f->store, &stats);
    assert_int_equal(stats.queued_documents, 0);
}

static void test_retention(void **state)
{
    struct fixture *f = *state;
    const char **uris;
    size_t count;
    bool more;
    struct dgl_document_row *rows;
    char next[DGL_CURSOR_LEN];
    for (int i = 0; i < 3; i++)
        finished_document(f, NULL, NULL);
    dgl_clock_advance(f->clock, 1000);
    finished_document(f, NULL, NULL);
    accept_own(f);
    assert_ok(f, dgl_store_documents_prune(f->store, f->arena, START_US + 1000, 2, &uris, &count, &more, &f->err));
    assert_int_equal(count, 2);
    assert_ok(f, dgl_store_documents_prune(f->store, f->arena, START_US + 1000, 2, &uris, &count, &more, &f->err));
    assert_int_equal(count, 1);
    assert_ok(f, dgl_store_documents_prune(f->store, f->arena, START_US + 1000, 2, &uris, &count, &more, &f->err));
    assert_int_equal(count, 0);
    assert_false(more);
    assert_int_equal(list(f, &any, 10, NULL, &rows, next), 2);
}

// Failed documents have no files: a batch of them is no larger for it.
static void test_pruning_is_bounded(void **state)
{
    struct fixture *f = *state;
    const char **uris;
    size_t count;
    bool more;
    struct dgl_job_claim *claims;
    struct dgl_delivery_due *due;
    struct dgl_document_row *rows;
    char next[DGL_CURSOR_LEN];
    for (int i = 0; i < 7; i++) {
        struct dgl_id id = accept_own(f);
        assert_int_equal(claim(f, 1, 0, &claims), 1);
        finish_job(f, id.s, false, &due);
    }
    for (int left = 5; left >= 1; left -= 2) {
        assert_ok(f, dgl_store_documents_prune(f->store, f->arena, START_US + 1000, 2, &uris, &count, &more, &f->err));
        assert_int_equal(count, 0);
        assert_true(more);
        assert_int_equal(list(f, &any, 10, NULL, &rows, next), left);
    }
    assert_ok(f, dgl_store_documents_prune(f->store, f->arena, START_US + 1000, 2, &uris, &count, &more, &f->err));
    assert_false(more);
    assert_int_equal(list(f, &any, 10, NULL, &rows, next), 0);
}

static void test_template_versions(void **state)
{
    struct fixture *f = *state;
    struct dgl_template_row t = {.name = "Renamed"};
    struct dgl_template_version_row v = {.blob_uri = "blob:o/template/t.v2.docx", .tokens_json = "[1]"}, got, *versions;
    struct dgl_page_query two = {.limit = 2};
    char next[DGL_CURSOR_LEN], cursor[DGL_CURSOR_LEN];
    int64_t version;
    size_t count;
    memcpy(t.id, f->template.s, sizeof t.id);
    assert_ok(f, dgl_store_template_add_version(f->store, f->org.s, &t, &v, &version, &f->err));
    assert_int_equal(version, 2);
    assert_ok(f, dgl_store_template_add_version(f->store, f->org.s, &t, NULL, &version, &f->err));
    assert_int_equal(version, 2);
    t.name = NULL;
    t.description = "what for";
    assert_ok(f, dgl_store_template_add_version(f->store, f->org.s, &t, &v, &version, &f->err));
    assert_int_equal(version, 3);
    assert_ok(f, dgl_store_template_get(f->store, f->arena, f->org.s, f->template.s, &t, &f->err));
    assert_string_equal(t.name, "Renamed");
    assert_string_equal(t.description, "what for");
    assert_int_equal(t.version, 3);
    assert_ok(f, dgl_store_template_version_get(f->store, f->arena, f->org.s, t.id, 0, &got, &f->err));
    assert_int_equal(got.version, 3);
    assert_string_equal(got.tokens_json, "[1]");
    assert_ok(f, dgl_store_template_version_get(f->store, f->arena, f->org.s, t.id, 1, &got, &f->err));
    assert_string_equal(got.file_name, "t.docx");
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_template_version_get(f->store, f->arena, f->org.s, t.id, 4, &got, &f->err));

    struct dgl_org org;
    assert_ok(f, dgl_store_org_get(f->store, f->arena, f->org.s, &org, &f->err));
    const char *by[] = {"Renamed", f->template.s};
    for (size_t i = 0; i < DGL_COUNT(by); i++) {
        assert_ok(f, dgl_store_template_version_named(f->store, f->arena, org.number, by[i], &got, &f->err));
        assert_string_equal(got.template_id, f->template.s);
        assert_int_equal(got.version, 3);
    }
    struct dgl_id younger = make_template(f, f->org.s, "Renamed");
    assert_ok(f, dgl_store_template_version_named(f->store, f->arena, org.number, "Renamed", &got, &f->err));
    assert_string_equal(got.template_id, younger.s);
    const char **names;
    assert_ok(f, dgl_store_template_names(f->store, f->arena, org.number, &names, &count, &f->err));
    assert_int_equal(count, 2);
    assert_string_equal(names[1], "Renamed");
    assert_ok(f, dgl_store_template_delete(f->store, f->org.s, younger.s, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_template_version_named(f->store, f->arena, org.number, younger.s, &got, &f->err));
    assert_ok(f,
              dgl_store_template_versions(f->store, f->arena, f->org.s, t.id, &two, &versions, &count, next, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(versions[0].version, 3);
    memcpy(cursor, next, sizeof cursor);
    two.cursor = cursor;
    assert_ok(f,
              dgl_store_template_versions(f->store, f->arena, f->org.s, t.id, &two, &versions, &count, next, &f->err));
    assert_int_equal(count, 1);
    assert_int_equal(versions[0].version, 1);
    assert_string_equal(next, "");
}

static void test_deleted_template(void **state)
{
    struct fixture *f = *state;
    struct dgl_template_row t, *templates;
    struct dgl_template_version_row v;
    struct dgl_job_claim *c;
    char next[DGL_CURSOR_LEN];
    size_t count;
    int64_t version;
    accept_own(f);
    struct dgl_id second = make_template(f, f->org.s, "Second");
    assert_ok(f, dgl_store_template_delete(f->store, f->org.s, f->template.s, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_template_delete(f->store, f->org.s, f->template.s, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_template_get(f->store, f->arena, f->org.s, f->template.s, &t, &f->err));
    t = (struct dgl_template_row){.name = "x"};
    memcpy(t.id, f->template.s, sizeof t.id);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_template_add_version(f->store, f->org.s, &t, NULL, &version, &f->err));
    assert_ok(f, dgl_store_template_version_get(f->store, f->arena, f->org.s, f->template.s, 1, &v, &f->err));
    assert_int_equal(claim(f, 1, 0, &c), 1); // accepted before
    assert_ok(f, dgl_store_template_list(f->store, f->arena, f->org.s, -1, NULL, &templates, &count, next, &f->err));
    assert_int_equal(count, 1);
    assert_string_equal(templates[0].id, second.s);
    assert_ok(f, dgl_store_template_list(f->store, f->arena, f->org.s, 1, NULL, &templates, &count, next, &f->err));
    assert_int_equal(count, 0);
}

// A template of three versions, the third with the file of the first, and one document of the first.
static struct dgl_id make_rolled_back(struct fixture *f, struct dgl_id *ret_document)
{
    struct dgl_id id = make_template(f, f->org.s, "Letter");
    struct dgl_template_row t = {.name = NULL};
    struct dgl_template_version_row v = {.blob_uri = "blob:o/template/t.v2.docx", .tokens_json = "[]"};
    int64_t version;
    memcpy(t.id, id.s, sizeof t.id);
    assert_ok(f, dgl_store_template_add_version(f->store, f->org.s, &t, &v, &version, &f->err));
    v.blob_uri = "blob:o/template/t.v1.docx";
    assert_ok(f, dgl_store_template_add_version(f->store, f->org.s, &t, &v, &version, &f->err));
    *ret_document = accept_job(f, f->org.s, id.s);
    return id;
}

static void finish_all(struct fixture *f)
{
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    size_t count = claim(f, 10, 0, &c);
    for (size_t i = 0; i < count; i++)
        finish_job(f, c[i].id, true, &due);
}

static const char **prune(struct fixture *f, int64_t before_us, size_t max, size_t *ret_count, bool *ret_more)
{
    const char **uris;
    assert_ok(f, dgl_store_templates_prune(f->store, f->arena, before_us, max, &uris, ret_count, ret_more, &f->err));
    return uris;
}

static void test_versions_of_deleted_templates_go(void **state)
{
    struct fixture *f = *state;
    struct dgl_template_version_row v;
    struct dgl_document_row d;
    struct dgl_job_accepted accepted;
    struct dgl_id document, id = make_rolled_back(f, &document);
    const char **uris;
    size_t count;
    bool more;
    uris = prune(f, START_US + 1000, 2, &count, &more); // nothing is deleted
    assert_int_equal(count, 0);
    assert_false(more);
    assert_ok(f, dgl_store_template_delete(f->store, f->org.s, id.s, &f->err));
    struct dgl_job_new job = new_job(f, f->org.s, id.s);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    assert_string_equal(f->err.slug, "template_not_found");
    uris = prune(f, START_US + 1000, 2, &count, &more); // a document waits
    assert_int_equal(count, 0);
    assert_false(more);
    finish_all(f);
    uris = prune(f, START_US, 2, &count, &more); // too young
    assert_int_equal(count, 0);
    assert_false(more);
    uris = prune(f, START_US + 1000, 2, &count, &more);
    assert_int_equal(count, 1);
    assert_string_equal(uris[0], "blob:o/template/t.v2.docx");
    assert_true(more);
    fixture_reopen(f); // a stop in between
    uris = prune(f, START_US + 1000, 2, &count, &more);
    assert_int_equal(count, 1);
    assert_string_equal(uris[0], "blob:o/template/t.v1.docx");
    assert_false(more);
    uris = prune(f, START_US + 1000, 2, &count, &more);
    assert_int_equal(count, 0);
    for (int64_t number = 0; number <= 3; number++)
        assert_fails(f, DGL_E_NOT_FOUND,
                     dgl_store_template_version_get(f->store, f->arena, f->org.s, id.s, number, &v, &f->err));
    assert_ok(f, dgl_store_template_version_get(f->store, f->arena, f->org.s, f->template.s, 1, &v, &f->err));
    assert_ok(f, dgl_store_document_get(f->store, f->arena, f->org.s, document.s, &d, &f->err));
    assert_string_equal(d.template_name, "Letter");
    assert_int_equal(d.template_version, 1);
}

static enum dgl_status count_file(void *count, const struct dgl_snapshot_file *file, struct dgl_error *err)
{
    (void)file;
    (void)err;
    ++*(int *)count;
    return DGL_OK;
}

// The files of a template that was deleted are removed while a backup is made: it is so in the backup, where a document
// that waited would else wait for ever.
static void test_a_backup_follows_the_removal(void **state)
{
    struct fixture *f = *state;
    struct dgl_id document, id = make_rolled_back(f, &document);
    char path[160];
    size_t count;
    bool more, erased;
    int files = 0;
    snprintf(path, sizeof path, "%s/copy.db", f->directory);
    DGL_AUTO(snapshot) s = NULL;
    assert_ok(f, dgl_snapshot_make(f->url, path, NULL, NULL, &s, &f->err));
    assert_ok(f, dgl_snapshot_follow_erasure(s, id.s, &erased, &f->err));
    assert_false(erased); // a file of a template that is there is missing: damage
    finish_all(f);
    assert_ok(f, dgl_store_template_delete(f->store, f->org.s, id.s, &f->err));
    prune(f, START_US + 1000, 10, &count, &more);
    assert_int_equal(count, 2);
    for (int i = 0; i < 2; i++) { // for each of the files
        assert_ok(f, dgl_snapshot_follow_erasure(s, id.s, &erased, &f->err));
        assert_true(erased);
    }
    assert_ok(f, dgl_snapshot_files(s, count_file, &files, &f->err));
    assert_int_equal(files, 1);
    assert_ok(f, dgl_snapshot_seal(s, &f->err));
    DGL_AUTO(conn) c = NULL;
    assert_ok(f, dgl_conn_open(path, true, &c, &f->err));
    int64_t waiting, deleted;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT count(*) FROM documents WHERE status < 2");
    assert_ok(f, dgl_sql_int(&q, -1, &waiting, &f->err));
    assert_int_equal(waiting, 0);
    DGL_AUTO_SQL t = dgl_sql(c, "SELECT count(*) FROM templates WHERE deleted_at_us > 0 AND version = 0");
    assert_ok(f, dgl_sql_int(&t, -1, &deleted, &f->err));
    assert_int_equal(deleted, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_pages_are_stable),
        CASE(test_bad_cursors),
        CASE(test_filters),
        CASE(test_erase_keeps_a_tombstone),
        CASE(test_erase_of_an_unfinished_job),
        CASE(test_retention),
        CASE(test_pruning_is_bounded),
        CASE(test_template_versions),
        CASE(test_deleted_template),
        CASE(test_versions_of_deleted_templates_go),
        CASE(test_a_backup_follows_the_removal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
