// The writer: one thread, one connection, group commit.
//
//   submit ──▶ queue (bounded) ──▶ BEGIN ─ savepoint, run, release ─ … ─ COMMIT ──▶ done, done, …
//                                   ▲ until the queue is empty or 512 requests ▲
//
// 1. Nobody hears of a change before it is on disk: `done` is called after COMMIT, which syncs once for the group.
// 2. A request that fails is rolled back to its savepoint; the others of its group go on.
// 3. When the disk fails (full, I/O error) the whole group fails with DGL_E_UNAVAILABLE. Nothing is remembered of it
// but
//    the message; the next group simply tries again, so the service recovers by itself when the disk does.
// 4. The log is copied into the database (checkpoint) here too, between groups: when nobody waits, or at a hard length.
//
// While a group is on its way to disk the next one gathers, so the group's size follows the load. Right after a commit
// its submitters are just waking up: beginning at once with the first of them would sync for one request and make the
// others wait for two syncs. So after a large group the writer lets the next one gather for a moment.
//
// Rejected: a connection per request thread with busy waiting (one sync per request), and an own log in front of SQLite
// (two places that must agree after a crash).
#include "base/failpoint.h"
#include "base/thread.h"
#include "server/store/sqlite/sqlite.h"

#include <sched.h>

static const char closing_message[] = "the server is stopping; try again in a moment";

static enum dgl_status step(struct dgl_conn *c, const char *sql, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, sql);
    return dgl_sql_run(&q, err);
}

// A failure that is the disk's, not the request's: the transaction is lost.
static bool transaction_lost(struct dgl_conn *c, enum dgl_status status)
{
    return sqlite3_get_autocommit(c->db) || status == DGL_E_UNAVAILABLE || status == DGL_E_IO;
}

// DGL_OK also when the request itself failed (its status says so); otherwise the group is lost.
static enum dgl_status run_one(struct dgl_store *s, struct dgl_conn *c, struct dgl_write *w, struct dgl_error *err)
{
    DGL_FAILPOINT("store.request");
    DGL_TRY(step(c, "SAVEPOINT request", err));
    int64_t before = sqlite3_total_changes64(c->db);
    w->status = w->run(s, c, w->arg, &w->err);
    if (w->status != DGL_OK) {
        if (transaction_lost(c, w->status)) {
            *err = w->err;
            return w->status;
        }
        if (sqlite3_total_changes64(c->db) != before)
            DGL_TRY(step(c, "ROLLBACK TO request", err));
    }
    return step(c, "RELEASE request", err);
}

static struct dgl_write *take_queued(struct dgl_writer *w, size_t max, size_t *ret_count)
{
    pthread_mutex_lock(&w->lock);
    struct dgl_write *first = w->first, **end = &w->first;
    size_t n = 0;
    for (; *end && n < max; n++)
        end = &(*end)->next;
    w->first = *end;
    *end = NULL;
    if (!w->first)
        w->end = &w->first;
    if (n == 0)
        first = NULL;
    w->length -= n;
    pthread_mutex_unlock(&w->lock);
    *ret_count = n;
    return first;
}

static size_t queue_length(struct dgl_writer *w)
{
    pthread_mutex_lock(&w->lock);
    size_t length = w->length;
    pthread_mutex_unlock(&w->lock);
    return length;
}

// Takes and runs requests until the queue is empty or the group is full, and puts them into *group. On failure some of
// *group have not run.
static enum dgl_status run_group(struct dgl_store *s, struct dgl_write **group, size_t *ret_count,
                                 struct dgl_error *err)
{
    struct dgl_writer *w = &s->writer;
    struct dgl_write **end = group;
    size_t taken;
    *ret_count = 0;
    enum dgl_status status = DGL_OK;
    do {
        struct dgl_write *next = *end = take_queued(w, DGL_SQLITE_BATCH_MAX - *ret_count, &taken);
        *ret_count += taken;
        if (status == DGL_OK && *ret_count == taken)
            status = step(w->conn, "BEGIN IMMEDIATE", err);
        for (; next; next = next->next) {
            if (status == DGL_OK)
                status = run_one(s, w->conn, next, err);
            end = &next->next;
        }
    } while (status == DGL_OK && taken > 0 && *ret_count < DGL_SQLITE_BATCH_MAX);
    return status;
}

static void finish_group(struct dgl_store *s, struct dgl_write *group, enum dgl_status status,
                         const struct dgl_error *err)
{
    uint64_t errors = 0;
    for (struct dgl_write *w = group, *next; w; w = next) {
        next = w->next; // w may be gone after done
        if (status != DGL_OK && w->status == DGL_OK) {
            w->status = status;
            w->err = *err;
        }
        errors += w->status != DGL_OK;
        w->done(w->done_arg, w->status, &w->err);
        DGL_FAILPOINT("store.told");
    }
    atomic_fetch_add(&s->writer.write_errors, errors);
}

static void remember_outcome(struct dgl_store *s, enum dgl_status status, const struct dgl_error *err)
{
    struct dgl_writer *w = &s->writer;
    pthread_mutex_lock(&w->lock);
    w->failure = status == DGL_OK ? DGL_ERROR_INIT : *err;
    if (status != DGL_OK)
        w->failed_at_mono_us = dgl_clock_mono_us(dgl_clock_system());
    pthread_mutex_unlock(&w->lock);
}

