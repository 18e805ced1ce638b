// Cryptography, all of it libsodium's: hashes, MACs, sealing with subkeys of one master key, passwords, random tokens.
//
// Master key: 32 bytes in SECRET_KEY_FILE. Subkeys come from crypto_kdf, one per purpose, so that a link's key can
// never open a sealed secret. Sealed values and links begin with a one-byte key id, so that the master key can be
// rotated.
#ifndef DGL_BASE_CRYPTO_H
#define DGL_BASE_CRYPTO_H

#include "base/buf.h"

#define DGL_SHA256_LEN 32
enum dgl_status dgl_crypto_init(struct dgl_error *err) DGL_MUST_CHECK; // once per process, before anything else
void dgl_random_bytes(void *out, size_t len);
bool dgl_equal_secret(const void *a, const void *b, size_t len); // constant time
void dgl_wipe(void *p, size_t len);

void dgl_sha256(const void *data, size_t len, unsigned char out[DGL_SHA256_LEN]);
struct dgl_sha256_state {
    uint64_t opaque[16];
};
void dgl_sha256_start(struct dgl_sha256_state *s);
void dgl_sha256_update(struct dgl_sha256_state *s, const void *data, size_t len);
void dgl_sha256_finish(struct dgl_sha256_state *s, unsigned char out[DGL_SHA256_LEN]);
void dgl_hmac_sha256(const void *key, size_t key_len, const struct dgl_buf_slice *parts, size_t count,
                     unsigned char out[DGL_SHA256_LEN]);
bool dgl_ed25519_keypair(const unsigned char seed[32], unsigned char ret_public[32], unsigned char ret_secret[64]);
void dgl_ed25519_sign(const unsigned char secret[64], const void *data, size_t len, unsigned char out[64]);
bool dgl_ed25519_verify(const unsigned char public_key[32], const void *data, size_t len, const unsigned char sig[64]);

void dgl_hex_encode(const void *data, size_t len, char *out); // 2*len + NUL, lower case
bool dgl_hex_decode(const char *s, size_t len, void *out);    // len/2 bytes
size_t dgl_base64_encode(const void *data, size_t len, bool url_safe_unpadded, char *out,
                         size_t size); // length, 0 = no room
bool dgl_base64_decode(const char *s, size_t len, bool url_safe_unpadded, void *out, size_t size, size_t *ret_len);

// The key ring: one current master key and older ones that still open what they sealed.
struct dgl_keyring;
enum dgl_key_purpose {
    DGL_KEY_SEAL = 1,
    DGL_KEY_LINK = 2,
    DGL_KEY_CSRF = 3,
    DGL_KEY_CURSOR = 4,
    DGL_KEY_FINGERPRINT = 5,
    DGL_KEY_INVITATION = 6
};
// Reads `path` (mode 0600 checked, one 64-hex-digit key per line, the last is current); makes it when absent and
// `create`. A ring follows its file: a key added by another process is known within ten seconds, or at once when
// something made with it is to be opened.
enum dgl_status dgl_keyring_load(const char *path, bool create, struct dgl_keyring **ret,
                                 struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_keyring *dgl_keyring_new_for_test(const unsigned char master[32]);
void dgl_keyring_free(struct dgl_keyring *k); // wipes
DGL_DEFINE_AUTO(keyring);
uint8_t dgl_keyring_current(const struct dgl_keyring *k); // key id
bool dgl_keyring_subkey(const struct dgl_keyring *k, uint8_t key_id, enum dgl_key_purpose purpose,
                        unsigned char out[32]); // false: no such key id, or retired
bool dgl_keyring_has(const struct dgl_keyring *k, uint8_t key_id);
int64_t dgl_keyring_made_at_us(const struct dgl_keyring *k, uint8_t key_id); // 0 = not known
// A short text that tells one key from another and nothing else about it.
#define DGL_KEY_FINGERPRINT_LEN 17
bool dgl_keyring_fingerprint(const struct dgl_keyring *k, uint8_t key_id, char ret[DGL_KEY_FINGERPRINT_LEN]);
// For a ring that was loaded: adds a new current key to the file; takes keys with lower ids than `below` out of it,
// after which nothing made with them opens any more.
enum dgl_status dgl_keyring_add(struct dgl_keyring *k, int64_t now_us, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_keyring_retire(struct dgl_keyring *k, uint8_t below, struct dgl_error *err) DGL_MUST_CHECK;
// secretbox with random nonce; `context` (for instance "webhook_secret:<org>") is bound in: opening under another
// fails. A value that does not open is DGL_E_INTERNAL with slug "cannot_unseal".
enum dgl_status dgl_seal(const struct dgl_keyring *k, const char *context, const void *data, size_t len,
                         struct dgl_buf *ret_sealed, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_unseal(const struct dgl_keyring *k, const char *context, const void *sealed, size_t len,
                           struct dgl_buf *ret_data, struct dgl_error *err) DGL_MUST_CHECK;

// Argon2id, INTERACTIVE limits (64 MiB, about 70 ms): call from a blocking-pool thread, throttled by the caller.
enum dgl_status dgl_password_hash(const char *password, size_t len, char out[128],
                                  struct dgl_error *err) DGL_MUST_CHECK;
bool dgl_password_verify(const char *hash, const char *password, size_t len);

#endif
