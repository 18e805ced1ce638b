// The native worker as it runs in the server: real templates through the real sandbox.
#include "rig.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/zip.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct dgl_supervisor *supervisor;

#define PARAGRAPH(text) "<w:p><w:r><w:t xml:space=\"preserve\">" text "</w:t></w:r></w:p>"

static struct dgl_engine *new_engine(dgl_engine_fetcher fetcher)
{
    const struct dgl_engine_options options = {.workers = 1, .timeout_ms = 60000, .fetcher = fetcher};
    return rig_engine(supervisor, &options);
}

static void render(struct dgl_engine *e, int fd, unsigned char key, const char *json, int64_t timeout_ms,
                   struct rig_answer *ret)
{
    const struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER,
                                       .template_fd = fd,
                                       .template_sha256 = {key},
                                       .input = json,
                                       .input_len = strlen(json),
                                       .want_docx = true,
                                       .timeout_ms = timeout_ms};
    rig_job(e, &job, ret);
}

static void inspect(struct dgl_engine *e, int fd, struct rig_answer *ret)
{
    const struct dgl_engine_job job = {.op = DGL_ENGINE_INSPECT, .template_fd = fd};
    rig_job(e, &job, ret);
}

// The body's XML of a rendered package; caller frees.
static char *body_of(const struct rig_answer *a)
{
    struct dgl_error err;
    DGL_AUTO(zip) zip = NULL;
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(64 << 20);
    size_t index = 0, len;
    if (a->status != DGL_OK)
        fail_msg("%s", a->error.message);
    assert_int_equal(dgl_zip_open(a->docx, a->docx_len, &zip, &err), DGL_OK);
    assert_true(dgl_zip_find(zip, "word/document.xml", &index));
    assert_int_equal(dgl_zip_read(zip, index, &xml, &err), DGL_OK);
    return dgl_buf_take(&xml, &len);
}

static void assert_renders(struct dgl_engine *e, int fd, unsigned char key, const char *json, const char *want)
{
    struct rig_answer a;
    render(e, fd, key, json, 0, &a);
    char *body = body_of(&a);
    if (!strstr(body, want))
        fail_msg("'%s' is not in %s", want, body);
    free(body);
    rig_answer_fini(&a);
}

static void test_fills_a_template(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("Dear {{ name }},"));
    assert_renders(e, fd, 0, "{\"name\":\"Ada & Co\"}", "Dear Ada &amp; Co,");
    close(fd);
}

// The cache is asked first: the second descriptor is not even looked at.
static void test_compiles_once(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("one {{ n }}")), other = rig_memfd("no package", 10);
    assert_renders(e, fd, 1, "{\"n\":1}", "one 1");
    assert_renders(e, other, 1, "{\"n\":2}", "one 2");
    struct rig_answer a;
    render(e, other, 2, "{\"n\":2}", 0, &a);
    assert_int_equal(a.status, DGL_E_MALFORMED);
    rig_answer_fini(&a);
    // More templates than the cache holds; the first has been pushed out.
    for (unsigned i = 0; i < DGL_CACHE_MAX_ENTRIES; i++)
        assert_renders(e, fd, (unsigned char)(10 + i), "{\"n\":3}", "one 3");
    render(e, other, 1, "{\"n\":2}", 0, &a);
    assert_int_equal(a.status, DGL_E_MALFORMED);
    rig_answer_fini(&a);
    close(fd);
    close(other);
}

static void test_inspect_tells_tokens(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("{{ name }}") PARAGRAPH("{% for x in items %}{{ x.price }}{% endfor %}"));
    struct rig_answer a;
    inspect(e, fd, &a);
    assert_int_equal(a.status, DGL_OK);
    assert_non_null(strstr(a.tokens, "\"name\":\"items\""));
    assert_non_null(strstr(a.tokens, "\"price\""));
    assert_string_equal(a.problems, "[]");
    rig_answer_fini(&a);
    close(fd);
}

static void test_inspect_tells_problems_with_places(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("Good") PARAGRAPH("Dear {{ name"));
    struct rig_answer a;
    inspect(e, fd, &a);
    assert_int_not_equal(a.status, DGL_OK);
    assert_false(a.worker_lost);
    struct dgl_error err;
    json_t *problems = NULL;
    assert_int_equal(dgl_json_parse(a.problems, strlen(a.problems), "problems", &problems, &err), DGL_OK);
    assert_true(json_array_size(problems) >= 1);
    const json_t *p = json_array_get(problems, 0);
    assert_string_equal(json_string_value(json_object_get(p, "severity")), "error");
    assert_int_equal(json_integer_value(json_object_get(p, "paragraph")), 2);
    json_decref(problems);
    rig_answer_fini(&a);
    close(fd);
}

