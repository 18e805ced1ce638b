// Webhook deliveries per second on loopback: store, signature, exchange and attempt log, everything durable, 200
// endpoints in four organizations. Beside it the bare network client against the same sink.
//
//   bench_deliver [documents per organization (200; each makes 50 deliveries)] [folder]
//
// Then isolation: how long healthy endpoints wait for their events, alone and beside endpoints that never answer,
// answer 500, or trickle. With 5000 documents a million deliveries are pending when the dispatcher starts.
//
// The sink is a child process: one thread, epoll, keep-alive, a fixed 200 but for those.
#include "server/webhook/webhook.h"

#include "base/log.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

// ---- sink

struct peer {
    char text[16384];
    size_t len;
    bool is_trickle;
};

static size_t whole_request(const struct peer *p)
{
    const char *end = memmem(p->text, p->len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    const char *length = strcasestr(p->text, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0,
           whole = (size_t)(end + 4 - p->text) + body;
    return whole <= p->len ? whole : 0;
}

// "/never" is not answered, "/error" with 500, "/trickle" with a byte a second (by sink_run).
static bool serve(int fd, struct peer *p)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    static const char error[] = "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno";
    ssize_t n = read(fd, p->text + p->len, sizeof p->text - 1 - p->len);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    p->len += (size_t)n;
    p->text[p->len] = '\0';
    for (size_t whole; (whole = whole_request(p));) {
        const char *answer = memcmp(p->text, "POST /error", 11) == 0 ? error : ok;
        p->is_trickle = memcmp(p->text, "POST /trickle", 13) == 0;
        bool silent = p->is_trickle || memcmp(p->text, "POST /never", 11) == 0;
        memmove(p->text, p->text + whole, p->len - whole + 1);
        p->len -= whole;
        if (!silent && write(fd, answer, strlen(answer)) < 0)
            return false;
    }
    return true;
}

static _Noreturn void sink_run(int listener)
{
    static struct peer *peers[65536];
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (time_t last = time(NULL);;) {
        int n = epoll_wait(epoll, events, 256, 1000);
        if (time(NULL) != last) {
            last = time(NULL);
            for (int fd = 0; fd < 65536; fd++)
                if (peers[fd] && peers[fd]->is_trickle && write(fd, "H", 1) < 0)
                    peers[fd]->is_trickle = false;
        }
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (peer < 0 || peer >= 65536)
                    continue;
                peers[peer] = calloc(1, sizeof *peers[peer]);
                event = (struct epoll_event){.events = EPOLLIN, .data.fd = peer};
                epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event);
            } else if (!peers[fd] || !serve(fd, peers[fd])) {
                free(peers[fd]);
                peers[fd] = NULL;
                close(fd);
            }
        }
    }
}

static pid_t sink_start(uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        exit(1);
    *ret_port = ntohs(a.sin_port);
    pid_t pid = fork();
    if (pid == 0)
        sink_run(fd);
    close(fd);
    return pid;
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

static void bench_bare(struct dgl_net_client *net, const struct dgl_guard *guard, uint16_t port, int count)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    static char body[400];
    struct dgl_error err = DGL_ERROR_INIT;
    struct bare b = {.client = net};
    char url[64];
    memset(body, 'x', sizeof body);
    b.request = (struct dgl_net_request){
        .method = "POST", .headers = headers, .body = body, .body_len = sizeof body, .guard = guard, .group = 1000};
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    must(dgl_url_parse(url, strlen(url), "url", &b.request.url, &err), &err);
    atomic_store(&b.left, count);
    double start = seconds();
    for (int i = 0; i < 200; i++)
        bare_next(&b);
    while (atomic_load(&b.over) < count)
        pause_briefly();
    printf("network client alone   %8.0f requests/s   (%d requests)\n", count / (seconds() - start), count);
}

// ---- deliveries

static void make_organization(struct dgl_store *store, int number, uint16_t port, char org[40], char template_id[40])
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    char text[64];
    snprintf(text, sizeof text, "Organization %d", number);
    must(dgl_store_org_create(store, text, &id, &err), &err);
    memcpy(org, id.s, 40);
    for (int i = 0; i < ENDPOINTS; i++) {
        struct dgl_endpoint_row e = {.is_organization = i == 0, .url = text, .description = "", .events = ""};
        memcpy(e.org, org, sizeof e.org);
        snprintf(text, sizeof text, "http://127.0.0.1:%u/%d/%d", port, number, i);
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
                             uint16_t port, int documents)
{
    static const unsigned char master[32] = {1};
    struct dgl_error err = DGL_ERROR_INIT;
    char orgs[ORGS][40], templates[ORGS][40];
    size_t count = 0;
    for (int i = 0; i < ORGS; i++)
        make_organization(store, i, port, orgs[i], templates[i]);
    for (int i = 0; i < documents * ORGS; i++)
        count += announce_document(store, NULL, orgs[i % ORGS], templates[i % ORGS]);
    DGL_AUTO(keyring) keys = dgl_keyring_new_for_test(master);
    struct dgl_webhook_options options = {.public_url = "https://docs.example"};
    DGL_AUTO(webhook) w = NULL;
    must(dgl_webhook_new(store, net, guard, keys, dgl_clock_system(), &options, &w, &err), &err);
    double start = seconds();
    must(dgl_webhook_start(w, &err), &err);
    struct dgl_webhook_stats stats = {0};
    double first = 0;
    while (stats.succeeded + stats.failed < count) {
        pause_briefly();
        dgl_webhook_stats(w, &stats);
        if (stats.succeeded && first == 0)
            first = seconds() - start;
    }
    dgl_webhook_stop(w, 10000); // the last ones are on disk
    double took = seconds() - start;
    struct dgl_store_stats db;
    struct rusage usage;
    dgl_store_stats(store, &db);
    getrusage(RUSAGE_SELF, &usage);
    printf("deliveries, durable    %8.0f deliveries/s (%zu to %d endpoints, %llu failed, %llu commits, %ld MiB, the "
           "first after "
           "%.0f ms)\n",
           (double)count / took, count, ORGS * ENDPOINTS, (unsigned long long)stats.failed,
           (unsigned long long)db.commits, usage.ru_maxrss / 1024, first * 1e3);
}

