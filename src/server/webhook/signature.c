// Verifying tries every signature of the list against every key; a version it does not know is passed over, so that a
// list with one good entry passes.
#include "server/webhook/signature.h"

#include "base/str.h"
#include <string.h>

#define ED25519_SIGNATURE_LEN 64
#define DERIVE_LABEL "docgenlab webhook derive v1|"

struct key_form {
    const char *prefix;
    enum dgl_webhook_key_kind kind;
    size_t min, max; // bytes
};
static const struct key_form key_forms[] = {
    {"whsec_", DGL_WEBHOOK_KEY_HMAC, 1, 64},
    {"whsk_", DGL_WEBHOOK_KEY_ED25519, 64, 64},
    {"whpk_", DGL_WEBHOOK_KEY_ED25519_PUBLIC, 32, 32},
};

enum dgl_status dgl_webhook_key_parse(const char *text, struct dgl_webhook_key *ret, struct dgl_error *err)
{
    for (size_t i = 0; i < DGL_COUNT(key_forms); i++) {
        const struct key_form *f = &key_forms[i];
        size_t n = strlen(f->prefix);
        if (strncmp(text, f->prefix, n) != 0)
            continue;
        struct dgl_webhook_key key = {.kind = f->kind};
        if (!dgl_base64_decode(text + n, strlen(text + n), false, key.bytes, sizeof key.bytes, &key.len) ||
            key.len < f->min || key.len > f->max)
            return DGL_FAIL(err, DGL_E_INVALID, "the signing key behind %s is not %s base64 bytes", f->prefix,
                            f->max == f->min ? "the right number of" : "1 to 64");
        *ret = key;
        return DGL_OK;
    }
    return DGL_FAIL(err, DGL_E_INVALID, "a signing key begins with whsec_, whsk_ or whpk_");
}

void dgl_webhook_secret_write(const struct dgl_webhook_key *key, char ret[DGL_WEBHOOK_SECRET_MAX])
{
    const char *prefix = key_forms[key->kind].prefix;
    size_t n = strlen(prefix);
    memcpy(ret, prefix, n + 1);
    dgl_base64_encode(key->bytes, key->len, false, ret + n, DGL_WEBHOOK_SECRET_MAX - n);
}

void dgl_webhook_secret_new(char ret[DGL_WEBHOOK_SECRET_MAX])
{
    struct dgl_webhook_key key = {.kind = DGL_WEBHOOK_KEY_HMAC, .len = 24};
    dgl_random_bytes(key.bytes, key.len);
    dgl_webhook_secret_write(&key, ret);
    dgl_wipe(&key, sizeof key);
}

struct dgl_webhook_key dgl_webhook_key_derive(const struct dgl_webhook_key *key, const char *origin)
{
    struct dgl_webhook_key derived = {.kind = DGL_WEBHOOK_KEY_HMAC, .len = DGL_SHA256_LEN};
    size_t len = key->kind == DGL_WEBHOOK_KEY_HMAC ? key->len : 32;
    struct dgl_buf_slice parts[] = {{DERIVE_LABEL, sizeof DERIVE_LABEL - 1}, {origin, strlen(origin)}};
    dgl_hmac_sha256(key->bytes, len, parts, DGL_COUNT(parts), derived.bytes);
    return derived;
}

// The text before the body: `id "." timestamp "."`.
static bool write_prefix(struct dgl_buf *b, const char *id, const char *timestamp)
{
    return dgl_buf_puts(b, id) && dgl_buf_putc(b, '.') && dgl_buf_puts(b, timestamp) && dgl_buf_putc(b, '.');
}

static void hmac_v1(const struct dgl_webhook_key *key, const struct dgl_buf *prefix, const void *body, size_t body_len,
                    unsigned char out[DGL_SHA256_LEN])
{
    struct dgl_buf_slice parts[] = {{prefix->data, prefix->len}, {body, body_len}};
    dgl_hmac_sha256(key->bytes, key->len, parts, DGL_COUNT(parts), out);
}

// Ed25519 signs one run of bytes.
static bool join_text(const struct dgl_buf *prefix, const void *body, size_t body_len, struct dgl_buf *out)
{
    return dgl_buf_append(out, prefix->data, prefix->len) && dgl_buf_append(out, body, body_len);
}

