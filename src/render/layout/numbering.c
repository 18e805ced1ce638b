// Numbering definitions, formats and counters.
#include "render/layout/numbering.h"

#include "render/layout/sheet_private.h"

#include <string.h>

// ---- Definitions ----

static void read_level(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_num_level *l)
{
    *l = (struct dgl_num_level){.present = true, .start = 1, .restart = -1, .style = UINT16_MAX};
    const struct dgl_x *start = dgl_x_child(n, DGL_X_start), *restart = dgl_x_child(n, DGL_X_lvlRestart),
                       *suffix = dgl_x_child(n, DGL_X_suff), *style = dgl_x_child(n, DGL_X_pStyle);
    l->start = start ? (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(start, DGL_X_val, 0), 1000000)) : 0;
    if (restart)
        l->restart = (int8_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(restart, DGL_X_val, 0), 9));
    const struct dgl_x *format = dgl_x_child(n, DGL_X_numFmt);
    l->format = (uint8_t)(format ? dgl_num_format_of(dgl_x_val(format)) : DGL_NUM_DECIMAL);
    l->text = dgl_x_val(dgl_x_child(n, DGL_X_lvlText));
    l->suffix = dgl_x_attr_is(suffix, DGL_X_val, "space") ? 1 : dgl_x_attr_is(suffix, DGL_X_val, "nothing") ? 2 : 0;
    l->is_lgl = dgl_x_val_on(dgl_x_child(n, DGL_X_isLgl));
    l->picture = dgl_x_child(n, DGL_X_lvlPicBulletId) != NULL;
    if (style)
        l->style = r->style_index(r->ctx, dgl_x_val(style));
    struct dgl_str jc = dgl_x_val(dgl_x_child(n, DGL_X_lvlJc));
    l->jc = dgl_str_is(jc, "right") || dgl_str_is(jc, "end") ? DGL_JC_END
            : dgl_str_is(jc, "center")                       ? DGL_JC_CENTER
                                                             : DGL_JC_START;
    dgl_ppr_read(r, dgl_x_child(n, DGL_X_pPr), &l->ppr);
    dgl_rpr_read(r, dgl_x_child(n, DGL_X_rPr), &l->rpr);
}

static unsigned level_index(const struct dgl_x *n)
{
    int64_t i = dgl_x_attr_int(n, DGL_X_ilvl, 9);
    return i >= 0 && i < 9 ? (unsigned)i : 9;
}

static void read_abstract(struct dgl_sheet *s, struct dgl_prop_reader *r, const struct dgl_x *n,
                          struct dgl_abstract_num *a)
{
    a->id = (int32_t)dgl_x_attr_int(n, DGL_X_abstractNumId, -1);
    a->style_link = dgl_x_val(dgl_x_child(n, DGL_X_styleLink));
    a->num_style_link = dgl_x_val(dgl_x_child(n, DGL_X_numStyleLink));
    DGL_X_EACH(c, n)
    {
        if (c->name == DGL_X_lvl && level_index(c) < 9) {
            read_level(r, c, &a->level[level_index(c)]);
            s->has_picture_bullets |= a->level[level_index(c)].picture;
        }
    }
}

static void read_num(struct dgl_sheet *s, struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_num *num)
{
    int64_t abstract = dgl_x_attr_int(dgl_x_child(n, DGL_X_abstractNumId), DGL_X_val, -1);
    num->id = (int32_t)dgl_x_attr_int(n, DGL_X_numId, -1);
    for (uint32_t i = 0; i < s->abstract_count; i++)
        if (s->abstracts[i].id == abstract)
            num->abstract = &s->abstracts[i];
    for (unsigned i = 0; i < 9; i++)
        num->start_override[i] = INT32_MIN;
    DGL_X_EACH(c, n)
    {
        if (c->name != DGL_X_lvlOverride || level_index(c) == 9)
            continue;
        const struct dgl_x *start = dgl_x_child(c, DGL_X_startOverride), *level = dgl_x_child(c, DGL_X_lvl);
        if (start)
            num->start_override[level_index(c)] =
                (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(start, DGL_X_val, 1), 1000000));
        if (level) {
            num->override[level_index(c)] = DGL_ARENA_NEW(s->arena, struct dgl_num_level);
            read_level(r, level, num->override[level_index(c)]);
        }
    }
}

