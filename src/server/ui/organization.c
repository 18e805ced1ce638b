// Settings → Organization: its name, time zone and locale, its users, and the invitation with which a user comes in.
#include <string.h>

#include "server/ui/parts.h"

#define ORGANIZATION "/settings/organization"

// What a form may put on the page.
struct organization_extra {
    int status;                                     // 0 = 200
    const char *invite_error, *email, *name, *role; // the invitation's form, shown again
    const char *name_error, *organization;          // the organization's name, shown again
    const char *zone_error, *locale_error;          // at most one of them
    const char *zone, *locale;                      // its region, shown again
    const char *link, *link_email;                  // made just now
    bool mailed;                                    // … and e-mailed
    const char *mail_error;                         // … or why not
};

// ---- the page

static enum dgl_status set_users(struct dgl_ui_visit *v, json_t *data, struct dgl_error *err)
{
    struct dgl_user *users;
    size_t count;
    DGL_TRY(dgl_store_user_list(v->ui->parts.store, v->arena, v->who.org, &users, &count, err));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, dgl_ui_user(&users[i], strcmp(users[i].id, v->who.actor) == 0));
    json_object_set_new(data, "users", list);
    return DGL_OK;
}

// The fields with what was typed; the examples beside them are always written as the documents are now.
static void set_region(const struct organization_extra *extra, const struct dgl_org *org, json_t *data)
{
    json_t *region = json_object();
    dgl_ui_set_text(region, "zone", extra->zone ? extra->zone : org->time_zone);
    dgl_ui_set_text(region, "locale", extra->locale ? extra->locale : org->locale);
    dgl_ui_set_text(region, "zone_error", extra->zone_error);
    dgl_ui_set_text(region, "locale_error", extra->locale_error);
    dgl_ui_set_text(region, "zone_now", org->time_zone);
    dgl_ui_set_text(region, "locale_now", org->locale);
    json_object_set_new(data, "region", region);
}

static void set_forms(const struct organization_extra *extra, const char *name, json_t *data)
{
    json_t *organization = json_object(), *invite = json_object();
    dgl_ui_set_text(organization, "name", extra->organization ? extra->organization : name);
    dgl_ui_set_text(organization, "error", extra->name_error);
    json_object_set_new(data, "organization", organization);
    json_object_set_new(invite, "open", json_boolean(extra->invite_error != NULL));
    dgl_ui_set_text(invite, "error", extra->invite_error);
    dgl_ui_set_text(invite, "email", extra->email ? extra->email : "");
    dgl_ui_set_text(invite, "name", extra->name ? extra->name : "");
    json_object_set_new(data, "invite", invite);
    json_object_set_new(data, "roles", dgl_ui_roles(extra->role ? extra->role : dgl_role_word(DGL_ROLE_GENERATOR)));
    json_t *link = json_null();
    if (extra->link) {
        link = json_object();
        dgl_ui_set_text(link, "url", extra->link);
        dgl_ui_set_text(link, "email", extra->link_email);
        json_object_set_new(link, "mailed", json_boolean(extra->mailed));
        dgl_ui_set_text(link, "mail_error", extra->mail_error);
    }
    json_object_set_new(data, "link", link);
}

static void show_organization(struct dgl_ui_visit *v, const struct organization_extra *extra)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_org org;
    DGL_AUTO_JSON data = dgl_ui_page_data(v, "organization", "Organization");
    if (set_users(v, data, &err) != DGL_OK ||
        dgl_store_org_get(v->ui->parts.store, v->arena, v->who.org, &org, &err) != DGL_OK) {
        dgl_ui_refuse(v, &err);
        return;
    }
    set_forms(extra, org.name, data);
    set_region(extra, &org, data);
    json_object_set_new(data, "mails", json_boolean(v->ui->parts.outbox != NULL));
    dgl_ui_set_text(data, "organization_id", v->who.org);
    dgl_ui_set_text(data, "canonical", ORGANIZATION);
    dgl_ui_set_text(data, "return_to", ORGANIZATION);
    dgl_ui_show(v, extra->status ? extra->status : 200, "organization.html", DGL_STEAL(data));
}

void dgl_ui_get_organization(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (dgl_ui_enter(ui, rq, &v))
        show_organization(&v, &(struct organization_extra){.status = 200});
}

void dgl_ui_post_organization_name(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *name = dgl_ui_field(&v, "name");
    if (dgl_account_org_rename(v.ui->parts.account, v.who.org, name, &err) == DGL_OK)
        dgl_ui_leave(&v, ORGANIZATION, "good", "The name was saved.");
    else if (dgl_status_http(err.code) >= 500)
        dgl_ui_refuse(&v, &err);
    else
        show_organization(&v, &(struct organization_extra){.status = dgl_status_http(err.code),
                                                           .name_error = err.message,
                                                           .organization = name});
}

