// Fuzz target: bytes on a connection to the real server. A second reader, strict and independent, says which requests
// the bytes hold; the server may see those, in their order, or fewer, and never another one: that is what request
// smuggling would be. Every answer has the form of one, and the connection ends.
#include "fuzz.h"

#include "base/buf.h"
#include "server/http/http.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_SEEN 1024 // more do not fit into an input
#define QUIET_US 3000 // the server has nothing more to say: long for a loopback, short for many inputs
#define WAIT_STEP_US 50
#define WAIT_STEPS 400000 // 20 s

struct seen {
    char method[16], path[256];
    size_t body_len;
    bool chunked;
};
struct list {
    struct seen items[MAX_SEEN];
    size_t count;
};
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list seen;

// ---- the server

static void note(struct dgl_http_request *rq)
{
    const char *body;
    size_t len = 0;
    dgl_http_body(rq, &body, &len);
    pthread_mutex_lock(&seen_lock);
    if (seen.count < MAX_SEEN) {
        struct seen *s = &seen.items[seen.count++];
        dgl_str_copy(s->method, sizeof(s->method), dgl_http_method(rq), strlen(dgl_http_method(rq)));
        dgl_str_copy(s->path, sizeof(s->path), dgl_http_path(rq), strlen(dgl_http_path(rq)));
        s->body_len = len;
    }
    pthread_mutex_unlock(&seen_lock);
}

static void echo(void *ctx, struct dgl_http_request *rq)
{
    const char *body;
    size_t len;
    (void)ctx;
    note(rq);
    dgl_http_body(rq, &body, &len);
    const char *id = dgl_http_param(rq, "id"), *q = dgl_http_query(rq, "q"), *cookie = dgl_http_cookie(rq, "session");
    struct dgl_buf out = DGL_BUF_INIT((size_t)1 << 20);
    dgl_buf_printf(&out, "%s %s %s %s %s %d\n", id ? id : "-", q ? q : "-", cookie ? cookie : "-",
                   dgl_http_client_address(rq), dgl_http_id(rq), dgl_http_is_tls(rq));
    dgl_buf_append(&out, body, len);
    dgl_http_respond_buf(rq, 200, "text/plain; charset=utf-8", &out);
}

static void form(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    struct dgl_buf out = DGL_BUF_INIT((size_t)1 << 20);
    for (size_t i = 0; i < dgl_http_field_count(rq); i++)
        dgl_buf_printf(&out, "%s %zu\n", dgl_http_field_at(rq, i)->name, dgl_http_field_at(rq, i)->size_bytes);
    dgl_http_respond_buf(rq, 200, "text/plain; charset=utf-8", &out);
}

static void fixed(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    note(rq);
    dgl_http_respond_static(rq, 200, "text/plain", "0123456789", 10, "\"tag\"");
}

static void away(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    note(rq);
    dgl_http_redirect(rq, 303, "/fixed");
}

static const struct dgl_route routes[] = {
    {"GET", "/", echo},
    {"GET", "/fixed", fixed},
    {"GET", "/away", away},
    {"GET", "/things/{id}", echo, DGL_ROUTE_BLOCKING},
    {"POST", "/things", echo, .max_body_bytes = 4096},
    {"PUT", "/things/{id}", echo, DGL_ROUTE_BLOCKING, 4096},
    {"DELETE", "/things/{id}", echo},
    {"POST", "/form", form, DGL_ROUTE_FORM | DGL_ROUTE_BLOCKING, 65536},
};

static struct dgl_http_server *the_server(void)
{
    static struct dgl_http_server *server;
    const struct dgl_http_options options = {.listen = "127.0.0.1:0",
                                             .trusted_proxies = "127.0.0.1",
                                             .threads = 1,
                                             .blocking_threads = 1,
                                             .temp_dir = fuzz_temp_dir()};
    struct dgl_error err = DGL_ERROR_INIT;
    if (server)
        return server;
    if (dgl_http_server_new(&options, dgl_clock_system(), &server, &err) != DGL_OK)
        abort();
    dgl_http_server_add(server, routes, DGL_COUNT(routes), NULL);
    if (dgl_http_server_start(server, &err) != DGL_OK)
        abort();
    return server;
}

// ---- the second reader (RFC 9112, the strict reading alone)

struct bytes {
    const char *at, *end;
};

