// Rich values: Markdown, HTML, lists, tables, codes, pictures that replace pictures, values inside macros, annotations.
// The tests named object_… hold the JSON forms of what other engines give as host objects.
#include "check.h"
#include "package.h"
#include "render/docx/annotate.h"

#define PNG       \
    "data:image/" \
    "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg=="
#define STYLES(items) "<w:styles xmlns:w=\"" NS_W "\">" items "</w:styles>"
#define STYLE(type, id, name) "<w:style w:type=\"" type "\" w:styleId=\"" id "\"><w:name w:val=\"" name "\"/></w:style>"
#define PICTURE(names, rel)                                                                                       \
    "<w:p><w:r><w:drawing><wp:inline "                                                                            \
    "xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\"><wp:extent cx=\"4000\" " \
    "cy=\"4000\"/><wp:docPr id=\"1\" " names "/><a:graphic "                                                      \
    "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"><a:graphicData><pic:pic "                  \
    "xmlns:pic=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><pic:blipFill><a:blip "               \
    "r:embed=\"" rel "\"/></pic:blipFill><pic:spPr><a:xfrm><a:ext cx=\"4000\" cy=\"4000\"/></a:xfrm></pic:spPr>"  \
    "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"

static void must_render(const struct outcome *o)
{
    char text[1024];
    if (o->status != DGL_OK)
        fail_msg("%s", dgl_error_describe(&o->err, text, sizeof text));
    const char *problem = check_document_package(o->package.data, o->package.len, true);
    if (problem)
        fail_msg("%s in %s", problem, o->document);
}

static void check_piece(const char *text, const char *piece)
{
    if (!text || !strstr(text, piece))
        fail_msg("no %s in %s", piece, text ? text : "(nothing)");
}

static void check_body(const char *document, const char *json, const char *piece)
{
    struct outcome o = render_body(document, json);
    must_render(&o);
    check_piece(o.document, piece);
    outcome_fini(&o);
}

static void check_rich_text(const char *document, const char *json, const char *expected)
{
    struct outcome o = render_body(document, json);
    must_render(&o);
    char *text = text_of_document(o.document);
    assert_string_equal(text ? text : "", expected);
    free(text);
    outcome_fini(&o);
}

// ---- Markdown and HTML

static void markdown_becomes_paragraphs(void **state DGL_UNUSED)
{
    check_rich_text(DOCUMENT(P("a") P("{{ m|markdown }}") P("z")),
                    "{\"m\":\"# T\\n\\nx **b** `c`\\nd\\n\\n- one\\n- two\\n\\n> q\\n\\n```\\nl1\\nl2\\n```\"}",
                    "a|T|x b c d|one|two|q|l1\nl2|z|");
    check_body(DOCUMENT(P("{{ m|markdown }}")), "{\"m\":\"x **b**\"}",
               "<w:r><w:rPr><w:b/></w:rPr><w:t xml:space=\"preserve\">b</w:t></w:r>");
    // HTML in Markdown is text; a link keeps only addresses of the web.
    check_body(DOCUMENT(P("{{ m|markdown }}")), "{\"m\":\"<b>x</b> &copy;\"}", "&lt;b&gt;x&lt;/b&gt; ©");
    struct outcome o =
        render_body(DOCUMENT(P("{{ m|markdown }}")), "{\"m\":\"[a](javascript:x) [b](https://b.example)\"}");
    must_render(&o);
    assert_int_equal(count_of(o.document, "<w:hyperlink"), 1);
    outcome_fini(&o);
    // One plain paragraph stays in its line.
    check_rich_text(DOCUMENT(P("in {{ m|markdown }}!")), "{\"m\":\"a *b*\"}", "in a b!|");
    check_rich_text(DOCUMENT(P("{{ m|markdown }}")), "{}", "");
}

