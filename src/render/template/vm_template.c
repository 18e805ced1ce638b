// Templates that use others: include, import, extends, blocks; and the front of a render.
#include "render/template/vm.h"
#include <string.h>

// ---- contexts

static struct dgl_context *context_new(struct dgl_vm *vm, const struct dgl_template *t)
{
    struct dgl_context *ctx = dgl_mem_alloc(&vm->mem, sizeof *ctx);
    if (!ctx)
        return NULL;
    ctx->t = t;
    ctx->blocks = dgl_mem_alloc(&vm->mem, sizeof *ctx->blocks);
    return ctx->blocks ? ctx : NULL;
}

static enum dgl_status fill_locals(struct dgl_vm *vm, struct dgl_activation *act, const struct dgl_locals *locals,
                                   struct dgl_context *ctx)
{
    struct dgl_value dict;
    if (!locals || !locals->count)
        return DGL_OK;
    DGL_TRY(dgl_make_dict(&vm->mem, locals->count, &dict));
    for (uint32_t i = 0; i < locals->count; i++) {
        const struct dgl_locals_entry *e = &locals->items[i];
        const struct dgl_activation *from = act;
        for (uint32_t k = 0; k < e->level; k++)
            from = from->up;
        if (from->slots[e->slot].kind == DGL_VALUE_ABSENT)
            continue;
        struct dgl_value key = {.kind = DGL_VALUE_STRING, .as.string = &e->name->text};
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_dict_put(&vm->mem, dict.as.dict, key, from->slots[e->slot]));
    }
    ctx->locals = dict.as.dict;
    return DGL_OK;
}

// ---- blocks

static struct dgl_block_stack *find_stack(const struct dgl_context *ctx, const char *name, size_t len, uint64_t hash)
{
    const struct dgl_block_table *table = ctx->blocks;
    struct dgl_block_stack *s = table->size ? table->buckets[hash & (table->size - 1)] : NULL;
    while (s && (s->name->hash != hash || s->name->text.len != len || memcmp(s->name->text.data, name, len) != 0))
        s = s->next;
    return s;
}

static enum dgl_status grow_table(struct dgl_vm *vm, struct dgl_block_table *table)
{
    uint32_t size = table->size ? table->size * 2 : 8;
    struct dgl_block_stack **buckets = dgl_mem_alloc(&vm->mem, size * sizeof(struct dgl_block_stack *));
    if (!buckets)
        return DGL_E_LIMIT;
    for (uint32_t i = 0; i < table->size; i++)
        for (struct dgl_block_stack *s = table->buckets[i], *next; s; s = next) {
            next = s->next;
            s->next = buckets[s->name->hash & (size - 1)];
            buckets[s->name->hash & (size - 1)] = s;
        }
    table->buckets = buckets;
    table->size = size;
    return DGL_OK;
}

static enum dgl_status add_stack(struct dgl_vm *vm, struct dgl_context *ctx, const struct dgl_name *name,
                                 struct dgl_block_stack **ret)
{
    struct dgl_block_table *table = ctx->blocks;
    if (table->count >= table->size)
        DGL_TRY(grow_table(vm, table));
    struct dgl_block_stack *s = dgl_mem_alloc(&vm->mem, sizeof *s);
    if (!s)
        return DGL_E_LIMIT;
    s->name = name;
    s->next = table->buckets[name->hash & (table->size - 1)];
    table->buckets[name->hash & (table->size - 1)] = s;
    table->count++;
    *ret = s;
    return DGL_OK;
}

// The blocks of a template go behind those of the templates that extend it.
static enum dgl_status add_blocks(struct dgl_vm *vm, struct dgl_context *ctx, const struct dgl_template *t)
{
    for (uint32_t i = 0; i < t->block_count; i++) {
        const struct dgl_name *name = t->blocks[i].name;
        struct dgl_block_stack *s = find_stack(ctx, name->text.data, name->text.len, name->hash);
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        if (!s)
            DGL_TRY(add_stack(vm, ctx, name, &s));
        if (s->count == s->cap) {
            uint32_t cap = s->cap ? s->cap * 2 : 2;
            const struct dgl_code **codes = dgl_mem_alloc(&vm->mem, cap * sizeof *codes);
            if (!codes)
                return DGL_E_LIMIT;
            if (s->count)
                memcpy(codes, s->codes, s->count * sizeof *codes);
            s->codes = codes;
            s->cap = cap;
        }
        s->codes[s->count++] = t->blocks[i].code;
    }
    return DGL_OK;
}

static enum dgl_status make_reference(struct dgl_vm *vm, struct dgl_context *ctx, struct dgl_block_stack *s,
                                      uint32_t at, struct dgl_value *ret)
{
    static const struct dgl_value_undefined none = {.hint = "there is no parent block; super is undefined"};
    if (at >= s->count) {
        *ret = dgl_undefined(&none);
        return DGL_OK;
    }
    struct dgl_block_reference *r = dgl_mem_alloc(&vm->mem, sizeof *r);
    if (!r)
        return DGL_E_LIMIT;
    *r = (struct dgl_block_reference){.head.kind = DGL_OTHER_BLOCK, .context = ctx, .stack = s, .at = at};
    *ret = dgl_other(&r->head);
    return DGL_OK;
}

