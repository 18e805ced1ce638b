// Plain XML read in place.
//
// A part of 300 invoice lines is a megabyte of markup, and reading it through libxml2 took longer than laying it out:
// the library copies, interns and checks for a language of which office programs write a small part. This reader knows
// that part and no more. It goes over each byte once, makes tree nodes directly, and lets values point into the source.
// Whatever it does not expect it leaves to libxml2, which begins again from the start: so there is one place that
// judges strange and broken XML and words the complaint, and this one only ever accepts what that one would accept.
//
//   text ─▶ '<' ─┬─ name, attributes ─▶ '>' or '/>'
//        ◀───────┴─ '/' name '>'
#include "render/layout/xbuild.h"

#include <string.h>

#define MAX_ATTRS 64u
#define MAX_PREFIXES 128u
#define MAX_VALUE_BYTES ((size_t)4 << 20) // below libxml2's own bound

enum { SPACE = 1, NAME_START = 2, NAME = 4, BAD = 8, HIGH = 16, ENTITY = 32, STOP = 64, BRACKET = 128 };
#define LETTER (NAME_START | NAME)
static const unsigned char g_class[256] = {
    [0 ... 8] = BAD,        ['\t'] = SPACE,         ['\n'] = SPACE,  [0x0B ... 0x1F] = BAD, // '\r' would have to change
    [' '] = SPACE,          ['&'] = ENTITY,         ['-'] = NAME,    ['.'] = NAME,          ['0' ... '9'] = NAME,
    ['<'] = STOP,           ['A' ... 'Z'] = LETTER, [']'] = BRACKET, ['_'] = LETTER,        ['a' ... 'z'] = LETTER,
    [0x80 ... 0xFF] = HIGH,
};

struct slice {
    const char *at;
    size_t len;
};
struct prefix {
    struct slice name;
    enum dgl_x_ns ns;
};
struct attr {
    struct slice prefix, local;
    struct slice value;
    enum dgl_x_name name;
    bool escaped; // holds references, or white space that becomes a space
};
struct reader {
    struct x_builder *b;
    const char *at, *end;
    bool lent;
    struct {
        struct slice name; // as written
        unsigned prefixes; // in force outside
    } open[DGL_XML_MAX_DEPTH + 1];
    struct prefix prefixes[MAX_PREFIXES];
    unsigned prefix_count;
    const struct prefix *last_found; // NULL after any change: nearly all names have the same prefix
    struct attr attrs[MAX_ATTRS];
    unsigned attr_count;
    struct slice text; // since the last tag
    bool text_escaped;
};

static unsigned class_of(char c)
{
    return g_class[(unsigned char)c];
}