static void test_garbage_is_told_kindly(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_memfd("this is no DOCX at all", 22);
    struct rig_answer a;
    inspect(e, fd, &a);
    assert_int_equal(a.status, DGL_E_MALFORMED);
    assert_string_equal(a.error.slug, "not_a_docx");
    assert_non_null(strstr(a.problems, "not_a_docx"));
    rig_answer_fini(&a);
    close(fd);
}

static void test_bad_input_is_refused(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("{{ a.b.c }}"));
    struct rig_answer a;
    render(e, fd, 0, "{\"a\":", 0, &a);
    assert_int_equal(a.status, DGL_E_MALFORMED);
    render(e, fd, 0, "[1]", 0, &a);
    assert_int_equal(a.status, DGL_E_INVALID);
    assert_string_equal(a.error.field, "input_json");
    render(e, fd, 0, "{}", 0, &a);
    assert_int_equal(a.status, DGL_E_INVALID);
    assert_string_equal(a.error.place.part, "body");
    assert_int_equal(a.error.place.paragraph, 1);
    close(fd);
}

// Data too large for one packet goes by memfd and comes out whole.
static void test_large_input(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    size_t size = 3 << 20;
    char *json = dgl_alloc(size + 20);
    memcpy(json, "{\"a\":\"", 6);
    memset(json + 6, 'x', size);
    memcpy(json + 6 + size, "END\"}", 6);
    int fd = rig_docx(PARAGRAPH("{{ a }}"));
    assert_renders(e, fd, 0, json, "xxxEND");
    close(fd);
    free(json);
}

static void test_endless_loop_ends(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH(
        "{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}{% endfor %}{% endfor "
        "%}{% endfor %}"));
    struct rig_answer a;
    render(e, fd, 0, "{}", 2000, &a);
    assert_int_not_equal(a.status, DGL_OK);
    assert_false(a.worker_lost); // told by its own budget
    rig_answer_fini(&a);
    close(fd);
    fd = rig_docx(PARAGRAPH("ok {{ n }}"));
    assert_renders(e, fd, 0, "{\"n\":1}", "ok 1");
    close(fd);
}

static const unsigned char png[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
                                    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00,
                                    0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78,
                                    0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0x00, 0x05, 0x00, 0x01, 0xff, 0x89, 0x99,
                                    0x3d, 0x1d, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static void give_png(void *ctx, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch)
{
    (void)ctx, (void)org_number;
    assert_string_equal(url, "https://example.com/logo.png");
    dgl_engine_fetch_done(fetch, png, sizeof(png), NULL);
}

static void test_image_from_outside(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(give_png);
    int fd = rig_docx(PARAGRAPH("{{ img_logo }}"));
    struct rig_answer a;
    render(e, fd, 0, "{\"img_logo\":\"https://example.com/logo.png\"}", 0, &a);
    char *body = body_of(&a);
    assert_non_null(strstr(body, "w:drawing"));
    free(body);
    rig_answer_fini(&a);
    close(fd);
}

// ---- PDF

#define CHUNK "<w:altChunk r:id=\"rId9\"/>" // an inserted document: declined

static void make_pdf(struct dgl_engine *e, int fd, const char *json, struct rig_answer *ret)
{
    const struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER,
                                       .template_fd = fd,
                                       .input = json,
                                       .input_len = strlen(json),
                                       .want_pdf = true,
                                       .explain = true,
                                       .created_at_us = 1705314600000000,
                                       .locale = "de_DE"};
    rig_job(e, &job, ret);
    if (ret->status != DGL_OK)
        fail_msg("%s", ret->error.message);
}

static void assert_holds(const char *data, size_t len, const char *text)
{
    if (!memmem(data, len, text, strlen(text)))
        fail_msg("'%s' is not in the PDF", text);
}

static void test_pdf_without_another_engine(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("Dear {{ name }}") "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>" PARAGRAPH("Yours"));
    struct rig_answer a;
    make_pdf(e, fd, "{\"name\":\"Ada\"}", &a);
    assert_memory_equal(a.pdf, "%PDF-1.", 7);
    assert_null(a.docx);
    assert_string_equal(a.engine, "native");
    assert_int_equal(a.pages, 2);
    assert_non_null(strstr(a.findings, "{\"name\":\"page and column breaks\",\"support\":\"supported\""));
    assert_null(strstr(a.findings, "declined"));
    assert_holds(a.pdf, a.pdf_len, "(D:20240115103000Z)");
    assert_holds(a.pdf, a.pdf_len, "/Lang(de-DE)");
    rig_answer_fini(&a);
    close(fd);
    struct dgl_engine_stats stats;
    dgl_engine_stats(e, &stats);
    assert_int_equal(stats.office_alive, 0);
}

