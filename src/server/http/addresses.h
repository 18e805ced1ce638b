// How many connections each address has open. IPv4 addresses count each for itself, IPv6 ones by their /64: that much
// belongs to whoever has one of them. Thread safe.
#ifndef DGL_SERVER_HTTP_ADDRESSES_H
#define DGL_SERVER_HTTP_ADDRESSES_H

#include "base/base.h"
#include <netinet/in.h>
#include <pthread.h>

struct http_address_slot {
    struct in6_addr address;
    unsigned connections; // 0: the slot is free
};
struct http_addresses {
    pthread_mutex_t lock;
    struct http_address_slot *slots;
    size_t mask;   // their number, a power of two, less one
    uint64_t seed; // of the order they lie in, so that nobody can choose addresses that lie in one heap
};
void http_addresses_init(struct http_addresses *a, size_t max_connections);
void http_addresses_fini(struct http_addresses *a);
unsigned http_addresses_count(struct http_addresses *a, const struct in6_addr *address);
void http_addresses_enter(struct http_addresses *a, const struct in6_addr *address);
void http_addresses_leave(struct http_addresses *a, const struct in6_addr *address); // as often as entered

#endif
