// A worker's life in its slot: started, watched, sent away, put down, replaced. worker_pool.h draws the states.
#include "server/engine/worker_pool_private.h"

#include "base/log.h"
#include "base/str.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define RSS_EVERY 64u // tasks between looks at an idle worker's size

static int64_t now_us(void)
{
    return dgl_clock_mono_us(dgl_clock_system());
}

// ---- putting down

void dgl_slot_close(struct dgl_slot *s)
{
    if (s->fd >= 0)
        close(s->fd); // leaves the epoll set with it
    if (s->statm_fd >= 0)
        close(s->statm_fd);
    s->fd = s->statm_fd = -1;
}

void dgl_slot_put_down(struct dgl_slot *s)
{
    dgl_supervisor_kill(s->pool->supervisor, s->worker);
    dgl_slot_close(s);
    s->state = SLOT_DYING;
    struct dgl_task *current = DGL_STEAL(s->current), *reserve = DGL_STEAL(s->reserve);
    if (reserve)
        dgl_worker_pool_put_back(s->pool, reserve);
    if (current) {
        s->pool->lost++;
        dgl_worker_pool_end_task(s->pool, current, true, &s->error);
    }
}

void dgl_slot_put_down_for(struct dgl_slot *s, const char *slug, const char *sentence)
{
    (void)DGL_FAIL_SLUG(&s->error, DGL_E_INVALID, slug, "%s", sentence);
    dgl_slot_put_down(s);
}

static void put_down_late(struct dgl_slot *s)
{
    char sentence[200];
    snprintf(sentence, sizeof(sentence), "%s did not finish the document within %lld ms; it was stopped",
             s->pool->kind->noun, (long long)s->current->wire.timeout_ms);
    dgl_slot_put_down_for(s, "render_timeout", sentence);
}

static void put_down_large(struct dgl_slot *s, int64_t limit)
{
    char sentence[200];
    snprintf(sentence, sizeof(sentence), "%s needed more than %lld MiB of memory for the document; it was stopped",
             s->pool->kind->noun, (long long)(limit >> 20));
    dgl_slot_put_down_for(s, "render_memory", sentence);
}

void dgl_slot_put_down_hostile(struct dgl_slot *s, const char *what)
{
    char sentence[400];
    snprintf(sentence, sizeof(sentence), "%s sent %.200s; it was stopped", s->pool->kind->noun, what);
    dgl_slot_put_down_for(s, "worker_crashed", sentence);
}

// ---- starting

void dgl_slot_start(struct dgl_slot *s)
{
    struct dgl_worker_pool *p = s->pool;
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

static bool any_alive(const struct dgl_worker_pool *p)
{
    for (unsigned i = 0; i < p->slot_count; i++)
        if (p->slots[i].state == SLOT_READY)
            return true;
    return false;
}

// After many failed starts waiting tasks are told, rather than waiting for ever.
static void give_up_waiting(struct dgl_worker_pool *p, const struct dgl_slot *s)
{
    struct dgl_error error = DGL_ERROR_INIT, reason = s->error;
    (void)DGL_FAIL_SLUG(&error, DGL_E_UNAVAILABLE, "engine_unavailable", "%s cannot be started: %s", p->kind->noun,
                        reason.message);
    for (unsigned n = p->waiting; n > 0; n--)
        dgl_worker_pool_end_task(p, dgl_worker_pool_next(p), false, &error);
}

static void after_failed_start(struct dgl_slot *s)
{
    s->failures++;
    int64_t ms = INT64_C(50) << DGL_MIN(s->failures, 10u);
    s->start_at_us = now_us() + DGL_MIN(ms, DGL_ENGINE_MAX_BACKOFF_MS) * DGL_US_PER_MS;
    if (s->failures >= DGL_ENGINE_START_TRIES && !any_alive(s->pool))
        give_up_waiting(s->pool, s);
    if (s->pool->kind->lazy && !s->pool->first)
        s->start_at_us = INT64_MAX; // the next task tries again
}

static void on_spawned(struct dgl_slot *s, const struct dgl_supervisor_event *event)
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
        dgl_slot_put_down_for(s, "worker_crashed", "the worker's socket cannot be watched");
}

// ---- memory

static int64_t resident_bytes(const struct dgl_slot *s)
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

static void watch_memory(struct dgl_slot *s, int64_t now)
{
    int64_t limit = s->pool->memory_bytes + s->pool->kind->base_bytes;
    s->watch_at_us = now + DGL_ENGINE_WATCH_US;
    if (resident_bytes(s) > limit)
        put_down_large(s, limit);
}

// ---- leaving

bool dgl_slot_is_worn_out(const struct dgl_slot *s)
{
    if (s->jobs >= s->pool->kind->jobs_per_worker || s->is_unwell)
        return true;
    bool large_jobs = s->mean_us > DGL_ENGINE_RESERVE_MEAN_US;
    return (large_jobs || s->jobs % RSS_EVERY == 0) && resident_bytes(s) > s->pool->kind->recycle_bytes;
}

void dgl_slot_leave(struct dgl_slot *s)
{
    dgl_slot_close(s);
    s->state = SLOT_LEAVING;
    s->deadline_us = now_us() + DGL_ENGINE_EXIT_MS * DGL_US_PER_MS;
}

// ---- what the supervisor says

// SIGSYS is the sandbox's way to end a worker that asked the system for what it may not have.
static enum dgl_worker_end end_of(const struct dgl_slot *s, int wait_status)
{
    if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
        return DGL_WORKER_SANDBOX;
    if (strcmp(s->error.slug, "render_timeout") == 0)
        return DGL_WORKER_LATE;
    return strcmp(s->error.slug, "render_memory") == 0 ? DGL_WORKER_LARGE : DGL_WORKER_CRASHED;
}

static void on_exited(struct dgl_slot *s, int wait_status)
{
    while (s->fd >= 0 && dgl_slot_read(s)) // what it had answered before its end counts
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
    dgl_slot_put_down(s);
    s->state = SLOT_EMPTY;
    s->worker = 0;
    s->start_at_us = 0;
    if (!s->ready)
        after_failed_start(s);
}

bool dgl_worker_pool_on_supervisor(struct dgl_worker_pool *p, const struct dgl_supervisor_event *event)
{
    for (unsigned i = 0; i < p->slot_count; i++) {
        struct dgl_slot *s = &p->slots[i];
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
        dgl_worker_pool_dispatch(p);
        return true;
    }
    return false;
}

// ---- time

int64_t dgl_slot_tick(struct dgl_slot *s, int64_t now)
{
    switch (s->state) {
    case SLOT_EMPTY:
        if (!s->pool->closed && now >= s->start_at_us)
            dgl_slot_start(s);
        return s->state == SLOT_EMPTY ? s->start_at_us : s->deadline_us;
    case SLOT_STARTING:
        if (now >= s->deadline_us)
            dgl_slot_put_down_for(s, "worker_crashed", "the worker did not become ready in time");
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