static bool is_tchar(unsigned char c)
{
    return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

// Whether what stands here passes for the two CRLF that end a head: four bytes that each end something, NUL or the
// colon of a line without a name among them, lie as four NULs in memory, and the server cannot tell them apart. No
// proxy sends either.
static bool passes_for_end(const char *p, const char *end)
{
    bool is_odd = false;
    for (int i = 0; i < 4; i++) {
        if (p + i >= end || !memchr("\r\n\0:", p[i], i == 0 ? 3 : 4))
            return false;
        is_odd |= p[i] == '\0' || p[i] == ':';
    }
    return is_odd && p[3] == '\n';
}

// A line up to CRLF; false when there is none or a bare CR, LF or NUL stands in it. (NUL LF passes for CRLF, for the
// same reason.) *ret_ends: the head ends with it.
static bool take_line(struct bytes *b, struct bytes *ret, bool *ret_ends)
{
    *ret_ends = false;
    for (const char *p = b->at; p + 1 < b->end; p++) {
        bool ends = *p == '\r' || *p == '\0';
        *ret_ends = passes_for_end(p, b->end);
        if (!*ret_ends && (*p == '\n' || (ends && p[1] != '\n')))
            return false;
        if (ends || *ret_ends) {
            *ret = (struct bytes){b->at, p};
            b->at = p + (*ret_ends ? 4 : 2);
            return true;
        }
    }
    return false;
}

static bool take_request_line(struct bytes line, struct seen *ret)
{
    const char *p = line.at;
    while (p < line.end && is_tchar((unsigned char)*p))
        p++;
    if (p == line.at || p == line.end || *p != ' ')
        return false;
    dgl_str_copy(ret->method, sizeof(ret->method), line.at, (size_t)(p - line.at));
    const char *target = ++p;
    while (p < line.end && *p != ' ') // what may not stand in a target is refused later, and the framing is clear
        p++;
    if (p == target || line.end - p != 9 || memcmp(p, " HTTP/1.", 8) != 0 || !isdigit((unsigned char)p[8]))
        return false;
    size_t len = (size_t)(p - target), scheme = len > 7 && strncasecmp(target, "http://", 7) == 0    ? 7
                                                : len > 8 && strncasecmp(target, "https://", 8) == 0 ? 8
                                                                                                     : 0;
    if (scheme) // absolute form: the path is behind the host, and "/" when there is none (RFC 9110 §4.2.3)
        for (target += scheme; target < p && *target != '/' && *target != '?';)
            target++;
    const char *query = memchr(target, '?', (size_t)(p - target));
    bool is_bare = scheme && target == p;
    dgl_str_copy(ret->path, sizeof(ret->path), is_bare ? "/" : target,
                 is_bare ? 1 : (size_t)((query ? query : p) - target));
    return true;
}

struct framing {
    int hosts, lengths, codings;
    bool chunked;
    int64_t length;
};

static bool take_field(struct bytes line, struct framing *f)
{
    const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));
    if (!colon || colon == line.at)
        return false;
    for (const char *p = line.at; p < colon; p++)
        if (!is_tchar((unsigned char)*p))
            return false;
    struct dgl_str name = {line.at, (size_t)(colon - line.at)};
    struct dgl_str value = dgl_str_trim((struct dgl_str){colon + 1, (size_t)(line.end - colon - 1)});
    f->hosts += name.len == 4 && strncasecmp(name.data, "host", 4) == 0;
    if (name.len == 14 && strncasecmp(name.data, "content-length", 14) == 0) {
        f->lengths++;
        for (size_t i = 0; i < value.len; i++)
            if (!isdigit((unsigned char)value.data[i]))
                return false;
        return dgl_parse_int64(value.data, value.len, 0, INT64_MAX, &f->length);
    }
    if (name.len == 17 && strncasecmp(name.data, "transfer-encoding", 17) == 0) {
        f->codings++;
        f->chunked = value.len == 7 && strncasecmp(value.data, "chunked", 7) == 0;
        return f->chunked;
    }
    return true;
}

// Before a request, RFC 9112 §2.2. (What begins with NUL is an empty line to the server up to its LF, whatever stands
// in it: it cannot know better. It is nothing to anybody else: no proxy sends it.)
static bool skip_empty_line(struct bytes *b)
{
    const char *p = b->at;
    if (p < b->end && *p == '\0')
        p = memchr(p, '\n', (size_t)(b->end - p));
    else if (b->end - p >= 2 && *p == '\r')
        p++;
    if (!p || p == b->end || *p != '\n')
        return false;
    b->at = p + 1;
    return true;
}

