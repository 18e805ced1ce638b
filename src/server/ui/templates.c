// Templates: the list, uploading, one template with its tokens and versions.
#include <string.h>

#include "base/str.h"
#include "server/ui/parts.h"

#define MAX_NAME_BYTES 200

static const char *template_path(const struct dgl_ui_visit *v, const char *id)
{
    return dgl_arena_printf(v->arena, "/templates/%s", id);
}

static const char *versions_path(const struct dgl_ui_visit *v, const char *id)
{
    return dgl_arena_printf(v->arena, "/templates/%s/versions", id);
}

// {"first": path or null, "next": path or null}
static json_t *pager_of(const struct dgl_ui_visit *v, const char *path, const char *next_cursor)
{
    json_t *pager = json_object();
    bool later_page = dgl_http_query(v->rq, "cursor") != NULL;
    dgl_ui_set_text(pager, "first", later_page ? path : NULL);
    dgl_ui_set_text(pager, "next", *next_cursor ? dgl_arena_printf(v->arena, "%s?cursor=%s", path, next_cursor) : NULL);
    return pager;
}

static enum dgl_status list_templates(struct dgl_ui_visit *v, json_t *data, struct dgl_error *err)
{
    struct dgl_store *store = v->ui->parts.store;
    struct dgl_page_query page = {.limit = DGL_UI_PAGE_ROWS, .cursor = dgl_http_query(v->rq, "cursor")};
    struct dgl_template_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN];
    DGL_TRY(dgl_store_template_list(store, v->arena, v->who.org, v->who.is_uat, &page, &rows, &count, next, err));
    json_t *list = json_array();
    json_object_set_new(data, "templates", list);
    for (size_t i = 0; i < count; i++) {
        struct dgl_template_version_row version = {.file_name = NULL};
        if (!rows[i].description || !*rows[i].description)
            DGL_TRY(dgl_store_template_version_get(store, v->arena, v->who.org, rows[i].id, 0, &version, err));
        json_array_append_new(list, dgl_ui_template(&rows[i], version.file_name));
    }
    json_object_set_new(data, "pager", pager_of(v, "/templates", next));
    return DGL_OK;
}

