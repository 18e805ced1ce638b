// Accepting with idempotency, fair claiming, finishing with deliveries.
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct dgl_job_new keyed_job(struct fixture *f, const char *key, unsigned char body)
{
    struct dgl_job_new job = new_job(f, f->org.s, f->template.s);
    job.idempotency_key = key;
    memset(job.body_sha256, body, sizeof job.body_sha256);
    return job;
}

static void test_accept_and_claim(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_claim *c;
    struct dgl_document_row d;
    struct dgl_id id = accept_own(f);
    assert_ok(f, dgl_store_document_get(f->store, f->arena, f->org.s, id.s, &d, &f->err));
    assert_int_equal(d.status, DGL_DOCUMENT_QUEUED);
    assert_int_equal(d.created_at_us, START_US);
    assert_string_equal(d.template_name, "Invoice");
    assert_int_equal(claim(f, 10, 0, &c), 1);
    assert_string_equal(c[0].id, id.s);
    assert_string_equal(c[0].org, f->org.s);
    assert_string_equal(c[0].template_id, f->template.s);
    assert_int_equal(c[0].org_number, 1);
    assert_string_equal(c[0].blob_uri, "blob:o/template/t.v1.docx");
    assert_int_equal(c[0].template_sha256[31], 7);
    assert_string_equal(c[0].template_kind, "docx");
    assert_string_equal(c[0].time_zone, "UTC");
    assert_int_equal(c[0].formats, DGL_FORMAT_PDF);
    assert_int_equal(c[0].input_len, 12);
    assert_string_equal(c[0].input, "{\"name\":\"x\"}");
    assert_int_equal(c[0].tries, 1);
    assert_int_equal(claim(f, 10, 0, &c), 0);
}

