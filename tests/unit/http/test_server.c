// The adapter as a client sees it: framing, limits, bodies, answers, files.
#include "server_fixture.h"

#include <netinet/tcp.h>

static void hello(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    dgl_http_respond(rq, 200, "text/plain", "hello", 5);
}

static void echo(void *ctx, struct dgl_http_request *rq)
{
    const char *body;
    size_t len;
    (void)ctx;
    dgl_http_body(rq, &body, &len);
    dgl_http_respond(rq, 200, "application/octet-stream", body, len);
}

// Says what it was asked, one fact a line.
static void describe(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    struct dgl_buf out = DGL_BUF_INIT(65536);
    const char *id = dgl_http_param(rq, "id"), *q = dgl_http_query(rq, "q"), *cookie = dgl_http_cookie(rq, "session");
    dgl_buf_printf(&out, "method=%s\npath=%s\nid=%s\nq=%s\ncookie=%s\nclient=%s\ntls=%d\n", dgl_http_method(rq),
                   dgl_http_path(rq), id ? id : "-", q ? q : "-", cookie ? cookie : "-", dgl_http_client_address(rq),
                   dgl_http_is_tls(rq));
    dgl_http_add_header(rq, "Set-Cookie", "a=1");
    dgl_http_add_header(rq, "Set-Cookie", "b=2");
    dgl_http_set_header(rq, "X-Thing", "first");
    dgl_http_set_header(rq, "X-Thing", "second");
    dgl_http_respond_buf(rq, 200, "text/plain", &out);
}

static void upload(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    struct dgl_buf out = DGL_BUF_INIT(65536);
    for (size_t i = 0; i < dgl_http_field_count(rq); i++) {
        const struct dgl_http_field *f = dgl_http_field_at(rq, i);
        dgl_buf_printf(&out, "%s=%s(%zu)\n", f->name, f->file_name ? f->file_name : f->value, f->size_bytes);
    }
    dgl_http_respond_buf(rq, 200, "text/plain", &out);
}

static void file(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    struct dgl_error err;
    int fd;
    assert_int_equal(dgl_file_memfd("test", &fd, &err), DGL_OK);
    assert_int_equal(dgl_file_write_fd(fd, "0123456789", 10, &err), DGL_OK);
    dgl_http_respond_file(rq, fd, 10, "application/pdf", "\"tag\"", INT64_C(784111777) * DGL_US_PER_S);
}

static char page[20000];

static void text(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    dgl_http_respond(rq, 200, "text/html; charset=utf-8", page, sizeof(page));
}

static void asset(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    dgl_http_respond_static(rq, 200, "text/css", page, sizeof(page), "v1");
}

static void broken(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    struct dgl_error err;
    (void)DGL_FAIL(&err, DGL_E_INTERNAL, "the secret path /var/lib is wrong");
    dgl_http_respond_error(rq, &err, 0);
}

static void invalid(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    struct dgl_error err;
    (void)DGL_FAIL_FIELD(&err, DGL_E_INVALID, "unknown_field", "a.b", "Say \"b\" & nothing else.");
    dgl_http_respond_error(rq, &err, 7);
}

static bool keyed(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    if (dgl_http_header(rq, "X-Key"))
        return true;
    struct dgl_error err;
    (void)DGL_FAIL(&err, DGL_E_UNAUTHORIZED, "No key.");
    dgl_http_respond_error(rq, &err, 0);
    return false;
}

static const struct dgl_route routes[] = {
    {"GET", "/hello", hello},
    {"POST", "/echo", echo, .max_body_bytes = 100000},
    {"GET", "/describe/{id}", describe},
    {"GET", "/api/v1/blocking/{id}", describe, DGL_ROUTE_BLOCKING},
    {"POST", "/upload", upload, DGL_ROUTE_FORM | DGL_ROUTE_BLOCKING, .max_body_bytes = 1u << 20},
    {"GET", "/file", file},
    {"GET", "/text", text},
    {"GET", "/asset", asset},
    {"GET", "/broken", broken},
    {"GET", "/invalid", invalid},
    {"POST", "/keyed", echo, .max_body_bytes = 100, .admit = keyed},
    {"GET", "/park", park},
};

