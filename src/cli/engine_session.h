// One engine for one command: a supervisor, a worker, one job waited for. The same sandboxed path as the server's.
#ifndef DGL_CLI_ENGINE_SESSION_H
#define DGL_CLI_ENGINE_SESSION_H

#include "base/config.h"
#include "server/engine/engine.h"

// What a session reads of the configuration.
#define DGL_CLI_ENGINE_OPTIONS "RENDER_TIMEOUT_MS RENDER_MEMORY_BYTES OFFICE_PROGRAM FETCH_ALLOW_NETS WEBHOOK_CA_FILE"

struct dgl_engine_session;
// Forks, so it comes before whatever starts threads. with_pdf: makes a directory for LibreOffice under TMPDIR, removed
// at the end.
enum dgl_status dgl_engine_session_open(const struct dgl_config *config, bool with_pdf, struct dgl_engine_session **ret,
                                        struct dgl_error *err) DGL_MUST_CHECK;
void dgl_engine_session_free(struct dgl_engine_session *s);
DGL_DEFINE_AUTO(engine_session);
// Subdocuments are found in the folder of this template. Before the first job.
void dgl_engine_session_beside(struct dgl_engine_session *s, const char *template_path);

// Jobs use the fonts of this folder before the machine's. Before the first job that is to have them.
enum dgl_status dgl_engine_session_fonts(struct dgl_engine_session *s, const char *folder,
                                         struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_session_answer {
    enum dgl_status status;
    struct dgl_error error;
    int docx_fd, pdf_fd; // owned; -1 = none
    char *tokens_json, *problems_json, *warnings_json, *findings_json, *font_json;
    char engine[16]; // what made the PDF
};
void dgl_session_answer_fini(struct dgl_session_answer *a);
DGL_DEFINE_AUTO_FINI(session_answer);
// Submits and waits. A job that could not be submitted answers with that error.
void dgl_engine_session_run(struct dgl_engine_session *s, const struct dgl_engine_job *job,
                            struct dgl_session_answer *ret);

#endif
