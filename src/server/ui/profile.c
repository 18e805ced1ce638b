// Settings → Account: who is signed in, and choosing another password.

#include "server/ui/parts.h"

#define ACCOUNT "/settings/account"

static void show_account(struct dgl_ui_visit *v, int status, const struct dgl_error *wrong)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_org org;
    if (dgl_store_org_get(v->ui->parts.store, v->arena, v->who.org, &org, &err) != DGL_OK) {
        dgl_ui_refuse(v, &err);
        return;
    }
    json_t *data = dgl_ui_page_data(v, "account", "Account");
    dgl_ui_set_text(data, "organization", org.name);
    if (wrong)
        json_object_set_new(data, "error", dgl_ui_form_error(wrong));
    dgl_ui_set_text(data, "canonical", ACCOUNT);
    dgl_ui_set_text(data, "return_to", ACCOUNT);
    dgl_ui_show(v, status, "account.html", data);
}

void dgl_ui_get_account(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        show_account(&v, 200, NULL);
}

// The visit goes on in the session that takes the place of all others.
static enum dgl_status change_password(struct dgl_ui_visit *v, struct dgl_error *err)
{
    struct dgl_account *account = v->ui->parts.account;
    char token[48];
    int64_t retry_after_s = 0;
    enum dgl_status s = dgl_account_password_change(account, &v->who, dgl_ui_field(v, "current_password"),
                                                    dgl_ui_field(v, "password"), token, &retry_after_s, err);
    if (s == DGL_E_RATE)
        dgl_http_set_header(v->rq, "Retry-After",
                            dgl_arena_printf(v->arena, "%lld", (long long)DGL_MAX(retry_after_s, 1)));
    DGL_TRY(s);
    dgl_ui_set_session(v, token);
    return dgl_account_authenticate_session(account, token, &v->who, err);
}

void dgl_ui_post_password(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (change_password(&v, &err) == DGL_OK)
        dgl_ui_leave(&v, ACCOUNT, "good", "The password was changed. Everywhere else you are signed out.");
    else if (err.code == DGL_E_INVALID || err.code == DGL_E_RATE)
        show_account(&v, dgl_status_http(err.code), &err);
    else
        dgl_ui_refuse(&v, &err);
}
