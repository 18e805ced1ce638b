// Connections of one group (organization): a libcurl multi handle with its own connection and TLS session caches, and
// slots that are used again. Nothing is shared between pools but the trust store. One thread.
#ifndef DGL_SERVER_NET_POOL_H
#define DGL_SERVER_NET_POOL_H

#include "base/buf.h"
#include "server/net/timers.h"
#include <curl/curl.h>

// ---- bounds
#define DGL_NET_MAX_POOLS 256                        // kept, beyond those that are busy
#define DGL_NET_MAX_SOCKETS 1024                     // open; above it idle pools are closed, oldest first
#define DGL_NET_POOL_IDLE_US (INT64_C(30) * 1000000) // then a pool without requests is closed
#define DGL_NET_MAX_WAITING 65536                    // requests waiting for a slot
#define DGL_NET_HEADERS_MAX 65536                    // bytes of an answer's headers, 1xx ones included; more breaks it
#define DGL_NET_HEADERS_KEPT 8192
#define DGL_NET_BODY_REUSE_MAX 65536 // larger body buffers are given back after use

struct dgl_slot { // an easy handle, of one request, and what it needs beside it
    struct dgl_slot *next;
    CURL *easy;
    struct dgl_buf headers, body;
    char error[CURL_ERROR_SIZE];
    char pin_text[80]; // "::192.0.2.1:443"
    struct curl_slist pin;
};
enum { DGL_POOL_TIMER_CURL = 1, DGL_POOL_TIMER_IDLE, DGL_EXCHANGE_TIMER_RESOLVE };
struct dgl_pool {
    uint64_t group;
    CURLM *multi;
    CURLSH *sessions; // TLS sessions, this pool's own
    struct dgl_slot *free_slots;
    size_t active;
    struct dgl_timer curl_timer, idle_timer;
    struct dgl_pools *pools;
    struct dgl_pool *next_in_bucket;
    struct dgl_pool *older, *newer; // by last use
};

#define DGL_POOL_BUCKETS 512
struct dgl_pools {
    struct dgl_pool *buckets[DGL_POOL_BUCKETS];
    struct dgl_pool *oldest, *newest;
    size_t count;
    size_t open_sockets;
    size_t max_connections; // of one pool
    struct dgl_timers *timers;
    curl_socket_callback on_socket;         // gets the pool as its pointer
    void (*prepare)(void *arg, CURL *easy); // options that never change
    void *prepare_arg;
    bool closing;
};
void dgl_pools_fini(struct dgl_pools *p);
// The group's pool, made when needed; NULL when libcurl cannot. Counts as active until dgl_pool_leave.
struct dgl_pool *dgl_pool_enter(struct dgl_pools *p, uint64_t group);
void dgl_pool_leave(struct dgl_pool *pool);
void dgl_pool_discard(struct dgl_pool *pool);
struct dgl_slot *dgl_pool_slot_take(struct dgl_pool *pool); // NULL when libcurl cannot
void dgl_pool_slot_give(struct dgl_pool *pool, struct dgl_slot *slot);

#endif
