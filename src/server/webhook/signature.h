// Standard Webhooks 1.0.0: signing, verifying, secrets. Pure; thread safe.
//
// Signed text: `id "." timestamp "." body`. Header `webhook-signature`: one `version,base64` per key, separated by a
// space; v1 = HMAC-SHA256 with the bytes behind "whsec_", v1a = Ed25519 with the key behind "whsk_".
#ifndef DGL_SERVER_WEBHOOK_SIGNATURE_H
#define DGL_SERVER_WEBHOOK_SIGNATURE_H

#include "base/crypto.h"

#define DGL_WEBHOOK_SECRET_MAX 128 // text of a key with its prefix and NUL
#define DGL_WEBHOOK_KEYS_MAX 10    // sign side by side while secrets rotate
#define DGL_WEBHOOK_TOLERANCE_S 300

enum dgl_webhook_key_kind { DGL_WEBHOOK_KEY_HMAC, DGL_WEBHOOK_KEY_ED25519, DGL_WEBHOOK_KEY_ED25519_PUBLIC };
struct dgl_webhook_key {
    enum dgl_webhook_key_kind kind;
    unsigned char bytes[64]; // HMAC: len of them; Ed25519: secret key; public: the first 32
    size_t len;
};
// "whsec_…" (1 to 64 bytes), "whsk_…" (64 bytes), "whpk_…" (32 bytes). An empty secret or a bare prefix is
// DGL_E_INVALID.
enum dgl_status dgl_webhook_key_parse(const char *text, struct dgl_webhook_key *ret,
                                      struct dgl_error *err) DGL_MUST_CHECK;
void dgl_webhook_secret_new(char ret[DGL_WEBHOOK_SECRET_MAX]); // "whsec_" + 24 random bytes
void dgl_webhook_secret_write(const struct dgl_webhook_key *key, char ret[DGL_WEBHOOK_SECRET_MAX]);
// The key for another origin: HMAC-SHA256(secret bytes, "docgenlab webhook derive v1|" + origin), 32 bytes, used as a
// v1 secret. An Ed25519 key's first 32 bytes (its seed) take the secret's place.
struct dgl_webhook_key dgl_webhook_key_derive(const struct dgl_webhook_key *key, const char *origin);

// Appends the header's value. Public keys are skipped.
void dgl_webhook_sign(const struct dgl_webhook_key *keys, size_t count, const char *id, int64_t timestamp_s,
                      const void *body, size_t body_len, struct dgl_buf *out);
// A receiver's view: the three headers as received (NULL = missing). DGL_E_INVALID "signature_header_missing",
// "signature_timestamp", "signature_mismatch".
enum dgl_status dgl_webhook_verify(const struct dgl_webhook_key *keys, size_t count, const char *id,
                                   const char *timestamp, const char *signature, const void *body, size_t body_len,
                                   int64_t now_s, struct dgl_error *err) DGL_MUST_CHECK;

#endif