void dgl_ui_get_templates(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    DGL_AUTO_JSON data = dgl_ui_page_data(&v, "templates", "Templates");
    if (list_templates(&v, data, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_show(&v, 200, "templates.html", DGL_STEAL(data));
}

// ---- uploading

static void set_max_upload(const struct dgl_ui_visit *v, json_t *data)
{
    json_object_set_new(data, "max_upload", dgl_ui_size(v->ui->parts.max_upload_bytes));
}

// Every problem with its place; when the engine gave no list, the one the error itself tells.
static void set_problems(json_t *data, const struct dgl_error *err, const char *problems_json)
{
    json_t *problems = dgl_ui_problems(problems_json);
    json_t *one = json_array_size(problems) == 0 ? dgl_ui_problem_of_error(err) : json_null();
    if (json_is_object(one))
        json_array_append(problems, one);
    json_decref(one);
    json_object_set_new(data, "error", dgl_ui_form_error(err));
    json_object_set_new(data, "problems", problems);
}

static json_t *upload_page(struct dgl_ui_visit *v)
{
    json_t *data = dgl_ui_page_data(v, "templates", "Upload template");
    json_t *form = json_object();
    dgl_ui_set_text(form, "name", dgl_ui_field(v, "name"));
    dgl_ui_set_text(form, "description", dgl_ui_field(v, "description"));
    json_object_set_new(data, "form", form);
    set_max_upload(v, data);
    return data;
}

void dgl_ui_get_template_new(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        dgl_ui_show(&v, 200, "template_new.html", upload_page(&v));
}

// "C:\letters\invoice.docx" and "invoice.docx" name a template "invoice".
static char *name_from_file(struct dgl_arena *a, const char *file_name)
{
    const char *start = file_name;
    for (const char *p = file_name; *p; p++)
        if (*p == '/' || *p == '\\')
            start = p + 1;
    const char *dot = strrchr(start, '.');
    size_t len = dot && dot > start ? (size_t)(dot - start) : strlen(start);
    return dgl_arena_strndup(a, start, dgl_utf8_cut(start, len, MAX_NAME_BYTES));
}

static enum dgl_status read_upload(struct dgl_ui_visit *v, struct dgl_template_upload *ret, struct dgl_error *err)
{
    const struct dgl_http_field *file = dgl_http_field(v->rq, "file");
    if (!file || !file->file_name || !*file->file_name || file->size_bytes == 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "file", "Choose a Word document (DOCX) first.");
    ret->fd = file->fd;
    ret->file_name = file->file_name;
    ret->is_uat = v->who.is_uat;
    return DGL_OK;
}

static enum dgl_status create_template(struct dgl_ui_visit *v, struct dgl_template_row *ret, const char **ret_problems,
                                       struct dgl_error *err)
{
    struct dgl_template_upload upload = {.fd = -1};
    DGL_TRY(read_upload(v, &upload, err));
    const char *name = dgl_ui_field(v, "name");
    upload.name = *name ? name : name_from_file(v->arena, upload.file_name);
    upload.description = dgl_ui_field(v, "description");
    return dgl_documents_template_create(v->ui->parts.documents, v->arena, &v->who, &upload, ret, ret_problems, err);
}

// What was done, and what the template's author may want to look at.
static const char *with_warnings(struct dgl_ui_visit *v, const char *text, const char *problems_json)
{
    DGL_AUTO_JSON warnings = dgl_ui_problems(problems_json);
    size_t count = json_array_size(warnings);
    json_t *first = json_array_get(warnings, 0);
    const char *place = json_string_value(json_object_get(first, "place"));
    const char *message = json_string_value(json_object_get(first, "message"));
    if (!message)
        return text;
    const char *words =
        count == 1 ? "One thing to look at" : dgl_arena_printf(v->arena, "%zu things to look at; the first", count);
    return place && *place ? dgl_arena_printf(v->arena, "%s %s: %s (%s).", text, words, message, place)
                           : dgl_arena_printf(v->arena, "%s %s: %s.", text, words, message);
}

void dgl_ui_post_template_new(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_template_row row;
    const char *problems = NULL;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (create_template(&v, &row, &problems, &err) == DGL_OK) {
        char *text = dgl_arena_printf(v.arena, "“%s” was uploaded and is ready to use.", row.name);
        dgl_ui_leave(&v, template_path(&v, row.id), "good", with_warnings(&v, text, problems));
    } else if (dgl_status_http(err.code) >= 500) {
        dgl_ui_refuse(&v, &err);
    } else {
        json_t *data = upload_page(&v);
        set_problems(data, &err, problems);
        dgl_ui_set_text(data, "canonical", "/templates/new");
        dgl_ui_show(&v, dgl_status_http(err.code), "template_new.html", data);
    }
}

// ---- one template: a page for each tab; Single Generate is in generate.c

enum dgl_status dgl_ui_template_load(struct dgl_ui_visit *v, struct dgl_ui_template_view *ret, struct dgl_error *err)
{
    struct dgl_store *store = v->ui->parts.store;
    const char *id = dgl_http_param(v->rq, "id");
    struct dgl_template_version_row version;
    DGL_TRY(dgl_store_template_get(store, v->arena, v->who.org, id, &ret->row, err));
    DGL_TRY(dgl_store_template_version_get(store, v->arena, v->who.org, id, 0, &version, err));
    const char *tokens = version.tokens_json ? version.tokens_json : "[]";
    return dgl_json_parse(tokens, strlen(tokens), "tokens", &ret->tokens, err);
}

json_t *dgl_ui_template_data(struct dgl_ui_visit *v, const struct dgl_ui_template_view *t, const char *tab)
{
    json_t *data = dgl_ui_page_data(v, "templates", t->row.name);
    bool is_get = strcmp(dgl_http_method(v->rq), "GET") == 0;
    const char *path = template_path(v, t->row.id);
    json_object_set_new(data, "template", dgl_ui_template(&t->row, NULL));
    json_object_set_new(data, "token_count", json_integer((json_int_t)json_array_size(t->tokens)));
    dgl_ui_set_text(data, "tab", tab);
    if (*tab && strcmp(tab, "generate") != 0)
        path = dgl_arena_printf(v->arena, "%s/%s", path, tab);
    dgl_ui_set_text(data, "canonical", is_get ? "" : path); // a GET is its own address, query and all
    set_max_upload(v, data);
    return data;
}

static enum dgl_status set_versions(struct dgl_ui_visit *v, const struct dgl_template_row *t, json_t *data,
                                    struct dgl_error *err)
{
    struct dgl_page_query page = {.limit = DGL_UI_VERSIONS_SHOWN};
    struct dgl_template_version_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN];
    DGL_TRY(
        dgl_store_template_versions(v->ui->parts.store, v->arena, v->who.org, t->id, &page, &rows, &count, next, err));
    json_t *versions = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(versions, dgl_ui_version(&rows[i], t->version));
    json_object_set_new(data, "versions", versions);
    return DGL_OK;
}

static enum dgl_status versions_page(struct dgl_ui_visit *v, json_t **ret, struct dgl_error *err)
{
    struct dgl_ui_template_view t = {.tokens = NULL};
    DGL_TRY(dgl_ui_template_load(v, &t, err));
    DGL_AUTO_JSON tokens = t.tokens;
    DGL_AUTO_JSON data = dgl_ui_template_data(v, &t, "versions");
    DGL_TRY(set_versions(v, &t.row, data, err));
    *ret = DGL_STEAL(data);
    return DGL_OK;
}

void dgl_ui_get_template_versions(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    json_t *data = NULL;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (versions_page(&v, &data, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_show(&v, 200, "template_versions.html", data);
}

static enum dgl_status tokens_page(struct dgl_ui_visit *v, json_t **ret, struct dgl_error *err)
{
    struct dgl_ui_template_view t = {.tokens = NULL};
    DGL_TRY(dgl_ui_template_load(v, &t, err));
    DGL_AUTO_JSON tokens = t.tokens;
    DGL_AUTO_JSON sample = dgl_ui_sample(tokens);
    json_t *data = dgl_ui_template_data(v, &t, "tokens");
    json_object_set_new(data, "tokens", dgl_ui_tokens(tokens));
    json_object_set_new(data, "curl", dgl_ui_curl(v->ui->parts.public_url, DGL_UI_KEY_PLACEHOLDER, t.row.id, sample));
    *ret = data;
    return DGL_OK;
}

void dgl_ui_get_template_tokens(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    json_t *data = NULL;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (tokens_page(&v, &data, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_show(&v, 200, "template_tokens.html", data);
}

// The versions again, with what went wrong.
static void show_version_error(struct dgl_ui_visit *v, const struct dgl_error *cause, const char *problems_json)
{
    struct dgl_error err = DGL_ERROR_INIT;
    json_t *data = NULL;
    if (cause->code == DGL_E_NOT_FOUND || dgl_status_http(cause->code) >= 500) {
        dgl_ui_refuse(v, cause);
        return;
    }
    if (versions_page(v, &data, &err) != DGL_OK) {
        dgl_ui_refuse(v, &err);
        return;
    }
    set_problems(data, cause, problems_json);
    dgl_ui_show(v, dgl_status_http(cause->code), "template_versions.html", data);
}

void dgl_ui_get_template_file(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_document_file file;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    int64_t version = 0;
    const char *given = dgl_http_query(rq, "version");
    if (given && !dgl_parse_int64(given, strlen(given), 1, INT64_MAX, &version))
        version = 0;
    const char *id = dgl_http_param(rq, "id");
    if (dgl_documents_template_file(v.ui->parts.documents, v.who.org, id, version, &file, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_send_file(&v, &file);
}

void dgl_ui_post_template_version(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_template_row row;
    struct dgl_template_upload upload = {.fd = -1};
    const char *problems = NULL, *id = dgl_http_param(rq, "id");
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    enum dgl_status s = read_upload(&v, &upload, &err);
    if (s == DGL_OK)
        s = dgl_documents_template_update(v.ui->parts.documents, v.arena, &v.who, id, &upload, &row, &problems, &err);
    if (s != DGL_OK) {
        show_version_error(&v, &err, problems);
        return;
    }
    char *text = dgl_arena_printf(v.arena, "Version %lld is now in use.", (long long)row.version);
    dgl_ui_leave(&v, versions_path(&v, row.id), "good", with_warnings(&v, text, problems));
}

void dgl_ui_post_template_rollback(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_template_row row;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *given = dgl_ui_field(&v, "version");
    int64_t version = 0;
    enum dgl_status s = DGL_OK;
    if (!dgl_parse_int64(given, strlen(given), 1, INT64_MAX, &version))
        s = DGL_FAIL_FIELD(&err, DGL_E_INVALID, NULL, "version", "There is no version “%s”.", given);
    if (s == DGL_OK)
        s = dgl_documents_template_rollback(v.ui->parts.documents, v.arena, &v.who, dgl_http_param(rq, "id"), version,
                                            &row, &err);
    if (s != DGL_OK) {
        show_version_error(&v, &err, NULL);
        return;
    }
    char *text = dgl_arena_printf(v.arena, "Version %lld is in use again, as version %lld.", (long long)version,
                                  (long long)row.version);
    dgl_ui_leave(&v, versions_path(&v, row.id), "good", text);
}

void dgl_ui_post_template_delete(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_documents_template_delete(v.ui->parts.documents, v.who.org, dgl_http_param(rq, "id"), &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, "/templates", "good", "The template was deleted.");
}
