// Further endpoints: what is accepted, what is sent to them, secrets, ranges sent again, five-day disabling, closing.
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define ERROR_ANSWER "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
#define HOUR (INT64_C(3600) * DGL_US_PER_S)

static struct tcp_server *receiver(struct rig_receiver *r, const char *answer)
{
    *r = (struct rig_receiver){.answer = answer};
    return tcp_start(rig_serve, r, NULL);
}

static struct dgl_id create(struct rig *r, const struct dgl_webhook_endpoint_spec *spec)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    assert_ok(dgl_webhook_endpoint_create(r->webhook, r->org, spec, &id, &err), err);
    return id;
}

static struct dgl_webhook_endpoint get(struct rig *r, const char *id)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_endpoint e;
    assert_ok(dgl_webhook_endpoint_get(r->webhook, r->arena, r->org, id, &e, &err), err);
    return e;
}

static void test_custom_headers_and_own_secret(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, OK_ANSWER);
    static const struct dgl_webhook_header headers[] = {{"Authorization", "Bearer t0ken"}, {"X-Stage", "live"}};
    struct dgl_webhook_endpoint_spec spec = {.url = rig_url(r, s, "/further"),
                                             .description = "ours",
                                             .events = "document.generated",
                                             .headers = headers,
                                             .header_count = 2,
                                             .own_secret = true};
    struct dgl_id id = create(r, &spec);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->requests, 1);
    assert_string_equal(rig_header(r, s, "authorization"), "Bearer t0ken");
    assert_string_equal(rig_header(r, s, "x-stage"), "live");
    char own[96], organizations[96];
    assert_ok(dgl_webhook_endpoint_secret_reveal(r->webhook, r->org, id.s, own, &err), err);
    assert_ok(dgl_webhook_secret_reveal(r->webhook, r->org, organizations, &err), err);
    assert_string_not_equal(own, organizations);
    assert_int_equal(rig_verify(r, s, own), DGL_OK);
    assert_int_equal(rig_verify(r, s, organizations), DGL_E_INVALID);
    struct dgl_webhook_endpoint e = get(r, id.s);
    assert_int_equal(e.header_count, 2);
    assert_string_equal(e.headers[0].value, "Bearer t0ken");
    assert_non_null(e.secret_hint);
    // The token is not readable in the database.
    struct dgl_endpoint_row row;
    assert_ok(dgl_store_endpoint_get(r->store, r->arena, r->org, id.s, &row, &err), err);
    assert_null(strstr(row.headers_json, "t0ken"));
    // Rotation: both sign, then only the new one.
    char next[96];
    assert_ok(dgl_webhook_endpoint_secret_rotate(r->webhook, r->org, id.s, 60, next, &err), err);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_verify(r, s, own), DGL_OK);
    assert_int_equal(rig_verify(r, s, next), DGL_OK);
    dgl_clock_advance(r->clock, 61 * DGL_US_PER_S);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_verify(r, s, own), DGL_E_INVALID);
    assert_int_equal(rig_verify(r, s, next), DGL_OK);
    rig_close(r);
    tcp_stop(s);
}

static void test_filter_and_state(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, OK_ANSWER);
    struct dgl_webhook_endpoint_spec spec = {.url = rig_url(r, s, "/bulk"), .events = "bulk.completed"};
    create(r, &spec);
    spec.url = rig_url(r, s, "/all");
    spec.events = NULL;
    struct dgl_id all = create(r, &spec);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_document(r, rig_url(r, s, "/own"), DGL_FORMAT_PDF, true); // an addition, not a replacement
    rig_settle(r);
    assert_int_equal(s->requests, 3);
    assert_ok(dgl_webhook_endpoint_disable(r->webhook, r->org, all.s, NULL, &err), err);
    assert_string_equal(get(r, all.s).state_reason, "disabled by an administrator");
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->requests, 3);
    assert_ok(dgl_webhook_endpoint_enable(r->webhook, r->org, all.s, &err), err);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->requests, 4);
    struct dgl_webhook_endpoint *list;
    size_t count;
    assert_ok(dgl_webhook_endpoint_list(r->webhook, r->arena, r->org, &list, &count, &err), err);
    assert_int_equal(count, 2);
    assert_string_equal(list[1].id, all.s);
    assert_ok(dgl_webhook_endpoint_delete(r->webhook, r->org, all.s, &err), err);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->requests, 4);
    rig_close(r);
    tcp_stop(s);
}

