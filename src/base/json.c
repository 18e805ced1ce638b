// JSON reading and writing.
//
// jansson parses; this file adds what it does not know: a depth of our own choosing, and for duplicate keys and numbers
// out of range the path where they stand. jansson reports a byte position only, so on that rare road the text is walked
// again (find_path), with a stack of at most DGL_JSON_MAX_DEPTH levels and no allocation. On the common road the
// addition is one vectorised count of opening brackets: with no more of them than levels allowed, depth cannot matter.
#include "base/json.h"
#include "base/clock.h"
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 64
#define DEFAULT_MAX_STRING_BYTES 4096
#define DEFAULT_MAX_ITEMS 1000

// ---- Paths ----

// One open object or list on the way to where the walk stands.
struct level {
    bool is_object, expects_key;
    size_t index;    // list: item the walk is in
    const char *key; // object: member the walk is in, as written, without quotes
    size_t key_len;
};

struct walk {
    const char *data;
    size_t len, at;
    struct level levels[DGL_JSON_MAX_DEPTH + 1];
    unsigned depth;
};

static void walk_string(struct walk *w)
{
    size_t start = ++w->at;
    while (w->at < w->len && w->data[w->at] != '"')
        w->at += w->data[w->at] == '\\' ? 2 : 1;
    size_t end = DGL_MIN(w->at, w->len);
    w->at = DGL_MIN(w->at + 1, w->len);
    struct level *top = w->depth ? &w->levels[w->depth - 1] : NULL;
    if (top && top->expects_key) {
        top->key = w->data + start;
        top->key_len = end - start;
        top->expects_key = false;
    }
}

static bool ends_word(char c)
{
    static const char separators[] = {'"', '{', '}', '[', ']', ',', ':', ' ', '\t', '\r', '\n'};
    return memchr(separators, c, sizeof(separators));
}

// Moves over one token. False at the end, or when a bracket would open one level too many.
static bool walk_token(struct walk *w)
{
    struct level *top = w->depth ? &w->levels[w->depth - 1] : NULL;
    if (w->at >= w->len)
        return false;
    char c = w->data[w->at];
    switch (c) {
    case '"':
        walk_string(w);
        return true;
    case '{':
    case '[':
        w->at++;
        if (w->depth == DGL_JSON_MAX_DEPTH)
            return false;
        w->levels[w->depth++] = (struct level){.is_object = c == '{', .expects_key = c == '{'};
        return true;
    case '}':
    case ']':
        w->at++;
        if (w->depth)
            w->depth--;
        return true;
    case ',':
        w->at++;
        if (top && top->is_object)
            top->expects_key = true;
        else if (top)
            top->index++;
        return true;
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ':':
        w->at++;
        return true;
    default: // a number or a word, or a byte that has no place here; at least one byte, so that the walk ends
        do
            w->at++;
        while (w->at < w->len && !ends_word(w->data[w->at]));
        return true;
    }
}

// field, then ".key" and "[index]" for every open level.
static void write_path(const struct walk *w, const char *field, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s", field);
    for (unsigned i = 0; i < w->depth && used < size; i++) {
        const struct level *l = &w->levels[i];
        if (!l->is_object)
            used += (size_t)snprintf(out + used, size - used, "[%zu]", l->index);
        else if (l->key)
            used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? "." : "", (int)DGL_MIN(l->key_len, size),
                                     l->key);
    }
}

// The path of the token that ends at byte `position`.
static void find_path(const char *data, size_t len, size_t position, const char *field, char *out, size_t size)
{
    struct walk w = {.data = data, .len = len};
    while (w.at < position && walk_token(&w))
        ;
    write_path(&w, field, out, size);
}

// ---- Parsing ----

// Jansson's lexer does not look whether its buffer could grow, and goes on with a text that lacks its middle. What it
// asks for is bounded by the input, so it gets the memory or the process ends.
__attribute__((constructor)) static void give_memory_or_end(void)
{
    json_set_alloc_funcs(dgl_alloc_plain, free);
}

static size_t count_openings(const char *data, size_t len)
{
    size_t count = 0, i = 0;
    for (; i + 32 <= len; i += 32) { // a fixed count, so that the compiler makes vector code of it
        unsigned char in_block = 0;
        for (size_t j = 0; j < 32; j++)
            in_block = (unsigned char)(in_block + ((data[i + j] | 0x20) == '{')); // '[' | 0x20 is '{'
        count += in_block;
    }
    for (; i < len; i++)
        count += (data[i] | 0x20) == '{';
    return count;
}

