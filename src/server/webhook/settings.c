// An organization's webhook URL and signing secrets. Secrets are sealed with a key outside the database and bound to
// their organization and endpoint.
#include "server/webhook/webhook_private.h"

#include "base/str.h"
#include <stdio.h>
#include <string.h>

enum dgl_status dgl_webhook_check_url(struct dgl_webhook *w, const char *url, const char *field, struct dgl_error *err)
{
    struct dgl_url parsed;
    DGL_TRY(dgl_url_parse(url, strlen(url), field, &parsed, err));
    return dgl_guard_check_url(w->guard, &parsed, field, err);
}

// ---- secrets

static void seal_context(const char *org, const char *endpoint, char out[160])
{
    snprintf(out, 160, "webhook_secret:%s/%s", org, endpoint);
}

static enum dgl_status unseal_key(struct dgl_webhook *w, const struct dgl_secret_row *row, const char *endpoint,
                                  struct dgl_webhook_key *ret, struct dgl_error *err)
{
    char context[160];
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_WEBHOOK_SECRET_MAX);
    seal_context(row->org, endpoint, context);
    enum dgl_status status = dgl_unseal(w->keys, context, row->sealed, row->sealed_len, &text, err);
    if (status == DGL_OK)
        status = dgl_webhook_key_parse(text.data ? text.data : "", ret, err);
    if (text.data)
        dgl_wipe(text.data, text.len);
    return status;
}

enum dgl_status dgl_webhook_secrets_load(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                         const char *endpoint, struct dgl_facts_key ret[DGL_WEBHOOK_KEYS_MAX],
                                         size_t *ret_count, struct dgl_error *err)
{
    struct dgl_secret_row *rows;
    size_t count, n = 0;
    DGL_TRY(dgl_store_secret_list(w->store, a, org, endpoint, &rows, &count, err));
    for (size_t i = 0; i < count && n < DGL_WEBHOOK_KEYS_MAX; i++, n++) {
        DGL_TRY(unseal_key(w, &rows[i], endpoint, &ret[n].key, err));
        ret[n].expires_at_us = rows[i].expires_at_us;
    }
    *ret_count = n;
    return DGL_OK;
}

static enum dgl_status add_secret(struct dgl_webhook *w, const char *org, const char *text, int64_t retire_others_at_us,
                                  struct dgl_error *err)
{
    char context[160];
    DGL_AUTO_FINI(buf) sealed = DGL_BUF_INIT(1024);
    seal_context(org, "", context);
    DGL_TRY(dgl_seal(w->keys, context, text, strlen(text), &sealed, err));
    struct dgl_secret_row row = {
        .sealed = sealed.data, .sealed_len = sealed.len, .created_at_us = dgl_clock_now_us(w->clock)};
    struct dgl_id id = dgl_id_new(w->clock);
    dgl_str_copy(row.id, sizeof row.id, id.s, strlen(id.s));
    dgl_str_copy(row.org, sizeof row.org, org, strlen(org));
    DGL_TRY(dgl_store_secret_add(w->store, &row, retire_others_at_us, err));
    atomic_fetch_add(&w->generation, 1);
    return DGL_OK;
}

static enum dgl_status ensure_locked(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                     struct dgl_facts_key ret[DGL_WEBHOOK_KEYS_MAX], size_t *ret_count,
                                     struct dgl_error *err)
{
    char text[DGL_WEBHOOK_SECRET_MAX];
    DGL_TRY(dgl_webhook_secrets_load(w, a, org, "", ret, ret_count, err));
    if (*ret_count > 0)
        return DGL_OK;
    dgl_webhook_secret_new(text);
    enum dgl_status status = add_secret(w, org, text, dgl_clock_now_us(w->clock), err);
    dgl_wipe(text, sizeof text);
    DGL_TRY(status);
    return dgl_webhook_secrets_load(w, a, org, "", ret, ret_count, err);
}

enum dgl_status dgl_webhook_secrets_ensure(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                           struct dgl_facts_key ret[DGL_WEBHOOK_KEYS_MAX], size_t *ret_count,
                                           struct dgl_error *err)
{
    pthread_mutex_lock(&w->secret_lock);
    enum dgl_status status = ensure_locked(w, a, org, ret, ret_count, err);
    pthread_mutex_unlock(&w->secret_lock);
    return status;
}

