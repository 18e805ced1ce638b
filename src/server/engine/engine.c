// The engine: jobs in, results out, one thread between.
//
//   submit (any thread) ─▶ mailbox ─▶ engine thread ─▶ native pool ─▶ [office pool, when declined or asked for] ─▶ done
//   fetch_done (any thread) ─▶ mailbox ─▶ worker that waits for the image
//
// The engine thread sleeps in epoll on three kinds of descriptors: the mailbox's eventfd, the supervisor's socket, the
// workers' sockets. It alone touches pools, so they need no locks; the mailbox is the only shared thing. A job passes
// one or two stages; the DOCX between them is a sealed memfd that goes from worker to worker without being read here.
#include "server/engine/engine.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "render/layout/font_file.h"
#include "server/engine/fonts.h"
#include "server/engine/pool.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64

enum wanted_engine { WANT_AUTO, WANT_NATIVE, WANT_OFFICE };

struct work {
    struct dgl_task task; // first, so that a task is its work
    uint64_t org_number;
    enum dgl_engine_op op;
    bool want_docx, want_pdf;
    dgl_engine_done done;
    void *arg;
    int64_t submitted_us, timeout_ms;
    int docx_fd, office_fd; // office_fd: the DOCX for LibreOffice, when it is another one
    struct dgl_engine_fonts *fonts;
    char *warnings, *findings;
    int64_t fill_us;
};

// Shared with fetches that may outlive the engine.
struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed; // `open` fell
    unsigned refs;
    int event_fd;
    bool woken, stopping, abort, quit;
    unsigned open; // jobs taken and not yet done
    struct dgl_task *first, *last;
    struct dgl_engine_fetch *fetched;
};

struct dgl_engine_fetch {
    struct dgl_engine_fetch *next;
    struct mailbox *box;
    unsigned pool;
    uint64_t worker, task;
    char *data;
    size_t len;
    int fd; // instead of data; -1 = none
    bool failed;
    struct dgl_error error;
};

struct dgl_engine {
    struct mailbox *box;
    struct dgl_supervisor *supervisor;
    bool supervisor_gone;
    struct dgl_error gone; // why, when supervisor_gone
    int epoll_fd;
    uint64_t next_task_id;
    struct dgl_pool *pools[DGL_ENGINE_KIND_COUNT];
    unsigned workers;
    bool office_available, thread_running;
    int64_t timeout_ms;
    dgl_engine_fetcher fetcher;
    void *fetcher_ctx;
    pthread_t thread;
    _Atomic uint64_t jobs, failed, workers_alive, workers_lost, office_alive, office_lost, queue_length;
    _Atomic uint64_t ends[DGL_WORKER_ENDS];
    _Atomic int fork_errno;
};

static int64_t now_us(void)
{
    return dgl_clock_mono_us(dgl_clock_system());
}

// ---- mailbox

static struct mailbox *mailbox_new(struct dgl_error *err)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        (void)DGL_FAIL_ERRNO(err, errno, "cannot make the engine's eventfd");
        return NULL;
    }
    struct mailbox *box = DGL_NEW(struct mailbox);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&box->lock, NULL);
    pthread_cond_init(&box->changed, &attr);
    pthread_condattr_destroy(&attr);
    box->event_fd = fd;
    box->refs = 1;
    return box;
}

static void mailbox_unref(struct mailbox *box)
{
    if (!box)
        return;
    pthread_mutex_lock(&box->lock);
    bool last = --box->refs == 0;
    pthread_mutex_unlock(&box->lock);
    if (!last)
        return;
    pthread_cond_destroy(&box->changed);
    pthread_mutex_destroy(&box->lock);
    close(box->event_fd);
    free(box);
}

