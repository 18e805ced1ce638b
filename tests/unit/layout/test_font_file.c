// Font files from strangers: good ones tell what they are, bad ones are refused with the reason. Bad ones are made from
// a font of the machine by changing its tables, or byte by byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "render/layout/font_file.h"
#include "render/layout/system_fonts.h"

#include <stdlib.h>
#include <string.h>

static struct dgl_system_fonts *g_source;

struct copy { // of a font, to be changed
    uint8_t *data;
    size_t len;
};

static struct copy copy_of(const char *family)
{
    struct dgl_font_match m;
    const struct dgl_font_source *s = dgl_system_fonts_source(g_source);
    assert_true(s->find(s->ctx, family, false, false, &m));
    struct copy c = {malloc(m.len), m.len};
    memcpy(c.data, m.data, m.len);
    return c;
}

static uint32_t be(const uint8_t *p, unsigned bytes)
{
    return dgl_font_u((struct dgl_font_bytes){p, bytes}, 0, bytes);
}

static void put(uint8_t *p, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint8_t *row_of(struct copy c, const char *tag)
{
    for (uint32_t i = 0; i < be(c.data + 4, 2); i++)
        if (memcmp(c.data + 12 + 16 * i, tag, 4) == 0)
            return c.data + 12 + 16 * i;
    fail_msg("no table %s", tag);
    return NULL;
}

static uint8_t *table_of(struct copy c, const char *tag)
{
    return c.data + be(row_of(c, tag) + 8, 4);
}

static enum dgl_status check(const void *data, size_t len, struct dgl_error *err)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_font_facts facts;
    *err = DGL_ERROR_INIT;
    return dgl_font_check(data, len, a, &facts, err);
}

static void assert_refused(struct copy c, const char *slug, const char *part)
{
    struct dgl_error err;
    assert_int_not_equal(check(c.data, c.len, &err), DGL_OK);
    assert_string_equal(err.slug, slug);
    assert_string_equal(err.field, "file");
    if (!strstr(err.message, part))
        fail_msg("%s", err.message);
    free(c.data);
}

static void test_facts(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct copy c = copy_of("Carlito");
    struct dgl_font_facts facts, again;
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(dgl_font_check(c.data, c.len, a, &facts, &err), DGL_OK);
    assert_int_equal(facts.face_count, 1);
    assert_string_equal(facts.faces[0].family, "Carlito");
    assert_string_equal(facts.faces[0].style, "Regular");
    assert_string_equal(facts.faces[0].names[0], "Carlito");
    assert_int_equal(facts.faces[0].weight, 400);
    assert_int_equal(facts.faces[0].width, 100);
    assert_false(facts.faces[0].italic);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(65536);
    struct dgl_json_writer w = DGL_JSON_WRITER(&text);
    dgl_font_facts_write(&facts, &w);
    DGL_AUTO_JSON json = NULL;
    assert_int_equal(dgl_json_parse(text.data, text.len, "facts", &json, &err), DGL_OK);
    assert_true(dgl_font_facts_read(json, a, &again));
    assert_string_equal(again.faces[0].names[0], "Carlito");
    json_object_set_new(json_array_get(json, 0), "more", json_true());
    assert_false(dgl_font_facts_read(json, a, &again));
    free(c.data);
}

static void test_sample_is_a_path(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct copy c = copy_of("Carlito");
    struct dgl_font_facts facts;
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) path = DGL_BUF_INIT(DGL_FONT_SAMPLE_BYTES);
    int32_t width = 0;
    assert_int_equal(dgl_font_check(c.data, c.len, a, &facts, &err), DGL_OK);
    assert_int_equal(dgl_font_sample(c.data, c.len, facts.faces, &path, &width, &err), DGL_OK);
    assert_true(width > 10000 && width < 40000);
    assert_int_equal(path.data[0], 'M');
    assert_int_equal(strspn(path.data, "MLQCZ0123456789- "), path.len);
    free(c.data);
}

static void test_other_formats(void **state DGL_UNUSED)
{
    static const char *const web[] = {"wOFF", "wOF2"};
    for (size_t i = 0; i < DGL_COUNT(web); i++) {
        struct copy c = copy_of("Carlito");
        memcpy(c.data, web[i], 4);
        assert_refused(c, "font_format", "web font");
    }
    struct copy c = copy_of("Carlito");
    memcpy(c.data, "%!PS", 4);
    assert_refused(c, "font_format", "no TrueType or OpenType");
    assert_refused((struct copy){NULL, 0}, "font_format", "no TrueType or OpenType");
}

