// Answering, from any thread. An answer is first claimed: of a handler and a stopping server only one gets through.
// Then it is built, left at the request, and the connection woken if it sleeps (see internal.h).
#include "server/http/internal.h"
#include "server/http/range.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ERROR_BODY_MAX ((size_t)4 << 20)

static bool claim(struct dgl_http_request *rq)
{
    return !atomic_exchange_explicit(&rq->claimed, true, memory_order_acq_rel);
}

// Gives the claimed request its answer and the caller's reference up. `response` NULL (no memory) cuts the connection.
static void deliver(struct dgl_http_request *rq, int status, struct MHD_Response *response, uint64_t bytes)
{
    rq->status = status;
    rq->response = response;
    rq->response_bytes = bytes;
    if (atomic_exchange_explicit(&rq->state, HTTP_STATE_ANSWERED, memory_order_acq_rel) == HTTP_STATE_WAITING)
        http_request_resume(rq);
    http_request_release(rq);
}

// ---- headers

static struct http_answer_header *find_header(const struct dgl_http_request *rq, const char *name)
{
    struct http_answer_header *h = rq->answer_headers;
    while (h && strcasecmp(h->name, name) != 0)
        h = h->next;
    return h;
}

void dgl_http_add_header(struct dgl_http_request *rq, const char *name, const char *value)
{
    struct http_answer_header *h = DGL_ARENA_NEW(rq->arena, struct http_answer_header), **end = &rq->answer_headers;
    h->name = dgl_arena_strdup(rq->arena, name);
    h->value = dgl_arena_strdup(rq->arena, value);
    while (*end)
        end = &(*end)->next;
    *end = h;
}

void dgl_http_set_header(struct dgl_http_request *rq, const char *name, const char *value)
{
    struct http_answer_header *h = find_header(rq, name);
    if (h)
        h->value = dgl_arena_strdup(rq->arena, value);
    else
        dgl_http_add_header(rq, name, value);
}

static void default_header(struct dgl_http_request *rq, struct MHD_Response *r, const char *name, const char *value)
{
    if (!find_header(rq, name))
        MHD_add_response_header(r, name, value);
}

// What the handler set, and what every answer has. `cache` is the Cache-Control unless the handler chose one.
static void put_headers(struct dgl_http_request *rq, struct MHD_Response *r, const char *content_type,
                        const char *cache)
{
    for (const struct http_answer_header *h = rq->answer_headers; h; h = h->next)
        MHD_add_response_header(r, h->name, h->value);
    if (content_type)
        default_header(rq, r, "Content-Type", content_type);
    default_header(rq, r, "X-Content-Type-Options", "nosniff");
    default_header(rq, r, "Cache-Control", cache);
    MHD_add_response_header(r, "X-Request-Id", rq->id);
}

// ---- bodies in memory

static bool may_compress(struct dgl_http_request *rq, int status, const char *content_type, size_t len)
{
    return status == 200 && len >= HTTP_COMPRESS_MIN_BYTES && http_is_text(content_type) &&
           !find_header(rq, "Content-Encoding");
}

// Sends `data`: the library's to free when `owned`, else copied.
static void respond_memory(struct dgl_http_request *rq, int status, const char *content_type, void *data, size_t len,
                           bool owned)
{
    enum MHD_ResponseMemoryMode mode = owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_MUST_COPY;
    bool text = may_compress(rq, status, content_type, len);
    size_t packed_len = 0;
    void *packed = text && rq->accepts_gzip ? http_gzip(data, len, HTTP_COMPRESS_LEVEL, &packed_len) : NULL;
    if (packed) {
        if (owned)
            free(data);
        data = packed;
        len = packed_len;
        mode = MHD_RESPMEM_MUST_FREE;
    }
    struct MHD_Response *r = MHD_create_response_from_buffer(len, data, mode);
    if (!r) {
        if (mode == MHD_RESPMEM_MUST_FREE)
            free(data);
        deliver(rq, status, NULL, 0);
        return;
    }
    put_headers(rq, r, content_type, "no-store");
    if (text)
        MHD_add_response_header(r, "Vary", "Accept-Encoding");
    if (packed)
        MHD_add_response_header(r, "Content-Encoding", "gzip");
    deliver(rq, status, r, len);
}

void dgl_http_respond(struct dgl_http_request *rq, int status, const char *content_type, const void *data, size_t len)
{
    if (claim(rq))
        respond_memory(rq, status, content_type, (void *)data, len, false);
    else
        http_request_release(rq);
}

void dgl_http_respond_buf(struct dgl_http_request *rq, int status, const char *content_type, struct dgl_buf *body)
{
    if (body->failed) { // larger than its own bound: what it holds is not the whole answer
        struct dgl_error err;
        dgl_buf_fini(body);
        (void)DGL_FAIL(&err, DGL_E_INTERNAL, "The answer is larger than its bound of %zu bytes", body->max);
        dgl_http_respond_error(rq, &err, 0);
        return;
    }
    size_t len;
    char *data = dgl_buf_take(body, &len);
    if (claim(rq)) {
        respond_memory(rq, status, content_type, data, len, true);
    } else {
        free(data);
        http_request_release(rq);
    }
}

