// Tests of reading packages: what is refused, and with which words.
#include "package.h"

static void check_refused(const void *data, size_t len, const char *slug, const char *word)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(docx) d = NULL;
    enum dgl_status st = dgl_docx_compile(data, len, NULL, &d, &err);
    assert_int_not_equal(st, DGL_OK);
    assert_null(d);
    assert_string_equal(dgl_error_slug(&err), slug);
    if (!strstr(err.message, word))
        fail_msg("\"%s\" does not say \"%s\"", err.message, word);
}

static void check_package_refused(const struct member *members, const char *slug, const char *word)
{
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    make_package(members, &package);
    check_refused(package.data, package.len, slug, word);
}

static void other_files_are_named(void **state DGL_UNUSED)
{
    static const unsigned char doc[600] = {0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
    unsigned char protected_doc[600] = {0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
    const char *stream = "EncryptedPackage";
    for (size_t i = 0; stream[i]; i++)
        protected_doc[512 + 2 * i] = (unsigned char)stream[i];
    check_refused("", 0, "not_a_docx", "empty");
    check_refused(doc, sizeof doc, "not_a_docx", ".doc");
    check_refused(protected_doc, sizeof protected_doc, "encrypted", "password");
    check_refused("%PDF-1.7 ...", 12, "not_a_docx", "PDF");
    check_refused("{\\rtf1 }", 8, "not_a_docx", "rich text");
    check_refused("hello", 5, "not_a_docx", "zip");
}

static void packages_that_are_no_documents(void **state DGL_UNUSED)
{
    check_package_refused((struct member[]){{"_rels/.rels", RELS("")}, {NULL, NULL}}, "not_a_docx", "no document part");
    check_package_refused(
        (struct member[]){{"_rels/.rels", RELS(REL("rId1", "officeDocument", "word/nothing.xml"))}, {NULL, NULL}},
        "not_a_docx", "no document part");
    check_package_refused((struct member[]){{"[Content_Types].xml", NULL}, {NULL, NULL}}, "not_a_docx",
                          "content types");
    check_package_refused((struct member[]){{"word/document.xml", "<w:document xmlns:w=\"" NS_W "\"/>"}, {NULL, NULL}},
                          "not_a_docx", "no body");
}

static void macros_are_refused(void **state DGL_UNUSED)
{
    check_package_refused((struct member[]){{"word/vbaProject.bin", "x"}, {NULL, NULL}}, "macros_not_allowed",
                          "macros");
    check_package_refused(
        (struct member[]){{"[Content_Types].xml",
                           "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
                           "<Override PartName=\"/word/document.xml\" "
                           "ContentType=\"application/vnd.ms-word.document.macroEnabled.main+xml\"/></Types>"},
                          {NULL, NULL}},
        "macros_not_allowed", "macros");
}

static void paths_do_not_leave_the_package(void **state DGL_UNUSED)
{
    static const char *const targets[] = {
        "../../../etc/passwd", "/../x.xml", "word\\document.xml", "%2e%2e/%2e%2e/x", "%00", "", "#x"};
    for (size_t i = 0; i < DGL_COUNT(targets); i++) {
        char rels[600];
        snprintf(rels, sizeof rels,
                 RELS("<Relationship Id=\"rId1\" Type=\"" REL_OFFICE "officeDocument\" Target=\"%s\"/>"), targets[i]);
        check_package_refused((struct member[]){{"_rels/.rels", rels}, {NULL, NULL}}, "not_a_docx", "no document part");
    }
    // A path with dots that stays inside is fine.
    struct outcome o = render_members(
        (struct member[]){{"_rels/.rels", RELS(REL("rId1", "officeDocument", "./x/../word//document.xml"))},
                          {"word/document.xml", DOCUMENT(P("{{ a }}"))},
                          {NULL, NULL}},
        "{\"a\":1}");
    assert_int_equal(o.status, DGL_OK);
    outcome_fini(&o);
}

static void relations_may_go_in_circles(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){{"word/document.xml", DOCUMENT(P("{{ a }}"))},
                          {"word/_rels/document.xml.rels",
                           RELS(REL("rId1", "header", "header1.xml") REL("rId2", "header", "document.xml"))},
                          {"word/header1.xml", "<w:hdr xmlns:w=\"" NS_W "\">" P("H {{ a }}") "</w:hdr>"},
                          {"word/_rels/header1.xml.rels",
                           RELS(REL("rId1", "header", "header1.xml") REL("rId2", "footer", "document.xml"))},
                          {NULL, NULL}},
        "{\"a\":\"x\"}");
    assert_int_equal(o.status, DGL_OK);
    char *header = read_member(&o.package, "word/header1.xml");
    assert_non_null(strstr(header, "H x"));
    free(header);
    outcome_fini(&o);
}

static void bombs_are_refused(void **state DGL_UNUSED)
{
    check_package_refused(
        (struct member[]){
            {"word/document.xml", "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" DOCUMENT(P("&b;"))},
            {NULL, NULL}},
        "xml_doctype", "DOCTYPE");
    struct dgl_buf deep = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&deep, "<w:document xmlns:w=\"" NS_W "\"><w:body>");
    for (int i = 0; i < 5000; i++)
        dgl_buf_puts(&deep, "<w:sdt>");
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    make_package((struct member[]){{"word/document.xml", deep.data}, {NULL, NULL}}, &package);
    dgl_buf_fini(&deep);
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(docx) d = NULL;
    assert_int_not_equal(dgl_docx_compile(package.data, package.len, NULL, &d, &err), DGL_OK);
    // 40 MB of spaces in a few KB.
    char *spaces = malloc(40u << 20);
    memset(spaces, ' ', 40u << 20);
    memcpy(spaces, "<a>", 3);
    spaces[(40u << 20) - 1] = '\0';
    DGL_AUTO_FINI(buf) bomb = DGL_BUF_INIT(0);
    make_package((struct member[]){{"word/document.xml", spaces}, {NULL, NULL}}, &bomb);
    free(spaces);
    assert_int_not_equal(dgl_docx_compile(bomb.data, bomb.len, NULL, &d, &err), DGL_OK);
    assert_null(d);
}

static void every_truncation_is_refused(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    make_package((struct member[]){{"word/document.xml", DOCUMENT(P("{{ a }}"))}, {NULL, NULL}}, &package);
    for (size_t len = 0; len < package.len; len += 3) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO(docx) d = NULL;
        char *part = malloc(len + 1);
        memcpy(part, package.data, len);
        assert_int_not_equal(dgl_docx_compile(part, len, NULL, &d, &err), DGL_OK);
        assert_true(err.message[0] != '\0');
        free(part);
    }
}

static void untouched_parts_keep_their_bytes(void **state DGL_UNUSED)
{
    struct outcome o = render_members((struct member[]){{"word/document.xml", DOCUMENT(P("{{ a }}"))},
                                                        {"word/other.xml", "<x><!-- kept --></x>"},
                                                        {NULL, NULL}},
                                      "{}");
    assert_int_equal(o.status, DGL_OK);
    char *other = read_member(&o.package, "word/other.xml");
    assert_string_equal(other, "<x><!-- kept --></x>");
    free(other);
    outcome_fini(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_files_are_named),       cmocka_unit_test(packages_that_are_no_documents),
        cmocka_unit_test(macros_are_refused),          cmocka_unit_test(paths_do_not_leave_the_package),
        cmocka_unit_test(relations_may_go_in_circles), cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(every_truncation_is_refused), cmocka_unit_test(untouched_parts_keep_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
