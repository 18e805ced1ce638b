// Attributes, items, slices and calls.
//
// x.name is a key of a dict first, then a method: data that happens to have a field "items" or "values" is not hidden
// by the method of that name. Nothing else is reachable; there is no attribute that leads into the host.
#include "render/template/suggest.h"
#include "render/template/unicode.h"
#include "render/template/vm.h"
#include <stdio.h>
#include <string.h>

static unsigned method_class(struct dgl_value v)
{
    switch (v.kind) {
    case DGL_VALUE_STRING:
    case DGL_VALUE_SAFE:
        return DGL_METHOD_STRING;
    case DGL_VALUE_LIST:
        return DGL_METHOD_LIST | DGL_METHOD_OPEN_LIST;
    case DGL_VALUE_TUPLE:
        return DGL_METHOD_LIST;
    case DGL_VALUE_DICT:
        return DGL_METHOD_DICT;
    case DGL_VALUE_OTHER:
        return v.as.other->kind == DGL_OTHER_CYCLER ? DGL_METHOD_CYCLER
               : v.as.other->kind == DGL_OTHER_LOOP ? DGL_METHOD_LOOP
                                                    : 0;
    default:
        return 0;
    }
}

const struct dgl_method *dgl_method_of(struct dgl_value v, struct dgl_str name)
{
    unsigned of = method_class(v);
    for (size_t i = 0; of && i < dgl_method_count; i++)
        if ((dgl_methods[i].of & of) && dgl_str_is(name, dgl_methods[i].name))
            return &dgl_methods[i];
    return NULL;
}

int16_t dgl_method_find(const char *name, size_t len)
{
    for (size_t i = 0; i < dgl_method_count; i++)
        if (dgl_str_is((struct dgl_str){name, len}, dgl_methods[i].name))
            return (int16_t)i;
    return -1;
}

static enum dgl_status bind_method(struct dgl_vm *vm, struct dgl_value v, const struct dgl_method *method,
                                   struct dgl_value *ret)
{
    struct dgl_bound_method *b = dgl_mem_alloc(&vm->mem, sizeof *b);
    if (!b)
        return DGL_E_LIMIT;
    *b = (struct dgl_bound_method){.head.kind = DGL_OTHER_METHOD, .subject = v, .method = method};
    *ret = dgl_other(&b->head);
    return DGL_OK;
}

static enum dgl_status macro_attribute(struct dgl_vm *vm, const struct dgl_code *code, struct dgl_str name,
                                       struct dgl_value *ret, bool *ret_known)
{
    if (dgl_str_is(name, "name")) {
        const char *text = code->name ? code->name->text.data : "";
        *ret = dgl_none();
        return code->name ? dgl_make_string(&vm->mem, text, code->name->text.len, ret) : DGL_OK;
    }
    if (dgl_str_is(name, "arguments")) {
        DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_TUPLE, code->parameter_count, ret));
        for (uint32_t i = 0; i < code->parameter_count; i++)
            ret->as.list->items[i] =
                (struct dgl_value){.kind = DGL_VALUE_STRING, .as.string = &code->parameters[i]->text};
        return DGL_OK;
    }
    if (dgl_str_is(name, "caller"))
        *ret = dgl_bool(code->caller_slot >= 0);
    else if (dgl_str_is(name, "catch_kwargs"))
        *ret = dgl_bool(code->kwargs_slot >= 0);
    else if (dgl_str_is(name, "catch_varargs"))
        *ret = dgl_bool(code->varargs_slot >= 0);
    else
        *ret_known = false;
    return DGL_OK;
}

