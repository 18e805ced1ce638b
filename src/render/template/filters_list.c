// Filters on lists and other things that can be walked.
#include "render/template/builtin.h"
#include <string.h>

DGL_FILTER(attr)
{
    struct dgl_str name;
    struct dgl_value key;
    DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "name", &name));
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    if (v.kind == DGL_VALUE_DICT && !dgl_method_of(v, name)) // keys are no attributes
        return dgl_make_undefined(&vm->mem, name, dgl_object_name(v), NULL, ret);
    DGL_TRY(dgl_make_string(&vm->mem, name.data, name.len, &key));
    return dgl_vm_item(vm, v, key, ret);
}

DGL_FILTER(length)
{
    size_t count;
    (void)a;
    if (!dgl_length(v, &count))
        return dgl_type_error(&vm->mem, "%s has no length%s", dgl_type_words(v),
                              dgl_is_other(v, DGL_OTHER_GENERATOR) ? "; put |list before it" : "");
    *ret = dgl_int((int64_t)count);
    return DGL_OK;
}

DGL_FILTER(default)
{
    bool boolean = dgl_arg_bool(a, 1, false);
    *ret = v;
    if (v.kind != DGL_VALUE_UNDEFINED && !(boolean && !dgl_value_truthy(v)))
        return DGL_OK;
    if (!dgl_arg_given(a, 0))
        return dgl_make_borrowed(&vm->mem, false, "", 0, ret);
    *ret = a->v[0];
    return DGL_OK;
}

DGL_FILTER(first)
{
    static const struct dgl_value_undefined none = {.hint = "no first item, the sequence is empty; it is undefined"};
    struct dgl_iter it;
    bool more;
    (void)a;
    DGL_TRY(dgl_iter_init(&vm->mem, v, &it));
    DGL_TRY(dgl_iter_next(&vm->mem, &it, ret, &more));
    if (!more)
        *ret = dgl_undefined(&none);
    return DGL_OK;
}

DGL_FILTER(last)
{
    static const struct dgl_value_undefined none = {.hint = "no last item, the sequence is empty; it is undefined"};
    struct dgl_value list;
    (void)a;
    if (dgl_is_other(v, DGL_OTHER_GENERATOR))
        return dgl_type_error(&vm->mem, "what is made in passing cannot be read from its end; put |list before |last");
    if (dgl_is_list(v) && v.as.list->count) {
        *ret = v.as.list->items[v.as.list->count - 1];
        return DGL_OK;
    }
    if (dgl_is_string(v) && v.as.string->len)
        return dgl_vm_item(vm, v, dgl_int(-1), ret);
    DGL_TRY(dgl_to_list(&vm->mem, v, &list));
    *ret = list.as.list->count ? list.as.list->items[list.as.list->count - 1] : dgl_undefined(&none);
    return DGL_OK;
}

DGL_FILTER(random)
{
    static const struct dgl_value_undefined none = {.hint = "no random item, the sequence is empty; it is undefined"};
    size_t count;
    (void)a;
    if (!dgl_length(v, &count))
        return dgl_type_error(&vm->mem, "%s has no length", dgl_type_words(v));
    if (!count) {
        *ret = dgl_undefined(&none);
        return DGL_OK;
    }
    // The same document comes out each time: a sequence seeded with the job's creation.
    vm->random = vm->random * UINT64_C(6364136223846793005) + (uint64_t)vm->env->created_at_us + 1442695040888963407u;
    return dgl_vm_item(vm, v, dgl_int((int64_t)((vm->random >> 33) % count)), ret);
}

// Text of each item with the separator between; `escape`: what is not safe is escaped and the result is safe.
enum dgl_status dgl_join_values(struct dgl_vm *vm, struct dgl_value list, struct dgl_value separator, bool escape,
                                struct dgl_value *ret)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    for (size_t i = 0; i < list.as.list->count; i++) {
        struct dgl_value text;
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        if (i)
            dgl_buf_append(&out, separator.as.string->data, separator.as.string->len);
        DGL_TRY(dgl_to_string(&vm->mem, list.as.list->items[i], &text));
        if (escape && text.kind == DGL_VALUE_STRING)
            dgl_put_html(&out, text.as.string->data, text.as.string->len);
        else
            dgl_buf_append(&out, text.as.string->data, text.as.string->len);
        DGL_TRY(dgl_buf_check(&out, "a string", vm->mem.err));
    }
    return dgl_finish(vm, &out, escape, ret);
}

