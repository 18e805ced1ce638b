// The fixture of the store tests: see fixture.h.
#include "fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fixture_make_directory(struct fixture *f)
{
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(dgl_crypto_init(&err), DGL_OK);
    snprintf(f->directory, sizeof f->directory, "/tmp/dgl-store-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/store.db", f->directory);
    snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
}

void fixture_remove_directory(struct fixture *f)
{
    DIR *d = opendir(f->directory);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(f->directory);
}

int fixture_open(void **state)
{
    struct fixture *f = DGL_NEW(struct fixture);
    fixture_make_directory(f);
    f->clock = dgl_clock_new_manual(START_US);
    f->arena = dgl_arena_new(0);
    assert_ok(f, dgl_store_open(f->url, f->clock, &f->store, &f->err));
    f->org = make_org(f, "Acme");
    f->template = make_template(f, f->org.s, "Invoice");
    *state = f;
    return 0;
}

int fixture_close(void **state)
{
    struct fixture *f = *state;
    dgl_store_close(f->store);
    dgl_arena_free(f->arena);
    dgl_clock_free(f->clock);
    fixture_remove_directory(f);
    free(f);
    return 0;
}

void fixture_reopen(struct fixture *f)
{
    dgl_store_close(f->store);
    f->store = NULL;
    assert_ok(f, dgl_store_open(f->url, f->clock, &f->store, &f->err));
}

void fixture_check(struct fixture *f, enum dgl_status got, enum dgl_status want, const char *expr, const char *file,
                   int line)
{
    if (got == want)
        return;
    print_error("%s: status %d (%s), not %d\n", expr, got, f->err.message, want);
    _fail(file, line);
}

struct dgl_id make_org(struct fixture *f, const char *name)
{
    struct dgl_id id;
    assert_ok(f, dgl_store_org_create(f->store, name, &id, &f->err));
    return id;
}

struct dgl_id make_template(struct fixture *f, const char *org, const char *name)
{
    struct dgl_id id;
    struct dgl_template_row t = {.name = name, .kind = "docx", .description = "for tests"};
    struct dgl_template_version_row v = {
        .blob_uri = "blob:o/template/t.v1.docx", .tokens_json = "[]", .file_name = "t.docx", .size_bytes = 10};
    snprintf(t.org, sizeof t.org, "%s", org);
    memset(v.sha256, 7, sizeof v.sha256);
    assert_ok(f, dgl_store_template_create(f->store, &t, &v, &id, &f->err));
    return id;
}

struct dgl_job_new new_job(struct fixture *f, const char *org, const char *template_id)
{
    struct dgl_id id = dgl_id_new(f->clock);
    struct dgl_job_new job = {.template_version = 1,
                              .formats = DGL_FORMAT_PDF,
                              .input = "{\"name\":\"x\"}",
                              .input_len = 12,
                              .created_at_us = dgl_clock_now_us(f->clock)};
    snprintf(job.id, sizeof job.id, "%s", id.s);
    snprintf(job.org, sizeof job.org, "%s", org);
    snprintf(job.template_id, sizeof job.template_id, "%s", template_id);
    snprintf(job.actor, sizeof job.actor, "%s", "key");
    return job;
}

struct dgl_id accept_job(struct fixture *f, const char *org, const char *template_id)
{
    struct dgl_job_new job = new_job(f, org, template_id);
    struct dgl_job_accepted accepted;
    struct dgl_id id;
    assert_ok(f, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    assert_string_equal(accepted.id, job.id);
    assert_true(dgl_id_parse(accepted.id, &id));
    return id;
}

struct dgl_id accept_own(struct fixture *f)
{
    return accept_job(f, f->org.s, f->template.s);
}

size_t claim(struct fixture *f, size_t max, int64_t limit, struct dgl_job_claim **ret)
{
    struct dgl_job_limits limits = {.max_concurrent_per_org = limit};
    size_t count = 0;
    assert_ok(f, dgl_store_jobs_claim(f->store, f->arena, max, &limits, ret, &count, &f->err));
    return count;
}

size_t finish_job(struct fixture *f, const char *id, bool ok, struct dgl_delivery_due **ret)
{
    struct dgl_job_finish finish = {.ok = ok, .render_us = 1234};
    size_t count = 0;
    snprintf(finish.id, sizeof finish.id, "%s", id);
    if (ok) {
        finish.pdf = (struct dgl_output_row){.blob_uri = "blob:o/document/d.pdf", .size_bytes = 99};
        memset(finish.pdf.sha256, 9, sizeof finish.pdf.sha256);
        finish.pages = 2;
        finish.engine = "native";
    } else {
        finish.error_message = "the template names no such thing";
        finish.error_code = "undefined_access";
    }
    assert_ok(f, dgl_store_job_finish(f->store, f->arena, &finish, ret, &count, &f->err));
    return count;
}

struct dgl_id finished_document(struct fixture *f, struct dgl_delivery_due **ret, size_t *ret_count)
{
    struct dgl_delivery_due *due;
    struct dgl_job_claim *claims;
    struct dgl_id id = accept_own(f);
    assert_int_equal(claim(f, 1, 0, &claims), 1);
    assert_string_equal(claims[0].id, id.s);
    size_t count = finish_job(f, id.s, true, &due);
    if (ret) {
        *ret = due;
        *ret_count = count;
    }
    return id;
}

struct dgl_id put_endpoint(struct fixture *f, const char *org, bool is_organization, const char *url,
                           const char *events)
{
    struct dgl_endpoint_row e = {.is_organization = is_organization, .url = url, .events = events};
    struct dgl_id id;
    snprintf(e.org, sizeof e.org, "%s", org);
    assert_ok(f, dgl_store_endpoint_put(f->store, &e, &id, &f->err));
    return id;
}

struct dgl_attempt_result attempt_of(const char *delivery, int64_t number, enum dgl_delivery_status status,
                                     int64_t http_status)
{
    struct dgl_attempt_result r = {.status = status};
    snprintf(r.attempt.delivery, sizeof r.attempt.delivery, "%s", delivery);
    r.attempt.number = number;
    r.attempt.started_at_us = START_US + number;
    r.attempt.address = "203.0.113.7";
    r.attempt.dns_us = 1;
    r.attempt.connect_us = 2;
    r.attempt.tls_us = 3;
    r.attempt.first_byte_us = 4;
    r.attempt.total_us = 5;
    r.attempt.http_status = http_status;
    r.attempt.tls = "TLSv1.3";
    r.attempt.outcome = "http";
    r.attempt.message = "answered";
    r.attempt.answer_headers = "content-type: text/plain";
    r.attempt.answer_body = "ok\0more";
    r.attempt.answer_body_len = 7;
    r.attempt.link_expires_at_us = START_US + 86400 * DGL_US_PER_S;
    if (status == DGL_DELIVERY_PENDING)
        r.attempt.next_attempt_at_us = START_US + 60 * DGL_US_PER_S;
    return r;
}

struct wait {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    enum dgl_status status;
    struct dgl_error *err;
};

static void recorded(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct wait *w = arg;
    pthread_mutex_lock(&w->lock);
    w->status = status;
    *w->err = *err;
    w->is_done = true;
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
}

enum dgl_status record_attempt(struct fixture *f, const struct dgl_attempt_result *r)
{
    struct wait w = {.lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER, .err = &f->err};
    dgl_store_attempt_record_async(f->store, r, recorded, &w);
    pthread_mutex_lock(&w.lock);
    while (!w.is_done)
        pthread_cond_wait(&w.done, &w.lock);
    pthread_mutex_unlock(&w.lock);
    return w.status;
}
