// The dispatcher's turn. All state lives in its thread; the rest of the world talks to it through the inbox.
//
// What is pending lives in the store. In memory is a window of it: what was announced (new deliveries), what failed and
// is due within half a minute, and what the sweep finds: every 15 s, and after the window overflowed and has room
// again, the store's due list is read page by page, one page a turn, so that reading never holds up sending.
#include "server/webhook/webhook_private.h"

#include "base/log.h"
#include "base/str.h"
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
    }
    free(m);
}

// ---- the sweep

static void sweep_begin(struct dgl_webhook *w)
{
    w->sweeping = true;
    w->sweep_after_us = INT64_MIN;
    w->sweep_after_id[0] = '\0';
}

static void sweep_page(struct dgl_webhook *w, int64_t now_us, int64_t mono_us)
{
    struct dgl_delivery_due *due;
    size_t count, added = 0;
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_arena_reset(w->arena);
    if (dgl_store_deliveries_due(w->store, w->arena, now_us + DGL_WEBHOOK_HORIZON_US, w->sweep_after_us,
                                 w->sweep_after_id, DGL_WEBHOOK_PAGE, &due, &count, &err) != DGL_OK) {
        dgl_log_error(DGL_LOG_ERROR, "webhook deliveries not read", &err);
        w->sweep_at_mono_us = mono_us + DGL_WEBHOOK_AGAIN_US;
        return;
    }
    for (size_t i = 0; i < count; i++)
        added += dgl_queues_add(w->queues, &due[i], now_us) == DGL_QUEUE_HELD;
    if (count < DGL_WEBHOOK_PAGE) {
        w->sweeping = false;
        w->sweep_at_mono_us = mono_us + DGL_WEBHOOK_SWEEP_US;
        return;
    }
    w->sweep_after_us = due[count - 1].due_at_us;
    dgl_str_copy(w->sweep_after_id, sizeof w->sweep_after_id, due[count - 1].id, strlen(due[count - 1].id));
    w->sweep_at_mono_us = mono_us + (added ? 0 : DGL_WEBHOOK_SWEEP_PAUSE_US);
}

static void sweep(struct dgl_webhook *w, bool missed, int64_t now_us, int64_t mono_us)
{
    bool again = dgl_queues_overflowed(w->queues) || missed;
    if (!w->sweeping && (again || mono_us >= w->sweep_at_mono_us)) {
        sweep_begin(w);
        w->sweep_at_mono_us = mono_us;
    }
    if (w->sweeping && mono_us >= w->sweep_at_mono_us && dgl_queues_room(w->queues))
        sweep_page(w, now_us, mono_us);
}

// ---- the turn

static bool may_start(const struct dgl_webhook *w)
{
    return !w->unrecorded && w->recording < (size_t)w->max_in_flight * DGL_WEBHOOK_UNRECORDED_FACTOR;
}

static void start_due(struct dgl_webhook *w, int64_t now_us)
{
    struct dgl_queue_item *item;
    dgl_queues_ripen(w->queues, now_us);
    while (may_start(w) && (item = dgl_queues_take(w->queues)))
        dgl_attempt_start(w, item);
}

static void update_stats(struct dgl_webhook *w, int64_t now_us, int64_t mono_us)
{
    bool look = mono_us - w->stats_at_mono_us >= DGL_US_PER_S;
    int64_t oldest_us = look ? dgl_queues_oldest_ready_us(w->queues) : 0;
    pthread_mutex_lock(&w->stats_lock);
    w->stats.in_flight = dgl_queues_in_flight(w->queues);
    w->stats.queued = dgl_queues_held(w->queues) - w->stats.in_flight;
    if (look) {
        w->stats.oldest_due_age_us = oldest_us == INT64_MAX ? 0 : DGL_MAX(now_us - oldest_us, 0);
        w->stats_at_mono_us = mono_us;
    }
    pthread_mutex_unlock(&w->stats_lock);
}

static int64_t next_turn_us(const struct dgl_webhook *w, int64_t now_us, int64_t mono_us)
{
    int64_t due_us = dgl_queues_next_due_us(w->queues), next = INT64_MAX;
    if (due_us != INT64_MAX)
        next = DGL_MAX(due_us - now_us, 0);
    if (!w->sweeping || dgl_queues_room(w->queues))
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
        sweep(w, missed, now_us, mono_us);
        start_due(w, now_us);
    }
    update_stats(w, now_us, mono_us);
    return *stop ? INT64_MAX : next_turn_us(w, now_us, mono_us);
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
