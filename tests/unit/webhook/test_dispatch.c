// Deliveries from the outbox to the receiver and back into the log, with the clock in hand.
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define ERROR_ANSWER "HTTP/1.1 500 No\r\nContent-Length: 4\r\nX-Why: y\r\n\r\nOops"

static struct tcp_server *receiver(struct rig_receiver *r, const char *answer)
{
    *r = (struct rig_receiver){.answer = answer};
    return tcp_start(rig_serve, r, NULL);
}

static void put_url(struct rig *r, const char *url)
{
    struct dgl_error err = DGL_ERROR_INIT;
    assert_ok(dgl_webhook_settings_put(r->webhook, r->org, url, &err), err);
}

static const char *secret_of(struct rig *r, char out[96])
{
    struct dgl_error err = DGL_ERROR_INIT;
    assert_ok(dgl_webhook_secret_reveal(r->webhook, r->org, out, &err), err);
    return out;
}

static void test_success(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, OK_ANSWER);
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    assert_int_equal(s->requests, 0); // nothing is sent but by the dispatcher
    rig_settle(r);
    assert_int_equal(s->requests, 1);
    assert_string_equal(rig_header(r, s, "content-type"), "application/json");
    assert_contains(rig_header(r, s, "user-agent"), "DocGenLab-Webhooks/0.");
    assert_string_equal(rig_header(r, s, "webhook-id"), id);
    assert_string_equal(rig_header(r, s, "webhook-timestamp"), "1705314600");
    assert_string_equal(rig_header(r, s, "docgenlab-attempt"), "1");
    const char *trace = rig_header(r, s, "traceparent");
    assert_int_equal(strlen(trace), 55);
    assert_memory_equal(trace, "00-", 3);
    char secret[96];
    assert_int_equal(rig_verify(r, s, secret_of(r, secret)), DGL_OK);
    const char *body = rig_body(r, s);
    assert_memory_equal(body, "{\"event\":\"document.generated\",\"job_id\":\"", 40);
    assert_contains(body, "\"status\":\"completed\",\"download_url\":\"https://docs.example/files/");
    assert_contains(body, "?expires=1705401000&signature=");
    assert_contains(body, "\"created_at\":\"2024-01-15T10:30:00Z\",\"error_message\":null}}");

    struct dgl_delivery_row row = rig_delivery(r, id);
    assert_int_equal(row.status, DGL_DELIVERY_SUCCEEDED);
    assert_int_equal(row.attempts, 1);
    size_t count;
    struct dgl_attempt_row *a = rig_attempts(r, id, &count);
    assert_int_equal(count, 1);
    assert_int_equal(a->number, 1);
    assert_int_equal(a->http_status, 200);
    assert_string_equal(a->outcome, "answered");
    assert_null(a->message);
    assert_null(a->address); // a private one
    assert_string_equal(a->answer_body, "ok");
    assert_contains(a->answer_headers, "200 OK");
    assert_true(a->total_us > 0);
    assert_int_equal(a->link_expires_at_us, INT64_C(1705401000000000));
    // The log rebuilds the very body that was sent.
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) again = DGL_BUF_INIT(65536);
    assert_ok(dgl_webhook_payload(r->webhook, &row, a->link_expires_at_us, true, &again, &err), err);
    assert_string_equal(again.data, body);
    rig_close(r);
    tcp_stop(s);
}

