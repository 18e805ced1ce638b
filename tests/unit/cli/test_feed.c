// The feed as a listener reads it: what is taken, what a stranger's page is refused for, what a terminal is shown.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/feed.h"

#include <stdio.h>
#include <string.h>

#define EVENT(id, headers, cursor)                                                                            \
    "{\"id\":\"" id "\",\"event\":\"document.generated\",\"attempt\":1,\"timestamp\":7,\"headers\":{" headers \
    "},\"body\":\"{\\\"a\\\":1}\",\"cursor\":\"" cursor "\"}"
#define PAGE(events) "{\"events\":[" events "],\"cursor\":\"c.1.2\"}"

static enum dgl_status read_page(const char *text, struct dgl_arena *a, struct dgl_feed_page *ret,
                                 struct dgl_error *err)
{
    return dgl_feed_read(text, strlen(text), a, ret, err);
}

static void takes_a_page(void **state)
{
    (void)state;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_AUTO_FINI(feed_page) page = {0};
    struct dgl_error err = DGL_ERROR_INIT;
    const char *text =
        PAGE(EVENT("msg_1", "\"Content-Type\":\"application/json\",\"webhook-id\":\"msg_1\"", "c.1.1") "," //
             EVENT("0190c0de-0000-7000-8000-000000000002", "", "c.1.2"));
    assert_int_equal(read_page(text, a, &page, &err), DGL_OK);
    assert_int_equal(page.count, 2);
    assert_string_equal(page.cursor, "c.1.2");
    assert_string_equal(page.events[0].id, "msg_1");
    assert_string_equal(page.events[0].type, "document.generated");
    assert_string_equal(page.events[0].cursor, "c.1.1");
    assert_string_equal(page.events[0].headers[0], "Content-Type: application/json");
    assert_string_equal(page.events[0].headers[1], "webhook-id: msg_1");
    assert_null(page.events[0].headers[2]);
    assert_int_equal(page.events[0].timestamp_s, 7);
    assert_int_equal(page.events[0].body_len, 7);
    assert_memory_equal(page.events[0].body, "{\"a\":1}", 7);
    assert_null(page.events[1].headers[0]);
}

// One bad event is a bad page: nothing of it is posted.
static void refuses_what_would_change_a_request(void **state)
{
    (void)state;
    static const struct {
        const char *page, *says;
    } cases[] = {
        {PAGE(EVENT("m", "\"x\":\"1\\r\\nHost: inside\"", "c")), "the header x has no value"},
        {PAGE(EVENT("m", "\"x: y\\r\\nz\":\"1\"", "c")), "is none of a message"},
        {PAGE(EVENT("m", "\"Transfer-Encoding\":\"chunked\"", "c")), "is none of a message"},
        {PAGE(EVENT("m", "\"CONTENT-length\":\"1\"", "c")), "is none of a message"},
        {PAGE(EVENT("m", "\"Host\":\"inside\"", "c")), "is none of a message"},
        {PAGE(EVENT("m", "\"x\":7", "c")), "the header x has no value"},
        {PAGE(EVENT("m", "\"x\":\"\"", "c")), "the header x has no value"},
        {PAGE(EVENT("m", "", "c") "," EVENT("../keys", "", "c")), "its id, event and cursor"},
        {PAGE(EVENT("..", "", "c")), "its id, event and cursor"},
        {PAGE(EVENT("", "", "c")), "its id, event and cursor"},
        {PAGE(EVENT("a?b", "", "c")), "its id, event and cursor"},
        {PAGE(EVENT("\\u001b[2J", "", "c")), "its id, event and cursor"},
        {PAGE(EVENT("m", "", "a&name=b")), "its id, event and cursor"},
        {PAGE("7"), "its id, event and cursor"},
        {"{\"events\":[],\"cursor\":\"a b\"}", "does not speak this feed"},
        {"{\"events\":{},\"cursor\":\"a\"}", "does not speak this feed"},
        {"{\"cursor\":\"a\"}", "does not speak this feed"},
        {"[]", "does not speak this feed"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        DGL_AUTO(arena) a = dgl_arena_new(0);
        DGL_AUTO_FINI(feed_page) page = {0};
        struct dgl_error err = DGL_ERROR_INIT;
        if (read_page(cases[i].page, a, &page, &err) != DGL_E_INVALID || !strstr(err.message, cases[i].says))
            fail_msg("case %zu: %s", i, err.message);
    }
}

static void keeps_to_its_bounds(void **state)
{
    (void)state;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) headers = DGL_BUF_INIT((size_t)1 << 20);
    DGL_AUTO_FINI(buf) events = DGL_BUF_INIT((size_t)1 << 20);
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_feed_page page = {0};
    dgl_buf_puts(&headers, "{\"cursor\":\"c\",\"events\":[{\"id\":\"m\",\"event\":\"e\",\"cursor\":\"c\",\"body\":\"\","
                           "\"headers\":{\"x\":\"1\"");
    for (int i = 0; i < DGL_FEED_HEADERS_MAX; i++)
        dgl_buf_printf(&headers, ",\"x%d\":\"1\"", i);
    dgl_buf_puts(&headers, "}}]}");
    assert_int_equal(read_page(headers.data, a, &page, &err), DGL_E_LIMIT);
    dgl_buf_puts(&events, "{\"cursor\":\"c\",\"events\":[0");
    for (int i = 0; i < DGL_FEED_EVENTS_MAX; i++)
        dgl_buf_puts(&events, ",0");
    dgl_buf_puts(&events, "]}");
    assert_int_equal(read_page(events.data, a, &page, &err), DGL_E_LIMIT);
}

