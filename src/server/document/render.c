// One engine job, waited for: inspecting an upload, rendering a preview. For blocking-pool threads.
#include "server/document/parts.h"

#include <stdlib.h>
#include <unistd.h>

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool done;
    enum dgl_status status;
    struct dgl_error error;
    struct dgl_document_rendered result;
};

static void rendered(void *arg, struct dgl_engine_result *r)
{
    struct waiting *w = arg;
    pthread_mutex_lock(&w->lock);
    w->status = r->status;
    w->error = r->error;
    w->result = (struct dgl_document_rendered){.docx_fd = DGL_STEAL_FD(r->docx_fd),
                                               .pdf_fd = DGL_STEAL_FD(r->pdf_fd),
                                               .tokens_json = dgl_strdup(r->tokens_json),
                                               .problems_json = dgl_strdup(r->problems_json),
                                               .font_json = dgl_strdup(r->font_json)};
    w->done = true;
    pthread_cond_signal(&w->over);
    pthread_mutex_unlock(&w->lock);
}

void dgl_document_rendered_fini(struct dgl_document_rendered *r)
{
    if (r->docx_fd >= 0)
        close(r->docx_fd);
    if (r->pdf_fd >= 0)
        close(r->pdf_fd);
    free(r->tokens_json);
    free(r->problems_json);
    free(r->font_json);
    *r = (struct dgl_document_rendered){.docx_fd = -1, .pdf_fd = -1};
}

enum dgl_status dgl_document_render_now(struct dgl_documents *d, const struct dgl_engine_job *job,
                                        struct dgl_document_rendered *ret, struct dgl_error *err)
{
    struct waiting w = {.lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER};
    *ret = (struct dgl_document_rendered){.docx_fd = -1, .pdf_fd = -1};
    DGL_TRY(dgl_engine_submit(d->parts.engine, job, rendered, &w, err));
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.over, &w.lock);
    pthread_mutex_unlock(&w.lock);
    *ret = w.result; // also on failure: the problems of a template are there
    if (w.status != DGL_OK)
        *err = w.error;
    pthread_cond_destroy(&w.over);
    pthread_mutex_destroy(&w.lock);
    return w.status;
}
