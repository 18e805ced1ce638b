// The room's door: fills the bounds and guards into the routes, makes the OpenAPI document once, and adds the routes.
#include "server/api/parts.h"

#include <stdlib.h>

static enum dgl_status make_openapi(struct dgl_api *api, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    unsigned char hash[DGL_SHA256_LEN];
    DGL_TRY(dgl_api_openapi_write(api->parts.public_url, api->parts.version, &out, err));
    dgl_sha256(out.data, out.len, hash);
    dgl_hex_encode(hash, 8, api->openapi_etag);
    api->openapi = dgl_buf_take(&out, &api->openapi_len);
    return DGL_OK;
}

static void make_routes(struct dgl_api *api)
{
    api->routes = dgl_alloc(dgl_api_entry_count * sizeof(*api->routes));
    for (size_t i = 0; i < dgl_api_entry_count; i++) {
        struct dgl_route *r = &api->routes[i];
        *r = dgl_api_entries[i].route;
        if (r->flags & DGL_ROUTE_FORM)
            r->max_body_bytes = (size_t)api->parts.max_upload_bytes + API_FORM_OVERHEAD_BYTES;
        if (r->access != API_ANYONE)
            r->admit = dgl_api_admit;
    }
}

enum dgl_status dgl_api_new(const struct dgl_api_parts *parts, struct dgl_http_server *http, struct dgl_api **ret,
                            struct dgl_error *err)
{
    DGL_AUTO(api) api = DGL_NEW(struct dgl_api);
    api->parts = *parts;
    api->parts.public_url = dgl_strdup(parts->public_url ? parts->public_url : "");
    api->parts.version = dgl_strdup(parts->version);
    api->http = http;
    api->started_at_us = dgl_clock_now_us(parts->clock);
    DGL_TRY(make_openapi(api, err));
    make_routes(api);
    dgl_http_server_add(http, api->routes, dgl_api_entry_count, api);
    *ret = DGL_STEAL(api);
    return DGL_OK;
}

void dgl_api_set_stopping(struct dgl_api *api)
{
    atomic_store(&api->stopping, true);
    dgl_webhook_events_stop(api->parts.webhook);
}

void dgl_api_free(struct dgl_api *api)
{
    if (!api)
        return;
    free((char *)api->parts.public_url);
    free((char *)api->parts.version);
    free(api->openapi);
    free(api->routes);
    free(api);
}
