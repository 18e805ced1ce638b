// Log lines. A line is built in a bounded buffer and leaves whole (log_out.c), so lines of several threads never mix.
// Nobody waits for a reader that hangs: what it has no room for is dropped, counted, and told before the next line
// that has room.
//
// JSON:  {"time":"2024-01-15T10:30:00.123Z","level":"info","event":"document ready","document":"…","ms":12}
// text:  2024-01-15T10:30:00.123Z info  document ready document=… ms=12
#include "base/log.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log_out.h"
#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINE_BYTES (DGL_LOG_OUT_MAX_BYTES / 2)
#define MAX_VALUE_BYTES 1024 // longer values are cut

static _Atomic int configured_level = DGL_LOG_INFO;
static _Atomic int configured_format = DGL_LOG_AUTO;
static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t untold; // dropped and not told yet, under out_lock
static _Atomic uint64_t dropped;

static const char *const level_names[] = {"debug", "info", "warn", "error", "off"};
static const char *const format_names[] = {"auto", "text", "json"};

void dgl_log_configure(enum dgl_log_level level, enum dgl_log_format format)
{
    atomic_store(&configured_level, (int)level);
    atomic_store(&configured_format, (int)format);
}

bool dgl_log_enabled(enum dgl_log_level level)
{
    return level != DGL_LOG_OFF && (int)level >= atomic_load(&configured_level);
}

