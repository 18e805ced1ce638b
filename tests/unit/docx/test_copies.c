// What each turn of a loop has for itself: comments, notes and the ranges in them.
#include "check.h"
#include "package.h"

#define REFERENCE(kind, id) "<w:r><w:" kind "Reference w:id=\"" id "\"/></w:r>"
#define RANGE(kind, id, inside) "<w:" kind "RangeStart w:id=\"" id "\"/>" inside "<w:" kind "RangeEnd w:id=\"" id "\"/>"
#define COMMENT(id, text) "<w:comment w:id=\"" id "\" w:author=\"A\">" P(text) "</w:comment>"
#define PART(name, inside) "<w:" name " xmlns:w=\"" NS_W "\">" inside "</w:" name ">"
#define LOOP(inside) P("{%p for x in xs %}") inside P("{%p endfor %}")

static struct outcome render_with(const char *kind, const char *notes, const char *body)
{
    char rels[600], member[80];
    snprintf(rels, sizeof rels, RELS("<Relationship Id=\"rId1\" Type=\"" REL_OFFICE "%s\" Target=\"%s.xml\"/>"), kind,
             kind);
    snprintf(member, sizeof member, "word/%s.xml", kind);
    struct outcome o = render_members(
        (struct member[]){
            {"word/document.xml", body}, {"word/_rels/document.xml.rels", rels}, {member, notes}, {NULL, NULL}},
        "{\"xs\":[\"a\",\"b\"],\"none\":[]}");
    if (o.status != DGL_OK)
        print_error("%s\n", o.err.message);
    assert_int_equal(o.status, DGL_OK);
    return o;
}

static void check_once(const char *xml, const char *const *pieces)
{
    for (; *pieces; pieces++) {
        if (count_of(xml, *pieces) != 1)
            print_error("%zu times %s in %s\n", count_of(xml, *pieces), *pieces, xml);
        assert_int_equal(count_of(xml, *pieces), 1);
    }
}

static void every_turn_has_its_comment(void **state DGL_UNUSED)
{
    struct outcome o = render_with(
        "comments", PART("comments", COMMENT("0", "on {{ x }}") COMMENT("1", "once") COMMENT("2", "at {{ x }}")),
        DOCUMENT(LOOP("<w:p>" RANGE("comment", "0",
                                    "<w:r><w:t>{{ x }}</w:t></w:r>" RANGE("comment", "2", "")) REFERENCE("comment", "0")
                          REFERENCE("comment", "2") "</w:p>") "<w:p>" RANGE("comment", "1", "<w:r><w:t>end</w:t></w:r>")
                     REFERENCE("comment", "1") "</w:p>"));
    char *comments = read_member(&o.package, "word/comments.xml");
    check_once(o.document, (const char *const[]){"commentRangeStart w:id=\"3\"", "commentRangeEnd w:id=\"3\"",
                                                 "commentReference w:id=\"3\"", "commentRangeStart w:id=\"4\"",
                                                 "commentRangeEnd w:id=\"4\"", "commentReference w:id=\"4\"",
                                                 "commentReference w:id=\"5\"", "commentReference w:id=\"6\"",
                                                 "commentRangeStart w:id=\"1\"", "commentReference w:id=\"1\"", NULL});
    check_once(comments,
               (const char *const[]){"<w:comment w:id=\"3\"", "<w:comment w:id=\"4\"", "<w:comment w:id=\"5\"",
                                     "<w:comment w:id=\"6\"", "<w:comment w:id=\"1\"", ">on a<", ">on b<", ">at a<",
                                     ">at b<", ">once<", NULL});
    assert_int_equal(count_of(comments, "<w:comment "), 5);
    // The range of the second turn is that of its own text.
    const char *fifth = strstr(comments, "<w:comment w:id=\"5\"");
    assert_ptr_equal(strstr(fifth, ">on "), strstr(comments, ">on b<"));
    free(comments);
    outcome_fini(&o);
}

static void a_comment_without_a_range_or_tags_is_copied_too(void **state DGL_UNUSED)
{
    struct outcome o = render_with("comments", PART("comments", COMMENT("7", "plain")),
                                   DOCUMENT(LOOP("<w:p>" REFERENCE("comment", "7") "</w:p>")));
    char *comments = read_member(&o.package, "word/comments.xml");
    check_once(o.document, (const char *const[]){"commentReference w:id=\"8\"", "commentReference w:id=\"9\"", NULL});
    check_once(comments, (const char *const[]){"<w:comment w:id=\"8\"", "<w:comment w:id=\"9\"", NULL});
    assert_int_equal(count_of(comments, "<w:comment "), 2);
    free(comments);
    outcome_fini(&o);
}

