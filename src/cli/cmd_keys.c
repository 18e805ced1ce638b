// docgenlab keys list | create | revoke | rotate-master | retire-master
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "cli/account_command.h"
#include "cli/master_key.h"
#include "cli/table.h"

static const struct dgl_cli_help help = {
    "Usage: docgenlab keys list   [--data DIR] [--org ID] [--json]\n"
    "       docgenlab keys create [--data DIR] [--org ID] --name NAME [--role ROLE] [--expires DATE] [--json]\n"
    "       docgenlab keys revoke [--data DIR] [--org ID] KEY_ID\n"
    "       docgenlab keys rotate-master [--data DIR] [--json]\n"
    "       docgenlab keys retire-master [--data DIR] [--json]\n\n"
    "ROLE: org_admin, template_editor, generator (the default) or viewer. DATE: 2027-01-31 or RFC 3339.\n"
    "A running server notices a revoked key within 5 seconds.\n\n"
    "rotate-master makes a new master key and seals every secret with it anew, also while the server runs, which goes\n"
    "over to the new key within 10 seconds. Links that were signed with the old key go on working until they expire;\n"
    "after that retire-master takes the old keys out of the key file.\n\n"
    "Example: docgenlab keys create --name CI --role generator --expires 2027-01-31\n",
    DGL_CLI_DATA_OPTIONS " DOWNLOAD_URL_TTL_S"};

static enum dgl_status list(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const columns[] = {"id", "prefix", "role", "created_at", "expires_at", "last_used_at", "name"};
    struct dgl_api_key *keys = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_key_list(call->data.store, call->arena, call->org, &keys, &count, err));
    struct dgl_cell *cells = dgl_arena_alloc(call->arena, (count + 1) * DGL_COUNT(columns) * sizeof *cells), *c = cells;
    for (size_t i = 0; i < count; i++) {
        *c++ = DGL_TEXT(keys[i].id);
        *c++ = DGL_TEXT(keys[i].prefix);
        *c++ = DGL_TEXT(dgl_role_word(keys[i].role));
        *c++ = DGL_TIME(keys[i].created_at_us);
        *c++ = DGL_TIME(keys[i].expires_at_us);
        *c++ = DGL_TIME(keys[i].last_used_at_us);
        *c++ = DGL_TEXT(keys[i].name);
    }
    dgl_cli_print_table(call->wishes->json != NULL, columns, DGL_COUNT(columns), cells, count);
    return DGL_OK;
}

static enum dgl_status create(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const names[] = {"id", "api_key"};
    const struct dgl_account_wishes *w = call->wishes;
    enum dgl_role role;
    int64_t expires_us = 0;
    char text[40];
    struct dgl_id id;
    DGL_TRY(dgl_cli_role(call, &role, err));
    if (w->expires && !dgl_time_parse(w->expires, strlen(w->expires), &expires_us))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "--expires",
                              "The date \"%s\" cannot be read; write it as 2027-01-31.", w->expires);
    DGL_TRY(dgl_account_key_create(call->data.account, call->org, w->name, role, expires_us, text, &id, err));
    if (w->json) {
        dgl_cli_print_record(true, names, (const struct dgl_cell[]){DGL_TEXT(id.s), DGL_TEXT(text)}, 2);
    } else {
        printf("%s\n", text);
        fprintf(stderr, "Key %s made; it is shown this once.\n", id.s);
    }
    dgl_wipe(text, sizeof text);
    return DGL_OK;
}

static enum dgl_status revoke(struct dgl_account_call *call, struct dgl_error *err)
{
    return dgl_account_key_revoke(call->data.account, call->org, call->wishes->subject, err);
}

int dgl_cmd_keys(int argc, char **argv)
{
    static const struct dgl_account_verb verbs[] = {
        {"list", 0, DGL_LINE_ORG | DGL_LINE_JSON, NULL, list},
        {"create", DGL_LINE_NAME, DGL_LINE_ORG | DGL_LINE_ROLE | DGL_LINE_EXPIRES | DGL_LINE_JSON, NULL, create},
        {"revoke", DGL_LINE_SUBJECT, DGL_LINE_ORG, "key", revoke},
        {"rotate-master", 0, DGL_LINE_JSON, NULL, dgl_cli_rotate_master},
        {"retire-master", 0, DGL_LINE_JSON, NULL, dgl_cli_retire_master},
    };
    return dgl_cli_account_command(argc, argv, &help, verbs, DGL_COUNT(verbs));
}
