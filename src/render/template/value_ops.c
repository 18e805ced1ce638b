// Equality, order and arithmetic as Python has them.
//
// Integers are 64 bits: a result beyond is an error that says so, never a silent wrap. Integers and floats compare
// exactly. True division of integers is correctly rounded as long as both fit a double.
#include "render/template/value_private.h"
#include <math.h>
#include <string.h>

#define EXACT_DOUBLE (INT64_C(1) << 53)

// ---- equality

static int compare_int_double(int64_t a, double b) // NaN is handled before
{
    if (b >= 9223372036854775808.0)
        return -1;
    if (b < -9223372036854775808.0)
        return 1;
    int64_t whole = (int64_t)b;
    if (a != whole)
        return a < whole ? -1 : 1;
    double rest = b - (double)whole;
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

// -1, 0, 1; 2 when a NaN is among them.
static int compare_numbers(struct dgl_value a, struct dgl_value b)
{
    if (a.kind != DGL_VALUE_DOUBLE && b.kind != DGL_VALUE_DOUBLE) {
        int64_t x = dgl_as_int(a), y = dgl_as_int(b);
        return x < y ? -1 : x > y;
    }
    if ((a.kind == DGL_VALUE_DOUBLE && isnan(a.as.number)) || (b.kind == DGL_VALUE_DOUBLE && isnan(b.as.number)))
        return 2;
    if (a.kind != DGL_VALUE_DOUBLE)
        return compare_int_double(dgl_as_int(a), b.as.number);
    if (b.kind != DGL_VALUE_DOUBLE)
        return -compare_int_double(dgl_as_int(b), a.as.number);
    return a.as.number < b.as.number ? -1 : a.as.number > b.as.number;
}

static enum dgl_status equal_deep(struct dgl_mem *m, struct dgl_value a, struct dgl_value b, unsigned depth, bool *ret);

static enum dgl_status equal_dicts(struct dgl_mem *m, const struct dgl_value_dict *a, const struct dgl_value_dict *b,
                                   unsigned depth, bool *ret)
{
    *ret = a->count == b->count;
    for (uint32_t i = 0; i < a->count && *ret; i++) {
        struct dgl_value *other;
        DGL_TRY(dgl_dict_get(m, b, a->entries[i].key, &other));
        if (!other)
            *ret = false;
        else
            DGL_TRY(equal_deep(m, a->entries[i].value, *other, depth + 1, ret));
    }
    return DGL_OK;
}

static enum dgl_status equal_lists(struct dgl_mem *m, const struct dgl_value_list *a, const struct dgl_value_list *b,
                                   unsigned depth, bool *ret)
{
    *ret = a->count == b->count;
    for (size_t i = 0; i < a->count && *ret; i++)
        DGL_TRY(equal_deep(m, a->items[i], b->items[i], depth + 1, ret));
    return DGL_OK;
}

static bool equal_ranges(const struct dgl_range *a, const struct dgl_range *b)
{
    return a->count == b->count && (a->count == 0 || (a->start == b->start && (a->count == 1 || a->step == b->step)));
}

static enum dgl_status equal_deep(struct dgl_mem *m, struct dgl_value a, struct dgl_value b, unsigned depth, bool *ret)
{
    DGL_TRY(dgl_budget_tick(m->budget, m->err));
    if (depth > DGL_VALUE_MAX_DEPTH)
        return DGL_FAIL_SLUG(m->err, DGL_E_INVALID, "endless_recursion", "the value is nested too deeply to compare");
    if (dgl_is_number(a) && dgl_is_number(b)) {
        *ret = compare_numbers(a, b) == 0;
        return DGL_OK;
    }
    if (dgl_is_string(a) && dgl_is_string(b)) {
        size_t len = a.as.string->len;
        DGL_TRY(dgl_mem_tick(m, len / 64));
        *ret = len == b.as.string->len && (len == 0 || memcmp(a.as.string->data, b.as.string->data, len) == 0);
        return DGL_OK;
    }
    *ret = false;
    if (a.kind != b.kind)
        return DGL_OK;
    switch (a.kind) {
    case DGL_VALUE_LIST:
    case DGL_VALUE_TUPLE:
        if (a.as.list == b.as.list)
            *ret = true;
        else
            return equal_lists(m, a.as.list, b.as.list, depth, ret);
        return DGL_OK;
    case DGL_VALUE_DICT:
        if (a.as.dict == b.as.dict)
            *ret = true;
        else
            return equal_dicts(m, a.as.dict, b.as.dict, depth, ret);
        return DGL_OK;
    case DGL_VALUE_OTHER:
        *ret = a.as.other == b.as.other;
        if (!*ret && a.as.other->kind == DGL_OTHER_RANGE && b.as.other->kind == DGL_OTHER_RANGE)
            *ret = equal_ranges((struct dgl_range *)a.as.other, (struct dgl_range *)b.as.other);
        return DGL_OK;
    case DGL_VALUE_RICH:
        *ret = a.as.rich == b.as.rich;
        return DGL_OK;
    default:
        *ret = true; // None, undefined
        return DGL_OK;
    }
}

enum dgl_status dgl_value_equal(struct dgl_mem *m, struct dgl_value a, struct dgl_value b, bool *ret)
{
    return equal_deep(m, a, b, 0, ret);
}

// ---- order

static bool holds(enum dgl_compare_op op, int order)
{
    switch (op) {
    case DGL_CMP_LT:
        return order == -1;
    case DGL_CMP_LE:
        return order == -1 || order == 0;
    case DGL_CMP_GT:
        return order == 1;
    default:
        return order == 1 || order == 0;
    }
}

static enum dgl_status order_deep(struct dgl_mem *m, enum dgl_compare_op op, struct dgl_value a, struct dgl_value b,
                                  unsigned depth, bool *ret)
{
    static const char *const signs[] = {
        [DGL_CMP_LT] = "<", [DGL_CMP_LE] = "<=", [DGL_CMP_GT] = ">", [DGL_CMP_GE] = ">="};
    if (depth > DGL_VALUE_MAX_DEPTH)
        return DGL_FAIL_SLUG(m->err, DGL_E_INVALID, "endless_recursion", "the value is nested too deeply to compare");
    if (dgl_is_number(a) && dgl_is_number(b)) {
        *ret = holds(op, compare_numbers(a, b));
        return DGL_OK;
    }
    if (dgl_is_string(a) && dgl_is_string(b)) { // UTF-8 sorts as its code points do
        struct dgl_str x = dgl_text(a), y = dgl_text(b);
        size_t len = DGL_MIN(x.len, y.len);
        int c = len ? memcmp(x.data, y.data, len) : 0;
        DGL_TRY(dgl_mem_tick(m, len / 64));
        *ret = holds(op, c ? (c < 0 ? -1 : 1) : x.len < y.len ? -1 : x.len > y.len);
        return DGL_OK;
    }
    if (dgl_is_list(a) && a.kind == b.kind) {
        size_t na = a.as.list->count, nb = b.as.list->count;
        for (size_t i = 0; i < na && i < nb; i++) {
            bool same;
            DGL_TRY(dgl_value_equal(m, a.as.list->items[i], b.as.list->items[i], &same));
            if (!same)
                return order_deep(m, op, a.as.list->items[i], b.as.list->items[i], depth + 1, ret);
        }
        *ret = holds(op, na < nb ? -1 : na > nb);
        return DGL_OK;
    }
    if (a.kind == DGL_VALUE_UNDEFINED || b.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(m, a.kind == DGL_VALUE_UNDEFINED ? a : b);
    return dgl_type_error(m, "'%s' cannot compare %s with %s", signs[op], dgl_type_words(a), dgl_type_words(b));
}

static enum dgl_status contains(struct dgl_mem *m, struct dgl_value a, struct dgl_value b, bool *ret)
{
    *ret = false;
    if (dgl_is_string(b)) {
        if (!dgl_is_string(a))
            return dgl_type_error(m, "'in' looks for a text in a text, not for %s", dgl_type_words(a));
        DGL_TRY(dgl_mem_tick(m, b.as.string->len / 16));
        *ret = a.as.string->len == 0 ||
               memmem(b.as.string->data, b.as.string->len, a.as.string->data, a.as.string->len) != NULL;
        return DGL_OK;
    }
    if (b.kind == DGL_VALUE_DICT) {
        struct dgl_value *found;
        DGL_TRY(dgl_dict_get(m, b.as.dict, a, &found));
        *ret = found != NULL;
        return DGL_OK;
    }
    struct dgl_iter it;
    if (!dgl_iterable(b))
        return dgl_type_error(m, "'in' cannot look into %s", dgl_type_words(b));
    DGL_TRY(dgl_iter_init(m, b, &it));
    for (bool more = true; more && !*ret;) {
        struct dgl_value item;
        DGL_TRY(dgl_iter_next(m, &it, &item, &more));
        if (more)
            DGL_TRY(dgl_value_equal(m, item, a, ret));
    }
    return DGL_OK;
}

enum dgl_status dgl_value_compare(struct dgl_mem *m, enum dgl_compare_op op, struct dgl_value a, struct dgl_value b,
                                  bool *ret)
{
    bool is = false;
    switch (op) {
    case DGL_CMP_EQ:
    case DGL_CMP_NE:
        DGL_TRY(equal_deep(m, a, b, 0, &is));
        *ret = is == (op == DGL_CMP_EQ);
        return DGL_OK;
    case DGL_CMP_IN:
    case DGL_CMP_NOT_IN:
        DGL_TRY(contains(m, a, b, &is));
        *ret = is == (op == DGL_CMP_IN);
        return DGL_OK;
    default:
        DGL_TRY(dgl_budget_tick(m->budget, m->err));
        return order_deep(m, op, a, b, 0, ret);
    }
}

// ---- arithmetic

static const char *const binary_signs[] = {"+", "-", "*", "/", "//", "%", "**"};

static enum dgl_status too_large(struct dgl_mem *m, const char *sign)
{
    return dgl_limit_error(m, "number_too_large", "the result of '%s' does not fit a 64-bit integer; use floats", sign);
}

static enum dgl_status by_zero(struct dgl_mem *m, const char *what)
{
    return DGL_FAIL_SLUG(m->err, DGL_E_INVALID, "division_by_zero", "%s by zero", what);
}

static enum dgl_status int_divide(struct dgl_mem *m, enum dgl_binary_op op, int64_t a, int64_t b, struct dgl_value *ret)
{
    if (b == 0)
        return by_zero(m, op == DGL_BIN_DIV ? "division" : "integer division or modulo");
    if (op == DGL_BIN_DIV) {
        bool exact = a <= EXACT_DOUBLE && a >= -EXACT_DOUBLE && b <= EXACT_DOUBLE && b >= -EXACT_DOUBLE;
        *ret = dgl_double(exact ? (double)a / (double)b : (double)((long double)a / (long double)b));
        return DGL_OK;
    }
    if (b == -1) { // INT64_MIN / -1 overflows
        if (op == DGL_BIN_FLOORDIV && a == INT64_MIN)
            return too_large(m, "//");
        *ret = dgl_int(op == DGL_BIN_FLOORDIV ? -a : 0);
        return DGL_OK;
    }
    int64_t q = a / b, r = a % b;
    if (r != 0 && (r < 0) != (b < 0)) { // round down, the remainder takes the divisor's sign
        q--;
        r += b;
    }
    *ret = dgl_int(op == DGL_BIN_FLOORDIV ? q : r);
    return DGL_OK;
}

static enum dgl_status int_power(struct dgl_mem *m, int64_t a, int64_t b, struct dgl_value *ret)
{
    if (b < 0) {
        if (a == 0)
            return by_zero(m, "0 raised to a negative power: division");
        *ret = dgl_double(pow((double)a, (double)b));
        return DGL_OK;
    }
    int64_t result = 1;
    while (b > 0) {
        if ((b & 1) && __builtin_mul_overflow(result, a, &result))
            return too_large(m, "**");
        b >>= 1;
        if (b > 0 && __builtin_mul_overflow(a, a, &a)) // bits are left, so the square will be needed
            return too_large(m, "**");
    }
    *ret = dgl_int(result);
    return DGL_OK;
}

static enum dgl_status int_binary(struct dgl_mem *m, enum dgl_binary_op op, int64_t a, int64_t b, struct dgl_value *ret)
{
    int64_t result = 0;
    bool over = false;
    switch (op) {
    case DGL_BIN_ADD:
        over = __builtin_add_overflow(a, b, &result);
        break;
    case DGL_BIN_SUB:
        over = __builtin_sub_overflow(a, b, &result);
        break;
    case DGL_BIN_MUL:
        over = __builtin_mul_overflow(a, b, &result);
        break;
    case DGL_BIN_POW:
        return int_power(m, a, b, ret);
    default:
        return int_divide(m, op, a, b, ret);
    }
    if (over)
        return too_large(m, binary_signs[op]);
    *ret = dgl_int(result);
    return DGL_OK;
}

static enum dgl_status double_mod(struct dgl_mem *m, enum dgl_binary_op op, double a, double b, struct dgl_value *ret)
{
    if (b == 0)
        return by_zero(m, op == DGL_BIN_MOD ? "float modulo" : "float floor division");
    double mod = fmod(a, b), div = (a - mod) / b;
    if (mod != 0 && (b < 0) != (mod < 0)) {
        mod += b;
        div -= 1.0;
    } else if (mod == 0) {
        mod = copysign(0.0, b);
    }
    if (op == DGL_BIN_MOD) {
        *ret = dgl_double(mod);
        return DGL_OK;
    }
    double whole = div != 0 ? floor(div) : copysign(0.0, a / b);
    if (div != 0 && div - whole > 0.5)
        whole += 1.0;
    *ret = dgl_double(whole);
    return DGL_OK;
}

static enum dgl_status double_power(struct dgl_mem *m, double a, double b, struct dgl_value *ret)
{
    if (a == 0 && b < 0)
        return by_zero(m, "0.0 raised to a negative power: division");
    if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b))
        return dgl_type_error(m, "a negative number cannot be raised to a fractional power");
    double result = pow(a, b);
    if (isinf(result) && isfinite(a) && isfinite(b))
        return dgl_limit_error(m, "number_too_large", "the result of '**' is too large for a float");
    *ret = dgl_double(result);
    return DGL_OK;
}

