// The OpenAPI 3.1 document, written from the table of routes: what is not in the table cannot be in the document, and
// the other way round.
#include "server/api/parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void put_ref(struct dgl_json_writer *w, const char *kind, const char *name, size_t len)
{
    char ref[160];
    snprintf(ref, sizeof(ref), "#/components/%s/%.*s", kind, (int)len, name);
    dgl_jw_object(w);
    dgl_jw_kstr(w, "$ref", ref);
    dgl_jw_end_object(w);
}

static void put_list_of(struct dgl_json_writer *w, const char *name)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "type", "array");
    dgl_jw_key(w, "items");
    put_ref(w, "schemas", name, strlen(name));
    dgl_jw_end_object(w);
}

static void put_page_of(struct dgl_json_writer *w, const char *name)
{
    dgl_jw_object(w);
    dgl_jw_kstr(w, "type", "object");
    dgl_jw_key(w, "required");
    dgl_jw_array(w);
    dgl_jw_str(w, "items");
    dgl_jw_str(w, "next_cursor");
    dgl_jw_end_array(w);
    dgl_jw_key(w, "properties");
    dgl_jw_object(w);
    dgl_jw_key(w, "items");
    put_list_of(w, name);
    dgl_jw_key(w, "next_cursor");
    dgl_jw_object(w);
    dgl_jw_key(w, "type");
    dgl_jw_array(w);
    dgl_jw_str(w, "string");
    dgl_jw_str(w, "null");
    dgl_jw_end_array(w);
    dgl_jw_end_object(w);
    dgl_jw_end_object(w);
    dgl_jw_end_object(w);
}

// "Name", "page:Name", "list:Name" (a plain list, or a page when limit or cursor is given).
static void put_answer_schema(struct dgl_json_writer *w, const char *response)
{
    if (strncmp(response, "page:", 5) == 0) {
        put_page_of(w, response + 5);
    } else if (strncmp(response, "list:", 5) == 0) {
        dgl_jw_object(w);
        dgl_jw_key(w, "oneOf");
        dgl_jw_array(w);
        put_list_of(w, response + 5);
        put_page_of(w, response + 5);
        dgl_jw_end_array(w);
        dgl_jw_end_object(w);
    } else {
        put_ref(w, "schemas", response, strlen(response));
    }
}

// {"<media type>": {"schema": …}} for each of them, with blanks between; without a schema any bytes.
static void put_content(struct dgl_json_writer *w, const char *media_types, const char *schema)
{
    dgl_jw_key(w, "content");
    dgl_jw_object(w);
    for (const char *p = media_types; *p; p += strspn(p, " ")) {
        char media_type[100];
        size_t len = strcspn(p, " ");
        snprintf(media_type, sizeof(media_type), "%.*s", (int)len, p);
        dgl_jw_key(w, media_type);
        dgl_jw_object(w);
        if (schema) {
            dgl_jw_key(w, "schema");
            put_answer_schema(w, schema);
        }
        dgl_jw_end_object(w);
        p += len;
    }
    dgl_jw_end_object(w);
}

static void put_good_answer(struct dgl_json_writer *w, int status, const char *response, const char *description)
{
    char code[8];
    snprintf(code, sizeof(code), "%d", status);
    dgl_jw_key(w, code);
    dgl_jw_object(w);
    dgl_jw_kstr(w, "description", description);
    if (response && strchr(response, '/'))
        put_content(w, response, NULL);
    else if (response)
        put_content(w, "application/json", response);
    dgl_jw_end_object(w);
}

static void put_answers(struct dgl_json_writer *w, const struct api_entry *e)
{
    dgl_jw_key(w, "responses");
    dgl_jw_object(w);
    put_good_answer(w, e->status, e->response, e->status == 202 ? "Accepted." : "Done.");
    if (e->also.status)
        put_good_answer(w, e->also.status, e->also.response, e->also.description);
    dgl_jw_key(w, "4XX");
    put_ref(w, "responses", "Problem", 7);
    dgl_jw_key(w, "5XX");
    put_ref(w, "responses", "Problem", 7);
    dgl_jw_end_object(w);
}

static void put_path_parameters(struct dgl_json_writer *w, const char *path)
{
    for (const char *p = strchr(path, '{'); p; p = strchr(p + 1, '{')) {
        dgl_jw_object(w);
        dgl_jw_key(w, "name");
        dgl_jw_strn(w, p + 1, strcspn(p, "}") - 1);
        dgl_jw_kstr(w, "in", "path");
        dgl_jw_kbool(w, "required", true);
        dgl_jw_key(w, "schema");
        dgl_jw_object(w);
        dgl_jw_kstr(w, "type", "string");
        dgl_jw_end_object(w);
        dgl_jw_end_object(w);
    }
}

