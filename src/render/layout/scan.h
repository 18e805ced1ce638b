// Looking through the paragraphs of blocks once they are built.
#ifndef DGL_RENDER_LAYOUT_SCAN_H
#define DGL_RENDER_LAYOUT_SCAN_H

#include "render/layout/model.h"

// Calls `visit` for each paragraph, also in tables, frames and text boxes, in the order of the text, until it returns
// false. Returns false when it did.
bool dgl_blocks_each(const struct dgl_block *blocks, bool (*visit)(void *ctx, const struct dgl_para *p), void *ctx);

// The number of the first paragraph with East Asian text that stands on the character grid; 0 = none.
uint32_t dgl_scan_east_asian(const struct dgl_block *blocks);

#endif
