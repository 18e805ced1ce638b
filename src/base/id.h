// Identifiers. Objects: UUID version 7 (RFC 9562 §5.7), lower case, 36 characters: ordered by time, so new rows go to
// the end of an index. Messages: "msg_" + 32 hex of such an id. API keys and tokens are not ids: see crypto.h.
#ifndef DGL_BASE_ID_H
#define DGL_BASE_ID_H

#include "base/clock.h"

#define DGL_ID_LEN 36
struct dgl_id {
    char s[40]; // NUL-terminated; "" = none
};
struct dgl_id dgl_id_new(struct dgl_clock *clock); // monotonic within the process; thread safe
// The form only (lower-case UUID), not the version.
bool dgl_id_valid(const char *s, size_t len);
bool dgl_id_parse(const char *s, struct dgl_id *ret);  // false leaves *ret alone; NULL is false
struct dgl_id dgl_id_message(struct dgl_clock *clock); // "msg_…"

#endif
