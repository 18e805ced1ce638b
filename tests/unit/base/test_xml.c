// XML: events, escapes, namespaces, what is refused, sizes, threads. Events are written down as text and compared.
#include "base/buf.h"
#include "base/xml.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum dgl_status note_start(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    struct dgl_buf *b = ctx;
    dgl_buf_printf(b, "<%s%s%s", e->prefix, e->prefix[0] ? ":" : "", e->name);
    if (e->ns[0])
        dgl_buf_printf(b, "{%s}", e->ns);
    for (size_t i = 0; i < e->ns_declared_count; i++)
        dgl_buf_printf(b, " ns %s=%s", e->ns_declared[2 * i], e->ns_declared[2 * i + 1]);
    for (size_t i = 0; i < e->attr_count; i++) {
        const struct dgl_xml_attr *a = &e->attrs[i];
        dgl_buf_printf(b, " %s%s%s%s%s%s='%.*s'", a->prefix, a->prefix[0] ? ":" : "", a->name, a->ns[0] ? "{" : "",
                       a->ns, a->ns[0] ? "}" : "", (int)a->value.len, a->value.data);
    }
    dgl_buf_putc(b, '>');
    if (strcmp(e->name, "stop") == 0)
        return DGL_FAIL(err, DGL_E_CONFLICT, "stopped");
    return DGL_OK;
}

static enum dgl_status note_end(void *ctx, const char *name, const char *prefix, const char *ns, struct dgl_error *err)
{
    (void)ns;
    (void)err;
    dgl_buf_printf(ctx, "</%s%s%s>", prefix, prefix[0] ? ":" : "", name);
    return DGL_OK;
}

static enum dgl_status note_text(void *ctx, struct dgl_str text, struct dgl_error *err)
{
    (void)err;
    dgl_buf_append(ctx, text.data, text.len);
    return DGL_OK;
}

static enum dgl_status parse_bytes(const char *data, size_t len, struct dgl_buf *events, struct dgl_error *err)
{
    struct dgl_xml_handler h = {note_start, note_end, note_text, events};
    DGL_AUTO_PTR char *exact = dgl_alloc(len); // so that a read past the end is seen
    memcpy(exact, data, len);
    return dgl_xml_parse(exact, len, "word/document.xml", &h, err);
}

static enum dgl_status parse(const char *text, struct dgl_buf *events, struct dgl_error *err)
{
    return parse_bytes(text, strlen(text), events, err);
}

static void assert_events(const char *text, const char *events)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    assert_ok(parse(text, &b, &err), err);
    assert_string_equal(b.data, events);
}

static void test_events(void **state DGL_UNUSED)
{
    assert_events("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<a><b x='1'/> t </a>",
                  "<a><b x='1'></b> t </a>");
    assert_events("<a x='&amp;&lt;&#38;&#x20AC;&quot;&#10;'>&amp;&gt;&#38;#38;&apos;</a>",
                  "<a x='&<&\xE2\x82\xAC\"\n'>&>&#38;'</a>");
    assert_events("<a><!-- c --><?pi x?><![CDATA[<&]]></a>", "<a><&</a>");
    assert_events("<w:p xmlns:w='urn:w' xmlns='urn:d' w:id='7' id='8'><q/></w:p>",
                  "<w:p{urn:w} ns w=urn:w ns =urn:d w:id{urn:w}='7' id='8'><q{urn:d}></q></w:p>");
    assert_events("<a xmlns='urn:d'><b xmlns=''/></a>", "<a{urn:d} ns =urn:d><b ns =></b></a>");
    assert_events("<a xml:space='preserve'> </a>",
                  "<a xml:space{http://www.w3.org/XML/1998/namespace}='preserve'> </a>");
    assert_events("\xEF\xBB\xBF<a>\xE2\x82\xAC</a>", "<a>\xE2\x82\xAC</a>");
    assert_events("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>", "<a>\xC3\xA9</a>");
    assert_events("<a>\n  <b/>\n</a>", "<a>\n  <b></b>\n</a>");
}

