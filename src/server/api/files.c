// /files/…: signed links. No key, no rate limit; the signature is the permission. What is wrong with a link is said in
// JSON even to a browser: links are made for programs.
#include "server/api/parts.h"

API_HANDLER(file)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_document_file file;
    enum dgl_status status =
        dgl_documents_open_link(api->parts.documents, dgl_http_param(rq, "name"), dgl_http_query(rq, "expires"),
                                dgl_http_query(rq, "signature"), &file, &err);
    dgl_http_set_header(rq, "Referrer-Policy", "no-referrer");
    if (status != DGL_OK) {
        dgl_api_fail(rq, &err);
        return;
    }
    // Whatever the file holds, it is no page of ours.
    dgl_http_set_header(rq, "Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'");
    dgl_http_set_header(rq, "X-Robots-Tag", "noindex");
    dgl_api_send_file(rq, &file, false);
}
