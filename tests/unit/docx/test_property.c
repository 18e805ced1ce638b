// Random templates with random data: whatever they are, a render ends with an error that has words or with a document
// that Word opens. Templates are made from a grammar, mostly balanced, with tags where people put them and where they
// should not; the same seeds every time.
#include "check.h"
#include "package.h"

static uint64_t state_;
static uint32_t marks_;

static uint32_t roll(uint32_t n)
{
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return (uint32_t)((state_ >> 20) % n);
}

static const char *pick(const char *const *items, size_t count)
{
    return items[roll((uint32_t)count)];
}

static const char *value_tag(void)
{
    static const char *const tags[] = {
        "{{ a }}",       "{{ x }}",           "{{ deep.b }}",  "{{ xs|length }}", "{{ multi }}",
        "{{ nothing }}", "{{ a|upper }}",     "{{ img_a }}",   "{{r rich }}",     "{{ loop.index if loop else 0 }}",
        "{# c #}",       "{% set q = 1 %}",   "{_{ e }_}",     "{{ markup }}",    "{{p blocks }}",
        "{{r all }}",    "{{ md|markdown }}", "{{ ht|html }}", "{{ x|qr }}"};
    return pick(tags, DGL_COUNT(tags));
}

static void put_open(struct dgl_buf *b, const char *prefix)
{
    static const char *const opens[] = {"for x in xs", "for x in unknown", "if a", "if nothing", "for x in [1, 2]"};
    const char *open = pick(opens, DGL_COUNT(opens));
    dgl_buf_printf(b, "{%%%s %s %%}", prefix, open);
    dgl_buf_putc(b, open[0] == 'f' ? 'F' : 'I');
}

// Puts an opening tag and gives back the kind of its end.
static char open_block(struct dgl_buf *b, const char *prefix)
{
    put_open(b, prefix);
    char kind = b->data[b->len - 1];
    b->data[--b->len] = '\0';
    return kind;
}

static void close_block(struct dgl_buf *b, char kind, const char *prefix)
{
    if (roll(60) == 0)
        return; // forgotten
    dgl_buf_printf(b, "{%%%s %s %%}", prefix, kind == 'F' ? "endfor" : "endif");
}

static void put_runs(struct dgl_buf *b, const char *text)
{
    static const char *const formats[] = {
        "<w:b/>", "<w:rFonts w:ascii=\"X\"/><w:color w:val=\"FF0000\"/><w:sz w:val=\"20\"/>",
        "<w:rStyle w:val=\"S\"/><w:strike/><w:u w:val=\"single\"/><w:lang w:val=\"de-DE\"/>"};
    // Cut into runs at random places that are no entity and no character's middle: the texts here are plain ASCII.
    dgl_buf_puts(b, "<w:r><w:t>");
    for (; *text; text++) {
        dgl_buf_putc(b, *text);
        if (roll(14) != 0)
            continue;
        if (roll(2))
            dgl_buf_printf(b, "</w:t></w:r><w:r><w:rPr>%s</w:rPr><w:t>", pick(formats, DGL_COUNT(formats)));
        else
            dgl_buf_puts(b, "</w:t></w:r><w:proofErr w:type=\"gramStart\"/><w:r><w:t>");
    }
    dgl_buf_puts(b, "</w:t></w:r>");
}

