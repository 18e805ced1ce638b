// The functions every template has: range, dict, cycler, joiner, namespace.
#include "render/template/builtin.h"
#include "render/template/suggest.h"
#include <string.h>

#define GLOBAL(name)                                                                                           \
    static enum dgl_status global_##name(struct dgl_vm *vm, struct dgl_value v DGL_UNUSED, struct dgl_args *a, \
                                         struct dgl_value *ret)

GLOBAL(range)
{
    int64_t start = 0, stop, step = 1;
    bool two = dgl_arg_given(a, 1);
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "of range()", 0, &stop));
    if (two) {
        start = stop;
        DGL_TRY(dgl_arg_int(&vm->mem, a, 1, "of range()", 0, &stop));
    }
    DGL_TRY(dgl_arg_int(&vm->mem, a, 2, "of range()", 1, &step));
    if (step == 0)
        return dgl_type_error(&vm->mem, "the step argument of range() must not be zero");
    uint64_t span = step > 0 ? (stop > start ? (uint64_t)stop - (uint64_t)start : 0)
                             : (start > stop ? (uint64_t)start - (uint64_t)stop : 0);
    uint64_t size = step > 0 ? (uint64_t)step : (uint64_t)0 - (uint64_t)step;
    struct dgl_range *r = dgl_mem_alloc(&vm->mem, sizeof *r);
    if (!r)
        return DGL_E_LIMIT;
    *r = (struct dgl_range){.head.kind = DGL_OTHER_RANGE,
                            .start = start,
                            .stop = stop,
                            .step = step,
                            .count = span ? (size_t)((span - 1) / size + 1) : 0};
    *ret = dgl_other(&r->head);
    return DGL_OK;
}

// Pairs of a dict or of an iterable of pairs, then the keywords.
static enum dgl_status fill_dict(struct dgl_vm *vm, const struct dgl_args *a, struct dgl_value *ret)
{
    struct dgl_value dict, item, pair;
    struct dgl_iter it;
    DGL_TRY(dgl_make_dict(&vm->mem, a->keywords, &dict));
    if (a->count > 1)
        return dgl_type_error(&vm->mem, "dict() takes at most one positional argument, %u given", a->count);
    if (a->count && a->positional[0].kind == DGL_VALUE_DICT) {
        const struct dgl_value_dict *d = a->positional[0].as.dict;
        for (uint32_t i = 0; i < d->count; i++)
            DGL_TRY(dgl_dict_put(&vm->mem, dict.as.dict, d->entries[i].key, d->entries[i].value));
    } else if (a->count) {
        DGL_TRY(dgl_iter_init(&vm->mem, a->positional[0], &it));
        for (bool more = true; more;) {
            DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
            DGL_TRY(dgl_iter_next(&vm->mem, &it, &item, &more));
            if (!more)
                break;
            if (!dgl_iterable(item))
                return dgl_type_error(&vm->mem, "cannot make a dict: an item is not a pair");
            DGL_TRY(dgl_to_list(&vm->mem, item, &pair));
            if (pair.as.list->count != 2)
                return dgl_type_error(&vm->mem, "cannot make a dict: an item is not a pair");
            DGL_TRY(dgl_dict_put(&vm->mem, dict.as.dict, pair.as.list->items[0], pair.as.list->items[1]));
        }
    }
    for (uint32_t i = 0; i < a->keywords; i++) {
        struct dgl_value key;
        DGL_TRY(dgl_make_string(&vm->mem, a->names[i]->text.data, a->names[i]->text.len, &key));
        DGL_TRY(dgl_dict_put(&vm->mem, dict.as.dict, key, a->values[i]));
    }
    *ret = dict;
    return DGL_OK;
}

enum dgl_status dgl_global_dict(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, struct dgl_value *ret)
{
    (void)v;
    return fill_dict(vm, a, ret);
}

