// Webhook endpoints and signing secrets.
//
// A deleted endpoint keeps its row, because the delivery log names it. Disabling and deleting cancel what is pending:
// a batch in the same transaction, the rest in follow-up writes, so that a million waiting deliveries never hold up the
// writer; a stop in between is made up for at the next start.
#include "server/store/sqlite/queue.h"
#include "server/store/sqlite/sqlite.h"

#include "base/str.h"
#include <stdlib.h>
#include <string.h>

#define ENDPOINT_COLUMNS                                                                                            \
    "e.id, o.id, e.is_organization, e.url, e.description, e.events, e.headers_json, e.schedule, e.rate_per_s, "     \
    "e.state, e.state_reason, e.failing_since_us, e.created_at_us, e.updated_at_us, e.kind, e.last_success_at_us, " \
    "e.last_failure_at_us"
#define ENDPOINT_FROM " FROM endpoints e JOIN organizations o ON o.seq = e.org "

static void read_endpoint(struct dgl_sql *q, struct dgl_arena *a, struct dgl_endpoint_row *ret)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    ret->is_organization = dgl_sql_get_int(q) != 0;
    ret->url = dgl_sql_get_text(q, a);
    ret->description = dgl_sql_get_text(q, a);
    ret->events = dgl_sql_get_text(q, a);
    ret->headers_json = dgl_sql_get_text(q, a);
    ret->schedule = dgl_sql_get_text(q, a);
    ret->rate_per_s = dgl_sql_get_int(q);
    ret->state = (enum dgl_endpoint_state)dgl_sql_get_int(q);
    ret->state_reason = dgl_sql_get_text(q, a);
    ret->failing_since_us = dgl_sql_get_int(q);
    ret->created_at_us = dgl_sql_get_int(q);
    ret->updated_at_us = dgl_sql_get_int(q);
    ret->kind = (enum dgl_endpoint_kind)dgl_sql_get_int(q);
    ret->last_success_at_us = dgl_sql_get_int(q);
    ret->last_failure_at_us = dgl_sql_get_int(q);
}

// ---- put

struct put {
    const struct dgl_endpoint_row *e;
    struct dgl_id id;
};

// The row to replace: the named one, or the organization's. 0 = none.
static enum dgl_status find_existing(struct dgl_conn *c, int64_t org, struct put *x, int64_t *ret,
                                     struct dgl_error *err)
{
    bool by_id = x->e->id[0] != '\0';
    DGL_AUTO_SQL q = by_id ? dgl_sql(c, "SELECT seq, id FROM endpoints WHERE org = ?1 AND id = ?2 AND deleted_at_us = 0"
                                        " AND kind = 0")
                           : dgl_sql(c, "SELECT seq, id FROM endpoints WHERE org = ?1 AND ?2 IS NOT NULL"
                                        " AND is_organization = 1 AND deleted_at_us = 0");
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, x->e->id);
    bool row = false;
    *ret = 0;
    if (by_id || x->e->is_organization)
        DGL_TRY(dgl_sql_next(&q, &row, err));
    if (row) {
        *ret = dgl_sql_get_int(&q);
        dgl_sql_get_chars(&q, x->id.s, sizeof x->id.s);
    }
    return row || !by_id ? DGL_OK : DGL_NO_SUCH(err, "webhook endpoint", x->e->id);
}

static enum dgl_status check_room(struct dgl_conn *c, int64_t org, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT count(*) FROM endpoints WHERE org = ?1 AND deleted_at_us = 0");
    dgl_sql_put_int(&q, org);
    int64_t count;
    DGL_TRY(dgl_sql_int(&q, 0, &count, err));
    return count < DGL_STORE_ENDPOINTS_MAX
               ? DGL_OK
               : DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "too_many_endpoints",
                               "the organization has %d webhook endpoints, the most there may be; delete one first",
                               DGL_STORE_ENDPOINTS_MAX);
}

static void put_settings(struct dgl_sql *q, const struct dgl_endpoint_row *e)
{
    dgl_sql_put_text(q, e->url);
    dgl_sql_put_text(q, e->description ? e->description : "");
    dgl_sql_put_text(q, e->events ? e->events : "");
    dgl_sql_put_text(q, e->headers_json);
    dgl_sql_put_text(q, e->schedule);
    dgl_sql_put_int(q, e->rate_per_s);
}