// Attributes of the VM's own kinds.
static enum dgl_status other_attribute(struct dgl_vm *vm, struct dgl_value v, struct dgl_str name, uint64_t hash,
                                       struct dgl_value *ret, bool *ret_known)
{
    const struct dgl_value_dict *dict = NULL;
    *ret_known = true;
    switch (v.as.other->kind) {
    case DGL_OTHER_LOOP:
        return dgl_loop_attribute(vm, (struct dgl_loop *)v.as.other, name, ret, ret_known);
    case DGL_OTHER_NAMESPACE:
        dict = ((struct dgl_namespace *)v.as.other)->attributes;
        break;
    case DGL_OTHER_MODULE:
        dict = ((struct dgl_module *)v.as.other)->exports;
        break;
    case DGL_OTHER_MACRO:
        return macro_attribute(vm, ((struct dgl_macro *)v.as.other)->code, name, ret, ret_known);
    case DGL_OTHER_SELF:
        return dgl_vm_self_attribute(vm, (struct dgl_self *)v.as.other, name, ret);
    case DGL_OTHER_BLOCK:
        if (dgl_str_is(name, "super")) {
            struct dgl_block_reference *r = (struct dgl_block_reference *)v.as.other, *up;
            if (r->at + 1 >= r->stack->count) {
                *ret = dgl_undefined(NULL);
                return DGL_OK;
            }
            if (!(up = dgl_mem_alloc(&vm->mem, sizeof *up)))
                return DGL_E_LIMIT;
            *up = *r;
            up->at++;
            *ret = dgl_other(&up->head);
            return DGL_OK;
        }
        break;
    case DGL_OTHER_CYCLER:
        if (dgl_str_is(name, "current")) {
            const struct dgl_cycler *c = (struct dgl_cycler *)v.as.other;
            *ret = c->items.as.list->items[c->pos];
            return DGL_OK;
        }
        break;
    default:
        break;
    }
    const struct dgl_value *found = dict ? dgl_dict_find(dict, name.data, name.len, hash) : NULL;
    *ret_known = found != NULL;
    if (found)
        *ret = *found;
    return DGL_OK;
}

// What x.name is, beside the keys of a dict. *ret_known false when it has no such thing.
static enum dgl_status attribute(struct dgl_vm *vm, struct dgl_value v, struct dgl_str name, uint64_t hash,
                                 struct dgl_value *ret, bool *ret_known)
{
    *ret_known = true;
    if (v.kind == DGL_VALUE_OTHER) {
        DGL_TRY(other_attribute(vm, v, name, hash, ret, ret_known));
        if (*ret_known)
            return DGL_OK;
    }
    if (v.kind == DGL_VALUE_TUPLE && v.as.list->group) {
        bool grouper = dgl_str_is(name, "grouper");
        if (grouper || dgl_str_is(name, "list")) {
            *ret = v.as.list->items[grouper ? 0 : 1];
            *ret_known = true;
            return DGL_OK;
        }
    }
    const struct dgl_method *method = dgl_method_of(v, name);
    *ret_known = method != NULL;
    return method ? bind_method(vm, v, method, ret) : DGL_OK;
}

enum dgl_status dgl_vm_attribute(struct dgl_vm *vm, struct dgl_value v, const struct dgl_name *name,
                                 struct dgl_value *ret)
{
    struct dgl_str text = {name->text.data, name->text.len};
    bool known;
    if (v.kind == DGL_VALUE_DICT) {
        struct dgl_value *found = dgl_dict_find(v.as.dict, text.data, text.len, name->hash);
        if (found) {
            *ret = *found;
            return DGL_OK;
        }
        if (name->method < 0) {
            *ret = dgl_undefined(&name->no_key);
            return DGL_OK;
        }
    }
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    DGL_TRY(attribute(vm, v, text, name->hash, ret, &known));
    if (known)
        return DGL_OK;
    return dgl_make_undefined(&vm->mem, text, dgl_object_name(v), NULL, ret);
}

static enum dgl_status nothing(struct dgl_vm *vm, struct dgl_value v, struct dgl_value key, struct dgl_value *ret)
{
    char number[24];
    if (dgl_is_string(key))
        return dgl_make_undefined(&vm->mem, dgl_text(key), dgl_object_name(v), NULL, ret);
    if (key.kind != DGL_VALUE_INT)
        return dgl_make_undefined(&vm->mem, DGL_STR("?"), dgl_object_name(v), NULL, ret);
    size_t len = dgl_format_int64(key.as.integer, number);
    struct dgl_value text;
    DGL_TRY(dgl_make_string(&vm->mem, number, len, &text));
    return dgl_make_undefined(&vm->mem, dgl_text(text), dgl_object_name(v), NULL, ret);
}

