// Sealed values of all organizations, for sealing them anew. What they hold is not the store's to know.
#include "server/store/sqlite/sqlite.h"

enum dgl_status dgl_store_pdf_options_count(struct dgl_store *s, uint8_t key_id, int64_t *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT count(*) FROM inputs WHERE pdf_options IS NOT NULL"
                                     " AND substr(pdf_options, 1, 1) <> ?1");
    dgl_sql_put_blob(&q, &key_id, 1);
    return dgl_sql_int(&q, 0, ret, err);
}

enum dgl_status dgl_store_sealed_list(struct dgl_store *s, struct dgl_arena *a, enum dgl_sealed_kind kind,
                                      int64_t after_seq, size_t max, struct dgl_sealed_row **ret, size_t *ret_count,
                                      struct dgl_error *err)
{
    static const char secrets[] = "SELECT s.seq, o.id, s.endpoint, s.sealed FROM secrets s"
                                  " JOIN organizations o ON o.seq = s.org WHERE s.seq > ?1 ORDER BY s.seq LIMIT ?2";
    static const char headers[] = "SELECT e.seq, o.id, e.id, e.headers_json FROM endpoints e"
                                  " JOIN organizations o ON o.seq = e.org"
                                  " WHERE e.seq > ?1 AND e.headers_json IS NOT NULL ORDER BY e.seq LIMIT ?2";
    struct dgl_sealed_row *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, kind == DGL_SEALED_SECRET ? secrets : headers);
    dgl_sql_put_int(&q, after_seq);
    dgl_sql_put_int(&q, (int64_t)max);
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        struct dgl_sealed_row *x = DGL_LIST_ADD(a, rows, count, cap);
        x->kind = kind;
        x->seq = dgl_sql_get_int(&q);
        dgl_sql_get_chars(&q, x->org, sizeof x->org);
        dgl_sql_get_chars(&q, x->endpoint, sizeof x->endpoint);
        const void *sealed = dgl_sql_peek_blob(&q, &x->len);
        x->sealed = dgl_arena_strndup(a, sealed ? sealed : "", x->len);
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

struct replace {
    const struct dgl_sealed_row *row;
    const void *sealed;
    size_t len;
    bool replaced;
};

static enum dgl_status replace_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    struct replace *x = arg;
    bool is_secret = x->row->kind == DGL_SEALED_SECRET;
    int64_t changed;
    DGL_AUTO_SQL q = dgl_sql(c, is_secret ? "UPDATE secrets SET sealed = ?2 WHERE seq = ?1 AND sealed = ?3"
                                          : "UPDATE endpoints SET headers_json = ?2 WHERE seq = ?1 AND headers_json = "
                                            "?3");
    dgl_sql_put_int(&q, x->row->seq);
    if (is_secret) {
        dgl_sql_put_blob(&q, x->sealed, x->len);
        dgl_sql_put_blob(&q, x->row->sealed, x->row->len);
    } else {
        dgl_sql_put_textn(&q, x->sealed, x->len);
        dgl_sql_put_textn(&q, x->row->sealed, x->row->len);
    }
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    x->replaced = changed == 1;
    return DGL_OK;
}

enum dgl_status dgl_store_sealed_replace(struct dgl_store *s, const struct dgl_sealed_row *row, const void *sealed,
                                         size_t len, bool *ret_replaced, struct dgl_error *err)
{
    struct replace x = {.row = row, .sealed = sealed, .len = len};
    DGL_TRY(dgl_write_sync(s, replace_run, &x, err));
    *ret_replaced = x.replaced;
    return DGL_OK;
}
