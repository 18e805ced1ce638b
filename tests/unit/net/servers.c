// Small servers that misbehave on purpose; see servers.h.
#include "servers.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}

// ---- TCP

static void *connection_run(void *arg)
{
    struct tcp_connection *c = arg;
    struct tcp_server *s = c->server;
    bool ready = true;
    if (s->tls) {
        c->ssl = SSL_new(s->tls);
        SSL_set_fd(c->ssl, c->fd);
        ready = SSL_accept(c->ssl) == 1;
        const char *sni = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);
        pthread_mutex_lock(&s->lock);
        snprintf(s->last_sni, sizeof s->last_sni, "%s", sni ? sni : "");
        pthread_mutex_unlock(&s->lock);
    }
    if (ready)
        s->handler(c);
    if (c->ssl && ready)
        SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    pthread_mutex_lock(&s->lock); // tcp_stop must not shut down a descriptor that is somebody else's by now
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void *accept_run(void *arg)
{
    struct tcp_server *s = arg;
    for (size_t n = 0; n < TCP_MAX_CONNECTIONS; n++) {
        struct tcp_connection *c = &s->connections[n];
        socklen_t len = sizeof c->peer;
        int fd = accept(s->listen_fd, (struct sockaddr *)&c->peer, &len);
        if (fd < 0)
            return NULL;
        pthread_mutex_lock(&s->lock);
        bool stopping = s->stopping;
        if (stopping) {
            close(fd);
        } else {
            c->server = s;
            c->fd = fd;
            c->used = true;
            atomic_fetch_add(&s->accepted, 1);
            inet_ntop(AF_INET, &c->peer.sin_addr, s->last_peer, sizeof s->last_peer);
            must(pthread_create(&c->thread, NULL, connection_run, c) == 0, "pthread_create");
        }
        pthread_mutex_unlock(&s->lock);
        if (stopping)
            return NULL;
    }
    return NULL;
}

static int bound_socket(int type, uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0, "bind");
    must(getsockname(fd, (struct sockaddr *)&a, &len) == 0, "getsockname");
    *ret_port = ntohs(a.sin_port);
    return fd;
}

struct tcp_server *tcp_start(tcp_handler handler, void *arg, SSL_CTX *tls)
{
    struct tcp_server *s = calloc(1, sizeof *s);
    must(s, "calloc");
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&s->lock, NULL);
    s->handler = handler;
    s->arg = arg;
    s->tls = tls;
    s->listen_fd = bound_socket(SOCK_STREAM, &s->port);
    must(listen(s->listen_fd, 64) == 0, "listen");
    must(pthread_create(&s->thread, NULL, accept_run, s) == 0, "pthread_create");
    return s;
}

