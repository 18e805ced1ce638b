// Blocks stacked in a column of fixed width: the contents of cells, headers, notes and text boxes.
//
// A galley is a list of slabs (paragraphs and tables), each with its y. A mark is a place between two lines or rows of
// it; what lies between two marks can be measured and painted, so a galley may be shown on several pages.
#ifndef DGL_RENDER_LAYOUT_GALLEY_H
#define DGL_RENDER_LAYOUT_GALLEY_H

#include "render/layout/paint.h"

struct dgl_table_layout;
struct dgl_slab {
    const struct dgl_lines *lines; // or
    const struct dgl_table_layout *table;
    int32_t y;      // top of the first line, or of the table
    int32_t height; // to the end of the last line (bottom border included), or of the table
    bool joined;    // shares its box with the paragraph above
};
struct dgl_galley {
    struct dgl_slab *slabs;
    uint32_t count;
    int32_t width, height;            // spaces before the first and after the last included
    struct dgl_exclusion *exclusions; // in the galley's own coordinates
    uint32_t exclusion_count;
};
struct dgl_mark {
    uint32_t slab, sub;
};
enum dgl_status dgl_galley_layout(const struct dgl_text_env *env, const struct dgl_block *blocks, int32_t width,
                                  unsigned nesting, struct dgl_galley **ret, struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_mark dgl_galley_start(void);
struct dgl_mark dgl_galley_end(const struct dgl_galley *g);
bool dgl_mark_same(struct dgl_mark a, struct dgl_mark b);
// Top of what follows a mark.
int32_t dgl_galley_y(const struct dgl_galley *g, struct dgl_mark m);
// The mark up to which the galley fits into `room` from `from`; equal to `from` when nothing does.
struct dgl_mark dgl_galley_fit(const struct dgl_galley *g, struct dgl_mark from, int32_t room);
int32_t dgl_galley_height(const struct dgl_galley *g, struct dgl_mark from, struct dgl_mark to);
void dgl_paint_galley(struct dgl_canvas *c, const struct dgl_galley *g, struct dgl_mark from, struct dgl_mark to,
                      int32_t x, int32_t y);
// A whole galley that runs down (turn 1) from its top right corner or up (turn 3) from its bottom left one. The boxes
// are those of upright text from that corner, between PUSH and POP.
void dgl_paint_turned(struct dgl_canvas *c, const struct dgl_galley *g, uint8_t turn, int32_t x, int32_t y);
// Space between two blocks that follow each other; either may be NULL. Word takes the larger of after and before.
int32_t dgl_space_between(const struct dgl_para *above, const struct dgl_para *below);

#endif
