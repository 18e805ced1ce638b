// A job's budget: steps, memory, output, deadline, cancellation. Long loops call dgl_budget_tick(); it costs a
// decrement on most calls and looks at the clock every 1,024 steps.
#ifndef DGL_BASE_BUDGET_H
#define DGL_BASE_BUDGET_H

#include "base/clock.h"

struct dgl_budget {
    int64_t steps_left;      // DGL_E_LIMIT when it falls below 0
    size_t memory_left;      // bytes; see dgl_budget_memory
    size_t output_left;      // bytes
    struct dgl_clock *clock; // NULL = no deadline
    int64_t deadline_mono_us;
    const volatile bool *canceled; // may be NULL
    uint32_t until_clock;
};
struct dgl_budget dgl_budget_default(void); // 50 million steps, 256 MiB, 256 MiB, no deadline
enum dgl_status dgl_budget_tick_slow(struct dgl_budget *b, struct dgl_error *err) DGL_MUST_CHECK;
static inline enum dgl_status DGL_MUST_CHECK dgl_budget_tick(struct dgl_budget *b, struct dgl_error *err)
{
    if (--b->steps_left >= 0 && b->until_clock-- > 0)
        return DGL_OK;
    return dgl_budget_tick_slow(b, err);
}
enum dgl_status dgl_budget_memory(struct dgl_budget *b, size_t bytes, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_budget_output(struct dgl_budget *b, size_t bytes, struct dgl_error *err) DGL_MUST_CHECK;

#endif
