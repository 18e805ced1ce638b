// Filters that make or unmake markup: striptags, urlencode, urlize, xmlattr, tojson; and pprint.
#include "render/template/builtin.h"
#include "render/template/entities.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// ---- striptags

// Everything between `open` and `close`, the nearest pair, goes.
static void drop_between(struct dgl_str s, const char *open, const char *close, struct dgl_buf *out)
{
    size_t lo = strlen(open), lc = strlen(close), pos = 0;
    for (;;) {
        const char *start = memmem(s.data + pos, s.len - pos, open, lo), *end = NULL;
        if (start)
            end = memmem(start + lo, (size_t)(s.data + s.len - start) - lo, close, lc);
        if (!end)
            break;
        dgl_buf_append(out, s.data + pos, (size_t)(start - s.data) - pos);
        pos = (size_t)(end - s.data) + lc;
    }
    dgl_buf_append(out, s.data + pos, s.len - pos);
}

// Runs of blanks become one, none at the ends.
static void squeeze(struct dgl_str s, struct dgl_buf *out)
{
    bool blank = false;
    s = dgl_uc_strip(s, NULL, true, true);
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        bool space = dgl_uc_space(dgl_utf8_next(s.data, s.len, &i));
        if (space && !blank)
            dgl_buf_putc(out, ' ');
        else if (!space)
            dgl_buf_append(out, s.data + from, i - from);
        blank = space;
    }
}

DGL_FILTER(striptags)
{
    (void)a;
    DGL_AUTO_FINI(buf) one = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    DGL_AUTO_FINI(buf) two = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    DGL_TRY(dgl_to_string(&vm->mem, v, &v));
    struct dgl_str s = dgl_text(v);
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len / 16));
    drop_between(s, "<!--", "-->", &one);
    drop_between((struct dgl_str){one.data ? one.data : "", one.len}, "<", ">", &two);
    dgl_buf_reset(&one);
    squeeze((struct dgl_str){two.data ? two.data : "", two.len}, &one);
    dgl_buf_reset(&two);
    dgl_entities_decode((struct dgl_str){one.data ? one.data : "", one.len}, &two);
    return dgl_finish(vm, &two, false, ret);
}

// ---- urlencode

static void quote(struct dgl_str s, bool query, struct dgl_buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                     c == '.' || c == '-' || c == '~' || (c == '/' && !query);
        if (plain)
            dgl_buf_putc(out, c);
        else if (c == ' ' && query)
            dgl_buf_putc(out, '+');
        else
            dgl_buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

static enum dgl_status quote_value(struct dgl_vm *vm, struct dgl_value v, bool query, struct dgl_buf *out)
{
    struct dgl_value text;
    DGL_TRY(dgl_to_string(&vm->mem, v, &text));
    DGL_TRY(dgl_mem_tick(&vm->mem, text.as.string->len / 16));
    quote(dgl_text(text), query, out);
    return DGL_OK;
}

static enum dgl_status quote_pair(struct dgl_vm *vm, struct dgl_value pair, struct dgl_buf *out)
{
    struct dgl_value list;
    if (!dgl_iterable(pair))
        return dgl_type_error(&vm->mem, "urlencode() cannot read an item as a pair of key and value");
    DGL_TRY(dgl_to_list(&vm->mem, pair, &list));
    if (list.as.list->count != 2)
        return dgl_type_error(&vm->mem, "urlencode() cannot read an item as a pair of key and value");
    if (out->len)
        dgl_buf_putc(out, '&');
    DGL_TRY(quote_value(vm, list.as.list->items[0], true, out));
    dgl_buf_putc(out, '=');
    return quote_value(vm, list.as.list->items[1], true, out);
}

DGL_FILTER(urlencode)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    struct dgl_value item;
    struct dgl_iter it;
    (void)a;
    if (dgl_is_string(v) || !dgl_iterable(v)) {
        DGL_TRY(quote_value(vm, v, false, &out));
        return dgl_finish(vm, &out, false, ret);
    }
    DGL_TRY(dgl_iter_init(&vm->mem, v, &it));
    for (bool more = true; more;) {
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_iter_next(&vm->mem, &it, &item, &more));
        if (!more)
            break;
        if (v.kind == DGL_VALUE_DICT) {
            const struct dgl_dict_entry *e = &v.as.dict->entries[it.pos - 1];
            DGL_TRY(dgl_make_pair(&vm->mem, e->key, e->value, &item));
        }
        DGL_TRY(quote_pair(vm, item, &out));
        DGL_TRY(dgl_buf_check(&out, "a string", vm->mem.err));
    }
    return dgl_finish(vm, &out, false, ret);
}

