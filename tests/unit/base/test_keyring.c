// The key file, subkeys per purpose, sealing bound to its context, rotation.
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "folder.h"
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#define KEY_1 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_2 "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static void write_file(const char *path, const char *text, unsigned mode)
{
    struct dgl_error err = DGL_ERROR_INIT;
    assert_ok(dgl_file_write_atomic(path, text, strlen(text), mode, &err), err);
}

static void test_created_once(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char path[4096];
    folder_path(state, "secret.key", path);
    DGL_AUTO(keyring) k = NULL;
    assert_int_equal(dgl_keyring_load(path, false, &k, &err), DGL_E_IO);
    assert_null(k);
    assert_ok(dgl_keyring_load(path, true, &k, &err), err);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 64 + 1 + 20 + 1); // key, blank, time, line feed
    DGL_AUTO(keyring) again = NULL;
    assert_ok(dgl_keyring_load(path, true, &again, &err), err);
    unsigned char a[32], b[32];
    assert_true(dgl_keyring_subkey(k, 1, DGL_KEY_LINK, a) && dgl_keyring_subkey(again, 1, DGL_KEY_LINK, b));
    assert_memory_equal(a, b, 32);
}

static void test_refuses_bad_files(void **state)
{
    static const struct {
        const char *text;
        unsigned mode;
        const char *message;
    } cases[] = {
        {KEY_1 "\n", 0640, "chmod 600"},           {KEY_1 "\n", 0604, "chmod 600"}, {"", 0600, "holds no key"},
        {KEY_1 "\n\n" KEY_2 "\n", 0600, "line 2"}, {"abc\n", 0600, "line 1"},       {"g" KEY_1 "\n", 0600, "line 1"},
    };
    char path[4096];
    folder_path(state, "k", path);
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_keyring *k = NULL;
        write_file(path, cases[i].text, cases[i].mode);
        assert_int_equal(dgl_keyring_load(path, true, &k, &err), DGL_E_INVALID);
        assert_contains(err.message, cases[i].message);
        assert_null(k);
    }
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_keyring *k = NULL;
    assert_int_equal(dgl_keyring_load(*state, true, &k, &err), DGL_E_INVALID); // a folder
}

static void test_subkeys_differ(void **state DGL_UNUSED)
{
    unsigned char master[32] = {1}, keys[4][32];
    DGL_AUTO(keyring) k = dgl_keyring_new_for_test(master);
    assert_int_equal(dgl_keyring_current(k), 1);
    for (int i = 0; i < 4; i++)
        assert_true(dgl_keyring_subkey(k, 1, (enum dgl_key_purpose)(i + 1), keys[i]));
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(keys[i], keys[j], 32);
    assert_false(dgl_keyring_subkey(k, 0, DGL_KEY_SEAL, keys[0]));
    assert_false(dgl_keyring_subkey(k, 2, DGL_KEY_SEAL, keys[0]));
}

