// Equations, read off the text dump of the boxes: where each sign stands, in what size, in what order.
#include "lay_out.h"

#define R(text) "<m:r><m:t>" text "</m:t></m:r>"
#define PLAIN(text) "<m:r><m:rPr><m:sty m:val=\"p\"/></m:rPr><m:t>" text "</m:t></m:r>"
#define FRAC(num, den) "<m:f><m:num>" num "</m:num><m:den>" den "</m:den></m:f>"
#define SUP(e, sup) "<m:sSup><m:e>" e "</m:e><m:sup>" sup "</m:sup></m:sSup>"
#define DELIM(open, close, e) \
    "<m:d><m:dPr><m:begChr m:val=\"" open "\"/><m:endChr m:val=\"" close "\"/></m:dPr><m:e>" e "</m:e></m:d>"
#define SHOWN(properties, math) "<w:p><m:oMathPara>" properties "<m:oMath>" math "</m:oMath></m:oMathPara></w:p>"
#define INLINE(math) "<w:p><w:r><w:t>so </w:t></w:r><m:oMath>" math "</m:oMath></w:p>"
#define X "\xF0\x9D\x91\xA5" // the mathematical letters that x, a, b, c, i and n become
#define A "\xF0\x9D\x91\x8E"
#define B "\xF0\x9D\x91\x8F"
#define C "\xF0\x9D\x91\x90"
#define I "\xF0\x9D\x91\x96"
#define N "\xF0\x9D\x91\x9B"

static char *shown(const char *body)
{
    char *d = dump_of(&(struct docx_parts){.body = body});
    assert_int_equal(g_findings.found[DGL_FEATURE_MATH].count > 0, 1);
    return d;
}

// The size at the end of a text's line.
static double size_of(const char *dump, const char *start)
{
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "\"%s", start);
    const char *at = strstr(dump, wanted), *end = at ? strchr(at, '\n') : NULL;
    assert_non_null(end);
    while (end[-1] != ' ')
        end--;
    return strtod(end, NULL);
}

static void test_fraction(void **state DGL_UNUSED)
{
    char *d = shown(SHOWN("", R("x=") FRAC(R("a"), R("b"))));
    struct place x = find_text(d, X), a = find_text(d, A), b = find_text(d, B);
    assert_true(a.y < x.y && x.y < b.y && a.x > x.x);
    assert_true(a.x - b.x < 1 && b.x - a.x < 1); // one over the other
    assert_non_null(strstr(d, "rect "));         // the rule
    near(size_of(d, A), 10);                     // shown fractions keep the size
    free(d);
    d = shown(INLINE(FRAC(R("a"), R("b"))));
    assert_true(size_of(d, A) < 8);
    free(d);
    d = shown(SHOWN(
        "",
        "<m:f><m:fPr><m:type m:val=\"noBar\"/></m:fPr><m:num>" R("a") "</m:num><m:den>" R(
            "b") "</m:den></m:f><m:f><m:fPr><m:type m:val=\"lin\"/></m:fPr><m:num>" R("c") "</m:num>"
                                                                                           "<m:den>" R(
                                                                                               "x") "</m:den></m:f>"));
    assert_null(strstr(d, "rect "));
    near(find_text(d, C).y, find_text(d, X).y);
    free(d);
}

static void test_scripts(void **state DGL_UNUSED)
{
    char *d = shown(
        SHOWN("", "<m:sSubSup><m:e>" R("x") "</m:e><m:sub>" R("i") "</m:sub><m:sup>" R("n") "</m:sup></m:sSubSup>" R(
                      "+") "<m:sPre><m:sub>" R("a") "</m:sub><m:sup>" R("b") "</m:sup><m:e>" R("c") "</m:e></m:sPre>"));
    struct place x = find_text(d, X), low = find_text(d, I), high = find_text(d, N), c = find_text(d, C);
    assert_true(high.y < x.y - 2 && low.y > x.y + 1 && low.x > x.x && high.x >= low.x);
    assert_true(size_of(d, I) < 8 && size_of(d, I) > 5);
    assert_true(find_text(d, A).x < c.x && find_text(d, B).y < c.y);
    free(d);
    // A script of a script is smaller, but not smaller than that.
    d = shown(SHOWN("", SUP(R("x"), SUP(R("a"), SUP(R("b"), R("c"))))));
    assert_true(size_of(d, B) < size_of(d, A));
    near(size_of(d, C), size_of(d, B));
    free(d);
}

