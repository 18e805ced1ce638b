// Drawings: DrawingML pictures, boxes and lines, and the VML that older files and embedded objects use.
//
// A shape counts as a box when it is a rectangle (rounded corners are drawn square), as a line when it is a straight
// connector; anything else is reported. Sources: ECMA-376 Part 1 §20.1, §20.4 (anchoring); Part 4 §19 (VML).
#include "render/layout/build.h"

#include <string.h>

#define MAX_DRAWING_DEPTH 8u

static int32_t percent_of(const struct dgl_x *n, enum dgl_x_name name)
{
    return (int32_t)DGL_MAX(-100000, DGL_MIN(dgl_x_attr_int(n, name, 0), 100000));
}

// ---- Colours of DrawingML ----

static uint32_t scale_channel(uint32_t rgb, int shift, int64_t mod, int64_t off)
{
    int64_t v = (rgb >> shift & 255) * mod / 100000 + 255 * off / 100000;
    return (uint32_t)DGL_MAX(0, DGL_MIN(v, 255)) << shift;
}

static uint32_t with_luminance(uint32_t rgb, int64_t mod, int64_t off)
{
    return scale_channel(rgb, 16, mod, off) | scale_channel(rgb, 8, mod, off) | scale_channel(rgb, 0, mod, off);
}

static uint32_t scheme_color(const struct builder *b, struct dgl_str name)
{
    static const char *const names[][12] = {{"dk1", "lt1", "dk2", "lt2", "accent1", "accent2", "accent3", "accent4",
                                             "accent5", "accent6", "hlink", "folHlink"},
                                            {"tx1", "bg1", "tx2", "bg2", "", "", "", "", "", "", "", ""}};
    for (unsigned set = 0; set < 2; set++)
        for (unsigned i = 0; i < 12; i++)
            if (names[set][i][0] && dgl_str_is(name, names[set][i]) && b->sheet->theme.has_colors)
                return b->sheet->theme.color[i];
    return 0x000000;
}

// The colour inside a fill or line element; false when there is none.
static bool drawing_color(const struct builder *b, const struct dgl_x *holder, uint32_t *ret)
{
    const struct dgl_x *c = dgl_x_child(holder, DGL_X_srgbClr);
    uint32_t rgb;
    if (c) {
        rgb = dgl_color_read(NULL, c, DGL_X_val, DGL_X_OTHER);
    } else if ((c = dgl_x_child(holder, DGL_X_schemeClr))) {
        rgb = scheme_color(b, dgl_x_val(c));
    } else if ((c = dgl_x_child(holder, DGL_X_sysClr))) {
        rgb = dgl_color_read(NULL, c, DGL_X_lastClr, DGL_X_OTHER);
    } else if ((c = dgl_x_child(holder, DGL_X_prstClr))) {
        rgb = dgl_str_is(dgl_x_val(c), "white") ? 0xFFFFFF : 0x000000;
    } else {
        return false;
    }
    if (rgb > 0xFFFFFF)
        rgb = 0;
    const struct dgl_x *mod = dgl_x_child(c, DGL_X_lumMod), *off = dgl_x_child(c, DGL_X_lumOff);
    if (mod || off)
        rgb = with_luminance(rgb, mod ? dgl_x_attr_int(mod, DGL_X_val, 100000) : 100000,
                             off ? dgl_x_attr_int(off, DGL_X_val, 0) : 0);
    *ret = rgb;
    return true;
}

static void read_fill(struct builder *b, const struct dgl_x *sp_pr, const struct dgl_x *style, struct dgl_drawing *d)
{
    const struct dgl_x *solid = dgl_x_child(sp_pr, DGL_X_solidFill), *gradient = dgl_x_child(sp_pr, DGL_X_gradFill);
    if (dgl_x_child(sp_pr, DGL_X_noFill))
        return;
    if (gradient) {
        build_finding(b, DGL_FEATURE_GRADIENT);
        solid = dgl_x_child(dgl_x_child(gradient, DGL_X_gsLst), DGL_X_gs);
    }
    if (dgl_x_child(sp_pr, DGL_X_blipFill) || dgl_x_child(sp_pr, DGL_X_pattFill))
        build_finding(b, DGL_FEATURE_GRADIENT);
    const struct dgl_x *ref = dgl_x_child(style, DGL_X_fillRef);
    if (solid)
        d->has_fill = drawing_color(b, solid, &d->fill);
    else if (ref && dgl_x_attr_int(ref, DGL_X_idx, 0) > 0)
        d->has_fill = drawing_color(b, ref, &d->fill);
}

