// /templates/: uploading, listing, versions, the source file, a preview at once.
#include "server/api/parts.h"

#include "base/str.h"

#include <string.h>
#include <unistd.h>

static const char *param(struct dgl_http_request *rq, const char *name)
{
    return dgl_http_param(rq, name);
}

// ---- answering with one template

// The contract knows six types: a group is a text with children.
static void name_groups(json_t *tokens)
{
    size_t i;
    json_t *token;
    json_array_foreach(tokens, i, token)
    {
        const char *type = json_string_value(json_object_get(token, "type"));
        if (type && strcmp(type, "object") == 0)
            json_object_set_new(token, "type", json_string("text"));
        name_groups(json_object_get(token, "children"));
    }
}

static void send_template(struct dgl_api *api, struct dgl_http_request *rq, int status,
                          const struct dgl_template_row *t, const char *warnings_json)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_template_version_row version;
    if (dgl_store_template_version_get(api->parts.store, dgl_http_arena(rq), t->org, t->id, 0, &version, &err) !=
        DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    const char *stored = version.tokens_json ? version.tokens_json : "[]";
    DGL_AUTO_JSON tokens = NULL;
    if (dgl_json_parse(stored, strlen(stored), "tokens", &tokens, &err) != DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    name_groups(tokens);
    DGL_AUTO_PTR char *text = json_dumps(tokens, JSON_COMPACT);
    struct dgl_buf body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_shape_template(&w, t, text ? text : "[]", warnings_json);
    dgl_api_send(rq, status, &body);
}

// The message with where the problem is, in words.
static json_t *describe(const json_t *problem)
{
    struct dgl_error e;
    char words[2048];
    dgl_json_read_problem(problem, &e);
    return json_string(dgl_error_describe(&e, words, sizeof(words)));
}

// A problem of the template as a field's error.
static void put_problem(json_t *problem)
{
    json_object_set_new(problem, "field", json_string("file"));
    json_object_set_new(problem, "message", describe(problem));
}

// What a good template was warned about, as a list of sentences (malloc'd); NULL when no file was looked at.
static char *take_warnings(const char *problems_json)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    DGL_AUTO_JSON problems = NULL;
    DGL_AUTO_JSON sentences = json_array();
    json_t *problem;
    size_t i;
    if (!problems_json ||
        dgl_json_parse(problems_json, strlen(problems_json), "problems", &problems, &ignored) != DGL_OK)
        return NULL;
    json_array_foreach(problems, i, problem) json_array_append_new(sentences, describe(problem));
    return json_dumps(sentences, JSON_COMPACT);
}

static void answer_problems(struct dgl_http_request *rq, const struct dgl_error *err, const char *problems_json)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    DGL_AUTO_JSON problems = NULL;
    json_t *problem;
    size_t i;
    if (dgl_json_parse(problems_json, strlen(problems_json), "problems", &problems, &ignored) != DGL_OK) {
        dgl_api_fail(rq, err);
        return;
    }
    json_array_foreach(problems, i, problem) put_problem(problem);
    DGL_AUTO_PTR char *text = json_dumps(problems, JSON_COMPACT);
    dgl_http_respond_problems(rq, err, text ? text : "[]");
}

// The good answer, or the error with the template's problems.
static void answer(struct dgl_api *api, struct dgl_http_request *rq, int status, const struct dgl_template_row *t,
                   const char *problems, const struct dgl_error *err)
{
    DGL_AUTO_PTR char *warnings = err->code == DGL_OK ? take_warnings(problems) : NULL;
    if (err->code == DGL_OK)
        send_template(api, rq, status, t, warnings);
    else if (problems && problems[0] == '[' && problems[1] != ']')
        answer_problems(rq, err, problems);
    else
        dgl_api_fail(rq, err);
}

// ---- the form

static enum dgl_status check_form(struct dgl_http_request *rq, bool creating, struct dgl_error *err)
{
    static const char *const known[] = {"name", "description", "file", "html_content", "is_uat"};
    size_t count = creating ? DGL_COUNT(known) : DGL_COUNT(known) - 1; // is_uat is the last, and stays as it was made
    for (size_t i = 0; i < dgl_http_field_count(rq); i++) {
        const char *name = dgl_http_field_at(rq, i)->name;
        size_t k = 0;
        while (k < count && strcmp(known[k], name) != 0)
            k++;
        if (k == count)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_field", name,
                                  "The field \"%.100s\" is not known here; known are: name, description, file%s.", name,
                                  creating ? ", is_uat" : "");
        if (dgl_http_field(rq, name) != dgl_http_field_at(rq, i))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "duplicate_field", name,
                                  "The field \"%.100s\" is given twice; give each once.", name);
    }
    if (dgl_http_field(rq, "html_content"))
        return DGL_FAIL_FIELD(
            err, DGL_E_INVALID, "html_templates_unavailable", "html_content",
            "HTML templates are not available on this server; upload a Word template (DOCX) as file.");
    return DGL_OK;
}

