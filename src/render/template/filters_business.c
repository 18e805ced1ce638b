// Filters for business documents: dates, numbers, money, words, and what the document draws itself.
//
// Money is exact: a number goes to ICU as its shortest decimal text (1.005 stays 1.005, not the binary 1.00499…), and
// is rounded half away from zero. Nothing reads the clock: "now" is the job's creation. ICU's formatters are opened
// once per render and kind.
#include "render/template/builtin.h"
#include "render/template/business.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ucurr.h>
#include <unicode/udat.h>
#include <unicode/unum.h>
#include <unicode/ustring.h>

#define MAX_DIGITS 20
#define MAX_PATTERN 512

struct formatter {
    struct formatter *next;
    char key[96]; // kind, locale, currency, digits
    UNumberFormat *number;
    UDateFormat *date;
    struct plain *plain; // number's rules, when they are simple
};
struct dgl_locale_cache {
    struct formatter *first;
    unsigned count;
};
#define MAX_FORMATTERS 256u // a template that wants more is told so

void dgl_locale_cache_free(struct dgl_locale_cache *c)
{
    struct formatter *f = c ? c->first : NULL;
    while (f) {
        struct formatter *next = f->next;
        if (f->number)
            unum_close(f->number);
        if (f->date)
            udat_close(f->date);
        free(f->plain);
        free(f);
        f = next;
    }
    free(c);
}

static enum dgl_status formatter_for(struct dgl_vm *vm, const char *key, struct formatter **ret)
{
    if (!vm->locales)
        vm->locales = DGL_NEW(struct dgl_locale_cache);
    for (struct formatter *f = vm->locales->first; f; f = f->next)
        if (strcmp(f->key, key) == 0) {
            *ret = f;
            return DGL_OK;
        }
    if (vm->locales->count >= MAX_FORMATTERS)
        return dgl_limit_error(&vm->mem, "limit_formats", "more than %u different locales and formats", MAX_FORMATTERS);
    struct formatter *f = DGL_NEW(struct formatter);
    dgl_str_copy(f->key, sizeof f->key, key, strlen(key));
    f->next = vm->locales->first;
    vm->locales->first = f;
    vm->locales->count++;
    *ret = f;
    return DGL_OK;
}

// ---- arguments

static enum dgl_status short_text(struct dgl_vm *vm, const struct dgl_args *a, size_t i, const char *what,
                                  const char *fallback, char *out, size_t size)
{
    struct dgl_str s = dgl_str_of(fallback);
    if (dgl_arg_given(a, i) && a->v[i].kind != DGL_VALUE_NONE)
        DGL_TRY(dgl_arg_text(&vm->mem, a->v[i], what, &s));
    if (s.len >= size || (s.len && memchr(s.data, 0, s.len)))
        return dgl_type_error(&vm->mem, "the argument %s must be a text of at most %zu bytes", what, size - 1);
    dgl_str_copy(out, size, s.data ? s.data : "", s.len);
    return DGL_OK;
}

static enum dgl_status locale_of(struct dgl_vm *vm, const struct dgl_args *a, size_t i, char out[40])
{
    DGL_TRY(short_text(vm, a, i, "locale", vm->env->locale ? vm->env->locale : "en_US", out, 40));
    for (char *p = out; *p; p++) {
        *p = *p == '-' ? '_' : *p;
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' ||
              *p == '@' || *p == '='))
            return dgl_type_error(&vm->mem, "the argument locale is no locale's name, like 'de_DE'");
    }
    return DGL_OK;
}

static enum dgl_status digits_of(struct dgl_vm *vm, const struct dgl_args *a, size_t i, int64_t fallback, int64_t *ret)
{
    *ret = fallback;
    if (dgl_arg_given(a, i) && a->v[i].kind != DGL_VALUE_NONE)
        DGL_TRY(dgl_arg_int(&vm->mem, a, i, "digits", fallback, ret));
    if (*ret > MAX_DIGITS || (*ret < 0 && *ret != fallback))
        return dgl_type_error(&vm->mem, "the argument digits must be from 0 to %d, not %lld", MAX_DIGITS,
                              (long long)*ret);
    return DGL_OK;
}