// With the lock held.
static void wake(struct mailbox *box)
{
    if (box->woken)
        return;
    box->woken = true;
    const uint64_t one = 1;
    while (write(box->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

// ---- ends of jobs

static void work_free(struct work *w)
{
    dgl_auto_close_fd(&w->task.fd);
    dgl_auto_close_fd(&w->docx_fd);
    dgl_auto_close_fd(&w->office_fd);
    free(w->task.input);
    free(w->warnings);
    free(w->findings);
    dgl_wipe(&w->task.wire.protection, sizeof(w->task.wire.protection));
    dgl_engine_fonts_unref(w->fonts);
    free(w);
}

static void finish(struct dgl_engine *e, struct work *w, struct dgl_engine_result *result)
{
    atomic_fetch_add_explicit(&e->jobs, 1, memory_order_relaxed);
    if (result->status != DGL_OK)
        atomic_fetch_add_explicit(&e->failed, 1, memory_order_relaxed);
    result->total_us = now_us() - w->submitted_us;
    result->fill_us = w->fill_us;
    result->findings_json = w->findings;
    w->done(w->arg, result);
    dgl_auto_close_fd(&result->docx_fd);
    dgl_auto_close_fd(&result->pdf_fd);
    work_free(w);
    pthread_mutex_lock(&e->box->lock);
    if (--e->box->open == 0)
        pthread_cond_broadcast(&e->box->changed);
    pthread_mutex_unlock(&e->box->lock);
}

static void finish_failed(struct dgl_engine *e, struct work *w, const struct dgl_error *error, bool lost,
                          const char *problems)
{
    struct dgl_engine_result result = {.status = error->code,
                                       .error = *error,
                                       .worker_lost = lost,
                                       .docx_fd = -1,
                                       .pdf_fd = -1,
                                       .problems_json = problems};
    // A deadline that the worker saw itself is told like one that we enforced.
    if (error->code == DGL_E_TIMEOUT) {
        (void)DGL_FAIL_SLUG(&result.error, DGL_E_INVALID, "render_timeout",
                            "the document was not finished within %lld ms", (long long)w->timeout_ms);
        result.status = DGL_E_INVALID;
    }
    finish(e, w, &result);
}

// ---- what workers wrote is checked before anybody else reads it

static bool is_problem(const json_t *p)
{
    static const struct {
        const char *key;
        bool required;
    } strings[] = {{"severity", true}, {"code", true},     {"message", true},
                   {"part", false},    {"excerpt", false}, {"tag", false}};
    if (!json_is_object(p) || json_object_size(p) != DGL_COUNT(strings) + 1)
        return false;
    for (size_t i = 0; i < DGL_COUNT(strings); i++) {
        const json_t *v = json_object_get(p, strings[i].key);
        if (!json_is_string(v) && (strings[i].required || !json_is_null(v)))
            return false;
    }
    const char *severity = json_string_value(json_object_get(p, "severity"));
    const json_t *paragraph = json_object_get(p, "paragraph");
    return (strcmp(severity, "error") == 0 || strcmp(severity, "warning") == 0) &&
           (json_is_null(paragraph) || json_is_integer(paragraph));
}

static bool is_token(const json_t *t)
{
    const json_t *children = json_object_get(t, "children"), *child;
    size_t i;
    if (!json_is_string(json_object_get(t, "name")) || !json_is_string(json_object_get(t, "type")) ||
        (children && !json_is_array(children)))
        return false;
    json_array_foreach(children, i, child) // depth is bounded by the parser
        if (!is_token(child)) return false;
    return true;
}

static bool is_finding(const json_t *f)
{
    static const char *const strings[] = {"name", "support", "effect", "part"};
    for (size_t i = 0; i < DGL_COUNT(strings); i++)
        if (!json_is_string(json_object_get(f, strings[i])))
            return false;
    return json_object_size(f) == DGL_COUNT(strings) + 2 && json_is_integer(json_object_get(f, "count")) &&
           json_is_integer(json_object_get(f, "paragraph"));
}

static bool is_string(const json_t *s)
{
    return json_is_string(s);
}

// A copy of a text that is a JSON array of what `is_item` says; NULL for an empty text and for anything else.
static char *take_json_array(const char *text, size_t len, bool (*is_item)(const json_t *), bool *ret_bad)
{
    if (len == 0)
        return NULL;
    struct dgl_error ignored;
    DGL_AUTO_JSON json = NULL;
    const json_t *item;
    size_t i;
    bool good = dgl_json_parse(text, len, "result", &json, &ignored) == DGL_OK && json_is_array(json);
    if (good)
        json_array_foreach(json, i, item) good = good && is_item(item);
    if (!good)
        *ret_bad = true;
    return good ? dgl_strndup(text, len) : NULL;
}

// ---- stages

static void end_inspect(struct dgl_engine *e, struct work *w, const struct dgl_task_end *end)
{
    const struct dgl_wire_answer *a = end->answer;
    bool bad = false;
    DGL_AUTO_PTR char *tokens = NULL;
    DGL_AUTO_PTR char *problems = NULL;
    if (a) {
        tokens = take_json_array(a->tokens, a->head.tokens_len, is_token, &bad);
        problems = take_json_array(a->problems, a->head.problems_len, is_problem, &bad);
    }
    struct dgl_error error = DGL_ERROR_INIT;
    if (bad || (!end->error && !tokens)) {
        (void)DGL_FAIL_SLUG(&error, DGL_E_INTERNAL, "worker_crashed",
                            "the worker's findings about the template are not readable");
        finish_failed(e, w, &error, false, NULL);
    } else if (end->error) {
        finish_failed(e, w, end->error, end->lost, problems);
    } else {
        struct dgl_engine_result result = {
            .docx_fd = -1, .pdf_fd = -1, .engine = "native", .tokens_json = tokens, .problems_json = problems};
        finish(e, w, &result);
    }
}

// What a worker says of a font, checked: facts as they must be, and a path of nothing but coordinates.
static bool is_font(const char *text, size_t len)
{
    struct dgl_error ignored;
    struct dgl_font_facts facts;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_JSON json = NULL;
    if (dgl_json_parse(text, len, "result", &json, &ignored) != DGL_OK || json_object_size(json) != 2)
        return false;
    const json_t *sample = json_object_get(json, "sample"), *path = json_object_get(sample, "path");
    return dgl_font_facts_read(json_object_get(json, "faces"), arena, &facts) && json_object_size(sample) == 2 &&
           json_is_string(path) && json_string_length(path) <= DGL_FONT_SAMPLE_BYTES &&
           strspn(json_string_value(path), "MLQCZ0123456789- ") == json_string_length(path) &&
           json_is_integer(json_object_get(sample, "width"));
}

static void end_font(struct dgl_engine *e, struct work *w, const struct dgl_task_end *end)
{
    struct dgl_error error = DGL_ERROR_INIT;
    if (end->error) {
        finish_failed(e, w, end->error, end->lost, NULL);
        return;
    }
    DGL_AUTO_PTR char *text = dgl_strndup(end->answer->tokens, end->answer->head.tokens_len);
    if (!is_font(text, end->answer->head.tokens_len)) {
        (void)DGL_FAIL_SLUG(&error, DGL_E_INTERNAL, "worker_crashed",
                            "the worker's facts about the font are not readable");
        finish_failed(e, w, &error, false, NULL);
        return;
    }
    struct dgl_engine_result result = {.docx_fd = -1, .pdf_fd = -1, .engine = "native", .font_json = text};
    finish(e, w, &result);
}

static void start_office_stage(struct dgl_engine *e, struct work *w)
{
    w->task.id = ++e->next_task_id;
    w->task.wire.op = DGL_WIRE_CONVERT;
    w->task.wire.timeout_ms = DGL_MAX(w->timeout_ms - w->fill_us / DGL_US_PER_MS, INT64_C(1000));
    w->task.wire.input_len = 0;
    free(DGL_STEAL(w->task.input));
    close(w->task.fd);
    // The pool lends task.fd to the worker; the job keeps a DOCX of its own only when it is wanted.
    if (w->office_fd >= 0)
        w->task.fd = DGL_STEAL_FD(w->office_fd);
    else
        w->task.fd = w->want_docx ? fcntl(w->docx_fd, F_DUPFD_CLOEXEC, 0) : DGL_STEAL_FD(w->docx_fd);
    if (w->task.fd < 0) {
        struct dgl_error error = DGL_ERROR_INIT;
        (void)DGL_FAIL_ERRNO(&error, errno, "the document cannot be handed to LibreOffice");
        finish_failed(e, w, &error, false, NULL);
        return;
    }
    dgl_pool_push(e->pools[DGL_ENGINE_OFFICE], &w->task);
}

static void end_unreadable(struct dgl_engine *e, struct work *w)
{
    struct dgl_error error = DGL_ERROR_INIT;
    (void)DGL_FAIL_SLUG(&error, DGL_E_INTERNAL, "worker_crashed", "the worker's answer is not readable");
    finish_failed(e, w, &error, false, NULL);
}

// What must be there: exactly what was ordered, or the DOCX alone when the worker declined and was free to. One with
// fonts for LibreOffice may be there or not.
static bool fits_order(const struct work *w, const struct dgl_wire_answer *a)
{
    const struct dgl_wire_job *order = &w->task.wire;
    if (a->head.declined)
        return order->may_decline && (a->head.outputs | DGL_WIRE_OFFICE) == (DGL_WIRE_DOCX | DGL_WIRE_OFFICE);
    return a->head.outputs == order->outputs || (a->head.outputs | DGL_WIRE_OFFICE) == order->outputs;
}

static void end_render(struct dgl_engine *e, struct work *w, const struct dgl_task_end *end)
{
    bool bad = false;
    if (end->error) {
        finish_failed(e, w, end->error, end->lost, NULL);
        return;
    }
    const struct dgl_wire_answer *a = end->answer;
    w->warnings = take_json_array(a->warnings, a->head.warnings_len, is_string, &bad);
    w->findings = take_json_array(a->findings, a->head.findings_len, is_finding, &bad);
    if (bad || !fits_order(w, a)) {
        end_unreadable(e, w);
        return;
    }
    if (a->docx_fd)
        w->docx_fd = DGL_STEAL_FD(*a->docx_fd);
    if (a->office_fd)
        w->office_fd = DGL_STEAL_FD(*a->office_fd);
    w->fill_us = a->head.fill_us;
    if (w->want_pdf && !a->pdf_fd) {
        start_office_stage(e, w);
        return;
    }
    struct dgl_engine_result result = {.docx_fd = DGL_STEAL_FD(w->docx_fd),
                                       .pdf_fd = a->pdf_fd ? DGL_STEAL_FD(*a->pdf_fd) : -1,
                                       .pages = a->head.pages,
                                       .engine = "native",
                                       .warnings_json = w->warnings,
                                       .layout_us = a->head.layout_us};
    finish(e, w, &result);
}

static void end_convert(struct dgl_engine *e, struct work *w, const struct dgl_task_end *end)
{
    struct dgl_error error = DGL_ERROR_INIT;
    if (!end->error && !end->answer->pdf_fd)
        (void)DGL_FAIL_SLUG(&error, DGL_E_INTERNAL, "worker_crashed", "LibreOffice's answer holds no PDF");
    if (end->error || error.code != DGL_OK) {
        finish_failed(e, w, end->error ? end->error : &error, end->lost, NULL);
        return;
    }
    struct dgl_engine_result result = {.docx_fd = w->want_docx ? DGL_STEAL_FD(w->docx_fd) : -1,
                                       .pdf_fd = DGL_STEAL_FD(*end->answer->pdf_fd),
                                       .pages = end->answer->head.pages,
                                       .engine = "libreoffice",
                                       .warnings_json = w->warnings,
                                       .layout_us = end->answer->head.layout_us};
    finish(e, w, &result);
}

static void on_ended(void *ctx, struct dgl_pool *pool, struct dgl_task *task, const struct dgl_task_end *end)
{
    struct dgl_engine *e = ctx;
    struct work *w = (struct work *)task;
    if (w->op == DGL_ENGINE_INSPECT)
        end_inspect(e, w, end);
    else if (w->op == DGL_ENGINE_FONT)
        end_font(e, w, end);
    else if (pool == e->pools[DGL_ENGINE_NATIVE])
        end_render(e, w, end);
    else
        end_convert(e, w, end);
}

// ---- images from outside

static void on_fetch(void *ctx, struct dgl_pool *pool, uint64_t worker, struct dgl_task *task, const char *url)
{
    struct dgl_engine *e = ctx;
    const struct work *w = (struct work *)task;
    if (w->fonts && strcmp(url, DGL_ENGINE_FONT_LIST) == 0) { // we have it at hand
        struct dgl_str list = dgl_engine_fonts_json(w->fonts);
        dgl_pool_answer_fetch(pool, worker, task->id, list.data, list.len, -1, NULL);
        return;
    }
    if (!e->fetcher) {
        struct dgl_error error = DGL_ERROR_INIT;
        (void)DGL_FAIL_SLUG(&error, DGL_E_INVALID, "remote_images_off", "images from the network are not fetched here");
        dgl_pool_answer_fetch(pool, worker, task->id, NULL, 0, -1, &error);
        return;
    }
    struct dgl_engine_fetch *fetch = DGL_NEW(struct dgl_engine_fetch);
    *fetch = (struct dgl_engine_fetch){.box = e->box, .worker = worker, .task = task->id, .fd = -1};
    fetch->pool = pool == e->pools[DGL_ENGINE_NATIVE] ? DGL_ENGINE_NATIVE : DGL_ENGINE_OFFICE;
    pthread_mutex_lock(&e->box->lock);
    e->box->refs++;
    pthread_mutex_unlock(&e->box->lock);
    e->fetcher(e->fetcher_ctx, w->org_number, url, fetch);
}

static void fetch_free(struct dgl_engine_fetch *fetch)
{
    dgl_auto_close_fd(&fetch->fd);
    free(fetch->data);
    free(fetch);
}

// Into the mailbox, unless the engine has ended.
static void post_fetch(struct dgl_engine_fetch *fetch)
{
    struct mailbox *box = fetch->box;
    pthread_mutex_lock(&box->lock);
    bool late = box->quit;
    if (!late) {
        fetch->next = box->fetched;
        box->fetched = fetch;
        wake(box);
    }
    pthread_mutex_unlock(&box->lock);
    if (late)
        fetch_free(fetch);
    mailbox_unref(box);
}

void dgl_engine_fetch_done_fd(struct dgl_engine_fetch *fetch, int fd)
{
    fetch->fd = fd;
    post_fetch(fetch);
}

void dgl_engine_fetch_done(struct dgl_engine_fetch *fetch, const void *data, size_t len, const struct dgl_error *error)
{
    if (!error && len > DGL_ENGINE_MAX_FETCH_BYTES) {
        (void)DGL_FAIL_SLUG(&fetch->error, DGL_E_LIMIT, "image_too_large",
                            "an image or template is larger than %zu bytes", DGL_ENGINE_MAX_FETCH_BYTES);
        fetch->failed = true;
    } else if (error) {
        fetch->error = *error;
        fetch->failed = true;
    } else if (len) {
        fetch->data = dgl_alloc(len);
        memcpy(fetch->data, data, len);
        fetch->len = len;
    }
    post_fetch(fetch);
}

// ---- submitting

static enum dgl_status read_wanted(const struct dgl_engine_job *job, enum wanted_engine *ret, struct dgl_error *err)
{
    static const char *const words[] = {"auto", "native", "libreoffice"};
    if (!job->engine)
        return DGL_OK;
    for (unsigned i = 0; i < DGL_COUNT(words); i++)
        if (strcmp(job->engine, words[i]) == 0) {
            *ret = (enum wanted_engine)i;
            return DGL_OK;
        }
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "engine",
                          "engine '%.40s' is not known; it is one of auto, native, libreoffice", job->engine);
}

static enum dgl_status check_job(const struct dgl_engine *e, const struct dgl_engine_job *job,
                                 enum wanted_engine *ret_wanted, struct dgl_error *err)
{
    DGL_TRY(read_wanted(job, ret_wanted, err));
    if (job->op == DGL_ENGINE_RENDER && !job->want_docx && !job->want_pdf)
        return DGL_FAIL(err, DGL_E_INVALID, "neither DOCX nor PDF is wanted");
    if (job->input_len > DGL_ENGINE_MAX_INPUT_BYTES)
        return DGL_FAIL_FIELD(err, DGL_E_LIMIT, NULL, "input_json", "input_json is larger than %zu bytes",
                              DGL_ENGINE_MAX_INPUT_BYTES);
    if (*ret_wanted == WANT_OFFICE && job->archive)
        return DGL_FAIL_FIELD(err, DGL_E_UNSUPPORTED, NULL, "engine",
                              "PDF/A is made by the native engine only; leave the engine out or ask for native");
    if (job->archive && job->protection && dgl_pdf_is_protected(job->protection))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "protected_archive", NULL,
                              "a document for archives (PDF/A) may have no password; leave one of the two out");
    if (*ret_wanted == WANT_OFFICE && job->want_pdf && !e->office_available)
        return DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "engine_unavailable",
                             "engine libreoffice is not installed; install it (apt-get install "
                             "libreoffice-writer-nogui) or ask for engine native");
    return DGL_OK;
}

