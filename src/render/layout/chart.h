// Charts: what a chart part stores, and drawing it from its stored values.
//
//   ┌ title ────────────────────────────────┐     values and categories come from the caches in the part; nothing is
//   │ ┌ plot ──────────────────┐ ┌ legend ┐ │     computed from the embedded workbook
//   │ │ value axis │ bars …    │ │        │ │
//   │ └─────────── categories ─┘ └────────┘ │
//   └───────────────────────────────────────┘
// Source: ECMA-376 Part 1 §21.2.
#ifndef DGL_RENDER_LAYOUT_CHART_H
#define DGL_RENDER_LAYOUT_CHART_H

#include "render/layout/color.h"
#include "render/layout/text.h"

#define DGL_CHART_MAX_SERIES 64u
#define DGL_CHART_MAX_POINTS 4096u // of one series
#define DGL_CHART_MAX_GROUPS 8u

enum dgl_chart_kind {
    DGL_CHART_BAR,
    DGL_CHART_LINE, // also of stocks: what lies between the series says more than they do
    DGL_CHART_PIE,
    DGL_CHART_AREA,
    DGL_CHART_SCATTER,
    DGL_CHART_BUBBLE, // a scatter chart whose marks have sizes
    DGL_CHART_RADAR,
};
enum dgl_chart_stack { DGL_CHART_CLUSTERED, DGL_CHART_STACKED, DGL_CHART_PERCENT };

struct dgl_chart_text { // of a title or of labels
    struct dgl_str text;
    float size; // mpt
    bool bold;
    uint32_t rgb;
};
struct dgl_chart_labels {
    bool value, percent, category, series;
    struct dgl_str format; // empty = the values' own
    struct dgl_chart_text look;
};
struct dgl_chart_series {
    struct dgl_str name;
    uint32_t count, category_count;
    double *values, *x;         // NAN = none; x of scatter and bubble charts
    double *sizes;              // of bubbles, as many as values; NULL = all alike
    struct dgl_str *categories; // NULL = numbered
    struct dgl_str format;      // of the values
    struct dgl_art_paint fill, line;
    float line_width;
    bool marker, smooth, no_line;
    uint32_t *point_colors; // by point, UINT32_MAX = the series'; NULL = none
    struct dgl_chart_labels labels;
};
struct dgl_chart_group {
    enum dgl_chart_kind kind;
    enum dgl_chart_stack stack;
    bool across; // bars lie
    bool vary;   // a colour for each point
    bool lines;  // of a scatter chart
    bool filled; // of a radar chart
    int gap, overlap, hole, first_angle;
    bool second; // on the second value axis
    // Bubbles: the largest in per cent of the usual, and whether a size is a diameter or an area.
    int bubble_scale;
    bool diameters;
    // Between the lowest and the highest value of a category, and between the first series' and the last one's.
    struct dgl_art_paint high_low;
    bool up_down;
    int up_down_gap;
    struct dgl_art_paint up, down, up_line, down_line;
    struct dgl_chart_series *series;
    uint32_t series_count;
};
struct dgl_chart_axis {
    bool shown, gridlines, reversed;
    bool has_min, has_max, has_major;
    double min, max, major;
    struct dgl_str format;
    struct dgl_chart_text title, look;
    bool labels; // at its ticks
};
enum dgl_chart_side { DGL_CHART_RIGHT, DGL_CHART_LEFT, DGL_CHART_TOP, DGL_CHART_BOTTOM };
struct dgl_chart {
    struct dgl_chart_text title, look;
    struct dgl_chart_group groups[DGL_CHART_MAX_GROUPS];
    uint32_t group_count;
    struct dgl_chart_axis category, value[2];
    bool legend, title_over;
    enum dgl_chart_side legend_side;
    struct dgl_art_paint back, border, plot_back;
    bool has_place;
    double place[4]; // of the plot's inside, in parts of the chart
};

struct builder;
struct dgl_x;
// Reads the part; NULL when it holds a kind that is not drawn.
const struct dgl_chart *dgl_chart_read(struct builder *b, const struct dgl_x *space);
// The chart at this size in mpt, texts already set.
struct dgl_art *dgl_chart_art(const struct dgl_text_env *env, const struct dgl_chart *c, double w, double h,
                              struct dgl_error *err);

// ---- Between the chart files ----

#define CHART_GRID 0xD9D9D9u
#define CHART_AXIS 0xBFBFBFu
static inline bool chart_has_x(enum dgl_chart_kind kind)
{
    return kind == DGL_CHART_SCATTER || kind == DGL_CHART_BUBBLE;
}

struct chart_pen {
    const struct dgl_text_env *env;
    const struct dgl_chart *c;
    struct dgl_art *art;
    struct dgl_error *err;
    enum dgl_status status;
};
struct chart_scale {
    double min, max, major;
};
struct chart_frame { // of the plot's inside
    double x, y, w, h;
    uint32_t slots; // categories
    bool across;
    struct chart_scale scale[2], x_scale;
};
// A number as a format code of spreadsheets shows it; bounded text.
void chart_format(double v, struct dgl_str code, char *out, size_t size);
struct chart_scale chart_scale_of(const struct dgl_chart_axis *a, double low, double high, unsigned steps);
double chart_text_width(struct chart_pen *p, struct dgl_str text, const struct dgl_chart_text *look);
void chart_text(struct chart_pen *p, struct dgl_str text, const struct dgl_chart_text *look, double x, double y,
                enum dgl_art_anchor anchor, double turn);
void chart_line(struct chart_pen *p, double x0, double y0, double x1, double y1, uint32_t rgb, double width);
struct dgl_art_item *chart_rect(struct chart_pen *p, double x, double y, double w, double h, struct dgl_art_paint fill);
struct dgl_art_paint chart_color(const struct chart_pen *p, const struct dgl_chart_group *g, uint32_t series,
                                 uint32_t point);
void chart_mark(struct chart_pen *p, double x, double y, double r, struct dgl_art_paint fill);
unsigned chart_ticks_of(const struct chart_scale *s);
// The lowest and highest value on an axis; infinite when there is none.
void chart_range_of(const struct dgl_chart *c, bool second, double *low, double *high);
const struct dgl_chart_series *chart_labelled(const struct dgl_chart *c); // that names the categories; NULL = none
struct dgl_str chart_category(struct chart_pen *p, const struct dgl_chart_series *s, uint32_t i);
struct dgl_str chart_value_label(struct chart_pen *p, double v, struct dgl_str format);
struct dgl_str chart_axis_format(const struct dgl_chart *c, unsigned axis);
void chart_plot_groups(struct chart_pen *p, const struct chart_frame *f);
void chart_plot_pie(struct chart_pen *p, const struct dgl_chart_group *g, double x, double y, double w, double h);
void chart_plot_radar(struct chart_pen *p, const struct dgl_chart_group *g, const double room[4]); // x, y, w, h
// Sum of a stack up to and with a series, at a point; of all series in parts of 100 for percent.
double chart_stacked(const struct dgl_chart_group *g, uint32_t series, uint32_t point);

#endif