static bool sequence_index(int64_t i, size_t count, size_t *ret)
{
    if (i < 0)
        i += (int64_t)count;
    *ret = (size_t)i;
    return i >= 0 && (size_t)i < count;
}

static enum dgl_status character(struct dgl_vm *vm, struct dgl_value v, size_t index, struct dgl_value *ret)
{
    struct dgl_str s = dgl_text(v);
    size_t chars = dgl_chars(v), from, to;
    if (chars != s.len)
        DGL_TRY(dgl_mem_tick(&vm->mem, s.len / 64));
    from = to = dgl_uc_offset(s.data, s.len, chars, index);
    (void)dgl_utf8_next(s.data, s.len, &to);
    return dgl_make_borrowed(&vm->mem, v.kind == DGL_VALUE_SAFE, s.data + from, to - from, ret);
}

// v[key] proper. *ret_known false when there is nothing.
static enum dgl_status subscript(struct dgl_vm *vm, struct dgl_value v, struct dgl_value key, struct dgl_value *ret,
                                 bool *ret_known)
{
    size_t count, i;
    *ret_known = false;
    if (v.kind == DGL_VALUE_DICT) {
        struct dgl_value *found = NULL;
        if (key.kind == DGL_VALUE_LIST || key.kind == DGL_VALUE_DICT)
            return DGL_OK;
        DGL_TRY(dgl_dict_get(&vm->mem, v.as.dict, key, &found));
        *ret_known = found != NULL;
        if (found)
            *ret = *found;
        return DGL_OK;
    }
    bool range = dgl_is_other(v, DGL_OTHER_RANGE);
    if (!dgl_is_int(key) || (!dgl_is_string(v) && !dgl_is_list(v) && !range))
        return DGL_OK;
    (void)dgl_length(v, &count);
    *ret_known = sequence_index(dgl_as_int(key), count, &i);
    if (!*ret_known)
        return DGL_OK;
    if (dgl_is_string(v))
        return character(vm, v, i, ret);
    if (range) {
        const struct dgl_range *r = (struct dgl_range *)v.as.other;
        *ret = dgl_int((int64_t)((uint64_t)r->start + (uint64_t)r->step * i));
    } else {
        *ret = v.as.list->items[i];
    }
    return DGL_OK;
}

enum dgl_status dgl_vm_item(struct dgl_vm *vm, struct dgl_value v, struct dgl_value key, struct dgl_value *ret)
{
    bool known;
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    DGL_TRY(subscript(vm, v, key, ret, &known));
    if (known)
        return DGL_OK;
    if (dgl_is_string(key)) {
        struct dgl_str name = dgl_text(key);
        DGL_TRY(attribute(vm, v, name, dgl_hash_bytes(name.data, name.len), ret, &known));
        if (known)
            return DGL_OK;
    }
    return nothing(vm, v, key, ret);
}

enum dgl_status dgl_vm_item_text(struct dgl_vm *vm, struct dgl_value v, struct dgl_str key, struct dgl_value *ret)
{
    struct dgl_value k;
    if (v.kind == DGL_VALUE_DICT) {
        struct dgl_value *found = dgl_dict_find(v.as.dict, key.data, key.len, dgl_hash_bytes(key.data, key.len));
        if (found) {
            *ret = *found;
            return DGL_OK;
        }
    }
    DGL_TRY(dgl_make_string(&vm->mem, key.data, key.len, &k));
    return dgl_vm_item(vm, v, k, ret);
}

// ---- slices

static enum dgl_status slice_part(struct dgl_vm *vm, struct dgl_value v, int64_t fallback, int64_t *ret)
{
    *ret = fallback;
    if (v.kind == DGL_VALUE_NONE)
        return DGL_OK;
    if (v.kind == DGL_VALUE_UNDEFINED || !dgl_is_int(v))
        return dgl_type_error(&vm->mem, "slice indices must be whole numbers or none, not %s", dgl_type_words(v));
    *ret = dgl_as_int(v);
    return DGL_OK;
}

