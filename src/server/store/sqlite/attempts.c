// Attempts: one row each, written together with the delivery's new state and the endpoint's health.
#include "server/store/sqlite/sqlite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPT_COLUMNS                                                                                        \
    "started_at_us, address, dns_us, connect_us, tls_us, first_byte_us, total_us, http_status, tls, outcome, " \
    "message, answer_headers, answer_body, link_expires_at_us, next_attempt_at_us"
#define ATTEMPT_NUMBER_MAX 65535

struct record {
    struct dgl_write write;
    struct dgl_store *store;
    struct dgl_attempt_result result; // its strings are in `text`
    dgl_store_done done;
    void *arg;
    int64_t sweep_endpoint; // 0 = none
    enum dgl_endpoint_notice notice;
    char text[];
};

struct target { // the delivery an attempt belongs to
    int64_t seq, endpoint;
    enum dgl_delivery_status status;
};

static enum dgl_status find_target(struct dgl_conn *c, const char *id, struct target *ret, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT seq, endpoint, status FROM deliveries WHERE id = ?1");
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "delivery", id);
    ret->seq = dgl_sql_get_int(&q);
    ret->endpoint = dgl_sql_get_int(&q);
    ret->status = (enum dgl_delivery_status)dgl_sql_get_int(&q);
    return DGL_OK;
}

static enum dgl_status insert_attempt(struct dgl_conn *c, int64_t key, const struct dgl_attempt_row *t,
                                      struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO attempts (key, " ATTEMPT_COLUMNS
                                ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)");
    dgl_sql_put_int(&q, key);
    dgl_sql_put_int(&q, t->started_at_us);
    dgl_sql_put_text(&q, t->address);
    dgl_sql_put_int(&q, t->dns_us);
    dgl_sql_put_int(&q, t->connect_us);
    dgl_sql_put_int(&q, t->tls_us);
    dgl_sql_put_int(&q, t->first_byte_us);
    dgl_sql_put_int(&q, t->total_us);
    dgl_sql_put_int(&q, t->http_status);
    dgl_sql_put_text(&q, t->tls);
    dgl_sql_put_text(&q, t->outcome);
    dgl_sql_put_text(&q, t->message);
    dgl_sql_put_text(&q, t->answer_headers);
    dgl_sql_put_blob(&q, t->answer_body, t->answer_body_len);
    dgl_sql_put_int(&q, t->link_expires_at_us);
    dgl_sql_put_int(&q, t->next_attempt_at_us);
    enum dgl_status status = dgl_sql_run(&q, err);
    if (status == DGL_E_CONFLICT)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "attempt_recorded",
                             "attempt %" PRId64 " of delivery %s was recorded already", t->number, t->delivery);
    return status;
}

// A delivery that was canceled while the attempt was under way stays so, unless the attempt succeeded.
static enum dgl_status update_delivery(struct dgl_store *s, struct dgl_conn *c, const struct target *target,
                                       const struct dgl_attempt_result *r, struct dgl_error *err)
{
    bool settles = target->status == DGL_DELIVERY_PENDING || r->status == DGL_DELIVERY_SUCCEEDED;
    enum dgl_delivery_status status = settles ? r->status : target->status;
    bool pending = status == DGL_DELIVERY_PENDING;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE deliveries SET status = ?2, reason = iif(?3, ?4, reason),"
                                " attempts = max(attempts, ?5), scheduled_attempts = scheduled_attempts + 1,"
                                " next_attempt_at_us = ?6, finished_at_us = ?7, last_http_status = ?8, last_error = ?9,"
                                " url = coalesce((SELECT e.url FROM endpoints e WHERE e.seq = endpoint), url)"
                                " WHERE seq = ?1");
    dgl_sql_put_int(&q, target->seq);
    dgl_sql_put_int(&q, status);
    dgl_sql_put_int(&q, settles);
    dgl_sql_put_text(&q, r->reason);
    dgl_sql_put_int(&q, r->attempt.number);
    dgl_sql_put_int(&q, pending ? r->attempt.next_attempt_at_us : 0);
    dgl_sql_put_int(&q, pending ? 0 : dgl_clock_now_us(s->clock));
    dgl_sql_put_int(&q, r->attempt.http_status);
    dgl_sql_put_text(&q, r->status == DGL_DELIVERY_SUCCEEDED ? NULL : r->attempt.message);
    return dgl_sql_run(&q, err);
}

// failing_since_us: the first failure after the latest success. Most attempts change nothing here: the times of the
// latest success and failure are kept to the minute and the second.
static enum dgl_status note_success(struct dgl_conn *c, int64_t endpoint, int64_t at_us, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE endpoints SET failing_since_us = 0, warned_at_us = 0, last_success_at_us = ?2"
                                " WHERE seq = ?1 AND (failing_since_us <> 0 OR last_success_at_us < ?2 - 60000000)");
    dgl_sql_put_int(&q, endpoint);
    dgl_sql_put_int(&q, at_us);
    return dgl_sql_run(&q, err);
}

