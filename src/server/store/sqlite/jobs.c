// A job's life: accepted, claimed, finished. (Reading and erasing documents: documents.c; the deliveries a finished job
// gives rise to: deliveries.c.)
//
//                     requeue, recover (tries stay)
//              ┌────────────────────────────────────┐
//              ▼                                    │
//   accept ─▶ queued ──────────── claim ────────▶ rendering ── finish ──▶ ready | failed
//              │                                    │                       │
//              └──────────── erase ─────────────────┴───────────────────────┘
//                              ▼
//                     failed, erased_at_us > 0 (a tombstone; finish then is DGL_E_CONFLICT)
//
// Claiming is fair between organizations and its cost does not depend on how many jobs wait: the index documents_active
// is ordered by (status, organization, seq), so "the next organization with a queued job" and "the oldest job of this
// organization" are one probe each. The organization served last is remembered; the next claim goes on after it.
#include "server/store/sqlite/deliveries.h"
#include "server/store/sqlite/sqlite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- accept

struct accept {
    struct dgl_write write;
    const struct dgl_job_new *job;
    struct dgl_job_accepted accepted, *ret;
    dgl_store_done done;
    void *arg;
};

static enum dgl_status forget_key(struct dgl_conn *c, int64_t document, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM idempotency WHERE document = ?1");
    dgl_sql_put_int(&q, document);
    return dgl_sql_run(&q, err);
}

// Looks for a first job under the key; a row past its 24 hours is removed.
static enum dgl_status replay(struct dgl_store *s, struct dgl_conn *c, const struct dgl_job_new *job,
                              struct dgl_job_accepted *ret, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT i.document, i.created_at_us, i.body_sha256, d.id, t.id, d.created_at_us"
                                " FROM idempotency i JOIN documents d ON d.seq = i.document"
                                " JOIN templates t ON t.seq = d.template"
                                " WHERE i.org = (SELECT seq FROM organizations WHERE id = ?1) AND i.key = ?2");
    dgl_sql_put_text(&q, job->org);
    dgl_sql_put_text(&q, job->idempotency_key);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_OK;
    int64_t document = dgl_sql_get_int(&q);
    bool is_old = dgl_sql_get_int(&q) <= dgl_clock_now_us(s->clock) - DGL_STORE_IDEMPOTENCY_US;
    unsigned char sha256[32];
    dgl_sql_get_bytes(&q, sha256, sizeof sha256);
    if (is_old)
        return forget_key(c, document, err);
    if (memcmp(sha256, job->body_sha256, sizeof sha256) != 0)
        return DGL_FAIL_FIELD(err, DGL_E_CONFLICT, "idempotency_conflict", "X-Idempotency-Key",
                              "the idempotency key %s was used for another request body less than 24 hours ago; send a "
                              "new key with a new body",
                              job->idempotency_key);
    dgl_sql_get_chars(&q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(&q, ret->template_id, sizeof ret->template_id);
    ret->created_at_us = dgl_sql_get_int(&q);
    ret->replayed = true;
    return DGL_OK;
}

static enum dgl_status insert_document(struct dgl_conn *c, const struct dgl_job_new *job, struct dgl_error *err)
{
    DGL_AUTO_SQL q =
        dgl_sql(c, "INSERT INTO documents (id, org, template, template_version, source, formats, is_uat, actor,"
                   " webhook_url, created_at_us)"
                   " SELECT ?1, t.org, t.seq, ?4, ?5, ?6, ?7, ?8, ?9, ?10 FROM templates t"
                   " WHERE t.id = ?3 AND t.org = (SELECT seq FROM organizations WHERE id = ?2)"
                   " AND t.deleted_at_us = 0"
                   " AND EXISTS (SELECT 1 FROM template_versions v WHERE v.template = t.seq AND v.version = ?4)");
    dgl_sql_put_text(&q, job->id);
    dgl_sql_put_text(&q, job->org);
    dgl_sql_put_text(&q, job->template_id);
    dgl_sql_put_int(&q, job->template_version);
    dgl_sql_put_int(&q, job->source);
    dgl_sql_put_int(&q, job->formats);
    dgl_sql_put_int(&q, job->is_uat);
    dgl_sql_put_text(&q, job->actor);
    dgl_sql_put_text(&q, job->webhook_url);
    dgl_sql_put_int(&q, job->created_at_us);
    int64_t inserted;
    DGL_TRY(dgl_sql_change(&q, &inserted, err));
    return inserted ? DGL_OK
                    : DGL_FAIL_FIELD(err, DGL_E_NOT_FOUND, "template_not_found", "template_id",
                                     "there is no version %" PRId64 " of a template %s", job->template_version,
                                     job->template_id);
}

