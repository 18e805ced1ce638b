// The light tree: the plain reader and libxml2 make the same one, and what is no XML is refused by both.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "render/layout/xbuild.h"

#include <stdlib.h>
#include <string.h>

#define W "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define ROOT(inside) "<w:document xmlns:w=\"" W "\">" inside "</w:document>"

static void dump(const struct dgl_x *n, struct dgl_buf *out)
{
    dgl_buf_printf(out, "(%d %d %u", n->ns, n->name, n->paragraph);
    for (uint32_t i = 0; i < n->attr_count; i++)
        dgl_buf_printf(out, " %d=[%.*s]", n->attrs[i].name, (int)n->attrs[i].value.len, n->attrs[i].value.data);
    if (n->text.len)
        dgl_buf_printf(out, " '%.*s'", (int)n->text.len, n->text.data);
    DGL_X_EACH(c, n)
    {
        dump(c, out);
    }
    dgl_buf_puts(out, ")");
}

// The tree as text, "refused" when it is none; caller frees.
static char *read_as(const char *xml, size_t len, enum dgl_x_source source)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1 << 20);
    struct dgl_x *root = NULL;
    uint32_t nodes = 1000;
    size_t taken;
    if (dgl_x_parse(arena, (struct dgl_str){xml, len}, source, "a test", &nodes, &root, &err) == DGL_OK)
        dump(root, &out);
    else
        dgl_buf_puts(&out, "refused");
    dgl_buf_printf(&out, " %u", nodes);
    return dgl_buf_take(&out, &taken);
}

static bool is_plain(const char *xml, size_t len)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    uint32_t nodes = 1000;
    struct x_builder b = {.arena = arena, .what = "a test", .nodes_left = &nodes};
    return x_read_plain(&b, xml, len, true);
}

static void assert_alike(const char *xml, size_t len, bool refused)
{
    char *strange = read_as(xml, len, DGL_X_STRANGE);
    char *copied = read_as(xml, len, DGL_X_COPIED);
    char *lent = read_as(xml, len, DGL_X_LENT);
    if (!refused) {
        assert_string_equal(copied, strange);
        assert_string_equal(lent, strange);
    }
    if ((strncmp(strange, "refused", 7) == 0) != refused || (strncmp(lent, "refused", 7) == 0) != refused)
        fail_msg("%s gave %s and %s", xml, strange, lent);
    free(strange);
    free(copied);
    free(lent);
}

static void test_plain_is_read_alike(void **state)
{
    (void)state;
    static const char *const plain[] = {
        ROOT(""),
        "<document/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n" ROOT("<w:body/>"),
        "<?xml version='1.0'?>" ROOT("<w:body/>") "\n",
        "<?xml version=\"1.0\" encoding='utf-8' ?>" ROOT("<w:body/>"),
        "\xEF\xBB\xBF" ROOT("<w:body/>"),
        ROOT("<w:p><w:r><w:t xml:space=\"preserve\"> a &amp; b &lt;c&gt; &quot;&apos; \xC3\xA4 &#xE4;&#228; "
             "</w:t></w:r></w:p>"),
        ROOT("<w:p/><w:p></w:p><w:tbl><w:p w:val=\"1\"/></w:tbl>"),
        ROOT("<w:jc w:val = 'left'\n w:id=\"a&amp;b\tc&#10;d\" ></w:jc >"),
        ROOT("<w:t>before<w:p/>after</w:t>"),
        ROOT("<w:t>a\nb\tc</w:t>"),
        ROOT("<w:t>x] ]> ]]</w:t>"),
        ROOT("<w:unheard w:val=\"x\" w:strange=\"y\" val=\"z\"/>"),
        ROOT("<x:p xmlns:x=\"" W "\"/><p xmlns=\"" W "\"><t>1</t></p><p/>"),
        ROOT("<w:p xmlns:w=\"urn:other\"><w:p/></w:p><w:p/>"),
        ROOT("<w:p r:val=\"1\" xmlns:r=\"urn:r\" w:val=\"2\"/>"),
        ROOT("<a><b xmlns=\"urn:b\"><c xmlns=\"\"><p/></c></b></a>"),
        "<document xmlns=\"" W "\"><p><t>text</t></p></document>",
        "<mc:AlternateContent xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\">"
        "<mc:Choice Requires=\"wps\"><p/></mc:Choice><mc:Fallback><t/></mc:Fallback></mc:AlternateContent>",
    };
    for (size_t i = 0; i < DGL_COUNT(plain); i++) {
        if (!is_plain(plain[i], strlen(plain[i])))
            fail_msg("not read as plain: %s", plain[i]);
        assert_alike(plain[i], strlen(plain[i]), false);
    }
}

