// Keys with their cache, sign-in, sessions, CSRF, setting up, limits in force.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/account/inside.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_US INT64_C(1700000000000000)
#define PASSWORD "correct horse"

struct fixture {
    char directory[64];
    struct dgl_clock *clock;
    struct dgl_store *store;
    struct dgl_keyring *keys;
    struct dgl_account *account;
    struct dgl_arena *arena;
    struct dgl_error err;
    struct dgl_account_init first;
};

static void open_account(struct fixture *f)
{
    struct dgl_account_options options = {.rate_limit_per_minute = 60};
    assert_int_equal(dgl_account_new(f->store, f->clock, f->keys, &options, &f->account, &f->err), DGL_OK);
}

static int open_all(void **state)
{
    struct fixture *f = DGL_NEW(struct fixture);
    unsigned char master[32] = {3};
    char url[128];
    assert_int_equal(dgl_crypto_init(&f->err), DGL_OK);
    snprintf(f->directory, sizeof f->directory, "/tmp/dgl-account-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(url, sizeof url, "sqlite:%s/store.db", f->directory);
    f->clock = dgl_clock_new_manual(START_US);
    f->keys = dgl_keyring_new_for_test(master);
    f->arena = dgl_arena_new(0);
    assert_int_equal(dgl_store_open(url, f->clock, &f->store, &f->err), DGL_OK);
    open_account(f);
    assert_int_equal(dgl_account_init(f->account, "Acme", "Admin@Example.COM", PASSWORD, true, &f->first, &f->err),
                     DGL_OK);
    *state = f;
    return 0;
}

static int close_all(void **state)
{
    struct fixture *f = *state;
    dgl_account_free(f->account);
    dgl_store_close(f->store);
    dgl_keyring_free(f->keys);
    dgl_clock_free(f->clock);
    dgl_arena_free(f->arena);
    DIR *d = opendir(f->directory);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(f->directory);
    free(f);
    return 0;
}

static enum dgl_status authenticate(struct fixture *f, const char *key, struct dgl_principal *p)
{
    return dgl_account_authenticate_key(f->account, key, p, &f->err);
}

static enum dgl_status sign_in_from(struct fixture *f, const char *email, const char *password, const char *address,
                                    char token[48], int64_t *wait)
{
    return dgl_account_sign_in(f->account, email, password, address, token, wait, &f->err);
}

// ---- setting up

static void test_init(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    struct dgl_account_init second;
    char token[48];
    int64_t wait;
    assert_string_equal(f->first.password, ""); // was given
    assert_int_equal(authenticate(f, f->first.api_key, &p), DGL_OK);
    assert_string_equal(p.org, f->first.org);
    assert_int_equal(p.role, DGL_ROLE_ADMIN);
    assert_true(p.is_key);
    assert_int_equal(p.rate_limit_per_minute, 60);
    assert_int_equal(dgl_account_init(f->account, "B", "b@example.com", NULL, true, &second, &f->err), DGL_E_CONFLICT);
    assert_int_equal(dgl_account_init(f->account, "B", "b@example.com", NULL, false, &second, &f->err), DGL_OK);
    assert_int_equal(strlen(second.password), DGL_PASSWORD_GENERATED);
    assert_null(strpbrk(second.password, "lo01IO"));
    assert_int_equal(sign_in_from(f, "b@example.com", second.password, "192.0.2.1", token, &wait), DGL_OK);
}

static void test_init_refuses(void **state)
{
    struct fixture *f = *state;
    struct dgl_account_init x;
    static const struct {
        const char *name, *email, *password, *field;
    } cases[] = {
        {"", "b@example.com", PASSWORD, "organization"},    {" ", "b@example.com", PASSWORD, "organization"},
        {"B\n", "b@example.com", PASSWORD, "organization"}, {"B", "b", PASSWORD, "email"},
        {"B", "b@example.com", "short", "password"},        {"B", "admin@example.com", PASSWORD, "email"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        assert_int_not_equal(
            dgl_account_init(f->account, cases[i].name, cases[i].email, cases[i].password, false, &x, &f->err), DGL_OK);
        assert_string_equal(f->err.field, cases[i].field);
    }
}

static void test_email_forms(void **state)
{
    (void)state;
    char out[DGL_EMAIL_MAX + 1];
    static const char *const good[] = {"a@b", "A.b+c@sub.example.com", "ü@example.com", "admin@localhost"};
    static const char *const bad[] = {"",     "a",      "@b",   "a@",    "a@@b",  "a@b@c", "a b@c",  "a@b c", "a@.b",
                                      "a@b.", "a@b..c", "a@-b", "a@b\n", "<a@b>", "a,b@c", "\xff@b", NULL};
    for (size_t i = 0; i < DGL_COUNT(good); i++)
        assert_true(dgl_email_normalize(good[i], out));
    assert_true(dgl_email_normalize("MiXed@Example.COM", out));
    assert_string_equal(out, "mixed@example.com");
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        assert_false(dgl_email_normalize(bad[i], out));
}

static void test_networks(void **state)
{
    (void)state;
    char one[64], two[64];
    dgl_client_network("2001:db8:1:2:3:4:5:6", one);
    dgl_client_network("2001:db8:1:2::9", two);
    assert_string_equal(one, two);
    dgl_client_network("192.0.2.1", one);
    assert_string_equal(one, "192.0.2.1");
    dgl_client_network(NULL, one);
    assert_string_equal(one, "");
}

// ---- keys

static void test_bad_keys_get_one_answer(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    char wrong[40], message[640];
    memcpy(wrong, f->first.api_key, sizeof wrong);
    wrong[35] = wrong[35] == '0' ? '1' : '0';
    const char *keys[] = {wrong,
                          NULL,
                          "",
                          "dgl_",
                          "dgl_0123456789abcdef0123456789abcde",
                          "DGL_0123456789abcdef0123456789abcdef",
                          "dgl_0123456789ABCDEF0123456789abcdef",
                          "dgl_0123456789abcdef0123456789abcdef0"};
    for (size_t i = 0; i < DGL_COUNT(keys); i++) {
        assert_int_equal(authenticate(f, keys[i], &p), DGL_E_UNAUTHORIZED);
        if (i == 0)
            memcpy(message, f->err.message, sizeof message);
        assert_string_equal(f->err.message, message);
    }
}

static void test_key_life(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    struct dgl_id id;
    char key[40];
    assert_int_equal(
        dgl_account_key_create(f->account, f->first.org, "CI", DGL_ROLE_GENERATOR, START_US, key, &id, &f->err),
        DGL_E_INVALID);
    assert_string_equal(f->err.field, "expires_at");
    assert_int_equal(dgl_account_key_create(f->account, f->first.org, "", DGL_ROLE_GENERATOR, 0, key, &id, &f->err),
                     DGL_E_INVALID);
    assert_int_equal(
        dgl_account_key_create(f->account, f->first.org, "CI", DGL_ROLE_GENERATOR, START_US + 1000, key, &id, &f->err),
        DGL_OK);
    assert_int_equal(strlen(key), 36);
    assert_int_equal(authenticate(f, key, &p), DGL_OK);
    assert_string_equal(p.actor, id.s);
    assert_string_equal(p.name, "CI");
    assert_int_equal(p.role, DGL_ROLE_GENERATOR);
    dgl_clock_advance(f->clock, 999);
    assert_int_equal(authenticate(f, key, &p), DGL_OK); // from the cache
    dgl_clock_advance(f->clock, 1);
    assert_int_equal(authenticate(f, key, &p), DGL_E_UNAUTHORIZED); // its end, also from the cache
}

static void test_revoked_here_ends_at_once(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    struct dgl_id id;
    char key[40];
    assert_int_equal(dgl_account_key_create(f->account, f->first.org, "CI", DGL_ROLE_VIEWER, 0, key, &id, &f->err),
                     DGL_OK);
    assert_int_equal(authenticate(f, key, &p), DGL_OK);
    assert_int_equal(dgl_account_key_revoke(f->account, f->first.org, id.s, &f->err), DGL_OK);
    assert_int_equal(authenticate(f, key, &p), DGL_E_UNAUTHORIZED);
    assert_int_equal(dgl_account_key_revoke(f->account, f->first.org, id.s, &f->err), DGL_E_NOT_FOUND);
}

static void test_revoked_elsewhere_ends_within_5_s(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    struct dgl_id id;
    char key[40];
    assert_int_equal(dgl_account_key_create(f->account, f->first.org, "CI", DGL_ROLE_VIEWER, 0, key, &id, &f->err),
                     DGL_OK);
    assert_int_equal(authenticate(f, key, &p), DGL_OK);
    assert_int_equal(dgl_store_key_revoke(f->store, f->first.org, id.s, &f->err), DGL_OK); // another process
    assert_int_equal(authenticate(f, key, &p), DGL_OK);
    dgl_clock_advance(f->clock, DGL_KEY_CACHE_LIFE_US);
    assert_int_equal(authenticate(f, key, &p), DGL_E_UNAUTHORIZED);
}

// A lookup that began before the revocation must not bring the key back into the cache.
static void test_late_put_is_ignored(void **state)
{
    struct fixture *f = *state;
    struct dgl_key_cache *c = dgl_key_cache_new(f->store, f->clock);
    unsigned char hash[32] = {1};
    struct dgl_principal p = {.actor = "key-1"}, got;
    uint64_t generation = dgl_key_cache_generation(c);
    dgl_key_cache_drop(c, "key-1");
    dgl_key_cache_put(c, generation, hash, &p, 0, START_US);
    assert_false(dgl_key_cache_get(c, hash, &got));
    dgl_key_cache_put(c, dgl_key_cache_generation(c), hash, &p, 0, START_US);
    assert_true(dgl_key_cache_get(c, hash, &got));
    dgl_key_cache_free(c);
}

static void test_cache_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct dgl_key_cache *c = dgl_key_cache_new(f->store, f->clock);
    struct dgl_principal p = {.actor = "none"}, got;
    unsigned char hash[32];
    for (uint32_t i = 0; i < 20000; i++) {
        memset(hash, 0, sizeof hash);
        memcpy(hash, &i, sizeof i);
        dgl_key_cache_put(c, 0, hash, &p, 0, START_US);
        assert_true(dgl_key_cache_get(c, hash, &got));
    }
    dgl_key_cache_free(c);
}

static int64_t last_use(struct fixture *f)
{
    struct dgl_api_key key;
    unsigned char hash[DGL_SHA256_LEN];
    dgl_sha256(f->first.api_key, 36, hash);
    assert_int_equal(dgl_store_key_by_hash(f->store, f->arena, hash, &key, &f->err), DGL_OK);
    return key.last_used_at_us;
}

static void flush(struct fixture *f)
{
    struct dgl_id id;
    assert_int_equal(dgl_store_org_create(f->store, "a write after it", &id, &f->err), DGL_OK);
}

static void test_last_use_is_written_sparingly(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    assert_int_equal(authenticate(f, f->first.api_key, &p), DGL_OK);
    flush(f);
    assert_int_equal(last_use(f), START_US);
    dgl_clock_advance(f->clock, DGL_KEY_TOUCH_US - 1);
    assert_int_equal(authenticate(f, f->first.api_key, &p), DGL_OK);
    flush(f);
    assert_int_equal(last_use(f), START_US);
    dgl_clock_advance(f->clock, 1);
    assert_int_equal(authenticate(f, f->first.api_key, &p), DGL_OK);
    flush(f);
    assert_int_equal(last_use(f), START_US + DGL_KEY_TOUCH_US);
    dgl_clock_advance(f->clock, 7);
    assert_int_equal(authenticate(f, f->first.api_key, &p), DGL_OK);
    dgl_account_free(f->account); // writes what is outstanding
    open_account(f);
    flush(f);
    assert_int_equal(last_use(f), START_US + DGL_KEY_TOUCH_US + 7);
}

// ---- sign-in and sessions

static void test_sign_in_and_out(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    char token[48];
    int64_t wait;
    assert_int_equal(sign_in_from(f, "ADMIN@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_OK);
    assert_int_equal(strlen(token), 43);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &p, &f->err), DGL_OK);
    assert_string_equal(p.name, "admin@example.com");
    assert_string_equal(p.org, f->first.org);
    assert_false(p.is_key);
    assert_int_equal(p.role, DGL_ROLE_ADMIN);
    assert_int_equal(dgl_store_session_set_environment(f->store, p.session_hash, true, &f->err), DGL_OK);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &p, &f->err), DGL_OK);
    assert_true(p.is_uat);
    assert_int_equal(dgl_account_sign_out(f->account, &p, &f->err), DGL_OK);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &p, &f->err), DGL_E_UNAUTHORIZED);
    assert_int_equal(dgl_account_authenticate_session(f->account, "", &p, &f->err), DGL_E_UNAUTHORIZED);
    assert_int_equal(dgl_account_authenticate_session(f->account, NULL, &p, &f->err), DGL_E_UNAUTHORIZED);
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_OK);
    dgl_clock_advance(f->clock, DGL_SESSION_LIFE_US);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &p, &f->err), DGL_E_UNAUTHORIZED);
}

