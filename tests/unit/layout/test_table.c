// Tables, read off the text dump of the boxes.
#include "lay_out.h"

#define TCP(w, pr, text)                                                                                    \
    "<w:tc><w:tcPr><w:tcW w:type=\"dxa\" w:w=\"" w "\"/>" pr "</w:tcPr><w:p><w:r><w:t>" text "</w:t></w:r>" \
    "</w:p></w:tc>"
#define FIXED "<w:tblPr><w:tblW w:type=\"dxa\" w:w=\"4000\"/><w:tblLayout w:type=\"fixed\"/>"
#define GRID2 "</w:tblPr><w:tblGrid><w:gridCol w:w=\"2000\"/><w:gridCol w:w=\"2000\"/></w:tblGrid>"
#define COMPAT15 "<w:compat><w:compatSetting w:name=\"compatibilityMode\" w:val=\"15\"/></w:compat>"

// Text that runs up starts at the cell's bottom left, text that runs down at its top right; the dump shows it as it is
// before it is turned about that corner.
static void test_turned_text(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .body = "<w:tbl>" FIXED GRID2 "<w:tr><w:trPr><w:trHeight w:val=\"1000\"/></w:trPr>" TCP(
            "2000", "<w:textDirection w:val=\"btLr\"/>", "up")
            TCP("2000", "<w:textDirection w:val=\"tbRl\"/>", "down") "</w:tr></w:tbl>" P("below")});
    assert_non_null(strstr(d, "turn 77.400 122.000"));
    near(find_text(d, "up").x, 72 + 5.4);
    near(find_text(d, "up").y, 72 + 50 + 9.38);
    assert_non_null(strstr(d, "turn 266.600 72.000"));
    near(find_text(d, "down").x, 72 + 200 - 5.4);
    near(find_text(d, "down").y, 72 + 9.38);
    near(find_text(d, "below").y, 72 + 50 + 9.38);
    free(d);
}

// Without a height of its own the row grows until turned text stands in one line.
static void test_turned_text_makes_its_row_tall(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:tbl>" FIXED GRID2 "<w:tr>" TCP("2000", "<w:textDirection w:val=\"btLr\"/>", "WWWWWWWWWW")
            TCP("2000", "", "a") "</w:tr></w:tbl>" P("below")});
    near(find_text(d, "below").y, 72 + 10 * 9.44 + 9.38);
    free(d);
}

#define LINKED(text) "<w:p><w:hyperlink r:id=\"rIdU\"><w:r><w:t>" text "</w:t></w:r></w:hyperlink></w:p>"
#define LINK_CELL(turn)                                                                \
    "<w:tc><w:tcPr><w:tcW w:type=\"dxa\" w:w=\"2000\"/><w:textDirection w:val=\"" turn \
    "\"/></w:tcPr>" LINKED("up") "</w:tc>"

// The link of a turned text lies where the text shows: here above the bottom left and below the top right corner.
static void test_links_of_turned_text(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .body = "<w:tbl>" FIXED GRID2 "<w:tr><w:trPr><w:trHeight w:val=\"1000\"/></w:trPr>" LINK_CELL("btLr")
            LINK_CELL("tbRl") "</w:tr></w:tbl>" P("")});
    assert_non_null(strstr(d, "link 77.400 110.877 11.500 11.123"));
    assert_non_null(strstr(d, "link 255.100 72.000 11.500 11.123"));
    free(d);
}

