// Files: whole reads with a bound, and writes that are on disk when they return.
//
// Durable replacement: temporary file in the same directory ─▶ write ─▶ fdatasync ─▶ rename ─▶ fsync of the directory.
// A reader sees the old bytes or the new ones, never a part, after a crash as well.
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_CHUNK_BYTES ((size_t)64 << 10)

enum dgl_status dgl_file_read_fd(int fd, size_t max_bytes, struct dgl_buf *ret, struct dgl_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot look at an open file");
    if (S_ISDIR(st.st_mode))
        return DGL_FAIL_ERRNO(err, EISDIR, "cannot read a file");
    bool is_file = S_ISREG(st.st_mode); // a pipe or terminal has no offsets
    size_t before = ret->len, want = st.st_size > 0 ? (size_t)st.st_size : READ_CHUNK_BYTES;
    for (size_t got = 0;;) {
        if (got > max_bytes || want > max_bytes - got)
            want = max_bytes - DGL_MIN(got, max_bytes);
        // At the bound, one more byte tells a file that ends here from one that is too large.
        char past_end;
        char *to = &past_end;
        if (want && dgl_buf_reserve(ret, want))
            to = ret->data + ret->len;
        else
            want = 0;
        ssize_t n = is_file ? pread(fd, to, want ? want : 1, (off_t)got) : read(fd, to, want ? want : 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0) {
            ret->failed = false;
            return DGL_OK;
        }
        if (n < 0 || want == 0) {
            int reason = errno;
            ret->failed = false;
            ret->len = before;
            if (ret->data)
                ret->data[before] = '\0';
            if (n < 0)
                return DGL_FAIL_ERRNO(err, reason, "cannot read a file");
            return DGL_FAIL(err, DGL_E_LIMIT, "the file is larger than the %zu bytes allowed",
                            DGL_MIN(max_bytes, ret->max));
        }
        got += (size_t)n;
        ret->len += (size_t)n;
        ret->data[ret->len] = '\0';
        want = READ_CHUNK_BYTES;
    }
}

enum dgl_status dgl_file_read(const char *path, size_t max_bytes, struct dgl_buf *ret, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "there is no file %s", path);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open %s", path);
    enum dgl_status status = dgl_file_read_fd(fd, max_bytes, ret, err);
    if (status != DGL_OK)
        dgl_error_prefix(err, "%s", path);
    return status;
}

enum dgl_status dgl_file_map(const char *path, size_t max_bytes, void **ret, size_t *ret_len, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0 && errno == ENOENT)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "there is no file %s", path);
    if (fd < 0 || fstat(fd, &st) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open %s", path);
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (uint64_t)st.st_size > max_bytes)
        return DGL_FAIL(err, DGL_E_LIMIT, "%s is empty, larger than %zu bytes or no file", path, max_bytes);
    void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return DGL_FAIL_ERRNO(err, errno, "cannot map %s", path);
    *ret = data;
    *ret_len = (size_t)st.st_size;
    return DGL_OK;
}

enum dgl_status dgl_file_write_fd(int fd, const void *data, size_t len, struct dgl_error *err)
{
    const char *p = data;
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return DGL_FAIL_ERRNO(err, errno, "cannot write %zu bytes", len);
        p += n;
        len -= (size_t)n;
    }
    return DGL_OK;
}

// The directory that holds `path`, in out[PATH_MAX].
static bool parent_of(const char *path, char out[PATH_MAX])
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    return snprintf(out, PATH_MAX, "%.*s", len ? (int)len : 1, len ? path : ".") < PATH_MAX;
}

static enum dgl_status sync_parent(const char *path, struct dgl_error *err)
{
    char parent[PATH_MAX];
    if (!parent_of(path, parent))
        return DGL_FAIL_ERRNO(err, ENAMETOOLONG, "cannot use the path %s", path);
    DGL_AUTO_FD fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot sync the directory %s", parent);
    return DGL_OK;
}