static int64_t clamp(int64_t i, int64_t count, int64_t low, int64_t high)
{
    if (i < 0)
        i = i < -count ? low : i + count;
    return i < low ? low : i > high ? high : i;
}

struct slice {
    int64_t from, to, step;
    size_t count;
};
static enum dgl_status slice_of(struct dgl_vm *vm, size_t length, struct dgl_value start, struct dgl_value stop,
                                struct dgl_value step, struct slice *ret)
{
    int64_t n = (int64_t)length;
    DGL_TRY(slice_part(vm, step, 1, &ret->step));
    if (ret->step == 0)
        return dgl_type_error(&vm->mem, "slice step cannot be zero");
    bool up = ret->step > 0;
    int64_t low = up ? 0 : -1, high = up ? n : n - 1;
    DGL_TRY(slice_part(vm, start, 0, &ret->from));
    DGL_TRY(slice_part(vm, stop, 0, &ret->to));
    ret->from = start.kind == DGL_VALUE_NONE ? (up ? low : high) : clamp(ret->from, n, low, high);
    ret->to = stop.kind == DGL_VALUE_NONE ? (up ? high : low) : clamp(ret->to, n, low, high);
    int64_t span = up ? ret->to - ret->from : ret->from - ret->to;
    uint64_t size = up ? (uint64_t)ret->step : (uint64_t)0 - (uint64_t)ret->step;
    ret->count = span > 0 ? (size_t)(((uint64_t)span - 1) / size + 1) : 0;
    return DGL_OK;
}

static enum dgl_status slice_string(struct dgl_vm *vm, struct dgl_value v, const struct slice *s, struct dgl_value *ret)
{
    struct dgl_str text = dgl_text(v);
    size_t chars = dgl_chars(v);
    bool safe = v.kind == DGL_VALUE_SAFE;
    DGL_TRY(dgl_mem_tick(&vm->mem, text.len / 64));
    if (s->count == 0)
        return dgl_make_borrowed(&vm->mem, safe, "", 0, ret);
    if (s->step == 1) {
        size_t from = dgl_uc_offset(text.data, text.len, chars, (size_t)s->from);
        size_t to = from + dgl_uc_offset(text.data + from, text.len - from, chars - (size_t)s->from, s->count);
        return dgl_make_borrowed(&vm->mem, safe, text.data + from, to - from, ret);
    }
    uint32_t *points = dgl_mem_alloc(&vm->mem, chars * sizeof *points + 4);
    char *out = dgl_mem_alloc(&vm->mem, s->count * 4 + 1);
    size_t len = 0, k = 0;
    if (!points || !out)
        return DGL_E_LIMIT;
    for (size_t i = 0; i < text.len;)
        points[k++] = dgl_utf8_next(text.data, text.len, &i);
    for (size_t i = 0; i < s->count; i++)
        len += dgl_utf8_put(out + len, points[s->from + (int64_t)i * s->step]);
    return dgl_make_borrowed(&vm->mem, safe, out, len, ret);
}

enum dgl_status dgl_vm_slice(struct dgl_vm *vm, struct dgl_value v, struct dgl_value start, struct dgl_value stop,
                             struct dgl_value step, struct dgl_value *ret)
{
    struct slice s;
    size_t length;
    struct dgl_value list;
    bool range = dgl_is_other(v, DGL_OTHER_RANGE);
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    if (!dgl_is_string(v) && !dgl_is_list(v) && !range)
        return dgl_type_error(&vm->mem, "%s cannot be sliced", dgl_type_words(v));
    (void)dgl_length(v, &length);
    DGL_TRY(slice_of(vm, length, start, stop, step, &s));
    if (dgl_is_string(v))
        return slice_string(vm, v, &s, ret);
    if (range)
        DGL_TRY(dgl_to_list(&vm->mem, v, &v));
    DGL_TRY(dgl_mem_tick(&vm->mem, s.count / 8));
    DGL_TRY(dgl_make_list(&vm->mem, v.kind, s.count, &list));
    for (size_t i = 0; i < s.count; i++)
        list.as.list->items[i] = v.as.list->items[s.from + (int64_t)i * s.step];
    *ret = list;
    return DGL_OK;
}

