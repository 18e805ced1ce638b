// Drawings of DrawingML: pictures, shapes, groups and how they are anchored. Shapes are read in shape.c, VML in vml.c.
// Sources: ECMA-376 Part 1 §20.1, §20.2 (pictures), §20.4 (anchoring).
#include "render/layout/drawing.h"

#include <math.h>
#include <string.h>

static int32_t percent_of(const struct dgl_x *n, enum dgl_x_name name)
{
    return (int32_t)DGL_MAX(-100000, DGL_MIN(dgl_x_attr_int(n, name, 0), 100000));
}

// ---- Pictures ----

static bool name_ends(const char *name, const char *end)
{
    size_t a = strlen(name), e = strlen(end);
    return a >= e && strcasecmp(name + a - e, end) == 0;
}

static bool set_vectors(struct builder *b, uint32_t member, bool svg, struct dgl_drawing *d)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) file = DGL_BUF_INIT(DGL_ART_MAX_BYTES);
    if (dgl_zip_read(b->doc->package->zip, member, &file, &ignored) != DGL_OK)
        return false;
    struct dgl_art *art =
        svg ? dgl_svg_read(b->arena, file.data, file.len) : dgl_metafile_read(b->arena, file.data, file.len);
    if (!art)
        return false;
    if (!art->lossless)
        build_finding(b, svg ? DGL_FEATURE_SVG : DGL_FEATURE_METAFILE);
    d->kind = DGL_DRAW_ART;
    d->art = art;
    return true;
}

// Takes the picture that a relationship points to; false when it is none that can be painted, and then it is reported.
bool build_set_picture(struct builder *b, const struct dgl_docx_relationship *rel, struct dgl_drawing *d)
{
    uint32_t member;
    d->picture = UINT32_MAX;
    if (!rel)
        return false;
    if (dgl_str_is(rel->mode, "External")) {
        build_finding(b, DGL_FEATURE_LINKED_PICTURE);
        return false;
    }
    if (!dgl_docx_resolve(b->doc->package, dgl_zip_name(b->doc->package->zip, b->member), rel->target, &member))
        return false;
    const char *name = dgl_zip_name(b->doc->package->zip, member);
    bool svg = name_ends(name, ".svg");
    if (name_ends(name, ".emf") || name_ends(name, ".wmf") || name_ends(name, ".emz") || name_ends(name, ".wmz") ||
        svg) {
        if (set_vectors(b, member, svg, d))
            return true;
        build_finding(b, svg ? DGL_FEATURE_SVG : DGL_FEATURE_PICTURE_FORMAT);
        return false;
    }
    if (name_ends(name, ".tif") || name_ends(name, ".tiff") || name_ends(name, ".webp") || name_ends(name, ".pcx") ||
        name_ends(name, ".wdp") || name_ends(name, ".jp2")) {
        build_finding(b, DGL_FEATURE_PICTURE_FORMAT);
        return false;
    }
    d->picture = member;
    d->kind = DGL_DRAW_PICTURE;
    return true;
}

struct dgl_tone build_tone(double gain, double brightness)
{
    double g = fmax(0, fmin(gain, 1000)), offset = 0.5 - 0.5 * g + fmax(-1, fmin(brightness, 1)) / 2;
    return (struct dgl_tone){(int32_t)lround(g * 1000), (int32_t)lround(offset * 1000)};
}

// Of a:lum (§20.1.8.42). The standard gives no formula; this is the one of VML's gain and black level, as which Word
// writes the same picture.
static struct dgl_tone read_lum(const struct dgl_x *x)
{
    double contrast = (double)percent_of(x, DGL_X_contrast) / 100000;
    return build_tone(contrast > 0 ? 1 / fmax(1 - contrast, 0.001) : 1 + contrast,
                      (double)percent_of(x, DGL_X_bright) / 100000);
}

