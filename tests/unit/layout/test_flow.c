// Columns, pages, footnotes and line numbers, read off the text dump of the boxes.
#include "lay_out.h"

#define SECT(type, extra)                                                                                 \
    "<w:sectPr><w:type w:val=\"" type "\"/><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" " \
    "w:right=\"1440\" w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/>" extra "</w:sectPr>"
#define END(type, extra) "<w:p><w:pPr>" SECT(type, extra) "</w:pPr><w:r><w:t>end</w:t></w:r></w:p>"

// Before a continuous section the columns end at the same height: six lines make three and three.
static void test_balanced_columns(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = P("l1") P("l2") P("l3") P("l4") P("l5")
                                               END("nextPage", "<w:cols w:num=\"2\" w:space=\"720\"/>")
                                                   P("below") "<!--own section-->" SECT("continuous", "")});
    near(find_text(d, "l3").x, 72);
    near(find_text(d, "l4").x, 72 + 216 + 36);
    near(find_text(d, "l4").y, 72 + 9.38);
    near(find_text(d, "below").y, 72 + 3 * 11.50 + 9.38);
    free(d);
}

// The line between columns is as long as the longer one, and there is none before the second has text.
static void test_column_line(void **state DGL_UNUSED)
{
#define SEP "<w:cols w:num=\"2\" w:space=\"720\" w:sep=\"1\"/>"
    char *d = dump_of(&(struct docx_parts){.body = P("l1") P("l2") P("l3") END("nextPage", SEP)
                                               P("below") "<!--own section-->" SECT("continuous", "")});
    assert_non_null(strstr(d, "line 306.000 72.000 0.000 23.000"));
    free(d);
    d = dump_of(&(struct docx_parts){.body = P("l1") "<!--own section-->" SECT("nextPage", SEP)});
    assert_null(strstr(d, "line "));
    free(d);
}

// A column break that somebody put stays where it is.
static void test_column_break_is_kept(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = P("l1") "<w:p><w:r><w:br w:type=\"column\"/><w:t>l2</w:t></w:r></w:p>" P("l3") P("l4")
            END("nextPage", "<w:cols w:num=\"2\" w:space=\"720\"/>") "<!--own section-->" SECT("continuous", "")});
    near(find_text(d, "l2").x, 72 + 216 + 36);
    near(find_text(d, "l4").x, 72 + 216 + 36);
    free(d);
}

// Columns over pages: the full page is filled, the last one is balanced.
static void test_balance_of_the_last_page_only(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, P("line"), 112); // two columns of 56 lines
    dgl_buf_puts(&b, P("m1") P("m2") P("m3") END("nextPage", "<w:cols w:num=\"2\" w:space=\"720\"/>"));
    dgl_buf_puts(&b, P("below") "<!--own section-->" SECT("continuous", ""));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(find_text(d, "m1").page, 2);
    near(find_text(d, "m3").x, 72 + 216 + 36);
    near(find_text(d, "below").y, 72 + 2 * 11.50 + 9.38);
    free(d);
    dgl_buf_fini(&b);
}

// Left pages of a book have the margins of right ones, exchanged; the gutter stays inside.
static void test_mirrored_margins(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = "<w:mirrorMargins/>",
        .body = "<w:p><w:r><w:t>one</w:t><w:br w:type=\"page\"/></w:r></w:p>" P(
            "two") "<!--own section--><w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" "
                   "w:right=\"720\" w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" w:footer=\"720\" "
                   "w:gutter=\"360\"/></w:sectPr>"});
    near(find_text(d, "one").x, 72 + 18);
    near(find_text(d, "two").x, 36);
    free(d);
}

static void test_line_numbers(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = P("l1") PP("<w:suppressLineNumbers/>", "not counted") P("l2") P("l3") "<!--own section-->" SECT(
            "nextPage", "<w:lnNumType w:countBy=\"2\" w:start=\"3\" w:distance=\"200\"/>")});
    near(find_text(d, "4").y, find_text(d, "l1").y);
    near(find_text(d, "6").y, find_text(d, "l3").y);
    near(find_text(d, "6").x, 72 - 10 - 5.56);
    assert_null(strstr(d, "\"5\""));
    free(d);
}

