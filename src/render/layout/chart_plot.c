// The series of a chart: bars, lines, areas, points and slices, with their labels.
#include "render/layout/chart.h"

#include <math.h>

static double part_of(const struct chart_scale *s, double v)
{
    return fmax(-0.02, fmin((v - s->min) / (s->max - s->min), 1.02));
}

static double value_at(const struct dgl_chart_series *s, uint32_t i)
{
    return i < s->count ? s->values[i] : NAN;
}

static struct dgl_str join(struct chart_pen *p, const struct dgl_chart_series *s, uint32_t i, double share)
{
    const struct dgl_chart_labels *l = &s->labels;
    char value[64] = "", percent[64] = "";
    struct dgl_str code = l->format.len ? l->format : s->format;
    if (l->value)
        chart_format(value_at(s, i), code, value, sizeof(value));
    if (l->percent)
        chart_format(share, l->format.len && !l->value ? l->format : DGL_STR("0%"), percent, sizeof(percent));
    struct dgl_str name = l->category && i < s->category_count ? s->categories[i] : (struct dgl_str){"", 0};
    struct dgl_str series = l->series ? s->name : (struct dgl_str){"", 0};
    const char *gap = "; ";
    char *out =
        dgl_arena_printf(p->env->arena, "%.*s%s%.*s%s%s%s%s", (int)series.len, series.data,
                         series.len && (name.len || *value || *percent) ? gap : "", (int)name.len, name.data,
                         name.len && (*value || *percent) ? gap : "", value, *value && *percent ? gap : "", percent);
    return dgl_str_of(out);
}

static bool has_labels(const struct dgl_chart_series *s)
{
    return s->labels.value || s->labels.percent || s->labels.category || s->labels.series;
}

// ---- Bars ----

static void put_bar(struct chart_pen *p, const struct chart_frame *f, const struct dgl_chart_group *g, uint32_t series,
                    uint32_t i, double at, double width)
{
    const struct dgl_chart_axis *a = &p->c->value[g->second];
    const struct chart_scale *s = &f->scale[g->second];
    double v = value_at(&g->series[series], i), from = 0, to = v;
    if (isnan(v))
        return;
    if (g->stack != DGL_CHART_CLUSTERED) {
        to = chart_stacked(g, series, i);
        double all = 0;
        for (uint32_t k = 0; k < g->series_count; k++)
            all += fabs(isnan(value_at(&g->series[k], i)) ? 0 : value_at(&g->series[k], i));
        from = to - (g->stack == DGL_CHART_PERCENT ? all > 0 ? v / all : 0 : v);
    }
    double p0 = part_of(s, fmax(from, fmin(s->min, 0))), p1 = part_of(s, to);
    if (from < s->min)
        p0 = 0;
    if (a->reversed) {
        p0 = 1 - p0;
        p1 = 1 - p1;
    }
    double low = fmin(p0, p1), size = fabs(p1 - p0);
    const struct dgl_chart_series *of = &g->series[series];
    struct dgl_art_item *item =
        f->across ? chart_rect(p, f->x + low * f->w, at, size * f->w, width, chart_color(p, g, series, i))
                  : chart_rect(p, at, f->y + (1 - low - size) * f->h, width, size * f->h, chart_color(p, g, series, i));
    if (item && of->line.kind == DGL_ART_SOLID) {
        item->line = of->line;
        item->stroke.width = of->line_width;
    }
    if (!has_labels(of))
        return;
    double text = of->labels.look.size, middle = (p0 + p1) / 2;
    bool inside = g->stack != DGL_CHART_CLUSTERED;
    if (f->across)
        chart_text(p, join(p, of, i, 0), &of->labels.look,
                   f->x + (inside ? middle : p1) * f->w +
                       (inside  ? 0
                        : v < 0 ? -3000
                                : 3000),
                   at + width / 2 + text * 0.35,
                   inside  ? DGL_ART_MIDDLE
                   : v < 0 ? DGL_ART_END
                           : DGL_ART_START,
                   0);
    else
        chart_text(p, join(p, of, i, 0), &of->labels.look, at + width / 2,
                   f->y + (1 - (inside ? middle : p1)) * f->h +
                       (inside  ? text * 0.35
                        : v < 0 ? text * 1.1
                                : -3000),
                   DGL_ART_MIDDLE, 0);
}

