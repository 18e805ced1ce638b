// Markup (Markdown, HTML) to rich text, the form rich.c reads: a list of paragraphs, list items and tables. The readers
// call it as they meet things; it keeps what is open.
//
//   container ─▶ paragraph ─▶ run          a table's cell is a container of its own
#ifndef DGL_RENDER_DOCX_FLOW_H
#define DGL_RENDER_DOCX_FLOW_H

#include "render/docx/limits.h"
#include "render/template/value_private.h"

enum dgl_flow_mark {
    DGL_FLOW_BOLD,
    DGL_FLOW_ITALIC,
    DGL_FLOW_UNDERLINE,
    DGL_FLOW_STRIKE,
    DGL_FLOW_SUPERSCRIPT,
    DGL_FLOW_SUBSCRIPT,
    DGL_FLOW_CODE,
    DGL_FLOW_HIGHLIGHT,
    DGL_FLOW_MARKS
};
struct dgl_flow_list {
    bool ordered;
    bool begun;     // an item was written: the list goes on
    bool item_open; // no paragraph of the current item was written yet
    int64_t start;
};
struct dgl_flow_frame {
    struct dgl_value blocks, rows, cells; // LISTs; rows and cells: of the table being made
    bool in_table;
    struct dgl_value align; // of the cell
    int64_t span;
    unsigned first_list;
};
struct dgl_flow {
    struct dgl_mem mem;
    struct dgl_flow_frame frames[DGL_DOCX_MAX_MARKUP_TABLES + 1];
    unsigned depth;        // of frames
    struct dgl_value runs; // LIST of the paragraph being made
    struct dgl_buf text;   // of the run being made
    unsigned marks[DGL_FLOW_MARKS];
    struct dgl_str url, color, align;
    unsigned heading, quote, pre;
    struct dgl_flow_list lists[DGL_DOCX_MAX_MARKUP_LISTS];
    unsigned list_depth, lists_too_deep;
    bool space; // white space was met and not written yet
    size_t block_count;
    enum dgl_status status; // the first failure; everything is a no-op after it
};

void dgl_flow_init(struct dgl_flow *f, struct dgl_arena *arena, struct dgl_budget *budget, struct dgl_error *err);
// Ends what is open; *ret is a LIST of blocks.
enum dgl_status dgl_flow_finish(struct dgl_flow *f, struct dgl_value *ret) DGL_MUST_CHECK;
void dgl_flow_fini(struct dgl_flow *f);

void dgl_flow_text(struct dgl_flow *f, const char *s, size_t len);           // as it is
void dgl_flow_text_collapsed(struct dgl_flow *f, const char *s, size_t len); // white space as HTML shows it
void dgl_flow_break(struct dgl_flow *f);
void dgl_flow_mark(struct dgl_flow *f, enum dgl_flow_mark mark, bool on);
void dgl_flow_link(struct dgl_flow *f, struct dgl_str url); // "" ends it; addresses that are no web links are dropped
void dgl_flow_color(struct dgl_flow *f, struct dgl_str color);
void dgl_flow_image(struct dgl_flow *f, struct dgl_value picture);
void dgl_flow_end_paragraph(struct dgl_flow *f); // nothing when it is empty
void dgl_flow_rule(struct dgl_flow *f);
void dgl_flow_list_begin(struct dgl_flow *f, bool ordered, int64_t start);
void dgl_flow_list_item(struct dgl_flow *f);
void dgl_flow_list_end(struct dgl_flow *f);
void dgl_flow_table_begin(struct dgl_flow *f);
void dgl_flow_row_begin(struct dgl_flow *f);
void dgl_flow_row_end(struct dgl_flow *f);
void dgl_flow_cell_begin(struct dgl_flow *f, struct dgl_str align, int64_t span);
void dgl_flow_cell_end(struct dgl_flow *f);
void dgl_flow_table_end(struct dgl_flow *f, bool header);
// A copy in the arena as a STRING.
struct dgl_value dgl_flow_string(struct dgl_flow *f, struct dgl_str s);
struct dgl_value dgl_flow_dict(struct dgl_flow *f);
void dgl_flow_put(struct dgl_flow *f, struct dgl_value dict, const char *key, struct dgl_value v);

// The readers. `source` is UTF-8.
enum dgl_status dgl_markdown_read(struct dgl_flow *f, struct dgl_str source) DGL_MUST_CHECK;
enum dgl_status dgl_html_read(struct dgl_flow *f, struct dgl_str source) DGL_MUST_CHECK;

#endif
