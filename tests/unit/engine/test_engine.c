// The engine against workers that crash, hang, grow, lie and leave; real processes, nothing simulated.
#include "rig.h"

#include "base/log.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct dgl_supervisor *supervisor;

static struct dgl_engine *new_engine(unsigned workers, int64_t memory_bytes, dgl_engine_fetcher fetcher, void *ctx)
{
    const struct dgl_engine_options options = {
        .workers = workers, .timeout_ms = 60000, .memory_bytes = memory_bytes, .fetcher = fetcher, .fetcher_ctx = ctx};
    return rig_engine(supervisor, &options);
}

static void assert_works(struct dgl_engine *e)
{
    struct rig_answer a;
    rig_order(e, "echo", 0, &a);
    assert_int_equal(a.status, DGL_OK);
    assert_int_equal(a.docx_len, 5);
    assert_memory_equal(a.docx, "bytes", 5);
    assert_string_equal(a.engine, "native");
    rig_answer_fini(&a);
}

static void assert_lost(struct dgl_engine *e, const char *order, int64_t timeout_ms, const char *slug, const char *word)
{
    struct rig_answer a;
    rig_order(e, order, timeout_ms, &a);
    assert_int_equal(a.status, DGL_E_INVALID);
    assert_string_equal(a.error.slug, slug);
    assert_true(a.worker_lost);
    if (!strstr(a.error.message, word))
        fail_msg("'%s' is not in: %s", word, a.error.message);
    rig_answer_fini(&a);
    assert_works(e); // and nobody else notices
}

static void test_job_comes_back(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    assert_works(e);
    assert_int_equal(dgl_engine_capacity(e), 2);
    struct dgl_engine_stats stats;
    dgl_engine_stats(e, &stats);
    assert_int_equal(stats.jobs, 1);
    assert_int_equal(stats.failed, 0);
    assert_false(stats.office_available); // no scratch directory was given
}

static void test_error_comes_back_cleaned(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    struct rig_answer a;
    rig_order(e, "fail", 0, &a);
    assert_int_equal(a.status, DGL_E_INVALID);
    assert_false(a.worker_lost);
    assert_string_equal(a.error.slug, "undefined_access");
    assert_string_equal(a.error.message, "bad   message");
    assert_string_equal(a.error.place.part, "body");
    assert_int_equal(a.error.place.paragraph, 3);
    assert_string_equal(a.error.place.tag, "{{ ? }}");
    rig_answer_fini(&a);
}

static void test_crash_fails_that_job_only(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    assert_lost(e, "crash", 0, "worker_crashed", "signal 11");
    assert_lost(e, "exit", 0, "worker_crashed", "exit status 3");
    assert_lost(e, "trap", 0, "worker_crashed", "sandbox");
    assert_lost(e, "bad-end", 0, "worker_crashed", "the render worker");
    struct dgl_engine_stats stats;
    dgl_engine_stats(e, &stats);
    assert_int_equal(stats.workers_lost, 4);
}

static void test_hang_is_stopped_at_its_deadline(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    assert_lost(e, "hang", 50, "render_timeout", "50 ms");
}

static void test_growth_is_stopped_at_its_bound(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, INT64_C(200) << 20, NULL, NULL);
    assert_lost(e, "grow", 0, "render_memory", "200 MiB");
}

static void test_hostile_messages_cost_the_worker(void **state)
{
    (void)state;
    static const char *const orders[] = {"bad-magic",   "bad-short",    "bad-fds",     "bad-unsealed",  "bad-socket",
                                         "bad-missing", "bad-job",      "bad-lengths", "bad-status",    "bad-pages",
                                         "bad-ready",   "bad-returned", "bad-url",     "bad-payload-fd"};
    unsigned before = rig_count_fds();
    struct dgl_engine *e = new_engine(1, 0, NULL, NULL);
    for (size_t i = 0; i < DGL_COUNT(orders); i++)
        assert_lost(e, orders[i], 0, "worker_crashed", "");
    rig_engine_end();
    assert_int_equal(rig_count_fds(), before);
}

static void test_sandbox_refuses(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    struct rig_answer a;
    rig_order(e, "probe", 0, &a);
    assert_int_equal(a.status, DGL_OK);
    if (strstr(a.docx, "possible"))
        fail_msg("%s", a.docx);
    assert_non_null(strstr(a.docx, "inet refused"));
    rig_answer_fini(&a);
}

// ---- many jobs

struct tally {
    struct rig_latch *latch;
    _Atomic unsigned ok, lost, canceled;
};

