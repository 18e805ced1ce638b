// Reading what a caller sent: strictly, with the field's name in every complaint.
#include "server/api/parts.h"

#include "base/id.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_json_type(const char *type)
{
    struct dgl_str kind = dgl_str_trim((struct dgl_str){type, strcspn(type, ";")});
    return kind.len == strlen("application/json") && strncasecmp(kind.data, "application/json", kind.len) == 0;
}

enum dgl_status dgl_api_read_body(struct dgl_http_request *rq, json_t **ret, struct dgl_error *err)
{
    const char *type = dgl_http_header(rq, "Content-Type"), *data;
    size_t len;
    if (type && !is_json_type(type))
        return DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "json_required",
                             "This call takes JSON: send Content-Type application/json, not \"%.100s\".", type);
    dgl_http_body(rq, &data, &len);
    enum dgl_status status = dgl_json_parse(data, len, "body", ret, err);
    // The fields of the body are named without "body." before them.
    if (status == DGL_E_INVALID && strncmp(err->field, "body.", 5) == 0)
        status = dgl_json_parse(data, len, "", ret, err);
    return status;
}

static bool is_known(const char *keys, const char *name)
{
    const char *known;
    while ((known = dgl_api_query_name(&keys)) != NULL)
        if (strcmp(known, name) == 0)
            return true;
    return false;
}

static enum dgl_status refuse_query(const char *keys, const char *name, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) known = DGL_BUF_INIT(1024);
    for (const char *one; (one = dgl_api_query_name(&keys)) != NULL;)
        dgl_buf_printf(&known, "%s%s", known.len ? ", " : "; known are: ", one);
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_field", name,
                          "The query parameter \"%.100s\" is not known here%s.", name,
                          known.len ? known.data : "; this call takes none");
}

enum dgl_status dgl_api_check_query(struct dgl_http_request *rq, const char *keys, struct dgl_error *err)
{
    for (size_t i = 0; i < dgl_http_query_count(rq); i++) {
        const char *name = dgl_http_query_name(rq, i);
        if (!is_known(keys, name))
            return refuse_query(keys, name, err);
        for (size_t k = 0; k < i; k++)
            if (strcmp(dgl_http_query_name(rq, k), name) == 0)
                return DGL_FAIL_FIELD(err, DGL_E_INVALID, "duplicate_field", name,
                                      "The query has %.100s twice; send it once.", name);
    }
    return DGL_OK;
}

enum dgl_status dgl_api_read_number(struct dgl_http_request *rq, const char *name, int64_t min, int64_t max,
                                    int64_t *ret, struct dgl_error *err)
{
    const char *text = dgl_http_query(rq, name);
    if (text && !dgl_parse_int64(text, strlen(text), min, max, ret))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", name,
                              "%s must be a whole number from %lld to %lld, not \"%.40s\".", name, (long long)min,
                              (long long)max, text);
    return DGL_OK;
}

const char *dgl_api_lower_id(struct dgl_http_request *rq, const char *text)
{
    if (!text || strlen(text) != DGL_ID_LEN)
        return text;
    char *lower = dgl_arena_strdup(dgl_http_arena(rq), text);
    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'F')
            *c = (char)(*c - 'A' + 'a');
    return dgl_id_valid(lower, DGL_ID_LEN) ? lower : text;
}

const char *dgl_api_id(struct dgl_http_request *rq)
{
    return dgl_api_lower_id(rq, dgl_http_param(rq, "id"));
}

enum dgl_status dgl_api_read_id(struct dgl_http_request *rq, const char *name, const char **ret, struct dgl_error *err)
{
    const char *text = dgl_api_lower_id(rq, dgl_http_query(rq, name));
    if (text && !dgl_id_valid(text, strlen(text)))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_id", name,
                              "%s must be an id like 0190b2a0-0000-7000-8000-000000000000, not \"%.40s\".", name, text);
    *ret = text;
    return DGL_OK;
}

enum dgl_status dgl_api_read_page(struct dgl_http_request *rq, struct dgl_page_query *ret, bool *ret_given,
                                  struct dgl_error *err)
{
    struct dgl_page_query page = {.limit = DGL_PAGE_DEFAULT, .cursor = dgl_http_query(rq, "cursor")};
    DGL_TRY(dgl_api_read_number(rq, "limit", 1, DGL_PAGE_MAX, &page.limit, err));
    *ret_given = page.cursor || dgl_http_query(rq, "limit");
    *ret = page;
    return DGL_OK;
}

