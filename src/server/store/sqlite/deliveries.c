// Deliveries: made with the outcome they tell of (the outbox), listed, loaded for the dispatcher, sent again.
//
//   fan-out ──▶ pending ── attempt failed ──▶ pending (later) ── … ──▶ dropped
//                  │  └── attempt succeeded ──▶ succeeded
//                  └── endpoint disabled or deleted ──▶ canceled
//   redeliver: any ──▶ pending, due now, its schedule from the start
//
// (Attempts: attempts.c.) The pending ones alone are in the indices deliveries_due and deliveries_pending, so loading
// what is due costs a page's rows however many wait.
#include "server/store/sqlite/deliveries.h"
#include "base/str.h"

#include <string.h>

// ---- fan-out

// Whether a comma-separated filter ("" = all) names the event.
static bool wants(const char *filter, const char *event)
{
    if (!filter || !filter[0])
        return true;
    for (const char *at = filter; at; at = strchr(at, ',')) {
        at += *at == ',';
        size_t len = strcspn(at, ",");
        if (dgl_str_is(dgl_str_trim((struct dgl_str){at, len}), event))
            return true;
    }
    return false;
}

// endpoint_seq 0 = the job's own URL.
static enum dgl_status add_delivery(struct dgl_store *s, struct dgl_conn *c, struct dgl_fan_out *f,
                                    int64_t endpoint_seq, const char *endpoint, const char *url, struct dgl_error *err)
{
    struct dgl_delivery_due *due = DGL_LIST_ADD(f->arena, f->due, f->count, f->cap);
    struct dgl_id id = dgl_id_message(s->clock);
    memcpy(due->id, id.s, sizeof due->id);
    memcpy(due->org, f->org, sizeof due->org);
    dgl_str_copy(due->endpoint, sizeof due->endpoint, endpoint, strlen(endpoint));
    due->org_number = (uint64_t)f->org_seq;
    due->url = dgl_arena_strdup(f->arena, url);
    due->due_at_us = dgl_clock_now_us(s->clock);
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO deliveries (id, org, endpoint, document, event_type, url, created_at_us,"
                                " next_attempt_at_us) VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?7)");
    dgl_sql_put_text(&q, due->id);
    dgl_sql_put_int(&q, f->org_seq);
    dgl_sql_put_int(&q, endpoint_seq);
    dgl_sql_put_int(&q, f->document);
    dgl_sql_put_text(&q, f->event_type);
    dgl_sql_put_text(&q, due->url);
    dgl_sql_put_int(&q, due->due_at_us);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_fan_out(struct dgl_store *s, struct dgl_conn *c, struct dgl_fan_out *f, struct dgl_error *err)
{
    if (f->is_silent)
        return DGL_OK;
    if (f->own_url)
        DGL_TRY(add_delivery(s, c, f, 0, "", f->own_url, err));
    DGL_AUTO_SQL q =
        dgl_sql(c, "SELECT seq, id, url, events, is_organization FROM endpoints"
                   " WHERE org = ?1 AND deleted_at_us = 0 AND state = 0 ORDER BY is_organization DESC, seq");
    dgl_sql_put_int(&q, f->org_seq);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        int64_t seq = dgl_sql_get_int(&q);
        const char *id = dgl_sql_peek_text(&q);
        const char *url = dgl_sql_peek_text(&q);
        bool is_wanted = wants(dgl_sql_peek_text(&q), f->event_type);
        bool is_overridden = dgl_sql_get_int(&q) != 0 && f->own_url;
        if (is_wanted && !is_overridden)
            DGL_TRY(add_delivery(s, c, f, seq, id, url, err));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    return DGL_OK;
}

// ---- read

// A pending delivery goes to the endpoint's URL of today; a finished one shows where it went.
#define URL_NOW "iif(w.status = 0, coalesce(e.url, w.url), w.url)"
#define DELIVERY_COLUMNS                                                                                         \
    "w.id, o.id, coalesce(e.id, ''), coalesce(d.id, ''), coalesce(t.id, ''), o.seq, w.event_type, " URL_NOW      \
    ", w.status, w.reason, w.attempts, w.scheduled_attempts, w.created_at_us, w.next_attempt_at_us, "            \
    "w.finished_at_us, w.last_http_status, w.last_error, d.status, d.erased_at_us, d.formats, d.error_message, " \
    "d.created_at_us, w.seq"
#define DELIVERY_FROM                                                                                      \
    " FROM deliveries w JOIN organizations o ON o.seq = w.org LEFT JOIN endpoints e ON e.seq = w.endpoint" \
    " LEFT JOIN documents d ON d.seq = w.document LEFT JOIN templates t ON t.seq = d.template "

static int64_t read_delivery(struct dgl_sql *q, struct dgl_arena *a, struct dgl_delivery_row *ret)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    dgl_sql_get_chars(q, ret->endpoint, sizeof ret->endpoint);
    dgl_sql_get_chars(q, ret->document, sizeof ret->document);
    dgl_sql_get_chars(q, ret->template_id, sizeof ret->template_id);
    ret->org_number = (uint64_t)dgl_sql_get_int(q);
    ret->event_type = dgl_sql_get_text(q, a);
    ret->url = dgl_sql_get_text(q, a);
    ret->status = (enum dgl_delivery_status)dgl_sql_get_int(q);
    ret->reason = dgl_sql_get_text(q, a);
    ret->attempts = dgl_sql_get_int(q);
    ret->scheduled_attempts = dgl_sql_get_int(q);
    ret->created_at_us = dgl_sql_get_int(q);
    ret->next_attempt_at_us = dgl_sql_get_int(q);
    ret->finished_at_us = dgl_sql_get_int(q);
    ret->last_http_status = dgl_sql_get_int(q);
    ret->last_error = dgl_sql_get_text(q, a);
    ret->document_ok = dgl_sql_get_int(q) == DGL_DOCUMENT_READY;
    ret->document_erased = dgl_sql_get_int(q) != 0;
    ret->formats = (unsigned)dgl_sql_get_int(q);
    ret->error_message = dgl_sql_get_text(q, a);
    ret->document_created_at_us = dgl_sql_get_int(q);
    return dgl_sql_get_int(q);
}

