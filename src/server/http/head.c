// What is decided when the headers are in: whether this is a request that every party along the way reads alike, where
// it goes, and whether its body may come.
//
// libmicrohttpd 0.9.75 lets several things pass that let a request mean one thing to a proxy and another to us (request
// smuggling, RFC 9112 §11.2): Content-Length beside Transfer-Encoding, either of them twice, a blank between a name and
// its colon, obsolete line folding, lines that end in a bare CR or LF, NUL characters, several blanks in the request
// line. Each is refused here and the connection closed.
//
// The bytes of the head are not given to us, but libmicrohttpd 0.9.75 takes it apart in place and puts a NUL over each
// character that ends something. So what it hands out must lie there without a gap, and the gaps tell the rest:
//
//   GET␀/path␀HTTP/1.1␀␀Host␀ x␀␀Accept␀ */*␀␀␀␀body      one NUL for a blank or colon, two for CR LF
//
// Its successors read strictly by themselves and need not lie so.
#include "server/http/internal.h"
#include "server/http/range.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define FAIL_HEAD(err, ...) DGL_FAIL_SLUG((err), DGL_E_MALFORMED, "bad_request", __VA_ARGS__)

static bool is_token(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && (!s[i] || !strchr("!#$%&'*+-.^_`|~", s[i])))
            return false;
    return len > 0;
}

static bool is_field_value(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7F)
            return false;
    return true;
}

// A folded line: libmicrohttpd appends it to the header's name, in place. Where nothing was folded, the value stands in
// the same memory behind the name, with the name's end, where the colon was, and blanks between.
static bool is_folded(const char *name, size_t name_len, const char *value)
{
    uintptr_t name_end = (uintptr_t)name + name_len + 1, start = (uintptr_t)value;
    if (start < name_end || start - name_end > DGL_HTTP_MAX_HEADER_BYTES)
        return true;
    for (const char *p = name + name_len + 1; p < value; p++)
        if (*p != ' ' && *p != '\t')
            return true;
    return false;
}

static bool lies_as_sent(void)
{
    return strverscmp(MHD_get_version(), "0.9.77") < 0;
}

// Whether a line begins right behind the CR LF of the one before.
static bool follows(const char *line_end, const char *name)
{
    return !lies_as_sent() || line_end + 2 == name;
}

// Whether the head is as long as its lines are with CR LF behind each and once more behind the last, and nothing else
// stands there: a line that begins with NUL passes for an empty one.
static bool is_end_of_head(const struct dgl_http_request *rq, const char *method)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return !lies_as_sent() || (info && (size_t)(rq->line_end + 4 - method) == info->header_size &&
                               memcmp(rq->line_end, "\0\0\0\0", 4) == 0);
}

