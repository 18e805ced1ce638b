// One scan finds tags, pairs them, and finds attribute values and template tags; a change is then one replacement of a
// stretch by another, taken from the input itself or from a short list.
#include "markup.h"

#include "base/base.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TAGS 4096
#define MAX_SPANS 4096
#define MAX_TEXT 65536
#define MAX_CHANGES 4

struct span {
    uint32_t at, end;
};
struct element { // `open` with its name; `close` is empty for <a/>
    struct span open, name, close;
};
struct scan {
    const char *text;
    size_t size;
    struct element elements[MAX_TAGS];
    struct span places[2 * MAX_TAGS]; // where something may be put: before each tag of both kinds
    struct span values[MAX_SPANS], tags[MAX_SPANS];
    size_t element_count, place_count, value_count, tag_count, tags_of_markup;
    uint32_t open[MAX_TAGS]; // elements not closed yet
    size_t depth;
};

// What stands at the end of some range, or means something special somewhere.
static const char *const odd_values[] = {"0",
                                         "1",
                                         "-1",
                                         "2",
                                         "9",
                                         "63",
                                         "64",
                                         "255",
                                         "256",
                                         "720",
                                         "1440",
                                         "32767",
                                         "65535",
                                         "31680000",
                                         "2147483647",
                                         "-2147483648",
                                         "4294967295",
                                         "9223372036854775807",
                                         "-9223372036854775808",
                                         "99999999999999999999",
                                         "0.5",
                                         "1e308",
                                         "-1e-308",
                                         "NaN",
                                         "inf",
                                         "50%",
                                         "5000%",
                                         "",
                                         "auto",
                                         "none",
                                         "true",
                                         "false",
                                         "on",
                                         "off",
                                         "nil",
                                         "both",
                                         "center",
                                         "right",
                                         "left",
                                         "single",
                                         "double",
                                         "FF0000",
                                         "00000000",
                                         "restart",
                                         "continue",
                                         "page",
                                         "column",
                                         "exact",
                                         "atLeast",
                                         "begin",
                                         "separate",
                                         "end",
                                         "pct",
                                         "dxa",
                                         "#a",
                                         "url(#a)",
                                         "1 2 3 4",
                                         "M0 0L9 9z",
                                         "rotate(45)",
                                         "12pt",
                                         "1in",
                                         "100%",
                                         "a",
                                         "x",
                                         "rId1",
                                         "p0",
                                         "i"};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == ':' || c == '-' || c == '_' || c == '.';
}

static size_t find_end(const char *text, size_t size, size_t at, const char *end)
{
    const char *p = memmem(text + at, size - at, end, strlen(end));
    return p ? (size_t)(p - text) + strlen(end) : size;
}

static void scan_values(struct scan *s, size_t at, size_t end)
{
    for (; at + 1 < end; at++) {
        char quote = s->text[at + 1];
        if (s->text[at] != '=' || (quote != '"' && quote != '\''))
            continue;
        const char *stop = memchr(s->text + at + 2, quote, end - at - 2);
        if (!stop || s->value_count == MAX_SPANS)
            return;
        s->values[s->value_count++] = (struct span){(uint32_t)at + 2, (uint32_t)(stop - s->text)};
        at = (size_t)(stop - s->text);
    }
}

static bool same_name(const struct scan *s, struct span a, struct span b)
{
    return a.end - a.at == b.end - b.at && memcmp(s->text + a.at, s->text + b.at, a.end - a.at) == 0;
}

static void close_element(struct scan *s, struct span tag, struct span name)
{
    for (size_t d = s->depth; d-- > 0;) {
        struct element *e = &s->elements[s->open[d]];
        if (!same_name(s, e->name, name))
            continue;
        e->close = tag;
        s->depth = d;
        return;
    }
}

