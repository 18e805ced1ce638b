// Bookmarks, destinations, labels. Source: ISO 32000-1 §12.3, §12.4.2.
#include "render/pdf/outline.h"

#include <stdlib.h>
#include <string.h>

// ---- Anchors ----

static int compare_names(struct dgl_str a, struct dgl_str b)
{
    int c = memcmp(a.data, b.data, DGL_MIN(a.len, b.len));
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *a, const void *b)
{
    const struct pdf_anchor *x = a, *y = b;
    int c = compare_names(x->name, y->name);
    return c ? c : (x->page > y->page) - (x->page < y->page);
}

static void each_box(const struct dgl_pages *pages, enum dgl_box_kind kind,
                     void (*take)(void *ctx, uint32_t page, const struct dgl_box *b), void *ctx)
{
    for (uint32_t i = 0; i < pages->count; i++) {
        const struct dgl_box_list *lists[] = {&pages->pages[i].under, &pages->pages[i].over};
        for (unsigned l = 0; l < 2; l++)
            for (uint32_t k = 0; k < lists[l]->count; k++)
                if (lists[l]->boxes[k].kind == kind)
                    take(ctx, i, &lists[l]->boxes[k]);
    }
}

static void count_box(void *ctx, uint32_t page DGL_UNUSED, const struct dgl_box *b DGL_UNUSED)
{
    ++*(uint32_t *)ctx;
}

static void take_anchor(void *ctx, uint32_t page, const struct dgl_box *b)
{
    struct pdf_anchors *a = ctx;
    a->list[a->count++] = (struct pdf_anchor){b->name, page, b->x, b->y};
}

void pdf_anchors_collect(const struct dgl_pages *pages, struct dgl_arena *a, struct pdf_anchors *ret)
{
    uint32_t count = 0;
    each_box(pages, DGL_BOX_ANCHOR, count_box, &count);
    *ret = (struct pdf_anchors){.list = dgl_arena_alloc_try(a, (count + 1) * sizeof(*ret->list))};
    if (!ret->list)
        return;
    each_box(pages, DGL_BOX_ANCHOR, take_anchor, ret);
    qsort(ret->list, ret->count, sizeof(*ret->list), by_name);
}