// org NULL = any.
static enum dgl_status find_delivery(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                     struct dgl_delivery_row *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q =
        dgl_sql(r.conn, "SELECT " DELIVERY_COLUMNS DELIVERY_FROM "WHERE w.id = ?2 AND (?1 IS NULL OR o.id = ?1)");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "delivery", id);
    read_delivery(&q, a, ret);
    return DGL_OK;
}

enum dgl_status dgl_store_delivery_load(struct dgl_store *s, struct dgl_arena *a, const char *id,
                                        struct dgl_delivery_row *ret, struct dgl_error *err)
{
    return find_delivery(s, a, NULL, id, ret, err);
}

enum dgl_status dgl_store_delivery_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                       struct dgl_delivery_row *ret, struct dgl_error *err)
{
    return find_delivery(s, a, org ? org : "", id, ret, err);
}

#define LIST_SQL(condition)                                                                                        \
    "SELECT " DELIVERY_COLUMNS DELIVERY_FROM "WHERE w.org = ?1 AND (w.created_at_us, w.seq) < (?2, ?3) " condition \
    " AND (?4 < 0 OR w.status = ?4) AND (?6 IS NULL OR e.id = ?6) AND w.created_at_us >= ?7"                       \
    " ORDER BY w.created_at_us DESC, w.seq DESC LIMIT ?8"
static const char list_sql[] = LIST_SQL("AND ?5 IS NULL");
static const char list_of_document_sql[] = LIST_SQL("AND w.document = (SELECT seq FROM documents WHERE id = ?5)");

