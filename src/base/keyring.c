// Master keys, their subkeys, and sealing.
//
//   SECRET_KEY_FILE, line n ─▶ master key with id n ─ crypto_kdf(purpose) ─▶ subkey ─ BLAKE2b(context) ─▶ sealing key
//   sealed value = key id (1 byte) | nonce (24) | secretbox of the data (16 more than the data)
//
// Ids are line numbers, so a new key is a line at the end of the file, and the lines before it must stay.
#include "base/crypto.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MASTER_BYTES crypto_kdf_KEYBYTES
#define MAX_KEYS 255
#define MAX_KEY_FILE_BYTES ((size_t)MAX_KEYS * (2 * MASTER_BYTES + 2))
#define MAX_SEALED_BYTES ((size_t)1 << 20)
#define KDF_CONTEXT "docgenlb" // exactly crypto_kdf_CONTEXTBYTES; changing it loses every sealed value
#define SEAL_OVERHEAD (1 + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)

_Static_assert(sizeof(KDF_CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "context length");

struct dgl_keyring {
    size_t count; // the last key is current; its id is count
    unsigned char keys[MAX_KEYS][MASTER_BYTES];
};

struct dgl_keyring *dgl_keyring_new_for_test(const unsigned char master[32])
{
    struct dgl_keyring *k = DGL_NEW(struct dgl_keyring);
    memcpy(k->keys[0], master, MASTER_BYTES);
    k->count = 1;
    return k;
}

void dgl_keyring_free(struct dgl_keyring *k)
{
    if (!k)
        return;
    sodium_memzero(k, sizeof(*k));
    free(k);
}

uint8_t dgl_keyring_current(const struct dgl_keyring *k)
{
    return (uint8_t)k->count;
}

bool dgl_keyring_subkey(const struct dgl_keyring *k, uint8_t key_id, enum dgl_key_purpose purpose,
                        unsigned char out[32])
{
    if (key_id == 0 || key_id > k->count)
        return false;
    return crypto_kdf_derive_from_key(out, 32, (uint64_t)purpose, KDF_CONTEXT, k->keys[key_id - 1]) == 0;
}

static enum dgl_status parse_keys(struct dgl_str text, const char *path, struct dgl_keyring *k, struct dgl_error *err)
{
    while (text.len) {
        const char *feed = memchr(text.data, '\n', text.len);
        size_t line_len = feed ? (size_t)(feed - text.data) : text.len;
        struct dgl_str line = dgl_str_trim((struct dgl_str){text.data, line_len});
        text.data += line_len + (feed != NULL);
        text.len -= line_len + (feed != NULL);
        if (k->count == MAX_KEYS)
            return DGL_FAIL(err, DGL_E_INVALID, "%s has more than %d keys", path, MAX_KEYS);
        if (line.len != 2 * MASTER_BYTES || !dgl_hex_decode(line.data, line.len, k->keys[k->count]))
            return DGL_FAIL(err, DGL_E_INVALID, "line %zu of %s is not a key of %d hexadecimal digits", k->count + 1,
                            path, 2 * (int)MASTER_BYTES);
        k->count++;
    }
    if (k->count == 0)
        return DGL_FAIL(err, DGL_E_INVALID, "%s holds no key; remove it to have one made", path);
    return DGL_OK;
}

static enum dgl_status create(const char *path, struct dgl_error *err)
{
    unsigned char key[MASTER_BYTES];
    char line[2 * MASTER_BYTES + 2];
    randombytes_buf(key, sizeof(key));
    dgl_hex_encode(key, sizeof(key), line);
    line[2 * MASTER_BYTES] = '\n';
    enum dgl_status status = dgl_file_create_atomic(path, line, 2 * MASTER_BYTES + 1, 0600, err);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(line, sizeof(line));
    return status;
}

// Opens the key file, after making it where that is wanted.
static enum dgl_status open_key_file(const char *path, bool may_create, int *ret_fd, struct dgl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT && may_create) {
        enum dgl_status status = create(path, err);
        if (status != DGL_OK && status != DGL_E_CONFLICT) // another process may have been first
            return status;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    }
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open the secret key file %s", path);
    *ret_fd = fd;
    return DGL_OK;
}

