// Trusted proxies: whose X-Forwarded-For and X-Forwarded-Proto are believed.
#ifndef DGL_SERVER_HTTP_PROXY_H
#define DGL_SERVER_HTTP_PROXY_H

#include "server/http/limits.h"
#include <netinet/in.h>

struct http_nets {
    struct {
        struct in6_addr address; // IPv4 mapped
        unsigned bits;
    } nets[HTTP_MAX_TRUSTED_NETS];
    size_t count;
};
// "10.0.0.0/8, 192.0.2.7, fd00::/8"; NULL or "" = none.
enum dgl_status http_nets_parse(const char *text, struct http_nets *ret, struct dgl_error *err) DGL_MUST_CHECK;
bool http_nets_hold(const struct http_nets *n, const struct in6_addr *address);
// Of a socket's peer; IPv4 comes out mapped, what is neither as "::".
struct in6_addr http_address_of(const struct sockaddr *address);
bool http_address_parse(const char *text, size_t len, struct in6_addr *ret); // IPv4 comes out mapped; also "[v6]"
// Plain text, mapped IPv4 without its prefix.
void http_address_format(const struct in6_addr *address, char out[INET6_ADDRSTRLEN]);
// The client's address behind a trusted peer: the rightmost address in the X-Forwarded-For value (several lines joined
// by commas, in order) that is no trusted proxy; the leftmost when all are. An unreadable entry ends the walk at the
// entry to its right.
void http_forwarded_client(const struct http_nets *n, const char *forwarded_for, struct in6_addr *client);

#endif
