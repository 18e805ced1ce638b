// Endpoints, secrets, deliveries, attempts, and their pruning.
#include "fixture.h"

#include "server/store/sqlite/bounds.h"
#include "server/store/sqlite/sql.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct dgl_delivery_due deliver(struct fixture *f)
{
    struct dgl_delivery_due *due;
    size_t count;
    finished_document(f, &due, &count);
    assert_int_equal(count, 1);
    return due[0];
}

static struct dgl_delivery_row load(struct fixture *f, const char *id)
{
    struct dgl_delivery_row w;
    assert_ok(f, dgl_store_delivery_load(f->store, f->arena, id, &w, &f->err));
    return w;
}

static void test_organization_endpoint(void **state)
{
    struct fixture *f = *state;
    struct dgl_endpoint_row e, *rows;
    size_t count;
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_endpoint_organization(f->store, f->arena, f->org.s, &e, &f->err));
    struct dgl_id id = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    assert_ok(f, dgl_store_endpoint_set_state(f->store, f->org.s, id.s, DGL_ENDPOINT_DISABLED, "410", &f->err));
    assert_ok(f, dgl_store_endpoint_organization(f->store, f->arena, f->org.s, &e, &f->err));
    assert_int_equal(e.state, DGL_ENDPOINT_DISABLED);
    assert_string_equal(e.state_reason, "410");
    assert_string_equal(put_endpoint(f, f->org.s, true, "https://a.example/", NULL).s, id.s); // the same: stays
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, id.s, &e, &f->err));
    assert_int_equal(e.state, DGL_ENDPOINT_DISABLED);
    assert_string_equal(put_endpoint(f, f->org.s, true, "https://b.example/", NULL).s, id.s);
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, id.s, &e, &f->err));
    assert_int_equal(e.state, DGL_ENDPOINT_ENABLED);
    assert_string_equal(e.url, "https://b.example/");
    assert_ok(f, dgl_store_endpoint_list(f->store, f->arena, f->org.s, &rows, &count, &f->err));
    assert_int_equal(count, 1);
    assert_ok(f, dgl_store_endpoint_delete(f->store, f->org.s, id.s, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_endpoint_organization(f->store, f->arena, f->org.s, &e, &f->err));
    assert_string_not_equal(put_endpoint(f, f->org.s, true, "https://c.example/", NULL).s, id.s);
}

static void test_too_many_endpoints(void **state)
{
    struct fixture *f = *state;
    struct dgl_endpoint_row e = {.url = "https://a.example/"};
    struct dgl_id id;
    for (int i = 0; i < DGL_STORE_ENDPOINTS_MAX; i++)
        put_endpoint(f, f->org.s, false, "https://a.example/", NULL);
    memcpy(e.org, f->org.s, sizeof e.org);
    assert_fails(f, DGL_E_CONFLICT, dgl_store_endpoint_put(f->store, &e, &id, &f->err));
}

static void test_secrets(void **state)
{
    struct fixture *f = *state;
    struct dgl_secret_row n = {.sealed = "one", .sealed_len = 3}, *rows;
    size_t count;
    memcpy(n.org, f->org.s, sizeof n.org);
    assert_ok(f, dgl_store_secret_add(f->store, &n, 0, &f->err));
    n.sealed = "two";
    assert_ok(f, dgl_store_secret_add(f->store, &n, START_US + 100, &f->err));
    assert_ok(f, dgl_store_secret_list(f->store, f->arena, f->org.s, "", &rows, &count, &f->err));
    assert_int_equal(count, 2);
    assert_memory_equal(rows[0].sealed, "two", 3);
    assert_int_equal(rows[0].expires_at_us, 0);
    assert_int_equal(rows[1].expires_at_us, START_US + 100);
    dgl_clock_advance(f->clock, 100);
    assert_ok(f, dgl_store_secret_list(f->store, f->arena, f->org.s, "", &rows, &count, &f->err));
    assert_int_equal(count, 1);
    snprintf(n.endpoint, sizeof n.endpoint, "nothing");
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_secret_add(f->store, &n, 0, &f->err));
    struct dgl_id e = put_endpoint(f, f->org.s, false, "https://a.example/", NULL);
    memcpy(n.endpoint, e.s, sizeof n.endpoint);
    assert_ok(f, dgl_store_secret_add(f->store, &n, 0, &f->err));
    assert_ok(f, dgl_store_secret_list(f->store, f->arena, f->org.s, e.s, &rows, &count, &f->err));
    assert_int_equal(count, 1);
}

