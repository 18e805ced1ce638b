// What stands on its page above the paragraph that it hangs on.
//
// The body is flowed from top to bottom, so such an object is met when the text beside it is set already. A pass notes
// it with its page, and the next pass begins that page with it:
//
//     pass 1   text text text        pass 2   text ┌ object ┐
//              text text ⚓ text               text └────────┘
//              text text text                 text ⚓ text text
//
// When that room drives the paragraph to the next page, both go there (Word): a third pass begins a page for them. It
// does not try again what moves back and forth.
#include "render/layout/flow.h"

static struct flow_ahead *find(struct flow_ahead_list *l, const struct dgl_drawing *d)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (l->list[i].drawing == d)
            return &l->list[i];
    return NULL;
}

void flow_begin_ahead(struct flow *f)
{
    for (uint32_t i = 0; i < f->known.count && f->exclusion_count < DGL_LAYOUT_MAX_FLOATS; i++)
        if (f->known.list[i].page == f->page_count)
            f->exclusions[f->exclusion_count++] = f->known.list[i].room;
}

static bool hangs_on_text(const struct dgl_drawing *d)
{
    return d->v_rel == DGL_REL_PARAGRAPH || d->v_rel == DGL_REL_LINE;
}

static bool meets_text_above(const struct flow *f, const struct dgl_exclusion *e, int32_t y)
{
    int32_t x = flow_column_x(f);
    return !f->at_top && e->y0 < y && e->y1 > f->top && e->x1 > x && e->x0 < x + flow_column_width(f);
}

bool flow_note_ahead(struct flow *f, const struct dgl_drawing *d, const struct dgl_exclusion *e, int32_t y)
{
    const struct flow_ahead *known = find(&f->known, d);
    bool same = known && known->page == f->page_count;
    struct flow_ahead *noted = find(&f->ahead, d);
    if (!known && !noted && (hangs_on_text(d) || !meets_text_above(f, e, y)))
        return false;
    if (!noted && f->ahead.count < DGL_LAYOUT_MAX_AHEAD &&
        DGL_ARENA_ROOM(f->env.arena, f->ahead.list, f->ahead.cap, f->ahead.count + 1, 8, DGL_LAYOUT_MAX_AHEAD))
        noted = &f->ahead.list[f->ahead.count++];
    if (noted)
        *noted = (struct flow_ahead){
            .drawing = d, .page = f->page_count, .driven = known && (known->driven || !same), .room = *e};
    return same;
}

bool flow_goes_ahead(struct flow *f, const struct dgl_para *p)
{
    for (uint32_t i = 0; p->has_drawings && f->known.count && i < p->inline_count; i++) {
        const struct flow_ahead *known =
            p->inlines[i].kind == DGL_IN_DRAWING ? find(&f->known, p->inlines[i].drawing) : NULL;
        if (known && known->driven && f->page_count < known->page)
            return true;
    }
    return false;
}

static bool same_place(const struct flow_ahead *a, const struct flow_ahead *b)
{
    return a->page == b->page && a->room.x0 == b->room.x0 && a->room.y0 == b->room.y0 && a->room.x1 == b->room.x1 &&
           a->room.y1 == b->room.y1;
}

bool flow_settle_ahead(struct flow *f)
{
    bool settled = f->ahead.count == f->known.count;
    for (uint32_t i = 0; i < f->ahead.count; i++) {
        struct flow_ahead *noted = &f->ahead.list[i];
        const struct flow_ahead *known = find(&f->known, noted->drawing);
        settled &= known && same_place(known, noted);
    }
    return settled;
}
