// Ranges, entity tags, dates, content codings: the small grammars of RFC 9110, each read in full or not at all.
#include "server/http/range.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum http_range http_range_parse(const char *text, int64_t size, int64_t *ret_first, int64_t *ret_last)
{
    if (strncasecmp(text, "bytes=", 6) != 0 || strchr(text, ','))
        return HTTP_RANGE_WHOLE;
    struct dgl_str spec = dgl_str_trim(dgl_str_of(text + 6));
    const char *dash = memchr(spec.data, '-', spec.len);
    if (!dash)
        return HTTP_RANGE_WHOLE;
    size_t first_len = (size_t)(dash - spec.data), last_len = spec.len - first_len - 1;
    int64_t first = 0, last = INT64_MAX;
    if ((first_len && !dgl_parse_int64(spec.data, first_len, 0, INT64_MAX, &first)) ||
        (last_len && !dgl_parse_int64(dash + 1, last_len, 0, INT64_MAX, &last)) || (!first_len && !last_len))
        return HTTP_RANGE_WHOLE;
    if (!first_len) { // the last n bytes
        first = last >= size ? 0 : size - last;
        if (last == 0)
            return HTTP_RANGE_UNSATISFIABLE;
        last = INT64_MAX;
    } else if (first > last) {
        return HTTP_RANGE_WHOLE;
    }
    if (first >= size)
        return HTTP_RANGE_UNSATISFIABLE;
    *ret_first = first;
    *ret_last = DGL_MIN(last, size - 1);
    return HTTP_RANGE_PART;
}

static struct dgl_str strip_weak(struct dgl_str tag)
{
    return dgl_str_starts(tag, "W/") ? (struct dgl_str){tag.data + 2, tag.len - 2} : tag;
}

// The next element of a comma-separated list; commas inside quotes are its own.
static bool next_element(const char **p, struct dgl_str *ret)
{
    if (**p == '\0')
        return false;
    const char *start = *p, *s = start;
    for (bool quoted = false; *s && (quoted || *s != ','); s++)
        quoted ^= *s == '"';
    *ret = dgl_str_trim((struct dgl_str){start, (size_t)(s - start)});
    *p = *s ? s + 1 : s;
    return true;
}

bool http_etag_listed(const char *list, const char *etag)
{
    struct dgl_str wanted = strip_weak(dgl_str_of(etag)), tag;
    while (next_element(&list, &tag))
        if (dgl_str_is(tag, "*") || dgl_str_equal(strip_weak(tag), wanted))
            return true;
    return false;
}

bool http_etag_listed_strongly(const char *list, const char *etag)
{
    struct dgl_str tag;
    while (next_element(&list, &tag))
        if (dgl_str_is(tag, "*") || (dgl_str_is(tag, etag) && !dgl_str_starts(tag, "W/")))
            return true;
    return false;
}

bool http_if_range_holds(const char *text, const char *etag, int64_t modified_at_us)
{
    struct dgl_str value = dgl_str_trim(dgl_str_of(text));
    if (dgl_str_starts(value, "\"") || dgl_str_starts(value, "W/"))
        return etag && dgl_str_is(value, etag) && strncmp(etag, "W/", 2) != 0;
    char date[40];
    return modified_at_us > 0 && dgl_str_is(value, http_date_format(modified_at_us, date));
}

char *http_date_format(int64_t us, char out[40])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(us / DGL_US_PER_S);
    struct tm t;
    gmtime_r(&seconds, &t);
    snprintf(out, 40, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[t.tm_wday % 7], t.tm_mday % 100,
             months[t.tm_mon % 12], (t.tm_year + 1900) % 10000, t.tm_hour % 100, t.tm_min % 100, t.tm_sec % 100);
    return out;
}

bool http_date_parse(const char *s, int64_t *ret_s)
{
    struct tm t = {0};
    const char *end = strptime(s, "%a, %d %b %Y %H:%M:%S GMT", &t);
    if (!end || *end)
        return false;
    *ret_s = (int64_t)timegm(&t);
    return true;
}

// ";q=0", ";q=0.0"…: refused. Anything unreadable counts as accepted.
static bool quality_is_zero(struct dgl_str params)
{
    struct dgl_str p = dgl_str_trim(params);
    if (p.len < 3 || (p.data[0] != 'q' && p.data[0] != 'Q') || p.data[1] != '=' || p.data[2] != '0')
        return false;
    for (size_t i = 3; i < p.len; i++)
        if (p.data[i] != '.' && p.data[i] != '0')
            return false;
    return true;
}

bool http_accepts_gzip(const char *text)
{
    bool star = false;
    struct dgl_str element;
    while (next_element(&text, &element)) {
        const char *semicolon = memchr(element.data, ';', element.len);
        size_t name_len = semicolon ? (size_t)(semicolon - element.data) : element.len;
        struct dgl_str name = dgl_str_trim((struct dgl_str){element.data, name_len});
        bool refused = semicolon && quality_is_zero((struct dgl_str){semicolon + 1, element.len - name_len - 1});
        if (name.len == 4 && strncasecmp(name.data, "gzip", 4) == 0)
            return !refused;
        if (dgl_str_is(name, "*"))
            star = !refused;
    }
    return star;
}