static enum dgl_status mapped(struct dgl_vm *vm, struct dgl_value v, struct dgl_value attribute,
                              struct dgl_value fallback, struct dgl_value *ret);

DGL_FILTER(join)
{
    struct dgl_value separator, list = v;
    bool safe = false;
    if (dgl_arg_given(a, 0))
        DGL_TRY(dgl_to_string(&vm->mem, a->v[0], &separator));
    else
        DGL_TRY(dgl_make_borrowed(&vm->mem, false, "", 0, &separator));
    if (dgl_arg_given(a, 1) && a->v[1].kind != DGL_VALUE_NONE)
        DGL_TRY(mapped(vm, v, a->v[1], dgl_absent(), &list));
    DGL_TRY(dgl_to_list(&vm->mem, list, &list));
    for (size_t i = 0; i < list.as.list->count && vm->autoescape; i++)
        safe |= list.as.list->items[i].kind == DGL_VALUE_SAFE;
    safe |= vm->autoescape && separator.kind == DGL_VALUE_SAFE;
    if (safe)
        DGL_TRY(dgl_escaped_for(vm, true, separator, &separator));
    return dgl_join_values(vm, list, separator, safe, ret);
}

DGL_FILTER(list)
{
    struct dgl_value copy;
    (void)a;
    if (v.kind != DGL_VALUE_LIST)
        return dgl_to_list(&vm->mem, v, ret);
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, v.as.list->count, &copy));
    if (v.as.list->count)
        memcpy(copy.as.list->items, v.as.list->items, v.as.list->count * sizeof(struct dgl_value));
    *ret = copy;
    return dgl_mem_tick(&vm->mem, v.as.list->count / 8);
}

static enum dgl_status view(struct dgl_vm *vm, struct dgl_value_dict *d, enum dgl_view_kind which,
                            struct dgl_value *ret)
{
    struct dgl_view *w = dgl_mem_alloc(&vm->mem, sizeof *w);
    if (!w)
        return DGL_E_LIMIT;
    *w = (struct dgl_view){.head.kind = DGL_OTHER_VIEW, .which = which, .dict = d};
    *ret = dgl_other(&w->head);
    return DGL_OK;
}

DGL_FILTER(items)
{
    struct dgl_value list;
    (void)a;
    if (v.kind == DGL_VALUE_UNDEFINED) {
        DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &list));
    } else if (v.kind != DGL_VALUE_DICT) {
        return dgl_type_error(&vm->mem, "cannot get items: the value is %s, not an object", dgl_type_words(v));
    } else {
        DGL_TRY(view(vm, v.as.dict, DGL_VIEW_ITEMS, &list));
        DGL_TRY(dgl_to_list(&vm->mem, list, &list));
    }
    return dgl_make_generator(&vm->mem, list, ret);
}

// ---- map, select and their like: what they give can be walked once

// The arguments behind the first `skip` positional ones.
static void shift(struct dgl_args *a, uint32_t skip)
{
    a->positional += skip;
    a->count -= skip;
}

static enum dgl_status mapped(struct dgl_vm *vm, struct dgl_value v, struct dgl_value attribute,
                              struct dgl_value fallback, struct dgl_value *ret)
{
    struct dgl_path path;
    struct dgl_iter it;
    struct dgl_value item, list;
    DGL_TRY(dgl_path_of(&vm->mem, attribute, &path));
    DGL_TRY(dgl_iter_init(&vm->mem, v, &it));
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &list));
    for (bool more = true; more;) {
        DGL_TRY(dgl_iter_next(&vm->mem, &it, &item, &more));
        if (!more)
            break;
        DGL_TRY(dgl_path_get(vm, &path, item, fallback, &item));
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_list_push(&vm->mem, list.as.list, item));
    }
    *ret = list;
    return DGL_OK;
}

