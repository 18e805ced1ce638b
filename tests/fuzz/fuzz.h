// What every fuzz target shares. A target is one file with one entry point; it links libFuzzer for real fuzzing
// (make fuzz) and replay.c in every ordinary test run, where its corpus and a fixed number of changes of it are fed.
//
// A target does more than not crash: where a reader promises something (what it accepts, says or gives back), the
// target asks for it with fuzz_must.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_must(condition)                                                               \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

// Every failure has a code and one sentence of valid UTF-8, and none is a broken invariant.
static inline void fuzz_must_explain(const struct dgl_error *err)
{
    fuzz_must(err->code != DGL_OK && err->code != DGL_E_INTERNAL);
    fuzz_must(err->message[0] && dgl_utf8_valid(err->message, strlen(err->message)));
    fuzz_must(dgl_utf8_valid(err->field, strlen(err->field)));
}

// Where a target that needs files keeps them: TMPDIR, which scripts/fuzz sets to a folder in memory.
static inline const char *fuzz_temp_dir(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

// The next piece of the input, up to `end` or to the input's own end; NUL-terminated, to be freed.
static inline char *fuzz_take_text(const uint8_t **data, size_t *size, char end)
{
    const uint8_t *stop = *size ? memchr(*data, end, *size) : NULL;
    size_t len = stop ? (size_t)(stop - *data) : *size;
    char *text = malloc(len + 1);
    if (!text)
        abort();
    if (len)
        memcpy(text, *data, len);
    text[len] = '\0';
    *data += len + (stop != NULL);
    *size -= len + (stop != NULL);
    return text;
}

#endif
