// A compiled Word template, as the rooms of render/docx share it.
//
//   package ─ opc ─▶ parts ─ tree ─▶ elements ─ scan ─▶ tags in their runs ─ hoist ─▶ tags where they act
//                                                          ─ emit ─▶ chunks ─ render/template ─▶ program
//
// The tree stays in the model: each DATA chunk is a run of node events (open, close, text) and the same run as bytes.
// The DOCX writer copies the bytes; layout reads the events. Both see the values in between through the same sink.
//
// Invariant: after hoisting, the tags of one block (its opening, its else, its end) stand in the same element, or in
// sibling paragraphs of the same form, so whatever the data makes of the blocks, the output is well-formed.
#ifndef DGL_RENDER_DOCX_MODEL_H
#define DGL_RENDER_DOCX_MODEL_H

#include "base/zip.h"
#include "render/docx/docx.h"
#include "render/docx/opc.h"
#include "render/docx/tree.h"

// ---- tags (scan, hoist)

enum dgl_docx_prefix { DGL_PREFIX_NONE, DGL_PREFIX_R, DGL_PREFIX_P, DGL_PREFIX_TC, DGL_PREFIX_TR };
enum dgl_docx_special {
    DGL_SPECIAL_NONE,
    DGL_SPECIAL_COLSPAN,
    DGL_SPECIAL_CELLBG,
    DGL_SPECIAL_VMERGE,
    DGL_SPECIAL_HMERGE,
    DGL_SPECIAL_RAW, // raw, endraw: gone once scanned
};
enum dgl_docx_tag_kind { DGL_TAG_VALUE, DGL_TAG_BLOCK, DGL_TAG_COMMENT };
struct dgl_docx_tag {
    enum dgl_docx_tag_kind kind;
    enum dgl_docx_prefix prefix;
    enum dgl_docx_special special;
    bool merge_previous, merge_next; // {%- and -%}
    bool printing_image;             // {{ img_… }}
    bool dead;                       // replaced together with its row, cell or paragraph
    bool spliced;                    // its block begins and ends inside different paragraphs
    struct dgl_str inside;           // without prefix and dashes; quotes made plain
    struct dgl_str source;           // as written
    enum dgl_block_role role;
    const char *word; // the opening word of its block
    uint32_t seq;     // document order
    uint32_t place;
    uint32_t family; // tags of one block share it: the opening tag's seq + 1; 0 = none
    // How much the paragraph shows before this tag, and in all: 0 before = leading, all before = trailing.
    uint32_t visible_before;
    struct dgl_docx_node *node, *paragraph;
    struct dgl_docx_node *lifted_from;            // container it was lifted out of
    const struct dgl_docx_node *run_pr, *para_pr; // properties that stood where the tag was written
};

struct dgl_docx_place {
    const char *part; // NULL: the part that holds the place
    uint32_t paragraph;
    struct dgl_str text; // the paragraph's
    struct dgl_str tag;  // as written
};

// ---- what the sink must know about a chunk

// Where a value is printed; decides how it is escaped and what it may become.
enum dgl_docx_where {
    DGL_WHERE_TEXT,       // w:t: line breaks, tabs, paragraphs, images
    DGL_WHERE_PLAIN,      // text of another element: a:t, w:instrText, properties
    DGL_WHERE_ATTRIBUTE,  // an attribute's value
    DGL_WHERE_TARGET,     // a hyperlink's address
    DGL_WHERE_RUN,        // {{r }}
    DGL_WHERE_PARAGRAPH,  // {{p }}
    DGL_WHERE_ROW,        // {{tr }}
    DGL_WHERE_CELL,       // {{tc }}
    DGL_WHERE_SPAN,       // number of columns of a cell
    DGL_WHERE_FILL,       // colour of a cell
    DGL_WHERE_BLIP,       // relationship of a placeholder picture; run_open holds its own
    DGL_WHERE_CHART,      // a name of a chart that is made anew, or its data
    DGL_WHERE_CHART_PART, // the part of a chart that became a value first: a relationship
    DGL_WHERE_LINK,       // a hyperlink's whole address that became a value first: a relationship
    DGL_WHERE_NOTE,       // the text of a note or comment that became a value first, and its reference: see copies.c
};
enum dgl_docx_note_kind { DGL_NOTE_FOOT, DGL_NOTE_END, DGL_NOTE_COMMENT };
#define DGL_NOTE_KINDS 3
struct dgl_docx_context {
    enum dgl_docx_where where;
    bool image;     // the token is named img_…: its value is a picture
    bool quoted;    // inside the quotes of a field's instruction
    bool can_split; // the paragraph may be closed and opened again here
    bool in_body;   // its paragraph stands in no table, text box, header or note: sections may end here
    // What opens a run with the properties of the tag's, and what closes and opens the paragraph around it.
    struct dgl_str run_open;            // "<w:r><w:rPr>…</w:rPr>"
    struct dgl_str para_open;           // "<w:p><w:pPr>…</w:pPr>", and a hyperlink or insertion that holds the run
    struct dgl_str para_close;          // "</w:p>"
    const struct dgl_docx_node *run_pr; // w:rPr, or NULL
    uint32_t text_width_emu;            // room for a picture
    struct dgl_str namespaces;          // that markup is read with; empty: the part's
    // NOTE: what begins the note and its reference, up to the value of the id. `namespaces` are those of its part.
    enum dgl_docx_note_kind note;
    struct dgl_str note_open, reference_open;
    uint32_t chart; // CHART_PART: into docx->copied_charts
};