static enum dgl_status map_attribute(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, struct dgl_value *ret)
{
    struct dgl_value attribute = dgl_absent(), fallback = dgl_absent();
    for (uint32_t i = 0; i < a->keywords; i++) {
        if (strcmp(a->names[i]->text.data, "attribute") == 0)
            attribute = a->values[i];
        else if (strcmp(a->names[i]->text.data, "default") == 0)
            fallback = a->values[i].kind == DGL_VALUE_NONE ? dgl_absent() : a->values[i];
        else
            return dgl_type_error(&vm->mem, "map() has no argument '%s'", a->names[i]->text.data);
    }
    if (attribute.kind == DGL_VALUE_ABSENT)
        return dgl_type_error(&vm->mem, "map() is missing its argument: a filter's name or attribute=");
    return mapped(vm, v, attribute, fallback, ret);
}

static enum dgl_status map_filter(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, struct dgl_value *ret)
{
    struct dgl_str name;
    struct dgl_iter it;
    struct dgl_value item, list;
    DGL_TRY(dgl_arg_text(&vm->mem, a->positional[0], "of map()", &name));
    const struct dgl_filter *f = dgl_filter_find(name.data, name.len);
    if (!f) {
        const char *near = dgl_filter_suggest(name.data, name.len);
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "unknown_filter", "there is no filter named '%.*s'%s%s%s",
                             (int)DGL_MIN(name.len, 60u), name.data, near ? "; did you mean '" : "", near ? near : "",
                             near ? "'?" : "");
    }
    shift(a, 1);
    DGL_TRY(dgl_iter_init(&vm->mem, v, &it));
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &list));
    DGL_TRY(dgl_vm_enter(vm));
    for (bool more = true; more;) {
        struct dgl_args each = *a;
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_iter_next(&vm->mem, &it, &item, &more));
        if (!more)
            break;
        DGL_TRY(dgl_vm_filter(vm, f, item, &each, &item));
        DGL_TRY(dgl_list_push(&vm->mem, list.as.list, item));
    }
    vm->depth--;
    *ret = list;
    return DGL_OK;
}

DGL_FILTER(map)
{
    struct dgl_value list;
    if (!dgl_value_truthy(v)) {
        DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &list));
    } else if (!a->count) {
        DGL_TRY(map_attribute(vm, v, a, &list));
    } else {
        DGL_TRY(map_filter(vm, v, a, &list));
    }
    return dgl_make_generator(&vm->mem, list, ret);
}

static enum dgl_status find_test(struct dgl_vm *vm, const struct dgl_args *a, const struct dgl_test **ret)
{
    struct dgl_str name;
    *ret = NULL;
    if (!a->count)
        return DGL_OK;
    DGL_TRY(dgl_arg_text(&vm->mem, a->positional[0], "naming the test", &name));
    *ret = dgl_test_find(name.data, name.len);
    if (*ret)
        return DGL_OK;
    const char *near = dgl_test_suggest(name.data, name.len);
    return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "unknown_test", "there is no test named '%.*s'%s%s%s",
                         (int)DGL_MIN(name.len, 60u), name.data, near ? "; did you mean '" : "", near ? near : "",
                         near ? "'?" : "");
}

static enum dgl_status choose(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, bool by_attribute, bool wanted,
                              struct dgl_value *ret)
{
    struct dgl_value list, item, subject;
    struct dgl_path path = {.kind = DGL_PATH_NONE};
    const struct dgl_test *test;
    struct dgl_iter it;
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &list));
    if (!dgl_value_truthy(v))
        return dgl_make_generator(&vm->mem, list, ret);
    if (by_attribute) {
        if (!a->count)
            return dgl_type_error(&vm->mem, "the argument naming the attribute is missing");
        DGL_TRY(dgl_path_of(&vm->mem, a->positional[0], &path));
        shift(a, 1);
    }
    DGL_TRY(find_test(vm, a, &test));
    if (test)
        shift(a, 1);
    DGL_TRY(dgl_iter_init(&vm->mem, v, &it));
    for (bool more = true; more;) {
        struct dgl_args each = *a;
        bool is;
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_iter_next(&vm->mem, &it, &item, &more));
        if (!more)
            break;
        DGL_TRY(dgl_path_get(vm, &path, item, dgl_absent(), &subject));
        is = dgl_value_truthy(subject);
        if (test)
            DGL_TRY(dgl_vm_test(vm, test, subject, &each, &is));
        if (is == wanted)
            DGL_TRY(dgl_list_push(&vm->mem, list.as.list, item));
    }
    return dgl_make_generator(&vm->mem, list, ret);
}