// Tracked changes count as accepted: deleted cells and rows are gone, and so is text that was moved away.
static void test_tracked_cells(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .body = "<w:tbl>" FIXED GRID2 "<w:tr>" TCP("2000", "<w:cellDel w:id=\"1\" w:author=\"a\"/>", "gone")
            TCP("2000", "<w:cellIns w:id=\"2\" w:author=\"a\"/>",
                "new") "</w:tr><w:tr><w:trPr><w:del w:id=\"3\" w:author=\"a\"/>"
                       "</w:trPr>" TCP("2000", "", "row") "</w:tr><w:tr>" TCP(
                           "2000", "<w:cellMerge w:id=\"4\" w:vMerge=\"rest\"/>", "tall")
                           TCP("2000", "",
                               "x") "</w:tr><w:tr>" TCP("2000", "<w:cellMerge w:id=\"5\" w:vMerge=\"cont\"/>", "hidden")
                               TCP("2000", "",
                                   "y") "</w:tr></w:tbl>"
                                        "<w:p><w:pPr><w:rPr><w:moveFrom w:id=\"6\" "
                                        "w:author=\"a\"/></w:rPr></w:pPr><w:moveFrom w:id=\"7\" w:author=\"a\"><w:r>"
                                        "<w:t>away</w:t></w:r></w:moveFrom></w:p><w:p><w:moveTo w:id=\"8\" "
                                        "w:author=\"a\"><w:r><w:t>here</w:t></w:r></w:moveTo></w:p>"});
    assert_null(strstr(d, "gone"));
    assert_null(strstr(d, "\"row\""));
    assert_null(strstr(d, "hidden"));
    assert_null(strstr(d, "away"));
    near(find_text(d, "new").x, 72 + 5.4);
    near(find_text(d, "here").y, 72 + 3 * 11.50 + 9.38); // three rows, and no line for the paragraph that was moved
    free(d);
}

// A merge over many pages: each of its rows shows the colour of the cell where it starts.
static void test_a_tall_merge(void **state DGL_UNUSED)
{
    enum { ROWS = 20000 };
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(64u << 20);
    dgl_buf_puts(&body, "<w:tbl>" FIXED GRID2 "<w:tr>" TCP("2000", "", "a")
                            TCP("2000", "<w:vMerge w:val=\"restart\"/><w:shd w:val=\"clear\" w:fill=\"112233\"/>",
                                "tall") "</w:tr>");
    repeat(&body, "<w:tr><w:tc><w:p/></w:tc><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr>", ROWS - 1);
    dgl_buf_puts(&body, "</w:tbl>" P("below"));
    dgl_buf_putc(&body, '\0');
    char *d = dump_of(&(struct docx_parts){.settings = COMPAT15, .body = body.data});
    int shades = 0;
    for (const char *at = d; (at = strstr(at, " #112233")); at++)
        shades++;
    assert_int_equal(shades, ROWS);
    assert_int_equal(find_text(d, "below").page, pages_in(d));
    free(d);
}

#define APART(more)                                                                                               \
    "<w:tbl><w:tblPr><w:tblW w:type=\"dxa\" w:w=\"4000\"/><w:tblCellSpacing w:w=\"100\" "                         \
    "w:type=\"dxa\"/><w:tblBorders>"                                                                              \
    "<w:top w:val=\"single\" w:sz=\"16\" w:color=\"00FF00\"/><w:left w:val=\"single\" w:sz=\"16\" "               \
    "w:color=\"00FF00\"/>"                                                                                        \
    "<w:bottom w:val=\"single\" w:sz=\"16\" w:color=\"00FF00\"/><w:right w:val=\"single\" w:sz=\"16\" "           \
    "w:color=\"00FF00\"/><w:insideH w:val=\"single\" w:sz=\"8\" w:color=\"FF0000\"/><w:insideV w:val=\"single\" " \
    "w:sz=\"8\" w:color=\"FF0000\"/></w:tblBorders><w:tblLayout w:type=\"fixed\"/>" more GRID2

