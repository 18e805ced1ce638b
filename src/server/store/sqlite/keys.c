// API keys. The key itself is never here, only its SHA-256.
#include "server/store/sqlite/accounts.h"

#include <stdlib.h>
#include <string.h>

#define KEY_COLUMNS                                                                                       \
    "k.id, o.id, k.name, k.prefix, k.hash, k.role, k.created_at_us, k.expires_at_us, k.last_used_at_us, " \
    "k.revoked_at_us"
#define KEY_FROM " FROM api_keys k JOIN organizations o ON o.seq = k.org "

static enum dgl_status read_key(struct dgl_sql *q, struct dgl_arena *a, struct dgl_api_key *ret, struct dgl_error *err)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    ret->name = dgl_sql_get_text(q, a);
    dgl_sql_get_chars(q, ret->prefix, sizeof ret->prefix);
    dgl_sql_get_bytes(q, ret->hash, sizeof ret->hash);
    if (!dgl_role_parse(dgl_sql_peek_text(q), &ret->role))
        return DGL_FAIL(err, DGL_E_INTERNAL, "API key %s has a role this program does not know", ret->id);
    ret->created_at_us = dgl_sql_get_int(q);
    ret->expires_at_us = dgl_sql_get_int(q);
    ret->last_used_at_us = dgl_sql_get_int(q);
    ret->revoked_at_us = dgl_sql_get_int(q);
    return DGL_OK;
}

enum dgl_status dgl_key_insert(struct dgl_store *s, struct dgl_conn *c, const char *id, const struct dgl_api_key *key,
                               struct dgl_error *err)
{
    int64_t org;
    DGL_TRY(dgl_org_seq(c, key->org, &org, err));
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO api_keys (id, org, name, prefix, hash, role, created_at_us, expires_at_us)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    dgl_sql_put_text(&q, id);
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, key->name);
    dgl_sql_put_text(&q, key->prefix);
    dgl_sql_put_blob(&q, key->hash, sizeof key->hash);
    dgl_sql_put_text(&q, dgl_role_word(key->role));
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    dgl_sql_put_int(&q, key->expires_at_us);
    return dgl_sql_run(&q, err);
}

struct key_new {
    const struct dgl_api_key *key;
    struct dgl_id id;
};

static enum dgl_status create_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct key_new *x = arg;
    return dgl_key_insert(s, c, x->id.s, x->key, err);
}

enum dgl_status dgl_store_key_create(struct dgl_store *s, const struct dgl_api_key *key, struct dgl_id *ret_id,
                                     struct dgl_error *err)
{
    struct key_new x = {.key = key, .id = dgl_id_new(s->clock)};
    DGL_TRY(dgl_write_sync(s, create_run, &x, err));
    *ret_id = x.id;
    return DGL_OK;
}

enum dgl_status dgl_store_key_by_hash(struct dgl_store *s, struct dgl_arena *a, const unsigned char hash[32],
                                      struct dgl_api_key *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " KEY_COLUMNS KEY_FROM "WHERE k.hash = ?1");
    dgl_sql_put_blob(&q, hash, 32);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "there is no such API key");
    return read_key(&q, a, ret, err);
}

enum dgl_status dgl_store_key_list(struct dgl_store *s, struct dgl_arena *a, const char *org, struct dgl_api_key **ret,
                                   size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " KEY_COLUMNS KEY_FROM
                                     "WHERE o.id = ?1 AND k.revoked_at_us = 0 ORDER BY k.seq DESC LIMIT ?2");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_int(&q, DGL_STORE_LIST_MAX);
    struct dgl_api_key *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        DGL_TRY(read_key(&q, a, DGL_LIST_ADD(a, rows, count, cap), err));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

struct key_name {
    const char *org, *id;
};

static enum dgl_status revoke_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct key_name *x = arg;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE api_keys SET revoked_at_us = ?3 WHERE id = ?2 AND revoked_at_us = 0"
                                " AND org = (SELECT seq FROM organizations WHERE id = ?1)");
    dgl_sql_put_text(&q, x->org);
    dgl_sql_put_text(&q, x->id);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    return changed ? DGL_OK : DGL_NO_SUCH(err, "API key", x->id);
}

enum dgl_status dgl_store_key_revoke(struct dgl_store *s, const char *org, const char *id, struct dgl_error *err)
{
    struct key_name x = {org, id};
    return dgl_write_sync(s, revoke_run, &x, err);
}

struct touch {
    struct dgl_write write;
    size_t count;
    struct dgl_key_use uses[];
};

static enum dgl_status touch_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct touch *t = arg;
    for (size_t i = 0; i < t->count; i++) {
        DGL_AUTO_SQL q = dgl_sql(c, "UPDATE api_keys SET last_used_at_us = ?2 WHERE id = ?1 AND last_used_at_us < ?2");
        dgl_sql_put_text(&q, t->uses[i].id);
        dgl_sql_put_int(&q, t->uses[i].used_at_us);
        DGL_TRY(dgl_sql_run(&q, err));
    }
    return DGL_OK;
}

static void touch_done(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    (void)status;
    (void)err;
    free(arg);
}

void dgl_store_keys_touch(struct dgl_store *s, const struct dgl_key_use *uses, size_t count)
{
    if (count == 0)
        return;
    struct touch *t = dgl_alloc(sizeof(*t) + count * sizeof(*uses));
    t->count = count;
    memcpy(t->uses, uses, count * sizeof(*uses));
    t->write = (struct dgl_write){.run = touch_run, .arg = t, .done = touch_done, .done_arg = t};
    dgl_write_submit(s, &t->write);
}
