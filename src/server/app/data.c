// The data folder: master key, database, accounts. Used by the server and by the commands that work beside it.
#include "server/app/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

const char *dgl_app_data_dir(const struct dgl_config *config)
{
    return dgl_config_str(config, "DATA_DIR");
}

enum dgl_status dgl_app_make_data_dir(const char *dir, bool create, struct dgl_error *err)
{
    struct stat st;
    if (stat(dir, &st) == 0) {
        if (!S_ISDIR(st.st_mode))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "DATA_DIR",
                                  "DATA_DIR %s is not a folder; name another one.", dir);
        return DGL_OK;
    }
    if (errno != ENOENT)
        return DGL_FAIL_ERRNO(err, errno, "DATA_DIR %s cannot be read", dir);
    if (!create)
        return DGL_FAIL_FIELD(err, DGL_E_NOT_FOUND, NULL, "DATA_DIR",
                              "DATA_DIR %s does not exist; run `docgenlab init --data %s …` first.", dir, dir);
    return dgl_file_make_dirs(dir, 0700, err);
}

void dgl_app_paths(const struct dgl_config *config, struct dgl_arena *a, struct dgl_app_paths *ret)
{
    const char *dir = dgl_app_data_dir(config), *url = dgl_config_str(config, "DATABASE_URL");
    struct dgl_app_paths p = {.data_dir = dir,
                              .files = dgl_arena_printf(a, "%s/files", dir),
                              .scratch = dgl_arena_printf(a, "%s/scratch", dir),
                              .lock = dgl_arena_printf(a, "%s/lock", dir),
                              .key_file = dgl_config_str(config, "SECRET_KEY_FILE"),
                              .database_url = url,
                              .database_is_inside = !url};
    if (!p.key_file)
        p.key_file = dgl_arena_printf(a, "%s/secret.key", dir);
    if (!url)
        p.database_url = dgl_arena_printf(a, "sqlite:%s/docgenlab.db", dir);
    if (strncmp(p.database_url, "sqlite:", 7) == 0)
        p.database = p.database_url + 7;
    *ret = p;
}

enum dgl_status dgl_app_lock(const struct dgl_app_paths *paths, int *ret_fd, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(paths->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "%s cannot be opened", paths->lock);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return DGL_FAIL_FIELD(err, DGL_E_CONFLICT, "data_in_use", "DATA_DIR",
                              "DATA_DIR %s is in use by another docgenlab server; stop it or name another folder.",
                              paths->data_dir);
    *ret_fd = DGL_STEAL_FD(fd);
    return DGL_OK;
}

enum dgl_status dgl_app_check_whole(const struct dgl_app_paths *paths, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(paths->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "DATA_DIR %s cannot be opened", paths->data_dir);
    if (faccessat(fd, DGL_RESTORE_MARKER, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return DGL_FAIL_FIELD(err, DGL_E_CONFLICT, "restore_unfinished", "DATA_DIR",
                              "DATA_DIR %s holds a restore that was not finished; run `docgenlab restore` again.",
                              paths->data_dir);
    return DGL_OK;
}

enum dgl_status dgl_app_open_store(const struct dgl_app_paths *paths, struct dgl_keyring **ret_keys,
                                   struct dgl_store **ret_store, struct dgl_error *err)
{
    DGL_AUTO(keyring) keys = NULL;
    DGL_TRY(dgl_keyring_load(paths->key_file, true, &keys, err));
    DGL_TRY(dgl_store_open(paths->database_url, dgl_clock_system(), ret_store, err));
    *ret_keys = DGL_STEAL(keys);
    return DGL_OK;
}

// Commands write beside a server as rows allow. The schema they change only when no server is there: a server of an
// older version must not find itself on a database it does not know.
static enum dgl_status open_beside(const struct dgl_app_paths *paths, struct dgl_store **ret, struct dgl_error *err)
{
    enum dgl_status status = dgl_store_open_current(paths->database_url, dgl_clock_system(), ret, err);
    if (status == DGL_OK || strcmp(dgl_error_slug(err), "older_schema") != 0)
        return status;
    DGL_AUTO_FD lock = -1;
    if (dgl_app_lock(paths, &lock, err) != DGL_OK)
        return DGL_FAIL_SLUG(
            err, DGL_E_CONFLICT, "older_schema",
            "a server of an older version is running on DATA_DIR %s; restart it with this program first",
            paths->data_dir);
    return dgl_store_open(paths->database_url, dgl_clock_system(), ret, err);
}

// As root, a command would leave files behind that the server's own user cannot write. It becomes that user instead.
static enum dgl_status become_owner(const char *dir, struct dgl_error *err)
{
    struct stat st;
    if (geteuid() != 0 || stat(dir, &st) != 0 || st.st_uid == 0)
        return DGL_OK;
    if (setgroups(0, NULL) != 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
        setresuid(st.st_uid, st.st_uid, st.st_uid) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot work as the owner of %s", dir);
    return DGL_OK;
}

enum dgl_status dgl_app_data_open(const struct dgl_config *config, bool create, struct dgl_app_data *ret,
                                  struct dgl_error *err)
{
    struct dgl_app_data data = {0};
    struct dgl_app_paths paths;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    dgl_app_paths(config, arena, &paths);
    DGL_TRY(dgl_app_make_data_dir(paths.data_dir, create, err));
    DGL_TRY(become_owner(paths.data_dir, err));
    DGL_TRY(dgl_app_check_whole(&paths, err));
    if (!create && paths.database && access(paths.database, F_OK) != 0)
        return DGL_FAIL_FIELD(err, DGL_E_NOT_FOUND, NULL, "DATA_DIR",
                              "there is no database %s; run `docgenlab init` first, or name another folder with --data",
                              paths.database);
    enum dgl_status status = dgl_keyring_load(paths.key_file, create, &data.keys, err);
    if (status == DGL_OK)
        status = open_beside(&paths, &data.store, err);
    struct dgl_account_options options = {.rate_limit_per_minute = dgl_config_int(config, "RATE_LIMIT_PER_MINUTE")};
    if (status == DGL_OK)
        status = dgl_account_new(data.store, dgl_clock_system(), data.keys, &options, &data.account, err);
    if (status != DGL_OK) {
        dgl_app_data_close(&data);
        return status;
    }
    *ret = data;
    return DGL_OK;
}

void dgl_app_data_close(struct dgl_app_data *data)
{
    dgl_account_free(data->account);
    dgl_store_free(data->store);
    dgl_keyring_free(data->keys);
    *data = (struct dgl_app_data){0};
}

enum dgl_status dgl_app_migrate(const struct dgl_config *config, bool check_only, struct dgl_app_migration *ret,
                                struct dgl_error *err)
{
    struct dgl_app_migration m = {.to = dgl_store_schema_version()};
    struct dgl_app_paths paths;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FD lock = -1;
    dgl_app_paths(config, arena, &paths);
    DGL_TRY(dgl_app_make_data_dir(paths.data_dir, false, err));
    DGL_TRY(become_owner(paths.data_dir, err));
    DGL_TRY(dgl_app_check_whole(&paths, err));
    DGL_TRY(dgl_store_read_version(paths.database_url, &m.from, err));
    if (!check_only && m.from < m.to) {
        DGL_AUTO(store) store = NULL;
        DGL_TRY(dgl_app_lock(&paths, &lock, err));
        DGL_TRY(dgl_store_open(paths.database_url, dgl_clock_system(), &store, err));
        const char *copy = dgl_store_peek_migration_copy(store);
        snprintf(m.copy, sizeof m.copy, "%s", copy ? copy : "");
    }
    *ret = m;
    return DGL_OK;
}
