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
    int32_t y, height;
    int32_t border, foot; // parts of the height: room of its top border; below its cells' contents, when they lie apart
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
// Text that fills its cell's line (w:tcFitText): tells the cell's paragraphs how wide to be; 0 = as wide as they are.
void dgl_fit_cell(const struct dgl_cell *cell, int32_t width);
// Cells that lie apart (w:tblCellSpacing): what of its columns' width a cell leaves free on its left and right. As much
// lies between two cells as between a cell and the table's outline.
struct dgl_cell_gaps {
    int32_t left, right;
};
static inline struct dgl_cell_gaps dgl_cell_gaps(const struct dgl_table *t, const struct dgl_cell *cell)
{
    int32_t half = t->p.spacing;
    return (struct dgl_cell_gaps){cell->column == 0 ? 2 * half : half,
                                  cell->column + cell->span >= t->columns ? 2 * half : half};
}
// Column widths alone (table_width.c).
enum dgl_status dgl_table_widths(const struct dgl_text_env *env, const struct dgl_table *t, int32_t room,
                                 int32_t widths[DGL_LAYOUT_MAX_COLUMNS + 1], struct dgl_error *err) DGL_MUST_CHECK;
// The border of two that meet: the wider one, then the darker one (§17.4.66 as Word applies it).
const struct dgl_border *dgl_border_winner(const struct dgl_border *a, const struct dgl_border *b);

#endif
