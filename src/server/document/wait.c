// `Prefer: wait`: who is told when a document is ready.
//
// A waiter is put in the list first and the store is asked afterwards, so an end between the two is seen by one of
// them. Expiry is looked at ten times a second at most: O(waiters) then, and the number of waiters is bounded.
#include "server/document/parts.h"

#include <stdlib.h>
#include <string.h>

#define EXPIRY_STEP_US (100 * DGL_US_PER_MS)

static struct dgl_waiter **bucket_of(struct dgl_documents *d, const char *id)
{
    return &d->waiters[dgl_hash_text(DGL_HASH_START, id) % DGL_DOCUMENT_WAIT_BUCKETS];
}

// Takes the waiter out of the list if it is still there: whoever succeeds calls it.
static bool take_out(struct dgl_documents *d, const char *id, const struct dgl_waiter *waiter)
{
    for (struct dgl_waiter **p = bucket_of(d, id); *p; p = &(*p)->next)
        if (*p == waiter) {
            *p = waiter->next;
            d->waiter_count--;
            return true;
        }
    return false;
}

enum dgl_status dgl_documents_wait(struct dgl_documents *d, const char *org, const char *id, int64_t wait_ms,
                                   dgl_document_wait_done done, void *arg, struct dgl_error *err)
{
    struct dgl_waiter *waiter = DGL_NEW(struct dgl_waiter);
    dgl_str_copy(waiter->id, sizeof waiter->id, id, strlen(id));
    waiter->deadline_mono_us = dgl_clock_mono_us(d->parts.clock) + wait_ms * DGL_US_PER_MS;
    waiter->done = done;
    waiter->arg = arg;
    pthread_mutex_lock(&d->wait_lock);
    bool full = d->waiter_count >= DGL_DOCUMENT_MAX_WAITERS;
    if (!full) {
        struct dgl_waiter **bucket = bucket_of(d, waiter->id);
        waiter->next = *bucket;
        *bucket = waiter;
        d->waiter_count++;
    }
    pthread_mutex_unlock(&d->wait_lock);
    if (full) {
        free(waiter);
        return DGL_FAIL(err, DGL_E_UNAVAILABLE,
                        "Too many clients are waiting for documents; ask again with GET /documents/{id}.");
    }
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_document_row row;
    struct dgl_error ignored = DGL_ERROR_INIT;
    enum dgl_status status = dgl_store_document_get(d->parts.store, arena, org, id, &row, &ignored);
    bool over = status != DGL_OK || row.status == DGL_DOCUMENT_READY || row.status == DGL_DOCUMENT_FAILED;
    if (!over)
        return DGL_OK;
    // The end was before this call, or a finisher has just called the waiter: the list tells which.
    pthread_mutex_lock(&d->wait_lock);
    bool mine = take_out(d, id, waiter);
    pthread_mutex_unlock(&d->wait_lock);
    if (mine) {
        done(arg, status == DGL_OK);
        free(waiter);
    }
    return DGL_OK;
}

static void call_all(struct dgl_waiter *list, bool finished)
{
    while (list) {
        struct dgl_waiter *next = list->next;
        list->done(list->arg, finished);
        free(list);
        list = next;
    }
}

void dgl_document_waiters_finished(struct dgl_documents *d, const char *id)
{
    struct dgl_waiter *found = NULL;
    pthread_mutex_lock(&d->wait_lock);
    for (struct dgl_waiter **p = bucket_of(d, id); *p;) {
        struct dgl_waiter *w = *p;
        if (strcmp(w->id, id) == 0) {
            *p = w->next;
            w->next = found;
            found = w;
            d->waiter_count--;
        } else {
            p = &w->next;
        }
    }
    pthread_mutex_unlock(&d->wait_lock);
    call_all(found, true);
}

// Moves the waiters of one bucket whose time is up before `found`.
static struct dgl_waiter *expired_of(struct dgl_documents *d, struct dgl_waiter **p, int64_t now_mono_us,
                                     struct dgl_waiter *found)
{
    while (*p) {
        struct dgl_waiter *w = *p;
        if (w->deadline_mono_us > now_mono_us) {
            p = &w->next;
            continue;
        }
        *p = w->next;
        w->next = found;
        found = w;
        d->waiter_count--;
    }
    return found;
}

void dgl_document_waiters_expire(struct dgl_documents *d, int64_t now_mono_us, bool all)
{
    struct dgl_waiter *found = NULL;
    pthread_mutex_lock(&d->wait_lock);
    if (d->waiter_count > 0 && (all || now_mono_us >= d->next_expiry_mono_us)) {
        for (size_t i = 0; i < DGL_DOCUMENT_WAIT_BUCKETS; i++)
            found = expired_of(d, &d->waiters[i], all ? INT64_MAX : now_mono_us, found);
        d->next_expiry_mono_us = now_mono_us + EXPIRY_STEP_US;
    }
    pthread_mutex_unlock(&d->wait_lock);
    call_all(found, false);
}

int64_t dgl_document_waiters_next(struct dgl_documents *d)
{
    pthread_mutex_lock(&d->wait_lock);
    int64_t next = INT64_MAX;
    if (d->waiter_count > 0) {
        if (d->next_expiry_mono_us == INT64_MAX)
            d->next_expiry_mono_us = dgl_clock_mono_us(d->parts.clock) + EXPIRY_STEP_US;
        next = d->next_expiry_mono_us;
    }
    pthread_mutex_unlock(&d->wait_lock);
    return next;
}
