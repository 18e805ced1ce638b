// Further endpoints: checked, stored, shown.
//
// Custom headers often carry a token, so they are sealed like secrets: what the store keeps is base64 of the sealed
// JSON object. Names that the sender or HTTP itself uses are refused, so that an endpoint's headers can neither change
// what the signature covers nor smuggle a second request.
#include "server/webhook/webhook_private.h"

#include "base/json.h"
#include "base/str.h"
#include "server/net/header.h"
#include <stdio.h>
#include <string.h>

const char *const dgl_webhook_event_types[] = {"document.generated", "bulk.completed", NULL};

// ---- custom headers

static const char *const own_headers[] = {"content-type", "user-agent", "traceparent", "tracestate",
                                          "webhook-",     "docgenlab-", NULL}; // of every message

#define BAD_HEADERS(err, ...) DGL_FAIL_FIELD((err), DGL_E_INVALID, "invalid_headers", "headers", __VA_ARGS__)

static enum dgl_status check_header(const struct dgl_webhook_header *h, struct dgl_error *err)
{
    if (!dgl_header_is_name(h->name))
        return BAD_HEADERS(err, "\"%.64s\" is not a header name: letters, digits and - up to %d characters", h->name,
                           DGL_HEADER_NAME_MAX);
    if (dgl_header_is_among(h->name, own_headers) || dgl_header_is_reserved(h->name))
        return BAD_HEADERS(err, "the header %s is set by the sender or by HTTP itself; use another name", h->name);
    if (!dgl_header_is_value(h->value))
        return BAD_HEADERS(err, "the value of %s must be printable ASCII without blanks at its ends", h->name);
    return DGL_OK;
}

static enum dgl_status check_headers(const struct dgl_webhook_endpoint_spec *spec, struct dgl_error *err)
{
    size_t bytes = 0;
    if (spec->header_count > DGL_WEBHOOK_CUSTOM_HEADERS_MAX)
        return BAD_HEADERS(err, "headers has %zu entries; at most %d are sent", spec->header_count,
                           DGL_WEBHOOK_CUSTOM_HEADERS_MAX);
    for (size_t i = 0; i < spec->header_count; i++) {
        DGL_TRY(check_header(&spec->headers[i], err));
        bytes += strlen(spec->headers[i].name) + strlen(spec->headers[i].value);
        for (size_t j = 0; j < i; j++)
            if (strcasecmp(spec->headers[i].name, spec->headers[j].name) == 0)
                return BAD_HEADERS(err, "the header %s is given twice", spec->headers[i].name);
    }
    return bytes <= DGL_WEBHOOK_CUSTOM_HEADER_BYTES
               ? DGL_OK
               : BAD_HEADERS(err, "headers has %zu bytes; at most %d are sent", bytes, DGL_WEBHOOK_CUSTOM_HEADER_BYTES);
}

void dgl_webhook_headers_context(const char *org, char out[160])
{
    snprintf(out, 160, "webhook_headers:%s", org);
}

// NULL when there are none; otherwise in the arena.
static enum dgl_status store_form(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                  const struct dgl_webhook_endpoint_spec *spec, const char **ret, struct dgl_error *err)
{
    char context[160];
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_STORED_HEADERS_MAX);
    DGL_AUTO_FINI(buf) sealed = DGL_BUF_INIT(DGL_STORED_HEADERS_MAX);
    *ret = NULL;
    if (spec->header_count == 0)
        return DGL_OK;
    struct dgl_json_writer j = DGL_JSON_WRITER(&text);
    dgl_jw_object(&j);
    for (size_t i = 0; i < spec->header_count; i++)
        dgl_jw_kstr(&j, spec->headers[i].name, spec->headers[i].value);
    dgl_jw_end_object(&j);
    DGL_TRY(dgl_buf_check(&text, "the headers", err));
    dgl_webhook_headers_context(org, context);
    DGL_TRY(dgl_seal(w->keys, context, text.data, text.len, &sealed, err));
    size_t size = sealed.len * 2 + 8;
    char *stored = dgl_arena_alloc(a, size);
    dgl_base64_encode(sealed.data, sealed.len, false, stored, size);
    dgl_wipe(text.data, text.len);
    *ret = stored;
    return DGL_OK;
}

