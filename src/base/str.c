// Slices, UTF-8 and strict number parsing. The process stays in the C locale, and nothing here would change it.
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dgl_str dgl_str_of(const char *s)
{
    return s ? (struct dgl_str){s, strlen(s)} : (struct dgl_str){"", 0};
}

bool dgl_str_equal(struct dgl_str a, struct dgl_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool dgl_str_is(struct dgl_str a, const char *s)
{
    return dgl_str_equal(a, dgl_str_of(s));
}

bool dgl_str_starts(struct dgl_str a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && (len == 0 || memcmp(a.data, prefix, len) == 0);
}

bool dgl_str_holds(struct dgl_str s, const char *part)
{
    size_t len = strlen(part);
    return len == 0 || (s.len >= len && memmem(s.data, s.len, part, len));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct dgl_str dgl_str_trim(struct dgl_str s)
{
    while (s.len && is_blank(s.data[0])) {
        s.data++;
        s.len--;
    }
    while (s.len && is_blank(s.data[s.len - 1]))
        s.len--;
    return s;
}

void dgl_str_copy(char *dst, size_t size, const char *src, size_t len)
{
    if (size == 0)
        return;
    len = dgl_utf8_cut(src, len, size - 1);
    if (len)
        memmove(dst, src, len);
    dst[len] = '\0';
}

uint64_t dgl_hash_text(uint64_t hash, const char *s)
{
    for (; *s; s++)
        hash = (hash ^ (unsigned char)*s) * UINT64_C(1099511628211);
    return hash;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

// Bytes of the well-formed character at s, 0 when it is none (Unicode 15 table 3-7).
static size_t utf8_width(const unsigned char *s, size_t len)
{
    unsigned char c = s[0];
    if (c < 0x80)
        return 1;
    if (c < 0xC2)
        return 0;
    if (c < 0xE0)
        return len >= 2 && (s[1] & 0xC0) == 0x80 ? 2 : 0;
    if (c < 0xF0) {
        if (len < 3 || (s[1] & 0xC0) != 0x80 || (s[2] & 0xC0) != 0x80)
            return 0;
        return (c == 0xE0 && s[1] < 0xA0) || (c == 0xED && s[1] >= 0xA0) ? 0 : 3;
    }
    if (c > 0xF4 || len < 4 || (s[1] & 0xC0) != 0x80 || (s[2] & 0xC0) != 0x80 || (s[3] & 0xC0) != 0x80)
        return 0;
    return (c == 0xF0 && s[1] < 0x90) || (c == 0xF4 && s[1] >= 0x90) ? 0 : 4;
}

bool dgl_utf8_valid(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t i = 0;
    while (i < len) {
        uint64_t eight;
        if (len - i >= sizeof(eight)) { // eight ASCII bytes at once: most text is
            memcpy(&eight, p + i, sizeof(eight));
            if (!(eight & UINT64_C(0x8080808080808080))) {
                i += sizeof(eight);
                continue;
            }
        }
        size_t width = utf8_width(p + i, len - i);
        if (width == 0)
            return false;
        i += width;
    }
    return true;
}

uint32_t dgl_utf8_next(const char *s, size_t len, size_t *pos)
{
    const unsigned char *p = (const unsigned char *)s + *pos;
    size_t left = len - *pos;
    size_t width = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (width > left) { // only invalid text comes here; never read past the end of it
        *pos = len;
        return 0xFFFD;
    }
    *pos += width;
    switch (width) {
    case 1:
        return p[0];
    case 2:
        return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
    case 3:
        return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    default:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 |
               (p[3] & 0x3F);
    }
}

size_t dgl_utf8_put(char out[4], uint32_t codepoint)
{
    if (codepoint > 0x10FFFF || (codepoint >= 0xD800 && codepoint <= 0xDFFF))
        codepoint = 0xFFFD;
    if (codepoint < 0x80) {
        out[0] = (char)codepoint;
        return 1;
    }
    if (codepoint < 0x800) {
        out[0] = (char)(0xC0 | codepoint >> 6);
        out[1] = (char)(0x80 | (codepoint & 0x3F));
        return 2;
    }
    if (codepoint < 0x10000) {
        out[0] = (char)(0xE0 | codepoint >> 12);
        out[1] = (char)(0x80 | (codepoint >> 6 & 0x3F));
        out[2] = (char)(0x80 | (codepoint & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | codepoint >> 18);
    out[1] = (char)(0x80 | (codepoint >> 12 & 0x3F));
    out[2] = (char)(0x80 | (codepoint >> 6 & 0x3F));
    out[3] = (char)(0x80 | (codepoint & 0x3F));
    return 4;
}

size_t dgl_utf8_count(const char *s, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += !is_continuation(s[i]);
    return count;
}

bool dgl_utf8_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

static bool is_invisible(uint32_t c)
{
    return c <= 0x20 || c == 0xA0 || c == 0xAD || c == 0x034F || c == 0x061C || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200F) || c == 0x202F || (c >= 0x205F && c <= 0x2064) || c == 0x3000 || c == 0x3164 ||
           c == 0xFEFF;
}

bool dgl_utf8_plain(const char *s, size_t len, bool lines, bool visible)
{
    bool seen = false;
    if (!dgl_utf8_valid(s, len))
        return false;
    for (size_t at = 0; at < len;) {
        uint32_t c = dgl_utf8_next(s, len, &at);
        bool line = lines && (c == '\t' || c == '\n' || c == '\r');
        if (dgl_utf8_is_control(c) && !line)
            return false;
        seen = seen || !is_invisible(c);
    }
    return seen || !visible;
}

size_t dgl_utf8_cut(const char *s, size_t len, size_t max_bytes)
{
    if (len <= max_bytes)
        return len;
    size_t cut = max_bytes;
    for (int back = 0; back < 3 && cut > 0 && is_continuation(s[cut]); back++)
        cut--;
    return is_continuation(s[cut]) ? max_bytes : cut; // more than three in a row: not UTF-8, cut anywhere
}

bool dgl_parse_int64(const char *s, size_t len, int64_t min, int64_t max, int64_t *ret)
{
    bool negative = len && s[0] == '-';
    size_t i = negative;
    if (i == len)
        return false;
    int64_t value = 0; // built as a negative number, whose range is the larger one
    for (; i < len; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, s[i] - '0', &value))
            return false;
    }
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    if (value < min || value > max)
        return false;
    *ret = value;
    return true;
}

static size_t skip_digits(const char *s, size_t len, size_t i)
{
    while (i < len && s[i] >= '0' && s[i] <= '9')
        i++;
    return i;
}

// RFC 8259 §6.
static bool is_json_number(const char *s, size_t len)
{
    size_t i = len && s[0] == '-', start = i;
    i = skip_digits(s, len, i);
    if (i == start || (s[start] == '0' && i - start > 1))
        return false;
    if (i < len && s[i] == '.') {
        start = ++i;
        i = skip_digits(s, len, i);
        if (i == start)
            return false;
    }
    if (i < len && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < len && (s[i] == '+' || s[i] == '-'))
            i++;
        start = i;
        i = skip_digits(s, len, i);
        if (i == start)
            return false;
    }
    return i == len;
}

bool dgl_parse_double(const char *s, size_t len, double *ret)
{
    if (!is_json_number(s, len))
        return false;
    char small[64];
    DGL_AUTO_PTR char *large = NULL;
    char *text = len < sizeof(small) ? small : (large = dgl_strndup(s, len));
    if (text == small) {
        memcpy(small, s, len);
        small[len] = '\0';
    }
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return false;
    *ret = value;
    return true;
}

bool dgl_parse_bool(const char *s, size_t len, bool *ret)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"1", true},  {"0", false},
                 {"yes", true},  {"no", false},    {"on", true}, {"off", false}};
    for (size_t i = 0; i < DGL_COUNT(words); i++) {
        if (strlen(words[i].word) == len && memcmp(words[i].word, s, len) == 0) {
            *ret = words[i].value;
            return true;
        }
    }
    return false;
}