static void set_outputs(const struct dgl_engine *e, const struct dgl_engine_job *job, enum wanted_engine wanted,
                        struct dgl_wire_job *wire)
{
    if (job->op != DGL_ENGINE_RENDER)
        return;
    bool native_pdf = job->want_pdf && wanted != WANT_OFFICE, office_pdf = job->want_pdf && wanted == WANT_OFFICE;
    wire->outputs = (job->want_docx || office_pdf ? DGL_WIRE_DOCX : 0) | (native_pdf ? DGL_WIRE_PDF : 0) |
                    (office_pdf ? DGL_WIRE_OFFICE : 0);
    wire->may_decline = native_pdf && wanted == WANT_AUTO && e->office_available && !job->archive;
    wire->archive = native_pdf && job->archive;
    wire->explain = native_pdf && job->explain;
    if (job->want_pdf && job->protection)
        wire->protection = *job->protection;
}

static enum dgl_status work_new(const struct dgl_engine *e, const struct dgl_engine_job *job, enum wanted_engine wanted,
                                dgl_engine_done done, void *arg, struct work **ret, struct dgl_error *err)
{
    int fd = fcntl(job->template_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "the template's descriptor cannot be kept");
    struct work *w = DGL_NEW(struct work);
    *w = (struct work){.org_number = job->org_number,
                       .op = job->op,
                       .want_docx = job->want_docx,
                       .want_pdf = job->want_pdf,
                       .done = done,
                       .arg = arg,
                       .submitted_us = now_us(),
                       .timeout_ms =
                           DGL_MIN(job->timeout_ms > 0 ? job->timeout_ms : e->timeout_ms, DGL_ENGINE_MAX_TIMEOUT_MS),
                       .docx_fd = -1,
                       .office_fd = -1};
    w->task.fd = fd;
    struct dgl_wire_job *wire = &w->task.wire;
    wire->op = job->op == DGL_ENGINE_INSPECT ? DGL_WIRE_INSPECT
               : job->op == DGL_ENGINE_FONT  ? DGL_WIRE_FONT
                                             : DGL_WIRE_RENDER;
    w->fonts = dgl_engine_fonts_ref(job->fonts);
    if (w->fonts)
        memcpy(wire->fonts_key, dgl_engine_fonts_key(w->fonts), sizeof(wire->fonts_key));
    set_outputs(e, job, wanted, wire);
    wire->created_at_us = job->created_at_us;
    wire->timeout_ms = w->timeout_ms;
    memcpy(wire->template_sha256, job->template_sha256, sizeof(wire->template_sha256));
    snprintf(wire->time_zone, sizeof(wire->time_zone), "%s", job->time_zone ? job->time_zone : "UTC");
    snprintf(wire->locale, sizeof(wire->locale), "%s", job->locale ? job->locale : "en_US");
    if (job->op == DGL_ENGINE_RENDER && job->input_len) {
        w->task.input = malloc(job->input_len);
        if (!w->task.input) {
            work_free(w);
            return DGL_FAIL(err, DGL_E_UNAVAILABLE, "no memory for input_json of %zu bytes", job->input_len);
        }
        memcpy(w->task.input, job->input, job->input_len);
        wire->input_len = (uint32_t)job->input_len;
    }
    *ret = w;
    return DGL_OK;
}

