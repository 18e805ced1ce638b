// Rows and cells.
//
//      column[0]        column[1]
//   y ─┬── border ───────┬──────────────┐   a row's height: its top border, then for the tallest cell
//      │ margin          │              │   top margin, contents, bottom margin
//      │   contents      │              │   the table ends with the last row's bottom border
//      │ margin          │              │
//      └─────────────────┴──────────────┘
//
// Borders stand on the lines between cells; where two cells disagree the winner is found per column when painting.
// Cells that lie apart (w:tblCellSpacing) have each a box of their own, and the table an outline around them all.
#include "render/layout/table.h"

#include <string.h>

#define MAX_TURNED_LENGTH 400000 // mpt: longer texts that run up or down are broken into lines

static uint32_t luminance(uint32_t rgb)
{
    return rgb <= 0xFFFFFF ? (rgb >> 16 & 255) + 2 * (rgb >> 8 & 255) + (rgb & 255) : 0;
}

const struct dgl_border *dgl_border_winner(const struct dgl_border *a, const struct dgl_border *b)
{
    static const struct dgl_border none = {0};
    bool has_a = a && a->kind != DGL_LINE_NONE, has_b = b && b->kind != DGL_LINE_NONE;
    if (!has_a || !has_b)
        return has_a ? a : has_b ? b : &none;
    if (a->width != b->width)
        return a->width > b->width ? a : b;
    if ((a->kind == DGL_LINE_DOUBLE) != (b->kind == DGL_LINE_DOUBLE))
        return a->kind == DGL_LINE_DOUBLE ? a : b;
    return luminance(a->color) <= luminance(b->color) ? a : b;
}

uint32_t dgl_table_rows(const struct dgl_table_layout *t)
{
    return t->t->row_count;
}

int32_t dgl_table_row_y(const struct dgl_table_layout *t, uint32_t row)
{
    return row < t->t->row_count ? t->rows[row].y : t->height;
}

// ---- The grid ----

typedef const struct dgl_cell *dgl_cells_by_column[DGL_LAYOUT_MAX_COLUMNS + 1];

static void map_row(const struct dgl_table *t, uint32_t row, dgl_cells_by_column map)
{
    memset(map, 0, sizeof(dgl_cells_by_column));
    if (row >= t->row_count)
        return;
    for (uint16_t i = 0; i < t->rows[row].cell_count; i++) {
        const struct dgl_cell *cell = &t->rows[row].cells[i];
        for (uint16_t k = cell->column; k < cell->column + cell->span && k < t->columns; k++)
            map[k] = cell;
    }
}

// The border between the row above and this one in a column; nothing inside a vertical merge.
static const struct dgl_border *edge_above(const struct dgl_cell *above, const struct dgl_cell *here)
{
    static const struct dgl_border none = {0};
    if (above && here && here->rows == 0 && above->column == here->column && above->span == here->span)
        return &none;
    return dgl_border_winner(above ? &above->border[DGL_BOTTOM] : NULL, here ? &here->border[DGL_TOP] : NULL);
}

static int32_t border_room(const struct dgl_table *t, uint32_t row)
{
    dgl_cells_by_column above, here;
    int32_t widest = 0;
    map_row(t, row - 1, above); // row 0 wraps to a row that is not there
    map_row(t, row, here);
    for (uint16_t k = 0; k < t->columns; k++)
        widest = DGL_MAX(widest, edge_above(above[k], here[k])->width);
    return widest;
}

// ---- Heights ----

static int32_t cell_width(const struct dgl_table_layout *l, const struct dgl_cell *cell)
{
    struct dgl_cell_gaps gaps = dgl_cell_gaps(l->t, cell);
    int32_t columns =
        l->column[DGL_MIN(cell->column + cell->span, l->t->columns)] - l->column[DGL_MIN(cell->column, l->t->columns)];
    return DGL_MAX(columns - gaps.left - gaps.right, 0);
}

// Between the row's top and its cells' boxes, and below them.
static int32_t gap_above(const struct dgl_table *t, uint32_t row)
{
    return t->p.spacing == 0 ? 0 : row == 0 ? t->outline[DGL_TOP].width + 2 * t->p.spacing : t->p.spacing;
}

