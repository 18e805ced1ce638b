// JSON: strictness with paths, depth, strict object reading, the writer.
#include "base/json.h"
#include "unit.h"

#include <math.h>

static enum dgl_status parse(const char *text, struct dgl_error *err)
{
    DGL_AUTO_JSON value = NULL;
    return dgl_json_parse(text, strlen(text), "input_json", &value, err);
}

static void test_good_values(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    static const char text[] =
        " {\"a\":[1,-9223372036854775808,9223372036854775807,1.5e3,true,null,\"\\u0000x\\ud83d\\ude00\"]} ";
    DGL_AUTO_JSON value = NULL;
    assert_ok(dgl_json_parse(text, sizeof(text) - 1, "body", &value, &err), err);
    json_t *a = json_object_get(value, "a");
    assert_int_equal(json_array_size(a), 7);
    assert_true(json_integer_value(json_array_get(a, 1)) == INT64_MIN);
    assert_true(json_integer_value(json_array_get(a, 2)) == INT64_MAX);
    assert_int_equal(json_string_length(json_array_get(a, 6)), 6);
    assert_memory_equal(json_string_value(json_array_get(a, 6)), "\0x\xF0\x9F\x98\x80", 6);
    assert_ok(parse("3", &err), err);
    assert_ok(parse("\"x\"", &err), err);
    assert_ok(parse("1e-400", &err), err); // too small is zero, not an error
}

static void test_malformed_says_where(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    static const char *const bad[] = {"",
                                      "{",
                                      "[1,]",
                                      "{\"a\" 1}",
                                      "{'a':1}",
                                      "[01]",
                                      "[1] x",
                                      "nul",
                                      "[\"\xFF\"]",
                                      "[\"\\ud800\"]",
                                      "\xEF\xBB\xBF{}",
                                      "[NaN]",
                                      "[\"a\nb\"]",
                                      "{\"a\":1,}",
                                      "[1 2]",
                                      "{\"a\":\"\\x\"}",
                                      "]"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        if (parse(bad[i], &err) != DGL_E_MALFORMED)
            fail_msg("\"%s\" gave %d", bad[i], err.code);
        assert_string_equal(err.field, "input_json");
    }
    assert_int_equal(parse("{\n \"a\": tru\n}", &err), DGL_E_MALFORMED);
    assert_contains(err.message, "input_json is not valid JSON");
    assert_contains(err.message, "(line 2, column ");
    DGL_AUTO_JSON value = NULL;
    assert_int_equal(dgl_json_parse("[1]\0", 4, "body", &value, &err), DGL_E_MALFORMED);
}

static void test_byte_order_marks(void **state DGL_UNUSED)
{
    static const char *const texts[] = {"\xEF\xBB\xBF{}", "\xFF\xFE{}", "\xFE\xFF{}"};
    for (size_t i = 0; i < DGL_COUNT(texts); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        assert_int_equal(parse(texts[i], &err), DGL_E_MALFORMED);
        assert_non_null(strstr(err.message, "byte order mark"));
    }
}

