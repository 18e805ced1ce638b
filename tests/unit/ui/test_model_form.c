// Form Mode: from data to fields and back, and the steps between.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/ui/model.h"

static const char tokens_text[] =
    "[{\"name\":\"number\",\"type\":\"text\"},{\"name\":\"a/b~c\",\"type\":\"text\"},"
    "{\"name\":\"customer\",\"type\":\"object\",\"children\":[{\"name\":\"name\",\"type\":\"text\"}]},"
    "{\"name\":\"lines\",\"type\":\"list\",\"children\":[{\"name\":\"article\",\"type\":\"text\"},"
    "{\"name\":\"price\",\"type\":\"number\"},{\"name\":\"sizes\",\"type\":\"list\"}]},"
    "{\"name\":\"due\",\"type\":\"date\"},{\"name\":\"express\",\"type\":\"boolean\"}]";

static json_t *parse(const char *text)
{
    json_t *value = NULL;
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(dgl_json_parse(text, strlen(text), "t", &value, &err), DGL_OK);
    return value;
}

static void assert_json(const json_t *value, const char *text)
{
    DGL_AUTO_JSON expected = parse(text);
    DGL_AUTO_PTR char *got = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(DGL_UI_NUMBER_DIGITS));
    DGL_AUTO_PTR char *want = json_dumps(expected, JSON_COMPACT | JSON_REAL_PRECISION(DGL_UI_NUMBER_DIGITS));
    assert_string_equal(got, want);
}

// A form as its names and values.
static const char *field_of(void *ctx, const char *path)
{
    return json_string_value(json_object_get(ctx, path));
}

static json_t *read_form(const json_t *tokens, const json_t *base, const char *fields_text, char *bad)
{
    DGL_AUTO_JSON fields = parse(fields_text);
    return dgl_ui_form_read(tokens, base, field_of, fields, bad);
}

// The fields that a page of these parts would send.
static json_t *fields_of(const json_t *parts)
{
    json_t *fields = json_object();
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *p = json_array_get(parts, i);
        const char *part = json_string_value(json_object_get(p, "part"));
        const char *path = json_string_value(json_object_get(p, "path"));
        bool kept = strcmp(part, "field") == 0 && strcmp(json_string_value(json_object_get(p, "kind")), "kept") == 0;
        if (strcmp(part, "field") == 0 && !kept)
            json_object_set(fields, path, json_object_get(p, "value"));
        else if (strcmp(part, "row") == 0 && json_is_false(json_object_get(p, "plain")))
            json_object_set_new(fields, path, json_string(""));
    }
    return fields;
}

static void reads_each_kind(void **state)
{
    (void)state;
    char bad[DGL_UI_MAX_POINTER];
    DGL_AUTO_JSON tokens = parse(tokens_text);
    DGL_AUTO_JSON data =
        read_form(tokens, NULL,
                  "{\"/number\":\"7\",\"/a~1b~0c\":\"x\",\"/customer/name\":\"Ann\",\"/lines/0\":\"\","
                  "\"/lines/0/article\":\"Chair\",\"/lines/0/price\":\"19.99\",\"/lines/0/sizes/0\":\"S\","
                  "\"/lines/1\":\"\",\"/lines/1/price\":\"2\",\"/due\":\"\",\"/express\":\"false\"}",
                  bad);
    assert_string_equal(bad, "");
    assert_json(data, "{\"number\":\"7\",\"a/b~c\":\"x\",\"customer\":{\"name\":\"Ann\"},\"lines\":[{\"article\":"
                      "\"Chair\",\"price\":19.99,\"sizes\":[\"S\"]},{\"price\":2,\"sizes\":[]}],\"express\":false}");
}

static void there_and_back(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "{}",
        "{\"number\":\"A\",\"lines\":[{\"article\":\"x\",\"price\":-0.5,\"sizes\":[\"S\",\"M\"]}],\"express\":true}",
        "{\"number\":12,\"customer\":\"none\",\"lines\":\"none\",\"due\":\"soon\",\"other\":[1,{\"a\":null}]}",
        "{\"number\":{\"rich\":true},\"lines\":[{\"sku\":5,\"sizes\":[]},3,null],\"express\":\"maybe\"}",
    };
    char bad[DGL_UI_MAX_POINTER];
    DGL_AUTO_JSON tokens = parse(tokens_text);
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        DGL_AUTO_JSON data = parse(cases[i]);
        DGL_AUTO_JSON parts = dgl_ui_form_parts(tokens, data);
        DGL_AUTO_JSON fields = fields_of(parts);
        DGL_AUTO_JSON first = dgl_ui_form_read(tokens, data, field_of, fields, bad);
        const char *key;
        json_t *value;
        json_object_foreach(data, key, value) assert_non_null(json_object_get(first, key));
        DGL_AUTO_JSON parts_again = dgl_ui_form_parts(tokens, first);
        DGL_AUTO_JSON fields_again = fields_of(parts_again);
        DGL_AUTO_JSON second = dgl_ui_form_read(tokens, first, field_of, fields_again, bad);
        assert_true(json_equal(first, second)); // once laid over, nothing changes any more
    }
}

