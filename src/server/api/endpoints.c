// /webhooks/endpoints/: what receives events beside the organization's URL and those given with requests; and the
// organization's key pair. A change replaces all of an endpoint, so what a GET showed can be sent back.
#include "server/api/parts.h"

#include <string.h>

static const char *org(struct dgl_http_request *rq)
{
    return dgl_api_who(rq)->org;
}

// ---- reading

static enum dgl_status read_events(json_t *list, struct dgl_buf *out, struct dgl_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", "events",
                                  "events must be a list of names such as \"document.generated\".");
        if (!*name || strchr(name, ',')) // "" and a comma would read as something else further on
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_event", "events",
                                  "\"%.64s\" is not an event; choose document.generated or bulk.completed.", name);
        dgl_buf_printf(out, "%s%s", i ? "," : "", name);
    }
    return dgl_buf_check(out, "events", err);
}

static enum dgl_status read_schedule(json_t *list, struct dgl_buf *out, struct dgl_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *step = json_array_get(list, i);
        if (!json_is_integer(step))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", "schedule",
                                  "schedule must be a list of whole seconds such as [60, 300, 900].");
        dgl_buf_printf(out, "%s%lld", i ? "," : "", (long long)json_integer_value(step));
    }
    return dgl_buf_check(out, "schedule", err);
}

static enum dgl_status read_headers(struct dgl_arena *a, json_t *object, struct dgl_webhook_endpoint_spec *spec,
                                    struct dgl_error *err)
{
    const char *name;
    json_t *value;
    struct dgl_webhook_header *headers = dgl_arena_alloc(a, DGL_MAX(json_object_size(object), 1) * sizeof *headers);
    json_object_foreach(object, name, value)
    {
        const char *text = json_string_value(value);
        if (!text || strlen(text) != json_string_length(value))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", "headers",
                                  "headers.%.64s must be a text; write headers like {\"X-Token\": \"abc\"}.", name);
        headers[spec->header_count++] =
            (struct dgl_webhook_header){.name = dgl_arena_strdup(a, name), .value = dgl_arena_strdup(a, text)};
    }
    spec->headers = headers;
    return DGL_OK;
}

// The spec's strings live in the request's arena.
static enum dgl_status read_spec(struct dgl_http_request *rq, struct dgl_webhook_endpoint_spec *ret,
                                 struct dgl_error *err)
{
    DGL_AUTO_JSON body = NULL;
    json_t *events = NULL, *schedule = NULL, *headers = NULL, *shown = NULL; // what only a GET says is passed over
    const char *url = NULL, *description = NULL;
    struct dgl_webhook_endpoint_spec spec = {0};
    struct dgl_arena *a = dgl_http_arena(rq);
    DGL_AUTO_FINI(buf) event_text = DGL_BUF_INIT(4096);
    DGL_AUTO_FINI(buf) schedule_text = DGL_BUF_INIT(4096);
    const struct dgl_json_field fields[] = {
        {.name = "url", .kind = DGL_JSON_STRING, .required = true, .ret = &url},
        {.name = "description", .kind = DGL_JSON_STRING, .nullable = true, .ret = &description},
        {.name = "events", .kind = DGL_JSON_ARRAY, .nullable = true, .max = 32, .ret = &events},
        {.name = "schedule", .kind = DGL_JSON_ARRAY, .nullable = true, .max = 100, .ret = &schedule},
        {.name = "rate_per_s", .kind = DGL_JSON_INT, .nullable = true, .ret = &spec.rate_per_s},
        {.name = "headers", .kind = DGL_JSON_OBJECT, .nullable = true, .ret = &headers},
        {.name = "own_secret", .kind = DGL_JSON_BOOL, .ret = &spec.own_secret},
        {.name = "id", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "kind", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "secret_hint", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "enabled", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "state_reason", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "failing_since", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "last_success_at", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "last_failure_at", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "created_at", .kind = DGL_JSON_ANY, .ret = &shown},
        {.name = "updated_at", .kind = DGL_JSON_ANY, .ret = &shown},
    };
    DGL_TRY(dgl_api_read_body(rq, &body, err));
    DGL_TRY(dgl_json_read_object(body, "", fields, DGL_COUNT(fields), err));
    DGL_TRY(read_events(events, &event_text, err));
    DGL_TRY(read_schedule(schedule, &schedule_text, err));
    DGL_TRY(read_headers(a, headers, &spec, err));
    spec.url = dgl_arena_strdup(a, url);
    spec.description = description ? dgl_arena_strdup(a, description) : NULL;
    spec.events = event_text.len ? dgl_arena_strdup(a, event_text.data) : NULL;
    spec.schedule = schedule ? dgl_arena_strdup(a, schedule_text.len ? schedule_text.data : "") : NULL;
    *ret = spec;
    return DGL_OK;
}

// ---- showing

static enum dgl_status write_one(struct dgl_api *api, struct dgl_http_request *rq, const char *id, struct dgl_buf *body,
                                 struct dgl_error *err)
{
    struct dgl_webhook_endpoint endpoint;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(dgl_webhook_endpoint_get(api->parts.webhook, dgl_http_arena(rq), org(rq), id, &endpoint, err));
    dgl_shape_endpoint(&w, &endpoint);
    return DGL_OK;
}

