// Which queue a delivery stands in: a number, so that one index holds all queues.
//
//   an endpoint's               its seq                 (> 0)
//   of a job's own URL          -(61 bits of SHA-256 over organization and origin)
//   a listener's                DGL_QUEUE_LISTENERS - its seq; the dispatcher never looks there
#ifndef DGL_SERVER_STORE_SQLITE_QUEUE_H
#define DGL_SERVER_STORE_SQLITE_QUEUE_H

#include "base/base.h"

#define DGL_QUEUE_LISTENERS (-(INT64_C(1) << 62))

int64_t dgl_queue_of_endpoint(int64_t endpoint_seq, bool is_listener);
// The origin is read from the URL leniently: scheme and host in lower case, without the default port and a last dot.
int64_t dgl_queue_of_url(int64_t org_seq, const char *url);

#endif
