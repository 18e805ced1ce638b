// A plain binary heap ordered by time. Ties leave in no particular order.
#include "server/net/timers.h"

#include <stdlib.h>

static void put(struct dgl_timers *t, size_t at, struct dgl_timer *timer)
{
    t->heap[at] = timer;
    timer->place = at + 1;
}

static void sift_up(struct dgl_timers *t, size_t at)
{
    struct dgl_timer *moving = t->heap[at];
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (t->heap[parent]->at_us <= moving->at_us)
            break;
        put(t, at, t->heap[parent]);
        at = parent;
    }
    put(t, at, moving);
}

static void sift_down(struct dgl_timers *t, size_t at)
{
    struct dgl_timer *moving = t->heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= t->count)
            break;
        if (child + 1 < t->count && t->heap[child + 1]->at_us < t->heap[child]->at_us)
            child++;
        if (moving->at_us <= t->heap[child]->at_us)
            break;
        put(t, at, t->heap[child]);
        at = child;
    }
    put(t, at, moving);
}

void dgl_timers_fini(struct dgl_timers *t)
{
    for (size_t i = 0; i < t->count; i++)
        t->heap[i]->place = 0;
    free(t->heap);
    *t = (struct dgl_timers){.heap = NULL};
}

void dgl_timers_set(struct dgl_timers *t, struct dgl_timer *timer, int64_t at_us)
{
    timer->at_us = at_us;
    if (timer->place == 0) {
        if (t->count == t->cap) {
            t->cap = t->cap ? 2 * t->cap : 64;
            t->heap = dgl_realloc(t->heap, t->cap * sizeof *t->heap);
        }
        put(t, t->count++, timer);
    }
    sift_up(t, timer->place - 1);
    sift_down(t, timer->place - 1);
}

void dgl_timers_clear(struct dgl_timers *t, struct dgl_timer *timer)
{
    if (timer->place == 0)
        return;
    size_t at = timer->place - 1;
    timer->place = 0;
    struct dgl_timer *last = t->heap[--t->count];
    if (last == timer)
        return;
    put(t, at, last);
    sift_up(t, at);
    sift_down(t, last->place - 1);
}

int64_t dgl_timers_next_us(const struct dgl_timers *t)
{
    return t->count ? t->heap[0]->at_us : INT64_MAX;
}

struct dgl_timer *dgl_timers_take_due(struct dgl_timers *t, int64_t now_us)
{
    if (t->count == 0 || t->heap[0]->at_us > now_us)
        return NULL;
    struct dgl_timer *due = t->heap[0];
    dgl_timers_clear(t, due);
    return due;
}
