// See histogram.h. The bounds go from half a millisecond, less than any commit, to an hour, the last step of a retry
// schedule.
#include "base/histogram.h"

#define MS INT64_C(1000)
#define S INT64_C(1000000)

const int64_t dgl_histogram_bounds_us[DGL_HISTOGRAM_BOUNDS] = {
    500,   1 * MS,    2500,  5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS,
    1 * S, 2500 * MS, 5 * S, 10 * S, 30 * S,  60 * S,  300 * S, 900 * S,  1800 * S, 3600 * S};

void dgl_histogram_add(struct dgl_histogram *h, int64_t us)
{
    size_t i = 0;
    while (i < DGL_HISTOGRAM_BOUNDS && us > dgl_histogram_bounds_us[i])
        i++;
    atomic_fetch_add_explicit(&h->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum_us, (unsigned long long)DGL_MAX(us, 0), memory_order_relaxed);
}

void dgl_histogram_read(const struct dgl_histogram *h, struct dgl_histogram_values *ret)
{
    for (size_t i = 0; i <= DGL_HISTOGRAM_BOUNDS; i++)
        ret->counts[i] = atomic_load_explicit(&h->counts[i], memory_order_relaxed);
    ret->sum_us = atomic_load_explicit(&h->sum_us, memory_order_relaxed);
}
