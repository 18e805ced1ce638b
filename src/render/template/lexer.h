// The lexer: tokens of one tag's inside, and the cutting of text templates into chunks.
#ifndef DGL_RENDER_TEMPLATE_LEXER_H
#define DGL_RENDER_TEMPLATE_LEXER_H

#include "render/template/ast.h"
#include "render/template/template.h"

enum dgl_token_kind {
    DGL_TOK_END, // of the tag
    DGL_TOK_NAME,
    DGL_TOK_STRING,
    DGL_TOK_INTEGER,
    DGL_TOK_FLOAT,
    DGL_TOK_PLUS,
    DGL_TOK_MINUS,
    DGL_TOK_STAR,
    DGL_TOK_SLASH,
    DGL_TOK_DOUBLE_SLASH,
    DGL_TOK_PERCENT,
    DGL_TOK_POWER,
    DGL_TOK_TILDE,
    DGL_TOK_LBRACKET,
    DGL_TOK_RBRACKET,
    DGL_TOK_LPAREN,
    DGL_TOK_RPAREN,
    DGL_TOK_LBRACE,
    DGL_TOK_RBRACE,
    DGL_TOK_EQ,
    DGL_TOK_NE,
    DGL_TOK_GT,
    DGL_TOK_GE,
    DGL_TOK_LT,
    DGL_TOK_LE,
    DGL_TOK_ASSIGN,
    DGL_TOK_DOT,
    DGL_TOK_COLON,
    DGL_TOK_PIPE,
    DGL_TOK_COMMA,
    DGL_TOK_SEMICOLON,
};
struct dgl_token {
    enum dgl_token_kind kind;
    struct dgl_str text;  // as written
    struct dgl_str value; // STRING: decoded
    int64_t integer;
    double number;
};
const char *dgl_token_name(enum dgl_token_kind kind); // what is expected: "end of the tag", "a name", "')'"

struct dgl_lexer {
    struct dgl_str text;
    size_t pos;
    struct dgl_arena *arena;                 // decoded strings
    char open[DGL_TEMPLATE_MAX_NESTING + 1]; // brackets waiting for their partner
    unsigned depth;
};
// The next token. Fails with syntax_error.
enum dgl_status dgl_lexer_next(struct dgl_lexer *lx, struct dgl_token *ret, struct dgl_error *err) DGL_MUST_CHECK;

// Chunks of a text template; `place` is the line. Problems go to `diagnostics`, and cutting goes on after them.
struct dgl_chunks {
    struct dgl_chunk *items; // arena
    size_t count, cap;
};
enum dgl_status dgl_text_cut(struct dgl_arena *a, struct dgl_str source, const struct dgl_template_options *options,
                             struct dgl_diagnostics *diagnostics, struct dgl_chunks *ret,
                             struct dgl_error *err) DGL_MUST_CHECK;
// The line around an offset, as far as an excerpt needs it, blanks cut off at its ends.
struct dgl_str dgl_text_line(struct dgl_str source, size_t offset);

#endif
