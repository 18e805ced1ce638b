// SVG elements to items. Transforms are worked into the points, so an item stands in the drawing's own units; those are
// a millionth of the larger side, fine enough for any size on paper.
#include "render/art/svg_private.h"

#include "base/crypto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGER_SIDE 1e6

double svg_length_of(const struct svg_node *n, const char *name, double otherwise, double percent_of,
                     const struct svg_state *st)
{
    return svg_length(svg_attr(n, name), otherwise, percent_of, st->style.font_size);
}

// ---- Shapes ----

void svg_bounds(const struct dgl_art_path *p, double box[4])
{
    box[0] = box[1] = INFINITY;
    box[2] = box[3] = -INFINITY;
    for (uint32_t i = 0; i + 1 < p->xy_count; i += 2) {
        box[0] = fmin(box[0], p->xy[i]);
        box[1] = fmin(box[1], p->xy[i + 1]);
        box[2] = fmax(box[2], p->xy[i]);
        box[3] = fmax(box[3], p->xy[i + 1]);
    }
}

static void points(struct svg *s, const struct svg_node *n, struct dgl_art_path *p, bool close)
{
    const struct dgl_str *list = svg_attr(n, "points");
    struct dgl_str at = list ? *list : (struct dgl_str){"", 0};
    double x, y;
    while (svg_number(&at, &x) && svg_number(&at, &y) && !s->art->cut)
        dgl_path_line(s->art, p, x, y);
    if (close)
        dgl_path_close(s->art, p);
}

bool svg_outline(struct svg *s, const struct svg_node *n, const struct svg_state *st, struct dgl_art_path *p)
{
    double w = st->width, h = st->height, both = hypot(w, h) / M_SQRT2;
    if (dgl_str_is(n->name, "path")) {
        const struct dgl_str *d = svg_attr(n, "d");
        if (d)
            svg_path_data(s->art, p, *d);
    } else if (dgl_str_is(n->name, "rect")) {
        double rx = svg_length_of(n, "rx", -1, w, st), ry = svg_length_of(n, "ry", -1, h, st);
        double width = svg_length_of(n, "width", 0, w, st), height = svg_length_of(n, "height", 0, h, st);
        if (width > 0 && height > 0)
            dgl_path_round_rect(s->art, p, svg_length_of(n, "x", 0, w, st), svg_length_of(n, "y", 0, h, st), width,
                                height, rx < 0 ? ry : rx, ry < 0 ? rx : ry);
    } else if (dgl_str_is(n->name, "circle") || dgl_str_is(n->name, "ellipse")) {
        double r = svg_length_of(n, "r", 0, both, st);
        dgl_path_ellipse(s->art, p, svg_length_of(n, "cx", 0, w, st), svg_length_of(n, "cy", 0, h, st),
                         dgl_str_is(n->name, "circle") ? r : svg_length_of(n, "rx", 0, w, st),
                         dgl_str_is(n->name, "circle") ? r : svg_length_of(n, "ry", 0, h, st));
    } else if (dgl_str_is(n->name, "line")) {
        dgl_path_move(s->art, p, svg_length_of(n, "x1", 0, w, st), svg_length_of(n, "y1", 0, h, st));
        dgl_path_line(s->art, p, svg_length_of(n, "x2", 0, w, st), svg_length_of(n, "y2", 0, h, st));
    } else if (dgl_str_is(n->name, "polyline") || dgl_str_is(n->name, "polygon")) {
        points(s, n, p, dgl_str_is(n->name, "polygon"));
    } else {
        return false;
    }
    return true;
}

static void set_stroke(struct dgl_art_stroke *to, const struct svg_style *st, double scale)
{
    to->width = (float)(fmax(st->stroke_width, 0) * scale);
    to->cap = st->cap;
    to->join = st->join;
    to->miter = (float)fmax(st->miter, 1);
    to->dash_count = st->dash_count;
    for (uint32_t i = 0; i < st->dash_count; i++)
        to->dash[i] = (float)(fabs(st->dash[i]) * scale);
    to->dash_at = (float)(st->dash_at * scale);
}

static bool takes_markers(const struct svg_node *n)
{
    return dgl_str_is(n->name, "path") || dgl_str_is(n->name, "line") || dgl_str_is(n->name, "polyline") ||
           dgl_str_is(n->name, "polygon");
}

static bool has_markers(const struct svg_style *st)
{
    return st->marker[SVG_MARKER_START].len || st->marker[SVG_MARKER_MID].len || st->marker[SVG_MARKER_END].len;
}

