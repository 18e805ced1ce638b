// The room's inside: one struct for the running dispatcher, the messages that reach it, and what each file offers the
// others. dispatch.c and attempt.c run in the dispatcher's thread alone; settings.c, probe.c, webhook.c in any.
#ifndef DGL_SERVER_WEBHOOK_WEBHOOK_PRIVATE_H
#define DGL_SERVER_WEBHOOK_WEBHOOK_PRIVATE_H

#include "server/webhook/payload.h"
#include "server/webhook/queues.h"
#include "server/webhook/schedule.h"
#include "server/webhook/signature.h"
#include "server/webhook/verdict.h"
#include "server/webhook/webhook.h"
#include <pthread.h>
#include <stdatomic.h>

// ---- bounds and periods, together
#define DGL_WEBHOOK_PAGE 200                                // queues with something due, looked up at once
#define DGL_WEBHOOK_FILLS 4                                 // windows filled from the store in one turn
#define DGL_WEBHOOK_HORIZON_US (INT64_C(30) * DGL_US_PER_S) // what is due until then is held in memory
#define DGL_WEBHOOK_SWEEP_US (INT64_C(15) * DGL_US_PER_S)   // between two looks into the store
#define DGL_WEBHOOK_JUMP_US (INT64_C(5) * DGL_US_PER_S)     // a clock that goes back by more was put back
#define DGL_WEBHOOK_AGAIN_US (INT64_C(1) * DGL_US_PER_S)    // after the store or the network line was full
#define DGL_WEBHOOK_INBOX_DUE_MAX 100000                    // deliveries announced and not yet taken in
#define DGL_WEBHOOK_UNRECORDED_FACTOR 4                     // attempts waiting for the store, times max_in_flight
#define DGL_WEBHOOK_FACTS_US (INT64_C(5) * DGL_US_PER_S)    // endpoints and secrets are read again after this
#define DGL_WEBHOOK_FACTS_MAX 4096
#define DGL_WEBHOOK_TESTS_PER_MINUTE 10
#define DGL_WEBHOOK_TEST_ORGS 512 // whose tests of the last minute are remembered
#define DGL_WEBHOOK_OVERLAP_DEFAULT_S 86400
#define DGL_WEBHOOK_OVERLAP_MAX_S (7 * 86400)
#define DGL_WEBHOOK_CONNECT_MS 10000
#define DGL_WEBHOOK_RESOLVE_MS 5000
#define DGL_WEBHOOK_HEADERS (DGL_WEBHOOK_CUSTOM_HEADERS_MAX + 10)
#define DGL_WEBHOOK_DISABLE_US (INT64_C(120) * 3600 * DGL_US_PER_S) // an endpoint that failed for so long is disabled
#define DGL_WEBHOOK_NOTICE_US (DGL_WEBHOOK_DISABLE_US - INT64_C(24) * 3600 * DGL_US_PER_S) // the day before
// While its queue is closed, a delivery older than its schedule's sum is dropped, but never before it is so old.
#define DGL_WEBHOOK_EXPIRE_MIN_US (INT64_C(60) * DGL_US_PER_S)
#define DGL_WEBHOOK_UNAVAILABLE "endpoint unavailable"
#define DGL_WEBHOOK_RANGE_US (INT64_C(14) * 86400 * DGL_US_PER_S) // a range to be sent again begins at most so long ago
#define DGL_WEBHOOK_RANGE_MAX 10000
#define DGL_WEBHOOK_RANGE_PER_S 100
#define DGL_WEBHOOK_HEALTH_SAMPLE 500
#define DGL_WEBHOOK_HEALTH_US (INT64_C(7) * 86400 * DGL_US_PER_S)
#define DGL_WEBHOOK_WAITERS_MAX 1000 // long polls
#define DGL_WEBHOOK_PAUSED_MAX 256   // endpoints known to the pages as paused, the latest

// ---- messages to the dispatcher

struct dgl_announcement { // dgl_webhook_enqueue
    size_t count;
    struct dgl_delivery_due due[]; // url points behind the array
};
// One attempt, from its start until the store has it. While out, it holds a reference to the inbox.
struct dgl_flight {
    struct dgl_inbox *inbox;
    struct dgl_queue_item *item;
    char id[40], org[40], endpoint[40], url[DGL_URL_MAX + 1];
    int64_t number, failures; // of this attempt; failures if it fails
    int64_t started_at_us, link_expires_at_us;
    int64_t event_at_us; // of the first schedule; 0 = sent again by hand
    struct dgl_schedule schedule;
    enum dgl_endpoint_notice notice; // the writer's, before `recorded`
    bool canceled;                   // no exchange took place: the endpoint is gone
    struct dgl_net_result result;    // headers and body are its own
    struct dgl_verdict verdict;
    enum dgl_status recorded; // how the store took it
    struct dgl_flight *next;  // those to be recorded again
};
struct dgl_expiry { // what a closed queue lost; holds a reference to the inbox
    struct dgl_inbox *inbox;
    char org[40], endpoint[40];
    int64_t count;
};
enum dgl_message_kind { DGL_MESSAGE_ANNOUNCED, DGL_MESSAGE_ANSWERED, DGL_MESSAGE_RECORDED, DGL_MESSAGE_EXPIRED };
struct dgl_message {
    enum dgl_message_kind kind;
    struct dgl_message *next;
    union {
        struct dgl_announcement *announced;
        struct dgl_flight *flight;
        struct dgl_expiry *expiry;
    };
};

