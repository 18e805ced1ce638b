// Statements. A tag that cannot be understood is reported and dropped; what it opens is opened all the same, so that
// one mistake gives one message. Blocks closed in the wrong order are reported where the wrong end stands and closed
// for their author.
#include "render/template/parser.h"
#include "render/template/suggest.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// The families of block tags: what opens, continues and ends them.
static const struct {
    const char *word, *goes_on, *ends;
} families[] = {
    {"for", "else", "endfor"}, {"if", "elif else", "endif"},        {"macro", "", "endmacro"},
    {"call", "", "endcall"},   {"filter", "", "endfilter"},         {"block", "", "endblock"},
    {"with", "", "endwith"},   {"autoescape", "", "endautoescape"}, {"set", "", "endset"},
    {"raw", "", "endraw"},
};
static const char *const lone_words[] = {"extends", "include", "import", "from", "print"};

static bool has_word(const char *words, struct dgl_str word)
{
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        if (len == word.len && memcmp(p, word.data, len) == 0)
            return true;
        p += len + (p[len] == ' ');
    }
    return false;
}

// ---- nodes and names

struct dgl_node *dgl_node_new(struct dgl_parser *p, enum dgl_node_kind kind)
{
    struct dgl_node *n = DGL_ARENA_NEW(p->scratch, struct dgl_node);
    n->kind = kind;
    n->chunk = (uint32_t)p->pos;
    return n;
}

