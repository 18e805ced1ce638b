// Blobs as files: <directory>/<org>/<kind>/<xx>/<name>, xx being two hex digits from a hash of the name's first part.
// (The ids begin with the time, so their first digits would put a day's files into one directory.) New files are
// written in <directory>/tmp and renamed, so a name is always a whole file and what a crash leaves behind is in one
// place.
//
// A put is durable when it returns, with as few syncs as that takes. A new name is renamed first and its file and
// directory synced after: nobody knows the name yet, and on journaling file systems the second sync finds its work
// done by the first. A name that exists is synced before the rename, so that a crash leaves the old file or the new.
//
// No path is ever built from a URI: each part is checked against the maker's characters and opened from the directory
// before it, without following links.
#include "base/failpoint.h"
#include "base/file.h"
#include "base/str.h"
#include "server/blob/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_MAX 80              // bytes of an organization, kind or name
#define COPY_BYTES (256u * 1024) // read at once from a descriptor
#define KNOWN_DIRECTORIES 4096u  // directories known to be durable; power of two
static const char scheme[] = "blob:";

struct dgl_blob_store {
    int root, tmp;
    _Atomic uint64_t durable[KNOWN_DIRECTORIES]; // by hash, direct-mapped: others are synced once more
};

struct name { // a checked URI
    char org[PART_MAX + 1], kind[PART_MAX + 1], file[PART_MAX + 1], shard[3];
};

// ---- names

static bool valid_part(const char *s, size_t len)
{
    if (len == 0 || len > PART_MAX || s[0] == '.')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
              c == '.'))
            return false;
    }
    return true;
}

// FNV-1a over the name up to its first dot, so that a document's PDF and DOCX lie together.
static void shard_of(const char *file, char out[3])
{
    uint32_t h = 2166136261u;
    for (const char *p = file; *p && *p != '.'; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    unsigned char byte = (unsigned char)(h ^ h >> 8 ^ h >> 16 ^ h >> 24);
    dgl_hex_encode(&byte, 1, out);
}

static bool set_part(char out[PART_MAX + 1], const char *s, size_t len)
{
    if (!valid_part(s, len))
        return false;
    memcpy(out, s, len);
    out[len] = '\0';
    return true;
}

static enum dgl_status make_name(const char *org, const char *kind, const char *file, struct name *ret,
                                 struct dgl_error *err)
{
    if (!set_part(ret->org, org, strlen(org)) || !set_part(ret->kind, kind, strlen(kind)) ||
        !set_part(ret->file, file, strlen(file)) || strcmp(org, "tmp") == 0)
        return DGL_FAIL(err, DGL_E_INVALID, "\"%s/%s/%s\" cannot name a stored file", org, kind, file);
    shard_of(ret->file, ret->shard);
    return DGL_OK;
}

static enum dgl_status parse_uri(const char *uri, struct name *ret, struct dgl_error *err)
{
    const char *org = uri + sizeof scheme - 1, *kind = NULL, *file = NULL;
    bool ok = strnlen(uri, DGL_BLOB_URI_LEN) < DGL_BLOB_URI_LEN && strncmp(uri, scheme, sizeof scheme - 1) == 0;
    if (ok && (kind = strchr(org, '/')))
        file = strchr(kind + 1, '/');
    ok = file && set_part(ret->org, org, (size_t)(kind - org)) &&
         set_part(ret->kind, kind + 1, (size_t)(file - kind - 1)) && set_part(ret->file, file + 1, strlen(file + 1)) &&
         strcmp(ret->org, "tmp") != 0;
    if (!ok)
        return DGL_FAIL(err, DGL_E_INVALID, "\"%s\" is no storage URI of this server", uri);
    shard_of(ret->file, ret->shard);
    return DGL_OK;
}

enum dgl_status dgl_blob_path_of(const char *uri, char ret[DGL_BLOB_URI_LEN], struct dgl_error *err)
{
    struct name n;
    DGL_TRY(parse_uri(uri, &n, err));
    if (snprintf(ret, DGL_BLOB_URI_LEN, "%s/%s/%s/%s", n.org, n.kind, n.shard, n.file) >= DGL_BLOB_URI_LEN)
        return DGL_FAIL(err, DGL_E_INVALID, "the path of the stored file %s is too long", n.file);
    return DGL_OK;
}

// ---- directories

// -1 with errno.
static int open_directory(int parent, const char *name, bool create)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd >= 0 || errno != ENOENT || !create)
        return fd;
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
        return -1;
    DGL_FAILPOINT("blob.directory_made");
    return openat(parent, name, flags);
}