// The number as decimal text: integers and floats as they print, texts that are numbers as they stand.
static enum dgl_status decimal_of(struct dgl_vm *vm, struct dgl_value v, const char *what, char out[64])
{
    double d;
    struct dgl_str s;
    switch (v.kind) {
    case DGL_VALUE_INT:
    case DGL_VALUE_BOOL:
        out[dgl_format_int64(dgl_as_int(v), out)] = 0;
        return DGL_OK;
    case DGL_VALUE_DOUBLE:
        if (!isfinite(v.as.number))
            break;
        out[dgl_print_double(v.as.number, out)] = 0;
        return DGL_OK;
    case DGL_VALUE_STRING:
    case DGL_VALUE_SAFE:
        s = dgl_str_trim(dgl_text(v));
        if (s.len && s.len < 60 && dgl_parse_double(s.data, s.len, &d) && isfinite(d)) {
            dgl_str_copy(out, 64, s.data, s.len);
            return DGL_OK;
        }
        return dgl_type_error(&vm->mem, "%s() cannot read '%.*s' as a number", what, (int)DGL_MIN(s.len, 40u), s.data);
    case DGL_VALUE_UNDEFINED:
        return dgl_undefined_error(&vm->mem, v);
    default:
        break;
    }
    return dgl_type_error(&vm->mem, "%s() cannot work on %s", what, dgl_type_words(v));
}

static enum dgl_status from_utf16(struct dgl_vm *vm, const UChar *text, int32_t len, struct dgl_value *ret)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1 << 16);
    for (int32_t i = 0; i < len;) {
        UChar32 c;
        char bytes[4];
        U16_NEXT(text, i, len, c);
        dgl_buf_append(&out, bytes, dgl_utf8_put(bytes, c >= 0xd800 && c <= 0xdfff ? 0xfffd : (uint32_t)c));
    }
    return dgl_finish(vm, &out, false, ret);
}

static enum dgl_status icu_failed(struct dgl_vm *vm, const char *what)
{
    return dgl_type_error(&vm->mem, "%s() cannot format with this locale or argument", what);
}

// ---- numbers

struct number_kind {
    const char *what; // the filter
    UNumberFormatStyle style;
    const char *locale, *currency; // currency may be empty
    int64_t digits;                // -1 = as many as there are
    bool grouping;
};

static enum dgl_status open_number(struct dgl_vm *vm, const struct number_kind *k, struct formatter *f)
{
    UErrorCode code = U_ZERO_ERROR;
    UChar currency[4] = {0};
    f->number = unum_open(k->style, NULL, 0, k->locale, NULL, &code);
    if (U_FAILURE(code) || !f->number)
        return icu_failed(vm, k->what);
    unum_setAttribute(f->number, UNUM_ROUNDING_MODE, UNUM_ROUND_HALFUP); // ICU's name for half away from zero
    unum_setAttribute(f->number, UNUM_GROUPING_USED, k->grouping);
    unum_setAttribute(f->number, UNUM_MINIMUM_GROUPING_DIGITS, UNUM_MINIMUM_GROUPING_DIGITS_AUTO);
    if (k->currency[0]) {
        u_charsToUChars(k->currency, currency, 3);
        unum_setTextAttribute(f->number, UNUM_CURRENCY_CODE, currency, 3, &code);
    }
    if (k->digits >= 0) {
        unum_setAttribute(f->number, UNUM_MIN_FRACTION_DIGITS, (int32_t)k->digits);
        unum_setAttribute(f->number, UNUM_MAX_FRACTION_DIGITS, (int32_t)k->digits);
    } else if (!k->currency[0]) {
        unum_setAttribute(f->number, UNUM_MAX_FRACTION_DIGITS, MAX_DIGITS);
    }
    return U_FAILURE(code) ? icu_failed(vm, k->what) : DGL_OK;
}

// ---- numbers without ICU
//
// ICU takes microseconds for each number. Its rules for one locale are nearly always: a text before, digits in groups,
// a point, digits, a text behind. They are learnt from what it makes of a few numbers, and used only when they give all
// of those again, byte for byte.

#define MAX_AFFIX 40

struct plain {
    bool usable;
    char before[2][MAX_AFFIX], behind[2][MAX_AFFIX]; // positive, negative
    char point[8], separator[8];
    unsigned group, second_group, min_group; // 0 = no grouping
    int min_digits, max_digits, shift;       // shift: 2 for percent
};