// Cells that lie apart: ten points between two of them and to the outline; each has a box of its own.
static void test_cell_spacing(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .body = APART("") "<w:tr>" TCP("2000", "<w:shd w:val=\"clear\" w:fill=\"112233\"/>", "a")
            TC("2000", "b") "</w:tr><w:tr>" TC("2000", "c") TC("2000", "d") "</w:tr></w:tbl>" P("below")});
    near(find_text(d, "a").x, 72 + 10 + 5.4);
    near(find_text(d, "b").x, 72 + 100 + 5 + 5.4);
    near(find_text(d, "a").y, 72 + 2 + 10 + 1 + 9.38); // outline, space, border
    near(find_text(d, "c").y, find_text(d, "a").y + 11.50 + 1 + 10 + 1);
    near(find_text(d, "below").y, find_text(d, "c").y + 11.50 + 1 + 10 + 2);
    assert_non_null(strstr(d, "rect 82.000 84.000 85.000 13.500 #112233"));
    assert_non_null(strstr(d, "line 82.000 84.500 85.000 0.000 #FF0000"));
    assert_non_null(strstr(d, "line 177.000 84.500 85.000 0.000 #FF0000"));
    assert_non_null(strstr(d, "line 72.000 73.000 200.000 0.000 #00FF00"));
    assert_non_null(strstr(d, "line 271.000 72.000 0.000 61.000 #00FF00"));
    free(d);
}

// Merged cells that lie apart cover the space between their rows, and right-to-left tables mirror it.
static void test_cell_spacing_of_merges(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .body = APART("<w:bidiVisual/>") "<w:tr>" TCP(
            "2000", "<w:vMerge w:val=\"restart\"/><w:shd w:val=\"clear\" w:fill=\"112233\"/>", "a")
            TC("2000", "b") "</w:tr><w:tr>" TCP("2000", "<w:vMerge/>", "") TC("2000", "d") "</w:tr></w:tbl>" P("")});
    assert_non_null(strstr(d, "rect 445.000 84.000 85.000 37.000 #112233"));
    near(find_text(d, "d").y - find_text(d, "b").y, 11.50 + 1 + 10 + 1);
    free(d);
}

// Text fitted to its cell fills the line: spread when it is too narrow, in narrower letters when it is too wide.
static void test_text_fitted_to_its_cell(void **state DGL_UNUSED)
{
#define FIT "<w:tcFitText/>"
    char *d = dump_of(
        &(struct docx_parts){.settings = COMPAT15,
                             .body = "<w:tbl>" FIXED GRID2 "<w:tr>" TCP("2000", FIT, "wide")
                                 TCP("2000", FIT, "much more than there is room for") "</w:tr></w:tbl>" P("below")});
    near(find_text(d, "below").y, 72 + 11.50 + 9.38);
    const char *wide = strstr(d, "text 77.400"), *long_one = strstr(d, "text 177.400");
    assert_non_null(wide);
    assert_non_null(long_one);
    double width[2];
    assert_int_equal(sscanf(wide, "text %*f %*f %lf \"wide\"", &width[0]), 1);
    assert_int_equal(sscanf(long_one, "text %*f %*f %lf \"much more", &width[1]), 1);
    for (unsigned i = 0; i < 2; i++) // 100 less the margins, short by what rounding takes from each letter at most
        assert_true(width[i] <= 89.2 && width[i] > 89.1);
    free(d);
}

// Where two cells disagree the wider border stands, of equal ones the darker; the cell's own wins over the table's.
static void test_border_conflicts(void **state DGL_UNUSED)
{
#define EDGE(side, size, color) \
    "<w:tcBorders><w:" side " w:val=\"single\" w:sz=\"" size "\" w:color=\"" color "\"/></w:tcBorders>"
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .body = "<w:tbl>" FIXED GRID2 "<w:tr>" TCP("2000", EDGE("right", "8", "FF0000"), "a") TCP(
            "2000", EDGE("left", "16", "00FF00"), "b") "</w:tr><w:tr>" TCP("2000", EDGE("right", "8", "EEEEEE"), "c")
            TCP("2000", EDGE("left", "8", "111111"), "d") "</w:tr></w:tbl>" P("")});
    assert_non_null(strstr(d, "line 172.000 72.000 0.000 11.500 #00FF00"));
    assert_null(strstr(d, "#FF0000"));
    assert_non_null(strstr(d, "line 172.000 83.500 0.000 11.500 #111111"));
    assert_null(strstr(d, "#EEEEEE"));
    free(d);
}

