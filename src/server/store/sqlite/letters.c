// Letters: the outbox of e-mail. A notice is written in the transaction that makes it true.
#include "server/store/sqlite/sqlite.h"

#define LETTER_COLUMNS "l.id, o.id, l.about, l.kind, l.recipient, l.detail, l.created_at_us, l.due_at_us, l.tries"

static enum dgl_status insert(struct dgl_store *s, struct dgl_conn *c, int64_t org, const struct dgl_letter_row *letter,
                              bool *ret_room, struct dgl_error *err)
{
    struct dgl_id id = dgl_id_new(s->clock);
    int64_t now_us = dgl_clock_now_us(s->clock), changed;
    DGL_AUTO_SQL q =
        dgl_sql(c, "INSERT INTO letters (id, org, kind, recipient, about, detail, created_at_us, due_at_us)"
                   " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7"
                   " WHERE (SELECT count(*) FROM letters WHERE org = ?2) < ?8"
                   " AND (SELECT count(*) FROM letters) < ?9");
    dgl_sql_put_text(&q, id.s);
    dgl_sql_put_int(&q, org);
    dgl_sql_put_int(&q, letter->kind);
    dgl_sql_put_text(&q, letter->to);
    dgl_sql_put_text(&q, letter->about);
    dgl_sql_put_text(&q, letter->detail);
    dgl_sql_put_int(&q, now_us);
    dgl_sql_put_int(&q, DGL_LETTERS_ORG_MAX);
    dgl_sql_put_int(&q, DGL_LETTERS_MAX);
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    *ret_room = changed > 0;
    return DGL_OK;
}

static enum dgl_status post_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct dgl_letter_row *letter = *(const struct dgl_letter_row **)arg;
    int64_t org;
    bool room;
    DGL_TRY(dgl_org_seq(c, letter->org, &org, err));
    DGL_TRY(insert(s, c, org, letter, &room, err));
    return room ? DGL_OK
                : DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "too_many_letters",
                                "too many e-mails wait already: the mail server does not take them");
}

enum dgl_status dgl_store_letter_post(struct dgl_store *s, const struct dgl_letter_row *letter, struct dgl_error *err)
{
    return dgl_write_sync(s, post_run, &letter, err);
}

enum dgl_status dgl_letters_to_admins(struct dgl_store *s, struct dgl_conn *c, int64_t endpoint,
                                      enum dgl_letter_kind kind, const char *detail, struct dgl_error *err)
{
    struct dgl_letter_row letter = {.kind = kind, .detail = detail};
    bool row, room = true;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT e.org, e.id, u.email FROM endpoints e JOIN users u ON u.org = e.org"
                                " WHERE e.seq = ?1 AND u.role = ?2 AND u.disabled = 0 ORDER BY u.seq LIMIT ?3");
    dgl_sql_put_int(&q, endpoint);
    dgl_sql_put_text(&q, dgl_role_word(DGL_ROLE_ADMIN));
    dgl_sql_put_int(&q, DGL_STORE_LETTER_ADMINS);
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row && room) {
        int64_t org = dgl_sql_get_int(&q);
        dgl_sql_get_chars(&q, letter.about, sizeof letter.about);
        letter.to = dgl_sql_peek_text(&q);
        DGL_TRY(insert(s, c, org, &letter, &room, err));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    return DGL_OK;
}

static void read_letter(struct dgl_sql *q, struct dgl_arena *a, struct dgl_letter_row *ret)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    dgl_sql_get_chars(q, ret->about, sizeof ret->about);
    ret->kind = (enum dgl_letter_kind)dgl_sql_get_int(q);
    ret->to = dgl_sql_get_text(q, a);
    ret->detail = dgl_sql_get_text(q, a);
    ret->created_at_us = dgl_sql_get_int(q);
    ret->due_at_us = dgl_sql_get_int(q);
    ret->tries = dgl_sql_get_int(q);
}

enum dgl_status dgl_store_letters_due(struct dgl_store *s, struct dgl_arena *a, int64_t again_max_us, size_t max,
                                      struct dgl_letter_row **ret, size_t *ret_count, int64_t *ret_next_us,
                                      struct dgl_error *err)
{
    struct dgl_letter_row *rows = NULL;
    size_t count = 0, cap = 0;
    int64_t now_us = dgl_clock_now_us(s->clock), next_us = INT64_MAX;
    bool row;
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " LETTER_COLUMNS " FROM letters l JOIN organizations o ON o.seq = l.org"
                                     " WHERE (l.due_at_us <= ?1 OR l.due_at_us > ?2) AND o.disabled_at_us = 0"
                                     " ORDER BY l.due_at_us LIMIT ?3");
    dgl_sql_put_int(&q, now_us);
    dgl_sql_put_int(&q, now_us + again_max_us);
    dgl_sql_put_int(&q, (int64_t)DGL_MIN(max, DGL_STORE_DUE_MAX));
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        read_letter(&q, a, DGL_LIST_ADD(a, rows, count, cap));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    DGL_AUTO_SQL next = dgl_sql(r.conn, "SELECT due_at_us FROM letters WHERE due_at_us > ?1"
                                        " ORDER BY due_at_us LIMIT 1");
    dgl_sql_put_int(&next, now_us);
    DGL_TRY(dgl_sql_int(&next, INT64_MAX, &next_us, err));
    *ret = rows;
    *ret_count = count;
    *ret_next_us = next_us;
    return DGL_OK;
}

struct change {
    const char *id;
    int64_t due_at_us; // 0 = the letter goes
};

static enum dgl_status change_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct change *x = arg;
    if (x->due_at_us == 0) {
        DGL_AUTO_SQL gone = dgl_sql(c, "DELETE FROM letters WHERE id = ?1");
        dgl_sql_put_text(&gone, x->id);
        return dgl_sql_run(&gone, err);
    }
    DGL_AUTO_SQL later = dgl_sql(c, "UPDATE letters SET due_at_us = ?2, tries = tries + 1 WHERE id = ?1");
    dgl_sql_put_text(&later, x->id);
    dgl_sql_put_int(&later, x->due_at_us);
    return dgl_sql_run(&later, err);
}

enum dgl_status dgl_store_letter_again(struct dgl_store *s, const char *id, int64_t due_at_us, struct dgl_error *err)
{
    struct change x = {id, DGL_MAX(due_at_us, 1)};
    return dgl_write_sync(s, change_run, &x, err);
}

enum dgl_status dgl_store_letter_done(struct dgl_store *s, const char *id, struct dgl_error *err)
{
    struct change x = {id, 0};
    return dgl_write_sync(s, change_run, &x, err);
}
