// Errors are made here and nowhere else, and the one table of what each code means stands here.
//
// A message may quote a stranger's bytes, so whatever comes in leaves as valid UTF-8 on one line: control characters
// become spaces, broken bytes become '?', and the end is cut between characters.
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Longest text that is formatted before it is cut to the message's size.
#define MAX_FORMATTED 2048

static const struct {
    int http;
    const char *slug;
    bool retryable;
} meanings[DGL_STATUS_COUNT] = {
    [DGL_OK] = {200, "ok", false},
    [DGL_E_INVALID] = {422, "invalid", false},
    [DGL_E_MALFORMED] = {400, "malformed", false},
    [DGL_E_UNAUTHORIZED] = {401, "unauthorized", false},
    [DGL_E_FORBIDDEN] = {403, "forbidden", false},
    [DGL_E_NOT_FOUND] = {404, "not_found", false},
    [DGL_E_METHOD] = {405, "method_not_allowed", false},
    [DGL_E_CONFLICT] = {409, "conflict", false},
    [DGL_E_GONE] = {410, "gone", false},
    [DGL_E_LIMIT] = {413, "too_large", false},
    [DGL_E_UNSUPPORTED] = {415, "unsupported", false},
    [DGL_E_RATE] = {429, "rate_limited", true},
    [DGL_E_INTERNAL] = {500, "internal", false},
    [DGL_E_IO] = {500, "io", true},
    [DGL_E_UNAVAILABLE] = {503, "unavailable", true},
    [DGL_E_TIMEOUT] = {504, "timeout", true},
    [DGL_E_CANCELED] = {503, "canceled", false},
};

static size_t known(enum dgl_status code)
{
    return (unsigned)code < DGL_STATUS_COUNT ? (size_t)code : (size_t)DGL_E_INTERNAL;
}

int dgl_status_http(enum dgl_status code)
{
    return meanings[known(code)].http;
}

const char *dgl_status_slug(enum dgl_status code)
{
    return meanings[known(code)].slug;
}

bool dgl_status_retryable(enum dgl_status code)
{
    return meanings[known(code)].retryable;
}

const char *dgl_error_slug(const struct dgl_error *err)
{
    return err->slug[0] ? err->slug : dgl_status_slug(err->code);
}

// Copies src, made presentable, into dst[size].
static void put_clean(char *dst, size_t size, const char *src)
{
    size_t len = strlen(src), at = 0, out = 0;
    while (at < len) {
        unsigned char c = (unsigned char)src[at];
        size_t width = 1;
        if (c >= 0x80) {
            width = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
            if (width > len - at || !dgl_utf8_valid(src + at, width))
                width = 0;
        }
        if (out + DGL_MAX(width, (size_t)1) >= size)
            break;
        if (width == 0) {
            dst[out++] = '?';
            at++;
        } else if (width == 1) {
            dst[out++] = c < 0x20 || c == 0x7F ? ' ' : (char)c;
            at++;
        } else {
            memcpy(dst + out, src + at, width);
            out += width;
            at += width;
        }
    }
    dst[out] = '\0';
}

static enum dgl_status fill(struct dgl_error *err, const char *file, int line, enum dgl_status code, const char *slug,
                            const char *field, const char *message)
{
    // slug and field may point into *err: take them before it is cleared.
    char slug_copy[sizeof(err->slug)], field_copy[sizeof(err->field)];
    put_clean(slug_copy, sizeof(slug_copy), slug ? slug : "");
    put_clean(field_copy, sizeof(field_copy), field ? field : "");
    *err = DGL_ERROR_INIT;
    err->code = code;
    memcpy(err->slug, slug_copy, sizeof(slug_copy));
    memcpy(err->field, field_copy, sizeof(field_copy));
    put_clean(err->message, sizeof(err->message), message);
    err->file = file;
    err->line = line;
    return code;
}

enum dgl_status dgl_fail(struct dgl_error *err, const char *file, int line, enum dgl_status code, const char *slug,
                         const char *field, const char *fmt, ...)
{
    char text[MAX_FORMATTED];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return fill(err, file, line, code, slug, field, text);
}

static enum dgl_status code_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return DGL_E_UNAVAILABLE;
    default:
        return DGL_E_IO;
    }
}

enum dgl_status dgl_fail_errno(struct dgl_error *err, const char *file, int line, int errno_value, const char *fmt, ...)
{
    char text[MAX_FORMATTED], whole[MAX_FORMATTED];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const char *reason = strerrordesc_np(errno_value);
    text[dgl_utf8_cut(text, strlen(text), MAX_FORMATTED - 160)] = '\0';
    snprintf(whole, sizeof(whole), "%s: %s", text, reason ? reason : "unknown error");
    return fill(err, file, line, code_of_errno(errno_value), NULL, NULL, whole);
}

void dgl_error_prefix(struct dgl_error *err, const char *fmt, ...)
{
    char prefix[sizeof(err->message)], whole[MAX_FORMATTED];
    va_list args;
    va_start(args, fmt);
    vsnprintf(prefix, sizeof(prefix), fmt, args);
    va_end(args);
    snprintf(whole, sizeof(whole), "%s: %s", prefix, err->message);
    put_clean(err->message, sizeof(err->message), whole);
}

char *dgl_error_describe(const struct dgl_error *err, char *buf, size_t size)
{
    const struct dgl_place *p = &err->place;
    char where[sizeof(p->part) + sizeof(p->excerpt) + 64] = "", text[MAX_FORMATTED];
    size_t len = 0;
    if (p->part[0])
        len = (size_t)snprintf(where, sizeof(where), "%s", p->part);
    if (p->paragraph || p->line)
        len += (size_t)snprintf(where + len, sizeof(where) - len, "%s%s %u", len ? ", " : "",
                                p->paragraph ? "paragraph" : "line", p->paragraph ? p->paragraph : p->line);
    if (p->excerpt[0])
        len += (size_t)snprintf(where + len, sizeof(where) - len, "%s(\"%s\")", len ? " " : "", p->excerpt);
    // A tag that the message quotes already is not said twice.
    bool with_tag = p->tag[0] && !strstr(err->message, p->tag);
    size_t message_len = strlen(err->message);
    bool stop = with_tag && message_len && err->message[message_len - 1] == '.';
    snprintf(text, sizeof(text), "%s%s%.*s%s%s%s", where, len ? ": " : "", (int)(message_len - stop), err->message,
             with_tag ? " in tag " : "", with_tag ? p->tag : "", stop ? "." : "");
    if (size)
        put_clean(buf, size, text);
    return buf;
}
