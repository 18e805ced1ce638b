// The OpenAPI document is the table of routes, no more and no less, and holds together.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/api/parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static json_t *document;

static int setup(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(dgl_api_openapi_write("https://docs.example", "1.2.3", &out, &err), DGL_OK);
    if (dgl_json_parse(out.data, out.len, "openapi", &document, &err) != DGL_OK)
        fail_msg("%s", err.message);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(document);
    return 0;
}

static json_t *operation(const char *method, const char *path)
{
    char lower[16];
    size_t len = 0;
    for (; method[len] && len < sizeof(lower) - 1; len++)
        lower[len] = (char)tolower((unsigned char)method[len]);
    lower[len] = '\0';
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), lower);
}

static void says_its_version(void **state)
{
    (void)state;
    assert_string_equal(json_string_value(json_object_get(document, "openapi")), "3.1.0");
    assert_string_equal(json_string_value(json_object_get(json_object_get(document, "info"), "version")), "1.2.3");
}

static void names_every_route(void **state)
{
    (void)state;
    for (size_t i = 0; i < dgl_api_entry_count; i++) {
        const struct dgl_route *r = &dgl_api_entries[i].route;
        if (!operation(r->method, r->path))
            fail_msg("%s %s is not in the document", r->method, r->path);
        assert_non_null(r->handler);
        assert_non_null(r->summary);
        assert_non_null(r->tag);
    }
}

static void names_nothing_else(void **state)
{
    (void)state;
    const char *path, *method;
    json_t *methods, *op;
    size_t count = 0;
    json_object_foreach(json_object_get(document, "paths"), path, methods)
    {
        json_object_foreach(methods, method, op)
        {
            count++;
        }
    }
    assert_int_equal(count, dgl_api_entry_count);
}

static bool ref_resolves(const char *ref)
{
    char part[128];
    const json_t *at = document;
    if (strncmp(ref, "#/", 2) != 0)
        return false;
    for (const char *p = ref + 2; *p;) {
        size_t len = strcspn(p, "/");
        snprintf(part, sizeof(part), "%.*s", (int)len, p);
        at = json_object_get(at, part);
        p += len + (p[len] == '/');
    }
    return at != NULL;
}

static void check_refs(const json_t *value)
{
    const char *key;
    json_t *child;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, child)
        {
            check_refs(child);
        }
        return;
    }
    json_object_foreach((json_t *)value, key, child)
    {
        if (strcmp(key, "$ref") == 0 && !ref_resolves(json_string_value(child)))
            fail_msg("%s leads nowhere", json_string_value(child));
        check_refs(child);
    }
}

static void has_no_dead_references(void **state)
{
    (void)state;
    check_refs(document);
}

static void has_unique_operation_ids(void **state)
{
    (void)state;
    const char *path, *method;
    json_t *methods, *op;
    DGL_AUTO_JSON seen = json_object();
    json_object_foreach(json_object_get(document, "paths"), path, methods)
    {
        json_object_foreach(methods, method, op)
        {
            const char *id = json_string_value(json_object_get(op, "operationId"));
            if (json_object_get(seen, id))
                fail_msg("operationId %s is there twice", id);
            json_object_set_new(seen, id, json_true());
        }
    }
}

// A property without a type would mean that a word of the table is misspelt.
static void types_every_property(void **state)
{
    (void)state;
    const char *name, *property;
    json_t *schema, *value;
    json_object_foreach(json_object_get(json_object_get(document, "components"), "schemas"), name, schema)
    {
        json_object_foreach(json_object_get(schema, "properties"), property, value)
        {
            if (!json_object_get(value, "type") && !json_object_get(value, "$ref") && !json_object_get(value, "oneOf"))
                fail_msg("%s.%s has no type", name, property);
        }
        assert_true(json_is_array(json_object_get(schema, "required")));
    }
}

static void declares_path_parameters(void **state)
{
    (void)state;
    json_t *parameters =
        json_object_get(operation("POST", "/api/v1/templates/{id}/versions/{version}/rollback"), "parameters");
    assert_int_equal(json_array_size(parameters), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(parameters, 1), "name")), "version");
}

static void asks_for_keys_where_routes_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < dgl_api_entry_count; i++) {
        const struct dgl_route *r = &dgl_api_entries[i].route;
        const json_t *op = operation(r->method, r->path);
        bool open = json_object_get(op, "security") != NULL;
        assert_int_equal(open, r->access == API_ANYONE);
        // Everything under the API's base asks for a key, but for its own description.
        bool versioned = strncmp(r->path, "/api/v1/", 8) == 0;
        assert_int_equal(open, !versioned || strcmp(r->path, "/api/v1/openapi.json") == 0);
    }
}

static void keeps_webhooks_to_administrators(void **state)
{
    (void)state;
    for (size_t i = 0; i < dgl_api_entry_count; i++) {
        const struct dgl_route *r = &dgl_api_entries[i].route;
        if (strncmp(r->path, "/api/v1/webhooks/", 17) == 0 && !strstr(r->path, "source-ips"))
            assert_int_equal(r->access, API_ADMIN);
        if (strcmp(r->method, "GET") != 0)
            assert_true(r->access >= API_GENERATOR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_its_version),
                                       cmocka_unit_test(names_every_route),
                                       cmocka_unit_test(names_nothing_else),
                                       cmocka_unit_test(has_no_dead_references),
                                       cmocka_unit_test(has_unique_operation_ids),
                                       cmocka_unit_test(types_every_property),
                                       cmocka_unit_test(declares_path_parameters),
                                       cmocka_unit_test(asks_for_keys_where_routes_do),
                                       cmocka_unit_test(keeps_webhooks_to_administrators)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
