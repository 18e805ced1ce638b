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
// Notes of all kinds and a section of its own.
#define REF(kind, id) "<w:r><w:" kind "Reference w:id=\"" id "\"/></w:r>"
#define NOTE(kind, id, more) "<w:" kind " w:id=\"" id "\">" more "</w:" kind ">"
static struct member noted[] = {
    {"word/document.xml",
     DOCUMENT(
         "<w:p><w:commentRangeStart w:id=\"0\"/><w:r><w:t>noted</w:t></w:r><w:commentRangeEnd "
         "w:id=\"0\"/>" REF("comment", "0") REF("footnote", "2") REF("endnote", "1") REF(
             "footnote",
             "9") "</w:p>"
                  "<w:p><w:pPr><w:sectPr><w:headerReference w:type=\"default\" r:id=\"rId7\"/><w:pgSz w:w=\"9000\" "
                  "w:h=\"5000\"/></w:sectPr></w:pPr></w:p>" P("wide") "<w:sectPr><w:pgSz w:w=\"8000\"/></w:sectPr>")},
    {"word/_rels/document.xml.rels",
     RELS(REL("rId1", "styles", "styles.xml") REL("rId2", "footnotes", "footnotes.xml")
              REL("rId3", "endnotes", "endnotes.xml") REL("rId4", "comments", "comments.xml")
                  REL("rId7", "header", "header1.xml"))},
    {"word/styles.xml", W_TAG("styles", STYLE("Note", "Note text of clause", ""))},
    {"word/header1.xml", W_TAG("hdr", P("a header"))},
    {"word/footnotes.xml",
     W_TAG("footnotes",
           "<w:footnote w:type=\"separator\" w:id=\"-1\"><w:p/></w:footnote>" NOTE(
               "footnote", "2", STYLED("Note", "foot {{ name }}") "<w:p><w:hyperlink r:id=\"rId1\"/></w:p>"))},
    {"word/_rels/footnotes.xml.rels", RELS("<Relationship Id=\"rId1\" Type=\"" REL_OFFICE
                                           "hyperlink\" Target=\"https://note.example/\" TargetMode=\"External\"/>")},
    {"word/endnotes.xml", W_TAG("endnotes", NOTE("endnote", "1", P("end {{ name }}")))},
    {"word/comments.xml", W_TAG("comments", NOTE("comment", "0", P("comment {{ name }}")))},
    {NULL, NULL}};
static struct member wrapper[] = {{"word/document.xml", DOCUMENT(P("In: ") P("{{p subdoc('clause') }}"))},
                                  {NULL, NULL}};
static struct member endless[] = {{"word/document.xml", DOCUMENT(P("{{p subdoc('endless') }}"))}, {NULL, NULL}};
static struct member faulty[] = {{"word/document.xml", DOCUMENT(P("a") P("{{ name.x.y }}"))}, {NULL, NULL}};
static unsigned loads;

// A template with more links, bookmarks and lists than a map of names begins with; each is met twice.
#define MANY 500u
static void make_many(struct dgl_buf *ret)
{
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) rels = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) lists = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&body, "<w:document xmlns:w=\"" NS_W "\" xmlns:r=\"" NS_R "\"><w:body>");
    dgl_buf_puts(&rels, "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">" REL(
                            "n", "numbering", "numbering.xml"));
    dgl_buf_puts(&lists, "<w:numbering xmlns:w=\"" NS_W "\"><w:abstractNum w:abstractNumId=\"3\"/>");
    for (unsigned i = 0; i < 2 * MANY; i++) {
        unsigned n = i % MANY + 1;
        dgl_buf_printf(&body,
                       "<w:p><w:pPr><w:numPr><w:numId w:val=\"%s%u\"/></w:numPr></w:pPr><w:bookmark%s w:id=\"%u\" "
                       "w:name=\"m%u\"/><w:hyperlink r:id=\"l%u\"><w:r><w:t>%u</w:t></w:r></w:hyperlink></w:p>",
                       i < MANY ? "" : "0", n, i < MANY ? "Start" : "End", n, n, n, n);
        if (i >= MANY)
            continue;
        dgl_buf_printf(&rels,
                       "<Relationship Id=\"l%u\" Type=\"" REL_OFFICE
                       "hyperlink\" Target=\"https://x.test/%u\" TargetMode=\"External\"/>",
                       n, n);
        dgl_buf_printf(&lists, "<w:num w:numId=\"%u\"><w:abstractNumId w:val=\"3\"/></w:num>", n);
    }
    dgl_buf_puts(&body, "</w:body></w:document>");
    dgl_buf_puts(&rels, "</Relationships>");
    dgl_buf_puts(&lists, "</w:numbering>");
    dgl_buf_putc(&body, 0), dgl_buf_putc(&rels, 0), dgl_buf_putc(&lists, 0);
    make_package((struct member[]){{"word/document.xml", body.data},
                                   {"word/_rels/document.xml.rels", rels.data},
                                   {"word/numbering.xml", lists.data},
                                   {NULL, NULL}},
                 ret);
}

