// Charts fed with data: series, categories, the workbook behind them.
#include "check.h"
#include "package.h"

#define NS_C "http://schemas.openxmlformats.org/drawingml/2006/chart"
#define SERIES(n, more)                                                                                      \
    "<c:ser><c:idx val=\"" n "\"/><c:order val=\"" n "\"/><c:tx><c:v>old</c:v></c:tx><c:spPr><a:look n=\"" n \
    "\"/></c:spPr>" more "<c:cat><c:strRef><c:f>X</c:f></c:strRef></c:cat><c:val><c:numRef><c:f>X</"         \
    "c:f><c:numCache><c:formatCode>0.00</c:formatCode>"                                                      \
    "<c:pt idx=\"0\"><c:v>99</c:v></c:pt></c:numCache></c:numRef></c:val><c:smooth val=\"0\"/></c:ser>"
#define CHART(series)                                                                                                 \
    "<c:chartSpace xmlns:c=\"" NS_C                                                                                   \
    "\" xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" xmlns:r=\"" NS_R "\">"                      \
    "<c:chart><c:title><a:p><a:r><a:t>Sales of {{ name }}</a:t></a:r></a:p></c:title><c:plotArea><c:barChart>" series \
    "</c:barChart></c:plotArea></c:chart><c:externalData r:id=\"rId1\"/></c:chartSpace>"
#define BODY                                                                                \
    DOCUMENT(P("{{ name }}") "<w:p><w:r><w:drawing><wp:inline "                             \
                             "xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/" \
                             "wordprocessingDrawing\"><wp:docPr id=\"1\" name=\"Chart 1\" " \
                             "descr=\"Sales\"/><c:chart xmlns:c=\"" NS_C                    \
                             "\" r:id=\"rId4\"/></wp:inline></w:drawing></w:r></w:p>")

static struct outcome render_chart_of(const char *chart, const char *json, const char *relationships)
{
    const struct member members[] = {{"word/document.xml", BODY},
                                     {"word/_rels/document.xml.rels", RELS(REL("rId4", "chart", "charts/chart1.xml"))},
                                     {"word/charts/chart1.xml", chart},
                                     {"word/charts/_rels/chart1.xml.rels", relationships},
                                     {"word/embeddings/book.xlsx", "old"},
                                     {NULL, NULL}};
    return render_members(members, json);
}

static struct outcome render_chart(const char *chart, const char *json, bool with_workbook)
{
    return render_chart_of(chart, json,
                           with_workbook ? RELS(REL("rId1", "package", "../embeddings/book.xlsx")) : RELS(""));
}

static char *chart_of(struct outcome *o)
{
    if (o->status != DGL_OK)
        fail_msg("%s", o->err.message);
    assert_null(check_document_package(o->package.data, o->package.len, true));
    return read_member(&o->package, "word/charts/chart1.xml");
}

#define DATA "{\"name\":\"R&D\",\"replace_charts\":{\"Sales\":{\"categories\":[\"North\",\"<South>\"],\"series\":["
#define FIRST "{\"name\":\"2024\",\"values\":[3,null]}"
#define SECOND "{\"name\":\"2025\",\"values\":[5,2.5]}"

static void series_and_workbook(void **state DGL_UNUSED)
{
    struct outcome o =
        render_chart(CHART(SERIES("0", "<c:dPt><c:idx val=\"9\"/></c:dPt>")), DATA FIRST "," SECOND "]}}}", true);
    char *chart = chart_of(&o);
    assert_int_equal(count_of(chart, "<c:ser>"), 2);
    assert_int_equal(count_of(chart, "<a:look"), 1); // the further one has a colour of the theme
    assert_non_null(strstr(chart, "accent2"));
    assert_non_null(strstr(chart, "Sales of R&amp;D"));
    assert_non_null(strstr(chart, "<c:f>Sheet1!$C$2:$C$3</c:f>"));
    assert_non_null(strstr(
        chart,
        "<c:formatCode>0.00</c:formatCode><c:ptCount val=\"2\"/><c:pt idx=\"0\"><c:v>3</c:v></c:pt></c:numCache>"));
    assert_non_null(strstr(chart, "<c:v>&lt;South&gt;</c:v>"));
    assert_int_equal(count_of(chart, "c:smooth"), 2);
    assert_null(strstr(chart, "99"));
    assert_null(strstr(chart, "dPt"));
    struct dgl_buf book = DGL_BUF_INIT(1u << 20);
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip) z = NULL;
    size_t at = 0;
    assert_int_equal(dgl_zip_open(o.package.data, o.package.len, &z, &err), DGL_OK);
    assert_true(dgl_zip_find(z, "word/embeddings/book.xlsx", &at));
    assert_int_equal(dgl_zip_read(z, at, &book, &err), DGL_OK);
    char *sheet = read_member(&book, "xl/worksheets/sheet1.xml");
    assert_non_null(
        strstr(sheet, "<c r=\"A3\" t=\"inlineStr\"><is><t>&lt;South&gt;</t></is></c><c r=\"C3\"><v>2.5</v></c>"));
    free(chart), free(sheet);
    dgl_buf_fini(&book);
    outcome_fini(&o);
}

