// The statements, a function for each word: from behind its word to its end tag.
#include "render/template/parser.h"
#include <string.h>

static struct dgl_node *parse_for(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_FOR);
    n->a = dgl_parse_target(p, "in");
    dgl_tok_expect_word(p, "in");
    n->b = dgl_parse_tuple(p, false, "recursive", false);
    if (dgl_tok_skip_word(p, "if"))
        n->c = dgl_parse_expression(p, true);
    n->flag = dgl_tok_skip_word(p, "recursive");
    dgl_parse_end_of_head(p);
    struct dgl_str end = dgl_parse_body(p, "for", "else endfor", &n->list);
    if (!end.data)
        return n;
    dgl_parse_end_of_head(p);
    if (dgl_str_is(end, "else") && dgl_parse_body(p, "for", "endfor", &n->list2).data)
        dgl_parse_end_of_tag(p);
    return n;
}

static struct dgl_node *parse_if(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_IF), *branch = n;
    struct dgl_str end;
    for (;;) {
        branch->a = dgl_parse_tuple(p, false, NULL, false);
        dgl_parse_end_of_head(p);
        end = dgl_parse_body(p, "if", "elif else endif", &branch->list);
        if (!end.data || !dgl_str_is(end, "elif"))
            break;
        branch = dgl_node_new(p, DGL_NODE_IF);
        dgl_node_push(p, &n->list2, branch);
    }
    if (!end.data)
        return n;
    dgl_parse_end_of_head(p);
    if (dgl_str_is(end, "else") && dgl_parse_body(p, "if", "endif", &n->list3).data)
        dgl_parse_end_of_tag(p);
    return n;
}

static struct dgl_node *parse_set(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_SET);
    if (dgl_tok(p)->kind == DGL_TOK_NAME && dgl_tok_ahead(p)->kind == DGL_TOK_DOT) {
        n->a = dgl_node_new(p, DGL_NODE_NSREF);
        n->a->name = dgl_tok_expect_name(p);
        dgl_tok_next(p);
        n->a->name2 = dgl_tok_expect_name(p);
    } else {
        n->a = dgl_parse_target(p, NULL);
    }
    if (dgl_tok_skip(p, DGL_TOK_ASSIGN)) {
        n->b = dgl_parse_tuple(p, true, NULL, false);
        dgl_parse_end_of_tag(p);
        return n;
    }
    if (p->bad && dgl_template_block_role(p->chunks[n->chunk].text, &(const char *){NULL}) != DGL_BLOCK_OPENS)
        return n;
    n->kind = DGL_NODE_SET_BLOCK;
    n->b = dgl_tok(p)->kind == DGL_TOK_PIPE ? dgl_parse_filters(p, NULL, false) : NULL;
    dgl_parse_block_body(p, "set", "endset", &n->list);
    return n;
}

static struct dgl_node *parse_with(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_WITH);
    while (!p->bad && dgl_tok(p)->kind != DGL_TOK_END && dgl_tok(p)->kind != DGL_TOK_COLON) {
        if (n->list2.count)
            dgl_tok_expect(p, DGL_TOK_COMMA);
        struct dgl_node *target = dgl_parse_target(p, NULL);
        dgl_tok_expect(p, DGL_TOK_ASSIGN);
        dgl_node_push(p, &n->list2, target);
        dgl_node_push(p, &n->list3, dgl_parse_expression(p, true));
    }
    dgl_parse_block_body(p, "with", "endwith", &n->list);
    return n;
}