static void put_parameters(struct dgl_json_writer *w, const struct api_entry *e)
{
    dgl_jw_key(w, "parameters");
    dgl_jw_array(w);
    put_path_parameters(w, e->route.path);
    for (const char *p = e->query ? e->query : ""; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        put_ref(w, "parameters", p, len);
        p += len;
    }
    dgl_jw_end_array(w);
}

static void put_operation(struct dgl_json_writer *w, const struct api_entry *e)
{
    static const char *const roles[] = {[API_VIEWER] = "Viewer",
                                        [API_GENERATOR] = "Generator",
                                        [API_EDITOR] = "Template Editor",
                                        [API_ADMIN] = "Org Admin"};
    char method[8] = "", id[80];
    for (size_t i = 0; e->route.method[i] && i < sizeof(method) - 1; i++)
        method[i] = (char)tolower((unsigned char)e->route.method[i]);
    bool versioned = strncmp(e->route.path, "/api/", 5) == 0;
    snprintf(id, sizeof(id), "%s%s", e->id, strcmp(e->id, "openapi") == 0 && versioned ? "_v1" : "");
    dgl_jw_key(w, method);
    dgl_jw_object(w);
    dgl_jw_kstr(w, "operationId", id);
    dgl_jw_kstr(w, "summary", e->route.summary);
    dgl_jw_key(w, "tags");
    dgl_jw_array(w);
    dgl_jw_str(w, e->route.tag);
    dgl_jw_end_array(w);
    if (e->route.access == API_ANYONE) {
        dgl_jw_key(w, "security");
        dgl_jw_array(w);
        dgl_jw_end_array(w);
    } else {
        dgl_jw_kstr(w, "x-least-role", roles[e->route.access]);
    }
    put_parameters(w, e);
    if (e->request) {
        dgl_jw_key(w, "requestBody");
        dgl_jw_object(w);
        put_content(w, e->route.flags & DGL_ROUTE_FORM ? "multipart/form-data" : "application/json", e->request);
        dgl_jw_end_object(w);
    }
    put_answers(w, e);
    dgl_jw_end_object(w);
}

// All methods of one path together, where its first row stands.
static void put_paths(struct dgl_json_writer *w)
{
    dgl_jw_key(w, "paths");
    dgl_jw_object(w);
    for (size_t i = 0; i < dgl_api_entry_count; i++) {
        const char *path = dgl_api_entries[i].route.path;
        size_t first = 0;
        while (strcmp(dgl_api_entries[first].route.path, path) != 0)
            first++;
        if (first < i)
            continue;
        dgl_jw_key(w, path);
        dgl_jw_object(w);
        for (size_t k = i; k < dgl_api_entry_count; k++)
            if (strcmp(dgl_api_entries[k].route.path, path) == 0)
                put_operation(w, &dgl_api_entries[k]);
        dgl_jw_end_object(w);
    }
    dgl_jw_end_object(w);
}

static void put_components(struct dgl_json_writer *w)
{
    dgl_jw_key(w, "components");
    dgl_jw_object(w);
    dgl_jw_key(w, "securitySchemes");
    dgl_jw_object(w);
    dgl_jw_key(w, "ApiKey");
    dgl_jw_object(w);
    dgl_jw_kstr(w, "type", "apiKey");
    dgl_jw_kstr(w, "in", "header");
    dgl_jw_kstr(w, "name", "X-API-Key");
    dgl_jw_end_object(w);
    dgl_jw_end_object(w);
    dgl_jw_key(w, "responses");
    dgl_jw_object(w);
    dgl_jw_key(w, "Problem");
    dgl_jw_object(w);
    dgl_jw_kstr(w, "description", "What is wrong, in a sentence, and a code for programs.");
    put_content(w, "application/json", "Problem");
    dgl_jw_end_object(w);
    dgl_jw_end_object(w);
    dgl_api_parameters_write(w);
    dgl_api_schemas_write(w);
    dgl_jw_end_object(w);
}

enum dgl_status dgl_api_openapi_write(const char *public_url, const char *version, struct dgl_buf *out,
                                      struct dgl_error *err)
{
    struct dgl_json_writer w = DGL_JSON_WRITER(out);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "openapi", "3.1.0");
    dgl_jw_key(&w, "info");
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "title", "DocGenLab");
    dgl_jw_kstr(&w, "version", version);
    dgl_jw_end_object(&w);
    dgl_jw_key(&w, "servers");
    dgl_jw_array(&w);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "url", public_url);
    dgl_jw_end_object(&w);
    dgl_jw_end_array(&w);
    dgl_jw_key(&w, "security");
    dgl_jw_array(&w);
    dgl_jw_object(&w);
    dgl_jw_key(&w, "ApiKey");
    dgl_jw_array(&w);
    dgl_jw_end_array(&w);
    dgl_jw_end_object(&w);
    dgl_jw_end_array(&w);
    put_paths(&w);
    put_components(&w);
    dgl_jw_end_object(&w);
    return dgl_buf_check(out, "the OpenAPI document", err);
}
