// The verbs of `docgenlab keys` that change the master key.
#ifndef DGL_CLI_MASTER_KEY_H
#define DGL_CLI_MASTER_KEY_H

#include "cli/account_command.h"

enum dgl_status dgl_cli_rotate_master(struct dgl_account_call *call, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_cli_retire_master(struct dgl_account_call *call, struct dgl_error *err) DGL_MUST_CHECK;

#endif
