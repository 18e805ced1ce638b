// Directions and dictionary breaks of a paragraph's text, by ICU.
#ifndef DGL_RENDER_LAYOUT_TEXT_ORDER_H
#define DGL_RENDER_LAYOUT_TEXT_ORDER_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One entry per byte, NULL where the text needs none: `levels` is the bidirectional level (UAX #9), `breaks` is 1 where
// a line may begin in a script that writes no spaces.
struct dgl_text_order {
    uint8_t *levels, *breaks;
};
// `text` is valid UTF-8. False when there is no memory.
bool dgl_text_order(struct dgl_arena *a, const char *text, size_t len, bool rtl, struct dgl_text_order *ret);

#endif
