// A request's target (RFC 9112 §3.2), taken apart strictly: nothing is repaired, everything odd is a 400.
#ifndef DGL_SERVER_HTTP_TARGET_H
#define DGL_SERVER_HTTP_TARGET_H

#include "server/http/limits.h"

struct http_pair {
    const char *name, *value; // decoded, valid UTF-8, no NUL
};
struct http_target {
    const char *path;                        // as sent, without query; origin form
    const char *segments[HTTP_MAX_SEGMENTS]; // decoded; "/" has none; a final empty one (trailing slash) is dropped
    bool has_slash[HTTP_MAX_SEGMENTS];       // the decoded segment holds a '/' (from %2F): no parameter may be that
    size_t segment_count;
    const struct http_pair *query;
    size_t query_count;
};
// Origin form or absolute form. DGL_E_MALFORMED: characters that may not stand there, broken percent escapes, %00,
// bytes that are not UTF-8, too many segments or fields. DGL_E_LIMIT: longer than the bound.
enum dgl_status http_target_parse(struct dgl_arena *a, const char *text, struct http_target *ret,
                                  struct dgl_error *err) DGL_MUST_CHECK;
// "a=1&b=2" (application/x-www-form-urlencoded) into at most `max` pairs. `what` names it in messages.
enum dgl_status http_pairs_parse(struct dgl_arena *a, const char *text, size_t len, size_t max, const char *what,
                                 struct http_pair **ret, size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;

#endif