static void fewer_series_and_no_workbook(void **state DGL_UNUSED)
{
    struct outcome o = render_chart(CHART(SERIES("0", "") SERIES("1", "")), DATA SECOND "]}}}", false);
    char *chart = chart_of(&o);
    assert_int_equal(count_of(chart, "<c:ser>"), 1);
    assert_null(strstr(chart, "externalData"));
    free(chart);
    outcome_fini(&o);
}

// A chart whose workbook is said to be the document: that is none, and the document stays.
static void a_workbook_that_is_the_document(void **state DGL_UNUSED)
{
    struct outcome o =
        render_chart_of(CHART(SERIES("0", "")), DATA FIRST "]}}}", RELS(REL("rId1", "package", "../document.xml")));
    char *chart = chart_of(&o);
    assert_non_null(strstr(o.document, "R&amp;D"));
    assert_null(strstr(chart, "externalData"));
    free(chart);
    outcome_fini(&o);
}

static void check_refused(const char *chart, const char *json, const char *words)
{
    struct outcome o = render_chart(chart, json, true);
    assert_int_equal(o.status, DGL_E_INVALID);
    assert_string_equal(dgl_error_slug(&o.err), "invalid_chart");
    if (!strstr(o.err.message, words))
        fail_msg("%s", o.err.message);
    outcome_fini(&o);
}

static void what_is_no_data(void **state DGL_UNUSED)
{
    check_refused(CHART(SERIES("0", "")), "{\"replace_charts\":{\"Sales\":[1]}}", "\"Sales\"");
    check_refused(CHART(SERIES("0", "")), "{\"replace_charts\":{\"Sales\":{\"series\":[]}}}", "\"series\"");
    check_refused(CHART(SERIES("0", "")), DATA "{\"values\":[\"3\"]}]}}}", "numbers");
    check_refused(CHART(SERIES("0", "")), DATA "{\"values\":3}]}}}", "\"values\"");
    check_refused(CHART(""), DATA FIRST "]}}}", "no series");
    struct outcome o =
        render_chart(CHART(SERIES("0", "")), "{\"replace_charts\":{\"Else\":{\"series\":[" FIRST "]}}}", true);
    char *chart = chart_of(&o);
    assert_int_equal(o.warnings, 1);
    assert_non_null(strstr(chart, "99")); // as it was
    free(chart);
    outcome_fini(&o);
}

// ---- charts that loops make

#define LOOPED(names)                                                                                          \
    DOCUMENT(P("{%p for r in regions %}") "<w:p><w:r><w:drawing><wp:inline "                                   \
                                          "xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/"       \
                                          "wordprocessingDrawing\"><wp:docPr id=\"1\" name=\"Chart 1\" " names \
                                          "/><c:chart xmlns:c=\"" NS_C                                         \
                                          "\" r:id=\"rId4\"/></wp:inline></w:drawing></w:r></w:p>" P("{%p endfor %}"))
#define TITLED_CHART(title)                                                                               \
    "<c:chartSpace xmlns:c=\"" NS_C                                                                       \
    "\" xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" xmlns:r=\"" NS_R "\"><c:chart>" \
    "<c:title><a:p><a:r><a:t>" title "</a:t></a:r></a:p></c:title><c:plotArea><c:barChart>" SERIES(       \
        "0", "") "</c:barChart></c:plotArea></c:chart><c:externalData r:id=\"rId1\"/></c:chartSpace>"
#define LOOPED_CHART TITLED_CHART("{{ loop.index }} {{ r.name }}")
#define STYLE_TYPE "http://schemas.microsoft.com/office/2011/relationships/chartStyle"

static struct outcome render_loop(const char *document, const char *chart, const char *json)
{
    const struct member members[] = {
        {"[Content_Types].xml",
         TYPES("<Default Extension=\"xlsx\" ContentType=\"application/x-book\"/><Override "
               "PartName=\"/word/charts/chart1.xml\" ContentType=\"application/x-chart+xml\"/>")},
        {"word/document.xml", document},
        {"word/_rels/document.xml.rels", RELS(REL("rId4", "chart", "charts/chart1.xml"))},
        {"word/charts/chart1.xml", chart},
        {"word/charts/style1.xml", "<style/>"},
        {"word/charts/_rels/chart1.xml.rels",
         RELS(REL("rId1", "package", "../embeddings/book.xlsx") "<Relationship Id=\"rId2\" Type=\"" STYLE_TYPE
                                                                "\" Target=\"style1.xml\"/>")},
        {"word/embeddings/book.xlsx", "old"},
        {NULL, NULL}};
    return render_members(members, json);
}

