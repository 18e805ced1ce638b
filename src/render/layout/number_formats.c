// What numbers look like, in lists, page numbers, notes and fields (§17.18.59).
#include "render/layout/numbering.h"

#include <string.h>
#include <unicode/unum.h>

enum dgl_num_format dgl_num_format_of(struct dgl_str name)
{
    static const struct {
        const char *name;
        enum dgl_num_format format;
    } names[] = {{"decimal", DGL_NUM_DECIMAL},
                 {"decimalZero", DGL_NUM_DECIMAL_ZERO},
                 {"upperRoman", DGL_NUM_UPPER_ROMAN},
                 {"lowerRoman", DGL_NUM_LOWER_ROMAN},
                 {"upperLetter", DGL_NUM_UPPER_LETTER},
                 {"lowerLetter", DGL_NUM_LOWER_LETTER},
                 {"ordinal", DGL_NUM_ORDINAL},
                 {"cardinalText", DGL_NUM_CARDINAL_TEXT},
                 {"ordinalText", DGL_NUM_ORDINAL_TEXT},
                 {"bullet", DGL_NUM_BULLET},
                 {"none", DGL_NUM_NONE},
                 {"decimalEnclosedCircle", DGL_NUM_CIRCLED},
                 {"decimalEnclosedCircleChinese", DGL_NUM_CIRCLED},
                 {"decimalFullWidth", DGL_NUM_FULLWIDTH},
                 {"decimalFullWidth2", DGL_NUM_FULLWIDTH},
                 {"ideographDigital", DGL_NUM_CHINESE_DIGITS},
                 {"japaneseDigitalTenThousand", DGL_NUM_CHINESE_DIGITS},
                 {"taiwaneseDigital", DGL_NUM_CHINESE_DIGITS},
                 {"koreanDigital2", DGL_NUM_CHINESE_DIGITS},
                 {"japaneseCounting", DGL_NUM_CHINESE},
                 {"ideographLegalTraditional", DGL_NUM_CHINESE_LEGAL},
                 {"chineseLegalSimplified", DGL_NUM_CHINESE_LEGAL_SIMPLE},
                 {"japaneseLegal", DGL_NUM_JAPANESE_LEGAL},
                 {"chineseCounting", DGL_NUM_CHINESE},
                 {"chineseCountingThousand", DGL_NUM_CHINESE},
                 {"taiwaneseCounting", DGL_NUM_CHINESE},
                 {"taiwaneseCountingThousand", DGL_NUM_CHINESE},
                 {"koreanDigital", DGL_NUM_KOREAN_DIGITS},
                 {"koreanCounting", DGL_NUM_KOREAN_COUNTING},
                 {"koreanLegal", DGL_NUM_KOREAN_LEGAL},
                 {"decimalEnclosedParen", DGL_NUM_PARENTHESES},
                 {"decimalEnclosedFullstop", DGL_NUM_FULL_STOP},
                 {"ideographEnclosedCircle", DGL_NUM_CIRCLED_IDEOGRAPH},
                 {"thaiNumbers", DGL_NUM_THAI_DIGITS},
                 {"thaiLetters", DGL_NUM_THAI_LETTERS},
                 {"hindiNumbers", DGL_NUM_HINDI_DIGITS},
                 {"hindiVowels", DGL_NUM_HINDI_LETTERS},
                 {"hindiConsonants", DGL_NUM_HINDI_CONSONANTS},
                 {"hebrew1", DGL_NUM_HEBREW_VALUES},
                 {"arabicAbjad", DGL_NUM_ARABIC_ABJAD},
                 {"ganada", DGL_NUM_KOREAN_GANADA},
                 {"chosung", DGL_NUM_KOREAN_CHOSUNG},
                 {"aiueo", DGL_NUM_AIUEO_HALF},
                 {"aiueoFullWidth", DGL_NUM_AIUEO},
                 {"iroha", DGL_NUM_IROHA_HALF},
                 {"irohaFullWidth", DGL_NUM_IROHA},
                 {"russianLower", DGL_NUM_RUSSIAN_LOWER},
                 {"russianUpper", DGL_NUM_RUSSIAN_UPPER},
                 {"hex", DGL_NUM_HEX},
                 {"numberInDash", DGL_NUM_DASHED},
                 {"chicago", DGL_NUM_CHICAGO},
                 {"hebrew2", DGL_NUM_HEBREW},
                 {"arabicAlpha", DGL_NUM_ARABIC_ALPHA},
                 {"ideographZodiac", DGL_NUM_EARTHLY},
                 {"ideographTraditional", DGL_NUM_HEAVENLY},
                 {"ideographZodiacTraditional", DGL_NUM_SEXAGENARY},
                 {"hindiCounting", DGL_NUM_HINDI_WORDS},
                 {"thaiCounting", DGL_NUM_THAI_WORDS},
                 {"vietnameseCounting", DGL_NUM_VIETNAMESE_WORDS},
                 {"bahtText", DGL_NUM_BAHT},
                 {"dollarText", DGL_NUM_DOLLAR}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is(name, names[i].name))
            return names[i].format;
    return DGL_NUM_DECIMAL;
}

