// Fonts of an organization, put into a document for a program that does not see them (§17.8): LibreOffice takes them
// from the copy that it is given, and nobody else's documents name them.
//
//   parts ─▶ families that they name ─▶ the shelf's own faces ─▶ parts of the copy, its font table, relationships
//
// A family that the machine has too, or that the document may hold itself, gets a name of its own in the copy, so that
// the organization's goes before theirs. All else is copied as it stands.
#ifndef DGL_RENDER_LAYOUT_FONT_EMBEDDING_H
#define DGL_RENDER_LAYOUT_FONT_EMBEDDING_H

#include "base/budget.h"
#include "base/buf.h"
#include "render/docx/opc.h"
#include "render/layout/font_library.h"

// Appends the copy to `out`, with fonts of the set that the shelf lent last, at most DGL_FONT_MAX_EMBEDDING_BYTES of
// them; *ret_count is how many. With none of them named it is 0 and `out` is untouched. *ret_left_out: more were named
// than fit.
enum dgl_status dgl_fonts_embed(struct dgl_docx_package *p, struct dgl_font_shelf *shelf, struct dgl_budget *budget,
                                struct dgl_arena *a, struct dgl_buf *out, uint32_t *ret_count, bool *ret_left_out,
                                struct dgl_error *err) DGL_MUST_CHECK;

#endif
