// The feed: nothing is lost over drops and restarts, only what was not reported is repeated, waiting ends in time.
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static void called(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static size_t fetch(struct rig *r, const char *cursor, struct dgl_webhook_event **ret)
{
    struct dgl_error err = DGL_ERROR_INIT;
    size_t count;
    assert_ok(dgl_webhook_events_after(r->webhook, r->arena, r->org, cursor, 10, ret, &count, &err), err);
    return count;
}

static const char *line_of(const struct dgl_webhook_event *e, const char *name)
{
    for (size_t i = 0; e->headers[i]; i++)
        if (strncmp(e->headers[i], name, strlen(name)) == 0)
            return e->headers[i] + strlen(name) + 2;
    return NULL;
}

static void test_fetch_and_report(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    char cursor[DGL_WEBHOOK_EVENTS_CURSOR_LEN], again[DGL_WEBHOOK_EVENTS_CURSOR_LEN], secret[96];
    struct dgl_webhook_event *events;
    assert_ok(dgl_webhook_listen(r->webhook, r->org, "me@laptop", cursor, &err), err);
    assert_int_equal(fetch(r, cursor, &events), 0);
    const char *ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = rig_document(r, NULL, DGL_FORMAT_PDF, i != 2);
    rig_settle(r);
    assert_int_equal(fetch(r, cursor, &events), 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(events[i].id, ids[i]);
    // Exactly what a receiver would have got.
    assert_ok(dgl_webhook_secret_reveal(r->webhook, r->org, secret, &err), err);
    struct dgl_webhook_key key;
    assert_ok(dgl_webhook_key_parse(secret, &key, &err), err);
    assert_ok(dgl_webhook_verify(&key, 1, line_of(&events[0], "webhook-id"), line_of(&events[0], "webhook-timestamp"),
                                 line_of(&events[0], "webhook-signature"), events[0].body, events[0].body_len,
                                 dgl_clock_now_us(r->clock) / DGL_US_PER_S, &err),
              err);
    assert_string_equal(line_of(&events[0], "Content-Type"), "application/json");
    assert_memory_equal(events[0].body, "{\"event\":\"document.generated\",", 30);
    // The connection dropped after the first: the cursor goes on behind it.
    memcpy(again, events[0].cursor, sizeof again);
    assert_int_equal(fetch(r, again, &events), 2);
    assert_string_equal(events[0].id, ids[1]);
    struct dgl_webhook_report report = {.timestamp_s = RIG_NOW / DGL_US_PER_S,
                                        .http_status = 204,
                                        .total_us = 1234,
                                        .headers = "HTTP/1.1 204 No Content\r\n",
                                        .body = "fine"};
    assert_ok(dgl_webhook_event_report(r->webhook, r->org, ids[0], &report, &err), err);
    assert_ok(dgl_webhook_event_report(r->webhook, r->org, ids[0], &report, &err), err); // twice is once
    report = (struct dgl_webhook_report){.timestamp_s = RIG_NOW / DGL_US_PER_S, .message = "nothing listens there"};
    assert_ok(dgl_webhook_event_report(r->webhook, r->org, ids[1], &report, &err), err);
    struct dgl_delivery_row row = rig_delivery(r, ids[0]);
    assert_int_equal(row.status, DGL_DELIVERY_SUCCEEDED);
    size_t count;
    struct dgl_attempt_row *a = rig_attempts(r, ids[0], &count);
    assert_int_equal(count, 1);
    assert_int_equal(a->http_status, 204);
    assert_int_equal(a->total_us, 1234);
    assert_string_equal(a->answer_body, "fine");
    row = rig_delivery(r, ids[1]);
    assert_int_equal(row.status, DGL_DELIVERY_DROPPED);
    assert_string_equal(row.reason, "the local program did not answer: nothing listens there");
    // Server and client start anew: what was not reported comes again, under the same id.
    rig_restart(r, true);
    assert_ok(dgl_webhook_listen(r->webhook, r->org, "me@laptop", cursor, &err), err);
    assert_int_equal(fetch(r, cursor, &events), 1);
    assert_string_equal(events[0].id, ids[2]);
    assert_int_equal(events[0].attempt, 1);
    // Sent again by hand.
    dgl_clock_advance(r->clock, 1);
    assert_ok(dgl_webhook_redeliver(r->webhook, r->org, ids[1], &err), err);
    assert_int_equal(fetch(r, cursor, &events), 2);
    assert_string_equal(events[1].id, ids[1]);
    assert_int_equal(events[1].attempt, 2);
    rig_close(r);
}

static void test_waiting(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    char cursor[DGL_WEBHOOK_EVENTS_CURSOR_LEN];
    atomic_int calls = 0;
    assert_ok(dgl_webhook_listen(r->webhook, r->org, "a", cursor, &err), err);
    assert_ok(dgl_webhook_events_wait(r->webhook, r->org, cursor, 30000, called, &calls, &err), err);
    rig_settle(r);
    assert_int_equal(calls, 0);
    rig_advance(r, 29 * DGL_US_PER_S);
    assert_int_equal(calls, 0);
    rig_advance(r, DGL_US_PER_S); // the time is up
    assert_int_equal(calls, 1);
    assert_ok(dgl_webhook_events_wait(r->webhook, r->org, cursor, 30000, called, &calls, &err), err);
    rig_document(r, NULL, DGL_FORMAT_PDF, true); // an event ends the wait at once
    assert_int_equal(calls, 2);
    assert_ok(dgl_webhook_events_wait(r->webhook, r->org, cursor, 30000, called, &calls, &err), err);
    assert_int_equal(calls, 3); // it is still there
    struct dgl_webhook_event *events;
    assert_int_equal(fetch(r, cursor, &events), 1);
    assert_ok(dgl_webhook_events_wait(r->webhook, r->org, events[0].cursor, 30000, called, &calls, &err), err);
    assert_int_equal(calls, 3);
    dgl_webhook_free(DGL_STEAL(r->webhook)); // stopping ends it
    assert_int_equal(calls, 4);
    rig_close(r);
}

static void test_tenants_and_bad_input(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    char cursor[DGL_WEBHOOK_EVENTS_CURSOR_LEN];
    struct dgl_webhook_event *events;
    size_t count;
    atomic_int calls = 0;
    struct dgl_id other;
    assert_ok(dgl_store_org_create(r->store, "other", &other, &err), err);
    assert_ok(dgl_webhook_listen(r->webhook, r->org, "a", cursor, &err), err);
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    assert_int_equal(dgl_webhook_events_after(r->webhook, r->arena, other.s, cursor, 10, &events, &count, &err),
                     DGL_E_NOT_FOUND);
    assert_int_equal(dgl_webhook_events_wait(r->webhook, other.s, cursor, 10, called, &calls, &err), DGL_E_NOT_FOUND);
    struct dgl_webhook_report report = {.http_status = 200};
    assert_int_equal(dgl_webhook_event_report(r->webhook, other.s, id, &report, &err), DGL_E_NOT_FOUND);
    static const char *const bad[] = {
        "", "x", "a.b.c", "a.1", "a.1.-1", "a..2", "0123456789012345678901234567890123456789.1.2"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        assert_int_equal(dgl_webhook_events_after(r->webhook, r->arena, r->org, bad[i], 10, &events, &count, &err),
                         DGL_E_INVALID);
        assert_string_equal(err.field, "cursor");
    }
    static const char *const names[] = {"", "a b", "a/b", "\xc3\xa4"};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        assert_int_equal(dgl_webhook_listen(r->webhook, r->org, names[i], cursor, &err), DGL_E_INVALID);
    report.http_status = 99;
    assert_int_equal(dgl_webhook_event_report(r->webhook, r->org, id, &report, &err), DGL_E_INVALID);
    const char *pushed = rig_document(r, "http://127.0.0.1:9/", DGL_FORMAT_PDF, true);
    report.http_status = 200;
    assert_int_equal(dgl_webhook_event_report(r->webhook, r->org, pushed, &report, &err), DGL_E_CONFLICT);
    assert_int_equal(calls, 0);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_and_report),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_tenants_and_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