static void test_the_rest_is_left_to_the_library(void **state)
{
    (void)state;
    static const char *const others[] = {
        ROOT("<!-- a comment --><w:p/>"),
        ROOT("<w:t><![CDATA[<&>]]></w:t>"),
        ROOT("<?word hint?><w:p/>"),
        ROOT("<w:t>a\r\nb</w:t>"),
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" ROOT("<w:t>\xE4</w:t>"),
        "<?xml version=\"1.0\" standalone=\"no\" ?><!-- c -->" ROOT(""),
        ROOT("<w:\xC3\xA4/>"),
    };
    for (size_t i = 0; i < DGL_COUNT(others); i++) {
        assert_false(is_plain(others[i], strlen(others[i])));
        assert_alike(others[i], strlen(others[i]), false);
    }
}

static void test_broken_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        " ",
        "text",
        "<a>",
        "<a></b>",
        "<a></a",
        "<a></ab>",
        "<a/><b/>",
        "<a/>text",
        "text<a/>",
        "<a",
        "<a b",
        "<a b=",
        "<a b=\"",
        "<a b=\"c",
        "<a b=\"c\"",
        "<a b=c/>",
        "<a b/>",
        "<a b=\"1\"c=\"2\"/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a b=\"<\"/>",
        "<a b=\"&\"/>",
        "<a b=\"&unknown;\"/>",
        "<a>&unknown;</a>",
        "<a>&amp</a>",
        "<a>a & b</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#xFFFF;</a>",
        "<a>&#;</a>",
        "<a>&#99999999999999999999;</a>",
        "<a>]]></a>",
        "<a>\x01</a>",
        "<a>\xFF</a>",
        "<a>\xC0\x80</a>",
        "<a>\xED\xA0\x80</a>",
        "<a>\xEF\xBF\xBF</a>",
        "<a b=\"\x02\"/>",
        "<w:a/>",
        "<a w:b=\"1\"/>",
        "<a xmlns:x=\"u\" xmlns:x=\"v\"/>",
        "<a xmlns:x=\"u\"/><x:b/>",
        "<a><b xmlns:x=\"u\"/><x:b/></a>",
        "<1/>",
        "<-a/>",
        "< a/>",
        "<a/ >",
        "<!DOCTYPE a><a/>",
        "<?xml version=\"1.0\"><a/>",
        "<?xml encoding=\"UTF-8\"?><a/>",
        " <?xml version=\"1.0\"?><a/>",
    };
    for (size_t i = 0; i < DGL_COUNT(broken); i++)
        assert_alike(broken[i], strlen(broken[i]), true);
    assert_alike("<a>\0</a>", 8, true);
}

// Every prefix of a document, and every single byte of it changed: never more lenient than the library.
static void test_never_more_lenient(void **state)
{
    (void)state;
    static const char good[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" ROOT(
        "<w:p w:val=\"a&amp;b\" xmlns:r=\"urn:r\" r:id='1'><w:t>x &lt; \xC3\xA4</w:t><w:br/></w:p>");
    static const char bytes[] = "<>/='\"& :x\n\r\x01\xC3]!?-0";
    size_t len = sizeof(good) - 1;
    char changed[sizeof(good)];
    for (size_t i = 0; i < len; i++) {
        char *strange = read_as(good, i, DGL_X_STRANGE);
        assert_true(!is_plain(good, i) || strncmp(strange, "refused", 7) != 0);
        free(strange);
        for (size_t k = 0; k < sizeof(bytes) - 1; k++) {
            memcpy(changed, good, sizeof(good));
            changed[i] = bytes[k];
            if (!is_plain(changed, len))
                continue;
            assert_alike(changed, len, false);
        }
    }
}

static void test_bounds(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) deep = DGL_BUF_INIT(1 << 20);
    for (unsigned i = 0; i < DGL_XML_MAX_DEPTH + 1; i++)
        dgl_buf_puts(&deep, "<a>");
    for (unsigned i = 0; i < DGL_XML_MAX_DEPTH + 1; i++)
        dgl_buf_puts(&deep, "</a>");
    assert_alike(deep.data, deep.len, true);
    DGL_AUTO_FINI(buf) many = DGL_BUF_INIT(1 << 20); // more than the 1,000 nodes allowed here
    dgl_buf_puts(&many, "<a>");
    for (unsigned i = 0; i < 1000; i++)
        dgl_buf_puts(&many, "<b/>");
    dgl_buf_puts(&many, "</a>");
    assert_alike(many.data, many.len, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_is_read_alike),
        cmocka_unit_test(test_the_rest_is_left_to_the_library),
        cmocka_unit_test(test_broken_is_refused),
        cmocka_unit_test(test_never_more_lenient),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
