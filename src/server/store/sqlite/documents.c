// Documents as history: reading, listing, erasing, retention.
//
// Erasing empties the row and keeps it: a signed link to it answers 410, a redelivery of its event carries no link. The
// tombstone goes with the last of its deliveries (prune.c).
#include "server/store/sqlite/sqlite.h"

#define DOCUMENT_COLUMNS                                                                                        \
    "d.id, o.id, t.id, t.name, d.template_version, d.status, d.source, d.formats, d.is_uat, d.webhook_url, "    \
    "d.error_message, d.error_code, d.pdf_uri, d.pdf_size_bytes, d.pdf_sha256, d.docx_uri, d.docx_size_bytes, " \
    "d.docx_sha256, d.pages, d.engine, d.warnings_json, d.tries, d.created_at_us, d.started_at_us, "            \
    "d.finished_at_us, d.render_us, d.erased_at_us, d.seq"
#define DOCUMENT_FROM " FROM documents d JOIN organizations o ON o.seq = d.org JOIN templates t ON t.seq = d.template "

static void read_output(struct dgl_sql *q, struct dgl_arena *a, struct dgl_output_row *ret)
{
    ret->blob_uri = dgl_sql_get_text(q, a);
    ret->size_bytes = dgl_sql_get_int(q);
    dgl_sql_get_bytes(q, ret->sha256, sizeof ret->sha256);
}

static void read_document(struct dgl_sql *q, struct dgl_arena *a, struct dgl_document_row *ret, bool *ret_erased,
                          int64_t *ret_seq)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    dgl_sql_get_chars(q, ret->template_id, sizeof ret->template_id);
    ret->template_name = dgl_sql_get_text(q, a);
    ret->template_version = dgl_sql_get_int(q);
    ret->status = (enum dgl_document_status)dgl_sql_get_int(q);
    ret->source = (enum dgl_document_source)dgl_sql_get_int(q);
    ret->formats = (unsigned)dgl_sql_get_int(q);
    ret->is_uat = dgl_sql_get_int(q) != 0;
    ret->webhook_url = dgl_sql_get_text(q, a);
    ret->error_message = dgl_sql_get_text(q, a);
    ret->error_code = dgl_sql_get_text(q, a);
    read_output(q, a, &ret->pdf);
    read_output(q, a, &ret->docx);
    ret->pages = dgl_sql_get_int(q);
    ret->engine = dgl_sql_get_text(q, a);
    ret->warnings_json = dgl_sql_get_text(q, a);
    ret->tries = dgl_sql_get_int(q);
    ret->created_at_us = dgl_sql_get_int(q);
    ret->started_at_us = dgl_sql_get_int(q);
    ret->finished_at_us = dgl_sql_get_int(q);
    ret->render_us = dgl_sql_get_int(q);
    *ret_erased = dgl_sql_get_int(q) != 0;
    *ret_seq = dgl_sql_get_int(q);
}

// org NULL = any.
static enum dgl_status find_document(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                     struct dgl_document_row *ret, bool *ret_erased, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q =
        dgl_sql(r.conn, "SELECT " DOCUMENT_COLUMNS DOCUMENT_FROM "WHERE d.id = ?2 AND (?1 IS NULL OR o.id = ?1)");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    bool row;
    int64_t seq;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "document", id);
    read_document(&q, a, ret, ret_erased, &seq);
    return DGL_OK;
}

enum dgl_status dgl_store_document_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                       struct dgl_document_row *ret, struct dgl_error *err)
{
    struct dgl_document_row row;
    bool erased;
    DGL_TRY(find_document(s, a, org ? org : "", id, &row, &erased, err));
    if (erased)
        return DGL_NO_SUCH(err, "document", id);
    *ret = row;
    return DGL_OK;
}

enum dgl_status dgl_store_document_input(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                         const char **ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    bool row;
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT i.json " DOCUMENT_FROM
                                     "JOIN inputs i ON i.document = d.seq WHERE d.id = ?2 AND o.id = ?1");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "document", id);
    *ret = dgl_sql_get_text(&q, a);
    return DGL_OK;
}

static enum dgl_status check_enabled(struct dgl_store *s, const char *org, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT disabled_at_us FROM organizations WHERE id = ?1");
    int64_t disabled_at_us;
    dgl_sql_put_text(&q, org);
    DGL_TRY(dgl_sql_int(&q, 0, &disabled_at_us, err));
    return disabled_at_us == 0 ? DGL_OK
                               : DGL_FAIL_SLUG(err, DGL_E_FORBIDDEN, "organization_disabled",
                                               "the organization this document belongs to is disabled");
}