void dgl_http_respond_empty(struct dgl_http_request *rq, int status)
{
    dgl_http_respond(rq, status, NULL, "", 0);
}

void dgl_http_redirect(struct dgl_http_request *rq, int status, const char *location)
{
    dgl_http_set_header(rq, "Location", location);
    dgl_http_respond_empty(rq, status);
}

// ---- entity tags

static const char *quoted_etag(struct dgl_http_request *rq, const char *etag, const char *suffix)
{
    if (!etag)
        return NULL;
    size_t len = strlen(etag);
    if (len >= 2 && etag[len - 1] == '"')
        return dgl_arena_printf(rq->arena, "%.*s%s\"", (int)(len - 1), etag, suffix);
    return dgl_arena_printf(rq->arena, "\"%s%s\"", etag, suffix);
}

static bool not_modified(struct dgl_http_request *rq, const char *etag, int64_t modified_at_us)
{
    const char *list = dgl_http_joined_header(rq, "If-None-Match");
    if (list)
        return etag && http_etag_listed(list, etag);
    const char *since = dgl_http_header(rq, "If-Modified-Since");
    int64_t since_s;
    return since && modified_at_us > 0 && http_date_parse(since, &since_s) && modified_at_us / DGL_US_PER_S <= since_s;
}

// RFC 9110 §13.1: whoever goes on with a download wants the same file, or to be told.
static bool precondition_holds(struct dgl_http_request *rq, const char *etag, int64_t modified_at_us)
{
    const char *list = dgl_http_joined_header(rq, "If-Match");
    if (list)
        return etag && http_etag_listed_strongly(list, etag);
    const char *since = dgl_http_header(rq, "If-Unmodified-Since");
    int64_t since_s;
    return !since || modified_at_us <= 0 || !http_date_parse(since, &since_s) ||
           modified_at_us / DGL_US_PER_S <= since_s;
}

static bool is_reading(const struct dgl_http_request *rq)
{
    return strcmp(rq->method, "GET") == 0 || strcmp(rq->method, "HEAD") == 0;
}

void dgl_http_respond_static(struct dgl_http_request *rq, int status, const char *content_type, const void *data,
                             size_t len, const char *etag)
{
    if (!claim(rq)) {
        http_request_release(rq);
        return;
    }
    bool text = may_compress(rq, status, content_type, len);
    size_t packed_len = 0;
    const void *packed = text && rq->accepts_gzip ? http_gzip_static(rq->server, data, len, &packed_len) : NULL;
    const char *tag = quoted_etag(rq, etag, packed ? "-gz" : "");
    bool same = tag && status == 200 && is_reading(rq) && not_modified(rq, tag, 0);
    if (packed) {
        data = packed;
        len = packed_len;
    }
    struct MHD_Response *r = MHD_create_response_from_buffer(len, (void *)data, MHD_RESPMEM_PERSISTENT);
    if (r) {
        put_headers(rq, r, content_type, "no-cache");
        if (tag)
            default_header(rq, r, "ETag", tag);
        if (text)
            MHD_add_response_header(r, "Vary", "Accept-Encoding");
        if (packed && !same)
            MHD_add_response_header(r, "Content-Encoding", "gzip");
    }
    // 304 has the length that 200 would have (RFC 9110 §8.6), and libmicrohttpd sends nothing of it.
    deliver(rq, same ? 304 : status, r, same ? 0 : len);
}

// ---- files

struct file_answer {
    int status;
    int64_t first, len;
};

static struct file_answer judge_file(struct dgl_http_request *rq, int64_t size, const char *etag,
                                     int64_t modified_at_us)
{
    struct file_answer whole = {.status = 200, .len = size};
    if (!is_reading(rq))
        return whole;
    if (!precondition_holds(rq, etag, modified_at_us))
        return (struct file_answer){.status = 412};
    if (not_modified(rq, etag, modified_at_us))
        return (struct file_answer){.status = 304, .len = size};
    const char *range = dgl_http_header(rq, "Range"), *if_range = dgl_http_header(rq, "If-Range");
    if (!range || (if_range && !http_if_range_holds(if_range, etag, modified_at_us)))
        return whole;
    int64_t first, last;
    switch (http_range_parse(range, size, &first, &last)) {
    case HTTP_RANGE_PART:
        return (struct file_answer){.status = 206, .first = first, .len = last - first + 1};
    case HTTP_RANGE_UNSATISFIABLE:
        return (struct file_answer){.status = 416};
    case HTTP_RANGE_WHOLE:
        break;
    }
    return whole;
}

static void put_file_headers(struct dgl_http_request *rq, struct MHD_Response *r, const struct file_answer *f,
                             int64_t size, const char *etag, int64_t modified_at_us)
{
    char text[80];
    MHD_add_response_header(r, "Accept-Ranges", "bytes");
    if (etag)
        default_header(rq, r, "ETag", etag);
    if (modified_at_us > 0)
        default_header(rq, r, "Last-Modified", http_date_format(modified_at_us, text));
    if (f->status == 206) {
        snprintf(text, sizeof(text), "bytes %lld-%lld/%lld", (long long)f->first, (long long)(f->first + f->len - 1),
                 (long long)size);
        MHD_add_response_header(r, "Content-Range", text);
    }
}

