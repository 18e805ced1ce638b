// The room's front: making, starting, stopping; what other threads may ask of it.
#include "server/webhook/webhook_private.h"

#include "base/thread.h"
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SCHEDULE "60,300,900"
#define DEFAULT_TIMEOUT_MS 15000
#define DEFAULT_IN_FLIGHT 256
#define DEFAULT_TTL_S 86400

static char *without_trailing_slash(const char *url)
{
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    return dgl_strndup(url, len);
}

enum dgl_status dgl_webhook_new(struct dgl_store *store, struct dgl_net_client *net, const struct dgl_guard *guard,
                                const struct dgl_keyring *keys, struct dgl_clock *clock,
                                const struct dgl_webhook_options *options, struct dgl_webhook **ret,
                                struct dgl_error *err)
{
    struct dgl_schedule schedule;
    DGL_TRY(dgl_schedule_parse(options->schedule ? options->schedule : DEFAULT_SCHEDULE, &schedule, err));
    struct dgl_webhook *w = DGL_NEW(struct dgl_webhook);
    w->store = store;
    w->net = net;
    w->guard = guard;
    w->keys = keys;
    w->outbox = options->outbox;
    w->clock = clock;
    w->schedule = schedule;
    w->public_url = without_trailing_slash(options->public_url ? options->public_url : "");
    w->source_ips = dgl_strdup(options->source_ips ? options->source_ips : options->bind_address);
    w->download_url_ttl_s = options->download_url_ttl_s > 0 ? options->download_url_ttl_s : DEFAULT_TTL_S;
    w->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    w->max_in_flight = options->max_in_flight > 0 ? options->max_in_flight : DEFAULT_IN_FLIGHT;
    w->development = options->development;
    w->inbox = dgl_inbox_new();
    w->queues = dgl_queues_new(w->max_in_flight);
    w->arena = dgl_arena_new(0);
    w->tests = dgl_alloc(DGL_WEBHOOK_TEST_ORGS * sizeof *w->tests);
    w->sweep_at_mono_us = INT64_MIN; // the first turn looks into the store
    pthread_mutex_init(&w->secret_lock, NULL);
    pthread_mutex_init(&w->test_lock, NULL);
    pthread_mutex_init(&w->stats_lock, NULL);
    pthread_mutex_init(&w->wait_lock, NULL);
    *ret = w;
    return DGL_OK;
}

enum dgl_status dgl_webhook_start(struct dgl_webhook *w, struct dgl_error *err)
{
    DGL_TRY(dgl_thread_start(&w->thread, "webhook", dgl_webhook_run, w, err));
    w->started = true;
    return DGL_OK;
}

void dgl_webhook_stop(struct dgl_webhook *w, int64_t wait_ms)
{
    if (!w->started)
        return;
    dgl_webhook_events_stop(w);
    w->stop_at_mono_us = dgl_wait_deadline_us(wait_ms * DGL_US_PER_MS);
    dgl_inbox_stop(w->inbox);
    pthread_join(w->thread, NULL);
    w->started = false;
}

void dgl_webhook_free(struct dgl_webhook *w)
{
    if (!w)
        return;
    dgl_webhook_stop(w, 0);
    dgl_events_expire(w, 0, true);
    dgl_inbox_close(w->inbox);
    while (w->unrecorded) {
        struct dgl_flight *f = w->unrecorded;
        w->unrecorded = f->next;
        dgl_flight_free(f);
    }
    dgl_inbox_unref(w->inbox);
    dgl_queues_free(w->queues);
    dgl_facts_cache_fini(&w->facts);
    dgl_arena_free(w->arena);
    pthread_mutex_destroy(&w->secret_lock);
    pthread_mutex_destroy(&w->test_lock);
    pthread_mutex_destroy(&w->stats_lock);
    pthread_mutex_destroy(&w->wait_lock);
    free(w->tests);
    free(w->public_url);
    free(w->source_ips);
    free(w);
}

