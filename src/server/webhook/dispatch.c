// The dispatcher's turn. All state lives in its thread; the rest of the world talks to it through the inbox.
//
// What is pending lives in the store. In memory is a window of each queue: what was announced (new deliveries), what
// failed and is due within half a minute, and what was read when the window ran low. Every 15 s, and after something
// was missed, the store is asked which queues have something due, so many queues a turn, and never for more than that:
// however long a queue is, finding it is one index probe and reading it a page.
#include "server/webhook/webhook_private.h"

#include "base/log.h"
#include <stdlib.h>
#include <string.h>

#define SLEEP_MAX_US (INT64_C(1) * DGL_US_PER_S) // the thread looks at its clock at least this often

// ---- messages

static void take_in(struct dgl_webhook *w, const struct dgl_announcement *a)
{
    int64_t now_us = dgl_clock_now_us(w->clock);
    for (size_t i = 0; i < a->count; i++)
        dgl_queues_add(w->queues, &a->due[i], now_us);
}

static void note_expired(struct dgl_webhook *w, const struct dgl_expiry *x);

static void handle(struct dgl_webhook *w, struct dgl_message *m)
{
    switch (m->kind) {
    case DGL_MESSAGE_ANNOUNCED:
        take_in(w, m->announced);
        free(m->announced);
        break;
    case DGL_MESSAGE_ANSWERED:
        dgl_attempt_answered(w, m->flight);
        break;
    case DGL_MESSAGE_RECORDED:
        dgl_attempt_recorded(w, m->flight);
        break;
    case DGL_MESSAGE_EXPIRED:
        note_expired(w, m->expiry);
        dgl_expiry_free(m->expiry);
        break;
    }
    free(m);
}

// ---- the sweep

static void sweep_begin(struct dgl_webhook *w)
{
    w->sweeping = true;
    w->sweep_after_queue = INT64_MIN;
}

static void sweep_page(struct dgl_webhook *w, int64_t now_us, int64_t mono_us)
{
    struct dgl_queue_due *due;
    size_t count;
    bool more;
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_arena_reset(w->arena);
    if (dgl_store_queues_due(w->store, w->arena, now_us + DGL_WEBHOOK_HORIZON_US, w->sweep_after_queue,
                             DGL_WEBHOOK_PAGE, &due, &count, &w->sweep_after_queue, &more, &err) != DGL_OK) {
        dgl_log_error(DGL_LOG_ERROR, "webhook queues not read", &err);
        w->sweep_at_mono_us = mono_us + DGL_WEBHOOK_AGAIN_US;
        return;
    }
    bool room = true;
    for (size_t i = 0; i < count && room; i++)
        room = dgl_queues_note(w->queues, &due[i], now_us);
    w->sweeping = more && room;
    w->sweep_at_mono_us = mono_us + (w->sweeping ? 0 : DGL_WEBHOOK_SWEEP_US);
}

static void sweep(struct dgl_webhook *w, bool missed, int64_t now_us, int64_t mono_us)
{
    bool again = dgl_queues_overflowed(w->queues) || missed;
    if (again || (!w->sweeping && mono_us >= w->sweep_at_mono_us)) {
        sweep_begin(w);
        w->sweep_at_mono_us = mono_us;
    }
    if (w->sweeping && mono_us >= w->sweep_at_mono_us)
        sweep_page(w, now_us, mono_us);
}

// ---- a clock that was put back

static void rewind_store(struct dgl_webhook *w)
{
    struct dgl_error err = DGL_ERROR_INIT;
    int64_t count = 0;
    if (dgl_store_deliveries_rewind(w->store, &count, &err) != DGL_OK) {
        dgl_log_error(DGL_LOG_ERROR, "webhook retries not told of the clock's jump", &err);
        return; // tried again with the next sweep
    }
    w->clock_rewinds--;
    if (count > 0)
        dgl_log(DGL_LOG_WARN, "the clock was put back; webhook retries wait from now on", DGL_F_INT("count", count));
}

// Memory holds due times too. When nothing is out any more it is emptied and filled from the store again; until then
// nothing new starts. The store is asked at the start as well, since the clock may have been put back meanwhile, and
// after a jump with the next two sweeps too, for what was on its way into it.
static void watch_clock(struct dgl_webhook *w, int64_t now_us, int64_t mono_us)
{
    int64_t difference_us = now_us - mono_us;
    bool went_back = w->clock_seen && w->clock_difference_us - difference_us > DGL_WEBHOOK_JUMP_US;
    if (!w->clock_seen || went_back)
        w->clock_rewinds = went_back ? 3 : 1;
    bool first = !w->clock_seen || went_back;
    w->clock_went_back = w->clock_went_back || went_back;
    w->clock_seen = true;
    w->clock_difference_us = difference_us;
    if (w->clock_rewinds > 0 && (first || (!w->sweeping && mono_us >= w->sweep_at_mono_us)))
        rewind_store(w);
    if (!w->clock_went_back || !dgl_webhook_idle(w) || w->unrecorded)
        return;
    dgl_queues_free(w->queues);
    w->queues = dgl_queues_new(w->max_in_flight);
    w->clock_went_back = false;
    sweep_begin(w);
    w->sweep_at_mono_us = mono_us;
}

