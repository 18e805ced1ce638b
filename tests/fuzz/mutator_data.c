// For libFuzzer: changes of data as values and of markup or template tags whole, by turns with its own changes of bytes
// and words of the dictionary.
#include "markup.h"
#include "values.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) | 1, choice = fuzz_random(&x) % 5;
    if (choice == 0)
        return fuzz_data_change(data, size, max, &x);
    if (choice < 3 && (memchr(data, '<', size) || memchr(data, '{', size)))
        return fuzz_markup_change(data, size, max, &x);
    return LLVMFuzzerMutate(data, size, max);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max, unsigned seed)
{
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    return fuzz_markup_cross(a, a_size, b, b_size, out, max, &x);
}