static void markdown_uses_the_styles(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){{"word/document.xml", DOCUMENT(P("{{p m|markdown }}"))},
                          {"word/_rels/document.xml.rels", RELS(REL("rId1", "styles", "styles.xml"))},
                          {"word/styles.xml", STYLES(STYLE("paragraph", "berschrift1", "heading 1") STYLE(
                                                  "paragraph", "Zitat", "Quote") STYLE("table", "Tabelle", "Table Grid")
                                                         STYLE("paragraph", "Listenabsatz", "List Paragraph"))},
                          {NULL, NULL}},
        "{\"m\":\"# T\\n\\n> q\\n\\n- i\\n\\n| A |\\n|---|\\n| 1 |\"}");
    must_render(&o);
    check_piece(o.document, "<w:pStyle w:val=\"berschrift1\"/>");
    check_piece(o.document, "<w:pStyle w:val=\"Zitat\"/>");
    check_piece(o.document, "<w:tblStyle w:val=\"Tabelle\"/>");
    check_piece(o.document, "<w:pStyle w:val=\"Listenabsatz\"/><w:numPr>");
    outcome_fini(&o);
}

static void html_is_read_safely(void **state DGL_UNUSED)
{
    check_rich_text(DOCUMENT(P("{{ h|html }}")),
                    "{\"h\":\"<p>a <b>b</b><script>alert(1)</script><style>x</style></p><ul><li>1<li>2</ul>"
                    "<table><tr><th>H<tr><td>d</table><pre> p\\n q</pre>&eacute;<br>x<unknown>y</unknown>\"}",
                    "a b|1|2|H|d| p\n q|é\nxy|");
    check_body(DOCUMENT(P("{{ h|html }}")), "{\"h\":\"<p align=right><span style='color:#f00'>r</span></p>\"}",
               "<w:jc w:val=\"right\"/>");
    check_body(DOCUMENT(P("{{ h|html }}")), "{\"h\":\"<p align=right><span style='color:#f00'>r</span></p>\"}",
               "<w:color w:val=\"FF0000\"/>");
    check_rich_text(DOCUMENT(P("x{{ h|html }}")), "{\"h\":\"</p></table></td>a<td>b<li>c\"}", "x|ab|c|");
}

static void markup_that_asks_too_much_is_refused(void **state DGL_UNUSED)
{
    struct dgl_buf json = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&json, "{\"h\":\"");
    for (int i = 0; i < 50; i++)
        dgl_buf_puts(&json, "<table><tr><td>");
    dgl_buf_puts(&json, "\"}");
    check_fails(DOCUMENT(P("{{ h|html }}")), json.data, "markup_too_large", 1);
    dgl_buf_fini(&json);
}

// ---- lists

static void lists_get_numbering(void **state DGL_UNUSED)
{
    struct outcome o =
        render_body(DOCUMENT(P("{{ m|markdown }}")), "{\"m\":\"1. a\\n2. b\\n\\ntext\\n\\n5. c\\n   - d\\n\"}");
    must_render(&o);
    char *numbering = read_member(&o.package, "word/dgl-numbering.xml");
    char *types = read_member(&o.package, "[Content_Types].xml");
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    check_piece(numbering, "<w:startOverride w:val=\"5\"/>");
    check_piece(types, "PartName=\"/word/dgl-numbering.xml\"");
    check_piece(rels, "/numbering\" Target=\"/word/dgl-numbering.xml\"");
    check_piece(o.document, "<w:ilvl w:val=\"1\"/><w:numId w:val=\"1\"/>");
    free(numbering);
    free(types);
    free(rels);
    outcome_fini(&o);
}

static void lists_join_the_templates_numbering(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){{"word/document.xml", DOCUMENT(P("{{ m|markdown }}"))},
                          {"word/_rels/document.xml.rels", RELS(REL("rId1", "numbering", "numbering.xml"))},
                          {"word/numbering.xml",
                           "<w:numbering xmlns:w=\"" NS_W "\"><w:abstractNum w:abstractNumId=\"7\"/><w:num "
                           "w:numId=\"3\"><w:abstractNumId w:val=\"7\"/></w:num></w:numbering>"},
                          {NULL, NULL}},
        "{\"m\":\"- a\"}");
    must_render(&o);
    char *numbering = read_member(&o.package, "word/numbering.xml");
    check_piece(numbering, "<w:abstractNum w:abstractNumId=\"7\"/><w:abstractNum w:abstractNumId=\"8\">");
    check_piece(numbering, "<w:num w:numId=\"3\"><w:abstractNumId w:val=\"7\"/></w:num><w:num w:numId=\"4\">");
    check_piece(o.document, "<w:numId w:val=\"4\"/>");
    free(numbering);
    outcome_fini(&o);
}