// ---- isolation

#define ISOLATION_S 10
#define ISOLATION_PER_S 20 // documents; 50 endpoints each: 1,000 events a second

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void add_bad_endpoint(struct dgl_store *store, const char *org, uint16_t port, const char *path)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/%s", port, path);
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
    printf("isolation, %-22s p50 %6.1f ms   p99 %6.1f ms   worst %6.1f ms   (%zu deliveries)\n", what,
           n ? (double)us[n / 2] / 1e3 : 0, n ? (double)us[n * 99 / 100] / 1e3 : 0, n ? (double)us[n - 1] / 1e3 : 0, n);
}

static void send_for_a_while(struct dgl_store *store, struct dgl_webhook *w, char orgs[ORGS][40],
                             char templates[ORGS][40])
{
    double start = seconds();
    for (int i = 0; i < ISOLATION_S * ISOLATION_PER_S; i++) {
        while (seconds() - start < (double)i / ISOLATION_PER_S)
            pause_briefly();
        announce_document(store, w, orgs[i % ORGS], templates[i % ORGS]);
    }
    struct timespec t = {.tv_sec = 1};
    nanosleep(&t, NULL);
}

// 200 endpoints at 1,000 events a second; then the same with three bad endpoints beside them in every organization.
static void bench_isolation(struct dgl_store *store, struct dgl_net_client *net, const struct dgl_guard *guard,
                            uint16_t port)
{
    static const unsigned char master[32] = {1};
    static const char *const bad[] = {"never", "error", "trickle"};
    struct dgl_error err = DGL_ERROR_INIT;
    char orgs[ORGS][40], templates[ORGS][40];
    for (int i = 0; i < ORGS; i++)
        make_organization(store, 100 + i, port, orgs[i], templates[i]);
    DGL_AUTO(keyring) keys = dgl_keyring_new_for_test(master);
    struct dgl_webhook_options options = {.public_url = "https://docs.example"};
    DGL_AUTO(webhook) w = NULL;
    dgl_log_configure(DGL_LOG_ERROR, DGL_LOG_TEXT);
    must(dgl_webhook_new(store, net, guard, keys, dgl_clock_system(), &options, &w, &err), &err);
    must(dgl_webhook_start(w, &err), &err);
    int64_t since_us = dgl_clock_now_us(dgl_clock_system());
    send_for_a_while(store, w, orgs, templates);
    print_latencies(store, orgs, since_us, "healthy alone");
    for (int i = 0; i < ORGS; i++)
        for (size_t b = 0; b < DGL_COUNT(bad); b++)
            add_bad_endpoint(store, orgs[i], port, bad[b]);
    since_us = dgl_clock_now_us(dgl_clock_system());
    send_for_a_while(store, w, orgs, templates);
    print_latencies(store, orgs, since_us, "with dead ones beside");
    dgl_webhook_stop(w, 0);
}

int main(int argc, char **argv)
{
    struct dgl_error err = DGL_ERROR_INIT;
    int64_t documents = 200;
    char folder[512], command[600];
    uint16_t port;
    if (argc > 1 && !dgl_parse_int64(argv[1], strlen(argv[1]), 1, 100000, &documents)) {
        fprintf(stderr, "bench_deliver: \"%s\" is not a number of documents\n", argv[1]);
        return 2;
    }
    snprintf(folder, sizeof folder, "%s/dgl-bench-XXXXXX", argc > 2 ? argv[2] : "/tmp");
    if (!mkdtemp(folder))
        return 1;
    pid_t sink = sink_start(&port);
    must(dgl_crypto_init(&err), &err);
    {
        snprintf(command, sizeof command, "sqlite:%s/bench.db", folder);
        DGL_AUTO(store) store = NULL;
        DGL_AUTO(guard) guard = NULL;
        DGL_AUTO(net_client) net = NULL;
        struct dgl_guard_options g = {.allow_http = true, .allow_nets = "127.0.0.0/8"};
        struct dgl_net_client_options n = {0};
        must(dgl_store_open(command, dgl_clock_system(), &store, &err), &err);
        must(dgl_guard_new(&g, &guard, &err), &err);
        must(dgl_net_client_new(&n, &net, &err), &err);
        bench_bare(net, guard, port, 100000);
        bench_deliveries(store, net, guard, port, (int)documents);
        bench_isolation(store, net, guard, port);
    }
    kill(sink, SIGKILL);
    waitpid(sink, NULL, 0);
    static const char *const files[] = {"bench.db", "bench.db-wal", "bench.db-shm"};
    for (size_t i = 0; i < DGL_COUNT(files); i++) {
        snprintf(command, sizeof command, "%s/%s", folder, files[i]);
        unlink(command);
    }
    rmdir(folder);
    return 0;
}
