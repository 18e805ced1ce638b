// Finishing: files to the blob store, the outcome and its event to the store, then the webhook queue and those who
// wait.
//
// Several threads, because each waits for the disk: their commits share group commits. A disk that refuses (full,
// read-only) keeps the outcome here and is asked again every half to five seconds: the job is not lost and not rendered
// twice while the process lives.
#include "server/document/parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/log.h"

void dgl_document_running_free(struct dgl_running *job)
{
    if (job->docx_fd >= 0)
        close(job->docx_fd);
    if (job->pdf_fd >= 0)
        close(job->pdf_fd);
    free(job->warnings_json);
    free(job);
}

static enum dgl_status put_output(struct dgl_documents *d, const struct dgl_running *job, const char *suffix, int fd,
                                  struct dgl_arena *arena, struct dgl_output_row *ret, struct dgl_error *err)
{
    if (fd < 0)
        return DGL_OK;
    struct dgl_blob_info info;
    char *name = dgl_arena_printf(arena, "%s.%s", job->id, suffix);
    DGL_TRY(dgl_blob_put_fd(d->parts.blobs, job->org, "document", name, fd, &info, err));
    ret->blob_uri = dgl_arena_strdup(arena, info.uri);
    ret->size_bytes = info.size_bytes;
    memcpy(ret->sha256, info.sha256, sizeof ret->sha256);
    return DGL_OK;
}

static void remove_unwanted(struct dgl_documents *d, const char *id, const char *uri)
{
    struct dgl_error err = DGL_ERROR_INIT;
    bool wanted = true;
    if (!uri)
        return;
    enum dgl_status status = dgl_store_document_wants_file(d->parts.store, id, uri, &wanted, &err);
    if (status == DGL_OK && !wanted)
        status = dgl_blob_delete(d->parts.blobs, uri, &err);
    if (status != DGL_OK)
        dgl_log_error(DGL_LOG_WARN, "file of an erased document stays until the next sweep", &err);
}

// A document is ready when the files asked for are there, and only then.
static void check_outputs(struct dgl_running *job)
{
    bool docx_missing = (job->formats & DGL_FORMAT_DOCX) && job->docx_fd < 0;
    bool pdf_missing = (job->formats & DGL_FORMAT_PDF) && job->pdf_fd < 0;
    if (job->status == DGL_OK && (docx_missing || pdf_missing))
        job->status = DGL_FAIL_SLUG(&job->error, DGL_E_INTERNAL, "output_missing",
                                    "The %s was not made, without a reason given; generate the document again.",
                                    pdf_missing ? "PDF" : "DOCX");
}

static void count_outcome(struct dgl_documents *d, const struct dgl_running *job, bool ok)
{
    size_t engine = dgl_document_engine_index(job->engine);
    atomic_fetch_add(ok ? &d->ready[engine] : &d->failed[engine], 1);
    dgl_histogram_add(&d->render_us, job->render_us);
    dgl_histogram_add(&d->total_us, dgl_clock_now_us(d->parts.clock) - job->accepted_at_us);
}