// At a '<' with a name or '/' behind it; where the tag ends.
static size_t scan_tag(struct scan *s, size_t at)
{
    bool closing = s->text[at + 1] == '/';
    size_t name_at = at + 1 + closing, name_end = name_at, end = name_at;
    char quote = 0;
    while (name_end < s->size && is_name_char(s->text[name_end]))
        name_end++;
    for (; end < s->size && (quote || s->text[end] != '>'); end++) {
        char c = s->text[end];
        if (c == '"' || c == '\'')
            quote = quote == c ? 0 : quote ? quote : c;
    }
    if (end == s->size || name_end == name_at || s->tags_of_markup == MAX_TAGS)
        return at + 1;
    struct span tag = {(uint32_t)at, (uint32_t)end + 1}, name = {(uint32_t)name_at, (uint32_t)name_end};
    s->places[s->place_count++] = (struct span){(uint32_t)at, (uint32_t)at};
    s->tags_of_markup++;
    if (closing) {
        close_element(s, tag, name);
        return tag.end;
    }
    scan_values(s, name_end, end);
    bool is_empty = s->text[end - 1] == '/';
    if (!is_empty)
        s->open[s->depth++] = (uint32_t)s->element_count;
    s->elements[s->element_count++] =
        (struct element){.open = tag, .name = name, .close = {is_empty ? tag.end : 0, is_empty ? tag.end : 0}};
    return tag.end;
}

