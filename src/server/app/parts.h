// What the files of this room share.
#ifndef DGL_SERVER_APP_PARTS_H
#define DGL_SERVER_APP_PARTS_H

#include "server/app/app.h"
#include "server/engine/engine.h"
#include "server/net/client.h"

// fetch.c: what templates want from outside: images, through the guard, other templates, fonts.
struct dgl_image_fetcher {
    struct dgl_net_client *net;
    const struct dgl_guard *guard;
    // Other templates, by name; NULL: there are none. Called in the engine's thread: files and database are local.
    enum dgl_status (*find_template)(void *ctx, uint64_t org_number, const char *name, int *ret_fd,
                                     struct dgl_error *err);
    // A font of the job's list; NULL: there are none. Called likewise.
    enum dgl_status (*find_font)(void *ctx, uint64_t org_number, const unsigned char sha256[32], int *ret_fd,
                                 struct dgl_error *err);
    void *ctx;
};
void dgl_app_fetch(void *fetcher, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch);

// data.c
struct dgl_app_paths { // in the arena they were made in
    const char *data_dir, *files, *scratch, *lock;
    const char *key_file, *database_url;
    const char *database;    // the file of database_url; NULL when that is not understood
    bool database_is_inside; // it is DATA_DIR/docgenlab.db
};
void dgl_app_paths(const struct dgl_config *config, struct dgl_arena *a, struct dgl_app_paths *ret);
const char *dgl_app_data_dir(const struct dgl_config *config);
enum dgl_status dgl_app_make_data_dir(const char *dir, bool create, struct dgl_error *err) DGL_MUST_CHECK;
// One server, or one command that changes more than rows, per data folder: DGL_E_CONFLICT while another has it. The
// descriptor holds the lock.
enum dgl_status dgl_app_lock(const struct dgl_app_paths *paths, int *ret_fd, struct dgl_error *err) DGL_MUST_CHECK;
// Refuses a folder in which a restore was not finished. That is told by this file in it.
#define DGL_RESTORE_MARKER ".docgenlab-restore-in-progress"
enum dgl_status dgl_app_check_whole(const struct dgl_app_paths *paths, struct dgl_error *err) DGL_MUST_CHECK;
// Keys and database for a server, which holds the lock: both are made when they are absent, and migrated.
enum dgl_status dgl_app_open_store(const struct dgl_app_paths *paths, struct dgl_keyring **ret_keys,
                                   struct dgl_store **ret_store, struct dgl_error *err) DGL_MUST_CHECK;

#endif
