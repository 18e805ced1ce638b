// Makes the disk fail under a running program: LD_PRELOAD this and put symbolic links into the folder DGL_FAULTS names.
//   sync → 5     every fsync and fdatasync fails with errno 5 (EIO)
//   write → 30   every pwrite, and every write to a regular file, fails with errno 30 (EROFS)
//   create → 24  every open that would make a file fails with errno 24 (EMFILE)
//   fork → 11    every fork fails with errno 11 (EAGAIN)
// A link that is removed ends its fault. Only tests use this; the product knows nothing of it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int fails(const char *what)
{
    const char *folder = getenv("DGL_FAULTS");
    char path[512], number[16];
    if (!folder || snprintf(path, sizeof path, "%s/%s", folder, what) >= (int)sizeof path)
        return 0;
    int kept = errno;
    ssize_t n = readlink(path, number, sizeof number - 1);
    errno = kept;
    if (n <= 0)
        return 0;
    number[n] = '\0';
    errno = (int)strtol(number, NULL, 10);
    return 1;
}

static int is_file(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 0; // a memfd has no link
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

pid_t fork(void)
{
    return fails("fork") ? -1 : REAL(pid_t, "fork", void)();
}

int fsync(int fd)
{
    return fails("sync") ? -1 : REAL(int, "fsync", int)(fd);
}

int fdatasync(int fd)
{
    return fails("sync") ? -1 : REAL(int, "fdatasync", int)(fd);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    return fails("write") ? -1 : REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    return fails("write") ? -1 : REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(fd, data, len, at);
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (is_file(fd) && fd > 2 && fails("write"))
        return -1;
    return REAL(ssize_t, "write", int, const void *, size_t)(fd, data, len);
}

static int open_any(const char *name, int dir, const char *path, int flags, mode_t mode)
{
    if ((flags & O_CREAT) && fails("create"))
        return -1;
    return REAL(int, name, int, const char *, int, ...)(dir, path, flags, mode);
}

// clang-format off
#define MODE_OF(flags)                  \
    mode_t mode = 0;                    \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list rest;                   \
        va_start(rest, flags);          \
        mode = va_arg(rest, mode_t);    \
        va_end(rest);                   \
    }
// clang-format on

int openat(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_any("openat", dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_any("openat64", dir, path, flags, mode);
}
