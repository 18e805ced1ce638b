// What runs and paragraphs look like, read off the text dump of the boxes.
#include "lay_out.h"

#define R(rpr, text) "<w:r><w:rPr>" rpr "</w:rPr><w:t xml:space=\"preserve\">" text "</w:t></w:r>"

static int count(const char *dump, const char *what)
{
    int n = 0;
    for (const char *at = dump; (at = strstr(at, what)); at++)
        n++;
    return n;
}

// Every kind of underline and strike paints something below or through its word.
static void test_lines_of_text(void **state DGL_UNUSED)
{
    static const char *const kinds[] = {"single",  "double",       "thick", "dotted", "dash",
                                        "dotDash", "dashDotHeavy", "wave",  "words",  "dottedHeavy"};
    for (size_t i = 0; i < DGL_COUNT(kinds); i++) {
        struct dgl_buf b = DGL_BUF_INIT(4096);
        dgl_buf_printf(&b, "<w:p>" R("<w:u w:val=\"%s\" w:color=\"AA0011\"/>", "word") "</w:p>", kinds[i]);
        char *d = dump_of(&(struct docx_parts){.body = b.data});
        assert_true(count(d, "#AA0011") >= 1);
        free(d);
        dgl_buf_fini(&b);
    }
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p>" R("<w:strike/>", "one") "</w:p><w:p>" R("<w:dstrike/>", "two") "</w:p><w:p>" R(
            "<w:bdr w:val=\"single\" w:sz=\"4\" w:color=\"00AA00\"/>", "boxed") "</w:p>"});
    assert_int_equal(count(d, "rect "), 1 + 2);
    assert_int_equal(count(d, "#00AA00"), 4);
    free(d);
}

static void test_highlights_and_shades(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p>" R("<w:highlight w:val=\"yellow\"/>", "a") R("<w:shd w:val=\"clear\" w:fill=\"123456\"/>", "b")
            R("<w:shd w:val=\"pct50\" w:color=\"000000\" w:fill=\"FFFFFF\"/>", "c")
                R("<w:shd w:val=\"solid\" w:color=\"654321\"/>",
                  "d") "</w:p>" PP("<w:shd w:val=\"clear\" w:fill=\"ABCDEF\"/>", "paragraph")});
    assert_non_null(strstr(d, "#FFFF00"));
    assert_non_null(strstr(d, "#123456"));
    assert_non_null(strstr(d, "#808080"));
    assert_non_null(strstr(d, "#654321"));
    assert_non_null(strstr(d, "#ABCDEF"));
    free(d);
}

// Letter spacing, width, position, raised and small letters change the place of what follows.
static void test_shapes_of_runs(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p>" R("<w:spacing w:val=\"40\"/>", "ii") R("", "x1") "</w:p><w:p>" R("<w:w w:val=\"200\"/>", "ii")
            R("", "x2") "</w:p><w:p>" R("<w:position w:val=\"12\"/>", "up") R("", "x3") "</w:p><w:p>" R(
                "<w:vertAlign w:val=\"superscript\"/>", "s") R("", "x4") "</w:p><w:p>" R("<w:caps/>", "caps")
                R("<w:smallCaps/>", "a") R("<w:vanish/>", "hidden") "</w:p>"});
    near(find_text(d, "x1").x - 72, 2 * (2.22 + 2));
    near(find_text(d, "x2").x - 72, 2 * 4.44);
    near(find_text(d, "x3").y - find_text(d, "up").y, 6);
    assert_true(find_text(d, "s").y < find_text(d, "x4").y);
    near(find_text(d, "x4").x - 72, 0.5 * 10 * 0.65);
    assert_true(find_text(d, "CAPS").found);
    assert_null(strstr(d, "hidden"));
    free(d);
}

#define TABS(kind, leader, text)                                                                              \
    "<w:p><w:pPr><w:tabs><w:tab w:val=\"" kind "\" w:leader=\"" leader "\" w:pos=\"2880\"/></w:tabs></w:pPr>" \
    "<w:r><w:tab/><w:t>" text "</w:t></w:r></w:p>"
