// The system's authorities are looked up as they are needed; the file is read here, once.
#include "server/net/trust.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

enum dgl_status dgl_trust_load(const char *ca_file, X509_STORE **ret, struct dgl_error *err)
{
    X509_STORE *store = X509_STORE_new();
    if (!store)
        return DGL_FAIL(err, DGL_E_INTERNAL, "TLS cannot start: out of memory");
    X509_STORE_set_default_paths(store);
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    if (ca_file && X509_STORE_load_file(store, ca_file) != 1) {
        X509_STORE_free(store);
        ERR_clear_error();
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "ca_file",
                              "%s cannot be read or holds no certificate in PEM form", ca_file);
    }
    *ret = store;
    return DGL_OK;
}
