// Growing buffer: bounds, sticky failure, printf, escaping, taking.
#include "base/buf.h"
#include "unit.h"

#include <stdlib.h>

static void test_append_and_nul(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(10000);
    for (int i = 0; i < 1000; i++) {
        assert_true(dgl_buf_append(&b, "abc", 3));
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(b.len, 3000);
    assert_memory_equal(b.data + 2997, "abc", 4);
}

static void test_maximum_is_exact_and_sticky(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(8);
    assert_true(dgl_buf_puts(&b, "12345678"));
    assert_ok(dgl_buf_check(&b, "it", &err), err);
    assert_false(dgl_buf_putc(&b, '9'));
    assert_true(b.failed);
    assert_string_equal(b.data, "12345678");
    assert_false(dgl_buf_append(&b, "", 0));
    assert_int_equal(dgl_buf_check(&b, "the body", &err), DGL_E_LIMIT);
    assert_string_equal(err.message, "the body is larger than the 8 bytes allowed");
    dgl_buf_reset(&b);
    assert_true(dgl_buf_puts(&b, "x"));
    assert_false(dgl_buf_reserve(&b, SIZE_MAX));
}

static void test_printf(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1000);
    assert_true(dgl_buf_printf(&b, "%d,", 7));
    assert_true(dgl_buf_printf(&b, "%0400d", 1)); // outgrows the first block
    assert_int_equal(b.len, 402);
    assert_memory_equal(b.data, "7,000", 5);
    assert_false(dgl_buf_printf(&b, "%0700d", 1));
    assert_int_equal(b.len, 402);
    assert_int_equal(b.data[402], 0);
}

static void test_escaped(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1000);
    const char text[] = "<a & \"b\" 'c'>\t\n\r\x01\x0B\0\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBD\xC3\xA9";
    dgl_buf_put_escaped(&b, text, sizeof(text) - 1);
    assert_string_equal(b.data, "&lt;a &amp; &quot;b&quot; &#39;c&#39;&gt;\t\n\r\xEF\xBF\xBD\xC3\xA9");
    dgl_buf_reset(&b);
    dgl_buf_put_escaped(&b, "\xEF\xBF", 2); // cut off: copied, never read past
    assert_int_equal(b.len, 2);
}

static void test_take(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(100);
    size_t len = 9;
    char *empty = dgl_buf_take(&b, &len);
    assert_string_equal(empty, "");
    assert_int_equal(len, 0);
    free(empty);
    dgl_buf_puts(&b, "hello");
    char *s = dgl_buf_take(&b, NULL);
    assert_string_equal(s, "hello");
    assert_null(b.data);
    free(s);
    dgl_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_and_nul), cmocka_unit_test(test_maximum_is_exact_and_sticky),
        cmocka_unit_test(test_printf),         cmocka_unit_test(test_escaped),
        cmocka_unit_test(test_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
