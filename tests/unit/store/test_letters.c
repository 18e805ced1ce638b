// The outbox of e-mail: who gets a letter, in whose transaction, how many fit, and what a clock that jumps does to
// them.
#include "fixture.h"
#include "server/store/sqlite/bounds.h"

#include <stdio.h>
#include <string.h>

#define AGAIN_MAX_US (INT64_C(4) * 3600 * DGL_US_PER_S)

static struct dgl_id add_user(struct fixture *f, const char *email, enum dgl_role role, bool disabled)
{
    struct dgl_user user = {.email = email, .name = "", .password_hash = "x", .role = role};
    struct dgl_id id;
    memcpy(user.org, f->org.s, sizeof user.org);
    assert_ok(f, dgl_store_user_create(f->store, &user, &id, &f->err));
    struct dgl_user_change change = DGL_USER_CHANGE;
    change.disabled = 1;
    if (disabled)
        assert_ok(f, dgl_store_user_change(f->store, f->org.s, id.s, &change, &f->err));
    return id;
}

static size_t due(struct fixture *f, struct dgl_letter_row **ret, int64_t *ret_next_us)
{
    size_t count;
    assert_ok(f, dgl_store_letters_due(f->store, f->arena, AGAIN_MAX_US, 1000, ret, &count, ret_next_us, &f->err));
    return count;
}

static void post(struct fixture *f, const char *to)
{
    struct dgl_letter_row letter = {.kind = DGL_LETTER_INVITATION, .to = to, .detail = "a@x.example"};
    memcpy(letter.org, f->org.s, sizeof letter.org);
    memcpy(letter.about, f->template.s, sizeof letter.about);
    assert_ok(f, dgl_store_letter_post(f->store, &letter, &f->err));
}

static void test_a_letter_waits_and_goes(void **state)
{
    struct fixture *f = *state;
    struct dgl_letter_row *letters;
    int64_t next_us;
    assert_int_equal(due(f, &letters, &next_us), 0);
    assert_int_equal(next_us, INT64_MAX);
    post(f, "b@x.example");
    fixture_reopen(f);
    assert_int_equal(due(f, &letters, &next_us), 1);
    assert_string_equal(letters[0].to, "b@x.example");
    assert_string_equal(letters[0].detail, "a@x.example");
    assert_string_equal(letters[0].org, f->org.s);
    assert_string_equal(letters[0].about, f->template.s);
    assert_int_equal(letters[0].tries, 0);
    assert_int_equal(letters[0].created_at_us, START_US);
    assert_ok(f, dgl_store_letter_again(f->store, letters[0].id, START_US + 60 * DGL_US_PER_S, &f->err));
    assert_int_equal(due(f, &letters, &next_us), 0);
    assert_int_equal(next_us, START_US + 60 * DGL_US_PER_S);
    dgl_clock_advance(f->clock, 60 * DGL_US_PER_S);
    assert_int_equal(due(f, &letters, &next_us), 1);
    assert_int_equal(letters[0].tries, 1);
    assert_ok(f, dgl_store_letter_done(f->store, letters[0].id, &f->err));
    assert_int_equal(due(f, &letters, &next_us), 0);
    assert_int_equal(next_us, INT64_MAX);
}

static void test_a_clock_put_back_holds_no_letter(void **state)
{
    struct fixture *f = *state;
    struct dgl_letter_row *letters;
    int64_t next_us;
    post(f, "b@x.example");
    assert_int_equal(due(f, &letters, &next_us), 1);
    int64_t year_us = INT64_C(365) * 86400 * DGL_US_PER_S;
    assert_ok(f, dgl_store_letter_again(f->store, letters[0].id, START_US + year_us, &f->err));
    assert_int_equal(due(f, &letters, &next_us), 1);
}

