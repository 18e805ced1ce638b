// Reading, checking and answering the feed; see feed.h.
#include "cli/feed.h"

#include <string.h>

#include "base/str.h"
#include "server/net/header.h"

// ---- a page

// For the path of a URL and a query, as it is (RFC 3986 §2.3: unreserved).
static bool is_word(const char *s)
{
    size_t len = s ? strlen(s) : 0;
    return len > 0 && len <= DGL_FEED_WORD_MAX && s[0] != '.' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-") == len;
}

static const char *word_of(json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return is_word(s) ? s : NULL;
}

#define NO_EVENT(err, ...) \
    DGL_FAIL((err), DGL_E_INVALID, "the server sent something that is not an event: " __VA_ARGS__)

static enum dgl_status read_headers(json_t *object, struct dgl_arena *a, const char *const **ret, struct dgl_error *err)
{
    const char **lines = dgl_arena_alloc(a, (json_object_size(object) + 1) * sizeof *lines), *name;
    json_t *value;
    size_t n = 0;
    if (json_object_size(object) > DGL_FEED_HEADERS_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "the server sent an event with more than %d headers", DGL_FEED_HEADERS_MAX);
    json_object_foreach(object, name, value)
    {
        const char *text = json_string_value(value);
        if (!dgl_header_is_name(name) || dgl_header_is_reserved(name))
            return NO_EVENT(err, "the header \"%.64s\" is none of a message", name);
        if (!text || !dgl_header_is_value(text))
            return NO_EVENT(err, "the header %s has no value of printable ASCII", name);
        lines[n++] = dgl_arena_printf(a, "%s: %s", name, text);
    }
    lines[n] = NULL;
    *ret = lines;
    return DGL_OK;
}

static enum dgl_status read_event(json_t *event, struct dgl_arena *a, struct dgl_feed_event *ret, struct dgl_error *err)
{
    json_t *body = json_object_get(event, "body"), *headers = json_object_get(event, "headers");
    ret->id = word_of(event, "id");
    ret->type = word_of(event, "event");
    ret->cursor = word_of(event, "cursor");
    if (!ret->id || !ret->type || !ret->cursor)
        return NO_EVENT(err, "its id, event and cursor must be words of at most %d letters, digits and . _ ~ -",
                        DGL_FEED_WORD_MAX);
    if (!json_is_string(body) || (headers && !json_is_object(headers)))
        return NO_EVENT(err, "its body must be a text and its headers an object");
    ret->timestamp_s = json_integer_value(json_object_get(event, "timestamp"));
    ret->body = json_string_value(body);
    ret->body_len = json_string_length(body);
    return read_headers(headers, a, &ret->headers, err);
}

enum dgl_status dgl_feed_read(const char *data, size_t len, struct dgl_arena *a, struct dgl_feed_page *ret,
                              struct dgl_error *err)
{
    DGL_AUTO_FINI(feed_page) page = {0};
    json_t *event;
    size_t i;
    DGL_TRY(dgl_json_parse(data, len, "answer", &page.tree, err));
    json_t *events = json_object_get(page.tree, "events");
    page.cursor = word_of(page.tree, "cursor");
    page.count = json_array_size(events);
    if (!page.cursor || !json_is_array(events))
        return DGL_FAIL(err, DGL_E_INVALID, "the server does not speak this feed; check --server");
    if (page.count > DGL_FEED_EVENTS_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "the server sent more than %d events at once", DGL_FEED_EVENTS_MAX);
    page.events = dgl_arena_alloc(a, (page.count + 1) * sizeof *page.events);
    json_array_foreach(events, i, event) DGL_TRY(read_event(event, a, &page.events[i], err));
    *ret = page;
    page.tree = NULL;
    return DGL_OK;
}

void dgl_feed_page_fini(struct dgl_feed_page *page)
{
    json_decref(page->tree);
    *page = (struct dgl_feed_page){0};
}

// ---- its report

static void put_text(struct dgl_json_writer *w, const char *key, const struct dgl_buf *text)
{
    if (text->len && dgl_utf8_valid(text->data, text->len) && !memchr(text->data, '\0', text->len))
        dgl_jw_kstr(w, key, text->data);
}

void dgl_feed_write_result(int64_t timestamp_s, const struct dgl_feed_answer *answer, struct dgl_buf *out)
{
    struct dgl_json_writer w = DGL_JSON_WRITER(out);
    dgl_jw_object(&w);
    dgl_jw_kint(&w, "timestamp", timestamp_s);
    dgl_jw_kint(&w, "http_status", answer->status);
    dgl_jw_kint(&w, "total_us", answer->total_us);
    if (answer->message[0])
        dgl_jw_kstr(&w, "message", answer->message);
    put_text(&w, "headers", &answer->headers);
    put_text(&w, "body", &answer->body);
    dgl_jw_end_object(&w);
}

// ---- for people

void dgl_feed_put_plain(struct dgl_buf *out, const char *s, size_t len)
{
    for (size_t at = 0, from = 0; at < len; from = at) {
        uint32_t c = dgl_utf8_next(s, len, &at);
        if (c == '\t' || c == '\n' || c == '\r')
            dgl_buf_putc(out, ' ');
        else if (dgl_utf8_plain(s + from, at - from, false, false))
            dgl_buf_append(out, s + from, at - from);
        else
            dgl_buf_printf(out, "\\u%04x", c);
    }
}

void dgl_feed_reason(const char *data, size_t len, char ret[DGL_FEED_REASON_SIZE])
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    DGL_AUTO_JSON body = NULL;
    DGL_AUTO_FINI(buf) plain = DGL_BUF_INIT(DGL_FEED_REASON_SIZE * 6);
    const char *detail = NULL;
    if (len && dgl_json_parse(data, len, "answer", &body, &ignored) == DGL_OK)
        detail = json_string_value(json_object_get(body, "detail"));
    if (detail)
        dgl_feed_put_plain(&plain, detail, dgl_utf8_cut(detail, strlen(detail), DGL_FEED_REASON_SIZE));
    if (plain.len)
        dgl_str_copy(ret, DGL_FEED_REASON_SIZE, plain.data, plain.len);
    else
        dgl_str_copy(ret, DGL_FEED_REASON_SIZE, "no reason given", 15);
}