static void test_paths(void **state DGL_UNUSED)
{
    static const struct {
        const char *text, *slug, *field;
    } cases[] = {
        {"{\"a\":1,\"a\":2}", "duplicate_key", "input_json.a"},
        {"{\"items\":[{},{},{\"price\":1, \"x\":[1,{\"p\":2}], \"price\":1}]}", "duplicate_key",
         "input_json.items[2].price"},
        {"{\"a\":{\"b\":1},\"b\":{\"a\":1,\"\\u0061\":2}}", "duplicate_key", "input_json.b.\\u0061"},
        {"[1,[2,3,9223372036854775808]]", "number_out_of_range", "input_json[1][2]"},
        {"{\"n\" : -9223372036854775809}", "number_out_of_range", "input_json.n"},
        {"{\"s\":\"a \\\" , {\",\"n\":[0,1e999]}", "number_out_of_range", "input_json.n[1]"},
        {"123456789012345678901", "number_out_of_range", "input_json"},
        {"{\"a\":[{\"x\\u0000y\":1}]}", "invalid_key", "input_json.a[0].x\\u0000y"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        assert_int_equal(parse(cases[i].text, &err), DGL_E_INVALID);
        assert_string_equal(err.slug, cases[i].slug);
        assert_string_equal(err.field, cases[i].field);
    }
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_JSON value = NULL;
    assert_int_equal(dgl_json_parse("{\"a\":{\"b\":1,\"b\":2}}", 19, "", &value, &err), DGL_E_INVALID);
    assert_string_equal(err.field, "a.b");
}

static void test_depth(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char text[512];
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = '\0';
    assert_ok(parse(text, &err), err);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    text[130] = '\0';
    assert_int_equal(parse(text, &err), DGL_E_INVALID);
    assert_string_equal(err.slug, "too_deep");
    assert_contains(err.message, "64 levels");
    assert_contains(err.field, "input_json[0][0]");
    // Brackets in strings and many shallow ones do not count.
    memset(text, '[', 200);
    text[0] = text[199] = '"';
    text[200] = '\0';
    assert_ok(parse(text, &err), err);
    text[0] = '[';
    for (int i = 1; i < 301; i += 3)
        memcpy(text + i, "[],", 3);
    memcpy(text + 300, "]", 2);
    assert_ok(parse(text, &err), err);
    memset(text, '[', 100); // bytes that no token begins with, NUL above all, do not hold the walk up
    memcpy(text, "{\"a\":\0\x03[", 8);
    DGL_AUTO_JSON value = NULL;
    assert_int_equal(dgl_json_parse(text, 100, "body", &value, &err), DGL_E_INVALID);
    for (int i = 0; i < 255; i += 3) // more brackets than levels, none of them deep, NULs between
        memcpy(text + i, "[]", 3);
    assert_int_equal(dgl_json_parse(text, 255, "body", &value, &err), DGL_E_MALFORMED);
    memset(text, '[', 511); // never closed: too deep comes first
    text[511] = '\0';
    assert_int_equal(parse(text, &err), DGL_E_INVALID);
}

struct request {
    const char *name, *note;
    size_t note_len;
    int64_t copies;
    bool draft;
    json_t *data, *tags, *any;
};

static enum dgl_status read_request(const char *text, struct request *r, json_t **keep, struct dgl_error *err)
{
    const struct dgl_json_field fields[] = {
        {"name", DGL_JSON_STRING, .required = true, .max = 10, .ret = &r->name},
        {"note", DGL_JSON_STRING, .nullable = true, .ret = &r->note, .ret_len = &r->note_len},
        {"copies", DGL_JSON_INT, .max = 5, .ret = &r->copies},
        {"draft", DGL_JSON_BOOL, .ret = &r->draft},
        {"data", DGL_JSON_OBJECT, .ret = &r->data},
        {"tags", DGL_JSON_ARRAY, .max = 2, .ret = &r->tags},
        {"any", DGL_JSON_ANY, .ret = &r->any},
    };
    DGL_TRY(dgl_json_parse(text, strlen(text), "body", keep, err));
    return dgl_json_read_object(*keep, "", fields, DGL_COUNT(fields), err);
}

static void test_read_object(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct request r = {.copies = 1, .note = "before"};
    DGL_AUTO_JSON value = NULL;
    assert_ok(
        read_request("{\"any\":[],\"tags\":[1,2],\"data\":{},\"draft\":true,\"copies\":5,\"note\":null,\"name\":\"n\"}",
                     &r, &value, &err),
        err);
    assert_string_equal(r.name, "n");
    assert_string_equal(r.note, "before");
    assert_int_equal(r.copies, 5);
    assert_true(r.draft);
    assert_true(json_is_object(r.data) && json_array_size(r.tags) == 2 && json_is_array(r.any));
}

static void test_read_object_refuses(void **state DGL_UNUSED)
{
    static const struct {
        const char *text, *slug, *field, *message;
    } cases[] = {
        {"[]", "wrong_type", "", "must be an object, not a list"},
        {"{}", "missing_field", "name", "name is required"},
        {"{\"name\":null}", "wrong_type", "name", "name must be a string, not null"},
        {"{\"name\":\"12345678901\"}", "too_long", "name", "11 bytes long; at most 10"},
        {"{\"name\":\"a\\u0000b\"}", "nul_character", "name", "NUL"},
        {"{\"name\":\"a\",\"copies\":1.0}", "wrong_type", "copies", "a whole number, not a number with a fraction"},
        {"{\"name\":\"a\",\"copies\":6}", "out_of_range", "copies", "the largest allowed is 5"},
        {"{\"name\":\"a\",\"copies\":\"6\"}", "wrong_type", "copies", "a whole number, not a string"},
        {"{\"name\":\"a\",\"draft\":1}", "wrong_type", "draft", "true or false, not a whole number"},
        {"{\"name\":\"a\",\"tags\":[1,2,3]}", "too_many_items", "tags", "3 items"},
        {"{\"nmae\":\"a\"}", "unknown_field", "nmae", "did you mean name?"},
        {"{\"name\":\"a\",\"colour\":1}", "unknown_field", "colour", "known are: name, note, copies"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct request r = {.name = "untouched"};
        DGL_AUTO_JSON value = NULL;
        assert_int_equal(read_request(cases[i].text, &r, &value, &err), DGL_E_INVALID);
        assert_string_equal(err.slug, cases[i].slug);
        assert_string_equal(err.field, cases[i].field);
        assert_contains(err.message, cases[i].message);
        assert_string_equal(r.name, "untouched");
    }
}

static void test_read_object_with_path_and_nul(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const char *s = NULL;
    size_t len = 0;
    const struct dgl_json_field fields[] = {{"s", DGL_JSON_STRING, .ret = &s, .ret_len = &len}};
    DGL_AUTO_JSON value = NULL;
    assert_ok(dgl_json_parse("{\"s\":\"a\\u0000b\"}", 16, "x", &value, &err), err);
    assert_ok(dgl_json_read_object(value, "options", fields, 1, &err), err);
    assert_int_equal(len, 3);
    assert_memory_equal(s, "a\0b", 3);
    assert_int_equal(dgl_json_read_object(value, "options", NULL, 0, &err), DGL_E_INVALID);
    assert_string_equal(err.field, "options.s");
    assert_int_equal(dgl_json_read_object(NULL, "options", fields, 1, &err), DGL_E_INVALID);
}

static void test_writer(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1000);
    struct dgl_json_writer w = DGL_JSON_WRITER(&b);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "s", "q\" b\\ \n\t\x01\x1F\x7F /\xE2\x82\xAC");
    dgl_jw_kstr(&w, "none", NULL);
    dgl_jw_key(&w, "list");
    dgl_jw_array(&w);
    dgl_jw_int(&w, INT64_MIN);
    dgl_jw_double(&w, 0.1);
    dgl_jw_double(&w, INFINITY);
    dgl_jw_array(&w);
    dgl_jw_end_array(&w);
    dgl_jw_object(&w);
    dgl_jw_end_object(&w);
    dgl_jw_raw(&w, "{\"x\":1}", 7);
    dgl_jw_end_array(&w);
    dgl_jw_kbool(&w, "b", true);
    dgl_jw_kint(&w, "i", 7);
    dgl_jw_knull(&w, "n");
    dgl_jw_ktime(&w, "t", INT64_C(1705314600) * 1000000);
    dgl_jw_ktime(&w, "t0", 0);
    dgl_jw_end_object(&w);
    assert_false(b.failed);
    assert_int_equal(w.depth, 0);
    assert_string_equal(b.data, "{\"s\":\"q\\\" b\\\\ \\n\\t\\u0001\\u001f\x7F /\xE2\x82\xAC\",\"none\":null,"
                                "\"list\":[-9223372036854775808,0.1,null,[],{},{\"x\":1}],\"b\":true,\"i\":7,"
                                "\"n\":null,\"t\":\"2024-01-15T10:30:00Z\",\"t0\":null}");
}

