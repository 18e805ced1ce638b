// The layers of a page: anchored drawings lie behind the text or before it, each stack in the order of its own
// (§20.4.2.3: behindDoc, relativeHeight; z-index in VML).
//
//   in the list as painted:   text  FLOAT … FLOAT_END  text  FLOAT … FLOAT_END  text
//   parted:                   behind: lowest … highest     │ text │     before: lowest … highest
//
// While a page is filled an anchored drawing stands in the list where its paragraph is, between FLOAT and FLOAT_END, so
// that what is laid out anew or moved takes it along. Once the page is full its boxes are parted. What paints nothing
// (links, bookmarks, outline entries) stays with the text, and a drawing that goes to the front leaves places there:
// readers meet it in its paragraph.
#ifndef DGL_RENDER_LAYOUT_LAYERS_H
#define DGL_RENDER_LAYOUT_LAYERS_H

#include "render/layout/boxes.h"

// Parts a list: `l` keeps the text with what lies before it, *ret_behind is what lies behind. In time n log n. False
// when there is no memory, and then the list is as it was.
bool dgl_layers_part(struct dgl_box_list *l, struct dgl_arena *a, struct dgl_box_list *ret_behind);
// Moves boxes [from, to) down, save the drawings that are placed by the page.
void dgl_layers_shift(struct dgl_box_list *l, uint32_t from, uint32_t to, int32_t by);

#endif
