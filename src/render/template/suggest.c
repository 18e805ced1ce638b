// Edit distance with transpositions (optimal string alignment), over bytes, case ignored.
#include "render/template/suggest.h"
#include "base/base.h"
#include <stdlib.h>
#include <string.h>

#define MAX_WORD 40u

static char low(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
    unsigned d[3][MAX_WORD + 1];
    for (size_t j = 0; j <= nb; j++)
        d[0][j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned *row = d[i % 3], *above = d[(i + 2) % 3], *above2 = d[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned change = above[j - 1] + (low(a[i - 1]) != low(b[j - 1]));
            unsigned best = DGL_MIN(change, DGL_MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && low(a[i - 1]) == low(b[j - 2]) && low(a[i - 2]) == low(b[j - 1]))
                best = DGL_MIN(best, above2[j - 2] + 1);
            row[j] = best;
        }
    }
    return d[na % 3][nb];
}

const char *dgl_suggest(const char *word, size_t len, const char *const *words, size_t count)
{
    const char *best = NULL;
    unsigned allowed = len < 3 ? 1 : len < 7 ? 2 : 3;
    if (len == 0 || len > MAX_WORD)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(words[i]);
        if (n > MAX_WORD || n > len + allowed || len > n + allowed)
            continue;
        unsigned d = distance(word, len, words[i], n);
        if (d <= allowed && d < DGL_MAX(len, n)) {
            best = words[i];
            allowed = d ? d - 1 : 0;
            if (d == 0)
                break;
        }
    }
    return best;
}
