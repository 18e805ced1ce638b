// JSON shapes. Times are UTC with whole seconds, durations milliseconds, hashes lower-case hex; what is not known is
// null, never left out, so that a client may rely on every key.
#include "server/api/shapes.h"

#include "base/str.h"

#include <string.h>

static void put_raw(struct dgl_json_writer *w, const char *key, const char *json, const char *otherwise)
{
    const char *value = json ? json : otherwise;
    dgl_jw_key(w, key);
    dgl_jw_raw(w, value, strlen(value));
}

static void put_hex(struct dgl_json_writer *w, const char *key, const unsigned char *sha256)
{
    char hex[2 * DGL_SHA256_LEN + 1];
    if (sha256)
        dgl_hex_encode(sha256, DGL_SHA256_LEN, hex);
    dgl_jw_kstr(w, key, sha256 ? hex : NULL);
}

static void put_text(struct dgl_json_writer *w, const char *key, const char *text) // "" is null
{
    dgl_jw_kstr(w, key, text && text[0] ? text : NULL);
}

static void put_number(struct dgl_json_writer *w, const char *key, int64_t value, bool known)
{
    if (known)
        dgl_jw_kint(w, key, value);
    else
        dgl_jw_knull(w, key);
}

static void put_ms(struct dgl_json_writer *w, const char *key, int64_t us, bool known)
{
    dgl_jw_key(w, key);
    if (known)
        dgl_jw_double(w, (double)us / 1000.0);
    else
        dgl_jw_null(w);
}

// ---- templates

void dgl_shape_template(struct dgl_json_writer *w, const struct dgl_template_row *t, const char *tokens_json,
                        const char *warnings_json)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "id", t->id);
    dgl_jw_kstr(w, "name", t->name);
    dgl_jw_kstr(w, "description", t->description ? t->description : "");
    dgl_jw_kbool(w, "is_uat", t->is_uat);
    dgl_jw_kstr(w, "kind", t->kind);
    dgl_jw_kint(w, "version", t->version);
    dgl_jw_ktime(w, "created_at", t->created_at_us);
    dgl_jw_ktime(w, "updated_at", t->updated_at_us);
    if (tokens_json)
        put_raw(w, "tokens", tokens_json, "[]");
    if (warnings_json)
        put_raw(w, "warnings", warnings_json, "[]");
    dgl_jw_end_object(w);
}

void dgl_shape_version(struct dgl_json_writer *w, const struct dgl_template_version_row *v)
{
    dgl_jw_object(w);
    dgl_jw_kint(w, "version", v->version);
    dgl_jw_ktime(w, "created_at", v->created_at_us);
    dgl_jw_kstr(w, "file_name", v->file_name);
    dgl_jw_kint(w, "size_bytes", v->size_bytes);
    put_hex(w, "sha256", v->sha256);
    dgl_jw_end_object(w);
}

// ---- fonts

void dgl_shape_font(struct dgl_json_writer *w, const struct dgl_font_row *f)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "id", f->id);
    dgl_jw_kstr(w, "file_name", f->file_name);
    dgl_jw_kint(w, "size_bytes", f->size_bytes);
    put_hex(w, "sha256", f->sha256);
    dgl_jw_ktime(w, "created_at", f->created_at_us);
    put_raw(w, "faces", f->faces_json, "[]");
    dgl_jw_end_object(w);
}

// ---- documents

void dgl_shape_accepted(struct dgl_json_writer *w, const struct dgl_document_accepted *a)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "id", a->id);
    dgl_jw_kstr(w, "template_id", a->template_id);
    dgl_jw_kstr(w, "status", dgl_document_status_word(DGL_DOCUMENT_QUEUED));
    dgl_jw_ktime(w, "created_at", a->created_at_us);
    dgl_jw_end_object(w);
}

static void put_link(struct dgl_json_writer *w, const char *key, struct dgl_documents *d, const char *id,
                     const char *format, bool there)
{
    char url[1024];
    struct dgl_error ignored = DGL_ERROR_INIT;
    bool made = there && dgl_documents_link(d, id, format, url, &ignored) == DGL_OK;
    dgl_jw_kstr(w, key, made ? url : NULL);
}

static void put_links(struct dgl_json_writer *w, struct dgl_documents *d, const struct dgl_document_row *r)
{
    bool ready = r->status == DGL_DOCUMENT_READY, pdf = ready && r->pdf.blob_uri, docx = ready && r->docx.blob_uri;
    put_link(w, "download_url", d, r->id, pdf ? "pdf" : "docx", pdf || docx);
    if (r->formats != (DGL_FORMAT_PDF | DGL_FORMAT_DOCX))
        return;
    dgl_jw_key(w, "download_urls");
    dgl_jw_object(w);
    put_link(w, "pdf", d, r->id, "pdf", pdf);
    put_link(w, "docx", d, r->id, "docx", docx);
    dgl_jw_end_object(w);
}

