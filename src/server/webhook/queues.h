// Which delivery goes next. Pure: time is an argument, nothing here touches store, network or clock. One thread.
//
// Each (organization, endpoint or origin) is a queue of its own with its own limit of attempts at once. Queues that
// have something ready, a slot free and a token left stand in a ring and are served one delivery each in turn, so a
// queue with a million entries and one with a single entry get the same turns: deficit round robin in which every
// delivery weighs the same and the quantum is one.
//
//   store ──▶ window: waiting (a heap by due time) ─ due ─▶ ready (first attempts | retries) ─ take ─▶ taken ─▶ forget
//   (the rest of the queue)                                                                     └ put_back ─▶ waiting
//
// A queue's health decides how much it may have under way:
//
//   open: 10 at once, one more per round of successes up to a quarter of all slots, halved by a timeout or a 429
//     │ 80 % of 10 or more attempts in 5 minutes failed
//     ▼
//   closed: none for 30 s ──▶ probing: one ── succeeded ──▶ open
//     ▲───────────────────────── failed ────┘
//
// Queues that have not yet succeeded, or whose latest attempt failed, share half of the slots, so that any number of
// dead endpoints leaves the other half to those that answer.
//
// Memory is bounded: a queue holds a window of at most 500 deliveries and remembers that the store has more. `hungry`
// names the queues whose window runs low. A queue that becomes empty keeps what was learnt about it for a while.
#ifndef DGL_SERVER_WEBHOOK_QUEUES_H
#define DGL_SERVER_WEBHOOK_QUEUES_H

#include "server/net/timers.h"
#include "server/store/store.h"

// ---- bounds
#define DGL_QUEUES_HELD_MAX 50000 // deliveries in memory, but for …
#define DGL_QUEUES_HELD_ALWAYS 16 // … so many that each queue may hold in any case
#define DGL_QUEUES_HELD_PER_QUEUE 500
#define DGL_QUEUES_REFILL 200      // read from the store at once for one queue
#define DGL_QUEUES_LOW 50          // fewer ready than this: hungry
#define DGL_QUEUES_MAX 32768       // queues in memory
#define DGL_QUEUES_EMPTY_MAX 4096  // of them, empty ones that are remembered
#define DGL_QUEUE_LIMIT_START 10.0 // attempts at once
#define DGL_QUEUE_LIMIT_REOPEN 5.0 // after a probe that succeeded
#define DGL_QUEUE_RETRY_TURNS 5    // every fifth turn of a queue belongs to its overdue retries, when it has some
#define DGL_QUEUE_SUSPECT_TURNS 4  // every fourth turn belongs to queues that are not known to answer
#define DGL_QUEUE_RATE_DEFAULT 100 // deliveries a second
#define DGL_QUEUE_BURST_US (INT64_C(100000)) // of that rate may go at once
#define DGL_QUEUE_WINDOW_MINUTES 5
#define DGL_QUEUE_CLOSE_ATTEMPTS 10 // in the window, of which …
#define DGL_QUEUE_CLOSE_PERCENT 80  // … failed
#define DGL_QUEUE_CLOSED_US (INT64_C(30) * DGL_US_PER_S)
#define DGL_QUEUE_STUCK_US (INT64_C(200) * DGL_US_PER_MS) // until the store is asked again after it had nothing new

struct dgl_queue;
struct dgl_queue_item {
    char id[40], org[40], endpoint[40];
    uint64_t org_number;
    int64_t due_at_us, attempts;
    // the queues' own
    struct dgl_queue *queue;
    struct dgl_queue_item *next, *next_in_bucket;
    struct dgl_timer timer;
    bool is_retry, has_slot;
};
enum dgl_queue_added { DGL_QUEUE_HELD, DGL_QUEUE_KNOWN, DGL_QUEUE_FULL };
// Neutral: nothing was learnt. Slow down: timeout, 429; it counts as a failure too.
enum dgl_queue_feedback { DGL_QUEUE_NEUTRAL, DGL_QUEUE_WENT_WELL, DGL_QUEUE_FAILED, DGL_QUEUE_SLOW_DOWN };

struct dgl_queues;
struct dgl_queues *dgl_queues_new(unsigned max_in_flight);
void dgl_queues_free(struct dgl_queues *q);
// FULL: it stays in the store, and its queue knows.
enum dgl_queue_added dgl_queues_add(struct dgl_queues *q, const struct dgl_delivery_due *due, int64_t now_us);
// The store has something for this queue. False: no room for another queue; look again later.
bool dgl_queues_note(struct dgl_queues *q, const struct dgl_queue_due *due, int64_t now_us);
void dgl_queues_ripen(struct dgl_queues *q, int64_t now_us); // what has become due is ready
// The next one, or NULL: nothing ready, or no slot free. Its slot is taken.
struct dgl_queue_item *dgl_queues_take(struct dgl_queues *q, int64_t now_us);
void dgl_queues_slot_free(struct dgl_queues *q, struct dgl_queue_item *item, enum dgl_queue_feedback feedback,
                          int64_t now_us);
// Both also free its slot when it still has one.
void dgl_queues_forget(struct dgl_queues *q, struct dgl_queue_item *item, int64_t now_us);
void dgl_queues_put_back(struct dgl_queues *q, struct dgl_queue_item *item, int64_t due_at_us, int64_t now_us);

// A queue whose window runs low while the store has more; NULL = none. Read `*ret_max` of its earliest deliveries and
// give them back: what is held already is passed over. *ret_only_due: nothing that is due later only.
struct dgl_queue *dgl_queues_hungry(struct dgl_queues *q, int64_t *ret_number, size_t *ret_max, bool *ret_only_due);
void dgl_queues_fill(struct dgl_queues *q, struct dgl_queue *one, const struct dgl_delivery_due *due, size_t count,
                     size_t max, int64_t now_us);
void dgl_queues_fill_failed(struct dgl_queues *q, struct dgl_queue *one, int64_t now_us); // asks again later

// A queue that was closed, or whose probe failed, since the last call; false = none.
struct dgl_queue_closed {
    int64_t number;
    char org[40], endpoint[40];
};
bool dgl_queues_take_closed(struct dgl_queues *q, struct dgl_queue_closed *ret);

int64_t dgl_queues_next_due_us(const struct dgl_queues *q);     // of what waits for a time; INT64_MAX = none
int64_t dgl_queues_oldest_ready_us(const struct dgl_queues *q); // due time; INT64_MAX = none
size_t dgl_queues_held(const struct dgl_queues *q), dgl_queues_in_flight(const struct dgl_queues *q);
size_t dgl_queues_count(const struct dgl_queues *q), dgl_queues_closed_count(const struct dgl_queues *q);
bool dgl_queues_overflowed(struct dgl_queues *q); // once after dgl_queues_add had no room for another queue

#endif
