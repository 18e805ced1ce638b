// Deliveries and endpoints over HTTP: who may, what is refused, what is escaped.
#include "pages_fixture.h"

static const char developer[] = "/settings/developer";
static const char endpoint_new[] = "/settings/developer/endpoints/new";

static void test_only_administrators_come_in(void **state)
{
    struct browser b = new_browser(state);
    static const char *const gets[] = {"/deliveries", "/deliveries/msg_x", endpoint_new,
                                       "/settings/developer/endpoints/x"};
    static const char *const posts[] = {"/deliveries/selected", "/deliveries/range", endpoint_new,
                                        "/settings/developer/endpoints/x/enable",
                                        "/settings/developer/endpoints/x/secret/reveal"};
    add_user(b.house, "editor@test.example", DGL_ROLE_EDITOR);
    sign_in_as(&b, "editor@test.example");
    for (size_t i = 0; i < DGL_COUNT(gets); i++)
        assert_int_equal(get(&b, gets[i]), 403);
    for (size_t i = 0; i < DGL_COUNT(posts); i++)
        assert_int_equal(post_from(&b, "/templates", posts[i], "id=x"), 403);
    get(&b, "/templates");
    assert_false(shows(&b, "href=\"/deliveries\""));
    close_browser(&b);
}

static void test_an_empty_log_and_strange_filters(void **state)
{
    struct browser b = new_browser(state);
    sign_in_as(&b, ADMIN_EMAIL);
    assert_int_equal(get(&b, "/deliveries"), 200);
    assert_true(shows(&b, "Nothing sent yet"));
    assert_int_equal(get(&b, "/deliveries?status=king&endpoint=%22%3E&document=%27&since=soon&until=%22"), 200);
    assert_int_equal(get(&b, "/deliveries?status=dropped&since=2026-01-01T10:00&until=2026-01-02"), 200);
    assert_true(shows(&b, "No delivery matches"));
    assert_int_equal(get(&b, "/deliveries?cursor=nonsense"), 422);
    assert_int_equal(get(&b, "/deliveries/msg_nobody"), 404);
    close_browser(&b);
}

static void test_ranges_are_checked(void **state)
{
    struct browser b = new_browser(state);
    sign_in_as(&b, ADMIN_EMAIL);
    static const char *const bad[] = {
        "status=king&since=2026-01-01T00:00",    "status=dropped&since=",
        "status=dropped&since=yesterday",        "status=pending&since=2099-01-01T00:00",
        "status=dropped&since=2001-01-01T00:00", "status=dropped&since=2001-01-01&until=%3Cb%3E"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        assert_int_equal(post_from(&b, "/deliveries", "/deliveries/range", bad[i]), 422);
        assert_true(shows(&b, "role=\"alert\""));
        assert_false(shows(&b, "<b>"));
    }
    post_from(&b, "/deliveries", "/deliveries/selected", "id=%22");
    assert_true(goes_to(&b, "/deliveries"));
    get(&b, "/deliveries");
    assert_true(shows(&b, "Nothing was selected."));
    close_browser(&b);
}

static void test_an_endpoint_lives_and_goes(void **state)
{
    struct browser b = new_browser(state);
    char path[128], action[160];
    sign_in_as(&b, ADMIN_EMAIL);
    post_from(&b, endpoint_new, endpoint_new,
              "url=https%3A%2F%2Fhooks.example.com%2Fx&description=%3Cscript%3E&event=document.generated"
              "&headers=X-One%3A+1%0D%0A%0D%0AX-Two%3A+2&schedule=10%2C20&rate=5&own_secret=yes");
    assert_true(goes_to(&b, "/settings/developer#endpoints"));
    get(&b, developer);
    assert_false(shows(&b, "<script>\n"));
    assert_true(shows(&b, "&lt;script&gt;"));
    const char *link = strstr(b.answer, "href=\"/settings/developer/endpoints/");
    assert_non_null(link);
    link += strlen("href=\"");
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(link, "\""), link);
    assert_int_equal(get(&b, path), 200);
    assert_true(shows(&b, "X-One: 1\nX-Two: 2"));
    assert_true(shows(&b, "value=\"10,20\""));
    snprintf(action, sizeof(action), "%s/secret/reveal", path);
    assert_int_equal(post_from(&b, path, action, ""), 200);
    assert_true(shows(&b, "data-copy=\"secret-value\""));
    snprintf(action, sizeof(action), "%s/disable", path);
    post_from(&b, path, action, "");
    get(&b, "/deliveries");
    assert_true(shows(&b, "disabled by an administrator"));
    snprintf(action, sizeof(action), "%s/enable", path);
    post_from(&b, path, action, "return_to=%2Fdeliveries");
    assert_true(goes_to(&b, "/deliveries"));
    get(&b, "/deliveries");
    assert_false(shows(&b, "disabled by an administrator"));
    snprintf(action, sizeof(action), "%s/delete", path);
    post_from(&b, path, action, "");
    assert_int_equal(get(&b, path), 404);
    close_browser(&b);
}

static void test_endpoint_forms_say_what_is_wrong(void **state)
{
    struct browser b = new_browser(state);
    static const char *const bad[] = {"url=http%3A%2F%2Fhooks.example.com",
                                      "url=https%3A%2F%2Fhooks.example.com&rate=many",
                                      "url=https%3A%2F%2Fhooks.example.com&rate=0",
                                      "url=https%3A%2F%2Fhooks.example.com&headers=none",
                                      "url=https%3A%2F%2Fhooks.example.com&headers=Host%3A+x",
                                      "url=https%3A%2F%2Fhooks.example.com&schedule=soon",
                                      "url=https%3A%2F%2Fhooks.example.com&event=no.such"};
    sign_in_as(&b, ADMIN_EMAIL);
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        assert_int_equal(post_from(&b, endpoint_new, endpoint_new, bad[i]), 422);
        assert_true(shows(&b, "role=\"alert\""));
    }
    get(&b, developer);
    assert_true(shows(&b, "No further endpoint"));
    close_browser(&b);
}

#define FOUNDED(test) cmocka_unit_test_setup_teardown(test, open_founded_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOUNDED(test_only_administrators_come_in),
        FOUNDED(test_an_empty_log_and_strange_filters),
        FOUNDED(test_ranges_are_checked),
        FOUNDED(test_an_endpoint_lives_and_goes),
        FOUNDED(test_endpoint_forms_say_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
