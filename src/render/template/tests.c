// The tests behind "is".
#include "render/template/builtin.h"
#include "render/template/suggest.h"
#include <string.h>

#define TEST(name)                                                                                  \
    static enum dgl_status test_##name(struct dgl_vm *vm DGL_UNUSED, struct dgl_value v DGL_UNUSED, \
                                       struct dgl_args *a DGL_UNUSED, bool *ret)

#define SIMPLE_TEST(name, expression) \
    TEST(name)                        \
    {                                 \
        *ret = (expression);          \
        return DGL_OK;                \
    }

SIMPLE_TEST(defined, v.kind != DGL_VALUE_UNDEFINED)
SIMPLE_TEST(undefined, v.kind == DGL_VALUE_UNDEFINED)
SIMPLE_TEST(none, v.kind == DGL_VALUE_NONE)
SIMPLE_TEST(boolean, v.kind == DGL_VALUE_BOOL)
SIMPLE_TEST(yes, v.kind == DGL_VALUE_BOOL && v.as.boolean)
SIMPLE_TEST(no, v.kind == DGL_VALUE_BOOL && !v.as.boolean)
SIMPLE_TEST(integer, v.kind == DGL_VALUE_INT)
SIMPLE_TEST(float, v.kind == DGL_VALUE_DOUBLE)
SIMPLE_TEST(number, dgl_is_number(v))
SIMPLE_TEST(string, dgl_is_string(v))
SIMPLE_TEST(mapping, v.kind == DGL_VALUE_DICT)
SIMPLE_TEST(iterable, dgl_iterable(v) || dgl_is_other(v, DGL_OTHER_LOOP))
SIMPLE_TEST(callable, dgl_callable(v))
SIMPLE_TEST(escaped, v.kind == DGL_VALUE_SAFE)

TEST(sequence)
{
    *ret = dgl_is_string(v) || dgl_is_list(v) || v.kind == DGL_VALUE_DICT || dgl_is_other(v, DGL_OTHER_RANGE) ||
           v.kind == DGL_VALUE_UNDEFINED;
    return DGL_OK;
}

static enum dgl_status remainder_is(struct dgl_vm *vm, struct dgl_value v, struct dgl_value divisor, int64_t wanted,
                                    bool *ret)
{
    struct dgl_value rest;
    if (dgl_is_string(v)) {
        DGL_TRY(dgl_format_percent_value(vm, v, divisor, &rest));
    } else {
        DGL_TRY(dgl_value_binary(&vm->mem, DGL_BIN_MOD, v, divisor, &rest));
    }
    return dgl_value_equal(&vm->mem, rest, dgl_int(wanted), ret);
}

TEST(odd)
{
    return remainder_is(vm, v, dgl_int(2), 1, ret);
}

TEST(even)
{
    return remainder_is(vm, v, dgl_int(2), 0, ret);
}

TEST(divisibleby)
{
    return remainder_is(vm, v, a->v[0], 0, ret);
}

// Whether all letters that have a case have this one, and there is one.
static enum dgl_status cased(struct dgl_vm *vm, struct dgl_value v, bool upper, bool *ret)
{
    struct dgl_value text;
    bool any = false, wrong = false;
    DGL_TRY(dgl_to_string(&vm->mem, v, &text));
    struct dgl_str s = dgl_text(text);
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len / 16));
    for (size_t i = 0; i < s.len && !wrong;) {
        uint32_t c = dgl_utf8_next(s.data, s.len, &i);
        bool up = dgl_uc_upper(c), low = dgl_uc_lower(c);
        wrong = dgl_uc_title(c) || (upper ? low : up);
        any |= upper ? up : low;
    }
    *ret = any && !wrong;
    return DGL_OK;
}

TEST(lower)
{
    return cased(vm, v, false, ret);
}

TEST(upper)
{
    return cased(vm, v, true, ret);
}

TEST(sameas)
{
    struct dgl_value o = a->v[0];
    *ret = v.kind == o.kind;
    switch (v.kind) {
    case DGL_VALUE_BOOL:
        *ret = *ret && v.as.boolean == o.as.boolean;
        break;
    case DGL_VALUE_INT:
        *ret = *ret && v.as.integer == o.as.integer;
        break;
    case DGL_VALUE_DOUBLE:
        *ret = *ret && v.as.number == o.as.number;
        break;
    case DGL_VALUE_STRING:
    case DGL_VALUE_SAFE:
        if (*ret)
            return dgl_value_equal(&vm->mem, v, o, ret);
        break;
    case DGL_VALUE_NONE:
    case DGL_VALUE_UNDEFINED:
        break;
    default:
        *ret = *ret && v.as.other == o.as.other;
        break;
    }
    return DGL_OK;
}

TEST(in)
{
    return dgl_value_compare(&vm->mem, DGL_CMP_IN, v, a->v[0], ret);
}

TEST(eq)
{
    return dgl_value_compare(&vm->mem, DGL_CMP_EQ, v, a->v[0], ret);
}

TEST(ne)
{
    return dgl_value_compare(&vm->mem, DGL_CMP_NE, v, a->v[0], ret);
}

TEST(lt)
{
    return dgl_value_compare(&vm->mem, DGL_CMP_LT, v, a->v[0], ret);
}

TEST(le)
{
    return dgl_value_compare(&vm->mem, DGL_CMP_LE, v, a->v[0], ret);
}

TEST(gt)
{
    return dgl_value_compare(&vm->mem, DGL_CMP_GT, v, a->v[0], ret);
}

TEST(ge)
{
    return dgl_value_compare(&vm->mem, DGL_CMP_GE, v, a->v[0], ret);
}