static void put_paragraph(struct dgl_buf *b, const char *text)
{
    static const char *const forms[] = {
        "<w:jc w:val=\"right\"/>",
        "<w:keepNext/><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr><w:spacing w:after=\"9\"/>",
        "<w:pStyle w:val=\"Q\"/><w:pBdr><w:top w:val=\"single\"/></w:pBdr><w:tabs><w:tab w:val=\"left\" "
        "w:pos=\"9\"/></w:tabs><w:ind w:left=\"9\"/><w:rPr><w:b/></w:rPr>"};
    if (roll(4))
        dgl_buf_puts(b, "<w:p>");
    else
        dgl_buf_printf(b, "<w:p><w:pPr>%s</w:pPr>", pick(forms, DGL_COUNT(forms)));
    uint32_t mark = roll(12) == 0 ? ++marks_ : 0;
    if (mark)
        dgl_buf_printf(b, "<w:bookmarkStart w:id=\"%u\" w:name=\"m%u\"/>", mark, mark);
    uint32_t form = roll(20);
    if (form < 2) {
        dgl_buf_puts(b, "<w:hyperlink w:anchor=\"m\">");
        put_runs(b, text);
        dgl_buf_puts(b, "</w:hyperlink>");
    } else if (form == 2) {
        dgl_buf_puts(b, "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>");
        put_runs(b, text);
        dgl_buf_puts(b, "</w:sdtContent></w:sdt>");
    } else {
        put_runs(b, text);
    }
    if (mark)
        dgl_buf_printf(b, "<w:bookmarkEnd w:id=\"%u\"/>", mark);
    dgl_buf_puts(b, "</w:p>");
}

static void put_inline(struct dgl_buf *text, unsigned depth);

// Text that becomes a value first.
static void put_captured(struct dgl_buf *text, unsigned depth)
{
    static const struct {
        const char *before, *after;
    } forms[] = {{"{% set v %}", "{% endset %}[{{ v }}]"},
                 {"{% filter upper %}", "{% endfilter %}"},
                 {"{%- filter trim -%}", "{%- endfilter -%}"},
                 {"{% macro im(x) %}", "{% endmacro %}a{{ im(2) }}b{{ im(x) }}"},
                 {"{% call cm() %}", "{% endcall %}"},
                 {"{% for x in [1] recursive %}", "{% if not loop.depth0 %}{{ loop([2]) }}{% endif %}{% endfor %}"}};
    size_t i = roll(DGL_COUNT(forms));
    dgl_buf_puts(text, forms[i].before);
    put_inline(text, depth + 1);
    dgl_buf_puts(text, forms[i].after);
}

static void put_inline(struct dgl_buf *text, unsigned depth)
{
    for (uint32_t i = roll(3); i > 0; i--) {
        dgl_buf_puts(text, roll(3) ? "word " : " ");
        if (roll(2))
            dgl_buf_puts(text, value_tag());
        if (depth < 2 && roll(12) == 0)
            put_captured(text, depth);
        if (depth < 2 && roll(4) == 0) {
            const char *prefix = roll(5) ? "" : "r";
            char kind = open_block(text, prefix);
            put_inline(text, depth + 1);
            if (roll(3) == 0)
                dgl_buf_printf(text, "{%%%s else %%}no", prefix);
            close_block(text, kind, prefix);
        }
    }
}

static void put_blocks(struct dgl_buf *b, unsigned depth);

static void put_simple_paragraph(struct dgl_buf *b, const char *before, const char *after)
{
    struct dgl_buf text = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&text, before);
    put_inline(&text, 0);
    dgl_buf_puts(&text, after);
    put_paragraph(b, text.data ? text.data : "");
    dgl_buf_fini(&text);
}

static void put_cell(struct dgl_buf *b, const char *before, const char *after, unsigned depth)
{
    static const char *const specials[] = {"{% cellbg color %}", "{% colspan 2 %}", "{% vm %}",
                                           "{% hm %}",           "{%tc if a %}",    "{%tc endif %}"};
    dgl_buf_puts(b, "<w:tc><w:tcPr><w:tcW w:w=\"1500\" w:type=\"dxa\"/></w:tcPr>");
    if (*before || *after || roll(3)) {
        struct dgl_buf text = DGL_BUF_INIT(1u << 20);
        dgl_buf_puts(&text, before);
        if (roll(12) == 0)
            dgl_buf_puts(&text, pick(specials, DGL_COUNT(specials)));
        put_inline(&text, 1);
        dgl_buf_puts(&text, after);
        put_paragraph(b, text.data ? text.data : "");
        dgl_buf_fini(&text);
    } else {
        put_blocks(b, depth + 1);
        put_paragraph(b, "");
    }
    dgl_buf_puts(b, "</w:tc>");
}

