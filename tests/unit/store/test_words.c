// The words of roles, statuses, sources and formats.
#include "fixture.h"

static void test_roles(void **state)
{
    (void)state;
    for (int i = 0; i < DGL_ROLE_COUNT; i++) {
        enum dgl_role role;
        assert_true(dgl_role_parse(dgl_role_word((enum dgl_role)i), &role));
        assert_int_equal(role, i);
        assert_true(dgl_role_title(role)[0]);
    }
    enum dgl_role role = DGL_ROLE_EDITOR;
    assert_false(dgl_role_parse("Org Admin", &role));
    assert_false(dgl_role_parse("", &role));
    assert_false(dgl_role_parse(NULL, &role));
    assert_int_equal(role, DGL_ROLE_EDITOR);
    assert_string_equal(dgl_role_word(DGL_ROLE_ADMIN), "org_admin");
    assert_string_equal(dgl_role_title(DGL_ROLE_EDITOR), "Template Editor");
    assert_string_equal(dgl_role_word(DGL_ROLE_COUNT), "");
}

static void test_statuses_and_formats(void **state)
{
    (void)state;
    assert_string_equal(dgl_document_status_word(DGL_DOCUMENT_QUEUED), "queued");
    assert_string_equal(dgl_document_status_word(DGL_DOCUMENT_FAILED), "failed");
    assert_string_equal(dgl_document_source_word(DGL_SOURCE_BULK), "bulk");
    assert_string_equal(dgl_delivery_status_word(DGL_DELIVERY_DROPPED), "dropped");
    assert_string_equal(dgl_delivery_status_word((enum dgl_delivery_status)9), "");
    unsigned formats = 0;
    assert_true(dgl_format_parse("both", &formats));
    assert_int_equal(formats, DGL_FORMAT_PDF | DGL_FORMAT_DOCX);
    assert_true(dgl_format_parse("docx", &formats));
    assert_int_equal(formats, DGL_FORMAT_DOCX);
    assert_false(dgl_format_parse("PDF", &formats));
    assert_false(dgl_format_parse("", &formats));
    assert_string_equal(dgl_format_word(DGL_FORMAT_PDF), "pdf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_statuses_and_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
