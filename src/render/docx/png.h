// Writing PNG (ISO/IEC 15948).
#ifndef DGL_RENDER_DOCX_PNG_H
#define DGL_RENDER_DOCX_PNG_H

#include "base/buf.h"

struct dgl_docx_png {
    uint32_t width, height;
    unsigned depth, color; // as IHDR has them
    const unsigned char *rows;
    size_t len;       // of rows; each begins with the byte of its filter
    const char *note; // a tEXt chunk "Source"; NULL = none
};
// Sets out->failed when there is no memory.
void dgl_docx_put_png(struct dgl_buf *out, const struct dgl_docx_png *png);

#endif
