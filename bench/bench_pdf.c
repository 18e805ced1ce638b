// Template to PDF in one process, as a worker does it: compiles once, then fills and lays out N times with different
// data. Prints a line per document: microseconds for filling, for the PDF, pages.
//
//   bench_pdf TEMPLATE DATA.ndjson OUT_FOLDER [ROUNDS]
//
// One JSON object per line; all lines are gone through ROUNDS times (default 1), the PDFs of the first round are kept
// for checking. Resident memory after each round goes to stderr.
#include "base/crypto.h"
#include "base/file.h"
#include "render/docx/docx.h"
#include "render/layout/system_fonts.h"
#include "render/pdf/pdf.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILE_MAX ((size_t)512 << 20)
#define NOW_US INT64_C(1768473000000000)

struct bench {
    const struct dgl_docx *docx;
    struct dgl_pdf_engine *engine;
    struct dgl_arena *arena;
    struct dgl_buf package, pdf;
};

static int64_t now_us(void)
{
    return dgl_clock_mono_us(dgl_clock_system());
}

static enum dgl_status fill(struct bench *b, const char *line, size_t len, struct dgl_error *err)
{
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_value data;
    struct dgl_docx_warnings warnings = {0};
    DGL_TRY(dgl_value_parse_json(b->arena, line, len, "data", &budget, &data, err));
    struct dgl_docx_env env = {.created_at_us = NOW_US, .budget = &budget, .arena = b->arena, .stored = true};
    return dgl_docx_render(b->docx, data, &env, &b->package, &warnings, err);
}

static enum dgl_status document(struct bench *b, const char *line, size_t len, struct dgl_error *err)
{
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_pdf_report report;
    const struct dgl_pdf_env env = {
        .engine = b->engine, .arena = b->arena, .budget = &budget, .created_at_us = NOW_US, .decline = DGL_PDF_NATIVE};
    int64_t start = now_us();
    dgl_buf_reset(&b->package);
    dgl_buf_reset(&b->pdf);
    DGL_TRY(fill(b, line, len, err));
    dgl_arena_reset(b->arena);
    int64_t filled = now_us();
    DGL_TRY(dgl_pdf_render(b->package.data, b->package.len, &env, &b->pdf, &report, err));
    int64_t end = now_us();
    dgl_arena_reset(b->arena);
    printf("%lld %lld %u\n", (long long)(filled - start), (long long)(end - filled), report.pages);
    return DGL_OK;
}

static long resident_kib(void)
{
    long pages = 0;
    DGL_AUTO_FINI(buf) statm = DGL_BUF_INIT(4096);
    struct dgl_error err;
    if (dgl_file_read("/proc/self/statm", 4096, &statm, &err) == DGL_OK)
        sscanf(statm.data, "%*d %ld", &pages);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static enum dgl_status run(struct bench *b, const struct dgl_buf *lines, const char *folder, long rounds,
                           struct dgl_error *err)
{
    for (long round = 0; round < rounds; round++) {
        unsigned number = 0;
        for (char *line = lines->data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, number++) {
            DGL_TRY(document(b, line, (size_t)(end - line), err));
            char path[4096];
            snprintf(path, sizeof path, "%s/%u.pdf", folder, number);
            if (round == 0)
                DGL_TRY(dgl_file_write_atomic(path, b->pdf.data, b->pdf.len, 0644, err));
        }
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        fprintf(stderr, "round %ld: %ld KiB resident, %ld KiB at most\n", round + 1, resident_kib(), usage.ru_maxrss);
    }
    return DGL_OK;
}

static enum dgl_status start(int argc, char **argv, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(FILE_MAX);
    DGL_AUTO_FINI(buf) lines = DGL_BUF_INIT(FILE_MAX);
    DGL_AUTO_FINI(diagnostics) diagnostics = {0};
    DGL_AUTO(docx) docx = NULL;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO(system_fonts) fonts = NULL;
    int64_t rounds = 1;
    if (argc == 5 && !dgl_parse_int64(argv[4], strlen(argv[4]), 1, 1000000, &rounds))
        return DGL_FAIL(err, DGL_E_INVALID, "ROUNDS is a number from 1");
    DGL_TRY(dgl_crypto_init(err));
    DGL_TRY(dgl_system_fonts_open(true, &fonts, err));
    DGL_TRY(dgl_file_read(argv[1], FILE_MAX, &package, err));
    DGL_TRY(dgl_file_read(argv[2], FILE_MAX, &lines, err));
    DGL_TRY(dgl_docx_compile(package.data, package.len, &diagnostics, &docx, err));
    DGL_AUTO(pdf_engine) engine = dgl_pdf_engine_new(dgl_system_fonts_source(fonts), NULL);
    struct bench b = {.docx = docx,
                      .engine = engine,
                      .arena = arena,
                      .package = DGL_BUF_INIT(FILE_MAX),
                      .pdf = DGL_BUF_INIT(FILE_MAX)};
    enum dgl_status status = run(&b, &lines, argv[3], (long)rounds, err);
    dgl_buf_fini(&b.package);
    dgl_buf_fini(&b.pdf);
    return status;
}

int main(int argc, char **argv)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char text[1200];
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: bench_pdf TEMPLATE DATA.ndjson OUT_FOLDER [ROUNDS]\n");
        return 2;
    }
    dgl_memory_keep(); // as in a worker
    if (start(argc, argv, &err) != DGL_OK) {
        fprintf(stderr, "bench_pdf: %s\n", dgl_error_describe(&err, text, sizeof text));
        return 1;
    }
    return 0;
}