static void count(void *arg, struct dgl_engine_result *r)
{
    struct tally *t = arg;
    if (r->status == DGL_OK && r->docx_fd >= 0)
        atomic_fetch_add(&t->ok, 1);
    else if (r->worker_lost)
        atomic_fetch_add(&t->lost, 1);
    else if (r->status == DGL_E_CANCELED)
        atomic_fetch_add(&t->canceled, 1);
    rig_latch_down(t->latch);
}

static void submit(struct dgl_engine *e, const char *order, int fd, struct tally *t)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const struct dgl_engine_job job = {
        .op = DGL_ENGINE_RENDER, .template_fd = fd, .input = order, .input_len = strlen(order), .want_docx = true};
    assert_int_equal(dgl_engine_submit(e, &job, count, t, &err), DGL_OK);
}

static void test_thousand_jobs_on_two_workers(void **state)
{
    (void)state;
    unsigned before = rig_count_fds();
    struct dgl_engine *e = new_engine(2, 0, NULL, NULL);
    struct tally t = {.latch = rig_latch_new(1000)};
    int fd = rig_memfd("bytes", 5);
    for (unsigned i = 0; i < 1000; i++)
        submit(e, "echo", fd, &t);
    rig_latch_wait(t.latch);
    close(fd);
    assert_int_equal(t.ok, 1000);
    rig_engine_end();
    assert_int_equal(rig_count_fds(), before);
    rig_latch_free(t.latch);
}

// Crashes among good jobs: each crash fails itself, no job in reserve is lost with it.
static void test_crashes_spare_their_neighbours(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(2, 0, NULL, NULL);
    struct tally t = {.latch = rig_latch_new(420)};
    int fd = rig_memfd("bytes", 5);
    for (unsigned i = 0; i < 420; i++)
        submit(e, i % 21 == 20 ? "crash" : "echo", fd, &t);
    rig_latch_wait(t.latch);
    close(fd);
    assert_int_equal(t.ok, 400);
    assert_int_equal(t.lost, 20);
    rig_latch_free(t.latch);
}

static long worker_pid(struct dgl_engine *e)
{
    struct rig_answer a;
    rig_order(e, "pid", 0, &a);
    assert_int_equal(a.status, DGL_OK);
    long pid = strtol(a.docx, NULL, 10);
    rig_answer_fini(&a);
    return pid;
}

static void test_worn_worker_is_replaced(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    long first = worker_pid(e);
    int fd = rig_memfd("bytes", 5);
    for (unsigned done = 0; done < DGL_NATIVE_JOBS; done += 2000) {
        struct tally t = {.latch = rig_latch_new(2000)};
        for (unsigned i = 0; i < 2000; i++)
            submit(e, "echo", fd, &t);
        rig_latch_wait(t.latch);
        assert_int_equal(t.ok, 2000);
        rig_latch_free(t.latch);
    }
    close(fd);
    assert_int_not_equal(worker_pid(e), first);
    struct dgl_engine_stats stats;
    dgl_engine_stats(e, &stats);
    assert_int_equal(stats.workers_lost, 0);
}

static void test_full_queue_refuses(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    unsigned taken = DGL_ENGINE_MAX_QUEUE + dgl_engine_capacity(e);
    struct tally t = {.latch = rig_latch_new(taken)};
    struct dgl_error err = DGL_ERROR_INIT;
    int fd = rig_memfd("bytes", 5);
    submit(e, "hang", fd, &t);
    for (unsigned i = 1; i < taken; i++)
        submit(e, "echo", fd, &t);
    const struct dgl_engine_job job = {
        .op = DGL_ENGINE_RENDER, .template_fd = fd, .input = "echo", .input_len = 4, .want_docx = true};
    assert_int_equal(dgl_engine_submit(e, &job, count, &t, &err), DGL_E_UNAVAILABLE);
    close(fd);
    dgl_engine_stop(e, 0);
    rig_latch_wait(t.latch);
    assert_int_equal(t.canceled, taken);
    rig_latch_free(t.latch);
}

// ---- stopping

static void test_stop_cancels_what_hangs(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    struct tally t = {.latch = rig_latch_new(3)};
    int fd = rig_memfd("bytes", 5);
    for (unsigned i = 0; i < 3; i++)
        submit(e, "hang", fd, &t);
    dgl_engine_stop(e, 20);
    rig_latch_wait(t.latch);
    assert_int_equal(t.canceled, 3);
    struct dgl_error err = DGL_ERROR_INIT;
    const struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER, .template_fd = fd, .want_docx = true};
    assert_int_equal(dgl_engine_submit(e, &job, count, &t, &err), DGL_E_UNAVAILABLE);
    close(fd);
    rig_latch_free(t.latch);
}

