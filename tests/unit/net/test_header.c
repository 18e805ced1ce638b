// What may stand in a header that somebody else has a say in.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/net/header.h"

#include <string.h>

static void names_are_tokens(void **state)
{
    (void)state;
    char longest[DGL_HEADER_NAME_MAX + 2];
    memset(longest, 'a', sizeof(longest));
    longest[DGL_HEADER_NAME_MAX] = '\0';
    assert_true(dgl_header_is_name("X-Token"));
    assert_true(dgl_header_is_name("a!#$%&'*+-.^_`|~9"));
    assert_true(dgl_header_is_name(longest));
    longest[DGL_HEADER_NAME_MAX] = 'a';
    longest[DGL_HEADER_NAME_MAX + 1] = '\0';
    static const char *const no[] = {"", ":", "a b", "a:", "a\r\nb", "\xC3\xA4", "a\t", "(a)"};
    assert_false(dgl_header_is_name(longest));
    for (size_t i = 0; i < DGL_COUNT(no); i++)
        assert_false(dgl_header_is_name(no[i]));
}

static void values_are_printable(void **state)
{
    (void)state;
    static const char *const no[] = {"", " a", "a ", "a\r\nb: c", "a\nb", "a\tb", "\x7F", "\xC3\xA4"};
    assert_true(dgl_header_is_value("Bearer a~b c"));
    for (size_t i = 0; i < DGL_COUNT(no); i++)
        assert_false(dgl_header_is_value(no[i]));
}

static void http_keeps_its_own(void **state)
{
    (void)state;
    static const char *const reserved[] = {"Host",
                                           "transfer-encoding",
                                           "CONTENT-LENGTH",
                                           "Connection",
                                           "Proxy-Connection",
                                           "proxy-authorization",
                                           "X-Forwarded-For",
                                           "Sec-Fetch-Mode",
                                           "expect",
                                           "TE"};
    static const char *const free[] = {"Authorization", "X-Token", "webhook-id", "Content-Type",
                                       "hosts",         "proxy",   "te-x"};
    for (size_t i = 0; i < DGL_COUNT(reserved); i++)
        assert_true(dgl_header_is_reserved(reserved[i]));
    for (size_t i = 0; i < DGL_COUNT(free); i++)
        assert_false(dgl_header_is_reserved(free[i]));
    static const char *const list[] = {"one", "some-", NULL};
    assert_true(dgl_header_is_among("ONE", list) && dgl_header_is_among("Some-thing", list));
    assert_false(dgl_header_is_among("one-", list) || dgl_header_is_among("some", list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_tokens),
        cmocka_unit_test(values_are_printable),
        cmocka_unit_test(http_keeps_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
