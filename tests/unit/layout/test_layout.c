// Layout rules, one by one, read off the text dump of the boxes.
#include "lay_out.h"

// The gap of the font stands above the baseline: 0.905 + 0.033 of ten points below the margin.
static void test_first_line_and_pitch(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = P("one") P("two")});
    near(find_text(d, "one").x, 72);
    near(find_text(d, "one").y, 72 + 9.38);
    near(find_text(d, "two").y - find_text(d, "one").y, 11.50);
    free(d);
}

// Between paragraphs the larger of after and before counts; contextualSpacing takes it away between equals.
static void test_spacing(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = PP("<w:spacing w:after=\"200\"/>", "one")
                                               PP("<w:spacing w:before=\"400\"/>", "two")
                                                   PP("<w:spacing w:before=\"400\"/><w:contextualSpacing/>", "three")});
    near(find_text(d, "two").y - find_text(d, "one").y, 11.50 + 20);
    near(find_text(d, "three").y - find_text(d, "two").y, 11.50);
    free(d);
}

static void test_line_rules(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = PP("<w:spacing w:line=\"480\" w:lineRule=\"auto\"/>", "one") PP(
                                               "<w:spacing w:line=\"600\" w:lineRule=\"exact\"/>", "two") P("three")});
    near(find_text(d, "one").y, 72 + 9.38); // extra room goes below the line
    near(find_text(d, "three").y - 9.38 - 30 - 23.0, 72);
    free(d);
}

static void test_alignment_and_tabs(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = PP("<w:jc w:val=\"right\"/>", "right") "<w:p><w:pPr><w:tabs><w:tab w:val=\"right\" w:leader=\"dot\" "
                                                       "w:pos=\"4320\"/></w:tabs></w:pPr><w:r><w:t>a"
                                                       "</w:t><w:tab/><w:t>zz</w:t></w:r></w:p>"});
    near(find_text(d, "right").x, 540 - 19.45);
    near(find_text(d, "zz").x, 72 + 216 - 10);
    assert_true(find_text(d, "....").found);
    free(d);
}

// A list's label hangs; its text begins at the indent, wherever the label ends.
static void test_list(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .numbering = "<w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"3\"/><w:numFmt "
                     "w:val=\"lowerRoman\"/><w:lvlText w:val=\"(%1)\"/><w:pPr><w:ind w:left=\"720\" "
                     "w:hanging=\"360\"/></w:pPr></w:lvl></w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId "
                     "w:val=\"0\"/></w:num>",
        .body = PP("<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr>", "first")
            PP("<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr>", "second")});
    near(find_text(d, "(iii)").x, 72 + 18);
    near(find_text(d, "first").x, 72 + 36);
    near(find_text(d, "(iv)").x, 72 + 18);
    free(d);
}

// A picture bullet keeps the shape of its picture at three quarters of the letters' size; without it there is a round
// one.
static void test_picture_bullets(void **state DGL_UNUSED)
{
    struct docx_parts p = {
        .numbering =
            "<w:numPicBullet w:numPicBulletId=\"3\"><w:pict xmlns:v=\"urn:schemas-microsoft-com:vml\"><v:shape "
            "style=\"width:60pt;height:30pt\"><v:imagedata r:id=\"rIdB\"/></v:shape></w:pict></w:numPicBullet>"
            "<w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt "
            "w:val=\"bullet\"/>"
            "<w:lvlText w:val=\"x\"/><w:lvlPicBulletId w:val=\"3\"/><w:pPr><w:ind w:left=\"720\" "
            "w:hanging=\"360\"/></w:pPr>"
            "</w:lvl></w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num>",
        .bullet = true,
        .body = PP("<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr>", "item") P("next")};
    char *d = dump_of(&p);
    assert_non_null(strstr(d, "picture 90.000 73.880 15.000 7.500"));
    near(find_text(d, "item").x, 108);
    near(find_text(d, "item").y, 72 + 9.38);
    near(find_text(d, "next").y, 72 + 11.50 + 9.38);
    assert_int_equal(g_findings.found[DGL_FEATURE_PICTURE_BULLET].count, 0);
    free(d);
    p.numbering = strstr(p.numbering, "<w:abstractNum ");
    d = dump_of(&p);
    assert_true(find_text(d, "\xE2\x80\xA2").found);
    assert_int_equal(g_findings.found[DGL_FEATURE_PICTURE_BULLET].count, 1);
    free(d);
}

// 56 lines of 11.50 points fit into 648 points. A heading kept with the next goes along; single lines stay with others.
static void test_keep_with_next(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, P("line"), 55);
    dgl_buf_puts(&b, PP("<w:keepNext/>", "Heading") P("below"));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(pages_in(d), 2);
    assert_int_equal(find_text(d, "Heading").page, 2);
    assert_int_equal(find_text(d, "below").page, 2);
    free(d);
    dgl_buf_fini(&b);
}

