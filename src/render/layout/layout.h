// Document model to pages. Pure: model, fonts and a budget in, boxes out.
#ifndef DGL_RENDER_LAYOUT_LAYOUT_H
#define DGL_RENDER_LAYOUT_LAYOUT_H

#include "render/layout/boxes.h"

struct dgl_layout_env {
    struct dgl_arena *arena; // pages and boxes live here
    struct dgl_fonts *fonts;
    struct dgl_budget *budget;
};
struct dgl_pages {
    struct dgl_page *pages;
    uint32_t count;
};
// Lays a document out; paragraphs of the model keep their glyphs (`shaped`). Past the bounds: DGL_E_LIMIT.
enum dgl_status dgl_layout(struct dgl_document *doc, const struct dgl_layout_env *env, struct dgl_pages *ret,
                           struct dgl_error *err) DGL_MUST_CHECK;
// Boxes as text, one a line, for tests and eyes: `text 72.000 84.250 "Hello" Carlito 11.000`.
void dgl_pages_dump(const struct dgl_pages *p, struct dgl_buf *out);

#endif
