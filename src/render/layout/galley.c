// Stacking blocks, and taking stretches of the stack.
#include "render/layout/galley.h"

#include "render/layout/floats.h"
#include "render/layout/table.h"

#include <string.h>

#define GALLEY_MAX_FLOATS 32u

// Spaces of neighbours do not add up: the larger counts (Word; §17.3.1.33 says the same of HTML-like spacing only).
// A compatibility setting (§17.15.3.21) brings back the sum. contextualSpacing takes a paragraph's own space away
// towards a neighbour of the same style. Between the items of a list automatic space is none, as in HTML.
int32_t dgl_space_between(const struct dgl_para *above, const struct dgl_para *below)
{
    bool same = above && below && above->style == below->style;
    bool list = above && below && above->level && below->level && above->p.num == below->p.num;
    int32_t after = above ? above->p.after : 0, before = below ? below->p.before : 0;
    if ((same && above->p.flags & DGL_PF_CONTEXTUAL) || (list && above->p.after_auto))
        after = 0;
    if ((same && below->p.flags & DGL_PF_CONTEXTUAL) || (list && below->p.before_auto))
        before = 0;
    bool add = (above && above->p.flags & DGL_PF_SPACES_ADD) || (below && below->p.flags & DGL_PF_SPACES_ADD);
    return add ? after + before : DGL_MAX(after, before);
}

static const struct dgl_section ANY_PAGE; // stands for one that is not known: nothing is larger, nothing is moved

// What is anchored in a paragraph and takes room from it and those below. What hangs on the page is left out where the
// galley's place on it is not known.
static enum dgl_status add_exclusions(const struct dgl_text_env *env, struct dgl_galley *g, const struct dgl_para *p,
                                      int32_t y, unsigned nesting, struct dgl_error *err)
{
    const struct dgl_section *s = nesting ? NULL : env->section_of_galley;
    struct dgl_canvas c = {.env = env, .section = s ? s : &ANY_PAGE, .column_width = g->width, .nesting = 1};
    int32_t x0 = s ? env->galley_x : 0, y0 = s ? env->galley_y : 0;
    c.column_x = x0;
    for (uint32_t i = 0; i < p->inline_count; i++) {
        const struct dgl_drawing *d = p->inlines[i].kind == DGL_IN_DRAWING ? p->inlines[i].drawing : NULL;
        if (!d)
            continue;
        DGL_TRY(dgl_drawing_settle(env, d, nesting, g->width, err));
        bool on_page = (d->h_rel != DGL_REL_COLUMN && d->h_rel != DGL_REL_CHARACTER) ||
                       (d->v_rel != DGL_REL_PARAGRAPH && d->v_rel != DGL_REL_LINE) || d->percent_width ||
                       d->percent_height;
        struct dgl_exclusion e;
        if ((on_page && !s) || g->exclusion_count == GALLEY_MAX_FLOATS || !dgl_exclusion_of(&c, d, x0, y0 + y, &e))
            continue;
        if (!g->exclusions)
            g->exclusions = dgl_arena_alloc(env->arena, GALLEY_MAX_FLOATS * sizeof(*g->exclusions));
        e.x0 -= x0;
        e.x1 -= x0;
        e.y0 -= y0;
        e.y1 -= y0;
        g->exclusions[g->exclusion_count++] = e;
    }
    return DGL_OK;
}

static enum dgl_status add_para(const struct dgl_text_env *env, struct dgl_para *p, struct dgl_galley *g,
                                const struct dgl_para *above, unsigned nesting, int32_t *y, struct dgl_error *err)
{
    struct dgl_slab *s = &g->slabs[g->count];
    struct dgl_lines *l;
    bool first = g->count == 0;
    s->joined = !first && above && dgl_para_same_box(above, p);
    int32_t space = dgl_space_between(above, p);
    if (first && p->p.before_auto)
        space = 0;
    if (s->joined && g->slabs[g->count - 1].lines) { // no borders between: take back the one above
        g->slabs[g->count - 1].height -= g->slabs[g->count - 1].lines->bottom;
        *y -= g->slabs[g->count - 1].lines->bottom;
    }
    *y += space + (s->joined ? p->p.border[DGL_BETWEEN].width + p->p.border[DGL_BETWEEN].space
                             : dgl_para_border_room(&p->p.border[DGL_TOP]));
    if (p->has_drawings)
        DGL_TRY(add_exclusions(env, g, p, *y, nesting, err));
    struct dgl_para_place place = {
        .width = g->width, .y = *y, .exclusions = g->exclusions, .exclusion_count = g->exclusion_count};
    DGL_TRY(dgl_para_layout(env, p, &place, &l, err));
    s->lines = l;
    s->y = *y;
    s->height = l->height + l->bottom;
    *y += s->height;
    g->count++;
    return DGL_OK;
}

// A cell or box is at least as tall as what is anchored in it and pushes text aside.
static int32_t lowest_float(const struct dgl_galley *g)
{
    int32_t y = 0;
    for (uint32_t i = 0; i < g->exclusion_count; i++)
        y = DGL_MAX(y, g->exclusions[i].y1);
    return y;
}

