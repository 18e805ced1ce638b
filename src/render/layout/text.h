// A paragraph's text as glyphs: pieces of one face, size and direction, with the places where lines may end.
#ifndef DGL_RENDER_LAYOUT_TEXT_H
#define DGL_RENDER_LAYOUT_TEXT_H

#include "render/layout/boxes.h"

enum dgl_piece_kind {
    DGL_PIECE_TEXT,
    DGL_PIECE_TAB,
    DGL_PIECE_PTAB,
    DGL_PIECE_BREAK,   // line, page or column: `what` is the inline kind
    DGL_PIECE_DRAWING, // in the line
    DGL_PIECE_FLOAT,   // anchored here
    DGL_PIECE_ANCHOR,
    DGL_PIECE_RUBY, // glyphs without width, above the pieces of the inlines before
};
struct dgl_piece {
    enum dgl_piece_kind kind;
    uint8_t level; // bidi
    uint8_t what;
    bool break_after; // TAB, DRAWING
    const struct dgl_run *run;
    const struct dgl_link *link;
    const struct dgl_font_use *use;
    int32_t size, raise;     // mpt
    int32_t ascent, descent; // of its line, mpt
    uint32_t first, count;   // glyphs
    uint32_t text_end;
    const struct dgl_inline *in; // what it came from; NULL for labels
};
struct dgl_text {
    const char *bytes;
    uint32_t len;
    struct dgl_glyph *glyphs;
    uint32_t glyph_count;
    struct dgl_piece *pieces;
    uint32_t piece_count;
    bool has_floats, has_notes, has_breaks;
    bool rtl;              // base direction
    uint32_t label_pieces; // at the front
};

// What fields show, and where fonts come from.
struct dgl_text_env {
    struct dgl_arena *arena;
    struct dgl_fonts *fonts;
    struct dgl_budget *budget;
    struct dgl_document *doc;
    struct dgl_str page_number;
    int32_t page, page_count, section, section_pages;
    // Text of the paragraph nearest to this page whose style has that name or outline level; empty when there is none.
    struct dgl_str (*style_ref)(void *ctx, struct dgl_str style);
    void *ctx;
    enum dgl_num_format page_format;
    int32_t grid_pitch;      // of the section at hand, 0 where text does not keep to its lines
    int32_t character_extra; // of the section, added to East Asian characters on its grid
    bool in_cell;
    // Headers and footers: where on which page the galley at hand stands, for what is anchored in it.
    const struct dgl_section *section_of_galley; // NULL = not known
    int32_t galley_x, galley_y;
};
enum dgl_status dgl_text_build(const struct dgl_text_env *env, const struct dgl_para *p, struct dgl_text *ret,
                               struct dgl_error *err) DGL_MUST_CHECK;
// Width of glyphs [first, first + count) of a piece in mpt, letter spacing and scale included.
int32_t dgl_piece_width(const struct dgl_text *t, const struct dgl_piece *p, uint32_t first, uint32_t count);
// Natural line metrics of a run (for empty paragraphs and marks).
void dgl_run_metrics(const struct dgl_text_env *env, struct dgl_run *run, int32_t *ret_ascent, int32_t *ret_descent);

#endif
