// The schema as numbered migrations, and the file it lives in.
#ifndef DGL_SERVER_STORE_SQLITE_SCHEMA_H
#define DGL_SERVER_STORE_SQLITE_SCHEMA_H

#include "base/clock.h"
#include "server/store/sqlite/sql.h"

// Migration n brings a database from version n to n + 1 (PRAGMA user_version).
struct dgl_migration {
    const char *subject; // for messages
    const char *sql;
};
extern const struct dgl_migration dgl_schema_migrations[];
extern const int dgl_schema_version; // number of migrations

// Makes the file (mode 0600) when it is not there and syncs its directory. A directory that is not there is DGL_E_IO.
enum dgl_status dgl_schema_create_file(const char *path, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_schema_sync_directory(const char *path /* of a file in it */, struct dgl_error *err) DGL_MUST_CHECK;
// Copies the database, as it is now, to "<path>.v<version>-<UTC time>.backup" and removes copies that have had their
// time (copies.c). The copy's path is given (caller frees).
enum dgl_status dgl_schema_copy(struct dgl_conn *c, const char *path, int64_t version, int64_t now_us, char **ret_copy,
                                struct dgl_error *err) DGL_MUST_CHECK;
// Refuses a database of a newer program (DGL_E_UNSUPPORTED, naming both versions) and one of another program
// (DGL_E_INVALID). Changes nothing.
enum dgl_status dgl_schema_check(struct dgl_conn *c, const char *path, int count, int64_t *ret_version,
                                 struct dgl_error *err) DGL_MUST_CHECK;
// Brings the database at `path` to version `count`, each step in a transaction of its own. A database that holds an
// older version is copied first (dgl_schema_copy).
enum dgl_status dgl_schema_migrate(struct dgl_conn *c, const char *path, const struct dgl_migration *migrations,
                                   int count, int64_t now_us, char **ret_copy, struct dgl_error *err) DGL_MUST_CHECK;

#endif