static void parse_signature(struct dgl_parser *p, struct dgl_node *n)
{
    dgl_tok_expect(p, DGL_TOK_LPAREN);
    while (!p->bad && dgl_tok(p)->kind != DGL_TOK_RPAREN) {
        if (n->list2.count)
            dgl_tok_expect(p, DGL_TOK_COMMA);
        struct dgl_node *param = dgl_node_new(p, DGL_NODE_NAME);
        param->role = DGL_NAME_PARAMETER;
        param->name = dgl_tok_expect_name(p);
        for (uint32_t i = 0; i < n->list2.count; i++)
            if (n->list2.items[i]->name == param->name)
                dgl_parser_fail(p, "syntax_error", "syntax error: unexpected second parameter '%s'",
                                param->name->text.data);
        if (dgl_tok_skip(p, DGL_TOK_ASSIGN))
            dgl_node_push(p, &n->list3, dgl_parse_expression(p, true));
        else if (n->list3.count)
            dgl_parser_fail(p, "syntax_error", "syntax error: expected a default for '%s', as the one before it has",
                            param->name->text.data);
        dgl_node_push(p, &n->list2, param);
        if (n->list2.count > 255)
            dgl_parser_fail(p, "limit_arguments", "syntax error: too many parameters");
    }
    dgl_tok_expect(p, DGL_TOK_RPAREN);
}

static struct dgl_node *parse_macro(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_MACRO);
    n->name = dgl_tok_expect_name(p);
    parse_signature(p, n);
    dgl_parse_block_body(p, "macro", "endmacro", &n->list);
    return n;
}

static struct dgl_node *parse_call_block(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_CALL_BLOCK);
    if (dgl_tok(p)->kind == DGL_TOK_LPAREN)
        parse_signature(p, n);
    n->a = dgl_parse_expression(p, true);
    if (n->a->kind != DGL_NODE_CALL)
        dgl_parser_fail(p, "syntax_error", "syntax error: expected a call of a macro after 'call'");
    dgl_parse_block_body(p, "call", "endcall", &n->list);
    return n;
}

static struct dgl_node *parse_filter_block(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_FILTER_BLOCK);
    n->a = dgl_parse_filters(p, NULL, true);
    dgl_parse_block_body(p, "filter", "endfilter", &n->list);
    return n;
}

static struct dgl_node *parse_block(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_BLOCK);
    n->name = dgl_tok_expect_name(p);
    n->flag = dgl_tok_skip_word(p, "scoped");
    n->flag2 = dgl_tok_skip_word(p, "required");
    if (dgl_tok(p)->kind == DGL_TOK_MINUS)
        dgl_parser_fail(p, "syntax_error", "syntax error: unexpected '-' in a block's name; use an underscore");
    dgl_parse_end_of_head(p);
    if (dgl_parse_body(p, "block", "endblock", &n->list).data) {
        (void)dgl_tok_skip_word(p, n->name->text.data);
        dgl_parse_end_of_tag(p);
    }
    return n;
}

static struct dgl_node *parse_autoescape(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_AUTOESCAPE);
    n->a = dgl_parse_expression(p, true);
    dgl_parse_block_body(p, "autoescape", "endautoescape", &n->list);
    return n;
}

static struct dgl_node *parse_print(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_STATEMENTS);
    while (!p->bad && dgl_tok(p)->kind != DGL_TOK_END) {
        if (n->list.count)
            dgl_tok_expect(p, DGL_TOK_COMMA);
        struct dgl_node *print = dgl_node_new(p, DGL_NODE_PRINT);
        print->a = dgl_parse_expression(p, true);
        dgl_node_push(p, &n->list, print);
    }
    return n;
}

static bool context_words(struct dgl_parser *p, bool *ret_with)
{
    bool with = dgl_tok_is_word(dgl_tok(p), "with"), without = dgl_tok_is_word(dgl_tok(p), "without");
    if ((!with && !without) || !dgl_tok_is_word(dgl_tok_ahead(p), "context"))
        return false;
    dgl_tok_next(p);
    dgl_tok_next(p);
    *ret_with = with;
    return true;
}

