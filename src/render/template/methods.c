// The methods of texts, lists, dicts, cyclers and loops. On a safe text the arguments are escaped first and the result
// is safe, as Markup does.
#include "render/template/builtin.h"
#include <string.h>

#define METHOD(name)                                                                                  \
    static enum dgl_status method_##name(struct dgl_vm *vm DGL_UNUSED, struct dgl_value v DGL_UNUSED, \
                                         struct dgl_args *a DGL_UNUSED, struct dgl_value *ret)

static bool safe_of(struct dgl_value v)
{
    return v.kind == DGL_VALUE_SAFE;
}

METHOD(upper)
{
    return dgl_case_text(vm, DGL_CASE_UPPER, v, ret);
}

METHOD(lower)
{
    return dgl_case_text(vm, DGL_CASE_LOWER, v, ret);
}

METHOD(swapcase)
{
    return dgl_case_text(vm, DGL_CASE_SWAP, v, ret);
}

METHOD(capitalize)
{
    return dgl_case_text(vm, DGL_CASE_TITLE, v, ret);
}

// str.title: a letter behind anything that has no case starts a word.
METHOD(title)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    struct dgl_str s = dgl_text(v);
    bool inside = false;
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len / 16));
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t c = dgl_utf8_next(s.data, s.len, &i);
        dgl_uc_case_one(inside ? DGL_CASE_LOWER : DGL_CASE_TITLE, s, from, i, &out);
        inside = dgl_uc_cased(c);
    }
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len));
    return dgl_finish(vm, &out, safe_of(v), ret);
}

static enum dgl_status strip(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, bool left, bool right,
                             struct dgl_value *ret)
{
    struct dgl_value chars;
    struct dgl_str set;
    bool given = dgl_arg_given(a, 0) && a->v[0].kind != DGL_VALUE_NONE;
    if (given) {
        DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "chars", &set));
        DGL_TRY(dgl_escaped_for(vm, safe_of(v), a->v[0], &chars));
        set = dgl_text(chars);
        DGL_TRY(dgl_mem_tick(&vm->mem, v.as.string->len / 64 * (set.len / 16 + 1)));
    }
    struct dgl_str s = dgl_uc_strip(dgl_text(v), given ? &set : NULL, left, right);
    return dgl_make_borrowed(&vm->mem, safe_of(v), s.data, s.len, ret);
}

METHOD(strip)
{
    return strip(vm, v, a, true, true, ret);
}

METHOD(lstrip)
{
    return strip(vm, v, a, true, false, ret);
}

METHOD(rstrip)
{
    return strip(vm, v, a, false, true, ret);
}

// ---- split

static enum dgl_status push_part(struct dgl_vm *vm, struct dgl_value list, struct dgl_value v, size_t from, size_t to)
{
    struct dgl_value part;
    DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
    DGL_TRY(dgl_make_borrowed(&vm->mem, safe_of(v), v.as.string->data + from, to - from, &part));
    return dgl_list_push(&vm->mem, list.as.list, part);
}

static void turn_round(struct dgl_value list)
{
    size_t count = list.as.list->count;
    for (size_t i = 0; i < count / 2; i++) {
        struct dgl_value swap = list.as.list->items[i];
        list.as.list->items[i] = list.as.list->items[count - 1 - i];
        list.as.list->items[count - 1 - i] = swap;
    }
}

// Start of the character that ends before `pos`.
static size_t back_one(struct dgl_str s, size_t pos)
{
    do
        pos--;
    while (pos > 0 && ((unsigned char)s.data[pos] & 0xc0) == 0x80);
    return pos;
}

static bool space_at(struct dgl_str s, size_t pos, size_t *ret_next)
{
    *ret_next = pos;
    return dgl_uc_space(dgl_utf8_next(s.data, s.len, ret_next));
}

static enum dgl_status split_blanks(struct dgl_vm *vm, struct dgl_value v, int64_t max, struct dgl_value list)
{
    struct dgl_str s = dgl_text(v);
    for (size_t pos = 0, next; pos < s.len;) {
        if (space_at(s, pos, &next)) {
            pos = next;
            continue;
        }
        size_t from = pos;
        if (max-- == 0)
            return push_part(vm, list, v, from, s.len);
        while (pos < s.len && !space_at(s, pos, &next))
            pos = next;
        DGL_TRY(push_part(vm, list, v, from, pos));
    }
    return DGL_OK;
}

