// Shapes, key by key: every key is always there, what is not known is null.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/api/shapes.h"

#define SECOND(n) (INT64_C(1705314600) * DGL_US_PER_S + (n)*DGL_US_PER_S) // 2024-01-15T10:30:00Z

static struct dgl_buf out;
static struct dgl_json_writer w;

static int fresh(void **state)
{
    (void)state;
    out = DGL_BUF_INIT(65536);
    w = DGL_JSON_WRITER(&out);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    dgl_buf_fini(&out);
    return 0;
}

static void writes_an_accepted_document(void **state)
{
    (void)state;
    struct dgl_document_accepted a = {.id = "d", .template_id = "t", .created_at_us = SECOND(0)};
    dgl_shape_accepted(&w, &a);
    assert_string_equal(out.data, "{\"id\":\"d\",\"template_id\":\"t\",\"status\":\"queued\","
                                  "\"created_at\":\"2024-01-15T10:30:00Z\"}");
}

static void writes_a_queued_document(void **state)
{
    (void)state;
    struct dgl_document_row r = {.id = "d",
                                 .template_id = "t",
                                 .template_name = "N",
                                 .template_version = 2,
                                 .formats = DGL_FORMAT_PDF,
                                 .webhook_url = "https://x/",
                                 .created_at_us = SECOND(0)};
    dgl_shape_document(&w, NULL, &r, false);
    assert_string_equal(
        out.data,
        "{\"id\":\"d\",\"template_id\":\"t\",\"template_name\":\"N\",\"template_version\":2,\"status\":\"queued\","
        "\"source\":\"api\",\"output_format\":\"pdf\",\"is_uat\":false,\"created_at\":\"2024-01-15T10:30:00Z\","
        "\"started_at\":null,\"finished_at\":null,\"timings\":{\"queued_ms\":null,\"render_ms\":null,\"total_ms\":null}"
        ","
        "\"output_pdf_path\":null,\"output_docx_path\":null,\"error_message\":null,\"error_code\":null,\"engine\":null,"
        "\"pages\":null,\"size_bytes\":null,\"sha256\":null,\"warnings\":[],\"download_url\":null,\"webhook_url\":"
        "null}");
}

static void writes_a_failed_document(void **state)
{
    (void)state;
    struct dgl_document_row r = {.id = "d",
                                 .template_id = "t",
                                 .template_version = 1,
                                 .status = DGL_DOCUMENT_FAILED,
                                 .formats = DGL_FORMAT_PDF | DGL_FORMAT_DOCX,
                                 .error_message = "No.",
                                 .error_code = "undefined",
                                 .created_at_us = SECOND(0),
                                 .started_at_us = SECOND(1),
                                 .finished_at_us = SECOND(3),
                                 .render_us = 1500,
                                 .webhook_url = "https://x/"};
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_JSON v = NULL;
    dgl_shape_document(&w, NULL, &r, true);
    assert_int_equal(dgl_json_parse(out.data, out.len, "x", &v, &err), DGL_OK);
    const json_t *timings = json_object_get(v, "timings");
    assert_true(json_real_value(json_object_get(timings, "queued_ms")) == 1000.0);
    assert_true(json_real_value(json_object_get(timings, "render_ms")) == 1.5);
    assert_true(json_real_value(json_object_get(timings, "total_ms")) == 3000.0);
    assert_string_equal(json_string_value(json_object_get(v, "error_message")), "No.");
    assert_string_equal(json_string_value(json_object_get(v, "webhook_url")), "https://x/");
    assert_true(json_is_null(json_object_get(json_object_get(v, "download_urls"), "docx")));
}

static void writes_source_addresses_as_a_list(void **state)
{
    (void)state;
    dgl_shape_source_ips(&w, " 192.0.2.1, 192.0.2.2 ,");
    assert_string_equal(out.data, "[\"192.0.2.1\",\"192.0.2.2\"]");
}

static void writes_no_addresses_as_an_empty_list(void **state)
{
    (void)state;
    dgl_shape_source_ips(&w, NULL);
    assert_string_equal(out.data, "[]");
}

static void counts_attempts_in_lists(void **state)
{
    (void)state;
    struct dgl_delivery_row d = {.id = "msg_1",
                                 .document = "d",
                                 .event_type = "document.generated",
                                 .url = "https://x/",
                                 .status = DGL_DELIVERY_SUCCEEDED,
                                 .attempts = 2,
                                 .created_at_us = SECOND(0),
                                 .next_attempt_at_us = SECOND(9),
                                 .finished_at_us = SECOND(1),
                                 .last_http_status = 200};
    dgl_shape_delivery(&w, &d, true);
    dgl_jw_end_object(&w);
    assert_string_equal(
        out.data, "{\"id\":\"msg_1\",\"event\":\"document.generated\",\"document_id\":\"d\",\"template_id\":null,"
                  "\"endpoint_id\":null,\"url\":\"https://x/\",\"status\":\"succeeded\",\"reason\":null,\"attempts\":2,"
                  "\"created_at\":\"2024-01-15T10:30:00Z\",\"next_attempt_at\":null,"
                  "\"finished_at\":\"2024-01-15T10:30:01Z\",\"last_http_status\":200,\"last_error\":null}");
}

#define SHAPE_TEST(f) cmocka_unit_test_setup_teardown(f, fresh, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {SHAPE_TEST(writes_an_accepted_document),
                                       SHAPE_TEST(writes_a_queued_document),
                                       SHAPE_TEST(writes_a_failed_document),
                                       SHAPE_TEST(writes_source_addresses_as_a_list),
                                       SHAPE_TEST(writes_no_addresses_as_an_empty_list),
                                       SHAPE_TEST(counts_attempts_in_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