// Word comments on notes as well: the comment goes with the note's copy.
static void every_copy_of_a_note_has_its_comments(void **state DGL_UNUSED)
{
    struct outcome o = render_members(
        (struct member[]){
            {"word/document.xml",
             DOCUMENT(LOOP("<w:p>" REFERENCE("footnote", "1") "</w:p>") "<w:p>" REFERENCE("footnote", "2") "</w:p>")},
            {"word/_rels/document.xml.rels",
             RELS("<Relationship Id=\"rId1\" Type=\"" REL_OFFICE "footnotes\" Target=\"footnotes.xml\"/>"
                  "<Relationship Id=\"rId2\" Type=\"" REL_OFFICE "comments\" Target=\"comments.xml\"/>")},
            {"word/footnotes.xml",
             PART("footnotes", "<w:footnote w:id=\"1\"><w:p>" RANGE("comment", "0", "<w:r><w:t>{{ x }}</w:t></w:r>")
                                   REFERENCE("comment", "0") "</w:p></w:footnote><w:footnote w:id=\"2\"><w:p>" RANGE(
                                       "comment", "1", "") REFERENCE("comment", "1") "</w:p></w:footnote>")},
            {"word/comments.xml", PART("comments", COMMENT("0", "on {{ x }}") COMMENT("1", "once"))},
            {NULL, NULL}},
        "{\"xs\":[\"a\",\"b\"]}");
    assert_int_equal(o.status, DGL_OK);
    char *notes = read_member(&o.package, "word/footnotes.xml");
    char *comments = read_member(&o.package, "word/comments.xml");
    check_once(o.document, (const char *const[]){"footnoteReference w:id=\"3\"", "footnoteReference w:id=\"4\"",
                                                 "footnoteReference w:id=\"2\"", NULL});
    check_once(notes, (const char *const[]){"commentRangeStart w:id=\"2\"", "commentRangeEnd w:id=\"2\"",
                                            "commentReference w:id=\"2\"", "commentReference w:id=\"3\"",
                                            "commentReference w:id=\"1\"", NULL});
    check_once(comments, (const char *const[]){"<w:comment w:id=\"2\"", "<w:comment w:id=\"3\"",
                                               "<w:comment w:id=\"1\"", ">on a<", ">on b<", ">once<", NULL});
    assert_int_equal(count_of(comments, "<w:comment "), 3);
    free(comments);
    free(notes);
    outcome_fini(&o);
}

static void ranges_that_a_loop_tears_go(void **state DGL_UNUSED)
{
    struct outcome o = render_with(
        "comments", PART("comments", COMMENT("0", "here")),
        DOCUMENT(
            "<w:commentRangeStart w:id=\"0\"/><w:bookmarkStart w:id=\"5\" w:name=\"torn\"/>"
            "<w:bookmarkStart w:id=\"6\" w:name=\"whole\"/>" LOOP(
                "<w:p><w:r><w:t>{{ x }}</w:t></w:r><w:bookmarkEnd w:id=\"5\"/></w:p>") "<w:bookmarkEnd w:id=\"6\"/>"
                                                                                       "<w:p><w:commentRangeEnd "
                                                                                       "w:id=\"0\"/>" REFERENCE(
                                                                                           "comment", "0") "</w:p>"));
    check_once(o.document,
               (const char *const[]){"commentRangeStart w:id=\"0\"", "commentRangeEnd w:id=\"0\"",
                                     "commentReference w:id=\"0\"", "\"whole\"", "bookmarkEnd w:id=\"6\"", NULL});
    assert_null(strstr(o.document, "torn"));
    assert_int_equal(count_of(o.document, "<w:bookmarkEnd"), 1);
    outcome_fini(&o);
}

