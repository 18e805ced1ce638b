// What each sandbox refuses and what it lets through, tried in processes of their own.
#include "rig.h"

#include "server/engine/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/docgenlab-test-sandbox-XXXXXX";
static char outside[] = "/tmp/docgenlab-test-outside-XXXXXX"; // a file that the sandboxes must not reach

// Runs `probe` in a child inside the sandbox; the child's exit status is its answer: 1 possible, 0 refused, 99 no
// sandbox, 100 + n stopped by signal n.
static int attempt(bool office, int (*probe)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        struct dgl_error err;
        enum dgl_status status = office ? dgl_sandbox_enter_office(directory, "/usr/lib/libreoffice/program", &err)
                                        : dgl_sandbox_enter_native(&err);
        _exit(status == DGL_OK ? probe() : 99);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int inet(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_INET6, SOCK_DGRAM, 0) >= 0 ||
           socket(AF_NETLINK, SOCK_RAW, 0) >= 0;
}
static int local_connect(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/docgenlab-no-such-socket"};
    return fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == ENOENT);
}
static int open_passwd(void)
{
    return open("/etc/shadow", O_RDONLY) >= 0;
}
static int write_tmp(void)
{
    return open("/tmp/docgenlab-sandbox-leak", O_WRONLY | O_CREAT, 0600) >= 0;
}
static int read_tmp(void)
{
    return open("/tmp", O_RDONLY | O_DIRECTORY) >= 0;
}
static int write_own(void)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/file", directory);
    return open(path, O_WRONLY | O_CREAT, 0600) >= 0;
}
static int read_fonts(void)
{
    return open("/usr/share", O_RDONLY | O_DIRECTORY) >= 0;
}
static int do_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid > 0;
}
static int do_exec(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return 0;
}
static int do_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}
static int do_io_uring(void)
{
    char params[256] = {0};
    return syscall(SYS_io_uring_setup, 4, params) >= 0;
}
static int do_read_other(void)
{
    char c;
    struct iovec here = {&c, 1}, there = {&c, 1};
    return syscall(SYS_process_vm_readv, getppid(), &here, 1, &there, 1, 0) >= 0;
}
static int kill_parent(void)
{
    return kill(getppid(), 0) == 0 || syscall(SYS_tgkill, getppid(), getppid(), 0) == 0;
}
static int send_datagram(void)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/docgenlab-no-such-socket"};
    return fd >= 0 && (sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1 || errno == ENOENT);
}
// Landlock of Linux 6.1 stops neither of these two.
static int cut_file(void)
{
    return truncate(outside, 0) == 0;
}
static int take_rights(void)
{
    return chmod(outside, 0) == 0 || syscall(SYS_fchmodat, AT_FDCWD, outside, 0) == 0 ||
           chown(outside, getuid(), getgid()) == 0;
}
static int take_limits(void)
{
    const struct rlimit none = {0};
    return syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, &none, NULL) == 0;
}
static int take_time(void)
{
    const unsigned long one = 1;
    return setpriority(PRIO_PROCESS, (id_t)getppid(), 19) == 0 ||
           syscall(SYS_sched_setaffinity, getppid(), sizeof(one), &one) == 0;
}
static int signal_by_owner(void)
{
    int fd = open("/dev/null", O_RDONLY), pair[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
        fd = pair[0];
    return fcntl(fd, F_SETOWN, getppid()) == 0;
}
static int share_memory(void)
{
    return syscall(SYS_shmget, 0, 4096, 0600) >= 0;
}
static void *nothing(void *arg)
{
    return arg;
}
static int do_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}
static int executable_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
static int ordinary_work(void)
{
    int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct stat st;
    char *p = malloc(64 << 20);
    if (fd < 0 || !p || write(fd, "abc", 3) != 3 || fstat(fd, &st) != 0 || st.st_size != 3)
        return 0;
    memset(p, 1, 64 << 20);
    free(p);
    return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0;
}
static int privileges(void)
{
    struct rlimit core, files;
    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_NOFILE, &files);
    return !(core.rlim_max == 0 && files.rlim_max == 64);
}
static int do_abort(void)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void test_native_refuses(void **state)
{
    (void)state;
    int (*const refused[])(void) = {inet,       local_connect,   open_passwd, write_tmp,   write_own,
                                    read_fonts, do_fork,         kill_parent, do_thread,   executable_memory,
                                    privileges, send_datagram,   cut_file,    take_rights, take_limits,
                                    take_time,  signal_by_owner, share_memory};
    for (size_t i = 0; i < DGL_COUNT(refused); i++)
        if (attempt(false, refused[i]) != 0)
            fail_msg("probe %zu ended with %d", i, attempt(false, refused[i]));
    int (*const killed[])(void) = {do_exec, do_ptrace, do_io_uring, do_read_other};
    for (size_t i = 0; i < DGL_COUNT(killed); i++)
        assert_int_equal(attempt(false, killed[i]), 100 + SIGSYS);
}

static void test_native_can_work(void **state)
{
    (void)state;
    assert_int_equal(attempt(false, ordinary_work), 1);
    assert_int_equal(attempt(false, do_abort), 100 + SIGABRT);
}

static void test_office_refuses(void **state)
{
    (void)state;
    int (*const refused[])(void) = {inet,     local_connect, do_fork,     do_exec,   kill_parent,     send_datagram,
                                    cut_file, take_rights,   take_limits, take_time, signal_by_owner, share_memory};
    for (size_t i = 0; i < DGL_COUNT(refused); i++)
        if (attempt(true, refused[i]) != 0)
            fail_msg("probe %zu ended with %d", i, attempt(true, refused[i]));
    int (*const killed[])(void) = {do_ptrace, do_io_uring, do_read_other};
    for (size_t i = 0; i < DGL_COUNT(killed); i++)
        assert_int_equal(attempt(true, killed[i]), 100 + SIGSYS);
}

static void test_office_can_work(void **state)
{
    (void)state;
    assert_int_equal(attempt(true, ordinary_work), 1);
    assert_int_equal(attempt(true, do_thread), 1);
    assert_int_equal(attempt(true, write_own), 1);
    assert_int_equal(attempt(true, read_fonts), 1);
}

// Where the kernel has Landlock; elsewhere there is nothing to hold.
static void test_office_sees_its_own_files_only(void **state)
{
    (void)state;
    if (syscall(444 /* landlock_create_ruleset */, NULL, 0, 1) < 1)
        return;
    assert_int_equal(attempt(true, open_passwd), 0);
    assert_int_equal(attempt(true, write_tmp), 0);
    assert_int_equal(attempt(true, read_tmp), 0);
}

static int use_processor(void)
{
    dgl_sandbox_limit_cpu(-4000); // one second from now
    for (volatile bool go = true; go;)
        ;
    return 0;
}

static void test_processor_time_ends(void **state)
{
    (void)state;
    assert_int_equal(attempt(false, use_processor), 100 + SIGXCPU);
}

static int start(void **state)
{
    (void)state;
    int fd = mkstemp(outside);
    if (fd < 0 || write(fd, "kept", 4) != 4 || !mkdtemp(directory))
        return -1;
    return close(fd);
}

static int stop(void **state)
{
    (void)state;
    char path[200];
    snprintf(path, sizeof(path), "%s/file", directory);
    unlink(path);
    unlink(outside);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_native_refuses),
        cmocka_unit_test(test_native_can_work),
        cmocka_unit_test(test_office_refuses),
        cmocka_unit_test(test_office_can_work),
        cmocka_unit_test(test_office_sees_its_own_files_only),
        cmocka_unit_test(test_processor_time_ends),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