static void check_holds(struct outcome *o, const char *member, const char *text)
{
    char *xml = read_member(&o->package, member);
    if (!xml || !strstr(xml, text))
        fail_msg("%s: %s", member, xml ? xml : "is not there");
    free(xml);
}

static void check_gone(struct outcome *o, const char *member)
{
    char *xml = read_member(&o->package, member);
    assert_null(xml);
}

static void check_looped(struct outcome *o)
{
    if (o->status != DGL_OK)
        fail_msg("%s", o->err.message);
    assert_null(check_document_package(o->package.data, o->package.len, true));
    check_holds(o, "word/charts/dgl-chart1.xml", "1 North");
    check_holds(o, "word/charts/dgl-chart2.xml", "2 South");
    check_gone(o, "word/charts/dgl-chart3.xml");
    check_gone(o, "word/charts/chart1.xml"); // only copies of it are shown
    check_gone(o, "word/charts/_rels/chart1.xml.rels");
    check_gone(o, "word/embeddings/book.xlsx");
    check_holds(o, "word/charts/_rels/dgl-chart2.xml.rels", "\"/word/embeddings/dgl-chart2.xlsx\"");
    check_holds(o, "word/charts/_rels/dgl-chart2.xml.rels", "\"/word/charts/style1.xml\"");
    check_holds(o, "word/_rels/document.xml.rels", "Id=\"rIdD2\"");
    check_holds(o, "word/_rels/document.xml.rels", "\"/word/charts/dgl-chart2.xml\"");
    check_holds(o, "[Content_Types].xml",
                "PartName=\"/word/charts/dgl-chart2.xml\" ContentType=\"application/x-chart+xml\"");
    check_holds(o, "[Content_Types].xml",
                "PartName=\"/word/embeddings/dgl-chart2.xlsx\" ContentType=\"application/x-book\"");
    assert_non_null(strstr(o->document, "r:id=\"rIdD1\""));
    assert_non_null(strstr(o->document, "r:id=\"rIdD2\""));
}

#define REGIONS "\"regions\":[{\"name\":\"North\",\"n\":1},{\"name\":\"South\",\"n\":2}]"

static void each_turn_has_a_chart(void **state DGL_UNUSED)
{
    struct outcome o = render_loop(LOOPED("descr=\"Turnover\""), LOOPED_CHART, "{" REGIONS "}");
    check_looped(&o);
    check_holds(&o, "word/charts/dgl-chart1.xml", "99"); // the template's numbers
    check_holds(&o, "word/embeddings/dgl-chart1.xlsx", "old");
    outcome_fini(&o);
    o = render_loop(LOOPED("descr=\"Turnover\""), LOOPED_CHART, "{\"regions\":[]}");
    assert_int_equal(o.status, DGL_OK);
    check_gone(&o, "word/charts/chart1.xml");
    check_gone(&o, "word/charts/dgl-chart1.xml");
    char *types = read_member(&o.package, "[Content_Types].xml"),
         *rels = read_member(&o.package, "word/_rels/document.xml.rels");
    assert_null(strstr(types, "chart1"));
    assert_null(strstr(rels, "chart1"));
    free(types), free(rels);
    outcome_fini(&o);
}

static void each_turn_has_its_data(void **state DGL_UNUSED)
{
    // By a name that the turn completes.
    struct outcome o = render_loop(LOOPED("descr=\"R&amp;D of {{ r.name }}\""), LOOPED_CHART,
                                   "{" REGIONS ",\"replace_charts\":{\"R&D of North\":{\"series\":[" FIRST "]},"
                                   "\"R&D of South\":{\"series\":[" SECOND "]},\"Else\":{\"series\":[" FIRST "]}}}");
    check_looped(&o);
    assert_int_equal(o.warnings, 1); // Else
    check_holds(&o, "word/charts/dgl-chart1.xml", "<c:v>2024</c:v>");
    check_holds(&o, "word/charts/dgl-chart2.xml", "<c:v>2025</c:v>");
    assert_non_null(strstr(o.document, "descr=\"R&amp;D of South\""));
    outcome_fini(&o);
    // By a value of the turn.
    o = render_loop(LOOPED("descr=\"{{ r.chart }}\" title=\"Turnover\""), LOOPED_CHART,
                    "{\"regions\":[{\"name\":\"North\",\"chart\":{\"series\":[" FIRST
                    "]}},{\"name\":\"South\",\"chart\":{\"series\":[" SECOND "]}}]}");
    check_looped(&o);
    check_holds(&o, "word/charts/dgl-chart1.xml", "<c:v>2024</c:v>");
    check_holds(&o, "word/charts/dgl-chart2.xml", "<c:v>2025</c:v>");
    assert_non_null(strstr(o.document, "descr=\"\" title=\"Turnover\""));
    outcome_fini(&o);
    // One name for all.
    o = render_loop(LOOPED("descr=\"Turnover\""), LOOPED_CHART,
                    "{" REGIONS ",\"replace_charts\":{\"Turnover\":{\"series\":[" SECOND "]}}}");
    check_looped(&o);
    assert_int_equal(o.warnings, 0);
    check_holds(&o, "word/charts/dgl-chart1.xml", "<c:v>2025</c:v>");
    outcome_fini(&o);
}

