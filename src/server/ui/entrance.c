// Coming in and going out: first-run set-up, sign-in, sign-out, and the environment switch.
#include <string.h>

#include "server/ui/parts.h"

static enum dgl_status has_organization(struct dgl_ui *ui, struct dgl_arena *arena, bool *ret, struct dgl_error *err)
{
    if (!atomic_load(&ui->has_organization)) {
        struct dgl_org *orgs;
        size_t count;
        DGL_TRY(dgl_store_org_list(ui->parts.store, arena, &orgs, &count, err));
        if (count > 0)
            atomic_store(&ui->has_organization, true);
    }
    *ret = atomic_load(&ui->has_organization);
    return DGL_OK;
}

// Who sets the server up has it; so a page of another site must not, through a name of its own that leads here.
static enum dgl_status check_setup(struct dgl_ui_visit *v, bool *ret, struct dgl_error *err)
{
    bool has = false;
    DGL_TRY(has_organization(v->ui, v->arena, &has, err));
    bool needs = !has && v->ui->parts.allow_setup;
    if (needs && !dgl_ui_is_own_host(dgl_http_header(v->rq, "Host"), v->ui->parts.public_url))
        return DGL_FAIL_SLUG(err, DGL_E_FORBIDDEN, "foreign_host",
                             "This server is set up at its own address: open %s, or set PUBLIC_URL to this one.",
                             v->ui->parts.public_url);
    *ret = needs;
    return DGL_OK;
}

// Whether the set-up page is open. False with an answer given already when it cannot be said.
static bool needs_setup(struct dgl_ui_visit *v, bool *ret)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (check_setup(v, ret, &err) == DGL_OK)
        return true;
    dgl_ui_refuse(v, &err);
    return false;
}

void dgl_ui_get_root(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    bool setup;
    if (dgl_ui_enter(ui, rq, &v) && needs_setup(&v, &setup))
        dgl_ui_leave(&v, setup ? "/setup" : v.signed_in ? "/templates" : "/sign-in", NULL, NULL);
}

// ---- sign-in

static void show_sign_in(struct dgl_ui_visit *v, int status, const char *email, const char *next, json_t *error)
{
    json_t *data = dgl_ui_page_data(v, "", "Sign in");
    json_t *form = json_object();
    dgl_ui_set_text(form, "email", email);
    json_object_set_new(data, "form", form);
    dgl_ui_set_text(data, "next", next);
    if (error)
        json_object_set_new(data, "error", error);
    dgl_ui_show(v, status, "sign_in.html", data);
}

void dgl_ui_get_sign_in(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    bool setup;
    if (!dgl_ui_enter(ui, rq, &v) || !needs_setup(&v, &setup))
        return;
    const char *next = dgl_http_query(rq, "next");
    if (!dgl_ui_is_local_path(next))
        next = "";
    if (setup)
        dgl_ui_leave(&v, "/setup", NULL, NULL);
    else if (v.signed_in)
        dgl_ui_leave(&v, *next ? next : "/templates", NULL, NULL);
    else
        show_sign_in(&v, 200, "", next, NULL);
}

static enum dgl_status open_session(struct dgl_ui_visit *v, const char *email, const char *password,
                                    struct dgl_error *err)
{
    char token[48];
    int64_t retry_after_s = 0;
    enum dgl_status s = dgl_account_sign_in(v->ui->parts.account, email, password, dgl_http_client_address(v->rq),
                                            token, &retry_after_s, err);
    if (s == DGL_E_RATE)
        dgl_http_set_header(v->rq, "Retry-After",
                            dgl_arena_printf(v->arena, "%lld", (long long)DGL_MAX(retry_after_s, 1)));
    if (s == DGL_OK)
        dgl_ui_set_session(v, token);
    return s;
}

void dgl_ui_post_sign_in(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *email = dgl_ui_field(&v, "email"), *next = dgl_ui_field(&v, "next");
    if (!dgl_ui_is_local_path(next))
        next = "";
    struct dgl_error err = DGL_ERROR_INIT;
    if (open_session(&v, email, dgl_ui_field(&v, "password"), &err) == DGL_OK)
        dgl_ui_leave(&v, *next ? next : "/templates", NULL, NULL);
    else if (dgl_status_http(err.code) >= 500)
        dgl_ui_refuse(&v, &err);
    else
        show_sign_in(&v, dgl_status_http(err.code), email, next, dgl_ui_form_error(&err));
}

