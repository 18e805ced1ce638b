// Formatting by template: the % operator and str.format.
//
// Both read a format text once, from left to right, and append to a buffer. Widths and precisions are bounded. What
// goes into a safe text is escaped on the way.
#include "render/template/format.h"
#include "render/template/builtin.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_WIDTH 100000
#define MAX_PRECISION 1000

struct spec {  // one conversion, of either kind
    char type; // 0 = none given
    char sign; // '-', '+' or ' '
    bool alternate, zero, z;
    char grouping;            // ',' or '_'
    int64_t width, precision; // -1 = none
    char align;               // '<', '>', '^', '='; 0 = by type
    struct dgl_str fill;
};

void dgl_put_float(struct dgl_buf *out, double value, char type, int precision, bool alternate)
{
    char format[8] = {'%', '.', '*', type, 0}, text[1400];
    if (alternate)
        (void)snprintf(format, sizeof format, "%%#.*%c", type);
    if (!isfinite(value)) {
        bool upper = type >= 'A' && type <= 'Z';
        dgl_buf_puts(out, isnan(value) ? (upper ? "NAN" : "nan") : upper ? "INF" : "inf");
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int len = snprintf(text, sizeof text, format, precision, fabs(value));
#pragma GCC diagnostic pop
    for (int i = 0; i < len && i < (int)sizeof text; i++) // a locale may print another point
        if (text[i] == ',')
            text[i] = '.';
    dgl_buf_append(out, text, (size_t)DGL_MIN(len, (int)sizeof text - 1));
}

// The digits of |i| in a base.
static size_t put_digits(char *out, int64_t i, unsigned base, bool upper)
{
    static const char low[] = "0123456789abcdef", up[] = "0123456789ABCDEF";
    uint64_t u = i < 0 ? (uint64_t)0 - (uint64_t)i : (uint64_t)i;
    char text[72];
    size_t len = 0;
    do {
        text[len++] = (upper ? up : low)[u % base];
        u /= base;
    } while (u);
    for (size_t k = 0; k < len; k++)
        out[k] = text[len - 1 - k];
    return len;
}

static void fill(struct dgl_buf *out, struct dgl_str c, int64_t times)
{
    while (times-- > 0)
        dgl_buf_append(out, c.data, c.len);
}

// Sign (with prefix) and body, padded to the width.
static void put_padded(struct dgl_buf *out, const struct spec *s, struct dgl_str sign, struct dgl_str body, char align)
{
    int64_t used = (int64_t)(dgl_utf8_count(sign.data, sign.len) + dgl_utf8_count(body.data, body.len));
    int64_t pad = s->width > used ? s->width - used : 0;
    int64_t left = align == '>' ? pad : align == '^' ? pad / 2 : 0;
    fill(out, s->fill, left);
    dgl_buf_append(out, sign.data, sign.len);
    if (align == '=')
        fill(out, s->fill, pad);
    dgl_buf_append(out, body.data, body.len);
    if (align != '=')
        fill(out, s->fill, pad - left);
}

// Digits with a separator every `step`; the part from the first non-digit on stays as it is.
static void group(struct dgl_buf *out, struct dgl_str digits, char separator, size_t step, int64_t min_width)
{
    size_t whole = 0;
    while (whole < digits.len &&
           ((digits.data[whole] >= '0' && digits.data[whole] <= '9') ||
            (step == 4 && ((digits.data[whole] | 32) >= 'a' && (digits.data[whole] | 32) <= 'f'))))
        whole++;
    size_t zeros = 0; // zero padding is grouped as well
    int64_t rest = (int64_t)(digits.len - whole);
    while ((int64_t)(whole + zeros + (whole + zeros - 1) / step) + rest < min_width && whole)
        zeros++;
    for (size_t i = 0; i < whole + zeros; i++) {
        if (i && (whole + zeros - i) % step == 0)
            dgl_buf_putc(out, separator);
        dgl_buf_putc(out, i < zeros ? '0' : digits.data[i - zeros]);
    }
    dgl_buf_append(out, digits.data + whole, digits.len - whole);
}

static struct dgl_str sign_of(bool negative, char sign)
{
    return negative ? DGL_STR("-") : sign == '+' ? DGL_STR("+") : sign == ' ' ? DGL_STR(" ") : DGL_STR("");
}

// ---- the % operator

struct percent {
    struct dgl_vm *vm;
    struct dgl_str f;
    size_t pos;
    const struct dgl_value *items;
    size_t count, used;
    struct dgl_value mapping;
    bool safe, used_mapping;
    struct dgl_buf out;
};

static enum dgl_status next_item(struct percent *p, struct dgl_value *ret)
{
    if (p->used >= p->count)
        return dgl_type_error(&p->vm->mem, "not enough arguments for the format string");
    *ret = p->items[p->used++];
    return DGL_OK;
}

static enum dgl_status percent_number(struct percent *p, int64_t max, int64_t *ret)
{
    struct dgl_value v;
    *ret = 0;
    if (p->pos < p->f.len && p->f.data[p->pos] == '*') {
        p->pos++;
        DGL_TRY(next_item(p, &v));
        if (!dgl_is_int(v))
            return dgl_type_error(&p->vm->mem, "'*' in a format needs an integer argument");
        *ret = dgl_as_int(v);
    } else {
        while (p->pos < p->f.len && p->f.data[p->pos] >= '0' && p->f.data[p->pos] <= '9' && *ret <= max)
            *ret = *ret * 10 + (p->f.data[p->pos++] - '0');
    }
    if (*ret > max || *ret < -max)
        return dgl_limit_error(&p->vm->mem, "limit_memory", "a width or precision of a format is too large");
    return DGL_OK;
}

static enum dgl_status percent_key(struct percent *p, struct dgl_value *ret)
{
    size_t from = ++p->pos;
    int depth = 1;
    while (p->pos < p->f.len && depth > 0) {
        depth += p->f.data[p->pos] == '(';
        depth -= p->f.data[p->pos] == ')';
        p->pos++;
    }
    if (depth)
        return dgl_type_error(&p->vm->mem, "a format key is not closed with ')'; a key cannot be incomplete");
    if (p->mapping.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&p->vm->mem, p->mapping);
    if (p->mapping.kind != DGL_VALUE_DICT)
        return dgl_type_error(&p->vm->mem, "the format needs a mapping as its argument");
    struct dgl_value *v = dgl_dict_find(p->mapping.as.dict, p->f.data + from, p->pos - 1 - from,
                                        dgl_hash_bytes(p->f.data + from, p->pos - 1 - from));
    p->used_mapping = true;
    if (!v)
        return dgl_type_error(&p->vm->mem, "the format's argument has no key '%.*s'",
                              (int)DGL_MIN(p->pos - 1 - from, 60u), p->f.data + from);
    *ret = *v;
    return DGL_OK;
}

static enum dgl_status percent_int(struct percent *p, const struct spec *s, struct dgl_value v)
{
    char digits[80], type = s->type;
    int64_t i;
    unsigned base = type == 'x' || type == 'X' ? 16 : type == 'o' ? 8 : 10;
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&p->vm->mem, v);
    if (v.kind == DGL_VALUE_DOUBLE && base == 10) {
        if (!(fabs(v.as.number) < 9.2e18))
            return dgl_limit_error(&p->vm->mem, "number_too_large", "the number does not fit a 64-bit integer");
        i = (int64_t)v.as.number;
    } else if (dgl_is_int(v)) {
        i = dgl_as_int(v);
    } else {
        return dgl_type_error(&p->vm->mem, "%%%c format: a number is required as argument, not %s", type,
                              dgl_type_words(v));
    }
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(MAX_WIDTH * 2);
    size_t len = put_digits(digits, i, base, type == 'X');
    fill(&body, DGL_STR("0"), s->precision - (int64_t)len);
    dgl_buf_append(&body, digits, len);
    char sign[8];
    (void)snprintf(sign, sizeof sign, "%s%s",
                   i < 0            ? "-"
                   : s->sign == '+' ? "+"
                   : s->sign == ' ' ? " "
                                    : "",
                   !s->alternate || base == 10 ? ""
                   : base == 8                 ? "0o"
                   : type == 'X'               ? "0X"
                                               : "0x");
    put_padded(&p->out, s, dgl_str_of(sign), (struct dgl_str){body.data ? body.data : "", body.len},
               s->align == '<' ? '<'
               : s->zero       ? '='
                               : '>');
    return DGL_OK;
}

