// Text of other scripts and fields, read off the text dump of the boxes.
#include "lay_out.h"

#define FIELD(code, result)                                                                                            \
    "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> " code " </w:instrText>" \
    "</w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t>" result "</w:t></w:r><w:r><w:fldChar "         \
    "w:fldCharType=\"end\"/></w:r>"
#define JA "<w:rPr><w:rFonts w:eastAsia=\"MS Mincho\"/><w:lang w:eastAsia=\"ja-JP\"/></w:rPr>"

// Between an ideograph and a letter or digit stands a quarter of an em, unless the paragraph says otherwise.
static void test_space_between_scripts(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = "<w:p><w:r>" JA "<w:t>一</w:t></w:r><w:r><w:t>a</w:t></w:r></w:p>"
                                                   "<w:p><w:pPr><w:autoSpaceDE w:val=\"0\"/></w:pPr><w:r>" JA
                                                   "<w:t>一</w:t></w:r><w:r><w:t>b</w:t></w:r></w:p>"});
    near(find_text(d, "a").x, 72 + 10 + 2.5);
    near(find_text(d, "b").x, 72 + 10);
    free(d);
}

// A full stop that does not fit hangs beyond the line; without overflowPunct the character before it comes along.
static void test_hanging_full_stop(void **state DGL_UNUSED)
{
#define TEXT "一二三四五六七八九十。十一"
    char *d = dump_of(&(struct docx_parts){.body = "<w:p><w:pPr><w:ind w:right=\"7360\"/></w:pPr><w:r>" JA "<w:t>" TEXT
                                                   "</w:t></w:r></w:p>"});
    assert_non_null(strstr(d, "\"一二三四五六七八九十。\""));
    free(d);
    d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:pPr><w:overflowPunct w:val=\"0\"/><w:ind w:right=\"7360\"/></w:pPr><w:r>" JA "<w:t>" TEXT
                "</w:t></w:r></w:p>"});
    assert_non_null(strstr(d, "\"十。十一\""));
    free(d);
}

// Lines that end in spaces of the other direction leave them outside.
static void test_right_to_left_line_end(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:pPr><w:bidi/><w:ind w:right=\"8200\"/></w:pPr><w:r><w:t xml:space=\"preserve\">"
                "WWWWWW WWWWWW</w:t></w:r></w:p>"});
    near(find_text(d, "WWWWWW").x, 540 - 6 * 9.44);
    free(d);
}

static void test_sequences(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p>" FIELD("SEQ Table \\* ARABIC", "1") "</w:p><w:p>" FIELD(
            "SEQ Table \\* ROMAN", "1") "</w:p><w:p>" FIELD("SEQ Figure \\r 7",
                                                            "1") "</w:p><w:p>" FIELD("SEQ Figure \\c", "1") "</w:p>"});
    assert_non_null(strstr(d, "\"1\""));
    assert_non_null(strstr(d, "\"II\""));
    const char *seven = strstr(d, "\"7\"");
    assert_non_null(seven);
    assert_non_null(strstr(seven + 1, "\"7\""));
    free(d);
}

// Without a stored result: buttons show the end of their code, lists what is chosen, symbols their character.
static void test_fields_without_a_result(void **state DGL_UNUSED)
{
#define BARE(more, code)                                                                             \
    "<w:p><w:r><w:fldChar w:fldCharType=\"begin\">" more "</w:fldChar></w:r><w:r><w:instrText>" code \
    "</w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>"
#define LIST(result) \
    "<w:ffData><w:ddList>" result "<w:listEntry w:val=\"small\"/><w:listEntry w:val=\"large\"/></w:ddList></w:ffData>"
    char *d = dump_of(&(struct docx_parts){
        .body = BARE("", " MACROBUTTON NoMacro [Click here] ") BARE(LIST("<w:result w:val=\"1\"/>"), "FORMDROPDOWN")
            BARE(LIST(""), "FORMDROPDOWN") BARE("", "SYMBOL 65 \\s 20")
                BARE("", "SYMBOL 0x42") "<w:p><w:r><w:t>p</w:t><w:pgNum/></w:r></w:p>"});
    static const char *const shown[] = {"\"[Click here]\"", "\"large\"", "\"small\"", "\"A\"", "\"B\"", "\"p1\""};
    for (size_t i = 0; i < DGL_COUNT(shown); i++)
        if (!strstr(d, shown[i]))
            fail_msg("no %s in\n%s", shown[i], d);
    free(d);
}