static void test_sign_in_failures_get_one_answer(void **state)
{
    struct fixture *f = *state;
    char token[48], message[640];
    int64_t wait;
    assert_int_equal(sign_in_from(f, "admin@example.com", "wrong password", "192.0.2.1", token, &wait),
                     DGL_E_UNAUTHORIZED);
    memcpy(message, f->err.message, sizeof message);
    assert_int_equal(sign_in_from(f, "nobody@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_E_UNAUTHORIZED);
    assert_string_equal(f->err.message, message);
    assert_int_equal(sign_in_from(f, "no address", PASSWORD, "192.0.2.1", token, &wait), DGL_E_UNAUTHORIZED);
    assert_string_equal(f->err.message, message);
}

static void test_guessing_one_password_is_slowed(void **state)
{
    struct fixture *f = *state;
    char token[48], address[32];
    int64_t wait = 0;
    for (int i = 0; i < DGL_SIGN_IN_FREE_FAILURES + 1; i++) {
        snprintf(address, sizeof address, "192.0.2.%d", i); // from everywhere
        assert_int_equal(sign_in_from(f, "admin@example.com", "wrong password", address, token, &wait),
                         DGL_E_UNAUTHORIZED);
    }
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.99", token, &wait), DGL_E_RATE);
    assert_int_equal(wait, 1);
    assert_int_equal(sign_in_from(f, "nobody@example.com", PASSWORD, "192.0.2.99", token, &wait), DGL_E_UNAUTHORIZED);
    dgl_clock_advance(f->clock, DGL_US_PER_S);
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.98", token, &wait), DGL_OK);
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.98", token, &wait), DGL_OK); // forgotten
}

static void test_trying_many_addresses_is_slowed(void **state)
{
    struct fixture *f = *state;
    char token[48], email[32];
    int64_t wait = 0;
    for (int i = 0; i < DGL_SIGN_IN_FREE_FAILURES + 1; i++) {
        snprintf(email, sizeof email, "user%d@example.com", i);
        assert_int_equal(sign_in_from(f, email, PASSWORD, "2001:db8::1", token, &wait), DGL_E_UNAUTHORIZED);
    }
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "2001:db8::2", token, &wait), DGL_E_RATE);
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "2001:db8:0:1::2", token, &wait), DGL_OK);
}

