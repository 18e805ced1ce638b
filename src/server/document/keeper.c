// The keeper: once a minute, retention of documents, removal of deleted templates and pruning of logs, in small batches
// with a pause between them, so that neither the writer nor the disk is held up. Files go after the rows that named
// them: a crash in between leaves a file nobody links to, never a dead link.
#include "server/document/parts.h"

#include <stdlib.h>

#include "base/failpoint.h"
#include "base/log.h"

#define US_PER_DAY (INT64_C(86400) * DGL_US_PER_S)

bool dgl_clock_watch_steady(struct dgl_clock_watch *w, int64_t now_us, int64_t mono_us)
{
    int64_t difference_us = now_us - mono_us;
    if (w->begun && llabs(difference_us - w->difference_us) > DGL_DOCUMENT_JUMP_US) {
        w->jumped = true;
        w->jumped_at_mono_us = mono_us;
    }
    w->begun = true;
    w->difference_us = difference_us;
    if (w->jumped && mono_us - w->jumped_at_mono_us >= DGL_DOCUMENT_JUMP_REST_US)
        w->jumped = false;
    return !w->jumped;
}

static enum dgl_status prune_documents(struct dgl_documents *d, bool *ret_more, struct dgl_error *err)
{
    *ret_more = false;
    if (d->options.retention_days == 0)
        return DGL_OK;
    // Never shorter than a link's life.
    int64_t keep_us = DGL_MAX(d->options.retention_days * US_PER_DAY, d->options.download_url_ttl_s * DGL_US_PER_S);
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    const char **uris = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_documents_prune(d->parts.store, arena, dgl_clock_now_us(d->parts.clock) - keep_us,
                                      DGL_DOCUMENT_PRUNE_BATCH, &uris, &count, ret_more, err));
    dgl_document_delete_files(d, uris, count);
    return DGL_OK;
}

static enum dgl_status prune_templates(struct dgl_documents *d, bool *ret_more, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    const char **uris = NULL;
    size_t count = 0;
    *ret_more = false;
    DGL_TRY(dgl_store_templates_prune(d->parts.store, arena,
                                      dgl_clock_now_us(d->parts.clock) - DGL_DOCUMENT_TEMPLATE_KEPT_US,
                                      DGL_DOCUMENT_PRUNE_BATCH, &uris, &count, ret_more, err));
    for (size_t i = 0; i < count; i++) {
        struct dgl_error problem = DGL_ERROR_INIT;
        DGL_FAILPOINT("template.removed");
        if (dgl_blob_delete(d->parts.blobs, uris[i], &problem) != DGL_OK)
            dgl_log_error(DGL_LOG_WARN, "file of a deleted template stays behind until the next start", &problem);
    }
    if (count > 0)
        dgl_log(DGL_LOG_INFO, "files of deleted templates removed", DGL_F_INT("count", count));
    return DGL_OK;
}

static void keep(struct dgl_documents *d, struct dgl_clock_watch *watch)
{
    bool was_steady = !watch->jumped;
    bool steady = dgl_clock_watch_steady(watch, dgl_clock_now_us(d->parts.clock), dgl_clock_mono_us(d->parts.clock));
    if (was_steady && !steady)
        dgl_log(DGL_LOG_WARN, "the clock was put forward or back; nothing is erased for its age for a day");
    bool more_documents = steady, more_templates = steady, more_rows = steady;
    while (more_documents || more_templates || more_rows) {
        struct dgl_error err = DGL_ERROR_INIT;
        enum dgl_status status = DGL_OK;
        if (more_documents)
            status = prune_documents(d, &more_documents, &err);
        if (status == DGL_OK && more_templates)
            status = prune_templates(d, &more_templates, &err);
        if (status == DGL_OK && more_rows) {
            int64_t before = d->options.delivery_log_days == 0
                                 ? 0
                                 : dgl_clock_now_us(d->parts.clock) - d->options.delivery_log_days * US_PER_DAY;
            status = dgl_store_prune(d->parts.store, before, DGL_DOCUMENT_PRUNE_BATCH, &more_rows, &err);
        }
        if (status != DGL_OK) {
            dgl_log_error(DGL_LOG_WARN, "old rows could not be pruned; trying again in a minute", &err);
            return;
        }
        if (!dgl_document_rest(d, &d->idle, 50))
            return;
    }
}

void *dgl_document_keeper(void *documents)
{
    struct dgl_documents *d = documents;
    int64_t sweep_at_us = 0;
    struct dgl_clock_watch watch = {0};
    do {
        if (dgl_clock_mono_us(dgl_clock_system()) >= sweep_at_us && dgl_document_sweep(d))
            sweep_at_us = dgl_clock_mono_us(dgl_clock_system()) + DGL_DOCUMENT_SWEEP_PERIOD_S * DGL_US_PER_S;
        keep(d, &watch);
    } while (dgl_document_rest(d, &d->idle, DGL_DOCUMENT_KEEPER_PERIOD_S * 1000));
    return NULL;
}
