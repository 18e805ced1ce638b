// The sample workbook: which sheets and headers come of which tokens, and that the bounds hold.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/zip.h"
#include "render/sheet/sheet.h"

static json_t *parse(const char *text)
{
    json_t *value = NULL;
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(dgl_json_parse(text, strlen(text), "t", &value, &err), DGL_OK);
    return value;
}

static void sample(const json_t *tokens, struct dgl_buf *out)
{
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(dgl_sheet_sample(tokens, out, &err), DGL_OK);
}

// A part's text; the caller frees it with dgl_buf_fini.
static struct dgl_buf part(const struct dgl_buf *book, const char *name)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_buf text = DGL_BUF_INIT(1u << 20);
    DGL_AUTO(zip) zip = NULL;
    size_t index;
    assert_int_equal(dgl_zip_open(book->data, book->len, &zip, &err), DGL_OK);
    if (dgl_zip_find(zip, name, &index))
        assert_int_equal(dgl_zip_read(zip, index, &text, &err), DGL_OK);
    return text;
}

static void assert_part(const struct dgl_buf *book, const char *name, const char *needle, bool there)
{
    struct dgl_buf text = part(book, name);
    bool found = text.data && strstr(text.data, needle) != NULL;
    if (found != there)
        fail_msg("%s: %s%s in %s", name, needle, there ? " is not" : " is", text.data ? text.data : "nothing");
    dgl_buf_fini(&text);
}

#define SHEET(n) "xl/worksheets/sheet" #n ".xml"

static void headers_follow_the_tokens(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens =
        parse("[{\"name\":\"number\",\"type\":\"text\"},{\"name\":\"due\",\"type\":\"date\"},"
              "{\"name\":\"customer\",\"type\":\"object\",\"children\":[{\"name\":\"na<me\",\"type\":\"text\"},"
              "{\"name\":\"address\",\"type\":\"list\"}]},"
              "{\"name\":\"lines\",\"type\":\"list\",\"children\":[{\"name\":\"article\",\"type\":\"text\"}]}]");
    DGL_AUTO_FINI(buf) book = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) again = DGL_BUF_INIT(1u << 20);
    sample(tokens, &book);
    assert_part(&book, SHEET(1), "<c r=\"A1\" s=\"1\" t=\"inlineStr\"><is><t>number</t>", true);
    assert_part(&book, SHEET(1), "r=\"B1\" s=\"1\" t=\"inlineStr\"><is><t>due</t>", true);
    assert_part(&book, SHEET(1), "<col min=\"2\" max=\"2\" width=\"12\" customWidth=\"1\" style=\"2\"/>", true);
    assert_part(&book, SHEET(1), "<t>customer.na&lt;me</t>", true);
    assert_part(&book, SHEET(1), "address", false);
    assert_part(&book, SHEET(2), "<t>row</t></is></c><c r=\"B1\" s=\"1\" t=\"inlineStr\"><is><t>address</t>", true);
    assert_part(&book, SHEET(3), "<t>article</t>", true);
    assert_part(&book, "xl/workbook.xml", "<sheet name=\"customer.address\" sheetId=\"2\"", true);
    sample(tokens, &again);
    assert_int_equal(book.len, again.len);
    assert_memory_equal(book.data, again.data, book.len);
}

#define FACES "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80" // two units of UTF-16 each

static void names_of_sheets_suit_excel(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens = json_array();
    static const char *const names[] = {"a/b:c",
                                        "documents",
                                        "an_exceedingly_long_name_of_a_list_of_lines",
                                        "an_exceedingly_long_name_of_a_list_of_days",
                                        "",
                                        FACES FACES FACES FACES};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        json_array_append_new(tokens, json_pack("{s:s,s:s}", "name", names[i], "type", "list"));
    DGL_AUTO_FINI(buf) book = DGL_BUF_INIT(1u << 20);
    sample(tokens, &book);
    assert_part(&book, "xl/workbook.xml", "name=\"a_b_c\"", true);
    assert_part(&book, "xl/workbook.xml", "name=\"documents 2\"", true);
    assert_part(&book, "xl/workbook.xml", "name=\"an_exceedingly_long_name_of\"", true);
    assert_part(&book, "xl/workbook.xml", "name=\"an_exceedingly_long_name_of 2\"", true);
    assert_part(&book, "xl/workbook.xml", "name=\"" FACES FACES FACES "\xF0\x9F\x98\x80\"", true);
}

static void everything_has_a_most(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens = json_array();
    char name[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        json_array_append_new(tokens, json_pack("{s:s,s:s}", "name", name, "type", i % 2 ? "list" : "text"));
    }
    DGL_AUTO_FINI(buf) book = DGL_BUF_INIT(1u << 20);
    sample(tokens, &book);
    assert_part(&book, SHEET(1), "<t>t1998</t>", true);
    assert_part(&book, SHEET(64), "<t>row</t>", true);
    assert_part(&book, "xl/workbook.xml", "sheetId=\"65\"", false);
}

// A group's name longer than any buffer: headers are whole names. More of them than a part holds is refused.
static void long_names_stay_whole(void **state)
{
    (void)state;
    char group[2000] = "";
    for (size_t i = 0; i + 3 < sizeof(group); i += 2)
        memcpy(group + i, "\xC3\xA9", 3);
    DGL_AUTO_JSON tokens = json_pack("[{s:s,s:[{s:s}]}]", "name", group, "children", "name", "x");
    DGL_AUTO_FINI(buf) book = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) header = DGL_BUF_INIT(1u << 16);
    sample(tokens, &book);
    dgl_buf_printf(&header, "<t>%s.x</t>", group);
    assert_part(&book, SHEET(1), header.data, true);

    struct dgl_error err = DGL_ERROR_INIT;
    json_t *children = json_object_get(json_array_get(tokens, 0), "children");
    for (int i = 0; i < 800; i++)
        json_array_append_new(children, json_pack("{s:s}", "name", "y"));
    assert_int_equal(dgl_sheet_sample(tokens, &book, &err), DGL_E_LIMIT);
    assert_non_null(strstr(err.message, "1048576 bytes"));
}

static void a_template_without_tokens(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens = json_array();
    DGL_AUTO_FINI(buf) book = DGL_BUF_INIT(1u << 20);
    sample(tokens, &book);
    assert_part(&book, SHEET(1), "<row r=\"1\"></row>", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_follow_the_tokens), cmocka_unit_test(names_of_sheets_suit_excel),
        cmocka_unit_test(everything_has_a_most),     cmocka_unit_test(long_names_stay_whole),
        cmocka_unit_test(a_template_without_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
