// The VM: runs the code of one function at a time over slots and an operand stack that lie in the function's
// activation. Calls of macros, blocks and recursive loops run nested; their depth is bounded.
//
// Activations are reused: one that no macro refers to goes back to a free list by size when its function returns.
// Output goes to the sink, or, inside macros, set blocks and the like, to the innermost capture.
#include "render/template/vm.h"
#include "render/template/format.h"
#include "render/template/suggest.h"
#include <string.h>

enum dgl_status dgl_vm_enter(struct dgl_vm *vm)
{
    if (vm->depth >= DGL_TEMPLATE_MAX_CALL_DEPTH)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "endless_recursion",
                             "endless recursion: macros, blocks or loops call each other more than %u levels deep",
                             DGL_TEMPLATE_MAX_CALL_DEPTH);
    vm->depth++;
    return DGL_OK;
}

struct dgl_activation *dgl_vm_activate(struct dgl_vm *vm, const struct dgl_code *code, struct dgl_activation *up,
                                       struct dgl_context *ctx)
{
    size_t need = code->slots + code->stack + 2;
    uint32_t class = 0;
    while (class + 1 < DGL_VM_SIZE_CLASSES && ((size_t)8 << class) < need)
        class ++;
    size_t size = DGL_MAX((size_t)8 << class, need);
    struct dgl_activation *act = class + 1 < DGL_VM_SIZE_CLASSES ? vm->free[class] : NULL;
    if (act)
        vm->free[class] = act->next_free;
    else if (!(act = dgl_mem_alloc(&vm->mem, sizeof *act + size * sizeof(struct dgl_value))))
        return NULL;
    *act = (struct dgl_activation){.up = up, .code = code, .context = ctx, .size_class = class};
    for (uint32_t i = 0; i < code->slots; i++)
        act->slots[i] = dgl_absent();
    return act;
}

void dgl_vm_release(struct dgl_vm *vm, struct dgl_activation *act)
{
    if (act->kept || act->size_class + 1 >= DGL_VM_SIZE_CLASSES)
        return;
    act->next_free = vm->free[act->size_class];
    vm->free[act->size_class] = act;
}

// ---- output

enum dgl_status dgl_vm_capture(struct dgl_vm *vm)
{
    if (vm->capturing == DGL_VM_MAX_CAPTURES)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "endless_recursion",
                             "endless recursion: blocks of text are nested too deeply");
    if (!vm->captures[vm->capturing]) {
        vm->captures[vm->capturing] = DGL_NEW(struct dgl_buf);
        *vm->captures[vm->capturing] = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    }
    dgl_buf_reset(vm->captures[vm->capturing++]);
    return DGL_OK;
}

enum dgl_status dgl_vm_captured(struct dgl_vm *vm, struct dgl_value *ret)
{
    const struct dgl_buf *b = vm->captures[--vm->capturing];
    DGL_TRY(dgl_buf_check(b, "the text of a macro or block", vm->mem.err));
    return dgl_make_like(&vm->mem, vm->autoescape, b->data ? b->data : "", b->len, ret);
}

static enum dgl_status print_captured(struct dgl_vm *vm, struct dgl_buf *out, uint32_t context, struct dgl_value v)
{
    if (vm->sink->capture && vm->autoescape)
        return vm->sink->capture(vm->sink->ctx, context, v, out, vm->mem.err);
    if (vm->autoescape && v.kind == DGL_VALUE_STRING) {
        dgl_put_html(out, v.as.string->data, v.as.string->len);
    } else if (!vm->autoescape || v.kind <= DGL_VALUE_SAFE) {
        DGL_TRY(dgl_value_str(&vm->mem, v, out));
    } else {
        struct dgl_value text;
        DGL_TRY(dgl_to_string(&vm->mem, v, &text));
        dgl_put_html(out, text.as.string->data, text.as.string->len);
    }
    return dgl_buf_check(out, "the text of a macro or block", vm->mem.err);
}

