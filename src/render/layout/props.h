// Properties of runs, paragraphs, tables, rows and cells: what one element says (a mask tells what), and how one set is
// laid over another.
//
// All lengths are millipoints (mpt, 1/1000 pt, int32); colours are 0xRRGGBB or DGL_COLOR_AUTO.
// Source: ECMA-376 Part 1 §17.3.1 (pPr), §17.3.2 (rPr), §17.4 (tables), §17.7.2 (style hierarchy).
#ifndef DGL_RENDER_LAYOUT_PROPS_H
#define DGL_RENDER_LAYOUT_PROPS_H

#include "render/layout/limits.h"
#include "render/layout/xnode.h"

#define DGL_COLOR_AUTO 0xFF000000u // black, or white on dark shading
#define DGL_COLOR_NONE 0xFE000000u // nothing is painted
#define DGL_SHADE_SET 0x01000000u  // marks a colour where 0 means that nothing was said (tables, cells)

enum dgl_line_kind {
    DGL_LINE_NONE,
    DGL_LINE_SINGLE,
    DGL_LINE_DOUBLE,
    DGL_LINE_TRIPLE,
    DGL_LINE_DOTTED,
    DGL_LINE_DASHED,
    DGL_LINE_DOT_DASH,
    DGL_LINE_WAVE,
};
struct dgl_border {
    bool set;
    enum dgl_line_kind kind; // NONE with set: no border, and none from below
    int32_t width, space;
    uint32_t color;
};

// ---- Runs ----

enum dgl_font_slot { DGL_SLOT_ASCII, DGL_SLOT_HANSI, DGL_SLOT_EAST_ASIA, DGL_SLOT_CS, DGL_SLOT_COUNT };
// Toggle properties (§17.7.3): styles of different kinds cancel each other out, direct formatting decides.
enum {
    DGL_T_BOLD = 1u << 0,
    DGL_T_ITALIC = 1u << 1,
    DGL_T_BOLD_CS = 1u << 2,
    DGL_T_ITALIC_CS = 1u << 3,
    DGL_T_CAPS = 1u << 4,
    DGL_T_SMALL_CAPS = 1u << 5,
    DGL_T_STRIKE = 1u << 6,
    DGL_T_HIDDEN = 1u << 7,
    DGL_T_OUTLINE = 1u << 8,
    DGL_T_SHADOW = 1u << 9,
    DGL_T_EMBOSS = 1u << 10,
    DGL_T_IMPRINT = 1u << 11,
    // Not toggles by the standard, but on/off as well:
    DGL_T_DSTRIKE = 1u << 12,
    DGL_T_RTL = 1u << 13,
    DGL_T_CS = 1u << 14,
    DGL_T_LIGATURES = 1u << 15,
    DGL_T_HINT_EA = 1u << 16,
    DGL_T_WEB_HIDDEN = 1u << 17,
    DGL_T_UNDRAWN = 1u << 18, // a look that is not drawn: glow, reflection, emphasis marks and their like
    DGL_T_TRUE_TOGGLES = (1u << 12) - 1,
};
enum {
    DGL_R_FONT_ASCII = 1u << 0, // four in slot order
    DGL_R_SIZE = 1u << 4,
    DGL_R_SIZE_CS = 1u << 5,
    DGL_R_COLOR = 1u << 6,
    DGL_R_HIGHLIGHT = 1u << 7,
    DGL_R_SHADE = 1u << 8,
    DGL_R_UNDERLINE = 1u << 9,
    DGL_R_VERT = 1u << 10,
    DGL_R_POSITION = 1u << 11,
    DGL_R_SPACING = 1u << 12,
    DGL_R_SCALE = 1u << 13,
    DGL_R_KERN = 1u << 14,
    DGL_R_LANG = 1u << 15,
    DGL_R_LANG_EA = 1u << 16,
    DGL_R_LANG_BIDI = 1u << 17,
    DGL_R_BORDER = 1u << 18,
    DGL_R_STYLE = 1u << 19,
    DGL_R_FIT = 1u << 20,
};
enum dgl_vert { DGL_VERT_BASE, DGL_VERT_SUPER, DGL_VERT_SUB };
enum dgl_underline {
    DGL_UNDERLINE_NONE,
    DGL_UNDERLINE_SINGLE,
    DGL_UNDERLINE_WORDS,
    DGL_UNDERLINE_DOUBLE,
    DGL_UNDERLINE_THICK,
    DGL_UNDERLINE_DOTTED,
    DGL_UNDERLINE_DASHED,
    DGL_UNDERLINE_DOT_DASH,
    DGL_UNDERLINE_WAVE,
};
struct dgl_rpr {
    uint32_t set, toggles_set, toggles;
    const char *font[DGL_SLOT_COUNT]; // interned family names
    int32_t size, size_cs, position, spacing, kern;
    int32_t fit, fit_id; // fitText: the width of this run and those beside it with the same id; 0 = its own
    uint16_t scale_percent;
    uint8_t vert, underline;
    uint32_t color, highlight, shade, underline_color;
    const char *lang, *lang_ea, *lang_bidi;
    struct dgl_border border;
    uint16_t style; // character style, index into the sheet
};

