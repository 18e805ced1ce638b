// What a worker in its slot says, and the one thing that it is answered: an image, a template, a font from outside. One
// that says what it may not is put down.
#include "server/engine/worker_pool_private.h"

#include <string.h>

static void next_task(struct dgl_slot *s)
{
    int64_t now = dgl_clock_mono_us(dgl_clock_system());
    int64_t took = now - s->current->started_us;
    s->mean_us = s->jobs ? (s->mean_us * 3 + took) / 4 : took;
    s->jobs++;
    s->current = NULL;
    if (s->reserve)
        dgl_slot_begin(s, DGL_STEAL(s->reserve), now);
    else if (dgl_slot_is_worn_out(s))
        dgl_slot_leave(s);
}

static void on_result(struct dgl_slot *s, struct dgl_message *m)
{
    struct dgl_wire_answer answer;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!s->current || m->job != s->current->id || s->fetching) {
        dgl_slot_put_down_hostile(s, "a result that nobody asked for");
        return;
    }
    if (dgl_wire_result_read(m, &answer, &err) != DGL_OK) {
        dgl_slot_put_down_hostile(s, err.message);
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

static void on_fetch(struct dgl_slot *s, const struct dgl_message *m)
{
    char url[DGL_ENGINE_MAX_URL + 1];
    bool fits = s->current && m->job == s->current->id && !s->fetching && m->fd_count == 0 && m->payload_len > 0 &&
                m->payload_len <= DGL_ENGINE_MAX_URL && s->current->fetches < DGL_ENGINE_MAX_FETCHES;
    for (size_t i = 0; fits && i < m->payload_len; i++)
        fits = (unsigned char)m->payload[i] > 0x20 && (unsigned char)m->payload[i] < 0x7f;
    if (!fits) {
        dgl_slot_put_down_hostile(s, "a request for an image that cannot be");
        return;
    }
    memcpy(url, m->payload, m->payload_len);
    url[m->payload_len] = '\0';
    s->fetching = true;
    s->current->fetches++;
    s->pool->handler.fetch(s->pool->handler.ctx, s->pool, s->worker, s->current, url);
}

static void on_broken(struct dgl_slot *s, const struct dgl_message *m)
{
    struct dgl_wire_error wire;
    if (m->payload_len == sizeof(wire)) {
        memcpy(&wire, m->payload, sizeof(wire));
        dgl_wire_error_unpack(&wire, &s->error);
    }
    dgl_slot_put_down(s);
}

static void on_message(struct dgl_slot *s, struct dgl_message *m)
{
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
        dgl_worker_pool_put_back(s->pool, DGL_STEAL(s->reserve));
    } else {
        dgl_slot_put_down_hostile(s, "a message out of turn");
    }
}

bool dgl_slot_read(struct dgl_slot *s)
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
        dgl_slot_close(s);
        return false;
    case DGL_RECEIVED_BAD:
        dgl_slot_put_down_hostile(s, err.message);
        return false;
    }
    return false;
}

void dgl_worker_pool_on_readable(void *slot)
{
    struct dgl_slot *s = slot;
    if (s->fd < 0)
        return; // closed by an event before this one
    dgl_slot_read(s);
    dgl_worker_pool_dispatch(s->pool);
}

void dgl_worker_pool_answer_fetch(struct dgl_worker_pool *p, uint64_t worker, uint64_t task, const void *data,
                                  size_t len, int fd, const struct dgl_error *error)
{
    for (unsigned i = 0; i < p->slot_count; i++) {
        struct dgl_slot *s = &p->slots[i];
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
            dgl_slot_put_down_for(s, "worker_crashed", err.message);
        return;
    }
}
