// The supervisor: a small process of one thread, forked before anything else, that forks, kills and reaps all workers.
//
//   wait ─ request ─▶ fork or kill ─▶ wait
//        ─ SIGCHLD ─▶ reap, report ─▶ wait
//        ─ end of the socket (main is gone or says stop) ─▶ kill all, reap all, exit
//
// Forking from here and not from the main process has three reasons: the main process has threads and a database open
// (neither survives a fork well), a fork of a small process is quick, and whoever reaps knows which pids are alive, so
// a kill never hits a stranger. Invariants: (1) every SPAWNED is followed by exactly one EXITED; (2) a worker holds its
// own socket and stdio, nothing else; (3) no worker outlives the supervisor and the supervisor does not outlive main:
// both ask the kernel for SIGKILL at their parent's death, and the end of the socket says it again.
//
// Rejected: a double fork with pidfds held by main, which would need a kernel newer than some users have.
#include "server/engine/supervisor.h"

#include "server/engine/bounds.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTROL_FD 3 // in the supervisor; in a worker its own socket
#define MAX_CHILDREN (4 * DGL_ENGINE_MAX_WORKERS)
#define MAX_KINDS 8u
#define STOP_TRIES 500          // of STOP_PAUSE_NS, until a supervisor that does not end is killed
#define STOP_PAUSE_NS 10000000L // at most; the first pauses are shorter, because it ends within a millisecond

enum verb { VERB_SPAWN = 1, VERB_KILL };
struct request {
    uint32_t verb;
    uint64_t id;                     // KILL
    struct dgl_worker_config config; // SPAWN; not sent with KILL
};
struct report {
    uint32_t kind;
    int32_t number; // pid, errno or wait status
    uint64_t id;
};

struct dgl_supervisor {
    int fd;
    pid_t pid;
    _Atomic uint64_t last_id;
};

// ---- in the supervisor process

struct child {
    uint64_t id;
    pid_t pid;
};
struct house {
    const struct dgl_worker_kind *kinds;
    unsigned kind_count;
    bool prepared[MAX_KINDS];
    struct child children[MAX_CHILDREN];
    unsigned child_count;
    sigset_t worker_mask;
    pid_t pid;
};

static bool send_report(const struct report *report, const int *fds, unsigned fd_count)
{
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {.iov_base = (void *)report, .iov_len = sizeof(*report)};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
    }
    ssize_t n;
    do
        n = sendmsg(CONTROL_FD, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n >= 0;
}

static void close_from(int first)
{
    if (close_range((unsigned)first, ~0u, 0) != 0)
        closefrom(first);
}

// stdin reads nothing and stdout goes nowhere. stderr goes nowhere either: a worker that a document has taken over must
// not write our log. AddressSanitizer's builds keep it for their reports.
static void quiet_stdio(bool keep_stderr)
{
    DGL_AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (!keep_stderr)
        dup2(null, STDERR_FILENO);
}

#if defined(__SANITIZE_ADDRESS__)
#define KEEP_WORKER_STDERR true
#else
#define KEEP_WORKER_STDERR false
#endif

// The terminal's Ctrl-C and a service manager's SIGTERM reach the whole group; only main acts on them, so that jobs
// under way can end.
static void ignore_group_signals(void)
{
    const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < DGL_COUNT(ignored); i++)
        signal(ignored[i], SIG_IGN);
}

// The kernel's out-of-memory killer shall take a worker before the server.
static void prefer_for_oom(void)
{
    DGL_AUTO_FD fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "500", 3) < 0)
        return; // not vital
}

static DGL_NORETURN void become_worker(const struct house *h, const struct dgl_worker_config *config, int socket)
{
    const struct dgl_worker_kind *kind = &h->kinds[config->kind];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != h->pid)
        _exit(1); // the supervisor ended in between
    if (socket != CONTROL_FD)
        dup2(socket, CONTROL_FD);
    fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
    close_from(CONTROL_FD + 1);
    quiet_stdio(KEEP_WORKER_STDERR);
    prctl(PR_SET_NAME, kind->name);
    prefer_for_oom();
    sigprocmask(SIG_SETMASK, &h->worker_mask, NULL);
    _exit(kind->run(CONTROL_FD, config));
}

