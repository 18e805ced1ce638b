// Which names a template takes from its data, with type and nesting, found by walking the tree without running it.
//
// Every expression is followed to the place in the data it comes from, if it comes from there: names, attributes, items
// of lists, and filters that hand on what they get. How a place is used tells its type: what is looped over is a list,
// what is calculated with is a number, what only an `if` asks for is a boolean. The strongest use wins.
#include "render/template/tokens.h"
#include "render/template/filters.h"
#include <string.h>

enum token_type { TYPE_NONE, TYPE_BOOLEAN, TYPE_TEXT, TYPE_NUMBER, TYPE_DATE, TYPE_IMAGE, TYPE_OBJECT, TYPE_LIST };
#define MAX_TOKENS 10000u

struct dgl_token_node { // a place in the data
    struct dgl_str name;
    enum token_type type;
    struct dgl_token_node *first, *last, *next; // children, in order of first use
    struct dgl_token_node *item;                // of a list
};
struct walker {
    struct dgl_parser *p;
    struct dgl_token_node *root;
    struct dgl_token_node **bound; // by name: where a local variable comes from
    bool *local;                   // by name: not the data's
    uint32_t names, count;
};

static struct dgl_token_node *follow(struct walker *w, const struct dgl_node *n);
static void statements(struct walker *w, const struct dgl_node_list *list);

static struct dgl_token_node *new_node(struct walker *w, struct dgl_str name)
{
    struct dgl_token_node *n = DGL_ARENA_NEW(w->p->t->arena, struct dgl_token_node);
    n->name = (struct dgl_str){dgl_arena_strndup(w->p->t->arena, name.data, name.len), name.len};
    if (dgl_str_starts(name, "img_"))
        n->type = TYPE_IMAGE;
    w->count++;
    return n;
}

static void mark(struct dgl_token_node *n, enum token_type type)
{
    if (n && type > n->type)
        n->type = type;
}

static struct dgl_token_node *child(struct walker *w, struct dgl_token_node *of, struct dgl_str name)
{
    if (!of || w->count > MAX_TOKENS)
        return NULL;
    if (of != w->root)
        mark(of, of->type == TYPE_LIST ? TYPE_LIST : TYPE_OBJECT);
    for (struct dgl_token_node *c = of->first; c; c = c->next)
        if (dgl_str_equal(c->name, name))
            return c;
    struct dgl_token_node *c = new_node(w, name);
    if (of->last)
        of->last->next = c;
    else
        of->first = c;
    of->last = c;
    return c;
}

static struct dgl_token_node *item(struct walker *w, struct dgl_token_node *of)
{
    if (!of)
        return NULL;
    mark(of, TYPE_LIST);
    if (!of->item)
        of->item = new_node(w, DGL_STR(""));
    return of->item;
}

// a.b.c of an attribute= argument.
static struct dgl_token_node *path(struct walker *w, struct dgl_token_node *of, struct dgl_str text)
{
    for (size_t from = 0; of && from <= text.len;) {
        const char *dot = memchr(text.data + from, '.', text.len - from);
        size_t to = dot ? (size_t)(dot - text.data) : text.len;
        struct dgl_str part = {text.data + from, to - from};
        if (part.len == 0 || (part.data[0] >= '0' && part.data[0] <= '9'))
            return NULL;
        of = child(w, of, part);
        from = to + 1;
    }
    return of;
}

static void follow_all(struct walker *w, const struct dgl_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        (void)follow(w, list->items[i]);
}

static void follow_args(struct walker *w, const struct dgl_node *args)
{
    if (!args)
        return;
    follow_all(w, &args->list);
    for (uint32_t i = 0; i < args->list2.count; i++)
        (void)follow(w, args->list2.items[i]->a);
    (void)follow(w, args->b);
    (void)follow(w, args->c);
}

static struct dgl_str const_text(const struct dgl_node *n)
{
    struct dgl_str none = {NULL, 0};
    return n && n->kind == DGL_NODE_CONST && dgl_is_string(n->value) ? dgl_text(n->value) : none;
}

// The attribute a filter looks at: its keyword, or its first argument when `positional`.
static struct dgl_str attribute_of(const struct dgl_node *n, bool positional)
{
    struct dgl_str none = {NULL, 0};
    if (!n->args)
        return none;
    for (uint32_t i = 0; i < n->args->list2.count; i++)
        if (strcmp(n->args->list2.items[i]->name->text.data, "attribute") == 0)
            return const_text(n->args->list2.items[i]->a);
    return positional && n->args->list.count ? const_text(n->args->list.items[0]) : none;
}

