// Which addresses may be connected to. One table per family, most specific rule irrelevant: the first row that contains
// the address refuses it, and IPv6 outside 2000::/3 is refused without a row. IPv4 hidden inside IPv6 (v4-mapped, the
// well-known NAT64 prefix) is judged as the IPv4 address it reaches.
//
// Order: allow_nets lets through first (and marks the address private when the table would have refused it), then the
// machine's own addresses, then the table.
#include "server/net/guard.h"

#include "base/clock.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ALLOW_NETS 64
#define MAX_OWN_ADDRESSES 1024
#define OWN_REFRESH_US (INT64_C(30) * DGL_US_PER_S)

struct net4 {
    uint32_t address; // host order
    uint8_t bits;
};
struct net6 {
    uint8_t address[16];
    uint8_t bits;
};

#define IP4(a, b, c, d) (((uint32_t)(a) << 24) | ((uint32_t)(b) << 16) | ((uint32_t)(c) << 8) | (uint32_t)(d))

// IANA IPv4 special-purpose registry (RFC 6890 and its updates), multicast, and one cloud's metadata address that lies
// in public space.
static const struct net4 refused4[] = {
    {IP4(0, 0, 0, 0), 8},        // "this network"
    {IP4(10, 0, 0, 0), 8},       // private
    {IP4(100, 64, 0, 0), 10},    // carrier-grade NAT; some clouds' metadata
    {IP4(127, 0, 0, 0), 8},      // loopback
    {IP4(169, 254, 0, 0), 16},   // link-local; metadata of most clouds
    {IP4(172, 16, 0, 0), 12},    // private
    {IP4(192, 0, 0, 0), 24},     // protocol assignments; metadata of one cloud
    {IP4(192, 0, 2, 0), 24},     // documentation
    {IP4(192, 88, 99, 0), 24},   // 6to4 relay anycast
    {IP4(192, 168, 0, 0), 16},   // private
    {IP4(198, 18, 0, 0), 15},    // benchmarking
    {IP4(198, 51, 100, 0), 24},  // documentation
    {IP4(203, 0, 113, 0), 24},   // documentation
    {IP4(224, 0, 0, 0), 4},      // multicast
    {IP4(240, 0, 0, 0), 4},      // reserved, broadcast
    {IP4(168, 63, 129, 16), 32}, // Azure's platform address
};

// Inside 2000::/3; all else is refused anyway.
static const struct net6 refused6[] = {
    {{0x20, 0x01, 0x00}, 23},       // protocol assignments: Teredo, ORCHID, benchmarking, AMT …
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, // documentation
    {{0x20, 0x02}, 16},             // 6to4: any IPv4 address in disguise
    {{0x3f, 0xff, 0x00}, 20},       // documentation
};
static const struct net6 global6 = {{0x20}, 3};
static const struct net6 mapped6 = {{[10] = 0xff, [11] = 0xff}, 96};
static const struct net6 nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

struct address {
    bool v6;
    uint32_t v4;    // host order
    uint8_t b6[16]; // when v6
};

struct dgl_guard {
    bool allow_http, refuse_own;
    struct net4 allow4[MAX_ALLOW_NETS];
    struct net6 allow6[MAX_ALLOW_NETS];
    size_t allow4_count, allow6_count;
    // The machine's own addresses, read again every 30 s by whoever asks then.
    pthread_mutex_t lock;
    int64_t own_read_at_us;
    struct address own[MAX_OWN_ADDRESSES];
    size_t own_count;
};

static bool in_net4(const struct net4 *n, uint32_t address)
{
    uint32_t mask = n->bits == 0 ? 0 : UINT32_MAX << (32 - n->bits);
    return (address & mask) == (n->address & mask);
}

