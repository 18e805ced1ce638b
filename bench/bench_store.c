// How many writes per second the store takes to disk.
//
//   bench_store [DIRECTORY [SECONDS]]     (default: /tmp, 3 s for each line)
//
// Every figure is of changes that were committed and synced when they were counted. "group commit alone" is a one-row
// update from 64 threads: what the disk and the waking of threads allow whatever the change.
#include "base/crypto.h"
#include "server/store/sqlite/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 64
#define INPUT_BYTES 400
#define DELIVERIES 40000

struct bench {
    struct dgl_store *store;
    struct dgl_id org, template;
    int64_t until_mono_us;
    bool with_key;
    char input[INPUT_BYTES + 1];
    atomic_ullong count, max_us;
    // asynchronous runs
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t in_flight;
};

static void check(enum dgl_status status, const struct dgl_error *err)
{
    if (status == DGL_OK)
        return;
    fprintf(stderr, "bench_store: %s\n", err->message);
    exit(1);
}

static int64_t now_us(void)
{
    return dgl_clock_mono_us(dgl_clock_system());
}

static void note_latency(struct bench *b, int64_t us)
{
    unsigned long long seen = atomic_load(&b->max_us);
    while ((unsigned long long)us > seen && !atomic_compare_exchange_weak(&b->max_us, &seen, (unsigned long long)us))
        ;
}

static void fill_job(struct bench *b, struct dgl_job_new *job, char key[40])
{
    struct dgl_id id = dgl_id_new(dgl_clock_system());
    *job = (struct dgl_job_new){.template_version = 1,
                                .formats = DGL_FORMAT_PDF,
                                .input = b->input,
                                .input_len = INPUT_BYTES,
                                .created_at_us = dgl_clock_now_us(dgl_clock_system())};
    memcpy(job->id, id.s, sizeof job->id);
    memcpy(job->org, b->org.s, sizeof job->org);
    memcpy(job->template_id, b->template.s, sizeof job->template_id);
    memcpy(job->actor, b->org.s, sizeof job->actor);
    if (b->with_key) {
        struct dgl_id random = dgl_id_new(dgl_clock_system());
        dgl_random_bytes(random.s, 8);
        dgl_hex_encode(random.s, 16, key);
        job->idempotency_key = key;
    }
}

static void *accept_thread(void *arg)
{
    struct bench *b = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_job_accepted accepted;
    struct dgl_job_new job;
    char key[40];
    for (int64_t start = now_us(); start < b->until_mono_us; start = now_us()) {
        fill_job(b, &job, key);
        check(dgl_store_job_accept(b->store, &job, &accepted, &err), &err);
        note_latency(b, now_us() - start);
        atomic_fetch_add(&b->count, 1);
    }
    return NULL;
}

static enum dgl_status update_one_row(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    (void)arg;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE meta SET value = value + 1 WHERE name = 'probe'");
    return dgl_sql_run(&q, err);
}

static void *bare_thread(void *arg)
{
    struct bench *b = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    for (int64_t start = now_us(); start < b->until_mono_us; start = now_us()) {
        check(dgl_write_sync(b->store, update_one_row, NULL, &err), &err);
        note_latency(b, now_us() - start);
        atomic_fetch_add(&b->count, 1);
    }
    return NULL;
}

static void report(struct bench *b, const char *what, int64_t took_us, const struct dgl_store_stats *before)
{
    struct dgl_store_stats after;
    dgl_store_stats(b->store, &after);
    uint64_t commits = after.commits - before->commits;
    printf("%-46s %9.0f/s   %7.0f commits/s   %5.1f per commit   longest %5.1f ms\n", what,
           (double)atomic_load(&b->count) * 1e6 / (double)took_us, (double)commits * 1e6 / (double)took_us,
           (double)(after.writes - before->writes) / (double)DGL_MAX(commits, 1),
           (double)atomic_load(&b->max_us) / 1000.0);
    fflush(stdout);
}

