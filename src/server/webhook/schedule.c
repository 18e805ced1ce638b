// wait = max(step, Retry-After up to 10 h) + jitter; jitter only adds, up to a tenth of the wait, so that a promised
// minute is never less than a minute.
#include "server/webhook/schedule.h"

#include "base/clock.h"
#include "base/str.h"
#include <string.h>

#define DURABLE "5,300,1800,7200,18000,36000,50400,72000,86400"

#define BAD_SCHEDULE(err, ...) DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_schedule", "schedule", __VA_ARGS__)

enum dgl_status dgl_schedule_parse(const char *text, struct dgl_schedule *ret, struct dgl_error *err)
{
    struct dgl_schedule s = {.count = 0};
    struct dgl_str rest = dgl_str_trim(dgl_str_of(text));
    if (dgl_str_is(rest, "durable"))
        rest = DGL_STR(DURABLE);
    while (rest.len > 0) {
        const char *comma = memchr(rest.data, ',', rest.len);
        size_t len = comma ? (size_t)(comma - rest.data) : rest.len;
        struct dgl_str item = dgl_str_trim((struct dgl_str){rest.data, len});
        if (s.count == DGL_SCHEDULE_MAX_STEPS)
            return BAD_SCHEDULE(err, "the retry schedule has more than %d steps", DGL_SCHEDULE_MAX_STEPS);
        if (!dgl_parse_int64(item.data, item.len, 1, DGL_SCHEDULE_MAX_STEP_S, &s.step_s[s.count]))
            return BAD_SCHEDULE(
                err,
                "the retry schedule has \"%.*s\"; write whole seconds from 1 to %d, separated by commas, "
                "such as 60,300,900",
                (int)DGL_MIN(item.len, 40), item.data, DGL_SCHEDULE_MAX_STEP_S);
        s.count++;
        if (comma && len + 1 == rest.len)
            return BAD_SCHEDULE(err, "the retry schedule ends with a comma");
        rest = (struct dgl_str){rest.data + len + (comma ? 1 : 0), rest.len - len - (comma ? 1 : 0)};
    }
    *ret = s;
    return DGL_OK;
}

bool dgl_schedule_next(const struct dgl_schedule *s, int64_t failures, int64_t failed_at_us, int64_t retry_after_s,
                       uint32_t random, int64_t *ret_next_us)
{
    if (failures < 1 || (uint64_t)failures > s->count)
        return false;
    int64_t wait_s = DGL_MAX(s->step_s[failures - 1], DGL_MIN(retry_after_s, DGL_RETRY_AFTER_MAX_S));
    int64_t wait_us = wait_s * DGL_US_PER_S;
    int64_t jitter_us = (int64_t)((double)wait_us / 10 * ((double)random / (double)UINT32_MAX));
    *ret_next_us = failed_at_us + wait_us + jitter_us;
    return true;
}

int64_t dgl_schedule_sum_s(const struct dgl_schedule *s)
{
    int64_t sum = 0;
    for (size_t i = 0; i < s->count; i++)
        sum += s->step_s[i];
    return sum;
}

bool dgl_schedule_honours_retry_after(int http_status)
{
    return http_status == 429 || http_status == 502 || http_status == 503 || http_status == 504;
}
