// Making a backup.
//
//   TO.partial/   database (one commit's state) ─▶ files its rows name, linked or copied, each hashed ─▶ master key,
//   when
//                 asked ─▶ SHA256SUMS ─▶ backup.json ─▶ all synced ─▶ renamed to TO
//
// The database goes first and the files after it. A file is durable before the row that names it, so every file that a
// row of the copy names exists; it is gone only when its document was erased or its template deleted since, and then
// that is done in the copy too. The other order would miss the files of documents finished in between. Files never
// change once they have their name, so on one file system a hard link is a copy; each is read all the same, because a
// backup nobody has read is a hope.
//
// TO is made under another name and renamed when it is whole. What a run that died left under that name is told by its
// marker and removed by the next one.
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
#include "base/version.h"
#include "server/blob/blob.h"
#include "server/store/snapshot.h"

#define MISSING_MAX 100000 // documents and fonts erased while the backup is made
static const char marker[] = ".docgenlab-backup-in-progress";

struct backup {
    const struct dgl_app_paths *paths;
    struct dgl_arena *arena;
    dgl_app_progress progress;
    void *ctx;
    struct dgl_snapshot *snapshot;
    int to, files; // the folder being made; the data folder's files
    int lock;
    bool begun; // the folder being made is ours to empty
    FILE *sums;
    int64_t total;
    struct dgl_app_backup_result result;
    struct missing {
        char owner[40]; // document, template or font
        char path[DGL_COPY_PATH_MAX];
    } * missing;
    size_t missing_count, missing_cap;
};

static void tell(struct backup *b, const char *what, int64_t done, int64_t total)
{
    if (b->progress)
        b->progress(b->ctx, what, done, total);
}

static void tell_pages(void *backup, int64_t done, int64_t total)
{
    tell(backup, "database", done, total);
}

// ---- the folder

// `to` must be absent or empty; nothing of anybody else's is ever removed.
static enum dgl_status check_target(const char *to, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return DGL_OK;
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "the folder %s cannot be used for a backup", to);
    if (!dgl_copy_is_empty(fd))
        return DGL_FAIL(err, DGL_E_CONFLICT, "the folder %s is not empty; name a new one for the backup.", to);
    return DGL_OK;
}

