// Between svg.c (elements), svg_style.c (properties), svg_paint.c (gradients) and svg_tree.c (the document).
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

enum svg_paint_kind { SVG_NONE, SVG_COLOR, SVG_SERVER };
struct svg_paint {
    enum svg_paint_kind kind;
    uint32_t rgb;
    float alpha;
    struct dgl_str server; // id
};
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
    // of the element alone
    double opacity;
    bool none;
    struct dgl_str clip;
};
struct svg {
    struct dgl_arena *arena;
    struct dgl_art *art;
    struct svg_node *root;
    struct svg_node *ids[SVG_ID_SLOTS];
    struct svg_rule rules[SVG_MAX_RULES];
    uint32_t rule_count, uses_left, work_left;
    unsigned depth;
    const struct svg_node *used[DGL_ART_MAX_DEPTH]; // by those `use` that are being drawn, each within the one before
    uint32_t used_count;
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
// svg_path.c
void svg_path_data(struct dgl_art *art, struct dgl_art_path *p, struct dgl_str d);

#endif