// A change of pixels; false when it is none that is done here.
static bool read_recolor(struct builder *b, const struct dgl_x *x, struct dgl_recolor *ret)
{
    const struct dgl_theme *theme = &b->sheet->theme;
    const struct dgl_x *first = x->first, *second = first ? first->next : NULL;
    struct dgl_color from = {0, 1}, to = {0, 1};
    struct dgl_x last;
    switch (x->name) {
    case DGL_X_biLevel:
        *ret = (struct dgl_recolor){.kind = DGL_RECOLOR_BILEVEL,
                                    .threshold = (uint16_t)(DGL_MAX(percent_of(x, DGL_X_thresh), 0) / 100)};
        return true;
    case DGL_X_duotone:
        if (!second || !dgl_drawing_color(theme, x, 0, &from))
            return false;
        last = (struct dgl_x){.first = (struct dgl_x *)second};
        *ret = (struct dgl_recolor){.kind = DGL_RECOLOR_DUOTONE, .from = from.rgb};
        if (!dgl_drawing_color(theme, &last, 0, &to))
            return false;
        ret->to = to.rgb;
        return true;
    case DGL_X_clrRepl:
        if (!dgl_drawing_color(theme, x, 0, &to) || to.alpha < 1)
            return false;
        *ret = (struct dgl_recolor){.kind = DGL_RECOLOR_DUOTONE, .from = to.rgb, .to = to.rgb};
        return true;
    case DGL_X_clrChange:
        if (!dgl_drawing_color(theme, dgl_x_child(x, DGL_X_clrFrom), 0, &from) ||
            !dgl_drawing_color(theme, dgl_x_child(x, DGL_X_clrTo), 0, &to))
            return false;
        *ret = (struct dgl_recolor){DGL_RECOLOR_CHANGE, from.rgb, to.rgb, 0, (uint16_t)lround(to.alpha * 1000)};
        return true;
    default:
        return false;
    }
}

// Colours of vectors stay as they are.
void build_check_effects(struct builder *b, const struct dgl_drawing *d)
{
    if (d->kind == DGL_DRAW_ART &&
        (d->gray || d->alpha_lost || d->recolor.kind || d->tone.gain != 1000 || d->tone.offset))
        build_finding(b, DGL_FEATURE_PICTURE_EFFECT);
}

static void read_effects(struct builder *b, const struct dgl_x *blip, struct dgl_drawing *d)
{
    for (const struct dgl_x *x = blip ? blip->first : NULL; x; x = x->next) {
        if (x->name == DGL_X_alphaModFix)
            d->alpha_lost = (uint16_t)(1000 - DGL_MAX(0, DGL_MIN(dgl_x_attr_int(x, DGL_X_amt, 100000), 100000)) / 100);
        else if (x->name == DGL_X_grayscl)
            d->gray = true;
        else if (x->name == DGL_X_lum)
            d->tone = read_lum(x);
        else if (x->name != DGL_X_extLst && (d->recolor.kind || !read_recolor(b, x, &d->recolor)))
            build_finding(b, DGL_FEATURE_PICTURE_EFFECT);
    }
    build_check_effects(b, d);
}

void build_picture(struct builder *b, const struct dgl_x *pic, struct dgl_drawing *d)
{
    const struct dgl_x *blip_fill = dgl_x_child(pic, DGL_X_blipFill), *blip = dgl_x_child(blip_fill, DGL_X_blip);
    const struct dgl_str *id = dgl_x_attr(blip, DGL_X_embed);
    const struct dgl_x *svg = dgl_x_find(blip, DGL_X_svgBlip), *src = dgl_x_child(blip_fill, DGL_X_srcRect);
    if (!svg || !build_set_picture(b, build_rel(b, dgl_x_attr(svg, DGL_X_embed)), d))
        build_set_picture(b, build_rel(b, id ? id : dgl_x_attr(blip, DGL_X_link)), d);
    read_effects(b, blip, d);
    if (dgl_x_child(blip_fill, DGL_X_tile))
        build_finding(b, DGL_FEATURE_PICTURE_EFFECT);
    if (src) {
        d->crop[DGL_TOP] = percent_of(src, DGL_X_t);
        d->crop[DGL_LEFT] = percent_of(src, DGL_X_l);
        d->crop[DGL_BOTTOM] = percent_of(src, DGL_X_b);
        d->crop[DGL_RIGHT] = percent_of(src, DGL_X_r);
    }
    const struct dgl_x *sp_pr = dgl_x_child(pic, DGL_X_spPr);
    build_shape_look(b, sp_pr, NULL, d);
    d->has_fill = false;
    build_turn(dgl_x_child(sp_pr, DGL_X_xfrm), d);
}