// Corner cells and first and last columns of a style, in their order: a corner wins over its row, a row over its
// column.
static void test_parts_of_a_style(void **state DGL_UNUSED)
{
#define SHADED(part, fill) \
    "<w:tblStylePr w:type=\"" part "\"><w:tcPr><w:shd w:val=\"clear\" w:fill=\"" fill "\"/></w:tcPr></w:tblStylePr>"
#define ROW2 "<w:tr>" TC("2000", "x") TC("2000", "y") "</w:tr>"
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .styles = "<w:style w:type=\"table\" w:styleId=\"T\"><w:name w:val=\"T\"/>" SHADED("firstRow", "000001")
            SHADED("lastRow", "000002") SHADED("firstCol", "000003") SHADED("lastCol", "000004")
                SHADED("nwCell", "000005") SHADED("seCell", "000006") "</w:style>",
        .body = "<w:tbl><w:tblPr><w:tblStyle w:val=\"T\"/><w:tblW w:type=\"dxa\" w:w=\"4000\"/><w:tblLayout "
                "w:type=\"fixed\"/>"
                "<w:tblLook w:firstRow=\"1\" w:lastRow=\"1\" w:firstColumn=\"1\" w:lastColumn=\"1\" w:noHBand=\"1\" "
                "w:noVBand=\"1\"/>" GRID2 ROW2 ROW2 ROW2 "</w:tbl>" P("")});
    static const char *const rects[] = {
        "rect 72.000 72.000 100.000 11.500 #000005", "rect 172.000 72.000 100.000 11.500 #000001",
        "rect 72.000 83.500 100.000 11.500 #000003", "rect 172.000 83.500 100.000 11.500 #000004",
        "rect 72.000 95.000 100.000 11.500 #000002", "rect 172.000 95.000 100.000 11.500 #000006"};
    for (size_t i = 0; i < DGL_COUNT(rects); i++)
        if (!strstr(d, rects[i]))
            fail_msg("no %s in\n%s", rects[i], d);
    free(d);
}

static void test_diagonal_borders(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .body = "<w:tbl>" FIXED GRID2 "<w:tr><w:trPr><w:trHeight w:val=\"1000\"/></w:trPr>" TCP(
            "2000", "<w:tcBorders><w:tr2bl w:val=\"single\" w:sz=\"8\" w:color=\"FF0000\"/></w:tcBorders>", "x")
            TCP("2000", "", "y") "</w:tr></w:tbl>" P("")});
    assert_non_null(strstr(d, "line 72.000 122.000 100.000 -50.000 #FF0000"));
    free(d);
}

// A merged cell's text is centred over its rows.
static void test_vertical_merge(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){.body = "<w:tbl>" FIXED GRID2 "<w:tr>" TCP(
                                               "2000", "<w:vMerge w:val=\"restart\"/><w:vAlign w:val=\"center\"/>", "m")
                                               TCP("2000", "", "one") "</w:tr><w:tr>" TCP("2000", "<w:vMerge/>", "")
                                                   TCP("2000", "", "two") "</w:tr></w:tbl>" P("")});
    near(find_text(d, "m").y, 72 + 11.50 / 2 + 9.38);
    near(find_text(d, "two").y, 72 + 11.50 + 9.38);
    free(d);
}

static void test_exact_and_least_heights(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:tbl>" FIXED GRID2 "<w:tr><w:trPr><w:trHeight w:val=\"100\" w:hRule=\"exact\"/></w:trPr>" TC(
            "2000",
            "a") "</w:tr><w:tr><w:trPr><w:trHeight w:val=\"800\"/></w:trPr>" TC("2000",
                                                                                "b") "</w:tr></w:tbl>" P("below")});
    near(find_text(d, "b").y, 72 + 5 + 9.38);
    near(find_text(d, "below").y, 72 + 5 + 40 + 9.38);
    free(d);
}

