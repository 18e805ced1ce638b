// Where an organization is: the time zone and the locale in which its documents write dates and amounts.
//
// Both are names of lists that ICU has, and ICU writes the documents: what is taken here is what the filters can use. A
// name it does not have would not fail there but fall back in silence, to UTC or to the language alone, and the first
// to see it would be the reader of an invoice. Hence the look into the lists; the letters' case does not matter, and
// the list's own spelling is kept, a locale's with hyphens.
#include "base/clock.h"
#include "base/str.h"
#include "server/account/inside.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>

static void close_list(UEnumeration **list)
{
    if (*list)
        uenum_close(*list);
}

// Puts the list's spelling of `wanted` into out; false when it is not in the list.
static bool look_up(UEnumeration *list, const char *wanted, char *out, size_t size)
{
    UErrorCode code = U_ZERO_ERROR;
    int32_t len;
    const char *name;
    while ((name = uenum_next(list, &len, &code)) != NULL && U_SUCCESS(code)) {
        if (strcasecmp(name, wanted) != 0 || (size_t)len >= size)
            continue;
        memcpy(out, name, (size_t)len + 1);
        return true;
    }
    return false;
}

enum dgl_status dgl_check_time_zone(const char *zone, char out[DGL_TIME_ZONE_MAX + 1], struct dgl_error *err)
{
    UErrorCode code = U_ZERO_ERROR;
    __attribute__((cleanup(close_list))) UEnumeration *list =
        ucal_openTimeZoneIDEnumeration(UCAL_ZONE_TYPE_ANY, NULL, NULL, &code);
    if (U_FAILURE(code))
        return DGL_FAIL(err, DGL_E_INTERNAL, "ICU cannot list the time zones: %s.", u_errorName(code));
    if (strcasecmp(zone, UCAL_UNKNOWN_ZONE_ID) != 0 && look_up(list, zone, out, DGL_TIME_ZONE_MAX + 1))
        return DGL_OK;
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_time_zone", "time_zone",
                          "The time zone \"%.100s\" is not known; use an IANA name like Europe/Berlin or UTC.", zone);
}

// Both de_DE and de-DE are usual: ICU's list has the first, the store the second, and the filters take either.
static void put_separators(char *locale, char separator)
{
    for (char *p = locale; *p; p++)
        *p = *p == '-' || *p == '_' ? separator : *p;
}

enum dgl_status dgl_check_locale(const char *locale, char out[DGL_LOCALE_MAX + 1], struct dgl_error *err)
{
    UErrorCode code = U_ZERO_ERROR;
    char wanted[DGL_LOCALE_MAX + 1];
    __attribute__((cleanup(close_list))) UEnumeration *list =
        uloc_openAvailableByType(ULOC_AVAILABLE_WITH_LEGACY_ALIASES, &code);
    if (U_FAILURE(code))
        return DGL_FAIL(err, DGL_E_INTERNAL, "ICU cannot list the locales: %s.", u_errorName(code));
    dgl_str_copy(wanted, sizeof wanted, locale, strnlen(locale, DGL_LOCALE_MAX));
    put_separators(wanted, '_');
    if (strlen(locale) <= DGL_LOCALE_MAX && wanted[0] && look_up(list, wanted, out, DGL_LOCALE_MAX + 1)) {
        put_separators(out, '-');
        return DGL_OK;
    }
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_locale", "locale",
                          "The locale \"%.100s\" is not known; use a language and a country like de-DE or en-GB.",
                          locale);
}

static void close_calendar(UCalendar **calendar)
{
    if (*calendar)
        ucal_close(*calendar);
}

// NULL for a zone that ICU does not have.
static UCalendar *open_calendar(const char *zone)
{
    UErrorCode code = U_ZERO_ERROR;
    UChar name[DGL_TIME_ZONE_MAX + 1];
    u_uastrncpy(name, zone, DGL_COUNT(name));
    UCalendar *calendar = ucal_open(name, (int32_t)strlen(zone), "en", UCAL_GREGORIAN, &code);
    return U_FAILURE(code) ? NULL : calendar;
}

int64_t dgl_wall_to_utc(const char *zone, int64_t wall_us)
{
    UErrorCode code = U_ZERO_ERROR;
    time_t wall_s = (time_t)(wall_us / DGL_US_PER_S);
    struct tm tm;
    __attribute__((cleanup(close_calendar))) UCalendar *calendar = open_calendar(zone);
    if (!calendar || !gmtime_r(&wall_s, &tm))
        return wall_us;
    ucal_clear(calendar);
    ucal_setDateTime(calendar, tm.tm_year + 1900, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, &code);
    UDate ms = ucal_getMillis(calendar, &code);
    return U_FAILURE(code) ? wall_us : (int64_t)ms * 1000;
}

int64_t dgl_utc_to_wall(const char *zone, int64_t us)
{
    UErrorCode code = U_ZERO_ERROR;
    __attribute__((cleanup(close_calendar))) UCalendar *calendar = open_calendar(zone);
    if (!calendar)
        return us;
    ucal_setMillis(calendar, (UDate)(us / 1000), &code);
    int64_t offset_ms =
        (int64_t)ucal_get(calendar, UCAL_ZONE_OFFSET, &code) + ucal_get(calendar, UCAL_DST_OFFSET, &code);
    return U_FAILURE(code) ? us : us + offset_ms * 1000;
}

enum dgl_status dgl_account_org_set_region(struct dgl_account *a, const char *org, const char *time_zone,
                                           const char *locale, struct dgl_error *err)
{
    char zone_name[DGL_TIME_ZONE_MAX + 1], locale_name[DGL_LOCALE_MAX + 1];
    if (time_zone)
        DGL_TRY(dgl_check_time_zone(time_zone, zone_name, err));
    if (locale)
        DGL_TRY(dgl_check_locale(locale, locale_name, err));
    const struct dgl_org_change change = {.time_zone = time_zone ? zone_name : NULL,
                                          .locale = locale ? locale_name : NULL};
    return dgl_store_org_change(a->store, org, &change, err);
}