// A table of contents shows the pages on which its bookmarks are, whatever it showed when it was stored.
static void test_page_references(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:r><w:t xml:space=\"preserve\">see </w:t></w:r>" FIELD(
            "PAGEREF _Toc1 \\h", "9") "</w:p>"
                                      "<w:p><w:r><w:t xml:space=\"preserve\">gone </w:t></w:r>" FIELD(
                                          "PAGEREF _Toc2 \\h",
                                          "8") "</w:p>"
                                               "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p><w:p><w:bookmarkStart "
                                               "w:id=\"1\" w:name=\"_Toc1\"/>"
                                               "<w:r><w:t>target</w:t></w:r></w:p>"});
    assert_non_null(strstr(d, "\"see \""));
    assert_non_null(strstr(d, "\"2\""));
    assert_non_null(strstr(d, "\"8\"")); // no such bookmark: what is stored
    assert_null(strstr(d, "\"9\""));
    free(d);
}

static void test_page_numbers_of_sections(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .header = "<w:p>" FIELD("PAGE", "1") "<w:r><w:t xml:space=\"preserve\"> of section </w:t></w:r>" FIELD(
            "SECTIONPAGES", "1") "<w:r><w:t xml:space=\"preserve\"> in </w:t></w:r>" FIELD("STYLEREF 1", "x") "</w:p>",
        .body = "<w:p><w:pPr><w:outlineLvl w:val=\"0\"/></w:pPr><w:r><w:t>Chapter</w:t></w:r></w:p>"
                "<w:p><w:r><w:br w:type=\"page\"/><w:t>b</w:t></w:r></w:p><!--own section--><w:sectPr>"
                "<w:headerReference w:type=\"default\" r:id=\"rIdH\"/><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar "
                "w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" "
                "w:footer=\"720\"/><w:pgNumType w:fmt=\"lowerRoman\" w:start=\"4\"/></w:sectPr>"});
    assert_true(find_text(d, "iv of section 2").found);
    assert_int_equal(find_text(d, "v of section 2").page, 2);
    free(d);
}

#define THEN_BOLD(rpr, text) \
    "<w:p><w:r><w:rPr>" rpr "</w:rPr><w:t>" text "</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>終</w:t></w:r></w:p>"

static double after(const char *settings, const char *body)
{
    char *d = dump_of(&(struct docx_parts){.settings = settings, .body = body});
    double x = find_text(d, "終").x - 72;
    free(d);
    return x;
}

// The empty halves of two full-width marks do not both stay, when the document wants that.
static void test_compressed_punctuation(void **state DGL_UNUSED)
{
    const char *on = "<w:characterSpacingControl w:val=\"compressPunctuation\"/>";
    near(after(NULL, THEN_BOLD("", "書、「")), 30);
    near(after(on, THEN_BOLD("", "書、「")), 25);
    near(after(on, THEN_BOLD("", "「『")), 15);
    near(after(on, THEN_BOLD("", "書、「』。")), 40); // 、 and 』 give up half; 「 stands before its own kind of ink
    near(after(on, THEN_BOLD("", "書、書")), 30);
}

