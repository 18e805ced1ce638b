// Shapes as vectors of a known size.
#ifndef DGL_RENDER_LAYOUT_SHAPE_ART_H
#define DGL_RENDER_LAYOUT_SHAPE_ART_H

#include "render/layout/text.h"

// The drawing's shape at this size in mpt, and the rectangle of its text (left, top, right, bottom). NULL when there is
// nothing to paint or no memory.
struct dgl_art *dgl_shape_art(struct dgl_arena *a, const struct dgl_drawing *d, int32_t w, int32_t h,
                              double ret_text[4]);
// What the shape, or the picture, throws on what lies behind it; to be painted before it. NULL when it throws none.
struct dgl_art *dgl_shape_shadow(struct dgl_arena *a, const struct dgl_drawing *d, int32_t w, int32_t h);

#endif