#define SVG_A                                                                                                          \
    "data:image/"                                                                                                      \
    "svg+xml;base64,"                                                                                                  \
    "PCFET0NUWVBFIHN2ZyBQVUJMSUMgIi0vL1czQy8vRFREIFNWRyAxLjEvL0VOIiAiaHR0cDovL3d3dy53My5vcmcvR3JhcGhpY3MvU1ZHLzEuMS9E" \
    "VEQvc3ZnMTEuZHRkIj48c3ZnIHhtbG5zPSJodHRwOi8vd3d3LnczLm9yZy8yMDAwL3N2ZyIgd2lkdGg9IjQwIiBoZWlnaHQ9IjIwIj48cmVjdCB3" \
    "aWR0aD0iNDAiIGhlaWdodD0iMjAiIGZpbGw9InJlZCIvPjx0ZXh0PkE8L3RleHQ+PC9zdmc+"
#define SVG_B                                                                                             \
    "data:image/"                                                                                         \
    "svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI0MCIgaGVpZ2h0PSIyMCI+" \
    "PHJlY3Qgd2lkdGg9IjQwIiBoZWlnaHQ9IjIwIiBmaWxsPSJyZWQiLz48dGV4dD5CPC90ZXh0Pjwvc3ZnPg=="

// ---- codes

static void codes_are_vectors_with_a_png(void **state DGL_UNUSED)
{
    struct outcome o =
        render_body(DOCUMENT(P("{{ 'https://a.example'|qr(size='3cm') }}") P("{{ 'A1'|barcode }}")), "{}");
    must_render(&o);
    check_piece(o.document, "cx=\"1080000\" cy=\"1080000\"");
    assert_int_equal(count_of(o.document, "<asvg:svgBlip"), 2);
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    assert_int_equal(count_of(rels, ".svg\""), 2);
    assert_int_equal(count_of(rels, ".png\""), 2);
    char *types = read_member(&o.package, "[Content_Types].xml");
    check_piece(types, "Extension=\"svg\" ContentType=\"image/svg+xml\"");
    free(types);
    free(rels);
    outcome_fini(&o);
    check_fails(DOCUMENT(P("{{ 'abc'|barcode('ean13') }}")), "{}", "invalid_barcode", 1);
    check_fails(DOCUMENT(P("{{ 'abc'|barcode('morse') }}")), "{}", "invalid_barcode", 1);
    check_rich_text(DOCUMENT(P("{{ missing|qr }}{{ ''|barcode }}")), "{}", "|");
}

static void an_svg_is_vectors_with_a_png(void **state DGL_UNUSED)
{
    // The two differ only in their text, which the PNG leaves out: they stay two pictures.
    struct outcome o = render_body(DOCUMENT(P("{{ img_a }}{{ img_b }}")),
                                   "{\"img_a\":\"" SVG_A "\",\"img_b\":{\"url\":\"" SVG_B "\",\"width\":\"3cm\"}}");
    must_render(&o);
    assert_int_equal(count_of(o.document, "<asvg:svgBlip"), 2);
    assert_int_equal(count_of(o.document, "cx=\"381000\" cy=\"190500\""), 2); // 40 by 20 px at 96 dpi
    assert_int_equal(count_of(o.document, "cx=\"1080000\" cy=\"540000\""), 2);
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    assert_int_equal(count_of(rels, ".svg\""), 2);
    assert_int_equal(count_of(rels, ".png\""), 2);
    char *end = strstr(rels, ".svg\""), *name = end;
    end[4] = '\0';
    while (strncmp(name, "word/media/", 11) != 0)
        name--;
    char *svg = read_member(&o.package, name);
    check_piece(svg, "<rect");
    assert_null(strstr(svg, "DOCTYPE"));
    free(svg);
    free(rels);
    outcome_fini(&o);
}

