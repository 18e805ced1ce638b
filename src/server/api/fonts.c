// /fonts/: uploading, listing and deleting the organization's fonts.
#include "server/api/parts.h"

// The form's one field; the request keeps the file.
static enum dgl_status read_file(struct dgl_http_request *rq, const struct dgl_http_field **ret, struct dgl_error *err)
{
    const struct dgl_http_field *f = dgl_http_field(rq, "file");
    for (size_t i = 0; i < dgl_http_field_count(rq); i++)
        if (dgl_http_field_at(rq, i) != f)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_field", dgl_http_field_at(rq, i)->name,
                                  "Only the field file is known here, once; it holds the font.");
    if (!f)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "file",
                              "file is missing; send the font (.ttf, .otf or .ttc) as file.");
    if (f->fd < 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_type", "file",
                              "file must be sent as a file with a file name, not as text.");
    *ret = f;
    return DGL_OK;
}

static enum dgl_status add(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                           struct dgl_error *err)
{
    const struct dgl_http_field *f = NULL;
    struct dgl_font_row font;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(read_file(rq, &f, err));
    DGL_TRY(dgl_documents_font_add(api->parts.documents, dgl_http_arena(rq), dgl_api_who(rq), f->fd, f->file_name,
                                   &font, err));
    dgl_shape_font(&w, &font);
    return DGL_OK;
}

static const char *id_of(const void *rows, size_t i)
{
    return ((const struct dgl_font_row *)rows)[i].id;
}

static enum dgl_status list(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                            struct dgl_error *err)
{
    struct dgl_font_row *fonts;
    size_t count;
    struct api_window page;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(dgl_store_font_list(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, &fonts, &count, err));
    DGL_TRY(dgl_api_read_window(rq, fonts, count, id_of, &page, err));
    dgl_api_begin_page(&w);
    for (size_t i = page.first; i < page.end; i++)
        dgl_shape_font(&w, &fonts[i]);
    dgl_api_end_page(&w, page.next);
    return DGL_OK;
}

static enum dgl_status get(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_buf *body,
                           struct dgl_error *err)
{
    struct dgl_font_row font;
    struct dgl_json_writer w = DGL_JSON_WRITER(body);
    DGL_TRY(dgl_store_font_get(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, dgl_api_id(rq), &font, err));
    dgl_shape_font(&w, &font);
    return DGL_OK;
}

static enum dgl_status delete_font(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err)
{
    return dgl_documents_font_delete(api->parts.documents, dgl_api_who(rq)->org, dgl_api_id(rq), err);
}

API_HANDLER_BODY(font_create, 201, add)
API_HANDLER_BODY(font_list, 200, list)
API_HANDLER_BODY(font_get, 200, get)
API_HANDLER_EMPTY(font_delete, delete_font)