static enum dgl_status rsplit_blanks(struct dgl_vm *vm, struct dgl_value v, int64_t max, struct dgl_value list)
{
    struct dgl_str s = dgl_text(v);
    for (size_t pos = s.len, next; pos > 0;) {
        size_t prev = back_one(s, pos);
        if (space_at(s, prev, &next)) {
            pos = prev;
            continue;
        }
        size_t end = pos;
        if (max-- == 0)
            return push_part(vm, list, v, 0, end);
        while (pos > 0 && !space_at(s, back_one(s, pos), &next))
            pos = back_one(s, pos);
        DGL_TRY(push_part(vm, list, v, pos, end));
    }
    return DGL_OK;
}

static const char *find_last(struct dgl_str s, size_t end, struct dgl_str what)
{
    for (size_t i = end < what.len ? 0 : end - what.len + 1; i-- > 0;)
        if (s.data[i] == what.data[0] && memcmp(s.data + i, what.data, what.len) == 0)
            return s.data + i;
    return NULL;
}

static enum dgl_status split_at(struct dgl_vm *vm, struct dgl_value v, struct dgl_str sep, int64_t max, bool right,
                                struct dgl_value list)
{
    struct dgl_str s = dgl_text(v);
    size_t from = 0, to = s.len;
    while (max-- != 0) {
        const char *p = right ? find_last(s, to, sep) : memmem(s.data + from, s.len - from, sep.data, sep.len);
        if (!p)
            break;
        size_t at = (size_t)(p - s.data);
        DGL_TRY(right ? push_part(vm, list, v, at + sep.len, to) : push_part(vm, list, v, from, at));
        from = right ? 0 : at + sep.len;
        to = right ? at : to;
    }
    return push_part(vm, list, v, from, to);
}

static enum dgl_status split(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, bool right,
                             struct dgl_value *ret)
{
    struct dgl_value list;
    struct dgl_str sep;
    int64_t max;
    bool given = dgl_arg_given(a, 0) && a->v[0].kind != DGL_VALUE_NONE;
    DGL_TRY(dgl_arg_int(&vm->mem, a, 1, "maxsplit", -1, &max));
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &list));
    DGL_TRY(dgl_mem_tick(&vm->mem, v.as.string->len / 16));
    if (given) {
        DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "sep", &sep));
        if (!sep.len)
            return dgl_type_error(&vm->mem, "split() cannot work with an empty separator argument");
        DGL_TRY(split_at(vm, v, sep, max, right, list));
    } else {
        DGL_TRY(right ? rsplit_blanks(vm, v, max, list) : split_blanks(vm, v, max, list));
    }
    if (right)
        turn_round(list);
    *ret = list;
    return DGL_OK;
}

METHOD(split)
{
    return split(vm, v, a, false, ret);
}

METHOD(rsplit)
{
    return split(vm, v, a, true, ret);
}

METHOD(splitlines)
{
    return dgl_split_lines(vm, v, dgl_arg_bool(a, 0, false), ret);
}

METHOD(replace)
{
    struct dgl_value old, new;
    struct dgl_str text;
    int64_t count;
    DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "old", &text));
    DGL_TRY(dgl_arg_text(&vm->mem, a->v[1], "new", &text));
    DGL_TRY(dgl_arg_int(&vm->mem, a, 2, "count", -1, &count));
    DGL_TRY(dgl_escaped_for(vm, safe_of(v), a->v[0], &old));
    DGL_TRY(dgl_escaped_for(vm, safe_of(v), a->v[1], &new));
    return dgl_replace_text(vm, dgl_text(v), dgl_text(old), dgl_text(new), count, safe_of(v), ret);
}

// ---- looking

