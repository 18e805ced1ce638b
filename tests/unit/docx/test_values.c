// Values as WordprocessingML: text, markup, rich text, pictures, tables that depend on data.
#include "package.h"

#include "base/xml.h"

// A PNG of 2 by 1 pixels.
#define PNG       \
    "data:image/" \
    "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg=="

static void check_contains(const char *document, const char *json, const char *piece)
{
    struct outcome o = render_body(document, json);
    if (o.status != DGL_OK) {
        char text[1024];
        fail_msg("%s", dgl_error_describe(&o.err, text, sizeof text));
    }
    if (!strstr(o.document, piece))
        fail_msg("no %s in %s", piece, o.document);
    outcome_fini(&o);
}

static void text_is_escaped(void **state DGL_UNUSED)
{
    check_contains(DOCUMENT(P("{{ a }}")), "{\"a\":\"<w:p> & ]]>\"}", "&lt;w:p&gt; &amp; ]]&gt;");
    check_text(DOCUMENT(P("{{ a }}")), "{\"a\":\"x\\u0001y\\uFFFFz\\u001b\"}", "xyz|");
    check_text(DOCUMENT(P("{{ a }}")), "{\"a\":\"{{ b }}{% if %}\"}", "{{ b }}{% if %}|");
}

static void control_characters_act(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("[{{ a }}]")), "{\"a\":\"x\\ny\\tz\\r\\nw\"}", "[x\ny\tz\nw]|");
    check_contains(
        DOCUMENT("<w:p><w:pPr><w:jc w:val=\"right\"/></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>{{ a }}</w:t></w:r></w:p>"),
        "{\"a\":\"x\\u0007y\"}",
        "x</w:t></w:r></w:p><w:p><w:pPr><w:jc w:val=\"right\"/></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t "
        "xml:space=\"preserve\">y");
    check_contains(DOCUMENT(P("{{ a }}")), "{\"a\":\"x\\fy\"}", "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>");
    // Where the paragraph cannot be left, a line break stands for it.
    check_contains(DOCUMENT("<w:p><w:sdt><w:sdtContent><w:r><w:t>{{ a }}</w:t></w:r></w:sdtContent></w:sdt></w:p>"),
                   "{\"a\":\"x\\u0007y\"}", "<w:br/>");
}

static void safe_values_are_checked(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("{{ a|safe }}")), "{\"a\":\"x &amp; y\"}", "x &amp; y|");
    check_contains(DOCUMENT(P("{{ a|safe }}")), "{\"a\":\"x<w:br/>y\"}",
                   "x</w:t><w:br></w:br><w:t xml:space=\"preserve\">y");
    check_contains(DOCUMENT(P("{{ a|safe }}")), "{\"a\":\"<w:r><w:rPr><w:b/></w:rPr><w:t>B</w:t></w:r>\"}",
                   "<w:t xml:space=\"preserve\">B</w:t></w:r>");
    // Properties stand first and once, wherever the value has them.
    check_contains(DOCUMENT(P("{{ a|safe }}")),
                   "{\"a\":\"<w:r><w:t>B</w:t><w:rPr><w:b/></w:rPr><w:tab/><w:rPr><w:i/></w:rPr></w:r>\"}",
                   "<w:r><w:rPr><w:b></w:b></w:rPr><w:t xml:space=\"preserve\">B</w:t><w:tab></w:tab></w:r>");
    check_contains(
        DOCUMENT(P("{{p a|safe }}")),
        "{\"a\":\"<w:p><w:r><w:t>B</w:t></w:r><w:pPr><w:jc w:val='end'/></w:pPr></w:p>\"}",
        "<w:p><w:pPr><w:jc w:val=\"end\"></w:jc></w:pPr><w:r><w:t xml:space=\"preserve\">B</w:t></w:r></w:p>");
    static const char *const bad[] = {"a & b",
                                      "<w:r><w:t>a<w:rPr><w:b/></w:rPr></w:t></w:r>",
                                      "<w:r><w:pPr/><w:t>a</w:t></w:r>",
                                      "</w:t>",
                                      "<w:t>",
                                      "<w:tc/>",
                                      "<w:fldSimple><w:p/></w:fldSimple>",
                                      "<x:y/>",
                                      "<w:t>a</w:t><w:tr/>",
                                      "<!DOCTYPE x><w:br/>",
                                      "&nbsp;"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        char json[200];
        snprintf(json, sizeof json, "{\"a\":\"%s\"}", bad[i]);
        check_fails(DOCUMENT(P("{{ a|safe }}")), json, "invalid_markup", 1);
    }
}