// ---- calls

bool dgl_callable(struct dgl_value v)
{
    if (v.kind == DGL_VALUE_UNDEFINED)
        return true; // as in Jinja: it has a call, which fails
    if (v.kind != DGL_VALUE_OTHER)
        return false;
    switch (v.as.other->kind) {
    case DGL_OTHER_JOINER:
    case DGL_OTHER_MACRO:
    case DGL_OTHER_FUNCTION:
    case DGL_OTHER_METHOD:
    case DGL_OTHER_LOOP:
    case DGL_OTHER_BLOCK:
        return true;
    default:
        return false;
    }
}

static const struct dgl_value *keyword(const struct dgl_args *a, const char *name, size_t len)
{
    for (uint32_t i = 0; i < a->keywords; i++)
        if (a->names[i]->text.len == len && memcmp(a->names[i]->text.data, name, len) == 0)
            return &a->values[i];
    return NULL;
}

static enum dgl_status bind_parameters(struct dgl_vm *vm, const struct dgl_code *code, const struct dgl_args *a,
                                       struct dgl_activation *act, uint32_t *ret_used)
{
    const char *name = code->name ? code->name->text.data : "caller";
    uint32_t used = 0;
    for (uint32_t i = 0; i < code->parameter_count; i++) {
        const struct dgl_value_string *p = &code->parameters[i]->text;
        const struct dgl_value *kw = keyword(a, p->data, p->len);
        if (i < a->count && kw)
            return dgl_type_error(&vm->mem, "macro '%s' got the argument '%s' twice", name, p->data);
        if (i < a->count)
            act->slots[i] = a->positional[i];
        else if (kw)
            act->slots[i] = *kw;
        used += kw != NULL;
    }
    if (code->caller_slot >= 0) {
        static const struct dgl_value_undefined none = {.hint = "no caller was given; caller is undefined"};
        const struct dgl_value *caller = keyword(a, "caller", 6);
        act->slots[code->caller_slot] = caller ? *caller : dgl_undefined(&none);
        used += caller != NULL;
    }
    *ret_used = used;
    return DGL_OK;
}

static enum dgl_status rest_keywords(struct dgl_vm *vm, const struct dgl_code *code, const struct dgl_args *a,
                                     struct dgl_value *ret)
{
    DGL_TRY(dgl_make_dict(&vm->mem, a->keywords, ret));
    for (uint32_t i = 0; i < a->keywords; i++) {
        struct dgl_str name = {a->names[i]->text.data, a->names[i]->text.len};
        bool taken = code->caller_slot >= 0 && dgl_str_is(name, "caller");
        for (uint32_t k = 0; k < code->parameter_count && !taken; k++)
            taken =
                dgl_str_equal(name, (struct dgl_str){code->parameters[k]->text.data, code->parameters[k]->text.len});
        if (!taken)
            DGL_TRY(dgl_dict_put_str(&vm->mem, ret->as.dict, name, a->values[i]));
    }
    return DGL_OK;
}

