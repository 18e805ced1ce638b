// /webhooks/: settings, test, signing secret, source addresses. The log is in deliveries.c.
#include "server/api/parts.h"

#include <string.h>

static const char *org(struct dgl_http_request *rq)
{
    return dgl_api_who(rq)->org;
}

// Reads {"<name>": "<text>"}; `required`: must be there. The text lives in the request's arena.
static enum dgl_status read_one(struct dgl_http_request *rq, const char *name, bool required, const char **ret,
                                struct dgl_error *err)
{
    DGL_AUTO_JSON body = NULL;
    const char *text = NULL, *data;
    size_t len;
    const struct dgl_json_field fields[] = {
        {.name = name, .kind = DGL_JSON_STRING, .required = required, .nullable = !required, .ret = &text}};
    *ret = NULL;
    dgl_http_body(rq, &data, &len);
    if (len == 0 && !required)
        return DGL_OK;
    DGL_TRY(dgl_api_read_body(rq, &body, err));
    DGL_TRY(dgl_json_read_object(body, "", fields, DGL_COUNT(fields), err));
    *ret = dgl_arena_strdup(dgl_http_arena(rq), text);
    return DGL_OK;
}

// ---- settings

static void send_settings(struct dgl_api *api, struct dgl_http_request *rq)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_settings settings;
    if (dgl_webhook_settings_get(api->parts.webhook, dgl_http_arena(rq), org(rq), &settings, &err) != DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    struct dgl_buf body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_shape_settings(&w, &settings);
    dgl_api_send(rq, 200, &body);
}

API_HANDLER(webhook_get)
{
    send_settings(ctx, rq);
}

API_HANDLER(webhook_put)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    const char *url;
    if (read_one(rq, "webhook_url", true, &url, &err) == DGL_OK &&
        dgl_webhook_settings_put(api->parts.webhook, org(rq), url, &err) == DGL_OK)
        send_settings(api, rq);
    else
        dgl_api_fail(rq, &err);
}

API_HANDLER(webhook_delete)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    enum dgl_status status = dgl_webhook_settings_delete(api->parts.webhook, org(rq), &err);
    if (status == DGL_OK || status == DGL_E_NOT_FOUND) // none set: that is what was asked for
        dgl_http_respond_empty(rq, 204);
    else
        dgl_api_fail(rq, &err);
}

API_HANDLER(source_ips)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_settings settings;
    if (dgl_webhook_settings_get(api->parts.webhook, dgl_http_arena(rq), org(rq), &settings, &err) != DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    struct dgl_buf body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_jw_object(&w);
    dgl_jw_key(&w, "source_ips");
    dgl_shape_source_ips(&w, settings.source_ips);
    dgl_jw_end_object(&w);
    dgl_api_send(rq, 200, &body);
}

// ---- test

static void on_tested(void *arg, const struct dgl_webhook_test *result)
{
    struct dgl_http_request *rq = arg;
    struct dgl_buf body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_shape_test(&w, result);
    dgl_api_send(rq, 200, &body);
}

// The URL in the body, saved or not; without one, the saved one.
static enum dgl_status start_test(struct dgl_api *api, struct dgl_http_request *rq, int64_t *ret_retry_after_s,
                                  struct dgl_error *err)
{
    const char *url;
    struct dgl_webhook_settings settings;
    DGL_TRY(read_one(rq, "webhook_url", false, &url, err));
    if (!url) {
        DGL_TRY(dgl_webhook_settings_get(api->parts.webhook, dgl_http_arena(rq), org(rq), &settings, err));
        url = settings.url;
    }
    if (!url)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "webhook_url",
                              "No webhook URL is saved; give webhook_url to test one.");
    if (!dgl_account_throttle(api->parts.account, "webhook_test", org(rq), API_TESTS_PER_MINUTE, ret_retry_after_s))
        return DGL_FAIL(err, DGL_E_RATE, "At most %d webhook tests a minute. Try again later.", API_TESTS_PER_MINUTE);
    return dgl_webhook_test_async(api->parts.webhook, org(rq), dgl_api_who(rq)->org_number, url, on_tested, rq, err);
}

API_HANDLER(webhook_test)
{
    struct dgl_error err = DGL_ERROR_INIT;
    int64_t retry_after_s = 0;
    if (start_test(ctx, rq, &retry_after_s, &err) == DGL_OK)
        return; // on_tested answers
    if (err.code == DGL_E_RATE && retry_after_s == 0)
        retry_after_s = 60 / API_TESTS_PER_MINUTE;
    dgl_http_respond_error(rq, &err, retry_after_s);
}

// ---- the signing secret

static void send_secret(struct dgl_http_request *rq, const char *key, const char *secret)
{
    struct dgl_buf body = DGL_BUF_INIT(4096);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, key, secret[0] ? secret : NULL);
    dgl_jw_end_object(&w);
    dgl_api_send(rq, 200, &body);
}

void dgl_api_finish_secret(struct dgl_http_request *rq, const char *key, char secret[96], const struct dgl_error *err)
{
    if (err->code == DGL_OK)
        send_secret(rq, key, secret);
    else
        dgl_api_fail(rq, err);
    dgl_wipe(secret, 96);
}

API_HANDLER(secret_get)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96] = "";
    (void)!dgl_webhook_secret_reveal(api->parts.webhook, org(rq), secret, &err);
    dgl_api_finish_secret(rq, "secret", secret, &err);
}

enum dgl_status dgl_api_read_overlap(struct dgl_http_request *rq, int64_t *ret, struct dgl_error *err)
{
    DGL_AUTO_JSON body = NULL;
    const char *data;
    size_t len;
    int64_t overlap_s = -1; // the default
    const struct dgl_json_field fields[] = {{.name = "overlap_s", .kind = DGL_JSON_INT, .ret = &overlap_s}};
    dgl_http_body(rq, &data, &len);
    if (len) {
        DGL_TRY(dgl_api_read_body(rq, &body, err));
        DGL_TRY(dgl_json_read_object(body, "", fields, DGL_COUNT(fields), err));
        if (overlap_s < -1 || (overlap_s == -1 && json_object_size(body)))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "overlap_s",
                                  "overlap_s must be a number of seconds from 0 up.");
    }
    *ret = overlap_s;
    return DGL_OK;
}

API_HANDLER(secret_rotate)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96] = "";
    int64_t overlap_s;
    if (dgl_api_read_overlap(rq, &overlap_s, &err) == DGL_OK)
        (void)!dgl_webhook_secret_rotate(api->parts.webhook, org(rq), overlap_s, secret, &err);
    dgl_api_finish_secret(rq, "secret", secret, &err);
}

API_HANDLER(secret_derive)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96] = "";
    const char *url;
    if (read_one(rq, "url", true, &url, &err) == DGL_OK)
        (void)!dgl_webhook_secret_derive(api->parts.webhook, org(rq), url, secret, &err);
    dgl_api_finish_secret(rq, "secret", secret, &err);
}
