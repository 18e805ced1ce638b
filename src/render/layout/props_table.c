// Reading and laying over of table, row and cell properties.
#include "render/layout/props.h"

#include <string.h>

static void read_width(const struct dgl_x *n, struct dgl_width *ret)
{
    const struct dgl_str *type = dgl_x_attr(n, DGL_X_type), *w = dgl_x_attr(n, DGL_X_w);
    bool percent_sign = w && w->len && w->data[w->len - 1] == '%';
    ret->set = true;
    if (percent_sign || (type && dgl_str_is(*type, "pct"))) {
        int64_t v = dgl_x_int(w, 0) * (percent_sign ? 50 : 1);
        *ret = (struct dgl_width){true, DGL_WIDTH_PERCENT, (int32_t)DGL_MAX(0, DGL_MIN(v, 50000))};
    } else if (type && dgl_str_is(*type, "auto")) {
        *ret = (struct dgl_width){true, DGL_WIDTH_AUTO, 0};
    } else if (type && dgl_str_is(*type, "nil")) {
        *ret = (struct dgl_width){true, DGL_WIDTH_NIL, 0};
    } else {
        *ret = (struct dgl_width){true, DGL_WIDTH_LENGTH, dgl_x_twips(w, 0)};
        if (ret->value == 0 && !type)
            ret->kind = DGL_WIDTH_AUTO;
    }
}

// Half of what lies between two cells; percentages count for nothing (§17.4.45).
static int32_t read_spacing(const struct dgl_x *n)
{
    struct dgl_width w = {0};
    read_width(n, &w);
    return w.kind == DGL_WIDTH_LENGTH ? DGL_MAX(0, DGL_MIN(w.value, 72000)) : 0;
}

static void read_margins(const struct dgl_x *n, struct dgl_margins *m)
{
    DGL_X_EACH(c, n)
    {
        int side = c->name == DGL_X_top      ? DGL_TOP
                   : c->name == DGL_X_left   ? DGL_LEFT
                   : c->name == DGL_X_start  ? DGL_LEFT
                   : c->name == DGL_X_bottom ? DGL_BOTTOM
                   : c->name == DGL_X_right  ? DGL_RIGHT
                   : c->name == DGL_X_end    ? DGL_RIGHT
                                             : -1;
        if (side < 0)
            continue;
        m->side[side] = DGL_MAX(0, dgl_x_twips(dgl_x_attr(c, DGL_X_w), 0));
        m->set |= (uint8_t)(1u << side);
    }
}

static void read_borders(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_border *border,
                         struct dgl_border *diagonal)
{
    DGL_X_EACH(c, n)
    {
        int side = c->name == DGL_X_top       ? DGL_TOP
                   : c->name == DGL_X_left    ? DGL_LEFT
                   : c->name == DGL_X_start   ? DGL_LEFT
                   : c->name == DGL_X_bottom  ? DGL_BOTTOM
                   : c->name == DGL_X_right   ? DGL_RIGHT
                   : c->name == DGL_X_end     ? DGL_RIGHT
                   : c->name == DGL_X_insideH ? DGL_INSIDE_H
                   : c->name == DGL_X_insideV ? DGL_INSIDE_V
                                              : -1;
        if (side >= 0)
            dgl_border_read(r, c, &border[side]);
        else if (diagonal && (c->name == DGL_X_tl2br || c->name == DGL_X_tr2bl))
            dgl_border_read(r, c, &diagonal[c->name == DGL_X_tr2bl]);
    }
}

static uint32_t read_cell_shade(struct dgl_prop_reader *r, const struct dgl_x *n)
{
    struct dgl_rpr p = {0};
    struct dgl_x wrap = {.name = DGL_X_rPr, .ns = DGL_XN_W};
    struct dgl_x copy = *n;
    copy.next = NULL;
    wrap.first = &copy;
    dgl_rpr_read(r, &wrap, &p);
    return p.shade == DGL_COLOR_NONE || p.shade == DGL_COLOR_AUTO ? DGL_COLOR_NONE : p.shade | DGL_SHADE_SET;
}

static uint8_t align_of(const struct dgl_str *s)
{
    if (!s)
        return 0;
    if (dgl_str_is(*s, "left") || dgl_str_is(*s, "top") || dgl_str_is(*s, "inside") || dgl_str_is(*s, "inline"))
        return 1;
    if (dgl_str_is(*s, "center"))
        return 2;
    return 3;
}

static uint8_t anchor_of(const struct dgl_str *s, uint8_t otherwise)
{
    if (!s)
        return otherwise;
    return dgl_str_is(*s, "page") ? 2 : dgl_str_is(*s, "margin") ? 1 : 0;
}