// Work the sink does around a DATA chunk. Only chunks that need it are cut.
enum dgl_docx_op {
    DGL_CUT_NONE,
    DGL_CUT_TABLE_OPEN,      // arg: grid, or DGL_NO_GRID when its columns are fixed
    DGL_CUT_TABLE_CLOSE,     // drops a table without rows, writes its grid
    DGL_CUT_GRID,            // the grid goes here
    DGL_CUT_ROW_OPEN,        // arg: columns left out before and after
    DGL_CUT_ROW_CLOSE,       // drops a row without cells
    DGL_CUT_CELL_OPEN,       // arg: columns it spans
    DGL_CUT_CELL_WIDTH,      // arg: width in twentieths of a point; written with five digits, mended at the table's end
    DGL_CUT_NEEDS_PARAGRAPH, // closes a cell, header, note…: puts an empty paragraph when the last block is none
    DGL_CUT_DRAWING_ID,      // puts a unique number in place of the one before it
    DGL_CUT_RANGE_ID,        // arg: mark; writes a fresh number
    DGL_CUT_COMMENT_ID,      // arg: mark; writes a fresh number of a comment
    DGL_CUT_BOOKMARK_NAME,   // arg: mark; writes _N from its second time on
    DGL_CUT_RANGE_END,       // arg: mark; writes the number given last
    DGL_CUT_TARGET_BEGIN,    // what follows is a hyperlink's address
    DGL_CUT_TARGET_END,      // becomes a relationship; its id is written
    DGL_CUT_FRAME_OPEN,      // a placeholder picture begins
    DGL_CUT_FRAME_CLOSE,     // its frame takes the new picture's proportions
    DGL_CUT_NOTE_BEGIN,      // arg: enum dgl_docx_note_kind; what follows goes to its part, with a fresh id
    DGL_CUT_COMMENT_BEGIN,   // arg: mark; the same with the number given last
    DGL_CUT_NOTE_END,        // back to the part being written
    DGL_CUT_NOTE_ID,         // writes the id of the note written last
    DGL_CUT_CHART_NAME,      // what follows is a name of a chart that is made anew
    DGL_CUT_CHART_NAME_END,
    DGL_CUT_CHART_BEGIN, // what follows is the chart's part
    DGL_CUT_CHART_END,   // arg: into docx->copied_charts; it becomes a part, its relationship's id is written
};
#define DGL_CUT_APART 0x80 // flag beside TABLE_OPEN or alone: two tables must not touch
#define DGL_NO_GRID UINT32_MAX
struct dgl_docx_cut {
    uint8_t before, after; // enum dgl_docx_op
    uint32_t before_arg, after_arg;
};
struct dgl_docx_grid {
    uint32_t *widths; // twentieths of a point
    uint32_t count;
    struct dgl_str qname; // "w:gridCol"
};