static enum dgl_status commit(struct dgl_documents *d, struct dgl_running *job, struct dgl_arena *arena,
                              struct dgl_error *err)
{
    check_outputs(job);
    struct dgl_job_finish finish = {.ok = job->status == DGL_OK,
                                    .has_pdf_options = job->has_pdf_options,
                                    .pages = job->pages,
                                    .engine = job->engine[0] ? job->engine : NULL,
                                    .warnings_json = job->warnings_json,
                                    .render_us = job->render_us};
    memcpy(finish.id, job->id, sizeof finish.id);
    char sentence[1200];
    if (finish.ok) {
        DGL_TRY(put_output(d, job, "docx", job->docx_fd, arena, &finish.docx, err));
        DGL_TRY(put_output(d, job, "pdf", job->pdf_fd, arena, &finish.pdf, err));
    } else {
        finish.error_message = dgl_error_describe(&job->error, sentence, sizeof sentence);
        finish.error_code = dgl_error_slug(&job->error);
    }
    DGL_FAILPOINT("document.stored");
    struct dgl_delivery_due *due = NULL;
    size_t count = 0;
    enum dgl_status status = dgl_store_job_finish(d->parts.store, arena, &finish, &due, &count, err);
    if (status == DGL_E_CONFLICT) { // erased while it was rendered: its files go too
        remove_unwanted(d, job->id, finish.docx.blob_uri);
        remove_unwanted(d, job->id, finish.pdf.blob_uri);
        return DGL_OK;
    }
    DGL_TRY(status);
    DGL_FAILPOINT("document.finished");
    if (count > 0)
        dgl_webhook_enqueue(d->parts.webhook, due, count);
    count_outcome(d, job, finish.ok);
    dgl_log(DGL_LOG_DEBUG, "document finished", DGL_F_STR("document", job->id), DGL_F_BOOL("ok", finish.ok),
            DGL_F_INT("render_us", job->render_us), DGL_F_STR("error", finish.error_message));
    return DGL_OK;
}

static bool was_refused(const struct dgl_running *job)
{
    return job->status == DGL_E_UNAVAILABLE || job->status == DGL_E_IO;
}

// Back to the queue: the engine is stopping, the machine refused, or a worker was lost and there is a try left.
static bool wants_another_try(const struct dgl_running *job)
{
    if (job->worker_lost)
        return job->tries < DGL_DOCUMENT_MAX_TRIES;
    return job->status == DGL_E_CANCELED || (was_refused(job) && job->tries < DGL_DOCUMENT_MAX_REFUSALS);
}

static enum dgl_status settle(struct dgl_documents *d, struct dgl_running *job, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    if (wants_another_try(job)) {
        if (was_refused(job) && !job->rested) // not at once: what it lacked must come back first
            dgl_document_rest(d, &d->finish, DGL_MIN(500 * job->tries, DGL_DOCUMENT_REFUSED_REST_MS));
        job->rested = true;
        enum dgl_status status = dgl_store_job_requeue(d->parts.store, job->id, err);
        if (status == DGL_E_CONFLICT) // erased meanwhile: nobody waits for it
            return DGL_OK;
        DGL_TRY(status);
        atomic_fetch_add(&d->requeued, 1);
        dgl_document_wake(d);
        return DGL_OK;
    }
    DGL_TRY(commit(d, job, arena, err));
    dgl_document_waiters_finished(d, job->id);
    return DGL_OK;
}

static void finish_job(struct dgl_documents *d, struct dgl_running *job)
{
    struct dgl_error err = DGL_ERROR_INIT;
    int64_t delay_ms = 500;
    while (settle(d, job, &err) != DGL_OK) {
        dgl_log_error(DGL_LOG_ERROR, "a finished document could not be stored yet", &err);
        err = DGL_ERROR_INIT;
        if (!dgl_document_rest(d, &d->finish, delay_ms))
            break; // stays `rendering` in the store and is rendered again after the next start
        delay_ms = DGL_MIN(delay_ms * 2, 5000);
    }
    dgl_document_running_free(job);
    pthread_mutex_lock(&d->lock);
    d->finishing--;
    if (d->rendering + d->finishing == 0)
        pthread_cond_broadcast(&d->idle);
    if (d->finishing + 1 >= DGL_DOCUMENT_MAX_FINISHING)
        pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
}

void *dgl_document_finisher(void *documents)
{
    struct dgl_documents *d = documents;
    pthread_mutex_lock(&d->lock);
    for (;;) {
        while (!d->finish_head && d->started)
            pthread_cond_wait(&d->finish, &d->lock);
        struct dgl_running *job = d->finish_head;
        if (!job)
            break;
        d->finish_head = job->next;
        if (!d->finish_head)
            d->finish_tail = &d->finish_head;
        pthread_mutex_unlock(&d->lock);
        finish_job(d, job);
        pthread_mutex_lock(&d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}
