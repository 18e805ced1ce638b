// Tables of the model: rows, cells with their place in the grid, merges, and per cell what the table style says there.
//
// Conflicts between the borders of neighbours are settled by layout, which knows both; here each cell only gets its own
// four borders: direct, then style (by the cell's condition), then the table's.
#include "render/layout/build.h"

#include <string.h>

struct raw_row {
    const struct dgl_x *node;
    const struct dgl_x **cells; // of the row that was kept at this place
};

static void count_rows(const struct dgl_x *n, uint32_t *count)
{
    DGL_X_EACH(x, n)
    {
        if (x->name == DGL_X_tr)
            ++*count;
        else if (build_is_group(x))
            count_rows(x, count);
    }
}

static void list_rows(const struct dgl_x *n, struct raw_row *list, uint32_t *at)
{
    DGL_X_EACH(x, n)
    {
        if (x->name == DGL_X_tr)
            list[(*at)++].node = x;
        else if (build_is_group(x))
            list_rows(x, list, at);
    }
}

static uint32_t count_cells(const struct dgl_x *n)
{
    uint32_t count = 0;
    DGL_X_EACH(x, n)
    {
        count += x->name == DGL_X_tc ? 1 : build_is_group(x) ? count_cells(x) : 0;
    }
    return count;
}

static bool is_deleted_row(const struct dgl_x *tr)
{
    return dgl_x_child(dgl_x_child(tr, DGL_X_trPr), DGL_X_del) != NULL;
}

// ---- What the style says ----

static uint32_t conditions_of(const struct dgl_table *t, uint32_t row, uint32_t column, uint32_t last_column)
{
    uint16_t look = t->p.look;
    uint32_t bits = 1u << DGL_COND_WHOLE;
    bool first_row = look & 0x20 && row == 0, last_row = look & 0x40 && row + 1 == t->row_count;
    bool first_col = look & 0x80 && column == 0, last_col = look & 0x100 && last_column + 1 >= t->columns;
    uint32_t row_band = t->p.row_band ? t->p.row_band : 1, col_band = t->p.col_band ? t->p.col_band : 1;
    if (!(look & 0x200) && !first_row && !last_row) {
        uint32_t r = row - (look & 0x20 ? 1 : 0);
        bits |= 1u << (r / row_band % 2 ? DGL_COND_BAND2_H : DGL_COND_BAND1_H);
    }
    if (!(look & 0x400) && !first_col && !last_col) {
        uint32_t c = column - (look & 0x80 ? 1 : 0);
        bits |= 1u << (c / col_band % 2 ? DGL_COND_BAND2_V : DGL_COND_BAND1_V);
    }
    bits |= first_row ? 1u << DGL_COND_FIRST_ROW : 0;
    bits |= last_row ? 1u << DGL_COND_LAST_ROW : 0;
    bits |= first_col ? 1u << DGL_COND_FIRST_COL : 0;
    bits |= last_col ? 1u << DGL_COND_LAST_COL : 0;
    bits |= first_row && first_col ? 1u << DGL_COND_NW : 0;
    bits |= first_row && last_col ? 1u << DGL_COND_NE : 0;
    bits |= last_row && first_col ? 1u << DGL_COND_SW : 0;
    bits |= last_row && last_col ? 1u << DGL_COND_SE : 0;
    return bits;
}

struct cell_style {
    uint32_t bits; // conditions this was made for
    struct dgl_ppr ppr;
    struct dgl_rpr rpr;
    struct dgl_tcpr tcpr;
    struct cell_style *next;
};
// Rows repeat the same few conditions: each combination is resolved once per table.
static struct cell_style *style_for(struct builder *b, const struct dgl_style *st, uint32_t bits,
                                    struct cell_style **known)
{
    for (struct cell_style *s = *known; s; s = s->next)
        if (s->bits == bits)
            return s;
    struct cell_style *s = DGL_ARENA_NEW(b->arena, struct cell_style);
    s->bits = bits;
    s->next = *known;
    *known = s;
    if (!st || !st->cond)
        return s;
    for (unsigned i = 0; i < DGL_COND_COUNT; i++) {
        const struct dgl_style_cond *c = &st->cond[i];
        if (!(bits & 1u << i) || !c->present)
            continue;
        dgl_ppr_apply(&s->ppr, &c->ppr, b->arena);
        dgl_rpr_apply(&s->rpr, &c->rpr);
        dgl_tcpr_apply(&s->tcpr, &c->tcpr);
    }
    return s;
}

static const struct dgl_border *pick(const struct dgl_border *a, const struct dgl_border *b)
{
    return a->set ? a : b->set ? b : NULL;
}

struct cell_place {
    bool top, left, bottom, right; // at an edge of the table
};

