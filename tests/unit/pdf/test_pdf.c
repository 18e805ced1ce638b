// The PDF as a file: deterministic, complete, with links, outline and dates; declining; pictures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "render/layout/system_fonts.h"
#include "render/pdf/pdf.h"
#include "render/pdf/picture.h"

#include "../layout/make_docx.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>

static struct dgl_system_fonts *g_source;
static char g_warning[200]; // the last one of the document rendered last

static enum dgl_status render(struct dgl_pdf_engine *e, const struct docx_parts *parts, enum dgl_pdf_policy policy,
                              struct dgl_buf *out, struct dgl_pdf_report *report, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) docx = DGL_BUF_INIT(64u << 20);
    DGL_AUTO(arena) a = dgl_arena_new((size_t)512 << 20);
    struct dgl_budget budget = dgl_budget_default();
    make_docx(parts, &docx);
    struct dgl_pdf_env env = {.engine = e,
                              .arena = a,
                              .budget = &budget,
                              .created_at_us = INT64_C(1705314600) * 1000000,
                              .language = "en",
                              .decline = policy};
    enum dgl_status status = dgl_pdf_render(docx.data, docx.len, &env, out, report, err);
    report->findings = NULL; // went with the arena
    g_warning[0] = '\0';
    if (status == DGL_OK && report->warnings.count)
        snprintf(g_warning, sizeof(g_warning), "%s", report->warnings.items[report->warnings.count - 1]);
    return status;
}

static bool holds(const struct dgl_buf *b, const char *text)
{
    return memmem(b->data, b->len, text, strlen(text)) != NULL;
}

#define BODY                                                                             \
    "<w:p><w:pPr><w:outlineLvl w:val=\"0\"/></w:pPr><w:r><w:t>Chapter</w:t></w:r></w:p>" \
    "<w:p><w:hyperlink r:id=\"rIdU\"><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>"

static void test_links_outline_dates(void **state DGL_UNUSED)
{
    DGL_AUTO(pdf_engine) e = dgl_pdf_engine_new(dgl_system_fonts_source(g_source), NULL);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(64u << 20);
    struct dgl_pdf_report report;
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(render(e, &(struct docx_parts){.body = BODY}, DGL_PDF_AUTO, &out, &report, &err), DGL_OK);
    assert_int_equal(report.pages, 1);
    assert_true(holds(&out, "/URI(https://example.com/a)"));
    assert_true(holds(&out, "/Title(Chapter)"));
    assert_true(holds(&out, "(D:20240115103000Z)"));
    assert_memory_equal(out.data, "%PDF-1.7", 8);
    assert_true(holds(&out, "%%EOF"));
}

