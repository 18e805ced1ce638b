// /webhooks/: settings, test, signing secret, source addresses. The log is in deliveries.c.
#include "server/api/parts.h"

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

static enum dgl_status write_settings(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                      struct dgl_error *err)
{
    struct dgl_webhook_settings settings;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(dgl_webhook_settings_get(api->parts.webhook, dgl_http_arena(rq), org(rq), &settings, err));
    dgl_shape_settings(&w, &settings);
    return DGL_OK;
}

static enum dgl_status put_settings(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                    struct dgl_error *err)
{
    const char *url;
    DGL_TRY(read_one(rq, "webhook_url", true, &url, err));
    DGL_TRY(dgl_webhook_settings_put(api->parts.webhook, org(rq), url, err));
    return write_settings(api, rq, body, err);
}

static enum dgl_status delete_settings(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err)
{
    enum dgl_status status = dgl_webhook_settings_delete(api->parts.webhook, org(rq), err);
    return status == DGL_E_NOT_FOUND ? DGL_OK : status; // none set: that is what was asked for
}

static enum dgl_status write_source_ips(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                        struct dgl_error *err)
{
    struct dgl_webhook_settings settings;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(dgl_webhook_settings_get(api->parts.webhook, dgl_http_arena(rq), org(rq), &settings, err));
    dgl_jw_object(&w);
    dgl_jw_key(&w, "source_ips");
    dgl_shape_source_ips(&w, settings.source_ips);
    dgl_jw_end_object(&w);
    return DGL_OK;
}

API_HANDLER_BODY(webhook_get, 200, write_settings)
API_HANDLER_BODY(webhook_put, 200, put_settings)
API_HANDLER_EMPTY(webhook_delete, delete_settings)
API_HANDLER_BODY(source_ips, 200, write_source_ips)

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
    return dgl_webhook_test_async(api->parts.webhook, org(rq), dgl_api_who(rq)->org_number, url, on_tested, rq,
                                  ret_retry_after_s, err);
}

API_HANDLER(webhook_test)
{
    struct dgl_error err = DGL_ERROR_INIT;
    int64_t retry_after_s = 0;
    if (start_test(ctx, rq, &retry_after_s, &err) != DGL_OK) // else on_tested answers
        dgl_http_respond_error(rq, &err, retry_after_s);
}

// ---- the signing secret

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
                                  "overlap_s is %lld but must be a number of seconds from 0 up.", (long long)overlap_s);
    }
    *ret = overlap_s;
    return DGL_OK;
}

static enum dgl_status secret(struct dgl_api *api, struct dgl_http_request *rq, char ret[API_SECRET_SIZE],
                              struct dgl_error *err)
{
    return dgl_webhook_secret_reveal(api->parts.webhook, org(rq), ret, err);
}

static enum dgl_status rotate(struct dgl_api *api, struct dgl_http_request *rq, char ret[API_SECRET_SIZE],
                              struct dgl_error *err)
{
    int64_t overlap_s;
    DGL_TRY(dgl_api_read_overlap(rq, &overlap_s, err));
    return dgl_webhook_secret_rotate(api->parts.webhook, org(rq), overlap_s, ret, err);
}

static enum dgl_status derive(struct dgl_api *api, struct dgl_http_request *rq, char ret[API_SECRET_SIZE],
                              struct dgl_error *err)
{
    const char *url;
    DGL_TRY(read_one(rq, "url", true, &url, err));
    return dgl_webhook_secret_derive(api->parts.webhook, org(rq), url, ret, err);
}

API_HANDLER_SECRET(secret_get, "secret", secret)
API_HANDLER_SECRET(secret_rotate, "secret", rotate)
API_HANDLER_SECRET(secret_derive, "secret", derive)
