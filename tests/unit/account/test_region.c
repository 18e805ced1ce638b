// Names of time zones and locales, and the days of a zone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/account/inside.h"

#include <string.h>

static int64_t at(const char *iso)
{
    int64_t us = 0;
    assert_true(dgl_time_parse(iso, strlen(iso), &us));
    return us;
}

static void test_days_begin_at_midnight_of_the_zone(void **state DGL_UNUSED)
{
    static const struct {
        const char *zone, *day, *start;
    } cases[] = {
        {"UTC", "2026-03-09", "2026-03-09T00:00:00Z"},
        {"Europe/Berlin", "2026-03-09", "2026-03-08T23:00:00Z"},
        {"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"}, // summer time begins this day
        {"Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"},
        {"America/New_York", "2026-01-01", "2026-01-01T05:00:00Z"},
        {"Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z"},
        {"Pacific/Kiritimati", "2026-03-01", "2026-02-28T10:00:00Z"},
        {"Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"}, // midnight is skipped: the day begins at one
        {"no such zone", "2026-03-09", "2026-03-09T00:00:00Z"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++)
        if (dgl_wall_to_utc(cases[i].zone, at(cases[i].day)) != at(cases[i].start))
            fail_msg("%s in %s does not begin at %s", cases[i].day, cases[i].zone, cases[i].start);
}

static void test_walls_show_the_time_of_the_zone(void **state DGL_UNUSED)
{
    static const struct {
        const char *zone, *utc, *wall;
    } cases[] = {
        {"UTC", "2026-03-09T10:15:30Z", "2026-03-09T10:15:30Z"},
        {"Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59Z"},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"}, // two o'clock is skipped
        {"Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01T05:45:00Z"},
        {"Pacific/Pago_Pago", "2026-01-01T00:00:00Z", "2025-12-31T13:00:00Z"},
        {"no such zone", "2026-03-09T10:15:30Z", "2026-03-09T10:15:30Z"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        if (dgl_utc_to_wall(cases[i].zone, at(cases[i].utc)) != at(cases[i].wall))
            fail_msg("clocks in %s do not show %s at %s", cases[i].zone, cases[i].wall, cases[i].utc);
        if (dgl_wall_to_utc(cases[i].zone, at(cases[i].wall)) != at(cases[i].utc))
            fail_msg("%s in %s is not %s", cases[i].wall, cases[i].zone, cases[i].utc);
    }
    // 02:30 is skipped, 02:30 in October comes twice.
    assert_int_equal(dgl_wall_to_utc("Europe/Berlin", at("2026-03-29T02:30:00Z")), at("2026-03-29T01:30:00Z"));
    assert_int_equal(dgl_wall_to_utc("Europe/Berlin", at("2026-10-25T02:30:00Z")), at("2026-10-25T01:30:00Z"));
}

static void test_names_are_spelled_as_in_the_list(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char zone[DGL_TIME_ZONE_MAX + 1], locale[DGL_LOCALE_MAX + 1];
    assert_int_equal(dgl_check_time_zone("europe/BERLIN", zone, &err), DGL_OK);
    assert_string_equal(zone, "Europe/Berlin");
    assert_int_equal(dgl_check_locale("DE_de", locale, &err), DGL_OK);
    assert_string_equal(locale, "de-DE");
    assert_int_equal(dgl_check_time_zone("Europe/Nowhere", zone, &err), DGL_E_INVALID);
    assert_int_equal(dgl_check_locale("xx-YY", locale, &err), DGL_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_begin_at_midnight_of_the_zone),
        cmocka_unit_test(test_walls_show_the_time_of_the_zone),
        cmocka_unit_test(test_names_are_spelled_as_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
