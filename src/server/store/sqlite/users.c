// Users. The last enabled Org Admin of an organization can be neither removed, disabled nor given a smaller role.
#include "server/store/sqlite/accounts.h"

#include <string.h>

#define USER_COLUMNS \
    "u.id, o.id, u.email, u.name, u.password_hash, u.role, u.disabled, u.created_at_us, u.last_sign_in_at_us"
#define USER_FROM " FROM users u JOIN organizations o ON o.seq = u.org "

static enum dgl_status read_user(struct dgl_sql *q, struct dgl_arena *a, struct dgl_user *ret, struct dgl_error *err)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    ret->email = dgl_sql_get_text(q, a);
    ret->name = dgl_sql_get_text(q, a);
    ret->password_hash = dgl_sql_get_text(q, a);
    if (!dgl_role_parse(dgl_sql_peek_text(q), &ret->role))
        return DGL_FAIL(err, DGL_E_INTERNAL, "user %s has a role this program does not know", ret->id);
    ret->disabled = dgl_sql_get_int(q) != 0;
    ret->created_at_us = dgl_sql_get_int(q);
    ret->last_sign_in_at_us = dgl_sql_get_int(q);
    return DGL_OK;
}

enum dgl_status dgl_user_insert(struct dgl_store *s, struct dgl_conn *c, const char *id, const struct dgl_user *user,
                                struct dgl_error *err)
{
    int64_t org;
    DGL_TRY(dgl_org_seq(c, user->org, &org, err));
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO users (id, org, email, name, password_hash, role, disabled, created_at_us)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    dgl_sql_put_text(&q, id);
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, user->email);
    dgl_sql_put_text(&q, user->name ? user->name : "");
    dgl_sql_put_text(&q, user->password_hash);
    dgl_sql_put_text(&q, dgl_role_word(user->role));
    dgl_sql_put_int(&q, user->disabled);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    enum dgl_status status = dgl_sql_run(&q, err);
    if (status == DGL_E_CONFLICT)
        return DGL_FAIL_FIELD(err, DGL_E_CONFLICT, "email_taken", "email",
                              "there is a user with the e-mail address %s already", user->email);
    return status;
}

struct user_new {
    const struct dgl_user *user;
    struct dgl_id id;
};

static enum dgl_status create_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct user_new *x = arg;
    return dgl_user_insert(s, c, x->id.s, x->user, err);
}

enum dgl_status dgl_store_user_create(struct dgl_store *s, const struct dgl_user *user, struct dgl_id *ret_id,
                                      struct dgl_error *err)
{
    struct user_new x = {.user = user, .id = dgl_id_new(s->clock)};
    DGL_TRY(dgl_write_sync(s, create_run, &x, err));
    *ret_id = x.id;
    return DGL_OK;
}

enum dgl_status dgl_store_user_by_email(struct dgl_store *s, struct dgl_arena *a, const char *email,
                                        struct dgl_user *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " USER_COLUMNS USER_FROM "WHERE u.email = ?1");
    dgl_sql_put_text(&q, email);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    return row ? read_user(&q, a, ret, err) : DGL_NO_SUCH(err, "user", email);
}

enum dgl_status dgl_store_user_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                   struct dgl_user *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " USER_COLUMNS USER_FROM "WHERE u.id = ?2 AND o.id = ?1");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    return row ? read_user(&q, a, ret, err) : DGL_NO_SUCH(err, "user", id);
}

