// VML: the drawings of older files, of embedded objects and of watermarks.
//
// Shape types are known by their number (o:spt) and drawn by the preset of DrawingML that looks alike; a path of plain
// commands is drawn as it stands. Source: ECMA-376 Part 4 §19.
#include "render/layout/drawing.h"

#include <math.h>
#include <string.h>

// What lies behind the text has a z-index below zero: by so much less than the height that DrawingML gives it (as Word
// writes both for one drawing).
#define VML_BEHIND 503316480
#define VML_PLAIN_WORDS 136 // types of WordArt: a straight one, and up to the last of the bent ones
#define VML_LAST_WORDS 175

// The values between commas; what is left empty stays as it is.
static void vml_list(struct dgl_str s, struct dgl_str *values, unsigned count)
{
    for (unsigned i = 0; i < count && s.len; i++) {
        size_t end = 0;
        while (end < s.len && s.data[end] != ',')
            end++;
        struct dgl_str value = dgl_str_trim((struct dgl_str){s.data, end});
        if (value.len)
            values[i] = value;
        end = DGL_MIN(end + 1, s.len);
        s = (struct dgl_str){s.data + end, s.len - end};
    }
}

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

static enum dgl_rel relative_to(struct dgl_str s, bool vertical)
{
    static const struct {
        const char *name;
        enum dgl_rel rel;
    } names[] = {{"page", DGL_REL_PAGE},
                 {"margin", DGL_REL_MARGIN},
                 {"left-margin-area", DGL_REL_LEFT_MARGIN},
                 {"inner-margin-area", DGL_REL_LEFT_MARGIN},
                 {"top-margin-area", DGL_REL_LEFT_MARGIN},
                 {"right-margin-area", DGL_REL_RIGHT_MARGIN},
                 {"outer-margin-area", DGL_REL_RIGHT_MARGIN},
                 {"bottom-margin-area", DGL_REL_RIGHT_MARGIN}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is(s, names[i].name))
            return names[i].rel;
    return vertical ? DGL_REL_PARAGRAPH : DGL_REL_COLUMN;
}

// Sizes and places in tenths of a per cent of the page or of what the margins leave.
static int32_t share(const struct dgl_str *style, const char *name)
{
    struct dgl_str v = style_value(style, name);
    int64_t tenths = dgl_x_int(&v, 0);
    return tenths < -10000 ? 0 : (int32_t)DGL_MIN(tenths, 10000) * 100; // -10001: none
}

static void vml_shares(const struct dgl_str *style, struct dgl_drawing *d)
{
    d->percent_width = DGL_MAX(0, share(style, "mso-width-percent"));
    d->percent_height = DGL_MAX(0, share(style, "mso-height-percent"));
    d->percent_of_margin_w = dgl_str_is(style_value(style, "mso-width-relative"), "margin");
    d->percent_of_margin_h = dgl_str_is(style_value(style, "mso-height-relative"), "margin");
    d->percent_x = share(style, "mso-left-percent");
    d->percent_y = share(style, "mso-top-percent");
}

// Room around it; 9 points beside it when nothing is said.
static void vml_distances(const struct dgl_str *style, struct dgl_drawing *d)
{
    static const char *const names[] = {[DGL_TOP] = "mso-wrap-distance-top",
                                        [DGL_LEFT] = "mso-wrap-distance-left",
                                        [DGL_BOTTOM] = "mso-wrap-distance-bottom",
                                        [DGL_RIGHT] = "mso-wrap-distance-right"};
    for (unsigned i = 0; i < 4; i++) {
        struct dgl_str v = style_value(style, names[i]);
        d->dist[i] = v.len ? DGL_MAX(0, vml_length(v)) : i == DGL_LEFT || i == DGL_RIGHT ? 9000 : 0;
    }
}

static void vml_position(const struct dgl_x *shape, const struct dgl_str *style, struct dgl_drawing *d)
{
    struct dgl_str h = style_value(style, "mso-position-horizontal"), v = style_value(style, "mso-position-vertical");
    struct dgl_str hr = style_value(style, "mso-position-horizontal-relative"),
                   vr = style_value(style, "mso-position-vertical-relative"), z = style_value(style, "z-index");
    d->anchored = dgl_str_is(style_value(style, "position"), "absolute");
    d->x = vml_length(style_value(style, "margin-left"));
    d->y = vml_length(style_value(style, "margin-top"));
    d->h_align = build_align(h);
    d->v_align = build_align(v);
    d->h_rel = relative_to(hr, false);
    d->v_rel = relative_to(vr, true);
    vml_shares(style, d);
    vml_distances(style, d);
    d->behind = z.len && z.data[0] == '-';
    d->z = DGL_MAX(-(int64_t)INT32_MAX, DGL_MIN(dgl_x_int(&z, 0), (int64_t)INT32_MAX)) + (d->behind ? VML_BEHIND : 0);
    const struct dgl_x *wrap = dgl_x_child(shape, DGL_X_wrap);
    d->wrap_side = dgl_x_attr_is(wrap, DGL_X_side, "left")      ? DGL_SIDE_LEFT
                   : dgl_x_attr_is(wrap, DGL_X_side, "right")   ? DGL_SIDE_RIGHT
                   : dgl_x_attr_is(wrap, DGL_X_side, "largest") ? DGL_SIDE_LARGEST
                                                                : DGL_SIDE_BOTH;
    d->wrap = dgl_x_attr_is(wrap, DGL_X_type, "square") || dgl_x_attr_is(wrap, DGL_X_type, "tight") ||
                      dgl_x_attr_is(wrap, DGL_X_type, "through")
                  ? DGL_WRAP_SQUARE
              : dgl_x_attr_is(wrap, DGL_X_type, "topAndBottom") ? DGL_WRAP_TOP_BOTTOM
                                                                : DGL_WRAP_NONE;
}

