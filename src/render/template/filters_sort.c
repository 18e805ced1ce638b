// Sorting, grouping, extremes and sums. Keys are taken once; the sort is a stable merge sort whose comparisons may
// fail.
#include "render/template/builtin.h"
#include <string.h>

struct keyed {
    struct dgl_value key, item; // key: LIST of several for sort by "a,b"
};

// Text in lower case unless case counts.
static enum dgl_status fold(struct dgl_vm *vm, bool case_sensitive, struct dgl_value *v)
{
    if (case_sensitive || !dgl_is_string(*v))
        return DGL_OK;
    return dgl_case_text(vm, DGL_CASE_LOWER, *v, v);
}

struct order {
    struct dgl_vm *vm;
    bool reverse;
    bool identity; // equal keys compare equal even when they have no order (sort)
};

// Whether b must come before a.
static enum dgl_status before(const struct order *o, const struct keyed *b, const struct keyed *a, bool *ret)
{
    const struct keyed *x = o->reverse ? a : b, *y = o->reverse ? b : a;
    bool same = false;
    DGL_TRY(dgl_budget_tick(o->vm->mem.budget, o->vm->mem.err));
    *ret = false;
    if (o->identity)
        DGL_TRY(dgl_value_equal(&o->vm->mem, x->key, y->key, &same));
    return same ? DGL_OK : dgl_value_compare(&o->vm->mem, DGL_CMP_LT, x->key, y->key, ret);
}

static enum dgl_status merge(const struct order *o, struct keyed *a, size_t na, const struct keyed *b, size_t nb,
                             struct keyed *out)
{
    size_t i = 0, j = 0, k = 0;
    while (i < na && j < nb) {
        bool swap;
        DGL_TRY(before(o, &b[j], &a[i], &swap));
        out[k++] = swap ? b[j++] : a[i++];
    }
    while (i < na)
        out[k++] = a[i++];
    while (j < nb)
        out[k++] = b[j++];
    return DGL_OK;
}

static enum dgl_status merge_sort(const struct order *o, struct keyed *items, size_t count)
{
    struct keyed *from = items, *to = dgl_mem_alloc(&o->vm->mem, count * sizeof *to + 1);
    if (!to)
        return DGL_E_LIMIT;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            size_t na = DGL_MIN(width, count - i), nb = DGL_MIN(width, count - i - na);
            DGL_TRY(merge(o, from + i, na, from + i + na, nb, to + i));
        }
        struct keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    return DGL_OK;
}

static enum dgl_status keyed_list(struct dgl_vm *vm, struct dgl_value v, struct dgl_value *ret_list, struct keyed **ret)
{
    DGL_TRY(dgl_to_list(&vm->mem, v, ret_list));
    struct keyed *items = dgl_mem_alloc(&vm->mem, ret_list->as.list->count * sizeof *items + 1);
    if (!items)
        return DGL_E_LIMIT;
    for (size_t i = 0; i < ret_list->as.list->count; i++)
        items[i] = (struct keyed){.key = ret_list->as.list->items[i], .item = ret_list->as.list->items[i]};
    *ret = items;
    return DGL_OK;
}

static enum dgl_status listed(struct dgl_vm *vm, const struct keyed *items, size_t count, struct dgl_value *ret)
{
    struct dgl_value list;
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, count, &list));
    for (size_t i = 0; i < count; i++)
        list.as.list->items[i] = items[i].item;
    *ret = list;
    return DGL_OK;
}

// The key by several attributes "a,b" as a list, by one as it is.
static enum dgl_status sort_key(struct dgl_vm *vm, struct dgl_value attribute, bool case_sensitive,
                                struct dgl_value item, struct dgl_value *ret)
{
    struct dgl_path path;
    DGL_TRY(dgl_path_of(&vm->mem, attribute, &path));
    if (path.kind != DGL_PATH_TEXT || !memchr(path.text.data, ',', path.text.len)) {
        DGL_TRY(dgl_path_get(vm, &path, item, dgl_absent(), ret));
        return fold(vm, case_sensitive, ret);
    }
    struct dgl_str rest = path.text;
    struct dgl_value list, part;
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &list));
    for (bool more = true; more;) {
        const char *comma = memchr(rest.data, ',', rest.len);
        size_t len = comma ? (size_t)(comma - rest.data) : rest.len;
        path.text = (struct dgl_str){rest.data, len};
        DGL_TRY(dgl_path_get(vm, &path, item, dgl_absent(), &part));
        DGL_TRY(fold(vm, case_sensitive, &part));
        DGL_TRY(dgl_list_push(&vm->mem, list.as.list, part));
        more = comma != NULL;
        if (more)
            rest = (struct dgl_str){comma + 1, rest.len - len - 1};
    }
    *ret = list;
    return DGL_OK;
}

