// Finding tags over runs and bringing them to where they act.
#include "package.h"

static void tags_split_over_runs(void **state DGL_UNUSED)
{
    check_text(
        DOCUMENT("<w:p><w:r><w:t>Hi {</w:t></w:r><w:proofErr w:type=\"spellStart\"/><w:r><w:rPr><w:b/></w:rPr><w:t>{ "
                 "na</w:t></w:r>"
                 "<w:bookmarkStart w:id=\"1\" w:name=\"m\"/><w:r><w:t>me }</w:t></w:r><w:bookmarkEnd w:id=\"1\"/>"
                 "<w:r><w:t>}!</w:t></w:r></w:p>"),
        "{\"name\":\"Ann\"}", "Hi Ann!|");
}

static void first_run_gives_the_format(void **state DGL_UNUSED)
{
    struct outcome o = render_body(
        DOCUMENT(
            "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{{ a</w:t></w:r><w:r><w:rPr><w:i/></w:rPr><w:t> }}</w:t></w:r></w:p>"),
        "{\"a\":\"x\"}");
    assert_int_equal(o.status, DGL_OK);
    assert_non_null(strstr(o.document, "<w:r><w:rPr><w:b/></w:rPr><w:t xml:space=\"preserve\">x</w:t></w:r></w:p>"));
    assert_null(strstr(o.document, "<w:i/>"));
    outcome_fini(&o);
}

static void what_word_does_to_tags_is_undone(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("{{ \xE2\x80\x9Cx\xE2\x80\x9D ~ \xE2\x80\x98y\xE2\x80\x99 }}")), "{}", "xy|");
    check_text(DOCUMENT(P("{{\xC2\xA0"
                          "a\xC2\xA0}}")),
               "{\"a\":1}", "1|");
    check_text(DOCUMENT(P("{{ na\xC2\xADme }}")), "{\"name\":1}", "1|");
    check_text(DOCUMENT(P("{{ 5 \xE2\x80\x93 2 }}")), "{}", "3|");
    check_text(DOCUMENT("<w:p><w:r><w:t>{{ na</w:t><w:softHyphen/><w:t>me }}</w:t></w:r></w:p>"), "{\"name\":1}", "1|");
    check_text(DOCUMENT("<w:p><w:del w:id=\"1\" w:author=\"x\"><w:r><w:delText>{{ old "
                        "}}</w:delText></w:r></w:del><w:r><w:t>{{ a }}</w:t></w:r></w:p>"),
               "{\"a\":1}", "1|");
    check_text(DOCUMENT(P("\xE2\x80\x9Coutside\xE2\x80\x9D {{ 1 }}")), "{}", "\xE2\x80\x9Coutside\xE2\x80\x9D 1|");
}

static void delimiters_inside_strings_and_brackets(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("{{ \"}}\" }} {{ \"%}\" }} {{ {\"k\": {\"v\": 1}}[\"k\"][\"v\"] }}")), "{}", "}} %} 1|");
    check_text(DOCUMENT(P("{_{ a }_} {_% if %_}")), "{}", "{{ a }} {% if %}|");
    check_text(DOCUMENT(P("{% raw %}{{ a }}{% endraw %}{{ a }}")), "{\"a\":1}", "{{ a }}1|");
    check_text(DOCUMENT(P("{% raw %}") P("{{ a }} {# b #}") P("{% endraw %}")), "{}", "{{ a }} {# b #}|");
    check_text(DOCUMENT(P("a{# gone #}b")), "{}", "ab|");
}

static void names_that_look_like_prefixes(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("{{ p }}{{p}}{{p + 1}}{{ r|default(2) }}{{r }}")), "{\"p\":1,\"r\":3}", "11233|");
}

static void blocks_inside_a_paragraph(void **state DGL_UNUSED)
{
    check_text(DOCUMENT("<w:p><w:r><w:t>a{% if x %}b</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>c{% else "
                        "%}d</w:t></w:r><w:r><w:t>{% endif %}e</w:t></w:r></w:p>"),
               "{\"x\":1}", "abce|");
    check_text(DOCUMENT("<w:p><w:r><w:t>a{% if x %}b</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>c{% else "
                        "%}d</w:t></w:r><w:r><w:t>{% endif %}e</w:t></w:r></w:p>"),
               "{}", "ade|");
    check_text(DOCUMENT("<w:p><w:hyperlink w:anchor=\"x\"><w:r><w:t>{% for i in [1,2] %}{{ i "
                        "}}</w:t></w:r></w:hyperlink><w:r><w:t>;{% endfor %}</w:t></w:r></w:p>"),
               "{}", "1;2;|");
}

