// Where a line of a paragraph ends, and where its tabs lead. Private to para.c and line_end.c.
#ifndef DGL_RENDER_LAYOUT_LINE_END_H
#define DGL_RENDER_LAYOUT_LINE_END_H

#include "render/layout/para.h"

struct spot { // between two glyphs: piece, and glyph counted from the piece's first
    uint32_t piece, glyph;
    bool hyphen; // a word was divided here
};
struct breaker {
    const struct dgl_text_env *env;
    const struct dgl_para *p;
    const struct dgl_para_place *place;
    const struct dgl_text *t;
    int32_t left, right, default_tab;
    int32_t mark_ascent, mark_descent;
    bool rtl, no_line;
    int32_t hyphens; // in a row, at the ends of the lines so far
};
struct tab_move {
    int32_t x; // after the tab
    uint8_t leader;
    int32_t limit; // the line's right edge from here on
    bool wraps;    // no room: the tab goes to the next line
};

struct tab_move line_move_to_tab(const struct breaker *b, const struct dgl_piece *p, uint32_t index, int32_t x,
                                 int32_t limit);
// In a cell a paragraph whose first stop is a decimal one stands at it without a tab (Word): how far to the right.
int32_t line_number_shift(const struct breaker *b, int32_t x0);
// Width of glyphs with that many font units and letters in all, in mpt.
int32_t line_glyph_width(const struct dgl_piece *p, int64_t units, uint32_t letters);
int32_t line_hyphen_width(const struct dgl_piece *p);
// The end of a line that starts at `start`, x, and has room up to `limit`; *ret_forced is the inline kind of a break
// that somebody put there, DGL_IN_TEXT for none.
struct spot line_find_end(const struct breaker *b, struct spot start, int32_t x, int32_t limit, uint8_t *ret_forced);
// Moves the end of a justified line on by a word when its spaces may give up enough for it.
bool line_squeeze(const struct breaker *b, struct spot start, int32_t x, int32_t limit, struct spot *end,
                  uint8_t *forced);

#endif