static void test_operators_and_limits(void **state DGL_UNUSED)
{
    char *d = shown(SHOWN("", "<m:nary><m:naryPr><m:chr m:val=\"\xE2\x88\x91\"/></m:naryPr><m:sub>" R(
                                  "i") "</m:sub><m:sup>" R("n") "</m:sup><m:e>" R("x") "</m:e></m:nary>"));
    struct place sum = find_text(d, "\xE2\x88\x91"), low = find_text(d, I), high = find_text(d, N), x = find_text(d, X);
    assert_true(low.y > sum.y && high.y < sum.y && low.y > x.y + 10 && x.x > sum.x + 5);
    free(d);
    d = shown(SHOWN("", "<m:nary><m:sub>" R("i") "</m:sub><m:sup>" R("n") "</m:sup><m:e>" R("x") "</m:e></m:nary>"));
    assert_true(find_text(d, N).x > find_text(d, "\xE2\x88\xAB").x + 4); // beside an integral
    assert_true(find_text(d, I).x < find_text(d, X).x);
    free(d);
    d = shown(SHOWN("", "<m:func><m:fName><m:limLow><m:e>" PLAIN("lim") "</m:e><m:lim>" R(
                            "n") "</m:lim></m:limLow></m:fName><m:e>" R("x") "</m:e></m:func>"));
    assert_true(find_text(d, N).y > find_text(d, "l").y + 3);
    near(find_text(d, X).y, find_text(d, "l").y);
    free(d);
}

// Brackets grow with what they hold, are read in order, and stand in the middle of it.
static void test_brackets(void **state DGL_UNUSED)
{
    char *d = shown(SHOWN("", DELIM("(", "]", R("x"))));
    assert_true(strstr(d, "\"(") < strstr(d, X) && strstr(d, X) < strstr(d, "\"]"));
    near(find_text(d, "(").y, find_text(d, X).y);
    free(d);
    d = shown(SHOWN("", DELIM("{", "", FRAC(R("a"), FRAC(R("b"), R("c"))))));
    assert_true(strstr(d, "\"{") < strstr(d, A));
    assert_true(find_text(d, "{").x < find_text(d, A).x);
    assert_null(strstr(d, "\"}"));
    free(d);
}

static void test_roots(void **state DGL_UNUSED)
{
    char *d = shown(SHOWN("", "<m:rad><m:deg>" R("n") "</m:deg><m:e>" R("x") "</m:e></m:rad>"));
    assert_true(find_text(d, N).x < find_text(d, X).x && find_text(d, N).y < find_text(d, X).y);
    assert_non_null(strstr(d, "rect "));
    assert_non_null(strstr(d, "\xE2\x88\x9A"));
    free(d);
    d = shown(SHOWN("", "<m:rad><m:radPr><m:degHide m:val=\"1\"/></m:radPr><m:deg>" R("n") "</m:deg><m:e>" R(
                            "x") "</m:e></m:rad>"));
    assert_null(strstr(d, N));
    free(d);
}

static void test_matrices_and_stacks(void **state DGL_UNUSED)
{
    char *d = shown(SHOWN("", "<m:m><m:mr><m:e>" R("a") "</m:e><m:e>" R("b") "</m:e></m:mr><m:mr><m:e>" R(
                                  "c") "</m:e><m:e>" R("x") "</m:e></m:mr></m:m>"));
    near(find_text(d, A).y, find_text(d, B).y);
    assert_true(find_text(d, C).y > find_text(d, A).y + 10 && find_text(d, B).x > find_text(d, A).x + 10);
    free(d);
    d = shown(SHOWN("", "<m:eqArr><m:e>" R("a&amp;=b") "</m:e><m:e>" R("x+n&amp;=c") "</m:e></m:eqArr>"));
    near(find_text(d, "=").x, find_text(strstr(d, N), "=").x); // the signs stand below each other
    assert_null(strstr(d, "&"));
    free(d);
}

