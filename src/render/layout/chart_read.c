// Reading chart parts. Points are taken by their index; what has no cached value is a gap.
#include "render/layout/chart.h"

#include "render/layout/shape.h"

#include <math.h>
#include <string.h>

static const struct dgl_x *val_child(const struct dgl_x *n, enum dgl_x_name name)
{
    return dgl_x_child(n, name);
}

static bool flag(const struct dgl_x *n, enum dgl_x_name name, bool otherwise)
{
    const struct dgl_x *x = dgl_x_child(n, name);
    return x ? dgl_x_on(dgl_x_attr(x, DGL_X_val)) : otherwise;
}

static int64_t number(const struct dgl_x *n, enum dgl_x_name name, int64_t otherwise)
{
    const struct dgl_x *x = val_child(n, name);
    return x ? dgl_x_attr_int(x, DGL_X_val, otherwise) : otherwise;
}

// ---- Texts ----

static void put_runs(const struct dgl_x *n, struct dgl_buf *out)
{
    for (const struct dgl_x *x = n ? n->first : NULL; x; x = x->next) {
        if (x->name == DGL_X_t || x->name == DGL_X_v)
            dgl_buf_append(out, x->text.len ? x->text.data : "", x->text.len);
        else if (x->name == DGL_X_p && out->len)
            dgl_buf_putc(out, ' ');
        if (x->name != DGL_X_t && x->name != DGL_X_v)
            put_runs(x, out);
    }
}

static struct dgl_str text_of(struct builder *b, const struct dgl_x *n)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(4000);
    put_runs(n, &out);
    char *copy = out.len ? dgl_arena_memdup_try(b->arena, out.data, out.len) : NULL;
    return copy ? dgl_str_trim((struct dgl_str){copy, out.len}) : (struct dgl_str){"", 0};
}

// Size, weight and colour by the first run properties inside; what they do not say stays.
static void read_look(struct builder *b, const struct dgl_x *n, struct dgl_chart_text *t)
{
    const struct dgl_x *r = dgl_x_find(n, DGL_X_defRPr), *run = dgl_x_find(n, DGL_X_rPr);
    for (unsigned i = 0; i < 2; i++) {
        const struct dgl_x *props = i ? run : r;
        if (!props)
            continue;
        int64_t size = dgl_x_attr_int(props, DGL_X_sz, 0);
        struct dgl_color c;
        if (size >= 100 && size <= 40000)
            t->size = (float)size * 10;
        if (dgl_x_attr(props, DGL_X_b))
            t->bold = dgl_x_on(dgl_x_attr(props, DGL_X_b));
        if (dgl_drawing_color(&b->sheet->theme, dgl_x_child(props, DGL_X_solidFill), 0, &c))
            t->rgb = c.rgb;
    }
}

// ---- Caches ----

static const struct dgl_x *cache_of(const struct dgl_x *n)
{
    static const enum dgl_x_name names[] = {DGL_X_numCache, DGL_X_strCache, DGL_X_numLit, DGL_X_strLit, DGL_X_lvl};
    for (size_t i = 0; i < DGL_COUNT(names); i++) {
        const struct dgl_x *x = dgl_x_find(n, names[i]);
        if (x)
            return x;
    }
    return NULL;
}

static uint32_t points_of(const struct dgl_x *cache)
{
    int64_t n = number(cache, DGL_X_ptCount, 0);
    for (const struct dgl_x *x = cache ? cache->first : NULL; x; x = x->next)
        if (x->name == DGL_X_pt)
            n = DGL_MAX(n, dgl_x_attr_int(x, DGL_X_idx, 0) + 1);
    return (uint32_t)DGL_MAX(0, DGL_MIN(n, DGL_CHART_MAX_POINTS));
}

static const struct dgl_str *point_text(const struct dgl_x *pt, uint32_t count, uint32_t *ret_index)
{
    int64_t index = pt->name == DGL_X_pt ? dgl_x_attr_int(pt, DGL_X_idx, -1) : -1;
    const struct dgl_x *v = dgl_x_child(pt, DGL_X_v);
    if (index < 0 || index >= count || !v)
        return NULL;
    *ret_index = (uint32_t)index;
    return &v->text;
}

static double *read_numbers(struct builder *b, const struct dgl_x *holder, uint32_t *ret_count,
                            struct dgl_str *ret_format)
{
    const struct dgl_x *cache = cache_of(holder), *code = dgl_x_child(cache, DGL_X_formatCode);
    uint32_t n = points_of(cache), at;
    double *v = dgl_arena_alloc_try(b->arena, (n + 1) * sizeof(*v));
    *ret_count = v ? n : 0;
    if (ret_format && code)
        *ret_format = code->text;
    for (uint32_t i = 0; v && i < n; i++)
        v[i] = NAN;
    for (const struct dgl_x *x = v && cache ? cache->first : NULL; x; x = x->next) {
        const struct dgl_str *text = point_text(x, n, &at);
        if (text)
            v[at] = build_number(text, NAN);
    }
    return v;
}

