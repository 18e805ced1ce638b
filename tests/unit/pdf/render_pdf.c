// Renders one DOCX with the native engine and tells how long it takes when warm.
//
//     render_pdf IN.docx OUT.pdf [repeat N]     writes the PDF; prints microseconds per render of N warm ones
//     render_pdf --boxes IN.docx                prints the positioned boxes, for golden files and eyes
//     render_pdf --pdf-a IN.docx OUT.pdf        writes PDF/A-2b
//     render_pdf --explain IN.docx              prints the features found, with their support
#include "render/layout/system_fonts.h"
#include "render/pdf/pdf.h"

#include "base/crypto.h"
#include "base/file.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREATED_AT_US (INT64_C(1705314600) * 1000000) // 2024-01-15T10:30:00Z

struct run {
    struct dgl_pdf_engine *engine;
    struct dgl_buf docx, pdf;
    bool boxes, explain, archive;
};

static void print_boxes(void *ctx, const struct dgl_pages *pages)
{
    (void)ctx;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(512u << 20);
    dgl_pages_dump(pages, &out);
    fwrite(out.data, 1, out.len, stdout);
}

static enum dgl_status render(struct run *r, bool quiet, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_pdf_env env = {.engine = r->engine,
                              .arena = arena,
                              .budget = &budget,
                              .created_at_us = CREATED_AT_US,
                              .language = "en",
                              .decline = DGL_PDF_NATIVE,
                              .archive = r->archive,
                              .on_pages = r->boxes && !quiet ? print_boxes : NULL};
    struct dgl_pdf_report report;
    dgl_buf_reset(&r->pdf);
    enum dgl_status status = dgl_pdf_render(r->docx.data, r->docx.len, &env, &r->pdf, &report, err);
    if (status != DGL_OK || quiet)
        return status;
    for (int i = 0; r->explain && i < DGL_FEATURE_COUNT; i++)
        if (report.findings->found[i].count)
            printf("%s: %s (%u, first in %s, paragraph %u)\n", dgl_feature_info((enum dgl_feature)i)->name,
                   dgl_feature_info((enum dgl_feature)i)->support == DGL_SUPPORT_DECLINED ? "declined" : "approximated",
                   report.findings->found[i].count, report.findings->found[i].part,
                   report.findings->found[i].paragraph);
    for (size_t i = 0; i < report.warnings.count; i++)
        fprintf(stderr, "warning: %s\n", report.warnings.items[i]);
    fprintf(stderr, "%u pages, %zu bytes, %zu KiB of arena\n", report.pages, r->pdf.len, dgl_arena_used(arena) >> 10);
    return DGL_OK;
}

static enum dgl_status run(int argc, char **argv, struct run *r, struct dgl_error *err)
{
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        r->boxes |= strcmp(argv[at], "--boxes") == 0;
        r->archive |= strcmp(argv[at], "--pdf-a") == 0;
        r->explain |= strcmp(argv[at], "--explain") == 0;
    }
    if (at >= argc)
        return DGL_FAIL(err, DGL_E_INVALID, "usage: render_pdf [--boxes] [--explain] IN.docx [OUT.pdf [repeat N]]");
    DGL_TRY(dgl_file_read(argv[at], 256u << 20, &r->docx, err));
    DGL_TRY(render(r, false, err));
    if (at + 1 < argc)
        DGL_TRY(dgl_file_write_atomic(argv[at + 1], r->pdf.data, r->pdf.len, 0644, err));
    int64_t repeat = 0;
    if (at + 3 < argc && !dgl_parse_int64(argv[at + 3], strlen(argv[at + 3]), 1, 1000000, &repeat))
        return DGL_FAIL(err, DGL_E_INVALID, "repeat takes a number");
    int64_t start = dgl_clock_mono_us(dgl_clock_system());
    for (int64_t i = 0; i < repeat; i++)
        DGL_TRY(render(r, true, err));
    if (repeat)
        printf("%lld us per render, warm\n", (long long)((dgl_clock_mono_us(dgl_clock_system()) - start) / repeat));
    return DGL_OK;
}

int main(int argc, char **argv)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(system_fonts) fonts = NULL;
    DGL_AUTO(hyphens) hyphens = dgl_hyphens_open(DGL_HYPHENS_FOLDER);
    struct run r = {.docx = DGL_BUF_INIT(256u << 20), .pdf = DGL_BUF_INIT(512u << 20)};
    // A warm process keeps its memory instead of giving it back after every document.
    mallopt(M_MMAP_THRESHOLD, 1 << 28);
    mallopt(M_TRIM_THRESHOLD, 1 << 28);
    enum dgl_status status = dgl_crypto_init(&err);
    if (status == DGL_OK)
        status = dgl_system_fonts_open(false, &fonts, &err);
    if (status == DGL_OK) {
        r.engine = dgl_pdf_engine_new(dgl_system_fonts_source(fonts), hyphens);
        status = run(argc, argv, &r, &err);
        dgl_pdf_engine_free(r.engine);
    }
    dgl_buf_fini(&r.docx);
    dgl_buf_fini(&r.pdf);
    if (status != DGL_OK) {
        char text[1024];
        fprintf(stderr, "render_pdf: %s\n", dgl_error_describe(&err, text, sizeof(text)));
        return 1;
    }
    return 0;
}
