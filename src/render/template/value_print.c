// Printing as Python prints: str() and repr().
//
// repr() of a string chooses its quotes and escapes what does not print, as Python does; printability is ICU's category
// with Python's rule (everything but control, format, private, unassigned and separators other than space).
#include "render/template/unicode.h"
#include "render/template/vm.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// Most numbers of a document have few digits behind the point. If d is r / 10^k for a whole r of at most 15 digits,
// then those digits read back as d, and no shorter ones do: two decimals of at most 15 digits never share a double.
static size_t print_short(double d, char out[32])
{
    static const double powers[] = {1, 10, 100, 1000, 10000};
    double size = fabs(d);
    if (size >= 1e11 || (size < 1e-3 && d != 0))
        return 0;
    for (size_t k = 0; k < DGL_COUNT(powers); k++) {
        double r = nearbyint(size * powers[k]);
        if (r / powers[k] != size)
            continue;
        char digits[24];
        size_t len = dgl_format_int64((int64_t)r, digits), from = 0, n = 0;
        if (signbit(d))
            out[n++] = '-';
        size_t whole = len > k ? len - k : 0;
        if (!whole)
            out[n++] = '0';
        for (; from < whole; from++)
            out[n++] = digits[from];
        out[n++] = '.';
        for (size_t zeros = len < k ? k - len : 0; zeros > 0; zeros--)
            out[n++] = '0';
        for (; from < len; from++)
            out[n++] = digits[from];
        if (k == 0)
            out[n++] = '0';
        out[n] = 0;
        return n;
    }
    return 0;
}

size_t dgl_print_double(double d, char out[32])
{
    if (isfinite(d)) {
        size_t len = print_short(d, out);
        return len ? len : dgl_format_double(d, out);
    }
    const char *word = isnan(d) ? "nan" : d < 0 ? "-inf" : "inf";
    size_t len = strlen(word);
    memcpy(out, word, len + 1);
    return len;
}

void dgl_put_html(struct dgl_buf *out, const char *s, size_t len)
{
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        const char *entity;
        switch (s[i]) {
        case '&':
            entity = "&amp;";
            break;
        case '<':
            entity = "&lt;";
            break;
        case '>':
            entity = "&gt;";
            break;
        case '"':
            entity = "&#34;";
            break;
        case '\'':
            entity = "&#39;";
            break;
        default:
            continue;
        }
        dgl_buf_append(out, s + from, i - from);
        dgl_buf_puts(out, entity);
        from = i + 1;
    }
    dgl_buf_append(out, s + from, len - from);
}

static void repr_char(struct dgl_buf *out, uint32_t c, const char *s, size_t len, char quote)
{
    if (c == (uint32_t)quote || c == '\\') {
        dgl_buf_putc(out, '\\');
        dgl_buf_putc(out, (char)c);
    } else if (c == '\n')
        dgl_buf_puts(out, "\\n");
    else if (c == '\r')
        dgl_buf_puts(out, "\\r");
    else if (c == '\t')
        dgl_buf_puts(out, "\\t");
    else if (c < 32 || c == 127 || (c >= 128 && c < 256 && !dgl_uc_printable(c)))
        dgl_buf_printf(out, "\\x%02x", c);
    else if (c >= 128 && !dgl_uc_printable(c))
        dgl_buf_printf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
    else
        dgl_buf_append(out, s, len);
}

static void repr_string(struct dgl_buf *out, const char *s, size_t len)
{
    char quote = memchr(s, '\'', len) && !memchr(s, '"', len) ? '"' : '\'';
    dgl_buf_putc(out, quote);
    for (size_t i = 0; i < len;) {
        size_t from = i;
        uint32_t c = dgl_utf8_next(s, len, &i);
        repr_char(out, c, s + from, i - from, quote);
    }
    dgl_buf_putc(out, quote);
}

static enum dgl_status repr_deep(struct dgl_mem *m, struct dgl_value v, unsigned depth, struct dgl_buf *out);

static enum dgl_status repr_items(struct dgl_mem *m, struct dgl_value v, unsigned depth, struct dgl_buf *out)
{
    bool tuple = v.kind == DGL_VALUE_TUPLE;
    dgl_buf_putc(out, tuple ? '(' : '[');
    for (size_t i = 0; i < v.as.list->count; i++) {
        if (i)
            dgl_buf_puts(out, ", ");
        DGL_TRY(repr_deep(m, v.as.list->items[i], depth + 1, out));
    }
    dgl_buf_puts(out, tuple ? (v.as.list->count == 1 ? ",)" : ")") : "]");
    return DGL_OK;
}

static enum dgl_status repr_dict(struct dgl_mem *m, const struct dgl_value_dict *d, unsigned depth, struct dgl_buf *out)
{
    dgl_buf_putc(out, '{');
    for (uint32_t i = 0; i < d->count; i++) {
        if (i)
            dgl_buf_puts(out, ", ");
        DGL_TRY(repr_deep(m, d->entries[i].key, depth + 1, out));
        dgl_buf_puts(out, ": ");
        DGL_TRY(repr_deep(m, d->entries[i].value, depth + 1, out));
    }
    dgl_buf_putc(out, '}');
    return DGL_OK;
}

