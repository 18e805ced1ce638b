// The engine: jobs in, results out, one thread between.
//
//   submit (any thread) ─▶ mailbox ─▶ engine thread ─▶ native pool ─▶ [office pool, when declined or asked for] ─▶ done
//   fetch_done (any thread) ─▶ mailbox ─▶ worker that waits for the image
//
// The engine thread sleeps in epoll on three kinds of descriptors: the mailbox's eventfd, the supervisor's socket, the
// workers' sockets. It alone touches pools, so they need no locks; the mailbox is the only shared thing. A job passes
// one or two stages; the DOCX between them is a sealed memfd that goes from worker to worker without being read here.
#include "server/engine/engine.h"

#include "base/file.h"
#include "base/log.h"
#include "base/thread.h"
#include "server/engine/answers.h"
#include "server/engine/bounds.h"
#include "server/engine/mailbox.h"
#include "server/engine/work.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64

struct dgl_engine {
    struct dgl_mailbox *box;
    struct dgl_supervisor *supervisor;
    bool supervisor_gone;
    struct dgl_error gone; // why, when supervisor_gone
    int epoll_fd;
    uint64_t next_task_id;
    struct dgl_worker_pool *pools[DGL_ENGINE_KIND_COUNT];
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

// ---- ends of jobs

static void finish(struct dgl_engine *e, struct dgl_work *w, struct dgl_engine_result *result)
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
    dgl_work_free(w);
    dgl_mailbox_close_job(e->box);
}

