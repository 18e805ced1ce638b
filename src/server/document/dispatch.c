// The dispatcher: claims queued jobs and hands them to the engine.
//
// How much is claimed: about DGL_DOCUMENT_WORK_AHEAD_US of rendering, from a moving average of what a job takes,
// between the engine's capacity and 32 times that. Short jobs are claimed in larger groups, so that one commit serves
// many; long ones stay in the store, where the turns between organizations are kept. Claiming stops while
// DGL_DOCUMENT_MAX_FINISHING outcomes wait for the disk.
//
// Lock order: `lock` is never held over a call into store, engine or webhook.
#include "server/document/parts.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/thread.h"

void dgl_document_wake(struct dgl_documents *d)
{
    pthread_mutex_lock(&d->lock);
    if (!d->more_queued) {
        d->more_queued = true;
        pthread_cond_signal(&d->wake);
    }
    pthread_mutex_unlock(&d->lock);
}

// From rendering to the finishing queue.
static void hand_over(struct dgl_documents *d, struct dgl_running *job)
{
    pthread_mutex_lock(&d->lock);
    d->rendering--;
    d->finishing++;
    job->next = NULL;
    *d->finish_tail = job;
    d->finish_tail = &job->next;
    pthread_cond_signal(&d->finish);
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
}

// Engine's thread: keep what came out, look at the average, hand over.
static void rendered(void *arg, struct dgl_engine_result *result)
{
    struct dgl_running *job = arg;
    struct dgl_documents *d = job->documents;
    DGL_FAILPOINT("document.rendered");
    job->status = result->status;
    job->error = result->error;
    job->worker_lost = result->worker_lost;
    job->docx_fd = DGL_STEAL_FD(result->docx_fd);
    job->pdf_fd = DGL_STEAL_FD(result->pdf_fd);
    job->pages = result->pages;
    job->render_us = result->total_us;
    dgl_str_copy(job->engine, sizeof job->engine, result->engine ? result->engine : "",
                 result->engine ? strlen(result->engine) : 0);
    job->warnings_json = dgl_strdup(result->warnings_json);
    if (result->status != DGL_E_CANCELED && result->total_us > 0) {
        pthread_mutex_lock(&d->lock);
        d->job_us += (result->total_us - d->job_us) / 8;
        pthread_mutex_unlock(&d->lock);
    }
    hand_over(d, job);
}

static struct dgl_running *running_new(struct dgl_documents *d, const struct dgl_job_claim *claim)
{
    struct dgl_running *job = DGL_NEW(struct dgl_running);
    job->documents = d;
    memcpy(job->id, claim->id, sizeof job->id);
    memcpy(job->org, claim->org, sizeof job->org);
    job->formats = claim->formats;
    job->tries = claim->tries;
    job->has_pdf_options = claim->pdf_options != NULL;
    job->accepted_at_us = claim->created_at_us;
    job->docx_fd = job->pdf_fd = -1;
    return job;
}

static enum dgl_status submit_with(struct dgl_documents *d, const struct dgl_job_claim *claim,
                                   const struct dgl_document_pdf *pdf, struct dgl_running *job)
{
    DGL_AUTO_FD template_fd = -1;
    int64_t size = 0;
    DGL_TRY(dgl_blob_open_fd(d->parts.blobs, claim->blob_uri, &template_fd, &size, &job->error));
    struct dgl_engine_job work = {.op = DGL_ENGINE_RENDER,
                                  .org_number = claim->org_number,
                                  .template_fd = template_fd,
                                  .input = claim->input,
                                  .input_len = claim->input_len,
                                  .want_docx = (claim->formats & DGL_FORMAT_DOCX) != 0,
                                  .want_pdf = (claim->formats & DGL_FORMAT_PDF) != 0,
                                  .archive = pdf->archive,
                                  .protection = &pdf->protection,
                                  .created_at_us = claim->created_at_us,
                                  .time_zone = claim->time_zone,
                                  .locale = claim->locale};
    memcpy(work.template_sha256, claim->template_sha256, sizeof work.template_sha256);
    DGL_TRY(dgl_document_fonts(d, claim->org, &work.fonts, &job->error));
    enum dgl_status status = dgl_engine_submit(d->parts.engine, &work, rendered, job, &job->error);
    dgl_engine_fonts_unref(work.fonts);
    return status;
}

