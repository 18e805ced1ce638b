// Fuzz target: a Word template with data (the input is package.h's text). It is compiled, asked for its tokens and
// filled, and its problems are written into a copy of it; what comes out opens as a Word document, the parts written
// anew are XML that a reader accepts, and every failure says something. Half of the inputs are deflated while they are
// filled; some of those are filled again and deflated at the end, which gives the same parts.
#include "fuzz.h"
#include "package.h"
#include "values.h"

#include "base/crypto.h"
#include "base/xml.h"
#include "base/zip.h"
#include "render/docx/annotate.h"
#include "render/docx/opc.h"

#define STREAM_AT_BYTES 512

static const unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 0,   0,   0,   13, 'I', 'H', 'D',
                                    'R',  0,   0,   0,   2,    0,    0,    0,    3,   8,   0,   0,  0,   0,   0,
                                    0,    0,   0,   0,   0,    0,    0,    'I',  'E', 'N', 'D', 0,  0,   0,   0};

static enum dgl_status fetch_image(void *ctx, const char *url, struct dgl_buf *ret, struct dgl_error *err)
{
    const struct fuzz_package *package = ctx;
    if (strstr(url, "none"))
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "there is no image");
    if (package->image.data)
        dgl_buf_append(ret, package->image.data, package->image.len);
    else
        dgl_buf_append(ret, png, sizeof(png));
    return DGL_OK;
}

// "self" is the document again: subdocuments may go round in a circle.
static enum dgl_status load_template(void *ctx, const char *name, struct dgl_buf *ret, struct dgl_error *err)
{
    const struct fuzz_package *package = ctx;
    if (strstr(name, "none"))
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "there is no such template");
    const struct dgl_buf *b = strcmp(name, "self") == 0 || !package->sub.len ? &package->bytes : &package->sub;
    dgl_buf_append(ret, b->data, b->len);
    return DGL_OK;
}

static enum dgl_status fill(const struct dgl_docx *docx, const struct fuzz_package *package, size_t stream_at_bytes,
                            struct dgl_buf *out, struct dgl_error *err)
{
    const char *text = package->data.data ? package->data.data : fuzz_default_data;
    size_t len = package->data.data ? package->data.len : strlen(fuzz_default_data);
    DGL_AUTO(arena) arena = dgl_arena_new((size_t)64 << 20);
    const struct dgl_docx_loader loader = {
        .fetch_image = fetch_image, .load_template = load_template, .ctx = (void *)(uintptr_t)package};
    struct dgl_budget budget = {.steps_left = 50000, .memory_left = 16u << 20, .output_left = 4u << 20};
    struct dgl_docx_env env = {.loader = &loader,
                               .created_at_us = INT64_C(1705314600000000),
                               .budget = &budget,
                               .arena = arena,
                               .stream_at_bytes = stream_at_bytes};
    struct dgl_docx_warnings warnings = {0};
    struct dgl_value data;
    DGL_TRY(dgl_value_parse_json(arena, text, len, "data", &budget, &data, err));
    if (data.kind != DGL_VALUE_DICT)
        return DGL_FAIL(err, DGL_E_INVALID, "the data is no object");
    return dgl_docx_render(docx, data, &env, out, &warnings, err);
}

static bool is_copy(struct dgl_zip *in, struct dgl_zip *out, size_t i)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_zip_raw was, is;
    size_t at = 0;
    return dgl_zip_find(in, dgl_zip_name(out, i), &at) && dgl_zip_raw(in, at, &was, &err) == DGL_OK &&
           dgl_zip_raw(out, i, &is, &err) == DGL_OK && was.crc32 == is.crc32 && was.size == is.size;
}

