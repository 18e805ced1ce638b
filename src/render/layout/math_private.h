// Between math_set.c, which sets the kinds of nodes, and math_signs.c, which knows the font: constants, glyphs, signs
// that grow.
#ifndef DGL_RENDER_LAYOUT_MATH_PRIVATE_H
#define DGL_RENDER_LAYOUT_MATH_PRIVATE_H

#include "render/layout/math.h"

#include <hb-ot.h>

struct math_setter {
    const struct dgl_text_env *env;
    struct dgl_error *err;
    enum dgl_status status;
    const struct dgl_font_use *use; // the mathematical font, or what stands in
    bool has_table;
    const struct dgl_run *run;
    struct dgl_math_mark *marks;
    uint32_t count, cap;
    int32_t align_at; // where the first & of a row stands, -1 = nowhere
    bool aligning;
};
struct math_style {
    int32_t base;   // size of the text around, mpt
    unsigned level; // 0 text, 1 script, 2 script of a script
    bool display;
};
struct math_extent {
    int32_t w, ascent, descent;
};
// Of letters in this style.
int32_t math_size_of(const struct math_setter *s, struct math_style style);
// Of the MATH table, in mpt; what is usual for a font without one.
int32_t math_constant(const struct math_setter *s, struct math_style style, hb_ot_math_constant_t c);
// The best mathematical font there is; without one the text's own and no table.
const struct dgl_font_use *math_font(struct dgl_fonts *fonts, const struct dgl_run *run, bool *ret_table);
// A font that has the character.
const struct dgl_font_use *math_font_for(const struct math_setter *s, uint32_t c, uint32_t *ret_gid);
// Font units to mpt.
int32_t math_scaled(const struct dgl_font_use *use, int32_t units, int32_t size);
struct math_extent math_glyph_extent(const struct dgl_font_use *use, uint32_t gid, int32_t size);
// No length goes beyond what a page may have, whatever a document piles up: sums of a few of them fit an int32_t.
int32_t math_bounded(int64_t length);
// A box around both, the second moved down by dy.
struct math_extent math_widen(struct math_extent a, struct math_extent b, int32_t dy);
// Moves the marks since `from`.
void math_shift(struct math_setter *s, uint32_t from, int32_t dx, int32_t dy);
// (x, y) is its top left corner.
void math_put_rule(struct math_setter *s, int32_t x, int32_t y, int32_t w, int32_t h);
struct math_extent math_put_glyph(struct math_setter *s, const struct dgl_font_use *use, uint32_t gid, uint32_t c,
                                  int32_t size);
// The sign at least `target` mpt tall (BTT) or wide (LTR), as far as the font goes.
struct math_extent math_put_grown(struct math_setter *s, uint32_t c, int32_t size, hb_direction_t way, int32_t target);
// A tall sign in the middle of the axis.
struct math_extent math_put_centered(struct math_setter *s, uint32_t c, struct math_style style, int32_t target);

#endif