static enum dgl_status check_depth(const char *data, size_t len, const char *field, struct dgl_error *err)
{
    struct walk w = {.data = data, .len = len};
    while (walk_token(&w))
        ;
    if (w.at >= w.len)
        return DGL_OK; // the walk reached the end: not too deep
    char path[sizeof(err->field)];
    write_path(&w, field, path, sizeof(path));
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "too_deep", path, "%s is nested deeper than %d levels", field,
                          DGL_JSON_MAX_DEPTH);
}

static enum dgl_status explain(const json_error_t *e, const char *data, size_t len, const char *field,
                               struct dgl_error *err)
{
    char path[sizeof(err->field)];
    enum json_error_code code = json_error_code(e);
    if (code == json_error_duplicate_key || code == json_error_numeric_overflow || code == json_error_null_byte_in_key)
        find_path(data, len, e->position < 0 ? 0 : (size_t)e->position, field, path, sizeof(path));
    switch (code) {
    case json_error_duplicate_key:
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "duplicate_key", path, "%s is given twice; give each key once", path);
    case json_error_numeric_overflow:
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "number_out_of_range", path,
                              "%s is a number out of range; send numbers larger than 64 bits as strings", path);
    case json_error_null_byte_in_key:
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_key", path, "the key %s has a NUL character; leave it out",
                              path);
    case json_error_out_of_memory:
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "there is no memory left to read %s", field);
    default:
        return DGL_FAIL_FIELD(err, DGL_E_MALFORMED, "malformed_json", field,
                              "%s is not valid JSON: %s (line %d, column %d)", field, e->text, e->line, e->column);
    }
}

// RFC 8259 §8.1: JSON has none, and an editor that writes one shows nothing of it.
static bool has_byte_order_mark(const char *data, size_t len)
{
    return (len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) ||
           (len >= 2 && (memcmp(data, "\xFF\xFE", 2) == 0 || memcmp(data, "\xFE\xFF", 2) == 0));
}

enum dgl_status dgl_json_parse(const char *data, size_t len, const char *field, json_t **ret, struct dgl_error *err)
{
    if (len == 0)
        return DGL_FAIL_FIELD(err, DGL_E_MALFORMED, "malformed_json", field, "%s is empty; it must be JSON", field);
    if (has_byte_order_mark(data, len))
        return DGL_FAIL_FIELD(err, DGL_E_MALFORMED, "malformed_json", field,
                              "%s begins with a byte order mark; write it in UTF-8 without one", field);
    if (count_openings(data, len) > DGL_JSON_MAX_DEPTH)
        DGL_TRY(check_depth(data, len, field, err));
    json_error_t e;
    json_t *value = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
    if (!value)
        return explain(&e, data, len, field, err);
    *ret = value;
    return DGL_OK;
}

// ---- Strict reading of objects ----

static const char *kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    default:
        return "null";
    }
}

static const char *wanted(enum dgl_json_kind kind)
{
    switch (kind) {
    case DGL_JSON_STRING:
        return "a string";
    case DGL_JSON_INT:
        return "a whole number";
    case DGL_JSON_BOOL:
        return "true or false";
    case DGL_JSON_OBJECT:
        return "an object";
    case DGL_JSON_ARRAY:
        return "a list";
    case DGL_JSON_ANY:
        break;
    }
    return "a value";
}

static bool has_kind(const json_t *value, enum dgl_json_kind kind)
{
    switch (kind) {
    case DGL_JSON_STRING:
        return json_is_string(value);
    case DGL_JSON_INT:
        return json_is_integer(value);
    case DGL_JSON_BOOL:
        return json_is_boolean(value);
    case DGL_JSON_OBJECT:
        return json_is_object(value);
    case DGL_JSON_ARRAY:
        return json_is_array(value);
    case DGL_JSON_ANY:
        break;
    }
    return true;
}

// "path.name", or the name alone at the top.
static const char *member_path(const char *path, const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", path ? path : "", path && path[0] ? "." : "", name);
    return out;
}

static enum dgl_status check_value(const json_t *value, const struct dgl_json_field *f, const char *path,
                                   struct dgl_error *err)
{
    char at[sizeof(err->field)];
    member_path(path, f->name, at, sizeof(at));
    if (!has_kind(value, f->kind))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", at, "%s must be %s, not %s", at, wanted(f->kind),
                              kind_of(value));
    if (f->kind == DGL_JSON_STRING) {
        size_t len = json_string_length(value), max = f->max ? f->max : DEFAULT_MAX_STRING_BYTES;
        if (len > max)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "too_long", at, "%s is %zu bytes long; at most %zu are allowed",
                                  at, len, max);
        if (!f->ret_len && memchr(json_string_value(value), '\0', len))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "nul_character", at, "%s must not have a NUL character", at);
    } else if (f->kind == DGL_JSON_INT && f->max && json_integer_value(value) > (json_int_t)f->max) {
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", at, "%s is %lld; the largest allowed is %zu", at,
                              (long long)json_integer_value(value), f->max);
    } else if (f->kind == DGL_JSON_ARRAY) {
        size_t items = json_array_size(value), max = f->max ? f->max : DEFAULT_MAX_ITEMS;
        if (items > max)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "too_many_items", at, "%s has %zu items; at most %zu are allowed",
                                  at, items, max);
    }
    return DGL_OK;
}

