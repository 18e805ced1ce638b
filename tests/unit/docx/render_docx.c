// render_docx TEMPLATE DATA.json OUT [repeat N]
//
// Renders one template as the product does, for the template corpus and for measurements. An error is printed as the
// product prints it, exit status 1. With `repeat`, microseconds per render are printed; the template is compiled once.
#include "base/crypto.h"
#include "base/file.h"
#include "render/docx/docx.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int complain(const struct dgl_error *err)
{
    char text[2048];
    fprintf(stderr, "%s [%s]\n", dgl_error_describe(err, text, sizeof text), dgl_error_slug(err));
    return 1;
}

static enum dgl_status render_once(const struct dgl_docx *d, const struct dgl_buf *json, struct dgl_buf *out,
                                   struct dgl_arena *arena, struct dgl_error *err)
{
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_value data;
    DGL_TRY(dgl_value_parse_json(arena, json->data, json->len, "data", &budget, &data, err));
    struct dgl_docx_env env = {.created_at_us = 1705314600000000, .budget = &budget, .arena = arena};
    struct dgl_docx_warnings warnings = {.count = 0};
    DGL_TRY(dgl_docx_render(d, data, &env, out, &warnings, err));
    for (size_t i = 0; i < warnings.count; i++)
        fprintf(stderr, "warning: %s\n", warnings.items[i]);
    return DGL_OK;
}

static int measure(const struct dgl_docx *d, const struct dgl_buf *json, struct dgl_arena *arena, long n)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(256u << 20);
    struct timespec from, to;
    double best = 1e18, total = 0;
    for (long i = 0; i < n; i++) {
        dgl_buf_reset(&out);
        dgl_arena_reset(arena);
        clock_gettime(CLOCK_MONOTONIC, &from);
        if (render_once(d, json, &out, arena, &err) != DGL_OK)
            return complain(&err);
        clock_gettime(CLOCK_MONOTONIC, &to);
        double us = (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
        total += us;
        if (us < best)
            best = us;
    }
    printf("%.1f us per render (best %.1f), %zu bytes\n", total / (double)n, best, out.len);
    return 0;
}

int main(int argc, char **argv)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (argc != 4 && !(argc == 6 && strcmp(argv[4], "repeat") == 0)) {
        fprintf(stderr, "usage: render_docx TEMPLATE DATA.json OUT [repeat N]\n");
        return 2;
    }
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(256u << 20);
    DGL_AUTO(docx) d = NULL;
    DGL_AUTO(arena) arena = dgl_arena_new(512u << 20);
    if (dgl_crypto_init(&err) != DGL_OK || dgl_file_read(argv[1], 64u << 20, &package, &err) != DGL_OK ||
        dgl_file_read(argv[2], 64u << 20, &text, &err) != DGL_OK)
        return complain(&err);
    DGL_AUTO_FINI(diagnostics) diagnostics = {.count = 0};
    enum dgl_status st = dgl_docx_compile(package.data, package.len, &diagnostics, &d, &err);
    for (size_t i = 0; st != DGL_OK && i < diagnostics.count; i++)
        if (diagnostics.items[i].severity == DGL_DIAGNOSTIC_ERROR)
            complain(&diagnostics.items[i].error);
    if (st != DGL_OK)
        return diagnostics.errors ? 1 : complain(&err);
    int64_t repeat = 0;
    if (argc == 6 && !dgl_parse_int64(argv[5], strlen(argv[5]), 1, 100000000, &repeat))
        return 2;
    if (argc == 6)
        return measure(d, &text, arena, (long)repeat);
    if (render_once(d, &text, &out, arena, &err) != DGL_OK)
        return complain(&err);
    if (dgl_file_write_atomic(argv[3], out.data, out.len, 0644, &err) != DGL_OK)
        return complain(&err);
    return 0;
}