// bidiVisual: the first column is the right one, and the table begins at the right margin.
static void test_right_to_left_table(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .body =
            "<w:tbl><w:tblPr><w:bidiVisual/><w:tblW w:type=\"dxa\" w:w=\"4000\"/><w:tblLayout w:type=\"fixed\"/>" GRID2
            "<w:tr>" TC("2000", "first") TC("2000", "second") "</w:tr></w:tbl>" P("")});
    near(find_text(d, "first").x, 540 - 100 + 5.4);
    near(find_text(d, "second").x, 540 - 200 + 5.4);
    free(d);
}

// A row that must not be split goes to the next page whole; one that may is split between lines.
static void test_rows_at_a_pages_end(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
#define TALL                                                                              \
    "<w:tc><w:tcPr><w:tcW w:type=\"dxa\" w:w=\"2000\"/></w:tcPr>" P("r1") P("r2") P("r3") \
        P("r4") "</w:tc></w:tr></w:tbl>"
    repeat(&b, P("line"), 54);
    size_t start = b.len;
    dgl_buf_puts(&b, "<w:tbl>" FIXED GRID2 "<w:tr><w:trPr><w:cantSplit/></w:trPr>" TALL P("below"));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(find_text(d, "r1").page, 2);
    free(d);
    b.len = start;
    dgl_buf_puts(&b, "<w:tbl>" FIXED GRID2 "<w:tr>" TALL P("below"));
    d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(find_text(d, "r2").page, 1);
    assert_int_equal(find_text(d, "r3").page, 2);
    free(d);
    dgl_buf_fini(&b);
}

// Conditional parts of a style: the first row is bold, bands are shaded, direct shading wins.
static void test_table_style(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .settings = COMPAT15,
        .styles = "<w:style w:type=\"table\" w:styleId=\"T\"><w:name w:val=\"T\"/><w:tblStylePr w:type=\"firstRow\">"
                  "<w:rPr><w:b/></w:rPr></w:tblStylePr><w:tblStylePr w:type=\"band1Horz\"><w:tcPr><w:shd "
                  "w:val=\"clear\" w:fill=\"112233\"/></w:tcPr></w:tblStylePr></w:style>",
        .body = "<w:tbl><w:tblPr><w:tblStyle w:val=\"T\"/><w:tblW w:type=\"dxa\" w:w=\"4000\"/><w:tblLayout "
                "w:type=\"fixed\"/><w:tblLook w:firstRow=\"1\" w:noVBand=\"1\"/>" GRID2 "<w:tr>" TC("2000", "iiii")
                    TC("2000", "x") "</w:tr><w:tr>" TC("2000", "band") TCP("2000",
                                                                           "<w:shd w:val=\"clear\" "
                                                                           "w:fill=\"AABBCC\"/>",
                                                                           "own") "</w:tr></w:tbl>" P("")});
    assert_non_null(strstr(d, "#112233"));
    assert_non_null(strstr(d, "#AABBCC"));
    assert_non_null(strstr(d, "11.113 \"iiii\"")); // bold: 0.278 em each
    free(d);
}

// The paragraph that every cell ends with takes no room after a nested table, nor when the cell hides its mark.
static void test_marks_of_cells(void **state DGL_UNUSED)
{
#define IN \
    "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w=\"3000\"/></w:tblGrid><w:tr>" TC("3000", "inner") "</w:tr></w:tbl>"
#define OUT(cell)                                                                                \
    "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w=\"4000\"/></w:tblGrid><w:tr><w:tc><w:tcPr>" cell \
    "</w:tc></w:tr></w:tbl>"
    char *d =
        dump_of(&(struct docx_parts){.body = OUT("</w:tcPr>" IN "<w:p/>") P("one") OUT("<w:hideMark/></w:tcPr><w:p/>")
                                         P("two") OUT("</w:tcPr><w:p/>") P("three")});
    near(find_text(d, "one").y, find_text(d, "inner").y + 11.49);
    near(find_text(d, "two").y, find_text(d, "one").y + 11.49);
    near(find_text(d, "three").y, find_text(d, "two").y + 2 * 11.49);
    free(d);
}