void dgl_ui_post_organization_region(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    struct organization_extra extra = {.zone = dgl_ui_field(&v, "time_zone"), .locale = dgl_ui_field(&v, "locale")};
    if (dgl_account_org_set_region(v.ui->parts.account, v.who.org, extra.zone, extra.locale, &err) == DGL_OK) {
        dgl_ui_leave(&v, ORGANIZATION, "good", "The time zone and the locale were saved.");
        return;
    }
    if (err.code != DGL_E_INVALID) {
        dgl_ui_refuse(&v, &err);
        return;
    }
    extra.status = dgl_status_http(err.code);
    *(strcmp(err.field, "locale") == 0 ? &extra.locale_error : &extra.zone_error) = err.message;
    show_organization(&v, &extra);
}

// ---- inviting

// A link to choose a password, e-mailed when there is a mail server. It is shown in any case: letters get lost too.
static enum dgl_status make_link(struct dgl_ui_visit *v, const struct dgl_user *user, struct organization_extra *ret,
                                 struct dgl_error *err)
{
    char token[DGL_INVITATION_LEN];
    struct dgl_outbox *outbox = v->ui->parts.outbox;
    struct dgl_error mail_err = DGL_ERROR_INIT;
    DGL_TRY(dgl_account_invitation_make(v->ui->parts.account, v->who.org, user->id, token, err));
    *ret = (struct organization_extra){.link_email = user->email};
    ret->link = dgl_arena_printf(v->arena, "%s/invitation?token=%s", v->ui->parts.public_url, token);
    ret->mailed = outbox && dgl_outbox_invite(outbox, user, v->who.name, &mail_err) == DGL_OK;
    if (outbox && !ret->mailed)
        ret->mail_error = dgl_arena_strdup(v->arena, mail_err.message);
    return DGL_OK;
}

static enum dgl_status invite(struct dgl_ui_visit *v, struct organization_extra *ret, struct dgl_error *err)
{
    struct dgl_user user;
    enum dgl_role role;
    struct dgl_id id;
    if (!dgl_role_parse(dgl_ui_field(v, "role"), &role))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "role", "Choose a role for the user.");
    DGL_TRY(dgl_account_user_invite(v->ui->parts.account, v->who.org, dgl_ui_field(v, "email"), dgl_ui_field(v, "name"),
                                    role, &id, err));
    DGL_TRY(dgl_store_user_get(v->ui->parts.store, v->arena, v->who.org, id.s, &user, err));
    return make_link(v, &user, ret, err);
}

void dgl_ui_post_user_invite(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    struct organization_extra extra = {
        .email = dgl_ui_field(&v, "email"), .name = dgl_ui_field(&v, "name"), .role = dgl_ui_field(&v, "role")};
    enum dgl_status status = invite(&v, &extra, &err);
    if (status != DGL_OK && dgl_status_http(err.code) >= 500) {
        dgl_ui_refuse(&v, &err);
        return;
    }
    if (status != DGL_OK) {
        extra.invite_error = err.message;
        extra.status = dgl_status_http(err.code);
    }
    show_organization(&v, &extra);
}

// ---- one user

// The user named in the path; nobody does these things to themselves, or they might lock themselves out by a slip.
static enum dgl_status find_user(struct dgl_ui_visit *v, struct dgl_user *ret, struct dgl_error *err)
{
    const char *id = dgl_http_param(v->rq, "id");
    if (strcmp(id, v->who.actor) == 0)
        return DGL_FAIL(err, DGL_E_CONFLICT,
                        "You cannot change or remove yourself here. Another Org Admin of your organization can.");
    return dgl_store_user_get(v->ui->parts.store, v->arena, v->who.org, id, ret, err);
}

void dgl_ui_post_user_link(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_user user;
    struct organization_extra extra;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (find_user(&v, &user, &err) != DGL_OK || make_link(&v, &user, &extra, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        show_organization(&v, &extra);
}

// "role" gives another role, "disable" and "enable" what they say.
static enum dgl_status change_user(struct dgl_ui_visit *v, struct dgl_user *user, const char **ret_text,
                                   struct dgl_error *err)
{
    const char *what = dgl_ui_field(v, "change");
    struct dgl_user_change change = DGL_USER_CHANGE;
    enum dgl_role role;
    DGL_TRY(find_user(v, user, err));
    if (strcmp(what, "disable") == 0 || strcmp(what, "enable") == 0) {
        change.disabled = *what == 'd';
        *ret_text = dgl_arena_printf(v->arena, change.disabled ? "%s can no longer sign in." : "%s can sign in again.",
                                     user->email);
    } else if (dgl_role_parse(dgl_ui_field(v, "role"), &role)) {
        change.role = (int)role;
        *ret_text = dgl_arena_printf(v->arena, "%s now has the role %s.", user->email, dgl_role_title(role));
    } else {
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "role", "Choose a role for the user.");
    }
    return dgl_store_user_change(v->ui->parts.store, user->org, user->id, &change, err);
}

void dgl_ui_post_user_change(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_user user;
    const char *text;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (change_user(&v, &user, &text, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, ORGANIZATION, "good", text);
}

void dgl_ui_post_user_delete(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_user user;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (find_user(&v, &user, &err) != DGL_OK ||
        dgl_store_user_delete(v.ui->parts.store, v.who.org, user.id, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, ORGANIZATION, "good", dgl_arena_printf(v.arena, "%s was removed.", user.email));
}
