// Single Generate: one document from what a person types, as a form or as JSON.
//
// The form always carries all of its data, so every button but Generate is a step from one state of it to the next, and
// the page that answers shows that state: the other mode, a row more, a row less, an example. Nothing is kept
// meanwhile.
#include <string.h>

#include "server/ui/parts.h"

#define MIN_DATA_ROWS 8
#define MAX_DATA_ROWS 26

struct dgl_ui_draft {
    bool json_mode;
    bool laid_over;      // form mode: the data came with the form, and goes with it again
    json_t *data;        // owned; what has been filled in; NULL: the text is no JSON
    const char *text;    // JSON mode: as typed; NULL = written from the data
    const char *focus;   // a pointer: where to go on
    const char *bad;     // a pointer: the field that the error is about
    const char *message; // what is wrong
};
static void dgl_ui_draft_fini(struct dgl_ui_draft *d)
{
    json_decref(d->data);
}
DGL_DEFINE_AUTO_FINI(ui_draft);

static char *data_text(const json_t *data, size_t flags)
{
    return json_dumps(data, flags | JSON_REAL_PRECISION(DGL_UI_NUMBER_DIGITS));
}

// ---- the page

static int64_t rows_for(const char *text)
{
    int64_t lines = 1;
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    return DGL_MIN(DGL_MAX(lines + 1, MIN_DATA_ROWS), MAX_DATA_ROWS);
}

static void set_json(json_t *form, const struct dgl_ui_draft *d)
{
    DGL_AUTO_PTR char *written = d->text ? NULL : data_text(d->data, JSON_INDENT(2));
    const char *text = d->text ? d->text : written ? written : "{}";
    dgl_ui_set_text(form, "input_json", text);
    json_object_set_new(form, "rows", json_integer(rows_for(text)));
    dgl_ui_set_text(form, "error", d->message);
}

static void set_fields(json_t *form, const struct dgl_ui_draft *d, const json_t *tokens)
{
    json_t *parts = dgl_ui_form_parts(tokens, d->data);
    if (d->bad)
        dgl_ui_form_mark(parts, d->bad, "error", dgl_ui_text(d->message));
    else
        dgl_ui_set_text(form, "error", d->message);
    if (d->focus)
        dgl_ui_form_mark(parts, d->focus, "focus", json_true());
    DGL_AUTO_PTR char *base = d->laid_over ? data_text(d->data, JSON_COMPACT) : NULL;
    json_object_set_new(form, "parts", parts);
    dgl_ui_set_text(form, "base", base ? base : "");
}

static void show_draft(struct dgl_ui_visit *v, int status, const struct dgl_ui_template_view *t,
                       const struct dgl_ui_draft *d)
{
    json_t *data = dgl_ui_template_data(v, t, "generate");
    json_t *form = json_object();
    const char *format = dgl_ui_field(v, "output_format");
    unsigned formats;
    dgl_ui_set_text(form, "output_format", dgl_format_parse(format, &formats) ? format : "pdf");
    json_object_set_new(form, "json_mode", json_boolean(d->json_mode));
    json_object_set_new(form, "error", json_null());
    if (d->json_mode)
        set_json(form, d);
    else
        set_fields(form, d, t->tokens);
    json_object_set_new(data, "form", form);
    dgl_ui_show(v, status, "template_generate.html", data);
}

// "?again=ID": the data of that document, to be changed.
static enum dgl_status load_again(struct dgl_ui_visit *v, const char *id, struct dgl_ui_draft *d, struct dgl_error *err)
{
    const char *text;
    DGL_TRY(dgl_store_document_input(v->ui->parts.store, v->arena, v->who.org, id, &text, err));
    DGL_TRY(dgl_json_parse(text, strlen(text), "input_json", &d->data, err));
    d->laid_over = true;
    return DGL_OK;
}

// A viewer sees the tokens instead: generating is not for them.
void dgl_ui_get_template(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_ui_template_view t = {.tokens = NULL};
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (v.who.role < DGL_ROLE_GENERATOR) {
        dgl_ui_leave(&v, dgl_arena_printf(v.arena, "/templates/%s/tokens", dgl_http_param(rq, "id")), NULL, NULL);
        return;
    }
    if (dgl_ui_template_load(&v, &t, &err) != DGL_OK) {
        dgl_ui_refuse(&v, &err);
        return;
    }
    DGL_AUTO_JSON tokens = t.tokens;
    const char *mode = dgl_http_query(rq, "mode"), *again = dgl_http_query(rq, "again");
    DGL_AUTO_FINI(ui_draft) d = {.json_mode = mode && strcmp(mode, "json") == 0};
    if (again && load_again(&v, again, &d, &err) != DGL_OK) {
        dgl_ui_refuse(&v, &err);
        return;
    }
    if (!again)
        d.data = d.json_mode ? dgl_ui_sample(tokens) : dgl_ui_form_empty(tokens);
    show_draft(&v, 200, &t, &d);
}

// ---- what was typed

static enum dgl_status parse_object(const char *text, json_t **ret, struct dgl_error *err)
{
    DGL_AUTO_JSON input = NULL;
    enum dgl_status s = dgl_json_parse(text, strlen(text), "input_json", &input, err);
    if (s == DGL_OK && !json_is_object(input))
        s = DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "input_json",
                           "The data must be a JSON object: names and values between { and }.");
    if (s == DGL_OK)
        *ret = DGL_STEAL(input);
    return s;
}

