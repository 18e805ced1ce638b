// The life of workers and the handing out of tasks. See pool.h for the states.
//
// A task costs one sendmsg here and one recvmsg when its result comes. To keep a fast worker from waiting for us, it
// may hold one task in reserve in its socket; a slow one may not, so that a task never waits behind a long one while
// another worker is free.
#include "server/engine/pool.h"

#include "base/log.h"
#include "base/str.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define RSS_EVERY 64u // tasks between looks at an idle worker's size

enum slot_state { SLOT_EMPTY, SLOT_STARTING, SLOT_READY, SLOT_LEAVING, SLOT_DYING };

struct slot {
    struct dgl_pool *pool;
    enum slot_state state;
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

struct dgl_pool {
    const struct dgl_engine_kind *kind;
    unsigned kind_index, slot_count;
    int64_t memory_bytes;
    char scratch_dir[448], program[512];
    struct dgl_supervisor *supervisor;
    int epoll_fd;
    struct dgl_pool_handler handler;
    struct dgl_task *first, *last;
    unsigned waiting;
    uint64_t lost, ends[DGL_WORKER_ENDS];
    bool closed;    // nothing is started any more
    int fork_errno; // why the latest start could not even be forked; 0 = it could
    struct dgl_message_buffer buffer;
    struct slot slots[];
};

static int64_t now_us(void)
{
    return dgl_clock_mono_us(dgl_clock_system());
}

// ---- queue

static void push_back(struct dgl_pool *p, struct dgl_task *task)
{
    task->next = NULL;
    if (p->last)
        p->last->next = task;
    else
        p->first = task;
    p->last = task;
    p->waiting++;
}

static void push_front(struct dgl_pool *p, struct dgl_task *task)
{
    task->next = p->first;
    p->first = task;
    if (!p->last)
        p->last = task;
    p->waiting++;
}

static struct dgl_task *pop_front(struct dgl_pool *p)
{
    struct dgl_task *task = p->first;
    if (!task)
        return NULL;
    p->first = task->next;
    if (!p->first)
        p->last = NULL;
    task->next = NULL;
    p->waiting--;
    return task;
}

static void end_with_error(struct dgl_pool *p, struct dgl_task *task, bool lost, const struct dgl_error *error)
{
    p->handler.ended(p->handler.ctx, p, task, &(struct dgl_task_end){.lost = lost, .error = error});
}

// ---- ends of workers

static void close_slot_fds(struct slot *s)
{
    if (s->fd >= 0)
        close(s->fd); // leaves the epoll set with it
    if (s->statm_fd >= 0)
        close(s->statm_fd);
    s->fd = s->statm_fd = -1;
}

// Stops a worker for a reason that stands in s->error; its current task fails with it at once.
static void put_down(struct slot *s)
{
    dgl_supervisor_kill(s->pool->supervisor, s->worker);
    close_slot_fds(s);
    s->state = SLOT_DYING;
    struct dgl_task *current = DGL_STEAL(s->current), *reserve = DGL_STEAL(s->reserve);
    if (reserve)
        push_front(s->pool, reserve);
    if (current) {
        s->pool->lost++;
        end_with_error(s->pool, current, true, &s->error);
    }
}

static void put_down_for(struct slot *s, const char *slug, const char *sentence)
{
    (void)DGL_FAIL_SLUG(&s->error, DGL_E_INVALID, slug, "%s", sentence);
    put_down(s);
}

static void put_down_late(struct slot *s)
{
    char sentence[200];
    snprintf(sentence, sizeof(sentence), "%s did not finish the document within %lld ms; it was stopped",
             s->pool->kind->noun, (long long)s->current->wire.timeout_ms);
    put_down_for(s, "render_timeout", sentence);
}

static void put_down_large(struct slot *s, int64_t limit)
{
    char sentence[200];
    snprintf(sentence, sizeof(sentence), "%s needed more than %lld MiB of memory for the document; it was stopped",
             s->pool->kind->noun, (long long)(limit >> 20));
    put_down_for(s, "render_memory", sentence);
}

static void put_down_hostile(struct slot *s, const struct dgl_error *what)
{
    char sentence[400];
    snprintf(sentence, sizeof(sentence), "%s sent %.200s; it was stopped", s->pool->kind->noun, what->message);
    put_down_for(s, "worker_crashed", sentence);
}

// ---- starting

static void start_worker(struct slot *s)
{
    struct dgl_pool *p = s->pool;
    struct dgl_worker_config config = {.id = dgl_supervisor_new_id(p->supervisor),
                                       .kind = p->kind_index,
                                       .fresh = p->kind->own_directory && s->failures >= 2};
    if (p->kind->own_directory)
        snprintf(config.directory, sizeof(config.directory), "%s/%s-%u", p->scratch_dir, p->kind->name, s->index);
    snprintf(config.program, sizeof(config.program), "%s", p->program);
    s->jobs = 0;
    s->is_unwell = false;
    s->mean_us = 0;
    s->ready = s->fetching = false;
    s->error = DGL_ERROR_INIT;
    if (dgl_supervisor_spawn(p->supervisor, &config, &s->error) != DGL_OK) {
        s->start_at_us = INT64_MAX; // the engine hears of the supervisor's end by itself
        return;
    }
    s->worker = config.id;
    s->state = SLOT_STARTING;
    s->deadline_us = now_us() + p->kind->start_ms * DGL_US_PER_MS;
}

static bool any_alive(const struct dgl_pool *p)
{
    for (unsigned i = 0; i < p->slot_count; i++)
        if (p->slots[i].state == SLOT_READY)
            return true;
    return false;
}

// After many failed starts waiting tasks are told, rather than waiting for ever.
static void give_up_waiting(struct dgl_pool *p, const struct slot *s)
{
    struct dgl_error error = DGL_ERROR_INIT, reason = s->error;
    (void)DGL_FAIL_SLUG(&error, DGL_E_UNAVAILABLE, "engine_unavailable", "%s cannot be started: %s", p->kind->noun,
                        reason.message);
    for (unsigned n = p->waiting; n > 0; n--)
        end_with_error(p, pop_front(p), false, &error);
}

static void after_failed_start(struct slot *s)
{
    s->failures++;
    int64_t ms = INT64_C(50) << DGL_MIN(s->failures, 10u);
    s->start_at_us = now_us() + DGL_MIN(ms, DGL_ENGINE_MAX_BACKOFF_MS) * DGL_US_PER_MS;
    if (s->failures >= DGL_ENGINE_START_TRIES && !any_alive(s->pool))
        give_up_waiting(s->pool, s);
    if (s->pool->kind->lazy && !s->pool->first)
        s->start_at_us = INT64_MAX; // the next task tries again
}

static void on_spawned(struct slot *s, const struct dgl_supervisor_event *event)
{
    if (s->state != SLOT_STARTING) { // put down before it was there
        close(event->socket_fd);
        if (event->statm_fd >= 0)
            close(event->statm_fd);
        dgl_supervisor_kill(s->pool->supervisor, s->worker);
        return;
    }
    s->fd = event->socket_fd;
    s->statm_fd = event->statm_fd;
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = s};
    if (epoll_ctl(s->pool->epoll_fd, EPOLL_CTL_ADD, s->fd, &want) != 0)
        put_down_for(s, "worker_crashed", "the worker's socket cannot be watched");
}