// ---- pictures

static const char picture_rels[] = RELS(REL("rId5", "image", "media/image1.png"));

static void an_svg_takes_a_placeholder(void **state DGL_UNUSED)
{
    static const char *const values[] = {SVG_A, PNG};
    static const char *const blips[] = {"/>", "><a:extLst><a:ext uri=\"x\"/></a:extLst></a:blip>", "></a:blip>",
                                        "><a:extLst><a:ext uri=\"x\"/><a:ext uri=\"y\"><s:svgBlip xmlns:s=\"s\" "
                                        "r:embed=\"rId9\"/></a:ext></a:extLst></a:blip>"};
    for (size_t i = 0; i < 2 * DGL_COUNT(blips); i++) {
        char document[3000], json[2000];
        const char *frame = PICTURE("name=\"img_a\"", "rId5"), *at = strstr(frame, "r:embed=\"rId5\"/>");
        int head = (int)(at + strlen("r:embed=\"rId5\"") - frame);
        snprintf(document, sizeof document, DOCUMENT("%.*s%s%s"), head, frame, blips[i / 2], frame + head + 2);
        snprintf(json, sizeof json, "{\"img_a\":\"%s\"}", values[i % 2]);
        struct outcome o = render_members((struct member[]){{"word/document.xml", document},
                                                            {"word/_rels/document.xml.rels", picture_rels},
                                                            {"word/media/image1.png", "old"},
                                                            {NULL, NULL}},
                                          json);
        must_render(&o);
        check_piece(o.document, "<a:blip r:embed=\"rIdD1\"");
        assert_null(strstr(o.document, "rId9"));
        assert_int_equal(count_of(o.document, "svgBlip"), i % 2 == 0);
        assert_int_equal(count_of(o.document, "r:embed=\"rIdD2\"/></a:ext></a:extLst></a:blip>"), i % 2 == 0);
        assert_int_equal(count_of(o.document, "uri=\"x\""), i / 2 % 2);
        assert_int_equal(count_of(o.document, "cx=\"4000\" cy=\"2000\""), 2);
        outcome_fini(&o);
    }
}

// The SVG of a picture that gets another one goes, or becomes the new one; with tags in the part and without.
static void a_replaced_picture_loses_its_svg(void **state DGL_UNUSED)
{
    static const char rels[] = RELS(REL("rId5", "image", "media/image1.png") REL("rId9", "image", "media/image2.svg"));
    static const char *const values[] = {SVG_A, PNG};
    for (size_t i = 0; i < 4; i++) {
        char document[3000], json[2000];
        const char *frame = PICTURE("name=\"logo.svg\"", "rId5"), *at = strstr(frame, "r:embed=\"rId5\"/>");
        int head = (int)(at + strlen("r:embed=\"rId5\"") - frame);
        snprintf(document, sizeof document,
                 DOCUMENT("%.*s><a:extLst><a:ext uri=\"y\"><s:svgBlip xmlns:s=\"s\" "
                          "r:embed=\"rId9\"/></a:ext></a:extLst></a:blip>%s%s"),
                 head, frame, frame + head + 2, i < 2 ? P("{{ x }}") : "");
        snprintf(json, sizeof json, "{\"x\":1,\"replace_pictures\":{\"logo.svg\":\"%s\"}}", values[i % 2]);
        struct outcome o = render_members((struct member[]){{"word/document.xml", document},
                                                            {"word/_rels/document.xml.rels", rels},
                                                            {"word/media/image1.png", "old"},
                                                            {"word/media/image2.svg", "old"},
                                                            {NULL, NULL}},
                                          json);
        must_render(&o);
        assert_int_equal(count_of(o.document, "svgBlip"), i % 2 == 0);
        char *now = read_member(&o.package, "word/_rels/document.xml.rels");
        assert_int_equal(count_of(now, "/word/media/dgl-"), i % 2 == 0 ? 2 : 1);
        assert_null(strstr(now, "image1.png"));
        free(now);
        outcome_fini(&o);
    }
}

