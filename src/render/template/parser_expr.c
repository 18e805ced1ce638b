// Expressions, by recursive descent; from loosest to tightest:
//
//   if else · or · and · not · == != < <= > >= in · + - · ~ · * / // % · ** · unary - + · .x [x] () · |filter is test
//
// As in Jinja, a filter takes the sign in front of its operand with it (-1|abs is 1), and ** groups to the left.
#include "render/template/filters.h"
#include "render/template/parser.h"
#include <string.h>

#define MAX_OPERATORS 1000u // in one tag

static struct dgl_node *parse_or(struct dgl_parser *p);
static struct dgl_node *parse_unary(struct dgl_parser *p, bool with_filter);

static struct dgl_node *bad(struct dgl_parser *p)
{
    return dgl_node_new(p, DGL_NODE_BAD);
}

// Every level of nesting passes here once.
static bool enter(struct dgl_parser *p)
{
    if (++p->depth <= DGL_TEMPLATE_MAX_NESTING)
        return true;
    dgl_parser_fail(p, "limit_nesting", "syntax error: the expression is nested more than %u levels deep",
                    DGL_TEMPLATE_MAX_NESTING);
    return false;
}

// A chain of n operators makes a tree n deep, so their number is bounded.
static struct dgl_node *binary(struct dgl_parser *p, enum dgl_node_kind kind, uint8_t op, struct dgl_node *a,
                               struct dgl_node *b)
{
    if (++p->operators > MAX_OPERATORS)
        dgl_parser_fail(p, "limit_nesting", "syntax error: more than %u operators in one tag", MAX_OPERATORS);
    struct dgl_node *n = dgl_node_new(p, kind);
    n->op = op;
    n->a = a;
    n->b = b;
    return n;
}

struct dgl_node *dgl_parse_expression(struct dgl_parser *p, bool with_if)
{
    if (!enter(p)) {
        p->depth--;
        return bad(p);
    }
    struct dgl_node *value = parse_or(p);
    while (with_if && dgl_tok_skip_word(p, "if")) {
        struct dgl_node *n = binary(p, DGL_NODE_COND, 0, NULL, NULL);
        n->a = value;
        n->b = parse_or(p);
        if (dgl_tok_skip_word(p, "else"))
            n->c = dgl_parse_expression(p, true);
        value = n;
    }
    p->depth--;
    return value;
}

static struct dgl_node *parse_not(struct dgl_parser *p);

static struct dgl_node *parse_and(struct dgl_parser *p)
{
    struct dgl_node *left = parse_not(p);
    while (dgl_tok_skip_word(p, "and"))
        left = binary(p, DGL_NODE_AND, 0, left, parse_not(p));
    return left;
}

static struct dgl_node *parse_or(struct dgl_parser *p)
{
    struct dgl_node *left = parse_and(p);
    while (dgl_tok_skip_word(p, "or"))
        left = binary(p, DGL_NODE_OR, 0, left, parse_and(p));
    return left;
}

static bool math_op(enum dgl_token_kind kind, bool loose, uint8_t *ret)
{
    static const struct {
        enum dgl_token_kind kind;
        bool loose;
        uint8_t op;
    } ops[] = {
        {DGL_TOK_PLUS, true, DGL_BIN_ADD},
        {DGL_TOK_MINUS, true, DGL_BIN_SUB},
        {DGL_TOK_STAR, false, DGL_BIN_MUL},
        {DGL_TOK_SLASH, false, DGL_BIN_DIV},
        {DGL_TOK_DOUBLE_SLASH, false, DGL_BIN_FLOORDIV},
        {DGL_TOK_PERCENT, false, DGL_BIN_MOD},
    };
    for (size_t i = 0; i < DGL_COUNT(ops); i++)
        if (ops[i].kind == kind && ops[i].loose == loose) {
            *ret = ops[i].op;
            return true;
        }
    return false;
}

static struct dgl_node *parse_pow(struct dgl_parser *p)
{
    struct dgl_node *left = parse_unary(p, true);
    while (dgl_tok_skip(p, DGL_TOK_POWER))
        left = binary(p, DGL_NODE_BINARY, DGL_BIN_POW, left, parse_unary(p, true));
    return left;
}