// Whatever the order in which markup has properties, they stand in the schema's, and each once.
static void properties_take_their_places(void **state DGL_UNUSED)
{
    static const struct {
        const char *markup, *made;
    } cases[] = {
        {"<w:p><w:pPr><w:jc w:val='end'/><w:keepNext/><w:pStyle w:val='Q'/><w:keepNext w:val='0'/></w:pPr></w:p>",
         "<w:pPr><w:pStyle w:val=\"Q\"></w:pStyle><w:keepNext></w:keepNext><w:jc w:val=\"end\"></w:jc></w:pPr>"},
        {"<w:p><w:r><w:t>B</w:t></w:r><w:pPr><w:pPrChange/><w:rPr><w:i/><w:ins/></w:rPr></w:pPr></w:p>",
         "<w:p><w:pPr><w:rPr><w:ins></w:ins><w:i></w:i></w:rPr><w:pPrChange></w:pPrChange></w:pPr><w:r>"},
        {"<w:p><w:pPr><w:sectPr><w:cols/><w:pgSz/><w:type/></w:sectPr><w:b/></w:pPr></w:p>",
         "<w:pPr><w:sectPr><w:type></w:type><w:pgSz></w:pgSz><w:cols></w:cols></w:sectPr></w:pPr>"},
        {"<w:p><w:r><w:rPr><n:g xmlns:n='urn:n'/><w:rPrChange/><w:b/></w:rPr></w:r></w:p>",
         "<w:rPr><w:b></w:b><n:g xmlns:n=\"urn:n\"></n:g><w:rPrChange></w:rPrChange></w:rPr>"},
        {"<w:tbl><w:tr><w:tc><w:p/></w:tc><w:trPr><w:jc/><w:cantSplit/></w:trPr></w:tr><w:tblGrid><w:gridCol "
         "w:w='7'/></w:tblGrid><w:tblPr><w:jc/><w:tblStyle/></w:tblPr></w:tbl>",
         "<w:tbl><w:tblPr><w:tblStyle></w:tblStyle><w:jc></w:jc></w:tblPr><w:tblGrid><w:gridCol w:w=\"7\"></w:gridCol>"
         "</w:tblGrid><w:tr><w:trPr><w:cantSplit></w:cantSplit><w:jc></w:jc></w:trPr><w:tc>"},
        {"<w:tbl><w:tr><w:tc/></w:tr><w:tr><w:tc><w:p/><w:tcPr><w:shd/><w:gridSpan w:val='2'/></w:tcPr></w:tc></w:tr>"
         "</w:tbl>",
         "<w:tbl><w:tblPr></w:tblPr><w:tblGrid><w:gridCol w:w=\"4513\"/><w:gridCol "
         "w:w=\"4513\"/></w:tblGrid><w:tr><w:tc><w:p></w:p></w:tc></"
         "w:tr>"
         "<w:tr><w:tc><w:tcPr><w:gridSpan w:val=\"2\"></w:gridSpan><w:shd></w:shd></w:tcPr><w:p></w:p></w:tc></w:tr>"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        char json[500];
        snprintf(json, sizeof json, "{\"a\":\"%s\"}", cases[i].markup);
        check_contains(DOCUMENT(P("{{p a|safe }}")), json, cases[i].made);
    }
}

// What a content control may hold is what may stand around it, and its rows are the table's.
static void content_controls_in_markup(void **state DGL_UNUSED)
{
#define CONTROL(content) "<w:sdt><w:sdtContent>" content "</w:sdtContent></w:sdt>"
    const char *rows =
        "{\"a\":\"<w:tbl>" CONTROL("<w:tr>" CONTROL("<w:tc>" CONTROL("<w:p/>") "</w:tc>") "</w:tr>") "</w:tbl>\"}";
    check_contains(DOCUMENT(P("{{p a|safe }}")), rows,
                   "<w:tblGrid><w:gridCol w:w=\"9026\"/></w:tblGrid><w:sdt><w:sdtContent><w:tr>");
    check_contains(DOCUMENT(P("{%p macro m() %}") TBL(COL, CONTROL("<w:tr>" TC(P("kept")) "</w:tr>"))
                                P("{%p endmacro %}") P("{{p m() }}")),
                   "{}", "kept");
    check_contains(DOCUMENT(P("{%p macro m(x) %}") "<w:p>" CONTROL("<w:r><w:t>{{r x }}</w:t></w:r>") "</w:p>" P(
                       "{%p endmacro %}") P("{{p m({'runs': ['kept']}) }}")),
                   "{}",
                   "<w:p>"
                   "<w:sdt><w:sdtContent><w:r><w:t xml:space=\"preserve\">kept");
    static const char *const bad[] = {"<w:p>" CONTROL("<w:p/>") "</w:p>", CONTROL("<w:tr/>"),
                                      "<w:tbl>" CONTROL("<w:p/>") "</w:tbl>", CONTROL("<w:r><w:t>x</w:t></w:r>")};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        char json[300];
        snprintf(json, sizeof json, "{\"a\":\"%s\"}", bad[i]);
        check_fails(DOCUMENT(P("{{p a|safe }}")), json, "invalid_markup", 1);
    }
#undef CONTROL
}