static void test_schedule_is_kept(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    static const int64_t waits_s[] = {60, 300, 900};
    for (int n = 0; n < 3; n++) {
        struct dgl_delivery_row row = rig_delivery(r, id);
        int64_t wait_us = row.next_attempt_at_us - dgl_clock_now_us(r->clock);
        assert_int_equal(row.status, DGL_DELIVERY_PENDING);
        assert_int_equal(row.attempts, n + 1);
        assert_in_range(wait_us, waits_s[n] * DGL_US_PER_S, waits_s[n] * DGL_US_PER_S / 10 * 11);
        rig_advance(r, wait_us - 1);
        assert_int_equal(s->requests, n + 1); // not a microsecond early
        rig_advance(r, 1);
        assert_int_equal(s->requests, n + 2);
        char number[8];
        snprintf(number, sizeof number, "%d", n + 2);
        assert_string_equal(rig_header(r, s, "docgenlab-attempt"), number);
        assert_string_equal(rig_header(r, s, "webhook-id"), id);
        char timestamp[24], secret[96];
        snprintf(timestamp, sizeof timestamp, "%lld", (long long)(dgl_clock_now_us(r->clock) / DGL_US_PER_S));
        assert_string_equal(rig_header(r, s, "webhook-timestamp"), timestamp); // of this attempt
        assert_int_equal(rig_verify(r, s, secret_of(r, secret)), DGL_OK);
    }
    struct dgl_delivery_row row = rig_delivery(r, id);
    assert_int_equal(row.status, DGL_DELIVERY_DROPPED);
    assert_string_equal(row.reason, "4 attempts failed; the last: answered with status 500");
    rig_advance(r, 86400 * DGL_US_PER_S);
    assert_int_equal(s->requests, 4);
    size_t count;
    struct dgl_attempt_row *a = rig_attempts(r, id, &count);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(a[i].message, "answered with status 500");
    // A day later its link would have expired: each attempt had its own.
    assert_true(a[0].link_expires_at_us != a[3].link_expires_at_us);
    struct dgl_webhook_stats stats;
    dgl_webhook_stats(r->webhook, &stats);
    assert_int_equal(stats.attempts, 4);
    assert_int_equal(stats.dropped, 1);
    assert_int_equal(stats.queued, 0);
    rig_close(r);
    tcp_stop(s);
}

static void test_retry_after_and_recovery(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, "HTTP/1.1 503 Later\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    struct dgl_delivery_row row = rig_delivery(r, id);
    assert_in_range(row.next_attempt_at_us - RIG_NOW, 120 * DGL_US_PER_S, 132 * DGL_US_PER_S);
    atomic_store(&to.answer, OK_ANSWER);
    rig_advance(r, 132 * DGL_US_PER_S);
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_SUCCEEDED);
    assert_int_equal(rig_delivery(r, id).attempts, 2);
    rig_close(r);
    tcp_stop(s);
}

static void test_gone_disables(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    put_url(r, rig_url(r, s, "/hook"));
    const char *waiting = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    atomic_store(&to.answer, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_DROPPED);
    assert_contains(rig_delivery(r, id).reason, "410 Gone");
    struct dgl_webhook_settings settings;
    struct dgl_error err = DGL_ERROR_INIT;
    assert_ok(dgl_webhook_settings_get(r->webhook, r->arena, r->org, &settings, &err), err);
    assert_false(settings.enabled);
    assert_contains(settings.disabled_reason, "410 Gone");
    rig_advance(r, 70 * DGL_US_PER_S); // what waited is not sent any more
    assert_int_equal(s->requests, 2);
    assert_int_equal(rig_delivery(r, waiting).status, DGL_DELIVERY_CANCELED);
    // Saving the URL, even the same, enables it again.
    put_url(r, rig_url(r, s, "/hook"));
    assert_ok(dgl_webhook_settings_get(r->webhook, r->arena, r->org, &settings, &err), err);
    assert_true(settings.enabled);
    assert_null(settings.disabled_reason);
    rig_close(r);
    tcp_stop(s);
}

static void test_deleted_endpoint(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct dgl_error err = DGL_ERROR_INIT;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_ok(dgl_webhook_settings_delete(r->webhook, r->org, &err), err);
    rig_advance(r, 70 * DGL_US_PER_S);
    assert_int_equal(s->requests, 1);
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_CANCELED);
    assert_null(rig_document(r, NULL, DGL_FORMAT_PDF, true)); // nowhere to go: no delivery
    rig_close(r);
    tcp_stop(s);
}

// A retry goes to the URL of today.
static void test_changed_url(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver old_to, new_to;
    struct tcp_server *old = receiver(&old_to, ERROR_ANSWER), *new = receiver(&new_to, OK_ANSWER);
    put_url(r, rig_url(r, old, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    put_url(r, rig_url(r, new, "/hook"));
    rig_advance(r, 70 * DGL_US_PER_S);
    assert_int_equal(old->requests, 1);
    assert_int_equal(new->requests, 1);
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_SUCCEEDED);
    rig_close(r);
    tcp_stop(old);
    tcp_stop(new);
}

// In flight when the process ends: sent again with the same id, and as the same attempt, since the log knows of none.
static void test_crash_in_flight(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, NULL);
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    bool stop = false;
    while (atomic_load(&to.silent) == 0)
        dgl_webhook_turn(r->webhook, DGL_US_PER_MS, &stop);
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_PENDING);
    atomic_store(&to.answer, OK_ANSWER);
    rig_restart(r, true);
    rig_settle(r); // found in the store
    assert_int_equal(s->requests, 2);
    assert_string_equal(rig_header(r, s, "webhook-id"), id);
    assert_string_equal(rig_header(r, s, "docgenlab-attempt"), "1");
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_SUCCEEDED);
    rig_close(r);
    tcp_stop(s);
}