// Outlives the webhook object while attempts are out: late answers find it closed.
struct dgl_inbox {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    unsigned references;
    bool closed, stop;
    size_t announced; // deliveries in it
    bool missed;      // an announcement did not fit: look into the store
    struct dgl_message *first, *last;
};
struct dgl_inbox *dgl_inbox_new(void);
struct dgl_inbox *dgl_inbox_ref(struct dgl_inbox *i);
void dgl_inbox_unref(struct dgl_inbox *i);
void dgl_inbox_close(struct dgl_inbox *i);                                                        // frees what is in it
bool dgl_inbox_put_flight(struct dgl_inbox *i, enum dgl_message_kind kind, struct dgl_flight *f); // false: closed
bool dgl_inbox_put_expiry(struct dgl_inbox *i, struct dgl_expiry *x);                             // false: closed
void dgl_inbox_announce(struct dgl_inbox *i, const struct dgl_delivery_due *due, size_t count);
void dgl_inbox_look(struct dgl_inbox *i); // there is something new in the store
// Everything in it, oldest first. When it is empty, waits at most wait_us (0 = not at all) for a message, or for the
// order to stop if *stop does not know of it yet.
struct dgl_message *dgl_inbox_take(struct dgl_inbox *i, int64_t wait_us, bool *ret_missed, bool *stop);
void dgl_inbox_stop(struct dgl_inbox *i);
void dgl_flight_free(struct dgl_flight *f);
void dgl_expiry_free(struct dgl_expiry *x);

// ---- what is known about an endpoint, or about an organization for per-request URLs (endpoint "")

struct dgl_facts_key {
    struct dgl_webhook_key key;
    int64_t expires_at_us; // 0 = current
};
struct dgl_facts {
    char org[40], endpoint[40];
    bool exists, enabled; // of the endpoint; both true for ""
    bool paused;          // the organization is disabled
    char url[DGL_URL_MAX + 1];
    char organization_origin[300]; // "" = no organization URL
    struct dgl_schedule schedule;
    char *headers[DGL_WEBHOOK_CUSTOM_HEADERS_MAX]; // "Name: value"
    size_t header_count;
    struct dgl_facts_key keys[DGL_WEBHOOK_KEYS_MAX];
    size_t key_count;
    int64_t read_at_us;
    unsigned generation;
    struct dgl_facts *next;
};
#define DGL_FACTS_BUCKETS 1024
struct dgl_facts_cache { // the dispatcher's thread only
    struct dgl_facts *buckets[DGL_FACTS_BUCKETS];
    size_t count;
};
void dgl_facts_cache_fini(struct dgl_facts_cache *c); // wipes
enum dgl_status dgl_facts_get(struct dgl_webhook *w, const char *org, const char *endpoint,
                              const struct dgl_facts **ret, struct dgl_error *err) DGL_MUST_CHECK;
// The keys that sign for `url`: those that have not expired, derived when the URL is a per-request one of another
// origin than the organization's.
size_t dgl_facts_keys_for(const struct dgl_facts *f, const struct dgl_url *url, int64_t now_us,
                          struct dgl_webhook_key ret[DGL_WEBHOOK_KEYS_MAX]);

// ---- the dispatcher

struct dgl_webhook_test_count {
    uint64_t org_number;
    int64_t at_us[DGL_WEBHOOK_TESTS_PER_MINUTE]; // ring
    unsigned next;
};
struct dgl_paused {
    char org[40], endpoint[40];
    int64_t until_mono_us; // the pause and the attempt after it
};
struct dgl_webhook {
    struct dgl_store *store;
    struct dgl_net_client *net;
    const struct dgl_guard *guard;
    const struct dgl_keyring *keys;
    struct dgl_outbox *outbox; // NULL = no e-mail
    struct dgl_clock *clock;
    char *public_url, *source_ips;
    int64_t download_url_ttl_s, timeout_ms;
    unsigned max_in_flight;
    bool development;
    struct dgl_schedule schedule;

    struct dgl_inbox *inbox;
    pthread_t thread;
    bool started;
    int64_t stop_at_mono_us;     // real time; set before the order to stop
    atomic_uint generation;      // of settings and secrets: raised by every change
    pthread_mutex_t secret_lock; // making an organization's first secret
    pthread_mutex_t test_lock;
    struct dgl_webhook_test_count *tests; // DGL_WEBHOOK_TEST_ORGS

