// The guard: every class of address at its borders, in every disguise; allow_nets; own addresses.
#include "../base/unit.h"
#include "addresses.h"
#include "server/net/guard.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage s = {0};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(&s, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        memcpy(&s, &v6, sizeof v6);
    else
        fail_msg("%s is no address", text);
    return s;
}

static struct dgl_guard *guard_with(const char *nets, bool http, bool own)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_guard *g;
    struct dgl_guard_options options = {.allow_http = http, .allow_nets = nets, .refuse_own_addresses = own};
    assert_ok(dgl_guard_new(&options, &g, &err), err);
    return g;
}

static bool allows(const struct dgl_guard *g, const char *address, bool *ret_private)
{
    struct sockaddr_storage s = address_of(address);
    bool is_private = false;
    bool ok = dgl_guard_allows(g, (const struct sockaddr *)&s, &is_private);
    if (ret_private)
        *ret_private = is_private;
    return ok;
}

static void test_classes(void **state DGL_UNUSED)
{
    DGL_AUTO(guard) g = guard_with(NULL, false, false);
    assert_true(DGL_COUNT(address_cases) >= 150);
    for (size_t i = 0; i < DGL_COUNT(address_cases); i++) {
        bool is_private = true;
        if (allows(g, address_cases[i].address, &is_private) != address_cases[i].allowed)
            fail_msg("%s should be %s", address_cases[i].address, address_cases[i].allowed ? "allowed" : "refused");
        if (address_cases[i].allowed)
            assert_false(is_private);
    }
}

// The same table through URLs: a literal is refused when the URL is given.
static void test_literals_in_urls(void **state DGL_UNUSED)
{
    DGL_AUTO(guard) g = guard_with(NULL, false, false);
    for (size_t i = 0; i < DGL_COUNT(address_cases); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_url u;
        char text[128];
        bool v6 = strchr(address_cases[i].address, ':') != NULL;
        snprintf(text, sizeof text, "https://%s%s%s/", v6 ? "[" : "", address_cases[i].address, v6 ? "]" : "");
        assert_ok(dgl_url_parse(text, strlen(text), "webhook_url", &u, &err), err);
        enum dgl_status status = dgl_guard_check_url(g, &u, "webhook_url", &err);
        assert_int_equal(status == DGL_OK, address_cases[i].allowed);
        if (!address_cases[i].allowed) {
            assert_string_equal(err.slug, "destination_not_allowed");
            assert_string_equal(err.field, "webhook_url");
        }
    }
}

static void test_urls(void **state DGL_UNUSED)
{
    static const struct {
        const char *url, *slug; // NULL = fine
    } urls[] = {
        {"https://example.com/", NULL},
        {"http://example.com/", "https_required"},
        {"http://127.0.0.1/", "https_required"},
        {"https://localhost/", "destination_not_allowed"},
        {"https://LOCALHOST./", "destination_not_allowed"},
        {"https://app.localhost/", "destination_not_allowed"},
        {"https://notlocalhost/", NULL}, // judged when it is resolved
        {"https://localhost.example/", NULL},
    };
    DGL_AUTO(guard) g = guard_with(NULL, false, false);
    for (size_t i = 0; i < DGL_COUNT(urls); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_url u;
        assert_ok(dgl_url_parse(urls[i].url, strlen(urls[i].url), "url", &u, &err), err);
        enum dgl_status status = dgl_guard_check_url(g, &u, "url", &err);
        assert_int_equal(status == DGL_OK, urls[i].slug == NULL);
        if (urls[i].slug)
            assert_string_equal(err.slug, urls[i].slug);
    }
}

static void test_development(void **state DGL_UNUSED)
{
    DGL_AUTO(guard) g = guard_with("127.0.0.0/8", true, true);
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url u;
    static const char *const urls[] = {"http://example.com/", "http://127.0.0.1:3000/", "http://localhost:3000/x"};
    for (size_t i = 0; i < DGL_COUNT(urls); i++) {
        assert_ok(dgl_url_parse(urls[i], strlen(urls[i]), "url", &u, &err), err);
        assert_ok(dgl_guard_check_url(g, &u, "url", &err), err);
    }
}

