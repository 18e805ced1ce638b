// Retention of everything but documents: small batches, so that the writer is never held up.
//
// Rows are removed in the order in which they were made. Deliveries have no index on their age: each call looks at the
// next few from where the last one stopped (pending ones are passed over) and begins again at the first young one.
#include "server/store/sqlite/queue.h"
#include "server/store/sqlite/sqlite.h"

struct prune {
    int64_t before_us, max;
    bool more;
};

static enum dgl_status prune_keys(struct dgl_store *s, struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM idempotency WHERE created_at_us <= ?1 AND document IN"
                                " (SELECT document FROM idempotency ORDER BY document LIMIT ?2)");
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock) - DGL_STORE_IDEMPOTENCY_US);
    dgl_sql_put_int(&q, x->max);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    x->more = x->more || changed == x->max;
    return DGL_OK;
}

static enum dgl_status prune_sessions(struct dgl_store *s, struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM sessions WHERE token_hash IN"
                                " (SELECT token_hash FROM sessions WHERE expires_at_us <= ?1 LIMIT ?2)");
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    dgl_sql_put_int(&q, x->max);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    x->more = x->more || changed == x->max;
    return DGL_OK;
}

// What signs no more: past its overlap, or of an endpoint that is deleted.
static enum dgl_status prune_secrets(struct dgl_store *s, struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM secrets WHERE seq IN"
                                " (SELECT seq FROM secrets WHERE (expires_at_us > 0 AND expires_at_us <= ?1)"
                                "  OR endpoint IN (SELECT id FROM endpoints WHERE deleted_at_us > 0) LIMIT ?2)");
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    dgl_sql_put_int(&q, x->max);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    x->more = x->more || changed == x->max;
    return DGL_OK;
}

// Letters left behind by a server that had a mail server; one that has sends or drops them sooner.
static enum dgl_status prune_letters(struct dgl_store *s, struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM letters WHERE seq IN"
                                " (SELECT seq FROM letters WHERE created_at_us <= ?1 ORDER BY seq LIMIT ?2)");
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock) - DGL_STORE_LETTER_US);
    dgl_sql_put_int(&q, x->max);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    x->more = x->more || changed == x->max;
    return DGL_OK;
}

// Listeners nobody asked for in a day, unless nobody may ask. Few, and what waits for them is canceled a batch per
// call.
static enum dgl_status prune_listeners(struct dgl_store *s, struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    int64_t now_us = dgl_clock_now_us(s->clock), seq;
    bool more;
    DGL_AUTO_SQL find = dgl_sql(c, "SELECT seq FROM endpoints INDEXED BY endpoints_listening WHERE kind = 1"
                                   " AND deleted_at_us = 0 AND seen_at_us <= ?1 AND org IN"
                                   " (SELECT seq FROM organizations WHERE disabled_at_us = 0)"
                                   " ORDER BY seen_at_us LIMIT 1");
    dgl_sql_put_int(&find, now_us - DGL_STORE_LISTENER_US);
    DGL_TRY(dgl_sql_int(&find, 0, &seq, err));
    if (!seq)
        return DGL_OK;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE endpoints SET state = 1, state_reason = 'nobody listened for a day',"
                                " deleted_at_us = iif(EXISTS (SELECT 1 FROM deliveries WHERE status = 0"
                                " AND queue = ?3), 0, max(?2, 1)) WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    dgl_sql_put_int(&q, now_us);
    dgl_sql_put_int(&q, dgl_queue_of_endpoint(seq, true));
    DGL_TRY(dgl_sql_run(&q, err));
    x->more = true;
    return dgl_sweep_endpoint(s, c, seq, &more, err);
}

static enum dgl_status drop_delivery(struct dgl_conn *c, int64_t seq, struct dgl_error *err)
{
    DGL_AUTO_SQL attempts = dgl_sql(c, "DELETE FROM attempts WHERE key >= ?1 AND key < ?2");
    dgl_sql_put_int(&attempts, DGL_ATTEMPT_KEY(seq, 0));
    dgl_sql_put_int(&attempts, DGL_ATTEMPT_KEY(seq + 1, 0));
    DGL_TRY(dgl_sql_run(&attempts, err));
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM deliveries WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    return dgl_sql_run(&q, err);
}

