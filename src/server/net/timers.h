// Timers of one thread: a binary heap of nodes that live inside their owners. Setting, moving and clearing cost
// O(log n) and allocate only when the heap grows. Not thread safe.
#ifndef DGL_SERVER_NET_TIMERS_H
#define DGL_SERVER_NET_TIMERS_H

#include "base/base.h"

struct dgl_timer {
    int64_t at_us; // monotonic or wall: the owner's choice, one kind per heap
    size_t place;  // 0 = not set; otherwise position in the heap + 1
    void *owner;
    int kind; // the owner's word for what is due
};
struct dgl_timers {
    struct dgl_timer **heap;
    size_t count, cap;
};
void dgl_timers_fini(struct dgl_timers *t);                                        // the nodes stay their owners'
void dgl_timers_set(struct dgl_timers *t, struct dgl_timer *timer, int64_t at_us); // sets or moves
void dgl_timers_clear(struct dgl_timers *t, struct dgl_timer *timer);              // not set: does nothing
int64_t dgl_timers_next_us(const struct dgl_timers *t);                            // INT64_MAX = none
struct dgl_timer *dgl_timers_take_due(struct dgl_timers *t, int64_t now_us);       // cleared; NULL = none due

#endif