static struct dgl_http_server *server;
static uint16_t port;

static void error_page(void *ctx, struct dgl_http_request *rq, const struct dgl_error *err)
{
    (void)ctx;
    dgl_http_respond(rq, dgl_status_http(err->code), "text/html", "<p>page", 7);
}

static int setup(void **state)
{
    (void)state;
    struct dgl_error err;
    memset(page, 'x', sizeof(page));
    dgl_log_configure(DGL_LOG_OFF, DGL_LOG_TEXT);
    assert_int_equal(dgl_crypto_init(&err), DGL_OK);
    struct dgl_http_options options = {
        .listen = "127.0.0.1:0", .trusted_proxies = "127.0.0.1", .temp_dir = "/tmp", .error_page = error_page};
    if (dgl_http_server_new(&options, dgl_clock_system(), &server, &err) != DGL_OK)
        fail_msg("%s", err.message);
    dgl_http_server_add(server, routes, DGL_COUNT(routes), NULL);
    if (dgl_http_server_start(server, &err) != DGL_OK)
        fail_msg("%s", err.message);
    port = dgl_http_server_port(server);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dgl_http_server_stop(server, 1000);
    dgl_http_server_free(server);
    return 0;
}

static void answers_on_a_kept_connection(void **state)
{
    (void)state;
    int fd = dial(port);
    char text_out[512];
    for (int i = 0; i < 3; i++) {
        say(fd, GET("/hello"));
        struct reply r = hear(fd);
        assert_int_equal(r.status, 200);
        assert_string_equal(r.body, "hello");
        assert_string_equal(reply_header(&r, "X-Content-Type-Options", text_out), "nosniff");
        assert_string_equal(reply_header(&r, "Cache-Control", text_out), "no-store");
        assert_int_equal(strlen(reply_header(&r, "X-Request-Id", text_out)), 16);
        free(r.body);
    }
    close(fd);
}

static void answers_pipelined_requests_in_order(void **state)
{
    (void)state;
    int fd = dial(port);
    say(fd, GET("/describe/1") GET("/api/v1/blocking/2") GET("/describe/3"));
    for (int i = 1; i <= 3; i++) {
        char want[16];
        struct reply r = hear(fd);
        snprintf(want, sizeof(want), "id=%d\n", i);
        assert_non_null(strstr(r.body, want));
        free(r.body);
    }
    close(fd);
}

static void hands_over_what_was_asked(void **state)
{
    (void)state;
    int fd = dial(port);
    say(fd, "GET /describe/a%20b/?q=x%2By HTTP/1.1\r\nHost: x\r\nCookie: a=b; session=s=1; c=d\r\n"
            "X-Forwarded-For: 6.6.6.6, 203.0.113.5\r\nX-Forwarded-Proto: https\r\nX-Request-Id: mine-1\r\n\r\n");
    struct reply r = hear(fd);
    char text_out[512];
    assert_string_equal(r.body,
                        "method=GET\npath=/describe/a%20b/\nid=a b\nq=x+y\ncookie=s=1\nclient=203.0.113.5\ntls=1\n");
    assert_string_equal(reply_header(&r, "X-Thing", text_out), "second");
    assert_string_equal(reply_header(&r, "X-Request-Id", text_out), "mine-1");
    assert_non_null(strstr(r.head, "Set-Cookie: a=1"));
    assert_non_null(strstr(r.head, "Set-Cookie: b=2"));
    free(r.body);
    close(fd);
}