// What a written file shall be like. A uid of -1 leaves the writer's.
struct manner {
    unsigned mode, rename_flags;
    uid_t uid;
    gid_t gid;
};

static enum dgl_status fill_temporary(int fd, const char *temporary, const char *path, const void *data, size_t len,
                                      const struct manner *m, struct dgl_error *err)
{
    if (fchmod(fd, (mode_t)m->mode) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot set the mode of %s", temporary);
    if (m->uid != (uid_t)-1 && fchown(fd, m->uid, m->gid) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot set the owner of %s", temporary);
    DGL_TRY(dgl_file_write_fd(fd, data, len, err));
    if (fdatasync(fd) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot sync %s", temporary);
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, m->rename_flags) == 0)
        return DGL_OK;
    if (errno == EEXIST)
        return DGL_FAIL(err, DGL_E_CONFLICT, "the file is there already");
    return DGL_FAIL_ERRNO(err, errno, "cannot rename %s to %s", temporary, path);
}

static enum dgl_status write_durably(const char *path, const void *data, size_t len, const struct manner *m,
                                     struct dgl_error *err)
{
    char temporary[PATH_MAX];
    unsigned long long unique;
    if (getrandom(&unique, sizeof(unique), 0) != (ssize_t)sizeof(unique))
        return DGL_FAIL_ERRNO(err, errno, "cannot make a name for a temporary file");
    if (snprintf(temporary, sizeof(temporary), "%s.%016llx.tmp", path, unique) >= (int)sizeof(temporary))
        return DGL_FAIL_ERRNO(err, ENAMETOOLONG, "cannot use the path %s", path);
    DGL_AUTO_FD fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot write %s", path);
    enum dgl_status status = fill_temporary(fd, temporary, path, data, len, m, err);
    if (status != DGL_OK) {
        unlink(temporary);
        dgl_error_prefix(err, "%s", path);
        return status;
    }
    return sync_parent(path, err);
}

enum dgl_status dgl_file_write_atomic(const char *path, const void *data, size_t len, unsigned mode,
                                      struct dgl_error *err)
{
    return write_durably(path, data, len, &(struct manner){mode, 0, (uid_t)-1, (gid_t)-1}, err);
}

enum dgl_status dgl_file_write_atomic_as(const char *path, const void *data, size_t len, unsigned mode, unsigned uid,
                                         unsigned gid, struct dgl_error *err)
{
    return write_durably(path, data, len, &(struct manner){mode, 0, uid, gid}, err);
}

enum dgl_status dgl_file_create_atomic(const char *path, const void *data, size_t len, unsigned mode,
                                       struct dgl_error *err)
{
    return write_durably(path, data, len, &(struct manner){mode, RENAME_NOREPLACE, (uid_t)-1, (gid_t)-1}, err);
}

// Makes one directory; one that is there already is fine.
static enum dgl_status make_dir(const char *path, unsigned mode, struct dgl_error *err)
{
    struct stat st;
    if (mkdir(path, (mode_t)mode) == 0)
        return sync_parent(path, err);
    int reason = errno;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? DGL_OK : DGL_FAIL_ERRNO(err, ENOTDIR, "cannot make the directory %s", path);
    return DGL_FAIL_ERRNO(err, reason, "cannot make the directory %s", path);
}

enum dgl_status dgl_file_make_dirs(const char *path, unsigned mode, struct dgl_error *err)
{
    DGL_AUTO_PTR char *copy = dgl_strdup(path);
    for (char *slash = copy + (copy[0] == '/'); (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        if (slash[1] != '\0')
            DGL_TRY(make_dir(copy, mode, err));
    }
    return make_dir(path, mode, err);
}

enum dgl_status dgl_file_memfd(const char *name, int *ret_fd, struct dgl_error *err)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot create a file in memory");
    *ret_fd = fd;
    return DGL_OK;
}
