// From a shape's formulas to paths with fill, line and line ends.
#include "render/layout/shape_art.h"

#include "render/layout/color.h"

#include <math.h>
#include <string.h>

// A gradient of the unit square laid over the shape. A linear one reaches from corner to corner along its angle.
static struct dgl_art_paint laid_over(const struct dgl_shape *s, double w, double h)
{
    struct dgl_art_paint p = s->fill;
    if (p.kind == DGL_ART_LINEAR) {
        double c = cos(s->angle), n = sin(s->angle), half = (fabs(w * c) + fabs(h * n)) / 2;
        p.x0 = (float)(w / 2 - c * half);
        p.y0 = (float)(h / 2 - n * half);
        p.x1 = (float)(w / 2 + c * half);
        p.y1 = (float)(h / 2 + n * half);
        p.m = DGL_MATRIX_ONE;
    } else if (p.kind == DGL_ART_RADIAL) {
        p.m = (struct dgl_matrix){DGL_MAX(w, 1), 0, 0, DGL_MAX(h, 1), 0, 0};
    }
    return p;
}

// ---- Line ends ----

struct point {
    double x, y;
};

static void put_end(struct dgl_art *art, const struct dgl_shape *s, enum dgl_line_end kind, unsigned thirds,
                    struct point tip, struct point from)
{
    double dx = tip.x - from.x, dy = tip.y - from.y, len = hypot(dx, dy);
    if (kind == DGL_END_NONE || len <= 0)
        return;
    double size = fmax(s->stroke.width, 1500) * thirds, half = size / 2;
    dx /= len;
    dy /= len;
    struct dgl_art_item *item = dgl_art_add(art, DGL_ART_PATH);
    if (!item)
        return;
    struct dgl_art_path *p = &item->path;
    struct point base = {tip.x - dx * size, tip.y - dy * size};
    item->fill = s->line;
    switch (kind) {
    case DGL_END_OVAL:
        dgl_path_ellipse(art, p, tip.x, tip.y, half, half);
        break;
    case DGL_END_DIAMOND:
        dgl_path_move(art, p, tip.x + dx * half, tip.y + dy * half);
        dgl_path_line(art, p, tip.x - dy * half, tip.y + dx * half);
        dgl_path_line(art, p, tip.x - dx * half, tip.y - dy * half);
        dgl_path_line(art, p, tip.x + dy * half, tip.y - dx * half);
        dgl_path_close(art, p);
        break;
    case DGL_END_ARROW:
        item->fill.kind = DGL_ART_NONE;
        item->line = s->line;
        item->stroke.width = s->stroke.width;
        dgl_path_move(art, p, base.x - dy * half, base.y + dx * half);
        dgl_path_line(art, p, tip.x, tip.y);
        dgl_path_line(art, p, base.x + dy * half, base.y - dx * half);
        break;
    default:
        dgl_path_move(art, p, tip.x, tip.y);
        dgl_path_line(art, p, base.x - dy * half, base.y + dx * half);
        if (kind == DGL_END_STEALTH)
            dgl_path_line(art, p, tip.x - dx * size * 0.6, tip.y - dy * size * 0.6);
        dgl_path_line(art, p, base.x + dy * half, base.y - dx * half);
        dgl_path_close(art, p);
    }
}

// Heads stand where an open path begins, tails where it ends.
static void put_ends(struct dgl_art *art, const struct dgl_shape *s, const struct dgl_art_path *p)
{
    uint32_t n = p->xy_count / 2;
    if (n < 2 || p->ops[p->op_count - 1] == DGL_ART_CLOSE || s->line.kind == DGL_ART_NONE)
        return;
    struct point first = {p->xy[0], p->xy[1]}, last = {p->xy[2 * n - 2], p->xy[2 * n - 1]};
    struct point second = last, before = first;
    for (uint32_t i = 1; i < n; i++)
        if (hypot(p->xy[2 * i] - first.x, p->xy[2 * i + 1] - first.y) > 1) {
            second = (struct point){p->xy[2 * i], p->xy[2 * i + 1]};
            break;
        }
    for (uint32_t i = n - 1; i-- > 0;)
        if (hypot(p->xy[2 * i] - last.x, p->xy[2 * i + 1] - last.y) > 1) {
            before = (struct point){p->xy[2 * i], p->xy[2 * i + 1]};
            break;
        }
    put_end(art, s, s->head, s->head_size, first, second);
    put_end(art, s, s->tail, s->tail_size, last, before);
}

