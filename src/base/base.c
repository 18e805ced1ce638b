// Small allocations and the cleanup functions behind DGL_AUTO_PTR and DGL_AUTO_FD.
//
// Memory running out on a small allocation leaves nothing sensible to do, so it ends the process; sizes that strangers
// choose never come here (see arena.h's _try functions and buf.h).
#include "base/base.h"
#include "base/log_out.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool end_when_refused;

static DGL_NORETURN void out_of_memory(size_t size)
{
    dgl_log_last_words("docgenlab: out of memory allocating %zu bytes\n", size);
    if (end_when_refused)
        _exit(DGL_EXIT_NO_MEMORY);
    abort();
}

void dgl_memory_refused(size_t size)
{
    if (end_when_refused)
        out_of_memory(size);
}

void dgl_memory_end_when_refused(void)
{
    end_when_refused = true;
}

void dgl_memory_keep(void)
{
    mallopt(M_MMAP_THRESHOLD, 16 << 20); // whole packages are on the heap as well
    mallopt(M_TRIM_THRESHOLD, 96 << 20);
}

void dgl_memory_give_back(void)
{
    malloc_trim(0);
}

void *dgl_alloc_plain(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        out_of_memory(size);
    return p;
}

void *dgl_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        out_of_memory(size);
    return p;
}

void *dgl_realloc(void *p, size_t size)
{
    void *grown = realloc(p, size ? size : 1);
    if (!grown)
        out_of_memory(size);
    return grown;
}

char *dgl_strdup(const char *s)
{
    return s ? dgl_strndup(s, strlen(s)) : NULL;
}

char *dgl_strndup(const char *s, size_t len)
{
    char *copy = malloc(len + 1);
    if (!copy)
        out_of_memory(len + 1);
    if (len)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

void dgl_auto_free_ptr(void *pointer_to_pointer)
{
    void *p;
    memcpy(&p, pointer_to_pointer, sizeof(p));
    free(p);
}

void dgl_auto_close_fd(int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno; // a cleanup must not change what the caller is about to report
    close(*fd);
    errno = saved;
}