GLOBAL(namespace)
{
    struct dgl_value dict;
    DGL_TRY(fill_dict(vm, a, &dict));
    struct dgl_namespace *n = dgl_mem_alloc(&vm->mem, sizeof *n);
    if (!n)
        return DGL_E_LIMIT;
    *n = (struct dgl_namespace){.head.kind = DGL_OTHER_NAMESPACE, .attributes = dict.as.dict};
    *ret = dgl_other(&n->head);
    return DGL_OK;
}

GLOBAL(cycler)
{
    if (!a->count || a->keywords)
        return dgl_type_error(&vm->mem, "cycler() needs at least one argument and no keywords");
    struct dgl_cycler *c = dgl_mem_alloc(&vm->mem, sizeof *c);
    if (!c)
        return DGL_E_LIMIT;
    c->head.kind = DGL_OTHER_CYCLER;
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_TUPLE, a->count, &c->items));
    memcpy(c->items.as.list->items, a->positional, a->count * sizeof *a->positional);
    *ret = dgl_other(&c->head);
    return DGL_OK;
}

GLOBAL(joiner)
{
    struct dgl_joiner *j = dgl_mem_alloc(&vm->mem, sizeof *j);
    if (!j)
        return DGL_E_LIMIT;
    *j = (struct dgl_joiner){.head.kind = DGL_OTHER_JOINER, .separator = a->v[0]};
    if (!dgl_arg_given(a, 0))
        DGL_TRY(dgl_make_borrowed(&vm->mem, false, ", ", 2, &j->separator));
    *ret = dgl_other(&j->head);
    return DGL_OK;
}

// subdoc("name", key=value): drawn by what prints it.
GLOBAL(subdoc)
{
    struct dgl_value dict;
    if (a->count != 1)
        return dgl_type_error(&vm->mem, "subdoc() takes the name of one template, then values by name");
    DGL_TRY(dgl_make_dict(&vm->mem, a->keywords, &dict));
    for (uint32_t i = 0; i < a->keywords; i++)
        DGL_TRY(dgl_dict_put_str(&vm->mem, dict.as.dict,
                                 (struct dgl_str){a->names[i]->text.data, a->names[i]->text.len}, a->values[i]));
    struct dgl_value_rich *r = dgl_mem_alloc(&vm->mem, sizeof *r);
    if (!r)
        return DGL_E_LIMIT;
    *r = (struct dgl_value_rich){.type = "subdoc", .subject = a->positional[0], .arguments = dict};
    *ret = (struct dgl_value){.kind = DGL_VALUE_RICH, .as.rich = r};
    return DGL_OK;
}

const struct dgl_global dgl_globals[] = {
    {"cycler", global_cycler, "", 0, true, "Values in turn: .next(), .current, .reset().",
     "{% set c = cycler('odd', 'even') %}{{ c.next() }} {{ c.next() }} {{ c.next() }} gives odd even odd"},
    {"dict", dgl_global_dict, "", 0, true, "A dict of the keywords.", "{{ dict(a=1).a }} gives 1"},
    {"joiner", global_joiner, "sep", 0, false, "Nothing the first time it is called, the separator afterwards.",
     "{% set comma = joiner(', ') %}{% for x in [1, 2] %}{{ comma() }}{{ x }}{% endfor %} gives 1, 2"},
    {"namespace", global_namespace, "", 0, true, "Values that can be set from inside loops.",
     "{% set ns = namespace(sum=0) %}{% for x in [1, 2] %}{% set ns.sum = ns.sum + x %}{% endfor %}{{ ns.sum }} gives "
     "3"},
    {"range", global_range, "start stop step", 1, false, "Numbers from start up to, not including, stop.",
     "{{ range(3)|list }} gives [0, 1, 2]"},
    {"subdoc", global_subdoc, "", 0, true,
     "Another Word template, filled with the same data and the values given by name.",
     "{{p subdoc('Terms', customer='Ann') }} gives Terms for Ann"},
};
const size_t dgl_global_count = DGL_COUNT(dgl_globals);

int16_t dgl_global_find(const char *name, size_t len)
{
    for (size_t i = 0; i < dgl_global_count; i++)
        if (dgl_str_is((struct dgl_str){name, len}, dgl_globals[i].name))
            return (int16_t)i;
    return -1;
}