static enum dgl_status put_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct put *x = arg;
    int64_t org, seq;
    DGL_TRY(dgl_org_seq(c, x->e->org, &org, err));
    DGL_TRY(find_existing(c, org, x, &seq, err));
    if (seq) {
        // The new URL starts with a clean record: enabled, not failing.
        DGL_AUTO_SQL q = dgl_sql(c, "UPDATE endpoints SET state = iif(url = ?3, state, 0),"
                                    " state_reason = iif(url = ?3, state_reason, NULL),"
                                    " failing_since_us = iif(url = ?3, failing_since_us, 0),"
                                    " warned_at_us = iif(url = ?3, warned_at_us, 0), url = ?3,"
                                    " description = ?4, events = ?5, headers_json = ?6, schedule = ?7, rate_per_s = ?8,"
                                    " updated_at_us = ?2 WHERE seq = ?1");
        dgl_sql_put_int(&q, seq);
        dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
        put_settings(&q, x->e);
        return dgl_sql_run(&q, err);
    }
    DGL_TRY(check_room(c, org, err));
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO endpoints (id, org, is_organization, created_at_us, updated_at_us, state,"
                                " url, description, events, headers_json, schedule, rate_per_s)"
                                " VALUES (?1, ?2, ?3, ?4, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10)");
    dgl_sql_put_text(&q, x->id.s);
    dgl_sql_put_int(&q, org);
    dgl_sql_put_int(&q, x->e->is_organization);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    put_settings(&q, x->e);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_endpoint_put(struct dgl_store *s, const struct dgl_endpoint_row *e, struct dgl_id *ret_id,
                                       struct dgl_error *err)
{
    struct put x = {.e = e, .id = dgl_id_new(s->clock)};
    DGL_TRY(dgl_write_sync(s, put_run, &x, err));
    *ret_id = x.id;
    return DGL_OK;
}

// ---- read

enum dgl_status dgl_store_endpoint_organization(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                                struct dgl_endpoint_row *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " ENDPOINT_COLUMNS ENDPOINT_FROM
                                     "WHERE o.id = ?1 AND e.is_organization = 1 AND e.deleted_at_us = 0");
    dgl_sql_put_text(&q, org);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_FAIL_SLUG(err, DGL_E_NOT_FOUND, "no_webhook_url", "the organization has no webhook URL");
    read_endpoint(&q, a, ret);
    return DGL_OK;
}

enum dgl_status dgl_store_endpoint_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                       struct dgl_endpoint_row *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " ENDPOINT_COLUMNS ENDPOINT_FROM
                                     "WHERE e.id = ?2 AND o.id = ?1 AND e.deleted_at_us = 0");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "webhook endpoint", id);
    read_endpoint(&q, a, ret);
    return DGL_OK;
}

enum dgl_status dgl_store_endpoint_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                        struct dgl_endpoint_row **ret, size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " ENDPOINT_COLUMNS ENDPOINT_FROM
                                     "WHERE o.id = ?1 AND e.deleted_at_us = 0 ORDER BY e.seq");
    dgl_sql_put_text(&q, org);
    struct dgl_endpoint_row *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        read_endpoint(&q, a, DGL_LIST_ADD(a, rows, count, cap));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

// ---- disable, delete, and the sweep after them

enum dgl_status dgl_sweep_endpoint(struct dgl_store *s, struct dgl_conn *c, int64_t endpoint, bool *ret_more,
                                   struct dgl_error *err)
{
    // Does nothing when the endpoint was enabled again meanwhile. An endpoint's queue is one of two numbers.
    DGL_AUTO_SQL q =
        dgl_sql(c, "UPDATE deliveries SET status = 3, finished_at_us = ?3,"
                   " reason = (SELECT iif(deleted_at_us > 0, 'the endpoint was deleted',"
                   "                      'the endpoint was disabled: ' || coalesce(state_reason, 'no reason given'))"
                   "           FROM endpoints WHERE seq = ?1)"
                   " WHERE seq IN (SELECT seq FROM deliveries WHERE status = 0 AND queue IN (?1, ?4) LIMIT ?2)"
                   " AND EXISTS (SELECT 1 FROM endpoints WHERE seq = ?1 AND (state = 1 OR deleted_at_us > 0))");
    dgl_sql_put_int(&q, endpoint);
    dgl_sql_put_int(&q, DGL_STORE_SWEEP_MAX);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    dgl_sql_put_int(&q, dgl_queue_of_endpoint(endpoint, true));
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    *ret_more = changed == DGL_STORE_SWEEP_MAX;
    return DGL_OK;
}

struct sweep {
    struct dgl_write write;
    struct dgl_store *store;
    int64_t endpoint;
    bool more;
};

