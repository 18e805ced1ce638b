// Frames (framePr) and floating tables (tblpPr).
//
// Word keeps both in the run of blocks but sets them beside it, at a place that hangs on the paragraph that follows.
// That is what an anchored text box does, so they become one, without lines or fill, anchored in that paragraph:
//
//     p (frame A)  p (frame A)  tbl (floating)  p            blocks as they stand in the file
//     └──────── box ────────┘   └──── box ───┘  └ both boxes are anchored here
//
// Where no paragraph follows, one without height is made. Source: ECMA-376 Part 1 §17.3.1.11, §17.4.57.
#include "render/layout/build.h"

#include <string.h>

static enum dgl_rel horizontal(uint8_t anchor)
{
    return anchor == 2 ? DGL_REL_PAGE : anchor == 1 ? DGL_REL_MARGIN : DGL_REL_COLUMN;
}

static enum dgl_rel vertical(uint8_t anchor)
{
    return anchor == 2 ? DGL_REL_PAGE : anchor == 1 ? DGL_REL_MARGIN : DGL_REL_PARAGRAPH;
}

static struct dgl_drawing *new_box(struct builder *b, struct dgl_run *run)
{
    struct build_floats *f = &b->floats;
    if (f->count == BUILD_MAX_FLOATS)
        return NULL;
    struct dgl_drawing *d = DGL_ARENA_NEW(b->arena, struct dgl_drawing);
    d->kind = DGL_DRAW_BOX;
    d->anchored = true;
    d->picture = UINT32_MAX;
    d->grows = true;
    d->wrap = DGL_WRAP_SQUARE;
    d->in_cell = true;
    f->run[f->count] = run;
    f->list[f->count++] = d;
    f->frame = NULL;
    return d;
}

static void add_block(struct builder *b, struct dgl_block **tail, struct dgl_para *para, struct dgl_table *table)
{
    struct dgl_block *block = DGL_ARENA_NEW(b->arena, struct dgl_block);
    block->kind = para ? DGL_BLOCK_PARA : DGL_BLOCK_TABLE;
    block->para = para;
    block->table = table;
    *tail = block;
    b->floats.tail = &block->next;
}

bool build_frame(struct builder *b, struct dgl_para *para)
{
    const struct dgl_frame *frame = para->p.frame;
    struct build_floats *f = &b->floats;
    if (f->frame && memcmp(f->frame, frame, sizeof(*frame)) == 0) {
        add_block(b, f->tail, para, NULL);
        return true;
    }
    struct dgl_drawing *d = new_box(b, para->mark);
    if (!d)
        return false;
    d->width = frame->width;
    d->fits = frame->width == 0;
    d->height = d->min_height = frame->height;
    d->grows = frame->height_rule != DGL_RULE_EXACT || frame->height == 0;
    d->h_rel = horizontal(frame->h_anchor);
    d->v_rel = vertical(frame->v_anchor);
    d->h_align = frame->x_align;
    d->v_align = d->v_rel == DGL_REL_PARAGRAPH ? 0 : frame->y_align; // §17.3.1.11
    d->x = frame->x;
    d->y = frame->y;
    d->dist[DGL_LEFT] = d->dist[DGL_RIGHT] = frame->h_space;
    d->dist[DGL_TOP] = d->dist[DGL_BOTTOM] = frame->v_space;
    d->framed = true;
    if (!frame->beside)
        d->wrap = frame->over ? DGL_WRAP_NONE : DGL_WRAP_TOP_BOTTOM;
    add_block(b, (struct dgl_block **)&d->blocks, para, NULL);
    f->frame = frame;
    return true;
}

// Word writes the frame of a whole table to the paragraphs of its cells, and what a floating table says to those of the
// tables inside it.
void build_framed_table(struct dgl_table *table)
{
    const struct dgl_block *first = table->rows[0].cells[0].blocks;
    const struct dgl_frame *f = first && first->kind == DGL_BLOCK_PARA ? first->para->p.frame : NULL;
    struct dgl_tblpr *p = &table->p;
    if (!f || f->drop_cap || p->floating)
        return;
    p->floating = true;
    p->h_anchor = f->h_anchor;
    p->v_anchor = f->v_anchor;
    p->x_align = f->x_align;
    p->y_align = f->y_align;
    p->x = f->x;
    p->y = f->y;
    p->dist[DGL_LEFT] = p->dist[DGL_RIGHT] = f->h_space;
    p->dist[DGL_TOP] = p->dist[DGL_BOTTOM] = f->v_space;
}

bool build_floating_table(struct builder *b, struct dgl_table *table, struct dgl_run *run)
{
    const struct dgl_tblpr *p = &table->p;
    struct dgl_drawing *d = new_box(b, run);
    if (!d)
        return false;
    d->fits = true;
    d->table = table;
    d->h_rel = horizontal(p->h_anchor);
    d->v_rel = vertical(p->v_anchor);
    d->h_align = p->x_align;
    d->v_align = d->v_rel == DGL_REL_PARAGRAPH ? 0 : p->y_align; // §17.4.57
    d->x = p->x;
    d->y = p->y;
    memcpy(d->dist, p->dist, sizeof(d->dist));
    add_block(b, (struct dgl_block **)&d->blocks, NULL, table);
    return true;
}

void build_take_floats(struct builder *b, struct dgl_para *para)
{
    struct build_floats *f = &b->floats;
    f->frame = NULL;
    if (f->count == 0)
        return;
    struct dgl_inline *all = dgl_arena_alloc(b->arena, (para->inline_count + f->count) * sizeof(*all));
    for (unsigned i = 0; i < f->count; i++)
        all[i] = (struct dgl_inline){.kind = DGL_IN_DRAWING, .run = f->run[i], .drawing = f->list[i]};
    if (para->inline_count)
        memcpy(all + f->count, para->inlines, para->inline_count * sizeof(*all));
    para->inlines = all;
    para->inline_count += f->count;
    para->has_drawings = true;
    f->count = 0;
}

struct dgl_para *build_anchor_para(struct builder *b)
{
    if (b->floats.count == 0)
        return NULL;
    struct dgl_para *para = DGL_ARENA_NEW(b->arena, struct dgl_para);
    para->mark = b->floats.run[0];
    para->style = UINT16_MAX;
    para->p.line_rule = DGL_RULE_EXACT;
    para->p.line = 1;
    para->p.shade = DGL_COLOR_NONE;
    build_take_floats(b, para);
    return para;
}