static void put_row(struct dgl_buf *b, const char *before, const char *after, unsigned depth)
{
    uint32_t cells = 1 + roll(3);
    dgl_buf_puts(b, "<w:tr>");
    for (uint32_t i = 0; i < cells; i++) {
        if (roll(10) == 0) {
            dgl_buf_puts(b, "<w:tc><w:tcPr><w:tcW w:w=\"9\" w:type=\"dxa\"/></w:tcPr><w:p><w:r><w:t>{%tc for y in xs "
                            "%}</w:t></w:r></w:p></w:tc>");
            put_cell(b, "", "", depth);
            dgl_buf_puts(b, "<w:tc><w:tcPr/><w:p><w:r><w:t>{%tc endfor %}</w:t></w:r></w:p></w:tc>");
        }
        put_cell(b, i == 0 ? before : "", i + 1 == cells ? after : "", depth);
    }
    dgl_buf_puts(b, "</w:tr>");
}

static void put_table(struct dgl_buf *b, unsigned depth)
{
    dgl_buf_puts(b, "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w=\"1500\"/><w:gridCol w:w=\"1500\"/></w:tblGrid>");
    for (uint32_t i = 1 + roll(2); i > 0; i--) {
        struct dgl_buf open = DGL_BUF_INIT(1000), close = DGL_BUF_INIT(1000);
        const char *prefix = roll(2) ? "tr" : "";
        char kind = open_block(&open, prefix);
        close_block(&close, kind, prefix);
        switch (roll(3)) {
        case 0:
            put_row(b, "", "", depth);
            break;
        case 1:
            put_row(b, open.data, close.data ? close.data : "", depth);
            break;
        default:
            put_row(b, open.data, "", depth + 9);
            put_row(b, "", "", depth);
            put_row(b, "", close.data ? close.data : "", depth + 9);
        }
        dgl_buf_fini(&open);
        dgl_buf_fini(&close);
    }
    dgl_buf_puts(b, "</w:tbl>");
}

static void put_block(struct dgl_buf *b, unsigned depth)
{
    struct dgl_buf open = DGL_BUF_INIT(1000), close = DGL_BUF_INIT(1000);
    const char *prefix = roll(2) ? "p" : "";
    switch (roll(depth > 3 ? 2 : 7)) {
    case 0:
    case 1:
        put_simple_paragraph(b, "", "");
        break;
    case 2:
        put_table(b, depth);
        break;
    case 3: { // tags in paragraphs of their own
        char kind = open_block(&open, prefix);
        close_block(&close, kind, prefix);
        put_paragraph(b, open.data);
        put_blocks(b, depth + 1);
        if (roll(4) == 0)
            dgl_buf_printf(b, "<w:p><w:r><w:t>{%%%s else %%}</w:t></w:r></w:p><w:p/>", prefix);
        put_paragraph(b, close.data ? close.data : "");
        break;
    }
    case 4: { // tags at the edges or in the middle of paragraphs with text
        char kind = open_block(&open, "");
        close_block(&close, kind, "");
        put_simple_paragraph(b, roll(2) ? "start " : "", open.data);
        put_blocks(b, depth + 1);
        put_simple_paragraph(b, close.data ? close.data : "", roll(2) ? " end" : "");
        break;
    }
    case 5: // a call with paragraphs, in the text of a macro
        dgl_buf_puts(b, roll(2) ? "<w:p><w:r><w:t>{%p call cm() %}</w:t></w:r></w:p>"
                                : "<w:p><w:r><w:t>{%p call pm() %}</w:t></w:r></w:p>");
        put_blocks(b, depth + 2);
        dgl_buf_puts(b, "<w:p><w:r><w:t>{%p endcall %}</w:t></w:r></w:p>");
        break;
    default: // a macro and its use
        dgl_buf_puts(b, "<w:p><w:r><w:t>{%p macro mac(x) %}</w:t></w:r></w:p>");
        put_blocks(b, depth + 2);
        dgl_buf_puts(b,
                     "<w:p><w:r><w:t>{%p endmacro %}</w:t></w:r></w:p><w:p><w:r><w:t>{{p mac(1) }}</w:t></w:r></w:p>");
    }
    dgl_buf_fini(&open);
    dgl_buf_fini(&close);
}

