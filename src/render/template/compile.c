// Statements to code.
#include "render/template/compile.h"
#include "render/template/filters.h"
#include <string.h>

static void statements(struct dgl_compiler *c, const struct dgl_node_list *list);

static const struct dgl_code *end_code(struct dgl_compiler *c)
{
    uint32_t number = dgl_function_end(c);
    return c->t->codes[number];
}

// What a scope's names hold when it is entered.
static void fill_scope(struct dgl_compiler *c)
{
    for (struct dgl_binding *b = c->scope->first; b; b = b->next) {
        if (b->load == DGL_LOAD_UNSET)
            dgl_emit(c, DGL_OP_CLEAR, b->slot, 0);
        else if (b->load == DGL_LOAD_CONTEXT && b->stored)
            dgl_emit2(c, DGL_OP_RESOLVE, b->slot, b->name->id, 0);
        else if (b->load == DGL_LOAD_OUTER && b->outer->load == DGL_LOAD_CONTEXT && !b->outer->stored)
            dgl_emit2(c, DGL_OP_RESOLVE, b->slot, b->name->id, 0);
        else if (b->load == DGL_LOAD_OUTER) {
            uint32_t level = c->function->level - b->outer->scope->function->level;
            if (level == 0)
                dgl_emit2(c, DGL_OP_COPY, b->slot, b->outer->slot, 0);
            else
                dgl_emit3(c, DGL_OP_COPY_UP, b->slot, level, b->outer->slot, 0);
        }
    }
}

static void export_name(struct dgl_compiler *c, const struct dgl_binding *b, bool public)
{
    if (c->scope->toplevel)
        dgl_emit2(c, DGL_OP_EXPORT, b->slot,
                  b->name->id | (public && b->name->text.data[0] != '_' ? 0 : DGL_EXPORT_PRIVATE), 0);
}

// Stores the value on top of the stack.
static void store(struct dgl_compiler *c, const struct dgl_node *target)
{
    if (target->kind == DGL_NODE_NSREF) {
        dgl_compile_load(c, target->name);
        dgl_emit(c, DGL_OP_STORE_NAMESPACE, target->name2->id, -2);
    } else if (target->kind == DGL_NODE_NAME) {
        const struct dgl_binding *b = c->bound[target->name->id];
        dgl_emit(c, DGL_OP_STORE, b->slot, -1);
        export_name(c, b, true);
    } else if (target->kind == DGL_NODE_TUPLE) {
        dgl_emit(c, DGL_OP_UNPACK, target->list.count, (int)target->list.count - 1);
        for (uint32_t i = 0; i < target->list.count; i++)
            store(c, target->list.items[i]);
    } else {
        dgl_emit(c, DGL_OP_POP, 0, -1);
    }
}

// Jumps over what follows when the template has extended another; 0 when that is not to be asked.
static uint32_t output_begin(struct dgl_compiler *c)
{
    return c->scope->output_check ? dgl_emit_jump(c, DGL_OP_SKIP_EXTENDED, 0) : UINT32_MAX;
}

static void output_end(struct dgl_compiler *c, uint32_t jump)
{
    if (jump != UINT32_MAX)
        dgl_patch(c, jump);
}

static void data_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    if (c->scope->output_check && c->known_extends)
        return;
    uint32_t skip = output_begin(c);
    dgl_emit(c, DGL_OP_DATA, n->chunk, 0);
    output_end(c, skip);
}

static void print_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    if (c->scope->output_check && c->known_extends)
        return;
    uint32_t skip = output_begin(c);
    dgl_compile_expression(c, n->a);
    dgl_emit(c, DGL_OP_PRINT, n->chunk, -1);
    output_end(c, skip);
}

static void if_branch(struct dgl_compiler *c, const struct dgl_node *n, uint32_t *ret_end)
{
    c->chunk = n->chunk;
    dgl_compile_expression(c, n->a);
    uint32_t next = dgl_emit_jump(c, DGL_OP_JUMP_UNLESS, -1);
    statements(c, &n->list);
    *ret_end = dgl_emit_jump(c, DGL_OP_JUMP, 0);
    dgl_patch(c, next);
}

static void if_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    uint32_t count = n->list2.count + 1;
    uint32_t *ends = dgl_arena_alloc(c->scratch, count * sizeof *ends);
    bool root = c->scope->rootlevel;
    c->scope->rootlevel = false;
    if_branch(c, n, &ends[0]);
    for (uint32_t i = 0; i < n->list2.count; i++)
        if_branch(c, n->list2.items[i], &ends[i + 1]);
    statements(c, &n->list3);
    for (uint32_t i = 0; i < count; i++)
        dgl_patch(c, ends[i]);
    c->scope->rootlevel = root;
}

