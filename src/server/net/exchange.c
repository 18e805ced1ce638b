// One request's way: name → checked addresses → connection to one of them → answer → result.
//
//   start ─ literal or known name ─▶ check ─┬─ any address refused ─▶ BLOCKED
//     └─ name ─▶ resolver ─ answer ───▶ ────┤
//                 └ 5 s passed ─▶ DNS       └─▶ connect ─ answer ─▶ ANSWERED
//                                                 │ refused, and another checked address is left ─▶ connect to that
//                                                 └ otherwise ─▶ CONNECT TLS TIMEOUT BROKEN
//
// A name with one refused address is refused as a whole: such a name is either a mistake or a trick, and picking the
// good address would make the outcome depend on luck. The socket is opened here, for the very address libcurl hands
// over, and the guard is asked once more.
#include "server/net/client_private.h"

#include "base/clock.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define DEFAULT_RESOLVE_MS 5000
#define DEFAULT_CONNECT_MS 10000
#define DEFAULT_TOTAL_MS 15000
#define DEFAULT_MAX_ANSWER 65536
#define DEFAULT_KEEP_ANSWER 16384
#define MAX_HEADERS 64

static int64_t now_us(void)
{
    return dgl_clock_mono_us(dgl_clock_system());
}

// ---- making one

static size_t count_headers(const struct dgl_net_request *q, size_t *ret_bytes)
{
    size_t n = 0;
    *ret_bytes = 0;
    while (q->headers && q->headers[n] && n < MAX_HEADERS)
        *ret_bytes += strlen(q->headers[n++]) + 1;
    return n;
}

static char *copy_to(char **at, const void *data, size_t len)
{
    char *to = *at;
    if (len)
        memcpy(to, data, len);
    to[len] = '\0';
    *at += len + 1;
    return to;
}

// "Expect:" (nothing behind the colon) keeps libcurl from asking for 100-continue before large bodies.
static void copy_headers(struct dgl_exchange *x, const struct dgl_net_request *q, size_t count,
                         struct curl_slist *nodes, char **at)
{
    static char no_expect[] = "Expect:";
    for (size_t i = 0; i < count; i++)
        nodes[i] =
            (struct curl_slist){.data = copy_to(at, q->headers[i], strlen(q->headers[i])), .next = &nodes[i + 1]};
    nodes[count] = (struct curl_slist){.data = no_expect};
    x->headers = nodes;
}

static int64_t timeout_us(int64_t ms, int64_t default_ms)
{
    return (ms > 0 ? ms : default_ms) * DGL_US_PER_MS;
}

struct dgl_exchange *dgl_exchange_new(struct dgl_net_client *c, const struct dgl_net_request *q)
{
    size_t header_bytes, count = count_headers(q, &header_bytes);
    size_t url_len = strlen(q->url.text), host_len = strlen(q->url.host);
    size_t nodes_size = (count + 1) * sizeof(struct curl_slist);
    char *block =
        dgl_alloc(sizeof(struct dgl_exchange) + nodes_size + header_bytes + url_len + host_len + q->body_len + 3);
    struct dgl_exchange *x = (struct dgl_exchange *)(void *)block;
    struct curl_slist *nodes = (struct curl_slist *)(void *)(block + sizeof *x);
    char *at = block + sizeof *x + nodes_size;
    x->client = c;
    dgl_str_copy(x->method, sizeof x->method, q->method, strlen(q->method));
    copy_headers(x, q, count, nodes, &at);
    x->url = copy_to(&at, q->url.text, url_len);
    x->host = copy_to(&at, q->url.host, host_len);
    x->body = copy_to(&at, q->body, q->body_len);
    x->body_len = q->body_len;
    x->port = q->url.port;
    x->https = q->url.https;
    struct sockaddr_storage literal;
    x->host_is_address = dgl_guard_literal(&q->url, &literal);
    memcpy(&x->literal, &literal, sizeof x->literal);
    x->whole_answer = q->whole_answer;
    x->guard = q->guard;
    x->group = q->group;
    x->resolve_timeout_us = timeout_us(q->resolve_timeout_ms, DEFAULT_RESOLVE_MS);
    x->connect_timeout_us = timeout_us(q->connect_timeout_ms, DEFAULT_CONNECT_MS);
    x->total_timeout_us = timeout_us(q->total_timeout_ms, DEFAULT_TOTAL_MS);
    x->max_answer_bytes = q->max_answer_bytes ? q->max_answer_bytes : DEFAULT_MAX_ANSWER;
    x->keep_answer_bytes = q->keep_answer_bytes ? q->keep_answer_bytes : DEFAULT_KEEP_ANSWER;
    x->retry_after_s = -1;
    return x;
}

