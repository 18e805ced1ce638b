// Verified API keys by SHA-256, for at most 5 s each. Bounded; thread safe.
#ifndef DGL_SERVER_ACCOUNT_KEY_CACHE_H
#define DGL_SERVER_ACCOUNT_KEY_CACHE_H

#include "server/account/account.h"

struct dgl_key_cache;
struct dgl_key_cache *dgl_key_cache_new(struct dgl_store *store, struct dgl_clock *clock);
void dgl_key_cache_free(struct dgl_key_cache *c); // writes outstanding last-use times
// true: *ret is who the key belongs to. Also notes the use.
bool dgl_key_cache_get(struct dgl_key_cache *c, const unsigned char hash[32], struct dgl_principal *ret);
// Before a key is read from the store; given to dgl_key_cache_put, which keeps nothing when a key was dropped between.
uint64_t dgl_key_cache_generation(struct dgl_key_cache *c);
void dgl_key_cache_put(struct dgl_key_cache *c, uint64_t generation, const unsigned char hash[32],
                       const struct dgl_principal *who, int64_t expires_at_us, int64_t last_used_at_us);
void dgl_key_cache_drop(struct dgl_key_cache *c, const char *key_id);

#endif
