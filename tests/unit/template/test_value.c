// The value model: JSON in, lookups, printing.
#include "test_render.h"
#include <stdio.h>

static struct dgl_value read(struct dgl_arena *arena, const char *text)
{
    struct dgl_budget b = dgl_budget_default();
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_value v;
    DGL_AUTO_JSON json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(json);
    assert_int_equal(dgl_value_from_json(arena, json, &b, &v, &err), DGL_OK);
    return v;
}

static void assert_prints(const char *json, const char *want)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1 << 16);
    struct dgl_budget b = dgl_budget_default();
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(dgl_value_print(read(arena, json), &b, &out, &err), DGL_OK);
    assert_string_equal(out.data ? out.data : "", want);
}

static void test_prints_as_python(void **state)
{
    (void)state;
    assert_prints("null", "None");
    assert_prints("true", "True");
    assert_prints("1.0", "1.0");
    assert_prints("9223372036854775807", "9223372036854775807");
    assert_prints("[\"a\", \"it's\", 1, 2.5, null, [], {}]", "['a', \"it's\", 1, 2.5, None, [], {}]");
    assert_prints("{\"k\": {\"l\": [1]}}", "{'k': {'l': [1]}}");
    assert_prints("\"plain ü\"", "plain ü");
    assert_prints("[\"\\u200b\\t\\u0000\"]", "['\\u200b\\t\\x00']");
}

static void test_dicts_keep_order_and_find(void **state)
{
    (void)state;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1 << 20);
    dgl_buf_putc(&text, '{');
    for (int i = 0; i < 2000; i++)
        dgl_buf_printf(&text, "%s\"key%d\":%d", i ? "," : "", i * 7, i);
    dgl_buf_putc(&text, '}');
    struct dgl_value d = read(arena, text.data), key, value;
    assert_int_equal(dgl_value_length(d), 2000);
    for (int i = 0; i < 2000; i++) {
        char name[16];
        size_t len = (size_t)snprintf(name, sizeof name, "key%d", i * 7);
        assert_int_equal(dgl_value_dict_lookup(d, name, len).as.integer, i);
        dgl_value_dict_at(d, (size_t)i, &key, &value);
        assert_int_equal(value.as.integer, i);
        assert_int_equal(key.as.string->len, len);
    }
    assert_int_equal(dgl_value_dict_lookup(d, "key1", 4).kind, DGL_VALUE_UNDEFINED);
    dgl_value_dict_at(d, 2000, &key, &value);
    assert_int_equal(key.kind, DGL_VALUE_UNDEFINED);
}

static void test_lists_and_truth(void **state)
{
    (void)state;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_value list = read(arena, "[0, 1, \"\", \"a\", [], [0], {}, {\"a\": 1}, 0.0, null, false, true]");
    static const bool truth[] = {false, true, false, true, false, true, false, true, false, false, false, true};
    assert_int_equal(dgl_value_length(list), DGL_COUNT(truth));
    for (size_t i = 0; i < DGL_COUNT(truth); i++)
        assert_int_equal(dgl_value_truthy(dgl_value_list_get(list, i)), truth[i]);
    assert_int_equal(dgl_value_list_get(list, 99).kind, DGL_VALUE_UNDEFINED);
    assert_int_equal(dgl_value_length(read(arena, "\"aü中😀\"")), 4);
}

static void test_strings_are_copied(void **state)
{
    (void)state;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    char text[] = "abc";
    struct dgl_value v = dgl_value_string(arena, text, 3);
    text[0] = 'x';
    assert_int_equal(v.kind, DGL_VALUE_STRING);
    assert_memory_equal(v.as.string->data, "abc", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prints_as_python),
        cmocka_unit_test(test_dicts_keep_order_and_find),
        cmocka_unit_test(test_lists_and_truth),
        cmocka_unit_test(test_strings_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
