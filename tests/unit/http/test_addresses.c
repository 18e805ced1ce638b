// Connections by address: the table against one that is a plain list, and what counts as one address.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "server/http/addresses.h"
#include "server/http/proxy.h"

#include <string.h>

#define MAX_CONNECTIONS 100
#define ADDRESSES 150

static struct in6_addr address(const char *text)
{
    struct in6_addr a;
    assert_true(http_address_parse(text, strlen(text), &a));
    return a;
}

static void counts_like_a_plain_list(void **state)
{
    (void)state;
    struct http_addresses a;
    unsigned model[ADDRESSES] = {0};
    size_t open = 0;
    uint32_t random = 7;
    http_addresses_init(&a, MAX_CONNECTIONS);
    for (int i = 0; i < 100000; i++) {
        random = random * 1664525 + 1013904223;
        size_t which = (random >> 8) % ADDRESSES;
        struct in6_addr peer = address("192.0.2.0");
        peer.s6_addr[15] = (uint8_t)which;
        bool arrives = open < MAX_CONNECTIONS && (random >> 24) % 2;
        if (arrives)
            http_addresses_enter(&a, &peer);
        else if (model[which] > 0)
            http_addresses_leave(&a, &peer);
        else
            continue;
        open += arrives ? 1 : SIZE_MAX;
        model[which] += arrives ? 1 : UINT32_MAX;
        for (size_t j = 0; j < ADDRESSES; j++) {
            peer.s6_addr[15] = (uint8_t)j;
            assert_int_equal(http_addresses_count(&a, &peer), model[j]);
        }
    }
    http_addresses_fini(&a);
}

static void one_network_of_ipv6_is_one_address(void **state)
{
    (void)state;
    struct http_addresses a;
    struct in6_addr one = address("2001:db8:1:2::1"), same = address("2001:db8:1:2:ffff::7"),
                    other = address("2001:db8:1:3::1"), v4 = address("192.0.2.1"), v4_next = address("192.0.2.2");
    http_addresses_init(&a, MAX_CONNECTIONS);
    http_addresses_enter(&a, &one);
    http_addresses_enter(&a, &same);
    http_addresses_enter(&a, &v4);
    assert_int_equal(http_addresses_count(&a, &one), 2);
    assert_int_equal(http_addresses_count(&a, &same), 2);
    assert_int_equal(http_addresses_count(&a, &other), 0);
    assert_int_equal(http_addresses_count(&a, &v4), 1);
    assert_int_equal(http_addresses_count(&a, &v4_next), 0);
    http_addresses_fini(&a);
}

int main(void)
{
    struct dgl_error err;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_like_a_plain_list),
        cmocka_unit_test(one_network_of_ipv6_is_one_address),
    };
    return dgl_crypto_init(&err) == DGL_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
