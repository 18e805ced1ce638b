// Filters on numbers.
#include "render/template/builtin.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DGL_FILTER(abs)
{
    (void)a;
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_type_error(&vm->mem, "abs() cannot work on an undefined value");
    if (!dgl_is_number(v))
        return dgl_type_error(&vm->mem, "abs() cannot work on %s", dgl_type_words(v));
    if (v.kind == DGL_VALUE_DOUBLE) {
        *ret = dgl_double(fabs(v.as.number));
        return DGL_OK;
    }
    return dgl_value_negate(&vm->mem, v, dgl_as_int(v) < 0, ret);
}

// ---- int and float

static int digit_value(uint32_t c)
{
    int d = dgl_uc_digit_value(c);
    if (d >= 0)
        return d;
    if (c >= 'a' && c <= 'z')
        return (int)(c - 'a') + 10;
    return c >= 'A' && c <= 'Z' ? (int)(c - 'A') + 10 : 99;
}

// Skips "0x" and the like where the base allows it; base 0 takes it from there.
static size_t skip_prefix(struct dgl_str s, size_t pos, int64_t *base)
{
    char c = pos + 1 < s.len && s.data[pos] == '0' ? (char)(s.data[pos + 1] | 32) : 0;
    int64_t implied = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
    if (implied && (*base == 0 || *base == implied)) {
        *base = implied;
        pos += 2;
        return pos < s.len && s.data[pos] == '_' ? pos + 1 : pos;
    }
    *base = *base ? *base : 10;
    return pos;
}

bool dgl_parse_python_int(struct dgl_str s, int64_t base, int64_t *ret, bool *ret_too_large)
{
    s = dgl_uc_strip(s, NULL, true, true);
    size_t pos = 0;
    bool negative = s.len && s.data[0] == '-', any = false, underscore = false, zero_base = base == 0;
    *ret_too_large = false;
    pos += s.len && (s.data[0] == '-' || s.data[0] == '+');
    pos = skip_prefix(s, pos, &base);
    int64_t value = 0;
    bool leading_zero = zero_base && base == 10 && pos < s.len && s.data[pos] == '0';
    while (pos < s.len) {
        uint32_t c = dgl_utf8_next(s.data, s.len, &pos);
        if (c == '_') {
            if (!any || underscore)
                return false;
            underscore = true;
            continue;
        }
        int d = digit_value(c);
        if (d >= base)
            return false;
        any = true;
        underscore = false;
        *ret_too_large |=
            __builtin_mul_overflow(value, base, &value) ||
            (negative ? __builtin_sub_overflow(value, d, &value) : __builtin_add_overflow(value, d, &value));
    }
    *ret = value;
    return any && !underscore && !(leading_zero && value != 0);
}

bool dgl_parse_python_float(struct dgl_str s, double *ret)
{
    char text[512];
    size_t len = 0;
    s = dgl_uc_strip(s, NULL, true, true);
    if (!s.len || s.len >= sizeof text)
        return false;
    for (size_t i = 0; i < s.len;) {
        uint32_t c = dgl_utf8_next(s.data, s.len, &i);
        int d = dgl_uc_digit_value(c);
        if (c == '_') { // between digits only
            if (len == 0 || text[len - 1] < '0' || text[len - 1] > '9' || i >= s.len || s.data[i] < '0' ||
                s.data[i] > '9')
                return false;
            continue;
        }
        if (d < 0 && c >= 128)
            return false;
        text[len++] = d >= 0 ? (char)('0' + d) : (char)c;
    }
    text[len] = 0;
    const char *p = text + (text[0] == '-' || text[0] == '+');
    double sign = text[0] == '-' ? -1 : 1;
    if (strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0) {
        *ret = sign * (double)INFINITY;
        return true;
    }
    if (strcasecmp(p, "nan") == 0) {
        *ret = (double)NAN;
        return true;
    }
    size_t digits = 0;
    for (const char *q = p; *q; q++) {
        digits += *q >= '0' && *q <= '9';
        if (!strchr("0123456789.eE+-", *q))
            return false;
    }
    char *end;
    double value = strtod(text, &end);
    if (!digits || *end || end == text)
        return false;
    *ret = value;
    return true;
}

static enum dgl_status whole(struct dgl_vm *vm, double d, struct dgl_value fallback, struct dgl_value *ret)
{
    if (isnan(d)) {
        *ret = fallback;
        return DGL_OK;
    }
    if (d >= 9223372036854775808.0 || d < -9223372036854775808.0)
        return dgl_limit_error(&vm->mem, "number_too_large", "the number %g does not fit a 64-bit integer", d);
    *ret = dgl_int((int64_t)d);
    return DGL_OK;
}

DGL_FILTER(int)
{
    struct dgl_value fallback = dgl_arg_given(a, 0) ? a->v[0] : dgl_int(0);
    int64_t base, value;
    bool too_large;
    double d;
    DGL_TRY(dgl_arg_int(&vm->mem, a, 1, "base", 10, &base));
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    *ret = fallback;
    if (dgl_is_int(v))
        *ret = dgl_int(dgl_as_int(v));
    else if (v.kind == DGL_VALUE_DOUBLE)
        return whole(vm, v.as.number, fallback, ret);
    else if (dgl_is_string(v)) {
        bool valid =
            (base == 0 || (base >= 2 && base <= 36)) && dgl_parse_python_int(dgl_text(v), base, &value, &too_large);
        if (valid && too_large)
            return dgl_limit_error(&vm->mem, "number_too_large", "the number does not fit a 64-bit integer");
        if (valid)
            *ret = dgl_int(value);
        else if (dgl_parse_python_float(dgl_text(v), &d))
            return whole(vm, d, fallback, ret);
    }
    return DGL_OK;
}