static enum dgl_status repr_view(struct dgl_mem *m, const struct dgl_view *v, unsigned depth, struct dgl_buf *out)
{
    static const char *const names[] = {"dict_items([", "dict_keys([", "dict_values(["};
    dgl_buf_puts(out, names[v->which]);
    for (uint32_t i = 0; i < v->dict->count; i++) {
        const struct dgl_dict_entry *e = &v->dict->entries[i];
        dgl_buf_puts(out, i ? ", " : "");
        dgl_buf_puts(out, v->which == DGL_VIEW_ITEMS ? "(" : "");
        if (v->which != DGL_VIEW_VALUES)
            DGL_TRY(repr_deep(m, e->key, depth + 1, out));
        dgl_buf_puts(out, v->which == DGL_VIEW_ITEMS ? ", " : "");
        if (v->which != DGL_VIEW_KEYS)
            DGL_TRY(repr_deep(m, e->value, depth + 1, out));
        dgl_buf_puts(out, v->which == DGL_VIEW_ITEMS ? ")" : "");
    }
    dgl_buf_puts(out, "])");
    return DGL_OK;
}

static enum dgl_status repr_other(struct dgl_mem *m, struct dgl_value v, unsigned depth, struct dgl_buf *out)
{
    switch (v.as.other->kind) {
    case DGL_OTHER_RANGE: {
        const struct dgl_range *r = (const struct dgl_range *)v.as.other;
        dgl_buf_printf(out, r->step == 1 ? "range(%lld, %lld)" : "range(%lld, %lld, %lld)", (long long)r->start,
                       (long long)r->stop, (long long)r->step);
        return DGL_OK;
    }
    case DGL_OTHER_GENERATOR: // Python would print an address; the items are of more use
        return repr_items(m, ((const struct dgl_generator *)v.as.other)->list, depth, out);
    case DGL_OTHER_VIEW:
        return repr_view(m, (const struct dgl_view *)v.as.other, depth, out);
    case DGL_OTHER_NAMESPACE:
        dgl_buf_puts(out, "<Namespace ");
        DGL_TRY(repr_dict(m, ((const struct dgl_namespace *)v.as.other)->attributes, depth + 1, out));
        dgl_buf_putc(out, '>');
        return DGL_OK;
    case DGL_OTHER_MODULE:
        return dgl_value_str(m, ((const struct dgl_module *)v.as.other)->body, out);
    case DGL_OTHER_MACRO: {
        const struct dgl_name *name = ((const struct dgl_macro *)v.as.other)->code->name;
        dgl_buf_printf(out, name ? "<Macro '%s'>" : "<Macro anonymous>", name ? name->text.data : "");
        return DGL_OK;
    }
    default:
        dgl_buf_printf(out, "<%s>", dgl_type_name(v));
        return DGL_OK;
    }
}

static enum dgl_status repr_deep(struct dgl_mem *m, struct dgl_value v, unsigned depth, struct dgl_buf *out)
{
    char number[32];
    DGL_TRY(dgl_budget_tick(m->budget, m->err));
    if (depth > DGL_VALUE_MAX_DEPTH)
        return DGL_FAIL_SLUG(m->err, DGL_E_INVALID, "endless_recursion", "the value is nested too deeply to print");
    if (out->failed)
        return dgl_buf_check(out, "a printed value", m->err);
    switch (v.kind) {
    case DGL_VALUE_NONE:
        dgl_buf_puts(out, "None");
        return DGL_OK;
    case DGL_VALUE_BOOL:
        dgl_buf_puts(out, v.as.boolean ? "True" : "False");
        return DGL_OK;
    case DGL_VALUE_INT:
        dgl_buf_append(out, number, dgl_format_int64(v.as.integer, number));
        return DGL_OK;
    case DGL_VALUE_DOUBLE:
        dgl_buf_append(out, number, dgl_print_double(v.as.number, number));
        return DGL_OK;
    case DGL_VALUE_SAFE:
        dgl_buf_puts(out, "Markup(");
        repr_string(out, v.as.string->data, v.as.string->len);
        dgl_buf_putc(out, ')');
        return DGL_OK;
    case DGL_VALUE_STRING:
        repr_string(out, v.as.string->data, v.as.string->len);
        return DGL_OK;
    case DGL_VALUE_LIST:
    case DGL_VALUE_TUPLE:
        return repr_items(m, v, depth, out);
    case DGL_VALUE_DICT:
        return repr_dict(m, v.as.dict, depth, out);
    case DGL_VALUE_OTHER:
        return repr_other(m, v, depth, out);
    case DGL_VALUE_RICH:
        dgl_buf_printf(out, "<%s>", v.as.rich->type);
        return DGL_OK;
    default:
        dgl_buf_puts(out, "Undefined");
        return DGL_OK;
    }
}

enum dgl_status dgl_value_repr(struct dgl_mem *m, struct dgl_value v, struct dgl_buf *out)
{
    DGL_TRY(repr_deep(m, v, 0, out));
    return dgl_buf_check(out, "a printed value", m->err);
}

enum dgl_status dgl_value_str(struct dgl_mem *m, struct dgl_value v, struct dgl_buf *out)
{
    if (v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_ABSENT)
        return DGL_OK;
    if (dgl_is_string(v))
        dgl_buf_append(out, v.as.string->data, v.as.string->len);
    else
        DGL_TRY(repr_deep(m, v, 0, out));
    return dgl_buf_check(out, "a printed value", m->err);
}

enum dgl_status dgl_value_print(struct dgl_value v, struct dgl_budget *budget, struct dgl_buf *out,
                                struct dgl_error *err)
{
    struct dgl_mem m = {.budget = budget, .err = err};
    return dgl_value_str(&m, v, out);
}

enum dgl_status dgl_to_string(struct dgl_mem *m, struct dgl_value v, struct dgl_value *ret)
{
    if (dgl_is_string(v)) {
        *ret = v;
        return DGL_OK;
    }
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    DGL_TRY(dgl_value_str(m, v, &text));
    return dgl_make_string(m, text.data ? text.data : "", text.len, ret);
}
