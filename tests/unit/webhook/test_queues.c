// Who goes next: fairness, limits, due times, bounds. Time is a number here.
#include "../base/unit.h"
#include "server/webhook/queues.h"

#include <stdio.h>
#include <stdlib.h>

// A queue's number stands for (organization, endpoint).
static int64_t number_of(uint64_t org, const char *endpoint)
{
    uint64_t n = org;
    for (const char *p = endpoint; *p; p++)
        n = n * 131 + (unsigned char)*p;
    return (int64_t)(n & INT64_MAX);
}

static enum dgl_queue_added add_at(struct dgl_queues *q, const char *prefix, int number, uint64_t org,
                                   const char *endpoint, int64_t due, int64_t attempts, int64_t now)
{
    struct dgl_delivery_due d = {.org_number = org,
                                 .url = "https://example.com/",
                                 .due_at_us = due,
                                 .attempts = attempts,
                                 .queue = number_of(org, endpoint),
                                 .rate_per_s = 10000};
    snprintf(d.id, sizeof d.id, "%s%d", prefix, number);
    snprintf(d.org, sizeof d.org, "org-%llu", (unsigned long long)org);
    snprintf(d.endpoint, sizeof d.endpoint, "%s", endpoint);
    return dgl_queues_add(q, &d, now);
}

static enum dgl_queue_added add(struct dgl_queues *q, const char *prefix, int number, uint64_t org,
                                const char *endpoint, int64_t due, int64_t attempts)
{
    return add_at(q, prefix, number, org, endpoint, due, attempts, 0);
}

static void test_turns(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    for (int i = 0; i < 100; i++)
        add(q, "big", i, 1, "endpoint-a", 0, 0);
    for (int i = 0; i < 3; i++)
        add(q, "small", i, 2, "endpoint-b", 0, 0);
    // Strict turns while both have something.
    for (int i = 0; i < 6; i++)
        assert_string_equal(dgl_queues_take(q, 0)->endpoint, i % 2 ? "endpoint-b" : "endpoint-a");
    // Then the big one up to its limit of ten.
    for (int i = 0; i < 7; i++)
        assert_string_equal(dgl_queues_take(q, 0)->endpoint, "endpoint-a");
    assert_null(dgl_queues_take(q, 0));
    assert_int_equal(dgl_queues_in_flight(q), 13);
    dgl_queues_free(q);
}

static void test_same_endpoint_of_two_organizations(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    for (int i = 0; i < 30; i++) {
        add(q, "a", i, 1, "", 0, 0); // per-request URLs of one origin
        add(q, "b", i, 2, "", 0, 0);
    }
    int taken[3] = {0};
    for (struct dgl_queue_item *it; (it = dgl_queues_take(q, 0));)
        taken[it->org_number]++;
    assert_int_equal(taken[1], 10);
    assert_int_equal(taken[2], 10);
    dgl_queues_free(q);
}

// Queues that are not known to answer share half of the slots; those that do may have all.
static void test_global_slots(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(8); // a queue may have a quarter: 2
    char endpoint[40];
    struct dgl_queue_item *items[8];
    for (int i = 0; i < 60; i++) {
        snprintf(endpoint, sizeof endpoint, "e%d", i % 10);
        add(q, "d", i, 1, endpoint, 0, 0);
    }
    for (int i = 0; i < 4; i++)
        items[i] = dgl_queues_take(q, 0);
    assert_null(dgl_queues_take(q, 0));
    for (int i = 0; i < 4; i++)
        dgl_queues_slot_free(q, items[i], DGL_QUEUE_WENT_WELL, 0);
    for (int i = 0; i < 8; i++)
        items[i] = dgl_queues_take(q, 0);
    assert_non_null(items[7]);
    assert_null(dgl_queues_take(q, 0));
    dgl_queues_forget(q, items[3], 0);
    assert_non_null(dgl_queues_take(q, 0));
    assert_null(dgl_queues_take(q, 0));
    dgl_queues_free(q);
}