// The part [start:end] of a text, by characters, as bytes from..to. False when start lies behind the end.
static enum dgl_status window(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, size_t i, size_t *ret_from,
                              size_t *ret_to, bool *ret_in)
{
    int64_t chars = (int64_t)dgl_chars(v), start = 0, end = chars;
    if (dgl_arg_given(a, i) && a->v[i].kind != DGL_VALUE_NONE)
        DGL_TRY(dgl_arg_int(&vm->mem, a, i, "start", 0, &start));
    if (dgl_arg_given(a, i + 1) && a->v[i + 1].kind != DGL_VALUE_NONE)
        DGL_TRY(dgl_arg_int(&vm->mem, a, i + 1, "end", 0, &end));
    start = start < 0 ? DGL_MAX(start < -chars ? 0 : start + chars, 0) : start;
    end = end < 0 ? DGL_MAX(end < -chars ? 0 : end + chars, 0) : DGL_MIN(end, chars);
    *ret_in = start <= end;
    *ret_from = dgl_uc_offset(v.as.string->data, v.as.string->len, (size_t)chars, (size_t)DGL_MIN(start, chars));
    *ret_to = dgl_uc_offset(v.as.string->data, v.as.string->len, (size_t)chars, (size_t)end);
    return dgl_mem_tick(&vm->mem, v.as.string->len / 64);
}

static bool matches(struct dgl_str s, struct dgl_str what, bool at_end)
{
    return what.len <= s.len &&
           (what.len == 0 || memcmp(at_end ? s.data + s.len - what.len : s.data, what.data, what.len) == 0);
}

static enum dgl_status begins_or_ends(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, bool at_end,
                                      struct dgl_value *ret)
{
    size_t from, to;
    bool in, found = false;
    struct dgl_value what = a->v[0];
    struct dgl_value one[1] = {what};
    struct dgl_value_list single = {.count = 1, .items = one};
    const struct dgl_value_list *list = what.kind == DGL_VALUE_TUPLE ? what.as.list : &single;
    DGL_TRY(window(vm, v, a, 1, &from, &to, &in));
    for (size_t i = 0; i < list->count; i++) {
        struct dgl_str text;
        DGL_TRY(dgl_arg_text(&vm->mem, list->items[i], "prefix or suffix", &text));
        found |= in && to >= from && matches((struct dgl_str){v.as.string->data + from, to - from}, text, at_end);
    }
    *ret = dgl_bool(found);
    return DGL_OK;
}

METHOD(startswith)
{
    return begins_or_ends(vm, v, a, false, ret);
}

METHOD(endswith)
{
    return begins_or_ends(vm, v, a, true, ret);
}

static enum dgl_status find(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, bool right,
                            struct dgl_value *ret)
{
    struct dgl_str what;
    size_t from, to;
    bool in;
    DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "sub", &what));
    DGL_TRY(window(vm, v, a, 1, &from, &to, &in));
    *ret = dgl_int(-1);
    if (!in || to < from || what.len > to - from)
        return DGL_OK;
    const char *base = v.as.string->data, *p;
    if (right)
        p = what.len ? find_last((struct dgl_str){base + from, to - from}, to - from, what) : base + to;
    else
        p = what.len ? memmem(base + from, to - from, what.data, what.len) : base + from;
    if (p)
        *ret = dgl_int((int64_t)dgl_utf8_count(base, (size_t)(p - base)));
    return DGL_OK;
}

METHOD(find)
{
    return find(vm, v, a, false, ret);
}

METHOD(rfind)
{
    return find(vm, v, a, true, ret);
}

static enum dgl_status found_or_fail(struct dgl_vm *vm, struct dgl_value v)
{
    return v.as.integer < 0 ? dgl_type_error(&vm->mem, "index() cannot find its argument in the text") : DGL_OK;
}

METHOD(index)
{
    DGL_TRY(find(vm, v, a, false, ret));
    return found_or_fail(vm, *ret);
}

METHOD(rindex)
{
    DGL_TRY(find(vm, v, a, true, ret));
    return found_or_fail(vm, *ret);
}

METHOD(count)
{
    struct dgl_str what;
    size_t from, to;
    bool in;
    int64_t count = 0;
    DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "sub", &what));
    DGL_TRY(window(vm, v, a, 1, &from, &to, &in));
    const char *p = v.as.string->data + from, *end = v.as.string->data + to;
    if (!in || to < from) {
        *ret = dgl_int(0);
        return DGL_OK;
    }
    if (!what.len)
        count = (int64_t)dgl_utf8_count(p, (size_t)(end - p)) + 1;
    while (what.len && (p = memmem(p, (size_t)(end - p), what.data, what.len))) {
        count++;
        p += what.len;
    }
    *ret = dgl_int(count);
    return DGL_OK;
}

