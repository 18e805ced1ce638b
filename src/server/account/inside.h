// The account room from inside.
#ifndef DGL_SERVER_ACCOUNT_INSIDE_H
#define DGL_SERVER_ACCOUNT_INSIDE_H

#include "server/account/account.h"
#include "server/account/backoff.h"
#include "server/account/bounds.h"
#include "server/account/bucket.h"
#include "server/account/key_cache.h"

#include <pthread.h>

struct dgl_account {
    struct dgl_store *store;
    struct dgl_clock *clock;
    const struct dgl_keyring *keys;
    struct dgl_account_options options;
    struct dgl_key_cache *key_cache;
    struct dgl_buckets *buckets;
    struct dgl_backoff *backoff;
    pthread_mutex_t nobody_lock;
    char nobody_hash[128]; // verified against when there is no such user
};

// DGL_E_FORBIDDEN "organization_disabled".
enum dgl_status dgl_refuse_disabled(struct dgl_error *err) DGL_MUST_CHECK;
// The organization's number and limit in force, for a principal. Refuses a disabled one.
enum dgl_status dgl_account_fill_org(struct dgl_account *a, struct dgl_arena *arena, struct dgl_principal *p,
                                     struct dgl_error *err) DGL_MUST_CHECK;

// Checks, hashes (blocks), replaces, ends all sessions. `was`: see dgl_store_user_set_hash.
enum dgl_status dgl_account_replace_password(struct dgl_account *a, const char *org, const char *id, const char *was,
                                             const char *password, struct dgl_error *err) DGL_MUST_CHECK;

// ---- checks.c
// Lower case into out (DGL_EMAIL_MAX + 1 bytes); false when it has not the form of an e-mail address.
bool dgl_email_normalize(const char *email, char out[DGL_EMAIL_MAX + 1]);
enum dgl_status dgl_check_email(const char *email, char out[DGL_EMAIL_MAX + 1], struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_check_password(const char *password, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_check_name(const char *name, const char *field, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_password_generate(char out[DGL_PASSWORD_GENERATED + 1]);
// The address as the throttle knows it: IPv6 by its /64, anything else as it is.
void dgl_client_network(const char *address, char out[64]);

// ---- keys.c
struct dgl_key_text {
    char text[40];
    unsigned char hash[DGL_SHA256_LEN];
    char prefix[16];
};
void dgl_key_generate(struct dgl_key_text *ret);

#endif
