// Form Mode: the data of a document as the fields of a form, and the form's fields as data again.
//
// A field is named by its place in the data, as a JSON Pointer (RFC 6901): "/customer/name", "/items/0/quantity". So
// the form needs no state beside it, and what the form cannot show (members the template does not name, rich values) is
// kept: the fields are laid over the data they were made from.
//
// The page's template cannot call itself, so nesting comes as a flat list of parts, like tags of XML: "group" … "end",
// "list" "row" … "end-row" "end-list", and "field" between them.
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "server/ui/model.h"

#define MAX_DEPTH 6  // groups and lists inside each other
#define MAX_ROWS 500 // of one list
#define MAX_PATH DGL_UI_MAX_POINTER
#define MAX_PARTS 4000

enum shape { SHAPE_FIELD, SHAPE_GROUP, SHAPE_LIST };

static enum shape shape_of(const json_t *token)
{
    const char *type = json_string_value(json_object_get(token, "type"));
    if (type && strcmp(type, "list") == 0)
        return SHAPE_LIST;
    bool is_group = (type && strcmp(type, "object") == 0) || json_array_size(json_object_get(token, "children")) > 0;
    return is_group ? SHAPE_GROUP : SHAPE_FIELD;
}

// path + "/" + name with ~ and / escaped. False: too long, the token is left out of the form.
static bool put_path(char out[MAX_PATH], const char *path, const char *name)
{
    size_t n = strlen(path);
    if (n + 2 >= MAX_PATH)
        return false;
    memmove(out, path, n);
    out[n++] = '/';
    for (; *name; name++) {
        if (n + 3 >= MAX_PATH)
            return false;
        if (*name == '~' || *name == '/')
            out[n++] = '~';
        out[n++] = *name == '~' ? '0' : *name == '/' ? '1' : *name;
    }
    out[n] = '\0';
    return true;
}

static bool put_row_path(char out[MAX_PATH], const char *path, size_t row)
{
    int n = snprintf(out, MAX_PATH, "%s/%zu", path, row);
    return n > 0 && n < MAX_PATH;
}

// ---- data as a form

static bool is_long(const char *name)
{
    static const char *const ends[] = {"notes",   "note", "comment", "comments", "message", "remarks", "body",
                                       "summary", "text", "intro",   "terms",    "reason",  "letter"};
    size_t len = strlen(name);
    for (size_t i = 0; i < DGL_COUNT(ends); i++) {
        size_t end = strlen(ends[i]);
        if (len >= end && strcmp(name + len - end, ends[i]) == 0)
            return true;
    }
    return false;
}

// What kind of control: the token's type, unless the value there is of another one.
static const char *control_of(const json_t *token, const char *name, const json_t *value)
{
    const char *type = json_string_value(json_object_get(token, "type"));
    if (json_is_object(value) || json_is_array(value))
        return "kept";
    if (!type || strcmp(type, "text") == 0)
        return is_long(name) || (json_is_string(value) && strchr(json_string_value(value), '\n')) ? "long" : "text";
    if (strcmp(type, "boolean") == 0)
        return !value || json_is_null(value) || json_is_boolean(value) ? type : "text";
    if (strcmp(type, "number") == 0)
        return !value || json_is_null(value) || json_is_number(value) ? type : "text";
    if (strcmp(type, "date") == 0) {
        const char *s = json_is_string(value) ? json_string_value(value) : "";
        return *s == '\0' || (strlen(s) == 10 && s[4] == '-' && s[7] == '-') ? type : "text";
    }
    return strcmp(type, "image") == 0 ? type : "text";
}

static json_t *value_text(const json_t *value)
{
    if (json_is_string(value))
        return json_incref((json_t *)value);
    if (!value || json_is_null(value) || json_is_object(value) || json_is_array(value))
        return json_string("");
    DGL_AUTO_PTR char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(DGL_UI_NUMBER_DIGITS));
    return dgl_ui_text(text ? text : "");
}

// "unit_price" reads "Unit price".
static void set_title(json_t *part, const char *name)
{
    DGL_AUTO_JSON title = dgl_ui_title(name);
    json_object_set(part, "title", title);
}

static json_t *add_part(json_t *list, const char *part, const char *path)
{
    json_t *o = json_object();
    dgl_ui_set_text(o, "part", part);
    dgl_ui_set_text(o, "path", path);
    json_array_append_new(list, o);
    return o;
}

