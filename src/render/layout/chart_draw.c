// The chart's frame: title, legend, axes and their labels around the plot. Texts are measured before they are placed.
#include "render/layout/chart.h"

#include "render/layout/label.h"

#include <math.h>
#include <string.h>

#define EDGE 6000.0  // mpt around everything
#define GAP 4000.0   // between a label and what it labels
#define LEADING 1.25 // of lines of text, in sizes

// ---- Pieces ----

static struct dgl_art_text *new_text(struct chart_pen *p, struct dgl_str text, const struct dgl_chart_text *look)
{
    struct dgl_art_text *t = dgl_arena_alloc_try(p->env->arena, sizeof(*t));
    if (!t)
        return NULL;
    t->text = text;
    t->bold = look->bold;
    t->size = look->size;
    t->rgb = look->rgb;
    t->alpha = 1;
    t->m = DGL_MATRIX_ONE;
    return t;
}

double chart_text_width(struct chart_pen *p, struct dgl_str text, const struct dgl_chart_text *look)
{
    struct dgl_art_text *t = text.len ? new_text(p, text, look) : NULL;
    return t ? dgl_label_width(p->env, t) : 0;
}

void chart_text(struct chart_pen *p, struct dgl_str text, const struct dgl_chart_text *look, double x, double y,
                enum dgl_art_anchor anchor, double turn)
{
    struct dgl_art_text *t = text.len && p->status == DGL_OK ? new_text(p, text, look) : NULL;
    struct dgl_art_item *item = t ? dgl_art_add(p->art, DGL_ART_TEXT) : NULL;
    if (!item)
        return;
    t->anchor = anchor;
    t->m = dgl_matrix_join((struct dgl_matrix){1, 0, 0, 1, x, y}, dgl_matrix_turn(turn, 0, 0));
    item->text = t;
    p->status = dgl_label_set(p->env, t, p->err);
}

void chart_line(struct chart_pen *p, double x0, double y0, double x1, double y1, uint32_t rgb, double width)
{
    struct dgl_art_item *item = dgl_art_add(p->art, DGL_ART_PATH);
    if (!item)
        return;
    dgl_path_move(p->art, &item->path, x0, y0);
    dgl_path_line(p->art, &item->path, x1, y1);
    item->line = dgl_art_solid(rgb, 1);
    item->stroke.width = (float)width;
}

struct dgl_art_item *chart_rect(struct chart_pen *p, double x, double y, double w, double h, struct dgl_art_paint fill)
{
    struct dgl_art_item *item = dgl_art_add(p->art, DGL_ART_PATH);
    if (!item)
        return NULL;
    dgl_path_rect(p->art, &item->path, x, y, w, h);
    item->fill = fill;
    return item;
}

void chart_mark(struct chart_pen *p, double x, double y, double r, struct dgl_art_paint fill)
{
    struct dgl_art_item *item = dgl_art_add(p->art, DGL_ART_PATH);
    if (!item)
        return;
    dgl_path_ellipse(p->art, &item->path, x, y, r, r);
    item->fill = fill;
}

struct dgl_art_paint chart_color(const struct chart_pen *p, const struct dgl_chart_group *g, uint32_t series,
                                 uint32_t point)
{
    static const char *const names[] = {"accent1", "accent2", "accent3", "accent4", "accent5", "accent6"};
    const struct dgl_chart_series *s = &g->series[series];
    bool by_point = g->vary && (g->kind == DGL_CHART_PIE || g->series_count == 1) && point != UINT32_MAX &&
                    g->kind != DGL_CHART_LINE && g->kind != DGL_CHART_AREA && g->kind != DGL_CHART_SCATTER &&
                    g->kind != DGL_CHART_RADAR;
    if (s->point_colors && point < s->count && s->point_colors[point] != UINT32_MAX)
        return dgl_art_solid(s->point_colors[point], 1);
    if (s->fill.kind != DGL_ART_NONE && !(by_point && g->kind == DGL_CHART_PIE))
        return s->fill;
    uint32_t earlier = 0;
    for (uint32_t i = 0; i < p->c->group_count && &p->c->groups[i] != g; i++)
        earlier += p->c->groups[i].series_count;
    uint32_t index = by_point ? point : series + earlier;
    uint32_t rgb = dgl_theme_color(&p->env->doc->sheet->theme, dgl_str_of(names[index % 6]));
    return dgl_art_solid(dgl_color_shade(rgb, index / 6 % 3 == 1 ? -35 : index / 6 % 3 == 2 ? 35 : 0), 1);
}

