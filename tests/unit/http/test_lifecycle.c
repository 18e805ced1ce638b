// Slow clients, stopping with requests in hand, a full pool, TLS: each test has a server of its own.
#include "server_fixture.h"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; // held by a test: blocking handlers wait at it

static void hello(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    dgl_http_respond(rq, 200, "text/plain", "hello", 5);
}

static void wait_at_gate(void *ctx, struct dgl_http_request *rq)
{
    park(ctx, rq); // tells the test that this handler runs
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    dgl_http_respond(rq, 200, "text/plain", dgl_http_header(rq, "X-Word"), 4);
}

static void hold_the_thread(void *ctx, struct dgl_http_request *rq)
{
    wait_at_gate(ctx, rq); // on the epoll thread, which a handler must not do
}

static bool admit_sharer(void *ctx, struct dgl_http_request *rq);

static const struct dgl_route routes[] = {
    {"GET", "/hello", hello},
    {"GET", "/hold", hold_the_thread},
    {"POST", "/hello", hello, .max_body_bytes = 1u << 30},
    {"POST", "/shared", hello, .max_body_bytes = 1u << 20, .admit = admit_sharer},
    {"GET", "/park", park},
    {"GET", "/gate", wait_at_gate, DGL_ROUTE_BLOCKING},
};

static struct dgl_http_server *start(const struct dgl_http_options *given, struct dgl_clock *clock)
{
    struct dgl_http_options options = given ? *given : (struct dgl_http_options){0};
    struct dgl_http_server *s;
    struct dgl_error err;
    options.listen = "127.0.0.1:0";
    options.temp_dir = "/tmp";
    parked_count = 0;
    dgl_log_configure(DGL_LOG_OFF, DGL_LOG_TEXT);
    assert_int_equal(dgl_crypto_init(&err), DGL_OK);
    if (dgl_http_server_new(&options, clock, &s, &err) != DGL_OK)
        fail_msg("%s", err.message);
    dgl_http_server_add(s, routes, DGL_COUNT(routes), NULL);
    if (dgl_http_server_start(s, &err) != DGL_OK)
        fail_msg("%s", err.message);
    return s;
}

static void cuts_a_slow_head(void **state)
{
    (void)state;
    DGL_AUTO(clock) clock = dgl_clock_new_manual(DGL_US_PER_S);
    struct dgl_http_server *s = start(NULL, clock);
    int fd = dial(dgl_http_server_port(s));
    assert_int_equal(ask(fd, GET("/hello")), 200);
    struct dgl_http_stats stats;
    do // until the connection rests: its deadline counts from there
        dgl_http_server_stats(s, &stats);
    while (stats.in_flight > 0);
    say(fd, "GET /hello HTTP/1.1\r\nX");
    dgl_clock_advance(clock, (HTTP_IDLE_TIMEOUT_S + 1) * DGL_US_PER_S + HTTP_GRACE_US);
    assert_true(is_closed(fd));
    close(fd);
    dgl_http_server_free(s);
}

static void cuts_a_slow_body_but_not_a_brisk_one(void **state)
{
    (void)state;
    DGL_AUTO(clock) clock = dgl_clock_new_manual(DGL_US_PER_S);
    struct dgl_http_server *s = start(NULL, clock);
    int brisk = dial(dgl_http_server_port(s)), slow = dial(dgl_http_server_port(s));
    static char piece[HTTP_MIN_BYTES_PER_S * 60];
    say(brisk, "POST /hello HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 102400\r\n\r\n");
    struct reply r = hear(brisk); // the server has come to the body
    free(r.body);
    say(slow, "POST /hello HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 102400\r\n\r\n");
    r = hear(slow);
    free(r.body);
    say_bytes(brisk, piece, sizeof(piece));
    struct dgl_http_stats stats;
    do // until the server has read it all
        dgl_http_server_stats(s, &stats);
    while (stats.body_bytes < sizeof(piece));
    dgl_clock_advance(clock, HTTP_GRACE_US + 1);
    assert_true(is_closed(slow));
    say_bytes(brisk, piece, 102400 - sizeof(piece));
    r = hear(brisk);
    assert_int_equal(r.status, 200);
    free(r.body);
    close(slow);
    close(brisk);
    dgl_http_server_free(s);
}