static const char *id_of(const void *rows, size_t i)
{
    return ((const struct dgl_webhook_endpoint *)rows)[i].id;
}

static enum dgl_status list(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                            struct dgl_error *err)
{
    struct dgl_webhook_endpoint *endpoints;
    size_t count;
    struct api_window page;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(dgl_webhook_endpoint_list(api->parts.webhook, dgl_http_arena(rq), org(rq), &endpoints, &count, err));
    DGL_TRY(dgl_api_read_window(rq, endpoints, count, id_of, &page, err));
    dgl_api_begin_page(&w);
    for (size_t i = page.first; i < page.end; i++)
        dgl_shape_endpoint(&w, &endpoints[i]);
    dgl_api_end_page(&w, page.next);
    return DGL_OK;
}

static enum dgl_status get(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                           struct dgl_error *err)
{
    return write_one(api, rq, dgl_api_id(rq), body, err);
}

static enum dgl_status health(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                              struct dgl_error *err)
{
    struct dgl_endpoint_health h;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(dgl_webhook_endpoint_health(api->parts.webhook, org(rq), dgl_api_id(rq), &h, err));
    dgl_shape_endpoint_health(&w, &h);
    return DGL_OK;
}

// ---- changing

static enum dgl_status create(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                              struct dgl_error *err)
{
    struct dgl_webhook_endpoint_spec spec;
    struct dgl_id id;
    DGL_TRY(read_spec(rq, &spec, err));
    DGL_TRY(dgl_webhook_endpoint_create(api->parts.webhook, org(rq), &spec, &id, err));
    return write_one(api, rq, id.s, body, err);
}

static enum dgl_status update(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                              struct dgl_error *err)
{
    struct dgl_webhook_endpoint_spec spec;
    DGL_TRY(read_spec(rq, &spec, err));
    DGL_TRY(dgl_webhook_endpoint_update(api->parts.webhook, org(rq), dgl_api_id(rq), &spec, err));
    return write_one(api, rq, dgl_api_id(rq), body, err);
}

static enum dgl_status enable(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                              struct dgl_error *err)
{
    DGL_TRY(dgl_webhook_endpoint_enable(api->parts.webhook, org(rq), dgl_api_id(rq), err));
    return write_one(api, rq, dgl_api_id(rq), body, err);
}

static enum dgl_status disable(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                               struct dgl_error *err)
{
    DGL_TRY(dgl_webhook_endpoint_disable(api->parts.webhook, org(rq), dgl_api_id(rq), NULL, err));
    return write_one(api, rq, dgl_api_id(rq), body, err);
}

static enum dgl_status delete (struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err) {
    return dgl_webhook_endpoint_delete(api->parts.webhook, org(rq), dgl_api_id(rq), err);
}

// ---- its secret

static enum dgl_status secret(struct dgl_api *api, struct dgl_http_request *rq, char ret[API_SECRET_SIZE],
                              struct dgl_error *err)
{
    return dgl_webhook_endpoint_secret_reveal(api->parts.webhook, org(rq), dgl_api_id(rq), ret, err);
}

static enum dgl_status rotate(struct dgl_api *api, struct dgl_http_request *rq, char ret[API_SECRET_SIZE],
                              struct dgl_error *err)
{
    int64_t overlap_s;
    DGL_TRY(dgl_api_read_overlap(rq, &overlap_s, err));
    return dgl_webhook_endpoint_secret_rotate(api->parts.webhook, org(rq), dgl_api_id(rq), overlap_s, ret, err);
}

// ---- the organization's key pair (v1a)

static enum dgl_status public_key(struct dgl_api *api, struct dgl_http_request *rq, char ret[API_SECRET_SIZE],
                                  struct dgl_error *err)
{
    return dgl_webhook_public_key(api->parts.webhook, org(rq), ret, err);
}

static enum dgl_status rotate_public_key(struct dgl_api *api, struct dgl_http_request *rq, char ret[API_SECRET_SIZE],
                                         struct dgl_error *err)
{
    int64_t overlap_s;
    DGL_TRY(dgl_api_read_overlap(rq, &overlap_s, err));
    return dgl_webhook_public_key_rotate(api->parts.webhook, org(rq), overlap_s, ret, err);
}

static enum dgl_status delete_public_key(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err)
{
    return dgl_webhook_public_key_disable(api->parts.webhook, org(rq), err);
}

// ---- handlers

API_HANDLER_BODY(endpoint_list, 200, list)
API_HANDLER_BODY(endpoint_create, 201, create)
API_HANDLER_BODY(endpoint_get, 200, get)
API_HANDLER_BODY(endpoint_update, 200, update)
API_HANDLER_BODY(endpoint_enable, 200, enable)
API_HANDLER_BODY(endpoint_disable, 200, disable)
API_HANDLER_BODY(endpoint_health, 200, health)
API_HANDLER_EMPTY(endpoint_delete, delete)
API_HANDLER_SECRET(endpoint_secret_get, "secret", secret)
API_HANDLER_SECRET(endpoint_secret_rotate, "secret", rotate)
API_HANDLER_SECRET(public_key_get, "public_key", public_key)
API_HANDLER_SECRET(public_key_rotate, "public_key", rotate_public_key)
API_HANDLER_EMPTY(public_key_delete, delete_public_key)