void dgl_node_push(struct dgl_parser *p, struct dgl_node_list *list, struct dgl_node *node)
{
    if (list->count == list->cap) {
        uint32_t cap = list->cap ? list->cap * 2 : 4;
        struct dgl_node **items = dgl_arena_alloc(p->scratch, cap * sizeof(struct dgl_node *));
        if (list->count)
            memcpy(items, list->items, list->count * sizeof(struct dgl_node *));
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = node;
}

static void grow_buckets(struct dgl_parser *p)
{
    uint32_t size = p->bucket_mask ? (p->bucket_mask + 1) * 2 : 64;
    struct dgl_name **buckets = dgl_arena_alloc(p->scratch, size * sizeof(struct dgl_name *));
    for (uint32_t i = 0; i < p->t->name_count; i++) {
        struct dgl_name *n = (struct dgl_name *)p->t->names[i];
        n->next = buckets[n->hash & (size - 1)];
        buckets[n->hash & (size - 1)] = n;
    }
    p->buckets = buckets;
    p->bucket_mask = size - 1;
}

const struct dgl_name *dgl_parser_name(struct dgl_parser *p, struct dgl_str text)
{
    uint64_t hash = dgl_hash_bytes(text.data, text.len);
    if (!p->bucket_mask || p->t->name_count > p->bucket_mask)
        grow_buckets(p);
    for (const struct dgl_name *n = p->buckets[hash & p->bucket_mask]; n; n = n->next)
        if (n->hash == hash && n->text.len == text.len && memcmp(n->text.data, text.data, text.len) == 0)
            return n;
    struct dgl_name *n = DGL_ARENA_NEW(p->t->arena, struct dgl_name);
    char *copy = dgl_arena_strndup(p->t->arena, text.data, text.len);
    n->text = (struct dgl_value_string){.len = text.len, .data = copy, .chars = dgl_utf8_count(copy, text.len)};
    n->hash = hash;
    n->id = p->t->name_count;
    n->absent = (struct dgl_value_undefined){.name = {copy, text.len}};
    n->no_key = (struct dgl_value_undefined){.name = {copy, text.len}, .owner = "the object"};
    n->global = dgl_global_find(copy, text.len);
    n->method = dgl_method_find(copy, text.len);
    n->next = p->buckets[hash & p->bucket_mask];
    p->buckets[hash & p->bucket_mask] = n;
    if (p->t->name_count == p->name_cap) {
        uint32_t cap = p->name_cap ? p->name_cap * 2 : 64;
        const struct dgl_name **names = dgl_arena_alloc(p->t->arena, cap * sizeof(struct dgl_name *));
        if (p->t->name_count)
            memcpy(names, p->t->names, p->t->name_count * sizeof(struct dgl_name *));
        p->t->names = names;
        p->name_cap = cap;
    }
    p->t->names[p->t->name_count++] = n;
    return n;
}

// ---- reporting

static void report(struct dgl_parser *p, uint32_t chunk, int severity, const char *slug, const char *fmt, va_list ap)
{
    struct dgl_error e = DGL_ERROR_INIT;
    char text[sizeof e.message];
    (void)vsnprintf(text, sizeof text, fmt, ap);
    bool limit = strncmp(slug, "limit", 5) == 0;
    bool unread = strcmp(slug, "syntax_error") == 0 && chunk < p->count && !strstr(text, "did you mean");
    const char *remedy = unread ? dgl_remedy(p->chunks[chunk].text, p->chunks[chunk].kind == DGL_CHUNK_VALUE) : NULL;
    (void)DGL_FAIL_SLUG(&e, limit ? DGL_E_LIMIT : DGL_E_INVALID, slug, "%s%s%s", text, remedy ? "; " : "",
                        remedy ? remedy : "");
    dgl_template_fill_place(p->t, chunk, &e);
    dgl_diagnostics_add(p->diagnostics, severity, &e);
}

void dgl_parser_fail_at(struct dgl_parser *p, uint32_t chunk, const char *slug, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report(p, chunk, DGL_DIAGNOSTIC_ERROR, slug, fmt, ap);
    va_end(ap);
}

void dgl_parser_warn_at(struct dgl_parser *p, uint32_t chunk, const char *slug, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report(p, chunk, DGL_DIAGNOSTIC_WARNING, slug, fmt, ap);
    va_end(ap);
}

void dgl_parser_warn(struct dgl_parser *p, const char *slug, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report(p, (uint32_t)p->pos, DGL_DIAGNOSTIC_WARNING, slug, fmt, ap);
    va_end(ap);
}

void dgl_parser_fail(struct dgl_parser *p, const char *slug, const char *fmt, ...)
{
    va_list ap;
    if (p->bad)
        return;
    p->bad = true;
    p->token = p->token_count - 1; // the end
    va_start(ap, fmt);
    report(p, (uint32_t)p->pos, DGL_DIAGNOSTIC_ERROR, slug, fmt, ap);
    va_end(ap);
}

// ---- tokens

void dgl_tok_next(struct dgl_parser *p)
{
    if (p->token + 1 < p->token_count)
        p->token++;
}

bool dgl_tok_is_word(const struct dgl_token *t, const char *word)
{
    return t->kind == DGL_TOK_NAME && dgl_str_is(t->text, word);
}

bool dgl_tok_skip(struct dgl_parser *p, enum dgl_token_kind kind)
{
    bool is = dgl_tok(p)->kind == kind && kind != DGL_TOK_END;
    if (is)
        dgl_tok_next(p);
    return is;
}

bool dgl_tok_skip_word(struct dgl_parser *p, const char *word)
{
    bool is = dgl_tok_is_word(dgl_tok(p), word);
    if (is)
        dgl_tok_next(p);
    return is;
}

void dgl_tok_fail(struct dgl_parser *p, const char *wanted)
{
    const struct dgl_token *t = dgl_tok(p);
    const char *quote = t->kind == DGL_TOK_STRING ? "" : "'";
    if (t->kind == DGL_TOK_END)
        dgl_parser_fail(p, "syntax_error", "syntax error: unexpected %s, expected %s", dgl_token_name(t->kind), wanted);
    else
        dgl_parser_fail(p, "syntax_error", "syntax error: unexpected %s%.*s%s, expected %s", quote,
                        (int)dgl_utf8_cut(t->text.data, t->text.len, 60), t->text.data, quote, wanted);
}

void dgl_tok_expect(struct dgl_parser *p, enum dgl_token_kind kind)
{
    if (dgl_tok(p)->kind != kind)
        dgl_tok_fail(p, dgl_token_name(kind));
    else
        dgl_tok_next(p);
}

void dgl_tok_expect_word(struct dgl_parser *p, const char *word)
{
    char wanted[40];
    (void)snprintf(wanted, sizeof wanted, "'%s'", word);
    if (!dgl_tok_skip_word(p, word))
        dgl_tok_fail(p, wanted);
}

const struct dgl_name *dgl_tok_expect_name(struct dgl_parser *p)
{
    struct dgl_str text = dgl_tok(p)->kind == DGL_TOK_NAME ? dgl_tok(p)->text : DGL_STR("");
    dgl_tok_expect(p, DGL_TOK_NAME);
    return dgl_parser_name(p, text);
}

static void push_token(struct dgl_parser *p, struct dgl_token t)
{
    if (p->token_count == p->token_cap) {
        size_t cap = p->token_cap ? p->token_cap * 2 : 64;
        struct dgl_token *items = dgl_arena_alloc(p->scratch, cap * sizeof *items);
        if (p->token_count)
            memcpy(items, p->tokens, p->token_count * sizeof *items);
        p->tokens = items;
        p->token_cap = cap;
    }
    p->tokens[p->token_count++] = t;
}

// The inside without the '-' or '+' of white space control, which may still be there.
static struct dgl_str inside_of(const struct dgl_chunk *c)
{
    struct dgl_str s = c->text;
    if (s.len && (s.data[0] == '-' || s.data[0] == '+') && s.len > 1 &&
        (s.data[1] == ' ' || c->kind == DGL_CHUNK_BLOCK))
        s = (struct dgl_str){s.data + 1, s.len - 1};
    if (s.len && (s.data[s.len - 1] == '-' || s.data[s.len - 1] == '+'))
        s.len--;
    return s;
}

// Makes the tokens of the chunk at p->pos.
static void load_chunk(struct dgl_parser *p)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_lexer lx = {.text = inside_of(&p->chunks[p->pos]), .arena = p->scratch};
    struct dgl_token t = {.kind = DGL_TOK_NAME};
    p->token_count = p->token = 0;
    p->depth = p->operators = 0;
    p->bad = false;
    if (lx.text.len > DGL_TEMPLATE_MAX_TAG_BYTES || !dgl_utf8_valid(lx.text.data ? lx.text.data : "", lx.text.len)) {
        push_token(p, (struct dgl_token){.kind = DGL_TOK_END});
        dgl_parser_fail(p, "syntax_error", "syntax error: the tag is %s",
                        lx.text.len > DGL_TEMPLATE_MAX_TAG_BYTES ? "longer than 64 KiB" : "not valid UTF-8");
        return;
    }
    while (t.kind != DGL_TOK_END) {
        if (dgl_lexer_next(&lx, &t, &err) != DGL_OK) {
            struct dgl_token first = p->token_count ? p->tokens[0] : (struct dgl_token){.kind = DGL_TOK_END};
            push_token(p, (struct dgl_token){.kind = DGL_TOK_END});
            dgl_parser_fail(p, err.slug, "%s", err.message);
            p->tokens[0] = first; // the block is known by its first word
            return;
        }
        push_token(p, t);
    }
}

