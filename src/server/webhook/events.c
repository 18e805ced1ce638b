// The feed: what a listener fetches, and what it reports back.
//
// The cursor is "listener.time.seq", a place in the listener's line (store: listeners.c). A long poll is a waiter in
// a list: put in first and the store asked afterwards, so that an event between the two is seen by one of them.
// Announcements wake the waiters of their listener; the dispatcher's turn ends those whose time is up.
#include "server/webhook/webhook_private.h"

#include "base/str.h"
#include "base/thread.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_HEADERS_MAX 8192
#define REPORT_BODY_MAX 16384

struct dgl_events_waiter {
    struct dgl_events_waiter *next;
    char listener[40];
    int64_t deadline_mono_us;
    dgl_webhook_events_done done;
    void *arg;
};

// ---- cursor

struct place {
    char listener[40];
    struct dgl_listener_position at;
};

static void write_cursor(const struct place *p, char ret[DGL_WEBHOOK_EVENTS_CURSOR_LEN])
{
    snprintf(ret, DGL_WEBHOOK_EVENTS_CURSOR_LEN, "%s.%lld.%lld", p->listener, (long long)p->at.at_us,
             (long long)p->at.seq);
}

static enum dgl_status read_cursor(const char *cursor, struct place *ret, struct dgl_error *err)
{
    struct place p = {0};
    const char *time = strchr(cursor, '.'), *seq = time ? strchr(time + 1, '.') : NULL;
    if (!seq || (size_t)(time - cursor) >= sizeof p.listener ||
        !dgl_parse_int64(time + 1, (size_t)(seq - time - 1), 0, INT64_MAX, &p.at.at_us) ||
        !dgl_parse_int64(seq + 1, strlen(seq + 1), 0, INT64_MAX, &p.at.seq))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_cursor", "cursor",
                              "cursor is not one that this feed returned; leave it out to begin");
    memcpy(p.listener, cursor, (size_t)(time - cursor));
    *ret = p;
    return DGL_OK;
}

// ---- listen, fetch

static bool is_name(const char *s)
{
    size_t len = strlen(s);
    return len > 0 && len <= DGL_WEBHOOK_LISTENER_NAME_MAX &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-") == len;
}

enum dgl_status dgl_webhook_listen(struct dgl_webhook *w, const char *org, const char *name,
                                   char ret_cursor[DGL_WEBHOOK_EVENTS_CURSOR_LEN], struct dgl_error *err)
{
    struct dgl_id id;
    struct place p = {0};
    if (!is_name(name))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_name", "name",
                              "a listener's name has 1 to %d letters, digits and . _ @ -",
                              DGL_WEBHOOK_LISTENER_NAME_MAX);
    DGL_TRY(dgl_store_listener_open(w->store, org, name, &id, err));
    dgl_str_copy(p.listener, sizeof p.listener, id.s, strlen(id.s));
    write_cursor(&p, ret_cursor);
    return DGL_OK;
}

static enum dgl_status make_event(struct dgl_webhook *w, struct dgl_arena *a, const struct dgl_delivery_row *row,
                                  const struct dgl_webhook_key *keys, size_t key_count, struct dgl_webhook_event *ret,
                                  struct dgl_error *err)
{
    int64_t now_us = dgl_clock_now_us(w->clock);
    struct dgl_payload_links links = {
        .keys = w->keys, .public_url = w->public_url, .expires_at_s = now_us / DGL_US_PER_S + w->download_url_ttl_s};
    const char **lines = dgl_arena_alloc(a, DGL_WEBHOOK_HEADERS * sizeof *lines);
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(DGL_WEBHOOK_BODY_MAX);
    DGL_TRY(dgl_payload_write(row, &links, &body, err));
    ret->id = dgl_arena_strdup(a, row->id);
    ret->event_type = row->event_type;
    ret->attempt = row->attempts + 1;
    ret->timestamp_s = now_us / DGL_US_PER_S;
    ret->body = dgl_arena_strndup(a, body.data, body.len);
    ret->body_len = body.len;
    struct dgl_webhook_outgoing out = {
        .id = ret->id, .body = ret->body, .body_len = ret->body_len, .number = ret->attempt};
    dgl_attempt_headers(a, &out, keys, key_count, now_us, lines);
    ret->headers = lines;
    return DGL_OK;
}

