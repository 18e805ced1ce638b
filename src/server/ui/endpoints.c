// Settings → Developer → one endpoint: add, change, enable, disable, delete, its own secret.
#include <string.h>

#include "base/str.h"
#include "server/ui/developer.h"

#define ENDPOINT_NEW DGL_UI_DEVELOPER "/endpoints/new"

// The form as it was typed. Lines of `headers` are "Name: value".
struct endpoint_form {
    const char *url, *description, *schedule, *rate, *headers, *events;
    bool own_secret;
};

struct endpoint_page {
    int status;     // 0 = 200
    const char *id; // NULL = a new one
    const struct endpoint_form *form;
    const struct dgl_error *error;
    const char *secret, *secret_note; // in clear
};

// ---- showing

static const char *headers_text(struct dgl_ui_visit *v, const struct dgl_webhook_endpoint *e)
{
    const char *text = "";
    for (size_t i = 0; i < e->header_count; i++)
        text = dgl_arena_printf(v->arena, "%s%s: %s\n", text, e->headers[i].name, e->headers[i].value);
    return text;
}

static struct endpoint_form form_of(struct dgl_ui_visit *v, const struct dgl_webhook_endpoint *e)
{
    return (struct endpoint_form){
        .url = e->url,
        .description = e->description ? e->description : "",
        .schedule = e->schedule ? e->schedule : "",
        .rate = e->rate_per_s > 0 ? dgl_arena_printf(v->arena, "%lld", (long long)e->rate_per_s) : "",
        .headers = headers_text(v, e),
        .events = e->events ? e->events : "",
        .own_secret = e->secret_hint != NULL};
}

// Whether `word` stands in a comma-separated list.
static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; p && *p;) {
        p += strspn(p, ", ");
        size_t n = strcspn(p, ", ");
        if (n == len && strncmp(p, word, n) == 0)
            return true;
        p += n;
    }
    return false;
}

static json_t *form_data(const struct endpoint_form *f, const struct dgl_error *error)
{
    json_t *o = json_object(), *events = json_array();
    dgl_ui_set_text(o, "url", f->url);
    dgl_ui_set_text(o, "description", f->description);
    dgl_ui_set_text(o, "schedule", f->schedule);
    dgl_ui_set_text(o, "rate", f->rate);
    dgl_ui_set_text(o, "headers", f->headers);
    json_object_set_new(o, "own_secret", json_boolean(f->own_secret));
    for (size_t i = 0; dgl_webhook_event_types[i]; i++)
        json_array_append_new(events, dgl_ui_option(dgl_webhook_event_types[i], dgl_webhook_event_types[i],
                                                    has_word(f->events, dgl_webhook_event_types[i])));
    json_object_set_new(o, "events", events);
    const char *field = error ? error->field : "";
    dgl_ui_set_text(o, "bad", strncmp(field, "headers", 7) == 0 ? "headers" : field);
    dgl_ui_set_text(o, "error", error ? error->message : NULL);
    return o;
}

static void show_endpoint(struct dgl_ui_visit *v, const struct endpoint_page *page)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_endpoint e = {0};
    if (page->id &&
        dgl_webhook_endpoint_get(v->ui->parts.webhook, v->arena, v->who.org, page->id, &e, &err) != DGL_OK) {
        dgl_ui_refuse(v, &err);
        return;
    }
    if (e.is_organization) { // has its own place
        dgl_ui_leave(v, DGL_UI_DEVELOPER "#webhook", NULL, NULL);
        return;
    }
    struct endpoint_form stored = {"", "", "", "", "", "", false};
    if (page->id)
        stored = form_of(v, &e);
    json_t *data = dgl_ui_page_data(v, "developer", page->id ? "Endpoint" : "Add endpoint");
    json_object_set_new(data, "endpoint", page->id ? dgl_ui_endpoint(&e) : json_null());
    json_object_set_new(data, "form", form_data(page->form ? page->form : &stored, page->error));
    const char *path = page->id ? dgl_arena_printf(v->arena, DGL_UI_DEVELOPER "/endpoints/%s", page->id) : ENDPOINT_NEW;
    dgl_ui_set_text(data, "path", path);
    dgl_ui_set_text(data, "canonical", path);
    dgl_ui_set_text(data, "return_to", path);
    dgl_ui_set_text(data, "server_schedule", v->ui->parts.retry_schedule);
    dgl_ui_set_text(data, "secret_value", page->secret);
    dgl_ui_set_text(data, "secret_note", page->secret_note);
    dgl_ui_show(v, page->status ? page->status : 200, "endpoint.html", data);
}

