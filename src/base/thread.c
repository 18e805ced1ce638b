// Starting threads, and the timed wait on a condition that pthreads need four calls for.
#include "base/thread.h"

#include <signal.h>
#include <time.h>

enum dgl_status dgl_thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *arg,
                                 struct dgl_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(ret, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return DGL_FAIL_ERRNO(err, failed, "the thread \"%s\" cannot start", name);
    pthread_setname_np(*ret, name);
    return DGL_OK;
}

// ---- conditions

void dgl_cond_init(pthread_cond_t *c)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

int64_t dgl_wait_deadline_us(int64_t wait_us)
{
    int64_t now_us = dgl_clock_mono_us(dgl_clock_system());
    return wait_us < INT64_MAX - now_us ? now_us + wait_us : INT64_MAX;
}

bool dgl_cond_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, int64_t deadline_us)
{
    deadline_us = DGL_MAX(deadline_us, 0);
    struct timespec until = {.tv_sec = (time_t)(deadline_us / DGL_US_PER_S),
                             .tv_nsec = (long)(deadline_us % DGL_US_PER_S * 1000)};
    return pthread_cond_timedwait(c, lock, &until) == 0;
}

// ---- latches

void dgl_latch_open(struct dgl_latch *l)
{
    pthread_mutex_lock(&l->lock);
    l->is_open = true;
    pthread_cond_signal(&l->opened); // with the lock held: the latch may be gone once it is free
    pthread_mutex_unlock(&l->lock);
}

void dgl_latch_wait(struct dgl_latch *l)
{
    pthread_mutex_lock(&l->lock);
    while (!l->is_open)
        pthread_cond_wait(&l->opened, &l->lock);
    pthread_mutex_unlock(&l->lock);
    pthread_cond_destroy(&l->opened);
    pthread_mutex_destroy(&l->lock);
}