// The clock moves on by two minutes a round, so that failures do not close the queue.
static int in_flight_of_one(enum dgl_queue_feedback feedback, int rounds)
{
    struct dgl_queues *q = dgl_queues_new(256);
    struct dgl_queue_item *items[256];
    int number = 0, most = 0;
    for (int round = 0; round < rounds; round++) {
        int n = 0;
        int64_t now = round * 120 * DGL_US_PER_S;
        while (dgl_queues_held(q) < 200)
            add_at(q, "d", number++, 1, "e", 0, 0, now);
        while ((items[n] = dgl_queues_take(q, now)))
            n++;
        most = n;
        for (int i = 0; i < n; i++) {
            // One that went well in between, so that failures do not close it.
            dgl_queues_slot_free(q, items[i], i % 2 && feedback == DGL_QUEUE_SLOW_DOWN ? DGL_QUEUE_NEUTRAL : feedback,
                                 now);
            dgl_queues_forget(q, items[i], now);
        }
    }
    dgl_queues_free(q);
    return most;
}

static void test_limit_adapts(void **state DGL_UNUSED)
{
    assert_int_equal(in_flight_of_one(DGL_QUEUE_NEUTRAL, 5), 10);
    assert_in_range(in_flight_of_one(DGL_QUEUE_WENT_WELL, 3), 11, 13); // one more per round
    assert_int_equal(in_flight_of_one(DGL_QUEUE_WENT_WELL, 100), 64);  // a quarter
    assert_int_equal(in_flight_of_one(DGL_QUEUE_SLOW_DOWN, 4), 1);
}

static void test_due_times(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    add(q, "later", 0, 1, "e", 2000, 1);
    add(q, "soon", 0, 1, "e", 1000, 1);
    add(q, "now", 0, 1, "e", 0, 0);
    assert_string_equal(dgl_queues_take(q, 0)->id, "now0");
    assert_null(dgl_queues_take(q, 0));
    assert_int_equal(dgl_queues_next_due_us(q), 1000);
    dgl_queues_ripen(q, 999);
    assert_null(dgl_queues_take(q, 999));
    dgl_queues_ripen(q, 1000);
    assert_int_equal(dgl_queues_oldest_ready_us(q), 1000);
    struct dgl_queue_item *soon = dgl_queues_take(q, 0);
    assert_string_equal(soon->id, "soon0");
    dgl_queues_put_back(q, soon, 1500, 1000);
    assert_int_equal(dgl_queues_next_due_us(q), 1500);
    dgl_queues_ripen(q, 5000);
    assert_string_equal(dgl_queues_take(q, 0)->id, "soon0");
    assert_string_equal(dgl_queues_take(q, 0)->id, "later0");
    assert_true(dgl_queues_next_due_us(q) == INT64_MAX);
    assert_true(dgl_queues_oldest_ready_us(q) == INT64_MAX);
    dgl_queues_free(q);
}

// First attempts go before retries, but every fifth turn belongs to overdue retries.
static void test_retries_get_their_share(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(1000);
    int retries = 0;
    for (int i = 0; i < 200; i++) {
        add(q, "first", i, 1, "e", 0, 0);
        add(q, "retry", i, 1, "e", 0, 2);
    }
    for (int i = 0; i < 100; i++) {
        struct dgl_queue_item *it = dgl_queues_take(q, 0);
        retries += it->attempts > 0;
        dgl_queues_forget(q, it, 0);
    }
    assert_int_equal(retries, 20);
    dgl_queues_free(q);
}

static void test_known_and_sent_again(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    assert_int_equal(add(q, "d", 1, 1, "e", 5000, 1), DGL_QUEUE_HELD);
    assert_int_equal(add(q, "d", 1, 1, "e", 9000, 1), DGL_QUEUE_KNOWN);
    assert_int_equal(dgl_queues_next_due_us(q), 5000);
    assert_int_equal(add(q, "d", 1, 1, "e", 0, 1), DGL_QUEUE_KNOWN); // by hand: now
    struct dgl_queue_item *it = dgl_queues_take(q, 0);
    assert_string_equal(it->id, "d1");
    assert_int_equal(add(q, "d", 1, 1, "e", 0, 1), DGL_QUEUE_KNOWN); // in flight
    assert_null(dgl_queues_take(q, 0));
    dgl_queues_forget(q, it, 0);
    assert_int_equal(dgl_queues_held(q), 0);
    assert_int_equal(add(q, "d", 1, 1, "e", 0, 1), DGL_QUEUE_HELD);
    dgl_queues_free(q);
}

// ---- bounds, and the store behind them

