// Accepting: checks that need no write, then one durable transaction. The hot path of the product: one cached look-up,
// one queue entry.
#include "server/document/parts.h"

#include <stdlib.h>
#include <string.h>

static enum dgl_status check_key(const char *key, struct dgl_error *err)
{
    if (!key)
        return DGL_OK;
    size_t len = strlen(key);
    bool printable = len > 0;
    for (size_t i = 0; i < len; i++)
        printable = printable && key[i] > ' ' && key[i] < 127;
    if (!printable || len > DGL_IDEMPOTENCY_KEY_MAX)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_idempotency_key", "X-Idempotency-Key",
                              "X-Idempotency-Key must be 1 to %d printable ASCII characters without blanks.",
                              DGL_IDEMPOTENCY_KEY_MAX);
    return DGL_OK;
}

static enum dgl_status check_version(struct dgl_documents *d, const char *org, const char *id, int64_t version,
                                     struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_template_version_row row;
    enum dgl_status status = dgl_store_template_version_get(d->parts.store, arena, org, id, version, &row, err);
    if (status == DGL_E_NOT_FOUND)
        return DGL_FAIL_FIELD(
            err, DGL_E_INVALID, "unknown_version", "template_version",
            "template_version %lld does not exist for this template; see GET /templates/{id}/versions.",
            (long long)version);
    return status;
}

// Fills the job from the request, or says what is wrong with it.
static enum dgl_status prepare(struct dgl_documents *d, const struct dgl_principal *who,
                               const struct dgl_document_request *rq, struct dgl_job_new *job, struct dgl_error *err)
{
    struct dgl_template_fact fact;
    DGL_TRY(check_key(rq->idempotency_key, err));
    if (!rq->template_id || !dgl_id_valid(rq->template_id, strlen(rq->template_id)))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_id", "template_id",
                              "template_id \"%.40s\" is not an id; take it from GET /templates/.",
                              rq->template_id ? rq->template_id : "");
    enum dgl_status status = dgl_document_template_fact(d, who->org, rq->template_id, &fact, err);
    if (status == DGL_E_NOT_FOUND)
        return DGL_FAIL_SLUG(err, DGL_E_NOT_FOUND, "template_not_found",
                             "Template %s does not exist; take its id from GET /templates/.", rq->template_id);
    DGL_TRY(status);
    if (rq->template_version != 0 && rq->template_version != fact.version)
        DGL_TRY(check_version(d, who->org, rq->template_id, rq->template_version, err));
    if (rq->pdf && !(rq->formats & DGL_FORMAT_PDF))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "no_pdf", "pdf",
                              "pdf says how the PDF is to be, but output_format asks for none; ask for pdf or both, or "
                              "leave pdf out.");
    if (rq->webhook_url)
        DGL_TRY(dgl_webhook_check_url(d->parts.webhook, rq->webhook_url, "webhook_url", err));

    struct dgl_id id = dgl_id_new(d->parts.clock);
    *job = (struct dgl_job_new){.template_version = rq->template_version ? rq->template_version : fact.version,
                                .source = rq->source,
                                .formats = rq->formats,
                                .is_uat = fact.is_uat,
                                .webhook_url = rq->webhook_url,
                                .input = rq->input,
                                .input_len = rq->input_len,
                                .created_at_us = dgl_clock_now_us(d->parts.clock),
                                .idempotency_key = rq->idempotency_key};
    memcpy(job->id, id.s, sizeof job->id);
    memcpy(job->org, who->org, sizeof job->org);
    memcpy(job->template_id, fact.id, sizeof job->template_id);
    memcpy(job->actor, who->actor, sizeof job->actor);
    memcpy(job->body_sha256, rq->body_sha256, sizeof job->body_sha256);
    return DGL_OK;
}

// A job between the request and the writer's answer.
struct accepting {
    struct dgl_documents *documents;
    struct dgl_job_new job;
    struct dgl_buf pdf_options; // sealed
    struct dgl_job_accepted accepted;
    dgl_document_accept_done done;
    void *arg;
};

static void to_accepted(const struct dgl_job_accepted *from, struct dgl_document_accepted *ret)
{
    memcpy(ret->id, from->id, sizeof ret->id);
    memcpy(ret->template_id, from->template_id, sizeof ret->template_id);
    ret->created_at_us = from->created_at_us;
    ret->replayed = from->replayed;
}

// Writer's thread, after the commit.
static void stored(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct accepting *a = arg;
    struct dgl_documents *d = a->documents;
    struct dgl_document_accepted accepted = {0};
    if (status == DGL_OK) {
        to_accepted(&a->accepted, &accepted);
        if (!accepted.replayed) {
            atomic_fetch_add(&d->accepted, 1);
            dgl_document_wake(d);
        }
    }
    a->done(a->arg, status, &accepted, err);
    dgl_buf_fini(&a->pdf_options);
    free(a);
}

static enum dgl_status seal_pdf_options(struct dgl_documents *d, const struct dgl_document_request *rq,
                                        struct dgl_job_new *job, struct dgl_buf *ret, struct dgl_error *err)
{
    if (!rq->pdf)
        return DGL_OK;
    DGL_TRY(dgl_document_pdf_seal(d, job->id, rq->pdf, ret, err));
    job->pdf_options = ret->data;
    job->pdf_options_len = ret->len;
    return DGL_OK;
}

enum dgl_status dgl_documents_accept_async(struct dgl_documents *d, const struct dgl_principal *who,
                                           const struct dgl_document_request *request, dgl_document_accept_done done,
                                           void *arg, struct dgl_error *err)
{
    struct dgl_job_new job;
    DGL_AUTO_FINI(buf) pdf_options = DGL_BUF_INIT(DGL_DOCUMENT_PDF_OPTIONS_MAX);
    DGL_TRY(prepare(d, who, request, &job, err));
    DGL_TRY(seal_pdf_options(d, request, &job, &pdf_options, err));
    struct accepting *a = DGL_NEW(struct accepting);
    *a = (struct accepting){.documents = d, .job = job, .pdf_options = pdf_options, .done = done, .arg = arg};
    pdf_options = DGL_BUF_INIT(0); // it is the job's now
    dgl_store_job_accept_async(d->parts.store, &a->job, &a->accepted, stored, a);
    return DGL_OK;
}

enum dgl_status dgl_documents_accept(struct dgl_documents *d, const struct dgl_principal *who,
                                     const struct dgl_document_request *request, struct dgl_document_accepted *ret,
                                     struct dgl_error *err)
{
    struct dgl_job_new job;
    DGL_AUTO_FINI(buf) pdf_options = DGL_BUF_INIT(DGL_DOCUMENT_PDF_OPTIONS_MAX);
    DGL_TRY(prepare(d, who, request, &job, err));
    DGL_TRY(seal_pdf_options(d, request, &job, &pdf_options, err));
    struct dgl_job_accepted accepted;
    DGL_TRY(dgl_store_job_accept(d->parts.store, &job, &accepted, err));
    to_accepted(&accepted, ret);
    if (!ret->replayed) {
        atomic_fetch_add(&d->accepted, 1);
        dgl_document_wake(d);
    }
    return DGL_OK;
}