static void append(char *out, size_t *len, const char *s)
{
    size_t n = strlen(s);
    memcpy(out + *len, s, n);
    *len += n;
}

// The digits of a decimal text without point, and where the point was. False when it has an exponent or is long.
static bool take_digits(const char *decimal, char digits[64], size_t *ret_count, size_t *ret_whole, bool *ret_negative)
{
    size_t n = 0, whole = SIZE_MAX;
    *ret_negative = *decimal == '-';
    for (const char *p = decimal + *ret_negative; *p; p++) {
        if (*p == '.')
            whole = n;
        else if (*p < '0' || *p > '9' || n >= 40)
            return false;
        else
            digits[n++] = *p;
    }
    *ret_count = n;
    *ret_whole = whole == SIZE_MAX ? n : whole;
    return n > 0;
}

// Keeps `keep` digits, rounding half away from zero. A carry out of the front makes one more whole digit.
static void round_digits(char digits[64], size_t *count, size_t *whole, size_t keep)
{
    bool up = keep < *count && digits[keep] >= '5';
    if (keep < *count)
        *count = keep;
    for (size_t i = *count; up && i-- > 0;) {
        up = digits[i] == '9';
        digits[i] = up ? '0' : (char)(digits[i] + 1);
    }
    if (up) {
        memmove(digits + 1, digits, *count);
        digits[0] = '1';
        ++*count;
        ++*whole;
    }
}

static bool in_group(const struct plain *p, size_t rest)
{
    if (!p->group || rest == 0 || rest < p->group)
        return false;
    return rest == p->group || (p->second_group && (rest - p->group) % p->second_group == 0);
}

// The number in `out` (at least 512 bytes); 0 when it must go to ICU.
static size_t put_plain(const struct plain *p, const char *decimal, char *out)
{
    char digits[64];
    size_t count, whole, len = 0, first = 0;
    bool negative;
    if (!take_digits(decimal, digits, &count, &whole, &negative))
        return 0;
    whole += (size_t)p->shift;
    while (count < whole)
        digits[count++] = '0';
    round_digits(digits, &count, &whole, whole + (size_t)p->max_digits);
    while (first + 1 < whole && digits[first] == '0')
        first++;
    if (whole == 0) // ".5" is no JSON number, but "-.5" might come as text
        return 0;
    append(out, &len, p->before[negative]);
    bool grouped = whole - first >= p->group + p->min_group;
    for (size_t i = first; i < whole; i++) {
        if (i > first && grouped && in_group(p, whole - i))
            append(out, &len, p->separator);
        out[len++] = digits[i];
    }
    while (count > whole + (size_t)p->min_digits && digits[count - 1] == '0')
        count--;
    size_t behind = DGL_MAX(count - DGL_MIN(count, whole), (size_t)p->min_digits);
    if (behind)
        append(out, &len, p->point);
    for (size_t i = 0; i < behind; i++)
        out[len++] = whole + i < count ? digits[whole + i] : '0';
    append(out, &len, p->behind[negative]);
    return len;
}

// ICU's text for a number, as UTF-8. 0 when it fails or is long.
static size_t ask_icu(const UNumberFormat *f, const char *decimal, char *out, size_t size)
{
    UChar text[256];
    UErrorCode code = U_ZERO_ERROR;
    int32_t bytes = 0,
            len = unum_formatDecimal(f, decimal, (int32_t)strlen(decimal), text, DGL_COUNT(text), NULL, &code);
    if (U_FAILURE(code) || len > (int32_t)DGL_COUNT(text))
        return 0;
    u_strToUTF8(out, (int32_t)size - 1, &bytes, text, len, &code);
    return U_FAILURE(code) ? 0 : (size_t)bytes;
}

// What stands around the digit 1 of ICU's text for a one.
static bool learn_affixes(const UNumberFormat *f, const char *one, char before[MAX_AFFIX], char behind[MAX_AFFIX])
{
    char text[256];
    size_t len = ask_icu(f, one, text, sizeof text);
    const char *digit = memchr(text, '1', len);
    if (!digit)
        return false;
    size_t n = (size_t)(digit - text), after = n + 1;
    while (after < len && (text[after] == '0' || text[after] == '.' || text[after] == ','))
        after++; // "1.00": zeros of the fraction
    if (n >= MAX_AFFIX || len - after >= MAX_AFFIX)
        return false;
    dgl_str_copy(before, MAX_AFFIX, text, n);
    dgl_str_copy(behind, MAX_AFFIX, text + after, len - after);
    return true;
}

