// The slow half of a job's budget: what is looked at every 1,024 steps, and the messages when something is used up.
#include "base/budget.h"

#define STEPS_PER_LOOK 1024u

struct dgl_budget dgl_budget_default(void)
{
    return (struct dgl_budget){
        .steps_left = INT64_C(50000000),
        .memory_left = (size_t)256 << 20,
        .output_left = (size_t)256 << 20,
    };
}

enum dgl_status dgl_budget_tick_slow(struct dgl_budget *b, struct dgl_error *err)
{
    if (b->steps_left < 0) {
        b->steps_left = -1; // stays used up, however often it is asked
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_steps",
                             "the job takes more steps than one document may; look for a loop that does not end");
    }
    b->until_clock = STEPS_PER_LOOK - 1;
    if (b->canceled && *b->canceled) {
        b->until_clock = 0; // from here on every step says so
        return DGL_FAIL(err, DGL_E_CANCELED, "the job was canceled");
    }
    if (b->clock && dgl_clock_mono_us(b->clock) >= b->deadline_mono_us) {
        b->until_clock = 0;
        return DGL_FAIL(err, DGL_E_TIMEOUT, "the job did not finish before its deadline");
    }
    return DGL_OK;
}

enum dgl_status dgl_budget_memory(struct dgl_budget *b, size_t bytes, struct dgl_error *err)
{
    if (bytes > b->memory_left)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_much_memory",
                             "the job needs more memory than one document may use");
    b->memory_left -= bytes;
    return DGL_OK;
}

enum dgl_status dgl_budget_output(struct dgl_budget *b, size_t bytes, struct dgl_error *err)
{
    if (bytes > b->output_left)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "output_too_large",
                             "the document grows larger than one document may be");
    b->output_left -= bytes;
    return DGL_OK;
}