#define REF(id) "<w:r><w:footnoteReference w:id=\"" id "\"/></w:r>"
#define LINE(text) "<w:r><w:t>" text "</w:t><w:br/></w:r>"

// 54 lines of text leave room for the rule and a line of the note: the rest of it goes on on the next page.
static void test_footnote_goes_on(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, P("line"), 52);
    dgl_buf_puts(&b, "<w:p><w:r><w:t>referring</w:t></w:r>" REF("2") "</w:p>");
    repeat(&b, P("more"), 5);
    char *d = dump_of(&(struct docx_parts){.footnotes = "<w:footnote w:id=\"2\"><w:p>" LINE("n1") LINE("n2") LINE("n3")
                                               LINE("n4") "<w:r><w:t>n5</w:t></w:r></w:p></w:footnote>",
                                           .body = b.data});
    assert_int_equal(find_text(d, "referring").page, 1);
    assert_int_equal(find_text(d, "n1").page, 1);
    assert_int_equal(find_text(d, "n5").page, 2);
    near(find_text(d, "n5").y, 720 - 11.50 + 9.38);
    assert_int_equal(find_text(d, "more").page, 2);
    free(d);
    dgl_buf_fini(&b);
}

static void test_footnote_numbers(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = "<w:footnotePr><w:numFmt w:val=\"upperRoman\"/><w:numStart w:val=\"4\"/></w:footnotePr>",
        .footnotes = "<w:footnote w:id=\"2\"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t "
                     "xml:space=\"preserve\"> a</w:t></w:r></w:p></w:footnote><w:footnote w:id=\"3\"><w:p><w:r>"
                     "<w:footnoteRef/></w:r><w:r><w:t xml:space=\"preserve\"> b</w:t></w:r></w:p></w:footnote>",
        .body = "<w:p><w:r><w:t>x</w:t></w:r>" REF("2") REF("3") "</w:p>"});
    assert_true(find_text(d, "IV a").found);
    assert_true(find_text(d, "V b").found);
    free(d);
}

// A note taller than a page goes over as many as it takes, and nothing of it is lost.
static void test_endless_footnote_ends(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&b, "<w:footnote w:id=\"2\"><w:p>");
    repeat(&b, LINE("note"), 200);
    dgl_buf_puts(&b, "<w:r><w:t>last</w:t></w:r></w:p></w:footnote>");
    char *d =
        dump_of(&(struct docx_parts){.footnotes = b.data, .body = "<w:p><w:r><w:t>x</w:t></w:r>" REF("2") "</w:p>"});
    assert_in_range(pages_in(d), 4, 6);
    assert_int_equal(find_text(d, "last").page, pages_in(d));
    free(d);
    dgl_buf_fini(&b);
}

#define MODE(n)                                                                                                   \
    "<w:compat><w:compatSetting w:name=\"compatibilityMode\" w:uri=\"http://schemas.microsoft.com/office/word\" " \
    "w:val=\"" n "\"/></w:compat>"

// Of a line with a multiple only the single height has to fit at the foot of a page: 28 double lines and one more.
static void test_last_line_may_hang(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, PP("<w:spacing w:line=\"480\" w:lineRule=\"auto\"/>", "line"), 28); // 643.6 of 648 points
    dgl_buf_puts(&b, PP("<w:spacing w:line=\"480\" w:lineRule=\"auto\"/>", "moved"));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(find_text(d, "moved").page, 2);
    free(d);
    dgl_buf_reset(&b);
    dgl_buf_puts(&b, PP("<w:spacing w:line=\"160\" w:lineRule=\"exact\"/>", "8 points"));
    repeat(&b, PP("<w:spacing w:line=\"480\" w:lineRule=\"auto\"/>", "line"), 27);
    dgl_buf_puts(&b, PP("<w:spacing w:line=\"480\" w:lineRule=\"auto\"/>", "stays")); // from 628.6 to 651.5
    char *e = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(find_text(e, "stays").page, 1);
    free(e);
    dgl_buf_fini(&b);
}

