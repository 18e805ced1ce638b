// Who is asking, and what they may: organizations, users, sessions, API keys, roles, rate limits.
//
// Keys are "dgl_" + 32 lower-case hex digits, found by SHA-256, shown once. Sessions are 32 random bytes in a cookie,
// stored hashed. Verified keys are cached for at most 5 s and dropped at once when revoked here. Thread safe.
#ifndef DGL_SERVER_ACCOUNT_ACCOUNT_H
#define DGL_SERVER_ACCOUNT_ACCOUNT_H

#include "base/crypto.h"
#include "server/account/bounds.h"
#include "server/store/store.h"

struct dgl_account;
struct dgl_account_options {
    int64_t rate_limit_per_minute; // default for organizations; 0 = none
};
enum dgl_status dgl_account_new(struct dgl_store *store, struct dgl_clock *clock, const struct dgl_keyring *keys,
                                const struct dgl_account_options *options, struct dgl_account **ret,
                                struct dgl_error *err) DGL_MUST_CHECK;
void dgl_account_free(struct dgl_account *a); // writes outstanding last-use times
DGL_DEFINE_AUTO(account);

struct dgl_principal {
    char org[40];
    uint64_t org_number;
    char actor[40]; // user or key id
    bool is_key;
    enum dgl_role role;
    char name[128]; // user's e-mail or key's name, for pages and logs
    bool is_uat;    // sessions: the environment toggle
    unsigned char session_hash[32];
    int64_t rate_limit_per_minute;         // in force for the organization; 0 = none
    char time_zone[DGL_TIME_ZONE_MAX + 1]; // the organization's
};
// Anything but a live key: DGL_E_UNAUTHORIZED, one message for all causes. A live key of a disabled organization:
// DGL_E_FORBIDDEN "organization_disabled", at most 5 s after it was disabled.
enum dgl_status dgl_account_authenticate_key(struct dgl_account *a, const char *key, struct dgl_principal *ret,
                                             struct dgl_error *err) DGL_MUST_CHECK;
