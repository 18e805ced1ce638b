// Libraries of fonts: by name before the machine's, missing characters after them, kept apart by the key of their list.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "render/layout/font_library.h"
#include "render/layout/system_fonts.h"

#include <stdlib.h>
#include <string.h>

static struct dgl_system_fonts *g_source;

struct shop { // one font of the machine, sold under another name
    const char *sold, *really;
    uint16_t weight;
    unsigned opened, closed, listed;
    bool is_shut;
};

static enum dgl_status open_font(void *ctx, const unsigned char sha256[32], const void **ret_data, size_t *ret_len,
                                 struct dgl_error *err)
{
    struct shop *s = ctx;
    struct dgl_font_match m;
    const struct dgl_font_source *machine = dgl_system_fonts_source(g_source);
    assert_int_equal(sha256[0], 7);
    s->opened++;
    if (s->is_shut)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the shop is shut");
    assert_true(machine->find(machine->ctx, s->really, false, false, &m));
    *ret_data = m.data;
    *ret_len = m.len;
    return DGL_OK;
}

static void close_font(void *ctx, const void *data DGL_UNUSED, size_t len DGL_UNUSED)
{
    ((struct shop *)ctx)->closed++;
}

static enum dgl_status list(void *ctx, struct dgl_font_library *l, struct dgl_error *err DGL_UNUSED)
{
    struct shop *s = ctx;
    const unsigned char sha256[32] = {7};
    struct dgl_font_face_facts face = {.family = s->sold,
                                       .style = "Regular",
                                       .names = {s->sold, "Its other name"},
                                       .name_count = 2,
                                       .weight = s->weight ? s->weight : 400,
                                       .width = 100};
    s->listed++;
    dgl_font_library_add(l, sha256, &(struct dgl_font_facts){&face, 1}, NULL, 0);
    return DGL_OK;
}

static struct dgl_font_choice choice_of(struct shop *s, unsigned char key)
{
    return (struct dgl_font_choice){
        .key = {key}, .list = list, .ctx = s, .opener = {.open = open_font, .close = close_font, .ctx = s}};
}

static struct dgl_fonts *get(struct dgl_font_shelf *shelf, const struct dgl_font_choice *choice)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_fonts *fonts = NULL;
    if (dgl_font_shelf_get(shelf, NULL, choice, &fonts, &err) != DGL_OK)
        fail_msg("%s", err.message);
    return fonts;
}

static void test_names(void **state DGL_UNUSED)
{
    struct shop s = {.sold = "Acme Sans", .really = "Carlito"};
    struct dgl_font_choice choice = choice_of(&s, 1);
    struct dgl_font_shelf *shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    struct dgl_fonts *fonts = get(shelf, &choice);
    assert_int_equal(s.opened, 0);
    const struct dgl_font_use *use = dgl_fonts_use(fonts, "ACME sans", false, false);
    assert_false(use->substituted);
    assert_string_equal(use->face->family, "Acme Sans");
    assert_int_equal(s.opened, 1);
    assert_ptr_equal(dgl_fonts_use(fonts, "its OTHER name", false, false)->face, use->face);
    assert_true(dgl_fonts_use(fonts, "Acme Sans", true, false)->fake_bold);
    assert_string_equal(dgl_fonts_use(fonts, "Liberation Serif", false, false)->face->family, "Liberation Serif");
    assert_true(dgl_fonts_use(fonts, "Nowhere", false, false)->substituted);
    assert_int_equal(s.opened, 1);
    dgl_font_shelf_free(shelf);
    assert_int_equal(s.closed, 1);
}

static void test_before_the_machines(void **state DGL_UNUSED)
{
    struct shop s = {.sold = "Liberation Sans", .really = "Liberation Mono"};
    struct dgl_font_choice choice = choice_of(&s, 1);
    struct dgl_font_shelf *shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    assert_true(dgl_fonts_use(get(shelf, &choice), "Liberation Sans", false, false)->face->fixed);
    assert_false(dgl_fonts_use(get(shelf, NULL), "Liberation Sans", false, false)->face->fixed);
    dgl_font_shelf_free(shelf);
}

static void test_after_the_machines(void **state DGL_UNUSED)
{
    struct shop s = {.sold = "Liberation Sans", .really = "Liberation Mono"},
                other = {.sold = "Acme", .really = "Carlito"};
    struct dgl_font_choice choice = choice_of(&s, 1), second = choice_of(&other, 2);
    struct dgl_font_shelf *shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    choice.after = second.after = true;
    assert_false(dgl_fonts_use(get(shelf, &choice), "Liberation Sans", false, false)->face->fixed);
    assert_int_equal(s.opened, 0);
    assert_false(dgl_fonts_use(get(shelf, &second), "Acme", false, false)->substituted);
    assert_true(dgl_fonts_use(get(shelf, &second), "Nowhere", false, false)->substituted);
    dgl_font_shelf_free(shelf);
}