    // the thread's own
    struct dgl_queues *queues;
    struct dgl_facts_cache facts;
    struct dgl_arena *arena; // reset per attempt and per page
    bool sweeping;
    int64_t sweep_after_queue, sweep_at_mono_us; // cursor; time of the next page or sweep
    // The clock: wall minus monotonic, as last seen; whether it went back and memory has not followed; how often the
    // store is still to be asked for waits that began before it did.
    int64_t clock_difference_us;
    bool clock_seen, clock_went_back;
    int clock_rewinds;
    struct dgl_flight *unrecorded; // the store would not take them
    int64_t record_again_mono_us;
    size_t recording;

    struct dgl_histogram lag_us, exchange_us;
    pthread_mutex_t stats_lock;
    struct dgl_webhook_stats stats;
    int64_t stats_at_mono_us;                         // when the oldest was last looked for
    struct dgl_paused paused[DGL_WEBHOOK_PAUSED_MAX]; // ring; stats_lock's too
    unsigned paused_next;

    pthread_mutex_t wait_lock; // long polls
    struct dgl_events_waiter *waiters;
    size_t waiter_count;
    bool no_waiting;
};

// dispatch.c. One turn: takes in messages (waiting for one up to wait_us of real time), looks into the store, starts
// what is due by the clock. Returns after how many microseconds of the clock the next turn is needed if no message
// comes. The thread does nothing but call it; tests with a manual clock call it themselves.
int64_t dgl_webhook_turn(struct dgl_webhook *w, int64_t wait_us, bool *stop);
void *dgl_webhook_run(void *webhook);               // the thread
bool dgl_webhook_idle(const struct dgl_webhook *w); // nothing in flight, nothing being recorded

// attempt.c
void dgl_attempt_start(struct dgl_webhook *w, struct dgl_queue_item *item);
void dgl_attempt_answered(struct dgl_webhook *w, struct dgl_flight *f);
void dgl_attempt_recorded(struct dgl_webhook *w, struct dgl_flight *f);
void dgl_attempt_record_again(struct dgl_webhook *w);
// The exact request: headers in `lines` (borrowed from the arena), NULL-terminated.
struct dgl_webhook_outgoing {
    const char *id, *body;
    size_t body_len;
    int64_t number;
};
void dgl_attempt_headers(struct dgl_arena *a, const struct dgl_webhook_outgoing *out,
                         const struct dgl_webhook_key *keys, size_t key_count, int64_t now_us,
                         const char *lines[DGL_WEBHOOK_HEADERS]);
// Adds an endpoint's own headers behind them.
void dgl_attempt_add_headers(const struct dgl_facts *facts, const char *lines[DGL_WEBHOOK_HEADERS]);
struct dgl_net_request dgl_attempt_request(const struct dgl_webhook *w, uint64_t org_number, const char *const *lines,
                                           const void *body, size_t body_len);

// Makes bytes from elsewhere fit for log and page: what is not UTF-8, and control characters, become '?'. In place.
void dgl_webhook_make_text(char *s, size_t len);

// secrets.c
// Those that sign today, newest first; `endpoint` "" = the organization's.
enum dgl_status dgl_webhook_secrets_load(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                         const char *endpoint, struct dgl_facts_key ret[DGL_WEBHOOK_KEYS_MAX],
                                         size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;
// As above; a shared secret is made when there is none.
enum dgl_status dgl_webhook_secrets_ensure(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                           const char *endpoint, struct dgl_facts_key ret[DGL_WEBHOOK_KEYS_MAX],
                                           size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;
// The current shared secret among them; NULL = none.
const struct dgl_webhook_key *dgl_webhook_secret_current(const struct dgl_facts_key *keys, size_t count);
// "whsec_…abcd"
const char *dgl_webhook_secret_hint(struct dgl_arena *a, const struct dgl_webhook_key *key);

// settings.c
enum dgl_status dgl_webhook_organization_origin(struct dgl_webhook *w, struct dgl_arena *a, const char *org,
                                                char ret[300], struct dgl_error *err) DGL_MUST_CHECK;

// endpoints.c
// The stored form of custom headers (sealed JSON) as "Name: value" lines, to be freed.
enum dgl_status dgl_webhook_headers_load(struct dgl_webhook *w, const char *org, const char *stored,
                                         char *ret[DGL_WEBHOOK_CUSTOM_HEADERS_MAX], size_t *ret_count,
                                         struct dgl_error *err) DGL_MUST_CHECK;

// notices.c. After an attempt was recorded: says in the log that its endpoint was disabled or will be in a day, and
// tells the outbox that there are letters saying so.
void dgl_notice_send(struct dgl_webhook *w, const struct dgl_flight *f);

// events.c
void dgl_events_wake(struct dgl_webhook *w, const char *listener);           // something new for it, or it is gone
int64_t dgl_events_expire(struct dgl_webhook *w, int64_t mono_us, bool all); // until the next deadline; INT64_MAX

// What sealed values are bound to (endpoints.c, secrets.c).
#define DGL_STORED_HEADERS_MAX 16384
void dgl_webhook_headers_context(const char *org, char out[160]);
void dgl_webhook_secret_context(const char *org, const char *endpoint, char out[160]);

#endif