static void run_threads(struct bench *b, const char *what, void *(*thread)(void *), int64_t seconds)
{
    pthread_t threads[THREADS];
    struct dgl_store_stats before;
    dgl_store_stats(b->store, &before);
    atomic_store(&b->count, 0);
    atomic_store(&b->max_us, 0);
    int64_t start = now_us();
    b->until_mono_us = start + seconds * DGL_US_PER_S;
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, thread, b) != 0)
            exit(1);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    report(b, what, now_us() - start, &before);
}

// ---- asynchronous: as the HTTP server does it, `outstanding` requests at any time

struct one {
    struct bench *bench;
    struct dgl_job_new job;
    struct dgl_job_accepted accepted;
    char key[40];
    int64_t start_us;
};

static void leave(struct bench *b)
{
    pthread_mutex_lock(&b->lock);
    b->in_flight--;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

static void enter(struct bench *b, size_t outstanding)
{
    pthread_mutex_lock(&b->lock);
    while (b->in_flight >= outstanding)
        pthread_cond_wait(&b->changed, &b->lock);
    b->in_flight++;
    pthread_mutex_unlock(&b->lock);
}

static void wait_all(struct bench *b)
{
    pthread_mutex_lock(&b->lock);
    while (b->in_flight > 0)
        pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

static void accept_done(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct one *one = arg;
    check(status, err);
    note_latency(one->bench, now_us() - one->start_us);
    atomic_fetch_add(&one->bench->count, 1);
    leave(one->bench);
    free(one);
}

static void run_async_accepts(struct bench *b, const char *what, size_t outstanding, int64_t seconds)
{
    struct dgl_store_stats before;
    dgl_store_stats(b->store, &before);
    atomic_store(&b->count, 0);
    atomic_store(&b->max_us, 0);
    int64_t start = now_us();
    while (now_us() < start + seconds * DGL_US_PER_S) {
        enter(b, outstanding);
        struct one *one = DGL_NEW(struct one);
        one->bench = b;
        one->start_us = now_us();
        fill_job(b, &one->job, one->key);
        dgl_store_job_accept_async(b->store, &one->job, &one->accepted, accept_done, one);
    }
    wait_all(b);
    report(b, what, now_us() - start, &before);
}

// ---- finishing and attempts

static size_t finish_jobs(struct bench *b, char (*ids)[40], size_t wanted)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_job_claim *claims;
    struct dgl_delivery_due *due;
    size_t count, due_count, have = 0;
    struct dgl_store_stats before;
    dgl_store_stats(b->store, &before);
    atomic_store(&b->count, 0);
    atomic_store(&b->max_us, 0);
    int64_t start = now_us();
    while (have < wanted) {
        dgl_arena_reset(arena);
        check(dgl_store_jobs_claim(b->store, arena, 64, NULL, &claims, &count, &err), &err);
        if (count == 0)
            break;
        for (size_t i = 0; i < count && have < wanted; i++) {
            struct dgl_job_finish finish = {.ok = true, .pages = 2, .engine = "native"};
            memcpy(finish.id, claims[i].id, sizeof finish.id);
            finish.pdf = (struct dgl_output_row){.blob_uri = "blob:org/document/id.pdf", .size_bytes = 30000};
            check(dgl_store_job_finish(b->store, arena, &finish, &due, &due_count, &err), &err);
            atomic_fetch_add(&b->count, 1);
            for (size_t j = 0; j < due_count && have < wanted; j++)
                memcpy(ids[have++], due[j].id, 40);
        }
    }
    report(b, "claim 64, finish with one delivery, 1 thread", now_us() - start, &before);
    return have;
}

static void attempt_done(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct bench *b = arg;
    check(status, err);
    atomic_fetch_add(&b->count, 1);
    leave(b);
}

static void run_attempts(struct bench *b, char (*ids)[40], size_t count, int64_t number, size_t outstanding)
{
    struct dgl_store_stats before;
    dgl_store_stats(b->store, &before);
    atomic_store(&b->count, 0);
    atomic_store(&b->max_us, 0);
    bool last = number == 2;
    int64_t start = now_us(), wall_us = dgl_clock_now_us(dgl_clock_system());
    for (size_t i = 0; i < count; i++) {
        struct dgl_attempt_result r = {.status = last ? DGL_DELIVERY_SUCCEEDED : DGL_DELIVERY_PENDING};
        memcpy(r.attempt.delivery, ids[i], sizeof r.attempt.delivery);
        r.attempt.number = number;
        r.attempt.started_at_us = wall_us;
        r.attempt.address = "203.0.113.7";
        r.attempt.http_status = last ? 200 : 503;
        r.attempt.tls = "TLSv1.3 TLS_AES_256_GCM_SHA384";
        r.attempt.outcome = "http";
        r.attempt.message = last ? "200 OK" : "503 Service Unavailable";
        r.attempt.answer_headers = "content-type: text/plain\r\ncontent-length: 2\r\n";
        r.attempt.answer_body = "ok";
        r.attempt.answer_body_len = 2;
        r.attempt.next_attempt_at_us = last ? 0 : wall_us + 60 * DGL_US_PER_S;
        enter(b, outstanding);
        dgl_store_attempt_record_async(b->store, &r, attempt_done, b);
    }
    wait_all(b);
    char what[64];
    snprintf(what, sizeof what, "attempt records (%s), %zu outstanding", last ? "success" : "failure", outstanding);
    report(b, what, now_us() - start, &before);
}

static void set_up(struct bench *b)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id endpoint;
    memset(b->input, 'x', INPUT_BYTES);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    check(dgl_store_org_create(b->store, "Bench", &b->org, &err), &err);
    struct dgl_template_row t = {.name = "Invoice", .kind = "docx"};
    struct dgl_template_version_row v = {.blob_uri = "blob:org/template/id.v1.docx", .tokens_json = "[]"};
    memcpy(t.org, b->org.s, sizeof t.org);
    check(dgl_store_template_create(b->store, &t, &v, &b->template, &err), &err);
    struct dgl_endpoint_row e = {.is_organization = true, .url = "https://example.com/webhooks"};
    memcpy(e.org, b->org.s, sizeof e.org);
    check(dgl_store_endpoint_put(b->store, &e, &endpoint, &err), &err);
}

