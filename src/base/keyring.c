// Master keys, their subkeys, and sealing.
//
//   SECRET_KEY_FILE, line n ─▶ master key with id n ─ crypto_kdf(purpose) ─▶ subkey ─ BLAKE2b(context) ─▶ sealing key
//   sealed value = key id (1 byte) | nonce (24) | secretbox of the data (16 more than the data)
//
// Ids are line numbers: a new key is a line at the end of the file, and a key that is no longer wanted is replaced by
// the word "retired", so that the lines after it keep their numbers. Behind a key stands when it was made.
//
// A ring follows its file: when a key it does not know is asked for, and every ten seconds when the current one is, it
// looks whether the file has changed. So the master key can be rotated under a running server. Keys are only ever added
// or marked retired, never moved, so readers need no lock.
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MASTER_BYTES crypto_kdf_KEYBYTES
#define MAX_KEYS 255
#define MAX_LINE_BYTES (2 * MASTER_BYTES + 64)
#define MAX_KEY_FILE_BYTES ((size_t)MAX_KEYS * MAX_LINE_BYTES)
#define MAX_SEALED_BYTES ((size_t)1 << 20)
#define KDF_CONTEXT "docgenlb" // exactly crypto_kdf_CONTEXTBYTES; changing it loses every sealed value
#define SEAL_OVERHEAD (1 + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
#define LOOK_EVERY_US (10 * DGL_US_PER_S)
#define LOOK_FOR_UNKNOWN_EVERY_US (1 * DGL_US_PER_S)
static const char retired_word[] = "retired";