static enum dgl_status take_header(struct dgl_http_request *rq, const char *name, size_t name_len, const char *value,
                                   size_t value_len, struct dgl_error *err)
{
    if (!follows(rq->line_end, name))
        return FAIL_HEAD(err, "a line of the head ends otherwise than with CR LF");
    if (!is_token(name, name_len))
        return FAIL_HEAD(err, "a header's name holds a character that may not stand there");
    if (value && is_folded(name, name_len, value))
        return FAIL_HEAD(err, "a header is continued on a second line");
    if (!is_field_value(value ? value : "", value_len))
        return FAIL_HEAD(err, "the header %.64s holds a control character", name);
    if (rq->header_count == HTTP_MAX_HEADERS)
        return FAIL_HEAD(err, "the request has more than the %d headers allowed", HTTP_MAX_HEADERS);
    rq->line_end = value ? value + value_len : name + name_len + 1;
    while (value_len && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
        value_len--;
    struct http_header *h = &rq->headers[rq->header_count++];
    h->name = dgl_arena_strndup(rq->arena, name, name_len);
    h->value = dgl_arena_strndup(rq->arena, value ? value : "", value_len);
    return DGL_OK;
}

static enum MHD_Result visit_header(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                    const char *value, size_t value_len)
{
    (void)kind;
    struct dgl_http_request *rq = arg;
    rq->head_refused = take_header(rq, name, name_len, value, value_len, &rq->head_error) != DGL_OK;
    return rq->head_refused ? MHD_NO : MHD_YES;
}

static size_t header_lines(const struct dgl_http_request *rq, const char *name, const char **ret_first)
{
    size_t count = 0;
    for (size_t i = 0; i < rq->header_count; i++)
        if (strcasecmp(rq->headers[i].name, name) == 0 && count++ == 0)
            *ret_first = rq->headers[i].value;
    return count;
}

const char *dgl_http_joined_header(const struct dgl_http_request *rq, const char *name)
{
    const char *joined = NULL;
    for (size_t i = 0; i < rq->header_count; i++)
        if (strcasecmp(rq->headers[i].name, name) == 0)
            joined =
                joined ? dgl_arena_printf(rq->arena, "%s, %s", joined, rq->headers[i].value) : rq->headers[i].value;
    return joined;
}

static enum dgl_status check_request_line(struct dgl_http_request *rq, const char *method, const char *version,
                                          struct dgl_error *err)
{
    const char *target = DGL_STEAL(rq->target_place);
    if (lies_as_sent() &&
        (!target || method + strlen(method) + 1 != target || target + rq->raw_target_len + 1 != version))
        return FAIL_HEAD(err, "the request line is not a method, a target and a version with one blank between them");
    return DGL_OK;
}

static enum dgl_status check_framing(struct dgl_http_request *rq, const char *version, struct dgl_error *err)
{
    const char *length = NULL, *coding = NULL, *host = NULL;
    size_t lengths = header_lines(rq, "Content-Length", &length);
    size_t codings = header_lines(rq, "Transfer-Encoding", &coding);
    size_t hosts = header_lines(rq, "Host", &host);
    bool is_1_0 = strcmp(version, "HTTP/1.0") == 0;
    if (hosts > 1 || (hosts == 0 && !is_1_0))
        return FAIL_HEAD(err, hosts ? "the request has two Host headers" : "the request has no Host header");
    if (lengths > 1 || codings > 1)
        return FAIL_HEAD(err, "the request says twice how long its body is");
    if (lengths && codings)
        return FAIL_HEAD(err, "the request has both Content-Length and Transfer-Encoding");
    if (codings && (is_1_0 || strcasecmp(coding, "chunked") != 0))
        return FAIL_HEAD(err, "the Transfer-Encoding \"%.40s\" is not possible here: send chunked or a Content-Length",
                         coding);
    rq->chunked = codings > 0;
    rq->content_length = -1;
    if (lengths && (length[0] == '-' || !dgl_parse_int64(length, strlen(length), 0, INT64_MAX, &rq->content_length)))
        return FAIL_HEAD(err, "the Content-Length \"%.40s\" is no length", length);
    return DGL_OK;
}

static uint64_t mix(uint64_t x) // splitmix64's finalizer: a permutation, so ids do not repeat
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void put_id(struct dgl_http_request *rq)
{
    const char *given = dgl_http_header(rq, "X-Request-Id");
    if (rq->connection->peer_trusted && given && strlen(given) <= HTTP_MAX_REQUEST_ID_BYTES &&
        is_token(given, strlen(given))) {
        dgl_str_copy(rq->id, sizeof(rq->id), given, strlen(given));
        return;
    }
    static const char digits[] = "0123456789abcdef";
    uint64_t id = mix(rq->server->id_seed + atomic_fetch_add_explicit(&rq->server->id_next, 1, memory_order_relaxed));
    for (int i = 0; i < 16; i++)
        rq->id[i] = digits[id >> (60 - 4 * i) & 15];
}

// The request's context: who sends it, over what, under which name it goes into the log.
static void read_context(struct dgl_http_request *rq)
{
    const struct http_connection *c = rq->connection;
    struct in6_addr client = c->peer;
    rq->is_tls = rq->server->is_tls;
    if (c->peer_trusted) {
        const char *chain = dgl_http_joined_header(rq, "X-Forwarded-For");
        const char *proto = dgl_http_joined_header(rq, "X-Forwarded-Proto");
        if (chain)
            http_forwarded_client(&rq->server->trusted, chain, &client);
        if (proto) {
            const char *comma = strrchr(proto, ',');
            struct dgl_str last = dgl_str_trim(dgl_str_of(comma ? comma + 1 : proto));
            rq->is_tls = last.len == 5 && strncasecmp(last.data, "https", 5) == 0;
        }
    }
    http_address_format(&client, rq->client_address);
    const char *codings = dgl_http_joined_header(rq, "Accept-Encoding");
    rq->accepts_gzip = codings && http_accepts_gzip(codings);
    put_id(rq);
}

static enum dgl_status check_body(struct dgl_http_request *rq, struct dgl_error *err)
{
    const struct dgl_route *route = rq->match.route;
    const char *coding = dgl_http_header(rq, "Content-Encoding");
    bool has_body = rq->chunked || rq->content_length > 0;
    if (has_body && route->max_body_bytes == 0)
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "body_not_allowed", "%s %s takes no body.", rq->method, route->path);
    if (rq->content_length > 0 && (uint64_t)rq->content_length > route->max_body_bytes)
        return DGL_FAIL(err, DGL_E_LIMIT, "The body is %lld bytes long; at most %zu are allowed here.",
                        (long long)rq->content_length, route->max_body_bytes);
    if (has_body && coding && strcasecmp(coding, "identity") != 0)
        return DGL_FAIL(err, DGL_E_UNSUPPORTED,
                        "A body with the Content-Encoding \"%.40s\" is not possible: send it as it is.", coding);
    rq->body.max = route->max_body_bytes;
    if (rq->content_length > 0 && !(route->flags & DGL_ROUTE_FORM))
        dgl_buf_reserve(&rq->body, DGL_MIN((size_t)rq->content_length, HTTP_FIRST_BODY_BYTES));
    const char *type = dgl_http_header(rq, "Content-Type");
    if ((route->flags & DGL_ROUTE_FORM) && (has_body || type))
        return http_form_new(type, rq->arena, rq->server->options.temp_dir, &rq->form, err);
    return DGL_OK;
}