// What a page break follows is kept with nothing behind it.
static void test_keep_up_to_a_break(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, P("line"), 55);
    dgl_buf_puts(&b,
                 "<w:p><w:pPr><w:keepNext/></w:pPr><w:r><w:t>last</w:t><w:br w:type=\"page\"/></w:r></w:p>" P("below"));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(pages_in(d), 2);
    assert_int_equal(find_text(d, "last").page, 1);
    assert_int_equal(find_text(d, "below").page, 2);
    free(d);
    dgl_buf_fini(&b);
}

static void test_widows(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, P("line"), 54);
    dgl_buf_puts(&b, "<w:p><w:r><w:t>a1</w:t><w:br/><w:t>a2</w:t><w:br/><w:t>a3</w:t></w:r></w:p>");
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    // Two lines would fit, but the third may not stand alone, and then the first neither: all three move.
    assert_int_equal(find_text(d, "a1").page, 2);
    near(find_text(d, "a1").y, 72 + 9.38);
    free(d);
    dgl_buf_fini(&b);
}

// At the top of a page three lines of which two fit cannot be held together: they break where there is no more room.
static void test_widows_of_a_whole_page(void **state DGL_UNUSED)
{
#define EXACT "<w:spacing w:line=\"6000\" w:lineRule=\"exact\"/>" // 300 of 648 points
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:pPr>" EXACT "</w:pPr><w:r><w:t>a1</w:t><w:br/><w:t>a2</w:t><w:br/><w:t>a3</w:t></w:r></w:p>"});
    assert_int_equal(find_text(d, "a2").page, 1);
    assert_int_equal(find_text(d, "a3").page, 2);
    free(d);
}

static void test_page_break_leaves_no_empty_line(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = "<w:p><w:r><w:t>a</w:t><w:br w:type=\"page\"/></w:r></w:p>" P("b")});
    assert_int_equal(find_text(d, "b").page, 2);
    near(find_text(d, "b").y, 72 + 9.38);
    free(d);
}

// Preferences of 2,000 and 8,000 twips in a table of 8,000: what exceeds is taken in proportion to what is above the
// minimum (5.4 points of margin on both sides and the longest word).
static void test_autofit(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = "<w:compat><w:compatSetting w:name=\"compatibilityMode\" w:val=\"15\"/></w:compat>",
        .body =
            "<w:tbl><w:tblPr><w:tblW w:type=\"dxa\" w:w=\"8000\"/></w:tblPr><w:tblGrid><w:gridCol w:w=\"4000\"/>"
            "<w:gridCol w:w=\"4000\"/></w:tblGrid><w:tr>" TC("2000", "ii") TC("8000", "ll") "</w:tr></w:tbl>" P("")});
    double min = 10.8 + 4.44, excess = 100, slack = 100 - min + 400 - min;
    near(find_text(d, "ii").x, 72 + 5.4);
    near(find_text(d, "ll").x, 72 + 5.4 + 100 - excess * (100 - min) / slack);
    free(d);
}

static void test_rows_over_pages_repeat_headers(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&b, "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w=\"4000\"/></w:tblGrid><w:tr><w:trPr><w:tblHeader/>"
                     "</w:trPr>" TC("4000", "Head") "</w:tr>");
    repeat(&b, "<w:tr>" TC("4000", "row") "</w:tr>", 100);
    dgl_buf_puts(&b, "</w:tbl>" P(""));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    int heads = 0;
    for (const char *at = d; (at = strstr(at, "\"Head\"")); at++)
        heads++;
    assert_int_equal(pages_in(d), 2);
    assert_int_equal(heads, 2);
    free(d);
    dgl_buf_fini(&b);
}

static void test_header_with_page_numbers(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .header = "<w:p><w:r><w:t xml:space=\"preserve\">Page </w:t></w:r><w:fldSimple w:instr=\" PAGE \"/><w:r><w:t "
                  "xml:space=\"preserve\"> of </w:t></w:r><w:fldSimple w:instr=\" NUMPAGES \"/></w:p>",
        .body = "<w:p><w:r><w:t>a</w:t><w:br w:type=\"page\"/><w:t>b</w:t></w:r></w:p><!--own section--><w:sectPr>"
                "<w:headerReference w:type=\"default\" r:id=\"rIdH\"/><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar "
                "w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" "
                "w:footer=\"720\"/></w:sectPr>"});
    assert_int_equal(find_text(d, "Page 1 of 2").page, 1);
    assert_int_equal(find_text(d, "Page 2 of 2").page, 2);
    near(find_text(d, "Page 1").y, 36 + 9.38);
    free(d);
}