static bool find_name(const char *s, const char *const *names, size_t count, size_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (s && strcmp(s, names[i]) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool dgl_log_parse_level(const char *s, enum dgl_log_level *ret)
{
    size_t i;
    if (!find_name(s, level_names, DGL_COUNT(level_names), &i))
        return false;
    *ret = (enum dgl_log_level)i;
    return true;
}

bool dgl_log_parse_format(const char *s, enum dgl_log_format *ret)
{
    size_t i;
    if (!find_name(s, format_names, DGL_COUNT(format_names), &i))
        return false;
    *ret = (enum dgl_log_format)i;
    return true;
}

// "2024-01-15T10:30:00.123Z"
static char *time_text(char out[40])
{
    int64_t now_us = dgl_clock_now_us(dgl_clock_system());
    char seconds[32];
    dgl_time_format_utc(now_us, seconds);
    snprintf(out, 40, "%.19s.%03dZ", seconds, (int)(now_us / DGL_US_PER_MS % 1000));
    return out;
}

static void put_json(struct dgl_buf *line, enum dgl_log_level level, const char *event,
                     const struct dgl_log_field *fields)
{
    char now[40];
    struct dgl_json_writer w = DGL_JSON_WRITER(line);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "time", time_text(now));
    dgl_jw_kstr(&w, "level", level_names[level]);
    dgl_jw_kstr(&w, "event", event);
    for (const struct dgl_log_field *f = fields; f->key; f++) {
        if (f->kind == DGL_LOG_STR && !f->str)
            continue;
        dgl_jw_key(&w, f->key);
        if (f->kind == DGL_LOG_STR)
            dgl_jw_strn(&w, f->str, dgl_utf8_cut(f->str, strlen(f->str), MAX_VALUE_BYTES));
        else if (f->kind == DGL_LOG_INT)
            dgl_jw_int(&w, f->num);
        else
            dgl_jw_bool(&w, f->num != 0);
    }
    dgl_jw_end_object(&w);
}

// Bare where that is unambiguous, as a JSON string otherwise.
static void put_text_value(struct dgl_buf *line, const char *s)
{
    size_t len = dgl_utf8_cut(s, strlen(s), MAX_VALUE_BYTES);
    bool bare = len > 0;
    for (size_t i = 0; i < len && bare; i++)
        bare = (unsigned char)s[i] > ' ' && s[i] != '"' && s[i] != '=' && (unsigned char)s[i] < 0x7F;
    struct dgl_json_writer w = DGL_JSON_WRITER(line);
    if (bare)
        dgl_buf_append(line, s, len);
    else
        dgl_jw_strn(&w, s, len);
}

static void put_text(struct dgl_buf *line, enum dgl_log_level level, const char *event,
                     const struct dgl_log_field *fields)
{
    char now[40];
    dgl_buf_printf(line, "%s %-5s %s", time_text(now), level_names[level], event);
    for (const struct dgl_log_field *f = fields; f->key; f++) {
        if (f->kind == DGL_LOG_STR && !f->str)
            continue;
        dgl_buf_printf(line, " %s=", f->key);
        if (f->kind == DGL_LOG_STR)
            put_text_value(line, f->str);
        else if (f->kind == DGL_LOG_INT)
            dgl_buf_printf(line, "%lld", (long long)f->num);
        else
            dgl_buf_puts(line, f->num ? "true" : "false");
    }
}

// What JSON leaves as it is but a terminal obeys (C1), a reader sees in another order, or makes journalctl hide the
// whole line as "blob data": a stranger's path or a mail server's answer may hold it. It stands in strings only.
static void escape_controls(struct dgl_buf *line, const struct dgl_buf *raw)
{
    for (size_t at = 0, from = 0; at < raw->len; from = at) {
        uint32_t c = dgl_utf8_next(raw->data, raw->len, &at);
        if (dgl_utf8_is_control(c))
            dgl_buf_printf(line, "\\u%04x", (unsigned)c);
        else
            dgl_buf_append(line, raw->data + from, at - from);
    }
    line->failed |= raw->failed;
}

static void put_line(struct dgl_buf *line, bool text, enum dgl_log_level level, const char *event,
                     const struct dgl_log_field *fields)
{
    DGL_AUTO_FINI(buf) raw = DGL_BUF_INIT(MAX_LINE_BYTES);
    if (text)
        put_text(&raw, level, event, fields);
    else
        put_json(&raw, level, event, fields);
    escape_controls(line, &raw);
}

static void put_log_line(enum dgl_log_level level, const char *event, const struct dgl_log_field *fields, bool text,
                         struct dgl_buf *line)
{
    put_line(line, text, level, event, fields);
    if (line->failed) { // too many long values: the event alone is better than nothing
        static const struct dgl_log_field none = {.key = NULL};
        dgl_buf_reset(line);
        put_line(line, text, level, event, &none);
    }
    dgl_buf_putc(line, '\n');
}

// Under out_lock. What was dropped is told together with the line or not at all: alone it would find room where a line
// finds none.
static bool put_out(const struct dgl_buf *line, bool text)
{
    if (untold == 0)
        return dgl_log_out(line->data, line->len);
    DGL_AUTO_FINI(buf) both = DGL_BUF_INIT(DGL_LOG_OUT_MAX_BYTES);
    const struct dgl_log_field count[] = {DGL_F_INT("count", untold), {.key = NULL}};
    put_log_line(DGL_LOG_WARN, "log lines dropped", count, text, &both);
    dgl_buf_append(&both, line->data, line->len);
    if (!dgl_log_out(both.data, both.len))
        return false;
    untold = 0;
    return true;
}

void dgl_log_write(enum dgl_log_level level, const char *event, const struct dgl_log_field *fields)
{
    if (!dgl_log_enabled(level))
        return;
    int saved = errno;
    int format = atomic_load(&configured_format);
    bool text = format == DGL_LOG_TEXT || (format == DGL_LOG_AUTO && isatty(STDERR_FILENO));
    DGL_AUTO_FINI(buf) line = DGL_BUF_INIT(MAX_LINE_BYTES);
    put_log_line(level, event, fields, text, &line);
    pthread_mutex_lock(&out_lock);
    if (!put_out(&line, text)) {
        untold++;
        atomic_fetch_add(&dropped, 1);
    }
    pthread_mutex_unlock(&out_lock);
    errno = saved;
}

uint64_t dgl_log_dropped(void)
{
    return atomic_load(&dropped);
}

void dgl_log_error(enum dgl_log_level level, const char *event, const struct dgl_error *err)
{
    char message[1024];
    dgl_log(level, event, DGL_F_STR("code", dgl_error_slug(err)),
            DGL_F_STR("message", dgl_error_describe(err, message, sizeof(message))),
            DGL_F_STR("field", err->field[0] ? err->field : NULL), DGL_F_STR("file", err->file),
            DGL_F_INT("line", err->line));
}
