// Making deliveries: the outbox half of finishing a job.
#ifndef DGL_SERVER_STORE_SQLITE_DELIVERIES_H
#define DGL_SERVER_STORE_SQLITE_DELIVERIES_H

#include "server/store/sqlite/queue.h"
#include "server/store/sqlite/sqlite.h"

struct dgl_fan_out {
    struct dgl_arena *arena;
    const char *event_type;
    int64_t document, org_seq;
    char org[40];
    const char *own_url; // the job's; NULL = the organization's endpoint
    bool is_silent;      // not made through the API: no event
    struct dgl_delivery_due *due;
    size_t count, cap;
};
// Inserts one pending delivery, due now, per endpoint the event goes to. Runs inside a write.
enum dgl_status dgl_fan_out(struct dgl_store *s, struct dgl_conn *c, struct dgl_fan_out *f,
                            struct dgl_error *err) DGL_MUST_CHECK;

// ---- reading rows
// A pending delivery goes to the endpoint's URL of today; a finished one shows where it went.
#define URL_NOW "iif(w.status = 0, coalesce(e.url, w.url), w.url)"
#define DELIVERY_COLUMNS                                                                                         \
    "w.id, o.id, coalesce(e.id, ''), coalesce(d.id, ''), coalesce(t.id, ''), o.seq, w.event_type, " URL_NOW      \
    ", w.status, w.reason, w.attempts, w.scheduled_attempts, w.created_at_us, w.next_attempt_at_us, "            \
    "w.finished_at_us, w.last_http_status, w.last_error, d.status, d.erased_at_us, d.formats, d.error_message, " \
    "d.created_at_us, w.seq"
#define DELIVERY_FROM                                                                                      \
    " FROM deliveries w JOIN organizations o ON o.seq = w.org LEFT JOIN endpoints e ON e.seq = w.endpoint" \
    " LEFT JOIN documents d ON d.seq = w.document LEFT JOIN templates t ON t.seq = d.template "

// Returns the delivery's seq.
int64_t dgl_read_delivery(struct dgl_sql *q, struct dgl_arena *a, struct dgl_delivery_row *ret);

#define DUE_COLUMNS                                                                                   \
    "w.id, o.id, o.seq, coalesce(e.id, ''), " URL_NOW ", w.next_attempt_at_us, w.attempts, w.queue, " \
    "coalesce(e.rate_per_s, 0), coalesce(e.kind, 0)"
void dgl_read_due(struct dgl_sql *q, struct dgl_arena *a, struct dgl_delivery_due *ret);

enum dgl_status dgl_job_not_rendering(const char *id, struct dgl_error *err) DGL_MUST_CHECK;

#endif
