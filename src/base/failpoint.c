// See failpoint.h. The environment is read once; passing a place that is not the one asked for costs a comparison.
#include "base/failpoint.h"

typedef int dgl_failpoint_not_empty; // the file holds something in ordinary builds too

#ifdef DGL_FAILPOINTS
#include "base/str.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char wanted[64];
static int64_t wanted_count;
static atomic_llong passed;
static int trace_fd = -1;

static void read_environment(void)
{
    const char *point = secure_getenv("DGL_FAILPOINT"), *trace = secure_getenv("DGL_FAILPOINT_TRACE");
    const char *colon = point ? strchr(point, ':') : NULL;
    if (colon && dgl_parse_int64(colon + 1, strlen(colon + 1), 1, INT64_MAX, &wanted_count))
        dgl_str_copy(wanted, sizeof wanted, point, (size_t)(colon - point));
    if (trace)
        trace_fd = open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void dgl_failpoint(const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_environment);
    struct iovec line[2] = {{(void *)name, strlen(name)}, {"\n", 1}};
    if (trace_fd >= 0 && writev(trace_fd, line, 2) < 0)
        abort();
    if (wanted_count > 0 && strcmp(name, wanted) == 0 && atomic_fetch_add(&passed, 1) + 1 == wanted_count)
        kill(getpid(), SIGKILL);
}
#endif