// What an engine rendered before leaves no trace in what it renders next.
static void check_no_trace(const struct dgl_font_source *fonts, const char *before, const char *body)
{
    DGL_AUTO(pdf_engine) warm = dgl_pdf_engine_new(fonts, NULL);
    DGL_AUTO(pdf_engine) cold = dgl_pdf_engine_new(fonts, NULL);
    DGL_AUTO_FINI(buf) a = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(buf) other = DGL_BUF_INIT(64u << 20);
    struct dgl_pdf_report report, cold_report;
    char warning[sizeof(g_warning)];
    struct dgl_error err = DGL_ERROR_INIT;
    const struct docx_parts first = {.body = before}, second = {.body = body};
    assert_int_equal(render(warm, &first, DGL_PDF_AUTO, &other, &report, &err), DGL_OK);
    assert_int_equal(render(warm, &second, DGL_PDF_AUTO, &a, &report, &err), DGL_OK);
    memcpy(warning, g_warning, sizeof(warning));
    assert_int_equal(render(cold, &second, DGL_PDF_AUTO, &b, &cold_report, &err), DGL_OK);
    assert_string_equal(warning, g_warning);
    assert_int_equal(report.warnings.count, cold_report.warnings.count);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

#define SET_IN(font, lang, text)                                                                          \
    "<w:p><w:r><w:rPr><w:rFonts w:ascii=\"" font "\" w:hAnsi=\"" font "\" w:eastAsia=\"" font "\"/>" lang \
    "</w:rPr><w:t>" text "</w:t></w:r></w:p>"

static void test_equal_bytes_whatever_came_before(void **state DGL_UNUSED)
{
    const struct dgl_font_source *fonts = dgl_system_fonts_source(g_source);
    check_no_trace(fonts, "<w:p><w:r><w:t>Other words and letters: XYZ \xC3\xA9</w:t></w:r></w:p>", BODY);
    // A font by another of its names.
    check_no_trace(fonts, SET_IN("Noto Sans CanAborig", "", "A"), SET_IN("Noto Sans Canadian Aboriginal", "", "A"));
    // A character that the font lacks, in another tag of the same language.
    check_no_trace(fonts, SET_IN("Liberation Sans", "<w:lang w:eastAsia=\"zh-Hant\"/>", "\xE9\xAA\xA8"),
                   SET_IN("Liberation Sans", "<w:lang w:eastAsia=\"zh-TW\"/>", "\xE9\xAA\xA8"));
}

// ---- a machine with any number of fonts: "Face 0", "Face 1", ..., tall and low ones in turn

static bool find_one_of_many(void *ctx DGL_UNUSED, const char *family, bool bold, bool italic,
                             struct dgl_font_match *ret)
{
    const struct dgl_font_source *machine = dgl_system_fonts_source(g_source);
    unsigned number;
    if (sscanf(family, "Face %u", &number) != 1)
        return machine->find(machine->ctx, family, bold, italic, ret);
    assert_true(machine->find(machine->ctx, number % 2 ? "DejaVu Sans" : "Liberation Sans", false, false, ret));
    ret->id = 1u << 30 | number;
    return true;
}

static bool cover_by_machine(void *ctx DGL_UNUSED, uint32_t codepoint, const char *lang, bool serif, bool bold,
                             bool italic, struct dgl_font_match *ret)
{
    const struct dgl_font_source *machine = dgl_system_fonts_source(g_source);
    return machine->cover(machine->ctx, codepoint, lang, serif, bold, italic, ret);
}

// Empty paragraphs, each as tall as a font of its own, and a text below them.
static char *lines_of(unsigned first, unsigned end)
{
    struct dgl_buf b = DGL_BUF_INIT(64u << 20);
    for (unsigned i = first; i < end; i++)
        dgl_buf_printf(
            &b, "<w:p><w:pPr><w:rPr><w:rFonts w:ascii=\"Face %u\" w:hAnsi=\"Face %u\"/></w:rPr></w:pPr></w:p>", i, i);
    dgl_buf_puts(&b, "<w:p><w:r><w:t>below</w:t></w:r></w:p>");
    return dgl_buf_take(&b, NULL);
}

// The bound of fonts is one of each document: fonts of documents before do not count, whether it is met or not.
static void test_many_fonts(void **state DGL_UNUSED)
{
    const struct dgl_font_source source = {.find = find_one_of_many, .cover = cover_by_machine};
    static const struct {
        unsigned from, to, next_from, next_to;
        const char *warning;
    } cases[] = {{0, 400, 300, 800, ""},
                 {1, 400, 0, DGL_LAYOUT_MAX_FONTS + 100, "more than 512 fonts"},
                 {0, DGL_LAYOUT_MAX_FONTS + 100, 99, 600, ""},
                 {400, 900, 0, 1200, "more than 512 fonts"}};
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        char *before = lines_of(cases[i].from, cases[i].to), *body = lines_of(cases[i].next_from, cases[i].next_to);
        check_no_trace(&source, before, body);
        assert_int_equal(g_warning[0] != '\0', cases[i].warning[0] != '\0');
        assert_non_null(strstr(g_warning, cases[i].warning));
        free(before);
        free(body);
    }
}