// ---- Ranges ----

double chart_stacked(const struct dgl_chart_group *g, uint32_t series, uint32_t point)
{
    double sum = 0, all = 0, own = 0;
    for (uint32_t i = 0; i < g->series_count; i++) {
        double v = point < g->series[i].count ? g->series[i].values[point] : NAN;
        v = isnan(v) ? 0 : v;
        all += fabs(v);
        if (i == series)
            own = v;
    }
    for (uint32_t i = 0; i <= series && i < g->series_count; i++) {
        double v = point < g->series[i].count ? g->series[i].values[point] : NAN;
        if (!isnan(v) && (v < 0) == (own < 0)) // what is below zero stacks downwards
            sum += v;
    }
    return g->stack == DGL_CHART_PERCENT ? all > 0 ? sum / all : 0 : sum;
}

void chart_range_of(const struct dgl_chart *c, bool second, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (uint32_t k = 0; k < c->group_count; k++) {
        const struct dgl_chart_group *g = &c->groups[k];
        if (g->second != second)
            continue;
        for (uint32_t i = 0; i < g->series_count; i++)
            for (uint32_t n = 0; n < g->series[i].count; n++) {
                double v = g->series[i].values[n];
                if (!isnan(v) && g->stack != DGL_CHART_CLUSTERED)
                    v = chart_stacked(g, i, n);
                if (isnan(v))
                    continue;
                *low = fmin(*low, v);
                *high = fmax(*high, v);
            }
        if (g->kind == DGL_CHART_BAR || g->kind == DGL_CHART_AREA || g->stack != DGL_CHART_CLUSTERED) {
            *low = fmin(*low, 0);
            *high = fmax(*high, 0);
        }
    }
}

static void x_range_of(const struct dgl_chart *c, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (uint32_t k = 0; k < c->group_count; k++)
        for (uint32_t i = 0; i < c->groups[k].series_count; i++) {
            const struct dgl_chart_series *s = &c->groups[k].series[i];
            for (uint32_t n = 0; n < s->count; n++) {
                double x = s->x ? s->x[n] : n + 1;
                if (isnan(x))
                    continue;
                *low = fmin(*low, x);
                *high = fmax(*high, x);
            }
        }
}

const struct dgl_chart_series *chart_labelled(const struct dgl_chart *c)
{
    for (uint32_t k = 0; k < c->group_count; k++)
        for (uint32_t i = 0; i < c->groups[k].series_count; i++)
            if (c->groups[k].series[i].category_count)
                return &c->groups[k].series[i];
    return NULL;
}

struct dgl_str chart_category(struct chart_pen *p, const struct dgl_chart_series *s, uint32_t i)
{
    if (s && i < s->category_count)
        return s->categories[i];
    char *number = s ? NULL : dgl_arena_printf(p->env->arena, "%u", i + 1);
    return dgl_str_of(number);
}

struct dgl_str chart_value_label(struct chart_pen *p, double v, struct dgl_str format)
{
    char text[64];
    chart_format(v, format, text, sizeof(text));
    return dgl_str_of(dgl_arena_strdup(p->env->arena, text));
}

struct dgl_str chart_axis_format(const struct dgl_chart *c, unsigned axis)
{
    if (c->value[axis].format.len)
        return c->value[axis].format;
    for (uint32_t k = 0; k < c->group_count; k++)
        if (c->groups[k].second == (axis == 1) && c->groups[k].series_count)
            return c->groups[k].stack == DGL_CHART_PERCENT ? DGL_STR("0%") : c->groups[k].series[0].format;
    return (struct dgl_str){"", 0};
}

// ---- Legend ----

struct entry {
    struct dgl_str text;
    struct dgl_art_paint paint;
    bool line;
};

