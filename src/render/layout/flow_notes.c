// Footnotes and line numbers.
//
//   ┌ page ─────────────┐
//   │ body … line¹      │   A line goes on a page when its notes do, or at least the first line of the last one: the
//   │                   │   rest of that note is carried on to the next page, below a longer rule.
//   ├────               │   The rule stands in a line of its own, as tall as the document's separator says.
//   │ ¹ the note, first │   Notes "beneath text" follow the last line instead of standing at the foot of the page.
//   │   of its lines    │   In columns each has the notes of its own text, as wide as it is.
//   └───────────────────┘   Numbers that begin anew on each page are known only when pages are: see
//   flow_renumber_notes.
#include "render/layout/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR_WIDTH 144000
#define SEPARATOR_HEIGHT 12000 // of documents that have no separator of their own

enum dgl_status flow_separator(struct flow *f, bool go_on, int32_t *ret_height, int32_t *ret_rule)
{
    const struct dgl_block *b = f->doc->note_separator[go_on];
    struct dgl_galley *g;
    *ret_height = SEPARATOR_HEIGHT;
    *ret_rule = SEPARATOR_HEIGHT / 2;
    if (!b || b->kind != DGL_BLOCK_PARA)
        return DGL_OK;
    DGL_TRY(dgl_galley_layout(&f->env, b, flow_column_width(f), 1, &g, f->err));
    const struct dgl_line *line = &g->slabs[0].lines->lines[0];
    *ret_height = g->height;
    *ret_rule = g->slabs[0].y + line->baseline - b->para->mark->r.size / 4; // at about half the height of small letters
    return DGL_OK;
}

struct flow_note_place {
    int32_t id;
    uint32_t index; // of two notes with one id the first counts
};

static int by_id(const void *a, const void *b)
{
    const struct flow_note_place *x = a, *y = b;
    return x->id != y->id ? (x->id > y->id) - (x->id < y->id) : (x->index > y->index) - (x->index < y->index);
}

void flow_index_notes(struct flow *f)
{
    uint32_t count = f->doc->footnote_count;
    f->note_galleys = dgl_arena_alloc(f->env.arena, (count + 1) * sizeof(struct dgl_galley *));
    f->note_places = dgl_arena_alloc(f->env.arena, (count + 1) * sizeof *f->note_places);
    for (uint32_t i = 0; i < count; i++)
        f->note_places[i] = (struct flow_note_place){f->doc->footnotes[i].id, i};
    qsort(f->note_places, count, sizeof *f->note_places, by_id);
}