static struct dgl_node *parse_include(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_INCLUDE);
    n->a = dgl_parse_expression(p, true);
    n->flag2 = true;
    if (dgl_tok_is_word(dgl_tok(p), "ignore") && dgl_tok_is_word(dgl_tok_ahead(p), "missing")) {
        n->flag = true;
        dgl_tok_next(p);
        dgl_tok_next(p);
    }
    (void)context_words(p, &n->flag2);
    dgl_parse_end_of_tag(p);
    return n;
}

static struct dgl_node *parse_import(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_IMPORT);
    n->a = dgl_parse_expression(p, true);
    dgl_tok_expect_word(p, "as");
    n->name = dgl_tok_expect_name(p);
    (void)context_words(p, &n->flag2);
    dgl_parse_end_of_tag(p);
    return n;
}

static struct dgl_node *parse_from(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_FROM);
    n->a = dgl_parse_expression(p, true);
    dgl_tok_expect_word(p, "import");
    while (!p->bad) {
        if (n->list2.count)
            dgl_tok_expect(p, DGL_TOK_COMMA);
        if (context_words(p, &n->flag2))
            break;
        struct dgl_node *name = dgl_node_new(p, DGL_NODE_NAME);
        name->role = DGL_NAME_STORE;
        name->name = name->name2 = dgl_tok_expect_name(p);
        if (!p->bad && name->name->text.data[0] == '_')
            dgl_parser_fail(p, "syntax_error", "syntax error: unexpected '_': such names cannot be imported");
        if (dgl_tok_skip_word(p, "as"))
            name->name2 = dgl_tok_expect_name(p);
        dgl_node_push(p, &n->list2, name);
        if (context_words(p, &n->flag2) || dgl_tok(p)->kind != DGL_TOK_COMMA)
            break;
    }
    dgl_parse_end_of_tag(p);
    return n;
}

static struct dgl_node *parse_extends(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_EXTENDS);
    n->a = dgl_parse_expression(p, true);
    dgl_parse_end_of_tag(p);
    return n;
}

// In chunks cut by others raw blocks are still tags: all up to endraw is text, tags as their author wrote them.
static struct dgl_node *parse_raw(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_STATEMENTS);
    uint32_t start = (uint32_t)p->pos;
    const char *word;
    for (p->pos++; p->pos < p->count; p->pos++) {
        const struct dgl_chunk *c = &p->chunks[p->pos];
        if (c->kind == DGL_CHUNK_DATA) {
            dgl_parse_data(p, &n->list);
            continue;
        }
        if (c->kind == DGL_CHUNK_BLOCK && dgl_template_block_role(c->text, &word) == DGL_BLOCK_CLOSES &&
            strcmp(word, "raw") == 0)
            return n;
        struct dgl_node *print = dgl_node_new(p, DGL_NODE_PRINT);
        print->a = dgl_node_new(p, DGL_NODE_CONST);
        print->a->value = dgl_value_string(p->t->arena, c->source.data, c->source.len);
        dgl_node_push(p, &n->list, print);
    }
    dgl_parser_fail_at(p, start, "unbalanced_block", "%s is never closed: 'endraw' is missing",
                       dgl_parser_tag_text(p, start));
    return n;
}

dgl_statement_parser *dgl_statement_lookup(struct dgl_str word)
{
    static const struct {
        const char *word;
        dgl_statement_parser *parse;
    } statements[] = {
        {"for", parse_for},
        {"if", parse_if},
        {"set", parse_set},
        {"with", parse_with},
        {"macro", parse_macro},
        {"call", parse_call_block},
        {"filter", parse_filter_block},
        {"block", parse_block},
        {"extends", parse_extends},
        {"include", parse_include},
        {"import", parse_import},
        {"from", parse_from},
        {"raw", parse_raw},
        {"autoescape", parse_autoescape},
        {"print", parse_print},
    };
    for (size_t i = 0; i < DGL_COUNT(statements); i++)
        if (dgl_str_is(word, statements[i].word))
            return statements[i].parse;
    return NULL;
}
