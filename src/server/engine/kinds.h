// The engines side by side: what each is called, how its workers run and how they are kept. The pool drives any of them
// the same way; a third engine is a third row.
#ifndef DGL_SERVER_ENGINE_KINDS_H
#define DGL_SERVER_ENGINE_KINDS_H

#include "server/engine/supervisor.h"

enum dgl_engine_kind_index { DGL_ENGINE_NATIVE, DGL_ENGINE_OFFICE, DGL_ENGINE_KIND_COUNT };

struct dgl_engine_kind {
    const char *name;         // as in `engine` of a document
    const char *noun;         // in sentences: "the render worker"
    bool lazy;                // workers start when the first job needs them
    bool reserve;             // a worker may hold a second job while it makes the first
    bool own_directory;       // each worker's place has a directory that outlives the process
    uint32_t jobs_per_worker; // then it is replaced
    int64_t recycle_bytes;    // resident between jobs, above which it is replaced
    int64_t base_bytes;       // resident before the first job: added to the engine's memory bound
    int64_t start_ms;         // from fork to READY
    int64_t grace_ms;         // from a job's deadline to the kill
};
extern const struct dgl_engine_kind dgl_engine_kinds[DGL_ENGINE_KIND_COUNT];
extern const struct dgl_worker_kind dgl_worker_kinds[DGL_ENGINE_KIND_COUNT]; // the supervisor's table, same order

// The worker's side of each row.
void dgl_native_prepare(void);
int dgl_native_run(int socket, const struct dgl_worker_config *config);
int dgl_office_run(int socket, const struct dgl_worker_config *config);
// Looks for LibreOffice: `wanted` or the usual places. False: not installed.
bool dgl_office_find(const char *wanted, char *ret_program, size_t size);

#endif
