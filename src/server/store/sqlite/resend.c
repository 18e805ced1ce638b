// Sending again by hand: one delivery, or all of a time range.
//
// A range is read first and written afterwards, 500 rows a transaction, due one after the other at the asked rate; so
// the dispatcher meets it as deliveries that become due, and a stop in between loses only what was not written yet.
#include "server/store/sqlite/deliveries.h"

// ---- one

struct redeliver {
    const char *org, *id;
    struct dgl_arena *arena;
    struct dgl_delivery_due due;
};

static enum dgl_status check_endpoint_open(struct dgl_conn *c, const struct redeliver *x, int64_t *ret_seq,
                                           struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT w.seq, e.deleted_at_us, e.state" DELIVERY_FROM "WHERE w.id = ?2 AND o.id = ?1");
    dgl_sql_put_text(&q, x->org);
    dgl_sql_put_text(&q, x->id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "delivery", x->id);
    *ret_seq = dgl_sql_get_int(&q);
    if (dgl_sql_get_int(&q) != 0)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "endpoint_deleted",
                             "delivery %s went to a webhook endpoint that was deleted since", x->id);
    if (dgl_sql_get_int(&q) == DGL_ENDPOINT_DISABLED)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "endpoint_disabled",
                             "delivery %s goes to a webhook endpoint that is disabled; enable it first", x->id);
    return DGL_OK;
}

static enum dgl_status redeliver_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct redeliver *x = arg;
    int64_t seq;
    DGL_TRY(check_endpoint_open(c, x, &seq, err));
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE deliveries SET status = 0, reason = NULL, scheduled_attempts = 0,"
                                " next_attempt_at_us = ?2, scheduled_from_us = ?2, finished_at_us = 0 WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    DGL_TRY(dgl_sql_run(&q, err));
    DGL_AUTO_SQL read = dgl_sql(c, "SELECT " DUE_COLUMNS DELIVERY_FROM "WHERE w.seq = ?1");
    dgl_sql_put_int(&read, seq);
    bool row;
    DGL_TRY(dgl_sql_next(&read, &row, err));
    dgl_read_due(&read, x->arena, &x->due);
    return DGL_OK;
}

enum dgl_status dgl_store_delivery_redeliver(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                             struct dgl_delivery_due *ret, struct dgl_error *err)
{
    struct redeliver x = {.org = org, .id = id, .arena = a};
    DGL_TRY(dgl_write_sync(s, redeliver_run, &x, err));
    *ret = x.due;
    return DGL_OK;
}

// ---- a range

// Only endpoints that take deliveries today. A range of what was dropped or canceled reads its own small index.
#define RANGE_SQL(index, condition)                                                                            \
    "SELECT w.seq FROM deliveries w INDEXED BY " index " LEFT JOIN endpoints e ON e.seq = w.endpoint"          \
    " WHERE w.org = ?1 AND " condition " AND w.status = ?2 AND w.created_at_us >= ?3 AND w.created_at_us < ?4" \
    " AND (?5 IS NULL OR e.id = ?5) AND (e.seq IS NULL OR (e.deleted_at_us = 0 AND e.state = 0))"              \
    " ORDER BY w.created_at_us, w.seq LIMIT ?6"
static const char range_sql[] = RANGE_SQL("deliveries_by_org", "w.status < 2");
static const char range_unsent_sql[] = RANGE_SQL("deliveries_unsent", "w.status >= 2");
static const char range_of_endpoint_sql[] =
    RANGE_SQL("deliveries_by_endpoint", "w.endpoint = (SELECT seq FROM endpoints WHERE id = ?5)");

static enum dgl_status read_range(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                  const struct dgl_redeliver_range *range, int64_t max, int64_t **ret,
                                  size_t *ret_count, struct dgl_error *err)
{
    int64_t org_seq, *seqs = NULL;
    size_t count = 0, cap = 0;
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_TRY(dgl_org_seq(r.conn, org, &org_seq, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, range->status >= DGL_DELIVERY_DROPPED ? range_unsent_sql
                                     : range->endpoint                     ? range_of_endpoint_sql
                                                                           : range_sql);
    dgl_sql_put_int(&q, org_seq);
    dgl_sql_put_int(&q, range->status);
    dgl_sql_put_int(&q, range->since_us);
    dgl_sql_put_int(&q, range->until_us);
    dgl_sql_put_text(&q, range->endpoint);
    dgl_sql_put_int(&q, max + 1);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        int64_t *seq = DGL_LIST_ADD(a, seqs, count, cap);
        *seq = dgl_sql_get_int(&q);
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = seqs;
    *ret_count = count;
    return DGL_OK;
}

struct resend {
    const int64_t *seqs;
    size_t count;
    int64_t first_at_us, step_us, changed;
    enum dgl_delivery_status status;
};

static enum dgl_status resend_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct resend *x = arg;
    x->changed = 0;
    for (size_t i = 0; i < x->count; i++) {
        int64_t changed;
        DGL_AUTO_SQL q = dgl_sql(c, "UPDATE deliveries SET status = 0, reason = NULL, scheduled_attempts = 0,"
                                    " next_attempt_at_us = ?2, scheduled_from_us = ?2, finished_at_us = 0"
                                    " WHERE seq = ?1 AND status = ?3");
        dgl_sql_put_int(&q, x->seqs[i]);
        dgl_sql_put_int(&q, x->first_at_us + (int64_t)i * x->step_us);
        dgl_sql_put_int(&q, x->status);
        DGL_TRY(dgl_sql_change(&q, &changed, err));
        x->changed += changed;
    }
    (void)s;
    return DGL_OK;
}

enum dgl_status dgl_store_deliveries_redeliver(struct dgl_store *s, const char *org,
                                               const struct dgl_redeliver_range *range, int64_t *ret_count,
                                               bool *ret_more, struct dgl_error *err)
{
    int64_t *seqs, max = DGL_MIN(range->max, DGL_STORE_REDELIVER_MAX), changed = 0;
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(read_range(s, a, org, range, max, &seqs, &count, err));
    bool more = (int64_t)count > max;
    int64_t now_us = dgl_clock_now_us(s->clock), step_us = DGL_US_PER_S / DGL_MAX(range->per_s, 1);
    for (size_t at = 0; !more && !range->dry_run && at < count; at += DGL_STORE_SWEEP_MAX) {
        struct resend x = {.seqs = seqs + at,
                           .count = DGL_MIN(count - at, DGL_STORE_SWEEP_MAX),
                           .first_at_us = now_us + (int64_t)at * step_us,
                           .step_us = step_us,
                           .status = range->status};
        DGL_TRY(dgl_write_sync(s, resend_run, &x, err));
        changed += x.changed;
    }
    *ret_count = range->dry_run || more ? (int64_t)count - more : changed;
    *ret_more = more;
    return DGL_OK;
}
