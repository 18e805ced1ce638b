// Other documents inside a document: {{p subdoc("terms") }}, {"subdoc": "terms"}.
#ifndef DGL_RENDER_DOCX_SUBDOC_H
#define DGL_RENDER_DOCX_SUBDOC_H

#include "render/docx/writer.h"

// `v` is a DICT: "subdoc" names a template or is a data URI of a DOCX, "data" (DICT) stands over the document's own
// data. At level BLOCK.
enum dgl_status dgl_docx_write_subdoc(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                      struct dgl_error *err) DGL_MUST_CHECK;
void dgl_docx_subdocs_fini(struct dgl_docx_writer *w);

#endif
