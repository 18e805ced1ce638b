// Growing byte buffer. Growth doubles up to the maximum; an append that does not fit fails as a whole and leaves the
// buffer as it was, marked `failed`, so that a long writer needs one check at its end.
#include "base/buf.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)

void dgl_buf_fini(struct dgl_buf *b)
{
    free(b->data);
    b->data = NULL;
    b->len = b->cap = 0;
    b->failed = false;
}

void dgl_buf_reset(struct dgl_buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data)
        b->data[0] = '\0';
}

bool dgl_buf_reserve(struct dgl_buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (b->data && more <= b->cap - b->len)
        return true;
    if (b->len > b->max || more > b->max - b->len) {
        b->failed = true;
        return false;
    }
    size_t want = b->len + more;
    size_t cap = b->cap > b->max / 2 ? b->max : DGL_MAX(b->cap * 2, FIRST_CAPACITY);
    cap = DGL_MIN(DGL_MAX(cap, want), b->max);
    char *data = realloc(b->data, cap + 1);
    if (!data) {
        dgl_memory_refused(cap);
        b->failed = true;
        return false;
    }
    data[b->len] = '\0';
    b->data = data;
    b->cap = cap;
    return true;
}

// Writers append a few bytes at a time: what fits is copied at once.
static inline bool fits(const struct dgl_buf *b, size_t len)
{
    return !b->failed && b->data && len <= b->cap - b->len;
}

bool dgl_buf_append(struct dgl_buf *b, const void *data, size_t len)
{
    if (!fits(b, len) && !dgl_buf_reserve(b, len))
        return false;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool dgl_buf_puts(struct dgl_buf *b, const char *s)
{
    return dgl_buf_append(b, s, strlen(s));
}

bool dgl_buf_putc(struct dgl_buf *b, char c)
{
    if (!fits(b, 1) && !dgl_buf_reserve(b, 1))
        return false;
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
    return true;
}

bool dgl_buf_printf(struct dgl_buf *b, const char *fmt, ...)
{
    if (!dgl_buf_reserve(b, 0))
        return false;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t room = b->cap - b->len + 1;
    int len = vsnprintf(b->data + b->len, room, fmt, args);
    va_end(args);
    bool done = len >= 0;
    if (done && (size_t)len >= room) {
        b->data[b->len] = '\0';
        done = dgl_buf_reserve(b, (size_t)len);
        if (done)
            vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
    }
    va_end(again);
    if (done)
        b->len += (size_t)len;
    else
        b->failed = true;
    return done;
}

// The escape of one byte, "" for a byte that XML 1.0 forbids, NULL for one that stands for itself.
static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
    case '\n':
    case '\r':
        return NULL;
    default:
        return c < 0x20 ? "" : NULL;
    }
}

bool dgl_buf_put_escaped(struct dgl_buf *b, const char *s, size_t len)
{
    size_t plain = 0; // start of the run that needs nothing
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        const char *escape = escape_of(c);
        size_t skip = 1;
        // U+FFFE and U+FFFF (EF BF BE, EF BF BF) are no XML characters either (XML 1.0 §2.2).
        if (c == 0xEF && len - i >= 3 && (unsigned char)s[i + 1] == 0xBF && (unsigned char)s[i + 2] >= 0xBE) {
            escape = "";
            skip = 3;
        }
        if (!escape)
            continue;
        dgl_buf_append(b, s + plain, i - plain);
        dgl_buf_puts(b, escape);
        i += skip - 1;
        plain = i + 1;
    }
    return dgl_buf_append(b, s + plain, len - plain);
}

char *dgl_buf_take(struct dgl_buf *b, size_t *ret_len)
{
    char *data = b->data ? b->data : dgl_strndup("", 0);
    if (ret_len)
        *ret_len = b->len;
    b->data = NULL;
    b->len = b->cap = 0;
    b->failed = false;
    return data;
}

enum dgl_status dgl_buf_check(const struct dgl_buf *b, const char *what, struct dgl_error *err)
{
    if (b->failed)
        return DGL_FAIL(err, DGL_E_LIMIT, "%s is larger than the %zu bytes allowed", what, b->max);
    return DGL_OK;
}
