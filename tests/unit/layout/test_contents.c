// Tables of contents that are made anew, read off the text dump of the boxes.
#include "lay_out.h"

#define STYLES                                                                                                  \
    "<w:style w:type=\"paragraph\" w:styleId=\"H1\"><w:name w:val=\"heading 1\"/></w:style>"                    \
    "<w:style w:type=\"paragraph\" w:styleId=\"H2\"><w:name w:val=\"heading 2\"/></w:style>"                    \
    "<w:style w:type=\"paragraph\" w:styleId=\"Own\"><w:name w:val=\"Part name\"/></w:style>"                   \
    "<w:style w:type=\"character\" w:styleId=\"Link\"><w:name w:val=\"Hyperlink\"/><w:rPr><w:sz w:val=\"40\"/>" \
    "</w:rPr></w:style>"
#define BEGIN(attr, code)                                                                                             \
    "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"" attr "/></w:r><w:r><w:instrText>" code "</w:instrText></w:r><w:r>" \
    "<w:fldChar w:fldCharType=\"separate\"/></w:r>"
#define CLOSE "<w:p><w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>"
#define HEADINGS                            \
    PP("<w:pStyle w:val=\"H1\"/>", "Alpha") \
    P("text") PP("<w:pageBreakBefore/><w:pStyle w:val=\"H2\"/>", "Beta") PP("<w:pStyle w:val=\"Own\"/>", "Gamma")

static char *dump_with(const char *body)
{
    return dump_of(&(struct docx_parts){.styles = STYLES, .body = body});
}

// No entries are stored: they are made, with dots and the page at the right margin.
static void test_empty(void **state DGL_UNUSED)
{
    char *d = dump_with(BEGIN("", "TOC \\o \"1-2\" \\h") "</w:p>" CLOSE HEADINGS);
    const char *second;
    near(find_text(d, "Alpha").y, 72 + 9.38);
    near(find_text(d, "1").x, 540 - 5.56);
    near(find_text(d, "Beta").x, 72 + 11);
    near(find_text(d, "Beta").y, 72 + 11.49 + 5 + 9.38);
    near(find_text(d, "2").y, find_text(d, "Beta").y);
    assert_non_null(strstr(d, "\"....."));
    assert_non_null(strstr(d, "link "));
    second = strstr(d, "page 2");
    assert_non_null(second);
    assert_non_null(strstr(second, "\"Beta\""));
    assert_null(strstr(strstr(d, "\"Gamma\"") + 1, "\"Gamma\"")); // its style is no heading
    free(d);
}

static void test_switches(void **state DGL_UNUSED)
{
    char *d = dump_with(BEGIN("", "TOC \\n \\t \"Part name,1\"") "</w:p>" CLOSE HEADINGS);
    near(find_text(d, "Gamma").y, 72 + 9.38);
    assert_null(strstr(d, "\"2\""));
    free(d);
}

#define SEQ(name) "<w:fldSimple w:instr=\" SEQ " name " \\* ARABIC \"/>"
#define CAPTION(label, text) \
    "<w:p><w:r><w:t xml:space=\"preserve\">" label " </w:t></w:r>" SEQ(label) "<w:r><w:t>" text "</w:t></w:r></w:p>"

// A table of figures lists the captions of its sequence, with or without label and number; a second one finds them too.
static void test_figures(void **state DGL_UNUSED)
{
    char *d =
        dump_with(BEGIN("", "TOC \\h \\c \"Figure\"") "</w:p>" CLOSE BEGIN("", "TOC \\a Figure") "</w:p>" CLOSE CAPTION(
            "Figure", ": Sea") CAPTION("Table", ": Sums") CAPTION("Figure", ": Land"));
    near(find_text(d, "Figure 1: Sea").y, 72 + 9.38);
    near(find_text(d, "Figure 2: Land").y, 72 + 11.50 + 9.38);
    near(find_text(d, ": Sea").y, 72 + 3 * 11.50 + 9.38); // after the field's own last paragraph
    near(find_text(d, ": Land").y, 72 + 4 * 11.50 + 9.38);
    near(find_text(d, "Table 1: Sums").y, 72 + 7 * 11.50 + 9.38);
    free(d);
    d = dump_with(BEGIN("", "TOC \\c \"Equation\"") "</w:p>" CLOSE CAPTION("Figure", ": Sea"));
    near(find_text(d, "Figure 1: Sea").y, 72 + 2 * 11.50 + 9.38);
    assert_int_equal(g_findings.found[DGL_FEATURE_EMPTY_CONTENTS].count, 1);
    free(d);
}

// Stored entries stay, unless they are marked as out of date; their links do not look like links.
static void test_stored(void **state DGL_UNUSED)
{
#define STORED "<w:r><w:rPr><w:rStyle w:val=\"Link\"/></w:rPr><w:t>Stored</w:t></w:r></w:p>" P("entry") CLOSE HEADINGS
    char *d = dump_with(BEGIN("", "TOC \\o") STORED);
    assert_non_null(strstr(d, "\"Stored\" Liberation Sans 10.000"));
    near(find_text(d, "entry").y, 72 + 11.49 + 9.38);
    free(d);
    d = dump_with(BEGIN(" w:dirty=\"true\"", "TOC \\o") STORED);
    assert_null(strstr(d, "\"Stored\""));
    assert_null(strstr(d, "\"entry\""));
    near(find_text(d, "Alpha").y, 72 + 9.38);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_stored),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
