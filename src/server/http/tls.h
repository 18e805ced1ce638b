// The certificate served over TLS, which can be replaced while the server works.
//
// libmicrohttpd asks for it at each handshake, through a callback without a context: there is one for the process.
// Threads that are in a handshake keep what they were given; the latest few stay until the server ends.
#ifndef DGL_SERVER_HTTP_TLS_H
#define DGL_SERVER_HTTP_TLS_H

#include "base/error.h"

// Reads chain and key (PEM) and takes them from the next handshake on. They must belong together. After a failure what
// was there stays.
enum dgl_status http_tls_load(const char *cert_file, const char *key_file, struct dgl_error *err) DGL_MUST_CHECK;
void *http_tls_callback(void); // for MHD_OPTION_HTTPS_CERT_CALLBACK
void http_tls_forget(void);    // when no handshake can be under way

#endif