// A macro in the text of another one: its runs and paragraphs stand between two halves of what they are printed in.
static void what_a_macro_prints_makes_way(void **state DGL_UNUSED)
{
    const char *bold =
        DOCUMENT("<w:p><w:r><w:t>{% macro b(x) %}</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>{{ x }}</w:t></w:r>"
                 "<w:r><w:t>{% endmacro %}{% macro m() %}</w:t></w:r><w:r><w:rPr><w:i/></w:rPr><w:t>a {{ b(1) }} "
                 "c</w:t></w:r><w:r><w:t>{% endmacro %}</w:t></w:r></w:p>" P("[{{ m() }}]"));
    check_text(bold, "{}", "|[a 1 c]|");
    check_contains(bold, "{}", "<w:i></w:i></w:rPr><w:t xml:space=\"preserve\">a </w:t></w:r><w:r><w:rPr><w:b>");
    const char *paragraphs = DOCUMENT(P("{%p macro box() %}") P("top") P("{{p caller() }}") P("x {{ caller() }}")
                                          P("{%p endmacro %}") P("{%p call box() %}") P("in") P("{%p endcall %}")
                                              P("{%p filter trim %}") P("t") P("{%p endfilter %}"));
    check_text(paragraphs, "{}", "top|in|x |in|t|");
}

static void macros_print_paragraphs(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("{%p macro m(t) %}") P("Clause {{ t }}") P("{%p endmacro %}") P("{{p m(\"A\\nB\") }}")
                            P("{{p m(1) }}")),
               "{}", "Clause A\nB|Clause 1|");
    // A table without rows is no table.
    struct outcome o =
        render_body(DOCUMENT(P("{%p macro m(xs) %}") TBL(COL, TR(TC(P("{%tr for x in xs %}"))) TR(TC(P("{{ x }}")))
                                                                  TR(TC(P("{%tr endfor %}")))) P("{%p endmacro %}")
                                 P("{{p m([]) }}") P("{{p m([1]) }}")),
                    "{}");
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(count_of(o.document, "<w:tbl>"), 1);
    outcome_fini(&o);
}

static void tables_without_rows_go(void **state DGL_UNUSED)
{
    const char *document = DOCUMENT(
        P("a") TBL(COL, TR(TC(P("{%tr for x in xs %}"))) TR(TC(P("{{ x }}"))) TR(TC(P("{%tr endfor %}")))) P("b"));
    struct outcome o = render_body(document, "{}");
    assert_int_equal(o.status, DGL_OK);
    assert_null(strstr(o.document, "w:tbl"));
    outcome_fini(&o);
    check_text(document, "{\"xs\":[1,2]}", "a|1|2|b|");
    const char *whole = DOCUMENT(TBL(COL, TR(TC(P("{{tr rows|safe }}")))) P("b"));
    o = render_body(whole, "{\"rows\":\"<w:tr></w:tr>\"}");
    assert_int_equal(o.status, DGL_OK);
    assert_null(strstr(o.document, "w:tbl"));
    outcome_fini(&o);
    check_contains(whole, "{\"rows\":\"<w:tr><w:tc><w:p/></w:tc></w:tr>\"}", "</w:tr></w:tbl>");
}

