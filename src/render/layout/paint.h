// Putting laid-out things on a page as boxes.
#ifndef DGL_RENDER_LAYOUT_PAINT_H
#define DGL_RENDER_LAYOUT_PAINT_H

#include "render/layout/para.h"

struct dgl_canvas {
    const struct dgl_text_env *env;
    struct dgl_page *page;
    struct dgl_box_list *list; // &page->over or &page->under
    uint32_t expected;         // boxes of a page, by the one before; 0 = not known
    const struct dgl_section *section;
    int32_t body_top, body_bottom; // page coordinates
    int32_t column_x, column_width;
    uint32_t background; // colour behind the text, DGL_COLOR_NONE = paper
    unsigned nesting;
    bool held;                 // anchored drawings stay where they are met: inside a turned text, or in one another
    bool headings;             // outline entries wanted: the body, not headers
    const struct dgl_tag *tag; // what the paragraphs painted stand in; NULL = the body
    enum dgl_status status;    // first failure
    struct dgl_error *err;
};
// How a stretch of lines meets its neighbours.
struct dgl_para_edges {
    bool top, bottom; // draw these borders
    bool between;     // draw the between border at the top
    int32_t above;    // shading and side borders reach this much above the first line's top border
};
struct dgl_box *dgl_canvas_box(struct dgl_canvas *c, enum dgl_box_kind kind, int32_t x, int32_t y, int32_t w,
                               int32_t h);
// What is painted between the two is turned by the matrix about (x, y). Links and bookmarks stay in the page's own
// coordinates: a link becomes the upright box around the turned one. The first call's result goes to the second.
uint32_t dgl_canvas_turn(struct dgl_canvas *c, int32_t x, int32_t y, const struct dgl_matrix *m);
void dgl_canvas_turn_end(struct dgl_canvas *c, uint32_t turn);
void dgl_canvas_rect(struct dgl_canvas *c, int32_t x, int32_t y, int32_t w, int32_t h, uint32_t color);
void dgl_canvas_line(struct dgl_canvas *c, int32_t x, int32_t y, int32_t w, int32_t h, const struct dgl_border *b);
// What "automatic" is over this: dark on light, light on dark.
uint32_t dgl_canvas_text_color(const struct dgl_canvas *c, const struct dgl_rpr *r, uint32_t behind);
void dgl_canvas_link(struct dgl_canvas *c, const struct dgl_link *link, int32_t x, int32_t y, int32_t w, int32_t h);
// Lines [from, to) of a paragraph; (x, y) is where the container's left edge and the first line's top are.
void dgl_paint_lines(struct dgl_canvas *c, const struct dgl_lines *l, uint32_t from, uint32_t to, int32_t x, int32_t y,
                     struct dgl_para_edges edges);
// Where an anchored drawing of a paragraph goes on the page.
void dgl_drawing_place(const struct dgl_canvas *c, const struct dgl_drawing *d, int32_t para_x, int32_t para_y,
                       int32_t *ret_x, int32_t *ret_y, int32_t *ret_w, int32_t *ret_h);
void dgl_paint_drawing(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w, int32_t h);

#endif