enum dgl_status dgl_engine_submit(struct dgl_engine *e, const struct dgl_engine_job *job, dgl_engine_done done,
                                  void *arg, struct dgl_error *err)
{
    struct work *w = NULL;
    enum wanted_engine wanted = WANT_AUTO;
    DGL_TRY(check_job(e, job, &wanted, err));
    DGL_TRY(work_new(e, job, wanted, done, arg, &w, err));
    struct mailbox *box = e->box;
    pthread_mutex_lock(&box->lock);
    bool stopping = box->stopping, full = box->open >= DGL_ENGINE_MAX_QUEUE + dgl_engine_capacity(e);
    if (!stopping && !full) {
        box->open++;
        if (box->last)
            box->last->next = &w->task;
        else
            box->first = &w->task;
        box->last = &w->task;
        wake(box);
    }
    pthread_mutex_unlock(&box->lock);
    if (!stopping && !full)
        return DGL_OK;
    work_free(w);
    if (stopping)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the engine is stopping");
    return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the engine's queue of %u jobs is full", DGL_ENGINE_MAX_QUEUE);
}

// ---- the thread

static void cancel_all(struct dgl_engine *e, bool running, const struct dgl_error *error)
{
    for (unsigned i = 0; i < DGL_ENGINE_KIND_COUNT; i++)
        if (running || i == DGL_ENGINE_NATIVE) // a job between its stages is under way
            dgl_pool_cancel(e->pools[i], running, error);
}

