// Fonts of organizations: one row a file. A file that holds the same fonts as an older one takes its place.
#include "server/store/sqlite/sqlite.h"

#include <string.h>

#define FONT_COLUMNS                                                                                         \
    "f.id, o.id, f.fonts, f.faces_json, f.sample_path, f.sample_width, f.blob_uri, f.sha256, f.size_bytes, " \
    "f.file_name, "                                                                                          \
    "f.created_at_us"
#define FONT_FROM " FROM fonts f JOIN organizations o ON o.seq = f.org "

static void read_font(struct dgl_sql *q, struct dgl_arena *a, struct dgl_font_row *ret)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    ret->fonts = dgl_sql_get_text(q, a);
    ret->faces_json = dgl_sql_get_text(q, a);
    ret->sample_path = dgl_sql_get_text(q, a);
    ret->sample_width = dgl_sql_get_int(q);
    ret->blob_uri = dgl_sql_get_text(q, a);
    dgl_sql_get_bytes(q, ret->sha256, sizeof ret->sha256);
    ret->size_bytes = dgl_sql_get_int(q);
    ret->file_name = dgl_sql_get_text(q, a);
    ret->created_at_us = dgl_sql_get_int(q);
}

struct font_new {
    const struct dgl_font_row *row;
    struct dgl_id id;
    char replaced[DGL_FONT_URI_LEN];
};

// The older file with the same fonts goes; its URI is kept for the caller.
static enum dgl_status take_out_older(struct dgl_conn *c, struct font_new *x, int64_t org, struct dgl_error *err)
{
    DGL_AUTO_SQL find = dgl_sql(c, "SELECT seq, blob_uri FROM fonts WHERE org = ?1 AND fonts = ?2");
    dgl_sql_put_int(&find, org);
    dgl_sql_put_text(&find, x->row->fonts);
    bool row;
    x->replaced[0] = '\0';
    DGL_TRY(dgl_sql_next(&find, &row, err));
    if (!row)
        return DGL_OK;
    int64_t seq = dgl_sql_get_int(&find);
    dgl_sql_get_chars(&find, x->replaced, sizeof x->replaced);
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM fonts WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    return dgl_sql_run(&q, err);
}

static enum dgl_status check_room(struct dgl_conn *c, int64_t org, int64_t coming, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT count(*), coalesce(sum(size_bytes), 0) FROM fonts WHERE org = ?1");
    dgl_sql_put_int(&q, org);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (dgl_sql_get_int(&q) >= DGL_STORE_FONTS_MAX)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "too_many_fonts",
                             "The organization has %d font files, the most there may be; delete one first.",
                             DGL_STORE_FONTS_MAX);
    if (dgl_sql_get_int(&q) + coming > DGL_STORE_FONTS_MAX_BYTES)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "too_many_fonts",
                             "The organization's fonts would be larger than %d MiB together; delete one first.",
                             DGL_STORE_FONTS_MAX_BYTES >> 20);
    return DGL_OK;
}

static enum dgl_status add_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct font_new *x = arg;
    int64_t org;
    DGL_TRY(dgl_org_seq(c, x->row->org, &org, err));
    DGL_TRY(take_out_older(c, x, org, err));
    DGL_TRY(check_room(c, org, x->row->size_bytes, err));
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO fonts (id, org, fonts, faces_json, sample_path, sample_width, blob_uri,"
                                " sha256, size_bytes, file_name, created_at_us)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
    dgl_sql_put_text(&q, x->id.s);
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, x->row->fonts);
    dgl_sql_put_text(&q, x->row->faces_json);
    dgl_sql_put_text(&q, x->row->sample_path);
    dgl_sql_put_int(&q, x->row->sample_width);
    dgl_sql_put_text(&q, x->row->blob_uri);
    dgl_sql_put_blob(&q, x->row->sha256, sizeof x->row->sha256);
    dgl_sql_put_int(&q, x->row->size_bytes);
    dgl_sql_put_text(&q, x->row->file_name);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_font_add(struct dgl_store *s, const struct dgl_font_row *row, struct dgl_id *ret_id,
                                   char ret_replaced_uri[DGL_FONT_URI_LEN], struct dgl_error *err)
{
    struct font_new x = {.row = row, .id = dgl_id_new(s->clock)};
    DGL_TRY(dgl_write_sync(s, add_run, &x, err));
    *ret_id = x.id;
    memcpy(ret_replaced_uri, x.replaced, sizeof x.replaced);
    return DGL_OK;
}

enum dgl_status dgl_store_font_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                    struct dgl_font_row **ret, size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " FONT_COLUMNS FONT_FROM "WHERE o.id = ?1 ORDER BY f.seq DESC LIMIT ?2");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_int(&q, DGL_STORE_FONTS_MAX);
    struct dgl_font_row *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        read_font(&q, a, DGL_LIST_ADD(a, rows, count, cap));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

enum dgl_status dgl_store_font_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                   struct dgl_font_row *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " FONT_COLUMNS FONT_FROM "WHERE f.id = ?2 AND o.id = ?1");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "font", id);
    read_font(&q, a, ret);
    return DGL_OK;
}

struct font_name {
    const char *org, *id;
    char uri[DGL_FONT_URI_LEN];
};

static enum dgl_status delete_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    struct font_name *x = arg;
    bool row;
    DGL_AUTO_SQL find = dgl_sql(c, "SELECT f.seq, f.blob_uri" FONT_FROM "WHERE f.id = ?2 AND o.id = ?1");
    dgl_sql_put_text(&find, x->org);
    dgl_sql_put_text(&find, x->id);
    DGL_TRY(dgl_sql_next(&find, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "font", x->id);
    int64_t seq = dgl_sql_get_int(&find);
    dgl_sql_get_chars(&find, x->uri, sizeof x->uri);
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM fonts WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_font_delete(struct dgl_store *s, const char *org, const char *id,
                                      char ret_uri[DGL_FONT_URI_LEN], struct dgl_error *err)
{
    struct font_name x = {.org = org, .id = id};
    DGL_TRY(dgl_write_sync(s, delete_run, &x, err));
    memcpy(ret_uri, x.uri, sizeof x.uri);
    return DGL_OK;
}

enum dgl_status dgl_store_font_file(struct dgl_store *s, uint64_t org_number, const unsigned char sha256[32],
                                    char ret_uri[DGL_FONT_URI_LEN], struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q =
        dgl_sql(r.conn, "SELECT blob_uri FROM fonts WHERE org = ?1 AND sha256 = ?2 ORDER BY seq DESC LIMIT 1");
    dgl_sql_put_int(&q, (int64_t)org_number);
    dgl_sql_put_blob(&q, sha256, 32);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "the organization has no such font any more");
    dgl_sql_get_chars(&q, ret_uri, DGL_FONT_URI_LEN);
    return DGL_OK;
}

enum dgl_status dgl_store_font_files(struct dgl_store *s, struct dgl_arena *a, const char ***ret_uris,
                                     size_t *ret_count, struct dgl_error *err)
{
    return dgl_read_texts(s, a, "SELECT blob_uri FROM fonts", ret_uris, ret_count, err);
}
