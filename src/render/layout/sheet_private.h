// Between sheet.c and numbering.c.
#ifndef DGL_RENDER_LAYOUT_SHEET_PRIVATE_H
#define DGL_RENDER_LAYOUT_SHEET_PRIVATE_H

#include "render/layout/sheet.h"

#define SHEET_PARTS 5 // theme, styles, numbering, settings, fonts
#define SHEET_FONTS 4

void dgl_numbering_read(struct dgl_sheet *s, const struct dgl_x *root);
void dgl_numbering_link(struct dgl_sheet *s); // resolves numStyleLink, once styles are flat

#endif
