// Tokens of the inside of one tag. Python's rules for names, numbers and string escapes.
#include "render/template/lexer.h"
#include "render/template/unicode.h"
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

const char *dgl_token_name(enum dgl_token_kind kind)
{
    static const char *const names[] = {
        "end of the tag", "a name", "a string", "a number", "a number", "'+'", "'-'", "'*'", "'/'",  "'//'", "'%'",
        "'**'",           "'~'",    "'['",      "']'",      "'('",      "')'", "'{'", "'}'", "'=='", "'!='", "'>'",
        "'>='",           "'<'",    "'<='",     "'='",      "'.'",      "':'", "'|'", "','", "';'",
    };
    return names[kind];
}

static enum dgl_status fail(struct dgl_error *err, const char *message)
{
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "syntax_error", "syntax error: %s", message);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

// Digits of `base`, single underscores between them; returns the end. From `pos`, where an underscore may stand first
// when `underscore`.
static size_t digits(struct dgl_str t, size_t pos, int base, bool underscore)
{
    while (pos < t.len) {
        size_t at = pos;
        if (underscore && t.data[at] == '_')
            at++;
        if (at >= t.len || digit_of(t.data[at]) >= base)
            break;
        pos = at + 1;
        underscore = true;
    }
    return pos;
}

// End of a float at pos, or pos when there is none. A float has a fraction or an exponent.
static size_t float_end(struct dgl_str t, size_t pos)
{
    if (pos > 0 && t.data[pos - 1] == '.')
        return pos;
    size_t end = digits(t, pos, 10, false), whole = end;
    if (end + 1 < t.len && t.data[end] == '.' && digit_of(t.data[end + 1]) < 10)
        end = digits(t, end + 1, 10, false);
    if (end < t.len && (t.data[end] | 32) == 'e') {
        size_t exp = end + 1;
        if (exp < t.len && (t.data[exp] == '+' || t.data[exp] == '-'))
            exp++;
        if (exp < t.len && digit_of(t.data[exp]) < 10)
            end = digits(t, exp, 10, false);
    }
    return end > whole ? end : pos;
}

static enum dgl_status lex_integer(struct dgl_lexer *lx, struct dgl_token *ret, struct dgl_error *err)
{
    struct dgl_str t = lx->text;
    size_t pos = lx->pos;
    char second = pos + 1 < t.len && t.data[pos] == '0' ? (char)(t.data[pos + 1] | 32) : 0;
    int base = second == 'x' ? 16 : second == 'o' ? 8 : second == 'b' ? 2 : 10;
    size_t from = base == 10 ? pos : pos + 2;
    size_t end = digits(t, from, base, base != 10);
    if (base != 10 && end == from) { // "0x" alone: a zero and a name
        base = 10;
        from = pos;
        end = pos + 1;
    } else if (base == 10 && t.data[pos] == '0') { // only more zeros may follow
        end = pos + 1;
        while (end < t.len && (t.data[end] == '0' || (t.data[end] == '_' && end + 1 < t.len && t.data[end + 1] == '0')))
            end++;
    }
    int64_t value = 0;
    for (size_t i = from; i < end; i++)
        if (t.data[i] != '_' &&
            (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit_of(t.data[i]), &value)))
            return DGL_FAIL_SLUG(err, DGL_E_INVALID, "number_too_large",
                                 "the number %.*s does not fit a 64-bit integer", (int)DGL_MIN(end - pos, 60u),
                                 t.data + pos);
    *ret = (struct dgl_token){.kind = DGL_TOK_INTEGER, .text = {t.data + pos, end - pos}, .integer = value};
    lx->pos = end;
    return DGL_OK;
}

static enum dgl_status lex_number(struct dgl_lexer *lx, struct dgl_token *ret, struct dgl_error *err)
{
    size_t end = float_end(lx->text, lx->pos), len = 0;
    if (end == lx->pos)
        return lex_integer(lx, ret, err);
    char text[400];
    const char *from = lx->text.data + lx->pos;
    for (size_t i = 0; i < end - lx->pos; i++) {
        if (from[i] == '_' || (from[i] == '0' && len == 0 && i + 1 < end - lx->pos && digit_of(from[i + 1]) < 10))
            continue; // JSON's grammar has no leading zeros
        if (len == sizeof text)
            return fail(err, "a number is too long");
        text[len++] = from[i];
    }
    double value;
    if (!dgl_parse_double(text, len, &value)) {
        char zero[404]; // out of range: as Python, infinity or zero
        memcpy(zero, text, len);
        zero[len] = 0;
        value = strtod(zero, NULL);
    }
    *ret = (struct dgl_token){.kind = DGL_TOK_FLOAT, .text = {from, end - lx->pos}, .number = value};
    lx->pos = end;
    return DGL_OK;
}