static void read_line(struct builder *b, const struct dgl_x *sp_pr, const struct dgl_x *style, struct dgl_drawing *d)
{
    const struct dgl_x *ln = dgl_x_child(sp_pr, DGL_X_ln), *ref = dgl_x_child(style, DGL_X_lnRef);
    d->line_width = ln ? dgl_x_emu(dgl_x_attr(ln, DGL_X_w), 750) : 750;
    if (dgl_x_child(ln, DGL_X_noFill))
        return;
    const struct dgl_x *solid = dgl_x_child(ln, DGL_X_solidFill);
    if (solid)
        d->has_line = drawing_color(b, solid, &d->line);
    else if (ref && dgl_x_attr_int(ref, DGL_X_idx, 0) > 0)
        d->has_line = drawing_color(b, ref, &d->line);
}

// ---- Pictures ----

static bool name_ends(const char *name, const char *end)
{
    size_t a = strlen(name), e = strlen(end);
    return a >= e && strcasecmp(name + a - e, end) == 0;
}

// The member a relationship points to, if it is a picture that can be painted.
static void set_picture(struct builder *b, const struct dgl_docx_relationship *rel, struct dgl_drawing *d)
{
    uint32_t member;
    d->picture = UINT32_MAX;
    if (!rel)
        return;
    if (dgl_str_is(rel->mode, "External")) {
        build_finding(b, DGL_FEATURE_LINKED_PICTURE);
        return;
    }
    if (!dgl_docx_resolve(b->doc->package, dgl_zip_name(b->doc->package->zip, b->member), rel->target, &member))
        return;
    const char *name = dgl_zip_name(b->doc->package->zip, member);
    if (name_ends(name, ".emf") || name_ends(name, ".wmf") || name_ends(name, ".emz") || name_ends(name, ".wmz")) {
        build_finding(b, DGL_FEATURE_METAFILE);
        return;
    }
    if (name_ends(name, ".tif") || name_ends(name, ".tiff") || name_ends(name, ".svg") || name_ends(name, ".webp") ||
        name_ends(name, ".pcx") || name_ends(name, ".wdp") || name_ends(name, ".jp2")) {
        build_finding(b, DGL_FEATURE_PICTURE_FORMAT);
        return;
    }
    d->picture = member;
    d->kind = DGL_DRAW_PICTURE;
}

static void read_picture(struct builder *b, const struct dgl_x *pic, struct dgl_drawing *d)
{
    const struct dgl_x *blip_fill = dgl_x_child(pic, DGL_X_blipFill), *blip = dgl_x_child(blip_fill, DGL_X_blip);
    const struct dgl_str *id = dgl_x_attr(blip, DGL_X_embed);
    set_picture(b, build_rel(b, id ? id : dgl_x_attr(blip, DGL_X_link)), d);
    if (dgl_x_find(blip, DGL_X_svgBlip))
        build_finding(b, DGL_FEATURE_SVG);
    for (const struct dgl_x *c = blip ? blip->first : NULL; c; c = c->next)
        if (c->name != DGL_X_extLst)
            build_finding(b, DGL_FEATURE_PICTURE_EFFECT);
    const struct dgl_x *src = dgl_x_child(blip_fill, DGL_X_srcRect);
    if (src) {
        d->crop[DGL_TOP] = percent_of(src, DGL_X_t);
        d->crop[DGL_LEFT] = percent_of(src, DGL_X_l);
        d->crop[DGL_BOTTOM] = percent_of(src, DGL_X_b);
        d->crop[DGL_RIGHT] = percent_of(src, DGL_X_r);
    }
    const struct dgl_x *sp_pr = dgl_x_child(pic, DGL_X_spPr), *xfrm = dgl_x_child(sp_pr, DGL_X_xfrm);
    if (dgl_x_attr_int(xfrm, DGL_X_rot, 0) % 21600000 != 0)
        build_finding(b, DGL_FEATURE_ROTATION);
    read_line(b, sp_pr, NULL, d);
    if (!dgl_x_child(sp_pr, DGL_X_ln))
        d->has_line = false;
}

