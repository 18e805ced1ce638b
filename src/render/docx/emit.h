// What the files that write chunks share: emit.c (the walk), context.c (what the sink must know about a tag).
#ifndef DGL_RENDER_DOCX_EMIT_H
#define DGL_RENDER_DOCX_EMIT_H

#include "render/docx/model.h"

struct dgl_docx_raw_chunk {
    size_t start, len;
    struct dgl_docx_tag *tag; // NULL: data
    uint32_t context, place;
    struct dgl_docx_cut cut;
};
// The ranges of a part that stay, by their keys; marks.c.
struct dgl_docx_marks {
    const struct dgl_docx_compiler *of;
    struct dgl_str *keys;
    size_t count;
    uint32_t first; // index of the first one
};
struct dgl_docx_mark {
    char kind; // 'b' of a bookmark, 'c' of a comment, 'p' of a permission
    bool starts;
    uint32_t index;
};
// What stands inside a block is printed once, again and again, or becomes a value first.
enum dgl_docx_open_kind { DGL_OPEN_PLAIN, DGL_OPEN_LOOP, DGL_OPEN_CAPTURE };
struct dgl_docx_emit {
    struct dgl_docx_compiler *c;   // of the part being walked
    struct dgl_docx_compiler *own; // of the part being written
    struct dgl_docx_part *part;
    struct dgl_buf raw;
    struct dgl_docx_raw_chunk *chunks;
    size_t chunk_count, chunk_cap;
    size_t chunk_start;
    uint8_t pending_op;
    uint32_t pending_arg;
    struct dgl_docx_context *contexts;
    size_t context_count, context_cap;
    struct dgl_docx_grid *grids;
    size_t grid_count, grid_cap;
    const struct dgl_docx_node *context_run;    // whose context is the last one
    unsigned loops, captures;                   // open ones
    uint8_t open[DGL_TEMPLATE_MAX_NESTING + 1]; // enum dgl_docx_open_kind of every open block
    unsigned open_count;
    unsigned table_depth;
    bool table_cuts;                     // of the innermost table: some cut is made in it
    bool dynamic_columns;                // of the innermost table
    bool in_row, in_cell;                // of the innermost table
    struct dgl_docx_marks marks;         // of the part being walked
    struct dgl_docx_marks part_marks[8]; // of each part walked so far
    uint32_t mark_count;                 // in all of them
    struct dgl_docx_relationship **rels; // of the part being walked, by id
    size_t rel_count;
    const struct dgl_docx_part *copied_from; // copies.c: whose note or chart is being walked; NULL = the part's own
    const struct dgl_docx_node *fresh;       // a note or its reference, whose id is made anew
    const struct dgl_docx_picture *chart;    // of the drawing being walked, made anew; NULL = none
    struct dgl_str picture_token;            // of the placeholder picture being walked
    struct dgl_str blip_original;            // its relationship
    unsigned attr_depth;                     // of blocks inside the attribute being written
    enum dgl_docx_where attr_where;
    bool attr_code;        // it is the instruction of a w:fldSimple
    bool field_quoted[16]; // of each open field: its instruction is inside quotes
    unsigned field_count;
    enum dgl_status status;
    struct dgl_error *err;
};

// emit.c
void dgl_docx_emit_walk(struct dgl_docx_emit *e, struct dgl_docx_node *n);
// `op` is enum dgl_docx_op with its flag; the sink does it before the data that follows.
void dgl_docx_cut_before(struct dgl_docx_emit *e, uint8_t op, uint32_t arg);
void dgl_docx_put_tag(struct dgl_docx_emit *e, struct dgl_docx_tag *tag, uint32_t context);
// A tag that nobody wrote, around what becomes a value or for the value; copies.c.
void dgl_docx_put_own_tag(struct dgl_docx_emit *e, enum dgl_docx_tag_kind kind, enum dgl_block_role role,
                          const char *inside, uint32_t context);
struct dgl_str dgl_docx_namespaces_of(struct dgl_docx_emit *e, const struct dgl_docx_node *root); // as attributes
enum dgl_docx_open_kind dgl_docx_open_kind_of(const struct dgl_docx_tag *tag);                    // that opens a block
void dgl_docx_emit_sort_rels(struct dgl_docx_emit *e, const struct dgl_docx_part *part);

// ---- copies.c: what every turn of a loop has for itself

// The reference of a note or comment in a loop: its text is written here, for its own part. False: it is not.
bool dgl_docx_is_copied_note(struct dgl_docx_emit *e, const struct dgl_docx_node *n);    // and stands nowhere else
bool dgl_docx_copies_comment(struct dgl_docx_emit *e, const struct dgl_docx_node *mark); // in the loop it stands in
bool dgl_docx_copy_note(struct dgl_docx_emit *e, const struct dgl_docx_node *reference);
// The same where output becomes a value first; it stands for the reference, too.
bool dgl_docx_capture_note(struct dgl_docx_emit *e, const struct dgl_docx_node *reference);
// The chart of a drawing that is made anew where it stands: in a loop, or named by tags. NULL when it is not.
const struct dgl_docx_picture *dgl_docx_find_copied_chart(struct dgl_docx_emit *e, const struct dgl_docx_node *drawing);
// In place of the relationship's id of e->chart.
void dgl_docx_copy_chart(struct dgl_docx_emit *e);

// ---- marks.c: ranges that have both of their marks

void dgl_docx_use_marks(struct dgl_docx_emit *e, const struct dgl_docx_compiler *c); // of the part that is walked now
// A mark of a range that stays; the range of the comment that a reference names.
bool dgl_docx_find_mark(const struct dgl_docx_emit *e, const struct dgl_docx_node *n, struct dgl_docx_mark *ret);
bool dgl_docx_find_comment_range(const struct dgl_docx_emit *e, const struct dgl_docx_node *reference,
                                 uint32_t *ret_index);
bool dgl_docx_drops_mark(struct dgl_docx_emit *e, const struct dgl_docx_node *n);

// ---- field_code.c: whether a tag stands inside the quotes of a field's instruction

void dgl_docx_meet_field_mark(struct dgl_docx_emit *e, const struct dgl_docx_node *n); // every element of a run
void dgl_docx_meet_field_code(struct dgl_docx_emit *e, struct dgl_str text);           // text of an instruction
bool dgl_docx_in_field_quotes(struct dgl_docx_emit *e);
// Around the tags of w:instr. False: it is another attribute.
bool dgl_docx_enter_simple_field(struct dgl_docx_emit *e, const struct dgl_docx_attr *a);
void dgl_docx_leave_simple_field(struct dgl_docx_emit *e);

void dgl_docx_put_attribute(struct dgl_buf *b, const struct dgl_docx_attr *a); // with a space before it
void dgl_docx_put_str(struct dgl_buf *b, struct dgl_str s);
void dgl_docx_put_text(struct dgl_buf *b, struct dgl_str v); // character data, escaped
void dgl_docx_put_open(const struct dgl_docx_node *n, struct dgl_buf *out);
void dgl_docx_put_close(const struct dgl_docx_node *n, struct dgl_buf *out);
// Moves what the buffer holds to the model's arena; the buffer is empty after.
struct dgl_str dgl_docx_emit_keep(struct dgl_docx_emit *e, struct dgl_buf *b);
uint32_t dgl_docx_add_context(struct dgl_docx_emit *e, struct dgl_docx_context context);
// The context of a VALUE tag, from where it stands. 0 for other tags.
uint32_t dgl_docx_context_of(struct dgl_docx_emit *e, const struct dgl_docx_tag *tag);

#endif
