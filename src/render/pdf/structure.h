// Tagged structure: what the marked pieces of the pages are to a reader that does not see them.
#ifndef DGL_RENDER_PDF_STRUCTURE_H
#define DGL_RENDER_PDF_STRUCTURE_H

#include "render/layout/layout.h"
#include "render/pdf/out.h"

#define PDF_NOT_MARKED UINT32_MAX
#define PDF_ARTIFACT (UINT32_MAX - 1)

struct pdf_structure;
// Elements live in the arena. Pages are to be marked in order.
struct pdf_structure *pdf_structure_new(struct dgl_arena *a, const struct dgl_document *doc, uint32_t pages);
// What follows belongs to this paragraph box.
void pdf_structure_paragraph(struct pdf_structure *s, const struct dgl_box *box);
// The element of a text of the paragraph at hand, of a list's label or of a link (NULL = none); PDF_ARTIFACT when it
// belongs to none.
uint32_t pdf_structure_text(struct pdf_structure *s, bool label, const struct dgl_link *link);
// The element of a figure box, PDF_ARTIFACT when it only decorates. The rectangle is in page coordinates, y up.
uint32_t pdf_structure_figure(struct pdf_structure *s, const struct dgl_box *box, int32_t page_height);
// Marks a piece of content on a page as the element's; the number that its operator carries.
uint32_t pdf_structure_mark(struct pdf_structure *s, uint32_t element, uint32_t page);
// Gives the annotation object of a link to the paragraph at hand; its key in the parent tree, PDF_NOT_MARKED when none.
uint32_t pdf_structure_annotation(struct pdf_structure *s, const struct dgl_link *link, uint32_t page, uint32_t object);
// Writes the tree; returns its root object.
uint32_t pdf_structure_write(struct pdf_structure *s, struct pdf_out *o, const uint32_t *page_objects);

#endif