static void put_bars(struct chart_pen *p, const struct chart_frame *f, const struct dgl_chart_group *g)
{
    double slot = (f->across ? f->h : f->w) / f->slots;
    bool side_by_side = g->stack == DGL_CHART_CLUSTERED;
    double n = side_by_side ? g->series_count : 1, overlap = side_by_side ? g->overlap / 100.0 : 1;
    double width = slot / (n - (n - 1) * overlap + g->gap / 100.0);
    for (uint32_t k = 0; k < g->series_count; k++)
        for (uint32_t i = 0; i < f->slots; i++) {
            double slot_at = (p->c->category.reversed ? f->slots - 1 - i : i) * slot;
            double at = slot_at + width * g->gap / 200.0 + (side_by_side ? k * width * (1 - overlap) : 0);
            put_bar(p, f, g, k, i, f->across ? f->y + f->h - at - width : f->x + at, width);
        }
}

// ---- Lines, areas and points ----

struct spot {
    double x, y;
    bool there;
};

static struct spot spot_of(struct chart_pen *p, const struct chart_frame *f, const struct dgl_chart_group *g,
                           uint32_t series, uint32_t i)
{
    const struct dgl_chart_series *s = &g->series[series];
    double v = value_at(s, i), x;
    if (isnan(v))
        return (struct spot){0};
    if (g->stack != DGL_CHART_CLUSTERED)
        v = chart_stacked(g, series, i);
    double y = part_of(&f->scale[g->second], v);
    y = p->c->value[g->second].reversed ? 1 - y : y;
    if (chart_has_x(g->kind)) {
        double at = s->x ? s->x[i] : i + 1;
        if (isnan(at))
            return (struct spot){0};
        x = part_of(&f->x_scale, at);
    } else if (g->kind == DGL_CHART_AREA) { // areas reach from edge to edge
        x = f->slots > 1 ? i / (double)(f->slots - 1) : 0.5;
    } else {
        x = (i + 0.5) / f->slots;
    }
    return (struct spot){f->x + (p->c->category.reversed ? 1 - x : x) * f->w, f->y + (1 - y) * f->h, true};
}

// A curve through the points: each piece's control points follow its neighbours.
static void put_piece(struct chart_pen *p, struct dgl_art_path *path, const struct spot *s, uint32_t n, uint32_t i,
                      bool smooth)
{
    if (!smooth) {
        dgl_path_line(p->art, path, s[i].x, s[i].y);
        return;
    }
    const struct spot *a = &s[i - 1], *b = &s[i], *before = i >= 2 && s[i - 2].there ? &s[i - 2] : a,
                      *after = i + 1 < n && s[i + 1].there ? &s[i + 1] : b;
    dgl_path_curve(p->art, path, a->x + (b->x - before->x) / 6, a->y + (b->y - before->y) / 6,
                   b->x - (after->x - a->x) / 6, b->y - (after->y - a->y) / 6, b->x, b->y);
}

static void put_marks(struct chart_pen *p, const struct dgl_chart_group *g, uint32_t series, const struct spot *spots,
                      uint32_t n)
{
    const struct dgl_chart_series *s = &g->series[series];
    for (uint32_t i = 0; i < n; i++) {
        if (!spots[i].there)
            continue;
        if (s->marker)
            chart_mark(p, spots[i].x, spots[i].y, 2500, chart_color(p, g, series, i));
        if (has_labels(s))
            chart_text(p, join(p, s, i, 0), &s->labels.look, spots[i].x, spots[i].y - 4500, DGL_ART_MIDDLE, 0);
    }
}

static void put_line(struct chart_pen *p, const struct chart_frame *f, const struct dgl_chart_group *g, uint32_t series)
{
    const struct dgl_chart_series *s = &g->series[series];
    struct spot *spots = dgl_arena_alloc_try(p->env->arena, (s->count + 1) * sizeof(*spots));
    bool line = !s->no_line && (g->kind != DGL_CHART_SCATTER || g->lines);
    struct dgl_art_item *item = line && spots ? dgl_art_add(p->art, DGL_ART_PATH) : NULL;
    if (!spots)
        return;
    for (uint32_t i = 0; i < s->count; i++) {
        spots[i] = spot_of(p, f, g, series, i);
        if (!item || !spots[i].there)
            continue;
        if (i && spots[i - 1].there)
            put_piece(p, &item->path, spots, i + 1, i, s->smooth);
        else
            dgl_path_move(p->art, &item->path, spots[i].x, spots[i].y);
    }
    if (item) {
        item->line = s->line.kind == DGL_ART_SOLID ? s->line : chart_color(p, g, series, UINT32_MAX);
        item->stroke.width = s->line_width;
        item->stroke.join = DGL_ART_JOIN_ROUND;
        item->stroke.cap = DGL_ART_ROUND;
    }
    put_marks(p, g, series, spots, s->count);
}

// ---- Bubbles ----

