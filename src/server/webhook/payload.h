// The bodies that are sent. Pure; thread safe.
#ifndef DGL_SERVER_WEBHOOK_PAYLOAD_H
#define DGL_SERVER_WEBHOOK_PAYLOAD_H

#include "base/crypto.h"
#include "server/store/store.h"

#define DGL_WEBHOOK_BODY_MAX 65536
#define DGL_WEBHOOK_TEST_BODY "{\"event\":\"webhook.test\",\"message\":\"This is a test webhook from DocGenLab\"}"
#define DGL_WEBHOOK_LINK_MASK "…" // in place of links for those who may not download

struct dgl_payload_links {
    const struct dgl_keyring *keys;
    const char *public_url; // without trailing slash
    int64_t expires_at_s;
    bool masked;
};
// {"event","job_id","status","download_url","metadata":{"template_id","created_at","error_message"}}, and
// "download_urls":{"pdf","docx"} when both formats were asked for. Links are null when the document failed or was
// erased.
enum dgl_status dgl_payload_write(const struct dgl_delivery_row *d, const struct dgl_payload_links *links,
                                  struct dgl_buf *out, struct dgl_error *err) DGL_MUST_CHECK;

#endif
