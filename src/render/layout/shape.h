// Reading shapes of DrawingML: outline, fill, line and line ends.
#ifndef DGL_RENDER_LAYOUT_SHAPE_H
#define DGL_RENDER_LAYOUT_SHAPE_H

#include "render/layout/build.h"
#include "render/layout/color.h"

// A fill element's holder (spPr, ln, bgPr …): false when it says nothing, NONE for noFill. *ret_angle of a linear one.
bool build_paint(struct builder *b, const struct dgl_x *holder, uint32_t placeholder, struct dgl_art_paint *ret,
                 double *ret_angle);
// Width, dashes, joins and ends of an `a:ln`.
void build_stroke(const struct dgl_x *ln, struct dgl_shape *s);
// Fill, line and geometry of a shape into the drawing. Plain rectangles and lines stay boxes and lines.
void build_shape_look(struct builder *b, const struct dgl_x *sp_pr, const struct dgl_x *style, struct dgl_drawing *d);
// Turning and mirroring by an `a:xfrm`, and its own size.
void build_turn(const struct dgl_x *xfrm, struct dgl_drawing *d);
double build_number(const struct dgl_str *s, double otherwise);              // decimal number
void build_dash(const char *pattern, float width, struct dgl_art_stroke *s); // "4 3 1 3" times the width

#endif