// ---- Shapes ----

static void read_text_box(struct builder *b, const struct dgl_x *content, struct dgl_drawing *d,
                          const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    struct dgl_block *first = NULL, **tail = &first;
    struct build_context inner = {.nesting = c->nesting + 1};
    if (c->nesting >= DGL_LAYOUT_MAX_NESTING) {
        build_finding(b, DGL_FEATURE_NESTING);
        return;
    }
    struct dgl_section **outer_tail = b->section_tail;
    const struct dgl_link *outer_link = b->link;
    uint32_t paragraph = b->paragraph;
    b->link = NULL;
    build_blocks(b, content, &inner, &tail, err, status);
    b->section_tail = outer_tail;
    b->link = outer_link;
    b->paragraph = paragraph;
    d->blocks = first;
}

static bool is_line_form(struct dgl_str form)
{
    return dgl_str_is(form, "line") || dgl_str_is(form, "straightConnector1");
}

static void read_shape(struct builder *b, const struct dgl_x *wsp, struct dgl_drawing *d, const struct build_context *c,
                       struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *sp_pr = dgl_x_child(wsp, DGL_X_spPr), *style = dgl_x_child(wsp, DGL_X_style);
    const struct dgl_x *geometry = dgl_x_child(sp_pr, DGL_X_prstGeom), *xfrm = dgl_x_child(sp_pr, DGL_X_xfrm);
    const struct dgl_str *form = dgl_x_attr(geometry, DGL_X_prst);
    const struct dgl_x *body = dgl_x_child(wsp, DGL_X_bodyPr);
    d->kind = DGL_DRAW_BOX;
    read_fill(b, sp_pr, style, d);
    read_line(b, sp_pr, style, d);
    if (form && is_line_form(*form)) {
        d->kind = DGL_DRAW_LINE;
        const struct dgl_str *flip_v = dgl_x_attr(xfrm, DGL_X_flipV), *flip_h = dgl_x_attr(xfrm, DGL_X_flipH);
        d->flip = (flip_v && dgl_x_on(flip_v)) != (flip_h && dgl_x_on(flip_h));
    } else if ((!form || !(dgl_str_is(*form, "rect") || dgl_str_is(*form, "roundRect") ||
                           dgl_str_is(*form, "flowChartProcess"))) &&
               (d->has_fill || d->has_line)) {
        build_finding(b, DGL_FEATURE_SHAPE_FORM);
    }
    if (dgl_x_attr_int(xfrm, DGL_X_rot, 0) % 21600000 != 0)
        build_finding(b, DGL_FEATURE_ROTATION);
    d->inset[DGL_LEFT] = dgl_x_emu(dgl_x_attr(body, DGL_X_lIns), 7200);
    d->inset[DGL_RIGHT] = dgl_x_emu(dgl_x_attr(body, DGL_X_rIns), 7200);
    d->inset[DGL_TOP] = dgl_x_emu(dgl_x_attr(body, DGL_X_tIns), 3600);
    d->inset[DGL_BOTTOM] = dgl_x_emu(dgl_x_attr(body, DGL_X_bIns), 3600);
    d->v_text = dgl_x_attr_is(body, DGL_X_anchor, "ctr") ? DGL_VALIGN_CENTER
                : dgl_x_attr_is(body, DGL_X_anchor, "b") ? DGL_VALIGN_BOTTOM
                                                         : DGL_VALIGN_TOP;
    d->grows = dgl_x_child(body, DGL_X_spAutoFit) != NULL;
    const struct dgl_str *vert = dgl_x_attr(body, DGL_X_vert);
    const struct dgl_x *text = dgl_x_find(dgl_x_child(wsp, DGL_X_txbx), DGL_X_txbxContent);
    if (text && vert && !dgl_str_is(*vert, "horz"))
        build_finding(b, DGL_FEATURE_VERTICAL_TEXT);
    if (text)
        read_text_box(b, text, d, c, err, status);
}

