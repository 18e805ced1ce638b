// Changes of JSON that keep it JSON: values become others, of other kinds too, members move, lists grow, rich text
// takes the place of plain text. In the inputs of `docx` and `template` the data stands behind a line "=== data.json",
// up to the next line with "==="; what has none gets the data the targets fill in without it.
//
// Pure: the same input and the same random state give the same change.
#ifndef TESTS_FUZZ_VALUES_H
#define TESTS_FUZZ_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char fuzz_default_data[];

// Where the data stands in the input; false when there is none.
bool fuzz_data_find(const char *text, size_t size, size_t *ret_at, size_t *ret_end);
// One to four changes in place; the new size, at most `max`. Equal to `size` when there is no room.
size_t fuzz_data_change(uint8_t *data, size_t size, size_t max, uint64_t *random);

#endif
