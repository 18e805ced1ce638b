// Lines of paragraphs: where they end, how tall they are, and what stands at a tab; read off the text dump of the
// boxes.
#include "lay_out.h"

#define MODE(n)                                                                                                   \
    "<w:compat><w:compatSetting w:name=\"compatibilityMode\" w:uri=\"http://schemas.microsoft.com/office/word\" " \
    "w:val=\"" n "\"/></w:compat>"
#define LINE_1 (72 + 9.38)
#define LINE_2 (72 + 9.38 + 11.49)

// Ten words want 247.4 points of 245: nine spaces give up 0.27 each.
static void test_justified_line_takes_one_more_word(void **state DGL_UNUSED)
{
    const char *body = PP("<w:ind w:right=\"4460\"/><w:jc w:val=\"both\"/>",
                          "aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa aaaa mark next aaaa aaaa aaaa aaaa aaaa aaaa");
    char *d = dump_of(&(struct docx_parts){.settings = MODE("15"), .body = body});
    near(find_text(d, "next").y, LINE_2);
    free(d);
    d = dump_of(&(struct docx_parts){.settings = MODE("14"), .body = body});
    near(find_text(d, "mark").y, LINE_2);
    free(d);
}

// Four words want 97.3 points of 94: three spaces would have to give up 1.1 of their 2.78.
static void test_justified_line_is_not_squeezed_hard(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = MODE("15"),
        .body = PP("<w:ind w:right=\"7480\"/><w:jc w:val=\"both\"/>", "aaaa aaaa aaaa mark next aaaa")});
    near(find_text(d, "mark").y, LINE_2);
    free(d);
}

// Four fifths of an exact height stand above the baseline, whatever the font.
static void test_exact_height(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = PP("<w:spacing w:line=\"600\" w:lineRule=\"exact\"/>", "wide")
                                               PP("<w:spacing w:line=\"160\" w:lineRule=\"exact\"/>", "tight")});
    near(find_text(d, "wide").y, 72 + 24);
    near(find_text(d, "tight").y, 72 + 30 + 6.4);
    free(d);
}

// What shows nothing makes no line taller, unless there is nothing else on it.
static void test_blanks_are_not_tall(void **state DGL_UNUSED)
{
#define TALL(content) "<w:r><w:rPr><w:sz w:val=\"144\"/></w:rPr>" content "</w:r>"
#define BLANK TALL("<w:t xml:space=\"preserve\"> </w:t>")
    char *d = dump_of(&(struct docx_parts){.body = "<w:p><w:r><w:t>a</w:t></w:r>" BLANK "<w:r><w:t>b</w:t></w:r>" TALL(
                                               "<w:tab/>") "</w:p>" P("second") "<w:p>" BLANK "</w:p>" P("fourth")});
    near(find_text(d, "a").y, 72 + 9.38);
    near(find_text(d, "second").y, 72 + 11.5 + 9.38);
    assert_true(find_text(d, "fourth").y > 72 + 2 * 11.5 + 72);
    free(d);
}

// Tighter than single: ascent and descent shrink alike.
static void test_tight_multiple(void **state DGL_UNUSED)
{
    char *d =
        dump_of(&(struct docx_parts){.body = PP("<w:spacing w:line=\"120\" w:lineRule=\"auto\"/>", "half") P("next")});
    near(find_text(d, "half").y, 72 + 9.38 / 2);
    near(find_text(d, "next").y, 72 + 11.49 / 2 + 9.38);
    free(d);
}

#define DECIMAL(text)                                                                                       \
    "<w:p><w:pPr><w:tabs><w:tab w:val=\"decimal\" w:pos=\"2000\"/></w:tabs></w:pPr><w:r><w:tab/><w:t>" text \
    "</w:t></w:r></w:p>"

static void test_decimal_tabs(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = DECIMAL("1.50") DECIMAL("2,345") DECIMAL("67 kg") DECIMAL("(89)")});
    near(find_text(d, "1.50").x, 172 - 5.56);
    near(find_text(d, "2,345").x, 172 - 4 * 5.56 - 2.78);
    near(find_text(d, "67").x, 172 - 2 * 5.56);
    near(find_text(d, "(89").x, 172 - 2 * 5.56 - 3.33);
    free(d);
    d = dump_of(&(struct docx_parts){.settings = "<w:decimalSymbol w:val=\",\"/>", .body = DECIMAL("1.234,5")});
    near(find_text(d, "1.234").x, 172 - 4 * 5.56 - 2.78);
    free(d);
}

// In a cell no tab is needed.
static void test_decimal_tab_of_a_cell(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = MODE("15"),
        .body = "<w:tbl><w:tblPr><w:tblW w:w=\"4000\" w:type=\"dxa\"/><w:tblLayout w:type=\"fixed\"/><w:tblCellMar>"
                "<w:left w:w=\"0\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr><w:tblGrid><w:gridCol "
                "w:w=\"4000\"/></w:tblGrid>"
                "<w:tr><w:tc><w:tcPr><w:tcW w:w=\"4000\" w:type=\"dxa\"/></w:tcPr><w:p><w:pPr><w:tabs><w:tab "
                "w:val=\"decimal\" "
                "w:pos=\"2000\"/></w:tabs></w:pPr><w:r><w:t>12.5</w:t></w:r></w:p></w:tc></w:tr></w:tbl>" P("")});
    near(find_text(d, "12.5").x, 172 - 2 * 5.56);
    free(d);
}

