// Drawings as pixels: colours and coverage at chosen places.
#include "base/buf.h"
#include "render/art/raster.h"
#include "render/art/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// The pixel (x, y) of a drawing of 100 units on 100 pixels, as 0xRRGGBBAA.
static uint32_t pixel(const char *content, uint32_t x, uint32_t y)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)64 << 20);
    const char *svg =
        dgl_arena_printf(a, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\">%s</svg>", content);
    const struct dgl_art *art = dgl_svg_read(a, svg, strlen(svg));
    assert_non_null(art);
    const uint8_t *rgba = dgl_art_rasterise(art, a, 100, 100), *p = rgba + 4 * ((size_t)y * 100 + x);
    assert_non_null(rgba);
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void fills(void **state DGL_UNUSED)
{
    const char *box = "<rect x='10' y='20' width='30.5' height='40' fill='#336699'/>";
    assert_int_equal(pixel(box, 9, 30), 0);
    assert_int_equal(pixel(box, 10, 20), 0x336699FF);
    assert_int_equal(pixel(box, 39, 59), 0x336699FF);
    assert_in_range(pixel(box, 40, 30), 0x3366997E, 0x33669981); // half covered
    assert_int_equal(pixel(box, 41, 30), 0);
    assert_int_equal(pixel(box, 30, 60), 0);
    const char *beyond = "<rect x='-1000' y='-1000' width='1050' height='5000' fill='red'/>";
    assert_int_equal(pixel(beyond, 0, 0), 0xFF0000FF);
    assert_int_equal(pixel(beyond, 49, 99), 0xFF0000FF);
    assert_int_equal(pixel(beyond, 50, 99), 0);
    const char *slanted = "<path d='M0 0L100 100L0 100Z' fill='red'/>";
    assert_in_range(pixel(slanted, 50, 50), 0xFF00007E, 0xFF000081);
    assert_int_equal(pixel(slanted, 20, 80), 0xFF0000FF);
    assert_int_equal(pixel(slanted, 80, 20), 0);
}

static void rules_of_filling(void **state DGL_UNUSED)
{
#define RINGS "<path d='M0 0H90V90H0ZM30 30H60V60H30Z' fill='red' fill-rule='"
    assert_int_equal(pixel(RINGS "nonzero'/>", 45, 45), 0xFF0000FF);
    assert_int_equal(pixel(RINGS "evenodd'/>", 45, 45), 0);
    assert_int_equal(pixel(RINGS "evenodd'/>", 15, 45), 0xFF0000FF);
}

static void strokes(void **state DGL_UNUSED)
{
    const char *line = "<path d='M20 50H80' stroke='blue' stroke-width='10'/>";
    assert_int_equal(pixel(line, 50, 45), 0x0000FFFF);
    assert_int_equal(pixel(line, 50, 54), 0x0000FFFF);
    assert_int_equal(pixel(line, 50, 55), 0);
    assert_int_equal(pixel(line, 18, 50), 0);
    assert_int_equal(pixel("<path d='M20 50H80' stroke='blue' stroke-width='10' stroke-linecap='square'/>", 16, 46),
                     0x0000FFFF);
    const char *dashes = "<path d='M0 50H100' stroke='blue' stroke-width='10' stroke-dasharray='20 10'/>";
    assert_int_equal(pixel(dashes, 10, 50), 0x0000FFFF);
    assert_int_equal(pixel(dashes, 25, 50), 0);
    assert_int_equal(pixel(dashes, 35, 50), 0x0000FFFF);
#define CORNER "<path d='M20 80V20H80' fill='none' stroke='blue' stroke-width='10' stroke-linejoin='"
    assert_int_equal(pixel(CORNER "miter'/>", 16, 16), 0x0000FFFF);
    assert_int_equal(pixel(CORNER "round'/>", 15, 15), 0);
    assert_int_equal(pixel(CORNER "bevel'/>", 16, 16), 0);
    assert_int_equal(pixel(CORNER "round'/>", 17, 17), 0x0000FFFF);
}

static void paints_clips_and_groups(void **state DGL_UNUSED)
{
    const char *ramp = "<linearGradient id='g'><stop stop-color='#000'/><stop offset='1' stop-color='#f00'/>"
                       "</linearGradient><rect width='100' height='100' fill='url(#g)'/>";
    assert_in_range(pixel(ramp, 2, 50) >> 24, 0, 12);
    assert_in_range(pixel(ramp, 50, 50) >> 24, 120, 136);
    assert_in_range(pixel(ramp, 97, 50) >> 24, 243, 255);
    const char *clipped = "<clipPath id='c'><rect width='50' height='50'/></clipPath>"
                          "<g clip-path='url(#c)'><rect width='100' height='100' fill='lime'/></g>";
    assert_int_equal(pixel(clipped, 49, 49), 0x00FF00FF);
    assert_int_equal(pixel(clipped, 50, 49), 0);
    assert_in_range(pixel("<g opacity='.5'><rect width='9' height='9'/></g>", 4, 4), 0x7E, 0x81);
}

static void hostile_drawings_end(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)256 << 20);
    DGL_AUTO_FINI(buf) svg = DGL_BUF_INIT(8u << 20);
    dgl_buf_puts(&svg,
                 "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path stroke='red' stroke-width='1e300' "
                 "stroke-dasharray='0 1e-9 1e300' d='M0 0");
    for (unsigned i = 0; i < 20000; i++)
        dgl_buf_puts(&svg, "L1e300 -1e300C-1e9 5 1e9 7 nan 3");
    dgl_buf_puts(&svg, "'/>");
    for (unsigned i = 0; i < 20000; i++)
        dgl_buf_puts(&svg, "<rect width='9' height='9'/>");
    dgl_buf_puts(&svg, "</svg>");
    const struct dgl_art *art = dgl_svg_read(a, svg.data, svg.len);
    assert_non_null(art);
    assert_non_null(dgl_art_rasterise(art, a, 1024, 1024));
    assert_null(dgl_art_rasterise(art, a, 0, 5));
    assert_null(dgl_art_rasterise(art, a, 5, DGL_ART_MAX_RASTER + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills),
        cmocka_unit_test(rules_of_filling),
        cmocka_unit_test(strokes),
        cmocka_unit_test(paints_clips_and_groups),
        cmocka_unit_test(hostile_drawings_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