static enum dgl_status macro_arguments(struct dgl_vm *vm, const struct dgl_code *code, const struct dgl_args *a,
                                       struct dgl_activation *act)
{
    const char *name = code->name ? code->name->text.data : "caller";
    uint32_t used = 0, extra = a->count > code->parameter_count ? a->count - code->parameter_count : 0;
    DGL_TRY(bind_parameters(vm, code, a, act, &used));
    if (code->kwargs_slot >= 0) {
        DGL_TRY(rest_keywords(vm, code, a, &act->slots[code->kwargs_slot]));
    } else if (used < a->keywords) {
        for (uint32_t i = 0; i < a->keywords; i++) {
            bool known = code->caller_slot >= 0 && strcmp(a->names[i]->text.data, "caller") == 0;
            for (uint32_t k = 0; k < code->parameter_count && !known; k++)
                known = strcmp(a->names[i]->text.data, code->parameters[k]->text.data) == 0;
            if (!known)
                return dgl_type_error(&vm->mem, "macro '%s' takes no keyword argument '%s'", name,
                                      a->names[i]->text.data);
        }
    }
    if (code->varargs_slot >= 0) {
        struct dgl_value *slot = &act->slots[code->varargs_slot];
        DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_TUPLE, extra, slot));
        if (extra)
            memcpy(slot->as.list->items, a->positional + code->parameter_count, extra * sizeof *a->positional);
    } else if (extra) {
        return dgl_type_error(&vm->mem, "macro '%s' takes not more than %u argument%s, %u given", name,
                              code->parameter_count, code->parameter_count == 1 ? "" : "s", a->count);
    }
    return DGL_OK;
}

static enum dgl_status call_macro(struct dgl_vm *vm, const struct dgl_macro *m, const struct dgl_args *a,
                                  struct dgl_value *ret)
{
    DGL_TRY(dgl_vm_enter(vm));
    struct dgl_activation *act = dgl_vm_activate(vm, m->code, m->up, m->context);
    if (!act)
        return DGL_E_LIMIT;
    DGL_TRY(macro_arguments(vm, m->code, a, act));
    DGL_TRY(dgl_vm_capture(vm));
    DGL_TRY(dgl_vm_run(vm, act));
    DGL_TRY(dgl_vm_captured(vm, ret));
    dgl_vm_release(vm, act);
    vm->depth--;
    return DGL_OK;
}

static enum dgl_status call_loop(struct dgl_vm *vm, const struct dgl_loop *l, const struct dgl_args *a,
                                 struct dgl_value *ret)
{
    if (!l->recursive)
        return dgl_type_error(&vm->mem, "the loop must have the 'recursive' marker; it is not callable without");
    if (a->count != 1 || a->keywords)
        return dgl_type_error(&vm->mem, "loop() takes one argument, the items to go on with");
    DGL_TRY(dgl_vm_enter(vm));
    struct dgl_activation *act = dgl_vm_activate(vm, l->recursive, l->home->up, l->home->context);
    if (!act)
        return DGL_E_LIMIT;
    act->slots[l->recursive->iterable_slot] = a->positional[0];
    act->loop_depth = l->depth0 + 1;
    DGL_TRY(dgl_vm_capture(vm));
    DGL_TRY(dgl_vm_run(vm, act));
    DGL_TRY(dgl_vm_captured(vm, ret));
    dgl_vm_release(vm, act);
    vm->depth--;
    return DGL_OK;
}

enum dgl_status dgl_vm_call(struct dgl_vm *vm, struct dgl_value callee, struct dgl_args *a, struct dgl_value *ret)
{
    if (callee.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, callee);
    if (callee.kind != DGL_VALUE_OTHER)
        return dgl_type_error(&vm->mem, "%s cannot be called: write it without '(…)'", dgl_type_words(callee));
    switch (callee.as.other->kind) {
    case DGL_OTHER_MACRO:
        return call_macro(vm, (struct dgl_macro *)callee.as.other, a, ret);
    case DGL_OTHER_FUNCTION: {
        const struct dgl_global *g = ((struct dgl_function_value *)callee.as.other)->global;
        DGL_TRY(dgl_args_bind(&vm->mem, g->name, g->parameters, g->required, g->variadic, a));
        return g->run(vm, dgl_undefined(NULL), a, ret);
    }
    case DGL_OTHER_METHOD: {
        const struct dgl_bound_method *b = (struct dgl_bound_method *)callee.as.other;
        DGL_TRY(dgl_args_bind(&vm->mem, b->method->name, b->method->parameters, b->method->required,
                              b->method->variadic, a));
        return b->method->run(vm, b->subject, a, ret);
    }
    case DGL_OTHER_JOINER: {
        struct dgl_joiner *j = (struct dgl_joiner *)callee.as.other;
        bool used = j->used;
        j->used = true;
        *ret = j->separator;
        return used ? DGL_OK : dgl_make_borrowed(&vm->mem, false, "", 0, ret);
    }
    case DGL_OTHER_LOOP:
        return call_loop(vm, (struct dgl_loop *)callee.as.other, a, ret);
    case DGL_OTHER_BLOCK:
        if (a->count || a->keywords)
            return dgl_type_error(&vm->mem, "a block takes no arguments");
        return dgl_vm_block_call(vm, (struct dgl_block_reference *)callee.as.other, ret);
    default:
        return dgl_type_error(&vm->mem, "%s cannot be called: write it without '(…)'", dgl_type_words(callee));
    }
}

