// One engine job, waited for: inspecting an upload, rendering a preview. For blocking-pool threads.
#include "server/document/parts.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/thread.h"

struct waiting {
    struct dgl_latch done;
    enum dgl_status status;
    struct dgl_error error;
    struct dgl_document_rendered result;
};

static void rendered(void *arg, struct dgl_engine_result *r)
{
    struct waiting *w = arg;
    w->status = r->status;
    w->error = r->error;
    w->result = (struct dgl_document_rendered){.docx_fd = DGL_STEAL_FD(r->docx_fd),
                                               .pdf_fd = DGL_STEAL_FD(r->pdf_fd),
                                               .tokens_json = dgl_strdup(r->tokens_json),
                                               .problems_json = dgl_strdup(r->problems_json),
                                               .font_json = dgl_strdup(r->font_json)};
    dgl_latch_open(&w->done);
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
    struct waiting w = {.done = DGL_LATCH_INIT};
    *ret = (struct dgl_document_rendered){.docx_fd = -1, .pdf_fd = -1};
    DGL_TRY(dgl_engine_submit(d->parts.engine, job, rendered, &w, err));
    dgl_latch_wait(&w.done);
    *ret = w.result; // also on failure: the problems of a template are there
    if (w.status != DGL_OK)
        *err = w.error;
    return w.status;
}
