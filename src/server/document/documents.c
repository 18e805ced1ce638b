// Life of the room: making, starting, stopping, counting. The way of a job:
//
//   accept.c ─▶ store: queued ─claim (dispatch.c)─▶ rendering ─engine─▶ finishing (finish.c) ─▶ ready or failed
//
// Invariants. (1) A 202 is answered only for a row on disk. (2) A job in hand is in exactly one of `rendering` and
// `finishing`; both are bounded, so a slow disk stops claiming before memory grows. (3) Files are durable before the
// row that names them. (4) The outcome and its event are one transaction; the deliveries it made are handed to the
// webhook dispatcher after it, and found again at the next start if the process dies in between. (5) What is in hand at
// a crash is `rendering` in the store and is queued again at start.
//
// Rejected: rendering in the accepting thread (a slow template would hold connections) and one thread per job (no
// back-pressure).
#include "server/document/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"

bool dgl_document_rest(struct dgl_documents *d, pthread_cond_t *cond, int64_t ms)
{
    int64_t deadline_us = dgl_wait_deadline_us(ms * DGL_US_PER_MS);
    pthread_mutex_lock(&d->lock);
    while (d->started && dgl_cond_wait_until(cond, &d->lock, deadline_us))
        ;
    bool going_on = d->started;
    pthread_mutex_unlock(&d->lock);
    return going_on;
}

enum dgl_status dgl_documents_new(const struct dgl_documents_parts *parts, const struct dgl_documents_options *options,
                                  struct dgl_documents **ret, struct dgl_error *err)
{
    if (options->download_url_ttl_s <= 0)
        return DGL_FAIL(err, DGL_E_INVALID, "DOWNLOAD_URL_TTL_S must be at least 1 second.");
    struct dgl_documents *d = DGL_NEW(struct dgl_documents);
    d->parts = *parts;
    d->options = *options;
    d->public_url = dgl_strdup(options->public_url);
    d->options.public_url = d->public_url;
    d->facts = dgl_alloc(DGL_DOCUMENT_TEMPLATE_CACHE * sizeof *d->facts);
    dgl_document_fonts_init(d);
    d->finish_tail = &d->finish_head;
    d->next_expiry_mono_us = INT64_MAX;
    d->job_us = 20000;
    pthread_mutex_init(&d->fact_lock, NULL);
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->wait_lock, NULL);
    dgl_cond_init(&d->wake);
    dgl_cond_init(&d->finish);
    dgl_cond_init(&d->idle);
    *ret = d;
    return DGL_OK;
}

static enum dgl_status start_thread(struct dgl_documents *d, const char *name, void *(*run)(void *),
                                    struct dgl_error *err)
{
    DGL_TRY(dgl_thread_start(&d->threads[d->thread_count], name, run, d, err));
    d->thread_count++;
    return DGL_OK;
}

enum dgl_status dgl_documents_start(struct dgl_documents *d, struct dgl_error *err)
{
    int64_t recovered = 0;
    DGL_TRY(dgl_store_jobs_recover(d->parts.store, &recovered, err));
    if (recovered > 0)
        dgl_log(DGL_LOG_INFO, "documents queued again after an unclean stop", DGL_F_INT("count", recovered));
    dgl_document_sweep_uploads(d);
    d->more_queued = true;
    d->started = true; // before the threads, which run while it stands
    DGL_TRY(start_thread(d, "dispatcher", dgl_document_dispatcher, err));
    for (size_t i = 0; i < DGL_DOCUMENT_FINISHERS; i++)
        DGL_TRY(start_thread(d, "finisher", dgl_document_finisher, err));
    return start_thread(d, "keeper", dgl_document_keeper, err);
}

void dgl_documents_stop(struct dgl_documents *d, int64_t wait_ms)
{
    if (!d || !d->started)
        return;
    int64_t deadline_us = dgl_wait_deadline_us(wait_ms * DGL_US_PER_MS);
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_broadcast(&d->wake);
    for (bool in_time = true; d->rendering + d->finishing > 0 && in_time;)
        in_time = dgl_cond_wait_until(&d->idle, &d->lock, deadline_us);
    d->started = false;
    pthread_cond_broadcast(&d->wake);
    pthread_cond_broadcast(&d->finish);
    pthread_cond_broadcast(&d->idle);
    pthread_mutex_unlock(&d->lock);
    while (d->thread_count > 0)
        pthread_join(d->threads[--d->thread_count], NULL);
    dgl_document_waiters_expire(d, 0, true);
}

void dgl_documents_free(struct dgl_documents *d)
{
    if (!d)
        return;
    dgl_documents_stop(d, 0);
    while (d->finish_head) { // came after the finishers had gone: rendered again after the next start
        struct dgl_running *job = d->finish_head;
        d->finish_head = job->next;
        dgl_document_running_free(job);
    }
    pthread_cond_destroy(&d->wake);
    pthread_cond_destroy(&d->finish);
    pthread_cond_destroy(&d->idle);
    pthread_mutex_destroy(&d->wait_lock);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->fact_lock);
    free(d->facts);
    dgl_document_fonts_fini(d);
    free(d->public_url);
    free(d);
}

static const char *const engine_words[DGL_DOCUMENT_ENGINES] = {"native", "libreoffice", "none"};

const char *dgl_document_engine_word(size_t i)
{
    return engine_words[i];
}

size_t dgl_document_engine_index(const char *word)
{
    size_t i = 0;
    while (i + 1 < DGL_DOCUMENT_ENGINES && strcmp(engine_words[i], word) != 0)
        i++;
    return i;
}

void dgl_documents_stats(struct dgl_documents *d, struct dgl_documents_stats *ret)
{
    *ret = (struct dgl_documents_stats){.accepted = atomic_load(&d->accepted), .requeued = atomic_load(&d->requeued)};
    pthread_mutex_lock(&d->lock);
    ret->rendering = d->rendering;
    ret->finishing = d->finishing;
    pthread_mutex_unlock(&d->lock);
    for (size_t i = 0; i < DGL_DOCUMENT_ENGINES; i++) {
        ret->by_engine[i].ready = atomic_load(&d->ready[i]);
        ret->by_engine[i].failed = atomic_load(&d->failed[i]);
    }
    dgl_histogram_read(&d->render_us, &ret->render);
    dgl_histogram_read(&d->total_us, &ret->total);
}
