// Listeners: endpoints of one client each, for programs on a developer's machine. Their deliveries stay pending until
// the client has fetched them and reported what came of them; a listener nobody asked for in a day is deleted
// (prune.c), and what waits for it is canceled.
//
// A position in a listener's line is (due time, seq). A client that lost its connection goes on behind the last event
// it got; one that was started anew begins with the oldest that was not reported. Positions in the future (the clock
// was set back) are read as now, so that nothing is passed over.
#include "server/store/sqlite/deliveries.h"

struct opening {
    const char *org, *name;
    struct dgl_id id;
};

static enum dgl_status find_listener(struct dgl_conn *c, int64_t org, struct opening *x, int64_t *ret_seq,
                                     struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT seq, id FROM endpoints WHERE org = ?1 AND kind = 1 AND deleted_at_us = 0"
                                " AND description = ?2");
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, x->name);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    *ret_seq = row ? dgl_sql_get_int(&q) : 0;
    if (row)
        dgl_sql_get_chars(&q, x->id.s, sizeof x->id.s);
    return DGL_OK;
}

static enum dgl_status check_room(struct dgl_conn *c, int64_t org, struct dgl_error *err)
{
    int64_t count;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT count(*) FROM endpoints WHERE org = ?1 AND kind = 1 AND deleted_at_us = 0");
    dgl_sql_put_int(&q, org);
    DGL_TRY(dgl_sql_int(&q, 0, &count, err));
    return count < DGL_STORE_LISTENERS_MAX
               ? DGL_OK
               : DGL_FAIL_SLUG(
                     err, DGL_E_CONFLICT, "too_many_listeners",
                     "%d listeners of this organization are alive, the most there may be; use the name of one "
                     "of them, or delete one",
                     DGL_STORE_LISTENERS_MAX);
}

static enum dgl_status open_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct opening *x = arg;
    int64_t org, seq;
    DGL_TRY(dgl_org_seq(c, x->org, &org, err));
    DGL_TRY(find_listener(c, org, x, &seq, err));
    if (seq) {
        DGL_AUTO_SQL q = dgl_sql(c, "UPDATE endpoints SET seen_at_us = ?2, state = 0, state_reason = NULL"
                                    " WHERE seq = ?1");
        dgl_sql_put_int(&q, seq);
        dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
        return dgl_sql_run(&q, err);
    }
    DGL_TRY(check_room(c, org, err));
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO endpoints (id, org, is_organization, kind, created_at_us, updated_at_us,"
                                " seen_at_us, state, url, description, events, rate_per_s)"
                                " VALUES (?1, ?2, 0, 1, ?3, ?3, ?3, 0, 'listener:' || ?4, ?4, '', 0)");
    dgl_sql_put_text(&q, x->id.s);
    dgl_sql_put_int(&q, org);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    dgl_sql_put_text(&q, x->name);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_listener_open(struct dgl_store *s, const char *org, const char *name, struct dgl_id *ret_id,
                                        struct dgl_error *err)
{
    struct opening x = {.org = org, .name = name, .id = dgl_id_new(s->clock)};
    DGL_TRY(dgl_write_sync(s, open_run, &x, err));
    *ret_id = x.id;
    return DGL_OK;
}

struct line {
    int64_t seq, queue, seen_at_us;
};

static enum dgl_status find_line(struct dgl_conn *c, const char *org, const char *listener, struct line *ret,
                                 struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT e.seq, e.seen_at_us FROM endpoints e JOIN organizations o ON o.seq = e.org"
                                " WHERE e.id = ?2 AND o.id = ?1 AND e.kind = 1 AND e.deleted_at_us = 0");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, listener);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "listener", listener);
    ret->seq = dgl_sql_get_int(&q);
    ret->seen_at_us = dgl_sql_get_int(&q);
    ret->queue = dgl_queue_of_endpoint(ret->seq, true);
    return DGL_OK;
}

static enum dgl_status touch_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct line *line = arg;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE endpoints SET seen_at_us = ?2, state = 0, state_reason = NULL WHERE seq = ?1"
                                " AND deleted_at_us = 0");
    dgl_sql_put_int(&q, line->seq);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    return dgl_sql_run(&q, err);
}

// Alive for another day; written now and then only.
static enum dgl_status keep_alive(struct dgl_store *s, const char *org, const char *listener, struct line *ret,
                                  struct dgl_error *err)
{
    {
        DGL_AUTO_READ r = {.store = s};
        DGL_TRY(dgl_read(&r, err));
        DGL_TRY(find_line(r.conn, org, listener, ret, err));
    }
    if (dgl_clock_now_us(s->clock) - ret->seen_at_us < DGL_STORE_TOUCH_US)
        return DGL_OK;
    return dgl_write_sync(s, touch_run, ret, err);
}

enum dgl_status dgl_store_listener_events(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                          const char *listener, struct dgl_listener_position after, size_t max,
                                          struct dgl_delivery_row **ret, struct dgl_listener_position **ret_positions,
                                          size_t *ret_count, struct dgl_error *err)
{
    struct line line;
    int64_t now_us = dgl_clock_now_us(s->clock);
    struct dgl_delivery_row *rows = NULL;
    struct dgl_listener_position *positions = NULL;
    size_t count = 0, cap = 0, position_count = 0, position_cap = 0;
    DGL_TRY(keep_alive(s, org, listener, &line, err));
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    if (after.at_us > now_us)
        after = (struct dgl_listener_position){now_us, 0};
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " DELIVERY_COLUMNS DELIVERY_FROM
                                     "WHERE w.status = 0 AND w.queue = ?1 AND (w.next_attempt_at_us, w.seq) > (?2, ?3)"
                                     " AND w.next_attempt_at_us <= ?4 ORDER BY w.next_attempt_at_us, w.seq LIMIT ?5");
    dgl_sql_put_int(&q, line.queue);
    dgl_sql_put_int(&q, after.at_us);
    dgl_sql_put_int(&q, after.seq);
    dgl_sql_put_int(&q, now_us);
    dgl_sql_put_int(&q, (int64_t)DGL_MIN(max, DGL_STORE_DUE_MAX));
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        struct dgl_delivery_row *w = DGL_LIST_ADD(a, rows, count, cap);
        struct dgl_listener_position *p = DGL_LIST_ADD(a, positions, position_count, position_cap);
        p->seq = dgl_read_delivery(&q, a, w);
        p->at_us = w->next_attempt_at_us;
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_positions = positions;
    *ret_count = count;
    return DGL_OK;
}
