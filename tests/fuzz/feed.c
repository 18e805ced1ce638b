// Fuzz target: the feed as `docgenlab listen` reads it from a server that may be anybody's. First byte 'R': the rest is
// an answer that tells of a problem; else, bits of the byte choose what the local program answered, and the rest is,
// up to a NUL, the server's page, then the local answer's headers, and behind another NUL its body. Whatever is taken
// makes requests to no other path, with no framing of its own, a report the server can read, and lines that steer no
// terminal.
#include "fuzz.h"

#include "cli/feed.h"
#include "server/net/url.h"

#include <ctype.h>
#include <strings.h>

#define BASE "https://docs.example/sub"
#define API "/sub/api/v1/webhooks/events"

static void must_be_target(const char *text, const char *target)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url url;
    fuzz_must(dgl_url_parse(text, strlen(text), "url", &url, &err) == DGL_OK);
    fuzz_must(strcmp(url.origin, "https://docs.example") == 0 && strcmp(url.target, target) == 0);
}

// What would end a head, frame a body or name another host: an independent and shorter list than the program's.
static void check_header(const char *line)
{
    static const char *const framing[] = {"content-length:", "transfer-encoding:", "host:", "connection:", "expect:"};
    fuzz_must(isalnum((unsigned char)line[0]) || strchr("!#$%&'*+-.^_`|~", line[0]));
    fuzz_must(strstr(line, ": "));
    for (const char *p = line; *p; p++)
        fuzz_must((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7F);
    for (size_t i = 0; i < DGL_COUNT(framing); i++)
        fuzz_must(strncasecmp(line, framing[i], strlen(framing[i])) != 0);
}

static void must_be_plain(const char *s, size_t len)
{
    fuzz_must(dgl_utf8_plain(s, len, false, false));
}

static json_t *parsed(const char *data, size_t len)
{
    struct dgl_error err = DGL_ERROR_INIT;
    json_t *tree = NULL;
    return dgl_json_parse(data, len, "text", &tree, &err) == DGL_OK ? tree : NULL;
}

static void check_shown(const struct dgl_feed_event *e)
{
    DGL_AUTO_FINI(buf) line = DGL_BUF_INIT((size_t)1 << 20);
    dgl_feed_put_plain(&line, e->body, e->body_len);
    fuzz_must(!line.failed && line.len >= e->body_len / 4);
    must_be_plain(line.len ? line.data : "", line.len);
    must_be_plain(e->type, strlen(e->type));
    must_be_plain(e->id, strlen(e->id));
    DGL_AUTO_JSON before = parsed(e->body, e->body_len);
    DGL_AUTO_JSON after = before ? parsed(line.data, line.len) : NULL;
    fuzz_must(!before || (after && json_equal(before, after)));
}

static void check_event(const struct dgl_feed_event *e)
{
    char text[1024], target[1024];
    snprintf(text, sizeof(text), BASE "/api/v1/webhooks/events/%s/result", e->id);
    snprintf(target, sizeof(target), API "/%s/result", e->id);
    must_be_target(text, target);
    size_t count = 0;
    for (; e->headers[count]; count++)
        check_header(e->headers[count]);
    fuzz_must(count <= DGL_FEED_HEADERS_MAX && dgl_utf8_valid(e->body, e->body_len));
    check_shown(e);
}

static void check_result(int64_t timestamp_s, const struct dgl_feed_answer *answer)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT((size_t)1 << 20);
    dgl_feed_write_result(timestamp_s, answer, &out);
    DGL_AUTO_JSON tree = parsed(out.data, out.len);
    fuzz_must(tree && json_integer_value(json_object_get(tree, "timestamp")) == timestamp_s);
    fuzz_must(json_integer_value(json_object_get(tree, "http_status")) == answer->status);
    json_t *body = json_object_get(tree, "body");
    fuzz_must(!body || (json_string_length(body) == answer->body.len &&
                        memcmp(json_string_value(body), answer->body.data, answer->body.len) == 0));
}

static void read_page(uint8_t choice, const uint8_t *data, size_t size)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)64 << 20);
    DGL_AUTO_FINI(feed_page) page = {0};
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_feed_answer answer = {
        .status = choice % 4 ? 100 + choice * 2 : 0, .headers = DGL_BUF_INIT(65536), .body = DGL_BUF_INIT(65536)};
    char *text = fuzz_take_text(&data, &size, '\0'), *headers = fuzz_take_text(&data, &size, '\0');
    dgl_str_copy(answer.message, sizeof(answer.message), answer.status ? "" : "refused", answer.status ? 0 : 7);
    dgl_buf_puts(&answer.headers, headers);
    dgl_buf_append(&answer.body, data, size);
    if (dgl_feed_read(text, strlen(text), a, &page, &err) == DGL_OK) {
        char url[1024], target[1024];
        snprintf(url, sizeof(url), BASE "/api/v1/webhooks/events?wait=25&cursor=%s", page.cursor);
        snprintf(target, sizeof(target), API "?wait=25&cursor=%s", page.cursor);
        must_be_target(url, target);
        fuzz_must(page.count <= DGL_FEED_EVENTS_MAX);
        for (size_t i = 0; i < page.count; i++)
            check_event(&page.events[i]);
        check_result(page.count ? page.events[0].timestamp_s : 0, &answer);
    } else {
        fuzz_must_explain(&err);
    }
    dgl_buf_fini(&answer.headers);
    dgl_buf_fini(&answer.body);
    free(headers);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[DGL_FEED_REASON_SIZE];
    if (size && data[0] == 'R') {
        dgl_feed_reason((const char *)data + 1, size - 1, why);
        fuzz_must(why[0] && strlen(why) < sizeof(why));
        must_be_plain(why, strlen(why));
    } else if (size) {
        read_page(data[0], data + 1, size - 1);
    }
    return 0;
}