static bool learn_symbol(const UNumberFormat *f, UNumberFormatSymbol which, char out[8])
{
    UChar text[8];
    UErrorCode code = U_ZERO_ERROR;
    int32_t bytes = 0, len = unum_getSymbol(f, which, text, DGL_COUNT(text), &code);
    u_strToUTF8(out, 8, &bytes, text, len, &code);
    return U_SUCCESS(code) && bytes > 0 && bytes < 8;
}

static void learn(const struct number_kind *k, const UNumberFormat *f, struct plain *p)
{
    static const char *const probes[] = {"0",      "1",          "-1",       "12.3456789",  "999.995",          "1234",
                                         "1234.5", "-12345.678", "999999.5", "1234567.891", "-98765432109.555", "0.005",
                                         "-0.4"};
    bool percent = k->style == UNUM_PERCENT, money = k->currency[0] || k->style == UNUM_CURRENCY;
    p->shift = percent ? 2 : 0;
    p->group = k->grouping ? (unsigned)DGL_MAX(unum_getAttribute(f, UNUM_GROUPING_SIZE), 0) : 0;
    int second = unum_getAttribute(f, UNUM_SECONDARY_GROUPING_SIZE);
    p->second_group = second > 0 ? (unsigned)second : p->group;
    p->min_digits = unum_getAttribute(f, UNUM_MIN_FRACTION_DIGITS);
    p->max_digits = unum_getAttribute(f, UNUM_MAX_FRACTION_DIGITS);
    const char *one = percent ? "0.01" : "1", *minus = percent ? "-0.01" : "-1";
    bool ok =
        p->max_digits >= 0 && p->max_digits <= MAX_DIGITS && learn_affixes(f, one, p->before[0], p->behind[0]) &&
        learn_affixes(f, minus, p->before[1], p->behind[1]) &&
        learn_symbol(f, money ? UNUM_MONETARY_SEPARATOR_SYMBOL : UNUM_DECIMAL_SEPARATOR_SYMBOL, p->point) &&
        learn_symbol(f, money ? UNUM_MONETARY_GROUPING_SEPARATOR_SYMBOL : UNUM_GROUPING_SEPARATOR_SYMBOL, p->separator);
    for (p->min_group = 1; ok && p->min_group <= 2 && !p->usable; p->min_group += !p->usable) {
        p->usable = true;
        for (size_t i = 0; i < DGL_COUNT(probes) && p->usable; i++) {
            char want[256], got[512];
            size_t len = ask_icu(f, probes[i], want, sizeof want), mine = put_plain(p, probes[i], got);
            p->usable = len && len == mine && memcmp(want, got, len) == 0;
        }
    }
}

// Rules once learnt serve all renders of the process: opening ICU's formatter costs more than formatting a page.
#define MAX_LEARNT 64u
static struct {
    pthread_mutex_t lock;
    size_t count;
    char keys[MAX_LEARNT][96];
    struct plain rules[MAX_LEARNT];
} learnt = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool recall(const char *key, struct plain *ret)
{
    bool found = false;
    pthread_mutex_lock(&learnt.lock);
    for (size_t i = 0; i < learnt.count && !found; i++)
        if (strcmp(learnt.keys[i], key) == 0) {
            *ret = learnt.rules[i];
            found = true;
        }
    pthread_mutex_unlock(&learnt.lock);
    return found;
}

static void remember(const char *key, const struct plain *p)
{
    pthread_mutex_lock(&learnt.lock);
    if (learnt.count < MAX_LEARNT) {
        dgl_str_copy(learnt.keys[learnt.count], sizeof learnt.keys[0], key, strlen(key));
        learnt.rules[learnt.count++] = *p;
    }
    pthread_mutex_unlock(&learnt.lock);
}

static enum dgl_status rules_for(struct dgl_vm *vm, const struct number_kind *k, struct formatter *f)
{
    f->plain = DGL_NEW(struct plain);
    if (recall(f->key, f->plain))
        return DGL_OK;
    DGL_TRY(open_number(vm, k, f));
    learn(k, f->number, f->plain);
    remember(f->key, f->plain);
    return DGL_OK;
}