// ---- xmlattr

DGL_FILTER(xmlattr)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    bool space = dgl_arg_bool(a, 0, true);
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    if (v.kind != DGL_VALUE_DICT)
        return dgl_type_error(&vm->mem, "xmlattr() cannot work on %s; it needs an object", dgl_type_words(v));
    for (uint32_t i = 0; i < v.as.dict->count; i++) {
        const struct dgl_dict_entry *e = &v.as.dict->entries[i];
        struct dgl_value key, value;
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        if (e->value.kind == DGL_VALUE_NONE || e->value.kind == DGL_VALUE_UNDEFINED)
            continue;
        struct dgl_str name;
        DGL_TRY(dgl_arg_text(&vm->mem, e->key, "naming an attribute", &name));
        for (size_t k = 0; k < name.len; k++)
            if (memchr(" \t\n\r\f\v/>=", name.data[k], 9))
                return dgl_type_error(&vm->mem, "xmlattr() cannot use '%.*s' as an attribute's name",
                                      (int)DGL_MIN(name.len, 60u), name.data);
        DGL_TRY(dgl_to_string(&vm->mem, e->key, &key));
        DGL_TRY(dgl_to_string(&vm->mem, e->value, &value));
        DGL_TRY(dgl_escaped_for(vm, true, key, &key));
        DGL_TRY(dgl_escaped_for(vm, true, value, &value));
        if (space || out.len)
            dgl_buf_putc(&out, ' ');
        dgl_buf_append(&out, key.as.string->data, key.as.string->len);
        dgl_buf_puts(&out, "=\"");
        dgl_buf_append(&out, value.as.string->data, value.as.string->len);
        dgl_buf_putc(&out, '"');
    }
    return dgl_finish(vm, &out, vm->autoescape, ret);
}

// ---- tojson

struct json_out {
    struct dgl_vm *vm;
    struct dgl_buf out;
    struct dgl_str indent;
    bool pretty;
};