static enum dgl_status fail_unknown(const char *name, const char *path, const struct dgl_json_field *fields,
                                    size_t count, struct dgl_error *err)
{
    char at[sizeof(err->field)], known[256] = "";
    member_path(path, name, at, sizeof(at));
    for (size_t i = 0; i < count; i++)
        if (dgl_str_near(dgl_str_of(name), dgl_str_of(fields[i].name)))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_field", at, "%s is not a known field; did you mean %s?",
                                  at, fields[i].name);
    if (!at[0])
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_field", "\"\"", "a field has an empty name; leave it out");
    size_t used = 0;
    for (size_t i = 0; i < count && used < sizeof(known); i++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", fields[i].name);
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_field", at, "%s is not a known field; known are: %s", at,
                          count ? known : "none");
}

static void hand_out(json_t *value, const struct dgl_json_field *f)
{
    switch (f->kind) {
    case DGL_JSON_STRING:
        *(const char **)f->ret = json_string_value(value);
        if (f->ret_len)
            *f->ret_len = json_string_length(value);
        break;
    case DGL_JSON_INT:
        *(int64_t *)f->ret = json_integer_value(value);
        break;
    case DGL_JSON_BOOL:
        *(bool *)f->ret = json_is_true(value);
        break;
    case DGL_JSON_OBJECT:
    case DGL_JSON_ARRAY:
    case DGL_JSON_ANY:
        *(json_t **)f->ret = value;
        break;
    }
}

enum dgl_status dgl_json_read_object(json_t *object, const char *path, const struct dgl_json_field *fields,
                                     size_t count, struct dgl_error *err)
{
    json_t *values[MAX_FIELDS] = {NULL}, *value;
    if (count > MAX_FIELDS)
        return DGL_FAIL(err, DGL_E_INTERNAL, "an object is read with %zu fields; the table's limit is %d", count,
                        MAX_FIELDS);
    const char *name, *shown = path && path[0] ? path : "the body";
    if (!json_is_object(object))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", path, "%s must be an object, not %s", shown,
                              object ? kind_of(object) : "nothing");
    json_object_foreach(object, name, value)
    {
        size_t i = 0;
        while (i < count && strcmp(fields[i].name, name) != 0)
            i++;
        if (i == count)
            return fail_unknown(name, path, fields, count, err);
        if (fields[i].nullable && json_is_null(value))
            continue;
        DGL_TRY(check_value(value, &fields[i], path, err));
        values[i] = value;
    }
    for (size_t i = 0; i < count; i++) {
        if (values[i] || !fields[i].required)
            continue;
        char at[sizeof(err->field)];
        member_path(path, fields[i].name, at, sizeof(at));
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", at, "%s is required", at);
    }
    for (size_t i = 0; i < count; i++)
        if (values[i])
            hand_out(values[i], &fields[i]);
    return DGL_OK;
}

static void read_text(const json_t *object, const char *key, char *dst, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    dgl_str_copy(dst, size, text ? text : "", text ? strlen(text) : 0);
}

void dgl_json_read_problem(const json_t *problem, struct dgl_error *ret)
{
    struct dgl_error e = DGL_ERROR_INIT;
    e.code = DGL_E_INVALID;
    read_text(problem, "message", e.message, sizeof(e.message));
    read_text(problem, "part", e.place.part, sizeof(e.place.part));
    read_text(problem, "excerpt", e.place.excerpt, sizeof(e.place.excerpt));
    read_text(problem, "tag", e.place.tag, sizeof(e.place.tag));
    e.place.paragraph = (uint32_t)json_integer_value(json_object_get(problem, "paragraph"));
    *ret = e;
}

// ---- Writing ----

static void before_value(struct dgl_json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    uint64_t bit = UINT64_C(1) << w->depth;
    if (w->has_item & bit)
        dgl_buf_putc(w->out, ',');
    w->has_item |= bit;
}

static void open_level(struct dgl_json_writer *w, char bracket)
{
    before_value(w);
    if (w->depth == 63) {
        w->out->failed = true;
        return;
    }
    dgl_buf_putc(w->out, bracket);
    w->depth++;
    w->has_item &= ~(UINT64_C(1) << w->depth);
}