static void take_task(struct dgl_engine *e, struct dgl_task *task, bool stopping)
{
    struct dgl_error error = e->gone;
    task->id = ++e->next_task_id;
    if (stopping && !e->supervisor_gone)
        (void)DGL_FAIL(&error, DGL_E_CANCELED, "the engine stopped before the document was begun");
    if (stopping || e->supervisor_gone)
        finish_failed(e, (struct work *)task, &error, false, NULL);
    else
        dgl_pool_push(e->pools[DGL_ENGINE_NATIVE], task);
}

// Returns false when the thread is to end.
static bool read_mailbox(struct dgl_engine *e)
{
    struct mailbox *box = e->box;
    uint64_t count;
    while (read(box->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&box->lock);
    box->woken = false;
    struct dgl_task *tasks = DGL_STEAL(box->first);
    box->last = NULL;
    struct dgl_engine_fetch *fetched = DGL_STEAL(box->fetched);
    bool stopping = box->stopping, cancel = box->abort, quit = box->quit;
    pthread_mutex_unlock(&box->lock);
    for (struct dgl_engine_fetch *next; fetched; fetched = next) {
        next = fetched->next;
        dgl_pool_answer_fetch(e->pools[fetched->pool], fetched->worker, fetched->task, fetched->data, fetched->len,
                              fetched->fd, fetched->failed ? &fetched->error : NULL);
        fetch_free(fetched);
    }
    for (struct dgl_task *next; tasks; tasks = next) {
        next = tasks->next;
        take_task(e, tasks, stopping);
    }
    struct dgl_error error = DGL_ERROR_INIT;
    if (stopping) {
        (void)DGL_FAIL(&error, DGL_E_CANCELED, "the engine stopped before the document was finished");
        cancel_all(e, cancel, &error);
    }
    return !quit;
}

static void read_supervisor(struct dgl_engine *e)
{
    for (bool got = true; got;) {
        struct dgl_supervisor_event event;
        if (dgl_supervisor_next(e->supervisor, &event, &got, &e->gone) != DGL_OK) {
            e->supervisor_gone = true;
            epoll_ctl(e->epoll_fd, EPOLL_CTL_DEL, dgl_supervisor_peek_fd(e->supervisor), NULL);
            dgl_log_error(DGL_LOG_ERROR, "supervisor gone", &e->gone);
            cancel_all(e, true, &e->gone);
            return;
        }
        bool taken = !got;
        for (unsigned i = 0; !taken && i < DGL_ENGINE_KIND_COUNT; i++)
            taken = dgl_pool_on_supervisor(e->pools[i], &event);
        if (!taken && event.kind == DGL_SUPERVISOR_SPAWNED) {
            close(event.socket_fd);
            dgl_auto_close_fd(&event.statm_fd);
        }
    }
}

static void publish_stats(struct dgl_engine *e)
{
    struct dgl_pool_stats native, office;
    dgl_pool_stats(e->pools[DGL_ENGINE_NATIVE], &native);
    dgl_pool_stats(e->pools[DGL_ENGINE_OFFICE], &office);
    atomic_store_explicit(&e->workers_alive, native.alive, memory_order_relaxed);
    atomic_store_explicit(&e->workers_lost, native.lost, memory_order_relaxed);
    atomic_store_explicit(&e->fork_errno, native.fork_errno, memory_order_relaxed);
    atomic_store_explicit(&e->office_alive, office.alive, memory_order_relaxed);
    atomic_store_explicit(&e->office_lost, office.lost, memory_order_relaxed);
    for (size_t i = 0; i < DGL_WORKER_ENDS; i++)
        atomic_store_explicit(&e->ends[i], native.ends[i] + office.ends[i], memory_order_relaxed);
    atomic_store_explicit(&e->queue_length, native.waiting + office.waiting, memory_order_relaxed);
}

static int wait_ms(int64_t next_us)
{
    if (next_us == INT64_MAX)
        return -1;
    int64_t us = next_us - now_us();
    return us <= 0 ? 0 : (int)DGL_MIN((us + 999) / 1000, INT64_C(60000));
}

static void *engine_main(void *arg)
{
    struct dgl_engine *e = arg;
    pthread_setname_np(pthread_self(), "dgl-engine");
    for (bool run = true; run;) {
        int64_t now = now_us(), next = INT64_MAX;
        for (unsigned i = 0; i < DGL_ENGINE_KIND_COUNT && !e->supervisor_gone; i++) {
            int64_t at = dgl_pool_tick(e->pools[i], now);
            next = DGL_MIN(next, at);
        }
        publish_stats(e);
        struct epoll_event events[EVENTS_AT_ONCE];
        int n = epoll_wait(e->epoll_fd, events, EVENTS_AT_ONCE, wait_ms(next));
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == e->box)
                run = read_mailbox(e);
            else if (events[i].data.ptr == e)
                read_supervisor(e);
            else
                dgl_pool_on_readable(events[i].data.ptr);
        }
    }
    return NULL;
}