_Static_assert(sizeof(KDF_CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "context length");

struct master {
    unsigned char key[MASTER_BYTES];
    int64_t made_at_us; // 0 = not written down
    atomic_bool is_retired;
};
struct ring {
    struct master masters[MAX_KEYS];
    atomic_uint count; // the last is current; its id is count
    char *path;        // NULL: not from a file
    atomic_llong looked_at_us;
    pthread_mutex_t lock; // of following the file
    struct timespec changed_at;
    ino_t inode;
};
struct dgl_keyring {
    struct ring *ring; // changes behind a const ring: it follows its file
};

static struct dgl_keyring *new_ring(void)
{
    struct dgl_keyring *k = DGL_NEW(struct dgl_keyring);
    k->ring = DGL_NEW(struct ring);
    pthread_mutex_init(&k->ring->lock, NULL);
    return k;
}

struct dgl_keyring *dgl_keyring_new_for_test(const unsigned char master[32])
{
    struct dgl_keyring *k = new_ring();
    memcpy(k->ring->masters[0].key, master, MASTER_BYTES);
    atomic_store(&k->ring->count, 1);
    return k;
}

void dgl_keyring_free(struct dgl_keyring *k)
{
    if (!k)
        return;
    pthread_mutex_destroy(&k->ring->lock);
    free(k->ring->path);
    sodium_memzero(k->ring, sizeof(*k->ring));
    free(k->ring);
    free(k);
}

// ---- the file

// "<64 hex digits>[ <time>]" or "retired[ <time>]"
static bool parse_line(struct dgl_str line, struct master *ret)
{
    const char *blank = line.len ? memchr(line.data, ' ', line.len) : NULL;
    size_t word = blank ? (size_t)(blank - line.data) : line.len;
    if (blank) {
        struct dgl_str time = dgl_str_trim((struct dgl_str){blank, line.len - word});
        if (!dgl_time_parse(time.data, time.len, &ret->made_at_us))
            return false;
    }
    if (dgl_str_is((struct dgl_str){line.data, word}, retired_word)) {
        atomic_store(&ret->is_retired, true);
        return true;
    }
    return word == 2 * MASTER_BYTES && dgl_hex_decode(line.data, word, ret->key);
}

static enum dgl_status parse_keys(struct dgl_str text, const char *path, struct ring *r, struct dgl_error *err)
{
    unsigned count = 0;
    while (text.len) {
        const char *feed = memchr(text.data, '\n', text.len);
        size_t line_len = feed ? (size_t)(feed - text.data) : text.len;
        struct dgl_str line = dgl_str_trim((struct dgl_str){text.data, line_len});
        text.data += line_len + (feed != NULL);
        text.len -= line_len + (feed != NULL);
        if (count == MAX_KEYS)
            return DGL_FAIL(err, DGL_E_INVALID, "%s has more than %d keys", path, MAX_KEYS);
        if (!parse_line(line, &r->masters[count]))
            return DGL_FAIL(err, DGL_E_INVALID, "line %u of %s is not a key of %d hexadecimal digits", count + 1, path,
                            2 * (int)MASTER_BYTES);
        count++;
    }
    if (count == 0)
        return DGL_FAIL(err, DGL_E_INVALID, "%s holds no key; remove it to have one made", path);
    if (atomic_load(&r->masters[count - 1].is_retired))
        return DGL_FAIL(err, DGL_E_INVALID, "the last line of %s must be a key, not \"%s\"", path, retired_word);
    atomic_store(&r->count, count);
    return DGL_OK;
}

static void put_line(const struct master *m, bool retire, char out[MAX_LINE_BYTES + 1])
{
    char time[32];
    bool word = retire || atomic_load(&m->is_retired);
    size_t len = sizeof retired_word - 1;
    if (word)
        memcpy(out, retired_word, len);
    else
        dgl_hex_encode(m->key, MASTER_BYTES, out), len = 2 * MASTER_BYTES;
    if (m->made_at_us > 0) {
        dgl_time_format_utc(m->made_at_us, time);
        out[len++] = ' ';
        memcpy(out + len, time, strlen(time));
        len += strlen(time);
    }
    out[len] = '\n';
    out[len + 1] = '\0';
}

static enum dgl_status create(const char *path, struct dgl_error *err)
{
    struct master m = {.made_at_us = dgl_clock_now_us(dgl_clock_system())};
    char line[MAX_LINE_BYTES + 1];
    randombytes_buf(m.key, sizeof(m.key));
    put_line(&m, false, line);
    enum dgl_status status = dgl_file_create_atomic(path, line, strlen(line), 0600, err);
    sodium_memzero(&m, sizeof(m));
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

static enum dgl_status check_file(int fd, const char *path, struct stat *st, struct dgl_error *err)
{
    if (fstat(fd, st) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot look at %s", path);
    if (!S_ISREG(st->st_mode))
        return DGL_FAIL(err, DGL_E_INVALID, "the secret key file %s is not a plain file", path);
    if (st->st_mode & 077)
        return DGL_FAIL(err, DGL_E_INVALID,
                        "the secret key file %s can be read by others (mode %03o); run: chmod 600 %s", path,
                        (unsigned)st->st_mode & 0777, path);
    return DGL_OK;
}

enum dgl_status dgl_keyring_load(const char *path, bool may_create, struct dgl_keyring **ret, struct dgl_error *err)
{
    DGL_AUTO_FD fd = -1;
    struct stat st;
    DGL_TRY(open_key_file(path, may_create, &fd, err));
    DGL_TRY(check_file(fd, path, &st, err));
    DGL_AUTO(keyring) k = new_ring();
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(MAX_KEY_FILE_BYTES);
    dgl_buf_reserve(&text, MAX_KEY_FILE_BYTES); // at once, so that growing leaves no copies behind
    enum dgl_status status = dgl_file_read_fd(fd, MAX_KEY_FILE_BYTES, &text, err);
    if (status == DGL_OK)
        status = parse_keys((struct dgl_str){text.data, text.len}, path, k->ring, err);
    sodium_memzero(text.data, text.cap);
    DGL_TRY(status);
    k->ring->path = dgl_strdup(path);
    k->ring->changed_at = st.st_mtim;
    k->ring->inode = st.st_ino;
    atomic_store(&k->ring->looked_at_us, dgl_clock_mono_us(dgl_clock_system()));
    *ret = DGL_STEAL(k);
    return DGL_OK;
}

// Takes over what is new in `now`: keys behind those known, and which are retired. Another ring is not taken over: what
// is sealed with ours could not be opened any more.
static void take_over(struct ring *r, const struct ring *now)
{
    unsigned count = atomic_load(&r->count), wanted = atomic_load(&now->count);
    for (unsigned i = 0; i < DGL_MIN(count, wanted); i++)
        if (!atomic_load(&now->masters[i].is_retired) && !atomic_load(&r->masters[i].is_retired) &&
            !dgl_equal_secret(now->masters[i].key, r->masters[i].key, MASTER_BYTES))
            return;
    for (unsigned i = count; i < wanted; i++) {
        memcpy(r->masters[i].key, now->masters[i].key, MASTER_BYTES);
        r->masters[i].made_at_us = now->masters[i].made_at_us;
        atomic_store(&r->masters[i].is_retired, atomic_load(&now->masters[i].is_retired));
    }
    if (wanted > count)
        atomic_store(&r->count, wanted);
    for (unsigned i = 0; i < DGL_MIN(count, wanted); i++)
        if (atomic_load(&now->masters[i].is_retired))
            atomic_store(&r->masters[i].is_retired, true);
}

// A file that cannot be read now (being written by hand, wrong mode) changes nothing: the keys we have go on working.
static void follow_file(struct ring *r, int64_t every_us)
{
    int64_t now_us = dgl_clock_mono_us(dgl_clock_system());
    struct stat st;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!r->path || now_us - atomic_load(&r->looked_at_us) < every_us || pthread_mutex_trylock(&r->lock) != 0)
        return;
    atomic_store(&r->looked_at_us, now_us);
    if (stat(r->path, &st) == 0 && (st.st_ino != r->inode || st.st_mtim.tv_sec != r->changed_at.tv_sec ||
                                    st.st_mtim.tv_nsec != r->changed_at.tv_nsec)) {
        DGL_AUTO(keyring) now = NULL;
        if (dgl_keyring_load(r->path, false, &now, &err) == DGL_OK) {
            take_over(r, now->ring);
            r->inode = now->ring->inode;
            r->changed_at = now->ring->changed_at;
        }
    }
    pthread_mutex_unlock(&r->lock);
}

// ---- asking

uint8_t dgl_keyring_current(const struct dgl_keyring *k)
{
    follow_file(k->ring, LOOK_EVERY_US);
    return (uint8_t)atomic_load(&k->ring->count);
}

static const struct master *find_master(const struct dgl_keyring *k, uint8_t key_id)
{
    if (key_id > atomic_load(&k->ring->count))
        follow_file(k->ring, LOOK_FOR_UNKNOWN_EVERY_US);
    if (key_id == 0 || key_id > atomic_load(&k->ring->count) || atomic_load(&k->ring->masters[key_id - 1].is_retired))
        return NULL;
    return &k->ring->masters[key_id - 1];
}

bool dgl_keyring_subkey(const struct dgl_keyring *k, uint8_t key_id, enum dgl_key_purpose purpose,
                        unsigned char out[32])
{
    const struct master *m = find_master(k, key_id);
    return m && crypto_kdf_derive_from_key(out, 32, (uint64_t)purpose, KDF_CONTEXT, m->key) == 0;
}

bool dgl_keyring_has(const struct dgl_keyring *k, uint8_t key_id)
{
    return find_master(k, key_id) != NULL;
}

int64_t dgl_keyring_made_at_us(const struct dgl_keyring *k, uint8_t key_id)
{
    return key_id == 0 || key_id > atomic_load(&k->ring->count) ? 0 : k->ring->masters[key_id - 1].made_at_us;
}

bool dgl_keyring_fingerprint(const struct dgl_keyring *k, uint8_t key_id, char ret[DGL_KEY_FINGERPRINT_LEN])
{
    unsigned char subkey[32];
    if (!dgl_keyring_subkey(k, key_id, DGL_KEY_FINGERPRINT, subkey))
        return false;
    dgl_hex_encode(subkey, DGL_KEY_FINGERPRINT_LEN / 2, ret);
    return true;
}

// ---- rotating

// Replaces the file by the ring's lines and one more. The owner stays: the server may run as another user than the one
// who rotates.
static enum dgl_status write_file(struct ring *r, const struct master *more, unsigned retire_below,
                                  struct dgl_error *err)
{
    struct stat st;
    char line[MAX_LINE_BYTES + 1];
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(MAX_KEY_FILE_BYTES);
    if (stat(r->path, &st) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot look at %s", r->path);
    dgl_buf_reserve(&text, MAX_KEY_FILE_BYTES);
    for (unsigned i = 0; i < atomic_load(&r->count); i++) {
        put_line(&r->masters[i], i + 1 < retire_below, line);
        dgl_buf_puts(&text, line);
    }
    if (more) {
        put_line(more, false, line);
        dgl_buf_puts(&text, line);
    }
    enum dgl_status status = dgl_buf_check(&text, "the key file", err);
    if (status == DGL_OK)
        status = dgl_file_write_atomic_as(r->path, text.data, text.len, 0600, st.st_uid, st.st_gid, err);
    sodium_memzero(text.data, text.cap);
    sodium_memzero(line, sizeof line);
    return status;
}

enum dgl_status dgl_keyring_add(struct dgl_keyring *k, int64_t now_us, struct dgl_error *err)
{
    struct ring *r = k->ring;
    unsigned count = atomic_load(&r->count);
    if (count == MAX_KEYS)
        return DGL_FAIL(err, DGL_E_LIMIT, "%s holds %d keys already and can take no more", r->path, MAX_KEYS);
    struct master m = {.made_at_us = now_us};
    randombytes_buf(m.key, sizeof m.key);
    enum dgl_status status = write_file(r, &m, 0, err);
    if (status == DGL_OK) {
        memcpy(r->masters[count].key, m.key, sizeof m.key);
        r->masters[count].made_at_us = now_us;
        atomic_store(&r->count, count + 1);
    }
    sodium_memzero(&m, sizeof m);
    return status;
}

enum dgl_status dgl_keyring_retire(struct dgl_keyring *k, uint8_t below, struct dgl_error *err)
{
    DGL_TRY(write_file(k->ring, NULL, below, err));
    for (unsigned i = 0; i + 1 < DGL_MIN(below, atomic_load(&k->ring->count)); i++)
        atomic_store(&k->ring->masters[i].is_retired, true);
    return DGL_OK;
}

// ---- sealing

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