static void a_token_in_alternative_text_replaces_the_picture(void **state DGL_UNUSED)
{
    static const char *const names[] = {PICTURE("name=\"a\" descr=\"Our {{ img_logo }} logo\"", "rId5"),
                                        PICTURE("name=\"a\" title=\"img_logo\"", "rId5")};
    for (size_t i = 0; i < DGL_COUNT(names); i++) {
        char document[3000];
        snprintf(document, sizeof document, DOCUMENT("%s"), names[i]);
        struct outcome o = render_members((struct member[]){{"word/document.xml", document},
                                                            {"word/_rels/document.xml.rels", picture_rels},
                                                            {"word/media/image1.png", "old"},
                                                            {NULL, NULL}},
                                          "{\"img_logo\":\"" PNG "\"}");
        must_render(&o);
        check_piece(o.document, "r:embed=\"rIdD1\"");
        assert_null(strstr(o.document, "img_logo"));
        assert_int_equal(count_of(o.document, "cx=\"4000\" cy=\"2000\""), 2); // fitted into the frame
        outcome_fini(&o);
        o = render_members((struct member[]){{"word/document.xml", document},
                                             {"word/_rels/document.xml.rels", picture_rels},
                                             {"word/media/image1.png", "old"},
                                             {NULL, NULL}},
                           "{}");
        must_render(&o);
        check_piece(o.document, "r:embed=\"rId5\""); // no value: the placeholder stays
        outcome_fini(&o);
    }
}

// A large document leaves the buffer while it is made, but not while a picture is placed, whatever stands in its frame.
static void a_link_in_a_picture_of_a_large_document(void **state DGL_UNUSED)
{
    static const char rels[] = RELS(REL(
        "rId5", "image",
        "media/image1.png") "<Relationship Id=\"rId9\" Type=\"" REL_OFFICE
                            "hyperlink\" TargetMode=\"External\" Target=\"https://a.example/%7B%7B%20i%20%7D%7D\"/>");
    const char *frame = PICTURE("name=\"img_a\"", "rId5"), *at = strstr(frame, "<wp:docPr");
    char document[8000], filler[4000];
    memset(filler, 'x', sizeof filler);
    snprintf(document, sizeof document,
             DOCUMENT(P("{%%p for i in range(1500) %%}") "%.*s<w:txbxContent><w:p><w:hyperlink r:id=\"rId9\"><w:r><w:t>"
                                                         "%.*s</w:t></w:r></w:hyperlink></w:p></w:txbxContent>%s" P(
                                                             "{%%p endfor %%}")),
             (int)(at - frame), frame, (int)sizeof filler, filler, at);
    struct outcome o = render_members((struct member[]){{"word/document.xml", document},
                                                        {"word/_rels/document.xml.rels", rels},
                                                        {"word/media/image1.png", "old"},
                                                        {NULL, NULL}},
                                      "{\"img_a\":\"" PNG "\"}");
    must_render(&o);
    assert_int_equal(count_of(o.document, "cx=\"4000\" cy=\"2000\""), 2 * 1500);
    outcome_fini(&o);
}

static void object_replace_picture(void **state DGL_UNUSED)
{
    static const char *const keys[] = {"dummy.png", "Alt", "image1.png"};
    for (size_t i = 0; i < DGL_COUNT(keys); i++) {
        char json[500];
        snprintf(json, sizeof json, "{\"replace_pictures\":{\"%s\":\"" PNG "\"}}", keys[i]);
        struct outcome o = render_members(
            (struct member[]){{"word/document.xml", DOCUMENT(PICTURE("name=\"dummy.png\" descr=\"Alt\"", "rId5"))},
                              {"word/_rels/document.xml.rels", picture_rels},
                              {"word/media/image1.png", "old"},
                              {NULL, NULL}},
            json);
        must_render(&o);
        char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
        check_piece(rels, "Id=\"rId5\"");
        check_piece(rels, "Target=\"/word/media/dgl-");
        check_piece(o.document, "r:embed=\"rId5\"");
        free(rels);
        outcome_fini(&o);
    }
    struct outcome o = render_body(DOCUMENT(P("x")), "{\"replace_pictures\":{\"none\":\"" PNG "\"}}");
    must_render(&o);
    assert_int_equal(o.warnings, 1);
    outcome_fini(&o);
}

