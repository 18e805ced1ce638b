// Growing waits after failures, by name, in a bounded table. Time is an argument. Thread safe.
#ifndef DGL_SERVER_ACCOUNT_BACKOFF_H
#define DGL_SERVER_ACCOUNT_BACKOFF_H

#include "server/account/bucket.h"

struct dgl_backoff;
struct dgl_backoff *dgl_backoff_new(void);
void dgl_backoff_free(struct dgl_backoff *b);
// Seconds until the name may try again; 0 = now.
int64_t dgl_backoff_wait_s(struct dgl_backoff *b, struct dgl_bucket_name name, int64_t now_us);
// One more failure: the first DGL_SIGN_IN_FREE_FAILURES cost nothing, then 1 s, 2 s, 4 s … up to max_wait_s.
void dgl_backoff_failed(struct dgl_backoff *b, struct dgl_bucket_name name, int64_t max_wait_s, int64_t now_us);
void dgl_backoff_succeeded(struct dgl_backoff *b, struct dgl_bucket_name name);

#endif
