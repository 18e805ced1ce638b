// The tasks that wait and who gets them.
//
// A task costs one sendmsg here and one recvmsg when its result comes. To keep a fast worker from waiting for us, it
// may hold one task in reserve in its socket; a slow one may not, so that a task never waits behind a long one while
// another worker is free.
#include "server/engine/worker_pool_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t now_us(void)
{
    return dgl_clock_mono_us(dgl_clock_system());
}

// ---- queue

static void push_back(struct dgl_worker_pool *p, struct dgl_task *task)
{
    task->next = NULL;
    if (p->last)
        p->last->next = task;
    else
        p->first = task;
    p->last = task;
    p->waiting++;
}

void dgl_worker_pool_put_back(struct dgl_worker_pool *p, struct dgl_task *task)
{
    task->next = p->first;
    p->first = task;
    if (!p->last)
        p->last = task;
    p->waiting++;
}

struct dgl_task *dgl_worker_pool_next(struct dgl_worker_pool *p)
{
    struct dgl_task *task = p->first;
    if (!task)
        return NULL;
    p->first = task->next;
    if (!p->first)
        p->last = NULL;
    task->next = NULL;
    p->waiting--;
    return task;
}

void dgl_worker_pool_end_task(struct dgl_worker_pool *p, struct dgl_task *task, bool lost,
                              const struct dgl_error *error)
{
    p->handler.ended(p->handler.ctx, p, task, &(struct dgl_task_end){.lost = lost, .error = error});
}

// ---- handing out

static bool send_task(struct dgl_slot *s, struct dgl_task *task)
{
    struct iovec parts[2] = {{.iov_base = &task->wire, .iov_len = sizeof(task->wire)},
                             {.iov_base = task->input, .iov_len = task->wire.input_len}};
    struct dgl_error err = DGL_ERROR_INIT;
    enum dgl_status status = dgl_message_send(s->fd, DGL_MESSAGE_JOB, task->id, parts, 2, &task->fd, 1, false, &err);
    if (status == DGL_OK)
        return true;
    if (status == DGL_E_UNAVAILABLE) { // we are out of descriptors or memory; the worker is well
        dgl_worker_pool_end_task(s->pool, task, false, &err);
        return false;
    }
    // The worker is dying and its end is about to be read. The task was not begun.
    dgl_worker_pool_put_back(s->pool, task);
    if (!s->current)
        dgl_slot_put_down_for(s, "worker_crashed", err.message);
    return false;
}

void dgl_slot_begin(struct dgl_slot *s, struct dgl_task *task, int64_t now)
{
    s->current = task;
    task->fetches = 0;
    task->started_us = now;
    task->deadline_us = now + (task->wire.timeout_ms + s->pool->kind->grace_ms) * DGL_US_PER_MS;
    s->watch_at_us = now + DGL_ENGINE_WATCH_US;
}

static bool may_reserve(const struct dgl_slot *s, const struct dgl_task *task)
{
    return s->pool->kind->reserve && s->state == SLOT_READY && s->fd >= 0 && s->current && !s->reserve &&
           !s->fetching && s->jobs > 0 && s->mean_us < DGL_ENGINE_RESERVE_MEAN_US &&
           s->current->wire.input_len <= DGL_MESSAGE_INLINE_BYTES && task->wire.input_len <= DGL_MESSAGE_INLINE_BYTES &&
           s->jobs + 2 < s->pool->kind->jobs_per_worker;
}

static struct dgl_slot *find_slot(struct dgl_worker_pool *p)
{
    struct dgl_slot *second = NULL;
    for (unsigned i = 0; i < p->slot_count; i++) {
        struct dgl_slot *s = &p->slots[i];
        if (s->state == SLOT_READY && s->fd >= 0 && !s->current)
            return s;
        if (!second && may_reserve(s, p->first))
            second = s;
    }
    return second;
}

// Whether a lazy kind needs one more worker.
static void grow(struct dgl_worker_pool *p)
{
    unsigned coming = 0;
    struct dgl_slot *empty = NULL;
    for (unsigned i = 0; i < p->slot_count; i++) {
        coming +=
            p->slots[i].state == SLOT_STARTING || p->slots[i].state == SLOT_LEAVING || p->slots[i].state == SLOT_DYING;
        if (p->slots[i].state == SLOT_EMPTY && p->slots[i].start_at_us == INT64_MAX && !empty)
            empty = &p->slots[i];
    }
    if (empty && coming < p->waiting && !p->closed)
        dgl_slot_start(empty);
}

