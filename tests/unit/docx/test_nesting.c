// Content of a value's markup that may not stand where it is: what belongs into a run gets one, what belongs between
// runs parts them, what is no content goes, and what would need more than that is refused.
#include "check.h"
#include "package.h"

#define T(text) "<w:r><w:t>" text "</w:t></w:r>"
#define MADE(text) "<w:r><w:t xml:space=\"preserve\">" text "</w:t></w:r>"
#define CONTROL(content) "<w:sdt><w:sdtContent>" content "</w:sdtContent></w:sdt>"
#define CELL(content) "<w:tbl><w:tr><w:tc>" content "<w:p/></w:tc></w:tr></w:tbl>"
#define MADE_CELL(content)                                                                           \
    "<w:tbl><w:tblPr></w:tblPr><w:tblGrid><w:gridCol w:w=\"9026\"/></w:tblGrid><w:tr><w:tc>" content \
    "<w:p></w:p></w:tc></w:tr></w:tbl>"

struct example {
    const char *markup, *made;
};

static void check_examples(const char *tag, const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char json[800], document[600];
        snprintf(json, sizeof json, "{\"a\":\"%s\"}", examples[i].markup);
        snprintf(document, sizeof document, DOCUMENT(P("%s")), tag);
        struct outcome o = render_body(document, json);
        if (o.status != DGL_OK)
            print_error("%s: %s\n", examples[i].markup, o.err.message);
        assert_int_equal(o.status, DGL_OK);
        const char *from = strstr(o.document, "<w:body>"), *to = strstr(o.document, "</w:body>");
        assert_true(from && to);
        size_t len = (size_t)(to - from) - 8;
        if (len != strlen(examples[i].made) || memcmp(from + 8, examples[i].made, len) != 0)
            print_error("%s gave %.*s\n", examples[i].markup, (int)len, from + 8);
        assert_int_equal(len, strlen(examples[i].made));
        assert_memory_equal(from + 8, examples[i].made, len);
        struct dgl_error err = DGL_ERROR_INIT;
        struct document_check check = {.problem = NULL};
        struct dgl_xml_handler h = {
            .start = document_check_start, .end = document_check_end, .text = document_check_text, .ctx = &check};
        assert_int_equal(dgl_xml_parse(o.document, strlen(o.document), "the document", &h, &err), DGL_OK);
        assert_null(check.problem);
        outcome_fini(&o);
    }
}

static void loose_properties_go(void **state DGL_UNUSED)
{
    static const struct example examples[] = {
        {"<w:p><w:jc w:val='end'/>" T("x") "</w:p>", "<w:p>" MADE("x") "</w:p>"},
        {"<w:p><w:pPr><w:jc w:val='end'/></w:pPr>" T("x") "<w:ind/><w:shd/><w:sectPr><w:pgSz/></w:sectPr></w:p>",
         "<w:p><w:pPr><w:jc w:val=\"end\"></w:jc></w:pPr>" MADE("x") "</w:p>"},
        {"<w:p><w:r><w:jc/><w:b/><w:nothing/><w:t>x</w:t><w:gridSpan/></w:r></w:p>", "<w:p>" MADE("x") "</w:p>"},
        {"<w:p><w:hyperlink w:anchor='a'><w:jc/>" T("x") "</w:hyperlink><w:ins><w:b/>" T("y") "</w:ins></w:p>",
         "<w:p><w:hyperlink w:anchor=\"a\">" MADE("x") "</w:hyperlink><w:ins>" MADE("y") "</w:ins></w:p>"},
        {"<w:p><w:fldSimple w:instr='PAGE'><w:jc/>" T("1") "</w:fldSimple></w:p>",
         "<w:p><w:fldSimple w:instr=\"PAGE\">" MADE("1") "</w:fldSimple></w:p>"},
        {"<w:p>" CONTROL("<w:jc/>" T("x")) "</w:p>",
         "<w:p><w:sdt><w:sdtContent>" MADE("x") "</w:sdtContent></w:sdt></w:p>"},
        {CELL("<w:jc/>"), MADE_CELL("")},
        {"<w:tbl><w:jc/><w:tr><w:jc/><w:tc><w:p/></w:tc></w:tr></w:tbl>", MADE_CELL("")},
        // What another namespace has there stays.
        {"<w:p><m:oMath xmlns:m='urn:m'><m:jc/></m:oMath></w:p>",
         "<w:p><m:oMath xmlns:m=\"urn:m\"><m:jc></m:jc></m:oMath></w:p>"},
        {"<w:p><w:proofErr/><w:moveFromRangeStart/>" T("x") "<w:permEnd/></w:p>",
         "<w:p><w:proofErr></w:proofErr><w:moveFromRangeStart></w:moveFromRangeStart>" MADE(
             "x") "<w:permEnd></w:permEnd></w:p>"},
    };
    check_examples("{{p a|safe }}", examples, DGL_COUNT(examples));
}

