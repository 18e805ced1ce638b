// URLs: what is taken, how it is normalized, what is refused.
#include "../base/unit.h"
#include "server/net/url.h"

#include <stdio.h>

static const struct good {
    const char *text, *host, *origin, *target;
    int port;
} good[] = {
    {"https://example.com", "example.com", "https://example.com", "/", 443},
    {"https://example.com/", "example.com", "https://example.com", "/", 443},
    {"HTTPS://EXAMPLE.COM/Path", "example.com", "https://example.com", "/Path", 443},
    {"https://example.com:443/a", "example.com", "https://example.com", "/a", 443},
    {"https://example.com:/a", "example.com", "https://example.com", "/a", 443},
    {"https://example.com:8443/a", "example.com", "https://example.com:8443", "/a", 8443},
    {"http://example.com", "example.com", "http://example.com", "/", 80},
    {"http://example.com:80", "example.com", "http://example.com", "/", 80},
    {"http://example.com:443", "example.com", "http://example.com:443", "/", 443},
    {"https://example.com:1", "example.com", "https://example.com:1", "/", 1},
    {"https://example.com:65535", "example.com", "https://example.com:65535", "/", 65535},
    {"https://example.com.", "example.com", "https://example.com", "/", 443},
    {"https://example.com./x", "example.com", "https://example.com", "/x", 443},
    {"https://example.com?a=b", "example.com", "https://example.com", "/?a=b", 443},
    {"https://example.com/p?a=b&c=%20", "example.com", "https://example.com", "/p?a=b&c=%20", 443},
    {"https://example.com/p#frag", "example.com", "https://example.com", "/p", 443},
    {"https://example.com#frag", "example.com", "https://example.com", "/", 443},
    {"https://example.com#@evil.test/", "example.com", "https://example.com", "/", 443},
    {"https://example.com/a/../b/./c", "example.com", "https://example.com", "/a/../b/./c", 443},
    {"https://example.com//x", "example.com", "https://example.com", "//x", 443},
    {"https://example.com/@user:pass", "example.com", "https://example.com", "/@user:pass", 443},
    {"https://example.com?u=http://127.0.0.1/", "example.com", "https://example.com", "/?u=http://127.0.0.1/", 443},
    {"https://example.com/\xC3\xA4?\xE2\x82\xAC", "example.com", "https://example.com", "/%C3%A4?%E2%82%AC", 443},
    {"https://example.com/{id}|<x>\"^`", "example.com", "https://example.com", "/%7Bid%7D%7C%3Cx%3E%22%5E%60", 443},
    {"https://a-b.example.com", "a-b.example.com", "https://a-b.example.com", "/", 443},
    {"https://my_service:3000/hook", "my_service", "https://my_service:3000", "/hook", 3000},
    {"https://localhost/", "localhost", "https://localhost", "/", 443},
    {"https://1.example.com", "1.example.com", "https://1.example.com", "/", 443},
    {"https://1and1.com", "1and1.com", "https://1and1.com", "/", 443},
    {"https://0x.example", "0x.example", "https://0x.example", "/", 443},
    {"https://0xfg", "0xfg", "https://0xfg", "/", 443},
    {"https://93.184.216.34/", "93.184.216.34", "https://93.184.216.34", "/", 443},
    {"https://93.184.216.34./", "93.184.216.34", "https://93.184.216.34", "/", 443},
    {"https://255.255.255.255/", "255.255.255.255", "https://255.255.255.255", "/", 443},
    {"https://0.0.0.0/", "0.0.0.0", "https://0.0.0.0", "/", 443},
    {"https://[2606:4700::1111]/", "2606:4700::1111", "https://[2606:4700::1111]", "/", 443},
    {"https://[2606:4700:0:0:0:0:0:1111]:8443/x", "2606:4700::1111", "https://[2606:4700::1111]:8443", "/x", 8443},
    {"https://[2606:4700::ABCD]/", "2606:4700::abcd", "https://[2606:4700::abcd]", "/", 443},
    {"https://[::1]/", "::1", "https://[::1]", "/", 443},
    {"https://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", "https://[::ffff:127.0.0.1]", "/", 443},
    {"https://[::ffff:7f00:1]/", "::ffff:127.0.0.1", "https://[::ffff:127.0.0.1]", "/", 443},
    {"https://m\xC3\xBCnchen.example/x", "xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", "/x", 443},
    {"https://M\xC3\x9CNCHEN.example/", "xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", "/", 443},
    {"https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", "/", 443},
    {"https://XN--MNCHEN-3YA.example/", "xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", "/", 443},
    {"https://fa\xC3\x9F.example/", "xn--fa-hia.example", "https://xn--fa-hia.example", "/", 443},
    {"https://\xE4\xBE\x8B\xE5\xAD\x90\xE3\x80\x82\xE6\xB5\x8B\xE8\xAF\x95/", "xn--fsqu00a.xn--0zwm56d",
     "https://xn--fsqu00a.xn--0zwm56d", "/", 443},
    {"https://exa\xEF\xBD\x8Dple.com/", "example.com", "https://example.com", "/", 443},
    // Fullwidth digits are digits: the address is then judged as the address it is.
    {"https://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", "127.0.0.1", "https://127.0.0.1", "/", 443},
};