struct dgl_art *dgl_shape_art(struct dgl_arena *a, const struct dgl_drawing *d, int32_t w, int32_t h,
                              double ret_text[4])
{
    const struct dgl_shape *s = d->shape;
    struct dgl_art *art = dgl_art_new(a, (float)w, (float)h);
    struct dgl_shape_path *paths = dgl_geometry_outline(art, s->geometry, s->adjust, s->adjust_count, w, h, ret_text);
    bool pictured = d->kind == DGL_DRAW_PICTURE; // its fill is the picture
    const struct dgl_matrix flip = {d->flip_h ? -1 : 1, 0, 0, d->flip_v ? -1 : 1, d->flip_h ? w : 0, d->flip_v ? h : 0};
    for (struct dgl_shape_path *p = paths; p; p = p->next) {
        struct dgl_art_item *item = p->path.op_count ? dgl_art_add(art, DGL_ART_PATH) : NULL;
        if (!item)
            continue;
        if ((d->flip_h || d->flip_v) && !pictured)
            dgl_path_transform(&p->path, &flip);
        item->path = p->path;
        item->even_odd = true;
        if (p->filled && !pictured)
            item->fill = laid_over(s, w, h);
        if (p->shade && item->fill.kind == DGL_ART_SOLID)
            item->fill.rgb = dgl_color_shade(item->fill.rgb, p->shade);
        if (p->stroked) {
            item->line = s->line;
            item->stroke = s->stroke;
            put_ends(art, s, &p->path);
        }
    }
    return art->first ? art : NULL;
}

// ---- Shadows ----

#define BLUR_LAYERS 8 // a blurred edge is so many shapes over one another, each a little larger

// Larger by `more` on every side.
static struct dgl_matrix layer(double w, double h, double more)
{
    double sx = fmax(0, 1 + 2 * more / fmax(w, 1)), sy = fmax(0, 1 + 2 * more / fmax(h, 1));
    return (struct dgl_matrix){sx, 0, 0, sy, w / 2 * (1 - sx), h / 2 * (1 - sy)};
}

// Stretched and slanted about its point of the box, and moved.
static struct dgl_matrix thrown_by(const struct dgl_shadow *s, double w, double h, double angle)
{
    double x = s->ax * w, y = s->ay * h;
    struct dgl_matrix m = {s->sx, s->ky, s->kx, s->sy, 0, 0};
    m.e = cos(angle) * s->distance + x - m.a * x - m.c * y;
    m.f = sin(angle) * s->distance + y - m.b * x - m.d * y;
    return m;
}

// What layer `i`, from outside, adds, so that the density grows evenly from 0 at the rim to `whole`.
static float share_of_layer(float whole, int i, int layers)
{
    float before = whole * (float)i / (float)layers, after = whole * (float)(i + 1) / (float)layers;
    return before < 1 ? (after - before) / (1 - before) : 1;
}

static void put_layer(struct dgl_art *art, const struct dgl_shape *s, const struct dgl_art_path *path, bool filled,
                      const struct dgl_matrix *m, float alpha)
{
    struct dgl_art_item *item = path->op_count ? dgl_art_add(art, DGL_ART_PATH) : NULL;
    if (!item)
        return;
    dgl_path_append(art, &item->path, path);
    dgl_path_transform(&item->path, m);
    item->even_odd = true;
    if (filled) {
        item->fill = dgl_art_solid(s->shadow.rgb, alpha);
    } else {
        item->line = dgl_art_solid(s->shadow.rgb, alpha);
        item->stroke = s->stroke;
    }
}

struct dgl_art *dgl_shape_shadow(struct dgl_arena *a, const struct dgl_drawing *d, int32_t w, int32_t h)
{
    const struct dgl_shape *s = d->shape;
    double unused[4];
    if (!s || !s->shadow.set)
        return NULL;
    bool filled = d->kind == DGL_DRAW_PICTURE || s->fill.kind != DGL_ART_NONE;
    double blur = fmin(s->shadow.blur, (w < h ? w : h) / 2.0),
           angle = s->shadow.direction - (s->shadow.turns ? 0 : d->rotation / 60000.0 * M_PI / 180);
    const struct dgl_matrix thrown = thrown_by(&s->shadow, w, h, angle);
    struct dgl_art *art = dgl_art_new(a, (float)w, (float)h);
    const struct dgl_matrix flip = {d->flip_h ? -1 : 1, 0, 0, d->flip_v ? -1 : 1, d->flip_h ? w : 0, d->flip_v ? h : 0};
    int layers = filled && blur > 0 ? BLUR_LAYERS : 1;
    for (struct dgl_shape_path *p = dgl_geometry_outline(art, s->geometry, s->adjust, s->adjust_count, w, h, unused); p;
         p = p->next) {
        bool throws = filled ? p->filled : p->stroked && s->line.kind != DGL_ART_NONE;
        dgl_path_transform(&p->path, &flip);
        for (int i = 0; throws && i < layers; i++) {
            double more = layers > 1 ? blur * ((i + 0.5) / layers - 0.5) : 0;
            const struct dgl_matrix m = dgl_matrix_join(thrown, layer(w, h, more));
            put_layer(art, s, &p->path, filled, &m, share_of_layer(s->shadow.alpha, layers - 1 - i, layers));
        }
    }
    return art->first ? art : NULL;
}
