// /webhooks/events: the feed that `docgenlab listen` reads, open to any client.
//
//   GET  /webhooks/events?name=…            begins: what that listener has not reported yet
//   GET  /webhooks/events?cursor=…&wait=N   what comes behind the cursor, waiting up to N seconds for it
//   POST /webhooks/events/{id}/result       what came of one
#include "server/api/parts.h"

#include "base/str.h"
#include <string.h>

#define DEFAULT_NAME "api"
#define EVENTS_WAIT_MAX_S (DGL_WEBHOOK_EVENTS_WAIT_MAX_MS / 1000)

struct polling {
    struct dgl_api *api;
    struct dgl_http_request *rq;
    const char *cursor;
    int64_t wait_s, limit;
};

static void put_headers(struct dgl_json_writer *w, const char *const *headers)
{
    dgl_jw_key(w, "headers");
    dgl_jw_object(w);
    for (size_t i = 0; headers[i]; i++) {
        size_t len = strcspn(headers[i], ":");
        char name[128];
        dgl_str_copy(name, sizeof name, headers[i], DGL_MIN(len, sizeof name - 1));
        dgl_jw_kstr(w, name, headers[i] + len + 2);
    }
    dgl_jw_end_object(w);
}

static void put_event(struct dgl_json_writer *w, const struct dgl_webhook_event *e)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "id", e->id);
    dgl_jw_kstr(w, "event", e->event_type);
    dgl_jw_kint(w, "attempt", e->attempt);
    dgl_jw_kint(w, "timestamp", e->timestamp_s);
    put_headers(w, e->headers);
    dgl_jw_kstr(w, "body", e->body);
    dgl_jw_kstr(w, "cursor", e->cursor);
    dgl_jw_end_object(w);
}

static enum dgl_status read_events(const struct polling *p, struct dgl_webhook_event **ret, size_t *ret_count,
                                   struct dgl_error *err)
{
    return dgl_webhook_events_after(p->api->parts.webhook, dgl_http_arena(p->rq), dgl_api_who(p->rq)->org, p->cursor,
                                    (size_t)p->limit, ret, ret_count, err);
}

static void send_events(const struct polling *p, const struct dgl_webhook_event *events, size_t count)
{
    struct dgl_buf body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_jw_object(&w);
    dgl_jw_key(&w, "events");
    dgl_jw_array(&w);
    for (size_t i = 0; i < count; i++)
        put_event(&w, &events[i]);
    dgl_jw_end_array(&w);
    dgl_jw_kstr(&w, "cursor", count ? events[count - 1].cursor : p->cursor);
    dgl_jw_end_object(&w);
    dgl_api_send(p->rq, 200, &body);
}

static void on_woken(void *arg)
{
    const struct polling *p = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_event *events;
    size_t count;
    if (dgl_api_readmit(p->api, p->rq, &err) == DGL_OK && read_events(p, &events, &count, &err) == DGL_OK)
        send_events(p, events, count);
    else
        dgl_api_fail(p->rq, &err);
}

static enum dgl_status read_query(struct polling *p, struct dgl_error *err)
{
    const char *name = dgl_http_query(p->rq, "name");
    DGL_TRY(dgl_api_read_number(p->rq, "wait", 0, EVENTS_WAIT_MAX_S, &p->wait_s, err));
    DGL_TRY(dgl_api_read_number(p->rq, "limit", 1, DGL_WEBHOOK_EVENTS_MAX, &p->limit, err));
    p->cursor = dgl_http_query(p->rq, "cursor");
    if (p->cursor && name)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_query", "name",
                              "name begins a feed and cursor goes on with it; give one of them.");
    if (p->cursor)
        return DGL_OK;
    char *cursor = dgl_arena_alloc(dgl_http_arena(p->rq), DGL_WEBHOOK_EVENTS_CURSOR_LEN);
    DGL_TRY(
        dgl_webhook_listen(p->api->parts.webhook, dgl_api_who(p->rq)->org, name ? name : DEFAULT_NAME, cursor, err));
    p->cursor = cursor;
    return DGL_OK;
}

API_HANDLER(events_get)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_event *events;
    size_t count;
    struct polling *p = DGL_ARENA_NEW(dgl_http_arena(rq), struct polling);
    *p = (struct polling){.api = ctx, .rq = rq, .limit = DGL_WEBHOOK_EVENTS_MAX};
    if (read_query(p, &err) != DGL_OK || read_events(p, &events, &count, &err) != DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    if (count > 0 || p->wait_s == 0 || p->api->stopping) {
        send_events(p, events, count);
        return;
    }
    if (dgl_webhook_events_wait(p->api->parts.webhook, dgl_api_who(rq)->org, p->cursor, p->wait_s * 1000, on_woken, p,
                                &err) != DGL_OK)
        dgl_api_fail(rq, &err);
}

static enum dgl_status report(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err)
{
    DGL_AUTO_JSON body = NULL;
    struct dgl_webhook_report r = {0};
    const struct dgl_json_field fields[] = {
        {.name = "timestamp", .kind = DGL_JSON_INT, .required = true, .ret = &r.timestamp_s},
        {.name = "http_status", .kind = DGL_JSON_INT, .nullable = true, .ret = &r.http_status},
        {.name = "total_us", .kind = DGL_JSON_INT, .ret = &r.total_us},
        {.name = "message", .kind = DGL_JSON_STRING, .nullable = true, .ret = &r.message},
        {.name = "headers",
         .kind = DGL_JSON_STRING,
         .nullable = true,
         .max = API_MAX_REPORT_HEADERS,
         .ret = &r.headers},
        {.name = "body", .kind = DGL_JSON_STRING, .nullable = true, .max = API_MAX_REPORT_BODY, .ret = &r.body},
    };
    DGL_TRY(dgl_api_read_body(rq, &body, err));
    DGL_TRY(dgl_json_read_object(body, "", fields, DGL_COUNT(fields), err));
    return dgl_webhook_event_report(api->parts.webhook, dgl_api_who(rq)->org, dgl_api_id(rq), &r, err);
}

API_HANDLER_EMPTY(event_result, report)
