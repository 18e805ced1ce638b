// Images that templates name by URL: fetched by the main process through the same guard as webhooks (its own
// allow-list), bounded in time and size, handed to the worker that asked. Workers have no network.
#include "server/app/parts.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_MAX_BYTES (20u << 20)
#define IMAGE_TIMEOUT_MS 10000

static void fail(struct dgl_engine_fetch *fetch, const char *what, const char *why)
{
    struct dgl_error err = DGL_ERROR_INIT;
    (void)!DGL_FAIL_SLUG(&err, DGL_E_INVALID, "image_not_available", "%s %s", what, why);
    dgl_engine_fetch_done(fetch, NULL, 0, &err);
}

static void fetched(void *arg, const struct dgl_net_result *result)
{
    struct dgl_engine_fetch *fetch = arg;
    if (result->outcome != DGL_NET_ANSWERED) {
        fail(fetch, "The image could not be fetched:", result->message);
    } else if (result->http_status != 200) {
        char status[16];
        snprintf(status, sizeof status, "%d.", result->http_status);
        fail(fetch, "The image's server answered with HTTP status", status);
    } else {
        dgl_engine_fetch_done(fetch, result->body, result->body_len, NULL);
    }
}

void dgl_app_fetch_image(void *fetcher, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch)
{
    static const char *const headers[] = {"Accept: image/png, image/jpeg, image/gif, image/svg+xml", NULL};
    const struct dgl_image_fetcher *f = fetcher;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_net_request rq = {.method = "GET",
                                 .headers = headers,
                                 .guard = f->guard,
                                 .group = org_number,
                                 .total_timeout_ms = IMAGE_TIMEOUT_MS,
                                 .max_answer_bytes = IMAGE_MAX_BYTES,
                                 .keep_answer_bytes = IMAGE_MAX_BYTES,
                                 .whole_answer = true};
    enum dgl_status status = dgl_url_parse(url, strlen(url), "image", &rq.url, &err);
    if (status == DGL_OK)
        status = dgl_guard_check_url(f->guard, &rq.url, "image", &err);
    if (status == DGL_OK)
        status = dgl_net_client_submit(f->net, &rq, fetched, fetch, &err);
    if (status != DGL_OK)
        dgl_engine_fetch_done(fetch, NULL, 0, &err);
}