// Retries that wait survive a restart and keep their time.
static void test_restart_while_waiting(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    int64_t next_us = rig_delivery(r, id).next_attempt_at_us;
    rig_restart(r, true);
    rig_settle(r);
    rig_advance(r, next_us - dgl_clock_now_us(r->clock) - 1);
    assert_int_equal(s->requests, 1);
    rig_advance(r, 1);
    assert_int_equal(s->requests, 2);
    rig_close(r);
    tcp_stop(s);
}

static void test_clock_put_back(void **state DGL_UNUSED)
{
    const int64_t day_us = INT64_C(86400) * DGL_US_PER_S;
    for (int restart = 0; restart < 2; restart++) {
        struct rig *r = rig_open(NULL);
        struct rig_receiver to;
        struct tcp_server *s = receiver(&to, ERROR_ANSWER);
        put_url(r, rig_url(r, s, "/hook"));
        const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
        rig_settle(r);
        rig_advance(r, 40 * DGL_US_PER_S); // now its retry is near enough to be held in memory
        assert_int_equal(s->requests, 1);
        dgl_clock_jump(r->clock, -day_us);
        if (restart)
            rig_restart(r, false);
        rig_settle(r);
        rig_advance(r, 30 * DGL_US_PER_S);
        assert_int_equal(s->requests, 1); // no storm
        rig_advance(r, 60 * DGL_US_PER_S);
        assert_int_equal(s->requests, 2); // no stall: a minute, from the jump at the latest
        const char *young = rig_document(r, NULL, DGL_FORMAT_PDF, true);
        atomic_store(&to.answer, OK_ANSWER);
        rig_advance(r, 400 * DGL_US_PER_S);
        assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_SUCCEEDED);
        assert_int_equal(rig_delivery(r, young).status, DGL_DELIVERY_SUCCEEDED);
        rig_close(r);
        tcp_stop(s);
    }
}

static void test_clock_put_forward(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    dgl_clock_jump(r->clock, INT64_C(86400) * DGL_US_PER_S);
    rig_advance(r, 20 * DGL_US_PER_S);
    assert_int_equal(s->requests, 2); // early, but once
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_PENDING);
    rig_advance(r, 299 * DGL_US_PER_S - 20 * DGL_US_PER_S);
    assert_int_equal(s->requests, 2);
    rig_advance(r, 60 * DGL_US_PER_S);
    assert_int_equal(s->requests, 3); // then by its schedule
    rig_close(r);
    tcp_stop(s);
}

static void test_redeliver(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct dgl_error err = DGL_ERROR_INIT;
    struct tcp_server *s = receiver(&to, OK_ANSWER);
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_ok(dgl_webhook_redeliver(r->webhook, r->org, id, &err), err);
    rig_advance(r, 5 * DGL_US_PER_S);
    assert_int_equal(s->requests, 2);
    assert_string_equal(rig_header(r, s, "webhook-id"), id);
    assert_string_equal(rig_header(r, s, "docgenlab-attempt"), "2");
    // One that waits for its retry goes at once, and its schedule starts anew.
    atomic_store(&to.answer, ERROR_ANSWER);
    const char *failing = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    rig_advance(r, 66 * DGL_US_PER_S);
    assert_int_equal(s->requests, 4);
    assert_ok(dgl_webhook_redeliver(r->webhook, r->org, failing, &err), err);
    rig_settle(r);
    assert_int_equal(s->requests, 5);
    assert_in_range(rig_delivery(r, failing).next_attempt_at_us - dgl_clock_now_us(r->clock), 60 * DGL_US_PER_S,
                    66 * DGL_US_PER_S);
    assert_int_equal(dgl_webhook_redeliver(r->webhook, r->org, "msg_unknown", &err), DGL_E_NOT_FOUND);
    rig_close(r);
    tcp_stop(s);
}