static void put_blocks(struct dgl_buf *b, unsigned depth)
{
    for (uint32_t i = 1 + roll(3); i > 0; i--)
        put_block(b, depth);
}

static const char *const data_sets[] = {
    "{\"a\":\"A & "
    "<b>\",\"x\":\"top\",\"xs\":[\"one\",\"two\",3],\"deep\":{\"b\":[1,null]},\"multi\":\"l1\\nl2\\tt\\u0007p2\\fp3\","
    "\"color\":\"FFEEDD\","
    "\"rich\":{\"runs\":[{\"text\":\"R\\u0007S\",\"bold\":true},\"plain\"]},\"markup\":\"</"
    "w:t>\",\"img_a\":\"data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg==\"}",
    "{\"deep\":{},\"a\":{\"runs\":[\"r\",{\"text\":\"s\",\"bold\":true}]},\"x\":{\"paragraphs\":[\"P1\",{\"list\":"
    "\"number\",\"text\":\"P2\"}]},\"xs\":[1,2],\"blocks\":{\"paragraphs\":[{\"heading\":1,\"text\":\"H\"},{\"list\":"
    "\"number\","
    "\"level\":1,"
    "\"text\":\"n\"},{\"list\":\"bullet\",\"align\":\"right\",\"indent\":1,\"style\":\"Quote\",\"runs\":[\"x\"]},{"
    "\"table\":{\"header\":true,"
    "\"widths\":[3,1],\"align\":[\"left\",\"right\"],\"rows\":[[\"a\",{\"text\":\"b\",\"bold\":true}],[{\"text\":\"c\","
    "\"colspan\":2}]]}},"
    "{\"rule\":true},{\"quote\":true,\"text\":\"q\"},{\"page_break\":true}]},\"all\":{\"runs\":[{\"text\":\"t\","
    "\"style\":\"Strong\",\"font\":"
    "\"Arial\",\"bold\":true,\"italic\":false,\"caps\":true,\"small_caps\":true,\"strike\":true,\"color\":\"C00000\","
    "\"size\":9,"
    "\"highlight\":\"yellow\",\"underline\":\"wave\",\"superscript\":true},{\"text\":\"u\",\"url\":\"https://"
    "x.example\",\"highlight\":\"AABBCC\","
    "\"code\":true}]},\"md\":\"# h\\n\\n- a\\n  1. b\\n\\n> q **s** "
    "`c`\\n\\n|a|b|\\n|-|-:|\\n|1|2|\\n\",\"ht\":\"<h2>x</h2><ol start=3><li>a"
    "<p>b</ol><table><tr><th colspan=2>c<td>d<tr><td>e</table><p "
    "style='text-align:center'><u><s>f</s></u><sub>g</sub>\"}",
    "{\"deep\":{}}",
    "{\"a\":1,\"xs\":[],\"deep\":{\"b\":2},\"loop\":{\"index\":1,\"first\":false}}",
};

static void render_and_check(const char *document, uint64_t seed, unsigned *good)
{
    for (size_t i = 0; i < DGL_COUNT(data_sets); i++) {
        struct outcome o = render_body(document, data_sets[i]);
        if (o.status != DGL_OK) {
            if (o.err.message[0] == '\0')
                fail_msg("seed %llu: an error without words", (unsigned long long)seed);
            if (o.status == DGL_E_INTERNAL)
                fail_msg("seed %llu: %s", (unsigned long long)seed, o.err.message);
        } else {
            const char *problem = check_document_package(o.package.data, o.package.len, true);
            if (problem)
                fail_msg("seed %llu, data %zu: %s\ntemplate: %s\ndocument: %s", (unsigned long long)seed, i, problem,
                         document, o.document);
            (*good)++;
        }
        outcome_fini(&o);
    }
}

