// Invariants: (1) in_flight = items with has_slot ≤ max_in_flight; (2) a queue is in the ring if and only if it has a
// ready item and in_flight < limit; (3) a queue with no item is freed at once; (4) an id is held at most once.
#include "server/webhook/queues.h"

#include "base/buf.h"
#include "base/str.h"
#include "server/net/url.h"
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384

struct line {
    struct dgl_queue_item *first, *last;
};
struct dgl_queue {
    uint64_t org_number;
    char place[304]; // endpoint id, or origin of a per-request URL
    struct line fresh, retries;
    size_t held, in_flight;
    double limit;
    unsigned turns;
    bool in_ring, overflowed;
    struct dgl_queue *next, *prev; // ring
    struct dgl_queue *next_in_bucket;
};
struct dgl_queues {
    unsigned max_in_flight;
    size_t held, in_flight;
    double limit_max; // of one queue: a quarter of the slots
    bool overflowed, look_again;
    struct dgl_queue *turn; // the ring; the next to be served
    struct dgl_timers waiting;
    struct dgl_queue_item *items[BUCKETS];
    struct dgl_queue *queues[BUCKETS];
};

static size_t hash_of(const char *s, uint64_t seed)
{
    uint64_t h = UINT64_C(1469598103934665603) ^ (seed * UINT64_C(0x9e3779b97f4a7c15));
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    return (size_t)((h ^ (h >> 32)) % BUCKETS);
}

struct dgl_queues *dgl_queues_new(unsigned max_in_flight)
{
    struct dgl_queues *q = DGL_NEW(struct dgl_queues);
    q->max_in_flight = max_in_flight;
    q->limit_max = DGL_MAX((double)max_in_flight / 4, 1.0);
    return q;
}

void dgl_queues_free(struct dgl_queues *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct dgl_queue_item *it = q->items[i], *next; it; it = next) {
            next = it->next_in_bucket;
            free(it);
        }
        for (struct dgl_queue *one = q->queues[i], *next; one; one = next) {
            next = one->next_in_bucket;
            free(one);
        }
    }
    dgl_timers_fini(&q->waiting);
    free(q);
}

// ---- the ring

static bool eligible(const struct dgl_queue *one)
{
    return (one->fresh.first || one->retries.first) && (double)one->in_flight < one->limit;
}

static void ring_update(struct dgl_queues *q, struct dgl_queue *one)
{
    bool wanted = eligible(one);
    if (wanted == one->in_ring)
        return;
    one->in_ring = wanted;
    if (!wanted) {
        if (q->turn == one)
            q->turn = one->next == one ? NULL : one->next;
        one->prev->next = one->next;
        one->next->prev = one->prev;
        return;
    }
    if (!q->turn) {
        q->turn = one->next = one->prev = one;
        return;
    }
    one->next = q->turn; // served last of all
    one->prev = q->turn->prev;
    one->prev->next = one;
    q->turn->prev = one;
}

static void line_push(struct line *l, struct dgl_queue_item *it)
{
    it->next = NULL;
    *(l->last ? &l->last->next : &l->first) = it;
    l->last = it;
}

static struct dgl_queue_item *line_pop(struct line *l)
{
    struct dgl_queue_item *it = l->first;
    l->first = it->next;
    if (!l->first)
        l->last = NULL;
    it->next = NULL;
    return it;
}

// ---- queues and items

static void place_of(const struct dgl_delivery_due *due, char out[304])
{
    struct dgl_url url;
    struct dgl_error err = DGL_ERROR_INIT;
    if (due->endpoint[0])
        dgl_str_copy(out, 304, due->endpoint, strlen(due->endpoint));
    else if (dgl_url_parse(due->url, strlen(due->url), "url", &url, &err) == DGL_OK)
        dgl_str_copy(out, 304, url.origin, strlen(url.origin));
    else
        dgl_str_copy(out, 304, "-", 1); // will fail at its attempt
}

