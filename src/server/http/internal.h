// Shared by the files of this room only.
//
// Who holds a request. It is counted: the connection holds it from its first line until its answer is sent or the
// client is gone; its handler holds it until it answers. At a stop the server answers in the handler's place; the
// handler's own answer, when it comes, finds the request claimed and is thrown away.
//
//   state:   OPEN ──the handler came back without an answer; suspended──▶ WAITING ──answer──▶ ANSWERED (resumed)
//             └──────────────answer while the epoll thread is still here──────────────────▶ ANSWERED
//
// Only the epoll thread moves OPEN to WAITING, and only after libmicrohttpd has suspended the connection; whoever
// answers exchanges the state for ANSWERED and resumes when it found WAITING. So there is exactly one resume for each
// suspension, whichever comes first.
#ifndef DGL_SERVER_HTTP_INTERNAL_H
#define DGL_SERVER_HTTP_INTERNAL_H

#include "server/http/addresses.h"
#include "server/http/form.h"
#include "server/http/proxy.h"
#include "server/http/router.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#define HTTP_NEVER INT64_MAX

struct http_connection {
    struct http_connection *prev, *next; // under server->connections_lock
    struct dgl_http_server *server;
    struct http_loop *loop;
    int fd;                           // libmicrohttpd's
    _Atomic int64_t deadline_mono_us; // the watch cuts the connection after it
    struct in6_addr peer;
    bool peer_trusted;
    pthread_mutex_t lock;
    struct dgl_http_request *current; // under lock
};

struct http_header {
    const char *name, *value;
};
struct http_answer_header {
    struct http_answer_header *next;
    const char *name, *value;
};

enum http_phase { // where the epoll thread is with it
    HTTP_PHASE_HEAD,
    HTTP_PHASE_BODY,
    HTTP_PHASE_DRAIN, // answered already; what still comes is thrown away
    HTTP_PHASE_DISPATCHED,
};
enum { HTTP_STATE_OPEN, HTTP_STATE_WAITING, HTTP_STATE_ANSWERED };

struct dgl_http_request {
    struct dgl_http_request *next_spare;
    struct dgl_http_server *server;
    struct http_connection *connection;
    struct MHD_Connection *mhd;
    struct dgl_arena *arena;
    _Atomic int refs;
    _Atomic bool claimed;
    _Atomic int state;
    enum http_phase phase;
    bool in_flight; // counted in server->in_flight: from its dispatch until its answer is sent
    bool awaited;   // counted in server->awaited: from its dispatch until its answer is handed to libmicrohttpd
    bool must_close;
    int64_t started_mono_us;

    const char *raw_target, *method;
    struct http_target target;
    struct http_match match;
    struct http_header headers[HTTP_MAX_HEADERS];
    size_t header_count;
    size_t raw_target_len;               // of the target as it came, however long
    const char *target_place, *line_end; // while the head is read: in libmicrohttpd's memory
    bool head_refused;                   // the header walk met something that may not be
    struct dgl_error head_error;
    char client_address[INET6_ADDRSTRLEN];
    bool is_tls, accepts_gzip;
    char id[HTTP_MAX_REQUEST_ID_BYTES + 1];

    int64_t content_length; // -1 = none given
    bool chunked;
    struct dgl_buf body;
    uint64_t body_seen;
    int64_t body_deadline_mono_us;
    uint64_t counted; // in server->bodies and its share
    size_t share;     // whose
    struct http_form *form;
    void *user;

    struct http_answer_header *answer_headers;
    struct MHD_Response *response; // set by whoever claimed it, before ANSWERED
    int status;
    uint64_t response_bytes;
};

struct http_blocking; // the pool
struct http_loop;
struct http_compressed {
    const void *key;
    void *data;
    size_t len;
};

struct dgl_http_server {
    _Atomic int refs; // the owner, and each request out of the spare list
    struct dgl_clock *clock;
    struct http_router *router;
    struct http_nets trusted;
    struct dgl_http_options options; // strings are copies
    char address[80];
    uint16_t port;
    int listen_fd, stop_fd;
    bool is_tls;
    struct http_loop *loops[HTTP_MAX_THREADS]; // options.threads of them
    struct http_blocking *blocking;
    pthread_t acceptor, watch;
    bool started;

    pthread_mutex_t connections_lock;
    struct http_connection *connections;
    pthread_mutex_t spare_lock;
    struct dgl_http_request *spare;
    size_t spare_count;
    pthread_mutex_t compressed_lock;
    struct http_compressed compressed[HTTP_MAX_COMPRESSED_STATICS];
    size_t compressed_count;

