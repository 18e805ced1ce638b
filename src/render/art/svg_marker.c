// Markers: drawings at the corners of paths, lines and polygons, turned along them. Source: SVG 1.1 §11.6.
#include "render/art/svg_private.h"

#include <math.h>

struct corner {
    double x, y;
    double in_x, in_y, out_x, out_y; // directions; both 0 = none
};
struct corners {
    struct svg *s;
    const struct svg_state *st;
    struct corner at; // the one that waits for the way out of it
    bool any, first;
};

static double angle_of(const struct corner *c, enum svg_marker_place place)
{
    double ix = c->in_x, iy = c->in_y, ox = c->out_x, oy = c->out_y, in = hypot(ix, iy), out = hypot(ox, oy);
    if (in <= 0 || (place == SVG_MARKER_START && out > 0))
        return atan2(oy, ox);
    if (out <= 0 || place == SVG_MARKER_END)
        return atan2(iy, ix);
    return atan2(iy / in + oy / out, ix / in + ox / out);
}

static double turn_of(const struct svg_node *n, const struct corner *c, enum svg_marker_place place)
{
    const struct dgl_str *orient = svg_attr(n, "orient");
    struct dgl_str at = orient ? *orient : (struct dgl_str){"", 0};
    double degrees;
    if (orient && dgl_str_starts(*orient, "auto"))
        return angle_of(c, place) + (place == SVG_MARKER_START && dgl_str_is(*orient, "auto-start-reverse") ? M_PI : 0);
    return svg_number(&at, &degrees) ? degrees * M_PI / 180 : 0;
}

static void draw(struct svg *s, const struct svg_state *st, const struct svg_node *n, const struct corner *c,
                 enum svg_marker_place place)
{
    const struct dgl_str *units = svg_attr(n, "markerUnits"), *overflow = svg_attr(n, "overflow");
    double w = svg_length_of(n, "markerWidth", 3, st->width, st),
           h = svg_length_of(n, "markerHeight", 3, st->height, st),
           k = units && dgl_str_is(*units, "userSpaceOnUse") ? 1 : st->style.stroke_width;
    struct svg_state inner = {.style = svg_style_first()};
    struct dgl_matrix fit = svg_fitted(n, 0, 0, w, h, &inner.width, &inner.height);
    double x = svg_length_of(n, "refX", 0, inner.width, st), y = svg_length_of(n, "refY", 0, inner.height, st);
    struct dgl_matrix m = dgl_matrix_join(st->m, (struct dgl_matrix){1, 0, 0, 1, c->x, c->y});
    m = dgl_matrix_join(m, dgl_matrix_turn(turn_of(n, c, place), 0, 0));
    m = dgl_matrix_join(m, (struct dgl_matrix){k, 0, 0, k, 0, 0});
    m = dgl_matrix_join(m, (struct dgl_matrix){1, 0, 0, 1, -(fit.a * x + fit.e), -(fit.d * y + fit.f)});
    struct dgl_art_path edge = {0};
    dgl_path_rect(s->art, &edge, 0, 0, w, h);
    dgl_path_transform(&edge, &m);
    inner.m = dgl_matrix_join(m, fit);
    inner.style = svg_style_of(s, n, &inner.style);
    bool visible = overflow && (dgl_str_is(*overflow, "visible") || dgl_str_is(*overflow, "auto"));
    if (!(w > 0 && h > 0 && k > 0) || !dgl_art_push(s->art, visible ? NULL : &edge, false, 1))
        return;
    const struct svg_style *context = s->context;
    s->context = &st->style;
    s->used[s->used_count++] = n;
    svg_children(s, n, &inner);
    s->used_count--;
    s->context = context;
    dgl_art_pop(s->art);
}

static void put(struct corners *c, enum svg_marker_place place)
{
    struct svg *s = c->s;
    struct dgl_str id = c->st->style.marker[place];
    const struct svg_node *n = id.len ? svg_by_id(s, id) : NULL;
    if (!n || !dgl_str_is(n->name, "marker") || s->uses_left == 0 || s->used_count == DGL_COUNT(s->used) ||
        svg_is_used(s, n))
        return;
    s->uses_left--;
    draw(s, c->st, n, &c->at, place);
}

// To the next corner; x1, y1 and x2, y2 are what the way leaves towards and comes from.
static void go(struct corners *c, double x1, double y1, double x2, double y2, double x, double y)
{
    double px = c->at.x, py = c->at.y;
    bool here = x1 == px && y1 == py;
    c->at.out_x = (here ? x2 : x1) - px;
    c->at.out_y = (here ? y2 : y1) - py;
    if (c->at.out_x == 0 && c->at.out_y == 0)
        c->at.out_x = x - px, c->at.out_y = y - py;
    put(c, c->first ? SVG_MARKER_START : SVG_MARKER_MID);
    here = x2 == x && y2 == y;
    c->at = (struct corner){.x = x, .y = y, .in_x = x - (here ? x1 : x2), .in_y = y - (here ? y1 : y2)};
    if (c->at.in_x == 0 && c->at.in_y == 0)
        c->at.in_x = x - px, c->at.in_y = y - py;
    c->first = false;
}

void svg_markers(struct svg *s, const struct svg_state *st, const struct dgl_art_path *p)
{
    struct corners c = {.s = s, .st = st, .first = true};
    const float *xy = p->xy;
    double start_x = 0, start_y = 0;
    for (uint32_t i = 0; i < p->op_count && !s->art->cut; i++) {
        switch ((enum dgl_art_op)p->ops[i]) {
        case DGL_ART_MOVE:
            if (i > 0)
                put(&c, SVG_MARKER_MID);
            start_x = xy[0], start_y = xy[1];
            c.at = (struct corner){.x = xy[0], .y = xy[1]};
            xy += 2;
            break;
        case DGL_ART_LINE:
            go(&c, xy[0], xy[1], c.at.x, c.at.y, xy[0], xy[1]);
            xy += 2;
            break;
        case DGL_ART_CURVE:
            go(&c, xy[0], xy[1], xy[2], xy[3], xy[4], xy[5]);
            xy += 6;
            break;
        case DGL_ART_CLOSE:
            go(&c, start_x, start_y, c.at.x, c.at.y, start_x, start_y);
            break;
        }
    }
    if (p->op_count > 1)
        put(&c, SVG_MARKER_END);
}
