// The guard against server-side request forgery: which URLs and addresses this server may connect to.
//
// Checked twice: when a URL is given (scheme, credentials, literal addresses: a 422 for the field), and on every
// address of the host at connect time, on the very address that is connected to. The classes refused stand in guard.c
// as one table (IANA special-purpose registries; cloud metadata addresses). Immutable after dgl_guard_new; thread safe.
#ifndef DGL_SERVER_NET_GUARD_H
#define DGL_SERVER_NET_GUARD_H

#include "server/net/url.h"
#include <netinet/in.h>
#include <sys/socket.h>

struct dgl_guard;
struct dgl_guard_options {
    bool allow_http;           // development: plain http accepted
    const char *allow_nets;    // comma-separated CIDRs that are let through although refused by class; NULL = none
    bool refuse_own_addresses; // the machine's own interface addresses (unless inside allow_nets)
};
enum dgl_status dgl_guard_new(const struct dgl_guard_options *options, struct dgl_guard **ret,
                              struct dgl_error *err) DGL_MUST_CHECK;
void dgl_guard_free(struct dgl_guard *g);
DGL_DEFINE_AUTO(guard);

// Plainly unusable URLs: DGL_E_INVALID, slugs "https_required", "destination_not_allowed", "invalid_url".
enum dgl_status dgl_guard_check_url(const struct dgl_guard *g, const struct dgl_url *url, const char *field,
                                    struct dgl_error *err) DGL_MUST_CHECK;
// Whether an address may be connected to. *ret_private: let through only thanks to allow_nets.
bool dgl_guard_allows(const struct dgl_guard *g, const struct sockaddr *address, bool *ret_private);

// The address of a URL whose host is a literal; false for names.
bool dgl_guard_literal(const struct dgl_url *url, struct sockaddr_storage *ret);
// "localhost" and names below it never go to DNS (RFC 6761 §6.3): they mean the loopback addresses, IPv4 first.
bool dgl_guard_name_is_local(const char *host);
size_t dgl_guard_local_addresses(uint16_t port, struct sockaddr_storage ret[2]);

#endif
