// SVG pictures as vectors: the part of SVG 1.1 that drawing programs write.
//
// Paths, basic shapes, texts of several looks, groups, use, symbols, nested svg, transforms, fills with linear and
// radial gradients and patterns, opacity, clip paths, masks of one shade, markers, style sheets of simple selectors,
// embedded PNG and JPEG pictures. Filters, text on paths, scripts and anything from outside are left out, and
// `lossless` is false.
#ifndef DGL_RENDER_ART_SVG_H
#define DGL_RENDER_ART_SVG_H

#include "render/art/art.h"

// NULL when it is no SVG or past a bound.
struct dgl_art *dgl_svg_read(struct dgl_arena *a, const char *data, size_t len);

// For an SVG that is to be handed on: NULL when it holds nothing that runs or reaches outside, else what it holds, as
// in "a script". A DOCTYPE without a subset is blanked out; then `svg` is changed to a copy in the arena.
const char *dgl_svg_check(struct dgl_arena *a, struct dgl_str *svg);

#endif