// ---- ending one

static void give_back(struct dgl_exchange *x)
{
    struct dgl_net_client *c = x->client;
    dgl_timers_clear(&c->timers, &x->resolve_timer);
    dgl_resolver_leave(c->resolver, &x->waiter);
    if (x->slot) {
        curl_multi_remove_handle(x->pool->multi, x->slot->easy);
        dgl_pool_slot_give(x->pool, x->slot);
    }
    if (x->pool)
        dgl_pool_leave(x->pool);
    x->slot = NULL;
    x->pool = NULL;
}

// The result's body and headers point into the slot, so `done` runs before the slot is given back; then the pool may
// go, and the next request may start.
static void finish(struct dgl_exchange *x, enum dgl_net_outcome outcome)
{
    struct dgl_net_result *r = &x->result;
    r->outcome = outcome;
    r->retry_after_s = x->retry_after_s;
    r->total_us = x->started_us ? now_us() - x->started_us : 0;
    r->headers = x->slot && x->slot->headers.data ? x->slot->headers.data : "";
    r->headers_len = x->slot ? x->slot->headers.len : 0;
    r->body = x->slot && x->slot->body.data ? x->slot->body.data : "";
    r->body_len = x->slot ? x->slot->body.len : 0;
    r->body_cut = x->body_seen > r->body_len || x->cut;
    x->done(x->arg, r);
    give_back(x);
    dgl_net_client_finished(x);
}

__attribute__((format(printf, 3, 4))) static void fail(struct dgl_exchange *x, enum dgl_net_outcome outcome,
                                                       const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(x->result.message, sizeof x->result.message, fmt, args);
    va_end(args);
    finish(x, outcome);
}

static void fail_blocked(struct dgl_exchange *x, const struct sockaddr *sa)
{
    char address[INET6_ADDRSTRLEN] = "";
    if (sa->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, address, sizeof address);
    else if (sa->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, address, sizeof address);
    snprintf(x->result.operator_note, sizeof x->result.operator_note, "%.60s is at %s, which is not allowed", x->host,
             address);
    x->result.dns_us = x->result.connect_us = 0;
    fail(x, DGL_NET_BLOCKED, "destination not allowed");
}

void dgl_exchange_cancel(struct dgl_exchange *x)
{
    fail(x, DGL_NET_CANCELED, "the server is stopping");
}

// ---- addresses

static void connect_next(struct dgl_exchange *x);

static void set_port(union dgl_net_address *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET)
        a->v4.sin_port = htons(port);
    else
        a->v6.sin6_port = htons(port);
}

// Every address is checked; those of another family than the bind address are left out after that.
static void check_addresses(struct dgl_exchange *x, const struct dgl_net_addresses *found)
{
    sa_family_t family = x->client->bind_address.sa.sa_family;
    for (size_t i = 0; i < found->count; i++) {
        bool is_private = false;
        if (!dgl_guard_allows(x->guard, &found->list[i].sa, &is_private)) {
            fail_blocked(x, &found->list[i].sa);
            return;
        }
        if (family != AF_UNSPEC && found->list[i].sa.sa_family != family)
            continue;
        x->addresses.list[x->addresses.count] = found->list[i];
        set_port(&x->addresses.list[x->addresses.count], x->port);
        x->is_private[x->addresses.count++] = is_private;
    }
    x->result.dns_us = DGL_MAX(now_us() - x->started_us, 1);
    if (x->addresses.count == 0) {
        fail(x, DGL_NET_CONNECT, "%.100s has no %s address, the only kind this server sends from", x->host,
             family == AF_INET ? "IPv4" : "IPv6");
        return;
    }
    x->connect_started_us = now_us();
    connect_next(x);
}

