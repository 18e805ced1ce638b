// What the parsers of statements and of expressions stand on: nodes of the tree, interned names, problems of a chunk,
// and the tokens of the tag that is being read.
#include "render/template/parser.h"
#include "render/template/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void dgl_parser_load(struct dgl_parser *p)
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
