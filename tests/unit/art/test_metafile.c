// Metafiles record by record: what numbers out of their ranges come to, and files that ask for much. How they look is
// tested with whole documents.
#include "render/art/metafile.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void put(struct dgl_buf *b, unsigned bytes, uint32_t n)
{
    for (unsigned i = 0; i < bytes; i++)
        dgl_buf_putc(b, (char)(n >> (8 * i)));
}

// A record of 16-bit arguments, as they stand in the file.
static void add(struct dgl_buf *b, uint32_t function, const int16_t *args, uint32_t count)
{
    put(b, 4, 3 + count);
    put(b, 2, function);
    for (uint32_t i = 0; i < count; i++)
        put(b, 2, (uint16_t)args[i]);
}
#define ADD(b, function, ...)                            \
    add((b), (function), (const int16_t[]){__VA_ARGS__}, \
        (uint32_t)(sizeof((const int16_t[]){__VA_ARGS__}) / sizeof(int16_t)))

static void begin(struct dgl_buf *b)
{
    put(b, 2, 1); // in memory; a head of 9 words; version 3
    put(b, 2, 9);
    put(b, 2, 0x300);
    for (unsigned i = 0; i < 6; i++)
        put(b, 2, 0);
    ADD(b, 0x020C, 100, 100); // SETWINDOWEXT
}

static const struct dgl_art *read(struct dgl_arena *a, struct dgl_buf *b)
{
    add(b, 0, NULL, 0);
    const struct dgl_art *art = dgl_metafile_read(a, b->data, b->len);
    assert_non_null(art);
    return art;
}

// A style that says nothing known is that of its low bits, as Windows reads it.
static void a_pen_of_any_style(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)16 << 20);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(4096);
    begin(&b);
    ADD(&b, 0x02FA, -1, 3, 0, 0xFF, 0);      // CREATEPENINDIRECT
    ADD(&b, 0x02FC, -1, 0, 0, 0);            // CREATEBRUSHINDIRECT
    ADD(&b, 0x012D, 0);                      // SELECTOBJECT
    ADD(&b, 0x0324, 3, 0, 0, 50, 0, 50, 50); // POLYGON
    const struct dgl_art *art = read(a, &b);
    assert_int_equal(art->items, 1);
    assert_int_equal(art->first->line.kind, DGL_ART_SOLID);
    assert_int_equal(art->first->line.rgb, 0xFF0000);
}

// Numbers of deleted objects are given again, the lowest first; past the last, objects are passed over.
static void objects_take_the_lowest_number(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)64 << 20);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT((size_t)16 << 20);
    begin(&b);
    for (unsigned i = 0; i < 5000; i++)
        ADD(&b, 0x02FC, 0, (int16_t)(i & 0xFF), 0, 0);
    ADD(&b, 0x01F0, 4000); // DELETEOBJECT
    ADD(&b, 0x01F0, 70);
    ADD(&b, 0x02FC, 0, 0x11, 0, 0); // 70
    ADD(&b, 0x02FC, 0, 0x22, 0, 0); // 4000
    static const int16_t shown[] = {70, 4000, 4095, 4999};
    for (unsigned i = 0; i < DGL_COUNT(shown); i++) {
        ADD(&b, 0x012D, shown[i]);
        ADD(&b, 0x041B, 9, 9, 0, 0); // RECTANGLE
    }
    const struct dgl_art_item *i = read(a, &b)->first;
    static const uint32_t colors[] = {0x110000, 0x220000, 0xFF0000, 0xFF0000}; // the last selects nothing
    for (unsigned k = 0; k < DGL_COUNT(colors); k++, i = i->next)
        assert_int_equal(i->fill.rgb, colors[k]);
    assert_null(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pen_of_any_style),
        cmocka_unit_test(objects_take_the_lowest_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
