// HTML's character references.
#ifndef DGL_RENDER_TEMPLATE_ENTITIES_H
#define DGL_RENDER_TEMPLATE_ENTITIES_H

#include "base/buf.h"
#include "base/str.h"

// Appends s with &name; &#n; &#xn; decoded: the named ones of HTML 4 and the XML five. Unknown ones stay.
void dgl_entities_decode(struct dgl_str s, struct dgl_buf *out);

#endif
