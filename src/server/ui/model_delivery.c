// View models of one delivery's pictures, and of endpoints with their health. The pictures are SVG made by the page:
// here are only places and words. Places along an axis are per cent with two decimals, as text, so that the picture
// stretches with the page while marks and letters keep their shape.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "server/ui/model.h"

#define PHASE_WIDTH 1000      // units of the phases' picture
#define AXIS_FROM_PERCENT 3.0 // marks at the ends are drawn whole
#define AXIS_PERCENT 92.0
#define AXIS_MIN_S 10.0
#define STRIP_STEP_PERCENT (100.0 / DGL_UI_STRIP)

// ---- when: the attempts on a logarithmic axis, as schedules grow by factors

static double place_of(double seconds, double span)
{
    return AXIS_FROM_PERCENT + AXIS_PERCENT * log1p(fmax(seconds, 0)) / log1p(span);
}

static json_t *axis_ticks(double span)
{
    static const struct {
        double seconds;
        const char *text;
    } ticks[] = {{0, "Made"},   {10, "10 s"},   {60, "1 min"},    {600, "10 min"},
                 {3600, "1 h"}, {21600, "6 h"}, {86400, "1 day"}, {604800, "1 week"}};
    json_t *list = json_array();
    for (size_t i = 0; i < DGL_COUNT(ticks) && ticks[i].seconds <= span; i++) {
        json_t *tick = json_object();
        dgl_ui_set_format(tick, "x", "%.2f", place_of(ticks[i].seconds, span));
        dgl_ui_set_text(tick, "text", ticks[i].text);
        json_array_append_new(list, tick);
    }
    return list;
}

static void add_mark(json_t *marks, double x, const char *kind, int64_t number, const char *title)
{
    json_t *mark = json_object();
    dgl_ui_set_format(mark, "x", "%.2f", x);
    dgl_ui_set_text(mark, "kind", kind);
    json_object_set_new(mark, "number", json_integer(number));
    dgl_ui_set_text(mark, "title", title);
    json_array_append_new(marks, mark);
}

json_t *dgl_ui_timeline(const struct dgl_delivery_row *d, const struct dgl_attempt_row *attempts, size_t count)
{
    int64_t next_us = d->status == DGL_DELIVERY_PENDING ? d->next_attempt_at_us : 0;
    int64_t end_us = DGL_MAX(count > 0 ? attempts[count - 1].started_at_us : 0, next_us);
    double span = fmax((double)(end_us - d->created_at_us) / 1e6, AXIS_MIN_S);
    json_t *o = json_object(), *marks = json_array();
    for (size_t i = 0; i < count; i++) {
        bool good = attempts[i].http_status >= 200 && attempts[i].http_status <= 299;
        double x = place_of((double)(attempts[i].started_at_us - d->created_at_us) / 1e6, span);
        char title[64];
        snprintf(title, sizeof(title), "Attempt %lld, %s", (long long)attempts[i].number,
                 good ? "received" : "not received");
        add_mark(marks, x, good ? "good" : "bad", attempts[i].number, title);
    }
    if (next_us > 0)
        add_mark(marks, place_of((double)(next_us - d->created_at_us) / 1e6, span), "next", d->attempts + 1,
                 "Next attempt");
    json_object_set_new(o, "marks", marks);
    json_object_set_new(o, "ticks", axis_ticks(span));
    return o;
}

// ---- how long: the phases of one attempt, to the scale of the longest

// Times are counted from the attempt's start; 0 = not reached. A phase that was not reached ends with the attempt.
static json_t *phases_of(const struct dgl_attempt_row *a, int64_t longest_us)
{
    static const struct {
        const char *class_name, *title;
    } names[] = {{"dns", "DNS"}, {"connect", "Connect"}, {"tls", "TLS"}, {"wait", "First byte"}, {"read", "Rest"}};
    const int64_t ends[] = {a->dns_us, a->connect_us, a->tls_us, a->first_byte_us, a->total_us};
    json_t *list = json_array();
    int64_t from = 0;
    for (size_t i = 0; i < DGL_COUNT(ends) && a->total_us > 0; i++) {
        int64_t took = DGL_MIN(ends[i], a->total_us) - from;
        if (took <= 0)
            continue;
        char duration[32];
        json_t *phase = json_object();
        dgl_ui_set_text(phase, "class", names[i].class_name);
        dgl_ui_set_text(phase, "title", names[i].title);
        dgl_ui_set_text(phase, "time", dgl_ui_duration(took, duration));
        json_object_set_new(phase, "x", json_integer(from * PHASE_WIDTH / longest_us));
        json_object_set_new(phase, "width", json_integer(DGL_MAX(took * PHASE_WIDTH / longest_us, 1)));
        json_array_append_new(list, phase);
        from += took;
    }
    return list;
}