static void read_group(struct builder *b, const struct dgl_x *group, struct dgl_drawing *d,
                       const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    // What can be read of a group without its coordinates: its first picture or text.
    build_finding(b, DGL_FEATURE_SHAPE_GROUP);
    const struct dgl_x *text = dgl_x_find(group, DGL_X_txbxContent), *pic = dgl_x_find(group, DGL_X_pic);
    d->kind = DGL_DRAW_BOX;
    if (text)
        read_text_box(b, text, d, c, err, status);
    else if (pic)
        read_picture(b, pic, d);
}

static void read_graphic(struct builder *b, const struct dgl_x *graphic, struct dgl_drawing *d,
                         const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *data = dgl_x_child(graphic, DGL_X_graphicData);
    if (!data)
        return;
    DGL_X_EACH(x, data)
    {
        if (x->ns == DGL_XN_PIC && x->name == DGL_X_pic)
            read_picture(b, x, d);
        else if (x->ns == DGL_XN_WPS && x->name == DGL_X_wsp)
            read_shape(b, x, d, c, err, status);
        else if (x->ns == DGL_XN_WPS)
            read_group(b, x, d, c, err, status);
        else if (x->ns == DGL_XN_C)
            build_finding(b, DGL_FEATURE_CHART);
        else if (x->ns == DGL_XN_DGM)
            build_finding(b, DGL_FEATURE_DIAGRAM);
        else
            build_finding(b, x->name == DGL_X_contentPart ? DGL_FEATURE_INK : DGL_FEATURE_SHAPE_GROUP);
    }
}

// ---- Anchors ----

static enum dgl_rel rel_of(const struct dgl_str *s, bool vertical)
{
    static const struct {
        const char *name;
        enum dgl_rel rel;
    } names[] = {{"page", DGL_REL_PAGE},
                 {"margin", DGL_REL_MARGIN},
                 {"column", DGL_REL_COLUMN},
                 {"character", DGL_REL_CHARACTER},
                 {"paragraph", DGL_REL_PARAGRAPH},
                 {"line", DGL_REL_LINE},
                 {"leftMargin", DGL_REL_LEFT_MARGIN},
                 {"insideMargin", DGL_REL_LEFT_MARGIN},
                 {"topMargin", DGL_REL_LEFT_MARGIN},
                 {"rightMargin", DGL_REL_RIGHT_MARGIN},
                 {"outsideMargin", DGL_REL_RIGHT_MARGIN},
                 {"bottomMargin", DGL_REL_RIGHT_MARGIN}};
    for (size_t i = 0; s && i < DGL_COUNT(names); i++)
        if (dgl_str_is(*s, names[i].name))
            return names[i].rel;
    return vertical ? DGL_REL_PARAGRAPH : DGL_REL_COLUMN;
}

static uint8_t align_value(struct dgl_str s)
{
    s = dgl_str_trim(s);
    if (dgl_str_is(s, "left") || dgl_str_is(s, "top") || dgl_str_is(s, "inside"))
        return 1;
    if (dgl_str_is(s, "center"))
        return 2;
    return dgl_str_is(s, "right") || dgl_str_is(s, "bottom") || dgl_str_is(s, "outside") ? 3 : 0;
}

static void read_position(const struct dgl_x *n, bool vertical, struct dgl_drawing *d)
{
    if (!n)
        return;
    const struct dgl_x *align = dgl_x_find(n, DGL_X_align), *offset = dgl_x_find(n, DGL_X_posOffset);
    enum dgl_rel rel = rel_of(dgl_x_attr(n, DGL_X_relativeFrom), vertical);
    struct dgl_str trimmed = offset ? dgl_str_trim(offset->text) : (struct dgl_str){"", 0};
    int32_t at = dgl_x_emu(&trimmed, 0);
    uint8_t aligned = align ? align_value(align->text) : 0;
    if (vertical) {
        d->v_rel = rel;
        d->v_align = aligned;
        d->y = at;
    } else {
        d->h_rel = rel;
        d->h_align = aligned;
        d->x = at;
    }
}

static void read_relative_size(const struct dgl_x *n, struct dgl_drawing *d)
{
    const struct dgl_x *w = dgl_x_find(n, DGL_X_sizeRelH), *h = dgl_x_find(n, DGL_X_sizeRelV);
    const struct dgl_x *pw = dgl_x_child(w, DGL_X_pctWidth), *ph = dgl_x_child(h, DGL_X_pctHeight);
    if (pw)
        d->percent_width = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_int(&pw->text, 0), 1000000));
    if (ph)
        d->percent_height = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_int(&ph->text, 0), 1000000));
    d->percent_of_margin_w = dgl_x_attr_is(w, DGL_X_relativeFrom, "margin");
    d->percent_of_margin_h = dgl_x_attr_is(h, DGL_X_relativeFrom, "margin");
}