// How much of a side is cut off when the picture's part lies in the part of the shape that `fillRect` leaves. Less than
// nothing when it does not reach that far.
static int32_t cut_of(const struct dgl_x *src, const struct dgl_x *room, enum dgl_x_name side, enum dgl_x_name other)
{
    int64_t cut = percent_of(src, side), shown = 100000 - cut - percent_of(src, other), inset = percent_of(room, side),
            filled = DGL_MAX(1000, 100000 - inset - percent_of(room, other));
    return (int32_t)(cut - inset * shown / filled);
}

// A shape filled with a picture is the picture, seen through the shape (§20.1.8.14). Tiles and vectors are none here.
static void fill_with_picture(struct builder *b, const struct dgl_x *fill, struct dgl_drawing *d)
{
    const struct dgl_x *blip = dgl_x_child(fill, DGL_X_blip), *src = dgl_x_child(fill, DGL_X_srcRect),
                       *room = dgl_x_find(fill, DGL_X_fillRect);
    struct dgl_drawing filled = *d;
    if (!blip || dgl_x_child(fill, DGL_X_tile) ||
        !build_set_picture(b, build_rel(b, dgl_x_attr(blip, DGL_X_embed)), &filled) || filled.kind != DGL_DRAW_PICTURE)
        return;
    *d = filled;
    read_effects(b, blip, d);
    d->crop[DGL_TOP] = cut_of(src, room, DGL_X_t, DGL_X_b);
    d->crop[DGL_LEFT] = cut_of(src, room, DGL_X_l, DGL_X_r);
    d->crop[DGL_BOTTOM] = cut_of(src, room, DGL_X_b, DGL_X_t);
    d->crop[DGL_RIGHT] = cut_of(src, room, DGL_X_r, DGL_X_l);
}

// ---- Shapes ----

struct dgl_drawing *build_new_drawing(struct builder *b)
{
    struct dgl_drawing *d = DGL_ARENA_NEW(b->arena, struct dgl_drawing);
    d->kind = DGL_DRAW_NOTHING;
    d->picture = UINT32_MAX;
    d->tone = DGL_TONE_NONE;
    return d;
}

// Insets and alignment of a text by its `bodyPr`.
void build_box(const struct dgl_x *body, struct dgl_drawing *d)
{
    d->inset[DGL_LEFT] = dgl_x_emu(dgl_x_attr(body, DGL_X_lIns), 7200);
    d->inset[DGL_RIGHT] = dgl_x_emu(dgl_x_attr(body, DGL_X_rIns), 7200);
    d->inset[DGL_TOP] = dgl_x_emu(dgl_x_attr(body, DGL_X_tIns), 3600);
    d->inset[DGL_BOTTOM] = dgl_x_emu(dgl_x_attr(body, DGL_X_bIns), 3600);
    d->v_text = dgl_x_attr_is(body, DGL_X_anchor, "ctr") ? DGL_VALIGN_CENTER
                : dgl_x_attr_is(body, DGL_X_anchor, "b") ? DGL_VALIGN_BOTTOM
                                                         : DGL_VALIGN_TOP;
    d->grows = dgl_x_child(body, DGL_X_spAutoFit) != NULL;
}

