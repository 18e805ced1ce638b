// An array with use counters: with 64 entries at most, a scan of 32-byte keys costs less than a hash table would.
#include "server/engine/cache.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    unsigned char sha256[32];
    struct dgl_docx *docx;
    char *package;
    size_t bytes;
    uint64_t used;
};
struct dgl_template_cache {
    unsigned max_entries, count;
    size_t max_bytes, bytes;
    uint64_t clock;
    struct entry entries[];
};

struct dgl_template_cache *dgl_template_cache_new(unsigned max_entries, size_t max_bytes)
{
    struct dgl_template_cache *c = dgl_alloc(sizeof(*c) + max_entries * sizeof(struct entry));
    c->max_entries = max_entries;
    c->max_bytes = max_bytes;
    return c;
}

static void drop(struct dgl_template_cache *c, unsigned i)
{
    struct entry *e = &c->entries[i];
    c->bytes -= e->bytes;
    dgl_docx_free(e->docx);
    free(e->package);
    *e = c->entries[--c->count];
}

void dgl_template_cache_free(struct dgl_template_cache *c)
{
    if (!c)
        return;
    while (c->count)
        drop(c, c->count - 1);
    free(c);
}

static struct entry *find(struct dgl_template_cache *c, const unsigned char sha256[32])
{
    for (unsigned i = 0; i < c->count; i++)
        if (memcmp(c->entries[i].sha256, sha256, 32) == 0)
            return &c->entries[i];
    return NULL;
}

const struct dgl_docx *dgl_template_cache_lookup(struct dgl_template_cache *c, const unsigned char sha256[32])
{
    struct entry *e = find(c, sha256);
    if (!e)
        return NULL;
    e->used = ++c->clock;
    return e->docx;
}

static void drop_oldest(struct dgl_template_cache *c)
{
    unsigned oldest = 0;
    for (unsigned i = 1; i < c->count; i++)
        if (c->entries[i].used < c->entries[oldest].used)
            oldest = i;
    drop(c, oldest);
}

void dgl_template_cache_put(struct dgl_template_cache *c, const unsigned char sha256[32], struct dgl_docx *docx,
                            char *package, size_t bytes)
{
    struct entry *old = find(c, sha256);
    if (old)
        drop(c, (unsigned)(old - c->entries));
    while (c->count && (c->count == c->max_entries || c->bytes + bytes > c->max_bytes))
        drop_oldest(c);
    struct entry *e = &c->entries[c->count++];
    *e = (struct entry){.docx = docx, .package = package, .bytes = bytes, .used = ++c->clock};
    memcpy(e->sha256, sha256, 32);
    c->bytes += bytes;
}