static void read_categories(struct builder *b, const struct dgl_x *holder, struct dgl_chart_series *s)
{
    const struct dgl_x *cache = cache_of(holder), *code = dgl_x_child(cache, DGL_X_formatCode);
    uint32_t n = points_of(cache), at;
    if (n == 0)
        return;
    s->categories = dgl_arena_alloc_try(b->arena, (n + 1) * sizeof(*s->categories));
    s->category_count = s->categories ? n : 0;
    for (const struct dgl_x *x = s->categories ? cache->first : NULL; x; x = x->next) {
        const struct dgl_str *text = point_text(x, n, &at);
        if (!text)
            continue;
        s->categories[at] = *text;
        if (code && cache->name == DGL_X_numCache) { // numbers and dates are shown by their format
            char shown[64];
            double v = build_number(text, NAN);
            chart_format(v, code->text, shown, sizeof(shown));
            char *copy = isnan(v) ? NULL : dgl_arena_strdup(b->arena, shown);
            if (copy)
                s->categories[at] = dgl_str_of(copy);
        }
    }
}

// ---- Series ----

static void read_labels(struct builder *b, const struct dgl_x *n, const struct dgl_chart_text *look,
                        struct dgl_chart_labels *l)
{
    if (!n)
        return;
    const struct dgl_x *format = dgl_x_child(n, DGL_X_numFmt);
    bool gone = flag(n, DGL_X_delete, false);
    l->value = !gone && flag(n, DGL_X_showVal, false);
    l->percent = !gone && flag(n, DGL_X_showPercent, false);
    l->category = !gone && flag(n, DGL_X_showCatName, false);
    l->series = !gone && flag(n, DGL_X_showSerName, false);
    l->look = *look;
    if (format && dgl_x_attr(format, DGL_X_formatCode) && !dgl_x_attr_is(format, DGL_X_sourceLinked, "1"))
        l->format = *dgl_x_attr(format, DGL_X_formatCode);
    read_look(b, dgl_x_child(n, DGL_X_txPr), &l->look);
}

static void read_points(struct builder *b, const struct dgl_x *ser, struct dgl_chart_series *s)
{
    struct dgl_art_paint paint;
    double angle;
    DGL_X_EACH(x, ser)
    {
        int64_t index = x->name == DGL_X_dPt ? number(x, DGL_X_idx, -1) : -1;
        if (index < 0 || index >= s->count || !build_paint(b, dgl_x_child(x, DGL_X_spPr), 0, &paint, &angle))
            continue;
        if (!s->point_colors) {
            s->point_colors = dgl_arena_alloc_try(b->arena, (s->count + 1) * sizeof(*s->point_colors));
            if (!s->point_colors)
                return;
            for (uint32_t i = 0; i < s->count; i++)
                s->point_colors[i] = UINT32_MAX;
        }
        if (paint.kind != DGL_ART_NONE)
            s->point_colors[index] = paint.rgb;
    }
}

