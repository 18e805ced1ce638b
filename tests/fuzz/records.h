// Changes of Windows metafiles that keep them metafiles: records are copied, moved, dropped, grown and given other
// types, fields get values at the ends of ranges. Changing bytes alone breaks the chain of sizes at once, and with it
// all that follows.
//
// Pure: the same input and the same random state give the same change.
#ifndef TESTS_FUZZ_RECORDS_H
#define TESTS_FUZZ_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool fuzz_is_metafile(const uint8_t *data, size_t size); // EMF, or WMF with or without a placement
// One to four changes in place; the new size, at most `max`. Equal to `size` when there is no record.
size_t fuzz_records_change(uint8_t *data, size_t size, size_t max, uint64_t *random);

#endif