static enum dgl_status percent_float(struct percent *p, const struct spec *s, struct dgl_value v)
{
    double d;
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&p->vm->mem, v);
    if (p->safe && dgl_is_string(v)) { // Markup hands out something with a __float__
        if (!dgl_parse_python_float(dgl_text(v), &d))
            return dgl_type_error(&p->vm->mem, "could not convert the argument to a number");
    } else if (dgl_is_number(v)) {
        d = dgl_as_double(v);
    } else {
        return dgl_type_error(&p->vm->mem, "%%%c format: a number is required as argument, not %s", s->type,
                              dgl_type_words(v));
    }
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(4096);
    dgl_put_float(&body, d, s->type, s->precision < 0 ? 6 : (int)s->precision, s->alternate);
    put_padded(&p->out, s, sign_of(signbit(d) && !isnan(d), s->sign),
               (struct dgl_str){body.data ? body.data : "", body.len},
               s->align == '<' ? '<'
               : s->zero       ? '='
                               : '>');
    return DGL_OK;
}

static enum dgl_status percent_text(struct percent *p, const struct spec *s, struct dgl_value v)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    DGL_AUTO_FINI(buf) safe = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    struct dgl_buf *from = &text;
    char bytes[4];
    if (s->type == 'c') {
        if (dgl_is_int(v) && dgl_as_int(v) >= 0 && dgl_as_int(v) <= 0x10ffff &&
            (dgl_as_int(v) < 0xd800 || dgl_as_int(v) > 0xdfff))
            dgl_buf_append(&text, bytes, dgl_utf8_put(bytes, (uint32_t)dgl_as_int(v)));
        else if (dgl_is_string(v) && dgl_chars(v) == 1)
            dgl_buf_append(&text, v.as.string->data, v.as.string->len);
        else
            return dgl_type_error(&p->vm->mem, "%%c needs an integer argument or one character");
    } else if (s->type == 's') {
        DGL_TRY(dgl_value_str(&p->vm->mem, v, &text));
    } else {
        DGL_TRY(dgl_value_repr(&p->vm->mem, v, &text));
    }
    if (p->safe && !(s->type == 's' && v.kind == DGL_VALUE_SAFE)) {
        dgl_put_html(&safe, text.data ? text.data : "", text.len);
        from = &safe;
    }
    DGL_TRY(dgl_buf_check(from, "a string", p->vm->mem.err));
    struct dgl_str body = {from->data ? from->data : "", from->len};
    if (s->precision >= 0)
        body.len = dgl_uc_offset(body.data, body.len, dgl_utf8_count(body.data, body.len), (size_t)s->precision);
    put_padded(&p->out, s, DGL_STR(""), body, s->align == '<' ? '<' : '>');
    return DGL_OK;
}

