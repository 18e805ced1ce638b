// Shapes. What a shape does not say of its fill, line and effects it refers to: a number in the theme's lists, and the
// colour that stands for the list's placeholder (§20.1.4.1).
// Sources: ECMA-376 Part 1 §20.1.8 (fills and lines), §20.1.9 (geometry), §20.1.7 (transforms).
#include "render/layout/shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double build_number(const struct dgl_str *s, double otherwise)
{
    char text[40];
    if (!s || s->len == 0 || s->len >= sizeof(text))
        return otherwise;
    memcpy(text, s->data, s->len);
    text[s->len] = '\0';
    char *end;
    double v = strtod(text, &end);
    return end == text || !isfinite(v) ? otherwise : v;
}

// ---- Fills ----

static bool read_stops(struct builder *b, const struct dgl_x *gradient, uint32_t placeholder, struct dgl_art_paint *ret)
{
    const struct dgl_x *list = dgl_x_child(gradient, DGL_X_gsLst);
    struct dgl_art_stop *stops = dgl_arena_alloc_try(b->arena, DGL_ART_MAX_STOPS * sizeof(*stops));
    uint32_t n = 0;
    for (const struct dgl_x *gs = list ? list->first : NULL; stops && gs && n < DGL_ART_MAX_STOPS; gs = gs->next) {
        struct dgl_color c;
        if (gs->name != DGL_X_gs || !dgl_drawing_color(&b->sheet->theme, gs, placeholder, &c))
            continue;
        float at = (float)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(gs, DGL_X_pos, 0), 100000)) / 100000;
        uint32_t k = n++;
        for (; k > 0 && stops[k - 1].at > at; k--) // sorted by place
            stops[k] = stops[k - 1];
        stops[k] = (struct dgl_art_stop){at, c.rgb, c.alpha};
    }
    if (n == 0)
        return false;
    ret->stops = stops;
    ret->stop_count = n;
    ret->rgb = stops[0].rgb;
    ret->alpha = 1;
    return true;
}

static bool gradient(struct builder *b, const struct dgl_x *x, uint32_t placeholder, struct dgl_art_paint *ret,
                     double *ret_angle)
{
    if (!read_stops(b, x, placeholder, ret))
        return false;
    const struct dgl_x *path = dgl_x_child(x, DGL_X_path), *lin = dgl_x_child(x, DGL_X_lin);
    ret->m = DGL_MATRIX_ONE;
    if (!path) {
        ret->kind = DGL_ART_LINEAR;
        *ret_angle = (double)dgl_x_attr_int(lin, DGL_X_ang, 0) / 60000 * M_PI / 180;
        return true;
    }
    // The first stop is in the middle of the rectangle that the path shrinks to.
    const struct dgl_x *to = dgl_x_child(path, DGL_X_fillToRect);
    double l = (double)dgl_x_attr_int(to, DGL_X_l, 0) / 100000, r = (double)dgl_x_attr_int(to, DGL_X_r, 0) / 100000,
           t = (double)dgl_x_attr_int(to, DGL_X_t, 0) / 100000, bt = (double)dgl_x_attr_int(to, DGL_X_b, 0) / 100000;
    ret->kind = DGL_ART_RADIAL;
    ret->x0 = ret->x1 = (float)((l + 1 - r) / 2);
    ret->y0 = ret->y1 = (float)((t + 1 - bt) / 2);
    ret->r1 = (float)hypot(fmax(ret->x0, 1 - ret->x0), fmax(ret->y0, 1 - ret->y0));
    return true;
}

