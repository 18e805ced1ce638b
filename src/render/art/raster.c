// Coverage by signed areas: an edge adds to each pixel it crosses what it changes in the coverage of that pixel and of
// all pixels right of it, so one sweep from the left gives every pixel's share. No list of edges is kept or sorted, and
// the number of a path's points has no bound of its own.
#include "render/art/raster_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CURVE_PARTS 100u
#define MAX_LINE_POINTS (4u << 20)
#define FLATNESS 0.1 // pixels
#define RAMP 256u    // colours of a gradient

bool raster_spent(const struct raster *r)
{
    return r->work > DGL_ART_MAX_RASTER_WORK;
}

void raster_add(struct raster_line *l, double x, double y)
{
    if (l->count >= MAX_LINE_POINTS)
        return;
    if (l->count == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->points = dgl_realloc(l->points, l->cap * sizeof(*l->points));
    }
    l->points[l->count++] = (struct raster_point){x, y};
}

// ---- Coverage ----

// One row's part of an edge, from xa to xb; `d` is its height, negative upwards.
static void edge_in_row(struct raster *r, uint32_t y, double xa, double xb, double d)
{
    double right = r->width, lo = fmin(fmax(fmin(xa, xb), 0), right), hi = fmin(fmax(fmax(xa, xb), 0), right);
    float *row = r->cover + y * r->stride;
    uint32_t first = (uint32_t)lo, end = (uint32_t)ceil(hi);
    if (end <= first + 1) {
        double share = d * ((lo + hi) / 2 - first);
        row[first] += (float)(d - share);
        row[first + 1] += (float)share;
        end = first + 1;
    } else {
        // Along the way the covered part of a pixel's width grows as a parabola, then straight, then as a parabola.
        double slope = d / (hi - lo), before = 0;
        for (uint32_t x = first; x <= end; x++) {
            double from = fmax(lo, x), to = fmin(hi, x + 1.0), area = 0;
            if (to > from)
                area = slope * (to - from) * (x + 1 - (from + to) / 2);
            double passed = slope * (fmin(fmax(x, lo), hi) - lo);
            row[x] += (float)(passed + area - before);
            before = passed + area;
        }
        r->work += end - first;
    }
    r->x0 = DGL_MIN(r->x0, first);
    r->x1 = DGL_MAX(r->x1, DGL_MIN(end + 1, r->width));
}

void raster_edge(struct raster *r, double x0, double y0, double x1, double y1)
{
    double sign = 1;
    if (y0 > y1) {
        double x = x0, y = y0;
        x0 = x1, y0 = y1, x1 = x, y1 = y;
        sign = -1;
    }
    if (!(y1 > y0) || y1 <= 0 || y0 >= r->height || raster_spent(r))
        return;
    double slope = (x1 - x0) / (y1 - y0), end = fmin(y1, r->height);
    uint32_t from = (uint32_t)fmax(y0, 0), to = (uint32_t)ceil(end);
    for (uint32_t y = from; y < to; y++) {
        double top = fmax(y0, y), bottom = fmin(end, y + 1.0);
        if (bottom > top)
            edge_in_row(r, y, x0 + (top - y0) * slope, x0 + (bottom - y0) * slope, sign * (bottom - top));
    }
    r->work += to - from;
    r->y0 = DGL_MIN(r->y0, from);
    r->y1 = DGL_MAX(r->y1, to);
}

static void fresh(struct raster *r)
{
    r->x0 = r->width;
    r->y0 = r->height;
    r->x1 = r->y1 = 0;
}

static float share(float sum, bool even_odd)
{
    float v = fabsf(sum);
    if (even_odd && v > 1) {
        v = fmodf(v, 2);
        v = v > 1 ? 2 - v : v;
    }
    return fminf(v, 1);
}

// ---- Paths ----

static void curve(struct raster_line *l, const struct raster_point p[4])
{
    double bend = fmax(hypot(p[0].x - 2 * p[1].x + p[2].x, p[0].y - 2 * p[1].y + p[2].y),
                       hypot(p[1].x - 2 * p[2].x + p[3].x, p[1].y - 2 * p[2].y + p[3].y));
    unsigned parts = (unsigned)fmin(fmax(ceil(sqrt(0.75 * bend / FLATNESS)), 1), MAX_CURVE_PARTS);
    for (unsigned i = 1; i <= parts; i++) {
        double t = (double)i / parts, u = 1 - t, a = u * u * u, b = 3 * u * u * t, c = 3 * u * t * t, d = t * t * t;
        raster_add(l, a * p[0].x + b * p[1].x + c * p[2].x + d * p[3].x,
                   a * p[0].y + b * p[1].y + c * p[2].y + d * p[3].y);
    }
}

typedef void use_line(struct raster *r, const struct raster_line *l, const struct dgl_art_item *item);