enum dgl_status dgl_vm_print(struct dgl_vm *vm, uint32_t context, struct dgl_value v)
{
    if (vm->capturing)
        return print_captured(vm, vm->captures[vm->capturing - 1], context, v);
    if (!vm->autoescape && v.kind > DGL_VALUE_DOUBLE && v.kind != DGL_VALUE_RICH) {
        DGL_TRY(dgl_to_string(&vm->mem, v, &v));
        v.kind = DGL_VALUE_SAFE;
    }
    return vm->sink->value(vm->sink->ctx, context, v, vm->mem.err);
}

static enum dgl_status put_data(struct dgl_vm *vm, const struct dgl_template *t, uint32_t chunk)
{
    struct dgl_str text = t->chunks[chunk].data;
    if (!vm->capturing)
        return vm->sink->data(vm->sink->ctx, chunk, text, vm->mem.err);
    dgl_buf_append(vm->captures[vm->capturing - 1], text.data, text.len);
    return dgl_buf_check(vm->captures[vm->capturing - 1], "the text of a macro or block", vm->mem.err);
}

// ---- names

enum dgl_status dgl_vm_resolve(struct dgl_vm *vm, struct dgl_context *ctx, const struct dgl_name *name,
                               struct dgl_value *ret)
{
    const char *key = name->text.data;
    size_t len = name->text.len;
    for (; ctx; ctx = ctx->outer) {
        const struct dgl_value_dict *places[] = {ctx->vars, ctx->locals,
                                                 ctx->data.kind == DGL_VALUE_DICT ? ctx->data.as.dict : NULL};
        for (size_t i = 0; i < DGL_COUNT(places); i++) {
            struct dgl_value *v = places[i] ? dgl_dict_find(places[i], key, len, name->hash) : NULL;
            if (v) {
                *ret = *v;
                return DGL_OK;
            }
        }
    }
    *ret = dgl_absent();
    if (name->global < 0)
        return DGL_OK;
    struct dgl_function_value *f = dgl_mem_alloc(&vm->mem, sizeof *f);
    if (!f)
        return DGL_E_LIMIT;
    *f = (struct dgl_function_value){.head.kind = DGL_OTHER_FUNCTION, .global = &dgl_globals[name->global]};
    *ret = dgl_other(&f->head);
    return DGL_OK;
}

static struct dgl_value known(struct dgl_value v, const struct dgl_name *name)
{
    return v.kind == DGL_VALUE_ABSENT ? dgl_undefined(name ? &name->absent : NULL) : v;
}

static enum dgl_status load_context(struct dgl_vm *vm, struct dgl_activation *act, uint32_t slot,
                                    const struct dgl_name *name, struct dgl_value *ret)
{
    if (slot != DGL_OPERAND_MAX && act->slots[slot].kind != DGL_VALUE_ABSENT) {
        *ret = act->slots[slot];
        return DGL_OK;
    }
    DGL_TRY(dgl_vm_resolve(vm, act->context, name, ret));
    *ret = known(*ret, name);
    if (slot != DGL_OPERAND_MAX)
        act->slots[slot] = *ret;
    return DGL_OK;
}

static enum dgl_status export_name(struct dgl_vm *vm, struct dgl_activation *act, uint32_t slot, uint32_t which)
{
    struct dgl_context *ctx = act->context;
    const struct dgl_name *name = act->code->owner->names[which & ~DGL_EXPORT_PRIVATE];
    struct dgl_value key = {.kind = DGL_VALUE_STRING, .as.string = &name->text}, dict;
    if (!ctx->vars) {
        DGL_TRY(dgl_make_dict(&vm->mem, 4, &dict));
        ctx->vars = dict.as.dict;
        DGL_TRY(dgl_make_dict(&vm->mem, 4, &dict));
        ctx->exported = dict.as.dict;
    }
    DGL_TRY(dgl_dict_put(&vm->mem, ctx->vars, key, act->slots[slot]));
    return dgl_dict_put(&vm->mem, ctx->exported, key, dgl_bool(!(which & DGL_EXPORT_PRIVATE)));
}

static struct dgl_activation *outward(struct dgl_activation *act, uint32_t levels)
{
    while (levels--)
        act = act->up;
    return act;
}

// ---- building values