static void add_field(json_t *list, const json_t *token, const char *name, const char *path, const json_t *value)
{
    json_t *o = add_part(list, "field", path);
    set_title(o, name);
    dgl_ui_set_text(o, "kind", control_of(token, name, value));
    json_object_set_new(o, "value", value_text(value));
    json_object_set_new(o, "error", json_null());
}

static void add_tokens(json_t *list, const json_t *tokens, const json_t *data, const char *path, int depth);

static void add_list(json_t *list, const json_t *token, const char *name, const char *path, const json_t *value,
                     int depth)
{
    const json_t *children = json_object_get(token, "children");
    bool plain = json_array_size(children) == 0;
    json_t *o = add_part(list, "list", path);
    set_title(o, name);
    json_object_set_new(o, "plain", json_boolean(plain));
    for (size_t i = 0; i < json_array_size(value) && i < MAX_ROWS && json_array_size(list) < MAX_PARTS; i++) {
        char row_path[MAX_PATH];
        if (!put_row_path(row_path, path, i))
            break;
        const json_t *item = json_array_get(value, i);
        json_t *row = add_part(list, "row", row_path);
        json_object_set_new(row, "number", json_integer((json_int_t)i + 1));
        json_object_set(row, "title", json_object_get(o, "title"));
        json_object_set_new(row, "plain", json_boolean(plain));
        if (plain || !json_is_object(item))
            add_field(list, NULL, name, row_path, item);
        else
            add_tokens(list, children, item, row_path, depth + 1);
        json_object_set(add_part(list, "end-row", row_path), "title", json_object_get(o, "title"));
        json_object_set_new(json_array_get(list, json_array_size(list) - 1), "number", json_integer((json_int_t)i + 1));
    }
    json_object_set(add_part(list, "end-list", path), "title", json_object_get(o, "title"));
}

static void add_tokens(json_t *list, const json_t *tokens, const json_t *data, const char *path, int depth)
{
    size_t index;
    json_t *token;
    json_array_foreach((json_t *)tokens, index, token)
    {
        const char *name = json_string_value(json_object_get(token, "name"));
        char at[MAX_PATH];
        if (!name || depth > MAX_DEPTH || json_array_size(list) >= MAX_PARTS || !put_path(at, path, name))
            continue;
        const json_t *value = json_object_get(data, name);
        enum shape shape = shape_of(token);
        if (shape == SHAPE_LIST && (!value || json_is_null(value) || json_is_array(value))) {
            add_list(list, token, name, at, value, depth);
        } else if (shape == SHAPE_GROUP && (!value || json_is_null(value) || json_is_object(value))) {
            set_title(add_part(list, "group", at), name);
            add_tokens(list, json_object_get(token, "children"), value, at, depth + 1);
            add_part(list, "end", at);
        } else {
            add_field(list, token, name, at, value);
        }
    }
}

json_t *dgl_ui_form_parts(const json_t *tokens, const json_t *data)
{
    json_t *list = json_array();
    add_tokens(list, tokens, data, "", 0);
    return list;
}

// ---- empty data

static json_t *empty_group(const json_t *children, int depth)
{
    json_t *o = json_object();
    size_t index;
    json_t *token;
    json_array_foreach((json_t *)children, index, token)
    {
        const char *name = json_string_value(json_object_get(token, "name"));
        const json_t *inner = json_object_get(token, "children");
        if (!name || depth > MAX_DEPTH)
            continue;
        enum shape shape = shape_of(token);
        if (shape == SHAPE_LIST)
            json_object_set_new(
                o, name, json_pack("[o]", json_array_size(inner) ? empty_group(inner, depth + 1) : json_string("")));
        else if (shape == SHAPE_GROUP)
            json_object_set_new(o, name, empty_group(inner, depth + 1));
    }
    return o;
}

json_t *dgl_ui_form_empty(const json_t *tokens)
{
    return empty_group(tokens, 0);
}

// ---- a form as data

struct reader {
    const char *(*field)(void *ctx, const char *path); // NULL: not in the form
    void *ctx;
    char *error_path; // the first field that cannot be read; MAX_PATH bytes
};

