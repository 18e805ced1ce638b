// View models: what the pages say about rows, for ordinary rows and for strange ones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "server/ui/model.h"

#define NOON_US (INT64_C(1736942400) * DGL_US_PER_S) // 2025-01-15T12:00:00Z

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "(none)";
}

static json_t *parse(const char *text)
{
    struct dgl_error err = DGL_ERROR_INIT;
    json_t *json = NULL;
    assert_int_equal(dgl_json_parse(text, strlen(text), "test", &json, &err), DGL_OK);
    return json;
}

static void test_text_of_any_bytes(void **state)
{
    (void)state;
    DGL_AUTO_JSON good = dgl_ui_text("Größe");
    DGL_AUTO_JSON bad = dgl_ui_text("a\xff\xfe"
                                    "b");
    DGL_AUTO_JSON none = dgl_ui_text(NULL);
    assert_string_equal(json_string_value(good), "Größe");
    assert_string_equal(json_string_value(bad), "a??b");
    assert_true(json_is_null(none));
}

static void test_times_and_sizes(void **state)
{
    (void)state;
    char out[32];
    DGL_AUTO_JSON time = dgl_ui_time(NOON_US);
    assert_string_equal(json_string_value(time), "2025-01-15T12:00:00Z");
    DGL_AUTO_JSON never = dgl_ui_time(0);
    assert_true(json_is_null(never));
    static const struct {
        int64_t bytes;
        const char *text;
    } sizes[] = {{0, ""}, {1, "1 KB"}, {49152, "48 KB"}, {1572864, "1.5 MB"}, {26214400, "25 MB"}};
    for (size_t i = 0; i < DGL_COUNT(sizes); i++) {
        DGL_AUTO_JSON size = dgl_ui_size(sizes[i].bytes);
        assert_string_equal(json_string_value(size), sizes[i].text);
    }
    assert_string_equal(dgl_ui_duration(182400, out), "182 ms");
    assert_string_equal(dgl_ui_duration(400, out), "under 1 ms");
    assert_string_equal(dgl_ui_duration(1500000, out), "1.50 s");
    assert_string_equal(dgl_ui_duration(15000000, out), "15.0 s");
}

static void test_schedule_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *list, *words;
    } schedules[] = {{"60,300,900", "1 minute, 5 minutes and 15 minutes"},
                     {"5, 7200", "5 seconds and 2 hours"},
                     {"86400", "1 day"},
                     {"90", "90 seconds"},
                     {"x", "a while, several times"},
                     {"", "a while, several times"},
                     {NULL, "a while, several times"}};
    for (size_t i = 0; i < DGL_COUNT(schedules); i++) {
        DGL_AUTO_JSON words = dgl_ui_schedule(schedules[i].list);
        assert_string_equal(json_string_value(words), schedules[i].words);
    }
}

static const char tokens_text[] =
    "[{\"name\":\"invoice_number\",\"type\":\"text\",\"children\":[]},"
    "{\"name\":\"issue_date\",\"type\":\"date\",\"children\":[]},"
    "{\"name\":\"customer\",\"type\":\"text\",\"children\":[{\"name\":\"name\",\"type\":\"text\"}]},"
    "{\"name\":\"items\",\"type\":\"list\",\"children\":[{\"name\":\"price\",\"type\":\"number\"},"
    "{\"name\":\"notes\",\"type\":\"list\"}]},"
    "{\"name\":\"paid\",\"type\":\"boolean\"},{\"name\":\"img_logo\",\"type\":\"image\"}]";

static void test_tokens_are_flat_with_depth(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens = parse(tokens_text);
    DGL_AUTO_JSON flat = dgl_ui_tokens(tokens);
    assert_int_equal(json_array_size(flat), 9);
    const json_t *customer = json_array_get(flat, 2), *name = json_array_get(flat, 3);
    assert_string_equal(text_of(customer, "kind_title"), "Group");
    assert_string_equal(text_of(name, "name"), "name");
    assert_int_equal(json_integer_value(json_object_get(name, "depth")), 1);
    assert_string_equal(text_of(json_array_get(flat, 7), "kind_title"), "Yes or no");
}