static enum dgl_status double_binary(struct dgl_mem *m, enum dgl_binary_op op, double a, double b,
                                     struct dgl_value *ret)
{
    switch (op) {
    case DGL_BIN_ADD:
        *ret = dgl_double(a + b);
        return DGL_OK;
    case DGL_BIN_SUB:
        *ret = dgl_double(a - b);
        return DGL_OK;
    case DGL_BIN_MUL:
        *ret = dgl_double(a * b);
        return DGL_OK;
    case DGL_BIN_DIV:
        if (b == 0)
            return by_zero(m, "float division");
        *ret = dgl_double(a / b);
        return DGL_OK;
    case DGL_BIN_POW:
        return double_power(m, a, b, ret);
    default:
        return double_mod(m, op, a, b, ret);
    }
}

static enum dgl_status repeat_string(struct dgl_mem *m, struct dgl_value s, int64_t times, struct dgl_value *ret)
{
    size_t len = s.as.string->len, n = times > 0 ? (size_t)times : 0;
    if (len && n > DGL_VALUE_MAX_STRING / len)
        return dgl_limit_error(m, "limit_memory", "a string repeated %lld times is too long", (long long)times);
    char *data = dgl_mem_alloc(m, len * n + 1);
    if (!data)
        return DGL_E_LIMIT;
    for (size_t i = 0; i < n && len; i++)
        memcpy(data + i * len, s.as.string->data, len);
    return dgl_make_borrowed(m, s.kind == DGL_VALUE_SAFE, data, len * n, ret);
}

