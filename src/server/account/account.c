// The account object, users, setting up an organization, rate limits. (Keys: keys.c, key_cache.c; sign-in and sessions:
// sessions.c.)
#include "server/account/inside.h"

#include "base/str.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum dgl_status dgl_account_new(struct dgl_store *store, struct dgl_clock *clock, const struct dgl_keyring *keys,
                                const struct dgl_account_options *options, struct dgl_account **ret,
                                struct dgl_error *err)
{
    if (options->rate_limit_per_minute < 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "RATE_LIMIT_PER_MINUTE",
                              "RATE_LIMIT_PER_MINUTE is %lld but must be 0 (none) or more",
                              (long long)options->rate_limit_per_minute);
    struct dgl_account *a = DGL_NEW(struct dgl_account);
    a->store = store;
    a->clock = clock;
    a->keys = keys;
    a->options = *options;
    a->key_cache = dgl_key_cache_new(store, clock);
    a->buckets = dgl_buckets_new();
    a->backoff = dgl_backoff_new();
    pthread_mutex_init(&a->nobody_lock, NULL);
    *ret = a;
    return DGL_OK;
}

void dgl_account_free(struct dgl_account *a)
{
    if (!a)
        return;
    dgl_key_cache_free(a->key_cache);
    dgl_buckets_free(a->buckets);
    dgl_backoff_free(a->backoff);
    pthread_mutex_destroy(&a->nobody_lock);
    free(a);
}

enum dgl_status dgl_refuse_disabled(struct dgl_error *err)
{
    return DGL_FAIL_SLUG(err, DGL_E_FORBIDDEN, "organization_disabled",
                         "the organization is disabled; ask the operator of this server");
}

enum dgl_status dgl_account_fill_org(struct dgl_account *a, struct dgl_arena *arena, struct dgl_principal *p,
                                     struct dgl_error *err)
{
    struct dgl_org org;
    DGL_TRY(dgl_store_org_get(a->store, arena, p->org, &org, err));
    if (org.disabled_at_us)
        return dgl_refuse_disabled(err);
    p->org_number = org.number;
    p->rate_limit_per_minute =
        org.rate_limit_per_minute < 0 ? a->options.rate_limit_per_minute : org.rate_limit_per_minute;
    dgl_str_copy(p->time_zone, sizeof p->time_zone, org.time_zone, strlen(org.time_zone));
    return DGL_OK;
}

// ---- limits

bool dgl_account_rate_take(struct dgl_account *a, const struct dgl_principal *who, int64_t *ret_retry_after_s)
{
    struct dgl_bucket_name name = {.high = UINT64_C(0x6f7267), .low = who->org_number};
    return dgl_buckets_take(a->buckets, name, who->rate_limit_per_minute, dgl_clock_mono_us(a->clock),
                            ret_retry_after_s);
}

bool dgl_account_throttle(struct dgl_account *a, const char *what, const char *whom, int64_t per_minute,
                          int64_t *ret_retry_after_s)
{
    return dgl_buckets_take(a->buckets, dgl_bucket_name(what, whom), per_minute, dgl_clock_mono_us(a->clock),
                            ret_retry_after_s);
}

// ---- users

enum dgl_status dgl_account_user_create(struct dgl_account *a, const char *org, const char *email, const char *name,
                                        const char *password, enum dgl_role role, struct dgl_id *ret_id,
                                        struct dgl_error *err)
{
    char address[DGL_EMAIL_MAX + 1], hash[128];
    DGL_TRY(dgl_check_email(email, address, err));
    if (name && name[0])
        DGL_TRY(dgl_check_name(name, "name", err));
    if ((size_t)role >= DGL_ROLE_COUNT)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_role", "role", "there is no such role");
    DGL_TRY(dgl_check_password(password, err));
    DGL_TRY(dgl_password_hash(password, strlen(password), hash, err));
    struct dgl_user user = {.email = address, .name = name ? name : "", .password_hash = hash, .role = role};
    snprintf(user.org, sizeof user.org, "%s", org);
    return dgl_store_user_create(a->store, &user, ret_id, err);
}

