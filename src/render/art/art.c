// Building drawings. Arcs become cubic curves of at most a quarter turn.
#include "render/art/art.h"

#include <math.h>
#include <string.h>

struct dgl_matrix dgl_matrix_join(struct dgl_matrix o, struct dgl_matrix i)
{
    return (struct dgl_matrix){o.a * i.a + o.c * i.b, o.b * i.a + o.d * i.b,       o.a * i.c + o.c * i.d,
                               o.b * i.c + o.d * i.d, o.a * i.e + o.c * i.f + o.e, o.b * i.e + o.d * i.f + o.f};
}

struct dgl_matrix dgl_matrix_turn(double radians, double x, double y)
{
    double c = cos(radians), s = sin(radians);
    return (struct dgl_matrix){c, s, -s, c, x - c * x + s * y, y - s * x - c * y};
}

bool dgl_matrix_invert(const struct dgl_matrix *m, struct dgl_matrix *ret)
{
    double det = m->a * m->d - m->b * m->c;
    if (!isnormal(det))
        return false;
    *ret = (struct dgl_matrix){m->d / det,
                               -m->b / det,
                               -m->c / det,
                               m->a / det,
                               (m->c * m->f - m->d * m->e) / det,
                               (m->b * m->e - m->a * m->f) / det};
    return true;
}

double dgl_matrix_scale(const struct dgl_matrix *m)
{
    return sqrt(fabs(m->a * m->d - m->b * m->c));
}

struct dgl_art *dgl_art_new(struct dgl_arena *a, float width, float height)
{
    struct dgl_art *art = DGL_ARENA_NEW(a, struct dgl_art);
    art->arena = a;
    art->width = width;
    art->height = height;
    art->lossless = true;
    return art;
}

struct dgl_art_item *dgl_art_add(struct dgl_art *art, enum dgl_art_kind kind)
{
    struct dgl_art_item *item =
        art->cut || art->items >= DGL_ART_MAX_ITEMS ? NULL : dgl_arena_alloc_try(art->arena, sizeof(*item));
    if (!item) {
        art->cut = true;
        return NULL;
    }
    item->kind = kind;
    item->alpha = 1;
    item->m = DGL_MATRIX_ONE;
    item->stroke.miter = 10;
    if (art->last)
        art->last->next = item;
    else
        art->first = item;
    art->last = item;
    art->items++;
    return item;
}

bool dgl_art_push(struct dgl_art *art, const struct dgl_art_path *clip, bool even_odd, float alpha)
{
    struct dgl_art_item *item = art->depth < DGL_ART_MAX_DEPTH ? dgl_art_add(art, DGL_ART_PUSH) : NULL;
    if (!item)
        return false;
    art->depth++;
    if (clip)
        item->path = *clip;
    item->even_odd = even_odd;
    item->alpha = alpha;
    return true;
}

void dgl_art_pop(struct dgl_art *art)
{
    bool cut = art->cut;
    art->cut = false; // what was opened is closed even when nothing else fits
    uint32_t items = art->items;
    art->items = 0;
    if (!dgl_art_add(art, DGL_ART_POP))
        cut = true;
    art->items = items + 1;
    art->cut = cut;
    art->depth--;
}

struct dgl_art_paint dgl_art_solid(uint32_t rgb, float alpha)
{
    return (struct dgl_art_paint){.kind = DGL_ART_SOLID, .rgb = rgb, .alpha = alpha};
}

// ---- Paths ----

static float bounded(double v)
{
    if (!(v > -DGL_ART_MAX_COORDINATE)) // also what is no number
        return -DGL_ART_MAX_COORDINATE;
    return v < DGL_ART_MAX_COORDINATE ? (float)v : DGL_ART_MAX_COORDINATE;
}

static void add(struct dgl_art *art, struct dgl_art_path *p, enum dgl_art_op op, const double *xy, unsigned points)
{
    art->points += points + 1;
    if (art->cut || art->points > DGL_ART_MAX_POINTS ||
        !DGL_ARENA_ROOM(art->arena, p->ops, p->op_cap, p->op_count + 1, 16, UINT32_MAX) ||
        !DGL_ARENA_ROOM(art->arena, p->xy, p->xy_cap, p->xy_count + 2 * points, 16, UINT32_MAX)) {
        art->cut = true;
        return;
    }
    p->ops[p->op_count++] = (uint8_t)op;
    for (unsigned i = 0; i < 2 * points; i++)
        p->xy[p->xy_count++] = bounded(xy[i]);
    if (points) {
        p->x = p->xy[p->xy_count - 2];
        p->y = p->xy[p->xy_count - 1];
    }
}

void dgl_path_move(struct dgl_art *art, struct dgl_art_path *p, double x, double y)
{
    add(art, p, DGL_ART_MOVE, (const double[]){x, y}, 1);
    p->start_x = p->x;
    p->start_y = p->y;
}

void dgl_path_line(struct dgl_art *art, struct dgl_art_path *p, double x, double y)
{
    if (p->op_count == 0) {
        dgl_path_move(art, p, x, y);
        return;
    }
    if (p->ops[p->op_count - 1] == DGL_ART_CLOSE)
        dgl_path_move(art, p, p->x, p->y);
    add(art, p, DGL_ART_LINE, (const double[]){x, y}, 1);
}

