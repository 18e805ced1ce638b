// Values to WordprocessingML. The common case, a short string in a w:t, is one scan and one copy; everything that needs
// more than text goes through levels (writer.h).
#include "render/docx/rich.h"
#include "render/template/value_private.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_OPEN "<w:t xml:space=\"preserve\">"
#define TEXT_CLOSE "</w:t>"
#define RUN_CLOSE "</w:r>"

const struct dgl_docx_context dgl_docx_no_context = {.where = DGL_WHERE_PLAIN};

static void put(struct dgl_docx_writer *w, struct dgl_str s)
{
    dgl_buf_append(w->xml, s.data, s.len);
}

bool dgl_docx_go(struct dgl_docx_writer *w, const struct dgl_docx_context *x, enum dgl_docx_level to)
{
    if ((to == DGL_LEVEL_BLOCK) != (w->level == DGL_LEVEL_BLOCK) && !x->can_split)
        return false;
    while (w->level < to) {
        if (w->level == DGL_LEVEL_TEXT)
            dgl_buf_append(w->xml, TEXT_CLOSE, sizeof TEXT_CLOSE - 1);
        else if (w->level == DGL_LEVEL_RUN)
            dgl_buf_append(w->xml, RUN_CLOSE, sizeof RUN_CLOSE - 1);
        else
            put(w, x->para_close);
        w->level++;
    }
    while (w->level > to) {
        w->level--;
        if (w->level == DGL_LEVEL_TEXT)
            dgl_buf_append(w->xml, TEXT_OPEN, sizeof TEXT_OPEN - 1);
        else if (w->level == DGL_LEVEL_RUN)
            put(w, x->run_open);
        else
            put(w, x->para_open);
    }
    return true;
}

// ---- text

// 1: may need care. Bytes from 0xEF may begin U+FFFE or U+FFFF, which XML forbids.
static const uint8_t special[256] = {[0 ... 31] = 1, ['&'] = 1, ['<'] = 1, ['>'] = 1, [0xEF] = 1};

static bool is_nonchar(const char *s, size_t len)
{
    return len >= 3 && (uint8_t)s[0] == 0xEF && (uint8_t)s[1] == 0xBF &&
           ((uint8_t)s[2] == 0xBE || (uint8_t)s[2] == 0xBF);
}

static void put_inside_run(struct dgl_docx_writer *w, const char *element)
{
    dgl_buf_append(w->xml, TEXT_CLOSE, sizeof TEXT_CLOSE - 1);
    dgl_buf_puts(w->xml, element);
    dgl_buf_append(w->xml, TEXT_OPEN, sizeof TEXT_OPEN - 1);
}

static void new_paragraph(struct dgl_docx_writer *w, const struct dgl_docx_context *x, bool page)
{
    if (!dgl_docx_go(w, x, DGL_LEVEL_BLOCK)) {
        put_inside_run(w, page ? "<w:br w:type=\"page\"/>" : "<w:br/>");
        return;
    }
    if (page)
        dgl_buf_puts(w->xml, "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>");
    dgl_docx_go(w, x, DGL_LEVEL_TEXT);
}

// Writes what one special byte stands for; returns how many bytes it took.
static size_t put_special(struct dgl_docx_writer *w, const struct dgl_docx_context *x, const char *s, size_t len)
{
    switch (*s) {
    case '&':
        dgl_buf_append(w->xml, "&amp;", 5);
        return 1;
    case '<':
        dgl_buf_append(w->xml, "&lt;", 4);
        return 1;
    case '>':
        dgl_buf_append(w->xml, "&gt;", 4);
        return 1;
    case '\t':
        put_inside_run(w, "<w:tab/>");
        return 1;
    case '\r':
    case '\n':
        put_inside_run(w, "<w:br/>");
        return *s == '\r' && len > 1 && s[1] == '\n' ? 2 : 1;
    case '\a':
        new_paragraph(w, x, false);
        return 1;
    case '\f':
        new_paragraph(w, x, true);
        return 1;
    default:
        break;
    }
    if (is_nonchar(s, len))
        return 3;
    if ((uint8_t)*s == 0xEF)
        dgl_buf_putc(w->xml, *s);
    return 1;
}

