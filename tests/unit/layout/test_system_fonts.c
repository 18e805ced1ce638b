// The machine's fonts, of a folder with one variable font.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/file.h"
#include "render/layout/system_fonts.h"

#include "../base/folder.h"

#include <string.h>

#define VARY_BLACK_WEIGHT 920 // offset of the weight of its named style "Black"

static void write_file(void **state, const char *name, const void *data, size_t len)
{
    char path[4096];
    FILE *f = fopen(folder_path(state, name, path), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

// The styles of a variable font lie at one place in one file: what is drawn is the font as it comes, and it must not
// count as bold because a bold style of it was asked for.
static void test_a_variable_font_is_its_default_style(void **state)
{
    static const char *const conf = "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig>"
                                    "<dir>%s</dir><cachedir>%s/cache</cachedir></fontconfig>";
    DGL_AUTO_FINI(buf) font = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1u << 16);
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_system_fonts *fonts = NULL;
    struct dgl_font_match regular, bold;
    char path[4096];
    assert_int_equal(dgl_file_read(DGL_VARY_FONT, 1u << 20, &font, &err), DGL_OK);
    assert_memory_equal(font.data + VARY_BLACK_WEIGHT, "\x03\x84\x00\x00", 4);
    memcpy(font.data + VARY_BLACK_WEIGHT, "\x02\xBC\x00\x00", 4); // now its bold style, 700
    write_file(state, "vary.ttf", font.data, font.len);
    dgl_buf_printf(&text, conf, (char *)*state, (char *)*state);
    write_file(state, "fonts.conf", text.data, text.len);
    setenv("FONTCONFIG_FILE", folder_path(state, "fonts.conf", path), 1);
    assert_int_equal(dgl_system_fonts_open(false, &fonts, &err), DGL_OK);
    const struct dgl_font_source *source = dgl_system_fonts_source(fonts);
    assert_true(source->find(source->ctx, "Vary", true, false, &bold));
    assert_true(source->find(source->ctx, "Vary", false, false, &regular));
    assert_int_equal(bold.id, regular.id);
    assert_false(bold.bold);
    assert_false(regular.bold);
    dgl_system_fonts_free(fonts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_variable_font_is_its_default_style, folder_make, folder_remove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
