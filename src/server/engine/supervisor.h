// The supervisor as the engine sees it: spawn, kill, and news of both. See engine.h for start and stop.
//
//   main ──SPAWN id──▶ supervisor ──SPAWNED id (socket, statm)──▶ main
//                                 ──FAILED id errno────────────▶
//        ──KILL id───▶            ──EXITED id wait-status──────▶        exactly once for each SPAWNED
//
// Workers are named by ids that are never used again, so a kill that comes late hits nobody else (pids are reused).
// Sending is safe from any thread; events are read by one.
#ifndef DGL_SERVER_ENGINE_SUPERVISOR_H
#define DGL_SERVER_ENGINE_SUPERVISOR_H

#include "server/engine/engine.h"

struct dgl_worker_config { // travels as it lies in memory
    uint64_t id;           // never 0
    uint32_t kind;         // index into the supervisor's table
    uint32_t fresh;        // office: the last start failed, begin with a new profile
    char directory[512];   // office: where the worker may write
    char program[512];     // office: LibreOffice's program directory
};
struct dgl_worker_kind {
    const char *name;      // shown in process lists, at most 15 bytes
    void (*prepare)(void); // called once in the supervisor before the first fork of this kind: shared by all
    int (*run)(int socket, const struct dgl_worker_config *config); // the process's exit status
};
enum dgl_status dgl_supervisor_start_kinds(const struct dgl_worker_kind *kinds, unsigned count,
                                           struct dgl_supervisor **ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_supervisor_fork(const struct dgl_worker_kind *kinds, unsigned count, void (*forget)(void *ctx),
                                    void *ctx, struct dgl_supervisor **ret,
                                    struct dgl_error *err) DGL_MUST_CHECK; // forget may be NULL

uint64_t dgl_supervisor_new_id(struct dgl_supervisor *s); // for the next worker; never the same twice
enum dgl_status dgl_supervisor_spawn(struct dgl_supervisor *s, const struct dgl_worker_config *config,
                                     struct dgl_error *err) DGL_MUST_CHECK;
void dgl_supervisor_kill(struct dgl_supervisor *s, uint64_t id); // unknown ids are ignored
int dgl_supervisor_peek_fd(const struct dgl_supervisor *s);      // readable when there is an event
int dgl_supervisor_peek_pid(const struct dgl_supervisor *s);

enum dgl_supervisor_event_kind {
    DGL_SUPERVISOR_SPAWNED,
    DGL_SUPERVISOR_FAILED,
    DGL_SUPERVISOR_EXITED,
};
struct dgl_supervisor_event {
    enum dgl_supervisor_event_kind kind;
    uint64_t id;
    int pid;         // SPAWNED; for messages and tests only
    int socket_fd;   // SPAWNED; owned by the receiver
    int statm_fd;    // SPAWNED; /proc/<pid>/statm, owned by the receiver; -1 when it cannot be had
    int errno_value; // FAILED
    int wait_status; // EXITED
};
// *ret_got false: nothing there. DGL_E_UNAVAILABLE: the supervisor is gone.
enum dgl_status dgl_supervisor_next(struct dgl_supervisor *s, struct dgl_supervisor_event *ret, bool *ret_got,
                                    struct dgl_error *err) DGL_MUST_CHECK;

// "was stopped by signal 11 (Segmentation fault)", "ended with exit status 3", … Returns buf.
char *dgl_exit_describe(int wait_status, char *buf, size_t size);

#endif
