// The document model: sections of blocks, blocks of inlines, everything with its resolved properties.
//
//   document ─ section ─┬─ headers, footers (by kind)
//                       └─ block ─┬─ paragraph ─ inline (text, tab, break, drawing, field, note, anchor)
//                                 └─ table ─ row ─ cell ─ block …
//
// Built from a filled package (load.c, body.c, table_build.c); layout reads it and never sees XML. Everything lives in
// the caller's arena. Lengths in mpt.
#ifndef DGL_RENDER_LAYOUT_MODEL_H
#define DGL_RENDER_LAYOUT_MODEL_H

#include "base/budget.h"
#include "render/art/geometry.h"
#include "render/layout/findings.h"
#include "render/layout/fonts.h"
#include "render/layout/hyphens.h"
#include "render/layout/numbering.h"
#include "render/layout/room.h"
#include "render/layout/sheet.h"

// One step of work: the budget's steps, deadline and cancellation, and its memory against what the arena holds. Small
// pieces are allocated without asking; this is asked often enough that they cannot grow past the bound unseen.
static inline enum dgl_status DGL_MUST_CHECK dgl_work_tick(struct dgl_budget *b, const struct dgl_arena *a,
                                                           struct dgl_error *err)
{
    if (dgl_arena_used(a) > b->memory_left)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more than %zu MiB of memory to be laid out", b->memory_left >> 20);
    return dgl_budget_tick(b, err);
}

struct dgl_link {
    struct dgl_str url;    // or
    struct dgl_str anchor; // name of a bookmark
};

// Resolved run properties, one object per distinct set in a document, with the fonts they lead to.
struct dgl_run {
    struct dgl_rpr r;
    const struct dgl_font_use *use[DGL_SLOT_COUNT]; // filled by layout
    struct dgl_run *next;                           // of the hash chain
    uint32_t hash;
};

