// The composition root: the only place that chooses backends, knows the configuration, and decides the order of
// starting and stopping.
#ifndef DGL_SERVER_APP_APP_H
#define DGL_SERVER_APP_APP_H

#include "base/config.h"
#include "server/account/account.h"
#include "server/store/store.h"

// The options of `docgenlab`, with their defaults (options.c). Caller frees.
struct dgl_config *dgl_app_config_new(void);

// Runs the server until SIGTERM or SIGINT; the process must have no threads yet. Prints one line with the address when
// ready.
enum dgl_status dgl_app_serve(const struct dgl_config *config, struct dgl_error *err) DGL_MUST_CHECK;

// What the commands that work on the data without a server need: keys, database, accounts.
struct dgl_app_data {
    struct dgl_keyring *keys;
    struct dgl_store *store;
    struct dgl_account *account;
};
// Makes DATA_DIR, the master key and the database when they are absent and `create`.
enum dgl_status dgl_app_data_open(const struct dgl_config *config, bool create, struct dgl_app_data *ret,
                                  struct dgl_error *err) DGL_MUST_CHECK;
void dgl_app_data_close(struct dgl_app_data *data);

// Brings the database to this program's schema; no server may be running on it. With check_only nothing is changed.
struct dgl_app_migration {
    int64_t from, to;
    char copy[4096]; // the copy that was made before; "" = none was needed
};
enum dgl_status dgl_app_migrate(const struct dgl_config *config, bool check_only, struct dgl_app_migration *ret,
                                struct dgl_error *err) DGL_MUST_CHECK;

#endif
