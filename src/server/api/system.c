// For operators and machines: health, readiness, the OpenAPI document.
#include "server/api/parts.h"

#include <string.h>

API_HANDLER(openapi)
{
    struct dgl_api *api = ctx;
    dgl_http_set_header(rq, "Access-Control-Allow-Origin", "*");
    dgl_http_respond_static(rq, 200, "application/json", api->openapi, api->openapi_len, api->openapi_etag);
}

static void send_state(struct dgl_http_request *rq, const char *state, const char *version)
{
    struct dgl_buf body = DGL_BUF_INIT(4096);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "status", state);
    dgl_jw_kstr(&w, "version", version);
    dgl_jw_end_object(&w);
    dgl_api_send(rq, 200, &body);
}

// Alive: it answers. Nothing else is looked at, so that a full disk does not get the process restarted.
API_HANDLER(healthz)
{
    struct dgl_api *api = ctx;
    send_state(rq, "ok", api->parts.version);
}

enum dgl_status dgl_api_check_ready(struct dgl_api *api, struct dgl_error *err)
{
    struct dgl_engine_stats engine;
    if (atomic_load(&api->stopping))
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "stopping", "The server is stopping.");
    DGL_TRY(dgl_store_health(api->parts.store, err));
    dgl_engine_stats(api->parts.engine, &engine);
    if (engine.workers_alive == 0 && engine.fork_errno != 0)
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "no_workers",
                             "No worker process is alive and none can be started: %s.", strerror(engine.fork_errno));
    if (engine.workers_alive == 0)
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "no_workers", "No worker process is alive at the moment.");
    return DGL_OK;
}

API_HANDLER(readyz)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT, public;
    if (dgl_api_check_ready(api, &err) == DGL_OK) {
        send_state(rq, "ready", api->parts.version);
        return;
    }
    // Not ready is 503, whatever the cause is called inside.
    (void)DGL_FAIL_SLUG(&public, DGL_E_UNAVAILABLE, dgl_error_slug(&err), "%s", err.message);
    dgl_http_respond_error(rq, &public, 1);
}
