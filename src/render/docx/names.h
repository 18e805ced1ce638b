// What markup that comes as a value names in the package, and what goes when it is not there: see names.c.
#ifndef DGL_RENDER_DOCX_NAMES_H
#define DGL_RENDER_DOCX_NAMES_H

#include "render/docx/writer.h"

enum dgl_docx_loss {
    DGL_LOSS_NONE,
    DGL_LOSS_NAME,    // the attributes that name relationships
    DGL_LOSS_TAGS,    // the element; its content stays
    DGL_LOSS_ELEMENT, // the element with its content
    DGL_LOSS_PICTURE, // the drawing, picture or object around the element, else the element
};
// What goes of an element of the part being written.
enum dgl_status dgl_docx_find_loss(struct dgl_docx_writer *w, const struct dgl_xml_element *e, enum dgl_docx_element el,
                                   enum dgl_docx_loss *ret, struct dgl_error *err) DGL_MUST_CHECK;

#endif