// The same family in many lists: each sees its own, whatever was asked for in between, and old ones are let go.
static void test_apart(void **state DGL_UNUSED)
{
    struct shop shops[DGL_FONT_MAX_SETS + 2];
    struct dgl_font_choice choices[DGL_COUNT(shops)];
    struct dgl_font_shelf *shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    for (unsigned i = 0; i < DGL_COUNT(shops); i++) {
        shops[i] = (struct shop){.sold = "Acme", .really = i % 2 ? "Carlito" : "Liberation Mono"};
        choices[i] = choice_of(&shops[i], (unsigned char)(i + 1));
    }
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < DGL_COUNT(shops); i++)
            assert_int_equal(dgl_fonts_use(get(shelf, &choices[i]), "Acme", false, false)->face->fixed, i % 2 == 0);
    assert_true(shops[0].listed > 1); // let go, and listed anew
    unsigned before = shops[5].listed;
    get(shelf, &choices[5]);
    assert_int_equal(shops[5].listed, before); // the latest is kept
    assert_true(dgl_fonts_use(get(shelf, NULL), "Acme", false, false)->substituted);
    dgl_font_shelf_free(shelf);
    for (unsigned i = 0; i < DGL_COUNT(shops); i++)
        assert_int_equal(shops[i].opened, shops[i].closed);
}

static void test_a_file_that_cannot_be_had(void **state DGL_UNUSED)
{
    struct shop s = {.sold = "Acme", .really = "Carlito", .is_shut = true};
    struct dgl_font_choice choice = choice_of(&s, 1);
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_font_shelf *shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    assert_true(dgl_fonts_use(get(shelf, &choice), "Acme", false, false)->substituted);
    assert_int_equal(dgl_font_shelf_check(shelf, &err), DGL_E_UNAVAILABLE);
    assert_string_equal(err.message, "the shop is shut");
    s.is_shut = false; // nothing of the failure is remembered
    assert_false(dgl_fonts_use(get(shelf, &choice), "Acme", false, false)->substituted);
    assert_int_equal(dgl_font_shelf_check(shelf, &err), DGL_OK);
    dgl_font_shelf_free(shelf);
}

// A character that the machine has too comes from the machine; one that only the library has, from it.
static void test_missing_characters(void **state DGL_UNUSED)
{
    struct shop s = {.sold = "Acme", .really = "Carlito"};
    struct dgl_font_choice choice = choice_of(&s, 1);
    struct dgl_font_shelf *shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    struct dgl_fonts *fonts = get(shelf, &choice), *plain = get(shelf, NULL);
    const struct dgl_font_use *base = dgl_fonts_use(plain, "Liberation Sans", false, false);
    const struct dgl_font_use *there = dgl_fonts_fallback(plain, base, 0x0915, NULL, false, false);
    fonts = get(shelf, &choice);
    base = dgl_fonts_use(fonts, "Liberation Sans", false, false);
    assert_string_equal(dgl_fonts_fallback(fonts, base, 0x0915, NULL, false, false)->face->family, there->face->family);
    assert_int_equal(s.opened, 0);
    assert_ptr_equal(dgl_fonts_fallback(fonts, base, 0x10FFFD, NULL, false, false), base); // nobody has it
    assert_int_equal(s.opened, 1);                                                         // but it was looked for
    dgl_font_shelf_free(shelf);
}

// What the machine's fonts do for scripts that a font lacks: each has a font, and the letters of one script share it.
static void test_scripts(void **state DGL_UNUSED)
{
    static const uint32_t words[][4] = {{0x0633, 0x0644, 0x0627, 0x0645}, {0x05E9, 0x05DC, 0x05D5, 0x05DD},
                                        {0x0E2A, 0x0E27, 0x0E31, 0x0E14}, {0x0928, 0x092E, 0x0938, 0x0924},
                                        {0x0BB5, 0x0BA3, 0x0B95, 0x0BAE}, {0x4F60, 0x597D, 0x4E16, 0x754C}};
    const struct dgl_font_source *machine = dgl_system_fonts_source(g_source);
    for (size_t i = 0; i < DGL_COUNT(words); i++) {
        struct dgl_font_match first, m;
        assert_true(machine->cover(machine->ctx, words[i][0], NULL, false, false, false, &first));
        for (size_t k = 1; k < DGL_COUNT(words[i]); k++) {
            assert_true(machine->cover(machine->ctx, words[i][k], NULL, false, false, false, &m));
            assert_int_equal(m.id, first.id);
        }
    }
}

static int open_fonts(void **state DGL_UNUSED)
{
    struct dgl_error err;
    return dgl_system_fonts_open(false, &g_source, &err) == DGL_OK ? 0 : -1;
}

static int close_fonts(void **state DGL_UNUSED)
{
    dgl_system_fonts_free(g_source);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_before_the_machines),
                                       cmocka_unit_test(test_after_the_machines),
                                       cmocka_unit_test(test_apart),
                                       cmocka_unit_test(test_a_file_that_cannot_be_had),
                                       cmocka_unit_test(test_missing_characters),
                                       cmocka_unit_test(test_scripts)};
    return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
