// Trusted proxies and the address behind them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/proxy.h"

#include <string.h>

static struct in6_addr address(const char *text)
{
    struct in6_addr a;
    assert_true(http_address_parse(text, strlen(text), &a));
    return a;
}

static void knows_networks(void **state)
{
    (void)state;
    struct http_nets n;
    struct dgl_error err;
    assert_int_equal(http_nets_parse(" 10.0.0.0/8, 192.0.2.7,fd00::/9 ,", &n, &err), DGL_OK);
    assert_int_equal(n.count, 3);
    struct in6_addr in[] = {address("10.255.0.1"), address("192.0.2.7"), address("fd7f::1"),
                            address("::ffff:10.0.0.1")};
    for (size_t i = 0; i < DGL_COUNT(in); i++)
        assert_true(http_nets_hold(&n, &in[i]));
    struct in6_addr out[] = {address("11.0.0.1"), address("192.0.2.8"), address("fd80::1"), address("::1")};
    for (size_t i = 0; i < DGL_COUNT(out); i++)
        assert_false(http_nets_hold(&n, &out[i]));
}

static void refuses_what_is_no_network(void **state)
{
    (void)state;
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0",         "a", "::1/129", "10.0.0.0/",
                                      "10.0.0.0/-1", "1.2.3.4 5.6.7.8"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct http_nets n;
        struct dgl_error err;
        if (http_nets_parse(bad[i], &n, &err) != DGL_E_INVALID)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void walks_from_the_right(void **state)
{
    (void)state;
    static const struct {
        const char *chain, *client;
    } cases[] = {
        {"203.0.113.9", "203.0.113.9"},
        {"6.6.6.6, 203.0.113.9", "203.0.113.9"},
        {"203.0.113.9, 10.1.1.1, 10.2.2.2", "203.0.113.9"},
        {"10.3.3.3, 10.1.1.1", "10.3.3.3"},
        {"garbage, 10.1.1.1", "10.1.1.1"},
        {"garbage", "10.9.9.9"},
        {"", "10.9.9.9"},
        {"[2001:db8::1], 10.1.1.1", "2001:db8::1"},
    };
    struct http_nets n;
    struct dgl_error err;
    assert_int_equal(http_nets_parse("10.0.0.0/8", &n, &err), DGL_OK);
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct in6_addr client = address("10.9.9.9");
        char text[INET6_ADDRSTRLEN];
        http_forwarded_client(&n, cases[i].chain, &client);
        http_address_format(&client, text);
        assert_string_equal(text, cases[i].client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(knows_networks), cmocka_unit_test(refuses_what_is_no_network),
                                       cmocka_unit_test(walks_from_the_right)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