static void test_good(void **state DGL_UNUSED)
{
    for (size_t i = 0; i < DGL_COUNT(good); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_url u;
        const struct good *g = &good[i];
        if (dgl_url_parse(g->text, strlen(g->text), "webhook_url", &u, &err) != DGL_OK)
            fail_msg("%s: %s", g->text, err.message);
        assert_string_equal(u.host, g->host);
        assert_string_equal(u.origin, g->origin);
        assert_string_equal(u.target, g->target);
        assert_int_equal(u.port, g->port);
        assert_int_equal(u.https, g->origin[4] == 's');
        char whole[2 * DGL_URL_MAX];
        snprintf(whole, sizeof whole, "%s%s", g->origin, g->target);
        assert_string_equal(u.text, whole);
        // What was normalized is stable.
        struct dgl_url again;
        assert_ok(dgl_url_parse(u.text, strlen(u.text), "webhook_url", &again, &err), err);
        assert_string_equal(again.text, u.text);
        assert_int_equal(again.host_is_address, u.host_is_address);
    }
}

static const struct bad {
    const char *text, *message; // a part of it
} bad[] = {
    {"", "is empty"},
    {" ", "space or control character"},
    {"example.com", "must begin with https://"},
    {"//example.com/", "must begin with https://"},
    {"/path", "must begin with https://"},
    {"ftp://example.com/", "must begin with https://"},
    {"file:///etc/passwd", "must begin with https://"},
    {"gopher://example.com/", "must begin with https://"},
    {"javascript:alert(1)", "must begin with https://"},
    {"https:/example.com", "must begin with https://"},
    {"https:example.com", "must begin with https://"},
    {"https//example.com", "must begin with https://"},
    {"https://", "names no host"},
    {"https:///path", "names no host"},
    {"https://?x", "names no host"},
    {"https://#x", "names no host"},
    {"https://:443/", "names no host"},
    {"https://./", "empty part"},
    {"https://../", "empty part"},
    {"https://.example.com/", "empty part"},
    {"https://example..com/", "empty part"},
    {"https://example.com../", "empty part"},
    {"https://user@example.com/", "user name or password"},
    {"https://user:pass@example.com/", "user name or password"},
    {"https://:@example.com/", "user name or password"},
    {"https://@example.com/", "user name or password"},
    {"https://example.com@127.0.0.1/", "user name or password"},
    {"https://example.com:443@127.0.0.1/", "user name or password"},
    {"https://example.com\\@127.0.0.1/", "backslash"},
    {"https:\\\\example.com\\", "backslash"},
    {"https://example.com\\.evil.test/", "backslash"},
    {"https://example.com/a b", "space or control character"},
    {"https://example .com/", "space or control character"},
    {" https://example.com/", "space or control character"},
    {"https://example.com/ ", "space or control character"},
    {"https://example.com/\r\nX: y", "space or control character"},
    {"https://exam\tple.com/", "space or control character"},
    {"https://example.com/\x7f", "space or control character"},
    {"https://example.com:0/", "from 1 to 65535"},
    {"https://example.com:65536/", "from 1 to 65535"},
    {"https://example.com:99999999/", "from 1 to 65535"},
    {"https://example.com:-1/", "from 1 to 65535"},
    {"https://example.com:+443/", "from 1 to 65535"},
    {"https://example.com:https/", "from 1 to 65535"},
    {"https://example.com:443:443/", "from 1 to 65535"},
    {"https://exam%70le.com/", "cannot have"},
    {"https://127.0.0.1%2f@x/", "user name or password"},
    {"https://127.0.0.1%00.example.com/", "cannot have"},
    {"https://exa$mple.com/", "cannot have"},
    {"https://exa*mple.com/", "cannot have"},
    {"https://-example.com/", "hyphen"},
    {"https://example-.com/", "hyphen"},
    {"https://2130706433/", "usual form"},
    {"https://017700000001/", "usual form"},
    {"https://0x7f000001/", "usual form"},
    {"https://0X7F.0x0.0x0.0x1/", "usual form"},
    {"https://0177.0.0.1/", "usual form"},
    {"https://127.1/", "usual form"},
    {"https://127.0.1/", "usual form"},
    {"https://127.0.0.01/", "usual form"},
    {"https://127.0.0.0x1/", "usual form"},
    {"https://127.0.0.1.1/", "usual form"},
    {"https://127.0.0.256/", "usual form"},
    {"https://example.com.0x7f/", "usual form"},
    {"https://example.123/", "usual form"},
    {"https://1/", "usual form"},
    {"https://0/", "usual form"},
    {"https://0x/", "usual form"},
    {"https://00000000000000000000000000000000177.0.0.1/", "usual form"},
    {"https://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.1/", "usual form"},
    {"https://[::1/", "closing bracket"},
    {"https://[]/", "without an IPv6 address"},
    {"https://[127.0.0.1]/", "not an IPv6 address"},
    {"https://[example.com]/", "not an IPv6 address"},
    {"https://[fe80::1%25eth0]/", "network interface"},
    {"https://[fe80::1%eth0]/", "network interface"},
    {"https://[::1]x/", "between its IPv6 address and the port"},
    {"https://[::1][::2]/", "between its IPv6 address and the port"},
    {"https://[v1.fe80]/", "not an IPv6 address"},
    {"https://[1:2:3:4:5:6:7:8:9]/", "not an IPv6 address"},
    {"https://::1/", "from 1 to 65535"},
    {"https://example.com/%", "not followed by two hex digits"},
    {"https://example.com/%z1", "not followed by two hex digits"},
    {"https://example.com/%1", "not followed by two hex digits"},
    {"https://example.com/\xff", "not valid UTF-8"},
    {"https://\xC0\xAF"
     "example.com/",
     "not valid UTF-8"},
    {"https://xn--a/", "internationalized"},
    {"https://xn--\xC3\xBC.example/", "internationalized"},
};

