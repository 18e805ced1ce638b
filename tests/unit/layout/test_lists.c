// Lists: numbers of several levels, where they begin anew, and where their labels stand.
#include "lay_out.h"

#define LEVEL(i, format, text, more)                                                                                 \
    "<w:lvl w:ilvl=\"" i "\"><w:start w:val=\"1\"/><w:numFmt w:val=\"" format "\"/>" more "<w:lvlText w:val=\"" text \
    "\"/><w:pPr><w:ind w:left=\"720\" w:hanging=\"720\"/></w:pPr></w:lvl>"
#define LIST(levels)                               \
    "<w:abstractNum w:abstractNumId=\"0\">" levels \
    "</w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num>"
#define AT(num, level, text) PP("<w:numPr><w:ilvl w:val=\"" level "\"/><w:numId w:val=\"" num "\"/></w:numPr>", text)

static char *dump_with(const char *numbering, const char *body)
{
    return dump_of(&(struct docx_parts){.numbering = numbering, .body = body});
}

// A label and its item stand on the same line.
static void labelled(const char *dump, const char *label, const char *item)
{
    char quoted[64];
    snprintf(quoted, sizeof(quoted), "%s\"", label);
    near(find_text(dump, quoted).y, find_text(dump, item).y);
}

static void test_levels(void **state DGL_UNUSED)
{
    char *d = dump_with(LIST(LEVEL("0", "decimal", "%1.", "") LEVEL("1", "lowerLetter", "%1.%2", "")),
                        AT("1", "0", "one") AT("1", "1", "two") AT("1", "1", "three") AT("1", "0", "four")
                            AT("1", "1", "five"));
    labelled(d, "1.", "one");
    labelled(d, "1.a", "two");
    labelled(d, "1.b", "three");
    labelled(d, "2.", "four");
    labelled(d, "2.a", "five"); // a deeper level begins anew
    free(d);
}

// A level may go on counting (lvlRestart 0), show higher numbers as digits (isLgl), or begin where a list says.
static void test_restarts(void **state DGL_UNUSED)
{
    char *d = dump_with(
        LIST(LEVEL("0", "upperRoman", "%1.", "") LEVEL(
            "1", "decimal", "%1-%2",
            "<w:lvlRestart w:val=\"0\"/><w:isLgl/>")) "<w:num w:numId=\"2\"><w:abstractNumId "
                                                      "w:val=\"0\"/><w:lvlOverride w:ilvl=\"0\"><w:startOverride "
                                                      "w:val=\"7\"/></w:lvlOverride></w:num>",
        AT("1", "0", "one") AT("1", "1", "two") AT("1", "0", "three") AT("1", "1", "four") AT("2", "0", "five")
            AT("1", "0", "six"));
    labelled(d, "I.", "one");
    labelled(d, "1-1", "two");
    labelled(d, "II.", "three");
    labelled(d, "2-2", "four");
    labelled(d, "VII.", "five");
    labelled(d, "VIII.", "six");
    free(d);
}

// After the label comes a tab, a space or nothing; labels may end at their place.
static void test_labels(void **state DGL_UNUSED)
{
    char *d = dump_with(LIST(LEVEL("0", "decimal", "%1)", "<w:suff w:val=\"space\"/>")
                                 LEVEL("1", "decimal", "%2)", "<w:suff w:val=\"nothing\"/>")
                                     LEVEL("2", "decimal", "%3)", "<w:lvlJc w:val=\"right\"/>")),
                        AT("1", "0", "one") AT("1", "1", "two") AT("1", "2", "three"));
    near(find_text(d, "one").x, 72 + 5.56 + 3.33 + 2.78);
    near(find_text(d, "two").x, 72 + 5.56 + 3.33);
    near(find_text(d, "three").x, 108);
    near(find_text(d, "1)\" Liberation Sans").x, 72);
    assert_non_null(strstr(d, "text 63.1")); // 8.89 points to the left of the margin
    free(d);
}

// Automatic space stands before and after a list, not between its items, of whatever level.
static void test_automatic_space(void **state DGL_UNUSED)
{
#define AUTO(num, level, text)                                                                   \
    PP("<w:numPr><w:ilvl w:val=\"" level "\"/><w:numId w:val=\"" num "\"/></w:numPr><w:spacing " \
       "w:beforeAutospacing=\"1\" w:afterAutospacing=\"1\"/>",                                   \
       text)
    char *d = dump_with(LIST(LEVEL("0", "decimal", "%1.", "") LEVEL("1", "decimal", "%2.", "")),
                        P("above") AUTO("1", "0", "one") AUTO("1", "1", "two") AUTO("1", "0", "three") P("below"));
    near(find_text(d, "one").y, find_text(d, "above").y + 11.50 + 14);
    near(find_text(d, "two").y, find_text(d, "one").y + 11.50);
    near(find_text(d, "three").y, find_text(d, "two").y + 11.50);
    near(find_text(d, "below").y, find_text(d, "three").y + 11.50 + 14);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_automatic_space),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
