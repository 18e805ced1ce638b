// For libFuzzer: changes inside one table of a font at a time, so that the directory in front stays true; now and then
// of the whole file.
#include "markup.h"

#include "base/base.h"

#include <string.h>

#define MAX_TABLE 8192

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static size_t number(const uint8_t *p, unsigned bytes)
{
    size_t n = 0;
    for (unsigned i = 0; i < bytes; i++)
        n = n << 8 | p[i];
    return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    static uint8_t table[MAX_TABLE];
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    size_t count = size > 12 ? number(data + 4, 2) : 0;
    if (fuzz_random(&x) % 8 == 0 || count == 0 || 12 + count * 16 > size)
        return LLVMFuzzerMutate(data, size, max);
    const uint8_t *row = data + 12 + fuzz_random(&x) % count * 16;
    size_t at = number(row + 8, 4), len = number(row + 12, 4);
    if (at > size || len > size - at || len == 0)
        return LLVMFuzzerMutate(data, size, max);
    size_t part = DGL_MIN(len, MAX_TABLE), from = fuzz_random(&x) % 4 ? 0 : fuzz_random(&x) % len;
    part = DGL_MIN(part, len - from);
    memcpy(table, data + at + from, part);
    LLVMFuzzerMutate(table, part, part); // what grows less than it was keeps its old end
    memcpy(data + at + from, table, part);
    return size;
}
