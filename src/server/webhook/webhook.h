// Webhooks: what is sent, signed, retried, refused (docs/internals/webhooks.md). Rooms besides: signature.h,
// schedule.h, payload.h are pure and tested exactly; dispatch.c owns the queues and one thread; the exchange itself is
// server/net's.
#ifndef DGL_SERVER_WEBHOOK_WEBHOOK_H
#define DGL_SERVER_WEBHOOK_WEBHOOK_H

#include "base/crypto.h"
#include "server/net/client.h"
#include "server/store/store.h"

struct dgl_webhook;
struct dgl_webhook_options {
    const char *public_url;     // base of download links
    int64_t download_url_ttl_s; // 86,400
    const char *schedule;       // "60,300,900"
    int64_t timeout_ms;         // 15,000 for the whole exchange
    unsigned max_in_flight;     // 256
    bool development;           // WEBHOOK_ALLOW_HTTP: answers from private networks are kept
    const char *source_ips;     // for the page and the API; NULL = none given
    const char *bind_address;
};
enum dgl_status dgl_webhook_new(struct dgl_store *store, struct dgl_net_client *net, const struct dgl_guard *guard,
                                const struct dgl_keyring *keys, struct dgl_clock *clock,
                                const struct dgl_webhook_options *options, struct dgl_webhook **ret,
                                struct dgl_error *err) DGL_MUST_CHECK;
// Loads what is due and starts the thread. Before it nothing is sent.
enum dgl_status dgl_webhook_start(struct dgl_webhook *w, struct dgl_error *err) DGL_MUST_CHECK;
// No new attempts; waits for those in flight up to `wait_ms`. The rest is sent again after the next start.
void dgl_webhook_stop(struct dgl_webhook *w, int64_t wait_ms);
void dgl_webhook_free(struct dgl_webhook *w);
DGL_DEFINE_AUTO(webhook);
// New deliveries, right after the transaction that made them.
void dgl_webhook_enqueue(struct dgl_webhook *w, const struct dgl_delivery_due *due, size_t count);
struct dgl_webhook_stats {
    uint64_t attempts, succeeded, failed, dropped, blocked, in_flight, queued;
    int64_t oldest_due_age_us;
};
void dgl_webhook_stats(struct dgl_webhook *w, struct dgl_webhook_stats *ret);

// ---- settings of one organization
struct dgl_webhook_settings {
    const char *url; // NULL = none
    bool enabled;
    const char *disabled_reason;
    const char *secret_hint; // "whsec_…abcd", last four characters; NULL = none yet
    const char *source_ips;  // comma-separated; NULL = not set by the operator
    int64_t updated_at_us;
};
enum dgl_status dgl_webhook_settings_get(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                         struct dgl_webhook_settings *ret, struct dgl_error *err) DGL_MUST_CHECK;
// Checks the URL (guard) with field "webhook_url"; makes a secret when the organization has none yet.
enum dgl_status dgl_webhook_settings_put(struct dgl_webhook *w, const char *org, const char *url,
                                         struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_webhook_settings_delete(struct dgl_webhook *w, const char *org,
                                            struct dgl_error *err) DGL_MUST_CHECK;
// A URL for a job or the test button: parses and guards. Field as given.
enum dgl_status dgl_webhook_check_url(struct dgl_webhook *w, const char *url, const char *field,
                                      struct dgl_error *err) DGL_MUST_CHECK;
// The secret in clear ("whsec_…", 64 bytes), made when there is none. Org Admin only: the caller's business.
enum dgl_status dgl_webhook_secret_reveal(struct dgl_webhook *w, const char *org, char ret[96],
                                          struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_webhook_secret_rotate(struct dgl_webhook *w, const char *org, int64_t overlap_s, char ret[96],
                                          struct dgl_error *err)
    DGL_MUST_CHECK; // old one signs besides until then (24 h default, 7 days at most)
enum dgl_status dgl_webhook_secret_derive(struct dgl_webhook *w, const char *org, const char *url, char ret[96],
                                          struct dgl_error *err) DGL_MUST_CHECK;

// ---- test button: the real way, once, no retries
struct dgl_webhook_test {
    bool ok; // 2xx
    enum dgl_net_outcome outcome;
    int http_status;
    int64_t total_us, dns_us, connect_us, tls_us, first_byte_us;
    char tls[64];
    char answer[1025]; // start of the body, valid UTF-8
    char message[256]; // what happened, in a sentence
    char advice[512];  // what to do, in plain words; "" when ok
};
typedef void (*dgl_webhook_test_done)(void *arg, const struct dgl_webhook_test *result);
enum dgl_status dgl_webhook_test_async(struct dgl_webhook *w, const char *org, uint64_t org_number, const char *url,
                                       dgl_webhook_test_done done, void *arg, struct dgl_error *err) DGL_MUST_CHECK;

// ---- the log
// The body of a delivery as it was (or will be) sent; links masked ("…") unless with_links. Appends JSON.
enum dgl_status dgl_webhook_payload(struct dgl_webhook *w, const struct dgl_delivery_row *d, int64_t link_expires_at_us,
                                    bool with_links, struct dgl_buf *out, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_webhook_redeliver(struct dgl_webhook *w, const char *org, const char *delivery,
                                      struct dgl_error *err) DGL_MUST_CHECK;

#endif
