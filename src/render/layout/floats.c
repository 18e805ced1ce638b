// What text flows around: the size of boxes that follow their contents, and the room that anchored things take.
#include "render/layout/floats.h"

#include "render/layout/table.h"

static enum dgl_status widest(const struct dgl_text_env *env, const struct dgl_drawing *d, unsigned nesting,
                              int32_t room, int32_t *ret, struct dgl_error *err)
{
    int32_t min = 0, max = 0;
    if (d->table) {
        struct dgl_table_layout *t;
        ((struct dgl_table *)d->table)->settled_room = room; // layout's own; its box will be as wide as the table
        DGL_TRY(dgl_table_layout_make(env, d->table, room, nesting + 1, &t, err));
        *ret = t->width;
        return DGL_OK;
    }
    for (const struct dgl_block *b = d->blocks; b; b = b->next)
        if (b->kind == DGL_BLOCK_PARA)
            DGL_TRY(dgl_para_extent(env, b->para, &min, &max, err));
    *ret = DGL_MIN(max, room) + 20; // rounding must not break the only line
    return DGL_OK;
}

enum dgl_status dgl_drawing_settle(const struct dgl_text_env *env, const struct dgl_drawing *drawing, unsigned nesting,
                                   int32_t room, struct dgl_error *err)
{
    struct dgl_drawing *d = (struct dgl_drawing *)drawing; // the fields set here are layout's own
    struct dgl_galley *g;
    if (d->settled || !d->blocks || !(d->grows || d->fits) || nesting > DGL_LAYOUT_MAX_NESTING)
        return DGL_OK;
    d->settled = true;
    if (d->fits)
        DGL_TRY(widest(env, d, nesting, room, &d->width, err));
    if (!d->grows)
        return DGL_OK;
    int32_t inner = DGL_MAX(d->width - d->inset[DGL_LEFT] - d->inset[DGL_RIGHT], DGL_BOX_MIN_WIDTH);
    DGL_TRY(dgl_galley_layout(env, d->blocks, inner, nesting + 1, &g, err));
    d->height = DGL_MAX(g->height + d->inset[DGL_TOP] + d->inset[DGL_BOTTOM], d->min_height);
    return DGL_OK;
}

bool dgl_exclusion_of(const struct dgl_canvas *c, const struct dgl_drawing *d, int32_t para_x, int32_t para_y,
                      struct dgl_exclusion *ret)
{
    int32_t x, y, w, h;
    if (!d->anchored || d->wrap == DGL_WRAP_NONE || d->in_text)
        return false;
    dgl_drawing_place(c, d, para_x, para_y, &x, &y, &w, &h);
    *ret = (struct dgl_exclusion){.x0 = x - d->dist[DGL_LEFT],
                                  .y0 = y - d->dist[DGL_TOP],
                                  .x1 = x + w + d->dist[DGL_RIGHT],
                                  .y1 = y + h + d->dist[DGL_BOTTOM],
                                  .full_width = d->wrap == DGL_WRAP_TOP_BOTTOM,
                                  .side = d->wrap_side,
                                  .outline = d->outline,
                                  .dist = {d->dist[0], d->dist[1], d->dist[2], d->dist[3]}};
    return true;
}
