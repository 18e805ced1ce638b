// The client against real servers that misbehave in every way the contract names.
#include "../base/folder.h"
#include "../base/unit.h"
#include "addresses.h"
#include "server/net/client.h"
#include "servers.h"

#include <stdio.h>
#include <stdlib.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// ---- helpers

static struct dgl_net_client *client_with(const struct dgl_net_client_options *options)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_net_client *c;
    assert_ok(dgl_net_client_new(options, &c, &err), err);
    return c;
}

static struct dgl_guard *guard_with(const char *nets)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_guard *g;
    struct dgl_guard_options options = {.allow_http = true, .allow_nets = nets, .refuse_own_addresses = true};
    assert_ok(dgl_guard_new(&options, &g, &err), err);
    return g;
}

static struct dgl_net_request request_to(const struct dgl_guard *g, const char *scheme, const char *host, unsigned port)
{
    static const char *const headers[] = {"Content-Type: application/json", "User-Agent: test/1", NULL};
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_net_request q = {.method = "POST",
                                .headers = headers,
                                .body = "{\"a\":1}",
                                .body_len = 7,
                                .guard = g,
                                .group = 1,
                                .total_timeout_ms = 60000};
    char text[400];
    snprintf(text, sizeof text, "%s://%s:%u/hook?x=1", scheme, host, port);
    assert_ok(dgl_url_parse(text, strlen(text), "url", &q.url, &err), err);
    return q;
}

static struct dgl_net_result fetch(struct dgl_net_client *c, const struct dgl_net_request *q, struct dgl_buf *body)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_net_result r;
    dgl_buf_reset(body);
    assert_ok(dgl_net_client_fetch(c, q, body, NULL, &r, &err), err);
    return r;
}

#define BODY DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(64u << 20)

// ---- answers

static void test_plain_answer(void **state DGL_UNUSED)
{
    struct tcp_server *s = tcp_start(serve_fixed,
                                     "HTTP/1.1 429 Slow\r\nContent-Length: 5\r\nRetry-After: 7\r\nSet-Cookie: a=b\r\n"
                                     "X-Y: z\r\n\r\nhello",
                                     NULL);
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
    BODY;
    for (int i = 0; i < 2; i++) {
        struct dgl_net_result r = fetch(c, &q, &body);
        assert_int_equal(r.outcome, DGL_NET_ANSWERED);
        assert_int_equal(r.http_status, 429);
        assert_int_equal(r.retry_after_s, 7);
        assert_int_equal(r.body_len, 5);
        assert_memory_equal(r.body, "hello", 5);
        assert_string_equal(r.address, "127.0.0.1");
        assert_true(r.address_private);
        assert_int_equal(r.reused, i);
        assert_true(r.dns_us > 0 && r.connect_us >= r.dns_us && r.first_byte_us > 0 && r.total_us >= r.first_byte_us);
        assert_int_equal(r.tls_us, 0);
        assert_string_equal(r.tls, "");
        assert_false(r.body_cut);
    }
    char head[64];
    snprintf(head, sizeof head, "POST /hook?x=1 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", s->port);
    assert_contains(s->last_request, head);
    assert_contains(s->last_request, "\r\nContent-Type: application/json\r\n");
    assert_contains(s->last_request, "\r\nUser-Agent: test/1\r\n");
    assert_contains(s->last_request, "\r\nContent-Length: 7\r\n");
    assert_contains(s->last_request, "\r\n\r\n{\"a\":1}");
    assert_null(strcasestr(s->last_request, "cookie"));
    assert_null(strcasestr(s->last_request, "accept-encoding"));
    assert_null(strcasestr(s->last_request, "expect"));
    assert_int_equal(s->accepted, 1);
    tcp_stop(s);
}

static void test_get(void **state DGL_UNUSED)
{
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.1");
    BODY;
    // The same easy handle serves both: nothing of the POST may stick to the GET.
    struct dgl_net_request post = request_to(g, "http", "127.0.0.1", s->port), get = post;
    get.method = "GET";
    get.body = NULL;
    get.body_len = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fetch(c, &post, &body).http_status, 200);
        assert_memory_equal(s->last_request, "POST /hook", 10);
        assert_int_equal(fetch(c, &get, &body).http_status, 200);
        assert_memory_equal(s->last_request, "GET /hook", 9);
        assert_null(strstr(s->last_request, "Content-Length"));
    }
    tcp_stop(s);
}

