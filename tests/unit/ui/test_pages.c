// The pages over HTTP: entrance, forgery, roles, escaping, messages.
#include "pages_fixture.h"

// ---- entrance

static void test_first_run(void **state)
{
    struct browser b = new_browser(state);
    get(&b, "/");
    assert_true(goes_to(&b, "/setup"));
    assert_int_equal(post_from(&b, "/setup", "/setup", "organization=Fieldworks&email=a%40b.example&password=short"),
                     422);
    assert_true(shows(&b, "value=\"Fieldworks\""));
    assert_false(shows(&b, "short\""));
    post_from(&b, "/setup", "/setup", "organization=Fieldworks&email=a%40b.example&password=long+enough+for+this");
    assert_true(goes_to(&b, "/templates"));
    assert_int_equal(get(&b, "/templates"), 200);
    assert_true(shows(&b, "a@b.example"));
    get(&b, "/setup");
    assert_true(goes_to(&b, "/"));
    get(&b, "/settings/developer"); // the key made on the way is gone
    assert_true(shows(&b, "No API key yet"));
    close_browser(&b);
}

static void test_without_session_one_is_sent_to_sign_in(void **state)
{
    struct browser b = new_browser(state);
    get(&b, "/history");
    assert_true(goes_to(&b, "/sign-in?next=/history"));
    send_request(&b, "POST", "/environment", "", "environment=uat");
    assert_true(goes_to(&b, "/sign-in"));
    snprintf(b.session, sizeof(b.session), "dgl_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    get(&b, "/templates");
    assert_true(goes_to(&b, "/sign-in?next=/templates"));
    close_browser(&b);
}

static void test_wrong_password_is_shown_escaped(void **state)
{
    struct browser b = new_browser(state);
    assert_int_equal(post_from(&b, "/sign-in", "/sign-in", "email=%22%3E%3Cscript%3E&password=wrong+password"), 401);
    assert_false(shows(&b, "\"><script>"));
    assert_true(shows(&b, "&lt;script&gt;"));
    assert_true(shows(&b, "role=\"alert\""));
    close_browser(&b);
}

static void test_sign_out(void **state)
{
    struct browser b = new_browser(state);
    char session[128];
    sign_in_as(&b, ADMIN_EMAIL);
    memcpy(session, b.session, sizeof(session));
    post_from(&b, "/templates", "/sign-out", "");
    assert_true(goes_to(&b, "/sign-in"));
    assert_int_equal(b.session[0], '\0');
    memcpy(b.session, session, sizeof(session));
    assert_int_equal(get(&b, "/templates"), 303);
    close_browser(&b);
}

// ---- forgery

static void test_sign_in_needs_its_own_token(void **state)
{
    struct browser b = new_browser(state), other = new_browser(state);
    char csrf[64], body[256];
    send_request(&b, "POST", "/sign-in", "", "email=" ADMIN_EMAIL "&password=correct+horse+battery");
    assert_int_equal(b.status, 403);
    get(&other, "/sign-in");
    take_csrf(&other, csrf);
    get(&b, "/sign-in");
    snprintf(body, sizeof(body), "csrf=%s&email=" ADMIN_EMAIL "&password=correct+horse+battery", csrf);
    send_request(&b, "POST", "/sign-in", "", body); // another browser's token
    assert_int_equal(b.status, 403);
    assert_int_equal(b.session[0], '\0');
    close_browser(&b);
    close_browser(&other);
}

static void test_forms_need_the_sessions_token(void **state)
{
    struct browser b = new_browser(state), other = new_browser(state);
    char csrf[64], body[256];
    sign_in_as(&b, ADMIN_EMAIL);
    sign_in_as(&other, ADMIN_EMAIL);
    get(&other, "/templates");
    take_csrf(&other, csrf);
    snprintf(body, sizeof(body), "csrf=%s&environment=uat", csrf);
    static const char *const bad[] = {"environment=uat", "csrf=&environment=uat",
                                      "csrf=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&environment=uat"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        send_request(&b, "POST", "/environment", "", bad[i]);
        assert_int_equal(b.status, 403);
        assert_true(shows(&b, "out of date"));
    }
    send_request(&b, "POST", "/environment", "", body);
    assert_int_equal(b.status, 403);
    get(&b, "/templates");
    assert_true(shows(&b, "data-environment=\"production\""));
    close_browser(&b);
    close_browser(&other);
}

static void test_forms_from_elsewhere_are_refused(void **state)
{
    struct browser b = new_browser(state);
    char csrf[64], body[256], own[128];
    sign_in_as(&b, ADMIN_EMAIL);
    get(&b, "/templates");
    take_csrf(&b, csrf);
    snprintf(body, sizeof(body), "csrf=%s&environment=uat", csrf);
    static const char *const foreign[] = {"Origin: https://evil.example\r\n", "Origin: null\r\n",
                                          "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n"};
    for (size_t i = 0; i < DGL_COUNT(foreign); i++) {
        send_request(&b, "POST", "/environment", foreign[i], body);
        assert_int_equal(b.status, 403);
    }
    snprintf(own, sizeof(own), "Origin: http://127.0.0.1:%u\r\n", dgl_http_server_port(b.house->http));
    send_request(&b, "POST", "/environment", own, body);
    assert_true(goes_to(&b, "/templates"));
    get(&b, "/templates");
    assert_true(shows(&b, "data-environment=\"uat\""));
    close_browser(&b);
}

static void test_nobody_is_led_away(void **state)
{
    struct browser b = new_browser(state);
    sign_in_as(&b, ADMIN_EMAIL);
    post_from(&b, "/templates", "/environment", "environment=uat&return_to=%2F%2Fevil.example%2F");
    assert_true(goes_to(&b, "/templates"));
    post_from(&b, "/templates", "/environment", "environment=uat&return_to=%2Fhistory");
    assert_true(goes_to(&b, "/history"));
    close_browser(&b);
}

// ---- roles

static void test_roles_see_what_they_may(void **state)
{
    static const struct {
        const char *email;
        enum dgl_role role;
        int new_template, developer;
    } people[] = {{"viewer@test.example", DGL_ROLE_VIEWER, 403, 403},
                  {"generator@test.example", DGL_ROLE_GENERATOR, 403, 403},
                  {"editor@test.example", DGL_ROLE_EDITOR, 200, 403}};
    for (size_t i = 0; i < DGL_COUNT(people); i++) {
        struct browser b = new_browser(state);
        add_user(b.house, people[i].email, people[i].role);
        sign_in_as(&b, people[i].email);
        assert_int_equal(get(&b, "/templates"), 200);
        assert_false(shows(&b, "/settings/developer"));
        assert_int_equal(get(&b, "/history"), 200);
        assert_int_equal(get(&b, "/templates/new"), people[i].new_template);
        assert_int_equal(get(&b, "/settings/developer"), people[i].developer);
        assert_int_equal(post_from(&b, "/history", "/settings/developer/keys", "name=x&role=org_admin"), 403);
        assert_int_equal(post_from(&b, "/history", "/settings/developer/secret/reveal", ""), 403);
        close_browser(&b);
    }
}

// ---- the Developer page

static void test_a_key_is_shown_once_and_escaped(void **state)
{
    struct browser b = new_browser(state);
    sign_in_as(&b, ADMIN_EMAIL);
    static const char fields[] = "name=%3Cscript%3Ealert(1)%3C%2Fscript%3E&role=generator&expires=";
    assert_int_equal(post_from(&b, "/settings/developer", "/settings/developer/keys", fields), 200);
    const char *key = strstr(b.answer, "id=\"new-key\">dgl_");
    assert_non_null(key);
    char text[40];
    snprintf(text, sizeof(text), "%.36s", key + strlen("id=\"new-key\">"));
    assert_false(shows(&b, "<script>alert"));
    assert_true(shows(&b, "&lt;script&gt;alert"));
    assert_true(shows(&b, "Cache-Control: no-store"));
    get(&b, "/settings/developer");
    assert_false(shows(&b, text));
    assert_true(shows(&b, "&lt;script&gt;alert"));
    close_browser(&b);
}

static void test_key_forms_say_what_is_wrong(void **state)
{
    struct browser b = new_browser(state);
    static const char page[] = "/settings/developer", path[] = "/settings/developer/keys";
    sign_in_as(&b, ADMIN_EMAIL);
    assert_int_equal(post_from(&b, page, path, "name=&role=generator&expires="), 422);
    assert_int_equal(post_from(&b, page, path, "name=x&role=king&expires="), 422);
    assert_int_equal(post_from(&b, page, path, "name=Kept&role=viewer&expires=31.12.2099"), 422);
    assert_true(shows(&b, "value=\"Kept\""));
    assert_true(shows(&b, "is no date"));
    assert_int_equal(post_from(&b, page, path, "name=x&role=viewer&expires=2001-01-01"), 422);
    close_browser(&b);
}

static void test_times_are_of_the_organizations_zone(void **state)
{
    struct browser b = new_browser(state);
    sign_in_as(&b, ADMIN_EMAIL);
    get(&b, "/settings/organization");
    assert_true(shows(&b, "data-zone=\"UTC\""));
    assert_true(shows(&b, " UTC</time>"));
    assert_int_equal(post_from(&b, "/settings/organization", "/settings/organization/region",
                               "time_zone=Asia%2FKathmandu&locale=en-US"),
                     303);
    get(&b, "/settings/organization");
    assert_true(shows(&b, "data-zone=\"Asia/Kathmandu\""));
    assert_true(shows(&b, " GMT+5:45</time>"));
    // A key is good to the end of the day there.
    post_from(&b, "/settings/developer", "/settings/developer/keys", "name=x&role=viewer&expires=2099-12-31");
    assert_true(shows(&b, "<time datetime=\"2099-12-31T18:14:59Z\" data-form=\"day\">2099-12-31</time>"));
    close_browser(&b);
}

static void test_webhook_url(void **state)
{
    struct browser b = new_browser(state);
    static const char page[] = "/settings/developer", path[] = "/settings/developer/webhook";
    sign_in_as(&b, ADMIN_EMAIL);
    assert_int_equal(post_from(&b, page, path, "webhook_url=http%3A%2F%2Fhooks.example.com%2F%22%3E"), 422);
    assert_true(shows(&b, "value=\"http://hooks.example.com/&#34;&gt;\"") ||
                shows(&b, "value=\"http://hooks.example.com/&quot;&gt;\""));
    assert_true(shows(&b, "aria-invalid=\"true\""));
    post_from(&b, page, path, "webhook_url=https%3A%2F%2Fhooks.example.com%2Fx");
    assert_true(goes_to(&b, "/settings/developer#webhook"));
    get(&b, page);
    assert_true(shows(&b, "The webhook URL was saved."));
    assert_true(shows(&b, "value=\"https://hooks.example.com/x\""));
    assert_true(shows(&b, "Download links will not work")); // the public address of this server is loopback
    assert_true(shows(&b, "203.0.113.7"));
    assert_false(shows(&b, "id=\"secret-value\">whsec_A") && shows(&b, "data-copy=\"secret-value\""));
    assert_int_equal(post_from(&b, page, "/settings/developer/secret/reveal", ""), 200);
    assert_true(shows(&b, "data-copy=\"secret-value\""));
    post_from(&b, page, "/settings/developer/webhook/remove", "webhook_url=");
    get(&b, page);
    assert_true(shows(&b, "nothing is sent"));
    close_browser(&b);
}

// ---- messages for the next page

static void test_messages_are_shown_once_and_not_forged(void **state)
{
    struct browser b = new_browser(state);
    char kept[2048];
    sign_in_as(&b, ADMIN_EMAIL);
    post_from(&b, "/settings/developer", "/settings/developer/webhook/remove", "webhook_url=");
    assert_true(*b.flash);
    memcpy(kept, b.flash, sizeof(kept));
    get(&b, "/templates");
    assert_true(shows(&b, "was removed"));
    assert_int_equal(b.flash[0], '\0');
    get(&b, "/templates");
    assert_false(shows(&b, "was removed"));
    // "good:You have won" with a made-up signature
    snprintf(b.flash, sizeof(b.flash), "dgl_flash=Z29vZDpZb3UgaGF2ZSB3b24.%.43s", strchr(kept, '.') + 1);
    get(&b, "/templates");
    assert_int_equal(b.status, 200);
    assert_false(shows(&b, "You have won"));
    struct browser other = new_browser(state); // another session's message
    sign_in_as(&other, ADMIN_EMAIL);
    memcpy(other.flash, kept, sizeof(kept));
    get(&other, "/templates");
    assert_false(shows(&other, "was removed"));
    close_browser(&b);
    close_browser(&other);
}

// ---- around the pages

static void test_errors_are_pages(void **state)
{
    struct browser b = new_browser(state);
    assert_int_equal(get(&b, "/no/such/%3Cb%3Epage"), 404);
    assert_true(shows(&b, "text/html"));
    assert_false(shows(&b, "<b>page"));
    sign_in_as(&b, ADMIN_EMAIL);
    assert_int_equal(get(&b, "/templates/0197a1de-8c1b-7c54-9d0e-5a3f6b1c2d3e"), 404);
    assert_int_equal(get(&b, "/history/nonsense"), 404);
    assert_int_equal(get(&b, "/history?status=king&template=x"), 200);
    assert_int_equal(get(&b, "/templates?cursor=nonsense"), 422);
    close_browser(&b);
}

static void test_every_page_carries_the_policy(void **state)
{
    static const char *const paths[] = {"/sign-in", "/templates", "/no-page", "/favicon.ico", "/"};
    struct browser b = new_browser(state);
    for (size_t i = 0; i < DGL_COUNT(paths); i++) {
        get(&b, paths[i]);
        assert_true(shows(&b, "Content-Security-Policy: default-src 'none';"));
        assert_true(shows(&b, "X-Content-Type-Options: nosniff"));
    }
    get(&b, "/sign-in");
    assert_false(shows(&b, "<style"));
    assert_false(shows(&b, " style="));
    assert_false(shows(&b, " onclick="));
    close_browser(&b);
}

static void test_assets_may_be_kept(void **state)
{
    struct browser b = new_browser(state);
    char path[96], etag[64], header[96];
    get(&b, "/sign-in");
    const char *link = strstr(b.answer, "/assets/app.");
    assert_non_null(link);
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(link, "\""), link);
    assert_int_equal(get(&b, path), 200);
    assert_true(shows(&b, "immutable"));
    const char *tag = strcasestr(b.answer, "\r\nETag: ");
    assert_non_null(tag);
    snprintf(etag, sizeof(etag), "%.*s", (int)strcspn(tag + 8, "\r"), tag + 8);
    snprintf(header, sizeof(header), "If-None-Match: %s\r\n", etag);
    send_request(&b, "GET", path, header, NULL);
    assert_int_equal(b.status, 304);
    assert_int_equal(get(&b, "/assets/app.css"), 404);
    get(&b, "/assets/..%2fpages%2fbase.html");
    assert_true(b.status == 400 || b.status == 404);
    close_browser(&b);
}

#define FOUNDED(test) cmocka_unit_test_setup_teardown(test, open_founded_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_run, open_house, close_house),
        FOUNDED(test_without_session_one_is_sent_to_sign_in),
        FOUNDED(test_wrong_password_is_shown_escaped),
        FOUNDED(test_sign_out),
        FOUNDED(test_sign_in_needs_its_own_token),
        FOUNDED(test_forms_need_the_sessions_token),
        FOUNDED(test_forms_from_elsewhere_are_refused),
        FOUNDED(test_nobody_is_led_away),
        FOUNDED(test_roles_see_what_they_may),
        FOUNDED(test_a_key_is_shown_once_and_escaped),
        FOUNDED(test_key_forms_say_what_is_wrong),
        FOUNDED(test_times_are_of_the_organizations_zone),
        FOUNDED(test_webhook_url),
        FOUNDED(test_messages_are_shown_once_and_not_forged),
        FOUNDED(test_errors_are_pages),
        FOUNDED(test_every_page_carries_the_policy),
        FOUNDED(test_assets_may_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