static enum dgl_status percent_one(struct percent *p)
{
    struct spec s = {.width = 0, .precision = -1, .fill = DGL_STR(" ")};
    struct dgl_value v = dgl_absent();
    p->pos++;
    if (p->pos < p->f.len && p->f.data[p->pos] == '(')
        DGL_TRY(percent_key(p, &v));
    for (; p->pos < p->f.len && memchr("-+ #0", p->f.data[p->pos], 5); p->pos++) {
        char c = p->f.data[p->pos];
        s.align = c == '-' ? '<' : s.align;
        s.sign = c == '+' ? '+' : c == ' ' && s.sign != '+' ? ' ' : s.sign;
        s.alternate |= c == '#';
        s.zero |= c == '0';
    }
    DGL_TRY(percent_number(p, MAX_WIDTH, &s.width));
    if (s.width < 0) {
        s.align = '<';
        s.width = -s.width;
    }
    if (p->pos < p->f.len && p->f.data[p->pos] == '.') {
        p->pos++;
        DGL_TRY(percent_number(p, MAX_PRECISION, &s.precision));
        s.precision = DGL_MAX(s.precision, 0);
    }
    while (p->pos < p->f.len && memchr("hlL", p->f.data[p->pos], 3))
        p->pos++;
    if (p->pos >= p->f.len)
        return dgl_type_error(&p->vm->mem, "incomplete format: the argument's type is missing behind '%%'");
    s.type = p->f.data[p->pos++];
    if (s.type == '%') {
        dgl_buf_putc(&p->out, '%');
        return DGL_OK;
    }
    if (!memchr("diouxXeEfFgGcrsa", s.type, 16))
        return dgl_type_error(&p->vm->mem, "unsupported format character '%c' for an argument", s.type);
    if (v.kind == DGL_VALUE_ABSENT)
        DGL_TRY(next_item(p, &v));
    bool text = memchr("crsa", s.type, 4) != NULL;
    if (s.zero && !text && s.align != '<')
        s.fill = DGL_STR("0");
    s.zero = s.zero && s.align != '<';
    if (text)
        return percent_text(p, &s, v);
    return memchr("eEfFgG", s.type, 6) ? percent_float(p, &s, v) : percent_int(p, &s, v);
}

