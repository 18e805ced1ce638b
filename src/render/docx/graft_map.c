// What a name of a subdocument became here: style ids, relationship ids, numbers of lists and bookmarks. A document has
// tens of thousands of them, so they are found by their hash.
#include "render/docx/graft_private.h"
#include "render/template/value_private.h"

struct dgl_graft_name *dgl_graft_find(const struct dgl_graft_map *m, struct dgl_str from)
{
    uint64_t hash = dgl_hash_bytes(from.data ? from.data : "", from.len);
    struct dgl_graft_name *k = m->buckets ? m->buckets[hash & m->mask] : NULL;
    while (k && !(k->hash == hash && dgl_str_equal(k->from, from)))
        k = k->next;
    return k;
}

static void grow(struct dgl_graft_map *m, struct dgl_arena *a)
{
    uint32_t size = m->buckets ? (m->mask + 1) * 2 : 16;
    struct dgl_graft_name **buckets = dgl_arena_alloc(a, size * sizeof(struct dgl_graft_name *));
    for (uint32_t i = 0; m->buckets && i <= m->mask; i++)
        for (struct dgl_graft_name *k = m->buckets[i], *next; k; k = next) {
            next = k->next;
            k->next = buckets[k->hash & (size - 1)];
            buckets[k->hash & (size - 1)] = k;
        }
    m->buckets = buckets;
    m->mask = size - 1;
}

struct dgl_graft_name *dgl_graft_add(struct dgl_graft_map *m, struct dgl_arena *a, struct dgl_str from,
                                     struct dgl_str to)
{
    if (!m->buckets || m->count > m->mask)
        grow(m, a);
    struct dgl_graft_name *k = DGL_ARENA_NEW(a, struct dgl_graft_name);
    uint64_t hash = dgl_hash_bytes(from.data ? from.data : "", from.len);
    *k = (struct dgl_graft_name){.next = m->buckets[hash & m->mask],
                                 .hash = hash,
                                 .from = {dgl_arena_strndup(a, from.data ? from.data : "", from.len), from.len},
                                 .to = to};
    m->buckets[hash & m->mask] = k;
    m->count++;
    return k;
}