// ---- images from outside

struct fetches {
    pthread_t thread;
    struct dgl_engine_fetch *fetch;
    struct rig_latch *asked;
    uint64_t org;
    char url[100];
};

static void remember_fetch(void *ctx, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch)
{
    struct fetches *f = ctx;
    f->fetch = fetch;
    f->org = org_number;
    snprintf(f->url, sizeof(f->url), "%s", url);
    rig_latch_down(f->asked);
}

static void *answer_later(void *arg)
{
    struct fetches *f = arg;
    static char image[100000];
    memset(image, 'i', sizeof(image));
    rig_latch_wait(f->asked);
    dgl_engine_fetch_done(f->fetch, image, sizeof(image), NULL);
    return NULL;
}

static void test_fetch_brings_bytes(void **state)
{
    (void)state;
    struct fetches f = {.asked = rig_latch_new(1)};
    RIG_ENGINE e = new_engine(1, 0, remember_fetch, &f);
    pthread_create(&f.thread, NULL, answer_later, &f);
    struct rig_answer a;
    rig_order(e, "fetch https://example.com/logo.png", 0, &a);
    pthread_join(f.thread, NULL);
    assert_int_equal(a.status, DGL_OK);
    assert_int_equal(a.docx_len, 100000);
    assert_int_equal(a.docx[99999], 'i');
    assert_string_equal(f.url, "https://example.com/logo.png");
    rig_answer_fini(&a);
    rig_latch_free(f.asked);
}

static void refuse_fetch(void *ctx, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch)
{
    (void)ctx, (void)org_number, (void)url;
    struct dgl_error err = DGL_ERROR_INIT;
    (void)DGL_FAIL(&err, DGL_E_INVALID, "not there");
    dgl_engine_fetch_done(fetch, NULL, 0, &err);
}

static void test_fetch_refused(void **state)
{
    (void)state;
    const dgl_engine_fetcher fetchers[] = {refuse_fetch, NULL};
    for (size_t i = 0; i < DGL_COUNT(fetchers); i++) {
        RIG_ENGINE e = new_engine(1, 0, fetchers[i], NULL); // one engine at a time has the supervisor
        struct rig_answer a;
        rig_order(e, "fetch https://example.com/", 0, &a);
        assert_int_equal(a.status, DGL_E_INVALID);
        assert_false(a.worker_lost);
        rig_answer_fini(&a);
    }
}

static void test_two_fetches_at_once_cost_the_worker(void **state)
{
    (void)state;
    struct fetches f = {.asked = rig_latch_new(1)};
    RIG_ENGINE e = new_engine(1, 0, remember_fetch, &f);
    assert_lost(e, "bad-fetches", 0, "worker_crashed", "an image");
    dgl_engine_fetch_done(f.fetch, "late", 4, NULL);
    assert_works(e);
    rig_latch_free(f.asked);
}

// While one worker waits for an image its reserve goes to somebody else; an answer after the end hurts nobody.
static void test_fetch_that_never_answers(void **state)
{
    (void)state;
    struct fetches f = {.asked = rig_latch_new(1)};
    struct dgl_engine *e = new_engine(2, 0, remember_fetch, &f);
    struct tally t = {.latch = rig_latch_new(1)}, echoes = {.latch = rig_latch_new(50)};
    int fd = rig_memfd("bytes", 5);
    assert_works(e);
    submit(e, "fetch https://example.com/", fd, &t);
    for (unsigned i = 0; i < 50; i++)
        submit(e, "echo", fd, &echoes);
    rig_latch_wait(echoes.latch);
    assert_int_equal(echoes.ok, 50);
    rig_latch_wait(f.asked);
    dgl_engine_stop(e, 0);
    rig_latch_wait(t.latch);
    assert_int_equal(t.canceled, 1);
    rig_engine_end();
    dgl_engine_fetch_done(f.fetch, "late", 4, NULL);
    close(fd);
    rig_latch_free(t.latch);
    rig_latch_free(echoes.latch);
    rig_latch_free(f.asked);
}

// ---- what cannot be had

static void test_pdf_without_office_names_the_package(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    struct rig_answer a;
    int fd = rig_memfd("bytes", 5);
    struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER, .template_fd = fd, .want_pdf = true, .engine = "libreoffice"};
    rig_job(e, &job, &a);
    assert_int_equal(a.status, DGL_E_UNSUPPORTED);
    assert_string_equal(a.error.slug, "engine_unavailable");
    assert_non_null(strstr(a.error.message, "libreoffice-writer-nogui"));
    job.engine = "word";
    rig_job(e, &job, &a);
    assert_int_equal(a.status, DGL_E_INVALID);
    assert_string_equal(a.error.field, "engine");
    close(fd);
}