static void json_text(struct json_out *j, struct dgl_str s)
{
    dgl_buf_putc(&j->out, '"');
    for (size_t i = 0; i < s.len;) {
        uint32_t c = dgl_utf8_next(s.data, s.len, &i);
        const char *plain = c == '"'    ? "\\\""
                            : c == '\\' ? "\\\\"
                            : c == '\n' ? "\\n"
                            : c == '\r' ? "\\r"
                            : c == '\t' ? "\\t"
                            : c == '\b' ? "\\b"
                            : c == '\f' ? "\\f"
                                        : NULL;
        if (plain)
            dgl_buf_puts(&j->out, plain);
        else if (c >= 32 && c < 127 && !strchr("<>&'", (int)c))
            dgl_buf_putc(&j->out, (char)c);
        else if (c == 127)
            dgl_buf_putc(&j->out, 127);
        else if (c > 0xffff)
            dgl_buf_printf(&j->out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
        else
            dgl_buf_printf(&j->out, "\\u%04x", c);
    }
    dgl_buf_putc(&j->out, '"');
}

static void json_break(struct json_out *j, unsigned depth)
{
    if (!j->pretty)
        return;
    dgl_buf_putc(&j->out, '\n');
    for (unsigned i = 0; i < depth; i++)
        dgl_buf_append(&j->out, j->indent.data, j->indent.len);
}

static enum dgl_status json_value(struct json_out *j, struct dgl_value v, unsigned depth);

static enum dgl_status json_key(struct json_out *j, struct dgl_value key)
{
    char number[32];
    size_t len = 0;
    switch (key.kind) {
    case DGL_VALUE_STRING:
    case DGL_VALUE_SAFE:
        json_text(j, dgl_text(key));
        return DGL_OK;
    case DGL_VALUE_NONE:
        dgl_buf_puts(&j->out, "\"null\"");
        return DGL_OK;
    case DGL_VALUE_BOOL:
        dgl_buf_puts(&j->out, key.as.boolean ? "\"true\"" : "\"false\"");
        return DGL_OK;
    case DGL_VALUE_INT:
        len = dgl_format_int64(key.as.integer, number);
        break;
    case DGL_VALUE_DOUBLE:
        len = dgl_print_double(key.as.number, number);
        break;
    default:
        return dgl_type_error(&j->vm->mem, "tojson() cannot use %s as a key", dgl_type_words(key));
    }
    json_text(j, (struct dgl_str){number, len});
    return DGL_OK;
}

// Python compares mixed keys and fails; so does this.
static enum dgl_status json_dict(struct json_out *j, const struct dgl_value_dict *d, unsigned depth)
{
    struct dgl_value dict = {.kind = DGL_VALUE_DICT, .as.dict = (struct dgl_value_dict *)d}, sorted;
    struct dgl_args by_key = {.v = {dgl_bool(true), dgl_absent(), dgl_absent()}};
    DGL_TRY(dgl_filter_dictsort(j->vm, dict, &by_key, &sorted));
    dgl_buf_putc(&j->out, '{');
    for (size_t i = 0; i < sorted.as.list->count; i++) {
        const struct dgl_value *pair = sorted.as.list->items[i].as.list->items;
        dgl_buf_puts(&j->out, i ? (j->pretty ? "," : ", ") : "");
        json_break(j, depth + 1);
        DGL_TRY(json_key(j, pair[0]));
        dgl_buf_puts(&j->out, ": ");
        DGL_TRY(json_value(j, pair[1], depth + 1));
    }
    if (sorted.as.list->count)
        json_break(j, depth);
    dgl_buf_putc(&j->out, '}');
    return DGL_OK;
}

static enum dgl_status json_value(struct json_out *j, struct dgl_value v, unsigned depth)
{
    struct dgl_mem *m = &j->vm->mem;
    DGL_TRY(dgl_budget_tick(m->budget, m->err));
    DGL_TRY(dgl_buf_check(&j->out, "a JSON text", m->err));
    if (depth > DGL_VALUE_MAX_DEPTH)
        return DGL_FAIL_SLUG(m->err, DGL_E_INVALID, "endless_recursion", "the value is nested too deeply for JSON");
    switch (v.kind) {
    case DGL_VALUE_NONE:
        dgl_buf_puts(&j->out, "null");
        return DGL_OK;
    case DGL_VALUE_BOOL:
        dgl_buf_puts(&j->out, v.as.boolean ? "true" : "false");
        return DGL_OK;
    case DGL_VALUE_INT:
        return dgl_value_repr(m, v, &j->out);
    case DGL_VALUE_DOUBLE:
        if (isfinite(v.as.number))
            return dgl_value_repr(m, v, &j->out);
        dgl_buf_puts(&j->out, isnan(v.as.number) ? "NaN" : v.as.number < 0 ? "-Infinity" : "Infinity");
        return DGL_OK;
    case DGL_VALUE_STRING:
    case DGL_VALUE_SAFE:
        json_text(j, dgl_text(v));
        return DGL_OK;
    case DGL_VALUE_DICT:
        return json_dict(j, v.as.dict, depth);
    case DGL_VALUE_LIST:
    case DGL_VALUE_TUPLE:
        dgl_buf_putc(&j->out, '[');
        for (size_t i = 0; i < v.as.list->count; i++) {
            dgl_buf_puts(&j->out, i ? (j->pretty ? "," : ", ") : "");
            json_break(j, depth + 1);
            DGL_TRY(json_value(j, v.as.list->items[i], depth + 1));
        }
        if (v.as.list->count)
            json_break(j, depth);
        dgl_buf_putc(&j->out, ']');
        return DGL_OK;
    default:
        return dgl_type_error(m, "%s cannot be written as JSON", dgl_type_words(v));
    }
}

DGL_FILTER(tojson)
{
    struct json_out j = {.vm = vm, .out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING), .indent = DGL_STR("")};
    struct dgl_value indent = dgl_arg_given(a, 0) ? a->v[0] : dgl_none();
    if (dgl_is_string(indent)) {
        j.indent = dgl_text(indent);
        j.pretty = true;
    } else if (indent.kind != DGL_VALUE_NONE) {
        int64_t width;
        DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "indent", 0, &width));
        struct dgl_value blanks;
        DGL_TRY(dgl_make_borrowed(&vm->mem, false, " ", 1, &blanks));
        DGL_TRY(dgl_value_binary(&vm->mem, DGL_BIN_MUL, blanks, dgl_int(DGL_MIN(width, 1000)), &blanks));
        j.indent = dgl_text(blanks);
        j.pretty = true;
    }
    enum dgl_status status = json_value(&j, v, 0);
    if (status == DGL_OK)
        status = dgl_finish(vm, &j.out, true, ret);
    dgl_buf_fini(&j.out);
    return status;
}

// ---- pprint: on one line while it fits 80 columns, else one item a line

static enum dgl_status pretty(struct dgl_vm *vm, struct dgl_value v, size_t column, size_t behind, unsigned depth,
                              struct dgl_buf *out);