// E-mail and password to a session token (43 characters base64url + NUL). Throttled per e-mail and per client address:
// DGL_E_RATE with *ret_retry_after_s. Takes the same time for unknown e-mails; who has the right password of a disabled
// organization is told so (DGL_E_FORBIDDEN "organization_disabled"). Blocks (Argon2id): blocking-pool threads
// only.
enum dgl_status dgl_account_sign_in(struct dgl_account *a, const char *email, const char *password,
                                    const char *client_address, char ret_token[48], int64_t *ret_retry_after_s,
                                    struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_authenticate_session(struct dgl_account *a, const char *token, struct dgl_principal *ret,
                                                 struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_sign_out(struct dgl_account *a, const struct dgl_principal *who,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// CSRF token of a session, and of the sign-in form (session_hash all zero, bound to the cookie value `seed`): 43
// characters + NUL.
void dgl_account_csrf_token(struct dgl_account *a, const unsigned char session_hash[32], const char *seed,
                            char ret[48]);
bool dgl_account_csrf_check(struct dgl_account *a, const unsigned char session_hash[32], const char *seed,
                            const char *token);

// Token bucket per organization (burst = the limit). false: *ret_retry_after_s seconds until the next one.
bool dgl_account_rate_take(struct dgl_account *a, const struct dgl_principal *who, int64_t *ret_retry_after_s);
// Small fixed throttle by name, for instance ("webhook_test", org): `per_minute` a minute. Bounded memory.
bool dgl_account_throttle(struct dgl_account *a, const char *what, const char *whom, int64_t per_minute,
                          int64_t *ret_retry_after_s);

// Creates and returns the key's text once (37 bytes with NUL). name 1..100 characters; expires_at_us 0 = never, else in
// the future.
enum dgl_status dgl_account_key_create(struct dgl_account *a, const char *org, const char *name, enum dgl_role role,
                                       int64_t expires_at_us, char ret_key[40], struct dgl_id *ret_id,
                                       struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_key_revoke(struct dgl_account *a, const char *org, const char *id,
                                       struct dgl_error *err) DGL_MUST_CHECK;
// Checks e-mail form and password length (10..256 bytes), hashes (blocks).
enum dgl_status dgl_account_user_create(struct dgl_account *a, const char *org, const char *email, const char *name,
                                        const char *password, enum dgl_role role, struct dgl_id *ret_id,
                                        struct dgl_error *err) DGL_MUST_CHECK;
// The organization's user with that address, in whatever case it is written; DGL_E_NOT_FOUND also for another's.
enum dgl_status dgl_account_user_find(struct dgl_account *a, struct dgl_arena *arena, const char *org,
                                      const char *email, struct dgl_user *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_user_set_password(struct dgl_account *a, const char *org, const char *id,
                                              const char *password, struct dgl_error *err) DGL_MUST_CHECK;
// By the user: `current` is the present password (else DGL_E_INVALID with the field "current_password"), throttled like
// signing in. All sessions end, `who`'s among them, which somebody may have taken; the token is of a new one. Blocks.
enum dgl_status dgl_account_password_change(struct dgl_account *a, const struct dgl_principal *who, const char *current,
                                            const char *password, char ret_token[48], int64_t *ret_retry_after_s,
                                            struct dgl_error *err) DGL_MUST_CHECK;
// A user whose password nobody knows yet, and the token (URL-safe, good for 7 days and for one use) of the link with
// which they choose one. The token also serves who forgot their password. Opening: a token that is wrong, used or
// expired is DGL_E_FORBIDDEN; accepting sets the password and ends the user's sessions (blocks).
#define DGL_INVITATION_LEN 192
enum dgl_status dgl_account_user_invite(struct dgl_account *a, const char *org, const char *email, const char *name,
                                        enum dgl_role role, struct dgl_id *ret_id,
                                        struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_invitation_make(struct dgl_account *a, const char *org, const char *id,
                                            char ret_token[DGL_INVITATION_LEN], struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_invitation_open(struct dgl_account *a, struct dgl_arena *arena, const char *token,
                                            struct dgl_user *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_invitation_accept(struct dgl_account *a, struct dgl_arena *arena, const char *token,
                                              const char *password, struct dgl_user *ret,
                                              struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_user_rename(struct dgl_account *a, const struct dgl_user *user, const char *name,
                                        struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_account_org_rename(struct dgl_account *a, const char *org, const char *name,
                                       struct dgl_error *err) DGL_MUST_CHECK;
// How its documents write dates and amounts, from the next one on: an IANA time zone and a locale (de_DE, de-DE) that
// ICU has, in any case; NULL = as it is. Else DGL_E_INVALID with the field "time_zone" or "locale", and nothing is
// changed.
enum dgl_status dgl_account_org_set_region(struct dgl_account *a, const char *org, const char *time_zone,
                                           const char *locale, struct dgl_error *err) DGL_MUST_CHECK;
// The same of a name alone: ICU's spelling into out, a locale's with hyphens.
enum dgl_status dgl_check_time_zone(const char *zone, char out[DGL_TIME_ZONE_MAX + 1],
                                    struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_check_locale(const char *locale, char out[DGL_LOCALE_MAX + 1],
                                 struct dgl_error *err) DGL_MUST_CHECK;
// Between a moment and what clocks on the wall of the IANA zone show at it, written as the moment at which those of UTC
// show the same; to the second. A time that is skipped there is the one as much later, one that comes twice the second.
// A zone that ICU does not have is UTC.
int64_t dgl_wall_to_utc(const char *zone, int64_t wall_us);
int64_t dgl_utc_to_wall(const char *zone, int64_t us);
// First organization with its admin: DGL_E_CONFLICT when there is one already and `only_first`. generated password when
// NULL (returned).
struct dgl_account_init {
    char org[40], api_key[40], password[40];
};
enum dgl_status dgl_account_init(struct dgl_account *a, const char *org_name, const char *admin_email,
                                 const char *password, bool only_first, struct dgl_account_init *ret,
                                 struct dgl_error *err) DGL_MUST_CHECK;

#endif
