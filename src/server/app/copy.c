// Copying files for backups. Everything is relative to an open folder, so a folder that is renamed meanwhile stays the
// one that was meant, and no link is followed.
#include "server/app/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define CHUNK_BYTES (256u * 1024)
#define FOLDERS_MAX 32 // folders within folders

static enum dgl_status pump(int from, int to, int64_t *ret_size, unsigned char ret_sha256[DGL_SHA256_LEN],
                            struct dgl_error *err)
{
    DGL_AUTO_PTR char *chunk = dgl_alloc(CHUNK_BYTES);
    struct dgl_sha256_state sha;
    int64_t size = 0;
    dgl_sha256_start(&sha);
    for (;;) {
        ssize_t n = pread(from, chunk, CHUNK_BYTES, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return DGL_FAIL_ERRNO(err, errno, "cannot read the file");
        if (n == 0)
            break;
        dgl_sha256_update(&sha, chunk, (size_t)n);
        if (to >= 0)
            DGL_TRY(dgl_file_write_fd(to, chunk, (size_t)n, err));
        size += n;
    }
    dgl_sha256_finish(&sha, ret_sha256);
    *ret_size = size;
    return DGL_OK;
}

enum dgl_status dgl_copy_hash(int fd, int64_t *ret_size, unsigned char ret_sha256[DGL_SHA256_LEN],
                              struct dgl_error *err)
{
    return pump(fd, -1, ret_size, ret_sha256, err);
}

enum dgl_status dgl_copy_make_parents(int root, const char *path, struct dgl_error *err)
{
    char part[DGL_COPY_PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - path);
        if (len >= sizeof part)
            return DGL_FAIL_ERRNO(err, ENAMETOOLONG, "cannot use the path %s", path);
        memcpy(part, path, len);
        part[len] = '\0';
        if (mkdirat(root, part, 0700) != 0 && errno != EEXIST)
            return DGL_FAIL_ERRNO(err, errno, "cannot make the folder %s", part);
    }
    return DGL_OK;
}

enum dgl_status dgl_copy_file(int from, int root, const char *path, int64_t *ret_size,
                              unsigned char ret_sha256[DGL_SHA256_LEN], struct dgl_error *err)
{
    DGL_TRY(dgl_copy_make_parents(root, path, err));
    DGL_AUTO_FD to = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot make the file %s", path);
    return pump(from, to, ret_size, ret_sha256, err);
}

bool dgl_copy_is_empty(int folder)
{
    DGL_AUTO_FD copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    if (!d)
        return false;
    copy = -1;
    bool empty = true;
    for (struct dirent *e; empty && (e = readdir(d));)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(d);
    return empty;
}

static enum dgl_status empty_level(int folder, const char *keep, int depth, struct dgl_error *err)
{
    DGL_AUTO_FD copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    if (!d || depth > FOLDERS_MAX)
        return DGL_FAIL_ERRNO(err, d ? ELOOP : errno, "cannot read a folder");
    copy = -1;
    enum dgl_status status = DGL_OK;
    for (struct dirent *e; status == DGL_OK && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || (keep && strcmp(e->d_name, keep) == 0) ||
            unlinkat(folder, e->d_name, 0) == 0)
            continue;
        DGL_AUTO_FD inner = openat(folder, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0)
            status = DGL_FAIL_ERRNO(err, errno, "cannot remove %s", e->d_name);
        else
            status = empty_level(inner, NULL, depth + 1, err);
        if (status == DGL_OK && unlinkat(folder, e->d_name, AT_REMOVEDIR) != 0)
            status = DGL_FAIL_ERRNO(err, errno, "cannot remove the folder %s", e->d_name);
    }
    closedir(d);
    return status;
}

enum dgl_status dgl_copy_empty_folder(int folder, const char *keep, struct dgl_error *err)
{
    return empty_level(folder, keep, 0, err);
}