static void read_floating(const struct dgl_x *c, struct dgl_tblpr *p)
{
    p->floating = true;
    p->h_anchor = anchor_of(dgl_x_attr(c, DGL_X_horzAnchor), 0);
    p->v_anchor = anchor_of(dgl_x_attr(c, DGL_X_vertAnchor), 1);
    p->x = dgl_x_twips(dgl_x_attr(c, DGL_X_tblpX), 0);
    p->y = dgl_x_twips(dgl_x_attr(c, DGL_X_tblpY), 0);
    p->x_align = align_of(dgl_x_attr(c, DGL_X_tblpXSpec));
    p->y_align = align_of(dgl_x_attr(c, DGL_X_tblpYSpec));
    p->dist[DGL_TOP] = dgl_x_twips(dgl_x_attr(c, DGL_X_topFromText), 0);
    p->dist[DGL_LEFT] = dgl_x_twips(dgl_x_attr(c, DGL_X_leftFromText), 0);
    p->dist[DGL_BOTTOM] = dgl_x_twips(dgl_x_attr(c, DGL_X_bottomFromText), 0);
    p->dist[DGL_RIGHT] = dgl_x_twips(dgl_x_attr(c, DGL_X_rightFromText), 0);
}

// NULL for a frame without wrapping, width and drop cap: some writers put one into every style, and Word ignores it.
const struct dgl_frame *dgl_frame_read(struct dgl_arena *a, const struct dgl_x *n)
{
    if (!dgl_x_attr(n, DGL_X_wrap) && !dgl_x_attr(n, DGL_X_dropCap) && dgl_x_twips(dgl_x_attr(n, DGL_X_w), 0) <= 0)
        return NULL;
    struct dgl_frame *f = DGL_ARENA_NEW(a, struct dgl_frame);
    memset(f, 0, sizeof(*f));
    f->width = DGL_MAX(0, dgl_x_twips(dgl_x_attr(n, DGL_X_w), 0));
    f->height = DGL_MAX(0, dgl_x_twips(dgl_x_attr(n, DGL_X_h), 0));
    f->height_rule = dgl_x_attr_is(n, DGL_X_hRule, "exact") ? DGL_RULE_EXACT : DGL_RULE_AT_LEAST;
    f->h_space = dgl_x_twips(dgl_x_attr(n, DGL_X_hSpace), 0);
    f->v_space = dgl_x_twips(dgl_x_attr(n, DGL_X_vSpace), 0);
    f->h_anchor = anchor_of(dgl_x_attr(n, DGL_X_hAnchor), 0);
    f->v_anchor = anchor_of(dgl_x_attr(n, DGL_X_vAnchor), 0);
    f->x = dgl_x_twips(dgl_x_attr(n, DGL_X_x), 0);
    f->y = dgl_x_twips(dgl_x_attr(n, DGL_X_y), 0);
    f->x_align = align_of(dgl_x_attr(n, DGL_X_xAlign));
    f->y_align = dgl_x_attr_is(n, DGL_X_yAlign, "inline") ? 0 : align_of(dgl_x_attr(n, DGL_X_yAlign));
    f->over = dgl_x_attr_is(n, DGL_X_wrap, "none");
    f->drop_cap = dgl_x_attr_is(n, DGL_X_dropCap, "drop") || dgl_x_attr_is(n, DGL_X_dropCap, "margin");
    f->beside = !dgl_x_attr_is(n, DGL_X_wrap, "notBeside") && !f->over;
    return f;
}

static uint8_t read_table_jc(const struct dgl_x *c)
{
    struct dgl_str s = dgl_x_val(c);
    return dgl_str_is(s, "center")                          ? DGL_JC_CENTER
           : dgl_str_is(s, "right") || dgl_str_is(s, "end") ? DGL_JC_END
                                                            : DGL_JC_START;
}

static uint16_t read_look(const struct dgl_x *c)
{
    static const struct {
        enum dgl_x_name name;
        uint16_t bit;
    } bits[] = {{DGL_X_firstRow, 0x20},    {DGL_X_lastRow, 0x40},  {DGL_X_firstColumn, 0x80},
                {DGL_X_lastColumn, 0x100}, {DGL_X_noHBand, 0x200}, {DGL_X_noVBand, 0x400}};
    uint16_t look = 0;
    bool any = false;
    for (size_t i = 0; i < DGL_COUNT(bits); i++) {
        const struct dgl_str *v = dgl_x_attr(c, bits[i].name);
        any |= v != NULL;
        if (v && dgl_x_on(v))
            look |= bits[i].bit;
    }
    const struct dgl_str *val = dgl_x_attr(c, DGL_X_val);
    if (any || !val)
        return look;
    uint32_t v = 0;
    for (size_t i = 0; i < val->len && i < 8; i++) {
        unsigned d = (unsigned char)val->data[i];
        d = d >= '0' && d <= '9' ? d - '0' : (d | 32u) >= 'a' && (d | 32u) <= 'f' ? (d | 32u) - 'a' + 10 : 0;
        v = v << 4 | d;
    }
    return (uint16_t)v;
}

