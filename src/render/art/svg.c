// SVG elements to items. Transforms are worked into the points, so an item stands in the drawing's own units; those are
// a millionth of the larger side, fine enough for any size on paper.
#include "render/art/svg_private.h"

#include "base/crypto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGER_SIDE 1e6
#define MAX_LINE_BYTES 65536u // of one line of text

struct state {
    struct svg_style style;
    struct dgl_matrix m;
    double width, height; // of the viewport, for percentages
};

static void element(struct svg *s, const struct svg_node *n, const struct state *outer);

static double length(const struct svg_node *n, const char *name, double otherwise, double percent_of,
                     const struct state *st)
{
    return svg_length(svg_attr(n, name), otherwise, percent_of, st->style.font_size);
}

// ---- Shapes ----

static void bounds(const struct dgl_art_path *p, double box[4])
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

static bool outline(struct svg *s, const struct svg_node *n, const struct state *st, struct dgl_art_path *p)
{
    double w = st->width, h = st->height, both = hypot(w, h) / M_SQRT2;
    if (dgl_str_is(n->name, "path")) {
        const struct dgl_str *d = svg_attr(n, "d");
        if (d)
            svg_path_data(s->art, p, *d);
    } else if (dgl_str_is(n->name, "rect")) {
        double rx = length(n, "rx", -1, w, st), ry = length(n, "ry", -1, h, st);
        double width = length(n, "width", 0, w, st), height = length(n, "height", 0, h, st);
        if (width > 0 && height > 0)
            dgl_path_round_rect(s->art, p, length(n, "x", 0, w, st), length(n, "y", 0, h, st), width, height,
                                rx < 0 ? ry : rx, ry < 0 ? rx : ry);
    } else if (dgl_str_is(n->name, "circle") || dgl_str_is(n->name, "ellipse")) {
        double r = length(n, "r", 0, both, st);
        dgl_path_ellipse(s->art, p, length(n, "cx", 0, w, st), length(n, "cy", 0, h, st),
                         dgl_str_is(n->name, "circle") ? r : length(n, "rx", 0, w, st),
                         dgl_str_is(n->name, "circle") ? r : length(n, "ry", 0, h, st));
    } else if (dgl_str_is(n->name, "line")) {
        dgl_path_move(s->art, p, length(n, "x1", 0, w, st), length(n, "y1", 0, h, st));
        dgl_path_line(s->art, p, length(n, "x2", 0, w, st), length(n, "y2", 0, h, st));
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

static void shape(struct svg *s, const struct state *st, struct dgl_art_path *path)
{
    double box[4];
    if (path->op_count == 0 || st->style.hidden)
        return;
    struct dgl_art_item *item = dgl_art_add(s->art, DGL_ART_PATH);
    if (!item)
        return;
    bounds(path, box);
    const double view[2] = {st->width, st->height};
    item->fill = svg_paint_of(s, &st->style.fill, st->style.fill_opacity, box, view, &st->m);
    if (st->style.stroke_width > 0)
        item->line = svg_paint_of(s, &st->style.stroke, st->style.stroke_opacity, box, view, &st->m);
    if (item->line.kind > DGL_ART_SOLID) { // strokes are drawn in a gradient's first colour
        item->line = dgl_art_solid(item->line.rgb, item->line.alpha);
        s->art->lossless = false;
    }
    item->even_odd = st->style.even_odd;
    set_stroke(&item->stroke, &st->style, dgl_matrix_scale(&st->m));
    dgl_path_transform(path, &st->m);
    item->path = *path;
}

// ---- Text ----

struct line { // being gathered
    char *text;
    uint32_t len, cap;
    double x, y;
    struct state st;
    bool any;
};

static void flush(struct svg *s, struct line *l)
{
    while (l->len && l->text[l->len - 1] == ' ')
        l->len--;
    struct dgl_art_text *t = l->len && !l->st.style.hidden ? dgl_arena_alloc_try(s->arena, sizeof(*t)) : NULL;
    struct dgl_art_item *item = t ? dgl_art_add(s->art, DGL_ART_TEXT) : NULL;
    char *copy = item ? dgl_arena_memdup_try(s->arena, l->text, l->len) : NULL;
    if (copy) {
        const struct svg_style *st = &l->st.style;
        t->text = (struct dgl_str){copy, l->len};
        t->family = st->family;
        t->bold = st->bold;
        t->italic = st->italic;
        t->underline = st->underline;
        t->size = (float)st->font_size;
        t->rgb = st->fill.rgb;
        t->alpha = st->fill.kind == SVG_NONE ? 0 : st->fill.alpha * (float)st->fill_opacity;
        t->anchor = st->anchor;
        t->m = dgl_matrix_join(l->st.m, (struct dgl_matrix){1, 0, 0, 1, l->x, l->y});
        item->text = t;
    } else if (item) {
        item->kind = DGL_ART_PATH; // an empty one
    }
    l->len = 0;
    l->any = false;
}

static void put_text(struct svg *s, struct line *l, struct dgl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i] == '\n' || text.data[i] == '\t' || text.data[i] == '\r' ? ' ' : text.data[i];
        if (c == ' ' && (l->len == 0 || l->text[l->len - 1] == ' '))
            continue;
        if (!DGL_ARENA_ROOM(s->arena, l->text, l->cap, l->len + 1, 64, MAX_LINE_BYTES))
            return;
        l->text[l->len++] = c;
        l->any = true;
    }
}

