// Fonts that lie in a document itself (§17.8): the font table names them, a part holds each file, its first bytes
// mixed with a key so that it is no font to whoever takes it out.
//
//   fontTable ─▶ font, style, key ─▶ part ─▶ bytes unmixed ─▶ the checks of font_file.h ─▶ library of this document
//
// A font that fails the checks, or whose maker forbids embedding, is not used and counted. Fonts of an organization and
// of the machine go before: an embedded one may hold only the characters that its author typed.
#ifndef DGL_RENDER_LAYOUT_FONT_EMBEDDED_H
#define DGL_RENDER_LAYOUT_FONT_EMBEDDED_H

#include "base/budget.h"
#include "render/docx/opc.h"
#include "render/layout/font_library.h"

// The choice of a package's fonts; false when it has none. It and its strings live in the arena and lend from the
// package. Equal keys: the same names, keys and bytes; to make one the packed bytes are hashed, once a render. Reading
// the fonts comes later, when the shelf asks: time and memory by their size, at most DGL_FONT_MAX_EMBEDDED_BYTES.
// *ret_damaged: the table that names them cannot be read, or names a font without a part or with a key that is none, or
// more than DGL_FONT_MAX_EMBEDDED of them.
bool dgl_fonts_embedded(struct dgl_docx_package *p, struct dgl_budget *budget, struct dgl_arena *a,
                        struct dgl_font_choice *ret, bool *ret_damaged);

#endif
