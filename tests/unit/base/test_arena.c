// Arena: alignment, zeroing, growth, own blocks, limit, reset.
#include "base/arena.h"
#include "unit.h"

static void test_alignment_and_zero(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    for (size_t size = 0; size < 6000; size = size * 3 / 2 + 1) {
        unsigned char *p = dgl_arena_alloc(a, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xEE, size);
    }
}

static void test_pieces_do_not_overlap(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    unsigned char *pieces[300];
    for (unsigned i = 0; i < 300; i++) { // small and large ones mixed
        size_t size = i % 7 == 0 ? 9000 : 33;
        pieces[i] = dgl_arena_alloc(a, size);
        memset(pieces[i], (int)(i & 0xFF), size);
    }
    for (unsigned i = 0; i < 300; i++)
        for (size_t j = 0; j < (i % 7 == 0 ? 9000u : 33u); j++)
            assert_int_equal(pieces[i][j], i & 0xFF);
}

static void test_limit(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(1000);
    assert_non_null(dgl_arena_alloc_try(a, 900));
    assert_null(dgl_arena_alloc_try(a, 200));
    assert_null(dgl_arena_memdup_try(a, "x", SIZE_MAX - 3));
    assert_non_null(dgl_arena_alloc_try(a, 80));
    assert_int_equal(dgl_arena_used(a), 912 + 80);
    dgl_arena_reset(a);
    assert_int_equal(dgl_arena_used(a), 0);
    assert_non_null(dgl_arena_alloc_try(a, 1000 - 8));
}

static void test_first_piece_large(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    memset(dgl_arena_alloc(a, 3000000), 1, 3000000);
    dgl_arena_reset(a);
    unsigned char *p = dgl_arena_alloc(a, 4000);
    for (int i = 0; i < 4000; i++)
        assert_int_equal(p[i], 0);
}

static void test_reset_zeroes_again(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            unsigned char *p = dgl_arena_alloc(a, 1000);
            assert_int_equal(p[500], 0);
            memset(p, 0xAA, 1000);
        }
        dgl_arena_reset(a);
    }
    dgl_arena_free(NULL);
}

static void test_array(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    uint32_t *list = NULL, *other = NULL, cap = 0, other_cap = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        if (i % 3 == 0) { // now and then something stands behind it
            assert_true(DGL_ARENA_ROOM(a, other, other_cap, i / 3 + 1, 1, UINT32_MAX));
            other[i / 3] = i;
        }
        assert_true(DGL_ARENA_ROOM(a, list, cap, i + 1, 3, 5000));
        assert_int_equal(list[i], 0); // new room is zeroed
        list[i] = i;
    }
    assert_int_equal(cap, 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(list[i], i);
        assert_int_equal(other[i / 3], i / 3 * 3);
    }
    uint32_t *had = list;
    assert_false(DGL_ARENA_ROOM(a, list, cap, 5001, 3, 5000));
    assert_ptr_equal(list, had);
    assert_int_equal(cap, 5000);
}

// The newest piece grows where it is; one behind which something stands is copied, and its old place stays.
static void test_array_in_place(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(1024);
    char *list = NULL;
    uint32_t cap = 0;
    assert_true(DGL_ARENA_ROOM(a, list, cap, 1, 20, 4000));
    memcpy(list, "in place", 9);
    char *had = list;
    assert_true(DGL_ARENA_ROOM(a, list, cap, 21, 20, 4000));
    assert_ptr_equal(list, had);
    assert_int_equal(dgl_arena_used(a), 48);
    dgl_arena_alloc(a, 1);
    assert_true(DGL_ARENA_ROOM(a, list, cap, 41, 20, 4000));
    assert_ptr_not_equal(list, had);
    memset(list, 'x', cap);
    assert_string_equal(had, "in place");
    assert_int_equal(dgl_arena_used(a), 48 + 16 + 80);
    assert_false(DGL_ARENA_ROOM(a, list, cap, 1000, 20, 4000)); // past the arena's limit
    assert_int_equal(cap, 80);
}

static void test_strings(void **state DGL_UNUSED)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    assert_null(dgl_arena_strdup(a, NULL));
    assert_string_equal(dgl_arena_strdup(a, "word"), "word");
    assert_string_equal(dgl_arena_strndup(a, "word", 2), "wo");
    assert_string_equal(dgl_arena_printf(a, "%s-%05d", "n", 42), "n-00042");
    assert_memory_equal(dgl_arena_memdup_try(a, "a\0b", 3), "a\0b", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_zero),
        cmocka_unit_test(test_pieces_do_not_overlap),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_first_piece_large),
        cmocka_unit_test(test_reset_zeroes_again),
        cmocka_unit_test(test_array),
        cmocka_unit_test(test_array_in_place),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