// Only numbers say whether an order is reversed, as in Python: a misspelt name must not sort the wrong way round.
static enum dgl_status reverse_of(struct dgl_vm *vm, const struct dgl_args *a, size_t i, bool *ret)
{
    if (dgl_arg_given(a, i) && !dgl_is_int(a->v[i]))
        return dgl_type_error(&vm->mem, "the argument reverse must be true or false, not %s", dgl_type_words(a->v[i]));
    *ret = dgl_arg_bool(a, i, false);
    return DGL_OK;
}

DGL_FILTER(sort)
{
    struct dgl_value list;
    struct keyed *items;
    struct order o = {.vm = vm, .identity = true};
    DGL_TRY(reverse_of(vm, a, 0, &o.reverse));
    DGL_TRY(keyed_list(vm, v, &list, &items));
    for (size_t i = 0; i < list.as.list->count; i++)
        DGL_TRY(sort_key(vm, a->v[2], dgl_arg_bool(a, 1, false), items[i].item, &items[i].key));
    DGL_TRY(merge_sort(&o, items, list.as.list->count));
    return listed(vm, items, list.as.list->count, ret);
}

DGL_FILTER(dictsort)
{
    struct dgl_value by = a->v[1], list;
    struct dgl_str name = DGL_STR("key");
    struct order o = {.vm = vm};
    DGL_TRY(reverse_of(vm, a, 2, &o.reverse));
    if (dgl_arg_given(a, 1))
        DGL_TRY(dgl_arg_text(&vm->mem, by, "by", &name));
    bool value = dgl_str_is(name, "value");
    if (!value && !dgl_str_is(name, "key"))
        return dgl_type_error(&vm->mem, "the argument by must be 'key' or 'value'");
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    if (v.kind != DGL_VALUE_DICT)
        return dgl_type_error(&vm->mem, "dictsort needs an object; %s cannot be sorted by keys", dgl_type_words(v));
    size_t count = v.as.dict->count;
    struct keyed *items = dgl_mem_alloc(&vm->mem, count * sizeof *items + 1);
    if (!items)
        return DGL_E_LIMIT;
    for (size_t i = 0; i < count; i++) {
        const struct dgl_dict_entry *e = &v.as.dict->entries[i];
        items[i].key = value ? e->value : e->key;
        DGL_TRY(fold(vm, dgl_arg_bool(a, 0, false), &items[i].key));
        DGL_TRY(dgl_make_pair(&vm->mem, e->key, e->value, &items[i].item));
    }
    DGL_TRY(merge_sort(&o, items, count));
    DGL_TRY(listed(vm, items, count, &list));
    *ret = list;
    return DGL_OK;
}

static enum dgl_status push_group(struct dgl_vm *vm, const struct keyed *items, size_t count, struct dgl_value grouper,
                                  struct dgl_value groups)
{
    struct dgl_value members, pair;
    DGL_TRY(listed(vm, items, count, &members));
    DGL_TRY(dgl_make_pair(&vm->mem, grouper, members, &pair));
    pair.as.list->group = true;
    return dgl_list_push(&vm->mem, groups.as.list, pair);
}

