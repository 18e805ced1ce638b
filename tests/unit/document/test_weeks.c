// A hundred days in seconds: a document every twelve hours, a receiver that fails for half a minute to most of an hour,
// keys rotated, an endpoint that is dead for days, the clock put forward and back by a day, and retention once a day
// as the keeper does it. Store, network, receiver and dispatcher are real; only the clock is ours.
//
// True time is the monotonic clock's. What is held to the promises: no attempt before its time and none later than a
// tenth behind it, no fifth attempt, nothing pending for ever, links that live exactly as long as they say, two
// signatures for exactly the overlap, a dead endpoint disabled after 120 hours and not before, nothing erased early
// (a day's jump may cost a day) and nothing kept for long.
#include "../webhook/rig.h"
#include "server/blob/link.h"
#include "server/document/parts.h"

#include <stdlib.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define ERROR_ANSWER "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
#define SECOND DGL_US_PER_S
#define DAY (INT64_C(86400) * SECOND)
#define STEP (DAY / 2)
#define SWEEP (15 * SECOND) // so often the dispatcher asks the store what is due
#define DOCUMENTS 200
#define FORWARD_AT 40 // documents during whose retries the clock is put forward and back
#define BACK_AT 60
#define ROTATED_AT 10
#define DEAD_FROM 100 // the endpoint that is dead; disabled with the document 120 hours later

struct kept {
    char delivery[40], document[40];
    int64_t at_mono_us;
};
struct hundred_days {
    struct rig *r;
    struct rig_receiver to;
    struct tcp_server *s;
    struct dgl_id dead;
    struct dgl_clock_watch watch;
    struct kept kept[DOCUMENTS];
    int64_t down_until_mono_us;
    int succeeded, dropped;
};

static const int64_t schedule_s[] = {60, 300, 900};
static const int64_t outages_s[] = {0, 0, 30, 200, 700, 2400};

static int64_t mono_us(const struct hundred_days *h)
{
    return dgl_clock_mono_us(h->r->clock);
}

// Never past the end of the outage, so that the receiver answers as of this moment.
static void advance(struct hundred_days *h, int64_t us)
{
    int64_t until_up = h->down_until_mono_us - mono_us(h);
    if (until_up > 0 && until_up <= us) {
        dgl_clock_advance(h->r->clock, until_up);
        us -= until_up;
        atomic_store(&h->to.answer, OK_ANSWER);
    }
    rig_advance(h->r, us);
}

// Until the delivery is over. `jump_us`: the clock's, after the first attempt.
static void live_through(struct hundred_days *h, const char *id, int64_t jump_us)
{
    rig_settle(h->r);
    if (jump_us) {
        rig_advance(h->r, 35 * SECOND);
        dgl_clock_jump(h->r->clock, jump_us);
        rig_settle(h->r);
    }
    for (int rounds = 0; rig_delivery(h->r, id).status == DGL_DELIVERY_PENDING; rounds++) {
        int64_t wait_us = rig_delivery(h->r, id).next_attempt_at_us - dgl_clock_now_us(h->r->clock);
        assert_true(rounds < 8);
        assert_true(wait_us <= 991 * SECOND);          // no stall
        advance(h, wait_us > 0 ? wait_us + 1 : SWEEP); // overdue by a jump alone: the next sweep finds it
    }
}

static void check_attempts(struct hundred_days *h, const char *id, bool jumped)
{
    size_t count;
    struct dgl_delivery_row row = rig_delivery(h->r, id);
    struct dgl_attempt_row *a = rig_attempts(h->r, id, &count);
    assert_in_range(count, 1, 4);
    assert_int_equal(count, row.attempts);
    assert_int_equal(row.status == DGL_DELIVERY_SUCCEEDED, a[count - 1].http_status == 200);
    assert_true(row.status == DGL_DELIVERY_SUCCEEDED || count == 4);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(a[i].number, i + 1);
        assert_int_equal(a[i].link_expires_at_us, a[i].started_at_us / SECOND * SECOND + DAY);
        if (i > 0 && !jumped)
            assert_in_range(a[i].started_at_us - a[i - 1].started_at_us, schedule_s[i - 1] * SECOND,
                            schedule_s[i - 1] * SECOND / 10 * 11 + SECOND);
    }
    h->succeeded += row.status == DGL_DELIVERY_SUCCEEDED;
    h->dropped += row.status == DGL_DELIVERY_DROPPED;
}

static void check_link(struct hundred_days *h)
{
    const char *body = rig_body(h->r, h->s), *file = strstr(body, "/files/");
    char document[40], format[8];
    struct dgl_error err = DGL_ERROR_INIT;
    assert_non_null(file);
    const char *name = dgl_arena_strndup(h->r->arena, file + 7, strcspn(file + 7, "?"));
    const char *expires = strstr(file, "expires=") + 8, *signature = strstr(file, "signature=") + 10;
    expires = dgl_arena_strndup(h->r->arena, expires, strcspn(expires, "&"));
    signature = dgl_arena_strndup(h->r->arena, signature, strcspn(signature, "\""));
    int64_t end_us = strtoll(expires, NULL, 10) * SECOND;
    assert_in_range(end_us - dgl_clock_now_us(h->r->clock), DAY - SECOND, DAY);
    assert_ok(dgl_link_verify(h->r->keys, name, expires, signature, end_us + SECOND - 1, document, format, &err), err);
    assert_int_equal(dgl_link_verify(h->r->keys, name, expires, signature, end_us + SECOND, document, format, &err),
                     DGL_E_FORBIDDEN);
}