// ---- windows

static void fill_one(struct dgl_webhook *w, struct dgl_queue *one, int64_t number, size_t max, bool only_due,
                     int64_t now_us)
{
    struct dgl_delivery_due *due;
    size_t count;
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_arena_reset(w->arena);
    if (dgl_store_queue_due(w->store, w->arena, number, now_us + (only_due ? 0 : DGL_WEBHOOK_HORIZON_US), max, &due,
                            &count, &err) == DGL_OK) {
        dgl_queues_fill(w->queues, one, due, count, max, now_us);
        return;
    }
    dgl_log_error(DGL_LOG_ERROR, "webhook deliveries not read", &err);
    dgl_queues_fill_failed(w->queues, one, now_us);
}

static void fill_windows(struct dgl_webhook *w, int64_t now_us)
{
    int64_t number;
    size_t max;
    bool only_due;
    struct dgl_queue *one;
    for (int n = 0; n < DGL_WEBHOOK_FILLS && (one = dgl_queues_hungry(w->queues, &number, &max, &only_due)); n++)
        fill_one(w, one, number, max, only_due, now_us);
}

// ---- closed queues

// In the writer's thread.
static void on_expired(void *arg, enum dgl_status status, int64_t count, const struct dgl_error *err)
{
    struct dgl_expiry *x = arg;
    struct dgl_inbox *inbox = x->inbox;
    x->count = count;
    if (status != DGL_OK)
        dgl_log_error(DGL_LOG_ERROR, "webhook deliveries of an unavailable endpoint not dropped", err);
    if (!dgl_inbox_put_expiry(inbox, x))
        dgl_expiry_free(x);
}

static void note_expired(struct dgl_webhook *w, const struct dgl_expiry *x)
{
    if (x->count == 0)
        return;
    pthread_mutex_lock(&w->stats_lock);
    w->stats.dropped += (uint64_t)x->count;
    pthread_mutex_unlock(&w->stats_lock);
    dgl_log(DGL_LOG_WARN, "webhooks dropped", DGL_F_STR("org", x->org),
            DGL_F_STR("endpoint", x->endpoint[0] ? x->endpoint : NULL), DGL_F_INT("count", x->count),
            DGL_F_STR("reason", DGL_WEBHOOK_UNAVAILABLE));
}

static void note_paused(struct dgl_webhook *w, const struct dgl_queue_closed *closed)
{
    if (!closed->endpoint[0])
        return;
    pthread_mutex_lock(&w->stats_lock);
    struct dgl_paused *p = &w->paused[w->paused_next++ % DGL_WEBHOOK_PAUSED_MAX];
    memcpy(p->org, closed->org, sizeof p->org);
    memcpy(p->endpoint, closed->endpoint, sizeof p->endpoint);
    p->until_mono_us = dgl_clock_mono_us(w->clock) + DGL_QUEUE_CLOSED_US + w->timeout_ms * DGL_US_PER_MS;
    pthread_mutex_unlock(&w->stats_lock);
}

bool dgl_webhook_is_paused(struct dgl_webhook *w, const char *org, const char *endpoint)
{
    int64_t mono_us = dgl_clock_mono_us(w->clock);
    bool found = false;
    pthread_mutex_lock(&w->stats_lock);
    for (size_t i = 0; i < DGL_WEBHOOK_PAUSED_MAX && !found; i++)
        found = w->paused[i].until_mono_us > mono_us && strcmp(w->paused[i].endpoint, endpoint) == 0 &&
                strcmp(w->paused[i].org, org) == 0;
    pthread_mutex_unlock(&w->stats_lock);
    return found;
}

static void expire_closed(struct dgl_webhook *w, int64_t now_us)
{
    struct dgl_queue_closed closed;
    while (dgl_queues_take_closed(w->queues, &closed)) {
        const struct dgl_facts *facts;
        struct dgl_error err = DGL_ERROR_INIT;
        const struct dgl_schedule *schedule = &w->schedule;
        if (dgl_facts_get(w, closed.org, closed.endpoint, &facts, &err) == DGL_OK && facts->exists)
            schedule = &facts->schedule;
        int64_t age_us = DGL_MAX(dgl_schedule_sum_s(schedule) * DGL_US_PER_S, DGL_WEBHOOK_EXPIRE_MIN_US);
        struct dgl_expiry *x = DGL_NEW(struct dgl_expiry);
        x->inbox = dgl_inbox_ref(w->inbox);
        memcpy(x->org, closed.org, sizeof x->org);
        memcpy(x->endpoint, closed.endpoint, sizeof x->endpoint);
        note_paused(w, &closed);
        dgl_log(DGL_LOG_INFO, "webhook endpoint does not take deliveries; pausing", DGL_F_STR("org", x->org),
                DGL_F_STR("endpoint", x->endpoint[0] ? x->endpoint : NULL),
                DGL_F_INT("seconds", DGL_QUEUE_CLOSED_US / DGL_US_PER_S));
        dgl_store_queue_expire_async(w->store, closed.number, now_us - age_us, DGL_WEBHOOK_UNAVAILABLE, on_expired, x);
    }
}

