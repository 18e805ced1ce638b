// Drawings as pixels, for readers that know no vectors.
//
// Fills and strokes of straight colours and gradients, dashes, clips; anti-aliased by exact coverage. Texts and
// embedded pictures are left out, the opacity of a group is that of each of its items, and a gradient's focus is its
// centre. Work is bounded: what goes beyond the bound is left out.
#ifndef DGL_RENDER_ART_RASTER_H
#define DGL_RENDER_ART_RASTER_H

#include "render/art/art.h"

// RGBA, 8 bits each, alpha not multiplied in, rows from the top; in arena `a`. NULL when there is no memory or a side
// is 0 or longer than DGL_ART_MAX_RASTER.
uint8_t *dgl_art_rasterise(const struct dgl_art *art, struct dgl_arena *a, uint32_t width, uint32_t height);

#endif