static unsigned long first_seed = 1, seed_count = 1500;

static void random_templates(void **state DGL_UNUSED)
{
    unsigned good = 0;
    for (uint64_t seed = first_seed; seed < first_seed + seed_count; seed++) {
        state_ = seed * 0x9E3779B97F4A7C15u + 1;
        for (int i = 0; i < 8; i++)
            roll(2);
        struct dgl_buf b = DGL_BUF_INIT(8u << 20);
        dgl_buf_puts(&b, "<w:document xmlns:w=\"" NS_W "\"><w:body>");
        dgl_buf_puts(&b, "<w:p><w:r><w:t>{% macro cm() %}[</w:t></w:r><w:r><w:rPr><w:i/></w:rPr><w:t>{{ caller() }}]{% "
                         "endmacro %}</w:t></w:r></w:p><w:p><w:r><w:t>{%p macro pm() %}</w:t></w:r></w:p><w:p><w:r>"
                         "<w:t>q</w:t></w:r><w:r><w:t>{{ caller() }}w</w:t></w:r></w:p><w:p><w:r><w:t>{%p endmacro %}"
                         "</w:t></w:r></w:p>");
        put_blocks(&b, 0);
        dgl_buf_puts(&b, "<w:p/></w:body></w:document>");
        render_and_check(b.data, seed, &good);
        dgl_buf_fini(&b);
    }
    print_message("%u documents of %lu templates\n", good, seed_count);
    assert_true(good > seed_count); // most templates are sound
}

// ---- markup as a value: elements that stand in any order, more than once or not at all

static const char *const some_pPr[] = {
    "<w:jc w:val='end'/>",
    "<w:pStyle w:val='Q'/>",
    "<w:rPr><w:i/><w:rFonts w:ascii='A'/><w:ins w:id='1' w:author='a'/></w:rPr>",
    "<w:keepNext/>",
    "<w:pPrChange w:id='2' w:author='a'><w:pPr><w:ind/><w:keepNext/></w:pPr></w:pPrChange>",
    "<w:numPr><w:numId w:val='1'/><w:ilvl w:val='0'/></w:numPr>",
    "<w:pBdr><w:bottom w:val='single'/><w:top w:val='single'/></w:pBdr>",
    "<w:tabs><w:tab w:val='left' w:pos='1'/><w:tab w:val='left' w:pos='2'/></w:tabs>",
    "<w:sectPr><w:pgMar/><w:pgSz w:w='1'/><w:type w:val='nextPage'/></w:sectPr>",
    "<w:unknown/>"};
static const char *const some_rPr[] = {"<w:b/>",
                                       "<w:sz w:val='9'/>",
                                       "<w:color w:val='FF0000'/>",
                                       "<w:lang/>",
                                       "<w:rStyle w:val='S'/>",
                                       "<w:rFonts w:ascii='A'/>",
                                       "<n:glow xmlns:n='urn:n'/>"};
static const char *const some_tcPr[] = {"<w:vAlign w:val='top'/>", "<w:tcW w:w='9'/>", "<w:gridSpan w:val='2'/>",
                                        "<w:shd w:fill='FFFFFF'/>", "<w:tcBorders><w:left/><w:top/></w:tcBorders>"};
static const char *const some_trPr[] = {"<w:tblHeader/>", "<w:cantSplit/>", "<w:gridBefore w:val='1'/>",
                                        "<w:trPrChange w:id='3' w:author='a'><w:trPr/></w:trPrChange>"};
static const char *const some_tblPr[] = {"<w:tblW w:w='5'/>", "<w:tblStyle w:val='T'/>", "<w:tblLook/>", "<w:jc/>",
                                         "<w:tblCellMar><w:right/><w:left/></w:tblCellMar>"};
