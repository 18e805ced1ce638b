// Fuzz target: the small readers of a request's head, one a line in this order: target, a header value with
// parameters, Range, If-None-Match, If-Range, date, Accept-Encoding, form pairs. What they accept keeps its promises.
#include "fuzz.h"

#include "server/http/form.h"
#include "server/http/range.h"
#include "server/http/router.h"

static void nobody(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    (void)rq;
}
static const struct dgl_route routes[] = {
    {"GET", "/", nobody, .max_body_bytes = 0},
    {"GET", "/documents/{id}/download", nobody},
    {"POST", "/documents", nobody},
    {"GET", "/documents/{id}", nobody},
    {"DELETE", "/documents/{id}", nobody},
    {"GET", "/documents/recent", nobody},
    {"GET", "/{a}/{b}/{c}/{d}", nobody},
    {"GET", "/files/{file}", nobody},
};

static void route(const struct http_target *target)
{
    static struct http_router *router;
    static const char *const methods[] = {"GET", "HEAD", "POST", "DELETE", "X"};
    struct dgl_error err = DGL_ERROR_INIT;
    if (!router) {
        router = http_router_new();
        for (size_t i = 0; i < DGL_COUNT(routes); i++)
            http_router_add(router, &routes[i], NULL);
    }
    for (size_t i = 0; i < DGL_COUNT(methods); i++) {
        struct http_match match;
        char allow[128] = "";
        enum dgl_status status = http_router_find(router, methods[i], target, &match, allow, &err);
        fuzz_must(status != DGL_E_METHOD || allow[0]);
        if (status != DGL_OK)
            fuzz_must_explain(&err);
        for (size_t k = 0; status == DGL_OK && k < match.param_count; k++)
            fuzz_must(match.params[k][0] && !strchr(match.params[k], '/'));
    }
}

static void read_target(struct dgl_arena *a, const char *text)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct http_target target;
    if (http_target_parse(a, text, &target, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return;
    }
    fuzz_must(target.path[0] == '/' && !strpbrk(target.path, "?# \r\n"));
    fuzz_must(target.segment_count <= HTTP_MAX_SEGMENTS && target.query_count <= HTTP_MAX_QUERY_FIELDS);
    for (size_t i = 0; i < target.segment_count; i++) {
        const char *s = target.segments[i];
        fuzz_must(dgl_utf8_valid(s, strlen(s)));
        fuzz_must(!strchr(s, '/') || target.has_slash[i]);
    }
    for (size_t i = 0; i < target.query_count; i++)
        fuzz_must(dgl_utf8_valid(target.query[i].value, strlen(target.query[i].value)));
    route(&target);
}

static void read_params(struct dgl_arena *a, const char *text)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct http_header_params h;
    if (http_header_params_parse(a, text, &h, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return;
    }
    fuzz_must(h.kind[0] && h.count <= DGL_COUNT(h.names));
    for (size_t i = 0; i < h.count; i++)
        fuzz_must(h.names[i][0] && h.values[i]);
}

static void read_range(const char *text)
{
    static const int64_t sizes[] = {0, 1, 10, 1000000, INT64_MAX};
    for (size_t i = 0; i < DGL_COUNT(sizes); i++) {
        int64_t first = -1, last = -1;
        if (http_range_parse(text, sizes[i], &first, &last) == HTTP_RANGE_PART)
            fuzz_must(first >= 0 && first <= last && last < sizes[i]);
    }
}

static void read_date(const char *text)
{
    int64_t s, again;
    char out[40];
    if (!http_date_parse(text, &s))
        return;
    http_date_format(s * DGL_US_PER_S, out);
    fuzz_must(http_date_parse(out, &again) && again == s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct dgl_error err = DGL_ERROR_INIT;
    struct http_pair *pairs;
    size_t count = 0;
    char *lines[8];
    for (size_t i = 0; i < DGL_COUNT(lines); i++)
        lines[i] = fuzz_take_text(&data, &size, '\n');
    read_target(a, lines[0]);
    read_params(a, lines[1]);
    read_range(lines[2]);
    (void)http_etag_listed(lines[3], "\"abc\"");
    (void)http_if_range_holds(lines[4], "\"abc\"", INT64_C(784111777000000));
    read_date(lines[5]);
    (void)http_accepts_gzip(lines[6]);
    if (http_pairs_parse(a, lines[7], strlen(lines[7]), 4, "form", &pairs, &count, &err) == DGL_OK)
        fuzz_must(count <= 4);
    else
        fuzz_must_explain(&err);
    for (size_t i = 0; i < DGL_COUNT(lines); i++)
        free(lines[i]);
    return 0;
}