static void test_window(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    int held = 0, done = 0;
    int64_t number;
    size_t max;
    bool only_due;
    for (int i = 0; i < DGL_QUEUES_HELD_PER_QUEUE + 10; i++)
        held += add(q, "big", i, 1, "e", 0, 0) == DGL_QUEUE_HELD;
    assert_int_equal(held, DGL_QUEUES_HELD_PER_QUEUE);
    assert_int_equal(add(q, "small", 0, 1, "f", 0, 0), DGL_QUEUE_HELD);
    assert_null(dgl_queues_hungry(q, &number, &max, &only_due));
    // When it runs low it asks for what the store has.
    int64_t now = 0;
    struct dgl_queue *hungry;
    while (!(hungry = dgl_queues_hungry(q, &number, &max, &only_due))) {
        struct dgl_queue_item *it = dgl_queues_take(q, now += 1000);
        assert_non_null(it);
        dgl_queues_forget(q, it, now);
        done++;
    }
    assert_in_range(done, DGL_QUEUES_HELD_PER_QUEUE - DGL_QUEUES_LOW, DGL_QUEUES_HELD_PER_QUEUE - DGL_QUEUES_LOW + 3);
    assert_int_equal(number, number_of(1, "e"));
    assert_int_equal(max, DGL_QUEUES_REFILL + DGL_QUEUES_LOW - 1);
    assert_false(only_due);
    // New ones go behind those in the store.
    assert_int_equal(add_at(q, "new", 0, 1, "e", 0, 0, now), DGL_QUEUE_FULL);
    struct dgl_delivery_due rest[3] = {0};
    for (int i = 0; i < 3; i++) {
        rest[i] = (struct dgl_delivery_due){.org_number = 1, .queue = number};
        snprintf(rest[i].id, sizeof rest[i].id, i ? "rest%d" : "big%d", i ? i : DGL_QUEUES_HELD_PER_QUEUE - 1);
    }
    size_t before = dgl_queues_held(q);
    dgl_queues_fill(q, hungry, rest, 3, max, now);
    assert_int_equal(dgl_queues_held(q), before + 2); // one was held already
    assert_null(dgl_queues_hungry(q, &number, &max, &only_due));
    assert_int_equal(add_at(q, "new", 0, 1, "e", 0, 0, now), DGL_QUEUE_HELD);
    dgl_queues_free(q);
}

static void test_full_memory_leaves_each_queue_its_share(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    char endpoint[40];
    for (int i = 0; dgl_queues_held(q) < DGL_QUEUES_HELD_MAX; i++) {
        snprintf(endpoint, sizeof endpoint, "many%d", i % 200);
        assert_int_equal(add(q, "x", i, 2, endpoint, 0, 0), DGL_QUEUE_HELD);
    }
    for (int i = 0; i < DGL_QUEUES_HELD_ALWAYS; i++)
        assert_int_equal(add(q, "y", i, 3, "g", 0, 0), DGL_QUEUE_HELD);
    assert_int_equal(add(q, "z", 0, 3, "g", 0, 0), DGL_QUEUE_FULL);
    dgl_queues_free(q);
}

static void test_too_many_queues(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    struct dgl_queue_due due = {.org_number = 1};
    for (int i = 1; i <= DGL_QUEUES_MAX; i++) {
        due.queue = i;
        assert_true(dgl_queues_note(q, &due, 0));
    }
    due.queue++;
    assert_false(dgl_queues_note(q, &due, 0));
    assert_false(dgl_queues_overflowed(q));
    assert_int_equal(add(q, "d", 0, 7, "other", 0, 0), DGL_QUEUE_FULL);
    assert_true(dgl_queues_overflowed(q));
    assert_false(dgl_queues_overflowed(q));
    dgl_queues_free(q);
}