void dgl_ui_get_endpoint_new(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        show_endpoint(&v, &(struct endpoint_page){0});
}

void dgl_ui_get_endpoint(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        show_endpoint(&v, &(struct endpoint_page){.id = dgl_http_param(rq, "id")});
}

// ---- saving

static struct endpoint_form read_form(struct dgl_ui_visit *v)
{
    struct endpoint_form f = {.url = dgl_ui_field(v, "url"),
                              .description = dgl_ui_field(v, "description"),
                              .schedule = dgl_ui_field(v, "schedule"),
                              .rate = dgl_ui_field(v, "rate"),
                              .headers = dgl_ui_field(v, "headers"),
                              .events = "",
                              .own_secret = *dgl_ui_field(v, "own_secret") != '\0'};
    for (size_t i = 0; i < dgl_http_field_count(v->rq); i++) {
        const struct dgl_http_field *field = dgl_http_field_at(v->rq, i);
        if (strcmp(field->name, "event") == 0 && !field->file_name)
            f.events = dgl_arena_printf(v->arena, "%s%s%s", f.events, *f.events ? "," : "", field->value);
    }
    return f;
}

static enum dgl_status read_headers(struct dgl_ui_visit *v, const char *text, struct dgl_webhook_header *ret,
                                    size_t *ret_count, struct dgl_error *err)
{
    *ret_count = 0;
    for (const char *p = text; *p; p += strspn(p, "\r\n")) {
        size_t len = strcspn(p, "\r\n");
        struct dgl_str line = dgl_str_trim((struct dgl_str){p, len});
        p += len;
        if (line.len == 0)
            continue;
        const char *colon = memchr(line.data, ':', line.len);
        if (!colon)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "headers",
                                  "“%.*s” is no header; write one a line, as Name: value.",
                                  (int)DGL_MIN(line.len, (size_t)40), line.data);
        if (*ret_count == DGL_WEBHOOK_CUSTOM_HEADERS_MAX)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "headers", "At most %d headers are sent.",
                                  DGL_WEBHOOK_CUSTOM_HEADERS_MAX);
        struct dgl_str name = dgl_str_trim((struct dgl_str){line.data, (size_t)(colon - line.data)});
        struct dgl_str value = dgl_str_trim((struct dgl_str){colon + 1, line.len - (size_t)(colon - line.data) - 1});
        ret[(*ret_count)++] = (struct dgl_webhook_header){dgl_arena_strndup(v->arena, name.data, name.len),
                                                          dgl_arena_strndup(v->arena, value.data, value.len)};
    }
    return DGL_OK;
}

static enum dgl_status spec_of(struct dgl_ui_visit *v, const struct endpoint_form *f,
                               struct dgl_webhook_header headers[DGL_WEBHOOK_CUSTOM_HEADERS_MAX],
                               struct dgl_webhook_endpoint_spec *ret, struct dgl_error *err)
{
    *ret = (struct dgl_webhook_endpoint_spec){.url = f->url,
                                              .description = f->description,
                                              .events = f->events,
                                              .schedule = *f->schedule ? f->schedule : NULL,
                                              .headers = headers,
                                              .own_secret = f->own_secret};
    if (*f->rate && !dgl_parse_int64(f->rate, strlen(f->rate), 1, DGL_WEBHOOK_RATE_MAX, &ret->rate_per_s))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "rate_per_s",
                              "“%.20s” is no rate; write a number from 1 to %d, or leave the field empty.", f->rate,
                              DGL_WEBHOOK_RATE_MAX);
    return read_headers(v, f->headers, headers, &ret->header_count, err);
}