enum dgl_status dgl_store_document_for_link(struct dgl_store *s, struct dgl_arena *a, const char *id,
                                            struct dgl_document_row *ret, struct dgl_error *err)
{
    struct dgl_document_row row;
    bool erased;
    DGL_TRY(find_document(s, a, NULL, id, &row, &erased, err));
    if (erased)
        return DGL_FAIL_SLUG(err, DGL_E_GONE, "document_deleted", "document %s was deleted", id);
    DGL_TRY(check_enabled(s, row.org, err));
    *ret = row;
    return DGL_OK;
}

// ---- list

// One text per status, because SQLite uses a partial index only where its condition is written out.
#define LIST_SQL(condition)                                                                                           \
    "SELECT " DOCUMENT_COLUMNS DOCUMENT_FROM "WHERE d.org = ?1 AND d.erased_at_us = 0 " condition                     \
    " AND (d.created_at_us, d.seq) < (?2, ?3) AND (?4 IS NULL OR d.template = (SELECT seq FROM templates WHERE id = " \
    "?4)) AND (?5 < 0 OR d.source = ?5)"                                                                              \
    " AND (?6 < 0 OR d.is_uat = ?6) AND d.created_at_us >= ?7 ORDER BY d.created_at_us DESC, d.seq DESC LIMIT ?8"
static const char *const list_sql[] = {
    LIST_SQL("AND d.status < 2 AND d.status = 0"),
    LIST_SQL("AND d.status < 2 AND d.status = 1"),
    LIST_SQL("AND d.status = 2"),
    LIST_SQL("AND d.status = 3"),
    LIST_SQL(""),
};

static const char *list_sql_of(int status)
{
    return list_sql[status >= 0 && status <= DGL_DOCUMENT_FAILED ? status : DGL_DOCUMENT_FAILED + 1];
}

// Where a newest-first list starts: at the cursor, or just below the end of the time range when that is earlier.
static struct dgl_position start_below(struct dgl_position cursor, int64_t until_us)
{
    if (until_us > 0 && until_us < cursor.at_us)
        return (struct dgl_position){until_us, 0};
    return cursor;
}

