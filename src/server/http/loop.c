// The epoll threads. Each drives a libmicrohttpd daemon of its own from outside:
//
//   acceptor ──ring──▶ ┐
//   who answers ───────┴──wake──▶ poll ──▶ MHD_add_connection for the ring, MHD_run ──▶ callbacks of request.c
//
// Rejected: the library's own threads. In 0.9.75 they wait with the full timeout after each batch of exactly 128 events
// before they look at what they have: as many requests that came together rested until something else happened, up to a
// minute. MHD_run never waits, and goes on until the set is drained.
#include "server/http/internal.h"
#include "server/http/tls.h"

#include "base/log.h"
#include "base/str.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

struct accepted {
    int fd;
    socklen_t address_len;
    union {
        struct sockaddr sa;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
};

struct http_loop {
    struct dgl_http_server *server;
    struct MHD_Daemon *mhd;
    int wake_fd;
    pthread_t thread;
    bool running;          // the thread is there
    char *start_complaint; // while the daemon starts: what it says last
    _Atomic bool leaving;
    pthread_mutex_t lock;
    struct accepted ring[HTTP_LOOP_RING]; // under lock, as are first and count
    size_t first, count;
};

struct dgl_http_server *http_loop_server(const struct http_loop *l)
{
    return l->server;
}

// ---- connections on their way

void http_loop_wake(struct http_loop *l)
{
    uint64_t one = 1;
    if (write(l->wake_fd, &one, sizeof(one)) != sizeof(one) && errno != EAGAIN) // full: it is awake
        dgl_log(DGL_LOG_ERROR, "cannot wake an epoll thread");
}

bool http_loop_has_room(struct http_loop *l)
{
    pthread_mutex_lock(&l->lock);
    bool room = l->count < HTTP_LOOP_RING;
    pthread_mutex_unlock(&l->lock);
    return room;
}

void http_loop_hand(struct http_loop *l, int fd, const struct sockaddr_storage *address, socklen_t len)
{
    atomic_fetch_add_explicit(&l->server->arriving, 1, memory_order_relaxed);
    pthread_mutex_lock(&l->lock);
    struct accepted *a = &l->ring[(l->first + l->count++) % HTTP_LOOP_RING];
    a->fd = fd;
    a->address_len = DGL_MIN(len, (socklen_t)sizeof(a->address));
    memcpy(&a->address, address, a->address_len);
    pthread_mutex_unlock(&l->lock);
    http_loop_wake(l);
}

static bool take(struct http_loop *l, struct accepted *ret)
{
    pthread_mutex_lock(&l->lock);
    bool any = l->count > 0;
    if (any) {
        *ret = l->ring[l->first];
        l->first = (l->first + 1) % HTTP_LOOP_RING;
        l->count--;
    }
    pthread_mutex_unlock(&l->lock);
    return any;
}

static void add_connections(struct http_loop *l)
{
    for (struct accepted a; take(l, &a);) {
        // Closes the socket itself when it fails.
        if (MHD_add_connection(l->mhd, a.fd, &a.address.sa, a.address_len) != MHD_YES)
            dgl_log(DGL_LOG_DEBUG, "connection refused", DGL_F_STR("reason", "too many of one address, or in all"));
        atomic_fetch_sub_explicit(&l->server->arriving, 1, memory_order_relaxed);
    }
}

// ---- the thread

static int timeout_ms(struct http_loop *l)
{
    MHD_UNSIGNED_LONG_LONG ms;
    return MHD_get_timeout(l->mhd, &ms) == MHD_YES ? (int)DGL_MIN(ms, INT32_MAX) : -1;
}

static void *run(void *loop)
{
    struct http_loop *l = loop;
    int epoll_fd = MHD_get_daemon_info(l->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd wait[2] = {{.fd = l->wake_fd, .events = POLLIN}, {.fd = epoll_fd, .events = POLLIN}};
    uint64_t count;
    while (!atomic_load(&l->leaving)) {
        poll(wait, 2, timeout_ms(l));
        // What was woken for is looked at after this: a wake that comes later is there at the next poll.
        if (wait[0].revents && read(l->wake_fd, &count, sizeof(count)) < 0)
            continue;
        add_connections(l);
        MHD_run(l->mhd);
    }
    return NULL;
}

// ---- start

static DGL_PRINTF(2, 0) void log_library(void *loop, const char *fmt, va_list args)
{
    struct http_loop *l = loop;
    if (!l->start_complaint && !dgl_log_enabled(DGL_LOG_DEBUG))
        return;
    char text[512];
    vsnprintf(text, sizeof(text), fmt, args);
    text[strcspn(text, "\r\n")] = '\0';
    if (l->start_complaint)
        dgl_str_copy(l->start_complaint, HTTP_COMPLAINT_BYTES, text, strlen(text));
    dgl_log(DGL_LOG_DEBUG, "http", DGL_F_STR("message", text));
}

static enum dgl_status start_library(struct http_loop *l, struct dgl_error *err)
{
    struct dgl_http_server *s = l->server;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
    struct MHD_OptionItem tls[2] = {{MHD_OPTION_END, 0, NULL}};
    char complaint[HTTP_COMPLAINT_BYTES] = "no reason was given";
    if (s->is_tls) {
        flags |= MHD_USE_TLS;
        tls[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0, http_tls_callback()};
        tls[1] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    }
    l->start_complaint = complaint;
    // The order matters: the logger first, so that it hears about the rest.
    l->mhd = MHD_start_daemon(
        flags, 0, http_may_connect, l, http_on_request, s, MHD_OPTION_EXTERNAL_LOGGER, log_library, l,
        MHD_OPTION_URI_LOG_CALLBACK, http_on_target, s, MHD_OPTION_UNESCAPE_CALLBACK, http_keep_escapes, s,
        MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, l,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        s->options.max_connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_TIMEOUT_S,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls,
        s->is_tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, TLS_PRIORITIES, MHD_OPTION_END);
    l->start_complaint = NULL;
    if (!l->mhd)
        return DGL_FAIL(err, DGL_E_INVALID, "cannot start the HTTP server on %s (%s)", s->address, complaint);
    return DGL_OK;
}

static enum dgl_status start(struct http_loop *l, struct dgl_error *err)
{
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->wake_fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot make an event descriptor");
    DGL_TRY(start_library(l, err));
    DGL_TRY(
        dgl_thread_start(&l->thread, "http", run, l, err)); // SIGPIPE is none of its: sendfile has no flag against it
    l->running = true;
    return DGL_OK;
}

enum dgl_status http_loop_new(struct dgl_http_server *s, struct http_loop **ret, struct dgl_error *err)
{
    struct http_loop *l = DGL_NEW(struct http_loop);
    l->server = s;
    pthread_mutex_init(&l->lock, NULL);
    enum dgl_status status = start(l, err);
    if (status == DGL_OK) {
        *ret = l;
        return DGL_OK;
    }
    http_loop_stop(l);
    http_loop_free(l);
    return status;
}

// ---- end

void http_loop_stop(struct http_loop *l)
{
    if (l->running) {
        atomic_store(&l->leaving, true);
        http_loop_wake(l);
        pthread_join(l->thread, NULL);
        l->running = false;
    }
    for (struct accepted a; take(l, &a);)
        close(a.fd);
    if (l->mhd)
        MHD_stop_daemon(l->mhd);
    l->mhd = NULL;
}

void http_loop_free(struct http_loop *l)
{
    if (!l)
        return;
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