METHOD(join)
{
    struct dgl_value list;
    struct dgl_str text;
    DGL_TRY(dgl_to_list(&vm->mem, a->v[0], &list));
    for (size_t i = 0; i < list.as.list->count && !safe_of(v); i++)
        if (!dgl_is_string(list.as.list->items[i]))
            return dgl_type_error(&vm->mem, "join() cannot take item %zu: it is a %s, not a string", i,
                                  dgl_type_words(list.as.list->items[i]));
    (void)text;
    return dgl_join_values(vm, list, v, safe_of(v), ret);
}

METHOD(format)
{
    return dgl_format_braces(vm, v, a, ret);
}

METHOD(zfill)
{
    int64_t width;
    struct dgl_str s = dgl_text(v);
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "width", 0, &width));
    if (!s.len || (s.data[0] != '-' && s.data[0] != '+'))
        return dgl_center_text(vm, v, width, DGL_STR("0"), -1, ret);
    struct dgl_value rest, sign;
    DGL_TRY(dgl_make_borrowed(&vm->mem, safe_of(v), s.data, 1, &sign));
    DGL_TRY(dgl_make_borrowed(&vm->mem, safe_of(v), s.data + 1, s.len - 1, &rest));
    DGL_TRY(dgl_center_text(vm, rest, width > 0 ? width - 1 : 0, DGL_STR("0"), -1, &rest));
    return dgl_string_append(&vm->mem, sign, dgl_text(rest), safe_of(v), ret);
}

static enum dgl_status justify(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, int side,
                               struct dgl_value *ret)
{
    int64_t width;
    struct dgl_str fill = DGL_STR(" ");
    struct dgl_value text;
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "width", 0, &width));
    if (dgl_arg_given(a, 1)) {
        DGL_TRY(dgl_arg_text(&vm->mem, a->v[1], "fillchar", &fill));
        DGL_TRY(dgl_escaped_for(vm, safe_of(v), a->v[1], &text));
        fill = dgl_text(text);
        if (dgl_utf8_count(fill.data, fill.len) != 1)
            return dgl_type_error(&vm->mem, "the argument fillchar must be one character");
    }
    return dgl_center_text(vm, v, width, fill, side, ret);
}

METHOD(center)
{
    return justify(vm, v, a, 0, ret);
}

METHOD(ljust)
{
    return justify(vm, v, a, 1, ret);
}

METHOD(rjust)
{
    return justify(vm, v, a, -1, ret);
}

static enum dgl_status all_are(struct dgl_vm *vm, struct dgl_value v, bool (*is)(uint32_t), struct dgl_value *ret)
{
    struct dgl_str s = dgl_text(v);
    bool all = s.len > 0;
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len / 16));
    for (size_t i = 0; i < s.len && all;)
        all = is(dgl_utf8_next(s.data, s.len, &i));
    *ret = dgl_bool(all);
    return DGL_OK;
}

static bool is_decimal(uint32_t c)
{
    return dgl_uc_digit_value(c) >= 0;
}

static bool is_alnum(uint32_t c)
{
    return c != '_' && dgl_uc_word(c);
}

static bool is_numeric(uint32_t c)
{
    return is_alnum(c) && !dgl_uc_alpha(c);
}

METHOD(isdigit)
{
    return all_are(vm, v, dgl_uc_digit, ret);
}

METHOD(isdecimal)
{
    return all_are(vm, v, is_decimal, ret);
}

METHOD(isnumeric)
{
    return all_are(vm, v, is_numeric, ret);
}

METHOD(isalpha)
{
    return all_are(vm, v, dgl_uc_alpha, ret);
}

METHOD(isalnum)
{
    return all_are(vm, v, is_alnum, ret);
}

METHOD(isspace)
{
    return all_are(vm, v, dgl_uc_space, ret);
}

static enum dgl_status has_case(struct dgl_vm *vm, struct dgl_value v, const char *test, struct dgl_value *ret)
{
    struct dgl_args none = {0};
    bool is;
    DGL_TRY(dgl_vm_test(vm, dgl_test_find(test, strlen(test)), v, &none, &is));
    *ret = dgl_bool(is);
    return DGL_OK;
}

static bool is_ascii(uint32_t c)
{
    return c < 128;
}

METHOD(isascii)
{
    if (!v.as.string->len) {
        *ret = dgl_bool(true);
        return DGL_OK;
    }
    return all_are(vm, v, is_ascii, ret);
}

METHOD(isupper)
{
    return has_case(vm, v, "upper", ret);
}