// ---- the turn

static bool may_start(const struct dgl_webhook *w)
{
    return !w->clock_went_back && !w->unrecorded &&
           w->recording < (size_t)w->max_in_flight * DGL_WEBHOOK_UNRECORDED_FACTOR;
}

static void start_due(struct dgl_webhook *w, int64_t now_us)
{
    struct dgl_queue_item *item;
    while (may_start(w) && (item = dgl_queues_take(w->queues, now_us)))
        dgl_attempt_start(w, item);
}

static void update_stats(struct dgl_webhook *w, int64_t now_us, int64_t mono_us)
{
    bool look = mono_us - w->stats_at_mono_us >= DGL_US_PER_S;
    int64_t oldest_us = look ? dgl_queues_oldest_ready_us(w->queues) : 0;
    pthread_mutex_lock(&w->stats_lock);
    w->stats.in_flight = dgl_queues_in_flight(w->queues);
    w->stats.queued = dgl_queues_held(w->queues) - w->stats.in_flight;
    w->stats.queues = dgl_queues_count(w->queues);
    w->stats.closed_queues = dgl_queues_closed_count(w->queues);
    if (look) {
        w->stats.oldest_due_age_us = oldest_us == INT64_MAX ? 0 : DGL_MAX(now_us - oldest_us, 0);
        w->stats_at_mono_us = mono_us;
    }
    pthread_mutex_unlock(&w->stats_lock);
}

static int64_t next_turn_us(const struct dgl_webhook *w, int64_t now_us, int64_t mono_us)
{
    int64_t number;
    size_t max;
    bool only_due, is_hungry = dgl_queues_hungry(w->queues, &number, &max, &only_due) != NULL;
    int64_t due_us = dgl_queues_next_due_us(w->queues), next = INT64_MAX;
    if (due_us != INT64_MAX)
        next = DGL_MAX(due_us - now_us, 0);
    if (is_hungry)
        next = 0;
    next = DGL_MIN(next, DGL_MAX(w->sweep_at_mono_us - mono_us, 0));
    if (w->unrecorded)
        next = DGL_MIN(next, DGL_MAX(w->record_again_mono_us - mono_us, 0));
    return next;
}

int64_t dgl_webhook_turn(struct dgl_webhook *w, int64_t wait_us, bool *stop)
{
    bool missed;
    for (struct dgl_message *m = dgl_inbox_take(w->inbox, wait_us, &missed, stop), *next; m; m = next) {
        next = m->next;
        handle(w, m);
    }
    int64_t now_us = dgl_clock_now_us(w->clock), mono_us = dgl_clock_mono_us(w->clock);
    if (w->unrecorded && mono_us >= w->record_again_mono_us)
        dgl_attempt_record_again(w);
    if (!*stop) {
        watch_clock(w, now_us, mono_us);
        sweep(w, missed, now_us, mono_us);
        dgl_queues_ripen(w->queues, now_us);
        fill_windows(w, now_us);
        start_due(w, now_us);
        expire_closed(w, now_us);
    }
    int64_t events_us = dgl_events_expire(w, mono_us, *stop);
    update_stats(w, now_us, mono_us);
    return *stop ? INT64_MAX : DGL_MIN(events_us, next_turn_us(w, now_us, mono_us));
}

bool dgl_webhook_idle(const struct dgl_webhook *w)
{
    return dgl_queues_in_flight(w->queues) == 0 && w->recording == 0;
}

void *dgl_webhook_run(void *webhook)
{
    struct dgl_webhook *w = webhook;
    struct dgl_clock *real = dgl_clock_system();
    bool stop = false;
    int64_t wait_us = 0;
    for (;;) {
        wait_us = DGL_MIN(dgl_webhook_turn(w, wait_us, &stop), SLEEP_MAX_US);
        if (!stop)
            continue;
        int64_t left_us = w->stop_at_mono_us - dgl_clock_mono_us(real);
        if (dgl_webhook_idle(w) || left_us <= 0)
            return NULL;
        wait_us = DGL_MIN(wait_us, left_us);
    }
}
