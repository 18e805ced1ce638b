// View models of templates: rows, versions, the token tree, sample data, problems, the curl line.
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/ui/model.h"

#define MAX_TOKEN_DEPTH 8
#define MAX_TOKENS_SHOWN 500
#define MAX_SHOWN_DEPTH 3 // further levels are not moved in any further

json_t *dgl_ui_template(const struct dgl_template_row *t, const char *file_name)
{
    json_t *o = json_object();
    dgl_ui_set_text(o, "id", t->id);
    dgl_ui_set_text(o, "name", t->name);
    dgl_ui_set_text(o, "description", t->description);
    dgl_ui_set_text(o, "file_name", file_name);
    json_object_set_new(o, "version", json_integer(t->version));
    json_object_set_new(o, "updated", dgl_ui_time(t->updated_at_us > 0 ? t->updated_at_us : t->created_at_us));
    return o;
}

json_t *dgl_ui_version(const struct dgl_template_version_row *v, int64_t current)
{
    json_t *o = json_object();
    json_object_set_new(o, "version", json_integer(v->version));
    json_object_set_new(o, "current", json_boolean(v->version == current));
    dgl_ui_set_text(o, "file_name", v->file_name);
    json_object_set_new(o, "size", dgl_ui_size(v->size_bytes));
    json_object_set_new(o, "created", dgl_ui_time(v->created_at_us));
    return o;
}

static bool has_children(const json_t *token)
{
    return json_array_size(json_object_get(token, "children")) > 0;
}

static const char *token_type(const json_t *token)
{
    const char *type = json_string_value(json_object_get(token, "type"));
    if (!type)
        type = "text";
    bool is_group = strcmp(type, "object") == 0 || (has_children(token) && strcmp(type, "list") != 0);
    return is_group ? "group" : type;
}

static const char *type_title(const char *type)
{
    static const struct {
        const char *type, *title;
    } titles[] = {{"text", "Text"}, {"date", "Date"},   {"number", "Number"}, {"boolean", "Yes or no"},
                  {"list", "List"}, {"image", "Image"}, {"group", "Group"}};
    for (size_t i = 0; i < DGL_COUNT(titles); i++)
        if (strcmp(type, titles[i].type) == 0)
            return titles[i].title;
    return "Text";
}

static void flatten(json_t *list, const json_t *tokens, int depth)
{
    size_t index;
    json_t *token;
    json_array_foreach((json_t *)tokens, index, token)
    {
        if (json_array_size(list) >= MAX_TOKENS_SHOWN || depth >= MAX_TOKEN_DEPTH)
            return;
        const char *type = token_type(token);
        json_t *o = json_object();
        json_object_set(o, "name", json_object_get(token, "name"));
        dgl_ui_set_text(o, "kind", type);
        dgl_ui_set_text(o, "kind_title", type_title(type));
        json_object_set_new(o, "depth", json_integer(DGL_MIN(depth, MAX_SHOWN_DEPTH)));
        json_array_append_new(list, o);
        flatten(list, json_object_get(token, "children"), depth + 1);
    }
}

json_t *dgl_ui_tokens(const json_t *tokens)
{
    json_t *list = json_array();
    flatten(list, tokens, 0);
    return list;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcasecmp(name + len - end_len, end) == 0;
}

// Where the name says what kind of text or number it is, the example is one: filters such as currency() need it.
static json_t *sample_by_name(const char *name)
{
    static const struct {
        const char *end, *text;
        int number;
    } known[] = {{"currency", "EUR", 0},
                 {"email", "name@example.com", 0},
                 {"url", "https://example.com", 0},
                 {"website", "https://example.com", 0},
                 {"phone", "+1 555 0100", 0},
                 {"locale", "en_US", 0},
                 {"quantity", NULL, 2},
                 {"qty", NULL, 2},
                 {"rate", NULL, 20},
                 {"percent", NULL, 20}};
    for (size_t i = 0; i < DGL_COUNT(known); i++)
        if (ends_with(name, known[i].end))
            return known[i].text ? json_string(known[i].text) : json_integer(known[i].number);
    return NULL;
}

// Short words that people write in capitals.
static bool is_acronym(const char *word, size_t len)
{
    static const char *const known[] = {"vat", "iban", "bic", "id", "url", "sku", "po", "pin", "isbn", "tin", "eori"};
    for (size_t i = 0; i < DGL_COUNT(known); i++)
        if (strlen(known[i]) == len && memcmp(known[i], word, len) == 0)
            return true;
    return false;
}

json_t *dgl_ui_title(const char *name)
{
    char text[96];
    snprintf(text, sizeof(text), "%s", name);
    for (char *word = text; *word;) {
        size_t len = strcspn(word, "_");
        size_t capitals = is_acronym(word, len) ? len : word == text;
        for (size_t i = 0; i < capitals; i++)
            word[i] = (char)toupper((unsigned char)word[i]);
        word += len;
        if (*word)
            *word++ = ' ';
    }
    return dgl_ui_text(text);
}