static void test_bad(void **state DGL_UNUSED)
{
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_url u = {.port = 7};
        if (dgl_url_parse(bad[i].text, strlen(bad[i].text), "webhook_url", &u, &err) == DGL_OK)
            fail_msg("accepted: %s as %s", bad[i].text, u.text);
        assert_int_equal(err.code, DGL_E_INVALID);
        assert_string_equal(err.slug, "invalid_url");
        assert_string_equal(err.field, "webhook_url");
        assert_contains(err.message, "webhook_url");
        if (!strstr(err.message, bad[i].message))
            fail_msg("%s: \"%s\" is not in \"%s\"", bad[i].text, bad[i].message, err.message);
        assert_int_equal(u.port, 7); // outputs are written on success only
    }
}

static void test_lengths(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url u;
    char text[DGL_URL_MAX + 64];
    const char start[] = "https://example.com/";
    memset(text, 'a', sizeof text);
    memcpy(text, start, sizeof start - 1);
    assert_ok(dgl_url_parse(text, DGL_URL_MAX, "u", &u, &err), err);
    assert_int_equal(strlen(u.text), DGL_URL_MAX);
    assert_int_equal(dgl_url_parse(text, DGL_URL_MAX + 1, "u", &u, &err), DGL_E_INVALID);
    assert_contains(err.message, "at most 2048");
    text[DGL_URL_MAX - 1] = '{'; // grows by two
    assert_int_equal(dgl_url_parse(text, DGL_URL_MAX, "u", &u, &err), DGL_E_INVALID);
    assert_contains(err.message, "once normalized");
    memset(text + sizeof start - 1, '{', sizeof text - sizeof start);
    assert_int_equal(dgl_url_parse(text, 1500, "u", &u, &err), DGL_E_INVALID);
}

static void test_long_hosts(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url u;
    char text[1024] = "https://", label[80];
    memset(label, 'a', 63);
    label[63] = '\0';
    for (int i = 0; i < 3; i++) {
        strncat(text, label, sizeof text - strlen(text) - 1);
        strncat(text, ".", sizeof text - strlen(text) - 1);
    }
    size_t len = strlen(text);
    snprintf(text + len, sizeof text - len, "%.61s", label);
    assert_ok(dgl_url_parse(text, strlen(text), "u", &u, &err), err); // 253 characters
    snprintf(text + len, sizeof text - len, "%.62s", label);
    assert_int_equal(dgl_url_parse(text, strlen(text), "u", &u, &err), DGL_E_INVALID);
    assert_contains(err.message, "at most 253");
    snprintf(text, sizeof text, "https://a%s.example/", label);
    assert_int_equal(dgl_url_parse(text, strlen(text), "u", &u, &err), DGL_E_INVALID);
    assert_contains(err.message, "longer than 63");
}

static void test_embedded_nul(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url u;
    assert_int_equal(dgl_url_parse("https://a.test\0.b.test/", 23, "u", &u, &err), DGL_E_INVALID);
    assert_contains(err.message, "control character");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_bad),          cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_long_hosts), cmocka_unit_test(test_embedded_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