static enum dgl_status make_list(struct dgl_vm *vm, enum dgl_value_kind kind, struct dgl_value *items, uint32_t count)
{
    struct dgl_value list;
    DGL_TRY(dgl_make_list(&vm->mem, kind, count, &list));
    if (count)
        memcpy(list.as.list->items, items, count * sizeof *items);
    items[0] = list;
    return DGL_OK;
}

static enum dgl_status make_dict(struct dgl_vm *vm, struct dgl_value *pairs, uint32_t count)
{
    struct dgl_value dict;
    DGL_TRY(dgl_make_dict(&vm->mem, count, &dict));
    for (uint32_t i = 0; i < count; i++)
        DGL_TRY(dgl_dict_put(&vm->mem, dict.as.dict, pairs[2 * i], pairs[2 * i + 1]));
    pairs[0] = dict;
    return DGL_OK;
}

// a ~ b ~ c: texts joined; when one is safe and escaping is on, the others are escaped and all is safe.
static enum dgl_status concat(struct dgl_vm *vm, struct dgl_value *items, uint32_t count)
{
    bool safe = false;
    for (uint32_t i = 0; i < count; i++)
        safe |= items[i].kind == DGL_VALUE_SAFE && vm->autoescape;
    struct dgl_value text = items[0];
    for (uint32_t i = 0; i < count; i++) {
        struct dgl_value s;
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_to_string(&vm->mem, items[i], &s));
        if (i > 0) // the first is only lent
            DGL_TRY(dgl_mem_tick(&vm->mem, s.as.string->len / 256));
        if (safe && s.kind == DGL_VALUE_STRING) {
            dgl_buf_reset(&vm->scratch);
            dgl_put_html(&vm->scratch, s.as.string->data, s.as.string->len);
            DGL_TRY(dgl_buf_check(&vm->scratch, "a string", vm->mem.err));
            DGL_TRY(dgl_make_like(&vm->mem, true, vm->scratch.data ? vm->scratch.data : "", vm->scratch.len, &s));
        }
        if (i == 0)
            text = s;
        else
            DGL_TRY(dgl_string_append(&vm->mem, text, dgl_text(s), safe, &text));
    }
    text.kind = safe ? DGL_VALUE_SAFE : DGL_VALUE_STRING;
    items[0] = text;
    return DGL_OK;
}

static enum dgl_status unpack(struct dgl_vm *vm, struct dgl_value *top, uint32_t count)
{
    struct dgl_value list;
    struct dgl_mem *m = &vm->mem;
    if (!dgl_iterable(*top))
        return dgl_type_error(m, "cannot unpack %s into %u names", dgl_type_words(*top), count);
    DGL_TRY(dgl_to_list(m, *top, &list));
    if (list.as.list->count != count)
        return dgl_type_error(m, "cannot unpack %zu values into %u names", list.as.list->count, count);
    for (uint32_t i = 0; i < count; i++)
        top[i] = list.as.list->items[count - 1 - i];
    return DGL_OK;
}

// ---- calls

