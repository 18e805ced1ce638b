// Deliveries: the log with filters and the endpoints' health, one delivery with its attempts, sending again.
//
// A range is sent again in two steps: the first counts and answers with the page, the second sends what was counted.
// The range's end is fixed at the count, so that nothing newer slips in between.
#include <string.h>

#include "server/ui/parts.h"

#define DELIVERIES "/deliveries"
#define DAY_US (INT64_C(86400) * DGL_US_PER_S)

static const char *const status_titles[] = {[DGL_DELIVERY_PENDING] = "Waiting",
                                            [DGL_DELIVERY_SUCCEEDED] = "Delivered",
                                            [DGL_DELIVERY_DROPPED] = "Dropped",
                                            [DGL_DELIVERY_CANCELED] = "Canceled"};

static int status_of(const char *word)
{
    for (int i = 0; word && i < (int)DGL_COUNT(status_titles); i++)
        if (strcmp(word, dgl_delivery_status_word((enum dgl_delivery_status)i)) == 0)
            return i;
    return -1;
}

// What a browser sends for a day ("2026-12-31") or a moment ("2026-12-31T20:15", with seconds if it likes), in the
// visitor's zone; or a whole RFC 3339 time. False: none of these.
static bool read_moment(const struct dgl_ui_visit *v, const char *text, int64_t *ret_us)
{
    size_t len = text ? strlen(text) : 0;
    bool is_wall =
        len == strlen("2026-12-31") || len == strlen("2026-12-31T20:15") || len == strlen("2026-12-31T20:15:00");
    if (len == strlen("2026-12-31T20:15"))
        text = dgl_arena_printf(v->arena, "%s:00Z", text);
    else if (len == strlen("2026-12-31T20:15:00"))
        text = dgl_arena_printf(v->arena, "%sZ", text);
    int64_t us;
    if (len == 0 || !dgl_time_parse(text, strlen(text), &us))
        return false;
    *ret_us = is_wall ? dgl_wall_to_utc(dgl_ui_zone(v), us) : us;
    return true;
}

// The same way back: "2026-12-31T20:15:00".
static char *write_moment(const struct dgl_ui_visit *v, int64_t us)
{
    char iso[32];
    dgl_time_format_utc(dgl_utc_to_wall(dgl_ui_zone(v), us), iso);
    return dgl_arena_printf(v->arena, "%.19s", iso);
}

// What looks like an id of ours and can stand in an address as it is; NULL otherwise.
static const char *valid_id(const char *id)
{
    size_t len = id ? strlen(id) : 0;
    return len > 0 && len < 40 && strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz_-") == len ? id : NULL;
}

// ---- the log

struct filters {
    struct dgl_delivery_filter store;
    const char *since, *until; // as given, when they could be read
    bool any;
};

// Unknown words in the address are as good as none: the page shows what it does filter by.
static struct filters read_filters(const struct dgl_ui_visit *v)
{
    const char *since = dgl_http_query(v->rq, "since"), *until = dgl_http_query(v->rq, "until");
    struct filters f = {.store = {.status = status_of(dgl_http_query(v->rq, "status")),
                                  .document = valid_id(dgl_http_query(v->rq, "document")),
                                  .endpoint = valid_id(dgl_http_query(v->rq, "endpoint"))}};
    if (read_moment(v, since, &f.store.since_us))
        f.since = since;
    if (read_moment(v, until, &f.store.until_us))
        f.until = until;
    f.any = f.store.status >= 0 || f.store.document || f.store.endpoint || f.since || f.until;
    return f;
}

// A time that was typed is put into addresses: only what cannot end a parameter.
static const char *plain(const char *text)
{
    return text && text[strspn(text, "0123456789-:.TZtz")] == '\0' ? text : NULL;
}

static char *list_path(const struct dgl_ui_visit *v, const struct filters *f, const char *cursor)
{
    const struct dgl_ui_param params[] = {
        {"status", f->store.status >= 0 ? dgl_delivery_status_word((enum dgl_delivery_status)f->store.status) : NULL},
        {"endpoint", f->store.endpoint},
        {"document", f->store.document},
        {"since", plain(f->since)},
        {"until", plain(f->until)},
        {"cursor", cursor}};
    return dgl_ui_address(v->arena, DELIVERIES, params, DGL_COUNT(params));
}