static void test_seal(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    unsigned char master[32] = {1}, other[32] = {2};
    DGL_AUTO(keyring) k = dgl_keyring_new_for_test(master);
    DGL_AUTO(keyring) wrong = dgl_keyring_new_for_test(other);
    DGL_AUTO_FINI(buf) sealed = DGL_BUF_INIT(1000);
    DGL_AUTO_FINI(buf) again = DGL_BUF_INIT(1000);
    DGL_AUTO_FINI(buf) data = DGL_BUF_INIT(1000);
    assert_ok(dgl_seal(k, "webhook_secret:1", "secret", 6, &sealed, &err), err);
    assert_ok(dgl_seal(k, "webhook_secret:1", "secret", 6, &again, &err), err);
    assert_int_equal(sealed.len, 6 + 41);
    assert_memory_not_equal(sealed.data, again.data, sealed.len); // fresh nonce
    assert_null(memmem(sealed.data, sealed.len, "secret", 6));
    assert_ok(dgl_unseal(k, "webhook_secret:1", sealed.data, sealed.len, &data, &err), err);
    assert_string_equal(data.data, "secret");
    dgl_buf_reset(&data);
    assert_int_equal(dgl_unseal(k, "webhook_secret:2", sealed.data, sealed.len, &data, &err), DGL_E_INTERNAL);
    assert_string_equal(err.slug, "cannot_unseal");
    assert_int_equal(dgl_unseal(wrong, "webhook_secret:1", sealed.data, sealed.len, &data, &err), DGL_E_INTERNAL);
    for (size_t i = 0; i < sealed.len; i++) { // every bit of it is protected
        sealed.data[i] ^= 1;
        assert_int_equal(dgl_unseal(k, "webhook_secret:1", sealed.data, sealed.len, &data, &err), DGL_E_INTERNAL);
        sealed.data[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(dgl_unseal(k, "webhook_secret:1", sealed.data, len, &data, &err), DGL_E_INTERNAL);
    assert_int_equal(data.len, 0);
    dgl_buf_reset(&again);
    assert_ok(dgl_seal(k, "", NULL, 0, &again, &err), err);
    assert_ok(dgl_unseal(k, "", again.data, again.len, &data, &err), err);
}

static void test_rotation(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char path[4096];
    folder_path(state, "k", path);
    DGL_AUTO_FINI(buf) sealed = DGL_BUF_INIT(1000);
    DGL_AUTO_FINI(buf) data = DGL_BUF_INIT(1000);
    write_file(path, KEY_1, 0600); // without a line feed at the end
    DGL_AUTO(keyring) before = NULL;
    assert_ok(dgl_keyring_load(path, false, &before, &err), err);
    assert_ok(dgl_seal(before, "c", "old", 3, &sealed, &err), err);

    write_file(path, KEY_1 "\r\n" KEY_2 "\n", 0400);
    DGL_AUTO(keyring) after = NULL;
    assert_ok(dgl_keyring_load(path, false, &after, &err), err);
    assert_int_equal(dgl_keyring_current(after), 2);
    assert_ok(dgl_unseal(after, "c", sealed.data, sealed.len, &data, &err), err);
    assert_string_equal(data.data, "old");
    dgl_buf_reset(&sealed);
    assert_ok(dgl_seal(after, "c", "new", 3, &sealed, &err), err);
    assert_int_equal(sealed.data[0], 2);
    assert_int_equal(dgl_unseal(before, "c", sealed.data, sealed.len, &data, &err), DGL_E_INTERNAL);
    assert_contains(err.message, "key 2");
}

static int start(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    return dgl_crypto_init(&err) == DGL_OK ? 0 : -1;
}

// A ring adds keys to its file, another follows, and a retired key opens nothing more.
static void test_rotates_and_is_followed(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char path[4096], one[DGL_KEY_FINGERPRINT_LEN], two[DGL_KEY_FINGERPRINT_LEN];
    folder_path(state, "rotating", path);
    DGL_AUTO_FINI(buf) old = DGL_BUF_INIT(1000);
    DGL_AUTO_FINI(buf) sealed = DGL_BUF_INIT(1000);
    DGL_AUTO_FINI(buf) data = DGL_BUF_INIT(1000);
    DGL_AUTO(keyring) server = NULL;
    DGL_AUTO(keyring) command = NULL;
    assert_ok(dgl_keyring_load(path, true, &server, &err), err);
    assert_ok(dgl_keyring_load(path, false, &command, &err), err);
    assert_ok(dgl_seal(server, "c", "before", 6, &old, &err), err);
    usleep(1100 * 1000); // a ring looks for a key it does not know at most once a second
    assert_ok(dgl_keyring_add(command, 1700000000 * DGL_US_PER_S, &err), err);
    assert_int_equal(dgl_keyring_current(command), 2);
    assert_int_equal(dgl_keyring_made_at_us(command, 2), 1700000000 * DGL_US_PER_S);
    assert_ok(dgl_seal(command, "c", "after", 5, &sealed, &err), err);
    assert_ok(dgl_unseal(server, "c", sealed.data, sealed.len, &data, &err), err);
    assert_string_equal(data.data, "after");
    assert_int_equal(dgl_keyring_current(server), 2);
    assert_true(dgl_keyring_fingerprint(server, 1, one) && dgl_keyring_fingerprint(command, 2, two));
    assert_string_not_equal(one, two);

    assert_ok(dgl_keyring_retire(command, 2, &err), err);
    assert_false(dgl_keyring_has(command, 1));
    assert_int_equal(dgl_unseal(command, "c", old.data, old.len, &data, &err), DGL_E_INTERNAL);
    DGL_AUTO(keyring) later = NULL;
    assert_ok(dgl_keyring_load(path, false, &later, &err), err);
    assert_false(dgl_keyring_has(later, 1));
    assert_int_equal(dgl_keyring_current(later), 2);
    assert_ok(dgl_unseal(later, "c", sealed.data, sealed.len, &data, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_created_once, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_refuses_bad_files, folder_make, folder_remove),
        cmocka_unit_test(test_subkeys_differ),
        cmocka_unit_test(test_seal),
        cmocka_unit_test_setup_teardown(test_rotation, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_rotates_and_is_followed, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
