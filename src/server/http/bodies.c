// What requests hold while their bodies come in: memory, and space for the files of forms. One body is bounded by its
// route and its pace, but whoever has many connections may leave each at its last byte. So what is beyond the first
// HTTP_FIRST_BODY_BYTES of each is counted, in all and by sharer: an organization, or an address of those whom nobody
// knows yet. Past either bound a body is refused (503) and let go; small ones go on as before.
//
// Sharers are told apart by a number of HTTP_SHARES: two that meet in one have the one share between them.
#include "server/http/internal.h"

static size_t share_of(uint64_t who)
{
    return (size_t)(who * UINT64_C(0x9E3779B97F4A7C15) >> 32) % HTTP_SHARES;
}

void dgl_http_set_sharer(struct dgl_http_request *rq, uint64_t who)
{
    rq->share = share_of(who);
}

void http_bodies_begin(struct dgl_http_request *rq)
{
    uint64_t who = 1;
    for (const char *c = rq->client_address; *c; c++)
        who = who * 257 + (unsigned char)*c;
    rq->share = share_of(who);
}

// A body that is alone there may be as large as its route allows.
static bool fits(uint64_t sum, uint64_t max, uint64_t own)
{
    return sum <= max || sum == own;
}

bool http_bodies_take(struct dgl_http_request *rq)
{
    const struct dgl_http_options *o = &rq->server->options;
    uint64_t held = DGL_MAX(rq->body_seen, rq->body.cap);
    uint64_t more = DGL_MAX(held, rq->counted + HTTP_FIRST_BODY_BYTES) - HTTP_FIRST_BODY_BYTES - rq->counted;
    if (!more)
        return true;
    rq->counted += more;
    uint64_t all = atomic_fetch_add_explicit(&rq->server->bodies, more, memory_order_relaxed) + more;
    uint64_t share = atomic_fetch_add_explicit(&rq->server->shares[rq->share], more, memory_order_relaxed) + more;
    return fits(all, o->max_bodies_bytes, rq->counted) &&
           fits(share, o->max_bodies_bytes / HTTP_SHARE_OF_BODIES, rq->counted);
}

void http_bodies_give(struct dgl_http_request *rq)
{
    if (!rq->counted)
        return;
    atomic_fetch_sub_explicit(&rq->server->bodies, rq->counted, memory_order_relaxed);
    atomic_fetch_sub_explicit(&rq->server->shares[rq->share], rq->counted, memory_order_relaxed);
    rq->counted = 0;
}