void dgl_ui_set_waiting(struct dgl_ui_visit *v, const struct dgl_delivery_row *d, json_t *delivery)
{
    const char *what = NULL, *why = NULL;
    bool is_pending = d->status == DGL_DELIVERY_PENDING;
    if (is_pending && strncmp(d->url, "listener:", 9) == 0) {
        what = "waits to be fetched";
        why = "It is for a program that listens: it goes there when that program asks for it.";
    } else if (is_pending && d->next_attempt_at_us <= dgl_clock_now_us(v->ui->parts.clock)) {
        bool is_paused = dgl_webhook_is_paused(v->ui->parts.webhook, v->who.org, d->endpoint);
        what = is_paused ? "waits: the endpoint has a pause" : "due now";
        why = is_paused
                  ? "The endpoint did not take its latest messages, so it has a pause of 30 seconds and is then sent "
                    "a single one. What is due waits until one is taken."
                  : NULL;
    }
    dgl_ui_set_text(delivery, "waits", what);
    dgl_ui_set_text(delivery, "waits_why", why);
}

bool dgl_ui_is_soon(const struct dgl_ui_visit *v, const struct dgl_delivery_row *d)
{
    return d->status == DGL_DELIVERY_PENDING &&
           d->next_attempt_at_us < dgl_clock_now_us(v->ui->parts.clock) + DGL_UI_SOON_S * DGL_US_PER_S;
}

static enum dgl_status list_deliveries(struct dgl_ui_visit *v, const struct filters *f, json_t *data,
                                       struct dgl_error *err)
{
    struct dgl_page_query page = {.limit = DGL_UI_PAGE_ROWS, .cursor = dgl_http_query(v->rq, "cursor")};
    struct dgl_delivery_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN] = "";
    DGL_TRY(
        dgl_store_delivery_list(v->ui->parts.store, v->arena, v->who.org, &f->store, &page, &rows, &count, next, err));
    json_t *list = json_array(), *pager = json_object();
    bool any_watched = false;
    for (size_t i = 0; i < count; i++) {
        json_t *row = dgl_ui_delivery(&rows[i]);
        bool watched = dgl_ui_is_soon(v, &rows[i]);
        json_object_set_new(row, "watched", json_boolean(watched));
        dgl_ui_set_waiting(v, &rows[i], row);
        json_array_append_new(list, row);
        any_watched |= watched;
    }
    json_object_set_new(data, "watched", json_boolean(any_watched));
    json_object_set_new(data, "deliveries", list);
    dgl_ui_set_text(pager, "first", page.cursor ? list_path(v, f, NULL) : NULL);
    dgl_ui_set_text(pager, "next", *next ? list_path(v, f, next) : NULL);
    json_object_set_new(data, "pager", pager);
    dgl_ui_set_text(data, "return_to", list_path(v, f, page.cursor ? plain(page.cursor) : NULL));
    return DGL_OK;
}

// ---- endpoints

static enum dgl_status endpoint_health(struct dgl_ui_visit *v, const struct dgl_webhook_endpoint *e, json_t *list,
                                       struct dgl_error *err)
{
    struct dgl_endpoint_health health;
    struct dgl_delivery_filter filter = {.status = -1, .endpoint = e->id};
    struct dgl_page_query page = {.limit = DGL_UI_STRIP};
    struct dgl_delivery_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN];
    DGL_TRY(dgl_webhook_endpoint_health(v->ui->parts.webhook, v->who.org, e->id, &health, err));
    DGL_TRY(
        dgl_store_delivery_list(v->ui->parts.store, v->arena, v->who.org, &filter, &page, &rows, &count, next, err));
    json_array_append_new(list, dgl_ui_health(e, &health, rows, count));
    return DGL_OK;
}

