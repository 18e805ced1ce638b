// The web pages: server-rendered through the template engine, embedded assets, sessions and CSRF.
#ifndef DGL_SERVER_UI_UI_H
#define DGL_SERVER_UI_UI_H

#include "server/document/document.h"
#include "server/http/http.h"
#include "server/mail/outbox.h"

struct dgl_ui;
struct dgl_ui_parts {
    struct dgl_store *store;
    struct dgl_account *account;
    struct dgl_documents *documents;
    struct dgl_webhook *webhook;
    struct dgl_outbox *outbox; // NULL = invitations are not e-mailed
    struct dgl_clock *clock;
    const char *public_url; // a loopback address: the Developer page warns
    const char *version;
    int64_t max_upload_bytes;
    const char *retry_schedule; // of webhooks, in seconds: "60,300,900"; NULL = not told on the page
    bool allow_setup;           // first-run set-up page while there is no organization
};
enum dgl_status dgl_ui_new(const struct dgl_ui_parts *parts, struct dgl_http_server *http, struct dgl_ui **ret,
                           struct dgl_error *err) DGL_MUST_CHECK; // adds its routes
void dgl_ui_free(struct dgl_ui *ui);
DGL_DEFINE_AUTO(ui);
void dgl_ui_error_page(void *ctx, struct dgl_http_request *rq,
                       const struct dgl_error *err); // for dgl_http_options.error_page; ctx = struct dgl_ui **

#endif
