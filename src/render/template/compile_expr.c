// Expressions to code. Values stand on the operand stack of their function; `effect` is what an instruction adds.
#include "render/template/compile.h"
#include "render/template/filters.h"
#include "render/template/suggest.h"
#include <string.h>

static void two(struct dgl_compiler *c, const struct dgl_node *n)
{
    dgl_compile_expression(c, n->a);
    dgl_compile_expression(c, n->b);
}

static void all(struct dgl_compiler *c, const struct dgl_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        dgl_compile_expression(c, list->items[i]);
}

void dgl_compile_load(struct dgl_compiler *c, const struct dgl_name *name)
{
    const struct dgl_binding *b = c->bound[name->id];
    if (b->load == DGL_LOAD_CONTEXT && !b->stored) { // the context's; kept in a slot of this function
        if (b->scope->function == c->function)
            dgl_emit2(c, DGL_OP_LOAD_CONTEXT, b->slot, name->id, 1);
        else
            dgl_emit2(c, DGL_OP_LOAD_CONTEXT, DGL_OPERAND_MAX, name->id, 1);
        return;
    }
    uint32_t level = c->function->level - b->scope->function->level;
    if (level == 0)
        dgl_emit(c, DGL_OP_LOAD, b->slot, 1);
    else
        dgl_emit2(c, DGL_OP_LOAD_UP, level, b->slot, 1);
}

static void compare(struct dgl_compiler *c, const struct dgl_node *n)
{
    uint32_t ends[64], count = 0;
    dgl_compile_expression(c, n->a);
    for (uint32_t i = 0; i < n->list.count; i++) {
        const struct dgl_node *operand = n->list.items[i];
        bool last = i + 1 == n->list.count;
        dgl_compile_expression(c, operand->a);
        if (!last) { // a < b < c: b is kept below the result
            dgl_emit(c, DGL_OP_DUP, 0, 1);
            dgl_emit(c, DGL_OP_ROT3, 0, 0);
        }
        dgl_emit(c, DGL_OP_COMPARE, operand->op, -1);
        if (!last) {
            if (count == DGL_COUNT(ends)) {
                dgl_parser_fail_at(c->p, c->chunk, "limit_nesting", "syntax error: a comparison has too many parts");
                return;
            }
            ends[count++] = dgl_emit_jump(c, DGL_OP_JUMP_UNLESS_KEEP, -1);
        }
    }
    if (!count)
        return;
    uint32_t done = dgl_emit_jump(c, DGL_OP_JUMP, 0);
    for (uint32_t i = 0; i < count; i++)
        dgl_patch(c, ends[i]);
    dgl_emit(c, DGL_OP_SWAP, 0, 1); // a failed part leaves its right side below the result
    dgl_emit(c, DGL_OP_POP, 0, -1);
    dgl_patch(c, done);
}

static void condition(struct dgl_compiler *c, const struct dgl_node *n)
{
    dgl_compile_expression(c, n->b);
    uint32_t no = dgl_emit_jump(c, DGL_OP_JUMP_UNLESS, -1);
    dgl_compile_expression(c, n->a);
    uint32_t end = dgl_emit_jump(c, DGL_OP_JUMP, -1);
    dgl_patch(c, no);
    if (n->c)
        dgl_compile_expression(c, n->c);
    else
        dgl_emit(c, DGL_OP_NO_ELSE, 0, 1);
    dgl_patch(c, end);
}

static void shortcut(struct dgl_compiler *c, const struct dgl_node *n)
{
    dgl_compile_expression(c, n->a);
    uint32_t end = dgl_emit_jump(c, n->kind == DGL_NODE_AND ? DGL_OP_JUMP_UNLESS_KEEP : DGL_OP_JUMP_IF_KEEP, -1);
    dgl_compile_expression(c, n->b);
    dgl_patch(c, end);
}

static void slice(struct dgl_compiler *c, const struct dgl_node *n)
{
    const struct dgl_node *parts[] = {n->b->a, n->b->b, n->b->c};
    dgl_compile_expression(c, n->a);
    for (size_t i = 0; i < 3; i++) {
        if (parts[i])
            dgl_compile_expression(c, parts[i]);
        else
            dgl_emit(c, DGL_OP_CONST, dgl_constant(c, dgl_none()), 1);
    }
    dgl_emit(c, DGL_OP_SLICE, 0, -3);
}