// ---- handing out

static bool send_task(struct slot *s, struct dgl_task *task)
{
    struct iovec parts[2] = {{.iov_base = &task->wire, .iov_len = sizeof(task->wire)},
                             {.iov_base = task->input, .iov_len = task->wire.input_len}};
    struct dgl_error err = DGL_ERROR_INIT;
    enum dgl_status status = dgl_message_send(s->fd, DGL_MESSAGE_JOB, task->id, parts, 2, &task->fd, 1, false, &err);
    if (status == DGL_OK)
        return true;
    if (status == DGL_E_UNAVAILABLE) { // we are out of descriptors or memory; the worker is well
        end_with_error(s->pool, task, false, &err);
        return false;
    }
    // The worker is dying and its end is about to be read. The task was not begun.
    push_front(s->pool, task);
    if (!s->current)
        put_down_for(s, "worker_crashed", err.message);
    return false;
}

static void begin(struct slot *s, struct dgl_task *task, int64_t now)
{
    s->current = task;
    task->fetches = 0;
    task->started_us = now;
    task->deadline_us = now + (task->wire.timeout_ms + s->pool->kind->grace_ms) * DGL_US_PER_MS;
    s->watch_at_us = now + DGL_ENGINE_WATCH_US;
}

static bool may_reserve(const struct slot *s, const struct dgl_task *task)
{
    return s->pool->kind->reserve && s->state == SLOT_READY && s->fd >= 0 && s->current && !s->reserve &&
           !s->fetching && s->jobs > 0 && s->mean_us < DGL_ENGINE_RESERVE_MEAN_US &&
           s->current->wire.input_len <= DGL_MESSAGE_INLINE_BYTES && task->wire.input_len <= DGL_MESSAGE_INLINE_BYTES &&
           s->jobs + 2 < s->pool->kind->jobs_per_worker;
}