static enum dgl_status note_failure(struct dgl_conn *c, int64_t endpoint, int64_t at_us, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE endpoints SET last_failure_at_us = ?2,"
                                " failing_since_us = iif(failing_since_us = 0, ?2, failing_since_us)"
                                " WHERE seq = ?1 AND (failing_since_us = 0 OR last_failure_at_us < ?2 - 1000000)");
    dgl_sql_put_int(&q, endpoint);
    dgl_sql_put_int(&q, at_us);
    return dgl_sql_run(&q, err);
}

// *ret_changed: it was enabled until now.
static enum dgl_status disable_endpoint(struct dgl_store *s, struct dgl_conn *c, int64_t endpoint, const char *reason,
                                        bool *ret_changed, struct dgl_error *err)
{
    int64_t changed;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE endpoints SET state = 1, state_reason = ?2, updated_at_us = ?3"
                                " WHERE seq = ?1 AND state = 0");
    dgl_sql_put_int(&q, endpoint);
    dgl_sql_put_text(&q, reason);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    *ret_changed = changed > 0;
    return DGL_OK;
}

static enum dgl_status note_warned(struct dgl_conn *c, int64_t endpoint, int64_t at_us, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE endpoints SET warned_at_us = ?2 WHERE seq = ?1");
    dgl_sql_put_int(&q, endpoint);
    dgl_sql_put_int(&q, at_us);
    return dgl_sql_run(&q, err);
}

// An endpoint that failed for too long on end is disabled; somewhat earlier that is said, once. The latest attempt is
// the witness: silence alone disables nothing.
static enum dgl_status judge_endpoint(struct dgl_store *s, struct dgl_conn *c, struct record *x, int64_t endpoint,
                                      struct dgl_error *err)
{
    const struct dgl_attempt_result *r = &x->result;
    int64_t at_us = r->attempt.started_at_us;
    if (r->disable_after_us == 0)
        return DGL_OK;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT failing_since_us, warned_at_us FROM endpoints WHERE seq = ?1 AND state = 0"
                                " AND failing_since_us > 0 AND failing_since_us <= ?2");
    dgl_sql_put_int(&q, endpoint);
    dgl_sql_put_int(&q, at_us - r->notice_after_us);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_OK;
    int64_t since_us = dgl_sql_get_int(&q), warned_at_us = dgl_sql_get_int(&q);
    if (at_us - since_us < r->disable_after_us) {
        x->notice = warned_at_us ? DGL_NOTICE_NONE : DGL_NOTICE_FAILING;
        return warned_at_us ? DGL_OK : note_warned(c, endpoint, at_us, err);
    }
    char reason[96], since[32];
    bool changed;
    dgl_time_format_utc(since_us, since);
    snprintf(reason, sizeof reason, "every attempt since %s failed", since);
    DGL_TRY(disable_endpoint(s, c, endpoint, reason, &changed, err));
    x->notice = changed ? DGL_NOTICE_DISABLED : DGL_NOTICE_NONE;
    x->sweep_endpoint = endpoint;
    return DGL_OK;
}

static enum dgl_status dismiss_endpoint(struct dgl_store *s, struct dgl_conn *c, struct record *x, int64_t endpoint,
                                        struct dgl_error *err)
{
    bool changed;
    DGL_TRY(disable_endpoint(s, c, endpoint, x->result.reason, &changed, err));
    x->notice = changed ? DGL_NOTICE_GONE : DGL_NOTICE_NONE; // others may have been out when the first 410 came
    x->sweep_endpoint = endpoint;
    return DGL_OK;
}

static enum dgl_status write_letters(struct dgl_store *s, struct dgl_conn *c, const struct record *x, int64_t endpoint,
                                     struct dgl_error *err)
{
    static const enum dgl_letter_kind kinds[] = {[DGL_NOTICE_FAILING] = DGL_LETTER_ENDPOINT_FAILING,
                                                 [DGL_NOTICE_DISABLED] = DGL_LETTER_ENDPOINT_DISABLED,
                                                 [DGL_NOTICE_GONE] = DGL_LETTER_ENDPOINT_GONE};
    if (x->notice == DGL_NOTICE_NONE || !x->result.mail_admins)
        return DGL_OK;
    return dgl_letters_to_admins(s, c, endpoint, kinds[x->notice], x->result.attempt.message, err);
}

static enum dgl_status record_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct record *x = arg;
    const struct dgl_attempt_result *r = &x->result;
    struct target target;
    if (r->attempt.number < 1 || r->attempt.number > ATTEMPT_NUMBER_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "a delivery has 1 to %d attempts, not %" PRId64, ATTEMPT_NUMBER_MAX,
                        r->attempt.number);
    DGL_TRY(find_target(c, r->attempt.delivery, &target, err));
    DGL_TRY(insert_attempt(c, DGL_ATTEMPT_KEY(target.seq, r->attempt.number), &r->attempt, err));
    DGL_TRY(update_delivery(s, c, &target, r, err));
    x->sweep_endpoint = 0;
    x->notice = DGL_NOTICE_NONE;
    if (target.endpoint == 0 || r->status == DGL_DELIVERY_CANCELED)
        return DGL_OK;
    if (r->status == DGL_DELIVERY_SUCCEEDED)
        return note_success(c, target.endpoint, r->attempt.started_at_us, err);
    DGL_TRY(note_failure(c, target.endpoint, r->attempt.started_at_us, err));
    DGL_TRY(r->disable_endpoint ? dismiss_endpoint(s, c, x, target.endpoint, err)
                                : judge_endpoint(s, c, x, target.endpoint, err));
    return write_letters(s, c, x, target.endpoint, err);
}

