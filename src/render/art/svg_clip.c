// What an element is seen through: clip paths and masks. Source: SVG 1.1 §14.
//
// A mask is drawn as a clip path: what is light in it is seen, what is dark on that is not. Its shades between are
// lost, but for one shade of all of it, which becomes opacity.
#include "render/art/svg_private.h"

#include <math.h>

#define MAX_NESTING 16u
#define DARK 0.02f

struct outlines { // of several shapes, joined
    struct svg *s;
    struct dgl_art_path all;
    bool even_odd;
    bool is_mask;
    float light; // of a mask's lightest shape, 0 to 1
    uint32_t lights;
    bool shaded;   // a mask holds more than one shade
    bool pictures; // they count with their boxes
};

// How much a mask's shape lets through (§14.4): its luminance and opacity.
static float light_of(struct outlines *o, const struct svg_state *st)
{
    const double unit[4] = {0, 0, 1, 1}, view[2] = {st->width, st->height};
    struct dgl_art_paint p = svg_paint_of(o->s, &st->style.fill, st->style.fill_opacity, unit, view, &st->m);
    if (p.kind == DGL_ART_NONE)
        return 0;
    struct dgl_art_stop one = {0, p.rgb, 1};
    const struct dgl_art_stop *stops = p.kind == DGL_ART_SOLID ? &one : p.stops;
    uint32_t count = p.kind == DGL_ART_SOLID ? 1 : p.stop_count;
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += stops[i].alpha *
               (0.2126 * (stops[i].rgb >> 16) + 0.7152 * (stops[i].rgb >> 8 & 255) + 0.0722 * (stops[i].rgb & 255)) /
               255;
    o->shaded |= count > 1;
    return (float)(sum / count * p.alpha * fmax(0, fmin(st->style.opacity, 1)));
}

static bool counts(struct outlines *o, const struct svg_state *st)
{
    if (!o->is_mask)
        return true;
    float light = light_of(o, st);
    if (light < DARK) { // a hole in what was drawn before
        o->even_odd |= o->all.op_count > 0;
        o->shaded |= o->lights > 1; // where light shapes overlap they make a hole then, too
        return o->all.op_count > 0;
    }
    o->shaded |= o->light > 0 && fabsf(o->light - light) > DARK;
    o->light = fmaxf(o->light, light);
    o->shaded |= ++o->lights > 1 && o->even_odd;
    return true;
}

static void add(struct outlines *o, const struct svg_node *n, const struct svg_state *outer, unsigned depth)
{
    struct svg *s = o->s;
    struct svg_state st = *outer;
    struct dgl_art_path part = {0};
    if (n->name.len == 0 || depth > MAX_NESTING || s->art->cut)
        return;
    st.style = svg_style_of(s, n, &outer->style);
    st.m = dgl_matrix_join(outer->m, svg_transform(svg_attr(n, "transform")));
    if (st.style.none || st.style.hidden)
        return;
    if (dgl_str_is(n->name, "g") || dgl_str_is(n->name, "a")) {
        for (const struct svg_node *c = n->first; c; c = c->next)
            add(o, c, &st, depth + 1);
    } else if (dgl_str_is(n->name, "use") && n->reference && s->uses_left) {
        s->uses_left--;
        st.m = dgl_matrix_join(st.m, (struct dgl_matrix){1, 0, 0, 1, svg_length_of(n, "x", 0, st.width, &st),
                                                         svg_length_of(n, "y", 0, st.height, &st)});
        add(o, n->reference, &st, depth + 1);
    } else {
        bool picture = o->pictures && dgl_str_is(n->name, "image");
        if (picture)
            dgl_path_rect(s->art, &part, svg_length_of(n, "x", 0, st.width, &st),
                          svg_length_of(n, "y", 0, st.height, &st), svg_length_of(n, "width", 0, st.width, &st),
                          svg_length_of(n, "height", 0, st.height, &st));
        if ((!picture && !svg_outline(s, n, &st, &part)) || part.op_count == 0 || !counts(o, &st))
            return;
        o->even_odd |= !o->is_mask && st.style.clip_even_odd;
        dgl_path_transform(&part, &st.m);
        dgl_path_append(s->art, &o->all, &part);
    }
}

// The box of an element in its own units, without strokes and texts; false when it has none.
static bool box_of(struct svg *s, const struct svg_node *n, const struct svg_state *st, double box[4])
{
    struct outlines o = {.s = s, .pictures = true};
    struct svg_state inner = *st;
    struct dgl_matrix own = svg_transform(svg_attr(n, "transform")), back;
    if (!dgl_matrix_invert(&own, &back))
        return false;
    inner.m = back; // taken off again by the element's own transform
    add(&o, n, &inner, 0);
    svg_bounds(&o.all, box);
    return o.all.op_count > 0;
}

// The units that a clip path or a mask is drawn in; false when they are of a box and there is none.
static bool units_of(struct svg *s, const struct svg_node *n, const struct svg_node *to, const char *attribute,
                     const struct svg_state *st, struct dgl_matrix *ret)
{
    const struct dgl_str *units = svg_attr(to, attribute);
    double b[4];
    *ret = st->m;
    if (!units || !dgl_str_is(*units, "objectBoundingBox"))
        return true;
    if (!box_of(s, n, st, b))
        return false;
    *ret = dgl_matrix_join(st->m, (struct dgl_matrix){b[2] - b[0], 0, 0, b[3] - b[1], b[0], b[1]});
    return true;
}

static void gather(struct outlines *o, const struct svg_node *to, const struct svg_state *st, struct dgl_matrix m)
{
    struct svg_state inner = *st;
    inner.m = m;
    inner.style = svg_style_first();
    for (const struct svg_node *c = to->first; c; c = c->next)
        add(o, c, &inner, 0);
    if (o->all.op_count == 0) // nothing of the element is seen
        dgl_path_rect(o->s->art, &o->all, 0, 0, 0, 0);
}

bool svg_clip(struct svg *s, const struct svg_node *n, const struct svg_state *st)
{
    struct outlines o = {.s = s};
    struct dgl_matrix m;
    const struct svg_node *to = st->style.clip.len ? svg_by_id(s, st->style.clip) : NULL;
    if (!to || !dgl_str_is(to->name, "clipPath") || !units_of(s, n, to, "clipPathUnits", st, &m))
        return false;
    gather(&o, to, st, dgl_matrix_join(m, svg_transform(svg_attr(to, "transform"))));
    return dgl_art_push(s->art, &o.all, o.even_odd, 1);
}

bool svg_mask(struct svg *s, const struct svg_node *n, const struct svg_state *st)
{
    struct outlines o = {.s = s, .is_mask = true};
    struct dgl_matrix m;
    const struct svg_node *to = st->style.mask.len ? svg_by_id(s, st->style.mask) : NULL;
    if (!to || !dgl_str_is(to->name, "mask") || !units_of(s, n, to, "maskContentUnits", st, &m))
        return false;
    gather(&o, to, st, m);
    if (o.shaded)
        s->art->lossless = false;
    return dgl_art_push(s->art, &o.all, o.even_odd, o.light > 0 ? o.light : 1);
}