static struct slot *find_slot(struct dgl_pool *p)
{
    struct slot *second = NULL;
    for (unsigned i = 0; i < p->slot_count; i++) {
        struct slot *s = &p->slots[i];
        if (s->state == SLOT_READY && s->fd >= 0 && !s->current)
            return s;
        if (!second && may_reserve(s, p->first))
            second = s;
    }
    return second;
}

// Whether a lazy kind needs one more worker.
static void grow(struct dgl_pool *p)
{
    unsigned coming = 0;
    struct slot *empty = NULL;
    for (unsigned i = 0; i < p->slot_count; i++) {
        coming +=
            p->slots[i].state == SLOT_STARTING || p->slots[i].state == SLOT_LEAVING || p->slots[i].state == SLOT_DYING;
        if (p->slots[i].state == SLOT_EMPTY && p->slots[i].start_at_us == INT64_MAX && !empty)
            empty = &p->slots[i];
    }
    if (empty && coming < p->waiting && !p->closed)
        start_worker(empty);
}

static void dispatch(struct dgl_pool *p)
{
    while (p->first) {
        struct slot *s = find_slot(p);
        if (!s)
            break;
        struct dgl_task *task = pop_front(p);
        if (!send_task(s, task))
            break;
        if (s->current)
            s->reserve = task;
        else
            begin(s, task, now_us());
    }
    if (p->first && p->kind->lazy)
        grow(p);
}

void dgl_pool_push(struct dgl_pool *p, struct dgl_task *task)
{
    push_back(p, task);
    dispatch(p);
}

// ---- memory

static int64_t resident_bytes(const struct slot *s)
{
    char text[128];
    ssize_t n = s->statm_fd < 0 ? -1 : pread(s->statm_fd, text, sizeof(text) - 1, 0);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    const char *second = strchr(text, ' ');
    const char *end = second ? strchr(second + 1, ' ') : NULL;
    int64_t pages = 0;
    if (!end || !dgl_parse_int64(second + 1, (size_t)(end - second - 1), 0, INT64_MAX >> 20, &pages))
        return 0;
    return pages * sysconf(_SC_PAGESIZE);
}

static void watch_memory(struct slot *s, int64_t now)
{
    int64_t limit = s->pool->memory_bytes + s->pool->kind->base_bytes;
    s->watch_at_us = now + DGL_ENGINE_WATCH_US;
    if (resident_bytes(s) > limit)
        put_down_large(s, limit);
}

// ---- leaving

static bool worn_out(const struct slot *s)
{
    if (s->jobs >= s->pool->kind->jobs_per_worker || s->is_unwell)
        return true;
    bool large_jobs = s->mean_us > DGL_ENGINE_RESERVE_MEAN_US;
    return (large_jobs || s->jobs % RSS_EVERY == 0) && resident_bytes(s) > s->pool->kind->recycle_bytes;
}

// A worker between two tasks that has done enough: its socket is closed, which it takes as goodbye.
static void leave(struct slot *s)
{
    close_slot_fds(s);
    s->state = SLOT_LEAVING;
    s->deadline_us = now_us() + DGL_ENGINE_EXIT_MS * DGL_US_PER_MS;
}

// ---- what workers say