// ---- block structure

static struct dgl_node *parse_statement(struct dgl_parser *p);

static const char *tag_text(const struct dgl_parser *p, uint32_t chunk)
{
    const struct dgl_program_place *place = p->t->chunks[chunk].place;
    return place && place->tag ? place->tag : "";
}

static size_t family_of_end(struct dgl_str word)
{
    for (size_t i = 0; i < DGL_COUNT(families); i++)
        if (dgl_str_is(word, families[i].ends) || has_word(families[i].goes_on, word))
            return i;
    return DGL_COUNT(families);
}

static bool forgive(struct dgl_parser *p, struct dgl_str word)
{
    for (unsigned i = p->forgiven_count; i-- > 0;)
        if (has_word(p->forgiven[i], word) && dgl_str_starts(word, "end")) {
            p->forgiven[i] = p->forgiven[--p->forgiven_count];
            return true;
        }
    return false;
}

// What closes a block, of the words that may follow: "else endfor".
static const char *last_word(const char *words)
{
    const char *space = strrchr(words, ' ');
    return space ? space + 1 : words;
}

// An end (or else) that the innermost block does not wait for. True when an outer block waits for it: then the inner
// ones are closed here.
static bool wrong_end(struct dgl_parser *p, struct dgl_str word)
{
    int len = (int)DGL_MIN(word.len, 40u);
    for (struct dgl_open_block *b = p->open ? p->open->outer : NULL; b; b = b->outer) {
        if (!has_word(b->ends, word))
            continue;
        dgl_parser_fail(p, "unbalanced_block",
                        "unexpected '%.*s': %s inside of %s is never closed before it; expected '%s'", len, word.data,
                        tag_text(p, p->open->chunk), tag_text(p, b->chunk), last_word(p->open->ends));
        return true;
    }
    if (forgive(p, word))
        return false;
    const char *opener = dgl_str_is(word, "else") ? "if' or 'for" : families[family_of_end(word)].word;
    if (p->open)
        dgl_parser_fail(p, "unbalanced_block", "unexpected '%.*s': no '%s' is open here; %s is, and ends with '%s'",
                        len, word.data, opener, tag_text(p, p->open->chunk), last_word(p->open->ends));
    else
        dgl_parser_fail(p, "unbalanced_block", "unexpected '%.*s': no '%s' is open here", len, word.data, opener);
    return false;
}

