// The front door: compiling, freeing, rendering. The idea of the whole stands in template.h.
//
// Compiling works in two arenas: one becomes the template, the other holds tokens and tree and is freed. Rendering
// allocates in the caller's arena only; the VM's buffers go with it.
#include "render/template/business.h"
#include "render/template/compile.h"
#include "render/template/tokens.h"
#include "render/template/vm.h"
#include <stdlib.h>
#include <string.h>

// ---- diagnostics

void dgl_diagnostics_fini(struct dgl_diagnostics *d)
{
    free(d->items);
    *d = (struct dgl_diagnostics){0};
}

void dgl_diagnostics_add(struct dgl_diagnostics *d, int severity, const struct dgl_error *error)
{
    d->errors += severity == DGL_DIAGNOSTIC_ERROR;
    if (d->count >= DGL_TEMPLATE_MAX_DIAGNOSTICS)
        return;
    if (d->count == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 8;
        d->items = dgl_realloc(d->items, d->cap * sizeof *d->items);
    }
    struct dgl_diagnostic *item = &d->items[d->count++];
    item->severity = severity == DGL_DIAGNOSTIC_ERROR ? DGL_DIAGNOSTIC_ERROR : DGL_DIAGNOSTIC_WARNING;
    item->error = *error;
}

// ---- places

void dgl_template_fill_place(const struct dgl_template *t, uint32_t chunk, struct dgl_error *err)
{
    const struct dgl_program_place *p = chunk < t->chunk_count ? t->chunks[chunk].place : NULL;
    if (!p || err->place.part[0] || err->place.paragraph || err->place.line)
        return;
    dgl_str_copy(err->place.part, sizeof err->place.part, p->part, strlen(p->part));
    dgl_str_copy(err->place.excerpt, sizeof err->place.excerpt, p->excerpt, strlen(p->excerpt));
    dgl_str_copy(err->place.tag, sizeof err->place.tag, p->tag, strlen(p->tag));
    err->place.paragraph = p->paragraph;
    err->place.line = p->line;
}

struct places { // what is needed while places are made
    struct dgl_template *t;
    const struct dgl_template_options *options;
    struct dgl_str source; // text templates
    const char *part, *excerpt;
};

static const struct dgl_program_place *make_place(struct places *w, const struct dgl_chunk *c)
{
    struct dgl_arena *a = w->t->arena;
    struct dgl_program_place *p = DGL_ARENA_NEW(a, struct dgl_program_place);
    struct dgl_place full = {.line = 0};
    if (w->options->place_of) {
        w->options->place_of(w->options->place_ctx, c->place, &full);
    } else {
        dgl_str_copy(full.part, sizeof full.part, w->t->name, strlen(w->t->name));
        full.line = c->place;
        if (w->source.data && c->source.data >= w->source.data && c->source.data < w->source.data + w->source.len) {
            struct dgl_str line = dgl_text_line(w->source, (size_t)(c->source.data - w->source.data));
            dgl_str_copy(full.excerpt, sizeof full.excerpt, line.data, line.len);
        }
    }
    if (!full.tag[0])
        dgl_str_copy(full.tag, sizeof full.tag, c->source.data ? c->source.data : "", c->source.len);
    if (!w->part || strcmp(w->part, full.part) != 0)
        w->part = dgl_arena_strdup(a, full.part);
    if (!w->excerpt || strcmp(w->excerpt, full.excerpt) != 0)
        w->excerpt = dgl_arena_strdup(a, full.excerpt);
    *p = (struct dgl_program_place){.part = w->part,
                                    .excerpt = w->excerpt,
                                    .tag = dgl_arena_strdup(a, full.tag),
                                    .paragraph = full.paragraph,
                                    .line = full.line};
    return p;
}

static void make_chunks(struct places *w, const struct dgl_chunk *chunks, size_t count)
{
    struct dgl_template *t = w->t;
    t->chunks = dgl_arena_alloc(t->arena, (count + 1) * sizeof *t->chunks);
    t->chunk_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        t->chunks[i].context = chunks[i].context;
        if (chunks[i].kind == DGL_CHUNK_DATA)
            t->chunks[i].data = chunks[i].text;
        else
            t->chunks[i].place = make_place(w, &chunks[i]);
    }
}