bool build_paint(struct builder *b, const struct dgl_x *holder, uint32_t placeholder, struct dgl_art_paint *ret,
                 double *ret_angle)
{
    *ret = (struct dgl_art_paint){.kind = DGL_ART_NONE};
    struct dgl_color c;
    for (const struct dgl_x *x = holder ? holder->first : NULL; x; x = x->next) {
        switch (x->name) {
        case DGL_X_noFill:
            return true;
        case DGL_X_solidFill:
            if (dgl_drawing_color(&b->sheet->theme, x, placeholder, &c))
                *ret = dgl_art_solid(c.rgb, c.alpha);
            return true;
        case DGL_X_gradFill:
            return gradient(b, x, placeholder, ret, ret_angle);
        case DGL_X_pattFill:
            build_finding(b, DGL_FEATURE_GRADIENT);
            if (dgl_drawing_color(&b->sheet->theme, dgl_x_child(x, DGL_X_fgClr), placeholder, &c))
                *ret = dgl_art_solid(dgl_color_shade(c.rgb, 50), c.alpha);
            return true;
        case DGL_X_blipFill:
            build_finding(b, DGL_FEATURE_GRADIENT);
            return true;
        case DGL_X_grpFill:
            *ret = b->group_fill;
            return ret->kind != DGL_ART_NONE;
        default:
            break;
        }
    }
    return false;
}

// ---- Lines ----

void build_dash(const char *pattern, float width, struct dgl_art_stroke *s)
{
    s->dash_count = 0;
    for (const char *at = pattern; *at && s->dash_count < DGL_ART_MAX_DASHES; at++)
        if (*at >= '1' && *at <= '9')
            s->dash[s->dash_count++] = (float)(*at - '0') * DGL_MAX(width, 500);
}

static enum dgl_line_end end_of(const struct dgl_x *x, uint8_t *ret_size)
{
    static const char *const names[] = {"none", "triangle", "arrow", "stealth", "diamond", "oval"};
    const struct dgl_str *type = dgl_x_attr(x, DGL_X_type);
    *ret_size = dgl_x_attr_is(x, DGL_X_len, "lg") || dgl_x_attr_is(x, DGL_X_w, "lg")   ? 5
                : dgl_x_attr_is(x, DGL_X_len, "sm") || dgl_x_attr_is(x, DGL_X_w, "sm") ? 2
                                                                                       : 3;
    for (unsigned i = 0; type && i < DGL_COUNT(names); i++)
        if (dgl_str_is(*type, names[i]))
            return (enum dgl_line_end)i;
    return DGL_END_NONE;
}

void build_stroke(const struct dgl_x *ln, struct dgl_shape *s)
{
    static const struct {
        const char *name, *pattern;
    } dashes[] = {{"sysDot", "11"},       {"sysDash", "31"},          {"dot", "13"},         {"dash", "43"},
                  {"lgDash", "83"},       {"dashDot", "4313"},        {"lgDashDot", "8313"}, {"lgDashDotDot", "831313"},
                  {"sysDashDot", "3111"}, {"sysDashDotDot", "311111"}};
    s->stroke.width =
        (float)DGL_MAX(0, dgl_x_emu(dgl_x_attr(ln, DGL_X_w), s->stroke.width > 0 ? (int32_t)s->stroke.width : 750));
    s->stroke.miter = 8;
    struct dgl_str dash = dgl_x_val(dgl_x_child(ln, DGL_X_prstDash));
    for (size_t i = 0; i < DGL_COUNT(dashes); i++)
        if (dgl_str_is(dash, dashes[i].name))
            build_dash(dashes[i].pattern, s->stroke.width, &s->stroke);
    if (dgl_x_attr_is(ln, DGL_X_cap, "rnd"))
        s->stroke.cap = DGL_ART_ROUND;
    if (dgl_x_attr_is(ln, DGL_X_cap, "sq"))
        s->stroke.cap = DGL_ART_SQUARE;
    if (dgl_x_child(ln, DGL_X_round) || dgl_x_child(ln, DGL_X_bevel) || dgl_x_child(ln, DGL_X_miter))
        s->stroke.join = dgl_x_child(ln, DGL_X_round)   ? DGL_ART_JOIN_ROUND
                         : dgl_x_child(ln, DGL_X_bevel) ? DGL_ART_BEVEL
                                                        : DGL_ART_MITER;
    s->head = end_of(dgl_x_child(ln, DGL_X_headEnd), &s->head_size);
    s->tail = end_of(dgl_x_child(ln, DGL_X_tailEnd), &s->tail_size);
}

// ---- Geometry ----

