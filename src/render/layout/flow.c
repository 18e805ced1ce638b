// Pages, columns and sections; paragraphs over page breaks.
//
//   blocks ──▶ paragraph: lay out at this column's width ──▶ how many lines fit? ──▶ paint them, go on in the next
//          └─▶ table: rows (flow_table.c)                    keep lines, widows,      column or on the next page
//                                                            footnotes, kept chains
//
// Greedy, one page after another, as Word does it. The alternative, optimal breaking over the whole document, would
// break pages elsewhere than Word. What looks ahead is only the chain of paragraphs kept with the next.
#include "render/layout/flow.h"

#include "render/layout/floats.h"
#include "render/layout/layers.h"

#include <string.h>

static int32_t max32(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

const struct dgl_section *flow_side(const struct flow *f, uint32_t section, int32_t number)
{
    const struct flow_section *s = &f->sections[section];
    return f->doc->sheet->settings.mirror_margins && number % 2 == 0 ? &s->even : s->s;
}

const struct dgl_section *flow_here(const struct flow *f)
{
    return flow_side(f, f->section, f->page_count ? f->info[f->page_count - 1].number : 1);
}

int32_t flow_room(const struct flow *f)
{
    return DGL_MIN(f->bottom - f->notes_height, f->limit) - f->y;
}

int32_t flow_column_width(const struct flow *f)
{
    return f->sections[f->section].s->column_width[f->column];
}

int32_t flow_column_x(const struct flow *f)
{
    const struct dgl_section *s = flow_here(f);
    int32_t x = s->margin[DGL_LEFT];
    for (uint16_t i = 0; i < f->column; i++)
        x += s->column_width[i] + s->column_space[i];
    return x;
}

// ---- Pages ----

static enum dgl_page_kind kind_of(const struct flow *f, const struct dgl_section *s, bool first, int32_t number)
{
    if (s->title_page && first)
        return DGL_PAGE_FIRST;
    if (f->doc->sheet->settings.even_odd_headers && number % 2 == 0)
        return DGL_PAGE_EVEN;
    return DGL_PAGE_DEFAULT;
}

// The body flows around what is anchored in the header and footer as well (Word).
static void keep_floats(struct flow *f, const struct dgl_galley *g, int32_t x, int32_t y, struct flow_floats *ret)
{
    if (g->exclusion_count == 0)
        return;
    struct dgl_exclusion *list = dgl_arena_alloc(f->env.arena, (ret->count + g->exclusion_count) * sizeof(*list));
    if (ret->count)
        memcpy(list, ret->list, ret->count * sizeof(*list));
    for (uint32_t i = 0; i < g->exclusion_count; i++) {
        struct dgl_exclusion e = g->exclusions[i];
        e.x0 += x;
        e.x1 += x;
        e.y0 += y;
        e.y1 += y;
        list[ret->count++] = e;
    }
    ret->list = list;
}

static enum dgl_status measure_margins(struct flow *f, struct flow_section *fs, enum dgl_page_kind kind)
{
    const struct dgl_section *s = fs->s;
    int32_t width = s->width - s->margin[DGL_LEFT] - s->margin[DGL_RIGHT];
    struct dgl_galley *g;
    if (fs->known[kind])
        return DGL_OK;
    struct dgl_text_env env = f->env;
    env.page_number = DGL_STR("1");
    env.page = env.section = 1;
    env.grid_pitch = s->grid_pitch;
    env.character_extra = s->character_extra;
    env.section_of_galley = s;
    env.galley_x = s->margin[DGL_LEFT];
    env.galley_y = s->header;
    if (s->headers[kind]) {
        DGL_TRY(dgl_galley_layout(&env, s->headers[kind], width, 0, &g, f->err));
        fs->header_height[kind] = g->height;
        keep_floats(f, g, env.galley_x, env.galley_y, &fs->floats[kind]);
    }
    if (s->footers[kind]) {
        DGL_TRY(dgl_galley_layout(&env, s->footers[kind], width, 0, &g, f->err));
        fs->footer_height[kind] = g->height;
        env.galley_y = s->height - s->footer - g->height;
        if (g->exclusion_count) // once more, now that it is known where the footer stands
            DGL_TRY(dgl_galley_layout(&env, s->footers[kind], width, 0, &g, f->err));
        keep_floats(f, g, env.galley_x, env.galley_y, &fs->floats[kind]);
    }
    fs->known[kind] = true;
    return DGL_OK;
}

static void point_canvas(struct flow *f)
{
    f->canvas.column_x = flow_column_x(f);
    f->canvas.column_width = flow_column_width(f);
    f->canvas.body_top = f->top;
    f->canvas.body_bottom = f->bottom;
    f->canvas.section = flow_here(f);
    f->env.grid_pitch = f->canvas.section->grid_pitch;
    f->env.character_extra = f->canvas.section->character_extra;
}

static enum dgl_status add_page(struct flow *f)
{
    if (f->page_count >= DGL_LAYOUT_MAX_PAGES)
        return DGL_FAIL_SLUG(f->err, DGL_E_LIMIT, "too_many_pages", "the document has more than %u pages",
                             DGL_LAYOUT_MAX_PAGES);
    if (!DGL_ARENA_ROOM(f->env.arena, f->pages, f->page_cap, f->page_count + 1, 8, DGL_LAYOUT_MAX_PAGES) ||
        !DGL_ARENA_ROOM(f->env.arena, f->info, f->info_cap, f->page_count + 1, 8, DGL_LAYOUT_MAX_PAGES))
        return DGL_FAIL_SLUG(f->err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more memory than one document may use");
    memset(&f->pages[f->page_count], 0, sizeof(*f->pages));
    memset(&f->info[f->page_count], 0, sizeof(*f->info));
    f->page_count++;
    return DGL_OK;
}

static enum dgl_status begin_page(struct flow *f, bool first_of_section)
{
    struct flow_section *fs = &f->sections[f->section];
    const struct dgl_section *s = fs->s;
    DGL_TRY(dgl_work_tick(f->env.budget, f->env.arena, f->err));
    DGL_TRY(add_page(f));
    struct dgl_page *page = &f->pages[f->page_count - 1];
    struct flow_page *info = &f->info[f->page_count - 1];
    f->canvas.expected = f->page_count > 1 ? page[-1].over.count * 9 / 8 : 0;
    if (first_of_section && s->page_start >= 0)
        f->next_number = s->page_start;
    info->number = f->next_number++;
    info->section = f->section;
    info->kind = kind_of(f, s, first_of_section, info->number);
    DGL_TRY(measure_margins(f, fs, info->kind));
    page->width = s->width;
    page->height = s->height;
    page->section = f->section;
    int32_t top = s->margin[DGL_TOP], bottom = s->margin[DGL_BOTTOM];
    // A negative margin is fixed; another one gives way to a header or footer that needs more.
    f->top = top < 0 ? -top : max32(top, fs->header_height[info->kind] ? s->header + fs->header_height[info->kind] : 0);
    bottom = bottom < 0 ? -bottom
                        : max32(bottom, fs->footer_height[info->kind] ? s->footer + fs->footer_height[info->kind] : 0);
    f->top = DGL_MIN(f->top, s->height - 36000);
    f->bottom = max32(s->height - bottom, f->top + 18000);
    f->y = f->top;
    f->column = 0;
    f->deepest = f->top;
    f->at_top = f->page_empty = true;
    f->start_count = 0;
    f->exclusion_count = DGL_MIN(fs->floats[info->kind].count, DGL_LAYOUT_MAX_FLOATS);
    if (f->exclusion_count)
        memcpy(f->exclusions, fs->floats[info->kind].list, f->exclusion_count * sizeof(*f->exclusions));
    flow_begin_ahead(f);
    f->limit = f->page_count == f->balance_page ? f->top + f->balance_height : INT32_MAX;
    if (s->lines.restart == DGL_RESTART_PAGE)
        f->line_number = s->lines.start;
    f->canvas.page = page;
    f->canvas.list = &page->over;
    f->env.page = info->number;
    page->label = dgl_num_text(f->env.arena, s->page_format, info->number);
    f->env.page_number = page->label;
    f->env.section = (int32_t)f->section + 1;
    f->env.section_pages = (int32_t)fs->pages;
    point_canvas(f);
    return flow_begin_notes(f, true);
}

// Lines between the columns that have text, as long as the longest of them (Word; §17.6.4 leaves it open).
static void column_lines(struct flow *f)
{
    const struct dgl_section *s = flow_here(f);
    struct dgl_border line = {.set = true, .kind = DGL_LINE_SINGLE, .width = 500};
    struct dgl_canvas c = f->canvas;
    int32_t x = s->margin[DGL_LEFT], bottom = max32(f->deepest, f->y);
    c.list = &c.page->under;
    for (uint16_t i = 0; s->column_line && i < f->column; i++) {
        x += s->column_width[i];
        dgl_canvas_line(&c, x + s->column_space[i] / 2, f->top, 0, bottom - f->top, &line);
        x += s->column_space[i];
    }
}

// ---- Vertical alignment ----

// The section whose properties the page at hand has: the one that began it.
static const struct dgl_section *page_section(const struct flow *f)
{
    return f->sections[f->info[f->page_count - 1].section].s;
}

enum dgl_status flow_mark_start(struct flow *f, bool whole)
{
    if (page_section(f)->valign != DGL_VALIGN_BOTH)
        return DGL_OK;
    if (f->start_count == f->start_cap) {
        uint32_t cap = f->start_cap ? f->start_cap * 2 : 64;
        struct flow_start *grown = dgl_arena_alloc_try(f->env.arena, cap * sizeof(*grown));
        if (!grown)
            return DGL_FAIL_SLUG(f->err, DGL_E_LIMIT, "document_too_large",
                                 "the document needs more memory than one document may use");
        if (f->start_count)
            memcpy(grown, f->starts, f->start_count * sizeof(*grown));
        f->starts = grown;
        f->start_cap = cap;
    }
    f->starts[f->start_count++] = (struct flow_start){f->canvas.list->count, f->column, whole};
    return DGL_OK;
}

// Room between paragraphs, the same everywhere in a column, so that its last line stands at the foot of the page. Word
// does that on the last page too (§17.18.101 leaves it open).
static void spread_out(struct flow *f)
{
    const struct dgl_section *s = flow_here(f);
    struct dgl_box_list *l = &f->canvas.page->over;
    f->column_end[f->column] = f->y;
    f->column_foot[f->column] = f->bottom - f->notes_height;
    for (uint32_t i = 0; i < f->start_count;) {
        uint16_t column = f->starts[i].column;
        uint32_t end = i, gaps = 0, above = 0;
        for (; end < f->start_count && f->starts[end].column == column; end++)
            gaps += f->starts[end].whole;
        uint16_t at = (uint16_t)DGL_MIN(column, s->columns - 1);
        int32_t spare = max32(f->column_foot[at] - f->column_end[at], 0);
        for (; i < end; i++) {
            above += f->starts[i].whole;
            int32_t shift = gaps ? (int32_t)((int64_t)spare * above / gaps) : 0;
            uint32_t last = i + 1 < f->start_count ? f->starts[i + 1].box : l->count;
            dgl_layers_shift(l, f->starts[i].box, last, shift);
        }
    }
}

// Moves the body to where the section wants it; returns how far its end went down.
static int32_t align_page(struct flow *f, int32_t spare)
{
    const struct dgl_section *s = page_section(f);
    struct dgl_box_list *l = &f->canvas.page->over;
    if (s->valign == DGL_VALIGN_TOP || spare <= 0)
        return 0;
    if (s->valign == DGL_VALIGN_BOTH) {
        spread_out(f);
        return spare;
    }
    int32_t shift = s->valign == DGL_VALIGN_CENTER ? spare / 2 : spare;
    dgl_layers_shift(l, 0, l->count, shift);
    return shift;
}

// Where the notes of the column at hand stand whose text ends at y: at its foot, or right below the text.
static int32_t notes_place(const struct flow *f, int32_t y)
{
    int32_t foot = f->bottom - f->notes_height, after = f->above && !f->at_top ? f->above->p.after : 0;
    return flow_here(f)->notes_beneath ? DGL_MIN(y + after, foot) : foot;
}

enum dgl_status flow_finish_page(struct flow *f)
{
    if (f->page_count == 0)
        return DGL_OK;
    int32_t lowest = max32(f->deepest, f->y);
    lowest += align_page(f, f->bottom - f->notes_height - lowest);
    column_lines(f);
    flow_close_notes(f, notes_place(f, flow_here(f)->columns > 1 ? f->y : lowest));
    DGL_TRY(flow_paint_notes(f));
    return f->canvas.status;
}

enum dgl_status flow_new_page(struct flow *f, bool hard)
{
    DGL_TRY(flow_finish_page(f));
    DGL_TRY(begin_page(f, false));
    f->hard_break = hard;
    f->above = NULL;
    return DGL_OK;
}

enum dgl_status flow_next_column(struct flow *f, bool hard)
{
    const struct dgl_section *s = f->sections[f->section].s;
    if (f->column + 1 >= s->columns)
        return flow_new_page(f, hard);
    f->deepest = max32(f->deepest, f->y);
    f->column_end[f->column] = f->y;
    f->column_foot[f->column] = f->bottom - f->notes_height;
    flow_close_notes(f, notes_place(f, f->y));
    f->column++;
    f->y = f->top;
    f->at_top = true;
    f->hard_break = hard;
    f->above = NULL;
    point_canvas(f);
    return flow_begin_notes(f, false);
}

// Between columns of different numbers the notes so far stay at the foot of theirs, and what follows above them all.
static void keep_above_notes(struct flow *f)
{
    flow_close_notes(f, f->bottom - f->notes_height);
    for (uint32_t i = 0; i < f->foot_count; i++)
        f->bottom = DGL_MIN(f->bottom, f->feet[i].y);
    f->bottom = max32(f->bottom, f->y);
}

// A section may begin in the next column of the page when both have the same columns (§17.18.77).
static bool goes_to_next_column(const struct dgl_section *before, const struct dgl_section *s)
{
    return before && s->start == DGL_START_COLUMN && before->width == s->width && before->height == s->height &&
           s->columns > 1 && before->columns == s->columns;
}

// A break, and right after it the end of its section: Word breaks once. The page that the break began is given back.
static void give_back_page(struct flow *f)
{
    if (!f->page_empty || f->note_count || f->page_count == f->sections[f->section].first_page)
        return;
    f->page_count--;
    f->next_number--;
}

enum dgl_status flow_start_section(struct flow *f, uint32_t index)
{
    const struct dgl_section *before = f->page_count ? f->sections[f->section].s : NULL, *s = f->sections[index].s;
    bool same_page =
        before && s->start == DGL_START_CONTINUOUS && before->width == s->width && before->height == s->height;
    if (same_page)
        column_lines(f);
    if (same_page && before->columns > 1) // columns that ended in the middle of the page stay as they are
        f->start_count = 0;
    if (same_page && (before->columns > 1 || s->columns > 1))
        keep_above_notes(f);
    f->section = index;
    if (goes_to_next_column(before, s)) {
        DGL_TRY(flow_next_column(f, true));
        if (s->lines.restart == DGL_RESTART_SECTION)
            f->line_number = s->lines.start;
        f->sections[index].first_page = f->page_count;
        f->env.section = (int32_t)index + 1;
        return DGL_OK;
    }
    if (same_page) {
        f->y = max32(f->y, f->deepest);
        f->given = f->above && !f->at_top ? f->above->p.after : 0; // all columns begin below it
        f->y += f->given;
        f->deepest = f->y;
        f->top = f->y;
        f->column = 0;
        if (s->lines.restart == DGL_RESTART_SECTION)
            f->line_number = s->lines.start;
        f->sections[index].first_page = f->page_count;
        f->env.section = (int32_t)index + 1;
        point_canvas(f);
        return DGL_OK;
    }
    DGL_TRY(flow_finish_page(f));
    if (before)
        give_back_page(f);
    int32_t number = s->page_start >= 0 ? s->page_start : f->next_number;
    bool want_odd = s->start == DGL_START_ODD, want_even = s->start == DGL_START_EVEN;
    if (before && ((want_odd && number % 2 == 0) || (want_even && number % 2 != 0))) {
        DGL_TRY(begin_page(f, false));
        f->info[f->page_count - 1].blank = true;
    }
    if (s->lines.restart == DGL_RESTART_SECTION)
        f->line_number = s->lines.start;
    DGL_TRY(begin_page(f, true));
    f->sections[index].first_page = f->page_count;
    f->hard_break = true;
    f->given = f->above ? f->above->p.after : 0; // counts against the space above the first paragraph (Word)
    f->above = NULL;
    return DGL_OK;
}

// ---- Paragraphs ----

static void add_exclusions(struct flow *f, const struct dgl_para *p, int32_t para_y)
{
    for (uint32_t i = 0; p->has_drawings && i < p->inline_count; i++) {
        const struct dgl_drawing *d = p->inlines[i].kind == DGL_IN_DRAWING ? p->inlines[i].drawing : NULL;
        struct dgl_exclusion e;
        if (d && f->exclusion_count < DGL_LAYOUT_MAX_FLOATS &&
            dgl_exclusion_of(&f->canvas, d, f->canvas.column_x, para_y, &e) && !flow_note_ahead(f, d, &e, para_y))
            f->exclusions[f->exclusion_count++] = e;
    }
}

// Boxes get the size of their contents. A floating table that does not fit on this page, and a frame that fits on none,
// is set in the text, where it can go over pages, from where it would have stood on.
static enum dgl_status settle_floats(struct flow *f, const struct dgl_para *p)
{
    for (uint32_t i = 0; p->has_drawings && i < p->inline_count; i++) {
        struct dgl_drawing *d =
            p->inlines[i].kind == DGL_IN_DRAWING ? (struct dgl_drawing *)p->inlines[i].drawing : NULL;
        int32_t x, y, w, h;
        if (!d)
            continue;
        DGL_TRY(dgl_drawing_settle(&f->env, d, 0, flow_column_width(f), f->err));
        if (!d->table && !d->framed)
            continue;
        dgl_drawing_place(&f->canvas, d, f->canvas.column_x, f->y, &x, &y, &w, &h);
        d->in_text = h > f->bottom - f->top ||
                     (d->table && d->v_rel == DGL_REL_PARAGRAPH && y + h > f->bottom - f->notes_height);
        if (d->in_text && d->table) {
            ((struct dgl_table *)d->table)->settled_x = x - flow_column_x(f);
            if (d->v_rel != DGL_REL_PAGE && y < f->bottom)
                f->y = max32(f->y, y);
        }
        for (const struct dgl_block *b = d->blocks; d->in_text && b; b = b->next)
            DGL_TRY(flow_block(f, b));
    }
    return DGL_OK;
}

static void note_style(struct flow *f, const struct dgl_para *p, const struct dgl_lines *l)
{
    struct dgl_str text = dgl_str_trim((struct dgl_str){l->text->bytes, l->text->len});
    if (p->style == f->doc->sheet->default_paragraph || p->style == UINT16_MAX || text.len == 0)
        return;
    if (!DGL_ARENA_ROOM(f->env.arena, f->styles, f->style_cap, f->style_count + 1, 16, UINT32_MAX))
        return;
    f->styles[f->style_count++] = (struct flow_style){p->style, p->outline, f->page_count, text};
}

static bool only_a_break(const struct dgl_line *line)
{
    for (uint32_t i = 0; i < line->seg_count; i++)
        if (line->segs[i].piece->kind != DGL_PIECE_BREAK && line->segs[i].piece->kind != DGL_PIECE_ANCHOR)
            return false;
    return line->ends != DGL_IN_TEXT && line->ends != DGL_IN_LINE_BREAK;
}

// Where the lines from `from` on begin in their paragraph: an object may have pushed its first line down.
static int32_t lines_start(const struct dgl_lines *l, uint32_t from)
{
    return from ? l->lines[from].y : 0;
}

// How many lines from `from` fit; stops after a forced break.
static enum dgl_status count_fitting(struct flow *f, const struct dgl_lines *l, uint32_t from, uint32_t *ret)
{
    int32_t room = flow_room(f), base = lines_start(l, from), notes = 0;
    uint32_t k = from;
    for (; k < l->count; k++) {
        const struct dgl_line *line = &l->lines[k];
        struct flow_need more;
        DGL_TRY(flow_notes_of_line(f, line, &more));
        int32_t bottom = k + 1 == l->count ? l->bottom : 0, hangs = bottom ? 0 : line->hangs;
        int32_t need = line->y + line->height - hangs - base + bottom + notes;
        if (need + more.all > room && !only_a_break(line)) {
            k += more.least < more.all && need + more.least <= room; // the note goes on on the next page
            break;
        }
        notes += more.all;
        if (line->ends == DGL_IN_PAGE_BREAK || line->ends == DGL_IN_COLUMN_BREAK) {
            k++;
            break;
        }
    }
    *ret = k - from;
    return DGL_OK;
}

static uint32_t hold_lines(const struct dgl_lines *l, uint32_t from, uint32_t fits, bool at_top)
{
    const struct dgl_ppr *p = &l->para->p;
    uint32_t rest = l->count - from - fits, natural = fits;
    uint8_t ends = fits ? l->lines[from + fits - 1].ends : DGL_IN_TEXT;
    if (rest == 0 || ends == DGL_IN_PAGE_BREAK || ends == DGL_IN_COLUMN_BREAK)
        return fits;
    if (p->flags & DGL_PF_KEEP_LINES && from == 0 && !at_top)
        return 0;
    if (p->flags & DGL_PF_WIDOW_CONTROL) {
        if (rest == 1 && fits > 0)
            fits--;
        if (from == 0 && fits == 1)
            fits = 0;
    }
    while (fits && from + fits < l->count && l->lines[from + fits].beside) // both sides of an object stay together
        fits--;
    return fits == 0 && at_top ? natural : fits; // what cannot be held together breaks where it would (Word)
}

static enum dgl_status lines_of(struct flow *f, struct dgl_para *p, int32_t y, struct dgl_lines **ret)
{
    struct dgl_para_place place = {.width = flow_column_width(f),
                                   .x = flow_column_x(f),
                                   .y = y,
                                   .exclusions = f->exclusions,
                                   .exclusion_count = f->exclusion_count};
    return dgl_para_layout(&f->env, p, &place, ret, f->err);
}

static int32_t head_height(const struct dgl_lines *l)
{
    uint32_t n = l->para->p.flags & DGL_PF_KEEP_LINES || l->count <= 3 ? l->count
                 : l->para->p.flags & DGL_PF_WIDOW_CONTROL             ? 2
                                                                       : 1;
    return l->top + l->lines[n - 1].y + l->lines[n - 1].height + (n == l->count ? l->bottom : 0);
}

// A paragraph with a page or column break ends the chain: what stands before the break has to fit.
static bool breaks_inside(const struct dgl_lines *l, int64_t *height)
{
    for (uint32_t i = 0; l->text->has_breaks && i < l->count; i++) {
        const struct dgl_line *line = &l->lines[i];
        if (line->ends != DGL_IN_PAGE_BREAK && line->ends != DGL_IN_COLUMN_BREAK)
            continue;
        *height += l->top + line->y + (only_a_break(line) ? 0 : line->height);
        return true;
    }
    return false;
}

// Height of a chain of paragraphs kept with the next, with the head of what follows; 0 when it is longer than allowed.
static enum dgl_status chain_height(struct flow *f, const struct dgl_block *b, int32_t *ret,
                                    const struct dgl_block **ret_end)
{
    const struct dgl_para *above = NULL;
    int64_t height = 0;
    unsigned length = 0;
    *ret = 0;
    for (; b && length < DGL_LAYOUT_MAX_KEEP_CHAIN; b = b->next, length++) {
        struct dgl_lines *l;
        if (b->kind == DGL_BLOCK_TABLE) {
            struct dgl_table_layout *t;
            bool goes_on;
            DGL_TRY(dgl_table_layout_make(&f->env, b->table, flow_column_width(f), 0, &t, f->err));
            height += dgl_space_between(above, NULL) + flow_kept_rows(t, 0, &goes_on);
            above = NULL;
            if (goes_on)
                continue;
            break;
        }
        if (length && b->para->p.flags & DGL_PF_PAGE_BREAK_BEFORE)
            break;
        DGL_TRY(lines_of(f, b->para, f->y, &l));
        height += length ? dgl_space_between(above, b->para) : 0;
        if (breaks_inside(l, &height))
            break;
        if (!(b->para->p.flags & DGL_PF_KEEP_NEXT)) {
            height += head_height(l);
            break;
        }
        height += l->top + l->height + l->bottom;
        above = b->para;
    }
    *ret_end = b;
    if (length < DGL_LAYOUT_MAX_KEEP_CHAIN)
        *ret = height > INT32_MAX / 2 ? 0 : (int32_t)height;
    return DGL_OK;
}

enum dgl_status flow_chain_height(struct flow *f, const struct dgl_block *b, int32_t *ret)
{
    const struct dgl_block *end;
    return chain_height(f, b, ret, &end);
}

static enum dgl_status keep_chain(struct flow *f, const struct dgl_block *b, int32_t space, bool *ret_moved)
{
    int32_t height;
    const struct dgl_block *end = NULL;
    *ret_moved = false;
    if (f->kept_until == b)
        f->kept_until = NULL;
    if (!(b->para->p.flags & DGL_PF_KEEP_NEXT) || !b->next || f->kept_until || f->at_top)
        return DGL_OK;
    DGL_TRY(chain_height(f, b, &height, &end));
    f->kept_until = end;
    if (height == 0) // too long to be held together
        return DGL_OK;
    if (height + space <= flow_room(f) || height > f->bottom - f->top)
        return DGL_OK;
    DGL_TRY(flow_next_column(f, false));
    *ret_moved = true;
    return DGL_OK;
}

static int32_t space_above(const struct flow *f, const struct dgl_para *p)
{
    // At the top of a page Word shows a space before only after a break that somebody put there.
    if (f->at_top)
        return f->hard_break && !(p->p.before_auto && f->page_empty) ? max32(p->p.before - f->given, 0) : 0;
    return max32(dgl_space_between(f->above, p) - f->given, 0);
}

static enum dgl_status paint_chunk(struct flow *f, const struct dgl_lines *l, uint32_t from, uint32_t count,
                                   bool joined, bool joins_next, int32_t gap)
{
    struct dgl_para_edges e = {.top = from == 0 && !joined,
                               .bottom = from + count == l->count && !joins_next,
                               .between = from == 0 && joined,
                               .above = from == 0 && joined ? gap : 0};
    const struct dgl_line *final = &l->lines[from + count - 1];
    int32_t start = f->y + l->lines[from].y - lines_start(l, from);
    int32_t end = start + final->y + final->height - l->lines[from].y;
    for (uint32_t i = from; i < from + count; i++)
        DGL_TRY(flow_take_notes_of_line(f, &l->lines[i], end));
    DGL_TRY(flow_mark_start(f, from == 0 && !joined && !f->at_top));
    DGL_TRY(flow_number_lines(f, l, from, from + count, start));
    dgl_paint_lines(&f->canvas, l, from, from + count, flow_column_x(f), start, e);
    f->y = end;
    if (!l->para->no_line)
        f->at_top = f->page_empty = f->hard_break = false;
    return f->canvas.status;
}

// The end of the document needs no page.
static bool ends_document(const struct flow *f, const struct dgl_block *b)
{
    return !b->next && f->section + 1 == f->section_count && f->doc->endnote_count == 0;
}

static enum dgl_status flow_para(struct flow *f, const struct dgl_block *b)
{
    struct dgl_para *p = b->para;
    struct dgl_lines *l = NULL;
    bool moved, joined = false, keeps = !f->doc->sheet->settings.no_space_after_break;
    bool joins_next = b->next && b->next->kind == DGL_BLOCK_PARA && dgl_para_same_box(p, b->next->para);
    if (p->p.flags & DGL_PF_PAGE_BREAK_BEFORE && !f->page_empty)
        DGL_TRY(flow_new_page(f, true));
    if (flow_goes_ahead(f, p))
        DGL_TRY(flow_new_page(f, false));
    DGL_TRY(settle_floats(f, p));
    DGL_TRY(keep_chain(f, b, space_above(f, p), &moved));
    uint32_t from = 0, fits = 0;
    for (unsigned tries = 0;; tries++) { // a paragraph none of which fits is laid out again where it goes
        joined = f->above && dgl_para_same_box(f->above, p);
        int32_t space = space_above(f, p), gap = space;
        int32_t y = f->y + space;
        add_exclusions(f, p, y);
        DGL_TRY(lines_of(f, p, y, &l));
        int32_t inner = joined ? p->p.border[DGL_BETWEEN].width + p->p.border[DGL_BETWEEN].space : l->top;
        f->y = y + inner;
        DGL_TRY(count_fitting(f, l, 0, &fits));
        fits = hold_lines(l, 0, fits, f->at_top);
        if (fits || f->at_top || tries >= 2) {
            fits = DGL_MAX(fits, 1u);
            if (joined) // the paragraph above left its bottom border out; the space between belongs to the box
                gap += inner;
            note_style(f, p, l);
            DGL_TRY(paint_chunk(f, l, 0, fits, joined, joins_next, gap));
            break;
        }
        f->y = y - space;
        DGL_TRY(flow_next_column(f, false));
    }
    for (from = fits; from < l->count; from += fits) {
        uint8_t ends = l->lines[from - 1].ends;
        f->column_break |= ends == DGL_IN_COLUMN_BREAK;
        if (ends == DGL_IN_PAGE_BREAK)
            DGL_TRY(flow_new_page(f, keeps));
        else
            DGL_TRY(flow_next_column(f, ends == DGL_IN_COLUMN_BREAK && keeps));
        if (from == 1 && keeps && only_a_break(&l->lines[0])) // the space above text that a break begins (§17.15.3.70)
            f->y += p->p.before;
        DGL_TRY(count_fitting(f, l, from, &fits));
        fits = DGL_MAX(hold_lines(l, from, fits, true), 1u);
        DGL_TRY(paint_chunk(f, l, from, fits, false, joins_next, 0));
    }
    f->y += joins_next ? 0 : l->bottom;
    f->above = p;
    f->given = 0;
    uint8_t ends = l->lines[l->count - 1].ends;
    if (ends == DGL_IN_PAGE_BREAK && !ends_document(f, b))
        return flow_new_page(f, keeps);
    if (ends == DGL_IN_COLUMN_BREAK) {
        f->column_break = true;
        return flow_next_column(f, keeps);
    }
    return DGL_OK;
}

enum dgl_status flow_block(struct flow *f, const struct dgl_block *b)
{
    DGL_TRY(dgl_work_tick(f->env.budget, f->env.arena, f->err));
    return b->kind == DGL_BLOCK_PARA ? flow_para(f, b) : flow_table(f, b);
}