// The border of a side: cell, then the table's own or its style's, inside or outside as the cell lies. A conditional
// part of a style (a first row) has insides and edges of its own.
static void settle_borders(const struct dgl_table *t, const struct dgl_row *row, const struct dgl_style *st,
                           uint32_t bits, struct cell_place at, struct dgl_cell *cell)
{
    const struct dgl_border *exceptions = row->exceptions ? row->exceptions->border : NULL;
    const bool edge[4] = {at.top, at.left, at.bottom, at.right};
    static const int inside[4] = {DGL_INSIDE_H, DGL_INSIDE_V, DGL_INSIDE_H, DGL_INSIDE_V};
    bool apart = t->p.spacing > 0; // then the table's edges are the outline's, not those of cells
    for (unsigned side = 0; side < 4; side++) {
        const struct dgl_border *found = cell->p.border[side].set ? &cell->p.border[side] : NULL;
        for (unsigned i = DGL_COND_COUNT; i-- > 1 && !found && st && st->cond;) {
            if (!(bits & 1u << i) || !st->cond[i].present)
                continue;
            const struct dgl_style_cond *c = &st->cond[i];
            bool row_part =
                i == DGL_COND_FIRST_ROW || i == DGL_COND_LAST_ROW || i == DGL_COND_BAND1_H || i == DGL_COND_BAND2_H;
            bool is_edge = row_part ? side == DGL_TOP || side == DGL_BOTTOM || edge[side]
                                    : side == DGL_LEFT || side == DGL_RIGHT || edge[side];
            unsigned which = is_edge ? side : (unsigned)inside[side];
            found = pick(&c->tcpr.border[which], &c->tblpr.border[which]);
        }
        if (!found) {
            unsigned which = edge[side] && !apart ? side : (unsigned)inside[side];
            found = exceptions && exceptions[which].set ? &exceptions[which]
                    : t->p.border[which].set            ? &t->p.border[which]
                                                        : NULL;
            if (!found && st && st->cond && st->cond[0].present)
                found = pick(&st->cond[0].tcpr.border[which], &st->cond[0].tblpr.border[which]);
        }
        cell->border[side] = found ? *found : (struct dgl_border){0};
    }
}

static void settle_outline(struct dgl_table *t, const struct dgl_style *st)
{
    for (unsigned side = 0; side < 4; side++) {
        const struct dgl_border *found = t->p.border[side].set ? &t->p.border[side] : NULL;
        if (!found && st && st->cond && st->cond[0].present)
            found = pick(&st->cond[0].tcpr.border[side], &st->cond[0].tblpr.border[side]);
        if (found && t->p.spacing > 0)
            t->outline[side] = *found;
    }
}

// ---- Rows and cells ----

// The empty paragraph that every cell has to end with takes no room after a nested table (Word), nor in a cell that
// hides its mark (§17.4.21).
static void hide_mark(struct dgl_cell *cell)
{
    const struct dgl_block *before = NULL, *last = cell->blocks;
    while (last && last->next) {
        before = last;
        last = last->next;
    }
    if (!last || last->kind != DGL_BLOCK_PARA || last->para->inline_count || last->para->level)
        return;
    if (before ? before->kind != DGL_BLOCK_TABLE : !cell->p.hide_mark)
        return;
    last->para->no_line = true;
    last->para->p.before = last->para->p.after = 0;
    last->para->p.before_auto = last->para->p.after_auto = false;
}

static void list_cells(struct builder *b, const struct dgl_x *n, struct dgl_row *row, const struct dgl_x **nodes,
                       uint32_t *column)
{
    DGL_X_EACH(x, n)
    {
        if (build_is_group(x)) {
            list_cells(b, x, row, nodes, column);
            continue;
        }
        const struct dgl_x *tcpr = dgl_x_child(x, DGL_X_tcPr);
        if (x->name != DGL_X_tc || *column >= DGL_LAYOUT_MAX_COLUMNS || dgl_x_child(tcpr, DGL_X_cellDel))
            continue;
        struct dgl_cell *cell = &row->cells[row->cell_count];
        nodes[row->cell_count] = x;
        memset(cell, 0, sizeof(*cell));
        dgl_tcpr_read(&b->reader, tcpr, &cell->p);
        uint16_t span = cell->p.span ? cell->p.span : 1;
        if (cell->p.h_merge == 1 && row->cell_count) { // goes on from the cell before
            struct dgl_cell *before = &row->cells[row->cell_count - 1];
            before->span = (uint16_t)DGL_MIN(before->span + span, DGL_LAYOUT_MAX_COLUMNS);
            *column = DGL_MIN(*column + span, DGL_LAYOUT_MAX_COLUMNS);
            continue;
        }
        cell->column = (uint16_t)*column;
        cell->span = (uint16_t)DGL_MIN(span, DGL_LAYOUT_MAX_COLUMNS - *column);
        *column += cell->span;
        row->cell_count++;
    }
}