static void test_blocked(void **state DGL_UNUSED)
{
    struct rig_options options = {.nets = ""};
    struct rig *r = rig_open(&options);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, OK_ANSWER);
    // The name is judged when it is resolved; the literal was allowed when the document was accepted.
    const char *id = rig_document(r, rig_url(r, s, "/x"), DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->accepted, 0);
    size_t count;
    struct dgl_attempt_row *a = rig_attempts(r, id, &count);
    assert_int_equal(count, 1);
    assert_string_equal(a->outcome, "blocked");
    assert_string_equal(a->message, "destination not allowed");
    assert_null(a->address);
    assert_int_equal(a->dns_us + a->connect_us + a->first_byte_us + a->total_us, 0);
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_PENDING); // retried like any failure
    struct dgl_webhook_stats stats;
    dgl_webhook_stats(r->webhook, &stats);
    assert_int_equal(stats.blocked, 1);
    rig_close(r);
    tcp_stop(s);
}

static void test_private_answers_are_not_kept(void **state DGL_UNUSED)
{
    struct rig_options options = {.production = true};
    struct rig *r = rig_open(&options);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    size_t count;
    struct dgl_attempt_row *a = rig_attempts(r, id, &count);
    assert_int_equal(a->http_status, 500);
    assert_null(a->answer_body);
    assert_null(a->answer_headers);
    assert_null(a->address);
    rig_close(r);
    tcp_stop(s);
}

static void test_answers_are_made_text(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s =
        receiver(&to, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: \xff\r\n\r\na\x01\xC3\xA4\xE2\x82z\n\x7f");
    put_url(r, rig_url(r, s, "/hook"));
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    size_t count;
    struct dgl_attempt_row *a = rig_attempts(r, id, &count);
    assert_string_equal(a->answer_body, "a?\xC3\xA4??z\n?");
    assert_contains(a->answer_headers, "X: ?");
    rig_close(r);
    tcp_stop(s);
}

// ---- keys

static void test_other_origin_has_its_own_key(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to, other_to;
    struct dgl_error err = DGL_ERROR_INIT;
    struct tcp_server *s = receiver(&to, OK_ANSWER), *other = receiver(&other_to, OK_ANSWER);
    char secret[96], derived[96];
    put_url(r, rig_url(r, s, "/hook"));
    secret_of(r, secret);
    rig_document(r, rig_url(r, s, "/another/path"), DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_verify(r, s, secret), DGL_OK); // same origin
    rig_document(r, rig_url(r, other, "/hook"), DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(other->requests, 1);
    assert_int_equal(rig_verify(r, other, secret), DGL_E_INVALID);
    assert_ok(dgl_webhook_secret_derive(r->webhook, r->org, rig_url(r, other, "/whatever"), derived, &err), err);
    assert_int_equal(rig_verify(r, other, derived), DGL_OK);
    assert_ok(dgl_webhook_secret_derive(r->webhook, r->org, rig_url(r, s, "/x"), derived, &err), err);
    assert_string_equal(derived, secret);
    rig_close(r);
    tcp_stop(s);
    tcp_stop(other);
}

static void test_rotation(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct dgl_error err = DGL_ERROR_INIT;
    struct tcp_server *s = receiver(&to, OK_ANSWER);
    char old[96], new[96], newest[96];
    put_url(r, rig_url(r, s, "/hook"));
    secret_of(r, old);
    assert_ok(dgl_webhook_secret_rotate(r->webhook, r->org, 3600, new, &err), err);
    assert_string_not_equal(old, new);
    assert_string_equal(secret_of(r, newest), new);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_verify(r, s, old), DGL_OK);
    assert_int_equal(rig_verify(r, s, new), DGL_OK);
    rig_advance(r, 3601 * DGL_US_PER_S);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_verify(r, s, old), DGL_E_INVALID);
    assert_int_equal(rig_verify(r, s, new), DGL_OK);
    assert_ok(dgl_webhook_secret_rotate(r->webhook, r->org, 0, newest, &err), err); // at once
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_verify(r, s, new), DGL_E_INVALID);
    assert_int_equal(rig_verify(r, s, newest), DGL_OK);
    rig_close(r);
    tcp_stop(s);
}

// ---- isolation

