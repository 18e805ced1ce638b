// What is due, queue by queue, and the end of what waited too long.
//
// The index deliveries_queued holds (queue, due time) of pending deliveries only. "The next queue" and "its earliest
// delivery" are one probe each, so a queue with a million rows costs as much to find as one with a single row.
#include "server/store/sqlite/deliveries.h"

#include <stdlib.h>
#include <string.h>

void dgl_read_due(struct dgl_sql *q, struct dgl_arena *a, struct dgl_delivery_due *ret)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    ret->org_number = (uint64_t)dgl_sql_get_int(q);
    dgl_sql_get_chars(q, ret->endpoint, sizeof ret->endpoint);
    ret->url = dgl_sql_get_text(q, a);
    ret->due_at_us = dgl_sql_get_int(q);
    ret->attempts = dgl_sql_get_int(q);
    ret->queue = dgl_sql_get_int(q);
    ret->rate_per_s = dgl_sql_get_int(q);
    ret->is_listener = dgl_sql_get_int(q) == DGL_ENDPOINT_LISTENER;
}

static enum dgl_status next_queue(struct dgl_conn *c, int64_t after, struct dgl_queue_due *ret, bool *ret_found,
                                  struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(
        c, "SELECT w.queue, iif(o.disabled_at_us > 0, ?2, w.next_attempt_at_us),"
           " coalesce(e.rate_per_s, 0), o.id, coalesce(e.id, ''), o.seq FROM deliveries w INDEXED BY deliveries_queued"
           " CROSS JOIN organizations o ON o.seq = w.org"
           " LEFT JOIN endpoints e ON e.seq = w.endpoint"
           " WHERE w.status = 0 AND w.queue > ?1"
           " ORDER BY w.queue, w.next_attempt_at_us LIMIT 1");
    dgl_sql_put_int(&q, after);
    dgl_sql_put_int(&q, INT64_MAX); // a disabled organization's: not in this life
    DGL_TRY(dgl_sql_next(&q, ret_found, err));
    if (!*ret_found)
        return DGL_OK;
    ret->queue = dgl_sql_get_int(&q);
    ret->due_at_us = dgl_sql_get_int(&q);
    ret->rate_per_s = dgl_sql_get_int(&q);
    dgl_sql_get_chars(&q, ret->org, sizeof ret->org);
    dgl_sql_get_chars(&q, ret->endpoint, sizeof ret->endpoint);
    ret->org_number = (uint64_t)dgl_sql_get_int(&q);
    return DGL_OK;
}

enum dgl_status dgl_store_queues_due(struct dgl_store *s, struct dgl_arena *a, int64_t until_us, int64_t after_queue,
                                     size_t max, struct dgl_queue_due **ret, size_t *ret_count, int64_t *ret_after,
                                     bool *ret_more, struct dgl_error *err)
{
    struct dgl_queue_due *rows = NULL;
    size_t count = 0, cap = 0;
    bool found = true;
    int64_t after = DGL_MAX(after_queue, DGL_QUEUE_LISTENERS);
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    max = DGL_MIN(max, DGL_STORE_DUE_MAX);
    for (size_t looked = 0; looked < max && found; looked++) {
        struct dgl_queue_due one = {0};
        DGL_TRY(next_queue(r.conn, after, &one, &found, err));
        if (found)
            after = one.queue;
        if (found && one.due_at_us <= until_us) {
            struct dgl_queue_due *row = DGL_LIST_ADD(a, rows, count, cap);
            *row = one;
        }
    }
    *ret = rows;
    *ret_count = count;
    *ret_after = after;
    *ret_more = found;
    return DGL_OK;
}

// A queue is one organization's: its first row says of all of them whether they wait.
static enum dgl_status is_disabled(struct dgl_conn *c, int64_t queue, bool *ret, struct dgl_error *err)
{
    int64_t disabled_at_us;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT o.disabled_at_us FROM deliveries w INDEXED BY deliveries_queued"
                                " CROSS JOIN organizations o ON o.seq = w.org"
                                " WHERE w.status = 0 AND w.queue = ?1 LIMIT 1");
    dgl_sql_put_int(&q, queue);
    DGL_TRY(dgl_sql_int(&q, 0, &disabled_at_us, err));
    *ret = disabled_at_us != 0;
    return DGL_OK;
}