enum dgl_status dgl_galley_layout(const struct dgl_text_env *env, const struct dgl_block *blocks, int32_t width,
                                  unsigned nesting, struct dgl_galley **ret, struct dgl_error *err)
{
    struct dgl_galley *g = DGL_ARENA_NEW(env->arena, struct dgl_galley);
    uint32_t count = 0;
    for (const struct dgl_block *b = blocks; b; b = b->next)
        count++;
    g->slabs = dgl_arena_alloc_try(env->arena, (count + 1) * sizeof(*g->slabs));
    if (!g->slabs)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more memory than one document may use");
    g->width = width;
    int32_t y = 0;
    const struct dgl_para *above = NULL;
    for (const struct dgl_block *b = blocks; b; b = b->next) {
        if (y > INT32_MAX / 4)
            return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large", "a cell or text box is too tall");
        if (b->kind == DGL_BLOCK_PARA) {
            DGL_TRY(add_para(env, b->para, g, above, nesting, &y, err));
            above = b->para;
            continue;
        }
        struct dgl_table_layout *t;
        DGL_TRY(dgl_table_layout_make(env, b->table, width, nesting, &t, err));
        y += dgl_space_between(above, NULL);
        g->slabs[g->count++] = (struct dgl_slab){.table = t, .y = y, .height = t->height};
        y += t->height;
        above = NULL;
    }
    bool auto_end = above && above->p.after_auto;
    g->height = y + (auto_end ? 0 : dgl_space_between(above, NULL));
    if (nesting)
        g->height = DGL_MAX(g->height, lowest_float(g));
    *ret = g;
    return DGL_OK;
}

struct dgl_mark dgl_galley_start(void)
{
    return (struct dgl_mark){0, 0};
}

struct dgl_mark dgl_galley_end(const struct dgl_galley *g)
{
    return (struct dgl_mark){g->count, 0};
}

bool dgl_mark_same(struct dgl_mark a, struct dgl_mark b)
{
    return a.slab == b.slab && a.sub == b.sub;
}

int32_t dgl_galley_y(const struct dgl_galley *g, struct dgl_mark m)
{
    if (m.slab >= g->count)
        return g->height;
    if (m.slab == 0 && m.sub == 0)
        return 0;
    const struct dgl_slab *s = &g->slabs[m.slab];
    if (s->lines)
        return s->y + (m.sub ? s->lines->lines[m.sub].y : -s->lines->top);
    return s->y + dgl_table_row_y(s->table, m.sub);
}

static uint32_t parts_of(const struct dgl_slab *s)
{
    return s->lines ? s->lines->count : dgl_table_rows(s->table);
}

static int32_t part_end(const struct dgl_slab *s, uint32_t part)
{
    if (!s->lines)
        return s->y + dgl_table_row_y(s->table, part + 1);
    const struct dgl_line *l = &s->lines->lines[part];
    return s->y + l->y + l->height;
}

struct dgl_mark dgl_galley_fit(const struct dgl_galley *g, struct dgl_mark from, int32_t room)
{
    int32_t top = dgl_galley_y(g, from);
    struct dgl_mark m = from;
    while (m.slab < g->count) {
        const struct dgl_slab *s = &g->slabs[m.slab];
        if (part_end(s, m.sub) - top > room)
            break;
        m = m.sub + 1 < parts_of(s) ? (struct dgl_mark){m.slab, m.sub + 1} : (struct dgl_mark){m.slab + 1, 0};
    }
    return m;
}

int32_t dgl_galley_height(const struct dgl_galley *g, struct dgl_mark from, struct dgl_mark to)
{
    if (dgl_mark_same(from, to))
        return 0;
    int32_t top = dgl_galley_y(g, from);
    if (to.slab >= g->count)
        return g->height - top;
    // Up to the end of the part before the mark: the space after it belongs to the next page.
    struct dgl_mark last = to.sub ? (struct dgl_mark){to.slab, to.sub - 1}
                                  : (struct dgl_mark){to.slab - 1, parts_of(&g->slabs[to.slab - 1]) - 1};
    return part_end(&g->slabs[last.slab], last.sub) - top;
}

void dgl_paint_galley(struct dgl_canvas *c, const struct dgl_galley *g, struct dgl_mark from, struct dgl_mark to,
                      int32_t x, int32_t y)
{
    int32_t shift = y - dgl_galley_y(g, from);
    for (uint32_t i = from.slab; i < g->count && (i < to.slab || (i == to.slab && to.sub)); i++) {
        const struct dgl_slab *s = &g->slabs[i];
        uint32_t a = i == from.slab ? from.sub : 0, z = i == to.slab ? to.sub : parts_of(s);
        if (s->lines) {
            bool next_joined = i + 1 < g->count && g->slabs[i + 1].joined;
            struct dgl_para_edges e = {.top = a == 0 && !s->joined,
                                       .bottom = z == s->lines->count && !next_joined,
                                       .between = a == 0 && s->joined && i > from.slab};
            if (e.between) // the box goes on through the space between the paragraphs
                e.above = s->y - (g->slabs[i - 1].y + g->slabs[i - 1].height);
            dgl_paint_lines(c, s->lines, a, z, x, shift + s->y + s->lines->lines[a].y, e);
        } else {
            dgl_table_paint_whole(c, s->table, a, z, x, shift + s->y + dgl_table_row_y(s->table, a));
        }
    }
}

void dgl_paint_turned(struct dgl_canvas *c, const struct dgl_galley *g, uint8_t turn, int32_t x, int32_t y)
{
    struct dgl_matrix *m = DGL_ARENA_NEW(c->env->arena, struct dgl_matrix);
    *m = turn == 1 ? (struct dgl_matrix){0, 1, -1, 0, 0, 0} : (struct dgl_matrix){0, -1, 1, 0, 0, 0};
    bool held = c->held;
    c->held = true;
    uint32_t turned = dgl_canvas_turn(c, x, y, m);
    dgl_paint_galley(c, g, dgl_galley_start(), dgl_galley_end(g), x, y);
    dgl_canvas_turn_end(c, turned);
    c->held = held;
}