// ---- Looks ----

static double fraction(const struct dgl_str *s, double otherwise)
{
    if (!s || s->len == 0)
        return otherwise;
    double v = build_number(
        &(struct dgl_str){s->data, s->len - (s->data[s->len - 1] == 'f' || s->data[s->len - 1] == '%')}, otherwise);
    return s->data[s->len - 1] == 'f' ? v / 65536 : s->data[s->len - 1] == '%' ? v / 100 : v;
}

static bool is_yes(const struct dgl_str *s)
{
    return s && (dgl_str_is(*s, "t") || dgl_str_is(*s, "true") || dgl_str_is(*s, "1"));
}

static bool is_no(const struct dgl_str *s)
{
    return s && (dgl_str_is(*s, "f") || !dgl_x_on(s));
}

// Degrees, or 65,536ths of them with "fd"; clockwise.
static int32_t turn_of(struct dgl_str s)
{
    bool fine = s.len > 2 && memcmp(s.data + s.len - 2, "fd", 2) == 0;
    if (fine)
        s.len -= 2;
    double v = build_number(&s, 0) / (fine ? 65536 : 1);
    return (int32_t)(fmod(v, 360) * 60000);
}

// Keeps a shape type for the shapes that name it.
static void build_vml_type(struct builder *b, const struct dgl_x *x)
{
    if (x->ns == DGL_XN_V && x->name == DGL_X_shapetype && b->shape_type_count < DGL_COUNT(b->shape_types))
        b->shape_types[b->shape_type_count++] = x;
}

static const struct dgl_x *type_of(const struct builder *b, const struct dgl_x *shape)
{
    const struct dgl_str *type = dgl_x_attr(shape, DGL_X_type);
    for (unsigned i = 0; type && type->len > 1 && i < b->shape_type_count; i++) {
        const struct dgl_str *id = dgl_x_attr(b->shape_types[i], DGL_X_id);
        if (id && id->len + 1 == type->len && memcmp(id->data, type->data + 1, id->len) == 0)
            return b->shape_types[i];
    }
    return NULL;
}

// The number of a shape's type (MS-ODRAW 2.4.24), 0 when it has none.
static int64_t type_number(const struct dgl_x *shape, const struct dgl_x *type)
{
    const struct dgl_str *id = dgl_x_attr(shape, DGL_X_type);
    int64_t spt = dgl_x_attr_int(shape, DGL_X_spt, dgl_x_attr_int(type, DGL_X_spt, 0));
    if (spt || !id || !dgl_str_starts(*id, "#_x0000_t"))
        return spt;
    struct dgl_str number = {id->data + 9, id->len - 9};
    return dgl_x_int(&number, 0);
}

static const char *preset_of(const struct dgl_x *shape, const struct dgl_x *type)
{
    static const struct {
        int spt;
        const char *name;
    } presets[] = {{1, "rect"},
                   {2, "roundRect"},
                   {3, "ellipse"},
                   {4, "diamond"},
                   {5, "triangle"},
                   {6, "rtTriangle"},
                   {7, "parallelogram"},
                   {8, "trapezoid"},
                   {9, "hexagon"},
                   {10, "octagon"},
                   {11, "plus"},
                   {12, "star5"},
                   {13, "rightArrow"},
                   {15, "homePlate"},
                   {16, "cube"},
                   {19, "arc"},
                   {20, "line"},
                   {21, "plaque"},
                   {22, "can"},
                   {23, "donut"},
                   {32, "straightConnector1"},
                   {33, "bentConnector2"},
                   {34, "bentConnector3"},
                   {38, "curvedConnector3"},
                   {55, "chevron"},
                   {56, "pentagon"},
                   {57, "noSmoking"},
                   {58, "star8"},
                   {61, "wedgeRectCallout"},
                   {62, "wedgeRoundRectCallout"},
                   {63, "wedgeEllipseCallout"},
                   {64, "wave"},
                   {65, "foldedCorner"},
                   {66, "leftArrow"},
                   {67, "downArrow"},
                   {68, "upArrow"},
                   {69, "leftRightArrow"},
                   {70, "upDownArrow"},
                   {71, "irregularSeal1"},
                   {73, "lightningBolt"},
                   {74, "heart"},
                   {76, "quadArrow"},
                   {84, "bevel"},
                   {85, "leftBracket"},
                   {86, "rightBracket"},
                   {87, "leftBrace"},
                   {88, "rightBrace"},
                   {92, "star24"},
                   {96, "smileyFace"},
                   {106, "cloud"},
                   {109, "flowChartProcess"},
                   {110, "flowChartDecision"},
                   {111, "flowChartInputOutput"},
                   {114, "flowChartDocument"},
                   {116, "flowChartTerminator"},
                   {117, "flowChartPreparation"},
                   {120, "flowChartConnector"},
                   {176, "flowChartAlternateProcess"},
                   {183, "sun"},
                   {184, "moon"},
                   {185, "bracketPair"},
                   {186, "bracePair"},
                   {187, "star4"},
                   {202, "rect"}};
    int64_t spt = type_number(shape, type);
    switch (shape->name) {
    case DGL_X_rect:
        return "rect";
    case DGL_X_roundrect:
        return "roundRect";
    case DGL_X_oval:
        return "ellipse";
    case DGL_X_line:
        return "line";
    default:
        break;
    }
    for (size_t i = 0; i < DGL_COUNT(presets); i++)
        if (presets[i].spt == spt)
            return presets[i].name;
    return NULL;
}