static void a_number_that_is_none_is_named(void **state)
{
    (void)state;
    char bad[DGL_UI_MAX_POINTER];
    DGL_AUTO_JSON tokens = parse(tokens_text);
    DGL_AUTO_JSON data = read_form(tokens, NULL, "{\"/lines/0\":\"\",\"/lines/0/price\":\"1e\"}", bad);
    assert_string_equal(bad, "/lines/0/price");
    DGL_AUTO_JSON parts = dgl_ui_form_parts(tokens, data);
    dgl_ui_form_mark(parts, bad, "error", json_string("no"));
    size_t marked = 0;
    for (size_t i = 0; i < json_array_size(parts); i++)
        marked += json_is_string(json_object_get(json_array_get(parts, i), "error"));
    assert_int_equal(marked, 1);
}

static void rows_come_and_go(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens = parse(tokens_text);
    DGL_AUTO_JSON data = dgl_ui_form_empty(tokens);
    assert_true(dgl_ui_form_add_row(tokens, data, "/lines"));
    assert_true(dgl_ui_form_add_row(tokens, data, "/lines/1/sizes"));
    assert_json(json_object_get(data, "lines"), "[{\"sizes\":[\"\"]},{\"sizes\":[\"\",\"\"]}]");
    assert_false(dgl_ui_form_add_row(tokens, data, "/number"));
    assert_false(dgl_ui_form_add_row(tokens, data, "/lines/7/sizes"));
    assert_false(dgl_ui_form_add_row(tokens, data, ""));
    assert_true(dgl_ui_form_remove_row(data, "/lines/0"));
    assert_false(dgl_ui_form_remove_row(data, "/lines/1"));
    assert_false(dgl_ui_form_remove_row(data, "/lines/x"));
    assert_false(dgl_ui_form_remove_row(data, "lines"));
    assert_true(dgl_ui_form_is_blank(data));
    dgl_ui_form_prune(tokens, data);
    assert_json(data, "{\"customer\":{},\"lines\":[]}");
}

static void empty_dates_and_numbers_are_empty_texts(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens = parse("[{\"name\":\"due\",\"type\":\"date\"},{\"name\":\"n\",\"type\":\"number\"},{\"name\":"
                                 "\"ok\",\"type\":\"boolean\"},{\"name\":\"xs\",\"type\":\"list\",\"children\":[{"
                                 "\"name\":\"price\",\"type\":\"number\"}]},{\"name\":\"c\",\"type\":\"object\","
                                 "\"children\":[{\"name\":\"born\",\"type\":\"date\"}]}]");
    DGL_AUTO_JSON data = parse("{\"n\":3,\"xs\":[{\"price\":1},{}],\"c\":{}}");
    dgl_ui_form_fill(tokens, data);
    assert_json(data, "{\"n\":3,\"xs\":[{\"price\":1},{\"price\":\"\"}],\"c\":{\"born\":\"\"},\"due\":\"\"}");
}

static void a_list_has_a_most(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens = parse(tokens_text);
    DGL_AUTO_JSON data = dgl_ui_form_empty(tokens);
    size_t rows = 1;
    while (rows < 10000 && dgl_ui_form_add_row(tokens, data, "/lines"))
        rows++;
    assert_int_equal(rows, 500);
}

static void titles_are_for_people(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"unit_price", "Unit price"}, {"vat_id", "VAT ID"}, {"bank_iban", "Bank IBAN"}, {"idea", "Idea"}, {"_x", " x"}};
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        DGL_AUTO_JSON title = dgl_ui_title(cases[i][0]);
        assert_string_equal(json_string_value(title), cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_kind),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(a_number_that_is_none_is_named),
        cmocka_unit_test(rows_come_and_go),
        cmocka_unit_test(empty_dates_and_numbers_are_empty_texts),
        cmocka_unit_test(a_list_has_a_most),
        cmocka_unit_test(titles_are_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
