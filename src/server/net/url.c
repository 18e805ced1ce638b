// URL parsing, stricter than RFC 3986 where laxness has been used to slip past address checks: one spelling per
// address, no credentials, no backslash, no control characters. What leaves here is plain ASCII and means the same to
// every later reader, libcurl included; and the connection is pinned to a checked address whatever it reads.
//
// Rejected: letting libcurl's URL API do it. It accepts the shorthand spellings of IPv4 ("0x7f.1", "017700000001") and
// converts IDN in the locale's encoding.
#include "server/net/url.h"

#include "base/buf.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <idn2.h>
#include <string.h>

#define HOST_MAX 253
#define LABEL_MAX 63

struct url_input {
    const char *field;
    struct dgl_str authority, host, port, target;
};

#define BAD_URL(err, field, ...) DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_url", field, __VA_ARGS__)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static enum dgl_status check_bytes(const char *s, size_t len, const char *field, struct dgl_error *err)
{
    if (len == 0)
        return BAD_URL(err, field, "%s is empty; give an absolute URL such as https://example.com/webhooks", field);
    if (len > DGL_URL_MAX)
        return BAD_URL(err, field, "%s is %zu bytes long; at most %d are accepted", field, len, DGL_URL_MAX);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c <= 0x20 || c == 0x7f)
            return BAD_URL(err, field, "%s has a space or control character at position %zu; write it as %%%02X", field,
                           i + 1, c);
        if (c == '\\')
            return BAD_URL(err, field, "%s has a backslash at position %zu; URLs use /", field, i + 1);
    }
    if (!dgl_utf8_valid(s, len))
        return BAD_URL(err, field, "%s is not valid UTF-8", field);
    return DGL_OK;
}

static bool starts_ignoring_case(const char *s, size_t len, const char *prefix)
{
    size_t n = strlen(prefix);
    if (len < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (to_lower(s[i]) != prefix[i])
            return false;
    return true;
}

// scheme "://" authority path-and-query [ "#" fragment ]
static enum dgl_status split(const char *s, size_t len, const char *field, struct url_input *in, bool *ret_https,
                             struct dgl_error *err)
{
    size_t at;
    if (starts_ignoring_case(s, len, "https://")) {
        *ret_https = true;
        at = 8;
    } else if (starts_ignoring_case(s, len, "http://")) {
        *ret_https = false;
        at = 7;
    } else {
        return BAD_URL(err, field, "%s must begin with https://, or with http:// where that is allowed", field);
    }
    size_t end = at;
    while (end < len && s[end] != '/' && s[end] != '?' && s[end] != '#')
        end++;
    in->field = field;
    in->authority = (struct dgl_str){s + at, end - at};
    size_t stop = end;
    while (stop < len && s[stop] != '#')
        stop++;
    in->target = (struct dgl_str){s + end, stop - end};
    return DGL_OK;
}

static enum dgl_status split_authority(struct url_input *in, struct dgl_error *err)
{
    struct dgl_str a = in->authority;
    if (a.len == 0)
        return BAD_URL(err, in->field, "%s names no host", in->field);
    if (memchr(a.data, '@', a.len))
        return BAD_URL(err, in->field,
                       "%s must not contain a user name or password; put a token into the path or query instead",
                       in->field);
    const char *after_host;
    if (a.data[0] == '[') {
        const char *close = memchr(a.data, ']', a.len);
        if (!close)
            return BAD_URL(err, in->field, "%s has an IPv6 address without its closing bracket", in->field);
        in->host = (struct dgl_str){a.data, (size_t)(close + 1 - a.data)};
        after_host = close + 1;
    } else {
        const char *colon = memchr(a.data, ':', a.len);
        after_host = colon ? colon : a.data + a.len;
        in->host = (struct dgl_str){a.data, (size_t)(after_host - a.data)};
    }
    size_t rest = (size_t)(a.data + a.len - after_host);
    if (rest == 0) {
        in->port = (struct dgl_str){after_host, 0};
        return DGL_OK;
    }
    if (*after_host != ':')
        return BAD_URL(err, in->field, "%s has text between its IPv6 address and the port", in->field);
    in->port = (struct dgl_str){after_host + 1, rest - 1};
    return DGL_OK;
}

static enum dgl_status parse_port(const struct url_input *in, bool https, uint16_t *ret, struct dgl_error *err)
{
    *ret = https ? 443 : 80;
    if (in->port.len == 0)
        return DGL_OK;
    int64_t port = 0;
    bool digits = in->port.len <= 5;
    for (size_t i = 0; digits && i < in->port.len; i++)
        digits = is_digit(in->port.data[i]);
    if (!digits || !dgl_parse_int64(in->port.data, in->port.len, 1, 65535, &port))
        return BAD_URL(err, in->field, "%s has the port \"%.*s\"; a port is a number from 1 to 65535", in->field,
                       (int)DGL_MIN(in->port.len, 20), in->port.data);
    *ret = (uint16_t)port;
    return DGL_OK;
}

// ---- hosts

static enum dgl_status parse_ipv6(const struct url_input *in, struct dgl_url *u, struct dgl_error *err)
{
    char text[INET6_ADDRSTRLEN + 1];
    size_t len = in->host.len - 2;
    struct in6_addr address;
    if (memchr(in->host.data, '%', in->host.len))
        return BAD_URL(err, in->field, "%s names a network interface inside its IPv6 address; leave out \"%%…\"",
                       in->field);
    if (len == 0 || len >= sizeof text)
        return BAD_URL(err, in->field, "%s has brackets without an IPv6 address in them", in->field);
    memcpy(text, in->host.data + 1, len);
    text[len] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1)
        return BAD_URL(err, in->field, "%s: \"%s\" is not an IPv6 address", in->field, text);
    if (!inet_ntop(AF_INET6, &address, u->host, sizeof u->host))
        return BAD_URL(err, in->field, "%s: \"%s\" is not an IPv6 address", in->field, text);
    u->host_is_address = true;
    return DGL_OK;
}