// ---- Paragraphs ----

enum {
    DGL_P_STYLE = 1u << 0,
    DGL_P_JC = 1u << 1,
    DGL_P_LEFT = 1u << 2,
    DGL_P_RIGHT = 1u << 3,
    DGL_P_FIRST = 1u << 4,
    DGL_P_BEFORE = 1u << 5,
    DGL_P_AFTER = 1u << 6,
    DGL_P_LINE = 1u << 7,
    DGL_P_BEFORE_AUTO = 1u << 8,
    DGL_P_AFTER_AUTO = 1u << 9,
    DGL_P_NUM = 1u << 10,
    DGL_P_ILVL = 1u << 11,
    DGL_P_OUTLINE = 1u << 12,
    DGL_P_SHADE = 1u << 13,
    DGL_P_TEXT_ALIGN = 1u << 14,
    DGL_P_LEFT_CHARS = 1u << 15,
    DGL_P_FIRST_CHARS = 1u << 16,
    DGL_P_RIGHT_CHARS = 1u << 17,
    DGL_P_BEFORE_LINES = 1u << 18,
    DGL_P_AFTER_LINES = 1u << 19,
};
enum {
    DGL_PF_KEEP_NEXT = 1u << 0,
    DGL_PF_KEEP_LINES = 1u << 1,
    DGL_PF_PAGE_BREAK_BEFORE = 1u << 2,
    DGL_PF_WIDOW_CONTROL = 1u << 3,
    DGL_PF_CONTEXTUAL = 1u << 4,
    DGL_PF_BIDI = 1u << 5,
    DGL_PF_SNAP = 1u << 6,
    DGL_PF_WORD_WRAP = 1u << 7,
    DGL_PF_SUPPRESS_NUMBERS = 1u << 8,
    DGL_PF_AUTO_SPACE_DE = 1u << 9,  // between ideographs and letters
    DGL_PF_AUTO_SPACE_DN = 1u << 10, // between ideographs and digits
    DGL_PF_OVERFLOW_PUNCT = 1u << 11,
    DGL_PF_KINSOKU = 1u << 12,
    DGL_PF_NO_HYPHENS = 1u << 14,
    DGL_PF_SPACES_ADD = 1u << 13, // of the document: spaces between paragraphs add up
};
enum dgl_jc { DGL_JC_START, DGL_JC_CENTER, DGL_JC_END, DGL_JC_BOTH, DGL_JC_DISTRIBUTE, DGL_JC_LEFT, DGL_JC_RIGHT };
enum dgl_line_rule { DGL_RULE_AUTO, DGL_RULE_AT_LEAST, DGL_RULE_EXACT };
enum dgl_tab_kind {
    DGL_TAB_CLEAR,
    DGL_TAB_LEFT,
    DGL_TAB_CENTER,
    DGL_TAB_RIGHT,
    DGL_TAB_DECIMAL,
    DGL_TAB_BAR,
};
enum dgl_leader {
    DGL_LEADER_NONE,
    DGL_LEADER_DOT,
    DGL_LEADER_HYPHEN,
    DGL_LEADER_UNDERSCORE,
    DGL_LEADER_MIDDLE_DOT,
    DGL_LEADER_HEAVY,
};
struct dgl_tab {
    int32_t at;
    uint8_t kind, leader;
};
enum dgl_side {
    DGL_TOP,
    DGL_LEFT,
    DGL_BOTTOM,
    DGL_RIGHT,
    DGL_BETWEEN,
    DGL_INSIDE_H = DGL_BETWEEN,
    DGL_INSIDE_V,
    DGL_SIDES
};
// A frame: where a paragraph stands beside the text (§17.3.1.11).
struct dgl_frame {
    int32_t width, height, x, y, h_space, v_space; // width 0: as wide as its text
    uint8_t height_rule;
    uint8_t h_anchor, v_anchor; // 0 text, 1 margin, 2 page
    uint8_t x_align, y_align;   // 0 none, 1 left or top, 2 center, 3 right or bottom
    uint8_t beside, over;       // text flows around it; the text takes no notice of it
    uint8_t drop_cap;
};
struct dgl_ppr {
    uint32_t set, flags_set, flags;
    uint16_t style;
    uint8_t jc, line_rule, outline; // outline 0..8, 9 body text
    uint8_t ilvl;
    int32_t num;                                  // numId; 0 removes numbering
    int32_t left, right, first;                   // first < 0 hangs
    int32_t left_chars, right_chars, first_chars; // hundredths of a character
    int32_t before, after, line;                  // line: mpt, or 240ths of a line for AUTO
    int32_t before_lines, after_lines;            // hundredths of a line
    bool before_auto, after_auto;
    uint32_t shade;
    struct dgl_border border[DGL_SIDES]; // INSIDE_V stands for the bar border
    const struct dgl_tab *tabs;
    uint32_t tab_count;
    const struct dgl_frame *frame; // framePr; NULL = none
};

// ---- Tables ----

