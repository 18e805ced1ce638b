// Signing secrets: made, sealed, rotated, shown. They are sealed with a key outside the database and bound to their
// organization and endpoint.
//
// An organization has shared secrets (v1, HMAC): at least one once it is needed, several while they rotate. It may
// have a key pair besides (v1a, Ed25519), whose public half receivers check with. An endpoint may have shared secrets
// of its own, and is then signed for with those alone.
#include "server/webhook/webhook_private.h"

#include "base/str.h"
#include <stdio.h>
#include <string.h>

void dgl_webhook_secret_context(const char *org, const char *endpoint, char out[160])
{
    snprintf(out, 160, "webhook_secret:%s/%s", org, endpoint);
}

static enum dgl_status unseal_key(struct dgl_webhook *w, const struct dgl_secret_row *row, const char *endpoint,
                                  struct dgl_webhook_key *ret, struct dgl_error *err)
{
    char context[160];
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_WEBHOOK_SECRET_MAX);
    dgl_webhook_secret_context(row->org, endpoint, context);
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

static const struct dgl_facts_key *newest_of(const struct dgl_facts_key *keys, size_t count,
                                             enum dgl_webhook_key_kind kind)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i].key.kind == kind)
            return &keys[i];
    return NULL;
}

const struct dgl_webhook_key *dgl_webhook_secret_current(const struct dgl_facts_key *keys, size_t count)
{
    const struct dgl_facts_key *k = newest_of(keys, count, DGL_WEBHOOK_KEY_HMAC);
    return k ? &k->key : NULL;
}

const char *dgl_webhook_secret_hint(struct dgl_arena *a, const struct dgl_webhook_key *key)
{
    char text[DGL_WEBHOOK_SECRET_MAX];
    dgl_webhook_secret_write(key, text);
    size_t len = strlen(text);
    const char *hint = dgl_arena_printf(a, "%.*s…%s", (int)(strchr(text, '_') + 1 - text), text, text + len - 4);
    dgl_wipe(text, sizeof text);
    return hint;
}

static enum dgl_status add_secret(struct dgl_webhook *w, const char *org, const char *endpoint,
                                  enum dgl_secret_kind kind, const char *text, int64_t retire_others_at_us,
                                  struct dgl_error *err)
{
    char context[160];
    DGL_AUTO_FINI(buf) sealed = DGL_BUF_INIT(1024);
    dgl_webhook_secret_context(org, endpoint, context);
    DGL_TRY(dgl_seal(w->keys, context, text, strlen(text), &sealed, err));
    struct dgl_secret_row row = {
        .sealed = sealed.data, .sealed_len = sealed.len, .created_at_us = dgl_clock_now_us(w->clock), .kind = kind};
    struct dgl_id id = dgl_id_new(w->clock);
    dgl_str_copy(row.id, sizeof row.id, id.s, strlen(id.s));
    dgl_str_copy(row.org, sizeof row.org, org, strlen(org));
    dgl_str_copy(row.endpoint, sizeof row.endpoint, endpoint, strlen(endpoint));
    DGL_TRY(dgl_store_secret_add(w->store, &row, retire_others_at_us, err));
    atomic_fetch_add(&w->generation, 1);
    return DGL_OK;
}

static enum dgl_status ensure_locked(struct dgl_webhook *w, struct dgl_arena *a, const char *org, const char *endpoint,
                                     struct dgl_facts_key ret[DGL_WEBHOOK_KEYS_MAX], size_t *ret_count,
                                     struct dgl_error *err)
{
    char text[DGL_WEBHOOK_SECRET_MAX];
    DGL_TRY(dgl_webhook_secrets_load(w, a, org, endpoint, ret, ret_count, err));
    if (dgl_webhook_secret_current(ret, *ret_count))
        return DGL_OK;
    dgl_webhook_secret_new(text);
    enum dgl_status status = add_secret(w, org, endpoint, DGL_SECRET_SHARED, text, dgl_clock_now_us(w->clock), err);
    dgl_wipe(text, sizeof text);
    DGL_TRY(status);
    return dgl_webhook_secrets_load(w, a, org, endpoint, ret, ret_count, err);
}