static void test_allow_nets(void **state DGL_UNUSED)
{
    DGL_AUTO(guard) g = guard_with(" 10.1.0.0/16, fd00:1::/32 ,192.168.7.7,203.0.113.0/25", false, false);
    static const struct address_case nets[] = {
        {"10.1.0.0", true},        {"10.1.255.255", true},     {"10.2.0.0", false},         {"10.0.255.255", false},
        {"192.168.7.7", true},     {"192.168.7.8", false},     {"fd00:1::1", true},         {"fd00:2::1", false},
        {"::ffff:10.1.2.3", true}, {"::ffff:10.2.2.3", false}, {"64:ff9b::10.1.2.3", true}, {"203.0.113.127", true},
        {"203.0.113.128", false},
    };
    for (size_t i = 0; i < DGL_COUNT(nets); i++) {
        bool is_private = false;
        assert_int_equal(allows(g, nets[i].address, &is_private), nets[i].allowed);
        assert_int_equal(is_private, nets[i].allowed);
    }
    bool is_private = true;
    assert_true(allows(g, "8.8.8.8", &is_private));
    assert_false(is_private);
    DGL_AUTO(guard) all = guard_with("0.0.0.0/0,::/0", false, false);
    assert_true(allows(all, "127.0.0.1", NULL));
    assert_true(allows(all, "fe80::1", NULL));
    DGL_AUTO(guard) none = guard_with("", false, false);
    assert_false(allows(none, "127.0.0.1", NULL));
    DGL_AUTO(guard) mapped = guard_with("::ffff:10.0.0.0/104", false, false);
    assert_true(allows(mapped, "10.200.0.1", NULL));
}

static void test_bad_nets(void **state DGL_UNUSED)
{
    static const struct {
        const char *nets, *message;
    } bad[] = {
        {"10.0.0.0/33", "from 0 to 32"},       {"10.0.0.0/-1", "from 0 to 32"},
        {"10.0.0.0/", "from 0 to 32"},         {"fd00::/129", "from 0 to 128"},
        {"10.0.0.0/8/8", "from 0 to 32"},      {"10.0.0.1/8", "behind its prefix"},
        {"fd00::1/64", "behind its prefix"},   {"10.0.0/8", "is not a network"},
        {"office", "is not a network"},        {"10.0.0.0/8,", "between two commas"},
        {",10.0.0.0/8", "between two commas"}, {"10.0.0.0/8,,::1", "between two commas"},
        {"0x0a.0.0.0/8", "is not a network"},  {"/8", "is not a network"},
        {"10.0.0.0 /8", "is not a network"},
    };
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_guard *g = NULL;
        struct dgl_guard_options options = {.allow_nets = bad[i].nets};
        if (dgl_guard_new(&options, &g, &err) == DGL_OK)
            fail_msg("accepted: %s", bad[i].nets);
        assert_int_equal(err.code, DGL_E_INVALID);
        assert_string_equal(err.field, "allow_nets");
        assert_contains(err.message, bad[i].message);
    }
}

static void test_own_addresses(void **state DGL_UNUSED)
{
    struct ifaddrs *list;
    bool is_private;
    size_t seen = 0;
    DGL_AUTO(guard) strict = guard_with("0.0.0.0/1,128.0.0.0/2", false, true); // lets nothing of IPv6 through
    DGL_AUTO(guard) plain = guard_with(NULL, false, true);
    assert_int_equal(getifaddrs(&list), 0);
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
            continue;
        seen++;
        assert_false(dgl_guard_allows(plain, i->ifa_addr, &is_private));
        if (i->ifa_addr->sa_family == AF_INET6)
            assert_false(dgl_guard_allows(strict, i->ifa_addr, &is_private));
        else if (dgl_guard_allows(strict, i->ifa_addr, &is_private))
            assert_true(is_private);
    }
    freeifaddrs(list);
    assert_true(seen > 0);
}

static void test_other_families(void **state DGL_UNUSED)
{
    DGL_AUTO(guard) g = guard_with("0.0.0.0/0,::/0", true, false);
    struct sockaddr_storage unix_socket = {.ss_family = AF_UNIX}, nothing = {.ss_family = AF_UNSPEC};
    bool is_private;
    assert_false(dgl_guard_allows(g, (struct sockaddr *)&unix_socket, &is_private));
    assert_false(dgl_guard_allows(g, (struct sockaddr *)&nothing, &is_private));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),       cmocka_unit_test(test_literals_in_urls), cmocka_unit_test(test_urls),
        cmocka_unit_test(test_development),   cmocka_unit_test(test_allow_nets),       cmocka_unit_test(test_bad_nets),
        cmocka_unit_test(test_own_addresses), cmocka_unit_test(test_other_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
