// Small allocations, cleanup attributes, ownership transfer.
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void test_alloc_is_zeroed(void **state DGL_UNUSED)
{
    DGL_AUTO_PTR char *p = dgl_alloc(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    DGL_AUTO_PTR char *nothing = dgl_alloc(0);
    assert_non_null(nothing);
}

static void test_strdup(void **state DGL_UNUSED)
{
    assert_null(dgl_strdup(NULL));
    DGL_AUTO_PTR char *s = dgl_strdup("abc");
    assert_string_equal(s, "abc");
    DGL_AUTO_PTR char *cut = dgl_strndup("abcdef", 2);
    assert_string_equal(cut, "ab");
    DGL_AUTO_PTR char *none = dgl_strndup(NULL, 0);
    assert_string_equal(none, "");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Pages that the system had to give for a document of 80 MiB.
static long pages_for_a_document(void)
{
    struct rusage before, after;
    char *pieces[80];
    getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < DGL_COUNT(pieces); i++)
        memset(pieces[i] = dgl_alloc_plain(1 << 20), 1, 1 << 20);
    for (size_t i = 0; i < DGL_COUNT(pieces); i++)
        free(pieces[i]);
    getrusage(RUSAGE_SELF, &after);
    return after.ru_minflt - before.ru_minflt;
}

static void test_memory_waits_for_the_next_document(void **state DGL_UNUSED)
{
    dgl_memory_keep();
    long first = pages_for_a_document();
    assert_true(first > 30);
    assert_true(pages_for_a_document() < first / 10);
    dgl_memory_give_back();
    assert_true(pages_for_a_document() > first / 2);
}
#endif

static int open_and_lose(bool steal)
{
    DGL_AUTO_FD fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int number = fd;
    return steal ? DGL_STEAL_FD(fd) : number;
}

static void test_fd_cleanup(void **state DGL_UNUSED)
{
    int closed = open_and_lose(false);
    assert_int_equal(fcntl(closed, F_GETFD), -1);
    int kept = open_and_lose(true);
    assert_true(fcntl(kept, F_GETFD) >= 0);
    close(kept);
}

static void test_steal_leaves_null(void **state DGL_UNUSED)
{
    DGL_AUTO_PTR char *p = dgl_strdup("x");
    DGL_AUTO_PTR char *q = DGL_STEAL(p);
    assert_null(p);
    assert_string_equal(q, "x");
}

static void test_close_keeps_errno(void **state DGL_UNUSED)
{
    errno = ENOSPC;
    int fd = 1000000;
    dgl_auto_close_fd(&fd);
    assert_int_equal(errno, ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(test_memory_waits_for_the_next_document),
#endif
        cmocka_unit_test(test_alloc_is_zeroed),
        cmocka_unit_test(test_strdup),
        cmocka_unit_test(test_fd_cleanup),
        cmocka_unit_test(test_steal_leaves_null),
        cmocka_unit_test(test_close_keeps_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
