// Organizations, users, sessions, keys.
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static struct dgl_id add_user(struct fixture *f, const char *org, const char *email, enum dgl_role role)
{
    struct dgl_user u = {.email = email, .name = "N", .password_hash = "hash", .role = role};
    struct dgl_id id;
    snprintf(u.org, sizeof u.org, "%s", org);
    assert_ok(f, dgl_store_user_create(f->store, &u, &id, &f->err));
    return id;
}

static void add_session(struct fixture *f, const char *org, const char *user, unsigned char fill)
{
    struct dgl_session n = {.created_at_us = START_US, .expires_at_us = START_US + 100};
    memset(n.token_hash, fill, sizeof n.token_hash);
    snprintf(n.org, sizeof n.org, "%s", org);
    snprintf(n.user, sizeof n.user, "%s", user);
    assert_ok(f, dgl_store_session_create(f->store, &n, &f->err));
}

static enum dgl_status get_session(struct fixture *f, unsigned char fill, struct dgl_session *n, struct dgl_user *u)
{
    unsigned char hash[32];
    memset(hash, fill, sizeof hash);
    return dgl_store_session_get(f->store, f->arena, hash, n, u, &f->err);
}

static void test_organizations(void **state)
{
    struct fixture *f = *state;
    struct dgl_id second = make_org(f, "Bravo");
    struct dgl_org *orgs, org;
    size_t count;
    assert_ok(f, dgl_store_org_list(f->store, f->arena, &orgs, &count, &f->err));
    assert_int_equal(count, 2);
    assert_string_equal(orgs[0].name, "Acme");
    assert_true(orgs[1].number > orgs[0].number);
    assert_int_equal(orgs[0].rate_limit_per_minute, -1);
    const int64_t seven = 7, none = 0;
    const struct dgl_org_change changes[] = {{.name = "Bravo & Söhne"},
                                             {.time_zone = "Europe/Berlin", .locale = "de-DE"},
                                             {.rate_limit_per_minute = &seven},
                                             {.max_concurrent_jobs = &none}};
    for (size_t i = 0; i < DGL_COUNT(changes); i++) // each leaves what the others have changed
        assert_ok(f, dgl_store_org_change(f->store, second.s, &changes[i], &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_org_change(f->store, "nobody", &changes[0], &f->err));
    assert_ok(f, dgl_store_org_get(f->store, f->arena, second.s, &org, &f->err));
    assert_string_equal(org.name, "Bravo & Söhne");
    assert_string_equal(org.time_zone, "Europe/Berlin");
    assert_string_equal(org.locale, "de-DE");
    assert_int_equal(org.rate_limit_per_minute, 7);
    assert_int_equal(org.max_concurrent_jobs, 0);
    assert_ok(f, dgl_store_org_get(f->store, f->arena, orgs[0].id, &org, &f->err));
    assert_string_equal(org.name, "Acme");
    assert_int_equal(org.rate_limit_per_minute, -1);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_org_get(f->store, f->arena, "nobody", &org, &f->err));
}

static void test_setup_is_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct dgl_user admin = {.email = "a@x", .name = "", .password_hash = "h", .role = DGL_ROLE_ADMIN};
    struct dgl_api_key key = {.name = "First", .prefix = "dgl_1234", .role = DGL_ROLE_ADMIN};
    struct dgl_org_setup setup = {.org_name = "New", .admin = &admin, .key = &key, .only_first = true};
    struct dgl_id id;
    struct dgl_user *users;
    struct dgl_org *orgs;
    size_t count;
    assert_fails(f, DGL_E_CONFLICT, dgl_store_org_setup(f->store, &setup, &id, &f->err));
    assert_string_equal(dgl_error_slug(&f->err), "already_initialized");
    setup.only_first = false;
    assert_ok(f, dgl_store_org_setup(f->store, &setup, &id, &f->err));
    assert_ok(f, dgl_store_user_list(f->store, f->arena, id.s, &users, &count, &f->err));
    assert_int_equal(count, 1);
    key.hash[0] = 1; // the e-mail is taken: the organization must not stay either
    assert_fails(f, DGL_E_CONFLICT, dgl_store_org_setup(f->store, &setup, &id, &f->err));
    assert_string_equal(dgl_error_slug(&f->err), "email_taken");
    assert_ok(f, dgl_store_org_list(f->store, f->arena, &orgs, &count, &f->err));
    assert_int_equal(count, 2);
}

