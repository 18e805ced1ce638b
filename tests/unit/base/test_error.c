// Errors: the table, cleaning of messages, prefix and description.
#include "unit.h"

#include "base/str.h"
#include <errno.h>

static void test_table_is_complete(void **state DGL_UNUSED)
{
    for (int code = 0; code < DGL_STATUS_COUNT; code++) {
        int http = dgl_status_http((enum dgl_status)code);
        assert_true(code == DGL_OK ? http == 200 : http >= 400 && http < 600);
        assert_true(dgl_status_slug((enum dgl_status)code)[0] != '\0');
    }
    assert_int_equal(dgl_status_http(DGL_E_INVALID), 422);
    assert_true(dgl_status_retryable(DGL_E_UNAVAILABLE));
    assert_false(dgl_status_retryable(DGL_E_INVALID));
    assert_int_equal(dgl_status_http((enum dgl_status)999), 500);
}

static void test_fail_fills_everything(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    err.place.paragraph = 7;
    assert_int_equal(DGL_FAIL_FIELD(&err, DGL_E_INVALID, "too_long", "name", "%s is %d", "name", 3), DGL_E_INVALID);
    assert_int_equal(err.code, DGL_E_INVALID);
    assert_string_equal(err.slug, "too_long");
    assert_string_equal(err.field, "name");
    assert_string_equal(err.message, "name is 3");
    assert_int_equal(err.place.paragraph, 0);
    assert_contains(err.file, "test_error.c");
    assert_true(err.line > 0);
    assert_string_equal(dgl_error_slug(&err), "too_long");
    assert_int_equal(DGL_FAIL(&err, DGL_E_GONE, "gone"), DGL_E_GONE);
    assert_string_equal(dgl_error_slug(&err), "gone");
    assert_string_equal(err.field, "");
}

static void test_fail_with_its_own_parts(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    (void)DGL_FAIL_FIELD(&err, DGL_E_INVALID, "slug", "field", "inner");
    (void)DGL_FAIL_FIELD(&err, DGL_E_LIMIT, err.slug, err.field, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
    assert_string_equal(err.slug, "slug");
    assert_string_equal(err.field, "field");
}

static void test_message_is_one_clean_line(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    (void)DGL_FAIL(&err, DGL_E_INVALID, "a\nb\x01\x7F \xC3\xA9 \xFF\xC3");
    assert_string_equal(err.message, "a b   \xC3\xA9 ??");
    char longer[2000];
    memset(longer, 'x', sizeof(longer));
    for (size_t i = 1; i + 2 < sizeof(longer); i += 2)
        memcpy(longer + i, "\xC3\xA9", 2);
    longer[sizeof(longer) - 1] = '\0';
    (void)DGL_FAIL(&err, DGL_E_INVALID, "%s", longer);
    assert_true(strlen(err.message) >= sizeof(err.message) - 4);
    assert_true(dgl_utf8_valid(err.message, strlen(err.message)));
}

static void test_errno(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(DGL_FAIL_ERRNO(&err, ENOSPC, "cannot write %s", "x"), DGL_E_UNAVAILABLE);
    assert_string_equal(err.message, "cannot write x: No space left on device");
    assert_int_equal(DGL_FAIL_ERRNO(&err, EACCES, "cannot open"), DGL_E_IO);
    assert_int_equal(DGL_FAIL_ERRNO(&err, 99999, "odd"), DGL_E_IO);
}

static void test_prefix_and_describe(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char text[512];
    (void)DGL_FAIL(&err, DGL_E_INVALID, "'nme' is undefined");
    dgl_error_prefix(&err, "template %d", 5);
    assert_string_equal(err.message, "template 5: 'nme' is undefined");
    assert_string_equal(dgl_error_describe(&err, text, sizeof(text)), "template 5: 'nme' is undefined");

    (void)DGL_FAIL(&err, DGL_E_INVALID, "'nme' is undefined.");
    dgl_str_copy(err.place.part, sizeof(err.place.part), "body", 4);
    err.place.paragraph = 3;
    dgl_str_copy(err.place.excerpt, sizeof(err.place.excerpt), "Dear {{ nme }}", 14);
    dgl_str_copy(err.place.tag, sizeof(err.place.tag), "{{ nme }}", 9);
    assert_string_equal(dgl_error_describe(&err, text, sizeof(text)),
                        "body, paragraph 3 (\"Dear {{ nme }}\"): 'nme' is undefined in tag {{ nme }}.");
    err.place.paragraph = 0;
    err.place.line = 9;
    err.place.part[0] = err.place.tag[0] = err.place.excerpt[0] = '\0';
    assert_string_equal(dgl_error_describe(&err, text, sizeof(text)), "line 9: 'nme' is undefined.");
    char tiny[6];
    assert_string_equal(dgl_error_describe(&err, tiny, sizeof(tiny)), "line ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_complete),
        cmocka_unit_test(test_fail_fills_everything),
        cmocka_unit_test(test_fail_with_its_own_parts),
        cmocka_unit_test(test_message_is_one_clean_line),
        cmocka_unit_test(test_errno),
        cmocka_unit_test(test_prefix_and_describe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
