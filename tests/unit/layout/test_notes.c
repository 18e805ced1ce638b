// Numbers and places of footnotes and endnotes.
#include "lay_out.h"

#define FOOT(id) "<w:r><w:footnoteReference w:id=\"" id "\"/></w:r>"
#define END(id) "<w:r><w:endnoteReference w:id=\"" id "\"/></w:r>"
#define NOTE(kind, id, text)                                                                              \
    "<w:" kind " w:id=\"" id "\"><w:p><w:r><w:" kind "Ref/></w:r><w:r><w:t xml:space=\"preserve\"> " text \
    "</w:t></w:r></w:p></w:" kind ">"
#define SECT(inner)                                                                                     \
    "<w:sectPr>" inner "<w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" " \
    "w:bottom=\"1440\" w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/></w:sectPr>"
#define CLOSES(text, inner) \
    "<w:p><w:pPr>" SECT(inner) "</w:pPr><w:r><w:t xml:space=\"preserve\">" text "</w:t></w:r></w:p>"
#define REFERS(text, note) "<w:p><w:r><w:t xml:space=\"preserve\">" text "</w:t></w:r>" note "</w:p>"

// A section may number its notes in a way of its own: form, start, and whether it begins anew.
static void test_a_section_numbers_its_notes(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .footnotes = NOTE("footnote", "1", "one") NOTE("footnote", "2", "two") NOTE("footnote", "3", "three")
            NOTE("footnote", "4", "four"),
        .body = REFERS("a", FOOT("1")) CLOSES("end of the first", "") REFERS("b", FOOT("2")) REFERS("c", FOOT("3"))
            CLOSES("end of the second", "<w:footnotePr><w:numFmt w:val=\"upperLetter\"/><w:numRestart "
                                        "w:val=\"eachSect\"/></w:footnotePr>")
                REFERS("d", FOOT("4")) "<!--own section-->" SECT(
                    "<w:footnotePr><w:numStart w:val=\"10\"/></w:footnotePr>")});
    assert_true(find_text(d, "1 one").found);
    assert_true(find_text(d, "A two").found);
    assert_true(find_text(d, "B three").found);
    assert_true(find_text(d, "12 four").found);
    free(d);
}

// Endnotes are Roman unless a section says otherwise; one with a mark of its own is not counted.
static void test_a_section_writes_its_endnotes(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .endnotes = NOTE("endnote", "1", "one") NOTE("endnote", "2", "two"),
        .body = "<w:tbl><w:tblGrid><w:gridCol w:w=\"3000\"/></w:tblGrid><w:tr><w:tc>" REFERS(
            "a", END("1")) "</w:tc></w:tr></w:tbl><w:p><w:r><w:endnoteReference w:customMarkFollows=\"1\" w:id=\"9\"/>"
                           "<w:t>*</w:t></w:r></w:p>" REFERS("b", END("2")) "<!--own section-->" SECT(
                               "<w:endnotePr><w:numFmt w:val=\"decimal\"/></w:endnotePr>")});
    assert_true(find_text(d, "1 one").found);
    assert_true(find_text(d, "2 two").found);
    free(d);
}

#define TWO_SECTIONS                                                     \
    .endnotes = NOTE("endnote", "1", "one") NOTE("endnote", "2", "two"), \
    .body = REFERS("a", END("1")) CLOSES("end of the first", "") REFERS("b", END("2"))

static void test_endnotes_end_their_section(void **state DGL_UNUSED)
{
    char *d = dump_of(
        &(struct docx_parts){.settings = "<w:endnotePr><w:pos w:val=\"sectEnd\"/></w:endnotePr>", TWO_SECTIONS});
    assert_int_equal(find_text(d, "i one").page, 1);
    assert_int_equal(find_text(d, "ii two").page, 2);
    assert_true(find_text(d, "i one").y > find_text(d, "end of the first").y);
    free(d);
    d = dump_of(&(struct docx_parts){TWO_SECTIONS});
    assert_int_equal(find_text(d, "i one").page, 2);
    free(d);
}

// A template may drop the text that refers to a note: then the note is not shown either.
static void test_a_note_without_a_reference_is_not_shown(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.endnotes = NOTE("endnote", "1", "one") NOTE("endnote", "2", "two"),
                                           .body = REFERS("a", END("2"))});
    assert_true(find_text(d, "i two").found);
    assert_null(strstr(d, "one"));
    free(d);
}

// Notes stand in their part in any order; the first of two with one id counts, and so does the first reference.
static void test_notes_are_found_by_their_ids(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.footnotes = NOTE("footnote", "9", "nine") NOTE("footnote", "2", "two")
                                               NOTE("footnote", "5", "five") NOTE("footnote", "2", "again")
                                                   NOTE("footnote", "7", "seven"),
                                           .body = REFERS("a", FOOT("5")) REFERS("b", FOOT("9")) REFERS("c", FOOT("2"))
                                               REFERS("d", FOOT("5")) REFERS("e", FOOT("8"))});
    assert_true(find_text(d, "1 five").found);
    assert_true(find_text(d, "2 nine").found);
    assert_true(find_text(d, "3 two").found);
    assert_null(strstr(d, "again"));
    assert_null(strstr(d, "seven"));
    free(d);
}

