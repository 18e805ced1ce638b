// The table of engines.
#include "server/engine/kinds.h"

#include "server/engine/bounds.h"

const struct dgl_engine_kind dgl_engine_kinds[DGL_ENGINE_KIND_COUNT] = {
    [DGL_ENGINE_NATIVE] = {.name = "native",
                           .noun = "the render worker",
                           .reserve = true,
                           .jobs_per_worker = DGL_NATIVE_JOBS,
                           .recycle_bytes = DGL_NATIVE_RECYCLE_BYTES,
                           .start_ms = DGL_NATIVE_START_MS,
                           .grace_ms = DGL_ENGINE_GRACE_MS},
    [DGL_ENGINE_OFFICE] = {.name = "libreoffice",
                           .noun = "LibreOffice",
                           .lazy = true,
                           .own_directory = true,
                           .jobs_per_worker = DGL_OFFICE_JOBS,
                           .recycle_bytes = DGL_OFFICE_RECYCLE_BYTES,
                           .base_bytes = DGL_OFFICE_BASE_BYTES,
                           .start_ms = DGL_OFFICE_START_MS},
};

const struct dgl_worker_kind dgl_worker_kinds[DGL_ENGINE_KIND_COUNT] = {
    [DGL_ENGINE_NATIVE] = {.name = "dgl-render", .prepare = dgl_native_prepare, .run = dgl_native_run},
    [DGL_ENGINE_OFFICE] = {.name = "dgl-office", .run = dgl_office_run},
};

enum dgl_status dgl_supervisor_start(struct dgl_supervisor **ret, struct dgl_error *err)
{
    return dgl_supervisor_start_kinds(dgl_worker_kinds, DGL_ENGINE_KIND_COUNT, ret, err);
}

enum dgl_status dgl_supervisor_start_without(void (*forget)(void *ctx), void *ctx, struct dgl_supervisor **ret,
                                             struct dgl_error *err)
{
    return dgl_supervisor_fork(dgl_worker_kinds, DGL_ENGINE_KIND_COUNT, forget, ctx, ret, err);
}