enum dgl_drawing_kind {
    DGL_DRAW_PICTURE,
    DGL_DRAW_BOX, // a rectangle, or a shape when it has one
    DGL_DRAW_LINE,
    DGL_DRAW_GROUP,
    DGL_DRAW_ART,   // vectors made already, scaled into the box
    DGL_DRAW_WORDS, // WordArt: a text as large as the box
    DGL_DRAW_CHART,
    DGL_DRAW_MATH, // an equation, or a stretch of one
    DGL_DRAW_NOTHING,
};
enum dgl_line_end { DGL_END_NONE, DGL_END_TRIANGLE, DGL_END_ARROW, DGL_END_STEALTH, DGL_END_DIAMOND, DGL_END_OVAL };
// What a shape is besides a box. Gradients are in the unit square of the shape; a linear one by its angle.
struct dgl_shadow {  // §20.1.8.45; mpt
    bool set, turns; // with the shape
    uint32_t rgb;
    float alpha;
    int32_t distance, blur;
    double direction; // radians, clockwise
    double sx, sy;    // stretched by that, 1 = as large as the shape
    double kx, ky;    // and slanted by these tangents,
    double ax, ay;    // about this point of the shape's box, 0 to 1
};
struct dgl_shape {
    const struct dgl_geometry *geometry;
    const struct dgl_adjust *adjust;
    uint32_t adjust_count;
    struct dgl_art_paint fill, line;
    double angle; // radians
    struct dgl_art_stroke stroke;
    enum dgl_line_end head, tail;
    uint8_t head_size, tail_size; // thirds of the usual
    struct dgl_shadow shadow;
};
struct dgl_part { // of a group, in the group's own coordinates
    const struct dgl_drawing *drawing;
    double x, y, w, h;
};
struct dgl_chart;
struct dgl_math;
enum dgl_wrap { DGL_WRAP_NONE, DGL_WRAP_SQUARE, DGL_WRAP_TOP_BOTTOM };
enum dgl_rel {
    DGL_REL_COLUMN,
    DGL_REL_PAGE,
    DGL_REL_MARGIN,
    DGL_REL_CHARACTER,
    DGL_REL_PARAGRAPH,
    DGL_REL_LINE,
    DGL_REL_LEFT_MARGIN, // also top margin
    DGL_REL_RIGHT_MARGIN,
};
struct dgl_block;
// Boxes that one text flows through (§20.4.2.38 as Word writes it: linkedTxbx). The first holds it.
struct dgl_chain {
    int64_t id;
    const struct dgl_block *blocks;
    int32_t width;                       // of the text
    int32_t room[DGL_LAYOUT_MAX_LINKED]; // for it, in the height of each box; 0 = there is none of that number
    unsigned count;
    struct dgl_chain *next;
};
// Brightness and contrast of a picture: each component c, 0 to 1, becomes gain * c + offset, cut to 0 to 1.
// Thousandths.
struct dgl_tone {
    int32_t gain, offset;
};
#define DGL_TONE_NONE ((struct dgl_tone){1000, 0})
// What becomes of a picture's pixels, before its tone (§20.1.8.11, .16, .18, .23). A shade is from 0 to 1000, dark to
// light.
enum dgl_recolor_kind {
    DGL_RECOLOR_NONE,
    DGL_RECOLOR_BILEVEL, // black below `threshold`, else white
    DGL_RECOLOR_DUOTONE, // from the colour `from` for black to `to` for white
    DGL_RECOLOR_CHANGE,  // pixels of the colour `from` become `to`, of that opacity
};
struct dgl_recolor {
    enum dgl_recolor_kind kind;
    uint32_t from, to;
    uint16_t threshold, alpha; // thousandths
};
struct dgl_drawing {
    enum dgl_drawing_kind kind;
    const struct dgl_shape *shape;
    const struct dgl_part *parts; // GROUP
    uint32_t part_count;
    double group[4];            // x, y, w, h of the parts' coordinates
    const struct dgl_art *art;  // ART
    struct dgl_art_text *words; // WORDS
    const struct dgl_chart *chart;
    struct dgl_math *math;
    int32_t drop;     // MATH: how far it reaches below the baseline, once set; part of the height
    int32_t rotation; // 60,000ths of a degree, clockwise
    bool flip_h, flip_v, gray;
    bool sized; // own_width and own_height are what is drawn, in the middle of the box
    int32_t own_width, own_height;
    uint16_t alpha_lost; // thousandths of opacity taken away
    struct dgl_tone tone;
    struct dgl_recolor recolor;
    bool anchored, behind, has_fill, has_line, flip, in_cell, decorative;
    int64_t z; // of an anchored one: the lower is painted first
    int32_t width, height;
    int32_t effect[4]; // of that, around what is drawn
    uint32_t picture;  // member of the package, UINT32_MAX = none
    int32_t crop[4];   // 1/1000 percent, TOP LEFT BOTTOM RIGHT
    uint32_t fill, line;
    int32_t line_width;
    int32_t inset[4];
    uint8_t v_text;                // enum dgl_valign of a box's text
    uint8_t text_turn;             // of a box's text, in quarters clockwise: 1 runs down, 3 up
    bool grows;                    // the box is as tall as its text
    bool fits;                     // and as wide (frames, floating tables)
    int32_t min_height;            // of a box that grows
    const struct dgl_table *table; // a floating one: what the box holds
    bool framed;                   // holds framed paragraphs
    bool settled, in_text; // layout's own: width and height are those of the contents; the table is set in the text
    const struct dgl_block *blocks;
    const struct dgl_chain *chain; // the box is one of several for a text; NULL = it is not
    uint8_t place_in_chain;
    enum dgl_rel h_rel, v_rel;
    uint8_t h_align, v_align; // 0 offset, 1 left/top, 2 center, 3 right/bottom
    int32_t x, y, dist[4];
    enum dgl_wrap wrap;
    enum dgl_wrap_side wrap_side;
    const struct dgl_outline *outline;     // of tight wrapping; NULL = the box
    int32_t percent_width, percent_height; // 1/1000 percent of page or margin; 0 = none
    int32_t percent_x, percent_y;          // of what it is placed in, beside x and y
    bool percent_of_margin_w, percent_of_margin_h;
    struct dgl_str alt;
    const struct dgl_link *link;
};

