// One request's way: name → checked addresses → connection to one of them → answer → result.
//
//   start ─ literal or known name ─▶ check ─┬─ any address refused ─▶ BLOCKED
//     └─ name ─▶ resolver ─ answer ───▶ ────┤
//                 └ 5 s passed ─▶ DNS       └─▶ connect ─ answer ─▶ ANSWERED
//                                                 │ refused, and another checked address is left ─▶ connect to that
//                                                 └ otherwise ─▶ CONNECT TLS TIMEOUT BROKEN
//
// A name with one refused address is refused as a whole: such a name is either a mistake or a trick, and picking the
// good address would make the outcome depend on luck. exchange_curl.c opens the socket and asks the guard once more;
// exchange_end.c says how it ended.
#include "server/net/client_private.h"

#include "base/clock.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

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
void dgl_exchange_finish(struct dgl_exchange *x, enum dgl_net_outcome outcome)
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

void dgl_exchange_fail(struct dgl_exchange *x, enum dgl_net_outcome outcome, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(x->result.message, sizeof x->result.message, fmt, args);
    va_end(args);
    dgl_exchange_finish(x, outcome);
}

void dgl_exchange_fail_blocked(struct dgl_exchange *x, const struct sockaddr *sa)
{
    char address[INET6_ADDRSTRLEN] = "";
    if (sa->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, address, sizeof address);
    else if (sa->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, address, sizeof address);
    snprintf(x->result.operator_note, sizeof x->result.operator_note, "%.60s is at %s, which is not allowed", x->host,
             address);
    x->result.dns_us = x->result.connect_us = 0;
    dgl_exchange_fail(x, DGL_NET_BLOCKED, "destination not allowed");
}

void dgl_exchange_cancel(struct dgl_exchange *x)
{
    dgl_exchange_fail(x, DGL_NET_CANCELED, "the server is stopping");
}

// ---- addresses

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
            dgl_exchange_fail_blocked(x, &found->list[i].sa);
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
        dgl_exchange_fail(x, DGL_NET_CONNECT, "%.100s has no %s address, the only kind this server sends from", x->host,
                          family == AF_INET ? "IPv4" : "IPv6");
        return;
    }
    x->connect_started_us = now_us();
    dgl_exchange_connect(x);
}

static void on_resolved(void *arg, const struct dgl_net_addresses *addresses)
{
    struct dgl_exchange *x = arg;
    dgl_timers_clear(&x->client->timers, &x->resolve_timer);
    if (addresses->count == 0)
        dgl_exchange_fail(x, DGL_NET_DNS, "the host %.100s %s", x->host, addresses->problem);
    else
        check_addresses(x, addresses);
}

void dgl_exchange_resolve_timeout(struct dgl_exchange *x)
{
    dgl_exchange_fail(x, DGL_NET_DNS,
                      "the host %.100s could not be looked up within %.1f s: the name server did not answer", x->host,
                      (double)DGL_MIN(x->resolve_timeout_us, x->total_timeout_us) / (double)DGL_US_PER_S);
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
        dgl_exchange_fail_blocked(x, (const struct sockaddr *)&local[0]);
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

void dgl_exchange_connect(struct dgl_exchange *x)
{
    int64_t now = now_us();
    int64_t total_left = x->started_us + x->total_timeout_us - now, connect_left = connect_budget_us(x, now);
    if (total_left < DGL_US_PER_MS || connect_left < DGL_US_PER_MS) {
        dgl_exchange_fail(x, DGL_NET_TIMEOUT, "%.100s could not be connected to in time", x->host);
        return;
    }
    if (!x->pool)
        x->pool = dgl_pool_enter(&x->client->pools, x->group);
    if (x->pool && !x->slot)
        x->slot = dgl_pool_slot_take(x->pool);
    if (!x->slot) {
        dgl_exchange_fail(x, DGL_NET_BROKEN, "out of memory");
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
        dgl_exchange_fail(x, DGL_NET_BROKEN, "the request could not be started: %s", curl_multi_strerror(rc));
}