static void read_series(struct builder *b, const struct dgl_x *ser, const struct dgl_chart *c,
                        struct dgl_chart_group *g, bool stock, struct dgl_chart_series *s)
{
    const struct dgl_x *props = dgl_x_child(ser, DGL_X_spPr), *ln = dgl_x_child(props, DGL_X_ln),
                       *marker = dgl_x_child(ser, DGL_X_marker);
    bool scatter = chart_has_x(g->kind);
    double angle;
    s->name = text_of(b, dgl_x_child(ser, DGL_X_tx));
    s->values = read_numbers(b, dgl_x_child(ser, scatter ? DGL_X_yVal : DGL_X_val), &s->count, &s->format);
    read_categories(b, dgl_x_child(ser, DGL_X_cat), s);
    if (scatter) {
        uint32_t n;
        double *x = read_numbers(b, dgl_x_child(ser, DGL_X_xVal), &n, NULL);
        s->x = n >= s->count ? x : NULL;
        double *sizes = read_numbers(b, dgl_x_child(ser, DGL_X_bubbleSize), &n, NULL);
        s->sizes = n >= s->count ? sizes : NULL;
    }
    build_paint(b, props, 0, &s->fill, &angle);
    if (s->fill.kind > DGL_ART_SOLID)
        s->fill = dgl_art_solid(s->fill.rgb, 1);
    s->no_line = build_paint(b, ln, 0, &s->line, &angle) ? s->line.kind == DGL_ART_NONE : stock;
    s->line_width = (float)DGL_MAX(0, dgl_x_emu(dgl_x_attr(ln, DGL_X_w), 2250));
    s->smooth = flag(ser, DGL_X_smooth, false);
    s->marker = marker ? !dgl_str_is(dgl_x_val(dgl_x_child(marker, DGL_X_symbol)), "none")
                       : scatter || (g->kind == DGL_CHART_LINE && !stock) || (g->kind == DGL_CHART_RADAR && g->lines);
    struct dgl_art_paint marked;
    if (s->fill.kind == DGL_ART_NONE && build_paint(b, dgl_x_child(marker, DGL_X_spPr), 0, &marked, &angle) &&
        marked.kind == DGL_ART_SOLID)
        s->fill = marked;
    if (s->fill.kind == DGL_ART_NONE && s->line.kind == DGL_ART_SOLID &&
        (g->kind == DGL_CHART_LINE || g->kind == DGL_CHART_SCATTER || g->kind == DGL_CHART_RADAR))
        s->fill = s->line;
    read_points(b, ser, s);
    read_labels(b, dgl_x_child(ser, DGL_X_dLbls), &c->look, &s->labels);
}

static bool group_kind(const struct dgl_x *x, struct dgl_chart_group *g)
{
    switch (x->name) {
    case DGL_X_barChart:
    case DGL_X_bar3DChart:
        g->kind = DGL_CHART_BAR;
        return true;
    case DGL_X_stockChart:
    case DGL_X_lineChart:
    case DGL_X_line3DChart:
        g->kind = DGL_CHART_LINE;
        return true;
    case DGL_X_pieChart:
    case DGL_X_pie3DChart:
    case DGL_X_ofPieChart:
    case DGL_X_doughnutChart:
        g->kind = DGL_CHART_PIE;
        return true;
    case DGL_X_areaChart:
    case DGL_X_area3DChart:
        g->kind = DGL_CHART_AREA;
        return true;
    case DGL_X_scatterChart:
        g->kind = DGL_CHART_SCATTER;
        return true;
    case DGL_X_bubbleChart:
        g->kind = DGL_CHART_BUBBLE;
        return true;
    case DGL_X_radarChart:
        g->kind = DGL_CHART_RADAR;
        return true;
    default:
        return false;
    }
}

static void read_box(struct builder *b, const struct dgl_x *x, uint32_t otherwise, struct dgl_art_paint *ret_fill,
                     struct dgl_art_paint *ret_line)
{
    const struct dgl_x *props = dgl_x_child(x, DGL_X_spPr);
    double angle;
    if (!build_paint(b, props, 0, ret_fill, &angle))
        *ret_fill = dgl_art_solid(otherwise, 1);
    if (!build_paint(b, dgl_x_child(props, DGL_X_ln), 0, ret_line, &angle))
        *ret_line = dgl_art_solid(0x404040, 1);
}

// What stands between the series of a line or stock chart (§21.2.2.80, §21.2.2.218).
static void read_between(struct builder *b, const struct dgl_x *x, struct dgl_chart_group *g)
{
    const struct dgl_x *lines = dgl_x_child(x, DGL_X_hiLowLines), *bars = dgl_x_child(x, DGL_X_upDownBars);
    double angle;
    if (lines && !build_paint(b, dgl_x_child(dgl_x_child(lines, DGL_X_spPr), DGL_X_ln), 0, &g->high_low, &angle))
        g->high_low = dgl_art_solid(0x404040, 1);
    g->up_down = bars != NULL;
    g->up_down_gap = (int)DGL_MAX(0, DGL_MIN(number(bars, DGL_X_gapWidth, 150), 500));
    read_box(b, dgl_x_child(bars, DGL_X_upBars), 0xFFFFFF, &g->up, &g->up_line);
    read_box(b, dgl_x_child(bars, DGL_X_downBars), 0x404040, &g->down, &g->down_line);
}

