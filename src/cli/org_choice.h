// Which organization a command means: --org, or the only one there is.
#ifndef DGL_CLI_ORG_CHOICE_H
#define DGL_CLI_ORG_CHOICE_H

#include "server/app/app.h"

enum dgl_status dgl_cli_choose_org(struct dgl_store *store, struct dgl_arena *arena,
                                   const char *wanted /* id or name; NULL */, const char **ret_id,
                                   struct dgl_error *err) DGL_MUST_CHECK;

#endif