static struct dgl_queue *queue_of(struct dgl_queues *q, const struct dgl_delivery_due *due)
{
    char place[304];
    place_of(due, place);
    struct dgl_queue **bucket = &q->queues[hash_of(place, due->org_number)];
    for (struct dgl_queue *one = *bucket; one; one = one->next_in_bucket)
        if (one->org_number == due->org_number && strcmp(one->place, place) == 0)
            return one;
    struct dgl_queue *one = DGL_NEW(struct dgl_queue);
    one->org_number = due->org_number;
    memcpy(one->place, place, sizeof place);
    one->limit = DGL_MIN(DGL_QUEUE_LIMIT_START, q->limit_max);
    one->next_in_bucket = *bucket;
    *bucket = one;
    return one;
}

static void queue_free_if_empty(struct dgl_queues *q, struct dgl_queue *one)
{
    if (one->held > 0)
        return;
    struct dgl_queue **at = &q->queues[hash_of(one->place, one->org_number)];
    while (*at != one)
        at = &(*at)->next_in_bucket;
    *at = one->next_in_bucket;
    free(one);
}

static struct dgl_queue_item *find(const struct dgl_queues *q, const char *id)
{
    for (struct dgl_queue_item *it = q->items[hash_of(id, 0)]; it; it = it->next_in_bucket)
        if (strcmp(it->id, id) == 0)
            return it;
    return NULL;
}

static void wait_or_ready(struct dgl_queues *q, struct dgl_queue_item *it, int64_t now_us)
{
    if (it->due_at_us > now_us) {
        dgl_timers_set(&q->waiting, &it->timer, it->due_at_us);
        return;
    }
    line_push(it->is_retry ? &it->queue->retries : &it->queue->fresh, it);
    ring_update(q, it->queue);
}

static void move_up(struct dgl_queues *q, struct dgl_queue_item *it, int64_t due_at_us, int64_t now_us)
{
    dgl_timers_clear(&q->waiting, &it->timer);
    it->due_at_us = due_at_us;
    wait_or_ready(q, it, now_us);
}

enum dgl_queue_added dgl_queues_add(struct dgl_queues *q, const struct dgl_delivery_due *due, int64_t now_us)
{
    struct dgl_queue_item *known = find(q, due->id);
    if (known) {
        if (known->timer.place && due->due_at_us < known->due_at_us) // sent again by hand, before its time
            move_up(q, known, due->due_at_us, now_us);
        return DGL_QUEUE_KNOWN;
    }
    struct dgl_queue *one = queue_of(q, due);
    if (q->held >= DGL_QUEUES_HELD_MAX || one->held >= DGL_QUEUES_HELD_PER_QUEUE) {
        one->overflowed = one->held >= DGL_QUEUES_HELD_PER_QUEUE;
        q->overflowed = q->overflowed || q->held >= DGL_QUEUES_HELD_MAX;
        queue_free_if_empty(q, one);
        return DGL_QUEUE_FULL;
    }
    struct dgl_queue_item *it = DGL_NEW(struct dgl_queue_item);
    dgl_str_copy(it->id, sizeof it->id, due->id, strlen(due->id));
    dgl_str_copy(it->org, sizeof it->org, due->org, strlen(due->org));
    dgl_str_copy(it->endpoint, sizeof it->endpoint, due->endpoint, strlen(due->endpoint));
    it->org_number = due->org_number;
    it->due_at_us = due->due_at_us;
    it->attempts = due->attempts;
    it->is_retry = due->attempts > 0;
    it->queue = one;
    it->timer.owner = it;
    size_t bucket = hash_of(it->id, 0);
    it->next_in_bucket = q->items[bucket];
    q->items[bucket] = it;
    one->held++;
    q->held++;
    wait_or_ready(q, it, now_us);
    return DGL_QUEUE_HELD;
}