// Parts that nobody reads are copied as they came, a subdocument's pictures among them, whatever they are called; every
// part that was written anew is XML.
static void check(const struct dgl_buf *package, const struct dgl_buf *out)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const struct dgl_xml_handler nothing = {0};
    DGL_AUTO(zip) before = NULL;
    DGL_AUTO(zip) after = NULL;
    DGL_AUTO(arena) arena = dgl_arena_new((size_t)64 << 20);
    struct dgl_docx_package opened;
    fuzz_must(dgl_docx_package_open(out->data, out->len, arena, &opened, &err) == DGL_OK);
    dgl_docx_package_close(&opened);
    fuzz_must(dgl_zip_open(package->data, package->len, &before, &err) == DGL_OK);
    fuzz_must(dgl_zip_open(out->data, out->len, &after, &err) == DGL_OK);
    for (size_t i = 0; i < dgl_zip_count(after); i++) {
        const char *name = dgl_zip_name(after, i), *dot = strrchr(name, '.');
        bool is_xml = dot && (strcmp(dot, ".xml") == 0 || strcmp(dot, ".rels") == 0);
        if (!is_xml || strncmp(name, "word/media/", 11) == 0 || is_copy(before, after, i))
            continue;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT((size_t)32 << 20);
        fuzz_must(dgl_zip_read(after, i, &b, &err) == DGL_OK);
        if (dgl_xml_parse(b.data, b.len, name, &nothing, &err) != DGL_OK) {
            fprintf(stderr, "%s: %s\n%.*s\n", name, err.message, (int)b.len, b.data);
            abort();
        }
    }
}

static void must_be_same(const struct dgl_buf *a, const struct dgl_buf *b)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip) one = NULL;
    DGL_AUTO(zip) other = NULL;
    fuzz_must(dgl_zip_open(a->data, a->len, &one, &err) == DGL_OK);
    fuzz_must(dgl_zip_open(b->data, b->len, &other, &err) == DGL_OK);
    fuzz_must(dgl_zip_count(one) == dgl_zip_count(other));
    for (size_t i = 0; i < dgl_zip_count(one); i++) {
        struct dgl_zip_raw x, y;
        fuzz_must(strcmp(dgl_zip_name(one, i), dgl_zip_name(other, i)) == 0);
        fuzz_must(dgl_zip_raw(one, i, &x, &err) == DGL_OK && dgl_zip_raw(other, i, &y, &err) == DGL_OK);
        fuzz_must(x.size == y.size && x.crc32 == y.crc32);
    }
}

static void fill_and_check(const struct dgl_docx *docx, const struct fuzz_package *package, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT((size_t)32 << 20);
    DGL_AUTO_FINI(buf) again = DGL_BUF_INIT((size_t)32 << 20);
    if (fill(docx, package, size % 2 ? STREAM_AT_BYTES : 0, &out, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return;
    }
    check(&package->bytes, &out);
    if (size % 8 != 1)
        return;
    fuzz_must(fill(docx, package, 0, &again, &err) == DGL_OK);
    must_be_same(&out, &again);
}

static void annotate(const struct dgl_buf *package, const struct dgl_diagnostics *found)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT((size_t)32 << 20);
    if (dgl_docx_annotate(package->data, package->len, found, &out, &err) == DGL_OK)
        check(package, &out);
    else
        fuzz_must_explain(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct fuzz_package package;
    DGL_AUTO_FINI(diagnostics) found = {0};
    DGL_AUTO(docx) docx = NULL;
    if (dgl_crypto_init(&err) != DGL_OK)
        abort();
    if (fuzz_package_make(input, size, &package)) {
        if (dgl_docx_compile(package.bytes.data, package.bytes.len, &found, &docx, &err) != DGL_OK) {
            fuzz_must_explain(&err);
        } else {
            json_decref(dgl_docx_tokens(docx));
            fill_and_check(docx, &package, size);
        }
        if (found.count)
            annotate(&package.bytes, &found);
    }
    dgl_docx_free(DGL_STEAL(docx)); // before the package it borrows
    fuzz_package_fini(&package);
    return 0;
}
