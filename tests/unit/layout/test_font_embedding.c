// An organization's fonts in a copy of a document: what names them, what the copy holds, and that it reads again.
#include "lay_out.h"

#include "render/layout/font_embedded.h"
#include "render/layout/font_embedding.h"

#define RUN(attributes, text) "<w:p><w:r><w:rPr><w:rFonts " attributes "/></w:rPr><w:t>" text "</w:t></w:r></w:p>"

struct made {
    struct dgl_arena *arena;
    struct dgl_buf docx, copy;
    struct dgl_docx_package package, copied;
    struct dgl_font_shelf *shelf;
    uint32_t count;
    bool left_out;
};

// The organization's: Carlito as "Acme Sans" in two styles, Liberation Mono as "Liberation Sans".
static enum dgl_status list(void *ctx DGL_UNUSED, struct dgl_font_library *l, struct dgl_error *err DGL_UNUSED)
{
    static const struct {
        const char *family, *really;
        bool bold;
    } own[] = {
        {"Acme Sans", "Carlito", false}, {"Acme Sans", "Carlito", true}, {"Liberation Sans", "Liberation Mono", false}};
    const struct dgl_font_source *machine = dgl_system_fonts_source(g_source);
    for (unsigned i = 0; i < DGL_COUNT(own); i++) {
        struct dgl_font_match m;
        const unsigned char sha256[32] = {(unsigned char)i};
        struct dgl_font_face_facts face = {.family = own[i].family,
                                           .style = own[i].bold ? "Bold" : "Regular",
                                           .names = {own[i].family},
                                           .name_count = 1,
                                           .weight = own[i].bold ? 700 : 400,
                                           .width = 100};
        assert_true(machine->find(machine->ctx, own[i].really, own[i].bold, false, &m));
        void *bytes = malloc(m.len);
        memcpy(bytes, m.data, m.len);
        face.index = m.index;
        dgl_font_library_add(l, sha256, &(struct dgl_font_facts){&face, 1}, bytes, m.len);
    }
    return DGL_OK;
}

static void embed(struct made *m, const char *body, const char *styles)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_fonts *fonts;
    const struct dgl_font_choice choice = {.key = {1}, .list = list};
    *m = (struct made){
        .arena = dgl_arena_new(0), .docx = DGL_BUF_INIT(64u << 20), .copy = DGL_BUF_INIT(64u << 20), .count = 99};
    make_docx(&(struct docx_parts){.body = body, .styles = styles}, &m->docx);
    assert_int_equal(dgl_docx_package_open(m->docx.data, m->docx.len, m->arena, &m->package, &err), DGL_OK);
    m->shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    assert_int_equal(dgl_font_shelf_get(m->shelf, NULL, &choice, &fonts, &err), DGL_OK);
    if (dgl_fonts_embed(&m->package, m->shelf, &budget, m->arena, &m->copy, &m->count, &m->left_out, &err) != DGL_OK)
        fail_msg("%s", err.message);
    if (m->copy.len && dgl_docx_package_open(m->copy.data, m->copy.len, m->arena, &m->copied, &err) != DGL_OK)
        fail_msg("%s", err.message);
}

static void drop(struct made *m)
{
    dgl_font_shelf_free(m->shelf);
    dgl_docx_package_close(&m->package);
    if (m->copy.len)
        dgl_docx_package_close(&m->copied);
    dgl_buf_fini(&m->docx);
    dgl_buf_fini(&m->copy);
    dgl_arena_free(m->arena);
}

static const char *part(struct made *m, const char *name)
{
    struct dgl_error err = DGL_ERROR_INIT;
    size_t at;
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1u << 20);
    assert_true(dgl_zip_find(m->copied.zip, name, &at));
    assert_int_equal(dgl_zip_read(m->copied.zip, at, &text, &err), DGL_OK);
    return dgl_arena_strndup(m->arena, text.data, text.len);
}

