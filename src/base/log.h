// Structured log lines on stderr: text on a terminal, JSON elsewhere. Called at boundaries only (request, job, attempt,
// start, stop). Lines are whole and in order; a caller never waits for the reader of stderr (log_out.h). Thread safe;
// async-signal safety is not promised. Values are escaped; secrets never go in. Keys are literals.
#ifndef DGL_BASE_LOG_H
#define DGL_BASE_LOG_H

#include "base/error.h"

enum dgl_log_level { DGL_LOG_DEBUG, DGL_LOG_INFO, DGL_LOG_WARN, DGL_LOG_ERROR, DGL_LOG_OFF };
enum dgl_log_format { DGL_LOG_AUTO, DGL_LOG_TEXT, DGL_LOG_JSON };
void dgl_log_configure(enum dgl_log_level level, enum dgl_log_format format);
bool dgl_log_enabled(enum dgl_log_level level);
bool dgl_log_parse_level(const char *s, enum dgl_log_level *ret);
bool dgl_log_parse_format(const char *s, enum dgl_log_format *ret);

// dgl_log(DGL_LOG_INFO, "document ready", DGL_F_STR("document", id), DGL_F_INT("ms", ms));
struct dgl_log_field {
    const char *key;
    enum { DGL_LOG_STR, DGL_LOG_INT, DGL_LOG_BOOL } kind;
    const char *str; // NULL: the field is left out
    int64_t num;
};
#define DGL_F_STR(k, v) ((struct dgl_log_field){.key = (k), .kind = DGL_LOG_STR, .str = (v)})
#define DGL_F_INT(k, v) ((struct dgl_log_field){.key = (k), .kind = DGL_LOG_INT, .num = (int64_t)(v)})
#define DGL_F_BOOL(k, v) ((struct dgl_log_field){.key = (k), .kind = DGL_LOG_BOOL, .num = (v)})
#define dgl_log(level, event, ...) \
    dgl_log_write((level), (event), (const struct dgl_log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}})
void dgl_log_write(enum dgl_log_level level, const char *event, const struct dgl_log_field *fields); // ends at key NULL
uint64_t dgl_log_dropped(void); // lines there was no room for
void dgl_log_error(enum dgl_log_level level, const char *event, const struct dgl_error *err);

#endif