enum dgl_status dgl_webhook_events_after(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                         const char *cursor, size_t max, struct dgl_webhook_event **ret,
                                         size_t *ret_count, struct dgl_error *err)
{
    struct place p;
    struct dgl_facts_key facts[DGL_WEBHOOK_KEYS_MAX];
    struct dgl_webhook_key keys[DGL_WEBHOOK_KEYS_MAX];
    struct dgl_delivery_row *rows;
    struct dgl_listener_position *positions;
    size_t count, key_count;
    DGL_TRY(read_cursor(cursor, &p, err));
    DGL_TRY(dgl_store_listener_events(w->store, a, org, p.listener, p.at, DGL_MIN(max, DGL_WEBHOOK_EVENTS_MAX), &rows,
                                      &positions, &count, err));
    DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, "", facts, &key_count, err));
    for (size_t i = 0; i < key_count; i++)
        keys[i] = facts[i].key;
    struct dgl_webhook_event *events = dgl_arena_alloc(a, DGL_MAX(count, 1) * sizeof *events);
    enum dgl_status status = DGL_OK;
    for (size_t i = 0; i < count && status == DGL_OK; i++) {
        status = make_event(w, a, &rows[i], keys, key_count, &events[i], err);
        p.at = positions[i];
        write_cursor(&p, events[i].cursor);
    }
    dgl_wipe(facts, sizeof facts);
    dgl_wipe(keys, sizeof keys);
    *ret = events;
    *ret_count = count;
    return status;
}

// ---- long poll

static void call_all(struct dgl_events_waiter *list)
{
    while (list) {
        struct dgl_events_waiter *next = list->next;
        list->done(list->arg);
        free(list);
        list = next;
    }
}

// Takes out those of a listener (NULL = any) whose time is up by `mono_us`.
static struct dgl_events_waiter *take_out(struct dgl_webhook *w, const char *listener, int64_t mono_us,
                                          int64_t *ret_next_us)
{
    struct dgl_events_waiter *found = NULL;
    int64_t next_us = INT64_MAX;
    pthread_mutex_lock(&w->wait_lock);
    for (struct dgl_events_waiter **at = &w->waiters; *at;) {
        struct dgl_events_waiter *one = *at;
        if (one->deadline_mono_us > mono_us || (listener && strcmp(one->listener, listener) != 0)) {
            next_us = DGL_MIN(next_us, one->deadline_mono_us);
            at = &one->next;
            continue;
        }
        *at = one->next;
        one->next = found;
        found = one;
        w->waiter_count--;
    }
    pthread_mutex_unlock(&w->wait_lock);
    *ret_next_us = next_us;
    return found;
}

void dgl_events_wake(struct dgl_webhook *w, const char *listener)
{
    int64_t next_us;
    call_all(take_out(w, listener, INT64_MAX, &next_us));
}

int64_t dgl_events_expire(struct dgl_webhook *w, int64_t mono_us, bool all)
{
    int64_t next_us;
    call_all(take_out(w, NULL, all ? INT64_MAX : mono_us, &next_us));
    return next_us == INT64_MAX ? INT64_MAX : DGL_MAX(next_us - mono_us, 0);
}

void dgl_webhook_events_stop(struct dgl_webhook *w)
{
    pthread_mutex_lock(&w->wait_lock);
    w->no_waiting = true;
    pthread_mutex_unlock(&w->wait_lock);
    dgl_events_expire(w, 0, true);
}

static bool may_wait(struct dgl_webhook *w)
{
    pthread_mutex_lock(&w->wait_lock);
    bool may = !w->no_waiting;
    pthread_mutex_unlock(&w->wait_lock);
    return may;
}

static enum dgl_status put_waiter(struct dgl_webhook *w, const struct place *p, int64_t wait_ms,
                                  dgl_webhook_events_done done, void *arg, struct dgl_error *err)
{
    struct dgl_events_waiter *one = DGL_NEW(struct dgl_events_waiter);
    memcpy(one->listener, p->listener, sizeof one->listener);
    one->deadline_mono_us =
        dgl_clock_mono_us(w->clock) + DGL_MAX(DGL_MIN(wait_ms, DGL_WEBHOOK_EVENTS_WAIT_MAX_MS), 0) * DGL_US_PER_MS;
    one->done = done;
    one->arg = arg;
    pthread_mutex_lock(&w->wait_lock);
    bool full = w->waiter_count >= DGL_WEBHOOK_WAITERS_MAX;
    if (!full) {
        one->next = w->waiters;
        w->waiters = one;
        w->waiter_count++;
    }
    pthread_mutex_unlock(&w->wait_lock);
    if (!full)
        return DGL_OK;
    free(one);
    return DGL_FAIL(err, DGL_E_UNAVAILABLE, "too many listeners are waiting; ask again without wait");
}

