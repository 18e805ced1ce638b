// Equations: read into a tree (math_read.c), set by the OpenType MATH table (math_set.c).
//
//        ┌ num ┐           ROW ─┬ TEXT "a +"
//    a + ──────     ─▶          └ FRACTION ─┬ part 0: ROW num
//        └ den ┘                            └ part 1: ROW den
//
// What is set is a list of marks (glyphs and rules) about one baseline, with a width, an ascent and a descent. The
// rules are TeX's (appendix G of The TeXbook, as the MATH table's constants generalize them); Word follows the same
// with its Cambria Math. Sources: ECMA-376 Part 1 §22.1; OpenType 1.9, MATH.
#ifndef DGL_RENDER_LAYOUT_MATH_H
#define DGL_RENDER_LAYOUT_MATH_H

#include "render/layout/text.h"

enum dgl_math_kind {
    DGL_MATH_ROW,       // children
    DGL_MATH_TEXT,      // letters, already mathematical
    DGL_MATH_FRACTION,  // 0 over 1
    DGL_MATH_SCRIPTS,   // 0 with 1 below and 2 above; `before`: they stand in front
    DGL_MATH_RADICAL,   // 0 under a root, 1 its degree
    DGL_MATH_NARY,      // sign, 1 below, 2 above, then 0
    DGL_MATH_DELIMITED, // children between signs
    DGL_MATH_MATRIX,    // children are rows, theirs are cells
    DGL_MATH_STACK,     // children below each other, aligned at &
    DGL_MATH_FUNCTION,  // 0 name, 1 argument
    DGL_MATH_ACCENT,    // sign above 0
    DGL_MATH_BAR,       // rule above or below 0
    DGL_MATH_GROUP,     // sign above or below 0, as wide
    DGL_MATH_LIMIT,     // 1 above or below 0
    DGL_MATH_PHANTOM,   // the room of 0
    DGL_MATH_BOXED,     // 0 with rules around it and through it
};
enum dgl_math_rule { // of BOXED, bits
    DGL_MATH_RULE_TOP = 1,
    DGL_MATH_RULE_BOTTOM = 2,
    DGL_MATH_RULE_LEFT = 4,
    DGL_MATH_RULE_RIGHT = 8,
    DGL_MATH_RULE_ACROSS = 16,
    DGL_MATH_RULE_DOWN = 32,
};
enum dgl_math_fraction { DGL_FRACTION_BAR, DGL_FRACTION_BARE, DGL_FRACTION_SKEWED, DGL_FRACTION_LINEAR };
struct dgl_math_node {
    enum dgl_math_kind kind;
    struct dgl_math_node *first, *next; // children; the next of the parent's
    struct dgl_math_node *part[3];      // NULL = absent
    struct dgl_str text;                // TEXT
    struct dgl_run *run;
    uint32_t sign, end_sign, between; // code points, 0 = none
    enum dgl_math_fraction fraction;
    bool above, before, limits;
    uint8_t rules; // BOXED: enum dgl_math_rule
    bool upright;  // TEXT in the text's own font
};
struct dgl_math_mark { // glyphs of one cluster, or a rule
    int32_t x, y;      // of the baseline's start, or of the rule's top left corner; y grows down from the baseline
    int32_t w, h;      // of a rule; glyphs: advance
    const struct dgl_font_use *use;
    int32_t size;
    struct dgl_glyph *glyphs; // NULL = a rule
    uint32_t glyph_count;
    char text[5];
    const struct dgl_run *run;
};
struct dgl_math {
    struct dgl_math_node *root;
    struct dgl_run *run;
    bool display; // on lines of its own
    bool goes_on; // what the stretch before began
    // layout's own, once set
    bool set;
    struct dgl_math_mark *marks;
    uint32_t mark_count;
    int32_t width, ascent, descent;
};

struct builder;
struct dgl_x;
// Reads m:oMath. The stretches between which a line may end, one after the other: at least one.
struct dgl_math_list {
    struct dgl_math **list;
    uint32_t count;
};
struct dgl_math_list dgl_math_read(struct builder *b, const struct dgl_x *n, const struct dgl_rpr *base, bool display);
// Sets it, once, in the text's own font where no mathematical one is installed. Past a bound: DGL_E_LIMIT.
enum dgl_status dgl_math_set(const struct dgl_text_env *env, struct dgl_math *m, struct dgl_error *err) DGL_MUST_CHECK;

#endif