static void append_signature(struct dgl_buf *out, const char *version, const unsigned char *signature, size_t len)
{
    char text[128];
    dgl_base64_encode(signature, len, false, text, sizeof text);
    if (out->len > 0 && out->data[out->len - 1] != ' ')
        dgl_buf_putc(out, ' ');
    dgl_buf_puts(out, version);
    dgl_buf_putc(out, ',');
    dgl_buf_puts(out, text);
}

void dgl_webhook_sign(const struct dgl_webhook_key *keys, size_t count, const char *id, int64_t timestamp_s,
                      const void *body, size_t body_len, struct dgl_buf *out)
{
    char timestamp[24];
    unsigned char signature[ED25519_SIGNATURE_LEN];
    DGL_AUTO_FINI(buf) prefix = DGL_BUF_INIT(1024);
    dgl_format_int64(timestamp_s, timestamp);
    write_prefix(&prefix, id, timestamp);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].kind == DGL_WEBHOOK_KEY_HMAC) {
            hmac_v1(&keys[i], &prefix, body, body_len, signature);
            append_signature(out, "v1", signature, DGL_SHA256_LEN);
        } else if (keys[i].kind == DGL_WEBHOOK_KEY_ED25519) {
            DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(prefix.len + body_len);
            join_text(&prefix, body, body_len, &text);
            dgl_ed25519_sign(keys[i].bytes, text.data, text.len, signature);
            append_signature(out, "v1a", signature, ED25519_SIGNATURE_LEN);
        }
    }
}

// ---- verifying

static bool verify_one(const struct dgl_webhook_key *key, struct dgl_str entry, const struct dgl_buf *prefix,
                       const void *body, size_t body_len)
{
    unsigned char given[ED25519_SIGNATURE_LEN + 8], wanted[DGL_SHA256_LEN];
    size_t given_len;
    bool v1 = dgl_str_starts(entry, "v1,"), v1a = dgl_str_starts(entry, "v1a,");
    size_t skip = v1 ? 3 : 4;
    if ((!v1 && !v1a) || v1 != (key->kind == DGL_WEBHOOK_KEY_HMAC) ||
        !dgl_base64_decode(entry.data + skip, entry.len - skip, false, given, sizeof given, &given_len))
        return false;
    if (v1) {
        hmac_v1(key, prefix, body, body_len, wanted);
        return given_len == sizeof wanted && dgl_equal_secret(given, wanted, sizeof wanted);
    }
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(prefix->len + body_len);
    const unsigned char *public_key = key->kind == DGL_WEBHOOK_KEY_ED25519 ? key->bytes + 32 : key->bytes;
    return given_len == ED25519_SIGNATURE_LEN && join_text(prefix, body, body_len, &text) &&
           dgl_ed25519_verify(public_key, text.data, text.len, given);
}

static bool any_matches(const struct dgl_webhook_key *keys, size_t count, const char *list,
                        const struct dgl_buf *prefix, const void *body, size_t body_len)
{
    for (const char *p = list; *p;) {
        size_t len = strcspn(p, " ");
        for (size_t i = 0; i < count; i++)
            if (verify_one(&keys[i], (struct dgl_str){p, len}, prefix, body, body_len))
                return true;
        p += len;
        p += *p == ' ';
    }
    return false;
}

enum dgl_status dgl_webhook_verify(const struct dgl_webhook_key *keys, size_t count, const char *id,
                                   const char *timestamp, const char *signature, const void *body, size_t body_len,
                                   int64_t now_s, struct dgl_error *err)
{
    int64_t sent_s;
    const char *missing = !id || !*id                 ? "webhook-id"
                          : !timestamp || !*timestamp ? "webhook-timestamp"
                          : !signature || !*signature ? "webhook-signature"
                                                      : NULL;
    if (missing)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "signature_header_missing", "the header %s is missing", missing);
    if (!dgl_parse_int64(timestamp, strlen(timestamp), 0, INT64_MAX / 2, &sent_s))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "signature_timestamp",
                             "webhook-timestamp is not a whole number of seconds");
    if (sent_s < now_s - DGL_WEBHOOK_TOLERANCE_S || sent_s > now_s + DGL_WEBHOOK_TOLERANCE_S)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "signature_timestamp",
                             "webhook-timestamp is more than %d s from now; check the clocks", DGL_WEBHOOK_TOLERANCE_S);
    DGL_AUTO_FINI(buf) prefix = DGL_BUF_INIT(4096);
    if (!write_prefix(&prefix, id, timestamp) || !any_matches(keys, count, signature, &prefix, body, body_len))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "signature_mismatch", "no signature matches the body and the secret");
    return DGL_OK;
}