// ---- compiling

static struct dgl_template *template_new(const struct dgl_template_options *o)
{
    struct dgl_arena *arena = dgl_arena_new(0);
    struct dgl_template *t = DGL_ARENA_NEW(arena, struct dgl_template);
    t->arena = arena;
    t->name = dgl_arena_strdup(arena, o->name ? o->name : "template");
    t->autoescape = o->autoescape;
    return t;
}

static enum dgl_status first_error(const struct dgl_diagnostics *d, struct dgl_error *err)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].severity == DGL_DIAGNOSTIC_ERROR) {
            *err = d->items[i].error;
            return err->code;
        }
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "syntax_error", "the template cannot be read");
}

static enum dgl_status compile(struct dgl_template *t, struct dgl_arena *scratch, const struct dgl_chunk *chunks,
                               size_t count, struct dgl_str source, const struct dgl_template_options *options,
                               struct dgl_diagnostics *diagnostics, struct dgl_error *err)
{
    struct places w = {.t = t, .options = options, .source = source};
    struct dgl_parser p = {
        .scratch = scratch, .t = t, .chunks = chunks, .count = count, .options = options, .diagnostics = diagnostics};
    if (count > DGL_TEMPLATE_MAX_CHUNKS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "limit_tags", "the template has more than %u tags",
                             DGL_TEMPLATE_MAX_CHUNKS / 2);
    make_chunks(&w, chunks, count);
    struct dgl_node *root = dgl_parse(&p);
    if (diagnostics->errors)
        return first_error(diagnostics, err);
    if (!dgl_compile(&p, root))
        return first_error(diagnostics, err);
    t->tokens = dgl_tokens_find(&p, root);
    return DGL_OK;
}

void dgl_template_each_subdoc(const struct dgl_template *t,
                              void (*meet)(void *ctx, struct dgl_str name, const struct dgl_error *at), void *ctx)
{
    for (const struct dgl_program_subdoc *s = t->subdocs; s; s = s->next) {
        struct dgl_error at = DGL_ERROR_INIT;
        dgl_template_fill_place(t, s->chunk, &at);
        meet(ctx, s->name, &at);
    }
}

// What was found goes to the caller, whatever became of the template.
static void hand_over(const struct dgl_diagnostics *own, struct dgl_diagnostics *diagnostics)
{
    for (size_t i = 0; diagnostics && i < own->count; i++)
        dgl_diagnostics_add(diagnostics, own->items[i].severity, &own->items[i].error);
}

enum dgl_status dgl_template_compile_chunks(const struct dgl_chunk *chunks, size_t count,
                                            const struct dgl_template_options *options,
                                            struct dgl_diagnostics *diagnostics, struct dgl_template **ret,
                                            struct dgl_error *err)
{
    DGL_AUTO_FINI(diagnostics) own = {0};
    DGL_AUTO(arena) scratch = dgl_arena_new(0);
    DGL_AUTO(template) t = template_new(options);
    struct dgl_str none = {NULL, 0};
    enum dgl_status status = compile(t, scratch, chunks, count, none, options, &own, err);
    hand_over(&own, diagnostics);
    if (status == DGL_OK)
        *ret = DGL_STEAL(t);
    return status;
}

// Line ends become \n; one at the end is dropped unless it is to be kept.
static struct dgl_str normalize(struct dgl_template *t, const char *source, size_t len,
                                const struct dgl_template_options *options)
{
    char *out = dgl_arena_alloc(t->arena, len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (source[i] == '\r' && i + 1 < len && source[i + 1] == '\n')
            continue;
        out[n++] = source[i] == '\r' ? '\n' : source[i];
    }
    if (n && out[n - 1] == '\n' && !options->keep_trailing_newline)
        n--;
    t->source = out;
    return (struct dgl_str){out, n};
}