static void vml_pair(const struct dgl_str *s, double *x, double *y)
{
    if (!s)
        return;
    size_t comma = 0;
    while (comma < s->len && s->data[comma] != ',')
        comma++;
    *x = build_number(&(struct dgl_str){s->data, comma}, *x);
    if (comma < s->len)
        *y = build_number(&(struct dgl_str){s->data + comma + 1, s->len - comma - 1}, *y);
}

// m l c x e with whole numbers; anything else (formulas, arcs) is not drawn.
static const struct dgl_geometry *vml_path(struct builder *b, const struct dgl_str *path, const struct dgl_x *shape)
{
    double w = 1000, h = 1000, x = 0, y = 0, v[6], ox = 0, oy = 0;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_ART_MAX_BYTES);
    vml_pair(dgl_x_attr(shape, DGL_X_coordsize), &w, &h);
    vml_pair(dgl_x_attr(shape, DGL_X_coordorigin), &ox, &oy);
    dgl_buf_printf(&out, "W %.0f %.0f ", w, h);
    char op = 0;
    for (size_t at = 0; at < path->len;) {
        char c = path->data[at];
        if (c == '@')
            return NULL;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            op = c;
            at++;
            if (c == 'x')
                dgl_buf_puts(&out, "Z ");
            if (c == 'n' && at < path->len) { // nf, ns
                dgl_buf_puts(&out, path->data[at] == 'f' ? "N " : "U ");
                at++;
            }
            if (c == 'e')
                op = 0;
            continue;
        }
        bool curve = op == 'c' || op == 'v', relative = op == 'r' || op == 'v' || op == 't';
        if (!(op == 'm' || op == 'l' || curve || op == 'r' || op == 't')) {
            if (c != ' ' && c != ',')
                return NULL;
            at++;
            continue;
        }
        for (unsigned i = 0; i < (curve ? 6u : 2u); i++) {
            size_t start = at;
            while (at < path->len && (path->data[at] == '-' || (path->data[at] >= '0' && path->data[at] <= '9')))
                at++;
            v[i] = build_number(&(struct dgl_str){path->data + start, at - start}, 0);
            v[i] += relative ? (i % 2 ? y : x) : -(i % 2 ? oy : ox);
            if (at < path->len && (path->data[at] == ',' || path->data[at] == ' '))
                at++;
            else if (at == start && at < path->len && !((path->data[at] | 32) >= 'a' && (path->data[at] | 32) <= 'z'))
                return NULL;
        }
        x = v[curve ? 4 : 0];
        y = v[curve ? 5 : 1];
        dgl_buf_puts(&out, op == 'm' || op == 't' ? "M" : curve ? "C" : "L");
        for (unsigned i = 0; i < (curve ? 6u : 2u); i++)
            dgl_buf_printf(&out, " %.0f", v[i]);
        dgl_buf_putc(&out, ' ');
        if (op == 'm' || op == 't')
            op = op == 'm' ? 'l' : 'r';
    }
    struct dgl_geometry *g = dgl_arena_alloc_try(b->arena, sizeof(*g));
    char *text = out.failed ? NULL : dgl_arena_memdup_try(b->arena, out.data, out.len + 1);
    if (!g || !text)
        return NULL;
    *g = (struct dgl_geometry){"vml", "", "", "", text};
    return g;
}