// Of the borders and margins of a table's cells (§17.4.60): rows that came from another table keep theirs.
static const struct dgl_tblpr *read_exceptions(struct builder *b, const struct dgl_x *tr)
{
    const struct dgl_x *ex = dgl_x_child(tr, DGL_X_tblPrEx);
    struct dgl_tblpr *p = ex ? dgl_arena_alloc_try(b->arena, sizeof(*p)) : NULL;
    if (p)
        dgl_tblpr_read(&b->reader, ex, p);
    return p;
}

static void find_merges(struct dgl_table *t)
{
    struct open_merge { // per column
        struct dgl_cell *start;
        uint32_t row;
        uint16_t index;
    } open[DGL_LAYOUT_MAX_COLUMNS + 1] = {0};
    for (uint32_t r = 0; r < t->row_count; r++) {
        struct open_merge seen[DGL_LAYOUT_MAX_COLUMNS + 1] = {0};
        for (uint16_t c = 0; c < t->rows[r].cell_count; c++) {
            struct dgl_cell *cell = &t->rows[r].cells[c];
            struct open_merge above = open[cell->column];
            cell->rows = 1;
            if (cell->p.v_merge == 1 && above.start && above.start->span == cell->span &&
                above.start->rows < UINT16_MAX) {
                above.start->rows++;
                cell->rows = 0;
                cell->origin_row = above.row;
                cell->origin_index = above.index;
                seen[cell->column] = above;
            } else if (cell->p.v_merge) {
                seen[cell->column] = (struct open_merge){cell, r, c};
            }
        }
        memcpy(open, seen, sizeof(open));
    }
}

static void read_grid(const struct dgl_x *n, struct dgl_table *t)
{
    const struct dgl_x *grid = dgl_x_child(n, DGL_X_tblGrid);
    for (const struct dgl_x *c = grid ? grid->first : NULL; c && t->columns < DGL_LAYOUT_MAX_COLUMNS; c = c->next)
        if (c->name == DGL_X_gridCol)
            t->grid[t->columns++] = DGL_MAX(0, dgl_x_twips(dgl_x_attr(c, DGL_X_w), 0));
}

static void cell_margins(const struct dgl_table *t, const struct dgl_row *row, const struct cell_style *s,
                         struct dgl_cell *cell)
{
    const struct dgl_margins *exceptions = row->exceptions ? &row->exceptions->margins : NULL;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t bit = (uint8_t)(1u << i);
        cell->margin[i] = cell->p.margins.set & bit             ? cell->p.margins.side[i]
                          : s->tcpr.margins.set & bit           ? s->tcpr.margins.side[i]
                          : exceptions && exceptions->set & bit ? exceptions->side[i]
                          : t->p.margins.set & bit              ? t->p.margins.side[i]
                          : i == DGL_LEFT || i == DGL_RIGHT     ? 5400
                                                                : 0;
    }
}

static bool holds_east_asian(const struct dgl_block *b)
{
    for (; b; b = b->next)
        for (uint32_t i = 0; b->kind == DGL_BLOCK_PARA && i < b->para->inline_count; i++) {
            const struct dgl_inline *in = &b->para->inlines[i];
            for (size_t k = 0; in->kind == DGL_IN_TEXT && k < in->text.len; k++) {
                unsigned char c = (unsigned char)in->text.data[k];
                if (c >= 0xE3 && c <= 0xED) // U+3000 to U+DFFF
                    return true;
            }
        }
    return false;
}

static void fill_cell(struct builder *b, struct dgl_table *t, const struct dgl_style *st, struct cell_style **styles,
                      uint32_t r, uint16_t c, const struct dgl_x *node, const struct build_context *outer,
                      struct dgl_error *err, enum dgl_status *status)
{
    struct dgl_cell *cell = &t->rows[r].cells[c];
    uint32_t last = (uint32_t)cell->column + cell->span - 1, bottom = r + DGL_MAX(cell->rows, 1);
    uint32_t bits = conditions_of(t, r, cell->column, last);
    struct cell_style *s = style_for(b, st, bits, styles);
    struct cell_place at = {
        .top = r == 0, .left = cell->column == 0, .bottom = bottom >= t->row_count, .right = last + 1 >= t->columns};
    settle_borders(t, &t->rows[r], st, bits, at, cell);
    cell_margins(t, &t->rows[r], s, cell);
    uint32_t shade = cell->p.shade ? cell->p.shade : s->tcpr.shade;
    cell->shade = shade && shade != DGL_COLOR_NONE ? shade & 0xFFFFFF : DGL_COLOR_NONE;
    if (!cell->p.valign_set && s->tcpr.valign_set)
        cell->p.valign = s->tcpr.valign;
    cell->p.no_wrap |= s->tcpr.no_wrap;
    struct build_context inner = {.ppr = &s->ppr, .rpr = &s->rpr, .in_cell = true, .nesting = outer->nesting + 1};
    struct dgl_block *first = NULL, **tail = &first;
    build_blocks(b, node, &inner, &tail, err, status);
    cell->blocks = first;
    hide_mark(cell);
    if (cell->p.turn && holds_east_asian(first)) { // whose letters would have to stand upright
        build_finding(b, DGL_FEATURE_VERTICAL_TEXT);
        cell->p.turn = 0;
    }
}