// Arguments from the stack. * and ** are spread into arena arrays.
static enum dgl_status collect(struct dgl_vm *vm, const struct dgl_call_shape *shape, const struct dgl_value *stack,
                               struct dgl_args *ret)
{
    struct dgl_value list;
    *ret = (struct dgl_args){.positional = stack,
                             .count = shape->count,
                             .names = shape->names,
                             .values = stack + shape->count,
                             .keywords = shape->keywords};
    const struct dgl_value *extra = stack + shape->count + shape->keywords;
    if (shape->star) {
        DGL_TRY(dgl_to_list(&vm->mem, *extra, &list));
        struct dgl_value all = {
            .kind = DGL_VALUE_LIST,
            .as.list = &(struct dgl_value_list){.count = shape->count, .items = (struct dgl_value *)stack}};
        DGL_TRY(dgl_list_append(&vm->mem, all, list.as.list->items, list.as.list->count, &list));
        if (list.as.list->count > 100000)
            return dgl_type_error(&vm->mem, "too many arguments after '*'");
        ret->positional = list.as.list->items;
        ret->count = (uint32_t)list.as.list->count;
        extra++;
    }
    if (!shape->star_star)
        return DGL_OK;
    if (extra->kind != DGL_VALUE_DICT || extra->as.dict->count > 1000)
        return dgl_type_error(&vm->mem, "the argument after '**' must be an object, not %s", dgl_type_words(*extra));
    const struct dgl_value_dict *d = extra->as.dict;
    uint32_t total = shape->keywords + d->count;
    struct dgl_name *made = dgl_mem_alloc(&vm->mem, d->count * sizeof *made + 1);
    const struct dgl_name **names = dgl_mem_alloc(&vm->mem, (total + 1) * sizeof *names);
    struct dgl_value *values = dgl_mem_alloc(&vm->mem, (total + 1) * sizeof *values);
    if (!made || !names || !values)
        return DGL_E_LIMIT;
    for (uint32_t i = 0; i < shape->keywords; i++) {
        names[i] = shape->names[i];
        values[i] = ret->values[i];
    }
    for (uint32_t i = 0; i < d->count; i++) {
        if (!dgl_is_string(d->entries[i].key))
            return dgl_type_error(&vm->mem, "keywords must be strings");
        made[i] = (struct dgl_name){.text = *d->entries[i].key.as.string, .hash = d->entries[i].hash, .global = -1};
        names[shape->keywords + i] = &made[i];
        values[shape->keywords + i] = d->entries[i].value;
    }
    ret->names = names;
    ret->values = values;
    ret->keywords = total;
    return DGL_OK;
}

static uint32_t taken(const struct dgl_call_shape *s)
{
    return (uint32_t)s->count + s->keywords + s->star + s->star_star;
}

// x.name(…): a dict's own key, else the method without making a bound one, else whatever x.name is.
static enum dgl_status call_method(struct dgl_vm *vm, struct dgl_value *at, const struct dgl_name *name,
                                   const struct dgl_call_shape *shape)
{
    struct dgl_args args;
    struct dgl_value v = *at, callee;
    bool own = v.kind == DGL_VALUE_DICT && dgl_dict_find(v.as.dict, name->text.data, name->text.len, name->hash);
    const struct dgl_method *method =
        own || name->method < 0 ? NULL : dgl_method_of(v, (struct dgl_str){name->text.data, name->text.len});
    DGL_TRY(collect(vm, shape, at + 1, &args));
    if (method) {
        DGL_TRY(dgl_args_bind(&vm->mem, method->name, method->parameters, method->required, method->variadic, &args));
        return method->run(vm, v, &args, at);
    }
    DGL_TRY(dgl_vm_attribute(vm, v, name, &callee));
    if (callee.kind == DGL_VALUE_UNDEFINED && v.kind != DGL_VALUE_UNDEFINED)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "undefined_access",
                             "%s has no '%.*s' to call; it is undefined", dgl_object_name(v),
                             (int)DGL_MIN(name->text.len, 80u), name->text.data);
    return dgl_vm_call(vm, callee, &args, at);
}

static enum dgl_status call_filter(struct dgl_vm *vm, struct dgl_value *at, uint32_t which,
                                   const struct dgl_call_shape *shape)
{
    struct dgl_args args;
    DGL_TRY(collect(vm, shape, at + 1, &args));
    return dgl_vm_filter(vm, &dgl_filters[which], at[0], &args, at);
}

static enum dgl_status call_test(struct dgl_vm *vm, struct dgl_value *at, uint32_t which,
                                 const struct dgl_call_shape *shape)
{
    struct dgl_args args;
    bool is = false;
    DGL_TRY(collect(vm, shape, at + 1, &args));
    DGL_TRY(dgl_vm_test(vm, &dgl_tests[which], at[0], &args, &is));
    at[0] = dgl_bool(is);
    return DGL_OK;
}

static enum dgl_status call_value(struct dgl_vm *vm, struct dgl_value *at, const struct dgl_call_shape *shape)
{
    struct dgl_args args;
    DGL_TRY(collect(vm, shape, at + 1, &args));
    return dgl_vm_call(vm, at[0], &args, at);
}

