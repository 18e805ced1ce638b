// The pool's inside, shared by worker_pool.c (tasks and who gets them), slot.c (a worker's start, watch and end) and
// slot_messages.c (what a worker says).
#ifndef DGL_SERVER_ENGINE_WORKER_POOL_PRIVATE_H
#define DGL_SERVER_ENGINE_WORKER_POOL_PRIVATE_H

#include "server/engine/worker_pool.h"

enum dgl_slot_state { SLOT_EMPTY, SLOT_STARTING, SLOT_READY, SLOT_LEAVING, SLOT_DYING };

struct dgl_slot {
    struct dgl_worker_pool *pool;
    enum dgl_slot_state state;
    unsigned index;
    uint64_t worker; // id of the process that lives or dies here; 0 = none
    bool ready;      // it has said so
    bool is_unwell;  // answered that it can do no more
    int fd, statm_fd;
    struct dgl_task *current, *reserve;
    bool fetching;
    uint32_t jobs;
    unsigned failures;                // starts in a row that never became ready
    int64_t start_at_us, deadline_us; // EMPTY: when to start; STARTING, LEAVING: until when
    int64_t mean_us, watch_at_us;
    struct dgl_error error; // why it was killed, or could not start
};

struct dgl_worker_pool {
    const struct dgl_engine_kind *kind;
    unsigned kind_index, slot_count;
    int64_t memory_bytes;
    char scratch_dir[448], program[512];
    struct dgl_supervisor *supervisor;
    int epoll_fd;
    struct dgl_worker_pool_handler handler;
    struct dgl_task *first, *last;
    unsigned waiting;
    uint64_t lost, ends[DGL_WORKER_ENDS];
    bool closed;    // nothing is started any more
    int fork_errno; // why the latest start could not even be forked; 0 = it could
    struct dgl_message_buffer buffer;
    struct dgl_slot slots[];
};

// ---- worker_pool.c
void dgl_worker_pool_put_back(struct dgl_worker_pool *p, struct dgl_task *task); // to the head of the queue
struct dgl_task *dgl_worker_pool_next(struct dgl_worker_pool *p);                // off its head; NULL = none waits
void dgl_worker_pool_end_task(struct dgl_worker_pool *p, struct dgl_task *task, bool lost,
                              const struct dgl_error *error);
void dgl_worker_pool_dispatch(struct dgl_worker_pool *p);                       // hands out what can be
void dgl_slot_begin(struct dgl_slot *s, struct dgl_task *task, int64_t now_us); // it becomes current

// ---- slot.c
void dgl_slot_start(struct dgl_slot *s);
// A worker between two tasks that has done enough: its socket is closed, which it takes as goodbye.
bool dgl_slot_is_worn_out(const struct dgl_slot *s);
void dgl_slot_leave(struct dgl_slot *s);
// Stops a worker for a reason that stands in s->error; its current task fails with it at once.
void dgl_slot_put_down(struct dgl_slot *s);
void dgl_slot_put_down_for(struct dgl_slot *s, const char *slug, const char *sentence);
void dgl_slot_put_down_hostile(struct dgl_slot *s, const char *what); // half a sentence: "a message out of turn"
void dgl_slot_close(struct dgl_slot *s);                              // its descriptors
int64_t dgl_slot_tick(struct dgl_slot *s, int64_t now_us);            // as dgl_worker_pool_tick

// ---- slot_messages.c: one message, or the end. False: nothing more for now.
bool dgl_slot_read(struct dgl_slot *s);

#endif