enum dgl_status dgl_webhook_events_wait(struct dgl_webhook *w, const char *org, const char *cursor, int64_t wait_ms,
                                        dgl_webhook_events_done done, void *arg, struct dgl_error *err)
{
    struct place p;
    struct dgl_delivery_row *rows;
    struct dgl_listener_position *positions;
    size_t count;
    int64_t next_us;
    struct dgl_error ignored = DGL_ERROR_INIT;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(read_cursor(cursor, &p, err));
    DGL_TRY(dgl_store_listener_events(w->store, a, org, p.listener, p.at, 1, &rows, &positions, &count, err));
    DGL_TRY(put_waiter(w, &p, wait_ms, done, arg, err));
    // From here on done is called in any case. What came in before the waiter was in the list is seen now.
    if (count > 0 || !may_wait(w) ||
        dgl_store_listener_events(w->store, a, org, p.listener, p.at, 1, &rows, &positions, &count, &ignored) !=
            DGL_OK ||
        count > 0)
        call_all(take_out(w, p.listener, INT64_MAX, &next_us));
    return DGL_OK;
}

// ---- report

struct recorded {
    struct dgl_latch over;
    enum dgl_status status;
    struct dgl_error *err;
};

static void on_recorded(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct recorded *r = arg;
    r->status = status;
    if (status != DGL_OK)
        *r->err = *err;
    dgl_latch_open(&r->over);
}

static enum dgl_status record_and_wait(struct dgl_webhook *w, const struct dgl_attempt_result *result,
                                       struct dgl_error *err)
{
    struct recorded r = {.over = DGL_LATCH_INIT, .err = err};
    dgl_store_attempt_record_async(w->store, result, on_recorded, &r);
    dgl_latch_wait(&r.over);
    return r.status;
}

static char *cut_text(struct dgl_arena *a, const char *s, size_t max)
{
    if (!s || !*s)
        return NULL;
    size_t len = strlen(s);
    char *copy = dgl_arena_strndup(a, s, len > max ? dgl_utf8_cut(s, len, max) : len);
    dgl_webhook_make_text(copy, strlen(copy));
    return copy;
}

static void describe(const struct dgl_webhook_report *report, const char *why, char out[256])
{
    if (report->http_status)
        snprintf(out, 256, "the local program answered with status %d", (int)report->http_status);
    else
        snprintf(out, 256, "the local program did not answer: %.200s", why ? why : "no reason given");
}

enum dgl_status dgl_webhook_event_report(struct dgl_webhook *w, const char *org, const char *id,
                                         const struct dgl_webhook_report *report, struct dgl_error *err)
{
    struct dgl_delivery_row row;
    struct dgl_endpoint_row endpoint;
    char message[256];
    int64_t now_us = dgl_clock_now_us(w->clock);
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_store_delivery_get(w->store, a, org, id, &row, err));
    if (row.endpoint[0])
        DGL_TRY(dgl_store_endpoint_get(w->store, a, org, row.endpoint, &endpoint, err));
    if (!row.endpoint[0] || endpoint.kind != DGL_ENDPOINT_LISTENER)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "not_a_listener", "delivery %s does not go to a listener", id);
    if (report->http_status != 0 && (report->http_status < 100 || report->http_status > 599))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "http_status",
                              "http_status is %lld but must be 100 to 599, or 0 when there was no answer",
                              (long long)report->http_status);
    if (row.status != DGL_DELIVERY_PENDING)
        return DGL_OK;
    bool ok = report->http_status >= 200 && report->http_status < 300;
    int64_t timestamp_s = DGL_MAX(DGL_MIN(report->timestamp_s, now_us / DGL_US_PER_S), 0);
    describe(report, cut_text(a, report->message, 200), message);
    struct dgl_attempt_result result = {.status = ok ? DGL_DELIVERY_SUCCEEDED : DGL_DELIVERY_DROPPED,
                                        .reason = ok ? NULL : message};
    struct dgl_attempt_row *t = &result.attempt;
    memcpy(t->delivery, row.id, sizeof t->delivery);
    t->number = row.attempts + 1;
    t->started_at_us = timestamp_s * DGL_US_PER_S;
    t->total_us = DGL_MAX(report->total_us, 0);
    t->http_status = report->http_status;
    t->outcome = dgl_net_outcome_word(report->http_status ? DGL_NET_ANSWERED : DGL_NET_CONNECT);
    t->message = ok ? NULL : message;
    t->answer_headers = cut_text(a, report->headers, REPORT_HEADERS_MAX);
    t->answer_body = cut_text(a, report->body, REPORT_BODY_MAX);
    t->answer_body_len = t->answer_body ? strlen(t->answer_body) : 0;
    t->link_expires_at_us = (timestamp_s + w->download_url_ttl_s) * DGL_US_PER_S;
    enum dgl_status status = record_and_wait(w, &result, err);
    return status == DGL_E_CONFLICT ? DGL_OK : status; // reported twice at once
}
