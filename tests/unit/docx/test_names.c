// What the markup of a value names in the package: relationships, notes, comments. What is not there goes.
#include "check.h"
#include "package.h"

#define NS_A "http://schemas.openxmlformats.org/drawingml/2006/main"
#define NS_V "urn:schemas-microsoft-com:vml"
#define NS_R_STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships"
#define T(text) "<w:r><w:t>" text "</w:t></w:r>"
#define MADE(text) "<w:r><w:t xml:space=\"preserve\">" text "</w:t></w:r>"
#define BLIP(attribute, id) "<a:blip xmlns:a='" NS_A "' " attribute "='" id "'/>"
#define DRAWING(inside) "<w:r><w:drawing>" inside "</w:drawing></w:r>"
#define REFERENCE(kind, id) "<w:" kind "Reference w:id='" id "'/>"
#define PART(name, inside) "<w:" name " xmlns:w=\"" NS_W "\" xmlns:r=\"" NS_R "\">" inside "</w:" name ">"
#define NOTE(name, id) "<w:" name " w:id=\"" id "\">" P("n") "</w:" name ">"

static const char relationships[] =
    RELS("<Relationship Id=\"rId1\" Type=\"" REL_OFFICE
         "hyperlink\" Target=\"https://example.org/\" TargetMode=\"External\"/>" REL("rId2", "image", "media/a.png")
             REL("rId3", "footnotes", "footnotes.xml") REL("rId4", "comments", "comments.xml")
                 REL("rId5", "header", "header1.xml") REL("rId6", "chart", "charts/chart1.xml"));

static struct outcome render_markup(const char *document, const char *markup)
{
    char json[1200];
    snprintf(json, sizeof json, "{\"a\":\"%s\",\"url\":\"https://example.com/\"}", markup);
    struct outcome o = render_members(
        (struct member[]){{"word/document.xml", document},
                          {"word/_rels/document.xml.rels", relationships},
                          {"word/footnotes.xml", PART("footnotes", "<w:footnote w:id=\"0\" w:type=\"separator\">" P(
                                                                       "") "</w:footnote>" NOTE("footnote", "3"))},
                          {"word/comments.xml", PART("comments", NOTE("comment", "5"))},
                          {"word/header1.xml", PART("hdr", P("{{r a|safe }}"))},
                          {"word/media/a.png", "png"},
                          {NULL, NULL}},
        json);
    if (o.status != DGL_OK)
        print_error("%s: %s\n", markup, o.err.message);
    assert_int_equal(o.status, DGL_OK);
    struct dgl_error err = DGL_ERROR_INIT;
    struct document_check check = {.problem = NULL};
    struct dgl_xml_handler h = {
        .start = document_check_start, .end = document_check_end, .text = document_check_text, .ctx = &check};
    assert_int_equal(dgl_xml_parse(o.document, strlen(o.document), "the document", &h, &err), DGL_OK);
    assert_null(check.problem);
    return o;
}

static void check_made(const char *markup, const char *made)
{
    struct outcome o = render_markup(DOCUMENT(P("{{r a|safe }}")), markup);
    const char *from = strstr(o.document, "<w:p>"), *to = strstr(o.document, "</w:p></w:body>");
    char wanted[1200];
    snprintf(wanted, sizeof wanted, "<w:p>%s</w:p>", made);
    if (!from || !to || strlen(wanted) != (size_t)(to - from) + 6 || strncmp(from, wanted, strlen(wanted)) != 0)
        print_error("%s gave %s\n", markup, o.document);
    assert_non_null(from);
    assert_non_null(to);
    assert_int_equal((size_t)(to - from) + 6, strlen(wanted));
    assert_memory_equal(from, wanted, strlen(wanted));
    outcome_fini(&o);
}