static void commit_group(struct dgl_store *s)
{
    struct dgl_writer *w = &s->writer;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_write *group = NULL;
    size_t count;
    int64_t begun_us = dgl_clock_mono_us(dgl_clock_system());
    enum dgl_status status = run_group(s, &group, &count, &err);
    DGL_FAILPOINT("store.written");
    if (status == DGL_OK)
        status = step(w->conn, "COMMIT", &err);
    DGL_FAILPOINT("store.committed");
    if (status != DGL_OK) {
        if (!sqlite3_get_autocommit(w->conn->db))
            sqlite3_exec(w->conn->db, "ROLLBACK", NULL, NULL, NULL);
        if (status != DGL_E_UNAVAILABLE) { // whatever it was, the submitters may try again
            status = DGL_E_UNAVAILABLE;
            err.code = DGL_E_UNAVAILABLE;
        }
    }
    w->last_batch = count;
    remember_outcome(s, status, &err);
    dgl_histogram_add(&w->commit_us, dgl_clock_mono_us(dgl_clock_system()) - begun_us);
    atomic_fetch_add(&w->commits, 1);
    atomic_fetch_add(&w->writes, count);
    finish_group(s, group, status, &err);
}

static void checkpoint(struct dgl_writer *w)
{
    int pages = 0, copied = 0;
    DGL_FAILPOINT("store.checkpoint");
    int rc = sqlite3_wal_checkpoint_v2(w->conn->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
    DGL_FAILPOINT("store.checkpointed");
    // All copied: the next commit starts the log anew. Otherwise a reader holds it; try again some pages later.
    bool complete = rc == SQLITE_OK && pages == copied;
    w->checkpoint_at =
        complete ? DGL_SQLITE_CHECKPOINT_PAGES : DGL_MAX(w->conn->log_pages, 0) + DGL_SQLITE_CHECKPOINT_STEP;
    if (complete)
        w->conn->log_pages = 0;
}

static void checkpoint_when_due(struct dgl_writer *w)
{
    int pages = w->conn->log_pages;
    if (pages < w->checkpoint_at)
        return;
    if (pages >= DGL_SQLITE_CHECKPOINT_HARD || queue_length(w) == 0)
        checkpoint(w);
}

// Waits for a request; false when the store closes and the queue is empty.
static bool wait_for_work(struct dgl_writer *w)
{
    bool idle = false;
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stopping) {
        if (w->conn->log_pages < DGL_SQLITE_IDLE_PAGES) {
            pthread_cond_wait(&w->wake, &w->lock);
            continue;
        }
        if (!dgl_cond_wait_until(&w->wake, &w->lock, dgl_wait_deadline_us(DGL_SQLITE_IDLE_MS * DGL_US_PER_MS))) {
            idle = !w->first;
            break;
        }
    }
    bool go_on = w->first || !w->stopping;
    pthread_mutex_unlock(&w->lock);
    if (idle)
        checkpoint(w);
    return go_on;
}

// Gives the submitters of a large group the processor before the next one begins: at most a few turns, no clock.
static void let_gather(struct dgl_writer *w)
{
    size_t before = 0;
    for (int turns = 0; w->last_batch > 4 && turns < 8; turns++) {
        size_t now = queue_length(w);
        if (now >= w->last_batch || (turns > 2 && now == before))
            return;
        before = now;
        sched_yield();
    }
}

static void *writer_main(void *arg)
{
    struct dgl_store *s = arg;
    while (wait_for_work(&s->writer)) {
        let_gather(&s->writer);
        if (queue_length(&s->writer) > 0)
            commit_group(s);
        checkpoint_when_due(&s->writer);
    }
    return NULL;
}

enum dgl_status dgl_writer_start(struct dgl_store *s, struct dgl_error *err)
{
    struct dgl_writer *w = &s->writer;
    w->end = &w->first;
    w->checkpoint_at = DGL_SQLITE_CHECKPOINT_PAGES;
    pthread_mutex_init(&w->lock, NULL);
    dgl_cond_init(&w->wake);
    DGL_TRY(dgl_thread_start(&w->thread, "store", writer_main, s, err));
    w->started = true;
    return DGL_OK;
}

void dgl_writer_stop(struct dgl_store *s)
{
    struct dgl_writer *w = &s->writer;
    if (!w->started)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    w->started = false;
}

void dgl_write_submit(struct dgl_store *s, struct dgl_write *request)
{
    struct dgl_writer *w = &s->writer;
    request->next = NULL;
    request->status = DGL_OK;
    request->err.code = DGL_OK;
    pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping, full = w->length >= DGL_SQLITE_QUEUE_MAX;
    if (!stopping && !full) {
        bool was_empty = !w->first;
        *w->end = request;
        w->end = &request->next;
        w->length++;
        if (was_empty)
            pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    if (!stopping && !full)
        return;
    struct dgl_error err = DGL_ERROR_INIT;
    enum dgl_status status =
        stopping
            ? DGL_FAIL_SLUG(&err, DGL_E_UNAVAILABLE, "stopping", "%s", closing_message)
            : DGL_FAIL_SLUG(&err, DGL_E_UNAVAILABLE, "write_queue_full",
                            "%d changes are waiting for the disk already; try again in a moment", DGL_SQLITE_QUEUE_MAX);
    request->done(request->done_arg, status, &err);
}

struct waiter {
    struct dgl_latch done;
    enum dgl_status status;
    struct dgl_error *err;
};

static void wake_waiter(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct waiter *waiter = arg;
    waiter->status = status;
    if (status != DGL_OK)
        *waiter->err = *err;
    dgl_latch_open(&waiter->done);
}

enum dgl_status dgl_write_sync(struct dgl_store *s, dgl_write_run run, void *arg, struct dgl_error *err)
{
    struct waiter waiter = {.done = DGL_LATCH_INIT, .err = err};
    struct dgl_write w = {.run = run, .arg = arg, .done = wake_waiter, .done_arg = &waiter};
    dgl_write_submit(s, &w);
    dgl_latch_wait(&waiter.done);
    return waiter.status;
}
