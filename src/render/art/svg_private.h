// Between svg.c (elements), svg_text.c, svg_style.c (properties), what lends itself to elements (svg_paint.c gradients,
// svg_pattern.c, svg_clip.c clip paths and masks, svg_marker.c) and svg_tree.c (the document).
#ifndef DGL_RENDER_ART_SVG_PRIVATE_H
#define DGL_RENDER_ART_SVG_PRIVATE_H

#include "render/art/svg.h"

struct svg_attr {
    struct dgl_str name, value; // without prefixes
};
struct svg_node {
    struct dgl_str name; // empty: text
    struct dgl_str text;
    const struct svg_attr *attrs;
    uint32_t attr_count;
    uint32_t weight; // of attributes and children, about their bytes: what one look at the node costs
    struct svg_node *parent, *first, *last, *next;
    struct svg_node *reference;       // what href="#id" leads to, unless it stands in that itself
    const struct dgl_art_stop *stops; // of a gradient, once read
    uint32_t stop_count;
    bool stops_read;
};
struct svg_rule {                      // of a style sheet
    struct dgl_str element, class, id; // empty = any
    struct dgl_str declarations;
};
#define SVG_MAX_RULES 512u
#define SVG_ID_SLOTS 1024u
#define SVG_MAX_CHAIN 8u // gradients and patterns that refer to others

enum svg_paint_kind { SVG_NONE, SVG_COLOR, SVG_SERVER };
struct svg_paint {
    enum svg_paint_kind kind;
    uint32_t rgb;
    float alpha;
    struct dgl_str server; // id
};
enum svg_marker_place { SVG_MARKER_START, SVG_MARKER_MID, SVG_MARKER_END, SVG_MARKER_PLACES };
struct svg_style { // what children inherit
    struct svg_paint fill, stroke;
    double fill_opacity, stroke_opacity, stroke_width, miter, font_size;
    enum dgl_art_cap cap;
    enum dgl_art_join join;
    double dash[DGL_ART_MAX_DASHES], dash_at;
    uint32_t dash_count;
    bool even_odd, clip_even_odd, bold, italic, underline, hidden;
    enum dgl_art_anchor anchor;
    struct dgl_str family;
    uint32_t color;
    double baseline_shift;                    // down, in sizes of the font
    struct dgl_str marker[SVG_MARKER_PLACES]; // ids; empty = none
    // of the element alone
    double opacity;
    bool none;
    struct dgl_str clip, mask; // ids
};
struct svg_state {
    struct svg_style style;
    struct dgl_matrix m;
    double width, height; // of the viewport, for percentages
};
struct svg {
    struct dgl_arena *arena;
    struct dgl_art *art;
    struct svg_node *root;
    struct svg_node *ids[SVG_ID_SLOTS];
    struct svg_rule rules[SVG_MAX_RULES];
    uint32_t rule_count, uses_left, work_left;
    unsigned depth;
    // Drawn by the uses, markers and patterns that are open, each within the one before.
    const struct svg_node *used[DGL_ART_MAX_DEPTH];
    uint32_t used_count;
    const struct svg_style *context; // of the path whose marker is drawn; NULL = none
    // The rules for the node that was asked about last, the heaviest first.
    const struct svg_node *ruled;
    uint16_t ruled_by[SVG_MAX_RULES];
    uint32_t ruled_count;
};

// svg_tree.c
bool svg_drop_doctype(const char **data, size_t len, struct dgl_arena *a); // true: *data is a copy without one
struct svg_node *svg_parse(struct svg *s, const char *data, size_t len);
const struct dgl_str *svg_attr(const struct svg_node *n, const char *name); // NULL when absent
struct svg_node *svg_by_id(const struct svg *s, struct dgl_str id);
// Takes the steps of reading some bytes, or of a look at a node, from what is left for the drawing: small files may ask
// for much by `use`. When nothing is left the drawing is cut.
void svg_spend(struct svg *s, uint64_t bytes);
void svg_look(struct svg *s, const struct svg_node *n);
// Numbers out of text: blanks and commas before it are passed over. False when there is none.
bool svg_number(struct dgl_str *at, double *ret);
double svg_length(const struct dgl_str *s, double otherwise, double percent_of, double font_size);
struct dgl_matrix svg_transform(const struct dgl_str *s);
// svg_style.c
struct svg_style svg_style_first(void);
struct svg_style svg_style_of(struct svg *s, const struct svg_node *n, const struct svg_style *inherited);
struct dgl_str svg_said(struct svg *s, const struct svg_node *n, const char *name); // empty = nothing
bool svg_color(struct dgl_str s, uint32_t current, uint32_t *ret_rgb, float *ret_alpha);
void svg_read_rules(struct svg *s, struct dgl_str css);
struct dgl_str svg_property(struct dgl_str declarations, const char *name); // of "a: b; c: d"; empty when absent
// svg_paint.c
// `box` is the shape's, `view` the viewport's width and height, both in the units before `m`.
struct dgl_art_paint svg_paint_of(struct svg *s, const struct svg_paint *p, double opacity, const double box[4],
                                  const double view[2], const struct dgl_matrix *m);
const struct dgl_str *svg_inherited(const struct svg_node *n, const char *name); // also from what it refers to
// svg.c
double svg_length_of(const struct svg_node *n, const char *name, double otherwise, double percent_of,
                     const struct svg_state *st);
void svg_bounds(const struct dgl_art_path *p, double box[4]); // x0 y0 x1 y1
bool svg_outline(struct svg *s, const struct svg_node *n, const struct svg_state *st, struct dgl_art_path *p);
void svg_element(struct svg *s, const struct svg_node *n, const struct svg_state *outer);
void svg_children(struct svg *s, const struct svg_node *n, const struct svg_state *st);
// Fits a viewBox into a viewport, in its middle.
struct dgl_matrix svg_fitted(const struct svg_node *n, double x, double y, double w, double h, double *ret_w,
                             double *ret_h);
bool svg_is_used(const struct svg *s, const struct svg_node *n);
// svg_text.c
void svg_text(struct svg *s, const struct svg_node *n, const struct svg_state *st);
// svg_clip.c; true: pushed, to be popped
bool svg_clip(struct svg *s, const struct svg_node *n, const struct svg_state *st);
bool svg_mask(struct svg *s, const struct svg_node *n, const struct svg_state *st);
// svg_pattern.c
bool svg_is_pattern(const struct svg *s, const struct svg_paint *paint);
// Fills `shape`, in the drawing's units, whose box in its own units is `box`.
void svg_pattern_fill(struct svg *s, const struct svg_state *st, const struct dgl_art_path *shape, const double box[4]);
// svg_marker.c; `p` is in its own units
void svg_markers(struct svg *s, const struct svg_state *st, const struct dgl_art_path *p);
// svg_path.c
void svg_path_data(struct dgl_art *art, struct dgl_art_path *p, struct dgl_str d);

#endif