// Since Word 2013 the space above is dropped after a page break, not after a break before the paragraph or a section.
static void test_space_above_after_a_break(void **state DGL_UNUSED)
{
    const char *body =
        "<w:p><w:r><w:t>one</w:t><w:br w:type=\"page\"/></w:r></w:p>" PP("<w:spacing w:before=\"400\"/>", "two")
            PP("<w:pageBreakBefore/><w:spacing w:before=\"400\"/>", "three");
    char *d = dump_of(&(struct docx_parts){.settings = MODE("15"), .body = body});
    near(find_text(d, "two").y, 72 + 9.38);
    near(find_text(d, "three").y, 72 + 20 + 9.38);
    free(d);
    d = dump_of(&(struct docx_parts){.settings = MODE("14"), .body = body});
    near(find_text(d, "two").y, 72 + 20 + 9.38);
    free(d);
}

// The mark of a paragraph that ends with a column break opens the next column; with a page break it stays, unless the
// document says otherwise.
static void test_marks_after_breaks(void **state DGL_UNUSED)
{
    char *d = dump_of(
        &(struct docx_parts){.body = "<w:p><w:r><w:t>l1</w:t><w:br w:type=\"column\"/></w:r></w:p>" P(
                                 "l2") "<!--own section-->" SECT("nextPage", "<w:cols w:num=\"2\" w:space=\"720\"/>")});
    near(find_text(d, "l2").y, 72 + 11.50 + 9.38);
    free(d);
    const char *body = "<w:p><w:r><w:t>one</w:t><w:br w:type=\"page\"/></w:r></w:p>" P("two");
    d = dump_of(&(struct docx_parts){.body = body});
    near(find_text(d, "two").y, 72 + 9.38);
    free(d);
    d = dump_of(&(struct docx_parts){.settings = "<w:compat><w:splitPgBreakAndParaMark/></w:compat>", .body = body});
    near(find_text(d, "two").y, 72 + 11.50 + 9.38);
    free(d);
}

// An empty paragraph that only ends a section has no line; its section's last space counts against the next one's
// first.
static void test_empty_section_end(void **state DGL_UNUSED)
{
#define ONLY_END(type, ppr) "<w:p><w:pPr>" ppr SECT(type, "") "</w:pPr></w:p>"
    char *d = dump_of(&(struct docx_parts){
        .body = P("one") ONLY_END("nextPage", "") P("two") PP("<w:spacing w:after=\"160\"/>", "three")
            ONLY_END("continuous", "<w:spacing w:after=\"160\"/>")
                PP("<w:spacing w:before=\"600\"/>", "four") "<!--own section-->" SECT("nextPage", "")});
    near(find_text(d, "two").y, find_text(d, "one").y + 11.49);
    near(find_text(d, "four").y, 72 + 30 - 8 + 9.38);
    free(d);
}

#define PAGE_BREAK "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>"

// A break right before a section's end breaks once; before a continuous section, and at the document's end, there is no
// page too many either.
static void test_break_before_a_section_end(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = P("one") PAGE_BREAK PAGE_BREAK ONLY_END("nextPage", "")
                                               P("two") "<!--own section-->" SECT("nextPage", "")});
    assert_int_equal(find_text(d, "two").page, 3);
    free(d);
    d = dump_of(&(struct docx_parts){
        .body = P("one") "<w:p><w:pPr>" SECT("nextPage", "") "</w:pPr><w:r><w:br w:type=\"page\"/></w:r></w:p>" P(
            "two") "<!--own section-->" SECT("continuous", "")});
    assert_int_equal(find_text(d, "two").page, 2);
    free(d);
    d = dump_of(&(struct docx_parts){.body = P("one") PAGE_BREAK});
    assert_int_equal(pages_in(d), 1);
    free(d);
    d = dump_of(&(struct docx_parts){
        .body = P("one") "<w:p><w:r><w:br w:type=\"page\"/></w:r><w:bookmarkStart w:id=\"1\" w:name=\"here\"/>"
                         "<w:bookmarkEnd w:id=\"1\"/></w:p>" ONLY_END("nextPage", "")
                             P("two") "<!--own section-->" SECT("nextPage", "")});
    assert_int_equal(find_text(d, "two").page, 2); // a bookmark after the break is nothing
    free(d);
}

