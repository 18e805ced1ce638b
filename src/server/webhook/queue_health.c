// What attempts teach about a receiver: how many it takes at once, whether it takes anything at all, and on which half
// of the slots it is let. queues.h draws the states.
#include "server/webhook/queues_private.h"

#include <string.h>

#define US_PER_MINUTE (INT64_C(60) * DGL_US_PER_S)

static void count_attempt(struct dgl_queue *one, bool failed, int64_t now_us)
{
    int64_t minute = now_us / US_PER_MINUTE;
    size_t at = (size_t)(minute % DGL_QUEUE_WINDOW_MINUTES);
    if (one->window[at].minute != minute)
        one->window[at].minute = minute, one->window[at].attempts = one->window[at].failures = 0;
    one->window[at].attempts++;
    one->window[at].failures += failed;
}

static bool fails_mostly(const struct dgl_queue *one, int64_t now_us)
{
    int64_t oldest = now_us / US_PER_MINUTE - DGL_QUEUE_WINDOW_MINUTES;
    unsigned attempts = 0, failures = 0;
    for (size_t i = 0; i < DGL_QUEUE_WINDOW_MINUTES; i++)
        if (one->window[i].minute > oldest) {
            attempts += one->window[i].attempts;
            failures += one->window[i].failures;
        }
    return attempts >= DGL_QUEUE_CLOSE_ATTEMPTS && failures * 100 >= attempts * DGL_QUEUE_CLOSE_PERCENT;
}

// What was ready goes back to where it is safe, so that dead endpoints cost no memory.
static void close_queue(struct dgl_queues *q, struct dgl_queue *one, int64_t now_us)
{
    q->closed += one->health == QUEUE_OPEN;
    one->health = QUEUE_CLOSED;
    one->closed_until_us = now_us + DGL_QUEUE_CLOSED_US;
    one->ask_at_us = 0;
    one->more = one->more || one->fresh.first || one->retries.first;
    while (one->fresh.first)
        dgl_queue_drop_item(q, dgl_queue_line_pop(&one->fresh));
    while (one->retries.first)
        dgl_queue_drop_item(q, dgl_queue_line_pop(&one->retries));
    dgl_queue_list_set(&q->newly_closed, one, &one->was_closed, true);
}

static void open_queue(struct dgl_queues *q, struct dgl_queue *one)
{
    q->closed--;
    one->health = QUEUE_OPEN;
    one->limit = DGL_MIN(DGL_QUEUE_LIMIT_REOPEN, q->limit_max);
    one->ask_at_us = 0;
    memset(one->window, 0, sizeof one->window);
}

static void set_suspect(struct dgl_queues *q, struct dgl_queue *one, bool is_suspect)
{
    if (one->is_suspect == is_suspect)
        return;
    one->is_suspect = is_suspect;
    if (is_suspect)
        q->suspects_in_flight += one->in_flight;
    else
        q->suspects_in_flight -= one->in_flight;
}

// Additive growth, one more slot per round of successes; halved when the receiver is too slow. Never below one while
// open.
void dgl_queue_learn(struct dgl_queues *q, struct dgl_queue *one, enum dgl_queue_feedback feedback, int64_t now_us)
{
    if (feedback == DGL_QUEUE_NEUTRAL)
        return;
    bool ok = feedback == DGL_QUEUE_WENT_WELL;
    set_suspect(q, one, !ok);
    count_attempt(one, !ok, now_us);
    if (ok && one->health == QUEUE_PROBING)
        open_queue(q, one);
    else if (ok)
        one->limit = DGL_MIN(one->limit + 1 / one->limit, q->limit_max);
    else if (feedback == DGL_QUEUE_SLOW_DOWN)
        one->limit = DGL_MAX(one->limit / 2, 1.0);
    if (!ok && (one->health == QUEUE_PROBING || (one->health == QUEUE_OPEN && fails_mostly(one, now_us))))
        close_queue(q, one, now_us);
}

bool dgl_queues_take_closed(struct dgl_queues *q, struct dgl_queue_closed *ret)
{
    struct dgl_queue *one = q->newly_closed.first;
    if (!one)
        return false;
    dgl_queue_list_set(&q->newly_closed, one, &one->was_closed, false);
    ret->number = one->number;
    memcpy(ret->org, one->org, sizeof ret->org);
    memcpy(ret->endpoint, one->endpoint, sizeof ret->endpoint);
    return true;
}