enum dgl_status dgl_account_user_find(struct dgl_account *a, struct dgl_arena *arena, const char *org,
                                      const char *email, struct dgl_user *ret, struct dgl_error *err)
{
    char address[DGL_EMAIL_MAX + 1];
    struct dgl_user user;
    enum dgl_status status = DGL_E_NOT_FOUND;
    if (dgl_email_normalize(email, address))
        status = dgl_store_user_by_email(a->store, arena, address, &user, err);
    if (status == DGL_E_NOT_FOUND || (status == DGL_OK && strcmp(user.org, org) != 0))
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "No user of this organization has the e-mail address \"%.254s\".", email);
    DGL_TRY(status);
    *ret = user;
    return DGL_OK;
}

enum dgl_status dgl_account_user_set_password(struct dgl_account *a, const char *org, const char *id,
                                              const char *password, struct dgl_error *err)
{
    return dgl_account_replace_password(a, org, id, NULL, password, err);
}

enum dgl_status dgl_account_replace_password(struct dgl_account *a, const char *org, const char *id, const char *was,
                                             const char *password, struct dgl_error *err)
{
    char hash[128];
    DGL_TRY(dgl_check_password(password, err));
    DGL_TRY(dgl_password_hash(password, strlen(password), hash, err));
    return dgl_store_user_set_hash(a->store, org, id, was, hash, err);
}

enum dgl_status dgl_account_user_rename(struct dgl_account *a, const struct dgl_user *user, const char *name,
                                        struct dgl_error *err)
{
    struct dgl_user_change change = DGL_USER_CHANGE;
    DGL_TRY(dgl_check_name(name, "name", err));
    change.name = name;
    return dgl_store_user_change(a->store, user->org, user->id, &change, err);
}

enum dgl_status dgl_account_org_rename(struct dgl_account *a, const char *org, const char *name, struct dgl_error *err)
{
    DGL_TRY(dgl_check_name(name, "organization", err));
    return dgl_store_org_change(a->store, org, &(struct dgl_org_change){.name = name}, err);
}

// ---- setting up

enum dgl_status dgl_account_init(struct dgl_account *a, const char *org_name, const char *admin_email,
                                 const char *password, bool only_first, struct dgl_account_init *ret,
                                 struct dgl_error *err)
{
    char address[DGL_EMAIL_MAX + 1], generated[DGL_PASSWORD_GENERATED + 1] = "", hash[128];
    struct dgl_key_text text;
    struct dgl_id org;
    DGL_TRY(dgl_check_name(org_name, "organization", err));
    DGL_TRY(dgl_check_email(admin_email, address, err));
    if (!password)
        dgl_password_generate(generated);
    const char *secret = password ? password : generated;
    DGL_TRY(dgl_check_password(secret, err));
    DGL_TRY(dgl_password_hash(secret, strlen(secret), hash, err));
    dgl_key_generate(&text);
    struct dgl_user admin = {.email = address, .name = "", .password_hash = hash, .role = DGL_ROLE_ADMIN};
    struct dgl_api_key key = {.name = "First key", .role = DGL_ROLE_ADMIN};
    memcpy(key.prefix, text.prefix, sizeof key.prefix);
    memcpy(key.hash, text.hash, sizeof key.hash);
    struct dgl_org_setup setup = {.org_name = org_name, .admin = &admin, .key = &key, .only_first = only_first};
    DGL_TRY(dgl_store_org_setup(a->store, &setup, &org, err));
    memset(ret, 0, sizeof *ret);
    memcpy(ret->org, org.s, sizeof ret->org);
    memcpy(ret->api_key, text.text, sizeof text.text);
    snprintf(ret->password, sizeof ret->password, "%s", generated);
    return DGL_OK;
}