static void test_accept_needs_the_template(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_accepted accepted;
    struct dgl_job_new job = new_job(f, f->org.s, f->org.s);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    job = new_job(f, f->org.s, f->template.s);
    job.template_version = 2;
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    assert_string_equal(f->err.field, "template_id");
    job.template_version = 1;
    job.input_len = DGL_INPUT_MAX_BYTES + 1;
    assert_fails(f, DGL_E_LIMIT, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    assert_string_equal(f->err.field, "input_json");
}

// They come with the claim as they were given, and go with the outcome.
static void test_pdf_options_end_with_the_job(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_accepted accepted;
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    size_t count;
    int64_t waiting;
    struct dgl_job_new job = new_job(f, f->org.s, f->template.s);
    job.pdf_options = "\x02\0sealed";
    job.pdf_options_len = 8;
    assert_ok(f, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    assert_ok(f, dgl_store_pdf_options_count(f->store, 2, &waiting, &f->err));
    assert_int_equal(waiting, 0);
    assert_ok(f, dgl_store_pdf_options_count(f->store, 3, &waiting, &f->err));
    assert_int_equal(waiting, 1);
    for (int try = 1; try <= 2; try++) {
        assert_int_equal(claim(f, 10, 0, &c), 1);
        assert_int_equal(c[0].pdf_options_len, 8);
        assert_memory_equal(c[0].pdf_options, "\x02\0sealed", 8);
        if (try == 1)
            assert_ok(f, dgl_store_job_requeue(f->store, c[0].id, &f->err));
    }
    struct dgl_job_finish finish = {.ok = true, .has_pdf_options = true};
    memcpy(finish.id, c[0].id, sizeof finish.id);
    assert_ok(f, dgl_store_job_finish(f->store, f->arena, &finish, &due, &count, &f->err));
    assert_ok(f, dgl_store_pdf_options_count(f->store, 3, &waiting, &f->err));
    assert_int_equal(waiting, 0);
    accept_own(f);
    assert_int_equal(claim(f, 10, 0, &c), 1);
    assert_null(c[0].pdf_options);
}

static void test_idempotency(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_accepted first, again;
    struct dgl_job_claim *c;
    struct dgl_job_new job = keyed_job(f, "order 7", 1), other = keyed_job(f, "order 7", 1);
    assert_ok(f, dgl_store_job_accept(f->store, &job, &first, &f->err));
    assert_false(first.replayed);
    dgl_clock_advance(f->clock, 86400 * DGL_US_PER_S - 1);
    assert_ok(f, dgl_store_job_accept(f->store, &other, &again, &f->err));
    assert_true(again.replayed);
    assert_string_equal(again.id, first.id);
    assert_string_equal(again.template_id, f->template.s);
    assert_int_equal(again.created_at_us, first.created_at_us);
    other.body_sha256[0] = 2;
    assert_fails(f, DGL_E_CONFLICT, dgl_store_job_accept(f->store, &other, &again, &f->err));
    assert_string_equal(dgl_error_slug(&f->err), "idempotency_conflict");
    assert_int_equal(claim(f, 10, 0, &c), 1);
    dgl_clock_advance(f->clock, 1); // 24 hours to the microsecond: forgotten
    assert_ok(f, dgl_store_job_accept(f->store, &other, &again, &f->err));
    assert_false(again.replayed);
    assert_string_equal(again.id, other.id);
}

static void test_refused_job_does_not_hold_the_key(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_accepted accepted;
    struct dgl_job_new bad = keyed_job(f, "k", 1), good = keyed_job(f, "k", 2);
    bad.template_version = 9;
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_job_accept(f->store, &bad, &accepted, &f->err));
    assert_ok(f, dgl_store_job_accept(f->store, &good, &accepted, &f->err));
    assert_false(accepted.replayed);
}

struct racer {
    struct fixture *f;
    struct dgl_job_new job;
    struct dgl_job_accepted accepted;
    enum dgl_status status;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    r->status = dgl_store_job_accept(r->f->store, &r->job, &r->accepted, &err);
    return NULL;
}

static void test_idempotency_race_makes_one_job(void **state)
{
    struct fixture *f = *state;
    struct racer racers[16];
    pthread_t threads[16];
    struct dgl_job_claim *c;
    for (int i = 0; i < 16; i++)
        racers[i] = (struct racer){.f = f, .job = keyed_job(f, "same", 5)};
    for (int i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    int originals = 0;
    for (int i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(racers[i].status, DGL_OK);
        assert_string_equal(racers[i].accepted.id, racers[0].accepted.id);
        originals += !racers[i].accepted.replayed;
    }
    assert_int_equal(originals, 1);
    assert_int_equal(claim(f, 64, 0, &c), 1);
}

static void test_claims_take_organizations_in_turn(void **state)
{
    struct fixture *f = *state;
    struct dgl_id orgs[3] = {f->org, make_org(f, "B"), make_org(f, "C")}, templates[3] = {f->template};
    struct dgl_job_claim *c;
    for (int i = 1; i < 3; i++)
        templates[i] = make_template(f, orgs[i].s, "T");
    for (int i = 0; i < 100; i++)
        accept_job(f, orgs[0].s, templates[0].s); // a flood
    struct dgl_id b1 = accept_job(f, orgs[1].s, templates[1].s), b2 = accept_job(f, orgs[1].s, templates[1].s);
    struct dgl_id c1 = accept_job(f, orgs[2].s, templates[2].s);
    assert_int_equal(claim(f, 4, 0, &c), 4);
    assert_string_equal(c[0].org, orgs[0].s);
    assert_string_equal(c[1].id, b1.s);
    assert_string_equal(c[2].id, c1.s);
    assert_string_equal(c[3].org, orgs[0].s);
    assert_int_equal(claim(f, 1, 0, &c), 1); // goes on after the one served last
    assert_string_equal(c[0].id, b2.s);
    assert_int_equal(claim(f, 2, 0, &c), 2);
    assert_string_equal(c[0].org, orgs[0].s);
    assert_string_equal(c[1].org, orgs[0].s);
    assert_true(strcmp(c[0].id, c[1].id) < 0); // oldest first
}

static void test_claims_respect_limits(void **state)
{
    struct fixture *f = *state;
    struct dgl_id other = make_org(f, "B"), t = make_template(f, other.s, "T");
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    const int64_t three = 3;
    for (int i = 0; i < 5; i++) {
        accept_own(f);
        accept_job(f, other.s, t.s);
    }
    const struct dgl_org_change change = {.max_concurrent_jobs = &three}; // its own setting wins
    assert_ok(f, dgl_store_org_change(f->store, other.s, &change, &f->err));
    assert_int_equal(claim(f, 64, 2, &c), 5);
    int own = 0;
    for (int i = 0; i < 5; i++)
        own += strcmp(c[i].org, f->org.s) == 0;
    assert_int_equal(own, 2);
    struct dgl_job_claim first = c[0];
    assert_int_equal(claim(f, 64, 2, &c), 0);
    finish_job(f, first.id, true, &due);
    assert_int_equal(claim(f, 64, 2, &c), 1);
    assert_string_equal(c[0].org, first.org);
}

static void test_requeue_and_recover(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    int64_t count;
    struct dgl_id first = accept_own(f), second = accept_own(f);
    assert_int_equal(claim(f, 2, 0, &c), 2);
    assert_ok(f, dgl_store_job_requeue(f->store, first.s, &f->err));
    assert_fails(f, DGL_E_CONFLICT, dgl_store_job_requeue(f->store, first.s, &f->err));
    assert_int_equal(claim(f, 2, 0, &c), 1);
    assert_string_equal(c[0].id, first.s);
    assert_int_equal(c[0].tries, 2);
    finish_job(f, second.s, true, &due);
    fixture_reopen(f);
    assert_int_equal(claim(f, 2, 0, &c), 0); // still counted as rendering
    assert_ok(f, dgl_store_jobs_recover(f->store, &count, &f->err));
    assert_int_equal(count, 1);
    assert_int_equal(claim(f, 2, 0, &c), 1);
    assert_string_equal(c[0].id, first.s);
    assert_int_equal(c[0].tries, 3);
}

static void test_finish(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    struct dgl_document_row d;
    size_t count;
    struct dgl_id ready = accept_own(f), failed = accept_own(f);
    assert_int_equal(claim(f, 2, 0, &c), 2);
    dgl_clock_advance(f->clock, 50);
    assert_int_equal(finish_job(f, ready.s, true, &due), 0); // no endpoint
    finish_job(f, failed.s, false, &due);
    assert_ok(f, dgl_store_document_get(f->store, f->arena, f->org.s, ready.s, &d, &f->err));
    assert_int_equal(d.status, DGL_DOCUMENT_READY);
    assert_string_equal(d.pdf.blob_uri, "blob:o/document/d.pdf");
    assert_int_equal(d.pdf.size_bytes, 99);
    assert_int_equal(d.pdf.sha256[0], 9);
    assert_null(d.docx.blob_uri);
    assert_int_equal(d.pages, 2);
    assert_int_equal(d.finished_at_us, START_US + 50);
    assert_int_equal(d.started_at_us, START_US);
    assert_ok(f, dgl_store_document_get(f->store, f->arena, f->org.s, failed.s, &d, &f->err));
    assert_int_equal(d.status, DGL_DOCUMENT_FAILED);
    assert_string_equal(d.error_code, "undefined_access");
    struct dgl_job_finish twice = {.ok = true};
    memcpy(twice.id, ready.s, sizeof twice.id);
    assert_fails(f, DGL_E_CONFLICT, dgl_store_job_finish(f->store, f->arena, &twice, &due, &count, &f->err));
}

static void test_finish_fans_out(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *due;
    size_t count;
    struct dgl_id further =
        put_endpoint(f, f->org.s, false, "https://two.example/", "bulk.completed, document.generated");
    put_endpoint(f, f->org.s, false, "https://three.example/", "bulk.completed");
    struct dgl_id own = put_endpoint(f, f->org.s, true, "https://one.example/", NULL);
    struct dgl_id stranger = make_org(f, "Stranger");
    put_endpoint(f, stranger.s, true, "https://stranger.example/", NULL);
    struct dgl_id document = finished_document(f, &due, &count);
    assert_int_equal(count, 2);
    assert_string_equal(due[0].endpoint, own.s);
    assert_string_equal(due[0].url, "https://one.example/");
    assert_string_equal(due[0].org, f->org.s);
    assert_int_equal(due[0].due_at_us, START_US);
    assert_memory_equal(due[0].id, "msg_", 4);
    assert_string_equal(due[1].endpoint, further.s);
    struct dgl_delivery_row w;
    assert_ok(f, dgl_store_delivery_load(f->store, f->arena, due[0].id, &w, &f->err));
    assert_string_equal(w.document, document.s);
    assert_string_equal(w.event_type, "document.generated");
    assert_true(w.document_ok);
    assert_int_equal(w.formats, DGL_FORMAT_PDF);
    assert_ok(f, dgl_store_endpoint_set_state(f->store, f->org.s, own.s, DGL_ENDPOINT_DISABLED, "410", &f->err));
    finished_document(f, &due, &count);
    assert_int_equal(count, 1); // nothing for the disabled one
    assert_string_equal(due[0].endpoint, further.s);
}

static size_t finish_special(struct fixture *f, enum dgl_document_source source, const char *url,
                             struct dgl_delivery_due **ret)
{
    struct dgl_job_new job = new_job(f, f->org.s, f->template.s);
    struct dgl_job_accepted accepted;
    struct dgl_job_claim *c;
    job.source = source;
    job.webhook_url = url;
    assert_ok(f, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    assert_int_equal(claim(f, 1, 0, &c), 1);
    return finish_job(f, job.id, true, ret);
}

static void test_own_url_overrides_and_pages_are_silent(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *due;
    put_endpoint(f, f->org.s, true, "https://one.example/", NULL);
    assert_int_equal(finish_special(f, DGL_SOURCE_API, "https://own.example/x", &due), 1);
    assert_string_equal(due[0].url, "https://own.example/x");
    assert_string_equal(due[0].endpoint, "");
    assert_int_equal(finish_special(f, DGL_SOURCE_UI, NULL, &due), 0);
    assert_int_equal(finish_special(f, DGL_SOURCE_UI, "https://own.example/x", &due), 0);
    assert_int_equal(finish_special(f, DGL_SOURCE_BULK, NULL, &due), 0);
    assert_int_equal(finish_special(f, DGL_SOURCE_API, NULL, &due), 1);
    put_endpoint(f, f->org.s, false, "https://two.example/", "");
    assert_int_equal(finish_special(f, DGL_SOURCE_API, "https://own.example/x", &due), 2); // additions are additions
    assert_string_equal(due[1].url, "https://two.example/");
}

static void test_large_input(void **state)
{
    struct fixture *f = *state;
    struct dgl_job_accepted accepted;
    struct dgl_job_claim *c;
    size_t len = 5u << 20;
    DGL_AUTO_PTR char *input = dgl_alloc(len);
    memset(input, 'y', len);
    struct dgl_job_new job = new_job(f, f->org.s, f->template.s);
    job.input = input;
    job.input_len = len;
    assert_ok(f, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    struct dgl_job_limits limits = {0};
    size_t count;
    DGL_AUTO(arena) small = dgl_arena_new(1u << 20);
    assert_fails(f, DGL_E_LIMIT, dgl_store_jobs_claim(f->store, small, 1, &limits, &c, &count, &f->err));
    assert_int_equal(claim(f, 1, 0, &c), 1); // was put back
    assert_int_equal(c[0].tries, 1);
    assert_int_equal(c[0].input_len, len);
    assert_int_equal(c[0].input[len - 1], 'y');
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_accept_and_claim),
        CASE(test_accept_needs_the_template),
        CASE(test_pdf_options_end_with_the_job),
        CASE(test_idempotency),
        CASE(test_refused_job_does_not_hold_the_key),
        CASE(test_idempotency_race_makes_one_job),
        CASE(test_claims_take_organizations_in_turn),
        CASE(test_claims_respect_limits),
        CASE(test_requeue_and_recover),
        CASE(test_finish),
        CASE(test_finish_fans_out),
        CASE(test_own_url_overrides_and_pages_are_silent),
        CASE(test_large_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
