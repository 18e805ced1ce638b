// Webhook deliveries on loopback, through store, queues, signature, exchange and attempt log, everything durable.
// Beside them the bare network client. One measurement per run; results as key=value.
//
//   bench_deliver client URL COUNT        requests through the network client alone
//   bench_deliver rate URL DOCUMENTS CA   deliveries/s to 200 endpoints in four organizations, 50 per document
//   bench_deliver idle URL                from the commit that made a delivery to the end of its first attempt, one by
//   one bench_deliver isolation URL SECONDS   the same at 1,000 events/s, alone and beside endpoints that never answer,
//   answer
//                                         500, or trickle
//   bench_deliver fill DATABASE URL DOCUMENTS   makes pending deliveries in the database of a stopped server
//
// URL is a sink's (bench_sink); CA its authority, "-" for none.
#include "server/webhook/webhook.h"

#include "base/log.h"
#include "base/str.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ORGS 4
#define ENDPOINTS 50

static void must(enum dgl_status status, const struct dgl_error *err)
{
    if (status == DGL_OK)
        return;
    fprintf(stderr, "bench_deliver: %s\n", err->message);
    exit(1);
}

static double seconds(void)
{
    return (double)dgl_clock_mono_us(dgl_clock_system()) / 1e6;
}

static void pause_briefly(void)
{
    struct timespec t = {.tv_nsec = 2000000};
    nanosleep(&t, NULL);
}

// ---- the bare client

struct bare {
    struct dgl_net_client *client;
    struct dgl_net_request request;
    atomic_int left, over;
};

static void bare_next(struct bare *b);

static void bare_done(void *arg, const struct dgl_net_result *r)
{
    struct bare *b = arg;
    if (r->outcome != DGL_NET_ANSWERED && r->outcome != DGL_NET_CANCELED)
        fprintf(stderr, "bench_deliver: %s\n", r->message);
    atomic_fetch_add(&b->over, 1);
    bare_next(b);
}

static void bare_next(struct bare *b)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (atomic_fetch_sub(&b->left, 1) > 0)
        must(dgl_net_client_submit(b->client, &b->request, bare_done, b, &err), &err);
}

static void bench_bare(struct dgl_net_client *net, const struct dgl_guard *guard, const char *base, int count)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    static char body[400];
    struct dgl_error err = DGL_ERROR_INIT;
    struct bare b = {.client = net};
    char url[128];
    memset(body, 'x', sizeof body);
    b.request = (struct dgl_net_request){
        .method = "POST", .headers = headers, .body = body, .body_len = sizeof body, .guard = guard, .group = 1000};
    snprintf(url, sizeof url, "%s/", base);
    must(dgl_url_parse(url, strlen(url), "url", &b.request.url, &err), &err);
    atomic_store(&b.left, count);
    double start = seconds();
    for (int i = 0; i < 200; i++)
        bare_next(&b);
    while (atomic_load(&b.over) < count)
        pause_briefly();
    printf("client requests_per_s=%.0f\n", count / (seconds() - start));
}

// ---- deliveries

static void make_organization(struct dgl_store *store, int number, const char *base, int endpoints, char org[40],
                              char template_id[40])
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    char text[128];
    snprintf(text, sizeof text, "Organization %d", number);
    must(dgl_store_org_create(store, text, &id, &err), &err);
    memcpy(org, id.s, 40);
    for (int i = 0; i < endpoints; i++) {
        struct dgl_endpoint_row e = {.is_organization = i == 0, .url = text, .description = "", .events = ""};
        memcpy(e.org, org, sizeof e.org);
        snprintf(text, sizeof text, "%s/%d/%d", base, number, i);
        must(dgl_store_endpoint_put(store, &e, &id, &err), &err);
    }
    struct dgl_template_row t = {.name = "T", .description = "", .kind = "docx"};
    struct dgl_template_version_row v = {.blob_uri = "blob:t", .tokens_json = "[]", .file_name = "t.docx"};
    memcpy(t.org, org, sizeof t.org);
    must(dgl_store_template_create(store, &t, &v, &id, &err), &err);
    memcpy(template_id, id.s, 40);
}

