// What other threads lay down for the engine's: jobs, images and fonts that a job waits for, and the wish to stop. It
// is the only thing they share, and it may outlive the engine, because a fetch may.
//
//   open ──stop──▶ stopping: no job comes in ──wait over──▶ aborting: those under way too ──none open──▶ quit
#ifndef DGL_SERVER_ENGINE_MAILBOX_H
#define DGL_SERVER_ENGINE_MAILBOX_H

#include "server/engine/worker_pool.h"

struct dgl_mailbox;
struct dgl_mailbox *dgl_mailbox_new(struct dgl_error *err); // NULL: see err
void dgl_mailbox_unref(struct dgl_mailbox *box);
int dgl_mailbox_peek_fd(const struct dgl_mailbox *box); // readable when something lies in it

// Any thread. The job counts as open until dgl_mailbox_close_job; DGL_E_UNAVAILABLE when `most` are, or when it stops.
enum dgl_status dgl_mailbox_post(struct dgl_mailbox *box, struct dgl_task *task, unsigned most,
                                 struct dgl_error *err) DGL_MUST_CHECK;
// Any thread but the engine's: walks the states above and returns when the last job is closed.
void dgl_mailbox_stop(struct dgl_mailbox *box, int64_t wait_ms);

struct dgl_engine_fetch { // one question of a worker, on its way to whoever answers it and back
    struct dgl_engine_fetch *next;
    struct dgl_mailbox *box;
    unsigned pool;
    uint64_t worker, task;
    char *data;
    size_t len;
    int fd; // instead of data; -1 = none
    bool failed;
    struct dgl_error error;
};
struct dgl_engine_fetch *dgl_mailbox_fetch_new(struct dgl_mailbox *box, unsigned pool, uint64_t worker, uint64_t task);
void dgl_engine_fetch_free(struct dgl_engine_fetch *fetch);

// The engine's thread.
struct dgl_mail {
    struct dgl_task *tasks;           // in the order they came
    struct dgl_engine_fetch *fetched; // answered; the caller's to free
    bool stopping, abort, quit;
};
void dgl_mailbox_take(struct dgl_mailbox *box, struct dgl_mail *ret);
void dgl_mailbox_close_job(struct dgl_mailbox *box);

#endif