static void object_inline_image(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){
            {"[Content_Types].xml",
             TYPES("<Override PartName=\"/word/header1.xml\" ContentType=\"" WORD_TYPE "header+xml\"/>")},
            {"word/document.xml", DOCUMENT(P("{{ img_a|image(width='20mm') }}{{ img_a|image(height='1cm') }}")
                                               P("{% for i in [1,2] %}") P("{{ img_a }}") P("{% endfor %}"))},
            {"word/_rels/document.xml.rels", RELS(REL("rId1", "header", "header1.xml"))},
            {"word/header1.xml", "<w:hdr xmlns:w=\"" NS_W "\">" P("{{ img_a|image(height='5mm') }}") "</w:hdr>"},
            {NULL, NULL}},
        "{\"img_a\":\"" PNG "\"}");
    must_render(&o); // ids are unique
    check_piece(o.document, "cx=\"720000\" cy=\"360000\"");
    check_piece(o.document, "cx=\"720000\" cy=\"360000\"");
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    char *header_rels = read_member(&o.package, "word/_rels/header1.xml.rels");
    assert_int_equal(count_of(rels, "media/dgl-"), 1); // stored once
    assert_int_equal(count_of(header_rels, "media/dgl-"), 1);
    free(rels);
    free(header_rels);
    outcome_fini(&o);
}

// ---- the other JSON forms

static void object_cellbg(void **state DGL_UNUSED)
{
    struct outcome o = render_body(
        DOCUMENT(TBL(COL, TR(TC(P("{%tr for a in xs %}"))) TR(TC(P("{% cellbg a.bg %}{{r a.desc }}")))
                              TR(TC(P("{%tr endfor %}"))))),
        "{\"xs\":[{\"bg\":\"FFDD00\",\"desc\":{\"runs\":[{\"text\":\"x\",\"color\":\"00FF00\",\"bold\":true}]}}]}");
    must_render(&o);
    check_piece(o.document, "w:fill=\"FFDD00\"");
    check_piece(o.document, "<w:b/><w:color w:val=\"00FF00\"/>");
    outcome_fini(&o);
}

static void object_custom_filters_are_named(void **state DGL_UNUSED)
{
    struct outcome o = render_body(DOCUMENT(P("{{ a|my_filterA(“x”) }}")), "{}");
    assert_string_equal(dgl_error_slug(&o.err), "unknown_filter");
    assert_non_null(strstr(o.err.message, "my_filterA"));
    outcome_fini(&o);
}

static void object_escape(void **state DGL_UNUSED)
{
    check_body(DOCUMENT(P("{{r x }}")), "{\"x\":{\"text\":\"<a>\\n\\tb\"}}",
               "&lt;a&gt;</w:t><w:br/><w:t xml:space=\"preserve\"></w:t><w:tab/>");
    check_rich_text(DOCUMENT(P("{{ x|e }}")), "{\"x\":\"<&\"}", "&lt;&amp;|");
    check_rich_text(DOCUMENT(P("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}")),
                    "{\"d\":{\"a\":\"\\\"<>&'\"}}", "a=\"&lt;&gt;&amp;';|");
}

static void object_subdoc(void **state DGL_UNUSED)
{
    check_rich_text(
        DOCUMENT(P("a") P("{{p sub }}") P("z")),
        "{\"sub\":{\"paragraphs\":[{\"heading\":1,\"text\":\"H\"},\"plain\",{\"list\":\"bullet\",\"text\":\"i\"},"
        "{\"runs\":[{\"image\":\"" PNG "\"}]},{\"table\":{\"header\":true,\"rows\":[[\"A\",\"B\"],"
        "[{\"text\":\"1\",\"bold\":true},{\"paragraphs\":[\"2\",\"3\"]}],[{\"text\":\"w\",\"colspan\":2}]]}},"
        "{\"page_break\":true},{\"rule\":true}]}}",
        "a|H|plain|i||A|B|1|2|3|w|||z|");
    check_body(DOCUMENT(P("{{p sub }}")),
               "{\"sub\":{\"paragraphs\":[{\"table\":{\"rows\":[[{\"text\":\"w\",\"colspan\":2}]]}}]}}",
               "<w:gridSpan w:val=\"2\"/>");
    check_fails(DOCUMENT(P("{{p sub }}")), "{\"sub\":{\"paragraphs\":[{\"list\":\"x\",\"text\":\"y\"}]}}",
                "invalid_rich_text", 1);
}

