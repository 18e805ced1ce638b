// Navigation: bookmarks from headings, destinations of internal links, page labels.
#ifndef DGL_RENDER_PDF_OUTLINE_H
#define DGL_RENDER_PDF_OUTLINE_H

#include "render/layout/layout.h"
#include "render/pdf/out.h"

struct pdf_anchor {
    struct dgl_str name;
    uint32_t page;
    int32_t x, y; // mpt, y down
};
struct pdf_anchors {
    struct pdf_anchor *list; // sorted by name
    uint32_t count;
};
void pdf_anchors_collect(const struct dgl_pages *pages, struct dgl_arena *a, struct pdf_anchors *ret);
const struct pdf_anchor *pdf_anchor_find(const struct pdf_anchors *a, struct dgl_str name); // NULL when unknown
void pdf_put_destination(struct dgl_buf *b, uint32_t page_object, int32_t x, int32_t y);    // y up
// Writes the outline; 0 when there are no headings.
uint32_t pdf_outline_write(struct pdf_out *o, const struct dgl_pages *pages, const uint32_t *page_objects,
                           struct dgl_arena *a);
// Appends /PageLabels when the pages are not simply 1, 2, 3 …
void pdf_put_labels(struct dgl_buf *b, const struct dgl_pages *pages);

#endif
