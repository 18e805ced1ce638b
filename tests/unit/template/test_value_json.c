// JSON text to values: what jansson takes and nothing else, with its words for the rest.
#include "render/template/value_private.h"
#include "test_render.h"
#include <stdio.h>

struct read {
    struct dgl_arena *arena;
    struct dgl_error err;
    struct dgl_value value;
    enum dgl_status status;
};

static struct read read_text(const char *text, size_t len)
{
    struct read r = {.arena = dgl_arena_new(0)};
    struct dgl_budget budget = dgl_budget_default();
    r.status = dgl_value_parse_json(r.arena, text, len, "input_json", &budget, &r.value, &r.err);
    return r;
}

static void print(struct dgl_value v, struct dgl_buf *out)
{
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_buf_printf(out, "%d ", (int)v.kind); // 1 and 1.0, "1" and 1
    assert_int_equal(dgl_value_print(v, &budget, out, &err), DGL_OK);
}

// Both ways say the same: the same values, or the same complaint.
static void check_as_jansson(const char *text, size_t len)
{
    DGL_AUTO_FINI(buf) got = DGL_BUF_INIT(1 << 20);
    DGL_AUTO_FINI(buf) want = DGL_BUF_INIT(1 << 20);
    DGL_AUTO_JSON tree = NULL;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_budget budget = dgl_budget_default();
    struct read r = read_text(text, len);
    struct dgl_value v;
    enum dgl_status status = dgl_json_parse(text, len, "input_json", &tree, &err);
    if (r.status != status)
        fail_msg("%.*s gave %d and not %d", (int)len, text, r.status, status);
    if (status == DGL_OK) {
        assert_int_equal(dgl_value_from_json(r.arena, tree, &budget, &v, &err), DGL_OK);
        print(r.value, &got);
        print(v, &want);
        assert_string_equal(got.data, want.data);
        assert_int_equal(dgl_value_length(r.value), dgl_value_length(v));
    } else {
        assert_string_equal(r.err.message, err.message);
        assert_string_equal(r.err.field, err.field);
    }
    dgl_arena_free(r.arena);
}

static const char *const texts[] = {
    // taken
    "{}", "[]", " [ ] ", "\t{\r\n}", "null", "true", "false", "0", "-0", "7", "-1", "9223372036854775807",
    "-9223372036854775808", "0.5", "-0.0", "1e3", "1E+3", "1.5e-3", "1e-400", "123456789012345678901.5", "\"\"",
    "\"a\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u00e4\\u00DF\\u20ac\"",
    "\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00x\"",
    "\"stra\xC3\x9F"
    "e\"",
    "\"\xF0\x9F\x98\x80\"", "\"\x7F\"", "\"\xE2\x80\xA8\"", "[1, 2 ,3]", "[[],[[]],{}]", "{\"a\":1,\"b\":[true,null]}",
    "{\"\":1}", "{\"a\\u0062\":1,\"ac\":2}", "[{\"a\":1,\"b\":2},{\"a\":3,\"b\":4},{\"b\":5,\"a\":6},{\"a\":7}]",
    "{\"a\":{\"a\":{\"a\":1}}}", "[{\"\\u0061\":1},{\"a\":2},{\"\\u0061\":3}]",
    // not taken
    "", " ", "nul", "nulll", "True", "truefalse", "+1", "01", "-01", "-", "1.", ".5", "1e", "1e+", "1.e3", "--1", "1-2",
    "0x10", "1e5-3", "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9223372036854775808", "-9223372036854775809",
    "99999999999999999999999999", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"",
    "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "\"\\ud83d\\ud83d\"", "\"\\ude00\\ud83d\"", "\"\n\"",
    "\"\x1F\"", "\"\\\n\"", "\"\xFF\"", "\"\xC3\"", "\"\xC3\\u00e4\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"",
    "\"\xF4\x90\x80\x80\"", "\xEF\xBB\xBF{}", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{1:2}",
    "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\" 1}", "{\"a\",1}", "{a:1}", "{'a':1}", "[] []",
    "{} x", "[1]x", "\"a\"\"b\"", "// x", "[1,/**/2]", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
    "{\"\\u0061\":1,\"a\":2}", "{\"a\":1,\"b\":{\"c\":1,\"d\":2,\"c\":3}}", "[{\"a\":1,\"b\":2},{\"a\":3,\"a\":4}]",
    "{\"a\\u0000\":1}", "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"b\":1}"};

static void test_says_what_jansson_says(void **state DGL_UNUSED)
{
    for (size_t i = 0; i < DGL_COUNT(texts); i++) {
        size_t len = strlen(texts[i]);
        DGL_AUTO_PTR char *copy = malloc(len ? len : 1); // without a NUL behind it
        memcpy(copy, texts[i], len);
        check_as_jansson(copy, len);
    }
    check_as_jansson("[1]\0", 4);
    check_as_jansson("\0", 1);
    check_as_jansson("\"a\0\"", 4);
    check_as_jansson("[\0]", 3);
}