#define CHART                                                                                                      \
    "<w:p><w:r><w:drawing><wp:inline><wp:extent cx=\"914400\" cy=\"914400\"/><a:graphic><a:graphicData><c:chart/>" \
    "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"

static void test_declines_by_name(void **state DGL_UNUSED)
{
    DGL_AUTO(pdf_engine) e = dgl_pdf_engine_new(dgl_system_fonts_source(g_source), NULL);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(64u << 20);
    struct dgl_pdf_report report;
    struct dgl_error err = DGL_ERROR_INIT;
    const struct docx_parts parts = {.body = BODY CHART};
    assert_int_equal(render(e, &parts, DGL_PDF_AUTO, &out, &report, &err), DGL_E_UNSUPPORTED);
    assert_string_equal(dgl_error_slug(&err), "not_native");
    assert_int_equal(report.declined, DGL_FEATURE_CHART);
    assert_int_equal(err.place.paragraph, 3);
    assert_int_equal(out.len, 0);
    assert_int_equal(render(e, &parts, DGL_PDF_NATIVE, &out, &report, &err), DGL_OK);
    assert_int_equal(report.warnings.count, 1);
}

#define AS_IT_IS ((struct dgl_recolor){0})

static void test_pictures(void **state DGL_UNUSED)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(1);
    struct pdf_image i;
    static const uint8_t gif[] = {'G',  'I',  'F', '8', '9', 'a', 2, 0, 1, 0, 0x80, 0, 0, 0xFF, 0,    0, 0,   0,
                                  0xFF, 0x2C, 0,   0,   0,   0,   2, 0, 1, 0, 0,    2, 2, 0x44, 0x0A, 0, 0x3B};
    assert_true(pdf_image_read(gif, sizeof(gif), AS_IT_IS, c, &i));
    assert_int_equal(i.width, 2);
    uint8_t rgb[6];
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    assert_int_equal(libdeflate_zlib_decompress(d, i.data.data, i.data.len, rgb, sizeof(rgb), NULL),
                     LIBDEFLATE_SUCCESS);
    assert_memory_equal(rgb, "\xFF\x00\x00\x00\x00\xFF", 6);
    pdf_image_fini(&i);
    libdeflate_free_decompressor(d);
    // Every truncation is refused or read, never worse.
    uint8_t bomb[sizeof(gif)]; // the same bytes, said to be a hundred million pixels
    memcpy(bomb, gif, sizeof(gif));
    for (size_t n = 0; n + 9 < sizeof(gif); n++)
        if (bomb[n] == 0x2C)
            memcpy(bomb + n + 5, "\x10\x27\x10\x27", 4);
    assert_false(pdf_image_read(bomb, sizeof(bomb), AS_IT_IS, c, &i));
    for (size_t n = 0; n < sizeof(gif); n++)
        if (pdf_image_read(gif, n, AS_IT_IS, c, &i))
            pdf_image_fini(&i);
    static const uint8_t jpeg[] = {0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 3, 0, 4, 1, 1, 0x11, 0, 0xFF, 0xD9};
    assert_true(pdf_image_read(jpeg, sizeof(jpeg), AS_IT_IS, c, &i));
    assert_int_equal(i.width, 4);
    assert_int_equal(i.height, 3);
    pdf_image_fini(&i);
    // Turned by its EXIF data: the drawing says how a picture is turned, as Word has it.
    static const uint8_t turned[] = {0xFF, 0xD8, 0xFF, 0xE1, 0, 34, 'E', 'x',  'i', 'f',  0,    0,    'M', 'M',
                                     0,    42,   0,    0,    0, 8,  0,   1,    1,   18,   0,    3,    0,   0,
                                     0,    1,    0,    6,    0, 0,  0,   0,    0,   0,    0xFF, 0xC0, 0,   11,
                                     8,    0,    3,    0,    4, 1,  1,   0x11, 0,   0xFF, 0xD9};
    assert_true(pdf_image_read(turned, sizeof(turned), AS_IT_IS, c, &i));
    assert_int_equal(i.width, 4);
    assert_int_equal(i.data.len, sizeof(turned));
    pdf_image_fini(&i);
    assert_false(pdf_image_read("\x89PNG\r\n\x1A\n then nothing", 21, AS_IT_IS, c, &i));
    libdeflate_free_compressor(c);
}

