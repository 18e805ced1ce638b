// Numbers on axes and labels, by the format codes that spreadsheets use: decimals, thousands, percent, literals, dates.
// Source: ECMA-376 Part 1 §18.8.30, §18.8.31.
#include "render/layout/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct output {
    char *data;
    size_t size, len;
};

static void put(struct output *o, const char *s, size_t n)
{
    for (size_t i = 0; i < n && o->len + 1 < o->size; i++)
        o->data[o->len++] = s[i];
    o->data[o->len] = '\0';
}

static void put_general(struct output *o, double v)
{
    char text[40];
    snprintf(text, sizeof(text), "%.10g", v);
    put(o, text, strlen(text));
}

static void put_grouped(struct output *o, double v, int decimals, bool thousands)
{
    char text[420];
    int n = snprintf(text, sizeof(text), "%.*f", decimals, fmin(fabs(v), 1e300));
    const char *point = memchr(text, '.', (size_t)n);
    size_t whole = point ? (size_t)(point - text) : (size_t)n;
    for (size_t i = 0; i < (size_t)n; i++) {
        if (thousands && i > 0 && i < whole && (whole - i) % 3 == 0)
            put(o, ",", 1);
        put(o, text + i, 1);
    }
}

// ---- Dates ----

struct day {
    int year, month, day;
};

static struct day day_of(double serial) // days since 1899-12-30, as spreadsheets count
{
    int64_t z = (int64_t)floor(fmax(-600000, fmin(serial, 2900000))) - 25569 + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, month = mp < 10 ? mp + 3 : mp - 9;
    return (struct day){(int)(yoe + era * 400 + (month <= 2)), (int)month, (int)(doy - (153 * mp + 2) / 5 + 1)};
}

static void put_date_word(struct output *o, char kind, unsigned n, struct day d)
{
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    char text[24] = "";
    const char *name = months[(d.month - 1) % 12];
    if (kind == 'y')
        snprintf(text, sizeof(text), n > 2 ? "%04d" : "%02d", n > 2 ? d.year : d.year % 100);
    else if (kind == 'd')
        snprintf(text, sizeof(text), n > 1 ? "%02d" : "%d", d.day);
    else if (n >= 4)
        snprintf(text, sizeof(text), "%s", name);
    else if (n == 3)
        snprintf(text, sizeof(text), "%.3s", name);
    else
        snprintf(text, sizeof(text), n > 1 ? "%02d" : "%d", d.month);
    put(o, text, strlen(text));
}

static void put_date(struct output *o, double v, struct dgl_str code)
{
    struct day d = day_of(v);
    for (size_t i = 0; i < code.len;) {
        char c = code.data[i], low = (char)(c | 32);
        size_t n = 1;
        if (low == 'y' || low == 'm' || low == 'd') {
            while (i + n < code.len && (code.data[i + n] | 32) == low)
                n++;
            put_date_word(o, low, (unsigned)n, d);
        } else if (c == '[') {
            while (i + n < code.len && code.data[i + n - 1] != ']')
                n++;
        } else if (c != '\\' && c != '"' && c != '@' && c != ';') {
            put(o, &c, 1);
        } else if (c == ';') {
            return;
        }
        i += n;
    }
}

static bool is_date(struct dgl_str code)
{
    bool quoted = false, bracket = false;
    for (size_t i = 0; i < code.len; i++) {
        char c = code.data[i];
        quoted ^= c == '"';
        bracket = c == '[' ? true : c == ']' ? false : bracket;
        if (!quoted && !bracket && (c == 'y' || c == 'd' || (c == 'm' && code.len > 1)))
            return true;
        if (c == '0' || c == '#')
            return false;
    }
    return false;
}

// ---- Numbers ----

struct shape {
    int decimals;
    bool thousands, percent, digits;
    int thousands_cut; // commas after the last digit divide
};

static struct shape shape_of(struct dgl_str code)
{
    struct shape s = {0};
    bool quoted = false, point = false;
    for (size_t i = 0; i < code.len; i++) {
        char c = code.data[i];
        if (c == '"')
            quoted = !quoted;
        if (quoted)
            continue;
        bool digit = c == '0' || c == '#' || c == '?';
        s.digits |= digit;
        if (digit && point)
            s.decimals++;
        point |= c == '.';
        s.percent |= c == '%';
        if (c == ',') {
            bool more = false;
            for (size_t k = i + 1; k < code.len && !more; k++)
                more = code.data[k] == '0' || code.data[k] == '#';
            s.thousands |= more && s.digits;
            s.thousands_cut += !more;
        }
    }
    s.decimals = DGL_MIN(s.decimals, 15);
    return s;
}