static bool same(struct slice a, struct slice b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static bool skip_space(struct reader *r)
{
    const char *from = r->at;
    while (r->at < r->end && class_of(*r->at) == SPACE)
        r->at++;
    return r->at > from;
}

static bool take(struct reader *r, char c)
{
    if (r->at >= r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool read_simple_name(struct reader *r, struct slice *ret)
{
    const char *from = r->at;
    if (from >= r->end || !(class_of(*from) & NAME_START))
        return false;
    while (r->at < r->end && (class_of(*r->at) & NAME))
        r->at++;
    *ret = (struct slice){from, (size_t)(r->at - from)};
    return true;
}

// prefix:local or local.
static bool read_name(struct reader *r, struct slice *ret_prefix, struct slice *ret_local)
{
    *ret_prefix = (struct slice){"", 0};
    if (!read_simple_name(r, ret_local))
        return false;
    if (!take(r, ':'))
        return true;
    *ret_prefix = *ret_local;
    return read_simple_name(r, ret_local);
}

// No U+FFFE and U+FFFF, which are no XML characters.
static bool valid_high(struct slice s)
{
    return dgl_utf8_valid(s.at, s.len) && !memmem(s.at, s.len, "\xEF\xBF\xBE", 3) &&
           !memmem(s.at, s.len, "\xEF\xBF\xBF", 3);
}

// Moves to `stop`; what was seen on the way is in *ret_seen. False: a byte that is not plain, or the end.
static bool scan(struct reader *r, char stop, struct slice *ret, unsigned *ret_seen)
{
    const char *from = r->at;
    unsigned seen = 0;
    while (r->at < r->end && *r->at != stop) {
        unsigned class = class_of(*r->at++);
        seen |= class;
        if (class & (BAD | STOP))
            return false;
    }
    *ret = (struct slice){from, (size_t)(r->at - from)};
    *ret_seen = seen;
    return ret->len <= MAX_VALUE_BYTES && (!(seen & HIGH) || valid_high(*ret));
}

// ---- References ----

static bool is_char(uint32_t c)
{
    return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) ||
           (c >= 0x10000 && c <= 0x10FFFF);
}

static bool read_number(const char *s, size_t len, uint32_t *ret)
{
    uint32_t base = 10, value = 0;
    if (len && *s == 'x') {
        base = 16;
        s++;
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 99;
        if (digit >= base || value > 0x110000)
            return false;
        value = value * base + digit;
    }
    *ret = value;
    return len > 0 && is_char(value);
}

// s begins with '&'. Returns the reference's length, 0 when it is none that is known.
static size_t read_reference(const char *s, size_t len, uint32_t *ret)
{
    static const struct {
        const char *text;
        char c;
    } named[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < DGL_COUNT(named); i++) {
        size_t n = strlen(named[i].text);
        if (len >= n && memcmp(s, named[i].text, n) == 0) {
            *ret = (unsigned char)named[i].c;
            return n;
        }
    }
    const char *semicolon = memchr(s, ';', DGL_MIN(len, (size_t)12));
    bool number = semicolon && len > 2 && s[1] == '#' && read_number(s + 2, (size_t)(semicolon - s) - 2, ret);
    return number ? (size_t)(semicolon - s) + 1 : 0;
}

static bool check_references(struct slice s)
{
    uint32_t c;
    const char *end = s.at + s.len;
    for (const char *at = s.at; (at = memchr(at, '&', (size_t)(end - at))) != NULL; at++)
        if (read_reference(at, (size_t)(end - at), &c) == 0)
            return false;
    return true;
}

// Into `out`, which has room for as many bytes as there are; attributes turn white space into spaces.
static bool unescape(struct slice s, bool attribute, char *out, size_t *ret_len)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        uint32_t c;
        if (s.at[i] != '&') {
            out[n++] = attribute && class_of(s.at[i]) == SPACE ? ' ' : s.at[i];
            i++;
            continue;
        }
        size_t used = read_reference(s.at + i, s.len - i, &c);
        if (used == 0)
            return false;
        n += dgl_utf8_put(out + n, c); // never longer than the reference
        i += used;
    }
    *ret_len = n;
    return true;
}

// ---- Namespaces ----

static const struct prefix *find_prefix(struct reader *r, struct slice name)
{
    if (r->last_found && same(r->last_found->name, name))
        return r->last_found;
    for (unsigned i = r->prefix_count; i > 0; i--)
        if (same(r->prefixes[i - 1].name, name))
            return r->last_found = &r->prefixes[i - 1];
    return NULL;
}

static bool declare(struct reader *r, struct slice name, const struct attr *a)
{
    if (r->prefix_count == MAX_PREFIXES || a->escaped || (name.len && a->value.len == 0) ||
        (name.len >= 3 && strncasecmp(name.at, "xml", 3) == 0))
        return false;
    r->last_found = NULL;
    r->prefixes[r->prefix_count++] = (struct prefix){name, x_ns_of(a->value.at, a->value.len)};
    return true;
}

// The namespace of an element, or whether an attribute's prefix is known.
static bool resolve(struct reader *r, struct slice prefix, enum dgl_x_ns *ret)
{
    const struct prefix *found = find_prefix(r, prefix);
    *ret = found ? found->ns : DGL_XN_OTHER;
    return found || prefix.len == 0 || (prefix.len == 3 && memcmp(prefix.at, "xml", 3) == 0);
}

// ---- Tags ----

