// What the server is to the system: its signals, its limits, its memory, the manager that started it.
#include "server/app/process.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

// Tells a service manager that started us (sd_notify(3)); nobody else listens.
void dgl_process_tell_manager(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    if (len < 2 || len >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') // Linux's abstract names
        to.sun_path[0] = '\0';
    DGL_AUTO_FD fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
        dgl_log(DGL_LOG_WARN, "the service manager could not be told", DGL_F_STR("state", state));
}

// The signals that end the server: blocked before any thread is made, taken by the main thread alone.
sigset_t dgl_process_block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD); // the supervisor is the only child
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

// A second signal while stopping: at once. What is on disk is whole (every answer followed its commit).
static void *second_signal(void *set)
{
    int signal_number = SIGCHLD;
    while (signal_number == SIGCHLD || signal_number == SIGHUP)
        sigwait(set, &signal_number);
    _exit(1);
}

void dgl_process_end_at_second_signal(sigset_t *set)
{
    pthread_t watcher;
    if (pthread_create(&watcher, NULL, second_signal, set) == 0)
        pthread_detach(watcher);
}

// The same program, arguments and environment. Returns only when that is not possible.
void dgl_process_execute_anew(const sigset_t *blocked)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) line = DGL_BUF_INIT(1u << 20);
    char *argv[256];
    size_t argc = 0;
    if (dgl_file_read("/proc/self/cmdline", 1u << 20, &line, &err) != DGL_OK)
        return;
    for (char *at = line.data; at < line.data + line.len && argc + 1 < DGL_COUNT(argv); at += strlen(at) + 1)
        argv[argc++] = at;
    argv[argc] = NULL;
    pthread_sigmask(SIG_UNBLOCK, blocked, NULL);
    execv("/proc/self/exe", argv);
}

// What this process holds in memory (keys, documents) is nobody's to read: no core dumps, no debugger of another user.
// Sanitizers need their process readable.
void dgl_process_keep_memory_private(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    prctl(PR_SET_DUMPABLE, 0);
#endif
}

void dgl_process_forbid_core_dumps(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

// As many descriptors as the system lets us have: connections and files are bounded by options of their own. Workers
// set theirs.
void dgl_process_raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