static void refuses_ambiguous_framing(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nX: a\r\n Content-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nX: a\001b\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "GET /hello HTTP/1.1\nHost: x\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\n\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nX: a\rContent-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nX: a\nContent-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\nabc",
        "GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /hello  HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /hel lo HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /hello\tHTTP/1.1\r\nHost: x\r\n\r\n",
    };
    for (size_t i = 0; i < DGL_COUNT(requests); i++) {
        int fd = dial(port);
        int status = ask(fd, requests[i]);
        if (status != 400)
            fail_msg("answered %d to request %zu", status, i);
        if (!is_closed(fd))
            fail_msg("left the connection open after request %zu", i);
        close(fd);
    }
    assert_int_equal(ask_once(port, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"),
                     413);
}

// A NUL would end what follows it for us and not for others.
static void refuses_nul_characters(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "GET /hello HTTP/1.1\r\nHost: x\r\nX: a~b\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nX~: ab\r\n\r\n",
        "GET /hello~ HTTP/1.1\r\nHost: x\r\n\r\n",          "GET /hello HTTP/1.1~\r\nHost: x\r\n\r\n",
        "GE~T /hello HTTP/1.1\r\nHost: x\r\n\r\n",          "POST /echo HTTP/1.1\r\nHost: x\r\nX: a~\r\n\r\nabc",
    };
    for (size_t i = 0; i < DGL_COUNT(requests); i++) {
        char bytes[256];
        size_t len = strlen(requests[i]);
        memcpy(bytes, requests[i], len);
        *(char *)memchr(bytes, '~', len) = '\0';
        int fd = dial(port);
        say_bytes(fd, bytes, len);
        struct reply r = hear(fd);
        if (r.status != 400 && r.status != 0) // 0: libmicrohttpd hangs up without a word
            fail_msg("answered %d to request %zu", r.status, i);
        free(r.body);
        assert_true(is_closed(fd));
        close(fd);
    }
}

// However a head is cut on its way, and however much memory it takes, it is read alike.
static void reads_heads_that_come_in_pieces(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&b, "GET /describe/7?q=1&r HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 90; i++)
        dgl_buf_printf(&b, "X-%d:%.*s%.*s \r\n", i, i % 3, "  ", i % 100,
                       "a value that is sometimes short and sometimes longer");
    dgl_buf_puts(&b, "\r\n");
    static const size_t pieces[] = {1, 2, 3, 100, 1000, 100000};
    for (size_t i = 0; i < DGL_COUNT(pieces); i++) {
        int fd = dial(port), one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        for (int times = 0; times < 3; times++) { // the later ones on a connection that was used
            for (size_t at = 0; at < b.len; at += pieces[i])
                say_bytes(fd, b.data + at, DGL_MIN(pieces[i], b.len - at));
            struct reply r = hear(fd);
            if (r.status != 200)
                fail_msg("answered %d to pieces of %zu bytes: %s", r.status, pieces[i], r.body);
            free(r.body);
        }
        close(fd);
    }
}

static void refuses_odd_targets(void **state)
{
    (void)state;
    assert_int_equal(ask_once(port, GET("/describe/%00")), 400);
    assert_int_equal(ask_once(port, GET("/describe/%zz")), 400);
    assert_int_equal(ask_once(port, GET("/describe/a%2Fb")), 400);
    assert_int_equal(ask_once(port, GET("/describe/%ff")), 400);
    assert_int_equal(ask_once(port, GET("/hello?a=%")), 400);
    assert_int_equal(ask_once(port, GET("hello")), 400);
    assert_int_equal(ask_once(port, GET("/../hello")), 404);
}

static void survives_heads_that_are_too_large(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&b, "GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ");
    for (int i = 0; i < 11000; i++)
        dgl_buf_putc(&b, 'a');
    dgl_buf_puts(&b, "\r\n\r\n");
    assert_int_equal(ask_once(port, b.data), 200);
    dgl_buf_reset(&b);
    dgl_buf_puts(&b, "GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ");
    for (int i = 0; i < 100000; i++)
        dgl_buf_putc(&b, 'a');
    dgl_buf_puts(&b, "\r\n\r\n");
    int status = ask_once(port, b.data);
    assert_true(status == 431 || status == 0); // the reset may overtake the answer
    dgl_buf_reset(&b);
    dgl_buf_puts(&b, "GET /hello HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < HTTP_MAX_HEADERS; i++)
        dgl_buf_puts(&b, "A: b\r\n");
    dgl_buf_puts(&b, "\r\n");
    assert_int_equal(ask_once(port, b.data), 400);
    assert_int_equal(ask_once(port, GET("/hello")), 200);
}