static void test_footnote_stands_at_the_bottom(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .footnotes =
            "<w:footnote w:id=\"2\"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>note</w:t></w:r></w:p></w:footnote>",
        .body = "<w:p><w:r><w:t>text</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r></w:p>"});
    near(find_text(d, "1note").y, 720 - 11.50 + 9.38);
    free(d);
}

static void test_toggles_cancel(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .styles = "<w:style w:type=\"paragraph\" w:styleId=\"B\"><w:name w:val=\"B\"/><w:rPr><w:b/></w:rPr></w:style>"
                  "<w:style w:type=\"character\" w:styleId=\"S\"><w:name w:val=\"S\"/><w:rPr><w:b/></w:rPr></w:style>",
        .body = "<w:p><w:pPr><w:pStyle w:val=\"B\"/></w:pPr><w:r><w:t>iiii</w:t></w:r><w:r><w:rPr><w:rStyle "
                "w:val=\"S\"/></w:rPr><w:t>llll</w:t></w:r><w:r><w:t>x</w:t></w:r></w:p>"});
    near(find_text(d, "llll").x - find_text(d, "iiii").x, 4 * 2.78);
    near(find_text(d, "x").x - find_text(d, "llll").x, 4 * 2.22); // regular: the two cancel
    free(d);
}

// A font that is not there keeps its widths: "WWW" of Verdana has 3 × 0.989 em whatever stands in for it.
static void test_widths_of_a_missing_font(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:r><w:rPr><w:rFonts w:ascii=\"Verdana\" w:hAnsi=\"Verdana\"/></w:rPr><w:t>WWW</w:t></w:r>"
                "<w:r><w:t>x</w:t></w:r></w:p>"});
    near(find_text(d, "x").x - 72, 3 * 9.89);
    free(d);
}

// Of a family of which nothing else is known the document's font table says what it is like.
static void test_fonts_by_the_font_table(void **state DGL_UNUSED)
{
#define IN_FONT(font, text) \
    "<w:p><w:r><w:rPr><w:rFonts w:ascii=\"" font "\" w:hAnsi=\"" font "\"/></w:rPr><w:t>" text "</w:t></w:r></w:p>"
    const char *body = IN_FONT("Quaint", "roman") IN_FONT("Quill", "other") IN_FONT("Teletype", "fixed")
        IN_FONT("Nowhere", "plain") IN_FONT("Liberation Sans", "there");
    const char *fonts = "<w:font w:name=\"quaint\"><w:family w:val=\"roman\"/></w:font><w:font w:name=\"Quill\">"
                        "<w:altName w:val=\"Cambria\"/></w:font><w:font w:name=\"Teletype\"><w:pitch "
                        "w:val=\"fixed\"/></w:font><w:font w:name=\"Liberation Sans\"><w:altName "
                        "w:val=\"Cambria\"/><w:family w:val=\"roman\"/></w:font>";
    char *d = dump_of(&(struct docx_parts){.body = body, .fonts = fonts});
    assert_non_null(strstr(d, "\"roman\" Liberation Serif"));
    assert_non_null(strstr(d, "\"other\" Caladea"));
    assert_non_null(strstr(d, "\"fixed\" Liberation Mono"));
    assert_non_null(strstr(d, "\"plain\" Liberation Sans"));
    assert_non_null(strstr(d, "\"there\" Liberation Sans"));
    free(d);
    char *damaged = dump_of(&(struct docx_parts){.body = body, .fonts = "<w:font"}); // the same fonts, nothing known
    assert_non_null(strstr(damaged, "\"roman\" Liberation Sans"));
    free(damaged);
}

static void test_symbol_fonts_are_unicode(void **state DGL_UNUSED)
{
    assert_int_equal(dgl_symbol_unicode(2, 0xF0FC), 0x2714);
    assert_int_equal(dgl_symbol_unicode(2, 0x85), 0x2464);
    assert_int_equal(dgl_symbol_unicode(3, 0xF052), 0x2611);
    assert_int_equal(dgl_symbol_unicode(5, 'a'), 0x2714);
    assert_int_equal(dgl_symbol_unicode(1, 0xF061), 0x3B1);
    assert_int_equal(dgl_symbol_unicode(0, 'a'), 'a');
}

// ---- Hostile input ----

static void test_cyclic_styles_end(void **state DGL_UNUSED)
{
    free(dump_of(&(struct docx_parts){
        .styles = "<w:style w:type=\"paragraph\" w:styleId=\"A\"><w:basedOn w:val=\"B\"/></w:style><w:style "
                  "w:type=\"paragraph\" w:styleId=\"B\"><w:basedOn w:val=\"A\"/></w:style>",
        .body = PP("<w:pStyle w:val=\"A\"/>", "text")}));
}