static void next_task(struct slot *s)
{
    int64_t now = now_us();
    int64_t took = now - s->current->started_us;
    s->mean_us = s->jobs ? (s->mean_us * 3 + took) / 4 : took;
    s->jobs++;
    s->current = NULL;
    if (s->reserve)
        begin(s, DGL_STEAL(s->reserve), now);
    else if (worn_out(s))
        leave(s);
}

static void on_result(struct slot *s, struct dgl_message *m)
{
    struct dgl_wire_answer answer;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!s->current || m->job != s->current->id || s->fetching) {
        (void)DGL_FAIL(&err, DGL_E_MALFORMED, "a result that nobody asked for");
        put_down_hostile(s, &err);
        return;
    }
    if (dgl_wire_result_read(m, &answer, &err) != DGL_OK) {
        put_down_hostile(s, &err);
        return;
    }
    // Out of memory or descriptors of its own, or something broke that cannot: the next job is for a fresh one.
    s->is_unwell |=
        answer.head.status == DGL_E_UNAVAILABLE || answer.head.status == DGL_E_INTERNAL || answer.head.is_last;
    struct dgl_task *task = s->current;
    next_task(s);
    struct dgl_task_end end = {.message = m, .answer = &answer};
    if (answer.head.status != DGL_OK)
        end.error = &answer.error;
    s->pool->handler.ended(s->pool->handler.ctx, s->pool, task, &end);
}

static void on_fetch(struct slot *s, const struct dgl_message *m)
{
    char url[DGL_ENGINE_MAX_URL + 1];
    bool fits = s->current && m->job == s->current->id && !s->fetching && m->fd_count == 0 && m->payload_len > 0 &&
                m->payload_len <= DGL_ENGINE_MAX_URL && s->current->fetches < DGL_ENGINE_MAX_FETCHES;
    for (size_t i = 0; fits && i < m->payload_len; i++)
        fits = (unsigned char)m->payload[i] > 0x20 && (unsigned char)m->payload[i] < 0x7f;
    if (!fits) {
        struct dgl_error err = DGL_ERROR_INIT;
        (void)DGL_FAIL(&err, DGL_E_MALFORMED, "a request for an image that cannot be");
        put_down_hostile(s, &err);
        return;
    }
    memcpy(url, m->payload, m->payload_len);
    url[m->payload_len] = '\0';
    s->fetching = true;
    s->current->fetches++;
    s->pool->handler.fetch(s->pool->handler.ctx, s->pool, s->worker, s->current, url);
}

static void on_broken(struct slot *s, const struct dgl_message *m)
{
    struct dgl_wire_error wire;
    if (m->payload_len == sizeof(wire)) {
        memcpy(&wire, m->payload, sizeof(wire));
        dgl_wire_error_unpack(&wire, &s->error);
    }
    put_down(s);
}

static void on_message(struct slot *s, struct dgl_message *m)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (s->state == SLOT_STARTING && m->type == DGL_MESSAGE_READY) {
        s->state = SLOT_READY;
        s->ready = true;
        s->failures = 0;
    } else if (s->state == SLOT_STARTING && m->type == DGL_MESSAGE_BROKEN) {
        on_broken(s, m);
    } else if (s->state == SLOT_READY && m->type == DGL_MESSAGE_RESULT) {
        on_result(s, m);
    } else if (s->state == SLOT_READY && m->type == DGL_MESSAGE_FETCH) {
        on_fetch(s, m);
    } else if (s->state == SLOT_READY && m->type == DGL_MESSAGE_RETURNED && s->reserve && m->job == s->reserve->id) {
        push_front(s->pool, DGL_STEAL(s->reserve));
    } else {
        (void)DGL_FAIL(&err, DGL_E_MALFORMED, "a message out of turn");
        put_down_hostile(s, &err);
    }
}

// One message, or the end. False: nothing more for now.
static bool read_one(struct slot *s)
{
    DGL_AUTO_FINI(message) m = {0};
    struct dgl_error err = DGL_ERROR_INIT;
    switch (dgl_message_receive(s->fd, &s->pool->buffer, DGL_ENGINE_MAX_TEXT_BYTES, false, &m, &err)) {
    case DGL_RECEIVED_MESSAGE:
        on_message(s, &m);
        return s->fd >= 0;
    case DGL_RECEIVED_NOTHING:
        return false;
    case DGL_RECEIVED_END: // its current task waits for EXITED, which knows why
        dgl_supervisor_kill(s->pool->supervisor, s->worker);
        close_slot_fds(s);
        return false;
    case DGL_RECEIVED_BAD:
        put_down_hostile(s, &err);
        return false;
    }
    return false;
}

