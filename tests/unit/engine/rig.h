// What the engine's tests share: a worker that does as it is told, good and bad, and a way to run one job and wait.
#ifndef DGL_TESTS_ENGINE_RIG_H
#define DGL_TESTS_ENGINE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/engine/engine.h"
#include "server/engine/kinds.h"
#include "server/engine/protocol.h"

// The worker's orders are the job's input, a word:
//   echo       the template's bytes as output        pid        its process id as output
//   crash      stops by SIGSEGV                      exit       ends with status 3
//   hang       never answers                         grow       takes memory without end
//   fetch URL  fetches, outputs what came            probe      what the sandbox lets through, a line each
//   trap       calls ptrace                          fail       answers an error with a place
//   decline    the template's bytes as DOCX, the PDF left to another engine
//   bad-…      messages that no worker of ours sends
int rig_run(int socket, const struct dgl_worker_config *config);
int rig_run_broken(int socket, const struct dgl_worker_config *config); // cannot start
extern const struct dgl_worker_kind rig_kinds[DGL_ENGINE_KIND_COUNT];   // native: rig_run, office: the real one

// An engine of the supervisor, which serves one at a time. That of a test that failed half-way is still there: it is
// freed before the next one is made.
struct dgl_engine *rig_engine(struct dgl_supervisor *s, const struct dgl_engine_options *options);
void rig_engine_end(void);
static inline void rig_engine_left(struct dgl_engine **e)
{
    (void)e;
    rig_engine_end();
}
#define RIG_ENGINE __attribute__((cleanup(rig_engine_left))) struct dgl_engine * // frees it at the end of its scope

struct rig_answer {
    enum dgl_status status;
    struct dgl_error error;
    bool worker_lost;
    char *docx, *pdf;
    size_t docx_len, pdf_len;
    int64_t pages;
    char engine[32];
    char *tokens, *problems, *warnings, *findings;
};
// Submits and waits.
void rig_job(struct dgl_engine *e, const struct dgl_engine_job *job, struct rig_answer *ret);
// The same for a RENDER to DOCX whose input is `order`, with a template of five bytes, "bytes".
void rig_order(struct dgl_engine *e, const char *order, int64_t timeout_ms, struct rig_answer *ret);
void rig_answer_fini(struct rig_answer *a);

int rig_memfd(const void *data, size_t len);
// A DOCX, as a descriptor, whose body holds `body_xml` between <w:body> and </w:body>.
int rig_docx(const char *body_xml);
unsigned rig_count_fds(void);

// A counter that tests wait on, with a bound that only a broken build reaches.
struct rig_latch;
struct rig_latch *rig_latch_new(unsigned count);
void rig_latch_down(struct rig_latch *l);
void rig_latch_wait(struct rig_latch *l);
void rig_latch_free(struct rig_latch *l);

#endif
