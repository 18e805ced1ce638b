// Subdocuments: other templates filled with the same data, their blocks merged with all they point to.
#include "check.h"
#include "package.h"

#define W_TAG(name, more) "<w:" name " xmlns:w=\"" NS_W "\" xmlns:r=\"" NS_R "\">" more "</w:" name ">"
#define STYLE(id, name, more) \
    "<w:style w:type=\"paragraph\" w:styleId=\"" id "\"><w:name w:val=\"" name "\"/>" more "</w:style>"
#define STYLED(id, text) "<w:p><w:pPr><w:pStyle w:val=\"" id "\"/></w:pPr><w:r><w:t>" text "</w:t></w:r></w:p>"
#define LISTED(num, text)                                                                                     \
    "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"" num "\"/></w:numPr></w:pPr><w:r><w:t>" text \
    "</w:t></w:r></w:p>"
#define LIST(abstract, num)                                                                                          \
    "<w:abstractNum w:abstractNumId=\"" abstract                                                                     \
    "\"><w:nsid w:val=\"00A1B2C3\"/><w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"upperRoman\"/>"                            \
    "<w:lvlText w:val=\"%1\"/></w:lvl></w:abstractNum><w:num w:numId=\"" num "\"><w:abstractNumId w:val=\"" abstract \
    "\"/></w:num>"

static struct member clause[] = {
    {"[Content_Types].xml", TYPES("<Default Extension=\"png\" ContentType=\"image/png\"/>")},
    {"word/document.xml",
     DOCUMENT(STYLED("Big", "Clause for {{ name }}") STYLED("Own", "own style") LISTED("7", "first")
                  LISTED("7", "second") "<w:p><w:bookmarkStart w:id=\"4\" w:name=\"mark\"/><w:r><w:drawing><wp:inline "
                                        "xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/"
                                        "wordprocessingDrawing\"><wp:docPr id=\"1\" name=\"P\"/>"
                                        "<a:blip xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" "
                                        "r:embed=\"rId9\"/></wp:inline></w:drawing></w:r>"
                                        "<w:bookmarkEnd w:id=\"4\"/></w:p><w:p><w:hyperlink "
                                        "r:id=\"rId8\"><w:r><w:t>link</w:t></w:r></w:hyperlink>"
                                        "<w:r><w:footnoteReference w:id=\"2\"/></w:r></w:p><w:sectPr/>")},
    {"word/_rels/document.xml.rels",
     RELS(REL("rId1", "styles", "styles.xml") REL("rId2", "numbering", "numbering.xml") REL(
         "rId9", "image", "media/a.png") "<Relationship Id=\"rId8\" Type=\"" REL_OFFICE
                                         "hyperlink\" Target=\"https://x.example/?a=1\" TargetMode=\"External\"/>")},
    {"word/styles.xml",
     W_TAG("styles", STYLE("Big", "heading 1", "") STYLE("Own", "Own clause", "<w:basedOn w:val=\"Base\"/>")
                         STYLE("Base", "Base of own", "<w:next w:val=\"Own\"/>") STYLE("Unused", "Not used", ""))},
    {"word/numbering.xml", W_TAG("numbering", LIST("3", "7"))},
    {"word/media/a.png", "the bytes of a picture"},
    {NULL, NULL}};
#define LOGO                 \
    "GIF89a\x01\x01\x01\x01" \
    "abcd" // and the same as a value
#define LOGO_URI "data:image/gif;base64,R0lGODlhAQEBAWFiY2Q="
static struct member letterhead[] = {
    {"[Content_Types].xml", TYPES("<Default Extension=\"gif\" ContentType=\"image/gif\"/>")},
    {"word/document.xml",
     DOCUMENT("<w:p><w:r><w:drawing><wp:inline xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/"
              "wordprocessingDrawing\"><wp:docPr id=\"1\" name=\"P\"/><a:blip "
              "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" r:embed=\"rId9\"/></wp:inline>"
              "</w:drawing></w:r></w:p>" P("{{ name }}"))},
    {"word/_rels/document.xml.rels", RELS(REL("rId9", "image", "media/a.gif"))},
    {"word/media/a.gif", LOGO},
    {NULL, NULL}};
static struct member wrapper[] = {{"word/document.xml", DOCUMENT(P("In: ") P("{{p subdoc('clause') }}"))},
                                  {NULL, NULL}};
static struct member endless[] = {{"word/document.xml", DOCUMENT(P("{{p subdoc('endless') }}"))}, {NULL, NULL}};
static struct member faulty[] = {{"word/document.xml", DOCUMENT(P("a") P("{{ name.x.y }}"))}, {NULL, NULL}};
static unsigned loads;

