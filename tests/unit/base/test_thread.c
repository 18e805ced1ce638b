// Threads that take no signals, waits with a deadline, latches.
#include "base/thread.h"
#include "unit.h"

#include <signal.h>

struct seen {
    struct dgl_latch latch;
    sigset_t blocked;
    int value;
};

static void *look_around(void *arg)
{
    struct seen *s = arg;
    pthread_sigmask(SIG_BLOCK, NULL, &s->blocked);
    s->value = 7;
    dgl_latch_open(&s->latch);
    return NULL;
}

static void test_threads_take_no_signals(void **state DGL_UNUSED)
{
    struct seen s = {.latch = DGL_LATCH_INIT};
    struct dgl_error err = DGL_ERROR_INIT;
    pthread_t thread;
    sigset_t mine;
    assert_ok(dgl_thread_start(&thread, "looks", look_around, &s, &err), err);
    dgl_latch_wait(&s.latch);
    pthread_join(thread, NULL);
    assert_int_equal(s.value, 7);
    assert_true(sigismember(&s.blocked, SIGTERM));
    assert_true(sigismember(&s.blocked, SIGPIPE));
    pthread_sigmask(SIG_BLOCK, NULL, &mine);
    assert_false(sigismember(&mine, SIGTERM)); // the starter's own are as they were
}

static void *stay(void *arg)
{
    dgl_latch_wait(arg);
    return NULL;
}

static void test_threads_have_names(void **state DGL_UNUSED)
{
    struct dgl_latch go = DGL_LATCH_INIT;
    struct dgl_error err = DGL_ERROR_INIT;
    char name[16] = "";
    pthread_t thread;
    assert_ok(dgl_thread_start(&thread, "fifteen-letters", stay, &go, &err), err);
    pthread_getname_np(thread, name, sizeof name);
    dgl_latch_open(&go);
    pthread_join(thread, NULL);
    assert_string_equal(name, "fifteen-letters");
}

static void test_a_latch_that_is_open_already(void **state DGL_UNUSED)
{
    struct dgl_latch l = DGL_LATCH_INIT;
    dgl_latch_open(&l);
    dgl_latch_wait(&l);
}

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool is_rung;
};

static void *ring(void *arg)
{
    struct bell *b = arg;
    pthread_mutex_lock(&b->lock);
    b->is_rung = true;
    pthread_cond_signal(&b->rung);
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

static void test_waits_end(void **state DGL_UNUSED)
{
    struct bell b = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct dgl_error err = DGL_ERROR_INIT;
    pthread_t thread;
    int64_t before_us = dgl_clock_mono_us(dgl_clock_system()), deadline_us = dgl_wait_deadline_us(20000);
    dgl_cond_init(&b.rung);
    pthread_mutex_lock(&b.lock);
    assert_false(dgl_cond_wait_until(&b.rung, &b.lock, -5)); // long past
    while (dgl_cond_wait_until(&b.rung, &b.lock, deadline_us))
        ;
    assert_true(dgl_clock_mono_us(dgl_clock_system()) >= before_us + 20000); // not too early
    assert_ok(dgl_thread_start(&thread, "rings", ring, &b, &err), err);
    bool in_time = true;
    while (!b.is_rung && in_time)
        in_time = dgl_cond_wait_until(&b.rung, &b.lock, dgl_wait_deadline_us(INT64_MAX)); // for ever
    pthread_mutex_unlock(&b.lock);
    pthread_join(thread, NULL);
    assert_true(b.is_rung && in_time);
    pthread_cond_destroy(&b.rung);
    pthread_mutex_destroy(&b.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_take_no_signals),
        cmocka_unit_test(test_threads_have_names),
        cmocka_unit_test(test_a_latch_that_is_open_already),
        cmocka_unit_test(test_waits_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