static struct dgl_node *parse_product(struct dgl_parser *p)
{
    uint8_t op;
    struct dgl_node *left = parse_pow(p);
    while (math_op(dgl_tok(p)->kind, false, &op)) {
        dgl_tok_next(p);
        left = binary(p, DGL_NODE_BINARY, op, left, parse_pow(p));
    }
    return left;
}

static struct dgl_node *parse_concat(struct dgl_parser *p)
{
    struct dgl_node *first = parse_product(p);
    if (dgl_tok(p)->kind != DGL_TOK_TILDE)
        return first;
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_CONCAT);
    dgl_node_push(p, &n->list, first);
    while (dgl_tok_skip(p, DGL_TOK_TILDE))
        dgl_node_push(p, &n->list, parse_product(p));
    return n;
}

static struct dgl_node *parse_sum(struct dgl_parser *p)
{
    uint8_t op;
    struct dgl_node *left = parse_concat(p);
    while (math_op(dgl_tok(p)->kind, true, &op)) {
        dgl_tok_next(p);
        left = binary(p, DGL_NODE_BINARY, op, left, parse_concat(p));
    }
    return left;
}

static bool compare_op(struct dgl_parser *p, uint8_t *ret)
{
    const struct dgl_token *t = dgl_tok(p);
    switch (t->kind) {
    case DGL_TOK_EQ:
        *ret = DGL_CMP_EQ;
        break;
    case DGL_TOK_NE:
        *ret = DGL_CMP_NE;
        break;
    case DGL_TOK_LT:
        *ret = DGL_CMP_LT;
        break;
    case DGL_TOK_LE:
        *ret = DGL_CMP_LE;
        break;
    case DGL_TOK_GT:
        *ret = DGL_CMP_GT;
        break;
    case DGL_TOK_GE:
        *ret = DGL_CMP_GE;
        break;
    default:
        if (dgl_tok_is_word(t, "in")) {
            *ret = DGL_CMP_IN;
        } else if (dgl_tok_is_word(t, "not") && dgl_tok_is_word(dgl_tok_ahead(p), "in")) {
            *ret = DGL_CMP_NOT_IN;
            dgl_tok_next(p);
        } else {
            return false;
        }
    }
    dgl_tok_next(p);
    return true;
}

static struct dgl_node *parse_compare(struct dgl_parser *p)
{
    uint8_t op;
    struct dgl_node *first = parse_sum(p), *n = NULL;
    while (compare_op(p, &op)) {
        if (!n) {
            n = dgl_node_new(p, DGL_NODE_COMPARE);
            n->a = first;
        }
        dgl_node_push(p, &n->list, binary(p, DGL_NODE_OPERAND, op, parse_sum(p), NULL));
    }
    return n ? n : first;
}

static struct dgl_node *parse_not(struct dgl_parser *p)
{
    unsigned count = 0;
    while (dgl_tok_skip_word(p, "not"))
        count++;
    struct dgl_node *n = parse_compare(p);
    while (count-- && !p->bad)
        n = binary(p, DGL_NODE_NOT, 0, n, NULL);
    return n;
}

// ---- primaries

static struct dgl_node *constant(struct dgl_parser *p, struct dgl_value v)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_CONST);
    n->value = v;
    dgl_tok_next(p);
    return n;
}

// Strings side by side are one.
static struct dgl_node *parse_string(struct dgl_parser *p)
{
    size_t len = 0, first = p->token;
    for (size_t i = first; p->tokens[i].kind == DGL_TOK_STRING; i++)
        len += p->tokens[i].value.len;
    struct dgl_value_string *s = dgl_arena_alloc(p->t->arena, sizeof *s + len + 1);
    char *data = (char *)(s + 1);
    for (s->data = data; dgl_tok(p)->kind == DGL_TOK_STRING; dgl_tok_next(p)) {
        struct dgl_str v = dgl_tok(p)->value;
        if (v.len)
            memcpy(data + s->len, v.data, v.len);
        s->len += v.len;
    }
    s->chars = len ? dgl_utf8_count(data, len) : 0;
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_CONST);
    n->value = (struct dgl_value){.kind = DGL_VALUE_STRING, .as.string = s};
    return n;
}