static const char *const some_tblGrid[] = {"<w:gridCol w:w='9'/>", "<w:gridCol/>"};

static void put_properties(struct dgl_buf *b, const char *name, const char *const *items, size_t count)
{
    dgl_buf_printf(b, "<w:%s>", name);
    for (uint32_t i = roll(5); i > 0; i--)
        dgl_buf_puts(b, pick(items, count));
    dgl_buf_printf(b, "</w:%s>", name);
}
#define PUT_PROPERTIES(b, name)                                            \
    do {                                                                   \
        if (roll(4) == 0)                                                  \
            put_properties(b, #name, some_##name, DGL_COUNT(some_##name)); \
    } while (0)

static void put_markup(struct dgl_buf *b, unsigned depth);

static void put_markup_paragraph(struct dgl_buf *b)
{
    dgl_buf_puts(b, "<w:p>");
    for (uint32_t i = roll(3); i > 0; i--) {
        PUT_PROPERTIES(b, pPr);
        dgl_buf_puts(b, "<w:r>");
        PUT_PROPERTIES(b, rPr);
        dgl_buf_puts(b, "<w:t>x</w:t>");
        PUT_PROPERTIES(b, rPr);
        dgl_buf_puts(b, roll(5) ? "</w:r>" : "<w:t>a<w:r><w:rPr><w:b/></w:rPr><w:t>b</w:t></w:r>c</w:t></w:r>");
        PUT_PROPERTIES(b, pPr);
    }
    dgl_buf_puts(b, "</w:p>");
}

static void put_markup_row(struct dgl_buf *b, unsigned depth)
{
    dgl_buf_puts(b, "<w:tr>");
    for (uint32_t i = roll(4); i > 0; i--) {
        PUT_PROPERTIES(b, trPr);
        dgl_buf_puts(b, "<w:tc>");
        PUT_PROPERTIES(b, tcPr);
        put_markup(b, depth + 1);
        PUT_PROPERTIES(b, tcPr);
        dgl_buf_puts(b, "</w:tc>");
    }
    dgl_buf_puts(b, "</w:tr>");
}

static void put_markup(struct dgl_buf *b, unsigned depth)
{
    for (uint32_t i = roll(3); i > 0; i--) {
        if (depth > 2 || roll(3)) {
            put_markup_paragraph(b);
            continue;
        }
        dgl_buf_puts(b, "<w:tbl>");
        for (uint32_t rows = roll(3); rows > 0; rows--) {
            PUT_PROPERTIES(b, tblPr);
            put_markup_row(b, depth);
            PUT_PROPERTIES(b, tblGrid);
        }
        dgl_buf_puts(b, "</w:tbl>");
    }
}

static void random_markup(void **state DGL_UNUSED)
{
    for (uint64_t seed = first_seed; seed < first_seed + seed_count; seed++) {
        state_ = seed * 0x9E3779B97F4A7C15u + 2;
        struct dgl_buf b = DGL_BUF_INIT(1u << 20);
        dgl_buf_puts(&b, "{\"m\":\"");
        put_markup(&b, 0);
        dgl_buf_puts(&b, "<w:p/>\"}");
        struct outcome o = render_body(DOCUMENT(P("{{p m|safe }}")), b.data);
        if (o.status != DGL_OK)
            fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, o.err.message, b.data);
        const char *problem = check_document_package(o.package.data, o.package.len, true);
        if (problem)
            fail_msg("seed %llu: %s\n%s\n%s", (unsigned long long)seed, problem, b.data, o.document);
        outcome_fini(&o);
        dgl_buf_fini(&b);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3) { // FIRST COUNT: longer runs by hand
        first_seed = strtoul(argv[1], NULL, 10);
        seed_count = strtoul(argv[2], NULL, 10);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_templates), cmocka_unit_test(random_markup)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