static enum dgl_status percent_all(struct percent *p)
{
    while (p->pos < p->f.len) {
        const char *next = memchr(p->f.data + p->pos, '%', p->f.len - p->pos);
        size_t end = next ? (size_t)(next - p->f.data) : p->f.len;
        dgl_buf_append(&p->out, p->f.data + p->pos, end - p->pos);
        p->pos = end;
        DGL_TRY(dgl_budget_tick(p->vm->mem.budget, p->vm->mem.err));
        DGL_TRY(dgl_buf_check(&p->out, "a string", p->vm->mem.err));
        if (next)
            DGL_TRY(percent_one(p));
    }
    if (p->used < p->count && p->mapping.kind == DGL_VALUE_ABSENT)
        return dgl_type_error(&p->vm->mem, "not all arguments were used by the format string");
    return DGL_OK;
}

enum dgl_status dgl_format_percent(struct dgl_vm *vm, struct dgl_value format, const struct dgl_value *items,
                                   size_t count, struct dgl_value mapping, struct dgl_value *ret)
{
    struct percent p = {.vm = vm,
                        .f = dgl_text(format),
                        .items = items,
                        .count = count,
                        .mapping = mapping,
                        .safe = format.kind == DGL_VALUE_SAFE,
                        .out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING)};
    enum dgl_status status = percent_all(&p);
    if (status == DGL_OK)
        status = dgl_finish(vm, &p.out, p.safe, ret);
    dgl_buf_fini(&p.out);
    return status;
}

enum dgl_status dgl_format_percent_value(struct dgl_vm *vm, struct dgl_value format, struct dgl_value argument,
                                         struct dgl_value *ret)
{
    if (argument.kind == DGL_VALUE_TUPLE)
        return dgl_format_percent(vm, format, argument.as.list->items, argument.as.list->count, dgl_absent(), ret);
    // A dict, a list or what is undefined may go unused, as any mapping in Python.
    bool unused =
        argument.kind == DGL_VALUE_DICT || argument.kind == DGL_VALUE_LIST || argument.kind == DGL_VALUE_UNDEFINED;
    struct dgl_value mapping = unused ? argument : dgl_absent();
    return dgl_format_percent(vm, format, &argument, 1, mapping, ret);
}

// ---- str.format

struct braces {
    struct dgl_vm *vm;
    const struct dgl_args *a;
    bool safe;
    int64_t next; // automatic numbering; -1 when fields are numbered by hand
    struct dgl_buf *out;
};

static enum dgl_status braces_text(struct braces *b, struct dgl_str f, unsigned depth, struct dgl_buf *out);

static enum dgl_status bad_format(struct braces *b, const char *why)
{
    return dgl_type_error(&b->vm->mem, "format() cannot read its format: %s", why);
}

static enum dgl_status first_value(struct braces *b, struct dgl_str name, struct dgl_value *ret)
{
    int64_t index = -1;
    if (!name.len) {
        if (b->next < 0)
            return bad_format(b, "numbered and unnumbered fields are mixed");
        index = b->next++;
    } else if (name.data[0] >= '0' && name.data[0] <= '9') {
        if (b->next > 0)
            return bad_format(b, "numbered and unnumbered fields are mixed");
        b->next = -1;
        if (!dgl_parse_int64(name.data, name.len, 0, INT32_MAX, &index))
            return bad_format(b, "a field number is malformed");
    }
    if (index >= 0) {
        if ((uint64_t)index >= b->a->count)
            return dgl_type_error(&b->vm->mem, "format() has no argument number %lld", (long long)index);
        *ret = b->a->positional[index];
        return DGL_OK;
    }
    for (uint32_t i = 0; i < b->a->keywords; i++)
        if (dgl_str_equal(name, (struct dgl_str){b->a->names[i]->text.data, b->a->names[i]->text.len})) {
            *ret = b->a->values[i];
            return DGL_OK;
        }
    return dgl_type_error(&b->vm->mem, "format() has no argument '%.*s'", (int)DGL_MIN(name.len, 60u), name.data);
}