static struct dgl_node *parse_name(struct dgl_parser *p)
{
    const struct dgl_token *t = dgl_tok(p);
    if (dgl_tok_is_word(t, "true") || dgl_tok_is_word(t, "True"))
        return constant(p, dgl_bool(true));
    if (dgl_tok_is_word(t, "false") || dgl_tok_is_word(t, "False"))
        return constant(p, dgl_bool(false));
    if (dgl_tok_is_word(t, "none") || dgl_tok_is_word(t, "None"))
        return constant(p, dgl_none());
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_NAME);
    n->name = dgl_parser_name(p, t->text);
    dgl_tok_next(p);
    return n;
}

static struct dgl_node *parse_list(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_LIST);
    dgl_tok_next(p);
    while (!p->bad && dgl_tok(p)->kind != DGL_TOK_RBRACKET) {
        if (n->list.count)
            dgl_tok_expect(p, DGL_TOK_COMMA);
        if (dgl_tok(p)->kind == DGL_TOK_RBRACKET)
            break;
        dgl_node_push(p, &n->list, dgl_parse_expression(p, true));
    }
    dgl_tok_expect(p, DGL_TOK_RBRACKET);
    return n;
}

static struct dgl_node *parse_dict(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_DICT);
    dgl_tok_next(p);
    while (!p->bad && dgl_tok(p)->kind != DGL_TOK_RBRACE) {
        if (n->list.count)
            dgl_tok_expect(p, DGL_TOK_COMMA);
        if (dgl_tok(p)->kind == DGL_TOK_RBRACE)
            break;
        dgl_node_push(p, &n->list, dgl_parse_expression(p, true));
        dgl_tok_expect(p, DGL_TOK_COLON);
        dgl_node_push(p, &n->list, dgl_parse_expression(p, true));
    }
    dgl_tok_expect(p, DGL_TOK_RBRACE);
    return n;
}

static struct dgl_node *parse_primary(struct dgl_parser *p)
{
    const struct dgl_token *t = dgl_tok(p);
    switch (t->kind) {
    case DGL_TOK_NAME:
        return parse_name(p);
    case DGL_TOK_STRING:
        return parse_string(p);
    case DGL_TOK_INTEGER:
        return constant(p, dgl_int(t->integer));
    case DGL_TOK_FLOAT:
        return constant(p, dgl_double(t->number));
    case DGL_TOK_LPAREN: {
        dgl_tok_next(p);
        struct dgl_node *n = dgl_parse_tuple(p, true, NULL, true);
        dgl_tok_expect(p, DGL_TOK_RPAREN);
        return n;
    }
    case DGL_TOK_LBRACKET:
        return parse_list(p);
    case DGL_TOK_LBRACE:
        return parse_dict(p);
    default:
        dgl_tok_fail(p, "a value");
        return bad(p);
    }
}

static bool tuple_ends(struct dgl_parser *p, const char *stop)
{
    const struct dgl_token *t = dgl_tok(p);
    return t->kind == DGL_TOK_END || t->kind == DGL_TOK_RPAREN || (stop && dgl_tok_is_word(t, stop));
}

static struct dgl_node *parse_tuple_of(struct dgl_parser *p, bool simple, bool with_if, const char *stop,
                                       bool parentheses)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_TUPLE);
    bool tuple = false;
    while (!p->bad) {
        if (n->list.count)
            dgl_tok_expect(p, DGL_TOK_COMMA);
        if (tuple_ends(p, stop))
            break;
        dgl_node_push(p, &n->list, simple ? parse_primary(p) : dgl_parse_expression(p, with_if));
        if (dgl_tok(p)->kind != DGL_TOK_COMMA)
            break;
        tuple = true;
    }
    if (!tuple && n->list.count)
        return n->list.items[0];
    if (!tuple && !parentheses)
        dgl_tok_fail(p, simple ? "a name" : "a value");
    return n;
}

struct dgl_node *dgl_parse_tuple(struct dgl_parser *p, bool with_if, const char *stop, bool parentheses)
{
    if (!enter(p)) {
        p->depth--;
        return bad(p);
    }
    struct dgl_node *n = parse_tuple_of(p, false, with_if, stop, parentheses);
    p->depth--;
    return n;
}

