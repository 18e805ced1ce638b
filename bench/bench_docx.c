// Template to DOCX in one process: compiles once, renders N times with different data, prints one line per render in
// microseconds.
//
//   bench_docx TEMPLATE DATA_LINES.ndjson OUT_FOLDER     one JSON object per line; every tenth output is kept for
//   checking
#include "base/crypto.h"
#include "base/file.h"
#include "render/docx/docx.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX ((size_t)256 << 20)

static enum dgl_status render_line(const struct dgl_docx *docx, const char *line, size_t len, struct dgl_arena *arena,
                                   struct dgl_buf *out, struct dgl_error *err)
{
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_value data;
    struct dgl_docx_warnings warnings = {0};
    DGL_TRY(dgl_value_parse_json(arena, line, len, "data", &budget, &data, err));
    struct dgl_docx_env env = {.created_at_us = INT64_C(1768473000000000), .budget = &budget, .arena = arena};
    return dgl_docx_render(docx, data, &env, out, &warnings, err);
}

static enum dgl_status run(char **argv, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(FILE_MAX);
    DGL_AUTO_FINI(buf) lines = DGL_BUF_INIT(FILE_MAX);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(FILE_MAX);
    DGL_AUTO_FINI(diagnostics) diagnostics = {0};
    DGL_AUTO(docx) docx = NULL;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_TRY(dgl_crypto_init(err));
    DGL_TRY(dgl_file_read(argv[1], FILE_MAX, &package, err));
    DGL_TRY(dgl_file_read(argv[2], FILE_MAX, &lines, err));
    DGL_TRY(dgl_docx_compile(package.data, package.len, &diagnostics, &docx, err));
    unsigned number = 0;
    for (char *line = lines.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, number++) {
        int64_t start = dgl_clock_mono_us(dgl_clock_system());
        dgl_buf_reset(&out);
        DGL_TRY(render_line(docx, line, (size_t)(end - line), arena, &out, err));
        printf("%lld\n", (long long)(dgl_clock_mono_us(dgl_clock_system()) - start));
        dgl_arena_reset(arena);
        if (number % 10 == 0) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%u.docx", argv[3], number);
            DGL_TRY(dgl_file_write_atomic(path, out.data, out.len, 0644, err));
        }
    }
    return DGL_OK;
}

int main(int argc, char **argv)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char text[1200];
    if (argc != 4) {
        fprintf(stderr, "usage: bench_docx TEMPLATE DATA.ndjson OUT_FOLDER\n");
        return 2;
    }
    if (run(argv, &err) != DGL_OK) {
        fprintf(stderr, "bench_docx: %s\n", dgl_error_describe(&err, text, sizeof text));
        return 1;
    }
    return 0;
}
