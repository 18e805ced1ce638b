// Signed download links: /files/<document id>.<pdf|docx>?expires=<unix s>&signature=<key id + HMAC-SHA256, base64url>.
//
// A link depends only on (document, format, expiry): the same three give the same link, so the delivery log keeps the
// expiry alone. Pure; thread safe.
#ifndef DGL_SERVER_BLOB_LINK_H
#define DGL_SERVER_BLOB_LINK_H

#include "base/crypto.h"

#define DGL_LINK_MAX 1024
// `public_url` without trailing slash. format is "pdf" or "docx".
enum dgl_status dgl_link_make(const struct dgl_keyring *k, const char *public_url, const char *document,
                              const char *format, int64_t expires_at_s, char ret[DGL_LINK_MAX],
                              struct dgl_error *err) DGL_MUST_CHECK;
// `file` is the last path part ("<id>.pdf"). Altered: DGL_E_FORBIDDEN "link_invalid"; past its second: DGL_E_FORBIDDEN
// "link_expired". Valid through the second `expires_at_s` itself.
enum dgl_status dgl_link_verify(const struct dgl_keyring *k, const char *file, const char *expires,
                                const char *signature, int64_t now_us, char ret_document[40], char ret_format[8],
                                struct dgl_error *err) DGL_MUST_CHECK;

#endif
