// Backups of a data folder, made while the server runs, and restoring one. See docs/operations.md for what they
// promise.
#ifndef DGL_SERVER_APP_BACKUP_H
#define DGL_SERVER_APP_BACKUP_H

#include "base/config.h"

// Called often: `what` is "database" or "files"; done and total count pages or files.
typedef void (*dgl_app_progress)(void *ctx, const char *what, int64_t done, int64_t total);

struct dgl_app_backup_result {
    int64_t schema_version, organizations, templates, documents, files, bytes;
    int64_t erased;  // documents that were erased while the backup was made, and are in it too
    int64_t damaged; // files that are missing or not what their rows say; the rest is whole
    char first_damaged[600];
    bool has_key;
};
// Writes a backup of the configured data to the new or empty folder `to`. It is there whole or not at all.
enum dgl_status dgl_app_backup(const struct dgl_config *config, const char *to, bool with_key,
                               dgl_app_progress progress, void *ctx, struct dgl_app_backup_result *ret,
                               struct dgl_error *err) DGL_MUST_CHECK;
// Restores the backup in `from` into the configured data folder, which must be absent or empty. Every file is checked
// against the backup's list. `key_file`: the master key, for backups without; NULL = the backup's, or SECRET_KEY_FILE.
enum dgl_status dgl_app_restore(const struct dgl_config *config, const char *from, const char *key_file,
                                dgl_app_progress progress, void *ctx, struct dgl_app_backup_result *ret,
                                struct dgl_error *err) DGL_MUST_CHECK;

#endif
