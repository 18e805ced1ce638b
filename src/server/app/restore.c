// Restoring a backup into an empty data folder.
//
//   marker ─▶ every file of SHA256SUMS but the database, copied and checked ─▶ the database ─▶ synced ─▶ marker removed
//
// While the marker is there no server starts on the folder, so an unfinished restore is never taken for a whole one (a
// server would make a new database in it and sweep the files away). A restore that died is begun again by the next one.
// Files are copied, not linked: the data folder shares nothing with the backup.
#include "server/app/backup.h"
#include "server/app/copy.h"
#include "server/app/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"

#define LIST_MAX_BYTES ((size_t)2 << 30)
#define DESCRIPTION_MAX_BYTES ((size_t)64 << 10)
#define HEX_LEN ((size_t)2 * DGL_SHA256_LEN)

struct restore {
    const struct dgl_app_paths *paths;
    struct dgl_arena *arena;
    const char *from_path, *key_file;
    dgl_app_progress progress;
    void *ctx;
    int from, to, marker;
    bool begun; // the folder is ours to empty
    int64_t key_id, done, total;
    char key_fingerprint[DGL_KEY_FINGERPRINT_LEN], list_sha256[HEX_LEN + 1];
    struct dgl_app_backup_result result;
    unsigned char database_sha256[DGL_SHA256_LEN], key_sha256[DGL_SHA256_LEN];
    bool has_database;
};

static enum dgl_status damaged(struct restore *r, const char *path, const char *why, struct dgl_error *err)
{
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "backup_damaged", "%s in the backup %s %s; use another backup.", path,
                         r->from_path, why);
}

// ---- reading the backup

static enum dgl_status read_description(struct restore *r, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DESCRIPTION_MAX_BYTES);
    DGL_AUTO_FD fd = openat(r->from, "backup.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "%s holds no backup.json, so it is no finished backup.", r->from_path);
    DGL_TRY(dgl_file_read_fd(fd, DESCRIPTION_MAX_BYTES, &text, err));
    DGL_AUTO_JSON json = NULL;
    DGL_TRY(dgl_json_parse(text.data ? text.data : "", text.len, "backup.json", &json, err));
    const json_t *kind = json_object_get(json, "docgenlab_backup");
    const char *fingerprint = json_string_value(json_object_get(json, "key_fingerprint"));
    const char *list = json_string_value(json_object_get(json, "list_sha256"));
    if (json_integer_value(kind) != 1 || !list || strlen(list) != HEX_LEN)
        return damaged(r, "backup.json", "is not what this program writes", err);
    if (fingerprint)
        dgl_str_copy(r->key_fingerprint, sizeof r->key_fingerprint, fingerprint, strlen(fingerprint));
    memcpy(r->list_sha256, list, HEX_LEN + 1);
    r->key_id = json_integer_value(json_object_get(json, "key_id"));
    r->result.schema_version = json_integer_value(json_object_get(json, "schema_version"));
    r->result.organizations = json_integer_value(json_object_get(json, "organizations"));
    r->result.templates = json_integer_value(json_object_get(json, "templates"));
    r->result.documents = json_integer_value(json_object_get(json, "documents"));
    r->result.has_key = json_is_true(json_object_get(json, "has_key"));
    return DGL_OK;
}

