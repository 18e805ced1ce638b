// Fonts that a document holds, as strangers write them: what the font table may say, how often, and what lies behind
// it.
#include "lay_out.h"

#include "render/layout/font_embedded.h"

#define RELS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define KEY "{0F0E0D0C-0B0A-0908-0706-050403020100}" // mixes byte n of the first 16 with n
#define OTHER_KEY "{00000000-0000-0000-0000-00000000000F}"
#define EMBED(element, id, key) "<w:" element " r:id=\"" id "\" w:fontKey=\"" key "\"/>"
#define FONT(name, content) "<w:font w:name=\"" name "\">" content "</w:font>"
#define TO_PARTS "http://schemas.openxmlformats.org/package/2006/relationships"
#define RELATIONSHIPS(content) "<Relationships xmlns=\"" TO_PARTS "\">" content "</Relationships>"

struct made {
    struct dgl_arena *arena;
    struct dgl_buf docx;
    struct dgl_docx_package package;
    struct dgl_budget budget;
    struct dgl_font_choice choice;
    bool has, damaged;
    struct dgl_font_shelf *shelf;
    struct dgl_fonts *fonts;
};

static struct dgl_font_match machine_font(const char *family)
{
    struct dgl_font_match m;
    const struct dgl_font_source *s = dgl_system_fonts_source(g_source);
    assert_true(s->find(s->ctx, family, false, false, &m));
    return m;
}

// `font` of the machine as the part fonts/font1.odttf, mixed with KEY when `mixed`; `rels` beside the one to it, rIdF.
static void make(struct made *m, const char *table, const char *rels, const void *font, size_t len, bool mixed)
{
    struct dgl_error err = DGL_ERROR_INIT;
    *m = (struct made){.arena = dgl_arena_new(0), .docx = DGL_BUF_INIT(64u << 20), .budget = dgl_budget_default()};
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&m->docx, 1);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64u << 20);
    add_part(w, "[Content_Types].xml",
             "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
             "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
             "<Default Extension=\"odttf\" ContentType=\"application/"
             "vnd.openxmlformats-officedocument.obfuscatedFont\"/>"
             "<Override PartName=\"/word/document.xml\" ContentType=\"application/"
             "vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>");
    add_part(w, "_rels/.rels",
             RELATIONSHIPS("<Relationship Id=\"a\" Type=\"" RELS "/officeDocument\" Target=\"word/document.xml\"/>"));
    add_part(w, "word/_rels/document.xml.rels",
             RELATIONSHIPS("<Relationship Id=\"a\" Type=\"" RELS "/fontTable\" Target=\"fontTable.xml\"/>"));
    dgl_buf_printf(&text,
                   RELATIONSHIPS("<Relationship Id=\"rIdF\" Type=\"" RELS "/font\" Target=\"fonts/font1.odttf\"/>%s"),
                   rels);
    add_part(w, "word/_rels/fontTable.xml.rels", text.data);
    add_part(w, "word/document.xml", "<w:document " W_NS "><w:body>" P("text") SECTION "</w:body></w:document>");
    dgl_buf_reset(&text);
    dgl_buf_printf(&text, "<w:fonts " W_NS ">%s</w:fonts>", table);
    add_part(w, "word/fontTable.xml", text.data);
    dgl_buf_reset(&text);
    dgl_buf_append(&text, font, len);
    for (size_t i = 0; i < 32 && i < len && mixed; i++)
        text.data[i] = (char)(text.data[i] ^ (int)(i % 16));
    assert_int_equal(dgl_zip_writer_add(w, "word/fonts/font1.odttf", text.data, len, &err), DGL_OK);
    assert_int_equal(dgl_zip_writer_finish(w, &err), DGL_OK);
    assert_int_equal(dgl_docx_package_open(m->docx.data, m->docx.len, m->arena, &m->package, &err), DGL_OK);
    m->has = dgl_fonts_embedded(&m->package, &m->budget, m->arena, &m->choice, &m->damaged);
    m->shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    assert_int_equal(dgl_font_shelf_get(m->shelf, m->has ? &m->choice : NULL, NULL, &m->fonts, &err), DGL_OK);
}

static void drop(struct made *m)
{
    dgl_font_shelf_free(m->shelf);
    dgl_docx_package_close(&m->package);
    dgl_buf_fini(&m->docx);
    dgl_arena_free(m->arena);
}

static bool has_family(struct made *m, const char *family)
{
    return !dgl_fonts_use(m->fonts, family, false, false)->substituted;
}

static void make_with(struct made *m, const char *table, const char *rels)
{
    struct dgl_font_match font = machine_font("Carlito");
    make(m, table, rels, font.data, font.len, true);
}