enum dgl_status dgl_webhook_secrets_ensure(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                           const char *endpoint, struct dgl_facts_key ret[DGL_WEBHOOK_KEYS_MAX],
                                           size_t *ret_count, struct dgl_error *err)
{
    pthread_mutex_lock(&w->secret_lock);
    enum dgl_status status = ensure_locked(w, a, org, endpoint, ret, ret_count, err);
    pthread_mutex_unlock(&w->secret_lock);
    return status;
}

static void hand_out(const struct dgl_webhook_key *key, char ret[96])
{
    char text[DGL_WEBHOOK_SECRET_MAX];
    dgl_webhook_secret_write(key, text);
    dgl_str_copy(ret, 96, text, strlen(text));
    dgl_wipe(text, sizeof text);
}

enum dgl_status dgl_webhook_secret_reveal(struct dgl_webhook *w, const char *org, char ret[96], struct dgl_error *err)
{
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, "", keys, &count, err));
    hand_out(dgl_webhook_secret_current(keys, count), ret);
    dgl_wipe(keys, sizeof keys);
    return DGL_OK;
}

enum dgl_status dgl_webhook_endpoint_secret_reveal(struct dgl_webhook *w, const char *org, const char *endpoint,
                                                   char ret[96], struct dgl_error *err)
{
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    struct dgl_endpoint_row row;
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_store_endpoint_get(w->store, a, org, endpoint, &row, err));
    DGL_TRY(dgl_webhook_secrets_load(w, a, org, endpoint, keys, &count, err));
    const struct dgl_webhook_key *own = dgl_webhook_secret_current(keys, count);
    if (!own)
        return dgl_webhook_secret_reveal(w, org, ret, err);
    hand_out(own, ret);
    dgl_wipe(keys, sizeof keys);
    return DGL_OK;
}

// ---- rotation

static enum dgl_status check_rotation(struct dgl_webhook *w, const char *org, const char *endpoint, int64_t overlap_s,
                                      struct dgl_error *err)
{
    struct dgl_secret_row *rows;
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    if (overlap_s > DGL_WEBHOOK_OVERLAP_MAX_S)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "overlap_s",
                              "overlap_s is %lld; the old secret may go on signing for at most %d seconds (7 days)",
                              (long long)overlap_s, DGL_WEBHOOK_OVERLAP_MAX_S);
    DGL_TRY(dgl_store_secret_list(w->store, a, org, endpoint, &rows, &count, err));
    if (count >= DGL_WEBHOOK_KEYS_MAX)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "too_many_secrets",
                             "%zu secrets sign already; wait until the oldest ends, or rotate with overlap_s 0", count);
    return DGL_OK;
}

static enum dgl_status rotate(struct dgl_webhook *w, const char *org, const char *endpoint, enum dgl_secret_kind kind,
                              const char *text, int64_t overlap_s, struct dgl_error *err)
{
    if (overlap_s < 0)
        overlap_s = DGL_WEBHOOK_OVERLAP_DEFAULT_S;
    pthread_mutex_lock(&w->secret_lock);
    enum dgl_status status = overlap_s > 0 ? check_rotation(w, org, endpoint, overlap_s, err) : DGL_OK;
    if (status == DGL_OK)
        status = add_secret(w, org, endpoint, kind, text, dgl_clock_now_us(w->clock) + overlap_s * DGL_US_PER_S, err);
    pthread_mutex_unlock(&w->secret_lock);
    return status;
}

static enum dgl_status rotate_shared(struct dgl_webhook *w, const char *org, const char *endpoint, int64_t overlap_s,
                                     char ret[96], struct dgl_error *err)
{
    char text[DGL_WEBHOOK_SECRET_MAX];
    dgl_webhook_secret_new(text);
    enum dgl_status status = rotate(w, org, endpoint, DGL_SECRET_SHARED, text, overlap_s, err);
    if (status == DGL_OK)
        dgl_str_copy(ret, 96, text, strlen(text));
    dgl_wipe(text, sizeof text);
    return status;
}

