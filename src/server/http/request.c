// The life of a request, as libmicrohttpd calls it in:
//
//   on_target      the request line is there: a request is made
//   on_request     1st: the headers are there (HEAD) ─▶ BODY, or answered and DRAIN
//                  then: pieces of the body
//                  then: the body is complete ─▶ DISPATCHED, suspended unless answered at once
//                  then: resumed; the answer is queued
//   on_completed   the answer is sent, or the client is gone, or the server stops
//
// An answer is only ever handed to libmicrohttpd here, on the epoll thread.
#include "server/http/internal.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

// ---- making and recycling

static struct dgl_http_request *request_take(struct dgl_http_server *s)
{
    pthread_mutex_lock(&s->spare_lock);
    struct dgl_http_request *rq = s->spare;
    if (rq) {
        s->spare = rq->next_spare;
        s->spare_count--;
    }
    pthread_mutex_unlock(&s->spare_lock);
    if (!rq) {
        rq = DGL_NEW(struct dgl_http_request);
        rq->arena = dgl_arena_new(0);
    }
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    rq->server = s;
    rq->refs = 1;
    return rq;
}

void http_request_free(struct dgl_http_request *rq)
{
    dgl_buf_fini(&rq->body);
    dgl_arena_free(rq->arena);
    free(rq);
}

static void request_clear(struct dgl_http_request *rq)
{
    http_bodies_give(rq);
    http_form_free(rq->form);
    if (rq->response)
        MHD_destroy_response(rq->response);
    struct dgl_arena *arena = rq->arena;
    struct dgl_buf body = rq->body;
    if (body.cap > HTTP_KEEP_BODY_BYTES)
        dgl_buf_fini(&body);
    dgl_buf_reset(&body);
    dgl_arena_reset(arena);
    memset(rq, 0, sizeof(*rq));
    rq->arena = arena;
    rq->body = body;
}

