// Host names to addresses, without ever blocking: c-ares in the client's own loop. Lookups of the same name are joined;
// answers are kept for their TTL (at most a minute), which is safe because every address is checked at every use. Names
// go out as they stand: no search domains, no aliases from the environment. One thread.
#ifndef DGL_SERVER_NET_RESOLVER_H
#define DGL_SERVER_NET_RESOLVER_H

#include "base/error.h"
#include <netinet/in.h>
#include <sys/socket.h>

#define DGL_RESOLVER_MAX_ADDRESSES 16 // further ones are neither checked nor used

union dgl_net_address {
    struct sockaddr sa;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};
struct dgl_net_addresses {
    union dgl_net_address list[DGL_RESOLVER_MAX_ADDRESSES];
    size_t count;        // 0 = the lookup failed
    const char *problem; // then: half a sentence, "has no address"
};

// What the loop owes the resolver: telling it when these descriptors are ready.
struct dgl_resolver_io {
    void (*watch)(void *arg, int fd, bool readable, bool writable); // both false: forget it
    void *arg;
};
struct dgl_resolver_waiter {
    void (*done)(void *arg, const struct dgl_net_addresses *addresses);
    void *arg;
    struct dgl_resolver_waiter *next, **back; // the resolver's
};

struct dgl_resolver;
enum dgl_status dgl_resolver_new(const char *dns_servers, const struct dgl_resolver_io *io, struct dgl_resolver **ret,
                                 struct dgl_error *err) DGL_MUST_CHECK;
void dgl_resolver_free(struct dgl_resolver *r); // waiters are forgotten, not called
// Calls done at once (cache, too many lookups) or later.
void dgl_resolver_lookup(struct dgl_resolver *r, const char *host, struct dgl_resolver_waiter *w);
void dgl_resolver_leave(struct dgl_resolver *r, struct dgl_resolver_waiter *w); // done will not be called
void dgl_resolver_ready(struct dgl_resolver *r, int fd, bool readable, bool writable);
void dgl_resolver_tick(struct dgl_resolver *r);                // lets timeouts of queries pass
int64_t dgl_resolver_timeout_ms(const struct dgl_resolver *r); // until the next tick is needed; -1 = none

#endif
