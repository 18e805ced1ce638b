// One c-ares channel. A lookup outlives its waiters: a request that gives up at its own deadline leaves, and the query
// ends by c-ares's timeouts (about 4.5 s with one server). So a name server that never answers holds a bounded number
// of lookups and nobody's loop.
#include "server/net/resolver.h"

#include "base/clock.h"
#include "base/str.h"
#include <ares.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_TIMEOUT_MS 1500 // first try; the second waits twice as long
#define QUERY_TRIES 2
#define MAX_LOOKUPS 1024
#define CACHE_SLOTS 1024
#define CACHE_MAX_TTL_S 60

struct lookup {
    struct lookup *next, **back;
    struct dgl_resolver *resolver;
    struct dgl_resolver_waiter *waiters;
    char host[256];
};
struct cached {
    char host[256];
    int64_t until_us;
    struct dgl_net_addresses addresses;
};
struct dgl_resolver {
    ares_channel channel;
    struct dgl_resolver_io io;
    struct lookup *lookups;
    size_t lookup_count;
    struct cached *cache[CACHE_SLOTS]; // one entry per slot, the newest wins
    bool closing;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_rc;

static void library_init(void)
{
    library_rc = ares_library_init(ARES_LIB_INIT_ALL);
}

static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct dgl_resolver *r = arg;
    r->io.watch(r->io.arg, fd, readable != 0, writable != 0);
}

enum dgl_status dgl_resolver_new(const char *dns_servers, const struct dgl_resolver_io *io, struct dgl_resolver **ret,
                                 struct dgl_error *err)
{
    pthread_once(&library_once, library_init);
    if (library_rc != ARES_SUCCESS)
        return DGL_FAIL(err, DGL_E_INTERNAL, "name resolution cannot start: %s", ares_strerror(library_rc));
    struct dgl_resolver *r = DGL_NEW(struct dgl_resolver);
    r->io = *io;
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = QUERY_TIMEOUT_MS,
        .tries = QUERY_TRIES,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = r,
    };
    int rc = ares_init_options(&r->channel, &options,
                               ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (rc != ARES_SUCCESS) {
        free(r);
        return DGL_FAIL(err, DGL_E_INTERNAL, "name resolution cannot start: %s", ares_strerror(rc));
    }
    if (dns_servers && (rc = ares_set_servers_ports_csv(r->channel, dns_servers)) != ARES_SUCCESS) {
        dgl_resolver_free(r);
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "dns_servers",
                              "\"%s\" is not a list of addresses like 192.0.2.53:53: %s", dns_servers,
                              ares_strerror(rc));
    }
    *ret = r;
    return DGL_OK;
}

static void lookup_free(struct lookup *l)
{
    *l->back = l->next;
    if (l->next)
        l->next->back = l->back;
    l->resolver->lookup_count--;
    free(l);
}

void dgl_resolver_free(struct dgl_resolver *r)
{
    if (!r)
        return;
    r->closing = true;
    ares_destroy(r->channel); // ends every query: on_answer frees the lookups
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        free(r->cache[i]);
    free(r);
}

// ---- cache

static size_t slot_of(const char *host)
{
    return (size_t)(dgl_hash_text(DGL_HASH_START, host) % CACHE_SLOTS);
}

static const struct dgl_net_addresses *cache_peek(struct dgl_resolver *r, const char *host)
{
    struct cached *c = r->cache[slot_of(host)];
    if (!c || strcmp(c->host, host) != 0 || c->until_us <= dgl_clock_mono_us(dgl_clock_system()))
        return NULL;
    return &c->addresses;
}

static void cache_put(struct dgl_resolver *r, const char *host, const struct dgl_net_addresses *addresses, int ttl_s)
{
    if (ttl_s <= 0)
        return;
    struct cached **slot = &r->cache[slot_of(host)];
    if (!*slot)
        *slot = DGL_NEW(struct cached);
    dgl_str_copy((*slot)->host, sizeof(*slot)->host, host, strlen(host));
    (*slot)->addresses = *addresses;
    (*slot)->until_us = dgl_clock_mono_us(dgl_clock_system()) + DGL_MIN(ttl_s, CACHE_MAX_TTL_S) * DGL_US_PER_S;
}

// ---- lookups