static int32_t gap_below(const struct dgl_table *t, uint32_t row)
{
    return row + 1 == t->row_count ? 2 * t->p.spacing : t->p.spacing;
}

static int32_t widest_border(const struct dgl_row *row, enum dgl_side side)
{
    int32_t widest = 0;
    for (uint16_t i = 0; i < row->cell_count; i++)
        widest = DGL_MAX(widest, row->cells[i].border[side].width);
    return widest;
}

static void set_border_room(struct dgl_table_layout *l, uint32_t r)
{
    const struct dgl_row *row = &l->t->rows[r];
    struct dgl_row_layout *out = &l->rows[r];
    out->border = border_room(l->t, r);
    if (l->t->p.spacing == 0)
        return;
    out->border = gap_above(l->t, r) + widest_border(row, DGL_TOP);
    out->foot = gap_below(l->t, r) + widest_border(row, DGL_BOTTOM);
}

void dgl_fit_cell(const struct dgl_cell *cell, int32_t width)
{
    for (const struct dgl_block *b = cell->p.fit_text ? cell->blocks : NULL; b; b = b->next) {
        struct dgl_para *p = b->para;
        int32_t fit =
            b->kind == DGL_BLOCK_PARA && width ? DGL_MAX(width - p->p.left - p->p.right - p->p.first, 1000) : 0;
        if (b->kind != DGL_BLOCK_PARA || p->fit == fit)
            continue;
        p->fit = fit;
        p->shaped = NULL;
    }
}

// Cells whose text runs up or down: their lines are as long as the row is high. Without a height of its own the row
// grows until the text stands in one line.
static enum dgl_status turned_cells(const struct dgl_text_env *env, struct dgl_table_layout *l, uint32_t r,
                                    unsigned nesting, int32_t *content, struct dgl_error *err)
{
    const struct dgl_row *row = &l->t->rows[r];
    for (uint16_t i = 0; i < row->cell_count; i++) {
        const struct dgl_cell *cell = &row->cells[i];
        struct dgl_cell_layout *lc = &l->rows[r].cells[i];
        int32_t sides = cell->margin[DGL_TOP] + cell->margin[DGL_BOTTOM], min = 0, max = 0;
        if (!cell->p.turn || cell->rows == 0)
            continue;
        int32_t room = DGL_MAX(*content, row->p.height) - sides;
        for (const struct dgl_block *b = cell->blocks; b; b = b->next)
            if (b->kind == DGL_BLOCK_PARA)
                DGL_TRY(dgl_para_extent(env, b->para, &min, &max, err));
        if (row->p.height == 0 && cell->rows == 1)
            room = DGL_MAX(room, DGL_MIN(max, MAX_TURNED_LENGTH));
        else if (cell->rows > 1) // a merged cell has its rows' heights, which are not known yet
            room = DGL_MAX(room, DGL_MIN(max, MAX_TURNED_LENGTH));
        lc->turned_width = DGL_MAX(room, 2000);
        DGL_TRY(dgl_galley_layout(env, cell->blocks, lc->turned_width, nesting + 1, &lc->galley, err));
        if (cell->rows == 1)
            *content = DGL_MAX(*content, lc->turned_width + sides);
    }
    return DGL_OK;
}

static enum dgl_status row_layout(const struct dgl_text_env *env, struct dgl_table_layout *l, uint32_t r,
                                  unsigned nesting, struct dgl_error *err)
{
    const struct dgl_row *row = &l->t->rows[r];
    struct dgl_row_layout *out = &l->rows[r];
    int32_t content = 0;
    out->cells = dgl_arena_alloc_try(env->arena, (row->cell_count + 1u) * sizeof(*out->cells));
    if (!out->cells)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more memory than one document may use");
    for (uint16_t i = 0; i < row->cell_count; i++) {
        const struct dgl_cell *cell = &row->cells[i];
        if (cell->rows == 0 || cell->p.turn)
            continue;
        int32_t inner = cell_width(l, cell) - cell->margin[DGL_LEFT] - cell->margin[DGL_RIGHT];
        dgl_fit_cell(cell, DGL_MAX(inner, 2000));
        DGL_TRY(dgl_galley_layout(env, cell->blocks, DGL_MAX(inner, 2000), nesting + 1, &out->cells[i].galley, err));
        if (cell->rows == 1)
            content = DGL_MAX(content, out->cells[i].galley->height + cell->margin[DGL_TOP] + cell->margin[DGL_BOTTOM]);
    }
    DGL_TRY(turned_cells(env, l, r, nesting, &content, err));
    set_border_room(l, r);
    out->height = out->border + content + out->foot;
    if (row->p.height_rule == DGL_RULE_EXACT && row->p.height)
        out->height = row->p.height;
    else
        out->height = DGL_MAX(out->height, row->p.height);
    return DGL_OK;
}

