// The web pages: the table of routes, start, end, and the page for errors that no handler made.
//
// Pages are rendered on the server from embedded templates; a small script adds conveniences and nothing depends on it.
// State lives in the store and in three cookies: the session, a seed for the forms shown before there is one, and a
// message for the next page. Refused alternative: a single-page application over the REST API. It would need API
// credentials in the browser, a second rendering of every error, and a build chain, for pages that are forms and lists.
#include "server/ui/ui.h"

#include <stdlib.h>
#include <string.h>

#include "server/ui/parts.h"

#define PAGE DGL_ROUTE_BLOCKING
#define FORM (DGL_ROUTE_BLOCKING | DGL_ROUTE_FORM)
#define UPLOAD SIZE_MAX // replaced by the configured maximum

static const struct dgl_route routes[] = {
    {"GET", "/", dgl_ui_get_root, PAGE, 0, DGL_UI_ANYONE, NULL, NULL},
    {"GET", "/favicon.ico", dgl_ui_get_favicon, DGL_ROUTE_ASYNC, 0, DGL_UI_ANYONE, NULL, NULL},
    {"GET", "/assets/{name}", dgl_ui_get_asset, DGL_ROUTE_ASYNC, 0, DGL_UI_ANYONE, NULL, NULL},
    {"GET", "/setup", dgl_ui_get_setup, PAGE, 0, DGL_UI_ANYONE, NULL, NULL},
    {"POST", "/setup", dgl_ui_post_setup, FORM, DGL_UI_FORM_BYTES, DGL_UI_ANYONE, NULL, NULL},
    {"GET", "/sign-in", dgl_ui_get_sign_in, PAGE, 0, DGL_UI_ANYONE, NULL, NULL},
    {"POST", "/sign-in", dgl_ui_post_sign_in, FORM, DGL_UI_FORM_BYTES, DGL_UI_ANYONE, NULL, NULL},
    {"GET", "/invitation", dgl_ui_get_invitation, PAGE, 0, DGL_UI_ANYONE, NULL, NULL},
    {"POST", "/invitation", dgl_ui_post_invitation, FORM, DGL_UI_FORM_BYTES, DGL_UI_ANYONE, NULL, NULL},
    {"POST", "/sign-out", dgl_ui_post_sign_out, FORM, DGL_UI_FORM_BYTES, DGL_UI_VIEWER, NULL, NULL},
    {"POST", "/environment", dgl_ui_post_environment, FORM, DGL_UI_FORM_BYTES, DGL_UI_VIEWER, NULL, NULL},

    {"GET", "/templates", dgl_ui_get_templates, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"GET", "/templates/new", dgl_ui_get_template_new, PAGE, 0, DGL_UI_EDITOR, NULL, NULL},
    {"POST", "/templates/new", dgl_ui_post_template_new, FORM, UPLOAD, DGL_UI_EDITOR, NULL, NULL},
    {"GET", "/templates/{id}", dgl_ui_get_template, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"GET", "/templates/{id}/file", dgl_ui_get_template_file, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"GET", "/templates/{id}/versions", dgl_ui_get_template_versions, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"GET", "/templates/{id}/tokens", dgl_ui_get_template_tokens, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"POST", "/templates/{id}/versions", dgl_ui_post_template_version, FORM, UPLOAD, DGL_UI_EDITOR, NULL, NULL},
    {"POST", "/templates/{id}/rollback", dgl_ui_post_template_rollback, FORM, DGL_UI_FORM_BYTES, DGL_UI_EDITOR, NULL,
     NULL},
    {"POST", "/templates/{id}/delete", dgl_ui_post_template_delete, FORM, DGL_UI_FORM_BYTES, DGL_UI_EDITOR, NULL, NULL},
    {"POST", "/templates/{id}/generate", dgl_ui_post_generate, FORM, DGL_UI_DATA_BYTES, DGL_UI_GENERATOR, NULL, NULL},

    {"GET", "/history", dgl_ui_get_history, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"GET", "/history/{id}", dgl_ui_get_document, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"GET", "/history/{id}/download", dgl_ui_get_download, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"POST", "/history/{id}/delete", dgl_ui_post_document_delete, FORM, DGL_UI_FORM_BYTES, DGL_UI_EDITOR, NULL, NULL},

    {"GET", "/settings", dgl_ui_get_developer, PAGE, 0, DGL_UI_ADMIN, NULL, NULL},
    {"GET", "/settings/developer", dgl_ui_get_developer, PAGE, 0, DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/keys", dgl_ui_post_key_create, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/keys/{id}/revoke", dgl_ui_post_key_revoke, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},
    {"POST", "/settings/developer/webhook", dgl_ui_post_webhook_save, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN, NULL,
     NULL},
    {"POST", "/settings/developer/webhook/test", dgl_ui_post_webhook_test, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN, NULL,
     NULL},
    {"POST", "/settings/developer/webhook/remove", dgl_ui_post_webhook_remove, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},
    {"POST", "/settings/developer/secret/reveal", dgl_ui_post_secret_reveal, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},
    {"POST", "/settings/developer/public-key/rotate", dgl_ui_post_public_key_rotate, FORM, DGL_UI_FORM_BYTES,
     DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/public-key/disable", dgl_ui_post_public_key_disable, FORM, DGL_UI_FORM_BYTES,
     DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/secret/rotate", dgl_ui_post_secret_rotate, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},
    {"POST", "/settings/developer/deliveries/{id}/redeliver", dgl_ui_post_redeliver, FORM, DGL_UI_FORM_BYTES,
     DGL_UI_ADMIN, NULL, NULL},
    {"GET", "/settings/developer/endpoints/new", dgl_ui_get_endpoint_new, PAGE, 0, DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/endpoints/new", dgl_ui_post_endpoint_create, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},
    {"GET", "/settings/developer/endpoints/{id}", dgl_ui_get_endpoint, PAGE, 0, DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/endpoints/{id}", dgl_ui_post_endpoint_save, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},
    {"POST", "/settings/developer/endpoints/{id}/enable", dgl_ui_post_endpoint_enable, FORM, DGL_UI_FORM_BYTES,
     DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/endpoints/{id}/disable", dgl_ui_post_endpoint_disable, FORM, DGL_UI_FORM_BYTES,
     DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/endpoints/{id}/delete", dgl_ui_post_endpoint_delete, FORM, DGL_UI_FORM_BYTES,
     DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/endpoints/{id}/secret/reveal", dgl_ui_post_endpoint_reveal, FORM, DGL_UI_FORM_BYTES,
     DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/developer/endpoints/{id}/secret/rotate", dgl_ui_post_endpoint_rotate, FORM, DGL_UI_FORM_BYTES,
     DGL_UI_ADMIN, NULL, NULL},

    {"GET", "/settings/organization", dgl_ui_get_organization, PAGE, 0, DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/settings/organization/name", dgl_ui_post_organization_name, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN, NULL,
     NULL},
    {"POST", "/settings/organization/region", dgl_ui_post_organization_region, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},
    {"POST", "/settings/organization/users", dgl_ui_post_user_invite, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN, NULL,
     NULL},
    {"POST", "/settings/organization/users/{id}", dgl_ui_post_user_change, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN, NULL,
     NULL},
    {"POST", "/settings/organization/users/{id}/link", dgl_ui_post_user_link, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},
    {"POST", "/settings/organization/users/{id}/delete", dgl_ui_post_user_delete, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN,
     NULL, NULL},

    {"GET", "/settings/account", dgl_ui_get_account, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"POST", "/settings/account/password", dgl_ui_post_password, FORM, DGL_UI_FORM_BYTES, DGL_UI_VIEWER, NULL, NULL},

    {"GET", "/settings/fonts", dgl_ui_get_fonts, PAGE, 0, DGL_UI_VIEWER, NULL, NULL},
    {"POST", "/settings/fonts", dgl_ui_post_font_upload, FORM, UPLOAD, DGL_UI_EDITOR, NULL, NULL},
    {"POST", "/settings/fonts/{id}/delete", dgl_ui_post_font_delete, FORM, DGL_UI_FORM_BYTES, DGL_UI_EDITOR, NULL,
     NULL},

    {"GET", "/deliveries", dgl_ui_get_deliveries, PAGE, 0, DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/deliveries/selected", dgl_ui_post_redeliver_selected, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN, NULL, NULL},
    {"POST", "/deliveries/range", dgl_ui_post_redeliver_range, FORM, DGL_UI_FORM_BYTES, DGL_UI_ADMIN, NULL, NULL},
    {"GET", "/deliveries/{id}", dgl_ui_get_delivery, PAGE, 0, DGL_UI_ADMIN, NULL, NULL},
};

enum dgl_status dgl_ui_new(const struct dgl_ui_parts *parts, struct dgl_http_server *http, struct dgl_ui **ret,
                           struct dgl_error *err)
{
    DGL_AUTO(ui) ui = DGL_NEW(struct dgl_ui);
    ui->parts = *parts;
    DGL_TRY(dgl_views_new(&ui->views, err));
    dgl_ui_assets_load(ui);
    ui->routes = dgl_alloc(sizeof(routes));
    memcpy(ui->routes, routes, sizeof(routes));
    for (struct dgl_route *r = ui->routes; r < ui->routes + DGL_COUNT(routes); r++) {
        if (r->max_body_bytes == UPLOAD)
            r->max_body_bytes = (size_t)parts->max_upload_bytes + DGL_UI_UPLOAD_EXTRA;
        if (r->max_body_bytes > 0 && r->access != DGL_UI_ANYONE)
            r->admit = dgl_ui_admit;
    }
    dgl_http_server_add(http, ui->routes, DGL_COUNT(routes), ui);
    *ret = DGL_STEAL(ui);
    return DGL_OK;
}

void dgl_ui_free(struct dgl_ui *ui)
{
    if (!ui)
        return;
    dgl_views_free(ui->views);
    free(ui->assets);
    free(ui->routes);
    free(ui);
}

void dgl_ui_error_page(void *ctx, struct dgl_http_request *rq, const struct dgl_error *err)
{
    struct dgl_ui *ui = *(struct dgl_ui **)ctx;
    if (!ui) { // while starting
        dgl_http_respond_error(rq, err, 0);
        return;
    }
    struct dgl_ui_visit v = {.ui = ui, .rq = rq, .arena = dgl_http_arena(rq)};
    dgl_ui_refuse(&v, err);
}