static void scan(struct scan *s, const uint8_t *data, size_t size)
{
    s->text = (const char *)data;
    s->size = size;
    s->element_count = s->place_count = s->value_count = s->tag_count = s->tags_of_markup = s->depth = 0;
    for (size_t at = 0; at + 2 < size;) {
        char c = s->text[at], next = s->text[at + 1];
        if (c == '<' && (is_name_char(next) || next == '/')) {
            at = scan_tag(s, at);
        } else if (c == '{' && (next == '{' || next == '%') && s->tag_count < MAX_SPANS) {
            size_t end = find_end(s->text, size, at, next == '{' ? "}}" : "%}");
            s->tags[s->tag_count++] = (struct span){(uint32_t)at, (uint32_t)end};
            s->places[s->place_count++] = (struct span){(uint32_t)at, (uint32_t)at};
            at += 2;
        } else {
            at++;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < s->element_count; i++)
        if (s->elements[i].close.end)
            s->elements[kept++] = s->elements[i];
    s->element_count = kept;
}

// ---- replacing

static size_t splice(uint8_t *data, size_t size, size_t max, struct span where, const char *with, size_t len)
{
    size_t cut = where.end - where.at;
    if (size - cut + len > max)
        return size;
    memmove(data + where.at + len, data + where.end, size - where.end);
    memcpy(data + where.at, with, len);
    return size - cut + len;
}

static struct span whole(const struct element *e)
{
    return (struct span){e->open.at, e->close.end};
}

// A copy, for splicing moves what it points at. False: too long.
static bool copy_of(const struct scan *s, struct span what, char *copy, size_t *ret_len)
{
    *ret_len = what.end - what.at;
    if (*ret_len > MAX_TEXT)
        return false;
    memcpy(copy, s->text + what.at, *ret_len);
    return true;
}

static const struct element *any_element(const struct scan *s, uint64_t *x)
{
    return &s->elements[fuzz_random(x) % s->element_count];
}

static struct span any_place(const struct scan *s, uint64_t *x)
{
    return s->places[fuzz_random(x) % s->place_count];
}

// ---- changes; each gives the new size

static size_t drop_element(const struct scan *s, uint8_t *data, size_t max, uint64_t *x)
{
    return splice(data, s->size, max, whole(any_element(s, x)), "", 0);
}

// Elsewhere, over another one, or some times behind itself.
static size_t copy_element(const struct scan *s, uint8_t *data, size_t max, uint64_t *x)
{
    static char copy[MAX_TEXT];
    size_t len, size = s->size;
    const struct element *e = any_element(s, x);
    if (!copy_of(s, whole(e), copy, &len))
        return size;
    switch (fuzz_random(x) % 4) {
    case 0: {
        struct span behind = {e->close.end, e->close.end};
        for (uint64_t times = 1 + fuzz_random(x) % (fuzz_random(x) % 8 ? 3 : 40); times; times--)
            size = splice(data, size, max, behind, copy, len);
        return size;
    }
    case 1:
        return splice(data, size, max, whole(any_element(s, x)), copy, len);
    default:
        return splice(data, size, max, any_place(s, x), copy, len);
    }
}

static size_t unwrap_element(const struct scan *s, uint8_t *data, size_t max, uint64_t *x)
{
    const struct element *e = any_element(s, x);
    size_t size = splice(data, s->size, max, e->close, "", 0);
    return splice(data, size, max, e->open, "", 0);
}

// The tags of another element around this one.
static size_t wrap_element(const struct scan *s, uint8_t *data, size_t max, uint64_t *x)
{
    static char open[MAX_TEXT], close[MAX_TEXT];
    const struct element *e = any_element(s, x), *around = any_element(s, x);
    size_t open_len, close_len;
    if (!copy_of(s, around->open, open, &open_len) || !copy_of(s, around->close, close, &close_len) || !close_len ||
        s->size + open_len + close_len > max)
        return s->size;
    size_t size = splice(data, s->size, max, (struct span){e->close.end, e->close.end}, close, close_len);
    return splice(data, size, max, (struct span){e->open.at, e->open.at}, open, open_len);
}

static size_t rename_element(const struct scan *s, uint8_t *data, size_t max, uint64_t *x)
{
    char copy[64];
    const struct element *e = any_element(s, x), *like = any_element(s, x);
    size_t len = like->name.end - like->name.at, size = s->size;
    if (len > sizeof(copy) || size + 2 * len > max)
        return size;
    memcpy(copy, s->text + like->name.at, len);
    if (e->close.end > e->close.at) {
        uint32_t at = e->close.at + 2; // behind "</"
        size = splice(data, size, max, (struct span){at, at + e->name.end - e->name.at}, copy, len);
    }
    return splice(data, size, max, e->name, copy, len);
}

static size_t change_value(const struct scan *s, uint8_t *data, size_t max, uint64_t *x)
{
    static char copy[MAX_TEXT];
    struct span where = s->values[fuzz_random(x) % s->value_count];
    const char *odd = odd_values[fuzz_random(x) % DGL_COUNT(odd_values)];
    size_t len;
    if (fuzz_random(x) % 2)
        return splice(data, s->size, max, where, odd, strlen(odd));
    if (!copy_of(s, s->values[fuzz_random(x) % s->value_count], copy, &len))
        return s->size;
    return splice(data, s->size, max, where, copy, len);
}

// A template tag, or now and then all from it up to another one behind it.
static struct span any_tag(const struct scan *s, uint64_t *x)
{
    size_t first = fuzz_random(x) % s->tag_count, more = fuzz_random(x) % 2 ? 0 : fuzz_random(x) % 6;
    size_t last = DGL_MIN(first + more, s->tag_count - 1);
    return (struct span){s->tags[first].at, DGL_MAX(s->tags[first].end, s->tags[last].end)};
}

// Into another template tag's place, or before some markup.
static size_t move_tag(const struct scan *s, uint8_t *data, size_t max, uint64_t *x)
{
    static char copy[MAX_TEXT];
    struct span tag = any_tag(s, x);
    size_t len;
    if (!copy_of(s, tag, copy, &len))
        return s->size;
    switch (fuzz_random(x) % 3) {
    case 0:
        return splice(data, s->size, max, tag, "", 0);
    case 1:
        return splice(data, s->size, max, s->tags[fuzz_random(x) % s->tag_count], copy, len);
    default:
        return splice(data, s->size, max, any_place(s, x), copy, len);
    }
}

static size_t change_once(const struct scan *s, uint8_t *data, size_t max, uint64_t *x)
{
    uint64_t choice = fuzz_random(x) % 12;
    if (choice < 4 && s->value_count)
        return change_value(s, data, max, x);
    if (s->tag_count && (choice == 4 || !s->element_count))
        return move_tag(s, data, max, x);
    if (!s->element_count)
        return s->size;
    switch (choice) {
    case 5:
        return drop_element(s, data, max, x);
    case 6:
        return unwrap_element(s, data, max, x);
    case 7:
        return wrap_element(s, data, max, x);
    case 8:
        return rename_element(s, data, max, x);
    default:
        return copy_element(s, data, max, x);
    }
}

size_t fuzz_markup_change(uint8_t *data, size_t size, size_t max, uint64_t *random)
{
    static struct scan s;
    for (uint64_t times = 1 + fuzz_random(random) % MAX_CHANGES; times; times--) {
        scan(&s, data, size);
        size = change_once(&s, data, max, random);
    }
    return size;
}

size_t fuzz_markup_cross(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max,
                         uint64_t *random)
{
    static struct scan from, to;
    scan(&from, b, b_size);
    scan(&to, a, a_size);
    if (!(from.element_count || from.tag_count) || !to.place_count || a_size > max)
        return 0;
    bool tags = from.tag_count && (!from.element_count || fuzz_random(random) % 4 == 0);
    struct span what = tags ? any_tag(&from, random) : whole(any_element(&from, random));
    memcpy(out, a, a_size);
    return splice(out, a_size, max, any_place(&to, random), from.text + what.at, what.end - what.at);
}
