// The retry schedule, exactly.
#include "../base/unit.h"
#include "base/clock.h"
#include "server/webhook/schedule.h"

static struct dgl_schedule schedule_of(const char *text)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_schedule s;
    assert_ok(dgl_schedule_parse(text, &s, &err), err);
    return s;
}

static void test_default(void **state DGL_UNUSED)
{
    struct dgl_schedule s = schedule_of("60,300,900");
    static const int64_t steps[] = {60, 300, 900};
    int64_t next, at = 1000 * DGL_US_PER_S;
    for (int64_t n = 1; n <= 3; n++) {
        assert_true(dgl_schedule_next(&s, n, at, -1, 0, &next));
        assert_int_equal(next - at, steps[n - 1] * DGL_US_PER_S);
        assert_true(dgl_schedule_next(&s, n, at, -1, UINT32_MAX, &next));
        assert_int_equal(next - at, steps[n - 1] * DGL_US_PER_S / 10 * 11);
        assert_true(dgl_schedule_next(&s, n, at, -1, UINT32_MAX / 2, &next));
        assert_in_range(next - at, steps[n - 1] * DGL_US_PER_S, steps[n - 1] * DGL_US_PER_S / 10 * 11);
    }
    next = 7;
    assert_false(dgl_schedule_next(&s, 4, at, -1, 0, &next));
    assert_false(dgl_schedule_next(&s, 4, at, 3600, 0, &next)); // a hint makes no further attempts
    assert_false(dgl_schedule_next(&s, 0, at, -1, 0, &next));
    assert_int_equal(next, 7);
    assert_int_equal(dgl_schedule_sum_s(&s), 1260);
}

static void test_retry_after(void **state DGL_UNUSED)
{
    struct dgl_schedule s = schedule_of("60,300,900");
    int64_t next;
    static const struct {
        int64_t failures, hint_s, wait_s;
    } cases[] = {{1, 0, 60},        {1, 59, 60},           {1, 60, 60},     {1, 61, 61},
                 {1, 120, 120},     {2, 120, 300},         {2, 3600, 3600}, {3, 36000, 36000},
                 {3, 36001, 36000}, {1, INT64_MAX, 36000}, {1, -1, 60}};
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        assert_true(dgl_schedule_next(&s, cases[i].failures, 0, cases[i].hint_s, 0, &next));
        assert_int_equal(next, cases[i].wait_s * DGL_US_PER_S);
    }
    for (int status = 100; status < 600; status++)
        assert_int_equal(dgl_schedule_honours_retry_after(status),
                         status == 429 || status == 502 || status == 503 || status == 504);
}

static void test_parse(void **state DGL_UNUSED)
{
    assert_int_equal(schedule_of("").count, 0);
    assert_int_equal(schedule_of(" 5 , 10 ").step_s[1], 10);
    struct dgl_schedule durable = schedule_of("durable"),
                        spelled = schedule_of("5,300,1800,7200,18000,36000,50400,72000,86400");
    assert_memory_equal(&durable, &spelled, sizeof durable);
    assert_int_equal(durable.count, 9);
    static const char *const bad[] = {"0",
                                      "60,",
                                      ",60",
                                      "60,,300",
                                      "1.5",
                                      "-1",
                                      "a",
                                      "60;300",
                                      "604801",
                                      "60 300",
                                      "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_schedule s;
        if (dgl_schedule_parse(bad[i], &s, &err) == DGL_OK)
            fail_msg("accepted: %s", bad[i]);
        assert_string_equal(err.slug, "invalid_schedule");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_default), cmocka_unit_test(test_retry_after),
                                       cmocka_unit_test(test_parse)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