// Saves; id NULL makes one. On a fault the form is shown again with it.
static void save(struct dgl_ui_visit *v, const char *id)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook *w = v->ui->parts.webhook;
    struct dgl_webhook_header headers[DGL_WEBHOOK_CUSTOM_HEADERS_MAX];
    struct dgl_webhook_endpoint_spec spec;
    struct dgl_id made;
    struct endpoint_form form = read_form(v);
    enum dgl_status s = spec_of(v, &form, headers, &spec, &err);
    if (s == DGL_OK)
        s = id ? dgl_webhook_endpoint_update(w, v->who.org, id, &spec, &err)
               : dgl_webhook_endpoint_create(w, v->who.org, &spec, &made, &err);
    if (s == DGL_OK)
        dgl_ui_leave(v, DGL_UI_DEVELOPER "#endpoints", "good",
                     id ? "The endpoint was saved." : "The endpoint was added. Events are sent to it from now on.");
    else if (s == DGL_E_NOT_FOUND || dgl_status_http(err.code) >= 500)
        dgl_ui_refuse(v, &err);
    else
        show_endpoint(
            v, &(struct endpoint_page){.status = dgl_status_http(err.code), .id = id, .form = &form, .error = &err});
}

void dgl_ui_post_endpoint_create(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        save(&v, NULL);
}

void dgl_ui_post_endpoint_save(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        save(&v, dgl_http_param(rq, "id"));
}

// ---- state

static void leave_or_refuse(struct dgl_ui_visit *v, enum dgl_status s, const struct dgl_error *err, const char *text)
{
    if (s != DGL_OK)
        dgl_ui_refuse(v, err);
    else
        dgl_ui_leave(v, dgl_ui_return_to(v, DGL_UI_DEVELOPER "#endpoints"), "good", text);
}

void dgl_ui_post_endpoint_enable(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    enum dgl_status s = dgl_webhook_endpoint_enable(v.ui->parts.webhook, v.who.org, dgl_http_param(rq, "id"), &err);
    leave_or_refuse(&v, s, &err,
                    "The endpoint is enabled again. What was canceled meanwhile can be sent again by its time range.");
}

void dgl_ui_post_endpoint_disable(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    enum dgl_status s =
        dgl_webhook_endpoint_disable(v.ui->parts.webhook, v.who.org, dgl_http_param(rq, "id"), NULL, &err);
    leave_or_refuse(&v, s, &err, "The endpoint is disabled. Nothing is sent to it.");
}

void dgl_ui_post_endpoint_delete(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    enum dgl_status s = dgl_webhook_endpoint_delete(v.ui->parts.webhook, v.who.org, dgl_http_param(rq, "id"), &err);
    if (s != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, DGL_UI_DEVELOPER "#endpoints", "good", "The endpoint was deleted.");
}

// ---- its secret

void dgl_ui_post_endpoint_reveal(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96];
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *id = dgl_http_param(rq, "id");
    if (dgl_webhook_endpoint_secret_reveal(v.ui->parts.webhook, v.who.org, id, secret, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        show_endpoint(&v, &(struct endpoint_page){.id = id, .secret = secret});
    dgl_wipe(secret, sizeof(secret));
}

void dgl_ui_post_endpoint_rotate(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96];
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    struct endpoint_page page = {
        .id = dgl_http_param(rq, "id"), .secret = secret, .secret_note = DGL_UI_SECRET_ROTATED};
    if (dgl_webhook_endpoint_secret_rotate(v.ui->parts.webhook, v.who.org, page.id, DGL_UI_SECRET_OVERLAP_S, secret,
                                           &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        show_endpoint(&v, &page);
    dgl_wipe(secret, sizeof(secret));
}