static void make_target(struct dgl_parser *p, struct dgl_node *n)
{
    if (n->kind == DGL_NODE_NAME) {
        n->role = DGL_NAME_STORE;
    } else if (n->kind == DGL_NODE_TUPLE) {
        for (uint32_t i = 0; i < n->list.count; i++)
            make_target(p, n->list.items[i]);
    } else if (!p->bad) {
        dgl_parser_fail(p, "syntax_error", "syntax error: unexpected value, expected a name to assign to");
    }
}

struct dgl_node *dgl_parse_target(struct dgl_parser *p, const char *stop)
{
    struct dgl_node *n = parse_tuple_of(p, true, false, stop, false);
    make_target(p, n);
    return n;
}

// ---- postfix

static struct dgl_node *parse_subscribed(struct dgl_parser *p)
{
    struct dgl_node *first = NULL;
    if (dgl_tok(p)->kind != DGL_TOK_COLON) {
        first = dgl_parse_expression(p, true);
        if (dgl_tok(p)->kind != DGL_TOK_COLON)
            return first;
    }
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_SLICE);
    n->a = first;
    dgl_tok_next(p);
    enum dgl_token_kind k = dgl_tok(p)->kind;
    if (k != DGL_TOK_COLON && k != DGL_TOK_RBRACKET && k != DGL_TOK_COMMA)
        n->b = dgl_parse_expression(p, true);
    if (dgl_tok_skip(p, DGL_TOK_COLON)) {
        k = dgl_tok(p)->kind;
        if (k != DGL_TOK_RBRACKET && k != DGL_TOK_COMMA)
            n->c = dgl_parse_expression(p, true);
    }
    return n;
}

static struct dgl_node *parse_brackets(struct dgl_parser *p, struct dgl_node *value)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_ITEM), *tuple = dgl_node_new(p, DGL_NODE_TUPLE);
    dgl_tok_next(p);
    while (!p->bad && dgl_tok(p)->kind != DGL_TOK_RBRACKET) {
        if (tuple->list.count)
            dgl_tok_expect(p, DGL_TOK_COMMA);
        dgl_node_push(p, &tuple->list, parse_subscribed(p));
    }
    dgl_tok_expect(p, DGL_TOK_RBRACKET);
    n->a = value;
    n->b = tuple->list.count == 1 ? tuple->list.items[0] : tuple;
    for (uint32_t i = 0; tuple->list.count > 1 && i < tuple->list.count; i++)
        if (tuple->list.items[i]->kind == DGL_NODE_SLICE)
            dgl_parser_fail(p, "syntax_error", "syntax error: unexpected ',' in a slice");
    return n;
}

static struct dgl_node *parse_dot(struct dgl_parser *p, struct dgl_node *value)
{
    dgl_tok_next(p);
    const struct dgl_token *t = dgl_tok(p);
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_ATTR);
    n->a = value;
    if (t->kind == DGL_TOK_NAME) {
        n->name = dgl_parser_name(p, t->text);
        dgl_tok_next(p);
    } else if (t->kind == DGL_TOK_INTEGER) {
        n->kind = DGL_NODE_ITEM;
        n->b = constant(p, dgl_int(t->integer));
    } else {
        dgl_tok_fail(p, "a name or number after '.'");
        return bad(p);
    }
    return n;
}

static bool call_argument(struct dgl_parser *p, struct dgl_node *args)
{
    const struct dgl_token *t = dgl_tok(p);
    if (t->kind == DGL_TOK_STAR) {
        dgl_tok_next(p);
        bool ok = !args->b && !args->c;
        args->b = dgl_parse_expression(p, true);
        return ok;
    }
    if (t->kind == DGL_TOK_POWER) {
        dgl_tok_next(p);
        bool ok = !args->c;
        args->c = dgl_parse_expression(p, true);
        return ok;
    }
    if (t->kind == DGL_TOK_NAME && dgl_tok_ahead(p)->kind == DGL_TOK_ASSIGN) {
        struct dgl_node *k = dgl_node_new(p, DGL_NODE_KEYWORD);
        k->name = dgl_parser_name(p, t->text);
        dgl_tok_next(p);
        dgl_tok_next(p);
        k->a = dgl_parse_expression(p, true);
        for (uint32_t i = 0; i < args->list2.count; i++)
            if (args->list2.items[i]->name == k->name)
                return false;
        dgl_node_push(p, &args->list2, k);
        return !args->c;
    }
    dgl_node_push(p, &args->list, dgl_parse_expression(p, true));
    return !args->b && !args->c && !args->list2.count;
}