// WHATWG's "ends in a number": the last label is all digits or 0x and hex digits. Such a host is an IPv4 address to
// somebody, so it has to be one to everybody.
static bool ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *last = dot ? dot + 1 : host;
    size_t len = strlen(last);
    if (len == 0)
        return false;
    size_t digits = 0;
    while (digits < len && is_digit(last[digits]))
        digits++;
    if (digits == len)
        return true;
    if (last[0] != '0' || to_lower(last[1]) != 'x')
        return false;
    for (size_t i = 2; i < len; i++)
        if (!is_hex_digit(last[i]))
            return false;
    return true;
}

static enum dgl_status parse_ipv4(const struct url_input *in, struct dgl_url *u, struct dgl_error *err)
{
    struct in_addr address;
    char canonical[INET_ADDRSTRLEN];
    if (inet_pton(AF_INET, u->host, &address) != 1 || !inet_ntop(AF_INET, &address, canonical, sizeof canonical) ||
        strcmp(canonical, u->host) != 0)
        return BAD_URL(
            err, in->field,
            "%s: the host \"%.60s\" is a number but not an IPv4 address in its usual form; write four decimal "
            "numbers from 0 to 255 without leading zeros, such as 203.0.113.7",
            in->field, u->host);
    u->host_is_address = true;
    return DGL_OK;
}

// UTF-8 name to A-labels (UTS #46, IDNA 2008). Also validates "xn--" labels given as such.
static enum dgl_status to_ascii(const struct url_input *in, char *host, size_t size, struct dgl_error *err)
{
    bool plain = true;
    for (const char *p = host; *p; p++)
        plain = plain && (unsigned char)*p < 0x80;
    if (plain && !strstr(host, "xn--"))
        return DGL_OK;
    uint8_t *ascii = NULL;
    int rc = idn2_lookup_u8((const uint8_t *)host, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK || strlen((const char *)ascii) >= size) {
        idn2_free(ascii);
        return BAD_URL(err, in->field, "%s: \"%.80s\" is not a valid internationalized host name (%s)", in->field, host,
                       rc == IDN2_OK ? "too long" : idn2_strerror(rc));
    }
    dgl_str_copy(host, size, (const char *)ascii, strlen((const char *)ascii));
    idn2_free(ascii);
    for (char *p = host; *p; p++)
        *p = to_lower(*p);
    return DGL_OK;
}