static void on_resolved(void *arg, const struct dgl_net_addresses *addresses)
{
    struct dgl_exchange *x = arg;
    dgl_timers_clear(&x->client->timers, &x->resolve_timer);
    if (addresses->count == 0)
        fail(x, DGL_NET_DNS, "the host %.100s %s", x->host, addresses->problem);
    else
        check_addresses(x, addresses);
}

void dgl_exchange_resolve_timeout(struct dgl_exchange *x)
{
    fail(x, DGL_NET_DNS, "the host %.100s could not be looked up within %.1f s: the name server did not answer",
         x->host, (double)DGL_MIN(x->resolve_timeout_us, x->total_timeout_us) / (double)DGL_US_PER_S);
}

// "localhost": what the guard lets through of 127.0.0.1 and ::1. No name server had a say, so this is not strict.
static void use_local_addresses(struct dgl_exchange *x)
{
    struct sockaddr_storage local[2];
    struct dgl_net_addresses found = {.count = 0};
    size_t count = dgl_guard_local_addresses(x->port, local);
    bool is_private;
    for (size_t i = 0; i < count; i++)
        if (dgl_guard_allows(x->guard, (const struct sockaddr *)&local[i], &is_private))
            memcpy(&found.list[found.count++], &local[i], sizeof found.list[0]);
    if (found.count == 0)
        fail_blocked(x, (const struct sockaddr *)&local[0]);
    else
        check_addresses(x, &found);
}

void dgl_exchange_start(struct dgl_exchange *x)
{
    x->started_us = now_us();
    x->resolve_timer = (struct dgl_timer){.owner = x, .kind = DGL_EXCHANGE_TIMER_RESOLVE};
    x->waiter = (struct dgl_resolver_waiter){.done = on_resolved, .arg = x};
    if (x->host_is_address) {
        struct dgl_net_addresses one = {.list = {x->literal}, .count = 1};
        check_addresses(x, &one);
        return;
    }
    if (dgl_guard_name_is_local(x->host)) {
        use_local_addresses(x);
        return;
    }
    dgl_timers_set(&x->client->timers, &x->resolve_timer,
                   x->started_us + DGL_MIN(x->resolve_timeout_us, x->total_timeout_us));
    dgl_resolver_lookup(x->client->resolver, x->host, &x->waiter); // may finish and free x
}

// ---- libcurl's callbacks

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose DGL_UNUSED, struct curl_sockaddr *address)
{
    struct dgl_exchange *x = arg;
    struct dgl_net_client *c = x->client;
    bool is_private;
    if (!dgl_guard_allows(x->guard, &address->addr, &is_private)) {
        x->blocked_at_connect = true;
        return CURL_SOCKET_BAD;
    }
    DGL_AUTO_FD fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    if (c->bind_address.sa.sa_family != AF_UNSPEC) {
        int on = 1;
        socklen_t len = c->bind_address.sa.sa_family == AF_INET ? sizeof c->bind_address.v4 : sizeof c->bind_address.v6;
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, &c->bind_address.sa, len) != 0) {
            x->bind_failed = true;
            return CURL_SOCKET_BAD;
        }
    }
    c->pools.open_sockets++;
    return DGL_STEAL_FD(fd);
}

// Takes the client, not the exchange: connections outlive the requests that opened them.
static int on_close_socket(void *arg, curl_socket_t fd)
{
    struct dgl_net_client *c = arg;
    c->pools.open_sockets--;
    if ((size_t)fd < c->watch_count)
        c->watches[fd] = (struct watch){.kind = WATCH_NONE};
    return close(fd);
}