static void push_data(struct dgl_parser *p, struct dgl_node_list *list)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_DATA);
    dgl_node_push(p, list, n);
}

static void push_value(struct dgl_parser *p, struct dgl_node_list *list)
{
    load_chunk(p);
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_PRINT);
    n->a = dgl_parse_tuple(p, true, NULL, false);
    dgl_tok_expect(p, DGL_TOK_END);
    if (!p->bad)
        dgl_node_push(p, list, n);
}

// Chunks up to a block tag that starts with one of `ends`, which is left loaded as the current chunk, its word skipped;
// returns the word. NULL at the end of the template or when the block had to be closed early.
static struct dgl_str parse_body(struct dgl_parser *p, const char *word, const char *ends, struct dgl_node_list *list)
{
    struct dgl_open_block here = {.word = word, .ends = ends, .chunk = (uint32_t)p->pos, .outer = p->open};
    struct dgl_str none = {NULL, 0};
    p->open = &here;
    for (p->pos++; p->pos < p->count; p->pos++) {
        const struct dgl_chunk *c = &p->chunks[p->pos];
        if (c->kind == DGL_CHUNK_DATA) {
            push_data(p, list);
            continue;
        }
        if (c->kind == DGL_CHUNK_VALUE) {
            push_value(p, list);
            continue;
        }
        load_chunk(p);
        struct dgl_str first = dgl_tok(p)->kind == DGL_TOK_NAME || p->bad ? p->tokens[0].text : none;
        if (first.len && has_word(ends, first)) {
            p->open = here.outer;
            dgl_tok_next(p);
            return first;
        }
        if (first.len && family_of_end(first) < DGL_COUNT(families)) {
            if (!wrong_end(p, first))
                continue;
            if (p->forgiven_count < DGL_COUNT(p->forgiven))
                p->forgiven[p->forgiven_count++] = ends;
            p->open = here.outer;
            p->pos--; // the outer block reads it again
            return none;
        }
        struct dgl_node *n = parse_statement(p);
        if (n)
            dgl_node_push(p, list, n);
        if (p->pos >= p->count)
            break;
    }
    const char *end = strrchr(ends, ' ');
    dgl_parser_fail_at(p, here.chunk, "unbalanced_block", "%s is never closed: '%s' is missing",
                       tag_text(p, here.chunk), end ? end + 1 : ends);
    p->open = here.outer;
    return none;
}

static void end_of_tag(struct dgl_parser *p)
{
    dgl_tok_expect(p, DGL_TOK_END);
}

// The end of an opening tag; a colon is allowed as in Python.
static void end_of_head(struct dgl_parser *p)
{
    dgl_tok_skip(p, DGL_TOK_COLON);
    end_of_tag(p);
}

// The body up to its end tag; what may follow the end word is checked.
static void parse_block_body(struct dgl_parser *p, const char *word, const char *ends, struct dgl_node_list *list)
{
    end_of_head(p);
    struct dgl_str end = parse_body(p, word, ends, list);
    if (end.data && strchr(ends, ' ') == NULL)
        end_of_tag(p);
}

// ---- statements

static struct dgl_node *parse_for(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_FOR);
    n->a = dgl_parse_target(p, "in");
    dgl_tok_expect_word(p, "in");
    n->b = dgl_parse_tuple(p, false, "recursive", false);
    if (dgl_tok_skip_word(p, "if"))
        n->c = dgl_parse_expression(p, true);
    n->flag = dgl_tok_skip_word(p, "recursive");
    end_of_head(p);
    struct dgl_str end = parse_body(p, "for", "else endfor", &n->list);
    if (!end.data)
        return n;
    end_of_head(p);
    if (dgl_str_is(end, "else") && parse_body(p, "for", "endfor", &n->list2).data)
        end_of_tag(p);
    return n;
}

