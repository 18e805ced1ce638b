// /documents/: reading, downloading, erasing. Accepting is in accept.c.
#include "server/api/parts.h"

static const char *status_word(int i)
{
    return dgl_document_status_word((enum dgl_document_status)i);
}

static const char *source_word(int i)
{
    return dgl_document_source_word((enum dgl_document_source)i);
}

static enum dgl_status read_filter(struct dgl_http_request *rq, struct dgl_document_filter *f, struct dgl_error *err)
{
    *f = (struct dgl_document_filter){.is_uat = -1};
    DGL_TRY(dgl_api_read_id(rq, "template_id", &f->template_id, err));
    DGL_TRY(dgl_api_read_word(rq, "status", status_word, DGL_DOCUMENT_FAILED + 1, &f->status, err));
    DGL_TRY(dgl_api_read_word(rq, "source", source_word, DGL_SOURCE_BULK + 1, &f->source, err));
    DGL_TRY(dgl_api_read_time(rq, "since", &f->since_us, err));
    DGL_TRY(dgl_api_read_time(rq, "until", &f->until_us, err));
    const char *uat = dgl_http_query(rq, "is_uat");
    bool is_uat;
    if (!uat)
        return DGL_OK;
    DGL_TRY(dgl_api_read_bool(uat, "is_uat", &is_uat, err));
    f->is_uat = is_uat;
    return DGL_OK;
}

static enum dgl_status list_documents(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                      struct dgl_error *err)
{
    struct dgl_document_filter filter;
    struct dgl_page_query page;
    bool given;
    DGL_TRY(read_filter(rq, &filter, err));
    DGL_TRY(dgl_api_read_page(rq, &page, &given, err));
    struct dgl_document_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN] = "";
    DGL_TRY(dgl_store_document_list(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, &filter, &page, &rows,
                                    &count, next, err));
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    dgl_api_begin_page(&w);
    for (size_t i = 0; i < count; i++)
        dgl_shape_document(&w, api->parts.documents, &rows[i], dgl_api_may(rq, API_GENERATOR));
    dgl_api_end_page(&w, next);
    return DGL_OK;
}

static enum dgl_status write_document(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                                      struct dgl_error *err)
{
    struct dgl_document_row row;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(
        dgl_store_document_get(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, dgl_api_id(rq), &row, err));
    dgl_shape_document(&w, api->parts.documents, &row, dgl_api_may(rq, API_GENERATOR));
    return DGL_OK;
}

API_HANDLER_BODY(document_list, 200, list_documents)
API_HANDLER_BODY(document_get, 200, write_document)

static enum dgl_status open_document(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_document_file *ret,
                                     struct dgl_error *err)
{
    return dgl_documents_open(api->parts.documents, dgl_api_who(rq)->org, dgl_api_id(rq), dgl_http_query(rq, "format"),
                              ret, err);
}

API_HANDLER(document_download)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_document_file file;
    if (open_document(ctx, rq, &file, &err) == DGL_OK)
        dgl_api_send_file(rq, &file, true);
    else
        dgl_api_fail(rq, &err);
}

static enum dgl_status erase(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err)
{
    return dgl_documents_delete(api->parts.documents, dgl_api_who(rq)->org, dgl_api_id(rq), err);
}

API_HANDLER_EMPTY(document_delete, erase)