static const char *problem_of(int status)
{
    switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
        return "has no address: the name does not exist or has no A or AAAA record";
    case ARES_ETIMEOUT:
        return "could not be looked up: the name server did not answer in time";
    case ARES_EREFUSED:
    case ARES_ESERVFAIL:
        return "could not be looked up: the name server reported a failure";
    case ARES_ECONNREFUSED:
        return "could not be looked up: no name server could be reached";
    default:
        return "could not be looked up";
    }
}

static int collect(const struct ares_addrinfo *info, struct dgl_net_addresses *ret)
{
    int ttl_s = CACHE_MAX_TTL_S;
    for (const struct ares_addrinfo_node *n = info->nodes; n && ret->count < DGL_RESOLVER_MAX_ADDRESSES;
         n = n->ai_next) {
        union dgl_net_address *a = &ret->list[ret->count];
        if (n->ai_family == AF_INET)
            memcpy(&a->v4, n->ai_addr, sizeof a->v4);
        else if (n->ai_family == AF_INET6)
            memcpy(&a->v6, n->ai_addr, sizeof a->v6);
        else
            continue;
        ret->count++;
        ttl_s = DGL_MIN(ttl_s, n->ai_ttl);
    }
    return ttl_s;
}

static void on_answer(void *arg, int status, int timeouts DGL_UNUSED, struct ares_addrinfo *info)
{
    struct lookup *l = arg;
    struct dgl_resolver *r = l->resolver;
    struct dgl_net_addresses addresses = {.count = 0};
    if (status == ARES_SUCCESS && info) {
        int ttl_s = collect(info, &addresses);
        if (addresses.count > 0)
            cache_put(r, l->host, &addresses, ttl_s);
    }
    if (addresses.count == 0)
        addresses.problem = problem_of(status == ARES_SUCCESS ? ARES_ENODATA : status);
    ares_freeaddrinfo(info);
    while (l->waiters && !r->closing) {
        struct dgl_resolver_waiter *w = l->waiters;
        dgl_resolver_leave(r, w);
        w->done(w->arg, &addresses);
    }
    lookup_free(l);
}

static struct lookup *find_lookup(struct dgl_resolver *r, const char *host)
{
    for (struct lookup *l = r->lookups; l; l = l->next)
        if (strcmp(l->host, host) == 0)
            return l;
    return NULL;
}

static void join(struct lookup *l, struct dgl_resolver_waiter *w)
{
    w->next = l->waiters;
    w->back = &l->waiters;
    if (l->waiters)
        l->waiters->back = &w->next;
    l->waiters = w;
}

void dgl_resolver_lookup(struct dgl_resolver *r, const char *host, struct dgl_resolver_waiter *w)
{
    const struct dgl_net_addresses *known = cache_peek(r, host);
    if (known) {
        struct dgl_net_addresses copy = *known;
        w->done(w->arg, &copy);
        return;
    }
    struct lookup *l = find_lookup(r, host);
    if (l) {
        join(l, w);
        return;
    }
    if (r->lookup_count == MAX_LOOKUPS) {
        struct dgl_net_addresses none = {.problem = "could not be looked up: too many name lookups are under way"};
        w->done(w->arg, &none);
        return;
    }
    l = DGL_NEW(struct lookup);
    l->resolver = r;
    dgl_str_copy(l->host, sizeof l->host, host, strlen(host));
    l->next = r->lookups;
    l->back = &r->lookups;
    if (r->lookups)
        r->lookups->back = &l->next;
    r->lookups = l;
    r->lookup_count++;
    join(l, w);
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    ares_getaddrinfo(r->channel, host, NULL, &hints, on_answer, l);
}

void dgl_resolver_leave(struct dgl_resolver *r DGL_UNUSED, struct dgl_resolver_waiter *w)
{
    if (!w->back)
        return;
    *w->back = w->next;
    if (w->next)
        w->next->back = w->back;
    w->next = NULL;
    w->back = NULL;
}

void dgl_resolver_ready(struct dgl_resolver *r, int fd, bool readable, bool writable)
{
    ares_process_fd(r->channel, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
}

void dgl_resolver_tick(struct dgl_resolver *r)
{
    if (r->lookup_count > 0)
        ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

int64_t dgl_resolver_timeout_ms(const struct dgl_resolver *r)
{
    struct timeval tv;
    if (r->lookup_count == 0 || !ares_timeout(r->channel, NULL, &tv))
        return -1;
    return (int64_t)tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000;
}