void dgl_pool_on_readable(void *slot)
{
    struct slot *s = slot;
    if (s->fd < 0)
        return; // closed by an event before this one
    read_one(s);
    dispatch(s->pool);
}

// ---- what the supervisor says

// SIGSYS is the sandbox's way to end a worker that asked the system for what it may not have.
static enum dgl_worker_end end_of(const struct slot *s, int wait_status)
{
    if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
        return DGL_WORKER_SANDBOX;
    if (strcmp(s->error.slug, "render_timeout") == 0)
        return DGL_WORKER_LATE;
    return strcmp(s->error.slug, "render_memory") == 0 ? DGL_WORKER_LARGE : DGL_WORKER_CRASHED;
}

static void on_exited(struct slot *s, int wait_status)
{
    while (s->fd >= 0 && read_one(s)) // what it had answered before its end counts
        ;
    bool expected = s->state == SLOT_LEAVING;
    if (s->state == SLOT_READY || s->state == SLOT_STARTING) {
        char how[120];
        (void)DGL_FAIL_SLUG(&s->error, DGL_E_INVALID, "worker_crashed", "%s %s%s", s->pool->kind->noun,
                            dgl_exit_describe(wait_status, how, sizeof(how)),
                            s->current ? " while it made the document" : "");
        s->pool->lost += !s->current;
    }
    if (!expected && !s->pool->closed) {
        enum dgl_worker_end end = end_of(s, wait_status);
        s->pool->ends[end]++;
        dgl_log(DGL_LOG_WARN, "worker lost", DGL_F_STR("engine", s->pool->kind->name),
                DGL_F_STR("why", dgl_worker_end_word(end)), DGL_F_STR("reason", s->error.message));
    }
    put_down(s);
    s->state = SLOT_EMPTY;
    s->worker = 0;
    s->start_at_us = 0;
    if (!s->ready)
        after_failed_start(s);
}

bool dgl_pool_on_supervisor(struct dgl_pool *p, const struct dgl_supervisor_event *event)
{
    for (unsigned i = 0; i < p->slot_count; i++) {
        struct slot *s = &p->slots[i];
        if (s->worker != event->id || !event->id)
            continue;
        switch (event->kind) {
        case DGL_SUPERVISOR_SPAWNED:
            p->fork_errno = 0;
            on_spawned(s, event);
            break;
        case DGL_SUPERVISOR_FAILED:
            (void)DGL_FAIL_ERRNO(&s->error, event->errno_value, "a process cannot be forked");
            p->fork_errno = event->errno_value;
            s->state = SLOT_EMPTY;
            s->worker = 0;
            after_failed_start(s);
            break;
        case DGL_SUPERVISOR_EXITED:
            on_exited(s, event->wait_status);
            break;
        }
        dispatch(p);
        return true;
    }
    return false;
}

// ---- time

static int64_t tick_slot(struct slot *s, int64_t now)
{
    switch (s->state) {
    case SLOT_EMPTY:
        if (!s->pool->closed && now >= s->start_at_us)
            start_worker(s);
        return s->state == SLOT_EMPTY ? s->start_at_us : s->deadline_us;
    case SLOT_STARTING:
        if (now >= s->deadline_us)
            put_down_for(s, "worker_crashed", "the worker did not become ready in time");
        return s->state == SLOT_STARTING ? s->deadline_us : INT64_MAX;
    case SLOT_READY:
        if (!s->current || s->fd < 0)
            return INT64_MAX;
        if (now >= s->current->deadline_us)
            put_down_late(s);
        else if (now >= s->watch_at_us)
            watch_memory(s, now);
        return s->current ? DGL_MIN(s->current->deadline_us, s->watch_at_us) : INT64_MAX;
    case SLOT_LEAVING:
        if (now >= s->deadline_us) {
            dgl_supervisor_kill(s->pool->supervisor, s->worker);
            s->state = SLOT_DYING;
            return INT64_MAX;
        }
        return s->deadline_us;
    case SLOT_DYING:
        return INT64_MAX;
    }
    return INT64_MAX;
}

