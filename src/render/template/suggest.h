// "Did you mean …?": the nearest of some words, and the lookups the parser needs.
#ifndef DGL_RENDER_TEMPLATE_SUGGEST_H
#define DGL_RENDER_TEMPLATE_SUGGEST_H

#include "base/base.h"
#include "base/str.h"

// The word nearest to `word`, NULL when none is near (a third of its letters wrong, at most 3).
const char *dgl_suggest(const char *word, size_t len, const char *const *words, size_t count);
// What to write instead of a tag that cannot be read; NULL when it holds none of the usual slips. See remedy.c.
const char *dgl_remedy(struct dgl_str inside, bool value);
// For a tag whose value is undefined: how a name with a hyphen, read as a difference, is written. False when there is
// none.
bool dgl_remedy_of_hyphen(struct dgl_str tag, char *out, size_t size);
const char *dgl_tag_of_habit(struct dgl_str word);     // "foreach" to "for"; NULL
int16_t dgl_global_find(const char *name, size_t len); // index of a global of the language; -1
int16_t dgl_method_find(const char *name, size_t len); // index of a method name; -1

#endif