// The same bytes from a new worker and from one that has made others.
static void test_pdf_does_not_depend_on_history(void **state)
{
    (void)state;
    int fd = rig_docx(PARAGRAPH("Dear {{ name }}")), other = rig_docx(PARAGRAPH("<w:b/>{{ name }} \xd0\x96\xc3\x9f"));
    struct rig_answer a, b;
    struct dgl_engine *first = new_engine(NULL);
    make_pdf(first, fd, "{\"name\":\"Ada\"}", &a);
    rig_engine_end();
    RIG_ENGINE second = new_engine(NULL);
    make_pdf(second, other, "{\"name\":\"Grace fights\"}", &b);
    rig_answer_fini(&b);
    make_pdf(second, fd, "{\"name\":\"Ada\"}", &b);
    assert_int_equal(a.pdf_len, b.pdf_len);
    assert_memory_equal(a.pdf, b.pdf, a.pdf_len);
    rig_answer_fini(&a);
    rig_answer_fini(&b);
    close(fd);
    close(other);
}

static void test_declined_without_another_engine_is_told(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("one") CHUNK PARAGRAPH("two"));
    struct rig_answer a;
    make_pdf(e, fd, "{}", &a);
    assert_string_equal(a.engine, "native");
    assert_non_null(strstr(a.warnings, "an inserted document is left out (body"));
    assert_non_null(strstr(a.findings, "\"support\":\"declined\""));
    rig_answer_fini(&a);
    close(fd);
}

// One budget for filling and layout: what filling is quick with, layout may not take for ever.
static void test_layout_keeps_the_deadline(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("{% for i in range(60000) %}word {{ i }} {% endfor %}"));
    struct rig_answer a;
    const struct dgl_engine_job job = {
        .op = DGL_ENGINE_RENDER, .template_fd = fd, .input = "{}", .input_len = 2, .want_pdf = true, .timeout_ms = 1};
    rig_job(e, &job, &a);
    assert_int_equal(a.status, DGL_E_INVALID);
    assert_string_equal(a.error.slug, "render_timeout");
    rig_answer_fini(&a);
    close(fd);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Resident pages of the supervisor's largest child.
static long resident_pages(void)
{
    char path[64];
    long largest = 0;
    DGL_AUTO_FINI(buf) list = DGL_BUF_INIT(4096);
    struct dgl_error err;
    int pid = dgl_supervisor_peek_pid(supervisor), used;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
    assert_int_equal(dgl_file_read(path, 4096, &list, &err), DGL_OK);
    for (const char *at = list.data; sscanf(at, "%d%n", &pid, &used) == 1; at += used) {
        long pages = 0;
        DGL_AUTO_FINI(buf) statm = DGL_BUF_INIT(4096);
        snprintf(path, sizeof(path), "/proc/%d/statm", pid);
        if (dgl_file_read(path, 4096, &statm, &err) == DGL_OK)
            sscanf(statm.data, "%*d %ld", &pages);
        largest = DGL_MAX(largest, pages);
    }
    return largest;
}

// What a large document needed is kept for the next one, but not by a worker that has nothing to do.
static void test_idle_worker_gives_memory_back(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    int fd = rig_docx(PARAGRAPH("{%p for i in range(n) %}") PARAGRAPH("word {{ i }}") PARAGRAPH("{%p endfor %}"));
    struct rig_answer a;
    make_pdf(e, fd, "{\"n\":20}", &a);
    rig_answer_fini(&a);
    long small = resident_pages();
    make_pdf(e, fd, "{\"n\":20000}", &a);
    rig_answer_fini(&a);
    unsigned left = 6000;
    while (resident_pages() > small + 2048 && --left)
        poll(NULL, 0, 10);
    assert_true(left > 0);
    close(fd);
}
#endif

static int start(void **state)
{
    (void)state;
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_log_configure(DGL_LOG_OFF, DGL_LOG_TEXT);
    return dgl_supervisor_start(&supervisor, &err) == DGL_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    rig_engine_end();
    dgl_supervisor_stop(supervisor);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fills_a_template),
        cmocka_unit_test(test_compiles_once),
        cmocka_unit_test(test_inspect_tells_tokens),
        cmocka_unit_test(test_inspect_tells_problems_with_places),
        cmocka_unit_test(test_garbage_is_told_kindly),
        cmocka_unit_test(test_bad_input_is_refused),
        cmocka_unit_test(test_large_input),
        cmocka_unit_test(test_endless_loop_ends),
        cmocka_unit_test(test_image_from_outside),
        cmocka_unit_test(test_pdf_without_another_engine),
        cmocka_unit_test(test_pdf_does_not_depend_on_history),
        cmocka_unit_test(test_declined_without_another_engine_is_told),
        cmocka_unit_test(test_layout_keeps_the_deadline),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(test_idle_worker_gives_memory_back),
#endif
    };
    return cmocka_run_group_tests(tests, start, stop);
}