static enum dgl_status make_macro(struct dgl_vm *vm, struct dgl_activation *act, const struct dgl_code *code,
                                  struct dgl_value *ret)
{
    struct dgl_macro *m = dgl_mem_alloc(&vm->mem, sizeof *m);
    if (!m)
        return DGL_E_LIMIT;
    *m = (struct dgl_macro){.head.kind = DGL_OTHER_MACRO, .code = code, .up = act, .context = act->context};
    for (struct dgl_activation *a = act; a && !a->kept; a = a->up)
        a->kept = true;
    *ret = dgl_other(&m->head);
    return DGL_OK;
}

static enum dgl_status recurse(struct dgl_vm *vm, struct dgl_activation *act, const struct dgl_code *code,
                               struct dgl_value over)
{
    DGL_TRY(dgl_vm_enter(vm));
    struct dgl_activation *inner = dgl_vm_activate(vm, code, act, act->context);
    if (!inner)
        return DGL_E_LIMIT;
    inner->slots[code->iterable_slot] = over;
    DGL_TRY(dgl_vm_run(vm, inner));
    dgl_vm_release(vm, inner);
    vm->depth--;
    return DGL_OK;
}

static enum dgl_status import_name(struct dgl_vm *vm, struct dgl_value module, const struct dgl_name *name,
                                   struct dgl_value *ret)
{
    const struct dgl_module *mod = (const struct dgl_module *)module.as.other;
    struct dgl_value *v = dgl_dict_find(mod->exports, name->text.data, name->text.len, name->hash);
    if (v) {
        *ret = *v;
        return DGL_OK;
    }
    char *hint = dgl_mem_alloc(&vm->mem, name->text.len + strlen(mod->name) + 80);
    if (!hint)
        return DGL_E_LIMIT;
    struct dgl_buf text = DGL_BUF_INIT(1 << 16);
    dgl_buf_printf(&text, "the template '%s' does not export the name '%s'; it is undefined", mod->name,
                   name->text.data);
    struct dgl_value copy;
    enum dgl_status status = dgl_make_string(&vm->mem, text.data ? text.data : "", text.len, &copy);
    dgl_buf_fini(&text);
    DGL_TRY(status);
    return dgl_make_undefined(&vm->mem, (struct dgl_str){name->text.data, name->text.len}, NULL, copy.as.string->data,
                              ret);
}

static enum dgl_status store_namespace(struct dgl_vm *vm, struct dgl_value space, const struct dgl_name *name,
                                       struct dgl_value v)
{
    if (!dgl_is_other(space, DGL_OTHER_NAMESPACE))
        return dgl_type_error(&vm->mem, "cannot set an attribute of %s; only of a namespace()", dgl_type_words(space));
    struct dgl_value key = {.kind = DGL_VALUE_STRING, .as.string = &name->text};
    return dgl_dict_put(&vm->mem, ((struct dgl_namespace *)space.as.other)->attributes, key, v);
}

static enum dgl_status missing_parameter(struct dgl_vm *vm, struct dgl_value *slot, const struct dgl_name *name)
{
    if (slot->kind != DGL_VALUE_ABSENT)
        return DGL_OK;
    struct dgl_value text;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 16);
    dgl_buf_printf(&b, "parameter '%s' was not provided; it is undefined", name->text.data);
    DGL_TRY(dgl_make_string(&vm->mem, b.data ? b.data : "", b.len, &text));
    return dgl_make_undefined(&vm->mem, (struct dgl_str){name->text.data, name->text.len}, NULL, text.as.string->data,
                              slot);
}

// ---- the loop

static enum dgl_status step_values(struct dgl_vm *vm, struct dgl_activation *act, enum dgl_opcode op, uint32_t a,
                                   const uint32_t *pc, struct dgl_value **top);

