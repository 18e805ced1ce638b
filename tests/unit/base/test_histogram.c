// Durations fall into the bucket whose bound they do not pass.
#include "base/histogram.h"
#include "unit.h"

static void test_buckets(void **state)
{
    (void)state;
    struct dgl_histogram h = {0};
    struct dgl_histogram_values v;
    dgl_histogram_add(&h, -5);
    dgl_histogram_add(&h, 500);
    dgl_histogram_add(&h, 501);
    dgl_histogram_add(&h, dgl_histogram_bounds_us[DGL_HISTOGRAM_BOUNDS - 1] + 1);
    dgl_histogram_read(&h, &v);
    assert_int_equal(v.counts[0], 2);
    assert_int_equal(v.counts[1], 1);
    assert_int_equal(v.counts[DGL_HISTOGRAM_BOUNDS], 1);
    assert_int_equal(v.sum_us, 500 + 501 + dgl_histogram_bounds_us[DGL_HISTOGRAM_BOUNDS - 1] + 1);
    for (size_t i = 1; i < DGL_HISTOGRAM_BOUNDS; i++)
        assert_true(dgl_histogram_bounds_us[i] > dgl_histogram_bounds_us[i - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_buckets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
