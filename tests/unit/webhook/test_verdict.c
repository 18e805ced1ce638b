// What results mean, and what is advised about failed tests.
#include "../base/unit.h"
#include "base/clock.h"
#include "server/webhook/verdict.h"

static const struct dgl_schedule schedule = {.step_s = {60, 300, 900}, .count = 3};

static struct dgl_verdict judge(enum dgl_net_outcome outcome, int status, int64_t retry_after_s, int64_t failures,
                                bool has_endpoint)
{
    struct dgl_net_result r = {.outcome = outcome, .http_status = status, .retry_after_s = retry_after_s};
    struct dgl_verdict v;
    memcpy(r.message, "why", 4);
    dgl_webhook_judge(&r, &schedule, failures, has_endpoint, 0, 0, &v);
    return v;
}

static void test_success_is_2xx(void **state DGL_UNUSED)
{
    for (int status = 100; status < 600; status++) {
        struct dgl_verdict v = judge(DGL_NET_ANSWERED, status, -1, 1, true);
        bool ok = status >= 200 && status < 300;
        assert_int_equal(v.status == DGL_DELIVERY_SUCCEEDED, ok);
        if (ok) {
            assert_string_equal(v.message, "");
            assert_int_equal(v.feedback, DGL_QUEUE_WENT_WELL);
        } else if (status == 410) {
            assert_int_equal(v.status, DGL_DELIVERY_DROPPED);
            assert_true(v.disable_endpoint);
            assert_int_equal(v.next_at_us, 0);
        } else {
            assert_int_equal(v.status, DGL_DELIVERY_PENDING);
            assert_int_equal(v.next_at_us, 60 * DGL_US_PER_S);
            assert_int_equal(v.feedback, status == 429 ? DGL_QUEUE_SLOW_DOWN : DGL_QUEUE_FAILED);
        }
    }
    // A 2xx whose body never ended is no success.
    assert_int_equal(judge(DGL_NET_TIMEOUT, 200, -1, 1, true).status, DGL_DELIVERY_PENDING);
    assert_int_equal(judge(DGL_NET_BROKEN, 200, -1, 1, true).status, DGL_DELIVERY_PENDING);
}

static void test_failures_are_alike(void **state DGL_UNUSED)
{
    static const enum dgl_net_outcome outcomes[] = {DGL_NET_BLOCKED, DGL_NET_DNS,     DGL_NET_CONNECT,
                                                    DGL_NET_TLS,     DGL_NET_TIMEOUT, DGL_NET_BROKEN};
    for (size_t i = 0; i < DGL_COUNT(outcomes); i++) {
        assert_int_equal(judge(outcomes[i], 0, -1, 1, true).next_at_us, 60 * DGL_US_PER_S);
        assert_int_equal(judge(outcomes[i], 0, -1, 2, true).next_at_us, 300 * DGL_US_PER_S);
        assert_int_equal(judge(outcomes[i], 0, -1, 3, true).next_at_us, 900 * DGL_US_PER_S);
        struct dgl_verdict v = judge(outcomes[i], 0, -1, 4, true);
        assert_int_equal(v.status, DGL_DELIVERY_DROPPED);
        assert_string_equal(v.message, "why");
        assert_string_equal(v.reason, "4 attempts failed; the last: why");
    }
}

static void test_hints(void **state DGL_UNUSED)
{
    assert_int_equal(judge(DGL_NET_ANSWERED, 503, 120, 1, true).next_at_us, 120 * DGL_US_PER_S);
    assert_int_equal(judge(DGL_NET_ANSWERED, 429, 120, 1, true).next_at_us, 120 * DGL_US_PER_S);
    assert_int_equal(judge(DGL_NET_ANSWERED, 500, 120, 1, true).next_at_us, 60 * DGL_US_PER_S);
    assert_int_equal(judge(DGL_NET_ANSWERED, 302, 120, 1, true).next_at_us, 60 * DGL_US_PER_S);
    assert_int_equal(judge(DGL_NET_TIMEOUT, 503, 120, 1, true).next_at_us, 60 * DGL_US_PER_S);
}

static void test_gone_without_endpoint(void **state DGL_UNUSED)
{
    struct dgl_verdict v = judge(DGL_NET_ANSWERED, 410, -1, 1, false);
    assert_int_equal(v.status, DGL_DELIVERY_DROPPED);
    assert_false(v.disable_endpoint);
    assert_contains(v.reason, "410 Gone");
}

static void advised(const struct dgl_net_result *r, const char *url, const char *wanted)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url u;
    char out[512];
    assert_ok(dgl_url_parse(url, strlen(url), "url", &u, &err), err);
    dgl_webhook_advise(r, &u, out);
    assert_contains(out, wanted);
    assert_true(strlen(out) < sizeof out - 1); // not cut
}

static void test_advice(void **state DGL_UNUSED)
{
    static const struct {
        struct dgl_net_result result;
        const char *wanted;
    } cases[] = {
        {{.outcome = DGL_NET_ANSWERED, .http_status = 500}, "payload['status']"},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 301}, "not followed"},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 400}, "\"event\" and \"message\""},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 401}, "webhook-signature"},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 403}, "CSRF"},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 404}, "route"},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 405}, "POST"},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 410}, "disable"},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 422}, "refused"},
        {{.outcome = DGL_NET_ANSWERED, .http_status = 502}, "proxy"},
        {{.outcome = DGL_NET_BLOCKED}, "WEBHOOK_ALLOW_NETS"},
        {{.outcome = DGL_NET_DNS}, "spelling"},
        {{.outcome = DGL_NET_CONNECT}, "0.0.0.0"},
        {{.outcome = DGL_NET_TLS, .tls_problem = DGL_NET_TLS_SELF_SIGNED}, "WEBHOOK_CA_FILE"},
        {{.outcome = DGL_NET_TLS, .tls_problem = DGL_NET_TLS_UNTRUSTED}, "fullchain"},
        {{.outcome = DGL_NET_TLS, .tls_problem = DGL_NET_TLS_EXPIRED}, "Renew"},
        {{.outcome = DGL_NET_TLS, .tls_problem = DGL_NET_TLS_NOT_YET_VALID}, "clock"},
        {{.outcome = DGL_NET_TLS, .tls_problem = DGL_NET_TLS_WRONG_NAME}, "another name"},
        {{.outcome = DGL_NET_TLS, .tls_problem = DGL_NET_TLS_HANDSHAKE}, "https"},
        {{.outcome = DGL_NET_TIMEOUT}, "firewall"},
        {{.outcome = DGL_NET_TIMEOUT, .connect_us = 5}, "at once"},
        {{.outcome = DGL_NET_TIMEOUT, .connect_us = 5, .http_status = 200}, "never ended"},
        {{.outcome = DGL_NET_BROKEN}, "crashed"},
        {{.outcome = DGL_NET_CANCELED}, "Try again"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++)
        advised(&cases[i].result, "https://example.com/", cases[i].wanted);
    struct dgl_net_result broken = {.outcome = DGL_NET_BROKEN};
    advised(&broken, "http://example.com/", "begin with https://");
    // Every answer that is a failure has advice.
    for (int status = 300; status < 600; status++) {
        struct dgl_net_result r = {.outcome = DGL_NET_ANSWERED, .http_status = status};
        advised(&r, "https://example.com/", ".");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success_is_2xx), cmocka_unit_test(test_failures_are_alike),
        cmocka_unit_test(test_hints),          cmocka_unit_test(test_gone_without_endpoint),
        cmocka_unit_test(test_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
