// Finding input_json's bytes in a body as they were sent.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/api/parts.h"

#include <stdlib.h>
#include <string.h>

static void finds_members_as_sent(void **state)
{
    (void)state;
    static const struct {
        const char *json, *value; // NULL: not found
    } cases[] = {
        {"{\"in\":{}}", "{}"},
        {" {\n\"a\" : [1,{\"in\":5}] ,\r\n\t\"in\" :\t{ \"b\" : 1.50 } , \"c\":\"}\"}\n", "{ \"b\" : 1.50 }"},
        {"{\"in\":{\"a\":\"}\\\"{\",\"b\":[[],[{}]]},\"z\":1}", "{\"a\":\"}\\\"{\",\"b\":[[],[{}]]}"},
        {"{\"x\":\"\\\\\",\"in\":{}}", "{}"},
        {"{\"x\":\"in\",\"in\":{\"in\":1}}", "{\"in\":1}"},
        {"{\"x\":{\"in\":{}}}", NULL},
        {"{\"\\u0069n\":{}}", NULL},
        {"{}", NULL},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        const char *value = NULL;
        size_t len = 0;
        bool found = dgl_api_find_member(cases[i].json, strlen(cases[i].json), "in", &value, &len);
        if (found != (cases[i].value != NULL) ||
            (found && (len != strlen(cases[i].value) || memcmp(value, cases[i].value, len) != 0)))
            fail_msg("case %zu: %.*s", i, (int)len, found ? value : "");
    }
}

// Whatever the bytes, the walk stays inside them and ends.
static void survives_any_cut(void **state)
{
    (void)state;
    static const char json[] = "{\"a\":[1,\"x\\\"\",{\"b\":null}],\"in\":{\"c\":\"\\\\\"},\"d\":-1e5}";
    for (size_t len = 0; len < sizeof(json); len++) {
        char *copy = malloc(len ? len : 1); // exactly as long, for the address sanitizer
        const char *value;
        size_t value_len;
        memcpy(copy, json, len);
        (void)dgl_api_find_member(copy, len, "in", &value, &value_len);
        free(copy);
    }
}

static void reads_words_and_formats(void **state)
{
    (void)state;
    struct dgl_error err;
    unsigned formats;
    bool value;
    assert_int_equal(dgl_api_read_formats("both", &formats, &err), DGL_OK);
    assert_int_equal(formats, DGL_FORMAT_PDF | DGL_FORMAT_DOCX);
    assert_int_equal(dgl_api_read_formats("PDF", &formats, &err), DGL_E_INVALID);
    assert_string_equal(err.field, "output_format");
    assert_int_equal(dgl_api_read_bool("true", "x", &value, &err), DGL_OK);
    assert_true(value);
    assert_int_equal(dgl_api_read_bool("yes", "x", &value, &err), DGL_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_members_as_sent), cmocka_unit_test(survives_any_cut),
                                       cmocka_unit_test(reads_words_and_formats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
