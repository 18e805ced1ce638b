// Lines of a paragraph: breaking, tabs, alignment, heights; and their painting.
//
//        ├─ left ─┤                       ├ right ┤
//        ┌────────┬───────────────────────┬───────┐  ─┬─ before: above the first line, settled by who stacks
//        │        │First line …           │       │   │  top border and its space (part of the paragraph)
//        │        │next lines             │       │   │  lines: y and height each
//        └────────┴───────────────────────┴───────┘  ─┴─ bottom border and its space; then after
//        0                              width
#ifndef DGL_RENDER_LAYOUT_PARA_H
#define DGL_RENDER_LAYOUT_PARA_H

#include "render/layout/room.h"
#include "render/layout/text.h"

struct dgl_seg {
    const struct dgl_piece *piece;
    uint32_t first, count;
    int32_t x, width; // x from the container's left edge
    int32_t space_extra, space_rest, wide_extra;
    uint8_t leader, level;
    bool hyphen;
};
struct dgl_line {
    int32_t y, height, baseline; // y from the paragraph's first line's top; baseline from y
    int32_t x0, x1;              // the room it had
    int32_t hangs;               // how much of the height may reach below the bottom of a page
    struct dgl_seg *segs;
    uint16_t seg_count;
    bool has_notes;
    bool beside;  // goes on, on the other side of an object, the line before
    uint8_t ends; // inline kind of a forced break, DGL_IN_TEXT = none
};
struct dgl_lines {
    const struct dgl_para *para;
    const struct dgl_text *text;
    struct dgl_line *lines;
    uint32_t count;
    int32_t width, height; // height of all lines
    int32_t top, bottom;   // borders and their spaces
};

struct dgl_para_place {
    int32_t width;
    int32_t x, y; // of the first line's top left corner on the page, for exclusions
    const struct dgl_exclusion *exclusions;
    uint32_t exclusion_count;
};
enum dgl_status dgl_para_layout(const struct dgl_text_env *env, struct dgl_para *p, const struct dgl_para_place *place,
                                struct dgl_lines **ret, struct dgl_error *err) DGL_MUST_CHECK;
// Narrowest and widest useful widths of a paragraph's text, indents included.
enum dgl_status dgl_para_extent(const struct dgl_text_env *env, struct dgl_para *p, int32_t *ret_min, int32_t *ret_max,
                                struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_tab dgl_next_tab(const struct dgl_para *p, int32_t x, int32_t default_tab, bool *ret_custom);
int32_t dgl_para_border_room(const struct dgl_border *b);                   // width and space, 0 when nothing is drawn
bool dgl_para_same_box(const struct dgl_para *a, const struct dgl_para *b); // borders and shading run together

#endif