void dgl_tblpr_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_tblpr *p)
{
    if (!n)
        return;
    DGL_X_EACH(c, n)
    {
        switch ((int)c->name) {
        case DGL_X_tblStyle:
            p->style = r->style_index ? r->style_index(r->ctx, dgl_x_val(c)) : UINT16_MAX;
            p->has_style = p->style != UINT16_MAX;
            break;
        case DGL_X_tblW:
            read_width(c, &p->width);
            break;
        case DGL_X_jc:
            p->jc = read_table_jc(c);
            p->jc_set = true;
            break;
        case DGL_X_tblInd: {
            struct dgl_width w = {0};
            read_width(c, &w);
            p->indent = w.kind == DGL_WIDTH_LENGTH ? w.value : 0;
            p->indent_set = true;
            break;
        }
        case DGL_X_tblCellSpacing:
            p->spacing = read_spacing(c);
            p->spacing_set = true;
            break;
        case DGL_X_tblLayout:
            p->fixed = dgl_x_attr_is(c, DGL_X_type, "fixed");
            p->layout_set = true;
            break;
        case DGL_X_tblBorders:
            read_borders(r, c, p->border, NULL);
            break;
        case DGL_X_tblCellMar:
            read_margins(c, &p->margins);
            break;
        case DGL_X_tblLook:
            p->look = read_look(c);
            p->has_look = true;
            break;
        case DGL_X_tblpPr:
            read_floating(c, p);
            break;
        case DGL_X_bidiVisual:
            p->bidi = dgl_x_val_on(c);
            break;
        case DGL_X_tblStyleRowBandSize:
            p->row_band = (uint16_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 1), 1000));
            break;
        case DGL_X_tblStyleColBandSize:
            p->col_band = (uint16_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 1), 1000));
            break;
        default:
            break;
        }
    }
}

void dgl_trpr_read(const struct dgl_x *n, struct dgl_trpr *p)
{
    if (!n)
        return;
    DGL_X_EACH(c, n)
    {
        switch ((int)c->name) {
        case DGL_X_cantSplit:
            p->cant_split = dgl_x_val_on(c);
            p->cant_split_set = true;
            break;
        case DGL_X_tblHeader:
            p->header = dgl_x_val_on(c);
            p->header_set = true;
            break;
        case DGL_X_hidden:
            p->hidden = dgl_x_val_on(c);
            break;
        case DGL_X_trHeight:
            p->height = DGL_MAX(0, dgl_x_twips(dgl_x_attr(c, DGL_X_val), 0));
            p->height_rule = dgl_x_attr_is(c, DGL_X_hRule, "exact")  ? DGL_RULE_EXACT
                             : dgl_x_attr_is(c, DGL_X_hRule, "auto") ? DGL_RULE_AUTO
                                                                     : DGL_RULE_AT_LEAST;
            break;
        case DGL_X_tblCellSpacing:
            p->spacing = read_spacing(c);
            break;
        case DGL_X_gridBefore:
            p->grid_before = (uint16_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 0), DGL_LAYOUT_MAX_COLUMNS));
            break;
        case DGL_X_gridAfter:
            p->grid_after = (uint16_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 0), DGL_LAYOUT_MAX_COLUMNS));
            break;
        case DGL_X_wBefore:
            read_width(c, &p->before_width);
            break;
        case DGL_X_wAfter:
            read_width(c, &p->after_width);
            break;
        case DGL_X_jc:
            p->jc = read_table_jc(c);
            p->jc_set = true;
            break;
        default:
            break;
        }
    }
}

static uint8_t read_merge(const struct dgl_x *c)
{
    return dgl_x_attr_is(c, DGL_X_val, "restart") ? 2 : 1;
}

