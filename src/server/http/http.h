// HTTP: an adapter over libmicrohttpd (epoll threads, suspended connections) with a router, a request arena, bodies in
// memory or on disk, limits, and JSON errors. It knows nothing of documents.
//
//   epoll thread: headers ─▶ route ─▶ limits ─▶ body collected ─▶ suspended ─▶ handler ─▶ respond ─▶ resumed ─▶ sent
//
// A handler runs, as its route says, on the epoll thread (DGL_ROUTE_ASYNC: must not block; answers now or later from
// any thread) or on a small pool (DGL_ROUTE_BLOCKING: plain synchronous code). It calls exactly one dgl_http_respond_*
// per request. Refused before routing: Content-Length beside Transfer-Encoding, repeated Content-Length or Host
// (request smuggling), over-long headers and bodies.
#ifndef DGL_SERVER_HTTP_HTTP_H
#define DGL_SERVER_HTTP_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "base/json.h"

#define DGL_HTTP_MAX_HEADER_BYTES 12288
#define DGL_HTTP_MAX_PATH_PARAMS 4
#define DGL_HTTP_MAX_FORM_PARTS 64          // of a multipart form
#define DGL_HTTP_MAX_FORM_FIELDS 4096       // of an urlencoded one: a page's form with many rows
#define DGL_HTTP_MAX_FIELD_BYTES (1u << 20) // a multipart or form text field

struct dgl_http_request;
typedef void (*dgl_http_handler)(void *ctx, struct dgl_http_request *rq);

enum dgl_route_flag {
    DGL_ROUTE_ASYNC = 0,
    DGL_ROUTE_BLOCKING = 1,
    DGL_ROUTE_FORM = 2, // body is a form: urlencoded or multipart, files go to unnamed temporary files
};
struct dgl_route {
    const char *method; // "GET" also answers HEAD
    const char *path;   // "/api/v1/documents/{id}/download"; the form with or without a trailing slash is accepted too
    dgl_http_handler handler;
    unsigned flags;
    size_t max_body_bytes; // 0 = no body allowed
    int access;            // the owner's word about who may call it (enum of api / ui); carried, not interpreted
    const char *summary;   // for the OpenAPI document
    const char *tag;
    // Called on the epoll thread when the headers are in and before a byte of the body is taken: false = refused, and
    // it has answered (synchronously). NULL = everybody. Headers, path, query and user slot may be used.
    bool (*admit)(void *ctx, struct dgl_http_request *rq);
};

struct dgl_http_server;
struct dgl_http_options {
    const char *listen;                       // "127.0.0.1:8080", "[::]:8080", port 0 = any free one
    const char *tls_cert_file, *tls_key_file; // both or none
    const char *trusted_proxies;              // CIDRs whose X-Forwarded-For / -Proto are believed; NULL = none
    unsigned threads;                         // epoll threads; 0 = 2
    unsigned blocking_threads;                // 0 = 8
    unsigned max_connections;                 // 0 = 12,000; one address that is no trusted proxy leaves a sixth
    uint64_t max_bodies_bytes;                // 0 = 512 MiB, of all requests under way together; a sharer: a quarter
    const char *temp_dir;                     // for uploads
    // Errors nobody's handler made (404, 405, 413, 400) on paths that do not begin with /api/: a page. NULL = JSON
    // everywhere. Called on the epoll thread; answers before it returns.
    void (*error_page)(void *ctx, struct dgl_http_request *rq, const struct dgl_error *err);
    void *error_page_ctx;
};
// Binds and listens, so that port and address are known; clients wait in the kernel's queue until the start.
enum dgl_status dgl_http_server_new(const struct dgl_http_options *options, struct dgl_clock *clock,
                                    struct dgl_http_server **ret, struct dgl_error *err) DGL_MUST_CHECK;
// Before start; `routes` outlive the server. The same method and path twice is a bug (abort).
void dgl_http_server_add(struct dgl_http_server *s, const struct dgl_route *routes, size_t count, void *ctx);
enum dgl_status dgl_http_server_start(struct dgl_http_server *s, struct dgl_error *err) DGL_MUST_CHECK;
// Another certificate from the next handshake on; the one that was there stays after a failure. One server with TLS per
// process.
enum dgl_status dgl_http_server_load_certificate(struct dgl_http_server *s, const char *cert_file, const char *key_file,
                                                 struct dgl_error *err) DGL_MUST_CHECK;