enum dgl_status dgl_api_read_window(struct dgl_http_request *rq, const void *rows, size_t count, api_id_of id_of,
                                    struct api_window *ret, struct dgl_error *err)
{
    struct dgl_page_query page;
    bool given;
    size_t first = 0;
    DGL_TRY(dgl_api_read_page(rq, &page, &given, err));
    if (page.cursor) {
        while (first < count && strcmp(id_of(rows, first), page.cursor) != 0)
            first++;
        if (first == count)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_cursor", "cursor",
                                  "cursor is not one that this list returned, or what it stood for was deleted; leave "
                                  "it out to start at the first page.");
        first++;
    }
    size_t end = DGL_MIN(count, first + (size_t)page.limit);
    *ret = (struct api_window){.first = first, .end = end, .next = end < count ? id_of(rows, end - 1) : ""};
    return DGL_OK;
}

enum dgl_status dgl_api_read_bool(const char *value, const char *field, bool *ret, struct dgl_error *err)
{
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", field, "%s must be true or false, not \"%.40s\".",
                              field, value);
    *ret = value[0] == 't';
    return DGL_OK;
}

enum dgl_status dgl_api_read_time(struct dgl_http_request *rq, const char *name, int64_t *ret_us, struct dgl_error *err)
{
    const char *value = dgl_http_query(rq, name);
    if (value && !dgl_time_parse(value, strlen(value), ret_us))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_time", name,
                              "%s must be a time like 2024-01-15T10:30:00Z, not \"%.40s\"%s.", name, value,
                              strchr(value, ' ') ? "; a plus sign is written %2B in a query" : "");
    return DGL_OK;
}

enum dgl_status dgl_api_read_word(struct dgl_http_request *rq, const char *name, const char *(*word)(int), int count,
                                  int *ret, struct dgl_error *err)
{
    const char *value = dgl_http_query(rq, name);
    *ret = -1;
    if (!value)
        return DGL_OK;
    char words[256] = "";
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        if (strcmp(value, word(i)) == 0) {
            *ret = i;
            return DGL_OK;
        }
        if (used < sizeof(words))
            used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s", i ? ", " : "", word(i));
    }
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_word", name, "%s is \"%.40s\"; known are: %s.", name, value,
                          words);
}

enum dgl_status dgl_api_read_formats(const char *word, unsigned *ret, struct dgl_error *err)
{
    if (dgl_format_parse(word, ret))
        return DGL_OK;
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_format", "output_format",
                          "output_format must be pdf, docx or both, not \"%.40s\".", word);
}

// ---- finding one member's bytes in text that is known to be a JSON object

static size_t skip_space(const char *json, size_t len, size_t at)
{
    while (at < len && (json[at] == ' ' || json[at] == '\t' || json[at] == '\r' || json[at] == '\n'))
        at++;
    return at;
}

static size_t skip_string(const char *json, size_t len, size_t at)
{
    for (at++; at < len && json[at] != '"'; at++)
        at += json[at] == '\\';
    return DGL_MIN(at + 1, len);
}

// To the comma or bracket behind the value that begins at `at`.
static size_t skip_value(const char *json, size_t len, size_t at)
{
    for (unsigned depth = 0; at < len;) {
        char c = json[at];
        if (c == '"') {
            at = skip_string(json, len, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
    }
    return at;
}

bool dgl_api_find_member(const char *json, size_t len, const char *name, const char **ret, size_t *ret_len)
{
    size_t name_len = strlen(name), at = skip_space(json, len, 0);
    for (at++; at < len;) { // past '{' or ','
        size_t key = skip_space(json, len, at);
        if (key >= len || json[key] != '"')
            return false;
        at = skip_string(json, len, key);
        bool found = at - key == name_len + 2 && memcmp(json + key + 1, name, name_len) == 0;
        size_t start = skip_space(json, len, skip_space(json, len, at) + 1); // past the colon
        at = skip_value(json, len, start);
        if (found) {
            struct dgl_str value = dgl_str_trim((struct dgl_str){json + start, at - start});
            *ret = value.data;
            *ret_len = value.len;
            return true;
        }
        if (at >= len || json[at] != ',')
            return false;
        at++;
    }
    return false;
}