static enum dgl_status repeat_list(struct dgl_mem *m, struct dgl_value list, int64_t times, struct dgl_value *ret)
{
    size_t count = list.as.list->count, n = times > 0 && count ? (size_t)times : 0;
    if (count && n > DGL_VALUE_MAX_ITEMS / count)
        return dgl_limit_error(m, "limit_memory", "a list repeated %lld times is too long", (long long)times);
    struct dgl_value made;
    DGL_TRY(dgl_make_list(m, list.kind, count * n, &made));
    for (size_t i = 0; i < n; i++)
        memcpy(made.as.list->items + i * count, list.as.list->items, count * sizeof(struct dgl_value));
    *ret = made;
    return dgl_mem_tick(m, n);
}

// str + str: what is not SAFE is escaped when the other is.
static enum dgl_status add_strings(struct dgl_mem *m, struct dgl_value a, struct dgl_value b, struct dgl_value *ret)
{
    bool safe = a.kind == DGL_VALUE_SAFE || b.kind == DGL_VALUE_SAFE;
    struct dgl_value *plain = a.kind != DGL_VALUE_SAFE ? &a : &b;
    DGL_TRY(dgl_mem_tick(m, b.as.string->len / 64));
    if (!safe || (a.kind == b.kind))
        return dgl_string_append(m, a, dgl_text(b), safe, ret);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    dgl_put_html(&text, plain->as.string->data, plain->as.string->len);
    DGL_TRY(dgl_buf_check(&text, "a string", m->err));
    DGL_TRY(dgl_make_like(m, true, text.data ? text.data : "", text.len, plain));
    return dgl_string_append(m, a, dgl_text(b), true, ret);
}

