// Connections and the watch over them. libmicrohttpd's own timeout is for silence; a client that sends a byte now and
// then would hold a connection for ever. So each connection has a deadline, set by what it is doing:
//
//   resting or sending a head    idle timeout + grace after the connection opened or the last answer was sent
//   sending a body               grace + one second for each HTTP_MIN_BYTES_PER_S received, at most the idle timeout
//   ahead waiting for its handler      none receiving the answer         grace + one second for each
//   HTTP_MIN_BYTES_PER_S of it
//
// (libmicrohttpd misses an end of stream that arrives in one piece with data, an edge of its epoll: a client that sends
// half a request and leaves is noticed at the idle timeout.)
//
// The watch shuts the socket of whoever is past it down; libmicrohttpd sees the end of the stream and cleans up. The
// socket cannot be closed and its number reused meanwhile: it is closed only after http_on_connection(CLOSED).
#include "server/http/internal.h"

#include "base/thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// A part of all connections stays free for others than the address that has most, so that nobody fills the house alone.
// What comes beyond it is closed at once, before its TLS: there is nobody to answer yet. The part is small because an
// office's gateway and a proxy that nobody named are one address, too. A trusted proxy speaks for many, and holds each
// of them to his own bounds; its connections are not counted. Epoll threads that ask at the same time may let one too
// many in each.
enum MHD_Result http_may_connect(void *loop, const struct sockaddr *address, socklen_t len)
{
    (void)len;
    struct dgl_http_server *s = http_loop_server(loop);
    struct in6_addr peer = http_address_of(address);
    unsigned all = s->options.max_connections, most = all - all / HTTP_PART_FOR_OTHERS;
    if (http_nets_hold(&s->trusted, &peer) || http_addresses_count(&s->addresses, &peer) < most)
        return MHD_YES;
    atomic_fetch_add_explicit(&s->refused_connections, 1, memory_order_relaxed);
    return MHD_NO;
}

static struct http_connection *connection_open(struct http_loop *loop, struct MHD_Connection *mhd)
{
    struct dgl_http_server *s = http_loop_server(loop);
    struct http_connection *c = DGL_NEW(struct http_connection);
    c->server = s;
    c->loop = loop;
    c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    pthread_mutex_init(&c->lock, NULL);
    c->deadline_mono_us = dgl_clock_mono_us(s->clock) + HTTP_IDLE_TIMEOUT_S * DGL_US_PER_S + HTTP_GRACE_US;
    c->peer = http_address_of(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    c->peer_trusted = http_nets_hold(&s->trusted, &c->peer);
    if (!c->peer_trusted)
        http_addresses_enter(&s->addresses, &c->peer);
    pthread_mutex_lock(&s->connections_lock);
    c->next = s->connections;
    if (c->next)
        c->next->prev = c;
    s->connections = c;
    pthread_mutex_unlock(&s->connections_lock);
    atomic_fetch_add_explicit(&s->open_connections, 1, memory_order_relaxed);
    return c;
}

static void connection_close(struct http_connection *c)
{
    struct dgl_http_server *s = c->server;
    pthread_mutex_lock(&s->connections_lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->connections = c->next;
    if (c->next)
        c->next->prev = c->prev;
    pthread_mutex_unlock(&s->connections_lock);
    if (!c->peer_trusted)
        http_addresses_leave(&s->addresses, &c->peer);
    atomic_fetch_sub_explicit(&s->open_connections, 1, memory_order_relaxed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void http_on_connection(void *loop, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *slot = connection_open(loop, mhd);
    else if (*slot)
        connection_close(DGL_STEAL(*slot));
}

struct http_connection *http_connection_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

int64_t http_pace_deadline(int64_t started_mono_us, uint64_t bytes)
{
    return started_mono_us + HTTP_GRACE_US + (int64_t)(bytes / HTTP_MIN_BYTES_PER_S) * DGL_US_PER_S;
}

static void cut_late_ones(struct dgl_http_server *s)
{
    int64_t now = dgl_clock_mono_us(s->clock);
    pthread_mutex_lock(&s->connections_lock);
    for (struct http_connection *c = s->connections; c; c = c->next)
        if (atomic_load_explicit(&c->deadline_mono_us, memory_order_relaxed) < now)
            shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->connections_lock);
}

void *http_watch_run(void *server)
{
    struct dgl_http_server *s = server;
    pthread_mutex_lock(&s->stop_lock);
    while (!s->stopped) {
        dgl_cond_wait_until(&s->stop_cond, &s->stop_lock, dgl_wait_deadline_us(HTTP_WATCH_INTERVAL_MS * DGL_US_PER_MS));
        pthread_mutex_unlock(&s->stop_lock);
        cut_late_ones(s);
        pthread_mutex_lock(&s->stop_lock);
    }
    pthread_mutex_unlock(&s->stop_lock);
    return NULL;
}