enum dgl_status dgl_store_delivery_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                        const struct dgl_delivery_filter *filter, const struct dgl_page_query *page,
                                        struct dgl_delivery_row **ret, size_t *ret_count,
                                        char ret_next_cursor[DGL_CURSOR_LEN], struct dgl_error *err)
{
    static const struct dgl_delivery_filter any = {.status = -1};
    static const struct dgl_page_query first_page = {.limit = DGL_PAGE_DEFAULT};
    filter = filter ? filter : &any;
    page = page ? page : &first_page;
    struct dgl_position from, last = {0};
    DGL_TRY(dgl_cursor_read(page, DGL_CURSOR_DELIVERIES, &from, err));
    if (filter->until_us > 0 && filter->until_us < from.at_us)
        from = (struct dgl_position){filter->until_us, 0};
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    int64_t org_seq;
    DGL_TRY(dgl_org_seq(r.conn, org, &org_seq, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, filter->document ? list_of_document_sql : list_sql);
    dgl_sql_put_int(&q, org_seq);
    dgl_sql_put_int(&q, from.at_us);
    dgl_sql_put_int(&q, from.seq);
    dgl_sql_put_int(&q, filter->status);
    dgl_sql_put_text(&q, filter->document);
    dgl_sql_put_text(&q, filter->endpoint);
    dgl_sql_put_int(&q, filter->since_us);
    dgl_sql_put_int(&q, page->limit + 1);
    struct dgl_delivery_row *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row && (int64_t)count < page->limit) {
        struct dgl_delivery_row *w = DGL_LIST_ADD(a, rows, count, cap);
        last.seq = read_delivery(&q, a, w);
        last.at_us = w->created_at_us;
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    ret_next_cursor[0] = '\0';
    if (row)
        dgl_cursor_write(DGL_CURSOR_DELIVERIES, last, ret_next_cursor);
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

// ---- due

#define DUE_COLUMNS "w.id, o.id, o.seq, coalesce(e.id, ''), " URL_NOW ", w.next_attempt_at_us, w.attempts"

static void read_due(struct dgl_sql *q, struct dgl_arena *a, struct dgl_delivery_due *ret)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    ret->org_number = (uint64_t)dgl_sql_get_int(q);
    dgl_sql_get_chars(q, ret->endpoint, sizeof ret->endpoint);
    ret->url = dgl_sql_get_text(q, a);
    ret->due_at_us = dgl_sql_get_int(q);
    ret->attempts = dgl_sql_get_int(q);
}

enum dgl_status dgl_store_deliveries_due(struct dgl_store *s, struct dgl_arena *a, int64_t until_us,
                                         int64_t after_due_us, const char *after_id, size_t max,
                                         struct dgl_delivery_due **ret, size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q =
        dgl_sql(r.conn, "SELECT " DUE_COLUMNS " FROM deliveries w INDEXED BY deliveries_due"
                        " CROSS JOIN organizations o ON o.seq = w.org"
                        " LEFT JOIN endpoints e ON e.seq = w.endpoint"
                        " WHERE w.status = 0 AND w.next_attempt_at_us <= ?1 AND (w.next_attempt_at_us, w.seq)"
                        " > (?2, coalesce((SELECT seq FROM deliveries WHERE id = ?3), 0))"
                        " ORDER BY w.next_attempt_at_us, w.seq LIMIT ?4");
    dgl_sql_put_int(&q, until_us);
    dgl_sql_put_int(&q, after_due_us);
    dgl_sql_put_text(&q, after_id);
    dgl_sql_put_int(&q, (int64_t)DGL_MIN(max, DGL_STORE_DUE_MAX));
    struct dgl_delivery_due *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        read_due(&q, a, DGL_LIST_ADD(a, rows, count, cap));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

// ---- send again

struct redeliver {
    const char *org, *id;
    struct dgl_arena *arena;
    struct dgl_delivery_due due;
};

static enum dgl_status check_endpoint_open(struct dgl_conn *c, const struct redeliver *x, int64_t *ret_seq,
                                           struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT w.seq, e.deleted_at_us, e.state" DELIVERY_FROM "WHERE w.id = ?2 AND o.id = ?1");
    dgl_sql_put_text(&q, x->org);
    dgl_sql_put_text(&q, x->id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "delivery", x->id);
    *ret_seq = dgl_sql_get_int(&q);
    if (dgl_sql_get_int(&q) != 0)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "endpoint_deleted",
                             "delivery %s went to a webhook endpoint that was deleted since", x->id);
    if (dgl_sql_get_int(&q) == DGL_ENDPOINT_DISABLED)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "endpoint_disabled",
                             "delivery %s goes to a webhook endpoint that is disabled; enable it first", x->id);
    return DGL_OK;
}

static enum dgl_status redeliver_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct redeliver *x = arg;
    int64_t seq;
    DGL_TRY(check_endpoint_open(c, x, &seq, err));
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE deliveries SET status = 0, reason = NULL, scheduled_attempts = 0,"
                                " next_attempt_at_us = ?2, finished_at_us = 0 WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    DGL_TRY(dgl_sql_run(&q, err));
    DGL_AUTO_SQL read = dgl_sql(c, "SELECT " DUE_COLUMNS DELIVERY_FROM "WHERE w.seq = ?1");
    dgl_sql_put_int(&read, seq);
    bool row;
    DGL_TRY(dgl_sql_next(&read, &row, err));
    read_due(&read, x->arena, &x->due);
    return DGL_OK;
}

enum dgl_status dgl_store_delivery_redeliver(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                             struct dgl_delivery_due *ret, struct dgl_error *err)
{
    struct redeliver x = {.org = org, .id = id, .arena = a};
    DGL_TRY(dgl_write_sync(s, redeliver_run, &x, err));
    *ret = x.due;
    return DGL_OK;
}