// Instructions that do more than move values: the rare half of the interpreter. *top is one beyond the stack.
static enum dgl_status step_rare(struct dgl_vm *vm, struct dgl_activation *act, enum dgl_opcode op, uint32_t a,
                                 const uint32_t *pc, struct dgl_value **top)
{
    const struct dgl_template *t = act->code->owner;
    struct dgl_value *sp = *top;
    switch (op) {
    case DGL_OP_RESOLVE:
        return dgl_vm_resolve(vm, act->context, t->names[pc[1]], &act->slots[a]);
    case DGL_OP_EXPORT:
        return export_name(vm, act, a, pc[1]);
    case DGL_OP_STORE_NAMESPACE:
        *top = sp - 2;
        return store_namespace(vm, sp[-1], t->names[a], sp[-2]);
    case DGL_OP_PARAMETER:
        return missing_parameter(vm, &act->slots[a], t->names[pc[1]]);
    case DGL_OP_UNPACK:
        *top = sp + a - 1;
        return unpack(vm, sp - 1, a);
    case DGL_OP_FOR:
        *top = sp - 1;
        return dgl_loop_begin(vm, act, t->loops[pc[1]], sp[-1], &act->slots[a]);
    case DGL_OP_RECURSE:
        *top = sp - 1;
        return recurse(vm, act, t->codes[a], sp[-1]);
    case DGL_OP_CAPTURE:
        return dgl_vm_capture(vm);
    case DGL_OP_CAPTURED:
        *top = sp + 1;
        return dgl_vm_captured(vm, sp);
    case DGL_OP_MAKE_SAFE:
        if (sp[-1].kind == DGL_VALUE_UNDEFINED || sp[-1].kind == DGL_VALUE_RICH)
            return DGL_OK;
        DGL_TRY(dgl_to_string(&vm->mem, sp[-1], &sp[-1]));
        sp[-1].kind = vm->autoescape ? DGL_VALUE_SAFE : sp[-1].kind;
        return DGL_OK;
    case DGL_OP_MAKE_PLAIN:
        sp[-1].kind = sp[-1].kind == DGL_VALUE_SAFE ? DGL_VALUE_STRING : sp[-1].kind;
        return DGL_OK;
    case DGL_OP_MACRO:
        *top = sp + 1;
        return make_macro(vm, act, t->codes[a], sp);
    case DGL_OP_INCLUDE:
        *top = sp - 1;
        return dgl_vm_include(vm, act, sp[-1], a, pc[1] ? t->locals[pc[1]] : NULL);
    case DGL_OP_IMPORT:
        return dgl_vm_import(vm, act, sp[-1], a, pc[1] ? t->locals[pc[1]] : NULL, &sp[-1]);
    case DGL_OP_IMPORT_NAME:
        *top = sp + 1;
        return import_name(vm, sp[-1], t->names[a], sp);
    case DGL_OP_EXTENDS:
        *top = sp - 1;
        return dgl_vm_extends(vm, act, sp[-1]);
    case DGL_OP_BLOCK:
        return dgl_vm_block(vm, act, t->names[a], pc[1] ? t->locals[pc[1]] : NULL);
    case DGL_OP_AUTOESCAPE:
        *top = sp - 1;
        act->slots[a] = dgl_bool(vm->autoescape);
        vm->autoescape = dgl_value_truthy(sp[-1]);
        return DGL_OK;
    case DGL_OP_AUTOESCAPE_END:
        vm->autoescape = act->slots[a].as.boolean;
        return DGL_OK;
    default:
        return step_values(vm, act, op, a, pc, top);
    }
}

