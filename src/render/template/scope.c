// Which names a scope stores and reads, found before it is compiled.
#include "render/template/compile.h"
#include <string.h>

void dgl_scope_enter(struct dgl_compiler *c, struct dgl_scope *s)
{
    s->outer = c->scope;
    s->function = c->function;
    c->scope = s;
}

void dgl_scope_leave(struct dgl_compiler *c)
{
    for (struct dgl_binding *b = c->scope->first; b; b = b->next)
        c->bound[b->name->id] = b->outer;
    c->scope = c->scope->outer;
}

static struct dgl_binding *bind(struct dgl_compiler *c, const struct dgl_name *name, enum dgl_load load)
{
    struct dgl_binding *b = DGL_ARENA_NEW(c->scratch, struct dgl_binding);
    *b = (struct dgl_binding){
        .name = name, .scope = c->scope, .outer = c->bound[name->id], .load = load, .slot = dgl_new_slot(c, name)};
    if (c->scope->last)
        c->scope->last->next = b;
    else
        c->scope->first = b;
    c->scope->last = b;
    c->bound[name->id] = b;
    return b;
}

static struct dgl_binding *own(struct dgl_compiler *c, const struct dgl_name *name)
{
    struct dgl_binding *b = c->bound[name->id];
    return b && b->scope == c->scope ? b : NULL;
}

static void log_store(struct dgl_compiler *c, struct dgl_binding *b)
{
    if (b->stored)
        return;
    b->stored = true;
    if (c->log_count == c->log_cap) {
        size_t cap = c->log_cap ? c->log_cap * 2 : 64;
        struct dgl_binding **items = dgl_arena_alloc(c->scratch, cap * sizeof(struct dgl_binding *));
        if (c->log_count)
            memcpy(items, c->log, c->log_count * sizeof(struct dgl_binding *));
        c->log = items;
        c->log_cap = cap;
    }
    c->log[c->log_count++] = b;
}

struct dgl_binding *dgl_scope_parameter(struct dgl_compiler *c, const struct dgl_name *name)
{
    struct dgl_binding *b = own(c, name);
    if (!b)
        b = bind(c, name, DGL_LOAD_PARAMETER);
    b->load = DGL_LOAD_PARAMETER;
    log_store(c, b);
    return b;
}

static void store(struct dgl_compiler *c, const struct dgl_name *name)
{
    struct dgl_binding *b = own(c, name);
    if (!b)
        b = bind(c, name, c->bound[name->id] ? DGL_LOAD_OUTER : DGL_LOAD_UNSET);
    log_store(c, b);
}

static void load(struct dgl_compiler *c, const struct dgl_name *name)
{
    if (!c->bound[name->id])
        (void)bind(c, name, DGL_LOAD_CONTEXT);
}

void dgl_scope_target(struct dgl_compiler *c, const struct dgl_node *n, bool parameter)
{
    if (n->kind == DGL_NODE_NSREF)
        load(c, n->name);
    else if (n->kind == DGL_NODE_NAME && parameter)
        (void)dgl_scope_parameter(c, n->name);
    else if (n->kind == DGL_NODE_NAME)
        store(c, n->name);
    for (uint32_t i = 0; i < n->list.count; i++)
        dgl_scope_target(c, n->list.items[i], parameter);
}

static void expressions(struct dgl_compiler *c, const struct dgl_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        dgl_scope_expression(c, list->items[i]);
}

void dgl_scope_expression(struct dgl_compiler *c, const struct dgl_node *n)
{
    if (!n)
        return;
    if (n->kind == DGL_NODE_NAME && n->role == DGL_NAME_LOAD)
        load(c, n->name);
    dgl_scope_expression(c, n->a);
    dgl_scope_expression(c, n->b);
    dgl_scope_expression(c, n->c);
    dgl_scope_expression(c, n->args);
    expressions(c, &n->list);
    expressions(c, &n->list2);
}

static void statement(struct dgl_compiler *c, const struct dgl_node *n);

