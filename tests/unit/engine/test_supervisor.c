// The supervisor: spawns, kills, reaps, leaks nothing into workers, and neither outlives main nor leaves anybody
// behind.
#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// Says one byte, then waits for the end of its socket.
static int wait_for_end(int socket, const struct dgl_worker_config *config)
{
    (void)config;
    char c = 'r';
    if (write(socket, &c, 1) != 1)
        return 1;
    while (read(socket, &c, 1) > 0)
        ;
    return 0;
}

// Says which descriptors it has.
static int count_descriptors(int socket, const struct dgl_worker_config *config)
{
    (void)config;
    char text[200] = "";
    DIR *dir = opendir("/proc/self/fd");
    for (struct dirent *d; dir && (d = readdir(dir));)
        if (d->d_name[0] != '.' && atoll(d->d_name) != dirfd(dir))
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.20s ", d->d_name);
    return write(socket, text, strlen(text)) > 0 ? 0 : 1;
}

static int end_with_seven(int socket, const struct dgl_worker_config *config)
{
    (void)socket, (void)config;
    return 7;
}

static unsigned prepared; // in the supervisor, so the worker can tell how often
static void prepare(void)
{
    prepared++;
}
static int tell_prepared(int socket, const struct dgl_worker_config *config)
{
    (void)config;
    char c = (char)('0' + prepared);
    return write(socket, &c, 1) == 1 ? 0 : 1;
}

enum { KIND_WAIT, KIND_COUNT_FDS, KIND_SEVEN, KIND_PREPARED, KINDS };
static const struct dgl_worker_kind kinds[KINDS] = {{.name = "wait", .run = wait_for_end},
                                                    {.name = "count", .run = count_descriptors},
                                                    {.name = "seven", .run = end_with_seven},
                                                    {.name = "prepared", .prepare = prepare, .run = tell_prepared}};

static struct dgl_supervisor *start(void)
{
    struct dgl_error err;
    struct dgl_supervisor *s = NULL;
    assert_int_equal(dgl_supervisor_start_kinds(kinds, KINDS, &s, &err), DGL_OK);
    return s;
}

static struct dgl_supervisor_event next(struct dgl_supervisor *s)
{
    struct dgl_supervisor_event event = {0};
    struct dgl_error err;
    bool got = false;
    struct pollfd p = {.fd = dgl_supervisor_peek_fd(s), .events = POLLIN};
    while (!got) {
        assert_int_equal(poll(&p, 1, 60000), 1);
        assert_int_equal(dgl_supervisor_next(s, &event, &got, &err), DGL_OK);
    }
    return event;
}

static struct dgl_supervisor_event spawn(struct dgl_supervisor *s, unsigned kind)
{
    struct dgl_error err;
    struct dgl_worker_config config = {.id = dgl_supervisor_new_id(s), .kind = kind};
    assert_int_equal(dgl_supervisor_spawn(s, &config, &err), DGL_OK);
    struct dgl_supervisor_event event = next(s);
    assert_int_equal(event.id, config.id);
    return event;
}

static void close_event(const struct dgl_supervisor_event *e)
{
    close(e->socket_fd);
    close(e->statm_fd);
}

static void read_text(int fd, char *text, size_t size)
{
    ssize_t n = read(fd, text, size - 1);
    assert_true(n >= 0);
    text[n] = '\0';
}

static void test_exits_are_told_once_with_status(void **state)
{
    (void)state;
    struct dgl_supervisor *s = start();
    struct dgl_supervisor_event e = spawn(s, KIND_SEVEN), end = next(s);
    assert_int_equal(e.kind, DGL_SUPERVISOR_SPAWNED);
    assert_int_equal(end.kind, DGL_SUPERVISOR_EXITED);
    assert_int_equal(end.id, e.id);
    assert_int_equal(WEXITSTATUS(end.wait_status), 7);
    close_event(&e);
    struct dgl_error err;
    bool got = true;
    assert_int_equal(dgl_supervisor_next(s, &end, &got, &err), DGL_OK);
    assert_false(got);
    dgl_supervisor_stop(s);
}

