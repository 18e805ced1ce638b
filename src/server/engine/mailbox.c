// Everything is under one lock, held for a few assignments. The engine's thread sleeps in epoll, so it is woken through
// an eventfd; it is written once for all that comes until the box is emptied.
#include "server/engine/mailbox.h"

#include "base/file.h"
#include "base/thread.h"
#include "server/engine/bounds.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct dgl_mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed; // `open` fell
    unsigned refs;
    int event_fd;
    bool woken, stopping, abort, quit;
    unsigned open; // jobs taken and not yet done
    struct dgl_task *first, *last;
    struct dgl_engine_fetch *fetched;
};

struct dgl_mailbox *dgl_mailbox_new(struct dgl_error *err)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        (void)DGL_FAIL_ERRNO(err, errno, "cannot make the engine's eventfd");
        return NULL;
    }
    struct dgl_mailbox *box = DGL_NEW(struct dgl_mailbox);
    pthread_mutex_init(&box->lock, NULL);
    dgl_cond_init(&box->changed);
    box->event_fd = fd;
    box->refs = 1;
    return box;
}

void dgl_mailbox_unref(struct dgl_mailbox *box)
{
    if (!box)
        return;
    pthread_mutex_lock(&box->lock);
    bool last = --box->refs == 0;
    pthread_mutex_unlock(&box->lock);
    if (!last)
        return;
    for (struct dgl_engine_fetch *next; box->fetched; box->fetched = next) { // those nobody took
        next = box->fetched->next;
        dgl_engine_fetch_free(box->fetched);
    }
    pthread_cond_destroy(&box->changed);
    pthread_mutex_destroy(&box->lock);
    close(box->event_fd);
    free(box);
}

// With the lock held.
static void wake(struct dgl_mailbox *box)
{
    if (box->woken)
        return;
    box->woken = true;
    const uint64_t one = 1;
    while (write(box->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

int dgl_mailbox_peek_fd(const struct dgl_mailbox *box)
{
    return box->event_fd;
}

enum dgl_status dgl_mailbox_post(struct dgl_mailbox *box, struct dgl_task *task, unsigned most, struct dgl_error *err)
{
    pthread_mutex_lock(&box->lock);
    bool stopping = box->stopping, full = box->open >= most;
    if (!stopping && !full) {
        box->open++;
        if (box->last)
            box->last->next = task;
        else
            box->first = task;
        box->last = task;
        wake(box);
    }
    pthread_mutex_unlock(&box->lock);
    if (stopping)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the engine is stopping");
    if (full)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the engine's queue of %u jobs is full", DGL_ENGINE_MAX_QUEUE);
    return DGL_OK;
}

void dgl_mailbox_take(struct dgl_mailbox *box, struct dgl_mail *ret)
{
    uint64_t count;
    while (read(box->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&box->lock);
    box->woken = false;
    *ret = (struct dgl_mail){.tasks = DGL_STEAL(box->first),
                             .fetched = DGL_STEAL(box->fetched),
                             .stopping = box->stopping,
                             .abort = box->abort,
                             .quit = box->quit};
    box->last = NULL;
    pthread_mutex_unlock(&box->lock);
}

void dgl_mailbox_close_job(struct dgl_mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    if (--box->open == 0)
        pthread_cond_broadcast(&box->changed);
    pthread_mutex_unlock(&box->lock);
}

// With the lock held: until no job is open or the time has come.
static void wait_for_jobs(struct dgl_mailbox *box, int64_t deadline_us)
{
    for (bool in_time = true; box->open > 0 && in_time;)
        in_time = dgl_cond_wait_until(&box->changed, &box->lock, deadline_us);
}

void dgl_mailbox_stop(struct dgl_mailbox *box, int64_t wait_ms)
{
    pthread_mutex_lock(&box->lock);
    box->stopping = true;
    wake(box);
    if (wait_ms > 0)
        wait_for_jobs(box, dgl_wait_deadline_us(wait_ms * DGL_US_PER_MS));
    box->abort = true;
    wake(box);
    wait_for_jobs(box, INT64_MAX);
    box->quit = true;
    wake(box);
    pthread_mutex_unlock(&box->lock);
}

// ---- fetches

struct dgl_engine_fetch *dgl_mailbox_fetch_new(struct dgl_mailbox *box, unsigned pool, uint64_t worker, uint64_t task)
{
    struct dgl_engine_fetch *fetch = DGL_NEW(struct dgl_engine_fetch);
    *fetch = (struct dgl_engine_fetch){.box = box, .pool = pool, .worker = worker, .task = task, .fd = -1};
    pthread_mutex_lock(&box->lock);
    box->refs++;
    pthread_mutex_unlock(&box->lock);
    return fetch;
}

void dgl_engine_fetch_free(struct dgl_engine_fetch *fetch)
{
    dgl_auto_close_fd(&fetch->fd);
    free(fetch->data);
    free(fetch);
}

// Into the mailbox, unless the engine has ended.
static void post_fetch(struct dgl_engine_fetch *fetch)
{
    struct dgl_mailbox *box = fetch->box;
    pthread_mutex_lock(&box->lock);
    bool late = box->quit;
    if (!late) {
        fetch->next = box->fetched;
        box->fetched = fetch;
        wake(box);
    }
    pthread_mutex_unlock(&box->lock);
    if (late)
        dgl_engine_fetch_free(fetch);
    dgl_mailbox_unref(box);
}

void dgl_engine_fetch_done_fd(struct dgl_engine_fetch *fetch, int fd)
{
    fetch->fd = fd;
    post_fetch(fetch);
}

void dgl_engine_fetch_done(struct dgl_engine_fetch *fetch, const void *data, size_t len, const struct dgl_error *error)
{
    if (!error && len > DGL_ENGINE_MAX_FETCH_BYTES) {
        (void)DGL_FAIL_SLUG(&fetch->error, DGL_E_LIMIT, "image_too_large",
                            "an image or template is larger than %zu bytes", DGL_ENGINE_MAX_FETCH_BYTES);
        fetch->failed = true;
    } else if (error) {
        fetch->error = *error;
        fetch->failed = true;
    } else if (len) {
        fetch->data = dgl_alloc(len);
        memcpy(fetch->data, data, len);
        fetch->len = len;
    }
    post_fetch(fetch);
}