static void read_anchor(struct builder *b, const struct dgl_x *n, struct dgl_drawing *d)
{
    const struct dgl_str *behind = dgl_x_attr(n, DGL_X_behindDoc);
    d->anchored = true;
    d->behind = behind && dgl_x_on(behind);
    read_position(dgl_x_find(n, DGL_X_positionH), false, d);
    read_position(dgl_x_find(n, DGL_X_positionV), true, d);
    read_relative_size(n, d);
    static const enum dgl_x_name sides[] = {DGL_X_distT, DGL_X_distL, DGL_X_distB, DGL_X_distR};
    for (unsigned i = 0; i < 4; i++)
        d->dist[i] = DGL_MAX(0, dgl_x_emu(dgl_x_attr(n, sides[i]), 0));
    bool tight = dgl_x_child(n, DGL_X_wrapTight) || dgl_x_child(n, DGL_X_wrapThrough);
    if (tight)
        build_finding(b, DGL_FEATURE_TIGHT_WRAP);
    d->wrap = tight || dgl_x_child(n, DGL_X_wrapSquare) ? DGL_WRAP_SQUARE
              : dgl_x_child(n, DGL_X_wrapTopAndBottom)  ? DGL_WRAP_TOP_BOTTOM
                                                        : DGL_WRAP_NONE;
}

static void push_drawing(struct builder *b, struct dgl_drawing *d, struct dgl_run *run)
{
    struct dgl_inline *in = build_push(b, DGL_IN_DRAWING, run);
    if (!in)
        return;
    in->drawing = d;
    d->link = d->link ? d->link : in->link;
    b->para_has_drawings = true;
}

static const struct dgl_link *click_link(struct builder *b, const struct dgl_x *doc_pr)
{
    const struct dgl_x *click = dgl_x_child(doc_pr, DGL_X_hlinkClick);
    const struct dgl_docx_relationship *rel = click ? build_rel(b, dgl_x_attr(click, DGL_X_id)) : NULL;
    if (!rel || !dgl_str_is(rel->mode, "External"))
        return NULL;
    struct dgl_link *link = DGL_ARENA_NEW(b->arena, struct dgl_link);
    link->url = rel->target;
    return link;
}

void build_drawing(struct builder *b, const struct dgl_x *n, struct dgl_run *run, const struct build_context *c,
                   struct dgl_error *err, enum dgl_status *status)
{
    DGL_X_EACH(x, n)
    {
        bool anchor = x->name == DGL_X_anchor;
        if (!anchor && x->name != DGL_X_inline)
            continue;
        struct dgl_drawing *d = DGL_ARENA_NEW(b->arena, struct dgl_drawing);
        d->kind = DGL_DRAW_NOTHING;
        d->picture = UINT32_MAX;
        const struct dgl_x *extent = dgl_x_child(x, DGL_X_extent), *doc_pr = dgl_x_child(x, DGL_X_docPr);
        const struct dgl_str *hidden = dgl_x_attr(doc_pr, DGL_X_hidden), *alt = dgl_x_attr(doc_pr, DGL_X_descr);
        d->width = DGL_MAX(0, dgl_x_emu(dgl_x_attr(extent, DGL_X_cx), 0));
        d->height = DGL_MAX(0, dgl_x_emu(dgl_x_attr(extent, DGL_X_cy), 0));
        d->alt = alt ? *alt : (struct dgl_str){"", 0};
        d->link = click_link(b, doc_pr);
        if (anchor)
            read_anchor(b, x, d);
        if (hidden && dgl_x_on(hidden))
            continue;
        read_graphic(b, dgl_x_child(x, DGL_X_graphic), d, c, err, status);
        if (*status == DGL_OK)
            push_drawing(b, d, run);
    }
}

// ---- VML ----

