// Lines as areas. A stroke is the union of simple pieces, a quadrangle for each part and a wedge or disc for each
// corner and end, all turned the same way; coverage beyond 1 counts as 1, so pieces may overlap.
#include "render/art/raster_private.h"

#include <math.h>

#define MAX_DISC 64u

static void piece(struct raster *r, const struct raster_point *p, unsigned count)
{
    double area = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct raster_point *a = &p[i], *b = &p[(i + 1) % count];
        area += (a->x - p[0].x) * (b->y - p[0].y) - (b->x - p[0].x) * (a->y - p[0].y);
    }
    for (unsigned i = 0; i < count; i++) {
        const struct raster_point *a = &p[i], *b = &p[(i + 1) % count];
        if (area > 0)
            raster_edge(r, a->x, a->y, b->x, b->y);
        else
            raster_edge(r, b->x, b->y, a->x, a->y);
    }
}

static void disc(struct raster *r, struct raster_point at, double radius)
{
    struct raster_point p[MAX_DISC];
    unsigned n = (unsigned)fmin(fmax(ceil(4 * sqrt(radius)), 8), MAX_DISC);
    for (unsigned i = 0; i < n; i++)
        p[i] = (struct raster_point){at.x + radius * cos(2 * M_PI * i / n), at.y + radius * sin(2 * M_PI * i / n)};
    piece(r, p, n);
}

static bool direction(struct raster_point a, struct raster_point b, struct raster_point *ret)
{
    double len = hypot(b.x - a.x, b.y - a.y);
    if (!(len > 1e-9))
        return false;
    *ret = (struct raster_point){(b.x - a.x) / len, (b.y - a.y) / len};
    return true;
}

static void part(struct raster *r, struct raster_point a, struct raster_point b, struct raster_point d, double half)
{
    double nx = -d.y * half, ny = d.x * half;
    struct raster_point p[4] = {{a.x + nx, a.y + ny}, {b.x + nx, b.y + ny}, {b.x - nx, b.y - ny}, {a.x - nx, a.y - ny}};
    piece(r, p, 4);
}

static void corner(struct raster *r, struct raster_point at, struct raster_point in, struct raster_point out,
                   const struct dgl_art_stroke *s, double half)
{
    double turn = in.x * out.y - in.y * out.x, along = in.x * out.x + in.y * out.y;
    if (fabs(turn) < 1e-6 && along > 0)
        return;
    if (s->join == DGL_ART_JOIN_ROUND) {
        disc(r, at, half);
        return;
    }
    double side = turn > 0 ? -half : half; // the outer one
    struct raster_point p[4] = {at,
                                {at.x - in.y * side, at.y + in.x * side},
                                {at.x - out.y * side, at.y + out.x * side},
                                {at.x - out.y * side, at.y + out.x * side}};
    double miter = sqrt(2 / fmax(1 + along, 1e-9)); // SVG 1.1 §11.4: 1 / sin(half the angle between the parts)
    if (s->join == DGL_ART_MITER && miter <= s->miter) {
        double k = side / fmax(1 + along, 1e-9);
        p[2] = (struct raster_point){at.x - (in.y + out.y) * k, at.y + (in.x + out.x) * k};
    }
    piece(r, p, 4);
}

static void end(struct raster *r, struct raster_point at, struct raster_point d, const struct dgl_art_stroke *s,
                double half)
{
    if (s->cap == DGL_ART_ROUND)
        disc(r, at, half);
    else if (s->cap == DGL_ART_SQUARE)
        part(r, at, (struct raster_point){at.x + d.x * half, at.y + d.y * half}, d, half);
}

void raster_stroke(struct raster *r, const struct raster_line *l, const struct dgl_art_stroke *s, double width)
{
    double half = width / 2;
    struct raster_point first = {0, 0}, before = {0, 0}, d;
    bool any = false;
    uint32_t parts = l->closed ? l->count : l->count - 1;
    for (uint32_t i = 0; i < parts && !raster_spent(r); i++) {
        struct raster_point a = l->points[i], b = l->points[(i + 1) % l->count];
        if (!direction(a, b, &d))
            continue;
        part(r, a, b, d, half);
        if (any)
            corner(r, a, before, d, s, half);
        else
            first = d;
        before = d;
        any = true;
    }
    if (!any) { // a dot shows only by its ends
        end(r, l->points[0], (struct raster_point){1, 0}, s, half);
        end(r, l->points[0], (struct raster_point){-1, 0}, s, half);
    } else if (l->closed) {
        corner(r, l->points[0], before, first, s, half);
    } else {
        end(r, l->points[0], (struct raster_point){-first.x, -first.y}, s, half);
        end(r, l->points[l->count - 1], before, s, half);
    }
}

static void finish_dash(struct raster *r, const struct dgl_art_stroke *s, double width)
{
    if (r->dash.count)
        raster_stroke(r, &r->dash, s, width);
    r->dash.count = 0;
}

void raster_dashes(struct raster *r, const struct raster_line *l, const struct dgl_art_stroke *s, double width,
                   double scale)
{
    double whole = 0;
    for (uint32_t i = 0; i < s->dash_count; i++)
        whole += s->dash[i] * scale;
    if (!(whole > 0.5)) { // finer than can be seen
        raster_stroke(r, l, s, width);
        return;
    }
    // Lists of an odd count are gone through twice, dashes and gaps changing their parts.
    double at = fmod(s->dash_at * scale, 2 * whole), left;
    uint32_t k = 0;
    at += at < 0 ? 2 * whole : 0;
    while (at >= s->dash[k % s->dash_count] * scale) {
        at -= s->dash[k % s->dash_count] * scale;
        k++;
    }
    left = s->dash[k % s->dash_count] * scale - at;
    r->dash.closed = false;
    uint32_t parts = l->closed ? l->count : l->count - 1;
    for (uint32_t i = 0; i < parts && !raster_spent(r); i++) {
        struct raster_point a = l->points[i], b = l->points[(i + 1) % l->count], d;
        double len = hypot(b.x - a.x, b.y - a.y), gone = 0;
        if (!direction(a, b, &d))
            continue;
        if (k % 2 == 0)
            raster_add(&r->dash, a.x, a.y);
        while (len - gone > left && !raster_spent(r)) {
            gone += left;
            r->work += 4;
            if (k % 2 == 0) {
                raster_add(&r->dash, a.x + d.x * gone, a.y + d.y * gone);
                finish_dash(r, s, width);
            } else {
                raster_add(&r->dash, a.x + d.x * gone, a.y + d.y * gone);
            }
            k++;
            left = s->dash[k % s->dash_count] * scale;
        }
        left -= len - gone;
        if (k % 2 == 0)
            raster_add(&r->dash, b.x, b.y);
    }
    finish_dash(r, s, width);
}
