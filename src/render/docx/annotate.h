// A copy of a template with its problems as Word comments, for the person who wrote it.
#ifndef DGL_RENDER_DOCX_ANNOTATE_H
#define DGL_RENDER_DOCX_ANNOTATE_H

#include "render/docx/docx.h"

// Appends the copy to `out`. Each problem is a comment on its tag, or on its paragraph when the tag is not found there;
// problems outside of the body stand at the body's first paragraph and name their place, since Word shows no comments
// in headers. Refuses what dgl_docx_compile refuses as no DOCX.
enum dgl_status dgl_docx_annotate(const void *package, size_t len, const struct dgl_diagnostics *problems,
                                  struct dgl_buf *out, struct dgl_error *err) DGL_MUST_CHECK;

#endif