#define ALIGNED(kind, more)                                                                                    \
    "<!--own section--><w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" "                \
    "w:right=\"1440\" w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/>" more "<w:vAlign " \
    "w:val=\"" kind "\"/></w:sectPr>"

// A page may be aligned at its foot or in the middle; spread out, its first line stays and its last one goes to the
// foot.
static void test_vertical_alignment(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = P("one") P("two") P("three") ALIGNED("bottom", "")});
    near(find_text(d, "three").y, 720 - 11.49 + 9.38);
    free(d);
    d = dump_of(&(struct docx_parts){.body = P("one") P("two") P("three") ALIGNED("center", "")});
    near(find_text(d, "two").y, 72 + (648 - 11.49) / 2 + 9.38);
    free(d);
    d = dump_of(&(struct docx_parts){.body = P("one") P("two") P("three") ALIGNED("both", "")});
    near(find_text(d, "one").y, 72 + 9.38);
    near(find_text(d, "two").y, 72 + (648 - 11.49) / 2 + 9.38);
    near(find_text(d, "three").y, 720 - 11.49 + 9.38);
    free(d);
}

// Each column is spread out by itself, and a table moves as a whole.
static void test_spread_columns(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = P("one") P(
            "two") "<w:p><w:r><w:br w:type=\"column\"/></w:r><w:r><w:t>three</w:t></w:r></w:p>"
                   "<w:tbl><w:tblGrid><w:gridCol w:w=\"3000\"/></w:tblGrid><w:tr>" TC(
                       "3000", "four") "</w:tr><w:tr>" TC("3000",
                                                          "five") "</w:tr></w:tbl>" ALIGNED("both",
                                                                                            "<w:cols w:num=\"2\"/>")});
    near(find_text(d, "one").y, 72 + 9.38);
    near(find_text(d, "three").y, 72 + 9.38);
    near(find_text(d, "five").y, 720 - 11.49 + 9.38);
    near(find_text(d, "four").y, 720 - 2 * 11.50 + 9.38);
    free(d);
}

static void test_spaces_add_up(void **state DGL_UNUSED)
{
    const char *body = PP("<w:spacing w:after=\"200\"/>", "one") PP("<w:spacing w:before=\"300\"/>", "two");
    char *d = dump_of(&(struct docx_parts){.body = body});
    near(find_text(d, "two").y - find_text(d, "one").y, 11.49 + 15);
    free(d);
    d = dump_of(
        &(struct docx_parts){.settings = "<w:compat><w:doNotUseHTMLParagraphAutoSpacing/></w:compat>", .body = body});
    near(find_text(d, "two").y - find_text(d, "one").y, 11.49 + 25);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balanced_columns),
        cmocka_unit_test(test_column_line),
        cmocka_unit_test(test_column_break_is_kept),
        cmocka_unit_test(test_balance_of_the_last_page_only),
        cmocka_unit_test(test_mirrored_margins),
        cmocka_unit_test(test_line_numbers),
        cmocka_unit_test(test_footnote_goes_on),
        cmocka_unit_test(test_footnote_numbers),
        cmocka_unit_test(test_endless_footnote_ends),
        cmocka_unit_test(test_last_line_may_hang),
        cmocka_unit_test(test_space_above_after_a_break),
        cmocka_unit_test(test_marks_after_breaks),
        cmocka_unit_test(test_empty_section_end),
        cmocka_unit_test(test_break_before_a_section_end),
        cmocka_unit_test(test_vertical_alignment),
        cmocka_unit_test(test_spread_columns),
        cmocka_unit_test(test_spaces_add_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