void dgl_numbering_read(struct dgl_sheet *s, const struct dgl_x *root)
{
    uint32_t abstracts = 0, nums = 0;
    DGL_X_EACH(n, root)
    {
        abstracts += n->name == DGL_X_abstractNum;
        nums += n->name == DGL_X_num;
    }
    // Definitions are large: a stranger's numbering part may hold no more than Word makes.
    abstracts = DGL_MIN(abstracts, DGL_LAYOUT_MAX_STYLES);
    nums = DGL_MIN(nums, 4 * DGL_LAYOUT_MAX_STYLES);
    s->abstracts = dgl_arena_alloc(s->arena, (abstracts + 1) * sizeof(*s->abstracts));
    s->nums = dgl_arena_alloc(s->arena, (nums + 1) * sizeof(*s->nums));
    struct dgl_prop_reader r = dgl_sheet_reader(s, s->arena);
    DGL_X_EACH(n, root)
    {
        if (n->name == DGL_X_abstractNum && s->abstract_count < abstracts)
            read_abstract(s, &r, n, &s->abstracts[s->abstract_count++]);
    }
    DGL_X_EACH(n, root)
    {
        if (n->name == DGL_X_num && s->num_count < nums)
            read_num(s, &r, n, &s->nums[s->num_count++]);
    }
}

// An abstract numbering that only names a numbering style gets the levels of the numbering the style points to.
void dgl_numbering_link(struct dgl_sheet *s)
{
    for (uint32_t i = 0; i < s->abstract_count; i++) {
        struct dgl_abstract_num *a = &s->abstracts[i];
        uint16_t style = a->num_style_link.len ? dgl_sheet_style(s, a->num_style_link) : UINT16_MAX;
        if (style == UINT16_MAX || !(s->styles[style].ppr.set & DGL_P_NUM))
            continue;
        const struct dgl_num *num = dgl_sheet_num(s, s->styles[style].ppr.num);
        if (num && num->abstract && num->abstract != a)
            memcpy(a->level, num->abstract->level, sizeof(a->level));
    }
}

const struct dgl_num *dgl_sheet_num(const struct dgl_sheet *s, int32_t id)
{
    if (id <= 0)
        return NULL;
    for (uint32_t i = 0; i < s->num_count; i++)
        if (s->nums[i].id == id)
            return s->nums[i].abstract ? &s->nums[i] : NULL;
    return NULL;
}

const struct dgl_num_level *dgl_num_level(const struct dgl_num *n, unsigned level)
{
    if (!n || level > 8)
        return NULL;
    const struct dgl_num_level *l = n->override[level] ? n->override[level] : &n->abstract->level[level];
    return l->present ? l : NULL;
}

// ---- Formats ----

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
                 {"ideographDigital", DGL_NUM_CHINESE},
                 {"japaneseCounting", DGL_NUM_CHINESE},
                 {"chineseCounting", DGL_NUM_CHINESE},
                 {"chineseCountingThousand", DGL_NUM_CHINESE},
                 {"taiwaneseCounting", DGL_NUM_CHINESE},
                 {"taiwaneseCountingThousand", DGL_NUM_CHINESE},
                 {"koreanDigital", DGL_NUM_CHINESE},
                 {"ganada", DGL_NUM_KOREAN_GANADA},
                 {"chosung", DGL_NUM_KOREAN_CHOSUNG},
                 {"aiueo", DGL_NUM_AIUEO},
                 {"aiueoFullWidth", DGL_NUM_AIUEO},
                 {"iroha", DGL_NUM_IROHA},
                 {"irohaFullWidth", DGL_NUM_IROHA},
                 {"russianLower", DGL_NUM_RUSSIAN_LOWER},
                 {"russianUpper", DGL_NUM_RUSSIAN_UPPER},
                 {"hex", DGL_NUM_HEX},
                 {"numberInDash", DGL_NUM_DASHED},
                 {"chicago", DGL_NUM_CHICAGO},
                 {"hebrew2", DGL_NUM_HEBREW},
                 {"arabicAlpha", DGL_NUM_ARABIC_ALPHA},
                 {"ideographZodiac", DGL_NUM_EARTHLY},
                 {"ideographTraditional", DGL_NUM_HEAVENLY}};
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