static void test_tabs(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = TABS("left", "hyphen", "ll") TABS("center", "underscore", "cc") TABS("right", "middleDot", "rr")
            TABS("decimal", "none", "1,234.50") "<w:p><w:pPr><w:ind w:left=\"720\" w:hanging=\"720\"/></w:pPr>"
                                                "<w:r><w:t>h</w:t><w:tab/><w:t>hung</w:t></w:r></w:p>"
                                                "<w:p><w:r><w:ptab w:alignment=\"right\" w:relativeTo=\"margin\" "
                                                "w:leader=\"none\"/><w:t>end</w:t></w:r></w:p>"});
    near(find_text(d, "ll").x, 72 + 144);
    near(find_text(d, "cc").x, 72 + 144 - 5);
    near(find_text(d, "rr").x, 72 + 144 - 6.66);
    near(find_text(d, "1,234.50").x, 72 + 144 - (5 * 5.56 - 5.56 + 2.78));
    near(find_text(d, "hung").x, 72 + 36);
    near(find_text(d, "end").x, 540 - 16.68);
    assert_non_null(strstr(d, "\"---"));
    assert_non_null(strstr(d, "\"___"));
    free(d);
}

// Borders of neighbours with the same look are one box; the line between them is its own.
static void test_paragraph_borders(void **state DGL_UNUSED)
{
#define BOX                                                                                                  \
    "<w:pBdr><w:top w:val=\"single\" w:sz=\"8\" w:space=\"1\" w:color=\"FF0000\"/><w:left w:val=\"single\" " \
    "w:sz=\"8\" w:space=\"4\" w:color=\"FF0000\"/><w:bottom w:val=\"double\" w:sz=\"8\" w:space=\"1\" "      \
    "w:color=\"FF0000\"/><w:right w:val=\"dashed\" w:sz=\"8\" w:space=\"4\" w:color=\"FF0000\"/><w:between " \
    "w:val=\"dotted\" w:sz=\"4\" w:space=\"1\" w:color=\"0000FF\"/></w:pBdr>"
    char *d = dump_of(&(struct docx_parts){.body = PP(BOX, "one") PP(BOX, "two")});
    assert_int_equal(count(d, "#0000FF"), 1);
    assert_int_equal(count(d, "#FF0000"), 2 + 4); // top and bottom once, sides of both
    near(find_text(d, "one").y, 72 + 1 + 1 + 9.38);
    free(d);
}

// Lengths may carry units, as other writers put them; a page may be bordered and coloured.
static void test_units_and_pages(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = "<w:displayBackgroundShape/>",
        .body = PP("<w:ind w:left=\"1in\"/>", "inch") PP("<w:ind w:leftChars=\"200\"/>", "chars")
            PP("<w:spacing w:beforeLines=\"100\"/>",
               "lines") "<!--own section--><w:sectPr><w:pgSz w:w=\"12240\" "
                        "w:h=\"15840\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" w:left=\"1440\" "
                        "w:header=\"720\" w:footer=\"720\"/><w:pgBorders w:offsetFrom=\"page\"><w:top w:val=\"single\" "
                        "w:sz=\"8\" w:space=\"24\" w:color=\"00FF00\"/></w:pgBorders><w:vAlign "
                        "w:val=\"bottom\"/></w:sectPr>"});
    near(find_text(d, "inch").x, 144);
    near(find_text(d, "chars").x, 72 + 20);
    near(find_text(d, "lines").y, 720 - 11.50 + 9.38);
    assert_non_null(strstr(d, "#00FF00"));
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_of_text),     cmocka_unit_test(test_highlights_and_shades),
        cmocka_unit_test(test_shapes_of_runs),    cmocka_unit_test(test_tabs),
        cmocka_unit_test(test_paragraph_borders), cmocka_unit_test(test_units_and_pages),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