static int signatures(struct hundred_days *h)
{
    int count = 0;
    for (const char *at = rig_header(h->r, h->s, "webhook-signature"); (at = strstr(at, "v1,")); at += 3)
        count++;
    return count;
}

// As the keeper: only while the clock is steady, batch after batch.
static void keep(struct hundred_days *h)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const char **uris;
    size_t count;
    int64_t now_us = dgl_clock_now_us(h->r->clock);
    bool more = dgl_clock_watch_steady(&h->watch, now_us, mono_us(h)), more_rows = more;
    while (more)
        assert_ok(dgl_store_documents_prune(h->r->store, h->r->arena, now_us - 30 * DAY, DGL_DOCUMENT_PRUNE_BATCH,
                                            &uris, &count, &more, &err),
                  err);
    while (more_rows)
        assert_ok(dgl_store_prune(h->r->store, now_us - 90 * DAY, DGL_DOCUMENT_PRUNE_BATCH, &more_rows, &err), err);
}

static void check_retention(struct hundred_days *h, int made)
{
    for (int i = 0; i < made; i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_document_row document;
        struct dgl_delivery_row delivery;
        int64_t age_us = mono_us(h) - h->kept[i].at_mono_us;
        enum dgl_status there =
            dgl_store_document_get(h->r->store, h->r->arena, h->r->org, h->kept[i].document, &document, &err);
        enum dgl_status logged =
            dgl_store_delivery_get(h->r->store, h->r->arena, h->r->org, h->kept[i].delivery, &delivery, &err);
        if (age_us < 29 * DAY)
            assert_int_equal(there, DGL_OK);
        if (age_us > 33 * DAY)
            assert_int_equal(there, DGL_E_NOT_FOUND);
        if (age_us < 89 * DAY)
            assert_int_equal(logged, DGL_OK);
        if (age_us > 93 * DAY)
            assert_int_equal(logged, DGL_E_NOT_FOUND);
    }
}

static void check_dead_endpoint(struct hundred_days *h, int made)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_endpoint e;
    if (made <= DEAD_FROM)
        return;
    assert_ok(dgl_webhook_endpoint_get(h->r->webhook, h->r->arena, h->r->org, h->dead.s, &e, &err), err);
    assert_int_equal(e.enabled, made <= DEAD_FROM + 10);
}

static void one_document(struct hundred_days *h, int i)
{
    int64_t begun_us = mono_us(h), jump_us = i == FORWARD_AT ? DAY : i == BACK_AT ? -DAY : 0;
    int64_t outage_s = jump_us ? 200 : outages_s[(i * 7 + i / 6) % (int)DGL_COUNT(outages_s)];
    atomic_store(&h->to.answer, outage_s ? ERROR_ANSWER : OK_ANSWER);
    h->down_until_mono_us = begun_us + outage_s * SECOND;
    struct kept *k = &h->kept[i];
    k->at_mono_us = begun_us;
    const char *delivery = rig_document(h->r, NULL, DGL_FORMAT_PDF, true);
    dgl_str_copy(k->delivery, sizeof k->delivery, delivery, strlen(delivery));
    memcpy(k->document, rig_delivery(h->r, k->delivery).document, sizeof k->document);
    live_through(h, k->delivery, jump_us);
    if (rig_delivery(h->r, k->delivery).status == DGL_DELIVERY_SUCCEEDED)
        check_link(h);
    check_attempts(h, k->delivery, jump_us != 0);
    assert_int_equal(signatures(h), i == ROTATED_AT || i == ROTATED_AT + 1 ? 2 : 1);
    advance(h, STEP - (mono_us(h) - begun_us)); // true time
}

static void test_a_hundred_days(void **state DGL_UNUSED)
{
    struct hundred_days *h = DGL_NEW(struct hundred_days);
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96];
    h->r = rig_open(NULL);
    atomic_store(&h->to.answer, OK_ANSWER);
    h->s = tcp_start(rig_serve, &h->to, NULL);
    assert_ok(dgl_webhook_settings_put(h->r->webhook, h->r->org, rig_url(h->r, h->s, "/hook"), &err), err);
    for (int i = 0; i < DOCUMENTS; i++) {
        if (i == ROTATED_AT)
            assert_ok(dgl_webhook_secret_rotate(h->r->webhook, h->r->org, 86400, secret, &err), err);
        if (i == DEAD_FROM) {
            struct dgl_webhook_endpoint_spec spec = {.schedule = ""};
            spec.url = dgl_arena_printf(h->r->arena, "http://127.0.0.1:%u/", tcp_closed_port());
            assert_ok(dgl_webhook_endpoint_create(h->r->webhook, h->r->org, &spec, &h->dead, &err), err);
        }
        one_document(h, i);
        check_dead_endpoint(h, i + 1);
        if (i % 2)
            keep(h);
        if (i % 20 == 19)
            check_retention(h, i + 1);
        dgl_arena_reset(h->r->arena);
    }
    print_message("%d succeeded, %d dropped, %d requests\n", h->succeeded, h->dropped, (int)h->s->requests);
    assert_int_equal(h->succeeded + h->dropped, DOCUMENTS);
    assert_true(h->dropped > DOCUMENTS / 10);
    rig_close(h->r);
    tcp_stop(h->s);
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_hundred_days)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
