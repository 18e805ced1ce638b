// urlize: addresses in a text become links. A word is looked at without the brackets and punctuation around it.
#include "render/template/builtin.h"
#include <string.h>

#define MAX_REL 32u // words of rel

struct urlizer {
    struct dgl_buf out;
    struct dgl_str rel, target; // escaped
    int64_t limit;              // characters shown; -1 = all
    const struct dgl_value_list *schemes;
};

static char low(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool starts(struct dgl_str s, const char *prefix)
{
    size_t len = strlen(prefix);
    if (s.len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (low(s.data[i]) != prefix[i])
            return false;
    return true;
}

static bool ends(struct dgl_str s, const char *suffix)
{
    size_t len = strlen(suffix);
    return s.len >= len && memcmp(s.data + s.len - len, suffix, len) == 0;
}

// A label of a host name: word characters, '-' and '%'. Returns its end.
static size_t label_end(struct dgl_str s, size_t pos)
{
    while (pos < s.len) {
        size_t next = pos;
        uint32_t c = dgl_utf8_next(s.data, s.len, &next);
        if (!dgl_uc_word(c) && c != '-' && c != '%')
            break;
        pos = next;
    }
    return pos;
}

static bool letters(struct dgl_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (low(s.data[i]) < 'a' || low(s.data[i]) > 'z')
            return false;
    return s.len >= 2 && s.len <= 63;
}

// Optional port, then nothing or a path.
static bool tail_is_url(struct dgl_str s, size_t pos)
{
    if (pos < s.len && s.data[pos] == ':') {
        size_t digits = pos + 1;
        while (digits < s.len && s.data[digits] >= '0' && s.data[digits] <= '9' && digits - pos <= 5)
            digits++;
        if (digits == pos + 1)
            return false;
        pos = digits;
    }
    return pos == s.len || strchr("/?#", s.data[pos]) != NULL;
}

static bool host_is_ip(struct dgl_str s, size_t pos, size_t *ret_end)
{
    unsigned parts = 0;
    if (pos < s.len && s.data[pos] == '[') {
        const char *close = memchr(s.data + pos, ']', s.len - pos);
        unsigned colons = 0;
        if (!close)
            return false;
        for (const char *p = s.data + pos + 1; p < close; p++) {
            colons += *p == ':';
            if (*p != ':' && !((*p >= '0' && *p <= '9') || (low(*p) >= 'a' && low(*p) <= 'f')))
                return false;
        }
        *ret_end = (size_t)(close - s.data) + 1;
        return colons >= 2 && colons <= 8;
    }
    while (pos < s.len && s.data[pos] >= '0' && s.data[pos] <= '9') {
        size_t from = pos;
        while (pos < s.len && s.data[pos] >= '0' && s.data[pos] <= '9')
            pos++;
        if (pos - from > 3)
            return false;
        parts++;
        if (parts == 4 || pos >= s.len || s.data[pos] != '.')
            break;
        pos++;
    }
    *ret_end = pos;
    return parts == 4;
}

// host labels from pos: the last one must be a top level domain; `known`: one of the old generic ones.
static bool host_is_name(struct dgl_str s, size_t pos, bool known, size_t *ret_end)
{
    static const char *const generic[] = {"com", "net", "int", "edu", "gov", "org", "info", "mil"};
    unsigned labels = 0;
    struct dgl_str last = {NULL, 0};
    for (;;) {
        size_t end = label_end(s, pos);
        if (end == pos)
            return false;
        last = (struct dgl_str){s.data + pos, end - pos};
        labels++;
        pos = end;
        if (pos >= s.len || s.data[pos] != '.' || label_end(s, pos + 1) == pos + 1)
            break;
        pos++;
    }
    *ret_end = pos;
    if (!known)
        return letters(last) || starts(last, "xn--");
    for (size_t i = 0; i < DGL_COUNT(generic); i++)
        if (labels > 1 && last.len == strlen(generic[i]) && starts(last, generic[i]))
            return true;
    return false;
}

static bool is_url(struct dgl_str s)
{
    size_t end;
    size_t scheme = starts(s, "https://") ? 8 : starts(s, "http://") ? 7 : 0;
    if (scheme && host_is_ip(s, scheme, &end) && tail_is_url(s, end))
        return true;
    if (!scheme && starts(s, "www."))
        scheme = 4;
    if (scheme)
        return host_is_name(s, scheme, false, &end) && tail_is_url(s, end);
    return host_is_name(s, 0, true, &end) && tail_is_url(s, end);
}

// something@name.name
static bool is_email(struct dgl_str s)
{
    const char *sign = memrchr(s.data, '@', s.len);
    if (!sign || sign == s.data)
        return false;
    size_t pos = (size_t)(sign - s.data) + 1, first = pos, dots = 0, last = 0;
    while (pos < s.len) {
        size_t next = pos;
        uint32_t c = dgl_utf8_next(s.data, s.len, &next);
        if (c == '.') {
            dots++;
            last = next;
        } else if (!dgl_uc_word(c) && c != '-') {
            return false;
        }
        if (pos == first && !dgl_uc_word(c))
            return false;
        pos = next;
    }
    for (size_t i = last; i < s.len; i++)
        if (s.data[i] == '-')
            return false;
    return dots > 0 && last < s.len;
}

static void put(struct dgl_buf *out, struct dgl_str s)
{
    dgl_buf_append(out, s.data, s.len);
}

static void put_link(struct urlizer *u, const char *scheme, struct dgl_str url, bool trim)
{
    size_t chars = dgl_utf8_count(url.data, url.len);
    bool cut = trim && u->limit >= 0 && chars > (size_t)u->limit;
    dgl_buf_printf(&u->out, "<a href=\"%s", scheme);
    put(&u->out, url);
    dgl_buf_putc(&u->out, '"');
    if (u->rel.len) {
        dgl_buf_puts(&u->out, " rel=\"");
        put(&u->out, u->rel);
        dgl_buf_putc(&u->out, '"');
    }
    if (u->target.len) {
        dgl_buf_puts(&u->out, " target=\"");
        put(&u->out, u->target);
        dgl_buf_putc(&u->out, '"');
    }
    dgl_buf_putc(&u->out, '>');
    dgl_buf_append(&u->out, url.data, cut ? dgl_uc_offset(url.data, url.len, chars, (size_t)u->limit) : url.len);
    dgl_buf_puts(&u->out, cut ? "...</a>" : "</a>");
}

static void put_mail(struct urlizer *u, const char *scheme, struct dgl_str url, struct dgl_str shown)
{
    dgl_buf_printf(&u->out, "<a href=\"%s", scheme);
    put(&u->out, url);
    dgl_buf_puts(&u->out, "\">");
    put(&u->out, shown);
    dgl_buf_puts(&u->out, "</a>");
}

static void put_middle(struct urlizer *u, struct dgl_str m)
{
    if (is_url(m)) {
        bool has_scheme = dgl_str_starts(m, "https://") || dgl_str_starts(m, "http://");
        put_link(u, has_scheme ? "" : "https://", m, true);
        return;
    }
    struct dgl_str address = {m.data + 7, m.len > 7 ? m.len - 7 : 0};
    if (dgl_str_starts(m, "mailto:") && is_email(address)) {
        put_mail(u, "", m, address);
        return;
    }
    if (memchr(m.data, '@', m.len) && !dgl_str_starts(m, "www.") && !memchr(m.data, ':', m.len) && is_email(m)) {
        put_mail(u, "mailto:", m, m);
        return;
    }
    for (size_t i = 0; u->schemes && i < u->schemes->count; i++) {
        struct dgl_value s = u->schemes->items[i];
        if (dgl_is_string(s) && m.len > s.as.string->len && s.as.string->len &&
            memcmp(m.data, s.as.string->data, s.as.string->len) == 0) {
            put_link(u, "", m, false);
            return;
        }
    }
    put(&u->out, m);
}

static size_t count_of(struct dgl_str s, const char *what)
{
    size_t n = 0, len = strlen(what);
    for (const char *p = s.data; (p = memmem(p, (size_t)(s.data + s.len - p), what, len)); p += len)
        n++;
    return n;
}

static void put_word(struct urlizer *u, struct dgl_str w)
{
    static const char *const pairs[][2] = {{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}};
    struct dgl_str m = w, tail;
    while (m.len) {
        size_t skip = m.data[0] == '(' || m.data[0] == '<' ? 1 : dgl_str_starts(m, "&lt;") ? 4 : 0;
        if (!skip)
            break;
        m = (struct dgl_str){m.data + skip, m.len - skip};
    }
    put(&u->out, (struct dgl_str){w.data, (size_t)(m.data - w.data)});
    size_t whole = m.len;
    while (m.len) {
        size_t cut = strchr(")>.,\n", m.data[m.len - 1]) ? 1 : ends(m, "&gt;") ? 4 : 0;
        if (!cut)
            break;
        m.len -= cut;
    }
    tail = (struct dgl_str){m.data + m.len, whole - m.len};
    for (size_t i = 0; i < DGL_COUNT(pairs); i++) {
        size_t opened = count_of(m, pairs[i][0]);
        if (opened <= count_of(m, pairs[i][1]))
            continue;
        for (size_t k = DGL_MIN(opened, count_of(tail, pairs[i][1])); k > 0; k--) {
            const char *p = memmem(tail.data, tail.len, pairs[i][1], strlen(pairs[i][1]));
            size_t take = (size_t)(p - tail.data) + strlen(pairs[i][1]);
            m.len += take;
            tail = (struct dgl_str){tail.data + take, tail.len - take};
        }
    }
    put_middle(u, m);
    put(&u->out, tail);
}

// Puts a word among sorted ones, each once.
static void add_word(struct dgl_str words[MAX_REL], size_t *count, struct dgl_str w)
{
    size_t i = 0;
    int c = 1;
    for (; i < *count; i++) {
        c = memcmp(words[i].data, w.data, DGL_MIN(words[i].len, w.len));
        c = c ? c : words[i].len < w.len ? -1 : words[i].len > w.len;
        if (c >= 0)
            break;
    }
    if ((i < *count && c == 0) || *count == MAX_REL)
        return;
    memmove(words + i + 1, words + i, (*count - i) * sizeof *words);
    words[i] = w;
    ++*count;
}

// The words of rel, "noopener" always among them.
static enum dgl_status rel_words(struct dgl_vm *vm, struct dgl_args *a, struct dgl_value *ret)
{
    struct dgl_str given = DGL_STR(""), words[MAX_REL + 1];
    size_t count = 0;
    if (dgl_arg_given(a, 3) && a->v[3].kind != DGL_VALUE_NONE)
        DGL_TRY(dgl_arg_text(&vm->mem, a->v[3], "rel", &given));
    add_word(words, &count, DGL_STR("noopener"));
    if (dgl_arg_bool(a, 1, false))
        add_word(words, &count, DGL_STR("nofollow"));
    for (size_t i = 0; i < given.len;) {
        size_t from = i;
        while (i < given.len && !strchr(" \t\n", given.data[i]))
            i++;
        if (i > from)
            add_word(words, &count, (struct dgl_str){given.data + from, i - from});
        else
            i++;
    }
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    for (size_t i = 0; i < count; i++) {
        dgl_buf_puts(&out, i ? " " : "");
        put(&out, words[i]);
    }
    struct dgl_value text;
    DGL_TRY(dgl_finish(vm, &out, false, &text));
    return dgl_escaped_for(vm, true, text, ret);
}

DGL_FILTER(urlize)
{
    struct urlizer u = {.out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING), .limit = -1};
    struct dgl_value text, rel, target;
    if (dgl_arg_given(a, 0) && a->v[0].kind != DGL_VALUE_NONE)
        DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "trim_url_limit", -1, &u.limit));
    DGL_TRY(rel_words(vm, a, &rel));
    u.rel = dgl_text(rel);
    if (dgl_arg_given(a, 2) && a->v[2].kind != DGL_VALUE_NONE) {
        struct dgl_str t;
        DGL_TRY(dgl_arg_text(&vm->mem, a->v[2], "target", &t));
        DGL_TRY(dgl_escaped_for(vm, true, a->v[2], &target));
        u.target = dgl_text(target);
    }
    if (dgl_arg_given(a, 4) && dgl_is_list(a->v[4]))
        u.schemes = a->v[4].as.list;
    DGL_TRY(dgl_to_string(&vm->mem, v, &text));
    DGL_TRY(dgl_escaped_for(vm, true, text, &text));
    struct dgl_str s = dgl_text(text);
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len));
    for (size_t i = 0, next; i < s.len;) {
        size_t from = next = i;
        bool space = dgl_uc_space(dgl_utf8_next(s.data, s.len, &next));
        while (i < s.len && (next = i, dgl_uc_space(dgl_utf8_next(s.data, s.len, &next)) == space))
            i = next;
        struct dgl_str word = {s.data + from, i - from};
        if (space)
            put(&u.out, word);
        else
            put_word(&u, word);
    }
    enum dgl_status status = dgl_finish(vm, &u.out, vm->autoescape, ret);
    dgl_buf_fini(&u.out);
    return status;
}