static void read_group(struct builder *b, const struct dgl_x *x, struct dgl_chart *c)
{
    struct dgl_chart_group *g = &c->groups[c->group_count];
    struct dgl_str grouping = dgl_x_val(dgl_x_child(x, DGL_X_grouping)),
                   style = dgl_x_val(dgl_x_child(x, DGL_X_scatterStyle));
    uint32_t n = 0;
    DGL_X_EACH(s, x)
    n += s->name == DGL_X_ser;
    n = DGL_MIN(n, DGL_CHART_MAX_SERIES);
    g->series = dgl_arena_alloc_try(b->arena, (n + 1) * sizeof(*g->series));
    g->across = dgl_str_is(dgl_x_val(dgl_x_child(x, DGL_X_barDir)), "bar");
    g->stack = dgl_str_is(grouping, "stacked")          ? DGL_CHART_STACKED
               : dgl_str_is(grouping, "percentStacked") ? DGL_CHART_PERCENT
                                                        : DGL_CHART_CLUSTERED;
    g->vary = flag(x, DGL_X_varyColors, g->kind == DGL_CHART_PIE);
    g->gap = (int)DGL_MAX(0, DGL_MIN(number(x, DGL_X_gapWidth, 150), 500));
    g->overlap = (int)DGL_MAX(-100, DGL_MIN(number(x, DGL_X_overlap, 0), 100));
    g->hole = x->name == DGL_X_doughnutChart ? (int)DGL_MAX(10, DGL_MIN(number(x, DGL_X_holeSize, 50), 90)) : 0;
    g->first_angle = (int)(number(x, DGL_X_firstSliceAng, 0) % 360);
    struct dgl_str radar = dgl_x_val(dgl_x_child(x, DGL_X_radarStyle));
    g->filled = dgl_str_is(radar, "filled");
    g->bubble_scale = (int)DGL_MAX(0, DGL_MIN(number(x, DGL_X_bubbleScale, 100), 300));
    g->diameters = dgl_str_is(dgl_x_val(dgl_x_child(x, DGL_X_sizeRepresents)), "w");
    read_between(b, x, g);
    g->lines = dgl_str_is(radar, "marker") || dgl_str_is(style, "lineMarker") || dgl_str_starts(style, "smooth") ||
               dgl_str_is(style, "line");
    struct dgl_chart_labels all = {0};
    read_labels(b, dgl_x_child(x, DGL_X_dLbls), &c->look, &all);
    DGL_X_EACH(s, x)
    {
        if (s->name != DGL_X_ser || !g->series || g->series_count == n)
            continue;
        struct dgl_chart_series *to = &g->series[g->series_count++];
        read_series(b, s, c, g, x->name == DGL_X_stockChart, to);
        if (!dgl_x_child(s, DGL_X_dLbls))
            to->labels = all;
    }
    c->group_count++;
}

// ---- Axes ----

static void read_axis(struct builder *b, const struct dgl_x *x, const struct dgl_chart *c, struct dgl_chart_axis *a)
{
    const struct dgl_x *scaling = dgl_x_child(x, DGL_X_scaling), *format = dgl_x_child(x, DGL_X_numFmt),
                       *title = dgl_x_child(x, DGL_X_title);
    const struct dgl_x *min = dgl_x_child(scaling, DGL_X_min), *max = dgl_x_child(scaling, DGL_X_max),
                       *major = dgl_x_child(x, DGL_X_majorUnit);
    a->shown = !flag(x, DGL_X_delete, false);
    a->gridlines = dgl_x_child(x, DGL_X_majorGridlines) != NULL;
    a->reversed = dgl_str_is(dgl_x_val(dgl_x_child(scaling, DGL_X_orientation)), "maxMin");
    a->labels = !dgl_str_is(dgl_x_val(dgl_x_child(x, DGL_X_tickLblPos)), "none");
    a->has_min = min != NULL;
    a->has_max = max != NULL;
    a->has_major = major != NULL;
    a->min = build_number(dgl_x_attr(min, DGL_X_val), 0);
    a->max = build_number(dgl_x_attr(max, DGL_X_val), 0);
    a->major = build_number(dgl_x_attr(major, DGL_X_val), 0);
    if (format && dgl_x_attr(format, DGL_X_formatCode) && !dgl_x_attr_is(format, DGL_X_sourceLinked, "1"))
        a->format = *dgl_x_attr(format, DGL_X_formatCode);
    a->look = a->title = c->look;
    read_look(b, dgl_x_child(x, DGL_X_txPr), &a->look);
    a->title.text = text_of(b, dgl_x_child(title, DGL_X_tx));
    read_look(b, title, &a->title);
}