void dgl_tcpr_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_tcpr *p)
{
    if (!n)
        return;
    DGL_X_EACH(c, n)
    {
        switch ((int)c->name) {
        case DGL_X_tcW:
            read_width(c, &p->width);
            break;
        case DGL_X_gridSpan:
            p->span = (uint16_t)DGL_MAX(1, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 1), DGL_LAYOUT_MAX_COLUMNS));
            break;
        case DGL_X_vMerge:
            p->v_merge = read_merge(c);
            break;
        case DGL_X_cellMerge: // a tracked merge: "rest" begins one, "cont" goes on (§17.13.5.3)
            if (dgl_x_attr(c, DGL_X_vMerge))
                p->v_merge = dgl_x_attr_is(c, DGL_X_vMerge, "rest") ? 2 : 1;
            break;
        case DGL_X_hMerge:
            p->h_merge = read_merge(c);
            break;
        case DGL_X_shd:
            p->shade = read_cell_shade(r, c);
            break;
        case DGL_X_tcMar:
            read_margins(c, &p->margins);
            break;
        case DGL_X_tcBorders:
            read_borders(r, c, p->border, p->diagonal);
            break;
        case DGL_X_noWrap:
            p->no_wrap = dgl_x_val_on(c);
            break;
        case DGL_X_tcFitText:
            p->fit_text = dgl_x_val_on(c);
            break;
        case DGL_X_hideMark:
            p->hide_mark = dgl_x_val_on(c);
            break;
        case DGL_X_textDirection:
            p->turn = dgl_x_attr_is(c, DGL_X_val, "btLr") || dgl_x_attr_is(c, DGL_X_val, "lr") ? 3
                      : dgl_str_starts(dgl_x_val(c), "tbRl") || dgl_str_starts(dgl_x_val(c), "tbLr") ||
                              dgl_x_attr_is(c, DGL_X_val, "rl")
                          ? 1
                          : 0;
            break;
        case DGL_X_vAlign:
            p->valign = dgl_x_attr_is(c, DGL_X_val, "center")   ? DGL_VALIGN_CENTER
                        : dgl_x_attr_is(c, DGL_X_val, "both")   ? DGL_VALIGN_CENTER
                        : dgl_x_attr_is(c, DGL_X_val, "bottom") ? DGL_VALIGN_BOTTOM
                                                                : DGL_VALIGN_TOP;
            p->valign_set = true;
            break;
        default:
            break;
        }
    }
}

static void apply_borders(struct dgl_border *p, const struct dgl_border *o)
{
    for (unsigned i = 0; i < DGL_SIDES; i++)
        if (o[i].set)
            p[i] = o[i];
}

static void apply_margins(struct dgl_margins *p, const struct dgl_margins *o)
{
    for (unsigned i = 0; i < 4; i++)
        if (o->set & 1u << i)
            p->side[i] = o->side[i];
    p->set |= o->set;
}

void dgl_tblpr_apply(struct dgl_tblpr *p, const struct dgl_tblpr *o)
{
    if (o->has_style) {
        p->style = o->style;
        p->has_style = true;
    }
    if (o->layout_set) {
        p->fixed = o->fixed;
        p->layout_set = true;
    }
    if (o->jc_set) {
        p->jc = o->jc;
        p->jc_set = true;
    }
    if (o->indent_set) {
        p->indent = o->indent;
        p->indent_set = true;
    }
    if (o->spacing_set) {
        p->spacing = o->spacing;
        p->spacing_set = true;
    }
    if (o->has_look) {
        p->look = o->look;
        p->has_look = true;
    }
    if (o->width.set)
        p->width = o->width;
    if (o->row_band)
        p->row_band = o->row_band;
    if (o->col_band)
        p->col_band = o->col_band;
    if (o->bidi)
        p->bidi = true;
    apply_margins(&p->margins, &o->margins);
    apply_borders(p->border, o->border);
    if (o->floating) {
        p->floating = true;
        p->h_anchor = o->h_anchor;
        p->v_anchor = o->v_anchor;
        p->x = o->x;
        p->y = o->y;
        p->x_align = o->x_align;
        p->y_align = o->y_align;
        memcpy(p->dist, o->dist, sizeof(p->dist));
    }
}

void dgl_tcpr_apply(struct dgl_tcpr *p, const struct dgl_tcpr *o)
{
    if (o->width.set)
        p->width = o->width;
    if (o->span)
        p->span = o->span;
    if (o->v_merge)
        p->v_merge = o->v_merge;
    if (o->h_merge)
        p->h_merge = o->h_merge;
    if (o->valign_set) {
        p->valign = o->valign;
        p->valign_set = true;
    }
    if (o->shade)
        p->shade = o->shade;
    p->no_wrap |= o->no_wrap;
    p->fit_text |= o->fit_text;
    if (o->turn)
        p->turn = o->turn;
    for (unsigned i = 0; i < 2; i++)
        if (o->diagonal[i].set)
            p->diagonal[i] = o->diagonal[i];
    apply_margins(&p->margins, &o->margins);
    apply_borders(p->border, o->border);
}
