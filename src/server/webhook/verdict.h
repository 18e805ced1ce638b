// What an attempt's result means: for the delivery, for the endpoint, for its queue, in words. Pure.
#ifndef DGL_SERVER_WEBHOOK_VERDICT_H
#define DGL_SERVER_WEBHOOK_VERDICT_H

#include "server/net/client.h"
#include "server/store/store.h"
#include "server/webhook/queues.h"
#include "server/webhook/schedule.h"

struct dgl_verdict {
    enum dgl_delivery_status status; // SUCCEEDED, PENDING (again at next_at_us) or DROPPED
    int64_t next_at_us;              // 0 = none
    bool disable_endpoint;           // 410
    enum dgl_queue_feedback feedback;
    char message[256]; // how the attempt ended; "" when it succeeded
    char reason[320];  // why dropped; ""
};
// failures: failed attempts of this schedule, this one included if it failed.
void dgl_webhook_judge(const struct dgl_net_result *r, const struct dgl_schedule *schedule, int64_t failures,
                       bool has_endpoint, int64_t now_us, uint32_t random, struct dgl_verdict *ret);
// What to do about a failed test, in plain words; "" when there is nothing to say.
void dgl_webhook_advise(const struct dgl_net_result *r, const struct dgl_url *url, char out[512]);

#endif