static enum dgl_status insert_input(struct dgl_conn *c, int64_t document, const struct dgl_job_new *job,
                                    struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO inputs (document, json, pdf_options) VALUES (?1, ?2, ?3)");
    dgl_sql_put_int(&q, document);
    dgl_sql_put_textn(&q, job->input ? job->input : "", job->input_len);
    dgl_sql_put_blob(&q, job->pdf_options, job->pdf_options_len);
    return dgl_sql_run(&q, err);
}

static enum dgl_status insert_key(struct dgl_conn *c, int64_t document, const struct dgl_job_new *job,
                                  struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO idempotency (document, org, key, body_sha256, created_at_us)"
                                " VALUES (?1, (SELECT seq FROM organizations WHERE id = ?2), ?3, ?4, ?5)");
    dgl_sql_put_int(&q, document);
    dgl_sql_put_text(&q, job->org);
    dgl_sql_put_text(&q, job->idempotency_key);
    dgl_sql_put_blob(&q, job->body_sha256, sizeof job->body_sha256);
    dgl_sql_put_int(&q, job->created_at_us);
    return dgl_sql_run(&q, err);
}

static enum dgl_status accept_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct accept *x = arg;
    const struct dgl_job_new *job = x->job;
    if (job->input_len > DGL_INPUT_MAX_BYTES)
        return DGL_FAIL_FIELD(err, DGL_E_LIMIT, "input_too_large", "input_json",
                              "input_json has %zu bytes; at most %u are taken", job->input_len, DGL_INPUT_MAX_BYTES);
    if (job->idempotency_key)
        DGL_TRY(replay(s, c, job, &x->accepted, err));
    if (x->accepted.replayed)
        return DGL_OK;
    DGL_TRY(insert_document(c, job, err));
    int64_t document = sqlite3_last_insert_rowid(c->db);
    DGL_TRY(insert_input(c, document, job, err));
    if (job->idempotency_key)
        DGL_TRY(insert_key(c, document, job, err));
    memcpy(x->accepted.id, job->id, sizeof x->accepted.id);
    memcpy(x->accepted.template_id, job->template_id, sizeof x->accepted.template_id);
    x->accepted.created_at_us = job->created_at_us;
    return DGL_OK;
}

static void accept_done(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct accept *x = arg;
    if (status == DGL_OK)
        *x->ret = x->accepted;
    x->done(x->arg, status, err);
    free(x);
}

void dgl_store_job_accept_async(struct dgl_store *s, const struct dgl_job_new *job, struct dgl_job_accepted *ret,
                                dgl_store_done done, void *arg)
{
    struct accept *x = DGL_NEW(struct accept);
    x->job = job;
    x->ret = ret;
    x->done = done;
    x->arg = arg;
    x->write = (struct dgl_write){.run = accept_run, .arg = x, .done = accept_done, .done_arg = x};
    dgl_write_submit(s, &x->write);
}

enum dgl_status dgl_store_job_accept(struct dgl_store *s, const struct dgl_job_new *job, struct dgl_job_accepted *ret,
                                     struct dgl_error *err)
{
    struct accept x = {.job = job};
    DGL_TRY(dgl_write_sync(s, accept_run, &x, err));
    *ret = x.accepted;
    return DGL_OK;
}

// ---- claim

struct turn {          // one organization in this round
    int64_t org, free; // jobs it may still start
};
struct claim {
    size_t max;
    int64_t default_limit;
    struct turn turns[DGL_STORE_CLAIM_MAX];
    size_t turn_count;
    int64_t documents[DGL_STORE_CLAIM_MAX];
    size_t count;
};

static enum dgl_status next_org(struct dgl_conn *c, int64_t after, int64_t *ret, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT org FROM documents WHERE status < 2 AND status = 0 AND org > ?1"
                                " ORDER BY org LIMIT 1");
    dgl_sql_put_int(&q, after);
    return dgl_sql_int(&q, 0, ret, err);
}