// A merged cell that is taller than its rows makes the last of them taller.
static void stretch_merges(struct dgl_table_layout *l)
{
    for (uint32_t r = 0; r < l->t->row_count; r++)
        for (uint16_t i = 0; i < l->t->rows[r].cell_count; i++) {
            const struct dgl_cell *cell = &l->t->rows[r].cells[i];
            if (cell->rows < 2 || !l->rows[r].cells[i].galley)
                continue;
            uint32_t last = DGL_MIN(r + cell->rows, l->t->row_count) - 1;
            int64_t have = -l->rows[r].border - l->rows[last].foot;
            for (uint32_t k = r; k <= last; k++)
                have += l->rows[k].height;
            int64_t need = (cell->p.turn ? l->rows[r].cells[i].turned_width : l->rows[r].cells[i].galley->height) +
                           cell->margin[DGL_TOP] + cell->margin[DGL_BOTTOM];
            if (need > have && l->t->rows[last].p.height_rule != DGL_RULE_EXACT)
                l->rows[last].height += (int32_t)(need - have);
        }
}

static void place_table(const struct dgl_text_env *env, struct dgl_table_layout *l, int32_t room, unsigned nesting)
{
    const struct dgl_table *t = l->t;
    if (t->p.floating && nesting == 0) { // set in the text
        l->x = t->settled_x;
        return;
    }
    switch (t->p.jc) {
    case DGL_JC_CENTER:
        l->x = (room - l->width) / 2;
        return;
    case DGL_JC_END:
        l->x = room - l->width;
        return;
    default:
        l->x = t->p.indent;
        // Until Word 2010 the text of the first column, not the table's edge, stood at the margin.
        if (env->doc->sheet->settings.compat < 15 && nesting == 0)
            l->x -= t->side_margin[0];
        if (l->rtl)
            l->x = room - l->width - l->x;
    }
}

enum dgl_status dgl_table_layout_make(const struct dgl_text_env *outer, const struct dgl_table *t, int32_t width,
                                      unsigned nesting, struct dgl_table_layout **ret, struct dgl_error *err)
{
    struct dgl_text_env inner = *outer, *env = &inner;
    inner.in_cell = true;
    if (!outer->doc->sheet->settings.grid_in_tables) // §17.15.3.1
        inner.grid_pitch = 0;
    struct dgl_table_layout *l = DGL_ARENA_NEW(env->arena, struct dgl_table_layout);
    int32_t widths[DGL_LAYOUT_MAX_COLUMNS + 1] = {0};
    l->t = t;
    l->rtl = t->p.bidi;
    l->rows = dgl_arena_alloc_try(env->arena, (t->row_count + 1) * sizeof(*l->rows));
    if (!l->rows)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large", "a table has too many rows");
    DGL_TRY(dgl_table_widths(env, t, width, widths, err));
    for (uint16_t i = 0; i < t->columns; i++)
        l->column[i + 1] = DGL_MIN(l->column[i] + DGL_MAX(widths[i], 0), 2 * DGL_LAYOUT_MAX_LENGTH);
    l->width = l->column[t->columns];
    place_table(env, l, width, nesting);
    for (uint32_t r = 0; r < t->row_count; r++) {
        DGL_TRY(dgl_work_tick(env->budget, env->arena, err));
        DGL_TRY(row_layout(env, l, r, nesting, err));
    }
    stretch_merges(l);
    int64_t y = 0;
    for (uint32_t r = 0; r < t->row_count; r++) {
        l->rows[r].y = (int32_t)y;
        y += l->rows[r].height;
        if (y > INT32_MAX / 2)
            return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large", "a table is too tall");
    }
    l->end_border = t->p.spacing ? t->outline[DGL_BOTTOM].width : border_room(t, t->row_count);
    l->height = (int32_t)y + l->end_border;
    *ret = l;
    return DGL_OK;
}

