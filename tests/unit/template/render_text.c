// A batch tool for tests: reads JSON lines {"template", "data", "autoescape"?, "includes"?, "trim_blocks"?,
// "lstrip_blocks"?, "keep_trailing_newline"?, "created_at_us"?, "time_zone"?, "locale"?} on standard input and answers
// each with {"output"} or {"error", "slug", "line"}.
#include "render/template/template.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct set { // the templates that include, extends and import may find, compiled when first asked for
    json_t *sources;
    struct dgl_template *made[32];
    const char *names[32];
    size_t count;
    struct dgl_template_options options;
};

static bool flag(const json_t *line, const char *name)
{
    return json_is_true(json_object_get(line, name));
}

static enum dgl_status lookup(void *ctx, const char *name, const struct dgl_template **ret, struct dgl_error *err)
{
    struct set *s = ctx;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->names[i], name) == 0) {
            *ret = s->made[i];
            return DGL_OK;
        }
    const json_t *source = json_object_get(s->sources, name);
    if (!source || s->count == DGL_COUNT(s->made))
        return DGL_FAIL_SLUG(err, DGL_E_NOT_FOUND, "template_not_found", "there is no template '%s'", name);
    struct dgl_template_options o = s->options;
    o.name = name;
    DGL_TRY(dgl_template_compile_text(json_string_value(source), json_string_length(source), &o, NULL,
                                      &s->made[s->count], err));
    s->names[s->count] = json_object_iter_key(json_object_iter_at(s->sources, name));
    *ret = s->made[s->count++];
    return DGL_OK;
}

static enum dgl_status render(const json_t *line, struct set *set, struct dgl_buf *out, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new((size_t)512 << 20);
    DGL_AUTO(template) t = NULL;
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_value data = {0};
    const json_t *source = json_object_get(line, "template"), *values = json_object_get(line, "data");
    const struct dgl_template_loader loader = {.lookup = lookup, .ctx = set};
    budget.steps_left = 5000000;
    DGL_TRY(
        dgl_template_compile_text(json_string_value(source), json_string_length(source), &set->options, NULL, &t, err));
    if (values)
        DGL_TRY(dgl_value_from_json(arena, values, &budget, &data, err));
    const struct dgl_template_env env = {
        .loader = &loader,
        .created_at_us = json_integer_value(json_object_get(line, "created_at_us")),
        .time_zone = json_string_value(json_object_get(line, "time_zone")),
        .locale = json_string_value(json_object_get(line, "locale")),
        .budget = &budget,
        .arena = arena,
    };
    return dgl_template_render_text(t, data, &env, out, err);
}

static void answer(json_t *line)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT((size_t)64 << 20);
    struct set set = {.sources = json_object_get(line, "includes")};
    set.options = (struct dgl_template_options){
        .name = "test",
        .autoescape = flag(line, "autoescape"),
        .trim_blocks = flag(line, "trim_blocks"),
        .lstrip_blocks = flag(line, "lstrip_blocks"),
        .keep_trailing_newline = flag(line, "keep_trailing_newline"),
    };
    DGL_AUTO_JSON reply = json_object();
    if (render(line, &set, &out, &err) == DGL_OK) {
        json_object_set_new(reply, "output", json_stringn(out.data ? out.data : "", out.len));
    } else {
        json_object_set_new(reply, "error", json_string(err.message));
        json_object_set_new(reply, "slug", json_string(dgl_error_slug(&err)));
        json_object_set_new(reply, "line", json_integer(err.place.line));
        json_object_set_new(reply, "tag", json_string(err.place.tag));
    }
    json_dumpf(reply, stdout, JSON_COMPACT);
    (void)putchar('\n');
    for (size_t i = 0; i < set.count; i++)
        dgl_template_free(set.made[i]);
}

int main(void)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t len;
    while ((len = getline(&text, &size, stdin)) > 0) {
        DGL_AUTO_JSON line = json_loadb(text, (size_t)len, JSON_ALLOW_NUL, NULL);
        if (!line)
            (void)puts("{\"error\":\"the line is not JSON\",\"slug\":\"bad_line\"}");
        else
            answer(line);
        (void)fflush(stdout);
    }
    free(text);
    return 0;
}
