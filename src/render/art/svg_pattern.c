// Fills of repeated drawings: the pattern's content once for each tile that the shape touches, seen through the shape.
// Source: SVG 1.1 §13.3.
#include "render/art/svg_private.h"

#include <math.h>

#define MAX_TILES 2500.0

struct pattern {
    const struct svg_node *node, *with_content;
    double x, y, w, h;              // the first tile
    struct dgl_matrix space;        // of the tiles, to the drawing
    struct dgl_matrix content;      // of a tile's content, to the tile's space at the first tile
    double width, height;           // what the content's percentages are of
    int from_x, from_y, to_x, to_y; // tiles
};

static bool has_content(const struct svg_node *n)
{
    for (const struct svg_node *c = n->first; c; c = c->next)
        if (c->name.len)
            return true;
    return false;
}

static bool of_box(const struct svg_node *n, const char *attribute, bool otherwise)
{
    const struct dgl_str *v = svg_inherited(n, attribute);
    return v ? dgl_str_is(*v, "objectBoundingBox") : otherwise;
}

static double side(const struct svg_node *n, const char *name, bool box, double box_at, double box_size, double view)
{
    double v = svg_length(svg_inherited(n, name), 0, box ? 1 : view, 16);
    return box ? box_at + v * box_size : v;
}

static bool place_tiles(struct pattern *p, const struct svg_state *st, const double box[4])
{
    const struct svg_node *n = p->node;
    double bw = box[2] - box[0], bh = box[3] - box[1];
    bool units = of_box(n, "patternUnits", true), content = of_box(n, "patternContentUnits", false);
    const struct dgl_str *view = svg_inherited(n, "viewBox");
    p->x = side(n, "x", units, box[0], bw, st->width);
    p->y = side(n, "y", units, box[1], bh, st->height);
    p->w = side(n, "width", units, 0, bw, st->width);
    p->h = side(n, "height", units, 0, bh, st->height);
    if (!(p->w > 0 && p->h > 0))
        return false;
    p->width = st->width;
    p->height = st->height;
    p->content = (struct dgl_matrix){1, 0, 0, 1, p->x, p->y};
    if (view) {
        const struct svg_node *boxed = n;
        while (!svg_attr(boxed, "viewBox"))
            boxed = boxed->reference;
        p->content = svg_fitted(boxed, p->x, p->y, p->w, p->h, &p->width, &p->height);
    } else if (content) {
        p->content = (struct dgl_matrix){bw, 0, 0, bh, p->x, p->y};
        p->width = p->height = 1;
    }
    return true;
}

static bool count_tiles(struct pattern *p, const struct dgl_matrix *own, const double box[4])
{
    struct dgl_matrix back;
    double lo_x = INFINITY, lo_y = INFINITY, hi_x = -INFINITY, hi_y = -INFINITY;
    if (!dgl_matrix_invert(own, &back))
        return false;
    for (unsigned i = 0; i < 4; i++) {
        double x = box[i & 1u ? 2 : 0], y = box[i & 2u ? 3 : 1];
        double tx = (back.a * x + back.c * y + back.e - p->x) / p->w,
               ty = (back.b * x + back.d * y + back.f - p->y) / p->h;
        lo_x = fmin(lo_x, tx), hi_x = fmax(hi_x, tx);
        lo_y = fmin(lo_y, ty), hi_y = fmax(hi_y, ty);
    }
    lo_x = floor(lo_x + 1e-6), lo_y = floor(lo_y + 1e-6), hi_x = ceil(hi_x - 1e-6), hi_y = ceil(hi_y - 1e-6);
    if (!(fabs(lo_x) < 1e6 && fabs(lo_y) < 1e6 && (hi_x - lo_x) * (hi_y - lo_y) <= MAX_TILES))
        return false;
    p->from_x = (int)lo_x, p->from_y = (int)lo_y, p->to_x = (int)hi_x, p->to_y = (int)hi_y;
    return true;
}

static void draw_tile(struct svg *s, const struct pattern *p, const struct svg_state *st, int x, int y)
{
    struct svg_state inner = *st;
    struct dgl_matrix tile = dgl_matrix_join(p->space, (struct dgl_matrix){1, 0, 0, 1, x * p->w, y * p->h});
    struct dgl_art_path edge = {0};
    dgl_path_rect(s->art, &edge, p->x, p->y, p->w, p->h);
    dgl_path_transform(&edge, &tile);
    inner.style = svg_style_first();
    inner.m = dgl_matrix_join(tile, p->content);
    inner.width = p->width;
    inner.height = p->height;
    if (!dgl_art_push(s->art, &edge, false, 1))
        return;
    svg_children(s, p->with_content, &inner);
    dgl_art_pop(s->art);
}

static bool find(struct svg *s, const struct svg_state *st, const double box[4], struct pattern *p)
{
    const struct svg_node *with = p->node;
    for (unsigned i = 0; with && !has_content(with); i++)
        with = i < SVG_MAX_CHAIN ? with->reference : NULL;
    p->with_content = with;
    struct dgl_matrix own = svg_transform(svg_inherited(p->node, "patternTransform"));
    p->space = dgl_matrix_join(st->m, own);
    return with && !svg_is_used(s, with) && s->used_count < DGL_COUNT(s->used) && place_tiles(p, st, box) &&
           count_tiles(p, &own, box);
}

bool svg_is_pattern(const struct svg *s, const struct svg_paint *paint)
{
    const struct svg_node *n = paint->kind == SVG_SERVER ? svg_by_id(s, paint->server) : NULL;
    return n && dgl_str_is(n->name, "pattern");
}

void svg_pattern_fill(struct svg *s, const struct svg_state *st, const struct dgl_art_path *shape, const double box[4])
{
    struct pattern p = {.node = svg_by_id(s, st->style.fill.server)};
    if (!find(s, st, box, &p)) {
        s->art->lossless = false;
        return;
    }
    if (!dgl_art_push(s->art, shape, st->style.even_odd, (float)fmax(0, fmin(st->style.fill_opacity, 1))))
        return;
    s->used[s->used_count++] = p.with_content;
    for (int y = p.from_y; y < p.to_y; y++)
        for (int x = p.from_x; x < p.to_x && s->uses_left && !s->art->cut; x++) {
            s->uses_left--;
            draw_tile(s, &p, st, x, y);
        }
    s->used_count--;
    dgl_art_pop(s->art);
}