static enum dgl_status make_self(struct dgl_vm *vm, struct dgl_context *ctx, struct dgl_value *ret)
{
    struct dgl_self *s = dgl_mem_alloc(&vm->mem, sizeof *s);
    if (!s)
        return DGL_E_LIMIT;
    *s = (struct dgl_self){.head.kind = DGL_OTHER_SELF, .context = ctx};
    *ret = dgl_other(&s->head);
    return DGL_OK;
}

static enum dgl_status run_block(struct dgl_vm *vm, struct dgl_context *ctx, struct dgl_block_stack *s, uint32_t at)
{
    const struct dgl_code *code = s->codes[at];
    DGL_TRY(dgl_vm_enter(vm));
    struct dgl_activation *act = dgl_vm_activate(vm, code, NULL, ctx);
    if (!act)
        return DGL_E_LIMIT;
    if (code->self_slot >= 0)
        DGL_TRY(make_self(vm, ctx, &act->slots[code->self_slot]));
    if (code->super_slot >= 0)
        DGL_TRY(make_reference(vm, ctx, s, at + 1, &act->slots[code->super_slot]));
    DGL_TRY(dgl_vm_run(vm, act));
    dgl_vm_release(vm, act);
    vm->depth--;
    return DGL_OK;
}

enum dgl_status dgl_vm_block(struct dgl_vm *vm, struct dgl_activation *act, const struct dgl_name *name,
                             const struct dgl_locals *locals)
{
    struct dgl_context *ctx = act->context;
    struct dgl_block_stack *s = find_stack(ctx, name->text.data, name->text.len, name->hash);
    if (!s)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "undefined_access", "the block '%s' is undefined",
                             name->text.data);
    if (s->codes[0]->required && s->count == 1)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "undefined_access",
                             "the required block '%s' is not defined by the extending template", name->text.data);
    if (locals) {
        struct dgl_context *scoped = dgl_mem_alloc(&vm->mem, sizeof *scoped);
        if (!scoped)
            return DGL_E_LIMIT;
        *scoped = (struct dgl_context){.t = ctx->t, .outer = ctx, .blocks = ctx->blocks};
        DGL_TRY(fill_locals(vm, act, locals, scoped));
        ctx = scoped;
    }
    return run_block(vm, ctx, s, 0);
}

enum dgl_status dgl_vm_block_call(struct dgl_vm *vm, struct dgl_block_reference *ref, struct dgl_value *ret)
{
    DGL_TRY(dgl_vm_capture(vm));
    DGL_TRY(run_block(vm, ref->context, ref->stack, ref->at));
    return dgl_vm_captured(vm, ret);
}

enum dgl_status dgl_vm_self_attribute(struct dgl_vm *vm, struct dgl_self *self, struct dgl_str name,
                                      struct dgl_value *ret)
{
    struct dgl_block_stack *s = find_stack(self->context, name.data, name.len, dgl_hash_bytes(name.data, name.len));
    if (!s)
        return dgl_make_undefined(&vm->mem, name, "self", NULL, ret);
    return make_reference(vm, self->context, s, 0, ret);
}

// ---- other templates

static enum dgl_status load_one(struct dgl_vm *vm, struct dgl_value name, const struct dgl_template **ret)
{
    char text[512];
    if (name.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, name);
    if (!dgl_is_string(name))
        return dgl_type_error(&vm->mem, "the name of a template must be a text, not %s", dgl_type_words(name));
    struct dgl_str s = dgl_text(name);
    if (s.len >= sizeof text || memchr(s.data, 0, s.len))
        return dgl_type_error(&vm->mem, "the name of a template is too long or not text");
    dgl_str_copy(text, sizeof text, s.data, s.len);
    if (!vm->env->loader)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_NOT_FOUND, "template_not_found",
                             "there is no template '%s': other templates cannot be used here", text);
    return vm->env->loader->lookup(vm->env->loader->ctx, text, ret, vm->mem.err);
}

// By name, or the first of a list that exists.
static enum dgl_status load(struct dgl_vm *vm, struct dgl_value name, const struct dgl_template **ret)
{
    if (!dgl_is_list(name))
        return load_one(vm, name, ret);
    enum dgl_status status = DGL_E_NOT_FOUND;
    for (size_t i = 0; i < name.as.list->count && status == DGL_E_NOT_FOUND; i++)
        status = load_one(vm, name.as.list->items[i], ret);
    if (status == DGL_E_NOT_FOUND)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_NOT_FOUND, "template_not_found", "none of the templates exists");
    return status;
}

