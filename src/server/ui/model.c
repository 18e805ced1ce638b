// The small view models: text, time, size, keys, and the judgements about URLs.
#include "server/ui/model.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define KIB 1024
#define MIB (1024 * 1024)

json_t *dgl_ui_text(const char *s)
{
    if (!s)
        return json_null();
    size_t len = strlen(s);
    if (dgl_utf8_valid(s, len))
        return json_stringn(s, len);
    DGL_AUTO_PTR char *clean = dgl_strndup(s, len);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)clean[i] >= 0x80)
            clean[i] = '?';
    return json_stringn(clean, len);
}

void dgl_ui_set_text(json_t *object, const char *key, const char *s)
{
    json_object_set_new(object, key, dgl_ui_text(s));
}

void dgl_ui_set_format(json_t *object, const char *key, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    text[dgl_utf8_cut(text, strlen(text), sizeof(text) - 1)] = '\0';
    dgl_ui_set_text(object, key, text);
}

json_t *dgl_ui_time(int64_t us)
{
    if (us <= 0)
        return json_null();
    char iso[32];
    dgl_time_format_utc(us, iso);
    return json_string(iso);
}

json_t *dgl_ui_size(int64_t bytes)
{
    char text[32] = "";
    if (bytes >= 10 * MIB)
        snprintf(text, sizeof(text), "%lld MB", (long long)((bytes + MIB / 2) / MIB));
    else if (bytes >= MIB)
        snprintf(text, sizeof(text), "%.1f MB", (double)bytes / MIB);
    else if (bytes > 0)
        snprintf(text, sizeof(text), "%lld KB", (long long)DGL_MAX((bytes + KIB / 2) / KIB, 1));
    return json_string(text);
}

char *dgl_ui_duration(int64_t us, char out[32])
{
    if (us >= 10 * DGL_US_PER_S)
        snprintf(out, 32, "%.1f s", (double)us / 1e6);
    else if (us >= DGL_US_PER_S)
        snprintf(out, 32, "%.2f s", (double)us / 1e6);
    else if (us > 0 && us < DGL_US_PER_MS)
        snprintf(out, 32, "under 1 ms");
    else
        snprintf(out, 32, "%lld ms", (long long)((us + 500) / 1000));
    return out;
}

// Seconds in the largest unit that divides them.
static void put_span(struct dgl_buf *out, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t u = 0;
    while (seconds % units[u].seconds != 0)
        u++;
    int64_t n = seconds / units[u].seconds;
    dgl_buf_printf(out, "%lld %s%s", (long long)n, units[u].name, n == 1 ? "" : "s");
}

json_t *dgl_ui_schedule(const char *seconds_list)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1024);
    for (const char *p = seconds_list ? seconds_list : ""; *p;) {
        size_t len = strcspn(p, ",");
        int64_t seconds;
        struct dgl_str item = dgl_str_trim((struct dgl_str){p, len});
        if (!dgl_parse_int64(item.data, item.len, 1, INT64_MAX, &seconds))
            return json_string("a while, several times");
        p += len + (p[len] == ',');
        dgl_buf_puts(&out, out.len == 0 ? "" : *p ? ", " : " and ");
        put_span(&out, seconds);
    }
    return json_string(out.len > 0 && !out.failed ? out.data : "a while, several times");
}

json_t *dgl_ui_option(const char *value, const char *text, bool selected)
{
    json_t *option = json_object();
    dgl_ui_set_text(option, "value", value);
    dgl_ui_set_text(option, "text", text);
    json_object_set_new(option, "selected", json_boolean(selected));
    return option;
}

json_t *dgl_ui_roles(const char *chosen)
{
    json_t *roles = json_array();
    for (int r = 0; r < DGL_ROLE_COUNT; r++) {
        const char *word = dgl_role_word((enum dgl_role)r);
        json_array_append_new(roles, dgl_ui_option(word, dgl_role_title((enum dgl_role)r), strcmp(word, chosen) == 0));
    }
    return roles;
}

struct dgl_str dgl_ui_host(const char *url)
{
    const char *scheme_end = strstr(url, "://"), *start = scheme_end ? scheme_end + 3 : url;
    return (struct dgl_str){start, strcspn(start, "/?#")};
}