enum dgl_width_kind { DGL_WIDTH_AUTO, DGL_WIDTH_LENGTH, DGL_WIDTH_PERCENT, DGL_WIDTH_NIL };
struct dgl_width {
    bool set;
    enum dgl_width_kind kind;
    int32_t value; // mpt, or 1/50 percent
};
struct dgl_margins {
    uint8_t set; // bit per side, TOP to RIGHT
    int32_t side[4];
};
// Conditional parts of a table style, in the order in which they are applied (§17.7.6.6 and what Word does).
enum dgl_condition {
    DGL_COND_WHOLE,
    DGL_COND_BAND1_V,
    DGL_COND_BAND2_V,
    DGL_COND_BAND1_H,
    DGL_COND_BAND2_H,
    DGL_COND_FIRST_COL,
    DGL_COND_LAST_COL,
    DGL_COND_FIRST_ROW,
    DGL_COND_LAST_ROW,
    DGL_COND_NE,
    DGL_COND_NW,
    DGL_COND_SE,
    DGL_COND_SW,
    DGL_COND_COUNT,
};
struct dgl_tblpr {
    uint16_t style;
    bool has_style, layout_set, fixed, bidi, has_look, jc_set, floating, indent_set, spacing_set;
    uint8_t jc;
    uint16_t row_band, col_band;
    uint16_t look; // bits as in tblLook: 0x20 first row, 0x40 last row, 0x80 first column, 0x100 last, 0x200, 0x400
    struct dgl_width width;
    int32_t indent, spacing;
    struct dgl_margins margins;
    struct dgl_border border[DGL_SIDES];
    uint32_t shade;
    // floating (tblpPr)
    uint8_t h_anchor, v_anchor; // 0 text/margin of column, 1 margin, 2 page
    int32_t x, y;
    uint8_t x_align, y_align; // 0 none, 1 left/top, 2 center, 3 right/bottom
    int32_t dist[4];
};
struct dgl_trpr {
    bool cant_split, header, cant_split_set, header_set, hidden, jc_set;
    uint8_t height_rule, jc;
    int32_t height, spacing;
    uint16_t grid_before, grid_after;
    struct dgl_width before_width, after_width;
};
enum dgl_valign { DGL_VALIGN_TOP, DGL_VALIGN_CENTER, DGL_VALIGN_BOTTOM, DGL_VALIGN_BOTH }; // BOTH: of pages only
struct dgl_tcpr {
    struct dgl_width width;
    uint16_t span;
    uint8_t v_merge; // 0 none, 1 continues, 2 starts
    uint8_t h_merge; // the same
    bool valign_set, no_wrap, fit_text, hide_mark;
    uint8_t turn; // of the text, in quarters clockwise: 1 runs down, 3 runs up
    uint8_t valign;
    uint32_t shade;
    struct dgl_margins margins;
    struct dgl_border border[DGL_SIDES];
    struct dgl_border diagonal[2]; // from the top left, from the top right
};

// What reading needs beyond the element: where names are kept and what theme names stand for.
struct dgl_theme {
    const char *major[3], *minor[3]; // latin, east asian, complex; may be NULL
    uint32_t color[12];              // dk1 lt1 dk2 lt2 accent1..6 hlink folHlink
    bool has_colors;
    const struct dgl_x *fills, *backgrounds, *lines, *effects; // lists that shapes refer to; NULL = none
};
struct dgl_names { // equal names share one string, so that equal properties are equal bytes
    const char *slot[256];
};
struct dgl_prop_reader {
    struct dgl_arena *arena;
    struct dgl_names *names; // may be NULL: every name is a copy
    const struct dgl_theme *theme;
    // Index of a style by its id, UINT16_MAX when there is none. May be NULL.
    uint16_t (*style_index)(void *ctx, struct dgl_str id);
    void *ctx;
    bool striped; // set when a shade of lines was met: only its ground is painted
};
const char *dgl_prop_intern(struct dgl_prop_reader *r, struct dgl_str name);

// Each lays what the element says over *p. NULL elements do nothing.
void dgl_rpr_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_rpr *p);
void dgl_ppr_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_ppr *p);
void dgl_tblpr_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_tblpr *p);
const struct dgl_frame *dgl_frame_read(struct dgl_arena *a, const struct dgl_x *n);
void dgl_trpr_read(const struct dgl_x *n, struct dgl_trpr *p);
void dgl_tcpr_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_tcpr *p);
void dgl_border_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_border *ret);
uint32_t dgl_color_read(const struct dgl_theme *theme, const struct dgl_x *n, enum dgl_x_name attr,
                        enum dgl_x_name theme_attr);

void dgl_rpr_apply(struct dgl_rpr *p, const struct dgl_rpr *over);       // direct: decides toggles
void dgl_rpr_apply_style(struct dgl_rpr *p, const struct dgl_rpr *over); // another style level: toggles cancel
void dgl_ppr_apply(struct dgl_ppr *p, const struct dgl_ppr *over, struct dgl_arena *a);
void dgl_ppr_apply_indent(struct dgl_ppr *p, const struct dgl_ppr *over);
void dgl_tblpr_apply(struct dgl_tblpr *p, const struct dgl_tblpr *over);
void dgl_tcpr_apply(struct dgl_tcpr *p, const struct dgl_tcpr *over);

#endif