static json_t *read_field(struct reader *r, const json_t *token, const char *path, const json_t *base)
{
    const char *text = r->field(r->ctx, path);
    const char *type = json_string_value(json_object_get(token, "type"));
    if (!text)
        return json_incref((json_t *)base);
    bool is_text = !type || strcmp(type, "text") == 0 || (json_is_string(base) && strcmp(type, "date") != 0);
    if (is_text)
        return dgl_ui_text(text);
    if (*text == '\0') // not given, as when a program leaves the member out
        return NULL;
    if (strcmp(type, "boolean") == 0)
        return json_boolean(strcmp(text, "true") == 0);
    if (strcmp(type, "number") == 0) {
        int64_t whole;
        double real;
        if (dgl_parse_int64(text, strlen(text), INT64_MIN, INT64_MAX, &whole))
            return json_integer(whole);
        if (dgl_parse_double(text, strlen(text), &real))
            return json_real(real);
        if (!r->error_path[0])
            dgl_str_copy(r->error_path, MAX_PATH, path, strlen(path));
    }
    return dgl_ui_text(text);
}

static json_t *read_tokens(struct reader *r, const json_t *tokens, const json_t *base, const char *path, int depth);

static json_t *read_list(struct reader *r, const json_t *token, const char *path, const json_t *base, int depth)
{
    const json_t *children = json_object_get(token, "children");
    json_t *list = json_array();
    for (size_t i = 0; i < MAX_ROWS; i++) {
        char at[MAX_PATH];
        if (!put_row_path(at, path, i) || !r->field(r->ctx, at))
            break;
        const json_t *item = json_array_get(base, i);
        bool plain = json_array_size(children) == 0 || (item && !json_is_object(item));
        json_t *value = plain ? read_field(r, NULL, at, item) : read_tokens(r, children, item, at, depth + 1);
        json_array_append_new(list, value ? value : json_null());
    }
    return list;
}

static json_t *read_tokens(struct reader *r, const json_t *tokens, const json_t *base, const char *path, int depth)
{
    json_t *o = json_is_object(base) ? json_copy((json_t *)base) : json_object();
    size_t index;
    json_t *token;
    json_array_foreach((json_t *)tokens, index, token)
    {
        const char *name = json_string_value(json_object_get(token, "name"));
        char at[MAX_PATH];
        if (!name || depth > MAX_DEPTH || !put_path(at, path, name))
            continue;
        const json_t *old = json_object_get(base, name);
        enum shape shape = shape_of(token);
        json_t *value;
        if (shape == SHAPE_LIST && (!old || json_is_null(old) || json_is_array(old)))
            value = read_list(r, token, at, old, depth);
        else if (shape == SHAPE_GROUP && (!old || json_is_null(old) || json_is_object(old)))
            value = read_tokens(r, json_object_get(token, "children"), old, at, depth + 1);
        else
            value = read_field(r, token, at, old);
        if (value)
            json_object_set_new(o, name, value);
        else
            json_object_del(o, name);
    }
    return o;
}

json_t *dgl_ui_form_read(const json_t *tokens, const json_t *base, const char *(*field)(void *ctx, const char *path),
                         void *ctx, char error_path[DGL_UI_MAX_POINTER])
{
    struct reader r = {.field = field, .ctx = ctx, .error_path = error_path};
    error_path[0] = '\0';
    return read_tokens(&r, tokens, base, "", 0);
}

void dgl_ui_form_mark(json_t *parts, const char *path, const char *key, json_t *value)
{
    size_t index;
    json_t *part;
    json_array_foreach(parts, index, part)
    {
        const char *at = json_string_value(json_object_get(part, "path"));
        const char *kind = json_string_value(json_object_get(part, "part"));
        bool inside = strncmp(at, path, strlen(path)) == 0 && (!at[strlen(path)] || at[strlen(path)] == '/');
        if (strcmp(kind, "field") == 0 && inside) {
            json_object_set_new(part, key, value);
            return;
        }
    }
    json_decref(value);
}

// ---- rows

// What a pointer names. The data's own members only: nothing is made on the way.
json_t *dgl_ui_form_find(json_t *data, const char *path)
{
    while (data && *path == '/') {
        char name[MAX_PATH];
        size_t n = 0;
        for (path++; *path && *path != '/'; path++) {
            char c = *path;
            if (c == '~' && (path[1] == '0' || path[1] == '1'))
                c = *++path == '0' ? '~' : '/';
            if (n + 1 < sizeof(name))
                name[n++] = c;
        }
        name[n] = '\0';
        int64_t index;
        if (json_is_object(data))
            data = json_object_get(data, name);
        else if (json_is_array(data) && dgl_parse_int64(name, n, 0, MAX_ROWS, &index))
            data = json_array_get(data, (size_t)index);
        else
            return NULL;
    }
    return data;
}

