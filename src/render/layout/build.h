// Between the files that build the model: load.c (parts, sections), body.c (blocks, inlines), fields.c, drawing.c,
// table_build.c.
#ifndef DGL_RENDER_LAYOUT_BUILD_H
#define DGL_RENDER_LAYOUT_BUILD_H

#include "base/buf.h"
#include "render/layout/model.h"

#define BUILD_RUN_SLOTS 1024u
#define BUILD_MAX_FIELDS 16u
#define BUILD_MAX_SEQUENCES 64u
#define BUILD_MAX_FLOATS 32u // between two paragraphs
#define BUILD_MAX_BULLETS 256u

enum build_field_state { BUILD_FIELD_CODE, BUILD_FIELD_SHOWN, BUILD_FIELD_HIDDEN };
struct build_field {
    struct dgl_buf code;
    enum build_field_state state;
    const struct dgl_link *link;
    struct dgl_run *run;   // of the result, or of the code
    bool emitted;          // a dynamic field stands in the paragraph already
    bool filled;           // something to read stands in the result
    bool lists;            // a table of contents, an index
    bool contents, dirty;  // a table of contents; its stored entries are out of date
    bool rebuilt;          // they are not shown: new ones are made when the body is known
    uint32_t paragraph;    // where it begins
    struct dgl_buf result; // of a hidden one, as stored
    struct dgl_str chosen; // of a drop-down list
};
// What table styles say to the paragraphs of a cell.
struct build_context {
    const struct dgl_ppr *ppr; // may be NULL
    const struct dgl_rpr *rpr;
    bool in_cell;
    unsigned nesting;
};
// Boxes that wait for the paragraph in which they are anchored (frames.c).
struct build_floats {
    struct dgl_drawing *list[BUILD_MAX_FLOATS];
    struct dgl_run *run[BUILD_MAX_FLOATS];
    unsigned count;
    const struct dgl_frame *frame; // of the last box: the next paragraph may go on in it
    struct dgl_block **tail;       // of the last box's blocks
};
struct build_contents { // a table of contents to be made (contents.c)
    struct dgl_str code;
    uint32_t paragraph;
    struct build_contents *next;
};
struct build_bullet { // a picture that stands for numbers of lists (numPicBullet)
    int32_t id;
    const struct dgl_drawing *drawing;
    struct build_bullet *next;
};
struct build_sequence { // SEQ: a counter with a name
    struct dgl_str name;
    int64_t value;
};
struct build_carry { // contents that go on in the next paragraph
    struct dgl_inline *inlines;
    uint32_t count;
    struct dgl_caption *captions;
    bool has_drawings, has_notes;
    const struct dgl_para *first; // whose look the whole has: its mark is hidden, not deleted; NULL = the next one's
};
struct build_vml_box {
    struct dgl_str id, next; // empty: the text ends in it
    struct dgl_drawing *drawing;
};
struct builder {
    const struct dgl_load_env *env;
    struct dgl_arena *arena;
    const struct dgl_sheet *sheet;
    struct dgl_document *doc;
    struct dgl_prop_reader reader;
    struct dgl_counters *counters;
    struct dgl_run *runs[BUILD_RUN_SLOTS];
    // the part at hand
    const char *part_name; // for people
    uint32_t member;
    struct dgl_docx_relationship *rels;
    size_t rel_count;
    uint32_t paragraph;
    bool in_note;
    struct dgl_note_mark *note_mark;   // of the note at hand; NULL = it has none
    struct dgl_note_mark **page_marks; // end of the document's list
    struct build_field fields[BUILD_MAX_FIELDS];
    unsigned field_depth, field_overflow;
    struct build_sequence sequences[BUILD_MAX_SEQUENCES];
    unsigned sequence_count;
    struct build_contents *contents;
    struct build_bullet *bullets;
    // the paragraph at hand
    struct dgl_inline *inlines;
    uint32_t inline_count, inline_cap;
    const struct dgl_link *link;
    struct dgl_caption *captions;
    bool para_has_drawings, para_has_notes;
    struct build_carry carry;                    // of the paragraph before, whose mark is deleted or hidden
    struct dgl_section *section, **section_tail; // sections closed so far; NULL tail outside the body
    struct dgl_block **block_tail;
    uint32_t note_number[2], notes_before[2]; // footnotes, endnotes; before: at the end of the section before
    bool has_footnotes, has_endnotes;
    uint32_t nodes_left;
    uint8_t math_jc; // 1 + enum dgl_jc of equations that have a paragraph of their own
    unsigned drawing_depth;
    struct build_floats floats;
    const struct dgl_x *shape_types[64]; // of VML, met so far
    unsigned shape_type_count;
    struct dgl_art_paint group_fill; // what grpFill stands for
    struct dgl_chain *chains;
    struct build_vml_box vml_boxes[128]; // that a text may flow through
    unsigned vml_box_count;
};

