// Slices, UTF-8, numbers, percent coding, nearness.
#include "base/str.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>

static void test_slices(void **state DGL_UNUSED)
{
    assert_true(dgl_str_is(dgl_str_trim(DGL_STR(" \t\r\n a b \n")), "a b"));
    assert_int_equal(dgl_str_trim(DGL_STR("  \n ")).len, 0);
    assert_int_equal(dgl_str_of(NULL).len, 0);
    assert_true(dgl_str_equal(dgl_str_of(NULL), DGL_STR("")));
    assert_true(dgl_str_starts(DGL_STR("abc"), "ab"));
    assert_false(dgl_str_starts(DGL_STR("a"), "ab"));
    assert_true(dgl_str_starts(DGL_STR("a"), ""));
    assert_true(dgl_str_holds(DGL_STR("minorEastAsia"), "EastAsia"));
    assert_false(dgl_str_holds(DGL_STR("minor"), "EastAsia"));
    assert_false(dgl_str_holds((struct dgl_str){NULL, 0}, "a"));
    assert_true(dgl_str_holds((struct dgl_str){NULL, 0}, ""));
    char small[4];
    dgl_str_copy(small, sizeof(small), "ab\xC3\xA9", 4);
    assert_string_equal(small, "ab");
    dgl_str_copy(small, sizeof(small), "abc", 3);
    assert_string_equal(small, "abc");
}

static void test_utf8_valid(void **state DGL_UNUSED)
{
    static const struct {
        const char *s;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain text that is longer than eight", true},
        {"\xC3\xA9", true},
        {"\xE2\x82\xAC", true},
        {"\xF0\x9F\x98\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xEF\xBF\xBF", true},
        {"\xC0\x80", false},         // overlong
        {"\xC1\xBF", false},         // overlong
        {"\xE0\x9F\xBF", false},     // overlong
        {"\xF0\x8F\xBF\xBF", false}, // overlong
        {"\xED\xA0\x80", false},     // surrogate
        {"\xF4\x90\x80\x80", false}, // above U+10FFFF
        {"\xF8\x88\x80\x80\x80", false},
        {"\x80", false},
        {"\xC3", false},
        {"\xE2\x82", false},
        {"\xF0\x9F\x98", false},
        {"\xFF", false},
        {"12345678\xFF", false},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++)
        assert_int_equal(dgl_utf8_valid(cases[i].s, strlen(cases[i].s)), cases[i].valid);
}

static void test_utf8_round_trip(void **state DGL_UNUSED)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        char out[4];
        size_t len = dgl_utf8_put(out, c), pos = 0;
        assert_true(dgl_utf8_valid(out, len));
        assert_int_equal(dgl_utf8_next(out, len, &pos), c);
        assert_int_equal(pos, len);
    }
    char out[4];
    assert_int_equal(dgl_utf8_put(out, 0xD800), 3);
    assert_memory_equal(out, "\xEF\xBF\xBD", 3);
    size_t pos = 0;
    char *cut = dgl_strndup("\xE2\x82", 2);
    assert_int_equal(dgl_utf8_next(cut, 2, &pos), 0xFFFD);
    assert_int_equal(pos, 2);
    free(cut);
    assert_int_equal(dgl_utf8_count("a\xC3\xA9\xE2\x82\xAC", 6), 3);
}

static void test_utf8_cut(void **state DGL_UNUSED)
{
    const char *s = "a\xE2\x82\xAC"
                    "b"; // a € b
    size_t want[] = {0, 1, 1, 1, 4, 5, 5};
    for (size_t max = 0; max < DGL_COUNT(want); max++)
        assert_int_equal(dgl_utf8_cut(s, 5, max), want[max]);
    assert_int_equal(dgl_utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5); // not UTF-8: cut anywhere
}