void dgl_webhook_enqueue(struct dgl_webhook *w, const struct dgl_delivery_due *due, size_t count)
{
    size_t from = 0;
    for (size_t i = 0; i < count; i++)
        if (due[i].is_listener) { // those between them in one piece
            dgl_inbox_announce(w->inbox, due + from, i - from);
            dgl_events_wake(w, due[i].endpoint);
            from = i + 1;
        }
    dgl_inbox_announce(w->inbox, due + from, count - from);
}

void dgl_webhook_stats(struct dgl_webhook *w, struct dgl_webhook_stats *ret)
{
    pthread_mutex_lock(&w->stats_lock);
    *ret = w->stats;
    pthread_mutex_unlock(&w->stats_lock);
    dgl_histogram_read(&w->lag_us, &ret->lag);
    dgl_histogram_read(&w->exchange_us, &ret->exchange);
}

enum dgl_status dgl_webhook_payload(struct dgl_webhook *w, const struct dgl_delivery_row *d, int64_t link_expires_at_us,
                                    bool with_links, struct dgl_buf *out, struct dgl_error *err)
{
    int64_t expires_us =
        link_expires_at_us > 0 ? link_expires_at_us : dgl_clock_now_us(w->clock) + w->download_url_ttl_s * DGL_US_PER_S;
    struct dgl_payload_links links = {
        .keys = w->keys, .public_url = w->public_url, .expires_at_s = expires_us / DGL_US_PER_S, .masked = !with_links};
    return dgl_payload_write(d, &links, out, err);
}

enum dgl_status dgl_webhook_redeliver(struct dgl_webhook *w, const char *org, const char *delivery,
                                      struct dgl_error *err)
{
    struct dgl_delivery_due due;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_store_delivery_redeliver(w->store, a, org, delivery, &due, err));
    dgl_webhook_enqueue(w, &due, 1);
    return DGL_OK;
}

static enum dgl_status check_range(const struct dgl_webhook_range *range, int64_t until_us, int64_t now_us,
                                   struct dgl_error *err)
{
    if (range->since_us <= 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", "since", "since must be given");
    if (range->since_us < now_us - DGL_WEBHOOK_RANGE_US)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "since",
                              "since lies more than 14 days back, which is as far as deliveries are sent again");
    if (range->since_us >= now_us)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "since",
                              "since lies in the future; give the time from which deliveries are sent again");
    if (range->since_us >= until_us)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "until", "until must be later than since");
    if (range->status == DGL_DELIVERY_PENDING)
        return DGL_FAIL_FIELD(
            err, DGL_E_INVALID, "out_of_range", "status",
            "status must be dropped, canceled or succeeded: pending ones are going to be sent anyway");
    return DGL_OK;
}

enum dgl_status dgl_webhook_redeliver_range(struct dgl_webhook *w, const char *org,
                                            const struct dgl_webhook_range *range, int64_t *ret_count,
                                            struct dgl_error *err)
{
    int64_t now_us = dgl_clock_now_us(w->clock), until_us = range->until_us > 0 ? range->until_us : now_us + 1;
    bool more;
    DGL_TRY(check_range(range, until_us, now_us, err));
    if (range->endpoint) {
        struct dgl_endpoint_row row;
        DGL_AUTO(arena) a = dgl_arena_new(0);
        DGL_TRY(dgl_store_endpoint_get(w->store, a, org, range->endpoint, &row, err));
    }
    struct dgl_redeliver_range wanted = {.since_us = range->since_us,
                                         .until_us = until_us,
                                         .status = range->status,
                                         .endpoint = range->endpoint,
                                         .max = DGL_WEBHOOK_RANGE_MAX,
                                         .per_s = DGL_WEBHOOK_RANGE_PER_S,
                                         .dry_run = range->dry_run};
    DGL_TRY(dgl_store_deliveries_redeliver(w->store, org, &wanted, ret_count, &more, err));
    if (more)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "too_many_deliveries",
                             "more than %d deliveries match; give a shorter time range or an endpoint",
                             DGL_WEBHOOK_RANGE_MAX);
    if (!range->dry_run && *ret_count > 0)
        dgl_inbox_look(w->inbox);
    return DGL_OK;
}