static void test_attempts(void **state)
{
    struct fixture *f = *state;
    struct dgl_attempt_row *rows;
    struct dgl_endpoint_row e;
    size_t count;
    struct dgl_id endpoint = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    struct dgl_delivery_due due = deliver(f);
    struct dgl_attempt_result r = attempt_of(due.id, 1, DGL_DELIVERY_PENDING, 503);
    assert_ok(f, record_attempt(f, &r));
    struct dgl_delivery_row w = load(f, due.id);
    assert_int_equal(w.status, DGL_DELIVERY_PENDING);
    assert_int_equal(w.attempts, 1);
    assert_int_equal(w.scheduled_attempts, 1);
    assert_int_equal(w.next_attempt_at_us, START_US + 60 * DGL_US_PER_S);
    assert_int_equal(w.last_http_status, 503);
    assert_string_equal(w.last_error, "answered");
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, endpoint.s, &e, &f->err));
    assert_int_equal(e.failing_since_us, START_US + 1);
    assert_fails(f, DGL_E_CONFLICT, record_attempt(f, &r)); // the same number twice
    r = attempt_of(due.id, 2, DGL_DELIVERY_SUCCEEDED, 200);
    assert_ok(f, record_attempt(f, &r));
    w = load(f, due.id);
    assert_int_equal(w.status, DGL_DELIVERY_SUCCEEDED);
    assert_int_equal(w.finished_at_us, START_US);
    assert_null(w.last_error);
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, endpoint.s, &e, &f->err));
    assert_int_equal(e.failing_since_us, 0);
    assert_ok(f, dgl_store_attempt_list(f->store, f->arena, f->org.s, due.id, &rows, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].number, 1);
    assert_int_equal(rows[0].http_status, 503);
    assert_int_equal(rows[1].number, 2);
    assert_int_equal(rows[1].answer_body_len, 7);
    assert_memory_equal(rows[1].answer_body, "ok\0more", 7);
    assert_int_equal(rows[1].tls_us, 3);
    assert_string_equal(rows[1].delivery, due.id);
    r = attempt_of("msg_none", 1, DGL_DELIVERY_SUCCEEDED, 200);
    assert_fails(f, DGL_E_NOT_FOUND, record_attempt(f, &r));
    r = attempt_of(due.id, 0, DGL_DELIVERY_SUCCEEDED, 200);
    assert_fails(f, DGL_E_LIMIT, record_attempt(f, &r));
}

static void test_dropped_and_sent_again(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due again;
    put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    struct dgl_delivery_due due = deliver(f);
    struct dgl_attempt_result r = attempt_of(due.id, 1, DGL_DELIVERY_DROPPED, 500);
    r.reason = "all attempts failed";
    assert_ok(f, record_attempt(f, &r));
    struct dgl_delivery_row w = load(f, due.id);
    assert_int_equal(w.status, DGL_DELIVERY_DROPPED);
    assert_string_equal(w.reason, "all attempts failed");
    put_endpoint(f, f->org.s, true, "https://moved.example/", NULL);
    assert_string_equal(load(f, due.id).url, "https://a.example/"); // where it went
    dgl_clock_advance(f->clock, 500);
    assert_ok(f, dgl_store_delivery_redeliver(f->store, f->arena, f->org.s, due.id, &again, &f->err));
    assert_string_equal(again.id, due.id);
    assert_string_equal(again.url, "https://moved.example/");
    assert_int_equal(again.due_at_us, START_US + 500);
    assert_int_equal(again.attempts, 1);
    w = load(f, due.id);
    assert_int_equal(w.status, DGL_DELIVERY_PENDING);
    assert_int_equal(w.scheduled_attempts, 0);
    assert_int_equal(w.finished_at_us, 0);
    assert_null(w.reason);
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_delivery_redeliver(f->store, f->arena, f->org.s, "msg_none", &again, &f->err));
}

