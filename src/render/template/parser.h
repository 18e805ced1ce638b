// The parser: chunks to a tree. All problems are reported; parsing goes on with the next chunk.
#ifndef DGL_RENDER_TEMPLATE_PARSER_H
#define DGL_RENDER_TEMPLATE_PARSER_H

#include "render/template/lexer.h"
#include "render/template/program.h"

struct dgl_open_block { // a block that waits for its end
    const char *word;   // "for"
    const char *ends;   // "else endfor": what may come next
    uint32_t chunk;
    struct dgl_open_block *outer;
};
struct dgl_parser {
    struct dgl_arena *scratch; // tree, tokens
    struct dgl_template *t;    // names, places
    const struct dgl_chunk *chunks;
    size_t count, pos; // pos: the chunk being parsed
    const struct dgl_template_options *options;
    struct dgl_diagnostics *diagnostics;
    struct dgl_name **buckets;
    uint32_t bucket_mask;
    uint32_t name_cap;
    // tokens of the current chunk
    struct dgl_token *tokens;
    size_t token_count, token_cap, token;
    bool bad;                  // the current chunk has been reported; nothing else about it
    unsigned depth, operators; // of the current tag's expressions
    unsigned block_depth;
    struct dgl_open_block *open;
    const char *forgiven[DGL_TEMPLATE_MAX_NESTING]; // blocks closed for their author, whose end may still come
    unsigned forgiven_count;
};

// NULL-safe list building.
void dgl_node_push(struct dgl_parser *p, struct dgl_node_list *list, struct dgl_node *node);
struct dgl_node *dgl_node_new(struct dgl_parser *p, enum dgl_node_kind kind);
const struct dgl_name *dgl_parser_name(struct dgl_parser *p, struct dgl_str text); // interned

// Tokens.
static inline const struct dgl_token *dgl_tok(const struct dgl_parser *p)
{
    return &p->tokens[p->token];
}
static inline const struct dgl_token *dgl_tok_ahead(const struct dgl_parser *p)
{
    return &p->tokens[p->token + 1 < p->token_count ? p->token + 1 : p->token_count - 1];
}
void dgl_tok_next(struct dgl_parser *p);
bool dgl_tok_is_word(const struct dgl_token *t, const char *word);
bool dgl_tok_skip(struct dgl_parser *p, enum dgl_token_kind kind);
bool dgl_tok_skip_word(struct dgl_parser *p, const char *word);
void dgl_tok_expect(struct dgl_parser *p, enum dgl_token_kind kind);
void dgl_tok_expect_word(struct dgl_parser *p, const char *word);
void dgl_tok_fail(struct dgl_parser *p, const char *wanted); // "unexpected …, expected `wanted`", of the current token
const struct dgl_name *dgl_tok_expect_name(struct dgl_parser *p);

// Reports a problem of the current chunk; only the first of a chunk counts. Ends its tokens.
void dgl_parser_fail(struct dgl_parser *p, const char *slug, const char *fmt, ...) DGL_PRINTF(3, 4);
void dgl_parser_fail_at(struct dgl_parser *p, uint32_t chunk, const char *slug, const char *fmt, ...) DGL_PRINTF(4, 5);
void dgl_parser_warn_at(struct dgl_parser *p, uint32_t chunk, const char *slug, const char *fmt, ...) DGL_PRINTF(4, 5);
void dgl_parser_warn(struct dgl_parser *p, const char *slug, const char *fmt, ...) DGL_PRINTF(3, 4);

// Makes the tokens of the chunk at p->pos (parser_tokens.c).
void dgl_parser_load(struct dgl_parser *p);

// Expressions (parser_expr.c).
struct dgl_node *dgl_parse_expression(struct dgl_parser *p, bool with_if);
// Several with commas are a tuple. `stop`: a word that ends it ("in", "recursive") or NULL.
struct dgl_node *dgl_parse_tuple(struct dgl_parser *p, bool with_if, const char *stop, bool parentheses);
struct dgl_node *dgl_parse_filters(struct dgl_parser *p, struct dgl_node *node, bool inline_start);
struct dgl_node *dgl_parse_target(struct dgl_parser *p, const char *stop); // for and set

// Statements (parser_statement.c): what reads one, from behind its word; NULL for a word that begins none.
typedef struct dgl_node *dgl_statement_parser(struct dgl_parser *p);
dgl_statement_parser *dgl_statement_lookup(struct dgl_str word);

// What a statement is made of (parser.c). The end of an opening tag may have a colon, as in Python.
void dgl_parse_end_of_tag(struct dgl_parser *p);
void dgl_parse_end_of_head(struct dgl_parser *p);
// Chunks up to a block tag that starts with one of `ends` ("else endfor"), which is left loaded as the current chunk,
// its word skipped; returns the word. Empty at the end of the template or when the block had to be closed early.
struct dgl_str dgl_parse_body(struct dgl_parser *p, const char *word, const char *ends, struct dgl_node_list *list);
// An opening tag's end, the body, and the end tag when it is the only one of `ends`.
void dgl_parse_block_body(struct dgl_parser *p, const char *word, const char *ends, struct dgl_node_list *list);
void dgl_parse_data(struct dgl_parser *p, struct dgl_node_list *list); // the text at p->pos
const char *dgl_parser_tag_text(const struct dgl_parser *p, uint32_t chunk);

// All chunks to STATEMENTS.
struct dgl_node *dgl_parse(struct dgl_parser *p);

#endif