void http_request_release(struct dgl_http_request *rq)
{
    if (atomic_fetch_sub_explicit(&rq->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct dgl_http_server *s = rq->server;
    request_clear(rq);
    pthread_mutex_lock(&s->spare_lock);
    bool keep = s->spare_count < HTTP_MAX_SPARE_REQUESTS;
    if (keep) {
        rq->next_spare = s->spare;
        s->spare = rq;
        s->spare_count++;
    }
    pthread_mutex_unlock(&s->spare_lock);
    if (!keep)
        http_request_free(rq);
    http_server_unref(s);
}

static void set_current(struct http_connection *c, struct dgl_http_request *rq)
{
    pthread_mutex_lock(&c->lock);
    c->current = rq;
    pthread_mutex_unlock(&c->lock);
}

static void set_deadline(struct http_connection *c, int64_t mono_us)
{
    atomic_store_explicit(&c->deadline_mono_us, mono_us, memory_order_relaxed);
}

void *http_on_target(void *server, const char *target, struct MHD_Connection *mhd)
{
    struct dgl_http_server *s = server;
    struct dgl_http_request *rq = request_take(s);
    rq->connection = http_connection_of(mhd);
    rq->mhd = mhd;
    rq->started_mono_us = dgl_clock_mono_us(s->clock);
    rq->target_place = target;
    rq->raw_target_len = target ? strlen(target) : 0;
    rq->raw_target = target ? dgl_arena_strndup(rq->arena, target, strnlen(target, HTTP_MAX_TARGET_BYTES + 1)) : "";
    set_current(rq->connection, rq);
    return rq;
}

size_t http_keep_escapes(void *server, struct MHD_Connection *mhd, char *text)
{
    (void)server;
    (void)mhd;
    return strlen(text); // target.c decodes, strictly
}

// ---- the end

static void log_request(const struct dgl_http_request *rq, int status, enum MHD_RequestTerminationCode code, int64_t us)
{
    enum dgl_log_level level = status >= 500 ? DGL_LOG_INFO : DGL_LOG_DEBUG;
    if (!dgl_log_enabled(level))
        return;
    dgl_log(level, "request", DGL_F_STR("id", rq->id), DGL_F_STR("method", rq->method),
            DGL_F_STR("path", rq->target.path), DGL_F_INT("status", status), DGL_F_INT("us", us),
            DGL_F_INT("bytes", status ? rq->response_bytes : 0), DGL_F_STR("client", rq->client_address),
            DGL_F_BOOL("sent", code == MHD_REQUEST_TERMINATED_COMPLETED_OK));
}

// Takes one off a count that a stopping server waits for.
static void count_down(struct dgl_http_server *s, _Atomic uint64_t *count)
{
    if (atomic_fetch_sub(count, 1) == 1 && atomic_load(&s->stopping)) {
        pthread_mutex_lock(&s->stop_lock);
        pthread_cond_broadcast(&s->stop_cond);
        pthread_mutex_unlock(&s->stop_lock);
    }
}

static void enter_flight(struct dgl_http_request *rq)
{
    rq->in_flight = rq->awaited = true;
    atomic_fetch_add(&rq->server->in_flight, 1);
    atomic_fetch_add(&rq->server->awaited, 1);
}

// The connection is not, and will not be, suspended for this request any more.
static void leave_awaited(struct dgl_http_request *rq)
{
    if (rq->awaited)
        count_down(rq->server, &rq->server->awaited);
    rq->awaited = false;
}

void http_on_completed(void *server, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode code)
{
    (void)mhd;
    struct dgl_http_server *s = server;
    struct dgl_http_request *rq = *request;
    *request = NULL;
    if (!rq)
        return;
    int64_t now = dgl_clock_mono_us(s->clock);
    // A client that left does not wait for a handler that is just answering: its status is not for us to see then.
    int status = atomic_load_explicit(&rq->state, memory_order_acquire) == HTTP_STATE_ANSWERED ? rq->status : 0;
    set_current(rq->connection, NULL);
    set_deadline(rq->connection, now + HTTP_IDLE_TIMEOUT_S * DGL_US_PER_S + HTTP_GRACE_US);
    atomic_fetch_add_explicit(&s->requests, 1, memory_order_relaxed);
    if (status >= 100 && status < 600)
        atomic_fetch_add_explicit(&http_area_of(s, rq->match.route)->by_class[status / 100], 1, memory_order_relaxed);
    if (status == 429)
        atomic_fetch_add_explicit(&s->rate_limited, 1, memory_order_relaxed);
    dgl_histogram_add(&s->duration_us, now - rq->started_mono_us);
    log_request(rq, status, code, now - rq->started_mono_us);
    leave_awaited(rq);
    if (rq->in_flight)
        count_down(s, &s->in_flight);
    http_request_release(rq);
}

// ---- answering without a handler

// The error is the adapter's own: a page where the owner wants one; for programs, and they follow signed links, JSON.
static void answer_error(struct dgl_http_request *rq, const struct dgl_error *err, int64_t retry_after_s)
{
    const struct dgl_http_options *o = &rq->server->options;
    atomic_fetch_add_explicit(&rq->refs, 1, memory_order_relaxed);
    if (rq->must_close)
        dgl_http_set_header(rq, "Connection", "close");
    const char *path = rq->target.path;
    if (o->error_page && path && strncmp(path, "/api/", 5) != 0 && strncmp(path, "/files/", 7) != 0)
        o->error_page(o->error_page_ctx, rq, err);
    else
        dgl_http_respond_error(rq, err, retry_after_s);
}

static void answer_unavailable(struct dgl_http_request *rq, const char *message)
{
    struct dgl_error err;
    (void)DGL_FAIL(&err, DGL_E_UNAVAILABLE, "%s", message);
    answer_error(rq, &err, HTTP_RETRY_AFTER_S);
}

static enum MHD_Result queue_answer(struct dgl_http_request *rq)
{
    leave_awaited(rq);
    if (!rq->response)
        return MHD_NO;
    // libmicrohttpd reads chunks leniently (blanks, bare line ends): who else read them may see the body's end
    // somewhere else, so nothing behind such a body is taken for a request.
    if (rq->chunked || atomic_load_explicit(&rq->server->stopping, memory_order_relaxed))
        MHD_add_response_header(rq->response, "Connection", "close");
    set_deadline(rq->connection, http_pace_deadline(dgl_clock_mono_us(rq->server->clock), rq->response_bytes));
    enum MHD_Result result = MHD_queue_response(rq->mhd, (unsigned)rq->status, rq->response);
    MHD_destroy_response(DGL_STEAL(rq->response));
    return result;
}

static bool is_answered(struct dgl_http_request *rq)
{
    return atomic_load_explicit(&rq->state, memory_order_acquire) == HTTP_STATE_ANSWERED;
}

// ---- the head

static bool admitted(struct dgl_http_request *rq)
{
    if (!rq->match.route->admit)
        return true;
    atomic_fetch_add_explicit(&rq->refs, 1, memory_order_relaxed);
    if (!rq->match.route->admit(rq->match.ctx, rq))
        return false; // it answered, and that took the reference
    http_request_release(rq);
    return true;
}

static enum MHD_Result on_head(struct dgl_http_request *rq, const char *method, const char *version)
{
    struct dgl_error err = DGL_ERROR_INIT;
    bool good = http_head_read(rq, method, version, &err) == DGL_OK;
    http_bodies_begin(rq);
    if (!good)
        answer_error(rq, &err, 0);
    else
        good = admitted(rq);
    rq->body_deadline_mono_us = http_pace_deadline(rq->started_mono_us, 0);
    set_deadline(rq->connection, rq->body_deadline_mono_us);
    rq->phase = good ? HTTP_PHASE_BODY : HTTP_PHASE_DRAIN;
    if (good || !is_answered(rq))
        return MHD_YES;
    // Answering now makes libmicrohttpd close the connection afterwards: right when the client waits for leave to send
    // its body, and when there is no telling where the next request begins.
    bool waits = dgl_http_header(rq, "Expect") != NULL && (rq->chunked || rq->content_length > 0);
    if (rq->must_close || waits || rq->content_length > (int64_t)HTTP_MAX_DRAIN_BYTES)
        return queue_answer(rq);
    return MHD_YES;
}

// ---- the body

static enum dgl_status take_body(struct dgl_http_request *rq, const char *data, size_t len, struct dgl_error *err)
{
    size_t max = rq->match.route->max_body_bytes;
    if (rq->body_seen > max)
        return DGL_FAIL(err, DGL_E_LIMIT, "The body is longer than the %zu bytes allowed here.", max);
    if (rq->form)
        return http_form_feed(rq->form, data, len, err);
    if (!dgl_buf_append(&rq->body, data, len))
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "There is no memory for the body at the moment.");
    return DGL_OK;
}

// What was ahead of the pace is kept for a while only: else a fast start would buy hours of silence.
static void keep_pace(struct dgl_http_request *rq, size_t len)
{
    int64_t latest = dgl_clock_mono_us(rq->server->clock) + HTTP_IDLE_TIMEOUT_S * DGL_US_PER_S;
    int64_t earned = (int64_t)len * DGL_US_PER_S / HTTP_MIN_BYTES_PER_S;
    rq->body_deadline_mono_us = DGL_MIN(rq->body_deadline_mono_us + earned, latest);
    set_deadline(rq->connection, rq->body_deadline_mono_us);
}

static void refuse_body(struct dgl_http_request *rq, const struct dgl_error *err, int64_t retry_after_s)
{
    answer_error(rq, err, retry_after_s);
    rq->phase = HTTP_PHASE_DRAIN;
    dgl_buf_fini(&rq->body);
    http_form_free(DGL_STEAL(rq->form));
    http_bodies_give(rq);
}

static enum MHD_Result on_body(struct dgl_http_request *rq, const char *data, size_t len)
{
    rq->body_seen += len;
    keep_pace(rq, len);
    atomic_fetch_add_explicit(&rq->server->body_bytes, len, memory_order_relaxed);
    if (rq->phase == HTTP_PHASE_DRAIN)
        return rq->body_seen > HTTP_MAX_DRAIN_BYTES ? MHD_NO : MHD_YES;
    struct dgl_error err = DGL_ERROR_INIT;
    if (take_body(rq, data, len, &err) != DGL_OK)
        refuse_body(rq, &err, 0);
    else if (!http_bodies_take(rq)) {
        (void)DGL_FAIL(&err, DGL_E_UNAVAILABLE,
                       "Too many large requests are under way at the moment; try again shortly.");
        refuse_body(rq, &err, HTTP_RETRY_AFTER_S);
    }
    return MHD_YES;
}

// ---- the handler

void http_request_resume(struct dgl_http_request *rq)
{
    struct http_loop *loop = rq->connection->loop; // the connection may be gone after the next line
    MHD_resume_connection(rq->mhd);
    http_loop_wake(loop);
}

static enum MHD_Result dispatch_blocking(struct dgl_http_request *rq)
{
    MHD_suspend_connection(rq->mhd);
    atomic_store_explicit(&rq->state, HTTP_STATE_WAITING, memory_order_release);
    if (http_blocking_push(rq->server->blocking, rq))
        return MHD_YES;
    answer_unavailable(rq, "The server has too much to do at the moment; try again shortly.");
    http_request_release(rq);
    return MHD_YES;
}

static enum MHD_Result dispatch_async(struct dgl_http_request *rq)
{
    rq->match.route->handler(rq->match.ctx, rq);
    if (is_answered(rq))
        return queue_answer(rq);
    MHD_suspend_connection(rq->mhd);
    int open = HTTP_STATE_OPEN;
    if (!atomic_compare_exchange_strong(&rq->state, &open, HTTP_STATE_WAITING))
        http_request_resume(rq); // answered in between
    return MHD_YES;
}

static enum MHD_Result dispatch(struct dgl_http_request *rq)
{
    struct dgl_http_server *s = rq->server;
    struct dgl_error err = DGL_ERROR_INIT;
    enter_flight(rq); // before looking at `stopping`: either a stop sees this request, or this request sees the stop
    if (rq->form && http_form_finish(rq->form, &err) != DGL_OK)
        answer_error(rq, &err, 0);
    else if (atomic_load(&s->stopping))
        answer_unavailable(rq, "The server is stopping; try again shortly.");
    rq->phase = HTTP_PHASE_DISPATCHED;
    if (is_answered(rq))
        return queue_answer(rq);
    set_deadline(rq->connection, HTTP_NEVER);
    atomic_fetch_add_explicit(&rq->refs, 1, memory_order_relaxed); // the handler's
    return rq->match.route->flags & DGL_ROUTE_BLOCKING ? dispatch_blocking(rq) : dispatch_async(rq);
}

enum MHD_Result http_on_request(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *data, size_t *len, void **request)
{
    (void)server;
    (void)mhd;
    (void)url;
    struct dgl_http_request *rq = *request;
    if (!rq)
        return MHD_NO;
    if (rq->phase == HTTP_PHASE_HEAD)
        return on_head(rq, method, version);
    if (*len) {
        enum MHD_Result result = on_body(rq, data, *len);
        *len = 0;
        return result;
    }
    if (rq->phase == HTTP_PHASE_BODY)
        return dispatch(rq);
    return is_answered(rq) ? queue_answer(rq) : MHD_NO;
}
