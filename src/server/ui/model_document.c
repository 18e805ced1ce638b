// View models of documents, deliveries, attempts and the webhook test.
#include <string.h>

#include "server/ui/model.h"

#define SHORT_ID_LEN 8
#define TIMING_WIDTH 1000 // units of the timing picture

static const struct {
    const char *title, *tone;
} document_states[] = {
    [DGL_DOCUMENT_QUEUED] = {"Queued", "plain-state"},
    [DGL_DOCUMENT_RENDERING] = {"Rendering", "busy"},
    [DGL_DOCUMENT_READY] = {"Ready", "good"},
    [DGL_DOCUMENT_FAILED] = {"Failed", "bad"},
};

const char *dgl_ui_document_status_title(enum dgl_document_status s)
{
    return document_states[s].title;
}

const char *dgl_ui_document_source_title(enum dgl_document_source s)
{
    switch (s) {
    case DGL_SOURCE_API:
        return "API";
    case DGL_SOURCE_UI:
        return "Web page";
    case DGL_SOURCE_BULK:
        return "Bulk run";
    }
    return "";
}

static void add_file(json_t *files, const struct dgl_output_row *output, const char *format, const char *title)
{
    if (!output->blob_uri)
        return;
    char hex[2 * DGL_SHA256_LEN + 1];
    dgl_hex_encode(output->sha256, sizeof(output->sha256), hex);
    json_t *file = json_object();
    dgl_ui_set_text(file, "format", format);
    dgl_ui_set_text(file, "title", title);
    dgl_ui_set_text(file, "sha256", hex);
    json_array_append_new(files, file);
}

static json_t *warnings_of(const char *warnings_json)
{
    json_t *warnings = NULL;
    struct dgl_error err = DGL_ERROR_INIT;
    if (warnings_json && dgl_json_parse(warnings_json, strlen(warnings_json), "warnings", &warnings, &err) == DGL_OK)
        return warnings;
    return json_array();
}

static const char *format_title(unsigned formats)
{
    if (formats == (DGL_FORMAT_PDF | DGL_FORMAT_DOCX))
        return "PDF and Word";
    return formats == DGL_FORMAT_DOCX ? "Word" : "PDF";
}

json_t *dgl_ui_document(const struct dgl_document_row *d)
{
    json_t *o = json_object();
    bool finished = d->status == DGL_DOCUMENT_READY || d->status == DGL_DOCUMENT_FAILED;
    size_t len = strlen(d->id);
    char duration[32];
    dgl_ui_set_text(o, "id", d->id);
    dgl_ui_set_text(o, "short_id", len > SHORT_ID_LEN ? d->id + len - SHORT_ID_LEN : d->id);
    dgl_ui_set_text(o, "template_id", d->template_id);
    dgl_ui_set_text(o, "template_name", d->template_name ? d->template_name : "Deleted template");
    json_object_set_new(o, "template_version", json_integer(d->template_version));
    dgl_ui_set_text(o, "status_title", document_states[d->status].title);
    dgl_ui_set_text(o, "tone", document_states[d->status].tone);
    json_object_set_new(o, "unfinished", json_boolean(!finished));
    dgl_ui_set_text(o, "progress",
                    d->status == DGL_DOCUMENT_QUEUED ? "Waiting for its turn." : "Being made; this takes a moment.");
    dgl_ui_set_text(o, "source", dgl_document_source_word(d->source));
    dgl_ui_set_text(o, "source_title", dgl_ui_document_source_title(d->source));
    dgl_ui_set_text(o, "format_title", format_title(d->formats));
    dgl_ui_set_text(o, "error_message", d->status == DGL_DOCUMENT_FAILED ? d->error_message : NULL);
    json_object_set_new(o, "created", dgl_ui_time(d->created_at_us));
    json_object_set_new(o, "finished", dgl_ui_time(finished ? d->finished_at_us : 0));
    dgl_ui_set_text(o, "render_time", finished && d->render_us > 0 ? dgl_ui_duration(d->render_us, duration) : NULL);
    json_object_set_new(o, "pages", json_integer(d->pages));
    json_object_set_new(
        o, "size",
        dgl_ui_size((d->pdf.blob_uri ? d->pdf.size_bytes : 0) + (d->docx.blob_uri ? d->docx.size_bytes : 0)));
    json_object_set_new(o, "warnings", warnings_of(d->warnings_json));
    json_t *files = json_array();
    if (d->status == DGL_DOCUMENT_READY) {
        add_file(files, &d->pdf, "pdf", "PDF");
        add_file(files, &d->docx, "docx", "Word");
    }
    json_object_set_new(o, "files", files);
    return o;
}

static void set_delivery_state(json_t *o, const struct dgl_delivery_row *d)
{
    const char *title = "Waiting", *tone = "plain-state";
    switch (d->status) {
    case DGL_DELIVERY_PENDING:
        if (d->attempts > 0) {
            title = "Trying again";
            tone = "warn";
        }
        break;
    case DGL_DELIVERY_SUCCEEDED:
        title = "Delivered";
        tone = "good";
        break;
    case DGL_DELIVERY_DROPPED:
        title = "Dropped";
        tone = "bad";
        break;
    case DGL_DELIVERY_CANCELED:
        title = "Canceled";
        break;
    }
    dgl_ui_set_text(o, "status_title", title);
    dgl_ui_set_text(o, "tone", tone);
}