void dgl_queues_ripen(struct dgl_queues *q, int64_t now_us)
{
    for (struct dgl_timer *t; (t = dgl_timers_take_due(&q->waiting, now_us));)
        wait_or_ready(q, t->owner, now_us);
}

struct dgl_queue_item *dgl_queues_take(struct dgl_queues *q)
{
    struct dgl_queue *one = q->turn;
    if (!one || q->in_flight >= q->max_in_flight)
        return NULL;
    one->turns++;
    bool retry = one->retries.first && (!one->fresh.first || one->turns % DGL_QUEUE_RETRY_TURNS == 0);
    struct dgl_queue_item *it = line_pop(retry ? &one->retries : &one->fresh);
    it->has_slot = true;
    one->in_flight++;
    q->in_flight++;
    q->turn = one->next;
    ring_update(q, one);
    return it;
}

// Additive growth, one more slot per round of successes; halved when the receiver is too slow. Never below one.
static void adapt(struct dgl_queues *q, struct dgl_queue *one, enum dgl_queue_feedback feedback)
{
    if (feedback == DGL_QUEUE_WENT_WELL)
        one->limit = DGL_MIN(one->limit + 1 / one->limit, q->limit_max);
    else if (feedback == DGL_QUEUE_SLOW_DOWN)
        one->limit = DGL_MAX(one->limit / 2, 1.0);
}

void dgl_queues_slot_free(struct dgl_queues *q, struct dgl_queue_item *it, enum dgl_queue_feedback feedback)
{
    if (!it->has_slot)
        return;
    it->has_slot = false;
    it->queue->in_flight--;
    q->in_flight--;
    adapt(q, it->queue, feedback);
    ring_update(q, it->queue);
}

void dgl_queues_forget(struct dgl_queues *q, struct dgl_queue_item *it)
{
    struct dgl_queue *one = it->queue;
    dgl_queues_slot_free(q, it, DGL_QUEUE_NEUTRAL);
    dgl_timers_clear(&q->waiting, &it->timer);
    struct dgl_queue_item **at = &q->items[hash_of(it->id, 0)];
    while (*at != it)
        at = &(*at)->next_in_bucket;
    *at = it->next_in_bucket;
    free(it);
    one->held--;
    q->held--;
    if (one->overflowed && one->held < DGL_QUEUES_HELD_PER_QUEUE / 2) {
        one->overflowed = false;
        q->look_again = true;
    }
    if (q->overflowed && q->held < DGL_QUEUES_HELD_MAX / 2) {
        q->overflowed = false;
        q->look_again = true;
    }
    queue_free_if_empty(q, one);
}

void dgl_queues_put_back(struct dgl_queues *q, struct dgl_queue_item *it, int64_t due_at_us, int64_t now_us)
{
    dgl_queues_slot_free(q, it, DGL_QUEUE_NEUTRAL);
    it->due_at_us = due_at_us;
    wait_or_ready(q, it, now_us);
}

int64_t dgl_queues_next_due_us(const struct dgl_queues *q)
{
    return dgl_timers_next_us(&q->waiting);
}

int64_t dgl_queues_oldest_ready_us(const struct dgl_queues *q)
{
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct dgl_queue *one = q->queues[i]; one; one = one->next_in_bucket) {
            if (one->fresh.first)
                oldest = DGL_MIN(oldest, one->fresh.first->due_at_us);
            if (one->retries.first)
                oldest = DGL_MIN(oldest, one->retries.first->due_at_us);
        }
    return oldest;
}

size_t dgl_queues_held(const struct dgl_queues *q)
{
    return q->held;
}

size_t dgl_queues_in_flight(const struct dgl_queues *q)
{
    return q->in_flight;
}

bool dgl_queues_room(const struct dgl_queues *q)
{
    return q->held < DGL_QUEUES_HELD_MAX / 4 * 3;
}

bool dgl_queues_overflowed(struct dgl_queues *q)
{
    bool again = q->look_again;
    q->look_again = false;
    return again;
}