int main(int argc, char **argv)
{
    static struct bench b;
    static char ids[DELIVERIES][40];
    struct dgl_error err = DGL_ERROR_INIT;
    char directory[4096], url[4200];
    int64_t seconds = argc > 2 ? strtoll(argv[2], NULL, 10) : 3;
    snprintf(directory, sizeof directory, "%s/bench-store-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(directory)) {
        perror(directory);
        return 1;
    }
    snprintf(url, sizeof url, "sqlite:%s/store.db", directory);
    check(dgl_crypto_init(&err), &err);
    check(dgl_store_open(url, dgl_clock_system(), &b.store, &err), &err);
    set_up(&b);
    run_threads(&b, "group commit alone, 64 threads", bare_thread, seconds);
    run_threads(&b, "accepts, 64 threads", accept_thread, seconds);
    b.with_key = true;
    run_threads(&b, "accepts with idempotency key, 64 threads", accept_thread, seconds);
    b.with_key = false;
    run_async_accepts(&b, "accepts, 64 outstanding, asynchronous", 64, seconds);
    run_async_accepts(&b, "accepts, 512 outstanding, asynchronous", 512, seconds);
    size_t count = finish_jobs(&b, ids, DELIVERIES / 4);
    run_attempts(&b, ids, count, 1, 256);
    run_attempts(&b, ids, count, 2, 256);
    struct dgl_store_stats stats;
    dgl_store_stats(b.store, &stats);
    printf("database %.0f MB, %llu queued, SQLite %s\n", (double)stats.database_bytes / 1e6,
           (unsigned long long)stats.queued_documents, sqlite3_libversion());
    dgl_store_close(b.store);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < DGL_COUNT(suffixes); i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/store.db%s", directory, suffixes[i]);
        unlink(path);
    }
    rmdir(directory);
    return 0;
}