// Choices of the filter for all of them; pictures of the first, or of the chosen one.
static enum dgl_status set_endpoints(struct dgl_ui_visit *v, const char *chosen, json_t *data, struct dgl_error *err)
{
    struct dgl_webhook_endpoint *endpoints;
    size_t count;
    DGL_TRY(dgl_webhook_endpoint_list(v->ui->parts.webhook, v->arena, v->who.org, &endpoints, &count, err));
    json_t *choices = json_array(), *health = json_array();
    json_object_set_new(data, "endpoints", choices);
    json_object_set_new(data, "health", health);
    size_t more = 0;
    for (size_t i = 0; i < count; i++) {
        const struct dgl_webhook_endpoint *e = &endpoints[i];
        bool is_chosen = chosen && strcmp(chosen, e->id) == 0;
        DGL_AUTO_JSON shown = dgl_ui_endpoint(e);
        json_array_append_new(choices,
                              dgl_ui_option(e->id, json_string_value(json_object_get(shown, "title")), is_chosen));
        if (e->is_listener || (chosen && !is_chosen))
            continue;
        if (json_array_size(health) < DGL_UI_HEALTH_SHOWN)
            DGL_TRY(endpoint_health(v, e, health, err));
        else
            more++;
    }
    json_object_set_new(data, "health_more", json_integer((json_int_t)more));
    return DGL_OK;
}

// ---- the page

struct range_form { // the form to send a range again, shown again
    const char *status, *since, *until, *endpoint;
    const char *error;
    int64_t count; // -1 = not counted yet
};

static json_t *status_choices(const char *chosen, bool with_pending)
{
    json_t *list = json_array();
    for (int i = with_pending ? 0 : DGL_DELIVERY_SUCCEEDED; i < (int)DGL_COUNT(status_titles); i++) {
        const char *word = dgl_delivery_status_word((enum dgl_delivery_status)i);
        json_array_append_new(list, dgl_ui_option(word, status_titles[i], chosen && strcmp(word, chosen) == 0));
    }
    return list;
}

static json_t *range_data(struct dgl_ui_visit *v, const struct filters *f, const struct range_form *form)
{
    char *yesterday = write_moment(v, dgl_clock_now_us(v->ui->parts.clock) - DAY_US);
    yesterday[strlen("2026-12-31T20:15")] = '\0';
    const char *dropped = dgl_delivery_status_word(DGL_DELIVERY_DROPPED);
    const char *status = form ? form->status
                         : f->store.status > (int)DGL_DELIVERY_PENDING
                             ? dgl_delivery_status_word((enum dgl_delivery_status)f->store.status)
                             : dropped;
    json_t *range = json_object();
    json_object_set_new(range, "open", json_boolean(form != NULL));
    json_object_set_new(range, "statuses", status_choices(status, false));
    dgl_ui_set_text(range, "status", status);
    dgl_ui_set_text(range, "since", form ? form->since : f->since ? f->since : yesterday);
    dgl_ui_set_text(range, "until", form ? form->until : f->until ? f->until : "");
    dgl_ui_set_text(range, "endpoint", form ? form->endpoint : f->store.endpoint ? f->store.endpoint : "");
    dgl_ui_set_text(range, "error", form ? form->error : NULL);
    json_object_set_new(range, "counted", json_boolean(form && !form->error));
    json_object_set_new(range, "count", json_integer(form ? form->count : -1));
    return range;
}

static void show_log(struct dgl_ui_visit *v, int status, const struct range_form *form)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct filters f = read_filters(v);
    const char *word = f.store.status >= 0 ? dgl_delivery_status_word((enum dgl_delivery_status)f.store.status) : NULL;
    DGL_AUTO_JSON data = dgl_ui_page_data(v, "deliveries", "Deliveries");
    if (set_endpoints(v, f.store.endpoint, data, &err) != DGL_OK || list_deliveries(v, &f, data, &err) != DGL_OK) {
        dgl_ui_refuse(v, &err);
        return;
    }
    json_object_set_new(data, "statuses", status_choices(word, true));
    json_object_set_new(data, "filtered", json_boolean(f.any));
    dgl_ui_set_text(data, "since", f.since ? f.since : "");
    dgl_ui_set_text(data, "until", f.until ? f.until : "");
    dgl_ui_set_text(data, "document", f.store.document ? f.store.document : "");
    json_object_set_new(data, "range", range_data(v, &f, form));
    dgl_ui_set_text(data, "canonical", form ? DELIVERIES : "");
    dgl_ui_show(v, status, "delivery_log.html", DGL_STEAL(data));
}

