// One attempt: row and keys from the store, body, signature, exchange, verdict, record.
//
//   start ─▶ out (network) ─▶ answered: judged, logged ─▶ recording (store) ─┬─▶ recorded: forgotten, or waiting again
//                                                                            └─▶ not taken: recorded again after 1 s
//
// The delivery is pending in the store until the attempt is recorded. A crash at any point before that repeats the
// attempt with the same webhook-id and the same number; nothing is ever lost by it.
#include "server/webhook/webhook_private.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

#ifndef DGL_VERSION
#error "DGL_VERSION comes from meson.build"
#endif

void dgl_webhook_make_text(char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)s[i];
        size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
        if (control || i + n > len || !dgl_utf8_valid(s + i, n)) {
            s[i++] = '?';
            continue;
        }
        i += n;
    }
}

// ---- the request

static void trace_parent(const char *id, char out[64])
{
    unsigned char trace[DGL_SHA256_LEN], span[8];
    char trace_hex[33], span_hex[17];
    dgl_sha256(id, strlen(id), trace); // one trace for all attempts of a delivery, one span each
    dgl_random_bytes(span, sizeof span);
    dgl_hex_encode(trace, 16, trace_hex);
    dgl_hex_encode(span, sizeof span, span_hex);
    snprintf(out, 64, "00-%s-%s-01", trace_hex, span_hex);
}

void dgl_attempt_headers(struct dgl_arena *a, const struct dgl_webhook_outgoing *out,
                         const struct dgl_webhook_key *keys, size_t key_count, int64_t now_us,
                         const char *lines[DGL_WEBHOOK_HEADERS])
{
    char trace[64];
    size_t n = 0;
    int64_t now_s = now_us / DGL_US_PER_S;
    DGL_AUTO_FINI(buf) signature = DGL_BUF_INIT(4096);
    dgl_webhook_sign(keys, key_count, out->id, now_s, out->body, out->body_len, &signature);
    trace_parent(out->id, trace);
    lines[n++] = "Content-Type: application/json";
    lines[n++] = "User-Agent: DocGenLab-Webhooks/" DGL_VERSION;
    lines[n++] = dgl_arena_printf(a, "webhook-id: %s", out->id);
    lines[n++] = dgl_arena_printf(a, "webhook-timestamp: %lld", (long long)now_s);
    lines[n++] = dgl_arena_printf(a, "webhook-signature: %s", signature.data ? signature.data : "");
    lines[n++] = dgl_arena_printf(a, "DocGenLab-Attempt: %lld", (long long)out->number);
    lines[n++] = dgl_arena_printf(a, "traceparent: %s", trace);
    lines[n] = NULL;
}

void dgl_attempt_add_headers(const struct dgl_facts *facts, const char *lines[DGL_WEBHOOK_HEADERS])
{
    size_t n = 0;
    while (lines[n])
        n++;
    for (size_t i = 0; i < facts->header_count; i++)
        lines[n++] = facts->headers[i];
    lines[n] = NULL;
}

struct dgl_net_request dgl_attempt_request(const struct dgl_webhook *w, uint64_t org_number, const char *const *lines,
                                           const void *body, size_t body_len)
{
    return (struct dgl_net_request){
        .method = "POST",
        .headers = lines,
        .body = body,
        .body_len = body_len,
        .guard = w->guard,
        .group = org_number,
        .resolve_timeout_ms = DGL_MIN(DGL_WEBHOOK_RESOLVE_MS, w->timeout_ms),
        .connect_timeout_ms = DGL_MIN(DGL_WEBHOOK_CONNECT_MS, w->timeout_ms),
        .total_timeout_ms = w->timeout_ms,
    };
}

// ---- recording

static void on_recorded(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct dgl_flight *f = arg;
    struct dgl_inbox *inbox = f->inbox;
    f->recorded = status;
    if (status != DGL_OK)
        dgl_log_error(DGL_LOG_ERROR, "webhook attempt not recorded", err);
    if (!dgl_inbox_put_flight(inbox, DGL_MESSAGE_RECORDED, f))
        dgl_flight_free(f);
}

