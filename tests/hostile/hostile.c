// A server whose workers were taken over. It is the program itself, linked with two functions of this file in front of
// ours (ld --wrap): the one that reads a document's data, and the one that locks LibreOffice's process in. They try
// what an attacker would who runs code of his own in the worker; tests/torture/hostile.py says what must come of it.
//
// Native: data {"probe": "fork", "path": "/…"} tries one thing and fails the document with what came of it, as long as
// the worker lives. Office: everything is tried once the process is locked in, a line each into `probes` in its
// directory.
#include "render/template/template.h"
#include "server/engine/protocol.h"
#include "server/engine/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_FDS 1024
#define MANY 20000

static char path[400] = "/etc/shadow"; // the file that the probes of files reach for
static char told[400];                 // by a probe, beyond yes or no

static bool inet(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_INET6, SOCK_DGRAM, 0) >= 0 ||
           socket(AF_NETLINK, SOCK_RAW, 0) >= 0 || socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}
static bool local_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_DGRAM, 0) >= 0;
}
static bool read_file(void)
{
    return open(path, O_RDONLY) >= 0 || syscall(SYS_openat2, AT_FDCWD, path, (uint64_t[3]){0}, 24) >= 0;
}
static bool write_file(void)
{
    return open(path, O_WRONLY) >= 0 || open(path, O_WRONLY | O_TRUNC) >= 0 || open(path, O_RDWR | O_CREAT, 0600) >= 0;
}
static bool change_file(void)
{
    return truncate(path, 0) == 0 || chmod(path, 0) == 0 || syscall(SYS_fchmodat, AT_FDCWD, path, 0) == 0 ||
           chown(path, getuid(), getgid()) == 0 || utimes(path, NULL) == 0;
}
static bool move_file(void)
{
    return unlink(path) == 0 || rename(path, "/tmp/docgenlab-moved") == 0 || link(path, "/tmp/docgenlab-link") == 0;
}
static bool make_file(void)
{
    return open("/tmp/docgenlab-hostile", O_WRONLY | O_CREAT, 0600) >= 0 ||
           mkdir("/tmp/docgenlab-hostile-dir", 0700) == 0 ||
           symlink("/etc/shadow", "/tmp/docgenlab-hostile-link") == 0 || open("/tmp", O_TMPFILE | O_RDWR, 0600) >= 0;
}
static bool server_memory(void)
{
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/mem", (int)getppid());
    if (open(name, O_RDWR) >= 0)
        return true;
    snprintf(name, sizeof(name), "/proc/%d/environ", (int)getppid());
    return open(name, O_RDONLY) >= 0;
}
static bool fork_bomb(void)
{
    bool any = false;
    for (int i = 0; i < MANY; i++) {
        pid_t pid = fork();
        if (pid == 0)
            for (;;)
                pause();
        any |= pid > 0;
    }
    return any;
}
static bool server_signal(void)
{
    return kill(getppid(), SIGTERM) == 0 || syscall(SYS_tgkill, getppid(), getppid(), SIGTERM) == 0 ||
           syscall(SYS_tkill, getppid(), SIGTERM) == 0 || kill(-1, 0) == 0 || kill(0, 0) == 0;
}
static bool server_limits(void)
{
    const struct rlimit none = {0};
    const unsigned long one = 1;
    return syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, &none, NULL) == 0 ||
           setpriority(PRIO_PROCESS, (id_t)getppid(), 19) == 0 ||
           syscall(SYS_sched_setaffinity, getppid(), sizeof(one), &one) == 0;
}
static bool shared_memory(void)
{
    return syscall(SYS_shmget, 0x44474c, 4096, 01600) >= 0 || syscall(SYS_msgget, 0x44474c, 01600) >= 0 ||
           syscall(SYS_semget, 0x44474c, 1, 01600) >= 0;
}
static bool descriptors(void)
{
    size_t used = 0;
    for (int fd = 0; fd < MAX_FDS && used < sizeof(told) - 40; fd++) {
        struct stat st;
        if (fstat(fd, &st) == 0 && !S_ISSOCK(st.st_mode) && fd > 2)
            used += (size_t)snprintf(told + used, sizeof(told) - used, "%d:file:%d ", fd,
                                     fcntl(fd, F_GET_SEALS) >= 0 || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
        else if (fd > 2 && S_ISSOCK(st.st_mode) && fstat(fd, &st) == 0)
            used += (size_t)snprintf(told + used, sizeof(told) - used, "%d:socket ", fd);
    }
    return false;
}
static bool many_descriptors(void)
{
    int count = 0;
    for (int i = 0; i < MANY; i++)
        count += memfd_create("x", 0) >= 0;
    return count > 600;
}
static bool executable_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

// ---- what ends the worker

static bool trace(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}
static bool read_server(void)
{
    char c;
    struct iovec here = {&c, 1}, there = {told, 1};
    return process_vm_readv(getppid(), &here, 1, &there, 1, 0) >= 0;
}
static bool run_shell(void)
{
    execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
    return false;
}
static bool ring(void)
{
    char params[256] = {0};
    return syscall(SYS_io_uring_setup, 4, params) >= 0;
}
static bool memory_bomb(void)
{
    for (volatile bool go = true; go;) {
        char *p = malloc(1 << 20);
        if (p)
            memset(p, 1, 1 << 20);
    }
    return false;
}
static bool spin(void)
{
    for (volatile bool go = true; go;)
        ;
    return false;
}
static bool hang(void)
{
    for (volatile bool go = true; go;) {
        struct timespec long_time = {.tv_sec = 1000};
        nanosleep(&long_time, NULL);
    }
    return false;
}
static int own_socket(void)
{
    for (int fd = 3; fd < MAX_FDS; fd++) {
        struct stat st;
        if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
            return fd;
    }
    return -1;
}
static bool garbage(void)
{
    static const char bytes[3000] = "not a message";
    for (size_t len = 0; len < sizeof(bytes); len += 7)
        (void)!send(own_socket(), bytes, len, MSG_NOSIGNAL);
    return hang();
}
// Results for jobs that are not its own, fast.
static bool flood(void)
{
    struct dgl_error err;
    struct dgl_wire_result result = {.status = DGL_OK, .pages = 1};
    struct iovec part = {.iov_base = &result, .iov_len = sizeof(result)};
    for (uint64_t job = 1; job < MANY; job++)
        if (dgl_message_send(own_socket(), DGL_MESSAGE_RESULT, job, &part, 1, NULL, 0, true, &err) != DGL_OK)
            break;
    return hang();
}
static bool fetch_inside(void)
{
    static const char *const urls[] = {"file:///etc/passwd", "http://127.0.0.1:1/", "https://169.254.169.254/latest/",
                                       "https://user:pw@example.com/", "gopher://x/"};
    struct dgl_error err;
    for (size_t i = 0; i < DGL_COUNT(urls); i++) {
        struct iovec part = {.iov_base = (void *)(uintptr_t)urls[i], .iov_len = strlen(urls[i])};
        if (dgl_message_send(own_socket(), DGL_MESSAGE_FETCH, 1, &part, 1, NULL, 0, true, &err) != DGL_OK)
            break;
    }
    return hang();
}

// ---- what only a sanitizer sees (tests/torture/sanitized.py asks whether it does)

static bool overrun(void)
{
    volatile char *block = malloc(64);
    volatile size_t at = 64;
    char beyond = block ? block[at] : 0;
    free((void *)(uintptr_t)block);
    return beyond != 127;
}
static bool overflow(void)
{
    volatile int most = INT_MAX;
    most = most + 1;
    return most < 0;
}

struct probe {
    const char *name;
    bool (*run)(void); // true: it was possible
    bool alone;        // ends the worker, or is nothing for LibreOffice's
};
static const struct probe probes[] = {
    {"inet", inet, false},
    {"local-socket", local_socket, false},
    {"read-file", read_file, false},
    {"write-file", write_file, false},
    {"change-file", change_file, false},
    {"move-file", move_file, false},
    {"make-file", make_file, false},
    {"server-memory", server_memory, false},
    {"fork-bomb", fork_bomb, false},
    {"server-signal", server_signal, false},
    {"server-limits", server_limits, false},
    {"shared-memory", shared_memory, false},
    {"descriptors", descriptors, true},
    {"many-descriptors", many_descriptors, true},
    {"executable-memory", executable_memory, true},
    {"trace", trace, true},
    {"read-server", read_server, true},
    {"run-shell", run_shell, true},
    {"ring", ring, true},
    {"memory-bomb", memory_bomb, true},
    {"spin", spin, true},
    {"hang", hang, true},
    {"garbage", garbage, true},
    {"flood", flood, true},
    {"fetch-inside", fetch_inside, true},
    {"overrun", overrun, true},
    {"overflow", overflow, true},
};

static void reach_for(const char *given)
{
    if (given)
        snprintf(path, sizeof(path), "%s", given);
}

// ---- in the place of ours

enum dgl_status __real_dgl_value_parse_json(struct dgl_arena *a, const char *text, size_t len, const char *field,
                                            struct dgl_budget *budget, struct dgl_value *ret, struct dgl_error *err);
enum dgl_status __wrap_dgl_value_parse_json(struct dgl_arena *a, const char *text, size_t len, const char *field,
                                            struct dgl_budget *budget, struct dgl_value *ret, struct dgl_error *err);
enum dgl_status __real_dgl_sandbox_enter_office(const char *directory, const char *program, struct dgl_error *err);
enum dgl_status __wrap_dgl_sandbox_enter_office(const char *directory, const char *program, struct dgl_error *err);

enum dgl_status __wrap_dgl_value_parse_json(struct dgl_arena *a, const char *text, size_t len, const char *field,
                                            struct dgl_budget *budget, struct dgl_value *ret, struct dgl_error *err)
{
    DGL_AUTO_JSON json = json_loadb(text, len, 0, NULL);
    const char *name = json_string_value(json_object_get(json, "probe"));
    reach_for(json_string_value(json_object_get(json, "path")));
    for (size_t i = 0; name && i < DGL_COUNT(probes); i++) {
        if (strcmp(probes[i].name, name) != 0)
            continue;
        told[0] = '\0';
        bool possible = probes[i].run();
        return DGL_FAIL(err, DGL_E_INVALID, "probe %s: %s; %s", name, possible ? "possible" : "refused", told);
    }
    return __real_dgl_value_parse_json(a, text, len, field, budget, ret, err);
}

enum dgl_status __wrap_dgl_sandbox_enter_office(const char *directory, const char *program, struct dgl_error *err)
{
    enum dgl_status status = __real_dgl_sandbox_enter_office(directory, program, err);
    reach_for(getenv("HOSTILE_PATH"));
    char report[600];
    snprintf(report, sizeof(report), "%s/probes", directory);
    FILE *out = status == DGL_OK ? fopen(report, "w") : NULL;
    for (size_t i = 0; out && i < DGL_COUNT(probes); i++)
        if (!probes[i].alone)
            fprintf(out, "probe %s: %s\n", probes[i].name, probes[i].run() ? "possible" : "refused");
    if (out)
        fclose(out);
    return status;
}
