// A hit costs one short lock and a copy. The last use of a key is noted here and written to the store at most once a
// minute per key, and when the server stops.
//
// Revoking drops the key here at once. A lookup that read the store just before the revocation must not put it back:
// dropping raises the generation, and a put of an older generation is ignored.
#include "server/account/key_cache.h"
#include "server/account/bounds.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LOCKS 16

struct entry {
    unsigned char hash[DGL_SHA256_LEN];
    bool is_used;
    int64_t fresh_until_mono_us, expires_at_us; // expires: the key's own end, 0 = never
    int64_t used_at_us, written_at_us;
    struct dgl_principal who;
};
struct dgl_key_cache {
    struct dgl_store *store;
    struct dgl_clock *clock;
    atomic_uint_fast64_t generation;
    pthread_mutex_t locks[LOCKS];
    struct entry sets[DGL_KEY_CACHE_SETS][DGL_KEY_CACHE_WAYS];
};

struct dgl_key_cache *dgl_key_cache_new(struct dgl_store *store, struct dgl_clock *clock)
{
    struct dgl_key_cache *c = DGL_NEW(struct dgl_key_cache);
    c->store = store;
    c->clock = clock;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&c->locks[i], NULL);
    return c;
}

static void write_use(struct dgl_key_cache *c, struct entry *e)
{
    struct dgl_key_use use = {.used_at_us = e->used_at_us};
    memcpy(use.id, e->who.actor, sizeof use.id);
    e->written_at_us = e->used_at_us;
    dgl_store_keys_touch(c->store, &use, 1);
}

void dgl_key_cache_free(struct dgl_key_cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < DGL_KEY_CACHE_SETS; i++)
        for (size_t j = 0; j < DGL_KEY_CACHE_WAYS; j++)
            if (c->sets[i][j].is_used && c->sets[i][j].used_at_us > c->sets[i][j].written_at_us)
                write_use(c, &c->sets[i][j]);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&c->locks[i]);
    free(c);
}

// The hash is of a random key: any bytes of it are evenly spread.
static size_t set_of(const unsigned char hash[32])
{
    return (hash[0] | (size_t)hash[1] << 8) & (DGL_KEY_CACHE_SETS - 1);
}

static struct entry *find(struct entry *set, const unsigned char hash[32])
{
    for (size_t i = 0; i < DGL_KEY_CACHE_WAYS; i++)
        if (set[i].is_used && dgl_equal_secret(set[i].hash, hash, DGL_SHA256_LEN))
            return &set[i];
    return NULL;
}

static void note_use(struct dgl_key_cache *c, struct entry *e, int64_t now_us)
{
    e->used_at_us = DGL_MAX(now_us, e->used_at_us);
    if (e->used_at_us - e->written_at_us >= DGL_KEY_TOUCH_US)
        write_use(c, e);
}

bool dgl_key_cache_get(struct dgl_key_cache *c, const unsigned char hash[32], struct dgl_principal *ret)
{
    size_t set = set_of(hash);
    int64_t now_us = dgl_clock_now_us(c->clock), mono_us = dgl_clock_mono_us(c->clock);
    pthread_mutex_lock(&c->locks[set % LOCKS]);
    struct entry *e = find(c->sets[set], hash);
    bool ok = e && mono_us < e->fresh_until_mono_us && (e->expires_at_us == 0 || now_us < e->expires_at_us);
    if (ok) {
        note_use(c, e, now_us);
        *ret = e->who;
    }
    pthread_mutex_unlock(&c->locks[set % LOCKS]);
    return ok;
}

uint64_t dgl_key_cache_generation(struct dgl_key_cache *c)
{
    return atomic_load(&c->generation);
}

static struct entry *stalest(struct entry *set)
{
    struct entry *place = &set[0];
    for (size_t i = 0; i < DGL_KEY_CACHE_WAYS; i++) {
        if (!set[i].is_used)
            return &set[i];
        if (set[i].fresh_until_mono_us < place->fresh_until_mono_us)
            place = &set[i];
    }
    return place;
}

void dgl_key_cache_put(struct dgl_key_cache *c, uint64_t generation, const unsigned char hash[32],
                       const struct dgl_principal *who, int64_t expires_at_us, int64_t last_used_at_us)
{
    size_t set = set_of(hash);
    pthread_mutex_lock(&c->locks[set % LOCKS]);
    if (atomic_load(&c->generation) == generation) {
        struct entry *e = find(c->sets[set], hash);
        if (!e) {
            e = stalest(c->sets[set]);
            if (e->is_used && e->used_at_us > e->written_at_us)
                write_use(c, e);
            *e = (struct entry){.is_used = true, .written_at_us = last_used_at_us};
            memcpy(e->hash, hash, sizeof e->hash);
        }
        e->who = *who;
        e->expires_at_us = expires_at_us;
        e->fresh_until_mono_us = dgl_clock_mono_us(c->clock) + DGL_KEY_CACHE_LIFE_US;
        note_use(c, e, dgl_clock_now_us(c->clock));
    }
    pthread_mutex_unlock(&c->locks[set % LOCKS]);
}

void dgl_key_cache_drop(struct dgl_key_cache *c, const char *key_id)
{
    atomic_fetch_add(&c->generation, 1);
    for (size_t i = 0; i < DGL_KEY_CACHE_SETS; i++) {
        pthread_mutex_lock(&c->locks[i % LOCKS]);
        for (size_t j = 0; j < DGL_KEY_CACHE_WAYS; j++)
            if (c->sets[i][j].is_used && strcmp(c->sets[i][j].who.actor, key_id) == 0)
                c->sets[i][j].is_used = false;
        pthread_mutex_unlock(&c->locks[i % LOCKS]);
    }
}
