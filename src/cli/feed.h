// The feed of events (docs/webhooks.md) as a listener reads it: bytes of a server to what may be posted, printed and
// reported. The server is a stranger: it may be another than the user thinks, and what it sends goes into requests to
// a program that trusts its neighbours, and onto a terminal. So a page is taken whole or not at all, and what is taken
// can neither change a request's framing or target nor steer a terminal.
//
// Pure: no network, no clock.
#ifndef DGL_CLI_FEED_H
#define DGL_CLI_FEED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

#define DGL_FEED_EVENTS_MAX 1000 // of a page; this server sends 100
#define DGL_FEED_HEADERS_MAX 40  // of an event
#define DGL_FEED_WORD_MAX 200    // an id, a type, a cursor: letters, digits and . _ ~ -, and no "." in front
#define DGL_FEED_REASON_SIZE 300

struct dgl_feed_event {
    const char *id, *type, *cursor;
    int64_t timestamp_s;
    const char *const *headers; // "Name: value", NULL-terminated; none that is HTTP's own
    const char *body;           // UTF-8; may hold NUL
    size_t body_len;
};
struct dgl_feed_page {
    struct dgl_feed_event *events; // in the order to post them in
    size_t count;
    const char *cursor; // behind them
    json_t *tree;       // what the texts are borrowed from
};
// {"events": [{"id", "event", "timestamp", "headers": {}, "body", "cursor"}], "cursor"}; further members are passed
// over. Lists stand in the arena. DGL_E_MALFORMED: no JSON; DGL_E_INVALID: not such a page; DGL_E_LIMIT: too much.
enum dgl_status dgl_feed_read(const char *data, size_t len, struct dgl_arena *a, struct dgl_feed_page *ret,
                              struct dgl_error *err) DGL_MUST_CHECK;
void dgl_feed_page_fini(struct dgl_feed_page *page);
DGL_DEFINE_AUTO_FINI(feed_page);

// What the local program answered.
struct dgl_feed_answer {
    int status; // 0 = none; then `message` says why
    int64_t total_us;
    char message[256];
    struct dgl_buf headers, body; // as they came, cut
};
// The body of the report on an event. Headers or a body that are not text are left out.
void dgl_feed_write_result(int64_t timestamp_s, const struct dgl_feed_answer *answer, struct dgl_buf *out);

// The "detail" of a problem (RFC 9457) for a terminal, or that there is none; cut.
void dgl_feed_reason(const char *data, size_t len, char ret[DGL_FEED_REASON_SIZE]);
// Text for one line of a terminal: line ends and tabs as blanks, other controls as \uXXXX. A JSON document stays the
// same document. `s` is UTF-8.
void dgl_feed_put_plain(struct dgl_buf *out, const char *s, size_t len);

#endif