// How many more jobs the organization may have in rendering; none while it is disabled.
static enum dgl_status free_slots(struct dgl_conn *c, int64_t org, int64_t default_limit, int64_t *ret,
                                  struct dgl_error *err)
{
    int64_t limit, rendering;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT iif(disabled_at_us > 0, -2, max_concurrent_jobs) FROM organizations"
                                " WHERE seq = ?1");
    dgl_sql_put_int(&q, org);
    DGL_TRY(dgl_sql_int(&q, -1, &limit, err));
    *ret = limit == -2 ? 0 : DGL_STORE_CLAIM_MAX;
    if (limit == -2)
        return DGL_OK;
    if (limit < 0)
        limit = default_limit;
    if (limit <= 0)
        return DGL_OK;
    DGL_AUTO_SQL busy = dgl_sql(c, "SELECT count(*) FROM documents WHERE status < 2 AND status = 1 AND org = ?1");
    dgl_sql_put_int(&busy, org);
    DGL_TRY(dgl_sql_int(&busy, 0, &rendering, err));
    *ret = DGL_MAX(limit - rendering, 0);
    return DGL_OK;
}

// The organizations in turn that have a queued job and room for it, beginning after the one served last, at most
// x->max of them.
static enum dgl_status collect_turns(struct dgl_store *s, struct dgl_conn *c, struct claim *x, struct dgl_error *err)
{
    int64_t start = s->claim_after_org, after = start;
    bool wrapped = false;
    while (x->turn_count < x->max) {
        int64_t org;
        DGL_TRY(next_org(c, after, &org, err));
        if (org == 0 && wrapped)
            break;
        if (org == 0) {
            wrapped = true;
            after = 0;
            continue;
        }
        if (wrapped && org > start)
            break;
        after = org;
        struct turn turn = {.org = org};
        DGL_TRY(free_slots(c, org, x->default_limit, &turn.free, err));
        if (turn.free > 0)
            x->turns[x->turn_count++] = turn;
    }
    return DGL_OK;
}

static enum dgl_status take_oldest(struct dgl_store *s, struct dgl_conn *c, struct claim *x, struct turn *turn,
                                   struct dgl_error *err)
{
    int64_t document;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT seq FROM documents WHERE status < 2 AND status = 0 AND org = ?1"
                                " ORDER BY seq LIMIT 1");
    dgl_sql_put_int(&q, turn->org);
    DGL_TRY(dgl_sql_int(&q, 0, &document, err));
    dgl_sql_end(&q);
    if (document == 0) {
        turn->free = 0;
        return DGL_OK;
    }
    DGL_AUTO_SQL take = dgl_sql(c, "UPDATE documents SET status = 1, tries = tries + 1, started_at_us = ?2"
                                   " WHERE seq = ?1");
    dgl_sql_put_int(&take, document);
    dgl_sql_put_int(&take, dgl_clock_now_us(s->clock));
    DGL_TRY(dgl_sql_run(&take, err));
    turn->free--;
    x->documents[x->count++] = document;
    s->claim_after_org = turn->org;
    return DGL_OK;
}

static enum dgl_status claim_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct claim *x = arg;
    DGL_TRY(collect_turns(s, c, x, err));
    for (size_t before = SIZE_MAX; x->count < x->max && x->count != before;) {
        before = x->count;
        for (size_t i = 0; i < x->turn_count && x->count < x->max; i++)
            if (x->turns[i].free > 0)
                DGL_TRY(take_oldest(s, c, x, &x->turns[i], err));
    }
    return DGL_OK;
}

static enum dgl_status copy_bytes(struct dgl_sql *q, struct dgl_arena *a, const char *id, const char **ret,
                                  size_t *ret_len, struct dgl_error *err)
{
    const void *bytes = dgl_sql_peek_blob(q, ret_len);
    char *copy = dgl_arena_alloc_try(a, *ret_len + 1);
    if (!copy)
        return DGL_FAIL(err, DGL_E_LIMIT, "the input of document %s (%zu bytes) has no room", id, *ret_len);
    if (*ret_len)
        memcpy(copy, bytes, *ret_len);
    *ret = copy;
    return DGL_OK;
}

