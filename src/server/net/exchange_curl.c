// What libcurl is told and what it calls. The socket is opened here, for the very address libcurl hands over, and the
// guard is asked once more; of the answer is kept what its bounds allow.
#include "server/net/client_private.h"

#include "base/clock.h"
#include "base/str.h"
#include <string.h>
#include <strings.h>
#include <unistd.h>

// ---- sockets

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

// ---- the answer

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

// ---- options

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
