// Classes of characters, and between which of them a line may end.
#include "render/layout/letters.h"

#include "base/base.h"

#include <unicode/uchar.h>

bool dgl_is_combining(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36F) || (c >= 0x483 && c <= 0x489) || (c >= 0x1AB0 && c <= 0x1AFF) ||
           (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE00 && c <= 0xFE0F) ||
           (c >= 0xFE20 && c <= 0xFE2F) || (c >= 0x3099 && c <= 0x309A) || c == 0x200C || c == 0x200D ||
           (c >= 0x1F3FB && c <= 0x1F3FF) || (c >= 0xE0100 && c <= 0xE01EF);
}

bool dgl_is_complex(uint32_t c)
{
    if (c < 0x300)
        return false;
    return dgl_is_combining(c) || (c >= 0x590 && c <= 0x109F) || (c >= 0x1100 && c <= 0x11FF) ||
           (c >= 0x1700 && c <= 0x18AF) || (c >= 0x1900 && c <= 0x1CFF) || (c >= 0xA800 && c <= 0xABFF) ||
           (c >= 0xD7B0 && c <= 0xD7FF) || (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFE) ||
           (c >= 0x10800 && c <= 0x11FFF) || (c >= 0x1E800 && c <= 0x1EFFF);
}

bool dgl_is_rtl(uint32_t c)
{
    return (c >= 0x590 && c <= 0x8FF) || (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFE) || c == 0x200F ||
           c == 0x202B || c == 0x202E || c == 0x2067 || (c >= 0x10800 && c <= 0x10FFF) ||
           (c >= 0x1E800 && c <= 0x1EFFF);
}

bool dgl_is_spaceless(uint32_t c)
{
    return (c >= 0xE00 && c <= 0xEFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF);
}

bool dgl_is_hangul(uint32_t c)
{
    return (c >= 0xAC00 && c <= 0xD7FF) || (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3130 && c <= 0x318F) ||
           (c >= 0xA960 && c <= 0xA97F);
}

bool dgl_is_east_asian(uint32_t c)
{
    return c >= 0x1100 &&
           ((c <= 0x11FF) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xA960 && c <= 0xA97F) ||
            (c >= 0xAC00 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE4F) ||
            (c >= 0xFF00 && c <= 0xFFEF) || (c >= 0x20000 && c <= 0x3FFFF));
}

// Ideographs, kana and full-width forms: lines may break around them and justification may widen them.
bool dgl_is_wide(uint32_t c)
{
    return dgl_is_east_asian(c) && !dgl_is_hangul(c);
}

// Ideographs and kana, without punctuation.
bool dgl_is_ideograph(uint32_t c)
{
    return c >= 0x3041 && dgl_is_wide(c) && c < 0xFF00 && c != 0x30FB && !(c >= 0xFE30 && c <= 0xFE4F);
}

bool dgl_is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

bool dgl_is_letter(uint32_t c)
{
    return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= 0xC0 && c < 0x530 && c != 0xD7 && c != 0xF7);
}

bool dgl_is_ignorable(uint32_t c)
{
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

uint32_t dgl_upper_of(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    return (uint32_t)u_toupper((UChar32)c);
}

bool dgl_opens(uint32_t c)
{
    return c == 0xFF08 || c == 0xFF3B || c == 0xFF5B || // full-width ( [ {
           (c >= 0x3008 && c <= 0x3016 && c % 2 == 0 && c != 0x3012);
}

bool dgl_closes(uint32_t c)
{
    return c == 0x3001 || c == 0x3002 || c == 0xFF0C || c == 0xFF0E || // comma and full stop
           c == 0xFF09 || c == 0xFF3D || c == 0xFF5D || (c >= 0x3009 && c <= 0x3017 && c % 2 == 1 && c != 0x3013);
}

// Characters that may not start or end a line (kinsoku, §17.15.1.58 f.; Word's standard sets).
static bool may_not_start(uint32_t c)
{
    static const uint16_t set[] = {
        '!',    '%',    ')',    ',',    '.',    ':',    ';',    '?',    ']',    '}',    0xA2,   0xB0,   0xB7,   0x2019,
        0x201D, 0x2030, 0x2032, 0x2033, 0x2103, 0x3001, 0x3002, 0x3005, 0x3009, 0x300B, 0x300D, 0x300F, 0x3011, 0x3015,
        0x3017, 0x301E, 0x3041, 0x3043, 0x3045, 0x3047, 0x3049, 0x3063, 0x3083, 0x3085, 0x3087, 0x308E, 0x309B, 0x309C,
        0x309D, 0x309E, 0x30A1, 0x30A3, 0x30A5, 0x30A7, 0x30A9, 0x30C3, 0x30E3, 0x30E5, 0x30E7, 0x30EE, 0x30F5, 0x30F6,
        0x30FB, 0x30FC, 0x30FD, 0x30FE, 0xFF01, 0xFF02, 0xFF05, 0xFF07, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F,
        0xFF3D, 0xFF5D, 0xFF61, 0xFF63, 0xFF64, 0xFF65, 0xFF70, 0xFF9E, 0xFF9F, 0xFFE0};
    for (size_t i = 0; i < DGL_COUNT(set); i++)
        if (set[i] == c)
            return true;
    return false;
}

static bool may_not_end(uint32_t c)
{
    static const uint16_t set[] = {'$',    '(',    '[',    '{',    0xA3,   0xA5,   0x2018, 0x201C,
                                   0x3008, 0x300A, 0x300C, 0x300E, 0x3010, 0x3014, 0x3016, 0x301D,
                                   0xFF04, 0xFF08, 0xFF3B, 0xFF5B, 0xFF62, 0xFFE1, 0xFFE5, 0xFFE6};
    for (size_t i = 0; i < DGL_COUNT(set); i++)
        if (set[i] == c)
            return true;
    return false;
}

static bool is_word_char(uint32_t c)
{
    return c >= 0x80 ? c != 0xA0 && c != 0x202F && c != 0x2011
                     : (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '(' || c == '"';
}

// May a line end between two characters (the first not a space)?
bool dgl_may_break(struct dgl_break_rules rules, uint32_t before_a, uint32_t a, uint32_t b)
{
    if (a == 0x200B)
        return true;
    if (a == '-' || a == 0x2010 || a == 0x2013 || a == 0x2014)
        return is_word_char(b) && before_a > 0x20 && before_a != 0xA0;
    if (a == 0xFFFC || b == 0xFFFC)
        return a > 0x20 && !may_not_start(b) && !may_not_end(a);
    if (a < 0x1100 && b < 0x1100)
        return false;
    if ((dgl_is_wide(a) || dgl_is_wide(b)) && !rules.kinsoku)
        return b != 0xA0 && a != 0xA0 && b != 0x20;
    if (dgl_is_wide(a) || dgl_is_wide(b))
        return !may_not_start(b) && !may_not_end(a) && b != 0xA0 && a != 0xA0 && b != 0x20;
    if (dgl_is_hangul(a) && dgl_is_hangul(b))
        return rules.break_words;
    return false;
}
