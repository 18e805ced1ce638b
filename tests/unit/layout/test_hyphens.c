// Words divided by pattern files, and the lines that they make.
#include "lay_out.h"

#include "../base/folder.h"

// The patterns of Liang's own example; a file of two levels in an old encoding, of which the first level is not asked.
static int with_dictionaries(void **state)
{
    static const struct {
        const char *name, *text;
    } files[] = {{"hyph_en_US.dic",
                  "UTF-8\nLEFTHYPHENMIN 2\nRIGHTHYPHENMIN 3\n% the thesis\nhy3ph\nhe2n\nhena4\nhen5at\n"
                  "1na\nn2at\n1tio\n2io\no2n\nno/=,1,1\n"},
                 {"hyph_de_DE.dic", "ISO8859-1\nLEFTHYPHENMIN 1\nRIGHTHYPHENMIN 2\nb1e\nNEXTLEVEL\n\xFC"
                                    "1b\n"},
                 {"hyph_xx.dic", "no such encoding\na1a\n"},
                 {"notes.txt", "UTF-8\n"}};
    if (folder_make(state) != 0)
        return -1;
    for (size_t i = 0; i < DGL_COUNT(files); i++) {
        char path[4200];
        snprintf(path, sizeof(path), "%s/%s", (char *)*state, files[i].name);
        FILE *f = fopen(path, "w");
        if (!f || fputs(files[i].text, f) < 0 || fclose(f) != 0)
            return -1;
    }
    g_hyphens = dgl_hyphens_open(*state);
    return 0;
}

static int without_dictionaries(void **state)
{
    dgl_hyphens_free(g_hyphens);
    g_hyphens = NULL;
    return folder_remove(state);
}

static void check_word(const char *lang, const char *word, const char *wanted)
{
    uint32_t letters[DGL_HYPHENS_MAX_LETTERS + 1] = {0};
    bool after[DGL_HYPHENS_MAX_LETTERS + 1] = {0};
    size_t count = 0, len = strlen(word);
    for (size_t at = 0; at < len;)
        letters[count++] = dgl_utf8_next(word, len, &at);
    dgl_hyphens_find(g_hyphens, lang, letters, count, after);
    DGL_AUTO_FINI(buf) found = DGL_BUF_INIT(1024);
    for (size_t i = 0; i < count; i++) {
        char utf8[4];
        dgl_buf_append(&found, utf8, dgl_utf8_put(utf8, letters[i]));
        if (after[i])
            dgl_buf_putc(&found, '-');
    }
    assert_string_equal(found.data ? found.data : "", wanted);
}

static void test_words(void **state DGL_UNUSED)
{
    check_word("en-US", "hyphenation", "hy-phen-ation");
    check_word("en-us", "HYPHENATION", "HY-PHEN-ATION");
    check_word("en-GB", "hyphenation", "hy-phen-ation"); // the same language elsewhere
    check_word("en", "hyphenation", "hy-phen-ation");
    check_word("en-US", "nana", "nana"); // three letters stay at the end
    check_word("de-DE",
               "\xC3\x9C"
               "ber",
               "\xC3\x9C-ber");
    check_word("de-DE", "bebe", "bebe"); // of the first level
    check_word("fr-FR", "hyphenation", "hyphenation");
    check_word("xx", "aaaaaa", "aaaaaa");
    check_word("en-US", "nananananananananananananananananananananananananananananananana", // one letter too many
               "nananananananananananananananananananananananananananananananana");
    assert_true(dgl_hyphens_has(g_hyphens, "de-AT"));
    assert_false(dgl_hyphens_has(g_hyphens, "fr"));
    assert_false(dgl_hyphens_has(g_hyphens, NULL));
    assert_false(dgl_hyphens_has(NULL, "en"));
    assert_int_equal(sizeof("nananananananananananananananananananananananananananananananana") - 1, 64);
}

// Words that no dictionary has thought of.
static void test_odd_words(void **state DGL_UNUSED)
{
    check_word("en-US", "", "");
    check_word("en-US", "n", "n");
    check_word("en-US", "na", "na");
    check_word("en-US", "1234567890", "1234567890"); // patterns' digits are no letters
    check_word("en-US", "......", "......");         // nor are their dots
    check_word("en-US", "x\xCC\x81na\xCC\x81tion", "x\xCC\x81-na\xCC\x81-tion");
    check_word("en-US", "\xD0\xBDhyphenation", "\xD0\xBDhy-phen-ation"); // letters of another script beside it
    // U+1006E has the low 16 bits of an n.
    check_word("en-US", "xx\xF0\x90\x81\xAEhyphenation", "xx\xF0\x90\x81\xAEhy-phen-ation");
    check_word("en-US", "\xF0\x90\x81\xA8\xF0\x90\x81\xB9phenation", "\xF0\x90\x81\xA8\xF0\x90\x81\xB9phen-ation");
}

// 70 points, into which "some hyphen-" goes and "some hyphenation" does not.
#define NARROW "<w:ind w:right=\"7960\"/>"
#define ENGLISH                                                                                               \
    "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"N\"><w:name w:val=\"Normal\"/><w:rPr><w:lang " \
    "w:val=\"en-US\"/></w:rPr></w:style>"
