// seccomp, Landlock and resource limits of the workers.
//
// The native worker needs memory, its socket and memfds, so it gets a list of what it may do; what is not on it fails
// with EPERM rather than killing, because libraries probe for features and cope with a refusal. LibreOffice needs half
// the kernel, so it gets a list of what it may not do, and Landlock narrows its files. What only an attacker calls
// kills the process, so that the attempt is seen.
#include "server/engine/sandbox.h"

#include "server/engine/bounds.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CPU_SLACK_S 5u

// ---- limits

static enum dgl_status set_limit(__rlimit_resource_t resource, rlim_t value, struct dgl_error *err)
{
    struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    if (setrlimit(resource, &limit) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot set a worker's resource limit %d", (int)resource);
    return DGL_OK;
}

static enum dgl_status set_limits(rlim_t descriptors, struct dgl_error *err)
{
    DGL_TRY(set_limit(RLIMIT_CORE, 0, err));
    DGL_TRY(set_limit(RLIMIT_NOFILE, descriptors, err));
    DGL_TRY(set_limit(RLIMIT_FSIZE, 2 * DGL_ENGINE_MAX_OUTPUT_BYTES, err));
    DGL_TRY(set_limit(RLIMIT_MEMLOCK, 0, err));
    // A server started by root: the worker keeps the user but none of its capabilities.
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_capset, &head, none) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot give up privileges");
    return DGL_OK;
}

void dgl_sandbox_limit_cpu(int64_t timeout_ms)
{
    static rlim_t current; // of this process, which has one thread that calls this
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
        return;
    rlim_t wanted = (rlim_t)used.tv_sec + (rlim_t)(timeout_ms / 1000) + CPU_SLACK_S;
    if (wanted <= current && current - wanted < CPU_SLACK_S)
        return;
    current = wanted + CPU_SLACK_S / 2; // so that most jobs need no call
    struct rlimit limit = {.rlim_cur = current, .rlim_max = RLIM_INFINITY};
    struct rlimit now;
    if (getrlimit(RLIMIT_CPU, &now) == 0)
        limit.rlim_max = now.rlim_max;
    limit.rlim_cur = DGL_MIN(limit.rlim_cur, limit.rlim_max);
    setrlimit(RLIMIT_CPU, &limit);
}

// ---- seccomp

// Only an attacker calls these. Names that this libseccomp or machine does not know are passed over.
static const char *const killed[] = {
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "bpf",
    "userfaultfd",
    "perf_event_open",
    "mount",
    "umount2",
    "pivot_root",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "chroot",
    "unshare",
    "setns",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "swapon",
    "swapoff",
    "keyctl",
    "add_key",
    "request_key",
    "kcmp",
    "open_by_handle_at",
    "name_to_handle_at",
    "acct",
    "settimeofday",
    "clock_settime",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "quotactl",
    "pidfd_getfd",
    "process_madvise",
    "lookup_dcookie",
    "personality",
};

// No argument is looked at.
static const char *const native_allowed[] = {
    "read",
    "readv",
    "pread64",
    "preadv",
    "write",
    "writev",
    "pwrite64",
    "recvmsg",
    "recvfrom",
    "sendmsg",
    "sendto",
    "close",
    "close_range",
    "lseek",
    "fstat",
    "ftruncate",
    "memfd_create",
    "dup",
    "poll",
    "ppoll",
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "futex",
    "sched_yield",
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "nanosleep",
    "clock_nanosleep",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "exit",
    "exit_group",
    "getrandom",
    "getrlimit",
    "getrusage",
    "sysinfo",
    "uname",
    "set_robust_list",
    "rseq",
    "membarrier",
    "sched_getaffinity",
    "get_robust_list",
};

struct rules {
    scmp_filter_ctx filter;
    int failed; // first negative errno
};

