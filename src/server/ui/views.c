// Compiling and rendering the pages. Templates name each other (extends, include) and are looked up by name while
// rendering, so the order of compiling does not matter; every page is compiled at start, so a broken one stops the
// server there instead of a visitor later.
#include "server/ui/views.h"

#include <stdlib.h>
#include <string.h>

#include "render/template/template.h"
#include "server/ui/files.h"

#define PAGES_PREFIX "pages/"

struct view {
    const char *name; // "history.html"
    struct dgl_template *template;
};
struct dgl_views {
    struct view *items;
    size_t count;
};

const struct dgl_ui_file *dgl_ui_file_lookup(const char *name)
{
    for (size_t i = 0; i < dgl_ui_file_count; i++)
        if (strcmp(dgl_ui_files[i].name, name) == 0)
            return &dgl_ui_files[i];
    return NULL;
}

static const struct dgl_template *find(const struct dgl_views *v, const char *name)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->items[i].name, name) == 0)
            return v->items[i].template;
    return NULL;
}

static enum dgl_status lookup(void *ctx, const char *name, const struct dgl_template **ret, struct dgl_error *err)
{
    const struct dgl_template *t = find(ctx, name);
    if (!t)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "There is no page template \"%s\".", name);
    *ret = t;
    return DGL_OK;
}

enum dgl_status dgl_views_new(struct dgl_views **ret, struct dgl_error *err)
{
    DGL_AUTO(views) v = DGL_NEW(struct dgl_views);
    v->items = dgl_alloc(dgl_ui_file_count * sizeof(*v->items));
    for (size_t i = 0; i < dgl_ui_file_count; i++) {
        const struct dgl_ui_file *file = &dgl_ui_files[i];
        if (strncmp(file->name, PAGES_PREFIX, strlen(PAGES_PREFIX)) != 0)
            continue;
        struct view *item = &v->items[v->count];
        item->name = file->name + strlen(PAGES_PREFIX);
        struct dgl_template_options options = {
            .name = item->name, .autoescape = true, .trim_blocks = true, .lstrip_blocks = true};
        DGL_TRY(dgl_template_compile_text(file->data, file->len, &options, NULL, &item->template, err));
        v->count++;
    }
    *ret = DGL_STEAL(v);
    return DGL_OK;
}

void dgl_views_free(struct dgl_views *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->count; i++)
        dgl_template_free(v->items[i].template);
    free(v->items);
    free(v);
}

enum dgl_status dgl_views_render(const struct dgl_views *v, const char *page, const json_t *data, const char *time_zone,
                                 struct dgl_clock *clock, struct dgl_buf *out, struct dgl_error *err)
{
    const struct dgl_template *t = find(v, page);
    if (!t)
        return DGL_FAIL(err, DGL_E_INTERNAL, "There is no page \"%s\".", page);
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_budget budget = dgl_budget_default();
    budget.steps_left = DGL_VIEW_MAX_STEPS;
    budget.clock = clock;
    budget.deadline_mono_us = dgl_clock_mono_us(clock) + DGL_VIEW_MAX_MS * DGL_US_PER_MS;
    struct dgl_value value;
    DGL_TRY(dgl_value_from_json(arena, data, &budget, &value, err));
    struct dgl_template_loader loader = {.lookup = lookup, .ctx = (void *)v};
    struct dgl_template_env env = {.loader = &loader,
                                   .time_zone = time_zone,
                                   .created_at_us = dgl_clock_now_us(clock),
                                   .budget = &budget,
                                   .arena = arena};
    DGL_TRY(dgl_template_render_text(t, value, &env, out, err));
    return dgl_buf_check(out, "page", err);
}