// ---- life

static enum dgl_status watch(struct dgl_engine *e, int fd, void *ptr, struct dgl_error *err)
{
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = ptr};
    if (epoll_ctl(e->epoll_fd, EPOLL_CTL_ADD, fd, &want) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the engine cannot watch its sockets");
    return DGL_OK;
}

static enum dgl_status start_thread(struct dgl_engine *e, struct dgl_error *err)
{
    sigset_t all, before; // signals are the main thread's
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&e->thread, NULL, engine_main, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return DGL_FAIL_ERRNO(err, failed, "cannot start the engine's thread");
    e->thread_running = true;
    return DGL_OK;
}

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (unsigned)DGL_MIN(n, (long)DGL_ENGINE_MAX_WORKERS);
}

static void make_pools(struct dgl_engine *e, const struct dgl_engine_options *o, const char *scratch,
                       const char *program)
{
    const struct dgl_pool_handler handler = {.ended = on_ended, .fetch = on_fetch, .ctx = e};
    unsigned office = o->office_workers ? o->office_workers : DGL_MIN(cores(), 2u);
    const unsigned workers[DGL_ENGINE_KIND_COUNT] = {[DGL_ENGINE_NATIVE] = e->workers, [DGL_ENGINE_OFFICE] = office};
    for (unsigned i = 0; i < DGL_ENGINE_KIND_COUNT; i++) {
        struct dgl_pool_options pool = {.kind = &dgl_engine_kinds[i],
                                        .kind_index = i,
                                        .workers = DGL_MIN(workers[i], DGL_ENGINE_MAX_WORKERS),
                                        .memory_bytes =
                                            o->memory_bytes > 0 ? o->memory_bytes : DGL_ENGINE_DEFAULT_MEMORY_BYTES,
                                        .scratch_dir = scratch,
                                        .program = program};
        e->pools[i] = dgl_pool_new(&pool, e->supervisor, e->epoll_fd, &handler);
    }
}