void dgl_ui_get_deliveries(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        show_log(&v, 200, NULL);
}

// ---- one delivery

static json_t *string_list(const char *const *lines, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, dgl_ui_text(lines[i]));
    return list;
}

// The headers of the latest attempt. Signatures are not kept, and values of custom headers are often tokens: both stay
// hidden.
static void set_sent_headers(struct dgl_ui_visit *v, const struct dgl_webhook_endpoint *e,
                             const struct dgl_delivery_row *d, const struct dgl_attempt_row *latest, json_t *delivery)
{
    const char *lines[8 + DGL_WEBHOOK_CUSTOM_HEADERS_MAX];
    size_t n = 0;
    lines[n++] = "Content-Type: application/json";
    lines[n++] = dgl_arena_printf(v->arena, "User-Agent: DocGenLab-Webhooks/%s", v->ui->parts.version);
    lines[n++] = dgl_arena_printf(v->arena, "webhook-id: %s", d->id);
    lines[n++] =
        dgl_arena_printf(v->arena, "webhook-timestamp: %lld", (long long)(latest->started_at_us / DGL_US_PER_S));
    lines[n++] = "webhook-signature: v1,…";
    lines[n++] = dgl_arena_printf(v->arena, "DocGenLab-Attempt: %lld", (long long)latest->number);
    lines[n++] = "traceparent: 00-…";
    for (size_t i = 0; e && i < e->header_count && n < DGL_COUNT(lines); i++)
        lines[n++] = dgl_arena_printf(v->arena, "%s: …", e->headers[i].name);
    json_object_set_new(delivery, "headers", string_list(lines, n));
}

// NULL: it went to a URL of its own, or the endpoint was deleted since.
static const struct dgl_webhook_endpoint *find_endpoint(struct dgl_ui_visit *v, const char *id)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    struct dgl_webhook_endpoint *e = DGL_ARENA_NEW(v->arena, struct dgl_webhook_endpoint);
    bool there =
        id[0] && dgl_webhook_endpoint_get(v->ui->parts.webhook, v->arena, v->who.org, id, e, &ignored) == DGL_OK;
    return there ? e : NULL;
}

static enum dgl_status delivery_data(struct dgl_ui_visit *v, const char *id, json_t **ret, struct dgl_error *err)
{
    struct dgl_delivery_row row;
    struct dgl_attempt_row *attempts;
    size_t count;
    DGL_TRY(dgl_store_delivery_get(v->ui->parts.store, v->arena, v->who.org, id, &row, err));
    DGL_TRY(dgl_store_attempt_list(v->ui->parts.store, v->arena, v->who.org, id, &attempts, &count, err));
    DGL_AUTO_JSON delivery = dgl_ui_delivery(&row);
    DGL_AUTO_FINI(buf) payload = DGL_BUF_INIT(1u << 20);
    int64_t expires = count > 0 ? attempts[count - 1].link_expires_at_us : 0;
    DGL_TRY(dgl_webhook_payload(v->ui->parts.webhook, &row, expires, false, &payload, err));
    dgl_ui_set_text(delivery, "payload", payload.data);
    json_object_set_new(delivery, "attempts", dgl_ui_attempts(attempts, count));
    json_object_set_new(delivery, "timeline", dgl_ui_timeline(&row, attempts, count));
    const struct dgl_webhook_endpoint *endpoint = find_endpoint(v, row.endpoint);
    json_object_set_new(delivery, "headers", json_array());
    if (count > 0)
        set_sent_headers(v, endpoint, &row, &attempts[count - 1], delivery);
    json_object_set_new(delivery, "endpoint", endpoint ? dgl_ui_endpoint(endpoint) : json_null());
    dgl_ui_set_waiting(v, &row, delivery);
    json_object_set_new(delivery, "watched", json_boolean(dgl_ui_is_soon(v, &row)));
    *ret = DGL_STEAL(delivery);
    return DGL_OK;
}