static void vml_stroke(const struct dgl_x *shape, struct dgl_shape *s)
{
    static const struct {
        const char *name, *pattern;
    } dashes[] = {{"shortdot", "11"},
                  {"1 1", "11"},
                  {"shortdash", "31"},
                  {"3 1", "31"},
                  {"dot", "13"},
                  {"dash", "43"},
                  {"longdash", "83"},
                  {"dashdot", "4313"},
                  {"shortdashdot", "3111"},
                  {"longdashdot", "8313"},
                  {"longdashdotdot", "831313"}};
    static const struct {
        const char *name;
        enum dgl_line_end end;
    } ends[] = {{"block", DGL_END_TRIANGLE},
                {"classic", DGL_END_STEALTH},
                {"open", DGL_END_ARROW},
                {"diamond", DGL_END_DIAMOND},
                {"oval", DGL_END_OVAL}};
    const struct dgl_str *weight = dgl_x_attr(shape, DGL_X_strokeweight);
    const struct dgl_x *stroke = dgl_x_child(shape, DGL_X_stroke);
    s->stroke.width = weight ? (float)DGL_MAX(0, vml_length(*weight)) : 750;
    s->stroke.miter = 8;
    s->head_size = s->tail_size = 3;
    const struct dgl_str *dash = dgl_x_attr(stroke, DGL_X_dashstyle), *head = dgl_x_attr(stroke, DGL_X_startarrow),
                         *tail = dgl_x_attr(stroke, DGL_X_endarrow);
    for (size_t i = 0; dash && i < DGL_COUNT(dashes); i++)
        if (dgl_str_is(*dash, dashes[i].name))
            build_dash(dashes[i].pattern, s->stroke.width, &s->stroke);
    for (size_t i = 0; i < DGL_COUNT(ends); i++) {
        if (head && dgl_str_is(*head, ends[i].name))
            s->head = ends[i].end;
        if (tail && dgl_str_is(*tail, ends[i].name))
            s->tail = ends[i].end;
    }
}

// A picture as large as the shape.
static bool vml_picture_fill(struct builder *b, const struct dgl_x *fill, struct dgl_drawing *d)
{
    struct dgl_drawing filled = *d;
    if (!dgl_x_attr_is(fill, DGL_X_type, "frame") ||
        !build_set_picture(b, build_rel(b, dgl_x_attr(fill, DGL_X_id)), &filled) || filled.kind != DGL_DRAW_PICTURE)
        return false;
    *d = filled;
    d->has_fill = false;
    return true;
}

static void vml_gradient(struct builder *b, const struct dgl_x *fill, struct dgl_shape *s)
{
    const struct dgl_str *type = dgl_x_attr(fill, DGL_X_type);
    if (type && (dgl_str_is(*type, "pattern") || dgl_str_is(*type, "tile") || dgl_str_is(*type, "frame")))
        build_finding(b, DGL_FEATURE_GRADIENT);
    if (!type || !(dgl_str_starts(*type, "gradient")))
        return;
    struct dgl_art_stop *stops = dgl_arena_alloc_try(b->arena, 2 * sizeof(*stops));
    if (!stops)
        return;
    bool radial = dgl_str_is(*type, "gradientRadial");
    stops[0] = (struct dgl_art_stop){0, s->fill.rgb, s->fill.alpha};
    stops[1] = (struct dgl_art_stop){1, vml_color(dgl_x_attr(fill, DGL_X_color2), 0xFFFFFF),
                                     (float)fraction(dgl_x_attr(fill, DGL_X_opacity2), 1)};
    s->fill.kind = radial ? DGL_ART_RADIAL : DGL_ART_LINEAR;
    s->fill.stops = stops;
    s->fill.stop_count = 2;
    s->fill.alpha = 1;
    s->fill.m = DGL_MATRIX_ONE;
    s->fill.x0 = s->fill.x1 = s->fill.y0 = s->fill.y1 = 0.5f;
    s->fill.r1 = 0.71f;
    s->angle = (90 + build_number(dgl_x_attr(fill, DGL_X_angle), 0)) * M_PI / 180;
}

// Its shadow, when it is a plain one: moved by two points when nothing is said.
static void vml_effects(struct builder *b, const struct dgl_x *shape, struct dgl_shadow *shadow)
{
    const struct dgl_x *x = dgl_x_child(shape, DGL_X_shadow), *body = dgl_x_child(shape, DGL_X_extrusion);
    const struct dgl_str *type = dgl_x_attr(x, DGL_X_type), *offset = dgl_x_attr(x, DGL_X_offset);
    struct dgl_str by[2] = {DGL_STR("2pt"), DGL_STR("2pt")};
    if (is_yes(dgl_x_attr(body, DGL_X_on)) || (is_yes(dgl_x_attr(x, DGL_X_on)) && type && !dgl_str_is(*type, "single")))
        build_finding(b, DGL_FEATURE_SHAPE_EFFECT);
    if (!is_yes(dgl_x_attr(x, DGL_X_on)))
        return;
    if (offset)
        vml_list(*offset, by, 2);
    double dx = vml_length(by[0]), dy = vml_length(by[1]);
    *shadow = (struct dgl_shadow){.set = true,
                                  .rgb = vml_color(dgl_x_attr(x, DGL_X_color), 0x808080),
                                  .alpha = (float)fmax(0, fmin(fraction(dgl_x_attr(x, DGL_X_opacity), 1), 1)),
                                  .distance = (int32_t)fmin(hypot(dx, dy), DGL_LAYOUT_MAX_LENGTH),
                                  .direction = atan2(dy, dx),
                                  .sx = 1,
                                  .sy = 1};
}

