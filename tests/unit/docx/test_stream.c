// Large parts are deflated while they are made: with a small bound instead of megabytes, the same document comes out.
#include "package.h"

#include "base/zip.h"

#define PNG       \
    "data:image/" \
    "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg=="

static void fill(const struct dgl_docx *d, const char *json, size_t stream_at_bytes, struct dgl_buf *package)
{
    DGL_AUTO_JSON data = NULL;
    DGL_AUTO(arena) arena = dgl_arena_new((size_t)64 << 20);
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_value value;
    struct dgl_docx_warnings warnings = {.count = 0};
    const struct dgl_docx_env env = {
        .created_at_us = 1705314600000000, .budget = &budget, .arena = arena, .stream_at_bytes = stream_at_bytes};
    *package = DGL_BUF_INIT((size_t)64 << 20);
    assert_int_equal(dgl_json_parse(json, strlen(json), "data", &data, &err), DGL_OK);
    assert_int_equal(dgl_value_from_json(arena, data, &budget, &value, &err), DGL_OK);
    assert_int_equal(dgl_docx_render(d, value, &env, package, &warnings, &err), DGL_OK);
}

static void check_same_member(const struct dgl_buf *whole, const struct dgl_buf *streamed, const char *name,
                              const char *piece)
{
    char *a = read_member(whole, name), *b = read_member(streamed, name);
    assert_non_null(strstr(a, piece));
    assert_string_equal(a, b);
    free(a);
    free(b);
}

// The member, which holds `piece`, whatever the bound is.
static void check_same_in(const struct member *members, const char *json, const char *name, const char *piece)
{
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    DGL_AUTO_FINI(buf) whole = DGL_BUF_INIT(0);
    DGL_AUTO_FINI(diagnostics) found = {0};
    DGL_AUTO(docx) d = NULL;
    struct dgl_error err = DGL_ERROR_INIT;
    make_package(members, &package);
    assert_int_equal(dgl_docx_compile(package.data, package.len, &found, &d, &err), DGL_OK);
    fill(d, json, 0, &whole);
    for (size_t at = 64; at < 4096; at += at / 4) {
        DGL_AUTO_FINI(buf) streamed = DGL_BUF_INIT(0);
        fill(d, json, at, &streamed);
        check_same_member(&whole, &streamed, name, piece);
    }
    dgl_docx_free(DGL_STEAL(d)); // before the package it borrows
}

static void check_same(const char *document, const char *json, const char *piece)
{
    check_same_in((struct member[]){{"word/document.xml", document}, {NULL, NULL}}, json, "word/document.xml", piece);
}

#define LONG "{% for i in range(40) %}{{ i }} of many {% endfor %}"
#define ROWS \
    TBL(COL COL, TR(TC(P("{%tr for i in range(9) %}"))) TR(TC(P("{{ i }}")) TC(P("b"))) TR(TC(P("{%tr endfor %}"))))

static void what_is_written_back_is_there(void **state DGL_UNUSED)
{
    check_same(DOCUMENT(P(LONG) P(LONG "{{p r }}" LONG) P(LONG)), "{\"r\":{\"paragraphs\":[\"x\",\"y\"]}}", ">y<");
    check_same(DOCUMENT(P(LONG "{{ m }}" LONG "{{ m }}") P(LONG)), "{\"m\":\"a\\fb\\u0007c\"}", "w:type=\"page\"");
    check_same(DOCUMENT(P(LONG) ROWS P(LONG) P("{%p for k in range(5) %}") ROWS P("{%p endfor %}") P(LONG)), "{}",
               "39 of many");
    check_same(DOCUMENT(P("{%p for k in range(3) %}") P(LONG "{{ p|image }}" LONG) P("{%p endfor %}")),
               "{\"p\":\"" PNG "\"}", "wp:inline");
}

#define NS_C "http://schemas.openxmlformats.org/drawingml/2006/chart"
#define CHART                                                                                                          \
    "<c:chartSpace xmlns:c=\"" NS_C "\" xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"><c:chart>"   \
    "<c:title><a:p><a:r><a:t>" LONG "</a:t></a:r></a:p></c:title><c:plotArea><c:barChart><c:ser><c:idx val=\"0\"/>"    \
    "<c:order val=\"0\"/><c:val><c:numRef><c:f>X</c:f></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart>" \
    "</c:chartSpace>"

// What `replace_charts` gives comes into the chart as it was filled, not into the template's.
static void charts_are_read_again(void **state DGL_UNUSED)
{
    const struct member members[] = {
        {"word/document.xml",
         DOCUMENT("<w:p><w:r><w:drawing><wp:inline xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/"
                  "wordprocessingDrawing\"><wp:docPr id=\"1\" name=\"Chart 1\" descr=\"Sales\"/><c:chart "
                  "xmlns:c=\"" NS_C "\" r:id=\"rId4\"/></wp:inline></w:drawing></w:r></w:p>")},
        {"word/_rels/document.xml.rels", RELS(REL("rId4", "chart", "charts/chart1.xml"))},
        {"word/charts/chart1.xml", CHART},
        {NULL, NULL}};
    const char *json = "{\"replace_charts\":{\"Sales\":{\"categories\":[\"a\"],\"series\":[{\"name\":\"n\","
                       "\"values\":[1]}]}}}";
    check_same_in(members, json, "word/charts/chart1.xml", "39 of many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_back_is_there),
        cmocka_unit_test(charts_are_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
