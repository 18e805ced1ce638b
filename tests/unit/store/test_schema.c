// The file, its settings, migrations with their copies, refusals, and that hot queries search their index.
#include "fixture.h"
#include "server/store/sqlite/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static struct dgl_conn *open_conn(struct fixture *f, bool read_only)
{
    struct dgl_conn *c = NULL;
    assert_ok(f, dgl_conn_open(f->path, read_only, &c, &f->err));
    return c;
}

static int64_t ask(struct fixture *f, struct dgl_conn *c, const char *sql)
{
    int64_t value = -1;
    DGL_AUTO_SQL q = dgl_sql(c, sql);
    assert_ok(f, dgl_sql_int(&q, -1, &value, &f->err));
    return value;
}

static void test_file_is_private_and_wal(void **state)
{
    struct fixture *f = *state;
    char wal[140];
    snprintf(wal, sizeof wal, "%s-wal", f->path);
    assert_int_equal(mode_of(f->path), 0600);
    assert_int_equal(mode_of(wal), 0600);
    DGL_AUTO(conn) c = open_conn(f, true);
    assert_int_equal(ask(f, c, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
    assert_int_equal(ask(f, c, "PRAGMA user_version"), dgl_schema_version);
    assert_int_equal(ask(f, c,
                         "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 0"
                         " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"),
                     0);
}

static void test_reopen_keeps_everything(void **state)
{
    struct fixture *f = *state;
    fixture_reopen(f);
    struct dgl_org org;
    assert_ok(f, dgl_store_org_get(f->store, f->arena, f->org.s, &org, &f->err));
    assert_string_equal(org.name, "Acme");
    assert_string_equal(org.time_zone, "UTC");
}

static void test_newer_schema_is_refused(void **state)
{
    struct fixture *f = *state;
    struct dgl_store *other = NULL;
    dgl_store_close(f->store);
    f->store = NULL;
    struct dgl_conn *c = open_conn(f, false);
    assert_ok(f, dgl_conn_script(c, "PRAGMA user_version = 99", &f->err));
    dgl_conn_free(c);
    assert_fails(f, DGL_E_UNSUPPORTED, dgl_store_open(f->url, f->clock, &other, &f->err));
    assert_string_equal(dgl_error_slug(&f->err), "newer_schema");
    assert_non_null(strstr(f->err.message, "99"));
    c = open_conn(f, false);
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", dgl_schema_version);
    assert_ok(f, dgl_conn_script(c, sql, &f->err));
    dgl_conn_free(c);
    assert_ok(f, dgl_store_open(f->url, f->clock, &f->store, &f->err));
}

static void test_foreign_database_is_refused_untouched(void **state)
{
    struct fixture *f = *state;
    struct dgl_store *other = NULL;
    struct fixture g = {0};
    fixture_make_directory(&g);
    assert_ok(f, dgl_schema_create_file(g.path, &f->err));
    struct dgl_conn *c = open_conn(&g, false);
    assert_ok(f, dgl_conn_script(c, "CREATE TABLE theirs (x)", &f->err));
    dgl_conn_free(c);
    assert_fails(f, DGL_E_INVALID, dgl_store_open(g.url, f->clock, &other, &f->err));
    c = open_conn(&g, true);
    assert_int_equal(ask(f, c, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 0);
    assert_int_equal(ask(f, c, "SELECT count(*) FROM sqlite_schema"), 1);
    dgl_conn_free(c);
    fixture_remove_directory(&g);
}

static void test_bad_urls(void **state)
{
    struct fixture *f = *state;
    struct dgl_store *other = NULL;
    assert_fails(f, DGL_E_UNSUPPORTED, dgl_store_open("postgres://x", f->clock, &other, &f->err));
    assert_fails(f, DGL_E_UNSUPPORTED, dgl_store_open("sqlite:", f->clock, &other, &f->err));
    assert_fails(f, DGL_E_IO, dgl_store_open("sqlite:/nonexistent/directory/x.db", f->clock, &other, &f->err));
    assert_non_null(strstr(f->err.message, "/nonexistent/directory/x.db"));
}

static const struct dgl_migration steps[] = {
    {"first", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)"},
    {"second", "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = 2"},
    {"broken", "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)"},
};

static void test_migration_copies_first(void **state)
{
    struct fixture *f = *state;
    struct fixture g = {0};
    char backup[200];
    DGL_AUTO_PTR char *copy = NULL;
    fixture_make_directory(&g);
    assert_ok(f, dgl_schema_create_file(g.path, &f->err));
    struct dgl_conn *c = open_conn(&g, false);
    assert_ok(f, dgl_schema_migrate(c, g.path, steps, 1, START_US, &copy, &f->err));
    snprintf(backup, sizeof backup, "%s.v1-2023-11-14T22:13:20Z.backup", g.path);
    assert_int_equal(access(backup, F_OK), -1); // an empty database needs none
    assert_ok(f, dgl_schema_migrate(c, g.path, steps, 2, START_US, &copy, &f->err));
    assert_int_equal(ask(f, c, "SELECT y FROM a"), 2);
    assert_int_equal(ask(f, c, "PRAGMA user_version"), 2);
    assert_string_equal(copy, backup);
    assert_int_equal(mode_of(backup), 0600);
    assert_ok(f, dgl_schema_migrate(c, g.path, steps, 2, START_US + 9 * DGL_US_PER_S, &copy, &f->err)); // nothing to do
    dgl_conn_free(c);
    assert_ok(f, dgl_conn_open(backup, true, &c, &f->err));
    assert_int_equal(ask(f, c, "PRAGMA user_version"), 1);
    assert_int_equal(ask(f, c, "SELECT x FROM a"), 1);
    dgl_conn_free(c);
    fixture_remove_directory(&g);
}

static bool is_there(const struct fixture *g, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s%s", g->path, name);
    return access(path, F_OK) == 0;
}

static void make_copies(const struct fixture *g, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s%s", g->path, names[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fclose(file);
    }
}

static void test_few_copies_are_kept(void **state)
{
    static const char *const gone[] = {".v1-2023-11-14T22:13:19Z.backup", ".v2-2023-01-01T00:00:00Z.backup",
                                       ".v1-2030-01-01T00:00:00Z.backup"}; // by a clock that ran ahead
    static const char *const kept[] = {".v2-2023-01-02T00:00:00Z.backup", ".v12-2023-02-01T00:00:00Z.backup",
                                       ".v3-2023-02-01T00:00:00Z.backup.old", ".vx-2023-02-01T00:00:00Z.backup",
                                       ".backup"};
    static const char *const fourth[] = {".v11-2022-02-01T00:00:00Z.backup"};
    struct fixture *f = *state;
    struct fixture g = {0};
    DGL_AUTO_PTR char *copy = NULL;
    fixture_make_directory(&g);
    assert_ok(f, dgl_schema_create_file(g.path, &f->err));
    struct dgl_conn *c = open_conn(&g, false);
    assert_ok(f, dgl_schema_migrate(c, g.path, steps, 1, START_US, &copy, &f->err));
    make_copies(&g, gone, DGL_COUNT(gone));
    make_copies(&g, kept, DGL_COUNT(kept));
    make_copies(&g, fourth, 1);
    assert_ok(f, dgl_schema_migrate(c, g.path, steps, 2, START_US, &copy, &f->err));
    assert_int_equal(access(copy, F_OK), 0);
    for (size_t i = 0; i < DGL_COUNT(gone); i++)
        assert_false(is_there(&g, gone[i]));
    for (size_t i = 0; i < DGL_COUNT(kept); i++)
        assert_true(is_there(&g, kept[i]));
    assert_false(is_there(&g, fourth[0]));
    dgl_conn_free(c);
    fixture_remove_directory(&g);
}

static void test_failed_migration_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct fixture g = {0};
    DGL_AUTO_PTR char *copy = NULL;
    fixture_make_directory(&g);
    assert_ok(f, dgl_schema_create_file(g.path, &f->err));
    struct dgl_conn *c = open_conn(&g, false);
    assert_ok(f, dgl_schema_migrate(c, g.path, steps, 2, START_US, &copy, &f->err));
    assert_fails(f, DGL_E_INTERNAL, dgl_schema_migrate(c, g.path, steps, 3, START_US, &copy, &f->err));
    assert_non_null(strstr(f->err.message, "migration 3 (broken)"));
    assert_int_equal(ask(f, c, "PRAGMA user_version"), 2);
    assert_int_equal(ask(f, c, "SELECT count(*) FROM sqlite_schema"), 1);
    dgl_conn_free(c);
    fixture_remove_directory(&g);
}

// Whether the plan of every hot query is the index search it was designed for, without sorting.
static void test_hot_queries_use_their_index(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *index, *sql;
    } cases[] = {
        {"documents_active", "EXPLAIN QUERY PLAN SELECT org FROM documents WHERE status < 2 AND status = 0"
                             " AND org > 5 ORDER BY org LIMIT 1"},
        {"documents_active", "EXPLAIN QUERY PLAN SELECT seq FROM documents WHERE status < 2 AND status = 0"
                             " AND org = 5 ORDER BY seq LIMIT 1"},
        {"documents_by_org", "EXPLAIN QUERY PLAN SELECT seq FROM documents d WHERE d.org = 1 AND d.erased_at_us = 0"
                             " AND (d.created_at_us, d.seq) < (5, 6) ORDER BY d.created_at_us DESC, d.seq DESC"},
        {"deliveries_queued", "EXPLAIN QUERY PLAN SELECT w.id FROM deliveries w INDEXED BY deliveries_queued"
                              " CROSS JOIN organizations o ON o.seq = w.org WHERE w.status = 0 AND w.queue = 3"
                              " AND w.next_attempt_at_us <= 9 ORDER BY w.next_attempt_at_us, w.seq LIMIT 4"},
        {"deliveries_queued", "EXPLAIN QUERY PLAN SELECT w.queue FROM deliveries w INDEXED BY deliveries_queued"
                              " CROSS JOIN organizations o ON o.seq = w.org WHERE w.status = 0 AND w.queue > 3"
                              " ORDER BY w.queue, w.next_attempt_at_us LIMIT 1"},
        {"deliveries_by_endpoint", "EXPLAIN QUERY PLAN SELECT w.seq FROM deliveries w WHERE w.org = 1"
                                   " AND (w.created_at_us, w.seq) < (5, 6)"
                                   " AND w.endpoint = (SELECT seq FROM endpoints WHERE id = 'e')"
                                   " ORDER BY w.created_at_us DESC, w.seq DESC"},
        {"deliveries_unsent", "EXPLAIN QUERY PLAN SELECT w.seq FROM deliveries w WHERE w.org = 1"
                              " AND (w.created_at_us, w.seq) < (5, 6) AND w.status >= 2 AND (?1 < 0 OR w.status = ?1)"
                              " ORDER BY w.created_at_us DESC, w.seq DESC"},
        {"templates_deleted", "EXPLAIN QUERY PLAN SELECT seq FROM templates WHERE deleted_at_us > 0 AND version > 0"
                              " AND deleted_at_us < 5 ORDER BY deleted_at_us LIMIT 9"},
        {"template_versions_by_file", "EXPLAIN QUERY PLAN SELECT 1 FROM template_versions WHERE template = 1"
                                      " AND blob_uri = 'x' LIMIT 1"},
        {"endpoints_deleted", "EXPLAIN QUERY PLAN SELECT e.seq FROM endpoints e WHERE e.deleted_at_us > 0"
                              " AND e.deleted_at_us < 5 ORDER BY e.deleted_at_us LIMIT 9"},
        {"api_keys_revoked", "EXPLAIN QUERY PLAN SELECT seq FROM api_keys WHERE revoked_at_us > 0"
                             " AND revoked_at_us < 5 ORDER BY revoked_at_us LIMIT 9"},
    };
    DGL_AUTO(conn) c = open_conn(f, true);
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        bool row, uses = false;
        DGL_AUTO_SQL q = dgl_sql(c, cases[i].sql);
        assert_ok(f, dgl_sql_next(&q, &row, &f->err));
        while (row) {
            q.got = 3;
            const char *detail = dgl_sql_peek_text(&q);
            assert_null(strstr(detail, "TEMP B-TREE"));
            uses = uses || (strncmp(detail, "SEARCH", 6) == 0 && strstr(detail, cases[i].index));
            assert_ok(f, dgl_sql_next(&q, &row, &f->err));
        }
        if (!uses)
            fail_msg("%s does not search %s", cases[i].sql, cases[i].index);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_file_is_private_and_wal),
        CASE(test_reopen_keeps_everything),
        CASE(test_newer_schema_is_refused),
        CASE(test_foreign_database_is_refused_untouched),
        CASE(test_bad_urls),
        CASE(test_migration_copies_first),
        CASE(test_few_copies_are_kept),
        CASE(test_failed_migration_changes_nothing),
        CASE(test_hot_queries_use_their_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