static bool read_attr(struct reader *r, struct attr *ret)
{
    unsigned seen;
    if (!read_name(r, &ret->prefix, &ret->local))
        return false;
    skip_space(r);
    if (!take(r, '='))
        return false;
    skip_space(r);
    char quote = r->at < r->end ? *r->at : '\0';
    if (quote != '"' && quote != '\'')
        return false;
    r->at++;
    if (!scan(r, quote, &ret->value, &seen) || !take(r, quote))
        return false;
    ret->escaped = (seen & ENTITY) != 0;
    if (!ret->escaped && (seen & SPACE))
        ret->escaped = memchr(ret->value.at, '\n', ret->value.len) || memchr(ret->value.at, '\t', ret->value.len);
    return true;
}

static bool is_twice(const struct reader *r, const struct attr *a)
{
    for (unsigned i = 0; i < r->attr_count; i++)
        if (same(r->attrs[i].local, a->local) && same(r->attrs[i].prefix, a->prefix))
            return true;
    return false;
}

static bool read_attrs(struct reader *r)
{
    static const struct slice xmlns = {"xmlns", 5};
    r->attr_count = 0;
    for (;;) {
        bool spaced = skip_space(r);
        if (r->at >= r->end)
            return false;
        if (*r->at == '>' || *r->at == '/')
            return true;
        struct attr *a = &r->attrs[r->attr_count];
        if (!spaced || r->attr_count == MAX_ATTRS - 1 || !read_attr(r, a))
            return false;
        if (same(a->prefix, xmlns) || (a->prefix.len == 0 && same(a->local, xmlns))) {
            struct slice name = a->prefix.len ? a->local : a->prefix;
            for (unsigned i = r->open[r->b->depth].prefixes; i < r->prefix_count; i++)
                if (same(r->prefixes[i].name, name))
                    return false; // twice on one element
            if (!declare(r, name, a))
                return false;
        } else {
            r->attr_count++;
        }
    }
}

// Declarations of the element count for its own attributes, wherever they stand.
static bool check_attrs(struct reader *r, unsigned *ret_kept, size_t *ret_bytes)
{
    unsigned count = r->attr_count, kept = 0;
    size_t bytes = 0;
    enum dgl_x_ns ns;
    r->attr_count = 0;
    for (unsigned i = 0; i < count; i++, r->attr_count++) {
        struct attr *a = &r->attrs[i];
        if (is_twice(r, a) || (a->prefix.len && !resolve(r, a->prefix, &ns)))
            return false;
        a->name = x_name_of(a->local.at, a->local.len);
        kept += a->name != DGL_X_OTHER;
        if (a->escaped || !r->lent)
            bytes += a->value.len + 1;
    }
    *ret_kept = kept;
    *ret_bytes = bytes;
    return true;
}

static bool open_element(struct reader *r, struct slice prefix, struct slice local)
{
    enum dgl_x_ns ns;
    struct dgl_x_attr *attrs;
    unsigned kept;
    size_t bytes;
    char *values;
    if (!check_attrs(r, &kept, &bytes) || !resolve(r, prefix, &ns) || *r->b->nodes_left == 0)
        return false;
    --*r->b->nodes_left;
    struct dgl_x *n = x_open(r->b, x_name_of(local.at, local.len), ns, kept, bytes, &attrs, &values);
    for (unsigned i = 0; n && i < r->attr_count; i++) {
        const struct attr *a = &r->attrs[i];
        struct dgl_str value = {a->value.at, a->value.len};
        if (a->escaped) {
            if (!unescape(a->value, true, values, &value.len))
                return false;
            value.data = values;
            values += a->value.len + 1;
        } else if (!r->lent) {
            memcpy(values, a->value.at, a->value.len);
            value.data = values;
            values += a->value.len + 1;
        }
        if (a->name != DGL_X_OTHER)
            attrs[n->attr_count++] = (struct dgl_x_attr){a->name, value};
    }
    return n != NULL;
}

static void close_element(struct reader *r)
{
    x_close(r->b);
    if (r->prefix_count != r->open[r->b->depth].prefixes)
        r->last_found = NULL;
    r->prefix_count = r->open[r->b->depth].prefixes;
}

static bool read_start(struct reader *r)
{
    unsigned depth = r->b->depth;
    struct slice prefix, local;
    const char *from = r->at;
    if (depth >= DGL_XML_MAX_DEPTH || (depth == 0 && r->b->root) || !read_name(r, &prefix, &local))
        return false;
    r->open[depth].name = (struct slice){from, (size_t)(r->at - from)};
    r->open[depth].prefixes = r->prefix_count;
    if (!read_attrs(r) || !open_element(r, prefix, local))
        return false;
    if (take(r, '/'))
        close_element(r);
    return take(r, '>');
}

