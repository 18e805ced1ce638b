// An endpoint's health: figures of its latest deliveries, read from the log when somebody asks. Nothing is counted
// while delivering; the bounded sample keeps the question cheap however long the log is.
#include "server/store/sqlite/deliveries.h"

#include <stdlib.h>

struct latencies {
    int64_t *us;
    size_t count, cap;
};

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

// Nearest rank.
static int64_t percentile(const struct latencies *l, size_t percent)
{
    return l->count ? l->us[(l->count * percent + 99) / 100 - 1] : 0;
}

static enum dgl_status read_endpoint(struct dgl_conn *c, const char *org, const char *id, struct dgl_endpoint_health *h,
                                     int64_t *ret_seq, bool *ret_listener, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT e.seq, e.kind, e.last_success_at_us, e.last_failure_at_us, e.failing_since_us"
                                " FROM endpoints e JOIN organizations o ON o.seq = e.org"
                                " WHERE e.id = ?2 AND o.id = ?1 AND e.deleted_at_us = 0");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "webhook endpoint", id);
    *ret_seq = dgl_sql_get_int(&q);
    *ret_listener = dgl_sql_get_int(&q) == DGL_ENDPOINT_LISTENER;
    h->last_success_at_us = dgl_sql_get_int(&q);
    h->last_failure_at_us = dgl_sql_get_int(&q);
    h->failing_since_us = dgl_sql_get_int(&q);
    return DGL_OK;
}

static enum dgl_status read_attempts(struct dgl_conn *c, struct dgl_arena *a, int64_t endpoint, int64_t since_us,
                                     int64_t sample, struct dgl_endpoint_health *h, struct latencies *l,
                                     struct dgl_error *err)
{
    DGL_AUTO_SQL q =
        dgl_sql(c, "SELECT t.started_at_us, t.http_status, t.total_us, t.outcome = 'answered' FROM"
                   " (SELECT seq FROM deliveries INDEXED BY deliveries_by_endpoint WHERE endpoint = ?1"
                   "  AND created_at_us >= ?2 ORDER BY created_at_us DESC LIMIT ?3) w"
                   " CROSS JOIN attempts t ON t.key >= w.seq * 65536 AND t.key < (w.seq + 1) * 65536 LIMIT ?4");
    dgl_sql_put_int(&q, endpoint);
    dgl_sql_put_int(&q, since_us);
    dgl_sql_put_int(&q, sample);
    dgl_sql_put_int(&q, sample * 10);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        int64_t at_us = dgl_sql_get_int(&q), status = dgl_sql_get_int(&q), total_us = dgl_sql_get_int(&q);
        bool answered = dgl_sql_get_int(&q) != 0, ok = answered && status >= 200 && status < 300;
        int64_t *last = ok ? &h->last_success_at_us : &h->last_failure_at_us;
        h->attempts++;
        h->succeeded += ok;
        *last = DGL_MAX(*last, at_us);
        if (answered) {
            int64_t *us = DGL_LIST_ADD(a, l->us, l->count, l->cap);
            *us = total_us;
        }
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    return DGL_OK;
}

static enum dgl_status read_pending(struct dgl_conn *c, int64_t queue, struct dgl_endpoint_health *h,
                                    struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT count(*), coalesce(min(created_at_us), 0) FROM (SELECT created_at_us"
                                " FROM deliveries INDEXED BY deliveries_queued WHERE status = 0 AND queue = ?1"
                                " ORDER BY next_attempt_at_us LIMIT ?2)");
    dgl_sql_put_int(&q, queue);
    dgl_sql_put_int(&q, DGL_STORE_PENDING_MAX);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    h->pending = dgl_sql_get_int(&q);
    h->oldest_pending_at_us = dgl_sql_get_int(&q);
    return DGL_OK;
}

enum dgl_status dgl_store_endpoint_health(struct dgl_store *s, const char *org, const char *endpoint, int64_t since_us,
                                          size_t sample, struct dgl_endpoint_health *ret, struct dgl_error *err)
{
    struct dgl_endpoint_health h = {0};
    struct latencies l = {0};
    int64_t seq;
    bool is_listener;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_TRY(read_endpoint(r.conn, org, endpoint, &h, &seq, &is_listener, err));
    DGL_TRY(read_attempts(r.conn, a, seq, since_us, (int64_t)DGL_MIN(sample, DGL_STORE_SAMPLE_MAX), &h, &l, err));
    DGL_TRY(read_pending(r.conn, dgl_queue_of_endpoint(seq, is_listener), &h, err));
    if (l.count)
        qsort(l.us, l.count, sizeof *l.us, by_size);
    h.p50_us = percentile(&l, 50);
    h.p95_us = percentile(&l, 95);
    *ret = h;
    return DGL_OK;
}