static void what_belongs_into_a_run_gets_one(void **state DGL_UNUSED)
{
    static const struct example examples[] = {
        {"<w:p><w:t>x</w:t><w:br/>" T("y") "</w:p>", "<w:p>" MADE("x") "<w:r><w:br></w:br></w:r>" MADE("y") "</w:p>"},
        {"<w:p><w:hyperlink w:anchor='a'><w:t>x</w:t></w:hyperlink></w:p>",
         "<w:p><w:hyperlink w:anchor=\"a\">" MADE("x") "</w:hyperlink></w:p>"},
        {"<w:p><w:drawing/><w:sym/></w:p>", "<w:p><w:r><w:drawing></w:drawing></w:r><w:r><w:sym></w:sym></w:r></w:p>"},
        {"<w:p>" CONTROL("<w:t>x</w:t>") "</w:p>",
         "<w:p><w:sdt><w:sdtContent>" MADE("x") "</w:sdtContent></w:sdt></w:p>"},
        {"<w:p><w:bdo><w:fldChar/></w:bdo></w:p>", "<w:p><w:bdo><w:r><w:fldChar></w:fldChar></w:r></w:bdo></w:p>"},
    };
    check_examples("{{p a|safe }}", examples, DGL_COUNT(examples));
}

static void what_belongs_between_runs_parts_them(void **state DGL_UNUSED)
{
    static const struct example examples[] = {
        {"<w:p><w:r><w:t>a</w:t><w:fldSimple w:instr='PAGE'>" T("1") "</w:fldSimple><w:t>b</w:t></w:r></w:p>",
         "<w:p>" MADE("a") "<w:fldSimple w:instr=\"PAGE\">" MADE("1") "</w:fldSimple>" MADE("b") "</w:p>"},
        {"<w:p><w:r><w:t>a<w:shd/>b</w:t></w:r></w:p>", "<w:p>" MADE("ab") "</w:p>"},
        {"<w:r><w:t>a</w:t>" CONTROL("<w:t>x</w:t><w:jc/>") "</w:r>",
         "<w:p>" MADE("a") "<w:sdt><w:sdtContent>" MADE("x") "</w:sdtContent></w:sdt></w:p>"},
        {"<w:p><w:r><w:t>a</w:t>" CONTROL(T("x")) "</w:r></w:p>",
         "<w:p>" MADE("a") "<w:sdt><w:sdtContent>" MADE("x") "</w:sdtContent></w:sdt></w:p>"},
    };
    check_examples("{{p a|safe }}", examples, DGL_COUNT(examples));
}

// At the place of printing: what is written between runs leaves the run.
static void the_place_of_printing_is_left(void **state DGL_UNUSED)
{
    static const struct example examples[] = {
        {"<w:shd/><w:jc/>", "<w:p><w:r><w:t xml:space=\"preserve\">ab</w:t></w:r></w:p>"},
        {"<w:sym/>",
         "<w:p><w:r><w:t xml:space=\"preserve\">a</w:t><w:sym></w:sym><w:t xml:space=\"preserve\">b</w:t></w:r></w:p>"},
        {"<w:fldSimple>" T("1") "</w:fldSimple>",
         "<w:p>" MADE("a") "<w:fldSimple>" MADE("1") "</w:fldSimple>" MADE("b") "</w:p>"},
        {CONTROL("<w:jc/><w:t>x</w:t>"),
         "<w:p>" MADE("a") "<w:sdt><w:sdtContent>" MADE("x") "</w:sdtContent></w:sdt>" MADE("b") "</w:p>"},
    };
    check_examples("a{{ a|safe }}b", examples, DGL_COUNT(examples));
}

