// What several verbs share: list rows, lists of texts, cursors, the organization's number.
#include "base/crypto.h"
#include "server/store/sqlite/sqlite.h"

#include <string.h>

#define CURSOR_BYTES 17 // kind, time, seq; big-endian

void *dgl_list_grow(struct dgl_arena *a, void *rows, size_t count, size_t *cap, size_t size)
{
    size_t new_cap = *cap ? *cap * 2 : 8;
    void *bigger = dgl_arena_alloc(a, new_cap * size);
    if (count)
        memcpy(bigger, rows, count * size);
    *cap = new_cap;
    return bigger;
}

enum dgl_status dgl_sql_texts(struct dgl_sql *q, struct dgl_arena *a, const char ***ret, size_t *ret_count,
                              struct dgl_error *err)
{
    const char **texts = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(q, &row, err));
    while (row) {
        const char **text = DGL_LIST_ADD(a, texts, count, cap);
        *text = dgl_sql_get_text(q, a);
        DGL_TRY(dgl_sql_next(q, &row, err));
    }
    *ret = texts;
    *ret_count = count;
    return DGL_OK;
}

enum dgl_status dgl_read_texts(struct dgl_store *s, struct dgl_arena *a, const char *static_sql, const char ***ret,
                               size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, static_sql);
    return dgl_sql_texts(&q, a, ret, ret_count, err);
}

enum dgl_status dgl_org_seq(struct dgl_conn *c, const char *org, int64_t *ret, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT seq FROM organizations WHERE id = ?1");
    dgl_sql_put_text(&q, org);
    DGL_TRY(dgl_sql_int(&q, 0, ret, err));
    return *ret ? DGL_OK : DGL_NO_SUCH(err, "organization", org);
}

static int64_t read_int(const unsigned char *bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | bytes[i];
    return (int64_t)v;
}

static void write_int(unsigned char *bytes, int64_t value)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (56 - 8 * i));
}

enum dgl_status dgl_cursor_read(const struct dgl_page_query *page, enum dgl_cursor_kind kind, struct dgl_position *ret,
                                struct dgl_error *err)
{
    *ret = (struct dgl_position){INT64_MAX, INT64_MAX};
    if (!page)
        return DGL_OK;
    if (page->limit < 1 || page->limit > DGL_PAGE_MAX)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_limit", "limit", "limit is %lld but must be 1 to %d",
                              (long long)page->limit, DGL_PAGE_MAX);
    if (!page->cursor)
        return DGL_OK;
    unsigned char bytes[CURSOR_BYTES + 1];
    size_t len;
    bool ok = strlen(page->cursor) < DGL_CURSOR_LEN &&
              dgl_base64_decode(page->cursor, strlen(page->cursor), true, bytes, sizeof bytes, &len) &&
              len == CURSOR_BYTES && bytes[0] == (unsigned char)kind;
    struct dgl_position position = {0};
    if (ok)
        position = (struct dgl_position){read_int(bytes + 1), read_int(bytes + 9)};
    if (!ok || position.at_us < 0 || position.seq < 1)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_cursor", "cursor",
                              "cursor is not one that this list returned; leave it out to start at the first page");
    *ret = position;
    return DGL_OK;
}

void dgl_cursor_write(enum dgl_cursor_kind kind, struct dgl_position last, char ret[DGL_CURSOR_LEN])
{
    unsigned char bytes[CURSOR_BYTES] = {(unsigned char)kind};
    write_int(bytes + 1, last.at_us);
    write_int(bytes + 9, last.seq);
    dgl_base64_encode(bytes, sizeof bytes, true, ret, DGL_CURSOR_LEN);
}