static int open_statm(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int fork_worker(struct house *h, const struct dgl_worker_config *config, int *ret_socket, pid_t *ret_pid)
{
    int pair[2];
    if (config->kind >= h->kind_count)
        return EINVAL;
    if (h->child_count == MAX_CHILDREN)
        return EAGAIN;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return errno;
    if (!h->prepared[config->kind] && h->kinds[config->kind].prepare)
        h->kinds[config->kind].prepare();
    h->prepared[config->kind] = true;
    pid_t pid = fork();
    if (pid == 0)
        become_worker(h, config, pair[1]);
    int fork_errno = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return fork_errno;
    }
    *ret_socket = pair[0];
    *ret_pid = pid;
    return 0;
}

static bool on_spawn(struct house *h, const struct dgl_worker_config *config)
{
    int socket = -1;
    pid_t pid = -1;
    int failure = fork_worker(h, config, &socket, &pid);
    if (failure != 0)
        return send_report(&(struct report){.kind = DGL_SUPERVISOR_FAILED, .number = failure, .id = config->id}, NULL,
                           0);
    h->children[h->child_count++] = (struct child){.id = config->id, .pid = pid};
    int fds[2] = {socket, open_statm(pid)};
    bool sent = send_report(&(struct report){.kind = DGL_SUPERVISOR_SPAWNED, .number = pid, .id = config->id}, fds,
                            fds[1] >= 0 ? 2 : 1);
    close(fds[0]);
    if (fds[1] >= 0)
        close(fds[1]);
    return sent;
}

static void on_kill(const struct house *h, uint64_t id)
{
    for (unsigned i = 0; i < h->child_count; i++)
        if (h->children[i].id == id)
            kill(h->children[i].pid, SIGKILL); // not reaped yet, so the pid is still its own
}

static bool on_request(struct house *h)
{
    struct request r = {0};
    ssize_t n;
    do
        n = recv(CONTROL_FD, &r, sizeof(r), 0);
    while (n < 0 && errno == EINTR);
    if (r.verb == VERB_SPAWN && n == (ssize_t)sizeof(r))
        return on_spawn(h, &r.config);
    if (r.verb == VERB_KILL && n == (ssize_t)offsetof(struct request, config))
        on_kill(h, r.id);
    return n > 0;
}

static bool reap(struct house *h, bool tell)
{
    int status;
    pid_t pid;
    bool sent = true;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned i = 0; i < h->child_count; i++) {
            if (h->children[i].pid != pid)
                continue; // else a grandchild that came to us
            struct report r = {.kind = DGL_SUPERVISOR_EXITED, .number = status, .id = h->children[i].id};
            h->children[i] = h->children[--h->child_count];
            if (tell)
                sent = send_report(&r, NULL, 0) && sent;
            break;
        }
    }
    return sent;
}

static DGL_NORETURN void stop_all(struct house *h)
{
    for (unsigned i = 0; i < h->child_count; i++)
        kill(h->children[i].pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
    _exit(0);
}

static DGL_NORETURN void supervise(struct house *h, int signals)
{
    struct pollfd fds[2] = {{.fd = CONTROL_FD, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            stop_all(h);
        struct signalfd_siginfo info;
        if ((fds[1].revents & POLLIN) && read(signals, &info, sizeof(info)) < 0 && errno != EAGAIN && errno != EINTR)
            stop_all(h);
        if (!reap(h, true))
            stop_all(h);
        if (fds[0].revents && !on_request(h))
            stop_all(h);
    }
}

static DGL_NORETURN void become_supervisor(const struct dgl_worker_kind *kinds, unsigned count, int control,
                                           pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    static struct house house; // large, and lives as long as the process
    house = (struct house){.kinds = kinds, .kind_count = DGL_MIN(count, MAX_KINDS), .pid = getpid()};
    prctl(PR_SET_NAME, "dgl-supervisor");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (control != CONTROL_FD)
        dup2(control, CONTROL_FD);
    fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
    close_from(CONTROL_FD + 1);
    quiet_stdio(true);
    ignore_group_signals();
    signal(SIGCHLD, SIG_DFL);
    sigset_t mask;
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    house.worker_mask = mask;
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    int signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        _exit(1);
    supervise(&house, signals);
}

// ---- in the main process

enum dgl_status dgl_supervisor_start_kinds(const struct dgl_worker_kind *kinds, unsigned count,
                                           struct dgl_supervisor **ret, struct dgl_error *err)
{
    return dgl_supervisor_fork(kinds, count, NULL, NULL, ret, err);
}

enum dgl_status dgl_supervisor_fork(const struct dgl_worker_kind *kinds, unsigned count, void (*forget)(void *ctx),
                                    void *ctx, struct dgl_supervisor **ret, struct dgl_error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot make the supervisor's socket");
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        if (forget)
            forget(ctx);
        become_supervisor(kinds, count, pair[1], parent);
    }
    int fork_errno = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return DGL_FAIL_ERRNO(err, fork_errno, "cannot fork the supervisor");
    }
    struct dgl_supervisor *s = DGL_NEW(struct dgl_supervisor);
    s->fd = pair[0];
    s->pid = pid;
    *ret = s;
    return DGL_OK;
}