// To write into a directory its name must be on disk. That it exists says nothing: another thread may have made it just
// now, or a life of the server that ended before the sync. So the parent is synced the first time in this life.
static int open_durably(struct dgl_blob_store *b, int parent, const char *name, uint64_t hash)
{
    DGL_AUTO_FD fd = open_directory(parent, name, true);
    _Atomic uint64_t *known = &b->durable[hash % KNOWN_DIRECTORIES];
    if (fd < 0 || atomic_load(known) == hash)
        return DGL_STEAL_FD(fd);
    if (fsync(parent) != 0)
        return -1;
    atomic_store(known, hash);
    return DGL_STEAL_FD(fd);
}

static int open_shard(struct dgl_blob_store *b, const struct name *n)
{
    DGL_AUTO_FD org = open_directory(b->root, n->org, false);
    DGL_AUTO_FD kind = org < 0 ? -1 : open_directory(org, n->kind, false);
    return kind < 0 ? -1 : open_directory(kind, n->shard, false);
}

static int make_shard(struct dgl_blob_store *b, const struct name *n)
{
    uint64_t hash = dgl_hash_text(DGL_HASH_START, n->org);
    DGL_AUTO_FD org = open_durably(b, b->root, n->org, hash);
    if (org < 0)
        return -1;
    hash = dgl_hash_text(dgl_hash_text(hash, "/"), n->kind);
    DGL_AUTO_FD kind = open_durably(b, org, n->kind, hash);
    if (kind < 0)
        return -1;
    return open_durably(b, kind, n->shard, dgl_hash_text(dgl_hash_text(hash, "/"), n->shard));
}

// NULL with errno. The descriptor stays the caller's.
static DIR *list_directory(int fd)
{
    DGL_AUTO_FD copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // a position of its own
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    if (d)
        copy = -1;
    return d;
}

// Removes what the server's last life left half written.
static void empty_tmp(int tmp)
{
    DIR *d = list_directory(tmp);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.')
            unlinkat(tmp, e->d_name, 0);
    if (d)
        closedir(d);
}

