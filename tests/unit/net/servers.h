// Real servers for tests, each in threads of its own on 127.0.0.1: TCP with a handler per connection (optionally TLS),
// and a name server that answers from a table.
#ifndef DGL_TESTS_UNIT_NET_SERVERS_H
#define DGL_TESTS_UNIT_NET_SERVERS_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- TCP

struct tcp_server;
struct tcp_connection {
    struct tcp_server *server;
    int fd;
    SSL *ssl; // NULL = plain
    pthread_t thread;
    bool used;
    struct sockaddr_in peer;
};
typedef void (*tcp_handler)(struct tcp_connection *c);
#define TCP_MAX_CONNECTIONS 256
struct tcp_server {
    int listen_fd;
    uint16_t port;
    tcp_handler handler;
    void *arg;
    SSL_CTX *tls;
    pthread_t thread;
    pthread_mutex_t lock;
    bool stopping;
    struct tcp_connection connections[TCP_MAX_CONNECTIONS];
    atomic_int accepted, requests, at_once, at_once_max;
    char last_request[16384]; // head and body, NUL-terminated; under lock
    char last_peer[64], last_sni[256];
};
struct tcp_server *tcp_start(tcp_handler handler, void *arg, SSL_CTX *tls); // aborts the test program on failure
void tcp_stop(struct tcp_server *s);                                        // ends every connection
uint16_t tcp_closed_port(void);                                             // nothing listens there

// For handlers.
bool tcp_read_request(struct tcp_connection *c); // head and Content-Length body, kept in last_request; false at the end
bool tcp_send(struct tcp_connection *c, const void *data, size_t len); // false when the peer is gone
bool tcp_puts(struct tcp_connection *c, const char *text);
void tcp_pace(void); // a moment between two bytes of a trickle
void tcp_wait_for_close(struct tcp_connection *c);
void serve_fixed(struct tcp_connection *c); // arg: the whole answer; keeps the connection open between requests

// ---- names

struct dns_answer {
    const char *name;
    const char *addresses[4]; // of both families
    uint32_t ttl_s;
    bool silent;        // never answers
    bool round_robin;   // one address per query, in turn
    atomic_int queries; // for A
};
struct dns_server {
    int fd;
    uint16_t port;
    char servers[32]; // "127.0.0.1:port", for dgl_net_client_options
    struct dns_answer *answers;
    size_t count;
    pthread_t thread;
    atomic_bool stopping;
};
struct dns_server *dns_start(struct dns_answer *answers, size_t count);
void dns_stop(struct dns_server *d);

// ---- certificates, made on the spot

struct test_authority {
    X509 *certificate;
    EVP_PKEY *key;
};
struct test_authority authority_new(const char *name, const char *path); // its certificate is written there as PEM
void authority_free(struct test_authority *a);
// `issuer` NULL = self-signed. Valid from `from_s` to `to_s`, relative to now. `name` goes into subjectAltName.
SSL_CTX *tls_server_context(const struct test_authority *issuer, const char *name, long from_s, long to_s);

#endif