static void a_fast_start_buys_no_silence(void **state)
{
    (void)state;
    DGL_AUTO(clock) clock = dgl_clock_new_manual(DGL_US_PER_S);
    struct dgl_http_server *s = start(NULL, clock);
    static char piece[HTTP_MIN_BYTES_PER_S * 600];
    int fd = dial(dgl_http_server_port(s));
    say(fd, "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    say_bytes(fd, piece, sizeof piece);
    struct dgl_http_stats stats;
    do // until the server has read it all
        dgl_http_server_stats(s, &stats);
    while (stats.body_bytes < sizeof piece);
    dgl_clock_advance(clock, HTTP_IDLE_TIMEOUT_S * DGL_US_PER_S + 1);
    assert_true(is_closed(fd));
    close(fd);
    dgl_http_server_free(s);
}

// Whoever has the key "a" or "b" is that sharer; others are their address.
static bool admit_sharer(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    const char *key = dgl_http_header(rq, "X-API-Key");
    if (key)
        dgl_http_set_sharer(rq, (uint64_t)key[0]);
    return true;
}

// A request with a body of `len` bytes of which `sent` are sent, and the server has seen them.
static int begin_body(struct dgl_http_server *s, const char *key, size_t len, size_t sent)
{
    struct dgl_http_stats before, stats;
    dgl_http_server_stats(s, &before);
    int fd = dial(dgl_http_server_port(s));
    char head[200];
    snprintf(head, sizeof head, "POST /shared HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Length: %zu\r\n\r\n", key,
             len);
    say(fd, head);
    void *body = calloc(1, sent + 1);
    say_bytes(fd, body, sent);
    free(body);
    do
        dgl_http_server_stats(s, &stats);
    while (stats.body_bytes < before.body_bytes + sent);
    return fd;
}

static int end_body(int fd, size_t rest)
{
    void *body = calloc(1, rest + 1);
    say_bytes(fd, body, rest);
    free(body);
    struct reply r = hear(fd);
    free(r.body);
    close(fd);
    return r.status;
}

static void unfinished_bodies_of_one_leave_room_for_others(void **state)
{
    (void)state;
    const size_t large = (size_t)300 << 10, small = HTTP_FIRST_BODY_BYTES;
    struct dgl_http_options options = {.max_bodies_bytes = (uint64_t)4 << 20}; // a sharer: 1 MiB
    struct dgl_http_server *s = start(&options, dgl_clock_system());
    int held[8];
    for (size_t i = 0; i < DGL_COUNT(held); i++)
        held[i] = begin_body(s, "a", large, large - 1);
    assert_int_equal(end_body(begin_body(s, "b", large, large - 1), 1), 200); // another's
    assert_int_equal(end_body(begin_body(s, "a", small, small), 0), 200);     // a small one
    size_t taken = 0, refused = 0;
    for (size_t i = 0; i < DGL_COUNT(held); i++) {
        int status = end_body(held[i], 1);
        taken += status == 200;
        refused += status == 503;
    }
    assert_true(taken >= 2 && refused >= 4 && taken + refused == DGL_COUNT(held));
    for (size_t i = 0; i < DGL_COUNT(held); i++) // nothing stays counted
        assert_int_equal(end_body(begin_body(s, "a", large, large), 0), 200);
    dgl_http_server_free(s);
}

static void waits_for_slow_handlers(void **state)
{
    (void)state;
    DGL_AUTO(clock) clock = dgl_clock_new_manual(DGL_US_PER_S);
    struct dgl_http_server *s = start(NULL, clock);
    int fd = dial(dgl_http_server_port(s));
    say(fd, GET("/park"));
    wait_parked(1);
    dgl_clock_advance(clock, 3600 * DGL_US_PER_S);
    assert_int_equal(ask_once(dgl_http_server_port(s), GET("/hello")), 200);
    dgl_http_respond(unpark(), 200, "text/plain", "late", 4);
    struct reply r = hear(fd);
    assert_string_equal(r.body, "late");
    free(r.body);
    close(fd);
    dgl_http_server_free(s);
}

static void *stop_soon(void *server)
{
    dgl_http_server_stop(server, 30000);
    return NULL;
}

static void finishes_what_is_in_flight(void **state)
{
    (void)state;
    struct dgl_http_server *s = start(NULL, dgl_clock_system());
    uint16_t port = dgl_http_server_port(s);
    int fd = dial(port), second = dial(port);
    assert_int_equal(ask(second, GET("/hello")), 200);
    say(fd, GET("/park"));
    struct dgl_http_request *rq = unpark();
    pthread_t stopper;
    pthread_create(&stopper, NULL, stop_soon, s);
    int status; // an open connection is told that the server stops
    while ((status = ask(second, GET("/hello"))) == 200)
        ;
    assert_int_equal(status, 503);
    assert_true(is_closed(second));
    dgl_http_respond(rq, 200, "text/plain", "done", 4);
    struct reply r = hear(fd);
    char text[512];
    assert_int_equal(r.status, 200);
    assert_string_equal(reply_header(&r, "Connection", text), "close");
    free(r.body);
    pthread_join(stopper, NULL);
    close(fd);
    close(second);
    dgl_http_server_free(s);
}

static void answers_for_handlers_that_did_not(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    struct dgl_http_server *s = start(NULL, dgl_clock_system());
    int fds[COUNT];
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial(dgl_http_server_port(s));
        say(fds[i], GET("/park"));
    }
    wait_parked(COUNT);
    for (int i = 0; i < COUNT / 4; i++)
        close(fds[i]); // and some have left
    dgl_http_server_stop(s, 0);
    for (int i = COUNT / 4; i < COUNT; i++) {
        struct reply r = hear(fds[i]);
        assert_int_equal(r.status, 503);
        free(r.body);
        assert_true(is_closed(fds[i]));
        close(fds[i]);
    }
    for (int i = 0; i < COUNT / 2; i++) // answers that come too late, before and after the server is gone
        dgl_http_respond(unpark(), 200, "text/plain", "late", 4);
    dgl_http_server_free(s);
    while (parked_count) {
        struct dgl_http_request *rq = unpark();
        struct dgl_error err;
        (void)DGL_FAIL(&err, DGL_E_NOT_FOUND, "late");
        assert_string_equal(dgl_http_path(rq), "/park");
        assert_string_equal(dgl_http_header(rq, "host"), "x");
        dgl_http_respond_error(rq, &err, 0);
    }
}

