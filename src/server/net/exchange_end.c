// How an exchange ended: libcurl's code, and what is known besides, as an outcome, times and one sentence for a person.
#include "server/net/client_private.h"

#include "base/clock.h"
#include <errno.h>
#include <string.h>

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

static void end_timeout(struct dgl_exchange *x)
{
    struct dgl_net_result *r = &x->result;
    double connect_s = (double)x->connect_timeout_us / (double)DGL_US_PER_S;
    double total_s = (double)x->total_timeout_us / (double)DGL_US_PER_S;
    if (r->connect_us == 0)
        dgl_exchange_fail(x, DGL_NET_TIMEOUT, "%.100s did not accept a connection on port %u within %.1f s", x->host,
                          x->port, DGL_MIN(connect_s, total_s));
    else if (x->https && r->tls_us == 0)
        dgl_exchange_fail(x, DGL_NET_TIMEOUT,
                          "%.100s accepted the connection but the TLS handshake did not finish within %.1f s", x->host,
                          DGL_MIN(connect_s, total_s));
    else if (r->http_status == 0)
        dgl_exchange_fail(x, DGL_NET_TIMEOUT, "%.100s accepted the request but did not answer within %.1f s", x->host,
                          total_s);
    else
        dgl_exchange_fail(x, DGL_NET_TIMEOUT,
                          "%.100s began to answer with status %d but did not end its answer within %.1f s", x->host,
                          r->http_status, total_s);
}

static const struct tls_case {
    long verify_result;
    enum dgl_net_tls_problem problem;
    const char *what; // of the certificate
} tls_cases[] = {
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, DGL_NET_TLS_SELF_SIGNED, "is self-signed"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, DGL_NET_TLS_UNTRUSTED, "is issued by an authority that is not trusted"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, DGL_NET_TLS_UNTRUSTED,
     "is issued by an unknown authority, or an intermediate certificate is missing"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, DGL_NET_TLS_UNTRUSTED,
     "is issued by an unknown authority, or an intermediate certificate is missing"},
    {X509_V_ERR_CERT_HAS_EXPIRED, DGL_NET_TLS_EXPIRED, "has expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, DGL_NET_TLS_NOT_YET_VALID, "is not valid yet"},
};

static void end_tls(struct dgl_exchange *x, CURLcode code)
{
    long verify = 0;
    curl_easy_getinfo(x->slot->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    for (size_t i = 0; i < DGL_COUNT(tls_cases); i++)
        if (code == CURLE_PEER_FAILED_VERIFICATION && tls_cases[i].verify_result == verify) {
            x->result.tls_problem = tls_cases[i].problem;
            dgl_exchange_fail(x, DGL_NET_TLS, "the certificate of %.100s %s", x->host, tls_cases[i].what);
            return;
        }
    // libcurl compares names itself, before it takes over OpenSSL's verdict.
    if (code == CURLE_PEER_FAILED_VERIFICATION && (verify == X509_V_OK || verify == X509_V_ERR_UNSPECIFIED)) {
        x->result.tls_problem = DGL_NET_TLS_WRONG_NAME;
        dgl_exchange_fail(x, DGL_NET_TLS, "the certificate the server showed is not for %.100s", x->host);
    } else if (code == CURLE_PEER_FAILED_VERIFICATION) {
        x->result.tls_problem = DGL_NET_TLS_UNTRUSTED;
        dgl_exchange_fail(x, DGL_NET_TLS, "the certificate of %.100s does not verify: %s", x->host,
                          X509_verify_cert_error_string(verify));
    } else {
        x->result.tls_problem = DGL_NET_TLS_HANDSHAKE;
        dgl_exchange_fail(x, DGL_NET_TLS, "no TLS connection with %.100s on port %u: %.100s", x->host, x->port,
                          x->slot->error[0] ? x->slot->error : curl_easy_strerror(code));
    }
}

static void end_connect(struct dgl_exchange *x)
{
    long os_errno = 0;
    curl_easy_getinfo(x->slot->easy, CURLINFO_OS_ERRNO, &os_errno);
    if (x->bind_failed)
        dgl_exchange_fail(x, DGL_NET_CONNECT,
                          "the server's own source address cannot be used; the operator has to check "
                          "WEBHOOK_BIND_ADDRESS");
    else if (os_errno == ECONNREFUSED)
        dgl_exchange_fail(x, DGL_NET_CONNECT, "%.100s refused the connection on port %u: nothing listens there",
                          x->host, x->port);
    else
        dgl_exchange_fail(x, DGL_NET_CONNECT, "%.100s could not be connected to on port %u%s%s", x->host, x->port,
                          os_errno ? ": " : "", os_errno ? strerrordesc_np((int)os_errno) : "");
}

static bool may_try_next(const struct dgl_exchange *x, CURLcode code)
{
    bool unreached = code == CURLE_COULDNT_CONNECT || (code == CURLE_OPERATION_TIMEDOUT && x->result.connect_us == 0);
    return unreached && !x->blocked_at_connect && x->address_at + 1 < x->addresses.count;
}

static void end_broken(struct dgl_exchange *x, CURLcode code)
{
    if (x->headers_too_long)
        dgl_exchange_fail(x, DGL_NET_BROKEN, "%.100s sent more than %d bytes of headers", x->host, DGL_NET_HEADERS_MAX);
    else if (code == CURLE_GOT_NOTHING)
        dgl_exchange_fail(x, DGL_NET_BROKEN, "%.100s closed the connection without answering", x->host);
    else if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY)
        dgl_exchange_fail(x, DGL_NET_BROKEN, "%.100s answered with something that is not HTTP", x->host);
    else if (x->result.http_status)
        dgl_exchange_fail(x, DGL_NET_BROKEN, "the connection to %.100s ended before its answer was whole", x->host);
    else
        dgl_exchange_fail(x, DGL_NET_BROKEN, "the connection to %.100s broke before it answered", x->host);
}

// As much as was wanted has been read, or all of it.
static void end_answered(struct dgl_exchange *x)
{
    if (x->result.http_status < 100 || x->result.http_status > 999) { // libcurl takes some odd status lines
        x->result.http_status = 0;
        end_broken(x, CURLE_WEIRD_SERVER_REPLY);
    } else if (x->cut || x->headers_whole) {
        dgl_exchange_finish(x, DGL_NET_ANSWERED);
    } else { // libcurl takes their end for granted when the connection ends (RFC 9112 §8 does not)
        end_broken(x, CURLE_PARTIAL_FILE);
    }
}

static void end_failed(struct dgl_exchange *x, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        end_connect(x);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        end_timeout(x);
        break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        end_tls(x, code);
        break;
    default:
        end_broken(x, code);
        break;
    }
}

void dgl_exchange_curl_done(struct dgl_exchange *x, CURLcode code)
{
    note_timings(x);
    if (may_try_next(x, code)) {
        curl_multi_remove_handle(x->pool->multi, x->slot->easy);
        x->address_at++;
        dgl_exchange_connect(x);
    } else if (x->blocked_at_connect) {
        dgl_exchange_fail_blocked(x, &x->addresses.list[x->address_at].sa);
    } else if (x->cut && x->whole_answer) {
        dgl_exchange_fail(x, DGL_NET_BROKEN, "the answer of %.100s is longer than %zu bytes", x->host,
                          x->max_answer_bytes);
    } else if (code == CURLE_OK || x->cut) {
        end_answered(x);
    } else {
        end_failed(x, code);
    }
}
