// The body's way over columns and pages. Private to layout.c and the flow files.
#ifndef DGL_RENDER_LAYOUT_FLOW_H
#define DGL_RENDER_LAYOUT_FLOW_H

#include "render/layout/layout.h"
#include "render/layout/table.h"

#define FLOW_MAX_NOTES 256u
#define FLOW_MAX_FEET 32u // columns with notes of one page

struct flow_floats { // what stands in headers and footers and takes room from the body
    struct dgl_exclusion *list;
    uint32_t count;
};
struct flow_section { // what is worked out once per section
    const struct dgl_section *s;
    struct dgl_section even; // with its side margins exchanged, for left pages of a book
    uint32_t index;
    bool known[DGL_PAGE_KINDS];
    int32_t header_height[DGL_PAGE_KINDS], footer_height[DGL_PAGE_KINDS];
    struct flow_floats floats[DGL_PAGE_KINDS];
    uint32_t pages; // of the pass before
    uint32_t first_page;
};
struct flow_page { // beside struct dgl_page
    uint32_t section;
    enum dgl_page_kind kind;
    int32_t number; // as counted, not as printed
    bool blank;     // inserted before an odd or even section
};
struct flow_note { // a footnote or the part of one that stands on this page
    const struct dgl_note *note;
    const struct dgl_galley *g;
    struct dgl_mark from, to;
};
struct flow_foot { // the notes of a column, from the rule above them on
    uint32_t first, count;
    int32_t x, y, width;
    bool go_on; // the first of them began on an earlier page or column
};
struct flow_start { // where a paragraph, a table or a part of one begins in the page's boxes
    uint32_t box;
    uint16_t column;
    bool whole; // its first part, below something else: here a page that is spread out gets room
};
struct flow_ahead { // an object above its anchor, see flow_ahead.c
    const struct dgl_drawing *drawing;
    uint32_t page; // counted from 1
    bool driven;   // to that page by its own room on the one before
    struct dgl_exclusion room;
};
struct flow_ahead_list {
    struct flow_ahead *list;
    uint32_t count, cap;
};
struct flow_style { // a styled paragraph, for STYLEREF
    uint16_t style;
    int8_t outline;
    uint32_t page;
    struct dgl_str text;
};
struct flow {
    struct dgl_text_env env;
    struct dgl_document *doc;
    const struct dgl_layout_env *outer;
    struct dgl_error *err;
    struct dgl_page *pages;
    struct flow_page *info;
    uint32_t page_count, page_cap, info_cap;
    struct flow_section *sections;
    uint32_t section_count, section;
    struct dgl_canvas canvas;
    // the column at hand
    uint16_t column;
    int32_t y, top, bottom; // page coordinates; top of the columns of this section on this page
    int32_t deepest;        // lowest point of earlier columns
    bool at_top, hard_break, page_empty;
    const struct dgl_para *above;
    int32_t given; // of the space after `above`, what stands there already
    int32_t next_number;
    struct flow_start *starts; // of this page, when its text is spread out (w:vAlign both)
    uint32_t start_count, start_cap;
    int32_t column_end[16], column_foot[16];
    struct dgl_exclusion exclusions[DGL_LAYOUT_MAX_FLOATS];
    uint32_t exclusion_count;
    struct flow_ahead_list known, ahead; // objects above their anchors: of the pass before, of this one
    struct flow_note notes[FLOW_MAX_NOTES];
    uint32_t note_count;
    uint32_t column_notes;                // the first of the column at hand
    int32_t notes_height;                 // of those, with the rule above them
    struct flow_foot feet[FLOW_MAX_FEET]; // of the columns that are full
    uint32_t foot_count;
    struct flow_note carried[FLOW_MAX_NOTES]; // what found no room goes on on the next page
    uint32_t carried_count;
    bool notes_go_on;                    // the first note of this column began before it
    struct dgl_galley **note_galleys;    // by index, once laid out
    struct flow_note_place *note_places; // of the document's footnotes, by id
    int32_t limit;                       // lower edge of balanced columns, INT32_MAX elsewhere
    uint32_t balance_page;               // the page whose columns are balanced, and how tall they are
    int32_t balance_height;
    bool column_break; // somebody put one: the columns are not balanced
    int32_t line_number;
    const struct dgl_block *kept_until; // the keep chain is settled up to here
    struct flow_style *styles;
    uint32_t style_count, style_cap;
    uint32_t styles_page; // page for which style_ref is asked
};