static enum dgl_status read_text(struct dgl_http_request *rq, const char *name, const char **ret, struct dgl_error *err)
{
    const struct dgl_http_field *f = dgl_http_field(rq, name);
    *ret = NULL;
    if (f && f->file_name)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", name, "%s must be text, not a file.", name);
    if (f)
        *ret = f->value;
    return DGL_OK;
}

static enum dgl_status read_file(struct dgl_api *api, struct dgl_http_request *rq, bool required,
                                 struct dgl_template_upload *u, struct dgl_error *err)
{
    const struct dgl_http_field *f = dgl_http_field(rq, "file");
    u->fd = -1;
    if (f && f->fd < 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", "file",
                              "file must be sent as a file with a file name, not as text.");
    if (!f && required)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "file",
                              "file is missing; send the Word template (DOCX) as file.");
    if (f && (int64_t)f->size_bytes > api->parts.max_upload_bytes)
        return DGL_FAIL_FIELD(err, DGL_E_LIMIT, "too_large", "file",
                              "The file is %zu bytes long; at most %lld are allowed.", f->size_bytes,
                              (long long)api->parts.max_upload_bytes);
    if (f) {
        u->fd = f->fd;
        u->file_name = f->file_name;
    }
    return DGL_OK;
}

// The request keeps the file: it is closed when the request is answered.
static enum dgl_status read_upload(struct dgl_api *api, struct dgl_http_request *rq, bool creating,
                                   struct dgl_template_upload *u, struct dgl_error *err)
{
    const char *is_uat;
    *u = (struct dgl_template_upload){.fd = -1};
    DGL_TRY(check_form(rq, creating, err));
    DGL_TRY(read_text(rq, "name", &u->name, err));
    DGL_TRY(read_text(rq, "description", &u->description, err));
    DGL_TRY(read_text(rq, "is_uat", &is_uat, err));
    if (is_uat)
        DGL_TRY(dgl_api_read_bool(is_uat, "is_uat", &u->is_uat, err));
    if (creating && !u->name)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "name",
                              "name is missing; give the template a name.");
    DGL_TRY(read_file(api, rq, creating, u, err));
    if (u->fd < 0 && !u->name && !u->description)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "file",
                              "There is nothing to change; send file, name or description.");
    return DGL_OK;
}

API_HANDLER(template_create)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_template_upload upload;
    struct dgl_template_row t;
    const char *problems = NULL;
    if (read_upload(api, rq, true, &upload, &err) == DGL_OK)
        (void)!dgl_documents_template_create(api->parts.documents, dgl_http_arena(rq), dgl_api_who(rq), &upload, &t,
                                             &problems, &err);
    answer(api, rq, 201, &t, problems, &err);
}

API_HANDLER(template_update)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_template_upload upload;
    struct dgl_template_row t;
    const char *problems = NULL;
    if (read_upload(api, rq, false, &upload, &err) == DGL_OK)
        (void)!dgl_documents_template_update(api->parts.documents, dgl_http_arena(rq), dgl_api_who(rq), dgl_api_id(rq),
                                             &upload, &t, &problems, &err);
    answer(api, rq, 200, &t, problems, &err);
}

// ---- reading

static enum dgl_status list_templates(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                      struct dgl_error *err)
{
    struct dgl_page_query page;
    bool paged, is_uat = false;
    DGL_TRY(dgl_api_read_page(rq, &page, &paged, err));
    const char *uat = dgl_http_query(rq, "is_uat");
    if (uat)
        DGL_TRY(dgl_api_read_bool(uat, "is_uat", &is_uat, err));
    struct dgl_template_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN] = "";
    DGL_TRY(dgl_store_template_list(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, uat ? is_uat : -1,
                                    paged ? &page : NULL, &rows, &count, next, err));
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    if (paged)
        dgl_api_begin_page(&w);
    else
        dgl_jw_array(&w);
    for (size_t i = 0; i < count; i++)
        dgl_shape_template(&w, &rows[i], NULL, NULL);
    if (paged)
        dgl_api_end_page(&w, next);
    else
        dgl_jw_end_array(&w);
    return DGL_OK;
}

static enum dgl_status list_versions(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                     struct dgl_error *err)
{
    struct dgl_page_query page;
    bool paged;
    DGL_TRY(dgl_api_read_page(rq, &page, &paged, err));
    struct dgl_template_version_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN] = "";
    DGL_TRY(dgl_store_template_versions(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, dgl_api_id(rq),
                                        paged ? &page : NULL, &rows, &count, next, err));
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    if (paged)
        dgl_api_begin_page(&w);
    else
        dgl_jw_array(&w);
    for (size_t i = 0; i < count; i++)
        dgl_shape_version(&w, &rows[i]);
    if (paged)
        dgl_api_end_page(&w, next);
    else
        dgl_jw_end_array(&w);
    return DGL_OK;
}