static enum dgl_status open_form(struct dgl_webhook *w, const char *org, const char *stored, json_t **ret,
                                 struct dgl_error *err)
{
    char context[160];
    unsigned char sealed[DGL_STORED_HEADERS_MAX];
    size_t len;
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_STORED_HEADERS_MAX);
    if (!dgl_base64_decode(stored, strlen(stored), false, sealed, sizeof sealed, &len))
        return DGL_FAIL(err, DGL_E_INTERNAL, "an endpoint's headers are damaged; save them again");
    dgl_webhook_headers_context(org, context);
    DGL_TRY(dgl_unseal(w->keys, context, sealed, len, &text, err));
    enum dgl_status status = dgl_json_parse(text.data, text.len, "headers", ret, err);
    dgl_wipe(text.data, text.len);
    return status;
}

enum dgl_status dgl_webhook_headers_load(struct dgl_webhook *w, const char *org, const char *stored,
                                         char *ret[DGL_WEBHOOK_CUSTOM_HEADERS_MAX], size_t *ret_count,
                                         struct dgl_error *err)
{
    DGL_AUTO_JSON headers = NULL;
    const char *name;
    json_t *value;
    size_t n = 0;
    DGL_TRY(open_form(w, org, stored, &headers, err));
    json_object_foreach(headers, name, value)
    {
        if (n == DGL_WEBHOOK_CUSTOM_HEADERS_MAX)
            break;
        size_t size = strlen(name) + strlen(json_string_value(value)) + 3;
        ret[n] = dgl_alloc(size);
        snprintf(ret[n++], size, "%s: %s", name, json_string_value(value));
    }
    *ret_count = n;
    return DGL_OK;
}

static enum dgl_status show_headers(struct dgl_webhook *w, struct dgl_arena *a, const char *org, const char *stored,
                                    struct dgl_webhook_endpoint *ret, struct dgl_error *err)
{
    DGL_AUTO_JSON headers = NULL;
    const char *name;
    json_t *value;
    if (!stored)
        return DGL_OK;
    DGL_TRY(open_form(w, org, stored, &headers, err));
    struct dgl_webhook_header *list = dgl_arena_alloc(a, DGL_MAX(json_object_size(headers), 1) * sizeof *list);
    json_object_foreach(headers, name, value)
    {
        list[ret->header_count++] = (struct dgl_webhook_header){.name = dgl_arena_strdup(a, name),
                                                                .value = dgl_arena_strdup(a, json_string_value(value))};
    }
    ret->headers = list;
    return DGL_OK;
}

// ---- checks

static bool is_event_type(struct dgl_str name)
{
    for (size_t i = 0; dgl_webhook_event_types[i]; i++)
        if (dgl_str_is(name, dgl_webhook_event_types[i]))
            return true;
    return false;
}

static enum dgl_status check_events(const char *events, struct dgl_error *err)
{
    for (const char *at = events; at && *at;) {
        size_t len = strcspn(at, ",");
        struct dgl_str name = dgl_str_trim((struct dgl_str){at, len});
        if (!is_event_type(name))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_event", "events",
                                  "\"%.*s\" is not an event; choose document.generated or bulk.completed, or none for "
                                  "all",
                                  (int)DGL_MIN(name.len, 64), name.data);
        at += len;
        at += *at == ',';
    }
    return DGL_OK;
}