static void says_what_is_not_there(void **state)
{
    (void)state;
    int fd = dial(port);
    char text_out[512];
    say(fd, GET("/api/v1/nothing"));
    struct reply r = hear(fd);
    assert_int_equal(r.status, 404);
    assert_string_equal(r.body, "{\"detail\":\"There is nothing at /api/v1/nothing.\",\"code\":\"not_found\"}");
    assert_string_equal(reply_header(&r, "Content-Type", text_out), "application/json");
    free(r.body);
    say(fd, "POST /api/v1/blocking/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
    r = hear(fd);
    assert_int_equal(r.status, 405);
    assert_string_equal(reply_header(&r, "Allow", text_out), "GET, HEAD");
    free(r.body);
    say(fd, GET("/nothing"));
    r = hear(fd);
    assert_int_equal(r.status, 404);
    assert_string_equal(r.body, "<p>page");
    free(r.body);
    assert_int_equal(ask(fd, GET("/hello")), 200); // the connection lives on
    close(fd);
}

static void makes_errors_one_way(void **state)
{
    (void)state;
    int fd = dial(port);
    char text_out[512];
    say(fd, GET("/invalid"));
    struct reply r = hear(fd);
    assert_int_equal(r.status, 422);
    assert_string_equal(r.body, "{\"detail\":\"Say \\\"b\\\" & nothing else.\",\"code\":\"unknown_field\",\"errors\":[{"
                                "\"field\":\"a.b\",\"message\":\"Say \\\"b\\\" & nothing else.\"}]}");
    assert_string_equal(reply_header(&r, "Retry-After", text_out), "7");
    free(r.body);
    say(fd, GET("/broken"));
    r = hear(fd);
    assert_int_equal(r.status, 500);
    assert_null(strstr(r.body, "secret"));
    assert_non_null(strstr(r.body, reply_header(&r, "X-Request-Id", text_out)));
    free(r.body);
    close(fd);
}

static void takes_bodies_whole_and_chunked(void **state)
{
    (void)state;
    int fd = dial(port);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1u << 20);
    dgl_buf_puts(&b, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    size_t head = b.len;
    for (int i = 0; i < 100000; i++)
        dgl_buf_putc(&b, (char)('a' + i % 26));
    say_bytes(fd, b.data, b.len);
    struct reply r = hear(fd);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.len, 100000);
    assert_memory_equal(r.body, b.data + head, 100000);
    free(r.body);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nT: "
            "x\r\n\r\n");
    r = hear(fd);
    assert_string_equal(r.body, "abcde");
    free(r.body);
    assert_true(is_closed(fd)); // whatever came behind the chunks is nobody's request
    close(fd);
    fd = dial(port);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    r = hear(fd);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.len, 0);
    free(r.body);
    close(fd);
}