// Value axes in the order of the file: the first belongs to the first group, one at the other side to the later ones.
static void read_axes(struct builder *b, const struct dgl_x *plot, struct dgl_chart *c)
{
    const struct dgl_x *values[2] = {NULL, NULL};
    unsigned count = 0;
    bool category = false, scatter = c->group_count && chart_has_x(c->groups[0].kind);
    DGL_X_EACH(x, plot)
    {
        if ((x->name == DGL_X_catAx || x->name == DGL_X_dateAx || x->name == DGL_X_serAx) && !category) {
            read_axis(b, x, c, &c->category);
            category = true;
        }
        if (x->name == DGL_X_valAx && count < 2)
            values[count++] = x;
    }
    if (scatter && count == 2) { // x first
        struct dgl_str side = dgl_x_val(dgl_x_child(values[0], DGL_X_axPos));
        unsigned x = dgl_str_is(side, "l") || dgl_str_is(side, "r");
        read_axis(b, values[x], c, &c->category);
        read_axis(b, values[!x], c, &c->value[0]);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        read_axis(b, values[i], c, &c->value[i]);
    if (count < 2)
        return;
    // Groups name their axes by id.
    struct dgl_str second = dgl_x_val(dgl_x_child(values[1], DGL_X_axId));
    uint32_t g = 0;
    struct dgl_chart_group probe;
    DGL_X_EACH(x, plot)
    {
        if (!group_kind(x, &probe) || g >= c->group_count)
            continue;
        DGL_X_EACH(id, x)
        if (id->name == DGL_X_axId && dgl_str_equal(dgl_x_val(id), second))
            c->groups[g].second = true;
        g++;
    }
}

static void read_place(const struct dgl_x *plot, struct dgl_chart *c)
{
    const struct dgl_x *m = dgl_x_child(dgl_x_child(plot, DGL_X_layout), DGL_X_manualLayout);
    static const enum dgl_x_name names[] = {DGL_X_x, DGL_X_y, DGL_X_w, DGL_X_h};
    if (!m || !dgl_str_is(dgl_x_val(dgl_x_child(m, DGL_X_layoutTarget)), "inner"))
        return;
    c->has_place = true;
    for (unsigned i = 0; i < 4; i++) {
        c->place[i] = build_number(dgl_x_attr(dgl_x_child(m, names[i]), DGL_X_val), -1);
        c->has_place &= c->place[i] >= 0 && c->place[i] <= 1;
    }
}

static void read_titles(struct builder *b, const struct dgl_x *chart, struct dgl_chart *c)
{
    const struct dgl_x *title = dgl_x_child(chart, DGL_X_title), *legend = dgl_x_child(chart, DGL_X_legend);
    c->title = c->look;
    c->title.size = c->look.size * 1.4f;
    if (title) {
        c->title.text = text_of(b, dgl_x_child(title, DGL_X_tx));
        if (c->title.text.len == 0 && c->group_count == 1 && c->groups[0].series_count == 1)
            c->title.text = c->groups[0].series[0].name;
        read_look(b, title, &c->title);
        c->title_over = flag(title, DGL_X_overlay, false);
    }
    struct dgl_str side = dgl_x_val(dgl_x_child(legend, DGL_X_legendPos));
    c->legend = legend != NULL;
    c->legend_side = dgl_str_is(side, "l")   ? DGL_CHART_LEFT
                     : dgl_str_is(side, "t") ? DGL_CHART_TOP
                     : dgl_str_is(side, "b") ? DGL_CHART_BOTTOM
                                             : DGL_CHART_RIGHT;
}

const struct dgl_chart *dgl_chart_read(struct builder *b, const struct dgl_x *space)
{
    struct dgl_chart *c = dgl_arena_alloc_try(b->arena, sizeof(*c));
    const struct dgl_x *chart = dgl_x_child(space, DGL_X_chart), *plot = dgl_x_child(chart, DGL_X_plotArea);
    double angle;
    if (!c || !plot)
        return NULL;
    c->look = (struct dgl_chart_text){.size = 10000, .rgb = 0x595959};
    read_look(b, dgl_x_child(space, DGL_X_txPr), &c->look);
    DGL_X_EACH(x, plot)
    {
        if (x->name == DGL_X_surfaceChart || x->name == DGL_X_surface3DChart)
            return NULL;
        if (c->group_count < DGL_CHART_MAX_GROUPS && group_kind(x, &c->groups[c->group_count]))
            read_group(b, x, c);
    }
    if (c->group_count == 0)
        return NULL;
    read_axes(b, plot, c);
    read_place(plot, c);
    read_titles(b, chart, c);
    if (!build_paint(b, dgl_x_child(space, DGL_X_spPr), 0, &c->back, &angle))
        c->back = dgl_art_solid(0xFFFFFF, 1);
    const struct dgl_x *ln = dgl_x_child(dgl_x_child(space, DGL_X_spPr), DGL_X_ln);
    if (!build_paint(b, ln, 0, &c->border, &angle))
        c->border = dgl_art_solid(0xD9D9D9, 1);
    build_paint(b, dgl_x_child(plot, DGL_X_spPr), 0, &c->plot_back, &angle);
    return c;
}
