// From boxes to content streams.
#ifndef DGL_RENDER_PDF_CONTENT_H
#define DGL_RENDER_PDF_CONTENT_H

#include "render/pdf/font.h"
#include "render/pdf/structure.h"

struct pdf_content_env {
    const struct pdf_fonts *fonts;
    struct pdf_structure *structure;
    // Index (0-based) of a picture of the package in this PDF, UINT32_MAX when it cannot be shown.
    uint32_t (*picture)(void *ctx, uint32_t member);
    bool (*leads)(void *ctx, const struct dgl_link *link); // somewhere that a link may lead to
    // A link box of the paragraph at hand.
    void (*link)(void *ctx, uint32_t page, const struct dgl_box *box);
    void *ctx;
};
// Appends the operators of a page. Fonts are /F0, /F1 …, pictures /I0, /I1 ….
void pdf_content_write(const struct dgl_page *page, uint32_t index, const struct pdf_content_env *env,
                       struct dgl_buf *out);

#endif
