// A subdocument is a template of its own: it is loaded by name, compiled, filled with the document's data, and its
// blocks are merged (graft.c). What was filled once with the same data is not filled again.
//
// The alternative, compiling the other template's blocks into this one, would need its styles and lists at compile time
// and would tie a template's versions together.
#include "render/docx/subdoc.h"
#include "render/docx/graft.h"
#include "render/docx/limits.h"
#include "render/docx/rich.h"
#include "render/template/value_private.h"
#include <stdlib.h>
#include <string.h>

struct dgl_docx_subdoc { // one source; the last data it was filled with
    struct dgl_docx_subdoc *next;
    struct dgl_str source;
    struct dgl_docx *compiled;
    bool filled;            // with the document's own data
    bool open;              // `merged` holds a package
    struct dgl_buf package; // what `merged` borrows
    struct dgl_docx_source merged;
};

static struct dgl_docx_subdoc *find(struct dgl_docx_writer *w, struct dgl_str source)
{
    for (struct dgl_docx_subdoc *s = w->subdocs; s; s = s->next)
        if (s->source.data == source.data || dgl_str_equal(s->source, source))
            return s;
    struct dgl_docx_subdoc *s = DGL_ARENA_NEW(w->env->arena, struct dgl_docx_subdoc);
    *s = (struct dgl_docx_subdoc){
        .next = w->subdocs, .source = source, .package = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES)};
    w->subdocs = s;
    return s;
}

static enum dgl_status ask_for(const struct dgl_docx_loader *l, struct dgl_str name, struct dgl_buf *ret_bytes,
                               struct dgl_error *err)
{
    char text[DGL_DOCX_MAX_NAME_BYTES + 1];
    if (!l || !l->load_template)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found", "no other templates can be reached here");
    if (name.len > DGL_DOCX_MAX_NAME_BYTES || memchr(name.data, '\0', name.len))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found", "the name of a template has at most %u bytes",
                             DGL_DOCX_MAX_NAME_BYTES);
    dgl_str_copy(text, sizeof text, name.data, name.len);
    DGL_TRY(l->load_template(l->ctx, text, ret_bytes, err));
    return dgl_buf_check(ret_bytes, "the template", err);
}

static enum dgl_status load_named(struct dgl_docx_writer *w, struct dgl_str name, struct dgl_str *ret,
                                  struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(DGL_DOCX_MAX_SUBDOC_BYTES);
    DGL_TRY(ask_for(w->env->loader, name, &bytes, err));
    DGL_TRY(dgl_budget_memory(w->env->budget, bytes.len, err));
    char *copy = dgl_arena_memdup_try(w->env->arena, bytes.data ? bytes.data : "", bytes.len);
    if (!copy)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    *ret = (struct dgl_str){copy, bytes.len};
    return DGL_OK;
}

static enum dgl_status compile(struct dgl_docx_writer *w, struct dgl_docx_subdoc *s, struct dgl_error *err)
{
    struct dgl_str bytes = {"", 0};
    if (s->compiled)
        return DGL_OK;
    if (++w->subdoc_count > DGL_DOCX_MAX_SUBDOCS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_subdocuments",
                             "a document takes in at most %u different subdocuments", DGL_DOCX_MAX_SUBDOCS);
    if (dgl_str_starts(s->source, "data:"))
        DGL_TRY(dgl_docx_read_data_uri(w, s->source, &bytes, err));
    else
        DGL_TRY(load_named(w, s->source, &bytes, err));
    return dgl_docx_compile(bytes.data, bytes.len, NULL, &s->compiled, err);
}

// The document's data with other values over it.
static enum dgl_status overlay(struct dgl_docx_writer *w, struct dgl_value over, struct dgl_value *ret,
                               struct dgl_error *err)
{
    struct dgl_mem mem = {.arena = w->env->arena, .budget = w->env->budget, .err = err};
    const struct dgl_value layers[] = {w->data, over};
    DGL_TRY(dgl_make_dict(&mem, dgl_value_length(w->data) + dgl_value_length(over), ret));
    for (size_t l = 0; l < DGL_COUNT(layers); l++)
        for (size_t i = 0; i < dgl_value_length(layers[l]); i++) {
            struct dgl_value key, value;
            dgl_value_dict_at(layers[l], i, &key, &value);
            DGL_TRY(dgl_dict_put(&mem, ret->as.dict, key, value));
        }
    return DGL_OK;
}