static bool in_net6(const struct net6 *n, const uint8_t address[16])
{
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    if (memcmp(n->address, address, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return rest == 0 || (n->address[whole] & mask) == (address[whole] & mask);
}

static uint32_t read_be32(const uint8_t *p)
{
    return IP4(p[0], p[1], p[2], p[3]);
}

// The address as it will be judged: IPv4 inside IPv6 unwrapped.
static bool unwrap(const struct sockaddr *sa, struct address *ret)
{
    memset(ret, 0, sizeof *ret);
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        ret->v4 = ntohl(in.sin_addr.s_addr);
        return true;
    }
    if (sa->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, sa, sizeof in6);
    memcpy(ret->b6, &in6.sin6_addr, 16);
    if (in_net6(&mapped6, ret->b6) || in_net6(&nat64, ret->b6)) {
        ret->v4 = read_be32(ret->b6 + 12);
        return true;
    }
    ret->v6 = true;
    return true;
}

static bool v4_refused(uint32_t v4)
{
    for (size_t i = 0; i < DGL_COUNT(refused4); i++)
        if (in_net4(&refused4[i], v4))
            return true;
    return false;
}

// ISATAP (RFC 5214 §6.1): behind any prefix, 0:5efe or 200:5efe and the IPv4 address that a router there unwraps.
static bool isatap_refused(const uint8_t b6[16])
{
    return (b6[8] & ~0x02) == 0 && b6[9] == 0 && b6[10] == 0x5e && b6[11] == 0xfe && v4_refused(read_be32(b6 + 12));
}

static bool class_refused(const struct address *a)
{
    if (!a->v6)
        return v4_refused(a->v4);
    if (!in_net6(&global6, a->b6) || isatap_refused(a->b6))
        return true;
    for (size_t i = 0; i < DGL_COUNT(refused6); i++)
        if (in_net6(&refused6[i], a->b6))
            return true;
    return false;
}

static bool explicitly_allowed(const struct dgl_guard *g, const struct address *a)
{
    for (size_t i = 0; !a->v6 && i < g->allow4_count; i++)
        if (in_net4(&g->allow4[i], a->v4))
            return true;
    for (size_t i = 0; a->v6 && i < g->allow6_count; i++)
        if (in_net6(&g->allow6[i], a->b6))
            return true;
    return false;
}

// ---- own addresses

static void read_own(struct dgl_guard *g, int64_t now_us)
{
    struct ifaddrs *list = NULL;
    g->own_read_at_us = now_us;
    if (getifaddrs(&list) != 0)
        return; // keep what was known
    g->own_count = 0;
    for (const struct ifaddrs *i = list; i && g->own_count < MAX_OWN_ADDRESSES; i = i->ifa_next)
        if (i->ifa_addr && unwrap(i->ifa_addr, &g->own[g->own_count]))
            g->own_count++;
    freeifaddrs(list);
}

static bool is_own(struct dgl_guard *g, const struct address *a)
{
    int64_t now_us = dgl_clock_mono_us(dgl_clock_system());
    bool found = false;
    pthread_mutex_lock(&g->lock);
    if (now_us - g->own_read_at_us > OWN_REFRESH_US)
        read_own(g, now_us);
    for (size_t i = 0; i < g->own_count && !found; i++)
        found = g->own[i].v6 == a->v6 && g->own[i].v4 == a->v4 && memcmp(g->own[i].b6, a->b6, 16) == 0;
    pthread_mutex_unlock(&g->lock);
    return found;
}

// ---- allow_nets

#define BAD_NETS(err, ...) DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_network", "allow_nets", __VA_ARGS__)

static enum dgl_status has_host_bits(struct dgl_str item, struct dgl_error *err)
{
    return BAD_NETS(err, "\"%.*s\" has address bits behind its prefix length; write the network's first address",
                    (int)item.len, item.data);
}

static enum dgl_status add_net4(struct dgl_guard *g, struct dgl_str item, uint32_t address, uint8_t bits,
                                struct dgl_error *err)
{
    uint32_t host_bits = bits == 32 ? 0 : UINT32_MAX >> bits;
    if (address & host_bits)
        return has_host_bits(item, err);
    g->allow4[g->allow4_count++] = (struct net4){address, bits};
    return DGL_OK;
}

static enum dgl_status add_net6(struct dgl_guard *g, struct dgl_str item, const struct in6_addr *address, uint8_t bits,
                                struct dgl_error *err)
{
    struct net6 n = {.bits = bits};
    memcpy(n.address, address, 16);
    for (unsigned i = n.bits; i < 128; i++)
        if (n.address[i / 8] & (0x80 >> (i % 8)))
            return has_host_bits(item, err);
    if (n.bits >= 96 && in_net6(&mapped6, n.address))
        return add_net4(g, item, read_be32(n.address + 12), (uint8_t)(n.bits - 96), err);
    g->allow6[g->allow6_count++] = n;
    return DGL_OK;
}

static enum dgl_status parse_net(struct dgl_guard *g, struct dgl_str item, struct dgl_error *err)
{
    char text[INET6_ADDRSTRLEN] = "";
    const char *slash = memchr(item.data, '/', item.len);
    size_t address_len = slash ? (size_t)(slash - item.data) : item.len;
    struct in_addr v4;
    struct in6_addr v6;
    if (address_len < sizeof text)
        memcpy(text, item.data, address_len);
    bool is4 = inet_pton(AF_INET, text, &v4) == 1;
    if (!is4 && inet_pton(AF_INET6, text, &v6) != 1)
        return BAD_NETS(err, "\"%.*s\" is not a network; write it like 10.0.0.0/8 or fd00::/8",
                        (int)DGL_MIN(item.len, 80), item.data);
    int64_t bits = is4 ? 32 : 128;
    if (slash && !dgl_parse_int64(slash + 1, item.len - address_len - 1, 0, bits, &bits))
        return BAD_NETS(err, "the prefix length of \"%.*s\" is not a number from 0 to %d", (int)DGL_MIN(item.len, 80),
                        item.data, is4 ? 32 : 128);
    if (g->allow4_count == MAX_ALLOW_NETS || g->allow6_count == MAX_ALLOW_NETS)
        return BAD_NETS(err, "more than %d networks; join neighbouring ones", MAX_ALLOW_NETS);
    return is4 ? add_net4(g, item, ntohl(v4.s_addr), (uint8_t)bits, err) : add_net6(g, item, &v6, (uint8_t)bits, err);
}

static enum dgl_status parse_nets(struct dgl_guard *g, const char *nets, struct dgl_error *err)
{
    const char *p = nets;
    if (dgl_str_trim(dgl_str_of(nets)).len == 0)
        return DGL_OK;
    for (;;) {
        const char *comma = strchr(p, ',');
        size_t len = comma ? (size_t)(comma - p) : strlen(p);
        struct dgl_str item = dgl_str_trim((struct dgl_str){p, len});
        if (item.len == 0)
            return BAD_NETS(err, "a network is missing between two commas of \"%.100s\"", nets);
        DGL_TRY(parse_net(g, item, err));
        if (!comma)
            return DGL_OK;
        p = comma + 1;
    }
}

// ---- public

enum dgl_status dgl_guard_new(const struct dgl_guard_options *options, struct dgl_guard **ret, struct dgl_error *err)
{
    DGL_AUTO(guard) g = DGL_NEW(struct dgl_guard);
    pthread_mutex_init(&g->lock, NULL);
    g->allow_http = options->allow_http;
    g->refuse_own = options->refuse_own_addresses;
    if (options->allow_nets)
        DGL_TRY(parse_nets(g, options->allow_nets, err));
    if (g->refuse_own)
        read_own(g, dgl_clock_mono_us(dgl_clock_system()));
    *ret = DGL_STEAL(g);
    return DGL_OK;
}

void dgl_guard_free(struct dgl_guard *g)
{
    if (!g)
        return;
    pthread_mutex_destroy(&g->lock);
    free(g);
}

bool dgl_guard_allows(const struct dgl_guard *g, const struct sockaddr *sa, bool *ret_private)
{
    struct address a;
    if (!unwrap(sa, &a))
        return false;
    bool refused = class_refused(&a);
    // The list of own addresses is a cache behind its own lock; nothing else of a guard ever changes.
    if (!refused && g->refuse_own)
        refused = is_own((struct dgl_guard *)g, &a);
    if (refused && !explicitly_allowed(g, &a))
        return false;
    *ret_private = refused;
    return true;
}

bool dgl_guard_name_is_local(const char *host)
{
    size_t len = strlen(host), n = strlen("localhost");
    return len >= n && strcmp(host + len - n, "localhost") == 0 && (len == n || host[len - n - 1] == '.');
}

size_t dgl_guard_local_addresses(uint16_t port, struct sockaddr_storage ret[2])
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(ret, 0, 2 * sizeof *ret);
    memcpy(&ret[0], &v4, sizeof v4);
    memcpy(&ret[1], &v6, sizeof v6);
    return 2;
}