// Instructions that make values from values.
static enum dgl_status step_values(struct dgl_vm *vm, struct dgl_activation *act, enum dgl_opcode op, uint32_t a,
                                   const uint32_t *pc, struct dgl_value **top)
{
    const struct dgl_template *t = act->code->owner;
    static const struct dgl_value_undefined no_else = {
        .hint = "the inline if evaluated to false and has no else; the value is undefined"};
    struct dgl_value *sp = *top;
    switch (op) {
    case DGL_OP_LIST:
    case DGL_OP_TUPLE:
        *top = sp - a + 1;
        return make_list(vm, op == DGL_OP_LIST ? DGL_VALUE_LIST : DGL_VALUE_TUPLE, sp - a, a);
    case DGL_OP_DICT:
        *top = sp - 2 * a + 1;
        return make_dict(vm, sp - 2 * a, a);
    case DGL_OP_CONCAT:
        *top = sp - a + 1;
        return concat(vm, sp - a, a);
    case DGL_OP_NEGATE:
        return dgl_value_negate(&vm->mem, sp[-1], a != 0, &sp[-1]);
    case DGL_OP_NO_ELSE:
        *top = sp + 1;
        *sp = dgl_undefined(&no_else);
        return DGL_OK;
    case DGL_OP_ITEM:
        *top = sp - 1;
        return dgl_vm_item(vm, sp[-2], sp[-1], &sp[-2]);
    case DGL_OP_SLICE:
        *top = sp - 3;
        return dgl_vm_slice(vm, sp[-4], sp[-3], sp[-2], sp[-1], &sp[-4]);
    case DGL_OP_FILTER: {
        const struct dgl_call_shape *shape = t->shapes[pc[1]];
        struct dgl_value *at = sp - taken(shape) - 1;
        *top = at + 1;
        return call_filter(vm, at, a, shape);
    }
    case DGL_OP_TEST: {
        const struct dgl_call_shape *shape = t->shapes[pc[1]];
        struct dgl_value *at = sp - taken(shape) - 1;
        *top = at + 1;
        return call_test(vm, at, a, shape);
    }
    case DGL_OP_CALL: {
        struct dgl_value *at = sp - taken(t->shapes[a]) - 1;
        *top = at + 1;
        return call_value(vm, at, t->shapes[a]);
    }
    default: { // CALL_METHOD
        const struct dgl_call_shape *shape = t->shapes[pc[1]];
        struct dgl_value *at = sp - taken(shape) - 1;
        *top = at + 1;
        return call_method(vm, at, t->names[a], shape);
    }
    }
}

static const uint8_t op_words[] = {
#define X(name, words) words,
    DGL_OPCODES(X)
#undef X
};

