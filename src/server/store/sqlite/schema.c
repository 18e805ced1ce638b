// Making and migrating the database file.
//
// The file is made with mode 0600 before SQLite sees it, so that the log and index files, which take its mode, are
// never readable by others either. A migration is a transaction that ends with the new user_version: a crash leaves
// the version before or the version after.
#include "server/store/sqlite/schema.h"
#include "base/failpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#define APPLICATION_ID 0x44474c31 // "DGL1", PRAGMA application_id

enum dgl_status dgl_schema_sync_directory(const char *path, struct dgl_error *err)
{
    DGL_AUTO_PTR char *copy = dgl_strdup(path);
    const char *directory = dirname(copy);
    DGL_AUTO_FD fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot sync the directory %s", directory);
    return DGL_OK;
}

enum dgl_status dgl_schema_create_file(const char *path, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return DGL_OK;
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot make the database %s", path);
    return dgl_schema_sync_directory(path, err);
}

static enum dgl_status read_pragma(struct dgl_conn *c, const char *sql, int64_t *ret, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, sql);
    return dgl_sql_int(&q, 0, ret, err);
}

// Another process may have migrated since the version was read; the transaction sees which is there now.
static enum dgl_status apply_once(struct dgl_conn *c, const struct dgl_migration *m, int64_t to, struct dgl_error *err)
{
    int64_t version;
    char finish[96];
    snprintf(finish, sizeof finish, "PRAGMA user_version = %lld; PRAGMA application_id = %d", (long long)to,
             APPLICATION_ID);
    DGL_TRY(dgl_conn_script(c, "BEGIN IMMEDIATE", err));
    DGL_TRY(read_pragma(c, "PRAGMA user_version", &version, err));
    if (version < to) {
        DGL_TRY(dgl_conn_script(c, m->sql, err));
        DGL_TRY(dgl_conn_script(c, finish, err));
    }
    DGL_FAILPOINT("ops.migrate_uncommitted");
    DGL_TRY(dgl_conn_script(c, "COMMIT", err));
    DGL_FAILPOINT("ops.migrated");
    return DGL_OK;
}

static enum dgl_status apply(struct dgl_conn *c, const struct dgl_migration *m, int64_t to, struct dgl_error *err)
{
    enum dgl_status status = apply_once(c, m, to, err);
    if (status == DGL_OK)
        return DGL_OK;
    if (!sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    dgl_error_prefix(err, "migration %lld (%s) failed and was undone", (long long)to, m->subject);
    return status;
}

enum dgl_status dgl_schema_check(struct dgl_conn *c, const char *path, int count, int64_t *ret_version,
                                 struct dgl_error *err)
{
    int64_t version, application, objects;
    DGL_TRY(read_pragma(c, "PRAGMA user_version", &version, err));
    DGL_TRY(read_pragma(c, "PRAGMA application_id", &application, err));
    DGL_TRY(read_pragma(c, "SELECT count(*) FROM sqlite_schema", &objects, err));
    if (objects > 0 && application != APPLICATION_ID)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "foreign_database",
                             "%s is a database of another program; name another file", path);
    if (version > count)
        return DGL_FAIL_SLUG(
            err, DGL_E_UNSUPPORTED, "newer_schema",
            "the database %s has schema version %lld but this program knows versions up to %d; run the "
            "newer program, or restore the backup that was made before the migration",
            path, (long long)version, count);
    *ret_version = version;
    return DGL_OK;
}

enum dgl_status dgl_schema_migrate(struct dgl_conn *c, const char *path, const struct dgl_migration *migrations,
                                   int count, int64_t now_us, char **ret_copy, struct dgl_error *err)
{
    int64_t version;
    DGL_TRY(dgl_schema_check(c, path, count, &version, err));
    if (version == count)
        return DGL_OK;
    if (version > 0)
        DGL_TRY(dgl_schema_copy(c, path, version, now_us, ret_copy, err));
    for (int64_t i = version; i < count; i++)
        DGL_TRY(apply(c, &migrations[i], i + 1, err));
    return dgl_schema_sync_directory(path, err);
}