static void fill_line(struct raster *r, const struct raster_line *l, const struct dgl_art_item *item DGL_UNUSED)
{
    for (uint32_t i = 0; i < l->count; i++) {
        const struct raster_point *a = &l->points[i], *b = &l->points[(i + 1) % l->count];
        raster_edge(r, a->x, a->y, b->x, b->y);
    }
}

static void stroke_line(struct raster *r, const struct raster_line *l, const struct dgl_art_item *item)
{
    double scale = sqrt(r->scale_x * r->scale_y), width = fmax(item->stroke.width * scale, 0.75);
    if (item->stroke.dash_count)
        raster_dashes(r, l, &item->stroke, width, scale);
    else
        raster_stroke(r, l, &item->stroke, width);
}

static void flush(struct raster *r, const struct dgl_art_item *item, use_line *use, bool closed)
{
    r->line.closed = closed;
    if (r->line.count)
        use(r, &r->line, item);
    r->line.count = 0;
}

static void walk(struct raster *r, const struct dgl_art_item *item, use_line *use)
{
    const struct dgl_art_path *p = &item->path;
    struct raster_line *l = &r->line;
    const float *xy = p->xy;
    l->count = 0;
    for (uint32_t i = 0; i < p->op_count && !raster_spent(r); i++) {
        struct raster_point at[4] = {l->count ? l->points[l->count - 1] : (struct raster_point){0, 0}};
        unsigned n = p->ops[i] == DGL_ART_CURVE ? 3 : p->ops[i] == DGL_ART_CLOSE ? 0 : 1;
        for (unsigned k = 0; k < n; k++, xy += 2)
            at[k + 1] = (struct raster_point){xy[0] * r->scale_x, xy[1] * r->scale_y};
        r->work += 4;
        if (p->ops[i] == DGL_ART_MOVE)
            flush(r, item, use, false);
        if (p->ops[i] == DGL_ART_CURVE)
            curve(l, at);
        else if (p->ops[i] == DGL_ART_CLOSE)
            flush(r, item, use, true);
        else
            raster_add(l, at[1].x, at[1].y);
    }
    flush(r, item, use, false);
}

// ---- Paint ----

struct shade {
    uint8_t ramp[RAMP][4];
    bool radial, flat;
    struct dgl_matrix m; // pixels to gradient space
    double x, y, dx, dy, r0, r;
};

static void color_at(const struct dgl_art_paint *p, float t, float alpha, uint8_t ret[4])
{
    uint32_t i = 0;
    while (i + 1 < p->stop_count && p->stops[i + 1].at <= t)
        i++;
    const struct dgl_art_stop *a = &p->stops[i], *b = i + 1 < p->stop_count ? a + 1 : a;
    float span = b->at - a->at, k = span > 0 ? fminf(fmaxf((t - a->at) / span, 0), 1) : 0;
    for (unsigned c = 0; c < 3; c++) {
        float from = (float)(a->rgb >> (16 - 8 * c) & 255), to = (float)(b->rgb >> (16 - 8 * c) & 255);
        ret[c] = (uint8_t)lroundf(from + (to - from) * k);
    }
    ret[3] = (uint8_t)lroundf(255 * fminf(fmaxf((a->alpha + (b->alpha - a->alpha) * k) * alpha, 0), 1));
}

static void set_shade(const struct raster *r, const struct dgl_art_paint *p, struct shade *s)
{
    float alpha = p->alpha * r->alphas[r->depth];
    struct dgl_art_stop one = {0, p->rgb, 1};
    struct dgl_art_paint solid = {.stops = &one, .stop_count = 1};
    struct dgl_matrix back;
    s->flat = p->kind == DGL_ART_SOLID || p->stop_count == 0 || !dgl_matrix_invert(&p->m, &back);
    for (unsigned i = 0; i < (s->flat ? 1 : RAMP); i++)
        color_at(s->flat ? &solid : p, (float)i / (RAMP - 1), alpha, s->ramp[i]);
    if (s->flat)
        return;
    s->m = dgl_matrix_join(back, (struct dgl_matrix){1 / r->scale_x, 0, 0, 1 / r->scale_y, 0, 0});
    s->radial = p->kind == DGL_ART_RADIAL;
    s->x = s->radial ? p->x1 : p->x0;
    s->y = s->radial ? p->y1 : p->y0;
    s->dx = p->x1 - p->x0;
    s->dy = p->y1 - p->y0;
    s->r0 = p->r0;
    s->r = p->r1 - p->r0;
}