static void vml_look(struct builder *b, const struct dgl_x *shape, const struct dgl_x *type, struct dgl_drawing *d)
{
    struct dgl_shape *s = DGL_ARENA_NEW(b->arena, struct dgl_shape);
    const struct dgl_x *fill = dgl_x_child(shape, DGL_X_fill), *stroke = dgl_x_child(shape, DGL_X_stroke);
    const char *preset = preset_of(shape, type);
    const struct dgl_str *path = dgl_x_attr(shape, DGL_X_path);
    d->kind = DGL_DRAW_BOX;
    d->decorative = true;
    d->fill = vml_color(dgl_x_attr(shape, DGL_X_fillcolor), 0xFFFFFF);
    d->line = vml_color(dgl_x_attr(shape, DGL_X_strokecolor), 0);
    const struct dgl_str *filled = dgl_x_attr(shape, DGL_X_filled), *stroked = dgl_x_attr(shape, DGL_X_stroked);
    filled = filled ? filled : dgl_x_attr(type, DGL_X_filled);
    stroked = stroked ? stroked : dgl_x_attr(type, DGL_X_stroked);
    d->has_fill = !is_no(filled) && !(fill && is_no(dgl_x_attr(fill, DGL_X_on)));
    d->has_line = !is_no(stroked) && !(stroke && is_no(dgl_x_attr(stroke, DGL_X_on)));
    s->fill = d->has_fill ? dgl_art_solid(d->fill, (float)fraction(dgl_x_attr(fill, DGL_X_opacity), 1))
                          : (struct dgl_art_paint){.kind = DGL_ART_NONE};
    s->line = d->has_line ? dgl_art_solid(d->line, 1) : (struct dgl_art_paint){.kind = DGL_ART_NONE};
    if (d->has_fill && !vml_picture_fill(b, fill, d))
        vml_gradient(b, fill, s);
    vml_stroke(shape, s);
    d->line_width = (int32_t)s->stroke.width;
    s->geometry = path && shape->name == DGL_X_shape && !preset ? vml_path(b, path, shape) : NULL;
    if (!s->geometry && preset)
        s->geometry = dgl_geometry_preset(dgl_str_of(preset));
    if (!s->geometry) {
        if (d->has_fill || d->has_line)
            build_finding(b, DGL_FEATURE_SHAPE_FORM);
        s->geometry = dgl_geometry_preset(DGL_STR("rect"));
    }
    vml_effects(b, shape, &s->shadow);
    bool plain = s->geometry == dgl_geometry_preset(DGL_STR("rect")) && s->fill.alpha >= 1 && !s->shadow.set &&
                 s->fill.kind <= DGL_ART_SOLID && s->stroke.dash_count == 0;
    d->shape = plain || (s->fill.kind == DGL_ART_NONE && !d->has_line) ? NULL : s;
}

// `from` and `to` of a line: its box, and which way it goes.
static void vml_line(const struct dgl_x *shape, struct dgl_drawing *d, bool in_group, double at[4])
{
    const struct dgl_str *ends[] = {dgl_x_attr(shape, DGL_X_from), dgl_x_attr(shape, DGL_X_to)};
    double v[4] = {0, 0, 10, 10};
    for (unsigned i = 0; i < 2; i++) {
        if (!ends[i])
            continue;
        size_t comma = 0;
        while (comma < ends[i]->len && ends[i]->data[comma] != ',')
            comma++;
        struct dgl_str x = {ends[i]->data, comma}, y = {ends[i]->data + DGL_MIN(comma + 1, ends[i]->len),
                                                        ends[i]->len - DGL_MIN(comma + 1, ends[i]->len)};
        v[2 * i] = in_group ? build_number(&x, 0) : vml_length(x);
        v[2 * i + 1] = in_group ? build_number(&y, 0) : vml_length(y);
    }
    d->flip_h ^= v[2] < v[0]; // over the mirroring that its style says
    d->flip_v ^= v[3] < v[1];
    at[0] = fmin(v[0], v[2]);
    at[1] = fmin(v[1], v[3]);
    at[2] = fabs(v[2] - v[0]);
    at[3] = fabs(v[3] - v[1]);
}

