// Clocks and the one text form of time: RFC 3339 in UTC. Calendar arithmetic is done here on day numbers, so that
// neither the locale nor the machine's time zone can reach it.
#include "base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS_PER_DAY INT64_C(86400)
// RFC 3339 knows four-digit years: 0000-01-01T00:00:00Z and the last microsecond of 9999.
#define MIN_TEXT_US (INT64_C(-62167219200) * DGL_US_PER_S)
#define MAX_TEXT_US (INT64_C(253402300800) * DGL_US_PER_S - 1)

struct dgl_clock {
    bool manual;
    _Atomic int64_t wall_us, mono_us; // manual only
};

static struct dgl_clock system_clock;

struct dgl_clock *dgl_clock_system(void)
{
    return &system_clock;
}

struct dgl_clock *dgl_clock_new_manual(int64_t now_us)
{
    struct dgl_clock *c = DGL_NEW(struct dgl_clock);
    c->manual = true;
    atomic_store(&c->wall_us, now_us);
    atomic_store(&c->mono_us, now_us);
    return c;
}

void dgl_clock_free(struct dgl_clock *c)
{
    if (c && c->manual)
        free(c);
}

void dgl_clock_advance(struct dgl_clock *manual, int64_t us)
{
    atomic_fetch_add(&manual->wall_us, us);
    atomic_fetch_add(&manual->mono_us, us);
}

void dgl_clock_jump(struct dgl_clock *manual, int64_t us)
{
    atomic_fetch_add(&manual->wall_us, us);
}

static int64_t read_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * DGL_US_PER_S + t.tv_nsec / 1000;
}

int64_t dgl_clock_now_us(struct dgl_clock *c)
{
    return c->manual ? atomic_load(&c->wall_us) : read_us(CLOCK_REALTIME);
}

int64_t dgl_clock_mono_us(struct dgl_clock *c)
{
    return c->manual ? atomic_load(&c->mono_us) : read_us(CLOCK_MONOTONIC);
}

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Years are counted from March, so that the leap
// day is the last of its year; 400 years have 146,097 days.
static int64_t days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    *ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *ret_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static char *put_digits(char *out, int value, int count)
{
    for (int i = count; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + count;
}

char *dgl_time_format_utc(int64_t us, char out[32])
{
    us = DGL_MAX(us, MIN_TEXT_US);
    us = DGL_MIN(us, MAX_TEXT_US);
    int64_t seconds = us / DGL_US_PER_S - (us % DGL_US_PER_S < 0);
    int64_t days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
    int in_day = (int)(seconds - days * SECONDS_PER_DAY);
    int64_t year;
    int month, day;
    date_from_days(days, &year, &month, &day);
    char *p = put_digits(out, (int)year, 4);
    *p++ = '-';
    p = put_digits(p, month, 2);
    *p++ = '-';
    p = put_digits(p, day, 2);
    *p++ = 'T';
    p = put_digits(p, in_day / 3600, 2);
    *p++ = ':';
    p = put_digits(p, in_day / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, in_day % 60, 2);
    *p++ = 'Z';
    *p = '\0';
    return out;
}

// Reads exactly `digits` digits at *s and moves on.
static bool digits(const char **s, const char *end, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*s)++) {
        if (*s == end || **s < '0' || **s > '9')
            return false;
        value = value * 10 + (**s - '0');
    }
    *ret = value;
    return true;
}

static bool literal(const char **s, const char *end, char c)
{
    if (*s == end || **s != c)
        return false;
    (*s)++;
    return true;
}

static bool parse_date(const char **s, const char *end, int64_t *ret_days)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!digits(s, end, 4, &year) || !literal(s, end, '-') || !digits(s, end, 2, &month) || !literal(s, end, '-') ||
        !digits(s, end, 2, &day) || month < 1 || month > 12)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > month_days[month - 1] + (month == 2 && leap))
        return false;
    *ret_days = days_from_date(year, month, day);
    return true;
}

// ".123456789": microseconds, further digits dropped.
static bool parse_fraction(const char **s, const char *end, int64_t *ret_us)
{
    int64_t us = 0, unit = 100000;
    *ret_us = 0;
    if (!literal(s, end, '.'))
        return true;
    const char *start = *s;
    for (; *s < end && **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
        us += (**s - '0') * unit;
    *ret_us = us;
    return *s > start;
}

static bool parse_offset(const char **s, const char *end, int *ret_minutes)
{
    if (literal(s, end, 'Z') || literal(s, end, 'z')) {
        *ret_minutes = 0;
        return true;
    }
    int hours, minutes;
    bool west = *s < end && **s == '-';
    if (!west && (*s == end || **s != '+'))
        return false;
    (*s)++;
    if (!digits(s, end, 2, &hours) || !literal(s, end, ':') || !digits(s, end, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    *ret_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool dgl_time_parse(const char *s, size_t len, int64_t *ret_us)
{
    if (!s)
        return false;
    const char *end = s + len;
    int64_t days, fraction_us;
    int hour, minute, second, offset_minutes;
    if (!parse_date(&s, end, &days))
        return false;
    if (s == end) {
        *ret_us = days * SECONDS_PER_DAY * DGL_US_PER_S;
        return true;
    }
    if (*s != 'T' && *s != 't' && *s != ' ')
        return false;
    s++;
    // RFC 3339 §5.6 allows second 60; it counts as the first of the next minute.
    if (!digits(&s, end, 2, &hour) || !literal(&s, end, ':') || !digits(&s, end, 2, &minute) ||
        !literal(&s, end, ':') || !digits(&s, end, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return false;
    if (!parse_fraction(&s, end, &fraction_us) || !parse_offset(&s, end, &offset_minutes) || s != end)
        return false;
    int64_t seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset_minutes * 60;
    *ret_us = seconds * DGL_US_PER_S + fraction_us;
    return true;
}
