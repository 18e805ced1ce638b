// Signing in and out, sessions, CSRF tokens.
//
// A sign-in costs one Argon2id whether or not there is such a user, and its answer is the same for an unknown address,
// a wrong password and a disabled user. It is throttled twice, by e-mail address and by client network, each with a
// bucket and with waits that grow with failures; the e-mail's wait stays short, or anybody could lock anybody out.
#include "server/account/inside.h"

#include <stdio.h>
#include <string.h>

#define TOKEN_BYTES 32
#define TOKEN_CHARS 43 // base64url of 32 bytes
#define ARENA_BYTES (64u * 1024)

struct throttle_names {
    struct dgl_bucket_name email, client;
};

static bool is_throttled(struct dgl_account *a, const struct throttle_names *n, int64_t *ret_wait_s)
{
    int64_t now_us = dgl_clock_mono_us(a->clock), wait_s = 0;
    *ret_wait_s =
        DGL_MAX(dgl_backoff_wait_s(a->backoff, n->email, now_us), dgl_backoff_wait_s(a->backoff, n->client, now_us));
    if (*ret_wait_s > 0)
        return true;
    bool ok = dgl_buckets_take(a->buckets, n->client, DGL_SIGN_IN_PER_MINUTE, now_us, &wait_s) &&
              dgl_buckets_take(a->buckets, n->email, DGL_SIGN_IN_PER_MINUTE, now_us, &wait_s);
    *ret_wait_s = wait_s;
    return !ok;
}

// Made at the first sign-in of any kind, so that its time tells nothing.
static enum dgl_status nobody_hash(struct dgl_account *a, struct dgl_error *err)
{
    pthread_mutex_lock(&a->nobody_lock);
    enum dgl_status status = a->nobody_hash[0] ? DGL_OK : dgl_password_hash("nobody", 6, a->nobody_hash, err);
    pthread_mutex_unlock(&a->nobody_lock);
    return status;
}

static enum dgl_status check_password(struct dgl_account *a, struct dgl_arena *arena, const char *email,
                                      const char *password, struct dgl_user *ret, bool *ret_ok, struct dgl_error *err)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    DGL_TRY(nobody_hash(a, err));
    enum dgl_status found = dgl_store_user_by_email(a->store, arena, email, ret, &ignored);
    if (found != DGL_OK && found != DGL_E_NOT_FOUND) {
        *err = ignored;
        return found;
    }
    size_t len = strnlen(password, DGL_PASSWORD_MAX + 1);
    const char *hash = found == DGL_OK ? ret->password_hash : a->nobody_hash;
    bool verified = dgl_password_verify(hash, password, DGL_MIN(len, DGL_PASSWORD_MAX));
    *ret_ok = verified && found == DGL_OK && !ret->disabled && len <= DGL_PASSWORD_MAX;
    return DGL_OK;
}

// The password that was verified must be the one still in force: a new one has just ended all sessions.
static enum dgl_status start_session(struct dgl_account *a, const struct dgl_user *user, bool is_uat,
                                     char ret_token[48], struct dgl_error *err)
{
    unsigned char random[TOKEN_BYTES];
    char token[48];
    struct dgl_session session = {
        .created_at_us = dgl_clock_now_us(a->clock), .is_uat = is_uat, .password_hash = user->password_hash};
    session.expires_at_us = session.created_at_us + DGL_SESSION_LIFE_US;
    memcpy(session.org, user->org, sizeof session.org);
    memcpy(session.user, user->id, sizeof session.user);
    dgl_random_bytes(random, sizeof random);
    dgl_base64_encode(random, sizeof random, true, token, sizeof token);
    dgl_wipe(random, sizeof random);
    dgl_sha256(token, TOKEN_CHARS, session.token_hash);
    DGL_TRY(dgl_store_session_create(a->store, &session, err));
    memcpy(ret_token, token, TOKEN_CHARS + 1);
    return DGL_OK;
}

static enum dgl_status sign_in_failed(struct dgl_error *err)
{
    return DGL_FAIL_SLUG(err, DGL_E_UNAUTHORIZED, "sign_in_failed", "the e-mail address or the password is wrong");
}

enum dgl_status dgl_account_sign_in(struct dgl_account *a, const char *email, const char *password,
                                    const char *client_address, char ret_token[48], int64_t *ret_retry_after_s,
                                    struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(ARENA_BYTES);
    char address[DGL_EMAIL_MAX + 1], network[64];
    struct dgl_user user;
    bool ok;
    if (!dgl_email_normalize(email, address))
        address[0] = '\0'; // nobody's
    dgl_client_network(client_address, network);
    struct throttle_names names = {dgl_bucket_name("sign_in_email", address),
                                   dgl_bucket_name("sign_in_client", network)};
    if (is_throttled(a, &names, ret_retry_after_s))
        return DGL_FAIL_SLUG(err, DGL_E_RATE, "sign_in_throttled", "too many sign-ins were tried; try again in %lld s",
                             (long long)*ret_retry_after_s);
    DGL_TRY(check_password(a, arena, address, password, &user, &ok, err));
    if (!ok) {
        int64_t now_us = dgl_clock_mono_us(a->clock);
        dgl_backoff_failed(a->backoff, names.email, DGL_SIGN_IN_EMAIL_WAIT_MAX_S, now_us);
        dgl_backoff_failed(a->backoff, names.client, DGL_SIGN_IN_ADDRESS_WAIT_MAX_S, now_us);
        return sign_in_failed(err);
    }
    dgl_backoff_succeeded(a->backoff, names.email);
    dgl_backoff_succeeded(a->backoff, names.client);
    struct dgl_org org;
    DGL_TRY(dgl_store_org_get(a->store, arena, user.org, &org, err));
    if (org.disabled_at_us)
        return dgl_refuse_disabled(err);
    enum dgl_status status = start_session(a, &user, false, ret_token, err);
    return status == DGL_E_NOT_FOUND ? sign_in_failed(err) : status; // changed, disabled or removed meanwhile
}