static bool keep_text(struct reader *r)
{
    struct dgl_x *n = r->b->stack[r->b->depth - 1];
    if (!x_bears_text(n->name) || r->text.len == 0)
        return true;
    n->text = (struct dgl_str){r->text.at, r->text.len};
    if (r->lent && !r->text_escaped)
        return true;
    char *copy = dgl_arena_alloc_try(r->b->arena, r->text.len);
    n->text.data = copy;
    return copy && unescape(r->text, false, copy, &n->text.len);
}

static bool read_end(struct reader *r)
{
    if (r->b->depth == 0 || !keep_text(r))
        return false;
    struct slice name = r->open[r->b->depth - 1].name;
    if ((size_t)(r->end - r->at) <= name.len || memcmp(r->at, name.at, name.len) != 0)
        return false;
    r->at += name.len;
    skip_space(r);
    if (!take(r, '>'))
        return false;
    close_element(r);
    return true;
}

// Text up to the next tag; what stands before a child is not content, only what follows the last one is kept. Outside
// of the root only white space.
static bool read_text(struct reader *r)
{
    const char *from = r->at;
    unsigned seen = 0;
    while (r->at < r->end && *r->at != '<') {
        unsigned class = class_of(*r->at++);
        seen |= class;
        if (class & BAD)
            return false;
    }
    r->text = (struct slice){from, (size_t)(r->at - from)};
    r->text_escaped = (seen & ENTITY) != 0;
    if (r->text.len == 0)
        return true;
    if (r->b->depth == 0)
        return seen == SPACE;
    return r->text.len <= MAX_VALUE_BYTES && (!(seen & BRACKET) || !memmem(from, r->text.len, "]]>", 3)) &&
           (!(seen & HIGH) || valid_high(r->text)) && (!r->text_escaped || check_references(r->text));
}

// <?xml version="1.0" encoding="UTF-8" standalone="yes"?>, in either kind of quotes, the last two optional.
static bool read_declaration(struct reader *r)
{
    static const char *const names[] = {"version", "encoding", "standalone"};
    if ((size_t)(r->end - r->at) < 6 || memcmp(r->at, "<?xml", 5) != 0)
        return true;
    r->at += 5;
    for (unsigned i = 0; i < DGL_COUNT(names); i++) {
        const char *back = r->at;
        struct attr a;
        struct slice name = {names[i], strlen(names[i])};
        if (!skip_space(r) || r->at >= r->end || *r->at == '?')
            break;
        if (!read_attr(r, &a) || a.prefix.len)
            return false;
        if (!same(a.local, name)) {
            if (i == 0)
                return false;
            r->at = back;
            continue;
        }
        bool good = i == 0   ? a.value.len == 3 && memcmp(a.value.at, "1.0", 3) == 0
                    : i == 1 ? a.value.len == 5 && strncasecmp(a.value.at, "UTF-8", 5) == 0
                             : (a.value.len == 3 && memcmp(a.value.at, "yes", 3) == 0) ||
                                   (a.value.len == 2 && memcmp(a.value.at, "no", 2) == 0);
        if (!good)
            return false;
    }
    skip_space(r);
    return take(r, '?') && take(r, '>');
}

static bool read_all(struct reader *r)
{
    if (r->end - r->at >= 3 && memcmp(r->at, "\xEF\xBB\xBF", 3) == 0)
        r->at += 3;
    if (!read_declaration(r))
        return false;
    for (;;) {
        if (!read_text(r))
            return false;
        if (r->at >= r->end)
            return r->b->depth == 0 && r->b->root;
        r->at++; // '<'
        if (take(r, '/') ? !read_end(r) : !read_start(r))
            return false;
    }
}

bool x_read_plain(struct x_builder *b, const char *xml, size_t len, bool lent)
{
    struct reader r; // large: not cleared
    r.b = b;
    r.at = xml;
    r.end = xml + len;
    r.lent = lent;
    r.prefix_count = r.attr_count = 0;
    r.last_found = NULL;
    return read_all(&r);
}
