// Clocks, and time as text both ways.
#include "base/clock.h"
#include "unit.h"

static void test_manual(void **state DGL_UNUSED)
{
    DGL_AUTO(clock) c = dgl_clock_new_manual(1000);
    dgl_clock_advance(c, 5);
    assert_int_equal(dgl_clock_now_us(c), 1005);
    assert_int_equal(dgl_clock_mono_us(c), 1005);
    dgl_clock_jump(c, -500);
    assert_int_equal(dgl_clock_now_us(c), 505);
    assert_int_equal(dgl_clock_mono_us(c), 1005);
}

static void test_system(void **state DGL_UNUSED)
{
    struct dgl_clock *c = dgl_clock_system();
    int64_t before = dgl_clock_mono_us(c);
    assert_true(dgl_clock_mono_us(c) >= before);
    assert_true(dgl_clock_now_us(c) > INT64_C(1600000000) * DGL_US_PER_S);
    dgl_clock_free(c);
    dgl_clock_free(NULL);
}

static void test_format(void **state DGL_UNUSED)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {INT64_C(1705314600) * 1000000 + 999999, "2024-01-15T10:30:00Z"},
        {INT64_C(951782400) * 1000000, "2000-02-29T00:00:00Z"},
        {INT64_C(4107542400) * 1000000, "2100-03-01T00:00:00Z"},
        {INT64_MAX, "9999-12-31T23:59:59Z"},
        {INT64_MIN, "0000-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        char out[32];
        assert_string_equal(dgl_time_format_utc(cases[i].us, out), cases[i].text);
    }
}

static void test_every_day_round_trips(void **state DGL_UNUSED)
{
    int64_t day_us = INT64_C(86400) * DGL_US_PER_S, us;
    for (int64_t day = -800000; day < 2900000; day += 29) {
        char out[32];
        if (day < -719528 || day > 2932896) // years 0000 to 9999
            continue;
        dgl_time_format_utc(day * day_us, out);
        assert_true(dgl_time_parse(out, strlen(out), &us));
        assert_true(us == day * day_us);
    }
}

static void test_parse(void **state DGL_UNUSED)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"1970-01-01", 0},
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 01:00:00+01:00", 0},
        {"1969-12-31T19:30:00.25-04:30", 250000},
        {"1970-01-01T00:00:00.1234567Z", 123456},
        {"1972-06-30T23:59:60Z", INT64_C(78796800) * 1000000},
    };
    for (size_t i = 0; i < DGL_COUNT(good); i++) {
        int64_t us = -1;
        assert_true(dgl_time_parse(good[i].text, strlen(good[i].text), &us));
        assert_int_equal(us, good[i].us);
    }
    static const char *const bad[] = {
        "",
        "1970",
        "1970-1-1",
        "1970-13-01",
        "1970-00-01",
        "1970-02-29",
        "1900-02-29",
        "1970-01-01T",
        "1970-01-01T00:00Z",
        "1970-01-01T00:00:00",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:61Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00+0100",
        "1970-01-01T00:00:00Zx",
        " 1970-01-01",
        "1970-01-01T00:00:00+24:00",
    };
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        int64_t us = 7;
        assert_false(dgl_time_parse(bad[i], strlen(bad[i]), &us));
        assert_int_equal(us, 7);
    }
    int64_t us;
    assert_false(dgl_time_parse(NULL, 0, &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manual), cmocka_unit_test(test_system),
        cmocka_unit_test(test_format), cmocka_unit_test(test_every_day_round_trips),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
