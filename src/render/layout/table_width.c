// Column widths.
//
// Fixed tables take the widths they name. Others are fitted as Word does, which its output shows and no standard says:
// every column has a minimum (its longest word) and a preference (the largest w:tcW of its own cells, else its text on
// one line). Preferences are raised to minima. When they add up to more than the table may have, each column gives up
// the excess in proportion to what it has above its minimum:
//
//     width = preference − excess × (preference − minimum) / Σ (preference − minimum)
//
// A spanning cell counts only for what it needs beyond the columns it spans. Its own w:tcW is what its columns have
// together: those of which no cell says a width share what the others leave, as the grid has them. When a table is
// wider than its columns, the columns that say nothing take the rest.
//
// The width that a table may have is not quite that of the text around it:
//
//     until Word 2010   │← margin │ text of the first cell … text of the last cell │ margin →│   the text keeps to the
//     room since Word 2013   the edges keep to the room, with the outer halves of the outer borders
//
// A percentage is one of this width. What is fitted gives up the table's indent besides.
#include "render/layout/table.h"

#include <string.h>

struct column {
    int64_t min, max, pref; // pref 0: nothing was said
    bool percent, said;     // by a cell
    int32_t share;
};

static enum dgl_status blocks_extent(const struct dgl_text_env *env, const struct dgl_block *b, int32_t *min,
                                     int32_t *max, struct dgl_error *err)
{
    for (; b; b = b->next) {
        if (b->kind == DGL_BLOCK_PARA) {
            DGL_TRY(dgl_para_extent(env, b->para, min, max, err));
            continue;
        }
        int64_t sum = 0;
        for (uint16_t i = 0; i < b->table->columns; i++)
            sum += b->table->grid[i];
        if (b->table->p.width.kind == DGL_WIDTH_LENGTH)
            sum = DGL_MAX(sum, b->table->p.width.value);
        sum = DGL_MIN(sum, DGL_LAYOUT_MAX_LENGTH);
        *min = DGL_MAX(*min, (int32_t)DGL_MIN(sum, 36000 * (int64_t)b->table->columns));
        *max = DGL_MAX(*max, (int32_t)sum);
    }
    return DGL_OK;
}

static enum dgl_status cell_extent(const struct dgl_text_env *env, const struct dgl_table *t,
                                   const struct dgl_cell *cell, int32_t *ret_min, int32_t *ret_max,
                                   struct dgl_error *err)
{
    struct dgl_cell_gaps gaps = dgl_cell_gaps(t, cell);
    int32_t min = 0, max = 0, sides = cell->margin[DGL_LEFT] + cell->margin[DGL_RIGHT] + gaps.left + gaps.right;
    if (cell->p.turn && cell->blocks && cell->blocks->kind == DGL_BLOCK_PARA) { // a line's height
        int32_t descent;
        dgl_run_metrics(env, cell->blocks->para->mark, &min, &descent);
        *ret_min = *ret_max = min + descent + sides;
        return DGL_OK;
    }
    dgl_fit_cell(cell, 0);
    DGL_TRY(blocks_extent(env, cell->blocks, &min, &max, err));
    if (cell->p.fit_text) // any width will do
        min = 0;
    else if (cell->p.no_wrap && cell->p.width.kind == DGL_WIDTH_LENGTH && cell->p.width.set) // §17.4.29
        min = DGL_MAX(min, cell->p.width.value - sides);
    else if (cell->p.no_wrap)
        min = max;
    *ret_min = min + sides;
    *ret_max = DGL_MAX(min, max) + sides;
    return DGL_OK;
}

// What a spanning cell needs beyond its columns is shared out evenly in proportion to what they have.
static void spread(struct column *c, uint16_t first, uint16_t span, int64_t need, bool minimum)
{
    int64_t have = 0;
    for (uint16_t i = first; i < first + span; i++)
        have += minimum ? c[i].min : c[i].max;
    if (need <= have)
        return;
    int64_t missing = need - have, left = missing;
    for (uint16_t i = first; i < first + span; i++) {
        int64_t *v = minimum ? &c[i].min : &c[i].max;
        int64_t part = i + 1 == first + span ? left : have ? missing * *v / have : missing / span;
        *v += part;
        left -= part;
    }
}

