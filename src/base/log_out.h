// Where log lines go: stderr, without ever waiting for whoever reads it.
#ifndef DGL_BASE_LOG_OUT_H
#define DGL_BASE_LOG_OUT_H

#include "base/base.h"

#define DGL_LOG_PIPE_BYTES (1 << 20) // of a pipe that nobody has read yet
#define DGL_LOG_OUT_MAX_BYTES 32768  // at once

// Whole lines; false: there is no room for them now. One thread at a time.
bool dgl_log_out(const char *lines, size_t len);

// One line of a process that is about to end: needs no memory and no lock, and does not wait either.
void dgl_log_last_words(const char *fmt, ...) DGL_PRINTF(1, 2);

#endif