enum dgl_status http_head_read(struct dgl_http_request *rq, const char *method, const char *version,
                               struct dgl_error *err)
{
    put_id(rq);
    rq->must_close = true;
    rq->method = dgl_arena_strndup(rq->arena, method, strnlen(method, HTTP_MAX_METHOD_BYTES));
    DGL_TRY(check_request_line(rq, method, version, err));
    rq->line_end = version + strlen(version);
    MHD_get_connection_values_n(rq->mhd, MHD_HEADER_KIND, visit_header, rq);
    if (rq->head_refused) {
        *err = rq->head_error;
        return err->code;
    }
    if (!is_end_of_head(rq, method))
        return FAIL_HEAD(err, "a line of the head ends otherwise than with CR LF");
    DGL_TRY(check_framing(rq, version, err));
    if (!is_token(method, strlen(method)) || strlen(method) > HTTP_MAX_METHOD_BYTES)
        return FAIL_HEAD(err, "the request's method is not one");
    read_context(rq);
    DGL_TRY(http_target_parse(rq->arena, rq->raw_target, &rq->target, err)); // a blank in it may be another's end of it
    rq->must_close = false;
    char allow[128];
    enum dgl_status found = http_router_find(rq->server->router, rq->method, &rq->target, &rq->match, allow, err);
    if (found == DGL_E_METHOD)
        dgl_http_set_header(rq, "Allow", allow);
    DGL_TRY(found);
    return check_body(rq, err);
}
