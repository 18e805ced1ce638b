// Identifiers: form, order, threads.
#include "base/id.h"
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>

static void test_form(void **state DGL_UNUSED)
{
    DGL_AUTO(clock) clock = dgl_clock_new_manual(INT64_C(4102444800000000)); // 2100, ahead of every other id here
    struct dgl_id id = dgl_id_new(clock);
    assert_int_equal(strlen(id.s), DGL_ID_LEN);
    assert_true(dgl_id_valid(id.s, DGL_ID_LEN));
    assert_memory_equal(id.s, "03bb2cc3-d800-7", 15); // 4102444800000 ms, version 7
    assert_non_null(strchr("89ab", id.s[19]));
    struct dgl_id message = dgl_id_message(clock);
    assert_int_equal(strlen(message.s), 36);
    assert_memory_equal(message.s, "msg_03bb2cc3d8007", 17);
}

static void test_grows_even_when_the_clock_stands_or_goes_back(void **state DGL_UNUSED)
{
    DGL_AUTO(clock) clock = dgl_clock_new_manual(INT64_C(4102444900000000));
    struct dgl_id last = dgl_id_new(clock);
    for (int i = 0; i < 10000; i++) { // more than one millisecond's counter holds
        if (i == 5000)
            dgl_clock_jump(clock, -DGL_US_PER_S * 3600);
        struct dgl_id next = dgl_id_new(clock);
        assert_true(strcmp(last.s, next.s) < 0);
        last = next;
    }
}

static void *make_many(void *out)
{
    struct dgl_id *ids = out;
    for (int i = 0; i < 2000; i++)
        ids[i] = dgl_id_new(dgl_clock_system());
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct dgl_id *)a)->s, ((const struct dgl_id *)b)->s);
}

static void test_threads(void **state DGL_UNUSED)
{
    struct dgl_id *ids = dgl_alloc(8000 * sizeof(*ids));
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, ids + i * 2000), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < 2000; i++)
        assert_true(strcmp(ids[i - 1].s, ids[i].s) < 0);
    qsort(ids, 8000, sizeof(*ids), compare);
    for (int i = 1; i < 8000; i++)
        assert_string_not_equal(ids[i - 1].s, ids[i].s);
    free(ids);
}

static void test_parse(void **state DGL_UNUSED)
{
    struct dgl_id id = {"before"};
    static const char *const bad[] = {"",
                                      "018cd251-7d00-7000-8000-00000000000",
                                      "018cd251-7d00-7000-8000-0000000000000",
                                      "018CD251-7d00-7000-8000-000000000000",
                                      "018cd25107d00-7000-8000-000000000000",
                                      "018cd251-7d00-7000-8000-00000000000g",
                                      "018cd251-7d00-7000-8000-00000000000/"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        assert_false(dgl_id_parse(bad[i], &id));
    assert_false(dgl_id_parse(NULL, &id));
    assert_string_equal(id.s, "before");
    assert_true(dgl_id_parse("018cd251-7d00-7000-8000-000000000000", &id));
    assert_string_equal(id.s, "018cd251-7d00-7000-8000-000000000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_grows_even_when_the_clock_stands_or_goes_back),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