DGL_FILTER(groupby)
{
    struct dgl_value list, groups,
        fallback = dgl_arg_given(a, 1) && a->v[1].kind != DGL_VALUE_NONE ? a->v[1] : dgl_absent();
    struct keyed *items;
    struct dgl_path path;
    struct order o = {.vm = vm};
    bool case_sensitive = dgl_arg_bool(a, 2, false);
    DGL_TRY(dgl_path_of(&vm->mem, a->v[0], &path));
    DGL_TRY(keyed_list(vm, v, &list, &items));
    size_t count = list.as.list->count;
    for (size_t i = 0; i < count; i++) {
        DGL_TRY(dgl_path_get(vm, &path, items[i].item, fallback, &items[i].key));
        DGL_TRY(fold(vm, case_sensitive, &items[i].key));
    }
    DGL_TRY(merge_sort(&o, items, count));
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &groups));
    for (size_t from = 0, to; from < count; from = to) {
        struct dgl_value grouper = items[from].key;
        bool same = true;
        for (to = from + 1; to < count && same; to += same)
            DGL_TRY(dgl_value_equal(&vm->mem, items[from].key, items[to].key, &same));
        if (!case_sensitive)
            DGL_TRY(dgl_path_get(vm, &path, items[from].item, fallback, &grouper));
        DGL_TRY(push_group(vm, items + from, to - from, grouper, groups));
    }
    *ret = groups;
    return DGL_OK;
}

DGL_FILTER(unique)
{
    struct dgl_value list, seen, out;
    struct dgl_path path;
    struct keyed *items;
    DGL_TRY(dgl_path_of(&vm->mem, a->v[1], &path));
    DGL_TRY(keyed_list(vm, v, &list, &items));
    DGL_TRY(dgl_make_dict(&vm->mem, 8, &seen));
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &out));
    for (size_t i = 0; i < list.as.list->count; i++) {
        struct dgl_value *found;
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_path_get(vm, &path, items[i].item, dgl_absent(), &items[i].key));
        DGL_TRY(fold(vm, dgl_arg_bool(a, 0, false), &items[i].key));
        DGL_TRY(dgl_dict_get(&vm->mem, seen.as.dict, items[i].key, &found));
        if (found)
            continue;
        DGL_TRY(dgl_dict_put(&vm->mem, seen.as.dict, items[i].key, dgl_none()));
        DGL_TRY(dgl_list_push(&vm->mem, out.as.list, items[i].item));
    }
    return dgl_make_generator(&vm->mem, out, ret);
}

static enum dgl_status extreme(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, enum dgl_compare_op op,
                               struct dgl_value *ret)
{
    static const struct dgl_value_undefined none = {
        .hint = "no smallest or largest item, the sequence is empty; it is undefined"};
    struct dgl_value list;
    struct dgl_path path;
    struct keyed *items;
    size_t best = 0;
    DGL_TRY(dgl_path_of(&vm->mem, a->v[1], &path));
    DGL_TRY(keyed_list(vm, v, &list, &items));
    for (size_t i = 0; i < list.as.list->count; i++) {
        bool better = false;
        DGL_TRY(dgl_path_get(vm, &path, items[i].item, dgl_absent(), &items[i].key));
        DGL_TRY(fold(vm, dgl_arg_bool(a, 0, false), &items[i].key));
        if (i > 0)
            DGL_TRY(dgl_value_compare(&vm->mem, op, items[i].key, items[best].key, &better));
        best = better ? i : best;
    }
    *ret = list.as.list->count ? items[best].item : dgl_undefined(&none);
    return DGL_OK;
}

DGL_FILTER(min)
{
    return extreme(vm, v, a, DGL_CMP_LT, ret);
}

DGL_FILTER(max)
{
    return extreme(vm, v, a, DGL_CMP_GT, ret);
}

DGL_FILTER(sum)
{
    struct dgl_value total = dgl_arg_given(a, 1) ? a->v[1] : dgl_int(0), item;
    struct dgl_path path;
    struct dgl_iter it;
    DGL_TRY(dgl_path_of(&vm->mem, a->v[0], &path));
    DGL_TRY(dgl_iter_init(&vm->mem, v, &it));
    if (dgl_is_string(total))
        return dgl_type_error(&vm->mem, "sum() cannot add texts; use join");
    for (bool more = true; more;) {
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_iter_next(&vm->mem, &it, &item, &more));
        if (!more)
            break;
        DGL_TRY(dgl_path_get(vm, &path, item, dgl_absent(), &item));
        DGL_TRY(dgl_value_binary(&vm->mem, DGL_BIN_ADD, total, item, &total));
    }
    *ret = total;
    return DGL_OK;
}