// Fifty for a receiver that never answers do not keep five for another waiting, nor take more than ten connections.
static void test_slow_endpoint_delays_nobody(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver slow_to, fast_to;
    struct tcp_server *slow = receiver(&slow_to, NULL), *fast = receiver(&fast_to, OK_ANSWER);
    for (int i = 0; i < 50; i++)
        rig_document(r, rig_url(r, slow, "/x"), DGL_FORMAT_PDF, true);
    const char *ids[5];
    for (int i = 0; i < 5; i++)
        ids[i] = rig_document(r, rig_url(r, fast, "/x"), DGL_FORMAT_PDF, true);
    bool stop = false;
    for (int i = 0; i < 5; i++)
        while (rig_delivery(r, ids[i]).status != DGL_DELIVERY_SUCCEEDED)
            dgl_webhook_turn(r->webhook, DGL_US_PER_MS, &stop);
    assert_true(slow->accepted <= 10);
    assert_false(dgl_webhook_idle(r->webhook));
    rig_close(r); // with ten in flight
    tcp_stop(slow);
    tcp_stop(fast);
}

// ---- the thread

struct storm {
    struct rig *rig;
    const char *url;
    const char *ids[100];
};

static void *announce_many(void *arg)
{
    struct storm *s = arg;
    // Other threads finish documents; here the deliveries exist already and are announced again and again.
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < 100; i++) {
            struct dgl_delivery_due due = {.org_number = s->rig->org_number, .url = s->url, .due_at_us = 0};
            memcpy(due.id, s->ids[i], strlen(s->ids[i]) + 1);
            memcpy(due.org, s->rig->org, sizeof due.org);
            dgl_webhook_enqueue(s->rig->webhook, &due, 1);
        }
    return NULL;
}

static void test_thread(void **state DGL_UNUSED)
{
    struct rig_options options = {.system_clock = true};
    struct rig *r = rig_open(&options);
    struct rig_receiver to;
    struct dgl_error err = DGL_ERROR_INIT;
    struct tcp_server *s = receiver(&to, OK_ANSWER);
    struct storm storm = {.rig = r, .url = rig_url(r, s, "/x")};
    pthread_t threads[3];
    for (int i = 0; i < 100; i++)
        storm.ids[i] = rig_document(r, storm.url, DGL_FORMAT_PDF, true);
    assert_ok(dgl_webhook_start(r->webhook, &err), err);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, announce_many, &storm);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    struct dgl_webhook_stats stats = {0};
    while (stats.succeeded < 100) {
        tcp_pace();
        dgl_webhook_stats(r->webhook, &stats);
    }
    dgl_webhook_stop(r->webhook, 10000);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rig_delivery(r, storm.ids[i]).status, DGL_DELIVERY_SUCCEEDED);
    assert_int_equal(s->requests, 100); // each once, however often announced
    rig_close(r);
    tcp_stop(s);
}

static void test_stop_waits_for_what_is_out(void **state DGL_UNUSED)
{
    struct rig_options options = {.system_clock = true};
    struct rig *r = rig_open(&options);
    struct rig_receiver to;
    struct dgl_error err = DGL_ERROR_INIT;
    struct tcp_server *s = receiver(&to, NULL);
    const char *id = rig_document(r, rig_url(r, s, "/x"), DGL_FORMAT_PDF, true);
    assert_ok(dgl_webhook_start(r->webhook, &err), err);
    while (atomic_load(&s->requests) == 0)
        tcp_pace();
    dgl_webhook_stop(r->webhook, 50); // gives up waiting
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_PENDING);
    assert_int_equal(rig_delivery(r, id).attempts, 0);
    rig_close(r);
    tcp_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success),
        cmocka_unit_test(test_schedule_is_kept),
        cmocka_unit_test(test_retry_after_and_recovery),
        cmocka_unit_test(test_gone_disables),
        cmocka_unit_test(test_deleted_endpoint),
        cmocka_unit_test(test_changed_url),
        cmocka_unit_test(test_crash_in_flight),
        cmocka_unit_test(test_restart_while_waiting),
        cmocka_unit_test(test_clock_put_back),
        cmocka_unit_test(test_clock_put_forward),
        cmocka_unit_test(test_redeliver),
        cmocka_unit_test(test_blocked),
        cmocka_unit_test(test_private_answers_are_not_kept),
        cmocka_unit_test(test_answers_are_made_text),
        cmocka_unit_test(test_other_origin_has_its_own_key),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_slow_endpoint_delays_nobody),
        cmocka_unit_test(test_thread),
        cmocka_unit_test(test_stop_waits_for_what_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