// A worker that was told to make a PDF and sends something else: declining is for those who may.
static void test_a_pdf_left_out_is_not_taken(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(1, 0, NULL, NULL);
    static const char *const orders[] = {"echo", "decline"};
    int fd = rig_memfd("bytes", 5);
    for (unsigned i = 0; i < DGL_COUNT(orders); i++) {
        struct rig_answer a;
        const struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER,
                                           .template_fd = fd,
                                           .input = orders[i],
                                           .input_len = strlen(orders[i]),
                                           .want_pdf = true};
        rig_job(e, &job, &a);
        assert_int_equal(a.status, DGL_E_INTERNAL);
        assert_string_equal(a.error.slug, "worker_crashed");
        rig_answer_fini(&a);
    }
    close(fd);
}

static void test_workers_that_cannot_start_tell_why(void **state)
{
    (void)state;
    struct dgl_error err = DGL_ERROR_INIT;
    static const struct dgl_worker_kind broken[DGL_ENGINE_KIND_COUNT] = {{.name = "broken", .run = rig_run_broken},
                                                                         {.name = "broken", .run = rig_run_broken}};
    struct dgl_supervisor *own = NULL, *kept = supervisor;
    assert_int_equal(dgl_supervisor_start_kinds(broken, DGL_ENGINE_KIND_COUNT, &own, &err), DGL_OK);
    supervisor = own;
    struct dgl_engine *e = new_engine(1, 0, NULL, NULL);
    supervisor = kept;
    struct rig_answer a;
    rig_order(e, "echo", 0, &a);
    assert_int_equal(a.status, DGL_E_UNAVAILABLE);
    assert_non_null(strstr(a.error.message, "a part is missing"));
    rig_answer_fini(&a);
    rig_engine_end();
    dgl_supervisor_stop(own);
}

static void test_lost_supervisor_fails_jobs(void **state)
{
    (void)state;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_supervisor *own = NULL, *kept = supervisor;
    assert_int_equal(dgl_supervisor_start_kinds(rig_kinds, DGL_ENGINE_KIND_COUNT, &own, &err), DGL_OK);
    supervisor = own;
    struct dgl_engine *e = new_engine(1, 0, NULL, NULL);
    supervisor = kept;
    assert_works(e);
    struct tally t = {.latch = rig_latch_new(1)};
    int fd = rig_memfd("bytes", 5);
    submit(e, "hang", fd, &t);
    close(fd);
    kill(dgl_supervisor_peek_pid(own), SIGKILL);
    rig_latch_wait(t.latch);
    struct rig_answer a;
    rig_order(e, "echo", 0, &a);
    assert_int_equal(a.status, DGL_E_UNAVAILABLE);
    rig_answer_fini(&a);
    rig_engine_end();
    dgl_supervisor_stop(own);
    rig_latch_free(t.latch);
}

static int start(void **state)
{
    (void)state;
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_log_configure(DGL_LOG_OFF, DGL_LOG_TEXT);
    return dgl_supervisor_start_kinds(rig_kinds, DGL_ENGINE_KIND_COUNT, &supervisor, &err) == DGL_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    rig_engine_end();
    dgl_supervisor_stop(supervisor);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_job_comes_back),
        cmocka_unit_test(test_error_comes_back_cleaned),
        cmocka_unit_test(test_crash_fails_that_job_only),
        cmocka_unit_test(test_hang_is_stopped_at_its_deadline),
        cmocka_unit_test(test_growth_is_stopped_at_its_bound),
        cmocka_unit_test(test_hostile_messages_cost_the_worker),
        cmocka_unit_test(test_sandbox_refuses),
        cmocka_unit_test(test_thousand_jobs_on_two_workers),
        cmocka_unit_test(test_crashes_spare_their_neighbours),
        cmocka_unit_test(test_worn_worker_is_replaced),
        cmocka_unit_test(test_full_queue_refuses),
        cmocka_unit_test(test_stop_cancels_what_hangs),
        cmocka_unit_test(test_fetch_brings_bytes),
        cmocka_unit_test(test_fetch_refused),
        cmocka_unit_test(test_two_fetches_at_once_cost_the_worker),
        cmocka_unit_test(test_fetch_that_never_answers),
        cmocka_unit_test(test_pdf_without_office_names_the_package),
        cmocka_unit_test(test_a_pdf_left_out_is_not_taken),
        cmocka_unit_test(test_workers_that_cannot_start_tell_why),
        cmocka_unit_test(test_lost_supervisor_fails_jobs),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