static uint32_t entries_of(struct chart_pen *p, struct entry *list, uint32_t max)
{
    const struct dgl_chart *c = p->c;
    uint32_t n = 0;
    for (uint32_t k = 0; k < c->group_count; k++) {
        const struct dgl_chart_group *g = &c->groups[k];
        bool points = g->vary && g->series_count &&
                      (g->kind == DGL_CHART_PIE ||
                       (g->kind == DGL_CHART_BAR && g->series_count == 1 && g->series[0].fill.kind == DGL_ART_NONE));
        if (points) {
            for (uint32_t i = 0; i < g->series[0].count && n < max; i++)
                list[n++] = (struct entry){chart_category(p, g->series[0].category_count ? &g->series[0] : NULL, i),
                                           chart_color(p, g, 0, i), false};
            continue;
        }
        for (uint32_t i = 0; i < g->series_count && n < max; i++)
            list[n++] = (struct entry){g->series[i].name, chart_color(p, g, i, UINT32_MAX),
                                       g->kind == DGL_CHART_LINE || g->kind == DGL_CHART_SCATTER ||
                                           (g->kind == DGL_CHART_RADAR && !g->filled)};
    }
    return n;
}

static void put_entry(struct chart_pen *p, const struct entry *e, double x, double middle)
{
    double size = p->c->look.size, box = size * 0.6;
    if (e->line)
        chart_line(p, x, middle, x + box * 2, middle, e->paint.rgb, 2250);
    else
        chart_rect(p, x, middle - box / 2, box, box, e->paint);
    chart_text(p, e->text, &p->c->look, x + (e->line ? box * 2 : box) + GAP, middle + size * 0.35, DGL_ART_START, 0);
}

// Takes its room from the frame: x, y, w, h.
static void put_legend(struct chart_pen *p, double room[4])
{
    struct entry list[DGL_CHART_MAX_SERIES];
    uint32_t n = entries_of(p, list, DGL_COUNT(list));
    double size = p->c->look.size, line = size * LEADING * 1.15, widest = 0, total = 0;
    double widths[DGL_CHART_MAX_SERIES];
    for (uint32_t i = 0; i < n; i++) {
        widths[i] = chart_text_width(p, list[i].text, &p->c->look) + size * (list[i].line ? 1.2 : 0.6) + GAP;
        widest = fmax(widest, widths[i]);
        total += widths[i] + (i ? size : 0);
    }
    if (n == 0)
        return;
    if (p->c->legend_side == DGL_CHART_LEFT || p->c->legend_side == DGL_CHART_RIGHT) {
        double w = fmin(widest, room[2] * 0.5), y = room[1] + (room[3] - n * line) / 2 + line / 2;
        double x = p->c->legend_side == DGL_CHART_LEFT ? room[0] : room[0] + room[2] - w;
        for (uint32_t i = 0; i < n; i++, y += line)
            if (y < room[1] + room[3])
                put_entry(p, &list[i], x, y);
        room[2] -= w + 2 * GAP;
        if (p->c->legend_side == DGL_CHART_LEFT)
            room[0] += w + 2 * GAP;
        return;
    }
    uint32_t rows = 0, first = 0;
    double used[DGL_CHART_MAX_SERIES] = {0};
    uint32_t row_of[DGL_CHART_MAX_SERIES];
    for (uint32_t i = 0; i < n; i++) {
        if (rows == 0 || used[rows - 1] + size + widths[i] > room[2]) {
            used[rows++] = widths[i];
            first = i;
        } else {
            used[rows - 1] += size + widths[i];
        }
        row_of[i] = rows - 1;
    }
    (void)first;
    double h = rows * line, top = p->c->legend_side == DGL_CHART_TOP ? room[1] : room[1] + room[3] - h, x = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || row_of[i] != row_of[i - 1])
            x = room[0] + (room[2] - used[row_of[i]]) / 2;
        put_entry(p, &list[i], x, top + row_of[i] * line + line / 2);
        x += widths[i] + size;
    }
    room[3] -= h + GAP;
    if (p->c->legend_side == DGL_CHART_TOP)
        room[1] += h + GAP;
}

// ---- Axes ----