// A page break in a cell is nothing; a line break is one there too.
static void test_page_breaks_in_cells(void **state DGL_UNUSED)
{
    char *d = dump_of(&(struct docx_parts){
        .body = OUT("</w:tcPr><w:p><w:r><w:t>upper</w:t><w:br w:type=\"page\"/></w:r><w:r><w:rPr><w:b/></w:rPr>"
                    "<w:t>beside</w:t></w:r><w:r><w:br/><w:t>lower</w:t></w:r></w:p>") P("after")});
    near(find_text(d, "beside").y, find_text(d, "upper").y);
    near(find_text(d, "lower").y, find_text(d, "upper").y + 11.49);
    near(find_text(d, "after").y, find_text(d, "upper").y + 2 * 11.49);
    assert_null(strstr(d, "page 2"));
    free(d);
}

// A row that does not fit by its height alone moves; one whose text does not fit is split.
static void test_row_moves_by_its_height(void **state DGL_UNUSED)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, P("line"), 54); // 27 points are left
    dgl_buf_puts(
        &b, "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w=\"3000\"/></w:tblGrid><w:tr><w:trPr><w:trHeight w:val=\"700\"/>"
            "</w:trPr>" TC("3000", "tall") "</w:tr></w:tbl>" P("after"));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(find_text(d, "tall").page, 2);
    near(find_text(d, "after").y, 72 + 35 + 9.38);
    free(d);
    dgl_buf_fini(&b);
}

// A row one of whose cells begins a page begins one; at the top of a page there is nothing to do.
static void test_row_begins_a_page(void **state DGL_UNUSED)
{
#define BREAKING "<w:tc><w:tcPr/>" PP("<w:pageBreakBefore/>", "breaks") "</w:tc>"
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:tbl>" FIXED GRID2 "<w:tr>" BREAKING TC("2000", "one") "</w:tr><w:tr>" TC("2000", "two")
            TC("2000", "three") "</w:tr><w:tr>" TC("2000", "four") BREAKING "</w:tr></w:tbl>"});
    assert_int_equal(find_text(d, "one").page, 1);
    assert_int_equal(find_text(d, "three").page, 1);
    assert_int_equal(find_text(d, "four").page, 2);
    near(find_text(d, "four").y, 72 + 9.38);
    free(d);
}

// A row is divided where the paragraphs of its cells may be: never one line alone, above or below.
static void test_widows_in_rows(void **state DGL_UNUSED)
{
#define LINES "<w:tc><w:tcPr/><w:p><w:r><w:t>w1</w:t><w:br/><w:t>w2</w:t><w:br/><w:t>w3</w:t>%s</w:r></w:p></w:tc>"
    static const struct {
        int above;
        const char *more;
        int pages[3]; // of w1, w2, w3
    } cases[] = {{55, "", {2, 2, 2}}, {54, "", {2, 2, 2}}, {53, "<w:br/><w:t>w4</w:t>", {1, 1, 2}}};
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct dgl_buf b = DGL_BUF_INIT(1u << 20);
        repeat(&b, P("line"), cases[i].above);
        dgl_buf_printf(&b, "<w:tbl>" FIXED GRID2 "<w:tr>" LINES TC("2000", "beside") "</w:tr></w:tbl>" P(""),
                       cases[i].more);
        char *d = dump_of(&(struct docx_parts){.body = b.data});
        assert_int_equal(find_text(d, "w1").page, cases[i].pages[0]);
        assert_int_equal(find_text(d, "w2").page, cases[i].pages[1]);
        assert_int_equal(find_text(d, "w3").page, cases[i].pages[2]);
        free(d);
        dgl_buf_fini(&b);
    }
}