#define ON "<w:autoHyphenation/>"
#define MODE15 "<w:compat><w:compatSetting w:name=\"compatibilityMode\" w:val=\"15\"/></w:compat>"
#define SOFT "\xC2\xAD"

static char *dump_with(const char *settings, const char *body)
{
    return dump_of(&(struct docx_parts){.settings = settings, .styles = ENGLISH, .body = body});
}

static void test_lines(void **state DGL_UNUSED)
{
    char *d = dump_with(ON MODE15, PP(NARROW, "some hyphenation"));
    near(find_text(d, "some hyphen" SOFT "\"").y, 72 + 9.38);
    near(find_text(d, "ation\"").y, 72 + 11.50 + 9.38);
    assert_int_equal(g_findings.found[DGL_FEATURE_HYPHENATION].count, 0);
    free(d);
    d = dump_with(ON MODE15, PP(NARROW "<w:jc w:val=\"right\"/>", "some hyphenation")); // the hyphen is at the margin
    double x, y, w;
    assert_int_equal(sscanf(strstr(d, "text "), "text %lf %lf %lf", &x, &y, &w), 3);
    near(x + w, 72 + 70);
    near(w, 63.37);
    free(d);
}

static void test_whole_words(void **state DGL_UNUSED)
{
    static const char *const settings[] = {MODE15, ON MODE15, ON "<w:doNotHyphenateCaps/>" MODE15,
                                           ON "<w:hyphenationZone w:val=\"1000\"/>", ON MODE15};
    static const char *const bodies[] = {
        PP(NARROW, "some hyphenation"), PP("<w:suppressAutoHyphens/>" NARROW, "some hyphenation"),
        PP("<w:ind w:right=\"7700\"/>", "so HYPHENATION"), PP(NARROW, "some hyphenation"), // 50 points may stay free
        "<w:p><w:pPr>" NARROW
        "</w:pPr><w:r><w:rPr><w:lang w:val=\"fr-FR\"/></w:rPr><w:t>some hyphenation</w:t></w:r></w:p>"};
    for (size_t i = 0; i < DGL_COUNT(settings); i++) {
        char *d = dump_with(settings[i], bodies[i]);
        assert_null(strstr(d, SOFT));
        free(d);
    }
    assert_int_equal(g_findings.found[DGL_FEATURE_HYPHENATION].count, 1); // no dictionary for French
    char *d = dump_with(ON "<w:hyphenationZone w:val=\"200\"/>", bodies[0]);
    assert_non_null(strstr(d, "hyphen" SOFT));
    free(d);
}

// A paragraph that is one word: its lines end anywhere, and none looks for the word's beginning.
static void test_a_word_of_many_lines(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(64u << 20);
    dgl_buf_puts(&body, "<w:p><w:pPr>" NARROW "</w:pPr><w:r><w:t>");
    repeat(&body, "hyphenation", 60000);
    dgl_buf_puts(&body, "</w:t></w:r></w:p>");
    char *d = dump_with(ON MODE15, body.data);
    assert_null(strstr(d, SOFT));
    assert_true(pages_in(d) > 500);
    free(d);
}

// Marks on one letter stay with it, however many they are.
static void test_a_letter_of_many_marks(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(64u << 20);
    dgl_buf_puts(&body, "<w:p><w:pPr>" NARROW "</w:pPr><w:r><w:t>hyphenatio");
    repeat(&body, "\xCC\x81\xCD\xA5\xE0\xA4\xBE", 3000);
    dgl_buf_puts(&body, "n</w:t><w:br/><w:t>some hyphenation</w:t></w:r></w:p>");
    char *d = dump_with(ON MODE15, body.data);
    assert_non_null(strstr(d, "hyphen" SOFT));
    free(d);
}

// Only so many lines in a row may end in a hyphen.
static void test_hyphens_in_a_row(void **state DGL_UNUSED)
{
    const char *text = PP(NARROW, "some hyphenation hyphenation hyphenation hyphenation");
    char *d = dump_with(ON MODE15, text);
    int all = 0, limited = 0;
    for (const char *at = d; (at = strstr(at, SOFT)); at++)
        all++;
    free(d);
    d = dump_with(ON "<w:consecutiveHyphenLimit w:val=\"1\"/>" MODE15, text);
    for (const char *at = d; (at = strstr(at, SOFT)); at++)
        limited++;
    free(d);
    assert_true(all > limited);
    assert_true(limited > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_words, with_dictionaries, without_dictionaries),
        cmocka_unit_test_setup_teardown(test_odd_words, with_dictionaries, without_dictionaries),
        cmocka_unit_test_setup_teardown(test_a_word_of_many_lines, with_dictionaries, without_dictionaries),
        cmocka_unit_test_setup_teardown(test_a_letter_of_many_marks, with_dictionaries, without_dictionaries),
        cmocka_unit_test_setup_teardown(test_lines, with_dictionaries, without_dictionaries),
        cmocka_unit_test_setup_teardown(test_whole_words, with_dictionaries, without_dictionaries),
        cmocka_unit_test_setup_teardown(test_hyphens_in_a_row, with_dictionaries, without_dictionaries),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