TEST(filter)
{
    *ret = dgl_is_string(v) && dgl_filter_find(v.as.string->data, v.as.string->len);
    return DGL_OK;
}

TEST(test)
{
    *ret = dgl_is_string(v) && dgl_test_find(v.as.string->data, v.as.string->len);
    return DGL_OK;
}

const struct dgl_test dgl_tests[] = {
    {"!=", test_ne, "other", 1, "Not equal.", "{{ [1, 2]|select('!=', 1)|list }} gives [2]"},
    {"<", test_lt, "other", 1, "Less.", "{{ [1, 2, 3]|select('<', 3)|list }} gives [1, 2]"},
    {"<=", test_le, "other", 1, "Less or equal.", "{{ [1, 2, 3]|select('<=', 2)|list }} gives [1, 2]"},
    {"==", test_eq, "other", 1, "Equal.", "{{ [1, 2, 3]|select('==', 3)|list }} gives [3]"},
    {">", test_gt, "other", 1, "Greater.", "{{ [1, 2, 3]|select('>', 2)|list }} gives [3]"},
    {">=", test_ge, "other", 1, "Greater or equal.", "{{ [1, 2, 3]|select('>=', 2)|list }} gives [2, 3]"},
    {"boolean", test_boolean, "", 0, "True or false.", "{{ true is boolean }} gives True"},
    {"callable", test_callable, "", 0, "Something that can be called.", "{{ range is callable }} gives True"},
    {"defined", test_defined, "", 0, "There is such a value.",
     "{% if missing is defined %}yes{% else %}no{% endif %} gives no"},
    {"divisibleby", test_divisibleby, "num", 1, "Divisible without rest.", "{{ 9 is divisibleby 3 }} gives True"},
    {"eq", test_eq, "other", 1, "Equal.", "{{ 1 is eq 1 }} gives True"},
    {"equalto", test_eq, "other", 1, "Equal.", "{{ 1 is equalto 2 }} gives False"},
    {"escaped", test_escaped, "", 0, "Safe already.", "{{ '<'|e is escaped }} gives True"},
    {"even", test_even, "", 0, "An even number.", "{{ 2 is even }} gives True"},
    {"false", test_no, "", 0, "The value false.", "{{ (1 > 2) is false }} gives True"},
    {"filter", test_filter, "", 0, "The name of a filter.", "{{ 'upper' is filter }} gives True"},
    {"float", test_float, "", 0, "A floating point number.", "{{ 1.0 is float }} gives True"},
    {"ge", test_ge, "other", 1, "Greater or equal.", "{{ 2 is ge 1 }} gives True"},
    {"greaterthan", test_gt, "other", 1, "Greater.", "{{ 2 is greaterthan 2 }} gives False"},
    {"gt", test_gt, "other", 1, "Greater.", "{{ 2 is gt 1 }} gives True"},
    {"in", test_in, "seq", 1, "Among the items.", "{{ 1 is in [1, 2] }} gives True"},
    {"integer", test_integer, "", 0, "A whole number.", "{{ 1.0 is integer }} gives False"},
    {"iterable", test_iterable, "", 0, "Something a loop can walk.", "{{ [1, 2] is iterable }} gives True"},
    {"le", test_le, "other", 1, "Less or equal.", "{{ 1 is le 2 }} gives True"},
    {"lessthan", test_lt, "other", 1, "Less.", "{{ 1 is lessthan 2 }} gives True"},
    {"lower", test_lower, "", 0, "Text in lower case.", "{{ 'ab' is lower }} gives True"},
    {"lt", test_lt, "other", 1, "Less.", "{{ 2 is lt 1 }} gives False"},
    {"mapping", test_mapping, "", 0, "A dict.", "{{ {'a': 1} is mapping }} gives True"},
    {"ne", test_ne, "other", 1, "Not equal.", "{{ 1 is ne 2 }} gives True"},
    {"none", test_none, "", 0, "The value none (null).", "{{ none is none }} gives True"},
    {"number", test_number, "", 0, "A number.", "{{ '1' is number }} gives False"},
    {"odd", test_odd, "", 0, "An odd number.", "{{ 1 is odd }} gives True"},
    {"sameas", test_sameas, "other", 1, "The very same value.", "{{ 0 is sameas false }} gives False"},
    {"sequence", test_sequence, "", 0, "A list, text or the like.", "{{ [1, 2] is sequence }} gives True"},
    {"string", test_string, "", 0, "A text.", "{{ 'x' is string }} gives True"},
    {"test", test_test, "", 0, "The name of a test.", "{{ 'even' is test }} gives True"},
    {"true", test_yes, "", 0, "The value true.", "{{ (2 > 1) is true }} gives True"},
    {"undefined", test_undefined, "", 0, "There is no such value.", "{{ missing is undefined }} gives True"},
    {"upper", test_upper, "", 0, "Text in upper case.", "{{ 'Ab' is upper }} gives False"},
};
const size_t dgl_test_count = DGL_COUNT(dgl_tests);

uint32_t dgl_test_index(const char *name, size_t len)
{
    for (size_t i = 0; i < dgl_test_count; i++)
        if (dgl_str_is((struct dgl_str){name, len}, dgl_tests[i].name))
            return (uint32_t)i;
    return DGL_NO_FILTER;
}

const struct dgl_test *dgl_test_find(const char *name, size_t len)
{
    uint32_t i = dgl_test_index(name, len);
    return i == DGL_NO_FILTER ? NULL : &dgl_tests[i];
}

const char *dgl_test_suggest(const char *name, size_t len)
{
    const char *names[DGL_COUNT(dgl_tests)];
    for (size_t i = 0; i < dgl_test_count; i++)
        names[i] = dgl_tests[i].name;
    return dgl_suggest(name, len, names, dgl_test_count);
}
