// Frames, floating tables and what text flows around, read off the text dump of the boxes.
#include "lay_out.h"

#define FLOW "a b c d e f g h i j k l m n o p q r s t u v w x y z "

// A frame as wide as its letter takes room from the first lines of the paragraph below it.
static void test_drop_cap(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:pPr><w:framePr w:dropCap=\"drop\" w:lines=\"2\" w:wrap=\"around\" w:vAnchor=\"text\" "
                "w:hAnchor=\"text\"/><w:spacing w:line=\"460\" w:lineRule=\"exact\"/></w:pPr><w:r><w:rPr><w:sz "
                "w:val=\"50\"/></w:rPr><w:t>W</w:t></w:r></w:p>" P("first" FLOW FLOW FLOW FLOW FLOW FLOW)});
    near(find_text(d, "W").x, 72);
    near(find_text(d, "first").x, 72 + 25 * 0.944 + 0.02);
    near(find_text(d, "first").y, 72 + 9.38);
    free(d);
}

// Paragraphs with the same frame share it; it stands at the right margin, and the text beside it begins at the left.
static void test_frame_at_the_right(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = PP("<w:framePr w:w=\"1440\" w:wrap=\"around\" w:hAnchor=\"margin\" w:xAlign=\"right\" "
                   "w:vAnchor=\"page\" w:y=\"2000\"/>",
                   "one") PP("<w:framePr w:w=\"1440\" w:wrap=\"around\" w:hAnchor=\"margin\" w:xAlign=\"right\" "
                             "w:vAnchor=\"page\" w:y=\"2000\"/>",
                             "two") P("beside")});
    near(find_text(d, "one").x, 540 - 72);
    near(find_text(d, "one").y, 100 + 9.38);
    near(find_text(d, "two").y, 100 + 9.38 + 11.50);
    near(find_text(d, "beside").y, 72 + 9.38);
    free(d);
}

#define FLOATING                                                                              \
    "<w:tblPr><w:tblpPr w:horzAnchor=\"margin\" w:tblpXSpec=\"right\" w:vertAnchor=\"text\" " \
    "w:tblpY=\"200\"/><w:tblW w:type=\"dxa\" w:w=\"2000\"/></w:tblPr>"
static void test_floating_table(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = P("above") "<w:tbl>" FLOATING "<w:tr>" TC("2000", "cell") "</w:tr></w:tbl>" P("beside")});
    near(find_text(d, "cell").x, 540 - 100 + 5.4);
    near(find_text(d, "beside").y, 72 + 11.50 + 9.38);
    near(find_text(d, "cell").y, 72 + 11.50 + 10 + 9.38);
    free(d);
}

// One that the page cannot hold is set in the text, over pages.
static void test_floating_table_taller_than_the_page(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&b, "<w:tbl>" FLOATING);
    repeat(&b, "<w:tr>" TC("2000", "cell") "</w:tr>", 80);
    dgl_buf_puts(&b, "</w:tbl>" P("below"));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(pages_in(d), 2);
    assert_int_equal(find_text(d, "below").page, 2);
    free(d);
    dgl_buf_fini(&b);
}

// With nothing below them frames hang on a paragraph that has no height.
static void test_frame_at_the_end(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = P("text") PP("<w:framePr w:w=\"1440\" w:x=\"1440\"/>", "last")});
    near(find_text(d, "last").x, 72 + 72);
    near(find_text(d, "last").y, 72 + 11.50 + 9.38);
    free(d);
}

// A box whose text runs up: its first line begins at the bottom left, inside the insets.
static void test_turned_text_in_a_box(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p><w:r><w:drawing><wp:inline><wp:extent cx=\"914400\" cy=\"914400\"/><wp:docPr id=\"1\" "
                "name=\"b\"/><a:graphic><a:graphicData "
                "uri=\"http://schemas.microsoft.com/office/word/2010/wordprocessingShape\"><wps:wsp "
                "xmlns:wps=\"http://schemas.microsoft.com/office/word/2010/wordprocessingShape\"><wps:spPr><a:prstGeom "
                "prst=\"rect\"/></wps:spPr><wps:txbx><w:txbxContent>" P(
                    "up") "</w:txbxContent></wps:txbx><wps:bodyPr "
                          "vert=\"vert270\" lIns=\"0\" tIns=\"0\" rIns=\"0\" bIns=\"0\"/></wps:wsp></a:graphicData>"
                          "</a:graphic></wp:inline></w:drawing></w:r></w:p>"});
    assert_non_null(strstr(d, "turn 72.000 144.000"));
    near(find_text(d, "up").y, 144 + 9.38);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop_cap),         cmocka_unit_test(test_frame_at_the_right),
        cmocka_unit_test(test_floating_table),   cmocka_unit_test(test_floating_table_taller_than_the_page),
        cmocka_unit_test(test_frame_at_the_end), cmocka_unit_test(test_turned_text_in_a_box),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
