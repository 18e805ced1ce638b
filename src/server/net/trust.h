// The authorities that outgoing TLS trusts: the system's and, when named, those of one file.
#ifndef DGL_SERVER_NET_TRUST_H
#define DGL_SERVER_NET_TRUST_H

#include "base/error.h"
#include <openssl/x509.h>

// ca_file: PEM bundle besides the system's; NULL = system only. Read once and shared, because reading it costs more
// than a handshake. Errors name the field "ca_file". The caller frees it with X509_STORE_free.
enum dgl_status dgl_trust_load(const char *ca_file, X509_STORE **ret, struct dgl_error *err) DGL_MUST_CHECK;

#endif
