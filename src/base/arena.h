// Arena: memory for one request, one render, one attempt; freed as a whole. Not thread safe: one owner at a time.
//
// Blocks double from 4 KiB to 1 MiB; large pieces get a block of their own. A limit (0 = none) bounds the total: past
// it the _try functions return NULL and the plain ones abort, so only allocations of fixed small size use the plain
// form.
#ifndef DGL_BASE_ARENA_H
#define DGL_BASE_ARENA_H

#include "base/base.h"
#include <stdarg.h>

struct dgl_arena;
struct dgl_arena *dgl_arena_new(size_t limit_bytes);
void dgl_arena_free(struct dgl_arena *a);
void dgl_arena_reset(struct dgl_arena *a); // keeps the first block
DGL_DEFINE_AUTO(arena);

void *dgl_arena_alloc(struct dgl_arena *a, size_t size);     // zeroed, 16-byte aligned
void *dgl_arena_alloc_try(struct dgl_arena *a, size_t size); // NULL when the limit is reached
// Room for `need` items in an array, what is new zeroed: from `first` on it doubles, up to `max`. False when that is
// too many, or too much memory; the array is as it was. `list` and `cap` (uint32_t) are variables, NULL and 0 before
// the first item. An array that moves leaves its old place as it was: pointers into it stay valid.
#define DGL_ARENA_ROOM(a, list, cap, need, first, max) \
    ((need) <= (cap) || dgl_arena_room((a), (void **)&(list), &(cap), (need), (first), (max), sizeof(*(list))))
bool dgl_arena_room(struct dgl_arena *a, void **list, uint32_t *cap, uint32_t need, uint32_t first, uint32_t max,
                    size_t item_bytes);
char *dgl_arena_strdup(struct dgl_arena *a, const char *s); // NULL gives NULL
char *dgl_arena_strndup(struct dgl_arena *a, const char *s, size_t len);
void *dgl_arena_memdup_try(struct dgl_arena *a, const void *data, size_t len);
char *dgl_arena_printf(struct dgl_arena *a, const char *fmt, ...) DGL_PRINTF(2, 3);
size_t dgl_arena_used(const struct dgl_arena *a);
#define DGL_ARENA_NEW(a, type) ((type *)dgl_arena_alloc((a), sizeof(type)))

#endif
