// Cryptography: thin names over libsodium, and the text codings that go with it. Keys and sealing are in keyring.c.
#include "base/crypto.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct dgl_sha256_state), "state fits");
_Static_assert(crypto_pwhash_STRBYTES == 128, "password hashes fit");

enum dgl_status dgl_crypto_init(struct dgl_error *err)
{
    if (sodium_init() < 0)
        return DGL_FAIL(err, DGL_E_INTERNAL, "the system gives no random numbers; cryptography cannot start");
    return DGL_OK;
}

void dgl_random_bytes(void *out, size_t len)
{
    randombytes_buf(out, len);
}

bool dgl_equal_secret(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void dgl_wipe(void *p, size_t len)
{
    if (len)
        sodium_memzero(p, len);
}

void dgl_sha256(const void *data, size_t len, unsigned char out[DGL_SHA256_LEN])
{
    crypto_hash_sha256(out, len ? data : (const unsigned char *)"", len);
}

void dgl_sha256_start(struct dgl_sha256_state *s)
{
    crypto_hash_sha256_init((crypto_hash_sha256_state *)s);
}

void dgl_sha256_update(struct dgl_sha256_state *s, const void *data, size_t len)
{
    if (len)
        crypto_hash_sha256_update((crypto_hash_sha256_state *)s, data, len);
}

void dgl_sha256_finish(struct dgl_sha256_state *s, unsigned char out[DGL_SHA256_LEN])
{
    crypto_hash_sha256_final((crypto_hash_sha256_state *)s, out);
}

void dgl_hmac_sha256(const void *key, size_t key_len, const struct dgl_buf_slice *parts, size_t count,
                     unsigned char out[DGL_SHA256_LEN])
{
    crypto_auth_hmacsha256_state s;
    crypto_auth_hmacsha256_init(&s, key_len ? key : (const unsigned char *)"", key_len);
    for (size_t i = 0; i < count; i++)
        if (parts[i].len)
            crypto_auth_hmacsha256_update(&s, parts[i].data, parts[i].len);
    crypto_auth_hmacsha256_final(&s, out);
    sodium_memzero(&s, sizeof(s));
}

bool dgl_ed25519_keypair(const unsigned char seed[32], unsigned char ret_public[32], unsigned char ret_secret[64])
{
    return crypto_sign_seed_keypair(ret_public, ret_secret, seed) == 0;
}

void dgl_ed25519_sign(const unsigned char secret[64], const void *data, size_t len, unsigned char out[64])
{
    crypto_sign_detached(out, NULL, len ? data : (const unsigned char *)"", len, secret);
}

bool dgl_ed25519_verify(const unsigned char public_key[32], const void *data, size_t len, const unsigned char sig[64])
{
    return crypto_sign_verify_detached(sig, len ? data : (const unsigned char *)"", len, public_key) == 0;
}

void dgl_hex_encode(const void *data, size_t len, char *out)
{
    sodium_bin2hex(out, 2 * len + 1, len ? data : (const unsigned char *)"", len);
}

bool dgl_hex_decode(const char *s, size_t len, void *out)
{
    size_t written = 0;
    return len % 2 == 0 &&
           (len == 0 || (sodium_hex2bin(out, len / 2, s, len, NULL, &written, NULL) == 0 && written == len / 2));
}

static int base64_variant(bool url_safe_unpadded)
{
    return url_safe_unpadded ? sodium_base64_VARIANT_URLSAFE_NO_PADDING : sodium_base64_VARIANT_ORIGINAL;
}

size_t dgl_base64_encode(const void *data, size_t len, bool url_safe_unpadded, char *out, size_t size)
{
    int variant = base64_variant(url_safe_unpadded);
    if (len > SIZE_MAX / 2 || sodium_base64_encoded_len(len, variant) > size)
        return 0;
    sodium_bin2base64(out, size, len ? data : (const unsigned char *)"", len, variant);
    return strlen(out);
}

bool dgl_base64_decode(const char *s, size_t len, bool url_safe_unpadded, void *out, size_t size, size_t *ret_len)
{
    size_t written = 0;
    if (len && sodium_base642bin(out, size, s, len, NULL, &written, NULL, base64_variant(url_safe_unpadded)) != 0)
        return false;
    *ret_len = written;
    return true;
}

enum dgl_status dgl_password_hash(const char *password, size_t len, char out[128], struct dgl_error *err)
{
    if (crypto_pwhash_str_alg(out, password, len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "there is no memory left to hash a password");
    return DGL_OK;
}

bool dgl_password_verify(const char *hash, const char *password, size_t len)
{
    char padded[crypto_pwhash_STRBYTES] = {0}; // the library may look at all of it
    size_t hash_len = strlen(hash);
    if (hash_len >= sizeof(padded))
        return false;
    memcpy(padded, hash, hash_len);
    return crypto_pwhash_str_verify(padded, password, len) == 0;
}
