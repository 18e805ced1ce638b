// How things look in JSON: one function for each shape, so that a document is the same wherever it appears.
#ifndef DGL_SERVER_API_SHAPES_H
#define DGL_SERVER_API_SHAPES_H

#include "server/document/document.h"

// `tokens_json` NULL: a list's item, without tokens.
void dgl_shape_template(struct dgl_json_writer *w, const struct dgl_template_row *t, const char *tokens_json,
                        const char *warnings_json); // NULL: left out
void dgl_shape_version(struct dgl_json_writer *w, const struct dgl_template_version_row *v);
void dgl_shape_font(struct dgl_json_writer *w, const struct dgl_font_row *f);
void dgl_shape_accepted(struct dgl_json_writer *w, const struct dgl_document_accepted *a);
// Links are minted now. `with_url`: the job's own webhook URL, which may hold a token, is shown.
void dgl_shape_document(struct dgl_json_writer *w, struct dgl_documents *d, const struct dgl_document_row *r,
                        bool with_url);
void dgl_shape_settings(struct dgl_json_writer *w, const struct dgl_webhook_settings *s);
void dgl_shape_source_ips(struct dgl_json_writer *w, const char *comma_separated); // a list
void dgl_shape_endpoint(struct dgl_json_writer *w, const struct dgl_webhook_endpoint *e);
void dgl_shape_endpoint_health(struct dgl_json_writer *w, const struct dgl_endpoint_health *h);
void dgl_shape_test(struct dgl_json_writer *w, const struct dgl_webhook_test *t);
// The members of a delivery that a list shows; the object stays open for more. `attempts` is their number.
void dgl_shape_delivery(struct dgl_json_writer *w, const struct dgl_delivery_row *d, bool with_count);
void dgl_shape_attempt(struct dgl_json_writer *w, const struct dgl_attempt_row *a);

#endif