static void test_keys(void **state DGL_UNUSED)
{
    static const char *const good[] = {KEY, "0f0e0d0c0b0a09080706050403020100", "{0F0E0D0C0B0A0908-0706050403020100"};
    static const char *const bad[] = {"",
                                      "{}",
                                      "{0F0E0D0C-0B0A-0908-0706-0504030201}",
                                      "{0F0E0D0C-0B0A-0908-0706-05040302010000}",
                                      "{0F0E0D0C-0B0A-0908-0706-0504030201000F0E0D0C0B0A09080706050403020100}",
                                      "\xC3\xA9"};
    char table[512];
    struct made m;
    for (size_t i = 0; i < DGL_COUNT(good) + DGL_COUNT(bad); i++) {
        bool is_good = i < DGL_COUNT(good);
        snprintf(table, sizeof(table), FONT("Acme", EMBED("embedRegular", "rIdF", "%s")),
                 is_good ? good[i] : bad[i - DGL_COUNT(good)]);
        make_with(&m, table, "");
        assert_int_equal(m.has, is_good);
        assert_int_equal(m.damaged, !is_good);
        assert_int_equal(has_family(&m, "Acme"), is_good);
        assert_int_equal(dgl_font_shelf_refused(m.shelf), 0);
        drop(&m);
    }
}

static void test_a_font_that_lies_plain(void **state DGL_UNUSED)
{
    static const char plain[] = FONT("Acme", "<w:embedRegular r:id=\"rIdF\"/>"),
                      other_key[] = FONT("Acme", EMBED("embedRegular", "rIdF", OTHER_KEY));
    struct dgl_font_match font = machine_font("Carlito");
    for (int i = 0; i < 2; i++) {
        struct made m;
        make(&m, i ? other_key : plain, "", font.data, font.len, false);
        assert_true(m.has);
        assert_int_equal(has_family(&m, "Acme"), !i);
        assert_int_equal(dgl_font_shelf_refused(m.shelf), i);
        drop(&m);
    }
}

// Parts that are not there, lead out of the package, lie elsewhere, are the table itself or the document.
static void test_parts(void **state DGL_UNUSED)
{
    static const struct {
        const char *target, *more;
        bool found; // a part, though no font
    } parts[] = {{"fonts/none.odttf", "", false},
                 {"../../../etc/passwd", "", false},
                 {"", "", false},
                 {"https://example.com/font1.odttf", " TargetMode=\"External\"", false},
                 {"fontTable.xml", "", true},
                 {"document.xml", "", true},
                 {"/word/_rels/fontTable.xml.rels", "", true}};
    for (size_t i = 0; i < DGL_COUNT(parts); i++) {
        char rel[256];
        struct made m;
        snprintf(rel, sizeof(rel), "<Relationship Id=\"x\" Type=\"" RELS "/font\" Target=\"%s\"%s/>", parts[i].target,
                 parts[i].more);
        make_with(&m, FONT("Gone", EMBED("embedRegular", "x", KEY)) FONT("Acme", EMBED("embedRegular", "rIdF", KEY)),
                  rel);
        assert_int_equal(m.damaged, !parts[i].found);
        assert_int_equal(dgl_font_shelf_refused(m.shelf), parts[i].found);
        assert_false(has_family(&m, "Gone"));
        assert_true(has_family(&m, "Acme"));
        drop(&m);
    }
}

static void test_bytes_that_are_no_font(void **state DGL_UNUSED)
{
    struct dgl_font_match font = machine_font("Carlito");
    DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(64u << 20);
    dgl_buf_append(&bytes, font.data, font.len);
    for (size_t i = 0; i < 7; i++) {
        static const size_t lens[] = {0, 1, 31, 32, 33, 1000};
        struct made m;
        if (i == 6)
            memcpy(bytes.data, "ttcf\0\1\0\0\xFF\xFF\xFF\xFF", 12); // a collection of too many fonts
        make(&m, FONT("Acme", EMBED("embedRegular", "rIdF", KEY)), "", bytes.data, i < 6 ? lens[i] : bytes.len, true);
        assert_true(m.has);
        assert_int_equal(dgl_font_shelf_refused(m.shelf), 1);
        assert_false(has_family(&m, "Acme"));
        drop(&m);
    }
}