enum dgl_status dgl_store_queue_due(struct dgl_store *s, struct dgl_arena *a, int64_t queue, int64_t until_us,
                                    size_t max, struct dgl_delivery_due **ret, size_t *ret_count, struct dgl_error *err)
{
    bool waits;
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_TRY(is_disabled(r.conn, queue, &waits, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " DUE_COLUMNS " FROM deliveries w INDEXED BY deliveries_queued"
                                     " CROSS JOIN organizations o ON o.seq = w.org"
                                     " LEFT JOIN endpoints e ON e.seq = w.endpoint"
                                     " WHERE w.status = 0 AND w.queue = ?1 AND w.next_attempt_at_us <= ?2"
                                     " ORDER BY w.next_attempt_at_us, w.seq LIMIT ?3");
    dgl_sql_put_int(&q, queue);
    dgl_sql_put_int(&q, until_us);
    dgl_sql_put_int(&q, waits ? 0 : (int64_t)DGL_MIN(max, DGL_STORE_DUE_MAX));
    struct dgl_delivery_due *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        dgl_read_due(&q, a, DGL_LIST_ADD(a, rows, count, cap));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

// ---- expiry

struct expiry {
    struct dgl_write write;
    struct dgl_store *store;
    int64_t queue, before_us, changed, total;
    dgl_store_counted done;
    void *arg;
    char reason[];
};

// What was scheduled before T is due before T or, after failures, later: so the look begins at the earliest due and
// ends after a bounded number of rows. While its organization is disabled nothing grows too old, and afterwards it has
// its whole schedule again.
static enum dgl_status expire_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct expiry *x = arg;
    int64_t now_us = dgl_clock_now_us(s->clock);
    DGL_AUTO_SQL q =
        dgl_sql(c, "UPDATE deliveries SET status = 2, reason = ?3, finished_at_us = ?4, last_error = coalesce("
                   "last_error, ?3) WHERE seq IN (SELECT seq FROM"
                   " (SELECT seq, scheduled_from_us FROM deliveries INDEXED BY deliveries_queued WHERE status = 0"
                   "  AND queue = ?1 AND next_attempt_at_us <= ?4 ORDER BY next_attempt_at_us, seq LIMIT ?5)"
                   " WHERE scheduled_from_us < ?2 LIMIT ?6)"
                   " AND org IN (SELECT seq FROM organizations WHERE disabled_at_us = 0 AND enabled_at_us < ?2)");
    dgl_sql_put_int(&q, x->queue);
    dgl_sql_put_int(&q, x->before_us);
    dgl_sql_put_text(&q, x->reason);
    dgl_sql_put_int(&q, now_us);
    dgl_sql_put_int(&q, DGL_STORE_EXPIRE_LOOK);
    dgl_sql_put_int(&q, DGL_STORE_SWEEP_MAX);
    return dgl_sql_change(&q, &x->changed, err);
}

static void expire_done(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct expiry *x = arg;
    if (status == DGL_OK) {
        x->total += x->changed;
        if (x->changed == DGL_STORE_SWEEP_MAX) {
            dgl_write_submit(x->store, &x->write);
            return;
        }
    }
    x->done(x->arg, status, x->total, err);
    free(x);
}

void dgl_store_queue_expire_async(struct dgl_store *s, int64_t queue, int64_t from_before_us, const char *reason,
                                  dgl_store_counted done, void *arg)
{
    size_t len = strlen(reason) + 1;
    struct expiry *x = dgl_alloc(sizeof *x + len);
    *x = (struct expiry){.store = s, .queue = queue, .before_us = from_before_us, .done = done, .arg = arg};
    memcpy(x->reason, reason, len);
    x->write = (struct dgl_write){.run = expire_run, .arg = x, .done = expire_done, .done_arg = x};
    dgl_write_submit(s, &x->write);
}
