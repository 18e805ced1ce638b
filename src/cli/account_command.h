// What the commands orgs, users and keys share: a table of verbs, each with the flags it needs and takes, run on
// an open data folder.
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
enum { // what a line may hold besides the verb, a bit each
    DGL_LINE_ORG = 1,
    DGL_LINE_NAME = 1 << 1,
    DGL_LINE_EMAIL = 1 << 2,
    DGL_LINE_ROLE = 1 << 3,
    DGL_LINE_EXPIRES = 1 << 4,
    DGL_LINE_PASSWORD = 1 << 5,
    DGL_LINE_RATE_LIMIT = 1 << 6,
    DGL_LINE_MAX_JOBS = 1 << 7,
    DGL_LINE_TIME_ZONE = 1 << 8,
    DGL_LINE_LOCALE = 1 << 9,
    DGL_LINE_JSON = 1 << 10,
    DGL_LINE_SUBJECT = 1 << 11,
};
struct dgl_account_verb {
    const char *word;
    unsigned needs; // what must be given
    unsigned takes; // what may be given besides; of DGL_LINE_ORG: an organization is chosen, the only one without it
    const char *subject; // what the id is of: "key"
    enum dgl_status (*run)(struct dgl_account_call *call, struct dgl_error *err);
};
int dgl_cli_account_command(int argc, char **argv, const struct dgl_cli_help *help,
                            const struct dgl_account_verb *verbs, size_t count);
// The wished role, or Generator when none is.
enum dgl_status dgl_cli_role(const struct dgl_account_call *call, enum dgl_role *ret,
                             struct dgl_error *err) DGL_MUST_CHECK;

#endif