static void cells_end_with_a_paragraph(void **state DGL_UNUSED)
{
    check_contains(DOCUMENT(TBL(COL, TR(TC(P("{%p if x %}") P("y") P("{%p endif %}"))))), "{}",
                   "</w:tcPr><w:p></w:p></w:tc>");
}

static void tables_in_loops_do_not_touch(void **state DGL_UNUSED)
{
    check_contains(DOCUMENT(P("{% for x in [1,2] %}") TBL(COL, TR(TC(P("{{ x }}")))) P("{% endfor %}")), "{}",
                   "</w:tbl><w:p></w:p><w:tbl>");
}

static void the_grid_fits_the_cells(void **state DGL_UNUSED)
{
    const char *document = DOCUMENT(
        TBL(COL COL COL COL, TR(TC(P("h")) TC(P("{%tc for x in xs %}")) TC(P("{{ x }}")) TC(P("{%tc endfor %}")))));
    struct outcome o = render_body(document, "{\"xs\":[1,2,3,4]}");
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(count_of(o.document, "<w:gridCol w:w=\"800\"/>"), 5);
    assert_int_equal(count_of(o.document, "w:w=\"00800\""), 5);
    outcome_fini(&o);
    o = render_body(document, "{}");
    assert_int_equal(count_of(o.document, "<w:gridCol w:w=\"4000\"/>"), 1);
    outcome_fini(&o);
    char json[1000] = "{\"xs\":[1";
    for (int i = 0; i < 80; i++)
        strncat(json, ",1", sizeof json - strlen(json) - 1);
    strncat(json, "]}", sizeof json - strlen(json) - 1);
    check_fails(document, json, "too_many_columns", 0);
}

static void a_row_without_cells_goes(void **state DGL_UNUSED)
{
    struct outcome o = render_body(DOCUMENT(TBL(COL COL, TR(TC(P("{%tc for x in xs %}")) TC(P("{{ x }}"))
                                                                TC(P("{%tc endfor %}"))) TR(TC(P("z"))))),
                                   "{}");
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(count_of(o.document, "<w:tr>"), 1);
    outcome_fini(&o);
}

static void check_well_formed(const char *document, const char *json)
{
    const struct dgl_xml_handler nothing = {0};
    struct dgl_error err = DGL_ERROR_INIT;
    struct outcome o = render_body(document, json);
    assert_int_equal(o.status, DGL_OK);
    if (dgl_xml_parse(o.document, strlen(o.document), "the document", &nothing, &err) != DGL_OK)
        fail_msg("%s\n%s", err.message, o.document);
    outcome_fini(&o);
}

// What stands outside of its row or table in a template that no program wrote takes no part in the table's grid.
static void cells_outside_of_rows_count_for_nothing(void **state DGL_UNUSED)
{
#define COLUMNS(of) TC(P("{%tc for x in " of " %}")) TC(P("{{ x }}")) TC(P("{%tc endfor %}"))
    check_well_formed(DOCUMENT(TBL(COL, COLUMNS("range(300)") TR("<w:tc><w:p/></w:tc>") COLUMNS("range(300)"))), "{}");
    check_well_formed(
        DOCUMENT(TBL(COL, TR(COLUMNS("[1, 2]")) TR("<w:tcPr><w:tcW w:w=\"300\"/></w:tcPr>") TR(TC(P("z"))))), "{}");
    check_well_formed(DOCUMENT(TBL(COL, TR(TR(TC(P("{{tr rows|safe }}"))) COLUMNS("[]")))),
                      "{\"rows\":\"<w:tr><w:tc><w:p/></w:tc></w:tr>\"}");
    check_text(DOCUMENT(TBL(COL, TR(COLUMNS("[1, 2]")) TC(TR(TC(P("kept")))))), "{}", "1|2|kept||");
#undef COLUMNS
}

// The width before a change that was tracked is none of today's.
static void a_tracked_width_stays(void **state DGL_UNUSED)
{
#define TRACKED "<w:tcPr><w:tcW w:w=\"500\"/><w:tcPrChange><w:tcPr><w:tcW w:w=\"70\"/></w:tcPr></w:tcPrChange></w:tcPr>"
    struct outcome o = render_body(DOCUMENT(TBL(COL, TR("<w:tc>" TRACKED P("a") "</w:tc>" TC(P("{%tc if x %}"))
                                                            TC(P("b")) TC(P("{%tc endif %}"))))),
                                   "{}");
#undef TRACKED
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(count_of(o.document, "<w:tcW w:w=\"01000\"/><w:tcPrChange>"), 1);
    assert_int_equal(count_of(o.document, "<w:tcW w:w=\"70\"/>"), 1);
    outcome_fini(&o);
}

