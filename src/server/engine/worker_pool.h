// The workers of one kind and the tasks that wait for them. Used by the engine's thread alone.
//
// A worker's place (slot):
//
//     empty ──spawn──▶ starting ──READY──▶ ready ──N jobs, memory──▶ leaving ─┐
//       ▲                 │ late, failed     │ crash, deadline, memory        │ end
//       │                 ▼                  ▼                                ▼
//       └────────────── dying (socket closed, kill asked for) ◀───────────────┘
//            EXITED
//
// Invariants: (1) a task is in exactly one of: the queue, a slot's `current`, a slot's `reserve`; (2) its end is told
// exactly once; (3) the deadline runs from the moment it becomes current; (4) when a worker ends, what it had already
// answered counts, its current task fails as lost, its reserve goes back to the head of the queue unharmed.
#ifndef DGL_SERVER_ENGINE_WORKER_POOL_H
#define DGL_SERVER_ENGINE_WORKER_POOL_H

#include "server/engine/engine.h"
#include "server/engine/kinds.h"
#include "server/engine/protocol.h"

struct dgl_task { // one piece of work for one worker; part of the engine's job
    struct dgl_task *next;
    uint64_t id;
    struct dgl_wire_job wire;
    char *input; // owned by the job
    int fd;      // template or DOCX; owned by the job
    unsigned fetches;
    int64_t started_us, deadline_us;
};
struct dgl_task_end {
    bool lost;                     // the worker went down
    const struct dgl_error *error; // NULL = answered; then:
    struct dgl_message *message;   // take fds from here
    const struct dgl_wire_answer *answer;
};

struct dgl_worker_pool;
struct dgl_worker_pool_handler {
    void (*ended)(void *ctx, struct dgl_worker_pool *pool, struct dgl_task *task, const struct dgl_task_end *end);
    // The worker waits until dgl_worker_pool_answer_fetch(pool, worker, task).
    void (*fetch)(void *ctx, struct dgl_worker_pool *pool, uint64_t worker, struct dgl_task *task, const char *url);
    void *ctx;
};
struct dgl_worker_pool_options {
    const struct dgl_engine_kind *kind;
    unsigned kind_index;
    unsigned workers; // at most
    int64_t memory_bytes;
    const char *scratch_dir, *program; // copied
};
struct dgl_worker_pool *dgl_worker_pool_new(const struct dgl_worker_pool_options *options,
                                            struct dgl_supervisor *supervisor, int epoll_fd,
                                            const struct dgl_worker_pool_handler *handler);
void dgl_worker_pool_free(struct dgl_worker_pool *p); // kills; tasks must have been canceled
DGL_DEFINE_AUTO(worker_pool);

void dgl_worker_pool_push(struct dgl_worker_pool *p, struct dgl_task *task);
// Epoll events of workers carry a slot as data.ptr.
void dgl_worker_pool_on_readable(void *slot);
bool dgl_worker_pool_on_supervisor(struct dgl_worker_pool *p,
                                   const struct dgl_supervisor_event *event); // false: not one of ours
// Deadlines, memory, starts. Returns when to call again (monotonic microseconds, INT64_MAX = not needed).
int64_t dgl_worker_pool_tick(struct dgl_worker_pool *p, int64_t now_us);
// `error` NULL = ok; fd -1 = none, else it stays the caller's. A worker or task that is gone is passed over.
void dgl_worker_pool_answer_fetch(struct dgl_worker_pool *p, uint64_t worker, uint64_t task, const void *data,
                                  size_t len, int fd, const struct dgl_error *error);
// Ends waiting tasks (and running ones too) with `error`.
void dgl_worker_pool_cancel(struct dgl_worker_pool *p, bool running, const struct dgl_error *error);

struct dgl_worker_pool_stats {
    unsigned alive, waiting, busy;
    uint64_t lost;
    uint64_t ends[DGL_WORKER_ENDS]; // of workers that were not asked to leave
    int fork_errno;                 // of the latest start that could not be forked; 0 = it could
};
void dgl_worker_pool_stats(const struct dgl_worker_pool *p, struct dgl_worker_pool_stats *ret);

#endif