static struct dgl_node *parse_args(struct dgl_parser *p)
{
    struct dgl_node *args = dgl_node_new(p, DGL_NODE_ARGS);
    bool comma = false;
    dgl_tok_next(p);
    while (!p->bad && dgl_tok(p)->kind != DGL_TOK_RPAREN) {
        if (comma) {
            dgl_tok_expect(p, DGL_TOK_COMMA);
            if (dgl_tok(p)->kind == DGL_TOK_RPAREN)
                break;
        }
        if (!call_argument(p, args))
            dgl_parser_fail(p, "syntax_error",
                            "syntax error: unexpected argument; positional ones come first and names only once");
        if (args->list.count > 255 || args->list2.count > 63)
            dgl_parser_fail(p, "limit_arguments", "syntax error: too many arguments in one call");
        comma = true;
    }
    dgl_tok_expect(p, DGL_TOK_RPAREN);
    return args;
}

static struct dgl_node *parse_call(struct dgl_parser *p, struct dgl_node *callee)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_CALL);
    n->a = callee;
    n->args = parse_args(p);
    return n;
}

// a.b.c() nests as deep as it is long; the tree's depth is bounded here.
static bool too_long(struct dgl_parser *p, unsigned *links)
{
    if (++*links <= DGL_TEMPLATE_MAX_NESTING)
        return false;
    dgl_parser_fail(p, "limit_nesting", "syntax error: more than %u steps in one chain of '.', '[', '(' or '|'",
                    DGL_TEMPLATE_MAX_NESTING);
    return true;
}

static struct dgl_node *parse_postfix(struct dgl_parser *p, struct dgl_node *n)
{
    for (unsigned links = 0; !p->bad && !too_long(p, &links);) {
        switch (dgl_tok(p)->kind) {
        case DGL_TOK_DOT:
            n = parse_dot(p, n);
            break;
        case DGL_TOK_LBRACKET:
            n = parse_brackets(p, n);
            break;
        case DGL_TOK_LPAREN:
            n = parse_call(p, n);
            break;
        default:
            return n;
        }
    }
    return n;
}