static void cells_take_colours_and_spans(void **state DGL_UNUSED)
{
    check_contains(DOCUMENT(TBL(COL COL, TR(TC(P("{% cellbg c %}x")) TC(P("y"))))), "{\"c\":\"#abc\"}",
                   "<w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"aabbcc\"/>");
    check_contains(DOCUMENT(TBL(COL COL, TR(TC(P("{% colspan n %}x"))))), "{\"n\":2}", "<w:gridSpan w:val=\"2\"/>");
    check_fails(DOCUMENT(TBL(COL COL, TR(TC(P("{% cellbg c %}x"))))), "{\"c\":\"red; x\"}", "invalid_colour", 1);
    check_fails(DOCUMENT(TBL(COL COL, TR(TC(P("{% colspan n %}x"))))), "{\"n\":\"two\"}", "type_error", 1);
}

static void pictures_from_data_uris(void **state DGL_UNUSED)
{
    struct outcome o =
        render_body(DOCUMENT(P("{%p for x in [1,2] %}") P("{{ img_logo }}") P("{%p endfor %}") P("{{ a.img_x }}")),
                    "{\"img_logo\":\"" PNG "\",\"a\":{\"img_x\":{\"url\":\"" PNG
                    "\",\"width\":\"20mm\",\"alt\":\"A \\\"b\\\"\"}}}");
    if (o.status != DGL_OK)
        fail_msg("%s", o.err.message);
    assert_int_equal(count_of(o.document, "<w:drawing>"), 3);
    assert_int_equal(count_of(o.document, "r:embed=\"rIdD1\""), 3);
    assert_int_equal(count_of(o.document, "cx=\"720000\" cy=\"360000\""), 2);
    assert_non_null(strstr(o.document, "<wp:docPr id=\"3\""));
    assert_non_null(strstr(o.document, "descr=\"A &quot;b&quot;\""));
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels"),
         *types = read_member(&o.package, "[Content_Types].xml");
    assert_int_equal(count_of(rels, "/image\""), 1);
    assert_int_equal(count_of(types, "Extension=\"png\""), 1);
    free(rels);
    free(types);
    outcome_fini(&o);
}

static void pictures_that_are_none(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("{{ img_a }}x")), "{\"img_a\":null}", "x|");
    static const char *const bad[] = {"\"http://x.test/a.png\"",
                                      "\"data:image/png;base64,AAAA\"",
                                      "\"data:image/png,xx\"",
                                      "5",
                                      "{\"url\":\"" PNG "\",\"width\":\"wide\"}",
                                      "{\"url\":\"" PNG "\",\"width\":-1}"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        char json[600];
        snprintf(json, sizeof json, "{\"img_a\":%s}", bad[i]);
        check_fails(DOCUMENT(P("{{ img_a }}")), json, "invalid_image", 1);
    }
    check_fails(DOCUMENT(P("{{ img_a }}")), "{\"img_a\":\"https://x.test/a.png\"}", "image_not_available", 1);
}

static enum dgl_status fetch_one(void *ctx, const char *url, struct dgl_buf *ret_bytes,
                                 struct dgl_error *err DGL_UNUSED)
{
    int *calls = ctx;
    (*calls)++;
    assert_string_equal(url, "https://x.test/a.gif");
    dgl_buf_append(ret_bytes, "GIF89a\4\0\2\0\0\0\0;", 14);
    return DGL_OK;
}

static void pictures_are_fetched_once(void **state DGL_UNUSED)
{
    int calls = 0;
    struct dgl_docx_loader loader = {.fetch_image = fetch_one, .ctx = &calls};
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    make_package((struct member[]){{"word/document.xml", DOCUMENT(P("{{ img_a }}{{ img_a }}"))},
                                   {"word/_rels/document.xml.rels", RELS(REL("rId1", "header", "header1.xml"))},
                                   {"word/header1.xml", "<w:hdr xmlns:w=\"" NS_W "\">" P("{{ img_a }}") "</w:hdr>"},
                                   {NULL, NULL}},
                 &package);
    struct outcome o = render_package(&package, "{\"img_a\":\"https://x.test/a.gif\"}", &loader);
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(calls, 1);
    char *rels = read_member(&o.package, "word/_rels/header1.xml.rels");
    assert_non_null(strstr(rels, ".gif"));
    free(rels);
    outcome_fini(&o);
}