// Pushes the arguments; returns how many values they take.
static int arguments(struct dgl_compiler *c, const struct dgl_node *args, const struct dgl_node *caller)
{
    int count = 0;
    if (args) {
        all(c, &args->list);
        for (uint32_t i = 0; i < args->list2.count; i++)
            dgl_compile_expression(c, args->list2.items[i]->a);
        count = (int)(args->list.count + args->list2.count);
    }
    if (caller) {
        dgl_emit(c, DGL_OP_MACRO, dgl_compile_caller(c, caller), 1);
        count++;
    }
    if (args && args->b)
        dgl_compile_expression(c, args->b), count++;
    if (args && args->c)
        dgl_compile_expression(c, args->c), count++;
    return count;
}

// Whether a name is nobody's but the language's or the data's here.
static bool is_outside(const struct dgl_compiler *c, const struct dgl_name *name)
{
    const struct dgl_binding *b = c->bound[name->id];
    return b && b->load == DGL_LOAD_CONTEXT && !b->stored && !b->outer;
}

// subdoc("Terms"): a name that can be looked up before there is any data.
static void note_subdoc(struct dgl_compiler *c, const struct dgl_node *n)
{
    const struct dgl_name *called = n->a->name;
    const struct dgl_node *first = n->args && n->args->list.count ? n->args->list.items[0] : NULL;
    if (called->global < 0 || strcmp(dgl_globals[called->global].name, "subdoc") != 0 || !is_outside(c, called) ||
        !first || first->kind != DGL_NODE_CONST || first->value.kind != DGL_VALUE_STRING)
        return;
    const struct dgl_value_string *name = first->value.as.string;
    struct dgl_program_subdoc *s = DGL_ARENA_NEW(c->t->arena, struct dgl_program_subdoc);
    *s = (struct dgl_program_subdoc){.name = {dgl_arena_strndup(c->t->arena, name->data, name->len), name->len},
                                     .chunk = c->chunk};
    *(c->last_subdoc ? &c->last_subdoc->next : &c->t->subdocs) = s;
    c->last_subdoc = s;
}

// What is called must come from the template: nothing in the data can be.
static void warn_of_unknown_function(struct dgl_compiler *c, const struct dgl_name *name)
{
    const char *words[64], *near = NULL;
    size_t count = 0;
    if (!is_outside(c, name) || name->global >= 0 || c->has_extends)
        return;
    bool now = dgl_str_is((struct dgl_str){name->text.data, name->text.len}, "now") ||
               dgl_str_is((struct dgl_str){name->text.data, name->text.len}, "today");
    for (size_t i = 0; i < dgl_global_count && count < DGL_COUNT(words); i++)
        words[count++] = dgl_globals[i].name;
    near = dgl_suggest(name->text.data, name->text.len, words, count);
    dgl_parser_warn_at(c->p, c->chunk, "unknown_function", "there is no function or macro named '%.*s'%s%s%s",
                       (int)DGL_MIN(name->text.len, 60u), name->text.data,
                       now    ? "; the day the document is made is written {{ 'now'|date }}"
                       : near ? "; did you mean '"
                              : "",
                       !now && near ? near : "", !now && near ? "'?" : "");
}

void dgl_compile_call(struct dgl_compiler *c, const struct dgl_node *n, const struct dgl_node *caller)
{
    if (n->a->kind == DGL_NODE_NAME) {
        warn_of_unknown_function(c, n->a->name);
        note_subdoc(c, n);
    }
    const struct dgl_name *extra = caller ? dgl_parser_name(c->p, DGL_STR("caller")) : NULL;
    uint32_t shape = dgl_call_shape_of(c, n->args, extra);
    bool method = n->a->kind == DGL_NODE_ATTR;
    dgl_compile_expression(c, method ? n->a->a : n->a);
    int count = arguments(c, n->args, caller);
    if (method)
        dgl_emit2(c, DGL_OP_CALL_METHOD, n->a->name->id, shape, -count);
    else
        dgl_emit(c, DGL_OP_CALL, shape, -count);
}

