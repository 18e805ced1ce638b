// /fonts/: uploading, listing and deleting the organization's fonts.
#include "server/api/parts.h"

static const char *param(struct dgl_http_request *rq, const char *name)
{
    return dgl_http_param(rq, name);
}

static void send_font(struct dgl_http_request *rq, int status, const struct dgl_font_row *f)
{
    struct dgl_buf body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_shape_font(&w, f);
    dgl_api_send(rq, status, &body);
}

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

static enum dgl_status add(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_font_row *ret,
                           struct dgl_error *err)
{
    const struct dgl_http_field *f = NULL;
    DGL_TRY(read_file(rq, &f, err));
    return dgl_documents_font_add(api->parts.documents, dgl_http_arena(rq), dgl_api_who(rq), f->fd, f->file_name, ret,
                                  err);
}

API_HANDLER(font_create)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_font_row font;
    if (add(ctx, rq, &font, &err) == DGL_OK)
        send_font(rq, 201, &font);
    else
        dgl_api_fail(rq, &err);
}

API_HANDLER(font_list)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_font_row *fonts;
    size_t count = 0;
    if (dgl_store_font_list(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, &fonts, &count, &err) !=
        DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    struct dgl_buf body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_api_begin_page(&w); // there are never more than one page
    for (size_t i = 0; i < count; i++)
        dgl_shape_font(&w, &fonts[i]);
    dgl_api_end_page(&w, "");
    dgl_api_send(rq, 200, &body);
}

API_HANDLER(font_get)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_font_row font;
    if (dgl_store_font_get(api->parts.store, dgl_http_arena(rq), dgl_api_who(rq)->org, param(rq, "id"), &font, &err) ==
        DGL_OK)
        send_font(rq, 200, &font);
    else
        dgl_api_fail(rq, &err);
}

API_HANDLER(font_delete)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    if (dgl_documents_font_delete(api->parts.documents, dgl_api_who(rq)->org, param(rq, "id"), &err) == DGL_OK)
        dgl_http_respond_empty(rq, 204);
    else
        dgl_api_fail(rq, &err);
}