// Numbers may begin anew on each page; reference and note show the same one.
static void test_numbers_begin_anew_on_each_page(void **state DGL_UNUSED)
{
    const char *notes = NOTE("footnote", "1", "one") NOTE("footnote", "2", "two") NOTE("footnote", "3", "three");
    const char *body = REFERS("a", FOOT("1"))
        REFERS("b", FOOT("2")) "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>" REFERS("c", FOOT("3"));
    char *d =
        dump_of(&(struct docx_parts){.settings = "<w:footnotePr><w:numRestart w:val=\"eachPage\"/></w:footnotePr>",
                                     .footnotes = notes,
                                     .body = body});
    assert_true(find_text(d, "1 one").found);
    assert_true(find_text(d, "2 two").found);
    assert_int_equal(find_text(d, "1 three").page, 2);
    assert_non_null(strstr(d, "text 77.000 81.380 5.562 \"1\"")); // after the "c" on the second page
    free(d);
    d = dump_of(&(struct docx_parts){.footnotes = notes, .body = body});
    assert_true(find_text(d, "3 three").found);
    free(d);
}

// Notes may stand right below the text: the rule's line, then the note; so too below the 54 lines that fit
// on a page with it.
static void test_notes_beneath_the_text(void **state DGL_UNUSED)
{
    const char *settings = "<w:footnotePr><w:pos w:val=\"beneathText\"/></w:footnotePr>",
               *notes = NOTE("footnote", "1", "one");
    struct docx_parts p = {.settings = settings, .footnotes = notes, .body = REFERS("a", FOOT("1")) P("end")};
    char *d = dump_of(&p);
    near(find_text(d, "1 one").y, find_text(d, "end").y + 11.49 + 12);
    free(d);
    struct dgl_buf b = DGL_BUF_INIT(1u << 16);
    dgl_buf_puts(&b, REFERS("a", FOOT("1")));
    repeat(&b, P("line"), 60);
    p.body = b.data;
    d = dump_of(&p);
    assert_int_equal(find_text(d, "1 one").page, 1);
    near(find_text(d, "1 one").y, 72 + 54 * 11.50 + 12 + 9.38);
    free(d);
    dgl_buf_fini(&b);
}

#define COLUMNS "<!--own section-->" SECT("<w:cols w:num=\"2\" w:space=\"720\"/>")
#define TO_NEXT_COLUMN "<w:p><w:r><w:br w:type=\"column\"/></w:r></w:p>"

// In columns a note stands at the foot of the column that refers to it, as wide as the column.
static void test_notes_of_columns(void **state DGL_UNUSED)
{
    struct docx_parts p = {.footnotes = NOTE("footnote", "1", "one")
                               NOTE("footnote", "2", "two words and more and more and more and more and on"),
                           .body = REFERS("a", FOOT("1")) TO_NEXT_COLUMN REFERS("b", FOOT("2")) COLUMNS};
    char *d = dump_of(&p);
    near(find_text(d, "1 one").x, 72);
    near(find_text(d, "1 one").y, 720 - 11.50 + 9.38);
    near(find_text(d, "2 two").x, 72 + 216 + 36);
    near(find_text(d, "2 two").y, 720 - 2 * 11.50 + 9.38); // in two lines of 216 points
    free(d);
}

// Notes do not count when columns are made equally tall: here the first one is full of a note and its text.
static void test_notes_do_not_count_in_balance(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1u << 16), notes = DGL_BUF_INIT(1u << 16);
    dgl_buf_puts(&notes, "<w:footnote w:id=\"1\">");
    repeat(&notes, P("note"), 50);
    dgl_buf_puts(&notes, "</w:footnote>");
    dgl_buf_puts(&b, REFERS("a", FOOT("1")) P("b") P("c") P("d") P("e") P("f") P("g") P("h"));
    dgl_buf_puts(&b, "<w:p><w:pPr>" SECT("<w:cols w:num=\"2\" w:space=\"720\"/>") "</w:pPr></w:p>");
    dgl_buf_puts(&b, "<!--own section-->" SECT("<w:type w:val=\"continuous\"/>"));
    char *d = dump_of(&(struct docx_parts){.footnotes = notes.data, .body = b.data});
    near(find_text(d, "d").x, 72);
    near(find_text(d, "e").x, 72 + 216 + 36);
    near(find_text(d, "e").y, 72 + 9.38);
    free(d);
}

// What follows the columns on their page stays above their notes.
static void test_text_stays_above_the_notes_of_columns(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1u << 16);
    dgl_buf_puts(&b,
                 REFERS("a", FOOT("1")) "<w:p><w:pPr>" SECT("<w:cols w:num=\"2\" w:space=\"720\"/>") "</w:pPr></w:p>");
    repeat(&b, P("line"), 60);
    dgl_buf_puts(&b, "<!--own section-->" SECT("<w:type w:val=\"continuous\"/>"));
    char *d = dump_of(&(struct docx_parts){.footnotes = NOTE("footnote", "1", "one"), .body = b.data});
    double lowest = 0;
    for (const char *line = d; *line && strncmp(line, "page 2", 6); line = strchr(line, '\n') + 1) {
        double y;
        char word[8];
        if (sscanf(line, "text %*f %lf %*f \"%7[a-z]", &y, word) == 2 && strcmp(word, "line") == 0)
            lowest = y > lowest ? y : lowest;
    }
    near(find_text(d, "1 one").y, 720 - 11.50 + 9.38);
    assert_true(lowest > 600 && lowest < 720 - 11.50 - 12);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_section_numbers_its_notes),
        cmocka_unit_test(test_a_section_writes_its_endnotes),
        cmocka_unit_test(test_endnotes_end_their_section),
        cmocka_unit_test(test_a_note_without_a_reference_is_not_shown),
        cmocka_unit_test(test_notes_are_found_by_their_ids),
        cmocka_unit_test(test_numbers_begin_anew_on_each_page),
        cmocka_unit_test(test_notes_beneath_the_text),
        cmocka_unit_test(test_notes_of_columns),
        cmocka_unit_test(test_notes_do_not_count_in_balance),
        cmocka_unit_test(test_text_stays_above_the_notes_of_columns),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
