// Places where a test may stop the process dead: one before and after every step that makes something durable.
//
// Only a build with -Dfailpoints=true knows them; otherwise DGL_FAILPOINT is nothing. In such a build
//   DGL_FAILPOINT=blob.renamed:3     kills the process (SIGKILL) when that place is passed for the third time
//   DGL_FAILPOINT_TRACE=/tmp/trace   appends the name of each place as it is passed
// tests/torture/failpoints.py finds the names in the sources, traces one run of the golden jobs, and then dies at each.
#ifndef DGL_BASE_FAILPOINT_H
#define DGL_BASE_FAILPOINT_H

#ifdef DGL_FAILPOINTS
void dgl_failpoint(const char *name); // any thread
#define DGL_FAILPOINT(name) dgl_failpoint(name)
#else
#define DGL_FAILPOINT(name) ((void)0)
#endif

#endif