// The columns of which nothing is known yet share what a spanning cell's width leaves to them.
static void share_width(const struct dgl_table *t, struct column *c, const struct dgl_cell *cell)
{
    int64_t left = cell->p.width.value, grid = 0;
    unsigned open = 0, end = cell->column + cell->span;
    for (unsigned i = cell->column; i < end; i++) {
        left -= c[i].pref;
        open += c[i].pref == 0;
        grid += c[i].pref == 0 ? t->grid[i] : 0;
    }
    for (unsigned i = cell->column; left > 0 && i < end; i++)
        if (c[i].pref == 0)
            c[i].pref = DGL_MAX(grid > 0 ? left * t->grid[i] / grid : left / open, 1);
}

static enum dgl_status measure(const struct dgl_text_env *env, const struct dgl_table *t, struct column *c,
                               struct dgl_error *err)
{
    for (int pass = 0; pass < 2; pass++) // single cells first, then those that span
        for (uint32_t r = 0; r < t->row_count; r++)
            for (uint16_t i = 0; i < t->rows[r].cell_count; i++) {
                const struct dgl_cell *cell = &t->rows[r].cells[i];
                int32_t min, max;
                if ((cell->span > 1) != (pass == 1) || cell->column + cell->span > t->columns)
                    continue;
                DGL_TRY(dgl_work_tick(env->budget, env->arena, err));
                DGL_TRY(cell_extent(env, t, cell, &min, &max, err));
                if (cell->span > 1) {
                    spread(c, cell->column, cell->span, min, true);
                    spread(c, cell->column, cell->span, max, false);
                    if (cell->p.width.kind == DGL_WIDTH_LENGTH && cell->p.width.set)
                        share_width(t, c, cell);
                    continue;
                }
                struct column *k = &c[cell->column];
                k->min = DGL_MAX(k->min, min);
                k->max = DGL_MAX(k->max, max);
                if (cell->p.width.kind == DGL_WIDTH_LENGTH && cell->p.width.set)
                    k->pref = DGL_MAX(k->pref, cell->p.width.value);
                if (cell->p.width.kind == DGL_WIDTH_PERCENT && cell->p.width.set) {
                    k->percent = true;
                    k->share = DGL_MAX(k->share, cell->p.width.value);
                }
            }
    return DGL_OK;
}

static void fixed_widths(const struct dgl_table *t, int32_t room, int32_t *w)
{
    int64_t sum = 0;
    bool said[DGL_LAYOUT_MAX_COLUMNS + 1] = {0};
    for (uint16_t i = 0; i < t->columns; i++)
        w[i] = t->grid[i];
    for (uint32_t r = 0; r < t->row_count && r < 64; r++) // the first cell that says so decides a column
        for (uint16_t i = 0; i < t->rows[r].cell_count; i++) {
            const struct dgl_cell *cell = &t->rows[r].cells[i];
            if (cell->span != 1 || cell->column >= t->columns || said[cell->column] ||
                cell->p.width.kind != DGL_WIDTH_LENGTH || cell->p.width.value <= 0)
                continue;
            said[cell->column] = true;
            w[cell->column] = cell->p.width.value;
        }
    for (uint16_t i = 0; i < t->columns; i++)
        sum += w[i];
    int64_t wanted = t->p.width.kind == DGL_WIDTH_PERCENT && t->p.width.set ? (int64_t)room * t->p.width.value / 5000
                     : sum == 0                                             ? room
                                                                            : sum;
    for (uint16_t i = 0; i < t->columns; i++)
        w[i] = sum ? (int32_t)(w[i] * wanted / sum) : (int32_t)(wanted / t->columns);
}

