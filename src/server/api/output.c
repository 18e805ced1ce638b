// Sending: JSON from a buffer, errors, files, pages of lists; and the shapes most handlers have.
#include "server/api/parts.h"

#include <stdio.h>

void dgl_api_send(struct dgl_http_request *rq, int status, struct dgl_buf *body)
{
    dgl_http_respond_buf(rq, status, "application/json", body);
}

void dgl_api_fail(struct dgl_http_request *rq, const struct dgl_error *err)
{
    dgl_http_respond_error(rq, err, dgl_status_http(err->code) == 503 ? 1 : 0);
}

void dgl_api_send_file(struct dgl_http_request *rq, struct dgl_document_file *file, bool attachment)
{
    char hex[2 * DGL_SHA256_LEN + 1], disposition[256];
    dgl_hex_encode(file->sha256, sizeof(file->sha256), hex);
    snprintf(disposition, sizeof(disposition), "%s; filename=\"%s\"", attachment ? "attachment" : "inline",
             file->file_name);
    dgl_http_set_header(rq, "Content-Disposition", disposition);
    dgl_http_respond_file(rq, DGL_STEAL_FD(file->fd), file->size_bytes, file->content_type, hex, file->finished_at_us);
}

void dgl_api_begin_page(struct dgl_json_writer *w)
{
    dgl_jw_object(w);
    dgl_jw_key(w, "items");
    dgl_jw_array(w);
}

void dgl_api_end_page(struct dgl_json_writer *w, const char *next_cursor)
{
    dgl_jw_end_array(w);
    dgl_jw_kstr(w, "next_cursor", next_cursor[0] ? next_cursor : NULL);
    dgl_jw_end_object(w);
}

// ---- shapes of handlers

void dgl_api_answer_body(struct dgl_api *api, struct dgl_http_request *rq, int status, api_body write)
{
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_error err = DGL_ERROR_INIT;
    if (write(api, rq, &body, &err) == DGL_OK)
        dgl_api_send(rq, status, &body);
    else
        dgl_api_fail(rq, &err);
}

void dgl_api_answer_empty(struct dgl_api *api, struct dgl_http_request *rq, api_act act)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (act(api, rq, &err) == DGL_OK)
        dgl_http_respond_empty(rq, 204);
    else
        dgl_api_fail(rq, &err);
}

void dgl_api_answer_secret(struct dgl_api *api, struct dgl_http_request *rq, const char *key, api_secret get)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[API_SECRET_SIZE] = "";
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(4096);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    if (get(api, rq, secret, &err) == DGL_OK) {
        dgl_jw_object(&w);
        dgl_jw_kstr(&w, key, secret[0] ? secret : NULL);
        dgl_jw_end_object(&w);
        dgl_api_send(rq, 200, &body);
    } else {
        dgl_api_fail(rq, &err);
    }
    dgl_wipe(secret, sizeof secret);
}
