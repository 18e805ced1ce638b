// What a queue holds, shared by queues.c (windows and turns), queue_health.c (what is learnt of its receiver) and
// queue_lists.c (the lists and lines both stand in).
#ifndef DGL_SERVER_WEBHOOK_QUEUES_PRIVATE_H
#define DGL_SERVER_WEBHOOK_QUEUES_PRIVATE_H

#include "server/webhook/queues.h"

#define QUEUE_BUCKETS 16384

enum { TIMER_ITEM, TIMER_QUEUE };
enum queue_health { QUEUE_OPEN, QUEUE_CLOSED, QUEUE_PROBING };
enum { PROVEN, SUSPECT, RINGS };

struct queue_line {
    struct dgl_queue_item *first, *last;
    size_t count;
};
struct queue_links { // of a circular list
    struct dgl_queue *next, *prev;
};
struct queue_list {
    struct dgl_queue *first;
    size_t offset; // of the links in a queue
    size_t count;
};
struct dgl_queue {
    int64_t number;
    uint64_t org_number;
    char org[40], endpoint[40];
    // the window
    struct queue_line fresh, retries;
    size_t held;               // in the lines, waiting or taken
    bool more, asked_only_due; // there are further ones in the store; the last answer left out what is not due
    int64_t ask_at_us;
    // its share: how many at once, how many a second
    size_t in_flight;
    double limit;
    unsigned turns;
    double rate_per_s, tokens;
    int64_t tokens_at_us;
    // its receiver
    enum queue_health health;
    bool is_suspect;
    struct {
        int64_t minute;
        unsigned attempts, failures;
    } window[DGL_QUEUE_WINDOW_MINUTES];
    int64_t closed_until_us;
    // its place
    struct dgl_timer timer;  // a token, the end of the closed time, asking the store again
    struct queue_list *ring; // it stands in; NULL = none
    bool is_hungry, is_empty, was_closed;
    struct queue_links in_ring, in_hungry, in_empty, in_closed;
    struct dgl_queue *next_in_bucket;
};
struct dgl_queues {
    unsigned max_in_flight;
    size_t held, in_flight, suspects_in_flight, count, closed;
    unsigned turns;
    double limit_max; // of one queue: a quarter of the slots
    bool overflowed;
    struct queue_list rings[RINGS], hungry, empty /* oldest first */, newly_closed;
    struct dgl_timers waiting;
    struct dgl_queue_item *items[QUEUE_BUCKETS];
    struct dgl_queue *queues[QUEUE_BUCKETS];
};

// queue_lists.c
void dgl_queue_list_push(struct queue_list *l, struct dgl_queue *one); // at its end
void dgl_queue_list_remove(struct queue_list *l, struct dgl_queue *one);
void dgl_queue_list_set(struct queue_list *l, struct dgl_queue *one, bool *is, bool wanted); // *is: whether it is in it
void dgl_queue_line_push(struct queue_line *l, struct dgl_queue_item *it);
struct dgl_queue_item *dgl_queue_line_pop(struct queue_line *l); // of a line that has one
// queue_health.c: after an attempt. What changes is told by the queue's members; the caller updates its place.
void dgl_queue_learn(struct dgl_queues *q, struct dgl_queue *one, enum dgl_queue_feedback feedback, int64_t now_us);
// queues.c: out of memory, not out of the store. It stands in no line and has no timer.
void dgl_queue_drop_item(struct dgl_queues *q, struct dgl_queue_item *it);

#endif