static void finish_failed(struct dgl_engine *e, struct dgl_work *w, const struct dgl_error *error, bool lost,
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

// ---- stages

static void end_inspect(struct dgl_engine *e, struct dgl_work *w, const struct dgl_task_end *end)
{
    const struct dgl_wire_answer *a = end->answer;
    bool bad = false;
    DGL_AUTO_PTR char *tokens = NULL;
    DGL_AUTO_PTR char *problems = NULL;
    if (a) {
        tokens = dgl_answer_take_tokens(a, &bad);
        problems = dgl_answer_take_problems(a, &bad);
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

static void end_font(struct dgl_engine *e, struct dgl_work *w, const struct dgl_task_end *end)
{
    struct dgl_error error = DGL_ERROR_INIT;
    if (end->error) {
        finish_failed(e, w, end->error, end->lost, NULL);
        return;
    }
    bool bad = false;
    DGL_AUTO_PTR char *text = dgl_answer_take_font(end->answer, &bad);
    if (bad) {
        (void)DGL_FAIL_SLUG(&error, DGL_E_INTERNAL, "worker_crashed",
                            "the worker's facts about the font are not readable");
        finish_failed(e, w, &error, false, NULL);
        return;
    }
    struct dgl_engine_result result = {.docx_fd = -1, .pdf_fd = -1, .engine = "native", .font_json = text};
    finish(e, w, &result);
}

static void start_office_stage(struct dgl_engine *e, struct dgl_work *w)
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
    dgl_worker_pool_push(e->pools[DGL_ENGINE_OFFICE], &w->task);
}

static void end_unreadable(struct dgl_engine *e, struct dgl_work *w)
{
    struct dgl_error error = DGL_ERROR_INIT;
    (void)DGL_FAIL_SLUG(&error, DGL_E_INTERNAL, "worker_crashed", "the worker's answer is not readable");
    finish_failed(e, w, &error, false, NULL);
}

// What must be there: exactly what was ordered, or the DOCX alone when the worker declined and was free to. One with
// fonts for LibreOffice may be there or not.
static bool fits_order(const struct dgl_work *w, const struct dgl_wire_answer *a)
{
    const struct dgl_wire_job *order = &w->task.wire;
    if (a->head.declined)
        return order->may_decline && (a->head.outputs | DGL_WIRE_OFFICE) == (DGL_WIRE_DOCX | DGL_WIRE_OFFICE);
    return a->head.outputs == order->outputs || (a->head.outputs | DGL_WIRE_OFFICE) == order->outputs;
}

static void end_render(struct dgl_engine *e, struct dgl_work *w, const struct dgl_task_end *end)
{
    bool bad = false;
    if (end->error) {
        finish_failed(e, w, end->error, end->lost, NULL);
        return;
    }
    const struct dgl_wire_answer *a = end->answer;
    w->warnings = dgl_answer_take_warnings(a, &bad);
    w->findings = dgl_answer_take_findings(a, &bad);
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

static void end_convert(struct dgl_engine *e, struct dgl_work *w, const struct dgl_task_end *end)
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

static void on_ended(void *ctx, struct dgl_worker_pool *pool, struct dgl_task *task, const struct dgl_task_end *end)
{
    struct dgl_engine *e = ctx;
    struct dgl_work *w = (struct dgl_work *)task;
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

static void on_fetch(void *ctx, struct dgl_worker_pool *pool, uint64_t worker, struct dgl_task *task, const char *url)
{
    struct dgl_engine *e = ctx;
    const struct dgl_work *w = (struct dgl_work *)task;
    if (w->fonts && strcmp(url, DGL_ENGINE_FONT_LIST) == 0) { // we have it at hand
        struct dgl_str list = dgl_engine_fonts_json(w->fonts);
        dgl_worker_pool_answer_fetch(pool, worker, task->id, list.data, list.len, -1, NULL);
        return;
    }
    if (!e->fetcher) {
        struct dgl_error error = DGL_ERROR_INIT;
        (void)DGL_FAIL_SLUG(&error, DGL_E_INVALID, "remote_images_off", "images from the network are not fetched here");
        dgl_worker_pool_answer_fetch(pool, worker, task->id, NULL, 0, -1, &error);
        return;
    }
    unsigned kind = pool == e->pools[DGL_ENGINE_NATIVE] ? DGL_ENGINE_NATIVE : DGL_ENGINE_OFFICE;
    struct dgl_engine_fetch *fetch = dgl_mailbox_fetch_new(e->box, kind, worker, task->id);
    e->fetcher(e->fetcher_ctx, w->org_number, url, fetch);
}

// ---- submitting

enum dgl_status dgl_engine_submit(struct dgl_engine *e, const struct dgl_engine_job *job, dgl_engine_done done,
                                  void *arg, struct dgl_error *err)
{
    struct dgl_work *w = NULL;
    DGL_TRY(dgl_work_new(job, e->office_available, e->timeout_ms, &w, err));
    w->done = done;
    w->arg = arg;
    enum dgl_status status = dgl_mailbox_post(e->box, &w->task, DGL_ENGINE_MAX_QUEUE + dgl_engine_capacity(e), err);
    if (status != DGL_OK)
        dgl_work_free(w);
    return status;
}

// ---- the thread

static void cancel_all(struct dgl_engine *e, bool running, const struct dgl_error *error)
{
    for (unsigned i = 0; i < DGL_ENGINE_KIND_COUNT; i++)
        if (running || i == DGL_ENGINE_NATIVE) // a job between its stages is under way
            dgl_worker_pool_cancel(e->pools[i], running, error);
}

static void take_task(struct dgl_engine *e, struct dgl_task *task, bool stopping)
{
    struct dgl_error error = e->gone;
    task->id = ++e->next_task_id;
    if (stopping && !e->supervisor_gone)
        (void)DGL_FAIL(&error, DGL_E_CANCELED, "the engine stopped before the document was begun");
    if (stopping || e->supervisor_gone)
        finish_failed(e, (struct dgl_work *)task, &error, false, NULL);
    else
        dgl_worker_pool_push(e->pools[DGL_ENGINE_NATIVE], task);
}

// Returns false when the thread is to end.
static bool read_mailbox(struct dgl_engine *e)
{
    struct dgl_mail mail;
    dgl_mailbox_take(e->box, &mail);
    for (struct dgl_engine_fetch *next, *f = mail.fetched; f; f = next) {
        next = f->next;
        dgl_worker_pool_answer_fetch(e->pools[f->pool], f->worker, f->task, f->data, f->len, f->fd,
                                     f->failed ? &f->error : NULL);
        dgl_engine_fetch_free(f);
    }
    for (struct dgl_task *next, *task = mail.tasks; task; task = next) {
        next = task->next;
        take_task(e, task, mail.stopping);
    }
    struct dgl_error error = DGL_ERROR_INIT;
    if (mail.stopping) {
        (void)DGL_FAIL(&error, DGL_E_CANCELED, "the engine stopped before the document was finished");
        cancel_all(e, mail.abort, &error);
    }
    return !mail.quit;
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
            taken = dgl_worker_pool_on_supervisor(e->pools[i], &event);
        if (!taken && event.kind == DGL_SUPERVISOR_SPAWNED) {
            close(event.socket_fd);
            dgl_auto_close_fd(&event.statm_fd);
        }
    }
}

static void publish_stats(struct dgl_engine *e)
{
    struct dgl_worker_pool_stats native, office;
    dgl_worker_pool_stats(e->pools[DGL_ENGINE_NATIVE], &native);
    dgl_worker_pool_stats(e->pools[DGL_ENGINE_OFFICE], &office);
    atomic_store_explicit(&e->workers_alive, native.alive, memory_order_relaxed);
    atomic_store_explicit(&e->workers_lost, native.lost, memory_order_relaxed);
    atomic_store_explicit(&e->fork_errno, native.fork_errno, memory_order_relaxed);
    atomic_store_explicit(&e->office_alive, office.alive, memory_order_relaxed);
    atomic_store_explicit(&e->office_lost, office.lost, memory_order_relaxed);
    for (size_t i = 0; i < DGL_WORKER_ENDS; i++)
        atomic_store_explicit(&e->ends[i], native.ends[i] + office.ends[i], memory_order_relaxed);
    atomic_store_explicit(&e->queue_length, native.waiting + office.waiting, memory_order_relaxed);
}

static int ms_until(int64_t next_us)
{
    if (next_us == INT64_MAX)
        return -1;
    int64_t us = next_us - now_us();
    return us <= 0 ? 0 : (int)DGL_MIN((us + 999) / 1000, INT64_C(60000));
}

static void *engine_main(void *arg)
{
    struct dgl_engine *e = arg;
    for (bool run = true; run;) {
        int64_t now = now_us(), next = INT64_MAX;
        for (unsigned i = 0; i < DGL_ENGINE_KIND_COUNT && !e->supervisor_gone; i++) {
            int64_t at = dgl_worker_pool_tick(e->pools[i], now);
            next = DGL_MIN(next, at);
        }
        publish_stats(e);
        struct epoll_event events[EVENTS_AT_ONCE];
        int n = epoll_wait(e->epoll_fd, events, EVENTS_AT_ONCE, ms_until(next));
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == e->box)
                run = read_mailbox(e);
            else if (events[i].data.ptr == e)
                read_supervisor(e);
            else
                dgl_worker_pool_on_readable(events[i].data.ptr);
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

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (unsigned)DGL_MIN(n, (long)DGL_ENGINE_MAX_WORKERS);
}

static void make_pools(struct dgl_engine *e, const struct dgl_engine_options *o, const char *scratch,
                       const char *program)
{
    const struct dgl_worker_pool_handler handler = {.ended = on_ended, .fetch = on_fetch, .ctx = e};
    unsigned office = o->office_workers ? o->office_workers : DGL_MIN(cores(), 2u);
    const unsigned workers[DGL_ENGINE_KIND_COUNT] = {[DGL_ENGINE_NATIVE] = e->workers, [DGL_ENGINE_OFFICE] = office};
    for (unsigned i = 0; i < DGL_ENGINE_KIND_COUNT; i++) {
        struct dgl_worker_pool_options pool = {.kind = &dgl_engine_kinds[i],
                                               .kind_index = i,
                                               .workers = DGL_MIN(workers[i], DGL_ENGINE_MAX_WORKERS),
                                               .memory_bytes = o->memory_bytes > 0 ? o->memory_bytes
                                                                                   : DGL_ENGINE_DEFAULT_MEMORY_BYTES,
                                               .scratch_dir = scratch,
                                               .program = program};
        e->pools[i] = dgl_worker_pool_new(&pool, e->supervisor, e->epoll_fd, &handler);
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
    e->box = dgl_mailbox_new(err);
    if (!e->box)
        return err->code;
    make_pools(e, options, scratch, e->office_available ? program : "");
    DGL_TRY(watch(e, dgl_mailbox_peek_fd(e->box), e->box, err));
    DGL_TRY(watch(e, dgl_supervisor_peek_fd(s), e, err));
    DGL_TRY(dgl_thread_start(&e->thread, "engine", engine_main, e, err));
    e->thread_running = true;
    *ret = DGL_STEAL(e);
    return DGL_OK;
}

void dgl_engine_stop(struct dgl_engine *e, int64_t wait_ms)
{
    if (!e || !e->thread_running)
        return;
    dgl_mailbox_stop(e->box, wait_ms);
    pthread_join(e->thread, NULL);
    e->thread_running = false;
}

void dgl_engine_free(struct dgl_engine *e)
{
    if (!e)
        return;
    dgl_engine_stop(e, 0);
    for (unsigned i = 0; i < DGL_ENGINE_KIND_COUNT; i++)
        dgl_worker_pool_free(e->pools[i]);
    dgl_mailbox_unref(e->box);
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
