// Webhooks: what is sent, signed, retried, refused (docs/internals/webhooks.md). Rooms besides: signature.h,
// schedule.h, payload.h are pure and tested exactly; dispatch.c owns the queues and one thread; the exchange itself is
// server/net's.
#ifndef DGL_SERVER_WEBHOOK_WEBHOOK_H
#define DGL_SERVER_WEBHOOK_WEBHOOK_H

#include "base/crypto.h"
#include "server/mail/outbox.h"
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
    struct dgl_outbox *outbox; // for notices to admins; must outlive it; NULL = none
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
// Whether an endpoint has a pause: its latest attempts failed, so what is due for it waits, a single attempt aside.
bool dgl_webhook_is_paused(struct dgl_webhook *w, const char *org, const char *endpoint);
#define DGL_WEBHOOK_RESULTS 9
const char *dgl_webhook_result_word(size_t i); // "succeeded", "refused" (another HTTP status), "blocked", "dns" …
struct dgl_webhook_stats {
    uint64_t attempts, succeeded, failed, dropped, blocked, in_flight, queued, queues, closed_queues;
    int64_t oldest_due_age_us;
    uint64_t by_result[DGL_WEBHOOK_RESULTS]; // attempts
    struct dgl_histogram_values lag;         // from the event to its first acceptance, redelivery by hand left out
    struct dgl_histogram_values exchange;    // one attempt
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
// The organization's key pair (v1a, Ed25519), signing besides v1 while there is one. "whpk_…"; "" = none.
enum dgl_status dgl_webhook_public_key(struct dgl_webhook *w, const char *org, char ret[96],
                                       struct dgl_error *err) DGL_MUST_CHECK;
// Makes one, or a new one; the old one signs besides for overlap_s (-1 = 24 h).
enum dgl_status dgl_webhook_public_key_rotate(struct dgl_webhook *w, const char *org, int64_t overlap_s, char ret[96],
                                              struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_webhook_public_key_disable(struct dgl_webhook *w, const char *org,
                                               struct dgl_error *err) DGL_MUST_CHECK;
// The shared key for a URL given with a request: derived for its origin unless that is the organization URL's. v1a
// does not sign for other origins, because a receiver there could replay the event to the organization's.
enum dgl_status dgl_webhook_secret_derive(struct dgl_webhook *w, const char *org, const char *url, char ret[96],
                                          struct dgl_error *err) DGL_MUST_CHECK;

// ---- further endpoints, beside the organization's URL and those given with requests. They add to those, they never
// replace them. Org Admin only: the caller's business.
#define DGL_WEBHOOK_CUSTOM_HEADERS_MAX 20
#define DGL_WEBHOOK_CUSTOM_HEADER_BYTES 4096 // names and values together
#define DGL_WEBHOOK_DESCRIPTION_MAX 500
#define DGL_WEBHOOK_RATE_MAX 10000
struct dgl_webhook_header {
    const char *name, *value;
};
struct dgl_webhook_endpoint_spec {
    const char *url;
    const char *description; // NULL = ""
    const char *events;      // comma-separated; NULL or "" = all
    const char *schedule;    // NULL = the server's
    int64_t rate_per_s;      // 0 = the server's
    const struct dgl_webhook_header *headers;
    size_t header_count;
    bool own_secret; // a signing secret of its own instead of the organization's; on update: makes one if it has none
};
struct dgl_webhook_endpoint {
    char id[40];
    bool is_organization, is_listener, enabled;
    const char *url, *description, *events; // "" = all
    const char *schedule;                   // NULL = the server's
    int64_t rate_per_s;                     // 0 = the server's
    const struct dgl_webhook_header *headers;
    size_t header_count;
    const char *state_reason; // why it is disabled; NULL
    const char *secret_hint;  // of its own secret; NULL = the organization's signs
    int64_t failing_since_us, last_success_at_us, last_failure_at_us; // 0 = not, never
    int64_t created_at_us, updated_at_us;
};
// Event types that may stand in a filter; NULL-terminated.
extern const char *const dgl_webhook_event_types[];
// Fields in errors: "url" "description" "events" "schedule" "rate_per_s" "headers".
enum dgl_status dgl_webhook_endpoint_create(struct dgl_webhook *w, const char *org,
                                            const struct dgl_webhook_endpoint_spec *spec, struct dgl_id *ret_id,
                                            struct dgl_error *err) DGL_MUST_CHECK;
// All of it is replaced. A new URL starts with a clean record, enabled. The organization's URL is not changed here
// (DGL_E_CONFLICT).
enum dgl_status dgl_webhook_endpoint_update(struct dgl_webhook *w, const char *org, const char *id,
                                            const struct dgl_webhook_endpoint_spec *spec,
                                            struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_webhook_endpoint_delete(struct dgl_webhook *w, const char *org, const char *id,
                                            struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_webhook_endpoint_get(struct dgl_webhook *w, struct dgl_arena *a, const char *org, const char *id,
                                         struct dgl_webhook_endpoint *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_webhook_endpoint_list(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                          struct dgl_webhook_endpoint **ret, size_t *ret_count,
                                          struct dgl_error *err) DGL_MUST_CHECK; // in the order they were made
enum dgl_status dgl_webhook_endpoint_enable(struct dgl_webhook *w, const char *org, const char *id,
                                            struct dgl_error *err) DGL_MUST_CHECK;
// What waits for it is canceled. reason NULL: "disabled by an administrator".
enum dgl_status dgl_webhook_endpoint_disable(struct dgl_webhook *w, const char *org, const char *id, const char *reason,
                                             struct dgl_error *err) DGL_MUST_CHECK;
// Its own secret, or the organization's when it has none.
enum dgl_status dgl_webhook_endpoint_secret_reveal(struct dgl_webhook *w, const char *org, const char *endpoint,
                                                   char ret[96], struct dgl_error *err) DGL_MUST_CHECK;
// Gives it one of its own when it had none; overlap as for the organization's.
enum dgl_status dgl_webhook_endpoint_secret_rotate(struct dgl_webhook *w, const char *org, const char *endpoint,
                                                   int64_t overlap_s, char ret[96],
                                                   struct dgl_error *err) DGL_MUST_CHECK;
// Of its latest 500 deliveries in 7 days at most.
enum dgl_status dgl_webhook_endpoint_health(struct dgl_webhook *w, const char *org, const char *endpoint,
                                            struct dgl_endpoint_health *ret, struct dgl_error *err) DGL_MUST_CHECK;

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
// Ten a minute of an organization, whoever asks; more: DGL_E_RATE and *ret_retry_after_s, until the next may be made.
enum dgl_status dgl_webhook_test_async(struct dgl_webhook *w, const char *org, uint64_t org_number, const char *url,
                                       dgl_webhook_test_done done, void *arg, int64_t *ret_retry_after_s,
                                       struct dgl_error *err) DGL_MUST_CHECK;

// ---- the log
// The body of a delivery as it was (or will be) sent; links masked ("…") unless with_links. Appends JSON.
enum dgl_status dgl_webhook_payload(struct dgl_webhook *w, const struct dgl_delivery_row *d, int64_t link_expires_at_us,
                                    bool with_links, struct dgl_buf *out, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_webhook_redeliver(struct dgl_webhook *w, const char *org, const char *delivery,
                                      struct dgl_error *err) DGL_MUST_CHECK;
// All of a time range again, 100 a second: at most 14 days back and 10,000 deliveries (more: DGL_E_CONFLICT, nothing
// is sent). Those of disabled or deleted endpoints are left out. *ret_count: how many are, or would be, sent.
struct dgl_webhook_range {
    int64_t since_us, until_us;      // creation; until 0 = now
    enum dgl_delivery_status status; // DROPPED, CANCELED or SUCCEEDED
    const char *endpoint;            // NULL = any
    bool dry_run;
};
enum dgl_status dgl_webhook_redeliver_range(struct dgl_webhook *w, const char *org,
                                            const struct dgl_webhook_range *range, int64_t *ret_count,
                                            struct dgl_error *err) DGL_MUST_CHECK;

// ---- the feed: a listener is an endpoint whose deliveries are fetched by a client instead of being sent
//
//   listen ─▶ cursor ─▶ wait ─▶ events ─▶ (each) report ─┐
//                        ▲ behind the last one ──────────┘
//
// An event stays pending until it is reported: a client that lost its connection goes on with its cursor, one that was
// started anew listens under the same name and gets, under the same webhook-id, what was not reported. A listener
// that nobody asks for in a day is deleted. Signed with the organization's secrets; links are fresh at each fetch.
#define DGL_WEBHOOK_EVENTS_CURSOR_LEN 96
#define DGL_WEBHOOK_EVENTS_MAX 100
#define DGL_WEBHOOK_EVENTS_WAIT_MAX_MS 60000
#define DGL_WEBHOOK_LISTENER_NAME_MAX 64 // letters, digits, "._@-"
enum dgl_status dgl_webhook_listen(struct dgl_webhook *w, const char *org, const char *name,
                                   char ret_cursor[DGL_WEBHOOK_EVENTS_CURSOR_LEN],
                                   struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_webhook_event {
    const char *id, *event_type;
    int64_t attempt, timestamp_s;
    const char *const *headers; // "Name: value" as they would be sent; NULL-terminated
    const char *body;
    size_t body_len;
    char cursor[DGL_WEBHOOK_EVENTS_CURSOR_LEN]; // behind this event
};
// What waits behind the cursor, at most `max`, oldest first. A listener that was deleted: DGL_E_NOT_FOUND (listen
// again). Bad cursors: DGL_E_INVALID field "cursor".
enum dgl_status dgl_webhook_events_after(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                         const char *cursor, size_t max, struct dgl_webhook_event **ret,
                                         size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;
// Calls done once, from some thread: when there may be something behind the cursor, after wait_ms, or when the server
// stops. On failure it is not called.
typedef void (*dgl_webhook_events_done)(void *arg);
enum dgl_status dgl_webhook_events_wait(struct dgl_webhook *w, const char *org, const char *cursor, int64_t wait_ms,
                                        dgl_webhook_events_done done, void *arg, struct dgl_error *err) DGL_MUST_CHECK;
// Ends all waits, and later ones at once: before the server stops, so that no client holds it up.
void dgl_webhook_events_stop(struct dgl_webhook *w);
// What came of an event at the client. 2xx: succeeded; anything else: dropped, to be sent again by hand. One that is
// not pending any more (reported before, canceled): nothing changes.
struct dgl_webhook_report {
    int64_t timestamp_s; // the event's
    int64_t http_status; // 0 = no answer; then message says why
    int64_t total_us;
    const char *message, *headers, *body; // NULL = none; cut to what an attempt keeps
};
enum dgl_status dgl_webhook_event_report(struct dgl_webhook *w, const char *org, const char *id,
                                         const struct dgl_webhook_report *report, struct dgl_error *err) DGL_MUST_CHECK;

#endif