static void put_timings(struct dgl_json_writer *w, const struct dgl_document_row *r)
{
    bool started = r->started_at_us > 0, finished = r->finished_at_us > 0;
    dgl_jw_key(w, "timings");
    dgl_jw_object(w);
    put_ms(w, "queued_ms", r->started_at_us - r->created_at_us, started);
    put_ms(w, "render_ms", r->render_us, finished && r->render_us > 0);
    put_ms(w, "total_ms", r->finished_at_us - r->created_at_us, finished);
    dgl_jw_end_object(w);
}

static void put_outcome(struct dgl_json_writer *w, const struct dgl_document_row *r)
{
    const struct dgl_output_row *main = r->pdf.blob_uri ? &r->pdf : &r->docx;
    bool made = r->status == DGL_DOCUMENT_READY && main->blob_uri;
    dgl_jw_kstr(w, "output_pdf_path", r->pdf.blob_uri);
    dgl_jw_kstr(w, "output_docx_path", r->docx.blob_uri);
    put_text(w, "error_message", r->error_message);
    put_text(w, "error_code", r->error_code);
    put_text(w, "engine", r->engine);
    put_number(w, "pages", r->pages, r->pages > 0);
    put_number(w, "size_bytes", main->size_bytes, made);
    put_hex(w, "sha256", made ? main->sha256 : NULL);
    put_raw(w, "warnings", r->warnings_json, "[]");
}

void dgl_shape_document(struct dgl_json_writer *w, struct dgl_documents *d, const struct dgl_document_row *r,
                        bool with_url)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "id", r->id);
    dgl_jw_kstr(w, "template_id", r->template_id);
    put_text(w, "template_name", r->template_name);
    dgl_jw_kint(w, "template_version", r->template_version);
    dgl_jw_kstr(w, "status", dgl_document_status_word(r->status));
    dgl_jw_kstr(w, "source", dgl_document_source_word(r->source));
    dgl_jw_kstr(w, "output_format", dgl_format_word(r->formats));
    dgl_jw_kbool(w, "is_uat", r->is_uat);
    dgl_jw_ktime(w, "created_at", r->created_at_us);
    dgl_jw_ktime(w, "started_at", r->started_at_us);
    dgl_jw_ktime(w, "finished_at", r->finished_at_us);
    put_timings(w, r);
    put_outcome(w, r);
    put_links(w, d, r);
    put_text(w, "webhook_url", with_url ? r->webhook_url : NULL);
    dgl_jw_end_object(w);
}

// ---- webhooks

void dgl_shape_source_ips(struct dgl_json_writer *w, const char *comma_separated)
{
    dgl_jw_array(w);
    for (const char *p = comma_separated ? comma_separated : ""; *p;) {
        size_t len = strcspn(p, ",");
        struct dgl_str item = dgl_str_trim((struct dgl_str){p, len});
        if (item.len)
            dgl_jw_strn(w, item.data, item.len);
        p += len + (p[len] == ',');
    }
    dgl_jw_end_array(w);
}

void dgl_shape_settings(struct dgl_json_writer *w, const struct dgl_webhook_settings *s)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "webhook_url", s->url);
    dgl_jw_kbool(w, "enabled", s->enabled);
    put_text(w, "disabled_reason", s->disabled_reason);
    put_text(w, "secret_hint", s->secret_hint);
    dgl_jw_key(w, "source_ips");
    dgl_shape_source_ips(w, s->source_ips);
    dgl_jw_ktime(w, "updated_at", s->updated_at_us);
    dgl_jw_end_object(w);
}

// "a,b" as a list; of numbers when they are.
static void put_list(struct dgl_json_writer *w, const char *key, const char *text, bool numbers)
{
    dgl_jw_key(w, key);
    dgl_jw_array(w);
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ",");
        struct dgl_str item = dgl_str_trim((struct dgl_str){at, len});
        int64_t number;
        if (!numbers)
            dgl_jw_strn(w, item.data, item.len);
        else if (dgl_parse_int64(item.data, item.len, 0, INT64_MAX, &number))
            dgl_jw_int(w, number);
        at += len;
        at += *at == ',';
    }
    dgl_jw_end_array(w);
}

void dgl_shape_endpoint(struct dgl_json_writer *w, const struct dgl_webhook_endpoint *e)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "id", e->id);
    dgl_jw_kstr(w, "kind", e->is_organization ? "organization" : e->is_listener ? "listener" : "endpoint");
    dgl_jw_kstr(w, "url", e->url);
    dgl_jw_kstr(w, "description", e->description);
    put_list(w, "events", e->events, false);
    if (e->schedule)
        put_list(w, "schedule", e->schedule, true);
    else
        dgl_jw_knull(w, "schedule");
    put_number(w, "rate_per_s", e->rate_per_s, e->rate_per_s > 0);
    dgl_jw_key(w, "headers");
    dgl_jw_object(w);
    for (size_t i = 0; i < e->header_count; i++)
        dgl_jw_kstr(w, e->headers[i].name, e->headers[i].value);
    dgl_jw_end_object(w);
    dgl_jw_kbool(w, "own_secret", e->secret_hint != NULL);
    put_text(w, "secret_hint", e->secret_hint);
    dgl_jw_kbool(w, "enabled", e->enabled);
    put_text(w, "state_reason", e->state_reason);
    dgl_jw_ktime(w, "failing_since", e->failing_since_us);
    dgl_jw_ktime(w, "last_success_at", e->last_success_at_us);
    dgl_jw_ktime(w, "last_failure_at", e->last_failure_at_us);
    dgl_jw_ktime(w, "created_at", e->created_at_us);
    dgl_jw_ktime(w, "updated_at", e->updated_at_us);
    dgl_jw_end_object(w);
}