static json_t *sample_of(const json_t *token, int depth);

static json_t *sample_group(const json_t *children, int depth)
{
    json_t *o = json_object();
    size_t index;
    json_t *child;
    json_array_foreach((json_t *)children, index, child)
    {
        const char *name = json_string_value(json_object_get(child, "name"));
        if (name && depth < MAX_TOKEN_DEPTH)
            json_object_set_new(o, name, sample_of(child, depth + 1));
    }
    return o;
}

static json_t *sample_of(const json_t *token, int depth)
{
    static const char pixel[] =
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGA"
        "hKmMIQAAAABJRU5ErkJggg==";
    const json_t *children = json_object_get(token, "children");
    const char *type = token_type(token);
    const char *name = json_string_value(json_object_get(token, "name"));
    if (!name)
        name = "text";
    if (strcmp(type, "list") == 0)
        return json_pack("[o]", has_children(token) ? sample_group(children, depth) : dgl_ui_title(name));
    if (strcmp(type, "group") == 0)
        return sample_group(children, depth);
    if (strcmp(type, "date") == 0)
        return json_string("2025-01-15");
    json_t *known = strcmp(type, "text") == 0 || strcmp(type, "number") == 0 ? sample_by_name(name) : NULL;
    if (known)
        return known;
    if (strcmp(type, "number") == 0)
        return json_integer(100);
    if (strcmp(type, "boolean") == 0)
        return json_true();
    if (strcmp(type, "image") == 0)
        return json_string(pixel);
    return dgl_ui_title(name);
}

json_t *dgl_ui_sample(const json_t *tokens)
{
    return sample_group(tokens, 0);
}

static json_t *problem(const char *part, int64_t paragraph, const char *message, const char *excerpt, const char *tag)
{
    json_t *o = json_object();
    char place[160] = "";
    if (part && part[0] && paragraph > 0)
        snprintf(place, sizeof(place), "%s, paragraph %lld", part, (long long)paragraph);
    else if (part)
        snprintf(place, sizeof(place), "%s", part);
    place[0] = (char)toupper((unsigned char)place[0]);
    dgl_ui_set_text(o, "place", place);
    dgl_ui_set_text(o, "message", message);
    dgl_ui_set_text(o, "excerpt", excerpt);
    dgl_ui_set_text(o, "tag", tag);
    return o;
}

static const char *member(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void add_problems(json_t *list, const json_t *problems, bool errors)
{
    size_t index;
    json_t *p;
    json_array_foreach((json_t *)problems, index, p)
    {
        bool is_error = strcmp(member(p, "severity"), "warning") != 0;
        if (is_error == errors)
            json_array_append_new(list, problem(member(p, "part"), json_integer_value(json_object_get(p, "paragraph")),
                                                member(p, "message"), member(p, "excerpt"), member(p, "tag")));
    }
}

json_t *dgl_ui_problems(const char *problems_json)
{
    json_t *list = json_array();
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_JSON problems = NULL;
    if (!problems_json || dgl_json_parse(problems_json, strlen(problems_json), "problems", &problems, &err) != DGL_OK)
        return list;
    add_problems(list, problems, true);
    add_problems(list, problems, false);
    return list;
}

json_t *dgl_ui_problem_of_error(const struct dgl_error *err)
{
    if (!err->place.part[0] && !err->place.tag[0])
        return json_null();
    return problem(err->place.part, err->place.paragraph, err->message, err->place.excerpt, err->place.tag);
}

// Inside single quotes a shell takes everything as it is, except the quote itself.
static void put_quoted(struct dgl_buf *out, const char *s)
{
    dgl_buf_putc(out, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            dgl_buf_puts(out, "'\\''");
        else
            dgl_buf_putc(out, *s);
    }
    dgl_buf_putc(out, '\'');
}

json_t *dgl_ui_curl(const char *public_url, const char *key, const char *template_id, const json_t *sample)
{
    DGL_AUTO_JSON body = json_object();
    dgl_ui_set_text(body, "template_id", template_id);
    json_object_set(body, "input_json", (json_t *)sample);
    json_object_set_new(body, "output_format", json_string("pdf"));
    DGL_AUTO_PTR char *text = json_dumps(body, JSON_COMPACT);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) url = DGL_BUF_INIT(4096);
    dgl_buf_printf(&url, "%s/api/v1/documents/", public_url);
    dgl_buf_puts(&out, "curl -X POST ");
    put_quoted(&out, url.data ? url.data : "");
    dgl_buf_printf(&out, " \\\n  -H 'X-API-Key: %s' \\\n", key);
    dgl_buf_puts(&out, "  -H 'Content-Type: application/json' \\\n  -d ");
    put_quoted(&out, text ? text : "{}");
    return json_stringn(out.data, out.len);
}