static enum dgl_status load(void *ctx, const char *name, struct dgl_buf *ret, struct dgl_error *err)
{
    static const struct {
        const char *name;
        const struct member *members;
    } known[] = {
        {"clause", clause}, {"wrapper", wrapper}, {"endless", endless}, {"faulty", faulty}, {"letterhead", letterhead}};
    (void)ctx;
    loads++;
    for (size_t i = 0; i < DGL_COUNT(known); i++)
        if (strcmp(name, known[i].name) == 0) {
            DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
            make_package(known[i].members, &package);
            dgl_buf_append(ret, package.data, package.len);
            return DGL_OK;
        }
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found", "there is no template '%s'", name);
}
static const struct dgl_docx_loader loader = {.load_template = load};

static struct outcome render(const struct member *members, const char *json)
{
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    make_package(members, &package);
    loads = 0;
    return render_package(&package, json, &loader);
}

static struct outcome render_with(const char *document, const char *json)
{
    return render((struct member[]){{"word/document.xml", document}, {NULL, NULL}}, json);
}

static void check_good(struct outcome *o, const char *text)
{
    if (o->status != DGL_OK)
        fail_msg("%s", o->err.message);
    assert_null(check_document_package(o->package.data, o->package.len, true));
    char *got = text_of_document(o->document);
    assert_string_equal(got, text);
    free(got);
}

#define CLAUSE "Clause for Ann|own style|first|second||link|"

static void everything_comes_along(void **state DGL_UNUSED)
{
    const struct member host[] = {
        {"word/document.xml",
         DOCUMENT(P("before") P("{{p subdoc('clause') }}") STYLED("Kop", "{{ name }}") LISTED("1", "mine"))},
        {"word/_rels/document.xml.rels",
         RELS(REL("rId1", "styles", "styles.xml") REL("rId2", "numbering", "numbering.xml"))},
        {"word/styles.xml", W_TAG("styles", STYLE("Kop", "Heading 1", "") STYLE("Own", "Something else", ""))},
        {"word/numbering.xml", W_TAG("numbering", LIST("0", "1"))},
        {NULL, NULL}};
    struct outcome o = render(host, "{\"name\":\"Ann\"}");
    check_good(&o, "before|" CLAUSE "Ann|mine|");
    assert_int_equal(o.warnings, 1); // the footnote stays behind
    char *styles = read_member(&o.package, "word/styles.xml"),
         *numbering = read_member(&o.package, "word/numbering.xml"),
         *rels = read_member(&o.package, "word/_rels/document.xml.rels"),
         *types = read_member(&o.package, "[Content_Types].xml");
    assert_int_equal(count_of(o.document, "<w:pStyle w:val=\"Kop\"/>"), 2); // by its name, not its id
    assert_non_null(strstr(o.document, "<w:pStyle w:val=\"Own-1\"/>"));     // Own is taken
    assert_non_null(strstr(styles, "<w:basedOn w:val=\"Base\"/>"));
    assert_non_null(strstr(styles, "<w:next w:val=\"Own-1\"/>"));
    assert_null(strstr(styles, "Not used"));
    assert_int_equal(count_of(numbering, "upperRoman"), 2);
    assert_int_equal(count_of(numbering, "00A1B2C3"), 1); // the copy has no identity of another list
    assert_non_null(strstr(o.document, "<w:numId w:val=\"1\"/>"));
    assert_null(strstr(o.document, "<w:numId w:val=\"7\"/>"));
    assert_non_null(strstr(rels, "https://x.example/?a=1"));
    assert_non_null(strstr(rels, "Target=\"/word/media/dgl-"));
    assert_non_null(strstr(types, "ContentType=\"image/png\""));
    assert_null(strstr(o.document, "footnoteReference"));
    assert_null(strstr(o.document, "rId9"));
    free(styles), free(numbering), free(rels), free(types);
    outcome_fini(&o);
}

static void twice_with_other_values(void **state DGL_UNUSED)
{
    struct outcome o = render_with(DOCUMENT(P("{{p subdoc('clause') }}") P("{{ subdoc('clause', name='Bo') }}")
                                                P("{{p own }}") P("{{p subdoc('clause') }}")),
                                   "{\"name\":\"Ann\",\"own\":{\"subdoc\":\"clause\",\"data\":{\"name\":\"Cy\"}}}");
    check_good(&o,
               CLAUSE "Clause for Bo|own style|first|second||link|Clause for Cy|own style|first|second||link|" CLAUSE);
    assert_int_equal(loads, 1);
    assert_non_null(strstr(o.document, "w:name=\"mark_2\""));
    char *numbering = read_member(&o.package, "word/dgl-numbering.xml"),
         *styles = read_member(&o.package, "word/dgl-styles.xml");
    assert_int_equal(count_of(numbering, "upperRoman"), 4); // each begins anew
    assert_int_equal(count_of(styles, "Own clause"), 1);
    free(numbering), free(styles);
    outcome_fini(&o);
}

