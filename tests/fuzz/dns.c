// Fuzz target: what a name server answers. First byte 'r': the rest is the whole packet, but for the query's number,
// without which nobody listens; else it is the records behind a true question, of which the first three bytes count
// answers, authorities and additions. A true refusal follows, so that every lookup ends. What comes out has one to
// sixteen addresses, or says why there is none.
#include "fuzz.h"

#include "server/net/resolver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#define HEAD 12 // RFC 1035 §4.1.1
#define MAX_WATCHED 8
#define PATIENCE_MS 100

struct watched {
    int fd;
    bool readable, writable;
};
static struct watched watched[MAX_WATCHED];
static int server = -1;
static char servers[32];
static unsigned answers; // that came out

static void watch(void *arg, int fd, bool readable, bool writable)
{
    struct watched *place = NULL;
    (void)arg;
    for (size_t i = 0; i < MAX_WATCHED; i++) {
        if (watched[i].fd == fd && (watched[i].readable || watched[i].writable))
            place = &watched[i];
        else if (!place && !watched[i].readable && !watched[i].writable)
            place = &watched[i];
    }
    if (place)
        *place = (struct watched){fd, readable, writable};
}

static void open_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    fuzz_must(bind(server, (struct sockaddr *)&address, len) == 0);
    fuzz_must(getsockname(server, (struct sockaddr *)&address, &len) == 0);
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", ntohs(address.sin_port));
}

// The question of a query, from behind the head.
static size_t question_len(const uint8_t *query, size_t len)
{
    size_t at = HEAD;
    while (at < len && query[at])
        at += 1 + query[at];
    return at + 5 <= len ? at + 5 - HEAD : 0;
}

static size_t make_answer(const uint8_t *query, size_t len, const uint8_t *data, size_t size, uint8_t *out)
{
    bool raw = size && data[0] == 'r';
    size_t at = 0, skip = raw ? 1 : DGL_MIN(size, 3);
    if (!raw) {
        const uint8_t head[HEAD] = {0,    0,
                                    0x81, 0x80,
                                    0,    1,
                                    0,    size > 0 ? data[0] % 32 : 0,
                                    0,    size > 1 ? data[1] % 4 : 0,
                                    0,    size > 2 ? data[2] % 4 : 0};
        memcpy(out, head, HEAD);
        at = HEAD + question_len(query, len);
        memcpy(out + HEAD, query + HEAD, at - HEAD);
    }
    memcpy(out + at, data + skip, DGL_MIN(size - skip, 1024));
    at += DGL_MIN(size - skip, 1024);
    if (at >= 2)
        memcpy(out, query, 2);
    return at;
}

static void serve(const uint8_t *data, size_t size)
{
    uint8_t query[600], out[2048];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    for (ssize_t n; (n = recvfrom(server, query, sizeof(query), 0, (struct sockaddr *)&from, &from_len)) >= HEAD;) {
        size_t len = make_answer(query, (size_t)n, data, size, out);
        sendto(server, out, len, 0, (struct sockaddr *)&from, from_len);
        query[2] |= 0x80;
        query[3] = 0x83; // there is no such name
        sendto(server, query, (size_t)n, 0, (struct sockaddr *)&from, from_len);
    }
}

static void check(void *arg, const struct dgl_net_addresses *a)
{
    (void)arg;
    answers++;
    fuzz_must(a->count <= DGL_RESOLVER_MAX_ADDRESSES && (a->count || a->problem));
    for (size_t i = 0; i < a->count; i++)
        fuzz_must(a->list[i].sa.sa_family == AF_INET || a->list[i].sa.sa_family == AF_INET6);
}

static void step(struct dgl_resolver *r, const uint8_t *data, size_t size)
{
    struct pollfd fds[MAX_WATCHED + 1] = {{.fd = server, .events = POLLIN}};
    nfds_t count = 1;
    for (size_t i = 0; i < MAX_WATCHED; i++)
        if (watched[i].readable || watched[i].writable)
            fds[count++] = (struct pollfd){
                .fd = watched[i].fd,
                .events = (short)((watched[i].readable ? POLLIN : 0) | (watched[i].writable ? POLLOUT : 0))};
    poll(fds, count, PATIENCE_MS);
    if (fds[0].revents)
        serve(data, size);
    for (nfds_t i = 1; i < count; i++)
        if (fds[i].revents)
            dgl_resolver_ready(r, fds[i].fd, fds[i].revents & (POLLIN | POLLERR | POLLHUP), fds[i].revents & POLLOUT);
    dgl_resolver_tick(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dgl_resolver_io io = {.watch = watch};
    struct dgl_resolver_waiter one = {.done = check}, other = {.done = check}, again = {.done = check};
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_resolver *r = NULL;
    if (server < 0)
        open_server();
    memset(watched, 0, sizeof(watched));
    answers = 0;
    fuzz_must(dgl_resolver_new(servers, &io, &r, &err) == DGL_OK);
    dgl_resolver_lookup(r, "a.example", &one);
    dgl_resolver_lookup(r, "a.example", &other); // joins the first
    while (answers < 2)
        step(r, data, size);
    dgl_resolver_lookup(r, "a.example", &again); // from the cache, or once more
    while (answers < 3)
        step(r, data, size);
    dgl_resolver_free(r);
    return 0;
}