enum dgl_status dgl_webhook_secret_rotate(struct dgl_webhook *w, const char *org, int64_t overlap_s, char ret[96],
                                          struct dgl_error *err)
{
    return rotate_shared(w, org, "", overlap_s, ret, err);
}

enum dgl_status dgl_webhook_endpoint_secret_rotate(struct dgl_webhook *w, const char *org, const char *endpoint,
                                                   int64_t overlap_s, char ret[96], struct dgl_error *err)
{
    struct dgl_endpoint_row row;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_store_endpoint_get(w->store, a, org, endpoint, &row, err));
    if (row.is_organization)
        return rotate_shared(w, org, "", overlap_s, ret, err);
    return rotate_shared(w, org, endpoint, overlap_s, ret, err);
}

// ---- the key pair

static void write_public(const struct dgl_webhook_key *pair, char ret[96])
{
    struct dgl_webhook_key key = {.kind = DGL_WEBHOOK_KEY_ED25519_PUBLIC, .len = 32};
    memcpy(key.bytes, pair->bytes + 32, 32);
    hand_out(&key, ret);
}

enum dgl_status dgl_webhook_public_key(struct dgl_webhook *w, const char *org, char ret[96], struct dgl_error *err)
{
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_webhook_secrets_load(w, a, org, "", keys, &count, err));
    const struct dgl_facts_key *pair = newest_of(keys, count, DGL_WEBHOOK_KEY_ED25519);
    ret[0] = '\0';
    if (pair)
        write_public(&pair->key, ret);
    dgl_wipe(keys, sizeof keys);
    return DGL_OK;
}

enum dgl_status dgl_webhook_public_key_rotate(struct dgl_webhook *w, const char *org, int64_t overlap_s, char ret[96],
                                              struct dgl_error *err)
{
    struct dgl_webhook_key pair = {.kind = DGL_WEBHOOK_KEY_ED25519, .len = 64};
    unsigned char seed[32], public_key[32];
    char text[DGL_WEBHOOK_SECRET_MAX];
    dgl_random_bytes(seed, sizeof seed);
    if (!dgl_ed25519_keypair(seed, public_key, pair.bytes))
        return DGL_FAIL(err, DGL_E_INTERNAL, "no key pair could be made");
    dgl_webhook_secret_write(&pair, text);
    enum dgl_status status = rotate(w, org, "", DGL_SECRET_KEY_PAIR, text, overlap_s, err);
    if (status == DGL_OK)
        write_public(&pair, ret);
    dgl_wipe(&pair, sizeof pair);
    dgl_wipe(seed, sizeof seed);
    dgl_wipe(text, sizeof text);
    return status;
}

enum dgl_status dgl_webhook_public_key_disable(struct dgl_webhook *w, const char *org, struct dgl_error *err)
{
    DGL_TRY(dgl_store_secret_retire(w->store, org, "", DGL_SECRET_KEY_PAIR, dgl_clock_now_us(w->clock), err));
    atomic_fetch_add(&w->generation, 1);
    return DGL_OK;
}

// ---- derived keys

enum dgl_status dgl_webhook_secret_derive(struct dgl_webhook *w, const char *org, const char *url, char ret[96],
                                          struct dgl_error *err)
{
    struct dgl_url parsed;
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    char origin[300];
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_url_parse(url, strlen(url), "url", &parsed, err));
    DGL_TRY(dgl_guard_check_url(w->guard, &parsed, "url", err));
    DGL_TRY(dgl_webhook_organization_origin(w, a, org, origin, err));
    DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, "", keys, &count, err));
    const struct dgl_webhook_key *current = dgl_webhook_secret_current(keys, count);
    struct dgl_webhook_key key =
        strcmp(origin, parsed.origin) == 0 ? *current : dgl_webhook_key_derive(current, parsed.origin);
    hand_out(&key, ret);
    dgl_wipe(keys, sizeof keys);
    dgl_wipe(&key, sizeof key);
    return DGL_OK;
}