static void test_disabling_cancels_what_waits(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due again;
    struct dgl_endpoint_row e;
    struct dgl_id endpoint = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    struct dgl_delivery_due first = deliver(f), second = deliver(f);
    struct dgl_attempt_result r = attempt_of(first.id, 1, DGL_DELIVERY_DROPPED, 410);
    r.reason = "the endpoint answered 410 Gone";
    r.disable_endpoint = true;
    assert_ok(f, record_attempt(f, &r));
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, endpoint.s, &e, &f->err));
    assert_int_equal(e.state, DGL_ENDPOINT_DISABLED);
    make_org(f, "barrier"); // the sweep is queued right after the attempt; a later write comes after it
    struct dgl_delivery_row w = load(f, second.id);
    assert_int_equal(w.status, DGL_DELIVERY_CANCELED);
    assert_string_equal(w.reason, "the endpoint was disabled: the endpoint answered 410 Gone");
    assert_fails(f, DGL_E_CONFLICT,
                 dgl_store_delivery_redeliver(f->store, f->arena, f->org.s, second.id, &again, &f->err));
    assert_string_equal(dgl_error_slug(&f->err), "endpoint_disabled");
    assert_ok(f, dgl_store_endpoint_set_state(f->store, f->org.s, endpoint.s, DGL_ENDPOINT_ENABLED, NULL, &f->err));
    assert_ok(f, dgl_store_delivery_redeliver(f->store, f->arena, f->org.s, second.id, &again, &f->err));
    assert_ok(f, dgl_store_endpoint_delete(f->store, f->org.s, endpoint.s, &f->err));
    assert_int_equal(load(f, second.id).status, DGL_DELIVERY_CANCELED);
    r = attempt_of(second.id, 1, DGL_DELIVERY_PENDING, 503); // was under way
    assert_ok(f, record_attempt(f, &r));
    assert_int_equal(load(f, second.id).status, DGL_DELIVERY_CANCELED);
    r = attempt_of(second.id, 2, DGL_DELIVERY_SUCCEEDED, 200);
    assert_ok(f, record_attempt(f, &r));
    assert_int_equal(load(f, second.id).status, DGL_DELIVERY_SUCCEEDED);
}

static void test_sweep_goes_on_after_the_first_batch(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    struct dgl_store_stats stats;
    struct dgl_id endpoint = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    for (int i = 0; i < DGL_STORE_SWEEP_MAX + 40; i++)
        accept_own(f);
    for (size_t n; (n = claim(f, 64, 0, &c)) > 0;)
        for (size_t i = 0; i < n; i++)
            assert_int_equal(finish_job(f, c[i].id, true, &due), 1);
    assert_ok(f, dgl_store_endpoint_delete(f->store, f->org.s, endpoint.s, &f->err));
    make_org(f, "barrier");
    dgl_store_stats(f->store, &stats);
    assert_int_equal(stats.pending_deliveries, 0);
}

static void test_due_by_queue(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *due, *fan;
    struct dgl_queue_due *queues;
    size_t count;
    int64_t after = INT64_MIN;
    bool more;
    char ids[12][40];
    struct dgl_id a = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    for (int i = 0; i < 12; i++) {
        memcpy(ids[i], deliver(f).id, 40);
        if (i % 4 == 3)
            dgl_clock_advance(f->clock, 10); // four of each moment
    }
    struct dgl_id b = put_endpoint(f, f->org.s, false, "https://b.example/", NULL);
    finished_document(f, &fan, &count);
    assert_int_equal(count, 2);
    assert_true(fan[0].queue != fan[1].queue);
    struct dgl_attempt_result r = attempt_of(ids[5], 1, DGL_DELIVERY_SUCCEEDED, 200);
    assert_ok(f, record_attempt(f, &r));
    // Queues, one page each.
    assert_ok(
        f, dgl_store_queues_due(f->store, f->arena, START_US + 100, after, 1, &queues, &count, &after, &more, &f->err));
    assert_int_equal(count, 1);
    assert_string_equal(queues[0].endpoint, a.s);
    assert_string_equal(queues[0].org, f->org.s);
    assert_int_equal(queues[0].due_at_us, START_US);
    assert_true(more);
    assert_ok(
        f, dgl_store_queues_due(f->store, f->arena, START_US + 100, after, 5, &queues, &count, &after, &more, &f->err));
    assert_int_equal(count, 1);
    assert_string_equal(queues[0].endpoint, b.s);
    assert_false(more);
    assert_ok(f, dgl_store_queues_due(f->store, f->arena, START_US - 1, INT64_MIN, 5, &queues, &count, &after, &more,
                                      &f->err));
    assert_int_equal(count, 0);
    // One queue's, in order, up to a moment.
    assert_ok(f, dgl_store_queue_due(f->store, f->arena, fan[0].queue, START_US + 10, 100, &due, &count, &f->err));
    assert_int_equal(count, 7); // two moments, less the one that succeeded
    for (size_t i = 0; i < count; i++)
        assert_string_equal(due[i].id, ids[i < 5 ? i : i + 1]);
    assert_string_equal(due[0].url, "https://a.example/");
    assert_ok(f, dgl_store_queue_due(f->store, f->arena, fan[0].queue, START_US + 99, 3, &due, &count, &f->err));
    assert_int_equal(count, 3);
}