static void *answer_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++)
        dgl_http_respond(unpark(), 200, "text/plain", "late", 4);
    return NULL;
}

static void stops_while_answers_come_in(void **state)
{
    (void)state;
    struct dgl_http_server *s = start(NULL, dgl_clock_system());
    int fds[200];
    for (int i = 0; i < 200; i++) {
        fds[i] = dial(dgl_http_server_port(s));
        say(fds[i], GET("/park"));
    }
    wait_parked(200);
    pthread_t answerer;
    pthread_create(&answerer, NULL, answer_all, NULL);
    dgl_http_server_stop(s, 0);
    dgl_http_server_free(s);
    pthread_join(answerer, NULL);
    for (int i = 0; i < 200; i++) {
        struct reply r = hear(fds[i]);
        assert_true(r.status == 200 || r.status == 503);
        free(r.body);
        close(fds[i]);
    }
}

static void refuses_what_the_pool_cannot_hold(void **state)
{
    (void)state;
    enum { COUNT = HTTP_BLOCKING_QUEUE + 3 };
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct dgl_http_server *s = start(&(struct dgl_http_options){.blocking_threads = 1}, dgl_clock_system());
    pthread_mutex_lock(&gate);
    static int fds[COUNT];
    fds[0] = dial(dgl_http_server_port(s));
    say(fds[0], "GET /gate HTTP/1.1\r\nHost: x\r\nX-Word: word\r\n\r\n");
    wait_parked(1); // the only thread is busy
    struct dgl_http_stats stats;
    for (int i = 1; i < COUNT - 1; i++) {
        fds[i] = dial(dgl_http_server_port(s));
        say(fds[i], "GET /gate HTTP/1.1\r\nHost: x\r\nX-Word: word\r\n\r\n");
    }
    do // every request has got as far as it can
        dgl_http_server_stats(s, &stats);
    while (stats.blocking_queue < HTTP_BLOCKING_QUEUE);
    fds[COUNT - 1] = dial(dgl_http_server_port(s));
    say(fds[COUNT - 1], "GET /gate HTTP/1.1\r\nHost: x\r\nX-Word: word\r\n\r\n");
    struct reply r = hear(fds[COUNT - 1]);
    char text[512];
    assert_int_equal(r.status, 503);
    assert_string_equal(reply_header(&r, "Retry-After", text), "1");
    free(r.body);
    pthread_mutex_unlock(&gate);
    size_t answered = 0;
    for (int i = 0; i < COUNT - 1; i++) {
        r = hear(fds[i]);
        answered += r.status == 200;
        free(r.body);
    }
    assert_int_equal(answered, COUNT - 2);
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    dgl_http_server_free(s);
}