enum dgl_status dgl_vm_filter(struct dgl_vm *vm, const struct dgl_filter *f, struct dgl_value subject,
                              struct dgl_args *a, struct dgl_value *ret)
{
    DGL_TRY(dgl_args_bind(&vm->mem, f->name, f->parameters, f->required, f->variadic, a));
    return f->run(vm, subject, a, ret);
}

enum dgl_status dgl_vm_test(struct dgl_vm *vm, const struct dgl_test *t, struct dgl_value subject, struct dgl_args *a,
                            bool *ret)
{
    DGL_TRY(dgl_args_bind(&vm->mem, t->name, t->parameters, t->required, false, a));
    return t->run(vm, subject, a, ret);
}

// ---- binding arguments

static bool parameter_at(const char **names, struct dgl_str *ret)
{
    if (!**names)
        return false;
    size_t len = strcspn(*names, " ");
    *ret = (struct dgl_str){*names, len};
    *names += len + ((*names)[len] == ' ');
    return true;
}

static enum dgl_status bind_keyword(struct dgl_mem *m, const char *what, const char *parameters, bool variadic,
                                    struct dgl_args *a, uint32_t k)
{
    struct dgl_str name = {a->names[k]->text.data, a->names[k]->text.len}, p;
    for (size_t i = 0; parameter_at(&parameters, &p); i++) {
        if (!dgl_str_equal(p, name))
            continue;
        if (a->v[i].kind != DGL_VALUE_ABSENT)
            return dgl_type_error(m, "%s() got the argument '%s' twice", what, name.data);
        a->v[i] = a->values[k];
        return DGL_OK;
    }
    return variadic ? DGL_OK : dgl_type_error(m, "%s() has no argument '%s'", what, name.data);
}

enum dgl_status dgl_args_bind(struct dgl_mem *m, const char *what, const char *parameters, uint8_t required,
                              bool variadic, struct dgl_args *a)
{
    struct dgl_str p;
    const char *names = parameters;
    uint32_t count = 0;
    for (; parameter_at(&names, &p); count++)
        a->v[count] = count < a->count ? a->positional[count] : dgl_absent();
    if (a->count > count && !variadic)
        return dgl_type_error(m, "%s() takes at most %u argument%s, %u given", what, count, count == 1 ? "" : "s",
                              a->count);
    for (uint32_t k = 0; k < a->keywords; k++)
        DGL_TRY(bind_keyword(m, what, parameters, variadic, a, k));
    names = parameters;
    for (uint32_t i = 0; i < required && parameter_at(&names, &p); i++)
        if (a->v[i].kind == DGL_VALUE_ABSENT)
            return dgl_type_error(m, "%s() is missing its argument '%.*s'", what, (int)p.len, p.data);
    return DGL_OK;
}

enum dgl_status dgl_arg_int(struct dgl_mem *m, const struct dgl_args *a, size_t i, const char *what, int64_t fallback,
                            int64_t *ret)
{
    *ret = fallback;
    if (!dgl_arg_given(a, i))
        return DGL_OK;
    if (a->v[i].kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(m, a->v[i]);
    if (!dgl_is_int(a->v[i]))
        return dgl_type_error(m, "the argument %s must be a whole number, not %s", what, dgl_type_words(a->v[i]));
    *ret = dgl_as_int(a->v[i]);
    return DGL_OK;
}
