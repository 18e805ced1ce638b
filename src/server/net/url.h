// URLs as webhooks, images and fonts use them: absolute http(s), host in lower-case ASCII (IDNA by libidn2 through
// libcurl's URL API or an A-label check), no credentials, at most 2,048 bytes. RFC 3986; numeric hosts only in their
// canonical form.
#ifndef DGL_SERVER_NET_URL_H
#define DGL_SERVER_NET_URL_H

#include "base/error.h"

#define DGL_URL_MAX 2048

struct dgl_url {
    bool https;
    char host[256]; // lower case, without brackets and trailing dot
    uint16_t port;
    bool host_is_address;         // an IPv4 or IPv6 literal
    char origin[300];             // "https://host" or "https://host:port" when not the default port
    char target[DGL_URL_MAX + 1]; // path and query, at least "/"; the fragment is dropped
    char text[DGL_URL_MAX + 1];   // the whole, normalized
};
// `field` names the input in messages ("webhook_url"). Failures: DGL_E_INVALID, slug "invalid_url".
enum dgl_status dgl_url_parse(const char *s, size_t len, const char *field, struct dgl_url *ret,
                              struct dgl_error *err) DGL_MUST_CHECK;

#endif