enum dgl_status dgl_store_user_list(struct dgl_store *s, struct dgl_arena *a, const char *org, struct dgl_user **ret,
                                    size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " USER_COLUMNS USER_FROM "WHERE o.id = ?1 ORDER BY u.seq LIMIT ?2");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_int(&q, DGL_STORE_LIST_MAX);
    struct dgl_user *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        DGL_TRY(read_user(&q, a, DGL_LIST_ADD(a, rows, count, cap), err));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

struct user_now { // of a user that is about to change
    int64_t seq, org;
    bool is_admin; // enabled Org Admin
    bool disabled;
};

static enum dgl_status look_at(struct dgl_conn *c, const char *org, const char *id, struct user_now *ret,
                               struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT u.seq, u.org, u.role, u.disabled" USER_FROM "WHERE u.id = ?2 AND o.id = ?1");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "user", id);
    ret->seq = dgl_sql_get_int(&q);
    ret->org = dgl_sql_get_int(&q);
    ret->is_admin = strcmp(dgl_sql_peek_text(&q), dgl_role_word(DGL_ROLE_ADMIN)) == 0;
    ret->disabled = dgl_sql_get_int(&q) != 0;
    ret->is_admin = ret->is_admin && !ret->disabled;
    return DGL_OK;
}

static enum dgl_status keep_an_admin(struct dgl_conn *c, const struct user_now *user, struct dgl_error *err)
{
    DGL_AUTO_SQL q =
        dgl_sql(c, "SELECT count(*) FROM users WHERE org = ?1 AND seq <> ?2 AND role = ?3 AND disabled = 0");
    dgl_sql_put_int(&q, user->org);
    dgl_sql_put_int(&q, user->seq);
    dgl_sql_put_text(&q, dgl_role_word(DGL_ROLE_ADMIN));
    int64_t others;
    DGL_TRY(dgl_sql_int(&q, 0, &others, err));
    if (others == 0)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "last_admin",
                             "this is the organization's last Org Admin; make somebody else Org Admin first");
    return DGL_OK;
}

static enum dgl_status end_sessions(struct dgl_conn *c, int64_t user, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM sessions WHERE user = ?1");
    dgl_sql_put_int(&q, user);
    return dgl_sql_run(&q, err);
}

struct change {
    const char *org, *id;
    const struct dgl_user_change *change;
};

static enum dgl_status change_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct change *x = arg;
    const struct dgl_user_change *to = x->change;
    struct user_now now;
    DGL_TRY(look_at(c, x->org, x->id, &now, err));
    if (now.is_admin && ((to->role >= 0 && to->role != DGL_ROLE_ADMIN) || to->disabled == 1))
        DGL_TRY(keep_an_admin(c, &now, err));
    if (to->disabled >= 0 && now.disabled != (to->disabled == 1))
        DGL_TRY(end_sessions(c, now.seq, err));
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE users SET name = coalesce(?2, name), role = coalesce(?3, role),"
                                " disabled = iif(?4 < 0, disabled, ?4) WHERE seq = ?1");
    dgl_sql_put_int(&q, now.seq);
    dgl_sql_put_text(&q, to->name);
    dgl_sql_put_text(&q, to->role < 0 ? NULL : dgl_role_word((enum dgl_role)to->role));
    dgl_sql_put_int(&q, to->disabled);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_user_change(struct dgl_store *s, const char *org, const char *id,
                                      const struct dgl_user_change *change, struct dgl_error *err)
{
    struct change x = {org, id, change};
    return dgl_write_sync(s, change_run, &x, err);
}

struct new_hash {
    const char *org, *id, *was, *hash;
};

// The hashes are no secret to whoever calls: the one it was comes from the same row.
static enum dgl_status hash_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct new_hash *x = arg;
    struct user_now now;
    int64_t changed;
    DGL_TRY(look_at(c, x->org, x->id, &now, err));
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE users SET password_hash = ?2 WHERE seq = ?1"
                                " AND (?3 IS NULL OR password_hash = ?3)");
    dgl_sql_put_int(&q, now.seq);
    dgl_sql_put_text(&q, x->hash);
    dgl_sql_put_text(&q, x->was);
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    if (changed == 0)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "password_changed", "the password was changed meanwhile");
    return end_sessions(c, now.seq, err);
}

enum dgl_status dgl_store_user_set_hash(struct dgl_store *s, const char *org, const char *id, const char *was,
                                        const char *hash, struct dgl_error *err)
{
    struct new_hash x = {org, id, was, hash};
    return dgl_write_sync(s, hash_run, &x, err);
}

struct user_name {
    const char *org, *id;
};

static enum dgl_status delete_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct user_name *x = arg;
    struct user_now now;
    DGL_TRY(look_at(c, x->org, x->id, &now, err));
    if (now.is_admin)
        DGL_TRY(keep_an_admin(c, &now, err));
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM users WHERE seq = ?1"); // its sessions go along
    dgl_sql_put_int(&q, now.seq);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_user_delete(struct dgl_store *s, const char *org, const char *id, struct dgl_error *err)
{
    struct user_name x = {org, id};
    return dgl_write_sync(s, delete_run, &x, err);
}
