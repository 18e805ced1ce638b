// Request targets are read strictly.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/target.h"

#include <stdlib.h>
#include <string.h>

static void reads_path_and_query(void **state)
{
    (void)state;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_error err;
    struct http_target t;
    assert_int_equal(http_target_parse(a, "/api/v1/a%20b/?x=1&y=a%2Fb+c&flag&x=2", &t, &err), DGL_OK);
    assert_string_equal(t.path, "/api/v1/a%20b/");
    assert_int_equal(t.segment_count, 3);
    assert_string_equal(t.segments[2], "a b");
    assert_int_equal(t.query_count, 4);
    assert_string_equal(t.query[1].value, "a/b c");
    assert_string_equal(t.query[2].name, "flag");
    assert_string_equal(t.query[2].value, "");
}

static void reads_absolute_form_and_root(void **state)
{
    (void)state;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_error err;
    struct http_target t;
    assert_int_equal(http_target_parse(a, "http://example.com/x?y=1", &t, &err), DGL_OK);
    assert_string_equal(t.path, "/x");
    assert_int_equal(http_target_parse(a, "HTTPS://example.com", &t, &err), DGL_OK);
    assert_int_equal(t.segment_count, 0);
    assert_int_equal(http_target_parse(a, "/", &t, &err), DGL_OK);
    assert_int_equal(t.segment_count, 0);
}

static void keeps_empty_parts_apart(void **state)
{
    (void)state;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_error err;
    struct http_target t;
    assert_int_equal(http_target_parse(a, "/a//b", &t, &err), DGL_OK);
    assert_int_equal(t.segment_count, 3);
    assert_int_equal(http_target_parse(a, "/a%2Fb", &t, &err), DGL_OK);
    assert_true(t.has_slash[0]);
}

static void refuses_what_is_odd(void **state)
{
    (void)state;
    static const char *const odd[] = {"",           "*",       "a",          "/%",          "/%4",        "/%zz",
                                      "/%00",       "/a?b=%0", "/a#b",       "/a b",        "/\x80",      "/%80",
                                      "/%C0%80",    "/a\\b",   "/a?b=%00",   "/a<b",        "/a\tb",      "/a\x7f",
                                      "/%ed%a0%80", "http://", "https:///a", "http://:80/", "http://?a=1"};
    for (size_t i = 0; i < DGL_COUNT(odd); i++) {
        DGL_AUTO(arena) a = dgl_arena_new(0);
        struct dgl_error err;
        struct http_target t;
        if (http_target_parse(a, odd[i], &t, &err) != DGL_E_MALFORMED)
            fail_msg("accepted: %s", odd[i]);
    }
}

static void holds_its_bounds(void **state)
{
    (void)state;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_error err;
    struct http_target t;
    char *text = calloc(1, HTTP_MAX_TARGET_BYTES + 2);
    memset(text, 'a', HTTP_MAX_TARGET_BYTES);
    text[0] = '/';
    assert_int_equal(http_target_parse(a, text, &t, &err), DGL_OK);
    text[HTTP_MAX_TARGET_BYTES] = 'a';
    assert_int_equal(http_target_parse(a, text, &t, &err), DGL_E_LIMIT);
    for (size_t i = 0; i <= HTTP_MAX_SEGMENTS; i++)
        memcpy(text + 2 * i, "/a", 3);
    assert_int_equal(http_target_parse(a, text, &t, &err), DGL_E_MALFORMED);
    assert_string_equal(dgl_error_slug(&err), "path_too_deep");
    memcpy(text, "/?", 3);
    for (size_t i = 0; i <= HTTP_MAX_QUERY_FIELDS; i++)
        memcpy(text + 2 + 2 * i, "a&", 3);
    assert_int_equal(http_target_parse(a, text, &t, &err), DGL_E_MALFORMED);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_path_and_query),
                                       cmocka_unit_test(reads_absolute_form_and_root),
                                       cmocka_unit_test(keeps_empty_parts_apart), cmocka_unit_test(refuses_what_is_odd),
                                       cmocka_unit_test(holds_its_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
