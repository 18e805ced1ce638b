// Cutting a text template into chunks: data, {{ }} and {% %}; comments and raw blocks are dealt with here, and so is
// white space: '-' takes all of it away, trim_blocks the line feed behind a block, lstrip_blocks the blanks before one.
//
//   data ──"{{"──▶ inside ──"}}"──▶ data        strings and brackets inside hide the closing delimiter
//   data ──"{%"──▶ inside ──"%}"──▶ data
//   data ──"{#"──▶ comment ─"#}"──▶ data
//   data ──"{% raw %}"──▶ raw ──"{% endraw %}"──▶ data
#include "render/template/lexer.h"
#include "render/template/unicode.h"
#include <string.h>

// Of a line, what stands so near to a tag: lines may be very long.
#define EXCERPT_BEFORE 60u
#define EXCERPT_BEHIND 160u

struct cutter {
    struct dgl_arena *arena;
    struct dgl_str src;
    const struct dgl_template_options *options;
    struct dgl_diagnostics *diagnostics;
    struct dgl_chunks *chunks;
    size_t pos;     // of the next byte to look at
    size_t counted; // bytes whose line feeds are in `line`
    uint32_t line;
    bool line_start; // what came before ended with a line feed
    struct dgl_error *err;
};

struct dgl_str dgl_text_line(struct dgl_str source, size_t offset)
{
    size_t from = DGL_MIN(offset, source.len), to = from;
    while (from > 0 && source.data[from - 1] != '\n' && offset - from < EXCERPT_BEFORE)
        from--;
    while (to < source.len && source.data[to] != '\n' && to - offset < EXCERPT_BEHIND)
        to++;
    while (from < to && ((unsigned char)source.data[from] & 0xc0) == 0x80)
        from++; // not in the middle of a character; the copy cuts the end likewise
    return dgl_str_trim((struct dgl_str){source.data + from, to - from});
}

static uint32_t line_at(struct cutter *c, size_t pos)
{
    for (const char *p; c->counted < pos; c->counted = (size_t)(p - c->src.data) + 1) {
        p = memchr(c->src.data + c->counted, '\n', pos - c->counted);
        if (!p)
            break;
        c->line++;
    }
    c->counted = DGL_MAX(c->counted, pos);
    return c->line;
}

static enum dgl_status add(struct cutter *c, struct dgl_chunk chunk)
{
    struct dgl_chunks *k = c->chunks;
    if (k->count >= DGL_TEMPLATE_MAX_CHUNKS)
        return DGL_FAIL_SLUG(c->err, DGL_E_LIMIT, "limit_tags", "the template has more than %u tags",
                             DGL_TEMPLATE_MAX_CHUNKS / 2);
    if (k->count == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 32;
        struct dgl_chunk *items = dgl_arena_alloc(c->arena, cap * sizeof *items);
        if (k->count)
            memcpy(items, k->items, k->count * sizeof *items);
        k->items = items;
        k->cap = cap;
    }
    k->items[k->count++] = chunk;
    return DGL_OK;
}

static void report(struct cutter *c, size_t at, const char *slug, const char *message)
{
    struct dgl_error e = DGL_ERROR_INIT;
    struct dgl_str line = dgl_text_line(c->src, at);
    (void)DGL_FAIL_SLUG(&e, DGL_E_INVALID, slug, "%s", message);
    const char *name = c->options->name ? c->options->name : "template";
    dgl_str_copy(e.place.part, sizeof e.place.part, name, strlen(name));
    dgl_str_copy(e.place.excerpt, sizeof e.place.excerpt, line.data, line.len);
    dgl_str_copy(e.place.tag, sizeof e.place.tag, c->src.data + at, DGL_MIN(c->src.len - at, 60u));
    e.place.line = line_at(c, at);
    dgl_diagnostics_add(c->diagnostics, DGL_DIAGNOSTIC_ERROR, &e);
}

static bool at(const struct cutter *c, size_t pos, const char *text)
{
    size_t len = strlen(text);
    return pos + len <= c->src.len && memcmp(c->src.data + pos, text, len) == 0;
}

static size_t skip_space(const struct cutter *c, size_t pos)
{
    for (size_t next = pos; pos < c->src.len; pos = next)
        if (!dgl_uc_space(dgl_utf8_next(c->src.data, c->src.len, &next)))
            break;
    return pos;
}

static const char *find(const struct cutter *c, size_t pos, const char *text)
{
    return memmem(c->src.data + pos, c->src.len - pos, text, strlen(text));
}