void build_text_box(struct builder *b, const struct dgl_x *content, const struct dgl_x *style, struct dgl_drawing *d,
                    const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    struct dgl_block *first = NULL, **tail = &first;
    struct dgl_color color = {0, 1};
    struct dgl_rpr rpr = {.set = DGL_R_COLOR};
    struct build_context inner = {.nesting = c->nesting + 1};
    if (dgl_drawing_color(&b->sheet->theme, dgl_x_child(style, DGL_X_fontRef), 0, &color)) {
        rpr.color = color.rgb;
        inner.rpr = &rpr;
    }
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

static struct dgl_chain *chain_of(struct builder *b, int64_t id)
{
    struct dgl_chain *chain = b->chains;
    while (chain && chain->id != id)
        chain = chain->next;
    if (chain)
        return chain;
    chain = DGL_ARENA_NEW(b->arena, struct dgl_chain);
    chain->id = id;
    chain->next = b->chains;
    b->chains = chain;
    return chain;
}

// The box is one of those through which a text flows: the first, which holds the text, or a later one.
static void join_chain(struct builder *b, const struct dgl_x *wsp, struct dgl_drawing *d)
{
    const struct dgl_x *first = dgl_x_child(wsp, DGL_X_txbx), *later = dgl_x_child(wsp, DGL_X_linkedTxbx),
                       *ext = dgl_x_child(dgl_x_child(dgl_x_child(wsp, DGL_X_spPr), DGL_X_xfrm), DGL_X_ext);
    int64_t place = later ? dgl_x_attr_int(later, DGL_X_seq, 0) : 0;
    if (!dgl_x_attr(later ? later : first, DGL_X_id) || (later && place < 1) || place >= DGL_LAYOUT_MAX_LINKED)
        return;
    struct dgl_chain *chain = chain_of(b, dgl_x_attr_int(later ? later : first, DGL_X_id, 0));
    if (chain->room[place])
        return;
    int32_t width = dgl_x_emu(dgl_x_attr(ext, DGL_X_cx), 0) - d->inset[DGL_LEFT] - d->inset[DGL_RIGHT];
    chain->room[place] = DGL_MAX(1, dgl_x_emu(dgl_x_attr(ext, DGL_X_cy), 0) - d->inset[DGL_TOP] - d->inset[DGL_BOTTOM]);
    chain->count = DGL_MAX(chain->count, (unsigned)place + 1);
    if (place == 0) {
        chain->blocks = d->blocks;
        chain->width = width;
    }
    d->chain = chain;
    d->place_in_chain = (uint8_t)place;
}

static void read_shape(struct builder *b, const struct dgl_x *wsp, struct dgl_drawing *d, const struct build_context *c,
                       struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *sp_pr = dgl_x_child(wsp, DGL_X_spPr), *body = dgl_x_child(wsp, DGL_X_bodyPr);
    d->kind = DGL_DRAW_BOX;
    d->decorative = true;
    fill_with_picture(b, dgl_x_child(sp_pr, DGL_X_blipFill), d);
    build_shape_look(b, sp_pr, dgl_x_child(wsp, DGL_X_style), d);
    build_turn(dgl_x_child(sp_pr, DGL_X_xfrm), d);
    build_box(body, d);
    const struct dgl_str *vert = dgl_x_attr(body, DGL_X_vert);
    if (dgl_x_attr_int(body, DGL_X_numCol, 1) > 1 || dgl_x_attr_int(body, DGL_X_rot, 0) != 0)
        build_finding(b, DGL_FEATURE_BOX_TEXT);
    const struct dgl_x *text = dgl_x_find(dgl_x_child(wsp, DGL_X_txbx), DGL_X_txbxContent);
    if (text && vert && (dgl_str_is(*vert, "vert") || dgl_str_is(*vert, "vert270"))) {
        d->text_turn = dgl_str_is(*vert, "vert") ? 1 : 3;
        d->grows = false;
    } else if (text && vert && !dgl_str_is(*vert, "horz")) {
        build_finding(b, DGL_FEATURE_VERTICAL_TEXT);
    }
    const struct dgl_x *warp = dgl_x_child(body, DGL_X_prstTxWarp);
    if (text && warp && !dgl_x_attr_is(warp, DGL_X_prst, "textNoShape"))
        build_finding(b, DGL_FEATURE_WORD_ART);
    if (text)
        build_text_box(b, text, dgl_x_child(wsp, DGL_X_style), d, c, err, status);
    join_chain(b, wsp, d);
    const struct dgl_x *own = dgl_x_child(wsp, DGL_X_txBody);
    if (own) {
        build_box(dgl_x_child(own, DGL_X_bodyPr), d);
        build_shape_text(b, own, dgl_x_child(wsp, DGL_X_style), d);
    }
}

// ---- Groups ----

static void read_graphic(struct builder *b, const struct dgl_x *graphic, struct dgl_drawing *d,
                         const struct build_context *c, struct dgl_error *err, enum dgl_status *status);
static void read_group(struct builder *b, const struct dgl_x *group, struct dgl_drawing *d,
                       const struct build_context *c, struct dgl_error *err, enum dgl_status *status);

static double emu(const struct dgl_x *x, enum dgl_x_name name)
{
    return build_number(dgl_x_attr(x, name), 0);
}

static bool is_part(const struct dgl_x *x)
{
    return x->name == DGL_X_wsp || x->name == DGL_X_sp || x->name == DGL_X_pic || x->name == DGL_X_grpSp ||
           x->name == DGL_X_wgp || x->name == DGL_X_graphicFrame;
}

static void read_part(struct builder *b, const struct dgl_x *x, struct dgl_part *part, const struct build_context *c,
                      struct dgl_error *err, enum dgl_status *status)
{
    struct dgl_drawing *d = build_new_drawing(b);
    const struct dgl_x *props = dgl_x_child(x, DGL_X_spPr);
    props = props ? props : dgl_x_child(x, DGL_X_grpSpPr);
    const struct dgl_x *xfrm = dgl_x_child(props, DGL_X_xfrm);
    xfrm = xfrm ? xfrm : dgl_x_child(x, DGL_X_xfrm);
    const struct dgl_x *off = dgl_x_child(xfrm, DGL_X_off), *ext = dgl_x_child(xfrm, DGL_X_ext);
    *part = (struct dgl_part){d, emu(off, DGL_X_x), emu(off, DGL_X_y), emu(ext, DGL_X_cx), emu(ext, DGL_X_cy)};
    if (x->name == DGL_X_pic)
        build_picture(b, x, d);
    else if (x->name == DGL_X_graphicFrame)
        read_graphic(b, dgl_x_child(x, DGL_X_graphic), d, c, err, status);
    else if (x->name == DGL_X_grpSp || x->name == DGL_X_wgp)
        read_group(b, x, d, c, err, status);
    else
        read_shape(b, x, d, c, err, status);
    d->sized = false; // a part's frame is its own size
}

static uint32_t count_parts(const struct dgl_x *group)
{
    uint32_t n = 0;
    DGL_X_EACH(x, group)
    {
        if (build_is_group(x))
            n += count_parts(x);
        else
            n += is_part(x);
    }
    return n;
}

// The ground of a canvas: a box of its own size below its parts.
static void read_ground(struct builder *b, const struct dgl_x *canvas, struct dgl_part *parts, struct dgl_drawing *d)
{
    const struct dgl_x *bg = dgl_x_child(canvas, DGL_X_bg), *whole = dgl_x_child(canvas, DGL_X_whole);
    struct dgl_drawing *ground = build_new_drawing(b);
    struct dgl_x props = {0}, fill = {0}, ln = {0};
    const struct dgl_x *line = dgl_x_child(whole, DGL_X_ln);
    if (line) {
        ln = *line;
        ln.next = NULL;
        props.first = &ln;
    }
    if (bg && bg->first) {
        fill = *bg->first;
        fill.next = props.first;
        props.first = &fill;
    }
    ground->kind = DGL_DRAW_BOX;
    ground->decorative = true;
    build_shape_look(b, &props, NULL, ground);
    if (ground->has_fill || ground->has_line)
        parts[d->part_count++] = (struct dgl_part){ground, d->group[0], d->group[1], d->group[2], d->group[3]};
}

static void read_parts(struct builder *b, const struct dgl_x *group, struct dgl_part *parts, struct dgl_drawing *d,
                       const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    DGL_X_EACH(x, group)
    {
        if (*status != DGL_OK)
            return;
        if (build_is_group(x))
            read_parts(b, x, parts, d, c, err, status);
        else if (is_part(x))
            read_part(b, x, &parts[d->part_count++], c, err, status);
    }
}

static void read_group(struct builder *b, const struct dgl_x *group, struct dgl_drawing *d,
                       const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *props = dgl_x_child(group, DGL_X_grpSpPr), *xfrm = dgl_x_child(props, DGL_X_xfrm);
    const struct dgl_x *off = dgl_x_child(xfrm, DGL_X_chOff), *ext = dgl_x_child(xfrm, DGL_X_chExt);
    struct dgl_art_paint outer = b->group_fill;
    double unused;
    d->kind = DGL_DRAW_GROUP;
    d->parts = NULL; // of a second group where one belongs (§20.1.2.2.17): the last counts
    d->part_count = 0;
    if (b->drawing_depth >= BUILD_MAX_DRAWING_DEPTH) {
        build_finding(b, DGL_FEATURE_NESTING);
        return;
    }
    if (!ext) { // a canvas: its parts are where they are on it
        d->group[2] = d->width * 12.7;
        d->group[3] = d->height * 12.7;
    } else {
        d->group[0] = emu(off, DGL_X_x);
        d->group[1] = emu(off, DGL_X_y);
        d->group[2] = emu(ext, DGL_X_cx);
        d->group[3] = emu(ext, DGL_X_cy);
    }
    build_turn(xfrm, d);
    build_paint(b, props, 0, &b->group_fill, &unused);
    struct dgl_part *parts = dgl_arena_alloc_try(b->arena, (count_parts(group) + 2) * sizeof(*parts));
    b->drawing_depth++;
    if (parts && !ext)
        read_ground(b, group, parts, d);
    if (parts)
        read_parts(b, group, parts, d, c, err, status);
    b->drawing_depth--;
    d->parts = parts;
    b->group_fill = outer;
}

// The root of a related part, NULL when there is none or it cannot be read.
static const struct dgl_x *related_part(struct builder *b, const struct dgl_str *id)
{
    uint32_t member;
    struct dgl_x *root = NULL;
    struct dgl_error ignored = DGL_ERROR_INIT;
    const struct dgl_docx_relationship *rel = build_rel(b, id);
    if (!rel || dgl_str_is(rel->mode, "External") ||
        !dgl_docx_resolve(b->doc->package, dgl_zip_name(b->doc->package->zip, b->member), rel->target, &member))
        return NULL;
    DGL_AUTO_FINI(buf) file = DGL_BUF_INIT(DGL_LAYOUT_MAX_PART_BYTES);
    if (dgl_zip_read(b->doc->package->zip, member, &file, &ignored) != DGL_OK ||
        dgl_x_parse(b->arena, (struct dgl_str){file.data ? file.data : "", file.len}, DGL_X_COPIED,
                    "a part of a drawing", &b->nodes_left, &root, &ignored) != DGL_OK)
        return NULL;
    return root;
}

static void read_chart(struct builder *b, const struct dgl_x *x, struct dgl_drawing *d)
{
    const struct dgl_x *space = related_part(b, dgl_x_attr(x, DGL_X_id));
    d->chart = space ? dgl_chart_read(b, space) : NULL;
    if (!d->chart) {
        build_finding(b, DGL_FEATURE_CHART);
        return;
    }
    build_finding(b, DGL_FEATURE_CHART_LOOK);
    d->kind = DGL_DRAW_CHART;
    if (d->alt.len == 0)
        d->alt = d->chart->title.text;
}

// A diagram is drawn by the shapes that Word left beside its data; without them it is left out.
static void read_diagram(struct builder *b, const struct dgl_x *ids, struct dgl_drawing *d,
                         const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *data = related_part(b, dgl_x_attr(ids, DGL_X_dm)), *ext = dgl_x_find(data, DGL_X_dataModelExt);
    const struct dgl_x *drawing = ext ? related_part(b, dgl_x_attr(ext, DGL_X_relId)) : NULL;
    const struct dgl_x *tree = dgl_x_child(drawing, DGL_X_spTree);
    if (!tree)
        build_finding(b, DGL_FEATURE_DIAGRAM);
    else
        read_group(b, tree, d, c, err, status);
}

static void read_graphic(struct builder *b, const struct dgl_x *graphic, struct dgl_drawing *d,
                         const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *data = dgl_x_child(graphic, DGL_X_graphicData);
    if (!data)
        return;
    DGL_X_EACH(x, data)
    {
        if (x->name == DGL_X_pic)
            build_picture(b, x, d);
        else if (x->name == DGL_X_wsp)
            read_shape(b, x, d, c, err, status);
        else if (x->ns == DGL_XN_WPS)
            read_group(b, x, d, c, err, status);
        else if (x->ns == DGL_XN_C)
            read_chart(b, x, d);
        else if (x->ns == DGL_XN_DGM)
            read_diagram(b, x, d, c, err, status);
        else if (x->name == DGL_X_contentPart)
            build_finding(b, DGL_FEATURE_INK);
        else if (!build_is_group(x))
            build_finding(b, DGL_FEATURE_SHAPE_GROUP);
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

uint8_t build_align(struct dgl_str s)
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
    uint8_t aligned = align ? build_align(align->text) : 0;
    const struct dgl_x *percent = dgl_x_find(n, vertical ? DGL_X_pctPosVOffset : DGL_X_pctPosHOffset);
    int32_t share = percent ? (int32_t)DGL_MAX(-1000000, DGL_MIN(dgl_x_int(&percent->text, 0), 1000000)) : 0;
    if (vertical) {
        d->v_rel = rel;
        d->v_align = aligned;
        d->y = at;
        d->percent_y = share;
    } else {
        d->h_rel = rel;
        d->h_align = aligned;
        d->x = at;
        d->percent_x = share;
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

// The outline of tight wrapping (§20.4.2.16): a start and lines. Through wrapping is followed from outside too.
static const struct dgl_outline *read_outline(struct builder *b, const struct dgl_x *n)
{
    struct dgl_outline *o = DGL_ARENA_NEW(b->arena, struct dgl_outline);
    uint32_t count = 0;
    DGL_X_EACH(p, n)
    {
        count++;
    }
    count = DGL_MIN(count, DGL_LAYOUT_MAX_OUTLINE);
    o->points = dgl_arena_alloc_try(b->arena, (count + 1) * sizeof(*o->points));
    DGL_X_EACH(p, n)
    {
        if (!o->points || o->count == count)
            break;
        o->points[o->count][0] = (int32_t)DGL_MAX(-1000000, DGL_MIN(dgl_x_attr_int(p, DGL_X_x, 0), 1000000));
        o->points[o->count++][1] = (int32_t)DGL_MAX(-1000000, DGL_MIN(dgl_x_attr_int(p, DGL_X_y, 0), 1000000));
    }
    return o->count >= 3 ? o : NULL;
}

static void read_wrap(struct builder *b, const struct dgl_x *n, struct dgl_drawing *d)
{
    if (!n)
        return;
    d->wrap = DGL_WRAP_SQUARE;
    d->wrap_side = dgl_x_attr_is(n, DGL_X_wrapText, "left")      ? DGL_SIDE_LEFT
                   : dgl_x_attr_is(n, DGL_X_wrapText, "right")   ? DGL_SIDE_RIGHT
                   : dgl_x_attr_is(n, DGL_X_wrapText, "largest") ? DGL_SIDE_LARGEST
                                                                 : DGL_SIDE_BOTH;
    const struct dgl_x *polygon = dgl_x_child(n, DGL_X_wrapPolygon);
    if (polygon)
        d->outline = read_outline(b, polygon);
}

static void read_anchor(struct builder *b, const struct dgl_x *n, struct dgl_drawing *d)
{
    const struct dgl_str *behind = dgl_x_attr(n, DGL_X_behindDoc);
    d->anchored = true;
    d->behind = behind && dgl_x_on(behind);
    d->z = DGL_MAX(0, DGL_MIN(dgl_x_attr_int(n, DGL_X_relativeHeight, 0), (int64_t)UINT32_MAX));
    read_position(dgl_x_find(n, DGL_X_positionH), false, d);
    read_position(dgl_x_find(n, DGL_X_positionV), true, d);
    const struct dgl_str *simple = dgl_x_attr(n, DGL_X_simplePos);
    if (simple && dgl_x_on(simple)) { // counted from the page's corner (§20.4.2.13)
        const struct dgl_x *at = dgl_x_child(n, DGL_X_simplePos);
        d->h_rel = d->v_rel = DGL_REL_PAGE;
        d->h_align = d->v_align = 0;
        d->x = dgl_x_emu(dgl_x_attr(at, DGL_X_x), 0);
        d->y = dgl_x_emu(dgl_x_attr(at, DGL_X_y), 0);
    }
    read_relative_size(n, d);
    static const enum dgl_x_name sides[] = {DGL_X_distT, DGL_X_distL, DGL_X_distB, DGL_X_distR};
    for (unsigned i = 0; i < 4; i++)
        d->dist[i] = DGL_MAX(0, dgl_x_emu(dgl_x_attr(n, sides[i]), 0));
    static const enum dgl_x_name kinds[] = {DGL_X_wrapSquare, DGL_X_wrapTight, DGL_X_wrapThrough};
    for (unsigned i = 0; i < DGL_COUNT(kinds); i++)
        read_wrap(b, dgl_x_child(n, kinds[i]), d);
    if (dgl_x_child(n, DGL_X_wrapTopAndBottom))
        d->wrap = DGL_WRAP_TOP_BOTTOM;
}

// What shadows, frames and turns of an inline drawing reach beyond it: the line makes room for that too (§20.4.2.6).
static void read_effect_extent(const struct dgl_x *n, struct dgl_drawing *d)
{
    static const enum dgl_x_name sides[] = {
        [DGL_TOP] = DGL_X_t, [DGL_LEFT] = DGL_X_l, [DGL_BOTTOM] = DGL_X_b, [DGL_RIGHT] = DGL_X_r};
    for (unsigned i = 0; i < 4; i++)
        d->effect[i] = DGL_MAX(0, dgl_x_emu(dgl_x_attr(n, sides[i]), 0));
    d->width += d->effect[DGL_LEFT] + d->effect[DGL_RIGHT];
    d->height += d->effect[DGL_TOP] + d->effect[DGL_BOTTOM];
}

void build_push_drawing(struct builder *b, struct dgl_drawing *d, struct dgl_run *run)
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
        struct dgl_drawing *d = build_new_drawing(b);
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
        if (!anchor)
            read_effect_extent(dgl_x_child(x, DGL_X_effectExtent), d);
        if (*status == DGL_OK)
            build_push_drawing(b, d, run);
    }
}
