// Hashes and MACs against published vectors, codings, passwords.
#include "base/crypto.h"
#include "unit.h"

static void assert_hex(const unsigned char *bytes, size_t len, const char *hex)
{
    char text[256];
    dgl_hex_encode(bytes, len, text);
    assert_string_equal(text, hex);
}

static void test_sha256(void **state DGL_UNUSED)
{
    unsigned char out[DGL_SHA256_LEN];
    dgl_sha256("abc", 3, out); // FIPS 180-4, appendix B.1
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    dgl_sha256(NULL, 0, out);
    assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    struct dgl_sha256_state s;
    dgl_sha256_start(&s);
    dgl_sha256_update(&s, "a", 1);
    dgl_sha256_update(&s, NULL, 0);
    dgl_sha256_update(&s, "bc", 2);
    dgl_sha256_finish(&s, out);
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_hmac(void **state DGL_UNUSED)
{
    unsigned char out[DGL_SHA256_LEN];
    const struct dgl_buf_slice parts[] = {{"what do ya want ", 16}, {NULL, 0}, {"for nothing?", 12}};
    dgl_hmac_sha256("Jefe", 4, parts, 3, out); // RFC 4231 §4.3
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    unsigned char key[131]; // RFC 4231 §4.7: key longer than a block
    memset(key, 0xaa, sizeof(key));
    const struct dgl_buf_slice one = {"Test Using Larger Than Block-Size Key - Hash Key First", 54};
    dgl_hmac_sha256(key, sizeof(key), &one, 1, out);
    assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_ed25519(void **state DGL_UNUSED)
{
    unsigned char seed[32], public_key[32], secret[64], sig[64];
    assert_true(dgl_hex_decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", 64, seed));
    assert_true(dgl_ed25519_keypair(seed, public_key, secret)); // RFC 8032 §7.1, test 2
    assert_hex(public_key, 32, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    dgl_ed25519_sign(secret, "\x72", 1, sig);
    assert_hex(sig, 64,
               "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
               "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    assert_true(dgl_ed25519_verify(public_key, "\x72", 1, sig));
    sig[5] ^= 1;
    assert_false(dgl_ed25519_verify(public_key, "\x72", 1, sig));
}

static void test_hex(void **state DGL_UNUSED)
{
    unsigned char out[4] = {0};
    assert_true(dgl_hex_decode("00fFa1", 6, out));
    assert_memory_equal(out, "\x00\xFF\xA1", 3);
    assert_true(dgl_hex_decode("", 0, out));
    assert_false(dgl_hex_decode("0", 1, out));
    assert_false(dgl_hex_decode("0g", 2, out));
    assert_false(dgl_hex_decode("0 00", 4, out));
}

static void test_base64(void **state DGL_UNUSED)
{
    char text[16];
    unsigned char bytes[16];
    size_t len = 99;
    assert_int_equal(dgl_base64_encode("\xfb\xff\x01\x02", 4, false, text, sizeof(text)), 8);
    assert_string_equal(text, "+/8BAg==");
    assert_int_equal(dgl_base64_encode("\xfb\xff\x01\x02", 4, true, text, sizeof(text)), 6);
    assert_string_equal(text, "-_8BAg");
    assert_int_equal(dgl_base64_encode("abcdef", 6, false, text, 8), 0); // no room for the NUL
    assert_int_equal(dgl_base64_encode("abcdef", 6, false, text, 9), 8);
    assert_true(dgl_base64_decode("+/8BAg==", 8, false, bytes, sizeof(bytes), &len));
    assert_int_equal(len, 4);
    assert_memory_equal(bytes, "\xfb\xff\x01\x02", 4);
    assert_true(dgl_base64_decode("", 0, false, bytes, 0, &len));
    assert_int_equal(len, 0);
    assert_false(dgl_base64_decode("+/8BAg", 6, false, bytes, sizeof(bytes), &len));
    assert_false(dgl_base64_decode("+/8BAh==", 8, false, bytes, sizeof(bytes), &len)); // bits left over
    assert_false(dgl_base64_decode("-_8BAg==", 8, false, bytes, sizeof(bytes), &len));
    assert_false(dgl_base64_decode("+/8B Ag==", 9, false, bytes, sizeof(bytes), &len));
    assert_false(dgl_base64_decode("+/8BAg==", 8, false, bytes, 3, &len));
}

static void test_equal_and_random(void **state DGL_UNUSED)
{
    unsigned char a[32], b[32];
    dgl_random_bytes(a, sizeof(a));
    dgl_random_bytes(b, sizeof(b));
    assert_false(dgl_equal_secret(a, b, sizeof(a)));
    memcpy(b, a, sizeof(a));
    assert_true(dgl_equal_secret(a, b, sizeof(a)));
    dgl_wipe(a, sizeof(a));
    for (size_t i = 0; i < sizeof(a); i++)
        assert_int_equal(a[i], 0);
    dgl_wipe(NULL, 0);
}

static void test_password(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char hash[128];
    assert_ok(dgl_password_hash("correct horse", 13, hash, &err), err);
    assert_memory_equal(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31);
    assert_true(dgl_password_verify(hash, "correct horse", 13));
    assert_false(dgl_password_verify(hash, "correct Horse", 13));
    assert_false(dgl_password_verify("", "x", 1));
    assert_false(dgl_password_verify("$argon2id$nonsense", "x", 1));
    char long_hash[300];
    memset(long_hash, 'a', sizeof(long_hash));
    long_hash[299] = '\0';
    assert_false(dgl_password_verify(long_hash, "x", 1));
}

static int start(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    return dgl_crypto_init(&err) == DGL_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),   cmocka_unit_test(test_hmac),   cmocka_unit_test(test_ed25519),
        cmocka_unit_test(test_hex),      cmocka_unit_test(test_base64), cmocka_unit_test(test_equal_and_random),
        cmocka_unit_test(test_password),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