// Three pixels wide and two high, bottom row first, rows filled up to four bytes.
static void put_bmp(struct dgl_buf *b, unsigned bits, const uint8_t *palette, uint32_t colors, const char *rows)
{
    uint8_t head[54] = {'B', 'M'};
    head[10] = (uint8_t)(54 + 4 * colors);
    head[14] = 40;
    head[18] = 3;
    head[22] = 2;
    head[26] = 1;
    head[28] = (uint8_t)bits;
    head[46] = (uint8_t)colors;
    dgl_buf_append(b, head, sizeof(head));
    dgl_buf_append(b, palette, (size_t)4 * colors);
    dgl_buf_append(b, rows, 8);
}

static void test_bitmaps_of_few_colours(void **state DGL_UNUSED)
{
    static const uint8_t palette[] = {0, 0, 0xFF, 0, 0xFF, 0, 0, 0, 0, 0x80, 0, 0}; // red, blue, dark green
    const struct {
        unsigned bits;
        uint32_t colors;
        const char *rows, *rgb;
    } cases[] = {{1, 2, "\x40\0\0\0\xA0\0\0\0", "\0\0\xFF\xFF\0\0\0\0\xFF\xFF\0\0\0\0\xFF\xFF\0\0"},
                 {4, 3, "\x12\0\0\0\x01\xF0\0\0", "\xFF\0\0\0\0\xFF\xFF\0\0\0\0\xFF\0\x80\0\xFF\0\0"}};
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(1);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    for (size_t k = 0; k < DGL_COUNT(cases); k++) {
        DGL_AUTO_FINI(buf) bmp = DGL_BUF_INIT(1000);
        struct pdf_image i;
        uint8_t rgb[18];
        put_bmp(&bmp, cases[k].bits, palette, cases[k].colors, cases[k].rows);
        assert_true(pdf_image_read(bmp.data, bmp.len, AS_IT_IS, c, &i));
        assert_int_equal(libdeflate_zlib_decompress(d, i.data.data, i.data.len, rgb, sizeof(rgb), NULL),
                         LIBDEFLATE_SUCCESS);
        assert_memory_equal(rgb, cases[k].rgb, sizeof(rgb));
        pdf_image_fini(&i);
        for (size_t n = 0; n < bmp.len; n++) // a truncated one is refused
            assert_false(pdf_image_read(bmp.data, n, AS_IT_IS, c, &i));
    }
    libdeflate_free_compressor(c);
    libdeflate_free_decompressor(d);
}

static void test_numbers(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1000);
    const int64_t values[] = {0, 12500, -250, 7, 1000000, -1001};
    for (size_t i = 0; i < DGL_COUNT(values); i++) {
        pdf_put_milli(&b, values[i]);
        dgl_buf_putc(&b, ' ');
    }
    pdf_put_bytes(&b, "a(b)\\\r", 6);
    assert_string_equal(b.data, "0 12.5 -0.25 0.007 1000 -1.001 (a\\(b\\)\\\\\\r)");
}

static int set_up(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    return dgl_system_fonts_open(false, &g_source, &err) == DGL_OK ? 0 : -1;
}

static int tear_down(void **state DGL_UNUSED)
{
    dgl_system_fonts_free(g_source);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_outline_dates),
        cmocka_unit_test(test_equal_bytes_whatever_came_before),
        cmocka_unit_test(test_declines_by_name),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_bitmaps_of_few_colours),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_many_fonts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
