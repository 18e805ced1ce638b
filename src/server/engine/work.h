// One job of the engine on its way through its stages, and the order that a native worker gets for it.
#ifndef DGL_SERVER_ENGINE_WORK_H
#define DGL_SERVER_ENGINE_WORK_H

#include "server/engine/fonts.h"
#include "server/engine/worker_pool.h"

struct dgl_work {
    struct dgl_task task; // first, so that a task is its work
    uint64_t org_number;
    enum dgl_engine_op op;
    bool want_docx, want_pdf;
    dgl_engine_done done;
    void *arg;
    int64_t submitted_us, timeout_ms;
    int docx_fd;   // filled, for the caller or for LibreOffice
    int office_fd; // the same with the organization's fonts, for LibreOffice alone
    struct dgl_engine_fonts *fonts;
    char *warnings, *findings;
    int64_t fill_us;
};

// Checks the job and copies it. `office_available`: LibreOffice may be asked for. `timeout_ms`: of jobs that name none.
enum dgl_status dgl_work_new(const struct dgl_engine_job *job, bool office_available, int64_t timeout_ms,
                             struct dgl_work **ret, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_work_free(struct dgl_work *w);

#endif