struct dgl_run *build_run(struct builder *b, const struct dgl_rpr *r);
struct dgl_rpr build_base_rpr(struct builder *b, const struct build_context *c, uint16_t para_style);
void build_blocks(struct builder *b, const struct dgl_x *parent, const struct build_context *c,
                  struct dgl_block ***tail, struct dgl_error *err, enum dgl_status *status);
struct dgl_inline *build_push(struct builder *b, enum dgl_inline_kind kind, struct dgl_run *run);
const struct dgl_docx_relationship *build_rel(struct builder *b, const struct dgl_str *id);
void build_number_note(struct builder *b, struct dgl_note_mark *mark, const struct dgl_note_numbers *n,
                       uint32_t number);
void build_finding(struct builder *b, enum dgl_feature f);
bool build_is_shown(const struct builder *b); // false inside field codes and replaced results
bool build_is_group(const struct dgl_x *n);   // elements that only hold others: content controls, insertions, …

// A framed paragraph or floating table goes into a box that waits; false when too many do.
bool build_frame(struct builder *b, struct dgl_para *para);
void build_framed_table(struct dgl_table *table); // floats when its paragraphs are in a frame
bool build_floating_table(struct builder *b, struct dgl_table *table, struct dgl_run *run);
void build_take_floats(struct builder *b, struct dgl_para *para);
struct dgl_para *build_anchor_para(struct builder *b); // for boxes that no paragraph follows; NULL when none waits

void build_field_char(struct builder *b, const struct dgl_x *n, struct dgl_run *run);
void build_field_code(struct builder *b, struct dgl_str text);
void build_field_begin(struct builder *b, struct dgl_str code); // fldSimple: begin and separate at once
void build_field_end(struct builder *b);
void build_field_result(struct builder *b, struct dgl_run *run, struct dgl_str text); // of one that is not shown
void build_page_number(struct builder *b, struct dgl_run *run);                       // pgNum
void build_date(struct builder *b, const char *picture, struct dgl_run *run);
void build_fields_reset(struct builder *b);
bool build_in_rebuilt(const struct builder *b); // inside stored entries that new ones replace
// The next word of a field code; quotes removed.
struct dgl_str build_field_word(struct dgl_str *rest);
// A paragraph of a style without contents.
struct dgl_para *build_styled_para(struct builder *b, uint16_t style);
void build_contents(struct builder *b); // tables of contents, once the body is built

enum dgl_status build_table(struct builder *b, const struct dgl_x *n, const struct build_context *c,
                            struct dgl_table **ret, struct dgl_error *err) DGL_MUST_CHECK;
void build_drawing(struct builder *b, const struct dgl_x *n, struct dgl_run *run, const struct build_context *c,
                   struct dgl_error *err, enum dgl_status *status);
void build_vml(struct builder *b, const struct dgl_x *n, struct dgl_run *run, const struct build_context *c,
               struct dgl_error *err, enum dgl_status *status);
void build_join_vml_boxes(struct builder *b); // once all are known
enum dgl_status build_section(struct builder *b, const struct dgl_x *n, struct dgl_error *err) DGL_MUST_CHECK;

#endif