// The fonts of the copy, read as a document's own.
static const struct dgl_font_use *use_in_copy(struct made *m, struct dgl_font_shelf *shelf, const char *family,
                                              bool bold)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_budget *budget = DGL_ARENA_NEW(m->arena, struct dgl_budget);
    struct dgl_font_choice choice;
    struct dgl_fonts *fonts;
    bool damaged;
    *budget = dgl_budget_default();
    assert_true(dgl_fonts_embedded(&m->copied, budget, m->arena, &choice, &damaged));
    assert_false(damaged);
    assert_int_equal(dgl_font_shelf_get(shelf, &choice, NULL, &fonts, &err), DGL_OK);
    return dgl_fonts_use(fonts, family, bold, false);
}

static void test_named_families_are_in_the_copy(void **state DGL_UNUSED)
{
    struct made m;
    embed(&m, RUN("w:ascii=\"ACME sans\" w:hAnsi = 'ACME sans'", "text"),
          "<w:style w:type=\"paragraph\" w:styleId=\"a\"><w:rPr><w:rFonts w:cs=\"Nowhere\"/></w:rPr></w:style>");
    assert_int_equal(m.count, 3); // two styles, and what the styles of all documents here name
    assert_false(m.left_out);
    struct dgl_font_shelf *shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    assert_false(use_in_copy(&m, shelf, "Acme Sans", false)->substituted);
    assert_true(use_in_copy(&m, shelf, "Acme Sans", true)->face->bold);
    assert_true(use_in_copy(&m, shelf, "Nowhere", false)->substituted);
    dgl_font_shelf_free(shelf);
    drop(&m);
}

static void test_a_family_of_the_machine_gets_another_name(void **state DGL_UNUSED)
{
    struct made m;
    embed(&m, RUN("w:ascii=\"Carlito\"", "w:ascii=\"Liberation Sans\""), NULL);
    assert_int_equal(m.count, 1);
    assert_non_null(strstr(part(&m, "word/styles.xml"), "w:cs=\"Liberation Sans (own)\""));
    assert_null(strstr(part(&m, "word/styles.xml"), "\"Liberation Sans\""));
    assert_non_null(strstr(part(&m, "word/document.xml"), "<w:t>w:ascii=\"Liberation Sans\"</w:t>"));
    assert_non_null(strstr(part(&m, "word/document.xml"), "w:ascii=\"Carlito\""));
    struct dgl_font_shelf *shelf = dgl_font_shelf_new(dgl_system_fonts_source(g_source));
    assert_true(use_in_copy(&m, shelf, "Liberation Sans (own)", false)->face->fixed);
    dgl_font_shelf_free(shelf);
    drop(&m);
}

// Texts, comments and other attributes name nothing; what ends too early ends the walk.
static void test_what_names_no_font(void **state DGL_UNUSED)
{
    static const char *const bodies[] = {"<w:p><w:r><w:t>w:ascii=\"Acme Sans\"</w:t></w:r></w:p>",
                                         "<!-- <w:rFonts w:ascii=\"Acme Sans\"/> --><w:p/>",
                                         "<?x w:ascii=\"Acme Sans\"?><w:p/>",
                                         "<w:p><w:r><w:t><![CDATA[<a w:ascii=\"Acme Sans\"/>]]></w:t></w:r></w:p>",
                                         "<w:p w:name=\"Acme Sans\" w:notascii=\"Acme Sans\"/>",
                                         "<w:p w:ascii=\"Acme Sans",
                                         "<w:p w:ascii=\""};
    for (size_t i = 0; i < DGL_COUNT(bodies); i++) {
        struct made m;
        embed(&m, bodies[i], NULL);
        assert_int_equal(m.count, 1); // Liberation Sans, of the styles
        drop(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_families_are_in_the_copy),
        cmocka_unit_test(test_a_family_of_the_machine_gets_another_name),
        cmocka_unit_test(test_what_names_no_font),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