static enum dgl_status check_spec(struct dgl_webhook *w, const struct dgl_webhook_endpoint_spec *spec,
                                  struct dgl_error *err)
{
    struct dgl_schedule schedule;
    if (!spec->url)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "url", "url must be given");
    DGL_TRY(dgl_webhook_check_url(w, spec->url, "url", err));
    if (spec->description && strlen(spec->description) > DGL_WEBHOOK_DESCRIPTION_MAX)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "too_long", "description",
                              "description has %zu bytes; at most %d are kept", strlen(spec->description),
                              DGL_WEBHOOK_DESCRIPTION_MAX);
    if (spec->description && !dgl_utf8_plain(spec->description, strlen(spec->description), true, false))
        return DGL_FAIL_FIELD(
            err, DGL_E_INVALID, "invalid_text", "description",
            "description holds a control character or one that turns the direction of text; leave it out");
    DGL_TRY(check_events(spec->events, err));
    if (spec->schedule)
        DGL_TRY(dgl_schedule_parse(spec->schedule, &schedule, err));
    if (spec->rate_per_s < 0 || spec->rate_per_s > DGL_WEBHOOK_RATE_MAX)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "rate_per_s",
                              "rate_per_s is %lld but must be 1 to %d, or 0 for the server's",
                              (long long)spec->rate_per_s, DGL_WEBHOOK_RATE_MAX);
    return check_headers(spec, err);
}

// ---- change

static enum dgl_status put(struct dgl_webhook *w, const char *org, const char *id,
                           const struct dgl_webhook_endpoint_spec *spec, struct dgl_id *ret_id, struct dgl_error *err)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_endpoint_row row = {.url = spec->url,
                                   .description = spec->description ? spec->description : "",
                                   .events = spec->events ? spec->events : "",
                                   .schedule = spec->schedule,
                                   .rate_per_s = spec->rate_per_s};
    dgl_str_copy(row.org, sizeof row.org, org, strlen(org));
    dgl_str_copy(row.id, sizeof row.id, id, strlen(id));
    DGL_TRY(store_form(w, a, org, spec, &row.headers_json, err));
    DGL_TRY(dgl_store_endpoint_put(w->store, &row, ret_id, err));
    if (spec->own_secret) {
        struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
        size_t count;
        DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, ret_id->s, keys, &count, err));
        dgl_wipe(keys, sizeof keys);
    }
    atomic_fetch_add(&w->generation, 1);
    return DGL_OK;
}

enum dgl_status dgl_webhook_endpoint_create(struct dgl_webhook *w, const char *org,
                                            const struct dgl_webhook_endpoint_spec *spec, struct dgl_id *ret_id,
                                            struct dgl_error *err)
{
    DGL_TRY(check_spec(w, spec, err));
    return put(w, org, "", spec, ret_id, err);
}

enum dgl_status dgl_webhook_endpoint_update(struct dgl_webhook *w, const char *org, const char *id,
                                            const struct dgl_webhook_endpoint_spec *spec, struct dgl_error *err)
{
    struct dgl_endpoint_row row;
    struct dgl_id ignored;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(check_spec(w, spec, err));
    DGL_TRY(dgl_store_endpoint_get(w->store, a, org, id, &row, err));
    if (row.is_organization || row.kind != DGL_ENDPOINT_PUSH)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "not_an_endpoint",
                             row.is_organization ? "this is the organization's webhook URL; change it in its settings"
                                                 : "this is a listener; its client decides what it is");
    return put(w, org, id, spec, &ignored, err);
}

enum dgl_status dgl_webhook_endpoint_delete(struct dgl_webhook *w, const char *org, const char *id,
                                            struct dgl_error *err)
{
    DGL_TRY(dgl_store_endpoint_delete(w->store, org, id, err));
    atomic_fetch_add(&w->generation, 1);
    dgl_events_wake(w, id); // if it is a listener, its client learns of it now
    return DGL_OK;
}

