// What each turn of a loop has for itself: comments, notes and the ranges in them.
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

static void notes_in_macros_are_shared(void **state DGL_UNUSED)
{
    struct outcome o = render_with("footnotes", PART("footnotes", "<w:footnote w:id=\"1\">" P("one") "</w:footnote>"),
                                   DOCUMENT(P("{%p macro m() %}") "<w:p>" REFERENCE("footnote", "1") "</w:p>" P(
                                       "{%p endmacro %}") LOOP(P("{{p m() }}"))));
    char *notes = read_member(&o.package, "word/footnotes.xml");
    assert_int_equal(count_of(o.document, "<w:footnoteReference w:id=\"1\""), 2);
    assert_int_equal(count_of(notes, "<w:footnote "), 1);
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
        cmocka_unit_test(notes_in_macros_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