struct dgl_docx_part {
    char name[96];         // for people: "body", "header 1"
    uint32_t member;       // of the package
    uint32_t rels;         // member of its relationships; UINT32_MAX = none
    bool has_placeholders; // pictures with a token in their alternative text
    bool copies_charts;    // its relationships to docx->copied_charts go
    enum dgl_docx_part_kind kind;
    struct dgl_docx_tree tree;
    struct dgl_template *program;
    struct dgl_docx_relationship *relationships; // of this part, for hyperlinks with tags
    size_t relationship_count;
    size_t raw_bytes;          // all DATA together: a first guess of the output's size
    struct dgl_str namespaces; // declarations of the root, for reading safe values
    // Parallel to the chunks.
    struct dgl_docx_cut *cuts;
    size_t chunk_count;
    struct dgl_docx_context *contexts;
    size_t context_count;
    struct dgl_docx_grid *grids;
    size_t grid_count;
    uint32_t mark_count;
    uint32_t max_drawing_id, max_bookmark_id; // static ones
    struct dgl_docx_place *places;
    size_t place_count;
};

struct dgl_docx_style {
    struct dgl_str id, name;
    char type;       // 'p' 'c' 't' 'n'
    uint32_t num_id; // the list its paragraphs belong to; 0 = none
};

// A picture of the template, for `replace_pictures`. See pictures.c.
struct dgl_docx_picture {
    struct dgl_docx_picture *next;
    uint32_t member, rels; // the part and its relationships
    uint32_t chart;        // the chart's part; UINT32_MAX = a picture
    const struct dgl_docx_node *drawing;
    bool copied;             // a chart that is made anew wherever it stands: see copies.c
    struct dgl_str rel;      // the relationship's id
    struct dgl_str vector;   // that of the SVG shown instead, where readers know SVG; empty = none
    struct dgl_str names[7]; // alternative text, title, names, file
    size_t name_count;
};

struct dgl_docx {
    struct dgl_arena *arena;
    struct dgl_docx_picture *pictures;
    uint32_t picture_count;
    struct dgl_docx_picture *charts;
    const struct dgl_docx_picture **copied_charts;
    uint32_t copied_chart_count;
    bool *dropped; // members that only copies are made of; NULL = none
    uint32_t max_note_id[DGL_NOTE_KINDS];
    struct dgl_docx_note_ref *notes[DGL_NOTE_KINDS]; // by id
    size_t note_count[DGL_NOTE_KINDS];
    struct dgl_docx_package package;
    struct dgl_docx_part *parts; // those with tags
    size_t part_count;
    struct dgl_docx_style *styles;
    size_t style_count;
    uint32_t styles_member; // UINT32_MAX = none
    bool strict;
    uint32_t max_drawing_id, max_bookmark_id; // over all parts, also those without tags
    uint32_t nodes_left;
    uint32_t text_width_emu; // between the margins of the last section
};

// ---- compiling one part: scan → hoist → emit

struct dgl_docx_note_ref {
    int32_t id;
    uint32_t to, use;   // graft.c: the id it has in the document, since which use
    bool copied, stays; // wherever it is referred to in loops; somewhere else, too
    struct dgl_docx_node *node;
};
struct dgl_docx_paragraph {
    uint32_t visible; // things it shows, values included
    bool had_tags;    // comments too
};
struct dgl_docx_compiler {
    struct dgl_docx *docx;
    struct dgl_docx_part *part;
    struct dgl_arena *arena; // the model's
    struct dgl_diagnostics *diagnostics;
    struct dgl_docx_tag **tags; // document order; grows
    size_t tag_count, tag_cap;
    size_t place_cap;
    struct dgl_docx_paragraph *paragraphs; // by number
    bool in_raw;                           // between {% raw %} and {% endraw %}
    uint32_t raw_place;
    struct dgl_docx_tag *comment;    // the {# that is open over several paragraphs; NULL = none
    bool prepared;                   // scanned and hoisted
    bool copied;                     // some of its notes are written from other parts
    struct dgl_docx_note_ref *notes; // by id; NULL = not looked at yet
    size_t note_count;
    struct dgl_docx_compiler *all; // of every part, this one too
    size_t all_count;
};