// The library takes 128 events at a time; as many requests that wait for it must not be taken for the first of more.
static void answers_a_full_batch(void **state)
{
    (void)state;
    enum { BATCH = 128 };
    struct dgl_http_server *s = start(&(struct dgl_http_options){.threads = 1}, dgl_clock_system());
    uint16_t port = dgl_http_server_port(s);
    int holder = dial(port), fds[BATCH];
    for (int i = 0; i < BATCH; i++) {
        fds[i] = dial(port);
        assert_int_equal(ask(fds[i], GET("/hello")), 200);
    }
    pthread_mutex_lock(&gate);
    say(holder, "GET /hold HTTP/1.1\r\nHost: x\r\nX-Word: word\r\n\r\n");
    wait_parked(1);
    for (int i = 0; i < BATCH; i++)
        say(fds[i], GET("/hello"));
    pthread_mutex_unlock(&gate);
    struct reply r = hear(holder);
    assert_int_equal(r.status, 200);
    free(r.body);
    for (int i = 0; i < BATCH; i++) {
        r = hear(fds[i]);
        assert_int_equal(r.status, 200);
        free(r.body);
        close(fds[i]);
    }
    close(holder);
    dgl_http_server_free(s);
}

static void *free_server(void *server)
{
    dgl_http_server_free(server);
    return NULL;
}

static void stops_with_a_blocked_handler(void **state)
{
    (void)state;
    struct dgl_http_server *s = start(&(struct dgl_http_options){.blocking_threads = 1}, dgl_clock_system());
    pthread_mutex_lock(&gate);
    int running = dial(dgl_http_server_port(s)), queued = dial(dgl_http_server_port(s));
    say(running, "GET /gate HTTP/1.1\r\nHost: x\r\nX-Word: word\r\n\r\n");
    wait_parked(1);
    say(queued, "GET /gate HTTP/1.1\r\nHost: x\r\nX-Word: word\r\n\r\n");
    struct dgl_http_stats stats;
    do
        dgl_http_server_stats(s, &stats);
    while (stats.blocking_queue < 1);
    pthread_t stopper;
    pthread_create(&stopper, NULL, free_server, s);
    struct reply r = hear(queued);
    assert_int_equal(r.status, 503);
    free(r.body);
    r = hear(running);
    assert_int_equal(r.status, 503);
    free(r.body);
    pthread_mutex_unlock(&gate); // the handler goes on to read and answer a request that is long over
    pthread_join(stopper, NULL);
    close(running);
    close(queued);
}

