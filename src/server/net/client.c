// The thread and its loop: epoll over libcurl's and c-ares's sockets, one heap of timers, an inbox.
//
//   submit (any thread) ─▶ inbox ─▶ waiting line ─ slot free ─▶ exchange.c ─▶ done ─▶ next of the line
//
// Invariants: in_flight ≤ max_in_flight; everything but the inbox belongs to the thread; every submitted request gets
// exactly one `done`, at the latest (CANCELED) while the client is freed.
#include "server/net/client_private.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/thread.h"
#include "server/net/trust.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DEFAULT_IN_FLIGHT 256
#define EVENTS_PER_TURN 256
#define MAX_SLEEP_MS 60000

const char *dgl_net_outcome_word(enum dgl_net_outcome o)
{
    switch (o) {
    case DGL_NET_ANSWERED:
        return "answered";
    case DGL_NET_BLOCKED:
        return "blocked";
    case DGL_NET_DNS:
        return "dns";
    case DGL_NET_CONNECT:
        return "connect";
    case DGL_NET_TLS:
        return "tls";
    case DGL_NET_TIMEOUT:
        return "timeout";
    case DGL_NET_BROKEN:
        return "broken";
    case DGL_NET_CANCELED:
        return "canceled";
    }
    return "unknown";
}

int64_t dgl_net_retry_after(const char *value, size_t len, int64_t now_s)
{
    char text[64];
    int64_t seconds;
    if (len == 0 || len >= sizeof text)
        return -1;
    if (value[0] >= '0' && value[0] <= '9')
        return dgl_parse_int64(value, len, 0, INT64_MAX, &seconds) ? seconds : -1;
    dgl_str_copy(text, sizeof text, value, len);
    if (!strchr(text, ':')) // every form of an HTTP date has a time of day
        return -1;
    time_t at = curl_getdate(text, NULL);
    return at < 0 ? -1 : DGL_MAX((int64_t)at - now_s, 0);
}

// ---- descriptors

static void watch(struct dgl_net_client *c, int fd, enum watch_kind kind, struct dgl_pool *pool, uint32_t events)
{
    if ((size_t)fd >= c->watch_count) {
        if (events == 0)
            return;
        size_t count = DGL_MAX((size_t)fd + 1, 2 * c->watch_count);
        c->watches = dgl_realloc(c->watches, count * sizeof *c->watches);
        memset(c->watches + c->watch_count, 0, (count - c->watch_count) * sizeof *c->watches);
        c->watch_count = count;
    }
    struct watch *w = &c->watches[fd];
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (events == 0) {
        if (w->kind != WATCH_NONE)
            epoll_ctl(c->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        *w = (struct watch){.kind = WATCH_NONE};
        return;
    }
    int op = w->kind == WATCH_NONE ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (w->kind == WATCH_NONE || w->events != events)
        if (epoll_ctl(c->epoll_fd, op, fd, &event) != 0 && errno == ENOENT)
            epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    *w = (struct watch){.kind = kind, .events = events, .pool = pool};
}

static int on_curl_socket(CURL *easy DGL_UNUSED, curl_socket_t fd, int what, void *arg, void *socket_arg DGL_UNUSED)
{
    struct dgl_pool *pool = arg;
    struct dgl_net_client *c = pool->pools->prepare_arg;
    uint32_t events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= EPOLLOUT;
    watch(c, fd, WATCH_CURL, pool, events);
    return 0;
}

static void on_resolver_socket(void *arg, int fd, bool readable, bool writable)
{
    watch(arg, fd, WATCH_RESOLVER, NULL, (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u));
}

// ---- lines

static void start_waiting(struct dgl_net_client *c)
{
    size_t started = 0;
    while (c->waiting_first && c->in_flight < c->max_in_flight) {
        struct dgl_exchange *x = c->waiting_first;
        c->waiting_first = x->next;
        if (!c->waiting_first)
            c->waiting_last = NULL;
        x->prev = NULL;
        x->next = c->under_way;
        if (c->under_way)
            c->under_way->prev = x;
        c->under_way = x;
        c->in_flight++;
        started++;
        dgl_exchange_start(x);
    }
    if (started > 0) {
        pthread_mutex_lock(&c->lock);
        c->inbox_count -= started;
        pthread_mutex_unlock(&c->lock);
    }
}

void dgl_net_client_finished(struct dgl_exchange *x)
{
    struct dgl_net_client *c = x->client;
    *(x->prev ? &x->prev->next : &c->under_way) = x->next;
    if (x->next)
        x->next->prev = x->prev;
    c->in_flight--;
    free(x);
}

static bool take_inbox(struct dgl_net_client *c)
{
    pthread_mutex_lock(&c->lock);
    struct dgl_exchange *first = c->inbox_first, *last = c->inbox_last;
    c->inbox_first = c->inbox_last = NULL;
    bool stopping = c->stopping;
    pthread_mutex_unlock(&c->lock);
    if (first) {
        *(c->waiting_last ? &c->waiting_last->next : &c->waiting_first) = first;
        c->waiting_last = last;
    }
    return !stopping;
}

// ---- loop

static void collect_done(struct dgl_pool *pool)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(pool->multi, &left));) {
        struct dgl_exchange *x = NULL;
        if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x) != CURLE_OK || !x)
            continue;
        dgl_exchange_curl_done(x, m->data.result); // m is gone after this
    }
}

