// See tls.h.
#include "server/http/tls.h"

#include <gnutls/abstract.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "server/http/limits.h"

#define CHAIN_MAX 16
#define KEPT 8 // certificates, the current one among them

struct certificate {
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned chain_len;
    gnutls_privkey_t key;
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct certificate *kept[KEPT]; // newest first

static void certificate_free(struct certificate *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < c->chain_len; i++)
        gnutls_pcert_deinit(&c->chain[i]);
    if (c->key)
        gnutls_privkey_deinit(c->key);
    free(c);
}

static enum dgl_status fail(const char *option, const char *file, const char *why, struct dgl_error *err)
{
    return DGL_FAIL(err, DGL_E_INVALID, "%s %s %s", option, file, why);
}

static enum dgl_status read_pem(const char *option, const char *file, struct dgl_buf *ret, struct dgl_error *err)
{
    if (dgl_file_read(file, HTTP_MAX_TLS_FILE_BYTES, ret, err) == DGL_OK)
        return DGL_OK;
    dgl_error_prefix(err, "%s", option);
    return err->code;
}

// Whether the first certificate of the chain is the key's.
static bool belong_together(struct certificate *c)
{
    unsigned char ours[64], theirs[64];
    size_t ours_len = sizeof ours, theirs_len = sizeof theirs;
    gnutls_pubkey_t public;
    if (gnutls_pubkey_init(&public) != 0)
        return false;
    bool same = gnutls_pubkey_import_privkey(public, c->key, 0, 0) == 0 &&
                gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, ours, &ours_len) == 0 &&
                gnutls_pubkey_get_key_id(c->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, theirs, &theirs_len) == 0 &&
                ours_len == theirs_len && memcmp(ours, theirs, ours_len) == 0;
    gnutls_pubkey_deinit(public);
    return same;
}

static enum dgl_status fill(struct certificate *c, const char *cert_file, const char *key_file, struct dgl_buf *cert,
                            struct dgl_buf *key, struct dgl_error *err)
{
    DGL_TRY(read_pem("TLS_CERT_FILE", cert_file, cert, err));
    DGL_TRY(read_pem("TLS_KEY_FILE", key_file, key, err));
    gnutls_datum_t cert_text = {(unsigned char *)cert->data, (unsigned)cert->len};
    gnutls_datum_t key_text = {(unsigned char *)key->data, (unsigned)key->len};
    unsigned len = CHAIN_MAX;
    if (cert->len == 0 || gnutls_pcert_list_import_x509_raw(c->chain, &len, &cert_text, GNUTLS_X509_FMT_PEM, 0) != 0 ||
        len == 0)
        return fail("TLS_CERT_FILE", cert_file, "is no certificate chain in PEM form", err);
    c->chain_len = len;
    if (key->len == 0 || gnutls_privkey_init(&c->key) != 0 ||
        gnutls_privkey_import_x509_raw(c->key, &key_text, GNUTLS_X509_FMT_PEM, NULL, 0) != 0)
        return fail("TLS_KEY_FILE", key_file,
                    key->data && strstr(key->data, "ENCRYPTED") ? "is locked with a password; store the key without one"
                                                                : "is no private key in PEM form",
                    err);
    if (!belong_together(c))
        return fail("TLS_KEY_FILE", key_file, "is not the key of TLS_CERT_FILE", err);
    return DGL_OK;
}

enum dgl_status http_tls_load(const char *cert_file, const char *key_file, struct dgl_error *err)
{
    struct certificate *c = DGL_NEW(struct certificate);
    DGL_AUTO_FINI(buf) cert = DGL_BUF_INIT(HTTP_MAX_TLS_FILE_BYTES);
    DGL_AUTO_FINI(buf) key = DGL_BUF_INIT(HTTP_MAX_TLS_FILE_BYTES);
    enum dgl_status status = fill(c, cert_file, key_file, &cert, &key, err);
    if (key.data)
        explicit_bzero(key.data, key.cap);
    if (status != DGL_OK) {
        certificate_free(c);
        return status;
    }
    pthread_mutex_lock(&lock);
    certificate_free(kept[KEPT - 1]);
    memmove(&kept[1], &kept[0], (KEPT - 1) * sizeof(struct certificate *));
    kept[0] = c;
    pthread_mutex_unlock(&lock);
    return DGL_OK;
}

static int give(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                unsigned *ret_len, gnutls_privkey_t *ret_key)
{
    (void)session, (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
    pthread_mutex_lock(&lock);
    struct certificate *c = kept[0];
    pthread_mutex_unlock(&lock);
    if (!c)
        return -1;
    *ret_chain = c->chain;
    *ret_len = c->chain_len;
    *ret_key = c->key;
    return 0;
}

void *http_tls_callback(void)
{
    return (void *)give;
}

void http_tls_forget(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < KEPT; i++) {
        certificate_free(kept[i]);
        kept[i] = NULL;
    }
    pthread_mutex_unlock(&lock);
}