static enum dgl_status read_claim(struct dgl_sql *q, struct dgl_arena *a, struct dgl_job_claim *ret,
                                  struct dgl_error *err)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    dgl_sql_get_chars(q, ret->template_id, sizeof ret->template_id);
    ret->org_number = (uint64_t)dgl_sql_get_int(q);
    ret->template_version = dgl_sql_get_int(q);
    ret->blob_uri = dgl_sql_get_text(q, a);
    dgl_sql_get_bytes(q, ret->template_sha256, sizeof ret->template_sha256);
    ret->template_kind = dgl_sql_get_text(q, a);
    ret->time_zone = dgl_sql_get_text(q, a);
    ret->locale = dgl_sql_get_text(q, a);
    ret->formats = (unsigned)dgl_sql_get_int(q);
    ret->is_uat = dgl_sql_get_int(q) != 0;
    ret->source = (enum dgl_document_source)dgl_sql_get_int(q);
    ret->created_at_us = dgl_sql_get_int(q);
    ret->tries = dgl_sql_get_int(q);
    DGL_TRY(copy_bytes(q, a, ret->id, &ret->input, &ret->input_len, err));
    const char *options;
    DGL_TRY(copy_bytes(q, a, ret->id, &options, &ret->pdf_options_len, err));
    ret->pdf_options = ret->pdf_options_len ? options : NULL;
    return DGL_OK;
}

// What a claimed job needs is read by the claiming thread, so that large inputs do not pass through the writer. A job
// erased in between is left out.
static enum dgl_status load_claims(struct dgl_store *s, struct dgl_arena *a, const struct claim *x,
                                   struct dgl_job_claim **ret, size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    struct dgl_job_claim *rows = dgl_arena_alloc(a, x->count * sizeof(*rows));
    size_t count = 0;
    for (size_t i = 0; i < x->count; i++) {
        DGL_AUTO_SQL q =
            dgl_sql(r.conn, "SELECT d.id, o.id, t.id, o.seq, d.template_version, v.blob_uri, v.sha256, t.kind,"
                            " o.time_zone, o.locale, d.formats, d.is_uat, d.source, d.created_at_us, d.tries, i.json,"
                            " i.pdf_options"
                            " FROM documents d JOIN organizations o ON o.seq = d.org"
                            " JOIN templates t ON t.seq = d.template JOIN inputs i ON i.document = d.seq"
                            " JOIN template_versions v ON v.template = d.template AND v.version = d.template_version"
                            " WHERE d.seq = ?1 AND d.status = 1");
        dgl_sql_put_int(&q, x->documents[i]);
        bool row;
        DGL_TRY(dgl_sql_next(&q, &row, err));
        if (row)
            DGL_TRY(read_claim(&q, a, &rows[count++], err));
    }
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

static enum dgl_status give_back_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const struct claim *x = arg;
    for (size_t i = 0; i < x->count; i++) {
        DGL_AUTO_SQL q = dgl_sql(c, "UPDATE documents SET status = 0, tries = tries - 1 WHERE seq = ?1 AND status = 1");
        dgl_sql_put_int(&q, x->documents[i]);
        DGL_TRY(dgl_sql_run(&q, err));
    }
    return DGL_OK;
}

enum dgl_status dgl_store_jobs_claim(struct dgl_store *s, struct dgl_arena *a, size_t max,
                                     const struct dgl_job_limits *limits, struct dgl_job_claim **ret, size_t *ret_count,
                                     struct dgl_error *err)
{
    struct claim x = {.max = DGL_MIN(max, DGL_STORE_CLAIM_MAX),
                      .default_limit = limits ? limits->max_concurrent_per_org : 0};
    DGL_TRY(dgl_write_sync(s, claim_run, &x, err));
    enum dgl_status status = load_claims(s, a, &x, ret, ret_count, err);
    if (status != DGL_OK && x.count) {
        struct dgl_error second = DGL_ERROR_INIT;
        if (dgl_write_sync(s, give_back_run, &x, &second) != DGL_OK)
            dgl_error_prefix(err, "claimed jobs could not be put back and wait for a restart");
    }
    return status;
}

static enum dgl_status recover_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE documents SET status = 0 WHERE status < 2 AND status = 1");
    return dgl_sql_change(&q, arg, err);
}

enum dgl_status dgl_store_jobs_recover(struct dgl_store *s, int64_t *ret_count, struct dgl_error *err)
{
    int64_t count = 0;
    DGL_TRY(dgl_write_sync(s, recover_run, &count, err));
    *ret_count = count;
    return DGL_OK;
}

