// What the files of this room share: the room itself, and a visit (one request to a page by one person).
//
//   handler ─▶ dgl_ui_enter: route's access ─▶ session ─▶ role ─▶ (POST) origin ─▶ CSRF token ─▶ the handler's work
//                   │ no session: /sign-in   │ wrong role: page 403   │ either wrong: page 403
//           ─▶ dgl_ui_show (a page) or dgl_ui_leave (303 with a message for the next page)
#ifndef DGL_SERVER_UI_PARTS_H
#define DGL_SERVER_UI_PARTS_H

#include <stdatomic.h>

#include "server/ui/model.h"
#include "server/ui/ui.h"
#include "server/ui/views.h"

// Bounds of the pages, together.
#define DGL_UI_PAGE_ROWS 50             // templates and documents on one page
#define DGL_UI_VERSIONS_SHOWN 20        // of one template
#define DGL_UI_DELIVERIES_SHOWN 10      // on the Developer page and at a document
#define DGL_UI_HEALTH_SHOWN 12          // endpoints with their picture on the Deliveries page
#define DGL_UI_FORM_BYTES (64u << 10)   // ordinary forms
#define DGL_UI_DATA_BYTES (2u << 20)    // the form with JSON data
#define DGL_UI_UPLOAD_EXTRA (64u << 10) // a template's form besides the file
#define DGL_UI_TEST_WAIT_MS 30000
#define DGL_UI_SECRET_OVERLAP_S 86400
#define DGL_UI_SECRET_ROTATED \
    "This is the new secret. The old one signs beside it for another 24 hours: change your handler until then."
#define DGL_UI_FLASH_BYTES 600
#define DGL_UI_SOON_S 30 // a delivery due within this time is watched on the page

struct dgl_ui {
    struct dgl_ui_parts parts;
    struct dgl_views *views;
    struct dgl_route *routes;
    struct dgl_ui_asset *assets;
    size_t asset_count;
    atomic_bool has_organization; // once true it stays: saves /setup's question on every visit
};

// Who may open a route; the roles' own values are shifted past the two that need none.
enum dgl_ui_access {
    DGL_UI_ANYONE,
    DGL_UI_VIEWER,
    DGL_UI_GENERATOR,
    DGL_UI_EDITOR,
    DGL_UI_ADMIN,
};

struct dgl_ui_visit {
    struct dgl_ui *ui;
    struct dgl_http_request *rq;
    struct dgl_arena *arena; // the request's
    bool signed_in;
    struct dgl_principal who;
    char seed[40]; // not signed in: the cookie that the form's CSRF token is bound to
};
// A form's head: whether its body may come at all. Asked again when it is there: a session may end meanwhile.
bool dgl_ui_admit(void *ui, struct dgl_http_request *rq);
// False: an answer was given already (sign-in, refusal).
bool dgl_ui_enter(void *ui, struct dgl_http_request *rq, struct dgl_ui_visit *ret) DGL_MUST_CHECK;

// A form's text field; "" when absent or a file.
const char *dgl_ui_field(const struct dgl_ui_visit *v, const char *name);

// Data of a page: everything the frame needs, and the caller's own members put in by it. `section` lights the
// navigation.
json_t *dgl_ui_page_data(struct dgl_ui_visit *v, const char *section, const char *title);
// Renders, sets the headers and answers; takes `data`. status 200, or 4xx when a form is shown again.
void dgl_ui_show(struct dgl_ui_visit *v, int status, const char *page, json_t *data);
// 303 to `location`; `text` (NULL = none) is shown there once. kind "good", "bad", "info".
void dgl_ui_leave(struct dgl_ui_visit *v, const char *location, const char *kind, const char *text);
// The error page for *err.
void dgl_ui_refuse(struct dgl_ui_visit *v, const struct dgl_error *err);
// The time zone in which the visitor reads and writes times: the organization's.
const char *dgl_ui_zone(const struct dgl_ui_visit *v);
// The form field return_to when it is one of our paths, else `fallback`.
const char *dgl_ui_return_to(const struct dgl_ui_visit *v, const char *fallback);

