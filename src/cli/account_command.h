// What the commands orgs, users and keys share: a table of verbs, each with the flags it needs, run on an open data
// folder.
#ifndef DGL_CLI_ACCOUNT_COMMAND_H
#define DGL_CLI_ACCOUNT_COMMAND_H

#include "base/arena.h"
#include "cli/cli.h"
#include "server/app/app.h"

struct dgl_account_wishes {
    const char *org, *name, *email, *role, *expires, *password_file, *rate_limit, *max_jobs, *time_zone, *locale, *json;
    const char *subject; // the id after the verb; NULL = none given
    const char *password;
};
struct dgl_account_call {
    const struct dgl_config *config;
    struct dgl_app_data data;
    struct dgl_arena *arena;
    const char *org; // id; NULL for verbs that need none
    const struct dgl_account_wishes *wishes;
};
enum { // what a verb takes; NEEDS_… must be given
    DGL_NEEDS_NAME = 1,
    DGL_NEEDS_EMAIL = 2,
    DGL_NEEDS_ROLE = 4,
    DGL_NEEDS_PASSWORD = 8,
    DGL_NEEDS_SUBJECT = 16,
    DGL_NEEDS_ORG = 32, // one is chosen
};
struct dgl_account_verb {
    const char *word;
    unsigned needs;
    const char *subject; // what the id is of: "key"
    enum dgl_status (*run)(struct dgl_account_call *call, struct dgl_error *err);
};
int dgl_cli_account_command(int argc, char **argv, const struct dgl_cli_help *help,
                            const struct dgl_account_verb *verbs, size_t count);
// The wished role, or Generator when none is.
enum dgl_status dgl_cli_role(const struct dgl_account_call *call, enum dgl_role *ret,
                             struct dgl_error *err) DGL_MUST_CHECK;

#endif