DGL_FILTER(select)
{
    return choose(vm, v, a, false, true, ret);
}

DGL_FILTER(reject)
{
    return choose(vm, v, a, false, false, ret);
}

DGL_FILTER(selectattr)
{
    return choose(vm, v, a, true, true, ret);
}

DGL_FILTER(rejectattr)
{
    return choose(vm, v, a, true, false, ret);
}

DGL_FILTER(reverse)
{
    struct dgl_value list, copy;
    (void)a;
    if (dgl_is_string(v)) {
        DGL_TRY(dgl_vm_slice(vm, v, dgl_none(), dgl_none(), dgl_int(-1), ret));
        return DGL_OK;
    }
    DGL_TRY(dgl_to_list(&vm->mem, v, &list));
    DGL_TRY(dgl_vm_slice(vm, list, dgl_none(), dgl_none(), dgl_int(-1), &copy));
    return dgl_is_other(v, DGL_OTHER_GENERATOR) ? (*ret = copy, DGL_OK) : dgl_make_generator(&vm->mem, copy, ret);
}

static enum dgl_status push_part(struct dgl_vm *vm, struct dgl_value list, size_t from, size_t to,
                                 struct dgl_value fill, size_t times, struct dgl_value out)
{
    struct dgl_value part;
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, to - from + times, &part));
    for (size_t i = from; i < to; i++)
        part.as.list->items[i - from] = list.as.list->items[i];
    for (size_t i = 0; i < times; i++)
        part.as.list->items[to - from + i] = fill;
    DGL_TRY(dgl_mem_tick(&vm->mem, (to - from + times) / 8 + 1));
    return dgl_list_push(&vm->mem, out.as.list, part);
}

DGL_FILTER(slice)
{
    int64_t slices;
    struct dgl_value list, out, fill = dgl_arg_given(a, 1) ? a->v[1] : dgl_none();
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "slices", 1, &slices));
    DGL_TRY(dgl_to_list(&vm->mem, v, &list));
    if (slices == 0)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "division_by_zero", "slice() into zero parts");
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &out));
    size_t count = list.as.list->count, n = slices > 0 ? (size_t)slices : 0;
    for (size_t i = 0, from = 0; i < n; i++) {
        size_t size = count / n + (i < count % n);
        bool filled = fill.kind != DGL_VALUE_NONE && i >= count % n;
        DGL_TRY(push_part(vm, list, from, from + size, fill, filled, out));
        from += size;
    }
    return dgl_make_generator(&vm->mem, out, ret);
}

DGL_FILTER(batch)
{
    int64_t size;
    struct dgl_value list, out, fill = dgl_arg_given(a, 1) ? a->v[1] : dgl_none();
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "linecount", 1, &size));
    DGL_TRY(dgl_to_list(&vm->mem, v, &list));
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &out));
    size_t count = list.as.list->count, n = size > 0 ? (size_t)size : count;
    if (size == 0 && count) // as in Jinja: an empty one comes first
        DGL_TRY(push_part(vm, list, 0, 0, fill, 0, out));
    n = size == 0 ? 1 : n;
    for (size_t from = 0; from < count; from += n) {
        size_t to = DGL_MIN(from + n, count);
        size_t missing = fill.kind != DGL_VALUE_NONE && to - from < n ? n - (to - from) : 0;
        if (missing > DGL_VALUE_MAX_ITEMS)
            return dgl_limit_error(&vm->mem, "limit_memory", "batch() of %lld is too large", (long long)size);
        DGL_TRY(push_part(vm, list, from, to, fill, missing, out));
    }
    return dgl_make_generator(&vm->mem, out, ret);
}