static const struct dgl_adjust *read_adjusts(struct builder *b, const struct dgl_x *list, uint32_t *ret_count)
{
    struct dgl_adjust *a = dgl_arena_alloc_try(b->arena, 16 * sizeof(*a));
    uint32_t n = 0;
    for (const struct dgl_x *gd = list ? list->first : NULL; a && gd && n < 16; gd = gd->next) {
        const struct dgl_str *name = dgl_x_attr(gd, DGL_X_name), *formula = dgl_x_attr(gd, DGL_X_fmla);
        if (gd->name != DGL_X_gd || !name || !formula || !dgl_str_starts(*formula, "val "))
            continue;
        struct dgl_str v = dgl_str_trim((struct dgl_str){formula->data + 4, formula->len - 4});
        a[n++] = (struct dgl_adjust){*name, build_number(&v, 0)};
    }
    *ret_count = n;
    return a;
}

// Words of a custom geometry may not hold what parts the notation of geometry.h.
static void put_word(struct dgl_buf *out, const struct dgl_str *s)
{
    dgl_buf_putc(out, ' ');
    if (!s || s->len == 0)
        dgl_buf_putc(out, '0');
    for (size_t i = 0; s && i < s->len; i++)
        dgl_buf_putc(out, s->data[i] == ';' || s->data[i] == '|' || (unsigned char)s->data[i] < ' ' ? ' ' : s->data[i]);
}

static void put_guides(struct dgl_buf *out, const struct dgl_x *list)
{
    for (const struct dgl_x *gd = list ? list->first : NULL; gd; gd = gd->next) {
        if (gd->name != DGL_X_gd)
            continue;
        put_word(out, dgl_x_attr(gd, DGL_X_name));
        put_word(out, dgl_x_attr(gd, DGL_X_fmla));
        dgl_buf_putc(out, ';');
    }
}

static void put_points(struct dgl_buf *out, const char *op, const struct dgl_x *x)
{
    dgl_buf_puts(out, op);
    for (const struct dgl_x *pt = x->first; pt; pt = pt->next)
        if (pt->name == DGL_X_pt) {
            put_word(out, dgl_x_attr(pt, DGL_X_x));
            put_word(out, dgl_x_attr(pt, DGL_X_y));
        }
}

static void put_path(struct dgl_buf *out, const struct dgl_x *path)
{
    if (out->len)
        dgl_buf_puts(out, " | ");
    if (dgl_x_attr(path, DGL_X_w) && dgl_x_attr(path, DGL_X_h)) {
        dgl_buf_puts(out, "W");
        put_word(out, dgl_x_attr(path, DGL_X_w));
        put_word(out, dgl_x_attr(path, DGL_X_h));
    }
    const struct dgl_str *fill = dgl_x_attr(path, DGL_X_fill), *stroke = dgl_x_attr(path, DGL_X_stroke);
    if (fill && dgl_str_is(*fill, "none"))
        dgl_buf_puts(out, " N");
    else if (fill && !dgl_str_is(*fill, "norm"))
        dgl_buf_puts(out, dgl_str_is(*fill, "darken")       ? " G"
                          : dgl_str_is(*fill, "darkenLess") ? " D"
                          : dgl_str_is(*fill, "lighten")    ? " BB"
                                                            : " B");
    if (stroke && !dgl_x_on(stroke))
        dgl_buf_puts(out, " U");
    for (const struct dgl_x *x = path->first; x; x = x->next) {
        switch (x->name) {
        case DGL_X_moveTo:
            put_points(out, " M", x);
            break;
        case DGL_X_lnTo:
            put_points(out, " L", x);
            break;
        case DGL_X_cubicBezTo:
            put_points(out, " C", x);
            break;
        case DGL_X_quadBezTo:
            put_points(out, " Q", x);
            break;
        case DGL_X_arcTo:
            dgl_buf_puts(out, " A");
            put_word(out, dgl_x_attr(x, DGL_X_wR));
            put_word(out, dgl_x_attr(x, DGL_X_hR));
            put_word(out, dgl_x_attr(x, DGL_X_stAng));
            put_word(out, dgl_x_attr(x, DGL_X_swAng));
            break;
        case DGL_X_close:
            dgl_buf_puts(out, " Z");
            break;
        default:
            break;
        }
    }
}

