// Number formats.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "render/layout/numbering.h"

static void check(enum dgl_num_format format, int64_t value, const char *wanted)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(4096);
    dgl_num_put(&b, format, value);
    assert_string_equal(b.data ? b.data : "", wanted);
}

static void test_formats(void **state DGL_UNUSED)
{
    check(DGL_NUM_DECIMAL, 42, "42");
    check(DGL_NUM_DECIMAL_ZERO, 7, "07");
    check(DGL_NUM_UPPER_ROMAN, 1994, "MCMXCIV");
    check(DGL_NUM_LOWER_ROMAN, 4, "iv");
    check(DGL_NUM_LOWER_LETTER, 26, "z");
    check(DGL_NUM_LOWER_LETTER, 27, "aa"); // Word repeats the letter
    check(DGL_NUM_UPPER_LETTER, 54, "BBB");
    check(DGL_NUM_ORDINAL, 11, "11th");
    check(DGL_NUM_ORDINAL, 22, "22nd");
    check(DGL_NUM_CARDINAL_TEXT, 121, "One hundred twenty-one");
    check(DGL_NUM_ORDINAL_TEXT, 20, "Twentieth");
    check(DGL_NUM_CIRCLED, 3, "\xE2\x91\xA2");
    check(DGL_NUM_CHINESE, 12, "\xE5\x8D\x81\xE4\xBA\x8C");
    check(DGL_NUM_DASHED, 3, "- 3 -");
    check(DGL_NUM_UPPER_ROMAN, -1, "-1");
    check(DGL_NUM_NONE, 5, "");
}

static void test_names(void **state DGL_UNUSED)
{
    assert_int_equal(dgl_num_format_of(DGL_STR("lowerRoman")), DGL_NUM_LOWER_ROMAN);
    assert_int_equal(dgl_num_format_of(DGL_STR("somethingNew")), DGL_NUM_DECIMAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