    pthread_mutex_t stop_lock;
    pthread_cond_t stop_cond;
    _Atomic bool stopping;
    bool stopped;
    _Atomic uint64_t bodies, shares[HTTP_SHARES]; // bytes; see bodies.c
    uint64_t id_seed;
    _Atomic uint64_t id_next;
    _Atomic uint64_t arriving;       // connections on their way to an epoll thread
    struct http_addresses addresses; // of open connections, those of trusted proxies left out
    _Atomic uint64_t refused_connections;
    _Atomic uint64_t requests, open_connections, in_flight, awaited, body_bytes, rate_limited;
    struct http_area {
        const char *name;
        _Atomic uint64_t by_class[6];
    } areas[DGL_HTTP_AREAS_MAX]; // filled before the server starts
    size_t area_count;
    struct dgl_histogram duration_us;
};

// server.c: where requests of a route are counted; NULL = no route.
struct http_area *http_area_of(struct dgl_http_server *s, const struct dgl_route *route);

// request.c: libmicrohttpd's callbacks and the life of a request
void *http_on_target(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result http_on_request(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *data, size_t *len, void **request);
void http_on_completed(void *server, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode code);
size_t http_keep_escapes(void *server, struct MHD_Connection *mhd, char *text);
void http_request_release(struct dgl_http_request *rq);
void http_request_free(struct dgl_http_request *rq);
void http_server_unref(struct dgl_http_server *s);
// Answers 503 in the handler's place; a no-op when it was answered. The caller holds a reference, which this takes.
void http_request_abandon(struct dgl_http_request *rq);
// Resumes the connection, from any thread; the caller holds a reference.
void http_request_resume(struct dgl_http_request *rq);

// head.c: everything that is decided when the headers are in
enum dgl_status http_head_read(struct dgl_http_request *rq, const char *method, const char *version,
                               struct dgl_error *err) DGL_MUST_CHECK;

// bodies.c: how much bodies take, in all and by sharer
void http_bodies_begin(struct dgl_http_request *rq); // the share is the address's until dgl_http_set_sharer()
bool http_bodies_take(struct dgl_http_request *rq);  // counts what the body has come to; false: too much
void http_bodies_give(struct dgl_http_request *rq);

// connection.c: the list of connections, what one address may have of them, and the watch over their pace
enum MHD_Result http_may_connect(void *loop, const struct sockaddr *address, socklen_t len);
void http_on_connection(void *loop, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode code);
struct http_connection *http_connection_of(struct MHD_Connection *mhd);
void *http_watch_run(void *server);
int64_t http_pace_deadline(int64_t started_mono_us, uint64_t bytes);

// blocking.c: the pool for synchronous handlers
enum dgl_status http_blocking_new(unsigned threads, struct http_blocking **ret, struct dgl_error *err) DGL_MUST_CHECK;
bool http_blocking_push(struct http_blocking *p, struct dgl_http_request *rq); // false: full or closed
void http_blocking_close(struct http_blocking *p); // what was not begun is handed to http_request_abandon
void http_blocking_free(struct http_blocking *p);  // joins
size_t http_blocking_queued(struct http_blocking *p);

// compress.c
// gzip of `data`, or NULL when it does not pay. Caller frees.
void *http_gzip(const void *data, size_t len, int level, size_t *ret_len);
const void *http_gzip_static(struct dgl_http_server *s, const void *data, size_t len, size_t *ret_len); // borrowed
bool http_is_text(const char *content_type);

// listen.c
enum dgl_status http_listen(struct dgl_http_server *s, struct dgl_error *err) DGL_MUST_CHECK;
void *http_accept_run(void *server);

// loop.c: the epoll threads
enum dgl_status http_loop_new(struct dgl_http_server *s, struct http_loop **ret, struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_http_server *http_loop_server(const struct http_loop *l);
// Makes it run the daemon once more; from any thread, until it is freed.
void http_loop_wake(struct http_loop *l);
bool http_loop_has_room(struct http_loop *l);
// The socket is the loop's from now on. Only while there is room, from one thread.
void http_loop_hand(struct http_loop *l, int fd, const struct sockaddr_storage *address, socklen_t len);
void http_loop_stop(struct http_loop *l); // joins and stops the daemon; no connection is suspended
void http_loop_free(struct http_loop *l);

#endif
