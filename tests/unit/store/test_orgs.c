// A disabled organization: nothing of it runs, nothing of it is lost, and enabling takes it up where it was.
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define HOUR_US (INT64_C(3600) * DGL_US_PER_S)

static void set_disabled(struct fixture *f, bool disabled)
{
    assert_ok(f, dgl_store_org_set_disabled(f->store, f->org.s, disabled, &f->err));
}

static int64_t disabled_at(struct fixture *f)
{
    struct dgl_org org;
    assert_ok(f, dgl_store_org_get(f->store, f->arena, f->org.s, &org, &f->err));
    return org.disabled_at_us;
}

static void test_said_twice(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(disabled_at(f), 0);
    set_disabled(f, false);
    set_disabled(f, true);
    dgl_clock_advance(f->clock, HOUR_US);
    set_disabled(f, true);
    assert_int_equal(disabled_at(f), START_US);
    set_disabled(f, false);
    assert_int_equal(disabled_at(f), 0);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_org_set_disabled(f->store, "nobody", true, &f->err));
}

static void add_session(struct fixture *f, const char *user, enum dgl_status wanted)
{
    struct dgl_session n = {.created_at_us = START_US, .expires_at_us = START_US + 100 * HOUR_US};
    memset(n.token_hash, 5, sizeof n.token_hash);
    memcpy(n.org, f->org.s, sizeof n.org);
    snprintf(n.user, sizeof n.user, "%s", user);
    fixture_check(f, dgl_store_session_create(f->store, &n, &f->err), wanted, "session", __FILE__, __LINE__);
}

static enum dgl_status get_session(struct fixture *f)
{
    unsigned char hash[32];
    struct dgl_session n;
    struct dgl_user u;
    memset(hash, 5, sizeof hash);
    return dgl_store_session_get(f->store, f->arena, hash, &n, &u, &f->err);
}

static void test_sessions_end(void **state)
{
    struct fixture *f = *state;
    struct dgl_user u = {.email = "a@x", .name = "N", .password_hash = "hash", .role = DGL_ROLE_ADMIN};
    struct dgl_id id;
    memcpy(u.org, f->org.s, sizeof u.org);
    assert_ok(f, dgl_store_user_create(f->store, &u, &id, &f->err));
    add_session(f, id.s, DGL_OK);
    assert_ok(f, get_session(f));
    set_disabled(f, true);
    assert_fails(f, DGL_E_NOT_FOUND, get_session(f));
    add_session(f, id.s, DGL_E_NOT_FOUND);
    set_disabled(f, false);
    assert_fails(f, DGL_E_NOT_FOUND, get_session(f)); // it ended
    add_session(f, id.s, DGL_OK);
    assert_ok(f, get_session(f));
}

static void test_documents_wait(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_claim *claims;
    struct dgl_delivery_due *due;
    struct dgl_store_stats stats;
    struct dgl_document_row row;
    struct dgl_id done = finished_document(f, NULL, NULL), running = accept_own(f);
    assert_int_equal(claim(f, 1, 0, &claims), 1);
    struct dgl_id waiting = accept_own(f), other = make_org(f, "Bravo"), theirs = make_template(f, other.s, "T");
    set_disabled(f, true);
    struct dgl_id goes_on = accept_job(f, other.s, theirs.s);
    assert_int_equal(claim(f, 10, 0, &claims), 1);
    assert_string_equal(claims[0].id, goes_on.s);
    finish_job(f, goes_on.s, true, &due);
    finish_job(f, running.s, true, &due); // what was under way ends well
    dgl_store_stats(f->store, &stats);
    assert_int_equal(stats.queued_documents, 0);
    assert_int_equal(stats.oldest_queued_age_us, 0);
    assert_fails(f, DGL_E_FORBIDDEN, dgl_store_document_for_link(f->store, f->arena, done.s, &row, &f->err));
    assert_string_equal(dgl_error_slug(&f->err), "organization_disabled");
    set_disabled(f, false);
    assert_int_equal(claim(f, 10, 0, &claims), 1);
    assert_string_equal(claims[0].id, waiting.s);
    assert_ok(f, dgl_store_document_for_link(f->store, f->arena, done.s, &row, &f->err));
}

struct counted {
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool is_over;
    int64_t count;
};

static void on_counted(void *arg, enum dgl_status status, int64_t count, const struct dgl_error *err)
{
    struct counted *c = arg;
    (void)err;
    pthread_mutex_lock(&c->lock);
    c->count = status == DGL_OK ? count : -1;
    c->is_over = true;
    pthread_cond_signal(&c->over);
    pthread_mutex_unlock(&c->lock);
}