static struct dgl_delivery_due deliver_to(struct fixture *f, const char *url)
{
    struct dgl_job_new job = new_job(f, f->org.s, f->template.s);
    struct dgl_job_accepted accepted;
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    job.webhook_url = url;
    assert_ok(f, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    assert_int_equal(claim(f, 1, 0, &c), 1);
    assert_int_equal(finish_job(f, c[0].id, true, &due), 1);
    return due[0];
}

static void test_origins_are_queues(void **state)
{
    struct fixture *f = *state;
    int64_t a = deliver_to(f, "https://a.example/1").queue;
    assert_true(a < 0);
    assert_int_equal(deliver_to(f, "https://a.example/2?x=https://b.example").queue, a);
    assert_int_equal(deliver_to(f, "HTTPS://A.example:443#z").queue, a);
    assert_int_equal(deliver_to(f, "https://a.example./").queue, a);
    assert_true(deliver_to(f, "https://a.example:8443/").queue != a);
    assert_true(deliver_to(f, "http://a.example/").queue != a);
    assert_true(deliver_to(f, "https://b.example/").queue != a);
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

static void test_expiry(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due again;
    put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    struct dgl_delivery_due old = deliver(f), retried = deliver(f), resent = deliver(f), waiting = deliver(f);
    struct dgl_attempt_result r = attempt_of(retried.id, 1, DGL_DELIVERY_PENDING, 503); // again in a minute
    assert_ok(f, record_attempt(f, &r));
    dgl_clock_advance(f->clock, 100 * DGL_US_PER_S);
    assert_ok(f, dgl_store_delivery_redeliver(f->store, f->arena, f->org.s, resent.id, &again, &f->err));
    r = attempt_of(waiting.id, 1, DGL_DELIVERY_PENDING, 503);
    r.attempt.next_attempt_at_us = START_US + 200 * DGL_US_PER_S;
    assert_ok(f, record_attempt(f, &r));
    struct dgl_delivery_due young = deliver(f);
    assert_int_equal(expire(f, old.queue, START_US), 0);
    assert_int_equal(expire(f, old.queue, START_US + 50 * DGL_US_PER_S), 2);
    assert_int_equal(load(f, old.id).status, DGL_DELIVERY_DROPPED);
    assert_string_equal(load(f, old.id).reason, "endpoint unavailable");
    assert_string_equal(load(f, old.id).last_error, "endpoint unavailable");
    assert_int_equal(load(f, retried.id).status, DGL_DELIVERY_DROPPED);
    assert_int_equal(load(f, resent.id).status, DGL_DELIVERY_PENDING);  // by hand, just now
    assert_int_equal(load(f, waiting.id).status, DGL_DELIVERY_PENDING); // not due
    assert_int_equal(load(f, young.id).status, DGL_DELIVERY_PENDING);
}

static void test_redeliver_range(void **state)
{
    struct fixture *f = *state;
    int64_t count;
    bool more;
    struct dgl_id a = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    char ids[6][40];
    for (int i = 0; i < 6; i++) {
        memcpy(ids[i], deliver(f).id, 40);
        struct dgl_attempt_result r =
            attempt_of(ids[i], 1, i == 3 ? DGL_DELIVERY_SUCCEEDED : DGL_DELIVERY_DROPPED, 500);
        assert_ok(f, record_attempt(f, &r));
        dgl_clock_advance(f->clock, 10);
    }
    struct dgl_redeliver_range range = {.since_us = START_US + 10,
                                        .until_us = START_US + 50, // not the last
                                        .status = DGL_DELIVERY_DROPPED,
                                        .max = 10,
                                        .per_s = 100,
                                        .dry_run = true};
    assert_ok(f, dgl_store_deliveries_redeliver(f->store, f->org.s, &range, &count, &more, &f->err));
    assert_int_equal(count, 3);
    assert_false(more);
    assert_int_equal(load(f, ids[1]).status, DGL_DELIVERY_DROPPED);
    range.max = 2;
    range.dry_run = false;
    assert_ok(f, dgl_store_deliveries_redeliver(f->store, f->org.s, &range, &count, &more, &f->err));
    assert_true(more);
    assert_int_equal(load(f, ids[1]).status, DGL_DELIVERY_DROPPED);
    range.max = 3;
    range.endpoint = a.s;
    assert_ok(f, dgl_store_deliveries_redeliver(f->store, f->org.s, &range, &count, &more, &f->err));
    assert_int_equal(count, 3);
    static const int sent[] = {1, 2, 4};
    for (int i = 0; i < 3; i++) {
        struct dgl_delivery_row w = load(f, ids[sent[i]]);
        assert_int_equal(w.status, DGL_DELIVERY_PENDING);
        assert_int_equal(w.next_attempt_at_us, START_US + 60 + i * 10000);
        assert_int_equal(w.scheduled_attempts, 0);
    }
    assert_int_equal(load(f, ids[0]).status, DGL_DELIVERY_DROPPED);
    assert_int_equal(load(f, ids[5]).status, DGL_DELIVERY_DROPPED);
    range.status = DGL_DELIVERY_SUCCEEDED;
    range.dry_run = true;
    assert_ok(f, dgl_store_deliveries_redeliver(f->store, f->org.s, &range, &count, &more, &f->err));
    assert_int_equal(count, 1);
    range.endpoint = NULL;
    assert_ok(f, dgl_store_deliveries_redeliver(f->store, f->org.s, &range, &count, &more, &f->err));
    assert_int_equal(count, 1);
    struct dgl_id other = make_org(f, "other");
    assert_ok(f, dgl_store_deliveries_redeliver(f->store, other.s, &range, &count, &more, &f->err));
    assert_int_equal(count, 0);
    assert_ok(f, dgl_store_endpoint_set_state(f->store, f->org.s, a.s, DGL_ENDPOINT_DISABLED, "no", &f->err));
    assert_ok(f, dgl_store_deliveries_redeliver(f->store, f->org.s, &range, &count, &more, &f->err));
    assert_int_equal(count, 0);
}

// ---- health

static void test_failing_for_too_long(void **state)
{
    struct fixture *f = *state;
    struct dgl_endpoint_row e;
    const int64_t hour = 3600 * DGL_US_PER_S;
    struct dgl_id id = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    struct dgl_delivery_due due = deliver(f), waiting = deliver(f);
    static const struct {
        int64_t hours;
        enum dgl_endpoint_notice notice;
    } cases[] = {{0, DGL_NOTICE_NONE},   {95, DGL_NOTICE_NONE},  {96, DGL_NOTICE_FAILING},
                 {100, DGL_NOTICE_NONE}, {119, DGL_NOTICE_NONE}, {120, DGL_NOTICE_DISABLED}};
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        enum dgl_endpoint_notice notice = DGL_NOTICE_NONE;
        struct dgl_attempt_result r = attempt_of(due.id, (int64_t)i + 1, DGL_DELIVERY_PENDING, 500);
        r.attempt.started_at_us = START_US + cases[i].hours * hour;
        r.disable_after_us = 120 * hour;
        r.notice_after_us = 96 * hour;
        r.ret_notice = &notice;
        assert_ok(f, record_attempt(f, &r));
        assert_int_equal(notice, cases[i].notice);
    }
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, id.s, &e, &f->err));
    assert_int_equal(e.state, DGL_ENDPOINT_DISABLED);
    assert_string_equal(e.state_reason, "every attempt since 2023-11-14T22:13:20Z failed");
    assert_int_equal(e.last_failure_at_us, START_US + 120 * hour);
    make_org(f, "barrier"); // the sweep's write is before it
    assert_int_equal(load(f, waiting.id).status, DGL_DELIVERY_CANCELED);
    assert_ok(f, dgl_store_endpoint_set_state(f->store, f->org.s, id.s, DGL_ENDPOINT_ENABLED, NULL, &f->err));
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, id.s, &e, &f->err));
    assert_int_equal(e.failing_since_us, 0);
}

