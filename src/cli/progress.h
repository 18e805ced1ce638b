// A progress line for long commands: only on a terminal, on stderr, rewritten in place.
#ifndef DGL_CLI_PROGRESS_H
#define DGL_CLI_PROGRESS_H

#include "base/base.h"

struct dgl_cli_progress {
    const char *verb; // "Backing up"
    bool is_shown;
    int64_t told_at_us;
};
struct dgl_cli_progress dgl_cli_progress_begin(const char *verb);
// Fits dgl_app_progress.
void dgl_cli_progress_step(void *progress, const char *what, int64_t done, int64_t total);
void dgl_cli_progress_end(struct dgl_cli_progress *p); // clears the line
// "12.3 MiB"
char *dgl_cli_format_bytes(int64_t bytes, char out[32]);

#endif
