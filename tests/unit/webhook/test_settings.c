// URL, secrets, and the test button.
#include "rig.h"

#include "base/thread.h"
#include <stdio.h>

static void test_url(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_settings s;
    assert_ok(dgl_webhook_settings_get(r->webhook, r->arena, r->org, &s, &err), err);
    assert_null(s.url);
    assert_null(s.secret_hint);
    assert_string_equal(s.source_ips, "192.0.2.10");
    assert_ok(dgl_webhook_settings_put(r->webhook, r->org, "https://Example.com/Hook?a=b", &err), err);
    assert_ok(dgl_webhook_settings_get(r->webhook, r->arena, r->org, &s, &err), err);
    assert_string_equal(s.url, "https://Example.com/Hook?a=b"); // as it was given
    assert_true(s.enabled);
    char secret[96], hint[128];
    assert_ok(dgl_webhook_secret_reveal(r->webhook, r->org, secret, &err), err);
    assert_int_equal(strlen(secret), 38);
    snprintf(hint, sizeof hint, "whsec_…%s", secret + 34);
    assert_string_equal(s.secret_hint, hint);
    // Bad ones name the field and change nothing.
    static const struct {
        const char *url, *slug;
    } bad[] = {{"", "invalid_url"},
               {"ftp://example.com", "invalid_url"},
               {"https://10.0.0.1/", "destination_not_allowed"},
               {"https://user:pw@example.com/", "invalid_url"}};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        assert_int_equal(dgl_webhook_settings_put(r->webhook, r->org, bad[i].url, &err), DGL_E_INVALID);
        assert_string_equal(err.field, "webhook_url");
        assert_string_equal(err.slug, bad[i].slug);
    }
    assert_ok(dgl_webhook_settings_delete(r->webhook, r->org, &err), err);
    assert_ok(dgl_webhook_settings_delete(r->webhook, r->org, &err), err);
    assert_ok(dgl_webhook_settings_get(r->webhook, r->arena, r->org, &s, &err), err);
    assert_null(s.url);
    assert_false(s.enabled);
    char again[96];
    assert_ok(dgl_webhook_secret_reveal(r->webhook, r->org, again, &err), err);
    assert_string_equal(again, secret); // the secret stays
    rig_close(r);
}

static void test_secrets_are_sealed(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_secret_row *rows;
    size_t count;
    char secret[96];
    assert_ok(dgl_webhook_secret_reveal(r->webhook, r->org, secret, &err), err);
    assert_ok(dgl_store_secret_list(r->store, r->arena, r->org, "", &rows, &count, &err), err);
    assert_int_equal(count, 1);
    assert_null(memmem(rows[0].sealed, rows[0].sealed_len, secret + 6, 16));
    rig_close(r);
}

static void test_rotation_bounds(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96];
    assert_int_equal(dgl_webhook_secret_rotate(r->webhook, r->org, 7 * 86400 + 1, secret, &err), DGL_E_INVALID);
    assert_string_equal(err.field, "overlap_s");
    for (int i = 0; i < 10; i++)
        assert_ok(dgl_webhook_secret_rotate(r->webhook, r->org, -1, secret, &err), err);
    assert_int_equal(dgl_webhook_secret_rotate(r->webhook, r->org, -1, secret, &err), DGL_E_CONFLICT);
    assert_string_equal(err.slug, "too_many_secrets");
    assert_ok(dgl_webhook_secret_rotate(r->webhook, r->org, 0, secret, &err), err);
    dgl_clock_advance(r->clock, 1);
    assert_ok(dgl_webhook_secret_rotate(r->webhook, r->org, -1, secret, &err), err);
    rig_close(r);
}

// ---- the test button

struct heard {
    struct dgl_latch over;
    struct dgl_webhook_test result;
};

static void on_tested(void *arg, const struct dgl_webhook_test *t)
{
    struct heard *h = arg;
    h->result = *t;
    dgl_latch_open(&h->over);
}

static struct dgl_webhook_test press(struct rig *r, const char *url)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct heard h = {.over = DGL_LATCH_INIT};
    int64_t wait_s;
    assert_ok(dgl_webhook_test_async(r->webhook, r->org, r->org_number, url, on_tested, &h, &wait_s, &err), err);
    dgl_latch_wait(&h.over);
    return h.result;
}