// What the tenant may read: nothing about addresses inside, and no answers from there outside development.
static void record(struct dgl_webhook *w, struct dgl_flight *f)
{
    const struct dgl_net_result *r = &f->result;
    bool blocked = r->outcome == DGL_NET_BLOCKED, quiet = r->address_private && !w->development;
    struct dgl_attempt_result result = {.status = f->verdict.status,
                                        .reason = f->verdict.reason[0] ? f->verdict.reason : NULL,
                                        .disable_endpoint = f->verdict.disable_endpoint,
                                        .disable_after_us = DGL_WEBHOOK_DISABLE_US,
                                        .notice_after_us = DGL_WEBHOOK_NOTICE_US,
                                        .mail_admins = w->outbox != NULL,
                                        .ret_notice = &f->notice};
    struct dgl_attempt_row *a = &result.attempt;
    dgl_str_copy(a->delivery, sizeof a->delivery, f->id, strlen(f->id));
    a->number = f->number;
    a->started_at_us = f->started_at_us;
    a->outcome = f->canceled ? "canceled" : dgl_net_outcome_word(r->outcome);
    a->message = f->verdict.message[0] ? f->verdict.message : NULL;
    a->link_expires_at_us = f->link_expires_at_us;
    a->next_attempt_at_us = f->verdict.next_at_us;
    if (!blocked && !f->canceled) {
        a->address = r->address_private || !r->address[0] ? NULL : r->address;
        a->dns_us = r->dns_us;
        a->connect_us = r->connect_us;
        a->tls_us = r->tls_us;
        a->first_byte_us = r->first_byte_us;
        a->total_us = r->total_us;
        a->http_status = r->http_status;
        a->tls = r->tls[0] ? r->tls : NULL;
        a->answer_headers = quiet || r->headers_len == 0 ? NULL : r->headers;
        a->answer_body = quiet || r->body_len == 0 ? NULL : r->body;
        a->answer_body_len = a->answer_body ? r->body_len : 0;
    }
    w->recording++;
    dgl_store_attempt_record_async(w->store, &result, on_recorded, f);
}

void dgl_attempt_record_again(struct dgl_webhook *w)
{
    struct dgl_flight *f = w->unrecorded;
    w->unrecorded = NULL;
    while (f) {
        struct dgl_flight *next = f->next;
        f->next = NULL;
        record(w, f);
        f = next;
    }
}

void dgl_attempt_recorded(struct dgl_webhook *w, struct dgl_flight *f)
{
    int64_t now_us = dgl_clock_now_us(w->clock), next_us = f->verdict.next_at_us;
    DGL_FAILPOINT("webhook.recorded");
    w->recording--;
    if (f->recorded != DGL_OK && dgl_status_retryable(f->recorded)) {
        if (!w->unrecorded)
            w->record_again_mono_us = dgl_clock_mono_us(w->clock) + DGL_WEBHOOK_AGAIN_US;
        f->next = w->unrecorded;
        w->unrecorded = f;
        return;
    }
    if (f->verdict.disable_endpoint || f->notice == DGL_NOTICE_DISABLED)
        atomic_fetch_add(&w->generation, 1);
    dgl_notice_send(w, f);
    bool soon = f->recorded == DGL_OK && f->verdict.status == DGL_DELIVERY_PENDING &&
                next_us <= now_us + DGL_WEBHOOK_HORIZON_US;
    if (soon) {
        f->item->is_retry = true;
        dgl_queues_put_back(w->queues, f->item, next_us, now_us);
    } else {
        dgl_queues_forget(w->queues, f->item, dgl_clock_now_us(w->clock)); // later ones come back from the store
    }
    dgl_flight_free(f);
}

// ---- the answer

static void log_attempt(const struct dgl_flight *f)
{
    const struct dgl_verdict *v = &f->verdict;
    enum dgl_log_level level = v->status == DGL_DELIVERY_DROPPED     ? DGL_LOG_WARN
                               : v->status == DGL_DELIVERY_SUCCEEDED ? DGL_LOG_DEBUG
                                                                     : DGL_LOG_INFO;
    char next[32] = "";
    if (!dgl_log_enabled(level))
        return;
    if (v->next_at_us)
        dgl_time_format_utc(v->next_at_us, next);
    dgl_log(level, v->status == DGL_DELIVERY_DROPPED ? "webhook dropped" : "webhook attempt",
            DGL_F_STR("delivery", f->id), DGL_F_STR("org", f->org),
            DGL_F_STR("endpoint", f->endpoint[0] ? f->endpoint : NULL), DGL_F_INT("attempt", f->number),
            DGL_F_STR("outcome", f->canceled ? "canceled" : dgl_net_outcome_word(f->result.outcome)),
            DGL_F_INT("status", f->result.http_status), DGL_F_INT("ms", f->result.total_us / DGL_US_PER_MS),
            DGL_F_STR("message", v->message[0] ? v->message : NULL),
            DGL_F_STR("reason", v->reason[0] ? v->reason : NULL),
            DGL_F_STR("note", f->result.operator_note[0] ? f->result.operator_note : NULL),
            DGL_F_STR("next", next[0] ? next : NULL), DGL_F_STR("disabled", v->disable_endpoint ? f->endpoint : NULL));
}