json_t *dgl_ui_delivery(const struct dgl_delivery_row *d)
{
    json_t *o = json_object();
    dgl_ui_set_text(o, "id", d->id);
    dgl_ui_set_text(o, "event", d->event_type);
    dgl_ui_set_text(o, "url", d->url);
    struct dgl_str host = dgl_ui_host(d->url ? d->url : "");
    dgl_ui_set_format(o, "host", "%.*s", (int)DGL_MIN(host.len, 255u), host.data);
    set_delivery_state(o, d);
    dgl_ui_set_text(o, "document", d->document[0] && !d->document_erased ? d->document : NULL);
    dgl_ui_set_text(o, "reason", d->reason ? d->reason : d->status == DGL_DELIVERY_SUCCEEDED ? NULL : d->last_error);
    dgl_ui_set_format(o, "attempts_title", "%lld %s", (long long)d->attempts,
                      d->attempts == 1 ? "attempt" : "attempts");
    json_object_set_new(o, "created", dgl_ui_time(d->created_at_us));
    json_object_set_new(o, "next", dgl_ui_time(d->status == DGL_DELIVERY_PENDING ? d->next_attempt_at_us : 0));
    return o;
}

static const char *outcome_title(const char *outcome)
{
    static const struct {
        const char *outcome, *title;
    } titles[] = {{"blocked", "Not allowed"}, {"dns", "No address"},    {"connect", "No connection"},
                  {"tls", "TLS failed"},      {"timeout", "Timed out"}, {"broken", "Broken off"},
                  {"canceled", "Stopped"},    {"answered", "No answer"}};
    for (size_t i = 0; outcome && i < DGL_COUNT(titles); i++)
        if (strcmp(outcome, titles[i].outcome) == 0)
            return titles[i].title;
    return "No answer";
}

static const char *tone_of_status(int64_t http_status)
{
    return http_status >= 200 && http_status <= 299 ? "good" : "bad";
}

json_t *dgl_ui_attempt(const struct dgl_attempt_row *a)
{
    json_t *o = json_object();
    char duration[32];
    json_object_set_new(o, "number", json_integer(a->number));
    json_object_set_new(o, "started", dgl_ui_time(a->started_at_us));
    if (a->http_status > 0)
        dgl_ui_set_format(o, "answer", "%lld", (long long)a->http_status);
    else
        dgl_ui_set_text(o, "answer", outcome_title(a->outcome));
    dgl_ui_set_text(o, "tone", tone_of_status(a->http_status));
    dgl_ui_set_text(o, "time", dgl_ui_duration(a->total_us, duration));
    bool received = a->http_status >= 200 && a->http_status <= 299;
    dgl_ui_set_text(o, "message", a->message ? a->message : received ? "Received" : "");
    DGL_AUTO_PTR char *body = a->answer_body ? dgl_strndup(a->answer_body, a->answer_body_len) : NULL;
    dgl_ui_set_text(o, "body", body);
    return o;
}

struct phase {
    const char *class_name, *title;
    int64_t us;
};

// The times are counted from the start; the picture shows what each phase took.
static json_t *phases_of(const struct dgl_webhook_test *t)
{
    int64_t connected = DGL_MAX(t->connect_us, t->dns_us);
    int64_t secured = DGL_MAX(t->tls_us, connected);
    const struct phase phases[] = {
        {"dns", "Finding the address", t->dns_us},
        {"connect", "Connecting", connected - t->dns_us},
        {"tls", "TLS", secured - connected},
        {"wait", "Your program", t->total_us - secured},
    };
    json_t *list = json_array();
    if (t->total_us <= 0 || connected <= 0)
        return list;
    int64_t x = 0;
    for (size_t i = 0; i < DGL_COUNT(phases); i++) {
        if (phases[i].us <= 0)
            continue;
        int64_t width = DGL_MAX(phases[i].us * TIMING_WIDTH / t->total_us, 1);
        char duration[32];
        json_t *o = json_object();
        dgl_ui_set_text(o, "class", phases[i].class_name);
        dgl_ui_set_text(o, "title", phases[i].title);
        dgl_ui_set_text(o, "time", dgl_ui_duration(phases[i].us, duration));
        json_object_set_new(o, "x", json_integer(x));
        json_object_set_new(o, "width", json_integer(width));
        json_array_append_new(list, o);
        x += width;
    }
    return list;
}

json_t *dgl_ui_webhook_test(const char *url, const struct dgl_webhook_test *t)
{
    json_t *o = json_object();
    char duration[32];
    dgl_ui_set_text(o, "url", url);
    dgl_ui_set_text(o, "tone", t->ok ? "good" : "bad");
    if (t->http_status > 0) {
        dgl_ui_set_format(o, "headline", "%d", t->http_status);
        dgl_ui_set_format(o, "status", "%d", t->http_status);
    } else {
        dgl_ui_set_text(o, "headline", outcome_title(dgl_net_outcome_word(t->outcome)));
        dgl_ui_set_text(o, "status", "No answer");
    }
    dgl_ui_set_text(o, "message", t->message);
    dgl_ui_set_text(o, "advice", t->advice);
    dgl_ui_set_text(o, "time", dgl_ui_duration(t->total_us, duration));
    dgl_ui_set_text(o, "tls", t->tls[0] ? t->tls : "Not reached");
    dgl_ui_set_text(o, "answer", t->answer);
    json_object_set_new(o, "phases", phases_of(t));
    return o;
}
