// Time as an argument: everything that needs to know the time is handed a clock. Two kinds: the system's and one that
// tests move by hand. Thread safe.
#ifndef DGL_BASE_CLOCK_H
#define DGL_BASE_CLOCK_H

#include "base/error.h"

struct dgl_clock;
struct dgl_clock *dgl_clock_system(void);               // static; freeing it does nothing
struct dgl_clock *dgl_clock_new_manual(int64_t now_us); // wall and monotonic start together
void dgl_clock_free(struct dgl_clock *c);
DGL_DEFINE_AUTO(clock);
void dgl_clock_advance(struct dgl_clock *manual, int64_t us); // moves both
void dgl_clock_jump(struct dgl_clock *manual, int64_t us);    // moves the wall clock only

int64_t dgl_clock_now_us(struct dgl_clock *c);  // microseconds since 1970-01-01 UTC
int64_t dgl_clock_mono_us(struct dgl_clock *c); // never goes back; for intervals and deadlines

#define DGL_US_PER_S INT64_C(1000000)
#define DGL_US_PER_MS INT64_C(1000)
// "2024-01-15T10:30:00Z" (20 bytes + NUL), whole seconds, truncated; years outside 0000..9999 are held to them.
char *dgl_time_format_utc(int64_t us, char out[32]);
// RFC 3339 with Z or offset, or a date alone (midnight UTC).
bool dgl_time_parse(const char *s, size_t len, int64_t *ret_us);

#endif
