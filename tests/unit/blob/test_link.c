// Signed links: made, verified to the second, and every way to alter one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "server/blob/link.h"

#include <stdio.h>
#include <string.h>

#define ID "018f0000-0000-7000-8000-0123456789ab"
#define OTHER "018f0000-0000-7000-8000-0123456789ac"
#define EXPIRES INT64_C(1700086400)

static struct dgl_keyring *keys;

static int make_keys(void **state)
{
    struct dgl_error err;
    unsigned char master[32];
    (void)state;
    memset(master, 5, sizeof master);
    keys = dgl_crypto_init(&err) == DGL_OK ? dgl_keyring_new_for_test(master) : NULL;
    return keys ? 0 : -1;
}

static int free_keys(void **state)
{
    (void)state;
    dgl_keyring_free(keys);
    return 0;
}

struct parts {
    char file[64], expires[32], signature[64];
};

static struct parts make(const char *format)
{
    struct dgl_error err;
    char link[DGL_LINK_MAX];
    struct parts p;
    assert_int_equal(dgl_link_make(keys, "https://d.example", ID, format, EXPIRES, link, &err), DGL_OK);
    assert_int_equal(
        sscanf(link, "https://d.example/files/%63[^?]?expires=%31[^&]&signature=%63s", p.file, p.expires, p.signature),
        3);
    return p;
}

static enum dgl_status verify(const struct parts *p, int64_t now_us, struct dgl_error *err)
{
    char document[40], format[8];
    enum dgl_status status = dgl_link_verify(keys, p->file, p->expires, p->signature, now_us, document, format, err);
    if (status == DGL_OK) {
        assert_string_equal(document, ID);
        assert_memory_equal(p->file + 37, format, strlen(format) + 1);
    }
    return status;
}

static void test_valid_to_the_second(void **state)
{
    (void)state;
    struct dgl_error err;
    struct parts pdf = make("pdf"), docx = make("docx");
    assert_string_equal(pdf.file, ID ".pdf");
    assert_string_equal(pdf.expires, "1700086400");
    int64_t last = EXPIRES * DGL_US_PER_S + DGL_US_PER_S - 1;
    assert_int_equal(verify(&pdf, 0, &err), DGL_OK);
    assert_int_equal(verify(&docx, EXPIRES * DGL_US_PER_S, &err), DGL_OK);
    assert_int_equal(verify(&pdf, last, &err), DGL_OK);
    assert_int_equal(verify(&pdf, last + 1, &err), DGL_E_FORBIDDEN);
    assert_string_equal(dgl_error_slug(&err), "link_expired");
}

static void test_the_same_three_give_the_same_link(void **state)
{
    (void)state;
    struct parts one = make("pdf"), two = make("pdf"), other = make("docx");
    assert_string_equal(one.signature, two.signature);
    assert_string_not_equal(one.signature, other.signature);
}

static void assert_altered(const struct parts *p)
{
    struct dgl_error err;
    assert_int_equal(verify(p, 0, &err), DGL_E_FORBIDDEN);
    assert_string_equal(dgl_error_slug(&err), "link_invalid");
}

static void test_altered(void **state)
{
    (void)state;
    struct parts good = make("pdf"), p;
    static const char *const files[] = {"",         "x",          ID,           ID ".",          ID ".PDF", ID ".pdf ",
                                        ID ".docx", ID ".pdf/..", OTHER ".pdf", "../" ID ".pdf", ID "pdf"};
    static const char *const expires[] = {
        "",    "1700086401",         "01700086400", "+1700086400", "-1", "1700086400 ", "99999999999999999999",
        "0x1", "9223372036854775807"};
    for (size_t i = 0; i < DGL_COUNT(files); i++) {
        p = good;
        snprintf(p.file, sizeof p.file, "%s", files[i]);
        assert_altered(&p);
    }
    for (size_t i = 0; i < DGL_COUNT(expires); i++) {
        p = good;
        snprintf(p.expires, sizeof p.expires, "%s", expires[i]);
        assert_altered(&p);
    }
    for (size_t i = 0; i < strlen(good.signature); i++) {
        p = good;
        p.signature[i] = p.signature[i] == 'A' ? 'B' : 'A';
        assert_altered(&p);
        p.signature[i] = '=';
        assert_altered(&p);
    }
    p = good;
    p.signature[43] = '\0';
    assert_altered(&p);
    p = good;
    snprintf(p.signature + 44, sizeof p.signature - 44, "A");
    assert_altered(&p);
}

static void test_missing_parts(void **state)
{
    (void)state;
    struct dgl_error err;
    char document[40], format[8];
    struct parts p = make("pdf");
    assert_int_equal(dgl_link_verify(keys, p.file, NULL, p.signature, 0, document, format, &err), DGL_E_FORBIDDEN);
    assert_int_equal(dgl_link_verify(keys, p.file, p.expires, NULL, 0, document, format, &err), DGL_E_FORBIDDEN);
    assert_int_equal(dgl_link_verify(keys, NULL, p.expires, p.signature, 0, document, format, &err), DGL_E_FORBIDDEN);
}

static void test_another_servers_link(void **state)
{
    (void)state;
    struct dgl_error err;
    unsigned char master[32] = {1};
    char document[40], format[8];
    struct parts p = make("pdf");
    DGL_AUTO(keyring) other = dgl_keyring_new_for_test(master);
    assert_int_equal(dgl_link_verify(other, p.file, p.expires, p.signature, 0, document, format, &err),
                     DGL_E_FORBIDDEN);
}

static void test_what_cannot_be_linked(void **state)
{
    (void)state;
    struct dgl_error err;
    char link[DGL_LINK_MAX], url[DGL_LINK_MAX];
    assert_int_not_equal(dgl_link_make(keys, "https://d.example", "../x", "pdf", EXPIRES, link, &err), DGL_OK);
    assert_int_not_equal(dgl_link_make(keys, "https://d.example", ID, "exe", EXPIRES, link, &err), DGL_OK);
    memset(url, 'u', sizeof url - 1);
    url[sizeof url - 1] = '\0';
    assert_int_equal(dgl_link_make(keys, url, ID, "pdf", EXPIRES, link, &err), DGL_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_to_the_second),
        cmocka_unit_test(test_the_same_three_give_the_same_link),
        cmocka_unit_test(test_altered),
        cmocka_unit_test(test_missing_parts),
        cmocka_unit_test(test_another_servers_link),
        cmocka_unit_test(test_what_cannot_be_linked),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
