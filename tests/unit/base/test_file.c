// Files: bounded reads, durable replacement, creation that never replaces, folders, memory files.
#include "base/file.h"

#include "folder.h"
#include "unit.h"
#include <sys/mman.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int count_entries(const char *folder)
{
    int count = 0;
    DIR *d = opendir(folder);
    while (readdir(d))
        count++;
    closedir(d);
    return count - 2;
}

static void test_write_read_replace(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char path[4096];
    folder_path(state, "file", path);
    assert_ok(dgl_file_write_atomic(path, "one", 3, 0640, &err), err);
    assert_ok(dgl_file_write_atomic(path, "second", 6, 0640, &err), err);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(100);
    dgl_buf_puts(&b, "before:");
    assert_ok(dgl_file_read(path, 6, &b, &err), err);
    assert_string_equal(b.data, "before:second");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(count_entries(*state), 1); // nothing temporary is left
}

static void test_read_bounds(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char path[4096];
    folder_path(state, "file", path);
    char data[70000];
    memset(data, 'x', sizeof(data));
    assert_ok(dgl_file_write_atomic(path, data, sizeof(data), 0600, &err), err);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(200000);
    dgl_buf_puts(&b, "kept");
    assert_int_equal(dgl_file_read(path, sizeof(data) - 1, &b, &err), DGL_E_LIMIT);
    assert_string_equal(b.data, "kept");
    assert_contains(err.message, "69999");
    assert_ok(dgl_file_read(path, sizeof(data), &b, &err), err);
    assert_int_equal(b.len, 4 + sizeof(data));
    DGL_AUTO_FINI(buf) small = DGL_BUF_INIT(10);
    assert_int_equal(dgl_file_read(path, SIZE_MAX, &small, &err), DGL_E_LIMIT);
    assert_false(small.failed);
    // Files in /proc say that they are empty and are not.
    dgl_buf_reset(&b);
    assert_ok(dgl_file_read("/proc/self/stat", 4096, &b, &err), err);
    assert_true(b.len > 10);
}

static void test_read_failures(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char path[4096];
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(100);
    assert_int_equal(dgl_file_read(folder_path(state, "none", path), 10, &b, &err), DGL_E_NOT_FOUND);
    assert_contains(err.message, path);
    assert_int_equal(dgl_file_read(*state, 10, &b, &err), DGL_E_IO);
    assert_int_equal(dgl_file_write_atomic(folder_path(state, "no/such", path), "", 0, 0600, &err), DGL_E_IO);
    assert_ok(dgl_file_write_atomic(folder_path(state, "empty", path), "", 0, 0600, &err), err);
    assert_ok(dgl_file_read(path, 0, &b, &err), err);
    assert_int_equal(b.len, 0);
}

// What a shell hands over with <(…) has no size and no offsets.
static void test_pipes_are_read_to_their_end(void **state DGL_UNUSED)
{
    static const size_t bounds[] = {100, 10};
    for (size_t i = 0; i < DGL_COUNT(bounds); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(100);
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], "from a pipe", 11), 11);
        close(ends[1]);
        assert_int_equal(dgl_file_read_fd(ends[0], bounds[i], &b, &err), i == 0 ? DGL_OK : DGL_E_LIMIT);
        assert_int_equal(b.len, i == 0 ? 11 : 0);
        close(ends[0]);
    }
}

static void test_create_never_replaces(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char path[4096];
    folder_path(state, "once", path);
    assert_ok(dgl_file_create_atomic(path, "1", 1, 0600, &err), err);
    assert_int_equal(dgl_file_create_atomic(path, "2", 1, 0600, &err), DGL_E_CONFLICT);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(100);
    assert_ok(dgl_file_read(path, 10, &b, &err), err);
    assert_string_equal(b.data, "1");
    assert_int_equal(count_entries(*state), 1);
}

static void test_make_dirs(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char path[4096];
    struct stat st;
    assert_ok(dgl_file_make_dirs(folder_path(state, "a/b//c/", path), 0750, &err), err);
    assert_ok(dgl_file_make_dirs(path, 0750, &err), err);
    assert_int_equal(stat(folder_path(state, "a/b/c", path), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_ok(dgl_file_write_atomic(folder_path(state, "a/file", path), "", 0, 0600, &err), err);
    assert_int_equal(dgl_file_make_dirs(folder_path(state, "a/file/x", path), 0750, &err), DGL_E_IO);
    assert_int_equal(dgl_file_make_dirs(folder_path(state, "a/file", path), 0750, &err), DGL_E_IO);
}

static void test_memfd(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FD fd = -1;
    assert_ok(dgl_file_memfd("test", &fd, &err), err);
    assert_ok(dgl_file_write_fd(fd, "hello", 5, &err), err);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(100);
    assert_ok(dgl_file_read_fd(fd, 100, &b, &err), err);
    assert_string_equal(b.data, "hello");
    assert_int_equal(dgl_file_write_fd(fd, "x", 1, &err), DGL_E_IO);
}

static void test_map(void **state)
{
    char path[4200];
    void *data;
    size_t len;
    struct dgl_error err = DGL_ERROR_INIT;
    snprintf(path, sizeof(path), "%s/mapped", (char *)*state);
    assert_int_equal(dgl_file_map(path, 100, &data, &len, &err), DGL_E_NOT_FOUND);
    assert_int_equal(dgl_file_write_atomic(path, "twelve bytes", 12, 0600, &err), DGL_OK);
    assert_int_equal(dgl_file_map(path, 12, &data, &len, &err), DGL_OK);
    assert_int_equal(len, 12);
    assert_memory_equal(data, "twelve bytes", 12);
    munmap(data, len);
    assert_int_equal(dgl_file_map(path, 11, &data, &len, &err), DGL_E_LIMIT);
    assert_int_equal(dgl_file_map(*state, 100, &data, &len, &err), DGL_E_LIMIT); // a folder
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_read_replace, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_read_bounds, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_read_failures, folder_make, folder_remove),
        cmocka_unit_test(test_pipes_are_read_to_their_end),
        cmocka_unit_test_setup_teardown(test_create_never_replaces, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_make_dirs, folder_make, folder_remove),
        cmocka_unit_test(test_memfd),
        cmocka_unit_test_setup_teardown(test_map, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