static void paragraphs_of_tags_vanish(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("{% for x in xs %}") P("{{ x }}") P("{% endfor %}") P("end")), "{\"xs\":[1,2]}", "1|2|end|");
    check_text(DOCUMENT(P("{% if a %}") P("yes") P("{% else %}") P("no") P("{% endif %}")), "{\"a\":0}", "no|");
    check_text(DOCUMENT(P("{% set q = 5 %}") P("{# note #}") P("{{ q }}")), "{}", "5|");
    check_text(DOCUMENT(P("{%p for x in xs %}") P("{{ x }}") P("{%p endfor %}")), "{\"xs\":[1,2]}", "1|2|");
    // A set before the loop stays before it, one after stays after.
    check_text(DOCUMENT(P("{% set n = namespace(i=0) %}{% for x in xs %}") P("{% set n.i = n.i + x %}{{ n.i }}")
                            P("{% endfor %}{% set z = n.i %}") P("{{ z }}")),
               "{\"xs\":[1,2]}", "1|3|3|");
}

static void blocks_between_paragraphs(void **state DGL_UNUSED)
{
    // Opens before a text and closes after one: whole paragraphs.
    check_text(DOCUMENT(P("{% for x in xs %}- {{ x }}") P("more") P("{% endfor %}")), "{\"xs\":[1,2]}",
               "- 1|more|- 2|more|");
    check_text(DOCUMENT(P("head{% if a %}") P("in") P("{% endif %}tail")), "{}", "head|tail|");
    // Both in the middle: the text between, paragraph marks included.
    check_text(DOCUMENT(P("A {% if a %}B") P("C{% endif %} D")), "{\"a\":1}", "A B|C D|");
    check_text(DOCUMENT(P("A {% if a %}B") P("C{% endif %} D")), "{}", "A  D|");
}

static void dashes_join_paragraphs(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(P("I live") P("{%- if t -%}") P(" in town") P("{%- else -%}") P(" outside") P("{%- endif -%}")
                            P(" now")),
               "{\"t\":1}", "I live in town now|");
    check_text(
        DOCUMENT("<w:p><w:r><w:t>a</w:t><w:br/><w:t>{%- if t -%}</w:t><w:br/><w:t>b{% endif %}</w:t></w:r></w:p>"),
        "{\"t\":1}", "ab|");
}

#define FIELD(code)                                                          \
    "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>" code \
    "</w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>" \
    "<w:r><w:t>x</w:t></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r>"

// A value in the instruction of a field, and what the document has for it.
static void check_field(const char *document, const char *json, const char *wanted)
{
    struct outcome o = render_body(document, json);
    assert_int_equal(o.status, DGL_OK);
    if (!strstr(o.document, wanted))
        print_error("no %s in %s\n", wanted, o.document);
    assert_non_null(strstr(o.document, wanted));
    outcome_fini(&o);
}