// ---- a new password

// As for signing in: whoever has found a browser signed in must not find the password by trying.
static bool is_change_throttled(struct dgl_account *a, struct dgl_bucket_name name, int64_t *ret_wait_s)
{
    int64_t now_us = dgl_clock_mono_us(a->clock);
    *ret_wait_s = dgl_backoff_wait_s(a->backoff, name, now_us);
    return *ret_wait_s > 0 || !dgl_buckets_take(a->buckets, name, DGL_SIGN_IN_PER_MINUTE, now_us, ret_wait_s);
}

static enum dgl_status check_current(struct dgl_account *a, const struct dgl_user *user, struct dgl_bucket_name name,
                                     const char *current, struct dgl_error *err)
{
    size_t len = strnlen(current, DGL_PASSWORD_MAX + 1);
    if (len <= DGL_PASSWORD_MAX && dgl_password_verify(user->password_hash, current, len)) {
        dgl_backoff_succeeded(a->backoff, name);
        return DGL_OK;
    }
    dgl_backoff_failed(a->backoff, name, DGL_SIGN_IN_EMAIL_WAIT_MAX_S, dgl_clock_mono_us(a->clock));
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "wrong_password", "current_password",
                          "This is not your present password.");
}

enum dgl_status dgl_account_password_change(struct dgl_account *a, const struct dgl_principal *who, const char *current,
                                            const char *password, char ret_token[48], int64_t *ret_retry_after_s,
                                            struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(ARENA_BYTES);
    struct dgl_bucket_name name = dgl_bucket_name("password_change", who->actor);
    struct dgl_user user;
    DGL_TRY(dgl_store_user_get(a->store, arena, who->org, who->actor, &user, err));
    DGL_TRY(dgl_check_password(password, err));
    if (is_change_throttled(a, name, ret_retry_after_s))
        return DGL_FAIL_SLUG(err, DGL_E_RATE, "password_change_throttled",
                             "Too many passwords were tried; try again in %lld s.", (long long)*ret_retry_after_s);
    DGL_TRY(check_current(a, &user, name, current, err));
    size_t len = strlen(password);
    if (strlen(current) == len && dgl_equal_secret(current, password, len))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "same_password", "password",
                              "This is your present password; choose another one.");
    DGL_TRY(dgl_account_replace_password(a, user.org, user.id, user.password_hash, password, err));
    DGL_TRY(dgl_store_user_get(a->store, arena, user.org, user.id, &user, err));
    return start_session(a, &user, who->is_uat, ret_token, err);
}

enum dgl_status dgl_account_authenticate_session(struct dgl_account *a, const char *token, struct dgl_principal *ret,
                                                 struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(ARENA_BYTES);
    struct dgl_session session;
    struct dgl_user user;
    unsigned char hash[DGL_SHA256_LEN];
    enum dgl_status status = DGL_E_NOT_FOUND;
    if (token && strnlen(token, TOKEN_CHARS + 1) == TOKEN_CHARS) {
        dgl_sha256(token, TOKEN_CHARS, hash);
        status = dgl_store_session_get(a->store, arena, hash, &session, &user, err);
    }
    if (status == DGL_E_NOT_FOUND)
        return DGL_FAIL_SLUG(err, DGL_E_UNAUTHORIZED, "no_session", "the session has ended; sign in again");
    DGL_TRY(status);
    struct dgl_principal p = {.role = user.role, .is_uat = session.is_uat};
    memcpy(p.org, session.org, sizeof p.org);
    memcpy(p.actor, user.id, sizeof p.actor);
    memcpy(p.session_hash, hash, sizeof p.session_hash);
    snprintf(p.name, sizeof p.name, "%s", user.email);
    DGL_TRY(dgl_account_fill_org(a, arena, &p, err));
    *ret = p;
    return DGL_OK;
}

enum dgl_status dgl_account_sign_out(struct dgl_account *a, const struct dgl_principal *who, struct dgl_error *err)
{
    return who->is_key ? DGL_OK : dgl_store_session_delete(a->store, who->session_hash, err);
}

// ---- CSRF

void dgl_account_csrf_token(struct dgl_account *a, const unsigned char session_hash[32], const char *seed, char ret[48])
{
    unsigned char key[32] = {0}, mac[DGL_SHA256_LEN];
    if (!dgl_keyring_subkey(a->keys, dgl_keyring_current(a->keys), DGL_KEY_CSRF, key))
        dgl_random_bytes(key, sizeof key); // no key: a token that never fits
    const struct dgl_buf_slice parts[] = {{session_hash, 32}, {seed ? seed : "", seed ? strlen(seed) : 0}};
    dgl_hmac_sha256(key, sizeof key, parts, DGL_COUNT(parts), mac);
    dgl_wipe(key, sizeof key);
    dgl_base64_encode(mac, sizeof mac, true, ret, 48);
}

bool dgl_account_csrf_check(struct dgl_account *a, const unsigned char session_hash[32], const char *seed,
                            const char *token)
{
    char wanted[48];
    if (!token || strnlen(token, TOKEN_CHARS + 1) != TOKEN_CHARS)
        return false;
    dgl_account_csrf_token(a, session_hash, seed, wanted);
    return dgl_equal_secret(wanted, token, TOKEN_CHARS);
}