// ---- strings

static bool hex_run(struct dgl_str s, size_t pos, size_t count, uint32_t *ret)
{
    uint32_t v = 0;
    if (pos + count > s.len)
        return false;
    for (size_t i = 0; i < count; i++) {
        int d = digit_of(s.data[pos + i]);
        if (d >= 16)
            return false;
        v = v * 16 + (uint32_t)d;
    }
    *ret = v;
    return true;
}

// Decodes \x \u \U \N and octal at s[*pos] (behind the backslash). False when it is malformed.
static bool unescape_number(struct dgl_str s, size_t *pos, uint32_t *ret)
{
    char c = s.data[*pos];
    size_t count = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (count) {
        if (!hex_run(s, *pos + 1, count, ret))
            return false;
        *pos += 1 + count;
    } else if (c == 'N') {
        const char *close = memchr(s.data + *pos, '}', s.len - *pos);
        char name[128];
        if (!close || *pos + 1 >= s.len || s.data[*pos + 1] != '{' ||
            (size_t)(close - s.data) - *pos - 2 >= sizeof name)
            return false;
        dgl_str_copy(name, sizeof name, s.data + *pos + 2, (size_t)(close - s.data) - *pos - 2);
        UErrorCode code = U_ZERO_ERROR;
        UChar32 found = u_charFromName(U_EXTENDED_CHAR_NAME, name, &code);
        if (U_FAILURE(code))
            return false;
        *ret = (uint32_t)found;
        *pos = (size_t)(close - s.data) + 1;
    } else {
        uint32_t v = 0;
        for (int i = 0; i < 3 && *pos < s.len && s.data[*pos] >= '0' && s.data[*pos] <= '7'; i++)
            v = v * 8 + (uint32_t)(s.data[(*pos)++] - '0');
        *ret = v;
    }
    return *ret <= 0x10ffff && (*ret < 0xd800 || *ret > 0xdfff);
}

static bool unescape(struct dgl_str s, char *out, size_t *ret_len)
{
    static const char plain[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
    size_t len = 0;
    for (size_t i = 0; i < s.len;) {
        if (s.data[i] != '\\' || i + 1 >= s.len) {
            out[len++] = s.data[i++];
            continue;
        }
        char c = s.data[++i];
        const char *p = NULL;
        for (size_t k = 0; k + 1 < sizeof plain; k += 2)
            if (plain[k] == c)
                p = &plain[k + 1];
        if (p) {
            out[len++] = *p;
            i++;
        } else if (c == '\n') {
            i++;
        } else if (c == 'x' || c == 'u' || c == 'U' || c == 'N' || (c >= '0' && c <= '7')) {
            uint32_t code;
            if (!unescape_number(s, &i, &code))
                return false;
            len += dgl_utf8_put(out + len, code);
        } else {
            out[len++] = '\\'; // unknown escapes stay
        }
    }
    *ret_len = len;
    return true;
}

static enum dgl_status lex_string(struct dgl_lexer *lx, struct dgl_token *ret, struct dgl_error *err)
{
    struct dgl_str t = lx->text;
    char quote = t.data[lx->pos];
    size_t end = lx->pos + 1;
    bool escapes = false;
    while (end < t.len && t.data[end] != quote) {
        escapes |= t.data[end] == '\\';
        end += t.data[end] == '\\' ? 2 : 1;
    }
    if (end >= t.len)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "syntax_error",
                             "syntax error: unterminated string; the closing %s is missing",
                             quote == '"' ? "double quote" : "single quote");
    struct dgl_str inside = {t.data + lx->pos + 1, end - lx->pos - 1};
    *ret = (struct dgl_token){.kind = DGL_TOK_STRING, .text = {t.data + lx->pos, end + 1 - lx->pos}, .value = inside};
    lx->pos = end + 1;
    if (!escapes)
        return DGL_OK;
    char *out = dgl_arena_alloc(lx->arena, inside.len + 8);
    ret->value.data = out;
    return unescape(inside, out, &ret->value.len) ? DGL_OK : fail(err, "malformed \\ escape in a string");
}

// ---- operators