static void test_health(void **state)
{
    struct fixture *f = *state;
    struct dgl_endpoint_health h;
    struct dgl_id id = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    assert_ok(f, dgl_store_endpoint_health(f->store, f->org.s, id.s, 0, 500, &h, &f->err));
    assert_int_equal(h.attempts, 0);
    assert_int_equal(h.p95_us, 0);
    for (int i = 0; i < 20; i++) {
        struct dgl_attempt_result r =
            attempt_of(deliver(f).id, 1, i % 4 ? DGL_DELIVERY_SUCCEEDED : DGL_DELIVERY_PENDING, i % 4 ? 200 : 500);
        r.attempt.started_at_us = START_US + i;
        r.attempt.total_us = (i + 1) * 1000;
        r.attempt.outcome = "answered";
        assert_ok(f, record_attempt(f, &r));
    }
    assert_ok(f, dgl_store_endpoint_health(f->store, f->org.s, id.s, 0, 500, &h, &f->err));
    assert_int_equal(h.attempts, 20);
    assert_int_equal(h.succeeded, 15);
    assert_int_equal(h.p50_us, 10000);
    assert_int_equal(h.p95_us, 19000);
    assert_int_equal(h.last_success_at_us, START_US + 19);
    assert_int_equal(h.last_failure_at_us, START_US + 16);
    assert_int_equal(h.pending, 5);
    assert_int_equal(h.oldest_pending_at_us, START_US);
    struct dgl_id other = make_org(f, "other");
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_endpoint_health(f->store, other.s, id.s, 0, 500, &h, &f->err));
}