// Connections are reused inside a group, never across.
static void test_groups(void **state DGL_UNUSED)
{
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
    for (uint64_t group = 1; group <= 3; group++)
        for (int i = 0; i < 4; i++) {
            q.group = group;
            assert_int_equal(fetch(c, &q, &body).http_status, 200);
        }
    assert_int_equal(s->requests, 12);
    assert_int_equal(s->accepted, 3);
    tcp_stop(s);
}

static void serve_silence(struct tcp_connection *c)
{
    tcp_read_request(c);
    tcp_wait_for_close(c);
}

static void serve_trickled_headers(struct tcp_connection *c)
{
    tcp_read_request(c);
    if (tcp_puts(c, "HTTP/1.1 200 OK\r\n"))
        while (tcp_puts(c, "X: y\r\n"))
            tcp_pace();
}

static void serve_trickled_body(struct tcp_connection *c)
{
    tcp_read_request(c);
    if (tcp_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"))
        while (tcp_puts(c, "x"))
            tcp_pace();
}

static void serve_trickled_chunks(struct tcp_connection *c)
{
    tcp_read_request(c);
    if (tcp_puts(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
        while (tcp_puts(c, "1\r\nx\r\n"))
            tcp_pace();
}

static void serve_interim_forever(struct tcp_connection *c)
{
    tcp_read_request(c);
    while (tcp_puts(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"))
        tcp_pace();
}

// The deadline covers the whole exchange, whatever arrives meanwhile. A machine too busy for what comes before it gets
// twice the time.
static void test_deadlines(void **state DGL_UNUSED)
{
    static const struct {
        tcp_handler handler;
        int http_status;
        const char *message;
    } cases[] = {
        {serve_silence, 0, "did not answer within"},
        {serve_trickled_headers, 200, "did not end its answer within"},
        {serve_trickled_body, 200, "did not end its answer within"},
        {serve_trickled_chunks, 200, "did not end its answer within"},
        {serve_interim_forever, 103, "within"},
    };
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct tcp_server *s = tcp_start(cases[i].handler, NULL, NULL);
        struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
        struct dgl_net_result r = {0};
        for (q.total_timeout_ms = 300; q.total_timeout_ms < 60000; q.total_timeout_ms *= 2) {
            r = fetch(c, &q, &body);
            assert_int_equal(r.outcome, DGL_NET_TIMEOUT);
            if (r.connect_us > 0 && r.http_status == cases[i].http_status)
                break;
        }
        assert_int_equal(r.http_status, cases[i].http_status);
        assert_true(r.connect_us > 0);
        char bound[40];
        snprintf(bound, sizeof bound, "within %.1f s", (double)q.total_timeout_ms / 1000);
        assert_contains(r.message, cases[i].message);
        assert_contains(r.message, bound);
        tcp_stop(s);
    }
}

static void serve_oversize(struct tcp_connection *c)
{
    char block[65536];
    memset(block, 'b', sizeof block);
    tcp_read_request(c);
    if (tcp_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"))
        while (tcp_send(c, block, sizeof block))
            continue;
}

static void serve_endless_chunks(struct tcp_connection *c)
{
    char block[4096];
    memset(block, 'c', sizeof block);
    tcp_read_request(c);
    if (tcp_puts(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
        while (tcp_puts(c, "1000\r\n") && tcp_send(c, block, sizeof block) && tcp_puts(c, "\r\n"))
            continue;
}

// A megabyte of zeros, compressed over and over, would be a bomb if anything here inflated it.
static void serve_gzip(struct tcp_connection *c)
{
    static const unsigned char gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0x4c,
                                         0x4a, 0x06, 0x00, 0xc2, 0x41, 0x24, 0x35, 0x03, 0x00, 0x00, 0x00};
    tcp_read_request(c);
    tcp_puts(c, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 23\r\n\r\n");
    tcp_send(c, gzip, sizeof gzip);
}

static void test_large_answers(void **state DGL_UNUSED)
{
    static const tcp_handler handlers[] = {serve_oversize, serve_endless_chunks};
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    for (size_t i = 0; i < DGL_COUNT(handlers); i++) {
        struct tcp_server *s = tcp_start(handlers[i], NULL, NULL);
        struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
        struct dgl_net_result r = fetch(c, &q, &body);
        assert_int_equal(r.outcome, DGL_NET_ANSWERED);
        assert_int_equal(r.http_status, 200);
        assert_int_equal(r.body_len, 16384);
        assert_true(r.body_cut);
        q.whole_answer = true;
        r = fetch(c, &q, &body);
        assert_int_equal(r.outcome, DGL_NET_BROKEN);
        assert_contains(r.message, "longer than 65536 bytes");
        tcp_stop(s);
    }
    struct tcp_server *s = tcp_start(serve_gzip, NULL, NULL);
    struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
    struct dgl_net_result r = fetch(c, &q, &body);
    assert_int_equal(r.outcome, DGL_NET_ANSWERED);
    assert_int_equal(r.body_len, 23); // as it came
    tcp_stop(s);
}

// Exactly the bound is not too long.
static void test_exact_bound(void **state DGL_UNUSED)
{
    struct tcp_server *s = tcp_start(serve_fixed, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", NULL);
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
    q.whole_answer = true;
    q.max_answer_bytes = q.keep_answer_bytes = 10;
    struct dgl_net_result r = fetch(c, &q, &body);
    assert_int_equal(r.outcome, DGL_NET_ANSWERED);
    assert_int_equal(r.body_len, 10);
    assert_false(r.body_cut);
    q.max_answer_bytes = q.keep_answer_bytes = 9;
    assert_int_equal(fetch(c, &q, &body).outcome, DGL_NET_BROKEN);
    q.max_answer_bytes = 100;
    q.keep_answer_bytes = 4;
    r = fetch(c, &q, &body);
    assert_int_equal(r.outcome, DGL_NET_ANSWERED);
    assert_int_equal(r.body_len, 4);
    assert_true(r.body_cut);
    tcp_stop(s);
}

static void serve_endless_headers(struct tcp_connection *c)
{
    tcp_read_request(c);
    if (tcp_puts(c, "HTTP/1.1 200 OK\r\n"))
        while (tcp_puts(c, "X-Filler: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n"))
            continue;
}

static void serve_close(struct tcp_connection *c)
{
    tcp_read_request(c);
}

static void serve_reset(struct tcp_connection *c)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    tcp_read_request(c);
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

static void serve_partial(struct tcp_connection *c)
{
    tcp_read_request(c);
    tcp_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
}

static void serve_cut_head(struct tcp_connection *c)
{
    tcp_read_request(c);
    tcp_puts(c, "HTTP/1.1 200 OK\r\nServer: on");
}

static void serve_cut_before_empty_line(struct tcp_connection *c)
{
    tcp_read_request(c);
    tcp_puts(c, "HTTP/1.1 200 OK\r\nServer: one\r\n");
}

static void serve_other_protocol(struct tcp_connection *c)
{
    tcp_puts(c, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    tcp_read_request(c);
}

static void serve_odd_version(struct tcp_connection *c)
{
    tcp_read_request(c);
    tcp_puts(
        c,
        "HTTP/2222222222222222222222222222222222222222222222222222222222221.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void test_broken_answers(void **state DGL_UNUSED)
{
    static const struct {
        tcp_handler handler;
        const char *message;
    } cases[] = {
        {serve_endless_headers, "more than 65536 bytes of headers"},
        {serve_close, "closed the connection without answering"},
        {serve_reset, "broke before it answered"},
        {serve_partial, "ended before its answer was whole"},
        {serve_cut_head, "ended before its answer was whole"},
        {serve_cut_before_empty_line, "ended before its answer was whole"},
        {serve_other_protocol, "not HTTP"},
        {serve_odd_version, "not HTTP"},
    };
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct tcp_server *s = tcp_start(cases[i].handler, NULL, NULL);
        struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
        struct dgl_net_result r = fetch(c, &q, &body);
        if (r.outcome != DGL_NET_BROKEN)
            fail_msg("case %zu: %s %s", i, dgl_net_outcome_word(r.outcome), r.message);
        assert_contains(r.message, cases[i].message);
        tcp_stop(s);
    }
}

static void test_redirect_is_an_answer(void **state DGL_UNUSED)
{
    struct tcp_server *target = tcp_start(serve_fixed, OK_ANSWER, NULL);
    char answer[200];
    snprintf(answer, sizeof answer, "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n",
             target->port);
    struct tcp_server *s = tcp_start(serve_fixed, answer, NULL);
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
    struct dgl_net_result r = fetch(c, &q, &body);
    assert_int_equal(r.outcome, DGL_NET_ANSWERED);
    assert_int_equal(r.http_status, 307);
    assert_int_equal(target->accepted, 0);
    tcp_stop(s);
    tcp_stop(target);
}

static void test_environment_is_ignored(void **state DGL_UNUSED)
{
    struct tcp_server *proxy = tcp_start(serve_fixed, OK_ANSWER, NULL), *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", proxy->port);
    setenv("http_proxy", url, 1);
    setenv("https_proxy", url, 1);
    setenv("ALL_PROXY", url, 1);
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
    assert_int_equal(fetch(c, &q, &body).http_status, 200);
    assert_int_equal(proxy->accepted, 0);
    assert_int_equal(s->accepted, 1);
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
    tcp_stop(s);
    tcp_stop(proxy);
}

static void test_refused(void **state DGL_UNUSED)
{
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    struct dgl_net_request q = request_to(g, "http", "127.0.0.1", tcp_closed_port());
    struct dgl_net_result r = fetch(c, &q, &body);
    assert_int_equal(r.outcome, DGL_NET_CONNECT);
    assert_contains(r.message, "refused the connection");
    assert_int_equal(r.connect_us, 0);
}

// ---- guard and names

static void test_blocked_literal(void **state DGL_UNUSED)
{
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with(NULL);
    BODY;
    static const char *const hosts[] = {"127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "localhost", "x.localhost"};
    for (size_t i = 0; i < DGL_COUNT(hosts); i++) {
        struct dgl_net_request q = request_to(g, "http", hosts[i], s->port);
        struct dgl_net_result r = fetch(c, &q, &body);
        assert_int_equal(r.outcome, DGL_NET_BLOCKED);
        assert_string_equal(r.message, "destination not allowed");
        assert_string_equal(r.address, "");
        assert_int_equal(r.dns_us, 0);
        assert_contains(r.operator_note, "not allowed");
    }
    assert_int_equal(s->accepted, 0);
    tcp_stop(s);
}

static void test_localhost_when_allowed(void **state DGL_UNUSED)
{
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8"); // not ::1
    BODY;
    struct dgl_net_request q = request_to(g, "http", "localhost", s->port);
    assert_int_equal(fetch(c, &q, &body).http_status, 200);
    char host[64];
    snprintf(host, sizeof host, "\r\nHost: localhost:%u\r\n", s->port);
    assert_contains(s->last_request, host);
    tcp_stop(s);
}

static void test_names(void **state DGL_UNUSED)
{
    struct dns_answer names[] = {
        {.name = "one.test", .addresses = {"127.0.0.1"}, .ttl_s = 60},
        {.name = "mixed.test", .addresses = {"127.0.0.1", "10.0.0.1"}, .ttl_s = 60},
        {.name = "mixed6.test", .addresses = {"127.0.0.1", "fe80::1"}, .ttl_s = 60},
        {.name = "inside.test", .addresses = {"::ffff:10.1.2.3"}, .ttl_s = 60},
        {.name = "private.test", .addresses = {"192.168.1.1"}, .ttl_s = 60},
        {.name = "metadata.test", .addresses = {"169.254.169.254"}, .ttl_s = 60},
        {.name = "first.test", .addresses = {"127.0.0.2", "127.0.0.1"}, .ttl_s = 60},
        {.name = "second.test", .addresses = {"127.0.0.1", "127.0.0.2"}, .ttl_s = 60},
        {.name = "empty.test", .ttl_s = 60},
    };
    static const struct {
        const char *host;
        enum dgl_net_outcome outcome;
        const char *message;
    } cases[] = {
        {"one.test", DGL_NET_ANSWERED, NULL},
        {"one.test.", DGL_NET_ANSWERED, NULL},
        {"mixed.test", DGL_NET_BLOCKED, "destination not allowed"},
        {"mixed6.test", DGL_NET_BLOCKED, "destination not allowed"},
        {"inside.test", DGL_NET_BLOCKED, "destination not allowed"},
        {"private.test", DGL_NET_BLOCKED, "destination not allowed"},
        {"metadata.test", DGL_NET_BLOCKED, "destination not allowed"},
        {"first.test", DGL_NET_ANSWERED, NULL}, // one of the two refuses: the other is tried
        {"second.test", DGL_NET_ANSWERED, NULL},
        {"empty.test", DGL_NET_DNS, "does not exist or has no"},
        {"unknown.test", DGL_NET_DNS, "does not exist or has no"},
    };
    struct dns_server *d = dns_start(names, DGL_COUNT(names));
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {.dns_servers = d->servers};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    for (int round = 0; round < 2; round++) // the second from the cache
        for (size_t i = 0; i < DGL_COUNT(cases); i++) {
            struct dgl_net_request q = request_to(g, "http", cases[i].host, s->port);
            struct dgl_net_result r = fetch(c, &q, &body);
            if (r.outcome != cases[i].outcome)
                fail_msg("%s: %s %s", cases[i].host, dgl_net_outcome_word(r.outcome), r.message);
            if (cases[i].message)
                assert_contains(r.message, cases[i].message);
            if (r.outcome == DGL_NET_BLOCKED)
                assert_string_equal(r.address, "");
        }
    assert_int_equal(names[0].queries, 1); // TTL 60: asked once
    tcp_stop(s);
    dns_stop(d);
}

// Every refused address of the table as the answer of a name server: alone, and as the second address of a name whose
// first one is allowed. No socket is opened for any of them.
static void test_names_of_every_class(void **state DGL_UNUSED)
{
    static struct dns_answer names[2 * DGL_COUNT(address_cases)];
    static char texts[2 * DGL_COUNT(address_cases)][24];
    DGL_AUTO(guard) g = guard_with("127.0.0.77/32");
    size_t count = 0;
    for (size_t i = 0; i < DGL_COUNT(address_cases); i++) {
        const char *address = address_cases[i].address;
        if (address_cases[i].allowed)
            continue; // somebody's: not to be connected to
        snprintf(texts[count], sizeof texts[count], "alone%zu.test", i);
        names[count] = (struct dns_answer){.name = texts[count], .addresses = {address}, .ttl_s = 60};
        count++;
        snprintf(texts[count], sizeof texts[count], "second%zu.test", i);
        names[count] = (struct dns_answer){.name = texts[count], .addresses = {"127.0.0.77", address}, .ttl_s = 60};
        count++;
    }
    assert_true(count >= 200);
    struct dns_server *d = dns_start(names, count);
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {.dns_servers = d->servers};
    DGL_AUTO(net_client) c = client_with(&options);
    BODY;
    for (size_t i = 0; i < count; i++) {
        struct dgl_net_request q = request_to(g, "http", names[i].name, s->port);
        struct dgl_net_result r = fetch(c, &q, &body);
        if (r.outcome != DGL_NET_BLOCKED)
            fail_msg("%s (%s): %s %s", names[i].name, names[i].addresses[0], dgl_net_outcome_word(r.outcome),
                     r.message);
        assert_string_equal(r.message, "destination not allowed");
        assert_string_equal(r.address, "");
    }
    assert_int_equal(s->accepted, 0);
    tcp_stop(s);
    dns_stop(d);
}

// The name changes between two requests, and must not between the check and the connection: each request asks once.
static void test_rebinding(void **state DGL_UNUSED)
{
    struct dns_answer names[] = {
        {.name = "rebind.test", .addresses = {"127.0.0.1", "127.0.0.2", "127.0.0.1"}, .round_robin = true}};
    struct dns_server *d = dns_start(names, DGL_COUNT(names));
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {.dns_servers = d->servers};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.1/32");
    BODY;
    struct dgl_net_request q = request_to(g, "http", "rebind.test", s->port);
    assert_int_equal(fetch(c, &q, &body).outcome, DGL_NET_ANSWERED);
    assert_int_equal(names[0].queries, 1);
    assert_int_equal(fetch(c, &q, &body).outcome, DGL_NET_BLOCKED); // although a connection is open
    assert_int_equal(names[0].queries, 2);
    assert_int_equal(fetch(c, &q, &body).outcome, DGL_NET_ANSWERED);
    assert_int_equal(s->requests, 2);
    tcp_stop(s);
    dns_stop(d);
}

// A name that moves to another allowed address gets a new connection there, not the old one.
static void test_pin_changes_connection(void **state DGL_UNUSED)
{
    struct dns_answer names[] = {{.name = "moving.test", .addresses = {"127.0.0.1", "127.0.0.2"}, .round_robin = true}};
    struct dns_server *d = dns_start(names, DGL_COUNT(names));
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {.dns_servers = d->servers};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    struct dgl_net_request q = request_to(g, "http", "moving.test", s->port);
    assert_int_equal(fetch(c, &q, &body).outcome, DGL_NET_ANSWERED);
    assert_int_equal(fetch(c, &q, &body).outcome, DGL_NET_CONNECT); // nobody listens on 127.0.0.2
    tcp_stop(s);
    dns_stop(d);
}

struct latch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done;
    enum dgl_net_outcome outcomes[64];
    int order[64];
};
struct ticket {
    struct latch *latch;
    int number;
};

static void on_done(void *arg, const struct dgl_net_result *r)
{
    struct ticket *t = arg;
    struct latch *l = t->latch;
    pthread_mutex_lock(&l->lock);
    l->outcomes[t->number] = r->outcome;
    l->order[l->done++] = t->number;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static void latch_wait(struct latch *l, int count)
{
    pthread_mutex_lock(&l->lock);
    while (l->done < count)
        pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

static void test_black_hole_delays_nobody(void **state DGL_UNUSED)
{
    struct dns_answer names[] = {{.name = "hole.test", .silent = true},
                                 {.name = "one.test", .addresses = {"127.0.0.1"}}};
    struct dns_server *d = dns_start(names, DGL_COUNT(names));
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {.dns_servers = d->servers};
    struct dgl_net_client *c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    struct latch l = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct ticket tickets[20];
    struct dgl_error err = DGL_ERROR_INIT;
    for (int i = 0; i < 20; i++) {
        struct dgl_net_request q = request_to(g, "http", i < 10 ? "hole.test" : "one.test", s->port);
        q.resolve_timeout_ms = 60000;
        tickets[i] = (struct ticket){&l, i};
        assert_ok(dgl_net_client_submit(c, &q, on_done, &tickets[i], &err), err);
    }
    latch_wait(&l, 10);
    for (int i = 0; i < 10; i++)
        assert_true(l.order[i] >= 10); // those with an answering name
    struct dgl_net_request q = request_to(g, "http", "hole.test", s->port);
    q.resolve_timeout_ms = 200;
    BODY;
    assert_int_equal(fetch(c, &q, &body).outcome, DGL_NET_DNS);
    dgl_net_client_free(c);
    for (int i = 0; i < 20; i++)
        assert_int_equal(l.outcomes[i], i < 10 ? DGL_NET_CANCELED : DGL_NET_ANSWERED);
    tcp_stop(s);
    dns_stop(d);
}

// ---- the line, the end

static void test_waiting_line(void **state DGL_UNUSED)
{
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {.max_in_flight = 1};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    struct latch l = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct ticket tickets[30];
    struct dgl_error err = DGL_ERROR_INIT;
    for (int i = 0; i < 30; i++) {
        struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
        tickets[i] = (struct ticket){&l, i};
        assert_ok(dgl_net_client_submit(c, &q, on_done, &tickets[i], &err), err);
    }
    latch_wait(&l, 30);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(l.outcomes[i], DGL_NET_ANSWERED);
        assert_int_equal(l.order[i], i);
    }
    assert_int_equal(s->at_once_max, 1);
    assert_int_equal(s->accepted, 1);
    tcp_stop(s);
}

static void test_free_cancels(void **state DGL_UNUSED)
{
    struct dns_answer names[] = {{.name = "hole.test", .silent = true}};
    struct dns_server *d = dns_start(names, DGL_COUNT(names));
    struct tcp_server *s = tcp_start(serve_silence, NULL, NULL);
    struct dgl_net_client_options options = {.max_in_flight = 2, .dns_servers = d->servers};
    struct dgl_net_client *c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    struct latch l = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct ticket tickets[4];
    struct dgl_error err = DGL_ERROR_INIT;
    for (int i = 0; i < 4; i++) { // one connected, one looking up its name, two in line
        struct dgl_net_request q = request_to(g, "http", i == 1 ? "hole.test" : "127.0.0.1", s->port);
        tickets[i] = (struct ticket){&l, i};
        assert_ok(dgl_net_client_submit(c, &q, on_done, &tickets[i], &err), err);
    }
    dgl_net_client_free(c);
    assert_int_equal(l.done, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(l.outcomes[i], DGL_NET_CANCELED);
    tcp_stop(s);
    dns_stop(d);
}

static void test_bind_address(void **state DGL_UNUSED)
{
    struct dns_answer names[] = {{.name = "only6.test", .addresses = {"::1"}}};
    struct dns_server *d = dns_start(names, DGL_COUNT(names));
    struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct dgl_net_client_options options = {.bind_address = "127.0.0.5", .dns_servers = d->servers};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8,::1");
    BODY;
    struct dgl_net_request q = request_to(g, "http", "127.0.0.1", s->port);
    assert_int_equal(fetch(c, &q, &body).http_status, 200);
    assert_string_equal(s->last_peer, "127.0.0.5");
    q = request_to(g, "http", "only6.test", s->port);
    struct dgl_net_result r = fetch(c, &q, &body);
    assert_int_equal(r.outcome, DGL_NET_CONNECT);
    assert_contains(r.message, "no IPv4 address");
    tcp_stop(s);
    dns_stop(d);
}

static void test_bad_options(void **state)
{
    static const struct {
        struct dgl_net_client_options options;
        const char *field;
    } bad[] = {
        {{.bind_address = "office"}, "bind_address"},
        {{.bind_address = "203.0.113.77"}, "bind_address"},
        {{.ca_file = "/nonexistent.pem"}, "ca_file"},
        {{.dns_servers = "not an address"}, "dns_servers"},
    };
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_net_client *c;
        assert_int_equal(dgl_net_client_new(&bad[i].options, &c, &err), DGL_E_INVALID);
        assert_string_equal(err.field, bad[i].field);
    }
    char path[4096];
    FILE *f = fopen(folder_path(state, "empty.pem", path), "w");
    assert_non_null(f);
    fclose(f);
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_net_client *c;
    struct dgl_net_client_options options = {.ca_file = path};
    assert_int_equal(dgl_net_client_new(&options, &c, &err), DGL_E_INVALID);
    assert_contains(err.message, "no certificate");
}

// ---- TLS

static void test_tls(void **state)
{
    struct dns_answer names[] = {{.name = "good.test", .addresses = {"127.0.0.1"}, .ttl_s = 60}};
    struct dns_server *d = dns_start(names, DGL_COUNT(names));
    char path[4096];
    struct test_authority trusted = authority_new("Trusted Authority", folder_path(state, "ca.pem", path));
    char other_path[4096];
    struct test_authority unknown = authority_new("Unknown Authority", folder_path(state, "other.pem", other_path));
    struct dgl_net_client_options options = {.dns_servers = d->servers, .ca_file = path};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    SSL_CTX *old = tls_server_context(&trusted, "good.test", -3600, 3600);
    SSL_CTX_set_security_level(old, 0);
    SSL_CTX_set_min_proto_version(old, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(old, TLS1_1_VERSION);
    SSL_CTX *tls12 = tls_server_context(&trusted, "good.test", -3600, 3600);
    SSL_CTX_set_max_proto_version(tls12, TLS1_2_VERSION);
    const struct {
        SSL_CTX *tls;
        enum dgl_net_outcome outcome;
        enum dgl_net_tls_problem problem;
        const char *text; // of the message, or of tls
    } cases[] = {
        {tls_server_context(&trusted, "good.test", -3600, 3600), DGL_NET_ANSWERED, DGL_NET_TLS_FINE, "TLSv1.3 TLS_"},
        {tls12, DGL_NET_ANSWERED, DGL_NET_TLS_FINE, "TLSv1.2 "},
        {tls_server_context(NULL, "good.test", -3600, 3600), DGL_NET_TLS, DGL_NET_TLS_SELF_SIGNED, "self-signed"},
        {tls_server_context(&trusted, "good.test", -7200, -3600), DGL_NET_TLS, DGL_NET_TLS_EXPIRED, "has expired"},
        {tls_server_context(&trusted, "good.test", 3600, 7200), DGL_NET_TLS, DGL_NET_TLS_NOT_YET_VALID,
         "not valid yet"},
        {tls_server_context(&trusted, "other.test", -3600, 3600), DGL_NET_TLS, DGL_NET_TLS_WRONG_NAME,
         "is not for good.test"},
        {tls_server_context(&unknown, "good.test", -3600, 3600), DGL_NET_TLS, DGL_NET_TLS_UNTRUSTED, "authority"},
        {old, DGL_NET_TLS, DGL_NET_TLS_HANDSHAKE, "no TLS connection"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct tcp_server *s = tcp_start(serve_fixed, OK_ANSWER, cases[i].tls);
        struct dgl_net_request q = request_to(g, "https", "good.test", s->port);
        for (int round = 0; round < 2; round++) {
            struct dgl_net_result r = fetch(c, &q, &body);
            if (r.outcome != cases[i].outcome)
                fail_msg("case %zu: %s %s", i, dgl_net_outcome_word(r.outcome), r.message);
            assert_int_equal(r.tls_problem, cases[i].problem);
            assert_contains(r.outcome == DGL_NET_ANSWERED ? r.tls : r.message, cases[i].text);
            if (r.outcome == DGL_NET_ANSWERED) {
                assert_true(r.tls_us > 0);
                assert_int_equal(r.reused, round);
                assert_string_equal(s->last_sni, "good.test");
            }
        }
        tcp_stop(s);
    }
    authority_free(&trusted);
    authority_free(&unknown);
    dns_stop(d);
}

static void test_tls_to_plain_port_and_back(void **state DGL_UNUSED)
{
    struct tcp_server *plain = tcp_start(serve_fixed, OK_ANSWER, NULL);
    struct tcp_server *tls = tcp_start(serve_fixed, OK_ANSWER, tls_server_context(NULL, "x.test", -60, 60));
    struct dgl_net_client_options options = {0};
    DGL_AUTO(net_client) c = client_with(&options);
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8");
    BODY;
    struct dgl_net_request q = request_to(g, "https", "127.0.0.1", plain->port);
    q.total_timeout_ms = 1000; // the plain server waits for the end of a head that never comes
    struct dgl_net_result r = fetch(c, &q, &body);
    assert_true(r.outcome == DGL_NET_TLS || r.outcome == DGL_NET_TIMEOUT);
    q = request_to(g, "http", "127.0.0.1", tls->port);
    r = fetch(c, &q, &body);
    assert_int_equal(r.outcome, DGL_NET_BROKEN);
    tcp_stop(plain);
    tcp_stop(tls);
}

static void test_retry_after(void **state DGL_UNUSED)
{
    static const struct {
        const char *value;
        int64_t wanted;
    } cases[] = {
        {"0", 0},
        {"120", 120},
        {"99999999999", 99999999999},
        {"-1", -1},
        {"1.5", -1},
        {"", -1},
        {"soon", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 37},  // IMF-fixdate
        {"Sunday, 06-Nov-94 08:49:37 GMT", 37}, // RFC 850
        {"Sun Nov  6 08:49:37 1994", 37},       // asctime
        {"Sun, 06 Nov 1994 08:00:00 GMT", 0},   // past
        {"120 seconds", -1},
        {"tomorrow", -1},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++)
        assert_int_equal(dgl_net_retry_after(cases[i].value, strlen(cases[i].value), 784111740), cases[i].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_answer),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_large_answers),
        cmocka_unit_test(test_exact_bound),
        cmocka_unit_test(test_broken_answers),
        cmocka_unit_test(test_redirect_is_an_answer),
        cmocka_unit_test(test_environment_is_ignored),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_blocked_literal),
        cmocka_unit_test(test_localhost_when_allowed),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_of_every_class),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_pin_changes_connection),
        cmocka_unit_test(test_black_hole_delays_nobody),
        cmocka_unit_test(test_waiting_line),
        cmocka_unit_test(test_free_cancels),
        cmocka_unit_test(test_bind_address),
        cmocka_unit_test_setup_teardown(test_bad_options, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_tls, folder_make, folder_remove),
        cmocka_unit_test(test_tls_to_plain_port_and_back),
        cmocka_unit_test(test_retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