static void test_own_schedule(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    struct dgl_webhook_endpoint_spec spec = {.url = rig_url(r, s, "/"), .schedule = "5"};
    create(r, &spec);
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_in_range(rig_delivery(r, id).next_attempt_at_us - RIG_NOW, 5 * DGL_US_PER_S, 5500000);
    rig_advance(r, 5500000);
    assert_int_equal(s->requests, 2);
    assert_int_equal(rig_delivery(r, id).status, DGL_DELIVERY_DROPPED);
    rig_close(r);
    tcp_stop(s);
}

static void refuse(struct rig *r, struct dgl_webhook_endpoint_spec spec, const char *field)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    if (!spec.url)
        spec.url = "http://127.0.0.1:9/";
    assert_int_equal(dgl_webhook_endpoint_create(r->webhook, r->org, &spec, &id, &err), DGL_E_INVALID);
    assert_string_equal(err.field, field);
    assert_true(strlen(err.message) > 10);
}

static void test_bad_settings(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    char text[5000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    refuse(r, (struct dgl_webhook_endpoint_spec){.url = "http://10.0.0.1/"}, "url");
    refuse(r, (struct dgl_webhook_endpoint_spec){.url = "nonsense"}, "url");
    refuse(r, (struct dgl_webhook_endpoint_spec){.description = text}, "description");
    refuse(r, (struct dgl_webhook_endpoint_spec){.events = "document.generated,no.such"}, "events");
    refuse(r, (struct dgl_webhook_endpoint_spec){.schedule = "60,soon"}, "schedule");
    refuse(r, (struct dgl_webhook_endpoint_spec){.rate_per_s = -1}, "rate_per_s");
    refuse(r, (struct dgl_webhook_endpoint_spec){.rate_per_s = 10001}, "rate_per_s");
    static const struct dgl_webhook_header bad[] = {
        {"Host", "a"},
        {"content-LENGTH", "1"},
        {"Transfer-Encoding", "x"},
        {"Webhook-Id", "1"},
        {"Connection", "a"},
        {"DocGenLab-X", "1"},
        {"Proxy-Authorization", "a"},
        {"", "a"},
        {"a b", "c"},
        {"a:b", "c"},
        {"X", "a\r\nY: b"},
        {"X", " a"},
        {"X", ""},
        {"X", "\xc3\xa4"},
        {"TE", "trailers"},
        {"Upgrade", "h2c"},
    };
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        refuse(r, (struct dgl_webhook_endpoint_spec){.headers = &bad[i], .header_count = 1}, "headers");
    static const struct dgl_webhook_header twice[] = {{"X-A", "1"}, {"x-a", "2"}};
    refuse(r, (struct dgl_webhook_endpoint_spec){.headers = twice, .header_count = 2}, "headers");
    struct dgl_webhook_header many[DGL_WEBHOOK_CUSTOM_HEADERS_MAX + 1];
    for (size_t i = 0; i < DGL_COUNT(many); i++)
        many[i] = (struct dgl_webhook_header){dgl_arena_printf(r->arena, "X-%zu", i), "1"};
    refuse(r, (struct dgl_webhook_endpoint_spec){.headers = many, .header_count = DGL_COUNT(many)}, "headers");
    many[0].value = text;
    refuse(r, (struct dgl_webhook_endpoint_spec){.headers = many, .header_count = 1}, "headers");
    // The organization's URL has its own way.
    assert_ok(dgl_webhook_settings_put(r->webhook, r->org, "http://127.0.0.1:9/", &err), err);
    struct dgl_endpoint_row row;
    assert_ok(dgl_store_endpoint_organization(r->store, r->arena, r->org, &row, &err), err);
    struct dgl_webhook_endpoint_spec spec = {.url = "http://127.0.0.1:9/"};
    assert_int_equal(dgl_webhook_endpoint_update(r->webhook, r->org, row.id, &spec, &err), DGL_E_CONFLICT);
    rig_close(r);
}

static void test_update(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, OK_ANSWER);
    struct dgl_webhook_endpoint_spec spec = {.url = "http://127.0.0.1:9/"};
    struct dgl_id id = create(r, &spec);
    assert_ok(dgl_webhook_endpoint_disable(r->webhook, r->org, id.s, "why not", &err), err);
    spec.url = rig_url(r, s, "/new");
    spec.rate_per_s = 7;
    assert_ok(dgl_webhook_endpoint_update(r->webhook, r->org, id.s, &spec, &err), err);
    assert_true(get(r, id.s).enabled);
    assert_int_equal(get(r, id.s).rate_per_s, 7);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->requests, 1);
    struct dgl_id other;
    assert_ok(dgl_store_org_create(r->store, "other", &other, &err), err);
    assert_int_equal(dgl_webhook_endpoint_update(r->webhook, other.s, id.s, &spec, &err), DGL_E_NOT_FOUND);
    assert_int_equal(dgl_webhook_endpoint_delete(r->webhook, other.s, id.s, &err), DGL_E_NOT_FOUND);
    rig_close(r);
    tcp_stop(s);
}