static void refuses_bodies_that_are_too_large(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(4u << 20);
    int fd = dial(port); // sent without waiting for leave: drained, answered, the connection lives on
    dgl_buf_puts(&b, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    for (int i = 0; i < 1000000; i++)
        dgl_buf_putc(&b, 'a');
    say_bytes(fd, b.data, b.len);
    struct reply r = hear(fd);
    assert_int_equal(r.status, 413);
    free(r.body);
    dgl_buf_reset(&b);
    dgl_buf_puts(&b, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20000; i++)
        dgl_buf_puts(&b, "6\r\nabcdef\r\n");
    dgl_buf_puts(&b, "0\r\n\r\n");
    say_bytes(fd, b.data, b.len);
    r = hear(fd);
    assert_int_equal(r.status, 413);
    free(r.body);
    close(fd);
    fd = dial(port);
    assert_int_equal(ask(fd, GET("/hello")), 200);
    assert_int_equal(ask(fd, "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"), 400);
    assert_int_equal(ask(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na"),
                     415);
    close(fd);
}

static void answers_before_the_body_when_asked_first(void **state)
{
    (void)state;
    int fd = dial(port);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    struct reply r = hear(fd);
    assert_int_equal(r.status, 100);
    free(r.body);
    assert_int_equal(ask(fd, "abc"), 200);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3000000\r\n\r\n");
    r = hear(fd);
    assert_int_equal(r.status, 413);
    free(r.body);
    assert_true(is_closed(fd));
    close(fd);
    fd = dial(port);
    say(fd, "POST /keyed HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    r = hear(fd);
    assert_int_equal(r.status, 401);
    free(r.body);
    close(fd);
}

static void admits_before_the_body(void **state)
{
    (void)state;
    int fd = dial(port);
    assert_int_equal(ask(fd, "POST /keyed HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"), 401);
    assert_int_equal(ask(fd, "POST /keyed HTTP/1.1\r\nHost: x\r\nX-Key: k\r\nContent-Length: 3\r\n\r\nabc"), 200);
    close(fd);
}

static void reads_forms(void **state)
{
    (void)state;
    static const char body[] =
        "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--b\r\n"
        "Content-Disposition: form-data; name=\"f\"; filename=\"a.docx\"\r\n\r\nabc\r\n--b--\r\n";
    int fd = dial(port);
    char request[1024];
    snprintf(request, sizeof(request),
             "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             sizeof(body) - 1, body);
    say(fd, request);
    struct reply r = hear(fd);
    assert_string_equal(r.body, "n=v(1)\nf=a.docx(3)\n");
    free(r.body);
    snprintf(request, sizeof(request),
             "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
             "Content-Length: %zu\r\n\r\n%.*s",
             sizeof(body) - 20, (int)sizeof(body) - 20, body);
    say(fd, request);
    r = hear(fd);
    assert_int_equal(r.status, 400);
    free(r.body);
    assert_int_equal(
        ask(fd, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
        415);
    assert_int_equal(ask(fd, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), 200);
    close(fd);
}

static struct reply get_file(int fd, const char *method, const char *headers)
{
    char request[1024];
    snprintf(request, sizeof(request), "%s /file HTTP/1.1\r\nHost: x\r\n%s\r\n", method, headers);
    say(fd, request);
    return hear_with(fd, strcmp(method, "HEAD") != 0);
}

static void serves_files_in_parts(void **state)
{
    (void)state;
    static const struct {
        const char *method, *headers;
        int status;
        const char *body, *range;
    } cases[] = {
        {"GET", "", 200, "0123456789", NULL},
        {"HEAD", "", 200, "", NULL},
        {"GET", "Range: bytes=2-4\r\n", 206, "234", "bytes 2-4/10"},
        {"HEAD", "Range: bytes=2-4\r\n", 206, "", "bytes 2-4/10"},
        {"GET", "Range: bytes=-2\r\n", 206, "89", "bytes 8-9/10"},
        {"GET", "Range: bytes=8-\r\nIf-Range: \"tag\"\r\n", 206, "89", "bytes 8-9/10"},
        {"GET", "Range: bytes=8-\r\nIf-Range: \"other\"\r\n", 200, "0123456789", NULL},
        {"GET", "Range: bytes=8-\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 206, "89", "bytes 8-9/10"},
        {"GET", "Range: bytes=0-1,3-4\r\n", 200, "0123456789", NULL},
        {"GET", "If-None-Match: \"tag\"\r\n", 304, "", NULL},
        {"GET", "If-None-Match: \"other\"\r\n", 200, "0123456789", NULL},
        {"GET", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 304, "", NULL},
        {"GET", "If-Match: \"other\", \"tag\"\r\nRange: bytes=2-4\r\n", 206, "234", "bytes 2-4/10"},
        {"GET", "If-Match: *\r\n", 200, "0123456789", NULL},
        {"GET", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200, "0123456789", NULL},
    };
    int fd = dial(port);
    char text_out[512];
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct reply r = get_file(fd, cases[i].method, cases[i].headers);
        if (r.status != cases[i].status)
            fail_msg("case %zu: %d", i, r.status);
        assert_string_equal(r.body, cases[i].body);
        assert_string_equal(reply_header(&r, "ETag", text_out), "\"tag\"");
        const char *range = reply_header(&r, "Content-Range", text_out);
        assert_true(range ? cases[i].range && strcmp(range, cases[i].range) == 0 : cases[i].range == NULL);
        free(r.body);
    }
    struct reply r = get_file(fd, "GET", "Range: bytes=10-\r\n");
    assert_int_equal(r.status, 416);
    assert_string_equal(reply_header(&r, "Content-Range", text_out), "bytes */10");
    free(r.body);
    static const char *const changed[] = {"If-Match: \"other\"\r\n", "If-Match: W/\"tag\"\r\n",
                                          "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
                                          "If-Match: \"other\"\r\nIf-None-Match: \"tag\"\r\n"};
    for (size_t i = 0; i < DGL_COUNT(changed); i++) {
        r = get_file(fd, "GET", changed[i]);
        assert_int_equal(r.status, 412);
        free(r.body);
    }
    r = get_file(fd, "GET", "If-None-Match: \"tag\"\r\n");
    assert_string_equal(reply_header(&r, "Content-Length", text_out), "10");
    free(r.body);
    r = get_file(fd, "HEAD", "");
    assert_string_equal(reply_header(&r, "Content-Length", text_out), "10");
    free(r.body);
    close(fd);
}

static void compresses_text_alike_for_get_and_head(void **state)
{
    (void)state;
    static const char *const paths[] = {"/text", "/asset"};
    for (size_t i = 0; i < DGL_COUNT(paths); i++) {
        int fd = dial(port);
        char request[256], get_length[512], head_length[512], text_out[512];
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n", paths[i]);
        say(fd, request);
        struct reply r = hear(fd);
        assert_string_equal(reply_header(&r, "Content-Encoding", text_out), "gzip");
        assert_string_equal(reply_header(&r, "Vary", text_out), "Accept-Encoding");
        reply_header(&r, "Content-Length", get_length);
        assert_true(r.len < 1000);
        free(r.body);
        snprintf(request, sizeof(request), "HEAD %s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n", paths[i]);
        say(fd, request);
        r = hear_with(fd, false);
        reply_header(&r, "Content-Length", head_length);
        assert_string_equal(get_length, head_length);
        free(r.body);
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
        say(fd, request);
        r = hear(fd);
        assert_int_equal(r.len, sizeof(page));
        free(r.body);
        close(fd);
    }
    assert_int_equal(ask_once(port, "GET /asset HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v1\"\r\n\r\n"), 304);
    assert_int_equal(
        ask_once(port, "GET /asset HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"v1-gz\"\r\n\r\n"),
        304);
}

static void answers_a_client_that_waits(void **state)
{
    (void)state;
    int fd = dial(port);
    say(fd, GET("/park") GET("/hello"));
    dgl_http_respond(unpark(), 200, "text/plain", "late", 4);
    struct reply r = hear(fd);
    assert_string_equal(r.body, "late");
    free(r.body);
    r = hear(fd);
    assert_string_equal(r.body, "hello");
    free(r.body);
    close(fd);
}

// libmicrohttpd takes the end of a client's side for a client that left, unless it comes in one piece with the request:
// the answer is whole or not there.
static void never_half_answers_a_client_that_closed_its_side(void **state)
{
    (void)state;
    static const char *const requests[] = {GET("/hello"), GET("/api/v1/blocking/1"), GET("/park")};
    for (size_t i = 0; i < DGL_COUNT(requests); i++) {
        int fd = dial(port);
        say(fd, requests[i]);
        shutdown(fd, SHUT_WR);
        if (i == 2)
            dgl_http_respond(unpark(), 200, "text/plain", "late", 4);
        struct reply r = hear(fd);
        assert_true(r.status == 200 || (r.status == 0 && r.len == 0));
        free(r.body);
        close(fd);
    }
    assert_int_equal(ask_once(port, GET("/hello")), 200);
}

static void survives_a_client_that_left(void **state)
{
    (void)state;
    int fds[32];
    for (size_t i = 0; i < DGL_COUNT(fds); i++) {
        fds[i] = dial(port);
        say(fds[i], GET("/park"));
    }
    wait_parked(DGL_COUNT(fds));
    for (size_t i = 0; i < DGL_COUNT(fds); i++) {
        struct linger reset = {.l_onoff = i % 2, .l_linger = 0};
        setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(fds[i]);
    }
    for (size_t i = 0; i < DGL_COUNT(fds); i++)
        dgl_http_respond(unpark(), 200, "text/plain", page, sizeof(page));
    assert_int_equal(ask_once(port, GET("/hello")), 200);
}

static void survives_a_client_that_stops_half_way(void **state)
{
    (void)state;
    static const char *const halves[] = {
        "",
        "G",
        "GET /hello",
        "GET /hello HTTP/1.1\r\nHost",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: "
        "200\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nabc"};
    for (size_t i = 0; i < DGL_COUNT(halves); i++) {
        int fd = dial(port);
        say(fd, halves[i]);
        close(fd);
    }
    assert_int_equal(ask_once(port, GET("/hello")), 200);
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

// Or as many as a busy machine opens before the first of them has been idle for too long.
static void holds_two_thousand_idle_connections(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    static int fds[COUNT];
    int count = COUNT;
    for (bool busy = true; busy;) {
        int64_t until_us = dgl_clock_mono_us(dgl_clock_system()) + HTTP_IDLE_TIMEOUT_S * DGL_US_PER_S / 2;
        for (int i = 0; i < count; i++) {
            fds[i] = dial(port);
            assert_int_equal(ask(fds[i], GET("/hello")), 200);
        }
        busy = dgl_clock_mono_us(dgl_clock_system()) > until_us && count > 100;
        if (busy) {
            close_all(fds, count);
            count /= 2;
        }
    }
    struct dgl_http_stats stats;
    dgl_http_server_stats(server, &stats);
    assert_true(stats.connections >= (uint64_t)count);
    for (int i = 0; i < count; i += 100)
        assert_int_equal(ask(fds[i], GET("/hello")), 200);
    close_all(fds, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_on_a_kept_connection),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(hands_over_what_was_asked),
        cmocka_unit_test(refuses_ambiguous_framing),
        cmocka_unit_test(refuses_nul_characters),
        cmocka_unit_test(reads_heads_that_come_in_pieces),
        cmocka_unit_test(refuses_odd_targets),
        cmocka_unit_test(survives_heads_that_are_too_large),
        cmocka_unit_test(says_what_is_not_there),
        cmocka_unit_test(makes_errors_one_way),
        cmocka_unit_test(takes_bodies_whole_and_chunked),
        cmocka_unit_test(refuses_bodies_that_are_too_large),
        cmocka_unit_test(answers_before_the_body_when_asked_first),
        cmocka_unit_test(admits_before_the_body),
        cmocka_unit_test(reads_forms),
        cmocka_unit_test(serves_files_in_parts),
        cmocka_unit_test(compresses_text_alike_for_get_and_head),
        cmocka_unit_test(answers_a_client_that_waits),
        cmocka_unit_test(never_half_answers_a_client_that_closed_its_side),
        cmocka_unit_test(survives_a_client_that_left),
        cmocka_unit_test(survives_a_client_that_stops_half_way),
        cmocka_unit_test(holds_two_thousand_idle_connections),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