unsigned chart_ticks_of(const struct chart_scale *s)
{
    return (unsigned)fmin(floor((s->max - s->min) / s->major + 1e-6) + 1, 220);
}

static double widest_value(struct chart_pen *p, const struct dgl_chart_axis *a, const struct chart_scale *s,
                           struct dgl_str format)
{
    double w = 0;
    if (!a->shown || !a->labels)
        return 0;
    for (unsigned i = 0; i < chart_ticks_of(s); i++)
        w = fmax(w, chart_text_width(p, chart_value_label(p, s->min + i * s->major, format), &a->look));
    return w + GAP;
}

// Places along a scale, in parts of it.
static double part_of(const struct chart_scale *s, double v)
{
    return (v - s->min) / (s->max - s->min);
}

static void put_value_axis(struct chart_pen *p, const struct chart_frame *f, unsigned index)
{
    const struct dgl_chart_axis *a = &p->c->value[index];
    const struct chart_scale *s = &f->scale[index];
    struct dgl_str format = chart_axis_format(p->c, index);
    for (unsigned i = 0; i < chart_ticks_of(s); i++) {
        double v = s->min + i * s->major, part = part_of(s, v);
        part = a->reversed ? 1 - part : part;
        double x = f->x + part * f->w, y = f->y + (1 - part) * f->h;
        if (a->gridlines && index == 0)
            chart_line(p, f->across ? x : f->x, f->across ? f->y : y, f->across ? x : f->x + f->w,
                       f->across ? f->y + f->h : y, CHART_GRID, 750);
        if (!a->shown || !a->labels)
            continue;
        struct dgl_str label = chart_value_label(p, fabs(v) < s->major * 1e-9 ? 0 : v, format);
        if (f->across)
            chart_text(p, label, &a->look, x, f->y + f->h + GAP + a->look.size, DGL_ART_MIDDLE, 0);
        else
            chart_text(p, label, &a->look, index ? f->x + f->w + GAP : f->x - GAP, y + a->look.size * 0.35,
                       index ? DGL_ART_START : DGL_ART_END, 0);
    }
}

// Words of a label in lines no wider than `room`; with y = NAN nothing is drawn. Returns the number of lines.
static unsigned put_wrapped(struct chart_pen *p, struct dgl_str text, const struct dgl_chart_text *look, double room,
                            double x, double y)
{
    unsigned lines = 0;
    while (text.len && lines < 6) {
        size_t end = text.len, fits = 0;
        for (size_t i = 0; i <= text.len; i++)
            if (i == text.len || text.data[i] == ' ') {
                if (fits && chart_text_width(p, (struct dgl_str){text.data, i}, look) > room)
                    break;
                fits = i;
            }
        end = fits;
        if (!isnan(y))
            chart_text(p, (struct dgl_str){text.data, end}, look, x, y + lines * (double)look->size * LEADING,
                       DGL_ART_MIDDLE, 0);
        lines++;
        end += end < text.len;
        text.data += end;
        text.len -= end;
    }
    return lines;
}

// Width of the widest word.
static double widest_word(struct chart_pen *p, uint32_t slots)
{
    const struct dgl_chart_series *s = chart_labelled(p->c);
    double w = 0;
    for (uint32_t i = 0; i < slots; i++) {
        struct dgl_str text = chart_category(p, s, i);
        for (size_t at = 0, from = 0; at <= text.len; at++)
            if (at == text.len || text.data[at] == ' ') {
                w = fmax(w, chart_text_width(p, (struct dgl_str){text.data + from, at - from}, &p->c->category.look));
                from = at + 1;
            }
    }
    return w;
}