static const struct dgl_geometry *custom_geometry(struct builder *b, const struct dgl_x *x)
{
    DGL_AUTO_FINI(buf) guides = DGL_BUF_INIT(DGL_ART_MAX_BYTES);
    DGL_AUTO_FINI(buf) paths = DGL_BUF_INIT(DGL_ART_MAX_BYTES);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1000);
    const struct dgl_x *list = dgl_x_child(x, DGL_X_pathLst), *rect = dgl_x_child(x, DGL_X_rect);
    put_guides(&guides, dgl_x_child(x, DGL_X_avLst));
    put_guides(&guides, dgl_x_child(x, DGL_X_gdLst));
    for (const struct dgl_x *p = list ? list->first : NULL; p; p = p->next)
        if (p->name == DGL_X_path)
            put_path(&paths, p);
    static const enum dgl_x_name sides[] = {DGL_X_l, DGL_X_t, DGL_X_r, DGL_X_b};
    for (unsigned i = 0; rect && i < 4; i++)
        put_word(&text, dgl_x_attr(rect, sides[i]));
    struct dgl_geometry *g = dgl_arena_alloc_try(b->arena, sizeof(*g));
    char *copy[3] = {dgl_arena_memdup_try(b->arena, guides.data ? guides.data : "", guides.len + 1),
                     dgl_arena_memdup_try(b->arena, paths.data ? paths.data : "", paths.len + 1),
                     dgl_arena_memdup_try(b->arena, text.data ? text.data : "", text.len + 1)};
    if (!g || !copy[0] || !copy[1] || !copy[2] || guides.failed || paths.failed || text.failed || paths.len == 0)
        return NULL;
    *g = (struct dgl_geometry){"custom", "", copy[0], copy[2], copy[1]};
    return g;
}

static const struct dgl_geometry *geometry_of(struct builder *b, const struct dgl_x *sp_pr, struct dgl_shape *s)
{
    const struct dgl_x *preset = dgl_x_child(sp_pr, DGL_X_prstGeom), *custom = dgl_x_child(sp_pr, DGL_X_custGeom);
    const struct dgl_str *name = dgl_x_attr(preset, DGL_X_prst);
    if (custom)
        return custom_geometry(b, custom);
    if (!name)
        return NULL;
    s->adjust = read_adjusts(b, dgl_x_child(preset, DGL_X_avLst), &s->adjust_count);
    const struct dgl_geometry *g = dgl_geometry_preset(*name);
    if (!g)
        build_finding(b, DGL_FEATURE_SHAPE_FORM);
    return g;
}

// ---- The whole look ----

// What a style refers to in a list of the theme, from 1 on; NULL = nothing.
static const struct dgl_x *themed(const struct builder *b, enum dgl_x_name list, const struct dgl_x *ref)
{
    const struct dgl_theme *t = &b->sheet->theme;
    int64_t index = dgl_x_attr_int(ref, DGL_X_idx, 0);
    const struct dgl_x *in = list == DGL_X_lnStyleLst       ? t->lines
                             : list == DGL_X_effectStyleLst ? t->effects
                             : index > 1000                 ? t->backgrounds
                                                            : t->fills;
    index -= list == DGL_X_fillStyleLst && index > 1000 ? 1000 : 0;
    const struct dgl_x *x = in && index > 0 ? in->first : NULL;
    while (x && --index > 0)
        x = x->next;
    return x;
}

// The fill that a style refers to. A theme without lists is as good as one of plain colours.
static void themed_fill(struct builder *b, const struct dgl_x *ref, struct dgl_shape *s)
{
    struct dgl_color c = {0, 1};
    if (dgl_x_attr_int(ref, DGL_X_idx, 0) <= 0 || !dgl_drawing_color(&b->sheet->theme, ref, 0, &c))
        return;
    const struct dgl_x *found = themed(b, DGL_X_fillStyleLst, ref);
    struct dgl_x fill = found ? *found : (struct dgl_x){0}, holder = {.first = &fill};
    fill.next = NULL;
    if (!found || !build_paint(b, &holder, c.rgb, &s->fill, &s->angle))
        s->fill = dgl_art_solid(c.rgb, 1);
    s->fill.alpha *= c.alpha;
}