static struct dgl_node *parse_if(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_IF), *branch = n;
    struct dgl_str end;
    for (;;) {
        branch->a = dgl_parse_tuple(p, false, NULL, false);
        end_of_head(p);
        end = parse_body(p, "if", "elif else endif", &branch->list);
        if (!end.data || !dgl_str_is(end, "elif"))
            break;
        branch = dgl_node_new(p, DGL_NODE_IF);
        dgl_node_push(p, &n->list2, branch);
    }
    if (!end.data)
        return n;
    end_of_head(p);
    if (dgl_str_is(end, "else") && parse_body(p, "if", "endif", &n->list3).data)
        end_of_tag(p);
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
        end_of_tag(p);
        return n;
    }
    if (p->bad && dgl_template_block_role(p->chunks[n->chunk].text, &(const char *){NULL}) != DGL_BLOCK_OPENS)
        return n;
    n->kind = DGL_NODE_SET_BLOCK;
    n->b = dgl_tok(p)->kind == DGL_TOK_PIPE ? dgl_parse_filters(p, NULL, false) : NULL;
    parse_block_body(p, "set", "endset", &n->list);
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
    parse_block_body(p, "with", "endwith", &n->list);
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
    parse_block_body(p, "macro", "endmacro", &n->list);
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
    parse_block_body(p, "call", "endcall", &n->list);
    return n;
}

static struct dgl_node *parse_filter_block(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_FILTER_BLOCK);
    n->a = dgl_parse_filters(p, NULL, true);
    parse_block_body(p, "filter", "endfilter", &n->list);
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
    end_of_head(p);
    if (parse_body(p, "block", "endblock", &n->list).data) {
        (void)dgl_tok_skip_word(p, n->name->text.data);
        end_of_tag(p);
    }
    return n;
}

static struct dgl_node *parse_autoescape(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_AUTOESCAPE);
    n->a = dgl_parse_expression(p, true);
    parse_block_body(p, "autoescape", "endautoescape", &n->list);
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
    end_of_tag(p);
    return n;
}

static struct dgl_node *parse_import(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_IMPORT);
    n->a = dgl_parse_expression(p, true);
    dgl_tok_expect_word(p, "as");
    n->name = dgl_tok_expect_name(p);
    (void)context_words(p, &n->flag2);
    end_of_tag(p);
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
    end_of_tag(p);
    return n;
}

static struct dgl_node *parse_extends(struct dgl_parser *p)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_EXTENDS);
    n->a = dgl_parse_expression(p, true);
    end_of_tag(p);
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
            push_data(p, &n->list);
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
    dgl_parser_fail_at(p, start, "unbalanced_block", "%s is never closed: 'endraw' is missing", tag_text(p, start));
    return n;
}

