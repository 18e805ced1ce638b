// Who goes next: fairness, limits, due times, bounds. Time is a number here.
#include "../base/unit.h"
#include "server/webhook/queues.h"

#include <stdio.h>
#include <stdlib.h>

static struct dgl_delivery_due due_of(const char *id, uint64_t org, const char *endpoint, const char *url, int64_t due,
                                      int64_t attempts)
{
    struct dgl_delivery_due d = {.org_number = org, .url = url, .due_at_us = due, .attempts = attempts};
    snprintf(d.id, sizeof d.id, "%s", id);
    snprintf(d.org, sizeof d.org, "org-%llu", (unsigned long long)org);
    snprintf(d.endpoint, sizeof d.endpoint, "%s", endpoint);
    return d;
}

static enum dgl_queue_added add(struct dgl_queues *q, const char *prefix, int number, uint64_t org,
                                const char *endpoint, int64_t due, int64_t attempts)
{
    char id[40];
    snprintf(id, sizeof id, "%s%d", prefix, number);
    struct dgl_delivery_due d = due_of(id, org, endpoint, "https://example.com/", due, attempts);
    return dgl_queues_add(q, &d, 0);
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
        assert_string_equal(dgl_queues_take(q)->endpoint, i % 2 ? "endpoint-b" : "endpoint-a");
    // Then the big one up to its limit of ten.
    for (int i = 0; i < 7; i++)
        assert_string_equal(dgl_queues_take(q)->endpoint, "endpoint-a");
    assert_null(dgl_queues_take(q));
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
    for (struct dgl_queue_item *it; (it = dgl_queues_take(q));)
        taken[it->org_number]++;
    assert_int_equal(taken[1], 10);
    assert_int_equal(taken[2], 10);
    dgl_queues_free(q);
}

static void test_origins_are_queues(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    static const char *const urls[] = {"https://a.example/1", "https://a.example/2", "https://A.example:443/3",
                                       "https://b.example/1"};
    char id[40];
    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof id, "d%d", i);
        struct dgl_delivery_due d = due_of(id, 1, "", urls[i % 4], 0, 0);
        dgl_queues_add(q, &d, 0);
    }
    int n = 0;
    while (dgl_queues_take(q))
        n++;
    assert_int_equal(n, 20);
    dgl_queues_free(q);
}

static void test_global_slots(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(8); // a queue may have a quarter: 2
    char endpoint[40];
    struct dgl_queue_item *items[8];
    for (int i = 0; i < 50; i++) {
        snprintf(endpoint, sizeof endpoint, "e%d", i % 10);
        add(q, "d", i, 1, endpoint, 0, 0);
    }
    for (int i = 0; i < 8; i++)
        items[i] = dgl_queues_take(q);
    assert_null(dgl_queues_take(q));
    dgl_queues_forget(q, items[3]);
    assert_non_null(dgl_queues_take(q));
    assert_null(dgl_queues_take(q));
    dgl_queues_free(q);
}

static int in_flight_of_one(double *ret_limit_reached, enum dgl_queue_feedback feedback, int rounds)
{
    struct dgl_queues *q = dgl_queues_new(256);
    struct dgl_queue_item *items[256];
    int number = 0, most = 0;
    for (int round = 0; round < rounds; round++) {
        int n = 0;
        while (dgl_queues_held(q) < 200)
            add(q, "d", number++, 1, "e", 0, 0);
        while ((items[n] = dgl_queues_take(q)))
            n++;
        most = n;
        for (int i = 0; i < n; i++) {
            dgl_queues_slot_free(q, items[i], feedback);
            dgl_queues_forget(q, items[i]);
        }
    }
    *ret_limit_reached = most;
    dgl_queues_free(q);
    return most;
}

static void test_limit_adapts(void **state DGL_UNUSED)
{
    double reached;
    assert_int_equal(in_flight_of_one(&reached, DGL_QUEUE_NEUTRAL, 5), 10);
    assert_in_range(in_flight_of_one(&reached, DGL_QUEUE_WENT_WELL, 3), 11, 13); // one more per round
    assert_int_equal(in_flight_of_one(&reached, DGL_QUEUE_WENT_WELL, 100), 64);  // a quarter
    assert_int_equal(in_flight_of_one(&reached, DGL_QUEUE_SLOW_DOWN, 10), 1);
}

