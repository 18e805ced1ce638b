// What templates name and workers cannot reach: images by URL, fetched by the main process through the same guard as
// webhooks (its own allow-list), bounded in time and size; other templates of the organization by name, and its fonts
// by their hash.
#include "server/app/parts.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/str.h"
#include "server/engine/bounds.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_MAX_BYTES (20u << 20)
#define IMAGE_TIMEOUT_MS 10000
#define TEMPLATE_NAME_MAX_BYTES 1200u

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

static void fetch_image(const struct dgl_image_fetcher *f, uint64_t org_number, const char *url,
                        struct dgl_engine_fetch *fetch)
{
    static const char *const headers[] = {"Accept: image/png, image/jpeg, image/gif, image/svg+xml", NULL};
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

static enum dgl_status read_template(const struct dgl_image_fetcher *f, uint64_t org_number, const char *coded,
                                     struct dgl_buf *ret, struct dgl_error *err)
{
    char name[TEMPLATE_NAME_MAX_BYTES + 1];
    size_t len = 0;
    DGL_AUTO_FD fd = -1;
    if (!f->find_template)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found", "no other templates can be reached here");
    if (!dgl_percent_decode(coded, strlen(coded), false, name, TEMPLATE_NAME_MAX_BYTES, &len))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found", "the name of a template is too long");
    name[len] = '\0';
    DGL_TRY(f->find_template(f->ctx, org_number, name, &fd, err));
    return dgl_file_read_fd(fd, DGL_ENGINE_MAX_FETCH_BYTES, ret, err);
}

// Whatever is wrong with a font is so for now: the job is tried again, with the fonts there are then.
static void open_font(const struct dgl_image_fetcher *f, uint64_t org_number, const char *hex,
                      struct dgl_engine_fetch *fetch)
{
    struct dgl_error err = DGL_ERROR_INIT, reason = DGL_ERROR_INIT;
    unsigned char sha256[DGL_SHA256_LEN];
    int fd = -1;
    bool good = f->find_font && strlen(hex) == 2 * DGL_SHA256_LEN && dgl_hex_decode(hex, strlen(hex), sha256) &&
                f->find_font(f->ctx, org_number, sha256, &fd, &reason) == DGL_OK;
    if (good) {
        dgl_engine_fetch_done_fd(fetch, fd);
        return;
    }
    (void)DGL_FAIL_SLUG(&err, DGL_E_UNAVAILABLE, "font_not_available", "a font of the organization cannot be read: %s",
                        reason.message[0] ? reason.message : "it is not there");
    dgl_engine_fetch_done(fetch, NULL, 0, &err);
}

void dgl_app_fetch(void *fetcher, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch)
{
    const size_t scheme = strlen(DGL_ENGINE_TEMPLATE_SCHEME), font = strlen(DGL_ENGINE_FONT_SCHEME);
    if (strncmp(url, DGL_ENGINE_FONT_SCHEME, font) == 0) {
        open_font(fetcher, org_number, url + font, fetch);
        return;
    }
    if (strncmp(url, DGL_ENGINE_TEMPLATE_SCHEME, scheme) != 0) {
        fetch_image(fetcher, org_number, url, fetch);
        return;
    }
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(DGL_ENGINE_MAX_FETCH_BYTES);
    bool good = read_template(fetcher, org_number, url + scheme, &bytes, &err) == DGL_OK;
    dgl_engine_fetch_done(fetch, bytes.data, good ? bytes.len : 0, good ? NULL : &err);
}