static void unknown_tag(struct dgl_parser *p, struct dgl_str word)
{
    const char *words[DGL_COUNT(families) * 2 + DGL_COUNT(lone_words) + 2], *near;
    size_t count = 0;
    for (size_t i = 0; i < DGL_COUNT(families); i++) {
        words[count++] = families[i].word;
        words[count++] = families[i].ends;
    }
    for (size_t i = 0; i < DGL_COUNT(lone_words); i++)
        words[count++] = lone_words[i];
    words[count++] = "elif";
    words[count++] = "else";
    near = dgl_tag_of_habit(word);
    if (!near)
        near = dgl_suggest(word.data, word.len, words, count);
    dgl_parser_fail(p, "syntax_error", "syntax error: unknown tag '%.*s'%s%s%s", (int)DGL_MIN(word.len, 60u), word.data,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

// The statement of the current chunk, its tokens loaded. NULL when there is nothing to run. Afterwards p->pos is the
// last chunk that belongs to it.
static struct dgl_node *parse_statement(struct dgl_parser *p)
{
    static const struct {
        const char *word;
        struct dgl_node *(*parse)(struct dgl_parser *p);
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
    struct dgl_str word = p->tokens[0].kind == DGL_TOK_NAME ? p->tokens[0].text : (struct dgl_str){NULL, 0};
    struct dgl_node *n = NULL;
    if (!word.len) {
        dgl_tok_fail(p, "the name of a tag");
        return NULL;
    }
    if (++p->block_depth > DGL_TEMPLATE_MAX_NESTING) {
        dgl_parser_fail_at(p, (uint32_t)p->pos, "limit_nesting", "blocks are nested more than %u levels deep",
                           DGL_TEMPLATE_MAX_NESTING);
        p->pos = p->count;
    } else {
        size_t i = 0;
        while (i < DGL_COUNT(statements) && !dgl_str_is(word, statements[i].word))
            i++;
        if (!p->bad)
            dgl_tok_next(p);
        if (i < DGL_COUNT(statements))
            n = statements[i].parse(p);
        else
            unknown_tag(p, word);
        if (n && (n->kind == DGL_NODE_STATEMENTS || n->kind == DGL_NODE_SET) && p->pos < p->count && p->pos == n->chunk)
            end_of_tag(p);
    }
    p->block_depth--;
    return n;
}

struct dgl_node *dgl_parse(struct dgl_parser *p)
{
    struct dgl_node *root = dgl_node_new(p, DGL_NODE_STATEMENTS);
    for (p->pos = 0; p->pos < p->count && p->diagnostics->errors < DGL_TEMPLATE_MAX_DIAGNOSTICS; p->pos++) {
        const struct dgl_chunk *c = &p->chunks[p->pos];
        if (c->kind == DGL_CHUNK_DATA) {
            push_data(p, &root->list);
        } else if (c->kind == DGL_CHUNK_VALUE) {
            push_value(p, &root->list);
        } else {
            load_chunk(p);
            struct dgl_str first = p->tokens[0].kind == DGL_TOK_NAME ? p->tokens[0].text : (struct dgl_str){NULL, 0};
            if (first.len && family_of_end(first) < DGL_COUNT(families)) {
                (void)wrong_end(p, first);
                continue;
            }
            struct dgl_node *n = parse_statement(p);
            if (n)
                dgl_node_push(p, &root->list, n);
        }
    }
    return root;
}

// ---- roles, for those who cut chunks

static struct dgl_str first_word(struct dgl_str s, struct dgl_str *ret_rest)
{
    s = dgl_str_trim(s);
    while (s.len && (s.data[0] == '-' || s.data[0] == '+'))
        s = dgl_str_trim((struct dgl_str){s.data + 1, s.len - 1});
    size_t len = 0;
    while (len < s.len && ((s.data[len] >= 'a' && s.data[len] <= 'z') || (s.data[len] >= 'A' && s.data[len] <= 'Z') ||
                           s.data[len] == '_'))
        len++;
    *ret_rest = (struct dgl_str){s.data + len, s.len - len};
    return (struct dgl_str){s.data, len};
}

// A set without '=' opens a block; an '=' inside brackets or strings belongs to a filter's arguments.
static bool assigns(struct dgl_str s)
{
    int depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '"' || c == '\'') {
            const char *end = memchr(s.data + i + 1, c, s.len - i - 1);
            i = end ? (size_t)(end - s.data) : i;
        }
        depth += c == '(' || c == '[' || c == '{';
        depth -= c == ')' || c == ']' || c == '}';
        if (c == '=' && depth <= 0)
            return true;
    }
    return false;
}

enum dgl_block_role dgl_template_block_role(struct dgl_str inside, const char **ret_word)
{
    struct dgl_str rest, word = first_word(inside, &rest);
    *ret_word = "";
    for (size_t i = 0; i < DGL_COUNT(families); i++) {
        *ret_word = families[i].word;
        if (dgl_str_is(word, families[i].word)) {
            if (strcmp(families[i].word, "set") == 0 && assigns(rest))
                return DGL_BLOCK_NONE;
            return DGL_BLOCK_OPENS;
        }
        if (dgl_str_is(word, families[i].ends))
            return DGL_BLOCK_CLOSES;
        if (has_word(families[i].goes_on, word)) {
            *ret_word = dgl_str_is(word, "else") ? "" : families[i].word; // "else" belongs to if and for
            return DGL_BLOCK_CONTINUES;
        }
    }
    *ret_word = "";
    return DGL_BLOCK_NONE;
}