// ---- Painting ----

struct table_paint {
    struct dgl_canvas *c;
    struct dgl_table_layout *l;
    const struct dgl_placed_row *rows;
    uint32_t count;
    int32_t x;
};

static int32_t column_x(const struct table_paint *p, uint16_t k)
{
    return p->x + (p->l->rtl ? p->l->width - p->l->column[k] : p->l->column[k]);
}

// The left edge of a cell's box.
static int32_t cell_x(const struct table_paint *p, const struct dgl_cell *cell)
{
    const struct dgl_table *t = p->l->t;
    struct dgl_cell_gaps gaps = dgl_cell_gaps(t, cell);
    uint16_t end = (uint16_t)DGL_MIN(cell->column + cell->span, t->columns);
    return p->l->rtl ? column_x(p, end) + gaps.right : column_x(p, cell->column) + gaps.left;
}

// Height on this page of what a cell covers, from placed row `at` on.
static int32_t covered(const struct table_paint *p, uint32_t at, uint32_t end_row, uint32_t *ret_last, bool *ret_ends)
{
    int32_t h = 0;
    uint32_t i = at;
    for (; i < p->count && p->rows[i].row < end_row && p->rows[i].row >= p->rows[at].row; i++)
        h += p->rows[i].height;
    *ret_last = p->rows[i - 1].row;
    *ret_ends = p->rows[i - 1].row + 1 >= end_row && !p->rows[i - 1].to;
    return h;
}

// The cell's place in the document's structure; the canvas's own when there is no memory.
static const struct dgl_tag *cell_tag(struct table_paint *p, const struct dgl_cell *cell, uint32_t row, bool repeated)
{
    const struct dgl_table *t = p->l->t;
    struct dgl_tag *tags = dgl_arena_alloc_try(p->c->env->arena, 3 * sizeof(*tags));
    if (!tags)
        return p->c->tag;
    if (repeated) {
        tags[0] = (struct dgl_tag){.kind = DGL_TAG_REPEATED, .key = cell, .outer = p->c->tag};
        return tags;
    }
    const struct dgl_block *b = cell->blocks;
    tags[2] = (struct dgl_tag){.kind = DGL_TAG_TABLE, .key = t, .outer = p->c->tag};
    tags[1] = (struct dgl_tag){.kind = DGL_TAG_ROW, .key = &t->rows[row], .outer = &tags[2]};
    tags[0] = (struct dgl_tag){.kind = DGL_TAG_CELL,
                               .key = cell,
                               .outer = &tags[1],
                               .header = t->rows[row].p.header,
                               .single = b && b->kind == DGL_BLOCK_PARA && !b->next,
                               .span = cell->span,
                               .rows = cell->rows};
    return tags;
}

// A turned cell shows all of its text, on the row's first page.
static void paint_turned(struct table_paint *p, const struct dgl_cell *cell, const struct dgl_galley *g, int32_t top,
                         int32_t height, const struct dgl_tag *tag)
{
    int32_t x0 = cell_x(p, cell) + cell->margin[DGL_LEFT],
            width = cell_width(p->l, cell) - cell->margin[DGL_LEFT] - cell->margin[DGL_RIGHT];
    int32_t spare = DGL_MAX(0, width - g->height), free = height - cell->margin[DGL_TOP] - cell->margin[DGL_BOTTOM];
    int32_t shift = cell->p.valign == DGL_VALIGN_CENTER ? spare / 2 : cell->p.valign == DGL_VALIGN_BOTTOM ? spare : 0;
    int32_t along = DGL_MAX(0, free - g->width) / 2; // a row that grew after the text was set
    bool down = cell->p.turn == 1;
    int32_t x = down ? x0 + width - shift : x0 + shift,
            y = down ? top + cell->margin[DGL_TOP] + along : top + height - cell->margin[DGL_BOTTOM] - along;
    struct dgl_canvas inside = *p->c;
    inside.nesting++;
    inside.tag = tag;
    inside.column_x = x;
    inside.column_width = g->width;
    if (cell->shade != DGL_COLOR_NONE)
        inside.background = cell->shade;
    dgl_paint_turned(&inside, g, cell->p.turn, x, y);
    p->c->status = inside.status;
}