static void close_level(struct dgl_json_writer *w, char bracket)
{
    if (w->depth == 0 || w->after_key) {
        w->out->failed = true;
        return;
    }
    w->depth--;
    dgl_buf_putc(w->out, bracket);
}

void dgl_jw_object(struct dgl_json_writer *w)
{
    open_level(w, '{');
}

void dgl_jw_end_object(struct dgl_json_writer *w)
{
    close_level(w, '}');
}

void dgl_jw_array(struct dgl_json_writer *w)
{
    open_level(w, '[');
}

void dgl_jw_end_array(struct dgl_json_writer *w)
{
    close_level(w, ']');
}

static void put_escape(struct dgl_buf *out, unsigned char c)
{
    static const char short_forms[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char text[6] = {'\\', (char)c};
    size_t len = 2;
    if (c < sizeof(short_forms) && short_forms[c]) {
        text[1] = short_forms[c];
    } else if (c < 0x20) {
        static const char hex[] = "0123456789abcdef";
        memcpy(text, "\\u00", 4);
        text[4] = hex[c >> 4];
        text[5] = hex[c & 15];
        len = 6;
    }
    dgl_buf_append(out, text, len);
}

// Bytes of a well-formed character at s, or 0.
static size_t character_width(const char *s, size_t len)
{
    for (size_t width = 2; width <= 4 && width <= len; width++)
        if (dgl_utf8_valid(s, width))
            return width;
    return 0;
}

static void put_string(struct dgl_buf *out, const char *s, size_t len)
{
    bool valid = dgl_utf8_valid(s, len);
    size_t plain = 0; // start of the run that is copied as it is
    dgl_buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        bool broken = false;
        if (c >= 0x80 && !valid) {
            size_t width = character_width(s + i, len - i);
            broken = width == 0;
            if (!broken)
                i += width - 1;
        }
        if (c >= 0x20 && c != '"' && c != '\\' && !broken)
            continue;
        dgl_buf_append(out, s + plain, i - plain);
        if (broken)
            dgl_buf_puts(out, "\xEF\xBF\xBD"); // U+FFFD: what is written is UTF-8, whatever came in
        else
            put_escape(out, c);
        plain = i + 1;
    }
    dgl_buf_append(out, s + plain, len - plain);
    dgl_buf_putc(out, '"');
}

void dgl_jw_key(struct dgl_json_writer *w, const char *key)
{
    before_value(w);
    put_string(w->out, key, strlen(key));
    dgl_buf_putc(w->out, ':');
    w->after_key = true;
}

void dgl_jw_strn(struct dgl_json_writer *w, const char *s, size_t len)
{
    before_value(w);
    put_string(w->out, s, len);
}

void dgl_jw_str(struct dgl_json_writer *w, const char *s)
{
    if (s)
        dgl_jw_strn(w, s, strlen(s));
    else
        dgl_jw_null(w);
}

void dgl_jw_raw(struct dgl_json_writer *w, const char *json, size_t len)
{
    before_value(w);
    dgl_buf_append(w->out, json, len);
}

void dgl_jw_int(struct dgl_json_writer *w, int64_t v)
{
    char text[24];
    dgl_jw_raw(w, text, dgl_format_int64(v, text));
}

void dgl_jw_double(struct dgl_json_writer *w, double v)
{
    char text[32];
    if (isfinite(v))
        dgl_jw_raw(w, text, dgl_format_double(v, text));
    else
        dgl_jw_null(w);
}

void dgl_jw_bool(struct dgl_json_writer *w, bool v)
{
    dgl_jw_raw(w, v ? "true" : "false", v ? 4 : 5);
}

void dgl_jw_null(struct dgl_json_writer *w)
{
    dgl_jw_raw(w, "null", 4);
}

void dgl_jw_time(struct dgl_json_writer *w, int64_t us)
{
    char text[32];
    if (us > 0)
        dgl_jw_str(w, dgl_time_format_utc(us, text));
    else
        dgl_jw_null(w);
}

void dgl_jw_kstr(struct dgl_json_writer *w, const char *key, const char *s)
{
    dgl_jw_key(w, key);
    dgl_jw_str(w, s);
}

void dgl_jw_kint(struct dgl_json_writer *w, const char *key, int64_t v)
{
    dgl_jw_key(w, key);
    dgl_jw_int(w, v);
}

void dgl_jw_kbool(struct dgl_json_writer *w, const char *key, bool v)
{
    dgl_jw_key(w, key);
    dgl_jw_bool(w, v);
}

void dgl_jw_ktime(struct dgl_json_writer *w, const char *key, int64_t us)
{
    dgl_jw_key(w, key);
    dgl_jw_time(w, us);
}

void dgl_jw_knull(struct dgl_json_writer *w, const char *key)
{
    dgl_jw_key(w, key);
    dgl_jw_null(w);
}