static void test_a_cut_file(void **state DGL_UNUSED)
{
    struct copy c = copy_of("Carlito");
    struct dgl_error err;
    for (size_t len = 4; len < c.len; len += len < 512 ? 1 : c.len / 97)
        assert_int_not_equal(check(c.data, len, &err), DGL_OK);
    assert_int_equal(check(c.data, c.len, &err), DGL_OK);
    free(c.data);
}

static void test_permission(void **state DGL_UNUSED)
{
    static const struct {
        uint32_t type;
        bool allowed;
    } cases[] = {{0, true}, {2, false}, {4, true}, {8, true}, {2 | 8, true}, {0x100, false}, {0x204, false}};
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct copy c = copy_of("Carlito");
        struct dgl_error err;
        put(table_of(c, "OS/2") + 8, cases[i].type, 2);
        if (!cases[i].allowed) {
            assert_refused(c, "font_not_embeddable", "does not allow");
            continue;
        }
        assert_int_equal(check(c.data, c.len, &err), DGL_OK);
        free(c.data);
    }
}

static void test_tables(void **state DGL_UNUSED)
{
    struct copy c = copy_of("Carlito");
    memcpy(row_of(c, "hmtx"), "none", 4);
    assert_refused(c, "font_damaged", "missing");
    c = copy_of("Carlito");
    memcpy(row_of(c, "glyf"), "EBDT", 4);
    assert_refused(c, "font_format", "only pictures");
    c = copy_of("Carlito");
    put(row_of(c, "cmap") + 8, be(row_of(c, "glyf") + 8, 4) + 4, 4);
    assert_refused(c, "font_damaged", "overlap");
    c = copy_of("Carlito");
    put(row_of(c, "cmap") + 12, 0xFFFFFFF0, 4);
    assert_refused(c, "font_damaged", "past the end");
    c = copy_of("Carlito");
    put(c.data + 4, 0xFFFF, 2);
    assert_refused(c, "font_damaged", "list of tables");
    c = copy_of("Carlito");
    put(table_of(c, "hhea") + 34, 0xFFFF, 2);
    assert_refused(c, "font_damaged", "widths");
    c = copy_of("Carlito");
    memset(table_of(c, "name") + 6, 0xFF, 600);
    assert_refused(c, "font_damaged", "called");
}

// Groups that cover all of Unicode again and again would cost a reader days.
static void test_characters_without_end(void **state DGL_UNUSED)
{
    struct copy c = copy_of("Carlito");
    uint8_t *cmap = table_of(c, "cmap");
    uint32_t len = be(row_of(c, "cmap") + 12, 4), groups = (len - 12 - 16) / 12;
    put(cmap + 2, 1, 2);
    put(cmap + 4, 3, 2);
    put(cmap + 6, 10, 2);
    put(cmap + 8, 12, 4);
    put(cmap + 12, 12, 2);
    put(cmap + 16, len - 12, 4);
    put(cmap + 24, groups, 4);
    for (uint32_t i = 0; i < groups; i++) {
        put(cmap + 28 + 12 * i, 0, 4);
        put(cmap + 32 + 12 * i, 0x10FFFF, 4);
        put(cmap + 36 + 12 * i, 1, 4);
    }
    assert_refused(c, "font_damaged", "out of order");
}

// ---- outlines alone

static enum dgl_status check_tower(uint32_t levels, uint32_t parts_each, uint32_t from, struct dgl_error *err)
{
    uint8_t glyf[4096] = {0}, loca[4 * 40] = {0};
    size_t at = 0;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    *err = DGL_ERROR_INIT;
    for (uint32_t g = 0; g < levels; g++) { // each made of the one before, the first of `from`
        put(loca + (size_t)g * 4, (uint32_t)at, 4);
        put(glyf + at, 0xFFFF, 2);
        at += 10;
        for (uint32_t i = 0; i < parts_each; i++, at += 6) {
            put(glyf + at, i + 1 < parts_each ? 0x20 : 0, 2);
            put(glyf + at + 2, g ? g - 1 : from, 2);
        }
    }
    put(loca + (size_t)levels * 4, (uint32_t)at, 4);
    put(loca + (size_t)(levels + 1) * 4, (uint32_t)at, 4); // the last glyph is empty
    return dgl_font_check_glyf((struct dgl_font_bytes){glyf, at}, (struct dgl_font_bytes){loca, (levels + 2) * 4}, true,
                               levels + 1, a, err);
}

