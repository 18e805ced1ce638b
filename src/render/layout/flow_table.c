// Tables over page breaks: rows that fit are gathered and painted together; the row at a page's end is split between
// lines unless it must not be; header rows come again on every page.
#include "render/layout/flow.h"

#include <string.h>

struct batch {
    struct dgl_table_layout *t;
    struct dgl_placed_row *rows; // on this page
    uint32_t count, cap;
    uint32_t headers;             // leading rows that repeat
    int32_t beside;               // how far an object moves it to the right on its first page
    const struct dgl_block *next; // below the table
};

static enum dgl_status out_of_memory(struct flow *f)
{
    return DGL_FAIL_SLUG(f->err, DGL_E_LIMIT, "document_too_large",
                         "the document needs more memory than one document may use");
}

static enum dgl_status add_row(struct flow *f, struct batch *b, struct dgl_placed_row row)
{
    if (!DGL_ARENA_ROOM(f->env.arena, b->rows, b->cap, b->count + 1, 32, UINT32_MAX))
        return out_of_memory(f);
    b->rows[b->count++] = row;
    f->y += row.height;
    f->at_top = f->page_empty = f->hard_break = false;
    return DGL_OK;
}

static enum dgl_status flush(struct flow *f, struct batch *b)
{
    if (b->count)
        DGL_TRY(flow_mark_start(f, b->rows[0].y > f->top));
    if (b->count)
        dgl_table_paint(&f->canvas, b->t, b->rows, b->count, flow_column_x(f) + b->beside);
    b->count = 0;
    return f->canvas.status;
}

static uint32_t count_headers(const struct dgl_table_layout *t)
{
    uint32_t n = 0;
    while (n < t->t->row_count && t->t->rows[n].p.header)
        n++;
    return n == t->t->row_count ? 0 : n;
}

static enum dgl_status break_page(struct flow *f, struct batch *b, uint32_t row)
{
    DGL_TRY(flush(f, b));
    DGL_TRY(flow_next_column(f, false));
    b->beside = 0;
    int32_t height = 0;
    for (uint32_t i = 0; i < b->headers; i++)
        height += b->t->rows[i].height;
    if (row < b->headers || height > (f->bottom - f->top) / 2)
        return DGL_OK;
    for (uint32_t i = 0; i < b->headers; i++)
        DGL_TRY(add_row(
            f, b, (struct dgl_placed_row){.row = i, .y = f->y, .height = b->t->rows[i].height, .repeated = true}));
    // With nothing but its headers on it the page still counts as begun.
    f->at_top = true;
    return DGL_OK;
}

static enum dgl_status row_notes(struct flow *f, const struct dgl_table_layout *t, uint32_t row, int32_t *ret)
{
    *ret = 0;
    for (uint16_t i = 0; f->doc->footnote_count && i < t->t->rows[row].cell_count; i++) {
        const struct dgl_galley *g = t->rows[row].cells[i].galley;
        struct flow_need need;
        if (!g)
            continue;
        DGL_TRY(flow_notes_of_galley(f, g, dgl_galley_start(), dgl_galley_end(g), &need));
        *ret += need.all;
    }
    return DGL_OK;
}

static enum dgl_status take_row_notes(struct flow *f, const struct dgl_table_layout *t, uint32_t row,
                                      const struct dgl_mark *from, const struct dgl_mark *to, int32_t body_end)
{
    for (uint16_t i = 0; f->doc->footnote_count && i < t->t->rows[row].cell_count; i++) {
        const struct dgl_galley *g = t->rows[row].cells[i].galley;
        if (g)
            DGL_TRY(flow_take_notes_of_galley(f, g, from ? from[i] : dgl_galley_start(), to ? to[i] : dgl_galley_end(g),
                                              body_end));
    }
    return DGL_OK;
}

// Rows whose first paragraph is kept with the next stay with the row below.
static bool keeps_next(const struct dgl_row *row)
{
    for (uint16_t i = 0; i < row->cell_count; i++)
        if (row->cells[i].blocks && row->cells[i].blocks->kind == DGL_BLOCK_PARA)
            return row->cells[i].blocks->para->p.flags & DGL_PF_KEEP_NEXT;
    return false;
}

static bool begins_page(const struct dgl_row *row)
{
    for (uint16_t i = 0; i < row->cell_count; i++)
        if (row->cells[i].blocks && row->cells[i].blocks->kind == DGL_BLOCK_PARA &&
            row->cells[i].blocks->para->p.flags & DGL_PF_PAGE_BREAK_BEFORE)
            return true;
    return false;
}

