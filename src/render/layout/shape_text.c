// Texts of DrawingML itself (a:txBody), as diagrams hold them, as paragraphs of the document.
// Source: ECMA-376 Part 1 §21.1.2.
#include "render/layout/drawing.h"

static void read_run(struct builder *b, const struct dgl_x *props, uint32_t rgb, struct dgl_rpr *r)
{
    struct dgl_color c;
    int64_t size = dgl_x_attr_int(props, DGL_X_sz, 1800);
    const struct dgl_str *bold = dgl_x_attr(props, DGL_X_b), *italic = dgl_x_attr(props, DGL_X_i);
    r->size = r->size_cs = (int32_t)DGL_MAX(100, DGL_MIN(size, 40000)) * 10;
    r->toggles = (bold && dgl_x_on(bold) ? DGL_T_BOLD | DGL_T_BOLD_CS : 0) |
                 (italic && dgl_x_on(italic) ? DGL_T_ITALIC | DGL_T_ITALIC_CS : 0);
    r->color = dgl_drawing_color(&b->sheet->theme, dgl_x_child(props, DGL_X_solidFill), rgb, &c) ? c.rgb : rgb;
}

static struct dgl_para *read_paragraph(struct builder *b, const struct dgl_x *x, uint32_t rgb)
{
    struct dgl_para *p = dgl_arena_alloc_try(b->arena, sizeof(*p));
    struct dgl_rpr r = b->sheet->rpr;
    uint32_t runs = 0;
    DGL_X_EACH(t, x)
    runs += t->name == DGL_X_r || t->name == DGL_X_fld || t->name == DGL_X_br;
    struct dgl_inline *in = dgl_arena_alloc_try(b->arena, (runs + 1) * sizeof(*in));
    if (!p || !in)
        return NULL;
    const struct dgl_x *props = dgl_x_child(x, DGL_X_pPr);
    p->p = b->sheet->ppr;
    p->p.left = p->p.right = p->p.first = p->p.before = p->p.after = 0;
    p->p.line = 240;
    p->p.line_rule = DGL_RULE_AUTO;
    p->p.shade = DGL_COLOR_NONE;
    p->p.jc = dgl_x_attr_is(props, DGL_X_algn, "ctr")    ? DGL_JC_CENTER
              : dgl_x_attr_is(props, DGL_X_algn, "r")    ? DGL_JC_RIGHT
              : dgl_x_attr_is(props, DGL_X_algn, "just") ? DGL_JC_BOTH
                                                         : DGL_JC_LEFT;
    p->style = b->sheet->default_paragraph;
    read_run(b, dgl_x_child(x, DGL_X_endParaRPr), rgb, &r);
    DGL_X_EACH(t, x)
    {
        if (t->name != DGL_X_r && t->name != DGL_X_fld && t->name != DGL_X_br)
            continue;
        struct dgl_inline *to = &in[p->inline_count++];
        const struct dgl_x *text = dgl_x_child(t, DGL_X_t);
        read_run(b, dgl_x_child(t, DGL_X_rPr), rgb, &r);
        to->kind = t->name == DGL_X_br ? DGL_IN_LINE_BREAK : DGL_IN_TEXT;
        to->run = build_run(b, &r);
        to->text = text ? text->text : (struct dgl_str){"", 0};
    }
    p->inlines = in;
    p->mark = build_run(b, &r);
    return p;
}

void build_shape_text(struct builder *b, const struct dgl_x *body, const struct dgl_x *style, struct dgl_drawing *d)
{
    struct dgl_block **tail = (struct dgl_block **)&d->blocks;
    struct dgl_color c = {0, 1};
    dgl_drawing_color(&b->sheet->theme, dgl_x_child(style, DGL_X_fontRef), 0, &c);
    DGL_X_EACH(x, body)
    {
        struct dgl_block *block = x->name == DGL_X_p ? dgl_arena_alloc_try(b->arena, sizeof(*block)) : NULL;
        if (!block || !(block->para = read_paragraph(b, x, c.rgb)))
            continue;
        block->kind = DGL_BLOCK_PARA;
        *tail = block;
        tail = &block->next;
    }
}
