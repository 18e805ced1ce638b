// A walk over the model. Its depth is that of the model, which the builder bounds.
#include "render/layout/inventory.h"

static const char *const g_names[] = {
#define X(id, name) name,
    DGL_CONSTRUCTS(X)
#undef X
};

const char *dgl_construct_name(enum dgl_construct c)
{
    return g_names[c];
}

static void add(struct dgl_inventory *v, enum dgl_construct c)
{
    v->count[c]++;
}

static void take_blocks(const struct dgl_block *b, bool in_table, struct dgl_inventory *v);

static void take_drawing(const struct dgl_drawing *d, struct dgl_inventory *v)
{
    if (d->anchored)
        add(v, DGL_CONSTRUCT_ANCHORED);
    else if (d->kind == DGL_DRAW_PICTURE)
        add(v, DGL_CONSTRUCT_PICTURE);
    if (d->blocks)
        add(v, DGL_CONSTRUCT_TEXT_BOX);
    take_blocks(d->blocks, false, v);
    for (uint32_t i = 0; i < d->part_count; i++)
        take_drawing(d->parts[i].drawing, v);
}

static void take_inline(const struct dgl_inline *n, struct dgl_inventory *v)
{
    switch (n->kind) {
    case DGL_IN_DRAWING:
        take_drawing(n->drawing, v);
        break;
    case DGL_IN_FIELD:
        add(v, DGL_CONSTRUCT_FIELD);
        break;
    case DGL_IN_ANCHOR:
        add(v, DGL_CONSTRUCT_BOOKMARK);
        break;
    case DGL_IN_TAB:
    case DGL_IN_PTAB:
        add(v, DGL_CONSTRUCT_TAB);
        break;
    case DGL_IN_PAGE_BREAK:
    case DGL_IN_COLUMN_BREAK:
        add(v, DGL_CONSTRUCT_BREAK);
        break;
    default:
        break;
    }
    if (n->link)
        add(v, DGL_CONSTRUCT_LINK);
}

static void take_paragraph(const struct dgl_para *p, struct dgl_inventory *v)
{
    add(v, DGL_CONSTRUCT_PARAGRAPH);
    if (p->outline)
        add(v, DGL_CONSTRUCT_HEADING);
    if (p->level)
        add(v, DGL_CONSTRUCT_LIST_ITEM);
    if (p->p.flags & DGL_PF_BIDI)
        add(v, DGL_CONSTRUCT_RIGHT_TO_LEFT);
    for (uint32_t i = 0; i < p->inline_count; i++)
        take_inline(&p->inlines[i], v);
}

static void take_table(const struct dgl_table *t, bool in_table, struct dgl_inventory *v)
{
    add(v, in_table ? DGL_CONSTRUCT_NESTED_TABLE : DGL_CONSTRUCT_TABLE);
    for (uint32_t r = 0; r < t->row_count; r++)
        for (uint16_t c = 0; c < t->rows[r].cell_count; c++) {
            const struct dgl_cell *cell = &t->rows[r].cells[c];
            if (cell->span > 1 || cell->rows > 1)
                add(v, DGL_CONSTRUCT_MERGED_CELL);
            take_blocks(cell->blocks, true, v);
        }
}

static void take_blocks(const struct dgl_block *b, bool in_table, struct dgl_inventory *v)
{
    for (; b; b = b->next) {
        if (b->kind == DGL_BLOCK_TABLE)
            take_table(b->table, in_table, v);
        else
            take_paragraph(b->para, v);
    }
}

static void take_section(const struct dgl_section *s, const struct dgl_section *before, struct dgl_inventory *v)
{
    add(v, DGL_CONSTRUCT_SECTION);
    if (s->columns > 1)
        add(v, DGL_CONSTRUCT_COLUMNS);
    for (unsigned i = 0; i < DGL_PAGE_KINDS; i++) { // what is taken over from the section before was counted there
        if (s->headers[i] && !(before && before->headers[i] == s->headers[i])) {
            add(v, DGL_CONSTRUCT_HEADER);
            take_blocks(s->headers[i], false, v);
        }
        if (s->footers[i] && !(before && before->footers[i] == s->footers[i])) {
            add(v, DGL_CONSTRUCT_FOOTER);
            take_blocks(s->footers[i], false, v);
        }
    }
    take_blocks(s->blocks, false, v);
}

void dgl_inventory_take(const struct dgl_document *doc, struct dgl_inventory *ret)
{
    const struct dgl_section *before = NULL;
    *ret = (struct dgl_inventory){{0}};
    for (const struct dgl_section *s = doc->sections; s; before = s, s = s->next)
        take_section(s, before, ret);
    ret->count[DGL_CONSTRUCT_FOOTNOTE] = doc->footnote_count;
    ret->count[DGL_CONSTRUCT_ENDNOTE] = doc->endnote_count;
    for (uint32_t i = 0; i < doc->footnote_count; i++)
        take_blocks(doc->footnotes[i].blocks, false, ret);
    for (uint32_t i = 0; i < doc->endnote_count; i++)
        take_blocks(doc->endnotes[i].blocks, false, ret);
}