static void values_stay_in_the_arguments_of_fields(void **state DGL_UNUSED)
{
    static const char data[] =
        "{\"u\":\"a\\\"b\\\\c\",\"s\":\"a&quot;&amp;\",\"code\":\"PAGE \\\\* \\\"MERGEFORMAT\\\"\"}";
    check_field(DOCUMENT("<w:p>" FIELD("HYPERLINK \"x/{{ u }}\"") "</w:p>"), data, "HYPERLINK \"x/a\\\"b\\\\c\"");
    // Outside of quotes a value may be a switch or all of the instruction.
    check_field(DOCUMENT("<w:p>" FIELD("{{ code }}") "</w:p>"), data, "PAGE \\* \"MERGEFORMAT\"");
    check_field(DOCUMENT("<w:p>" FIELD("HYPERLINK \"x\" {{ u }} \"{{ u }}\"") "</w:p>"), data,
                "HYPERLINK \"x\" a\"b\\c \"a\\\"b\\\\c\"");
    // A quote that the template escapes ends nothing; one in a field inside does not either.
    check_field(DOCUMENT("<w:p>" FIELD("SET n \"\\\"{{ u }}\"") "</w:p>"), data, "SET n \"\\\"a\\\"b\\\\c\"");
    check_field(
        DOCUMENT(
            "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>IF \"</w:instrText></w:r>" FIELD(
                "REF \"m") "<w:r><w:instrText>{{ u }}</w:instrText></w:r>"
                           "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>"),
        data, "<w:instrText>a\\\"b\\\\c</w:instrText>");
    check_field(DOCUMENT("<w:p><w:fldSimple w:instr='HYPERLINK \"{{ u }}\" \\o {{ u }}'><w:r><w:t>x</w:t></w:r>"
                         "</w:fldSimple></w:p>"),
                data, "w:instr=\"HYPERLINK &quot;a\\&quot;b\\\\c&quot; \\o a&quot;b\\c\"");
    // So does what is printed inside a macro, and what a macro makes; entities are read first.
    check_field(DOCUMENT("<w:p><w:r><w:t>{% macro m(u) %}</w:t></w:r>" FIELD(
                    "HYPERLINK \"x/{{ u }}\"") "<w:r><w:t>{% endmacro %}{{r m(u) }}</w:t></w:r></w:p>"),
                data, "HYPERLINK \"x/a\\\"b\\\\c\"");
    check_field(
        DOCUMENT(P("{% macro m(u) %}&lt;{{ u }}>{% endmacro %}") "<w:p>" FIELD("HYPERLINK \"{{ m(u) }}\"") "</w:p>"),
        data, "HYPERLINK \"&lt;a\\\"b\\\\c&gt;\"");
    check_field(DOCUMENT("<w:p>" FIELD("HYPERLINK \"{{ s|safe }}\"") "</w:p>"), data, "HYPERLINK \"a\\\"&amp;\"");
    // The text that a field shows is text.
    check_text(
        DOCUMENT("<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>REF \"m</w:instrText></w:r>"
                 "<w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t>{{ u }}</w:t></w:r>"
                 "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>"),
        data, "a\"b\\c|");
}

static void rows_repeat_without_prefix(void **state DGL_UNUSED)
{
    check_text(DOCUMENT(TBL(COL COL,
                            TR(TC(P("head")) TC(P("b"))) TR(TC(P("{% for x in xs %}{{ x }}")) TC(P("c{% endfor %}"))))),
               "{\"xs\":[1,2]}", "head|b|1|c|2|c|");
    check_text(DOCUMENT(TBL(COL COL, TR(TC(P("{%tr for x in xs %}")) TC(P(""))) TR(TC(P("{{ x }}")) TC(P("c")))
                                         TR(TC(P("{%tr endfor %}")) TC(P(""))))),
               "{\"xs\":[1,2]}", "1|c|2|c|");
    // Prefixed tags around the content of one row: the row is repeated.
    check_text(DOCUMENT(TBL(COL COL, TR(TC(P("{%tr for x in xs %}{{ x }}")) TC(P("c{%tr endfor %}"))))),
               "{\"xs\":[1,2]}", "1|c|2|c|");
    // Tags in rows of their own, without prefix.
    check_text(DOCUMENT(TBL(COL COL, TR(TC(P("{% for x in xs %}")) TC(P(""))) TR(TC(P("{{ x }}")) TC(P("c")))
                                         TR(TC(P("{% endfor %}")) TC(P(""))))),
               "{\"xs\":[1,2]}", "1|c|2|c|");
    // Within one cell the block stays in the cell.
    check_text(DOCUMENT(TBL(COL COL, TR(TC(P("{% for x in xs %}") P("{{ x }}") P("{% endfor %}")) TC(P("c"))))),
               "{\"xs\":[1,2]}", "1|2|c|");
}