static void themed_line(struct builder *b, const struct dgl_x *ref, struct dgl_shape *s)
{
    static const float usual[] = {500, 1000, 1500};
    struct dgl_color c = {0, 1};
    int64_t index = dgl_x_attr_int(ref, DGL_X_idx, 0);
    double unused;
    if (index <= 0)
        return;
    const struct dgl_x *ln = themed(b, DGL_X_lnStyleLst, ref);
    s->stroke.width = usual[DGL_MIN(index, 3) - 1];
    if (ln)
        build_stroke(ln, s);
    if (dgl_drawing_color(&b->sheet->theme, ref, 0, &c) && !(ln && build_paint(b, ln, c.rgb, &s->line, &unused)))
        s->line = dgl_art_solid(c.rgb, c.alpha);
}

static void anchor_shadow(const struct dgl_x *x, struct dgl_shadow *shadow)
{
    static const char *const names[] = {"tl", "t", "tr", "l", "ctr", "r", "bl", "b", "br"};
    const struct dgl_str *algn = dgl_x_attr(x, DGL_X_algn);
    unsigned at = 7; // at the bottom when nothing is said
    for (unsigned i = 0; algn && i < DGL_COUNT(names); i++)
        if (dgl_str_is(*algn, names[i]))
            at = i;
    shadow->ax = at % 3 / 2.0;
    shadow->ay = at / 3 / 2.0;
}

static double slant(const struct dgl_x *x, enum dgl_x_name name)
{
    double degrees = (double)dgl_x_attr_int(x, name, 0) / 60000;
    return tan(fmax(-89, fmin(degrees, 89)) * M_PI / 180);
}

static double stretch(const struct dgl_x *x, enum dgl_x_name name)
{
    return (double)DGL_MAX(-1000000, DGL_MIN(dgl_x_attr_int(x, name, 100000), 1000000)) / 100000;
}

static void read_shadow(struct builder *b, const struct dgl_x *x, uint32_t placeholder, struct dgl_shadow *shadow)
{
    struct dgl_color c = {0, 1};
    const struct dgl_str *turns = dgl_x_attr(x, DGL_X_rotWithShape);
    if (!dgl_drawing_color(&b->sheet->theme, x, placeholder, &c))
        return;
    *shadow = (struct dgl_shadow){
        .set = c.alpha > 0,
        .turns = !turns || dgl_x_on(turns),
        .rgb = c.rgb,
        .alpha = c.alpha,
        .distance = DGL_MAX(0, dgl_x_emu(dgl_x_attr(x, DGL_X_dist), 0)),
        .blur = DGL_MAX(0, dgl_x_emu(dgl_x_attr(x, DGL_X_blurRad), 0)),
        .direction = (double)dgl_x_attr_int(x, DGL_X_dir, 0) / 60000 * M_PI / 180,
        .sx = stretch(x, DGL_X_sx),
        .sy = stretch(x, DGL_X_sy),
        .kx = slant(x, DGL_X_kx),
        .ky = slant(x, DGL_X_ky),
    };
    anchor_shadow(x, shadow);
}

static bool is_solid_body(const struct dgl_x *sp3d, const struct dgl_x *scene)
{
    const struct dgl_str *camera = dgl_x_attr(dgl_x_child(scene, DGL_X_camera), DGL_X_prst);
    return (sp3d && sp3d->first) || dgl_x_attr_int(sp3d, DGL_X_extrusionH, 0) > 0 ||
           dgl_x_attr_int(sp3d, DGL_X_contourW, 0) > 0 || (camera && !dgl_str_is(*camera, "orthographicFront"));
}