// name.attr[key]
static enum dgl_status field_value(struct braces *b, struct dgl_str field, struct dgl_value *ret)
{
    size_t pos = 0;
    while (pos < field.len && field.data[pos] != '.' && field.data[pos] != '[')
        pos++;
    DGL_TRY(first_value(b, (struct dgl_str){field.data, pos}, ret));
    while (pos < field.len) {
        bool item = field.data[pos] == '[';
        size_t from = ++pos;
        while (pos < field.len && (item ? field.data[pos] != ']' : field.data[pos] != '.' && field.data[pos] != '['))
            pos++;
        struct dgl_str part = {field.data + from, pos - from};
        int64_t index;
        if (item && pos >= field.len)
            return bad_format(b, "']' is missing");
        if (!part.len || (item && ++pos < field.len && field.data[pos] != '.' && field.data[pos] != '['))
            return bad_format(b, "a field name is malformed");
        if (item && part.data[0] >= '0' && part.data[0] <= '9' &&
            dgl_parse_int64(part.data, part.len, 0, INT64_MAX, &index))
            DGL_TRY(dgl_vm_item(b->vm, *ret, dgl_int(index), ret));
        else if (item || ret->kind == DGL_VALUE_OTHER)
            DGL_TRY(dgl_vm_item_text(b->vm, *ret, part, ret));
        else
            return DGL_FAIL_SLUG(b->vm->mem.err, DGL_E_INVALID, "undefined_access",
                                 "%s has no '%.*s' that format() may read; it is undefined", dgl_object_name(*ret),
                                 (int)DGL_MIN(part.len, 60u), part.data);
    }
    return DGL_OK;
}

static bool is_align(char c)
{
    return c == '<' || c == '>' || c == '^' || c == '=';
}

static bool spec_number(struct dgl_str t, size_t *pos, int64_t max, int64_t *ret)
{
    size_t from = *pos;
    int64_t n = 0;
    while (*pos < t.len && t.data[*pos] >= '0' && t.data[*pos] <= '9' && n <= max)
        n = n * 10 + (t.data[(*pos)++] - '0');
    if (*pos > from)
        *ret = n;
    return n <= max;
}

// [[fill]align][sign][z][#][0][width][grouping][.precision][type]
static enum dgl_status parse_spec(struct braces *b, struct dgl_str t, struct spec *ret)
{
    struct spec s = {.width = -1, .precision = -1, .fill = DGL_STR(" ")};
    size_t pos = 0, first = 0;
    if (t.len)
        (void)dgl_utf8_next(t.data, t.len, &first);
    if (first < t.len && t.len && is_align(t.data[first])) {
        s.fill = (struct dgl_str){t.data, first};
        s.align = t.data[first];
        pos = first + 1;
    } else if (t.len && is_align(t.data[0])) {
        s.align = t.data[0];
        pos = 1;
    }
    if (pos < t.len && (t.data[pos] == '+' || t.data[pos] == '-' || t.data[pos] == ' '))
        s.sign = t.data[pos++];
    if (pos < t.len && t.data[pos] == 'z')
        s.z = true, pos++;
    if (pos < t.len && t.data[pos] == '#')
        s.alternate = true, pos++;
    if (pos < t.len && t.data[pos] == '0') {
        s.zero = true;
        pos++;
        if (!s.align) {
            s.fill = DGL_STR("0");
            s.align = '=';
        } else if (s.fill.len == 1 && s.fill.data[0] == ' ' && pos >= 2) {
            s.fill = is_align(t.data[0]) ? DGL_STR("0") : s.fill;
        }
    }
    bool ok = spec_number(t, &pos, MAX_WIDTH, &s.width);
    if (pos < t.len && (t.data[pos] == ',' || t.data[pos] == '_'))
        s.grouping = t.data[pos++];
    if (pos < t.len && t.data[pos] == '.') {
        size_t from = ++pos;
        ok = ok && spec_number(t, &pos, MAX_PRECISION, &s.precision);
        if (pos == from)
            return bad_format(b, "the precision is missing");
    }
    if (!ok)
        return dgl_limit_error(&b->vm->mem, "limit_memory", "a width or precision of a format is too large");
    if (pos < t.len)
        s.type = t.data[pos++];
    if (pos < t.len)
        return bad_format(b, "the format specifier is invalid");
    *ret = s;
    return DGL_OK;
}

