// The progress line. Written at most ten times a second, so that it costs nothing beside the work.
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define EVERY_US (100 * DGL_US_PER_MS)
#define BAR_CELLS 30

struct dgl_cli_progress dgl_cli_progress_begin(const char *verb)
{
    return (struct dgl_cli_progress){.verb = verb, .is_shown = isatty(STDERR_FILENO) == 1};
}

void dgl_cli_progress_step(void *progress, const char *what, int64_t done, int64_t total)
{
    struct dgl_cli_progress *p = progress;
    int64_t now_us = dgl_clock_mono_us(dgl_clock_system());
    if (!p->is_shown || total <= 0 || (done < total && now_us - p->told_at_us < EVERY_US))
        return;
    p->told_at_us = now_us;
    char bar[BAR_CELLS + 1];
    int64_t filled = DGL_MIN(done, total) * BAR_CELLS / total;
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r%s %-8s [%s] %3lld %%", p->verb, what, bar, (long long)(DGL_MIN(done, total) * 100 / total));
    fflush(stderr);
}

void dgl_cli_progress_end(struct dgl_cli_progress *p)
{
    if (p->is_shown && p->told_at_us)
        fputs("\r\033[K", stderr);
}

char *dgl_cli_format_bytes(int64_t bytes, char out[32])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < DGL_COUNT(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(out, 32, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}
