// The pool for synchronous handlers: a bounded ring of requests, whose connections are suspended, and a few threads.
#include "server/http/internal.h"

#include "base/thread.h"

#include <stdlib.h>

struct http_blocking {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct dgl_http_request *ring[HTTP_BLOCKING_QUEUE];
    size_t first, count;
    bool closed;
    pthread_t threads[HTTP_MAX_BLOCKING_THREADS];
    unsigned thread_count;
};

static struct dgl_http_request *pop(struct http_blocking *p)
{
    struct dgl_http_request *rq = p->ring[p->first];
    p->first = (p->first + 1) % HTTP_BLOCKING_QUEUE;
    p->count--;
    return rq;
}

static void *run(void *arg)
{
    struct http_blocking *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->count && !p->closed)
            pthread_cond_wait(&p->cond, &p->lock);
        if (!p->count)
            break;
        struct dgl_http_request *rq = pop(p);
        pthread_mutex_unlock(&p->lock);
        rq->match.route->handler(rq->match.ctx, rq);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum dgl_status http_blocking_new(unsigned threads, struct http_blocking **ret, struct dgl_error *err)
{
    struct http_blocking *p = DGL_NEW(struct http_blocking);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->cond, NULL);
    enum dgl_status status = DGL_OK;
    while (status == DGL_OK && p->thread_count < DGL_MIN(threads, HTTP_MAX_BLOCKING_THREADS)) {
        status = dgl_thread_start(&p->threads[p->thread_count], "http-blocking", run, p, err);
        p->thread_count += status == DGL_OK;
    }
    if (p->thread_count == 0) { // some are enough to go on with
        http_blocking_free(p);
        return status;
    }
    *ret = p;
    return DGL_OK;
}

bool http_blocking_push(struct http_blocking *p, struct dgl_http_request *rq)
{
    pthread_mutex_lock(&p->lock);
    bool room = p->count < HTTP_BLOCKING_QUEUE && !p->closed;
    if (room) {
        p->ring[(p->first + p->count) % HTTP_BLOCKING_QUEUE] = rq;
        p->count++;
        pthread_cond_signal(&p->cond);
    }
    pthread_mutex_unlock(&p->lock);
    return room;
}

void http_blocking_close(struct http_blocking *p)
{
    pthread_mutex_lock(&p->lock);
    p->closed = true;
    while (p->count) {
        struct dgl_http_request *rq = pop(p);
        pthread_mutex_unlock(&p->lock);
        http_request_abandon(rq);
        pthread_mutex_lock(&p->lock);
    }
    pthread_cond_broadcast(&p->cond);
    pthread_mutex_unlock(&p->lock);
}

void http_blocking_free(struct http_blocking *p)
{
    if (!p)
        return;
    http_blocking_close(p);
    for (unsigned i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->cond);
    free(p);
}

size_t http_blocking_queued(struct http_blocking *p)
{
    pthread_mutex_lock(&p->lock);
    size_t count = p->count;
    pthread_mutex_unlock(&p->lock);
    return count;
}
