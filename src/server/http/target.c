// Request targets: strictly read, so that what the router sees is what a proxy in front saw.
#include "server/http/target.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

// Visible ASCII without the characters that RFC 3986 keeps out of a path and query; '|', '^', '`', '{', '}' and '"'
// are let through raw, as browsers send some of them in queries.
static bool is_target_byte(unsigned char c)
{
    return c > 0x20 && c < 0x7F && c != '#' && c != '<' && c != '>' && c != '\\';
}

static enum dgl_status decode(struct dgl_arena *a, const char *text, size_t len, bool plus_is_space, const char *what,
                              const char **ret, struct dgl_error *err)
{
    char *out = dgl_arena_strndup(a, text, len);
    size_t out_len = len;
    bool plain = !memchr(text, '%', len) && !(plus_is_space && memchr(text, '+', len));
    if (!plain && !dgl_percent_decode(text, len, plus_is_space, out, len + 1, &out_len))
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "bad_escape",
                             "the %s holds a broken percent escape: write a percent sign as %%25", what);
    if (memchr(out, '\0', out_len))
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "bad_escape", "the %s holds a NUL character", what);
    if (!dgl_utf8_valid(out, out_len))
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "bad_encoding", "the %s is not UTF-8", what);
    *ret = out;
    return DGL_OK;
}

static size_t count_pairs(const char *text, size_t len)
{
    size_t count = 1;
    for (size_t i = 0; i < len; i++)
        count += text[i] == '&';
    return count;
}

enum dgl_status http_pairs_parse(struct dgl_arena *a, const char *text, size_t len, size_t max, const char *what,
                                 struct http_pair **ret, size_t *ret_count, struct dgl_error *err)
{
    *ret = NULL;
    *ret_count = 0;
    if (len == 0)
        return DGL_OK;
    size_t room = count_pairs(text, len), count = 0;
    if (room > max)
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "too_many_fields", "the %s has more than the %zu fields allowed",
                             what, max);
    struct http_pair *pairs = dgl_arena_alloc(a, room * sizeof(*pairs));
    for (const char *p = text, *end = text + len; p <= end;) {
        const char *stop = memchr(p, '&', (size_t)(end - p));
        if (!stop)
            stop = end;
        if (stop > p) {
            const char *equals = memchr(p, '=', (size_t)(stop - p));
            const char *name_end = equals ? equals : stop;
            const char *value = equals ? equals + 1 : stop;
            DGL_TRY(decode(a, p, (size_t)(name_end - p), true, what, &pairs[count].name, err));
            DGL_TRY(decode(a, value, (size_t)(stop - value), true, what, &pairs[count].value, err));
            count++;
        }
        p = stop + 1;
    }
    *ret = pairs;
    *ret_count = count;
    return DGL_OK;
}

// Absolute form (RFC 9112 §3.2.2): what a proxy would be sent; the authority is passed over, and must be there
// (RFC 9110 §4.2.1).
static enum dgl_status skip_authority(const char **text, struct dgl_error *err)
{
    size_t scheme = strncasecmp(*text, "http://", 7) == 0 ? 7 : strncasecmp(*text, "https://", 8) == 0 ? 8 : 0;
    size_t authority = strcspn(*text + scheme, "/?");
    if (scheme && (authority == 0 || (*text)[scheme] == ':'))
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "bad_target", "the address names no host behind its %.*s",
                             (int)scheme, *text);
    if (scheme)
        *text = (*text)[scheme + authority] ? *text + scheme + authority : "/";
    return DGL_OK;
}

static enum dgl_status split_path(struct dgl_arena *a, const char *path, size_t len, struct http_target *t,
                                  struct dgl_error *err)
{
    for (size_t at = 1; at < len;) { // past the leading slash
        const char *slash = memchr(path + at, '/', len - at);
        size_t end = slash ? (size_t)(slash - path) : len;
        if (t->segment_count == HTTP_MAX_SEGMENTS)
            return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "path_too_deep", "the path has more than the %d parts allowed",
                                 HTTP_MAX_SEGMENTS);
        const char **segment = &t->segments[t->segment_count];
        DGL_TRY(decode(a, path + at, end - at, false, "path", segment, err));
        t->has_slash[t->segment_count] = strchr(*segment, '/') != NULL;
        t->segment_count++;
        at = end + 1;
    }
    return DGL_OK;
}

enum dgl_status http_target_parse(struct dgl_arena *a, const char *text, struct http_target *ret, struct dgl_error *err)
{
    size_t len = strlen(text);
    if (len > HTTP_MAX_TARGET_BYTES)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "uri_too_long", "the address is longer than the %d bytes allowed",
                             HTTP_MAX_TARGET_BYTES);
    for (size_t i = 0; i < len; i++)
        if (!is_target_byte((unsigned char)text[i]))
            return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "bad_target",
                                 "the address holds a character that must be percent-encoded (byte %zu)", i + 1);
    DGL_TRY(skip_authority(&text, err));
    if (text[0] != '/')
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "bad_target", "the address must begin with a slash");
    struct http_target t = {.segment_count = 0};
    size_t path_len = strcspn(text, "?");
    t.path = dgl_arena_strndup(a, text, path_len);
    DGL_TRY(split_path(a, t.path, path_len, &t, err));
    if (text[path_len] == '?') {
        struct http_pair *pairs;
        const char *query = text + path_len + 1;
        DGL_TRY(http_pairs_parse(a, query, strlen(query), HTTP_MAX_QUERY_FIELDS, "query", &pairs, &t.query_count, err));
        t.query = pairs;
    }
    *ret = t;
    return DGL_OK;
}