uint16_t dgl_http_server_port(const struct dgl_http_server *s);
const char *dgl_http_server_address(const struct dgl_http_server *s); // "127.0.0.1:43125"
// Stops listening, lets running requests end up to wait_ms, answers the rest 503, resumes every suspended connection,
// joins.
void dgl_http_server_stop(struct dgl_http_server *s, int64_t wait_ms);
void dgl_http_server_free(struct dgl_http_server *s);
DGL_DEFINE_AUTO(http_server);
#define DGL_HTTP_AREAS_MAX 16
struct dgl_http_stats {
    uint64_t requests, connections, in_flight, blocking_queue, body_bytes;
    uint64_t refused_connections; // their address had too many
    uint64_t rate_limited;        // answered 429
    struct {                      // by the tag of the route; "pages" for those without, "none" where no route fits
        const char *name;
        uint64_t by_class[6]; // by_class[2] = 2xx
    } areas[DGL_HTTP_AREAS_MAX];
    size_t area_count;
    struct dgl_histogram_values duration; // of whole requests, waiting for a document included
};
void dgl_http_server_stats(const struct dgl_http_server *s, struct dgl_http_stats *ret);

// ---- reading a request (valid until it is answered)
struct dgl_arena *dgl_http_arena(struct dgl_http_request *rq);
const struct dgl_route *dgl_http_route(const struct dgl_http_request *rq);
const char *dgl_http_method(const struct dgl_http_request *rq);
const char *dgl_http_path(const struct dgl_http_request *rq); // as sent, without the query; NUL-free, no blanks
const char *dgl_http_param(const struct dgl_http_request *rq, const char *name); // path parameter, decoded; NULL = none
const char *dgl_http_query(const struct dgl_http_request *rq,
                           const char *name); // decoded; repeated: the first; NULL = none
size_t dgl_http_query_count(const struct dgl_http_request *rq);
const char *dgl_http_query_name(const struct dgl_http_request *rq, size_t i);     // i < the count; decoded
const char *dgl_http_header(const struct dgl_http_request *rq, const char *name); // first; NULL = none
// All of its lines, joined by ", " (RFC 9110 §5.3); NULL = none. Of a header that comes once, two are one bad value.
const char *dgl_http_joined_header(const struct dgl_http_request *rq, const char *name);
const char *dgl_http_cookie(const struct dgl_http_request *rq, const char *name);
const char *dgl_http_client_address(const struct dgl_http_request *rq); // behind trusted proxies the real one
bool dgl_http_is_tls(const struct dgl_http_request *rq);    // or X-Forwarded-Proto: https from a trusted proxy
const char *dgl_http_id(const struct dgl_http_request *rq); // X-Request-Id of the answer
void dgl_http_body(const struct dgl_http_request *rq, const char **ret, size_t *ret_len);
struct dgl_http_field { // of a form
    const char *name, *file_name /* NULL: text */, *content_type;
    const char *value; // text fields, NUL-terminated
    size_t size_bytes;
    int fd; // files: position 0; the request's unless taken (set to -1)
};
size_t dgl_http_field_count(const struct dgl_http_request *rq);
struct dgl_http_field *dgl_http_field_at(struct dgl_http_request *rq, size_t index);
struct dgl_http_field *dgl_http_field(struct dgl_http_request *rq, const char *name); // first; NULL = none
// A slot for the layer above (its principal). NULL at first.
void dgl_http_set_user(struct dgl_http_request *rq, void *user);
void *dgl_http_user(const struct dgl_http_request *rq);
// In `admit`: whom the memory of the body is counted for, by a number of the caller's. The client's address at first.
void dgl_http_set_sharer(struct dgl_http_request *rq, uint64_t who);

// ---- answering (once; any thread). Header functions before it; names and values without CR/LF.
void dgl_http_set_header(struct dgl_http_request *rq, const char *name, const char *value); // replaces
void dgl_http_add_header(struct dgl_http_request *rq, const char *name, const char *value); // Set-Cookie
void dgl_http_respond(struct dgl_http_request *rq, int status, const char *content_type, const void *data,
                      size_t len); // copies
void dgl_http_respond_buf(struct dgl_http_request *rq, int status, const char *content_type,
                          struct dgl_buf *body); // takes the buffer's memory
void dgl_http_respond_static(struct dgl_http_request *rq, int status, const char *content_type, const void *data,
                             size_t len, const char *etag); // lives for ever; If-None-Match
// A file: Range, If-Range, If-None-Match, HEAD; takes the descriptor.
void dgl_http_respond_file(struct dgl_http_request *rq, int fd, int64_t size_bytes, const char *content_type,
                           const char *etag, int64_t modified_at_us);
void dgl_http_respond_empty(struct dgl_http_request *rq, int status);
void dgl_http_redirect(struct dgl_http_request *rq, int status, const char *location);
// {"detail","code"[,"errors":[{"field","message"}]]} with the status of err->code; Retry-After when retry_after_s > 0.
void dgl_http_respond_error(struct dgl_http_request *rq, const struct dgl_error *err, int64_t retry_after_s);
// The same with "errors" given as a JSON array (template problems).
void dgl_http_respond_problems(struct dgl_http_request *rq, const struct dgl_error *err, const char *errors_json);

#endif
