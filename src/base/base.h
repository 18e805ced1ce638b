// The few macros every file uses: cleanup attributes, ownership transfer, small arithmetic.
//
// Rule: a variable declared with DGL_AUTO is initialised where it is declared, and a function that uses it has no goto.
#ifndef DGL_BASE_BASE_H
#define DGL_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// DGL_DEFINE_AUTO(arena) makes DGL_AUTO(arena) call dgl_arena_free() on a `struct dgl_arena *` when it leaves scope.
#define DGL_DEFINE_AUTO(name)                                      \
    static inline void dgl_auto_free_##name(struct dgl_##name **p) \
    {                                                              \
        dgl_##name##_free(*p);                                     \
    }                                                              \
    struct dgl_##name
#define DGL_AUTO(name) __attribute__((cleanup(dgl_auto_free_##name))) struct dgl_##name *

// DGL_DEFINE_AUTO_FINI(buf) makes DGL_AUTO_FINI(buf) call dgl_buf_fini() on a `struct dgl_buf` when it leaves scope.
#define DGL_DEFINE_AUTO_FINI(name)                                \
    static inline void dgl_auto_fini_##name(struct dgl_##name *p) \
    {                                                             \
        dgl_##name##_fini(p);                                     \
    }                                                             \
    struct dgl_##name
#define DGL_AUTO_FINI(name) __attribute__((cleanup(dgl_auto_fini_##name))) struct dgl_##name

// Cleanup for malloc'd memory and for file descriptors (-1 = none).
#define DGL_AUTO_PTR __attribute__((cleanup(dgl_auto_free_ptr)))
#define DGL_AUTO_FD __attribute__((cleanup(dgl_auto_close_fd))) int

void dgl_auto_free_ptr(void *pointer_to_pointer);
void dgl_auto_close_fd(int *fd);

// Gives the value away: returns it and leaves NULL (or -1 for a descriptor) behind.
#define DGL_STEAL(p)                   \
    ({                                 \
        __auto_type dgl_stolen_ = (p); \
        (p) = NULL;                    \
        dgl_stolen_;                   \
    })
#define DGL_STEAL_FD(fd)           \
    ({                             \
        int dgl_stolen_fd_ = (fd); \
        (fd) = -1;                 \
        dgl_stolen_fd_;            \
    })

#define DGL_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DGL_MIN(a, b) ((a) < (b) ? (a) : (b))
#define DGL_MAX(a, b) ((a) > (b) ? (a) : (b))
#define DGL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define DGL_MUST_CHECK __attribute__((warn_unused_result))
#define DGL_UNUSED __attribute__((unused))
#define DGL_NORETURN __attribute__((noreturn))

// Small allocations: abort when memory is out (see style: only input-sized allocations may fail).
void *dgl_alloc(size_t size); // zeroed
void *dgl_realloc(void *p, size_t size);
char *dgl_strdup(const char *s); // NULL gives NULL
char *dgl_strndup(const char *s, size_t len);
#define DGL_NEW(type) ((type *)dgl_alloc(sizeof(type)))
// Who was refused `size` bytes that an input asked for says so here before going on without. In a process that has
// nothing to lose by its end (a worker: its document is tried again by another) it does not return: no library of ours
// or others' gets to mistake missing memory for something wrong with the document. Such a process ends with
// DGL_EXIT_NO_MEMORY, also for small allocations.
#define DGL_EXIT_NO_MEMORY 77
void dgl_memory_refused(size_t size);
void dgl_memory_end_when_refused(void); // this process, from now on; before it has threads
// For a process that makes one document after the other: what one frees waits on the heap for the next, up to 96 MiB at
// the heap's end, since a page given back to the system and asked for again costs more than filling it. The process
// gives back what is free when it has nothing to do.
void dgl_memory_keep(void);
void dgl_memory_give_back(void);
void *dgl_alloc_plain(size_t size); // not zeroed; for libraries that take bad note of a NULL

#endif
