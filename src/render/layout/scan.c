// What is looked for in the text only when a setting makes it matter. The depth of the walk is that of the model, which
// the builder bounds.
#include "render/layout/scan.h"

#include "base/str.h"
#include "render/layout/letters.h"

static bool each_in_table(const struct dgl_table *t, bool (*visit)(void *, const struct dgl_para *), void *ctx)
{
    for (uint32_t r = 0; r < t->row_count; r++)
        for (uint16_t c = 0; c < t->rows[r].cell_count; c++)
            if (!dgl_blocks_each(t->rows[r].cells[c].blocks, visit, ctx))
                return false;
    return true;
}

static bool each_in_drawing(const struct dgl_drawing *d, bool (*visit)(void *, const struct dgl_para *), void *ctx)
{
    if (!dgl_blocks_each(d->blocks, visit, ctx))
        return false;
    for (uint32_t i = 0; i < d->part_count; i++)
        if (!each_in_drawing(d->parts[i].drawing, visit, ctx))
            return false;
    return true;
}

static bool each_in_para(const struct dgl_para *p, bool (*visit)(void *, const struct dgl_para *), void *ctx)
{
    if (!visit(ctx, p))
        return false;
    for (uint32_t i = 0; p->has_drawings && i < p->inline_count; i++)
        if (p->inlines[i].kind == DGL_IN_DRAWING && !each_in_drawing(p->inlines[i].drawing, visit, ctx))
            return false;
    return true;
}

bool dgl_blocks_each(const struct dgl_block *blocks, bool (*visit)(void *ctx, const struct dgl_para *p), void *ctx)
{
    for (; blocks; blocks = blocks->next)
        if (blocks->kind == DGL_BLOCK_TABLE ? !each_in_table(blocks->table, visit, ctx)
                                            : !each_in_para(blocks->para, visit, ctx))
            return false;
    return true;
}

// ---- Text ----

struct text_scan {
    bool (*is)(uint32_t before, uint32_t c);
    bool on_grid; // only paragraphs that keep to the grid
    uint32_t found;
};

static bool scan_para(void *ctx, const struct dgl_para *p)
{
    struct text_scan *s = ctx;
    if (s->on_grid && !(p->p.flags & DGL_PF_SNAP))
        return true;
    uint32_t before = 0;
    for (uint32_t i = 0; i < p->inline_count; i++) {
        const struct dgl_inline *in = &p->inlines[i];
        if (in->kind != DGL_IN_TEXT)
            continue;
        for (size_t at = 0; at < in->text.len;) {
            uint32_t c = dgl_utf8_next(in->text.data, in->text.len, &at);
            if (s->is(before, c)) {
                s->found = p->number ? p->number : 1;
                return false;
            }
            before = c;
        }
    }
    return true;
}

static uint32_t scan(const struct dgl_block *blocks, bool on_grid, bool (*is)(uint32_t, uint32_t))
{
    struct text_scan s = {.is = is, .on_grid = on_grid};
    dgl_blocks_each(blocks, scan_para, &s);
    return s.found;
}

static bool is_east_asian(uint32_t before DGL_UNUSED, uint32_t c)
{
    return dgl_is_east_asian(c);
}

uint32_t dgl_scan_east_asian(const struct dgl_block *blocks)
{
    return scan(blocks, true, is_east_asian);
}