static bool same_look(const struct svg_style *a, const struct svg_style *b)
{
    return a->bold == b->bold && a->italic == b->italic && a->font_size == b->font_size &&
           a->fill.kind == b->fill.kind && a->fill.rgb == b->fill.rgb && dgl_str_equal(a->family, b->family);
}

// Spans with a place of their own begin a new line of text; others go on in the look of the line they are in.
static void gather(struct svg *s, const struct svg_node *n, const struct state *st, struct line *l, unsigned depth)
{
    for (const struct svg_node *c = n->first; c && depth < 16 && !s->art->cut; c = c->next) {
        if (c->name.len == 0) {
            put_text(s, l, c->text);
            continue;
        }
        if (!dgl_str_is(c->name, "tspan") && !dgl_str_is(c->name, "a")) {
            s->art->lossless = false;
            continue;
        }
        struct state inner = *st;
        inner.style = svg_style_of(s, c, &st->style);
        if (inner.style.none)
            continue;
        bool moved = svg_attr(c, "x") || svg_attr(c, "y") || svg_attr(c, "dy");
        if (moved) {
            flush(s, l);
            l->x = length(c, "x", l->x, st->width, st) + length(c, "dx", 0, st->width, &inner);
            l->y = length(c, "y", l->y, st->height, st) + length(c, "dy", 0, st->height, &inner);
        }
        if (!l->any)
            l->st = inner;
        else if (!same_look(&l->st.style, &inner.style))
            s->art->lossless = false;
        gather(s, c, &inner, l, depth + 1);
        if (moved)
            flush(s, l);
        if (!l->any)
            l->st = *st;
    }
}

static void text(struct svg *s, const struct svg_node *n, const struct state *st)
{
    struct line l = {.x = length(n, "x", 0, st->width, st) + length(n, "dx", 0, st->width, st),
                     .y = length(n, "y", 0, st->height, st) + length(n, "dy", 0, st->height, st),
                     .st = *st};
    gather(s, n, st, &l, 0);
    flush(s, &l);
}

// ---- Pictures ----

static void image(struct svg *s, const struct svg_node *n, const struct state *st)
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
    item->m = dgl_matrix_join(st->m,
                              (struct dgl_matrix){length(n, "width", st->width, st->width, st), 0, 0,
                                                  length(n, "height", st->height, st->height, st),
                                                  length(n, "x", 0, st->width, st), length(n, "y", 0, st->height, st)});
}

// ---- Groups ----

static void children(struct svg *s, const struct svg_node *n, const struct state *st)
{
    for (const struct svg_node *c = n->first; c && !s->art->cut; c = c->next)
        if (c->name.len)
            element(s, c, st);
}