enum dgl_status dgl_keyring_load(const char *path, bool may_create, struct dgl_keyring **ret, struct dgl_error *err)
{
    DGL_AUTO_FD fd = -1;
    DGL_TRY(open_key_file(path, may_create, &fd, err));
    struct stat st;
    if (fstat(fd, &st) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return DGL_FAIL(err, DGL_E_INVALID, "the secret key file %s is not a plain file", path);
    if (st.st_mode & 077)
        return DGL_FAIL(err, DGL_E_INVALID,
                        "the secret key file %s can be read by others (mode %03o); run: chmod 600 %s", path,
                        (unsigned)st.st_mode & 0777, path);
    DGL_AUTO(keyring) k = DGL_NEW(struct dgl_keyring);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(MAX_KEY_FILE_BYTES);
    dgl_buf_reserve(&text, MAX_KEY_FILE_BYTES); // at once, so that growing leaves no copies behind
    enum dgl_status status = dgl_file_read_fd(fd, MAX_KEY_FILE_BYTES, &text, err);
    if (status == DGL_OK)
        status = parse_keys((struct dgl_str){text.data, text.len}, path, k, err);
    sodium_memzero(text.data, text.cap);
    DGL_TRY(status);
    *ret = DGL_STEAL(k);
    return DGL_OK;
}

static bool sealing_key(const struct dgl_keyring *k, uint8_t key_id, const char *context,
                        unsigned char out[crypto_secretbox_KEYBYTES])
{
    unsigned char subkey[32];
    if (!dgl_keyring_subkey(k, key_id, DGL_KEY_SEAL, subkey))
        return false;
    crypto_generichash(out, crypto_secretbox_KEYBYTES, (const unsigned char *)context, strlen(context), subkey,
                       sizeof(subkey));
    sodium_memzero(subkey, sizeof(subkey));
    return true;
}

enum dgl_status dgl_seal(const struct dgl_keyring *k, const char *context, const void *data, size_t len,
                         struct dgl_buf *ret_sealed, struct dgl_error *err)
{
    if (len > MAX_SEALED_BYTES || !dgl_buf_reserve(ret_sealed, len + SEAL_OVERHEAD))
        return DGL_FAIL(err, DGL_E_LIMIT, "%zu bytes are too many to be sealed", len);
    unsigned char key[crypto_secretbox_KEYBYTES], *out = (unsigned char *)ret_sealed->data + ret_sealed->len;
    uint8_t id = dgl_keyring_current(k);
    if (!sealing_key(k, id, context, key))
        return DGL_FAIL(err, DGL_E_INTERNAL, "the key ring is empty");
    out[0] = id;
    randombytes_buf(out + 1, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(out + 1 + crypto_secretbox_NONCEBYTES, len ? data : (const unsigned char *)"", len, out + 1,
                          key);
    sodium_memzero(key, sizeof(key));
    ret_sealed->len += len + SEAL_OVERHEAD;
    ret_sealed->data[ret_sealed->len] = '\0';
    return DGL_OK;
}

enum dgl_status dgl_unseal(const struct dgl_keyring *k, const char *context, const void *sealed, size_t len,
                           struct dgl_buf *ret_data, struct dgl_error *err)
{
    const unsigned char *in = sealed;
    unsigned char key[crypto_secretbox_KEYBYTES];
    if (len < SEAL_OVERHEAD || len > MAX_SEALED_BYTES + SEAL_OVERHEAD)
        return DGL_FAIL_SLUG(err, DGL_E_INTERNAL, "cannot_unseal", "a sealed value is cut off");
    if (!sealing_key(k, in[0], context, key))
        return DGL_FAIL_SLUG(err, DGL_E_INTERNAL, "cannot_unseal",
                             "a value was sealed with key %u, which SECRET_KEY_FILE does not hold", in[0]);
    size_t data_len = len - SEAL_OVERHEAD;
    bool done = dgl_buf_reserve(ret_data, data_len) &&
                crypto_secretbox_open_easy((unsigned char *)ret_data->data + ret_data->len,
                                           in + 1 + crypto_secretbox_NONCEBYTES, len - 1 - crypto_secretbox_NONCEBYTES,
                                           in + 1, key) == 0;
    sodium_memzero(key, sizeof(key));
    if (!done)
        return DGL_FAIL_SLUG(err, DGL_E_INTERNAL, "cannot_unseal",
                             "a sealed value cannot be opened; check that SECRET_KEY_FILE is the one it was made with");
    ret_data->len += data_len;
    ret_data->data[ret_data->len] = '\0';
    return DGL_OK;
}
