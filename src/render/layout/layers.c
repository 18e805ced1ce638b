// Parting a page's boxes into layers. See layers.h.
#include "render/layout/layers.h"

#include <stdlib.h>
#include <string.h>

struct layer {                 // one anchored drawing
    uint32_t from, to;         // its boxes, without the markers
    uint32_t order, paragraph; // box of the paragraph that it is anchored in, UINT32_MAX = none
    const struct dgl_drawing *drawing;
};

static int compare_layers(const void *a, const void *b)
{
    const struct layer *x = a, *y = b;
    if (x->drawing->z != y->drawing->z)
        return x->drawing->z < y->drawing->z ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static uint32_t find_layers(const struct dgl_box_list *l, struct layer *layers)
{
    uint32_t count = 0, paragraph = UINT32_MAX;
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->boxes[i].kind == DGL_BOX_PARAGRAPH)
            paragraph = i;
        if (l->boxes[i].kind != DGL_BOX_FLOAT)
            continue;
        struct layer x = {.from = i + 1, .order = count, .paragraph = paragraph, .drawing = l->boxes[i].drawing};
        while (i < l->count && l->boxes[i].kind != DGL_BOX_FLOAT_END)
            i++;
        x.to = i;
        layers[count++] = x;
    }
    return count;
}

static bool paints(enum dgl_box_kind kind)
{
    return kind != DGL_BOX_LINK && kind != DGL_BOX_ANCHOR && kind != DGL_BOX_HEADING;
}

static void put(struct dgl_box_list *to, const struct dgl_box *box)
{
    to->boxes[to->count++] = *box;
}

// What a drawing leaves in the text: what paints nothing and, when it goes to the front, its places in the structure.
static void put_places(struct dgl_box_list *to, const struct dgl_box_list *from, const struct layer *x)
{
    bool label = false, placed = false;
    for (uint32_t i = x->from; i < x->to; i++) {
        const struct dgl_box *b = &from->boxes[i];
        bool structural = b->kind == DGL_BOX_PARAGRAPH || b->kind == DGL_BOX_FIGURE || b->kind == DGL_BOX_FIGURE_END;
        if (!paints(b->kind) || (structural && !x->drawing->behind))
            put(to, b);
        if (b->kind == DGL_BOX_PARAGRAPH)
            placed = false;
        if (b->kind == DGL_BOX_TEXT && !x->drawing->behind && (!placed || label != b->text->label)) {
            put(to, b);
            to->boxes[to->count - 1].kind = DGL_BOX_PLACE;
            placed = true;
            label = b->text->label;
        }
    }
}

static void put_layer(struct dgl_box_list *to, const struct dgl_box_list *from, const struct layer *x)
{
    if (!x->drawing->behind && x->paragraph != UINT32_MAX)
        put(to, &from->boxes[x->paragraph]);
    for (uint32_t i = x->from; i < x->to; i++)
        if (paints(from->boxes[i].kind))
            put(to, &from->boxes[i]);
}

static void put_text(struct dgl_box_list *to, const struct dgl_box_list *from, const struct layer *layers,
                     uint32_t count)
{
    for (uint32_t i = 0, next = 0; i < from->count; i++) {
        if (next == count || i + 1 != layers[next].from) {
            put(to, &from->boxes[i]);
            continue;
        }
        put_places(to, from, &layers[next]);
        i = layers[next++].to;
    }
}

bool dgl_layers_part(struct dgl_box_list *l, struct dgl_arena *a, struct dgl_box_list *ret_behind)
{
    uint32_t count = 0;
    *ret_behind = (struct dgl_box_list){0};
    for (uint32_t i = 0; i < l->count; i++)
        count += l->boxes[i].kind == DGL_BOX_FLOAT;
    if (count == 0)
        return true;
    struct layer *layers = dgl_arena_alloc_try(a, count * sizeof(*layers));
    struct dgl_box_list text = {.cap = 2 * l->count + count}, behind = {.cap = l->count};
    text.boxes = dgl_arena_alloc_try(a, text.cap * sizeof(*text.boxes));
    behind.boxes = dgl_arena_alloc_try(a, behind.cap * sizeof(*behind.boxes));
    if (!layers || !text.boxes || !behind.boxes)
        return false;
    count = find_layers(l, layers);
    put_text(&text, l, layers, count);
    qsort(layers, count, sizeof(*layers), compare_layers);
    for (uint32_t i = 0; i < count; i++)
        put_layer(layers[i].drawing->behind ? &behind : &text, l, &layers[i]);
    *l = text;
    *ret_behind = behind;
    return true;
}

static bool goes_with_text(const struct dgl_drawing *d)
{
    return d->v_rel == DGL_REL_PARAGRAPH || d->v_rel == DGL_REL_LINE || d->v_rel == DGL_REL_COLUMN ||
           d->v_rel == DGL_REL_CHARACTER;
}

void dgl_layers_shift(struct dgl_box_list *l, uint32_t from, uint32_t to, int32_t by)
{
    bool held = false;
    for (uint32_t i = from; i < to; i++) {
        const struct dgl_box *b = &l->boxes[i];
        if (b->kind == DGL_BOX_FLOAT || b->kind == DGL_BOX_FLOAT_END)
            held = b->kind == DGL_BOX_FLOAT && !goes_with_text(b->drawing);
        if (!held)
            l->boxes[i].y += by;
    }
}