static void test_glyphs_of_glyphs(void **state DGL_UNUSED)
{
    struct dgl_error err;
    assert_int_equal(check_tower(5, 1, 5, &err), DGL_OK);
    assert_int_equal(check_tower(7, 2, 7, &err), DGL_OK);
    assert_int_equal(check_tower(1, 1, 0, &err), DGL_E_INVALID);  // itself
    assert_int_equal(check_tower(5, 1, 4, &err), DGL_E_INVALID);  // a ring
    assert_int_equal(check_tower(5, 1, 99, &err), DGL_E_INVALID); // one that is not there
    assert_int_equal(check_tower(9, 2, 9, &err), DGL_E_INVALID);  // 2 to the ninth
}

// A CFF table of one glyph with the charstring and the global subroutines given.
static enum dgl_status check_charstring(const char *code, size_t code_len, const char *const subrs[],
                                        uint32_t subr_count, struct dgl_error *err)
{
    uint8_t cff[4096] = {1, 0, 4, 1, 0, 1, 1, 1, 2, 'F'};
    size_t at = 10;
    *err = DGL_ERROR_INIT;
    size_t top = at;
    memcpy(cff + at, (uint8_t[]){0, 1, 1, 1, 7, 29, 0, 0, 0, 0, 17}, 11); // CharStrings at …
    at += 11;
    at += 2; // no strings
    put(cff + at, subr_count, 2);
    cff[at + 2] = 2;
    size_t offsets = at + 3, base = offsets + (subr_count + 1) * 2 - 1, offset = 1;
    for (uint32_t i = 0; i <= subr_count; i++) {
        put(cff + offsets + (size_t)i * 2, (uint32_t)offset, 2);
        if (i < subr_count) {
            memcpy(cff + base + offset, subrs[i], strlen(subrs[i]));
            offset += strlen(subrs[i]);
        }
    }
    at = subr_count ? base + offset : at + 2;
    put(cff + top + 6, (uint32_t)at, 4);
    put(cff + at, 1, 2);
    cff[at + 2] = 2;
    put(cff + at + 3, 1, 2);
    put(cff + at + 5, (uint32_t)code_len + 1, 2);
    memcpy(cff + at + 7, code, code_len);
    return dgl_font_check_cff((struct dgl_font_bytes){cff, at + 7 + code_len}, 1, err);
}

static void test_subroutines(void **state DGL_UNUSED)
{
    // 32 is -107, subroutine 0; 33 the next; 29 calls, 11 returns, 14 ends.
    static const char *const ring[] = {"\x20\x1d\x0b"}, *const fine[] = {"\x21\x1d\x0b", "\x0b"};
    char fan[DGL_FONT_MAX_DEPTH][120];
    const char *fans[DGL_FONT_MAX_DEPTH];
    struct dgl_error err;
    assert_int_equal(check_charstring("\x0e", 1, NULL, 0, &err), DGL_OK);
    assert_int_equal(check_charstring("\x20\x1d\x0e", 3, fine, 2, &err), DGL_OK);
    assert_int_equal(check_charstring("\x20\x1d\x0e", 3, ring, 1, &err), DGL_E_INVALID);
    assert_int_equal(check_charstring("\x29\x1d\x0e", 3, fine, 2, &err), DGL_E_INVALID); // not there
    assert_int_equal(check_charstring("\x1d\x0e", 2, fine, 2, &err), DGL_E_INVALID);     // no number
    for (unsigned i = 0; i < DGL_COUNT(fan); i++) { // each calls the next fifty times
        size_t at = 0;
        for (unsigned k = 0; k < 50 && i + 1 < DGL_COUNT(fan); k++, at += 2)
            memcpy(fan[i] + at, (char[]){(char)(33 + i), 29}, 2);
        memcpy(fan[i] + at, "\x0b", 2);
        fans[i] = fan[i];
    }
    assert_int_equal(check_charstring("\x20\x1d\x0e", 3, fans, DGL_COUNT(fan), &err), DGL_E_INVALID);
    assert_non_null(strstr(err.message, "steps"));
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_facts),
                                       cmocka_unit_test(test_sample_is_a_path),
                                       cmocka_unit_test(test_other_formats),
                                       cmocka_unit_test(test_a_cut_file),
                                       cmocka_unit_test(test_permission),
                                       cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_characters_without_end),
                                       cmocka_unit_test(test_glyphs_of_glyphs),
                                       cmocka_unit_test(test_subroutines)};
    return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