bool dgl_guard_literal(const struct dgl_url *url, struct sockaddr_storage *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(url->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(url->port)};
    memset(ret, 0, sizeof *ret);
    if (!url->host_is_address)
        return false;
    if (inet_pton(AF_INET, url->host, &v4.sin_addr) == 1)
        memcpy(ret, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, url->host, &v6.sin6_addr) == 1)
        memcpy(ret, &v6, sizeof v6);
    else
        return false;
    return true;
}

enum dgl_status dgl_guard_check_url(const struct dgl_guard *g, const struct dgl_url *url, const char *field,
                                    struct dgl_error *err)
{
    struct sockaddr_storage address[2];
    size_t count = 0;
    bool allowed = false, is_private;
    if (!url->https && !g->allow_http)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "https_required", field,
                              "%s must begin with https://; plain http is accepted in development only", field);
    if (url->host_is_address)
        count = dgl_guard_literal(url, &address[0]) ? 1 : 0;
    else if (dgl_guard_name_is_local(url->host))
        count = dgl_guard_local_addresses(url->port, address);
    else
        return DGL_OK; // judged when it is resolved
    for (size_t i = 0; i < count; i++)
        allowed = allowed || dgl_guard_allows(g, (const struct sockaddr *)&address[i], &is_private);
    if (!allowed)
        return DGL_FAIL_FIELD(
            err, DGL_E_INVALID, "destination_not_allowed", field,
            "%s: the destination %s is not allowed; give a host that is reachable on the public internet", field,
            url->host);
    return DGL_OK;
}
