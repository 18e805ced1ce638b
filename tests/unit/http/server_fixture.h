// A real server on a free port and a client made of plain sockets, for the tests of this room.
#ifndef TESTS_HTTP_SERVER_FIXTURE_H
#define TESTS_HTTP_SERVER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "server/http/limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- requests that wait until the test answers them

#define MAX_PARKED 4096
static pthread_mutex_t parked_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t parked_cond = PTHREAD_COND_INITIALIZER;
static struct dgl_http_request *parked[MAX_PARKED];
static size_t parked_count;

static inline void park(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    pthread_mutex_lock(&parked_lock);
    parked[parked_count++] = rq;
    pthread_cond_broadcast(&parked_cond);
    pthread_mutex_unlock(&parked_lock);
}

static inline void wait_parked(size_t count)
{
    pthread_mutex_lock(&parked_lock);
    while (parked_count < count)
        pthread_cond_wait(&parked_cond, &parked_lock);
    pthread_mutex_unlock(&parked_lock);
}

static inline struct dgl_http_request *unpark(void)
{
    wait_parked(1);
    pthread_mutex_lock(&parked_lock);
    struct dgl_http_request *rq = parked[--parked_count];
    pthread_mutex_unlock(&parked_lock);
    return rq;
}

// ---- the client

static inline int dial_from(const char *source, uint16_t port)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 60};
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(inet_pton(AF_INET, source, &own.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static inline int dial(uint16_t port)
{
    return dial_from("127.0.0.1", port);
}

static inline void say_bytes(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; // the server hung up: the test looks at what it said
        p += n;
        len -= (size_t)n;
    }
}

static inline void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

struct reply {
    int status; // 0 = the connection ended without an answer
    char head[8192];
    char *body; // NUL-terminated
    size_t len;
};

static inline const char *reply_header(const struct reply *r, const char *name, char out[512])
{
    size_t name_len = strlen(name);
    for (const char *line = strstr(r->head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        const char *p = line + 2;
        if (strncasecmp(p, name, name_len) == 0 && p[name_len] == ':') {
            p += name_len + 1;
            p += strspn(p, " ");
            snprintf(out, 512, "%.*s", (int)strcspn(p, "\r"), p);
            return out;
        }
    }
    return NULL;
}

static inline struct reply hear_with(int fd, bool has_body)
{
    struct reply r = {0};
    size_t used = 0;
    while (used < 4 || memcmp(r.head + used - 4, "\r\n\r\n", 4) != 0) {
        ssize_t n = used < sizeof(r.head) - 1 ? recv(fd, r.head + used, 1, 0) : -1;
        if (n <= 0) {
            r.head[used] = '\0';
            return r;
        }
        used++;
    }
    r.head[used] = '\0';
    assert_int_equal(sscanf(r.head, "HTTP/1.1 %d", &r.status), 1);
    char text[512];
    int64_t len = 0;
    if (has_body && r.status >= 200 && r.status != 304 && reply_header(&r, "Content-Length", text))
        assert_true(dgl_parse_int64(text, strlen(text), 0, INT32_MAX, &len));
    r.len = (size_t)len;
    r.body = calloc(1, r.len + 1);
    for (size_t got = 0; got < r.len;) {
        ssize_t n = recv(fd, r.body + got, r.len - got, 0);
        if (n <= 0) {
            r.len = got;
            break;
        }
        got += (size_t)n;
    }
    return r;
}

static inline struct reply hear(int fd)
{
    return hear_with(fd, true);
}

// Waits for the end of the stream. What libmicrohttpd refuses by itself it may say twice before it hangs up.
static inline bool is_closed(int fd)
{
    char rest[1024];
    ssize_t n;
    while ((n = recv(fd, rest, sizeof(rest), 0)) > 0)
        ;
    return n == 0 || errno == ECONNRESET;
}

// One request, one answer's status; the rest is dropped.
static inline int ask(int fd, const char *text)
{
    say(fd, text);
    struct reply r = hear(fd);
    free(r.body);
    return r.status;
}

static inline int ask_once(uint16_t port, const char *text)
{
    int fd = dial(port);
    int status = ask(fd, text);
    close(fd);
    return status;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

#endif