// A text box hangs in a paragraph: its tags are read where it hangs, between those of the paragraph. And a tag that
// replaces its paragraph is read before what is left of it.
static void blocks_are_read_as_they_stand(void **state DGL_UNUSED)
{
#define BOX(text) "<w:r><w:pict><w:txbxContent>" P(text) "</w:txbxContent></w:pict></w:r>"
#define RUN(text) "<w:r><w:t>" text "</w:t></w:r>"
    check_fails(DOCUMENT("<w:p>" RUN("{% if x %}") BOX("{% endif %}{% if y %}") RUN("{% endif %}") "</w:p>"), "{}",
                "unbalanced_block", 2);
    check_fails(DOCUMENT("<w:p>" BOX("{% if x %}") RUN("a{% endif %}") "</w:p>"), "{}", "unbalanced_block", 1);
    check_fails(DOCUMENT("<w:p>" RUN("{% if x %}") BOX("a{% endif %}") "</w:p>"), "{}", "unbalanced_block", 2);
    check_fails(DOCUMENT(P("{% else %}a{%p for x in xs %}b{%p endfor %}")), "{}", "unbalanced_block", 1);
    check_text(DOCUMENT("<w:p>" RUN("{% if x %}a") BOX("{% if y %}b{% endif %}") RUN("c{% endif %}") "</w:p>"),
               "{\"x\":true}", "a|c|");
}

static void unbalanced_blocks_are_named(void **state DGL_UNUSED)
{
    check_fails(DOCUMENT(P("a") P("{% if x %}b")), "{}", "unbalanced_block", 2);
    check_fails(DOCUMENT(P("{% if x %}") TBL(COL, TR(TC(P("{% endif %}x")))) P("c")), "{}", "unbalanced_block", 2);
    check_fails(DOCUMENT(TBL(COL COL, TR(TC(P("{% if x %}a{% else %}b")) TC(P("c{% endif %}"))))), "{}",
                "unbalanced_block", 1);
    check_fails(DOCUMENT(P("x {{ a")), "{}", "syntax_error", 1);
    check_fails(DOCUMENT(P("{%tr for x in xs %}")), "{}", "misplaced_tag", 1);
    check_fails(DOCUMENT(P("{% cellbg x %}")), "{}", "misplaced_tag", 1);
    check_fails(DOCUMENT(P("{% raw %}")), "{}", "unbalanced_block", 1);
}

static void all_problems_at_once(void **state DGL_UNUSED)
{
    struct outcome o = render_body(DOCUMENT(P("{{ a|nofilter }}") P("{% cellbg x %}") P("x {{ a")), "{}");
    assert_int_not_equal(o.status, DGL_OK);
    assert_true(o.diagnostics >= 3);
    outcome_fini(&o);
}

