// API keys: made, verified, revoked.
#include "server/account/inside.h"

#include <stdio.h>
#include <string.h>

#define KEY_CHARS 36 // "dgl_" + 32 hex digits
#define ARENA_BYTES (64u * 1024)

void dgl_key_generate(struct dgl_key_text *ret)
{
    unsigned char random[16];
    dgl_random_bytes(random, sizeof random);
    memcpy(ret->text, "dgl_", 4);
    dgl_hex_encode(random, sizeof random, ret->text + 4);
    dgl_wipe(random, sizeof random);
    dgl_sha256(ret->text, KEY_CHARS, ret->hash);
    snprintf(ret->prefix, sizeof ret->prefix, "%.8s", ret->text);
}

static bool looks_like_key(const char *key)
{
    if (!key || strnlen(key, KEY_CHARS + 1) != KEY_CHARS || memcmp(key, "dgl_", 4) != 0)
        return false;
    for (const char *p = key + 4; *p; p++)
        if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f')))
            return false;
    return true;
}

static enum dgl_status refuse(struct dgl_error *err)
{
    return DGL_FAIL(err, DGL_E_UNAUTHORIZED,
                    "the API key is missing, wrong, expired or revoked; send a valid one in the X-API-Key header");
}

static enum dgl_status load_key(struct dgl_account *a, const unsigned char hash[32], struct dgl_principal *ret,
                                struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(ARENA_BYTES);
    struct dgl_api_key key;
    uint64_t generation = dgl_key_cache_generation(a->key_cache);
    enum dgl_status status = dgl_store_key_by_hash(a->store, arena, hash, &key, err);
    if (status == DGL_E_NOT_FOUND)
        return refuse(err);
    DGL_TRY(status);
    int64_t now_us = dgl_clock_now_us(a->clock);
    if (key.revoked_at_us || (key.expires_at_us && now_us >= key.expires_at_us))
        return refuse(err);
    struct dgl_principal p = {.is_key = true, .role = key.role};
    memcpy(p.org, key.org, sizeof p.org);
    memcpy(p.actor, key.id, sizeof p.actor);
    snprintf(p.name, sizeof p.name, "%s", key.name);
    DGL_TRY(dgl_account_fill_org(a, arena, &p, err));
    dgl_key_cache_put(a->key_cache, generation, hash, &p, key.expires_at_us, key.last_used_at_us);
    *ret = p;
    return DGL_OK;
}

enum dgl_status dgl_account_authenticate_key(struct dgl_account *a, const char *key, struct dgl_principal *ret,
                                             struct dgl_error *err)
{
    unsigned char hash[DGL_SHA256_LEN];
    if (!looks_like_key(key))
        return refuse(err);
    dgl_sha256(key, KEY_CHARS, hash);
    return dgl_key_cache_get(a->key_cache, hash, ret) ? DGL_OK : load_key(a, hash, ret, err);
}

enum dgl_status dgl_account_key_create(struct dgl_account *a, const char *org, const char *name, enum dgl_role role,
                                       int64_t expires_at_us, char ret_key[40], struct dgl_id *ret_id,
                                       struct dgl_error *err)
{
    struct dgl_key_text text;
    DGL_TRY(dgl_check_name(name, "name", err));
    if ((size_t)role >= DGL_ROLE_COUNT)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_role", "role", "there is no such role");
    if (expires_at_us != 0 && expires_at_us <= dgl_clock_now_us(a->clock))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_expiry", "expires_at",
                              "the day on which the key expires lies in the past; give a later one");
    dgl_key_generate(&text);
    struct dgl_api_key key = {.name = name, .role = role, .expires_at_us = expires_at_us};
    snprintf(key.org, sizeof key.org, "%s", org);
    memcpy(key.prefix, text.prefix, sizeof key.prefix);
    memcpy(key.hash, text.hash, sizeof key.hash);
    DGL_TRY(dgl_store_key_create(a->store, &key, ret_id, err));
    memcpy(ret_key, text.text, sizeof text.text);
    return DGL_OK;
}

enum dgl_status dgl_account_key_revoke(struct dgl_account *a, const char *org, const char *id, struct dgl_error *err)
{
    DGL_TRY(dgl_store_key_revoke(a->store, org, id, err));
    dgl_key_cache_drop(a->key_cache, id);
    return DGL_OK;
}
