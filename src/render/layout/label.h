// Texts of vector drawings, set in fonts.
#ifndef DGL_RENDER_LAYOUT_LABEL_H
#define DGL_RENDER_LAYOUT_LABEL_H

#include "render/layout/text.h"

#define DGL_LABEL_SIZE 100000 // mpt: the size in which labels are set, to be scaled to theirs

// Sets one text in a line, whatever its scripts: its boxes and their width.
enum dgl_status dgl_label_set(const struct dgl_text_env *env, struct dgl_art_text *t,
                              struct dgl_error *err) DGL_MUST_CHECK;
// All texts of a drawing that are not set yet.
enum dgl_status dgl_label_all(const struct dgl_text_env *env, const struct dgl_art *art,
                              struct dgl_error *err) DGL_MUST_CHECK;
// A text's width in the units of its size.
double dgl_label_width(const struct dgl_text_env *env, struct dgl_art_text *t);
// WordArt: the text of a drawing stretched to this size; NULL when it cannot be set.
struct dgl_art *dgl_words_art(const struct dgl_text_env *env, const struct dgl_drawing *d, int32_t w, int32_t h,
                              struct dgl_error *err);

#endif
