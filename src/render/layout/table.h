// Tables: column widths as Word settles them, row heights, and painting of any stretch of rows.
#ifndef DGL_RENDER_LAYOUT_TABLE_H
#define DGL_RENDER_LAYOUT_TABLE_H

#include "render/layout/galley.h"

struct dgl_cell_layout {
    int32_t turned_width;      // of the galley of a turned cell, along the row's height
    struct dgl_galley *galley; // NULL for the lower cells of a merge
    struct dgl_mark shown;     // of a merged cell: what earlier pages have shown
};
struct dgl_row_layout {
    int32_t y, height, border; // border: room of its top border, part of the height
    struct dgl_cell_layout *cells;
};
struct dgl_table_layout {
    const struct dgl_table *t;
    int32_t x, width, height;
    int32_t column[DGL_LAYOUT_MAX_COLUMNS + 2]; // left edges, then the right one
    struct dgl_row_layout *rows;
    int32_t end_border; // room of the last row's bottom border
    bool rtl;
};
enum dgl_status dgl_table_layout_make(const struct dgl_text_env *env, const struct dgl_table *t, int32_t width,
                                      unsigned nesting, struct dgl_table_layout **ret,
                                      struct dgl_error *err) DGL_MUST_CHECK;
uint32_t dgl_table_rows(const struct dgl_table_layout *t);
int32_t dgl_table_row_y(const struct dgl_table_layout *t, uint32_t row); // row == rows: the table's height

// A row, or a part of one, put on a page.
struct dgl_placed_row {
    uint32_t row;
    int32_t y, height;
    struct dgl_mark *from, *to; // per cell; NULL = whole
    bool repeated;              // a header row shown again
};
void dgl_table_paint(struct dgl_canvas *c, struct dgl_table_layout *t, const struct dgl_placed_row *rows,
                     uint32_t count, int32_t x);
void dgl_table_paint_whole(struct dgl_canvas *c, const struct dgl_table_layout *t, uint32_t from, uint32_t to,
                           int32_t x, int32_t y);
// Column widths alone (table_width.c).
enum dgl_status dgl_table_widths(const struct dgl_text_env *env, const struct dgl_table *t, int32_t room,
                                 int32_t widths[DGL_LAYOUT_MAX_COLUMNS + 1], struct dgl_error *err) DGL_MUST_CHECK;
// The border of two that meet: the wider one, then the darker one (§17.4.66 as Word applies it).
const struct dgl_border *dgl_border_winner(const struct dgl_border *a, const struct dgl_border *b);

#endif
