// Budgets: steps, memory, output, deadline, cancellation.
#include "base/budget.h"
#include "unit.h"

static enum dgl_status tick_many(struct dgl_budget *b, int count, struct dgl_error *err)
{
    for (int i = 0; i < count; i++)
        DGL_TRY(dgl_budget_tick(b, err));
    return DGL_OK;
}

static void test_steps(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_budget b = dgl_budget_default();
    b.steps_left = 5000;
    assert_ok(tick_many(&b, 5000, &err), err);
    assert_int_equal(dgl_budget_tick(&b, &err), DGL_E_LIMIT);
    assert_int_equal(dgl_budget_tick(&b, &err), DGL_E_LIMIT);
    assert_string_equal(err.slug, "too_many_steps");
}

static void test_deadline_is_noticed_within_a_look(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(clock) clock = dgl_clock_new_manual(0);
    struct dgl_budget b = dgl_budget_default();
    b.clock = clock;
    b.deadline_mono_us = 1000;
    assert_ok(tick_many(&b, 3000, &err), err);
    dgl_clock_advance(clock, 1000);
    assert_int_equal(tick_many(&b, 1024, &err), DGL_E_TIMEOUT);
    assert_int_equal(dgl_budget_tick(&b, &err), DGL_E_TIMEOUT); // and from then on at every step
}

static void test_cancel(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    bool canceled = false;
    struct dgl_budget b = dgl_budget_default();
    b.canceled = &canceled;
    assert_ok(tick_many(&b, 2000, &err), err);
    canceled = true;
    assert_int_equal(tick_many(&b, 1024, &err), DGL_E_CANCELED);
}

static void test_memory_and_output(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_budget b = dgl_budget_default();
    b.memory_left = b.output_left = 100;
    assert_ok(dgl_budget_memory(&b, 100, &err), err);
    assert_int_equal(dgl_budget_memory(&b, 1, &err), DGL_E_LIMIT);
    assert_ok(dgl_budget_output(&b, 60, &err), err);
    assert_int_equal(dgl_budget_output(&b, 60, &err), DGL_E_LIMIT);
    assert_int_equal(b.output_left, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_deadline_is_noticed_within_a_look),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_memory_and_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