static enum dgl_status set_state(struct dgl_webhook *w, const char *org, const char *id, enum dgl_endpoint_state state,
                                 const char *reason, struct dgl_error *err)
{
    DGL_TRY(dgl_store_endpoint_set_state(w->store, org, id, state, reason, err));
    atomic_fetch_add(&w->generation, 1);
    return DGL_OK;
}

enum dgl_status dgl_webhook_endpoint_enable(struct dgl_webhook *w, const char *org, const char *id,
                                            struct dgl_error *err)
{
    return set_state(w, org, id, DGL_ENDPOINT_ENABLED, NULL, err);
}

enum dgl_status dgl_webhook_endpoint_disable(struct dgl_webhook *w, const char *org, const char *id, const char *reason,
                                             struct dgl_error *err)
{
    return set_state(w, org, id, DGL_ENDPOINT_DISABLED, reason ? reason : "disabled by an administrator", err);
}

// ---- show

static enum dgl_status show(struct dgl_webhook *w, struct dgl_arena *a, const struct dgl_endpoint_row *row,
                            struct dgl_webhook_endpoint *ret, struct dgl_error *err)
{
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    size_t count;
    *ret = (struct dgl_webhook_endpoint){.is_organization = row->is_organization,
                                         .is_listener = row->kind == DGL_ENDPOINT_LISTENER,
                                         .enabled = row->state == DGL_ENDPOINT_ENABLED,
                                         .url = row->url,
                                         .description = row->description,
                                         .events = row->events,
                                         .schedule = row->schedule,
                                         .rate_per_s = row->rate_per_s,
                                         .failing_since_us = row->failing_since_us,
                                         .last_success_at_us = row->last_success_at_us,
                                         .last_failure_at_us = row->last_failure_at_us,
                                         .created_at_us = row->created_at_us,
                                         .updated_at_us = row->updated_at_us};
    memcpy(ret->id, row->id, sizeof ret->id);
    ret->state_reason = ret->enabled ? NULL : row->state_reason;
    DGL_TRY(show_headers(w, a, row->org, row->headers_json, ret, err));
    if (row->is_organization)
        return DGL_OK;
    DGL_TRY(dgl_webhook_secrets_load(w, a, row->org, row->id, keys, &count, err));
    const struct dgl_webhook_key *own = dgl_webhook_secret_current(keys, count);
    ret->secret_hint = own ? dgl_webhook_secret_hint(a, own) : NULL;
    dgl_wipe(keys, sizeof keys);
    return DGL_OK;
}

enum dgl_status dgl_webhook_endpoint_get(struct dgl_webhook *w, struct dgl_arena *a, const char *org, const char *id,
                                         struct dgl_webhook_endpoint *ret, struct dgl_error *err)
{
    struct dgl_endpoint_row row;
    DGL_TRY(dgl_store_endpoint_get(w->store, a, org, id, &row, err));
    return show(w, a, &row, ret, err);
}

enum dgl_status dgl_webhook_endpoint_list(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                          struct dgl_webhook_endpoint **ret, size_t *ret_count, struct dgl_error *err)
{
    struct dgl_endpoint_row *rows;
    size_t count;
    DGL_TRY(dgl_store_endpoint_list(w->store, a, org, &rows, &count, err));
    struct dgl_webhook_endpoint *list = dgl_arena_alloc(a, DGL_MAX(count, 1) * sizeof *list);
    for (size_t i = 0; i < count; i++)
        DGL_TRY(show(w, a, &rows[i], &list[i], err));
    *ret = list;
    *ret_count = count;
    return DGL_OK;
}

enum dgl_status dgl_webhook_endpoint_health(struct dgl_webhook *w, const char *org, const char *endpoint,
                                            struct dgl_endpoint_health *ret, struct dgl_error *err)
{
    return dgl_store_endpoint_health(w->store, org, endpoint, dgl_clock_now_us(w->clock) - DGL_WEBHOOK_HEALTH_US,
                                     DGL_WEBHOOK_HEALTH_SAMPLE, ret, err);
}