static bool take_request(struct bytes *b, struct seen *ret)
{
    struct framing f = {0};
    struct bytes line;
    bool ends;
    while (skip_empty_line(b))
        continue;
    if (!take_line(b, &line, &ends) || !take_request_line(line, ret))
        return false;
    while (!ends) {
        // ':' LF passes for the CR LF that ends the head: both lie as two NULs in memory. No proxy sends it.
        if (b->end - b->at >= 2 && memcmp(b->at, ":\n", 2) == 0) {
            b->at += 2;
            break;
        }
        if (!take_line(b, &line, &ends))
            return false;
        if (line.at == line.end)
            break;
        if (!take_field(line, &f))
            return false;
    }
    if (f.hosts > 1 || f.lengths + f.codings > 1)
        return false;
    if (f.chunked) { // how long it is may be seen in two ways, so it must be the last
        ret->chunked = true;
        b->at = b->end;
        return true;
    }
    if ((int64_t)(b->end - b->at) < f.length)
        return false;
    b->at += f.length;
    ret->body_len = (size_t)f.length;
    return true;
}

static void read_strictly(const uint8_t *data, size_t size, struct list *ret)
{
    struct bytes b = {(const char *)data, (const char *)data + size};
    struct seen one = {0};
    for (ret->count = 0; ret->count < MAX_SEEN && take_request(&b, &one); one = (struct seen){0})
        ret->items[ret->count++] = one;
}

// ---- the client

// After a signal (libFuzzer's clock) came in between, the connection goes on being made.
static bool connects(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int error = errno;
    socklen_t len = sizeof(error);
    while (error == EINTR && poll(&p, 1, -1) != 1)
        continue;
    if (error == EINTR)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    errno = error;
    return error == 0;
}

static int dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(dgl_http_server_port(the_server()))};
    const struct linger reset = {.l_onoff = 1}; // of one that stayed open nothing waits
    const struct timeval patience = {.tv_usec = QUIET_US};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (fd < 0 || (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && !connects(fd))) {
        perror("no connection");
        abort();
    }
    return fd;
}

// Says everything and mostly that this is all, hears until the server hangs up or is quiet, and resets the connection;
// then waits until the server has forgotten it.
static void talk(const uint8_t *data, size_t size, struct dgl_buf *answer)
{
    int fd = dial();
    char bytes[16384];
    ssize_t n = 0;
    for (size_t at = 0; at < size && (n = send(fd, data + at, size - at, MSG_NOSIGNAL)) > 0;)
        at += (size_t)n;
    if (size % 32) // else it stays open, and the server says nothing more until its patience ends
        shutdown(fd, SHUT_WR);
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        dgl_buf_append(answer, bytes, (size_t)n);
    close(fd);
    struct dgl_http_stats stats;
    for (int i = 0; i < WAIT_STEPS; i++) {
        dgl_http_server_stats(the_server(), &stats);
        if (stats.connections == 0 && stats.in_flight == 0)
            return;
        usleep(WAIT_STEP_US);
    }
    fuzz_must(!"the server lets go of a connection that was reset");
}

// Answers without the bodies of HEAD, which is kept out of the input for this; 304 has the length of a body that it has
// not.
static void check_answers(const struct dgl_buf *answer)
{
    for (size_t at = 0; at < answer->len;) {
        const char *head = answer->data + at, *end = memmem(head, answer->len - at, "\r\n\r\n", 4);
        if (!end)
            return; // reset in the midst of it
        fuzz_must(end - head > 12 && memcmp(head, "HTTP/1.1 ", 9) == 0 && head[9] >= '1' && head[9] <= '5');
        for (const char *p = head; p < end; p++)
            fuzz_must(*p != '\n' || p[-1] == '\r');
        const char *length = NULL;
        if (memcmp(head + 9, "304", 3) != 0)
            length = memmem(head, (size_t)(end - head), "\r\nContent-Length: ", 18);
        at += (size_t)(end - head) + 4 + (length ? strtoul(length + 18, NULL, 10) : 0);
    }
}

static bool is_same(const struct seen *strict, const struct seen *server)
{
    return strcmp(strict->path, server->path) == 0 && strcmp(strict->method, server->method) == 0 &&
           (strict->chunked || strict->body_len == server->body_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DGL_AUTO_FINI(buf) answer = DGL_BUF_INIT((size_t)4 << 20);
    struct list strict;
    if (size > 16384 || (size && memmem(data, size, "HEAD", 4)))
        return 0;
    seen.count = 0; // nobody else speaks to the server between two inputs
    read_strictly(data, size, &strict);
    talk(data, size, &answer);
    check_answers(&answer);
    pthread_mutex_lock(&seen_lock);
    for (size_t i = 0, next = 0; i < seen.count; i++, next++) {
        while (next < strict.count && !is_same(&strict.items[next], &seen.items[i]))
            next++; // answered without its handler: refused, or no such route
        if (next == strict.count) {
            fprintf(stderr, "the server saw %s %s with %zu bytes, which the strict reader does not\n",
                    seen.items[i].method, seen.items[i].path, seen.items[i].body_len);
            abort();
        }
    }
    pthread_mutex_unlock(&seen_lock);
    return 0;
}
