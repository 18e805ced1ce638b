// The server: its options, its threads, its start and its end.
//
//   acceptor ──connections──▶ epoll threads ×N (loop.c) ──suspended requests──▶ blocking pool ×M
//   watch: cuts connections that do not keep up
//
// The end, in this order, because libmicrohttpd aborts when it is stopped over a suspended connection:
//   1. stop accepting; new requests on open connections are answered 503
//   2. wait for the requests in flight, as long as was asked
//   3. what is left is answered 503 in the handler's place, which resumes it; a moment for sending that
//   4. stop the epoll threads, join the pool
// A handler that answers after that finds its request claimed; the last request to be let go frees the server.
#include "server/http/internal.h"
#include "server/http/tls.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/str.h"
#include "base/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void init_locks(struct dgl_http_server *s)
{
    dgl_cond_init(&s->stop_cond);
    pthread_mutex_init(&s->stop_lock, NULL);
    pthread_mutex_init(&s->connections_lock, NULL);
    pthread_mutex_init(&s->spare_lock, NULL);
    pthread_mutex_init(&s->compressed_lock, NULL);
}

static void copy_options(struct dgl_http_server *s, const struct dgl_http_options *o)
{
    s->options = *o;
    s->options.listen = dgl_strdup(o->listen ? o->listen : "127.0.0.1:8080");
    s->options.temp_dir = dgl_strdup(o->temp_dir ? o->temp_dir : "/tmp");
    s->options.trusted_proxies = s->options.tls_cert_file = s->options.tls_key_file = NULL; // read, not kept
    s->options.threads = DGL_MIN(o->threads ? o->threads : HTTP_DEFAULT_THREADS, HTTP_MAX_THREADS);
    if (!o->blocking_threads)
        s->options.blocking_threads = HTTP_DEFAULT_BLOCKING_THREADS;
    if (!o->max_bodies_bytes)
        s->options.max_bodies_bytes = HTTP_MAX_BODIES_BYTES;
    if (!o->max_connections)
        s->options.max_connections = HTTP_DEFAULT_CONNECTIONS;
}

enum dgl_status dgl_http_server_new(const struct dgl_http_options *options, struct dgl_clock *clock,
                                    struct dgl_http_server **ret, struct dgl_error *err)
{
    DGL_AUTO(http_server) s = DGL_NEW(struct dgl_http_server);
    s->refs = 1;
    s->clock = clock;
    s->listen_fd = s->stop_fd = -1;
    s->router = http_router_new();
    init_locks(s);
    copy_options(s, options);
    dgl_random_bytes(&s->id_seed, sizeof(s->id_seed));
    http_addresses_init(&s->addresses, s->options.max_connections);
    DGL_TRY(http_nets_parse(options->trusted_proxies, &s->trusted, err));
    if (!options->tls_cert_file != !options->tls_key_file)
        return DGL_FAIL(err, DGL_E_INVALID, "TLS_CERT_FILE and TLS_KEY_FILE go together: give both or none");
    if (options->tls_cert_file) {
        DGL_TRY(http_tls_load(options->tls_cert_file, options->tls_key_file, err));
        s->is_tls = true;
    }
    http_area_of(s, NULL);
    DGL_TRY(http_listen(s, err));
    *ret = DGL_STEAL(s);
    return DGL_OK;
}

void dgl_http_server_add(struct dgl_http_server *s, const struct dgl_route *routes, size_t count, void *ctx)
{
    for (size_t i = 0; i < count; i++) {
        http_router_add(s->router, &routes[i], ctx);
        http_area_of(s, &routes[i]);
    }
}

// Found or made; made only before the server starts. A row too many goes to the last.
struct http_area *http_area_of(struct dgl_http_server *s, const struct dgl_route *route)
{
    const char *name = !route ? "none" : route->tag ? route->tag : "pages";
    for (size_t i = 0; i < s->area_count; i++)
        if (s->areas[i].name == name || strcmp(s->areas[i].name, name) == 0)
            return &s->areas[i];
    if (s->started || s->area_count == DGL_HTTP_AREAS_MAX)
        return &s->areas[s->area_count - 1];
    s->areas[s->area_count].name = name;
    return &s->areas[s->area_count++];
}

enum dgl_status dgl_http_server_load_certificate(struct dgl_http_server *s, const char *cert_file, const char *key_file,
                                                 struct dgl_error *err)
{
    if (!s->is_tls || !cert_file || !key_file)
        return DGL_FAIL(err, DGL_E_INVALID, "the server was started without TLS_CERT_FILE; it serves no https");
    return http_tls_load(cert_file, key_file, err);
}

// ---- start

static void end_watch(struct dgl_http_server *s)
{
    pthread_mutex_lock(&s->stop_lock);
    s->stopped = true;
    pthread_cond_broadcast(&s->stop_cond);
    pthread_mutex_unlock(&s->stop_lock);
    pthread_join(s->watch, NULL);
}

enum dgl_status dgl_http_server_start(struct dgl_http_server *s, struct dgl_error *err)
{
    s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->stop_fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot make an event descriptor");
    DGL_TRY(http_blocking_new(s->options.blocking_threads, &s->blocking, err)); // before the epoll threads, who use it
    for (unsigned i = 0; i < s->options.threads; i++)
        DGL_TRY(http_loop_new(s, &s->loops[i], err));
    DGL_TRY(dgl_thread_start(&s->watch, "http-watch", http_watch_run, s, err));
    enum dgl_status status = dgl_thread_start(&s->acceptor, "http-accept", http_accept_run, s, err);
    if (status != DGL_OK) {
        end_watch(s);
        return status;
    }
    s->started = true;
    return DGL_OK;
}