static void respond_unsatisfiable(struct dgl_http_request *rq, int64_t size)
{
    static const char body[] = "{\"detail\":\"The file has no such range.\",\"code\":\"range_not_satisfiable\"}";
    dgl_http_set_header(rq, "Content-Range", dgl_arena_printf(rq->arena, "bytes */%lld", (long long)size));
    respond_memory(rq, 416, "application/json", (void *)body, sizeof(body) - 1, false);
}

static void respond_changed(struct dgl_http_request *rq)
{
    static const char body[] = "{\"detail\":\"The file is not the one that If-Match or If-Unmodified-Since asks for; "
                               "download it anew.\",\"code\":\"precondition_failed\"}";
    respond_memory(rq, 412, "application/json", (void *)body, sizeof(body) - 1, false);
}

void dgl_http_respond_file(struct dgl_http_request *rq, int fd, int64_t size_bytes, const char *content_type,
                           const char *etag, int64_t modified_at_us)
{
    DGL_AUTO_FD file = fd;
    if (!claim(rq)) {
        http_request_release(rq);
        return;
    }
    const char *tag = quoted_etag(rq, etag, "");
    struct file_answer f = judge_file(rq, size_bytes, tag, modified_at_us);
    if (f.status == 416 || f.status == 412) {
        if (f.status == 416)
            respond_unsatisfiable(rq, size_bytes);
        else
            respond_changed(rq);
        return;
    }
    struct MHD_Response *r;
    if (f.len == 0) {
        r = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    } else {
        r = MHD_create_response_from_fd_at_offset64((uint64_t)f.len, file, (uint64_t)f.first);
        if (r)
            file = -1; // closed with the response
    }
    if (r) {
        put_headers(rq, r, content_type, "private, no-cache");
        put_file_headers(rq, r, &f, size_bytes, tag, modified_at_us);
    }
    deliver(rq, f.status, r, f.status == 304 ? 0 : (uint64_t)f.len);
}

// ---- errors

// Strangers are told that something broke and how to name it, the log is told what.
static const char *public_detail(struct dgl_http_request *rq, const struct dgl_error *err, char *text, size_t size)
{
    if (err->code != DGL_E_INTERNAL && err->code != DGL_E_IO)
        return dgl_error_describe(err, text, size);
    dgl_log(DGL_LOG_ERROR, "request failed", DGL_F_STR("id", rq->id), DGL_F_STR("error", err->message),
            DGL_F_STR("file", err->file), DGL_F_INT("line", err->line));
    snprintf(text, size, "Something went wrong in the server. The operator finds it in the log as request %s.", rq->id);
    return text;
}

static void respond_problem(struct dgl_http_request *rq, const struct dgl_error *err, const char *errors_json)
{
    char text[2048];
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(ERROR_BODY_MAX);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    const char *detail = public_detail(rq, err, text, sizeof(text));
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "detail", detail);
    dgl_jw_kstr(&w, "code", dgl_error_slug(err));
    if (errors_json) {
        dgl_jw_key(&w, "errors");
        dgl_jw_raw(&w, errors_json, strlen(errors_json));
    } else if (err->field[0]) {
        dgl_jw_key(&w, "errors");
        dgl_jw_array(&w);
        dgl_jw_object(&w);
        dgl_jw_kstr(&w, "field", err->field);
        dgl_jw_kstr(&w, "message", err->message);
        dgl_jw_end_object(&w);
        dgl_jw_end_array(&w);
    }
    dgl_jw_end_object(&w);
    if (body.failed) { // only an enormous list of problems can do that
        respond_problem(rq, err, "[]");
        return;
    }
    dgl_http_respond_buf(rq, dgl_status_http(err->code), "application/json", &body);
}

void dgl_http_respond_error(struct dgl_http_request *rq, const struct dgl_error *err, int64_t retry_after_s)
{
    if (retry_after_s > 0)
        dgl_http_set_header(rq, "Retry-After", dgl_arena_printf(rq->arena, "%lld", (long long)retry_after_s));
    respond_problem(rq, err, NULL);
}

void dgl_http_respond_problems(struct dgl_http_request *rq, const struct dgl_error *err, const char *errors_json)
{
    respond_problem(rq, err, errors_json);
}

void http_request_abandon(struct dgl_http_request *rq)
{
    static const char body[] = "{\"detail\":\"The server is stopping; try again shortly.\",\"code\":\"unavailable\"}";
    if (!claim(rq)) {
        http_request_release(rq);
        return;
    }
    // The handler may still be at work on the request's arena and headers: nothing of those is touched here.
    struct MHD_Response *r = MHD_create_response_from_buffer(sizeof(body) - 1, (void *)body, MHD_RESPMEM_PERSISTENT);
    if (r) {
        MHD_add_response_header(r, "Content-Type", "application/json");
        MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
        MHD_add_response_header(r, "Retry-After", "1");
    }
    deliver(rq, 503, r, sizeof(body) - 1);
}