enum dgl_status dgl_template_compile_text(const char *source, size_t len, const struct dgl_template_options *options,
                                          struct dgl_diagnostics *diagnostics, struct dgl_template **ret,
                                          struct dgl_error *err)
{
    DGL_AUTO_FINI(diagnostics) own = {0};
    DGL_AUTO(arena) scratch = dgl_arena_new(0);
    DGL_AUTO(template) t = template_new(options);
    struct dgl_chunks chunks = {0};
    if (!dgl_utf8_valid(source, len))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "syntax_error", "syntax error: the template is not valid UTF-8");
    struct dgl_str text = normalize(t, source, len, options);
    enum dgl_status status = dgl_text_cut(scratch, text, options, &own, &chunks, err);
    if (status == DGL_OK)
        status = compile(t, scratch, chunks.items, chunks.count, text, options, &own, err);
    hand_over(&own, diagnostics);
    if (status == DGL_OK)
        *ret = DGL_STEAL(t);
    return status;
}

void dgl_template_free(struct dgl_template *t)
{
    if (!t)
        return;
    struct dgl_arena *arena = t->arena;
    dgl_arena_free(arena);
}

// ---- rendering

static void vm_fini(struct dgl_vm *vm)
{
    for (size_t i = 0; i < DGL_VM_MAX_CAPTURES && vm->captures[i]; i++) {
        dgl_buf_fini(vm->captures[i]);
        free(vm->captures[i]);
    }
    dgl_buf_fini(&vm->scratch);
    dgl_locale_cache_free(vm->locales);
}

enum dgl_status dgl_template_render(const struct dgl_template *t, struct dgl_value data,
                                    const struct dgl_template_env *env, const struct dgl_template_sink *sink,
                                    struct dgl_error *err)
{
    struct dgl_vm vm = {.mem = {.arena = env->arena, .budget = env->budget, .err = err},
                        .env = env,
                        .sink = sink,
                        .data = data,
                        .autoescape = t->autoescape,
                        .scratch = DGL_BUF_INIT(DGL_VALUE_MAX_STRING)};
    if (data.kind != DGL_VALUE_DICT && data.kind != DGL_VALUE_UNDEFINED)
        return DGL_FAIL(err, DGL_E_INVALID, "the data must be an object of names and values, not %s",
                        dgl_type_words(data));
    enum dgl_status status = dgl_vm_template(&vm, t);
    vm_fini(&vm);
    return status;
}

struct text_sink {
    struct dgl_buf *out;
    struct dgl_budget *budget;
    bool escape; // the template does; matters for what cannot be drawn only
};

static enum dgl_status text_data(void *ctx, uint32_t chunk, struct dgl_str text, struct dgl_error *err)
{
    struct text_sink *s = ctx;
    (void)chunk;
    DGL_TRY(dgl_budget_output(s->budget, text.len, err));
    dgl_buf_append(s->out, text.data, text.len);
    return dgl_buf_check(s->out, "the rendered text", err);
}

static enum dgl_status text_value(void *ctx, uint32_t context, struct dgl_value v, struct dgl_error *err)
{
    struct text_sink *s = ctx;
    size_t before = s->out->len;
    (void)context;
    if (v.kind == DGL_VALUE_RICH) { // nothing can be drawn here: what it was made from
        v = v.as.rich->subject;
        v.kind = v.kind == DGL_VALUE_STRING && !s->escape ? DGL_VALUE_SAFE : v.kind;
    }
    if (v.kind == DGL_VALUE_STRING) {
        dgl_put_html(s->out, v.as.string->data, v.as.string->len);
    } else if (v.kind <= DGL_VALUE_SAFE) {
        DGL_TRY(dgl_value_print(v, s->budget, s->out, err));
    } else {
        DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(s->out->max);
        DGL_TRY(dgl_value_print(v, s->budget, &text, err));
        dgl_put_html(s->out, text.data ? text.data : "", text.len);
    }
    DGL_TRY(dgl_buf_check(s->out, "the rendered text", err));
    return dgl_budget_output(s->budget, s->out->len - before, err);
}

enum dgl_status dgl_template_render_text(const struct dgl_template *t, struct dgl_value data,
                                         const struct dgl_template_env *env, struct dgl_buf *out, struct dgl_error *err)
{
    struct text_sink s = {.out = out, .budget = env->budget, .escape = t->autoescape};
    struct dgl_template_sink sink = {.data = text_data, .value = text_value, .ctx = &s};
    return dgl_template_render(t, data, env, &sink, err);
}