// ---- listeners

static void test_listener(void **state)
{
    struct fixture *f = *state;
    struct dgl_id id, again;
    struct dgl_delivery_due *fan;
    struct dgl_queue_due *queues;
    struct dgl_delivery_row *rows;
    struct dgl_listener_position *at, start = {0};
    size_t count;
    int64_t after;
    bool more;
    assert_ok(f, dgl_store_listener_open(f->store, f->org.s, "me@here", &id, &f->err));
    assert_ok(f, dgl_store_listener_open(f->store, f->org.s, "me@here", &again, &f->err));
    assert_string_equal(id.s, again.s);
    char ids[3][40];
    for (int i = 0; i < 3; i++) {
        finished_document(f, &fan, &count);
        assert_int_equal(count, 1);
        assert_true(fan[0].is_listener);
        assert_string_equal(fan[0].endpoint, id.s);
        memcpy(ids[i], fan[0].id, 40);
    }
    assert_ok(
        f, dgl_store_queues_due(f->store, f->arena, INT64_MAX, INT64_MIN, 5, &queues, &count, &after, &more, &f->err));
    assert_int_equal(count, 0); // not the dispatcher's
    assert_ok(f, dgl_store_listener_events(f->store, f->arena, f->org.s, id.s, start, 2, &rows, &at, &count, &f->err));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].id, ids[0]);
    assert_ok(f, dgl_store_listener_events(f->store, f->arena, f->org.s, id.s, at[1], 2, &rows, &at, &count, &f->err));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].id, ids[2]);
    struct dgl_attempt_result r = attempt_of(ids[1], 1, DGL_DELIVERY_SUCCEEDED, 200);
    assert_ok(f, record_attempt(f, &r));
    assert_ok(f, dgl_store_listener_events(f->store, f->arena, f->org.s, id.s, start, 9, &rows, &at, &count, &f->err));
    assert_int_equal(count, 2); // what was not reported
    // A cursor from a clock that was ahead passes nothing over.
    struct dgl_listener_position ahead = {START_US + 999, 1};
    finished_document(f, &fan, &count);
    assert_ok(f, dgl_store_listener_events(f->store, f->arena, f->org.s, id.s, ahead, 9, &rows, &at, &count, &f->err));
    assert_int_equal(count, 3);
    struct dgl_id other = make_org(f, "other");
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_listener_events(f->store, f->arena, other.s, id.s, start, 9, &rows, &at, &count, &f->err));
    // Nobody asks for a day: it goes, and what waits for it is canceled.
    dgl_clock_advance(f->clock, 23 * 3600 * DGL_US_PER_S);
    assert_ok(f, dgl_store_prune(f->store, 0, 500, &more, &f->err));
    assert_false(more);
    assert_ok(f, dgl_store_listener_events(f->store, f->arena, f->org.s, id.s, start, 9, &rows, &at, &count, &f->err));
    dgl_clock_advance(f->clock, 23 * 3600 * DGL_US_PER_S); // asking kept it
    assert_ok(f, dgl_store_prune(f->store, 0, 500, &more, &f->err));
    assert_false(more);
    dgl_clock_advance(f->clock, 2 * 3600 * DGL_US_PER_S);
    do
        assert_ok(f, dgl_store_prune(f->store, 0, 500, &more, &f->err));
    while (more);
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_listener_events(f->store, f->arena, f->org.s, id.s, start, 9, &rows, &at, &count, &f->err));
    assert_int_equal(load(f, ids[0]).status, DGL_DELIVERY_CANCELED);
    assert_int_equal(load(f, ids[1]).status, DGL_DELIVERY_SUCCEEDED);
}

