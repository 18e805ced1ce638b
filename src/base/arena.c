// Arena: a chain of blocks, newest first; allocation moves a mark in the newest block, freeing walks the chain once.
//
//   arena ─▶ [block n | used…free] ─▶ [large piece] ─▶ … ─▶ [first block]
//
// A piece larger than a quarter of the next block's size would waste the rest of it, so it gets a block of its own,
// put behind the newest one, which stays in use. The limit counts what callers asked for (rounded up to 16), not what
// the blocks hold.
#include "base/arena.h"
#include "base/log_out.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK_BYTES ((size_t)4096)
#define MAX_BLOCK_BYTES ((size_t)1 << 20)
#define ALIGNMENT ((size_t)16)

struct block {
    struct block *next;
    size_t size, used;
    alignas(16) unsigned char data[];
};

struct dgl_arena {
    struct block *newest, *first;
    size_t limit, used, next_block_bytes;
};

struct dgl_arena *dgl_arena_new(size_t limit_bytes)
{
    struct dgl_arena *a = DGL_NEW(struct dgl_arena);
    a->limit = limit_bytes;
    a->next_block_bytes = FIRST_BLOCK_BYTES;
    return a;
}

static void free_all_but_first(struct dgl_arena *a)
{
    for (struct block *b = a->newest, *next; b; b = next) {
        next = b->next;
        if (b != a->first)
            free(b);
    }
}

void dgl_arena_free(struct dgl_arena *a)
{
    if (!a)
        return;
    free_all_but_first(a);
    free(a->first);
    free(a);
}

void dgl_arena_reset(struct dgl_arena *a)
{
    free_all_but_first(a);
    a->newest = a->first;
    a->used = 0;
    a->next_block_bytes = FIRST_BLOCK_BYTES;
    if (a->first) {
        a->first->next = NULL;
        a->first->used = 0;
        a->next_block_bytes = 2 * FIRST_BLOCK_BYTES;
    }
}

static struct block *new_block(size_t size, struct block *next)
{
    struct block *b = malloc(sizeof(*b) + size);
    if (b)
        *b = (struct block){.next = next, .size = size};
    else
        dgl_memory_refused(size);
    return b;
}

// Makes an empty block the newest one.
static bool grow(struct dgl_arena *a)
{
    struct block *b = new_block(a->next_block_bytes, a->newest);
    if (!b)
        return false;
    a->newest = b;
    if (!a->first)
        a->first = b;
    a->next_block_bytes = DGL_MIN(2 * a->next_block_bytes, MAX_BLOCK_BYTES);
    return true;
}

// Room for `size` bytes, already rounded; not zeroed.
static void *take(struct dgl_arena *a, size_t size)
{
    if (!a->newest && !grow(a))
        return NULL;
    if (a->newest->size - a->newest->used < size) {
        if (size > a->next_block_bytes / 4) {
            struct block *own = new_block(size, a->newest->next);
            if (!own)
                return NULL;
            own->used = size;
            a->newest->next = own;
            return own->data;
        }
        if (!grow(a))
            return NULL;
    }
    void *p = a->newest->data + a->newest->used;
    a->newest->used += size;
    return p;
}

static size_t rounded(size_t size)
{
    return (DGL_MAX(size, (size_t)1) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static void *take_within_limit(struct dgl_arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = rounded(size);
    if (a->limit && (a->used > a->limit || size > a->limit - a->used))
        return NULL;
    void *p = take(a, size);
    if (p)
        a->used += size;
    return p;
}

static void *must(void *p, size_t size)
{
    if (!p) {
        dgl_log_last_words("docgenlab: arena cannot give %zu bytes\n", size);
        abort();
    }
    return p;
}

void *dgl_arena_alloc_try(struct dgl_arena *a, size_t size)
{
    void *p = take_within_limit(a, size);
    return p ? memset(p, 0, size) : NULL;
}

void *dgl_arena_alloc(struct dgl_arena *a, size_t size)
{
    return must(dgl_arena_alloc_try(a, size), size);
}

void *dgl_arena_memdup_try(struct dgl_arena *a, const void *data, size_t len)
{
    void *p = take_within_limit(a, len);
    if (p && len)
        memcpy(p, data, len);
    return p;
}

// The newest piece takes what is behind it; another one is copied, and what points into the old place stays valid.
static void *grow_piece(struct dgl_arena *a, void *p, size_t old_size, size_t size)
{
    size_t had = rounded(old_size), wanted = rounded(size);
    struct block *b = a->newest;
    bool allowed = !a->limit || (a->used <= a->limit && wanted - had <= a->limit - a->used);
    if (allowed && (unsigned char *)p + had == b->data + b->used && wanted - had <= b->size - b->used) {
        b->used += wanted - had;
        a->used += wanted - had;
        return p;
    }
    void *grown = take_within_limit(a, size);
    return grown ? memcpy(grown, p, old_size) : NULL;
}

bool dgl_arena_room(struct dgl_arena *a, void **list, uint32_t *cap, uint32_t need, uint32_t first, uint32_t max,
                    size_t item_bytes)
{
    uint32_t wanted = DGL_MIN(DGL_MAX(need, *cap ? (uint32_t)DGL_MIN((uint64_t)*cap * 2, max) : first), max);
    size_t old_size = *cap * item_bytes, size = wanted * item_bytes;
    if (need > max)
        return false;
    void *grown = *list ? grow_piece(a, *list, old_size, size) : take_within_limit(a, size);
    if (!grown)
        return false;
    memset((char *)grown + old_size, 0, size - old_size);
    *list = grown;
    *cap = wanted;
    return true;
}

char *dgl_arena_strndup(struct dgl_arena *a, const char *s, size_t len)
{
    char *copy = must(take_within_limit(a, len + 1), len + 1);
    if (len)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *dgl_arena_strdup(struct dgl_arena *a, const char *s)
{
    return s ? dgl_arena_strndup(a, s, strlen(s)) : NULL;
}

char *dgl_arena_printf(struct dgl_arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = must(len < 0 ? NULL : take_within_limit(a, (size_t)len + 1), (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}

size_t dgl_arena_used(const struct dgl_arena *a)
{
    return a->used;
}