static void drive(struct dgl_pool *pool, curl_socket_t fd, int events)
{
    int running;
    pool->active++; // the pool outlives its last exchange until it is left here
    curl_multi_socket_action(pool->multi, fd, events, &running);
    collect_done(pool);
    dgl_pool_leave(pool);
}

static void handle_event(struct dgl_net_client *c, const struct epoll_event *event)
{
    int fd = event->data.fd;
    uint64_t count;
    if (fd == c->wake_fd) {
        if (read(fd, &count, sizeof count) < 0)
            return; // somebody else's wake-up was read already
        return;
    }
    if ((size_t)fd >= c->watch_count)
        return;
    struct watch w = c->watches[fd];
    bool in = (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0, out = (event->events & EPOLLOUT) != 0;
    if (w.kind == WATCH_RESOLVER)
        dgl_resolver_ready(c->resolver, fd, in, out);
    else if (w.kind == WATCH_CURL)
        drive(w.pool, fd,
              (in ? CURL_CSELECT_IN : 0) | (out ? CURL_CSELECT_OUT : 0) |
                  ((event->events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0));
}

static void fire_timers(struct dgl_net_client *c)
{
    int64_t now_us = dgl_clock_mono_us(dgl_clock_system());
    for (struct dgl_timer *t; (t = dgl_timers_take_due(&c->timers, now_us));) {
        switch (t->kind) {
        case DGL_POOL_TIMER_CURL:
            drive(t->owner, CURL_SOCKET_TIMEOUT, 0);
            break;
        case DGL_POOL_TIMER_IDLE:
            dgl_pool_discard(t->owner);
            break;
        case DGL_EXCHANGE_TIMER_RESOLVE:
            dgl_exchange_resolve_timeout(t->owner);
            break;
        default:
            break;
        }
    }
}

static int sleep_ms(const struct dgl_net_client *c)
{
    int64_t next_us = dgl_timers_next_us(&c->timers), now_us = dgl_clock_mono_us(dgl_clock_system());
    int64_t ms = next_us == INT64_MAX ? MAX_SLEEP_MS : DGL_MAX((next_us - now_us + 999) / 1000, 0);
    int64_t names_ms = dgl_resolver_timeout_ms(c->resolver);
    if (names_ms >= 0)
        ms = DGL_MIN(ms, names_ms);
    return (int)DGL_MIN(ms, MAX_SLEEP_MS);
}

static void cancel_all(struct dgl_net_client *c)
{
    c->max_in_flight = UINT32_MAX;
    while (c->under_way)
        dgl_exchange_cancel(c->under_way);
    while (c->waiting_first) {
        struct dgl_exchange *x = c->waiting_first;
        c->waiting_first = x->next;
        x->next = x->prev = NULL;
        c->under_way = x;
        c->in_flight++;
        dgl_exchange_cancel(x);
    }
    c->waiting_last = NULL;
}

static void *run(void *arg)
{
    struct dgl_net_client *c = arg;
    struct epoll_event events[EVENTS_PER_TURN];
    while (take_inbox(c)) {
        start_waiting(c);
        int n = epoll_wait(c->epoll_fd, events, EVENTS_PER_TURN, sleep_ms(c));
        for (int i = 0; i < n; i++)
            handle_event(c, &events[i]);
        dgl_resolver_tick(c->resolver);
        fire_timers(c);
    }
    cancel_all(c);
    return NULL;
}

// ---- making and freeing

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static enum dgl_status parse_bind_address(const char *text, union dgl_net_address *ret, struct dgl_error *err)
{
    memset(ret, 0, sizeof *ret);
    if (!text || !*text)
        return DGL_OK;
    if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1)
        ret->v4.sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1)
        ret->v6.sin6_family = AF_INET6;
    else
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "bind_address",
                              "\"%s\" is not an IPv4 or IPv6 address of this machine", text);
    DGL_AUTO_FD fd = socket(ret->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = ret->sa.sa_family == AF_INET ? sizeof ret->v4 : sizeof ret->v6;
    if (fd < 0 || bind(fd, &ret->sa, len) != 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "bind_address",
                              "connections cannot be made from %s: it is not an address of this machine", text);
    return DGL_OK;
}