void dgl_supervisor_stop(struct dgl_supervisor *s)
{
    if (!s)
        return;
    close(s->fd);
    struct timespec pause = {.tv_nsec = 200000};
    for (int i = 0;; i++) {
        pid_t done = waitpid(s->pid, NULL, WNOHANG);
        if (done == s->pid || (done < 0 && errno != EINTR))
            break;
        if (i == STOP_TRIES)
            kill(s->pid, SIGKILL); // its children die with it
        nanosleep(&pause, NULL);
        pause.tv_nsec = DGL_MIN(pause.tv_nsec * 2, STOP_PAUSE_NS);
    }
    free(s);
}

uint64_t dgl_supervisor_new_id(struct dgl_supervisor *s)
{
    return atomic_fetch_add_explicit(&s->last_id, 1, memory_order_relaxed) + 1;
}

enum dgl_status dgl_supervisor_spawn(struct dgl_supervisor *s, const struct dgl_worker_config *config,
                                     struct dgl_error *err)
{
    struct request r = {.verb = VERB_SPAWN, .config = *config};
    ssize_t n;
    do
        n = send(s->fd, &r, sizeof(r), MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the supervisor process is gone; restart docgenlab");
    return DGL_OK;
}

void dgl_supervisor_kill(struct dgl_supervisor *s, uint64_t id)
{
    struct request r = {.verb = VERB_KILL, .id = id};
    while (send(s->fd, &r, offsetof(struct request, config), MSG_NOSIGNAL) < 0 && errno == EINTR)
        ; // a supervisor that is gone has taken its workers with it
}

int dgl_supervisor_peek_fd(const struct dgl_supervisor *s)
{
    return s->fd;
}

int dgl_supervisor_peek_pid(const struct dgl_supervisor *s)
{
    return s->pid;
}

static void take_fds(struct msghdr *msg, int fds[2])
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            memcpy(fds, CMSG_DATA(c), DGL_MIN(c->cmsg_len - CMSG_LEN(0), 2 * sizeof(int)));
}

enum dgl_status dgl_supervisor_next(struct dgl_supervisor *s, struct dgl_supervisor_event *ret, bool *ret_got,
                                    struct dgl_error *err)
{
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct report r = {0};
    struct iovec part = {.iov_base = &r, .iov_len = sizeof(r)};
    struct msghdr msg = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    ssize_t n;
    do
        n = recvmsg(s->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    if (n < 0 && errno == EAGAIN) {
        *ret_got = false;
        return DGL_OK;
    }
    if (n != (ssize_t)sizeof(r))
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the supervisor process is gone; restart docgenlab");
    int fds[2] = {-1, -1};
    take_fds(&msg, fds);
    *ret = (struct dgl_supervisor_event){
        .kind = (enum dgl_supervisor_event_kind)r.kind, .id = r.id, .socket_fd = fds[0], .statm_fd = fds[1]};
    ret->pid = r.kind == DGL_SUPERVISOR_SPAWNED ? r.number : 0;
    ret->errno_value = r.kind == DGL_SUPERVISOR_FAILED ? r.number : 0;
    ret->wait_status = r.kind == DGL_SUPERVISOR_EXITED ? r.number : 0;
    *ret_got = true;
    return DGL_OK;
}

char *dgl_exit_describe(int wait_status, char *buf, size_t size)
{
    if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
        snprintf(buf, size, "was stopped because it tried what the sandbox forbids");
    else if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGXCPU)
        snprintf(buf, size, "was stopped because it used too much processor time");
    else if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == DGL_EXIT_NO_MEMORY)
        snprintf(buf, size, "got no more memory from the system");
    else if (WIFSIGNALED(wait_status))
        snprintf(buf, size, "was stopped by signal %d (%s)", WTERMSIG(wait_status),
                 sigdescr_np(WTERMSIG(wait_status)) ? sigdescr_np(WTERMSIG(wait_status)) : "unknown");
    else
        snprintf(buf, size, "ended with exit status %d", WEXITSTATUS(wait_status));
    return buf;
}