static void read_effects(struct builder *b, const struct dgl_x *sp_pr, const struct dgl_x *ref, struct dgl_shape *s)
{
    struct dgl_color c = {0, 1};
    const struct dgl_x *style = themed(b, DGL_X_effectStyleLst, ref), *list = dgl_x_child(sp_pr, DGL_X_effectLst),
                       *graph = dgl_x_child(sp_pr, DGL_X_effectDag), *scene = dgl_x_child(sp_pr, DGL_X_scene3d),
                       *body = dgl_x_child(sp_pr, DGL_X_sp3d);
    dgl_drawing_color(&b->sheet->theme, ref, 0, &c);
    list = list || graph ? list : dgl_x_child(style, DGL_X_effectLst);
    for (const struct dgl_x *x = list ? list->first : NULL; x; x = x->next) {
        if (x->name == DGL_X_outerShdw)
            read_shadow(b, x, c.rgb, &s->shadow);
        else
            build_finding(b, DGL_FEATURE_SHAPE_EFFECT);
    }
    if ((graph && graph->first) ||
        is_solid_body(body ? body : dgl_x_child(style, DGL_X_sp3d), scene ? scene : dgl_x_child(style, DGL_X_scene3d)))
        build_finding(b, DGL_FEATURE_SHAPE_EFFECT);
}

static bool is_plain(const struct dgl_shape *s)
{
    bool box = s->geometry && (strcmp(s->geometry->name, "rect") == 0);
    return box && !s->shadow.set &&
           (s->fill.kind == DGL_ART_NONE || (s->fill.kind == DGL_ART_SOLID && s->fill.alpha >= 1)) &&
           (s->line.kind == DGL_ART_NONE ||
            (s->line.kind == DGL_ART_SOLID && s->line.alpha >= 1 && s->stroke.dash_count == 0));
}

void build_shape_look(struct builder *b, const struct dgl_x *sp_pr, const struct dgl_x *style, struct dgl_drawing *d)
{
    struct dgl_shape *s = DGL_ARENA_NEW(b->arena, struct dgl_shape);
    const struct dgl_x *ln = dgl_x_child(sp_pr, DGL_X_ln);
    double unused;
    struct dgl_art_paint line;
    if (d->kind != DGL_DRAW_PICTURE && !build_paint(b, sp_pr, 0, &s->fill, &s->angle))
        themed_fill(b, dgl_x_child(style, DGL_X_fillRef), s);
    themed_line(b, dgl_x_child(style, DGL_X_lnRef), s);
    build_stroke(ln, s);
    if (build_paint(b, ln, 0, &line, &unused))
        s->line = line;
    if (s->line.kind > DGL_ART_SOLID) // lines are drawn in a gradient's first colour
        s->line = dgl_art_solid(s->line.rgb, 1);
    s->geometry = geometry_of(b, sp_pr, s);
    read_effects(b, sp_pr, dgl_x_child(style, DGL_X_effectRef), s);
    d->has_fill = s->fill.kind != DGL_ART_NONE;
    d->fill = s->fill.rgb;
    d->has_line = s->line.kind != DGL_ART_NONE;
    d->line = s->line.rgb;
    d->line_width = (int32_t)s->stroke.width;
    if (!s->geometry)
        s->geometry = dgl_geometry_preset(DGL_STR("rect"));
    if (!is_plain(s))
        d->shape = s;
}

void build_turn(const struct dgl_x *xfrm, struct dgl_drawing *d)
{
    const struct dgl_x *ext = dgl_x_child(xfrm, DGL_X_ext);
    const struct dgl_str *flip_v = dgl_x_attr(xfrm, DGL_X_flipV), *flip_h = dgl_x_attr(xfrm, DGL_X_flipH);
    d->rotation = (int32_t)(dgl_x_attr_int(xfrm, DGL_X_rot, 0) % 21600000);
    d->flip_h = flip_h && dgl_x_on(flip_h);
    d->flip_v = flip_v && dgl_x_on(flip_v);
    if (ext && d->rotation) {
        d->own_width = DGL_MAX(0, dgl_x_emu(dgl_x_attr(ext, DGL_X_cx), 0));
        d->own_height = DGL_MAX(0, dgl_x_emu(dgl_x_attr(ext, DGL_X_cy), 0));
        d->sized = d->own_width > 0 || d->own_height > 0;
    }
}