static enum dgl_status put_number(struct dgl_vm *vm, const struct number_kind *k, struct dgl_value v,
                                  struct dgl_value *ret)
{
    char key[96], decimal[64], text[1024];
    struct formatter *f;
    DGL_TRY(decimal_of(vm, v, k->what, decimal));
    (void)snprintf(key, sizeof key, "%d %s %s %d %d", (int)k->style, k->locale, k->currency, (int)k->digits,
                   k->grouping);
    DGL_TRY(formatter_for(vm, key, &f));
    if (!f->plain)
        DGL_TRY(rules_for(vm, k, f));
    size_t len = f->plain->usable ? put_plain(f->plain, decimal, text) : 0;
    if (!len) {
        if (!f->number)
            DGL_TRY(open_number(vm, k, f));
        DGL_TRY(dgl_mem_tick(&vm->mem, 8));
        len = ask_icu(f->number, decimal, text, sizeof text);
    }
    return len ? dgl_make_string(&vm->mem, text, len, ret) : icu_failed(vm, k->what);
}

// An empty field of a form or a sheet: it prints nothing, whatever it would have been.
static bool is_blank(struct dgl_value v)
{
    return v.kind == DGL_VALUE_NONE || (dgl_is_string(v) && dgl_str_trim(dgl_text(v)).len == 0);
}

DGL_FILTER(number)
{
    char locale[40];
    struct number_kind k = {.what = "number",
                            .style = UNUM_DECIMAL,
                            .locale = locale,
                            .currency = "",
                            .grouping = dgl_arg_bool(a, 2, true)};
    DGL_TRY(digits_of(vm, a, 0, -1, &k.digits));
    DGL_TRY(locale_of(vm, a, 1, locale));
    if (is_blank(v))
        return dgl_make_string(&vm->mem, "", 0, ret);
    return put_number(vm, &k, v, ret);
}

DGL_FILTER(percent)
{
    char locale[40];
    struct number_kind k = {
        .what = "percent", .style = UNUM_PERCENT, .locale = locale, .currency = "", .grouping = true};
    DGL_TRY(digits_of(vm, a, 0, 0, &k.digits));
    DGL_TRY(locale_of(vm, a, 1, locale));
    if (is_blank(v))
        return dgl_make_string(&vm->mem, "", 0, ret);
    return put_number(vm, &k, v, ret);
}