// The last mark of a line may stand half beyond it: six characters and a bracket in 65 points.
static void test_mark_at_the_line_end(void **state DGL_UNUSED)
{
    const char *body = PP("<w:ind w:right=\"8060\"/>", "一二三四五六」七八九十"), *seven = "\"七八九十\"";
    char *d = dump_of(
        &(struct docx_parts){.settings = "<w:characterSpacingControl w:val=\"compressPunctuation\"/>", .body = body});
    assert_non_null(strstr(d, seven));
    free(d);
    d = dump_of(&(struct docx_parts){.body = body});
    assert_null(strstr(d, seven));
    free(d);
}

// The character grid gives East Asian characters a quarter of a point more here, and letters half of that.
static void test_character_grid(void **state DGL_UNUSED)
{
#define GRID                                                                                                     \
    "<!--own section--><w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" " \
    "w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/><w:docGrid w:type=\"linesAndChars\" "  \
    "w:linePitch=\"360\" w:charSpace=\"1024\"/></w:sectPr>"
    near(after(NULL, THEN_BOLD("", "書書") GRID), 20.5);
    near(after(NULL, THEN_BOLD("", "aa") GRID), 2 * 5.56 + 0.25 + 2.5);
    near(after(NULL,
               "<w:p><w:pPr><w:snapToGrid w:val=\"0\"/></w:pPr><w:r><w:t>書書</w:t></w:r><w:r><w:rPr><w:b/></w:rPr>"
               "<w:t>終</w:t></w:r></w:p>" GRID),
         20);
}

// Text fitted to a width: the room goes between the characters, also over several runs.
static void test_fitted_text(void **state DGL_UNUSED)
{
    near(after(NULL, THEN_BOLD("<w:fitText w:val=\"1000\" w:id=\"7\"/>", "書書書")), 50);
    near(after(NULL, THEN_BOLD("<w:fitText w:val=\"500\" w:id=\"7\"/>", "書書書")), 25);
    near(after(NULL,
               "<w:p><w:r><w:rPr><w:fitText w:val=\"800\" w:id=\"7\"/></w:rPr><w:t>書</w:t></w:r><w:r><w:rPr><w:i/>"
               "<w:fitText w:val=\"800\" w:id=\"7\"/></w:rPr><w:t>書</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>終</w:t>"
               "</w:r></w:p>"),
         40);
}

// A phonetic guide stands in the middle above its base, which is spread when it is the narrower one.
static void test_phonetic_guide(void **state DGL_UNUSED)
{
#define RUBY(guide)                                                                                                     \
    "<w:p><w:r><w:ruby><w:rubyPr><w:hpsRaise w:val=\"18\"/></w:rubyPr><w:rt><w:r><w:rPr><w:sz "                         \
    "w:val=\"10\"/></w:rPr><w:t>" guide                                                                                 \
    "</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東京</w:t></w:r></w:rubyBase></w:ruby></w:r><w:r><w:rPr><w:b/></w:rPr>" \
    "<w:t>終</w:t></w:r></w:p>"
    char *d = dump_of(&(struct docx_parts){.body = RUBY("きょ") P("next")});
    near(find_text(d, "きょ").x, 72 + 5);
    near(find_text(d, "きょ").y, find_text(d, "東京").y - 9);
    near(find_text(d, "終").x, 72 + 20);
    free(d);
    d = dump_of(&(struct docx_parts){.body = RUBY("とうきょう")});
    near(find_text(d, "と").x, 72);
    near(find_text(d, "終").x, 72 + 25);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_space_between_scripts),    cmocka_unit_test(test_hanging_full_stop),
        cmocka_unit_test(test_right_to_left_line_end),   cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_compressed_punctuation),   cmocka_unit_test(test_mark_at_the_line_end),
        cmocka_unit_test(test_character_grid),           cmocka_unit_test(test_fitted_text),
        cmocka_unit_test(test_phonetic_guide),           cmocka_unit_test(test_page_references),
        cmocka_unit_test(test_page_numbers_of_sections), cmocka_unit_test(test_fields_without_a_result),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