static void test_parse_int(void **state DGL_UNUSED)
{
    int64_t v = -99;
    assert_true(dgl_parse_int64("9223372036854775807", 19, INT64_MIN, INT64_MAX, &v));
    assert_true(v == INT64_MAX);
    assert_true(dgl_parse_int64("-9223372036854775808", 20, INT64_MIN, INT64_MAX, &v));
    assert_true(v == INT64_MIN);
    v = 5;
    static const char *const bad[] = {
        "", "-", " 1", "+1", "1 ", "1.0", "9223372036854775808", "-9223372036854775809", "a", "0x1", "--1"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        assert_false(dgl_parse_int64(bad[i], strlen(bad[i]), INT64_MIN, INT64_MAX, &v));
    assert_false(dgl_parse_int64("11", 2, 0, 10, &v));
    assert_false(dgl_parse_int64("-1", 2, 0, 10, &v));
    assert_int_equal(v, 5);
    assert_true(dgl_parse_int64("0010", 4, 0, 10, &v));
    assert_int_equal(v, 10);
}

static void test_parse_double(void **state DGL_UNUSED)
{
    double v = 5;
    assert_true(dgl_parse_double("-1.5e3", 6, &v));
    assert_true(v == -1500);
    static const char *const bad[] = {"",    "-",   ".5",    "1.", "01", "1e",    "1e+",
                                      "nan", "inf", "0x1p3", " 1", "1 ", "1e999", "+1"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        assert_false(dgl_parse_double(bad[i], strlen(bad[i]), &v));
    char longer[300];
    memset(longer, '0', sizeof(longer));
    longer[1] = '.';
    longer[299] = '1';
    assert_true(dgl_parse_double(longer, sizeof(longer), &v));
    assert_true(v > 0.9e-298 && v < 1.1e-298);
}

static void test_parse_bool(void **state DGL_UNUSED)
{
    bool v = false;
    assert_true(dgl_parse_bool("yes", 3, &v) && v);
    assert_true(dgl_parse_bool("off", 3, &v) && !v);
    assert_false(dgl_parse_bool("maybe", 5, &v));
    assert_false(dgl_parse_bool("", 0, &v));
}

// Expected texts are what Python's repr() prints.
static void test_format_double(void **state DGL_UNUSED)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-2.5, "-2.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e16, "1e+16"},
        {1e15, "1000000000000000.0"},
        {123456789012345680, "1.2345678901234568e+17"},
        {9999999999999998, "9999999999999998.0"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {0.00012345, "0.00012345"},
        {1.005, "1.005"},
        {1e100, "1e+100"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {2.225073858507201e-308, "2.225073858507201e-308"},
        {5.684341886080802e-14, "5.684341886080802e-14"},
        {9007199254740993.0, "9007199254740992.0"},
        {1.2345678901234567e-7, "1.2345678901234566e-07"},
        {100, "100.0"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        char out[32];
        size_t len = dgl_format_double(cases[i].v, out);
        assert_string_equal(out, cases[i].text);
        assert_int_equal(len, strlen(out));
    }
}

static void test_format_double_round_trips(void **state DGL_UNUSED)
{
    uint64_t x = 88172645463325252ull;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double v;
        memcpy(&v, &x, sizeof(v));
        if (!isfinite(v))
            continue;
        char out[32];
        assert_true(dgl_format_double(v, out) < 32);
        assert_true(strtod(out, NULL) == v);
    }
}

static void test_format_int(void **state DGL_UNUSED)
{
    char out[24];
    assert_int_equal(dgl_format_int64(0, out), 1);
    assert_string_equal(out, "0");
    dgl_format_int64(INT64_MIN, out);
    assert_string_equal(out, "-9223372036854775808");
    assert_int_equal(dgl_format_int64(INT64_MAX, out), 19);
    assert_string_equal(out, "9223372036854775807");
}

static void test_percent_decode(void **state DGL_UNUSED)
{
    char out[16];
    size_t len = 99;
    assert_true(dgl_percent_decode("a%20b+c%C3%a9", 13, true, out, sizeof(out), &len));
    assert_string_equal(out, "a b c\xC3\xA9");
    assert_int_equal(len, 7);
    assert_true(dgl_percent_decode("a+b", 3, false, out, sizeof(out), &len));
    assert_string_equal(out, "a+b");
    assert_true(dgl_percent_decode("%00", 3, false, out, sizeof(out), &len));
    assert_int_equal(len, 1);
    static const char *const bad[] = {"%", "%2", "%zz", "a%2g", "%%41"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        assert_false(dgl_percent_decode(bad[i], strlen(bad[i]), false, out, sizeof(out), &len));
    assert_false(dgl_percent_decode("abc", 3, false, out, 3, &len));
    assert_true(dgl_percent_decode("abc", 3, false, out, 4, &len));
}

static void test_distance(void **state DGL_UNUSED)
{
    assert_int_equal(dgl_str_distance(DGL_STR(""), DGL_STR("abc")), 3);
    assert_int_equal(dgl_str_distance(DGL_STR("kitten"), DGL_STR("sitting")), 3);
    assert_int_equal(dgl_str_distance(DGL_STR("NAME"), DGL_STR("name")), 0);
    assert_int_equal(dgl_str_distance(DGL_STR("naem"), DGL_STR("name")), 1);
    char longer[65];
    memset(longer, 'a', sizeof(longer));
    assert_true(dgl_str_distance((struct dgl_str){longer, 65}, DGL_STR("a")) == SIZE_MAX);
    assert_false(dgl_str_near((struct dgl_str){longer, 65}, DGL_STR("a")));
    assert_true(dgl_str_near(DGL_STR("templat_id"), DGL_STR("template_id")));
    assert_false(dgl_str_near(DGL_STR("colour"), DGL_STR("name")));
}

static void tells_plain_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool line, lines, visible;
    } cases[] = {
        {"Invoice", true, true, true},
        {"na\xC3\xAFve \xE6\xBC\xA2 \xF0\x9F\x98\x80", true, true, true},
        {"\xD7\xA9\xD7\x9C\xE2\x80\x8F!", true, true, true}, // right-to-left mark
        {"a\tb\r\n", false, true, true},
        {"a\x1B[2J", false, false, false},
        {"a\x7F", false, false, false},
        {"a\xC2\x85", false, false, false},            // NEL
        {"a\xE2\x80\xAEgpj.exe", false, false, false}, // right-to-left override
        {"\xE2\x81\xA6x", false, false, false},
        {"a\xFF", false, false, false},
        {"", true, true, false},
        {" \xC2\xA0\xE2\x80\x8B\xEF\xBB\xBF\xE3\x80\x80", true, true, false},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        size_t len = strlen(cases[i].text);
        if (dgl_utf8_plain(cases[i].text, len, false, false) != cases[i].line ||
            dgl_utf8_plain(cases[i].text, len, true, false) != cases[i].lines ||
            dgl_utf8_plain(cases[i].text, len, true, true) != (cases[i].lines && cases[i].visible))
            fail_msg("case %zu", i);
    }
}

// The published values of 64-bit FNV-1a; hashing goes on where it ended.
static void test_hash(void **state DGL_UNUSED)
{
    assert_true(dgl_hash_text(DGL_HASH_START, "") == DGL_HASH_START);
    assert_true(dgl_hash_text(DGL_HASH_START, "a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(dgl_hash_text(DGL_HASH_START, "foobar") == UINT64_C(0x85944171f73967e8));
    assert_true(dgl_hash_text(dgl_hash_text(DGL_HASH_START, "foo"), "bar") == dgl_hash_text(DGL_HASH_START, "foobar"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_plain_text),   cmocka_unit_test(test_slices),
        cmocka_unit_test(test_utf8_valid),    cmocka_unit_test(test_utf8_round_trip),
        cmocka_unit_test(test_utf8_cut),      cmocka_unit_test(test_parse_int),
        cmocka_unit_test(test_parse_double),  cmocka_unit_test(test_parse_bool),
        cmocka_unit_test(test_format_double), cmocka_unit_test(test_format_double_round_trips),
        cmocka_unit_test(test_format_int),    cmocka_unit_test(test_percent_decode),
        cmocka_unit_test(test_distance),      cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