DGL_FILTER(currency)
{
    char locale[40], currency[40] = "";
    struct number_kind k = {
        .what = "currency", .style = UNUM_CURRENCY, .locale = locale, .currency = currency, .grouping = true};
    DGL_TRY(locale_of(vm, a, 1, locale));
    DGL_TRY(digits_of(vm, a, 2, -1, &k.digits));
    DGL_TRY(short_text(vm, a, 0, "currency", "", currency, sizeof currency));
    for (char *p = currency; *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
    if (currency[0] && (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3))
        return dgl_type_error(
            &vm->mem, "the argument currency must be an ISO code of three letters, like 'EUR', not '%s'", currency);
    if (is_blank(v))
        return dgl_make_string(&vm->mem, "", 0, ret);
    return put_number(vm, &k, v, ret);
}

DGL_FILTER(words)
{
    char locale[40], decimal[64], key[96];
    struct formatter *f;
    UChar text[1024];
    UErrorCode code = U_ZERO_ERROR;
    DGL_TRY(locale_of(vm, a, 0, locale));
    if (is_blank(v))
        return dgl_make_string(&vm->mem, "", 0, ret);
    DGL_TRY(decimal_of(vm, v, "words", decimal));
    struct dgl_buf b = DGL_BUF_INIT(sizeof key);
    dgl_buf_printf(&b, "words %s", locale);
    dgl_str_copy(key, sizeof key, b.data ? b.data : "", b.len);
    dgl_buf_fini(&b);
    DGL_TRY(formatter_for(vm, key, &f));
    if (!f->number)
        f->number = unum_open(UNUM_SPELLOUT, NULL, 0, locale, NULL, &code);
    if (U_FAILURE(code) || !f->number)
        return icu_failed(vm, "words");
    DGL_TRY(dgl_mem_tick(&vm->mem, 32));
    int64_t whole;
    bool is_int = dgl_parse_int64(decimal, strlen(decimal), INT64_MIN, INT64_MAX, &whole);
    int32_t len = is_int ? unum_formatInt64(f->number, whole, text, DGL_COUNT(text), NULL, &code)
                         : unum_formatDouble(f->number, strtod(decimal, NULL), text, DGL_COUNT(text), NULL, &code);
    if (U_FAILURE(code) || len > (int32_t)DGL_COUNT(text))
        return icu_failed(vm, "words");
    DGL_TRY(from_utf16(vm, text, len, ret));
    // Soft hyphens are for line breaking, not for text that is compared or copied.
    struct dgl_str s = dgl_text(*ret);
    return memmem(s.data, s.len, "\xc2\xad", 2)
               ? dgl_replace_text(vm, s, DGL_STR("\xc2\xad"), DGL_STR(""), -1, false, ret)
               : DGL_OK;
}

// ---- dates

// Many languages write a month otherwise beside a day: 9 marca 2024, but marzec 2024.
static const char *month_of(const char *format, char c)
{
    for (const char *p = format; (p = strchr(p, '%')); p += p[1] ? 2 : 1) {
        p += p[1] == '-';
        if (p[1] == 'd' || p[1] == 'e')
            return c == 'B' ? "MMMM" : "MMM";
    }
    return c == 'B' ? "LLLL" : "LLL";
}

// strftime's letters as ICU patterns. Letters that are text are quoted.
static const char *pattern_of(const char *format, char c)
{
    static const struct {
        char letter;
        const char *pattern;
    } letters[] = {
        {'a', "EEE"},        {'A', "EEEE"},     {'d', "dd"},    {'e', "d"},      {'m', "MM"}, {'y', "yy"},
        {'Y', "yyyy"},       {'H', "HH"},       {'I', "hh"},    {'k', "H"},      {'l', "h"},  {'M', "mm"},
        {'S', "ss"},         {'p', "a"},        {'j', "DDD"},   {'Z', "zzz"},    {'z', "xx"}, {'D', "MM/dd/yy"},
        {'F', "yyyy-MM-dd"}, {'T', "HH:mm:ss"}, {'R', "HH:mm"}, {'f', "SSSSSS"}, {'V', "ww"}, {'G', "YYYY"},
        {'u', "e"},          {'q', "Q"},
    };
    for (size_t i = 0; i < DGL_COUNT(letters); i++)
        if (letters[i].letter == c)
            return letters[i].pattern;
    if (c == 'B' || c == 'b' || c == 'h')
        return month_of(format, c);
    return NULL;
}

// Text between directives, quoted when it has letters.
static void put_literal(struct dgl_buf *b, char c, bool *quoted)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter && !*quoted) {
        dgl_buf_putc(b, '\'');
        *quoted = true;
    }
    dgl_buf_append(b, c == '\'' ? "''" : &c, c == '\'' ? 2 : 1);
}

static void put_directive(struct dgl_buf *b, const char *pattern, bool bare)
{
    static const char *const padded[] = {"dd", "MM", "HH", "hh", "mm", "ss"};
    for (size_t i = 0; i < DGL_COUNT(padded) && bare; i++)
        if (strcmp(pattern, padded[i]) == 0) {
            dgl_buf_puts(b, pattern + 1); // %-d: without the zero in front
            return;
        }
    dgl_buf_puts(b, pattern);
}

static enum dgl_status to_pattern(struct dgl_vm *vm, const char *format, char out[MAX_PATTERN])
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(MAX_PATTERN - 1);
    bool quoted = false;
    for (const char *p = format; *p; p++) {
        if (*p != '%' || p[1] == '%') {
            p += *p == '%';
            put_literal(&b, *p, &quoted);
            continue;
        }
        bool bare = *++p == '-';
        p += bare;
        const char *pattern = pattern_of(format, *p);
        if (!pattern)
            return dgl_type_error(&vm->mem, "the argument format of date() has '%%%.1s', which stands for nothing", p);
        if (quoted)
            dgl_buf_putc(&b, '\'');
        quoted = false;
        put_directive(&b, pattern, bare);
    }
    if (quoted)
        dgl_buf_putc(&b, '\'');
    DGL_TRY(dgl_buf_check(&b, "the format of date()", vm->mem.err));
    dgl_str_copy(out, MAX_PATTERN, b.data ? b.data : "", b.len);
    return DGL_OK;
}

