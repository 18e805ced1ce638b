// The clock was put back: what was to go out later is told its time anew.
//
// A pending delivery waits from its latest attempt (or its making, or its being sent again) until its due time. Where
// that beginning lies in the future, the clock was put back since, and the wait begins now. A wait told anew ends
// before it began, as the row has it; that is how repeating this leaves it alone.
#include "server/store/sqlite/sqlite.h"

struct rewind {
    int64_t now_us, count;
};

static enum dgl_status rewind_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    struct rewind *x = arg;
    DGL_AUTO_SQL q = dgl_sql(
        c, "UPDATE deliveries SET next_attempt_at_us = ?1 + next_attempt_at_us - f.from_us"
           " FROM (SELECT w.seq AS seq, max(w.created_at_us, w.scheduled_from_us, coalesce((SELECT a.started_at_us"
           "  FROM attempts a WHERE a.key > w.seq * 65536 AND a.key < (w.seq + 1) * 65536 ORDER BY a.key DESC LIMIT 1),"
           "  0)) AS from_us FROM deliveries w WHERE w.status = 0 AND w.next_attempt_at_us > ?1) AS f"
           " WHERE deliveries.seq = f.seq AND f.from_us > ?1 AND next_attempt_at_us >= f.from_us");
    dgl_sql_put_int(&q, x->now_us);
    return dgl_sql_change(&q, &x->count, err);
}

enum dgl_status dgl_store_deliveries_rewind(struct dgl_store *s, int64_t *ret_count, struct dgl_error *err)
{
    struct rewind x = {.now_us = dgl_clock_now_us(s->clock)};
    DGL_TRY(dgl_write_sync(s, rewind_run, &x, err));
    *ret_count = x.count;
    return DGL_OK;
}