static void test_due_times(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    add(q, "later", 0, 1, "e", 2000, 1);
    add(q, "soon", 0, 1, "e", 1000, 1);
    add(q, "now", 0, 1, "e", 0, 0);
    assert_string_equal(dgl_queues_take(q)->id, "now0");
    assert_null(dgl_queues_take(q));
    assert_int_equal(dgl_queues_next_due_us(q), 1000);
    dgl_queues_ripen(q, 999);
    assert_null(dgl_queues_take(q));
    dgl_queues_ripen(q, 1000);
    assert_int_equal(dgl_queues_oldest_ready_us(q), 1000);
    struct dgl_queue_item *soon = dgl_queues_take(q);
    assert_string_equal(soon->id, "soon0");
    dgl_queues_put_back(q, soon, 1500, 1000);
    assert_int_equal(dgl_queues_next_due_us(q), 1500);
    dgl_queues_ripen(q, 5000);
    assert_string_equal(dgl_queues_take(q)->id, "soon0");
    assert_string_equal(dgl_queues_take(q)->id, "later0");
    assert_true(dgl_queues_next_due_us(q) == INT64_MAX);
    assert_true(dgl_queues_oldest_ready_us(q) == INT64_MAX);
    dgl_queues_free(q);
}

// First attempts go before retries, but every fifth turn belongs to overdue retries.
static void test_retries_get_their_share(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(1000);
    int retries = 0;
    for (int i = 0; i < 400; i++) {
        add(q, "first", i, 1, "e", 0, 0);
        add(q, "retry", i, 1, "e", 0, 2);
    }
    for (int i = 0; i < 100; i++) {
        struct dgl_queue_item *it = dgl_queues_take(q);
        retries += it->attempts > 0;
        dgl_queues_forget(q, it);
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
    struct dgl_queue_item *it = dgl_queues_take(q);
    assert_string_equal(it->id, "d1");
    assert_int_equal(add(q, "d", 1, 1, "e", 0, 1), DGL_QUEUE_KNOWN); // in flight
    assert_null(dgl_queues_take(q));
    dgl_queues_forget(q, it);
    assert_int_equal(dgl_queues_held(q), 0);
    assert_int_equal(add(q, "d", 1, 1, "e", 0, 1), DGL_QUEUE_HELD);
    dgl_queues_free(q);
}

// A queue with too much keeps nobody else from being held, and asks for another look once there is room.
static void test_bounds(void **state DGL_UNUSED)
{
    struct dgl_queues *q = dgl_queues_new(256);
    int held = 0;
    for (int i = 0; i < DGL_QUEUES_HELD_PER_QUEUE + 10; i++)
        held += add(q, "big", i, 1, "e", 0, 0) == DGL_QUEUE_HELD;
    assert_int_equal(held, DGL_QUEUES_HELD_PER_QUEUE);
    assert_int_equal(add(q, "small", 0, 1, "f", 0, 0), DGL_QUEUE_HELD);
    assert_false(dgl_queues_overflowed(q));
    int done = 0;
    while (!dgl_queues_overflowed(q)) {
        dgl_queues_forget(q, dgl_queues_take(q));
        done++;
    }
    assert_in_range(done, DGL_QUEUES_HELD_PER_QUEUE / 2, DGL_QUEUES_HELD_PER_QUEUE / 2 + 3);
    assert_false(dgl_queues_overflowed(q)); // asked once
    char endpoint[40];
    for (int i = 0; dgl_queues_held(q) < DGL_QUEUES_HELD_MAX; i++) {
        snprintf(endpoint, sizeof endpoint, "many%d", i % 100);
        assert_int_equal(add(q, "x", i, 2, endpoint, 0, 0), DGL_QUEUE_HELD);
    }
    assert_false(dgl_queues_room(q));
    assert_int_equal(add(q, "y", 0, 3, "g", 0, 0), DGL_QUEUE_FULL);
    dgl_queues_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_same_endpoint_of_two_organizations),
        cmocka_unit_test(test_origins_are_queues),
        cmocka_unit_test(test_global_slots),
        cmocka_unit_test(test_limit_adapts),
        cmocka_unit_test(test_due_times),
        cmocka_unit_test(test_retries_get_their_share),
        cmocka_unit_test(test_known_and_sent_again),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