// A name stored in some branches only may keep what it had before: it starts as the outer one or the context's.
static void end_branches(struct dgl_compiler *c, struct dgl_binding **seen, size_t count)
{
    for (size_t i = 0; i < count; i++)
        seen[i]->branches++;
    for (size_t i = 0; i < count; i++) {
        struct dgl_binding *b = seen[i];
        if (b->branches && b->branches < 3)
            b->load = b->load == DGL_LOAD_PARAMETER ? b->load : b->outer ? DGL_LOAD_OUTER : DGL_LOAD_CONTEXT;
        b->branches = 0;
        log_store(c, b);
    }
}

static void if_statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    const struct dgl_node_list *branches[] = {&n->list, &n->list2, &n->list3};
    size_t base = c->log_count;
    dgl_scope_expression(c, n->a);
    for (size_t i = 0; i < 3; i++) {
        size_t start = c->log_count;
        dgl_scope_statements(c, branches[i]);
        for (size_t k = start; k < c->log_count; k++)
            c->log[k]->stored = false;
    }
    size_t count = c->log_count - base;
    if (!count)
        return;
    struct dgl_binding **seen = dgl_arena_alloc(c->scratch, count * sizeof(struct dgl_binding *));
    memcpy(seen, c->log + base, count * sizeof(struct dgl_binding *));
    c->log_count = base;
    end_branches(c, seen, count);
}

static void statement(struct dgl_compiler *c, const struct dgl_node *n)
{
    switch (n->kind) {
    case DGL_NODE_IF:
        if_statement(c, n);
        break;
    case DGL_NODE_FOR:
        dgl_scope_expression(c, n->b);
        break;
    case DGL_NODE_SET:
        dgl_scope_expression(c, n->b);
        dgl_scope_target(c, n->a, false);
        break;
    case DGL_NODE_SET_BLOCK:
        dgl_scope_target(c, n->a, false);
        break;
    case DGL_NODE_MACRO:
        store(c, n->name);
        break;
    case DGL_NODE_IMPORT:
        dgl_scope_expression(c, n->a);
        store(c, n->name);
        break;
    case DGL_NODE_FROM:
        dgl_scope_expression(c, n->a);
        for (uint32_t i = 0; i < n->list2.count; i++)
            store(c, n->list2.items[i]->name2);
        break;
    case DGL_NODE_WITH:
        expressions(c, &n->list3);
        break;
    case DGL_NODE_BLOCK:
    case DGL_NODE_AUTOESCAPE:
        break;
    case DGL_NODE_STATEMENTS:
        dgl_scope_statements(c, &n->list);
        break;
    default: // PRINT, CALL_BLOCK, FILTER_BLOCK, EXTENDS, INCLUDE
        dgl_scope_expression(c, n->a);
        break;
    }
}

void dgl_scope_statements(struct dgl_compiler *c, const struct dgl_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        statement(c, list->items[i]);
}

// ---- who reads a name

static bool node_reads(const struct dgl_node *n, const char *name, bool bare)
{
    if (!n || n->kind == DGL_NODE_BLOCK || n->kind == DGL_NODE_DATA)
        return false;
    if (n->kind == DGL_NODE_NAME)
        return n->role == DGL_NAME_LOAD && strcmp(n->name->text.data, name) == 0;
    const struct dgl_node *a = n->a;
    if (bare && a && a->kind == DGL_NODE_NAME && (n->kind == DGL_NODE_ATTR || n->kind == DGL_NODE_CALL))
        a = NULL;
    return node_reads(a, name, bare) || node_reads(n->b, name, bare) || node_reads(n->c, name, bare) ||
           node_reads(n->args, name, bare) || dgl_list_reads(&n->list, name, bare) ||
           dgl_list_reads(&n->list2, name, bare) || dgl_list_reads(&n->list3, name, bare);
}

bool dgl_list_reads(const struct dgl_node_list *list, const char *name, bool bare)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (node_reads(list->items[i], name, bare))
            return true;
    return false;
}
