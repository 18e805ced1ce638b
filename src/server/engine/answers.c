// Each text has one shape that a whole worker writes; anything else means that a document took the worker over, or that
// it wrote past its end, and the job fails like one whose worker crashed.
#include "server/engine/answers.h"

#include "render/layout/font_file.h"
#include <string.h>

static bool is_problem(const json_t *p)
{
    static const struct {
        const char *key;
        bool required;
    } strings[] = {{"severity", true}, {"code", true},     {"message", true},
                   {"part", false},    {"excerpt", false}, {"tag", false}};
    if (!json_is_object(p) || json_object_size(p) != DGL_COUNT(strings) + 1)
        return false;
    for (size_t i = 0; i < DGL_COUNT(strings); i++) {
        const json_t *v = json_object_get(p, strings[i].key);
        if (!json_is_string(v) && (strings[i].required || !json_is_null(v)))
            return false;
    }
    const char *severity = json_string_value(json_object_get(p, "severity"));
    const json_t *paragraph = json_object_get(p, "paragraph");
    return (strcmp(severity, "error") == 0 || strcmp(severity, "warning") == 0) &&
           (json_is_null(paragraph) || json_is_integer(paragraph));
}

static bool is_token(const json_t *t)
{
    const json_t *children = json_object_get(t, "children"), *child;
    size_t i;
    if (!json_is_string(json_object_get(t, "name")) || !json_is_string(json_object_get(t, "type")) ||
        (children && !json_is_array(children)))
        return false;
    json_array_foreach(children, i, child) // depth is bounded by the parser
        if (!is_token(child)) return false;
    return true;
}

static bool is_finding(const json_t *f)
{
    static const char *const strings[] = {"name", "support", "effect", "part"};
    for (size_t i = 0; i < DGL_COUNT(strings); i++)
        if (!json_is_string(json_object_get(f, strings[i])))
            return false;
    return json_object_size(f) == DGL_COUNT(strings) + 2 && json_is_integer(json_object_get(f, "count")) &&
           json_is_integer(json_object_get(f, "paragraph"));
}

static bool is_string(const json_t *s)
{
    return json_is_string(s);
}

// A copy of a text that is a JSON array of what `is_item` says; NULL for an empty text and for anything else.
static char *take_json_array(const char *text, size_t len, bool (*is_item)(const json_t *), bool *ret_bad)
{
    if (len == 0)
        return NULL;
    struct dgl_error ignored;
    DGL_AUTO_JSON json = NULL;
    const json_t *item;
    size_t i;
    bool good = dgl_json_parse(text, len, "result", &json, &ignored) == DGL_OK && json_is_array(json);
    if (good)
        json_array_foreach(json, i, item) good = good && is_item(item);
    if (!good)
        *ret_bad = true;
    return good ? dgl_strndup(text, len) : NULL;
}

char *dgl_answer_take_problems(const struct dgl_wire_answer *a, bool *ret_bad)
{
    return take_json_array(a->problems, a->head.problems_len, is_problem, ret_bad);
}

char *dgl_answer_take_tokens(const struct dgl_wire_answer *a, bool *ret_bad)
{
    return take_json_array(a->tokens, a->head.tokens_len, is_token, ret_bad);
}

char *dgl_answer_take_findings(const struct dgl_wire_answer *a, bool *ret_bad)
{
    return take_json_array(a->findings, a->head.findings_len, is_finding, ret_bad);
}

char *dgl_answer_take_warnings(const struct dgl_wire_answer *a, bool *ret_bad)
{
    return take_json_array(a->warnings, a->head.warnings_len, is_string, ret_bad);
}

// Facts as they must be, and a path of nothing but coordinates.
static bool is_font(const char *text, size_t len)
{
    struct dgl_error ignored;
    struct dgl_font_facts facts;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_JSON json = NULL;
    if (dgl_json_parse(text, len, "result", &json, &ignored) != DGL_OK || json_object_size(json) != 2)
        return false;
    const json_t *sample = json_object_get(json, "sample"), *path = json_object_get(sample, "path");
    return dgl_font_facts_read(json_object_get(json, "faces"), arena, &facts) && json_object_size(sample) == 2 &&
           json_is_string(path) && json_string_length(path) <= DGL_FONT_SAMPLE_BYTES &&
           strspn(json_string_value(path), "MLQCZ0123456789- ") == json_string_length(path) &&
           json_is_integer(json_object_get(sample, "width"));
}

char *dgl_answer_take_font(const struct dgl_wire_answer *a, bool *ret_bad)
{
    if (is_font(a->tokens, a->head.tokens_len))
        return dgl_strndup(a->tokens, a->head.tokens_len);
    *ret_bad = true;
    return NULL;
}
