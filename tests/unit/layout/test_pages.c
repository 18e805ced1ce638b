// Headers of first and even pages, where sections begin, columns of unequal widths.
#include "lay_out.h"

#define SECT(inner)                                                                                     \
    "<w:sectPr>" inner "<w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" " \
    "w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/>"
#define HEADED(type) SECT("<w:headerReference w:type=\"" type "\" r:id=\"rIdH\"/>")
#define THREE_PAGES \
    "<w:p><w:r><w:t>a</w:t><w:br w:type=\"page\"/><w:t>b</w:t><w:br w:type=\"page\"/><w:t>c</w:t></w:r></w:p>"

// The pages, as bits, that show the header.
static unsigned headed(const char *settings, const char *section)
{
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(1u << 16);
    dgl_buf_puts(&body, THREE_PAGES "<!--own section-->");
    dgl_buf_puts(&body, section);
    char *d = dump_of(&(struct docx_parts){.settings = settings, .header = P("head"), .body = body.data});
    unsigned page = 0, bits = 0;
    for (const char *line = d; *line; line = strchr(line, '\n') + 1) {
        page += strncmp(line, "page ", 5) == 0;
        const char *end = strchr(line, '\n');
        if (memmem(line, (size_t)(end - line), "\"head\"", 6))
            bits |= 1u << page;
    }
    free(d);
    return bits;
}

static void test_headers(void **state DGL_UNUSED)
{
    const char *even = "<w:evenAndOddHeaders/>";
    assert_int_equal(headed(NULL, HEADED("default") "</w:sectPr>"), 1u << 1 | 1u << 2 | 1u << 3);
    assert_int_equal(headed(NULL, HEADED("first") "<w:titlePg/></w:sectPr>"), 1u << 1);
    assert_int_equal(headed(NULL, HEADED("first") "</w:sectPr>"), 0);
    assert_int_equal(headed(NULL, HEADED("default") "<w:titlePg/></w:sectPr>"), 1u << 2 | 1u << 3);
    assert_int_equal(headed(even, HEADED("even") "</w:sectPr>"), 1u << 2);
    assert_int_equal(headed(even, HEADED("default") "</w:sectPr>"), 1u << 1 | 1u << 3);
    assert_int_equal(headed(NULL, HEADED("even") "</w:sectPr>"), 0);
}

// A section that begins on an odd page leaves an even one blank.
static void test_section_starts(void **state DGL_UNUSED)
{
#define ENDS(text) "<w:p><w:pPr>" SECT("") "</w:sectPr></w:pPr><w:r><w:t>" text "</w:t></w:r></w:p>"
    static const struct {
        const char *kind;
        int page, pages;
    } cases[] = {{"continuous", 1, 1}, {"nextPage", 2, 2}, {"evenPage", 2, 2}, {"oddPage", 3, 3}};
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(1u << 16);
        dgl_buf_printf(&body, "%s%s<!--own section--><w:sectPr><w:type w:val=\"%s\"/>%s", ENDS("one"), P("two"),
                       cases[i].kind, SECT("") + sizeof("<w:sectPr>") - 1);
        dgl_buf_puts(&body, "</w:sectPr>");
        char *d = dump_of(&(struct docx_parts){.body = body.data});
        assert_int_equal(find_text(d, "two").page, cases[i].page);
        assert_int_equal(pages_in(d), cases[i].pages);
        free(d);
    }
}

// A section may begin in the next column; after one with other columns it begins on a new page.
static void test_section_in_the_next_column(void **state DGL_UNUSED)
{
#define COLS(n) "<w:cols w:num=\"" n "\" w:space=\"720\"/></w:sectPr>"
#define NEXT "<w:p><w:r><w:t>two</w:t></w:r></w:p><!--own section--><w:sectPr><w:type w:val=\"nextColumn\"/>"
    char *d = dump_of(&(struct docx_parts){.body = "<w:p><w:pPr>" SECT("")
                                               COLS("2") "</w:pPr><w:r><w:t>one</w:t></w:r></w:p>" NEXT
                                                         "<w:pgSz w:w=\"12240\" w:h=\"15840\"/>" COLS("2")});
    assert_int_equal(find_text(d, "two").page, 1);
    near(find_text(d, "two").x, 72 + 216 + 36);
    near(find_text(d, "two").y, 72 + 9.38);
    free(d);
    d = dump_of(&(struct docx_parts){.body = "<w:p><w:pPr>" SECT("")
                                         COLS("2") "</w:pPr><w:r><w:t>one</w:t></w:r></w:p>" NEXT
                                                   "<w:pgSz w:w=\"12240\" w:h=\"15840\"/>" COLS("3")});
    assert_int_equal(find_text(d, "two").page, 2);
    free(d);
}

static void test_unequal_columns(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:r><w:t>one</w:t><w:br w:type=\"column\"/><w:t>two</w:t></w:r></w:p><!--own section-->" SECT(
            "") "<w:cols w:num=\"2\" w:equalWidth=\"0\"><w:col w:w=\"2000\" w:space=\"500\"/><w:col "
                "w:w=\"6860\"/></w:cols></w:sectPr>"});
    near(find_text(d, "one").x, 72);
    near(find_text(d, "two").x, 72 + 100 + 25);
    near(find_text(d, "two").y, 72 + 9.38);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_section_starts),
        cmocka_unit_test(test_section_in_the_next_column),
        cmocka_unit_test(test_unequal_columns),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