static void test_sample_has_every_token(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens = parse(tokens_text);
    DGL_AUTO_JSON sample = dgl_ui_sample(tokens);
    assert_string_equal(text_of(sample, "invoice_number"), "Invoice number");
    assert_string_equal(text_of(sample, "issue_date"), "2025-01-15");
    assert_string_equal(text_of(json_object_get(sample, "customer"), "name"), "Name");
    const json_t *item = json_array_get(json_object_get(sample, "items"), 0);
    assert_int_equal(json_integer_value(json_object_get(item, "price")), 100);
    assert_string_equal(json_string_value(json_array_get(json_object_get(item, "notes"), 0)), "Notes");
    assert_true(json_is_true(json_object_get(sample, "paid")));
    assert_int_equal(strncmp(text_of(sample, "img_logo"), "data:image/png;base64,", 22), 0);
}

static void test_sample_by_name(void **state)
{
    (void)state;
    DGL_AUTO_JSON tokens =
        parse("[{\"name\":\"currency\",\"type\":\"text\"},{\"name\":\"tax_rate\",\"type\":\"number\"},"
              "{\"name\":\"order_quantity\",\"type\":\"text\"},{\"name\":\"paid_rate\",\"type\":\"date\"},"
              "{\"name\":\"seller\",\"type\":\"object\",\"children\":[]}]");
    DGL_AUTO_JSON sample = dgl_ui_sample(tokens);
    assert_string_equal(text_of(sample, "currency"), "EUR");
    assert_int_equal(json_integer_value(json_object_get(sample, "tax_rate")), 20);
    assert_int_equal(json_integer_value(json_object_get(sample, "order_quantity")), 2);
    assert_string_equal(text_of(sample, "paid_rate"), "2025-01-15");
    assert_true(json_is_object(json_object_get(sample, "seller")));
}

static void test_attempts_in_words(void **state)
{
    (void)state;
    struct dgl_attempt_row good = {.number = 1, .http_status = 204, .total_us = 5000, .outcome = "answered"};
    struct dgl_attempt_row lost = {
        .number = 2, .total_us = 5000000, .outcome = "timeout", .message = "It took too long."};
    DGL_AUTO_JSON first = dgl_ui_attempt(&good);
    DGL_AUTO_JSON second = dgl_ui_attempt(&lost);
    assert_string_equal(text_of(first, "answer"), "204");
    assert_string_equal(text_of(first, "message"), "Received");
    assert_string_equal(text_of(second, "answer"), "Timed out");
    assert_string_equal(text_of(second, "message"), "It took too long.");
    assert_string_equal(text_of(second, "tone"), "bad");
}

static void test_sample_without_tokens_is_an_object(void **state)
{
    (void)state;
    DGL_AUTO_JSON sample = dgl_ui_sample(NULL);
    assert_true(json_is_object(sample));
    assert_int_equal(json_object_size(sample), 0);
}

static void test_curl_is_safe_in_a_shell(void **state)
{
    (void)state;
    DGL_AUTO_JSON sample = json_pack("{s:s}", "name", "O'Brien; $(rm) `x`");
    DGL_AUTO_JSON curl = dgl_ui_curl("https://docs.example", "dgl_KEY", "id-1", sample);
    assert_string_equal(json_string_value(curl),
                        "curl -X POST 'https://docs.example/api/v1/documents/' \\\n"
                        "  -H 'X-API-Key: dgl_KEY' \\\n"
                        "  -H 'Content-Type: application/json' \\\n"
                        "  -d '{\"template_id\":\"id-1\",\"input_json\":{\"name\":\"O'\\''Brien; $(rm) `x`\"},"
                        "\"output_format\":\"pdf\"}'");
}

static void test_problems_errors_first(void **state)
{
    (void)state;
    DGL_AUTO_JSON problems =
        dgl_ui_problems("[{\"severity\":\"warning\",\"message\":\"w\",\"part\":\"body\",\"paragraph\":2},"
                        "{\"severity\":\"error\",\"message\":\"e\",\"part\":\"header 1\",\"paragraph\":3,"
                        "\"excerpt\":\"Dear {{\",\"tag\":\"{{ x\"}]");
    assert_int_equal(json_array_size(problems), 2);
    const json_t *first = json_array_get(problems, 0);
    assert_string_equal(text_of(first, "message"), "e");
    assert_string_equal(text_of(first, "place"), "Header 1, paragraph 3");
    assert_string_equal(text_of(first, "excerpt"), "Dear {{");
    DGL_AUTO_JSON none = dgl_ui_problems(NULL);
    assert_int_equal(json_array_size(none), 0);
    DGL_AUTO_JSON broken = dgl_ui_problems("{nonsense");
    assert_int_equal(json_array_size(broken), 0);
}