int32_t flow_kept_rows(const struct dgl_table_layout *t, uint32_t row, bool *ret_goes_on)
{
    int64_t h = row < t->t->row_count ? t->rows[row].height : 0;
    uint32_t i = row;
    for (; i + 1 < t->t->row_count && i - row < DGL_LAYOUT_MAX_KEEP_CHAIN && keeps_next(&t->t->rows[i]); i++)
        h += t->rows[i + 1].height;
    *ret_goes_on = i + 1 == t->t->row_count && keeps_next(&t->t->rows[i]);
    return (int32_t)DGL_MIN(h, INT32_MAX / 2);
}

// A row with those that it is kept with, and what the last of them is kept with below the table.
static enum dgl_status kept_height(struct flow *f, const struct batch *b, uint32_t row, int32_t *ret)
{
    bool goes_on;
    int32_t below = 0;
    *ret = flow_kept_rows(b->t, row, &goes_on);
    if (goes_on && b->next)
        DGL_TRY(flow_chain_height(f, b->next, &below));
    *ret = (int32_t)DGL_MIN((int64_t)*ret + below, INT32_MAX / 2);
    return DGL_OK;
}

static bool may_split(const struct dgl_table_layout *t, uint32_t row)
{
    const struct dgl_row *r = &t->t->rows[row];
    for (uint16_t i = 0; i < r->cell_count; i++)
        if (r->cells[i].p.turn)
            return false;
    return !r->p.cant_split && !r->p.header && r->p.height_rule != DGL_RULE_EXACT;
}

// Lines that widow control keeps together stay so in cells too, and so do paragraphs that are kept whole or with the
// next.
static struct dgl_mark keep_in_cell(const struct dgl_galley *g, struct dgl_mark from, struct dgl_mark to)
{
    const struct dgl_lines *l = to.slab < g->count ? g->slabs[to.slab].lines : NULL;
    uint32_t first = from.slab == to.slab ? from.sub : 0;
    if (l && to.sub && l->para->p.flags & DGL_PF_WIDOW_CONTROL) {
        if (to.sub > first && l->count - to.sub == 1)
            to.sub--;
        if (first == 0 && to.sub == 1)
            to.sub = 0;
    }
    if (l && first == 0 && l->para->p.flags & DGL_PF_KEEP_LINES)
        to.sub = 0;
    while (to.slab < g->count && to.sub == 0 && to.slab > from.slab) {
        const struct dgl_lines *above = g->slabs[to.slab - 1].lines;
        if (!above || !(above->para->p.flags & DGL_PF_KEEP_NEXT) || (to.slab - 1 == from.slab && from.sub))
            break;
        to.slab--;
    }
    return to;
}

struct split {
    struct dgl_mark *from, *to;
    int32_t height;  // of the part that goes on this page
    bool all, moves; // everything fits; something fits in every cell that has something left
};

static enum dgl_status find_split(struct flow *f, const struct dgl_table_layout *t, uint32_t row, int32_t room,
                                  bool anywhere, struct dgl_mark *from, struct split *ret)
{
    const struct dgl_row *r = &t->t->rows[row];
    *ret = (struct split){.from = from, .all = true, .moves = true};
    ret->to = dgl_arena_alloc_try(f->env.arena, (r->cell_count + 1u) * sizeof(*ret->to));
    if (!ret->to)
        return out_of_memory(f);
    for (uint16_t i = 0; i < r->cell_count; i++) {
        const struct dgl_cell *cell = &r->cells[i];
        const struct dgl_galley *g = t->rows[row].cells[i].galley;
        if (!g || cell->rows != 1)
            continue;
        if (cell->p.turn) {
            ret->to[i] = dgl_galley_end(g);
            continue;
        }
        struct dgl_mark at = from[i], end = dgl_galley_end(g);
        int32_t around = t->rows[row].border + t->rows[row].foot, inner = room - around - cell->margin[DGL_TOP];
        ret->to[i] = dgl_galley_fit(g, at, inner);
        if (!anywhere)
            ret->to[i] = keep_in_cell(g, at, ret->to[i]);
        ret->moves &= dgl_mark_same(at, end) || !dgl_mark_same(at, ret->to[i]);
        ret->all &= dgl_mark_same(ret->to[i], end);
        int32_t used = dgl_galley_height(g, at, ret->to[i]) + cell->margin[DGL_TOP] + cell->margin[DGL_BOTTOM];
        ret->height = DGL_MAX(ret->height, used + around);
    }
    return DGL_OK;
}

