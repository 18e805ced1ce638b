// Conditional and range requests (RFC 9110 §13, §14), as pure functions.
#ifndef DGL_SERVER_HTTP_RANGE_H
#define DGL_SERVER_HTTP_RANGE_H

#include "base/clock.h"

enum http_range { HTTP_RANGE_WHOLE, HTTP_RANGE_PART, HTTP_RANGE_UNSATISFIABLE };
// A Range header against a file of `size` bytes. Several ranges, other units and unreadable text are WHOLE.
enum http_range http_range_parse(const char *text, int64_t size, int64_t *ret_first, int64_t *ret_last);
// If-None-Match: "*" or a list holding `etag` (weak comparison). `etag` has its quotes.
bool http_etag_listed(const char *list, const char *etag);
bool http_etag_listed_strongly(const char *list, const char *etag); // If-Match: strong comparison
// If-Range: the strong etag, or exactly the modification date.
bool http_if_range_holds(const char *text, const char *etag, int64_t modified_at_us);
char *http_date_format(int64_t us, char out[40]); // "Sun, 06 Nov 1994 08:49:37 GMT"
bool http_date_parse(const char *s, int64_t *ret_s);
// Whether an Accept-Encoding header lets gzip through (named or "*", quality above 0).
bool http_accepts_gzip(const char *text);

#endif