static void record_done(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct record *x = arg;
    if (status == DGL_OK && x->sweep_endpoint)
        dgl_sweep_later(x->store, x->sweep_endpoint);
    if (status == DGL_OK && x->result.ret_notice)
        *x->result.ret_notice = x->notice;
    if (x->done)
        x->done(x->arg, status, err);
    free(x);
}

static const char *keep(char **at, const char *s, size_t len)
{
    if (!s)
        return NULL;
    char *copy = *at;
    if (len)
        memcpy(copy, s, len);
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

void dgl_store_attempt_record_async(struct dgl_store *s, const struct dgl_attempt_result *result, dgl_store_done done,
                                    void *arg)
{
    const struct dgl_attempt_row *t = &result->attempt;
    const char *texts[] = {t->address, t->tls, t->outcome, t->message, t->answer_headers, result->reason};
    size_t lens[DGL_COUNT(texts)], total = t->answer_body_len + 1;
    for (size_t i = 0; i < DGL_COUNT(texts); i++)
        total += (lens[i] = texts[i] ? strlen(texts[i]) : 0) + 1;
    struct record *x = dgl_alloc(sizeof(*x) + total);
    char *at = x->text;
    x->store = s;
    x->result = *result;
    x->result.attempt.address = keep(&at, texts[0], lens[0]);
    x->result.attempt.tls = keep(&at, texts[1], lens[1]);
    x->result.attempt.outcome = keep(&at, texts[2], lens[2]);
    x->result.attempt.message = keep(&at, texts[3], lens[3]);
    x->result.attempt.answer_headers = keep(&at, texts[4], lens[4]);
    x->result.reason = keep(&at, texts[5], lens[5]);
    x->result.attempt.answer_body = keep(&at, t->answer_body, t->answer_body_len);
    x->done = done;
    x->arg = arg;
    x->write = (struct dgl_write){.run = record_run, .arg = x, .done = record_done, .done_arg = x};
    dgl_write_submit(s, &x->write);
}

static void read_attempt(struct dgl_sql *q, struct dgl_arena *a, struct dgl_attempt_row *ret)
{
    ret->number = dgl_sql_get_int(q);
    ret->started_at_us = dgl_sql_get_int(q);
    ret->address = dgl_sql_get_text(q, a);
    ret->dns_us = dgl_sql_get_int(q);
    ret->connect_us = dgl_sql_get_int(q);
    ret->tls_us = dgl_sql_get_int(q);
    ret->first_byte_us = dgl_sql_get_int(q);
    ret->total_us = dgl_sql_get_int(q);
    ret->http_status = dgl_sql_get_int(q);
    ret->tls = dgl_sql_get_text(q, a);
    ret->outcome = dgl_sql_get_text(q, a);
    ret->message = dgl_sql_get_text(q, a);
    ret->answer_headers = dgl_sql_get_text(q, a);
    const void *body = dgl_sql_peek_blob(q, &ret->answer_body_len);
    ret->answer_body = body ? dgl_arena_strndup(a, body, ret->answer_body_len) : NULL;
    ret->link_expires_at_us = dgl_sql_get_int(q);
    ret->next_attempt_at_us = dgl_sql_get_int(q);
}

enum dgl_status dgl_store_attempt_list(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *delivery,
                                       struct dgl_attempt_row **ret, size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL find = dgl_sql(r.conn, "SELECT w.seq FROM deliveries w JOIN organizations o ON o.seq = w.org"
                                        " WHERE w.id = ?2 AND o.id = ?1");
    dgl_sql_put_text(&find, org);
    dgl_sql_put_text(&find, delivery);
    int64_t seq;
    DGL_TRY(dgl_sql_int(&find, 0, &seq, err));
    if (!seq)
        return DGL_NO_SUCH(err, "delivery", delivery);
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT key - ?1, " ATTEMPT_COLUMNS
                                     " FROM attempts WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3");
    dgl_sql_put_int(&q, DGL_ATTEMPT_KEY(seq, 0));
    dgl_sql_put_int(&q, DGL_ATTEMPT_KEY(seq + 1, 0));
    dgl_sql_put_int(&q, DGL_STORE_LIST_MAX);
    struct dgl_attempt_row *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        struct dgl_attempt_row *t = DGL_LIST_ADD(a, rows, count, cap);
        memcpy(t->delivery, delivery, strnlen(delivery, sizeof t->delivery - 1));
        read_attempt(&q, a, t);
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}