static void test_utf16(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    static const char text[] = "\xFF\xFE<\0a\0>\0\xAC\x20<\0/\0a\0>\0";
    assert_ok(parse_bytes(text, sizeof(text) - 1, &b, &err), err);
    assert_string_equal(b.data, "<a>\xE2\x82\xAC</a>");
    DGL_AUTO_FINI(buf) large = DGL_BUF_INIT(1 << 20);
    dgl_buf_append(&large, text, sizeof(text) - 1);
    while (large.len < 600000)
        dgl_buf_append(&large, " ", 2);
    assert_int_equal(parse_bytes(large.data, large.len, &b, &err), DGL_E_LIMIT);
}

// What cannot be converted is told to the caller and to nobody else: libxml2 would write it on stderr.
static void test_stderr_stays_empty(void **state DGL_UNUSED)
{
    static const char bad[] = "<?xml version='1.0' encoding='WINDOWS-1252'?><a>\x81</a>";
    const struct dgl_xml_handler none = {0};
    struct dgl_error err = DGL_ERROR_INIT;
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_true(file && kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    enum dgl_status status = dgl_xml_parse(bad, sizeof(bad) - 1, "it", &none, &err);
    off_t said = lseek(STDERR_FILENO, 0, SEEK_CUR);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    fclose(file);
    assert_int_equal(status, DGL_E_MALFORMED);
    assert_int_equal(said, 0);
}

static void test_malformed(void **state DGL_UNUSED)
{
    static const char *const bad[] = {"",
                                      "text",
                                      "<a>",
                                      "<a></b>",
                                      "<a x=1/>",
                                      "<a x='1' x='2'/>",
                                      "<a>&nbsp;</a>",
                                      "<a>\xFF</a>",
                                      "<a><</a>",
                                      "<a>\x01</a>",
                                      "<p:a/>",
                                      "<a p:x='1'/>",
                                      "<a/><b/>",
                                      "<a/>x",
                                      "<a>]]></a>",
                                      "<",
                                      "<a b=\"",
                                      "<a>&#0;</a>",
                                      "\xFE\xFF",
                                      "<?xml version='1.0' encoding='EBCDIC-CP-US'?><a/>",
                                      "<a xmlns:p=''><p:b/></a>"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
        if (parse(bad[i], &b, &err) != DGL_E_MALFORMED)
            fail_msg("\"%s\" gave %d %s", bad[i], err.code, b.data);
        assert_contains(err.message, "word/document.xml");
    }
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    assert_int_equal(parse("<a>\n\n<b></a>", &b, &err), DGL_E_MALFORMED);
    assert_contains(err.message, "(line 3)");
}

static void test_doctype_is_refused(void **state DGL_UNUSED)
{
    static const char *const bad[] = {
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1/'> %p;]><a/>",
    };
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
        assert_int_equal(parse(bad[i], &b, &err), DGL_E_MALFORMED);
        assert_string_equal(err.slug, "xml_doctype");
        assert_int_equal(b.len, 0);
    }
}

static void test_handler_stops(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    assert_int_equal(parse("<a><stop/><b/>text</a>", &b, &err), DGL_E_CONFLICT);
    assert_string_equal(err.message, "stopped");
    assert_string_equal(b.data, "<a><stop>");
    const struct dgl_xml_handler none = {0};
    assert_ok(dgl_xml_parse("<a>t</a>", 8, "x", &none, &err), err);
}

static void nest(struct dgl_buf *b, int depth)
{
    dgl_buf_reset(b);
    for (int i = 0; i < depth; i++)
        dgl_buf_puts(b, "<a>");
    for (int i = 0; i < depth; i++)
        dgl_buf_puts(b, "</a>");
}