// The token whose values stand at a pointer: rows' numbers are passed over.
static const json_t *token_at(const json_t *tokens, const char *path)
{
    const json_t *token = NULL;
    while (*path == '/') {
        size_t len = strcspn(path + 1, "/");
        int64_t row;
        bool is_row = token && shape_of(token) == SHAPE_LIST && dgl_parse_int64(path + 1, len, 0, MAX_ROWS, &row);
        if (!is_row) {
            const json_t *list = token ? json_object_get(token, "children") : tokens, *found = NULL;
            for (size_t i = 0; i < json_array_size(list) && !found; i++) {
                char at[MAX_PATH];
                const json_t *t = json_array_get(list, i);
                const char *name = json_string_value(json_object_get(t, "name"));
                if (name && put_path(at, "", name) && strlen(at) == len + 1 && memcmp(at, path, len + 1) == 0)
                    found = t;
            }
            if (!found)
                return NULL;
            token = found;
        }
        path += len + 1;
    }
    return token;
}

bool dgl_ui_form_add_row(const json_t *tokens, json_t *data, const char *path)
{
    const json_t *token = token_at(tokens, path);
    json_t *list = dgl_ui_form_find(data, path);
    if (!token || shape_of(token) != SHAPE_LIST || !json_is_array(list) || json_array_size(list) >= MAX_ROWS)
        return false;
    const json_t *children = json_object_get(token, "children");
    return json_array_append_new(list, json_array_size(children) ? empty_group(children, 0) : json_string("")) == 0;
}

bool dgl_ui_form_remove_row(json_t *data, const char *path)
{
    const char *slash = strrchr(path, '/');
    char parent[MAX_PATH];
    int64_t index;
    if (!slash || (size_t)(slash - path) >= sizeof(parent) ||
        !dgl_parse_int64(slash + 1, strlen(slash + 1), 0, MAX_ROWS, &index))
        return false;
    dgl_str_copy(parent, sizeof(parent), path, (size_t)(slash - path));
    json_t *list = dgl_ui_form_find(data, parent);
    return json_is_array(list) && json_array_remove(list, (size_t)index) == 0;
}

// ---- rows that nobody filled in

bool dgl_ui_form_is_blank(const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) == 0;
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!dgl_ui_form_is_blank(json_array_get(value, i)))
                return false;
        return true;
    }
    if (json_is_object(value)) {
        const char *key;
        json_t *member;
        json_object_foreach((json_t *)value, key, member) if (!dgl_ui_form_is_blank(member)) return false;
        return true;
    }
    return !value || json_is_null(value) || json_is_false(value);
}

void dgl_ui_form_prune(const json_t *tokens, json_t *data)
{
    size_t index;
    json_t *token;
    json_array_foreach((json_t *)tokens, index, token)
    {
        const char *name = json_string_value(json_object_get(token, "name"));
        const json_t *children = json_object_get(token, "children");
        json_t *value = name ? json_object_get(data, name) : NULL;
        if (json_is_object(value))
            dgl_ui_form_prune(children, value);
        for (size_t i = json_array_size(value); shape_of(token) == SHAPE_LIST && i-- > 0;) {
            if (dgl_ui_form_is_blank(json_array_get(value, i)))
                json_array_remove(value, i);
            else
                dgl_ui_form_prune(children, json_array_get(value, i));
        }
    }
}

// ---- fields left empty

// A date or number that nobody typed is an empty text, as an empty cell of a sheet is: filters print nothing for it.
void dgl_ui_form_fill(const json_t *tokens, json_t *data)
{
    size_t index;
    json_t *token;
    json_array_foreach((json_t *)tokens, index, token)
    {
        const char *name = json_string_value(json_object_get(token, "name"));
        const char *type = json_string_value(json_object_get(token, "type"));
        const json_t *children = json_object_get(token, "children");
        json_t *value = name ? json_object_get(data, name) : NULL;
        bool typed = type && (strcmp(type, "date") == 0 || strcmp(type, "number") == 0);
        if (name && !value && typed && shape_of(token) == SHAPE_FIELD)
            json_object_set_new(data, name, json_string(""));
        if (json_is_object(value))
            dgl_ui_form_fill(children, value);
        for (size_t i = 0; shape_of(token) == SHAPE_LIST && i < json_array_size(value); i++)
            if (json_is_object(json_array_get(value, i)))
                dgl_ui_form_fill(children, json_array_get(value, i));
    }
}