void dgl_docx_write_text(struct dgl_docx_writer *w, const struct dgl_docx_context *x, const char *s, size_t len)
{
    size_t from = 0, i = 0;
    while (i < len) {
        if (!special[(uint8_t)s[i]]) {
            i++;
            continue;
        }
        dgl_buf_append(w->xml, s + from, i - from);
        i += put_special(w, x, s + i, len - i);
        from = i;
    }
    dgl_buf_append(w->xml, s + from, len - from);
}

void dgl_docx_write_plain(struct dgl_buf *out, const char *s, size_t len)
{
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        if (!special[(uint8_t)s[i]])
            continue;
        dgl_buf_append(out, s + from, i - from);
        from = i + 1;
        if (s[i] == '&')
            dgl_buf_append(out, "&amp;", 5);
        else if (s[i] == '<')
            dgl_buf_append(out, "&lt;", 4);
        else if (s[i] == '>')
            dgl_buf_append(out, "&gt;", 4);
        else if (s[i] == '\n' || s[i] == '\t')
            dgl_buf_putc(out, s[i]);
        else if (s[i] == '\a' || s[i] == '\f' || s[i] == '\r')
            dgl_buf_putc(out, ' ');
        else if (is_nonchar(s + i, len - i))
            from = (i += 2) + 1;
        else if ((uint8_t)s[i] == 0xEF)
            dgl_buf_putc(out, s[i]);
    }
    dgl_buf_append(out, s + from, len - from);
}

// ---- values

// The text of a value that is not a string, in the scratch buffer.
static enum dgl_status print(struct dgl_docx_writer *w, struct dgl_value v, struct dgl_str *ret, struct dgl_error *err)
{
    if (v.kind == DGL_VALUE_STRING || v.kind == DGL_VALUE_SAFE) {
        *ret = (struct dgl_str){v.as.string->data, v.as.string->len};
        return DGL_OK;
    }
    dgl_buf_reset(&w->scratch);
    DGL_TRY(dgl_value_print(v, w->env->budget, &w->scratch, err));
    *ret = (struct dgl_str){w->scratch.data ? w->scratch.data : "", w->scratch.len};
    return DGL_OK;
}

static enum dgl_docx_level base_level(const struct dgl_docx_context *x)
{
    return x->where == DGL_WHERE_RUN         ? DGL_LEVEL_PARAGRAPH
           : x->where == DGL_WHERE_PARAGRAPH ? DGL_LEVEL_BLOCK
                                             : DGL_LEVEL_TEXT;
}

// subdoc("name", key=value) as the object that JSON has for it.
static enum dgl_status write_subdoc_call(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                         const struct dgl_value_rich *call, struct dgl_error *err)
{
    struct dgl_mem mem = {.arena = w->env->arena, .budget = w->env->budget, .err = err};
    struct dgl_value v;
    DGL_TRY(dgl_make_dict(&mem, 2, &v));
    DGL_TRY(dgl_dict_put_str(&mem, v.as.dict, DGL_STR("subdoc"), call->subject));
    DGL_TRY(dgl_dict_put_str(&mem, v.as.dict, DGL_STR("data"), call->arguments));
    return dgl_docx_write_rich(w, x, v, err);
}

enum dgl_status dgl_docx_write_value(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                     struct dgl_error *err)
{
    struct dgl_str s = {"", 0};
    if (v.kind == DGL_VALUE_SAFE)
        return dgl_docx_write_safe(w, x, (struct dgl_str){v.as.string->data, v.as.string->len}, err);
    if (v.kind == DGL_VALUE_RICH) {
        if (strcmp(v.as.rich->type, "image") == 0)
            return dgl_docx_write_image(w, x, v, err);
        if (strcmp(v.as.rich->type, "markdown") == 0 || strcmp(v.as.rich->type, "html") == 0)
            return dgl_rich_write_markup(w, x, v.as.rich, err);
        if (strcmp(v.as.rich->type, "subdoc") == 0)
            return write_subdoc_call(w, x, v.as.rich, err);
        return dgl_docx_write_barcode(w, x, v.as.rich, err);
    }
    if (v.kind == DGL_VALUE_UNDEFINED)
        return DGL_OK;
    DGL_TRY(print(w, v, &s, err));
    enum dgl_docx_level base = w->level;
    if (!dgl_docx_go(w, x, DGL_LEVEL_TEXT))
        return DGL_FAIL(err, DGL_E_INTERNAL, "text cannot be written here");
    dgl_docx_write_text(w, x, s.data, s.len);
    dgl_docx_go(w, x, base);
    return DGL_OK;
}