json_t *dgl_ui_key(const struct dgl_api_key *k, int64_t now_us)
{
    json_t *key = json_object();
    dgl_ui_set_text(key, "id", k->id);
    dgl_ui_set_text(key, "name", k->name);
    dgl_ui_set_text(key, "prefix", k->prefix);
    dgl_ui_set_text(key, "role", dgl_role_title(k->role));
    json_object_set_new(key, "last_used", dgl_ui_time(k->last_used_at_us));
    json_object_set_new(key, "expires", dgl_ui_time(k->expires_at_us - 1));
    json_object_set_new(key, "expired", json_boolean(k->expires_at_us > 0 && k->expires_at_us <= now_us));
    return key;
}

bool dgl_ui_is_local_path(const char *path)
{
    if (!path || path[0] != '/' || path[1] == '/' || strlen(path) > 1024)
        return false;
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '\\' || (unsigned char)*p >= 0x80)
            return false;
    return true;
}

json_t *dgl_ui_user(const struct dgl_user *u, bool is_me)
{
    json_t *o = json_object();
    bool has_name = u->name && *u->name && strcmp(u->name, u->email) != 0;
    dgl_ui_set_text(o, "id", u->id);
    dgl_ui_set_text(o, "email", u->email);
    dgl_ui_set_text(o, "name", has_name ? u->name : u->email);
    json_object_set_new(o, "has_name", json_boolean(has_name));
    json_object_set_new(o, "is_me", json_boolean(is_me));
    json_object_set_new(o, "disabled", json_boolean(u->disabled));
    json_object_set_new(o, "invited", json_boolean(!u->disabled && u->last_sign_in_at_us <= 0));
    dgl_ui_set_text(o, "role", dgl_role_title(u->role));
    json_object_set_new(o, "last_sign_in", dgl_ui_time(u->last_sign_in_at_us));
    json_object_set_new(o, "roles", dgl_ui_roles(dgl_role_word(u->role)));
    return o;
}

// The authority of "scheme://authority/…"; empty when there is none.
static struct dgl_str authority_of(const char *url)
{
    return url && strstr(url, "://") ? dgl_ui_host(url) : (struct dgl_str){"", 0};
}

bool dgl_ui_is_loopback_url(const char *url)
{
    struct dgl_str a = authority_of(url);
    const char *at = memrchr(a.data, '@', a.len);
    if (at) {
        a.len -= (size_t)(at + 1 - a.data);
        a.data = at + 1;
    }
    if (a.len > 0 && a.data[0] == '[')
        return a.len >= 5 && strncmp(a.data, "[::1]", 5) == 0;
    const char *colon = memchr(a.data, ':', a.len);
    if (colon)
        a.len = (size_t)(colon - a.data);
    return (a.len == strlen("localhost") && strncasecmp(a.data, "localhost", a.len) == 0) ||
           (a.len > strlen(".localhost") && strncasecmp(a.data + a.len - 10, ".localhost", 10) == 0) ||
           (a.len >= 4 && strncmp(a.data, "127.", 4) == 0 && strspn(a.data, "0123456789.") >= a.len);
}

bool dgl_ui_is_same_origin(const char *origin, const char *host, const char *public_url)
{
    struct dgl_str given = authority_of(origin);
    if (given.len == 0) // also "null": sandboxed or stripped
        return false;
    if (host && given.len == strlen(host) && strncasecmp(given.data, host, given.len) == 0)
        return true;
    struct dgl_str ours = authority_of(public_url);
    return ours.len == given.len && strncasecmp(ours.data, given.data, given.len) == 0;
}

bool dgl_ui_is_own_host(const char *host, const char *public_url)
{
    char name[64];
    struct in6_addr address;
    struct dgl_str ours = authority_of(public_url);
    if (!host)
        return false;
    if (ours.len == strlen(host) && strncasecmp(ours.data, host, ours.len) == 0)
        return true;
    bool is_v6 = host[0] == '[';
    size_t len = strcspn(host + is_v6, is_v6 ? "]" : ":");
    if (len >= sizeof(name))
        return false;
    dgl_str_copy(name, sizeof(name), host + is_v6, len);
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, name, &address) == 1 || strcasecmp(name, "localhost") == 0;
}