static void paint_contents(struct table_paint *p, const struct dgl_cell *cell, const struct dgl_galley *g,
                           struct dgl_mark from, struct dgl_mark to, int32_t top, int32_t height,
                           const struct dgl_tag *tag)
{
    int32_t used = dgl_galley_height(g, from, to), inner = height - cell->margin[DGL_TOP] - cell->margin[DGL_BOTTOM];
    int32_t spare = DGL_MAX(0, inner - used);
    int32_t y = top + cell->margin[DGL_TOP] +
                (cell->p.valign == DGL_VALIGN_CENTER   ? spare / 2
                 : cell->p.valign == DGL_VALIGN_BOTTOM ? spare
                                                       : 0);
    int32_t x = cell_x(p, cell) + cell->margin[DGL_LEFT];
    struct dgl_canvas inside = *p->c;
    inside.nesting++;
    inside.tag = tag;
    inside.column_x = x;
    inside.column_width = g->width;
    if (cell->shade != DGL_COLOR_NONE)
        inside.background = cell->shade;
    dgl_paint_galley(&inside, g, from, to, x, y);
    p->c->status = inside.status;
}

// What a page shows where a row has a cell: a merge's origin where the page begins with a lower part of it; NULL where
// something above covers it.
struct shown_cell {
    const struct dgl_cell *cell;
    uint32_t row;
    uint16_t index;
    int32_t height; // of all rows that it covers here
    uint32_t last;  // of them
    bool ends;
};
static bool find_shown(const struct table_paint *p, uint32_t at, uint16_t index, struct shown_cell *ret)
{
    const struct dgl_placed_row *placed = &p->rows[at];
    const struct dgl_table *t = p->l->t;
    *ret = (struct shown_cell){.cell = &t->rows[placed->row].cells[index], .row = placed->row, .index = index};
    if (ret->cell->rows == 0) { // the lower part of a merge, of interest only when the page begins with it
        bool continued = at > 0 && p->rows[at - 1].row + 1 == placed->row && !p->rows[at - 1].repeated;
        if (continued)
            return false;
        ret->row = ret->cell->origin_row;
        ret->index = ret->cell->origin_index;
        ret->cell = &t->rows[ret->row].cells[ret->index];
    }
    ret->height = covered(p, at, ret->row + ret->cell->rows, &ret->last, &ret->ends);
    return true;
}

static void paint_cell(struct table_paint *p, uint32_t at, uint16_t index)
{
    const struct dgl_placed_row *placed = &p->rows[at];
    struct shown_cell shown;
    if (!find_shown(p, at, index, &shown))
        return;
    const struct dgl_cell *cell = shown.cell;
    uint32_t row = shown.row;
    index = shown.index;
    struct dgl_cell_layout *lc = &p->l->rows[row].cells[index];
    bool ends = shown.ends;
    int32_t border = p->l->rows[placed->row].border;
    int32_t height = shown.height - border - p->l->rows[shown.last].foot, top = placed->y + border;
    if (!lc->galley)
        return;
    const struct dgl_tag *tag = cell_tag(p, cell, row, placed->repeated);
    if (cell->p.turn) {
        if (!placed->from || dgl_mark_same(placed->from[index], dgl_galley_start()))
            paint_turned(p, cell, lc->galley, top, height, tag);
        return;
    }
    if (cell->rows == 1) {
        struct dgl_mark from = placed->from ? placed->from[index] : dgl_galley_start();
        struct dgl_mark to = placed->to ? placed->to[index] : dgl_galley_end(lc->galley);
        paint_contents(p, cell, lc->galley, from, to, top, height, tag);
        return;
    }
    struct dgl_mark from = placed->repeated ? dgl_galley_start() : lc->shown, to = dgl_galley_end(lc->galley);
    if (!ends && !placed->repeated)
        to = dgl_galley_fit(lc->galley, from, height - cell->margin[DGL_TOP]);
    if (!placed->repeated)
        lc->shown = to;
    paint_contents(p, cell, lc->galley, from, to, top, height, tag);
}