static void shape(struct svg *s, const struct svg_node *n, const struct svg_state *st, struct dgl_art_path *path)
{
    double box[4];
    if (path->op_count == 0 || st->style.hidden)
        return;
    svg_bounds(path, box);
    const double view[2] = {st->width, st->height};
    bool pattern = svg_is_pattern(s, &st->style.fill);
    struct dgl_art_path own = {0};
    bool markers = takes_markers(n) && has_markers(&st->style);
    if (markers)
        dgl_path_append(s->art, &own, path);
    dgl_path_transform(path, &st->m);
    if (pattern)
        svg_pattern_fill(s, st, path, box);
    struct dgl_art_item *item = dgl_art_add(s->art, DGL_ART_PATH);
    if (!item)
        return;
    if (!pattern)
        item->fill = svg_paint_of(s, &st->style.fill, st->style.fill_opacity, box, view, &st->m);
    if (st->style.stroke_width > 0)
        item->line = svg_paint_of(s, &st->style.stroke, st->style.stroke_opacity, box, view, &st->m);
    if (item->line.kind > DGL_ART_SOLID) { // strokes are drawn in a gradient's first colour
        item->line = dgl_art_solid(item->line.rgb, item->line.alpha);
        s->art->lossless = false;
    }
    item->even_odd = st->style.even_odd;
    set_stroke(&item->stroke, &st->style, dgl_matrix_scale(&st->m));
    item->path = *path;
    if (markers)
        svg_markers(s, st, &own);
}

// ---- Pictures ----

static void image(struct svg *s, const struct svg_node *n, const struct svg_state *st)
{
    const struct dgl_str *href = svg_attr(n, "href");
    const char *comma = href ? memchr(href->data, ',', href->len) : NULL;
    if (!comma || !dgl_str_starts(*href, "data:image/") ||
        !memmem(href->data, (size_t)(comma - href->data), "base64", 6)) {
        s->art->lossless = false; // nothing is fetched
        return;
    }
    size_t len = href->len - (size_t)(comma + 1 - href->data), n_out = 0;
    uint8_t *out = dgl_arena_alloc_try(s->arena, len / 4 * 3 + 4);
    uint32_t acc = 0, have = 0;
    for (size_t i = 0; out && i < len; i++) {
        int c = comma[1 + i];
        int v = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+' || c == '-' ? 62
                : c == '/' || c == '_' ? 63
                                       : -1;
        if (v < 0)
            continue;
        acc = acc << 6 | (uint32_t)v;
        if ((have += 6) >= 8)
            out[n_out++] = (uint8_t)(acc >> (have -= 8));
    }
    struct dgl_art_item *item = n_out ? dgl_art_add(s->art, DGL_ART_PICTURE) : NULL;
    if (!item)
        return;
    item->data = out;
    item->len = n_out;
    item->m = dgl_matrix_join(st->m, (struct dgl_matrix){svg_length_of(n, "width", st->width, st->width, st), 0, 0,
                                                         svg_length_of(n, "height", st->height, st->height, st),
                                                         svg_length_of(n, "x", 0, st->width, st),
                                                         svg_length_of(n, "y", 0, st->height, st)});
}

// ---- Groups ----

void svg_children(struct svg *s, const struct svg_node *n, const struct svg_state *st)
{
    for (const struct svg_node *c = n->first; c && !s->art->cut; c = c->next)
        if (c->name.len)
            svg_element(s, c, st);
}

struct dgl_matrix svg_fitted(const struct svg_node *n, double x, double y, double w, double h, double *ret_w,
                             double *ret_h)
{
    const struct dgl_str *box = svg_attr(n, "viewBox"), *ratio = svg_attr(n, "preserveAspectRatio");
    struct dgl_str at = box ? *box : (struct dgl_str){"", 0};
    double v[4] = {0, 0, w, h};
    for (unsigned i = 0; i < 4; i++)
        if (!svg_number(&at, &v[i]))
            break;
    *ret_w = v[2];
    *ret_h = v[3];
    if (!box || v[2] <= 0 || v[3] <= 0) {
        *ret_w = w;
        *ret_h = h;
        return (struct dgl_matrix){1, 0, 0, 1, x, y};
    }
    double sx = w / v[2], sy = h / v[3];
    if (!ratio || !dgl_str_starts(*ratio, "none"))
        sx = sy = ratio && dgl_str_holds(*ratio, "slice") ? fmax(sx, sy) : fmin(sx, sy);
    return (struct dgl_matrix){sx, 0, 0, sy, x + (w - v[2] * sx) / 2 - v[0] * sx, y + (h - v[3] * sy) / 2 - v[1] * sy};
}

static void viewport(struct svg *s, const struct svg_node *n, const struct svg_state *st, double w, double h)
{
    struct svg_state inner = *st;
    struct dgl_matrix fit = svg_fitted(n, svg_length_of(n, "x", 0, st->width, st),
                                       svg_length_of(n, "y", 0, st->height, st), w, h, &inner.width, &inner.height);
    inner.m = dgl_matrix_join(st->m, fit);
    svg_children(s, n, &inner);
}

bool svg_is_used(const struct svg *s, const struct svg_node *n)
{
    for (uint32_t i = 0; i < s->used_count; i++)
        if (s->used[i] == n)
            return true;
    return false;
}