static void test_document_states(void **state)
{
    (void)state;
    struct dgl_document_row row = {.id = "0197a1de-8c1b-7c54-9d0e-5a3f6b1c2d3e",
                                   .template_name = "Invoice",
                                   .status = DGL_DOCUMENT_READY,
                                   .source = DGL_SOURCE_UI,
                                   .formats = DGL_FORMAT_PDF | DGL_FORMAT_DOCX,
                                   .pdf = {.blob_uri = "a", .size_bytes = 40000},
                                   .docx = {.blob_uri = "b", .size_bytes = 10000},
                                   .warnings_json = "[\"A font was replaced.\"]",
                                   .created_at_us = NOON_US,
                                   .finished_at_us = NOON_US + 1};
    DGL_AUTO_JSON ready = dgl_ui_document(&row);
    assert_string_equal(text_of(ready, "short_id"), "6b1c2d3e");
    assert_string_equal(text_of(ready, "source_title"), "Web page");
    assert_string_equal(text_of(ready, "size"), "49 KB");
    assert_int_equal(json_array_size(json_object_get(ready, "files")), 2);
    assert_int_equal(json_array_size(json_object_get(ready, "warnings")), 1);
    assert_true(json_is_false(json_object_get(ready, "unfinished")));
    row.status = DGL_DOCUMENT_RENDERING;
    DGL_AUTO_JSON busy = dgl_ui_document(&row);
    assert_true(json_is_true(json_object_get(busy, "unfinished")));
    assert_int_equal(json_array_size(json_object_get(busy, "files")), 0);
    assert_true(json_is_null(json_object_get(busy, "finished")));
}

static void test_delivery_states(void **state)
{
    (void)state;
    struct dgl_delivery_row row = {.id = "msg_1",
                                   .event_type = "document.generated",
                                   .url = "https://hooks.example:8443/path?x=1",
                                   .status = DGL_DELIVERY_PENDING,
                                   .attempts = 1,
                                   .last_error = "The connection was refused.",
                                   .next_attempt_at_us = NOON_US};
    DGL_AUTO_JSON again = dgl_ui_delivery(&row);
    assert_string_equal(text_of(again, "host"), "hooks.example:8443");
    assert_string_equal(text_of(again, "status_title"), "Trying again");
    assert_string_equal(text_of(again, "attempts_title"), "1 attempt");
    assert_string_equal(text_of(again, "reason"), "The connection was refused.");
    assert_true(json_is_string(json_object_get(again, "next")));
    row.status = DGL_DELIVERY_SUCCEEDED;
    DGL_AUTO_JSON done = dgl_ui_delivery(&row);
    assert_string_equal(text_of(done, "tone"), "good");
    assert_true(json_is_null(json_object_get(done, "reason")));
}

static void test_webhook_test_phases(void **state)
{
    (void)state;
    struct dgl_webhook_test t = {.ok = true,
                                 .http_status = 200,
                                 .outcome = DGL_NET_ANSWERED,
                                 .dns_us = 10000,
                                 .connect_us = 30000,
                                 .tls_us = 60000,
                                 .first_byte_us = 90000,
                                 .total_us = 100000,
                                 .tls = "TLSv1.3"};
    DGL_AUTO_JSON model = dgl_ui_webhook_test("https://x.example", &t);
    const json_t *phases = json_object_get(model, "phases");
    assert_int_equal(json_array_size(phases), 4);
    static const int64_t starts[] = {0, 100, 300, 600};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(phases, i), "x")), starts[i]);
    assert_string_equal(text_of(json_array_get(phases, 3), "time"), "40 ms");
    struct dgl_webhook_test lost = {.outcome = DGL_NET_DNS, .total_us = 5000};
    DGL_AUTO_JSON nothing = dgl_ui_webhook_test("https://x.example", &lost);
    assert_string_equal(text_of(nothing, "headline"), "No address");
    assert_string_equal(text_of(nothing, "tls"), "Not reached");
    assert_int_equal(json_array_size(json_object_get(nothing, "phases")), 0);
}

