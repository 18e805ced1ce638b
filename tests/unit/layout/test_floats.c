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

// Without wrapping the text takes no notice of the frame.
static void test_frame_over_the_text(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = PP("<w:framePr w:w=\"4000\" w:h=\"1000\" w:hRule=\"exact\" w:wrap=\"none\" w:hAnchor=\"page\" "
                   "w:vAnchor=\"page\" w:x=\"2000\" w:y=\"1440\"/>",
                   "framed") P("first")});
    near(find_text(d, "framed").x, 100);
    near(find_text(d, "first").y, 72 + 9.38);
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
    near(find_text(d, "cell").y, 72 + 10 + 9.38);
    assert_int_equal(find_text(d, "below").page, 2);
    near(find_text(d, "cell").x, 540 - 100 + 5.4);
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

#define ANCHORED(across, down, x, y, w, h, wrap)                                                                      \
    "<w:r><w:drawing><wp:anchor distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\" behindDoc=\"0\"><wp:positionH "       \
    "relativeFrom=\"" across "\"><wp:posOffset>" x "</wp:posOffset></wp:positionH><wp:positionV relativeFrom=\"" down \
    "\"><wp:posOffset>" y "</wp:posOffset></wp:positionV><wp:extent cx=\"" w "\" cy=\"" h "\"/>" wrap                 \
    "<wp:docPr id=\"1\" name=\"a\"/></wp:anchor></w:drawing></w:r>"
#define ANCHOR(w, h, x, wrap) ANCHORED("page", "page", x, "914400", w, h, wrap)
#define SQUARE(side) "<wp:wrapSquare wrapText=\"" side "\"/>"

// An object in the middle: text on both sides of it, on the side that its wrapping names, or below when a side is
// narrow.
static void test_both_sides(void **state DGL_UNUSED)
{
    const char *text = "<w:r><w:t xml:space=\"preserve\">" FLOW FLOW FLOW FLOW FLOW FLOW FLOW "</w:t></w:r></w:p>";
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    static const struct {
        const char *side;
        double first, second;
    } cases[] = {{SQUARE("bothSides"), 72, 360}, {SQUARE("left"), 72, 72}, {SQUARE("right"), 360, 360}};
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        dgl_buf_reset(&b);
        dgl_buf_printf(&b, "<w:p>" ANCHOR("1828800", "914400", "2743200", "%s") "%s", cases[i].side,
                       text); // 216 to 360
        char *d = dump_of(&(struct docx_parts){.body = b.data});
        const char *one = strstr(d, "text "), *two = strstr(one + 1, "\ntext ");
        near(strtod(one + 5, NULL), cases[i].first);
        near(strtod(two + 6, NULL), cases[i].second);
        free(d);
    }
    static const struct {
        const char *offset; // of an object 144 pt wide
        double first;
    } gaps[] = {{"1638300", 72}, {"1549400", 122 + 144}}; // 57 and 50 pt to its left
    for (size_t i = 0; i < DGL_COUNT(gaps); i++) {
        dgl_buf_reset(&b);
        dgl_buf_printf(&b, "<w:p>" ANCHOR("1828800", "914400", "%s", SQUARE("bothSides")) "%s", gaps[i].offset, text);
        char *d = dump_of(&(struct docx_parts){.body = b.data});
        near(strtod(strstr(d, "text ") + 5, NULL), gaps[i].first);
        free(d);
    }
    dgl_buf_fini(&b);
}

#define TRIANGLE                                                                                                   \
    "<wp:wrapTight wrapText=\"right\"><wp:wrapPolygon><wp:start x=\"0\" y=\"0\"/><wp:lineTo x=\"0\" y=\"21600\"/>" \
    "<wp:lineTo x=\"21600\" y=\"21600\"/></wp:wrapPolygon></wp:wrapTight>"

// Tight wrapping follows the outline: here one that grows to the right, from 72 to 172 in a hundred points.
static void test_outline(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p>" ANCHOR("1270000", "1270000", "914400",
                               TRIANGLE) "<w:r><w:t xml:space=\"preserve\">" FLOW FLOW FLOW FLOW "</w:t></w:r></w:p>"});
    const char *one = strstr(d, "text "), *two = strstr(one + 1, "\ntext ");
    near(strtod(one + 5, NULL), 72 + 11.49);
    near(strtod(two + 6, NULL), 72 + 2 * 11.49);
    free(d);
}

// What stands in the header takes room from the body too.
static void test_header_object_moves_the_body(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .header = "<w:p>" ANCHOR("914400", "914400", "914400", SQUARE("bothSides")) "</w:p>",
        .body = P("beside") "<!--own section--><w:sectPr><w:headerReference w:type=\"default\" r:id=\"rIdH\"/><w:pgSz "
                            "w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" "
                            "w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/></w:sectPr>"});
    near(find_text(d, "beside").x, 144);
    free(d);
}

