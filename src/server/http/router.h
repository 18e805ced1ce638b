// Routes by path and method: a tree over path segments, fixed words before parameters. Filled before the server starts,
// only read afterwards (so threads need no lock).
#ifndef DGL_SERVER_HTTP_ROUTER_H
#define DGL_SERVER_HTTP_ROUTER_H

#include "base/str.h"
#include "server/http/target.h"

struct http_router;
struct http_router *http_router_new(void);
void http_router_free(struct http_router *r);
// A malformed path, or the same method and path twice, is a bug: abort.
void http_router_add(struct http_router *r, const struct dgl_route *route, void *ctx);

struct http_match {
    const struct dgl_route *route;
    void *ctx;
    size_t param_count;
    struct dgl_str param_names[DGL_HTTP_MAX_PATH_PARAMS]; // point into the route's path
    const char *params[DGL_HTTP_MAX_PATH_PARAMS];
};
// DGL_E_NOT_FOUND; DGL_E_METHOD with the methods there are in ret_allow ("GET, HEAD, POST"); DGL_E_MALFORMED when a
// parameter holds an encoded slash. HEAD finds GET.
enum dgl_status http_router_find(const struct http_router *r, const char *method, const struct http_target *target,
                                 struct http_match *ret, char ret_allow[128], struct dgl_error *err) DGL_MUST_CHECK;

#endif