static void shows_no_controls(void **state)
{
    (void)state;
    char why[DGL_FEED_REASON_SIZE];
    DGL_AUTO_FINI(buf) line = DGL_BUF_INIT(4096);
    static const char body[] = "{\"a\":\n\t\"\xC3\xA4 \x1B[2J\xC2\x9B\xE2\x80\xAE\x7F\"}";
    dgl_feed_put_plain(&line, body, sizeof(body) - 1);
    assert_string_equal(line.data, "{\"a\":  \"\xC3\xA4 \\u001b[2J\\u009b\\u202e\\u007f\"}");
    static const char problem[] = "{\"detail\":\"no such key \\u001b]0;x\\u0007\"}";
    dgl_feed_reason(problem, sizeof(problem) - 1, why);
    assert_string_equal(why, "no such key \\u001b]0;x\\u0007");
    dgl_feed_reason("<html>", 6, why);
    assert_string_equal(why, "no reason given");
    dgl_feed_reason(NULL, 0, why);
    assert_string_equal(why, "no reason given");
}

static void reports_what_is_text(void **state)
{
    (void)state;
    struct dgl_feed_answer answer = {
        .status = 200, .total_us = 5, .headers = DGL_BUF_INIT(100), .body = DGL_BUF_INIT(100)};
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(4096);
    dgl_buf_puts(&answer.headers, "X: y\r\n");
    dgl_buf_append(&answer.body, "\xFF", 1);
    dgl_feed_write_result(7, &answer, &out);
    assert_string_equal(out.data, "{\"timestamp\":7,\"http_status\":200,\"total_us\":5,\"headers\":\"X: y\\r\\n\"}");
    dgl_buf_reset(&out);
    answer = (struct dgl_feed_answer){.message = "refused", .headers = answer.headers, .body = answer.body};
    dgl_feed_write_result(7, &answer, &out);
    assert_non_null(strstr(out.data, "\"http_status\":0,\"total_us\":0,\"message\":\"refused\""));
    dgl_buf_fini(&answer.headers);
    dgl_buf_fini(&answer.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_page),         cmocka_unit_test(refuses_what_would_change_a_request),
        cmocka_unit_test(keeps_to_its_bounds),  cmocka_unit_test(shows_no_controls),
        cmocka_unit_test(reports_what_is_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
