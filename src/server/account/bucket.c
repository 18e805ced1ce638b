// Whole-number arithmetic: a token is 60,000,000 units and every microsecond adds `per_minute` units, so nothing is
// lost to rounding at any rate.
#include "server/account/bucket.h"
#include "base/crypto.h"
#include "server/account/bounds.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN (60 * DGL_US_PER_S)
#define PER_MINUTE_MAX INT64_C(1000000000) // the units of a full bucket fit in 64 bits
#define LOCKS 16

struct bucket {
    struct dgl_bucket_name name; // all zero = free place
    int64_t units, per_minute, at_us;
};
struct dgl_buckets {
    pthread_mutex_t locks[LOCKS];
    struct bucket sets[DGL_BUCKET_SETS][DGL_BUCKET_WAYS];
};

struct dgl_buckets *dgl_buckets_new(void)
{
    struct dgl_buckets *b = DGL_NEW(struct dgl_buckets);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&b->locks[i], NULL);
    return b;
}

void dgl_buckets_free(struct dgl_buckets *b)
{
    for (size_t i = 0; b && i < LOCKS; i++)
        pthread_mutex_destroy(&b->locks[i]);
    free(b);
}

struct dgl_bucket_name dgl_bucket_name(const char *what, const char *whom)
{
    unsigned char hash[DGL_SHA256_LEN];
    struct dgl_sha256_state sha;
    struct dgl_bucket_name name;
    dgl_sha256_start(&sha);
    dgl_sha256_update(&sha, what, strlen(what) + 1);
    dgl_sha256_update(&sha, whom, strlen(whom));
    dgl_sha256_finish(&sha, hash);
    memcpy(&name, hash, sizeof name);
    return name;
}

static int64_t full(const struct bucket *k)
{
    return k->per_minute * TOKEN;
}

static void fill(struct bucket *k, int64_t now_us)
{
    int64_t passed = DGL_MAX(now_us - k->at_us, 0);
    int64_t missing = full(k) - k->units;
    k->units = passed >= missing / k->per_minute + 1 ? full(k) : DGL_MIN(k->units + passed * k->per_minute, full(k));
    k->at_us = DGL_MAX(k->at_us, now_us);
}

static bool same_name(struct dgl_bucket_name a, struct dgl_bucket_name b)
{
    return a.high == b.high && a.low == b.low;
}

// The bucket of that name, or its new place: a free one, else the fullest (in parts of its own size).
static struct bucket *find_or_replace(struct bucket *set, struct dgl_bucket_name name, int64_t per_minute,
                                      int64_t now_us)
{
    struct bucket *place = NULL;
    double fullest = -1;
    for (size_t i = 0; i < DGL_BUCKET_WAYS; i++) {
        struct bucket *k = &set[i];
        if (same_name(k->name, name) && k->per_minute)
            return k;
        if (k->per_minute)
            fill(k, now_us);
        double level = k->per_minute ? (double)k->units / (double)full(k) : 2;
        if (level > fullest) {
            fullest = level;
            place = k;
        }
    }
    *place = (struct bucket){.name = name, .per_minute = per_minute, .units = per_minute * TOKEN, .at_us = now_us};
    return place;
}

bool dgl_buckets_take(struct dgl_buckets *b, struct dgl_bucket_name name, int64_t per_minute, int64_t now_us,
                      int64_t *ret_retry_after_s)
{
    if (per_minute <= 0)
        return true;
    per_minute = DGL_MIN(per_minute, PER_MINUTE_MAX);
    size_t set = (size_t)((name.low ^ name.high * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (DGL_BUCKET_SETS - 1);
    pthread_mutex_t *lock = &b->locks[set % LOCKS];
    pthread_mutex_lock(lock);
    struct bucket *k = find_or_replace(b->sets[set], name, per_minute, now_us);
    fill(k, now_us);
    if (k->per_minute != per_minute) { // the setting changed: what is there stays, at most a full bucket
        k->per_minute = per_minute;
        k->units = DGL_MIN(k->units, full(k));
    }
    bool ok = k->units >= TOKEN;
    int64_t wait_us = ok ? 0 : (TOKEN - k->units + per_minute - 1) / per_minute;
    if (ok)
        k->units -= TOKEN;
    pthread_mutex_unlock(lock);
    if (!ok)
        *ret_retry_after_s = DGL_MAX((wait_us + DGL_US_PER_S - 1) / DGL_US_PER_S, 1);
    return ok;
}