const struct pdf_anchor *pdf_anchor_find(const struct pdf_anchors *a, struct dgl_str name)
{
    uint32_t lo = 0, hi = a->count;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (compare_names(a->list[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < a->count && compare_names(a->list[lo].name, name) == 0 ? &a->list[lo] : NULL;
}

void pdf_put_destination(struct dgl_buf *b, uint32_t page_object, int32_t x, int32_t y)
{
    dgl_buf_putc(b, '[');
    pdf_put_ref(b, page_object);
    dgl_buf_puts(b, "/XYZ ");
    pdf_put_milli(b, x);
    dgl_buf_putc(b, ' ');
    pdf_put_milli(b, y);
    dgl_buf_puts(b, " null]");
}

// ---- Outline ----

struct entry {
    struct dgl_str text;
    uint32_t page, object, parent, first, last, next, prev, children; // entries by index, UINT32_MAX = none
    int32_t x, y;
    int8_t level;
};
struct entries {
    struct entry *list;
    uint32_t count;
    const struct dgl_pages *pages;
};

static void take_heading(void *ctx, uint32_t page, const struct dgl_box *b)
{
    struct entries *e = ctx;
    if (e->count >= DGL_PDF_MAX_OUTLINE)
        return;
    e->list[e->count++] = (struct entry){.text = b->name,
                                         .page = page,
                                         .x = b->x,
                                         .y = e->pages->pages[page].height - b->y,
                                         .level = b->level,
                                         .parent = UINT32_MAX,
                                         .first = UINT32_MAX,
                                         .last = UINT32_MAX,
                                         .next = UINT32_MAX,
                                         .prev = UINT32_MAX};
}

// A heading hangs below the nearest one before it of a higher rank.
static void link_entries(struct entries *e, struct entry *root)
{
    uint32_t open[10];
    unsigned depth = 0;
    for (uint32_t i = 0; i < e->count; i++) {
        struct entry *x = &e->list[i];
        while (depth && e->list[open[depth - 1]].level >= x->level)
            depth--;
        struct entry *parent = depth ? &e->list[open[depth - 1]] : root;
        x->parent = depth ? open[depth - 1] : UINT32_MAX;
        x->prev = parent->last;
        if (parent->last != UINT32_MAX)
            e->list[parent->last].next = i;
        else
            parent->first = i;
        parent->last = i;
        parent->children++;
        if (depth < DGL_COUNT(open))
            open[depth++] = i;
    }
}

static void put_link_to(struct dgl_buf *b, const char *key, const struct entries *e, uint32_t index)
{
    if (index == UINT32_MAX)
        return;
    dgl_buf_puts(b, key);
    pdf_put_ref(b, e->list[index].object);
}

uint32_t pdf_outline_write(struct pdf_out *o, const struct dgl_pages *pages, const uint32_t *page_objects,
                           struct dgl_arena *a)
{
    struct entries e = {.pages = pages};
    struct entry root = {.first = UINT32_MAX, .last = UINT32_MAX};
    uint32_t count = 0;
    each_box(pages, DGL_BOX_HEADING, count_box, &count);
    e.list = count ? dgl_arena_alloc_try(a, (count + 1) * sizeof(*e.list)) : NULL;
    if (!e.list)
        return 0;
    each_box(pages, DGL_BOX_HEADING, take_heading, &e);
    link_entries(&e, &root);
    root.object = pdf_out_reserve(o);
    for (uint32_t i = 0; i < e.count; i++)
        e.list[i].object = pdf_out_reserve(o);
    for (uint32_t i = 0; i < e.count; i++) {
        const struct entry *x = &e.list[i];
        pdf_out_begin(o, x->object);
        dgl_buf_puts(o->buf, "<</Title");
        pdf_put_text(o->buf, x->text.data, dgl_utf8_cut(x->text.data, x->text.len, 1000));
        dgl_buf_puts(o->buf, "/Parent ");
        pdf_put_ref(o->buf, x->parent == UINT32_MAX ? root.object : e.list[x->parent].object);
        put_link_to(o->buf, "/Prev ", &e, x->prev);
        put_link_to(o->buf, "/Next ", &e, x->next);
        put_link_to(o->buf, "/First ", &e, x->first);
        put_link_to(o->buf, "/Last ", &e, x->last);
        if (x->children) { // closed: a negative count
            dgl_buf_puts(o->buf, "/Count ");
            pdf_put_int(o->buf, -(int64_t)x->children);
        }
        dgl_buf_puts(o->buf, "/Dest");
        pdf_put_destination(o->buf, page_objects[x->page], x->x, x->y);
        dgl_buf_puts(o->buf, ">>");
        pdf_out_end(o);
    }
    pdf_out_begin(o, root.object);
    dgl_buf_puts(o->buf, "<</Type/Outlines");
    put_link_to(o->buf, "/First ", &e, root.first);
    put_link_to(o->buf, "/Last ", &e, root.last);
    dgl_buf_puts(o->buf, "/Count ");
    pdf_put_int(o->buf, root.children);
    dgl_buf_puts(o->buf, ">>");
    pdf_out_end(o);
    return root.object;
}

// ---- Labels ----

static int64_t label_number(struct dgl_str label)
{
    int64_t v;
    return dgl_parse_int64(label.data, label.len, 0, INT32_MAX, &v) ? v : -1;
}

void pdf_put_labels(struct dgl_buf *b, const struct dgl_pages *pages)
{
    bool plain = true;
    for (uint32_t i = 0; i < pages->count; i++)
        plain &= label_number(pages->pages[i].label) == (int64_t)i + 1;
    if (plain)
        return;
    dgl_buf_puts(b, "/PageLabels<</Nums[");
    int64_t expected = -1;
    for (uint32_t i = 0; i < pages->count; i++) {
        int64_t v = label_number(pages->pages[i].label);
        if (v >= 1 && v == expected) {
            expected++;
            continue;
        }
        expected = v >= 1 ? v + 1 : -1;
        pdf_put_int(b, i);
        if (v >= 1) {
            dgl_buf_puts(b, "<</S/D/St ");
            pdf_put_int(b, v);
        } else {
            dgl_buf_puts(b, "<</P");
            pdf_put_text(b, pages->pages[i].label.data, pages->pages[i].label.len);
        }
        dgl_buf_puts(b, ">>");
    }
    dgl_buf_puts(b, "]>>");
}