void dgl_ui_get_delivery(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    json_t *delivery;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (delivery_data(&v, dgl_http_param(rq, "id"), &delivery, &err) != DGL_OK) {
        dgl_ui_refuse(&v, &err);
        return;
    }
    json_t *data = dgl_ui_page_data(&v, "deliveries", "Delivery");
    json_object_set_new(data, "d", delivery);
    dgl_ui_show(&v, 200, "delivery.html", data);
}

// ---- sending again

// Each on its own: one whose endpoint is disabled does not keep the others back.
void dgl_ui_post_redeliver_selected(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    struct dgl_error err = DGL_ERROR_INIT;
    int sent = 0, kept = 0;
    for (size_t i = 0; i < dgl_http_field_count(rq) && sent + kept < DGL_UI_PAGE_ROWS; i++) {
        const struct dgl_http_field *field = dgl_http_field_at(rq, i);
        if (strcmp(field->name, "id") != 0 || field->file_name || !valid_id(field->value))
            continue;
        if (dgl_webhook_redeliver(v.ui->parts.webhook, v.who.org, field->value, &err) == DGL_OK)
            sent++;
        else
            kept++;
    }
    const char *path = dgl_ui_return_to(&v, DELIVERIES);
    if (sent + kept == 0)
        dgl_ui_leave(&v, path, "bad", "Nothing was selected. Tick the deliveries to send again first.");
    else if (kept > 0)
        dgl_ui_leave(&v, path, "bad", dgl_arena_printf(v.arena, "%d sent again, %d not: %s", sent, kept, err.message));
    else
        dgl_ui_leave(&v, path, "good",
                     sent == 1 ? "One delivery is being sent again."
                               : dgl_arena_printf(v.arena, "%d deliveries are being sent again.", sent));
}

static enum dgl_status read_range(struct dgl_ui_visit *v, struct range_form *form, struct dgl_webhook_range *ret,
                                  struct dgl_error *err)
{
    int status = status_of(form->status);
    *ret = (struct dgl_webhook_range){.endpoint = *form->endpoint ? form->endpoint : NULL};
    if (status < 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "status", "Choose which deliveries are sent again.");
    ret->status = (enum dgl_delivery_status)status;
    if (!read_moment(v, form->since, &ret->since_us))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "since", "Say from when on, as 2026-12-31T20:15.");
    if (!*form->until) // up to now: fixed, for the second step
        form->until = write_moment(v, dgl_clock_now_us(v->ui->parts.clock) + DGL_US_PER_S);
    if (!read_moment(v, form->until, &ret->until_us))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "until", "“%.40s” is no time; write it as 2026-12-31T20:15.",
                              form->until);
    return DGL_OK;
}

void dgl_ui_post_redeliver_range(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    struct range_form form = {.status = dgl_ui_field(&v, "status"),
                              .since = dgl_ui_field(&v, "since"),
                              .until = dgl_ui_field(&v, "until"),
                              .endpoint = dgl_ui_field(&v, "endpoint"),
                              .count = -1};
    struct dgl_webhook_range range;
    enum dgl_status s = read_range(&v, &form, &range, &err);
    range.dry_run = strcmp(dgl_ui_field(&v, "confirmed"), "yes") != 0;
    if (s == DGL_OK)
        s = dgl_webhook_redeliver_range(v.ui->parts.webhook, v.who.org, &range, &form.count, &err);
    if (s != DGL_OK && dgl_status_http(err.code) >= 500) {
        dgl_ui_refuse(&v, &err);
    } else if (s != DGL_OK) {
        form.error = err.message;
        show_log(&v, dgl_status_http(err.code), &form);
    } else if (range.dry_run) {
        show_log(&v, 200, &form);
    } else {
        dgl_ui_leave(&v, DELIVERIES, "good",
                     form.count == 1 ? "One delivery is being sent again."
                                     : dgl_arena_printf(v.arena, "%lld deliveries are being sent again, 100 a second.",
                                                        (long long)form.count));
    }
}