static void add(struct rules *r, uint32_t action, const char *name, unsigned count, struct scmp_arg_cmp a,
                struct scmp_arg_cmp b)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        return;
    struct scmp_arg_cmp compare[2] = {a, b};
    int failed = seccomp_rule_add_array(r->filter, action, number, count, compare);
    if (failed < 0 && failed != -EDOM && !r->failed) // EDOM: this machine has no such call
        r->failed = failed;
}
#define NO_ARG ((struct scmp_arg_cmp){0})
#define RULE(r, action, name) add((r), (action), (name), 0, NO_ARG, NO_ARG)
#define RULE_IF(r, action, name, a) add((r), (action), (name), 1, (a), NO_ARG)

static enum dgl_status load(struct rules *r, struct dgl_error *err)
{
    seccomp_attr_set(r->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    int failed = r->failed ? r->failed : seccomp_load(r->filter);
    seccomp_release(r->filter);
    if (failed < 0)
        return DGL_FAIL_ERRNO(err, -failed, "cannot lock the worker in with seccomp");
    return DGL_OK;
}

// A signal may be sent to this very process only: abort() does.
static void allow_own_signals(struct rules *r, uint32_t allow)
{
    RULE_IF(r, allow, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

static enum dgl_status lock_native(struct dgl_error *err)
{
    struct rules r = {.filter = seccomp_init(SCMP_ACT_ERRNO(EPERM))};
    if (!r.filter)
        return DGL_FAIL(err, DGL_E_INTERNAL, "cannot make a seccomp filter");
    for (size_t i = 0; i < DGL_COUNT(native_allowed); i++)
        RULE(&r, SCMP_ACT_ALLOW, native_allowed[i]);
    for (size_t i = 0; i < DGL_COUNT(killed); i++)
        RULE(&r, SCMP_ACT_KILL_PROCESS, killed[i]);
    RULE(&r, SCMP_ACT_KILL_PROCESS, "execve");
    RULE(&r, SCMP_ACT_KILL_PROCESS, "execveat");
    // No memory becomes executable.
    RULE_IF(&r, SCMP_ACT_ALLOW, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    RULE_IF(&r, SCMP_ACT_ALLOW, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    // fstat() of glibc is newfstatat with an empty path.
    RULE_IF(&r, SCMP_ACT_ALLOW, "newfstatat", SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
    const int commands[] = {F_GETFD, F_SETFD, F_GETFL, F_ADD_SEALS, F_GET_SEALS, F_DUPFD_CLOEXEC};
    for (size_t i = 0; i < DGL_COUNT(commands); i++)
        RULE_IF(&r, SCMP_ACT_ALLOW, "fcntl", SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i]));
    RULE_IF(&r, SCMP_ACT_ALLOW, "prlimit64", SCMP_A0(SCMP_CMP_EQ, 0));
    RULE(&r, SCMP_ACT_ALLOW, "setrlimit");
    RULE_IF(&r, SCMP_ACT_ALLOW, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA)); // glibc and sanitizers name their mappings
    allow_own_signals(&r, SCMP_ACT_ALLOW);
    return load(&r, err);
}

// Calls that work on any process of the same user when it is named: its limits, its share of the machine, its signals.
static void refuse_reaching_others(struct rules *r)
{
    const char *const by_pid[] = {"prlimit64",     "sched_setaffinity", "sched_setscheduler", "sched_setparam",
                                  "sched_setattr", "migrate_pages",     "move_pages"};
    for (size_t i = 0; i < DGL_COUNT(by_pid); i++)
        RULE_IF(r, SCMP_ACT_ERRNO(EPERM), by_pid[i], SCMP_A0(SCMP_CMP_NE, 0));
    RULE_IF(r, SCMP_ACT_ERRNO(EPERM), "setpriority", SCMP_A1(SCMP_CMP_NE, 0));
    RULE_IF(r, SCMP_ACT_ERRNO(EPERM), "ioprio_set", SCMP_A1(SCMP_CMP_NE, 0));
    const int owners[] = {F_SETOWN, F_SETOWN_EX, F_SETSIG, F_SETLEASE,
                          F_NOTIFY}; // whom the kernel sends SIGIO and others
    for (size_t i = 0; i < DGL_COUNT(owners); i++)
        RULE_IF(r, SCMP_ACT_ERRNO(EPERM), "fcntl", SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)owners[i]));
    const unsigned requests[] = {0x5412 /* TIOCSTI */, 0x8901 /* FIOSETOWN */, 0x8902 /* SIOCSPGRP */};
    for (size_t i = 0; i < DGL_COUNT(requests); i++)
        RULE_IF(r, SCMP_ACT_ERRNO(EPERM), "ioctl", SCMP_A1(SCMP_CMP_EQ, requests[i]));
}

static enum dgl_status lock_office(struct dgl_error *err)
{
    struct rules r = {.filter = seccomp_init(SCMP_ACT_ALLOW)};
    if (!r.filter)
        return DGL_FAIL(err, DGL_E_INTERNAL, "cannot make a seccomp filter");
    for (size_t i = 0; i < DGL_COUNT(killed); i++)
        RULE(&r, SCMP_ACT_KILL_PROCESS, killed[i]);
    const char *const refused[] = {
        "socket", // a datagram needs no connect(): not even local ones
        "connect", "bind", "listen", "accept", "accept4", "execve", "execveat", "fork", "vfork", "kill", "tkill",
        "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal", "setsid", "setpgid",
        // Landlock looks at none of these: they would reach the server's files by their path.
        "truncate", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime",
        "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
        "fremovexattr",
        // Memory and queues shared by name.
        "shmget", "shmat", "msgget", "semget", "mq_open", "mq_unlink", "syslog"};
    for (size_t i = 0; i < DGL_COUNT(refused); i++)
        RULE(&r, SCMP_ACT_ERRNO(EACCES), refused[i]);
    refuse_reaching_others(&r);
    // Threads are clones that share memory; clone3 hides its flags from us, and glibc falls back.
    RULE(&r, SCMP_ACT_ERRNO(ENOSYS), "clone3");
    RULE_IF(&r, SCMP_ACT_ERRNO(EAGAIN), "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, 0x00010000 /* CLONE_THREAD */, 0));
    RULE_IF(&r, SCMP_ACT_ERRNO(EPERM), "tgkill", SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid()));
    return load(&r, err);
}

// ---- Landlock (Linux 5.13), without a library

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE)
#define FILE_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE)
#define ALL_RIGHTS ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) // those of the first version