// ---- loops

static void check_loop_target(struct dgl_compiler *c, const struct dgl_node *target)
{
    if (target->kind == DGL_NODE_NAME && strcmp(target->name->text.data, "loop") == 0)
        dgl_parser_fail_at(c->p, c->chunk, "syntax_error",
                           "syntax error: unexpected 'loop' as the loop's own variable; it is taken");
    for (uint32_t i = 0; i < target->list.count; i++)
        check_loop_target(c, target->list.items[i]);
}

static const struct dgl_code *loop_test(struct dgl_compiler *c, const struct dgl_node *n)
{
    struct dgl_function f;
    struct dgl_scope scope = {0};
    dgl_function_begin(c, &f, DGL_CODE_LOOP_TEST, NULL);
    uint32_t item = dgl_new_slot(c, NULL);
    dgl_scope_enter(c, &scope);
    dgl_scope_target(c, n->a, true);
    dgl_scope_expression(c, n->c);
    dgl_emit(c, DGL_OP_LOAD, item, 1);
    store(c, n->a);
    fill_scope(c);
    dgl_compile_expression(c, n->c);
    dgl_scope_leave(c);
    return end_code(c);
}

static bool has_scoped_block(const struct dgl_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct dgl_node *n = list->items[i];
        if ((n->kind == DGL_NODE_BLOCK && n->flag) || has_scoped_block(&n->list))
            return true;
        bool branches = n->kind == DGL_NODE_IF || n->kind == DGL_NODE_FOR;
        if (branches && (has_scoped_block(&n->list2) || has_scoped_block(&n->list3)))
            return true;
    }
    return false;
}

// The loop itself; the iterable is on the stack.
static void loop_body(struct dgl_compiler *c, const struct dgl_node *n, bool output_check)
{
    bool uses_loop = n->flag || dgl_list_reads(&n->list, "loop", false) || has_scoped_block(&n->list) ||
                     has_scoped_block(&n->list2); // what is included sees the loop then
    struct dgl_loop_shape shape = {.test = n->c ? loop_test(c, n) : NULL,
                                   .keep = n->flag || dgl_list_reads(&n->list, "loop", true)};
    struct dgl_scope scope = {.output_check = output_check}, none = {.output_check = output_check};
    dgl_scope_enter(c, &scope);
    uint32_t slot =
        uses_loop ? dgl_scope_parameter(c, dgl_parser_name(c->p, DGL_STR("loop")))->slot : dgl_new_slot(c, NULL);
    dgl_scope_target(c, n->a, true);
    dgl_scope_statements(c, &n->list);
    dgl_emit2(c, DGL_OP_FOR, slot, dgl_loop_shape_of(c, shape), -1);
    uint32_t top = dgl_here(c);
    dgl_emit2(c, DGL_OP_NEXT, slot, 0, 1);
    store(c, n->a);
    fill_scope(c);
    statements(c, &n->list);
    c->chunk = n->chunk;
    dgl_emit(c, DGL_OP_JUMP, top, 0);
    dgl_patch_b(c, top);
    dgl_scope_leave(c);
    if (!n->list2.count)
        return;
    dgl_emit(c, DGL_OP_LOOPED, slot, 1);
    uint32_t end = dgl_emit_jump(c, DGL_OP_JUMP_IF, -1);
    dgl_scope_enter(c, &none);
    dgl_scope_statements(c, &n->list2);
    fill_scope(c);
    statements(c, &n->list2);
    dgl_scope_leave(c);
    dgl_patch(c, end);
}

static void for_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    check_loop_target(c, n->a);
    dgl_compile_expression(c, n->b);
    if (!n->flag) {
        loop_body(c, n, c->scope->output_check);
        return;
    }
    struct dgl_function f;
    struct dgl_code *code = dgl_function_begin(c, &f, DGL_CODE_LOOP, NULL);
    code->iterable_slot = dgl_new_slot(c, NULL);
    dgl_emit(c, DGL_OP_LOAD, code->iterable_slot, 1);
    loop_body(c, n, false);
    dgl_emit(c, DGL_OP_RECURSE, dgl_function_end(c), -1);
}

// ---- set, with, filter, autoescape

static void set_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    dgl_compile_expression(c, n->b);
    store(c, n->a);
}

