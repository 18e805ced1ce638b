// Radar charts: a spoke for each category, from twelve o'clock on; the value axis stands on the first.
#include "render/layout/chart.h"

#include <math.h>

#define GAP 4000.0 // mpt between a label and what it labels

struct web {
    const struct dgl_chart_group *group;
    double x, y, r; // middle and radius
    uint32_t spokes;
    struct chart_scale scale;
};

static double angle_of(const struct web *w, uint32_t spoke)
{
    return -M_PI / 2 + 2 * M_PI * spoke / w->spokes;
}

static double reach_of(const struct web *w, double v)
{
    return w->r * fmax(0, fmin((v - w->scale.min) / (w->scale.max - w->scale.min), 1));
}

static void put_ring(struct chart_pen *p, const struct web *w, double reach)
{
    struct dgl_art_item *item = dgl_art_add(p->art, DGL_ART_PATH);
    if (!item)
        return;
    for (uint32_t i = 0; i < w->spokes; i++)
        dgl_path_line(p->art, &item->path, w->x + reach * cos(angle_of(w, i)), w->y + reach * sin(angle_of(w, i)));
    dgl_path_close(p->art, &item->path);
    item->line = dgl_art_solid(CHART_GRID, 1);
    item->stroke.width = 750;
}

static void put_web(struct chart_pen *p, const struct web *w)
{
    const struct dgl_chart_axis *a = &p->c->value[0];
    unsigned ticks = chart_ticks_of(&w->scale);
    for (unsigned i = 1; i < ticks && a->gridlines; i++)
        put_ring(p, w, reach_of(w, w->scale.min + i * w->scale.major));
    for (uint32_t i = 0; i < w->spokes && a->shown; i++)
        chart_line(p, w->x, w->y, w->x + w->r * cos(angle_of(w, i)), w->y + w->r * sin(angle_of(w, i)), CHART_AXIS,
                   750);
}

static void put_web_labels(struct chart_pen *p, const struct web *w)
{
    const struct dgl_chart_axis *a = &p->c->value[0], *c = &p->c->category;
    const struct dgl_chart_series *named = chart_labelled(p->c);
    struct dgl_str format = chart_axis_format(p->c, 0);
    for (unsigned i = 0; i < chart_ticks_of(&w->scale) && a->shown && a->labels; i++) {
        double v = w->scale.min + i * w->scale.major;
        chart_text(p, chart_value_label(p, v, format), &a->look, w->x - GAP,
                   w->y - reach_of(w, v) + a->look.size * 0.35, DGL_ART_END, 0);
    }
    for (uint32_t i = 0; i < w->spokes && c->labels; i++) {
        double angle = angle_of(w, i), side = cos(angle), size = c->look.size, reach = w->r + GAP + size * 0.4;
        enum dgl_art_anchor anchor = fabs(side) < 0.05 ? DGL_ART_MIDDLE : side < 0 ? DGL_ART_END : DGL_ART_START;
        chart_text(p, chart_category(p, named, i), &c->look, w->x + reach * side,
                   w->y + reach * sin(angle) + size * 0.35, anchor, 0);
    }
}

// What has no value is left out, and the line goes to the next one.
static void put_series(struct chart_pen *p, const struct web *w, uint32_t series)
{
    const struct dgl_chart_series *s = &w->group->series[series];
    struct dgl_art_paint color = chart_color(p, w->group, series, UINT32_MAX);
    struct dgl_art_item *item = dgl_art_add(p->art, DGL_ART_PATH);
    for (uint32_t i = 0; i < s->count && item; i++)
        if (!isnan(s->values[i])) {
            double reach = reach_of(w, s->values[i]), angle = angle_of(w, i);
            dgl_path_line(p->art, &item->path, w->x + reach * cos(angle), w->y + reach * sin(angle));
        }
    if (!item || item->path.op_count == 0)
        return;
    dgl_path_close(p->art, &item->path);
    if (w->group->filled)
        item->fill = color;
    else if (!s->no_line)
        item->line = s->line.kind == DGL_ART_SOLID ? s->line : color;
    item->stroke.width = s->line_width;
    item->stroke.join = DGL_ART_JOIN_ROUND;
    for (uint32_t i = 0; i < s->count && s->marker && !w->group->filled; i++)
        if (!isnan(s->values[i]))
            chart_mark(p, w->x + reach_of(w, s->values[i]) * cos(angle_of(w, i)),
                       w->y + reach_of(w, s->values[i]) * sin(angle_of(w, i)), 2500,
                       chart_color(p, w->group, series, i));
}

void chart_plot_radar(struct chart_pen *p, const struct dgl_chart_group *g, const double room[4])
{
    struct web w = {.group = g, .x = room[0] + room[2] / 2, .y = room[1] + room[3] / 2};
    const struct dgl_chart_series *named = chart_labelled(p->c);
    double low, high, widest = 0, line = p->c->category.look.size * 1.25 + GAP;
    w.spokes = named ? named->category_count : 0;
    for (uint32_t i = 0; i < g->series_count; i++)
        w.spokes = DGL_MAX(w.spokes, g->series[i].count);
    if (w.spokes == 0)
        return;
    for (uint32_t i = 0; i < w.spokes; i++)
        widest = fmax(widest, chart_text_width(p, chart_category(p, named, i), &p->c->category.look));
    w.r = fmax(fmin(room[3] / 2 - line, room[2] / 2 - fmin(widest, room[2] / 4) - GAP), 1000);
    chart_range_of(p->c, false, &low, &high);
    w.scale = chart_scale_of(&p->c->value[0], low, high, (unsigned)fmax(2, fmin(w.r / 16000, 10)));
    put_web(p, &w);
    for (uint32_t i = 0; i < g->series_count; i++)
        put_series(p, &w, i);
    put_web_labels(p, &w);
}