static enum dgl_status read_list(struct restore *r, struct dgl_buf *ret, struct dgl_error *err)
{
    unsigned char sha256[DGL_SHA256_LEN];
    char hex[HEX_LEN + 1];
    DGL_AUTO_FD fd = openat(r->from, "SHA256SUMS", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return damaged(r, "SHA256SUMS", "is missing", err);
    DGL_TRY(dgl_file_read_fd(fd, LIST_MAX_BYTES, ret, err));
    dgl_sha256(ret->data ? ret->data : "", ret->len, sha256);
    dgl_hex_encode(sha256, sizeof sha256, hex);
    if (strcmp(hex, r->list_sha256) != 0)
        return damaged(r, "SHA256SUMS", "was changed after the backup was made", err);
    for (size_t i = 0; i < ret->len; i++)
        r->total += ret->data[i] == '\n';
    return DGL_OK;
}

// ---- files

// Only what a backup of ours names: the list is from outside.
static bool valid_path(const char *path)
{
    if (strncmp(path, "files/", 6) != 0 || strlen(path) >= DGL_COPY_PATH_MAX)
        return false;
    for (const char *p = path; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                     strchr("-_./", *p) != NULL;
        if (!plain || (*p == '/' && (p[1] == '.' || p[1] == '/' || p[1] == '\0')))
            return false;
    }
    return true;
}

static enum dgl_status restore_file(struct restore *r, const char *path, const char *to_path,
                                    const unsigned char wanted[DGL_SHA256_LEN], struct dgl_error *err)
{
    unsigned char sha256[DGL_SHA256_LEN];
    int64_t size;
    DGL_AUTO_FD from = openat(r->from, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0)
        return damaged(r, path, "is missing", err);
    DGL_TRY(dgl_copy_file(from, r->to, to_path, &size, sha256, err));
    if (memcmp(sha256, wanted, sizeof sha256) != 0)
        return damaged(r, path, "was changed after the backup was made", err);
    DGL_FAILPOINT("ops.restore_file");
    r->result.bytes += size;
    if (r->progress)
        r->progress(r->ctx, "files", ++r->done, r->total);
    return DGL_OK;
}

// One line: 64 hex digits, two blanks, a path.
static enum dgl_status restore_line(struct restore *r, char *line, struct dgl_error *err)
{
    unsigned char sha256[DGL_SHA256_LEN];
    const char *path = line + HEX_LEN + 2;
    if (strlen(line) < HEX_LEN + 3 || !dgl_hex_decode(line, HEX_LEN, sha256) || line[HEX_LEN] != ' ' ||
        line[HEX_LEN + 1] != ' ')
        return damaged(r, "SHA256SUMS", "has a line that cannot be read", err);
    if (strcmp(path, "docgenlab.db") == 0) {
        memcpy(r->database_sha256, sha256, sizeof sha256);
        r->has_database = true;
        return DGL_OK;
    }
    if (strcmp(path, "secret.key") == 0) {
        memcpy(r->key_sha256, sha256, sizeof sha256);
        return DGL_OK;
    }
    if (!valid_path(path))
        return damaged(r, "SHA256SUMS", "names a path that no backup has", err);
    r->result.files++;
    return restore_file(r, path, path, sha256, err);
}

static enum dgl_status restore_files(struct restore *r, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) list = DGL_BUF_INIT(LIST_MAX_BYTES);
    DGL_TRY(read_list(r, &list, err));
    char *line = list.data, *end = list.data + list.len;
    while (line < end) {
        char *feed = memchr(line, '\n', (size_t)(end - line));
        if (!feed)
            return damaged(r, "SHA256SUMS", "is cut off", err);
        *feed = '\0';
        DGL_TRY(restore_line(r, line, err));
        line = feed + 1;
    }
    return r->has_database ? DGL_OK : damaged(r, "docgenlab.db", "is not in the list", err);
}

// ---- the master key

static enum dgl_status check_key(struct restore *r, const char *path, struct dgl_error *err)
{
    char fingerprint[DGL_KEY_FINGERPRINT_LEN] = "";
    DGL_AUTO(keyring) keys = NULL;
    DGL_TRY(dgl_keyring_load(path, false, &keys, err));
    if (!dgl_keyring_fingerprint(keys, (uint8_t)r->key_id, fingerprint) || strcmp(fingerprint, r->key_fingerprint) != 0)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "wrong_key",
                             "%s is not the master key this backup was made with; secrets could not be opened with it. "
                             "Name the right one with --key.",
                             path);
    return DGL_OK;
}

// Where the key comes from: --key, the backup, or a SECRET_KEY_FILE that is there already. Checked before anything is
// copied, because a restore that cannot be used is found out late otherwise.
static enum dgl_status choose_key(struct restore *r, const char **ret_copy_from, struct dgl_error *err)
{
    *ret_copy_from = NULL;
    if (!r->key_file && access(r->paths->key_file, F_OK) == 0)
        return check_key(r, r->paths->key_file, err);
    if (!r->key_file && r->result.has_key)
        r->key_file = dgl_arena_printf(r->arena, "%s/secret.key", r->from_path);
    if (!r->key_file)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "key_missing",
                             "The backup %s holds no master key; name the file it was made with by --key.",
                             r->from_path);
    DGL_TRY(check_key(r, r->key_file, err));
    if (access(r->paths->key_file, F_OK) == 0)
        return DGL_FAIL(err, DGL_E_CONFLICT, "The master key %s is there already; leave out --key.",
                        r->paths->key_file);
    *ret_copy_from = r->key_file;
    return DGL_OK;
}

static enum dgl_status copy_key(struct restore *r, const char *from, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1 << 20);
    DGL_TRY(dgl_file_read(from, 1 << 20, &text, err));
    enum dgl_status status = dgl_file_create_atomic(r->paths->key_file, text.data, text.len, 0600, err);
    dgl_wipe(text.data, text.cap);
    return status;
}

// ---- the folder

