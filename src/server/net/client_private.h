// The client's inside, shared by client.c (thread, loop, lines) and the three files of an exchange, one request's way
// through it: exchange.c (name, addresses, connection), exchange_curl.c (what libcurl calls), exchange_end.c (outcome).
#ifndef DGL_SERVER_NET_CLIENT_PRIVATE_H
#define DGL_SERVER_NET_CLIENT_PRIVATE_H

#include "server/net/client.h"
#include "server/net/pool.h"
#include "server/net/resolver.h"
#include <openssl/ssl.h>
#include <pthread.h>

// One request, in one allocation together with its strings.
struct dgl_exchange {
    struct dgl_exchange *next, *prev; // waiting line, or the list of those under way
    struct dgl_net_client *client;
    dgl_net_done done;
    void *arg;

    char method[16];
    char *url, *host;
    uint16_t port;
    bool https, host_is_address, whole_answer;
    union dgl_net_address literal; // when host_is_address
    struct curl_slist *headers;
    void *body;
    size_t body_len;
    const struct dgl_guard *guard;
    uint64_t group;
    int64_t resolve_timeout_us, connect_timeout_us, total_timeout_us;
    size_t max_answer_bytes, keep_answer_bytes;

    // under way
    int64_t started_us, connect_started_us, easy_started_us; // monotonic
    struct dgl_timer resolve_timer;
    struct dgl_resolver_waiter waiter;
    struct dgl_net_addresses addresses; // all checked
    bool is_private[DGL_RESOLVER_MAX_ADDRESSES];
    size_t address_at; // the one being used
    struct dgl_pool *pool;
    struct dgl_slot *slot;

    // answer
    size_t headers_seen, body_seen;
    bool blocked_at_connect, bind_failed, headers_too_long, headers_whole, cut;
    int64_t retry_after_s;
    struct dgl_net_result result;
};

enum watch_kind { WATCH_NONE, WATCH_CURL, WATCH_RESOLVER };
struct watch {
    enum watch_kind kind;
    uint32_t events;
    struct dgl_pool *pool;
};

struct dgl_net_client {
    pthread_t thread;
    int epoll_fd, wake_fd;
    union dgl_net_address bind_address; // family AF_UNSPEC = none
    X509_STORE *trust;
    unsigned max_in_flight;

    pthread_mutex_t lock; // guards the next three
    struct dgl_exchange *inbox_first, *inbox_last;
    size_t inbox_count; // submitted and not yet under way
    bool stopping;

    // the thread's own
    struct dgl_exchange *waiting_first, *waiting_last;
    struct dgl_exchange *under_way;
    size_t in_flight;
    struct dgl_timers timers;
    struct dgl_resolver *resolver;
    struct dgl_pools pools;
    struct watch *watches; // by descriptor
    size_t watch_count;
};

struct dgl_exchange *dgl_exchange_new(struct dgl_net_client *c, const struct dgl_net_request *request);
// All that follows in the client's thread. What ends an exchange frees it.
// exchange.c
void dgl_exchange_start(struct dgl_exchange *x);
void dgl_exchange_resolve_timeout(struct dgl_exchange *x);
void dgl_exchange_cancel(struct dgl_exchange *x);
void dgl_exchange_connect(struct dgl_exchange *x); // to the address at address_at
void dgl_exchange_finish(struct dgl_exchange *x, enum dgl_net_outcome outcome);
void dgl_exchange_fail(struct dgl_exchange *x, enum dgl_net_outcome outcome, const char *fmt, ...) DGL_PRINTF(3, 4);
void dgl_exchange_fail_blocked(struct dgl_exchange *x, const struct sockaddr *sa);
// exchange_curl.c
void dgl_exchange_prepare_easy(void *client, CURL *easy);
// exchange_end.c: libcurl has ended with the connection, or could not make one.
void dgl_exchange_curl_done(struct dgl_exchange *x, CURLcode code);
// client.c: the exchange is over: takes it off, calls done, frees it, starts those waiting.
void dgl_net_client_finished(struct dgl_exchange *x);

#endif