static enum dgl_status run(struct dgl_vm *vm, struct dgl_activation *act, uint32_t *ret_at)
{
    const struct dgl_code *code = act->code;
    const struct dgl_template *t = code->owner;
    struct dgl_value *slots = act->slots, *sp = act->slots + code->slots;
    const uint32_t *words = code->words;
    for (uint32_t pc = 0;;) {
        enum dgl_opcode op = (enum dgl_opcode)(words[pc] & 0xff);
        uint32_t a = words[pc] >> 8, here = pc;
        bool flag = false;
        *ret_at = here;
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        pc += op_words[op];
        switch (op) {
        case DGL_OP_NOP:
            break;
        case DGL_OP_CONST:
            *sp++ = t->constants[a];
            break;
        case DGL_OP_LOAD:
            *sp++ = known(slots[a], code->slot_names[a]);
            break;
        case DGL_OP_LOAD_UP: {
            const struct dgl_activation *from = outward(act, a);
            *sp++ = known(from->slots[words[here + 1]], from->code->slot_names[words[here + 1]]);
            break;
        }
        case DGL_OP_LOAD_CONTEXT:
            DGL_TRY(load_context(vm, act, a, t->names[words[here + 1]], sp));
            sp++;
            break;
        case DGL_OP_STORE:
            slots[a] = *--sp;
            break;
        case DGL_OP_CLEAR:
            slots[a] = dgl_absent();
            break;
        case DGL_OP_COPY:
            slots[a] = slots[words[here + 1]];
            break;
        case DGL_OP_COPY_UP:
            slots[a] = outward(act, words[here + 1])->slots[words[here + 2]];
            break;
        case DGL_OP_DEFAULT:
            if (slots[a].kind != DGL_VALUE_ABSENT)
                pc = words[here + 1];
            break;
        case DGL_OP_POP:
            sp--;
            break;
        case DGL_OP_DUP:
            sp[0] = sp[-1];
            sp++;
            break;
        case DGL_OP_SWAP: {
            struct dgl_value v = sp[-1];
            sp[-1] = sp[-2];
            sp[-2] = v;
            break;
        }
        case DGL_OP_ROT3: {
            struct dgl_value v = sp[-1];
            sp[-1] = sp[-2];
            sp[-2] = sp[-3];
            sp[-3] = v;
            break;
        }
        case DGL_OP_ATTR:
            DGL_TRY(dgl_vm_attribute(vm, sp[-1], t->names[a], &sp[-1]));
            break;
        case DGL_OP_BINARY:
            sp--;
            if (a == DGL_BIN_MOD && dgl_is_string(sp[-1]))
                DGL_TRY(dgl_format_percent_value(vm, sp[-1], sp[0], &sp[-1]));
            else
                DGL_TRY(dgl_value_binary(&vm->mem, (enum dgl_binary_op)a, sp[-1], sp[0], &sp[-1]));
            break;
        case DGL_OP_COMPARE:
            sp--;
            DGL_TRY(dgl_value_compare(&vm->mem, (enum dgl_compare_op)a, sp[-1], sp[0], &flag));
            sp[-1] = dgl_bool(flag);
            break;
        case DGL_OP_NOT:
            sp[-1] = dgl_bool(!dgl_value_truthy(sp[-1]));
            break;
        case DGL_OP_JUMP:
            pc = a;
            break;
        case DGL_OP_JUMP_IF:
            if (dgl_value_truthy(*--sp))
                pc = a;
            break;
        case DGL_OP_JUMP_UNLESS:
            if (!dgl_value_truthy(*--sp))
                pc = a;
            break;
        case DGL_OP_JUMP_IF_KEEP:
        case DGL_OP_JUMP_UNLESS_KEEP:
            if (dgl_value_truthy(sp[-1]) == (op == DGL_OP_JUMP_IF_KEEP))
                pc = a;
            else
                sp--;
            break;
        case DGL_OP_DATA:
            DGL_TRY(put_data(vm, t, a));
            break;
        case DGL_OP_PRINT:
            DGL_TRY(dgl_vm_print(vm, t->chunks[a].context, *--sp));
            break;
        case DGL_OP_NEXT:
            DGL_TRY(dgl_loop_next(vm, (struct dgl_loop *)slots[a].as.other, sp, &flag));
            if (flag)
                sp++;
            else
                pc = words[here + 1];
            break;
        case DGL_OP_LOOPED:
            *sp++ = dgl_bool(((struct dgl_loop *)slots[a].as.other)->index0 >= 0);
            break;
        case DGL_OP_SKIP_EXTENDED:
            if (act->context->extended)
                pc = a;
            break;
        case DGL_OP_RETURN:
            if (code->kind == DGL_CODE_LOOP_TEST)
                act->result = sp[-1];
            return DGL_OK;
        default:
            DGL_TRY(step_rare(vm, act, op, a, words + here, &sp));
            break;
        }
    }
}

// The chunk an instruction belongs to.
static uint32_t chunk_at(const struct dgl_code *code, uint32_t pc)
{
    uint32_t low = 0, high = code->mark_count;
    while (high - low > 1) {
        uint32_t mid = (low + high) / 2;
        if (code->marks[mid].at <= pc)
            low = mid;
        else
            high = mid;
    }
    return code->mark_count ? code->marks[low].chunk : 0;
}

// {{ user.first-name }} is a difference, and mostly not meant as one.
static void add_remedy(const struct dgl_template *t, uint32_t chunk, struct dgl_error *err)
{
    const struct dgl_program_place *p = chunk < t->chunk_count ? t->chunks[chunk].place : NULL;
    struct dgl_error before = *err;
    char remedy[320];
    if (p && p->tag && !before.place.tag[0] && strcmp(before.slug, "undefined_access") == 0 &&
        dgl_remedy_of_hyphen(dgl_str_of(p->tag), remedy, sizeof remedy))
        (void)DGL_FAIL_SLUG(err, before.code, before.slug, "%s; %s", before.message, remedy);
}

enum dgl_status dgl_vm_run(struct dgl_vm *vm, struct dgl_activation *act)
{
    uint32_t at = 0;
    enum dgl_status status = run(vm, act, &at);
    if (status != DGL_OK) {
        uint32_t chunk = chunk_at(act->code, at);
        add_remedy(act->code->owner, chunk, vm->mem.err);
        dgl_template_fill_place(act->code->owner, chunk, vm->mem.err);
    }
    return status;
}
