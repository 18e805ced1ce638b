// Organizations.
#include "server/store/sqlite/accounts.h"
#include "server/store/sqlite/sqlite.h"

#define ORG_COLUMNS \
    "id, seq, name, time_zone, locale, rate_limit_per_minute, max_concurrent_jobs, created_at_us, disabled_at_us"

static void read_org(struct dgl_sql *q, struct dgl_arena *a, struct dgl_org *ret)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    ret->number = (uint64_t)dgl_sql_get_int(q);
    ret->name = dgl_sql_get_text(q, a);
    ret->time_zone = dgl_sql_get_text(q, a);
    ret->locale = dgl_sql_get_text(q, a);
    ret->rate_limit_per_minute = dgl_sql_get_int(q);
    ret->max_concurrent_jobs = dgl_sql_get_int(q);
    ret->created_at_us = dgl_sql_get_int(q);
    ret->disabled_at_us = dgl_sql_get_int(q);
}

enum dgl_status dgl_org_insert(struct dgl_store *s, struct dgl_conn *c, const char *id, const char *name,
                               struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO organizations (id, name, created_at_us) VALUES (?1, ?2, ?3)");
    dgl_sql_put_text(&q, id);
    dgl_sql_put_text(&q, name);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    return dgl_sql_run(&q, err);
}

struct org_new {
    const char *name;
    struct dgl_id id;
};

static enum dgl_status create_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct org_new *x = arg;
    return dgl_org_insert(s, c, x->id.s, x->name, err);
}

enum dgl_status dgl_store_org_create(struct dgl_store *s, const char *name, struct dgl_id *ret_id,
                                     struct dgl_error *err)
{
    struct org_new x = {.name = name, .id = dgl_id_new(s->clock)};
    DGL_TRY(dgl_write_sync(s, create_run, &x, err));
    *ret_id = x.id;
    return DGL_OK;
}

struct org_setup {
    const struct dgl_org_setup *setup;
    struct dgl_id org, user, key;
};

static enum dgl_status setup_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct org_setup *x = arg;
    if (x->setup->only_first) {
        DGL_AUTO_SQL q = dgl_sql(c, "SELECT 1 FROM organizations LIMIT 1");
        int64_t any;
        DGL_TRY(dgl_sql_int(&q, 0, &any, err));
        if (any)
            return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "already_initialized",
                                 "there is an organization already; sign in, or make a further one with the orgs "
                                 "command");
    }
    struct dgl_user user = *x->setup->admin;
    struct dgl_api_key key = *x->setup->key;
    dgl_str_copy(user.org, sizeof user.org, x->org.s, DGL_ID_LEN);
    dgl_str_copy(key.org, sizeof key.org, x->org.s, DGL_ID_LEN);
    DGL_TRY(dgl_org_insert(s, c, x->org.s, x->setup->org_name, err));
    DGL_TRY(dgl_user_insert(s, c, x->user.s, &user, err));
    return dgl_key_insert(s, c, x->key.s, &key, err);
}

enum dgl_status dgl_store_org_setup(struct dgl_store *s, const struct dgl_org_setup *setup, struct dgl_id *ret_org,
                                    struct dgl_error *err)
{
    struct org_setup x = {
        .setup = setup, .org = dgl_id_new(s->clock), .user = dgl_id_new(s->clock), .key = dgl_id_new(s->clock)};
    DGL_TRY(dgl_write_sync(s, setup_run, &x, err));
    *ret_org = x.org;
    return DGL_OK;
}

enum dgl_status dgl_store_org_get(struct dgl_store *s, struct dgl_arena *a, const char *org, struct dgl_org *ret,
                                  struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " ORG_COLUMNS " FROM organizations WHERE id = ?1");
    dgl_sql_put_text(&q, org);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "organization", org);
    read_org(&q, a, ret);
    return DGL_OK;
}

