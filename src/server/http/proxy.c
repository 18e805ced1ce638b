// Addresses are compared as IPv6, IPv4 ones in mapped form, so that one table serves both.
#include "server/http/proxy.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <string.h>

struct in6_addr http_address_of(const struct sockaddr *address)
{
    struct in6_addr out = IN6ADDR_ANY_INIT;
    if (address && address->sa_family == AF_INET) {
        out.s6_addr[10] = out.s6_addr[11] = 0xFF;
        memcpy(&out.s6_addr[12], &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address && address->sa_family == AF_INET6) {
        out = ((const struct sockaddr_in6 *)address)->sin6_addr;
    }
    return out;
}

bool http_address_parse(const char *text, size_t len, struct in6_addr *ret)
{
    char copy[INET6_ADDRSTRLEN];
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    struct in_addr v4;
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        *ret = (struct in6_addr){0};
        ret->s6_addr[10] = ret->s6_addr[11] = 0xFF;
        memcpy(&ret->s6_addr[12], &v4, 4);
        return true;
    }
    return inet_pton(AF_INET6, copy, ret) == 1;
}

void http_address_format(const struct in6_addr *address, char out[INET6_ADDRSTRLEN])
{
    if (IN6_IS_ADDR_V4MAPPED(address))
        inet_ntop(AF_INET, &address->s6_addr[12], out, INET6_ADDRSTRLEN);
    else
        inet_ntop(AF_INET6, address, out, INET6_ADDRSTRLEN);
}

static enum dgl_status parse_net(struct dgl_str text, struct http_nets *n, struct dgl_error *err)
{
    const char *slash = memchr(text.data, '/', text.len);
    size_t len = slash ? (size_t)(slash - text.data) : text.len;
    struct in6_addr address;
    int64_t bits = 128;
    bool good = http_address_parse(text.data, len, &address);
    bool v4 = good && IN6_IS_ADDR_V4MAPPED(&address) && memchr(text.data, '.', len);
    if (good && slash) {
        good = dgl_parse_int64(slash + 1, text.len - len - 1, 0, v4 ? 32 : 128, &bits);
        bits += v4 ? 96 : 0;
    }
    if (!good)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "bad_network", "TRUSTED_PROXIES",
                              "TRUSTED_PROXIES: \"%.*s\" is no address or network like 10.0.0.0/8", (int)text.len,
                              text.data);
    if (n->count == HTTP_MAX_TRUSTED_NETS)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "too_many", "TRUSTED_PROXIES",
                              "TRUSTED_PROXIES has more than the %d networks allowed", HTTP_MAX_TRUSTED_NETS);
    n->nets[n->count].address = address;
    n->nets[n->count++].bits = (unsigned)bits;
    return DGL_OK;
}

enum dgl_status http_nets_parse(const char *text, struct http_nets *ret, struct dgl_error *err)
{
    struct http_nets n = {.count = 0};
    for (const char *p = text ? text : ""; *p;) {
        size_t len = strcspn(p, ",");
        struct dgl_str item = dgl_str_trim((struct dgl_str){p, len});
        if (item.len)
            DGL_TRY(parse_net(item, &n, err));
        p += len + (p[len] == ',');
    }
    *ret = n;
    return DGL_OK;
}

static bool shares_prefix(const struct in6_addr *a, const struct in6_addr *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    if (memcmp(a, b, bytes) != 0)
        return false;
    return rest == 0 || ((a->s6_addr[bytes] ^ b->s6_addr[bytes]) >> (8 - rest)) == 0;
}

bool http_nets_hold(const struct http_nets *n, const struct in6_addr *address)
{
    for (size_t i = 0; i < n->count; i++)
        if (shares_prefix(&n->nets[i].address, address, n->nets[i].bits))
            return true;
    return false;
}

void http_forwarded_client(const struct http_nets *n, const char *forwarded_for, struct in6_addr *client)
{
    size_t end = strlen(forwarded_for);
    while (end > 0) {
        size_t start = end;
        while (start > 0 && forwarded_for[start - 1] != ',')
            start--;
        struct dgl_str entry = dgl_str_trim((struct dgl_str){forwarded_for + start, end - start});
        struct in6_addr address;
        if (!http_address_parse(entry.data, entry.len, &address))
            return;
        *client = address;
        if (!http_nets_hold(n, &address))
            return;
        end = start ? start - 1 : 0;
    }
}
