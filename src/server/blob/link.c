// Signed links. The signature is the key id byte and HMAC-SHA256 over a fixed word, document, format and expiry, each
// ended by a NUL, so that no two links have the same text; base64url. The key id lets links outlive a change of the
// master key as long as the old one is in the ring.
#include "server/blob/link.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

#define SIGNATURE_BYTES (1 + DGL_SHA256_LEN)
#define SIGNATURE_CHARS 44 // base64url of 33 bytes

static bool known_format(const char *format)
{
    return strcmp(format, "pdf") == 0 || strcmp(format, "docx") == 0;
}

// false: the ring has no such key.
static bool sign(const struct dgl_keyring *k, uint8_t key_id, const char *document, const char *format,
                 int64_t expires_at_s, unsigned char out[SIGNATURE_BYTES])
{
    unsigned char key[32];
    char expires[24];
    if (!dgl_keyring_subkey(k, key_id, DGL_KEY_LINK, key))
        return false;
    size_t expires_len = dgl_format_int64(expires_at_s, expires);
    const struct dgl_buf_slice parts[] = {
        {"file link", sizeof "file link"},
        {document, strlen(document) + 1},
        {format, strlen(format) + 1},
        {expires, expires_len},
    };
    out[0] = key_id;
    dgl_hmac_sha256(key, sizeof key, parts, DGL_COUNT(parts), out + 1);
    dgl_wipe(key, sizeof key);
    return true;
}

enum dgl_status dgl_link_make(const struct dgl_keyring *k, const char *public_url, const char *document,
                              const char *format, int64_t expires_at_s, char ret[DGL_LINK_MAX], struct dgl_error *err)
{
    unsigned char signature[SIGNATURE_BYTES];
    char text[SIGNATURE_CHARS + 4];
    if (!dgl_id_valid(document, strlen(document)) || !known_format(format) || expires_at_s < 0)
        return DGL_FAIL(err, DGL_E_INTERNAL, "a link to \"%s.%s\" cannot be made", document, format);
    if (!sign(k, dgl_keyring_current(k), document, format, expires_at_s, signature))
        return DGL_FAIL(err, DGL_E_INTERNAL, "the key ring has no current key");
    dgl_base64_encode(signature, sizeof signature, true, text, sizeof text);
    int len = snprintf(ret, DGL_LINK_MAX, "%s/files/%s.%s?expires=%lld&signature=%s", public_url, document, format,
                       (long long)expires_at_s, text);
    if (len >= DGL_LINK_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "PUBLIC_URL has %zu bytes, too many for a link", strlen(public_url));
    return DGL_OK;
}

static enum dgl_status altered(struct dgl_error *err)
{
    return DGL_FAIL_SLUG(err, DGL_E_FORBIDDEN, "link_invalid",
                         "this download link is not valid; copy it again, whole, from where it came");
}

// "<id>.<pdf|docx>"
static bool split_file(const char *file, char ret_document[40], char ret_format[8])
{
    size_t len = strnlen(file, DGL_ID_LEN + 7);
    if (len < DGL_ID_LEN + 2 || file[DGL_ID_LEN] != '.' || !dgl_id_valid(file, DGL_ID_LEN) ||
        !known_format(file + DGL_ID_LEN + 1))
        return false;
    dgl_str_copy(ret_document, 40, file, DGL_ID_LEN);
    dgl_str_copy(ret_format, 8, file + DGL_ID_LEN + 1, len - DGL_ID_LEN - 1);
    return true;
}

// Only the text that dgl_link_make writes: "01" and "+1" name the same second but are other links.
static bool read_expires(const char *s, int64_t *ret)
{
    char again[24];
    size_t len = strnlen(s, sizeof again);
    return dgl_parse_int64(s, len, 0, INT64_MAX / DGL_US_PER_S - 1, ret) && dgl_format_int64(*ret, again) == len &&
           memcmp(again, s, len) == 0;
}

enum dgl_status dgl_link_verify(const struct dgl_keyring *k, const char *file, const char *expires,
                                const char *signature, int64_t now_us, char ret_document[40], char ret_format[8],
                                struct dgl_error *err)
{
    char document[40], format[8];
    unsigned char given[SIGNATURE_BYTES + 3], wanted[SIGNATURE_BYTES];
    size_t given_len;
    int64_t expires_at_s;
    if (!file || !expires || !signature || !split_file(file, document, format) ||
        !read_expires(expires, &expires_at_s) || strnlen(signature, SIGNATURE_CHARS + 1) != SIGNATURE_CHARS ||
        !dgl_base64_decode(signature, SIGNATURE_CHARS, true, given, sizeof given, &given_len) ||
        given_len != SIGNATURE_BYTES || !sign(k, given[0], document, format, expires_at_s, wanted) ||
        !dgl_equal_secret(given, wanted, sizeof wanted))
        return altered(err);
    if (now_us >= (expires_at_s + 1) * DGL_US_PER_S)
        return DGL_FAIL_SLUG(err, DGL_E_FORBIDDEN, "link_expired",
                             "this download link has expired; ask for the document again to get a new one");
    memcpy(ret_document, document, sizeof document);
    memcpy(ret_format, format, sizeof format);
    return DGL_OK;
}
