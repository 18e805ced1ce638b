// What can be refused is refused here, in the caller's thread, before the job takes a place in the queue.
#include "server/engine/work.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "server/engine/bounds.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum wanted_engine { WANT_AUTO, WANT_NATIVE, WANT_OFFICE };

void dgl_work_free(struct dgl_work *w)
{
    dgl_auto_close_fd(&w->task.fd);
    dgl_auto_close_fd(&w->docx_fd);
    dgl_auto_close_fd(&w->office_fd);
    free(w->task.input);
    free(w->warnings);
    free(w->findings);
    dgl_wipe(&w->task.wire.protection, sizeof(w->task.wire.protection));
    dgl_engine_fonts_unref(w->fonts);
    free(w);
}

static enum dgl_status read_wanted(const struct dgl_engine_job *job, enum wanted_engine *ret, struct dgl_error *err)
{
    static const char *const words[] = {"auto", "native", "libreoffice"};
    if (!job->engine)
        return DGL_OK;
    for (unsigned i = 0; i < DGL_COUNT(words); i++)
        if (strcmp(job->engine, words[i]) == 0) {
            *ret = (enum wanted_engine)i;
            return DGL_OK;
        }
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "engine",
                          "engine '%.40s' is not known; it is one of auto, native, libreoffice", job->engine);
}

static enum dgl_status check_job(const struct dgl_engine_job *job, bool office_available,
                                 enum wanted_engine *ret_wanted, struct dgl_error *err)
{
    DGL_TRY(read_wanted(job, ret_wanted, err));
    if (job->op == DGL_ENGINE_RENDER && !job->want_docx && !job->want_pdf)
        return DGL_FAIL(err, DGL_E_INVALID, "neither DOCX nor PDF is wanted");
    if (job->input_len > DGL_ENGINE_MAX_INPUT_BYTES)
        return DGL_FAIL_FIELD(err, DGL_E_LIMIT, NULL, "input_json", "input_json is larger than %zu bytes",
                              DGL_ENGINE_MAX_INPUT_BYTES);
    if (*ret_wanted == WANT_OFFICE && job->archive)
        return DGL_FAIL_FIELD(err, DGL_E_UNSUPPORTED, NULL, "engine",
                              "PDF/A is made by the native engine only; leave the engine out or ask for native");
    if (job->archive && job->protection && dgl_pdf_is_protected(job->protection))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "protected_archive", NULL,
                              "a document for archives (PDF/A) may have no password; leave one of the two out");
    if (*ret_wanted == WANT_OFFICE && job->want_pdf && !office_available)
        return DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "engine_unavailable",
                             "engine libreoffice is not installed; install it (apt-get install "
                             "libreoffice-writer-nogui) or ask for engine native");
    return DGL_OK;
}

static void set_outputs(const struct dgl_engine_job *job, enum wanted_engine wanted, bool office_available,
                        struct dgl_wire_job *wire)
{
    if (job->op != DGL_ENGINE_RENDER)
        return;
    bool native_pdf = job->want_pdf && wanted != WANT_OFFICE, office_pdf = job->want_pdf && wanted == WANT_OFFICE;
    wire->outputs = (job->want_docx || office_pdf ? DGL_WIRE_DOCX : 0) | (native_pdf ? DGL_WIRE_PDF : 0) |
                    (office_pdf ? DGL_WIRE_OFFICE : 0);
    wire->may_decline = native_pdf && wanted == WANT_AUTO && office_available && !job->archive;
    wire->archive = native_pdf && job->archive;
    wire->explain = native_pdf && job->explain;
    if (job->want_pdf && job->protection)
        wire->protection = *job->protection;
}

enum dgl_status dgl_work_new(const struct dgl_engine_job *job, bool office_available, int64_t timeout_ms,
                             struct dgl_work **ret, struct dgl_error *err)
{
    enum wanted_engine wanted = WANT_AUTO;
    DGL_TRY(check_job(job, office_available, &wanted, err));
    int fd = fcntl(job->template_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "the template's descriptor cannot be kept");
    struct dgl_work *w = DGL_NEW(struct dgl_work);
    *w = (struct dgl_work){.org_number = job->org_number,
                           .op = job->op,
                           .want_docx = job->want_docx,
                           .want_pdf = job->want_pdf,
                           .submitted_us = dgl_clock_mono_us(dgl_clock_system()),
                           .timeout_ms =
                               DGL_MIN(job->timeout_ms > 0 ? job->timeout_ms : timeout_ms, DGL_ENGINE_MAX_TIMEOUT_MS),
                           .docx_fd = -1,
                           .office_fd = -1};
    w->task.fd = fd;
    struct dgl_wire_job *wire = &w->task.wire;
    wire->op = job->op == DGL_ENGINE_INSPECT ? DGL_WIRE_INSPECT
               : job->op == DGL_ENGINE_FONT  ? DGL_WIRE_FONT
                                             : DGL_WIRE_RENDER;
    w->fonts = dgl_engine_fonts_ref(job->fonts);
    if (w->fonts)
        memcpy(wire->fonts_key, dgl_engine_fonts_key(w->fonts), sizeof(wire->fonts_key));
    set_outputs(job, wanted, office_available, wire);
    wire->created_at_us = job->created_at_us;
    wire->timeout_ms = w->timeout_ms;
    memcpy(wire->template_sha256, job->template_sha256, sizeof(wire->template_sha256));
    snprintf(wire->time_zone, sizeof(wire->time_zone), "%s", job->time_zone ? job->time_zone : "UTC");
    snprintf(wire->locale, sizeof(wire->locale), "%s", job->locale ? job->locale : "en_US");
    if (job->op == DGL_ENGINE_RENDER && job->input_len) {
        w->task.input = malloc(job->input_len);
        if (!w->task.input) {
            dgl_work_free(w);
            return DGL_FAIL(err, DGL_E_UNAVAILABLE, "no memory for input_json of %zu bytes", job->input_len);
        }
        memcpy(w->task.input, job->input, job->input_len);
        wire->input_len = (uint32_t)job->input_len;
    }
    *ret = w;
    return DGL_OK;
}
