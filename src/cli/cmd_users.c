// docgenlab users list | create | password | role | rename | disable | enable | delete
#include "cli/cli.h"

#include <stdio.h>

#include "cli/account_command.h"
#include "cli/table.h"

static const struct dgl_cli_help help = {
    "Usage: docgenlab users list     [--data DIR] [--org ID] [--json]\n"
    "       docgenlab users create   [--data DIR] [--org ID] --email EMAIL --password-file FILE [--name NAME] "
    "[--role ROLE] [--json]\n"
    "       docgenlab users password [--data DIR] [--org ID] --email EMAIL --password-file FILE\n"
    "       docgenlab users role     [--data DIR] [--org ID] --email EMAIL --role ROLE\n"
    "       docgenlab users rename   [--data DIR] [--org ID] --email EMAIL --name NAME\n"
    "       docgenlab users disable | enable | delete [--data DIR] [--org ID] --email EMAIL\n\n"
    "ROLE: org_admin, template_editor, generator (the default) or viewer. FILE may be /dev/stdin. A new password and\n"
    "disable end the user's sessions. An organization keeps one Org Admin. All of it works beside a running server.\n\n"
    "Example: docgenlab users create --email ann@example.com --role template_editor --password-file /dev/stdin\n",
    DGL_CLI_DATA_OPTIONS};

static enum dgl_status list(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const columns[] = {"id", "email", "name", "role", "disabled", "created_at", "last_sign_in_at"};
    struct dgl_user *users = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_user_list(call->data.store, call->arena, call->org, &users, &count, err));
    struct dgl_cell *cells = dgl_arena_alloc(call->arena, (count + 1) * DGL_COUNT(columns) * sizeof *cells), *c = cells;
    for (size_t i = 0; i < count; i++) {
        *c++ = DGL_TEXT(users[i].id);
        *c++ = DGL_TEXT(users[i].email);
        *c++ = DGL_TEXT(users[i].name);
        *c++ = DGL_TEXT(dgl_role_word(users[i].role));
        *c++ = DGL_BOOL(users[i].disabled);
        *c++ = DGL_TIME(users[i].created_at_us);
        *c++ = DGL_TIME(users[i].last_sign_in_at_us);
    }
    dgl_cli_print_table(call->wishes->json != NULL, columns, DGL_COUNT(columns), cells, count);
    return DGL_OK;
}

static enum dgl_status create(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const names[] = {"id"};
    const struct dgl_account_wishes *w = call->wishes;
    enum dgl_role role;
    struct dgl_id id;
    DGL_TRY(dgl_cli_role(call, &role, err));
    DGL_TRY(dgl_account_user_create(call->data.account, call->org, w->email, w->name ? w->name : "", w->password, role,
                                    &id, err));
    if (w->json)
        dgl_cli_print_record(true, names, &DGL_TEXT(id.s), 1);
    else
        printf("%s\n", id.s);
    return DGL_OK;
}

static enum dgl_status find(struct dgl_account_call *call, struct dgl_user *ret, struct dgl_error *err)
{
    return dgl_account_user_find(call->data.account, call->arena, call->org, call->wishes->email, ret, err);
}

static enum dgl_status set_password(struct dgl_account_call *call, struct dgl_error *err)
{
    struct dgl_user user;
    DGL_TRY(find(call, &user, err));
    return dgl_account_user_set_password(call->data.account, call->org, user.id, call->wishes->password, err);
}

static enum dgl_status set_role(struct dgl_account_call *call, struct dgl_error *err)
{
    struct dgl_user user;
    struct dgl_user_change change = DGL_USER_CHANGE;
    enum dgl_role role;
    DGL_TRY(find(call, &user, err));
    DGL_TRY(dgl_cli_role(call, &role, err));
    change.role = (int)role;
    return dgl_store_user_change(call->data.store, user.org, user.id, &change, err);
}

static enum dgl_status rename_user(struct dgl_account_call *call, struct dgl_error *err)
{
    struct dgl_user user;
    DGL_TRY(find(call, &user, err));
    return dgl_account_user_rename(call->data.account, &user, call->wishes->name, err);
}

static enum dgl_status set_disabled(struct dgl_account_call *call, bool disabled, struct dgl_error *err)
{
    struct dgl_user user;
    struct dgl_user_change change = DGL_USER_CHANGE;
    DGL_TRY(find(call, &user, err));
    change.disabled = disabled;
    return dgl_store_user_change(call->data.store, user.org, user.id, &change, err);
}

static enum dgl_status disable(struct dgl_account_call *call, struct dgl_error *err)
{
    return set_disabled(call, true, err);
}

static enum dgl_status enable(struct dgl_account_call *call, struct dgl_error *err)
{
    return set_disabled(call, false, err);
}

static enum dgl_status delete_user(struct dgl_account_call *call, struct dgl_error *err)
{
    struct dgl_user user;
    DGL_TRY(find(call, &user, err));
    return dgl_store_user_delete(call->data.store, call->org, user.id, err);
}

int dgl_cmd_users(int argc, char **argv)
{
    static const struct dgl_account_verb verbs[] = {
        {"list", 0, DGL_LINE_ORG | DGL_LINE_JSON, NULL, list},
        {"create", DGL_LINE_EMAIL | DGL_LINE_PASSWORD, DGL_LINE_ORG | DGL_LINE_NAME | DGL_LINE_ROLE | DGL_LINE_JSON,
         NULL, create},
        {"password", DGL_LINE_EMAIL | DGL_LINE_PASSWORD, DGL_LINE_ORG, NULL, set_password},
        {"role", DGL_LINE_EMAIL | DGL_LINE_ROLE, DGL_LINE_ORG, NULL, set_role},
        {"rename", DGL_LINE_EMAIL | DGL_LINE_NAME, DGL_LINE_ORG, NULL, rename_user},
        {"disable", DGL_LINE_EMAIL, DGL_LINE_ORG, NULL, disable},
        {"enable", DGL_LINE_EMAIL, DGL_LINE_ORG, NULL, enable},
        {"delete", DGL_LINE_EMAIL, DGL_LINE_ORG, NULL, delete_user},
    };
    return dgl_cli_account_command(argc, argv, &help, verbs, DGL_COUNT(verbs));
}
