// What a worker gives up before it reads a stranger's bytes. Both are called once, in the worker, while it has one
// thread; nothing can be taken back.
//
//                        native worker                        office worker
//   system calls         an allow-list; others EPERM          all but a deny-list
//   files                none can be opened (seccomp)         read programs, libraries, fonts; write its directory
//                                                             (Landlock, where the kernel has it)
//   network              no sockets                           no sockets but AF_UNIX, and those cannot connect
//   processes            no fork, exec, signals to others     no fork, exec, signals to others; threads
//   ptrace, io_uring,    the process is killed (SIGSYS)       the process is killed
//     bpf, mount, …
//   executable memory    none new                             yes
//   core, descriptors    0, 64                                0, 512
//   file size            DGL_ENGINE_MAX_OUTPUT_BYTES × 2      the same
//
// Memory is watched from outside by resident size: address-space limits break sanitizers and say nothing about use.
#ifndef DGL_SERVER_ENGINE_SANDBOX_H
#define DGL_SERVER_ENGINE_SANDBOX_H

#include "base/error.h"

enum dgl_status dgl_sandbox_enter_native(struct dgl_error *err) DGL_MUST_CHECK;
// `directory` may be written; `program` is LibreOffice's program directory.
enum dgl_status dgl_sandbox_enter_office(const char *directory, const char *program,
                                         struct dgl_error *err) DGL_MUST_CHECK;
// Processor seconds from now after which the kernel stops the process; a belt for the case that nobody watches.
void dgl_sandbox_limit_cpu(int64_t timeout_ms);

#endif