static enum dgl_status fill(struct dgl_docx_writer *w, struct dgl_docx_subdoc *s, struct dgl_value over,
                            struct dgl_error *err)
{
    struct dgl_value data = w->data;
    bool own = over.kind == DGL_VALUE_DICT && dgl_value_length(over) > 0;
    if (s->open && s->filled && !own)
        return DGL_OK;
    DGL_TRY(compile(w, s, err));
    if (own)
        DGL_TRY(overlay(w, over, &data, err));
    struct dgl_docx_env env = *w->env;
    struct dgl_docx_warnings warnings = {.count = 0};
    unsigned uses = s->merged.uses;
    env.stored = true;
    if (++env.depth > DGL_DOCX_MAX_SUBDOC_DEPTH)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "endless_recursion", "subdocuments nest more than %u deep",
                             DGL_DOCX_MAX_SUBDOC_DEPTH);
    if (s->open)
        dgl_graft_close(&s->merged);
    s->open = false;
    dgl_buf_reset(&s->package);
    DGL_TRY(dgl_docx_render(s->compiled, data, &env, &s->package, &warnings, err));
    DGL_TRY(dgl_buf_check(&s->package, "the document", err));
    for (size_t i = 0; i < warnings.count; i++)
        dgl_docx_warn(w, "%s", warnings.items[i]);
    s->open = true;
    enum dgl_status st = dgl_graft_open(w, (struct dgl_str){s->package.data, s->package.len}, &s->merged, err);
    s->merged.uses = uses;
    s->filled = st == DGL_OK && !own;
    return st;
}

enum dgl_status dgl_docx_write_subdoc(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                      struct dgl_error *err)
{
    struct dgl_str source = dgl_str_trim(dgl_rich_text(dgl_rich_field(v, "subdoc")));
    if (source.len == 0)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found",
                             "a subdocument needs the name of a template or a data URI of a .docx file");
    struct dgl_docx_subdoc *s = find(w, source);
    enum dgl_status st = fill(w, s, dgl_rich_field(v, "data"), err);
    if (st == DGL_OK)
        st = dgl_graft_write(w, x, &s->merged, err);
    if (st == DGL_OK)
        return DGL_OK;
    // Its own place goes into words: the error's place is that of the tag here.
    char text[sizeof err->message];
    dgl_error_describe(err, text, sizeof text);
    char slug[sizeof err->slug];
    dgl_str_copy(slug, sizeof slug, err->slug, strlen(err->slug));
    bool named = !dgl_str_starts(source, "data:");
    return DGL_FAIL_SLUG(err, st, *slug ? slug : NULL, "the subdocument %s%.*s%s: %s", named ? "\"" : "",
                         named ? (int)dgl_utf8_cut(source.data, source.len, 80) : 0, source.data,
                         named ? "\"" : "given as data", text);
}

void dgl_docx_subdocs_fini(struct dgl_docx_writer *w)
{
    for (struct dgl_docx_subdoc *s = w->subdocs; s; s = s->next) {
        if (s->open)
            dgl_graft_close(&s->merged);
        dgl_docx_free(s->compiled);
        dgl_buf_fini(&s->package);
    }
}

// ---- before there is any data

struct search {
    const struct dgl_docx_loader *loader;
    struct dgl_diagnostics *diagnostics;
    struct dgl_str names[DGL_DOCX_MAX_SUBDOCS]; // looked for already
    bool missing[DGL_DOCX_MAX_SUBDOCS];
    struct dgl_error errors[DGL_DOCX_MAX_SUBDOCS];
    size_t count;
    struct dgl_error first;
};

static void look_for(void *ctx, struct dgl_str name, const struct dgl_error *at)
{
    struct search *s = ctx;
    size_t i = 0;
    name = dgl_str_trim(name);
    while (i < s->count && !dgl_str_equal(s->names[i], name))
        i++;
    if (i == DGL_DOCX_MAX_SUBDOCS || dgl_str_starts(name, "data:"))
        return;
    if (i == s->count) {
        DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(DGL_DOCX_MAX_SUBDOC_BYTES);
        s->names[i] = name;
        s->errors[i] = DGL_ERROR_INIT;
        // Any other failure may be gone when the document is made.
        s->missing[i] = ask_for(s->loader, name, &bytes, &s->errors[i]) != DGL_OK &&
                        strcmp(s->errors[i].slug, "template_not_found") == 0;
        s->count++;
    }
    if (!s->missing[i])
        return;
    struct dgl_error problem = s->errors[i];
    problem.place = at->place;
    dgl_diagnostics_add(s->diagnostics, DGL_DIAGNOSTIC_ERROR, &problem);
    if (s->first.code == DGL_OK)
        s->first = problem;
}

enum dgl_status dgl_docx_check_subdocs(const struct dgl_docx *d, const struct dgl_docx_loader *loader,
                                       struct dgl_diagnostics *diagnostics, struct dgl_error *err)
{
    DGL_AUTO_PTR struct search *s = DGL_NEW(struct search);
    s->loader = loader;
    s->diagnostics = diagnostics;
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].program)
            dgl_template_each_subdoc(d->parts[i].program, look_for, s);
    if (s->first.code == DGL_OK)
        return DGL_OK;
    *err = s->first;
    return err->code;
}