static bool is_nothing(struct dgl_value v)
{
    return v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_NONE ||
           ((v.kind == DGL_VALUE_STRING || v.kind == DGL_VALUE_SAFE) && v.as.string->len == 0);
}

// An object that is nothing but rich text, a picture or a subdocument: {"image": …}, {"runs": […]}. It is drawn without
// a prefix or filter, too; nobody wants to read it as Python prints it.
static bool is_marked(struct dgl_value v)
{
    static const char *const marks[] = {"image", "runs", "paragraphs", "subdoc"};
    if (v.kind != DGL_VALUE_DICT || dgl_value_length(v) != 1)
        return false;
    struct dgl_value key, value;
    dgl_value_dict_at(v, 0, &key, &value);
    return dgl_rich_is_one_of(dgl_rich_text(key), marks, DGL_COUNT(marks)) &&
           (value.kind == DGL_VALUE_STRING || value.kind == DGL_VALUE_DICT || value.kind == DGL_VALUE_LIST);
}

enum dgl_status dgl_docx_write_any(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                   struct dgl_error *err)
{
    if (x->where == DGL_WHERE_TEXT && is_marked(v))
        return dgl_docx_write_rich(w, x, v, err);
    if (x->where == DGL_WHERE_TEXT)
        return x->image ? dgl_docx_write_image(w, x, v, err) : dgl_docx_write_value(w, x, v, err);
    if (is_nothing(v))
        return DGL_OK;
    return dgl_docx_is_rich(v) ? dgl_docx_write_rich(w, x, v, err) : dgl_docx_write_value(w, x, v, err);
}

static void put_plain(struct dgl_docx_writer *w, struct dgl_str s, bool attribute)
{
    size_t from = w->xml->len;
    dgl_docx_write_plain(w->xml, s.data, s.len);
    // Quotes are rare: mend what was written only when there are some.
    if (attribute && !w->xml->failed && memchr(w->xml->data + from, '"', w->xml->len - from)) {
        w->xml->len = from;
        DGL_AUTO_FINI(buf) clean = DGL_BUF_INIT(w->xml->max);
        dgl_buf_put_escaped(&clean, s.data, s.len);
        dgl_buf_append(w->xml, clean.data, clean.len);
    }
}

// `quoted`: between the quotes of a field's instruction.
static enum dgl_status write_plain_value(struct dgl_docx_writer *w, struct dgl_value v, bool attribute, bool quoted,
                                         struct dgl_error *err)
{
    struct dgl_str s = {"", 0};
    if (v.kind == DGL_VALUE_RICH)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "misplaced_value", "%s cannot be put here: only text can",
                             v.as.rich->type);
    DGL_TRY(print(w, v, &s, err));
    bool safe = v.kind == DGL_VALUE_SAFE;
    if (safe && memchr(s.data, '<', s.len))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_markup",
                             "a safe value with markup cannot be put here: only text can");
    if (safe && !quoted)
        return dgl_docx_write_safe(w, &dgl_docx_no_context, s, err);
    DGL_AUTO_FINI(buf) argument = DGL_BUF_INIT(w->xml->max);
    if (quoted) {
        DGL_TRY(dgl_docx_quote_argument(s, safe, &argument, err));
        s = (struct dgl_str){argument.data ? argument.data : "", argument.len};
    }
    put_plain(w, s, attribute);
    return DGL_OK;
}

enum dgl_status dgl_docx_write_attribute(struct dgl_docx_writer *w, struct dgl_value v, struct dgl_error *err)
{
    return write_plain_value(w, v, true, false, err);
}

