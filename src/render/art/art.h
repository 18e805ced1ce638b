// Vector drawings: a list of filled and stroked paths, texts and pictures, whatever they came from.
//
//   preset and custom shapes (geometry.h) ─┐
//   SVG (svg.h) ───────────────────────────┼─▶ dgl_art ─▶ scaled into its box ─▶ render/pdf
//   EMF and WMF (metafile.h) ──────────────┤
//   charts (render/layout) ────────────────┘
//
// Coordinates are floats in the drawing's own units, x to the right, y DOWN, (0, 0) to (width, height); drawings made
// for a known place use mpt. Everything lives in an arena. A drawing that outgrows a bound is marked `cut` and takes no
// more. Pure: no file, no clock.
#ifndef DGL_RENDER_ART_ART_H
#define DGL_RENDER_ART_ART_H

#include "base/arena.h"
#include "base/str.h"
#include "render/art/limits.h"

struct dgl_matrix { // x' = a x + c y + e, y' = b x + d y + f
    double a, b, c, d, e, f;
};
#define DGL_MATRIX_ONE ((struct dgl_matrix){1, 0, 0, 1, 0, 0})
// First `inner`, then `outer`.
struct dgl_matrix dgl_matrix_join(struct dgl_matrix outer, struct dgl_matrix inner);
struct dgl_matrix dgl_matrix_turn(double radians, double x, double y);      // about a point, clockwise on paper
bool dgl_matrix_invert(const struct dgl_matrix *m, struct dgl_matrix *ret); // false: it flattens everything
double dgl_matrix_scale(const struct dgl_matrix *m);                        // mean factor of lengths

enum dgl_art_op { DGL_ART_MOVE, DGL_ART_LINE, DGL_ART_CURVE, DGL_ART_CLOSE }; // 1, 1, 3 and 0 points
struct dgl_art_path {
    uint8_t *ops;
    float *xy;
    uint32_t op_count, op_cap, xy_count, xy_cap;
    float x, y, start_x, start_y; // pen
};

enum dgl_art_paint_kind { DGL_ART_NONE, DGL_ART_SOLID, DGL_ART_LINEAR, DGL_ART_RADIAL };
struct dgl_art_stop {
    float at; // 0..1, ascending
    uint32_t rgb;
    float alpha;
};
struct dgl_art_paint {
    enum dgl_art_paint_kind kind;
    uint32_t rgb;
    float alpha; // of all of it
    const struct dgl_art_stop *stops;
    uint32_t stop_count;
    float x0, y0, r0, x1, y1, r1; // from the first stop's point or circle to the last one's
    struct dgl_matrix m;          // gradient space to drawing
};
enum dgl_art_cap { DGL_ART_BUTT, DGL_ART_ROUND, DGL_ART_SQUARE }; // as PDF numbers them
enum dgl_art_join { DGL_ART_MITER, DGL_ART_JOIN_ROUND, DGL_ART_BEVEL };
struct dgl_art_stroke {
    float width; // 0 = as thin as can be seen
    enum dgl_art_cap cap;
    enum dgl_art_join join;
    float miter;
    float dash[DGL_ART_MAX_DASHES], dash_at;
    uint32_t dash_count;
};

enum dgl_art_anchor { DGL_ART_START, DGL_ART_MIDDLE, DGL_ART_END };
struct dgl_box_list; // render/layout/boxes.h
struct dgl_art_text {
    struct dgl_str text; // UTF-8
    struct dgl_str family;
    bool bold, italic, underline;
    float size;
    uint32_t rgb;
    float alpha;
    enum dgl_art_anchor anchor; // of its chunk's, where it is in one
    // Runs of several looks: the first of a chunk of them, each begins where the one before it in the drawing ends,
    // `gap` further on. NULL = alone. `lead` is set by layout: from the chunk's place to the run's beginning.
    struct dgl_art_text *chunk;
    float gap, lead, whole;           // whole: the width of all of it, in its first
    struct dgl_matrix m;              // its baseline's start (middle, end) is (0, 0)
    float width;                      // set to be as wide as this; 0 = as it comes
    const struct dgl_box_list *boxes; // once set by layout: in mpt, baseline at y = 0, size 1 unit = 1 mpt
    int32_t boxes_width;              // mpt
};

enum dgl_art_kind {
    DGL_ART_PATH,
    DGL_ART_TEXT,
    DGL_ART_PICTURE, // unit square, y down, through `m`
    DGL_ART_PUSH,    // clip (may be empty) and opacity up to POP
    DGL_ART_POP,
};
struct dgl_art_item {
    enum dgl_art_kind kind;
    struct dgl_art_item *next;
    struct dgl_art_path path; // PATH, PUSH: clip
    bool even_odd;
    struct dgl_art_paint fill, line;
    struct dgl_art_stroke stroke;
    float alpha;               // PUSH
    struct dgl_art_text *text; // TEXT
    const void *data;          // PICTURE: its file's bytes
    size_t len;
    struct dgl_matrix m; // PICTURE
};
struct dgl_art {
    struct dgl_arena *arena;
    float width, height;
    float natural_width, natural_height; // CSS pixels, 96 to the inch; 0 = not said
    struct dgl_art_item *first, *last;
    uint32_t items, points, depth;
    bool cut;      // a bound was met
    bool lossless; // nothing in the source was left out or approximated
};
struct dgl_art *dgl_art_new(struct dgl_arena *a, float width, float height);
// NULL when the drawing is full: what was to be drawn is left out.
struct dgl_art_item *dgl_art_add(struct dgl_art *art, enum dgl_art_kind kind);
bool dgl_art_push(struct dgl_art *art, const struct dgl_art_path *clip, bool even_odd, float alpha); // false = full
void dgl_art_pop(struct dgl_art *art);
struct dgl_art_paint dgl_art_solid(uint32_t rgb, float alpha);

// Paths. Points beyond the coordinate bound are cut to it.
void dgl_path_move(struct dgl_art *art, struct dgl_art_path *p, double x, double y);
void dgl_path_line(struct dgl_art *art, struct dgl_art_path *p, double x, double y);
void dgl_path_curve(struct dgl_art *art, struct dgl_art_path *p, double x1, double y1, double x2, double y2, double x,
                    double y);
void dgl_path_quad(struct dgl_art *art, struct dgl_art_path *p, double x1, double y1, double x, double y);
void dgl_path_close(struct dgl_art *art, struct dgl_art_path *p);
// An arc of an ellipse about a centre from one angle on, in radians, clockwise on paper when positive.
void dgl_path_arc(struct dgl_art *art, struct dgl_art_path *p, double cx, double cy, double rx, double ry, double from,
                  double sweep, bool move);
void dgl_path_rect(struct dgl_art *art, struct dgl_art_path *p, double x, double y, double w, double h);
void dgl_path_round_rect(struct dgl_art *art, struct dgl_art_path *p, double x, double y, double w, double h, double rx,
                         double ry);
void dgl_path_ellipse(struct dgl_art *art, struct dgl_art_path *p, double cx, double cy, double rx, double ry);
void dgl_path_append(struct dgl_art *art, struct dgl_art_path *to, const struct dgl_art_path *part);
void dgl_path_transform(struct dgl_art_path *p, const struct dgl_matrix *m);

#endif