const char *dgl_webhook_result_word(size_t i)
{
    if (i < 2)
        return i == 0 ? "succeeded" : "refused";
    return dgl_net_outcome_word((enum dgl_net_outcome)(i - 1)); // ANSWERED, the first, is the two above
}

static size_t result_of(const struct dgl_flight *f)
{
    if (f->verdict.status == DGL_DELIVERY_SUCCEEDED)
        return 0;
    return f->result.outcome == DGL_NET_ANSWERED ? 1 : (size_t)f->result.outcome + 1;
}

static void count(struct dgl_webhook *w, const struct dgl_flight *f)
{
    dgl_histogram_add(&w->exchange_us, f->result.total_us);
    if (f->verdict.status == DGL_DELIVERY_SUCCEEDED && f->event_at_us)
        dgl_histogram_add(&w->lag_us, dgl_clock_now_us(w->clock) - f->event_at_us);
    pthread_mutex_lock(&w->stats_lock);
    w->stats.attempts++;
    w->stats.by_result[result_of(f)]++;
    w->stats.succeeded += f->verdict.status == DGL_DELIVERY_SUCCEEDED;
    w->stats.failed += f->verdict.status != DGL_DELIVERY_SUCCEEDED;
    w->stats.dropped += f->verdict.status == DGL_DELIVERY_DROPPED;
    w->stats.blocked += f->result.outcome == DGL_NET_BLOCKED;
    pthread_mutex_unlock(&w->stats_lock);
}

void dgl_attempt_answered(struct dgl_webhook *w, struct dgl_flight *f)
{
    uint32_t random;
    DGL_FAILPOINT("webhook.answered");
    if (f->result.outcome == DGL_NET_CANCELED) { // stopping: it never happened
        dgl_queues_forget(w->queues, f->item, dgl_clock_now_us(w->clock));
        dgl_flight_free(f);
        return;
    }
    dgl_random_bytes(&random, sizeof random);
    dgl_webhook_judge(&f->result, &f->schedule, f->failures, f->endpoint[0] != '\0', dgl_clock_now_us(w->clock), random,
                      &f->verdict);
    dgl_queues_slot_free(w->queues, f->item, f->verdict.feedback, dgl_clock_now_us(w->clock));
    count(w, f);
    log_attempt(f);
    record(w, f);
}

// In the network's thread.
static void on_answered(void *arg, const struct dgl_net_result *r)
{
    struct dgl_flight *f = arg;
    f->result = *r;
    char *headers = dgl_strndup(r->headers, r->headers_len), *body = dgl_strndup(r->body, r->body_len);
    dgl_webhook_make_text(headers, r->headers_len);
    dgl_webhook_make_text(body, r->body_len);
    f->result.headers = headers;
    f->result.body = body;
    if (!dgl_inbox_put_flight(f->inbox, DGL_MESSAGE_ANSWERED, f))
        dgl_flight_free(f);
}

// ---- starting

static struct dgl_flight *flight_new(struct dgl_webhook *w, struct dgl_queue_item *item,
                                     const struct dgl_delivery_row *row)
{
    struct dgl_flight *f = DGL_NEW(struct dgl_flight);
    f->inbox = dgl_inbox_ref(w->inbox);
    f->item = item;
    memcpy(f->id, item->id, sizeof f->id);
    memcpy(f->org, item->org, sizeof f->org);
    memcpy(f->endpoint, item->endpoint, sizeof f->endpoint);
    f->number = row->attempts + 1;
    f->failures = row->scheduled_attempts + 1;
    f->event_at_us = row->scheduled_attempts == row->attempts ? row->created_at_us : 0;
    f->started_at_us = dgl_clock_now_us(w->clock);
    f->schedule = w->schedule;
    f->result.retry_after_s = -1;
    return f;
}

static void cancel(struct dgl_webhook *w, struct dgl_flight *f, const char *why)
{
    f->canceled = true;
    f->verdict = (struct dgl_verdict){.status = DGL_DELIVERY_CANCELED};
    snprintf(f->verdict.message, sizeof f->verdict.message, "%s", why);
    snprintf(f->verdict.reason, sizeof f->verdict.reason, "%s", why);
    dgl_queues_slot_free(w->queues, f->item, DGL_QUEUE_NEUTRAL, dgl_clock_now_us(w->clock));
    log_attempt(f);
    record(w, f);
}

