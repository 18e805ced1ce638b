// Sessions of the pages.
#include "server/store/sqlite/sqlite.h"

#include <string.h>

static enum dgl_status create_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct dgl_session *session = arg;
    DGL_AUTO_SQL stamp = dgl_sql(c, "UPDATE users SET last_sign_in_at_us = ?3 WHERE id = ?2 AND disabled = 0"
                                    " AND org = (SELECT seq FROM organizations WHERE id = ?1 AND disabled_at_us = 0)"
                                    " AND (?4 IS NULL OR password_hash = ?4)");
    dgl_sql_put_text(&stamp, session->org);
    dgl_sql_put_text(&stamp, session->user);
    dgl_sql_put_int(&stamp, session->created_at_us);
    dgl_sql_put_text(&stamp, session->password_hash);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&stamp, &changed, err));
    if (changed == 0)
        return DGL_NO_SUCH(err, "user", session->user);
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO sessions (token_hash, user, created_at_us, expires_at_us, is_uat)"
                                " VALUES (?1, (SELECT seq FROM users WHERE id = ?2), ?3, ?4, ?5)");
    dgl_sql_put_blob(&q, session->token_hash, sizeof session->token_hash);
    dgl_sql_put_text(&q, session->user);
    dgl_sql_put_int(&q, session->created_at_us);
    dgl_sql_put_int(&q, session->expires_at_us);
    dgl_sql_put_int(&q, session->is_uat);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_session_create(struct dgl_store *s, const struct dgl_session *session, struct dgl_error *err)
{
    struct dgl_session copy = *session;
    return dgl_write_sync(s, create_run, &copy, err);
}

static enum dgl_status read_session(struct dgl_store *s, const unsigned char token_hash[32], struct dgl_session *ret,
                                    struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT o.id, u.id, n.created_at_us, n.expires_at_us, n.is_uat"
                                     " FROM sessions n JOIN users u ON u.seq = n.user"
                                     " JOIN organizations o ON o.seq = u.org"
                                     " WHERE n.token_hash = ?1 AND n.expires_at_us > ?2 AND u.disabled = 0"
                                     " AND o.disabled_at_us = 0");
    dgl_sql_put_blob(&q, token_hash, 32);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_FAIL_SLUG(err, DGL_E_NOT_FOUND, "no_session", "the session has ended; sign in again");
    memcpy(ret->token_hash, token_hash, 32);
    ret->password_hash = NULL;
    dgl_sql_get_chars(&q, ret->org, sizeof ret->org);
    dgl_sql_get_chars(&q, ret->user, sizeof ret->user);
    ret->created_at_us = dgl_sql_get_int(&q);
    ret->expires_at_us = dgl_sql_get_int(&q);
    ret->is_uat = dgl_sql_get_int(&q) != 0;
    return DGL_OK;
}

enum dgl_status dgl_store_session_get(struct dgl_store *s, struct dgl_arena *a, const unsigned char token_hash[32],
                                      struct dgl_session *ret, struct dgl_user *ret_user, struct dgl_error *err)
{
    struct dgl_session session = {0};
    DGL_TRY(read_session(s, token_hash, &session, err));
    DGL_TRY(dgl_store_user_get(s, a, session.org, session.user, ret_user, err));
    *ret = session;
    return DGL_OK;
}

struct change {
    const unsigned char *token_hash;
    bool is_uat;
};

static enum dgl_status environment_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct change *x = arg;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE sessions SET is_uat = ?2 WHERE token_hash = ?1");
    dgl_sql_put_blob(&q, x->token_hash, 32);
    dgl_sql_put_int(&q, x->is_uat);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_session_set_environment(struct dgl_store *s, const unsigned char token_hash[32], bool is_uat,
                                                  struct dgl_error *err)
{
    struct change x = {token_hash, is_uat};
    return dgl_write_sync(s, environment_run, &x, err);
}

static enum dgl_status delete_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct change *x = arg;
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM sessions WHERE token_hash = ?1");
    dgl_sql_put_blob(&q, x->token_hash, 32);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_session_delete(struct dgl_store *s, const unsigned char token_hash[32], struct dgl_error *err)
{
    struct change x = {token_hash, false};
    return dgl_write_sync(s, delete_run, &x, err);
}