static void test_listeners_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct dgl_id id;
    char name[16];
    for (int i = 0; i < DGL_STORE_LISTENERS_MAX; i++) {
        snprintf(name, sizeof name, "l%d", i);
        assert_ok(f, dgl_store_listener_open(f->store, f->org.s, name, &id, &f->err));
    }
    assert_fails(f, DGL_E_CONFLICT, dgl_store_listener_open(f->store, f->org.s, "one more", &id, &f->err));
    assert_ok(f, dgl_store_listener_open(f->store, f->org.s, "l3", &id, &f->err));
}

static void test_lists(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_row *rows;
    char next[DGL_CURSOR_LEN], cursor[DGL_CURSOR_LEN];
    size_t count;
    struct dgl_id endpoint = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    struct dgl_delivery_due due[5];
    for (int i = 0; i < 5; i++) {
        due[i] = deliver(f);
        dgl_clock_advance(f->clock, 1);
    }
    struct dgl_attempt_result r = attempt_of(due[2].id, 1, DGL_DELIVERY_SUCCEEDED, 200);
    assert_ok(f, record_attempt(f, &r));
    struct dgl_page_query page = {.limit = 3};
    assert_ok(f, dgl_store_delivery_list(f->store, f->arena, f->org.s, NULL, &page, &rows, &count, next, &f->err));
    assert_int_equal(count, 3);
    assert_string_equal(rows[0].id, due[4].id);
    memcpy(cursor, next, sizeof cursor);
    page.cursor = cursor;
    deliver(f);
    assert_ok(f, dgl_store_delivery_list(f->store, f->arena, f->org.s, NULL, &page, &rows, &count, next, &f->err));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].id, due[1].id);
    assert_string_equal(next, "");
    page.cursor = NULL;
    struct dgl_delivery_filter filter = {.status = DGL_DELIVERY_SUCCEEDED};
    assert_ok(f, dgl_store_delivery_list(f->store, f->arena, f->org.s, &filter, &page, &rows, &count, next, &f->err));
    assert_int_equal(count, 1);
    filter = (struct dgl_delivery_filter){.status = -1, .document = rows[0].document};
    assert_ok(f, dgl_store_delivery_list(f->store, f->arena, f->org.s, &filter, &page, &rows, &count, next, &f->err));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].id, due[2].id);
    filter = (struct dgl_delivery_filter){.status = -1, .endpoint = endpoint.s, .since_us = START_US + 3};
    assert_ok(f, dgl_store_delivery_list(f->store, f->arena, f->org.s, &filter, &page, &rows, &count, next, &f->err));
    assert_int_equal(count, 3);
    filter = (struct dgl_delivery_filter){.status = -1, .endpoint = f->org.s};
    assert_ok(f, dgl_store_delivery_list(f->store, f->arena, f->org.s, &filter, &page, &rows, &count, next, &f->err));
    assert_int_equal(count, 0);
}