// A body whose output is caught; leaves it on the stack, through the filter when there is one.
static void captured(struct dgl_compiler *c, const struct dgl_node *n, const struct dgl_node *filter, bool check)
{
    struct dgl_scope scope = {.output_check = check && c->scope->output_check};
    dgl_scope_enter(c, &scope);
    dgl_scope_statements(c, &n->list);
    if (filter)
        dgl_scope_expression(c, filter);
    fill_scope(c);
    dgl_emit(c, DGL_OP_CAPTURE, 0, 0);
    statements(c, &n->list);
    c->chunk = n->chunk;
    dgl_emit(c, DGL_OP_CAPTURED, 0, 1);
    if (filter) {
        dgl_compile_expression(c, filter);
        dgl_emit(c, DGL_OP_MAKE_SAFE, 0, 0);
    }
    dgl_scope_leave(c);
}

static void with_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    struct dgl_scope scope = {.output_check = c->scope->output_check};
    for (uint32_t i = 0; i < n->list3.count; i++) // all values before any target: they see the outer names
        dgl_compile_expression(c, n->list3.items[i]);
    dgl_scope_enter(c, &scope);
    for (uint32_t i = 0; i < n->list2.count; i++)
        dgl_scope_target(c, n->list2.items[i], true);
    dgl_scope_statements(c, &n->list);
    fill_scope(c);
    for (uint32_t i = n->list2.count; i-- > 0;)
        store(c, n->list2.items[i]);
    statements(c, &n->list);
    dgl_scope_leave(c);
}

static void autoescape_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    struct dgl_scope scope = {.output_check = c->scope->output_check};
    dgl_scope_enter(c, &scope);
    dgl_scope_expression(c, n->a);
    dgl_scope_statements(c, &n->list);
    fill_scope(c);
    uint32_t slot = dgl_new_slot(c, NULL);
    dgl_compile_expression(c, n->a);
    dgl_emit(c, DGL_OP_AUTOESCAPE, slot, -1);
    statements(c, &n->list);
    dgl_emit(c, DGL_OP_AUTOESCAPE_END, slot, 0);
    dgl_scope_leave(c);
}

// ---- macros

static int32_t special(struct dgl_compiler *c, const struct dgl_node *n, const char *name)
{
    for (uint32_t i = 0; i < n->list2.count; i++)
        if (strcmp(n->list2.items[i]->name->text.data, name) == 0)
            return -1;
    if (!dgl_list_reads(&n->list, name, false))
        return -1;
    return (int32_t)dgl_scope_parameter(c, dgl_parser_name(c->p, dgl_str_of(name)))->slot;
}

static void macro_defaults(struct dgl_compiler *c, const struct dgl_node *n)
{
    uint32_t first = n->list2.count - n->list3.count;
    for (uint32_t i = 0; i < n->list2.count; i++) {
        const struct dgl_binding *b = c->bound[n->list2.items[i]->name->id];
        if (i < first) {
            dgl_emit2(c, DGL_OP_PARAMETER, b->slot, b->name->id, 0);
            continue;
        }
        uint32_t set = dgl_here(c);
        dgl_emit2(c, DGL_OP_DEFAULT, b->slot, 0, 0);
        dgl_compile_expression(c, n->list3.items[i - first]);
        dgl_emit(c, DGL_OP_STORE, b->slot, -1);
        dgl_patch_b(c, set);
    }
}

// The code of a macro or of a call block's body.
static uint32_t macro_code(struct dgl_compiler *c, const struct dgl_node *n, enum dgl_code_kind kind)
{
    struct dgl_function f;
    struct dgl_scope scope = {0};
    struct dgl_code *code = dgl_function_begin(c, &f, kind, n->name);
    dgl_scope_enter(c, &scope);
    code->parameter_count = n->list2.count;
    code->defaults = n->list3.count;
    code->parameters = dgl_arena_alloc(c->t->arena, (n->list2.count + 1) * sizeof(struct dgl_name *));
    for (uint32_t i = 0; i < n->list2.count; i++) {
        code->parameters[i] = n->list2.items[i]->name;
        (void)dgl_scope_parameter(c, code->parameters[i]);
        code->explicit_caller |= strcmp(code->parameters[i]->text.data, "caller") == 0;
    }
    code->caller_slot = special(c, n, "caller");
    code->kwargs_slot = special(c, n, "kwargs");
    code->varargs_slot = special(c, n, "varargs");
    for (uint32_t i = 0; i < n->list3.count; i++)
        dgl_scope_expression(c, n->list3.items[i]);
    dgl_scope_statements(c, &n->list);
    fill_scope(c);
    macro_defaults(c, n);
    statements(c, &n->list);
    dgl_scope_leave(c);
    return dgl_function_end(c);
}

