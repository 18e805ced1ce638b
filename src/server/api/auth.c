// Who may call, and with what query: looked at when the headers are in, so that nobody's body is taken before we know
// them. A query that a route does not know is refused for all of them here: ?dry_run=true on a call that has none must
// not be done for real.
//
//   key ─▶ principal (401) ─▶ rate of its organization (429) ─▶ role (403) ─▶ query (422) ─▶ handler
#include "server/api/parts.h"

#include <string.h>

static enum dgl_role role_for(enum api_access access)
{
    switch (access) {
    case API_GENERATOR:
        return DGL_ROLE_GENERATOR;
    case API_EDITOR:
        return DGL_ROLE_EDITOR;
    case API_ADMIN:
        return DGL_ROLE_ADMIN;
    case API_ANYONE:
    case API_VIEWER:
        break;
    }
    return DGL_ROLE_VIEWER;
}

const struct dgl_principal *dgl_api_who(const struct dgl_http_request *rq)
{
    return dgl_http_user(rq);
}

bool dgl_api_may(const struct dgl_http_request *rq, enum api_access access)
{
    return dgl_api_who(rq)->role >= role_for(access);
}

static enum dgl_status authenticate(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err)
{
    struct dgl_principal *who = DGL_ARENA_NEW(dgl_http_arena(rq), struct dgl_principal);
    DGL_TRY(dgl_account_authenticate_key(api->parts.account, dgl_http_header(rq, "X-API-Key"), who, err));
    dgl_http_set_user(rq, who);
    dgl_http_set_sharer(rq, who->org_number);
    return DGL_OK;
}

static enum dgl_status check_role(const struct dgl_principal *who, enum api_access access, struct dgl_error *err)
{
    if (who->role >= role_for(access))
        return DGL_OK;
    return DGL_FAIL(err, DGL_E_FORBIDDEN, "This call needs the role %s; the key's role is %s.",
                    dgl_role_title(role_for(access)), dgl_role_title(who->role));
}

enum dgl_status dgl_api_readmit(struct dgl_api *api, const struct dgl_http_request *rq, struct dgl_error *err)
{
    struct dgl_principal now;
    DGL_TRY(dgl_account_authenticate_key(api->parts.account, dgl_http_header(rq, "X-API-Key"), &now, err));
    return check_role(&now, (enum api_access)dgl_http_route(rq)->access, err);
}

static enum dgl_status check_query(struct dgl_api *api, struct dgl_http_request *rq, struct dgl_error *err)
{
    const char *keys = dgl_api_entries[dgl_http_route(rq) - api->routes].query;
    return dgl_api_check_query(rq, keys ? keys : "", err);
}

bool dgl_api_admit(void *ctx, struct dgl_http_request *rq)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    enum api_access access = (enum api_access)dgl_http_route(rq)->access;
    int64_t retry_after_s = 0;
    enum dgl_status status = authenticate(api, rq, &err);
    if (status == DGL_OK && !dgl_account_rate_take(api->parts.account, dgl_api_who(rq), &retry_after_s))
        status = DGL_FAIL(&err, DGL_E_RATE, "Rate limit exceeded. Try again later.");
    if (status == DGL_OK)
        status = check_role(dgl_api_who(rq), access, &err);
    if (status == DGL_OK)
        status = check_query(api, rq, &err);
    if (status == DGL_OK)
        return true;
    if (status == DGL_E_UNAUTHORIZED)
        dgl_http_set_header(rq, "WWW-Authenticate", "ApiKey header=\"X-API-Key\"");
    dgl_http_respond_error(rq, &err, retry_after_s);
    return false;
}