static enum dgl_status wrong_type(struct braces *b, char type, struct dgl_value v)
{
    return dgl_type_error(&b->vm->mem, "format code '%c' cannot be used for %s", type ? type : '?', dgl_type_words(v));
}

static enum dgl_status braces_int(struct braces *b, const struct spec *s, struct dgl_value v, struct dgl_buf *out)
{
    char digits[80];
    int64_t i = dgl_as_int(v);
    unsigned base = s->type == 'b' ? 2 : s->type == 'o' ? 8 : s->type == 'x' || s->type == 'X' ? 16 : 10;
    if (s->precision >= 0 || s->z)
        return bad_format(b, "precision is not allowed for integers");
    if (s->type == 'c') {
        if (s->sign || i < 0 || i > 0x10ffff || (i >= 0xd800 && i <= 0xdfff))
            return wrong_type(b, 'c', v);
        char bytes[4];
        put_padded(out, s, DGL_STR(""), (struct dgl_str){bytes, dgl_utf8_put(bytes, (uint32_t)i)},
                   s->align ? s->align : '<');
        return DGL_OK;
    }
    if (s->grouping == ',' && base != 10)
        return bad_format(b, "',' cannot be used with this type");
    size_t len = put_digits(digits, i, base, s->type == 'X');
    char sign[8];
    (void)snprintf(sign, sizeof sign, "%s%s",
                   i < 0            ? "-"
                   : s->sign == '+' ? "+"
                   : s->sign == ' ' ? " "
                                    : "",
                   !s->alternate || base == 10 ? ""
                   : base == 2                 ? "0b"
                   : base == 8                 ? "0o"
                   : s->type == 'X'            ? "0X"
                                               : "0x");
    DGL_AUTO_FINI(buf) grouped = DGL_BUF_INIT(MAX_WIDTH * 3);
    struct dgl_str body = {digits, len};
    if (s->grouping) {
        bool zeros = s->align == '=' && s->fill.len == 1 && s->fill.data[0] == '0';
        group(&grouped, body, s->grouping, base == 10 ? 3 : 4, zeros ? s->width - (int64_t)strlen(sign) : 0);
        body = (struct dgl_str){grouped.data, grouped.len};
    }
    put_padded(out, s, dgl_str_of(sign), body, s->align ? s->align : '>');
    return DGL_OK;
}

// A float without type: repr, or %g with at least one digit behind the point.
static void put_general(struct dgl_buf *out, double d, const struct spec *s)
{
    char text[32];
    if (s->precision < 0 && !s->alternate) {
        size_t len = dgl_print_double(fabs(d), text);
        dgl_buf_append(out, text, len);
        return;
    }
    int precision = s->precision < 0 ? 17 : (int)DGL_MAX(s->precision, 1);
    size_t from = out->len;
    dgl_put_float(out, d, 'g', precision, s->alternate);
    if (!isfinite(d) || s->alternate)
        return;
    // 'g' drops to whole numbers; without a type a digit stays, and the exponent starts one place earlier
    char *e = memchr(out->data + from, 'e', out->len - from);
    int exponent = d != 0 ? (int)floor(log10(fabs(d))) : 0;
    if (!e && exponent + 1 >= precision && d != 0 && exponent + 1 == precision) {
        out->len = from;
        dgl_put_float(out, d, 'e', precision - 1, false);
        char *mantissa = out->data + from, *exp = memchr(mantissa, 'e', out->len - from), *end = exp;
        while (end > mantissa && end[-1] == '0' && memchr(mantissa, '.', (size_t)(end - mantissa)))
            end--;
        if (end > mantissa && end[-1] == '.')
            end--;
        size_t tail = (size_t)(out->data + out->len - exp);
        memmove(end, exp, tail);
        out->len = (size_t)(end - out->data) + tail;
        return;
    }
    if (!e && !memchr(out->data + from, '.', out->len - from))
        dgl_buf_puts(out, ".0");
}