// One property of a CSS-like style attribute; empty when absent.
static struct dgl_str style_value(const struct dgl_str *style, const char *name)
{
    size_t at = 0, len = strlen(name);
    while (style && at < style->len) {
        size_t end = at;
        while (end < style->len && style->data[end] != ';')
            end++;
        struct dgl_str item = dgl_str_trim((struct dgl_str){style->data + at, end - at});
        if (item.len > len && item.data[len] == ':' && memcmp(item.data, name, len) == 0)
            return dgl_str_trim((struct dgl_str){item.data + len + 1, item.len - len - 1});
        at = end + 1;
    }
    return (struct dgl_str){"", 0};
}

static int32_t vml_length(struct dgl_str s)
{
    if (s.len == 0)
        return 0;
    bool unit = s.data[s.len - 1] >= 'a' && s.data[s.len - 1] <= 'z';
    if (s.len > 2 && memcmp(s.data + s.len - 2, "px", 2) == 0) {
        s.len -= 2;
        return (int32_t)DGL_MAX(-DGL_LAYOUT_MAX_LENGTH, DGL_MIN(dgl_x_int(&s, 0) * 750, DGL_LAYOUT_MAX_LENGTH));
    }
    return unit ? dgl_x_twips(&s, 0) : dgl_x_emu(&s, 0);
}

static uint32_t vml_color(const struct dgl_str *s, uint32_t otherwise)
{
    static const struct {
        const char *name;
        uint32_t rgb;
    } names[] = {{"black", 0},       {"white", 0xFFFFFF}, {"red", 0xFF0000},   {"silver", 0xC0C0C0},
                 {"gray", 0x808080}, {"blue", 0x0000FF},  {"green", 0x008000}, {"yellow", 0xFFFF00}};
    if (!s || s->len == 0)
        return otherwise;
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_starts(*s, names[i].name))
            return names[i].rgb;
    if (s->data[0] != '#' || s->len < 4)
        return otherwise;
    uint32_t v = 0;
    unsigned digits = 0;
    for (; digits < 6 && digits + 1 < s->len; digits++) {
        unsigned d = (unsigned char)s->data[digits + 1];
        d = d >= '0' && d <= '9' ? d - '0' : (d | 32u) >= 'a' && (d | 32u) <= 'f' ? (d | 32u) - 'a' + 10 : 16;
        if (d == 16)
            break;
        v = v << 4 | d;
    }
    if (digits == 3)
        return (v >> 8 & 15) * 0x110000 | (v >> 4 & 15) * 0x1100 | (v & 15) * 0x11;
    return digits == 6 ? v : otherwise;
}

static void vml_position(const struct dgl_x *shape, const struct dgl_str *style, struct dgl_drawing *d)
{
    struct dgl_str h = style_value(style, "mso-position-horizontal"), v = style_value(style, "mso-position-vertical");
    struct dgl_str hr = style_value(style, "mso-position-horizontal-relative"),
                   vr = style_value(style, "mso-position-vertical-relative"), z = style_value(style, "z-index");
    d->anchored = dgl_str_is(style_value(style, "position"), "absolute");
    d->x = vml_length(style_value(style, "margin-left"));
    d->y = vml_length(style_value(style, "margin-top"));
    d->h_align = align_value(h);
    d->v_align = align_value(v);
    d->h_rel = dgl_str_is(hr, "page") ? DGL_REL_PAGE : dgl_str_is(hr, "margin") ? DGL_REL_MARGIN : DGL_REL_COLUMN;
    d->v_rel = dgl_str_is(vr, "page") ? DGL_REL_PAGE : dgl_str_is(vr, "margin") ? DGL_REL_MARGIN : DGL_REL_PARAGRAPH;
    d->behind = z.len && z.data[0] == '-';
    const struct dgl_x *wrap = dgl_x_child(shape, DGL_X_wrap);
    d->wrap = dgl_x_attr_is(wrap, DGL_X_type, "square") || dgl_x_attr_is(wrap, DGL_X_type, "tight") ? DGL_WRAP_SQUARE
              : dgl_x_attr_is(wrap, DGL_X_type, "topAndBottom") ? DGL_WRAP_TOP_BOTTOM
                                                                : DGL_WRAP_NONE;
}