static void resolve_table_style(struct builder *b, const struct dgl_x *n, struct dgl_table *t,
                                const struct dgl_style **ret)
{
    struct dgl_tblpr direct;
    memset(&direct, 0, sizeof(direct));
    dgl_tblpr_read(&b->reader, dgl_x_child(n, DGL_X_tblPr), &direct);
    uint16_t index = direct.has_style ? direct.style : b->sheet->default_table;
    const struct dgl_style *st =
        index != UINT16_MAX && b->sheet->styles[index].type == DGL_STYLE_TABLE ? &b->sheet->styles[index] : NULL;
    memset(&t->p, 0, sizeof(t->p));
    if (st && st->cond && st->cond[0].present) {
        dgl_tblpr_apply(&t->p, &st->cond[0].tblpr);
        memset(t->p.border, 0, sizeof(t->p.border)); // the style's come last, see settle_borders
    }
    dgl_tblpr_apply(&t->p, &direct);
    if (!direct.has_look)
        t->p.look = 0x4A0 | 0x20 | 0x80;
    *ret = st;
}

enum dgl_status build_table(struct builder *b, const struct dgl_x *n, const struct build_context *c,
                            struct dgl_table **ret, struct dgl_error *err)
{
    struct dgl_table *t = DGL_ARENA_NEW(b->arena, struct dgl_table);
    const struct dgl_style *st;
    uint32_t count = 0, at = 0;
    resolve_table_style(b, n, t, &st);
    read_grid(n, t);
    count_rows(n, &count);
    struct raw_row *raw = dgl_arena_alloc_try(b->arena, (count + 1) * sizeof(*raw));
    t->rows = dgl_arena_alloc_try(b->arena, (count + 1) * sizeof(*t->rows));
    if (!raw || !t->rows)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "a table needs more memory than one document may use");
    list_rows(n, raw, &at);
    for (uint32_t i = 0; i < count; i++) {
        const struct dgl_x *tr = raw[i].node;
        struct dgl_row *row = &t->rows[t->row_count];
        if (is_deleted_row(tr))
            continue;
        memset(row, 0, sizeof(*row));
        dgl_trpr_read(dgl_x_child(tr, DGL_X_trPr), &row->p);
        if (row->p.hidden)
            continue;
        row->exceptions = read_exceptions(b, tr);
        if (!t->p.spacing_set && row->p.spacing) // Word writes it to every row too
            t->p.spacing = row->p.spacing;
        uint32_t column = row->p.grid_before, cells = count_cells(tr);
        row->cells = dgl_arena_alloc_try(b->arena, (cells + 1) * sizeof(*row->cells));
        const struct dgl_x **nodes = dgl_arena_alloc_try(b->arena, (cells + 1) * sizeof(*nodes));
        if (!row->cells || !nodes)
            return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                                 "a table needs more memory than one document may use");
        list_cells(b, tr, row, nodes, &column);
        if (row->cell_count == 0)
            continue;
        t->columns = (uint16_t)DGL_MIN(DGL_MAX(t->columns, column + row->p.grid_after), DGL_LAYOUT_MAX_COLUMNS);
        raw[t->row_count++].cells = nodes; // rows left out only move later ones forward
    }
    find_merges(t);
    settle_outline(t, st);
    t->side_margin[0] = t->p.margins.set & 1u << DGL_LEFT ? t->p.margins.side[DGL_LEFT] : 5400;
    t->side_margin[1] = t->p.margins.set & 1u << DGL_RIGHT ? t->p.margins.side[DGL_RIGHT] : 5400;
    struct cell_style *styles = NULL;
    enum dgl_status status = DGL_OK;
    for (uint32_t r = 0; r < t->row_count && status == DGL_OK; r++) {
        for (uint16_t i = 0; i < t->rows[r].cell_count && status == DGL_OK; i++)
            fill_cell(b, t, st, &styles, r, i, raw[r].cells[i], c, err, &status);
    }
    *ret = t;
    return status;
}
