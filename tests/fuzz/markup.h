// Changes of markup that keep it markup: elements are copied, moved, dropped, nested and renamed whole, attributes get
// values that others have or that lie at the ends of ranges, template tags wander, alone or with what stands between
// them. Changing bytes alone seldom gets past an XML reader's first complaint. What stands around the markup (lines
// with
// "===", JSON) is left as it is.
//
// Pure: the same input and the same random state give the same change.
#ifndef TESTS_FUZZ_MARKUP_H
#define TESTS_FUZZ_MARKUP_H

#include <stddef.h>
#include <stdint.h>

// One to four changes in place; the new size, at most `max`. Equal to `size` when there is nothing to change.
size_t fuzz_markup_change(uint8_t *data, size_t size, size_t max, uint64_t *random);
// `a` with an element or template tags of `b` put in, to `out`; 0 when there is none or no room.
size_t fuzz_markup_cross(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max,
                         uint64_t *random);

// xorshift64; the state is never 0.
static inline uint64_t fuzz_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

#endif