// Places one row over as many pages as it takes.
static enum dgl_status split_row(struct flow *f, struct batch *b, uint32_t row)
{
    const struct dgl_row *r = &b->t->t->rows[row];
    struct dgl_mark *from = dgl_arena_alloc_try(f->env.arena, (r->cell_count + 1u) * sizeof(*from));
    if (!from)
        return out_of_memory(f);
    bool started = false;
    for (unsigned guard = 0; guard < DGL_LAYOUT_MAX_PAGES; guard++) {
        struct split s;
        DGL_TRY(dgl_work_tick(f->env.budget, f->env.arena, f->err));
        DGL_TRY(find_split(f, b->t, row, flow_room(f), false, from, &s));
        bool held = s.all && !started && b->t->rows[row].height > flow_room(f); // by its height alone
        if ((!s.moves || held) && !f->at_top) {
            DGL_TRY(break_page(f, b, row));
            continue;
        }
        if (!s.moves) // nothing more comes on another page
            DGL_TRY(find_split(f, b->t, row, flow_room(f), true, from, &s));
        if (!s.moves) // a line taller than the page: let it run over
            DGL_TRY(find_split(f, b->t, row, INT32_MAX / 4, true, from, &s));
        DGL_TRY(take_row_notes(f, b->t, row, from, s.to, f->y + s.height));
        DGL_TRY(add_row(f, b,
                        (struct dgl_placed_row){.row = row,
                                                .y = f->y,
                                                .height = s.all && !started ? b->t->rows[row].height : s.height,
                                                .from = from,
                                                .to = s.all ? NULL : s.to}));
        if (s.all)
            return DGL_OK;
        started = true;
        struct dgl_mark *next = s.to;
        DGL_TRY(break_page(f, b, row));
        from = next;
    }
    return DGL_OK;
}

static enum dgl_status place_row(struct flow *f, struct batch *b, uint32_t row)
{
    const struct dgl_table_layout *t = b->t;
    int32_t notes, height = t->rows[row].height, last = row + 1 == t->t->row_count ? t->end_border : 0;
    DGL_TRY(row_notes(f, t, row, &notes));
    if (begins_page(&t->t->rows[row]) && !f->page_empty) {
        DGL_TRY(flush(f, b));
        DGL_TRY(flow_new_page(f, true));
        b->beside = 0;
    }
    int32_t kept;
    DGL_TRY(kept_height(f, b, row, &kept));
    bool whole_fits = height + last + notes <= flow_room(f);
    if (kept > height && kept + notes > flow_room(f) && kept <= f->bottom - f->top && !f->at_top) {
        DGL_TRY(break_page(f, b, row));
        whole_fits = height + last + notes <= flow_room(f);
    }
    if (!whole_fits && may_split(t, row))
        return split_row(f, b, row);
    if (!whole_fits && !f->at_top)
        DGL_TRY(break_page(f, b, row));
    if (height + last > flow_room(f) && t->t->rows[row].p.height_rule != DGL_RULE_EXACT && f->at_top)
        return split_row(f, b, row); // taller than a page: kept together or not, it has to be split
    DGL_TRY(take_row_notes(f, t, row, NULL, NULL, f->y + height));
    return add_row(f, b, (struct dgl_placed_row){.row = row, .y = f->y, .height = height});
}

// A table goes beside what stands where it would, as far to the left as there is room for it, else below (Word).
static void clear_floats(struct flow *f, struct batch *b)
{
    const struct dgl_table_layout *t = b->t;
    int32_t x = flow_column_x(f), x0 = x + t->x, x1 = x0 + t->width, at = x0,
            head = t->t->row_count ? t->rows[0].height : 0;
    struct dgl_room line = {x0, t->t->p.jc == DGL_JC_START && !t->rtl ? DGL_MAX(x1, x + flow_column_width(f)) : x1};
    if (f->exclusion_count == 0 ||
        !dgl_find_width(f->exclusions, f->exclusion_count, &f->y, f->bottom, head, line, t->width, &at))
        return;
    b->beside = at - x0;
}

enum dgl_status flow_table(struct flow *f, const struct dgl_block *block)
{
    struct batch b = {0};
    if (!f->at_top)
        f->y += DGL_MAX(dgl_space_between(f->above, NULL) - f->given, 0);
    f->above = NULL;
    f->given = 0;
    DGL_TRY(dgl_table_layout_make(&f->env, block->table, flow_column_width(f), 0, &b.t, f->err));
    clear_floats(f, &b);
    b.headers = count_headers(b.t);
    b.next = block->next;
    for (uint32_t row = 0; row < b.t->t->row_count; row++) {
        DGL_TRY(dgl_work_tick(f->env.budget, f->env.arena, f->err));
        DGL_TRY(place_row(f, &b, row));
    }
    DGL_TRY(flush(f, &b));
    f->y += b.t->end_border;
    return DGL_OK;
}