DGL_FILTER(float)
{
    double d;
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    *ret = dgl_arg_given(a, 0) ? a->v[0] : dgl_double(0.0);
    if (dgl_is_number(v))
        *ret = dgl_double(dgl_as_double(v));
    else if (dgl_is_string(v) && dgl_parse_python_float(dgl_text(v), &d))
        *ret = dgl_double(d);
    return DGL_OK;
}

// ---- round

// Python's round(): half to even on the exact binary value, by printing with that many digits.
static double round_common(double d, int64_t digits)
{
    char text[400];
    if (!isfinite(d) || digits > 323)
        return d;
    if (digits < -308)
        return copysign(0.0, d);
    if (digits >= 0) {
        (void)snprintf(text, sizeof text, "%.*f", (int)DGL_MIN(digits, 340), d);
        return strtod(text, NULL);
    }
    double power = pow(10.0, (double)-digits), scaled = d / power, rounded = round(scaled);
    if (fabs(scaled - rounded) == 0.5)
        rounded = 2.0 * round(scaled / 2.0);
    return rounded * power;
}

static enum dgl_status round_int(struct dgl_vm *vm, int64_t i, int64_t digits, struct dgl_value *ret)
{
    *ret = dgl_int(i);
    if (digits >= 0)
        return DGL_OK;
    if (digits < -18) {
        *ret = dgl_int(0);
        return DGL_OK;
    }
    int64_t unit = 1;
    for (int64_t k = 0; k < -digits; k++)
        unit *= 10;
    int64_t rest = i % unit, base = i - rest;
    rest = rest < 0 ? -rest : rest;
    bool away = rest > unit - rest || (rest == unit - rest && (base / unit) % 2 != 0);
    if (away && __builtin_add_overflow(base, i < 0 ? -unit : unit, &base))
        return dgl_limit_error(&vm->mem, "number_too_large", "the rounded number does not fit a 64-bit integer");
    *ret = dgl_int(base);
    return DGL_OK;
}

DGL_FILTER(round)
{
    int64_t digits;
    struct dgl_str method = DGL_STR("common");
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "precision", 0, &digits));
    if (dgl_arg_given(a, 1))
        DGL_TRY(dgl_arg_text(&vm->mem, a->v[1], "method", &method));
    bool up = dgl_str_is(method, "ceil"), down = dgl_str_is(method, "floor");
    if (!up && !down && !dgl_str_is(method, "common"))
        return dgl_type_error(&vm->mem, "the argument method must be 'common', 'ceil' or 'floor'");
    if (!dgl_is_number(v))
        return v.kind == DGL_VALUE_UNDEFINED && (up || down)
                   ? dgl_undefined_error(&vm->mem, v)
                   : dgl_type_error(&vm->mem, "%s cannot be rounded", dgl_type_words(v));
    if (!up && !down) {
        if (dgl_is_int(v))
            return round_int(vm, dgl_as_int(v), digits, ret);
        *ret = dgl_double(round_common(v.as.number, digits));
        return DGL_OK;
    }
    if (digits > 300 || digits < -300)
        return dgl_limit_error(&vm->mem, "number_too_large", "a precision of %lld is too large", (long long)digits);
    double power = pow(10.0, (double)digits), scaled = dgl_as_double(v) * power;
    double rounded = (up ? ceil(scaled) : floor(scaled)) + 0.0; // Python's are integers: no -0.0
    *ret = dgl_double((rounded == 0 ? 0.0 : rounded) / power);
    return DGL_OK;
}

DGL_FILTER(filesizeformat)
{
    static const char *const decimal[] = {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    static const char *const binary[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"};
    bool is_binary = dgl_arg_bool(a, 0, false);
    double base = is_binary ? 1024 : 1000, bytes, unit;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1024);
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    if (dgl_is_number(v))
        bytes = dgl_as_double(v);
    else if (!dgl_is_string(v) || !dgl_parse_python_float(dgl_text(v), &bytes))
        return dgl_type_error(&vm->mem, "filesizeformat() cannot read %s as a number", dgl_type_words(v));
    if (bytes == 1) {
        dgl_buf_puts(&out, "1 Byte");
    } else if (bytes < base) {
        struct dgl_value n = dgl_int(0);
        DGL_TRY(whole(vm, bytes, dgl_int(0), &n));
        dgl_buf_printf(&out, "%lld Bytes", (long long)n.as.integer);
    } else {
        size_t i = 0;
        for (unit = base * base; i < 7 && !(bytes < unit); i++)
            unit *= base;
        dgl_put_float(&out, base * bytes / unit, 'f', 1, false);
        dgl_buf_printf(&out, " %s", is_binary ? binary[i] : decimal[i]);
    }
    return dgl_finish(vm, &out, false, ret);
}