static enum dgl_status check_name(const struct url_input *in, const char *host, struct dgl_error *err)
{
    size_t len = strlen(host), label = 0;
    if (len == 0)
        return BAD_URL(err, in->field, "%s names no host", in->field);
    if (len > HOST_MAX)
        return BAD_URL(err, in->field, "%s has a host name of %zu characters; at most %d are possible", in->field, len,
                       HOST_MAX);
    for (size_t i = 0; i <= len; i++) {
        char c = host[i];
        if (c == '.' || c == '\0') {
            if (label == 0)
                return BAD_URL(err, in->field, "%s: the host name \"%.80s\" has an empty part", in->field, host);
            if (label > LABEL_MAX)
                return BAD_URL(err, in->field, "%s: a part of the host name is longer than %d characters", in->field,
                               LABEL_MAX);
            if (host[i - 1] == '-' || host[i - label] == '-')
                return BAD_URL(err, in->field, "%s: a part of the host name \"%.80s\" begins or ends with a hyphen",
                               in->field, host);
            label = 0;
            continue;
        }
        if (!((c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'))
            return BAD_URL(err, in->field,
                           "%s: the host name \"%.80s\" has the character \"%c\", which names cannot have", in->field,
                           host, c);
        label++;
    }
    return DGL_OK;
}

static enum dgl_status parse_host(const struct url_input *in, struct dgl_url *u, struct dgl_error *err)
{
    if (in->host.len > 0 && in->host.data[0] == '[')
        return parse_ipv6(in, u, err);
    // UTF-8 names shrink or grow on their way to A-labels; the input bound keeps this copy whole.
    char host[DGL_URL_MAX + 1];
    size_t len = in->host.len;
    memcpy(host, in->host.data, len);
    host[len] = '\0';
    for (size_t i = 0; i < len; i++)
        host[i] = to_lower(host[i]);
    DGL_TRY(to_ascii(in, host, sizeof host, err));
    len = strlen(host);
    if (len > 1 && host[len - 1] == '.')
        host[len - 1] = '\0'; // after IDNA, which also knows other full stops
    DGL_TRY(check_name(in, host, err));
    dgl_str_copy(u->host, sizeof u->host, host, strlen(host));
    if (ends_in_number(u->host))
        return parse_ipv4(in, u, err);
    u->host_is_address = false;
    return DGL_OK;
}

// ---- path and query

static bool needs_escape(unsigned char c)
{
    return c >= 0x80 || strchr("\"<>^`{|}", c) != NULL;
}

static enum dgl_status parse_target(const struct url_input *in, struct dgl_url *u, struct dgl_error *err)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t out = 0;
    if (in->target.len == 0 || in->target.data[0] != '/')
        u->target[out++] = '/';
    for (size_t i = 0; i < in->target.len; i++) {
        unsigned char c = (unsigned char)in->target.data[i];
        if (c == '%' &&
            (i + 2 >= in->target.len || !is_hex_digit(in->target.data[i + 1]) || !is_hex_digit(in->target.data[i + 2])))
            return BAD_URL(err, in->field, "%s has a %% that is not followed by two hex digits; write %%25 for it",
                           in->field);
        bool escape = needs_escape(c);
        if (out + (escape ? 3 : 1) > DGL_URL_MAX)
            return BAD_URL(err, in->field, "%s is longer than %d bytes once its characters are escaped", in->field,
                           DGL_URL_MAX);
        if (escape) {
            u->target[out++] = '%';
            u->target[out++] = hex[c >> 4];
            u->target[out++] = hex[c & 15];
        } else {
            u->target[out++] = (char)c;
        }
    }
    u->target[out] = '\0';
    return DGL_OK;
}

static void write_origin(struct dgl_url *u)
{
    struct dgl_buf b = DGL_BUF_INIT(sizeof u->origin);
    bool v6 = u->host_is_address && strchr(u->host, ':');
    dgl_buf_printf(&b, "%s://%s%s%s", u->https ? "https" : "http", v6 ? "[" : "", u->host, v6 ? "]" : "");
    if (u->port != (u->https ? 443 : 80))
        dgl_buf_printf(&b, ":%u", u->port);
    dgl_str_copy(u->origin, sizeof u->origin, b.data, b.len);
    dgl_buf_fini(&b);
}

enum dgl_status dgl_url_parse(const char *s, size_t len, const char *field, struct dgl_url *ret, struct dgl_error *err)
{
    struct url_input in = {.field = field};
    struct dgl_url u = {.port = 0};
    DGL_TRY(check_bytes(s, len, field, err));
    DGL_TRY(split(s, len, field, &in, &u.https, err));
    DGL_TRY(split_authority(&in, err));
    DGL_TRY(parse_port(&in, u.https, &u.port, err));
    DGL_TRY(parse_host(&in, &u, err));
    DGL_TRY(parse_target(&in, &u, err));
    write_origin(&u);
    size_t origin_len = strlen(u.origin), target_len = strlen(u.target);
    if (origin_len + target_len > DGL_URL_MAX)
        return BAD_URL(err, field, "%s is longer than %d bytes once normalized", field, DGL_URL_MAX);
    memcpy(u.text, u.origin, origin_len);
    memcpy(u.text + origin_len, u.target, target_len + 1);
    *ret = u;
    return DGL_OK;
}
