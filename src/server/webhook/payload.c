// The key order is part of the contract, so the body is written by hand, one key after the other.
#include "server/webhook/payload.h"

#include "base/json.h"
#include "server/blob/link.h"

#include <string.h>

static enum dgl_status make_link(const struct dgl_delivery_row *d, const struct dgl_payload_links *links,
                                 const char *format, char ret[DGL_LINK_MAX], struct dgl_error *err)
{
    if (!links->masked)
        return dgl_link_make(links->keys, links->public_url, d->document, format, links->expires_at_s, ret, err);
    memcpy(ret, DGL_WEBHOOK_LINK_MASK, sizeof DGL_WEBHOOK_LINK_MASK);
    return DGL_OK;
}

static enum dgl_status put_link(struct dgl_json_writer *w, const char *key, const struct dgl_delivery_row *d,
                                const struct dgl_payload_links *links, const char *format, struct dgl_error *err)
{
    char link[DGL_LINK_MAX];
    if (!d->document_ok || d->document_erased) {
        dgl_jw_knull(w, key);
        return DGL_OK;
    }
    DGL_TRY(make_link(d, links, format, link, err));
    dgl_jw_kstr(w, key, link);
    return DGL_OK;
}

enum dgl_status dgl_payload_write(const struct dgl_delivery_row *d, const struct dgl_payload_links *links,
                                  struct dgl_buf *out, struct dgl_error *err)
{
    struct dgl_json_writer w = DGL_JSON_WRITER(out);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "event", d->event_type);
    dgl_jw_kstr(&w, "job_id", d->document);
    dgl_jw_kstr(&w, "status", d->document_ok ? "completed" : "failed");
    DGL_TRY(put_link(&w, "download_url", d, links, d->formats == DGL_FORMAT_DOCX ? "docx" : "pdf", err));
    dgl_jw_key(&w, "metadata");
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "template_id", d->template_id);
    dgl_jw_ktime(&w, "created_at", d->document_created_at_us);
    dgl_jw_kstr(&w, "error_message", d->document_ok ? NULL : d->error_message);
    dgl_jw_end_object(&w);
    if (d->formats == (DGL_FORMAT_PDF | DGL_FORMAT_DOCX)) {
        dgl_jw_key(&w, "download_urls");
        dgl_jw_object(&w);
        DGL_TRY(put_link(&w, "pdf", d, links, "pdf", err));
        DGL_TRY(put_link(&w, "docx", d, links, "docx", err));
        dgl_jw_end_object(&w);
    }
    dgl_jw_end_object(&w);
    return dgl_buf_check(out, "the webhook's body", err);
}