static void bookmarks_of_notes_have_names_of_their_own(void **state DGL_UNUSED)
{
    struct outcome o = render_with(
        "footnotes",
        PART("footnotes",
             "<w:footnote w:id=\"1\"><w:p><w:bookmarkStart w:id=\"3\" w:name=\"see\"/><w:r><w:t>{{ x }}</w:t></w:r>"
             "<w:bookmarkEnd w:id=\"3\"/></w:p></w:footnote><w:footnote w:id=\"2\"><w:p><w:bookmarkStart w:id=\"4\" "
             "w:name=\"other\"/><w:bookmarkEnd w:id=\"4\"/></w:p></w:footnote>"),
        DOCUMENT(LOOP("<w:p><w:bookmarkStart w:id=\"0\" w:name=\"top\"/><w:bookmarkEnd w:id=\"0\"/>" REFERENCE(
            "footnote", "1") "</w:p>") "<w:p>" REFERENCE("footnote", "2") "</w:p>"));
    char *notes = read_member(&o.package, "word/footnotes.xml");
    check_once(notes, (const char *const[]){"w:name=\"see\"", "w:name=\"see_2\"", "w:name=\"other\"", NULL});
    check_once(o.document, (const char *const[]){"w:name=\"top\"", "w:name=\"top_2\"", NULL});
    for (const char *at = strstr(notes, "<w:bookmarkStart "); at; at = strstr(at + 1, "<w:bookmarkStart ")) {
        char end[40];
        unsigned id = 0;
        assert_int_equal(sscanf(at, "<w:bookmarkStart w:id=\"%u\"", &id), 1);
        snprintf(end, sizeof end, "<w:bookmarkEnd w:id=\"%u\"/>", id);
        assert_int_equal(count_of(notes, end), 1);
        assert_null(strstr(o.document, end));
    }
    free(notes);
    outcome_fini(&o);
}

// The first turns of a recursive loop are printed at once, those inside become values first.
static void a_recursive_loop_repeats_no_id(void **state DGL_UNUSED)
{
    struct outcome o = render_with(
        "footnotes", PART("footnotes", ""),
        DOCUMENT(P(
            "{%p for t in [{'sub': [{'sub': []}]}, {'sub': []}] recursive %}") "<w:p><w:bookmarkStart w:id=\"1\" "
                                                                               "w:name=\"b\"/><w:bookmarkEnd "
                                                                               "w:id=\"1\"/><w:r><w:drawing>"
                                                                               "<wp:inline "
                                                                               "xmlns:wp=\"http://"
                                                                               "schemas.openxmlformats.org/drawingml/"
                                                                               "2006/wordprocessingDrawing\">"
                                                                               "<wp:docPr id=\"7\" "
                                                                               "name=\"x\"/></wp:inline></w:drawing></"
                                                                               "w:r></w:p>" P("{{p loop(t.sub) }}")
                                                                                   P("{%p endfor %}")));
    check_once(o.document, (const char *const[]){"docPr id=\"8\"", "docPr id=\"9\"", "docPr id=\"10\"", NULL});
    assert_null(strstr(o.document, "w:bookmarkStart"));
    outcome_fini(&o);
}

// What is a value first has a note for each time that it is printed, with what its tags were when it was made.
static void notes_in_macros_are_copies(void **state DGL_UNUSED)
{
#define NOTE(id, inside) "<w:footnote w:id=\"" id "\">" inside "</w:footnote>"
#define MARKED(id) "<w:p>" REFERENCE("footnote", id) "</w:p>"
    const char *rows = TR(TC(P("{%tr for z in [1, 2] %}"))) TR(TC(P("{{ y }}{{ z }}"))) TR(TC(P("{%tr endfor %}")));
    const char *body = DOCUMENT(P("{%p macro m(y) %}") MARKED("1") P("{%p endmacro %}") LOOP(P("{{p m(x) }}"))
                                    P("{%p set s %}") MARKED("2") P("{%p endset %}") P("{{p s }}") P("{{p s|trim }}")
                                        P("{%p macro n() %}") MARKED("3") P("{%p endmacro %}"));
    char notes_part[2000];
    snprintf(notes_part, sizeof notes_part,
             PART("footnotes", NOTE("1", P("{{ y }} of {{ xs|length }}") TBL(COL, "%s")) NOTE("2", P("twice"))
                                   NOTE("3", P("never"))),
             rows);
    struct outcome o = render_with("footnotes", notes_part, body);
    char *notes = read_member(&o.package, "word/footnotes.xml");
    check_once(o.document, (const char *const[]){"footnoteReference w:id=\"4\"", "footnoteReference w:id=\"5\"",
                                                 "footnoteReference w:id=\"6\"", "footnoteReference w:id=\"7\"", NULL});
    check_once(notes, (const char *const[]){"<w:footnote w:id=\"4\"", "<w:footnote w:id=\"5\"",
                                            "<w:footnote w:id=\"6\"", "<w:footnote w:id=\"7\"", ">a of 2<", ">b of 2<",
                                            ">a1<", ">a2<", ">b1<", ">b2<", NULL});
    assert_int_equal(count_of(notes, "<w:footnote "), 4);
    assert_int_equal(count_of(o.document, "footnoteReference"), 4);
    assert_int_equal(count_of(notes, ">twice<"), 2);
    assert_true(strstr(notes, ">a of 2<") < strstr(notes, ">b of 2<"));
    assert_null(check_document_package(o.package.data, o.package.len, true));
    free(notes);
    outcome_fini(&o);
}

