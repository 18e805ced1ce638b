// Loops: the items, looking one ahead only when asked, and the loop variable.
//
// A loop with a condition runs it item by item, as late as possible: what the body sets may change what comes next.
#include "render/template/vm.h"

enum dgl_status dgl_loop_begin(struct dgl_vm *vm, struct dgl_activation *act, const struct dgl_loop_shape *shape,
                               struct dgl_value over, struct dgl_value *slot)
{
    struct dgl_loop *l = dgl_is_other(*slot, DGL_OTHER_LOOP) && !shape->keep ? (struct dgl_loop *)slot->as.other : NULL;
    struct dgl_activation *test = l && l->shape == shape && l->home == act ? l->test_activation : NULL;
    if (!l && !(l = dgl_mem_alloc(&vm->mem, sizeof *l)))
        return DGL_E_LIMIT;
    *l = (struct dgl_loop){.head.kind = DGL_OTHER_LOOP,
                           .shape = shape,
                           .home = act,
                           .test_activation = test,
                           .recursive = act->code->kind == DGL_CODE_LOOP ? act->code : NULL,
                           .depth0 = act->loop_depth,
                           .index0 = -1,
                           .length = -1,
                           .current = dgl_absent(),
                           .previous = dgl_absent(),
                           .changed = dgl_absent()};
    DGL_TRY(dgl_iter_init(&vm->mem, over, &l->it));
    *slot = dgl_other(&l->head);
    return DGL_OK;
}

static enum dgl_status passes(struct dgl_vm *vm, struct dgl_loop *l, struct dgl_value item, bool *ret)
{
    const struct dgl_code *test = l->shape->test;
    *ret = true;
    if (!test)
        return DGL_OK;
    if (!l->test_activation && !(l->test_activation = dgl_vm_activate(vm, test, l->home, l->home->context)))
        return DGL_E_LIMIT;
    struct dgl_activation *act = l->test_activation;
    act->slots[0] = item;
    DGL_TRY(dgl_vm_run(vm, act));
    *ret = dgl_value_truthy(act->result);
    return DGL_OK;
}

static enum dgl_status fetch(struct dgl_vm *vm, struct dgl_loop *l, struct dgl_value *ret, bool *ret_more)
{
    for (bool pass = false; !pass;) {
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_iter_next(&vm->mem, &l->it, ret, ret_more));
        if (!*ret_more)
            return DGL_OK;
        DGL_TRY(passes(vm, l, *ret, &pass));
    }
    return DGL_OK;
}

// Makes l->next the item after the current one, or finds the end.
static enum dgl_status look_ahead(struct dgl_vm *vm, struct dgl_loop *l)
{
    bool more = false;
    if (l->has_next || l->at_end)
        return DGL_OK;
    DGL_TRY(fetch(vm, l, &l->next, &more));
    l->has_next = more;
    l->at_end = !more;
    return DGL_OK;
}

enum dgl_status dgl_loop_next(struct dgl_vm *vm, struct dgl_loop *l, struct dgl_value *ret, bool *ret_more)
{
    if (l->has_next) {
        *ret = l->next;
        *ret_more = true;
    } else if (l->at_end) {
        *ret_more = false;
    } else {
        DGL_TRY(fetch(vm, l, ret, ret_more));
    }
    l->has_next = false;
    l->at_end |= !*ret_more;
    if (!*ret_more)
        return DGL_OK;
    l->index0++;
    l->previous = l->current;
    l->current = *ret;
    return DGL_OK;
}

// How many items there are. With a condition or a generator the rest is taken now and kept.
static enum dgl_status count_items(struct dgl_vm *vm, struct dgl_loop *l)
{
    size_t count;
    if (l->length >= 0)
        return DGL_OK;
    if (!l->shape->test && dgl_length(l->it.over, &count)) {
        l->length = (int64_t)count;
        return DGL_OK;
    }
    struct dgl_value rest, item;
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &rest));
    for (bool more = !l->at_end; more;) {
        DGL_TRY(fetch(vm, l, &item, &more));
        if (more)
            DGL_TRY(dgl_list_push(&vm->mem, rest.as.list, item));
    }
    static const struct dgl_loop_shape unfiltered = {.keep = true};
    l->length = l->index0 + 1 + (l->has_next ? 1 : 0) + (int64_t)rest.as.list->count;
    l->it = (struct dgl_iter){.over = rest};
    l->shape = &unfiltered;
    return DGL_OK;
}

enum dgl_status dgl_loop_attribute(struct dgl_vm *vm, struct dgl_loop *l, struct dgl_str name, struct dgl_value *ret,
                                   bool *ret_known)
{
    static const struct dgl_value_undefined no_previous = {.hint = "there is no previous item; it is undefined"};
    static const struct dgl_value_undefined no_next = {.hint = "there is no next item; it is undefined"};
    *ret_known = true;
    if (dgl_str_is(name, "index"))
        *ret = dgl_int(l->index0 + 1);
    else if (dgl_str_is(name, "index0"))
        *ret = dgl_int(l->index0);
    else if (dgl_str_is(name, "first"))
        *ret = dgl_bool(l->index0 == 0);
    else if (dgl_str_is(name, "depth"))
        *ret = dgl_int((int64_t)l->depth0 + 1);
    else if (dgl_str_is(name, "depth0"))
        *ret = dgl_int(l->depth0);
    else if (dgl_str_is(name, "previtem"))
        *ret = l->index0 <= 0 ? dgl_undefined(&no_previous) : l->previous;
    else if (dgl_str_is(name, "last") || dgl_str_is(name, "nextitem")) {
        DGL_TRY(look_ahead(vm, l));
        *ret = dgl_str_is(name, "last") ? dgl_bool(l->at_end) : l->at_end ? dgl_undefined(&no_next) : l->next;
    } else if (dgl_str_is(name, "length") || dgl_str_is(name, "revindex") || dgl_str_is(name, "revindex0")) {
        DGL_TRY(count_items(vm, l));
        int64_t back = dgl_str_is(name, "length") ? 0 : dgl_str_is(name, "revindex") ? l->index0 : l->index0 + 1;
        *ret = dgl_int(l->length - back);
    } else
        *ret_known = false;
    return DGL_OK;
}
