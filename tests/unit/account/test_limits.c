// Buckets and growing waits, with time as an argument.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "server/account/backoff.h"
#include "server/account/bounds.h"

#include <stdio.h>

#define S DGL_US_PER_S

static const struct dgl_bucket_name name = {1, 2}, other = {1, 3};

static int take_all(struct dgl_buckets *b, struct dgl_bucket_name n, int64_t per_minute, int64_t now_us)
{
    int64_t wait;
    int taken = 0;
    while (taken < 100000 && dgl_buckets_take(b, n, per_minute, now_us, &wait))
        taken++;
    return taken;
}

static void test_burst_and_refill(void **state)
{
    (void)state;
    struct dgl_buckets *b = dgl_buckets_new();
    int64_t wait = 0;
    assert_int_equal(take_all(b, name, 60, 0), 60);
    assert_int_equal(take_all(b, other, 60, 0), 60); // its own bucket
    assert_false(dgl_buckets_take(b, name, 60, 0, &wait));
    assert_int_equal(wait, 1);
    assert_false(dgl_buckets_take(b, name, 60, S - 1, &wait));
    assert_true(dgl_buckets_take(b, name, 60, S, &wait));
    assert_false(dgl_buckets_take(b, name, 60, S, &wait));
    assert_int_equal(take_all(b, name, 60, 11 * S), 10);
    assert_int_equal(take_all(b, name, 60, 1000 * S), 60); // never more than the burst
    assert_int_equal(take_all(b, name, 60, 900 * S), 0);   // a clock that goes back gives nothing
    dgl_buckets_free(b);
}

static void test_slow_rate_tells_the_wait(void **state)
{
    (void)state;
    struct dgl_buckets *b = dgl_buckets_new();
    int64_t wait = 0;
    assert_true(dgl_buckets_take(b, name, 1, 0, &wait));
    assert_false(dgl_buckets_take(b, name, 1, 0, &wait));
    assert_int_equal(wait, 60);
    assert_false(dgl_buckets_take(b, name, 1, 59 * S + 1, &wait));
    assert_int_equal(wait, 1);
    assert_true(dgl_buckets_take(b, name, 1, 60 * S, &wait));
    dgl_buckets_free(b);
}

static void test_no_limit_and_changed_limit(void **state)
{
    (void)state;
    struct dgl_buckets *b = dgl_buckets_new();
    int64_t wait = 0;
    assert_int_equal(take_all(b, name, 0, 0), 100000);
    assert_int_equal(take_all(b, name, 100, 0), 100);
    assert_int_equal(take_all(b, name, 10, 0), 0);
    assert_int_equal(take_all(b, name, 10, 12 * S), 2);
    assert_int_equal(take_all(b, name, INT64_MAX, 13 * S), 0);
    assert_int_equal(take_all(b, name, INT64_MAX, 14 * S), 100000); // no overflow
    assert_true(dgl_buckets_take(b, other, INT64_MAX, INT64_MAX / 2, &wait));
    dgl_buckets_free(b);
}

// A million names pass through a table of eight thousand; one in constant use is not forgotten.
static void test_bounded(void **state)
{
    (void)state;
    struct dgl_buckets *b = dgl_buckets_new();
    int64_t wait;
    int kept = take_all(b, name, 60, 0);
    for (uint64_t i = 0; i < 200000; i++) {
        struct dgl_bucket_name n = {i * 0x9E3779B97F4A7C15u, i << 20};
        assert_true(dgl_buckets_take(b, n, 60, 0, &wait));
    }
    assert_int_equal(kept, 60);
    assert_false(dgl_buckets_take(b, name, 60, 0, &wait)); // empty buckets are forgotten last
    dgl_buckets_free(b);
}

static void test_names(void **state)
{
    (void)state;
    struct dgl_bucket_name a = dgl_bucket_name("ab", "c"), b = dgl_bucket_name("a", "bc");
    assert_true(a.high != b.high || a.low != b.low);
}

static void test_backoff_grows(void **state)
{
    (void)state;
    struct dgl_backoff *b = dgl_backoff_new();
    static const int64_t waits[] = {0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60};
    for (size_t i = 0; i < DGL_COUNT(waits); i++) {
        dgl_backoff_failed(b, name, 60, 0);
        assert_int_equal(dgl_backoff_wait_s(b, name, 0), waits[i]);
    }
    assert_int_equal(dgl_backoff_wait_s(b, other, 0), 0);
    assert_int_equal(dgl_backoff_wait_s(b, name, 59 * S), 1);
    assert_int_equal(dgl_backoff_wait_s(b, name, 60 * S), 0);
    dgl_backoff_succeeded(b, name);
    assert_int_equal(dgl_backoff_wait_s(b, name, 0), 0);
    for (int i = 0; i < 200; i++)
        dgl_backoff_failed(b, name, 900, 0);
    assert_int_equal(dgl_backoff_wait_s(b, name, 0), 900);
    dgl_backoff_failed(b, name, 900, DGL_SIGN_IN_FORGET_US + 1); // long after: the first again
    assert_int_equal(dgl_backoff_wait_s(b, name, DGL_SIGN_IN_FORGET_US + 1), 0);
    for (uint64_t i = 0; i < 100000; i++)
        dgl_backoff_failed(b, (struct dgl_bucket_name){i, i}, 60, 0); // bounded
    dgl_backoff_free(b);
}

int main(void)
{
    struct dgl_error err;
    if (dgl_crypto_init(&err) != DGL_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_and_refill),
        cmocka_unit_test(test_slow_rate_tells_the_wait),
        cmocka_unit_test(test_no_limit_and_changed_limit),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_backoff_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
