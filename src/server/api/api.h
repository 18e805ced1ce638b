// The REST resources under /api/v1, signed files, health, metrics and the OpenAPI document. One table of routes
// (routes.c) names every route with who may call it; a test holds the OpenAPI document against it.
#ifndef DGL_SERVER_API_API_H
#define DGL_SERVER_API_API_H

#include "server/document/document.h"
#include "server/http/http.h"

struct dgl_api;
struct dgl_api_parts {
    struct dgl_store *store;
    struct dgl_account *account;
    struct dgl_documents *documents;
    struct dgl_webhook *webhook;
    struct dgl_engine *engine;
    struct dgl_clock *clock;
    const char *public_url;
    const char *version;
    int64_t max_upload_bytes;
};
enum dgl_status dgl_api_new(const struct dgl_api_parts *parts, struct dgl_http_server *http, struct dgl_api **ret,
                            struct dgl_error *err) DGL_MUST_CHECK; // adds its routes
void dgl_api_set_stopping(struct dgl_api *api);                    // /readyz answers 503 from now on
void dgl_api_free(struct dgl_api *api);
DGL_DEFINE_AUTO(api);

// The OpenAPI 3.1 document of a server that is reached at `public_url`, appended to `out`. Any thread.
enum dgl_status dgl_api_openapi_write(const char *public_url, const char *version, struct dgl_buf *out,
                                      struct dgl_error *err) DGL_MUST_CHECK;

#endif