static bool is_one_of(const struct dgl_name *name, const char *words)
{
    size_t len = name->text.len;
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, name->text.data, n) == 0)
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static struct dgl_token_node *follow_filter(struct walker *w, const struct dgl_node *n)
{
    struct dgl_token_node *of = n->a ? follow(w, n->a) : NULL;
    follow_args(w, n->args);
    if (is_one_of(n->name, "date"))
        mark(of, TYPE_DATE);
    else if (is_one_of(n->name, "number currency percent words round int float abs filesizeformat"))
        mark(of, TYPE_NUMBER);
    else if (is_one_of(n->name, "image"))
        mark(of, TYPE_IMAGE);
    else if (is_one_of(n->name,
                       "join sum map sort unique min max groupby selectattr rejectattr select reject batch slice")) {
        bool positional = is_one_of(n->name, "sum groupby selectattr rejectattr");
        struct dgl_str name = attribute_of(n, positional);
        struct dgl_token_node *at = name.data ? path(w, item(w, of), name) : NULL;
        mark(of, TYPE_LIST);
        if (is_one_of(n->name, "sum"))
            mark(name.data ? at : item(w, of), TYPE_NUMBER);
        else if (is_one_of(n->name, "join map groupby"))
            mark(at, TYPE_TEXT);
        if (is_one_of(n->name, "sort unique select reject selectattr rejectattr"))
            return of;
        return NULL;
    } else if (is_one_of(n->name, "first last random")) {
        return item(w, of);
    } else if (is_one_of(n->name, "default d list reverse")) {
        return of;
    } else if (!is_one_of(n->name, "length count items dictsort tojson pprint attr")) {
        mark(of, TYPE_TEXT);
    }
    return NULL;
}

static struct dgl_token_node *follow_call(struct walker *w, const struct dgl_node *n)
{
    follow_args(w, n->args);
    if (n->a->kind != DGL_NODE_ATTR)
        return follow(w, n->a), NULL;
    struct dgl_token_node *of = follow(w, n->a->a); // a method: its name is no field
    if (is_one_of(n->a->name, "get") && n->args && n->args->list.count && const_text(n->args->list.items[0]).data)
        return child(w, of, const_text(n->args->list.items[0]));
    if (!is_one_of(n->a->name, "items keys values index count next cycle changed"))
        mark(of, TYPE_TEXT);
    return NULL;
}

static void follow_binary(struct walker *w, const struct dgl_node *n)
{
    struct dgl_token_node *a = follow(w, n->a), *b = follow(w, n->b);
    bool text = const_text(n->a).data || const_text(n->b).data;
    if (n->op != DGL_BIN_ADD ? n->op != DGL_BIN_MOD || !text : !text) {
        mark(a, TYPE_NUMBER);
        mark(b, TYPE_NUMBER);
    }
}

static void follow_compare(struct walker *w, const struct dgl_node *n)
{
    const struct dgl_node *left = n->a;
    for (uint32_t i = 0; i < n->list.count; i++) {
        const struct dgl_node *right = n->list.items[i]->a;
        struct dgl_token_node *a = follow(w, left), *b = follow(w, right);
        uint8_t op = n->list.items[i]->op;
        bool number =
            (left->kind == DGL_NODE_CONST && dgl_is_number(left->value) && left->value.kind != DGL_VALUE_BOOL) ||
            (right->kind == DGL_NODE_CONST && dgl_is_number(right->value) && right->value.kind != DGL_VALUE_BOOL);
        enum token_type type = number                                            ? TYPE_NUMBER
                               : const_text(left).data || const_text(right).data ? TYPE_TEXT
                                                                                 : TYPE_NONE;
        if (op != DGL_CMP_IN && op != DGL_CMP_NOT_IN) {
            mark(a, type);
            mark(b, type);
        }
        left = right;
    }
}

// What an `if` asks for: a boolean unless it is used otherwise.
static void follow_condition(struct walker *w, const struct dgl_node *n)
{
    if (!n)
        return;
    if (n->kind == DGL_NODE_NOT) {
        follow_condition(w, n->a);
    } else if (n->kind == DGL_NODE_AND || n->kind == DGL_NODE_OR) {
        follow_condition(w, n->a);
        follow_condition(w, n->b);
    } else {
        mark(follow(w, n), TYPE_BOOLEAN);
    }
}