size_t dgl_docx_unescape(struct dgl_str s, char *out)
{
    static const struct {
        const char *entity;
        char ch;
    } known[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},   {"&quot;", '"'}, {"&#34;", '"'},
                 {"&#39;", '\''}, {"&#10;", '\n'}, {"&#13;", '\r'}, {"&#9;", '\t'}};
    size_t n = 0, i = 0;
    while (i < s.len) {
        size_t k = 0;
        struct dgl_str rest = {s.data + i, s.len - i};
        while (s.data[i] == '&' && k < DGL_COUNT(known) && !dgl_str_starts(rest, known[k].entity))
            k++;
        bool entity = s.data[i] == '&' && k < DGL_COUNT(known);
        out[n++] = entity ? known[k].ch : s.data[i];
        i += entity ? strlen(known[k].entity) : 1;
    }
    return n;
}

// ---- addresses

static bool stays_in_url(uint8_t ch)
{
    return ch > 32 && ch < 127 && !strchr("<>\"{}|\\^`", ch);
}

enum dgl_status dgl_docx_write_target(struct dgl_docx_writer *w, struct dgl_value v, struct dgl_error *err)
{
    static const char hex[] = "0123456789ABCDEF";
    struct dgl_str s = {"", 0};
    if (is_nothing(v))
        return DGL_OK;
    DGL_TRY(print(w, v, &s, err));
    s = dgl_str_trim(s);
    for (size_t i = 0; i < s.len; i++) {
        uint8_t ch = (uint8_t)s.data[i];
        if (stays_in_url(ch)) {
            dgl_buf_putc(w->xml, (char)ch);
        } else {
            char code[3] = {'%', hex[ch >> 4], hex[ch & 15]};
            dgl_buf_append(w->xml, code, 3);
        }
    }
    return DGL_OK;
}

// ---- cells

static enum dgl_status write_span(struct dgl_docx_writer *w, struct dgl_value v, struct dgl_error *err)
{
    struct dgl_str s = {"", 0};
    int64_t n = 0;
    DGL_TRY(print(w, v, &s, err));
    s = dgl_str_trim(s);
    double d = 0;
    if (dgl_parse_double(s.data, s.len, &d) && d >= -1e9 && d <= 1e9 && d == floor(d))
        n = (int64_t)d;
    else if (s.len > 0)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "type_error", "colspan needs a whole number, not \"%.*s\"",
                             (int)dgl_utf8_cut(s.data, s.len, 60), s.data);
    if (n > DGL_DOCX_MAX_COLUMNS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_columns", "a cell cannot span more than %u columns",
                             DGL_DOCX_MAX_COLUMNS);
    uint32_t span = n < 1 ? 1 : (uint32_t)n;
    dgl_docx_span_cell(w, span);
    dgl_buf_printf(w->xml, "%u", span);
    return DGL_OK;
}

static bool is_hex(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!((s[i] >= '0' && s[i] <= '9') || ((s[i] | 32) >= 'a' && (s[i] | 32) <= 'f')))
            return false;
    return true;
}

static enum dgl_status write_fill(struct dgl_docx_writer *w, struct dgl_value v, struct dgl_error *err)
{
    struct dgl_str s = {"", 0};
    DGL_TRY(print(w, v, &s, err));
    s = dgl_str_trim(s);
    if (s.len && s.data[0] == '#')
        s = (struct dgl_str){s.data + 1, s.len - 1};
    if (is_nothing(v) || s.len == 0 || dgl_str_is(s, "auto") || dgl_str_is(s, "None"))
        dgl_buf_puts(w->xml, "auto");
    else if (s.len == 6 && is_hex(s.data, 6))
        dgl_buf_append(w->xml, s.data, 6);
    else if (s.len == 3 && is_hex(s.data, 3))
        dgl_buf_printf(w->xml, "%c%c%c%c%c%c", s.data[0], s.data[0], s.data[1], s.data[1], s.data[2], s.data[2]);
    else
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_colour",
                             "cellbg needs a colour such as \"FFEEDD\", not \"%.*s\"",
                             (int)dgl_utf8_cut(s.data, s.len, 60), s.data);
    return DGL_OK;
}