// A macro's chart is made when the macro runs, with what its tags are then; so in a recursive loop.
static void charts_of_macros(void **state DGL_UNUSED)
{
#define DRAWN(names)                                                                                  \
    "<w:p><w:r><w:drawing><wp:inline xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/"    \
    "wordprocessingDrawing\"><wp:docPr id=\"1\" name=\"Chart 1\" " names "/><c:chart xmlns:c=\"" NS_C \
    "\" r:id=\"rId4\"/></wp:inline></w:drawing></w:r></w:p>"
#define DRAWING_MACRO(names) P("{%p macro m(r) %}") DRAWN(names) P("{%p endmacro %}")
    const char *chart = TITLED_CHART("{{ r.n }} {{ r.name }}");
    struct outcome o = render_loop(DOCUMENT(DRAWING_MACRO("descr=\"{{ r.chart }}\"") P("{%p for r in regions %}")
                                                P("{{p m(r) }}") P("{%p endfor %}")),
                                   chart,
                                   "{\"regions\":[{\"name\":\"North\",\"n\":1,\"chart\":{\"series\":[" FIRST
                                   "]}},{\"name\":\"South\",\"n\":2,\"chart\":{\"series\":[" SECOND "]}}]}");
    check_looped(&o);
    check_holds(&o, "word/charts/dgl-chart1.xml", "<c:v>2024</c:v>");
    check_holds(&o, "word/charts/dgl-chart2.xml", "<c:v>2025</c:v>");
    outcome_fini(&o);
    o = render_loop(DOCUMENT(P("{%p for r in regions recursive %}") DRAWN("descr=\"Turnover\"") P("{{p loop(r.sub) }}")
                                 P("{%p endfor %}")),
                    chart,
                    "{\"regions\":[{\"name\":\"North\",\"n\":1,\"sub\":[{\"name\":\"South\",\"n\":2,\"sub\":[]}]}]}");
    check_looped(&o);
    outcome_fini(&o);
    o = render_loop(DOCUMENT(DRAWING_MACRO("descr=\"Turnover\"") P("{{p m({'name': 'x'|qr}) }}")), chart, "{}");
    assert_int_equal(o.status, DGL_E_INVALID);
    outcome_fini(&o);
    // A chart whose title calls a macro with a chart.
    o = render_loop(DOCUMENT(DRAWING_MACRO("descr=\"Turnover\"") P("{%p for r in [1] %}") DRAWN("descr=\"Turnover\"")
                                 P("{%p endfor %}")),
                    TITLED_CHART("{{ m(2) if r == 1 }}"), "{}");
    assert_string_equal(o.err.slug, "misplaced_value");
    outcome_fini(&o);
#undef DRAWING_MACRO
#undef DRAWN
}

static void a_fault_in_a_looped_chart(void **state DGL_UNUSED)
{
    struct outcome o = render_loop(LOOPED("descr=\"{{ r.chart }}\""), LOOPED_CHART,
                                   "{\"regions\":[{\"name\":\"North\",\"chart\":{\"series\":3}}]}");
    assert_int_equal(o.status, DGL_E_INVALID);
    assert_string_equal(dgl_error_slug(&o.err), "invalid_chart");
    outcome_fini(&o);
    o = render_loop(LOOPED("descr=\"x\""), LOOPED_CHART, "{\"regions\":[3]}");
    assert_int_equal(o.status, DGL_OK); // r.name of a number is undefined
    outcome_fini(&o);
    o = render_loop(LOOPED("descr=\"x\""), CHART(SERIES("0", "")), "{\"regions\":[1]}");
    assert_int_equal(o.status, DGL_OK);
    outcome_fini(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(series_and_workbook),
                                       cmocka_unit_test(fewer_series_and_no_workbook),
                                       cmocka_unit_test(a_workbook_that_is_the_document),
                                       cmocka_unit_test(what_is_no_data),
                                       cmocka_unit_test(each_turn_has_a_chart),
                                       cmocka_unit_test(each_turn_has_its_data),
                                       cmocka_unit_test(charts_of_macros),
                                       cmocka_unit_test(a_fault_in_a_looped_chart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