enum dgl_field {
    DGL_FIELD_PAGE,
    DGL_FIELD_NUMPAGES,
    DGL_FIELD_SECTION,
    DGL_FIELD_SECTIONPAGES,
    DGL_FIELD_STYLEREF,
    DGL_FIELD_PAGEREF,
    DGL_FIELD_NOTE, // a note's own number, where the note begins
};
// PAGEREF: shows what is stored until layout knows on which page the bookmark stands.
struct dgl_page_ref {
    struct dgl_str bookmark, shown;
    struct dgl_page_ref *next;
};
enum dgl_inline_kind {
    DGL_IN_TEXT,
    DGL_IN_TAB,
    DGL_IN_PTAB, // aligned tab: value 1 left, 2 center, 3 right
    DGL_IN_LINE_BREAK,
    DGL_IN_PAGE_BREAK,
    DGL_IN_COLUMN_BREAK,
    DGL_IN_DRAWING,
    DGL_IN_FIELD,
    DGL_IN_NOTE,   // footnote or endnote reference
    DGL_IN_ANCHOR, // bookmark
    DGL_IN_RUBY,   // phonetic guide above the inlines before it
};
// The number of a note, which its reference and the note itself show.
struct dgl_note_mark {
    struct dgl_str text;
    uint8_t format; // enum dgl_num_format
    int32_t start;
    // Of one whose numbers begin anew on each page (§17.11.19); layout finds out which page its reference stands on.
    bool each_page;
    uint32_t page;
    struct dgl_note_mark *next; // in the order of the text
};
struct dgl_inline {
    enum dgl_inline_kind kind;
    struct dgl_run *run;
    const struct dgl_link *link;
    struct dgl_str text; // TEXT, RUBY; ANCHOR: name; FIELD: argument
    union {
        const struct dgl_drawing *drawing;
        struct {
            enum dgl_field kind;
            int8_t format; // enum dgl_num_format, -1 = the section's
            union {
                struct dgl_page_ref *ref;         // PAGEREF
                const struct dgl_note_mark *mark; // NOTE
            };
        } field;
        struct {
            int32_t id;
            bool endnote;
            struct dgl_note_mark *mark; // NULL: a text that follows stands for the number
        } note;
        uint8_t value;
        struct {
            int32_t raise;  // of its baseline
            uint32_t above; // so many inlines
        } ruby;
    };
};

// A number of a sequence (SEQ) in a paragraph: what tables of figures list.
struct dgl_caption {
    struct dgl_str sequence;
    uint32_t inlines; // of the paragraph, up to and with the number
    struct dgl_caption *next;
};
struct dgl_text;
struct dgl_para {
    struct dgl_ppr p;
    struct dgl_run *mark; // the paragraph mark's run
    struct dgl_inline *inlines;
    uint32_t inline_count;
    struct dgl_caption *captions;
    struct dgl_str label; // of a list
    struct dgl_run *label_run;
    const struct dgl_inline *bullet; // a drawing that stands for the label; NULL = none does
    const struct dgl_num_level *level;
    uint32_t number; // w:p in its part
    uint16_t style;
    int8_t outline; // 1..9, 0 none
    bool has_drawings, has_notes, has_fields, ends_section;
    int32_t fit;             // layout's own: the width its text is to have, 0 = its own
    bool no_line;            // an empty paragraph of which only the spaces count
    struct dgl_text *shaped; // layout's own: the glyphs, once made
};

struct dgl_cell {
    struct dgl_tcpr p;
    int32_t margin[4];
    struct dgl_border border[4];
    uint32_t shade;              // DGL_COLOR_NONE = none
    uint16_t column, span, rows; // rows: of a vertical merge, 0 = continues the one above
    uint16_t origin_index;       // of a cell that continues: where the merge starts
    uint32_t origin_row;
    const struct dgl_block *blocks;
};
struct dgl_row {
    struct dgl_trpr p;
    const struct dgl_tblpr *exceptions; // what the row says otherwise than its table (tblPrEx); NULL = nothing
    struct dgl_cell *cells;
    uint16_t cell_count;
};
struct dgl_table {
    struct dgl_tblpr p;
    int32_t grid[DGL_LAYOUT_MAX_COLUMNS + 1];
    uint16_t columns;
    struct dgl_row *rows;
    uint32_t row_count;
    int32_t side_margin[2]; // default left and right cell margin
    int32_t settled_room;   // layout's own: of a floating table, the width of the text around it; 0 = not yet known
    int32_t settled_x;      // and, when it is set in the text after all, its left edge from the column's
    struct dgl_border outline[4]; // of a table with space between its cells, which have borders of their own
};