// And where its paragraphs are kept whole and with the next.
static void test_kept_paragraphs_in_rows(void **state DGL_UNUSED)
{
#define FOUR "1</w:t><w:br/><w:t>2</w:t><w:br/><w:t>3</w:t><w:br/><w:t>4"
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    repeat(&b, P("line"), 51);
    dgl_buf_puts(&b, "<w:tbl>" FIXED GRID2 "<w:tr><w:tc><w:tcPr/>" P("first") PP("<w:keepNext/>", "head")
                         PP("<w:keepLines/>", "body" FOUR) "</w:tc>" TC("2000", "beside") "</w:tr></w:tbl>" P(""));
    char *d = dump_of(&(struct docx_parts){.body = b.data});
    assert_int_equal(find_text(d, "first").page, 1);
    assert_int_equal(find_text(d, "head").page, 2);
    assert_int_equal(find_text(d, "body").page, 2);
    free(d);
    dgl_buf_fini(&b);
}

// A cell that is not to be wrapped and says its width has that, at least.
static void test_cells_that_do_not_wrap(void **state DGL_UNUSED)
{
#define NO_WRAP(width)                  \
    "<w:tbl><w:tr><w:tc><w:tcPr>" width \
    "<w:noWrap/></w:tcPr>" P("one two three four") "</w:tc>" TC("2000", "beside") "</w:tr></w:tbl>" P("")
    char *said = dump_of(&(struct docx_parts){.body = NO_WRAP("<w:tcW w:type=\"dxa\" w:w=\"1000\"/>")});
    char *open = dump_of(&(struct docx_parts){.body = NO_WRAP("")});
    near(find_text(said, "beside").x, find_text(said, "one").x + 50);
    assert_true(find_text(open, "beside").x > find_text(open, "one").x + 80);
    free(said);
    free(open);
}

#define FITTED(width, more) "<w:tbl><w:tblPr>" width more "</w:tblPr>"
#define AUTO_WIDTH "<w:tblW w:type=\"auto\" w:w=\"0\"/>"
#define TWO_COLUMNS(one, two) "<w:tblGrid><w:gridCol w:w=\"" one "\"/><w:gridCol w:w=\"" two "\"/></w:tblGrid>"
#define TC_SILENT(text) "<w:tc><w:tcPr/>" P(text) "</w:tc>"

static double second_column(const char *settings, const char *table)
{
    char *d = dump_of(&(struct docx_parts){.settings = settings, .body = table});
    double x = find_text(d, "ll").x;
    free(d);
    return x;
}

// Until Word 2010 the text of a fitted table keeps to the room, its outer margins stand beside it; since Word 2013 its
// edges do, with the outer halves of their borders. Percentages are of that width; an indent is given up besides.
static void test_width_of_a_fitted_table(void **state DGL_UNUSED)
{
#define TOO_WIDE TWO_COLUMNS("6000", "6000") "<w:tr>" TC("6000", "ii") TC("6000", "ll") "</w:tr></w:tbl>" P("")
#define SILENT TWO_COLUMNS("100", "100") "<w:tr>" TC_SILENT("ii") TC_SILENT("ll") "</w:tr></w:tbl>" P("")
#define SIDES \
    "<w:tblBorders><w:left w:val=\"single\" w:sz=\"16\"/><w:right w:val=\"single\" w:sz=\"16\"/></w:tblBorders>"
    near(second_column(NULL, FITTED(AUTO_WIDTH, "") TOO_WIDE), 72 + 478.8 / 2);
    near(second_column(COMPAT15, FITTED(AUTO_WIDTH, "") TOO_WIDE), 72 + 468.0 / 2 + 5.4);
    near(second_column(COMPAT15, FITTED(AUTO_WIDTH, SIDES) TOO_WIDE), 72 + 466.0 / 2 + 5.4);
    near(second_column(NULL, FITTED(AUTO_WIDTH, "<w:tblInd w:type=\"dxa\" w:w=\"720\"/>") TOO_WIDE),
         72 + 36 + (478.8 - 36) / 2);
    near(second_column(NULL, FITTED("<w:tblW w:type=\"pct\" w:w=\"2500\"/>", "") SILENT), 72 + 478.8 / 4);
}

