// Writing to stderr without waiting. The queue between the server and its log's reader is the kernel's: what is in it
// stays in order and is read to its end even when the process dies right after. A pipe's is made 1 MiB large, the
// socket that systemd gives to a service holds 8 MiB.
//
//   socket            MSG_DONTWAIT
//   pipe, terminal    opened anew with O_NONBLOCK: on descriptor 2 the flag would be everybody's who shares it. Where
//                     that may not be (it belongs to another user): descriptor 2, asked by poll() for a page's room
//   file              descriptor 2; a file has room
//
// Rejected: a thread with a queue in memory. It blocks nobody either, but the lines before a crash die in it.
#include "base/log_out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int own_fd = -1;    // non-blocking, of what `own_of` is
static struct stat own_of; // st_mode 0: nothing was looked at yet
static char rest[DGL_LOG_OUT_MAX_BYTES];
static size_t rest_len; // of lines of which only the beginning had room

static void open_anew(const struct stat *now)
{
    if (own_fd >= 0)
        close(own_fd);
    own_fd = -1;
    own_of = *now;
    if (S_ISFIFO(now->st_mode) || S_ISCHR(now->st_mode))
        own_fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (S_ISFIFO(now->st_mode) && fcntl(STDERR_FILENO, F_GETPIPE_SZ) < DGL_LOG_PIPE_BYTES)
        fcntl(STDERR_FILENO, F_SETPIPE_SZ, DGL_LOG_PIPE_BYTES); // refused: it stays as it is
}

// A page at most, if there is room for one.
static ssize_t write_if_room(const char *data, size_t len)
{
    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT))
        return write(STDERR_FILENO, data, DGL_MIN(len, (size_t)PIPE_BUF));
    return -1;
}

static size_t write_some(const char *data, size_t len)
{
    ssize_t n;
    do {
        if (S_ISSOCK(own_of.st_mode))
            n = send(STDERR_FILENO, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        else if (S_ISREG(own_of.st_mode))
            n = write(STDERR_FILENO, data, len);
        else
            n = own_fd >= 0 ? write(own_fd, data, len) : write_if_room(data, len);
    } while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

static bool write_rest(void)
{
    size_t n = rest_len ? write_some(rest, rest_len) : 0;
    rest_len -= n;
    memmove(rest, rest + n, rest_len);
    return rest_len == 0;
}

bool dgl_log_out(const char *lines, size_t len)
{
    struct stat now;
    if (fstat(STDERR_FILENO, &now) != 0)
        return false;
    if (own_of.st_mode == 0 || now.st_dev != own_of.st_dev || now.st_ino != own_of.st_ino) {
        rest_len = 0;
        open_anew(&now);
    }
    if (!write_rest())
        return false;
    size_t n = write_some(lines, len);
    if (n == 0 || len - n > sizeof rest)
        return false;
    rest_len = len - n;
    memcpy(rest, lines + n, rest_len);
    return true;
}

void dgl_log_last_words(const char *fmt, ...)
{
    char words[256];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    if (len > 0)
        (void)!write_if_room(words, DGL_MIN((size_t)len, sizeof words - 1));
}
