// What the files that write chunks share: emit.c (the walk), context.c (what the sink must know about a tag).
#ifndef DGL_RENDER_DOCX_EMIT_H
#define DGL_RENDER_DOCX_EMIT_H

#include "render/docx/model.h"

struct dgl_docx_raw_chunk {
    size_t start, len;
    struct dgl_docx_tag *tag; // NULL: data
    uint32_t context;
    struct dgl_docx_cut cut;
    uint32_t event_end;
};
struct dgl_docx_emit {
    struct dgl_docx_compiler *c;
    struct dgl_docx_part *part;
    struct dgl_buf raw;
    struct dgl_docx_raw_chunk *chunks;
    size_t chunk_count, chunk_cap;
    size_t chunk_start;
    uint8_t pending_op;
    uint32_t pending_arg;
    struct dgl_docx_event *events;
    size_t event_count, event_cap;
    struct dgl_docx_context *contexts;
    size_t context_count, context_cap;
    struct dgl_docx_grid *grids;
    size_t grid_count, grid_cap;
    const struct dgl_docx_node *context_run;    // whose context is the last one
    unsigned loops, captures;                   // open ones
    uint8_t open[DGL_TEMPLATE_MAX_NESTING + 1]; // enum open_kind of every open block
    unsigned open_count;
    unsigned table_depth;
    bool table_cuts;       // of the innermost table: some cut is made in it
    bool dynamic_columns;  // of the innermost table
    bool in_row, in_cell;  // of the innermost table
    struct dgl_str *marks; // ids of ranges that have both ends, sorted
    size_t mark_count;
    struct dgl_docx_relationship **rels; // of the part, by id
    struct dgl_str picture_token;        // of the placeholder picture being walked
    struct dgl_str blip_original;        // its relationship
    unsigned attr_depth;                 // of blocks inside the attribute being written
    enum dgl_docx_where attr_where;
    enum dgl_status status;
    struct dgl_error *err;
};

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