// w NULL: its deliveries are left for a later start.
static size_t announce_document(struct dgl_store *store, struct dgl_webhook *w, const char *org,
                                const char *template_id)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id = dgl_id_new(dgl_clock_system());
    struct dgl_job_new job = {.template_version = 1,
                              .source = DGL_SOURCE_API,
                              .formats = DGL_FORMAT_PDF,
                              .input = "{}",
                              .input_len = 2,
                              .created_at_us = dgl_clock_now_us(dgl_clock_system())};
    struct dgl_job_accepted accepted;
    struct dgl_job_limits limits = {0};
    struct dgl_job_claim *claims;
    struct dgl_delivery_due *due;
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    memcpy(job.id, id.s, sizeof job.id);
    memcpy(job.org, org, sizeof job.org);
    memcpy(job.template_id, template_id, sizeof job.template_id);
    must(dgl_store_job_accept(store, &job, &accepted, &err), &err);
    must(dgl_store_jobs_claim(store, a, 1, &limits, &claims, &count, &err), &err);
    struct dgl_job_finish finish = {.ok = true, .engine = "native", .pdf = {.blob_uri = "blob:p", .size_bytes = 1}};
    memcpy(finish.id, claims[0].id, sizeof finish.id);
    must(dgl_store_job_finish(store, a, &finish, &due, &count, &err), &err);
    if (w)
        dgl_webhook_enqueue(w, due, count);
    return count;
}

static void bench_deliveries(struct dgl_store *store, struct dgl_net_client *net, const struct dgl_guard *guard,
                             const char *base, int documents)
{
    static const unsigned char master[32] = {1};
    struct dgl_error err = DGL_ERROR_INIT;
    char orgs[ORGS][40], templates[ORGS][40];
    size_t count = 0;
    for (int i = 0; i < ORGS; i++)
        make_organization(store, i, base, ENDPOINTS, orgs[i], templates[i]);
    for (int i = 0; i < documents * ORGS; i++)
        count += announce_document(store, NULL, orgs[i % ORGS], templates[i % ORGS]);
    DGL_AUTO(keyring) keys = dgl_keyring_new_for_test(master);
    struct dgl_webhook_options options = {.public_url = "https://docs.example"};
    DGL_AUTO(webhook) w = NULL;
    must(dgl_webhook_new(store, net, guard, keys, dgl_clock_system(), &options, &w, &err), &err);
    double start = seconds();
    must(dgl_webhook_start(w, &err), &err);
    struct dgl_webhook_stats stats = {0};
    while (stats.succeeded + stats.failed < count) {
        pause_briefly();
        dgl_webhook_stats(w, &stats);
    }
    dgl_webhook_stop(w, 10000); // the last ones are on disk
    double took = seconds() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("rate deliveries_per_s=%.0f count=%zu failed=%llu rss_mib=%ld\n", (double)count / took, count,
           (unsigned long long)stats.failed, usage.ru_maxrss / 1024);
}

// ---- isolation

#define ISOLATION_PER_S 20 // documents; 50 endpoints each: 1,000 events a second

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void add_bad_endpoint(struct dgl_store *store, const char *org, const char *base, const char *path)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    char url[128];
    snprintf(url, sizeof url, "%s/%s", base, path);
    struct dgl_endpoint_row e = {.url = url, .description = "bad", .events = ""};
    memcpy(e.org, org, sizeof e.org);
    must(dgl_store_endpoint_put(store, &e, &id, &err), &err);
}

