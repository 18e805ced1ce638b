// An organization's webhook URL. (Secrets: secrets.c. Further endpoints: endpoints.c.)
#include "server/webhook/webhook_private.h"

#include "base/str.h"
#include <string.h>

enum dgl_status dgl_webhook_check_url(struct dgl_webhook *w, const char *url, const char *field, struct dgl_error *err)
{
    struct dgl_url parsed;
    DGL_TRY(dgl_url_parse(url, strlen(url), field, &parsed, err));
    return dgl_guard_check_url(w->guard, &parsed, field, err);
}

enum dgl_status dgl_webhook_organization_origin(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                                char ret[300], struct dgl_error *err)
{
    struct dgl_endpoint_row row;
    struct dgl_url url;
    struct dgl_error ignored = DGL_ERROR_INIT;
    ret[0] = '\0';
    enum dgl_status status = dgl_store_endpoint_organization(w->store, a, org, &row, err);
    if (status == DGL_E_NOT_FOUND)
        return DGL_OK;
    DGL_TRY(status);
    if (dgl_url_parse(row.url, strlen(row.url), "webhook_url", &url, &ignored) == DGL_OK)
        dgl_str_copy(ret, 300, url.origin, strlen(url.origin));
    return DGL_OK;
}

// ---- the organization's URL

static enum dgl_status read_hint(struct dgl_webhook *w, struct dgl_arena *a, const char *org, const char **ret,
                                 struct dgl_error *err)
{
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    size_t count;
    DGL_TRY(dgl_webhook_secrets_load(w, a, org, "", keys, &count, err));
    const struct dgl_webhook_key *current = dgl_webhook_secret_current(keys, count);
    *ret = current ? dgl_webhook_secret_hint(a, current) : NULL;
    dgl_wipe(keys, sizeof keys);
    return DGL_OK;
}

enum dgl_status dgl_webhook_settings_get(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                         struct dgl_webhook_settings *ret, struct dgl_error *err)
{
    struct dgl_webhook_settings s = {.source_ips = w->source_ips};
    struct dgl_endpoint_row row;
    enum dgl_status status = dgl_store_endpoint_organization(w->store, a, org, &row, err);
    if (status == DGL_OK) {
        s.url = row.url;
        s.enabled = row.state == DGL_ENDPOINT_ENABLED;
        s.disabled_reason = s.enabled ? NULL : row.state_reason;
        s.updated_at_us = row.updated_at_us;
    } else if (status != DGL_E_NOT_FOUND) {
        return status;
    }
    DGL_TRY(read_hint(w, a, org, &s.secret_hint, err));
    *ret = s;
    return DGL_OK;
}

// Saving a URL means wanting it: also the one that was disabled.
static enum dgl_status enable_again(struct dgl_webhook *w, struct dgl_arena *a, const char *org, struct dgl_error *err)
{
    struct dgl_endpoint_row row;
    DGL_TRY(dgl_store_endpoint_organization(w->store, a, org, &row, err));
    if (row.state == DGL_ENDPOINT_ENABLED)
        return DGL_OK;
    DGL_TRY(dgl_store_endpoint_set_state(w->store, org, row.id, DGL_ENDPOINT_ENABLED, NULL, err));
    atomic_fetch_add(&w->generation, 1);
    return DGL_OK;
}

enum dgl_status dgl_webhook_settings_put(struct dgl_webhook *w, const char *org, const char *url, struct dgl_error *err)
{
    struct dgl_url parsed;
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    struct dgl_id id;
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_url_parse(url, strlen(url), "webhook_url", &parsed, err));
    DGL_TRY(dgl_guard_check_url(w->guard, &parsed, "webhook_url", err));
    DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, "", keys, &count, err));
    dgl_wipe(keys, sizeof keys);
    struct dgl_endpoint_row row = {.is_organization = true, .url = url, .description = "", .events = ""};
    dgl_str_copy(row.org, sizeof row.org, org, strlen(org));
    DGL_TRY(dgl_store_endpoint_put(w->store, &row, &id, err));
    atomic_fetch_add(&w->generation, 1);
    return enable_again(w, a, org, err);
}

enum dgl_status dgl_webhook_settings_delete(struct dgl_webhook *w, const char *org, struct dgl_error *err)
{
    struct dgl_endpoint_row row;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    enum dgl_status status = dgl_store_endpoint_organization(w->store, a, org, &row, err);
    if (status == DGL_E_NOT_FOUND)
        return DGL_OK;
    DGL_TRY(status);
    DGL_TRY(dgl_store_endpoint_delete(w->store, org, row.id, err));
    atomic_fetch_add(&w->generation, 1);
    return DGL_OK;
}