static enum dgl_status prune_deliveries(struct dgl_store *s, struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q =
        dgl_sql(c, "SELECT seq, status, created_at_us FROM deliveries WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    dgl_sql_put_int(&q, s->prune_after_delivery);
    dgl_sql_put_int(&q, x->max);
    int64_t seen = 0, last = 0;
    bool row, is_old = true;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row && is_old) {
        int64_t seq = dgl_sql_get_int(&q);
        bool is_pending = dgl_sql_get_int(&q) == DGL_DELIVERY_PENDING;
        is_old = dgl_sql_get_int(&q) < x->before_us;
        if (is_old && !is_pending)
            DGL_TRY(drop_delivery(c, seq, err));
        if (is_old) {
            last = seq;
            seen++;
        }
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    bool at_end = seen < x->max;
    s->prune_after_delivery = at_end ? 0 : last;
    x->more = x->more || !at_end;
    return DGL_OK;
}

// A tombstone answers for links and deliveries; when those are gone it goes too.
static enum dgl_status prune_tombstones(struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM documents WHERE seq IN"
                                " (SELECT d.seq FROM documents d WHERE d.erased_at_us > 0 AND d.erased_at_us < ?1"
                                "  AND NOT EXISTS (SELECT 1 FROM deliveries w WHERE w.document = d.seq)"
                                "  AND NOT EXISTS (SELECT 1 FROM idempotency i WHERE i.document = d.seq)"
                                "  ORDER BY d.erased_at_us LIMIT ?2)");
    dgl_sql_put_int(&q, x->before_us);
    dgl_sql_put_int(&q, x->max);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    x->more = x->more || changed == x->max;
    return DGL_OK;
}

// Revoked keys and deleted endpoints stay as long as the log that may name them.
static enum dgl_status prune_revoked(struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM api_keys WHERE seq IN (SELECT seq FROM api_keys WHERE revoked_at_us > 0"
                                " AND revoked_at_us < ?1 ORDER BY revoked_at_us LIMIT ?2)");
    dgl_sql_put_int(&q, x->before_us);
    dgl_sql_put_int(&q, x->max);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    x->more = x->more || changed == x->max;
    return DGL_OK;
}

static enum dgl_status prune_endpoints(struct dgl_conn *c, struct prune *x, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM endpoints WHERE seq IN"
                                " (SELECT e.seq FROM endpoints e WHERE e.deleted_at_us > 0 AND e.deleted_at_us < ?1"
                                "  AND NOT EXISTS (SELECT 1 FROM deliveries w WHERE w.endpoint = e.seq)"
                                "  ORDER BY e.deleted_at_us LIMIT ?2)");
    dgl_sql_put_int(&q, x->before_us);
    dgl_sql_put_int(&q, x->max);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    x->more = x->more || changed == x->max;
    return DGL_OK;
}

static enum dgl_status prune_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct prune *x = arg;
    DGL_TRY(prune_keys(s, c, x, err));
    DGL_TRY(prune_sessions(s, c, x, err));
    DGL_TRY(prune_secrets(s, c, x, err));
    DGL_TRY(prune_letters(s, c, x, err));
    DGL_TRY(prune_listeners(s, c, x, err));
    DGL_TRY(prune_deliveries(s, c, x, err));
    DGL_TRY(prune_tombstones(c, x, err));
    DGL_TRY(prune_endpoints(c, x, err));
    return prune_revoked(c, x, err);
}

enum dgl_status dgl_store_prune(struct dgl_store *s, int64_t deliveries_before_us, size_t max, bool *ret_more,
                                struct dgl_error *err)
{
    struct prune x = {.before_us = deliveries_before_us, .max = (int64_t)DGL_MIN(DGL_MAX(max, 1), DGL_STORE_PRUNE_MAX)};
    DGL_TRY(dgl_write_sync(s, prune_run, &x, err));
    *ret_more = x.more;
    return DGL_OK;
}