static enum dgl_status sweep_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct sweep *x = arg;
    return dgl_sweep_endpoint(s, c, x->endpoint, &x->more, err);
}

static void sweep_done(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    (void)err;
    struct sweep *x = arg;
    if (status == DGL_OK && x->more)
        dgl_write_submit(x->store, &x->write);
    else
        free(x);
}

void dgl_sweep_later(struct dgl_store *s, int64_t endpoint)
{
    struct sweep *x = DGL_NEW(struct sweep);
    x->store = s;
    x->endpoint = endpoint;
    x->write = (struct dgl_write){.run = sweep_run, .arg = x, .done = sweep_done, .done_arg = x};
    dgl_write_submit(s, &x->write);
}

enum dgl_status dgl_sweep_resume(struct dgl_store *s, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(
        r.conn, "SELECT e.seq FROM endpoints e WHERE (e.state = 1 OR e.deleted_at_us > 0)"
                " AND EXISTS (SELECT 1 FROM deliveries d WHERE d.status = 0 AND d.queue IN (e.seq, ?1 - e.seq))");
    dgl_sql_put_int(&q, DGL_QUEUE_LISTENERS);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        dgl_sweep_later(s, dgl_sql_get_int(&q));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    return DGL_OK;
}

struct state_change {
    const char *org, *id, *reason;
    enum dgl_endpoint_state state;
    bool is_deletion, more;
    int64_t seq;
};

static enum dgl_status find_endpoint(struct dgl_conn *c, struct state_change *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT e.seq" ENDPOINT_FROM "WHERE e.id = ?2 AND o.id = ?1 AND e.deleted_at_us = 0");
    dgl_sql_put_text(&q, x->org);
    dgl_sql_put_text(&q, x->id);
    DGL_TRY(dgl_sql_int(&q, 0, &x->seq, err));
    return x->seq ? DGL_OK : DGL_NO_SUCH(err, "webhook endpoint", x->id);
}

static enum dgl_status drop_secrets(struct dgl_conn *c, const struct state_change *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM secrets WHERE endpoint = ?2"
                                " AND org = (SELECT seq FROM organizations WHERE id = ?1)");
    dgl_sql_put_text(&q, x->org);
    dgl_sql_put_text(&q, x->id);
    return dgl_sql_run(&q, err);
}

static enum dgl_status change_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct state_change *x = arg;
    DGL_TRY(find_endpoint(c, x, err));
    DGL_AUTO_SQL q =
        x->is_deletion
            ? dgl_sql(c, "UPDATE endpoints SET deleted_at_us = max(?2, 1) WHERE seq = ?1"
                         " AND ?3 IS NOT ?4")
            : dgl_sql(c, "UPDATE endpoints SET state = ?3, state_reason = ?4, updated_at_us = ?2,"
                         " failing_since_us = iif(?3 = 0, 0, failing_since_us), warned_at_us = 0 WHERE seq = ?1");
    dgl_sql_put_int(&q, x->seq);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    dgl_sql_put_int(&q, x->state);
    dgl_sql_put_text(&q, x->reason);
    DGL_TRY(dgl_sql_run(&q, err));
    if (x->is_deletion)
        DGL_TRY(drop_secrets(c, x, err));
    x->more = false;
    if (x->is_deletion || x->state == DGL_ENDPOINT_DISABLED)
        DGL_TRY(dgl_sweep_endpoint(s, c, x->seq, &x->more, err));
    return DGL_OK;
}

static enum dgl_status change(struct dgl_store *s, struct state_change *x, struct dgl_error *err)
{
    DGL_TRY(dgl_write_sync(s, change_run, x, err));
    if (x->more)
        dgl_sweep_later(s, x->seq);
    return DGL_OK;
}

enum dgl_status dgl_store_endpoint_delete(struct dgl_store *s, const char *org, const char *id, struct dgl_error *err)
{
    struct state_change x = {.org = org, .id = id, .is_deletion = true};
    return change(s, &x, err);
}

enum dgl_status dgl_store_endpoint_set_state(struct dgl_store *s, const char *org, const char *id,
                                             enum dgl_endpoint_state state, const char *reason, struct dgl_error *err)
{
    struct state_change x = {.org = org, .id = id, .state = state, .reason = reason};
    return change(s, &x, err);
}

// ---- secrets

struct secret_new {
    const struct dgl_secret_row *secret;
    int64_t retire_others_at_us;
    struct dgl_id id;
};