static void test_deep_tables_end(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, "<w:tbl><w:tr><w:tc>", 60);
    dgl_buf_puts(&b, P("deep"));
    repeat(&b, "</w:tc></w:tr></w:tbl>", 60);
    dgl_buf_puts(&b, P(""));
    free(dump_of(&(struct docx_parts){.body = b.data}));
    dgl_buf_fini(&b);
}

static void test_absurd_lengths_end(void **state DGL_UNUSED)
{
    free(dump_of(&(struct docx_parts){
        .body =
            PP("<w:ind w:left=\"99999999\" w:right=\"-99999999\"/><w:spacing w:before=\"99999999\" w:line=\"1\"/>",
               "some words that have no room") "<w:p><w:r><w:rPr><w:sz w:val=\"999999\"/><w:spacing "
                                               "w:val=\"-9999\"/></w:rPr><w:t>huge text</w:t></w:r></w:p>"
                                               "<w:tbl><w:tblPr><w:tblW w:type=\"dxa\" "
                                               "w:w=\"1\"/></w:tblPr><w:tr><w:tc><w:tcPr><w:gridSpan "
                                               "w:val=\"999\"/></w:tcPr>" P("cell") "</w:tc></w:tr></w:tbl>" P("")}));
}

// A heading stays with all rows that are kept together, and the last of them with what stands below the table.
static void test_keep_with_rows(void **state DGL_UNUSED)
{
#define KEPT(text) "<w:tr><w:tc>" PP("<w:keepNext/>", text) "</w:tc></w:tr>"
    struct dgl_buf body = DGL_BUF_INIT(1 << 20);
    repeat(&body, P("line"), 53); // of 56
    dgl_buf_puts(&body, PP("<w:keepNext/>", "heading") "<w:tbl><w:tblPr/>" KEPT("first") KEPT("second")
                            KEPT("third") "</w:tbl>" P("below"));
    char *d = dump_of(&(struct docx_parts){.body = body.data});
    static const char *const kept[] = {"heading", "first", "third", "below"};
    for (size_t i = 0; i < DGL_COUNT(kept); i++)
        assert_int_equal(find_text(d, kept[i]).page, 2);
    free(d);
    dgl_buf_reset(&body);
    repeat(&body, P("line"), 53);
    dgl_buf_puts(&body, "<w:tbl><w:tblPr/>" KEPT("first") KEPT("second") KEPT("third") "</w:tbl>" P("below"));
    d = dump_of(&(struct docx_parts){.body = body.data});
    assert_int_equal(find_text(d, "first").page, 2);
    free(d);
    dgl_buf_fini(&body);
}

// No schema allows it, but nothing of it is lost.
static void test_blocks_inside_paragraphs(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:r><w:t>outer</w:t></w:r><w:tbl><w:tr>" TC(
            "2000",
            "cell") "</w:tr></w:tbl><w:p><w:r><w:t>inner</w:t></w:r>" P("innermost") "</w:p></w:p>" P("after")});
    double y = 0;
    static const char *const order[] = {"outer", "cell", "inner", "innermost", "after"};
    for (size_t i = 0; i < DGL_COUNT(order); i++) {
        assert_true(find_text(d, order[i]).y > y);
        y = find_text(d, order[i]).y;
    }
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_line_and_pitch),
        cmocka_unit_test(test_spacing),
        cmocka_unit_test(test_line_rules),
        cmocka_unit_test(test_alignment_and_tabs),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_picture_bullets),
        cmocka_unit_test(test_keep_with_next),
        cmocka_unit_test(test_keep_up_to_a_break),
        cmocka_unit_test(test_keep_with_rows),
        cmocka_unit_test(test_blocks_inside_paragraphs),
        cmocka_unit_test(test_widows),
        cmocka_unit_test(test_widows_of_a_whole_page),
        cmocka_unit_test(test_page_break_leaves_no_empty_line),
        cmocka_unit_test(test_autofit),
        cmocka_unit_test(test_rows_over_pages_repeat_headers),
        cmocka_unit_test(test_header_with_page_numbers),
        cmocka_unit_test(test_footnote_stands_at_the_bottom),
        cmocka_unit_test(test_toggles_cancel),
        cmocka_unit_test(test_widths_of_a_missing_font),
        cmocka_unit_test(test_fonts_by_the_font_table),
        cmocka_unit_test(test_symbol_fonts_are_unicode),
        cmocka_unit_test(test_cyclic_styles_end),
        cmocka_unit_test(test_deep_tables_end),
        cmocka_unit_test(test_absurd_lengths_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
