// History: documents with filters, one document with its files and deliveries, download, erasing.
#include <string.h>

#include "server/ui/parts.h"

#define MAX_TEMPLATE_CHOICES 200

#define STATUS_COUNT (DGL_DOCUMENT_FAILED + 1)
#define SOURCE_COUNT (DGL_SOURCE_BULK + 1)

static const char *status_word(int i)
{
    return dgl_document_status_word((enum dgl_document_status)i);
}

static const char *source_word(int i)
{
    return dgl_document_source_word((enum dgl_document_source)i);
}

// -1: none of them.
static int choice_of(const char *given, const char *(*word)(int), int count)
{
    for (int i = 0; given && i < count; i++)
        if (strcmp(given, word(i)) == 0)
            return i;
    return -1;
}

struct filters {
    struct dgl_document_filter store;
    const char *from, *to; // days as given, NULL = any
    bool any;
};

// "2026-03-09" is the start of that day in the visitor's zone, `days` later; anything else is none.
static const char *day_of(const struct dgl_ui_visit *v, const char *given, int days, int64_t *ret_us)
{
    int64_t us;
    if (!given || strlen(given) != strlen("2026-03-09") || !dgl_time_parse(given, strlen(given), &us) || us <= 0)
        return NULL;
    *ret_us = dgl_wall_to_utc(dgl_ui_zone(v), us + days * 86400 * DGL_US_PER_S);
    return given;
}

// Unknown words in the address are as good as none: the page shows what it does filter by.
static struct filters read_filters(const struct dgl_ui_visit *v)
{
    const char *template_id = dgl_http_query(v->rq, "template");
    struct filters f = {
        .store = {.template_id = dgl_id_valid(template_id ? template_id : "", template_id ? strlen(template_id) : 0)
                                     ? template_id
                                     : NULL,
                  .status = choice_of(dgl_http_query(v->rq, "status"), status_word, STATUS_COUNT),
                  .source = choice_of(dgl_http_query(v->rq, "source"), source_word, SOURCE_COUNT),
                  .is_uat = v->who.is_uat}};
    f.from = day_of(v, dgl_http_query(v->rq, "from"), 0, &f.store.since_us);
    f.to = day_of(v, dgl_http_query(v->rq, "to"), 1, &f.store.until_us); // that day too
    f.any = f.from || f.to || f.store.template_id || f.store.status >= 0 || f.store.source >= 0;
    return f;
}

static enum dgl_status set_choices(struct dgl_ui_visit *v, const struct filters *f, json_t *data, struct dgl_error *err)
{
    struct dgl_page_query page = {.limit = MAX_TEMPLATE_CHOICES};
    struct dgl_template_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN];
    DGL_TRY(dgl_store_template_list(v->ui->parts.store, v->arena, v->who.org, v->who.is_uat, &page, &rows, &count, next,
                                    err));
    json_t *templates = json_array(), *status = json_array(), *source = json_array();
    for (size_t i = 0; i < count; i++) {
        bool chosen = f->store.template_id && strcmp(rows[i].id, f->store.template_id) == 0;
        json_array_append_new(templates, dgl_ui_option(rows[i].id, rows[i].name, chosen));
    }
    for (int i = 0; i < STATUS_COUNT; i++)
        json_array_append_new(status,
                              dgl_ui_option(status_word(i), dgl_ui_document_status_title((enum dgl_document_status)i),
                                            f->store.status == i));
    for (int i = 0; i < SOURCE_COUNT; i++)
        json_array_append_new(source,
                              dgl_ui_option(source_word(i), dgl_ui_document_source_title((enum dgl_document_source)i),
                                            f->store.source == i));
    json_t *choices = json_object();
    json_object_set_new(choices, "templates", templates);
    json_object_set_new(choices, "status", status);
    json_object_set_new(choices, "source", source);
    dgl_ui_set_text(choices, "from", f->from ? f->from : "");
    dgl_ui_set_text(choices, "to", f->to ? f->to : "");
    json_object_set_new(data, "choices", choices);
    return DGL_OK;
}

// The address of this list with another cursor (NULL = from the newest).
static char *list_path(const struct dgl_ui_visit *v, const struct filters *f, const char *cursor)
{
    const struct dgl_ui_param params[] = {{"template", f->store.template_id},
                                          {"status", f->store.status >= 0 ? status_word(f->store.status) : NULL},
                                          {"source", f->store.source >= 0 ? source_word(f->store.source) : NULL},
                                          {"from", f->from},
                                          {"to", f->to},
                                          {"cursor", cursor}};
    return dgl_ui_address(v->arena, "/history", params, DGL_COUNT(params));
}

static enum dgl_status list_documents(struct dgl_ui_visit *v, json_t *data, struct dgl_error *err)
{
    struct filters f = read_filters(v);
    struct dgl_page_query page = {.limit = DGL_UI_PAGE_ROWS, .cursor = dgl_http_query(v->rq, "cursor")};
    struct dgl_document_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN];
    DGL_TRY(
        dgl_store_document_list(v->ui->parts.store, v->arena, v->who.org, &f.store, &page, &rows, &count, next, err));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, dgl_ui_document(&rows[i]));
    json_object_set_new(data, "documents", list);
    json_object_set_new(data, "filtered", json_boolean(f.any));
    json_t *pager = json_object();
    dgl_ui_set_text(pager, "first", page.cursor ? list_path(v, &f, NULL) : NULL);
    dgl_ui_set_text(pager, "next", *next ? list_path(v, &f, next) : NULL);
    json_object_set_new(data, "pager", pager);
    return set_choices(v, &f, data, err);
}

void dgl_ui_get_history(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    DGL_AUTO_JSON data = dgl_ui_page_data(&v, "history", "History");
    if (list_documents(&v, data, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_show(&v, 200, "history.html", DGL_STEAL(data));
}

void dgl_ui_get_document(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_document_row row;
    json_t *deliveries = NULL;
    bool pending = false;
    const char *id = dgl_http_param(rq, "id");
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    enum dgl_status s = dgl_store_document_get(v.ui->parts.store, v.arena, v.who.org, id, &row, &err);
    if (s == DGL_OK && v.who.role == DGL_ROLE_ADMIN)
        s = dgl_ui_deliveries(&v, row.id, &deliveries, &pending, &err);
    if (s != DGL_OK) {
        dgl_ui_refuse(&v, &err);
        return;
    }
    json_t *data = dgl_ui_page_data(&v, "history", row.template_name ? row.template_name : "Document");
    json_object_set_new(data, "document", dgl_ui_document(&row));
    json_object_set_new(data, "deliveries", deliveries ? deliveries : json_array());
    dgl_ui_show(&v, 200, "document.html", data);
}

void dgl_ui_get_download(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_document_file file;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *id = dgl_http_param(rq, "id");
    if (dgl_documents_open(v.ui->parts.documents, v.who.org, id, dgl_http_query(rq, "format"), &file, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_send_file(&v, &file);
}

void dgl_ui_post_document_delete(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_documents_delete(v.ui->parts.documents, v.who.org, dgl_http_param(rq, "id"), &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, "/history", "good", "The document was deleted.");
}