API_HANDLER_BODY(template_list, 200, list_templates)
API_HANDLER_BODY(template_versions, 200, list_versions)

API_HANDLER(template_get)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_template_row t;
    (void)!dgl_store_template_get(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, dgl_api_id(rq), &t, &err);
    answer(api, rq, 200, &t, NULL, &err);
}

static enum dgl_status delete_template(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err)
{
    return dgl_documents_template_delete(api->parts.documents, dgl_api_who(rq)->org, dgl_api_id(rq), err);
}

API_HANDLER_EMPTY(template_delete, delete_template)

static enum dgl_status read_version(const char *text, const char *field, int64_t *ret, struct dgl_error *err)
{
    if (dgl_parse_int64(text, strlen(text), 1, INT32_MAX, ret))
        return DGL_OK;
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", field, "%s must be a version number from 1 up.", field);
}

API_HANDLER(template_rollback)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_template_row t;
    int64_t version;
    if (read_version(param(rq, "version"), "version", &version, &err) == DGL_OK)
        (void)!dgl_documents_template_rollback(api->parts.documents, dgl_http_arena(rq), dgl_api_who(rq),
                                               dgl_api_id(rq), version, &t, &err);
    answer(api, rq, 200, &t, NULL, &err);
}

static enum dgl_status open_source(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_document_file *ret,
                                   struct dgl_error *err)
{
    const char *text = dgl_http_query(rq, "version");
    int64_t version = 0;
    if (text)
        DGL_TRY(read_version(text, "version", &version, err));
    return dgl_documents_template_file(api->parts.documents, dgl_api_who(rq)->org, dgl_api_id(rq), version, ret, err);
}

API_HANDLER(template_file)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_document_file file;
    if (open_source(ctx, rq, &file, &err) == DGL_OK)
        dgl_api_send_file(rq, &file, true);
    else
        dgl_api_fail(rq, &err);
}

// ---- the sample sheet

API_HANDLER(template_sample)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) xlsx = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    if (dgl_documents_template_sheet(api->parts.documents, dgl_http_arena(rq), dgl_api_who(rq)->org, dgl_api_id(rq),
                                     &xlsx, &err) != DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    dgl_http_set_header(rq, "Content-Disposition", "attachment; filename=\"sample.xlsx\"");
    dgl_http_respond_buf(rq, 200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &xlsx);
}

// ---- preview

static enum dgl_status render_preview(struct dgl_api *api, struct dgl_http_request *rq, bool *ret_pdf, int *ret_fd,
                                      struct dgl_error *err)
{
    DGL_AUTO_JSON body = NULL;
    json_t *input = NULL;
    const char *word = "pdf";
    unsigned formats;
    const struct dgl_json_field fields[] = {
        {.name = "input_json", .kind = DGL_JSON_OBJECT, .required = true, .ret = &input},
        {.name = "output_format", .kind = DGL_JSON_STRING, .max = API_MAX_NAME_BYTES, .ret = &word}};
    DGL_TRY(dgl_api_read_body(rq, &body, err));
    DGL_TRY(dgl_json_read_object(body, "", fields, DGL_COUNT(fields), err));
    DGL_TRY(dgl_api_read_formats(word, &formats, err));
    if (formats != DGL_FORMAT_PDF && formats != DGL_FORMAT_DOCX)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_format", "output_format",
                              "output_format of a preview must be pdf or docx.");
    DGL_AUTO_PTR char *text = json_dumps(input, JSON_COMPACT);
    if (!text)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "There is no memory for the preview at the moment.");
    *ret_pdf = formats == DGL_FORMAT_PDF;
    return dgl_documents_preview(api->parts.documents, dgl_api_who(rq), dgl_api_id(rq), text, strlen(text), formats,
                                 ret_fd, err);
}

API_HANDLER(template_preview)
{
    struct dgl_error err = DGL_ERROR_INIT;
    bool pdf = true;
    DGL_AUTO_FD fd = -1;
    if (render_preview(ctx, rq, &pdf, &fd, &err) != DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    int64_t size = lseek(fd, 0, SEEK_END);
    const char *type =
        pdf ? "application/pdf" : "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    dgl_http_set_header(rq, "Content-Disposition",
                        pdf ? "inline; filename=\"preview.pdf\"" : "attachment; filename=\"preview.docx\"");
    dgl_http_respond_file(rq, DGL_STEAL_FD(fd), size, type, NULL, 0);
}
