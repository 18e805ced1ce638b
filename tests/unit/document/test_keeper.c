// The watch over the clock: jumps make retention wait, corrections and the passing of time do not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/document/parts.h"

#define MINUTE (INT64_C(60) * DGL_US_PER_S)
#define DAY (INT64_C(86400) * DGL_US_PER_S)

static void follows_a_steady_clock(void **state)
{
    (void)state;
    struct dgl_clock_watch w = {0};
    for (int64_t t = 0; t < 60 * DAY; t += MINUTE)
        assert_true(dgl_clock_watch_steady(&w, 1000 * DAY + t + t / 2000, t));   // 500 ppm off
    assert_true(dgl_clock_watch_steady(&w, 1060 * DAY + 10 * MINUTE, 60 * DAY)); // corrected by minutes
}

static void waits_a_day_after_a_jump(void **state)
{
    (void)state;
    for (int direction = -1; direction <= 1; direction += 2) {
        struct dgl_clock_watch w = {0};
        int64_t wall = 1000 * DAY;
        assert_true(dgl_clock_watch_steady(&w, wall, 0));
        wall += direction * 400 * DAY;
        assert_false(dgl_clock_watch_steady(&w, wall + MINUTE, MINUTE));
        assert_false(dgl_clock_watch_steady(&w, wall + DAY, DAY));
        assert_true(dgl_clock_watch_steady(&w, wall + DAY + MINUTE, DAY + MINUTE));
        // Put right within the day: it waits a day from then.
        assert_false(dgl_clock_watch_steady(&w, wall + 9 * DAY, 2 * DAY));
        assert_false(dgl_clock_watch_steady(&w, wall + 2 * DAY + MINUTE, 2 * DAY + MINUTE));
        assert_false(dgl_clock_watch_steady(&w, wall + 3 * DAY, 3 * DAY));
        assert_true(dgl_clock_watch_steady(&w, wall + 3 * DAY + MINUTE, 3 * DAY + MINUTE));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_a_steady_clock),
        cmocka_unit_test(waits_a_day_after_a_jump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
