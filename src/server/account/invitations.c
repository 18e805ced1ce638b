// Invitations: a link with which somebody chooses their password, for a new user and for one who forgot.
//
// Nothing is stored. The token is a MAC over the user, the time it ends and the password hash of the moment, so it
// works once: the password it sets is another hash. An invited user has from the start a password that nobody knows.
#include "base/str.h"
#include "server/account/inside.h"

#include <stdio.h>
#include <string.h>

#define MAC_CHARS 43
#define TEXT_LEN (DGL_INVITATION_LEN - 48) // all but the MAC

// org.user.expiry.key-id: what the MAC stands behind.
static bool sign(struct dgl_account *a, uint8_t key_id, const char *text, const char *password_hash, char ret[48])
{
    unsigned char key[32], mac[DGL_SHA256_LEN];
    if (!dgl_keyring_subkey(a->keys, key_id, DGL_KEY_INVITATION, key))
        return false;
    const struct dgl_buf_slice parts[] = {{text, strlen(text)}, {"\n", 1}, {password_hash, strlen(password_hash)}};
    dgl_hmac_sha256(key, sizeof key, parts, DGL_COUNT(parts), mac);
    dgl_wipe(key, sizeof key);
    dgl_base64_encode(mac, sizeof mac, true, ret, 48);
    return true;
}

enum dgl_status dgl_account_user_invite(struct dgl_account *a, const char *org, const char *email, const char *name,
                                        enum dgl_role role, struct dgl_id *ret_id, struct dgl_error *err)
{
    char nobodys[DGL_PASSWORD_GENERATED + 1];
    dgl_password_generate(nobodys);
    enum dgl_status s = dgl_account_user_create(a, org, email, name, nobodys, role, ret_id, err);
    dgl_wipe(nobodys, sizeof nobodys);
    return s;
}

enum dgl_status dgl_account_invitation_make(struct dgl_account *a, const char *org, const char *id,
                                            char ret_token[DGL_INVITATION_LEN], struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_user user;
    char text[TEXT_LEN], mac[48];
    DGL_TRY(dgl_store_user_get(a->store, arena, org, id, &user, err));
    if (user.disabled)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "user_disabled", "%s is disabled; enable the user first", user.email);
    uint8_t key_id = dgl_keyring_current(a->keys);
    int64_t expires_s = (dgl_clock_now_us(a->clock) + DGL_INVITATION_LIFE_US) / DGL_US_PER_S;
    snprintf(text, sizeof text, "%s.%s.%lld.%u", user.org, user.id, (long long)expires_s, key_id);
    if (!sign(a, key_id, text, user.password_hash, mac))
        return DGL_FAIL(err, DGL_E_INTERNAL, "there is no key to make invitations with");
    snprintf(ret_token, DGL_INVITATION_LEN, "%s.%s", text, mac);
    return DGL_OK;
}

struct parts {
    char org[40], user[40], text[TEXT_LEN];
    int64_t expires_s, key_id;
    const char *mac;
};

static bool take_part(const char **p, char *out, size_t size)
{
    const char *dot = strchr(*p, '.');
    if (!dot || (size_t)(dot - *p) >= size)
        return false;
    dgl_str_copy(out, size, *p, (size_t)(dot - *p));
    *p = dot + 1;
    return true;
}

static bool split(const char *token, struct parts *ret)
{
    char number[24];
    const char *p = token;
    if (!token || strnlen(token, DGL_INVITATION_LEN) >= DGL_INVITATION_LEN)
        return false;
    if (!take_part(&p, ret->org, sizeof ret->org) || !take_part(&p, ret->user, sizeof ret->user) ||
        !take_part(&p, number, sizeof number) ||
        !dgl_parse_int64(number, strlen(number), 0, INT64_MAX / DGL_US_PER_S, &ret->expires_s) ||
        !take_part(&p, number, sizeof number) || !dgl_parse_int64(number, strlen(number), 0, 255, &ret->key_id))
        return false;
    dgl_str_copy(ret->text, sizeof ret->text, token, (size_t)(p - 1 - token));
    ret->mac = p;
    return strlen(p) == MAC_CHARS;
}

static enum dgl_status used(struct dgl_error *err)
{
    return DGL_FAIL_SLUG(err, DGL_E_FORBIDDEN, "invitation_used",
                         "This link was used already or is not complete. Ask an administrator of your organization "
                         "for a new one.");
}

enum dgl_status dgl_account_invitation_open(struct dgl_account *a, struct dgl_arena *arena, const char *token,
                                            struct dgl_user *ret, struct dgl_error *err)
{
    struct parts parts;
    struct dgl_user user;
    struct dgl_error ignored = DGL_ERROR_INIT;
    char mac[48];
    bool good = split(token, &parts) &&
                dgl_store_user_get(a->store, arena, parts.org, parts.user, &user, &ignored) == DGL_OK &&
                !user.disabled && sign(a, (uint8_t)parts.key_id, parts.text, user.password_hash, mac) &&
                dgl_equal_secret(mac, parts.mac, MAC_CHARS);
    if (!good)
        return used(err);
    if (parts.expires_s <= dgl_clock_now_us(a->clock) / DGL_US_PER_S)
        return DGL_FAIL_SLUG(err, DGL_E_FORBIDDEN, "invitation_expired",
                             "This link has expired. Ask an administrator of your organization for a new one.");
    *ret = user;
    return DGL_OK;
}

enum dgl_status dgl_account_invitation_accept(struct dgl_account *a, struct dgl_arena *arena, const char *token,
                                              const char *password, struct dgl_user *ret, struct dgl_error *err)
{
    DGL_TRY(dgl_account_invitation_open(a, arena, token, ret, err));
    enum dgl_status s = dgl_account_replace_password(a, ret->org, ret->id, ret->password_hash, password, err);
    return s == DGL_E_CONFLICT ? used(err) : s; // by another at the same time
}