// A percentage of a floating table is one of the text around it, not of the box that holds it.
static void test_percentage_of_a_floating_table(void **state DGL_UNUSED)
{
    near(second_column(NULL, FITTED("<w:tblpPr w:horzAnchor=\"margin\" w:vertAnchor=\"text\" w:tblpY=\"1\"/><w:tblW "
                                    "w:type=\"pct\" w:w=\"2500\"/>",
                                    "") SILENT),
         72 + 478.8 / 4 + 5.4);
}

// Columns of which no cell of their own says a width share that of a cell over them as the grid does; else they take
// what the others leave of the table.
static void test_columns_that_say_nothing(void **state DGL_UNUSED)
{
    near(second_column(NULL, FITTED(AUTO_WIDTH, "") TWO_COLUMNS(
                                 "1000", "3000") "<w:tr><w:tc><w:tcPr><w:tcW "
                                                 "w:type=\"dxa\" w:w=\"4000\"/><w:gridSpan w:val=\"2\"/></w:tcPr>" P(
                                                     "over") "</w:tc></w:tr><w:tr>" TC_SILENT("ii")
                                                     TC_SILENT("ll") "</w:tr></w:tbl>" P("")),
         72 + 50);
    near(second_column(NULL, FITTED("<w:tblW w:type=\"dxa\" w:w=\"6000\"/>", "") TWO_COLUMNS("100", "100") "<w:tr>" TC(
                                 "1000", "ii") TC_SILENT("ll") "</w:tr></w:tbl>" P("")),
         72 + 50);
}

// A row that came from another table keeps its borders and margins (§17.4.60).
static void test_exceptions_of_a_row(void **state DGL_UNUSED)
{
#define ROW(text) "<w:tc><w:tcPr><w:tcW w:type=\"dxa\" w:w=\"2000\"/></w:tcPr>" P(text) "</w:tc></w:tr>"
    char *d = dump_of(&(struct docx_parts){
        .body = "<w:tbl><w:tblPr><w:tblCellMar><w:left w:w=\"0\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr><w:tr>" ROW(
            "plain") "<w:tr><w:tblPrEx><w:tblBorders><w:bottom w:val=\"single\" "
                     "w:sz=\"8\"/></w:tblBorders><w:tblCellMar><w:left "
                     "w:w=\"400\" w:type=\"dxa\"/></w:tblCellMar></w:tblPrEx>" ROW("other") "</w:tbl>" P("")});
    near(find_text(d, "other").x - find_text(d, "plain").x, 20);
    const char *line = strstr(d, "\nline ");
    assert_non_null(line); // one: below the second row
    assert_null(strstr(line + 1, "\nline "));
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tall_merge),
        cmocka_unit_test(test_turned_text),
        cmocka_unit_test(test_turned_text_makes_its_row_tall),
        cmocka_unit_test(test_links_of_turned_text),
        cmocka_unit_test(test_tracked_cells),
        cmocka_unit_test(test_cell_spacing),
        cmocka_unit_test(test_cell_spacing_of_merges),
        cmocka_unit_test(test_text_fitted_to_its_cell),
        cmocka_unit_test(test_border_conflicts),
        cmocka_unit_test(test_parts_of_a_style),
        cmocka_unit_test(test_diagonal_borders),
        cmocka_unit_test(test_vertical_merge),
        cmocka_unit_test(test_exact_and_least_heights),
        cmocka_unit_test(test_right_to_left_table),
        cmocka_unit_test(test_rows_at_a_pages_end),
        cmocka_unit_test(test_table_style),
        cmocka_unit_test(test_marks_of_cells),
        cmocka_unit_test(test_page_breaks_in_cells),
        cmocka_unit_test(test_row_moves_by_its_height),
        cmocka_unit_test(test_row_begins_a_page),
        cmocka_unit_test(test_widows_in_rows),
        cmocka_unit_test(test_kept_paragraphs_in_rows),
        cmocka_unit_test(test_cells_that_do_not_wrap),
        cmocka_unit_test(test_width_of_a_fitted_table),
        cmocka_unit_test(test_percentage_of_a_floating_table),
        cmocka_unit_test(test_columns_that_say_nothing),
        cmocka_unit_test(test_exceptions_of_a_row),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