static enum dgl_status submit(struct dgl_documents *d, const struct dgl_job_claim *claim, struct dgl_running *job)
{
    struct dgl_document_pdf pdf = {0};
    enum dgl_status status = DGL_OK;
    if (claim->pdf_options)
        status = dgl_document_pdf_open(d, claim->id, claim->pdf_options, claim->pdf_options_len, &pdf, &job->error);
    if (status == DGL_OK)
        status = submit_with(d, claim, &pdf, job);
    dgl_wipe(&pdf, sizeof pdf); // passwords
    return status;
}

static void start_job(struct dgl_documents *d, const struct dgl_job_claim *claim)
{
    struct dgl_running *job = running_new(d, claim);
    enum dgl_status status = submit(d, claim, job);
    if (status == DGL_OK)
        return; // the job is the engine's now, and may be over and gone already
    job->status = status;
    hand_over(d, job);
}

// How many more jobs are worth having in hand now. Called with the lock held.
static size_t room_for(const struct dgl_documents *d)
{
    if (d->stopping || d->finishing >= DGL_DOCUMENT_MAX_FINISHING)
        return 0;
    int64_t capacity = dgl_engine_capacity(d->parts.engine);
    int64_t ahead = DGL_DOCUMENT_WORK_AHEAD_US * capacity / DGL_MAX(d->job_us, 1);
    int64_t target = DGL_MIN(DGL_MAX(ahead, capacity), 32 * capacity);
    return target > d->rendering ? (size_t)(target - d->rendering) : 0;
}

static void wait_until(struct dgl_documents *d, int64_t mono_us)
{
    int64_t us = DGL_MIN(mono_us - dgl_clock_mono_us(d->parts.clock), DGL_US_PER_S);
    dgl_cond_wait_until(&d->wake, &d->lock, dgl_wait_deadline_us(DGL_MAX(us, DGL_US_PER_MS)));
}

// One claim. Returns how many jobs came; a failed claim (disk full) counts as none and is tried again on the next beat.
static size_t claim_some(struct dgl_documents *d, struct dgl_arena *arena, size_t room)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_job_limits limits = {.max_concurrent_per_org = d->options.max_concurrent_jobs};
    struct dgl_job_claim *claims = NULL;
    size_t count = 0;
    if (dgl_store_jobs_claim(d->parts.store, arena, room, &limits, &claims, &count, &err) != DGL_OK) {
        dgl_log_error(DGL_LOG_ERROR, "jobs could not be claimed", &err);
        count = 0;
    }
    DGL_FAILPOINT("document.claimed");
    pthread_mutex_lock(&d->lock);
    d->rendering += (unsigned)count;
    pthread_mutex_unlock(&d->lock);
    for (size_t i = 0; i < count; i++)
        start_job(d, &claims[i]);
    return count;
}

void *dgl_document_dispatcher(void *documents)
{
    struct dgl_documents *d = documents;
    struct dgl_arena *arena = dgl_arena_new(0);
    int64_t next_beat = 0; // looks once a second even when nobody woke it: limits per organization open silently
    pthread_mutex_lock(&d->lock);
    while (d->started) {
        int64_t now = dgl_clock_mono_us(d->parts.clock);
        size_t room = room_for(d);
        if (room > 0 && (d->more_queued || now >= next_beat)) {
            d->more_queued = false;
            pthread_mutex_unlock(&d->lock);
            size_t got = claim_some(d, arena, room);
            dgl_arena_reset(arena);
            pthread_mutex_lock(&d->lock);
            if (got == room)
                d->more_queued = true; // there may be more than there was room for
            next_beat = now + DGL_US_PER_S;
        } else {
            wait_until(d, DGL_MIN(next_beat, dgl_document_waiters_next(d)));
        }
        pthread_mutex_unlock(&d->lock);
        dgl_document_waiters_expire(d, dgl_clock_mono_us(d->parts.clock), false);
        pthread_mutex_lock(&d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    dgl_arena_free(arena);
    return NULL;
}
