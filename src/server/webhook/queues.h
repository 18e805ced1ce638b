// Which delivery goes next. Pure: time is an argument, nothing here touches store, network or clock. One thread.
//
// Each (organization, endpoint or origin) is a queue of its own with its own limit of attempts at once. Queues that
// have something ready and a slot free stand in a ring and are served one delivery each in turn, so a queue with a
// million entries and one with a single entry get the same turns. All deliveries weigh the same; giving a queue more
// than one per turn (deficit round robin) is a matter of its `quantum`.
//
//   add ─▶ waiting (a heap by due time) ─ due ─▶ ready (first attempts | retries) ─ take ─▶ taken ─▶ forget
//                                                                                    └ put_back ─▶ waiting
//
// Memory is bounded: what does not fit stays in the store, and `overflowed` asks for another look there once room is
// made.
#ifndef DGL_SERVER_WEBHOOK_QUEUES_H
#define DGL_SERVER_WEBHOOK_QUEUES_H

#include "server/net/timers.h"
#include "server/store/store.h"

// ---- bounds
#define DGL_QUEUES_HELD_MAX 50000 // deliveries in memory
#define DGL_QUEUES_HELD_PER_QUEUE 5000
#define DGL_QUEUE_LIMIT_START 10.0 // attempts at once
#define DGL_QUEUE_RETRY_TURNS 5    // every fifth turn of a queue belongs to its overdue retries, when it has some

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
enum dgl_queue_feedback { DGL_QUEUE_NEUTRAL, DGL_QUEUE_WENT_WELL, DGL_QUEUE_SLOW_DOWN }; // slow down: timeout, 429

struct dgl_queues;
struct dgl_queues *dgl_queues_new(unsigned max_in_flight);
void dgl_queues_free(struct dgl_queues *q);
enum dgl_queue_added dgl_queues_add(struct dgl_queues *q, const struct dgl_delivery_due *due, int64_t now_us);
void dgl_queues_ripen(struct dgl_queues *q, int64_t now_us); // what has become due is ready
// The next one, or NULL: nothing ready, or no slot free. Its slot is taken.
struct dgl_queue_item *dgl_queues_take(struct dgl_queues *q);
void dgl_queues_slot_free(struct dgl_queues *q, struct dgl_queue_item *item, enum dgl_queue_feedback feedback);
// Both also free its slot when it still has one.
void dgl_queues_forget(struct dgl_queues *q, struct dgl_queue_item *item);
void dgl_queues_put_back(struct dgl_queues *q, struct dgl_queue_item *item, int64_t due_at_us, int64_t now_us);

int64_t dgl_queues_next_due_us(const struct dgl_queues *q);     // of those waiting; INT64_MAX = none
int64_t dgl_queues_oldest_ready_us(const struct dgl_queues *q); // due time; INT64_MAX = none
size_t dgl_queues_held(const struct dgl_queues *q), dgl_queues_in_flight(const struct dgl_queues *q);
bool dgl_queues_room(const struct dgl_queues *q); // for more from the store
// True once after something did not fit and room has been made since.
bool dgl_queues_overflowed(struct dgl_queues *q);

#endif