static enum dgl_status make_scratch(const char *wanted, char out[PATH_MAX], struct dgl_error *err)
{
    out[0] = '\0';
    if (!wanted)
        return DGL_OK;
    DGL_TRY(dgl_file_make_dirs(wanted, 0700, err));
    if (!realpath(wanted, out))
        return DGL_FAIL_ERRNO(err, errno, "cannot resolve the scratch directory '%s'", wanted);
    if (strlen(out) > 400)
        return DGL_FAIL(err, DGL_E_INVALID, "the scratch directory's path is longer than 400 bytes");
    return DGL_OK;
}

enum dgl_status dgl_engine_new(struct dgl_supervisor *s, const struct dgl_engine_options *options,
                               struct dgl_engine **ret, struct dgl_error *err)
{
    char scratch[PATH_MAX], program[512];
    DGL_TRY(make_scratch(options->scratch_dir, scratch, err));
    DGL_AUTO(engine) e = DGL_NEW(struct dgl_engine);
    e->epoll_fd = -1;
    e->supervisor = s;
    e->workers = options->workers ? DGL_MIN(options->workers, DGL_ENGINE_MAX_WORKERS) : cores();
    e->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DGL_ENGINE_DEFAULT_TIMEOUT_MS;
    e->fetcher = options->fetcher;
    e->fetcher_ctx = options->fetcher_ctx;
    e->office_available = scratch[0] && dgl_office_find(options->office_program, program, sizeof(program));
    e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (e->epoll_fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot make the engine's epoll descriptor");
    e->box = mailbox_new(err);
    if (!e->box)
        return err->code;
    make_pools(e, options, scratch, e->office_available ? program : "");
    DGL_TRY(watch(e, e->box->event_fd, e->box, err));
    DGL_TRY(watch(e, dgl_supervisor_peek_fd(s), e, err));
    DGL_TRY(start_thread(e, err));
    *ret = DGL_STEAL(e);
    return DGL_OK;
}

// With the lock held: until no job is open or the time has come. A deadline of 0 waits for ever.
static void wait_for_jobs(struct mailbox *box, int64_t deadline_us)
{
    struct timespec until = {.tv_sec = deadline_us / DGL_US_PER_S, .tv_nsec = deadline_us % DGL_US_PER_S * 1000};
    while (box->open > 0)
        if (deadline_us == 0)
            pthread_cond_wait(&box->changed, &box->lock);
        else if (pthread_cond_timedwait(&box->changed, &box->lock, &until) == ETIMEDOUT)
            return;
}

void dgl_engine_stop(struct dgl_engine *e, int64_t wait_ms_)
{
    if (!e || !e->thread_running)
        return;
    struct mailbox *box = e->box;
    pthread_mutex_lock(&box->lock);
    box->stopping = true;
    wake(box);
    if (wait_ms_ > 0)
        wait_for_jobs(box, now_us() + wait_ms_ * DGL_US_PER_MS);
    box->abort = true;
    wake(box);
    wait_for_jobs(box, 0);
    box->quit = true;
    wake(box);
    pthread_mutex_unlock(&box->lock);
    pthread_join(e->thread, NULL);
    e->thread_running = false;
}

void dgl_engine_free(struct dgl_engine *e)
{
    if (!e)
        return;
    dgl_engine_stop(e, 0);
    for (unsigned i = 0; i < DGL_ENGINE_KIND_COUNT; i++)
        dgl_pool_free(e->pools[i]);
    struct dgl_engine_fetch *fetched = e->box ? e->box->fetched : NULL; // nobody else looks any more
    for (struct dgl_engine_fetch *next; fetched; fetched = next) {
        next = fetched->next;
        fetch_free(fetched);
    }
    mailbox_unref(e->box);
    if (e->epoll_fd >= 0)
        close(e->epoll_fd);
    free(e);
}

unsigned dgl_engine_capacity(const struct dgl_engine *e)
{
    return 2 * e->workers;
}

const char *dgl_worker_end_word(enum dgl_worker_end e)
{
    static const char *const words[DGL_WORKER_ENDS] = {"crash", "timeout", "memory", "sandbox"};
    return words[e];
}

void dgl_engine_stats(struct dgl_engine *e, struct dgl_engine_stats *ret)
{
    *ret = (struct dgl_engine_stats){.jobs = atomic_load_explicit(&e->jobs, memory_order_relaxed),
                                     .failed = atomic_load_explicit(&e->failed, memory_order_relaxed),
                                     .workers_alive = atomic_load_explicit(&e->workers_alive, memory_order_relaxed),
                                     .workers_lost = atomic_load_explicit(&e->workers_lost, memory_order_relaxed),
                                     .office_alive = atomic_load_explicit(&e->office_alive, memory_order_relaxed),
                                     .office_lost = atomic_load_explicit(&e->office_lost, memory_order_relaxed),
                                     .queue_length = atomic_load_explicit(&e->queue_length, memory_order_relaxed),
                                     .office_available = e->office_available,
                                     .fork_errno = atomic_load_explicit(&e->fork_errno, memory_order_relaxed)};
    for (size_t i = 0; i < DGL_WORKER_ENDS; i++)
        ret->ends[i] = atomic_load_explicit(&e->ends[i], memory_order_relaxed);
}