enum dgl_status dgl_webhook_secret_reveal(struct dgl_webhook *w, const char *org, char ret[96], struct dgl_error *err)
{
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    char text[DGL_WEBHOOK_SECRET_MAX];
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, keys, &count, err));
    dgl_webhook_secret_write(&keys[0].key, text);
    dgl_str_copy(ret, 96, text, strlen(text));
    dgl_wipe(keys, sizeof keys);
    dgl_wipe(text, sizeof text);
    return DGL_OK;
}

static enum dgl_status check_rotation(struct dgl_webhook *w, const char *org, int64_t overlap_s, struct dgl_error *err)
{
    struct dgl_secret_row *rows;
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    if (overlap_s > DGL_WEBHOOK_OVERLAP_MAX_S)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "overlap_s",
                              "overlap_s is %lld; the old secret may go on signing for at most %d seconds (7 days)",
                              (long long)overlap_s, DGL_WEBHOOK_OVERLAP_MAX_S);
    DGL_TRY(dgl_store_secret_list(w->store, a, org, "", &rows, &count, err));
    if (count >= DGL_WEBHOOK_KEYS_MAX)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "too_many_secrets",
                             "%zu secrets sign already; wait until the oldest ends, or rotate with overlap_s 0", count);
    return DGL_OK;
}

enum dgl_status dgl_webhook_secret_rotate(struct dgl_webhook *w, const char *org, int64_t overlap_s, char ret[96],
                                          struct dgl_error *err)
{
    char text[DGL_WEBHOOK_SECRET_MAX];
    if (overlap_s < 0)
        overlap_s = DGL_WEBHOOK_OVERLAP_DEFAULT_S;
    if (overlap_s > 0)
        DGL_TRY(check_rotation(w, org, overlap_s, err));
    dgl_webhook_secret_new(text);
    pthread_mutex_lock(&w->secret_lock);
    enum dgl_status status = add_secret(w, org, text, dgl_clock_now_us(w->clock) + overlap_s * DGL_US_PER_S, err);
    pthread_mutex_unlock(&w->secret_lock);
    if (status == DGL_OK)
        dgl_str_copy(ret, 96, text, strlen(text));
    dgl_wipe(text, sizeof text);
    return status;
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

enum dgl_status dgl_webhook_secret_derive(struct dgl_webhook *w, const char *org, const char *url, char ret[96],
                                          struct dgl_error *err)
{
    struct dgl_url parsed;
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    char origin[300], text[DGL_WEBHOOK_SECRET_MAX];
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_url_parse(url, strlen(url), "url", &parsed, err));
    DGL_TRY(dgl_guard_check_url(w->guard, &parsed, "url", err));
    DGL_TRY(dgl_webhook_organization_origin(w, a, org, origin, err));
    DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, keys, &count, err));
    struct dgl_webhook_key key =
        strcmp(origin, parsed.origin) == 0 ? keys[0].key : dgl_webhook_key_derive(&keys[0].key, parsed.origin);
    dgl_webhook_secret_write(&key, text);
    dgl_str_copy(ret, 96, text, strlen(text));
    dgl_wipe(keys, sizeof keys);
    dgl_wipe(&key, sizeof key);
    dgl_wipe(text, sizeof text);
    return DGL_OK;
}

// ---- the organization's URL

static enum dgl_status read_hint(struct dgl_webhook *w, struct dgl_arena *a, const char *org, const char **ret,
                                 struct dgl_error *err)
{
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    char text[DGL_WEBHOOK_SECRET_MAX];
    size_t count;
    DGL_TRY(dgl_webhook_secrets_load(w, a, org, "", keys, &count, err));
    *ret = NULL;
    if (count > 0) {
        dgl_webhook_secret_write(&keys[0].key, text);
        size_t len = strlen(text);
        *ret = dgl_arena_printf(a, "%.*s…%s", (int)(strchr(text, '_') + 1 - text), text, text + len - 4);
    }
    dgl_wipe(keys, sizeof keys);
    dgl_wipe(text, sizeof text);
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
    DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, keys, &count, err));
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
