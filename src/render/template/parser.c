// The tree from its blocks; each statement is in parser_statement.c. A tag that cannot be understood is reported and
// dropped; what it opens is opened all the same, so that one mistake gives one message. Blocks closed in the wrong
// order are reported where the wrong end stands and closed for their author.
#include "render/template/parser.h"
#include "render/template/suggest.h"
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

static struct dgl_node *parse_statement(struct dgl_parser *p);

const char *dgl_parser_tag_text(const struct dgl_parser *p, uint32_t chunk)
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
                        dgl_parser_tag_text(p, p->open->chunk), dgl_parser_tag_text(p, b->chunk),
                        last_word(p->open->ends));
        return true;
    }
    if (forgive(p, word))
        return false;
    const char *opener = dgl_str_is(word, "else") ? "if' or 'for" : families[family_of_end(word)].word;
    if (p->open)
        dgl_parser_fail(p, "unbalanced_block", "unexpected '%.*s': no '%s' is open here; %s is, and ends with '%s'",
                        len, word.data, opener, dgl_parser_tag_text(p, p->open->chunk), last_word(p->open->ends));
    else
        dgl_parser_fail(p, "unbalanced_block", "unexpected '%.*s': no '%s' is open here", len, word.data, opener);
    return false;
}

void dgl_parse_data(struct dgl_parser *p, struct dgl_node_list *list)
{
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_DATA);
    dgl_node_push(p, list, n);
}

static void push_value(struct dgl_parser *p, struct dgl_node_list *list)
{
    dgl_parser_load(p);
    struct dgl_node *n = dgl_node_new(p, DGL_NODE_PRINT);
    n->a = dgl_parse_tuple(p, true, NULL, false);
    dgl_tok_expect(p, DGL_TOK_END);
    if (!p->bad)
        dgl_node_push(p, list, n);
}

struct dgl_str dgl_parse_body(struct dgl_parser *p, const char *word, const char *ends, struct dgl_node_list *list)
{
    struct dgl_open_block here = {.word = word, .ends = ends, .chunk = (uint32_t)p->pos, .outer = p->open};
    struct dgl_str none = {NULL, 0};
    p->open = &here;
    for (p->pos++; p->pos < p->count; p->pos++) {
        const struct dgl_chunk *c = &p->chunks[p->pos];
        if (c->kind == DGL_CHUNK_DATA) {
            dgl_parse_data(p, list);
            continue;
        }
        if (c->kind == DGL_CHUNK_VALUE) {
            push_value(p, list);
            continue;
        }
        dgl_parser_load(p);
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
                       dgl_parser_tag_text(p, here.chunk), end ? end + 1 : ends);
    p->open = here.outer;
    return none;
}

void dgl_parse_end_of_tag(struct dgl_parser *p)
{
    dgl_tok_expect(p, DGL_TOK_END);
}

void dgl_parse_end_of_head(struct dgl_parser *p)
{
    dgl_tok_skip(p, DGL_TOK_COLON);
    dgl_parse_end_of_tag(p);
}

void dgl_parse_block_body(struct dgl_parser *p, const char *word, const char *ends, struct dgl_node_list *list)
{
    dgl_parse_end_of_head(p);
    struct dgl_str end = dgl_parse_body(p, word, ends, list);
    if (end.data && strchr(ends, ' ') == NULL)
        dgl_parse_end_of_tag(p);
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
        dgl_statement_parser *parse = dgl_statement_lookup(word);
        if (!p->bad)
            dgl_tok_next(p);
        if (parse)
            n = parse(p);
        else
            unknown_tag(p, word);
        if (n && (n->kind == DGL_NODE_STATEMENTS || n->kind == DGL_NODE_SET) && p->pos < p->count && p->pos == n->chunk)
            dgl_parse_end_of_tag(p);
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
            dgl_parse_data(p, &root->list);
        } else if (c->kind == DGL_CHUNK_VALUE) {
            push_value(p, &root->list);
        } else {
            dgl_parser_load(p);
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
