// Fuzz target: a Word template with data (the input is package.h's text). It is compiled, asked for its tokens and
// filled; the parts a fill writes are XML that a reader accepts, and every failure says something.
#include "fuzz.h"
#include "package.h"

#include "../unit/docx/check.h"
#include "base/crypto.h"
#include "render/docx/docx.h"

static const char default_data[] =
    "{\"n\":7,\"s\":\"Hello <b> & "
    "you\",\"e\":\"\",\"t\":true,\"z\":null,\"xs\":[3,1,2],\"rows\":[{\"a\":1,\"b\":[1,2]},"
    "{\"a\":2,\"b\":[]}],\"d\":{\"a\":1,\"b\":{\"c\":\"deep\"}},\"md\":\"# H\\n\\n- a\\n- "
    "b\\n\\n|x|y|\\n|-|-|\\n|1|2|\","
    "\"html\":\"<p>a <b>b</b></p><ul><li>x<ol><li>y</ol></ul><table><tr><td colspan=2>c</table>\","
    "\"url\":\"https://example.com/\",\"png\":\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAA"
    "CklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==\",\"img\":\"https://example.com/a.png\"}";

static const unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 0,   0,   0,   13, 'I', 'H', 'D',
                                    'R',  0,   0,   0,   2,    0,    0,    0,    3,   8,   0,   0,  0,   0,   0,
                                    0,    0,   0,   0,   0,    0,    0,    'I',  'E', 'N', 'D', 0,  0,   0,   0};

static enum dgl_status fetch_image(void *ctx, const char *url, struct dgl_buf *ret, struct dgl_error *err)
{
    (void)ctx;
    if (strstr(url, "none"))
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "there is no image");
    dgl_buf_append(ret, png, sizeof(png));
    return DGL_OK;
}

static enum dgl_status fill(const struct dgl_docx *docx, const char *text, size_t len, struct dgl_buf *out,
                            struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new((size_t)64 << 20);
    DGL_AUTO_JSON json = NULL;
    const struct dgl_docx_loader loader = {.fetch_image = fetch_image};
    struct dgl_budget budget = {.steps_left = 50000, .memory_left = 16u << 20, .output_left = 4u << 20};
    struct dgl_docx_env env = {
        .loader = &loader, .created_at_us = INT64_C(1705314600000000), .budget = &budget, .arena = arena};
    struct dgl_docx_warnings warnings = {0};
    struct dgl_value data;
    DGL_TRY(dgl_json_parse(text, len, "data", &json, err));
    if (!json_is_object(json))
        return DGL_FAIL(err, DGL_E_INVALID, "the data is no object");
    DGL_TRY(dgl_value_from_json(arena, json, &budget, &data, err));
    return dgl_docx_render(docx, data, &env, out, &warnings, err);
}

static void check(const struct dgl_buf *out)
{
    const char *problem = check_document_package(out->data, out->len, false);
    if (!problem)
        return;
    fprintf(stderr, "%s\n", problem);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct fuzz_package package;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT((size_t)32 << 20);
    DGL_AUTO_FINI(diagnostics) found = {0};
    DGL_AUTO(docx) docx = NULL;
    if (dgl_crypto_init(&err) != DGL_OK)
        abort();
    if (fuzz_package_make(input, size, &package)) {
        if (dgl_docx_compile(package.bytes.data, package.bytes.len, &found, &docx, &err) != DGL_OK) {
            fuzz_must_explain(&err);
        } else {
            json_decref(dgl_docx_tokens(docx));
            const char *data = package.data ? package.data : default_data;
            if (fill(docx, data, package.data ? package.data_len : strlen(data), &out, &err) == DGL_OK)
                check(&out);
            else
                fuzz_must_explain(&err);
        }
    }
    dgl_docx_free(DGL_STEAL(docx)); // before the package it borrows
    fuzz_package_fini(&package);
    return 0;
}
