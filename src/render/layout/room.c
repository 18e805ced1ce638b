// Free stretches: the line's own stretch, minus each object that reaches into its height.
#include "render/layout/room.h"

#include "base/base.h"

#define OUTLINE_UNITS 21600
// mpt: Word sets text in 58 pt beside an object and leaves 41 pt empty; less than three quarters of an inch is taken as
// too narrow.
#define NARROWEST 54000
#define MAX_TRIES 64u

struct rooms {
    struct dgl_room list[DGL_MAX_ROOMS];
    unsigned count;
};

// How far the outline reaches to the left and right between two heights; false when it is not there.
static bool outline_reach(const struct dgl_exclusion *e, int32_t top, int32_t bottom, int32_t *ret_x0, int32_t *ret_x1)
{
    const struct dgl_outline *o = e->outline;
    double left = e->x0 + e->dist[1], up = e->y0 + e->dist[0], w = e->x1 - e->dist[3] - left,
           h = e->y1 - e->dist[2] - up, lowest = top - e->dist[2], highest = bottom + e->dist[0];
    double x0 = 1e12, x1 = -1e12;
    for (uint32_t i = 0; i < o->count; i++) {
        const int32_t *p = o->points[i], *q = o->points[(i + 1) % o->count];
        double px = left + p[0] * w / OUTLINE_UNITS, py = up + p[1] * h / OUTLINE_UNITS;
        double qx = left + q[0] * w / OUTLINE_UNITS, qy = up + q[1] * h / OUTLINE_UNITS;
        if ((py < lowest && qy < lowest) || (py > highest && qy > highest))
            continue;
        const double at[2] = {lowest, highest}, from[4] = {px, py, qx, qy};
        for (unsigned k = 0; k < 2; k++) {
            double x = from[2 * k], y = from[2 * k + 1];
            for (unsigned c = 0; c < 2; c++) // cut to the line's height
                if ((c == 0 && y < at[0]) || (c == 1 && y > at[1])) {
                    x = px + (at[c] - py) * (qx - px) / (qy - py);
                    y = at[c];
                }
            x0 = DGL_MIN(x0, x);
            x1 = DGL_MAX(x1, x);
        }
    }
    if (x0 > x1)
        return false;
    *ret_x0 = (int32_t)x0 - e->dist[1];
    *ret_x1 = (int32_t)x1 + e->dist[3];
    return true;
}

static void add(struct rooms *r, int32_t x0, int32_t x1)
{
    if (x1 > x0 && r->count < DGL_MAX_ROOMS)
        r->list[r->count++] = (struct dgl_room){x0, x1};
}

static void take_away(struct rooms *r, const struct dgl_exclusion *e, int32_t x0, int32_t x1)
{
    struct rooms left = {0};
    for (unsigned i = 0; i < r->count; i++) {
        struct dgl_room room = r->list[i];
        if (x1 <= room.x0 || x0 >= room.x1) {
            add(&left, room.x0, room.x1);
            continue;
        }
        bool wider_left = x0 - room.x0 > room.x1 - x1;
        bool on_left =
            e->side == DGL_SIDE_BOTH || e->side == DGL_SIDE_LEFT || (e->side == DGL_SIDE_LARGEST && wider_left);
        bool on_right =
            e->side == DGL_SIDE_BOTH || e->side == DGL_SIDE_RIGHT || (e->side == DGL_SIDE_LARGEST && !wider_left);
        if (on_left)
            add(&left, room.x0, DGL_MIN(x0, room.x1));
        if (on_right)
            add(&left, DGL_MAX(x1, room.x0), room.x1);
    }
    *r = left;
}

// True when nothing reaches into the height; *next is where the first of what does ends.
static bool rooms_at(const struct dgl_exclusion *list, uint32_t count, int32_t top, int32_t height, struct rooms *r,
                     int32_t *next)
{
    bool free = true;
    const struct dgl_room all = r->list[0];
    for (uint32_t i = 0; i < count; i++) {
        const struct dgl_exclusion *e = &list[i];
        int32_t x0 = e->x0, x1 = e->x1;
        if (e->y1 <= top || e->y0 >= top + height || e->x1 <= all.x0 || e->x0 >= all.x1)
            continue;
        if (e->outline && !outline_reach(e, top, top + height, &x0, &x1))
            continue;
        free = false;
        *next = DGL_MIN(*next, e->y1);
        if (e->full_width)
            r->count = 0;
        else
            take_away(r, e, x0, x1);
    }
    return free;
}

unsigned dgl_find_rooms(const struct dgl_exclusion *list, uint32_t count, int32_t x, int32_t y_origin, int32_t *y,
                        int32_t height, struct dgl_room line, struct dgl_room ret[DGL_MAX_ROOMS])
{
    for (unsigned tries = 0; tries < MAX_TRIES; tries++) {
        struct rooms r = {.list = {{line.x0 + x, line.x1 + x}}, .count = 1};
        int32_t top = y_origin + *y, next = INT32_MAX;
        bool free = rooms_at(list, count, top, height, &r, &next);
        unsigned n = 0;
        for (unsigned i = 0; i < r.count; i++)
            if (free || r.list[i].x1 - r.list[i].x0 >= NARROWEST)
                ret[n++] = (struct dgl_room){r.list[i].x0 - x, r.list[i].x1 - x};
        if (n)
            return n;
        *y += DGL_MAX(next - top, 1000);
    }
    ret[0] = line;
    return 1;
}

bool dgl_find_width(const struct dgl_exclusion *list, uint32_t count, int32_t *y, int32_t bottom, int32_t height,
                    struct dgl_room line, int32_t width, int32_t *ret_x)
{
    int32_t at = *y;
    for (unsigned tries = 0; tries < MAX_TRIES && at < bottom; tries++) {
        struct rooms r = {.list = {line}, .count = 1};
        int32_t next = INT32_MAX;
        rooms_at(list, count, at, height, &r, &next);
        for (unsigned i = 0; i < r.count; i++)
            if (r.list[i].x1 - r.list[i].x0 >= width) {
                *ret_x = r.list[i].x0;
                *y = at;
                return true;
            }
        if (next == INT32_MAX)
            break;
        at = DGL_MAX(next, at + 1000);
    }
    return false;
}
