// Outgoing HTTP: one thread with c-ares and libcurl's multi interface. Resolve, check every address, pin, connect,
// exchange, all under one deadline; no redirects, no proxy, no cookies; connections are shared within one `group`
// (organization) only.
//
//   submit ─▶ resolve (≤ 5 s) ─▶ guard: all addresses ─▶ connect + TLS (≤ 10 s, next checked address on refusal) ─▶
//   answer ─▶ done
#ifndef DGL_SERVER_NET_CLIENT_H
#define DGL_SERVER_NET_CLIENT_H

#include "base/buf.h"
#include "base/clock.h"
#include "server/net/guard.h"

struct dgl_net_client;
struct dgl_net_client_options {
    const char *ca_file;      // PEM bundle besides the system's; NULL = system only
    const char *bind_address; // source address; NULL = the system's choice
    const char *dns_servers;  // "127.0.0.1:5353" for tests; NULL = the system's
    unsigned max_in_flight;   // more wait in line; 0 = 256
};
enum dgl_status dgl_net_client_new(const struct dgl_net_client_options *options, struct dgl_net_client **ret,
                                   struct dgl_error *err) DGL_MUST_CHECK;
// Aborts what is under way (their `done` gets DGL_NET_CANCELED) and joins the thread.
void dgl_net_client_free(struct dgl_net_client *c);
DGL_DEFINE_AUTO(net_client);

enum dgl_net_outcome {
    DGL_NET_ANSWERED, // an HTTP status came and the body ended (or its bound was reached)
    DGL_NET_BLOCKED,  // the guard refused
    DGL_NET_DNS,
    DGL_NET_CONNECT,
    DGL_NET_TLS,
    DGL_NET_TIMEOUT,
    DGL_NET_BROKEN, // the connection ended or spoke no HTTP before the answer was whole
    DGL_NET_CANCELED,
};
const char *dgl_net_outcome_word(enum dgl_net_outcome o); // "answered", "blocked", "dns", …
// Finer than DGL_NET_TLS, for advice.
enum dgl_net_tls_problem {
    DGL_NET_TLS_FINE,
    DGL_NET_TLS_SELF_SIGNED, // a certificate nobody vouches for
    DGL_NET_TLS_UNTRUSTED,   // the issuer is unknown or an intermediate certificate is missing
    DGL_NET_TLS_EXPIRED,
    DGL_NET_TLS_NOT_YET_VALID,
    DGL_NET_TLS_WRONG_NAME,
    DGL_NET_TLS_HANDSHAKE, // no common version or cipher, or no TLS at all on that port
};

struct dgl_net_request {
    const char *method; // "POST", "GET"
    struct dgl_url url;
    const char *const *headers; // "Name: value"; NULL-terminated
    const void *body;           // copied
    size_t body_len;
    const struct dgl_guard *guard;                                    // must outlive the request
    uint64_t group;                                                   // connections are reused only inside a group
    int64_t resolve_timeout_ms, connect_timeout_ms, total_timeout_ms; // 0 = 5,000 10,000 15,000
    size_t max_answer_bytes;                                          // read at most; 0 = 65,536
    size_t keep_answer_bytes;                                         // kept at most; 0 = 16,384
    bool whole_answer; // an answer longer than max_answer_bytes is DGL_NET_BROKEN (images) instead of cut (webhooks)
};
struct dgl_net_result { // borrowed during `done`
    enum dgl_net_outcome outcome;
    int http_status;      // 0 = none
    char address[64];     // connected to; "" = none
    bool address_private; // reachable only thanks to allow_nets: not to be stored or shown to tenants
    // Microseconds from the start (when the request left the waiting line) to the end of each phase; 0 = not reached.
    // Over a reused connection connect_us and tls_us equal dns_us.
    int64_t dns_us, connect_us, tls_us, first_byte_us, total_us;
    char tls[64];        // "TLSv1.3" and cipher; "" = none
    const char *headers; // answer's header lines as received, at most 8 KiB
    size_t headers_len;
    const char *body;
    size_t body_len;
    bool body_cut;         // it was longer than what was read or kept
    bool reused;           // over a connection that was open already
    int64_t retry_after_s; // from the answer, both forms; -1 = none
    enum dgl_net_tls_problem tls_problem;
    char message[256];       // one sentence for a person; no inside addresses when blocked
    char operator_note[128]; // for the operator's log only: the address that was refused; "" = nothing to add
};
// Retry-After, seconds or an HTTP date (RFC 9110 §10.2.3), as seconds from now_s; -1 when it is neither.
int64_t dgl_net_retry_after(const char *value, size_t len, int64_t now_s);
// Called in the client's thread; must not block.
typedef void (*dgl_net_done)(void *arg, const struct dgl_net_result *result);
enum dgl_status dgl_net_client_submit(struct dgl_net_client *c, const struct dgl_net_request *request,
                                      dgl_net_done done, void *arg, struct dgl_error *err) DGL_MUST_CHECK;
// The same, waiting. Only from threads that may block (worker pool, command line). DGL_OK whenever the exchange came
// to an end: ret->outcome tells which. The answer's body is appended to ret_body, where ret->body then points, its
// header lines to ret_headers (NULL = not wanted); ret->headers is NULL.
enum dgl_status dgl_net_client_fetch(struct dgl_net_client *c, const struct dgl_net_request *request,
                                     struct dgl_buf *ret_body, struct dgl_buf *ret_headers, struct dgl_net_result *ret,
                                     struct dgl_error *err) DGL_MUST_CHECK;

#endif
