// Settings → Fonts: the organization's fonts with a line set in each, uploading and deleting.
#include "server/ui/parts.h"

#define FONTS "/settings/fonts"

static enum dgl_status list_fonts(struct dgl_ui_visit *v, json_t *data, struct dgl_error *err)
{
    struct dgl_font_row *rows;
    size_t count;
    int64_t total = 0;
    DGL_TRY(dgl_store_font_list(v->ui->parts.store, v->arena, v->who.org, &rows, &count, err));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, dgl_ui_font(&rows[i]));
        total += rows[i].size_bytes;
    }
    json_object_set_new(data, "fonts", list);
    json_object_set_new(data, "total_size", dgl_ui_size(total));
    return DGL_OK;
}

static void show_fonts(struct dgl_ui_visit *v, int status, const struct dgl_error *refused)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_JSON data = dgl_ui_page_data(v, "fonts", "Fonts");
    if (list_fonts(v, data, &err) != DGL_OK) {
        dgl_ui_refuse(v, &err);
        return;
    }
    if (refused)
        json_object_set_new(data, "error", dgl_ui_form_error(refused));
    json_object_set_new(data, "max_font",
                        dgl_ui_size(DGL_MIN(DGL_ENGINE_FONT_MAX_BYTES, v->ui->parts.max_upload_bytes)));
    json_object_set_new(data, "max_fonts", json_integer(DGL_STORE_FONTS_MAX));
    json_object_set_new(data, "max_total", dgl_ui_size(DGL_STORE_FONTS_MAX_BYTES));
    dgl_ui_set_text(data, "canonical", FONTS);
    dgl_ui_set_text(data, "return_to", FONTS);
    dgl_ui_show(v, status, "fonts.html", DGL_STEAL(data));
}

void dgl_ui_get_fonts(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        show_fonts(&v, 200, NULL);
}

static enum dgl_status upload(struct dgl_ui_visit *v, struct dgl_font_row *ret, struct dgl_error *err)
{
    const struct dgl_http_field *file = dgl_http_field(v->rq, "file");
    if (!file || !file->file_name || !*file->file_name || file->fd < 0 || file->size_bytes == 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "file", "Choose a font file (TTF, OTF, TTC) first.");
    return dgl_documents_font_add(v->ui->parts.documents, v->arena, &v->who, file->fd, file->file_name, ret, err);
}

void dgl_ui_post_font_upload(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_font_row row;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (upload(&v, &row, &err) == DGL_OK) {
        DGL_AUTO_JSON font = dgl_ui_font(&row);
        dgl_ui_leave(&v, FONTS, "good",
                     dgl_arena_printf(v.arena, "“%s” was uploaded. Documents use it from now on.",
                                      json_string_value(json_object_get(font, "title"))));
    } else if (dgl_status_http(err.code) >= 500) {
        dgl_ui_refuse(&v, &err);
    } else {
        show_fonts(&v, dgl_status_http(err.code), &err);
    }
}

void dgl_ui_post_font_delete(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_documents_font_delete(v.ui->parts.documents, v.who.org, dgl_http_param(rq, "id"), &err) == DGL_OK)
        dgl_ui_leave(&v, FONTS, "good", "The font was deleted.");
    else
        dgl_ui_refuse(&v, &err);
}
