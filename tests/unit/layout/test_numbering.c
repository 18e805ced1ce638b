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
    check(DGL_NUM_CHINESE, 10, "十");
    check(DGL_NUM_CHINESE, 111, "一百一十一");
    check(DGL_NUM_CHINESE, 20305, "二万三百五");
    check(DGL_NUM_CHINESE_DIGITS, 10, "一〇");
    check(DGL_NUM_CHINESE_LEGAL, 12, "壹拾貳");
    check(DGL_NUM_KOREAN_COUNTING, 21, "이십일");
    check(DGL_NUM_KOREAN_COUNTING, 110, "백십");
    check(DGL_NUM_KOREAN_LEGAL, 21, "스물하나");
    check(DGL_NUM_KOREAN_DIGITS, 10, "일영");
    check(DGL_NUM_KOREAN_GANADA, 3, "다");
    check(DGL_NUM_PARENTHESES, 2, "⑵");
    check(DGL_NUM_FULL_STOP, 3, "⒊");
    check(DGL_NUM_CIRCLED_IDEOGRAPH, 1, "㊀");
    check(DGL_NUM_THAI_DIGITS, 27, "๒๗");
    check(DGL_NUM_THAI_LETTERS, 3, "ค");
    check(DGL_NUM_HINDI_DIGITS, 12, "१२");
    check(DGL_NUM_HEBREW_VALUES, 15, "טו");
    check(DGL_NUM_HEBREW_VALUES, 121, "קכא");
    check(DGL_NUM_HEBREW, 2, "ב");
    check(DGL_NUM_ARABIC_ABJAD, 12, "يب");
    check(DGL_NUM_ARABIC_ALPHA, 2, "ب");
    check(DGL_NUM_AIUEO, 2, "イ");
    check(DGL_NUM_RUSSIAN_UPPER, 2, "Б");
    check(DGL_NUM_FULLWIDTH, 12, "１２");
    check(DGL_NUM_HEX, 255, "FF");
    check(DGL_NUM_CHICAGO, 5, "**");
    check(DGL_NUM_PADDED3, 7, "007");
    check(DGL_NUM_EARTHLY, 1, "子");
    check(DGL_NUM_HEAVENLY, 2, "乙");
    check(DGL_NUM_DASHED, 3, "- 3 -");
    check(DGL_NUM_PADDED5, 7, "00007");
    check(DGL_NUM_AIUEO_HALF, 2, "ｲ");
    check(DGL_NUM_AIUEO_HALF, 45, "ｦ");
    check(DGL_NUM_IROHA, 25, "ヰ");
    check(DGL_NUM_IROHA, 48, "ン");
    check(DGL_NUM_IROHA_HALF, 2, "ﾛ");
    check(DGL_NUM_SEXAGENARY, 1, "甲子");
    check(DGL_NUM_SEXAGENARY, 13, "丙子");
    check(DGL_NUM_SEXAGENARY, 60, "癸亥");
    check(DGL_NUM_SEXAGENARY, 61, "61");
    check(DGL_NUM_HINDI_WORDS, 11, "ग्यारह");
    check(DGL_NUM_THAI_WORDS, 21, "ยี่สิบเอ็ด");
    check(DGL_NUM_VIETNAMESE_WORDS, 15, "mười lăm");
    check(DGL_NUM_BAHT, 2, "สองบาทถ้วน");
    check(DGL_NUM_DOLLAR, 21, "Twenty-one and 00/100");
    check(DGL_NUM_THAI_WORDS, -1, "-1");
    check(DGL_NUM_UPPER_ROMAN, -1, "-1");
    check(DGL_NUM_NONE, 5, "");
}

static void test_names(void **state DGL_UNUSED)
{
    assert_int_equal(dgl_num_format_of(DGL_STR("lowerRoman")), DGL_NUM_LOWER_ROMAN);
    assert_int_equal(dgl_num_format_of(DGL_STR("hebrew1")), DGL_NUM_HEBREW_VALUES);
    assert_int_equal(dgl_num_format_of(DGL_STR("koreanCounting")), DGL_NUM_KOREAN_COUNTING);
    assert_int_equal(dgl_num_format_of(DGL_STR("aiueo")), DGL_NUM_AIUEO_HALF);
    assert_int_equal(dgl_num_format_of(DGL_STR("somethingNew")), DGL_NUM_DECIMAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