// One that leads back to where it came from draws nothing (SVG 1.1 §5.6).
static void use(struct svg *s, const struct svg_node *n, const struct svg_state *st)
{
    const struct svg_node *to = n->reference;
    if (!to || s->uses_left == 0 || s->used_count == DGL_COUNT(s->used) || svg_is_used(s, to))
        return;
    s->uses_left--;
    s->used[s->used_count++] = to;
    struct svg_state inner = *st;
    inner.m = dgl_matrix_join(st->m, (struct dgl_matrix){1, 0, 0, 1, svg_length_of(n, "x", 0, st->width, st),
                                                         svg_length_of(n, "y", 0, st->height, st)});
    if (dgl_str_is(to->name, "symbol"))
        viewport(s, to, &inner, svg_length_of(n, "width", st->width, st->width, st),
                 svg_length_of(n, "height", st->height, st->height, st));
    else
        svg_element(s, to, &inner);
    s->used_count--;
}

static void drawn(struct svg *s, const struct svg_node *n, const struct svg_state *st)
{
    static const char *const silent[] = {"defs",   "title",          "desc",   "metadata",       "style",
                                         "symbol", "linearGradient", "stop",   "script",         "filter",
                                         "mask",   "clipPath",       "marker", "radialGradient", "pattern"};
    struct dgl_art_path path = {0};
    for (size_t i = 0; i < DGL_COUNT(silent); i++)
        if (dgl_str_is(n->name, silent[i]))
            return;
    if (dgl_str_is(n->name, "g") || dgl_str_is(n->name, "a") || dgl_str_is(n->name, "switch"))
        svg_children(s, n, st);
    else if (dgl_str_is(n->name, "svg"))
        viewport(s, n, st, svg_length_of(n, "width", st->width, st->width, st),
                 svg_length_of(n, "height", st->height, st->height, st));
    else if (dgl_str_is(n->name, "use"))
        use(s, n, st);
    else if (dgl_str_is(n->name, "text"))
        svg_text(s, n, st);
    else if (dgl_str_is(n->name, "image"))
        image(s, n, st);
    else if (svg_outline(s, n, st, &path))
        shape(s, n, st, &path);
    else if (!memchr(n->name.data, ':', n->name.len) && dgl_str_starts(n->name, "foreign"))
        s->art->lossless = false;
}

void svg_element(struct svg *s, const struct svg_node *n, const struct svg_state *outer)
{
    struct svg_state st = *outer;
    if (s->depth >= DGL_ART_MAX_DEPTH) {
        s->art->lossless = false;
        return;
    }
    st.style = svg_style_of(s, n, &outer->style);
    st.m = dgl_matrix_join(outer->m, svg_transform(svg_attr(n, "transform")));
    if (st.style.none)
        return;
    s->depth++;
    bool pushed = svg_clip(s, n, &st), masked = svg_mask(s, n, &st);
    if (!pushed && st.style.opacity < 1)
        pushed = dgl_art_push(s->art, NULL, false, (float)fmax(0, st.style.opacity));
    drawn(s, n, &st);
    if (masked)
        dgl_art_pop(s->art);
    if (pushed)
        dgl_art_pop(s->art);
    s->depth--;
}

static void read_styles(struct svg *s, const struct svg_node *n, unsigned depth)
{
    for (; n && depth < DGL_ART_MAX_DEPTH; n = n->next) {
        if (dgl_str_is(n->name, "style"))
            for (const struct svg_node *t = n->first; t; t = t->next)
                svg_read_rules(s, t->text);
        read_styles(s, n->first, depth + 1);
    }
}

struct dgl_art *dgl_svg_read(struct dgl_arena *a, const char *data, size_t len)
{
    struct svg *s = dgl_arena_alloc_try(a, sizeof(*s));
    if (!s || len > DGL_ART_MAX_BYTES)
        return NULL;
    s->arena = a;
    s->uses_left = DGL_ART_MAX_USES;
    s->work_left = DGL_ART_MAX_WORK;
    s->art = dgl_art_new(a, 0, 0);
    if (!svg_parse(s, data, len))
        return NULL;
    read_styles(s, s->root, 0);
    const struct dgl_str *box = svg_attr(s->root, "viewBox");
    struct dgl_str at = box ? *box : (struct dgl_str){"", 0};
    double v[4] = {0, 0, 300, 150};
    for (unsigned i = 0; i < 4; i++)
        if (!svg_number(&at, &v[i]))
            break;
    double w = svg_length(svg_attr(s->root, "width"), v[2], v[2], 16),
           h = svg_length(svg_attr(s->root, "height"), v[3], v[3], 16);
    if (!(w > 0 && h > 0 && w < 1e9 && h < 1e9))
        return NULL;
    double scale = LARGER_SIDE / fmax(w, h);
    struct svg_state st = {.style = svg_style_first(), .m = {scale, 0, 0, scale, 0, 0}, .width = w, .height = h};
    s->art->width = (float)(w * scale);
    s->art->height = (float)(h * scale);
    s->art->natural_width = (float)w;
    s->art->natural_height = (float)h;
    st.style = svg_style_of(s, s->root, &st.style);
    viewport(s, s->root, &st, w, h);
    return s->art->cut ? NULL : s->art;
}