static enum dgl_status note_of(struct flow *f, int32_t id, struct flow_note *ret)
{
    uint32_t low = 0, high = f->doc->footnote_count;
    *ret = (struct flow_note){0};
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (f->note_places[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == f->doc->footnote_count || f->note_places[low].id != id)
        return DGL_OK;
    uint32_t i = f->note_places[low].index;
    struct dgl_galley **g = &f->note_galleys[i];
    if (!*g || (*g)->width != flow_column_width(f))
        DGL_TRY(dgl_galley_layout(&f->env, f->doc->footnotes[i].blocks, flow_column_width(f), 1, g, f->err));
    *ret = (struct flow_note){&f->doc->footnotes[i], *g, dgl_galley_start(), dgl_galley_end(*g)};
    return DGL_OK;
}

static const struct dgl_inline *reference(const struct dgl_line *line, uint32_t i)
{
    const struct dgl_inline *in = line->segs[i].piece->in;
    return line->segs[i].piece->kind == DGL_PIECE_ANCHOR && in->kind == DGL_IN_NOTE && !in->note.endnote ? in : NULL;
}

static int32_t first_line(const struct dgl_galley *g)
{
    if (g->count == 0 || !g->slabs[0].lines)
        return g->height;
    return g->slabs[0].y + g->slabs[0].lines->lines[0].height;
}

enum dgl_status flow_notes_of_line(struct flow *f, const struct dgl_line *line, struct flow_need *ret)
{
    *ret = (struct flow_need){0};
    for (uint32_t i = 0; line->has_notes && i < line->seg_count; i++) {
        const struct dgl_inline *in = reference(line, i);
        struct flow_note note;
        if (!in)
            continue;
        DGL_TRY(note_of(f, in->note.id, &note));
        if (!note.g)
            continue;
        if (f->note_count == f->column_notes && ret->all == 0) {
            int32_t rule;
            DGL_TRY(flow_separator(f, false, &ret->all, &rule));
        }
        ret->least = ret->all + first_line(note.g);
        ret->all += note.g->height;
    }
    return DGL_OK;
}

// As much of a note as fits below body_end; the rest waits, and so do all after it.
static enum dgl_status take(struct flow *f, struct flow_note note, int32_t body_end)
{
    int32_t separator = 0, rule;
    if (f->note_count == f->column_notes)
        DGL_TRY(flow_separator(f, f->notes_go_on, &separator, &rule));
    int32_t room = f->bottom - f->notes_height - separator - body_end;
    bool waits = f->carried_count > 0 || f->note_count == FLOW_MAX_NOTES;
    struct dgl_mark to = waits ? note.from : dgl_galley_fit(note.g, note.from, room);
    if (!waits && dgl_mark_same(to, note.from) && f->page_empty && f->note_count == f->column_notes)
        to = dgl_galley_end(note.g); // taller than the page: let it run over
    if (!dgl_mark_same(to, note.from)) {
        f->notes[f->note_count] = note;
        f->notes[f->note_count++].to = to;
        f->notes_height += separator + dgl_galley_height(note.g, note.from, to);
    }
    if (!dgl_mark_same(to, note.to) && f->carried_count < FLOW_MAX_NOTES) {
        f->carried[f->carried_count] = note;
        f->carried[f->carried_count++].from = to;
    }
    return DGL_OK;
}

enum dgl_status flow_take_notes_of_line(struct flow *f, const struct dgl_line *line, int32_t body_end)
{
    for (uint32_t i = 0; line->has_notes && i < line->seg_count; i++) {
        const struct dgl_inline *in = reference(line, i);
        struct flow_note note;
        if (!in)
            continue;
        if (in->note.mark)
            in->note.mark->page = f->page_count;
        DGL_TRY(note_of(f, in->note.id, &note));
        if (note.g)
            DGL_TRY(take(f, note, body_end));
    }
    return DGL_OK;
}

static enum dgl_status of_table(struct flow *f, const struct dgl_table_layout *t, struct flow_need *need,
                                int32_t body_end)
{
    for (uint32_t r = 0; r < t->t->row_count; r++)
        for (uint16_t c = 0; c < t->t->rows[r].cell_count; c++) {
            const struct dgl_galley *g = t->rows[r].cells[c].galley;
            struct flow_need part = {0};
            if (g && need)
                DGL_TRY(flow_notes_of_galley(f, g, dgl_galley_start(), dgl_galley_end(g), &part));
            else if (g)
                DGL_TRY(flow_take_notes_of_galley(f, g, dgl_galley_start(), dgl_galley_end(g), body_end));
            if (need)
                need->all += part.all;
        }
    return DGL_OK;
}

static enum dgl_status of_galley(struct flow *f, const struct dgl_galley *g, struct dgl_mark from, struct dgl_mark to,
                                 struct flow_need *need, int32_t body_end)
{
    for (uint32_t i = from.slab; f->doc->footnote_count && i < g->count && (i < to.slab || (i == to.slab && to.sub));
         i++) {
        const struct dgl_slab *s = &g->slabs[i];
        if (s->table)
            DGL_TRY(of_table(f, s->table, need, body_end));
        uint32_t a = i == from.slab ? from.sub : 0, z = i == to.slab ? to.sub : s->lines ? s->lines->count : 0;
        for (uint32_t k = a; s->lines && k < z; k++) {
            struct flow_need part = {0};
            if (need)
                DGL_TRY(flow_notes_of_line(f, &s->lines->lines[k], &part));
            else
                DGL_TRY(flow_take_notes_of_line(f, &s->lines->lines[k], body_end));
            if (need)
                need->all += part.all;
        }
    }
    return DGL_OK;
}

enum dgl_status flow_notes_of_galley(struct flow *f, const struct dgl_galley *g, struct dgl_mark from,
                                     struct dgl_mark to, struct flow_need *ret)
{
    *ret = (struct flow_need){0};
    return of_galley(f, g, from, to, ret, 0);
}

enum dgl_status flow_take_notes_of_galley(struct flow *f, const struct dgl_galley *g, struct dgl_mark from,
                                          struct dgl_mark to, int32_t body_end)
{
    return of_galley(f, g, from, to, NULL, body_end);
}

enum dgl_status flow_begin_notes(struct flow *f, bool page)
{
    uint32_t count = f->carried_count;
    if (page)
        f->note_count = f->foot_count = 0;
    f->column_notes = f->note_count;
    f->carried_count = 0;
    f->notes_height = 0;
    f->notes_go_on = count > 0;
    if (count == 0)
        return DGL_OK;
    struct flow_note *waiting = dgl_arena_alloc(f->env.arena, count * sizeof(*waiting));
    memcpy(waiting, f->carried, count * sizeof(*waiting));
    for (uint32_t i = 0; i < count; i++) // a fifth of the page stays for the text
        DGL_TRY(take(f, waiting[i], f->top + (f->bottom - f->top) / 5));
    return DGL_OK;
}

void flow_close_notes(struct flow *f, int32_t y)
{
    if (f->note_count == f->column_notes || f->foot_count == FLOW_MAX_FEET)
        return;
    f->feet[f->foot_count++] = (struct flow_foot){.first = f->column_notes,
                                                  .count = f->note_count - f->column_notes,
                                                  .x = flow_column_x(f),
                                                  .y = y,
                                                  .width = flow_column_width(f),
                                                  .go_on = f->notes_go_on};
    f->column_notes = f->note_count;
    f->notes_height = 0;
    f->notes_go_on = false;
}

static enum dgl_status paint_foot(struct flow *f, const struct flow_foot *foot)
{
    int32_t y = foot->y, height, rule;
    DGL_TRY(flow_separator(f, foot->go_on, &height, &rule));
    dgl_canvas_rect(&f->canvas, foot->x, y + rule, foot->go_on ? foot->width : DGL_MIN(SEPARATOR_WIDTH, foot->width),
                    500, 0x000000);
    y += height;
    for (uint32_t i = foot->first; i < foot->first + foot->count; i++) {
        const struct flow_note *n = &f->notes[i];
        struct dgl_tag *tag = DGL_ARENA_NEW(f->env.arena, struct dgl_tag);
        *tag = (struct dgl_tag){.kind = DGL_TAG_NOTE, .key = n->note};
        f->canvas.tag = tag;
        dgl_paint_galley(&f->canvas, n->g, n->from, n->to, foot->x, y);
        y += dgl_galley_height(n->g, n->from, n->to);
    }
    return f->canvas.status;
}

enum dgl_status flow_paint_notes(struct flow *f)
{
    const struct dgl_tag *outer = f->canvas.tag;
    for (uint32_t i = 0; i < f->foot_count; i++)
        DGL_TRY(paint_foot(f, &f->feet[i]));
    f->canvas.tag = outer;
    return f->canvas.status;
}

bool flow_renumber_notes(struct flow *f)
{
    bool changed = false;
    uint32_t page = 0;
    int64_t count = 0;
    for (struct dgl_note_mark *m = f->doc->page_marks; m; m = m->next) {
        count = m->page == page ? count + 1 : 0;
        page = m->page;
        struct dgl_str text = dgl_num_text(f->env.arena, (enum dgl_num_format)m->format, m->start + count);
        changed |= !dgl_str_equal(text, m->text);
        m->text = text;
    }
    return changed;
}

// ---- Line numbers ----

enum dgl_status flow_number_lines(struct flow *f, const struct dgl_lines *l, uint32_t from, uint32_t to, int32_t y)
{
    const struct dgl_line_numbers *n = &f->sections[f->section].s->lines;
    if (n->by == 0 || l->para->p.flags & DGL_PF_SUPPRESS_NUMBERS)
        return DGL_OK;
    for (uint32_t i = from; i < to; i++) {
        char digits[16];
        if (l->lines[i].beside)
            continue;
        if (++f->line_number % n->by)
            continue;
        int len = snprintf(digits, sizeof(digits), "%d", f->line_number);
        struct dgl_para *p = DGL_ARENA_NEW(f->env.arena, struct dgl_para);
        p->mark = n->run;
        p->style = UINT16_MAX;
        p->p.line = 240;
        p->p.shade = DGL_COLOR_NONE;
        p->p.jc = DGL_JC_END;
        p->inlines = DGL_ARENA_NEW(f->env.arena, struct dgl_inline);
        p->inline_count = 1;
        *p->inlines = (struct dgl_inline){.kind = DGL_IN_TEXT,
                                          .run = n->run,
                                          .text = {dgl_arena_strndup(f->env.arena, digits, (size_t)len), (size_t)len}};
        struct dgl_lines *number;
        struct dgl_para_place place = {.width = 72000};
        DGL_TRY(dgl_para_layout(&f->env, p, &place, &number, f->err));
        struct dgl_tag tag = {.kind = DGL_TAG_REPEATED, .key = p}, *kept = DGL_ARENA_NEW(f->env.arena, struct dgl_tag);
        const struct dgl_tag *outer = f->canvas.tag;
        *kept = tag;
        f->canvas.tag = kept;
        int32_t baseline = y + l->lines[i].y - l->lines[from].y + l->lines[i].baseline;
        dgl_paint_lines(&f->canvas, number, 0, 1, flow_column_x(f) - n->distance - 72000,
                        baseline - number->lines[0].baseline, (struct dgl_para_edges){0});
        f->canvas.tag = outer;
    }
    return f->canvas.status;
}