static void put_decimal(struct dgl_buf *out, int64_t v, unsigned digits)
{
    char text[24];
    size_t len = dgl_format_int64(v, text);
    for (size_t i = len; v >= 0 && i < digits; i++)
        dgl_buf_putc(out, '0');
    dgl_buf_append(out, text, len);
}

static void put_roman(struct dgl_buf *out, int64_t v, bool upper)
{
    static const struct {
        int value;
        const char *text;
    } steps[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
                 {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"}};
    if (v <= 0 || v > 32767) {
        put_decimal(out, v, 0);
        return;
    }
    for (size_t i = 0; i < DGL_COUNT(steps); i++)
        for (; v >= steps[i].value; v -= steps[i].value)
            for (const char *c = steps[i].text; *c; c++)
                dgl_buf_putc(out, upper ? (char)(*c - 32) : *c);
}

static void put_code(struct dgl_buf *out, uint32_t code)
{
    char utf8[4];
    dgl_buf_append(out, utf8, dgl_utf8_put(utf8, code));
}

// Word counts letters a..z, aa..zz, aaa: the same letter again.
static void put_repeated(struct dgl_buf *out, int64_t v, const uint32_t *letters, uint32_t count, uint32_t first)
{
    if (v <= 0 || v > 32767) {
        put_decimal(out, v, 0);
        return;
    }
    uint32_t letter = (uint32_t)((v - 1) % count);
    for (int64_t n = (v - 1) / count; n >= 0; n--)
        put_code(out, letters ? letters[letter] : first + letter);
}

static const char *const g_ones[] = {"",         "one",     "two",     "three",     "four",     "five",    "six",
                                     "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
                                     "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const g_tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                     "fifty", "sixty", "seventy", "eighty", "ninety"};
static const char *const g_ordinals[] = {"",          "first",     "second",      "third",      "fourth",
                                         "fifth",     "sixth",     "seventh",     "eighth",     "ninth",
                                         "tenth",     "eleventh",  "twelfth",     "thirteenth", "fourteenth",
                                         "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"};

// English words up to 9,999, as Word writes them in an English document; the first letter is capital.
static void put_words(struct dgl_buf *out, int64_t v, bool ordinal)
{
    if (v <= 0 || v > 9999) {
        put_decimal(out, v, 0);
        return;
    }
    size_t start = out->len;
    if (v >= 1000) {
        dgl_buf_puts(out, g_ones[v / 1000]);
        dgl_buf_puts(out, v % 1000 ? " thousand " : ordinal ? " thousandth" : " thousand");
        v %= 1000;
    }
    if (v >= 100) {
        dgl_buf_puts(out, g_ones[v / 100]);
        dgl_buf_puts(out, v % 100 ? " hundred " : ordinal ? " hundredth" : " hundred");
        v %= 100;
    }
    if (v >= 20) {
        const char *tens = g_tens[v / 10];
        bool round = v % 10 == 0;
        if (round && ordinal) {
            dgl_buf_append(out, tens, strlen(tens) - 1);
            dgl_buf_puts(out, "ieth");
        } else {
            dgl_buf_puts(out, tens);
        }
        v %= 10;
        if (v)
            dgl_buf_putc(out, '-');
    }
    if (v)
        dgl_buf_puts(out, ordinal ? g_ordinals[v] : g_ones[v]);
    if (out->len > start && out->data[start] >= 'a')
        out->data[start] = (char)(out->data[start] - 32);
}

static void put_digits(struct dgl_buf *out, int64_t v, const uint32_t *digits, uint32_t zero)
{
    char text[24];
    size_t len = dgl_format_int64(v, text);
    for (size_t i = 0; i < len; i++)
        put_code(out, text[i] == '-' ? '-' : digits ? digits[text[i] - '0'] : zero + (uint32_t)(text[i] - '0'));
}

// East Asian counting: a digit before each unit. `bare_ten`: a leading one before ten is left out.
struct counting {
    uint32_t digits[10], ten, hundred, thousand, ten_thousand;
    bool bare_ten, bare_units; // also before hundred and thousand
};

static void put_group(struct dgl_buf *out, int64_t v, const struct counting *c, bool first)
{
    const uint32_t units[] = {c->thousand, c->hundred, c->ten};
    int64_t size = 1000;
    for (unsigned i = 0; i < 3; i++, size /= 10) {
        int64_t digit = v / size % 10;
        if (digit == 0)
            continue;
        bool bare = digit == 1 && (c->bare_units || (i == 2 && c->bare_ten && first && v < 20));
        if (!bare)
            put_code(out, c->digits[digit]);
        put_code(out, units[i]);
    }
    if (v % 10)
        put_code(out, c->digits[v % 10]);
}

static void put_counting(struct dgl_buf *out, int64_t v, const struct counting *c)
{
    if (v < 0 || v > 99999999) {
        put_decimal(out, v, 0);
        return;
    }
    if (v == 0)
        put_code(out, c->digits[0]);
    if (v >= 10000) {
        put_group(out, v / 10000, c, true);
        put_code(out, c->ten_thousand);
    }
    put_group(out, v % 10000, c, v < 10000);
}

#define IDEOGRAPHS 0x3007, 0x4E00, 0x4E8C, 0x4E09, 0x56DB, 0x4E94, 0x516D, 0x4E03, 0x516B, 0x4E5D
static const uint32_t g_ideographs[] = {IDEOGRAPHS};
static const uint32_t g_hangul[] = {0xC601, 0xC77C, 0xC774, 0xC0BC, 0xC0AC, 0xC624, 0xC721, 0xCE60, 0xD314, 0xAD6C};
static const struct counting g_chinese = {{IDEOGRAPHS}, 0x5341, 0x767E, 0x5343, 0x4E07, true, false};
static const struct counting g_legal = {
    {0x96F6, 0x58F9, 0x8CB3, 0x53C3, 0x8086, 0x4F0D, 0x9678, 0x67D2, 0x634C, 0x7396},
    0x62FE,
    0x4F70,
    0x4EDF,
    0x842C,
    false,
    false};
static const struct counting g_legal_simple = {
    {0x96F6, 0x58F9, 0x8D30, 0x53C1, 0x8086, 0x4F0D, 0x9646, 0x67D2, 0x634C, 0x7396},
    0x62FE,
    0x4F70,
    0x4EDF,
    0x4E07,
    false,
    false};
static const struct counting g_legal_japanese = {
    {0x96F6, 0x58F1, 0x5F10, 0x53C2, 0x56DB, 0x4F0D, 0x516D, 0x4E03, 0x516B, 0x4E5D},
    0x62FE,
    0x767E,
    0x9621,
    0x842C,
    false,
    false};
static const struct counting g_korean = {
    {0xC601, 0xC77C, 0xC774, 0xC0BC, 0xC0AC, 0xC624, 0xC721, 0xCE60, 0xD314, 0xAD6C},
    0xC2ED,
    0xBC31,
    0xCC9C,
    0xB9CC,
    true,
    true};

// Native Korean numerals, one to ninety-nine.
static void put_korean_legal(struct dgl_buf *out, int64_t v)
{
    static const char *const ones[] = {"", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉"};
    static const char *const tens[] = {"", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"};
    if (v < 1 || v > 99) {
        put_decimal(out, v, 0);
        return;
    }
    dgl_buf_puts(out, tens[v / 10]);
    dgl_buf_puts(out, ones[v % 10]);
}

// Letters with values: the largest first; Hebrew writes 15 and 16 as 9 + 6 and 9 + 7.
static void put_letter_values(struct dgl_buf *out, int64_t v, const uint16_t (*table)[2], size_t count, bool hebrew)
{
    if (v < 1 || v > 999) {
        put_decimal(out, v, 0);
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (; v >= table[i][0]; v -= table[i][0]) {
            if (hebrew && (v == 15 || v == 16)) {
                put_code(out, 0x5D8);
                put_code(out, v == 15 ? 0x5D5 : 0x5D6);
                return;
            }
            put_code(out, table[i][1]);
        }
}

static void put_in_range(struct dgl_buf *out, int64_t v, uint32_t first, int64_t last)
{
    if (v >= 1 && v <= last)
        put_code(out, first + (uint32_t)v - 1);
    else
        put_decimal(out, v, 0);
}

static void put_ordinal(struct dgl_buf *out, int64_t v)
{
    put_decimal(out, v, 0);
    int64_t last = v % 10, two = v % 100;
    dgl_buf_puts(out, two >= 11 && two <= 13 ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

// ---- letters

static const uint32_t g_ganada[] = {0xAC00, 0xB098, 0xB2E4, 0xB77C, 0xB9C8, 0xBC14, 0xC0AC,
                                    0xC544, 0xC790, 0xCC28, 0xCE74, 0xD0C0, 0xD30C, 0xD558};
static const uint32_t g_chosung[] = {0x3131, 0x3134, 0x3137, 0x3139, 0x3141, 0x3142, 0x3145,
                                     0x3147, 0x3148, 0x314A, 0x314B, 0x314C, 0x314D, 0x314E};
static const uint32_t g_aiueo[] = {0x30A2, 0x30A4, 0x30A6, 0x30A8, 0x30AA, 0x30AB, 0x30AD, 0x30AF, 0x30B1, 0x30B3,
                                   0x30B5, 0x30B7, 0x30B9, 0x30BB, 0x30BD, 0x30BF, 0x30C1, 0x30C4, 0x30C6, 0x30C8,
                                   0x30CA, 0x30CB, 0x30CC, 0x30CD, 0x30CE, 0x30CF, 0x30D2, 0x30D5, 0x30D8, 0x30DB,
                                   0x30DE, 0x30DF, 0x30E0, 0x30E1, 0x30E2, 0x30E4, 0x30E6, 0x30E8, 0x30E9, 0x30EA,
                                   0x30EB, 0x30EC, 0x30ED, 0x30EF, 0x30F2, 0x30F3};
static const uint32_t g_iroha[] = {0x30A4, 0x30ED, 0x30CF, 0x30CB, 0x30DB, 0x30D8, 0x30C8, 0x30C1, 0x30EA, 0x30CC,
                                   0x30EB, 0x30F2, 0x30EF, 0x30AB, 0x30E8, 0x30BF, 0x30EC, 0x30BD, 0x30C4, 0x30CD,
                                   0x30CA, 0x30E9, 0x30E0, 0x30A6, 0x30F0, 0x30CE, 0x30AA, 0x30AF, 0x30E4, 0x30DE,
                                   0x30B1, 0x30D5, 0x30B3, 0x30A8, 0x30C6, 0x30A2, 0x30B5, 0x30AD, 0x30E6, 0x30E1,
                                   0x30DF, 0x30B7, 0x30F1, 0x30D2, 0x30E2, 0x30BB, 0x30B9, 0x30F3};
// Two letters of the old poem have no half-width form.
static const uint32_t g_iroha_half[] = {0xFF72, 0xFF9B, 0xFF8A, 0xFF86, 0xFF8E, 0xFF8D, 0xFF84, 0xFF81, 0xFF98, 0xFF87,
                                        0xFF99, 0xFF66, 0xFF9C, 0xFF76, 0xFF96, 0xFF80, 0xFF9A, 0xFF7F, 0xFF82, 0xFF88,
                                        0xFF85, 0xFF97, 0xFF91, 0xFF73, 0x30F0, 0xFF89, 0xFF75, 0xFF78, 0xFF94, 0xFF8F,
                                        0xFF79, 0xFF8C, 0xFF7A, 0xFF74, 0xFF83, 0xFF71, 0xFF7B, 0xFF77, 0xFF95, 0xFF92,
                                        0xFF90, 0xFF7C, 0x30F1, 0xFF8B, 0xFF93, 0xFF7E, 0xFF7D, 0xFF9D};
static const uint32_t g_aiueo_half[] = {0xFF71, 0xFF72, 0xFF73, 0xFF74, 0xFF75, 0xFF76, 0xFF77, 0xFF78, 0xFF79, 0xFF7A,
                                        0xFF7B, 0xFF7C, 0xFF7D, 0xFF7E, 0xFF7F, 0xFF80, 0xFF81, 0xFF82, 0xFF83, 0xFF84,
                                        0xFF85, 0xFF86, 0xFF87, 0xFF88, 0xFF89, 0xFF8A, 0xFF8B, 0xFF8C, 0xFF8D, 0xFF8E,
                                        0xFF8F, 0xFF90, 0xFF91, 0xFF92, 0xFF93, 0xFF94, 0xFF95, 0xFF96, 0xFF97, 0xFF98,
                                        0xFF99, 0xFF9A, 0xFF9B, 0xFF9C, 0xFF66, 0xFF9D};
static const uint32_t g_earthly[] = {0x5B50, 0x4E11, 0x5BC5, 0x536F, 0x8FB0, 0x5DF3,
                                     0x5348, 0x672A, 0x7533, 0x9149, 0x620C, 0x4EA5};
static const uint32_t g_heavenly[] = {0x7532, 0x4E59, 0x4E19, 0x4E01, 0x620A, 0x5DF1, 0x5E9A, 0x8F9B, 0x58EC, 0x7678};
static const uint32_t g_chicago[] = {'*', 0x2020, 0x2021, 0xA7};
static const uint32_t g_russian[] = {0x430, 0x431, 0x432, 0x433, 0x434, 0x435, 0x436, 0x437, 0x438, 0x43A,
                                     0x43B, 0x43C, 0x43D, 0x43E, 0x43F, 0x440, 0x441, 0x442, 0x443, 0x444,
                                     0x445, 0x446, 0x447, 0x448, 0x449, 0x44B, 0x44D, 0x44E, 0x44F};
static const uint32_t g_arabic[] = {0x623, 0x628, 0x62A, 0x62B, 0x62C, 0x62D, 0x62E, 0x62F, 0x630, 0x631,
                                    0x632, 0x633, 0x634, 0x635, 0x636, 0x637, 0x638, 0x639, 0x63A, 0x641,
                                    0x642, 0x643, 0x644, 0x645, 0x646, 0x647, 0x648, 0x64A};
static const uint32_t g_hebrew[] = {0x5D0, 0x5D1, 0x5D2, 0x5D3, 0x5D4, 0x5D5, 0x5D6, 0x5D7, 0x5D8, 0x5D9, 0x5DB,
                                    0x5DC, 0x5DE, 0x5E0, 0x5E1, 0x5E2, 0x5E4, 0x5E6, 0x5E7, 0x5E8, 0x5E9, 0x5EA};
static const uint32_t g_thai[] = {0xE01, 0xE02, 0xE04, 0xE07, 0xE08, 0xE09, 0xE0A, 0xE0B, 0xE0C, 0xE0D, 0xE0E,
                                  0xE0F, 0xE10, 0xE11, 0xE12, 0xE13, 0xE14, 0xE15, 0xE16, 0xE17, 0xE18, 0xE19,
                                  0xE1A, 0xE1B, 0xE1C, 0xE1D, 0xE1E, 0xE1F, 0xE20, 0xE21, 0xE22, 0xE23, 0xE25,
                                  0xE27, 0xE28, 0xE29, 0xE2A, 0xE2B, 0xE2C, 0xE2D, 0xE2E};
static const uint32_t g_vowels[] = {0x905, 0x906, 0x907, 0x908, 0x909, 0x90A, 0x90F, 0x910, 0x913, 0x914, 0x905};
static const uint16_t g_hebrew_values[][2] = {
    {400, 0x5EA}, {300, 0x5E9}, {200, 0x5E8}, {100, 0x5E7}, {90, 0x5E6}, {80, 0x5E4}, {70, 0x5E2}, {60, 0x5E1},
    {50, 0x5E0},  {40, 0x5DE},  {30, 0x5DC},  {20, 0x5DB},  {10, 0x5D9}, {9, 0x5D8},  {8, 0x5D7},  {7, 0x5D6},
    {6, 0x5D5},   {5, 0x5D4},   {4, 0x5D3},   {3, 0x5D2},   {2, 0x5D1},  {1, 0x5D0}};
static const uint16_t g_abjad[][2] = {
    {900, 0x638}, {800, 0x636}, {700, 0x630}, {600, 0x62E}, {500, 0x62B}, {400, 0x62A}, {300, 0x634},
    {200, 0x631}, {100, 0x642}, {90, 0x635},  {80, 0x641},  {70, 0x639},  {60, 0x633},  {50, 0x646},
    {40, 0x645},  {30, 0x644},  {20, 0x643},  {10, 0x64A},  {9, 0x637},   {8, 0x62D},   {7, 0x632},
    {6, 0x648},   {5, 0x647},   {4, 0x62F},   {3, 0x62C},   {2, 0x628},   {1, 0x623}};

// ---- the table of forms

// What takes more than the parameters of a row.
static void put_hex(struct dgl_buf *out, int64_t v)
{
    dgl_buf_printf(out, "%llX", (unsigned long long)v);
}
static void put_upper_roman(struct dgl_buf *out, int64_t v)
{
    put_roman(out, v, true);
}
static void put_lower_roman(struct dgl_buf *out, int64_t v)
{
    put_roman(out, v, false);
}
static void put_cardinal(struct dgl_buf *out, int64_t v)
{
    put_words(out, v, false);
}
static void put_ordinal_words(struct dgl_buf *out, int64_t v)
{
    put_words(out, v, true);
}
static void put_dollars(struct dgl_buf *out, int64_t v)
{
    put_words(out, v, false);
    dgl_buf_puts(out, " and 00/100");
}

// In words of a language, as ICU spells them; its places for hyphens and line ends are left out.
static void put_spelled(struct dgl_buf *out, int64_t v, const char *language)
{
    UChar text[256];
    UErrorCode code = U_ZERO_ERROR;
    UNumberFormat *format = unum_open(UNUM_SPELLOUT, NULL, 0, language, NULL, &code);
    int32_t len = U_SUCCESS(code) ? unum_formatInt64(format, v, text, DGL_COUNT(text), NULL, &code) : 0;
    unum_close(format);
    if (U_FAILURE(code) || v <= 0 || len > (int32_t)DGL_COUNT(text)) {
        put_decimal(out, v, 0);
        return;
    }
    for (int32_t i = 0; i < len; i++)
        if (text[i] != 0xAD && text[i] != 0x200B)
            put_code(out, text[i]);
}
static void put_hindi(struct dgl_buf *out, int64_t v)
{
    put_spelled(out, v, "hi");
}
static void put_thai(struct dgl_buf *out, int64_t v)
{
    put_spelled(out, v, "th");
}
static void put_vietnamese(struct dgl_buf *out, int64_t v)
{
    put_spelled(out, v, "vi");
}
static void put_baht(struct dgl_buf *out, int64_t v)
{
    put_spelled(out, v, "th");
    dgl_buf_puts(out, "บาทถ้วน");
}

static void put_sexagenary(struct dgl_buf *out, int64_t v)
{
    if (v < 1 || v > 60) {
        put_decimal(out, v, 0);
        return;
    }
    put_code(out, g_heavenly[(v - 1) % 10]);
    put_code(out, g_earthly[(v - 1) % 12]);
}

static void put_dashed(struct dgl_buf *out, int64_t v)
{
    dgl_buf_puts(out, "- ");
    put_decimal(out, v, 0);
    dgl_buf_puts(out, " -");
}
static void put_hebrew_values(struct dgl_buf *out, int64_t v)
{
    put_letter_values(out, v, g_hebrew_values, DGL_COUNT(g_hebrew_values), true);
}
static void put_abjad(struct dgl_buf *out, int64_t v)
{
    put_letter_values(out, v, g_abjad, DGL_COUNT(g_abjad), false);
}

enum form_way { FORM_NOTHING, FORM_DECIMAL, FORM_REPEATED, FORM_IN_RANGE, FORM_DIGITS, FORM_COUNTING, FORM_OWN };
struct form {
    enum form_way way;
    uint32_t count;       // DECIMAL: digits at least; REPEATED: letters; IN_RANGE: the last number that has a sign
    uint32_t first;       // code point of the first letter, sign or digit, when there is no list
    const uint32_t *list; // of letters or digits
    const struct counting *counting;
    void (*put)(struct dgl_buf *out, int64_t v); // OWN
};
static const struct form g_forms[] = {
    [DGL_NUM_DECIMAL] = {.way = FORM_DECIMAL, .count = 0},
    [DGL_NUM_HEX] = {.way = FORM_OWN, .put = put_hex},
    [DGL_NUM_DECIMAL_ZERO] = {.way = FORM_DECIMAL, .count = 2},
    [DGL_NUM_PADDED3] = {.way = FORM_DECIMAL, .count = 3},
    [DGL_NUM_PADDED4] = {.way = FORM_DECIMAL, .count = 4},
    [DGL_NUM_PADDED5] = {.way = FORM_DECIMAL, .count = 5},
    [DGL_NUM_UPPER_ROMAN] = {.way = FORM_OWN, .put = put_upper_roman},
    [DGL_NUM_LOWER_ROMAN] = {.way = FORM_OWN, .put = put_lower_roman},
    [DGL_NUM_UPPER_LETTER] = {.way = FORM_REPEATED, .first = 'A', .count = 26},
    [DGL_NUM_LOWER_LETTER] = {.way = FORM_REPEATED, .first = 'a', .count = 26},
    [DGL_NUM_ORDINAL] = {.way = FORM_OWN, .put = put_ordinal},
    [DGL_NUM_CARDINAL_TEXT] = {.way = FORM_OWN, .put = put_cardinal},
    [DGL_NUM_ORDINAL_TEXT] = {.way = FORM_OWN, .put = put_ordinal_words},
    [DGL_NUM_CIRCLED] = {.way = FORM_IN_RANGE, .first = 0x2460, .count = 20},
    [DGL_NUM_PARENTHESES] = {.way = FORM_IN_RANGE, .first = 0x2474, .count = 20},
    [DGL_NUM_FULL_STOP] = {.way = FORM_IN_RANGE, .first = 0x2488, .count = 20},
    [DGL_NUM_CIRCLED_IDEOGRAPH] = {.way = FORM_IN_RANGE, .first = 0x3280, .count = 10},
    [DGL_NUM_FULLWIDTH] = {.way = FORM_DIGITS, .first = 0xFF10},
    [DGL_NUM_CHINESE] = {.way = FORM_COUNTING, .counting = &g_chinese},
    [DGL_NUM_CHINESE_DIGITS] = {.way = FORM_DIGITS, .list = g_ideographs},
    [DGL_NUM_CHINESE_LEGAL] = {.way = FORM_COUNTING, .counting = &g_legal},
    [DGL_NUM_CHINESE_LEGAL_SIMPLE] = {.way = FORM_COUNTING, .counting = &g_legal_simple},
    [DGL_NUM_JAPANESE_LEGAL] = {.way = FORM_COUNTING, .counting = &g_legal_japanese},
    [DGL_NUM_KOREAN_DIGITS] = {.way = FORM_DIGITS, .list = g_hangul},
    [DGL_NUM_KOREAN_COUNTING] = {.way = FORM_COUNTING, .counting = &g_korean},
    [DGL_NUM_KOREAN_LEGAL] = {.way = FORM_OWN, .put = put_korean_legal},
    [DGL_NUM_THAI_DIGITS] = {.way = FORM_DIGITS, .first = 0xE50},
    [DGL_NUM_THAI_LETTERS] = {.way = FORM_REPEATED, .list = g_thai, .count = DGL_COUNT(g_thai)},
    [DGL_NUM_HINDI_DIGITS] = {.way = FORM_DIGITS, .first = 0x966},
    [DGL_NUM_HINDI_LETTERS] = {.way = FORM_REPEATED, .list = g_vowels, .count = DGL_COUNT(g_vowels)},
    [DGL_NUM_HINDI_CONSONANTS] = {.way = FORM_REPEATED, .first = 0x915, .count = 37},
    [DGL_NUM_HEBREW_VALUES] = {.way = FORM_OWN, .put = put_hebrew_values},
    [DGL_NUM_ARABIC_ABJAD] = {.way = FORM_OWN, .put = put_abjad},
    [DGL_NUM_DASHED] = {.way = FORM_OWN, .put = put_dashed},
    [DGL_NUM_KOREAN_GANADA] = {.way = FORM_REPEATED, .list = g_ganada, .count = DGL_COUNT(g_ganada)},
    [DGL_NUM_KOREAN_CHOSUNG] = {.way = FORM_REPEATED, .list = g_chosung, .count = DGL_COUNT(g_chosung)},
    [DGL_NUM_AIUEO] = {.way = FORM_REPEATED, .list = g_aiueo, .count = DGL_COUNT(g_aiueo)},
    [DGL_NUM_IROHA] = {.way = FORM_REPEATED, .list = g_iroha, .count = DGL_COUNT(g_iroha)},
    [DGL_NUM_AIUEO_HALF] = {.way = FORM_REPEATED, .list = g_aiueo_half, .count = DGL_COUNT(g_aiueo_half)},
    [DGL_NUM_IROHA_HALF] = {.way = FORM_REPEATED, .list = g_iroha_half, .count = DGL_COUNT(g_iroha_half)},
    [DGL_NUM_SEXAGENARY] = {.way = FORM_OWN, .put = put_sexagenary},
    [DGL_NUM_HINDI_WORDS] = {.way = FORM_OWN, .put = put_hindi},
    [DGL_NUM_THAI_WORDS] = {.way = FORM_OWN, .put = put_thai},
    [DGL_NUM_VIETNAMESE_WORDS] = {.way = FORM_OWN, .put = put_vietnamese},
    [DGL_NUM_BAHT] = {.way = FORM_OWN, .put = put_baht},
    [DGL_NUM_DOLLAR] = {.way = FORM_OWN, .put = put_dollars},
    [DGL_NUM_EARTHLY] = {.way = FORM_REPEATED, .list = g_earthly, .count = DGL_COUNT(g_earthly)},
    [DGL_NUM_HEAVENLY] = {.way = FORM_REPEATED, .list = g_heavenly, .count = DGL_COUNT(g_heavenly)},
    [DGL_NUM_CHICAGO] = {.way = FORM_REPEATED, .list = g_chicago, .count = DGL_COUNT(g_chicago)},
    [DGL_NUM_RUSSIAN_LOWER] = {.way = FORM_REPEATED, .list = g_russian, .count = DGL_COUNT(g_russian)},
    [DGL_NUM_RUSSIAN_UPPER] = {.way = FORM_REPEATED, .first = 0x410, .count = 28},
    [DGL_NUM_ARABIC_ALPHA] = {.way = FORM_REPEATED, .list = g_arabic, .count = DGL_COUNT(g_arabic)},
    [DGL_NUM_HEBREW] = {.way = FORM_REPEATED, .list = g_hebrew, .count = DGL_COUNT(g_hebrew)},
    [DGL_NUM_BULLET] = {.way = FORM_NOTHING},
    [DGL_NUM_NONE] = {.way = FORM_NOTHING},
};

void dgl_num_put(struct dgl_buf *out, enum dgl_num_format format, int64_t v)
{
    const struct form *f = &g_forms[format];
    switch (f->way) {
    case FORM_NOTHING:
        break;
    case FORM_DECIMAL:
        put_decimal(out, v, f->count);
        break;
    case FORM_REPEATED:
        put_repeated(out, v, f->list, f->count, f->first);
        break;
    case FORM_IN_RANGE:
        put_in_range(out, v, f->first, f->count);
        break;
    case FORM_DIGITS:
        put_digits(out, v, f->list, f->first);
        break;
    case FORM_COUNTING:
        put_counting(out, v, f->counting);
        break;
    case FORM_OWN:
        f->put(out, v);
        break;
    }
}

struct dgl_str dgl_num_text(struct dgl_arena *a, enum dgl_num_format format, int64_t value)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(4096);
    dgl_num_put(&text, format, value);
    return (struct dgl_str){dgl_arena_strndup(a, text.data ? text.data : "", text.len), text.len};
}