// The styles of one part, and a name in front of which the machine's own goes.
static void test_names_and_styles(void **state DGL_UNUSED)
{
    struct made m;
    make_with(&m,
              FONT("Acme", EMBED("embedRegular", "rIdF", KEY) EMBED("embedBold", "rIdF", KEY))
                  FONT("Liberation Sans", EMBED("embedRegular", "rIdF", KEY))
                      FONT("", EMBED("embedRegular", "rIdF", KEY)),
              "");
    assert_int_equal(m.damaged, false);
    assert_true(has_family(&m, "Acme"));
    assert_false(dgl_fonts_use(m.fonts, "Acme", true, false)->fake_bold);
    assert_string_equal(dgl_fonts_use(m.fonts, "Liberation Sans", false, false)->face->family, "Liberation Sans");
    drop(&m);
}

// More fonts than are looked up: the first ones answer, the others are told of, whether they have parts or not.
static void test_many(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) table = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(buf) rels = DGL_BUF_INIT(64u << 20);
    for (unsigned i = 0; i < 70000; i++)
        dgl_buf_printf(&table, FONT("Nowhere%u", EMBED("embedRegular", "none", KEY)), i);
    for (unsigned i = 0; i < 60000; i++)
        dgl_buf_printf(&rels, "<Relationship Id=\"r%u\" Type=\"" RELS "/font\" Target=\"none\"/>", i);
    struct made m;
    make_with(&m, table.data, rels.data);
    assert_true(m.damaged);
    assert_false(m.has);
    drop(&m);
    dgl_buf_reset(&table);
    for (unsigned i = 0; i < DGL_FONT_MAX_EMBEDDED + 1; i++)
        dgl_buf_printf(&table, FONT("Acme%u", EMBED("embedRegular", "rIdF", KEY)), i);
    make_with(&m, table.data, "");
    assert_true(m.damaged);
    assert_true(has_family(&m, "Acme0"));
    assert_false(has_family(&m, "Acme64"));
    drop(&m);
}

// Files that are refused count too: what is read together has a bound.
static void test_many_bytes(void **state DGL_UNUSED)
{
    size_t len = DGL_FONT_MAX_EMBEDDED_BYTES / 4;
    DGL_AUTO_FINI(buf) table = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(64u << 20);
    struct dgl_font_match font = machine_font("Carlito");
    assert_true(dgl_buf_reserve(&bytes, len));
    memset(bytes.data, 0, len);
    memcpy(bytes.data, font.data, font.len);
    for (unsigned garbled = 0; garbled < 2; garbled++) { // the first four by a key that is not theirs
        struct made m;
        dgl_buf_reset(&table);
        for (unsigned i = 0; i < 6; i++)
            dgl_buf_printf(&table, FONT("Acme%u", EMBED("embedRegular", "rIdF", "%s")), i,
                           garbled && i < 4 ? OTHER_KEY : KEY);
        make(&m, table.data, "", bytes.data, len, true);
        assert_true(m.has);
        assert_int_equal(dgl_font_shelf_refused(m.shelf), garbled ? 6 : 2);
        assert_int_equal(has_family(&m, "Acme3"), !garbled);
        assert_false(has_family(&m, "Acme4"));
        drop(&m);
    }
}

// Keys are equal for equal fonts, and differ by name, style, key and bytes.
static void test_the_choices_key(void **state DGL_UNUSED)
{
    static const char *const tables[] = {
        FONT("Acme", EMBED("embedRegular", "rIdF", KEY)),
        FONT("Acme", EMBED("embedRegular", "rIdF", KEY)),
        FONT("Acma", EMBED("embedRegular", "rIdF", KEY)),
        FONT("Acme", EMBED("embedBold", "rIdF", KEY)),
        FONT("Acme", "<w:embedRegular r:id=\"rIdF\"/>"),
        FONT("Acme", EMBED("embedRegular", "rIdF", KEY) EMBED("embedBold", "rIdF", KEY))};
    unsigned char keys[DGL_COUNT(tables) + 1][DGL_FONT_KEY_BYTES];
    for (size_t i = 0; i <= DGL_COUNT(tables); i++) {
        struct made m;
        struct dgl_font_match font = machine_font(i < DGL_COUNT(tables) ? "Carlito" : "Liberation Mono");
        make(&m, tables[i % DGL_COUNT(tables)], "", font.data, font.len, true);
        memcpy(keys[i], m.choice.key, sizeof(keys[i]));
        drop(&m);
    }
    assert_memory_equal(keys[0], keys[1], DGL_FONT_KEY_BYTES);
    for (size_t i = 1; i <= DGL_COUNT(tables); i++)
        for (size_t k = i + 1; k <= DGL_COUNT(tables); k++)
            assert_memory_not_equal(keys[i], keys[k], DGL_FONT_KEY_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_a_font_that_lies_plain),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_bytes_that_are_no_font),
        cmocka_unit_test(test_names_and_styles),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_many_bytes),
        cmocka_unit_test(test_the_choices_key),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
