// Fuzz target: what a stranger's server answers. The first byte chooses: 'M', the rest is what a mail server says to a
// letter; else it is the answer to an HTTP request, of which the byte's bits choose method and bounds. The real client
// reads it over a real connection; every exchange ends, within its bounds, and says how.
#include "fuzz.h"

#include "base/crypto.h"
#include "server/net/client.h"
#include "server/net/mail.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT_BYTES 512
#define READ_BYTES 2048

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_over; // the exchange, under `lock`

static void end_exchange(void)
{
    pthread_mutex_lock(&lock);
    is_over = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void await_end(void)
{
    pthread_mutex_lock(&lock);
    while (!is_over)
        pthread_cond_wait(&changed, &lock);
    is_over = false;
    pthread_mutex_unlock(&lock);
}

// ---- the stranger: one connection at a time

struct listener {
    int fd;
    uint16_t port;
};
static struct listener web = {.fd = -1}, post_office; // of the two protocols

static void open_listener(struct listener *l)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fuzz_must(bind(l->fd, (struct sockaddr *)&address, len) == 0 && listen(l->fd, 16) == 0);
    fuzz_must(getsockname(l->fd, (struct sockaddr *)&address, &len) == 0);
    l->port = ntohs(address.sin_port);
}

static int receive_client(const struct listener *l)
{
    const struct linger reset = {.l_onoff = 1}; // leaves no port behind in TIME_WAIT
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    fuzz_must(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    return fd;
}

static void hear_request(int fd)
{
    char heard[8192];
    size_t len = 0;
    for (ssize_t n; !memmem(heard, len, "\r\n\r\n", 4); len += (size_t)n)
        if ((n = recv(fd, heard + len, sizeof(heard) - len, 0)) <= 0)
            break;
}

// Says everything at once, and then no more.
static void say(int fd, const uint8_t *data, size_t size)
{
    ssize_t n = 0;
    for (size_t at = 0; at < size && (n = send(fd, data + at, size - at, MSG_NOSIGNAL)) > 0;)
        at += (size_t)n;
    shutdown(fd, SHUT_WR);
}

// ---- HTTP

static struct dgl_net_client *client;
static struct dgl_guard *guard;
static struct dgl_mailer *mailer;

static void let_go(void)
{
    dgl_net_client_free(client);
    dgl_guard_free(guard);
    dgl_mailer_free(mailer);
    close(web.fd);
    close(post_office.fd);
}

static void start(void)
{
    const struct dgl_net_client_options options = {0};
    const struct dgl_guard_options development = {.allow_http = true, .allow_nets = "127.0.0.0/8"};
    struct dgl_error err = DGL_ERROR_INIT;
    signal(SIGPIPE, SIG_IGN);
    open_listener(&web);
    open_listener(&post_office);
    if (dgl_crypto_init(&err) != DGL_OK || dgl_guard_new(&development, &guard, &err) != DGL_OK ||
        dgl_net_client_new(&options, &client, &err) != DGL_OK)
        abort();
    atexit(let_go);
}

static void on_done(void *arg, const struct dgl_net_result *r)
{
    const struct dgl_net_request *q = arg;
    fuzz_must(r->outcome == DGL_NET_ANSWERED || r->outcome == DGL_NET_BROKEN || r->outcome == DGL_NET_TIMEOUT);
    fuzz_must(r->outcome != DGL_NET_ANSWERED || (r->http_status >= 100 && r->http_status <= 999));
    fuzz_must(r->outcome == DGL_NET_ANSWERED || r->message[0]);
    fuzz_must(dgl_utf8_valid(r->message, strlen(r->message)));
    fuzz_must(r->body_len <= KEPT_BYTES && r->headers_len <= 8192 && r->retry_after_s >= -1);
    fuzz_must(!q->whole_answer || r->outcome != DGL_NET_ANSWERED || !r->body_cut);
    size_t sum = 0; // all of it can be read
    for (size_t i = 0; i < r->body_len; i++)
        sum += (unsigned char)r->body[i];
    for (size_t i = 0; i < r->headers_len; i++)
        sum += (unsigned char)r->headers[i];
    fuzz_must(sum <= (KEPT_BYTES + 8192) * 255);
    end_exchange();
}

static void ask(uint8_t choice, const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char url[64];
    struct dgl_net_request q = {.method = choice & 1 ? "POST" : "GET",
                                .body = choice & 1 ? "{}" : NULL,
                                .body_len = choice & 1 ? 2 : 0,
                                .guard = guard,
                                .max_answer_bytes = choice & 2 ? KEPT_BYTES : READ_BYTES,
                                .keep_answer_bytes = KEPT_BYTES,
                                .whole_answer = (choice & 2) != 0};
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", web.port);
    fuzz_must(dgl_url_parse(url, strlen(url), "url", &q.url, &err) == DGL_OK);
    fuzz_must(dgl_net_client_submit(client, &q, on_done, &q, &err) == DGL_OK);
    int fd = receive_client(&web);
    hear_request(fd);
    say(fd, data, size);
    await_end();
    close(fd);
}

// ---- mail

static void *send_letter(void *arg)
{
    const struct dgl_mail mail = {
        .id = "1", .to = "ann@example.com", .subject = "s", .text = "Gr\xC3\xBC\xC3\x9F\x65 .\n.\n"};
    char problem[DGL_MAIL_PROBLEM_MAX];
    enum dgl_mail_outcome outcome = dgl_mailer_send(arg, &mail, problem);
    fuzz_must((outcome == DGL_MAIL_TAKEN) == !problem[0] && strlen(problem) < sizeof(problem));
    return NULL;
}

static void post(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char url[64];
    pthread_t sender;
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", post_office.port);
    const struct dgl_mailer_options options = {.url = url, .from = "server@example.com"};
    fuzz_must(mailer || dgl_mailer_new(&options, &mailer, &err) == DGL_OK);
    fuzz_must(pthread_create(&sender, NULL, send_letter, mailer) == 0);
    int fd = receive_client(&post_office);
    char heard[8192];
    say(fd, data, size);
    while (recv(fd, heard, sizeof(heard), 0) > 0)
        continue;
    close(fd);
    pthread_join(sender, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (web.fd < 0)
        start();
    if (size && data[0] == 'M')
        post(data + 1, size - 1);
    else if (size)
        ask(data[0], data + 1, size - 1);
    return 0;
}
