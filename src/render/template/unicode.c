// Characters as Python's str sees them, over ICU.
#include "render/template/unicode.h"
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

bool dgl_is_ascii(const char *s, size_t len)
{
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t w;
        memcpy(&w, s + i, 8);
        if (w & UINT64_C(0x8080808080808080))
            return false;
    }
    for (; i < len; i++)
        if ((unsigned char)s[i] >= 128)
            return false;
    return true;
}

bool dgl_uc_printable(uint32_t c)
{
    if (c == ' ')
        return true;
    switch (u_charType((UChar32)c)) {
    case U_UNASSIGNED:
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_SURROGATE:
    case U_PRIVATE_USE_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
    case U_SPACE_SEPARATOR:
        return false;
    default:
        return true;
    }
}

bool dgl_uc_space(uint32_t c)
{
    if (c < 128)
        return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

bool dgl_uc_line_break(uint32_t c)
{
    return (c >= 10 && c <= 13) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool dgl_uc_alpha(uint32_t c)
{
    return (U_GET_GC_MASK((UChar32)c) & U_GC_L_MASK) != 0;
}

bool dgl_uc_digit(uint32_t c)
{
    return c < 128 ? c >= '0' && c <= '9'
                   : u_charType((UChar32)c) == U_DECIMAL_DIGIT_NUMBER ||
                         u_getIntPropertyValue((UChar32)c, UCHAR_NUMERIC_TYPE) == U_NT_DIGIT;
}

int dgl_uc_digit_value(uint32_t c)
{
    return u_charDigitValue((UChar32)c);
}

bool dgl_uc_word(uint32_t c)
{
    return c == '_' || dgl_uc_alpha(c) || dgl_uc_digit(c) ||
           (c >= 128 && u_getIntPropertyValue((UChar32)c, UCHAR_NUMERIC_TYPE) != U_NT_NONE);
}

bool dgl_uc_upper(uint32_t c)
{
    return u_hasBinaryProperty((UChar32)c, UCHAR_UPPERCASE);
}

bool dgl_uc_lower(uint32_t c)
{
    return u_hasBinaryProperty((UChar32)c, UCHAR_LOWERCASE);
}

bool dgl_uc_title(uint32_t c)
{
    return u_charType((UChar32)c) == U_TITLECASE_LETTER;
}

bool dgl_uc_cased(uint32_t c)
{
    return dgl_uc_upper(c) || dgl_uc_lower(c) || dgl_uc_title(c);
}

bool dgl_uc_identifier(uint32_t c, bool first)
{
    if (c < 128)
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9');
    return u_hasBinaryProperty((UChar32)c, first ? UCHAR_XID_START : UCHAR_XID_CONTINUE);
}

static void case_ascii(enum dgl_case how, const char *s, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        bool low = c >= 'a' && c <= 'z', up = c >= 'A' && c <= 'Z';
        bool raise = how == DGL_CASE_UPPER || how == DGL_CASE_SWAP || (how == DGL_CASE_TITLE && i == 0);
        bool fall = how == DGL_CASE_LOWER || how == DGL_CASE_SWAP || (how == DGL_CASE_TITLE && i > 0);
        out[i] = (char)(low && raise ? c - 32 : up && fall ? c + 32 : c);
    }
}

// One character with its full mapping, in UTF-16. TITLE only for the first.
static int32_t case_one(enum dgl_case how, UChar32 c, UChar *out, int32_t cap)
{
    UChar in[2];
    int32_t n = 0;
    UErrorCode code = U_ZERO_ERROR;
    U16_APPEND_UNSAFE(in, n, c);
    if (how == DGL_CASE_SWAP)
        how = dgl_uc_upper((uint32_t)c) ? DGL_CASE_LOWER : dgl_uc_lower((uint32_t)c) ? DGL_CASE_UPPER : DGL_CASE_SWAP;
    int32_t len = n;
    if (how == DGL_CASE_UPPER)
        len = u_strToUpper(out, cap, in, n, "", &code);
    else if (how == DGL_CASE_LOWER)
        len = u_strToLower(out, cap, in, n, "", &code);
    else if (how == DGL_CASE_TITLE)
        len = u_strToTitle(out, cap, in, n, NULL, "", &code);
    else
        memcpy(out, in, (size_t)n * sizeof *in);
    return U_SUCCESS(code) ? len : 0;
}

static void put_utf16(struct dgl_buf *out, const UChar *s, int32_t len)
{
    for (int32_t i = 0; i < len;) {
        UChar32 c;
        char bytes[4];
        U16_NEXT(s, i, len, c);
        dgl_buf_append(out, bytes, dgl_utf8_put(bytes, (uint32_t)c));
    }
}

// Python's rule for a final sigma: after a cased letter and not before one, ignoring what is case-ignorable.
static bool final_sigma(const char *s, size_t len, size_t at, size_t after)
{
    size_t i = at;
    bool before = false;
    while (i > 0) {
        do
            i--;
        while (i > 0 && ((unsigned char)s[i] & 0xc0) == 0x80);
        size_t j = i;
        UChar32 c = (UChar32)dgl_utf8_next(s, len, &j);
        if (u_hasBinaryProperty(c, UCHAR_CASE_IGNORABLE))
            continue;
        before = u_hasBinaryProperty(c, UCHAR_CASED);
        break;
    }
    while (before && after < len) {
        UChar32 c = (UChar32)dgl_utf8_next(s, len, &after);
        if (u_hasBinaryProperty(c, UCHAR_CASE_IGNORABLE))
            continue;
        return !u_hasBinaryProperty(c, UCHAR_CASED);
    }
    return before;
}

void dgl_uc_case_one(enum dgl_case how, struct dgl_str s, size_t from, size_t to, struct dgl_buf *out)
{
    UChar mapped[16];
    size_t at = from;
    UChar32 c = (UChar32)dgl_utf8_next(s.data, s.len, &at);
    if (c == 0x3a3 && (how == DGL_CASE_LOWER || how == DGL_CASE_SWAP))
        dgl_buf_puts(out, final_sigma(s.data, s.len, from, to) ? "\xcf\x82" : "\xcf\x83");
    else
        put_utf16(out, mapped, case_one(how, c, mapped, 16));
}

enum dgl_status dgl_uc_case(struct dgl_mem *m, enum dgl_case how, const char *s, size_t len, struct dgl_buf *out)
{
    if (dgl_is_ascii(s, len)) {
        if (dgl_buf_reserve(out, len)) {
            case_ascii(how, s, len, out->data + out->len);
            out->len += len;
            out->data[out->len] = 0;
        }
        return dgl_buf_check(out, "a string", m->err);
    }
    struct dgl_str text = {s, len};
    for (size_t i = 0; i < len;) {
        size_t from = i;
        (void)dgl_utf8_next(s, len, &i);
        DGL_TRY(dgl_budget_tick(m->budget, m->err));
        dgl_uc_case_one(how == DGL_CASE_TITLE && from > 0 ? DGL_CASE_LOWER : how, text, from, i, out);
    }
    return dgl_buf_check(out, "a string", m->err);
}

static bool strips(uint32_t c, const struct dgl_str *chars)
{
    if (!chars)
        return dgl_uc_space(c);
    for (size_t i = 0; i < chars->len;)
        if (dgl_utf8_next(chars->data, chars->len, &i) == c)
            return true;
    return false;
}

struct dgl_str dgl_uc_strip(struct dgl_str s, const struct dgl_str *chars, bool left, bool right)
{
    size_t from = 0, to = s.len;
    while (left && from < to) {
        size_t next = from;
        if (!strips(dgl_utf8_next(s.data, s.len, &next), chars))
            break;
        from = next;
    }
    while (right && to > from) {
        size_t prev = to - 1;
        while (prev > from && ((unsigned char)s.data[prev] & 0xc0) == 0x80)
            prev--;
        size_t next = prev;
        if (!strips(dgl_utf8_next(s.data, s.len, &next), chars))
            break;
        to = prev;
    }
    return (struct dgl_str){s.data + from, to - from};
}

size_t dgl_uc_offset(const char *s, size_t len, size_t chars, size_t n)
{
    if (chars == len || n == 0)
        return DGL_MIN(n, len);
    if (n >= chars)
        return len;
    size_t i = 0;
    while (n-- && i < len) {
        i++;
        while (i < len && ((unsigned char)s[i] & 0xc0) == 0x80)
            i++;
    }
    return i;
}