static void test_key_expiry(void **state)
{
    (void)state;
    struct dgl_api_key key = {.name = "Billing", .role = DGL_ROLE_GENERATOR, .expires_at_us = NOON_US};
    DGL_AUTO_JSON live = dgl_ui_key(&key, NOON_US - 1);
    DGL_AUTO_JSON over = dgl_ui_key(&key, NOON_US);
    assert_true(json_is_false(json_object_get(live, "expired")));
    assert_true(json_is_true(json_object_get(over, "expired")));
}

static void test_local_paths(void **state)
{
    (void)state;
    static const char *const good[] = {"/", "/history", "/history/1?x=2"};
    static const char *const bad[] = {"",        "history", "//evil.example", "/\\evil.example", "https://evil.example",
                                      "/a\r\nb", "/a b",    "/\xc3\xa9"};
    for (size_t i = 0; i < DGL_COUNT(good); i++)
        assert_true(dgl_ui_is_local_path(good[i]));
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        assert_false(dgl_ui_is_local_path(bad[i]));
    assert_false(dgl_ui_is_local_path(NULL));
}

static void test_loopback_urls(void **state)
{
    (void)state;
    static const char *const loopback[] = {"http://127.0.0.1:8080", "https://localhost/x", "http://[::1]:80/",
                                           "http://app.localhost", "http://u:p@127.9.9.9/"};
    static const char *const elsewhere[] = {"https://hooks.example",
                                            "http://127.evil.example",
                                            "http://localhost.example",
                                            "http://10.0.0.1",
                                            "http://[::2]/",
                                            "",
                                            "127.0.0.1"};
    for (size_t i = 0; i < DGL_COUNT(loopback); i++)
        assert_true(dgl_ui_is_loopback_url(loopback[i]));
    for (size_t i = 0; i < DGL_COUNT(elsewhere); i++)
        assert_false(dgl_ui_is_loopback_url(elsewhere[i]));
}

static void test_origins(void **state)
{
    (void)state;
    static const char *const own[] = {"127.0.0.1:8080", "192.0.2.7", "[::1]:8080",
                                      "localhost:8080", "LOCALHOST", "Docs.example"};
    static const char *const others[] = {"evil.example",
                                         "evil.example:8080",
                                         "127.0.0.1.evil.example",
                                         "docs.example:81",
                                         "[evil]",
                                         "localhost.evil.example",
                                         "",
                                         ":",
                                         "[",
                                         "1.2.3"};
    for (size_t i = 0; i < DGL_COUNT(own); i++)
        assert_true(dgl_ui_is_own_host(own[i], "https://docs.example"));
    for (size_t i = 0; i < DGL_COUNT(others); i++)
        assert_false(dgl_ui_is_own_host(others[i], "https://docs.example"));
    assert_false(dgl_ui_is_own_host(NULL, "https://docs.example"));
    assert_true(dgl_ui_is_same_origin("http://127.0.0.1:8080", "127.0.0.1:8080", "https://docs.example"));
    assert_true(dgl_ui_is_same_origin("https://docs.example", "10.0.0.5:8080", "https://docs.example"));
    assert_true(dgl_ui_is_same_origin("https://DOCS.example", "docs.EXAMPLE", NULL));
    assert_false(dgl_ui_is_same_origin("https://evil.example", "docs.example", "https://docs.example"));
    assert_false(dgl_ui_is_same_origin("null", "docs.example", "https://docs.example"));
    assert_false(dgl_ui_is_same_origin("https://docs.example.evil.example", "docs.example", "https://docs.example"));
    assert_false(dgl_ui_is_same_origin("https://docs.example:444", "docs.example", "https://docs.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_of_any_bytes),
        cmocka_unit_test(test_times_and_sizes),
        cmocka_unit_test(test_schedule_in_words),
        cmocka_unit_test(test_tokens_are_flat_with_depth),
        cmocka_unit_test(test_sample_has_every_token),
        cmocka_unit_test(test_sample_by_name),
        cmocka_unit_test(test_attempts_in_words),
        cmocka_unit_test(test_sample_without_tokens_is_an_object),
        cmocka_unit_test(test_curl_is_safe_in_a_shell),
        cmocka_unit_test(test_problems_errors_first),
        cmocka_unit_test(test_document_states),
        cmocka_unit_test(test_delivery_states),
        cmocka_unit_test(test_webhook_test_phases),
        cmocka_unit_test(test_key_expiry),
        cmocka_unit_test(test_local_paths),
        cmocka_unit_test(test_loopback_urls),
        cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