static void vml_words(struct builder *b, const struct dgl_x *shape, struct dgl_drawing *d)
{
    const struct dgl_x *path = dgl_x_child(shape, DGL_X_textpath), *fill = dgl_x_child(shape, DGL_X_fill);
    const struct dgl_str *text = dgl_x_attr(path, DGL_X_string), *style = dgl_x_attr(path, DGL_X_style);
    struct dgl_art_text *t = DGL_ARENA_NEW(b->arena, struct dgl_art_text);
    if (!text || text->len == 0)
        return;
    struct dgl_str family = style_value(style, "font-family");
    while (family.len && (family.data[0] == '"' || family.data[0] == '\''))
        family.data++, family.len--;
    while (family.len && (family.data[family.len - 1] == '"' || family.data[family.len - 1] == '\''))
        family.len--;
    t->text = *text;
    t->family = family;
    t->bold = dgl_str_is(style_value(style, "font-weight"), "bold");
    t->italic = dgl_str_is(style_value(style, "font-style"), "italic");
    t->rgb = vml_color(dgl_x_attr(shape, DGL_X_fillcolor), 0xC0C0C0);
    t->alpha = (float)fmax(0, fmin(fraction(dgl_x_attr(fill, DGL_X_opacity), 1), 1));
    t->m = DGL_MATRIX_ONE;
    int64_t spt = type_number(shape, type_of(b, shape));
    if (spt > VML_PLAIN_WORDS && spt <= VML_LAST_WORDS)
        build_finding(b, DGL_FEATURE_WORD_ART);
    if (fill && dgl_x_attr(fill, DGL_X_type) && !dgl_x_attr_is(fill, DGL_X_type, "solid"))
        build_finding(b, DGL_FEATURE_GRADIENT);
    struct dgl_shadow unused = {0};
    vml_effects(b, shape, &unused);
    if (unused.set || !is_no(dgl_x_attr(shape, DGL_X_stroked)))
        build_finding(b, DGL_FEATURE_TEXT_EFFECT);
    d->kind = DGL_DRAW_WORDS;
    d->decorative = true;
    d->words = t;
}

// ---- Shapes ----

static void vml_rule(const struct dgl_x *shape, struct dgl_drawing *d)
{
    d->kind = DGL_DRAW_BOX;
    d->shape = NULL;
    d->has_line = false;
    d->fill = vml_color(dgl_x_attr(shape, DGL_X_fillcolor), 0xA0A0A0);
    d->has_fill = true;
    d->height = d->height ? d->height : 1500;
    d->percent_width = d->width ? 0 : 100000;
}

static void vml_recolor(struct builder *b, const struct dgl_x *image, struct dgl_drawing *d)
{
    const struct dgl_str *bilevel = dgl_x_attr(image, DGL_X_bilevel), *key = dgl_x_attr(image, DGL_X_chromakey);
    if (bilevel && !is_no(bilevel))
        d->recolor = (struct dgl_recolor){.kind = DGL_RECOLOR_BILEVEL, .threshold = 500};
    else if (key)
        d->recolor = (struct dgl_recolor){.kind = DGL_RECOLOR_CHANGE, .from = vml_color(key, 0xFFFFFF), .to = 0xFFFFFF};
    if (dgl_x_attr(image, DGL_X_gamma) || dgl_x_attr(image, DGL_X_recolortarget))
        build_finding(b, DGL_FEATURE_PICTURE_EFFECT);
    build_check_effects(b, d);
}

// How a text lies in its box.
static void vml_text(struct builder *b, const struct dgl_x *shape, const struct dgl_str *style, struct dgl_drawing *d)
{
    const struct dgl_x *box = dgl_x_child(shape, DGL_X_textbox);
    const struct dgl_str *inset = dgl_x_attr(box, DGL_X_inset), *look = dgl_x_attr(box, DGL_X_style);
    struct dgl_str sides[4] = {DGL_STR("7.2pt"), DGL_STR("3.6pt"), DGL_STR("7.2pt"), DGL_STR("3.6pt")},
                   anchor = style_value(style, "v-text-anchor"), flow = style_value(look, "layout-flow");
    static const enum dgl_side order[] = {DGL_LEFT, DGL_TOP, DGL_RIGHT, DGL_BOTTOM};
    if (inset)
        vml_list(*inset, sides, 4);
    for (unsigned i = 0; i < 4; i++)
        d->inset[order[i]] = vml_length(sides[i]);
    d->v_text = dgl_str_starts(anchor, "middle")   ? DGL_VALIGN_CENTER
                : dgl_str_starts(anchor, "bottom") ? DGL_VALIGN_BOTTOM
                                                   : DGL_VALIGN_TOP;
    d->grows = dgl_str_is(style_value(look, "mso-fit-shape-to-text"), "t");
    if (dgl_str_is(flow, "vertical")) {
        d->text_turn = dgl_str_is(style_value(look, "mso-layout-flow-alt"), "bottom-to-top") ? 3 : 1;
        d->grows = false;
    } else if (flow.len && !dgl_str_is(flow, "horizontal")) {
        build_finding(b, DGL_FEATURE_VERTICAL_TEXT);
    }
}

// Text boxes name the one in which their text goes on, which may stand before them or name itself: they are joined
// when all are known.
static void note_box(struct builder *b, const struct dgl_x *shape, struct dgl_drawing *d)
{
    const struct dgl_str *look = dgl_x_attr(dgl_x_child(shape, DGL_X_textbox), DGL_X_style),
                         *id = dgl_x_attr(shape, DGL_X_spid);
    struct dgl_str next = style_value(look, "mso-next-textbox");
    id = id ? id : dgl_x_attr(shape, DGL_X_id);
    next = next.len > 1 ? (struct dgl_str){next.data + 1, next.len - 1} : (struct dgl_str){"", 0};
    if (!id || b->vml_box_count == DGL_COUNT(b->vml_boxes))
        return;
    if (next.len && (d->width == 0 || d->height == 0)) { // a part of a group
        build_finding(b, DGL_FEATURE_BOX_TEXT);
        return;
    }
    b->vml_boxes[b->vml_box_count++] = (struct build_vml_box){*id, next, d};
}

