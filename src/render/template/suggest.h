// "Did you mean …?": the nearest of some words, and the lookups the parser needs.
#ifndef DGL_RENDER_TEMPLATE_SUGGEST_H
#define DGL_RENDER_TEMPLATE_SUGGEST_H

#include <stddef.h>
#include <stdint.h>

// The word nearest to `word`, NULL when none is near (a third of its letters wrong, at most 3).
const char *dgl_suggest(const char *word, size_t len, const char *const *words, size_t count);
int16_t dgl_global_find(const char *name, size_t len); // index of a global of the language; -1
int16_t dgl_method_find(const char *name, size_t len); // index of a method name; -1

#endif