static void filter(struct dgl_compiler *c, const struct dgl_node *n)
{
    bool is_filter = n->kind == DGL_NODE_FILTER;
    if (n->a)
        dgl_compile_expression(c, n->a);
    int count = arguments(c, n->args, NULL);
    uint32_t which = is_filter ? dgl_filter_index(n->name->text.data, n->name->text.len)
                               : dgl_test_index(n->name->text.data, n->name->text.len);
    dgl_emit2(c, is_filter ? DGL_OP_FILTER : DGL_OP_TEST, which, dgl_call_shape_of(c, n->args, NULL), -count);
}

static bool all_constant(const struct dgl_node_list *list);

// Whether Jinja works an expression out while compiling. It makes a difference in one place: joined with ~, such parts
// are plain text afterwards, also when one of them was marked safe.
static bool is_constant(const struct dgl_node *n)
{
    if (!n)
        return true;
    switch (n->kind) {
    case DGL_NODE_NAME:
    case DGL_NODE_CALL:
    case DGL_NODE_BAD:
        return false;
    case DGL_NODE_FILTER:
        if (!n->a || dgl_filter_needs_context(n->name->text.data))
            return false;
        break;
    default:
        break;
    }
    return is_constant(n->a) && is_constant(n->b) && is_constant(n->c) && is_constant(n->args) &&
           all_constant(&n->list) && all_constant(&n->list2);
}

static bool all_constant(const struct dgl_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (!is_constant(list->items[i]))
            return false;
    return true;
}

void dgl_compile_expression(struct dgl_compiler *c, const struct dgl_node *n)
{
    int count = (int)n->list.count;
    switch (n->kind) {
    case DGL_NODE_CONST:
        dgl_emit(c, DGL_OP_CONST, dgl_constant(c, n->value), 1);
        break;
    case DGL_NODE_NAME:
        dgl_compile_load(c, n->name);
        break;
    case DGL_NODE_ATTR:
        dgl_compile_expression(c, n->a);
        dgl_emit(c, DGL_OP_ATTR, n->name->id, 0);
        break;
    case DGL_NODE_ITEM:
        if (n->b->kind == DGL_NODE_SLICE) {
            slice(c, n);
        } else {
            two(c, n);
            dgl_emit(c, DGL_OP_ITEM, 0, -1);
        }
        break;
    case DGL_NODE_LIST:
    case DGL_NODE_TUPLE:
        all(c, &n->list);
        dgl_emit(c, n->kind == DGL_NODE_LIST ? DGL_OP_LIST : DGL_OP_TUPLE, (uint32_t)count, 1 - count);
        break;
    case DGL_NODE_DICT:
        all(c, &n->list);
        dgl_emit(c, DGL_OP_DICT, (uint32_t)count / 2, 1 - count);
        break;
    case DGL_NODE_NEGATE:
        dgl_compile_expression(c, n->a);
        dgl_emit(c, DGL_OP_NEGATE, n->op == '-', 0);
        break;
    case DGL_NODE_NOT:
        dgl_compile_expression(c, n->a);
        dgl_emit(c, DGL_OP_NOT, 0, 0);
        break;
    case DGL_NODE_BINARY:
        two(c, n);
        dgl_emit(c, DGL_OP_BINARY, n->op, -1);
        break;
    case DGL_NODE_AND:
    case DGL_NODE_OR:
        shortcut(c, n);
        break;
    case DGL_NODE_CONCAT:
        for (uint32_t i = 0, plain = all_constant(&n->list); i < n->list.count; i++) {
            dgl_compile_expression(c, n->list.items[i]);
            if (plain)
                dgl_emit(c, DGL_OP_MAKE_PLAIN, 0, 0);
        }
        dgl_emit(c, DGL_OP_CONCAT, (uint32_t)count, 1 - count);
        break;
    case DGL_NODE_COMPARE:
        compare(c, n);
        break;
    case DGL_NODE_COND:
        condition(c, n);
        break;
    case DGL_NODE_FILTER:
    case DGL_NODE_TEST:
        filter(c, n);
        break;
    case DGL_NODE_CALL:
        dgl_compile_call(c, n, NULL);
        break;
    default: // BAD: reported; keep the stack balanced
        dgl_emit(c, DGL_OP_CONST, dgl_constant(c, dgl_none()), 1);
        break;
    }
}