METHOD(islower)
{
    return has_case(vm, v, "lower", ret);
}

static enum dgl_status remove_affix(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, bool at_end,
                                    struct dgl_value *ret)
{
    struct dgl_str s = dgl_text(v), what;
    DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "prefix or suffix", &what));
    size_t cut = matches(s, what, at_end) ? what.len : 0;
    return dgl_make_borrowed(&vm->mem, false, at_end ? s.data : s.data + cut, s.len - cut, ret);
}

METHOD(removeprefix)
{
    return remove_affix(vm, v, a, false, ret);
}

METHOD(removesuffix)
{
    return remove_affix(vm, v, a, true, ret);
}

static enum dgl_status partition(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, bool right,
                                 struct dgl_value *ret)
{
    struct dgl_str s = dgl_text(v), sep;
    struct dgl_value list, escaped;
    DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "sep", &sep));
    DGL_TRY(dgl_escaped_for(vm, safe_of(v), a->v[0], &escaped));
    sep = dgl_text(escaped);
    if (!sep.len)
        return dgl_type_error(&vm->mem, "partition() cannot work with an empty separator argument");
    const char *p = right ? find_last(s, s.len, sep) : memmem(s.data, s.len, sep.data, sep.len);
    size_t at = p ? (size_t)(p - s.data) : right ? 0 : s.len, behind = p ? at + sep.len : right ? 0 : s.len;
    const size_t cuts[] = {0, at, at, behind, behind, s.len};
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_TUPLE, 3, &list));
    for (size_t i = 0; i < 3; i++)
        DGL_TRY(dgl_make_borrowed(&vm->mem, safe_of(v), s.data + cuts[2 * i], cuts[2 * i + 1] - cuts[2 * i],
                                  &list.as.list->items[i]));
    *ret = list;
    return DGL_OK;
}

METHOD(partition)
{
    return partition(vm, v, a, false, ret);
}

METHOD(rpartition)
{
    return partition(vm, v, a, true, ret);
}

// ---- lists and dicts

METHOD(list_count)
{
    int64_t count = 0;
    for (size_t i = 0; i < v.as.list->count; i++) {
        bool same;
        DGL_TRY(dgl_value_equal(&vm->mem, v.as.list->items[i], a->v[0], &same));
        count += same;
    }
    *ret = dgl_int(count);
    return DGL_OK;
}

METHOD(list_index)
{
    for (size_t i = 0; i < v.as.list->count; i++) {
        bool same;
        DGL_TRY(dgl_value_equal(&vm->mem, v.as.list->items[i], a->v[0], &same));
        if (same) {
            *ret = dgl_int((int64_t)i);
            return DGL_OK;
        }
    }
    return dgl_type_error(&vm->mem, "index() cannot find its argument in the list");
}

// The list itself grows, as in Python: {% set _ = xs.append(1) %}. The data of a render belongs to that render.
METHOD(append)
{
    *ret = dgl_none();
    return dgl_list_push(&vm->mem, v.as.list, a->v[0]);
}

METHOD(extend)
{
    struct dgl_value more;
    DGL_TRY(dgl_to_list(&vm->mem, a->v[0], &more));
    for (size_t i = 0, count = more.as.list->count; i < count; i++) {
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_list_push(&vm->mem, v.as.list, more.as.list->items[i]));
    }
    *ret = dgl_none();
    return DGL_OK;
}

METHOD(update)
{
    struct dgl_value none = dgl_undefined(NULL), more;
    DGL_TRY(dgl_global_dict(vm, none, a, &more));
    for (uint32_t i = 0; i < more.as.dict->count; i++) {
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_dict_put(&vm->mem, v.as.dict, more.as.dict->entries[i].key, more.as.dict->entries[i].value));
    }
    *ret = dgl_none();
    return DGL_OK;
}

// The place a Python index means in a list of `count`; false when there is none.
static bool list_place(int64_t index, size_t count, size_t *ret)
{
    index += index < 0 ? (int64_t)count : 0;
    *ret = (size_t)index;
    return index >= 0 && index < (int64_t)count;
}

METHOD(list_pop)
{
    struct dgl_value_list *list = v.as.list;
    int64_t index = -1;
    size_t at;
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "index", -1, &index));
    if (!list_place(index, list->count, &at))
        return dgl_type_error(&vm->mem, "pop() cannot find such an item in the list of %zu", list->count);
    *ret = list->items[at];
    memmove(list->items + at, list->items + at + 1, (list->count - at - 1) * sizeof *list->items);
    list->count--;
    return dgl_mem_tick(&vm->mem, (list->count - at) / 16);
}

