// date, number, currency, percent, words, and what the document draws.
#include "test_render.h"

#define NBSP "\xc2\xa0"
#define NNBSP "\xe2\x80\xaf"

static void test_money_is_exact(void **state)
{
    (void)state;
    assert_renders("{{ 1.005|number(2) }} {{ 2.675|number(2) }} {{ -1.005|number(2) }}", NULL, "1.01 2.68 -1.01");
    assert_renders(
        "{{ '1.005'|number(2) }} {{ '0.125'|number(2) }} {{ 0.5|number(0) }} {{ 1.5|number(0) }} {{ 2.5|number(0) }}",
        NULL, "1.01 0.13 1 2 3");
    assert_renders("{{ x|number(2) }} {{ x|number }}", "{\"x\": 9007199254740993}",
                   "9,007,199,254,740,993.00 9,007,199,254,740,993");
    assert_renders("{{ '12345678901234567890.125'|number(2) }}", NULL, "12,345,678,901,234,567,890.13");
    assert_renders("{{ 1e-7|number(2) }} {{ 1e21|number(0) }} {{ 99.995|number(2) }} {{ 999999.995|number(2) }}", NULL,
                   "0.00 1,000,000,000,000,000,000,000 100.00 1,000,000.00");
}

static void test_numbers(void **state)
{
    (void)state;
    assert_renders("{{ 1234.5|number }} {{ 1234.5|number(2) }} {{ 1234|number }} {{ 0.1|number }}", NULL,
                   "1,234.5 1,234.50 1,234 0.1");
    assert_renders(
        "{{ 1234567.891|number(2, 'de_DE') }} {{ 1234.5|number(1, 'de_CH') }} {{ 1234567|number(0, 'en_IN') }}", NULL,
        "1.234.567,89 1’234.5 12,34,567");
    assert_renders("{{ 1234567.5|number(1, 'fr-FR') }} {{ 1234|number(0, 'es_ES') }} {{ 12345|number(0, 'es_ES') }}",
                   NULL, "1" NNBSP "234" NNBSP "567,5 1234 12.345");
    assert_renders("{{ 1234.5|number(2, grouping=false) }}", NULL, "1234.50");
    assert_renders("{{ 1234.5|number(1, 'ar_EG') }}", NULL, "١٬٢٣٤٫٥");
    assert_renders("{{ 0.19|percent }} {{ 0.196|percent(1) }} {{ 0.5|percent(0, 'de_DE') }} {{ 1.005|percent(0) }}",
                   NULL, "19% 19.6% 50" NBSP "% 101%");
    assert_fails("{{ 'x'|number }}", NULL, "type_error", "cannot read 'x'");
    assert_fails("{{ 1|number(99) }}", NULL, "type_error", "digits");
    assert_fails("{{ [1]|number }}", NULL, "type_error", "list");
    assert_fails("{{ missing|number }}", NULL, "undefined_access", "missing");
}

static void test_currency(void **state)
{
    (void)state;
    assert_renders("{{ 1234.5|currency('EUR', 'de_DE') }}", NULL, "1.234,50" NBSP "€");
    assert_renders("{{ 1234.5|currency('USD') }} {{ (-3)|currency('USD') }} {{ 0|currency('USD') }}", NULL,
                   "$1,234.50 -$3.00 $0.00");
    assert_renders("{{ 1234.5|currency('JPY') }} {{ 1.0005|currency('KWD') }}", NULL, "¥1,235 KWD" NBSP "1.001");
    assert_renders("{{ 1234.565|currency('CHF', 'de_CH') }} {{ (-1234.5)|currency('CHF', 'de_CH') }}", NULL,
                   "CHF" NBSP "1’234.57 CHF-1’234.50");
    assert_renders("{{ 5|currency('eur', 'fr_FR', 0) }} {{ 1234.005|currency('GBP', 'en_GB') }}", NULL,
                   "5" NBSP "€ £1,234.01");
    assert_fails("{{ 1|currency('E1R') }}", NULL, "type_error", "ISO code");
    assert_fails("{{ 1|currency('EUR', 'x!') }}", NULL, "type_error", "locale");
}

static void test_words(void **state)
{
    (void)state;
    assert_renders(
        "{{ 121|words }}|{{ 1234.5|words }}|{{ 21|words('de_DE') }}|{{ 71|words('fr_FR') }}", NULL,
        "one hundred twenty-one|one thousand two hundred thirty-four point five|einundzwanzig|soixante-et-onze");
}

static void test_dates(void **state)
{
    (void)state;
    assert_renders("{{ '2024-03-09'|date('%d %B %Y') }} {{ '2024-03-09'|date('%-d.%-m.%y') }} {{ "
                   "'2024-03-09'|date('%A', 'de_DE') }}",
                   NULL, "09 March 2024 9.3.24 Samstag");
    assert_renders("{{ '2024-03-09T22:30:15Z'|date('%Y-%m-%d %H:%M:%S') }} {{ '2024-03-09T22:30:15Z'|date('%F %T', "
                   "time_zone='Asia/Tokyo') }}",
                   NULL, "2024-03-09 22:30:15 2024-03-10 07:30:15");
    assert_renders(
        "{{ '2024-03-09 22:30'|date('%H:%M', time_zone='Asia/Tokyo') }} {{ 0|date('%Y') }} {{ '2024-03-09'|date }}",
        NULL, "22:30 1970 March 9, 2024");
    assert_renders("{{ '2024-03-09'|date(\"week of '%b' 100%%\") }}", NULL, "week of 'Mar' 100%");
    assert_fails("{{ 'soon'|date('%Y') }}", NULL, "type_error", "cannot read 'soon'");
    assert_fails("{{ '2024-03-09'|date('%Q') }}", NULL, "type_error", "%Q");
    assert_fails("{{ 'now'|date }}", NULL, "type_error", "creation");
}

static void test_now_is_the_jobs_creation(void **state)
{
    (void)state;
    const char *source = "{{ 'now'|date('%Y-%m-%d %H:%M') }}";
    struct render r = {.created_at_us = INT64_C(1710023415000000), .time_zone = "Europe/Berlin", .locale = "de_DE"};
    render_text(&r, source, strlen(source));
    assert_string_equal(r.out.data, "2024-03-09 23:30");
    render_fini(&r);
}

static void test_rich_values_go_to_the_sink(void **state)
{
    (void)state;
    assert_renders("{{ 'u'|qr }} {{ '4006381333931'|barcode('ean13') }} {{ 'x'|markdown }} {{ '<b>'|html }} {{ "
                   "'u'|image(width=3) }}",
                   NULL, "u 4006381333931 x <b> u");
    assert_renders("[{{ missing|image }}{{ none|qr }}]", NULL, "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money_is_exact),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_currency),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_now_is_the_jobs_creation),
        cmocka_unit_test(test_rich_values_go_to_the_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