enum dgl_status dgl_store_org_list(struct dgl_store *s, struct dgl_arena *a, struct dgl_org **ret, size_t *ret_count,
                                   struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " ORG_COLUMNS " FROM organizations ORDER BY seq LIMIT ?1");
    dgl_sql_put_int(&q, DGL_STORE_LIST_MAX);
    struct dgl_org *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        read_org(&q, a, DGL_LIST_ADD(a, rows, count, cap));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

struct changing {
    const char *org;
    const struct dgl_org_change *change;
};

static void put_int_or_null(struct dgl_sql *q, const int64_t *value)
{
    if (value)
        dgl_sql_put_int(q, *value);
    else
        dgl_sql_put_text(q, NULL);
}

static enum dgl_status change_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct changing *x = arg;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE organizations SET name = coalesce(?2, name),"
                                " time_zone = coalesce(?3, time_zone), locale = coalesce(?4, locale),"
                                " rate_limit_per_minute = coalesce(?5, rate_limit_per_minute),"
                                " max_concurrent_jobs = coalesce(?6, max_concurrent_jobs) WHERE id = ?1");
    dgl_sql_put_text(&q, x->org);
    dgl_sql_put_text(&q, x->change->name);
    dgl_sql_put_text(&q, x->change->time_zone);
    dgl_sql_put_text(&q, x->change->locale);
    put_int_or_null(&q, x->change->rate_limit_per_minute);
    put_int_or_null(&q, x->change->max_concurrent_jobs);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    return changed ? DGL_OK : DGL_NO_SUCH(err, "organization", x->org);
}

enum dgl_status dgl_store_org_change(struct dgl_store *s, const char *org, const struct dgl_org_change *change,
                                     struct dgl_error *err)
{
    struct changing x = {.org = org, .change = change};
    return dgl_write_sync(s, change_run, &x, err);
}

// ---- disabling

struct switching {
    const char *org;
    bool disabled;
};

static enum dgl_status disable(struct dgl_conn *c, int64_t org, int64_t now_us, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE organizations SET disabled_at_us = ?2 WHERE seq = ?1 AND disabled_at_us = 0");
    dgl_sql_put_int(&q, org);
    dgl_sql_put_int(&q, DGL_MAX(now_us, 1));
    DGL_TRY(dgl_sql_run(&q, err));
    DGL_AUTO_SQL end = dgl_sql(c, "DELETE FROM sessions WHERE user IN (SELECT seq FROM users WHERE org = ?1)");
    dgl_sql_put_int(&end, org);
    return dgl_sql_run(&end, err);
}

// The pause is nobody's failure: endpoints that failed before it are judged from here on.
static enum dgl_status enable(struct dgl_conn *c, int64_t org, int64_t now_us, struct dgl_error *err)
{
    int64_t changed;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE organizations SET disabled_at_us = 0, enabled_at_us = ?2"
                                " WHERE seq = ?1 AND disabled_at_us > 0");
    dgl_sql_put_int(&q, org);
    dgl_sql_put_int(&q, now_us);
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    if (changed == 0)
        return DGL_OK;
    DGL_AUTO_SQL fresh = dgl_sql(c, "UPDATE endpoints SET failing_since_us = 0, warned_at_us = 0,"
                                    " seen_at_us = iif(kind = 1, ?2, seen_at_us) WHERE org = ?1");
    dgl_sql_put_int(&fresh, org);
    dgl_sql_put_int(&fresh, now_us);
    return dgl_sql_run(&fresh, err);
}

static enum dgl_status switch_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct switching *x = arg;
    int64_t org, now_us = dgl_clock_now_us(s->clock);
    DGL_TRY(dgl_org_seq(c, x->org, &org, err));
    return x->disabled ? disable(c, org, now_us, err) : enable(c, org, now_us, err);
}

enum dgl_status dgl_store_org_set_disabled(struct dgl_store *s, const char *org, bool disabled, struct dgl_error *err)
{
    struct switching x = {.org = org, .disabled = disabled};
    return dgl_write_sync(s, switch_run, &x, err);
}