static void test_an_organization_has_so_many(void **state)
{
    struct fixture *f = *state;
    struct dgl_letter_row *letters, more = {.to = "b@x.example"};
    int64_t next_us;
    memcpy(more.org, f->org.s, sizeof more.org);
    for (int i = 0; i < DGL_LETTERS_ORG_MAX; i++)
        post(f, "b@x.example");
    assert_fails(f, DGL_E_UNAVAILABLE, dgl_store_letter_post(f->store, &more, &f->err));
    assert_string_equal(f->err.slug, "too_many_letters");
    struct dgl_id second = make_org(f, "Second");
    memcpy(more.org, second.s, sizeof more.org);
    assert_ok(f, dgl_store_letter_post(f->store, &more, &f->err));
    assert_int_equal(due(f, &letters, &next_us), DGL_LETTERS_ORG_MAX + 1);
}

static void test_a_notice_goes_to_the_admins(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *first, *second;
    struct dgl_letter_row *letters;
    size_t count;
    int64_t next_us;
    enum dgl_endpoint_notice notice;
    add_user(f, "admin@x.example", DGL_ROLE_ADMIN, false);
    add_user(f, "second@x.example", DGL_ROLE_ADMIN, false);
    add_user(f, "gone@x.example", DGL_ROLE_ADMIN, true);
    add_user(f, "viewer@x.example", DGL_ROLE_VIEWER, false);
    struct dgl_id endpoint = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    finished_document(f, &first, &count);
    finished_document(f, &second, &count);
    struct dgl_attempt_result r = attempt_of(first[0].id, 1, DGL_DELIVERY_DROPPED, 410);
    r.attempt.message = "answered with status 410";
    r.disable_endpoint = true;
    r.mail_admins = true;
    r.ret_notice = &notice;
    assert_ok(f, record_attempt(f, &r));
    assert_int_equal(notice, DGL_NOTICE_GONE);
    assert_int_equal(due(f, &letters, &next_us), 2);
    assert_string_equal(letters[0].to, "admin@x.example");
    assert_string_equal(letters[1].to, "second@x.example");
    assert_int_equal(letters[0].kind, DGL_LETTER_ENDPOINT_GONE);
    assert_string_equal(letters[0].about, endpoint.s);
    assert_string_equal(letters[0].detail, "answered with status 410");
    memcpy(r.attempt.delivery, second[0].id, sizeof r.attempt.delivery); // was out when the first came back
    assert_ok(f, record_attempt(f, &r));
    assert_int_equal(notice, DGL_NOTICE_NONE);
    assert_int_equal(due(f, &letters, &next_us), 2);
}

static void test_no_letters_without_a_mail_server(void **state)
{
    struct fixture *f = *state;
    struct dgl_delivery_due *first;
    struct dgl_letter_row *letters;
    size_t count;
    int64_t next_us;
    add_user(f, "admin@x.example", DGL_ROLE_ADMIN, false);
    put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    finished_document(f, &first, &count);
    struct dgl_attempt_result r = attempt_of(first[0].id, 1, DGL_DELIVERY_DROPPED, 410);
    r.disable_endpoint = true;
    assert_ok(f, record_attempt(f, &r));
    assert_int_equal(due(f, &letters, &next_us), 0);
}

static void test_left_behind_letters_are_pruned(void **state)
{
    struct fixture *f = *state;
    struct dgl_letter_row *letters;
    int64_t next_us;
    bool more;
    post(f, "b@x.example");
    dgl_clock_advance(f->clock, DGL_STORE_LETTER_US - 1);
    assert_ok(f, dgl_store_prune(f->store, START_US, 100, &more, &f->err));
    assert_int_equal(due(f, &letters, &next_us), 1);
    dgl_clock_advance(f->clock, 1);
    assert_ok(f, dgl_store_prune(f->store, START_US, 100, &more, &f->err));
    assert_int_equal(due(f, &letters, &next_us), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_letter_waits_and_goes, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_a_clock_put_back_holds_no_letter, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_an_organization_has_so_many, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_a_notice_goes_to_the_admins, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_no_letters_without_a_mail_server, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_left_behind_letters_are_pruned, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests_name("store/letters", tests, NULL, NULL);
}