static struct build_vml_box *box_after(struct builder *b, const struct build_vml_box *box)
{
    for (unsigned i = 0; box->next.len && i < b->vml_box_count; i++)
        if (&b->vml_boxes[i] != box && dgl_str_equal(b->vml_boxes[i].id, box->next))
            return &b->vml_boxes[i];
    return NULL;
}

static bool is_first_box(struct builder *b, const struct build_vml_box *box)
{
    for (unsigned i = 0; i < b->vml_box_count; i++)
        if (box_after(b, &b->vml_boxes[i]) == box)
            return false;
    return box_after(b, box) != NULL;
}

void build_join_vml_boxes(struct builder *b)
{
    for (unsigned i = 0; i < b->vml_box_count; i++) {
        struct build_vml_box *box = &b->vml_boxes[i];
        if (!is_first_box(b, box))
            continue;
        struct dgl_chain *chain = DGL_ARENA_NEW(b->arena, struct dgl_chain);
        const struct dgl_drawing *first = box->drawing;
        chain->blocks = first->blocks;
        chain->width = first->width - first->inset[DGL_LEFT] - first->inset[DGL_RIGHT];
        for (; box && !box->drawing->chain && chain->count < DGL_LAYOUT_MAX_LINKED; box = box_after(b, box)) {
            struct dgl_drawing *d = box->drawing;
            chain->room[chain->count] = DGL_MAX(1, d->height - d->inset[DGL_TOP] - d->inset[DGL_BOTTOM]);
            d->chain = chain;
            d->place_in_chain = (uint8_t)chain->count++;
        }
    }
}

// What a shape looks like and holds; its place is the caller's.
static void vml_content(struct builder *b, const struct dgl_x *shape, struct dgl_drawing *d,
                        const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *image = dgl_x_child(shape, DGL_X_imagedata), *box = dgl_x_find(shape, DGL_X_txbxContent);
    const struct dgl_x *type = type_of(b, shape);
    const struct dgl_str *style = dgl_x_attr(shape, DGL_X_style);
    d->rotation = turn_of(style_value(style, "rotation"));
    struct dgl_str flip = style_value(style, "flip");
    d->flip_h = dgl_str_holds(flip, "x");
    d->flip_v = dgl_str_holds(flip, "y");
    if (dgl_x_child(shape, DGL_X_textpath)) {
        vml_words(b, shape, d);
    } else if (image) {
        build_set_picture(b, build_rel(b, dgl_x_attr(image, DGL_X_id)), d);
        static const enum dgl_x_name crops[] = {DGL_X_croptop, DGL_X_cropleft, DGL_X_cropbottom, DGL_X_cropright};
        for (unsigned i = 0; i < 4; i++)
            d->crop[i] = (int32_t)(fmax(-1, fmin(fraction(dgl_x_attr(image, crops[i]), 0), 1)) * 100000);
        d->gray = dgl_x_attr(image, DGL_X_grayscale) && !is_no(dgl_x_attr(image, DGL_X_grayscale));
        d->tone = build_tone(fraction(dgl_x_attr(image, DGL_X_gain), 1),
                             2 * fraction(dgl_x_attr(image, DGL_X_blacklevel), 0));
        vml_recolor(b, image, d);
        struct dgl_shadow undrawn = {0};
        vml_effects(b, shape, &undrawn);
        if (undrawn.set)
            build_finding(b, DGL_FEATURE_SHAPE_EFFECT);
    } else {
        vml_look(b, shape, type, d);
    }
    if (dgl_x_attr_is(shape, DGL_X_hr, "t"))
        vml_rule(shape, d);
    vml_text(b, shape, style, d);
    if (box)
        build_text_box(b, box, NULL, d, c, err, status);
    if (box)
        note_box(b, shape, d);
}

static void vml_shape(struct builder *b, const struct dgl_x *shape, struct dgl_run *run, const struct build_context *c,
                      struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_str *style = dgl_x_attr(shape, DGL_X_style), *alt = dgl_x_attr(shape, DGL_X_alt);
    struct dgl_drawing *d = build_new_drawing(b);
    if (dgl_str_is(style_value(style, "visibility"), "hidden"))
        return;
    d->width = DGL_MAX(0, vml_length(style_value(style, "width")));
    d->height = DGL_MAX(0, vml_length(style_value(style, "height")));
    d->alt = alt ? *alt : (struct dgl_str){"", 0};
    vml_position(shape, style, d);
    vml_content(b, shape, d, c, err, status);
    if (shape->name == DGL_X_line) {
        double at[4];
        vml_line(shape, d, false, at);
        d->x += (int32_t)at[0];
        d->y += (int32_t)at[1];
        d->width = (int32_t)at[2];
        d->height = (int32_t)at[3];
    }
    // A turned shape's width and height are its own; between 45 and 135 degrees Word has them change places.
    if (*status == DGL_OK && (d->kind != DGL_DRAW_NOTHING || dgl_x_child(shape, DGL_X_imagedata)))
        build_push_drawing(b, d, run); // what cannot be shown still takes its room
}

