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