static enum dgl_status check_secret_owner(struct dgl_conn *c, int64_t org, const char *endpoint, struct dgl_error *err)
{
    if (!endpoint[0])
        return DGL_OK;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT 1 FROM endpoints WHERE org = ?1 AND id = ?2 AND deleted_at_us = 0");
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, endpoint);
    int64_t found;
    DGL_TRY(dgl_sql_int(&q, 0, &found, err));
    return found ? DGL_OK : DGL_NO_SUCH(err, "webhook endpoint", endpoint);
}

static enum dgl_status retire(struct dgl_conn *c, int64_t org, const struct dgl_secret_row *like, int64_t at_us,
                              struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE secrets SET expires_at_us = ?3 WHERE org = ?1 AND endpoint = ?2 AND kind = ?4"
                                " AND (expires_at_us = 0 OR expires_at_us > ?3)");
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, like->endpoint);
    dgl_sql_put_int(&q, at_us);
    dgl_sql_put_int(&q, like->kind);
    return dgl_sql_run(&q, err);
}

static enum dgl_status secret_add_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct secret_new *x = arg;
    int64_t org;
    DGL_TRY(dgl_org_seq(c, x->secret->org, &org, err));
    DGL_TRY(check_secret_owner(c, org, x->secret->endpoint, err));
    if (x->retire_others_at_us > 0)
        DGL_TRY(retire(c, org, x->secret, x->retire_others_at_us, err));
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO secrets (id, org, endpoint, sealed, created_at_us, expires_at_us, kind)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    dgl_sql_put_text(&q, x->id.s);
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, x->secret->endpoint);
    dgl_sql_put_blob(&q, x->secret->sealed, x->secret->sealed_len);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    dgl_sql_put_int(&q, x->secret->expires_at_us);
    dgl_sql_put_int(&q, x->secret->kind);
    return dgl_sql_run(&q, err);
}

static enum dgl_status secret_retire_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct secret_new *x = arg;
    int64_t org;
    (void)s;
    DGL_TRY(dgl_org_seq(c, x->secret->org, &org, err));
    return retire(c, org, x->secret, x->retire_others_at_us, err);
}

enum dgl_status dgl_store_secret_retire(struct dgl_store *s, const char *org, const char *endpoint,
                                        enum dgl_secret_kind kind, int64_t at_us, struct dgl_error *err)
{
    struct dgl_secret_row secret = {.kind = kind};
    struct secret_new x = {.secret = &secret, .retire_others_at_us = DGL_MAX(at_us, 1)};
    dgl_str_copy(secret.org, sizeof secret.org, org, strlen(org));
    dgl_str_copy(secret.endpoint, sizeof secret.endpoint, endpoint, strlen(endpoint));
    return dgl_write_sync(s, secret_retire_run, &x, err);
}

enum dgl_status dgl_store_secret_add(struct dgl_store *s, const struct dgl_secret_row *secret,
                                     int64_t retire_others_at_us, struct dgl_error *err)
{
    struct secret_new x = {.secret = secret, .retire_others_at_us = retire_others_at_us};
    if (!dgl_id_parse(secret->id, &x.id))
        x.id = dgl_id_new(s->clock);
    return dgl_write_sync(s, secret_add_run, &x, err);
}

enum dgl_status dgl_store_secret_list(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *endpoint,
                                      struct dgl_secret_row **ret, size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT n.id, o.id, n.endpoint, n.sealed, n.created_at_us, n.expires_at_us, n.kind"
                                     " FROM secrets n JOIN organizations o ON o.seq = n.org"
                                     " WHERE o.id = ?1 AND n.endpoint = ?2"
                                     " AND (n.expires_at_us = 0 OR n.expires_at_us > ?3) ORDER BY n.seq DESC");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, endpoint ? endpoint : "");
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    struct dgl_secret_row *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        struct dgl_secret_row *n = DGL_LIST_ADD(a, rows, count, cap);
        dgl_sql_get_chars(&q, n->id, sizeof n->id);
        dgl_sql_get_chars(&q, n->org, sizeof n->org);
        dgl_sql_get_chars(&q, n->endpoint, sizeof n->endpoint);
        const void *sealed = dgl_sql_peek_blob(&q, &n->sealed_len);
        void *copy = dgl_arena_alloc(a, n->sealed_len);
        if (n->sealed_len)
            memcpy(copy, sealed, n->sealed_len);
        n->sealed = copy;
        n->created_at_us = dgl_sql_get_int(&q);
        n->expires_at_us = dgl_sql_get_int(&q);
        n->kind = (enum dgl_secret_kind)dgl_sql_get_int(&q);
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}
