// Rendering a text template in one call, for the tests of this room.
#ifndef DGL_TESTS_TEMPLATE_TEST_RENDER_H
#define DGL_TESTS_TEMPLATE_TEST_RENDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// cmocka wants those before it
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "render/template/template.h"

struct render {
    // in
    json_t *data, *sources; // borrowed; may be NULL
    struct dgl_template_options options;
    struct dgl_budget budget; // zero = the default
    int64_t created_at_us;
    const char *time_zone, *locale;
    // out
    enum dgl_status status;
    struct dgl_error err;
    struct dgl_buf out;
    struct dgl_diagnostics diagnostics;
    struct dgl_template *others[16];
    const char *names[16];
    size_t count;
};

static inline enum dgl_status render_lookup(void *ctx, const char *name, const struct dgl_template **ret,
                                            struct dgl_error *err)
{
    struct render *r = ctx;
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->names[i], name) == 0) {
            *ret = r->others[i];
            return DGL_OK;
        }
    const json_t *source = json_object_get(r->sources, name);
    if (!source || r->count == DGL_COUNT(r->others))
        return DGL_FAIL_SLUG(err, DGL_E_NOT_FOUND, "template_not_found", "there is no template '%s'", name);
    struct dgl_template_options o = r->options;
    o.name = name;
    DGL_TRY(dgl_template_compile_text(json_string_value(source), json_string_length(source), &o, NULL,
                                      &r->others[r->count], err));
    r->names[r->count] = json_object_iter_key(json_object_iter_at(r->sources, name));
    *ret = r->others[r->count++];
    return DGL_OK;
}

static inline enum dgl_status render_try(struct render *r, const char *source, size_t len)
{
    DGL_AUTO(arena) arena = dgl_arena_new((size_t)512 << 20);
    DGL_AUTO(template) t = NULL;
    struct dgl_value data = {0};
    const struct dgl_template_loader loader = {.lookup = render_lookup, .ctx = r};
    DGL_TRY(dgl_template_compile_text(source, len, &r->options, &r->diagnostics, &t, &r->err));
    if (r->data)
        DGL_TRY(dgl_value_from_json(arena, r->data, &r->budget, &data, &r->err));
    const struct dgl_template_env env = {.loader = &loader,
                                         .created_at_us = r->created_at_us,
                                         .time_zone = r->time_zone,
                                         .locale = r->locale,
                                         .budget = &r->budget,
                                         .arena = arena};
    return dgl_template_render_text(t, data, &env, &r->out, &r->err);
}

static inline void render_text(struct render *r, const char *source, size_t len)
{
    r->err = DGL_ERROR_INIT;
    r->out = DGL_BUF_INIT((size_t)64 << 20);
    if (!r->budget.steps_left)
        r->budget = dgl_budget_default();
    if (!r->options.name)
        r->options.name = "test.txt";
    r->status = render_try(r, source, len);
}

static inline void render_fini(struct render *r)
{
    dgl_buf_fini(&r->out);
    dgl_diagnostics_fini(&r->diagnostics);
    for (size_t i = 0; i < r->count; i++)
        dgl_template_free(r->others[i]);
}

// Renders and compares; `json` is the data, NULL for none.
static inline void assert_renders(const char *source, const char *json, const char *want)
{
    DGL_AUTO_JSON data = json ? json_loads(json, 0, NULL) : NULL;
    struct render r = {.data = data};
    render_text(&r, source, strlen(source));
    if (r.status != DGL_OK)
        print_error("%s: %s\n", source, r.err.message);
    assert_int_equal(r.status, DGL_OK);
    assert_string_equal(r.out.data ? r.out.data : "", want);
    render_fini(&r);
}

static inline void assert_fails(const char *source, const char *json, const char *slug, const char *words)
{
    DGL_AUTO_JSON data = json ? json_loads(json, 0, NULL) : NULL;
    struct render r = {.data = data, .budget = dgl_budget_default()};
    r.budget.steps_left = 1000000;
    render_text(&r, source, strlen(source));
    assert_int_not_equal(r.status, DGL_OK);
    assert_string_equal(dgl_error_slug(&r.err), slug);
    if (!strstr(r.err.message, words))
        print_error("%s\n", r.err.message);
    assert_non_null(strstr(r.err.message, words));
    render_fini(&r);
}

#endif