uint16_t dgl_http_server_port(const struct dgl_http_server *s)
{
    return s->port;
}

const char *dgl_http_server_address(const struct dgl_http_server *s)
{
    return s->address;
}

// ---- stop

static void stop_accepting(struct dgl_http_server *s)
{
    uint64_t one = 1;
    atomic_store(&s->stopping, true);
    if (write(s->stop_fd, &one, sizeof(one)) != sizeof(one))
        dgl_log(DGL_LOG_ERROR, "cannot wake the acceptor");
    pthread_join(s->acceptor, NULL);
    close(s->listen_fd);
    s->listen_fd = -1;
}

static void wait_for_zero(struct dgl_http_server *s, const _Atomic uint64_t *count, int64_t wait_ms)
{
    int64_t deadline_us = dgl_wait_deadline_us(wait_ms * DGL_US_PER_MS);
    bool in_time = true;
    pthread_mutex_lock(&s->stop_lock);
    while (atomic_load(count) && in_time)
        in_time = dgl_cond_wait_until(&s->stop_cond, &s->stop_lock, deadline_us);
    pthread_mutex_unlock(&s->stop_lock);
}

// A request that somebody still works on, with a reference for the caller.
static struct dgl_http_request *take_unanswered(struct dgl_http_server *s)
{
    struct dgl_http_request *found = NULL;
    pthread_mutex_lock(&s->connections_lock);
    for (struct http_connection *c = s->connections; c && !found; c = c->next) {
        pthread_mutex_lock(&c->lock);
        if (c->current && atomic_load(&c->current->state) == HTTP_STATE_WAITING && !atomic_load(&c->current->claimed)) {
            found = c->current;
            atomic_fetch_add(&found->refs, 1);
        }
        pthread_mutex_unlock(&c->lock);
    }
    pthread_mutex_unlock(&s->connections_lock);
    return found;
}

// Answers for everybody who has not. A handler may be between claiming and resuming, and an epoll thread between
// calling a handler and suspending, so this goes on until no connection is suspended; each step is short and ends by
// itself.
static void abandon_flight(struct dgl_http_server *s)
{
    while (atomic_load(&s->awaited)) {
        struct dgl_http_request *rq = take_unanswered(s);
        if (rq)
            http_request_abandon(rq);
        else
            wait_for_zero(s, &s->awaited, HTTP_ABANDON_INTERVAL_MS);
    }
}

static void stop_loops(struct dgl_http_server *s)
{
    for (unsigned i = 0; i < s->options.threads && s->loops[i]; i++)
        http_loop_stop(s->loops[i]);
}

void dgl_http_server_stop(struct dgl_http_server *s, int64_t wait_ms)
{
    if (!s->started)
        return;
    s->started = false;
    stop_accepting(s);
    wait_for_zero(s, &s->in_flight, wait_ms);
    http_blocking_close(s->blocking);
    abandon_flight(s);
    wait_for_zero(s, &s->in_flight, HTTP_LAST_WORDS_MS);
    end_watch(s);
    stop_loops(s);
    http_blocking_free(DGL_STEAL(s->blocking));
}

void http_server_unref(struct dgl_http_server *s)
{
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (struct dgl_http_request *rq = s->spare, *next; rq; rq = next) {
        next = rq->next_spare;
        http_request_free(rq);
    }
    for (size_t i = 0; i < s->compressed_count; i++)
        free(s->compressed[i].data);
    for (unsigned i = 0; i < s->options.threads; i++)
        http_loop_free(s->loops[i]); // only now: who answers wakes its loop after the answer
    http_addresses_fini(&s->addresses);
    pthread_mutex_destroy(&s->stop_lock);
    pthread_mutex_destroy(&s->connections_lock);
    pthread_mutex_destroy(&s->spare_lock);
    pthread_mutex_destroy(&s->compressed_lock);
    pthread_cond_destroy(&s->stop_cond);
    free((char *)s->options.listen);
    free((char *)s->options.temp_dir);
    free(s);
}

void dgl_http_server_free(struct dgl_http_server *s)
{
    if (!s)
        return;
    dgl_http_server_stop(s, 0);
    stop_loops(s); // of a start that failed half-way
    http_blocking_free(s->blocking);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    if (s->stop_fd >= 0)
        close(s->stop_fd);
    if (s->is_tls)
        http_tls_forget();
    http_router_free(s->router);
    http_server_unref(s);
}

void dgl_http_server_stats(const struct dgl_http_server *s, struct dgl_http_stats *ret)
{
    struct dgl_http_stats stats = {
        .requests = s->requests, .connections = s->open_connections, .refused_connections = s->refused_connections};
    for (size_t i = 0; i < s->area_count; i++) {
        stats.areas[i].name = s->areas[i].name;
        for (size_t j = 0; j < DGL_COUNT(stats.areas[i].by_class); j++)
            stats.areas[i].by_class[j] = s->areas[i].by_class[j];
    }
    stats.area_count = s->area_count;
    stats.rate_limited = s->rate_limited;
    dgl_histogram_read(&s->duration_us, &stats.duration);
    stats.in_flight = s->in_flight;
    stats.body_bytes = s->body_bytes;
    stats.blocking_queue = s->blocking ? http_blocking_queued(s->blocking) : 0;
    *ret = stats;
}