// Every part that is rendered, with a tag of its own.
static void tags_in_every_part(void **state DGL_UNUSED)
{
#define TEXT_PART(name, inside) "<w:" name " xmlns:w=\"" NS_W "\">" inside "</w:" name ">"
#define VT "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
#define CORE "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    static const struct member parts[] = {
        {"_rels/.rels", RELS(REL("rId1", "officeDocument", "word/document.xml") REL(
                            "rId2", "custom-properties", "docProps/custom.xml") "<Relationship Id=\"rId3\" Type=\"" CORE
                                                                                "\" Target=\"docProps/core.xml\"/>")},
        {"word/document.xml",
         DOCUMENT(
             "<w:p><w:r><w:t>{{ x }}-body</w:t></w:r><w:r><w:pict><v:shape xmlns:v=\"urn:schemas-microsoft-com:vml\">"
             "<v:textbox><w:txbxContent>" P(
                 "{{ x }}-box") "</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>")},
        {"word/_rels/document.xml.rels",
         RELS(REL("rId1", "header", "header1.xml") REL("rId2", "footer", "footer1.xml")
                  REL("rId3", "footnotes", "footnotes.xml") REL("rId4", "endnotes", "endnotes.xml")
                      REL("rId5", "comments", "comments.xml") REL("rId6", "chart", "charts/chart1.xml"))},
        {"word/header1.xml", TEXT_PART("hdr", P("{{ x }}-header"))},
        {"word/footer1.xml", TEXT_PART("ftr", P("{{ x }}-footer"))},
        {"word/footnotes.xml", TEXT_PART("footnotes", "<w:footnote w:id=\"1\">" P("{{ x }}-note") "</w:footnote>")},
        {"word/endnotes.xml", TEXT_PART("endnotes", "<w:endnote w:id=\"1\">" P("{{ x }}-end") "</w:endnote>")},
        {"word/comments.xml", TEXT_PART("comments", "<w:comment w:id=\"1\">" P("{{ x }}-remark") "</w:comment>")},
        {"word/charts/chart1.xml",
         "<c:chartSpace xmlns:c=\"http://schemas.openxmlformats.org/drawingml/2006/chart\" "
         "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"><c:chart><c:title><c:tx><c:rich>"
         "<a:p><a:r><a:t>{{ x }}-chart</a:t></a:r></a:p></c:rich></c:tx></c:title></c:chart></c:chartSpace>"},
        {"docProps/core.xml",
         "<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" "
         "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{{ x }}-title</dc:title></cp:coreProperties>"},
        {"docProps/custom.xml",
         "<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties\" xmlns:vt=\"" VT
         "\"><property pid=\"2\" name=\"File\"><vt:lpwstr>{{ x }}-custom</vt:lpwstr></property></Properties>"},
        {NULL, NULL}};
    static const char *const wanted[][2] = {
        {"word/document.xml", "&lt;X&gt;-body"},   {"word/document.xml", "&lt;X&gt;-box"},
        {"word/header1.xml", "&lt;X&gt;-header"},  {"word/footer1.xml", "&lt;X&gt;-footer"},
        {"word/footnotes.xml", "&lt;X&gt;-note"},  {"word/endnotes.xml", "&lt;X&gt;-end"},
        {"word/comments.xml", "&lt;X&gt;-remark"}, {"word/charts/chart1.xml", "&lt;X&gt;-chart"},
        {"docProps/core.xml", "&lt;X&gt;-title"},  {"docProps/custom.xml", "&lt;X&gt;-custom"}};
    struct outcome o = render_members(parts, "{\"x\":\"<X>\"}");
    assert_int_equal(o.status, DGL_OK);
    for (size_t i = 0; i < DGL_COUNT(wanted); i++) {
        char *xml = read_member(&o.package, wanted[i][0]);
        if (!strstr(xml, wanted[i][1]))
            print_error("no %s in %s: %s\n", wanted[i][1], wanted[i][0], xml);
        assert_non_null(strstr(xml, wanted[i][1]));
        free(xml);
    }
    outcome_fini(&o);
}

static void tags_in_other_places(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){{"word/document.xml", DOCUMENT("<w:p><w:hyperlink r:id=\"rId9\" w:tooltip=\"{{ tip "
                                                         "}}\"><w:r><w:t>{{ a }}</w:t></w:r></w:hyperlink></w:p>")},
                          {"word/_rels/document.xml.rels",
                           RELS("<Relationship Id=\"rId9\" Type=\"" REL_OFFICE
                                "hyperlink\" Target=\"https://x.test/%7B%7Ba%7D%7D\" TargetMode=\"External\"/>")},
                          {NULL, NULL}},
        "{\"a\":\"b c\",\"tip\":\"<\\\"&\"}");
    assert_int_equal(o.status, DGL_OK);
    assert_non_null(strstr(o.document, "w:tooltip=\"&lt;&quot;&amp;\""));
    assert_non_null(strstr(o.document, "r:id=\"rIdD1\""));
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    assert_non_null(strstr(rels, "Target=\"https://x.test/b%20c\" TargetMode=\"External\""));
    free(rels);
    outcome_fini(&o);
}