static void test_depth(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1 << 20);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    nest(&text, DGL_XML_MAX_DEPTH);
    assert_ok(parse(text.data, &b, &err), err);
    nest(&text, DGL_XML_MAX_DEPTH + 1);
    assert_int_equal(parse(text.data, &b, &err), DGL_E_LIMIT);
    assert_string_equal(err.slug, "xml_too_deep");
    nest(&text, 100000);
    assert_int_equal(parse(text.data, &b, &err), DGL_E_LIMIT);
}

static void add_attributes(struct dgl_buf *b, int count, const char *value)
{
    for (int i = 0; i < count; i++)
        dgl_buf_printf(b, " a%d=%s", i, value);
}

static void test_attributes(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64 << 20);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(64 << 20);
    // Values with '>' and '=', comments and CDATA with quotes: none of them mislead the count.
    static const char start[] = "<r><!-- don't <x --><![CDATA[<y z=\"]]><?pi '<?>";
    dgl_buf_puts(&text, start);
    dgl_buf_puts(&text, "<a");
    add_attributes(&text, 1000, "'>=========================='");
    dgl_buf_puts(&text, "/></r>");
    assert_true(text.len > 33000);
    assert_ok(parse(text.data, &b, &err), err);
    dgl_buf_reset(&text);
    dgl_buf_puts(&text, start);
    dgl_buf_puts(&text, "<a");
    add_attributes(&text, 100000, "'>'");
    dgl_buf_puts(&text, "/></r>");
    assert_int_equal(parse(text.data, &b, &err), DGL_E_LIMIT);
    assert_string_equal(err.slug, "xml_too_many_attributes");
}

static void test_large_text(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    size_t size = 24u << 20; // beyond every limit of libxml2's own
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64 << 20);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(64 << 20);
    dgl_buf_puts(&text, "<a>");
    assert_true(dgl_buf_reserve(&text, size));
    while (text.len < size)
        dgl_buf_puts(&text, "many words \xE2\x82\xAC ");
    dgl_buf_puts(&text, "</a>");
    assert_ok(parse_bytes(text.data, text.len, &b, &err), err);
    assert_int_equal(b.len, text.len);
    assert_memory_equal(b.data, text.data, b.len);
    dgl_buf_reset(&text); // many elements
    dgl_buf_reset(&b);
    dgl_buf_puts(&text, "<a>");
    while (text.len < size)
        dgl_buf_puts(&text, "<b c='d'>some text in it, to be quick about the size</b>\n");
    dgl_buf_puts(&text, "</a>");
    assert_ok(parse_bytes(text.data, text.len, &b, &err), err);
}

static void test_every_cut_and_change_is_survived(void **state DGL_UNUSED)
{
    static const char text[] =
        "<?xml version='1.0'?><w:a xmlns:w='urn:w' w:x='&amp;'><!--c--><b>&#65;<![CDATA[x]]></b></w:a>";
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
        assert_int_equal(parse_bytes(text, len, &b, &err), DGL_E_MALFORMED);
    }
    for (size_t at = 0; at < sizeof(text) - 1; at++) {
        static const char other[] = "\0<>&'\"\xFF![";
        for (size_t i = 0; i < sizeof(other) - 1; i++) {
            char copy[sizeof(text)];
            memcpy(copy, text, sizeof(text));
            copy[at] = other[i];
            struct dgl_error err = DGL_ERROR_INIT;
            DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
            (void)!parse_bytes(copy, sizeof(text) - 1, &b, &err);
        }
    }
}

static void *parse_often(void *failed)
{
    for (int i = 0; i < 200; i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
        if (parse("<a x='1'><b>t</b></a>", &b, &err) != DGL_OK || parse("<a><b></a>", &b, &err) != DGL_E_MALFORMED)
            *(bool *)failed = true;
    }
    return NULL;
}

static void test_threads(void **state DGL_UNUSED)
{
    pthread_t threads[4];
    bool failed[4] = {false};
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, parse_often, &failed[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_false(failed[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_stderr_stays_empty),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_doctype_is_refused),
        cmocka_unit_test(test_handler_stops),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_every_cut_and_change_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