// "/path?name=value&…" of the parameters that have a value; values must be such that stand in an address as they are.
struct dgl_ui_param {
    const char *name, *value; // NULL = left out
};
char *dgl_ui_address(struct dgl_arena *a, const char *path, const struct dgl_ui_param *params, size_t count);

void dgl_ui_set_headers(struct dgl_http_request *rq);
void dgl_ui_set_cookie(struct dgl_ui_visit *v, const char *name, const char *value, bool expire);
void dgl_ui_set_session(struct dgl_ui_visit *v, const char *token); // NULL takes the cookie away

// "{text, field}" of an error for a form, in words.
json_t *dgl_ui_form_error(const struct dgl_error *err);
// Answers with a file to keep; takes it.
void dgl_ui_send_file(struct dgl_ui_visit *v, struct dgl_document_file *file);
// "waits" and "waits_why" of a delivery that is due and not under way, in words; null = it has a time of its own.
void dgl_ui_set_waiting(struct dgl_ui_visit *v, const struct dgl_delivery_row *d, json_t *delivery);
// Whether it will be attempted while somebody looks: the page then looks again.
bool dgl_ui_is_soon(const struct dgl_ui_visit *v, const struct dgl_delivery_row *d);
// Latest deliveries with their attempts (of one document, or NULL); *ret_pending: some will be attempted soon.
enum dgl_status dgl_ui_deliveries(struct dgl_ui_visit *v, const char *document, json_t **ret, bool *ret_pending,
                                  struct dgl_error *err) DGL_MUST_CHECK;

// ---- one template's pages (templates.c)
struct dgl_ui_template_view {
    struct dgl_template_row row;
    json_t *tokens; // the caller's once loaded
};
enum dgl_status dgl_ui_template_load(struct dgl_ui_visit *v, struct dgl_ui_template_view *ret,
                                     struct dgl_error *err) DGL_MUST_CHECK; // the one named in the path
json_t *dgl_ui_template_data(struct dgl_ui_visit *v, const struct dgl_ui_template_view *t, const char *tab);

// ---- assets.c
struct dgl_ui_asset {
    const struct dgl_ui_file *file;
    const char *content_type;
    char path[96]; // "/assets/app.0a1b2c3d4e5f6071.css"
    char etag[24];
};
void dgl_ui_assets_load(struct dgl_ui *ui);
json_t *dgl_ui_asset_paths(const struct dgl_ui *ui); // {"css":…,"js":…,"icons":…,"favicon":…}
void dgl_ui_get_asset(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_favicon(void *ui, struct dgl_http_request *rq);

// ---- handlers, one file per subject (entrance.c, templates.c, generate.c, history.c, developer.c, webhook.c)
void dgl_ui_get_root(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_sign_in(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_sign_in(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_sign_out(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_setup(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_setup(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_invitation(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_invitation(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_environment(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_templates(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_template_new(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_template_new(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_template_versions(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_template_tokens(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_template_file(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_template_version(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_template_rollback(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_template_delete(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_template(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_generate(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_fonts(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_font_upload(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_font_delete(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_history(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_document(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_download(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_document_delete(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_developer(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_key_create(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_key_revoke(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_webhook_save(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_webhook_test(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_webhook_remove(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_secret_reveal(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_secret_rotate(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_public_key_rotate(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_public_key_disable(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_redeliver(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_organization(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_organization_name(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_organization_region(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_user_invite(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_user_link(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_user_change(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_user_delete(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_account(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_password(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_deliveries(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_delivery(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_redeliver_selected(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_redeliver_range(void *ui, struct dgl_http_request *rq);

void dgl_ui_get_endpoint_new(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_endpoint_create(void *ui, struct dgl_http_request *rq);
void dgl_ui_get_endpoint(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_endpoint_save(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_endpoint_enable(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_endpoint_disable(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_endpoint_delete(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_endpoint_reveal(void *ui, struct dgl_http_request *rq);
void dgl_ui_post_endpoint_rotate(void *ui, struct dgl_http_request *rq);

#endif