static void put_category_axis(struct chart_pen *p, const struct chart_frame *f, bool turned)
{
    const struct dgl_chart_axis *a = &p->c->category;
    const struct dgl_chart_series *s = chart_labelled(p->c);
    double zero = fmax(0, fmin(part_of(&f->scale[0], 0), 1)), size = a->look.size;
    if (p->c->value[0].reversed)
        zero = 1 - zero;
    if (a->shown) {
        if (f->across)
            chart_line(p, f->x + zero * f->w, f->y, f->x + zero * f->w, f->y + f->h, CHART_AXIS, 750);
        else
            chart_line(p, f->x, f->y + (1 - zero) * f->h, f->x + f->w, f->y + (1 - zero) * f->h, CHART_AXIS, 750);
    }
    if (!a->shown || !a->labels)
        return;
    double slot = (f->across ? f->h : f->w) / f->slots;
    uint32_t step =
        (uint32_t)fmax(1, ceil(size * 1.1 / fmax(slot, 1))); // labels that would overlap are left out, as Word does
    for (uint32_t i = 0; i < f->slots; i += step) {
        double at = (a->reversed ? f->slots - 1 - i : i) + 0.5;
        struct dgl_str text = chart_category(p, s, i);
        if (f->across)
            chart_text(p, text, &a->look, f->x - GAP, f->y + f->h - at * slot + size * 0.35, DGL_ART_END, 0);
        else if (turned)
            chart_text(p, text, &a->look, f->x + at * slot + size * 0.3, f->y + f->h + GAP + size * 0.6, DGL_ART_END,
                       -M_PI / 4);
        else
            put_wrapped(p, text, &a->look, slot, f->x + at * slot, f->y + f->h + GAP + size);
    }
}

static void put_x_axis(struct chart_pen *p, const struct chart_frame *f)
{
    const struct dgl_chart_axis *a = &p->c->category;
    const struct chart_scale *s = &f->x_scale;
    for (unsigned i = 0; i < chart_ticks_of(s); i++) {
        double v = s->min + i * s->major, x = f->x + part_of(s, v) * f->w;
        if (a->gridlines)
            chart_line(p, x, f->y, x, f->y + f->h, CHART_GRID, 750);
        if (a->shown && a->labels)
            chart_text(p, chart_value_label(p, v, a->format), &a->look, x, f->y + f->h + GAP + a->look.size,
                       DGL_ART_MIDDLE, 0);
    }
    if (a->shown)
        chart_line(p, f->x, f->y + f->h, f->x + f->w, f->y + f->h, CHART_AXIS, 750);
}

// ---- The whole ----

static double widest_category(struct chart_pen *p, uint32_t slots)
{
    const struct dgl_chart_series *s = chart_labelled(p->c);
    double w = 0;
    for (uint32_t i = 0; i < slots; i++)
        w = fmax(w, chart_text_width(p, chart_category(p, s, i), &p->c->category.look));
    return w;
}

static void put_axis_titles(struct chart_pen *p, double room[4], bool across)
{
    const struct dgl_chart_text *below = across ? &p->c->value[0].title : &p->c->category.title,
                                *beside = across ? &p->c->category.title : &p->c->value[0].title;
    if (below->text.len) {
        room[3] -= below->size * LEADING + GAP;
        chart_text(p, below->text, below, room[0] + room[2] / 2, room[1] + room[3] + below->size + GAP, DGL_ART_MIDDLE,
                   0);
    }
    if (beside->text.len) {
        chart_text(p, beside->text, beside, room[0] + beside->size, room[1] + room[3] / 2, DGL_ART_MIDDLE, -M_PI / 2);
        room[0] += beside->size * LEADING + GAP;
        room[2] -= beside->size * LEADING + GAP;
    }
}

