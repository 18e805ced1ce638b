// A hash table with linear probing, twice as large as there can be connections, so that it never fills up and a walk is
// short. Leaving closes the gap: what lies behind it moves up, and no slot is ever marked as deleted.
#include "server/http/addresses.h"

#include "base/crypto.h"

#include <stdlib.h>
#include <string.h>

void http_addresses_init(struct http_addresses *a, size_t max_connections)
{
    size_t size = 16;
    while (size < 2 * max_connections)
        size *= 2;
    pthread_mutex_init(&a->lock, NULL);
    a->slots = dgl_alloc(size * sizeof(*a->slots));
    a->mask = size - 1;
    dgl_random_bytes(&a->seed, sizeof(a->seed));
}

void http_addresses_fini(struct http_addresses *a)
{
    pthread_mutex_destroy(&a->lock);
    free(a->slots);
}

static struct in6_addr counted_as(const struct in6_addr *address)
{
    struct in6_addr net = *address;
    if (!IN6_IS_ADDR_V4MAPPED(address))
        memset(&net.s6_addr[8], 0, 8);
    return net;
}

static size_t home_of(const struct http_addresses *a, const struct in6_addr *address)
{
    uint64_t half[2];
    memcpy(half, address, sizeof(half));
    uint64_t mixed = (half[0] ^ a->seed) * UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 32 ^ half[1]) * UINT64_C(0xD6E8FEB86659FD93);
    return (size_t)(mixed >> 32) & a->mask;
}

// Where the address is, or the free slot where it belongs.
static size_t find(const struct http_addresses *a, const struct in6_addr *address)
{
    size_t i = home_of(a, address);
    while (a->slots[i].connections > 0 && memcmp(&a->slots[i].address, address, sizeof(*address)) != 0)
        i = (i + 1) & a->mask;
    return i;
}

unsigned http_addresses_count(struct http_addresses *a, const struct in6_addr *address)
{
    struct in6_addr net = counted_as(address);
    pthread_mutex_lock(&a->lock);
    unsigned count = a->slots[find(a, &net)].connections;
    pthread_mutex_unlock(&a->lock);
    return count;
}

void http_addresses_enter(struct http_addresses *a, const struct in6_addr *address)
{
    struct in6_addr net = counted_as(address);
    pthread_mutex_lock(&a->lock);
    struct http_address_slot *slot = &a->slots[find(a, &net)];
    slot->address = net;
    slot->connections++;
    pthread_mutex_unlock(&a->lock);
}

static void close_gap(struct http_addresses *a, size_t gap)
{
    for (size_t i = (gap + 1) & a->mask; a->slots[i].connections > 0; i = (i + 1) & a->mask) {
        size_t home = home_of(a, &a->slots[i].address);
        if (((i - home) & a->mask) < ((i - gap) & a->mask)) // its home lies behind the gap
            continue;
        a->slots[gap] = a->slots[i];
        a->slots[i].connections = 0;
        gap = i;
    }
}

void http_addresses_leave(struct http_addresses *a, const struct in6_addr *address)
{
    struct in6_addr net = counted_as(address);
    pthread_mutex_lock(&a->lock);
    size_t i = find(a, &net);
    if (--a->slots[i].connections == 0)
        close_gap(a, i);
    pthread_mutex_unlock(&a->lock);
}