METHOD(insert)
{
    struct dgl_value_list *list = v.as.list;
    int64_t index = 0, count = (int64_t)list->count;
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "index", 0, &index));
    index = index < 0 ? DGL_MAX(index < -count ? 0 : index + count, 0) : DGL_MIN(index, count);
    DGL_TRY(dgl_mem_tick(&vm->mem, (size_t)(count - index) / 16));
    DGL_TRY(dgl_list_push(&vm->mem, list, a->v[1]));
    memmove(list->items + index + 1, list->items + index, (size_t)(count - index) * sizeof *list->items);
    list->items[index] = a->v[1];
    *ret = dgl_none();
    return DGL_OK;
}

METHOD(setdefault)
{
    struct dgl_value *found;
    DGL_TRY(dgl_dict_get(&vm->mem, v.as.dict, a->v[0], &found));
    *ret = found ? *found : dgl_arg_given(a, 1) ? a->v[1] : dgl_none();
    return found ? DGL_OK : dgl_dict_put(&vm->mem, v.as.dict, a->v[0], *ret);
}

static enum dgl_status view(struct dgl_vm *vm, struct dgl_value v, enum dgl_view_kind which, struct dgl_value *ret)
{
    struct dgl_view *w = dgl_mem_alloc(&vm->mem, sizeof *w);
    if (!w)
        return DGL_E_LIMIT;
    *w = (struct dgl_view){.head.kind = DGL_OTHER_VIEW, .which = which, .dict = v.as.dict};
    *ret = dgl_other(&w->head);
    return DGL_OK;
}

METHOD(items)
{
    return view(vm, v, DGL_VIEW_ITEMS, ret);
}

METHOD(keys)
{
    return view(vm, v, DGL_VIEW_KEYS, ret);
}

METHOD(values)
{
    return view(vm, v, DGL_VIEW_VALUES, ret);
}

METHOD(get)
{
    struct dgl_value *found;
    DGL_TRY(dgl_dict_get(&vm->mem, v.as.dict, a->v[0], &found));
    *ret = found ? *found : dgl_arg_given(a, 1) ? a->v[1] : dgl_none();
    return DGL_OK;
}

// ---- cycler and loop

METHOD(next)
{
    struct dgl_cycler *c = (struct dgl_cycler *)v.as.other;
    *ret = c->items.as.list->items[c->pos];
    c->pos = (c->pos + 1) % c->items.as.list->count;
    return DGL_OK;
}

METHOD(reset)
{
    ((struct dgl_cycler *)v.as.other)->pos = 0;
    *ret = dgl_none();
    return DGL_OK;
}

METHOD(cycle)
{
    const struct dgl_loop *l = (const struct dgl_loop *)v.as.other;
    if (!a->count)
        return dgl_type_error(&vm->mem, "cycle() needs at least one argument");
    *ret = a->positional[(size_t)DGL_MAX(l->index0, 0) % a->count];
    return DGL_OK;
}

METHOD(changed)
{
    struct dgl_loop *l = (struct dgl_loop *)v.as.other;
    struct dgl_value now;
    bool same = false;
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_TUPLE, a->count, &now));
    if (a->count)
        memcpy(now.as.list->items, a->positional, a->count * sizeof *a->positional);
    if (l->changed.kind != DGL_VALUE_ABSENT)
        DGL_TRY(dgl_value_equal(&vm->mem, l->changed, now, &same));
    if (!same)
        l->changed = now;
    *ret = dgl_bool(!same);
    return DGL_OK;
}