static enum dgl_status requeue_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    const char *id = *(const char **)arg;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE documents SET status = 0 WHERE id = ?1 AND status = 1");
    dgl_sql_put_text(&q, id);
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    return changed ? DGL_OK : dgl_job_not_rendering(id, err);
}

enum dgl_status dgl_store_job_requeue(struct dgl_store *s, const char *id, struct dgl_error *err)
{
    return dgl_write_sync(s, requeue_run, &id, err);
}

enum dgl_status dgl_job_not_rendering(const char *id, struct dgl_error *err)
{
    return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "not_rendering", "document %s is not being rendered any more", id);
}

// ---- finish

struct finish {
    const struct dgl_job_finish *job;
    struct dgl_fan_out fan_out;
};

static enum dgl_status find_rendering(struct dgl_conn *c, struct dgl_arena *a, const char *id, struct dgl_fan_out *ret,
                                      struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT d.seq, o.seq, o.id, d.source, d.webhook_url FROM documents d"
                                " JOIN organizations o ON o.seq = d.org WHERE d.id = ?1 AND d.status = 1");
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return dgl_job_not_rendering(id, err);
    ret->document = dgl_sql_get_int(&q);
    ret->org_seq = dgl_sql_get_int(&q);
    dgl_sql_get_chars(&q, ret->org, sizeof ret->org);
    ret->is_silent = dgl_sql_get_int(&q) != DGL_SOURCE_API;
    ret->own_url = dgl_sql_get_text(&q, a);
    return DGL_OK;
}

static void put_output(struct dgl_sql *q, const struct dgl_output_row *output)
{
    bool made = output->blob_uri != NULL;
    dgl_sql_put_text(q, output->blob_uri);
    dgl_sql_put_int(q, made ? output->size_bytes : 0);
    dgl_sql_put_blob(q, made ? output->sha256 : NULL, made ? sizeof output->sha256 : 0);
}

static enum dgl_status write_outcome(struct dgl_store *s, struct dgl_conn *c, int64_t document,
                                     const struct dgl_job_finish *job, struct dgl_error *err)
{
    DGL_AUTO_SQL q =
        dgl_sql(c, "UPDATE documents SET status = ?2, finished_at_us = ?3, render_us = ?4, pages = ?5, engine = ?6,"
                   " error_message = ?7, error_code = ?8, warnings_json = ?9, pdf_uri = ?10, pdf_size_bytes = ?11,"
                   " pdf_sha256 = ?12, docx_uri = ?13, docx_size_bytes = ?14, docx_sha256 = ?15 WHERE seq = ?1");
    dgl_sql_put_int(&q, document);
    dgl_sql_put_int(&q, job->ok ? DGL_DOCUMENT_READY : DGL_DOCUMENT_FAILED);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    dgl_sql_put_int(&q, job->render_us);
    dgl_sql_put_int(&q, job->pages);
    dgl_sql_put_text(&q, job->engine);
    dgl_sql_put_text(&q, job->error_message);
    dgl_sql_put_text(&q, job->error_code);
    dgl_sql_put_text(&q, job->warnings_json);
    put_output(&q, &job->pdf);
    put_output(&q, &job->docx);
    return dgl_sql_run(&q, err);
}

static enum dgl_status erase_pdf_options(struct dgl_conn *c, int64_t document, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE inputs SET pdf_options = NULL WHERE document = ?1");
    dgl_sql_put_int(&q, document);
    return dgl_sql_run(&q, err);
}

static enum dgl_status finish_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct finish *x = arg;
    DGL_TRY(find_rendering(c, x->fan_out.arena, x->job->id, &x->fan_out, err));
    DGL_TRY(write_outcome(s, c, x->fan_out.document, x->job, err));
    if (x->job->has_pdf_options)
        DGL_TRY(erase_pdf_options(c, x->fan_out.document, err));
    return dgl_fan_out(s, c, &x->fan_out, err);
}

enum dgl_status dgl_store_job_finish(struct dgl_store *s, struct dgl_arena *a, const struct dgl_job_finish *finish,
                                     struct dgl_delivery_due **ret, size_t *ret_count, struct dgl_error *err)
{
    struct finish x = {.job = finish, .fan_out = {.arena = a, .event_type = "document.generated"}};
    DGL_TRY(dgl_write_sync(s, finish_run, &x, err));
    *ret = x.fan_out.due;
    *ret_count = x.fan_out.count;
    return DGL_OK;
}