uint32_t dgl_compile_caller(struct dgl_compiler *c, const struct dgl_node *call_block)
{
    return macro_code(c, call_block, DGL_CODE_CALLER);
}

static void macro_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    const struct dgl_binding *b = c->bound[n->name->id];
    dgl_emit(c, DGL_OP_MACRO, macro_code(c, n, DGL_CODE_MACRO), 1);
    dgl_emit(c, DGL_OP_STORE, b->slot, -1);
    export_name(c, b, true);
}

// ---- other templates

static void import_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    uint32_t flags = n->flag2 ? DGL_INCLUDE_WITH_CONTEXT : 0;
    dgl_compile_expression(c, n->a);
    dgl_emit2(c, DGL_OP_IMPORT, flags, n->flag2 ? dgl_locals_of(c) : 0, 0);
    if (n->kind == DGL_NODE_IMPORT) {
        dgl_emit(c, DGL_OP_STORE, c->bound[n->name->id]->slot, -1);
        export_name(c, c->bound[n->name->id], false);
        return;
    }
    for (uint32_t i = 0; i < n->list2.count; i++) {
        const struct dgl_node *name = n->list2.items[i];
        dgl_emit(c, DGL_OP_IMPORT_NAME, name->name->id, 1);
        dgl_emit(c, DGL_OP_STORE, c->bound[name->name2->id]->slot, -1);
        export_name(c, c->bound[name->name2->id], false);
    }
    dgl_emit(c, DGL_OP_POP, 0, -1);
}

static void include_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    uint32_t flags = (n->flag ? DGL_INCLUDE_IGNORE_MISSING : 0) | (n->flag2 ? DGL_INCLUDE_WITH_CONTEXT : 0);
    if (c->scope->output_check && c->known_extends)
        return;
    uint32_t skip = output_begin(c);
    dgl_compile_expression(c, n->a);
    dgl_emit2(c, DGL_OP_INCLUDE, flags, n->flag2 ? dgl_locals_of(c) : 0, -1);
    output_end(c, skip);
}

static void block_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    if (c->scope->toplevel && c->known_extends)
        return;
    uint32_t skip = c->has_extends && c->scope->toplevel ? dgl_emit_jump(c, DGL_OP_SKIP_EXTENDED, 0) : UINT32_MAX;
    dgl_emit2(c, DGL_OP_BLOCK, n->name->id, n->flag ? dgl_locals_of(c) : 0, 0);
    output_end(c, skip);
}

static void extends_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    if (!c->scope->toplevel) {
        dgl_parser_fail_at(c->p, c->chunk, "syntax_error",
                           "syntax error: unexpected 'extends' inside a block, loop or macro");
        return;
    }
    dgl_compile_expression(c, n->a);
    dgl_emit(c, DGL_OP_EXTENDS, 0, -1);
    c->known_extends |= c->scope->rootlevel;
}

static void statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    c->chunk = n->chunk;
    switch (n->kind) {
    case DGL_NODE_DATA:
        data_statement(c, n);
        break;
    case DGL_NODE_PRINT:
        print_statement(c, n);
        break;
    case DGL_NODE_FOR:
        for_statement(c, n);
        break;
    case DGL_NODE_IF:
        if_statement(c, n);
        break;
    case DGL_NODE_SET:
        set_statement(c, n);
        break;
    case DGL_NODE_SET_BLOCK:
        captured(c, n, n->b, false);
        store(c, n->a);
        break;
    case DGL_NODE_WITH:
        with_statement(c, n);
        break;
    case DGL_NODE_MACRO:
        macro_statement(c, n);
        break;
    case DGL_NODE_CALL_BLOCK:
        if (n->a->kind == DGL_NODE_CALL) {
            dgl_compile_call(c, n->a, n);
            c->chunk = n->chunk;
            dgl_emit(c, DGL_OP_MAKE_SAFE, 0, 0);
            dgl_emit(c, DGL_OP_PRINT, n->chunk, -1);
        }
        break;
    case DGL_NODE_FILTER_BLOCK:
        captured(c, n, n->a, true);
        c->chunk = n->chunk;
        dgl_emit(c, DGL_OP_PRINT, n->chunk, -1);
        break;
    case DGL_NODE_BLOCK:
        block_statement(c, n);
        break;
    case DGL_NODE_EXTENDS:
        extends_statement(c, n);
        break;
    case DGL_NODE_INCLUDE:
        include_statement(c, n);
        break;
    case DGL_NODE_IMPORT:
    case DGL_NODE_FROM:
        import_statement(c, n);
        break;
    case DGL_NODE_AUTOESCAPE:
        autoescape_statement(c, n);
        break;
    default:
        statements(c, &n->list);
        break;
    }
}