// ---- key pair

static void test_public_key(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    struct rig_receiver to, elsewhere;
    struct tcp_server *s = receiver(&to, OK_ANSWER), *o = receiver(&elsewhere, OK_ANSWER);
    char first[96], second[96], none[96], secret[96];
    assert_ok(dgl_webhook_settings_put(r->webhook, r->org, rig_url(r, s, "/"), &err), err);
    assert_ok(dgl_webhook_public_key(r->webhook, r->org, none, &err), err);
    assert_string_equal(none, "");
    assert_ok(dgl_webhook_public_key_rotate(r->webhook, r->org, -1, first, &err), err);
    assert_memory_equal(first, "whpk_", 5);
    assert_ok(dgl_webhook_secret_reveal(r->webhook, r->org, secret, &err), err); // the shared one, not the pair
    assert_memory_equal(secret, "whsec_", 6);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_document(r, rig_url(r, o, "/"), DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_verify(r, s, first), DGL_OK);
    assert_int_equal(rig_verify(r, s, secret), DGL_OK);                 // v1 always
    assert_null(strstr(rig_header(r, o, "webhook-signature"), "v1a,")); // could be replayed to the organization's URL
    assert_ok(dgl_webhook_public_key_rotate(r->webhook, r->org, 3600, second, &err), err);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(rig_verify(r, s, first), DGL_OK);
    assert_int_equal(rig_verify(r, s, second), DGL_OK);
    assert_ok(dgl_webhook_public_key_disable(r->webhook, r->org, &err), err);
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_null(strstr(rig_header(r, s, "webhook-signature"), "v1a,"));
    assert_int_equal(rig_verify(r, s, secret), DGL_OK);
    rig_close(r);
    tcp_stop(s);
    tcp_stop(o);
}

// ---- an endpoint that fails

static void test_closed_and_dropped_as_unavailable(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_stats stats;
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    struct dgl_webhook_endpoint_spec spec = {.url = rig_url(r, s, "/"), .schedule = "3600", .rate_per_s = 1000};
    create(r, &spec);
    for (int i = 0; i < 10; i++)
        rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->requests, 10);
    dgl_webhook_stats(r->webhook, &stats);
    assert_int_equal(stats.closed_queues, 1);
    const char *id = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->requests, 10); // not even tried
    rig_advance(r, DGL_QUEUE_CLOSED_US);
    assert_int_equal(s->requests, 11); // the probe
    // Two hours later what is older than the schedule's sum is dropped, once the next probe has failed.
    const char *late = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    rig_advance(r, 2 * HOUR);
    rig_advance(r, DGL_US_PER_S);
    struct dgl_id barrier; // what was asked of the writer before is done after it
    assert_ok(dgl_store_org_create(r->store, "barrier", &barrier, &err), err);
    struct dgl_delivery_row row = rig_delivery(r, late);
    int unavailable = 0;
    struct dgl_delivery_row *rows;
    size_t count;
    struct dgl_page_query page = {.limit = 100};
    struct dgl_delivery_filter dropped = {.status = DGL_DELIVERY_DROPPED};
    char next[DGL_CURSOR_LEN];
    assert_ok(dgl_store_delivery_list(r->store, r->arena, r->org, &dropped, &page, &rows, &count, next, &err), err);
    for (size_t i = 0; i < count; i++)
        unavailable += strcmp(rows[i].reason, "endpoint unavailable") == 0;
    assert_true(unavailable >= 10);
    assert_int_not_equal(row.status, DGL_DELIVERY_SUCCEEDED);
    (void)id;
    // It answers again: the probe opens it, and what is new goes out at once.
    atomic_store(&to.answer, OK_ANSWER);
    const char *good = rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_advance(r, DGL_QUEUE_CLOSED_US);
    assert_int_equal(rig_delivery(r, good).status, DGL_DELIVERY_SUCCEEDED);
    dgl_webhook_stats(r->webhook, &stats);
    assert_int_equal(stats.closed_queues, 0);
    rig_close(r);
    tcp_stop(s);
}

