// A histogram of durations, counted by any thread without a lock. One row of bounds for all, so that figures compare.
#ifndef DGL_BASE_HISTOGRAM_H
#define DGL_BASE_HISTOGRAM_H

#include "base/base.h"
#include <stdatomic.h>

#define DGL_HISTOGRAM_BOUNDS 20
extern const int64_t
    dgl_histogram_bounds_us[DGL_HISTOGRAM_BOUNDS]; // upper, inclusive; what is longer counts above them

struct dgl_histogram { // zeroed to begin with
    atomic_ullong counts[DGL_HISTOGRAM_BOUNDS + 1];
    atomic_ullong sum_us;
};
void dgl_histogram_add(struct dgl_histogram *h, int64_t us); // negative counts as 0

struct dgl_histogram_values {
    uint64_t counts[DGL_HISTOGRAM_BOUNDS + 1]; // each for itself, not added up
    uint64_t sum_us;
};
// Counted on meanwhile, the parts may be of slightly different moments; each only grows.
void dgl_histogram_read(const struct dgl_histogram *h, struct dgl_histogram_values *ret);

#endif