static void test_empty_queues_are_remembered_within_bounds(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    char endpoint[40];
    for (int i = 0; i < DGL_QUEUES_EMPTY_MAX * 2; i++) {
        snprintf(endpoint, sizeof endpoint, "e%d", i);
        add(q, "d", i, 1, endpoint, 0, 0);
        dgl_queues_forget(q, dgl_queues_take(q, 0), 0);
    }
    assert_in_range(dgl_queues_count(q), DGL_QUEUES_EMPTY_MAX - 1, DGL_QUEUES_EMPTY_MAX + 1);
    // What was learnt outlives emptiness.
    int n = 0;
    for (int i = 0; i < 40; i++)
        add(q, "again", i, 1, endpoint, 0, 0);
    struct dgl_queue_item *items[40];
    while ((items[n] = dgl_queues_take(q, 0)))
        n++;
    assert_int_equal(n, 10);
    for (int i = 0; i < 40; i++) {
        if (i < 10)
            dgl_queues_slot_free(q, items[i], i < 3 ? DGL_QUEUE_SLOW_DOWN : DGL_QUEUE_NEUTRAL, 0);
        dgl_queues_forget(q, i < 10 ? items[i] : dgl_queues_take(q, 0), 0);
    }
    assert_int_equal(dgl_queues_held(q), 0);
    for (int i = 0; i < 40; i++)
        add(q, "third", i, 1, endpoint, 0, 0);
    for (n = 0; dgl_queues_take(q, 0);)
        n++;
    assert_in_range(n, 1, 2); // halved three times, and not forgotten
    dgl_queues_free(q);
}

// ---- rate

static void test_rate(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(1000);
    struct dgl_delivery_due d = {.org_number = 1, .queue = 5}; // the server's rate: 100 a second
    for (int i = 0; i < 300; i++) {
        snprintf(d.id, sizeof d.id, "d%d", i);
        dgl_queues_add(q, &d, 0);
    }
    int sent = 0;
    for (int64_t now = 0; now <= DGL_US_PER_S; now += 1000) {
        dgl_queues_ripen(q, now);
        for (struct dgl_queue_item *it; (it = dgl_queues_take(q, now));) {
            dgl_queues_forget(q, it, now);
            sent++;
        }
        if (now == 0)
            assert_int_equal(sent, 10); // a tenth of a second's worth at once
        else
            assert_true(dgl_queues_next_due_us(q) <= now + 10001); // the next token
    }
    assert_in_range(sent, 105, 111);
    d.rate_per_s = 1000; // its own
    snprintf(d.id, sizeof d.id, "more");
    dgl_queues_add(q, &d, DGL_US_PER_S);
    dgl_queues_ripen(q, DGL_US_PER_S * 11 / 10);
    int burst = 0;
    for (struct dgl_queue_item *it; (it = dgl_queues_take(q, DGL_US_PER_S * 11 / 10)); burst++)
        dgl_queues_forget(q, it, DGL_US_PER_S * 11 / 10);
    assert_in_range(burst, 99, 100);
    dgl_queues_free(q);
}

// ---- closing

static void fail_ten(struct dgl_queues *q, int failures, int64_t now)
{
    for (int i = 0; i < 10; i++) {
        struct dgl_queue_item *it = dgl_queues_take(q, now);
        assert_non_null(it);
        dgl_queues_slot_free(q, it, i < failures ? DGL_QUEUE_FAILED : DGL_QUEUE_WENT_WELL, now);
        dgl_queues_forget(q, it, now);
    }
}

