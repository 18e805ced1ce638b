// Forms: every split of the bytes gives the same fields; whatever is not exactly a form is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/form.h"

#include <string.h>
#include <unistd.h>

#define TYPE "multipart/form-data; boundary=\"b--x\""
static const char good[] =
    "--b--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nInvoice \r\n--b--\r\r\n-\r\n"
    "--b--x \t\r\nContent-Disposition: form-data; name=file; filename=\"C:\\dir\\a \\\"b\\\".docx\"\r\n"
    "Content-Type: application/x-test\r\n\r\n\r\n--b--\r\n--b--y\0\r\n--b--x--\r\n";

static enum dgl_status feed_in_pieces(struct http_form *f, const char *data, size_t len, size_t piece,
                                      struct dgl_error *err)
{
    for (size_t at = 0; at < len; at += piece)
        DGL_TRY(http_form_feed(f, data + at, DGL_MIN(piece, len - at), err));
    return http_form_finish(f, err);
}

static enum dgl_status read_form(const char *type, const char *data, size_t len)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_error err = DGL_ERROR_INIT;
    struct http_form *f = NULL;
    if (http_form_new(type, a, "/tmp", &f, &err) == DGL_OK)
        (void)feed_in_pieces(f, data, len, len ? len : 1, &err);
    http_form_free(f);
    return err.code;
}

static void reads_the_same_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= sizeof(good) - 1; piece++) {
        DGL_AUTO(arena) a = dgl_arena_new(0);
        struct dgl_error err = DGL_ERROR_INIT;
        struct http_form *f = NULL;
        assert_int_equal(http_form_new(TYPE, a, "/tmp", &f, &err), DGL_OK);
        if (feed_in_pieces(f, good, sizeof(good) - 1, piece, &err) != DGL_OK)
            fail_msg("pieces of %zu: %s", piece, err.message);
        assert_int_equal(http_form_count(f), 2);
        assert_string_equal(http_form_at(f, 0)->value, "Invoice \r\n--b--\r\r\n-");
        struct dgl_http_field *file = http_form_at(f, 1);
        assert_string_equal(file->name, "file");
        assert_string_equal(file->file_name, "a \"b\".docx");
        assert_string_equal(file->content_type, "application/x-test");
        char content[64];
        assert_int_equal(read(file->fd, content, sizeof(content)), 16);
        assert_memory_equal(content, "\r\n--b--\r\n--b--y\0", 16);
        assert_int_equal(file->size_bytes, 16);
        http_form_free(f);
    }
}

static void refuses_every_cut_off_form(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(good) - 3; len++) // the CRLF behind the end may be missing
        if (read_form(TYPE, good, len) != DGL_E_MALFORMED)
            fail_msg("accepted the first %zu bytes", len);
    assert_int_equal(read_form(TYPE, good, sizeof(good) - 3), DGL_OK);
}

static void refuses_broken_forms(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "x--b\r\n",
        "--b\r\n\r\nno disposition\r\n--b--",
        "--b\r\nContent-Disposition: form-data\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition form-data; name=\"a\"\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\nmore",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--bx",
        "--b\nContent-Disposition: form-data; name=\"a\"\n\nx\n--b--",
    };
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        if (read_form("multipart/form-data; boundary=b", bad[i], strlen(bad[i])) != DGL_E_MALFORMED)
            fail_msg("accepted case %zu", i);
    static const char nul[] = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\0y\r\n--b--";
    assert_int_equal(read_form("multipart/form-data; boundary=b", nul, sizeof(nul) - 1), DGL_E_MALFORMED);
}

static void refuses_other_types(void **state)
{
    (void)state;
    assert_int_equal(read_form("application/json", "{}", 2), DGL_E_UNSUPPORTED);
    assert_int_equal(read_form(NULL, "", 0), DGL_E_UNSUPPORTED);
    assert_int_equal(read_form("multipart/form-data", "", 0), DGL_E_MALFORMED);
    assert_int_equal(read_form("multipart/form-data; boundary=\"\"", "", 0), DGL_E_MALFORMED);
    assert_int_equal(read_form("multipart/form-data; boundary=a; boundary=b", "", 0), DGL_E_MALFORMED);
}

static void leaves_an_empty_file_input_out(void **state)
{
    (void)state;
    static const char body[] =
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"g\"; filename*=UTF-8''%e2%82%ac.docx\r\n\r\nx\r\n--b--";
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_error err;
    struct http_form *f;
    assert_int_equal(http_form_new("multipart/form-data; boundary=b", a, "/tmp", &f, &err), DGL_OK);
    assert_int_equal(feed_in_pieces(f, body, sizeof(body) - 1, 7, &err), DGL_OK);
    assert_int_equal(http_form_count(f), 1);
    assert_string_equal(http_form_at(f, 0)->file_name, "\xe2\x82\xac.docx");
    http_form_free(f);
}

static void holds_its_bounds(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(8u << 20);
    for (size_t i = 0; i <= DGL_HTTP_MAX_FORM_FIELDS; i++)
        dgl_buf_puts(&body, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n");
    assert_int_equal(read_form("multipart/form-data; boundary=b", body.data, body.len), DGL_E_LIMIT);
    dgl_buf_reset(&body);
    dgl_buf_puts(&body, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n");
    for (size_t i = 0; i <= DGL_HTTP_MAX_FIELD_BYTES / 16; i++)
        dgl_buf_puts(&body, "0123456789abcdef");
    assert_int_equal(read_form("multipart/form-data; boundary=b", body.data, body.len), DGL_E_LIMIT);
    dgl_buf_reset(&body);
    dgl_buf_puts(&body, "--b\r\n");
    for (size_t i = 0; i <= HTTP_MAX_PART_HEAD_BYTES / 8; i++)
        dgl_buf_puts(&body, "X: abc\r\n");
    assert_int_equal(read_form("multipart/form-data; boundary=b", body.data, body.len), DGL_E_LIMIT);
}

static void reads_urlencoded(void **state)
{
    (void)state;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_error err;
    struct http_form *f;
    assert_int_equal(http_form_new("application/x-www-form-urlencoded; charset=utf-8", a, "/tmp", &f, &err), DGL_OK);
    assert_int_equal(feed_in_pieces(f, "a=1+2&b=%C3%A9&c", 16, 3, &err), DGL_OK);
    assert_int_equal(http_form_count(f), 3);
    assert_string_equal(http_form_at(f, 0)->value, "1 2");
    assert_string_equal(http_form_at(f, 1)->value, "\xc3\xa9");
    http_form_free(f);
    assert_int_equal(read_form("application/x-www-form-urlencoded", "a=%zz", 5), DGL_E_MALFORMED);
    assert_int_equal(read_form("application/x-www-form-urlencoded", "a=%ff", 5), DGL_E_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_the_same_however_it_is_cut),
                                       cmocka_unit_test(refuses_every_cut_off_form),
                                       cmocka_unit_test(refuses_broken_forms),
                                       cmocka_unit_test(refuses_other_types),
                                       cmocka_unit_test(leaves_an_empty_file_input_out),
                                       cmocka_unit_test(holds_its_bounds),
                                       cmocka_unit_test(reads_urlencoded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