static void in_loops_cells_macros_and_other_subdocuments(void **state DGL_UNUSED)
{
    struct outcome o = render_with(
        DOCUMENT(P("{%p for n in ['a', 'b'] %}") P("{{p subdoc('wrapper', name=n) }}") P("{%p endfor %}")), "{}");
    check_good(&o, "In: |Clause for a|own style|first|second||link|In: |Clause for b|own style|first|second||link|");
    outcome_fini(&o);
    o = render_with(DOCUMENT(TBL(COL, TR(TC(P("{{p subdoc('clause') }}"))))), "{\"name\":\"Ann\"}");
    check_good(&o, CLAUSE);
    outcome_fini(&o);
    o = render_with(
        DOCUMENT(P("{%p macro m(n) %}") P("{{p subdoc('clause', name=n) }}") P("{%p endmacro %}") P("{{p m('Ann') }}")),
        "{}");
    check_good(&o, CLAUSE);
    outcome_fini(&o);
}

// The logo of a subdocument and the same logo as a value are one part.
static void a_picture_that_is_a_value_too(void **state DGL_UNUSED)
{
    struct outcome o = render_with(DOCUMENT(P("{{p subdoc('letterhead') }}") P("{{ logo|image }}")),
                                   "{\"name\":\"Ann\",\"logo\":\"" LOGO_URI "\"}");
    check_good(&o, "|Ann||");
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    assert_int_equal(count_of(rels, "word/media/dgl-"), 1);
    assert_int_equal(count_of(o.document, "rIdD"), 2); // both show it
    free(rels);
    outcome_fini(&o);
}

// Parts that nothing points to have the names that a render gives its own.
static void names_that_are_taken(void **state DGL_UNUSED)
{
    const struct member host[] = {{"word/document.xml", DOCUMENT(P("{{p subdoc('clause') }}"))},
                                  {"word/dgl-styles.xml", "<of-somebody/>"},
                                  {"word/dgl-numbering.xml", "<of-somebody/>"},
                                  {"word/dgl-numbering2.xml", "<of-somebody/>"},
                                  {NULL, NULL}};
    struct outcome o = render(host, "{\"name\":\"Ann\"}");
    check_good(&o, CLAUSE);
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels"),
         *types = read_member(&o.package, "[Content_Types].xml"),
         *styles = read_member(&o.package, "word/dgl-styles2.xml"),
         *numbering = read_member(&o.package, "word/dgl-numbering3.xml"),
         *other = read_member(&o.package, "word/dgl-styles.xml");
    assert_non_null(strstr(styles, "Own clause"));
    assert_non_null(strstr(numbering, "upperRoman"));
    assert_string_equal(other, "<of-somebody/>");
    assert_non_null(strstr(rels, "Target=\"/word/dgl-styles2.xml\""));
    assert_non_null(strstr(rels, "Target=\"/word/dgl-numbering3.xml\""));
    assert_non_null(strstr(types, "PartName=\"/word/dgl-styles2.xml\""));
    assert_non_null(strstr(types, "PartName=\"/word/dgl-numbering3.xml\""));
    free(rels), free(types), free(styles), free(numbering), free(other);
    outcome_fini(&o);
}

static void check_refused(const char *document, const char *json, const char *slug, const char *words)
{
    struct outcome o = render_with(document, json);
    assert_int_not_equal(o.status, DGL_OK);
    assert_string_equal(dgl_error_slug(&o.err), slug);
    if (!strstr(o.err.message, words))
        fail_msg("%s", o.err.message);
    outcome_fini(&o);
}

static void what_cannot_be(void **state DGL_UNUSED)
{
    check_refused(DOCUMENT(P("{{p subdoc('nix') }}")), "{}", "template_not_found", "\"nix\"");
    check_refused(DOCUMENT(P("{{p subdoc('endless') }}")), "{}", "endless_recursion", "nest");
    check_refused(DOCUMENT(P("{{p subdoc('faulty') }}")), "{\"name\":{}}", "undefined_access",
                  "\"faulty\": body, paragraph 2");
    check_refused(DOCUMENT(P("{{p subdoc() }}")), "{}", "type_error", "subdoc()");
    check_refused(DOCUMENT(P("{{p x }}")), "{\"x\":{\"subdoc\":\"\"}}", "template_not_found", "name");
    check_refused(DOCUMENT(P("{{p x }}")), "{\"x\":{\"subdoc\":\"data:x;base64,AAAA\"}}", "not_a_docx",
                  "given as data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_along),
        cmocka_unit_test(twice_with_other_values),
        cmocka_unit_test(in_loops_cells_macros_and_other_subdocuments),
        cmocka_unit_test(a_picture_that_is_a_value_too),
        cmocka_unit_test(names_that_are_taken),
        cmocka_unit_test(what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