// Form fields, rubies, objects, text boxes, tracked properties and content controls have elements of their own inside.
static void what_stands_right_stays(void **state DGL_UNUSED)
{
#define FIELD \
    "<w:fldChar><w:ffData><w:name></w:name><w:checkBox><w:default></w:default></w:checkBox></w:ffData></w:fldChar>"
#define RUBY                                                                                   \
    "<w:ruby><w:rubyPr><w:hps></w:hps></w:rubyPr><w:rt>" MADE("a") "</w:rt><w:rubyBase>" MADE( \
        "b") "</w:rubyBase></w:ruby>"
#define OBJECT "<w:object><w:drawing></w:drawing><w:control></w:control></w:object>"
#define BOX "<w:pict><v:shape><w:txbxContent><w:p>" MADE("c") "</w:p></w:txbxContent></v:shape></w:pict>"
#define CHANGE "<w:rPr><w:b></w:b><w:rPrChange><w:rPr><w:i></w:i></w:rPr></w:rPrChange></w:rPr>"
#define PICKED                                                                                               \
    "<w:sdt><w:sdtPr><w:rPr><w:b></w:b></w:rPr><w:dropDownList><w:listItem></w:listItem></w:dropDownList></" \
    "w:sdtPr><w:sdtContent>" MADE("d") "</w:sdtContent></w:sdt>"
    static const char *const kept[] = {"<w:r>" FIELD "</w:r>", "<w:r>" RUBY "</w:r>",   "<w:r>" OBJECT "</w:r>",
                                       "<w:r>" BOX "</w:r>",   "<w:r>" CHANGE "</w:r>", PICKED};
    for (size_t i = 0; i < DGL_COUNT(kept); i++) {
        char document[1200], wanted[600];
        snprintf(document, sizeof document,
                 "<w:document xmlns:w=\"" NS_W "\" xmlns:v=\"urn:schemas-microsoft-com:vml\"><w:body>" P(
                     "{%%p macro m() %%}") "<w:p>%s</w:p>" P("{%%p endmacro %%}")
                     P("{{p m() }}") "</w:body></w:document>",
                 kept[i]);
        snprintf(wanted, sizeof wanted, "<w:p>%s</w:p>", kept[i]);
        struct outcome o = render_body(document, "{}");
        assert_int_equal(o.status, DGL_OK);
        if (!strstr(o.document, wanted))
            print_error("%s gave %s\n", kept[i], o.document);
        assert_non_null(strstr(o.document, wanted));
        outcome_fini(&o);
    }
}

static void the_rest_is_refused(void **state DGL_UNUSED)
{
    static const char *const bad[] = {
        CELL(T("x")),
        CELL("<w:t>x</w:t>"),
        CELL("<w:drawing/>"),
        CELL("<w:fldSimple/>"),
        CELL("<w:hyperlink>" T("x") "</w:hyperlink>"),
        "<w:tbl><w:tr><w:drawing/><w:tc/></w:tr></w:tbl>",
        "<w:p><w:t>a<w:r><w:t>b</w:t></w:r></w:t></w:p>",
        "<w:p><w:nothing>" T("x") "<w:p/></w:nothing></w:p>",
        "<w:p><w:r><w:drawing><w:txbxContent>" T("x") "</w:txbxContent></w:drawing></w:r></w:p>"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        char json[400];
        snprintf(json, sizeof json, "{\"a\":\"%s\"}", bad[i]);
        check_fails(DOCUMENT(P("{{p a|safe }}")), json, "invalid_markup", 1);
    }
}

// A set that stands in a paragraph: blocks in it part the paragraph that it is printed in, but not what else is open.
static void blocks_in_what_was_set_aside(void **state DGL_UNUSED)
{
#define SET(inside) DOCUMENT("<w:p>" T("{% set z %}") inside T("{% endset %}a{{ z }}b") "</w:p>")
#define DATA "{\"m\":\"# head\\n\\ntail\"}"
    struct outcome o = render_body(SET(T("{{ m|markdown }}")), DATA);
    assert_int_equal(o.status, DGL_OK);
    assert_int_equal(count_of(o.document, "</w:p>"), 4);
    outcome_fini(&o);
    check_fails(SET("<w:hyperlink w:anchor=\"x\">" T("{{ m|markdown }}") "</w:hyperlink>"), DATA, "misplaced_value", 1);
    check_fails(SET("<w:ins>" T("{{ m|markdown }}") "</w:ins>"), DATA, "misplaced_value", 1);
#undef DATA
#undef SET
}