static enum dgl_status open_partial(struct backup *b, const char *partial, struct dgl_error *err)
{
    struct stat st;
    DGL_TRY(dgl_file_make_dirs(partial, 0700, err));
    b->to = open(partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (b->to < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open %s", partial);
    bool is_ours = fstatat(b->to, marker, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!is_ours && !dgl_copy_is_empty(b->to))
        return DGL_FAIL(err, DGL_E_CONFLICT, "the folder %s is in the way and is no unfinished backup; move it.",
                        partial);
    b->lock = openat(b->to, marker, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (b->lock < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot write into %s", partial);
    if (flock(b->lock, LOCK_EX | LOCK_NB) != 0)
        return DGL_FAIL(err, DGL_E_CONFLICT, "another backup is being made in %s; wait for it.", partial);
    return DGL_OK;
}

// After a failure nothing is left behind.
static void undo(struct backup *b, const char *partial)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    if (b->begun && dgl_copy_empty_folder(b->to, NULL, &ignored) == DGL_OK)
        rmdir(partial);
}

// A dead run's leavings go; the marker is made anew first of all.
static enum dgl_status begin_folder(struct backup *b, const char *partial, struct dgl_error *err)
{
    DGL_TRY(open_partial(b, partial, err));
    b->begun = true;
    DGL_TRY(dgl_copy_empty_folder(b->to, NULL, err));
    close(b->lock);
    b->lock = openat(b->to, marker, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (b->lock < 0 || flock(b->lock, LOCK_EX | LOCK_NB) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot write into %s", partial);
    DGL_FAILPOINT("ops.backup_begun");
    int sums = openat(b->to, "SHA256SUMS", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    b->sums = sums >= 0 ? fdopen(sums, "w") : NULL;
    if (!b->sums)
        return DGL_FAIL_ERRNO(err, errno, "cannot write into %s", partial);
    return DGL_OK;
}

static void list(struct backup *b, const unsigned char sha256[DGL_SHA256_LEN], const char *path)
{
    char hex[2 * DGL_SHA256_LEN + 1];
    dgl_hex_encode(sha256, DGL_SHA256_LEN, hex);
    fprintf(b->sums, "%s  %s\n", hex, path); // as `sha256sum` writes it
}

// ---- files

static void count_damage(struct backup *b, const char *path, const char *what)
{
    if (b->result.damaged++ == 0)
        snprintf(b->result.first_damaged, sizeof b->result.first_damaged, "%s %s", path, what);
}

// Linked where that can be, else copied. *ret_there is false when the file does not exist.
static enum dgl_status take_file(struct backup *b, const char *path, const char *to_path, bool *ret_there,
                                 int64_t *ret_size, unsigned char sha256[DGL_SHA256_LEN], struct dgl_error *err)
{
    *ret_there = false;
    if (b->files < 0)
        return DGL_OK;
    DGL_AUTO_FD from = openat(b->files, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    *ret_there = from >= 0;
    if (from < 0)
        return errno == ENOENT ? DGL_OK : DGL_FAIL_ERRNO(err, errno, "cannot read the file %s", path);
    DGL_TRY(dgl_copy_make_parents(b->to, to_path, err));
    if (linkat(b->files, path, b->to, to_path, 0) == 0)
        return dgl_copy_hash(from, ret_size, sha256, err);
    if (errno == ENOENT) { // gone between the two
        *ret_there = false;
        return DGL_OK;
    }
    if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP && errno != EACCES)
        return DGL_FAIL_ERRNO(err, errno, "cannot link the file %s", path);
    return dgl_copy_file(from, b->to, to_path, ret_size, sha256, err);
}

static enum dgl_status remember_missing(struct backup *b, const char *owner, const char *path, struct dgl_error *err)
{
    if (b->missing_count == MISSING_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "more than %d files are missing; this data folder needs a look first.",
                        MISSING_MAX);
    if (b->missing_count == b->missing_cap) {
        b->missing_cap = b->missing_cap ? 2 * b->missing_cap : 64;
        b->missing = dgl_realloc(b->missing, b->missing_cap * sizeof *b->missing);
    }
    struct missing *m = &b->missing[b->missing_count++];
    dgl_str_copy(m->owner, sizeof m->owner, owner, strlen(owner));
    dgl_str_copy(m->path, sizeof m->path, path, strlen(path));
    return DGL_OK;
}

static enum dgl_status back_up_file(void *backup, const struct dgl_snapshot_file *file, struct dgl_error *err)
{
    struct backup *b = backup;
    char path[DGL_BLOB_URI_LEN], to_path[DGL_COPY_PATH_MAX];
    unsigned char sha256[DGL_SHA256_LEN];
    int64_t size = 0;
    bool there;
    DGL_TRY(dgl_blob_path_of(file->uri, path, err));
    snprintf(to_path, sizeof to_path, "files/%s", path);
    DGL_TRY(take_file(b, path, to_path, &there, &size, sha256, err));
    DGL_FAILPOINT("ops.backup_file");
    tell(b, "files", ++b->result.files, b->total);
    if (!there)
        return remember_missing(b, file->owner, to_path, err);
    if (size != file->size_bytes || memcmp(sha256, file->sha256, sizeof sha256) != 0)
        count_damage(b, to_path, "is not what its row says");
    b->result.bytes += size;
    list(b, sha256, to_path);
    return DGL_OK;
}

// What is missing was erased meanwhile, or it was missing before.
static enum dgl_status judge_missing(struct backup *b, struct dgl_error *err)
{
    for (size_t i = 0; i < b->missing_count; i++) {
        bool erased;
        DGL_TRY(dgl_snapshot_follow_erasure(b->snapshot, b->missing[i].owner, &erased, err));
        b->result.erased += erased;
        if (!erased)
            count_damage(b, b->missing[i].path, "is missing");
        b->result.files--;
    }
    return DGL_OK;
}

// ---- the rest

// The key goes last: it is then at least as new as everything sealed in the copy.
static enum dgl_status copy_key(struct backup *b, struct dgl_error *err)
{
    unsigned char sha256[DGL_SHA256_LEN];
    int64_t size;
    DGL_AUTO_FD from = open(b->paths->key_file, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return DGL_FAIL_ERRNO(err, errno, "the master key %s cannot be read", b->paths->key_file);
    DGL_TRY(dgl_copy_file(from, b->to, "secret.key", &size, sha256, err));
    list(b, sha256, "secret.key");
    b->result.has_key = true;
    return DGL_OK;
}

static enum dgl_status list_database(struct backup *b, struct dgl_error *err)
{
    unsigned char sha256[DGL_SHA256_LEN];
    int64_t size;
    DGL_AUTO_FD fd = openat(b->to, "docgenlab.db", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "the database's copy is gone");
    DGL_TRY(dgl_copy_hash(fd, &size, sha256, err));
    list(b, sha256, "docgenlab.db");
    b->result.bytes += size;
    return DGL_OK;
}

static enum dgl_status close_list(struct backup *b, unsigned char ret_sha256[DGL_SHA256_LEN], struct dgl_error *err)
{
    int64_t size;
    bool failed = ferror(b->sums) != 0;
    failed = fclose(DGL_STEAL(b->sums)) != 0 || failed;
    DGL_AUTO_FD fd = openat(b->to, "SHA256SUMS", O_RDONLY | O_CLOEXEC);
    if (failed || fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "the list of files could not be written");
    return dgl_copy_hash(fd, &size, ret_sha256, err);
}

static void put_facts(struct backup *b, struct dgl_json_writer *w)
{
    const struct dgl_app_backup_result *r = &b->result;
    dgl_jw_kint(w, "schema_version", r->schema_version);
    dgl_jw_kint(w, "organizations", r->organizations);
    dgl_jw_kint(w, "templates", r->templates);
    dgl_jw_kint(w, "documents", r->documents);
    dgl_jw_kint(w, "files", r->files);
    dgl_jw_kint(w, "bytes", r->bytes);
    dgl_jw_kint(w, "damaged_files", r->damaged);
    dgl_jw_kbool(w, "has_key", r->has_key);
}

static enum dgl_status write_description(struct backup *b, const char *partial, struct dgl_error *err)
{
    unsigned char sha256[DGL_SHA256_LEN];
    char hex[2 * DGL_SHA256_LEN + 1], fingerprint[DGL_KEY_FINGERPRINT_LEN] = "";
    DGL_AUTO(keyring) keys = NULL;
    DGL_TRY(dgl_keyring_load(b->paths->key_file, false, &keys, err));
    DGL_TRY(close_list(b, sha256, err));
    dgl_hex_encode(sha256, sizeof sha256, hex);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64 << 10);
    struct dgl_json_writer w = DGL_JSON_WRITER(&text);
    dgl_jw_object(&w);
    dgl_jw_kint(&w, "docgenlab_backup", 1);
    dgl_jw_kstr(&w, "program_version", DGL_VERSION);
    dgl_jw_ktime(&w, "created_at", dgl_clock_now_us(dgl_clock_system()));
    put_facts(b, &w);
    dgl_jw_kint(&w, "key_id", dgl_keyring_current(keys));
    if (dgl_keyring_fingerprint(keys, dgl_keyring_current(keys), fingerprint))
        dgl_jw_kstr(&w, "key_fingerprint", fingerprint);
    dgl_jw_kstr(&w, "list_sha256", hex);
    dgl_jw_end_object(&w);
    dgl_buf_putc(&text, '\n');
    DGL_TRY(dgl_buf_check(&text, "the description", err));
    char *path = dgl_arena_printf(b->arena, "%s/backup.json", partial);
    return dgl_file_write_atomic(path, text.data, text.len, 0600, err);
}

static enum dgl_status fill(struct backup *b, const char *url, const char *partial, struct dgl_error *err)
{
    struct dgl_snapshot_facts facts;
    char *database = dgl_arena_printf(b->arena, "%s/docgenlab.db", partial);
    DGL_TRY(dgl_snapshot_make(url, database, tell_pages, b, &b->snapshot, err));
    DGL_FAILPOINT("ops.backup_database");
    DGL_TRY(dgl_snapshot_count(b->snapshot, &facts, err));
    b->total = facts.files;
    DGL_TRY(dgl_snapshot_files(b->snapshot, back_up_file, b, err));
    DGL_TRY(judge_missing(b, err));
    DGL_TRY(dgl_snapshot_count(b->snapshot, &facts, err));
    b->result.schema_version = facts.schema_version;
    b->result.organizations = facts.organizations;
    b->result.templates = facts.templates;
    b->result.documents = facts.documents;
    DGL_TRY(dgl_snapshot_seal(b->snapshot, err));
    DGL_TRY(list_database(b, err));
    return DGL_OK;
}

// syncfs: one call for everything that was written or linked, instead of one per file and folder.
static enum dgl_status publish(struct backup *b, const char *partial, const char *to, struct dgl_error *err)
{
    if (syncfs(b->to) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the backup could not be synced");
    DGL_TRY(write_description(b, partial, err));
    DGL_FAILPOINT("ops.backup_described");
    if (syncfs(b->to) != 0 || unlinkat(b->to, marker, 0) != 0 || fsync(b->to) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the backup could not be synced");
    if (rename(partial, to) != 0) // replaces an empty folder
        return DGL_FAIL_ERRNO(err, errno, "%s cannot be renamed to %s", partial, to);
    DGL_FAILPOINT("ops.backup_renamed");
    char *parent = dgl_arena_printf(b->arena, "%s/..", to);
    DGL_AUTO_FD fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? DGL_OK : DGL_FAIL_ERRNO(err, errno, "cannot sync the folder of %s", to);
}

static enum dgl_status run(struct backup *b, const char *to, const char *partial, bool with_key, struct dgl_error *err)
{
    DGL_TRY(check_target(to, err));
    if (access(b->paths->key_file, R_OK) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the master key %s cannot be read", b->paths->key_file);
    b->files = open(b->paths->files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->files < 0 && errno != ENOENT) // a data folder no server has run on has none yet
        return DGL_FAIL_ERRNO(err, errno, "the folder of files %s cannot be read", b->paths->files);
    DGL_TRY(begin_folder(b, partial, err));
    DGL_TRY(fill(b, b->paths->database_url, partial, err));
    if (with_key)
        DGL_TRY(copy_key(b, err));
    return publish(b, partial, to, err);
}

enum dgl_status dgl_app_backup(const struct dgl_config *config, const char *to, bool with_key,
                               dgl_app_progress progress, void *ctx, struct dgl_app_backup_result *ret,
                               struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_app_paths paths;
    dgl_app_paths(config, arena, &paths);
    DGL_TRY(dgl_app_make_data_dir(paths.data_dir, false, err));
    DGL_TRY(dgl_app_check_whole(&paths, err));
    struct backup b = {
        .paths = &paths, .arena = arena, .progress = progress, .ctx = ctx, .to = -1, .files = -1, .lock = -1};
    size_t len = strlen(to);
    while (len > 1 && to[len - 1] == '/')
        len--;
    to = dgl_arena_strndup(arena, to, len);
    char *partial = dgl_arena_printf(arena, "%s.partial", to);
    enum dgl_status status = run(&b, to, partial, with_key, err);
    if (status != DGL_OK)
        undo(&b, partial);
    dgl_snapshot_free(b.snapshot);
    if (b.sums)
        fclose(b.sums);
    dgl_auto_close_fd(&b.files);
    dgl_auto_close_fd(&b.to);
    dgl_auto_close_fd(&b.lock);
    dgl_auto_free_ptr(&b.missing);
    if (status == DGL_OK)
        *ret = b.result;
    return status;
}