// ---- Groups ----

static bool is_vml_shape(const struct dgl_x *x)
{
    return x->ns == DGL_XN_V && (x->name == DGL_X_shape || x->name == DGL_X_rect || x->name == DGL_X_roundrect ||
                                 x->name == DGL_X_oval || x->name == DGL_X_line || x->name == DGL_X_polyline);
}

// Images by address, arcs and curves.
static void report_unknown(struct builder *b, const struct dgl_x *x)
{
    if (x->ns == DGL_XN_V && x->name != DGL_X_shapetype && x->name != DGL_X_background)
        build_finding(b, DGL_FEATURE_SHAPE_GROUP);
}

static void vml_group_content(struct builder *b, const struct dgl_x *group, struct dgl_drawing *d,
                              const struct build_context *c, struct dgl_error *err, enum dgl_status *status);

static void vml_part(struct builder *b, const struct dgl_x *x, struct dgl_part *part, const struct build_context *c,
                     struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_str *style = dgl_x_attr(x, DGL_X_style);
    struct dgl_drawing *d = build_new_drawing(b);
    double at[4];
    static const char *const names[] = {"left", "top", "width", "height"};
    for (unsigned i = 0; i < 4; i++) {
        struct dgl_str v = style_value(style, names[i]);
        at[i] = build_number(&v, 0);
    }
    if (x->name == DGL_X_group)
        vml_group_content(b, x, d, c, err, status);
    else
        vml_content(b, x, d, c, err, status);
    if (x->name == DGL_X_line)
        vml_line(x, d, true, at);
    *part = (struct dgl_part){d, at[0], at[1], at[2], at[3]};
}

static void vml_group_content(struct builder *b, const struct dgl_x *group, struct dgl_drawing *d,
                              const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    uint32_t count = 0;
    d->kind = DGL_DRAW_GROUP;
    d->group[2] = d->group[3] = 1000;
    vml_pair(dgl_x_attr(group, DGL_X_coordorigin), &d->group[0], &d->group[1]);
    vml_pair(dgl_x_attr(group, DGL_X_coordsize), &d->group[2], &d->group[3]);
    d->rotation = turn_of(style_value(dgl_x_attr(group, DGL_X_style), "rotation"));
    DGL_X_EACH(x, group)
    count += is_vml_shape(x) || x->name == DGL_X_group;
    struct dgl_part *parts = dgl_arena_alloc_try(b->arena, (count + 1) * sizeof(*parts));
    if (!parts || b->drawing_depth >= BUILD_MAX_DRAWING_DEPTH) {
        build_finding(b, DGL_FEATURE_NESTING);
        return;
    }
    b->drawing_depth++;
    DGL_X_EACH(x, group)
    {
        build_vml_type(b, x);
        if (*status == DGL_OK && (is_vml_shape(x) || x->name == DGL_X_group))
            vml_part(b, x, &parts[d->part_count++], c, err, status);
        else
            report_unknown(b, x);
    }
    b->drawing_depth--;
    d->parts = parts;
}

static void vml_group(struct builder *b, const struct dgl_x *group, struct dgl_run *run, const struct build_context *c,
                      struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_str *style = dgl_x_attr(group, DGL_X_style), *alt = dgl_x_attr(group, DGL_X_alt);
    struct dgl_drawing *d = build_new_drawing(b);
    d->width = DGL_MAX(0, vml_length(style_value(style, "width")));
    d->height = DGL_MAX(0, vml_length(style_value(style, "height")));
    d->alt = alt ? *alt : (struct dgl_str){"", 0};
    vml_position(group, style, d);
    vml_group_content(b, group, d, c, err, status);
    if (*status == DGL_OK)
        build_push_drawing(b, d, run);
}

void build_vml(struct builder *b, const struct dgl_x *n, struct dgl_run *run, const struct build_context *c,
               struct dgl_error *err, enum dgl_status *status)
{
    if (b->drawing_depth >= BUILD_MAX_DRAWING_DEPTH)
        return;
    b->drawing_depth++;
    DGL_X_EACH(x, n)
    {
        if (*status != DGL_OK)
            break;
        build_vml_type(b, x);
        if (build_is_group(x))
            build_vml(b, x, run, c, err, status);
        else if (x->ns == DGL_XN_V && x->name == DGL_X_group)
            vml_group(b, x, run, c, err, status);
        else if (is_vml_shape(x))
            vml_shape(b, x, run, c, err, status);
        else if (x->name == DGL_X_OLEObject)
            build_finding(b, DGL_FEATURE_OLE);
        else if (x->name == DGL_X_control)
            build_finding(b, DGL_FEATURE_FORM_CONTROL);
        else if (x->name == DGL_X_drawing)
            build_drawing(b, x, run, c, err, status);
        else
            report_unknown(b, x);
    }
    b->drawing_depth--;
}