static const char *typed_field(void *ctx, const char *path)
{
    const struct dgl_http_field *f = dgl_http_field(((struct dgl_ui_visit *)ctx)->rq, path);
    return f && !f->file_name ? f->value : NULL;
}

// Fails when the data cannot be read; the draft then holds what there is to show.
static enum dgl_status read_draft(struct dgl_ui_visit *v, const json_t *tokens, struct dgl_ui_draft *d,
                                  struct dgl_error *err)
{
    d->json_mode = strcmp(dgl_ui_field(v, "mode"), "form") != 0;
    if (d->json_mode) {
        d->text = dgl_ui_field(v, "input_json");
        enum dgl_status s = parse_object(d->text, &d->data, err);
        d->message = s == DGL_OK ? NULL : err->message;
        return s;
    }
    DGL_AUTO_JSON base = NULL;
    const char *text = dgl_ui_field(v, "base");
    d->laid_over = *text != '\0';
    if (d->laid_over)
        DGL_TRY(parse_object(text, &base, err));
    char *bad = dgl_arena_alloc(v->arena, DGL_UI_MAX_POINTER);
    d->data = dgl_ui_form_read(tokens, base, typed_field, v, bad);
    if (!*bad)
        return DGL_OK;
    d->bad = bad;
    d->message = "This must be a number, such as 12 or 12.50.";
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "input_json", "%s", d->message);
}

// ---- steps

static bool begins(const char *s, const char *with, const char **ret_rest)
{
    size_t len = strlen(with);
    *ret_rest = s + len;
    return strncmp(s, with, len) == 0;
}

static void add_row(struct dgl_ui_visit *v, const json_t *tokens, struct dgl_ui_draft *d, const char *path)
{
    if (!dgl_ui_form_add_row(tokens, d->data, path))
        return;
    const json_t *list = dgl_ui_form_find(d->data, path);
    d->focus = dgl_arena_printf(v->arena, "%s/%zu", path, json_array_size(list) - 1);
}

// "json", "form", "example", "add /items", "remove /items/2"; anything else shows the form as it is.
static void take_step(struct dgl_ui_visit *v, const json_t *tokens, struct dgl_ui_draft *d, const char *step)
{
    const char *path;
    if (strcmp(step, "example") == 0) {
        json_decref(d->data);
        d->data = dgl_ui_sample(tokens);
        d->text = NULL;
    } else if (strcmp(step, "json") == 0) {
        d->json_mode = true;
        if (dgl_ui_form_is_blank(d->data)) {
            json_decref(d->data);
            d->data = dgl_ui_sample(tokens);
        }
    } else if (strcmp(step, "form") == 0) {
        d->json_mode = false;
        d->laid_over = true;
    } else if (begins(step, "add ", &path)) {
        add_row(v, tokens, d, path);
    } else if (begins(step, "remove ", &path)) {
        dgl_ui_form_remove_row(d->data, path);
    }
}

static enum dgl_status generate(struct dgl_ui_visit *v, const json_t *tokens, struct dgl_ui_draft *d,
                                struct dgl_document_accepted *ret, struct dgl_error *err)
{
    struct dgl_document_request request = {.template_id = dgl_http_param(v->rq, "id"), .source = DGL_SOURCE_UI};
    if (!dgl_format_parse(dgl_ui_field(v, "output_format"), &request.formats))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "output_format", "Choose PDF, Word or both.");
    DGL_AUTO_PTR char *written = NULL;
    if (!d->json_mode) {
        DGL_AUTO_JSON pruned = json_deep_copy(d->data);
        dgl_ui_form_prune(tokens, pruned);
        dgl_ui_form_fill(tokens, pruned);
        written = data_text(pruned, JSON_COMPACT);
    }
    request.input = written ? written : d->text ? d->text : "{}";
    request.input_len = strlen(request.input);
    return dgl_documents_accept(v->ui->parts.documents, &v->who, &request, ret, err);
}

// Everything of a POST but its answer when the document was accepted.
static void answer_draft(struct dgl_ui_visit *v, const struct dgl_ui_template_view *t)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_document_accepted accepted;
    DGL_AUTO_FINI(ui_draft) d = {.data = NULL};
    const char *step = dgl_ui_field(v, "step");
    enum dgl_status s = read_draft(v, t->tokens, &d, &err);
    if (*step && d.data) { // also with a bad number: rows come and go
        take_step(v, t->tokens, &d, step);
        show_draft(v, 200, t, &d);
        return;
    }
    if (s == DGL_OK)
        s = generate(v, t->tokens, &d, &accepted, &err);
    if (s == DGL_OK) {
        dgl_ui_leave(v, dgl_arena_printf(v->arena, "/history/%s", accepted.id), NULL, NULL);
    } else if (s == DGL_E_NOT_FOUND || dgl_status_http(s) >= 500) {
        dgl_ui_refuse(v, &err);
    } else {
        if (!d.message)
            d.message = err.message;
        if (!d.data)
            d.data = json_object();
        show_draft(v, dgl_status_http(s), t, &d);
    }
}

void dgl_ui_post_generate(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_ui_template_view t = {.tokens = NULL};
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_ui_template_load(&v, &t, &err) != DGL_OK) {
        dgl_ui_refuse(&v, &err);
        return;
    }
    DGL_AUTO_JSON tokens = t.tokens;
    answer_draft(&v, &t);
}
