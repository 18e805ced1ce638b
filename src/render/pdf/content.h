// From boxes to content streams.
#ifndef DGL_RENDER_PDF_CONTENT_H
#define DGL_RENDER_PDF_CONTENT_H

#include "render/pdf/font.h"

// Object index (0-based) of a picture of the package in this PDF, UINT32_MAX when it cannot be shown.
struct pdf_picture_lookup {
    uint32_t (*index)(void *ctx, uint32_t member);
    void *ctx;
};
// Appends the page's operators. Fonts are /F0, /F1 …, pictures /I0, /I1 ….
void pdf_content_write(const struct dgl_page *page, const struct pdf_fonts *fonts,
                       const struct pdf_picture_lookup *pictures, struct dgl_buf *out);

#endif