// Finds the end of a tag whose inside starts at pos: *ret_end is where the closing delimiter starts, its '-' or '+'
// not counted in. Strings and balanced brackets hide delimiters.
static bool tag_end(const struct cutter *c, size_t pos, const char *close, size_t *ret_end)
{
    char open[DGL_TEMPLATE_MAX_NESTING];
    unsigned depth = 0;
    size_t limit = DGL_MIN(c->src.len, pos + DGL_TEMPLATE_MAX_TAG_BYTES);
    while (pos < limit) {
        char ch = c->src.data[pos];
        if (depth == 0 && at(c, pos, close)) {
            *ret_end = pos;
            return true;
        }
        if (ch == '"' || ch == '\'') {
            size_t end = pos + 1;
            while (end < limit && c->src.data[end] != ch)
                end += c->src.data[end] == '\\' ? 2 : 1;
            pos = end < limit ? end : pos; // a lone quote: go on behind it, the lexer will complain
        } else if (ch == '(' || ch == '[' || ch == '{') {
            if (depth == DGL_COUNT(open))
                return false;
            open[depth++] = ch == '(' ? ')' : ch == '[' ? ']' : '}';
        } else if (ch == ')' || ch == ']' || ch == '}') {
            if (depth == 0 || open[depth - 1] != ch)
                return false;
            depth--;
        }
        pos++;
    }
    return false;
}

// Text before a tag: cut as '-' or lstrip_blocks want.
static enum dgl_status add_data(struct cutter *c, size_t to, char sign, bool variable)
{
    struct dgl_str text = {c->src.data + c->pos, to - c->pos};
    if (sign == '-') {
        text = dgl_uc_strip(text, NULL, false, true);
    } else if (sign != '+' && c->options->lstrip_blocks && !variable) {
        size_t line = text.len;
        while (line > 0 && text.data[line - 1] != '\n')
            line--;
        struct dgl_str rest = {text.data + line, text.len - line};
        if ((line > 0 || c->line_start) && dgl_uc_strip(rest, NULL, true, true).len == 0)
            text.len = line;
    }
    if (text.len == 0)
        return DGL_OK;
    return add(c, (struct dgl_chunk){.kind = DGL_CHUNK_DATA, .text = text, .place = line_at(c, c->pos)});
}

// Moves behind a closing delimiter that ends at `pos`; `sign` stands before it.
static void move_behind(struct cutter *c, size_t pos, char sign, bool variable)
{
    if (sign == '-')
        pos = skip_space(c, pos);
    else if (!variable && sign != '+' && c->options->trim_blocks && pos < c->src.len && c->src.data[pos] == '\n')
        pos++;
    c->line_start = pos > 0 && c->src.data[pos - 1] == '\n';
    c->pos = pos;
}

// {% endraw %} from pos on: where it starts, its inside's sign, where it ends and its last sign.
static bool find_endraw(const struct cutter *c, size_t pos, size_t *ret_start, char *ret_first, size_t *ret_end,
                        char *ret_last)
{
    for (const char *p; (p = find(c, pos, "{%")); pos = (size_t)(p - c->src.data) + 2) {
        size_t i = (size_t)(p - c->src.data) + 2;
        *ret_start = i - 2;
        *ret_first = at(c, i, "-") || at(c, i, "+") ? c->src.data[i] : 0;
        i = skip_space(c, i + (*ret_first ? 1 : 0));
        if (!at(c, i, "endraw"))
            continue;
        i = skip_space(c, i + 6);
        *ret_last = at(c, i, "-%}") || at(c, i, "+%}") ? c->src.data[i] : 0;
        i += *ret_last ? 1 : 0;
        if (!at(c, i, "%}"))
            continue;
        *ret_end = i + 2;
        return true;
    }
    return false;
}

// A raw block whose {% raw %} ends at `pos` with `sign` before its delimiter.
static enum dgl_status cut_raw(struct cutter *c, size_t tag, size_t pos, char sign)
{
    size_t start, end;
    char first, last;
    c->line_start = false;
    c->pos = sign == '-' ? skip_space(c, pos) : pos;
    if (!find_endraw(c, c->pos, &start, &first, &end, &last)) {
        report(c, tag, "unbalanced_block", "{% raw %} is never closed: {% endraw %} is missing");
        c->pos = c->src.len;
        return DGL_OK;
    }
    DGL_TRY(add_data(c, start, first, false));
    move_behind(c, end, last, false);
    return DGL_OK;
}

static bool is_raw(const struct cutter *c, size_t inside, size_t *ret_end, char *ret_sign)
{
    size_t i = skip_space(c, inside);
    if (!at(c, i, "raw"))
        return false;
    i = skip_space(c, i + 3);
    *ret_sign = at(c, i, "-%}") ? '-' : 0;
    i += *ret_sign ? 1 : 0;
    *ret_end = i + 2;
    return at(c, i, "%}");
}

