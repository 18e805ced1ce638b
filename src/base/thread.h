// Threads, and waiting for one another. Waits go by the machine's monotonic clock, whatever clock the waiting room was
// given: somebody really sits there.
#ifndef DGL_BASE_THREAD_H
#define DGL_BASE_THREAD_H

#include "base/clock.h"
#include <pthread.h>

// Starts a thread that takes no signals (they are the main thread's). `name`, at most 15 bytes, is what `top -H` shows.
enum dgl_status dgl_thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *arg,
                                 struct dgl_error *err) DGL_MUST_CHECK;

void dgl_cond_init(pthread_cond_t *c); // for dgl_cond_wait_until
// Microseconds from now on the clock that the waits go by.
int64_t dgl_wait_deadline_us(int64_t wait_us);
// As pthread_cond_wait, with the lock held, but at most until the deadline. False: it has passed.
bool dgl_cond_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, int64_t deadline_us);

// Something that happens once, elsewhere, and one thread that waits for it. What was written before the opening is seen
// after the wait.
struct dgl_latch {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
};
#define DGL_LATCH_INIT ((struct dgl_latch){.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER})
void dgl_latch_open(struct dgl_latch *l);
void dgl_latch_wait(struct dgl_latch *l); // returns when it is open; it is used up then

#endif