// From the transaction that made a delivery to the end of its first attempt, from the log; healthy endpoints only.
static void print_latencies(struct dgl_store *store, char orgs[ORGS][40], int64_t since_us, const char *what)
{
    static int64_t us[2000000];
    size_t n = 0;
    struct dgl_error err = DGL_ERROR_INIT;
    for (int i = 0; i < ORGS; i++) {
        char cursor[DGL_CURSOR_LEN] = "";
        struct dgl_delivery_filter filter = {.status = DGL_DELIVERY_SUCCEEDED, .since_us = since_us};
        do {
            DGL_AUTO(arena) a = dgl_arena_new(0);
            struct dgl_page_query page = {.limit = DGL_PAGE_MAX, .cursor = cursor[0] ? cursor : NULL};
            struct dgl_delivery_row *rows;
            size_t count;
            char next[DGL_CURSOR_LEN];
            must(dgl_store_delivery_list(store, a, orgs[i], &filter, &page, &rows, &count, next, &err), &err);
            for (size_t r = 0; r < count && n < DGL_COUNT(us); r++) {
                struct dgl_attempt_row *attempts;
                size_t attempt_count;
                must(dgl_store_attempt_list(store, a, orgs[i], rows[r].id, &attempts, &attempt_count, &err), &err);
                us[n++] = attempts[0].started_at_us + attempts[0].total_us - rows[r].created_at_us;
            }
            memcpy(cursor, next, sizeof cursor);
        } while (cursor[0]);
    }
    qsort(us, n, sizeof *us, by_size);
    printf("%s p50_ms=%.1f p99_ms=%.1f worst_ms=%.1f count=%zu\n", what, n ? (double)us[n / 2] / 1e3 : 0,
           n ? (double)us[n * 99 / 100] / 1e3 : 0, n ? (double)us[n - 1] / 1e3 : 0, n);
}

static void send_for_a_while(struct dgl_store *store, struct dgl_webhook *w, char orgs[ORGS][40],
                             char templates[ORGS][40], int how_long_s)
{
    double start = seconds();
    for (int i = 0; i < how_long_s * ISOLATION_PER_S; i++) {
        while (seconds() - start < (double)i / ISOLATION_PER_S)
            pause_briefly();
        announce_document(store, w, orgs[i % ORGS], templates[i % ORGS]);
    }
    struct timespec t = {.tv_sec = 1};
    nanosleep(&t, NULL);
}

// 200 endpoints at 1,000 events a second; then the same with three bad endpoints beside them in every
// organization.
static void bench_isolation(struct dgl_store *store, struct dgl_net_client *net, const struct dgl_guard *guard,
                            const char *base, int how_long_s)
{
    static const unsigned char master[32] = {1};
    static const char *const bad[] = {"never", "error", "trickle"};
    struct dgl_error err = DGL_ERROR_INIT;
    char orgs[ORGS][40], templates[ORGS][40];
    for (int i = 0; i < ORGS; i++)
        make_organization(store, 100 + i, base, ENDPOINTS, orgs[i], templates[i]);
    DGL_AUTO(keyring) keys = dgl_keyring_new_for_test(master);
    struct dgl_webhook_options options = {.public_url = "https://docs.example"};
    DGL_AUTO(webhook) w = NULL;
    dgl_log_configure(DGL_LOG_ERROR, DGL_LOG_TEXT);
    must(dgl_webhook_new(store, net, guard, keys, dgl_clock_system(), &options, &w, &err), &err);
    must(dgl_webhook_start(w, &err), &err);
    int64_t since_us = dgl_clock_now_us(dgl_clock_system());
    send_for_a_while(store, w, orgs, templates, how_long_s);
    print_latencies(store, orgs, since_us, "healthy");
    for (int i = 0; i < ORGS; i++)
        for (size_t b = 0; b < DGL_COUNT(bad); b++)
            add_bad_endpoint(store, orgs[i], base, bad[b]);
    since_us = dgl_clock_now_us(dgl_clock_system());
    send_for_a_while(store, w, orgs, templates, how_long_s);
    print_latencies(store, orgs, since_us, "beside_dead_ones");
    dgl_webhook_stop(w, 0);
}

// ---- idle

#define IDLE_EVENTS 300