static void paint_shades(struct table_paint *p, uint32_t at)
{
    const struct dgl_placed_row *placed = &p->rows[at];
    const struct dgl_row *row = &p->l->t->rows[placed->row];
    for (uint16_t i = 0; i < row->cell_count; i++) {
        const struct dgl_cell *cell = &row->cells[i];
        uint32_t shade = cell->rows ? cell->shade : p->l->t->rows[cell->origin_row].cells[cell->origin_index].shade;
        uint16_t end = (uint16_t)DGL_MIN(cell->column + cell->span, p->l->t->columns);
        int32_t x0 = column_x(p, p->l->rtl ? end : cell->column), x1 = column_x(p, p->l->rtl ? cell->column : end);
        dgl_canvas_rect(p->c, x0, placed->y, x1 - x0, placed->height, shade);
        dgl_canvas_line(p->c, x0, placed->y, x1 - x0, placed->height, &cell->p.diagonal[p->l->rtl]);
        dgl_canvas_line(p->c, x0, placed->y + placed->height, x1 - x0, -placed->height, &cell->p.diagonal[!p->l->rtl]);
    }
}

// A horizontal edge, joined over columns that agree.
static void paint_edge(struct table_paint *p, const dgl_cells_by_column above, const dgl_cells_by_column here,
                       int32_t y)
{
    uint16_t n = p->l->t->columns;
    for (uint16_t k = 0; k < n;) {
        const struct dgl_border *b = edge_above(above[k], here[k]);
        uint16_t end = (uint16_t)(k + 1);
        while (end < n) {
            const struct dgl_border *next = edge_above(above[end], here[end]);
            if (next->kind != b->kind || next->width != b->width || next->color != b->color)
                break;
            end++;
        }
        if (b->kind != DGL_LINE_NONE) {
            int32_t x0 = column_x(p, p->l->rtl ? end : k), x1 = column_x(p, p->l->rtl ? k : end);
            // Half a line's width more on both sides closes the corners.
            dgl_canvas_line(p->c, x0 - b->width / 2, y + b->width / 2, x1 - x0 + b->width, 0, b);
        }
        k = end;
    }
}

static void paint_verticals(struct table_paint *p, uint32_t at, const dgl_cells_by_column here)
{
    const struct dgl_placed_row *placed = &p->rows[at];
    uint16_t n = p->l->t->columns;
    for (uint16_t k = 0; k <= n; k++) {
        const struct dgl_cell *left = k ? here[k - 1] : NULL, *right = k < n ? here[k] : NULL;
        if (left == right)
            continue;
        const struct dgl_border *b =
            dgl_border_winner(left ? &left->border[DGL_RIGHT] : NULL, right ? &right->border[DGL_LEFT] : NULL);
        dgl_canvas_line(p->c, column_x(p, k), placed->y, 0, placed->height, b);
    }
}

static void paint_borders(struct table_paint *p, uint32_t at)
{
    const struct dgl_placed_row *placed = &p->rows[at];
    dgl_cells_by_column above, here, below;
    map_row(p->l->t, placed->row, here);
    map_row(p->l->t, placed->row - 1, above);
    bool follows = at > 0 && p->rows[at - 1].row == placed->row;
    if (!follows) {
        bool first = at == 0 || p->rows[at - 1].row + 1 != placed->row;
        if (first && placed->row > 0) // a page begins here: even inside a merge the edge is drawn
            for (uint16_t k = 0; k < p->l->t->columns; k++)
                if (here[k] && here[k]->rows == 0)
                    here[k] = above[k] ? above[k] : here[k];
        paint_edge(p, above, here, placed->y);
        map_row(p->l->t, placed->row, here);
    }
    paint_verticals(p, at, here);
    if (at + 1 < p->count && p->rows[at + 1].row == placed->row + 1)
        return;
    map_row(p->l->t, placed->to ? p->l->t->row_count : placed->row + 1, below);
    for (uint16_t k = 0; k < p->l->t->columns; k++)
        if (below[k] && below[k]->rows == 0)
            below[k] = NULL;
    paint_edge(p, here, below, placed->y + placed->height);
}

// ---- Cells that lie apart ----