enum dgl_status dgl_blob_open(const char *directory, struct dgl_blob_store **ret, struct dgl_error *err)
{
    DGL_TRY(dgl_file_make_dirs(directory, 0700, err));
    DGL_AUTO_FD root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DGL_AUTO_FD tmp = root >= 0 ? open_directory(root, "tmp", true) : -1;
    if (tmp < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open the directory of files %s", directory);
    empty_tmp(tmp);
    struct dgl_blob_store *b = DGL_NEW(struct dgl_blob_store);
    b->root = DGL_STEAL_FD(root);
    b->tmp = DGL_STEAL_FD(tmp);
    *ret = b;
    return DGL_OK;
}

void dgl_blob_close(struct dgl_blob_store *b)
{
    if (!b)
        return;
    close(b->tmp);
    close(b->root);
    free(b);
}

// ---- put

struct tmp_file {
    char name[40];
    int fd;
};

static enum dgl_status open_tmp(struct dgl_blob_store *b, struct tmp_file *ret, struct dgl_error *err)
{
    unsigned char random[16];
    dgl_random_bytes(random, sizeof random);
    dgl_hex_encode(random, sizeof random, ret->name);
    ret->fd = openat(b->tmp, ret->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return ret->fd >= 0 ? DGL_OK : DGL_FAIL_ERRNO(err, errno, "cannot make a temporary file");
}

static enum dgl_status sync_and_rename(struct dgl_blob_store *b, const struct tmp_file *tmp, int shard,
                                       const struct name *n, struct dgl_error *err)
{
    struct stat st;
    bool exists = fstatat(shard, n->file, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (exists && fdatasync(tmp->fd) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot sync the file");
    if (renameat(b->tmp, tmp->name, shard, n->file) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot rename the file");
    DGL_FAILPOINT("blob.renamed");
    if (!exists && fdatasync(tmp->fd) != 0) {
        int failed = errno;
        unlinkat(shard, n->file, 0);
        return DGL_FAIL_ERRNO(err, failed, "cannot sync the file");
    }
    DGL_FAILPOINT("blob.synced");
    if (fsync(shard) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot sync the file's directory");
    DGL_FAILPOINT("blob.directory_synced");
    return DGL_OK;
}

// Writes the content and gives its size and hash.
typedef enum dgl_status (*write_content)(int fd, const void *source, struct dgl_blob_info *info, struct dgl_error *err);

static enum dgl_status write_and_publish(struct dgl_blob_store *b, const struct name *n, const struct tmp_file *tmp,
                                         write_content write, const void *source, struct dgl_blob_info *info,
                                         struct dgl_error *err)
{
    DGL_FAILPOINT("blob.created");
    DGL_TRY(write(tmp->fd, source, info, err));
    DGL_FAILPOINT("blob.written");
    DGL_AUTO_FD shard = make_shard(b, n);
    if (shard < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open the file's directory");
    return sync_and_rename(b, tmp, shard, n, err);
}

static enum dgl_status put(struct dgl_blob_store *b, const char *org, const char *kind, const char *file,
                           write_content write, const void *source, struct dgl_blob_info *ret, struct dgl_error *err)
{
    struct name n;
    struct tmp_file tmp;
    struct dgl_blob_info info;
    DGL_TRY(make_name(org, kind, file, &n, err));
    if (snprintf(info.uri, sizeof info.uri, "%s%s/%s/%s", scheme, org, kind, file) >= (int)sizeof info.uri)
        return DGL_FAIL(err, DGL_E_INVALID, "\"%s/%s/%s\" is too long for a stored file's name", org, kind, file);
    DGL_TRY(open_tmp(b, &tmp, err));
    enum dgl_status status = write_and_publish(b, &n, &tmp, write, source, &info, err);
    close(tmp.fd);
    if (status != DGL_OK) {
        unlinkat(b->tmp, tmp.name, 0);
        dgl_error_prefix(err, "the file %s could not be stored", file);
        return status;
    }
    *ret = info;
    return DGL_OK;
}

static enum dgl_status write_bytes(int fd, const void *source, struct dgl_blob_info *info, struct dgl_error *err)
{
    const struct dgl_buf_slice *bytes = source;
    dgl_sha256(bytes->data, bytes->len, info->sha256);
    info->size_bytes = (int64_t)bytes->len;
    return dgl_file_write_fd(fd, bytes->data, bytes->len, err);
}

enum dgl_status dgl_blob_put(struct dgl_blob_store *b, const char *org, const char *kind, const char *name,
                             const void *data, size_t len, struct dgl_blob_info *ret, struct dgl_error *err)
{
    struct dgl_buf_slice bytes = {data, len};
    return put(b, org, kind, name, write_bytes, &bytes, ret, err);
}

static enum dgl_status write_from_fd(int fd, const void *source, struct dgl_blob_info *info, struct dgl_error *err)
{
    int from = *(const int *)source;
    DGL_AUTO_PTR char *chunk = dgl_alloc(COPY_BYTES);
    struct dgl_sha256_state sha;
    dgl_sha256_start(&sha);
    info->size_bytes = 0;
    for (;;) {
        ssize_t n = pread(from, chunk, COPY_BYTES, info->size_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return DGL_FAIL_ERRNO(err, errno, "cannot read what is to be stored");
        if (n == 0)
            break;
        dgl_sha256_update(&sha, chunk, (size_t)n);
        DGL_TRY(dgl_file_write_fd(fd, chunk, (size_t)n, err));
        info->size_bytes += n;
    }
    dgl_sha256_finish(&sha, info->sha256);
    return DGL_OK;
}

enum dgl_status dgl_blob_put_fd(struct dgl_blob_store *b, const char *org, const char *kind, const char *name, int fd,
                                struct dgl_blob_info *ret, struct dgl_error *err)
{
    return put(b, org, kind, name, write_from_fd, &fd, ret, err);
}

// ---- open, delete

enum dgl_status dgl_blob_open_fd(struct dgl_blob_store *b, const char *uri, int *ret_fd, int64_t *ret_size,
                                 struct dgl_error *err)
{
    struct name n;
    struct stat st;
    DGL_TRY(parse_uri(uri, &n, err));
    DGL_AUTO_FD shard = open_shard(b, &n);
    DGL_AUTO_FD fd = shard >= 0 ? openat(shard, n.file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0 && errno == ENOENT)
        return DGL_FAIL_SLUG(err, DGL_E_NOT_FOUND, "file_missing", "the stored file %s is missing", n.file);
    if (fd < 0 || fstat(fd, &st) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the stored file %s cannot be opened", n.file);
    if (!S_ISREG(st.st_mode))
        return DGL_FAIL(err, DGL_E_IO, "the stored file %s is not a regular file", n.file);
    *ret_size = st.st_size;
    *ret_fd = DGL_STEAL_FD(fd);
    return DGL_OK;
}

enum dgl_status dgl_blob_delete(struct dgl_blob_store *b, const char *uri, struct dgl_error *err)
{
    struct name n;
    DGL_TRY(parse_uri(uri, &n, err));
    DGL_AUTO_FD shard = open_shard(b, &n);
    DGL_FAILPOINT("blob.delete");
    if (shard >= 0 && unlinkat(shard, n.file, 0) == 0)
        return DGL_OK;
    return errno == ENOENT ? DGL_OK : DGL_FAIL_ERRNO(err, errno, "the stored file %s cannot be deleted", n.file);
}

// ---- sweep

struct sweep {
    const char *org, *kind;
    dgl_blob_judge judge;
    void *ctx;
    size_t removed;
    bool stopped;
};

// One level: calls `each` with the directory and a name in it.
static void each_entry(struct sweep *x, int directory, void (*each)(struct sweep *x, int directory, const char *name))
{
    DIR *d = list_directory(directory);
    for (struct dirent *e; d && !x->stopped && (e = readdir(d));)
        if (valid_part(e->d_name, strlen(e->d_name)))
            each(x, directory, e->d_name);
    if (d)
        closedir(d);
}

static void sweep_file(struct sweep *x, int shard, const char *name)
{
    char uri[DGL_BLOB_URI_LEN];
    if (snprintf(uri, sizeof uri, "%s%s/%s/%s", scheme, x->org, x->kind, name) >= (int)sizeof uri)
        return;
    enum dgl_blob_verdict verdict = x->judge(x->ctx, uri);
    x->stopped = verdict == DGL_BLOB_STOP;
    if (verdict == DGL_BLOB_REMOVE && unlinkat(shard, name, 0) == 0)
        x->removed++;
}

static void sweep_shard(struct sweep *x, int kind, const char *name)
{
    DGL_AUTO_FD shard = open_directory(kind, name, false);
    if (shard >= 0)
        each_entry(x, shard, sweep_file);
}

static void sweep_org(struct sweep *x, int root, const char *name)
{
    DGL_AUTO_FD org = strcmp(name, "tmp") == 0 ? -1 : open_directory(root, name, false);
    DGL_AUTO_FD kind = org < 0 ? -1 : open_directory(org, x->kind, false);
    x->org = name;
    if (kind >= 0)
        each_entry(x, kind, sweep_shard);
}

size_t dgl_blob_sweep(struct dgl_blob_store *b, const char *kind, dgl_blob_judge judge, void *ctx)
{
    struct sweep x = {.kind = kind, .judge = judge, .ctx = ctx};
    each_entry(&x, b->root, sweep_org);
    return x.removed;
}