enum dgl_status dgl_value_binary(struct dgl_mem *m, enum dgl_binary_op op, struct dgl_value a, struct dgl_value b,
                                 struct dgl_value *ret)
{
    if (dgl_is_number(a) && dgl_is_number(b)) {
        if (a.kind != DGL_VALUE_DOUBLE && b.kind != DGL_VALUE_DOUBLE)
            return int_binary(m, op, dgl_as_int(a), dgl_as_int(b), ret);
        return double_binary(m, op, dgl_as_double(a), dgl_as_double(b), ret);
    }
    if (a.kind == DGL_VALUE_UNDEFINED || b.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(m, a.kind == DGL_VALUE_UNDEFINED ? a : b);
    if (op == DGL_BIN_ADD) {
        if (dgl_is_string(a) && dgl_is_string(b))
            return add_strings(m, a, b, ret);
        if (dgl_is_list(a) && a.kind == b.kind) {
            DGL_TRY(dgl_mem_tick(m, b.as.list->count));
            return dgl_list_append(m, a, b.as.list->items, b.as.list->count, ret);
        }
    } else if (op == DGL_BIN_MUL) {
        if (dgl_is_int(a)) {
            struct dgl_value swap = a;
            a = b;
            b = swap;
        }
        if (dgl_is_string(a) && dgl_is_int(b))
            return repeat_string(m, a, dgl_as_int(b), ret);
        if (dgl_is_list(a) && dgl_is_int(b))
            return repeat_list(m, a, dgl_as_int(b), ret);
    }
    if (op == DGL_BIN_ADD && dgl_is_string(a) != dgl_is_string(b))
        return dgl_type_error(m, "cannot add %s and %s; join texts with ~ instead of +", dgl_type_words(a),
                              dgl_type_words(b));
    return dgl_type_error(m, "'%s' cannot work on %s and %s", binary_signs[op], dgl_type_words(a), dgl_type_words(b));
}

enum dgl_status dgl_value_negate(struct dgl_mem *m, struct dgl_value a, bool minus, struct dgl_value *ret)
{
    if (a.kind == DGL_VALUE_DOUBLE) {
        *ret = dgl_double(minus ? -a.as.number : a.as.number);
        return DGL_OK;
    }
    if (dgl_is_int(a)) {
        int64_t i = dgl_as_int(a);
        if (minus && i == INT64_MIN)
            return too_large(m, "-");
        *ret = dgl_int(minus ? -i : i);
        return DGL_OK;
    }
    if (a.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(m, a);
    return dgl_type_error(m, "'%s' cannot work on %s", minus ? "-" : "+", dgl_type_words(a));
}