// A box of four lines, which lie inside it.
static void paint_frame(struct dgl_canvas *c, int32_t x0, int32_t y0, int32_t x1, int32_t y1,
                        const struct dgl_border border[4], bool open_above, bool open_below)
{
    int32_t w = x1 - x0, h = y1 - y0;
    if (!open_above)
        dgl_canvas_line(c, x0, y0 + border[DGL_TOP].width / 2, w, 0, &border[DGL_TOP]);
    if (!open_below)
        dgl_canvas_line(c, x0, y1 - border[DGL_BOTTOM].width / 2, w, 0, &border[DGL_BOTTOM]);
    dgl_canvas_line(c, x0 + border[DGL_LEFT].width / 2, y0, 0, h, &border[DGL_LEFT]);
    dgl_canvas_line(c, x1 - border[DGL_RIGHT].width / 2, y0, 0, h, &border[DGL_RIGHT]);
}

static void paint_apart(struct table_paint *p, uint32_t at, bool shades)
{
    const struct dgl_placed_row *placed = &p->rows[at];
    const struct dgl_table *t = p->l->t;
    for (uint16_t i = 0; i < t->rows[placed->row].cell_count; i++) {
        struct shown_cell shown;
        if (!find_shown(p, at, i, &shown))
            continue;
        const struct dgl_cell *cell = shown.cell;
        int32_t x = cell_x(p, cell), w = cell_width(p->l, cell), y = placed->y + gap_above(t, placed->row),
                end = placed->y + shown.height - gap_below(t, shown.last);
        if (shades) {
            dgl_canvas_rect(p->c, x, y, w, end - y, cell->shade);
            dgl_canvas_line(p->c, x, y, w, end - y, &cell->p.diagonal[p->l->rtl]);
            dgl_canvas_line(p->c, x, end, w, y - end, &cell->p.diagonal[!p->l->rtl]);
        } else {
            paint_frame(p->c, x, y, x + w, end, cell->border, false, false);
        }
    }
}

static void paint_outline(struct table_paint *p)
{
    const struct dgl_placed_row *first = &p->rows[0], *last = &p->rows[p->count - 1];
    bool starts = first->row == 0 || first->repeated, ends = last->row + 1 == p->l->t->row_count && !last->to;
    int32_t bottom = last->y + last->height + (ends ? p->l->end_border : 0);
    paint_frame(p->c, p->x, first->y, p->x + p->l->width, bottom, p->l->t->outline, !starts, !ends);
}

void dgl_table_paint(struct dgl_canvas *c, struct dgl_table_layout *t, const struct dgl_placed_row *rows,
                     uint32_t count, int32_t x)
{
    struct table_paint p = {.c = c, .l = t, .rows = rows, .count = count, .x = x + t->x};
    bool apart = t->t->p.spacing > 0;
    for (uint32_t i = 0; i < count; i++)
        if (apart)
            paint_apart(&p, i, true);
        else
            paint_shades(&p, i);
    for (uint32_t i = 0; i < count && c->status == DGL_OK; i++)
        for (uint16_t k = 0; k < t->t->rows[rows[i].row].cell_count && c->status == DGL_OK; k++)
            paint_cell(&p, i, k);
    for (uint32_t i = 0; i < count; i++)
        if (apart)
            paint_apart(&p, i, false);
        else
            paint_borders(&p, i);
    if (apart && count)
        paint_outline(&p);
}

void dgl_table_paint_whole(struct dgl_canvas *c, const struct dgl_table_layout *t, uint32_t from, uint32_t to,
                           int32_t x, int32_t y)
{
    if (to <= from)
        return;
    struct dgl_placed_row *rows = dgl_arena_alloc_try(c->env->arena, (to - from) * sizeof(*rows));
    if (!rows) {
        c->status = DGL_FAIL_SLUG(c->err, DGL_E_LIMIT, "document_too_large",
                                  "the document needs more memory than one document may use");
        return;
    }
    for (uint32_t r = from; r < to; r++)
        rows[r - from] =
            (struct dgl_placed_row){.row = r, .y = y + t->rows[r].y - t->rows[from].y, .height = t->rows[r].height};
    dgl_table_paint(c, (struct dgl_table_layout *)t, rows, to - from, x);
}
