// A filled DOCX package in, a PDF out: the native engine's one door.
//
//   package ─▶ model (render/layout/load.c) ─▶ pages of boxes (layout.c) ─▶ font subsets, content, objects (here)
//
// Pure: no file, network, clock or environment; equal input gives equal bytes. What is kept between documents (parsed
// style sheets, open faces, shape results, font subsets, prepared pictures) lives in a dgl_pdf_engine that a process
// makes once, before it gives up system calls; results never depend on what it rendered before. Not thread safe: one
// engine per thread. Source: ISO 32000-1 (PDF 1.7).
#ifndef DGL_RENDER_PDF_PDF_H
#define DGL_RENDER_PDF_PDF_H

#include "base/budget.h"
#include "base/buf.h"
#include "render/layout/findings.h"
#include "render/layout/font_library.h"
#include "render/layout/inventory.h"
#include "render/layout/layout.h"

struct dgl_pdf_engine;
// Borrows the source until freed (render/layout/system_fonts.h makes one from the machine's fonts).
// `hyphens`, for documents that want their words divided, may be NULL; both are borrowed.
struct dgl_pdf_engine *dgl_pdf_engine_new(const struct dgl_font_source *fonts, struct dgl_hyphens *hyphens);
void dgl_pdf_engine_free(struct dgl_pdf_engine *e);
DGL_DEFINE_AUTO(pdf_engine);

enum dgl_pdf_policy {
    DGL_PDF_AUTO,   // stop with DGL_E_UNSUPPORTED, slug "not_native", when the document holds what is not done here
    DGL_PDF_NATIVE, // go on with a warning
};
struct dgl_pdf_env {
    struct dgl_pdf_engine *engine;
    struct dgl_arena *arena;   // everything of this document, the report's strings included; without a limit of its own
    struct dgl_budget *budget; // steps, deadline, cancellation; memory_left bounds the arena
    int64_t created_at_us;     // the document's date
    const char *time_zone;     // IANA name; NULL = UTC
    const char *language;      // BCP 47, when the document names none; NULL = none
    const struct dgl_font_choice *fonts; // beside the machine's, before them; NULL = none
    enum dgl_pdf_policy decline;
    bool explain; // fill the report's inventory
    bool archive; // PDF/A-2b: with a colour profile, and refusing what archives may not hold
    // Called with the laid-out pages before they are painted; NULL = nobody looks. For tests and --boxes.
    void (*on_pages)(void *ctx, const struct dgl_pages *pages);
    void *ctx;
};
struct dgl_pdf_report {
    uint32_t pages;
    struct dgl_warnings warnings;          // substituted fonts, approximated and left-out features
    const struct dgl_findings *findings;   // every feature of the table that was met, in the arena
    const struct dgl_inventory *inventory; // and what is done as Word does it; NULL when nobody asked
    // Why it was declined (status DGL_E_UNSUPPORTED only): the feature's name and its place stand in err as well.
    enum dgl_feature declined; // DGL_FEATURE_COUNT = not declined
};
// Appends a whole PDF to `out`. Not a DOCX: DGL_E_MALFORMED; past a bound: DGL_E_LIMIT. *ret is filled also when the
// document is declined.
enum dgl_status dgl_pdf_render(const void *package, size_t len, const struct dgl_pdf_env *env, struct dgl_buf *out,
                               struct dgl_pdf_report *ret, struct dgl_error *err) DGL_MUST_CHECK;

// For a package that another program makes the PDF of: appends a copy that holds what it names of env->fonts
// (font_embedding.h). `out` is untouched when it names none.
enum dgl_status dgl_pdf_embed_fonts(const void *package, size_t len, const struct dgl_pdf_env *env, struct dgl_buf *out,
                                    struct dgl_warnings *warnings, struct dgl_error *err) DGL_MUST_CHECK;

#endif