enum dgl_block_kind { DGL_BLOCK_PARA, DGL_BLOCK_TABLE };
struct dgl_block {
    enum dgl_block_kind kind;
    struct dgl_para *para;
    struct dgl_table *table;
    struct dgl_block *next;
};

enum dgl_section_start { DGL_START_PAGE, DGL_START_CONTINUOUS, DGL_START_EVEN, DGL_START_ODD, DGL_START_COLUMN };
enum dgl_page_kind { DGL_PAGE_DEFAULT, DGL_PAGE_FIRST, DGL_PAGE_EVEN, DGL_PAGE_KINDS };
// Numbers beside lines (§17.6.8); by 0 = none.
enum dgl_restart { DGL_RESTART_PAGE, DGL_RESTART_SECTION, DGL_RESTART_NEVER };
struct dgl_line_numbers {
    int32_t by, start, distance;
    enum dgl_restart restart;
    struct dgl_run *run;
};
struct dgl_section {
    int32_t width, height, margin[4], header, footer, gutter;
    enum dgl_section_start start;
    uint16_t columns;
    int32_t column_width[16], column_space[16];
    bool column_line, title_page;
    int32_t page_start; // -1 = goes on
    enum dgl_num_format page_format;
    uint8_t valign;          // enum dgl_valign
    bool notes_beneath;      // footnotes stand right below the text, not at the foot of the page
    int32_t grid_pitch;      // 0 = none
    int32_t character_extra; // what the character grid adds to an East Asian character
    bool character_cells;    // and they stand in its cells
    bool first_page_border, later_page_border;
    struct dgl_border page_border[4];
    bool border_from_text;
    struct dgl_line_numbers lines;
    const struct dgl_block *headers[DGL_PAGE_KINDS], *footers[DGL_PAGE_KINDS];
    bool has_header[DGL_PAGE_KINDS], has_footer[DGL_PAGE_KINDS];
    const struct dgl_block *blocks;
    struct dgl_section *next;
};

struct dgl_note {
    int32_t id;
    const struct dgl_section *section; // that refers to it; NULL = none does
    const struct dgl_block *blocks;
};
struct dgl_document {
    const struct dgl_sheet *sheet;
    struct dgl_hyphens *hyphens; // borrowed; NULL: words are not divided
    struct dgl_section *sections;
    struct dgl_note *footnotes, *endnotes;
    uint32_t footnote_count, endnote_count;
    const struct dgl_block *note_separator[2]; // above notes, and above those that go on from the page before
    struct dgl_findings findings;
    bool has_page_fields; // in the body: pages may have to be laid out twice
    struct dgl_page_ref *page_refs;
    struct dgl_note_mark *page_marks; // of footnotes that count by page
    uint32_t background;              // page colour, DGL_COLOR_NONE
    struct dgl_str title, author, subject, keywords, language;
    struct dgl_docx_package *package;
    uint32_t paragraphs;
};

struct dgl_load_env {
    struct dgl_arena *arena;
    struct dgl_sheet_cache *cache; // may be NULL
    struct dgl_hyphens *hyphens;   // may be NULL; outlives the document
    struct dgl_budget *budget;
    int64_t created_at_us;
    const char *time_zone; // may be NULL: UTC
    const char *language;  // BCP 47, may be NULL
};
// Reads a package into a model. *ret_owned_sheet, when not NULL, is freed by the caller after the model.
enum dgl_status dgl_document_load(struct dgl_docx_package *p, const struct dgl_load_env *env, struct dgl_document *ret,
                                  struct dgl_sheet **ret_owned_sheet, struct dgl_error *err) DGL_MUST_CHECK;

#endif