static enum dgl_status begin_folder(struct restore *r, struct dgl_error *err)
{
    const struct dgl_app_paths *p = r->paths;
    struct stat st;
    DGL_TRY(dgl_file_make_dirs(p->data_dir, 0700, err));
    r->to = open(p->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->to < 0)
        return DGL_FAIL_ERRNO(err, errno, "DATA_DIR %s cannot be opened", p->data_dir);
    bool is_ours = fstatat(r->to, DGL_RESTORE_MARKER, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!is_ours && !dgl_copy_is_empty(r->to))
        return DGL_FAIL_FIELD(err, DGL_E_CONFLICT, NULL, "DATA_DIR",
                              "DATA_DIR %s is not empty; restore into a new folder, and rename it when it is right.",
                              p->data_dir);
    if (!p->database_is_inside && access(p->database, F_OK) == 0)
        return DGL_FAIL_FIELD(err, DGL_E_CONFLICT, NULL, "DATABASE_URL", "The database %s is there already; move it.",
                              p->database);
    r->marker = openat(r->to, DGL_RESTORE_MARKER, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (r->marker < 0 || fsync(r->to) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot write into %s", p->data_dir);
    if (flock(r->marker, LOCK_EX | LOCK_NB) != 0)
        return DGL_FAIL(err, DGL_E_CONFLICT, "another restore into %s is under way; wait for it.", p->data_dir);
    r->begun = true;
    DGL_FAILPOINT("ops.restore_begun");
    return is_ours ? dgl_copy_empty_folder(r->to, DGL_RESTORE_MARKER, err) : DGL_OK;
}

// After a failure the folder is as empty as it was.
static void undo(struct restore *r)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    if (r->begun && dgl_copy_empty_folder(r->to, DGL_RESTORE_MARKER, &ignored) == DGL_OK)
        unlinkat(r->to, DGL_RESTORE_MARKER, 0);
}

static enum dgl_status restore_database(struct restore *r, struct dgl_error *err)
{
    if (r->paths->database_is_inside)
        return restore_file(r, "docgenlab.db", "docgenlab.db", r->database_sha256, err);
    DGL_TRY(restore_file(r, "docgenlab.db", "docgenlab.db.restored", r->database_sha256, err));
    char *from = dgl_arena_printf(r->arena, "%s/docgenlab.db.restored", r->paths->data_dir);
    if (rename(from, r->paths->database) != 0)
        return DGL_FAIL_ERRNO(err, errno, "%s cannot be renamed to %s", from, r->paths->database);
    return DGL_OK;
}

static enum dgl_status run(struct restore *r, struct dgl_error *err)
{
    const char *key_from;
    r->from = open(r->from_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->from < 0)
        return DGL_FAIL_ERRNO(err, errno, "the backup %s cannot be read", r->from_path);
    DGL_TRY(read_description(r, err));
    if (r->result.schema_version > dgl_store_schema_version())
        return DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "newer_schema",
                             "The backup %s has schema version %lld but this program knows versions up to %lld; use "
                             "the program that made it, or a newer one.",
                             r->from_path, (long long)r->result.schema_version, (long long)dgl_store_schema_version());
    DGL_TRY(begin_folder(r, err));
    DGL_TRY(choose_key(r, &key_from, err));
    DGL_TRY(restore_files(r, err));
    if (key_from)
        DGL_TRY(copy_key(r, key_from, err));
    DGL_FAILPOINT("ops.restore_key");
    DGL_TRY(restore_database(r, err));
    if (syncfs(r->to) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the restored files could not be synced");
    DGL_FAILPOINT("ops.restore_synced");
    if (unlinkat(r->to, DGL_RESTORE_MARKER, 0) != 0 || fsync(r->to) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the restored folder could not be synced");
    return DGL_OK;
}

enum dgl_status dgl_app_restore(const struct dgl_config *config, const char *from, const char *key_file,
                                dgl_app_progress progress, void *ctx, struct dgl_app_backup_result *ret,
                                struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_app_paths paths;
    dgl_app_paths(config, arena, &paths);
    struct restore r = {.paths = &paths,
                        .arena = arena,
                        .from_path = from,
                        .key_file = key_file,
                        .progress = progress,
                        .ctx = ctx,
                        .from = -1,
                        .to = -1,
                        .marker = -1};
    enum dgl_status status = run(&r, err);
    if (status != DGL_OK)
        undo(&r);
    dgl_auto_close_fd(&r.marker);
    dgl_auto_close_fd(&r.from);
    dgl_auto_close_fd(&r.to);
    if (status == DGL_OK)
        *ret = r.result;
    return status;
}
