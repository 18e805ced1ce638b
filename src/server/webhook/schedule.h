// When a failed delivery is tried again. Pure: time and randomness are arguments.
#ifndef DGL_SERVER_WEBHOOK_SCHEDULE_H
#define DGL_SERVER_WEBHOOK_SCHEDULE_H

#include "base/error.h"

#define DGL_SCHEDULE_MAX_STEPS 32
#define DGL_SCHEDULE_MAX_STEP_S (7 * 86400)
#define DGL_RETRY_AFTER_MAX_S 36000 // a receiver's wish beyond 10 h is cut to this

struct dgl_schedule {
    int64_t step_s[DGL_SCHEDULE_MAX_STEPS]; // wait after the 1st, 2nd … failure
    size_t count;
};
// "60,300,900"; "durable" is a preset over two and a half days. Empty: a single attempt.
enum dgl_status dgl_schedule_parse(const char *text, struct dgl_schedule *ret, struct dgl_error *err) DGL_MUST_CHECK;
// `failures`: attempts that failed so far (since the last manual redelivery), the one at `failed_at_us` included.
// retry_after_s: -1 = none. random: any 32 bits. False: no attempts are left.
bool dgl_schedule_next(const struct dgl_schedule *s, int64_t failures, int64_t failed_at_us, int64_t retry_after_s,
                       uint32_t random, int64_t *ret_next_us);
int64_t dgl_schedule_sum_s(const struct dgl_schedule *s);
// Whether an answer's Retry-After is honoured: 429, 502, 503, 504.
bool dgl_schedule_honours_retry_after(int http_status);

#endif