json_t *dgl_ui_attempts(const struct dgl_attempt_row *attempts, size_t count)
{
    int64_t longest_us = 1;
    for (size_t i = 0; i < count; i++)
        longest_us = DGL_MAX(longest_us, attempts[i].total_us);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct dgl_attempt_row *a = &attempts[i];
        json_t *o = dgl_ui_attempt(a);
        json_object_set_new(o, "phases", phases_of(a, longest_us));
        dgl_ui_set_text(o, "address", a->address);
        dgl_ui_set_text(o, "tls", a->tls && *a->tls ? a->tls : NULL);
        size_t len = a->answer_headers ? strlen(a->answer_headers) : 0;
        while (len > 0 && (a->answer_headers[len - 1] == '\n' || a->answer_headers[len - 1] == '\r'))
            len--;
        DGL_AUTO_PTR char *headers = len > 0 ? dgl_strndup(a->answer_headers, len) : NULL;
        dgl_ui_set_text(o, "headers", headers);
        json_object_set_new(o, "next", dgl_ui_time(a->next_attempt_at_us));
        json_array_append_new(list, o);
    }
    return list;
}

// ---- endpoints

static void set_endpoint_title(json_t *o, const struct dgl_webhook_endpoint *e)
{
    struct dgl_str host = dgl_ui_host(e->url);
    if (e->is_organization)
        dgl_ui_set_text(o, "title", "Webhook URL");
    else if (e->description && *e->description)
        dgl_ui_set_text(o, "title", e->description);
    else
        dgl_ui_set_format(o, "title", "%.*s", (int)DGL_MIN(host.len, 255u), host.data);
}

json_t *dgl_ui_endpoint(const struct dgl_webhook_endpoint *e)
{
    json_t *o = json_object();
    bool failing = e->enabled && e->failing_since_us > 0;
    dgl_ui_set_text(o, "id", e->id);
    dgl_ui_set_text(o, "url", e->url);
    set_endpoint_title(o, e);
    json_object_set_new(o, "enabled", json_boolean(e->enabled));
    json_object_set_new(o, "is_organization", json_boolean(e->is_organization));
    dgl_ui_set_text(o, "state", !e->enabled ? "Disabled" : failing ? "Failing" : "Enabled");
    dgl_ui_set_text(o, "tone", !e->enabled ? "bad" : failing ? "warn" : "good");
    dgl_ui_set_text(o, "reason", e->enabled ? NULL : e->state_reason ? e->state_reason : "no reason was kept");
    dgl_ui_set_text(o, "events", e->events && *e->events ? e->events : "All events");
    dgl_ui_set_text(o, "secret_hint", e->secret_hint);
    json_object_set_new(o, "failing_since", dgl_ui_time(failing ? e->failing_since_us : 0));
    json_object_set_new(o, "last_success", dgl_ui_time(e->last_success_at_us));
    return o;
}

static json_t *strip_of(const struct dgl_delivery_row *rows, size_t count)
{
    json_t *strip = json_array();
    for (size_t i = 0; i < count && i < DGL_UI_STRIP; i++) {
        bool good = rows[i].status == DGL_DELIVERY_SUCCEEDED, bad = rows[i].status == DGL_DELIVERY_DROPPED;
        bool retried = rows[i].status == DGL_DELIVERY_PENDING && rows[i].attempts > 0;
        json_t *bar = json_object();
        dgl_ui_set_format(bar, "x", "%.2f", 100.0 - STRIP_STEP_PERCENT * (double)(i + 1)); // newest on the right
        dgl_ui_set_format(bar, "width", "%.2f", STRIP_STEP_PERCENT * 0.7);
        dgl_ui_set_text(bar, "kind", good ? "good" : bad ? "bad" : retried ? "retry" : "open");
        json_array_append_new(strip, bar);
    }
    return strip;
}

json_t *dgl_ui_health(const struct dgl_webhook_endpoint *e, const struct dgl_endpoint_health *h,
                      const struct dgl_delivery_row *rows, size_t count)
{
    json_t *o = dgl_ui_endpoint(e);
    char p50[32], p95[32];
    json_object_set_new(o, "strip", strip_of(rows, count));
    json_object_set_new(o, "strip_count", json_integer((json_int_t)DGL_MIN(count, (size_t)DGL_UI_STRIP)));
    json_object_set_new(o, "attempts", json_integer(h->attempts));
    if (h->attempts > 0)
        dgl_ui_set_format(o, "share", "%lld %%", (long long)(h->succeeded * 100 / h->attempts));
    else
        dgl_ui_set_text(o, "share", NULL);
    dgl_ui_set_text(o, "p50", h->p50_us > 0 ? dgl_ui_duration(h->p50_us, p50) : NULL);
    dgl_ui_set_text(o, "p95", h->p95_us > 0 ? dgl_ui_duration(h->p95_us, p95) : NULL);
    json_object_set_new(o, "pending", json_integer(h->pending));
    json_object_set_new(o, "oldest_pending", dgl_ui_time(h->oldest_pending_at_us));
    return o;
}