static void object_richtext(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){{"word/document.xml", DOCUMENT(P("{%r if x %}") P("{{r x }}"))}, {NULL, NULL}}, "{}");
    outcome_fini(&o);
    check_body(
        DOCUMENT(P("{{r x }}")),
        "{\"x\":{\"runs\":[{\"runs\":[{\"text\":\"n\"}]},{\"text\":\"u\",\"underline\":\"double\"},{\"text\":\"h\","
        "\"highlight\":\"#ffff00\"},{\"text\":\"s\",\"size\":9.5,\"superscript\":true}]}}",
        "<w:u w:val=\"double\"/>");
    check_body(DOCUMENT(P("{{r x }}")), "{\"x\":{\"text\":\"l\",\"url\":\"https://a.example/?b=1&c\"}}",
               "<w:hyperlink xmlns:r=");
    check_body(DOCUMENT(P("{{r x }}")), "{\"x\":{\"text\":\"e\",\"font\":\"eastAsia:SimSun\"}}",
               "<w:rFonts w:ascii=\"SimSun\" w:hAnsi=\"SimSun\" w:cs=\"SimSun\" w:eastAsia=\"SimSun\"/>");
    check_body(DOCUMENT(P("{{r x }}")), "{\"x\":{\"text\":\"          \\t\"}}",
               "<w:t xml:space=\"preserve\">          </w:t><w:tab/>");
    check_rich_text(DOCUMENT("<w:p><w:r><w:t>{%r if x %}</w:t></w:r><w:r><w:t>{{r x }}</w:t></w:r><w:r><w:t>{%r endif "
                             "%}</w:t></w:r></w:p>"),
                    "{\"x\":{\"text\":\"\"}}", "|");
}

// ---- inside macros

static void rich_values_work_inside_macros(void **state DGL_UNUSED)
{
    struct outcome o = render_body(
        DOCUMENT(P("{%p macro m(t) %}") P("C {{ t }} {{ img_a }}.") P("{{p rich }}") TBL(COL, TR(TC(P("{{p rich }}"))))
                     P("{%p endmacro %}") P("{{p m(1) }}") P("{{p m(2) }}")
                         P("{% set b %}in {{ img_a }} {{ 'x'|qr }}{% endset %}s {{ b }} e")),
        "{\"img_a\":\"" PNG "\",\"rich\":{\"paragraphs\":[\"a\",{\"list\":\"number\",\"text\":\"b\"}]}}");
    must_render(&o);
    assert_int_equal(count_of(o.document, "<w:drawing>"), 4);
    char *text = text_of_document(o.document);
    assert_string_equal(text, "C 1 .|a|b|a|b|C 2 .|a|b|a|b|s in   e|");
    free(text);
    outcome_fini(&o);
}

// ---- annotations

