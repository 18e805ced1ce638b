// Fuzz target: a filled Word document to PDF (the input is package.h's text). What comes out is a PDF whose cross
// references hit their objects; the same document twice gives the same bytes.
#include "fuzz.h"
#include "package.h"

#include "base/crypto.h"
#include "render/layout/system_fonts.h"
#include "render/pdf/pdf.h"

#include <libdeflate.h>

static struct dgl_system_fonts *fonts;
static struct dgl_pdf_engine *engine;

static void let_go(void)
{
    dgl_pdf_engine_free(engine);
    dgl_system_fonts_free(fonts);
}

static struct dgl_pdf_engine *the_engine(void)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (engine)
        return engine;
    if (dgl_crypto_init(&err) != DGL_OK || dgl_system_fonts_open(false, &fonts, &err) != DGL_OK) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    engine = dgl_pdf_engine_new(dgl_system_fonts_source(fonts), NULL);
    atexit(let_go);
    return engine;
}

static enum dgl_status render(const struct fuzz_package *package, struct dgl_buf *out, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_budget budget = {.steps_left = 300000, .memory_left = 64u << 20, .output_left = 16u << 20};
    struct dgl_pdf_report report = {0};
    const struct dgl_pdf_env env = {.engine = the_engine(),
                                    .arena = arena,
                                    .budget = &budget,
                                    .created_at_us = INT64_C(1705314600000000),
                                    .language = "en",
                                    .decline = fuzz_package_option(package, "decline") ? DGL_PDF_AUTO : DGL_PDF_NATIVE,
                                    .explain = fuzz_package_option(package, "explain"),
                                    .archive = fuzz_package_option(package, "archive")};
    enum dgl_status status = dgl_pdf_render(package->bytes.data, package->bytes.len, &env, out, &report, err);
    for (size_t i = 0; i < report.warnings.count; i++)
        fuzz_must(dgl_utf8_valid(report.warnings.items[i], strlen(report.warnings.items[i])));
    fuzz_must(status != DGL_OK || report.pages > 0);
    return status;
}

static int64_t number_at(const struct dgl_buf *b, size_t at)
{
    int64_t value = 0;
    fuzz_must(at < b->len && b->data[at] >= '0' && b->data[at] <= '9');
    for (; at < b->len && b->data[at] >= '0' && b->data[at] <= '9'; at++)
        value = value * 10 + (b->data[at] - '0');
    return value;
}

static size_t last_of(const struct dgl_buf *b, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = b->len - len + 1; at-- > 0;)
        if (memcmp(b->data + at, word, len) == 0)
            return at + len;
    fuzz_must(!"the word stands in the file");
    return 0;
}

#define ROW 7 // W [1 4 2]

struct table { // the cross-reference stream's rows (ISO 32000-1, 7.5.8), predictor undone
    uint8_t *rows;
    size_t count;
};

static size_t after_of(const struct dgl_buf *b, size_t from, const char *word)
{
    const char *at = memmem(b->data + from, b->len - from, word, strlen(word));
    fuzz_must(at);
    return (size_t)(at - b->data) + strlen(word);
}

static struct table read_table(const struct dgl_buf *b)
{
    size_t xref = (size_t)number_at(b, last_of(b, "startxref\n"));
    fuzz_must(xref < b->len);
    size_t count = (size_t)number_at(b, after_of(b, xref, "/Size "));
    size_t len = (size_t)number_at(b, after_of(b, xref, "/Length "));
    size_t start = after_of(b, xref, "stream\n"), got = 0;
    fuzz_must(count > 3 && start + len < b->len);
    uint8_t *raw = malloc(count * (ROW + 1)), *rows = calloc(count, ROW);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    fuzz_must(libdeflate_zlib_decompress(d, b->data + start, len, raw, count * (ROW + 1), &got) == 0);
    fuzz_must(got == count * (ROW + 1));
    libdeflate_free_decompressor(d);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < ROW; k++)
            rows[i * ROW + k] = (uint8_t)(raw[i * (ROW + 1) + 1 + k] + (i ? rows[(i - 1) * ROW + k] : 0));
    free(raw);
    return (struct table){rows, count};
}

static void check_references(const struct dgl_buf *b)
{
    fuzz_must(b->len > 100 && memcmp(b->data, "%PDF-1.", 7) == 0);
    struct table t = read_table(b);
    for (size_t i = 1; i < t.count; i++) {
        const uint8_t *row = t.rows + i * ROW;
        size_t at = (size_t)row[1] << 24 | (size_t)row[2] << 16 | (size_t)row[3] << 8 | row[4];
        if (row[0] == 1) // the object itself
            fuzz_must(number_at(b, at) == (int64_t)i);
        else if (row[0] == 2) // in an object stream, which is no object of one
            fuzz_must(at < t.count && t.rows[at * ROW] == 1);
    }
    free(t.rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct fuzz_package package;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT((size_t)64 << 20);
    DGL_AUTO_FINI(buf) again = DGL_BUF_INIT((size_t)64 << 20);
    if (fuzz_package_make(input, size, &package)) {
        if (render(&package, &out, &err) == DGL_OK) {
            check_references(&out);
            fuzz_must(render(&package, &again, &err) == DGL_OK);
            fuzz_must(out.len == again.len && memcmp(out.data, again.data, out.len) == 0);
        } else {
            fuzz_must_explain(&err);
        }
    }
    fuzz_package_fini(&package);
    return 0;
}
