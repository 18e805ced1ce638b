// A worker's compiled templates, by the SHA-256 of their package: least recently used out, bounded by number and by the
// memory they take. One thread.
#ifndef DGL_SERVER_ENGINE_CACHE_H
#define DGL_SERVER_ENGINE_CACHE_H

#include "base/buf.h"
#include "render/docx/docx.h"

struct dgl_template_cache;
struct dgl_template_cache *dgl_template_cache_new(unsigned max_entries, size_t max_bytes);
void dgl_template_cache_free(struct dgl_template_cache *c);
DGL_DEFINE_AUTO(template_cache);
// Lent until the next put. NULL: not there.
const struct dgl_docx *dgl_template_cache_lookup(struct dgl_template_cache *c, const unsigned char sha256[32]);
// Takes both (docx borrows package). `bytes`: what they take together. More than the whole cache: kept alone.
void dgl_template_cache_put(struct dgl_template_cache *c, const unsigned char sha256[32], struct dgl_docx *docx,
                            char *package, size_t bytes);

#endif
