// The pictures of a delivery and of an endpoint's health: where things stand and what they say.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/ui/model.h"

#define NOON_US (INT64_C(1736942400) * DGL_US_PER_S) // 2025-01-15T12:00:00Z

static const char *text_at(const json_t *list, size_t i, const char *key)
{
    const char *s = json_string_value(json_object_get(json_array_get(list, i), key));
    return s ? s : "(none)";
}

static void test_timeline_is_in_order_and_inside(void **state)
{
    (void)state;
    struct dgl_delivery_row d = {.status = DGL_DELIVERY_PENDING,
                                 .attempts = 2,
                                 .created_at_us = NOON_US,
                                 .next_attempt_at_us = NOON_US + 360 * DGL_US_PER_S};
    struct dgl_attempt_row attempts[] = {{.number = 1, .started_at_us = NOON_US + 1000, .http_status = 500},
                                         {.number = 2, .started_at_us = NOON_US + 60 * DGL_US_PER_S}};
    DGL_AUTO_JSON timeline = dgl_ui_timeline(&d, attempts, 2);
    const json_t *marks = json_object_get(timeline, "marks"), *ticks = json_object_get(timeline, "ticks");
    assert_int_equal(json_array_size(marks), 3);
    double last = 0;
    for (size_t i = 0; i < 3; i++) {
        double x = strtod(text_at(marks, i, "x"), NULL);
        assert_true(x >= last && x > 0 && x < 100);
        last = x;
    }
    assert_string_equal(text_at(marks, 0, "kind"), "bad");
    assert_string_equal(text_at(marks, 2, "kind"), "next");
    assert_string_equal(text_at(marks, 2, "x"), "95.00");
    assert_int_equal(json_array_size(ticks), 3); // made, 10 s, 1 min
}

static void test_timeline_of_a_moment_and_of_nothing(void **state)
{
    (void)state;
    struct dgl_delivery_row d = {.status = DGL_DELIVERY_SUCCEEDED, .attempts = 1, .created_at_us = NOON_US};
    struct dgl_attempt_row early = {.number = 1, .started_at_us = NOON_US - 5, .http_status = 204}; // a clock set back
    DGL_AUTO_JSON one = dgl_ui_timeline(&d, &early, 1);
    assert_string_equal(text_at(json_object_get(one, "marks"), 0, "x"), "3.00");
    assert_string_equal(text_at(json_object_get(one, "marks"), 0, "kind"), "good");
    DGL_AUTO_JSON none = dgl_ui_timeline(&d, NULL, 0);
    assert_int_equal(json_array_size(json_object_get(none, "marks")), 0);
}

static void test_phases_are_to_the_scale_of_the_longest(void **state)
{
    (void)state;
    struct dgl_attempt_row attempts[] = {{.number = 1,
                                          .dns_us = 10000,
                                          .connect_us = 30000,
                                          .tls_us = 50000,
                                          .first_byte_us = 90000,
                                          .total_us = 100000,
                                          .http_status = 200,
                                          .answer_headers = "HTTP/1.1 200\r\nA: b\r\n\r\n"},
                                         {.number = 2, .dns_us = 10000, .total_us = 200000, .outcome = "timeout"},
                                         {.number = 3, .outcome = "blocked"}};
    DGL_AUTO_JSON list = dgl_ui_attempts(attempts, 3);
    const json_t *first = json_object_get(json_array_get(list, 0), "phases");
    assert_int_equal(json_array_size(first), 5);
    assert_string_equal(text_at(first, 1, "title"), "Connect");
    assert_string_equal(text_at(first, 1, "time"), "20 ms");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(first, 4), "x")), 450);
    assert_string_equal(text_at(list, 0, "headers"), "HTTP/1.1 200\r\nA: b");
    const json_t *second = json_object_get(json_array_get(list, 1), "phases");
    assert_int_equal(json_array_size(second), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(second, 1), "width")), 950);
    assert_int_equal(json_array_size(json_object_get(json_array_get(list, 2), "phases")), 0);
}

static void test_endpoint_says_why(void **state)
{
    (void)state;
    struct dgl_webhook_endpoint e = {.url = "https://hooks.example.com/x",
                                     .enabled = false,
                                     .state_reason = "answered 410",
                                     .failing_since_us = NOON_US};
    DGL_AUTO_JSON off = dgl_ui_endpoint(&e);
    assert_string_equal(json_string_value(json_object_get(off, "title")), "hooks.example.com");
    assert_string_equal(json_string_value(json_object_get(off, "state")), "Disabled");
    assert_string_equal(json_string_value(json_object_get(off, "reason")), "answered 410");
    e.enabled = true;
    e.description = "Archive";
    DGL_AUTO_JSON failing = dgl_ui_endpoint(&e);
    assert_string_equal(json_string_value(json_object_get(failing, "title")), "Archive");
    assert_string_equal(json_string_value(json_object_get(failing, "state")), "Failing");
    assert_true(json_is_null(json_object_get(failing, "reason")));
}

static void test_health_has_the_newest_on_the_right(void **state)
{
    (void)state;
    struct dgl_webhook_endpoint e = {.url = "https://a.example", .enabled = true};
    struct dgl_endpoint_health h = {.attempts = 3, .succeeded = 2, .p50_us = 42000, .p95_us = 180000, .pending = 1};
    struct dgl_delivery_row rows[DGL_UI_STRIP + 5] = {{.status = DGL_DELIVERY_DROPPED},
                                                      {.status = DGL_DELIVERY_SUCCEEDED},
                                                      {.status = DGL_DELIVERY_PENDING, .attempts = 1}};
    DGL_AUTO_JSON health = dgl_ui_health(&e, &h, rows, DGL_COUNT(rows));
    const json_t *strip = json_object_get(health, "strip");
    assert_int_equal(json_array_size(strip), DGL_UI_STRIP);
    assert_string_equal(text_at(strip, 0, "kind"), "bad");
    assert_string_equal(text_at(strip, 0, "x"), "98.00");
    assert_string_equal(text_at(strip, 1, "kind"), "good");
    assert_string_equal(text_at(strip, 2, "kind"), "retry");
    assert_string_equal(text_at(strip, DGL_UI_STRIP - 1, "x"), "0.00");
    assert_string_equal(json_string_value(json_object_get(health, "share")), "66 %");
    assert_string_equal(json_string_value(json_object_get(health, "p50")), "42 ms");
    struct dgl_endpoint_health nothing = {0};
    DGL_AUTO_JSON fresh = dgl_ui_health(&e, &nothing, NULL, 0);
    assert_true(json_is_null(json_object_get(fresh, "share")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timeline_is_in_order_and_inside),
        cmocka_unit_test(test_timeline_of_a_moment_and_of_nothing),
        cmocka_unit_test(test_phases_are_to_the_scale_of_the_longest),
        cmocka_unit_test(test_endpoint_says_why),
        cmocka_unit_test(test_health_has_the_newest_on_the_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
