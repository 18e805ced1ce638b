// Errors: a status code, and a caller-owned struct dgl_error with one sentence a person can act on.
//
// Functions that can fail return enum dgl_status, take `struct dgl_error *err` last, and write ret_ outputs only on
// success. Every failure is made by dgl_fail() (through DGL_FAIL), the single place for a breakpoint. Nobody compares
// message text: programs look at `code` (coarse, maps to HTTP) and `slug` (stable, fine). `err` is never NULL.
#ifndef DGL_BASE_ERROR_H
#define DGL_BASE_ERROR_H

#include "base/base.h"

enum dgl_status {
    DGL_OK = 0,
    DGL_E_INVALID,      // 422 the request, template or data is wrong; `field` or `place` says where
    DGL_E_MALFORMED,    // 400 bytes that are not the format they claim (JSON, multipart, zip)
    DGL_E_UNAUTHORIZED, // 401 no or bad credentials
    DGL_E_FORBIDDEN,    // 403 known, but may not
    DGL_E_NOT_FOUND,    // 404
    DGL_E_METHOD,       // 405
    DGL_E_CONFLICT,     // 409
    DGL_E_GONE,         // 410
    DGL_E_LIMIT,        // 413 larger than a documented bound
    DGL_E_UNSUPPORTED,  // 415 a media type or feature that is not there
    DGL_E_RATE,         // 429
    DGL_E_INTERNAL,     // 500 a bug or a broken invariant
    DGL_E_IO,           // 500 the system refused (disk, descriptor); worth retrying
    DGL_E_UNAVAILABLE,  // 503 for now: queue full, disk full, stopping; worth retrying
    DGL_E_TIMEOUT,      // 504 a deadline passed; worth retrying
    DGL_E_CANCELED,     // 503 stopped by the caller
    DGL_STATUS_COUNT,
};

// Where in a template an error is. All empty when it is not about a template.
struct dgl_place {
    char part[96];      // "body", "header 1", "footer 2", "footnotes", or a file name for text templates
    uint32_t paragraph; // DOCX: number of the w:p in its part, from 1, those in tables counted; 0 = none
    uint32_t line;      // text templates: line from 1; 0 = none
    char excerpt[160];  // the paragraph's or line's text, cut on a character boundary
    char tag[160];      // the tag, as written
};

struct dgl_error {
    enum dgl_status code;
    char slug[48];     // stable machine word: "unknown_field", "undefined_access", ...; empty = the code's own word
    char field[128];   // JSON path or form field: "webhook_url", "input_json.items[3].price"; empty = none
    char message[640]; // one sentence, no line feeds
    struct dgl_place place;
    const char *file; // where dgl_fail was called
    int line;
};

#define DGL_ERROR_INIT ((struct dgl_error){.code = DGL_OK})

// Fills *err and returns `code`. Truncates long messages on a UTF-8 boundary. Control characters become spaces.
enum dgl_status dgl_fail(struct dgl_error *err, const char *file, int line, enum dgl_status code, const char *slug,
                         const char *field, const char *fmt, ...) DGL_PRINTF(7, 8);
// Plain failure; failure with slug; failure with slug and field (each may be NULL). The value is `code` itself, so the
// compiler sees that outputs are set wherever DGL_OK is returned.
#define DGL_FAIL(err, code, ...) DGL_FAIL_FIELD(err, code, NULL, NULL, __VA_ARGS__)
#define DGL_FAIL_SLUG(err, code, slug, ...) DGL_FAIL_FIELD(err, code, slug, NULL, __VA_ARGS__)
#define DGL_FAIL_FIELD(err, code, slug, field, ...)                                              \
    ({                                                                                           \
        const enum dgl_status dgl_fail_code_ = (code);                                           \
        (void)dgl_fail((err), __FILE__, __LINE__, dgl_fail_code_, (slug), (field), __VA_ARGS__); \
        dgl_fail_code_;                                                                          \
    })
// A failure of a system call: appends ": " and strerror(errno_value). ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM become
// DGL_E_UNAVAILABLE, others DGL_E_IO.
#define DGL_FAIL_ERRNO(err, errno_value, ...)                                                                         \
    ({                                                                                                                \
        const enum dgl_status dgl_fail_code_ = dgl_fail_errno((err), __FILE__, __LINE__, (errno_value), __VA_ARGS__); \
        if (dgl_fail_code_ == DGL_OK) /* never: tells the compiler what the code is not */                            \
            __builtin_unreachable();                                                                                  \
        dgl_fail_code_;                                                                                               \
    })
enum dgl_status dgl_fail_errno(struct dgl_error *err, const char *file, int line, int errno_value, const char *fmt, ...)
    DGL_PRINTF(5, 6);

// Puts "prefix: " before the message of an error that already stands in *err.
void dgl_error_prefix(struct dgl_error *err, const char *fmt, ...) DGL_PRINTF(2, 3);
// One sentence with its place in words: `body, paragraph 3 ("Dear {{ name"): … in tag {{ x }}`. Returns buf.
char *dgl_error_describe(const struct dgl_error *err, char *buf, size_t size);

// The one table: HTTP status, default slug, whether trying again later may help.
int dgl_status_http(enum dgl_status code);
const char *dgl_status_slug(enum dgl_status code);
bool dgl_status_retryable(enum dgl_status code);
// The slug of an error: its own or the code's.
const char *dgl_error_slug(const struct dgl_error *err);

#define DGL_TRY(expr)                             \
    do {                                          \
        enum dgl_status dgl_try_status_ = (expr); \
        if (dgl_try_status_ != DGL_OK)            \
            return dgl_try_status_;               \
    } while (0)

#endif