static void statements(struct dgl_compiler *c, const struct dgl_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        statement(c, list->items[i]);
}

// ---- the template

static void find_blocks(struct dgl_compiler *c, const struct dgl_node_list *list, struct dgl_node_list *ret)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct dgl_node *n = list->items[i];
        c->has_extends |= n->kind == DGL_NODE_EXTENDS;
        if (n->kind == DGL_NODE_BLOCK)
            dgl_node_push(c->p, ret, n);
        if (n->kind < DGL_NODE_DATA)
            continue;
        find_blocks(c, &n->list, ret);
        if (n->kind == DGL_NODE_IF || n->kind == DGL_NODE_FOR) {
            find_blocks(c, &n->list2, ret);
            find_blocks(c, &n->list3, ret);
        }
    }
}

static int32_t block_special(struct dgl_compiler *c, const struct dgl_node_list *body, const char *name)
{
    if (!dgl_list_reads(body, name, false))
        return -1;
    return (int32_t)dgl_scope_parameter(c, dgl_parser_name(c->p, dgl_str_of(name)))->slot;
}

static const struct dgl_code *root_code(struct dgl_compiler *c, const struct dgl_node *root)
{
    struct dgl_function f;
    struct dgl_scope scope = {.toplevel = true, .rootlevel = true, .output_check = c->has_extends};
    struct dgl_code *code = dgl_function_begin(c, &f, DGL_CODE_ROOT, NULL);
    dgl_scope_enter(c, &scope);
    code->self_slot = block_special(c, &root->list, "self");
    dgl_scope_statements(c, &root->list);
    fill_scope(c);
    statements(c, &root->list);
    dgl_scope_leave(c);
    return end_code(c);
}

static const struct dgl_code *block_code(struct dgl_compiler *c, const struct dgl_node *n)
{
    struct dgl_function f;
    struct dgl_scope scope = {0};
    struct dgl_code *code = dgl_function_begin(c, &f, DGL_CODE_BLOCK, n->name);
    c->chunk = n->chunk;
    code->required = n->flag2;
    dgl_scope_enter(c, &scope);
    code->self_slot = block_special(c, &n->list, "self");
    code->super_slot = block_special(c, &n->list, "super");
    dgl_scope_statements(c, &n->list);
    fill_scope(c);
    statements(c, &n->list);
    dgl_scope_leave(c);
    return end_code(c);
}

static void compile_blocks(struct dgl_compiler *c, const struct dgl_node_list *blocks)
{
    bool *seen = dgl_arena_alloc(c->scratch, c->t->name_count);
    c->t->blocks = dgl_arena_alloc(c->t->arena, (blocks->count + 1) * sizeof *c->t->blocks);
    for (uint32_t i = 0; i < blocks->count; i++) {
        const struct dgl_node *n = blocks->items[i];
        if (seen[n->name->id])
            dgl_parser_fail_at(c->p, n->chunk, "syntax_error", "syntax error: unexpected second block named '%s'",
                               n->name->text.data);
        seen[n->name->id] = true;
        c->t->blocks[c->t->block_count++] = (struct dgl_program_block){.name = n->name, .code = block_code(c, n)};
    }
}

bool dgl_compile(struct dgl_parser *p, struct dgl_node *root)
{
    static const char *const words[] = {"loop", "caller", "kwargs", "varargs", "self", "super"};
    struct dgl_compiler c = {.p = p, .t = p->t, .scratch = p->scratch};
    struct dgl_node_list blocks = {0};
    for (size_t i = 0; i < DGL_COUNT(words); i++)
        (void)dgl_parser_name(p, dgl_str_of(words[i]));
    c.bound = dgl_arena_alloc(c.scratch, (p->t->name_count + 1) * sizeof(struct dgl_binding *));
    find_blocks(&c, &root->list, &blocks);
    p->t->extends = c.has_extends;
    p->t->root = root_code(&c, root);
    compile_blocks(&c, &blocks);
    return p->diagnostics->errors == 0;
}