enum dgl_status dgl_vm_root(struct dgl_vm *vm, const struct dgl_template *t, struct dgl_context *ctx)
{
    const struct dgl_code *code = t->root;
    DGL_TRY(dgl_vm_enter(vm));
    struct dgl_activation *act = dgl_vm_activate(vm, code, NULL, ctx);
    if (!act)
        return DGL_E_LIMIT;
    if (code->self_slot >= 0)
        DGL_TRY(make_self(vm, ctx, &act->slots[code->self_slot]));
    ctx->extended = NULL;
    DGL_TRY(dgl_vm_run(vm, act));
    dgl_vm_release(vm, act);
    if (ctx->extended)
        DGL_TRY(dgl_vm_root(vm, ctx->extended, ctx));
    vm->depth--;
    return DGL_OK;
}

static enum dgl_status deeper(struct dgl_vm *vm)
{
    if (vm->nested >= DGL_TEMPLATE_MAX_NESTING)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "endless_recursion",
                             "endless recursion: templates include each other more than %u levels deep",
                             DGL_TEMPLATE_MAX_NESTING);
    vm->nested++;
    return DGL_OK;
}

// Runs another template in a context of its own. The escaping of that template holds meanwhile.
static enum dgl_status run_other(struct dgl_vm *vm, struct dgl_activation *act, const struct dgl_template *t,
                                 uint32_t flags, const struct dgl_locals *locals, struct dgl_context **ret)
{
    bool escape = vm->autoescape;
    struct dgl_context *ctx = context_new(vm, t);
    if (!ctx)
        return DGL_E_LIMIT;
    if (flags & DGL_INCLUDE_WITH_CONTEXT) {
        ctx->outer = act->context;
        DGL_TRY(fill_locals(vm, act, locals, ctx));
    }
    DGL_TRY(deeper(vm));
    DGL_TRY(add_blocks(vm, ctx, t));
    vm->autoescape = t->autoescape;
    DGL_TRY(dgl_vm_root(vm, t, ctx));
    vm->autoescape = escape;
    vm->nested--;
    *ret = ctx;
    return DGL_OK;
}

enum dgl_status dgl_vm_include(struct dgl_vm *vm, struct dgl_activation *act, struct dgl_value name, uint32_t flags,
                               const struct dgl_locals *locals)
{
    const struct dgl_template *t;
    struct dgl_context *ctx;
    enum dgl_status status = load(vm, name, &t);
    if (status == DGL_E_NOT_FOUND && (flags & DGL_INCLUDE_IGNORE_MISSING)) {
        *vm->mem.err = DGL_ERROR_INIT;
        return DGL_OK;
    }
    DGL_TRY(status);
    return run_other(vm, act, t, flags, locals, &ctx);
}

enum dgl_status dgl_vm_import(struct dgl_vm *vm, struct dgl_activation *act, struct dgl_value name, uint32_t flags,
                              const struct dgl_locals *locals, struct dgl_value *ret)
{
    const struct dgl_template *t;
    struct dgl_context *ctx;
    struct dgl_value exports, body;
    DGL_TRY(load(vm, name, &t));
    DGL_TRY(dgl_vm_capture(vm));
    DGL_TRY(run_other(vm, act, t, flags, locals, &ctx));
    DGL_TRY(dgl_vm_captured(vm, &body));
    DGL_TRY(dgl_make_dict(&vm->mem, 4, &exports));
    for (uint32_t i = 0; ctx->exported && i < ctx->exported->count; i++)
        if (ctx->exported->entries[i].value.as.boolean)
            DGL_TRY(dgl_dict_put(&vm->mem, exports.as.dict, ctx->vars->entries[i].key, ctx->vars->entries[i].value));
    struct dgl_module *mod = dgl_mem_alloc(&vm->mem, sizeof *mod);
    if (!mod)
        return DGL_E_LIMIT;
    *mod =
        (struct dgl_module){.head.kind = DGL_OTHER_MODULE, .name = t->name, .exports = exports.as.dict, .body = body};
    *ret = dgl_other(&mod->head);
    return DGL_OK;
}

enum dgl_status dgl_vm_extends(struct dgl_vm *vm, struct dgl_activation *act, struct dgl_value name)
{
    const struct dgl_template *t;
    struct dgl_context *ctx = act->context;
    if (ctx->extended)
        return DGL_FAIL_SLUG(vm->mem.err, DGL_E_INVALID, "syntax_error", "unexpected second 'extends' in one template");
    DGL_TRY(load(vm, name, &t));
    DGL_TRY(add_blocks(vm, ctx, t));
    ctx->extended = t;
    return DGL_OK;
}

enum dgl_status dgl_vm_template(struct dgl_vm *vm, const struct dgl_template *t)
{
    struct dgl_context *ctx = context_new(vm, t);
    if (!ctx)
        return DGL_E_LIMIT;
    ctx->data = vm->data;
    DGL_TRY(add_blocks(vm, ctx, t));
    return dgl_vm_root(vm, t, ctx);
}
