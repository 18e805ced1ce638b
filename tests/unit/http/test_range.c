// RFC 9110 §14 (ranges), §13 (conditions), §12.5.3 (codings).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/range.h"

static void reads_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t size;
        enum http_range kind;
        int64_t first, last;
    } cases[] = {
        {"bytes=0-0", 10, HTTP_RANGE_PART, 0, 0},         {"bytes=2-5", 10, HTTP_RANGE_PART, 2, 5},
        {"bytes=2-", 10, HTTP_RANGE_PART, 2, 9},          {"bytes=-3", 10, HTTP_RANGE_PART, 7, 9},
        {"bytes=-30", 10, HTTP_RANGE_PART, 0, 9},         {"bytes=5-500", 10, HTTP_RANGE_PART, 5, 9},
        {"Bytes=1-2", 10, HTTP_RANGE_PART, 1, 2},         {"bytes=10-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-0", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0}, {"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=5-2", 10, HTTP_RANGE_WHOLE, 0, 0},        {"bytes=0-1,3-4", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=", 10, HTTP_RANGE_WHOLE, 0, 0},           {"bytes=-", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=a-b", 10, HTTP_RANGE_WHOLE, 0, 0},        {"lines=1-2", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=--1", 10, HTTP_RANGE_WHOLE, 0, 0},        {"bytes=99999999999999999999-", 10, HTTP_RANGE_WHOLE, 0, 0},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        int64_t first = 0, last = 0;
        if (http_range_parse(cases[i].text, cases[i].size, &first, &last) != cases[i].kind || first != cases[i].first ||
            last != cases[i].last)
            fail_msg("%s: %lld-%lld", cases[i].text, (long long)first, (long long)last);
    }
}

static void compares_entity_tags(void **state)
{
    (void)state;
    assert_true(http_etag_listed("\"a\"", "\"a\""));
    assert_true(http_etag_listed("\"b\", W/\"a\"", "\"a\""));
    assert_true(http_etag_listed("*", "\"a\""));
    assert_true(http_etag_listed("\"a,b\"", "\"a,b\""));
    assert_false(http_etag_listed("\"ab\"", "\"a\""));
    assert_false(http_etag_listed("", "\"a\""));
    assert_true(http_etag_listed_strongly("\"b\", \"a\"", "\"a\""));
    assert_true(http_etag_listed_strongly("*", "\"a\""));
    assert_false(http_etag_listed_strongly("W/\"a\"", "\"a\""));
    assert_false(http_etag_listed_strongly("\"b\"", "\"a\""));
    assert_true(http_if_range_holds("\"a\"", "\"a\"", 0));
    assert_false(http_if_range_holds("W/\"a\"", "W/\"a\"", 0));
    assert_false(http_if_range_holds("\"b\"", "\"a\"", 0));
}

static void reads_and_writes_dates(void **state)
{
    (void)state;
    char text[40];
    int64_t seconds;
    assert_string_equal(http_date_format(INT64_C(784111777) * DGL_US_PER_S, text), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(http_date_parse(text, &seconds));
    assert_int_equal(seconds, 784111777);
    assert_false(http_date_parse("Sunday, 06-Nov-94 08:49:37 GMT", &seconds));
    assert_true(http_if_range_holds(text, NULL, INT64_C(784111777) * DGL_US_PER_S));
    assert_false(http_if_range_holds(text, NULL, INT64_C(784111778) * DGL_US_PER_S));
}

static void knows_when_gzip_is_welcome(void **state)
{
    (void)state;
    assert_true(http_accepts_gzip("gzip"));
    assert_true(http_accepts_gzip("deflate, GZIP;q=0.5"));
    assert_true(http_accepts_gzip("*"));
    assert_true(http_accepts_gzip("br, *;q=0.1"));
    assert_false(http_accepts_gzip("gzip;q=0"));
    assert_false(http_accepts_gzip("gzip; q=0.000, *"));
    assert_false(http_accepts_gzip("br, deflate"));
    assert_false(http_accepts_gzip("*;q=0"));
    assert_false(http_accepts_gzip(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_ranges), cmocka_unit_test(compares_entity_tags),
                                       cmocka_unit_test(reads_and_writes_dates),
                                       cmocka_unit_test(knows_when_gzip_is_welcome)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
