// docgenlab users list | create | password
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "cli/org_choice.h"
#include "server/app/app.h"

static const char help[] =
    "Usage: docgenlab users list     [--data DIR] [--org ID]\n"
    "       docgenlab users create   [--data DIR] [--org ID] --email EMAIL [--name NAME] [--role ROLE] --password-file "
    "FILE\n"
    "       docgenlab users password [--data DIR] [--org ID] --email EMAIL --password-file FILE\n\n"
    "ROLE: org_admin, template_editor, generator (the default) or viewer. FILE may be /dev/stdin.\n";

struct wishes {
    const char *org, *email, *name, *role, *password_file;
};

static enum dgl_status list(struct dgl_app_data *data, struct dgl_arena *arena, const char *org, struct dgl_error *err)
{
    struct dgl_user *users = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_user_list(data->store, arena, org, &users, &count, err));
    for (size_t i = 0; i < count; i++)
        printf("%s  %-15s  %-8s  %s\n", users[i].id, dgl_role_word(users[i].role),
               users[i].disabled ? "disabled" : "active", users[i].email);
    return DGL_OK;
}

static enum dgl_status create(struct dgl_app_data *data, const char *org, const struct wishes *w, const char *password,
                              struct dgl_error *err)
{
    enum dgl_role role = DGL_ROLE_GENERATOR;
    struct dgl_id id;
    if (w->role && !dgl_role_parse(w->role, &role))
        return DGL_FAIL(err, DGL_E_INVALID,
                        "The role \"%s\" is not known; use org_admin, template_editor, generator or viewer.", w->role);
    DGL_TRY(dgl_account_user_create(data->account, org, w->email, w->name ? w->name : "", password, role, &id, err));
    printf("%s\n", id.s);
    return DGL_OK;
}

static enum dgl_status set_password(struct dgl_app_data *data, struct dgl_arena *arena, const char *org,
                                    const struct wishes *w, const char *password, struct dgl_error *err)
{
    struct dgl_user user;
    DGL_TRY(dgl_store_user_by_email(data->store, arena, w->email, &user, err));
    if (strcmp(user.org, org) != 0)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "No user of this organization has the e-mail address \"%s\".", w->email);
    return dgl_account_user_set_password(data->account, org, user.id, password, err);
}

static enum dgl_status run(const struct dgl_config *config, const char *verb, const struct wishes *w,
                           struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) password = DGL_BUF_INIT(4096);
    struct dgl_app_data data = {0};
    const char *org = NULL;
    DGL_TRY(dgl_crypto_init(err));
    if (w->password_file)
        DGL_TRY(dgl_cli_read_password(w->password_file, &password, err));
    DGL_TRY(dgl_app_data_open(config, false, &data, err));
    enum dgl_status status = dgl_cli_choose_org(data.store, arena, w->org, &org, err);
    if (status == DGL_OK && strcmp(verb, "list") == 0)
        status = list(&data, arena, org, err);
    else if (status == DGL_OK && strcmp(verb, "create") == 0)
        status = create(&data, org, w, password.data, err);
    else if (status == DGL_OK)
        status = set_password(&data, arena, org, w, password.data, err);
    dgl_app_data_close(&data);
    return status;
}

int dgl_cmd_users(int argc, char **argv)
{
    struct wishes w = {0};
    const struct dgl_cli_flag flags[] = {{"--org", true, &w.org},
                                         {"--email", true, &w.email},
                                         {"--name", true, &w.name},
                                         {"--role", true, &w.role},
                                         {"--password-file", true, &w.password_file}};
    const char *words[1] = {NULL};
    size_t count = 0;
    DGL_AUTO(config) config = NULL;
    int code = 0;
    if (!dgl_cli_parse(argc, argv, help, flags, DGL_COUNT(flags), words, 1, &count, &config, &code))
        return code;
    bool is_list = count == 1 && strcmp(words[0], "list") == 0;
    if (count == 0 || (!is_list && strcmp(words[0], "create") != 0 && strcmp(words[0], "password") != 0))
        return dgl_cli_usage(argv[0], "Say list, create or password.");
    if (!is_list && (!w.email || !w.password_file))
        return dgl_cli_usage(argv[0], "%s is missing.", w.email ? "--password-file" : "--email");
    struct dgl_error err = DGL_ERROR_INIT;
    return run(config, words[0], &w, &err) == DGL_OK ? 0 : dgl_cli_fail(&err);
}