static void refuses_bad_options(void **state)
{
    (void)state;
    static const struct dgl_http_options bad[] = {
        {.listen = "127.0.0.1"},
        {.listen = "127.0.0.1:99999"},
        {.listen = "no.such.invalid:1"},
        {.listen = "127.0.0.1:0", .trusted_proxies = "x"},
        {.listen = "127.0.0.1:0", .tls_cert_file = "/nothing"},
        {.listen = "127.0.0.1:0", .tls_cert_file = "/nothing", .tls_key_file = "/nothing"},
        {.listen = "127.0.0.1:0", .tls_cert_file = "/proc/self/status", .tls_key_file = "/proc/self/status"},
    };
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        DGL_AUTO(http_server) s = NULL;
        struct dgl_error err = DGL_ERROR_INIT;
        if (dgl_http_server_new(&bad[i], dgl_clock_system(), &s, &err) == DGL_OK &&
            dgl_http_server_start(s, &err) == DGL_OK)
            fail_msg("started with bad options %zu", i);
        assert_true(err.message[0]);
    }
    struct dgl_http_server *first = start(NULL, dgl_clock_system());
    DGL_AUTO(http_server) second = NULL;
    struct dgl_error err;
    struct dgl_http_options same = {.listen = dgl_http_server_address(first)};
    assert_int_not_equal(dgl_http_server_new(&same, dgl_clock_system(), &second, &err), DGL_OK);
    dgl_http_server_free(first);
}

// The house stays open to everybody else, and to him again when he has let go of one.
static void one_address_leaves_a_part_of_the_connections(void **state)
{
    (void)state;
    struct dgl_http_server *s = start(&(struct dgl_http_options){.max_connections = 16}, dgl_clock_system());
    uint16_t port = dgl_http_server_port(s);
    int held[16 - 16 / HTTP_PART_FOR_OTHERS];
    for (size_t i = 0; i < DGL_COUNT(held); i++) {
        held[i] = dial_from("127.0.0.2", port);
        assert_int_equal(ask(held[i], GET("/hello")), 200);
    }
    int one_more = dial_from("127.0.0.2", port), other = dial_from("127.0.0.3", port);
    assert_true(is_closed(one_more));
    assert_int_equal(ask(other, GET("/hello")), 200);
    assert_int_equal(ask(held[0], GET("/hello")), 200);
    struct dgl_http_stats stats;
    dgl_http_server_stats(s, &stats);
    assert_int_equal(stats.refused_connections, 1);

    close(held[0]);
    close(one_more);
    for (int status = 0; status != 200;) { // as soon as the server has seen that it is closed
        held[0] = dial_from("127.0.0.2", port);
        status = ask(held[0], GET("/hello"));
        close(held[0]);
    }
    for (size_t i = 1; i < DGL_COUNT(held); i++)
        close(held[i]);
    close(other);
    dgl_http_server_free(s);
}

static void a_trusted_proxy_speaks_for_many(void **state)
{
    (void)state;
    struct dgl_http_options options = {.max_connections = 16, .trusted_proxies = "127.0.0.2"};
    struct dgl_http_server *s = start(&options, dgl_clock_system());
    int held[16];
    for (size_t i = 0; i < DGL_COUNT(held); i++) {
        held[i] = dial_from("127.0.0.2", dgl_http_server_port(s));
        assert_int_equal(ask(held[i], GET("/hello")), 200);
    }
    for (size_t i = 0; i < DGL_COUNT(held); i++)
        close(held[i]);
    dgl_http_server_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_leaves_a_part_of_the_connections),
        cmocka_unit_test(a_trusted_proxy_speaks_for_many),
        cmocka_unit_test(cuts_a_slow_head),
        cmocka_unit_test(cuts_a_slow_body_but_not_a_brisk_one),
        cmocka_unit_test(a_fast_start_buys_no_silence),
        cmocka_unit_test(unfinished_bodies_of_one_leave_room_for_others),
        cmocka_unit_test(waits_for_slow_handlers),
        cmocka_unit_test(finishes_what_is_in_flight),
        cmocka_unit_test(answers_for_handlers_that_did_not),
        cmocka_unit_test(stops_while_answers_come_in),
        cmocka_unit_test(answers_a_full_batch),
        cmocka_unit_test(refuses_what_the_pool_cannot_hold),
        cmocka_unit_test(stops_with_a_blocked_handler),
        cmocka_unit_test(refuses_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