static void test_password_change_ends_sessions(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    char token[48];
    int64_t wait;
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_OK);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &p, &f->err), DGL_OK);
    assert_int_equal(dgl_account_user_set_password(f->account, p.org, p.actor, "short", &f->err), DGL_E_INVALID);
    assert_int_equal(dgl_account_user_set_password(f->account, p.org, p.actor, "another password", &f->err), DGL_OK);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &p, &f->err), DGL_E_UNAUTHORIZED);
    assert_int_equal(sign_in_from(f, "admin@example.com", "another password", "192.0.2.1", token, &wait), DGL_OK);
}

static void test_a_user_changes_the_password(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p, other;
    char token[48], elsewhere[48], again[48];
    int64_t wait;
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_OK);
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.2", elsewhere, &wait), DGL_OK);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &p, &f->err), DGL_OK);
    p.is_uat = true;
    assert_int_equal(
        dgl_account_password_change(f->account, &p, "wrong password", "another one", again, &wait, &f->err),
        DGL_E_INVALID);
    assert_string_equal(f->err.field, "current_password");
    assert_int_equal(dgl_account_password_change(f->account, &p, PASSWORD, "short", again, &wait, &f->err),
                     DGL_E_INVALID);
    assert_string_equal(f->err.field, "password");
    assert_int_equal(dgl_account_password_change(f->account, &p, PASSWORD, PASSWORD, again, &wait, &f->err),
                     DGL_E_INVALID);
    assert_int_equal(dgl_account_password_change(f->account, &p, PASSWORD, "another one", again, &wait, &f->err),
                     DGL_OK);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &other, &f->err), DGL_E_UNAUTHORIZED);
    assert_int_equal(dgl_account_authenticate_session(f->account, elsewhere, &other, &f->err), DGL_E_UNAUTHORIZED);
    assert_int_equal(dgl_account_authenticate_session(f->account, again, &other, &f->err), DGL_OK);
    assert_string_equal(other.actor, p.actor);
    assert_true(other.is_uat);
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_E_UNAUTHORIZED);
    assert_int_equal(sign_in_from(f, "admin@example.com", "another one", "192.0.2.1", token, &wait), DGL_OK);
}