// Finds the tags of every paragraph and puts them into the tree as nodes.
enum dgl_status dgl_docx_scan(struct dgl_docx_compiler *c, struct dgl_error *err) DGL_MUST_CHECK;
// Cuts a text without runs (attribute, property) into pieces: calls `text` and `tag` in order.
struct dgl_docx_pieces {
    void (*text)(void *ctx, struct dgl_str text);
    void (*tag)(void *ctx, struct dgl_docx_tag *tag);
    void *ctx;
};
// `near` is the element it belongs to, for messages.
enum dgl_status dgl_docx_scan_value(struct dgl_docx_compiler *c, struct dgl_docx_node *near, struct dgl_str value,
                                    const struct dgl_docx_pieces *to, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_hoist(struct dgl_docx_compiler *c, struct dgl_error *err) DGL_MUST_CHECK;
// Both, once.
enum dgl_status dgl_docx_prepare(struct dgl_docx_compiler *c, struct dgl_error *err) DGL_MUST_CHECK;
bool dgl_docx_is_balanced(const struct dgl_docx_node *n); // every block that begins below `n` ends there, too
enum dgl_status dgl_docx_emit(struct dgl_docx_compiler *c, struct dgl_error *err) DGL_MUST_CHECK;

// A problem of the template at a tag. Goes to the diagnostics; compiling goes on.
void dgl_docx_complain(struct dgl_docx_compiler *c, int severity, const char *slug, uint32_t place, const char *fmt,
                       ...) DGL_PRINTF(5, 6);
void dgl_docx_place_fill(const struct dgl_docx_part *part, uint32_t place, struct dgl_place *ret);
// A place of another part, among those of `c`.
uint32_t dgl_docx_place_copy(struct dgl_docx_compiler *c, const struct dgl_docx_part *from, uint32_t place);
void dgl_docx_put_attr(struct dgl_buf *b, struct dgl_str value); // escaped
// {{ img_logo }}, {{ seller.img_logo|default("") }}: a plain path whose last name says "picture".
bool dgl_docx_prints_image(struct dgl_str inside);
// Placeholder pictures (pictures.c). Cuts the token for a picture out of an alternative text; false when there is none.
bool dgl_docx_picture_token(struct dgl_str value, struct dgl_str *ret_before, struct dgl_str *ret_tag,
                            struct dgl_str *ret_after);
bool dgl_docx_has_picture_token(const struct dgl_docx_node *n, struct dgl_str *ret); // of wp:docPr, pic:cNvPr
bool dgl_docx_is_placeholder(const struct dgl_docx_node *drawing, struct dgl_str *ret);
bool dgl_docx_is_blip(const struct dgl_docx_node *n);
bool dgl_docx_is_chart(const struct dgl_docx_node *n);                                     // c:chart of a drawing
bool dgl_docx_names_picture(const struct dgl_docx_node *n, const struct dgl_docx_attr *a); // of wp:docPr, pic:cNvPr
bool dgl_docx_picture_has_name(const struct dgl_docx_picture *p, struct dgl_str name);
void dgl_docx_collect_pictures(struct dgl_docx *d, struct dgl_docx_part *part, const struct dgl_docx_node *n);
// copies.c
bool dgl_docx_note_kind_of(const struct dgl_docx_node *n, const char *end, enum dgl_docx_note_kind *ret); // name + end
uint32_t dgl_docx_first_free_rel(const struct dgl_docx_part *part); // number for the first new relationship
// The notes of a part by their ids, those of the lines above them aside; arena.
void dgl_docx_index_notes(struct dgl_arena *a, const struct dgl_docx_node *root, enum dgl_docx_note_kind kind,
                          struct dgl_docx_note_ref **ret, size_t *ret_count);
struct dgl_docx_note_ref *dgl_docx_find_note(struct dgl_docx_note_ref *notes, size_t count, struct dgl_str id);
// Once all parts are compiled: the template's notes, for docx->notes.
void dgl_docx_keep_notes(struct dgl_docx *d, struct dgl_docx_compiler *all, size_t count);
bool dgl_docx_is_only_copied(const struct dgl_docx *d, uint32_t chart); // every drawing with it has its own copy
// Marks the members that go because only copies of them are shown.
enum dgl_status dgl_docx_drop_copied(struct dgl_docx *d, struct dgl_error *err) DGL_MUST_CHECK;
// The workbook behind a chart; UINT32_MAX when it has none in the package. `a`: the relationships stay there.
enum dgl_status dgl_docx_find_workbook(const struct dgl_docx_package *p, uint32_t chart, struct dgl_arena *a,
                                       uint32_t *ret, struct dgl_error *err) DGL_MUST_CHECK;
// Appends a subtree as XML, without tags.
void dgl_docx_serialize(const struct dgl_docx_node *n, struct dgl_buf *out);
bool dgl_docx_is_visible(const struct dgl_docx_node *n); // an element of a run that shows something

#endif