static void note_tls(struct dgl_exchange *x)
{
    const struct curl_tlssessioninfo *info = NULL;
    if (!x->https || x->result.tls[0] || curl_easy_getinfo(x->slot->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
        !info || info->backend != CURLSSLBACKEND_OPENSSL || !info->internals)
        return;
    const SSL *ssl = info->internals;
    snprintf(x->result.tls, sizeof x->result.tls, "%s %s", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
}

static bool header_is(const char *line, size_t len, const char *name, struct dgl_str *ret_value)
{
    size_t n = strlen(name);
    if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
        return false;
    *ret_value = dgl_str_trim((struct dgl_str){line + n + 1, len - n - 1});
    return true;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
    struct dgl_exchange *x = arg;
    size_t len = size * n;
    struct dgl_str value;
    x->headers_seen += len;
    if (x->headers_seen > DGL_NET_HEADERS_MAX) {
        x->headers_too_long = true;
        return 0;
    }
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) { // a new answer: what came before was an interim one
        note_tls(x);
        dgl_buf_reset(&x->slot->headers);
        x->retry_after_s = -1;
    }
    x->headers_whole = len > 0 && len <= 2 && line[len - 1] == '\n'; // the empty line behind them
    if (header_is(line, len, "retry-after", &value))
        x->retry_after_s =
            dgl_net_retry_after(value.data, value.len, dgl_clock_now_us(dgl_clock_system()) / DGL_US_PER_S);
    dgl_buf_append(&x->slot->headers, line, len); // when it is full, later lines are read and not kept
    return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
    struct dgl_exchange *x = arg;
    size_t len = size * n;
    size_t take = DGL_MIN(len, x->max_answer_bytes - x->body_seen);
    size_t keep =
        x->slot->body.len < x->keep_answer_bytes ? DGL_MIN(take, x->keep_answer_bytes - x->slot->body.len) : 0;
    x->body_seen += take;
    if (!dgl_buf_append(&x->slot->body, data, keep) || take < len) {
        x->cut = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return len;
}

static CURLcode on_ssl_context(CURL *easy DGL_UNUSED, void *ssl_ctx, void *arg)
{
    struct dgl_net_client *c = arg;
    SSL_CTX_set1_cert_store(ssl_ctx, c->trust);
    return CURLE_OK;
}

void dgl_exchange_prepare_easy(void *client, CURL *easy)
{
    struct dgl_net_client *c = client;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    // The trust store is read once, not per connection: see client.c.
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, c);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, c);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
}

// ---- connecting

static void set_method(struct dgl_exchange *x, CURL *easy)
{
    const char *custom = NULL;
    if (strcmp(x->method, "GET") == 0) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, x->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body_len);
        if (strcmp(x->method, "POST") != 0)
            custom = x->method;
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom);
}

static void set_pin(struct dgl_exchange *x)
{
    char address[INET6_ADDRSTRLEN] = "";
    const union dgl_net_address *a = &x->addresses.list[x->address_at];
    bool v6 = a->sa.sa_family == AF_INET6;
    inet_ntop(a->sa.sa_family, v6 ? (const void *)&a->v6.sin6_addr : (const void *)&a->v4.sin_addr, address,
              sizeof address);
    snprintf(x->slot->pin_text, sizeof x->slot->pin_text, "::%s%s%s:%u", v6 ? "[" : "", address, v6 ? "]" : "",
             x->port);
    dgl_str_copy(x->result.address, sizeof x->result.address, address, strlen(address));
    x->result.address_private = x->is_private[x->address_at];
    curl_easy_setopt(x->slot->easy, CURLOPT_CONNECT_TO, &x->slot->pin);
}

// While further addresses are left, one may use half of the connecting time that remains.
static int64_t connect_budget_us(const struct dgl_exchange *x, int64_t now)
{
    int64_t left = x->connect_started_us + x->connect_timeout_us - now;
    return x->address_at + 1 < x->addresses.count ? left / 2 : left;
}

static void connect_next(struct dgl_exchange *x)
{
    int64_t now = now_us();
    int64_t total_left = x->started_us + x->total_timeout_us - now, connect_left = connect_budget_us(x, now);
    if (total_left < DGL_US_PER_MS || connect_left < DGL_US_PER_MS) {
        fail(x, DGL_NET_TIMEOUT, "%.100s could not be connected to in time", x->host);
        return;
    }
    if (!x->pool)
        x->pool = dgl_pool_enter(&x->client->pools, x->group);
    if (x->pool && !x->slot)
        x->slot = dgl_pool_slot_take(x->pool);
    if (!x->slot) {
        fail(x, DGL_NET_BROKEN, "out of memory");
        return;
    }
    CURL *easy = x->slot->easy;
    x->easy_started_us = now;
    x->blocked_at_connect = x->bind_failed = false;
    x->slot->error[0] = '\0';
    x->slot->body.max = x->keep_answer_bytes;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(easy, CURLOPT_URL, x->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(total_left / DGL_US_PER_MS));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect_left / DGL_US_PER_MS));
    set_method(x, easy);
    set_pin(x);
    CURLMcode rc = curl_multi_add_handle(x->pool->multi, easy);
    if (rc != CURLM_OK)
        fail(x, DGL_NET_BROKEN, "the request could not be started: %s", curl_multi_strerror(rc));
}

