// Anchored things beside the text: boxes that follow their contents, and the room they take from lines.
#ifndef DGL_RENDER_LAYOUT_FLOATS_H
#define DGL_RENDER_LAYOUT_FLOATS_H

#include "render/layout/galley.h"

#define DGL_BOX_MIN_WIDTH 2000 // mpt: text in a box always has this much room

// Width and height of a box that follows its contents, once per document; `room` bounds the width.
enum dgl_status dgl_drawing_settle(const struct dgl_text_env *env, const struct dgl_drawing *d, unsigned nesting,
                                   int32_t room, struct dgl_error *err) DGL_MUST_CHECK;
// The room an anchored drawing takes; false when text does not flow around it.
bool dgl_exclusion_of(const struct dgl_canvas *c, const struct dgl_drawing *d, int32_t para_x, int32_t para_y,
                      struct dgl_exclusion *ret);

#endif