static enum dgl_status open_loop(struct dgl_net_client *c, struct dgl_error *err)
{
    c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->epoll_fd < 0 || c->wake_fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "the network loop cannot start");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = c->wake_fd};
    if (epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, c->wake_fd, &event) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the network loop cannot start");
    return DGL_OK;
}

static void release(struct dgl_net_client *c)
{
    dgl_pools_fini(&c->pools);
    dgl_resolver_free(c->resolver);
    dgl_timers_fini(&c->timers);
    X509_STORE_free(c->trust);
    free(c->watches);
    dgl_auto_close_fd(&c->epoll_fd);
    dgl_auto_close_fd(&c->wake_fd);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static enum dgl_status client_init(struct dgl_net_client *c, const struct dgl_net_client_options *options,
                                   struct dgl_error *err)
{
    struct dgl_resolver_io io = {.watch = on_resolver_socket, .arg = c};
    pthread_mutex_init(&c->lock, NULL);
    c->max_in_flight = options->max_in_flight ? options->max_in_flight : DEFAULT_IN_FLIGHT;
    c->pools = (struct dgl_pools){
        .max_connections = c->max_in_flight,
        .timers = &c->timers,
        .on_socket = on_curl_socket,
        .prepare = dgl_exchange_prepare_easy,
        .prepare_arg = c,
    };
    DGL_TRY(open_loop(c, err));
    DGL_TRY(parse_bind_address(options->bind_address, &c->bind_address, err));
    DGL_TRY(dgl_trust_load(options->ca_file, &c->trust, err));
    DGL_TRY(dgl_resolver_new(options->dns_servers, &io, &c->resolver, err));
    return dgl_thread_start(&c->thread, "net", run, c, err);
}

enum dgl_status dgl_net_client_new(const struct dgl_net_client_options *options, struct dgl_net_client **ret,
                                   struct dgl_error *err)
{
    pthread_once(&curl_once, curl_start);
    struct dgl_net_client *c = DGL_NEW(struct dgl_net_client);
    c->epoll_fd = c->wake_fd = -1;
    enum dgl_status status = client_init(c, options, err);
    if (status != DGL_OK) {
        release(c);
        return status;
    }
    *ret = c;
    return DGL_OK;
}

static void wake(struct dgl_net_client *c)
{
    uint64_t one = 1;
    if (write(c->wake_fd, &one, sizeof one) < 0)
        return; // the counter is full: it is awake anyway
}

void dgl_net_client_free(struct dgl_net_client *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_mutex_unlock(&c->lock);
    wake(c);
    pthread_join(c->thread, NULL);
    release(c);
}

// ---- submitting

enum dgl_status dgl_net_client_submit(struct dgl_net_client *c, const struct dgl_net_request *request,
                                      dgl_net_done done, void *arg, struct dgl_error *err)
{
    struct dgl_exchange *x = dgl_exchange_new(c, request);
    x->done = done;
    x->arg = arg;
    pthread_mutex_lock(&c->lock);
    bool stopping = c->stopping, full = c->inbox_count >= DGL_NET_MAX_WAITING, first = !c->inbox_first;
    if (!stopping && !full) {
        *(c->inbox_last ? &c->inbox_last->next : &c->inbox_first) = x;
        c->inbox_last = x;
        c->inbox_count++;
    }
    pthread_mutex_unlock(&c->lock);
    if (stopping || full) {
        free(x);
        return DGL_FAIL(err, DGL_E_UNAVAILABLE,
                        stopping ? "the server is stopping"
                                 : "too many outgoing requests wait already; try again later");
    }
    if (first)
        wake(c);
    return DGL_OK;
}

struct fetch {
    struct dgl_latch over;
    struct dgl_net_result *result;
    struct dgl_buf *body, *headers;
};

static void on_fetched(void *arg, const struct dgl_net_result *result)
{
    struct fetch *f = arg;
    size_t at = f->body->len;
    *f->result = *result;
    f->result->headers = NULL;
    f->result->headers_len = 0;
    dgl_buf_append(f->body, result->body, result->body_len);
    if (f->headers)
        dgl_buf_append(f->headers, result->headers, result->headers_len);
    f->result->body = f->body->failed || !f->body->data ? "" : f->body->data + at;
    dgl_latch_open(&f->over);
}

enum dgl_status dgl_net_client_fetch(struct dgl_net_client *c, const struct dgl_net_request *request,
                                     struct dgl_buf *ret_body, struct dgl_buf *ret_headers, struct dgl_net_result *ret,
                                     struct dgl_error *err)
{
    struct dgl_net_result result;
    struct fetch f = {.over = DGL_LATCH_INIT, .result = &result, .body = ret_body, .headers = ret_headers};
    DGL_TRY(dgl_net_client_submit(c, request, on_fetched, &f, err));
    dgl_latch_wait(&f.over);
    DGL_TRY(dgl_buf_check(ret_body, "the answer", err));
    *ret = result;
    return DGL_OK;
}