// A tab with nothing behind it opens no line; behind a stop beyond the indent the text may go on until Word 2010.
static void test_tabs_at_the_end(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = PP("<w:tabs><w:tab w:val=\"right\" w:pos=\"9360\"/></w:tabs>",
                   "12</w:t><w:tab/><w:t>34</w:t><w:tab/><w:t xml:space=\"preserve\">  ") P("below")});
    near(find_text(d, "below").y, 72 + 11.50 + 9.38);
    free(d);
#define BEYOND                                                                                \
    PP("<w:tabs><w:tab w:val=\"decimal\" w:pos=\"7000\"/></w:tabs><w:ind w:right=\"3000\"/>", \
       "12</w:t><w:tab/><w:t>34 "                                                             \
       "behind")
    char *old = dump_of(&(struct docx_parts){.settings = MODE("14"), .body = BEYOND P("below")});
    char *new = dump_of(&(struct docx_parts){.settings = MODE("15"), .body = BEYOND P("below")});
    near(find_text(old, "below").y, 72 + 11.50 + 9.38);
    near(find_text(new, "below").y, 72 + 2 * 11.50 + 9.38);
    free(old);
    free(new);
}

// A line that somebody broke is justified too, unless the document says otherwise.
static void test_shift_return(void **state DGL_UNUSED)
{
    const char *body =
        "<w:p><w:pPr><w:jc w:val=\"both\"/></w:pPr><w:r><w:t xml:space=\"preserve\">one </w:t></w:r><w:r><w:rPr><w:b/>"
        "</w:rPr><w:t>two</w:t><w:br/></w:r><w:r><w:t>three</w:t></w:r></w:p>";
    char *d = dump_of(&(struct docx_parts){.body = body});
    near(find_text(d, "two").x, 540 - 17.22);
    free(d);
    d = dump_of(&(struct docx_parts){.settings = "<w:compat><w:doNotExpandShiftReturn/></w:compat>", .body = body});
    assert_true(find_text(d, "two").x < 100);
    free(d);
}

#define GRID                                                                                                     \
    "<!--own section--><w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" " \
    "w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/><w:docGrid w:type=\"lines\" "          \
    "w:linePitch=\"400\"/></w:sectPr>"
#define CELL \
    "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w=\"4000\"/></w:tblGrid><w:tr>" TC("4000", "cell") "</w:tr></w:tbl>"

// Lines keep to the grid, a multiple counts grid lines, fixed heights do not, and cells only when the document says so.
static void test_line_grid(void **state DGL_UNUSED)
{
    const char *body = P("a1") PP("<w:spacing w:line=\"360\" w:lineRule=\"auto\"/>", "b1")
        PP("<w:spacing w:line=\"200\" w:lineRule=\"atLeast\"/>", "c1") CELL P("d1") GRID;
    char *d = dump_of(&(struct docx_parts){.body = body});
    double inset = (20 - 11.49) / 2, a = 72 + inset + 9.38;
    near(find_text(d, "a1").y, a);
    near(find_text(d, "b1").y, a + 20);
    near(find_text(d, "c1").y, 72 + 50 + 9.38);
    near(find_text(d, "cell").y, 72 + 50 + 11.49 + 9.38);
    near(find_text(d, "d1").y, a + 50 + 2 * 11.49);
    free(d);
    d = dump_of(&(struct docx_parts){.settings = "<w:compat><w:adjustLineHeightInTable/></w:compat>", .body = body});
    near(find_text(d, "cell").y, a + 50 + 11.49);
    free(d);
}

// A deleted mark joins two paragraphs, which look like the second; a hidden one joins them and they look like the
// first.
static void test_joined_paragraphs(void **state DGL_UNUSED)
{
#define JOINED(mark)                                                    \
    "<w:p><w:pPr><w:ind w:left=\"200\"/><w:rPr>" mark                   \
    "</w:rPr></w:pPr><w:r><w:t xml:space=\"preserve\">one </w:t></w:r>" \
    "</w:p>" PP("<w:ind w:left=\"400\"/>", "two") P("three")
    char *d = dump_of(&(struct docx_parts){.body = JOINED("<w:del w:id=\"1\"/>")});
    near(find_text(d, "one two").x, 72 + 20);
    near(find_text(d, "three").y, LINE_2);
    free(d);
    d = dump_of(&(struct docx_parts){.body = JOINED("<w:vanish/><w:specVanish/>")});
    near(find_text(d, "one two").x, 72 + 10);
    free(d);
}

static void test_bar_tab(void **state DGL_UNUSED)
{
    char *d =
        dump_of(&(struct docx_parts){.body = PP("<w:tabs><w:tab w:val=\"bar\" w:pos=\"2000\"/></w:tabs>", "text")});
    assert_non_null(strstr(d, "rect 172.000 72.000 0.500 11.5"));
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_justified_line_takes_one_more_word),
        cmocka_unit_test(test_justified_line_is_not_squeezed_hard),
        cmocka_unit_test(test_exact_height),
        cmocka_unit_test(test_blanks_are_not_tall),
        cmocka_unit_test(test_tight_multiple),
        cmocka_unit_test(test_decimal_tabs),
        cmocka_unit_test(test_decimal_tab_of_a_cell),
        cmocka_unit_test(test_tabs_at_the_end),
        cmocka_unit_test(test_shift_return),
        cmocka_unit_test(test_line_grid),
        cmocka_unit_test(test_joined_paragraphs),
        cmocka_unit_test(test_bar_tab),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