// The point in time, and whether it is a date without a time of day (which no time zone may move).
static enum dgl_status time_of(struct dgl_vm *vm, struct dgl_value v, int64_t *ret_us, bool *ret_date_only)
{
    *ret_date_only = false;
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    if (dgl_is_string(v)) {
        struct dgl_str s = dgl_str_trim(dgl_text(v));
        if (dgl_str_is(s, "now") || dgl_str_is(s, "today")) {
            *ret_us = vm->env->created_at_us;
            if (!*ret_us)
                return dgl_type_error(&vm->mem, "date() cannot tell what 'now' is: the document has no creation time");
            return DGL_OK;
        }
        char text[64];
        if (s.len >= 10 && s.len < sizeof text - 1) {
            dgl_str_copy(text, sizeof text, s.data, s.len);
            *ret_date_only = s.len == 10;
            size_t len = s.len;
            if (len > 10 && text[10] == ' ')
                text[10] = 'T';
            bool zone =
                len > 10 && (text[len - 1] == 'Z' || strpbrk(text + 10, "+") || (len > 19 && strchr(text + 19, '-')));
            if (len == 16 && !zone) { // without seconds
                dgl_str_copy(text + 16, sizeof text - 16, ":00", 3);
                len = 19;
            }
            if (len > 10 && !zone) { // local to nowhere: as if UTC, and printed as it stands
                text[len++] = 'Z';
                text[len] = 0;
                *ret_date_only = true;
            }
            if (dgl_time_parse(text, len, ret_us))
                return DGL_OK;
        }
        return dgl_type_error(&vm->mem, "date() cannot read '%.*s' as a date, like 2024-03-09 or 2024-03-09T10:30:00Z",
                              (int)DGL_MIN(s.len, 40u), s.data);
    }
    if (v.kind == DGL_VALUE_INT || v.kind == DGL_VALUE_DOUBLE) { // seconds since 1970
        double seconds = dgl_as_double(v);
        if (fabs(seconds) > 253402300800.0)
            return dgl_type_error(&vm->mem, "date() cannot use %g as seconds since 1970", seconds);
        *ret_us = (int64_t)llround(seconds * 1e6);
        return DGL_OK;
    }
    return dgl_type_error(&vm->mem, "date() cannot work on %s", dgl_type_words(v));
}

// The locale's own forms, by name.
static UDateFormatStyle style_of(const char *format)
{
    static const struct {
        const char *name;
        UDateFormatStyle style;
    } styles[] = {
        {"", UDAT_LONG}, {"short", UDAT_SHORT}, {"medium", UDAT_MEDIUM}, {"long", UDAT_LONG}, {"full", UDAT_FULL}};
    for (size_t i = 0; i < DGL_COUNT(styles); i++)
        if (strcmp(styles[i].name, format) == 0)
            return styles[i].style;
    return UDAT_PATTERN;
}

static enum dgl_status open_date(struct dgl_vm *vm, const char *pattern, const char *locale, const char *zone,
                                 struct formatter *f)
{
    UChar p[MAX_PATTERN], z[64];
    UErrorCode code = U_ZERO_ERROR;
    int32_t plen = 0, zlen = 0;
    u_strFromUTF8(p, DGL_COUNT(p), &plen, pattern, -1, &code);
    u_strFromUTF8(z, DGL_COUNT(z), &zlen, zone, -1, &code);
    UBool known = false;
    UChar canonical[64];
    UErrorCode zone_code = U_ZERO_ERROR;
    ucal_getCanonicalTimeZoneID(z, zlen, canonical, DGL_COUNT(canonical), &known, &zone_code);
    if (U_FAILURE(zone_code))
        return dgl_type_error(&vm->mem, "there is no time zone '%.40s'; one is called 'Europe/Berlin'", zone);
    UDateFormatStyle style = style_of(pattern);
    bool is_pattern = style == UDAT_PATTERN;
    f->date = U_FAILURE(code) ? NULL
                              : udat_open(is_pattern ? UDAT_PATTERN : UDAT_NONE, style, locale, z, zlen,
                                          is_pattern ? p : NULL, is_pattern ? plen : 0, &code);
    return U_FAILURE(code) || !f->date ? icu_failed(vm, "date") : DGL_OK;
}