static void test_users(void **state)
{
    struct fixture *f = *state;
    struct dgl_id admin = add_user(f, f->org.s, "admin@example.com", DGL_ROLE_ADMIN);
    struct dgl_id other = make_org(f, "Other"), id;
    struct dgl_user u;
    assert_ok(f, dgl_store_user_by_email(f->store, f->arena, "admin@example.com", &u, &f->err));
    assert_string_equal(u.id, admin.s);
    assert_int_equal(u.role, DGL_ROLE_ADMIN);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_user_by_email(f->store, f->arena, "x@example.com", &u, &f->err));
    struct dgl_user twin = {.email = "admin@example.com", .password_hash = "h", .role = DGL_ROLE_VIEWER};
    snprintf(twin.org, sizeof twin.org, "%s", other.s);
    assert_fails(f, DGL_E_CONFLICT, dgl_store_user_create(f->store, &twin, &id, &f->err));
    assert_string_equal(f->err.field, "email");
}

static void test_last_admin_stays(void **state)
{
    struct fixture *f = *state;
    struct dgl_id admin = add_user(f, f->org.s, "admin@example.com", DGL_ROLE_ADMIN);
    struct dgl_id elsewhere = make_org(f, "Other");
    add_user(f, elsewhere.s, "other@example.com", DGL_ROLE_ADMIN); // does not count here
    struct dgl_user u;
    struct dgl_user_change viewer = DGL_USER_CHANGE, disabled = DGL_USER_CHANGE, renamed = DGL_USER_CHANGE;
    viewer.role = DGL_ROLE_VIEWER;
    disabled.disabled = true;
    renamed.name = "Adam";
    renamed.role = DGL_ROLE_ADMIN; // what it is
    renamed.disabled = false;
    assert_fails(f, DGL_E_CONFLICT, dgl_store_user_change(f->store, f->org.s, admin.s, &viewer, &f->err));
    assert_fails(f, DGL_E_CONFLICT, dgl_store_user_change(f->store, f->org.s, admin.s, &disabled, &f->err));
    assert_ok(f, dgl_store_user_change(f->store, f->org.s, admin.s, &renamed, &f->err));
    assert_fails(f, DGL_E_CONFLICT, dgl_store_user_delete(f->store, f->org.s, admin.s, &f->err));
    assert_string_equal(dgl_error_slug(&f->err), "last_admin");
    add_user(f, f->org.s, "second@example.com", DGL_ROLE_ADMIN);
    assert_ok(f, dgl_store_user_change(f->store, f->org.s, admin.s, &disabled, &f->err));
    assert_ok(f, dgl_store_user_delete(f->store, f->org.s, admin.s, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_user_get(f->store, f->arena, f->org.s, admin.s, &u, &f->err));
}

static void test_sessions(void **state)
{
    struct fixture *f = *state;
    struct dgl_id user = add_user(f, f->org.s, "a@example.com", DGL_ROLE_EDITOR);
    struct dgl_session n;
    struct dgl_user u;
    unsigned char hash[32];
    memset(hash, 1, sizeof hash);
    add_session(f, f->org.s, user.s, 1);
    assert_ok(f, get_session(f, 1, &n, &u));
    assert_string_equal(u.email, "a@example.com");
    assert_int_equal(u.last_sign_in_at_us, START_US);
    assert_false(n.is_uat);
    assert_ok(f, dgl_store_session_set_environment(f->store, hash, true, &f->err));
    assert_ok(f, get_session(f, 1, &n, &u));
    assert_true(n.is_uat);
    dgl_clock_advance(f->clock, 100);
    assert_fails(f, DGL_E_NOT_FOUND, get_session(f, 1, &n, &u)); // its end
    dgl_clock_jump(f->clock, -100);
    assert_ok(f, get_session(f, 1, &n, &u));
    assert_ok(f, dgl_store_session_delete(f->store, hash, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, get_session(f, 1, &n, &u));
}

static void test_sessions_end_with_password_or_user(void **state)
{
    struct fixture *f = *state;
    add_user(f, f->org.s, "admin@example.com", DGL_ROLE_ADMIN);
    struct dgl_id user = add_user(f, f->org.s, "a@example.com", DGL_ROLE_EDITOR);
    const char *org = f->org.s;
    struct dgl_session n;
    struct dgl_user seen;
    struct dgl_user_change name = DGL_USER_CHANGE, disable = DGL_USER_CHANGE, enable = DGL_USER_CHANGE;
    add_session(f, org, user.s, 1);
    name.name = "New name";
    assert_ok(f, dgl_store_user_change(f->store, org, user.s, &name, &f->err));
    assert_ok(f, get_session(f, 1, &n, &seen));
    assert_string_equal(seen.name, "New name");
    assert_ok(f, dgl_store_user_set_hash(f->store, org, user.s, NULL, "another", &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, get_session(f, 1, &n, &seen));
    add_session(f, org, user.s, 2);
    disable.disabled = true;
    assert_ok(f, dgl_store_user_change(f->store, org, user.s, &disable, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, get_session(f, 2, &n, &seen));
    enable.disabled = false;
    assert_ok(f, dgl_store_user_change(f->store, org, user.s, &enable, &f->err));
    add_session(f, f->org.s, user.s, 3);
    assert_ok(f, dgl_store_user_delete(f->store, f->org.s, user.s, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, get_session(f, 3, &n, &seen));
}

// Two at the same time: each changes what it names and nothing else; of two new passwords for one old one, one holds.
static void test_changes_of_a_user_do_not_undo_each_other(void **state)
{
    struct fixture *f = *state;
    const char *org = f->org.s;
    struct dgl_id user = add_user(f, org, "a@example.com", DGL_ROLE_EDITOR);
    struct dgl_session n = {.created_at_us = START_US, .expires_at_us = START_US + 100, .password_hash = "first"};
    struct dgl_user_change demote = DGL_USER_CHANGE, disable = DGL_USER_CHANGE;
    struct dgl_user seen;
    demote.role = DGL_ROLE_VIEWER;
    disable.disabled = true;
    assert_ok(f, dgl_store_user_set_hash(f->store, org, user.s, NULL, "first", &f->err));
    assert_ok(f, dgl_store_user_change(f->store, org, user.s, &demote, &f->err));
    assert_ok(f, dgl_store_user_change(f->store, org, user.s, &disable, &f->err));
    assert_ok(f, dgl_store_user_set_hash(f->store, org, user.s, "first", "second", &f->err));
    assert_fails(f, DGL_E_CONFLICT, dgl_store_user_set_hash(f->store, org, user.s, "first", "third", &f->err));
    assert_string_equal(dgl_error_slug(&f->err), "password_changed");
    assert_ok(f, dgl_store_user_get(f->store, f->arena, org, user.s, &seen, &f->err));
    assert_string_equal(seen.password_hash, "second");
    assert_int_equal(seen.role, DGL_ROLE_VIEWER);
    assert_true(seen.disabled);
    disable.disabled = false;
    assert_ok(f, dgl_store_user_change(f->store, org, user.s, &disable, &f->err));
    memcpy(n.org, org, sizeof n.org);
    memcpy(n.user, user.s, sizeof n.user);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_session_create(f->store, &n, &f->err)); // verified before the change
    n.password_hash = "second";
    assert_ok(f, dgl_store_session_create(f->store, &n, &f->err));
}

static void test_keys(void **state)
{
    struct fixture *f = *state;
    struct dgl_api_key key = {.name = "CI", .prefix = "dgl_1a2b", .role = DGL_ROLE_GENERATOR, .expires_at_us = 5};
    struct dgl_api_key got, *keys;
    struct dgl_id id, second;
    size_t count;
    snprintf(key.org, sizeof key.org, "%s", f->org.s);
    memset(key.hash, 3, sizeof key.hash);
    assert_ok(f, dgl_store_key_create(f->store, &key, &id, &f->err));
    key.hash[0] = 4;
    assert_ok(f, dgl_store_key_create(f->store, &key, &second, &f->err));
    key.hash[0] = 3;
    assert_ok(f, dgl_store_key_by_hash(f->store, f->arena, key.hash, &got, &f->err));
    assert_string_equal(got.id, id.s);
    assert_string_equal(got.org, f->org.s);
    assert_string_equal(got.prefix, "dgl_1a2b");
    assert_int_equal(got.expires_at_us, 5);
    assert_memory_equal(got.hash, key.hash, 32);
    struct dgl_key_use use = {.used_at_us = 77};
    memcpy(use.id, id.s, sizeof use.id);
    dgl_store_keys_touch(f->store, &use, 1);
    assert_ok(f, dgl_store_key_list(f->store, f->arena, f->org.s, &keys, &count, &f->err)); // maybe before the touch
    assert_int_equal(count, 2);
    assert_string_equal(keys[0].id, second.s);
    assert_ok(f, dgl_store_key_revoke(f->store, f->org.s, id.s, &f->err)); // after the touch
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_key_revoke(f->store, f->org.s, id.s, &f->err));
    assert_ok(f, dgl_store_key_by_hash(f->store, f->arena, key.hash, &got, &f->err));
    assert_int_equal(got.revoked_at_us, START_US);
    assert_int_equal(got.last_used_at_us, 77);
    assert_ok(f, dgl_store_key_list(f->store, f->arena, f->org.s, &keys, &count, &f->err));
    assert_int_equal(count, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_organizations), CASE(test_setup_is_all_or_nothing),
        CASE(test_users),         CASE(test_last_admin_stays),
        CASE(test_sessions),      CASE(test_sessions_end_with_password_or_user),
        CASE(test_keys),          CASE(test_changes_of_a_user_do_not_undo_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