// The shortest decimal digits that read back as v (> 0, finite): "d.ddde±xx" in text. 15 digits always survive a round
// trip through a normal double, so the search starts there; subnormal ones hold fewer. Below a power of two the
// neighbours stand closer than above it, and a 16-digit number that reads back may be the one above the nearest.
static void shortest(double v, char text[40])
{
    int first = v < 2.2250738585072014e-308 ? 0 : 14;
    for (int decimals = first; decimals <= 16; decimals++) {
        snprintf(text, 40, "%.*e", decimals, v);
        if (strtod(text, NULL) == v)
            return;
        int exponent;
        if (decimals == 15 && frexp(v, &exponent) == 0.5 && text[16] != '9') {
            text[16]++;
            if (strtod(text, NULL) == v)
                return;
        }
    }
}

size_t dgl_format_double(double v, char out[32])
{
    if (isnan(v))
        return (size_t)snprintf(out, 32, "nan");
    if (isinf(v))
        return (size_t)snprintf(out, 32, v < 0 ? "-inf" : "inf");
    const char *sign = signbit(v) ? "-" : "";
    if (v == 0)
        return (size_t)snprintf(out, 32, "%s0.0", sign);
    char text[40], digits[24];
    shortest(fabs(v), text);
    size_t count = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p != '.')
            digits[count++] = *p;
    int exponent = (int)strtol(p + 1, NULL, 10);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    int n = (int)count;
    if (exponent < -4 || exponent >= 16) {
        if (n == 1)
            return (size_t)snprintf(out, 32, "%s%ce%+03d", sign, digits[0], exponent);
        return (size_t)snprintf(out, 32, "%s%c.%.*se%+03d", sign, digits[0], n - 1, digits + 1, exponent);
    }
    if (exponent < 0)
        return (size_t)snprintf(out, 32, "%s0.%.*s%.*s", sign, -exponent - 1, "0000", n, digits);
    if (n <= exponent + 1)
        return (size_t)snprintf(out, 32, "%s%.*s%.*s.0", sign, n, digits, exponent + 1 - n, "0000000000000000");
    return (size_t)snprintf(out, 32, "%s%.*s.%.*s", sign, exponent + 1, digits, n - exponent - 1,
                            digits + exponent + 1);
}