DGL_FILTER(date)
{
    char format[256], locale[40], zone[64], pattern[MAX_PATTERN], key[96];
    struct formatter *f;
    UChar text[512];
    UErrorCode code = U_ZERO_ERROR;
    int64_t us;
    bool date_only;
    DGL_TRY(short_text(vm, a, 0, "format", "", format, sizeof format));
    DGL_TRY(locale_of(vm, a, 1, locale));
    DGL_TRY(short_text(vm, a, 2, "time_zone", vm->env->time_zone ? vm->env->time_zone : "UTC", zone, sizeof zone));
    if (style_of(format) == UDAT_PATTERN)
        DGL_TRY(to_pattern(vm, format, pattern));
    else
        dgl_str_copy(pattern, sizeof pattern, format, strlen(format));
    if (is_blank(v))
        return dgl_make_string(&vm->mem, "", 0, ret);
    DGL_TRY(time_of(vm, v, &us, &date_only));
    struct dgl_buf b = DGL_BUF_INIT(2048);
    dgl_buf_printf(&b, "%s %s %s", date_only ? "UTC" : zone, locale, pattern);
    (void)snprintf(key, sizeof key, "date %016llx %016llx",
                   (unsigned long long)dgl_hash_bytes(b.data ? b.data : "", b.len),
                   (unsigned long long)dgl_hash_bytes(b.data ? b.data + b.len / 2 : "", b.len - b.len / 2));
    dgl_buf_fini(&b);
    DGL_TRY(formatter_for(vm, key, &f));
    if (!f->date)
        DGL_TRY(open_date(vm, pattern, locale, date_only ? "UTC" : zone, f));
    DGL_TRY(dgl_mem_tick(&vm->mem, 16));
    int32_t len = udat_format(f->date, floor((double)us / 1000.0), text, DGL_COUNT(text), NULL, &code);
    if (U_FAILURE(code) || len > (int32_t)DGL_COUNT(text))
        return icu_failed(vm, "date");
    return from_utf16(vm, text, len, ret);
}

// ---- what the sink draws

static enum dgl_status rich(struct dgl_vm *vm, const char *type, const char *parameters, struct dgl_value v,
                            struct dgl_args *a, struct dgl_value *ret)
{
    struct dgl_value dict;
    const char *p = parameters;
    if (v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_NONE) { // nothing to draw prints as nothing
        *ret = dgl_undefined(v.kind == DGL_VALUE_UNDEFINED ? v.as.undefined : NULL);
        return DGL_OK;
    }
    DGL_TRY(dgl_make_dict(&vm->mem, a->count + a->keywords, &dict));
    for (uint32_t i = 0; i < a->count; i++) {
        size_t len = strcspn(p, " ");
        if (!len)
            return dgl_type_error(&vm->mem, "%s() takes fewer arguments", type);
        DGL_TRY(dgl_dict_put_str(&vm->mem, dict.as.dict, (struct dgl_str){p, len}, a->positional[i]));
        p += len + (p[len] == ' ');
    }
    for (uint32_t i = 0; i < a->keywords; i++)
        DGL_TRY(dgl_dict_put_str(&vm->mem, dict.as.dict,
                                 (struct dgl_str){a->names[i]->text.data, a->names[i]->text.len}, a->values[i]));
    struct dgl_value_rich *r = dgl_mem_alloc(&vm->mem, sizeof *r);
    if (!r)
        return DGL_E_LIMIT;
    *r = (struct dgl_value_rich){.type = type, .subject = v, .arguments = dict};
    *ret = (struct dgl_value){.kind = DGL_VALUE_RICH, .as.rich = r};
    return DGL_OK;
}

DGL_FILTER(image)
{
    return rich(vm, "image", "width height alt", v, a, ret);
}

DGL_FILTER(qr)
{
    return rich(vm, "qr", "size level", v, a, ret);
}

DGL_FILTER(barcode)
{
    return rich(vm, "barcode", "type width height text", v, a, ret);
}

DGL_FILTER(markdown)
{
    return rich(vm, "markdown", "", v, a, ret);
}

DGL_FILTER(html)
{
    return rich(vm, "html", "", v, a, ret);
}