const struct dgl_method dgl_methods[] = {
    {"append", DGL_METHOD_OPEN_LIST, method_append, "value", 1, false},
    {"extend", DGL_METHOD_OPEN_LIST, method_extend, "values", 1, false},
    {"update", DGL_METHOD_DICT, method_update, "", 0, true},
    {"capitalize", DGL_METHOD_STRING, method_capitalize, "", 0, false},
    {"center", DGL_METHOD_STRING, method_center, "width fillchar", 1, false},
    {"count", DGL_METHOD_STRING, method_count, "sub start end", 1, false},
    {"count", DGL_METHOD_LIST, method_list_count, "value", 1, false},
    {"endswith", DGL_METHOD_STRING, method_endswith, "suffix start end", 1, false},
    {"find", DGL_METHOD_STRING, method_find, "sub start end", 1, false},
    {"format", DGL_METHOD_STRING, method_format, "", 0, true},
    {"index", DGL_METHOD_LIST, method_list_index, "value", 1, false},
    {"index", DGL_METHOD_STRING, method_index, "sub start end", 1, false},
    {"insert", DGL_METHOD_OPEN_LIST, method_insert, "index value", 2, false},
    {"pop", DGL_METHOD_OPEN_LIST, method_list_pop, "index", 0, false},
    {"isascii", DGL_METHOD_STRING, method_isascii, "", 0, false},
    {"isalnum", DGL_METHOD_STRING, method_isalnum, "", 0, false},
    {"isalpha", DGL_METHOD_STRING, method_isalpha, "", 0, false},
    {"isdecimal", DGL_METHOD_STRING, method_isdecimal, "", 0, false},
    {"isdigit", DGL_METHOD_STRING, method_isdigit, "", 0, false},
    {"islower", DGL_METHOD_STRING, method_islower, "", 0, false},
    {"isnumeric", DGL_METHOD_STRING, method_isnumeric, "", 0, false},
    {"isspace", DGL_METHOD_STRING, method_isspace, "", 0, false},
    {"isupper", DGL_METHOD_STRING, method_isupper, "", 0, false},
    {"join", DGL_METHOD_STRING, method_join, "iterable", 1, false},
    {"ljust", DGL_METHOD_STRING, method_ljust, "width fillchar", 1, false},
    {"lower", DGL_METHOD_STRING, method_lower, "", 0, false},
    {"lstrip", DGL_METHOD_STRING, method_lstrip, "chars", 0, false},
    {"partition", DGL_METHOD_STRING, method_partition, "sep", 1, false},
    {"removeprefix", DGL_METHOD_STRING, method_removeprefix, "prefix", 1, false},
    {"removesuffix", DGL_METHOD_STRING, method_removesuffix, "suffix", 1, false},
    {"replace", DGL_METHOD_STRING, method_replace, "old new count", 2, false},
    {"rfind", DGL_METHOD_STRING, method_rfind, "sub start end", 1, false},
    {"rindex", DGL_METHOD_STRING, method_rindex, "sub start end", 1, false},
    {"rjust", DGL_METHOD_STRING, method_rjust, "width fillchar", 1, false},
    {"rpartition", DGL_METHOD_STRING, method_rpartition, "sep", 1, false},
    {"rsplit", DGL_METHOD_STRING, method_rsplit, "sep maxsplit", 0, false},
    {"rstrip", DGL_METHOD_STRING, method_rstrip, "chars", 0, false},
    {"split", DGL_METHOD_STRING, method_split, "sep maxsplit", 0, false},
    {"splitlines", DGL_METHOD_STRING, method_splitlines, "keepends", 0, false},
    {"startswith", DGL_METHOD_STRING, method_startswith, "prefix start end", 1, false},
    {"strip", DGL_METHOD_STRING, method_strip, "chars", 0, false},
    {"swapcase", DGL_METHOD_STRING, method_swapcase, "", 0, false},
    {"title", DGL_METHOD_STRING, method_title, "", 0, false},
    {"upper", DGL_METHOD_STRING, method_upper, "", 0, false},
    {"zfill", DGL_METHOD_STRING, method_zfill, "width", 1, false},
    {"get", DGL_METHOD_DICT, method_get, "key default", 1, false},
    {"items", DGL_METHOD_DICT, method_items, "", 0, false},
    {"keys", DGL_METHOD_DICT, method_keys, "", 0, false},
    {"setdefault", DGL_METHOD_DICT, method_setdefault, "key default", 1, false},
    {"values", DGL_METHOD_DICT, method_values, "", 0, false},
    {"next", DGL_METHOD_CYCLER, method_next, "", 0, false},
    {"reset", DGL_METHOD_CYCLER, method_reset, "", 0, false},
    {"cycle", DGL_METHOD_LOOP, method_cycle, "", 0, true},
    {"changed", DGL_METHOD_LOOP, method_changed, "", 0, true},
};
const size_t dgl_method_count = DGL_COUNT(dgl_methods);