static void test_kill_hits_the_named_worker(void **state)
{
    (void)state;
    struct dgl_supervisor *s = start();
    struct dgl_supervisor_event a = spawn(s, KIND_WAIT), b = spawn(s, KIND_WAIT);
    dgl_supervisor_kill(s, 999999); // unknown: nothing happens
    dgl_supervisor_kill(s, a.id);
    struct dgl_supervisor_event end = next(s);
    assert_int_equal(end.id, a.id);
    assert_true(WIFSIGNALED(end.wait_status));
    assert_int_equal(WTERMSIG(end.wait_status), SIGKILL);
    dgl_supervisor_kill(s, a.id); // long gone
    char text[200], *rest;
    read_text(b.socket_fd, text, sizeof(text));
    ssize_t n = pread(b.statm_fd, text, sizeof(text) - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_true(strtol(text, &rest, 10) > 0 && strtol(rest, NULL, 10) > 0);
    close_event(&b); // goodbye
    end = next(s);
    assert_int_equal(end.id, b.id);
    assert_int_equal(end.wait_status, 0);
    close_event(&a);
    dgl_supervisor_stop(s);
}

static void test_workers_hold_nothing_of_ours(void **state)
{
    (void)state;
    int extra[2];
    assert_int_equal(pipe(extra), 0); // not even close-on-exec
    struct dgl_supervisor *s = start();
    struct dgl_supervisor_event a = spawn(s, KIND_WAIT), b = spawn(s, KIND_COUNT_FDS);
    char text[200];
    read_text(b.socket_fd, text, sizeof(text));
    assert_string_equal(text, "0 1 2 3 ");
    close_event(&a);
    close_event(&b);
    dgl_supervisor_stop(s);
    close(extra[0]);
    close(extra[1]);
}

static void test_prepares_once(void **state)
{
    (void)state;
    struct dgl_supervisor *s = start();
    for (unsigned i = 0; i < 3; i++) {
        char text[10];
        struct dgl_supervisor_event e = spawn(s, KIND_PREPARED);
        read_text(e.socket_fd, text, sizeof(text));
        assert_string_equal(text, "1");
        assert_int_equal(next(s).kind, DGL_SUPERVISOR_EXITED);
        close_event(&e);
    }
    dgl_supervisor_stop(s);
}

static void test_unknown_kind_fails(void **state)
{
    (void)state;
    struct dgl_supervisor *s = start();
    struct dgl_supervisor_event e = spawn(s, 77);
    assert_int_equal(e.kind, DGL_SUPERVISOR_FAILED);
    assert_int_equal(e.errno_value, EINVAL);
    dgl_supervisor_stop(s);
}

static void test_stop_leaves_nobody(void **state)
{
    (void)state;
    struct dgl_supervisor *s = start();
    struct dgl_supervisor_event e = spawn(s, KIND_WAIT);
    char text[10];
    read_text(e.socket_fd, text, sizeof(text));
    dgl_supervisor_stop(s);
    assert_int_equal(read(e.socket_fd, text, 1), 0); // its end: the worker is gone
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    close_event(&e);
}

// A main process that is killed takes the supervisor and the workers with it. The worker's socket, which we hold too,
// tells when it is gone.
static void test_nobody_outlives_main(void **state)
{
    (void)state;
    int line[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, line), 0);
    pid_t main_pid = fork();
    if (main_pid == 0) {
        struct dgl_supervisor *s = start();
        struct dgl_supervisor_event e = spawn(s, KIND_WAIT);
        struct dgl_error err;
        struct iovec part = {"x", 1};
        if (dgl_message_send(line[1], DGL_MESSAGE_READY, 0, &part, 1, &e.socket_fd, 1, true, &err) != DGL_OK)
            _exit(1);
        poll(NULL, 0, -1);
    }
    close(line[1]);
    static struct dgl_message_buffer buffer;
    struct dgl_message m = {0};
    struct dgl_error err;
    char c;
    assert_int_equal(dgl_message_receive(line[0], &buffer, 100, true, &m, &err), DGL_RECEIVED_MESSAGE);
    assert_int_equal(m.fd_count, 1);
    assert_int_equal(read(m.fds[0], &c, 1), 1); // it runs
    kill(main_pid, SIGKILL);
    assert_int_equal(waitpid(main_pid, NULL, 0), main_pid);
    struct pollfd p = {.fd = m.fds[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 60000), 1);
    assert_int_equal(read(m.fds[0], &c, 1), 0);
    dgl_message_fini(&m);
    close(line[0]);
}

static void test_exits_in_words(void **state)
{
    (void)state;
    char text[120];
    assert_string_equal(dgl_exit_describe(3 << 8, text, sizeof(text)), "ended with exit status 3");
    assert_non_null(strstr(dgl_exit_describe(SIGSYS, text, sizeof(text)), "sandbox"));
    assert_non_null(strstr(dgl_exit_describe(SIGXCPU, text, sizeof(text)), "processor time"));
    assert_string_equal(dgl_exit_describe(SIGABRT, text, sizeof(text)), "was stopped by signal 6 (Aborted)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exits_are_told_once_with_status),
        cmocka_unit_test(test_kill_hits_the_named_worker),
        cmocka_unit_test(test_workers_hold_nothing_of_ours),
        cmocka_unit_test(test_prepares_once),
        cmocka_unit_test(test_unknown_kind_fails),
        cmocka_unit_test(test_stop_leaves_nobody),
        cmocka_unit_test(test_nobody_outlives_main),
        cmocka_unit_test(test_exits_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
