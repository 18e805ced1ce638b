// For libFuzzer: changes of markup, or of a metafile's records, by turns with its own changes of bytes and words of the
// dictionary.
#include "markup.h"
#include "records.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    if (fuzz_random(&x) % 5 < 2)
        return LLVMFuzzerMutate(data, size, max);
    if (fuzz_is_metafile(data, size))
        return fuzz_records_change(data, size, max, &x);
    if (!memchr(data, '<', size))
        return LLVMFuzzerMutate(data, size, max);
    return fuzz_markup_change(data, size, max, &x);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max, unsigned seed)
{
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    return fuzz_markup_cross(a, a_size, b, b_size, out, max, &x);
}
