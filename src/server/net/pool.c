// Why a multi handle per group: libcurl keeps connections per multi handle, so this is the one arrangement in which no
// option or default can ever make two organizations share a connection. Rejected: one multi handle with a share object
// per group, whose connections are closed outside the multi handle's sight and leave stale descriptors in its tables.
#include "server/net/pool.h"

#include "base/clock.h"
#include <stdlib.h>

static size_t bucket_of(uint64_t group)
{
    return (size_t)((group * UINT64_C(0x9e3779b97f4a7c15)) >> 55) % DGL_POOL_BUCKETS;
}

static void unlink_by_use(struct dgl_pool *pool)
{
    struct dgl_pools *p = pool->pools;
    *(pool->older ? &pool->older->newer : &p->oldest) = pool->newer;
    *(pool->newer ? &pool->newer->older : &p->newest) = pool->older;
    pool->older = pool->newer = NULL;
}

static void link_as_newest(struct dgl_pool *pool)
{
    struct dgl_pools *p = pool->pools;
    pool->older = p->newest;
    pool->newer = NULL;
    *(p->newest ? &p->newest->newer : &p->oldest) = pool;
    p->newest = pool;
}

static int on_timer(CURLM *multi DGL_UNUSED, long timeout_ms, void *arg)
{
    struct dgl_pool *pool = arg;
    struct dgl_timers *timers = pool->pools->timers;
    if (timeout_ms < 0)
        dgl_timers_clear(timers, &pool->curl_timer);
    else
        dgl_timers_set(timers, &pool->curl_timer, dgl_clock_mono_us(dgl_clock_system()) + timeout_ms * DGL_US_PER_MS);
    return 0;
}

static struct dgl_pool *pool_new(struct dgl_pools *p, uint64_t group)
{
    struct dgl_pool *pool = DGL_NEW(struct dgl_pool);
    pool->group = group;
    pool->pools = p;
    pool->curl_timer = (struct dgl_timer){.owner = pool, .kind = DGL_POOL_TIMER_CURL};
    pool->idle_timer = (struct dgl_timer){.owner = pool, .kind = DGL_POOL_TIMER_IDLE};
    pool->multi = curl_multi_init();
    pool->sessions = curl_share_init();
    if (!pool->multi || !pool->sessions) {
        curl_multi_cleanup(pool->multi);
        curl_share_cleanup(pool->sessions);
        free(pool);
        return NULL;
    }
    curl_share_setopt(pool->sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, p->on_socket);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, (long)p->max_connections);
    struct dgl_pool **bucket = &p->buckets[bucket_of(group)];
    pool->next_in_bucket = *bucket;
    *bucket = pool;
    link_as_newest(pool);
    p->count++;
    return pool;
}

void dgl_pool_discard(struct dgl_pool *pool)
{
    struct dgl_pools *p = pool->pools;
    struct dgl_pool **at = &p->buckets[bucket_of(pool->group)];
    while (*at != pool)
        at = &(*at)->next_in_bucket;
    *at = pool->next_in_bucket;
    unlink_by_use(pool);
    p->count--;
    for (struct dgl_slot *s = pool->free_slots; s;) {
        struct dgl_slot *next = s->next;
        dgl_buf_fini(&s->headers);
        dgl_buf_fini(&s->body);
        free(s);
        s = next;
    }
    curl_multi_cleanup(pool->multi);
    curl_share_cleanup(pool->sessions);
    dgl_timers_clear(p->timers, &pool->curl_timer);
    dgl_timers_clear(p->timers, &pool->idle_timer);
    free(pool);
}

static void close_idle_above(struct dgl_pools *p, size_t max_pools, size_t max_sockets)
{
    for (struct dgl_pool *pool = p->oldest; pool && (p->count > max_pools || p->open_sockets > max_sockets);) {
        struct dgl_pool *next = pool->newer;
        if (pool->active == 0)
            dgl_pool_discard(pool);
        pool = next;
    }
}

void dgl_pools_fini(struct dgl_pools *p)
{
    while (p->oldest)
        dgl_pool_discard(p->oldest);
}

struct dgl_pool *dgl_pool_enter(struct dgl_pools *p, uint64_t group)
{
    struct dgl_pool *pool = p->buckets[bucket_of(group)];
    while (pool && pool->group != group)
        pool = pool->next_in_bucket;
    if (!pool && !(pool = pool_new(p, group)))
        return NULL;
    pool->active++;
    dgl_timers_clear(p->timers, &pool->idle_timer);
    unlink_by_use(pool);
    link_as_newest(pool);
    close_idle_above(p, DGL_NET_MAX_POOLS, DGL_NET_MAX_SOCKETS);
    return pool;
}

void dgl_pool_leave(struct dgl_pool *pool)
{
    if (--pool->active > 0)
        return;
    dgl_timers_set(pool->pools->timers, &pool->idle_timer,
                   dgl_clock_mono_us(dgl_clock_system()) + DGL_NET_POOL_IDLE_US);
}

// A handle serves one request: libcurl 7.88 keeps a pointer to the last header of the answer before, whose memory is
// gone, and an answer that begins with a continued line leads there. The connections are the multi handle's and stay.
struct dgl_slot *dgl_pool_slot_take(struct dgl_pool *pool)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        return NULL;
    struct dgl_slot *s = pool->free_slots;
    if (s) {
        pool->free_slots = s->next;
        s->next = NULL;
    } else {
        s = DGL_NEW(struct dgl_slot);
        s->headers = DGL_BUF_INIT(DGL_NET_HEADERS_KEPT);
        s->pin.data = s->pin_text;
    }
    s->easy = easy;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, s->error);
    curl_easy_setopt(easy, CURLOPT_SHARE, pool->sessions);
    pool->pools->prepare(pool->pools->prepare_arg, easy);
    return s;
}

void dgl_pool_slot_give(struct dgl_pool *pool, struct dgl_slot *slot)
{
    curl_easy_cleanup(slot->easy);
    slot->easy = NULL;
    dgl_buf_reset(&slot->headers);
    if (slot->body.cap > DGL_NET_BODY_REUSE_MAX)
        dgl_buf_fini(&slot->body);
    dgl_buf_reset(&slot->body);
    slot->next = pool->free_slots;
    pool->free_slots = slot;
}
