// The one way into the dispatcher: announcements from whoever finishes documents, answers from the network thread,
// receipts from the store's writer. Putting something in costs an allocation and a lock held for a few instructions.
#include "server/webhook/webhook_private.h"

#include "base/thread.h"
#include <stdlib.h>
#include <string.h>

struct dgl_inbox *dgl_inbox_new(void)
{
    struct dgl_inbox *i = DGL_NEW(struct dgl_inbox);
    pthread_mutex_init(&i->lock, NULL);
    dgl_cond_init(&i->filled);
    i->references = 1;
    return i;
}

struct dgl_inbox *dgl_inbox_ref(struct dgl_inbox *i)
{
    pthread_mutex_lock(&i->lock);
    i->references++;
    pthread_mutex_unlock(&i->lock);
    return i;
}

void dgl_inbox_unref(struct dgl_inbox *i)
{
    pthread_mutex_lock(&i->lock);
    bool last = --i->references == 0;
    pthread_mutex_unlock(&i->lock);
    if (!last)
        return;
    pthread_cond_destroy(&i->filled);
    pthread_mutex_destroy(&i->lock);
    free(i);
}

void dgl_flight_free(struct dgl_flight *f)
{
    if (!f)
        return;
    free((char *)f->result.headers);
    free((char *)f->result.body);
    dgl_inbox_unref(f->inbox);
    free(f);
}

void dgl_expiry_free(struct dgl_expiry *x)
{
    dgl_inbox_unref(x->inbox);
    free(x);
}

static void message_free(struct dgl_message *m)
{
    switch (m->kind) {
    case DGL_MESSAGE_ANNOUNCED:
        free(m->announced);
        break;
    case DGL_MESSAGE_EXPIRED:
        dgl_expiry_free(m->expiry);
        break;
    case DGL_MESSAGE_ANSWERED:
    case DGL_MESSAGE_RECORDED:
        dgl_flight_free(m->flight);
        break;
    }
    free(m);
}

void dgl_inbox_close(struct dgl_inbox *i)
{
    pthread_mutex_lock(&i->lock);
    i->closed = true;
    struct dgl_message *m = i->first;
    i->first = i->last = NULL;
    pthread_mutex_unlock(&i->lock);
    while (m) {
        struct dgl_message *next = m->next;
        message_free(m);
        m = next;
    }
}

// With the lock held.
static void put(struct dgl_inbox *i, struct dgl_message *m)
{
    *(i->last ? &i->last->next : &i->first) = m;
    i->last = m;
    pthread_cond_signal(&i->filled);
}

static bool put_if_open(struct dgl_inbox *i, struct dgl_message *m)
{
    pthread_mutex_lock(&i->lock);
    bool closed = i->closed;
    if (!closed)
        put(i, m);
    pthread_mutex_unlock(&i->lock);
    if (closed)
        free(m);
    return !closed;
}

bool dgl_inbox_put_flight(struct dgl_inbox *i, enum dgl_message_kind kind, struct dgl_flight *f)
{
    struct dgl_message *m = DGL_NEW(struct dgl_message);
    m->kind = kind;
    m->flight = f;
    return put_if_open(i, m);
}

bool dgl_inbox_put_expiry(struct dgl_inbox *i, struct dgl_expiry *x)
{
    struct dgl_message *m = DGL_NEW(struct dgl_message);
    m->kind = DGL_MESSAGE_EXPIRED;
    m->expiry = x;
    return put_if_open(i, m);
}

static struct dgl_announcement *copy_due(const struct dgl_delivery_due *due, size_t count)
{
    size_t text = 0;
    for (size_t n = 0; n < count; n++)
        text += strlen(due[n].url) + 1;
    struct dgl_announcement *a = dgl_alloc(sizeof *a + count * sizeof *due + text);
    char *at = (char *)(a->due + count);
    a->count = count;
    for (size_t n = 0; n < count; n++) {
        size_t len = strlen(due[n].url) + 1;
        a->due[n] = due[n];
        a->due[n].url = memcpy(at, due[n].url, len);
        at += len;
    }
    return a;
}

void dgl_inbox_announce(struct dgl_inbox *i, const struct dgl_delivery_due *due, size_t count)
{
    if (count == 0)
        return;
    struct dgl_message *m = DGL_NEW(struct dgl_message);
    m->kind = DGL_MESSAGE_ANNOUNCED;
    m->announced = copy_due(due, count);
    pthread_mutex_lock(&i->lock);
    bool fits = !i->closed && i->announced + count <= DGL_WEBHOOK_INBOX_DUE_MAX;
    if (fits) {
        i->announced += count;
        put(i, m);
    } else {
        i->missed = true;
    }
    pthread_mutex_unlock(&i->lock);
    if (!fits) {
        free(m->announced);
        free(m);
    }
}

void dgl_inbox_look(struct dgl_inbox *i)
{
    pthread_mutex_lock(&i->lock);
    i->missed = true;
    pthread_cond_signal(&i->filled);
    pthread_mutex_unlock(&i->lock);
}

struct dgl_message *dgl_inbox_take(struct dgl_inbox *i, int64_t wait_us, bool *ret_missed, bool *stop)
{
    int64_t deadline_us = dgl_wait_deadline_us(wait_us);
    bool in_time = wait_us > 0;
    pthread_mutex_lock(&i->lock);
    while (!i->first && i->stop == *stop && !i->missed && in_time)
        in_time = dgl_cond_wait_until(&i->filled, &i->lock, deadline_us);
    struct dgl_message *first = i->first;
    i->first = i->last = NULL;
    i->announced = 0;
    *ret_missed = i->missed;
    *stop = i->stop;
    i->missed = false;
    pthread_mutex_unlock(&i->lock);
    return first;
}

void dgl_inbox_stop(struct dgl_inbox *i)
{
    pthread_mutex_lock(&i->lock);
    i->stop = true;
    pthread_cond_broadcast(&i->filled);
    pthread_mutex_unlock(&i->lock);
}