// A URL that was fine when it was given and is no longer (the guard's settings changed): an attempt that was blocked.
static void block(struct dgl_webhook *w, struct dgl_flight *f, const struct dgl_error *err)
{
    f->result.outcome = DGL_NET_BLOCKED;
    snprintf(f->result.message, sizeof f->result.message, "destination not allowed");
    snprintf(f->result.operator_note, sizeof f->result.operator_note, "%.120s", err->message);
    f->result.headers = dgl_strdup("");
    f->result.body = dgl_strdup("");
    dgl_attempt_answered(w, f);
}

static void again_soon(struct dgl_webhook *w, struct dgl_queue_item *item)
{
    int64_t now_us = dgl_clock_now_us(w->clock);
    dgl_queues_put_back(w->queues, item, now_us + DGL_WEBHOOK_AGAIN_US, now_us);
}

static enum dgl_status submit(struct dgl_webhook *w, struct dgl_flight *f, const struct dgl_delivery_row *row,
                              const struct dgl_facts *facts, const struct dgl_url *url, struct dgl_error *err)
{
    struct dgl_webhook_key keys[DGL_WEBHOOK_KEYS_MAX];
    const char *lines[DGL_WEBHOOK_HEADERS];
    int64_t expires_at_s = f->started_at_us / DGL_US_PER_S + w->download_url_ttl_s;
    struct dgl_payload_links links = {.keys = w->keys, .public_url = w->public_url, .expires_at_s = expires_at_s};
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(DGL_WEBHOOK_BODY_MAX);
    DGL_TRY(dgl_payload_write(row, &links, &body, err));
    size_t key_count = dgl_facts_keys_for(facts, url, f->started_at_us, keys);
    struct dgl_webhook_outgoing out = {.id = f->id, .body = body.data, .body_len = body.len, .number = f->number};
    dgl_attempt_headers(w->arena, &out, keys, key_count, f->started_at_us, lines);
    dgl_attempt_add_headers(facts, lines);
    dgl_wipe(keys, sizeof keys);
    f->link_expires_at_us = expires_at_s * DGL_US_PER_S;
    struct dgl_net_request request = dgl_attempt_request(w, f->item->org_number, lines, body.data, body.len);
    request.url = *url;
    DGL_FAILPOINT("webhook.sending");
    return dgl_net_client_submit(w->net, &request, on_answered, f, err);
}

static void start_loaded(struct dgl_webhook *w, struct dgl_queue_item *item, const struct dgl_delivery_row *row)
{
    const struct dgl_facts *facts;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url url;
    if (dgl_facts_get(w, item->org, item->endpoint, &facts, &err) != DGL_OK) {
        dgl_log_error(DGL_LOG_ERROR, "webhook attempt put off", &err);
        again_soon(w, item);
        return;
    }
    if (facts->paused) { // it waits in the store until its organization is enabled
        dgl_queues_forget(w->queues, item, dgl_clock_now_us(w->clock));
        return;
    }
    struct dgl_flight *f = flight_new(w, item, row);
    const char *to = item->endpoint[0] ? facts->url : row->url;
    f->schedule = facts->schedule;
    if (!facts->exists || !facts->enabled) {
        cancel(w, f, facts->exists ? "the endpoint is disabled" : "the endpoint was deleted");
    } else if (dgl_url_parse(to, strlen(to), "url", &url, &err) != DGL_OK ||
               dgl_guard_check_url(w->guard, &url, "url", &err) != DGL_OK) {
        block(w, f, &err);
    } else if (submit(w, f, row, facts, &url, &err) != DGL_OK) {
        dgl_log_error(DGL_LOG_ERROR, "webhook attempt put off", &err);
        dgl_flight_free(f);
        again_soon(w, item);
    }
}

void dgl_attempt_start(struct dgl_webhook *w, struct dgl_queue_item *item)
{
    struct dgl_delivery_row row;
    struct dgl_error err = DGL_ERROR_INIT;
    int64_t now_us = dgl_clock_now_us(w->clock);
    dgl_arena_reset(w->arena);
    enum dgl_status status = dgl_store_delivery_load(w->store, w->arena, item->id, &row, &err);
    if (status == DGL_E_NOT_FOUND || (status == DGL_OK && row.status != DGL_DELIVERY_PENDING)) {
        dgl_queues_forget(w->queues, item, now_us);
    } else if (status != DGL_OK) {
        dgl_log_error(DGL_LOG_ERROR, "webhook attempt put off", &err);
        again_soon(w, item);
    } else if (row.next_attempt_at_us > now_us) { // an old announcement: somebody was quicker
        if (row.next_attempt_at_us <= now_us + DGL_WEBHOOK_HORIZON_US)
            dgl_queues_put_back(w->queues, item, row.next_attempt_at_us, now_us);
        else
            dgl_queues_forget(w->queues, item, now_us);
    } else {
        start_loaded(w, item, &row);
    }
}