static void test_trying_the_present_password_is_slowed(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    char token[48];
    int64_t wait = 0;
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_OK);
    assert_int_equal(dgl_account_authenticate_session(f->account, token, &p, &f->err), DGL_OK);
    for (int i = 0; i < DGL_SIGN_IN_FREE_FAILURES + 1; i++)
        assert_int_equal(
            dgl_account_password_change(f->account, &p, "guess guess", "another one", token, &wait, &f->err),
            DGL_E_INVALID);
    assert_int_equal(dgl_account_password_change(f->account, &p, PASSWORD, "another one", token, &wait, &f->err),
                     DGL_E_RATE);
    assert_true(wait >= 1);
    assert_int_equal(sign_in_from(f, "admin@example.com", PASSWORD, "192.0.2.1", token, &wait),
                     DGL_OK); // not locked out
}

static void test_disabled_user_cannot_sign_in(void **state)
{
    struct fixture *f = *state;
    struct dgl_user u;
    struct dgl_id id;
    char token[48];
    int64_t wait;
    assert_int_equal(dgl_account_user_create(f->account, f->first.org, "v@example.com", "Vera", PASSWORD,
                                             DGL_ROLE_VIEWER, &id, &f->err),
                     DGL_OK);
    assert_int_equal(
        dgl_account_user_create(f->account, f->first.org, "V@example.com", "", PASSWORD, DGL_ROLE_VIEWER, &id, &f->err),
        DGL_E_CONFLICT);
    assert_int_equal(sign_in_from(f, "v@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_OK);
    assert_int_equal(dgl_account_user_find(f->account, f->arena, f->first.org, "V@Example.com", &u, &f->err), DGL_OK);
    assert_string_equal(u.id, id.s);
    static const char *const nobody[] = {"w@example.com", "v", ""};
    for (size_t i = 0; i < DGL_COUNT(nobody); i++)
        assert_int_equal(dgl_account_user_find(f->account, f->arena, f->first.org, nobody[i], &u, &f->err),
                         DGL_E_NOT_FOUND);
    assert_int_equal(dgl_account_user_find(f->account, f->arena, "another", "v@example.com", &u, &f->err),
                     DGL_E_NOT_FOUND);
    struct dgl_user_change disable = {.role = -1, .disabled = true};
    assert_int_equal(dgl_store_user_change(f->store, u.org, u.id, &disable, &f->err), DGL_OK);
    assert_int_equal(sign_in_from(f, "v@example.com", PASSWORD, "192.0.2.1", token, &wait), DGL_E_UNAUTHORIZED);
}

static void test_csrf(void **state)
{
    struct fixture *f = *state;
    unsigned char one[32] = {1}, two[32] = {2}, none[32] = {0};
    char token[48], form[48];
    dgl_account_csrf_token(f->account, one, "", token);
    assert_int_equal(strlen(token), 43);
    assert_true(dgl_account_csrf_check(f->account, one, "", token));
    assert_true(dgl_account_csrf_check(f->account, one, NULL, token));
    assert_false(dgl_account_csrf_check(f->account, two, "", token));
    assert_false(dgl_account_csrf_check(f->account, one, "", ""));
    assert_false(dgl_account_csrf_check(f->account, one, "", NULL));
    token[0] = token[0] == 'A' ? 'B' : 'A';
    assert_false(dgl_account_csrf_check(f->account, one, "", token));
    dgl_account_csrf_token(f->account, none, "seed", form);
    assert_true(dgl_account_csrf_check(f->account, none, "seed", form));
    assert_false(dgl_account_csrf_check(f->account, none, "tree", form));
}

// ---- limits in force

static void test_rate_limits(void **state)
{
    struct fixture *f = *state;
    struct dgl_principal p;
    int64_t wait = 0;
    assert_int_equal(authenticate(f, f->first.api_key, &p), DGL_OK);
    for (int i = 0; i < 60; i++)
        assert_true(dgl_account_rate_take(f->account, &p, &wait));
    assert_false(dgl_account_rate_take(f->account, &p, &wait));
    assert_int_equal(wait, 1);
    dgl_clock_jump(f->clock, 3600 * DGL_US_PER_S); // the wall clock does not matter
    assert_false(dgl_account_rate_take(f->account, &p, &wait));
    dgl_clock_advance(f->clock, DGL_US_PER_S);
    assert_true(dgl_account_rate_take(f->account, &p, &wait));
    const int64_t none = 0;
    const struct dgl_org_change change = {.rate_limit_per_minute = &none};
    assert_int_equal(dgl_store_org_change(f->store, p.org, &change, &f->err), DGL_OK);
    dgl_clock_advance(f->clock, DGL_KEY_CACHE_LIFE_US);
    assert_int_equal(authenticate(f, f->first.api_key, &p), DGL_OK);
    assert_int_equal(p.rate_limit_per_minute, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(dgl_account_rate_take(f->account, &p, &wait));
    for (int i = 0; i < 10; i++)
        assert_true(dgl_account_throttle(f->account, "webhook_test", p.org, 10, &wait));
    assert_false(dgl_account_throttle(f->account, "webhook_test", p.org, 10, &wait));
    assert_int_equal(wait, 6);
    assert_true(dgl_account_throttle(f->account, "webhook_check", p.org, 10, &wait));
}

// ---- invitations

static void test_an_invitation_works_once(void **state)
{
    struct fixture *f = *state;
    struct dgl_id id;
    struct dgl_user user;
    char token[DGL_INVITATION_LEN], altered[DGL_INVITATION_LEN], session[48];
    int64_t wait;
    assert_int_equal(
        dgl_account_user_invite(f->account, f->first.org, "Ann@x.example", "Ann", DGL_ROLE_VIEWER, &id, &f->err),
        DGL_OK);
    assert_int_equal(dgl_account_invitation_make(f->account, f->first.org, id.s, token, &f->err), DGL_OK);
    for (size_t i = 0; token[i]; i++) { // any byte changed
        memcpy(altered, token, sizeof altered);
        altered[i] = altered[i] == '1' ? '2' : '1';
        assert_int_equal(dgl_account_invitation_open(f->account, f->arena, altered, &user, &f->err), DGL_E_FORBIDDEN);
    }
    assert_int_equal(dgl_account_invitation_open(f->account, f->arena, NULL, &user, &f->err), DGL_E_FORBIDDEN);
    assert_int_equal(dgl_account_invitation_accept(f->account, f->arena, token, "short", &user, &f->err),
                     DGL_E_INVALID);
    assert_int_equal(dgl_account_invitation_accept(f->account, f->arena, token, PASSWORD, &user, &f->err), DGL_OK);
    assert_string_equal(user.email, "ann@x.example");
    assert_int_equal(dgl_account_invitation_open(f->account, f->arena, token, &user, &f->err), DGL_E_FORBIDDEN);
    assert_int_equal(sign_in_from(f, "ann@x.example", PASSWORD, "192.0.2.9", session, &wait), DGL_OK);
}

static void test_an_invitation_expires(void **state)
{
    struct fixture *f = *state;
    struct dgl_id id;
    struct dgl_user user;
    char token[DGL_INVITATION_LEN];
    assert_int_equal(
        dgl_account_user_invite(f->account, f->first.org, "late@x.example", "", DGL_ROLE_VIEWER, &id, &f->err), DGL_OK);
    assert_int_equal(dgl_account_invitation_make(f->account, f->first.org, id.s, token, &f->err), DGL_OK);
    dgl_clock_advance(f->clock, DGL_INVITATION_LIFE_US - DGL_US_PER_S);
    assert_int_equal(dgl_account_invitation_open(f->account, f->arena, token, &user, &f->err), DGL_OK);
    dgl_clock_advance(f->clock, DGL_US_PER_S);
    assert_int_equal(dgl_account_invitation_open(f->account, f->arena, token, &user, &f->err), DGL_E_FORBIDDEN);
    assert_string_equal(f->err.slug, "invitation_expired");
}

// ---- region

static void expect_region(struct fixture *f, const char *zone, const char *locale)
{
    struct dgl_org org;
    assert_int_equal(dgl_store_org_get(f->store, f->arena, f->first.org, &org, &f->err), DGL_OK);
    assert_string_equal(org.time_zone, zone);
    assert_string_equal(org.locale, locale);
    assert_string_equal(org.name, "Acme");
    assert_int_equal(org.rate_limit_per_minute, -1);
}

static void test_region(void **state)
{
    struct fixture *f = *state;
    static const char *const sets[][4] = {
        // given, then kept; NULL = left alone
        {"Europe/Berlin", "de_DE", "Europe/Berlin", "de-DE"},
        {"america/argentina/buenos_aires", NULL, "America/Argentina/Buenos_Aires", "de-DE"},
        {NULL, "EN-gb", "America/Argentina/Buenos_Aires", "en-GB"},
        {"Etc/GMT-2", "zh-Hant-TW", "Etc/GMT-2", "zh-Hant-TW"},
        {"Asia/Calcutta", "zh_CN", "Asia/Calcutta", "zh-CN"}, // older names of both lists
        {"utc", "fr", "UTC", "fr"},
    };
    expect_region(f, "UTC", "en-US");
    for (size_t i = 0; i < DGL_COUNT(sets); i++) {
        assert_int_equal(dgl_account_org_set_region(f->account, f->first.org, sets[i][0], sets[i][1], &f->err), DGL_OK);
        expect_region(f, sets[i][2], sets[i][3]);
    }
    assert_int_equal(
        dgl_account_org_set_region(f->account, "01900000-0000-7000-8000-00000000000b", "UTC", NULL, &f->err),
        DGL_E_NOT_FOUND);
}

static void test_region_refuses(void **state)
{
    struct fixture *f = *state;
    static const char *const zones[] = {"",       "Mars/Phobos", "Europe/Berlin ", "GMT+2",
                                        "+02:00", "Etc/Unknown", "Berlin"};
    static const char *const locales[] = {"",
                                          "xx_YY",
                                          "german",
                                          "de_DE@currency=CHF",
                                          "de_DE.UTF-8",
                                          "de_JP",
                                          "_",
                                          "de_DEde_DEde_DEde_DEde_DEde_DEde_DE"};
    for (size_t i = 0; i < DGL_COUNT(zones); i++) {
        assert_int_equal(dgl_account_org_set_region(f->account, f->first.org, zones[i], "de_DE", &f->err),
                         DGL_E_INVALID);
        assert_string_equal(f->err.field, "time_zone");
    }
    for (size_t i = 0; i < DGL_COUNT(locales); i++) {
        assert_int_equal(dgl_account_org_set_region(f->account, f->first.org, "Europe/Berlin", locales[i], &f->err),
                         DGL_E_INVALID);
        assert_string_equal(f->err.field, "locale");
    }
    assert_int_equal(dgl_account_org_set_region(f->account, f->first.org, "Mars/Phobos", NULL, &f->err), DGL_E_INVALID);
    assert_string_equal(f->err.message,
                        "The time zone \"Mars/Phobos\" is not known; use an IANA name like Europe/Berlin or UTC.");
    expect_region(f, "UTC", "en-US");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
    const struct CMUnitTest tests[] = {
        CASE(test_init),
        CASE(test_init_refuses),
        CASE(test_an_invitation_works_once),
        CASE(test_an_invitation_expires),
        cmocka_unit_test(test_email_forms),
        cmocka_unit_test(test_networks),
        CASE(test_bad_keys_get_one_answer),
        CASE(test_key_life),
        CASE(test_revoked_here_ends_at_once),
        CASE(test_revoked_elsewhere_ends_within_5_s),
        CASE(test_late_put_is_ignored),
        CASE(test_cache_is_bounded),
        CASE(test_last_use_is_written_sparingly),
        CASE(test_sign_in_and_out),
        CASE(test_sign_in_failures_get_one_answer),
        CASE(test_guessing_one_password_is_slowed),
        CASE(test_trying_many_addresses_is_slowed),
        CASE(test_password_change_ends_sessions),
        CASE(test_a_user_changes_the_password),
        CASE(test_trying_the_present_password_is_slowed),
        CASE(test_disabled_user_cannot_sign_in),
        CASE(test_csrf),
        CASE(test_rate_limits),
        CASE(test_region),
        CASE(test_region_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