static void bench_idle(struct dgl_store *store, struct dgl_net_client *net, const struct dgl_guard *guard,
                       const char *base)
{
    static const unsigned char master[32] = {1};
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    char orgs[ORGS][40], template_id[40];
    make_organization(store, 0, base, 1, orgs[0], template_id);
    for (int i = 1; i < ORGS; i++) {
        must(dgl_store_org_create(store, "Idle", &id, &err), &err);
        memcpy(orgs[i], id.s, 40);
    }
    DGL_AUTO(keyring) keys = dgl_keyring_new_for_test(master);
    struct dgl_webhook_options options = {.public_url = "https://docs.example"};
    DGL_AUTO(webhook) w = NULL;
    must(dgl_webhook_new(store, net, guard, keys, dgl_clock_system(), &options, &w, &err), &err);
    must(dgl_webhook_start(w, &err), &err);
    for (int i = 0; i < IDLE_EVENTS; i++) {
        struct timespec t = {.tv_nsec = 20000000};
        announce_document(store, w, orgs[0], template_id);
        nanosleep(&t, NULL);
    }
    dgl_webhook_stop(w, 10000);
    print_latencies(store, orgs, 0, "idle");
}

// ---- a database full of what is pending

static void fill(const char *database, const char *base, int documents)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char orgs[ORGS][40], templates[ORGS][40], text[600];
    size_t count = 0;
    DGL_AUTO(store) store = NULL;
    snprintf(text, sizeof text, "sqlite:%s", database);
    must(dgl_store_open(text, dgl_clock_system(), &store, &err), &err);
    for (int i = 0; i < ORGS; i++)
        make_organization(store, i, base, ENDPOINTS, orgs[i], templates[i]);
    for (int i = 0; i < documents; i++)
        count += announce_document(store, NULL, orgs[i % ORGS], templates[i % ORGS]);
    printf("fill pending=%zu\n", count);
}

// ---- the command line

struct parts {
    char folder[64], database[128];
    struct dgl_store *store;
    struct dgl_guard *guard;
    struct dgl_net_client *net;
};

static void parts_open(struct parts *p, const char *ca)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_guard_options guard = {.allow_http = true, .allow_nets = "127.0.0.0/8"};
    struct dgl_net_client_options net = {.ca_file = ca && strcmp(ca, "-") != 0 ? ca : NULL};
    snprintf(p->folder, sizeof p->folder, "dgl-bench-XXXXXX"); // in the working folder, where the driver wants it
    if (!mkdtemp(p->folder))
        exit(1);
    snprintf(p->database, sizeof p->database, "sqlite:%s/bench.db", p->folder);
    must(dgl_store_open(p->database, dgl_clock_system(), &p->store, &err), &err);
    must(dgl_guard_new(&guard, &p->guard, &err), &err);
    must(dgl_net_client_new(&net, &p->net, &err), &err);
}

static void parts_close(struct parts *p)
{
    static const char *const files[] = {"bench.db", "bench.db-wal", "bench.db-shm"};
    dgl_net_client_free(p->net);
    dgl_store_free(p->store);
    dgl_guard_free(p->guard);
    for (size_t i = 0; i < DGL_COUNT(files); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", p->folder, files[i]);
        unlink(path);
    }
    rmdir(p->folder);
}

int main(int argc, char **argv)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const char *what = argc > 2 ? argv[1] : "",
               *number = argc > 3 ? argv[argc > 4 && strcmp(what, "fill") == 0 ? 4 : 3] : "1";
    int64_t n;
    if (argc < 3 || !dgl_parse_int64(number, strlen(number), 1, 10000000, &n)) {
        fputs("usage: bench_deliver client|rate|idle|isolation URL [NUMBER [CA]], bench_deliver fill DATABASE URL "
              "NUMBER\n",
              stderr);
        return 2;
    }
    must(dgl_crypto_init(&err), &err);
    if (strcmp(what, "fill") == 0) {
        fill(argv[2], argv[3], (int)n);
        return 0;
    }
    struct parts p = {.folder = ""};
    parts_open(&p, argc > 4 ? argv[4] : NULL);
    if (strcmp(what, "client") == 0)
        bench_bare(p.net, p.guard, argv[2], (int)n);
    else if (strcmp(what, "rate") == 0)
        bench_deliveries(p.store, p.net, p.guard, argv[2], (int)n);
    else if (strcmp(what, "idle") == 0)
        bench_idle(p.store, p.net, p.guard, argv[2]);
    else if (strcmp(what, "isolation") == 0)
        bench_isolation(p.store, p.net, p.guard, argv[2], (int)n);
    parts_close(&p);
    return 0;
}
