// Shapes by formulas: DrawingML's presets and custom geometries.
//
// A geometry is text in a small notation, parsed each time it is drawn:
//
//   adjust  "adj 16667"                    names and defaults of what the user may drag
//   guides  "a pin 0 adj 50000;x1 */ ss a 100000"   name, operation, operands; in order
//   text    "il it ir ib"                  rectangle of the text; "" = all
//   paths   "M l x1 A x1 x1 cd2 cd4 … Z | N M …"    one or more, parted by |
//
// Path words: M L x y; A width-radius height-radius start sweep; C six; Q four; Z. Before them: N not filled, U not
// stroked, D darker, G darker still is GG, B lighter; W width height: the path's own measure. S points ratio: a star or
// (ratio 50000) a regular polygon in the ellipse of radius `srx` and `sry` about (hc, scy).
// Source: ECMA-376 Part 1 §20.1.9, §20.1.10.56 (names of the presets).
#ifndef DGL_RENDER_ART_GEOMETRY_H
#define DGL_RENDER_ART_GEOMETRY_H

#include "render/art/art.h"

struct dgl_geometry {
    const char *name, *adjust, *guides, *text, *paths;
};
const struct dgl_geometry *dgl_geometry_preset(struct dgl_str name); // NULL when it is not known

struct dgl_adjust {
    struct dgl_str name;
    double value;
};
struct dgl_shape_path {
    struct dgl_art_path path;
    bool filled, stroked;
    int shade; // percent: -40 darker, 0, 40 lighter
    struct dgl_shape_path *next;
};
// The outline of a geometry of this size, and the rectangle of its text (left, top, right, bottom). Formulas that lead
// nowhere give 0. NULL when nothing can be drawn.
struct dgl_shape_path *dgl_geometry_outline(struct dgl_art *art, const struct dgl_geometry *g,
                                            const struct dgl_adjust *adjust, uint32_t adjust_count, double w, double h,
                                            double ret_text[4]);

#endif