static void put_number(struct output *o, double v, struct dgl_str code, bool signed_here)
{
    struct shape s = shape_of(code);
    bool done = false;
    if (s.percent)
        v *= 100;
    for (int i = 0; i < DGL_MIN(s.thousands_cut, 4); i++)
        v /= 1000;
    if (v < 0 && !signed_here && (s.decimals > 0 || fabs(v) >= 0.5))
        put(o, "-", 1);
    for (size_t i = 0; i < code.len; i++) {
        char c = code.data[i];
        if (c == '0' || c == '#' || c == '?' || c == '.' || c == ',') {
            if (!done)
                put_grouped(o, v, s.decimals, s.thousands);
            done = true;
        } else if (c == '"') {
            for (i++; i < code.len && code.data[i] != '"'; i++)
                put(o, &code.data[i], 1);
        } else if (c == '\\' && i + 1 < code.len) {
            put(o, &code.data[++i], 1);
        } else if (c == '_' || c == '*') {
            i++;
        } else if (c == '[') { // [$€-407] is a currency, [Red] a colour
            bool currency = i + 1 < code.len && code.data[i + 1] == '$', name = currency;
            for (i += currency ? 2 : 1; i < code.len && code.data[i] != ']'; i++) {
                name &= code.data[i] != '-';
                if (name)
                    put(o, &code.data[i], 1);
            }
        } else {
            put(o, &c, 1);
        }
    }
}

void chart_format(double v, struct dgl_str code, char *out, size_t size)
{
    struct output o = {out, size, 0};
    out[0] = '\0';
    if (isnan(v))
        return;
    // positive;negative;zero
    struct dgl_str part[3] = {code, {"", 0}, {"", 0}};
    unsigned n = 0;
    bool quoted = false;
    for (size_t i = 0, from = 0; i <= code.len && n < 3; i++) {
        if (i < code.len && code.data[i] == '"')
            quoted = !quoted;
        if (i == code.len || (code.data[i] == ';' && !quoted)) {
            part[n++] = (struct dgl_str){code.data + from, i - from};
            from = i + 1;
        }
    }
    unsigned use = v < 0 && n > 1 ? 1 : v == 0 && n > 2 ? 2 : 0;
    struct dgl_str chosen = dgl_str_trim(part[use]);
    if (chosen.len == 0 || dgl_str_starts(chosen, "General") || dgl_str_is(chosen, "@"))
        put_general(&o, v);
    else if (is_date(chosen))
        put_date(&o, v, chosen);
    else if (shape_of(chosen).digits)
        put_number(&o, v, chosen, use == 1);
    else
        put_general(&o, v);
}

// ---- Scales ----

struct chart_scale chart_scale_of(const struct dgl_chart_axis *a, double low, double high, unsigned steps)
{
    struct chart_scale s = {low, high, 1};
    if (!isfinite(low) || !isfinite(high) || low > high)
        low = 0, high = 1;
    if (low >= 0 && (high - low > high / 6 || low == high)) // far from zero only when the values are close together
        low = 0;
    if (high <= 0 && (high - low > -low / 6 || low == high))
        high = 0;
    if (a->has_min)
        low = a->min;
    if (a->has_max)
        high = a->max;
    if (!(high > low))
        high = low + 1;
    double room = (high - low) * (a->has_max ? 1 : 1.05), rough = room / DGL_MAX(steps, 2u),
           power = pow(10, floor(log10(rough))), part = rough / power;
    s.major = a->has_major && a->major > 0 ? a->major : (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10) * power;
    if ((high - low) / s.major > 200)
        s.major = (high - low) / 200;
    s.min = a->has_min ? low : floor(low / s.major + 1e-9) * s.major;
    s.max = a->has_max ? high : ceil((high + (high > 0 ? (high - low) * 0.05 : 0)) / s.major - 1e-9) * s.major;
    return s;
}