void tcp_stop(struct tcp_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    for (size_t i = 0; i < TCP_MAX_CONNECTIONS; i++)
        if (s->connections[i].used && s->connections[i].fd >= 0)
            shutdown(s->connections[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    shutdown(s->listen_fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < TCP_MAX_CONNECTIONS; i++)
        if (s->connections[i].used)
            pthread_join(s->connections[i].thread, NULL);
    close(s->listen_fd);
    pthread_mutex_destroy(&s->lock);
    SSL_CTX_free(s->tls);
    free(s);
}

uint16_t tcp_closed_port(void)
{
    uint16_t port;
    close(bound_socket(SOCK_STREAM, &port));
    return port;
}

static ssize_t receive(struct tcp_connection *c, void *data, size_t len)
{
    return c->ssl ? SSL_read(c->ssl, data, (int)len) : read(c->fd, data, len);
}

static size_t body_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at ? (size_t)strtoul(at + 17, NULL, 10) : 0;
}

bool tcp_read_request(struct tcp_connection *c)
{
    struct tcp_server *s = c->server;
    char text[sizeof s->last_request];
    size_t len = 0, whole = 0;
    while (whole == 0 || len < whole) {
        ssize_t n = len < sizeof text - 1 ? receive(c, text + len, sizeof text - 1 - len) : 0;
        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = '\0';
        const char *end = whole == 0 ? strstr(text, "\r\n\r\n") : NULL;
        if (end)
            whole = (size_t)(end + 4 - text) + body_length(text);
    }
    pthread_mutex_lock(&s->lock);
    memcpy(s->last_request, text, len + 1);
    pthread_mutex_unlock(&s->lock);
    atomic_fetch_add(&s->requests, 1);
    return true;
}

bool tcp_send(struct tcp_connection *c, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = c->ssl ? SSL_write(c->ssl, at, (int)len) : send(c->fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool tcp_puts(struct tcp_connection *c, const char *text)
{
    return tcp_send(c, text, strlen(text));
}

void tcp_pace(void)
{
    struct timespec moment = {.tv_nsec = 5000000};
    nanosleep(&moment, NULL);
}

void tcp_wait_for_close(struct tcp_connection *c)
{
    char byte[256];
    while (receive(c, byte, sizeof byte) > 0)
        continue;
}

void serve_fixed(struct tcp_connection *c)
{
    struct tcp_server *s = c->server;
    while (tcp_read_request(c)) {
        int now = atomic_fetch_add(&s->at_once, 1) + 1, most = atomic_load(&s->at_once_max);
        while (now > most && !atomic_compare_exchange_weak(&s->at_once_max, &most, now))
            continue;
        atomic_fetch_sub(&s->at_once, 1);
        if (!tcp_puts(c, s->arg))
            return;
    }
}

// ---- names

static size_t put16(unsigned char *at, unsigned v)
{
    at[0] = (unsigned char)(v >> 8);
    at[1] = (unsigned char)v;
    return 2;
}

static size_t put_address(unsigned char *at, const char *text, unsigned type, uint32_t ttl_s)
{
    unsigned char bytes[16];
    size_t n = 0, len = type == 1 ? 4 : 16;
    if (inet_pton(type == 1 ? AF_INET : AF_INET6, text, bytes) != 1)
        return 0;
    n += put16(at + n, 0xc00c); // the name of the question
    n += put16(at + n, type);
    n += put16(at + n, 1);
    n += put16(at + n, ttl_s >> 16);
    n += put16(at + n, ttl_s & 0xffff);
    n += put16(at + n, (unsigned)len);
    memcpy(at + n, bytes, len);
    return n + len;
}

static struct dns_answer *find_name(struct dns_server *d, const char *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcasecmp(d->answers[i].name, name) == 0)
            return &d->answers[i];
    return NULL;
}

// The question's name as text; returns where its type stands.
static size_t read_name(const unsigned char *q, size_t len, char out[256])
{
    size_t at = 12, n = 0;
    while (at < len && q[at] != 0 && at + 1 + q[at] < len && n + q[at] + 2 < 256) {
        if (n > 0)
            out[n++] = '.';
        memcpy(out + n, q + at + 1, q[at]);
        n += q[at];
        at += 1u + q[at];
    }
    out[n] = '\0';
    return at + 1;
}

static size_t answer_question(struct dns_server *d, unsigned char *m, size_t len)
{
    char name[256];
    size_t at = read_name(m, len, name), end = at + 4;
    if (end > len)
        return 0;
    unsigned type = (unsigned)(m[at] << 8 | m[at + 1]), count = 0;
    struct dns_answer *a = find_name(d, name);
    int turn = a && type == 1 ? atomic_fetch_add(&a->queries, 1) : 0;
    if (a && a->silent)
        return 0;
    for (size_t i = 0, seen = 0; a && i < 4 && a->addresses[i]; i++) {
        size_t n = put_address(m + end, a->addresses[i], type, a->ttl_s);
        if (n == 0 || (a->round_robin && (int)seen++ != turn))
            continue;
        end += n;
        count++;
    }
    put16(m + 2, a ? 0x8180 : 0x8183); // answer; NXDOMAIN for unknown names
    put16(m + 6, count);
    put16(m + 8, 0);
    put16(m + 10, 0);
    return end;
}

static void *dns_run(void *arg)
{
    struct dns_server *d = arg;
    while (!atomic_load(&d->stopping)) {
        unsigned char m[1500];
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t n = recvfrom(d->fd, m, 512, 0, (struct sockaddr *)&from, &from_len);
        if (n < 12)
            continue;
        size_t len = answer_question(d, m, (size_t)n);
        if (len > 0)
            sendto(d->fd, m, len, 0, (struct sockaddr *)&from, from_len);
    }
    return NULL;
}

struct dns_server *dns_start(struct dns_answer *answers, size_t count)
{
    struct dns_server *d = calloc(1, sizeof *d);
    must(d, "calloc");
    d->answers = answers;
    d->count = count;
    d->fd = bound_socket(SOCK_DGRAM, &d->port);
    snprintf(d->servers, sizeof d->servers, "127.0.0.1:%u", d->port);
    must(pthread_create(&d->thread, NULL, dns_run, d) == 0, "pthread_create");
    return d;
}

void dns_stop(struct dns_server *d)
{
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(d->port)};
    self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    atomic_store(&d->stopping, true);
    sendto(d->fd, "", 1, 0, (struct sockaddr *)&self, sizeof self); // wakes it
    pthread_join(d->thread, NULL);
    close(d->fd);
    free(d);
}

// ---- certificates

static X509 *make_certificate(EVP_PKEY *key, const char *name, long from_s, long to_s)
{
    X509 *c = X509_new();
    must(c, "X509_new");
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1 + random());
    X509_gmtime_adj(X509_getm_notBefore(c), from_s);
    X509_gmtime_adj(X509_getm_notAfter(c), to_s);
    X509_set_pubkey(c, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    return c;
}

static void add_extension(X509 *c, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    must(e, "X509V3_EXT_conf_nid");
    X509_add_ext(c, e, -1);
    X509_EXTENSION_free(e);
}

struct test_authority authority_new(const char *name, const char *path)
{
    struct test_authority a = {.key = EVP_EC_gen("P-256")};
    a.certificate = make_certificate(a.key, name, -86400, 86400);
    X509_set_issuer_name(a.certificate, X509_get_subject_name(a.certificate));
    add_extension(a.certificate, NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(a.certificate, a.key, EVP_sha256());
    FILE *f = fopen(path, "w");
    must(f && PEM_write_X509(f, a.certificate) == 1 && fclose(f) == 0, path);
    return a;
}

void authority_free(struct test_authority *a)
{
    X509_free(a->certificate);
    EVP_PKEY_free(a->key);
}

SSL_CTX *tls_server_context(const struct test_authority *issuer, const char *name, long from_s, long to_s)
{
    char names[300];
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *c = make_certificate(key, name, from_s, to_s);
    X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer->certificate : c));
    snprintf(names, sizeof names, "DNS:%s", name);
    add_extension(c, NID_subject_alt_name, names);
    X509_sign(c, issuer ? issuer->key : key, EVP_sha256());
    must(SSL_CTX_use_certificate(ctx, c) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1, "certificate");
    X509_free(c);
    EVP_PKEY_free(key);
    return ctx;
}
