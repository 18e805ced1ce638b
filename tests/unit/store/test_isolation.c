// Two organizations: every verb that takes an organization, called with the other's, finds nothing and changes nothing.
#include "fixture.h"

#include <stdio.h>
#include <string.h>

struct thing { // one of everything, of the fixture's organization
    struct dgl_id user, admin, key, endpoint, document;
    struct dgl_delivery_due due;
    struct dgl_id stranger; // the other organization
};

static struct thing make_one_of_everything(struct fixture *f)
{
    struct thing t = {.stranger = make_org(f, "Stranger")};
    struct dgl_user u = {.email = "admin@example.com", .password_hash = "h", .role = DGL_ROLE_ADMIN};
    struct dgl_api_key k = {.name = "k", .prefix = "dgl_0000", .role = DGL_ROLE_ADMIN};
    struct dgl_secret_row n = {.sealed = "s", .sealed_len = 1};
    struct dgl_delivery_due *due;
    size_t count;
    memcpy(u.org, f->org.s, sizeof u.org);
    memcpy(k.org, f->org.s, sizeof k.org);
    memcpy(n.org, f->org.s, sizeof n.org);
    assert_ok(f, dgl_store_user_create(f->store, &u, &t.admin, &f->err));
    u.email = "user@example.com";
    u.role = DGL_ROLE_VIEWER;
    assert_ok(f, dgl_store_user_create(f->store, &u, &t.user, &f->err));
    assert_ok(f, dgl_store_key_create(f->store, &k, &t.key, &f->err));
    assert_ok(f, dgl_store_secret_add(f->store, &n, 0, &f->err));
    t.endpoint = put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    t.document = finished_document(f, &due, &count);
    t.due = due[0];
    struct dgl_attempt_result r = attempt_of(t.due.id, 1, DGL_DELIVERY_DROPPED, 500);
    assert_ok(f, record_attempt(f, &r));
    return t;
}

