// The room that is left beside what text flows around.
//
//     ┌ line's height ─────────────┐
//     │ room 0  ┌ object ┐  room 1 │     text flows on both sides of an object, unless its wrapping names one
//     └─────────│────────│─────────┘
#ifndef DGL_RENDER_LAYOUT_ROOM_H
#define DGL_RENDER_LAYOUT_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#define DGL_MAX_ROOMS 8u

enum dgl_wrap_side { DGL_SIDE_BOTH, DGL_SIDE_LEFT, DGL_SIDE_RIGHT, DGL_SIDE_LARGEST }; // where text stands
// What tight wrapping follows: a polygon in 21,600ths of the object's box (§20.4.2.16).
struct dgl_outline {
    uint32_t count;
    int32_t (*points)[2];
};
// Room taken away, in page coordinates. The outline's box lies inside by the distances.
struct dgl_exclusion {
    int32_t x0, y0, x1, y1;
    bool full_width; // nothing beside it
    enum dgl_wrap_side side;
    const struct dgl_outline *outline; // may be NULL
    int32_t dist[4];                   // TOP LEFT BOTTOM RIGHT
};
struct dgl_room {
    int32_t x0, x1;
};
// The free stretches of a line of that height between x0 and x1, from left to right, at least one. Moves *y down past
// what leaves no room. `x`, `y_origin`: where 0, 0 of the line's coordinates lies on the page.
unsigned dgl_find_rooms(const struct dgl_exclusion *list, uint32_t count, int32_t x, int32_t y_origin, int32_t *y,
                        int32_t height, struct dgl_room line, struct dgl_room ret[DGL_MAX_ROOMS]);
// The left edge of the first free stretch of at least that width, at y or below, that begins at x0 or further right and
// ends before x1, page coordinates; false when there is none above `bottom`. Moves *y down to it.
bool dgl_find_width(const struct dgl_exclusion *list, uint32_t count, int32_t *y, int32_t bottom, int32_t height,
                    struct dgl_room line, int32_t width, int32_t *ret_x);

#endif