static double largest_size(const struct dgl_chart_group *g)
{
    double largest = 0;
    for (uint32_t k = 0; k < g->series_count; k++)
        for (uint32_t i = 0; i < g->series[k].count && g->series[k].sizes; i++)
            largest = isnan(g->series[k].sizes[i]) ? largest : fmax(largest, g->series[k].sizes[i]);
    return largest;
}

// The largest bubble is a quarter of the plot wide (as Word draws it); what has no size above zero is not shown.
static void put_bubbles(struct chart_pen *p, const struct chart_frame *f, const struct dgl_chart_group *g)
{
    double largest = largest_size(g), most = fmin(f->w, f->h) / 8 * g->bubble_scale / 100;
    for (uint32_t k = 0; k < g->series_count; k++)
        for (uint32_t i = 0; i < g->series[k].count; i++) {
            const struct dgl_chart_series *s = &g->series[k];
            struct spot at = spot_of(p, f, g, k, i);
            double share = !s->sizes ? 1 : largest > 0 ? s->sizes[i] / largest : 0;
            if (!at.there || !(share > 0))
                continue;
            chart_mark(p, at.x, at.y, most * (g->diameters ? share : sqrt(share)), chart_color(p, g, k, i));
            if (s->line.kind == DGL_ART_SOLID && p->art->last) {
                p->art->last->line = s->line;
                p->art->last->stroke.width = s->line_width;
            }
            if (has_labels(s))
                chart_text(p, join(p, s, i, 0), &s->labels.look, at.x, at.y + s->labels.look.size * 0.35,
                           DGL_ART_MIDDLE, 0);
        }
}

// ---- Between the series ----

// A line from the lowest value of a category to the highest, a box from the first series' value to the last one's.
static void put_between(struct chart_pen *p, const struct chart_frame *f, const struct dgl_chart_group *g)
{
    double width = f->w / f->slots / (1 + g->up_down_gap / 100.0);
    for (uint32_t i = 0; i < f->slots && g->series_count; i++) {
        double top = INFINITY, bottom = -INFINITY;
        struct spot first = spot_of(p, f, g, 0, i), last = spot_of(p, f, g, g->series_count - 1, i), at = first;
        for (uint32_t k = 0; k < g->series_count; k++) {
            struct spot s = spot_of(p, f, g, k, i);
            if (!s.there)
                continue;
            at = s;
            top = fmin(top, s.y);
            bottom = fmax(bottom, s.y);
        }
        if (g->high_low.kind != DGL_ART_NONE && top < bottom)
            chart_line(p, at.x, top, at.x, bottom, g->high_low.rgb, 750);
        if (!g->up_down || !first.there || !last.there)
            continue;
        bool up = last.y <= first.y;
        struct dgl_art_item *box =
            chart_rect(p, at.x - width / 2, fmin(first.y, last.y), width, fabs(first.y - last.y), up ? g->up : g->down);
        if (box) {
            box->line = up ? g->up_line : g->down_line;
            box->stroke.width = 750;
        }
    }
}

static void put_area(struct chart_pen *p, const struct chart_frame *f, const struct dgl_chart_group *g, uint32_t series)
{
    const struct dgl_chart_series *s = &g->series[series];
    struct dgl_art_item *item = dgl_art_add(p->art, DGL_ART_PATH);
    double zero = f->y + (1 - fmax(0, part_of(&f->scale[g->second], 0))) * f->h;
    bool stacked = g->stack != DGL_CHART_CLUSTERED && series > 0;
    if (!item || s->count == 0)
        return;
    struct spot at = {0};
    for (uint32_t i = 0; i < s->count; i++) {
        struct spot next = spot_of(p, f, g, series, i);
        if (!next.there)
            continue;
        if (!at.there && !stacked)
            dgl_path_move(p->art, &item->path, next.x, zero);
        dgl_path_line(p->art, &item->path, next.x, next.y);
        at = next;
    }
    if (stacked) {
        for (uint32_t i = g->series[series - 1].count; i-- > 0;) {
            struct spot below = spot_of(p, f, g, series - 1, i);
            if (below.there)
                dgl_path_line(p->art, &item->path, below.x, below.y);
        }
    } else if (at.there) {
        dgl_path_line(p->art, &item->path, at.x, zero);
    }
    dgl_path_close(p->art, &item->path);
    item->fill = chart_color(p, g, series, UINT32_MAX);
}

