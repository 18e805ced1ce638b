// /webhooks/deliveries/: the log, one delivery with its attempts and the body as it was sent; sending again, one or all
// of a time range.
#include "server/api/parts.h"

#include <string.h>

static const char *status_word(int i)
{
    return dgl_delivery_status_word((enum dgl_delivery_status)i);
}

static enum dgl_status list_deliveries(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                       struct dgl_error *err)
{
    struct dgl_delivery_filter filter = {0};
    struct dgl_page_query page;
    bool given;
    DGL_TRY(dgl_api_read_id(rq, "document_id", &filter.document, err));
    DGL_TRY(dgl_api_read_id(rq, "endpoint_id", &filter.endpoint, err));
    DGL_TRY(dgl_api_read_word(rq, "status", status_word, DGL_DELIVERY_CANCELED + 1, &filter.status, err));
    DGL_TRY(dgl_api_read_time(rq, "since", &filter.since_us, err));
    DGL_TRY(dgl_api_read_time(rq, "until", &filter.until_us, err));
    DGL_TRY(dgl_api_read_page(rq, &page, &given, err));
    struct dgl_delivery_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN] = "";
    DGL_TRY(dgl_store_delivery_list(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, &filter, &page, &rows,
                                    &count, next, err));
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    dgl_api_begin_page(&w);
    for (size_t i = 0; i < count; i++) {
        dgl_shape_delivery(&w, &rows[i], true);
        dgl_jw_end_object(&w);
    }
    dgl_api_end_page(&w, next);
    return DGL_OK;
}

// The last attempt's link expiry rebuilds the body that it sent; before the first there is none yet.
static enum dgl_status write_delivery(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                      struct dgl_error *err)
{
    const char *org = dgl_api_who(rq)->org, *id = dgl_api_id(rq);
    struct dgl_delivery_row row;
    struct dgl_attempt_row *attempts;
    size_t count;
    DGL_AUTO_FINI(buf) payload = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    DGL_TRY(dgl_store_delivery_get(api->parts.store, dgl_http_arena(rq), org, id, &row, err));
    DGL_TRY(dgl_store_attempt_list(api->parts.store, dgl_http_arena(rq), org, id, &attempts, &count, err));
    int64_t expires_at_us = 0;
    for (size_t i = 0; i < count; i++)
        expires_at_us = DGL_MAX(expires_at_us, attempts[i].link_expires_at_us);
    DGL_TRY(dgl_webhook_payload(api->parts.webhook, &row, expires_at_us, true, &payload, err));
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    dgl_shape_delivery(&w, &row, false);
    dgl_jw_key(&w, "attempts");
    dgl_jw_array(&w);
    for (size_t i = 0; i < count; i++)
        dgl_shape_attempt(&w, &attempts[i]);
    dgl_jw_end_array(&w);
    dgl_jw_key(&w, "payload");
    dgl_jw_raw(&w, payload.data, payload.len);
    dgl_jw_end_object(&w);
    return DGL_OK;
}

API_HANDLER_BODY(delivery_list, 200, list_deliveries)

API_HANDLER_BODY(delivery_get, 200, write_delivery)

static enum dgl_status redeliver(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                 struct dgl_error *err)
{
    DGL_TRY(dgl_webhook_redeliver(api->parts.webhook, dgl_api_who(rq)->org, dgl_api_id(rq), err));
    return write_delivery(api, rq, body, err);
}

API_HANDLER_BODY(delivery_redeliver, 202, redeliver)

// ---- POST /webhooks/redeliver: all of a time range

static enum dgl_status read_time(const char *text, const char *field, int64_t *ret_us, struct dgl_error *err)
{
    if (text && !dgl_time_parse(text, strlen(text), ret_us))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_time", field,
                              "%s is not a time such as 2024-01-15T10:30:00Z.", field);
    return DGL_OK;
}

static enum dgl_status read_status(const char *word, enum dgl_delivery_status *ret, struct dgl_error *err)
{
    *ret = DGL_DELIVERY_DROPPED;
    for (int i = 0; word && i <= DGL_DELIVERY_CANCELED; i++)
        if (strcmp(word, dgl_delivery_status_word((enum dgl_delivery_status)i)) == 0) {
            *ret = (enum dgl_delivery_status)i;
            return DGL_OK;
        }
    return !word ? DGL_OK
                 : DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "status",
                                  "status must be dropped, canceled or succeeded.");
}

static enum dgl_status redeliver_range(struct dgl_api *api, struct dgl_http_request *rq, bool *ret_dry_run,
                                       int64_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_JSON body = NULL;
    const char *since = NULL, *until = NULL, *status = NULL;
    struct dgl_webhook_range range = {0};
    const struct dgl_json_field fields[] = {
        {.name = "since", .kind = DGL_JSON_STRING, .required = true, .ret = &since},
        {.name = "until", .kind = DGL_JSON_STRING, .nullable = true, .ret = &until},
        {.name = "status", .kind = DGL_JSON_STRING, .nullable = true, .ret = &status},
        {.name = "endpoint_id", .kind = DGL_JSON_STRING, .nullable = true, .ret = &range.endpoint},
        {.name = "dry_run", .kind = DGL_JSON_BOOL, .ret = &range.dry_run},
    };
    DGL_TRY(dgl_api_read_body(rq, &body, err));
    DGL_TRY(dgl_json_read_object(body, "", fields, DGL_COUNT(fields), err));
    DGL_TRY(read_time(since, "since", &range.since_us, err));
    DGL_TRY(read_time(until, "until", &range.until_us, err));
    DGL_TRY(read_status(status, &range.status, err));
    *ret_dry_run = range.dry_run;
    return dgl_webhook_redeliver_range(api->parts.webhook, dgl_api_who(rq)->org, &range, ret_count, err);
}

API_HANDLER(redeliver_range)
{
    struct dgl_error err = DGL_ERROR_INIT;
    bool dry_run;
    int64_t count;
    if (redeliver_range(ctx, rq, &dry_run, &count, &err) != DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    struct dgl_buf body = DGL_BUF_INIT(4096);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_jw_object(&w);
    dgl_jw_kint(&w, "count", count);
    dgl_jw_kbool(&w, "dry_run", dry_run);
    dgl_jw_end_object(&w);
    dgl_api_send(rq, dry_run ? 200 : 202, &body);
}
