// Endpoints, secrets, deliveries, attempts, and their pruning.
#include "fixture.h"
#include "server/store/sqlite/bounds.h"

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

static void test_due_pages(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *due;
    char ids[12][40];
    size_t count, seen = 0;
    put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    for (int i = 0; i < 12; i++) {
        memcpy(ids[i], deliver(f).id, 40);
        if (i % 4 == 3)
            dgl_clock_advance(f->clock, 10); // four of each moment
    }
    struct dgl_attempt_result r = attempt_of(ids[5], 1, DGL_DELIVERY_SUCCEEDED, 200);
    assert_ok(f, record_attempt(f, &r));
    int64_t after_us = 0;
    char after[40] = "";
    do {
        assert_ok(f, dgl_store_deliveries_due(f->store, f->arena, START_US + 10, after_us, after[0] ? after : NULL, 3,
                                              &due, &count, &f->err));
        for (size_t i = 0; i < count; i++, seen++)
            assert_string_equal(due[i].id, ids[seen < 5 ? seen : seen + 1]);
        if (count) {
            after_us = due[count - 1].due_at_us;
            memcpy(after, due[count - 1].id, sizeof after);
            assert_string_equal(due[0].url, "https://a.example/");
        }
    } while (count == 3);
    assert_int_equal(seen, 7); // two moments, less the one that succeeded
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
        CASE(test_due_pages),
        CASE(test_lists),
        CASE(test_prune),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