void dgl_shape_endpoint_health(struct dgl_json_writer *w, const struct dgl_endpoint_health *h)
{
    dgl_jw_object(w);
    dgl_jw_kint(w, "attempts", h->attempts);
    dgl_jw_kint(w, "succeeded", h->succeeded);
    put_ms(w, "p50_ms", h->p50_us, h->p50_us > 0);
    put_ms(w, "p95_ms", h->p95_us, h->p95_us > 0);
    dgl_jw_ktime(w, "last_success_at", h->last_success_at_us);
    dgl_jw_ktime(w, "last_failure_at", h->last_failure_at_us);
    dgl_jw_ktime(w, "failing_since", h->failing_since_us);
    dgl_jw_kint(w, "pending", h->pending);
    dgl_jw_ktime(w, "oldest_pending_at", h->oldest_pending_at_us);
    dgl_jw_end_object(w);
}

void dgl_shape_test(struct dgl_json_writer *w, const struct dgl_webhook_test *t)
{
    dgl_jw_object(w);
    dgl_jw_kbool(w, "ok", t->ok);
    dgl_jw_kstr(w, "outcome", dgl_net_outcome_word(t->outcome));
    put_number(w, "http_status", t->http_status, t->http_status > 0);
    dgl_jw_kstr(w, "message", t->message);
    put_text(w, "advice", t->advice);
    put_text(w, "tls", t->tls);
    put_ms(w, "dns_ms", t->dns_us, t->dns_us > 0);
    put_ms(w, "connect_ms", t->connect_us, t->connect_us > 0);
    put_ms(w, "tls_ms", t->tls_us, t->tls_us > 0);
    put_ms(w, "first_byte_ms", t->first_byte_us, t->first_byte_us > 0);
    put_ms(w, "total_ms", t->total_us, t->total_us > 0);
    dgl_jw_kstr(w, "answer", t->answer);
    dgl_jw_end_object(w);
}

void dgl_shape_delivery(struct dgl_json_writer *w, const struct dgl_delivery_row *d, bool with_count)
{
    bool pending = d->status == DGL_DELIVERY_PENDING;
    dgl_jw_object(w);
    dgl_jw_kstr(w, "id", d->id);
    dgl_jw_kstr(w, "event", d->event_type);
    put_text(w, "document_id", d->document);
    put_text(w, "template_id", d->template_id);
    put_text(w, "endpoint_id", d->endpoint);
    dgl_jw_kstr(w, "url", d->url);
    dgl_jw_kstr(w, "status", dgl_delivery_status_word(d->status));
    put_text(w, "reason", d->reason);
    dgl_jw_kint(w, with_count ? "attempts" : "attempt_count", d->attempts);
    dgl_jw_ktime(w, "created_at", d->created_at_us);
    dgl_jw_ktime(w, "next_attempt_at", pending ? d->next_attempt_at_us : 0);
    dgl_jw_ktime(w, "finished_at", d->finished_at_us);
    put_number(w, "last_http_status", d->last_http_status, d->last_http_status > 0);
    put_text(w, "last_error", d->last_error);
}

void dgl_shape_attempt(struct dgl_json_writer *w, const struct dgl_attempt_row *a)
{
    dgl_jw_object(w);
    dgl_jw_kint(w, "number", a->number);
    dgl_jw_ktime(w, "started_at", a->started_at_us);
    dgl_jw_kstr(w, "outcome", a->outcome);
    put_text(w, "message", a->message);
    put_number(w, "http_status", a->http_status, a->http_status > 0);
    put_text(w, "address", a->address);
    put_text(w, "tls", a->tls);
    put_ms(w, "dns_ms", a->dns_us, a->dns_us > 0);
    put_ms(w, "connect_ms", a->connect_us, a->connect_us > 0);
    put_ms(w, "tls_ms", a->tls_us, a->tls_us > 0);
    put_ms(w, "first_byte_ms", a->first_byte_us, a->first_byte_us > 0);
    put_ms(w, "total_ms", a->total_us, a->total_us > 0);
    dgl_jw_kstr(w, "answer_headers", a->answer_headers);
    dgl_jw_key(w, "answer_body");
    if (a->answer_body && dgl_utf8_valid(a->answer_body, a->answer_body_len))
        dgl_jw_strn(w, a->answer_body, a->answer_body_len);
    else
        dgl_jw_null(w);
    dgl_jw_ktime(w, "next_attempt_at", a->next_attempt_at_us);
    dgl_jw_end_object(w);
}