// A link whose address is not there is its text, or leads to its bookmark.
static void links_lose_their_addresses(void **state DGL_UNUSED)
{
    check_made("<w:hyperlink r:id='rId1'>" T("x") "</w:hyperlink>",
               "<w:hyperlink r:id=\"rId1\">" MADE("x") "</w:hyperlink>");
    check_made("<w:hyperlink w:anchor='b'>" T("x") "</w:hyperlink>",
               "<w:hyperlink w:anchor=\"b\">" MADE("x") "</w:hyperlink>");
    check_made("<w:hyperlink r:id='rId9' w:history='1'>" T("x") T("y") "</w:hyperlink>" T("z"),
               MADE("x") MADE("y") MADE("z"));
    check_made("<w:hyperlink r:id='rId9' w:anchor='b'>" T("x") "</w:hyperlink>",
               "<w:hyperlink w:anchor=\"b\">" MADE("x") "</w:hyperlink>");
    check_made("<w:hyperlink r:id=''>" T("x") "</w:hyperlink>", MADE("x"));
    check_made("<w:hyperlink r:id='rIdD7'>" T("x") "</w:hyperlink>", MADE("x"));
    check_made("<w:hyperlink r:id='rId2'>" T("x") "</w:hyperlink>", MADE("x")); // a picture
    check_made("<w:hyperlink s:id='rId9' xmlns:s='" NS_R_STRICT "'>" T("x") "</w:hyperlink>", MADE("x"));
    check_made("<w:hyperlink r:id='rId9'/>", "");
    check_made("<w:r r:id='rId9'><w:t>x</w:t></w:r>", MADE("x"));
    // What makes way for a run inside leaves no half of it.
    check_made("<w:hyperlink r:id='rId9'><w:r><w:t>a<w:r><w:t>b</w:t></w:r>c</w:t></w:r></w:hyperlink>",
               MADE("a") MADE("b") MADE("c"));
}

static void drawings_go_with_their_pictures(void **state DGL_UNUSED)
{
    check_made(DRAWING(BLIP("r:embed", "rId2")),
               "<w:r><w:drawing><a:blip xmlns:a=\"" NS_A "\" r:embed=\"rId2\"></a:blip></w:drawing></w:r>");
    check_made(T("a") DRAWING("<a:x xmlns:a='" NS_A "'>" BLIP("r:embed", "rId9") "</a:x>") T("b"),
               MADE("a") "<w:r></w:r>" MADE("b"));
    check_made(DRAWING(BLIP("r:embed", "rId1")), "<w:r></w:r>"); // an address
    check_made(DRAWING(BLIP("r:embed='rId2' r:link", "rId9")), "<w:r></w:r>");
    check_made("<w:r><w:pict><v:imagedata xmlns:v='" NS_V "' r:id='x'/></w:pict></w:r>", "<w:r></w:r>");
    check_made("<w:r><w:object><w:control r:id='x'/></w:object></w:r>", "<w:r></w:r>");
    check_made(DRAWING("<c:chart xmlns:c='urn:c' r:id='rId8'/>"), "<w:r></w:r>");
    // The text box around a picture stays, and a picture whose own link leads nowhere.
    check_made(
        DRAWING("<w:txbxContent><w:p>" T("kept") DRAWING(BLIP("r:embed", "rId9")) "</w:p></w:txbxContent>"),
        "<w:r><w:drawing><w:txbxContent><w:p>" MADE("kept") "<w:r></w:r></w:p></w:txbxContent></w:drawing></w:r>");
    check_made(DRAWING("<a:hlinkClick xmlns:a='" NS_A "' r:id='rId9'/>" BLIP("r:embed", "rId2")),
               "<w:r><w:drawing><a:blip xmlns:a=\"" NS_A "\" r:embed=\"rId2\"></a:blip></w:drawing></w:r>");
}

static void references_go_without_their_notes(void **state DGL_UNUSED)
{
#define COMMENT(id)                                                              \
    "<w:commentRangeStart w:id='" id "'/>" T("x") "<w:commentRangeEnd w:id='" id \
                                                  "'/><w:r>" REFERENCE("comment", id) "</w:r>"
    check_made("<w:r>" REFERENCE("footnote", "3") "</w:r>",
               "<w:r><w:footnoteReference w:id=\"3\"></w:footnoteReference></w:r>");
    check_made("<w:r>" REFERENCE("footnote", "4") "<w:t>x</w:t></w:r>", MADE("x"));
    check_made("<w:r>" REFERENCE("footnote", "0") "</w:r>", "<w:r></w:r>"); // the line above notes
    check_made("<w:r>" REFERENCE("footnote", "x") "<w:footnoteReference/></w:r>", "<w:r></w:r>");
    check_made("<w:r>" REFERENCE("endnote", "3") "</w:r>", "<w:r></w:r>");
    check_made(COMMENT("5"), "<w:commentRangeStart w:id=\"5\"></w:commentRangeStart>" MADE(
                                 "x") "<w:commentRangeEnd w:id=\"5\"></w:commentRangeEnd><w:r><w:commentReference "
                                      "w:id=\"5\"></w:commentReference></w:r>");
    check_made(COMMENT("6"), MADE("x") "<w:r></w:r>");
#undef COMMENT
}

