// Gradients. A gradient may take its stops and places from another one. Source: SVG 1.1 §13.2.
#include "render/art/svg_private.h"

#include <math.h>

const struct dgl_str *svg_inherited(const struct svg_node *n, const char *name)
{
    for (unsigned i = 0; n && i < SVG_MAX_CHAIN; i++, n = n->reference) {
        const struct dgl_str *v = svg_attr(n, name);
        if (v)
            return v;
    }
    return NULL;
}

static struct svg_node *with_stops(struct svg_node *n)
{
    for (unsigned i = 0; n && i < SVG_MAX_CHAIN; i++, n = n->reference)
        for (const struct svg_node *c = n->first; c; c = c->next)
            if (dgl_str_is(c->name, "stop"))
                return n;
    return NULL;
}

static void read_stops(struct svg *s, struct svg_node *n)
{
    struct dgl_art_stop *stops = dgl_arena_alloc_try(s->arena, DGL_ART_MAX_STOPS * sizeof(*stops));
    const struct svg_node *with = with_stops(n);
    struct svg_style first = svg_style_first();
    uint32_t count = 0;
    for (const struct svg_node *c = with && stops ? with->first : NULL; c && count < DGL_ART_MAX_STOPS; c = c->next) {
        if (!dgl_str_is(c->name, "stop"))
            continue;
        struct dgl_str color = svg_said(s, c, "stop-color"), opacity = svg_said(s, c, "stop-opacity");
        float at = (float)svg_length(svg_attr(c, "offset"), 0, 1, 16), alpha = 1;
        uint32_t rgb = 0;
        svg_color(color.len ? color : DGL_STR("black"), svg_style_of(s, c, &first).color, &rgb, &alpha);
        double more = opacity.len ? svg_length(&opacity, 1, 1, 16) : 1;
        at = count && at < stops[count - 1].at ? stops[count - 1].at : at;
        stops[count++] = (struct dgl_art_stop){fminf(fmaxf(at, 0), 1), rgb, alpha * (float)fmax(0, fmin(more, 1))};
    }
    n->stops = stops;
    n->stop_count = count;
    n->stops_read = true;
}

struct dgl_art_paint svg_paint_of(struct svg *s, const struct svg_paint *p, double opacity, const double box[4],
                                  const double view[2], const struct dgl_matrix *m)
{
    opacity = fmax(0, fmin(opacity, 1));
    if (p->kind == SVG_NONE)
        return (struct dgl_art_paint){.kind = DGL_ART_NONE};
    if (p->kind == SVG_COLOR)
        return dgl_art_solid(p->rgb, p->alpha * (float)opacity);
    struct svg_node *n = svg_by_id(s, p->server);
    bool linear = n && dgl_str_is(n->name, "linearGradient");
    if (n && !n->stops_read)
        read_stops(s, n);
    const struct dgl_art_stop *stops = n ? n->stops : NULL;
    uint32_t count = n ? n->stop_count : 0;
    if (!n || !(linear || dgl_str_is(n->name, "radialGradient")) || count == 0) {
        s->art->lossless = false;
        return (struct dgl_art_paint){.kind = DGL_ART_NONE};
    }
    if (count == 1)
        return dgl_art_solid(stops[0].rgb, stops[0].alpha * (float)opacity);
    const struct dgl_str *units = svg_inherited(n, "gradientUnits"), *spread = svg_inherited(n, "spreadMethod");
    bool user = units && dgl_str_is(*units, "userSpaceOnUse");
    double w = user ? view[0] : 1, h = user ? view[1] : 1, both = hypot(w, h) / M_SQRT2; // SVG 1.1 §7.10
    if (spread && !dgl_str_is(*spread, "pad"))
        s->art->lossless = false;
    struct dgl_art_paint paint = {.kind = linear ? DGL_ART_LINEAR : DGL_ART_RADIAL,
                                  .rgb = stops[0].rgb,
                                  .alpha = (float)opacity,
                                  .stops = stops,
                                  .stop_count = count};
    struct dgl_matrix own = svg_transform(svg_inherited(n, "gradientTransform"));
    if (!user)
        own = dgl_matrix_join((struct dgl_matrix){box[2] - box[0], 0, 0, box[3] - box[1], box[0], box[1]}, own);
    paint.m = dgl_matrix_join(*m, own);
    if (linear) {
        paint.x0 = (float)svg_length(svg_inherited(n, "x1"), 0, w, 16);
        paint.y0 = (float)svg_length(svg_inherited(n, "y1"), 0, h, 16);
        paint.x1 = (float)svg_length(svg_inherited(n, "x2"), w, w, 16);
        paint.y1 = (float)svg_length(svg_inherited(n, "y2"), 0, h, 16);
    } else {
        double cx = svg_length(svg_inherited(n, "cx"), w / 2, w, 16),
               cy = svg_length(svg_inherited(n, "cy"), h / 2, h, 16);
        paint.x1 = (float)cx;
        paint.y1 = (float)cy;
        paint.r1 = (float)svg_length(svg_inherited(n, "r"), both / 2, both, 16);
        paint.x0 = (float)svg_length(svg_inherited(n, "fx"), cx, w, 16);
        paint.y0 = (float)svg_length(svg_inherited(n, "fy"), cy, h, 16);
    }
    return paint;
}
