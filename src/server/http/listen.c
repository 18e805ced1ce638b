// Listening and accepting. Accepting is done here and not by libmicrohttpd: taking its listening socket away from
// running threads (MHD_quiesce_daemon) races with them, and a thread of our own can simply be joined. It leaves clients
// in the kernel's queue while the connection limit is reached.
#include "server/http/internal.h"

#include "base/str.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

// "host:port", "[v6]:port", ":port" (every address).
static enum dgl_status split_listen(const char *text, char host[256], char port[8], struct dgl_error *err)
{
    const char *colon = strrchr(text, ':');
    int64_t number;
    size_t host_len = colon ? (size_t)(colon - text) : 0;
    const char *start = text;
    if (colon && host_len >= 2 && text[0] == '[' && text[host_len - 1] == ']') {
        start++;
        host_len -= 2;
    }
    if (!colon || host_len >= 256 || !dgl_parse_int64(colon + 1, strlen(colon + 1), 0, 65535, &number))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "bad_listen", "LISTEN",
                              "LISTEN: \"%s\" is no address: write it like 127.0.0.1:8080 or [::]:8080", text);
    dgl_str_copy(host, 256, start, host_len);
    snprintf(port, 8, "%d", (int)number);
    return DGL_OK;
}

static int open_listener(const struct addrinfo *a)
{
    DGL_AUTO_FD fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, off = 0;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); // accepted sockets inherit it
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, HTTP_LISTEN_BACKLOG) != 0)
        return -1;
    return DGL_STEAL_FD(fd);
}

static void note_address(struct dgl_http_server *s)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    char text[INET6_ADDRSTRLEN] = "", service[8] = "";
    if (getsockname(s->listen_fd, (struct sockaddr *)&address, &len) != 0)
        return;
    getnameinfo((struct sockaddr *)&address, len, text, sizeof(text), service, sizeof(service),
                NI_NUMERICHOST | NI_NUMERICSERV);
    int64_t port = 0;
    if (dgl_parse_int64(service, strlen(service), 0, 65535, &port))
        s->port = (uint16_t)port;
    snprintf(s->address, sizeof(s->address), strchr(text, ':') ? "[%s]:%s" : "%s:%s", text, service);
}

enum dgl_status http_listen(struct dgl_http_server *s, struct dgl_error *err)
{
    char host[256], port[8];
    DGL_TRY(split_listen(s->options.listen, host, port, err));
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    int failure = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (failure != 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "bad_listen", "LISTEN", "LISTEN: cannot find the address \"%s\": %s",
                              s->options.listen, gai_strerror(failure));
    int errno_value = 0;
    for (const struct addrinfo *a = found; a && s->listen_fd < 0; a = a->ai_next)
        if ((s->listen_fd = open_listener(a)) < 0)
            errno_value = errno;
    freeaddrinfo(found);
    if (s->listen_fd < 0)
        return DGL_FAIL_ERRNO(err, errno_value, "cannot listen on %s", s->options.listen);
    note_address(s);
    return DGL_OK;
}

static bool has_room(struct dgl_http_server *s, struct http_loop *loop)
{
    uint64_t count = atomic_load_explicit(&s->open_connections, memory_order_relaxed) +
                     atomic_load_explicit(&s->arriving, memory_order_relaxed);
    return count < s->options.max_connections && http_loop_has_room(loop);
}

// Takes what is there, for one epoll thread after the other. False: wait a moment before the next try.
static bool accept_all(struct dgl_http_server *s, unsigned *turn)
{
    for (;; *turn = (*turn + 1) % s->options.threads) {
        if (!has_room(s, s->loops[*turn]))
            return false;
        struct sockaddr_storage address;
        socklen_t len = sizeof(address);
        int fd = accept4(s->listen_fd, (struct sockaddr *)&address, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            return errno == EAGAIN;
        }
        http_loop_hand(s->loops[*turn], fd, &address, len);
    }
}

void *http_accept_run(void *server)
{
    struct dgl_http_server *s = server;
    bool pause = false;
    unsigned turn = 0;
    for (;;) {
        struct pollfd wait[2] = {{.fd = s->stop_fd, .events = POLLIN},
                                 {.fd = pause ? -1 : s->listen_fd, .events = POLLIN}};
        if (poll(wait, 2, pause ? HTTP_ACCEPT_PAUSE_MS : -1) < 0 && errno != EINTR)
            pause = true;
        if (wait[0].revents)
            return NULL;
        pause = !accept_all(s, &turn);
    }
}