static void test_depth(void **state DGL_UNUSED)
{
    char text[140];
    for (int depth = 63; depth < 67; depth++) {
        for (int i = 0; i < 2 * depth; i++)
            text[i] = "[]"[i >= depth];
        check_as_jansson(text, (size_t)depth * 2);
    }
}

// What jansson would be asked again is copied; what is read at once lies in the text.
static void test_strings_lie_in_the_text(void **state DGL_UNUSED)
{
    static const char text[] = "{\"a\":\"plain\",\"b\":[\"stra\xC3\x9F\x65\"],\"c\":\"x\\ny\"}";
    struct read r = read_text(text, sizeof text - 1);
    assert_int_equal(r.status, DGL_OK);
    struct dgl_value a = dgl_value_dict_lookup(r.value, "a", 1), c = dgl_value_dict_lookup(r.value, "c", 1);
    struct dgl_value b = dgl_value_list_get(dgl_value_dict_lookup(r.value, "b", 1), 0);
    assert_ptr_equal(a.as.string->data, strstr(text, "plain"));
    assert_ptr_equal(b.as.string->data, strstr(text, "stra"));
    assert_int_equal(b.as.string->chars, 6);
    assert_int_equal(c.as.string->len, 3);
    assert_memory_equal(c.as.string->data, "x\ny", 3);
    dgl_arena_free(r.arena);
}

// Rows share their names and what finds them; each keeps its own values, also when one of them grows.
static void test_rows_share_their_names(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1 << 20);
    dgl_buf_putc(&text, '[');
    for (int row = 0; row < 100; row++) {
        dgl_buf_puts(&text, row ? ",{" : "{");
        for (int column = 0; column < 20; column++)
            dgl_buf_printf(&text, "%s\"column%d\":%d", column ? "," : "", column, row * 100 + column);
        dgl_buf_putc(&text, '}');
    }
    dgl_buf_putc(&text, ']');
    struct read r = read_text(text.data, text.len);
    assert_int_equal(r.status, DGL_OK);
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_mem mem = {.arena = r.arena, .budget = &budget, .err = &r.err};
    struct dgl_value first = dgl_value_list_get(r.value, 0), key, value, other;
    assert_int_equal(dgl_dict_put_str(&mem, first.as.dict, DGL_STR("more"), dgl_int(-1)), DGL_OK);
    dgl_value_dict_at(dgl_value_list_get(r.value, 1), 3, &key, &value);
    for (size_t row = 0; row < 100; row++) {
        struct dgl_value dict = dgl_value_list_get(r.value, row);
        assert_int_equal(dgl_value_dict_lookup(dict, "column7", 7).as.integer, row * 100 + 7);
        assert_int_equal(dgl_value_dict_lookup(dict, "column19", 8).as.integer, row * 100 + 19);
        assert_int_equal(dgl_value_dict_lookup(dict, "more", 4).kind, row ? DGL_VALUE_UNDEFINED : DGL_VALUE_INT);
        dgl_value_dict_at(dict, 3, &other, &value);
        assert_ptr_equal(other.as.string, key.as.string);
    }
    dgl_arena_free(r.arena);
}

// Large tables fit into a worker: a row of six fields takes this much, and its text.
static void test_rows_are_small(void **state DGL_UNUSED)
{
    enum { ROWS = 10000, ROW_MAX_BYTES = 448 };
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(4 << 20);
    dgl_buf_putc(&text, '[');
    for (int row = 0; row < ROWS; row++)
        dgl_buf_printf(&text,
                       "%s{\"pos\":%d,\"article\":\"A-%d\",\"text\":\"Service & support, part %d\",\"count\":%d,"
                       "\"price\":\"10.50\",\"sum\":\"21.00\"}",
                       row ? "," : "", row, row, row, row % 9);
    dgl_buf_putc(&text, ']');
    struct read r = read_text(text.data, text.len);
    assert_int_equal(r.status, DGL_OK);
    assert_in_range(dgl_arena_used(r.arena) / ROWS, 1, ROW_MAX_BYTES);
    dgl_arena_free(r.arena);
}

// What waits for its bracket is bounded by the budget as well.
static void test_memory_is_bounded(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_value v;
    char text[20001];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i == 0 ? '[' : i == sizeof text - 1 ? ']' : i % 2 ? '1' : ',';
    budget.memory_left = 100000;
    assert_int_equal(dgl_value_parse_json(arena, text, sizeof text, "input_json", &budget, &v, &err), DGL_E_LIMIT);
    assert_string_equal(err.slug, "too_much_memory");
    budget = dgl_budget_default();
    budget.steps_left = 100;
    assert_int_equal(dgl_value_parse_json(arena, text, sizeof text, "input_json", &budget, &v, &err), DGL_E_LIMIT);
    assert_string_equal(err.slug, "too_many_steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_jansson_says),  cmocka_unit_test(test_depth),
        cmocka_unit_test(test_strings_lie_in_the_text), cmocka_unit_test(test_rows_share_their_names),
        cmocka_unit_test(test_rows_are_small),          cmocka_unit_test(test_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