static void allow_path(int ruleset, const char *path, uint64_t rights)
{
    DGL_AUTO_FD fd = open(path, O_PATH | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return; // not on this machine
    struct landlock_path_beneath_attr rule = {.allowed_access = S_ISDIR(st.st_mode) ? rights : rights & FILE_RIGHTS,
                                              .parent_fd = fd};
    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

// Kernels without Landlock let the worker read what its user may read; seccomp holds the rest.
static enum dgl_status restrict_files(const char *directory, const char *program, struct dgl_error *err)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = ALL_RIGHTS};
    DGL_AUTO_FD ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset < 0)
        return DGL_OK;
    const char *const readable[] = {
        "/usr",
        "/lib",
        "/lib64",
        "/etc/fonts",
        "/etc/libreoffice",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/timezone",
        "/etc/locale.alias",
        "/proc/filesystems",
        "/var/spool/libreoffice",
        "/etc/passwd",
        "/etc/nsswitch.conf",
        "/var/cache/fontconfig",
        "/var/lib/libreoffice",
        "/dev/urandom",
        "/dev/random",
        "/proc/self",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/sys/devices/system/cpu",
    };
    for (size_t i = 0; i < DGL_COUNT(readable); i++)
        allow_path(ruleset, readable[i], READ_RIGHTS);
    char parent[520];
    snprintf(parent, sizeof(parent), "%s/..", program);
    allow_path(ruleset, parent, READ_RIGHTS);
    allow_path(ruleset, "/dev/null", FILE_RIGHTS);
    allow_path(ruleset, directory, ALL_RIGHTS & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE);
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot restrict the office worker's files");
    return DGL_OK;
}

// ---- entering

enum dgl_status dgl_sandbox_enter_native(struct dgl_error *err)
{
    DGL_TRY(set_limits(64, err));
    return lock_native(err);
}

enum dgl_status dgl_sandbox_enter_office(const char *directory, const char *program, struct dgl_error *err)
{
    DGL_TRY(set_limits(512, err));
    DGL_TRY(restrict_files(directory, program, err));
    return lock_office(err);
}
