// What an SVG says, read: which of several rules counts, gradients that share, and files that ask for too much.
#include "render/art/svg.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROOT "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'>"

static const struct dgl_art *read(struct dgl_arena *a, const char *text)
{
    const struct dgl_art *art = dgl_svg_read(a, text, strlen(text));
    assert_non_null(art);
    return art;
}

// The fill of the one rectangle of a drawing with a style sheet.
static uint32_t fill_of(const char *rules, const char *attributes)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)16 << 20);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(4096);
    dgl_buf_printf(&b, ROOT "<style>%s</style><rect width='9' height='9' %s/></svg>", rules, attributes);
    const struct dgl_art *art = read(a, b.data);
    assert_int_equal(art->items, 1);
    assert_int_equal(art->first->fill.kind, DGL_ART_SOLID);
    return art->first->fill.rgb;
}

static void the_heaviest_rule_counts(void **state DGL_UNUSED)
{
    assert_int_equal(fill_of("", "fill='#010101'"), 0x010101);
    assert_int_equal(fill_of("rect{fill:#020202}", "fill='#010101'"), 0x020202);
    assert_int_equal(fill_of(".c{fill:#030303} rect{fill:#020202}", "class='b c'"), 0x030303);
    assert_int_equal(fill_of("#i{fill:#040404} .c{fill:#030303}", "class='c' id='i'"), 0x040404);
    assert_int_equal(fill_of("#i{fill:#040404}", "id='i' style='fill:#050505'"), 0x050505);
    // of equal ones the last that says anything of it
    assert_int_equal(fill_of(".c{fill:#060606} .c{fill:#070707} .c{stroke:red}", "class='c'"), 0x070707);
    assert_int_equal(fill_of(".d{fill:#060606}", "class='c' fill='#010101'"), 0x010101);
}

static void gradients_take_stops_from_others(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)16 << 20);
    const struct dgl_art *art =
        read(a, ROOT "<linearGradient id='a'><stop offset='0' stop-color='red'/><stop offset='1' stop-color='blue'/>"
                     "</linearGradient><radialGradient id='b' href='#a' r='0.4'/><radialGradient id='c' href='#c'/>"
                     "<rect width='9' height='9' fill='url(#a)'/><rect width='9' height='9' fill='url(#b)'/>"
                     "<rect width='9' height='9' fill='url(#b)'/><rect width='9' height='9' fill='url(#c)'/></svg>");
    const struct dgl_art_item *i = art->first;
    assert_int_equal(i->fill.kind, DGL_ART_LINEAR);
    assert_int_equal(i->fill.stop_count, 2);
    for (i = i->next; i->next; i = i->next) {
        assert_int_equal(i->fill.kind, DGL_ART_RADIAL);
        assert_int_equal(i->fill.stop_count, 2);
        assert_int_equal(i->fill.stops[1].rgb, 0x0000FF);
    }
    assert_int_equal(i->fill.kind, DGL_ART_NONE); // its own stops are none
}

// Twice in each round: what went round would be drawn until the bound is reached.
static void a_use_in_what_it_uses_draws_nothing(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)16 << 20);
    const struct dgl_art *art =
        read(a, ROOT "<g id='a'><rect width='9' height='9'/><use href='#a'/><use href='#a'/></g></svg>");
    assert_int_equal(art->items, 1);
    art = read(a, ROOT "<defs><g id='a'><rect width='9' height='9'/><use href='#b'/><use href='#b'/></g>"
                       "<g id='b'><use href='#a'/><use href='#a'/></g></defs><use href='#b'/></svg>");
    assert_int_equal(art->items, 2);
}

// 400 groups of nothing, 400 times, 100 times: little to read and nothing to draw, but sixteen million looks.
static void what_asks_for_too_much_is_refused(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)64 << 20);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    dgl_buf_puts(&b, ROOT "<defs><g id='a'>");
    for (unsigned i = 0; i < 400; i++)
        dgl_buf_puts(&b, "<g/>");
    dgl_buf_puts(&b, "</g><g id='b'>");
    for (unsigned i = 0; i < 400; i++)
        dgl_buf_puts(&b, "<g><use href='#a'/></g>");
    dgl_buf_puts(&b, "</g></defs><rect width='9' height='9'/>");
    const size_t once = b.len;
    dgl_buf_puts(&b, "<use href='#b'/></svg>"); // once: a hundred and sixty thousand, and that is taken
    assert_non_null(dgl_svg_read(a, b.data, b.len));
    b.len = once;
    for (unsigned i = 0; i < 100; i++)
        dgl_buf_puts(&b, "<use href='#b'/>");
    dgl_buf_puts(&b, "</svg>");
    assert_null(dgl_svg_read(a, b.data, b.len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_heaviest_rule_counts),
        cmocka_unit_test(gradients_take_stops_from_others),
        cmocka_unit_test(a_use_in_what_it_uses_draws_nothing),
        cmocka_unit_test(what_asks_for_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