static void sections_lose_headers_that_are_not_there(void **state DGL_UNUSED)
{
    struct outcome o = render_markup(DOCUMENT(P("{{p a|safe }}")),
                                     "<w:p><w:pPr><w:sectPr><w:headerReference w:type='default' r:id='rId5'/>"
                                     "<w:headerReference w:type='first' r:id='rId9'/><w:footerReference "
                                     "w:type='default' r:id='rId5'/><w:pgSz/></w:sectPr></w:pPr></w:p>");
    assert_non_null(strstr(o.document, "<w:sectPr><w:headerReference w:type=\"default\" r:id=\"rId5\">"
                                       "</w:headerReference><w:pgSz></w:pgSz></w:sectPr>"));
    outcome_fini(&o);
}

// A header has relationships of its own, none here, and no notes.
static void names_are_those_of_the_part(void **state DGL_UNUSED)
{
    struct outcome o =
        render_markup(DOCUMENT(P("{{r a|safe }}")),
                      "<w:hyperlink r:id='rId1'><w:r><w:t>x</w:t>" REFERENCE("footnote", "3") "</w:r></w:hyperlink>");
    char *header = read_member(&o.package, "word/header1.xml");
    assert_non_null(strstr(o.document, "<w:hyperlink r:id=\"rId1\">"));
    assert_non_null(strstr(o.document, "w:footnoteReference w:id=\"3\""));
    assert_non_null(strstr(header, "<w:p>" MADE("x") "</w:p>"));
    free(header);
    outcome_fini(&o);
}

// What the render itself added, in a macro of the template or before, is there.
static void what_the_render_adds_is_there(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){
            {"word/document.xml",
             DOCUMENT(P("{%p macro m(x) %}") "<w:p><w:hyperlink r:id=\"rId1\">" T("{{ x }}") "</w:hyperlink></w:p>" P(
                 "{%p endmacro %}") P("{%p for i in range(300) %}") P("{{p m(i) }}") P("{%p endfor %}"))},
            {"word/_rels/document.xml.rels",
             RELS("<Relationship Id=\"rId1\" Type=\"" REL_OFFICE
                  "hyperlink\" Target=\"https://example.org/{{ x }}\" TargetMode=\"External\"/>")},
            {NULL, NULL}},
        "{}");
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(count_of(o.document, "<w:hyperlink r:id=\"rIdD"), 300);
    outcome_fini(&o);
}

// A note that every turn of a loop has for itself is there under the numbers of its copies, no longer under its own.
static void copied_notes_have_other_numbers(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){
            {"word/document.xml",
             DOCUMENT(P("{%p for x in [1, 2] %}") "<w:p><w:r><w:footnoteReference w:id=\"3\"/></w:r></w:p>" P(
                 "{%p endfor %}") P("{{r a|safe }}"))},
            {"word/_rels/document.xml.rels", RELS(REL("rId3", "footnotes", "footnotes.xml"))},
            {"word/footnotes.xml", PART("footnotes", "<w:footnote w:id=\"3\">" P("{{ x }}") "</w:footnote>")},
            {NULL, NULL}},
        "{\"a\":\"<w:r>" REFERENCE("footnote", "3") REFERENCE("footnote", "5") REFERENCE("footnote", "6") "</w:r>\"}");
    assert_int_equal(o.status, DGL_OK);
    char *notes = read_member(&o.package, "word/footnotes.xml");
    assert_non_null(strstr(notes, "<w:footnote w:id=\"5\""));
    assert_null(strstr(notes, "<w:footnote w:id=\"3\""));
    assert_non_null(strstr(o.document, "<w:p><w:r><w:footnoteReference w:id=\"5\"></w:footnoteReference></w:r></w:p>"));
    free(notes);
    outcome_fini(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_lose_their_addresses),        cmocka_unit_test(drawings_go_with_their_pictures),
        cmocka_unit_test(references_go_without_their_notes), cmocka_unit_test(sections_lose_headers_that_are_not_there),
        cmocka_unit_test(names_are_those_of_the_part),       cmocka_unit_test(what_the_render_adds_is_there),
        cmocka_unit_test(copied_notes_have_other_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
