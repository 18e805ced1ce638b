// Notes and comments a render adds: see notes.c.
#ifndef DGL_RENDER_DOCX_NOTES_H
#define DGL_RENDER_DOCX_NOTES_H

#include "render/docx/writer.h"

struct dgl_note_words {
    const char *note, *element;      // "footnote", "footnotes": also the last word of the relationship's type
    const char *stem, *content_type; // stem: of the name of a new part
    enum dgl_docx_part_kind part;
};
const struct dgl_note_words *dgl_notes_words(enum dgl_docx_note_kind kind);

// Finds the part that notes of this kind go to; lent.
enum dgl_status dgl_notes_open(struct dgl_docx_writer *w, enum dgl_docx_note_kind kind, struct dgl_docx_notes **ret,
                               struct dgl_error *err) DGL_MUST_CHECK;
// Whether notes came to a part that is not among those the render writes; its `part` has no member when it is new.
bool dgl_notes_are_added(const struct dgl_docx_writer *w, enum dgl_docx_note_kind kind);
// That part with them.
enum dgl_status dgl_notes_write(struct dgl_docx_writer *w, enum dgl_docx_note_kind kind, struct dgl_buf *out,
                                struct dgl_error *err) DGL_MUST_CHECK;

#endif