static enum dgl_status bracket(struct dgl_lexer *lx, char c, struct dgl_error *err)
{
    if (c == '(' || c == '[' || c == '{') {
        if (lx->depth >= DGL_TEMPLATE_MAX_NESTING)
            return DGL_FAIL_SLUG(err, DGL_E_INVALID, "limit_nesting",
                                 "syntax error: brackets are nested more than %u deep", DGL_TEMPLATE_MAX_NESTING);
        lx->open[lx->depth++] = c == '(' ? ')' : c == '[' ? ']' : '}';
        return DGL_OK;
    }
    if (c != ')' && c != ']' && c != '}')
        return DGL_OK;
    if (lx->depth == 0)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "syntax_error", "syntax error: unexpected '%c'", c);
    if (lx->open[--lx->depth] != c)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "syntax_error", "syntax error: unexpected '%c', expected '%c'", c,
                             lx->open[lx->depth]);
    return DGL_OK;
}

static enum dgl_status lex_operator(struct dgl_lexer *lx, struct dgl_token *ret, struct dgl_error *err)
{
    static const struct {
        const char *text;
        enum dgl_token_kind kind;
    } operators[] = {
        {"**", DGL_TOK_POWER},   {"//", DGL_TOK_DOUBLE_SLASH}, {"==", DGL_TOK_EQ},     {"!=", DGL_TOK_NE},
        {">=", DGL_TOK_GE},      {"<=", DGL_TOK_LE},           {"+", DGL_TOK_PLUS},    {"-", DGL_TOK_MINUS},
        {"*", DGL_TOK_STAR},     {"/", DGL_TOK_SLASH},         {"%", DGL_TOK_PERCENT}, {"~", DGL_TOK_TILDE},
        {"[", DGL_TOK_LBRACKET}, {"]", DGL_TOK_RBRACKET},      {"(", DGL_TOK_LPAREN},  {")", DGL_TOK_RPAREN},
        {"{", DGL_TOK_LBRACE},   {"}", DGL_TOK_RBRACE},        {">", DGL_TOK_GT},      {"<", DGL_TOK_LT},
        {"=", DGL_TOK_ASSIGN},   {".", DGL_TOK_DOT},           {":", DGL_TOK_COLON},   {"|", DGL_TOK_PIPE},
        {",", DGL_TOK_COMMA},    {";", DGL_TOK_SEMICOLON},
    };
    struct dgl_str rest = {lx->text.data + lx->pos, lx->text.len - lx->pos};
    for (size_t i = 0; i < DGL_COUNT(operators); i++) {
        if (!dgl_str_starts(rest, operators[i].text))
            continue;
        size_t len = strlen(operators[i].text);
        DGL_TRY(bracket(lx, rest.data[0], err));
        *ret = (struct dgl_token){.kind = operators[i].kind, .text = {rest.data, len}};
        lx->pos += len;
        return DGL_OK;
    }
    size_t next = 0;
    (void)dgl_utf8_next(rest.data, rest.len, &next);
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "syntax_error", "syntax error: unexpected character '%.*s'", (int)next,
                         rest.data);
}

enum dgl_status dgl_lexer_next(struct dgl_lexer *lx, struct dgl_token *ret, struct dgl_error *err)
{
    struct dgl_str t = lx->text;
    size_t next = lx->pos;
    uint32_t c = 0;
    while (lx->pos < t.len && (c = dgl_utf8_next(t.data, t.len, &next), dgl_uc_space(c) || c == 0xad || c == 0x200b))
        lx->pos = next; // soft hyphens and zero-width spaces come with pasted text
    if (lx->pos >= t.len) {
        *ret = (struct dgl_token){.kind = DGL_TOK_END};
        if (lx->depth)
            return DGL_FAIL_SLUG(err, DGL_E_INVALID, "syntax_error",
                                 "syntax error: unexpected end of the tag, expected '%c'", lx->open[lx->depth - 1]);
        return DGL_OK;
    }
    if (c >= '0' && c <= '9')
        return lex_number(lx, ret, err);
    if (c == '"' || c == '\'')
        return lex_string(lx, ret, err);
    if (!dgl_uc_identifier(c, true))
        return lex_operator(lx, ret, err);
    size_t from = lx->pos;
    do
        lx->pos = next;
    while (next < t.len && dgl_uc_identifier(dgl_utf8_next(t.data, t.len, &next), false));
    *ret = (struct dgl_token){.kind = DGL_TOK_NAME, .text = {t.data + from, lx->pos - from}};
    return DGL_OK;
}