// In a cell an object stands where its paragraph does, and takes room from the text there.
static void test_object_in_a_cell(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:tbl><w:tblPr><w:tblW w:type=\"dxa\" w:w=\"6000\"/><w:tblLayout w:type=\"fixed\"/></w:tblPr>"
                "<w:tblGrid><w:gridCol w:w=\"6000\"/></w:tblGrid><w:tr><w:tc><w:p>" ANCHORED(
                    "column", "paragraph", "0", "0", "914400", "914400",
                    SQUARE("right")) "<w:r><w:t>beside</w:t></w:r></w:p></w:tc></w:tr></w:tbl>" P("below")});
    near(find_text(d, "beside").x, find_text(d, "below").x + 72);
    near(find_text(d, "beside").y, 72 + 9.38);
    near(find_text(d, "below").y, 72 + 72 + 9.38);
    free(d);
}

// Text above the paragraph that an object hangs on makes room for it too, when it stands on the page and not on the
// text.
static void test_object_above_its_anchor(void **state DGL_UNUSED)
{
#define HIGH ANCHORED("page", "page", "914400", "914400", "914400", "914400", "<wp:wrapTopAndBottom/>")
    char *d = dump_of(&(struct docx_parts){.body = P("first") P("second") "<w:p>" HIGH "</w:p>" P("last")});
    near(find_text(d, "first").y, 72 + 72 + 9.38);
    near(find_text(d, "last").y, 72 + 72 + 3 * 11.50 + 9.38);
    free(d);
}

// Where that room drives the anchor to the next page, its object goes with it.
static void test_object_that_drives_its_anchor_away(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&b, P("first"));
    repeat(&b, P("line"), 53);
    dgl_buf_puts(&b, "<w:p>" HIGH "<w:r><w:t>anchor</w:t></w:r></w:p>");
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    near(find_text(d, "first").y, 72 + 9.38);
    assert_int_equal(find_text(d, "anchor").page, 2);
    near(find_text(d, "anchor").y, 72 + 72 + 9.38);
    free(d);
    dgl_buf_fini(&b);
}

#define WPS "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
#define TEXT_BOX(text)                                                                                               \
    "<a:graphic><a:graphicData uri=\"" WPS "\"><wps:wsp xmlns:wps=\"" WPS "\"><wps:spPr><a:prstGeom prst=\"rect\"/>" \
    "</wps:spPr><wps:txbx><w:txbxContent>" P(text) "</w:txbxContent></wps:txbx><wps:bodyPr lIns=\"0\" tIns=\"0\" "   \
                                                   "rIns=\"0\" bIns=\"0\"/></wps:wsp></a:graphicData></a:graphic>"

// An object that leaves no room beside it stands where it is anchored; its own paragraph goes on below it.
static void test_text_below_its_own_object(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = P("above") "<w:p>" ANCHORED("column", "paragraph", "0", "0", "914400", "914400",
                                            "<wp:wrapTopAndBottom/>" TEXT_BOX("object")) "<w:r><w:t>below</w:t></w:r>"
                                                                                         "</w:p>" P("next")});
    near(find_text(d, "object").y, 72 + 11.50 + 9.38);
    near(find_text(d, "below").y, 72 + 11.50 + 72 + 9.38);
    near(find_text(d, "next").y, 72 + 2 * 11.50 + 72 + 9.38);
    free(d);
}

// A box with text that would stand beyond an edge of the page is moved onto it.
static void test_boxes_stay_on_the_page(void **state DGL_UNUSED)
{
    char *d =
        dump_of(&(struct docx_parts){.body = "<w:p>" ANCHORED("page", "paragraph", "9144000", "12700000", "914400",
                                                              "914400", "<wp:wrapNone/>" TEXT_BOX("low"))
                                         ANCHORED("page", "paragraph", "-914400", "-12700000", "914400", "914400",
                                                  "<wp:wrapNone/>" TEXT_BOX("high")) "</w:p>"});
    near(find_text(d, "low").x, 612 - 72);
    near(find_text(d, "low").y, 792 - 72 + 9.38);
    near(find_text(d, "high").x, 0);
    near(find_text(d, "high").y, 9.38);
    free(d);
}

// Where a frame hangs on the text an alignment down the page means nothing.
static void test_frame_of_the_text_is_not_aligned(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = P("above") PP("<w:framePr w:w=\"1440\" w:wrap=\"around\" w:hAnchor=\"margin\" w:yAlign=\"bottom\"/>",
                              "framed") P("beside")});
    near(find_text(d, "framed").y, 72 + 11.50 + 9.38);
    free(d);
}

