// What is not done as Word does it is told, and only where it shows.
#include "lay_out.h"

static bool tells(enum dgl_feature f, const struct docx_parts *parts)
{
    free(dump_of(parts));
    return g_findings.found[f].count > 0;
}

#define GRID(type)                                                                                               \
    "<!--own section--><w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" " \
    "w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/><w:docGrid " type                      \
    " w:linePitch=\"360\"/></w:sectPr>"
#define WIDER "w:type=\"linesAndChars\" w:charSpace=\"1024\""

static void test_character_grid(void **state DGL_UNUSED)
{
    const enum dgl_feature f = DGL_FEATURE_CHARACTER_GRID;
    assert_true(tells(f, &(struct docx_parts){.body = P("a") P("請求書") GRID("w:type=\"snapToChars\"")}));
    assert_int_equal(g_findings.found[f].paragraph, 2);
    assert_false(tells(f, &(struct docx_parts){.body = P("請求書") GRID(WIDER)}));
    assert_false(tells(f, &(struct docx_parts){.body = P("invoice") GRID("w:type=\"snapToChars\"")}));
    assert_false(tells(
        f, &(struct docx_parts){.body = PP("<w:snapToGrid w:val=\"0\"/>", "請求書") GRID("w:type=\"snapToChars\"")}));
}

static void test_punctuation(void **state DGL_UNUSED)
{
    const enum dgl_feature f = DGL_FEATURE_PUNCTUATION;
    const char *kana = "<w:characterSpacingControl w:val=\"compressPunctuationAndJapaneseKana\"/>",
               *marks = "<w:characterSpacingControl w:val=\"compressPunctuation\"/>";
    assert_true(tells(f, &(struct docx_parts){.settings = kana, .body = P("かな")}));
    assert_false(tells(f, &(struct docx_parts){.settings = kana, .body = P("invoice")}));
    assert_false(tells(f, &(struct docx_parts){.settings = marks, .body = P("「請求書。」")}));
}

#define CODE(text) "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>" text "</w:instrText></w:r>"
#define SEPARATE "<w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>"
#define CLOSE "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r>"

static void test_empty_contents(void **state DGL_UNUSED)
{
    const enum dgl_feature f = DGL_FEATURE_EMPTY_CONTENTS;
    assert_true(tells(f, &(struct docx_parts){.body = "<w:p>" CODE(" TOC \\o ") SEPARATE CLOSE "</w:p>"}));
    assert_true(tells(f, &(struct docx_parts){.body = "<w:p>" CODE("TOC") CLOSE "</w:p>"}));
    assert_true(tells(f, &(struct docx_parts){.body = "<w:p><w:fldSimple w:instr=\"TOC\"/></w:p>"}));
    assert_false(tells(
        f, &(struct docx_parts){.body = "<w:p>" CODE("TOC") SEPARATE "</w:p>" P("Chapter") "<w:p>" CLOSE "</w:p>"}));
    assert_false(tells(f, &(struct docx_parts){.body = "<w:p>" CODE("TOC") SEPARATE CODE("PAGEREF a") SEPARATE
                                               "<w:r><w:t>1</w:t></w:r>" CLOSE CLOSE "</w:p>"}));
    assert_false(tells(f, &(struct docx_parts){.body = "<w:p>" CODE("REF a") SEPARATE CLOSE "</w:p>"}));
}

#define VML(type)                                                                                            \
    "<w:p><w:r><w:pict xmlns:v=\"urn:schemas-microsoft-com:vml\"><v:rect style=\"width:100pt;height:50pt\" " \
    "fillcolor=\"red\"><v:fill type=\"" type "\"/></v:rect></w:pict></w:r></w:p>"

static void test_fills(void **state DGL_UNUSED)
{
    const enum dgl_feature f = DGL_FEATURE_GRADIENT;
    assert_true(tells(f, &(struct docx_parts){.body = VML("tile")}));
    assert_true(tells(f, &(struct docx_parts){.body = VML("pattern")}));
    assert_false(tells(f, &(struct docx_parts){.body = VML("solid")}));
    assert_false(tells(f, &(struct docx_parts){.body = VML("gradient")}));
    assert_true(tells(f, &(struct docx_parts){.body = PP("<w:shd w:val=\"diagStripe\" w:fill=\"FFFF00\"/>", "x")}));
    assert_false(tells(f, &(struct docx_parts){.body = PP("<w:shd w:val=\"pct20\" w:fill=\"FFFF00\"/>", "x")}));
    assert_false(tells(f, &(struct docx_parts){.body = PP("<w:shd w:val=\"clear\" w:fill=\"FFFF00\"/>", "x")}));
}

static void test_fields_without_a_result(void **state DGL_UNUSED)
{
    const enum dgl_feature f = DGL_FEATURE_FIELD;
    static const char *const left_out[] = {"EQ \\f(1,2)", "AUTONUM", "LISTNUM", "ADVANCE \\d 4"};
    static const char *const silent[] = {"XE \"term\"", "TC \"entry\"", "PAGE", "REF a"};
    for (size_t i = 0; i < DGL_COUNT(left_out); i++) {
        char body[200];
        snprintf(body, sizeof(body), "<w:p>" CODE("%s") CLOSE "</w:p>", left_out[i]);
        assert_true(tells(f, &(struct docx_parts){.body = body}));
        snprintf(body, sizeof(body), "<w:p>" CODE("%s") CLOSE "</w:p>", silent[i]);
        assert_false(tells(f, &(struct docx_parts){.body = body}));
    }
    assert_false(
        tells(f, &(struct docx_parts){.body = "<w:p>" CODE("EQ") SEPARATE "<w:r><w:t>1</w:t></w:r>" CLOSE "</w:p>"}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_character_grid),          cmocka_unit_test(test_punctuation),
        cmocka_unit_test(test_empty_contents),          cmocka_unit_test(test_fills),
        cmocka_unit_test(test_fields_without_a_result),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