static enum dgl_status braces_float(struct braces *b, const struct spec *s, double d, struct dgl_buf *out)
{
    char type = s->type == 'n' ? 'g' : s->type;
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(4096);
    DGL_AUTO_FINI(buf) grouped = DGL_BUF_INIT(MAX_WIDTH * 3);
    bool negative = signbit(d) && !isnan(d);
    if (type && !memchr("eEfFgG%", type, 7))
        return wrong_type(b, type, dgl_double(d));
    if (type == 0)
        put_general(&body, d, s);
    else
        dgl_put_float(&body, type == '%' ? d * 100 : d, type == '%' ? 'f' : type,
                      s->precision < 0 ? 6 : (int)s->precision, s->alternate);
    if (s->z && negative) {
        bool zero = true;
        for (size_t i = 0; i < body.len && body.data[i] != 'e'; i++)
            zero &= body.data[i] == '0' || body.data[i] == '.';
        negative = !zero;
    }
    if (type == '%')
        dgl_buf_putc(&body, '%');
    struct dgl_str text = {body.data, body.len}, sign = sign_of(negative, s->sign);
    if (s->grouping && isfinite(d)) {
        bool zeros = s->align == '=' && s->fill.len == 1 && s->fill.data[0] == '0';
        group(&grouped, text, s->grouping, 3, zeros ? s->width - (int64_t)sign.len : 0);
        text = (struct dgl_str){grouped.data, grouped.len};
    }
    put_padded(out, s, sign, text, s->align ? s->align : '>');
    return DGL_OK;
}

static enum dgl_status braces_string(struct braces *b, const struct spec *s, struct dgl_value v, struct dgl_str text,
                                     struct dgl_buf *out)
{
    if ((s->type && s->type != 's') || s->sign || s->align == '=' || s->grouping || s->alternate || s->z) {
        if (!(s->zero && s->align == '=' && !s->type) || s->sign || s->grouping || s->alternate)
            return wrong_type(b, s->type ? s->type : '=', v);
    }
    if (s->precision >= 0)
        text.len = dgl_uc_offset(text.data, text.len, dgl_utf8_count(text.data, text.len), (size_t)s->precision);
    put_padded(out, s, DGL_STR(""), text, s->align && s->align != '=' ? s->align : '<');
    return DGL_OK;
}

static enum dgl_status format_value(struct braces *b, struct dgl_value v, char conversion, struct dgl_str spec,
                                    struct dgl_buf *out)
{
    struct spec s;
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    if (conversion) {
        DGL_TRY(conversion == 's' ? dgl_value_str(&b->vm->mem, v, &text) : dgl_value_repr(&b->vm->mem, v, &text));
        DGL_TRY(dgl_make_string(&b->vm->mem, text.data ? text.data : "", text.len, &v));
        dgl_buf_reset(&text);
    }
    if (v.kind == DGL_VALUE_SAFE && b->safe) {
        if (spec.len)
            return bad_format(b, "a format specifier cannot be used with safe text");
        dgl_buf_append(out, v.as.string->data, v.as.string->len);
        return DGL_OK;
    }
    DGL_TRY(parse_spec(b, spec, &s));
    if (v.kind == DGL_VALUE_DOUBLE)
        return braces_float(b, &s, v.as.number, out);
    if (dgl_is_int(v) && !(v.kind == DGL_VALUE_BOOL && !spec.len)) {
        if (s.type && memchr("eEfFgG%", s.type, 7))
            return braces_float(b, &s, dgl_as_double(v), out);
        if (s.type && !memchr("bcdoxXn", s.type, 7))
            return wrong_type(b, s.type, v);
        return braces_int(b, &s, v, out);
    }
    if (!dgl_is_string(v) && spec.len)
        return dgl_type_error(&b->vm->mem, "unsupported format specifier for %s; it cannot be padded",
                              dgl_type_words(v));
    DGL_TRY(dgl_value_str(&b->vm->mem, v, &text));
    return braces_string(b, &s, v, (struct dgl_str){text.data ? text.data : "", text.len}, out);
}

