// Reading a request: everything was taken apart and copied when the headers came in, so any thread may look.
#include "server/http/internal.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

struct dgl_arena *dgl_http_arena(struct dgl_http_request *rq)
{
    return rq->arena;
}

const struct dgl_route *dgl_http_route(const struct dgl_http_request *rq)
{
    return rq->match.route;
}

const char *dgl_http_method(const struct dgl_http_request *rq)
{
    return rq->method;
}

const char *dgl_http_path(const struct dgl_http_request *rq)
{
    return rq->target.path ? rq->target.path : "";
}

const char *dgl_http_param(const struct dgl_http_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->match.param_count; i++)
        if (dgl_str_is(rq->match.param_names[i], name))
            return rq->match.params[i];
    return NULL;
}

const char *dgl_http_query(const struct dgl_http_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->target.query_count; i++)
        if (strcmp(rq->target.query[i].name, name) == 0)
            return rq->target.query[i].value;
    return NULL;
}

size_t dgl_http_query_count(const struct dgl_http_request *rq)
{
    return rq->target.query_count;
}

const char *dgl_http_query_name(const struct dgl_http_request *rq, size_t i)
{
    return rq->target.query[i].name;
}

const char *dgl_http_header(const struct dgl_http_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->header_count; i++)
        if (strcasecmp(rq->headers[i].name, name) == 0)
            return rq->headers[i].value;
    return NULL;
}

const char *dgl_http_cookie(const struct dgl_http_request *rq, const char *name)
{
    size_t name_len = strlen(name);
    for (size_t i = 0; i < rq->header_count; i++) {
        if (strcasecmp(rq->headers[i].name, "Cookie") != 0)
            continue;
        for (const char *p = rq->headers[i].value; *p;) {
            size_t len = strcspn(p, ";");
            struct dgl_str pair = dgl_str_trim((struct dgl_str){p, len});
            if (pair.len > name_len && pair.data[name_len] == '=' && memcmp(pair.data, name, name_len) == 0)
                return dgl_arena_strndup(rq->arena, pair.data + name_len + 1, pair.len - name_len - 1);
            p += len + (p[len] == ';');
        }
    }
    return NULL;
}

const char *dgl_http_client_address(const struct dgl_http_request *rq)
{
    return rq->client_address;
}

bool dgl_http_is_tls(const struct dgl_http_request *rq)
{
    return rq->is_tls;
}

const char *dgl_http_id(const struct dgl_http_request *rq)
{
    return rq->id;
}

void dgl_http_body(const struct dgl_http_request *rq, const char **ret, size_t *ret_len)
{
    *ret = rq->body.data ? rq->body.data : "";
    *ret_len = rq->body.len;
}

size_t dgl_http_field_count(const struct dgl_http_request *rq)
{
    return http_form_count(rq->form);
}

struct dgl_http_field *dgl_http_field_at(struct dgl_http_request *rq, size_t index)
{
    return http_form_at(rq->form, index);
}

struct dgl_http_field *dgl_http_field(struct dgl_http_request *rq, const char *name)
{
    for (size_t i = 0; i < http_form_count(rq->form); i++)
        if (strcmp(http_form_at(rq->form, i)->name, name) == 0)
            return http_form_at(rq->form, i);
    return NULL;
}

void dgl_http_set_user(struct dgl_http_request *rq, void *user)
{
    rq->user = user;
}

void *dgl_http_user(const struct dgl_http_request *rq)
{
    return rq->user;
}