// ---- how it ended

static int64_t phase_us(struct dgl_exchange *x, CURLINFO info)
{
    curl_off_t t = 0;
    curl_easy_getinfo(x->slot->easy, info, &t);
    return t > 0 ? x->easy_started_us - x->started_us + t : 0;
}

static void note_timings(struct dgl_exchange *x)
{
    struct dgl_net_result *r = &x->result;
    long status = 0, connections = 0;
    curl_easy_getinfo(x->slot->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(x->slot->easy, CURLINFO_NUM_CONNECTS, &connections);
    r->http_status = (int)status;
    r->first_byte_us = phase_us(x, CURLINFO_STARTTRANSFER_TIME_T);
    if (r->http_status == 0)
        r->first_byte_us = 0;
    r->reused = connections == 0 && r->http_status != 0;
    if (r->reused) {
        r->connect_us = r->dns_us;
        r->tls_us = x->https ? r->dns_us : 0;
        return;
    }
    r->connect_us = phase_us(x, CURLINFO_CONNECT_TIME_T);
    r->tls_us = x->https ? phase_us(x, CURLINFO_APPCONNECT_TIME_T) : 0;
}

static void finish_timeout(struct dgl_exchange *x)
{
    struct dgl_net_result *r = &x->result;
    double connect_s = (double)x->connect_timeout_us / (double)DGL_US_PER_S;
    double total_s = (double)x->total_timeout_us / (double)DGL_US_PER_S;
    if (r->connect_us == 0)
        fail(x, DGL_NET_TIMEOUT, "%.100s did not accept a connection on port %u within %.1f s", x->host, x->port,
             DGL_MIN(connect_s, total_s));
    else if (x->https && r->tls_us == 0)
        fail(x, DGL_NET_TIMEOUT, "%.100s accepted the connection but the TLS handshake did not finish within %.1f s",
             x->host, DGL_MIN(connect_s, total_s));
    else if (r->http_status == 0)
        fail(x, DGL_NET_TIMEOUT, "%.100s accepted the request but did not answer within %.1f s", x->host, total_s);
    else
        fail(x, DGL_NET_TIMEOUT, "%.100s began to answer with status %d but did not end its answer within %.1f s",
             x->host, r->http_status, total_s);
}

static const struct tls_case {
    long verify_result;
    enum dgl_net_tls_problem problem;
    const char *sentence;
} tls_cases[] = {
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, DGL_NET_TLS_SELF_SIGNED, "the certificate of %.100s is self-signed"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, DGL_NET_TLS_UNTRUSTED,
     "the certificate of %.100s is issued by an authority that is not trusted"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, DGL_NET_TLS_UNTRUSTED,
     "the certificate of %.100s is issued by an unknown authority, or an intermediate certificate is missing"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, DGL_NET_TLS_UNTRUSTED,
     "the certificate of %.100s is issued by an unknown authority, or an intermediate certificate is missing"},
    {X509_V_ERR_CERT_HAS_EXPIRED, DGL_NET_TLS_EXPIRED, "the certificate of %.100s has expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, DGL_NET_TLS_NOT_YET_VALID, "the certificate of %.100s is not valid yet"},
};

static void finish_tls(struct dgl_exchange *x, CURLcode code)
{
    long verify = 0;
    curl_easy_getinfo(x->slot->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    for (size_t i = 0; i < DGL_COUNT(tls_cases); i++)
        if (code == CURLE_PEER_FAILED_VERIFICATION && tls_cases[i].verify_result == verify) {
            x->result.tls_problem = tls_cases[i].problem;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(x->result.message, sizeof x->result.message, tls_cases[i].sentence, x->host);
#pragma GCC diagnostic pop
            finish(x, DGL_NET_TLS);
            return;
        }
    // libcurl compares names itself, before it takes over OpenSSL's verdict.
    if (code == CURLE_PEER_FAILED_VERIFICATION && (verify == X509_V_OK || verify == X509_V_ERR_UNSPECIFIED)) {
        x->result.tls_problem = DGL_NET_TLS_WRONG_NAME;
        fail(x, DGL_NET_TLS, "the certificate the server showed is not for %.100s", x->host);
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
        x->result.tls_problem = DGL_NET_TLS_UNTRUSTED;
        fail(x, DGL_NET_TLS, "the certificate of %.100s does not verify: %s", x->host,
             X509_verify_cert_error_string(verify));
    } else {
        x->result.tls_problem = DGL_NET_TLS_HANDSHAKE;
        fail(x, DGL_NET_TLS, "no TLS connection with %.100s on port %u: %.100s", x->host, x->port,
             x->slot->error[0] ? x->slot->error : curl_easy_strerror(code));
    }
}

static void finish_connect(struct dgl_exchange *x)
{
    long os_errno = 0;
    curl_easy_getinfo(x->slot->easy, CURLINFO_OS_ERRNO, &os_errno);
    if (x->bind_failed)
        fail(x, DGL_NET_CONNECT,
             "the server's own source address cannot be used; the operator has to check "
             "WEBHOOK_BIND_ADDRESS");
    else if (os_errno == ECONNREFUSED)
        fail(x, DGL_NET_CONNECT, "%.100s refused the connection on port %u: nothing listens there", x->host, x->port);
    else
        fail(x, DGL_NET_CONNECT, "%.100s could not be connected to on port %u%s%s", x->host, x->port,
             os_errno ? ": " : "", os_errno ? strerrordesc_np((int)os_errno) : "");
}

static bool may_try_next(const struct dgl_exchange *x, CURLcode code)
{
    bool unreached = code == CURLE_COULDNT_CONNECT || (code == CURLE_OPERATION_TIMEDOUT && x->result.connect_us == 0);
    return unreached && !x->blocked_at_connect && x->address_at + 1 < x->addresses.count;
}

static void finish_broken(struct dgl_exchange *x, CURLcode code)
{
    if (x->headers_too_long)
        fail(x, DGL_NET_BROKEN, "%.100s sent more than %d bytes of headers", x->host, DGL_NET_HEADERS_MAX);
    else if (code == CURLE_GOT_NOTHING)
        fail(x, DGL_NET_BROKEN, "%.100s closed the connection without answering", x->host);
    else if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY)
        fail(x, DGL_NET_BROKEN, "%.100s answered with something that is not HTTP", x->host);
    else if (x->result.http_status)
        fail(x, DGL_NET_BROKEN, "the connection to %.100s ended before its answer was whole", x->host);
    else
        fail(x, DGL_NET_BROKEN, "the connection to %.100s broke before it answered", x->host);
}

void dgl_exchange_curl_done(struct dgl_exchange *x, CURLcode code)
{
    note_timings(x);
    if (may_try_next(x, code)) {
        curl_multi_remove_handle(x->pool->multi, x->slot->easy);
        x->address_at++;
        connect_next(x);
        return;
    }
    if (x->blocked_at_connect) {
        fail_blocked(x, &x->addresses.list[x->address_at].sa);
        return;
    }
    if (x->cut && x->whole_answer) {
        fail(x, DGL_NET_BROKEN, "the answer of %.100s is longer than %zu bytes", x->host, x->max_answer_bytes);
        return;
    }
    bool has_status = x->result.http_status >= 100 && x->result.http_status <= 999;
    if ((code == CURLE_OK || x->cut) && !has_status) { // libcurl takes some odd status lines
        x->result.http_status = 0;
        finish_broken(x, CURLE_WEIRD_SERVER_REPLY);
        return;
    }
    switch (code) {
    case CURLE_OK:
        if (x->headers_whole) // libcurl takes their end for granted when the connection ends (RFC 9112 §8 does not)
            finish(x, DGL_NET_ANSWERED);
        else
            finish_broken(x, CURLE_PARTIAL_FILE);
        return;
    case CURLE_COULDNT_CONNECT:
        finish_connect(x);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        finish_timeout(x);
        return;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        finish_tls(x, code);
        return;
    default:
        if (x->cut)
            finish(x, DGL_NET_ANSWERED); // as much as was wanted has been read
        else
            finish_broken(x, code);
        return;
    }
}
