// A folder of its own for a test, under TMPDIR or /tmp; folder_remove empties and removes it.
#ifndef DGL_TESTS_UNIT_BASE_FOLDER_H
#define DGL_TESTS_UNIT_BASE_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static inline int folder_remove_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline int folder_make(void **state)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(4096);
    if (!path)
        return -1;
    snprintf(path, 4096, "%s/dgl-test-XXXXXX", base ? base : "/tmp");
    *state = path;
    return mkdtemp(path) ? 0 : -1;
}

static inline int folder_remove(void **state)
{
    int result = nftw(*state, folder_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return result;
}

// "<folder>/<name>"
static inline const char *folder_path(void **state, const char *name, char out[4096])
{
    snprintf(out, 4096, "%s/%s", (const char *)*state, name);
    return out;
}

#endif