static void unknown(struct dgl_parser *p, bool filter, const struct dgl_name *name)
{
    const char *near = filter ? dgl_filter_suggest(name->text.data, name->text.len)
                              : dgl_test_suggest(name->text.data, name->text.len);
    dgl_parser_fail(p, filter ? "unknown_filter" : "unknown_test", "there is no %s named '%.*s'%s%s%s",
                    filter ? "filter" : "test", (int)DGL_MIN(name->text.len, 60u), name->text.data,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

// Arguments that no call could take are told at once; they fail when the tag is reached.
static void check_arguments(struct dgl_parser *p, const char *what, const char *parameters, uint8_t required,
                            bool variadic, const struct dgl_node *args)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_mem m = {.err = &err};
    const struct dgl_name *names[64];
    struct dgl_value none[256] = {0};
    struct dgl_args a = {.positional = none, .names = names, .values = none};
    if (p->bad || (args && (args->b || args->c)))
        return;
    a.count = args ? args->list.count : 0;
    a.keywords = args ? args->list2.count : 0;
    for (uint32_t i = 0; i < a.keywords; i++)
        names[i] = args->list2.items[i]->name;
    if (dgl_args_bind(&m, what, parameters, required, variadic, &a) != DGL_OK)
        dgl_parser_warn(p, err.slug, "%s", err.message);
}

// A name that may have dots; filters and tests of this language have none, so it only serves the message.
static const struct dgl_name *dotted_name(struct dgl_parser *p, const char *wanted)
{
    if (dgl_tok(p)->kind != DGL_TOK_NAME)
        dgl_tok_fail(p, wanted);
    const struct dgl_name *name = dgl_tok_expect_name(p);
    while (!p->bad && dgl_tok(p)->kind == DGL_TOK_DOT) {
        dgl_tok_next(p);
        struct dgl_str rest = dgl_tok(p)->text;
        dgl_tok_expect(p, DGL_TOK_NAME);
        char *joined =
            dgl_arena_printf(p->scratch, "%.*s.%.*s", (int)name->text.len, name->text.data, (int)rest.len, rest.data);
        name = dgl_parser_name(p, dgl_str_of(joined));
    }
    return name;
}

struct dgl_node *dgl_parse_filters(struct dgl_parser *p, struct dgl_node *node, bool inline_start)
{
    unsigned links = 0;
    while (!p->bad && (inline_start || dgl_tok(p)->kind == DGL_TOK_PIPE) && !too_long(p, &links)) {
        if (!inline_start)
            dgl_tok_next(p);
        inline_start = false;
        struct dgl_node *n = dgl_node_new(p, DGL_NODE_FILTER);
        n->a = node;
        n->name = dotted_name(p, "the name of a filter");
        if (dgl_tok(p)->kind == DGL_TOK_LPAREN)
            n->args = parse_args(p);
        const struct dgl_filter *f = dgl_filter_find(n->name->text.data, n->name->text.len);
        if (!p->bad && !f)
            unknown(p, true, n->name);
        if (f)
            check_arguments(p, f->name, f->parameters, f->required, f->variadic, n->args);
        node = n;
    }
    return node;
}

static bool starts_test_argument(const struct dgl_token *t)
{
    switch (t->kind) {
    case DGL_TOK_NAME:
        return !dgl_tok_is_word(t, "else") && !dgl_tok_is_word(t, "or") && !dgl_tok_is_word(t, "and");
    case DGL_TOK_STRING:
    case DGL_TOK_INTEGER:
    case DGL_TOK_FLOAT:
    case DGL_TOK_LBRACKET:
    case DGL_TOK_LBRACE:
        return true;
    default:
        return false;
    }
}

static struct dgl_node *parse_test(struct dgl_parser *p, struct dgl_node *value)
{
    dgl_tok_next(p);
    bool negated = dgl_tok_skip_word(p, "not");
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_TEST);
    n->a = value;
    n->name = dotted_name(p, "the name of a test");
    const struct dgl_token *t = dgl_tok(p);
    if (t->kind == DGL_TOK_LPAREN) {
        n->args = parse_args(p);
    } else if (starts_test_argument(t)) {
        if (dgl_tok_is_word(t, "is"))
            dgl_parser_fail(p, "syntax_error", "syntax error: unexpected 'is'; two tests cannot follow each other");
        n->args = dgl_node_new(p, DGL_NODE_ARGS);
        dgl_node_push(p, &n->args->list, parse_postfix(p, parse_primary(p)));
    }
    const struct dgl_test *test = dgl_test_find(n->name->text.data, n->name->text.len);
    if (!p->bad && !test)
        unknown(p, false, n->name);
    if (test)
        check_arguments(p, test->name, test->parameters, test->required, false, n->args);
    return negated ? binary(p, DGL_NODE_NOT, 0, n, NULL) : n;
}

static struct dgl_node *parse_filter_expr(struct dgl_parser *p, struct dgl_node *n)
{
    for (unsigned links = 0; !p->bad && !too_long(p, &links);) {
        const struct dgl_token *t = dgl_tok(p);
        if (t->kind == DGL_TOK_PIPE)
            n = dgl_parse_filters(p, n, false);
        else if (dgl_tok_is_word(t, "is"))
            n = parse_test(p, n);
        else if (t->kind == DGL_TOK_LPAREN)
            n = parse_call(p, n);
        else
            return n;
    }
    return n;
}

static struct dgl_node *parse_unary(struct dgl_parser *p, bool with_filter)
{
    const struct dgl_token *t = dgl_tok(p);
    struct dgl_node *n;
    if (!enter(p)) {
        p->depth--;
        return bad(p);
    }
    if (t->kind == DGL_TOK_MINUS || t->kind == DGL_TOK_PLUS) {
        dgl_tok_next(p);
        n = binary(p, DGL_NODE_NEGATE, t->kind == DGL_TOK_MINUS ? '-' : '+', NULL, NULL);
        n->a = parse_unary(p, false);
    } else {
        n = parse_primary(p);
    }
    n = parse_postfix(p, n);
    if (with_filter)
        n = parse_filter_expr(p, n);
    p->depth--;
    return n;
}