static void test_accents_bars_and_braces(void **state DGL_UNUSED)
{
    char *d =
        shown(SHOWN("", "<m:acc><m:e>" R("x") "</m:e></m:acc><m:bar><m:barPr><m:pos m:val=\"top\"/></m:barPr>"
                                              "<m:e>" R("a") "</m:e></m:bar><m:groupChr><m:e>" R(
                                                  "b") "</m:e></m:groupChr>"
                                                       "<m:phant><m:phantPr><m:show m:val=\"0\"/></m:phantPr><m:e>" R(
                                                           "c") "</m:e></m:phant>" R("i")));
    assert_non_null(strstr(d, "\xCC\x82"));
    assert_non_null(strstr(d, "rect "));
    assert_true(find_text(d, "\xE2\x8F\x9F").x <= find_text(d, B).x + 1);
    assert_null(strstr(d, C)); // a phantom takes room only
    assert_true(find_text(d, I).x > find_text(d, B).x + 8);
    free(d);
}

static unsigned count_of(const char *dump, const char *what)
{
    unsigned n = 0;
    for (const char *at = dump; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static void test_boxes_and_spans(void **state DGL_UNUSED)
{
    char *d = shown(SHOWN("", "<m:borderBox><m:e>" R("a") "</m:e></m:borderBox>"));
    assert_int_equal(count_of(d, "rect "), 4);
    free(d);
    d = shown(SHOWN("", "<m:borderBox><m:borderBoxPr><m:hideTop m:val=\"1\"/><m:hideLeft/><m:hideRight m:val=\"on\"/>"
                        "<m:strikeH m:val=\"1\"/></m:borderBoxPr><m:e>" R("a") "</m:e></m:borderBox>" R("b")));
    assert_int_equal(count_of(d, "rect "), 2);
    assert_true(find_text(d, B).x - find_text(d, A).x > 6); // the box has room around its content
    free(d);
    // A brace is wider than the letter above it: what stands beside begins behind the brace.
    d = shown(SHOWN("", "<m:groupChr><m:groupChrPr><m:chr m:val=\"\xE2\x8F\x9F\"/></m:groupChrPr><m:e>" R(
                            "i") "</m:e>"
                                 "</m:groupChr>" R("b")));
    struct place brace = find_text(d, "\xE2\x8F\x9F"), b = find_text(d, B), i = find_text(d, I);
    assert_true(i.x > brace.x && b.x >= brace.x + 5);
    free(d);
    // Long arrows are relations like the short ones.
    d = shown(SHOWN("", R("a\xE2\x87\x92") R("b")));
    double near_arrow = find_text(d, B).x - find_text(d, "\xE2\x87\x92").x;
    free(d);
    d = shown(SHOWN("", R("a\xE2\x9F\xB9") R("b")));
    assert_true(find_text(d, "\xE2\x9F\xB9").x - find_text(d, A).x > 7);
    assert_true(find_text(d, B).x - find_text(d, "\xE2\x9F\xB9").x > near_arrow);
    free(d);
}

static void test_letters(void **state DGL_UNUSED)
{
    char *d =
        shown(SHOWN("", R("h1") PLAIN("x") "<m:r><m:rPr><m:scr m:val=\"double-struck\"/></m:rPr><m:t>R</m:t></m:r>"
                                           "<m:r><m:rPr><m:nor/></m:rPr><m:t>a-b</m:t></m:r>" R("-\xCE\xB1")));
    assert_non_null(strstr(d, "\"\xE2\x84\x8E")); // the h that stood elsewhere before
    assert_non_null(strstr(d, "\"1"));
    assert_non_null(strstr(d, "\"x"));
    assert_non_null(strstr(d, "\"\xE2\x84\x9D"));
    assert_non_null(strstr(d, "\"-"));            // as text
    assert_non_null(strstr(d, "\"\xE2\x88\x92")); // as a sign
    assert_non_null(strstr(d, "\"\xF0\x9D\x9B\xBC"));
    free(d);
}

// Alone it stands in the middle or where it says; in a text its line may end before a sign.
static void test_places(void **state DGL_UNUSED)
{
    char *d = shown(SHOWN("", R("x")) SHOWN("<m:oMathParaPr><m:jc m:val=\"left\"/></m:oMathParaPr>", R("a")));
    assert_true(find_text(d, X).x > 290 && find_text(d, X).x < 310);
    near(find_text(d, A).x, 72);
    free(d);
    struct dgl_buf b = DGL_BUF_INIT(1 << 20);
    dgl_buf_puts(&b, "<w:p><m:oMath>" R("x"));
    for (int i = 0; i < 60; i++)
        dgl_buf_puts(&b, R("+a"));
    dgl_buf_puts(&b, "</m:oMath></w:p>");
    d = shown(b.data);
    int lines = 1;
    double y = find_text(d, X).y;
    for (const char *at = d; (at = strstr(at, "\ntext ")); at++) {
        double x = strtod(at + 6, NULL), line = strtod(strchr(at + 6, ' '), NULL);
        assert_true(x < 540.1);
        lines += line > y + 5;
        y = line > y + 5 ? line : y;
    }
    assert_true(lines > 1);
    free(d);
    dgl_buf_fini(&b);
}

static void test_bounds(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1 << 20);
    dgl_buf_puts(&b, "<w:p><m:oMathPara><m:oMath>");
    for (int i = 0; i < 60; i++)
        dgl_buf_puts(&b, "<m:d><m:e>");
    dgl_buf_puts(&b, R("x"));
    for (int i = 0; i < 60; i++)
        dgl_buf_puts(&b, "</m:e></m:d>");
    dgl_buf_puts(&b, "</m:oMath></m:oMathPara></w:p>");
    char *d = shown(b.data);
    assert_true(g_findings.found[DGL_FEATURE_NESTING].count > 0);
    assert_non_null(strstr(d, "\"("));
    free(d);
    dgl_buf_fini(&b);
    // Larger than any page in both directions, in the largest letters.
    b = DGL_BUF_INIT(4 << 20);
    dgl_buf_puts(&b, "<w:p><m:oMathPara><m:oMath><m:eqArr>");
    for (int i = 0; i < 2500; i++)
        dgl_buf_puts(&b, "<m:e>" R("a&amp;=b") "</m:e>");
    dgl_buf_puts(&b, "</m:eqArr>" R(""));
    for (int i = 0; i < 2500; i++)
        dgl_buf_puts(&b, R("x") FRAC(R("a"), R("b")));
    dgl_buf_puts(&b, "</m:oMath></m:oMathPara></w:p>");
    d = dump_of(&(struct docx_parts){.body = b.data,
                                     .styles =
                                         "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"n\"><w:rPr><w:sz "
                                         "w:val=\"3276\"/></w:rPr></w:style>"});
    assert_non_null(strstr(d, X));
    free(d);
    dgl_buf_fini(&b);
    free(shown("<w:p><m:oMath/></w:p>" SHOWN("", "<m:f/><m:rad/><m:nary/><m:d/><m:m/><m:eqArr/><m:acc/><m:bar/>"
                                                 "<m:groupChr/><m:limLow/><m:sSup/><m:func/><m:phant/><m:r/>")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fraction),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_operators_and_limits),
        cmocka_unit_test(test_brackets),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_matrices_and_stacks),
        cmocka_unit_test(test_accents_bars_and_braces),
        cmocka_unit_test(test_boxes_and_spans),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
