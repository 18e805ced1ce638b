// What the files that draw rich values share: rich.c (runs), paragraphs.c (paragraphs, lists, tables), numbering.c.
#ifndef DGL_RENDER_DOCX_RICH_H
#define DGL_RENDER_DOCX_RICH_H

#include "render/docx/writer.h"

struct dgl_value dgl_rich_field(struct dgl_value dict, const char *name);
bool dgl_rich_has(struct dgl_value dict, const char *name);
struct dgl_str dgl_rich_text(struct dgl_value v); // "" for what is no string
enum dgl_status dgl_rich_bad_field(const char *name, struct dgl_str value, const char *wanted,
                                   struct dgl_error *err) DGL_MUST_CHECK;
bool dgl_rich_is_one_of(struct dgl_str s, const char *const *words, size_t count);
// A style of the template by id or by name. NULL when there is none.
const struct dgl_docx_style *dgl_rich_find_style(const struct dgl_docx *d, struct dgl_str wanted, char type);
// `open`, the style's id, "/>". Warns when the template has no such style.
void dgl_rich_put_style(struct dgl_docx_writer *w, struct dgl_value v, char type, const char *open);
void dgl_rich_put_attr(struct dgl_buf *b, const char *open, struct dgl_str value); // open, value, quote
// Runs at level PARAGRAPH: a run, a list of runs, {"runs"}, text.
enum dgl_status dgl_rich_write_runs(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                    unsigned depth, struct dgl_error *err) DGL_MUST_CHECK;
// `own_style`: "style" names the run's style, not that of a paragraph given in the same object.
enum dgl_status dgl_rich_write_run(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value run,
                                   bool own_style, struct dgl_error *err) DGL_MUST_CHECK;
// Blocks at level BLOCK: paragraphs, list items, tables.
enum dgl_status dgl_rich_write_blocks(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                      struct dgl_value blocks, unsigned depth, struct dgl_error *err) DGL_MUST_CHECK;
// Markdown or HTML: as runs when it is one plain paragraph inside a line, else as blocks.
enum dgl_status dgl_rich_write_markup(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                      const struct dgl_value_rich *markup, struct dgl_error *err) DGL_MUST_CHECK;

// ---- numbering.c: lists the render adds

// A list's number (w:numId). `base`: the number a style of the template uses; 0 = none.
enum dgl_status dgl_numbering_bullets(struct dgl_docx_writer *w, uint32_t *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_numbering_list(struct dgl_docx_writer *w, unsigned level, int64_t start, uint32_t base,
                                   uint32_t *ret, struct dgl_error *err) DGL_MUST_CHECK;
// The part with the new lists.
enum dgl_status dgl_numbering_write(struct dgl_docx_writer *w, struct dgl_buf *out,
                                    struct dgl_error *err) DGL_MUST_CHECK;

#endif