// ---- the sink

void dgl_docx_warn(struct dgl_docx_writer *w, const char *fmt, ...)
{
    if (!w->warnings || w->warnings->count >= DGL_COUNT(w->warnings->items))
        return;
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    for (size_t i = 0; i < w->warnings->count; i++)
        if (strcmp(w->warnings->items[i], text) == 0)
            return;
    w->warnings->items[w->warnings->count++] = dgl_arena_strdup(w->env->arena, text);
}

enum dgl_status dgl_docx_on_data(void *ctx, uint32_t chunk, struct dgl_str text, struct dgl_error *err)
{
    struct dgl_docx_writer *w = ctx;
    const struct dgl_docx_cut *cut = &w->part->cuts[chunk];
    if (cut->before)
        DGL_TRY(dgl_docx_cut(w, cut->before, cut->before_arg, err));
    if (w->reopened_to) {
        static const char end[] = TEXT_CLOSE RUN_CLOSE "</w:p>";
        if (w->reopened_to == w->xml->len && dgl_str_starts(text, end)) {
            w->xml->len = w->reopened_from;
            text = (struct dgl_str){text.data + sizeof end - 1, text.len - (sizeof end - 1)};
        }
        w->reopened_to = 0;
    }
    if (!dgl_buf_append(w->xml, text.data, text.len))
        return dgl_buf_check(w->xml, "the document", err);
    if (cut->after)
        return dgl_docx_cut(w, cut->after, cut->after_arg, err);
    return dgl_docx_stream_some(w, err);
}

enum dgl_status dgl_docx_on_value(void *ctx, uint32_t context, struct dgl_value v, struct dgl_error *err)
{
    struct dgl_docx_writer *w = ctx;
    const struct dgl_docx_context *x = &w->part->contexts[context];
    if (w->xml->failed)
        return dgl_buf_check(w->xml, "the document", err);
    switch (x->where) {
    case DGL_WHERE_TEXT:
        w->level = DGL_LEVEL_TEXT;
        if (v.kind == DGL_VALUE_STRING && !x->image) { // nearly always
            dgl_docx_write_text(w, x, v.as.string->data, v.as.string->len);
            return DGL_OK;
        }
        return dgl_docx_write_any(w, x, v, err);
    case DGL_WHERE_PLAIN:
        return write_plain_value(w, v, false, x->quoted, err);
    case DGL_WHERE_ATTRIBUTE:
        return write_plain_value(w, v, true, x->quoted, err);
    case DGL_WHERE_TARGET:
        return dgl_docx_write_target(w, v, err);
    case DGL_WHERE_SPAN:
        return write_span(w, v, err);
    case DGL_WHERE_FILL:
        return write_fill(w, v, err);
    case DGL_WHERE_BLIP:
        return dgl_docx_write_blip(w, x, v, err);
    case DGL_WHERE_CHART:
        return dgl_docx_write_chart_name(w, v, err);
    case DGL_WHERE_LINK:
        return dgl_docx_write_link(w, v, err);
    case DGL_WHERE_CHART_PART:
        return dgl_docx_write_chart(w, x, v, err);
    case DGL_WHERE_NOTE:
        return dgl_docx_write_note(w, x, v, err);
    case DGL_WHERE_RUN:
    case DGL_WHERE_PARAGRAPH:
        w->level = base_level(x);
        return dgl_docx_write_any(w, x, v, err);
    case DGL_WHERE_ROW:
    case DGL_WHERE_CELL:
        if (is_nothing(v))
            return DGL_OK;
        if (v.kind == DGL_VALUE_SAFE)
            return dgl_docx_write_safe(w, x, (struct dgl_str){v.as.string->data, v.as.string->len}, err);
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "misplaced_value",
                             "only what a macro with whole %s made can be printed in place of a %s",
                             x->where == DGL_WHERE_ROW ? "rows" : "cells", x->where == DGL_WHERE_ROW ? "row" : "cell");
    }
    return DGL_OK;
}
