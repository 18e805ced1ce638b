// Deliveries: made with the outcome they tell of (the outbox), listed, loaded for the dispatcher, sent again.
//
//   fan-out ──▶ pending ── attempt failed ──▶ pending (later) ── … ──▶ dropped
//                  │  └── attempt succeeded ──▶ succeeded
//                  └── endpoint disabled or deleted ──▶ canceled
//   redeliver: any ──▶ pending, due now, its schedule from the start
//
// (Attempts: attempts.c. Sent again: resend.c.) The pending ones alone are in the index deliveries_queued, queue by
// queue, so loading what is due costs a page's rows however many wait.
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
struct destination {
    int64_t endpoint_seq, rate_per_s;
    const char *endpoint, *url;
    bool is_listener;
};

static enum dgl_status add_delivery(struct dgl_store *s, struct dgl_conn *c, struct dgl_fan_out *f,
                                    const struct destination *to, struct dgl_error *err)
{
    struct dgl_delivery_due *due = DGL_LIST_ADD(f->arena, f->due, f->count, f->cap);
    struct dgl_id id = dgl_id_message(s->clock);
    memcpy(due->id, id.s, sizeof due->id);
    memcpy(due->org, f->org, sizeof due->org);
    dgl_str_copy(due->endpoint, sizeof due->endpoint, to->endpoint, strlen(to->endpoint));
    due->org_number = (uint64_t)f->org_seq;
    due->url = dgl_arena_strdup(f->arena, to->url);
    due->due_at_us = dgl_clock_now_us(s->clock);
    due->rate_per_s = to->rate_per_s;
    due->is_listener = to->is_listener;
    due->queue = to->endpoint_seq ? dgl_queue_of_endpoint(to->endpoint_seq, to->is_listener)
                                  : dgl_queue_of_url(f->org_seq, to->url);
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO deliveries (id, org, endpoint, document, event_type, url, created_at_us,"
                                " next_attempt_at_us, scheduled_from_us, queue)"
                                " VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?7, ?7, ?8)");
    dgl_sql_put_text(&q, due->id);
    dgl_sql_put_int(&q, f->org_seq);
    dgl_sql_put_int(&q, to->endpoint_seq);
    dgl_sql_put_int(&q, f->document);
    dgl_sql_put_text(&q, f->event_type);
    dgl_sql_put_text(&q, due->url);
    dgl_sql_put_int(&q, due->due_at_us);
    dgl_sql_put_int(&q, due->queue);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_fan_out(struct dgl_store *s, struct dgl_conn *c, struct dgl_fan_out *f, struct dgl_error *err)
{
    if (f->is_silent)
        return DGL_OK;
    struct destination own = {.endpoint = "", .url = f->own_url};
    if (f->own_url)
        DGL_TRY(add_delivery(s, c, f, &own, err));
    DGL_AUTO_SQL q =
        dgl_sql(c, "SELECT seq, id, url, rate_per_s, kind, events, is_organization FROM endpoints"
                   " WHERE org = ?1 AND deleted_at_us = 0 AND state = 0 ORDER BY is_organization DESC, seq");
    dgl_sql_put_int(&q, f->org_seq);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        struct destination to = {.endpoint_seq = dgl_sql_get_int(&q)};
        to.endpoint = dgl_sql_peek_text(&q);
        to.url = dgl_sql_peek_text(&q);
        to.rate_per_s = dgl_sql_get_int(&q);
        to.is_listener = dgl_sql_get_int(&q) == DGL_ENDPOINT_LISTENER;
        bool is_wanted = wants(dgl_sql_peek_text(&q), f->event_type);
        bool is_overridden = dgl_sql_get_int(&q) != 0 && f->own_url;
        if (is_wanted && !is_overridden)
            DGL_TRY(add_delivery(s, c, f, &to, err));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    return DGL_OK;
}

// ---- read

int64_t dgl_read_delivery(struct dgl_sql *q, struct dgl_arena *a, struct dgl_delivery_row *ret)
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
    dgl_read_delivery(&q, a, ret);
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
    " AND (?4 < 0 OR w.status = ?4) AND (?5 IS NULL OR d.id = ?5) AND (?6 IS NULL OR e.id = ?6)"                   \
    " AND w.created_at_us >= ?7 ORDER BY w.created_at_us DESC, w.seq DESC LIMIT ?8"
static const char list_sql[] = LIST_SQL("");
static const char list_of_document_sql[] = LIST_SQL("AND w.document = (SELECT seq FROM documents WHERE id = ?5)");
static const char list_of_endpoint_sql[] = LIST_SQL("AND w.endpoint = (SELECT seq FROM endpoints WHERE id = ?6)");
static const char list_unsent_sql[] = LIST_SQL("AND w.status >= 2"); // dropped and canceled ones are few

static const char *list_sql_for(const struct dgl_delivery_filter *f)
{
    return f->document                         ? list_of_document_sql
           : f->status >= DGL_DELIVERY_DROPPED ? list_unsent_sql
           : f->endpoint                       ? list_of_endpoint_sql
                                               : list_sql;
}

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
    DGL_AUTO_SQL q = dgl_sql(r.conn, list_sql_for(filter));
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
        last.seq = dgl_read_delivery(&q, a, w);
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