void chart_plot_groups(struct chart_pen *p, const struct chart_frame *f)
{
    static const enum dgl_chart_kind order[] = {DGL_CHART_AREA, DGL_CHART_BAR, DGL_CHART_LINE, DGL_CHART_SCATTER,
                                                DGL_CHART_BUBBLE};
    for (size_t o = 0; o < DGL_COUNT(order); o++)
        for (uint32_t k = 0; k < p->c->group_count; k++) {
            const struct dgl_chart_group *g = &p->c->groups[k];
            if (g->kind != order[o])
                continue;
            if (g->kind == DGL_CHART_BAR) {
                put_bars(p, f, g);
                continue;
            }
            if (g->kind == DGL_CHART_BUBBLE) {
                put_bubbles(p, f, g);
                continue;
            }
            if (g->kind == DGL_CHART_LINE && (g->up_down || g->high_low.kind != DGL_ART_NONE))
                put_between(p, f, g);
            for (uint32_t i = 0; i < g->series_count; i++) {
                if (g->kind == DGL_CHART_AREA)
                    put_area(p, f, g, i);
                else
                    put_line(p, f, g, i);
            }
        }
}

// ---- Pies and rings ----

static void put_slice(struct chart_pen *p, const struct dgl_chart_group *g, uint32_t series, uint32_t i, double cx,
                      double cy, double outer, double inner, double from, double share)
{
    struct dgl_art_item *item = dgl_art_add(p->art, DGL_ART_PATH);
    double sweep = share * 2 * M_PI;
    if (!item)
        return;
    dgl_path_arc(p->art, &item->path, cx, cy, outer, outer, from, sweep, true);
    if (inner > 0)
        dgl_path_line(p->art, &item->path, cx + inner * cos(from + sweep), cy + inner * sin(from + sweep));
    else
        dgl_path_line(p->art, &item->path, cx, cy);
    if (inner > 0)
        dgl_path_arc(p->art, &item->path, cx, cy, inner, inner, from + sweep, -sweep, false);
    dgl_path_close(p->art, &item->path);
    item->fill = chart_color(p, g, series, i);
    item->line = g->series[series].line.kind == DGL_ART_SOLID ? g->series[series].line : dgl_art_solid(0xFFFFFF, 1);
    item->stroke.width = g->series[series].line.kind == DGL_ART_SOLID ? g->series[series].line_width : 1000;
    item->stroke.join = DGL_ART_JOIN_ROUND;
}

static void put_slice_label(struct chart_pen *p, const struct dgl_chart_series *s, uint32_t i, double cx, double cy,
                            double outer, double inner, double from, double share)
{
    struct dgl_str text = join(p, s, i, share);
    double middle = from + share * M_PI, size = s->labels.look.size;
    bool fits = chart_text_width(p, text, &s->labels.look) < share * 2 * M_PI * outer * 0.65 && share > 0.04;
    double r = inner > 0 ? (inner + outer) / 2 : fits ? outer * 0.65 : outer + size * 0.8;
    double x = cx + r * cos(middle), y = cy + r * sin(middle) + size * 0.35;
    enum dgl_art_anchor anchor = fits || inner > 0 ? DGL_ART_MIDDLE : cos(middle) < 0 ? DGL_ART_END : DGL_ART_START;
    chart_text(p, text, &s->labels.look, x, y, anchor, 0);
}

void chart_plot_pie(struct chart_pen *p, const struct dgl_chart_group *g, double x, double y, double w, double h)
{
    bool labels = g->series_count && has_labels(&g->series[0]);
    double outer = fmax(fmin(w, h) / 2 - (labels ? g->series[0].labels.look.size * 1.5 : 2000), 1000);
    uint32_t rings = g->hole ? DGL_MAX(g->series_count, 1u) : DGL_MIN(g->series_count, 1u);
    double hole = g->hole ? outer * g->hole / 100 : 0, ring = rings ? (outer - hole) / rings : 0;
    for (uint32_t k = 0; k < rings && k < g->series_count; k++) {
        const struct dgl_chart_series *s = &g->series[k];
        double sum = 0, from = -M_PI / 2 + g->first_angle * M_PI / 180;
        for (uint32_t i = 0; i < s->count; i++)
            sum += isnan(s->values[i]) ? 0 : fabs(s->values[i]);
        double in = hole + ring * k, out = g->hole ? in + ring : outer;
        for (unsigned pass = 0; pass < 2; pass++) { // labels over all slices
            double at = from;
            for (uint32_t i = 0; i < s->count && sum > 0; i++) {
                double share = isnan(s->values[i]) ? 0 : fabs(s->values[i]) / sum;
                if (pass == 0 && share > 0)
                    put_slice(p, g, k, i, x + w / 2, y + h / 2, out, g->hole ? in : 0, at, share);
                else if (pass == 1 && share > 0 && has_labels(s))
                    put_slice_label(p, s, i, x + w / 2, y + h / 2, out, g->hole ? in : 0, at, share);
                at += share * 2 * M_PI;
            }
        }
    }
}