static void rich_runs(void **state DGL_UNUSED)
{
    check_contains(DOCUMENT("<w:p><w:r><w:rPr><w:i/></w:rPr><w:t>a {{r x }} b</w:t></w:r></w:p>"),
                   "{\"x\":{\"runs\":[{\"text\":\"T<\",\"bold\":true,\"color\":\"#ff0000\",\"size\":12.5}]}}",
                   "<w:r><w:rPr><w:b/><w:i/><w:color w:val=\"FF0000\"/><w:sz w:val=\"25\"/><w:szCs "
                   "w:val=\"25\"/></w:rPr><w:t xml:space=\"preserve\">T&lt;</w:t></w:r>");
    check_text(DOCUMENT(P("{{r x }}|{{r y }}{{r none_here }}")), "{\"x\":[{\"text\":\"a\"},\"b\"],\"y\":\"c\"}",
               "ab|c|");
    check_text(DOCUMENT(P("{{r x }}")), "{\"x\":{\"runs\":[{\"text\":\"a\\nb\\u0007c\\td\"}]}}", "a\nb|c\td|");
    check_fails(DOCUMENT(P("{{r x }}")), "{\"x\":{\"runs\":[{\"text\":\"a\",\"color\":\"red\"}]}}", "invalid_rich_text",
                1);
    struct outcome o =
        render_body(DOCUMENT(P("{{r x }}")), "{\"x\":{\"runs\":[{\"text\":\"a\",\"url\":\"https://x.test/?a&b\"}]}}");
    assert_int_equal(o.status, DGL_OK);
    assert_non_null(strstr(o.document, "<w:hyperlink xmlns:r="));
    outcome_fini(&o);
}

static void rich_paragraphs(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("a") P("{{p x }}") P("b")),
               "{\"x\":{\"paragraphs\":[{\"runs\":[{\"text\":\"1\"},{\"text\":\"2\",\"bold\":true}]},{\"text\":\"3\","
               "\"align\":\"center\"},\"4\"]}}",
               "a|12|3|4|b|");
    check_text(DOCUMENT(P("a") P("{{p x }}") P("b")), "{\"x\":\"one\\u0007two\"}", "a|one|two|b|");
    check_text(DOCUMENT(P("a") P("{{p x }}") P("b")), "{}", "a|b|");
    struct outcome o =
        render_body(DOCUMENT(P("{{p x }}")), "{\"x\":{\"paragraphs\":[{\"text\":\"1\",\"style\":\"Nowhere\"}]}}");
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(o.warnings, 1);
    outcome_fini(&o);
}

static void the_same_input_gives_the_same_bytes(void **state DGL_UNUSED)
{
    const char *document = DOCUMENT(P("{{ img_a }}{{ b }}"));
    const char *json = "{\"img_a\":\"" PNG "\",\"b\":\"x\"}";
    struct outcome a = render_body(document, json), b = render_body(document, json);
    assert_int_equal(a.package.len, b.package.len);
    assert_memory_equal(a.package.data, b.package.data, a.package.len);
    outcome_fini(&a);
    outcome_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(control_characters_act),
        cmocka_unit_test(safe_values_are_checked),
        cmocka_unit_test(properties_take_their_places),
        cmocka_unit_test(content_controls_in_markup),
        cmocka_unit_test(what_a_macro_prints_makes_way),
        cmocka_unit_test(macros_print_paragraphs),
        cmocka_unit_test(tables_without_rows_go),
        cmocka_unit_test(cells_end_with_a_paragraph),
        cmocka_unit_test(tables_in_loops_do_not_touch),
        cmocka_unit_test(the_grid_fits_the_cells),
        cmocka_unit_test(a_row_without_cells_goes),
        cmocka_unit_test(cells_outside_of_rows_count_for_nothing),
        cmocka_unit_test(a_tracked_width_stays),
        cmocka_unit_test(cells_take_colours_and_spans),
        cmocka_unit_test(pictures_from_data_uris),
        cmocka_unit_test(pictures_that_are_none),
        cmocka_unit_test(pictures_are_fetched_once),
        cmocka_unit_test(rich_runs),
        cmocka_unit_test(rich_paragraphs),
        cmocka_unit_test(the_same_input_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