void dgl_worker_pool_dispatch(struct dgl_worker_pool *p)
{
    while (p->first) {
        struct dgl_slot *s = find_slot(p);
        if (!s)
            break;
        struct dgl_task *task = dgl_worker_pool_next(p);
        if (!send_task(s, task))
            break;
        if (s->current)
            s->reserve = task;
        else
            dgl_slot_begin(s, task, now_us());
    }
    if (p->first && p->kind->lazy)
        grow(p);
}

void dgl_worker_pool_push(struct dgl_worker_pool *p, struct dgl_task *task)
{
    push_back(p, task);
    dgl_worker_pool_dispatch(p);
}

int64_t dgl_worker_pool_tick(struct dgl_worker_pool *p, int64_t now)
{
    int64_t next = INT64_MAX;
    for (unsigned i = 0; i < p->slot_count; i++) {
        int64_t at = dgl_slot_tick(&p->slots[i], now);
        next = DGL_MIN(next, at);
    }
    if (p->first)
        dgl_worker_pool_dispatch(p); // a task put back by a kill
    return next;
}

// ---- giving up, counting, making and freeing

void dgl_worker_pool_cancel(struct dgl_worker_pool *p, bool running, const struct dgl_error *error)
{
    for (unsigned n = p->waiting; n > 0; n--)
        dgl_worker_pool_end_task(p, dgl_worker_pool_next(p), false, error);
    if (!running)
        return;
    p->closed = true;
    for (unsigned i = 0; i < p->slot_count; i++) {
        struct dgl_slot *s = &p->slots[i];
        if (!s->current)
            continue;
        struct dgl_task *current = DGL_STEAL(s->current), *reserve = DGL_STEAL(s->reserve);
        dgl_slot_put_down(s);
        dgl_worker_pool_end_task(p, current, false, error);
        if (reserve)
            dgl_worker_pool_end_task(p, reserve, false, error);
    }
}

void dgl_worker_pool_stats(const struct dgl_worker_pool *p, struct dgl_worker_pool_stats *ret)
{
    *ret = (struct dgl_worker_pool_stats){.waiting = p->waiting, .lost = p->lost, .fork_errno = p->fork_errno};
    memcpy(ret->ends, p->ends, sizeof ret->ends);
    for (unsigned i = 0; i < p->slot_count; i++) {
        ret->alive += p->slots[i].state == SLOT_READY;
        ret->busy += p->slots[i].current != NULL;
    }
}

struct dgl_worker_pool *dgl_worker_pool_new(const struct dgl_worker_pool_options *options,
                                            struct dgl_supervisor *supervisor, int epoll_fd,
                                            const struct dgl_worker_pool_handler *handler)
{
    struct dgl_worker_pool *p = dgl_alloc(sizeof(*p) + options->workers * sizeof(struct dgl_slot));
    p->kind = options->kind;
    p->kind_index = options->kind_index;
    p->slot_count = options->workers;
    p->memory_bytes = options->memory_bytes;
    p->supervisor = supervisor;
    p->epoll_fd = epoll_fd;
    p->handler = *handler;
    snprintf(p->scratch_dir, sizeof(p->scratch_dir), "%s", options->scratch_dir ? options->scratch_dir : "");
    snprintf(p->program, sizeof(p->program), "%s", options->program ? options->program : "");
    for (unsigned i = 0; i < p->slot_count; i++)
        p->slots[i] = (struct dgl_slot){
            .pool = p, .index = i, .fd = -1, .statm_fd = -1, .start_at_us = p->kind->lazy ? INT64_MAX : 0};
    return p;
}

void dgl_worker_pool_free(struct dgl_worker_pool *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->slot_count; i++) {
        if (p->slots[i].worker)
            dgl_supervisor_kill(p->supervisor, p->slots[i].worker);
        dgl_slot_close(&p->slots[i]);
    }
    free(p);
}
