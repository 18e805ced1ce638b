// The server as a process: signals, limits, memory, service manager. For the main thread.
#ifndef DGL_SERVER_APP_PROCESS_H
#define DGL_SERVER_APP_PROCESS_H

#include <signal.h>

// Blocks the signals that the main thread waits for (SIGTERM, SIGINT, SIGHUP, SIGCHLD); before there are other threads.
sigset_t dgl_process_block_signals(void);
// While stopping: one more SIGTERM or SIGINT ends the process at once. The set outlives it.
void dgl_process_end_at_second_signal(sigset_t *set);
// The same program with the same arguments and environment in this one's place. Returns only when that is not possible.
void dgl_process_execute_anew(const sigset_t *blocked);

void dgl_process_forbid_core_dumps(void);
void dgl_process_keep_memory_private(void);
void dgl_process_raise_descriptor_limit(void);
// A service manager that started us hears of it (sd_notify(3)); nobody else listens.
void dgl_process_tell_manager(const char *state);

#endif