// The first turns are printed at once, those inside become values.
static void notes_in_recursive_loops_are_copies(void **state DGL_UNUSED)
{
    struct outcome o =
        render_with("comments", PART("comments", COMMENT("0", "on {{ t.n }}")),
                    DOCUMENT(P("{%p for t in [{'n': 'A', 'sub': [{'n': 'B', 'sub': []}]}, {'n': 'C', 'sub': []}] "
                               "recursive %}") "<w:p>" RANGE("comment", "0", "<w:r><w:t>{{ t.n }}</w:t></w:r>")
                                 REFERENCE("comment", "0") "</w:p>" P("{{p loop(t.sub) }}") P("{%p endfor %}")));
    char *comments = read_member(&o.package, "word/comments.xml");
    check_once(comments, (const char *const[]){">on A<", ">on B<", ">on C<", NULL});
    assert_int_equal(count_of(comments, "w:author=\"A\""), 3);
    for (const char *at = strstr(comments, "<w:comment "); at; at = strstr(at + 1, "<w:comment ")) {
        char reference[60];
        unsigned id = 0;
        assert_int_equal(sscanf(strstr(at, "w:id="), "w:id=\"%u\"", &id), 1);
        snprintf(reference, sizeof reference, "<w:commentReference w:id=\"%u\"/>", id);
        assert_int_equal(count_of(o.document, reference), 1);
    }
    assert_int_equal(count_of(o.document, "commentReference"), 3);
    free(comments);
    outcome_fini(&o);
}

// All paragraphs of a note may depend on data: one is there in the end.
static void an_empty_note_has_a_paragraph(void **state DGL_UNUSED)
{
    struct outcome o = render_with(
        "footnotes", PART("footnotes", NOTE("1", P("{%p if y > 1 %}") P("big") P("{%p endif %}"))),
        DOCUMENT(P("{%p macro m(y) %}") MARKED("1") P("{%p endmacro %}") P("{{p m(1) }}") P("{{p m(2) }}")));
    char *notes = read_member(&o.package, "word/footnotes.xml");
    assert_non_null(strstr(notes, "<w:footnote w:id=\"2\"><w:p></w:p></w:footnote>"));
    assert_int_equal(count_of(notes, ">big<"), 1);
    free(notes);
    outcome_fini(&o);
}

// A note's text has none: what a macro prints there keeps its own for the body.
static void notes_have_no_notes(void **state DGL_UNUSED)
{
    struct outcome o = render_with(
        "footnotes",
        PART("footnotes", "<w:footnote w:id=\"1\">" P("{{ m() }}") "</w:footnote><w:footnote w:id=\"2\">" P(
                              "inner") "</w:footnote>"),
        DOCUMENT("<w:p><w:r><w:t>{% macro m() %}M</w:t></w:r>" REFERENCE(
            "footnote",
            "2") "<w:r><w:t>{% endmacro %}</w:t></w:r></w:p>" LOOP("<w:p>" REFERENCE("footnote", "1") "</w:p>")
                     P("{{ m() }}")));
    char *notes = read_member(&o.package, "word/footnotes.xml");
    assert_null(strstr(notes, "footnoteReference"));
    assert_int_equal(count_of(notes, ">M<"), 2);
    assert_int_equal(count_of(notes, ">inner<"), 1);
    assert_int_equal(count_of(o.document, "footnoteReference"), 3);
    free(notes);
    outcome_fini(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_turn_has_its_comment),
        cmocka_unit_test(a_comment_without_a_range_or_tags_is_copied_too),
        cmocka_unit_test(every_copy_of_a_note_has_its_comments),
        cmocka_unit_test(ranges_that_a_loop_tears_go),
        cmocka_unit_test(bookmarks_of_notes_have_names_of_their_own),
        cmocka_unit_test(a_recursive_loop_repeats_no_id),
        cmocka_unit_test(notes_in_macros_are_copies),
        cmocka_unit_test(notes_in_recursive_loops_are_copies),
        cmocka_unit_test(an_empty_note_has_a_paragraph),
        cmocka_unit_test(notes_have_no_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