// Addresses of links in headers and footnotes stand in the relationships of their own part.
static void links_in_all_parts(void **state DGL_UNUSED)
{
#define LINK "<w:p><w:hyperlink r:id=\"rId1\"><w:r><w:t>{{ u }}</w:t></w:r></w:hyperlink></w:p>"
#define TARGET(more)                                                                                \
    RELS("<Relationship Id=\"rId1\" Type=\"" REL_OFFICE "hyperlink\" Target=\"https://x.test/" more \
         "%7B%7B%20u%20%7D%7D\" TargetMode=\"External\"/>")
#define PART(name, inside) "<w:" name " xmlns:w=\"" NS_W "\" xmlns:r=\"" NS_R "\">" inside "</w:" name ">"
    static const char *const rels_of[] = {"word/_rels/header1.xml.rels", "word/_rels/footer1.xml.rels",
                                          "word/_rels/footnotes.xml.rels"};
    static const char *const targets[] = {"https://x.test/h/b%20c?d&amp;e%22", "https://x.test/f/b%20c?d&amp;e%22",
                                          "https://x.test/n/b%20c?d&amp;e%22"};
    struct outcome o = render_members(
        (struct member[]){
            {"word/document.xml",
             DOCUMENT("<w:p><w:r><w:footnoteReference w:id=\"2\"/></w:r></w:p>"
                      "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText> HYPERLINK "
                      "\"https://x.test/{{ </w:instrText></w:r><w:r><w:instrText>u }}\" </w:instrText></w:r>"
                      "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>")},
            {"word/_rels/document.xml.rels",
             RELS(REL("rId1", "header", "header1.xml") REL("rId2", "footer", "footer1.xml")
                      REL("rId3", "footnotes", "footnotes.xml"))},
            {"word/header1.xml", PART("hdr", LINK)},
            {"word/_rels/header1.xml.rels", TARGET("h/")},
            {"word/footer1.xml", PART("ftr", LINK)},
            {"word/_rels/footer1.xml.rels", TARGET("f/")},
            {"word/footnotes.xml", PART("footnotes", "<w:footnote w:id=\"2\">" LINK "</w:footnote>")},
            {"word/_rels/footnotes.xml.rels", TARGET("n/")},
            {NULL, NULL}},
        "{\"u\":\"b c?d&e\\\"\"}");
    assert_int_equal(o.status, DGL_OK);
    for (size_t i = 0; i < DGL_COUNT(rels_of); i++) {
        char *rels = read_member(&o.package, rels_of[i]);
        if (!strstr(rels, targets[i]))
            print_error("%s\n", rels);
        assert_non_null(strstr(rels, targets[i]));
        free(rels);
    }
    if (!strstr(o.document, "HYPERLINK \"https://x.test/b c?d&amp;e"))
        print_error("%s\n", o.document);
    assert_non_null(strstr(o.document, "HYPERLINK \"https://x.test/b c?d&amp;e"));
    outcome_fini(&o);
}

static void links_in_loops_differ(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){
            {"word/document.xml",
             DOCUMENT(P("{%p for u in us %}") "<w:p><w:hyperlink r:id=\"rId9\"><w:r><w:t>{{ u "
                                              "}}</w:t></w:r></w:hyperlink></w:p>" P("{%p endfor %}"))},
            {"word/_rels/document.xml.rels", RELS("<Relationship Id=\"rId9\" Type=\"" REL_OFFICE
                                                  "hyperlink\" Target=\"{{ u }}\" TargetMode=\"External\"/>")},
            {NULL, NULL}},
        "{\"us\":[\"https://a.test/?a=1&b=2\",\"https://b.test/\"]}");
    assert_int_equal(o.status, DGL_OK);
    assert_non_null(strstr(o.document, "r:id=\"rIdD1\""));
    assert_non_null(strstr(o.document, "r:id=\"rIdD2\""));
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    assert_non_null(strstr(rels, "https://a.test/?a=1&amp;b=2"));
    free(rels);
    outcome_fini(&o);
}

static void links_in_macros_have_their_addresses(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){
            {"word/document.xml",
             DOCUMENT(P("{%p macro m(u) %}") "<w:p><w:hyperlink r:id=\"rId9\"><w:r><w:t>{{ u "
                                             "}}</w:t></w:r></w:hyperlink></w:p>" P("{%p endmacro %}")
                                                 P("{%p for u in us %}") P("{{p m(u) }}") P("{%p endfor %}"))},
            {"word/_rels/document.xml.rels", RELS("<Relationship Id=\"rId9\" Type=\"" REL_OFFICE
                                                  "hyperlink\" Target=\"{{ u }}\" TargetMode=\"External\"/>")},
            {NULL, NULL}},
        "{\"us\":[\"https://a.test/?a=1&b=2\",\"https://b.test/\"]}");
    assert_int_equal(o.status, DGL_OK);
    assert_non_null(strstr(o.document, "r:id=\"rIdD1\""));
    assert_non_null(strstr(o.document, "r:id=\"rIdD2\""));
    char *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    assert_non_null(strstr(rels, "\"https://a.test/?a=1&amp;b=2\""));
    assert_non_null(strstr(rels, "\"https://b.test/\""));
    free(rels);
    outcome_fini(&o);
}