// A tag without an end: the rest of its line is given up.
static void skip_bad_tag(struct cutter *c, size_t tag, const char *close)
{
    const char *p = find(c, tag + 2, close), *nl = memchr(c->src.data + tag, '\n', c->src.len - tag);
    size_t end = nl ? (size_t)(nl - c->src.data) : c->src.len;
    if (p && (size_t)(p - c->src.data) < end)
        end = (size_t)(p - c->src.data) + 2;
    c->pos = end;
    c->line_start = false;
}

static enum dgl_status bad_tag(struct cutter *c, size_t tag, const char *close)
{
    const char *p = find(c, tag + 2, close), *nl = memchr(c->src.data + tag, '\n', c->src.len - tag);
    bool here = p && (!nl || p < nl);
    if (here) { // the lexer says what is wrong inside
        bool variable = close[0] == '}';
        struct dgl_str inside = {c->src.data + tag + 2, (size_t)(p - c->src.data) - tag - 2};
        if (inside.len <= DGL_TEMPLATE_MAX_TAG_BYTES)
            DGL_TRY(add(c, (struct dgl_chunk){.kind = variable ? DGL_CHUNK_VALUE : DGL_CHUNK_BLOCK,
                                              .text = inside,
                                              .source = {c->src.data + tag, inside.len + 4},
                                              .place = line_at(c, tag)}));
        else
            report(c, tag, "limit_tag", "syntax error: a tag is longer than 64 KiB");
    } else {
        report(c, tag, "syntax_error",
               close[0] == '}' ? "syntax error: unclosed tag, '}}' is missing"
                               : "syntax error: unclosed tag, '%}' is missing");
    }
    skip_bad_tag(c, tag, close);
    return DGL_OK;
}

static enum dgl_status cut_comment(struct cutter *c, size_t tag)
{
    const char *p = find(c, tag + 2, "#}");
    if (!p) {
        report(c, tag, "syntax_error", "syntax error: unclosed comment, '#}' is missing");
        c->pos = c->src.len;
        return DGL_OK;
    }
    size_t end = (size_t)(p - c->src.data);
    char sign = end > tag + 2 && (p[-1] == '-' || p[-1] == '+') ? p[-1] : 0;
    move_behind(c, end + 2, sign, false);
    return DGL_OK;
}

static enum dgl_status cut_tag(struct cutter *c, size_t tag)
{
    bool variable = c->src.data[tag + 1] == '{';
    const char *close = variable ? "}}" : "%}";
    char sign =
        tag + 2 < c->src.len && (c->src.data[tag + 2] == '-' || c->src.data[tag + 2] == '+') ? c->src.data[tag + 2] : 0;
    size_t inside = tag + 2 + (sign ? 1 : 0), end;
    char last = 0;
    DGL_TRY(add_data(c, tag, sign, variable));
    if (c->src.data[tag + 1] == '#')
        return cut_comment(c, tag);
    if (!variable && is_raw(c, inside, &end, &last))
        return cut_raw(c, tag, end, last);
    if (!tag_end(c, inside, close, &end))
        return bad_tag(c, tag, close);
    size_t stop = end;
    if (stop > inside && (c->src.data[stop - 1] == '-' || (!variable && c->src.data[stop - 1] == '+')))
        last = c->src.data[--stop];
    DGL_TRY(add(c, (struct dgl_chunk){.kind = variable ? DGL_CHUNK_VALUE : DGL_CHUNK_BLOCK,
                                      .text = {c->src.data + inside, stop - inside},
                                      .source = {c->src.data + tag, end + 2 - tag},
                                      .place = line_at(c, tag)}));
    move_behind(c, end + 2, last, variable);
    return DGL_OK;
}

enum dgl_status dgl_text_cut(struct dgl_arena *a, struct dgl_str source, const struct dgl_template_options *options,
                             struct dgl_diagnostics *diagnostics, struct dgl_chunks *ret, struct dgl_error *err)
{
    struct cutter c = {.arena = a,
                       .src = source,
                       .options = options,
                       .diagnostics = diagnostics,
                       .chunks = ret,
                       .line = 1,
                       .line_start = true,
                       .err = err};
    while (c.pos < source.len && diagnostics->errors < DGL_TEMPLATE_MAX_DIAGNOSTICS) {
        size_t tag = c.pos;
        for (const char *p; tag < source.len; tag++) {
            p = memchr(source.data + tag, '{', source.len - tag);
            tag = p ? (size_t)(p - source.data) : source.len;
            if (tag + 1 < source.len && strchr("{%#", source.data[tag + 1]) && source.data[tag + 1])
                break;
        }
        if (tag >= source.len) {
            DGL_TRY(add_data(&c, source.len, '+', false));
            break;
        }
        DGL_TRY(cut_tag(&c, tag));
    }
    return DGL_OK;
}