static void test_disabled_after_five_days(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    struct dgl_webhook_endpoint_spec spec = {.url = rig_url(r, s, "/"), .schedule = ""};
    struct dgl_id id = create(r, &spec);
    for (int hour = 0; hour < 120; hour += 10) {
        rig_document(r, NULL, DGL_FORMAT_PDF, true);
        rig_settle(r);
        assert_true(get(r, id.s).enabled);
        rig_advance(r, 10 * HOUR);
    }
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_false(get(r, id.s).enabled);
    assert_string_equal(get(r, id.s).state_reason, "every attempt since 2024-01-15T10:30:00Z failed");
    int requests = s->requests;
    rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    assert_int_equal(s->requests, requests);
    rig_close(r);
    tcp_stop(s);
}

// ---- a range again

static void test_range(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(&(struct rig_options){.schedule = ""});
    struct dgl_error err = DGL_ERROR_INIT;
    struct rig_receiver to;
    struct tcp_server *s = receiver(&to, ERROR_ANSWER);
    struct dgl_webhook_endpoint_spec spec = {.url = rig_url(r, s, "/")};
    create(r, &spec);
    for (int i = 0; i < 8; i++)
        rig_document(r, NULL, DGL_FORMAT_PDF, true);
    rig_settle(r);
    atomic_store(&to.answer, OK_ANSWER);
    rig_advance(r, DGL_US_PER_S);
    struct dgl_webhook_range range = {.since_us = RIG_NOW, .status = DGL_DELIVERY_DROPPED, .dry_run = true};
    int64_t count;
    assert_ok(dgl_webhook_redeliver_range(r->webhook, r->org, &range, &count, &err), err);
    assert_int_equal(count, 8);
    rig_settle(r);
    assert_int_equal(s->requests, 8);
    range.dry_run = false;
    assert_ok(dgl_webhook_redeliver_range(r->webhook, r->org, &range, &count, &err), err);
    assert_int_equal(count, 8);
    rig_settle(r);
    assert_int_equal(s->requests, 9); // a hundred a second: the others come
    rig_advance(r, 30000);
    assert_int_equal(s->requests, 12);
    rig_advance(r, 40000);
    assert_int_equal(s->requests, 16);
    range.since_us = RIG_NOW - 15 * 24 * HOUR;
    assert_int_equal(dgl_webhook_redeliver_range(r->webhook, r->org, &range, &count, &err), DGL_E_INVALID);
    assert_string_equal(err.field, "since");
    range.since_us = RIG_NOW;
    range.until_us = RIG_NOW;
    assert_int_equal(dgl_webhook_redeliver_range(r->webhook, r->org, &range, &count, &err), DGL_E_INVALID);
    assert_string_equal(err.field, "until");
    range.until_us = 0;
    range.status = DGL_DELIVERY_PENDING;
    assert_int_equal(dgl_webhook_redeliver_range(r->webhook, r->org, &range, &count, &err), DGL_E_INVALID);
    range.status = DGL_DELIVERY_DROPPED;
    range.endpoint = "ep_none";
    assert_int_equal(dgl_webhook_redeliver_range(r->webhook, r->org, &range, &count, &err), DGL_E_NOT_FOUND);
    rig_close(r);
    tcp_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_custom_headers_and_own_secret),
        cmocka_unit_test(test_filter_and_state),
        cmocka_unit_test(test_own_schedule),
        cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_public_key),
        cmocka_unit_test(test_closed_and_dropped_as_unavailable),
        cmocka_unit_test(test_disabled_after_five_days),
        cmocka_unit_test(test_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