size_t dgl_format_int64(int64_t v, char out[24])
{
    char digits[24];
    size_t count = 0, len = 0;
    uint64_t left = v < 0 ? UINT64_C(0) - (uint64_t)v : (uint64_t)v;
    do
        digits[count++] = (char)('0' + left % 10);
    while (left /= 10);
    if (v < 0)
        out[len++] = '-';
    while (count)
        out[len++] = digits[--count];
    out[len] = '\0';
    return len;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool dgl_percent_decode(const char *s, size_t len, bool plus_is_space, char *out, size_t size, size_t *ret_len)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (c == '%') {
            int high = len - i > 2 ? hex_value(s[i + 1]) : -1;
            int low = len - i > 2 ? hex_value(s[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (used + 1 >= size)
            return false;
        out[used++] = c;
    }
    if (size == 0)
        return false;
    out[used] = '\0';
    *ret_len = used;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

size_t dgl_str_distance(struct dgl_str a, struct dgl_str b)
{
    enum { MAX_LEN = 64 };
    if (a.len > MAX_LEN || b.len > MAX_LEN)
        return SIZE_MAX;
    // Three rows of the table: this one, the one above and (for exchanges) the one above that.
    size_t rows[3][MAX_LEN + 1] = {0};
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = lower(a.data[i - 1]), y = lower(b.data[j - 1]);
            size_t best = DGL_MIN(above[j] + 1, row[j - 1] + 1);
            best = DGL_MIN(best, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.data[j - 2]) && y == lower(a.data[i - 2]))
                best = DGL_MIN(best, two_above[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[a.len % 3][b.len];
}

bool dgl_str_near(struct dgl_str a, struct dgl_str b)
{
    size_t longer = DGL_MAX(a.len, b.len);
    return dgl_str_distance(a, b) <= DGL_MAX(longer / 4, (size_t)1) && longer > 1;
}