static void put_chinese(struct dgl_buf *out, int64_t v)
{
    static const uint32_t digits[] = {0x3007, 0x4E00, 0x4E8C, 0x4E09, 0x56DB, 0x4E94, 0x516D, 0x4E03, 0x516B, 0x4E5D};
    if (v < 0 || v > 99) {
        char text[24];
        size_t len = dgl_format_int64(v, text);
        for (size_t i = 0; i < len; i++)
            put_code(out, text[i] == '-' ? '-' : digits[text[i] - '0']);
        return;
    }
    if (v >= 20)
        put_code(out, digits[v / 10]);
    if (v >= 10)
        put_code(out, 0x5341);
    if (v % 10 || v == 0)
        put_code(out, digits[v % 10]);
}

static void put_ordinal(struct dgl_buf *out, int64_t v)
{
    put_decimal(out, v, 0);
    int64_t last = v % 10, two = v % 100;
    dgl_buf_puts(out, two >= 11 && two <= 13 ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

void dgl_num_put(struct dgl_buf *out, enum dgl_num_format format, int64_t v)
{
    static const uint32_t ganada[] = {0xAC00, 0xB098, 0xB2E4, 0xB77C, 0xB9C8, 0xBC14, 0xC0AC,
                                      0xC544, 0xC790, 0xCC28, 0xCE74, 0xD0C0, 0xD30C, 0xD558};
    static const uint32_t chosung[] = {0x3131, 0x3134, 0x3137, 0x3139, 0x3141, 0x3142, 0x3145,
                                       0x3147, 0x3148, 0x314A, 0x314B, 0x314C, 0x314D, 0x314E};
    static const uint32_t aiueo[] = {0x30A2, 0x30A4, 0x30A6, 0x30A8, 0x30AA, 0x30AB, 0x30AD, 0x30AF, 0x30B1, 0x30B3,
                                     0x30B5, 0x30B7, 0x30B9, 0x30BB, 0x30BD, 0x30BF, 0x30C1, 0x30C4, 0x30C6, 0x30C8,
                                     0x30CA, 0x30CB, 0x30CC, 0x30CD, 0x30CE, 0x30CF, 0x30D2, 0x30D5, 0x30D8, 0x30DB,
                                     0x30DE, 0x30DF, 0x30E0, 0x30E1, 0x30E2, 0x30E4, 0x30E6, 0x30E8, 0x30E9, 0x30EA,
                                     0x30EB, 0x30EC, 0x30ED, 0x30EF, 0x30F2, 0x30F3};
    static const uint32_t iroha[] = {0x30A4, 0x30ED, 0x30CF, 0x30CB, 0x30DB, 0x30D8, 0x30C8, 0x30C1, 0x30EA, 0x30CC,
                                     0x30EB, 0x30F2, 0x30EF, 0x30AB, 0x30E8, 0x30BF, 0x30EC, 0x30BD, 0x30C4, 0x30CD};
    static const uint32_t earthly[] = {0x5B50, 0x4E11, 0x5BC5, 0x536F, 0x8FB0, 0x5DF3,
                                       0x5348, 0x672A, 0x7533, 0x9149, 0x620C, 0x4EA5};
    static const uint32_t heavenly[] = {0x7532, 0x4E59, 0x4E19, 0x4E01, 0x620A, 0x5DF1, 0x5E9A, 0x8F9B, 0x58EC, 0x7678};
    static const uint32_t chicago[] = {'*', 0x2020, 0x2021, 0xA7};
    static const uint32_t russian[] = {0x430, 0x431, 0x432, 0x433, 0x434, 0x435, 0x436, 0x437, 0x438, 0x43A,
                                       0x43B, 0x43C, 0x43D, 0x43E, 0x43F, 0x440, 0x441, 0x442, 0x443, 0x444,
                                       0x445, 0x446, 0x447, 0x448, 0x449, 0x44B, 0x44D, 0x44E, 0x44F};
    static const uint32_t arabic[] = {0x623, 0x628, 0x62A, 0x62B, 0x62C, 0x62D, 0x62E, 0x62F, 0x630, 0x631,
                                      0x632, 0x633, 0x634, 0x635, 0x636, 0x637, 0x638, 0x639, 0x63A, 0x641,
                                      0x642, 0x643, 0x644, 0x645, 0x646, 0x647, 0x648, 0x64A};
    static const uint32_t hebrew[] = {0x5D0, 0x5D1, 0x5D2, 0x5D3, 0x5D4, 0x5D5, 0x5D6, 0x5D7, 0x5D8, 0x5D9, 0x5DB,
                                      0x5DC, 0x5DE, 0x5E0, 0x5E1, 0x5E2, 0x5E4, 0x5E6, 0x5E7, 0x5E8, 0x5E9, 0x5EA};
#define REPEATED(list) put_repeated(out, v, list, DGL_COUNT(list), 0)
    switch (format) {
    case DGL_NUM_DECIMAL:
    case DGL_NUM_HEX:
        if (format == DGL_NUM_HEX)
            dgl_buf_printf(out, "%llX", (unsigned long long)v);
        else
            put_decimal(out, v, 0);
        break;
    case DGL_NUM_DECIMAL_ZERO:
        put_decimal(out, v, 2);
        break;
    case DGL_NUM_PADDED3:
        put_decimal(out, v, 3);
        break;
    case DGL_NUM_PADDED4:
        put_decimal(out, v, 4);
        break;
    case DGL_NUM_UPPER_ROMAN:
    case DGL_NUM_LOWER_ROMAN:
        put_roman(out, v, format == DGL_NUM_UPPER_ROMAN);
        break;
    case DGL_NUM_UPPER_LETTER:
        put_repeated(out, v, NULL, 26, 'A');
        break;
    case DGL_NUM_LOWER_LETTER:
        put_repeated(out, v, NULL, 26, 'a');
        break;
    case DGL_NUM_ORDINAL:
        put_ordinal(out, v);
        break;
    case DGL_NUM_CARDINAL_TEXT:
    case DGL_NUM_ORDINAL_TEXT:
        put_words(out, v, format == DGL_NUM_ORDINAL_TEXT);
        break;
    case DGL_NUM_CIRCLED:
        if (v >= 1 && v <= 20)
            put_code(out, 0x2460 + (uint32_t)v - 1);
        else
            put_decimal(out, v, 0);
        break;
    case DGL_NUM_FULLWIDTH: {
        char text[24];
        size_t len = dgl_format_int64(v, text);
        for (size_t i = 0; i < len; i++)
            put_code(out, (uint32_t)(unsigned char)text[i] + 0xFEE0);
        break;
    }
    case DGL_NUM_CHINESE:
        put_chinese(out, v);
        break;
    case DGL_NUM_DASHED:
        dgl_buf_puts(out, "- ");
        put_decimal(out, v, 0);
        dgl_buf_puts(out, " -");
        break;
    case DGL_NUM_KOREAN_GANADA:
        REPEATED(ganada);
        break;
    case DGL_NUM_KOREAN_CHOSUNG:
        REPEATED(chosung);
        break;
    case DGL_NUM_AIUEO:
        REPEATED(aiueo);
        break;
    case DGL_NUM_IROHA:
        REPEATED(iroha);
        break;
    case DGL_NUM_EARTHLY:
        REPEATED(earthly);
        break;
    case DGL_NUM_HEAVENLY:
        REPEATED(heavenly);
        break;
    case DGL_NUM_CHICAGO:
        REPEATED(chicago);
        break;
    case DGL_NUM_RUSSIAN_LOWER:
        REPEATED(russian);
        break;
    case DGL_NUM_RUSSIAN_UPPER:
        put_repeated(out, v, NULL, 28, 0x410);
        break;
    case DGL_NUM_ARABIC_ALPHA:
        REPEATED(arabic);
        break;
    case DGL_NUM_HEBREW:
        REPEATED(hebrew);
        break;
    case DGL_NUM_BULLET:
    case DGL_NUM_NONE:
        break;
    }
#undef REPEATED
}

// ---- Counters ----

struct counter {
    int32_t value[9];
    bool started[9];
};
struct dgl_counters {
    const struct dgl_sheet *sheet;
    struct counter *abstract; // by abstract numbering
    bool *num_seen;           // nine per numbering: has its start override been used
};

struct dgl_counters *dgl_counters_new(const struct dgl_sheet *s, struct dgl_arena *a)
{
    struct dgl_counters *c = DGL_ARENA_NEW(a, struct dgl_counters);
    c->sheet = s;
    c->abstract = dgl_arena_alloc(a, (s->abstract_count + 1) * sizeof(*c->abstract));
    c->num_seen = dgl_arena_alloc(a, (size_t)s->num_count * 9 + 1);
    return c;
}

static bool restarts(const struct dgl_num *num, unsigned deeper, unsigned level)
{
    const struct dgl_num_level *l = dgl_num_level(num, deeper);
    if (!l || l->restart < 0)
        return true;
    return l->restart > 0 && level < (unsigned)l->restart;
}

static void count_up(struct dgl_counters *c, const struct dgl_num *num, unsigned level)
{
    struct counter *k = &c->abstract[num->abstract - c->sheet->abstracts];
    bool *seen = &c->num_seen[(size_t)(num - c->sheet->nums) * 9];
    const struct dgl_num_level *l = dgl_num_level(num, level);
    // Deeper levels begin again, those above that never had a paragraph count as at their start.
    for (unsigned i = level + 1; i < 9; i++)
        if (restarts(num, i, level))
            k->started[i] = false;
    for (unsigned i = 0; i < level; i++) {
        const struct dgl_num_level *up = dgl_num_level(num, i);
        if (!k->started[i]) {
            k->value[i] = up ? up->start : 1;
            k->started[i] = true;
        }
    }
    bool fresh_override = num->start_override[level] != INT32_MIN && !seen[level];
    seen[level] = true;
    if (fresh_override)
        k->value[level] = num->start_override[level];
    else if (!k->started[level])
        k->value[level] = num->start_override[level] != INT32_MIN ? num->start_override[level] : l ? l->start : 1;
    else
        k->value[level] = DGL_MIN(k->value[level] + 1, 100000000);
    k->started[level] = true;
}

void dgl_counters_next(struct dgl_counters *c, const struct dgl_num *num, unsigned level, struct dgl_buf *out)
{
    const struct dgl_num_level *l = dgl_num_level(num, level);
    if (!l)
        return;
    count_up(c, num, level);
    const struct counter *k = &c->abstract[num->abstract - c->sheet->abstracts];
    for (size_t i = 0; i < l->text.len; i++) {
        unsigned digit = i + 1 < l->text.len ? (unsigned)(l->text.data[i + 1] - '1') : 9;
        if (l->text.data[i] != '%' || digit > 8) {
            dgl_buf_putc(out, l->text.data[i]);
            continue;
        }
        const struct dgl_num_level *named = dgl_num_level(num, digit);
        enum dgl_num_format format = named ? (enum dgl_num_format)named->format : DGL_NUM_DECIMAL;
        if (l->is_lgl && digit < level && format != DGL_NUM_DECIMAL_ZERO)
            format = DGL_NUM_DECIMAL;
        if (digit <= level)
            dgl_num_put(out, format, k->value[digit]);
        i++;
    }
}