static void annotation_puts_comments_at_the_tags(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(diagnostics) found = {.count = 0};
    struct dgl_docx *d = NULL;
    make_package(
        (struct member[]){{"word/document.xml", DOCUMENT(P("ok") P("x {{ a|uper }}") P("{% if b %}"))}, {NULL, NULL}},
        &package);
    assert_int_not_equal(dgl_docx_compile(package.data, package.len, &found, &d, &err), DGL_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(dgl_docx_annotate(package.data, package.len, &found, &out, &err), DGL_OK);
    assert_null(check_document_package(out.data, out.len, true));
    char *comments = read_member(&out, "word/dgl-comments.xml"), *body = read_member(&out, "word/document.xml");
    char *rels = read_member(&out, "word/_rels/document.xml.rels"), *types = read_member(&out, "[Content_Types].xml");
    check_piece(comments, "did you mean");
    check_piece(comments, "{ { a|uper }}");
    assert_int_equal(count_of(comments, "<w:comment "), 2);
    assert_int_equal(count_of(body, "<w:commentRangeStart"), 2);
    assert_int_equal(count_of(body, "<w:commentRangeEnd"), 2);
    assert_int_equal(count_of(body, "<w:commentReference"), 2);
    check_piece(rels, "/comments\" Target=\"/word/dgl-comments.xml\"");
    check_piece(types, "PartName=\"/word/dgl-comments.xml\"");
    free(comments);
    free(body);
    free(rels);
    free(types);
}

static void annotation_continues_comments(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(diagnostics) found = {.count = 0};
    struct dgl_error problem = {
        .code = DGL_E_INVALID, .message = "wrong", .place = {.part = "header 1", .paragraph = 3}};
    dgl_diagnostics_add(&found, DGL_DIAGNOSTIC_ERROR, &problem);
    make_package((struct member[]){{"word/document.xml", DOCUMENT(P("x"))},
                                   {"word/_rels/document.xml.rels", RELS(REL("rId1", "comments", "comments.xml"))},
                                   {"word/comments.xml", "<w:comments xmlns:w=\"" NS_W "\"><w:comment w:id=\"4\">" P(
                                                             "mine") "</w:comment></w:comments>"},
                                   {NULL, NULL}},
                 &package);
    assert_int_equal(dgl_docx_annotate(package.data, package.len, &found, &out, &err), DGL_OK);
    char *comments = read_member(&out, "word/comments.xml");
    check_piece(comments, "mine");
    check_piece(comments, "<w:comment w:id=\"5\"");
    check_piece(comments, "header 1, paragraph 3");
    free(comments);
}

static void annotation_beside_a_part_of_its_name(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(diagnostics) found = {.count = 0};
    struct dgl_error problem = {.code = DGL_E_INVALID, .message = "wrong"};
    dgl_diagnostics_add(&found, DGL_DIAGNOSTIC_WARNING, &problem);
    make_package((struct member[]){{"word/document.xml", DOCUMENT(P("text"))},
                                   {"word/dgl-comments.xml", "<of-somebody/>"},
                                   {NULL, NULL}},
                 &package);
    assert_int_equal(dgl_docx_annotate(package.data, package.len, &found, &out, &err), DGL_OK);
    char *comments = read_member(&out, "word/dgl-comments2.xml"), *types = read_member(&out, "[Content_Types].xml"),
         *rels = read_member(&out, "word/_rels/document.xml.rels");
    check_piece(comments, "wrong");
    check_piece(types, "PartName=\"/word/dgl-comments2.xml\"");
    check_piece(rels, "Target=\"/word/dgl-comments2.xml\"");
    free(comments), free(types), free(rels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_becomes_paragraphs),
        cmocka_unit_test(markdown_uses_the_styles),
        cmocka_unit_test(html_is_read_safely),
        cmocka_unit_test(markup_that_asks_too_much_is_refused),
        cmocka_unit_test(lists_get_numbering),
        cmocka_unit_test(lists_join_the_templates_numbering),
        cmocka_unit_test(codes_are_vectors_with_a_png),
        cmocka_unit_test(an_svg_is_vectors_with_a_png),
        cmocka_unit_test(an_svg_takes_a_placeholder),
        cmocka_unit_test(a_replaced_picture_loses_its_svg),
        cmocka_unit_test(a_token_in_alternative_text_replaces_the_picture),
        cmocka_unit_test(a_link_in_a_picture_of_a_large_document),
        cmocka_unit_test(object_replace_picture),
        cmocka_unit_test(object_inline_image),
        cmocka_unit_test(object_cellbg),
        cmocka_unit_test(object_custom_filters_are_named),
        cmocka_unit_test(object_escape),
        cmocka_unit_test(object_subdoc),
        cmocka_unit_test(object_richtext),
        cmocka_unit_test(rich_values_work_inside_macros),
        cmocka_unit_test(annotation_puts_comments_at_the_tags),
        cmocka_unit_test(annotation_continues_comments),
        cmocka_unit_test(annotation_beside_a_part_of_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