// The end of a field: the brace that closes it, brackets and nested fields skipped.
static bool field_end(struct dgl_str f, size_t pos, size_t *ret)
{
    int depth = 1;
    bool bracket = false;
    for (; pos < f.len; pos++) {
        char c = f.data[pos];
        bracket = c == '[' ? true : c == ']' ? false : bracket;
        if (bracket)
            continue;
        depth += c == '{';
        depth -= c == '}';
        if (depth == 0) {
            *ret = pos;
            return true;
        }
    }
    return false;
}

static enum dgl_status braces_field(struct braces *b, struct dgl_str inside, unsigned depth, struct dgl_buf *out)
{
    size_t name = 0;
    bool bracket = false;
    for (; name < inside.len; name++) {
        char c = inside.data[name];
        bracket = c == '[' ? true : c == ']' ? false : bracket;
        if (!bracket && (c == ':' || c == '!'))
            break;
        if (!bracket && (c == '{' || c == '}'))
            return bad_format(b, "unexpected brace in a field name");
    }
    struct dgl_value v;
    char conversion = 0;
    size_t pos = name;
    DGL_TRY(field_value(b, (struct dgl_str){inside.data, name}, &v));
    if (pos < inside.len && inside.data[pos] == '!') {
        conversion = pos + 1 < inside.len ? inside.data[pos + 1] : 0;
        pos += 2;
        if ((conversion != 's' && conversion != 'r' && conversion != 'a') ||
            (pos < inside.len && inside.data[pos] != ':'))
            return bad_format(b, "the conversion behind '!' must be s, r or a");
    }
    DGL_AUTO_FINI(buf) spec = DGL_BUF_INIT(4096);
    if (pos < inside.len)
        DGL_TRY(braces_text(b, (struct dgl_str){inside.data + pos + 1, inside.len - pos - 1}, depth + 1, &spec));
    DGL_TRY(dgl_buf_check(&spec, "a format specifier", b->vm->mem.err));
    struct dgl_str s = {spec.data ? spec.data : "", spec.len};
    if (!b->safe || depth)
        return format_value(b, v, conversion, s, out);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    DGL_TRY(format_value(b, v, conversion, s, &text));
    if (v.kind == DGL_VALUE_SAFE && !conversion)
        dgl_buf_append(out, text.data ? text.data : "", text.len);
    else
        dgl_put_html(out, text.data ? text.data : "", text.len);
    return DGL_OK;
}

static enum dgl_status braces_text(struct braces *b, struct dgl_str f, unsigned depth, struct dgl_buf *out)
{
    if (depth > 1)
        return bad_format(b, "fields are nested too deeply");
    for (size_t pos = 0; pos < f.len;) {
        char c = f.data[pos];
        size_t end;
        DGL_TRY(dgl_budget_tick(b->vm->mem.budget, b->vm->mem.err));
        DGL_TRY(dgl_buf_check(out, "a string", b->vm->mem.err));
        if (c != '{' && c != '}') {
            size_t from = pos;
            while (pos < f.len && f.data[pos] != '{' && f.data[pos] != '}')
                pos++;
            dgl_buf_append(out, f.data + from, pos - from);
        } else if (pos + 1 < f.len && f.data[pos + 1] == c && depth == 0) {
            dgl_buf_putc(out, c);
            pos += 2;
        } else if (c == '}' || !field_end(f, pos + 1, &end)) {
            return bad_format(b, c == '}' ? "a single '}' stands in it" : "a '{' is not closed");
        } else {
            DGL_TRY(braces_field(b, (struct dgl_str){f.data + pos + 1, end - pos - 1}, depth, out));
            pos = end + 1;
        }
    }
    return DGL_OK;
}

enum dgl_status dgl_format_braces(struct dgl_vm *vm, struct dgl_value format, const struct dgl_args *a,
                                  struct dgl_value *ret)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    struct braces b = {.vm = vm, .a = a, .safe = format.kind == DGL_VALUE_SAFE, .out = &out};
    DGL_TRY(braces_text(&b, dgl_text(format), 0, &out));
    return dgl_finish(vm, &out, b.safe, ret);
}