// The place in the data that an expression reads, NULL when there is none.
static struct dgl_token_node *follow(struct walker *w, const struct dgl_node *n)
{
    if (!n)
        return NULL;
    switch (n->kind) {
    case DGL_NODE_NAME:
        if (n->name->id >= w->names || w->local[n->name->id])
            return n->name->id < w->names ? w->bound[n->name->id] : NULL;
        if (n->name->global >= 0)
            return NULL;
        return child(w, w->root, (struct dgl_str){n->name->text.data, n->name->text.len});
    case DGL_NODE_ATTR:
        return child(w, follow(w, n->a), (struct dgl_str){n->name->text.data, n->name->text.len});
    case DGL_NODE_ITEM: {
        struct dgl_token_node *of = follow(w, n->a);
        if (const_text(n->b).data)
            return child(w, of, const_text(n->b));
        (void)follow(w, n->b);
        if (n->b->kind == DGL_NODE_SLICE)
            return of;
        return n->b->kind == DGL_NODE_CONST ? item(w, of) : NULL;
    }
    case DGL_NODE_FILTER:
        return follow_filter(w, n);
    case DGL_NODE_TEST: {
        struct dgl_token_node *of = follow(w, n->a);
        follow_args(w, n->args);
        if (is_one_of(n->name, "odd even divisibleby number integer float gt lt ge le"))
            mark(of, TYPE_NUMBER);
        return NULL;
    }
    case DGL_NODE_CALL:
        return follow_call(w, n);
    case DGL_NODE_BINARY:
        follow_binary(w, n);
        return NULL;
    case DGL_NODE_COMPARE:
        follow_compare(w, n);
        return NULL;
    case DGL_NODE_COND: {
        follow_condition(w, n->b);
        struct dgl_token_node *a = follow(w, n->a), *c = follow(w, n->c);
        return a ? a : c;
    }
    case DGL_NODE_AND:
    case DGL_NODE_OR: {
        struct dgl_token_node *a = follow(w, n->a), *b = follow(w, n->b);
        return a ? a : b;
    }
    case DGL_NODE_CONCAT:
        for (uint32_t i = 0; i < n->list.count; i++)
            mark(follow(w, n->list.items[i]), TYPE_TEXT);
        return NULL;
    case DGL_NODE_NEGATE:
        mark(follow(w, n->a), TYPE_NUMBER);
        return NULL;
    default:
        (void)follow(w, n->a);
        (void)follow(w, n->b);
        (void)follow(w, n->c);
        follow_all(w, &n->list);
        return NULL;
    }
}

static void bind(struct walker *w, const struct dgl_node *target, struct dgl_token_node *to)
{
    if (target->kind == DGL_NODE_NAME && target->name->id < w->names) {
        w->local[target->name->id] = true;
        w->bound[target->name->id] = to;
    }
    for (uint32_t i = 0; i < target->list.count; i++)
        bind(w, target->list.items[i], NULL);
}

struct saved { // bindings that a loop or macro hides for a while
    bool local;
    struct dgl_token_node *bound;
};
static void hide(struct walker *w, const struct dgl_node *target, struct saved *s, uint32_t *n, bool restore)
{
    if (target->kind == DGL_NODE_NAME && target->name->id < w->names && *n < 64) {
        uint32_t id = target->name->id;
        if (restore) {
            w->local[id] = s[*n].local;
            w->bound[id] = s[*n].bound;
        } else {
            s[*n] = (struct saved){w->local[id], w->bound[id]};
        }
        ++*n;
    }
    for (uint32_t i = 0; i < target->list.count; i++)
        hide(w, target->list.items[i], s, n, restore);
}

static void for_statement(struct walker *w, const struct dgl_node *n)
{
    struct saved s[64];
    uint32_t saved = 0, restored = 0;
    struct dgl_token_node *over = follow(w, n->b);
    hide(w, n->a, s, &saved, false);
    if (n->a->kind == DGL_NODE_NAME)
        bind(w, n->a, item(w, over));
    else
        bind(w, n->a, NULL);
    follow_condition(w, n->c);
    statements(w, &n->list);
    hide(w, n->a, s, &restored, true);
    statements(w, &n->list2);
}

static void macro_statement(struct walker *w, const struct dgl_node *n)
{
    follow_all(w, &n->list3);
    for (uint32_t i = 0; i < n->list2.count; i++)
        bind(w, n->list2.items[i], NULL);
    statements(w, &n->list);
}

