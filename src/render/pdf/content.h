// From boxes to content streams.
#ifndef DGL_RENDER_PDF_CONTENT_H
#define DGL_RENDER_PDF_CONTENT_H

#include "render/pdf/font.h"
#include "render/pdf/paints.h"
#include "render/pdf/structure.h"

struct pdf_content_env {
    const struct pdf_fonts *fonts;
    struct pdf_structure *structure;
    // Index (0-based) of a picture in this PDF, UINT32_MAX when it cannot be shown: a drawing's, or the one with these
    // bytes when there is no drawing.
    uint32_t (*picture)(void *ctx, const struct dgl_drawing *d, const void *data);
    struct pdf_paints *paints;
    bool (*leads)(void *ctx, const struct dgl_link *link); // somewhere that a link may lead to
    // A link box of the paragraph at hand.
    void (*link)(void *ctx, uint32_t page, const struct dgl_box *box);
    void *ctx;
};
// Appends the operators of a page. Fonts are /F0, /F1 …, pictures /I0, /I1 …, gradients /S0 …, graphics states /G0 ….
void pdf_content_write(const struct dgl_page *page, uint32_t index, const struct pdf_content_env *env,
                       struct dgl_buf *out);

#endif