// A box that is as tall as its text stays so whatever share of the page it is to have besides.
static void test_box_as_tall_as_its_text(void **state DGL_UNUSED)
{
#define WP14 "http://schemas.microsoft.com/office/word/2010/wordprocessingDrawing"
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:p>" ANCHORED(
            "column", "paragraph", "0", "0", "5943600", "914400",
            "<wp:wrapTopAndBottom/><a:graphic><a:graphicData uri=\"" WPS "\"><wps:wsp xmlns:wps=\"" WPS
            "\"><wps:spPr><a:prstGeom prst=\"rect\"/></wps:spPr><wps:txbx><w:txbxContent>" P(
                "box") "</w:txbxContent></wps:txbx><wps:bodyPr lIns=\"0\" tIns=\"0\" rIns=\"0\" bIns=\"0\">"
                       "<a:spAutoFit/></wps:bodyPr></wps:wsp></a:graphicData></a:graphic><wp14:sizeRelV "
                       "xmlns:wp14=\"" WP14 "\" relativeFrom=\"margin\"><wp14:pctHeight>20000</wp14:pctHeight>"
                       "</wp14:sizeRelV>") "<w:r><w:t>below</w:t></w:r></w:p>"});
    near(find_text(d, "box").y, 72 + 9.38);
    near(find_text(d, "below").y, 72 + 11.50 + 9.38);
    free(d);
}

// A table goes beside an object that leaves it room, else below.
static void test_table_beside_an_object(void **state DGL_UNUSED)
{
#define BESIDE(w)                                                                                           \
    "<w:p>" ANCHORED("column", "paragraph", "0", "0", "914400", "914400",                                   \
                     SQUARE("bothSides")) "</w:p><w:tbl><w:tblPr><w:tblW w:type=\"dxa\" w:w=\"" w "\"/>"    \
                                          "<w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid><w:gridCol " \
                                          "w:w=\"" w "\"/></w:tblGrid><w:tr>" TC(w, "cell") "</w:tr></w:tbl>"
    char *narrow = dump_of(&(struct docx_parts){.body = BESIDE("4000") P("after")});
    char *wide = dump_of(&(struct docx_parts){.body = BESIDE("9000") P("after")});
    near(find_text(narrow, "cell").x, 72 + 72 + 5.4);
    near(find_text(narrow, "cell").y, 72 + 11.50 + 9.38);
    near(find_text(wide, "cell").y, 72 + 72 + 9.38);
    free(narrow);
    free(wide);
}

// The frame of paragraphs in cells is that of their table, and inside a floating table it says nothing.
static void test_frames_of_cells(void **state DGL_UNUSED)
{
#define FRAMED(text) \
    PP("<w:framePr w:wrap=\"around\" w:vAnchor=\"page\" w:hAnchor=\"page\" w:x=\"4000\" w:y=\"4000\"/>", text)
#define FRAMED_TABLE                                                                                            \
    "<w:tbl><w:tblPr><w:tblW w:type=\"dxa\" w:w=\"4000\"/></w:tblPr><w:tr><w:tc><w:tcPr><w:tcW w:type=\"dxa\" " \
    "w:w=\"2000\"/></w:tcPr>" FRAMED("one") "</w:tc><w:tc><w:tcPr><w:tcW w:type=\"dxa\" "                       \
                                            "w:w=\"2000\"/></w:tcPr>" FRAMED("two") "</w:tc></w:tr></w:tbl>"
    char *d = dump_of(&(struct docx_parts){.body = FRAMED_TABLE P("text")});
    char *inner = dump_of(&(struct docx_parts){.body = "<w:tbl>" FLOATING "<w:tr><w:tc>" P("outer")
                                                   FRAMED_TABLE P("") "</w:tc></w:tr></w:tbl>" P("text")});
    near(find_text(d, "one").y, 200 + 9.38);
    near(find_text(d, "two").y, 200 + 9.38);
    near(find_text(d, "two").x, find_text(d, "one").x + 100);
    near(find_text(d, "text").y, 72 + 9.38);
    near(find_text(inner, "one").y, find_text(inner, "outer").y + 11.50);
    free(d);
    free(inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop_cap),
        cmocka_unit_test(test_frame_at_the_right),
        cmocka_unit_test(test_frame_over_the_text),
        cmocka_unit_test(test_floating_table),
        cmocka_unit_test(test_floating_table_taller_than_the_page),
        cmocka_unit_test(test_frame_at_the_end),
        cmocka_unit_test(test_turned_text_in_a_box),
        cmocka_unit_test(test_both_sides),
        cmocka_unit_test(test_outline),
        cmocka_unit_test(test_header_object_moves_the_body),
        cmocka_unit_test(test_object_in_a_cell),
        cmocka_unit_test(test_object_above_its_anchor),
        cmocka_unit_test(test_object_that_drives_its_anchor_away),
        cmocka_unit_test(test_text_below_its_own_object),
        cmocka_unit_test(test_boxes_stay_on_the_page),
        cmocka_unit_test(test_frame_of_the_text_is_not_aligned),
        cmocka_unit_test(test_box_as_tall_as_its_text),
        cmocka_unit_test(test_table_beside_an_object),
        cmocka_unit_test(test_frames_of_cells),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