static void test_writer_always_writes_utf8(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1000);
    struct dgl_json_writer w = DGL_JSON_WRITER(&b);
    dgl_jw_strn(&w, "a\xFF\xC3\xA9\xE2\x82\n\xF0\x9F\x98\x80\0z", 13);
    assert_string_equal(b.data, "\"a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\\n\xF0\x9F\x98\x80\\u0000z\"");
}

static void test_writer_notices_misuse(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1000);
    struct dgl_json_writer w = DGL_JSON_WRITER(&b);
    for (int i = 0; i < 63; i++)
        dgl_jw_array(&w);
    assert_false(b.failed);
    dgl_jw_array(&w);
    assert_true(b.failed);
    dgl_buf_reset(&b);
    w = DGL_JSON_WRITER(&b);
    dgl_jw_end_object(&w);
    assert_true(b.failed);
}

static void test_a_problem_is_the_error_it_was(void **state DGL_UNUSED)
{
    static const char text[] =
        "{\"severity\":\"error\",\"message\":\"what is wrong\",\"part\":\"header1\",\"paragraph\":7,"
        "\"excerpt\":\"Dear {{\",\"tag\":\"{{ a\"}";
    struct dgl_error err = DGL_ERROR_INIT, e;
    DGL_AUTO_JSON whole = NULL;
    DGL_AUTO_JSON bare = json_object();
    assert_ok(dgl_json_parse(text, strlen(text), "problem", &whole, &err), err);
    dgl_json_read_problem(whole, &e);
    assert_int_equal(e.code, DGL_E_INVALID);
    assert_string_equal(e.message, "what is wrong");
    assert_string_equal(e.place.part, "header1");
    assert_int_equal(e.place.paragraph, 7);
    assert_string_equal(e.place.excerpt, "Dear {{");
    assert_string_equal(e.place.tag, "{{ a");
    dgl_json_read_problem(bare, &e);
    assert_string_equal(e.message, "");
    assert_int_equal(e.place.paragraph, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_malformed_says_where),
        cmocka_unit_test(test_byte_order_marks),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_read_object),
        cmocka_unit_test(test_read_object_refuses),
        cmocka_unit_test(test_read_object_with_path_and_nul),
        cmocka_unit_test(test_a_problem_is_the_error_it_was),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_writer_always_writes_utf8),
        cmocka_unit_test(test_writer_notices_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