int64_t dgl_pool_tick(struct dgl_pool *p, int64_t now)
{
    int64_t next = INT64_MAX;
    for (unsigned i = 0; i < p->slot_count; i++) {
        int64_t at = tick_slot(&p->slots[i], now);
        next = DGL_MIN(next, at);
    }
    if (p->first)
        dispatch(p); // a task put back by a kill
    return next;
}

// ---- the rest

void dgl_pool_answer_fetch(struct dgl_pool *p, uint64_t worker, uint64_t task, const void *data, size_t len, int fd,
                           const struct dgl_error *error)
{
    for (unsigned i = 0; i < p->slot_count; i++) {
        struct slot *s = &p->slots[i];
        if (s->worker != worker || s->fd < 0 || !s->fetching || !s->current || s->current->id != task)
            continue;
        struct dgl_wire_fetched head = {.status = error ? error->code : DGL_OK};
        struct dgl_wire_error wire;
        if (error)
            dgl_wire_error_pack(error, &wire);
        struct iovec parts[2] = {
            {.iov_base = &head, .iov_len = sizeof(head)},
            {.iov_base = error ? (void *)&wire : (void *)data, .iov_len = error ? sizeof(wire) : len}};
        struct dgl_error err = DGL_ERROR_INIT;
        s->fetching = false;
        if (dgl_message_send(s->fd, DGL_MESSAGE_FETCHED, task, parts, 2, &fd, fd >= 0, false, &err) != DGL_OK)
            put_down_for(s, "worker_crashed", err.message);
        return;
    }
}

void dgl_pool_cancel(struct dgl_pool *p, bool running, const struct dgl_error *error)
{
    for (unsigned n = p->waiting; n > 0; n--)
        end_with_error(p, pop_front(p), false, error);
    if (!running)
        return;
    p->closed = true;
    for (unsigned i = 0; i < p->slot_count; i++) {
        struct slot *s = &p->slots[i];
        if (!s->current)
            continue;
        struct dgl_task *current = DGL_STEAL(s->current), *reserve = DGL_STEAL(s->reserve);
        put_down(s);
        end_with_error(p, current, false, error);
        if (reserve)
            end_with_error(p, reserve, false, error);
    }
}

void dgl_pool_stats(const struct dgl_pool *p, struct dgl_pool_stats *ret)
{
    *ret = (struct dgl_pool_stats){.waiting = p->waiting, .lost = p->lost, .fork_errno = p->fork_errno};
    memcpy(ret->ends, p->ends, sizeof ret->ends);
    for (unsigned i = 0; i < p->slot_count; i++) {
        ret->alive += p->slots[i].state == SLOT_READY;
        ret->busy += p->slots[i].current != NULL;
    }
}

struct dgl_pool *dgl_pool_new(const struct dgl_pool_options *options, struct dgl_supervisor *supervisor, int epoll_fd,
                              const struct dgl_pool_handler *handler)
{
    struct dgl_pool *p = dgl_alloc(sizeof(*p) + options->workers * sizeof(struct slot));
    p->kind = options->kind;
    p->kind_index = options->kind_index;
    p->slot_count = options->workers;
    p->memory_bytes = options->memory_bytes;
    p->supervisor = supervisor;
    p->epoll_fd = epoll_fd;
    p->handler = *handler;
    snprintf(p->scratch_dir, sizeof(p->scratch_dir), "%s", options->scratch_dir ? options->scratch_dir : "");
    snprintf(p->program, sizeof(p->program), "%s", options->program ? options->program : "");
    for (unsigned i = 0; i < p->slot_count; i++)
        p->slots[i] = (struct slot){
            .pool = p, .index = i, .fd = -1, .statm_fd = -1, .start_at_us = p->kind->lazy ? INT64_MAX : 0};
    return p;
}

void dgl_pool_free(struct dgl_pool *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->slot_count; i++) {
        if (p->slots[i].worker)
            dgl_supervisor_kill(p->supervisor, p->slots[i].worker);
        close_slot_fds(&p->slots[i]);
    }
    free(p);
}
