// Sealing the stored secrets anew after the master key was rotated: signing secrets and endpoints' headers.
#ifndef DGL_SERVER_WEBHOOK_RESEAL_H
#define DGL_SERVER_WEBHOOK_RESEAL_H

#include "base/crypto.h"
#include "server/store/store.h"

// Everything that is not sealed with the current key is. In small transactions, beside a running server: a value that
// changes meanwhile is looked at again. A value that does not open ends it with an error that names it.
enum dgl_status dgl_webhook_reseal(struct dgl_store *store, const struct dgl_keyring *keys, int64_t *ret_count,
                                   struct dgl_error *err) DGL_MUST_CHECK;

#endif
