// The sink of the delivery measurements: a receiver that costs next to nothing. One thread, epoll, keep-alive, a fixed
// 200; "/never…" is not answered, "/error…" with 500, "/trickle…" with a byte a second. Prints its address and runs
// until its standard input ends.
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

static int run(int listener)
{
    static struct peer *peers[65536];
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    event = (struct epoll_event){.events = EPOLLIN, .data.fd = STDIN_FILENO};
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
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
            if (fd == STDIN_FILENO)
                return 0;
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

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGPIPE, SIG_IGN);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        return 1;
    printf("http://127.0.0.1:%u\n", ntohs(a.sin_port));
    fflush(stdout);
    return run(fd);
}
