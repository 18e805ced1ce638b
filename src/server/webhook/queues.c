// The windows and the turns of all queues; see queues.h.
//
// Invariants: (1) in_flight = items with has_slot ≤ max_in_flight; (2) after `update` a queue is in a ring if and only
// if it is eligible, among the hungry if and only if its window runs low while the store has more; (3) a queue with no
// item and nothing in the store is among the empty ones, which alone are ever freed; (4) an id is held at most once.
#include "server/webhook/queues_private.h"

#include "base/str.h"
#include <stdlib.h>
#include <string.h>

// ---- making and freeing

static size_t hash_of(const char *s)
{
    return (size_t)(dgl_hash_text(DGL_HASH_START, s) % QUEUE_BUCKETS);
}

static size_t bucket_of(int64_t number)
{
    return (size_t)(((uint64_t)number * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % QUEUE_BUCKETS;
}

struct dgl_queues *dgl_queues_new(unsigned max_in_flight)
{
    struct dgl_queues *q = DGL_NEW(struct dgl_queues);
    q->max_in_flight = max_in_flight;
    q->limit_max = DGL_MAX((double)max_in_flight / 4, 1.0);
    for (size_t i = 0; i < RINGS; i++)
        q->rings[i].offset = offsetof(struct dgl_queue, in_ring);
    q->hungry.offset = offsetof(struct dgl_queue, in_hungry);
    q->empty.offset = offsetof(struct dgl_queue, in_empty);
    q->newly_closed.offset = offsetof(struct dgl_queue, in_closed);
    return q;
}

void dgl_queues_free(struct dgl_queues *q)
{
    if (!q)
        return;
    dgl_timers_fini(&q->waiting); // it still looks at its nodes
    for (size_t i = 0; i < QUEUE_BUCKETS; i++) {
        for (struct dgl_queue_item *it = q->items[i], *next; it; it = next) {
            next = it->next_in_bucket;
            free(it);
        }
        for (struct dgl_queue *one = q->queues[i], *next; one; one = next) {
            next = one->next_in_bucket;
            free(one);
        }
    }
    free(q);
}

static void queue_free(struct dgl_queues *q, struct dgl_queue *one)
{
    struct dgl_queue **at = &q->queues[bucket_of(one->number)];
    while (*at != one)
        at = &(*at)->next_in_bucket;
    *at = one->next_in_bucket;
    dgl_queue_list_set(&q->empty, one, &one->is_empty, false);
    dgl_queue_list_set(&q->newly_closed, one, &one->was_closed, false);
    dgl_timers_clear(&q->waiting, &one->timer);
    q->closed -= one->health != QUEUE_OPEN;
    q->count--;
    free(one);
}

// ---- what a queue may do now

static bool has_ready(const struct dgl_queue *one)
{
    return one->fresh.first || one->retries.first;
}

static bool may_have_another(const struct dgl_queue *one)
{
    switch (one->health) {
    case QUEUE_OPEN:
        return (double)one->in_flight < one->limit;
    case QUEUE_PROBING:
        return one->in_flight == 0;
    case QUEUE_CLOSED:
        break;
    }
    return false;
}

static double burst_of(const struct dgl_queue *one)
{
    return DGL_MAX(one->rate_per_s * (double)DGL_QUEUE_BURST_US / (double)DGL_US_PER_S, 1.0);
}

static void gain_tokens(struct dgl_queue *one, int64_t now_us)
{
    double gained = one->rate_per_s * (double)DGL_MAX(now_us - one->tokens_at_us, 0) / (double)DGL_US_PER_S;
    one->tokens = DGL_MIN(one->tokens + gained, burst_of(one));
    one->tokens_at_us = now_us;
}

static void set_timer(struct dgl_queues *q, struct dgl_queue *one, int64_t at_us)
{
    if (at_us == INT64_MAX)
        dgl_timers_clear(&q->waiting, &one->timer);
    else if (!one->timer.place || one->timer.at_us != at_us)
        dgl_timers_set(&q->waiting, &one->timer, at_us);
}

static void ring_update(struct dgl_queues *q, struct dgl_queue *one, bool wanted)
{
    struct queue_list *ring = wanted ? &q->rings[one->is_suspect ? SUSPECT : PROVEN] : NULL;
    if (ring == one->ring)
        return;
    if (one->ring)
        dgl_queue_list_remove(one->ring, one);
    if (ring)
        dgl_queue_list_push(ring, one); // served last of all
    one->ring = ring;
}

// One is enough for a probe.
static bool runs_low(const struct dgl_queue *one)
{
    return one->health == QUEUE_OPEN ? one->fresh.count + one->retries.count < DGL_QUEUES_LOW
                                     : one->health == QUEUE_PROBING && !has_ready(one) && one->in_flight == 0;
}

// After everything that happens to a queue.
static void update(struct dgl_queues *q, struct dgl_queue *one, int64_t now_us)
{
    int64_t wake_us = INT64_MAX;
    bool could = has_ready(one) && may_have_another(one);
    if (could)
        gain_tokens(one, now_us);
    bool has_token = could && one->tokens >= 1;
    if (could && !has_token)
        wake_us = now_us + 1 + (int64_t)((1 - one->tokens) / one->rate_per_s * (double)DGL_US_PER_S);
    if (one->health == QUEUE_CLOSED)
        wake_us = DGL_MIN(wake_us, one->closed_until_us);
    bool low = one->more && runs_low(one);
    if (low && one->ask_at_us > now_us)
        wake_us = DGL_MIN(wake_us, one->ask_at_us);
    ring_update(q, one, has_token);
    dgl_queue_list_set(&q->hungry, one, &one->is_hungry, low && one->ask_at_us <= now_us);
    set_timer(q, one, wake_us);
    dgl_queue_list_set(&q->empty, one, &one->is_empty, one->held == 0 && !one->more);
}

static void forget_oldest_empty(struct dgl_queues *q)
{
    while (q->empty.count > DGL_QUEUES_EMPTY_MAX || (q->count >= DGL_QUEUES_MAX && q->empty.first))
        queue_free(q, q->empty.first);
}

// ---- queues and items

static void set_rate(struct dgl_queue *one, int64_t rate_per_s)
{
    one->rate_per_s = (double)(rate_per_s > 0 ? rate_per_s : DGL_QUEUE_RATE_DEFAULT);
}

// NULL: there are too many.
static struct dgl_queue *queue_of(struct dgl_queues *q, int64_t number, uint64_t org_number, const char *org,
                                  const char *endpoint, int64_t now_us)
{
    struct dgl_queue **bucket = &q->queues[bucket_of(number)];
    for (struct dgl_queue *one = *bucket; one; one = one->next_in_bucket)
        if (one->number == number)
            return one;
    forget_oldest_empty(q);
    if (q->count >= DGL_QUEUES_MAX)
        return NULL;
    struct dgl_queue *one = DGL_NEW(struct dgl_queue);
    one->number = number;
    one->org_number = org_number;
    dgl_str_copy(one->org, sizeof one->org, org, strlen(org));
    dgl_str_copy(one->endpoint, sizeof one->endpoint, endpoint, strlen(endpoint));
    one->limit = DGL_MIN(DGL_QUEUE_LIMIT_START, q->limit_max);
    one->is_suspect = true;
    one->tokens = 1e9; // cut to the burst at the first look
    one->tokens_at_us = now_us;
    one->timer = (struct dgl_timer){.owner = one, .kind = TIMER_QUEUE};
    bucket = &q->queues[bucket_of(number)];
    one->next_in_bucket = *bucket;
    *bucket = one;
    q->count++;
    return one;
}

static struct dgl_queue_item *find(const struct dgl_queues *q, const char *id)
{
    for (struct dgl_queue_item *it = q->items[hash_of(id)]; it; it = it->next_in_bucket)
        if (strcmp(it->id, id) == 0)
            return it;
    return NULL;
}

static void wait_or_ready(struct dgl_queues *q, struct dgl_queue_item *it, int64_t now_us)
{
    if (it->due_at_us > now_us)
        dgl_timers_set(&q->waiting, &it->timer, it->due_at_us);
    else
        dgl_queue_line_push(it->is_retry ? &it->queue->retries : &it->queue->fresh, it);
}

static bool has_room(const struct dgl_queues *q, const struct dgl_queue *one)
{
    return one->held < DGL_QUEUES_HELD_PER_QUEUE &&
           (q->held < DGL_QUEUES_HELD_MAX || one->held < DGL_QUEUES_HELD_ALWAYS);
}

static void add_item(struct dgl_queues *q, struct dgl_queue *one, const struct dgl_delivery_due *due, int64_t now_us)
{
    struct dgl_queue_item *it = DGL_NEW(struct dgl_queue_item);
    memcpy(it->id, due->id, sizeof it->id);
    memcpy(it->org, due->org, sizeof it->org);
    memcpy(it->endpoint, due->endpoint, sizeof it->endpoint);
    it->org_number = due->org_number;
    it->due_at_us = due->due_at_us;
    it->attempts = due->attempts;
    it->is_retry = due->attempts > 0;
    it->queue = one;
    it->timer = (struct dgl_timer){.owner = it, .kind = TIMER_ITEM};
    size_t bucket = hash_of(it->id);
    it->next_in_bucket = q->items[bucket];
    q->items[bucket] = it;
    one->held++;
    q->held++;
    wait_or_ready(q, it, now_us);
}

static bool is_known(struct dgl_queues *q, const struct dgl_delivery_due *due, int64_t now_us)
{
    struct dgl_queue_item *known = find(q, due->id);
    if (known && known->timer.place && due->due_at_us < known->due_at_us) { // sent again by hand, before its time
        dgl_timers_clear(&q->waiting, &known->timer);
        known->due_at_us = due->due_at_us;
        wait_or_ready(q, known, now_us);
    }
    return known != NULL;
}

enum dgl_queue_added dgl_queues_add(struct dgl_queues *q, const struct dgl_delivery_due *due, int64_t now_us)
{
    struct dgl_queue *one = queue_of(q, due->queue, due->org_number, due->org, due->endpoint, now_us);
    if (!one) {
        q->overflowed = true;
        return DGL_QUEUE_FULL;
    }
    set_rate(one, due->rate_per_s);
    enum dgl_queue_added added = DGL_QUEUE_FULL;
    if (is_known(q, due, now_us)) {
        added = DGL_QUEUE_KNOWN;
    } else if (one->more || one->health == QUEUE_CLOSED || !has_room(q, one)) {
        one->more = true; // behind those that wait in the store
    } else {
        add_item(q, one, due, now_us);
        added = DGL_QUEUE_HELD;
    }
    update(q, one, now_us);
    return added;
}

bool dgl_queues_note(struct dgl_queues *q, const struct dgl_queue_due *due, int64_t now_us)
{
    struct dgl_queue *one = queue_of(q, due->queue, due->org_number, due->org, due->endpoint, now_us);
    if (!one)
        return false;
    set_rate(one, due->rate_per_s);
    one->more = true;
    update(q, one, now_us);
    return true;
}

// ---- the window

struct dgl_queue *dgl_queues_hungry(struct dgl_queues *q, int64_t *ret_number, size_t *ret_max, bool *ret_only_due)
{
    struct dgl_queue *one = q->hungry.first;
    if (!one)
        return NULL;
    *ret_number = one->number;
    *ret_max = one->health == QUEUE_PROBING ? 1 + one->held : DGL_QUEUES_REFILL + one->held;
    *ret_only_due = one->asked_only_due = one->held > DGL_QUEUES_HELD_PER_QUEUE / 2;
    return one;
}

void dgl_queues_fill(struct dgl_queues *q, struct dgl_queue *one, const struct dgl_delivery_due *due, size_t count,
                     size_t max, int64_t now_us)
{
    bool added = false, full = false;
    for (size_t i = 0; i < count && !full; i++) {
        if (is_known(q, &due[i], now_us))
            continue;
        full = !has_room(q, one);
        if (!full)
            add_item(q, one, &due[i], now_us);
        added = added || !full;
    }
    one->more = full || count == max || one->asked_only_due;
    one->ask_at_us = one->more && !added ? now_us + DGL_QUEUE_STUCK_US : 0;
    update(q, one, now_us);
}

void dgl_queues_fill_failed(struct dgl_queues *q, struct dgl_queue *one, int64_t now_us)
{
    one->ask_at_us = now_us + DGL_US_PER_S;
    update(q, one, now_us);
}

void dgl_queues_ripen(struct dgl_queues *q, int64_t now_us)
{
    for (struct dgl_timer *t; (t = dgl_timers_take_due(&q->waiting, now_us));) {
        struct dgl_queue *one = t->owner;
        if (t->kind == TIMER_ITEM) {
            struct dgl_queue_item *it = t->owner;
            one = it->queue;
            wait_or_ready(q, it, now_us);
        } else if (one->health == QUEUE_CLOSED && one->closed_until_us <= now_us) {
            one->health = QUEUE_PROBING;
        }
        update(q, one, now_us);
    }
}

// ---- turns

static struct queue_list *ring_in_turn(struct dgl_queues *q)
{
    bool proven = q->rings[PROVEN].first;
    bool suspects = q->rings[SUSPECT].first && q->suspects_in_flight < DGL_MAX(q->max_in_flight / 2, 1);
    if (proven && suspects)
        return &q->rings[++q->turns % DGL_QUEUE_SUSPECT_TURNS ? PROVEN : SUSPECT];
    return proven ? &q->rings[PROVEN] : suspects ? &q->rings[SUSPECT] : NULL;
}

struct dgl_queue_item *dgl_queues_take(struct dgl_queues *q, int64_t now_us)
{
    struct queue_list *ring = q->in_flight < q->max_in_flight ? ring_in_turn(q) : NULL;
    if (!ring)
        return NULL;
    struct dgl_queue *one = ring->first;
    one->turns++;
    bool retry = one->retries.first && (!one->fresh.first || one->turns % DGL_QUEUE_RETRY_TURNS == 0);
    struct dgl_queue_item *it = dgl_queue_line_pop(retry ? &one->retries : &one->fresh);
    gain_tokens(one, now_us);
    one->tokens -= 1;
    it->has_slot = true;
    one->in_flight++;
    q->in_flight++;
    q->suspects_in_flight += one->is_suspect;
    ring->first = one->in_ring.next;
    update(q, one, now_us);
    return it;
}

// ---- what came of one

void dgl_queue_drop_item(struct dgl_queues *q, struct dgl_queue_item *it)
{
    struct dgl_queue_item **at = &q->items[hash_of(it->id)];
    while (*at != it)
        at = &(*at)->next_in_bucket;
    *at = it->next_in_bucket;
    it->queue->held--;
    q->held--;
    free(it);
}

static void free_slot(struct dgl_queues *q, struct dgl_queue_item *it, enum dgl_queue_feedback feedback, int64_t now_us)
{
    struct dgl_queue *one = it->queue;
    if (!it->has_slot)
        return;
    it->has_slot = false;
    one->in_flight--;
    q->in_flight--;
    q->suspects_in_flight -= one->is_suspect;
    dgl_queue_learn(q, one, feedback, now_us);
}

void dgl_queues_slot_free(struct dgl_queues *q, struct dgl_queue_item *it, enum dgl_queue_feedback feedback,
                          int64_t now_us)
{
    free_slot(q, it, feedback, now_us);
    update(q, it->queue, now_us);
}

void dgl_queues_forget(struct dgl_queues *q, struct dgl_queue_item *it, int64_t now_us)
{
    struct dgl_queue *one = it->queue;
    free_slot(q, it, DGL_QUEUE_NEUTRAL, now_us);
    dgl_timers_clear(&q->waiting, &it->timer);
    dgl_queue_drop_item(q, it);
    update(q, one, now_us);
    forget_oldest_empty(q);
}

void dgl_queues_put_back(struct dgl_queues *q, struct dgl_queue_item *it, int64_t due_at_us, int64_t now_us)
{
    free_slot(q, it, DGL_QUEUE_NEUTRAL, now_us);
    it->due_at_us = due_at_us;
    wait_or_ready(q, it, now_us);
    update(q, it->queue, now_us);
}

// ---- figures

int64_t dgl_queues_next_due_us(const struct dgl_queues *q)
{
    return dgl_timers_next_us(&q->waiting);
}

int64_t dgl_queues_oldest_ready_us(const struct dgl_queues *q)
{
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < QUEUE_BUCKETS; i++)
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

size_t dgl_queues_count(const struct dgl_queues *q)
{
    return q->count;
}

size_t dgl_queues_closed_count(const struct dgl_queues *q)
{
    return q->closed;
}

bool dgl_queues_overflowed(struct dgl_queues *q)
{
    bool overflowed = q->overflowed;
    q->overflowed = false;
    return overflowed;
}