static void vml_shape(struct builder *b, const struct dgl_x *shape, struct dgl_run *run, const struct build_context *c,
                      struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_str *style = dgl_x_attr(shape, DGL_X_style);
    const struct dgl_x *image = dgl_x_child(shape, DGL_X_imagedata), *box = dgl_x_find(shape, DGL_X_txbxContent);
    if (dgl_x_child(shape, DGL_X_textpath)) {
        build_finding(b, DGL_FEATURE_WORD_ART);
        return;
    }
    struct dgl_drawing *d = DGL_ARENA_NEW(b->arena, struct dgl_drawing);
    d->kind = DGL_DRAW_NOTHING;
    d->picture = UINT32_MAX;
    d->width = DGL_MAX(0, vml_length(style_value(style, "width")));
    d->height = DGL_MAX(0, vml_length(style_value(style, "height")));
    vml_position(shape, style, d);
    if (image) {
        const struct dgl_str *id = dgl_x_attr(image, DGL_X_id);
        set_picture(b, build_rel(b, id), d);
    } else if (shape->name == DGL_X_rect || shape->name == DGL_X_roundrect || box) {
        const struct dgl_str *filled = dgl_x_attr(shape, DGL_X_filled), *stroked = dgl_x_attr(shape, DGL_X_stroked);
        d->kind = DGL_DRAW_BOX;
        d->fill = vml_color(dgl_x_attr(shape, DGL_X_fillcolor), 0xFFFFFF);
        d->line = vml_color(dgl_x_attr(shape, DGL_X_strokecolor), 0);
        d->has_fill = dgl_x_on(filled) && !(filled && dgl_str_is(*filled, "f"));
        d->has_line = dgl_x_on(stroked) && !(stroked && dgl_str_is(*stroked, "f"));
        const struct dgl_str *weight = dgl_x_attr(shape, DGL_X_strokeweight);
        d->line_width = weight ? DGL_MAX(0, vml_length(*weight)) : 750;
        if (dgl_x_attr_is(shape, DGL_X_hr, "t")) { // a horizontal rule
            d->has_line = false;
            d->fill = vml_color(dgl_x_attr(shape, DGL_X_fillcolor), 0xA0A0A0);
            d->has_fill = true;
            d->height = d->height ? d->height : 1500;
            d->percent_width = d->width ? 0 : 100000;
        }
    } else if (shape->name == DGL_X_shape) {
        build_finding(b, DGL_FEATURE_SHAPE_FORM);
    }
    d->inset[DGL_LEFT] = d->inset[DGL_RIGHT] = 7200;
    d->inset[DGL_TOP] = d->inset[DGL_BOTTOM] = 3600;
    if (box)
        read_text_box(b, box, d, c, err, status);
    if (*status == DGL_OK && (d->kind != DGL_DRAW_NOTHING || image)) // what cannot be shown still takes its room
        push_drawing(b, d, run);
}

void build_vml(struct builder *b, const struct dgl_x *n, struct dgl_run *run, const struct build_context *c,
               struct dgl_error *err, enum dgl_status *status)
{
    if (b->drawing_depth >= MAX_DRAWING_DEPTH)
        return;
    b->drawing_depth++;
    DGL_X_EACH(x, n)
    {
        if (*status != DGL_OK)
            break;
        if (build_is_group(x)) {
            build_vml(b, x, run, c, err, status);
        } else if (x->ns == DGL_XN_V && x->name == DGL_X_group) {
            build_finding(b, DGL_FEATURE_SHAPE_GROUP);
            build_vml(b, x, run, c, err, status);
        } else if (x->ns == DGL_XN_V &&
                   (x->name == DGL_X_shape || x->name == DGL_X_rect || x->name == DGL_X_roundrect)) {
            vml_shape(b, x, run, c, err, status);
        } else if (x->ns == DGL_XN_V && (x->name == DGL_X_oval || x->name == DGL_X_line || x->name == DGL_X_polyline)) {
            build_finding(b, DGL_FEATURE_SHAPE_FORM);
        } else if (x->name == DGL_X_OLEObject) {
            build_finding(b, DGL_FEATURE_OLE);
        } else if (x->name == DGL_X_control) {
            build_finding(b, DGL_FEATURE_FORM_CONTROL);
        } else if (x->name == DGL_X_drawing) {
            build_drawing(b, x, run, c, err, status);
        }
    }
    b->drawing_depth--;
}
