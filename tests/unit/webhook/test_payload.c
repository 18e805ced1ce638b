// Bodies, byte for byte.
#include "../base/unit.h"
#include "server/blob/link.h"
#include "server/webhook/payload.h"

#include <stdio.h>

static const unsigned char master[32] = {1, 2, 3};
#define DOCUMENT "018d0c9a-5a40-7000-8000-000000000001"
#define TEMPLATE "018d0c9a-5a40-7000-8000-000000000002"
#define EXPIRES 1705401000

static struct dgl_delivery_row row(unsigned formats, bool ok)
{
    struct dgl_delivery_row d = {.event_type = "document.generated", .document_ok = ok, .formats = formats};
    memcpy(d.document, DOCUMENT, sizeof DOCUMENT);
    memcpy(d.template_id, TEMPLATE, sizeof TEMPLATE);
    d.error_message = ok ? NULL : "The token \"customer\" is missing.";
    d.document_created_at_us = INT64_C(1705314600999999); // 2024-01-15T10:30:00.999999Z
    return d;
}

static void check(const struct dgl_delivery_row *d, bool masked, const char *wanted)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(keyring) keys = dgl_keyring_new_for_test(master);
    struct dgl_payload_links links = {keys, "https://docs.example", EXPIRES, masked};
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_WEBHOOK_BODY_MAX);
    assert_ok(dgl_payload_write(d, &links, &out, &err), err);
    assert_string_equal(out.data, wanted);
}

static const char *link_for(const char *format, char out[DGL_LINK_MAX])
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(keyring) keys = dgl_keyring_new_for_test(master);
    assert_ok(dgl_link_make(keys, "https://docs.example", DOCUMENT, format, EXPIRES, out, &err), err);
    return out;
}

#define HEAD "{\"event\":\"document.generated\",\"job_id\":\"" DOCUMENT "\",\"status\":\""
#define META "\"metadata\":{\"template_id\":\"" TEMPLATE "\",\"created_at\":\"2024-01-15T10:30:00Z\",\"error_message\":"

static void test_completed(void **state DGL_UNUSED)
{
    char link[DGL_LINK_MAX], wanted[4096];
    struct dgl_delivery_row d = row(DGL_FORMAT_PDF, true);
    snprintf(wanted, sizeof wanted, HEAD "completed\",\"download_url\":\"%s\"," META "null}}", link_for("pdf", link));
    check(&d, false, wanted);
    d.formats = DGL_FORMAT_DOCX;
    snprintf(wanted, sizeof wanted, HEAD "completed\",\"download_url\":\"%s\"," META "null}}", link_for("docx", link));
    check(&d, false, wanted);
    check(&d, true, HEAD "completed\",\"download_url\":\"…\"," META "null}}");
}

static void test_both_formats(void **state DGL_UNUSED)
{
    char pdf[DGL_LINK_MAX], docx[DGL_LINK_MAX], wanted[8192];
    struct dgl_delivery_row d = row(DGL_FORMAT_PDF | DGL_FORMAT_DOCX, true);
    snprintf(wanted, sizeof wanted,
             HEAD "completed\",\"download_url\":\"%s\"," META
                  "null},\"download_urls\":{\"pdf\":\"%s\",\"docx\":\"%s\"}}",
             link_for("pdf", pdf), pdf, link_for("docx", docx));
    check(&d, false, wanted);
    check(&d, true,
          HEAD "completed\",\"download_url\":\"…\"," META "null},\"download_urls\":{\"pdf\":\"…\",\"docx\":\"…\"}}");
    d.document_erased = true;
    check(&d, false,
          HEAD "completed\",\"download_url\":null," META "null},\"download_urls\":{\"pdf\":null,\"docx\":null}}");
}

static void test_failed_and_erased(void **state DGL_UNUSED)
{
    struct dgl_delivery_row d = row(DGL_FORMAT_PDF, false);
    check(&d, false, HEAD "failed\",\"download_url\":null," META "\"The token \\\"customer\\\" is missing.\"}}");
    d = row(DGL_FORMAT_PDF, true);
    d.document_erased = true;
    check(&d, false, HEAD "completed\",\"download_url\":null," META "null}}");
}

static void test_test_body(void **state DGL_UNUSED)
{
    assert_string_equal(DGL_WEBHOOK_TEST_BODY,
                        "{\"event\":\"webhook.test\",\"message\":\"This is a test webhook from DocGenLab\"}");
}

int main(void)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (dgl_crypto_init(&err) != DGL_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_completed), cmocka_unit_test(test_both_formats),
                                       cmocka_unit_test(test_failed_and_erased), cmocka_unit_test(test_test_body)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