static void bookmarks_in_loops_stay_unique(void **state DGL_UNUSED)
{
    struct outcome o = render_body(
        DOCUMENT(
            P("{%p for x in [1,2] %}") "<w:p><w:bookmarkStart w:id=\"3\" w:name=\"here\"/><w:r><w:t>{{ x }}</w:t></w:r>"
                                       "<w:bookmarkEnd w:id=\"3\"/></w:p>" P("{%p endfor %}")),
        "{}");
    assert_int_equal(o.status, DGL_OK);
    assert_non_null(strstr(o.document, "w:id=\"4\" w:name=\"here\""));
    assert_non_null(strstr(o.document, "w:id=\"5\" w:name=\"here_2\""));
    assert_non_null(strstr(o.document, "<w:bookmarkEnd w:id=\"5\"/>"));
    outcome_fini(&o);
}

static void half_bookmarks_go(void **state DGL_UNUSED)
{
    struct outcome o = render_body(
        DOCUMENT("<w:p><w:bookmarkStart w:id=\"3\" w:name=\"here\"/><w:r><w:t>{%p if 1 %}</w:t></w:r></w:p>" P(
            "a") "<w:p><w:bookmarkEnd w:id=\"3\"/><w:r><w:t>b</w:t></w:r></w:p>" P("{%p endif %}")),
        "{}");
    assert_int_equal(o.status, DGL_OK);
    assert_null(strstr(o.document, "bookmark"));
    outcome_fini(&o);
}

static void section_breaks_stay(void **state DGL_UNUSED)
{
    struct outcome o = render_body(DOCUMENT(P("{%p for x in [1,2] %}") P(
                                       "a") "<w:p><w:pPr><w:sectPr/></w:pPr><w:r><w:t>{%p endfor %}</w:t></w:r></w:p>"),
                                   "{}");
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(count_of(o.document, "<w:sectPr/>"), 1);
    outcome_fini(&o);
}

static void tokens_of_all_parts(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(docx) d = NULL;
    make_package((struct member[]){{"word/document.xml",
                                    DOCUMENT(P("{{ invoice }}{% for i in items %}{{ i.name }}{% endfor %}"))},
                                   {"word/_rels/document.xml.rels", RELS(REL("rId1", "header", "header1.xml"))},
                                   {"word/header1.xml", "<w:hdr xmlns:w=\"" NS_W "\">" P("{{ company }}") "</w:hdr>"},
                                   {NULL, NULL}},
                 &package);
    assert_int_equal(dgl_docx_compile(package.data, package.len, NULL, &d, &err), DGL_OK);
    DGL_AUTO_JSON tokens = dgl_docx_tokens(d);
    assert_int_equal(json_array_size(tokens), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_split_over_runs),
        cmocka_unit_test(first_run_gives_the_format),
        cmocka_unit_test(what_word_does_to_tags_is_undone),
        cmocka_unit_test(delimiters_inside_strings_and_brackets),
        cmocka_unit_test(names_that_look_like_prefixes),
        cmocka_unit_test(blocks_inside_a_paragraph),
        cmocka_unit_test(paragraphs_of_tags_vanish),
        cmocka_unit_test(blocks_between_paragraphs),
        cmocka_unit_test(dashes_join_paragraphs),
        cmocka_unit_test(values_stay_in_the_arguments_of_fields),
        cmocka_unit_test(rows_repeat_without_prefix),
        cmocka_unit_test(blocks_are_read_as_they_stand),
        cmocka_unit_test(unbalanced_blocks_are_named),
        cmocka_unit_test(all_problems_at_once),
        cmocka_unit_test(tags_in_every_part),
        cmocka_unit_test(tags_in_other_places),
        cmocka_unit_test(links_in_all_parts),
        cmocka_unit_test(links_in_loops_differ),
        cmocka_unit_test(links_in_macros_have_their_addresses),
        cmocka_unit_test(bookmarks_in_loops_stay_unique),
        cmocka_unit_test(half_bookmarks_go),
        cmocka_unit_test(section_breaks_stay),
        cmocka_unit_test(tokens_of_all_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