// Fits a viewBox into a viewport, in its middle.
static struct dgl_matrix fitted(const struct svg_node *n, double x, double y, double w, double h, double *ret_w,
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

static void viewport(struct svg *s, const struct svg_node *n, const struct state *st, double w, double h)
{
    struct state inner = *st;
    struct dgl_matrix fit = fitted(n, length(n, "x", 0, st->width, st), length(n, "y", 0, st->height, st), w, h,
                                   &inner.width, &inner.height);
    inner.m = dgl_matrix_join(st->m, fit);
    children(s, n, &inner);
}

static bool is_used(const struct svg *s, const struct svg_node *n)
{
    for (uint32_t i = 0; i < s->used_count; i++)
        if (s->used[i] == n)
            return true;
    return false;
}

// One that leads back to where it came from draws nothing (SVG 1.1 §5.6).
static void use(struct svg *s, const struct svg_node *n, const struct state *st)
{
    const struct svg_node *to = n->reference;
    if (!to || s->uses_left == 0 || s->used_count == DGL_COUNT(s->used) || is_used(s, to))
        return;
    s->uses_left--;
    s->used[s->used_count++] = to;
    struct state inner = *st;
    inner.m = dgl_matrix_join(
        st->m, (struct dgl_matrix){1, 0, 0, 1, length(n, "x", 0, st->width, st), length(n, "y", 0, st->height, st)});
    if (dgl_str_is(to->name, "symbol"))
        viewport(s, to, &inner, length(n, "width", st->width, st->width, st),
                 length(n, "height", st->height, st->height, st));
    else
        element(s, to, &inner);
    s->used_count--;
}

static bool clip(struct svg *s, const struct svg_node *n, const struct state *st)
{
    struct dgl_art_path all = {0};
    const struct svg_node *to = svg_by_id(s, st->style.clip);
    bool even_odd = false;
    if (!to || !dgl_str_is(to->name, "clipPath"))
        return false;
    const struct dgl_str *units = svg_attr(to, "clipPathUnits");
    if (units && dgl_str_is(*units, "objectBoundingBox"))
        s->art->lossless = false;
    struct dgl_matrix own = dgl_matrix_join(st->m, svg_transform(svg_attr(to, "transform")));
    for (const struct svg_node *c = to->first; c && !s->art->cut; c = c->next) {
        const struct svg_node *drawn = dgl_str_is(c->name, "use") ? c->reference : c;
        svg_look(s, c);
        struct dgl_art_path part = {0};
        if (!drawn || drawn->name.len == 0 || !outline(s, drawn, st, &part))
            continue;
        struct dgl_matrix m = dgl_matrix_join(own, svg_transform(svg_attr(c, "transform")));
        even_odd |= svg_style_of(s, c, &st->style).clip_even_odd;
        dgl_path_transform(&part, &m);
        if (all.op_count == 0)
            all = part;
        else
            for (uint32_t i = 0, k = 0; i < part.op_count; i++) {
                const float *xy = part.xy + k;
                if (part.ops[i] == DGL_ART_MOVE)
                    dgl_path_move(s->art, &all, xy[0], xy[1]);
                else if (part.ops[i] == DGL_ART_LINE)
                    dgl_path_line(s->art, &all, xy[0], xy[1]);
                else if (part.ops[i] == DGL_ART_CURVE)
                    dgl_path_curve(s->art, &all, xy[0], xy[1], xy[2], xy[3], xy[4], xy[5]);
                else
                    dgl_path_close(s->art, &all);
                k += part.ops[i] == DGL_ART_CURVE ? 6 : part.ops[i] == DGL_ART_CLOSE ? 0 : 2;
            }
    }
    if (all.op_count == 0) // everything is clipped away
        dgl_path_rect(s->art, &all, 0, 0, 0, 0);
    (void)n;
    return dgl_art_push(s->art, &all, even_odd, (float)fmax(0, fmin(st->style.opacity, 1)));
}

static void drawn(struct svg *s, const struct svg_node *n, const struct state *st)
{
    static const char *const silent[] = {"defs",   "title",          "desc",   "metadata",       "style",
                                         "symbol", "linearGradient", "stop",   "script",         "filter",
                                         "mask",   "clipPath",       "marker", "radialGradient", "pattern"};
    struct dgl_art_path path = {0};
    for (size_t i = 0; i < DGL_COUNT(silent); i++)
        if (dgl_str_is(n->name, silent[i]))
            return;
    if (dgl_str_is(n->name, "g") || dgl_str_is(n->name, "a") || dgl_str_is(n->name, "switch"))
        children(s, n, st);
    else if (dgl_str_is(n->name, "svg"))
        viewport(s, n, st, length(n, "width", st->width, st->width, st),
                 length(n, "height", st->height, st->height, st));
    else if (dgl_str_is(n->name, "use"))
        use(s, n, st);
    else if (dgl_str_is(n->name, "text"))
        text(s, n, st);
    else if (dgl_str_is(n->name, "image"))
        image(s, n, st);
    else if (outline(s, n, st, &path))
        shape(s, st, &path);
    else if (!memchr(n->name.data, ':', n->name.len) && dgl_str_starts(n->name, "foreign"))
        s->art->lossless = false;
}

static void element(struct svg *s, const struct svg_node *n, const struct state *outer)
{
    struct state st = *outer;
    if (s->depth >= DGL_ART_MAX_DEPTH) {
        s->art->lossless = false;
        return;
    }
    st.style = svg_style_of(s, n, &outer->style);
    st.m = dgl_matrix_join(outer->m, svg_transform(svg_attr(n, "transform")));
    if (st.style.none)
        return;
    s->depth++;
    bool pushed = st.style.clip.len && clip(s, n, &st);
    if (!pushed && st.style.opacity < 1)
        pushed = dgl_art_push(s->art, NULL, false, (float)fmax(0, st.style.opacity));
    drawn(s, n, &st);
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
    struct state st = {.style = svg_style_first(), .m = {scale, 0, 0, scale, 0, 0}, .width = w, .height = h};
    s->art->width = (float)(w * scale);
    s->art->height = (float)(h * scale);
    s->art->natural_width = (float)w;
    s->art->natural_height = (float)h;
    st.style = svg_style_of(s, s->root, &st.style);
    viewport(s, s->root, &st, w, h);
    return s->art->cut ? NULL : s->art;
}
