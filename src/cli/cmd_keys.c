// docgenlab keys list | create | revoke
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/org_choice.h"
#include "server/app/app.h"

static const char help[] =
    "Usage: docgenlab keys list   [--data DIR] [--org ID]\n"
    "       docgenlab keys create [--data DIR] [--org ID] --name NAME [--role ROLE] [--expires DATE]\n"
    "       docgenlab keys revoke [--data DIR] [--org ID] KEY_ID\n\n"
    "ROLE: org_admin, template_editor, generator (the default) or viewer. DATE: 2027-01-31 or RFC 3339.\n"
    "A running server notices a revoked key within 5 seconds.\n";

struct wishes {
    const char *org, *name, *role, *expires, *key_id;
};

static enum dgl_status list(struct dgl_app_data *data, struct dgl_arena *arena, const char *org, struct dgl_error *err)
{
    struct dgl_api_key *keys = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_key_list(data->store, arena, org, &keys, &count, err));
    for (size_t i = 0; i < count; i++) {
        char created[32], used[32] = "never used";
        dgl_time_format_utc(keys[i].created_at_us, created);
        if (keys[i].last_used_at_us)
            dgl_time_format_utc(keys[i].last_used_at_us, used);
        printf("%s  %-12s  %-15s  %s  %-20s  %s\n", keys[i].id, keys[i].prefix, dgl_role_word(keys[i].role), created,
               used, keys[i].name);
    }
    return DGL_OK;
}

static enum dgl_status create(struct dgl_app_data *data, const char *org, const struct wishes *w, struct dgl_error *err)
{
    enum dgl_role role = DGL_ROLE_GENERATOR;
    int64_t expires_us = 0;
    char text[40];
    struct dgl_id id;
    if (w->role && !dgl_role_parse(w->role, &role))
        return DGL_FAIL(err, DGL_E_INVALID,
                        "The role \"%s\" is not known; use org_admin, template_editor, generator or viewer.", w->role);
    if (w->expires && !dgl_time_parse(w->expires, strlen(w->expires), &expires_us))
        return DGL_FAIL(err, DGL_E_INVALID, "The date \"%s\" cannot be read; write it as 2027-01-31.", w->expires);
    DGL_TRY(dgl_account_key_create(data->account, org, w->name, role, expires_us, text, &id, err));
    printf("%s\n", text);
    fprintf(stderr, "Key %s made; it is shown this once.\n", id.s);
    return DGL_OK;
}

static enum dgl_status run(const struct dgl_config *config, const char *verb, const struct wishes *w,
                           struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_app_data data = {0};
    const char *org = NULL;
    DGL_TRY(dgl_crypto_init(err));
    DGL_TRY(dgl_app_data_open(config, false, &data, err));
    enum dgl_status status = dgl_cli_choose_org(data.store, arena, w->org, &org, err);
    if (status == DGL_OK && strcmp(verb, "list") == 0)
        status = list(&data, arena, org, err);
    else if (status == DGL_OK && strcmp(verb, "create") == 0)
        status = create(&data, org, w, err);
    else if (status == DGL_OK)
        status = dgl_account_key_revoke(data.account, org, w->key_id, err);
    dgl_app_data_close(&data);
    return status;
}

int dgl_cmd_keys(int argc, char **argv)
{
    struct wishes w = {0};
    const struct dgl_cli_flag flags[] = {
        {"--org", true, &w.org}, {"--name", true, &w.name}, {"--role", true, &w.role}, {"--expires", true, &w.expires}};
    const char *words[2] = {NULL, NULL};
    size_t count = 0;
    DGL_AUTO(config) config = NULL;
    int code = 0;
    if (!dgl_cli_parse(argc, argv, help, flags, DGL_COUNT(flags), words, 2, &count, &config, &code))
        return code;
    bool is_revoke = count > 0 && strcmp(words[0], "revoke") == 0;
    if (count == 0 || (!is_revoke && strcmp(words[0], "list") != 0 && strcmp(words[0], "create") != 0))
        return dgl_cli_usage(argv[0], "Say list, create or revoke.");
    if (is_revoke != (count == 2))
        return dgl_cli_usage(argv[0], is_revoke ? "The id of the key is missing." : "There is an argument too many.");
    if (strcmp(words[0], "create") == 0 && !w.name)
        return dgl_cli_usage(argv[0], "--name is missing.");
    w.key_id = words[1];
    struct dgl_error err = DGL_ERROR_INIT;
    return run(config, words[0], &w, &err) == DGL_OK ? 0 : dgl_cli_fail(&err);
}
