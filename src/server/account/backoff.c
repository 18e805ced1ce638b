// Waits after failures. When a set is full the name whose latest failure is oldest is forgotten.
#include "server/account/backoff.h"
#include "server/account/bounds.h"

#include <pthread.h>
#include <stdlib.h>

struct entry {
    struct dgl_bucket_name name;
    int64_t failures; // 0 = free place
    int64_t failed_at_us, open_at_us;
};
struct dgl_backoff {
    pthread_mutex_t lock;
    struct entry sets[DGL_BACKOFF_SETS][DGL_BACKOFF_WAYS];
};

struct dgl_backoff *dgl_backoff_new(void)
{
    struct dgl_backoff *b = DGL_NEW(struct dgl_backoff);
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void dgl_backoff_free(struct dgl_backoff *b)
{
    if (b)
        pthread_mutex_destroy(&b->lock);
    free(b);
}

static struct entry *set_of(struct dgl_backoff *b, struct dgl_bucket_name name)
{
    return b->sets[name.low & (DGL_BACKOFF_SETS - 1)];
}

static struct entry *find(struct dgl_backoff *b, struct dgl_bucket_name name)
{
    struct entry *set = set_of(b, name);
    for (size_t i = 0; i < DGL_BACKOFF_WAYS; i++)
        if (set[i].failures && set[i].name.high == name.high && set[i].name.low == name.low)
            return &set[i];
    return NULL;
}

static struct entry *oldest(struct dgl_backoff *b, struct dgl_bucket_name name)
{
    struct entry *set = set_of(b, name), *place = &set[0];
    for (size_t i = 0; i < DGL_BACKOFF_WAYS; i++) {
        if (!set[i].failures)
            return &set[i];
        if (set[i].failed_at_us < place->failed_at_us)
            place = &set[i];
    }
    return place;
}

int64_t dgl_backoff_wait_s(struct dgl_backoff *b, struct dgl_bucket_name name, int64_t now_us)
{
    pthread_mutex_lock(&b->lock);
    const struct entry *e = find(b, name);
    int64_t wait_us = e ? e->open_at_us - now_us : 0;
    pthread_mutex_unlock(&b->lock);
    return wait_us > 0 ? (wait_us + DGL_US_PER_S - 1) / DGL_US_PER_S : 0;
}

void dgl_backoff_failed(struct dgl_backoff *b, struct dgl_bucket_name name, int64_t max_wait_s, int64_t now_us)
{
    pthread_mutex_lock(&b->lock);
    struct entry *e = find(b, name);
    if (!e || now_us - e->failed_at_us > DGL_SIGN_IN_FORGET_US) {
        e = e ? e : oldest(b, name);
        *e = (struct entry){.name = name};
    }
    e->failures++;
    e->failed_at_us = now_us;
    int64_t beyond = e->failures - DGL_SIGN_IN_FREE_FAILURES;
    int64_t wait_s = beyond <= 0 ? 0 : DGL_MIN(INT64_C(1) << DGL_MIN(beyond - 1, 30), max_wait_s);
    e->open_at_us = now_us + wait_s * DGL_US_PER_S;
    pthread_mutex_unlock(&b->lock);
}

void dgl_backoff_succeeded(struct dgl_backoff *b, struct dgl_bucket_name name)
{
    pthread_mutex_lock(&b->lock);
    struct entry *e = find(b, name);
    if (e)
        e->failures = 0;
    pthread_mutex_unlock(&b->lock);
}