static void test_reads(void **state)
{
    struct fixture *f = *state;
    struct thing t = make_one_of_everything(f);
    const char *org = t.stranger.s;
    size_t count;
    char next[DGL_CURSOR_LEN];
    struct dgl_page_query page = {.limit = 10};
    struct dgl_user u, *users;
    struct dgl_api_key *keys;
    struct dgl_template_row template, *templates;
    struct dgl_template_version_row version, *versions;
    struct dgl_document_row d, *documents;
    const char *input;
    struct dgl_endpoint_row e, *endpoints;
    struct dgl_secret_row *secrets;
    struct dgl_delivery_row w, *deliveries;
    struct dgl_attempt_row *attempts;
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_user_get(f->store, f->arena, org, t.user.s, &u, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_template_get(f->store, f->arena, org, f->template.s, &template, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_template_version_get(f->store, f->arena, org, f->template.s, 1, &version, &f->err));
    struct dgl_org stranger;
    assert_ok(f, dgl_store_org_get(f->store, f->arena, org, &stranger, &f->err));
    assert_fails(
        f, DGL_E_NOT_FOUND,
        dgl_store_template_version_named(f->store, f->arena, stranger.number, f->template.s, &version, &f->err));
    assert_fails(
        f, DGL_E_NOT_FOUND,
        dgl_store_template_versions(f->store, f->arena, org, f->template.s, &page, &versions, &count, next, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_get(f->store, f->arena, org, t.document.s, &d, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_get(f->store, f->arena, NULL, t.document.s, &d, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_input(f->store, f->arena, org, t.document.s, &input, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_input(f->store, f->arena, NULL, t.document.s, &input, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_endpoint_get(f->store, f->arena, org, t.endpoint.s, &e, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_endpoint_organization(f->store, f->arena, org, &e, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_delivery_get(f->store, f->arena, org, t.due.id, &w, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_delivery_get(f->store, f->arena, NULL, t.due.id, &w, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_attempt_list(f->store, f->arena, org, t.due.id, &attempts, &count, &f->err));
#define ASSERT_EMPTY(expr)          \
    do {                            \
        count = 99;                 \
        assert_ok(f, expr);         \
        assert_int_equal(count, 0); \
    } while (0)
    ASSERT_EMPTY(dgl_store_user_list(f->store, f->arena, org, &users, &count, &f->err));
    ASSERT_EMPTY(dgl_store_key_list(f->store, f->arena, org, &keys, &count, &f->err));
    ASSERT_EMPTY(dgl_store_template_list(f->store, f->arena, org, -1, &page, &templates, &count, next, &f->err));
    ASSERT_EMPTY(dgl_store_document_list(f->store, f->arena, org, NULL, &page, &documents, &count, next, &f->err));
    ASSERT_EMPTY(dgl_store_endpoint_list(f->store, f->arena, org, &endpoints, &count, &f->err));
    ASSERT_EMPTY(dgl_store_secret_list(f->store, f->arena, org, "", &secrets, &count, &f->err));
    ASSERT_EMPTY(dgl_store_delivery_list(f->store, f->arena, org, NULL, &page, &deliveries, &count, next, &f->err));
    struct dgl_delivery_filter by_document = {.status = -1, .document = t.document.s};
    ASSERT_EMPTY(
        dgl_store_delivery_list(f->store, f->arena, org, &by_document, &page, &deliveries, &count, next, &f->err));
    struct dgl_document_filter by_template = {.template_id = f->template.s, .status = -1, .source = -1, .is_uat = -1};
    ASSERT_EMPTY(
        dgl_store_document_list(f->store, f->arena, org, &by_template, &page, &documents, &count, next, &f->err));
}

static void test_writes(void **state)
{
    struct fixture *f = *state;
    struct thing t = make_one_of_everything(f);
    const char *org = t.stranger.s;
    struct dgl_user u;
    struct dgl_user_change change = {.name = "taken over", .role = DGL_ROLE_ADMIN, .disabled = -1};
    struct dgl_template_row template = {.name = "taken over"};
    struct dgl_session n = {.expires_at_us = INT64_MAX};
    struct dgl_endpoint_row e = {.url = "https://evil.example/"};
    struct dgl_secret_row secret = {.sealed = "x", .sealed_len = 1};
    struct dgl_delivery_due due;
    struct dgl_job_accepted accepted;
    struct dgl_id id;
    int64_t version;
    const char **uris;
    size_t count;
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_user_change(f->store, org, t.user.s, &change, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_user_set_hash(f->store, org, t.user.s, NULL, "theirs", &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_user_delete(f->store, org, t.user.s, &f->err));
    memcpy(n.org, org, sizeof n.org);
    memcpy(n.user, t.user.s, sizeof n.user);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_session_create(f->store, &n, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_key_revoke(f->store, org, t.key.s, &f->err));
    memcpy(template.id, f->template.s, sizeof template.id);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_template_add_version(f->store, org, &template, NULL, &version, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_template_delete(f->store, org, f->template.s, &f->err));
    struct dgl_job_new job = new_job(f, org, f->template.s); // another's template
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_job_accept(f->store, &job, &accepted, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_document_delete(f->store, f->arena, org, t.document.s, &uris, &count, &f->err));
    memcpy(e.org, org, sizeof e.org);
    memcpy(e.id, t.endpoint.s, sizeof e.id);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_endpoint_put(f->store, &e, &id, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_endpoint_delete(f->store, org, t.endpoint.s, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND,
                 dgl_store_endpoint_set_state(f->store, org, t.endpoint.s, DGL_ENDPOINT_DISABLED, "evil", &f->err));
    memcpy(secret.org, org, sizeof secret.org);
    memcpy(secret.endpoint, t.endpoint.s, sizeof secret.endpoint);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_secret_add(f->store, &secret, 1, &f->err));
    secret.endpoint[0] = '\0';
    assert_ok(f, dgl_store_secret_add(f->store, &secret, START_US, &f->err)); // retires its own only
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_delivery_redeliver(f->store, f->arena, org, t.due.id, &due, &f->err));

    struct dgl_endpoint_row endpoint;
    struct dgl_secret_row *secrets;
    struct dgl_document_row d;
    const char *input;
    struct dgl_delivery_row w;
    struct dgl_api_key *keys;
    assert_ok(f, dgl_store_user_get(f->store, f->arena, f->org.s, t.user.s, &u, &f->err));
    assert_string_equal(u.name, "");
    assert_int_equal(u.role, DGL_ROLE_VIEWER);
    assert_ok(f, dgl_store_template_get(f->store, f->arena, f->org.s, f->template.s, &template, &f->err));
    assert_string_equal(template.name, "Invoice");
    assert_ok(f, dgl_store_document_get(f->store, f->arena, f->org.s, t.document.s, &d, &f->err));
    assert_ok(f, dgl_store_document_input(f->store, f->arena, f->org.s, t.document.s, &input, &f->err));
    assert_int_equal(input[0], '{');
    assert_ok(f, dgl_store_endpoint_get(f->store, f->arena, f->org.s, t.endpoint.s, &endpoint, &f->err));
    assert_string_equal(endpoint.url, "https://a.example/");
    assert_int_equal(endpoint.state, DGL_ENDPOINT_ENABLED);
    assert_ok(f, dgl_store_secret_list(f->store, f->arena, f->org.s, "", &secrets, &count, &f->err));
    assert_int_equal(count, 1);
    assert_int_equal(secrets[0].expires_at_us, 0);
    assert_ok(f, dgl_store_delivery_get(f->store, f->arena, f->org.s, t.due.id, &w, &f->err));
    assert_int_equal(w.status, DGL_DELIVERY_DROPPED);
    assert_ok(f, dgl_store_key_list(f->store, f->arena, f->org.s, &keys, &count, &f->err));
    assert_int_equal(count, 1);
}

static void test_idempotency_keys_are_the_organizations_own(void **state)
{
    struct fixture *f = *state;
    struct dgl_id other = make_org(f, "Other"), t = make_template(f, other.s, "T");
    struct dgl_job_accepted accepted;
    struct dgl_job_new one = new_job(f, f->org.s, f->template.s), two = new_job(f, other.s, t.s);
    one.idempotency_key = two.idempotency_key = "order 7";
    two.body_sha256[0] = 1;
    assert_ok(f, dgl_store_job_accept(f->store, &one, &accepted, &f->err));
    assert_ok(f, dgl_store_job_accept(f->store, &two, &accepted, &f->err));
    assert_false(accepted.replayed);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_reads),
        CASE(test_writes),
        CASE(test_idempotency_keys_are_the_organizations_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