static int64_t expire(struct fixture *f, int64_t queue, int64_t before_us)
{
    struct counted c = {.lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER};
    dgl_store_queue_expire_async(f->store, queue, before_us, "endpoint unavailable", on_counted, &c);
    pthread_mutex_lock(&c.lock);
    while (!c.is_over)
        pthread_cond_wait(&c.over, &c.lock);
    pthread_mutex_unlock(&c.lock);
    return c.count;
}

// Queues with something due, and deliveries due in the first of them.
static void look(struct fixture *f, int64_t queue, size_t *ret_queues, size_t *ret_due)
{
    struct dgl_queue_due *queues;
    struct dgl_delivery_due *due;
    int64_t after, now_us = dgl_clock_now_us(f->clock);
    bool more;
    assert_ok(f, dgl_store_queues_due(f->store, f->arena, now_us, INT64_MIN, 10, &queues, ret_queues, &after, &more,
                                      &f->err));
    assert_ok(f, dgl_store_queue_due(f->store, f->arena, queue, now_us, 10, &due, ret_due, &f->err));
}

// Two queues of the one that is disabled, one of the other.
static void test_only_what_may_go_out_is_pending(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *due;
    struct dgl_job_claim *claimed;
    struct dgl_store_stats stats;
    size_t count;
    struct dgl_id other = make_org(f, "Other"), template = make_template(f, other.s, "Letter");
    put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    put_endpoint(f, f->org.s, false, "https://b.example/", NULL);
    put_endpoint(f, other.s, true, "https://a.example/", NULL);
    finished_document(f, &due, &count);
    finished_document(f, &due, &count);
    accept_job(f, other.s, template.s);
    assert_int_equal(claim(f, 1, 0, &claimed), 1);
    assert_int_equal(finish_job(f, claimed[0].id, true, &due), 1);
    dgl_store_stats(f->store, &stats);
    assert_int_equal(stats.pending_deliveries, 5);
    set_disabled(f, true);
    dgl_store_stats(f->store, &stats);
    assert_int_equal(stats.pending_deliveries, 1);
}

static void test_deliveries_wait(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *due;
    struct dgl_endpoint_row e;
    struct dgl_store_stats stats;
    size_t count, queues;
    struct dgl_id endpoint = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    finished_document(f, &due, &count);
    assert_int_equal(count, 1);
    struct dgl_attempt_result r = attempt_of(due[0].id, 1, DGL_DELIVERY_PENDING, 503);
    assert_ok(f, record_attempt(f, &r));
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, endpoint.s, &e, &f->err));
    assert_true(e.failing_since_us > 0);
    set_disabled(f, true);
    dgl_clock_advance(f->clock, 1000 * HOUR_US);
    look(f, due[0].queue, &queues, &count);
    assert_int_equal(queues, 0);
    assert_int_equal(count, 0);
    int64_t now_us = dgl_clock_now_us(f->clock);
    assert_int_equal(expire(f, due[0].queue, now_us), 0);
    dgl_store_stats(f->store, &stats);
    assert_int_equal(stats.pending_deliveries, 0);
    set_disabled(f, false);
    look(f, due[0].queue, &queues, &count);
    assert_int_equal(queues, 1);
    assert_int_equal(count, 1);
    assert_int_equal(expire(f, due[0].queue, now_us), 0); // its schedule counts from here
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, endpoint.s, &e, &f->err));
    assert_int_equal(e.failing_since_us, 0);
    dgl_clock_advance(f->clock, HOUR_US);
    assert_int_equal(expire(f, due[0].queue, now_us + 1), 1);
}

static void test_listeners_are_kept(void **state)
{
    struct fixture *f = *state;
    struct dgl_endpoint_row e;
    struct dgl_id listener;
    bool more;
    assert_ok(f, dgl_store_listener_open(f->store, f->org.s, "laptop", &listener, &f->err));
    set_disabled(f, true);
    dgl_clock_advance(f->clock, 100 * HOUR_US);
    assert_ok(f, dgl_store_prune(f->store, 0, 100, &more, &f->err));
    set_disabled(f, false);
    assert_ok(f, dgl_store_prune(f->store, 0, 100, &more, &f->err));
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, listener.s, &e, &f->err));
    dgl_clock_advance(f->clock, 25 * HOUR_US);
    do
        assert_ok(f, dgl_store_prune(f->store, 0, 100, &more, &f->err));
    while (more);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_endpoint_get(f->store, f->arena, f->org.s, listener.s, &e, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_said_twice, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_sessions_end, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_documents_wait, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_only_what_may_go_out_is_pending, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_deliveries_wait, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_listeners_are_kept, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