static const struct member plain[] = {{"word/document.xml", DOCUMENT(P("{{ name }}"))}, {NULL, NULL}};

static enum dgl_status load(void *ctx, const char *name, struct dgl_buf *ret, struct dgl_error *err)
{
    static const struct {
        const char *name;
        const struct member *members;
    } known[] = {{"noted", noted},   {"clause", clause},         {"wrapper", wrapper}, {"endless", endless},
                 {"faulty", faulty}, {"letterhead", letterhead}, {"plain", plain}};
    (void)ctx;
    loads++;
    if (strcmp(name, "many") == 0) {
        DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
        make_many(&package);
        dgl_buf_append(ret, package.data, package.len);
        return DGL_OK;
    }
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

// The numbers behind each place of a text, in one pass.
static void numbers_behind(const char *document, const char *before, unsigned *ret, size_t count)
{
    const size_t len = strlen(before);
    size_t n = 0;
    for (const char *p = strchr(document, *before); p && n < count; p = strchr(p + 1, *before))
        if (strncmp(p, before, len) == 0)
            ret[n++] = (unsigned)strtoul(p + len, NULL, 10);
    assert_int_equal(n, count);
}

// Every name has one of its own here, the same wherever it is met.
static void many_names_come_along(void **state DGL_UNUSED)
{
    static const char *const names[] = {"<w:numId w:val=\"", "r:id=\"rIdD"};
    static unsigned met[2 * MANY], ends[MANY];
    struct outcome o = render_with(DOCUMENT(P("{{p subdoc('many') }}")), "{}");
    assert_int_equal(o.status, DGL_OK);
    for (size_t k = 0; k < DGL_COUNT(names); k++) {
        numbers_behind(o.document, names[k], met, 2 * MANY);
        for (unsigned i = 0; i < MANY; i++) {
            assert_true(met[i] > 0);
            assert_int_equal(met[i], met[i + MANY]);
            assert_true(i == 0 || met[i] != met[i - 1]);
        }
    }
    numbers_behind(o.document, "<w:bookmarkStart w:id=\"", met, MANY);
    numbers_behind(o.document, "<w:bookmarkEnd w:id=\"", ends, MANY);
    assert_memory_equal(met, ends, sizeof ends);
    outcome_fini(&o);
}

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
    assert_int_equal(o.warnings, 0);
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

// As a contract of thousands of clauses has it: each is filled and read by itself, and what that takes is accounted
// for.
static void thousands_with_other_values(void **state DGL_UNUSED)
{
    struct outcome o = render_with(
        DOCUMENT(P("{%p for n in range(5000) %}") P("{{p subdoc('plain', name=n) }}") P("{%p endfor %}")), "{}");
    assert_int_equal(o.status, DGL_OK);
    assert_non_null(strstr(o.document, ">4999</w:t>"));
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

static void check_member(struct outcome *o, const char *name, const char *text, size_t times)
{
    char *xml = read_member(&o->package, name);
    if (!xml || count_of(xml, text) != times)
        fail_msg("%s: %s", name, xml ? xml : "is not there");
    free(xml);
}

// The id a note of the document has whose text holds `text`; its reference has it, too.
static void check_linked(struct outcome *o, const char *name, const char *kind, const char *text)
{
    char reference[80], open[40];
    char *xml = read_member(&o->package, name), *at = xml ? strstr(xml, text) : NULL;
    if (!at)
        fail_msg("%s: %s", name, xml ? xml : "is not there");
    *at = '\0';
    snprintf(open, sizeof open, "<w:%s ", kind);
    char *note = NULL;
    for (char *p = strstr(xml, open); p; p = strstr(p + 1, open))
        note = p;
    assert_non_null(note);
    char *id = strstr(note, "w:id=\"") + 6;
    snprintf(reference, sizeof reference, "<w:%sReference w:id=\"%.*s\"/>", kind, (int)strcspn(id, "\""), id);
    assert_int_equal(count_of(o->document, reference), 1);
    free(xml);
}

#define NOTED_HOST DOCUMENT(REFERRING P("{{p subdoc('noted') }}") P("{{p subdoc('noted', name='Bo') }}") "<w:sectPr/>")
#define REFERRING "<w:p><w:r><w:t>{{ name }}</w:t></w:r>" REF("footnote", "5") "</w:p>"

static void check_noted(struct outcome *o, const char *footnotes, const char *endnotes, const char *comments)
{
    check_good(o, "Ann|noted||wide|noted||wide|");
    check_linked(o, footnotes, "footnote", "foot Ann");
    check_linked(o, footnotes, "footnote", "foot Bo");
    check_linked(o, endnotes, "endnote", "end Ann");
    check_linked(o, endnotes, "endnote", "end Bo");
    check_linked(o, comments, "comment", "comment Ann");
    check_linked(o, comments, "comment", "comment Bo");
    assert_int_equal(count_of(o->document, "commentRangeStart"), 2);
    assert_int_equal(count_of(o->document, "commentRangeEnd"), 2);
    assert_null(strstr(o->document, "w:id=\"9\"")); // a reference to nothing
    assert_int_equal(o->warnings, 0);
}

static void notes_come_along_to_a_document_without(void **state DGL_UNUSED)
{
    struct outcome o = render_with(NOTED_HOST, "{\"name\":\"Ann\"}");
    check_noted(&o, "word/dgl-footnotes.xml", "word/dgl-endnotes.xml", "word/dgl-comments.xml");
    check_member(&o, "word/dgl-footnotes.xml", "w:type=\"separator\" w:id=\"-1\"", 1);
    check_member(&o, "word/dgl-footnotes.xml", "<w:pStyle w:val=\"Note\"/>", 2);
    check_member(&o, "word/dgl-styles.xml", "Note text of clause", 1);
    check_member(&o, "word/_rels/dgl-footnotes.xml.rels", "https://note.example/", 1);
    check_member(&o, "word/_rels/document.xml.rels", "https://note.example/", 0);
    check_member(&o, "word/_rels/document.xml.rels", "Target=\"/word/dgl-comments.xml\"", 1);
    check_member(&o, "[Content_Types].xml", "wordprocessingml.endnotes+xml", 1);
    outcome_fini(&o);
}

#define HOST_NOTES(text) W_TAG("footnotes", NOTE("footnote", "5", P(text)))

static void notes_join_those_of_the_document(void **state DGL_UNUSED)
{
    for (int i = 0; i < 2; i++) { // without tags and with some
        const struct member host[] = {
            {"word/document.xml", NOTED_HOST},
            {"word/_rels/document.xml.rels",
             RELS(REL("rId1", "footnotes", "footnotes.xml") REL("rId2", "endnotes", "endnotes.xml")
                      REL("rId3", "comments", "comments.xml"))},
            {"word/footnotes.xml", i == 0 ? HOST_NOTES("mine") : HOST_NOTES("of {{ name }}")},
            {"word/endnotes.xml", "<w:endnotes xmlns:w=\"" NS_W "\"/>"},
            {"word/comments.xml", W_TAG("comments", NOTE("comment", "3", P("old")))},
            {NULL, NULL}};
        struct outcome o = render(host, "{\"name\":\"Ann\"}");
        check_noted(&o, "word/footnotes.xml", "word/endnotes.xml", "word/comments.xml");
        check_linked(&o, "word/footnotes.xml", "footnote", i == 0 ? "mine" : "of Ann");
        check_member(&o, "word/comments.xml", "w:id=\"4\"", 1);
        check_member(&o, "word/_rels/footnotes.xml.rels", "https://note.example/", 1);
        assert_int_equal(count_of(o.document, "<w:footnoteReference w:id=\"5\"/>"), 1);
        outcome_fini(&o);
    }
}

static void sections_inside_come_along(void **state DGL_UNUSED)
{
    struct outcome o = render_with(NOTED_HOST, "{\"name\":\"Ann\"}");
    assert_int_equal(count_of(o.document, "<w:pgSz w:w=\"9000\" w:h=\"5000\"/>"), 2);
    assert_null(strstr(o.document, "headerReference"));
    assert_null(strstr(o.document, "8000")); // the size of its last section
    outcome_fini(&o);
    o = render_with(DOCUMENT(TBL(COL, TR(TC(P("{{p subdoc('noted') }}"))))), "{\"name\":\"Ann\"}");
    check_good(&o, "noted||wide|");
    assert_null(strstr(o.document, "sectPr")); // no section ends in a cell
    assert_non_null(strstr(o.document, "footnoteReference"));
    outcome_fini(&o);
}

static void no_notes_in_headers(void **state DGL_UNUSED)
{
    const struct member host[] = {{"word/document.xml", DOCUMENT(P("{{ name }}"))},
                                  {"word/_rels/document.xml.rels", RELS(REL("rId1", "header", "header1.xml"))},
                                  {"word/header1.xml", W_TAG("hdr", P("{{p subdoc('noted') }}"))},
                                  {NULL, NULL}};
    struct outcome o = render(host, "{\"name\":\"Ann\"}");
    check_good(&o, "Ann|");
    assert_int_equal(o.warnings, 1);
    check_member(&o, "word/header1.xml", "noted", 1);
    check_member(&o, "word/header1.xml", "Reference", 0);
    check_member(&o, "word/header1.xml", "commentRange", 0);
    check_member(&o, "word/header1.xml", "sectPr", 0);
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

static void names_are_looked_up_before_there_is_data(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    DGL_AUTO_FINI(diagnostics) found = {.count = 0};
    DGL_AUTO(docx) d = NULL;
    make_package((struct member[]){{"word/document.xml",
                                    DOCUMENT(P("{{p subdoc('clause') }}") P("{{p subdoc('claus', x=1) }}")
                                                 P("{{p subdoc(name) }}") P("{{p subdoc('data:x;base64,AAAA') }}")
                                                     TBL(COL, TR(TC(P("{{p subdoc(' claus') }}")))))},
                                   {"word/_rels/document.xml.rels", RELS(REL("rId1", "header", "header1.xml"))},
                                   {"word/header1.xml", W_TAG("hdr", P("{{p subdoc('claus') }}"))},
                                   {NULL, NULL}},
                 &package);
    assert_int_equal(dgl_docx_compile(package.data, package.len, NULL, &d, &err), DGL_OK);
    loads = 0;
    assert_int_equal(dgl_docx_check_subdocs(d, &loader, &found, &err), DGL_E_INVALID);
    assert_int_equal(err.place.paragraph, 2);
    assert_string_equal(err.slug, "template_not_found");
    assert_int_equal(found.count, 3);
    assert_int_equal(found.errors, 3);
    assert_string_equal(found.items[1].error.place.tag, "{{p subdoc(' claus') }}");
    assert_string_equal(found.items[2].error.place.part, "header 1");
    assert_int_equal(loads, 2); // each name once
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
        cmocka_unit_test(many_names_come_along),
        cmocka_unit_test(twice_with_other_values),
        cmocka_unit_test(thousands_with_other_values),
        cmocka_unit_test(in_loops_cells_macros_and_other_subdocuments),
        cmocka_unit_test(a_picture_that_is_a_value_too),
        cmocka_unit_test(names_that_are_taken),
        cmocka_unit_test(notes_come_along_to_a_document_without),
        cmocka_unit_test(notes_join_those_of_the_document),
        cmocka_unit_test(sections_inside_come_along),
        cmocka_unit_test(no_notes_in_headers),
        cmocka_unit_test(names_are_looked_up_before_there_is_data),
        cmocka_unit_test(what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