static void shrink(struct column *c, uint16_t n, int64_t target, int64_t sum, int32_t *w)
{
    int64_t slack = 0, minima = 0;
    for (uint16_t i = 0; i < n; i++) {
        slack += c[i].pref - c[i].min;
        minima += c[i].min;
    }
    int64_t excess = sum - target;
    for (uint16_t i = 0; i < n; i++) {
        if (slack > 0 && excess <= slack)
            w[i] = (int32_t)(c[i].pref - excess * (c[i].pref - c[i].min) / slack);
        else // not even the words fit: they are broken
            w[i] = (int32_t)(minima ? c[i].min * target / minima : target / n);
    }
}

static void grow(struct column *c, uint16_t n, int64_t target, int64_t sum, int32_t *w)
{
    int64_t left = target - sum, open = 0;
    for (uint16_t i = 0; i < n; i++)
        open += c[i].said ? 0 : c[i].pref;
    int64_t base = open ? open : sum;
    uint16_t last = 0; // of those that grow; it takes what rounding leaves
    for (uint16_t i = 0; i < n; i++) {
        int64_t part = base == 0 ? (target - sum) / n : open && c[i].said ? 0 : (target - sum) * c[i].pref / base;
        w[i] = (int32_t)(c[i].pref + part);
        left -= part;
        last = open && c[i].said ? last : i;
    }
    w[last] += (int32_t)left;
}

static int64_t width_for(const struct dgl_text_env *env, const struct dgl_table *t, int32_t room)
{
    if (env->doc->sheet->settings.compat < 15)
        return (int64_t)room + t->side_margin[0] + t->side_margin[1];
    const struct dgl_row *first = t->rows;
    if (t->row_count == 0 || first->cell_count == 0)
        return room;
    const struct dgl_cell *last = &first->cells[first->cell_count - 1];
    return (int64_t)room - first->cells[0].border[DGL_LEFT].width / 2 - last->border[DGL_RIGHT].width / 2;
}

enum dgl_status dgl_table_widths(const struct dgl_text_env *env, const struct dgl_table *t, int32_t room,
                                 int32_t widths[DGL_LAYOUT_MAX_COLUMNS + 1], struct dgl_error *err)
{
    struct column c[DGL_LAYOUT_MAX_COLUMNS + 1] = {0};
    if (t->p.fixed) {
        fixed_widths(t, room, widths);
        return DGL_OK;
    }
    DGL_TRY(measure(env, t, c, err));
    bool said = t->p.width.set && (t->p.width.kind == DGL_WIDTH_LENGTH || t->p.width.kind == DGL_WIDTH_PERCENT) &&
                t->p.width.value > 0;
    int64_t whole = width_for(env, t, t->settled_room ? t->settled_room : room);
    int64_t fitting = DGL_MAX(t->p.jc == DGL_JC_START ? whole - t->p.indent : whole, 0);
    int64_t target = !said                                 ? 0
                     : t->p.width.kind == DGL_WIDTH_LENGTH ? t->p.width.value
                                                           : whole * t->p.width.value / 5000;
    int64_t sum = 0, minima = 0, basis = said ? target : whole;
    for (uint16_t i = 0; i < t->columns; i++) {
        if (c[i].percent && c[i].pref == 0)
            c[i].pref = basis * c[i].share / 5000;
        c[i].said = c[i].pref > 0;
        if (c[i].pref == 0) // no cell says a width: the grid when there is no text to go by, else the text
            c[i].pref = c[i].max ? c[i].max : t->grid[i];
        c[i].pref = DGL_MIN(DGL_MAX(c[i].pref, c[i].min), DGL_LAYOUT_MAX_LENGTH);
        sum += c[i].pref;
        minima += c[i].min;
    }
    if (!said)
        target = DGL_MIN(sum, fitting);
    target = DGL_MAX(target, DGL_MIN(minima, fitting)); // words widen a table up to the text's width
    if (sum > target)
        shrink(c, t->columns, target, sum, widths);
    else
        grow(c, t->columns, target, sum, widths);
    return DGL_OK;
}