static void test_button(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to = {.answer = "HTTP/1.1 204 Fine\r\n\r\n"};
    struct tcp_server *s = tcp_start(rig_serve, &to, NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96];
    struct dgl_webhook_test t = press(r, rig_url(r, s, "/hook"));
    assert_true(t.ok);
    assert_int_equal(t.http_status, 204);
    assert_string_equal(t.advice, "");
    assert_true(t.total_us > 0);
    assert_string_equal(rig_body(r, s),
                        "{\"event\":\"webhook.test\",\"message\":\"This is a test webhook from DocGenLab\"}");
    assert_memory_equal(rig_header(r, s, "webhook-id"), "msg_", 4);
    assert_ok(dgl_webhook_secret_reveal(r->webhook, r->org, secret, &err), err);
    assert_int_equal(rig_verify(r, s, secret), DGL_OK);
    // The guide's own handler fails on the test payload; the page says why.
    atomic_store(&to.answer, "HTTP/1.1 500 KeyError\r\nContent-Length: 16\r\n\r\nKeyError: status");
    t = press(r, rig_url(r, s, "/hook"));
    assert_false(t.ok);
    assert_int_equal(t.outcome, DGL_NET_ANSWERED);
    assert_string_equal(t.answer, "KeyError: status");
    assert_contains(t.advice, "payload['status']");
    char closed[64];
    snprintf(closed, sizeof closed, "http://127.0.0.1:%u/", tcp_closed_port());
    t = press(r, closed);
    assert_int_equal(t.outcome, DGL_NET_CONNECT);
    assert_contains(t.message, "refused");
    assert_int_equal(s->requests, 2); // nothing is retried
    rig_close(r);
    tcp_stop(s);
}

static void test_button_tells_nothing_of_inside(void **state DGL_UNUSED)
{
    struct rig_options options = {.production = true};
    struct rig *r = rig_open(&options);
    struct rig_receiver to = {.answer = "HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nsecret"};
    struct tcp_server *s = tcp_start(rig_serve, &to, NULL);
    struct dgl_webhook_test t = press(r, rig_url(r, s, "/hook"));
    int64_t wait_s;
    assert_int_equal(t.http_status, 500);
    assert_string_equal(t.answer, "");
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(
        dgl_webhook_test_async(r->webhook, r->org, r->org_number, "http://10.0.0.1/", on_tested, NULL, &wait_s, &err),
        DGL_E_INVALID);
    assert_string_equal(err.slug, "destination_not_allowed");
    rig_close(r);
    tcp_stop(s);
}

static void test_button_is_throttled(void **state DGL_UNUSED)
{
    struct rig *r = rig_open(NULL);
    struct rig_receiver to = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct tcp_server *s = tcp_start(rig_serve, &to, NULL);
    struct dgl_error err = DGL_ERROR_INIT;
    const char *url = rig_url(r, s, "/hook");
    int64_t wait_s = 0;
    for (int i = 0; i < 10; i++)
        assert_true(press(r, url).ok);
    assert_int_equal(dgl_webhook_test_async(r->webhook, r->org, r->org_number, url, on_tested, NULL, &wait_s, &err),
                     DGL_E_RATE);
    assert_contains(err.message, "try again in 60 s");
    assert_int_equal(wait_s, 60);
    dgl_clock_advance(r->clock, 59 * DGL_US_PER_S);
    assert_int_equal(dgl_webhook_test_async(r->webhook, r->org, r->org_number, url, on_tested, NULL, &wait_s, &err),
                     DGL_E_RATE);
    assert_int_equal(wait_s, 1);
    dgl_clock_advance(r->clock, DGL_US_PER_S);
    for (int i = 0; i < 10; i++)
        assert_true(press(r, url).ok);
    rig_close(r);
    tcp_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_secrets_are_sealed),
        cmocka_unit_test(test_rotation_bounds),
        cmocka_unit_test(test_button),
        cmocka_unit_test(test_button_tells_nothing_of_inside),
        cmocka_unit_test(test_button_is_throttled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
