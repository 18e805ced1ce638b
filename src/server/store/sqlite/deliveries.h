// Making deliveries: the outbox half of finishing a job.
#ifndef DGL_SERVER_STORE_SQLITE_DELIVERIES_H
#define DGL_SERVER_STORE_SQLITE_DELIVERIES_H

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
enum dgl_status dgl_job_not_rendering(const char *id, struct dgl_error *err) DGL_MUST_CHECK;

#endif