void dgl_ui_post_sign_out(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_account_sign_out(v.ui->parts.account, &v.who, &err) != DGL_OK) {
        dgl_ui_refuse(&v, &err);
        return;
    }
    dgl_ui_set_session(&v, NULL);
    dgl_ui_leave(&v, "/sign-in", NULL, NULL);
}

// ---- first run

static void show_setup(struct dgl_ui_visit *v, int status, const char *organization, const char *email, json_t *error)
{
    json_t *data = dgl_ui_page_data(v, "", "Set up");
    json_t *form = json_object();
    dgl_ui_set_text(form, "organization", organization);
    dgl_ui_set_text(form, "email", email);
    json_object_set_new(data, "form", form);
    if (error)
        json_object_set_new(data, "error", error);
    dgl_ui_show(v, status, "setup.html", data);
}

void dgl_ui_get_setup(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    bool setup;
    if (!dgl_ui_enter(ui, rq, &v) || !needs_setup(&v, &setup))
        return;
    if (setup)
        show_setup(&v, 200, "", "", NULL);
    else
        dgl_ui_leave(&v, "/", NULL, NULL);
}

// The organization with its administrator. The key that comes with it is given back at once: nobody will see it here,
// and keys are made on the Developer page.
static enum dgl_status found_organization(struct dgl_ui_visit *v, const char *password, struct dgl_error *err)
{
    const struct dgl_ui_parts *parts = &v->ui->parts;
    struct dgl_account_init made;
    struct dgl_api_key *keys;
    size_t count;
    if (!*password)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "password", "Choose a password of at least 10 characters.");
    DGL_TRY(dgl_account_init(parts->account, dgl_ui_field(v, "organization"), dgl_ui_field(v, "email"), password, true,
                             &made, err));
    DGL_TRY(dgl_store_key_list(parts->store, v->arena, made.org, &keys, &count, err));
    for (size_t i = 0; i < count; i++)
        DGL_TRY(dgl_account_key_revoke(parts->account, made.org, keys[i].id, err));
    dgl_wipe(&made, sizeof(made));
    return DGL_OK;
}

void dgl_ui_post_setup(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    bool setup;
    if (!dgl_ui_enter(ui, rq, &v) || !needs_setup(&v, &setup))
        return;
    if (!setup) {
        dgl_ui_leave(&v, "/", NULL, NULL);
        return;
    }
    const char *email = dgl_ui_field(&v, "email"), *password = dgl_ui_field(&v, "password");
    enum dgl_status s = found_organization(&v, password, &err);
    if (s != DGL_OK && dgl_status_http(err.code) < 500)
        show_setup(&v, dgl_status_http(err.code), dgl_ui_field(&v, "organization"), email, dgl_ui_form_error(&err));
    else if (s != DGL_OK || open_session(&v, email, password, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, "/templates", NULL, NULL);
}

// ---- choosing a password with an invitation

static void show_invitation(struct dgl_ui_visit *v, int status, const char *token, const struct dgl_user *user,
                            json_t *error)
{
    json_t *data = dgl_ui_page_data(v, "", "Choose a password");
    dgl_ui_set_text(data, "token", token);
    dgl_ui_set_text(data, "email", user->email);
    json_object_set_new(data, "is_new", json_boolean(user->last_sign_in_at_us <= 0));
    if (error)
        json_object_set_new(data, "error", error);
    dgl_ui_show(v, status, "invitation.html", data);
}

void dgl_ui_get_invitation(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_user user;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *token = dgl_http_query(rq, "token");
    if (dgl_account_invitation_open(v.ui->parts.account, v.arena, token, &user, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        show_invitation(&v, 200, token, &user, NULL);
}

void dgl_ui_post_invitation(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_user user;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *token = dgl_ui_field(&v, "token"), *password = dgl_ui_field(&v, "password");
    enum dgl_status s = dgl_account_invitation_accept(v.ui->parts.account, v.arena, token, password, &user, &err);
    if (s == DGL_E_INVALID)
        show_invitation(&v, dgl_status_http(s), token, &user, dgl_ui_form_error(&err));
    else if (s != DGL_OK || open_session(&v, user.email, password, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, "/templates", NULL, NULL);
}

void dgl_ui_post_environment(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    bool is_uat = strcmp(dgl_ui_field(&v, "environment"), "uat") == 0;
    if (dgl_store_session_set_environment(v.ui->parts.store, v.who.session_hash, is_uat, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, dgl_ui_return_to(&v, "/templates"), NULL, NULL);
}