enum dgl_status dgl_store_document_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                        const struct dgl_document_filter *filter, const struct dgl_page_query *page,
                                        struct dgl_document_row **ret, size_t *ret_count,
                                        char ret_next_cursor[DGL_CURSOR_LEN], struct dgl_error *err)
{
    static const struct dgl_document_filter any = {.status = -1, .source = -1, .is_uat = -1};
    static const struct dgl_page_query first_page = {.limit = DGL_PAGE_DEFAULT};
    filter = filter ? filter : &any;
    page = page ? page : &first_page;
    struct dgl_position from, last = {0};
    DGL_TRY(dgl_cursor_read(page, DGL_CURSOR_DOCUMENTS, &from, err));
    from = start_below(from, filter->until_us);
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    int64_t org_seq;
    DGL_TRY(dgl_org_seq(r.conn, org, &org_seq, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, list_sql_of(filter->status));
    dgl_sql_put_int(&q, org_seq);
    dgl_sql_put_int(&q, from.at_us);
    dgl_sql_put_int(&q, from.seq);
    dgl_sql_put_text(&q, filter->template_id);
    dgl_sql_put_int(&q, filter->source);
    dgl_sql_put_int(&q, filter->is_uat);
    dgl_sql_put_int(&q, filter->since_us);
    dgl_sql_put_int(&q, page->limit + 1);
    struct dgl_document_row *rows = NULL;
    size_t count = 0, cap = 0;
    bool row, erased;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row && (int64_t)count < page->limit) {
        struct dgl_document_row *d = DGL_LIST_ADD(a, rows, count, cap);
        read_document(&q, a, d, &erased, &last.seq);
        last.at_us = d->created_at_us;
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    ret_next_cursor[0] = '\0';
    if (row)
        dgl_cursor_write(DGL_CURSOR_DOCUMENTS, last, ret_next_cursor);
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

// ---- erase

static enum dgl_status collect_uris(struct dgl_conn *c, int64_t seq, struct dgl_uri_list *list, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT pdf_uri, docx_uri FROM documents WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    for (int i = 0; row && i < 2; i++) {
        const char *uri = dgl_sql_get_text(&q, list->arena);
        if (uri)
            *DGL_LIST_ADD(list->arena, list->uris, list->count, list->cap) = uri;
    }
    return DGL_OK;
}

static enum dgl_status drop_input(struct dgl_conn *c, int64_t seq, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM inputs WHERE document = ?1");
    dgl_sql_put_int(&q, seq);
    return dgl_sql_run(&q, err);
}

static enum dgl_status drop_answers(struct dgl_conn *c, int64_t seq, struct dgl_error *err)
{
    DGL_AUTO_SQL each = dgl_sql(c, "SELECT seq FROM deliveries WHERE document = ?1");
    dgl_sql_put_int(&each, seq);
    bool row;
    DGL_TRY(dgl_sql_next(&each, &row, err));
    while (row) {
        int64_t delivery = dgl_sql_get_int(&each);
        DGL_AUTO_SQL q = dgl_sql(c, "UPDATE attempts SET answer_headers = NULL, answer_body = NULL"
                                    " WHERE key >= ?1 AND key < ?2");
        dgl_sql_put_int(&q, DGL_ATTEMPT_KEY(delivery, 0));
        dgl_sql_put_int(&q, DGL_ATTEMPT_KEY(delivery + 1, 0));
        DGL_TRY(dgl_sql_run(&q, err));
        DGL_TRY(dgl_sql_next(&each, &row, err));
    }
    return DGL_OK;
}

enum dgl_status dgl_document_erase(struct dgl_store *s, struct dgl_conn *c, int64_t seq, struct dgl_uri_list *uris,
                                   struct dgl_error *err)
{
    DGL_TRY(collect_uris(c, seq, uris, err));
    DGL_TRY(drop_input(c, seq, err));
    DGL_TRY(drop_answers(c, seq, err));
    DGL_AUTO_SQL q =
        dgl_sql(c, "UPDATE documents SET erased_at_us = max(?2, 1), status = max(status, iif(status < 2, 3, 0)),"
                   " error_message = NULL, error_code = NULL, warnings_json = NULL, webhook_url = NULL,"
                   " pdf_uri = NULL, pdf_sha256 = NULL, docx_uri = NULL, docx_sha256 = NULL"
                   " WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    return dgl_sql_run(&q, err);
}

struct erase {
    const char *org, *id;
    int64_t before_us;
    size_t max, erased;
    struct dgl_uri_list uris;
};

static enum dgl_status delete_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct erase *x = arg;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT d.seq" DOCUMENT_FROM "WHERE d.id = ?2 AND o.id = ?1 AND d.erased_at_us = 0");
    dgl_sql_put_text(&q, x->org);
    dgl_sql_put_text(&q, x->id);
    int64_t seq;
    DGL_TRY(dgl_sql_int(&q, 0, &seq, err));
    return seq ? dgl_document_erase(s, c, seq, &x->uris, err) : DGL_NO_SUCH(err, "document", x->id);
}

enum dgl_status dgl_store_document_delete(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                          const char ***ret_uris, size_t *ret_count, struct dgl_error *err)
{
    struct erase x = {.org = org, .id = id, .uris = {.arena = a}};
    DGL_TRY(dgl_write_sync(s, delete_run, &x, err));
    *ret_uris = x.uris.uris;
    *ret_count = x.uris.count;
    return DGL_OK;
}

static enum dgl_status prune_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct erase *x = arg;
    int64_t seqs[DGL_STORE_PRUNE_MAX];
    size_t count = 0;
    bool row;
    {
        DGL_AUTO_SQL q = dgl_sql(c, "SELECT seq FROM documents WHERE erased_at_us = 0 AND status >= 2"
                                    " AND finished_at_us < ?1 ORDER BY finished_at_us LIMIT ?2");
        dgl_sql_put_int(&q, x->before_us);
        dgl_sql_put_int(&q, (int64_t)x->max);
        DGL_TRY(dgl_sql_next(&q, &row, err));
        while (row && count < DGL_COUNT(seqs)) {
            seqs[count++] = dgl_sql_get_int(&q);
            DGL_TRY(dgl_sql_next(&q, &row, err));
        }
    }
    for (size_t i = 0; i < count; i++)
        DGL_TRY(dgl_document_erase(s, c, seqs[i], &x->uris, err));
    x->erased = count;
    return DGL_OK;
}

// One batch, one transaction, however few files it has: failed documents have none.
enum dgl_status dgl_store_documents_prune(struct dgl_store *s, struct dgl_arena *a, int64_t before_us, size_t max,
                                          const char ***ret_uris, size_t *ret_count, bool *ret_more,
                                          struct dgl_error *err)
{
    struct erase x = {.before_us = before_us, .max = DGL_MIN(max, DGL_STORE_PRUNE_MAX), .uris = {.arena = a}};
    DGL_TRY(dgl_write_sync(s, prune_run, &x, err));
    *ret_more = x.erased == x.max;
    *ret_uris = x.uris.uris;
    *ret_count = x.uris.count;
    return DGL_OK;
}

// ---- files nobody names any more

enum dgl_status dgl_store_document_wants_file(struct dgl_store *s, const char *id, const char *uri, bool *ret,
                                              struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT 1 FROM documents WHERE id = ?1"
                                     " AND (status < 2 OR pdf_uri = ?2 OR docx_uri = ?2)");
    dgl_sql_put_text(&q, id);
    dgl_sql_put_text(&q, uri);
    return dgl_sql_next(&q, ret, err);
}