static void test_prune(void **state)
{
    struct fixture *f = *state;
    struct dgl_attempt_row *attempts;
    struct dgl_delivery_row w;
    struct dgl_document_row d;
    const char **uris;
    size_t count;
    bool more = true;
    put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    struct dgl_delivery_due due[6];
    for (int i = 0; i < 6; i++)
        due[i] = deliver(f);
    for (int i = 0; i < 6; i++) {
        struct dgl_attempt_result r =
            attempt_of(due[i].id, 1, i == 1 ? DGL_DELIVERY_PENDING : DGL_DELIVERY_SUCCEEDED, 200);
        assert_ok(f, record_attempt(f, &r));
    }
    struct dgl_delivery_row first = load(f, due[0].id);
    assert_ok(f, dgl_store_document_delete(f->store, f->arena, f->org.s, first.document, &uris, &count, &f->err));
    dgl_clock_advance(f->clock, 100);
    struct dgl_delivery_due young = deliver(f);
    int rounds = 0;
    for (; more && rounds < 50; rounds++)
        assert_ok(f, dgl_store_prune(f->store, START_US + 50, 2, &more, &f->err));
    assert_true(rounds < 50);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_delivery_load(f->store, f->arena, due[5].id, &w, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_attempt_list(f->store, f->arena, f->org.s, due[0].id, &attempts, &count, &f->err));
    assert_int_equal(load(f, due[1].id).status, DGL_DELIVERY_PENDING); // passed over
    load(f, young.id);
    // Its deliveries are gone and its tombstone is old enough: now there never was such a document.
    assert_ok(f, dgl_store_prune(f->store, START_US + 50, 2, &more, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_for_link(f->store, f->arena, first.document, &d, &f->err));
}

static int64_t rows_of(struct fixture *f, const char *count_sql)
{
    int64_t rows;
    DGL_AUTO(conn) c = NULL;
    assert_ok(f, dgl_conn_open(f->path, true, &c, &f->err));
    DGL_AUTO_SQL q = dgl_sql(c, count_sql);
    assert_ok(f, dgl_sql_int(&q, -1, &rows, &f->err));
    return rows;
}

// What was deleted, revoked or is past its end leaves no row behind for ever.
static void test_prune_what_was_ended(void **state)
{
    static const char endpoints[] = "SELECT count(*) FROM endpoints", secrets[] = "SELECT count(*) FROM secrets",
                      keys[] = "SELECT count(*) FROM api_keys";
    struct fixture *f = *state;
    struct dgl_secret_row n = {.sealed = "one", .sealed_len = 3};
    struct dgl_api_key key = {.name = "k", .hash = {1}};
    struct dgl_id revoked, kept;
    bool more = true;
    memcpy(n.org, f->org.s, sizeof n.org);
    memcpy(key.org, f->org.s, sizeof key.org);
    assert_ok(f, dgl_store_secret_add(f->store, &n, 0, &f->err));
    assert_ok(f, dgl_store_secret_add(f->store, &n, START_US + 100, &f->err)); // the first ends then
    assert_ok(f, dgl_store_key_create(f->store, &key, &revoked, &f->err));
    key.hash[0] = 2;
    assert_ok(f, dgl_store_key_create(f->store, &key, &kept, &f->err));
    assert_ok(f, dgl_store_key_revoke(f->store, f->org.s, revoked.s, &f->err));
    struct dgl_id named = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    struct dgl_delivery_due due = deliver(f);
    struct dgl_attempt_result r = attempt_of(due.id, 1, DGL_DELIVERY_SUCCEEDED, 200);
    assert_ok(f, record_attempt(f, &r));
    struct dgl_id unnamed = put_endpoint(f, f->org.s, false, "https://b.example/", NULL);
    put_endpoint(f, f->org.s, false, "https://c.example/", NULL);
    assert_ok(f, dgl_store_endpoint_delete(f->store, f->org.s, named.s, &f->err));
    assert_ok(f, dgl_store_endpoint_delete(f->store, f->org.s, unnamed.s, &f->err));
    assert_ok(f, dgl_store_prune(f->store, START_US, 100, &more, &f->err)); // all of it is too young
    assert_int_equal(rows_of(f, endpoints), 3);
    assert_int_equal(rows_of(f, secrets), 2);
    assert_int_equal(rows_of(f, keys), 2);
    dgl_clock_advance(f->clock, 100);
    assert_ok(f, dgl_store_prune(f->store, 0, 100, &more, &f->err)); // the log is kept for ever
    assert_int_equal(rows_of(f, endpoints), 3);
    assert_int_equal(rows_of(f, secrets), 1);
    assert_int_equal(rows_of(f, keys), 2);
    int rounds = 0;
    for (more = true; more && rounds < 50; rounds++)
        assert_ok(f, dgl_store_prune(f->store, START_US + 50, 1, &more, &f->err));
    assert_true(rounds < 50);
    assert_int_equal(rows_of(f, endpoints), 1);
    assert_int_equal(rows_of(f, secrets), 1);
    assert_int_equal(rows_of(f, keys), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_organization_endpoint),
        CASE(test_too_many_endpoints),
        CASE(test_secrets),
        CASE(test_attempts),
        CASE(test_dropped_and_sent_again),
        CASE(test_disabling_cancels_what_waits),
        CASE(test_sweep_goes_on_after_the_first_batch),
        CASE(test_due_by_queue),
        CASE(test_origins_are_queues),
        CASE(test_expiry),
        CASE(test_redeliver_range),
        CASE(test_failing_for_too_long),
        CASE(test_health),
        CASE(test_listener),
        CASE(test_listeners_are_bounded),
        CASE(test_lists),
        CASE(test_prune),
        CASE(test_prune_what_was_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