static void test_closing_and_probing(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    struct dgl_queue_closed closed;
    struct dgl_delivery_due d[30] = {0};
    int64_t number, now = 1000;
    size_t max;
    bool only_due;
    for (int i = 0; i < 30; i++)
        assert_int_equal(add_at(q, "d", i, 1, "e", 0, 0, now), DGL_QUEUE_HELD);
    assert_int_equal(add_at(q, "other", 0, 1, "f", 0, 0, now), DGL_QUEUE_HELD);
    dgl_queues_forget(q, dgl_queues_take(q, now), now); // of e
    dgl_queues_forget(q, dgl_queues_take(q, now), now); // of f
    fail_ten(q, 10, now);
    assert_null(dgl_queues_take(q, now));
    assert_int_equal(dgl_queues_held(q), 0); // the rest waits in the store
    assert_int_equal(dgl_queues_closed_count(q), 1);
    assert_true(dgl_queues_take_closed(q, &closed));
    assert_int_equal(closed.number, number_of(1, "e"));
    assert_string_equal(closed.org, "org-1");
    assert_string_equal(closed.endpoint, "e");
    assert_false(dgl_queues_take_closed(q, &closed));
    assert_int_equal(add_at(q, "late", 0, 1, "e", 0, 0, now), DGL_QUEUE_FULL);
    assert_null(dgl_queues_hungry(q, &number, &max, &only_due));
    assert_int_equal(dgl_queues_next_due_us(q), now + DGL_QUEUE_CLOSED_US);
    // After 30 s it asks for a single one, and sends no second one beside it.
    for (int probe = 0; probe < 2; probe++) {
        now += DGL_QUEUE_CLOSED_US;
        dgl_queues_ripen(q, now - 1);
        assert_null(dgl_queues_hungry(q, &number, &max, &only_due));
        dgl_queues_ripen(q, now);
        struct dgl_queue *hungry = dgl_queues_hungry(q, &number, &max, &only_due);
        assert_non_null(hungry);
        assert_int_equal(max, 1);
        d[0] = (struct dgl_delivery_due){.org_number = 1, .queue = number};
        snprintf(d[0].id, sizeof d[0].id, "probe%d", probe);
        dgl_queues_fill(q, hungry, d, 1, max, now);
        struct dgl_queue_item *it = dgl_queues_take(q, now);
        assert_non_null(it);
        assert_null(dgl_queues_take(q, now));
        assert_null(dgl_queues_hungry(q, &number, &max, &only_due));
        dgl_queues_slot_free(q, it, probe == 0 ? DGL_QUEUE_SLOW_DOWN : DGL_QUEUE_WENT_WELL, now);
        dgl_queues_forget(q, it, now);
        assert_int_equal(dgl_queues_closed_count(q), probe == 0);
        assert_int_equal(dgl_queues_take_closed(q, &closed), probe == 0);
    }
    // Open again, with a clean record.
    struct dgl_queue *hungry = dgl_queues_hungry(q, &number, &max, &only_due);
    assert_non_null(hungry);
    assert_int_equal(max, DGL_QUEUES_REFILL);
    for (int i = 0; i < 30; i++) {
        d[i] = (struct dgl_delivery_due){.org_number = 1, .queue = number};
        snprintf(d[i].id, sizeof d[i].id, "after%d", i);
    }
    dgl_queues_fill(q, hungry, d, 30, max, now);
    int n = 0;
    while (dgl_queues_take(q, now))
        n++;
    assert_int_equal(n, 5);
    dgl_queues_free(q);
}

static void test_few_or_old_failures_do_not_close(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    for (int i = 0; i < 100; i++)
        add(q, "d", i, 1, "e", 0, 0);
    fail_ten(q, 7, 0); // 70 %
    assert_int_equal(dgl_queues_closed_count(q), 0);
    for (int minute = 6; minute <= 60; minute += 6) { // never ten in five minutes
        struct dgl_queue_item *it = dgl_queues_take(q, minute * 60 * DGL_US_PER_S);
        dgl_queues_slot_free(q, it, DGL_QUEUE_FAILED, minute * 60 * DGL_US_PER_S);
    }
    assert_int_equal(dgl_queues_closed_count(q), 0);
    dgl_queues_free(q);
}

// However many endpoints never answer, half of the slots is for those that do.
static void test_dead_endpoints_leave_half_of_the_slots(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    char endpoint[40];
    add(q, "known", 0, 1, "good", 0, 0);
    struct dgl_queue_item *it = dgl_queues_take(q, 0);
    dgl_queues_slot_free(q, it, DGL_QUEUE_WENT_WELL, 0);
    dgl_queues_forget(q, it, 0);
    for (int i = 0; i < 5000; i++) {
        snprintf(endpoint, sizeof endpoint, "dead%d", i % 100);
        add(q, "d", i, 1, endpoint, 0, 0);
    }
    int n = 0;
    while (dgl_queues_take(q, 0))
        n++;
    assert_int_equal(n, 128);
    for (int i = 0; i < 8; i++)
        add(q, "good", i, 1, "good", 0, 0);
    for (int i = 0; i < 8; i++)
        assert_string_equal(dgl_queues_take(q, 0)->endpoint, "good");
    dgl_queues_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_same_endpoint_of_two_organizations),
        cmocka_unit_test(test_global_slots),
        cmocka_unit_test(test_limit_adapts),
        cmocka_unit_test(test_due_times),
        cmocka_unit_test(test_retries_get_their_share),
        cmocka_unit_test(test_known_and_sent_again),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_full_memory_leaves_each_queue_its_share),
        cmocka_unit_test(test_too_many_queues),
        cmocka_unit_test(test_empty_queues_are_remembered_within_bounds),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_closing_and_probing),
        cmocka_unit_test(test_few_or_old_failures_do_not_close),
        cmocka_unit_test(test_dead_endpoints_leave_half_of_the_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