static void statement(struct walker *w, const struct dgl_node *n)
{
    switch (n->kind) {
    case DGL_NODE_DATA:
        break;
    case DGL_NODE_PRINT:
        mark(follow(w, n->a), TYPE_TEXT);
        break;
    case DGL_NODE_FOR:
        for_statement(w, n);
        break;
    case DGL_NODE_IF:
        follow_condition(w, n->a);
        statements(w, &n->list);
        statements(w, &n->list2);
        statements(w, &n->list3);
        break;
    case DGL_NODE_SET:
        bind(w, n->a, follow(w, n->b));
        break;
    case DGL_NODE_SET_BLOCK:
        statements(w, &n->list);
        (void)follow(w, n->b);
        bind(w, n->a, NULL);
        break;
    case DGL_NODE_WITH:
        for (uint32_t i = 0; i < n->list2.count; i++)
            bind(w, n->list2.items[i], follow(w, n->list3.items[i]));
        statements(w, &n->list);
        break;
    case DGL_NODE_MACRO:
        w->local[n->name->id] = true;
        w->bound[n->name->id] = NULL;
        macro_statement(w, n);
        break;
    case DGL_NODE_CALL_BLOCK:
        (void)follow(w, n->a);
        macro_statement(w, n);
        break;
    case DGL_NODE_IMPORT:
        w->local[n->name->id] = true;
        break;
    case DGL_NODE_FROM:
        for (uint32_t i = 0; i < n->list2.count; i++)
            w->local[n->list2.items[i]->name2->id] = true;
        break;
    default:
        (void)follow(w, n->a);
        statements(w, &n->list);
        break;
    }
}

static void statements(struct walker *w, const struct dgl_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        statement(w, list->items[i]);
}

const struct dgl_token_node *dgl_tokens_find(struct dgl_parser *p, const struct dgl_node *root)
{
    static const char *const own[] = {"loop", "caller", "kwargs", "varargs", "self", "super"};
    struct walker w = {.p = p, .names = p->t->name_count};
    w.bound = dgl_arena_alloc(p->scratch, (w.names + 1) * sizeof(struct dgl_token_node *));
    w.local = dgl_arena_alloc(p->scratch, w.names + 1);
    w.root = new_node(&w, DGL_STR(""));
    for (size_t i = 0; i < DGL_COUNT(own); i++) {
        const struct dgl_name *name = dgl_parser_name(p, dgl_str_of(own[i]));
        if (name->id < w.names)
            w.local[name->id] = true;
    }
    statements(&w, &root->list);
    return w.root;
}

// ---- as JSON

static const char *type_name(const struct dgl_token_node *n)
{
    static const char *const names[] = {"text", "boolean", "text", "number", "date", "image", "object", "list"};
    return names[n->type];
}

static json_t *find(json_t *list, const char *name)
{
    size_t i;
    json_t *t;
    json_array_foreach(list, i, t)
    {
        if (strcmp(json_string_value(json_object_get(t, "name")), name) == 0)
            return t;
    }
    return NULL;
}

static int rank(const char *type)
{
    static const char *const order[] = {"boolean", "text", "number", "date", "image", "object", "list"};
    for (int i = 0; i < (int)DGL_COUNT(order); i++)
        if (strcmp(order[i], type) == 0)
            return i;
    return 0;
}

// Adds the children of a node to a list; names that are there already are merged.
static void add_children(json_t *list, const struct dgl_token_node *of, unsigned depth)
{
    for (const struct dgl_token_node *c = of->first; c && depth < DGL_JSON_MAX_DEPTH / 2; c = c->next) {
        json_t *t = find(list, c->name.data);
        if (!t) {
            t = json_object();
            json_object_set_new(t, "name", json_stringn(c->name.data, c->name.len));
            json_object_set_new(t, "type", json_string(type_name(c)));
            json_object_set_new(t, "children", json_array());
            json_array_append_new(list, t);
        } else if (rank(type_name(c)) > rank(json_string_value(json_object_get(t, "type")))) {
            json_object_set_new(t, "type", json_string(type_name(c)));
        }
        add_children(json_object_get(t, "children"), c, depth + 1);
        for (const struct dgl_token_node *i = c->item; i; i = i->item)
            add_children(json_object_get(t, "children"), i, depth + 1);
    }
}

json_t *dgl_template_tokens_merged(const struct dgl_template *const *templates, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (templates[i] && templates[i]->tokens)
            add_children(list, templates[i]->tokens, 0);
    return list;
}

json_t *dgl_template_tokens(const struct dgl_template *t)
{
    return dgl_template_tokens_merged(&t, 1);
}