// Keys in order; those of different types, which have none, as they came.
static enum dgl_status sorted_pairs(struct dgl_vm *vm, struct dgl_value dict, struct dgl_value *ret)
{
    struct dgl_args by_key = {.v = {dgl_bool(true), dgl_absent(), dgl_absent()}};
    struct dgl_value_dict *d = dict.as.dict;
    for (uint32_t i = 1; i < d->count; i++)
        if (dgl_is_number(d->entries[i].key) != dgl_is_number(d->entries[0].key) ||
            dgl_is_string(d->entries[i].key) != dgl_is_string(d->entries[0].key)) {
            struct dgl_view view = {.head.kind = DGL_OTHER_VIEW, .which = DGL_VIEW_ITEMS, .dict = d};
            return dgl_to_list(&vm->mem, dgl_other(&view.head), ret);
        }
    return dgl_filter_dictsort(vm, dict, &by_key, ret);
}

// The same value with the keys of all its dicts in order.
static enum dgl_status with_sorted_keys(struct dgl_vm *vm, struct dgl_value v, unsigned depth, struct dgl_value *ret)
{
    struct dgl_value made, pairs;
    *ret = v;
    DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
    if (depth > DGL_VALUE_MAX_DEPTH)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "endless_recursion",
                             "the value is nested too deeply to print");
    if (dgl_is_list(v)) {
        DGL_TRY(dgl_make_list(&vm->mem, v.kind, v.as.list->count, &made));
        for (size_t i = 0; i < made.as.list->count; i++)
            DGL_TRY(with_sorted_keys(vm, v.as.list->items[i], depth + 1, &made.as.list->items[i]));
        *ret = made;
    } else if (v.kind == DGL_VALUE_DICT) {
        DGL_TRY(sorted_pairs(vm, v, &pairs));
        DGL_TRY(dgl_make_dict(&vm->mem, v.as.dict->count, &made));
        for (size_t i = 0; i < pairs.as.list->count; i++) {
            const struct dgl_value *pair = pairs.as.list->items[i].as.list->items;
            struct dgl_value value;
            DGL_TRY(with_sorted_keys(vm, pair[1], depth + 1, &value));
            DGL_TRY(dgl_dict_put(&vm->mem, made.as.dict, pair[0], value));
        }
        *ret = made;
    }
    return DGL_OK;
}

static enum dgl_status pretty_dict(struct dgl_vm *vm, const struct dgl_value_dict *d, size_t column, size_t behind,
                                   unsigned depth, struct dgl_buf *out)
{
    dgl_buf_putc(out, '{');
    for (uint32_t i = 0; i < d->count; i++) {
        bool last = i + 1 == d->count;
        if (i)
            dgl_buf_printf(out, ",\n%*s", (int)column + 1, "");
        size_t from = out->len;
        DGL_TRY(dgl_value_repr(&vm->mem, d->entries[i].key, out));
        dgl_buf_puts(out, ": ");
        DGL_TRY(dgl_buf_check(out, "a printed value", vm->mem.err));
        size_t width = dgl_utf8_count(out->data + from, out->len - from);
        DGL_TRY(pretty(vm, d->entries[i].value, column + 1 + width, last ? behind + 1 : 1, depth + 1, out));
    }
    dgl_buf_putc(out, '}');
    return DGL_OK;
}

static enum dgl_status pretty(struct dgl_vm *vm, struct dgl_value v, size_t column, size_t behind, unsigned depth,
                              struct dgl_buf *out)
{
    size_t from = out->len;
    DGL_TRY(dgl_value_repr(&vm->mem, v, out));
    bool fits = dgl_utf8_count(out->data + from, out->len - from) + column + behind <= 80;
    if (fits || depth > 30 || (v.kind != DGL_VALUE_DICT && !dgl_is_list(v)))
        return DGL_OK;
    if (v.kind == DGL_VALUE_DICT ? v.as.dict->count == 0 : v.as.list->count == 0)
        return DGL_OK;
    out->len = from;
    if (v.kind == DGL_VALUE_DICT)
        return pretty_dict(vm, v.as.dict, column, behind, depth, out);
    bool tuple = v.kind == DGL_VALUE_TUPLE;
    size_t count = v.as.list->count, end = tuple && count == 1 ? 2 : 1;
    dgl_buf_putc(out, tuple ? '(' : '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            dgl_buf_printf(out, ",\n%*s", (int)column + 1, "");
        DGL_TRY(pretty(vm, v.as.list->items[i], column + 1, i + 1 == count ? behind + end : 1, depth + 1, out));
    }
    dgl_buf_puts(out, tuple ? (count == 1 ? ",)" : ")") : "]");
    return DGL_OK;
}

DGL_FILTER(pprint)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    (void)a;
    DGL_TRY(with_sorted_keys(vm, v, 0, &v));
    DGL_TRY(pretty(vm, v, 0, 0, 0, &out));
    return dgl_finish(vm, &out, false, ret);
}