void dgl_path_curve(struct dgl_art *art, struct dgl_art_path *p, double x1, double y1, double x2, double y2, double x,
                    double y)
{
    if (p->op_count == 0)
        dgl_path_move(art, p, x1, y1);
    else if (p->ops[p->op_count - 1] == DGL_ART_CLOSE)
        dgl_path_move(art, p, p->x, p->y);
    add(art, p, DGL_ART_CURVE, (const double[]){x1, y1, x2, y2, x, y}, 3);
}

void dgl_path_quad(struct dgl_art *art, struct dgl_art_path *p, double x1, double y1, double x, double y)
{
    double x0 = p->op_count ? p->x : x1, y0 = p->op_count ? p->y : y1;
    dgl_path_curve(art, p, x0 + (x1 - x0) * 2 / 3, y0 + (y1 - y0) * 2 / 3, x + (x1 - x) * 2 / 3, y + (y1 - y) * 2 / 3,
                   x, y);
}

void dgl_path_close(struct dgl_art *art, struct dgl_art_path *p)
{
    if (p->op_count == 0 || p->ops[p->op_count - 1] == DGL_ART_CLOSE)
        return;
    add(art, p, DGL_ART_CLOSE, NULL, 0);
    p->x = p->start_x;
    p->y = p->start_y;
}

void dgl_path_arc(struct dgl_art *art, struct dgl_art_path *p, double cx, double cy, double rx, double ry, double from,
                  double sweep, bool move)
{
    if (!isfinite(from) || !isfinite(sweep))
        return;
    sweep = DGL_MAX(-2 * M_PI, DGL_MIN(sweep, 2 * M_PI));
    unsigned parts = (unsigned)ceil(fabs(sweep) / (M_PI / 2) - 1e-9);
    double x = cx + rx * cos(from), y = cy + ry * sin(from);
    if (move || p->op_count == 0)
        dgl_path_move(art, p, x, y);
    if (parts == 0)
        return;
    double step = sweep / parts, k = 4.0 / 3 * tan(step / 4);
    for (unsigned i = 0; i < parts; i++) {
        double a = from + step * i, b = a + step;
        dgl_path_curve(art, p, cx + rx * (cos(a) - k * sin(a)), cy + ry * (sin(a) + k * cos(a)),
                       cx + rx * (cos(b) + k * sin(b)), cy + ry * (sin(b) - k * cos(b)), cx + rx * cos(b),
                       cy + ry * sin(b));
    }
}

void dgl_path_rect(struct dgl_art *art, struct dgl_art_path *p, double x, double y, double w, double h)
{
    dgl_path_move(art, p, x, y);
    dgl_path_line(art, p, x + w, y);
    dgl_path_line(art, p, x + w, y + h);
    dgl_path_line(art, p, x, y + h);
    dgl_path_close(art, p);
}

void dgl_path_round_rect(struct dgl_art *art, struct dgl_art_path *p, double x, double y, double w, double h, double rx,
                         double ry)
{
    rx = DGL_MIN(rx, w / 2);
    ry = DGL_MIN(ry, h / 2);
    if (rx <= 0 || ry <= 0) {
        dgl_path_rect(art, p, x, y, w, h);
        return;
    }
    dgl_path_arc(art, p, x + rx, y + ry, rx, ry, M_PI, M_PI / 2, true);
    dgl_path_line(art, p, x + w - rx, y);
    dgl_path_arc(art, p, x + w - rx, y + ry, rx, ry, -M_PI / 2, M_PI / 2, false);
    dgl_path_line(art, p, x + w, y + h - ry);
    dgl_path_arc(art, p, x + w - rx, y + h - ry, rx, ry, 0, M_PI / 2, false);
    dgl_path_line(art, p, x + rx, y + h);
    dgl_path_arc(art, p, x + rx, y + h - ry, rx, ry, M_PI / 2, M_PI / 2, false);
    dgl_path_close(art, p);
}

void dgl_path_ellipse(struct dgl_art *art, struct dgl_art_path *p, double cx, double cy, double rx, double ry)
{
    dgl_path_arc(art, p, cx, cy, rx, ry, 0, 2 * M_PI, true);
    dgl_path_close(art, p);
}

void dgl_path_transform(struct dgl_art_path *p, const struct dgl_matrix *m)
{
    for (uint32_t i = 0; i + 1 < p->xy_count; i += 2) {
        double x = p->xy[i], y = p->xy[i + 1];
        p->xy[i] = bounded(m->a * x + m->c * y + m->e);
        p->xy[i + 1] = bounded(m->b * x + m->d * y + m->f);
    }
}

void dgl_path_append(struct dgl_art *art, struct dgl_art_path *to, const struct dgl_art_path *part)
{
    const float *xy = part->xy;
    for (uint32_t i = 0; i < part->op_count; i++) {
        if (part->ops[i] == DGL_ART_MOVE)
            dgl_path_move(art, to, xy[0], xy[1]);
        else if (part->ops[i] == DGL_ART_LINE)
            dgl_path_line(art, to, xy[0], xy[1]);
        else if (part->ops[i] == DGL_ART_CURVE)
            dgl_path_curve(art, to, xy[0], xy[1], xy[2], xy[3], xy[4], xy[5]);
        else
            dgl_path_close(art, to);
        xy += part->ops[i] == DGL_ART_CURVE ? 6 : part->ops[i] == DGL_ART_CLOSE ? 0 : 2;
    }
}
