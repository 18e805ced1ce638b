// Where words may be divided, by the pattern files that LibreOffice and TeX use (hyph_de_DE.dic).
//
// The files are mapped when the set is opened, so that a process that may open none later still has them; the patterns
// of a language are read when its first word comes, and kept. Not thread safe.
#ifndef DGL_RENDER_LAYOUT_HYPHENS_H
#define DGL_RENDER_LAYOUT_HYPHENS_H

#include "base/base.h"
#include "render/layout/limits.h"

#define DGL_HYPHENS_FOLDER "/usr/share/hyphen"

struct dgl_hyphens;
// The dictionaries of a folder; an empty set when it has none. At most DGL_HYPHENS_MAX_FILES of them.
struct dgl_hyphens *dgl_hyphens_open(const char *folder);
void dgl_hyphens_free(struct dgl_hyphens *h); // NULL does nothing
DGL_DEFINE_AUTO(hyphens);
// Is there a dictionary for the language (BCP 47, case ignored)? One of another country will do.
bool dgl_hyphens_has(const struct dgl_hyphens *h, const char *lang);
// Sets ret_after[i] for each letter i after which the word may be divided; the other entries become false. `letters`
// are code points of a word without marks around it, at most DGL_HYPHENS_MAX_LETTERS: longer ones stay whole.
void dgl_hyphens_find(struct dgl_hyphens *h, const char *lang, const uint32_t *letters, size_t count, bool *ret_after);

#endif
