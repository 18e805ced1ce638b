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

static void patterns(void **state DGL_UNUSED)
{
    // Stripes of 10 that begin at 5, red over nothing.
    const char *stripes = "<pattern id='p' x='5' width='20' height='9' patternUnits='userSpaceOnUse'>"
                          "<rect width='10' height='9' fill='red'/></pattern>"
                          "<rect x='10' y='10' width='80' height='80' fill='url(#p)'/>";
    assert_int_equal(pixel(stripes, 7, 50), 0); // outside
    assert_int_equal(pixel(stripes, 12, 50), 0xFF0000FF);
    assert_int_equal(pixel(stripes, 20, 50), 0);
    assert_int_equal(pixel(stripes, 30, 50), 0xFF0000FF);
    assert_int_equal(pixel(stripes, 50, 89), 0xFF0000FF);
    assert_int_equal(pixel(stripes, 50, 91), 0);
    // Quarters of the box, each with a view of its own; taken from another pattern.
    const char *boxed = "<pattern id='a' viewBox='0 0 2 2'><rect width='1' height='2' fill='blue'/></pattern>"
                        "<pattern id='p' width='.25' height='.25' href='#a'/>"
                        "<rect x='20' width='80' height='80' fill='url(#p)' fill-opacity='.5'/>";
    assert_in_range(pixel(boxed, 25, 5), 0x0000FF7E, 0x0000FF81);
    assert_int_equal(pixel(boxed, 35, 5), 0);
    assert_in_range(pixel(boxed, 45, 75), 0x0000FF7E, 0x0000FF81);
    const char *turned = "<pattern id='p' width='20' height='20' patternUnits='userSpaceOnUse' "
                         "patternTransform='rotate(90)'><rect width='10' height='20' fill='red'/></pattern>"
                         "<rect width='100' height='100' fill='url(#p)'/>";
    assert_int_equal(pixel(turned, 15, 5), 0xFF0000FF);
    assert_int_equal(pixel(turned, 5, 15), 0);
    // In itself, without size, of far too many tiles: nothing, and it ends.
    const char *self = "<pattern id='p' width='1' height='1'><rect width='9' height='9' fill='url(#p)'/></pattern>"
                       "<rect width='100' height='100' fill='url(#p)'/>";
    assert_int_equal(pixel(self, 5, 5), 0);
    assert_int_equal(pixel("<pattern id='p'><rect width='9' height='9'/></pattern><rect width='9' height='9' "
                           "fill='url(#p)'/>",
                           5, 5),
                     0);
    assert_int_equal(pixel("<pattern id='p' width='1e-9' height='1e-9' patternUnits='userSpaceOnUse'><rect width='9' "
                           "height='9'/></pattern><rect width='9' height='9' fill='url(#p)'/>",
                           5, 5),
                     0);
}

static void markers(void **state DGL_UNUSED)
{
#define MARKER(more) "<marker id='m' markerWidth='10' markerHeight='10' " more
    const char *end =
        MARKER("refX='0' refY='5' orient='auto' markerUnits='userSpaceOnUse'>") "<rect width='10' height='10' "
                                                                                "fill='context-stroke'/></marker>"
                                                                                "<path d='M50 20V60' stroke='blue' "
                                                                                "marker-end='url(#m)'/>";
    assert_int_equal(pixel(end, 46, 65), 0x0000FFFF); // on from the end, downwards
    assert_int_equal(pixel(end, 53, 69), 0x0000FFFF);
    assert_int_equal(pixel(end, 46, 58), 0);
    assert_int_equal(pixel(end, 46, 72), 0);
    const char *scaled = MARKER("refX='5' refY='5'>") "<rect width='20' height='10' fill='red'/></marker>"
                                                      "<polyline points='20,20 50,50 80,20' fill='none' stroke='blue' "
                                                      "stroke-width='2' style='marker-mid:url(#m)'/>";
    assert_int_equal(pixel(scaled, 42, 42), 0xFF0000FF); // twice as large, and cut off at its own edge
    assert_int_equal(pixel(scaled, 58, 58), 0xFF0000FF);
    assert_int_equal(pixel(scaled, 62, 50), 0);
    assert_int_equal(pixel(scaled, 14, 14), 0);
    const char *start = MARKER(
        "refX='0' refY='5' orient='auto-start-reverse' markerUnits='userSpaceOnUse'>") "<rect width='10' height='10' "
                                                                                       "fill='red'/></marker>"
                                                                                       "<line x1='50' y1='50' x2='90' "
                                                                                       "y2='50' stroke='blue' "
                                                                                       "marker-start='url(#m)'/>";
    assert_int_equal(pixel(start, 44, 47), 0xFF0000FF); // before the start
    assert_int_equal(pixel(start, 54, 47), 0);
    const char *self =
        MARKER("markerUnits='userSpaceOnUse'>") "<path d='M0 0H5' stroke='red' marker-end='url(#m)'/></marker><path "
                                                "d='M0 50H50' marker-end='url(#m)'/>";
    pixel(self, 0, 0);
}

static void masks_and_clips_of_boxes(void **state DGL_UNUSED)
{
    const char *hole = "<mask id='m'><rect width='100' height='100' fill='white'/><rect x='40' y='40' width='20' "
                       "height='20'/></mask><rect width='90' height='90' fill='red' mask='url(#m)'/>";
    assert_int_equal(pixel(hole, 20, 20), 0xFF0000FF);
    assert_int_equal(pixel(hole, 50, 50), 0);
    assert_int_equal(pixel(hole, 95, 50), 0);
    const char *gray = "<mask id='m' maskContentUnits='objectBoundingBox'><rect width='.5' height='1' fill='#808080'/>"
                       "</mask><rect x='20' width='40' height='90' fill='red' mask='url(#m)'/>";
    assert_in_range(pixel(gray, 30, 50), 0xFF00007E, 0xFF000082);
    assert_int_equal(pixel(gray, 50, 50), 0);
    const char *box = "<clipPath id='c' clipPathUnits='objectBoundingBox'><rect x='.5' width='.5' height='1'/>"
                      "</clipPath><g transform='translate(10 0)' clip-path='url(#c)'><rect width='20' height='50' "
                      "fill='red'/><rect x='20' width='20' height='50' fill='blue'/></g>";
    assert_int_equal(pixel(box, 25, 25), 0);
    assert_int_equal(pixel(box, 35, 25), 0x0000FFFF);
    const char *empty = "<clipPath id='c'/><rect width='90' height='90' clip-path='url(#c)'/>";
    assert_int_equal(pixel(empty, 0, 0), 0);
    assert_int_equal(pixel(empty, 50, 50), 0);
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
        cmocka_unit_test(patterns),
        cmocka_unit_test(markers),
        cmocka_unit_test(masks_and_clips_of_boxes),
        cmocka_unit_test(hostile_drawings_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