// ---- whatever the markup

static uint32_t next_number(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

static void put_random_markup(struct dgl_buf *b, uint32_t *seed, unsigned depth)
{
    static const char *const names[] = {
        "p",           "p",
        "r",           "r",
        "r",           "t",
        "t",           "tbl",
        "tr",          "tc",
        "sdt",         "sdt",
        "hyperlink",   "ins",
        "fldSimple",   "bdo",
        "pPr",         "rPr",
        "jc",          "b",
        "shd",         "sectPr",
        "tcPr",        "tblPr",
        "br",          "tab",
        "drawing",     "fldChar",
        "smartTag",    "customXml",
        "txbxContent", "commentRangeStart",
        "rt",          "rubyBase",
        "sym",         "sdtContent",
        "nothing",     "permEnd",
        "subDoc",      "altChunk",
        "numPr",       "footnoteReference",
        "del",         "proofErr",
        "instrText",   "ruby",
        "pict",        "trPr",
        "tblGrid",     "gridCol",
    };
    const char *name = names[next_number(seed, DGL_COUNT(names))];
    bool control = strcmp(name, "sdt") == 0 && next_number(seed, 4);
    dgl_buf_printf(b, "<w:%s%s>%s", name, next_number(seed, 6) ? "" : " r:id='rId1'", control ? "<w:sdtContent>" : "");
    if (strcmp(name, "t") == 0)
        dgl_buf_puts(b, "x");
    for (uint32_t n = depth < 6 ? next_number(seed, 4) : 0; n > 0; n--)
        put_random_markup(b, seed, depth + 1);
    dgl_buf_printf(b, "%s</w:%s>", control ? "</w:sdtContent>" : "", name);
}

static void whatever_comes_is_refused_or_valid(void **state DGL_UNUSED)
{
    static const char *const documents[] = {DOCUMENT(P("a{{ a|safe }}b")), DOCUMENT(P("a{{r a|safe }}b")),
                                            DOCUMENT(P("{{p a|safe }}")),
                                            DOCUMENT(TBL(COL, TR(TC(P("{{tr a|safe }}"))) TR(TC(P("x"))))),
                                            DOCUMENT(TBL(COL, TR(TC(P("{{tc a|safe }}")))))};
    unsigned made = 0;
    for (uint32_t i = 0; i < 15000; i++) {
        uint32_t seed = i * 2654435761u;
        DGL_AUTO_FINI(buf) json = DGL_BUF_INIT(1u << 20);
        dgl_buf_puts(&json, "{\"a\":\"");
        for (uint32_t n = 1 + next_number(&seed, 3); n > 0; n--)
            put_random_markup(&json, &seed, 0);
        dgl_buf_puts(&json, "\"}");
        dgl_buf_putc(&json, '\0');
        struct outcome o = render_body(documents[i % DGL_COUNT(documents)], json.data);
        struct dgl_error err = DGL_ERROR_INIT;
        struct document_check check = {.problem = NULL};
        struct dgl_xml_handler h = {
            .start = document_check_start, .end = document_check_end, .text = document_check_text, .ctx = &check};
        if (o.status == DGL_OK) {
            assert_int_equal(dgl_xml_parse(o.document, strlen(o.document), "the document", &h, &err), DGL_OK);
            made++;
        } else {
            assert_string_equal(o.err.slug, "invalid_markup");
        }
        if (check.problem)
            print_error("%s: %s gave %s\n", check.problem, json.data, o.document);
        assert_null(check.problem);
        outcome_fini(&o);
    }
    assert_true(made > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loose_properties_go),
        cmocka_unit_test(what_belongs_into_a_run_gets_one),
        cmocka_unit_test(what_belongs_between_runs_parts_them),
        cmocka_unit_test(the_place_of_printing_is_left),
        cmocka_unit_test(what_stands_right_stays),
        cmocka_unit_test(the_rest_is_refused),
        cmocka_unit_test(blocks_in_what_was_set_aside),
        cmocka_unit_test(whatever_comes_is_refused_or_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
