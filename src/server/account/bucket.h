// Token buckets by name in a bounded table. Time is an argument. Thread safe.
//
// A bucket that has filled up again equals one that was never used, so it is forgotten without loss; when every place
// of its set is taken by a bucket in use, the fullest is forgotten.
#ifndef DGL_SERVER_ACCOUNT_BUCKET_H
#define DGL_SERVER_ACCOUNT_BUCKET_H

#include "base/base.h"

struct dgl_buckets;
struct dgl_buckets *dgl_buckets_new(void);
void dgl_buckets_free(struct dgl_buckets *b);
struct dgl_bucket_name {
    uint64_t high, low;
};
struct dgl_bucket_name dgl_bucket_name(const char *what, const char *whom);
// Takes one token from a bucket that holds `per_minute` and fills at that rate; now_us is monotonic. false: none there,
// *ret_retry_after_s (at least 1) seconds until the next. per_minute <= 0 is always true.
bool dgl_buckets_take(struct dgl_buckets *b, struct dgl_bucket_name name, int64_t per_minute, int64_t now_us,
                      int64_t *ret_retry_after_s);

#endif