static const uint8_t *shade_at(const struct shade *s, uint32_t px, uint32_t py)
{
    if (s->flat)
        return s->ramp[0];
    double x = s->m.a * (px + 0.5) + s->m.c * (py + 0.5) + s->m.e - s->x,
           y = s->m.b * (px + 0.5) + s->m.d * (py + 0.5) + s->m.f - s->y;
    double whole = s->radial ? s->r : s->dx * s->dx + s->dy * s->dy,
           t = s->radial ? sqrt(x * x + y * y) - s->r0 : x * s->dx + y * s->dy;
    t = whole > 0 ? t / whole : 1; // a gradient of no length shows its last colour
    return s->ramp[(unsigned)(fmin(fmax(t, 0), 1) * (RAMP - 1))];
}

static void blend(uint8_t *to, const uint8_t *color, float cover)
{
    if (cover > 254.5f / 255 && color[3] == 255) {
        memcpy(to, color, 4);
        return;
    }
    float over = cover * color[3] / 255, under = to[3] / 255.0f * (1 - over), alpha = over + under;
    if (alpha <= 0)
        return;
    for (unsigned c = 0; c < 3; c++)
        to[c] = (uint8_t)((color[c] * over + to[c] * under) / alpha + 0.5f);
    to[3] = (uint8_t)(255 * fminf(alpha, 1) + 0.5f);
}

// Sweeps what was covered, paints it or (no paint) makes a mask of it, and leaves the coverage empty.
static void sweep(struct raster *r, bool even_odd, const struct shade *s, uint8_t *mask)
{
    const uint8_t *outer = r->masks[r->depth];
    for (uint32_t y = r->y0; y < r->y1; y++) {
        float sum = 0, *row = r->cover + y * r->stride;
        for (uint32_t x = r->x0; x < r->x1; x++) {
            size_t at = (size_t)y * r->width + x;
            sum += row[x];
            float cover = share(sum, even_odd) * (outer ? (float)outer[at] / 255 : 1);
            if (cover < 1.0f / 512)
                continue;
            if (mask)
                mask[at] = (uint8_t)lroundf(cover * 255);
            else
                blend(r->rgba + 4 * at, shade_at(s, x, y), cover);
        }
        memset(row, 0, r->stride * sizeof(*row));
        r->work += r->x1 > r->x0 ? 2 * (uint64_t)(r->x1 - r->x0) : 0;
    }
}

static void paint(struct raster *r, const struct dgl_art_item *item, const struct dgl_art_paint *p, bool even_odd,
                  use_line *use)
{
    struct shade s = {0};
    if (p->kind == DGL_ART_NONE || raster_spent(r))
        return;
    set_shade(r, p, &s);
    fresh(r);
    walk(r, item, use);
    sweep(r, even_odd, &s, NULL);
}

static void push(struct raster *r, const struct dgl_art_item *item)
{
    if (r->depth >= DGL_ART_MAX_DEPTH)
        return;
    unsigned to = r->depth + 1;
    uint8_t *mask = NULL;
    if (item->path.op_count && !raster_spent(r))
        mask = calloc((size_t)r->width * r->height, 1);
    if (mask) {
        fresh(r);
        walk(r, item, fill_line);
        sweep(r, item->even_odd, NULL, mask);
    }
    r->masks[to] = mask ? mask : r->masks[r->depth];
    r->own_mask[to] = mask != NULL;
    r->alphas[to] = r->alphas[r->depth] * item->alpha;
    r->depth = to;
}

static void pop(struct raster *r)
{
    if (r->depth == 0)
        return;
    if (r->own_mask[r->depth])
        free(r->masks[r->depth]);
    r->depth--;
}

static void draw(struct raster *r, const struct dgl_art *art)
{
    for (const struct dgl_art_item *i = art->first; i && !raster_spent(r); i = i->next) {
        if (i->kind == DGL_ART_PUSH)
            push(r, i);
        else if (i->kind == DGL_ART_POP)
            pop(r);
        else if (i->kind == DGL_ART_PATH) {
            paint(r, i, &i->fill, i->even_odd, fill_line);
            paint(r, i, &i->line, false, stroke_line);
        }
    }
    while (r->depth)
        pop(r);
}

uint8_t *dgl_art_rasterise(const struct dgl_art *art, struct dgl_arena *a, uint32_t width, uint32_t height)
{
    if (width == 0 || height == 0 || width > DGL_ART_MAX_RASTER || height > DGL_ART_MAX_RASTER || art->width <= 0 ||
        art->height <= 0)
        return NULL;
    struct raster r = {.width = width,
                       .height = height,
                       .stride = (size_t)width + 2,
                       .rgba = dgl_arena_alloc_try(a, (size_t)width * height * 4),
                       .scale_x = width / (double)art->width,
                       .scale_y = height / (double)art->height,
                       .alphas = {1}};
    if (!r.rgba)
        return NULL;
    r.cover = calloc(r.stride * height, sizeof(*r.cover));
    if (!r.cover)
        return NULL;
    draw(&r, art);
    free(r.cover);
    free(r.line.points);
    free(r.dash.points);
    return r.rgba;
}