static void put_plot(struct chart_pen *p, double room[4], double w, double h)
{
    const struct dgl_chart *c = p->c;
    bool scatter = chart_has_x(c->groups[0].kind), turned = false;
    struct chart_frame f = {.across = c->groups[0].kind == DGL_CHART_BAR && c->groups[0].across};
    double low, high;
    for (uint32_t k = 0; k < c->group_count; k++)
        for (uint32_t i = 0; i < c->groups[k].series_count; i++)
            f.slots = DGL_MAX(f.slots, DGL_MAX(c->groups[k].series[i].count, c->groups[k].series[i].category_count));
    f.slots = DGL_MAX(f.slots, 1u);
    put_axis_titles(p, room, f.across);
    unsigned steps = (unsigned)fmax(2, fmin((f.across ? room[2] / 30000 : room[3] / 22000), 10));
    for (unsigned i = 0; i < 2; i++) {
        chart_range_of(c, i == 1, &low, &high);
        f.scale[i] = chart_scale_of(&c->value[i], low, high, steps);
        if (high == 1 && c->groups[0].stack == DGL_CHART_PERCENT && !c->value[i].has_max) // all of it, and no more
            f.scale[i].max = 1;
    }
    x_range_of(c, &low, &high);
    if (scatter)
        f.x_scale = chart_scale_of(&c->category, low, high, (unsigned)fmax(2, fmin(room[2] / 45000, 9)));
    double values = widest_value(p, &c->value[0], &f.scale[0], chart_axis_format(c, 0)), categories = 0;
    double label_line = c->category.shown && c->category.labels ? c->category.look.size * LEADING + GAP : 0;
    if (!scatter && label_line > 0)
        categories = widest_category(p, f.slots);
    double left = f.across ? fmin(categories + GAP, room[2] * 0.45) : values;
    double bottom = f.across ? c->value[0].shown ? c->value[0].look.size * LEADING + GAP : 0 : label_line;
    if (!f.across && !scatter && categories > (room[2] - left) / f.slots * 0.98 && label_line > 0) {
        double slot = (room[2] - left) / f.slots;
        unsigned lines = 0;
        for (uint32_t i = 0; i < f.slots; i++)
            lines = DGL_MAX(lines,
                            put_wrapped(p, chart_category(p, chart_labelled(c), i), &c->category.look, slot, 0, NAN));
        turned = widest_word(p, f.slots) > slot || lines * (double)c->category.look.size * LEADING > room[3] * 0.4;
        bottom = !turned ? lines * (double)c->category.look.size * LEADING + GAP
                         : fmin(categories * M_SQRT1_2 + c->category.look.size + GAP, room[3] * 0.5);
    }
    double right = widest_value(p, &c->value[1], &f.scale[1], chart_axis_format(c, 1));
    f.x = room[0] + left;
    f.y = room[1] + GAP;
    f.w = fmax(room[2] - left - right - GAP, 1000);
    f.h = fmax(room[3] - bottom - GAP, 1000);
    if (c->has_place) {
        f.x = c->place[0] * w;
        f.y = c->place[1] * h;
        f.w = fmax(c->place[2] * w, 1000);
        f.h = fmax(c->place[3] * h, 1000);
    }
    if (c->plot_back.kind == DGL_ART_SOLID)
        chart_rect(p, f.x, f.y, f.w, f.h, c->plot_back);
    put_value_axis(p, &f, 0);
    if (c->value[1].shown)
        put_value_axis(p, &f, 1);
    if (scatter)
        put_x_axis(p, &f);
    chart_plot_groups(p, &f);
    if (!scatter)
        put_category_axis(p, &f, turned);
}

struct dgl_art *dgl_chart_art(const struct dgl_text_env *env, const struct dgl_chart *c, double w, double h,
                              struct dgl_error *err)
{
    struct chart_pen p = {env, c, dgl_art_new(env->arena, (float)w, (float)h), err, DGL_OK};
    double room[4] = {EDGE, EDGE, w - 2 * EDGE, h - 2 * EDGE};
    if (w <= 4 * EDGE || h <= 4 * EDGE)
        return NULL;
    struct dgl_art_item *back = chart_rect(&p, 0, 0, w, h, c->back);
    if (back && c->border.kind == DGL_ART_SOLID) {
        back->line = c->border;
        back->stroke.width = 750;
    }
    if (c->title.text.len) {
        chart_text(&p, c->title.text, &c->title, w / 2, room[1] + c->title.size, DGL_ART_MIDDLE, 0);
        if (!c->title_over) {
            room[1] += c->title.size * LEADING + GAP;
            room[3] -= c->title.size * LEADING + GAP;
        }
    }
    if (c->legend)
        put_legend(&p, room);
    if (c->groups[0].kind == DGL_CHART_PIE)
        chart_plot_pie(&p, &c->groups[0], room[0], room[1], room[2], room[3]);
    else if (c->groups[0].kind == DGL_CHART_RADAR)
        chart_plot_radar(&p, &c->groups[0], room);
    else
        put_plot(&p, room, w, h);
    return p.status == DGL_OK ? p.art : NULL;
}