enum dgl_status flow_block(struct flow *f, const struct dgl_block *b) DGL_MUST_CHECK;
enum dgl_status flow_table(struct flow *f, const struct dgl_block *b) DGL_MUST_CHECK;
// Height of a chain of blocks kept with the next, with the head of what follows; 0 when it is longer than allowed.
enum dgl_status flow_chain_height(struct flow *f, const struct dgl_block *b, int32_t *ret) DGL_MUST_CHECK;
// Of a row and those that it is kept with; whether the last of them is kept with what stands below the table.
int32_t flow_kept_rows(const struct dgl_table_layout *t, uint32_t row, bool *ret_goes_on);
enum dgl_status flow_next_column(struct flow *f, bool hard) DGL_MUST_CHECK;
enum dgl_status flow_new_page(struct flow *f, bool hard) DGL_MUST_CHECK;
enum dgl_status flow_start_section(struct flow *f, uint32_t index) DGL_MUST_CHECK;
enum dgl_status flow_finish_page(struct flow *f) DGL_MUST_CHECK;
int32_t flow_room(const struct flow *f);
int32_t flow_column_width(const struct flow *f);
int32_t flow_column_x(const struct flow *f);
// Footnotes: what a line or galley refers to, laid out; height with the separator when it is the page's first.
// `least` is what has to stand on the same page when the last note may go on on the next.
struct flow_need {
    int32_t all, least;
};
enum dgl_status flow_notes_of_line(struct flow *f, const struct dgl_line *line, struct flow_need *ret) DGL_MUST_CHECK;
enum dgl_status flow_notes_of_galley(struct flow *f, const struct dgl_galley *g, struct dgl_mark from,
                                     struct dgl_mark to, struct flow_need *ret) DGL_MUST_CHECK;
// Takes the notes onto this page, above `body_end` nothing; what does not fit is carried on.
enum dgl_status flow_take_notes_of_line(struct flow *f, const struct dgl_line *line, int32_t body_end) DGL_MUST_CHECK;
enum dgl_status flow_take_notes_of_galley(struct flow *f, const struct dgl_galley *g, struct dgl_mark from,
                                          struct dgl_mark to, int32_t body_end) DGL_MUST_CHECK;
enum dgl_status flow_begin_notes(struct flow *f, bool page) DGL_MUST_CHECK; // of a page or column: those carried on
void flow_close_notes(struct flow *f, int32_t y); // those of the column at hand stand there, with their rule
enum dgl_status flow_paint_notes(struct flow *f) DGL_MUST_CHECK; // of all columns of the page
// Counts the notes of each page anew after a pass; true when a number changed and the text has to be flowed again.
bool flow_renumber_notes(struct flow *f);
void flow_index_notes(struct flow *f); // once, before the first line
enum dgl_status flow_separator(struct flow *f, bool go_on, int32_t *ret_height, int32_t *ret_rule) DGL_MUST_CHECK;
// Objects above their anchors: a page begins with those known; whether one needs no room any more, known as it was; and
// whether a pass met what the one before did.
void flow_begin_ahead(struct flow *f);
bool flow_note_ahead(struct flow *f, const struct dgl_drawing *d, const struct dgl_exclusion *e, int32_t y);
bool flow_goes_ahead(struct flow *f, const struct dgl_para *p); // it begins the next page with its object
bool flow_settle_ahead(struct flow *f);
// The section as it is on a page of that number (left pages of a book have their margins exchanged).
const struct dgl_section *flow_side(const struct flow *f, uint32_t section, int32_t number);
const struct dgl_section *flow_here(const struct flow *f); // of the page at hand
// Notes that a paragraph or table, or the next part of one, is about to be painted.
enum dgl_status flow_mark_start(struct flow *f, bool whole) DGL_MUST_CHECK;
enum dgl_status flow_number_lines(struct flow *f, const struct dgl_lines *l, uint32_t from, uint32_t to,
                                  int32_t y) DGL_MUST_CHECK;

#endif
