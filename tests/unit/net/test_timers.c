// The heap: order, moving, clearing from the middle.
#include "../base/unit.h"
#include "server/net/timers.h"

#include <stdlib.h>

static void test_order(void **state DGL_UNUSED)
{
    enum { N = 500 };
    static struct dgl_timer nodes[N];
    struct dgl_timers t = {.heap = NULL};
    uint32_t seed = 1;
    assert_true(dgl_timers_next_us(&t) == INT64_MAX);
    for (size_t i = 0; i < N; i++) {
        seed = seed * 1664525 + 1013904223;
        dgl_timers_set(&t, &nodes[i], seed >> 8);
    }
    for (size_t i = 0; i < N; i += 3) { // move a third
        seed = seed * 1664525 + 1013904223;
        dgl_timers_set(&t, &nodes[i], seed >> 8);
    }
    for (size_t i = 0; i < N; i += 5) // clear a fifth, twice
        for (int n = 0; n < 2; n++)
            dgl_timers_clear(&t, &nodes[i]);
    int64_t last = 0;
    size_t left = 0;
    for (struct dgl_timer *due; (due = dgl_timers_take_due(&t, INT64_MAX)); left++) {
        assert_true(due->at_us >= last);
        assert_int_equal(due->place, 0);
        last = due->at_us;
    }
    assert_int_equal(left, N - N / 5);
    dgl_timers_fini(&t);
}

static void test_due(void **state DGL_UNUSED)
{
    struct dgl_timer a = {.kind = 1}, b = {.kind = 2};
    struct dgl_timers t = {.heap = NULL};
    dgl_timers_set(&t, &a, 100);
    dgl_timers_set(&t, &b, 50);
    assert_int_equal(dgl_timers_next_us(&t), 50);
    assert_null(dgl_timers_take_due(&t, 49));
    assert_ptr_equal(dgl_timers_take_due(&t, 50), &b);
    assert_null(dgl_timers_take_due(&t, 99));
    dgl_timers_fini(&t);
    assert_int_equal(a.place, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_due)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
