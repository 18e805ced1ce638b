// Every bound of the HTTP room, in one place (those that callers need to know stand in http.h).
#ifndef DGL_SERVER_HTTP_LIMITS_H
#define DGL_SERVER_HTTP_LIMITS_H

#include "server/http/http.h"

// A request's head
#define HTTP_MAX_TARGET_BYTES 8192 // path and query, as sent
#define HTTP_MAX_SEGMENTS 32       // of a path
#define HTTP_MAX_QUERY_FIELDS 64
#define HTTP_MAX_HEADERS 100
#define HTTP_MAX_METHOD_BYTES 32
#define HTTP_MAX_REQUEST_ID_BYTES 64
// What libmicrohttpd holds per connection: the head, what it makes of it, the answer's head, and read-ahead of the
// body.
#define HTTP_CONNECTION_MEMORY_BYTES (DGL_HTTP_MAX_HEADER_BYTES + 4096)

// Bodies. A refused body up to the drain bound is read and thrown away, so that a client that is still writing gets to
// see the answer; above it the connection is cut.
#define HTTP_MAX_DRAIN_BYTES (UINT64_C(64) << 20)
#define HTTP_FIRST_BODY_BYTES ((size_t)64 << 10)    // reserved at once when Content-Length says so
#define HTTP_MAX_BODIES_BYTES ((uint64_t)512 << 20) // of all requests together, beyond those first bytes
#define HTTP_SHARE_OF_BODIES 4                      // one of so many parts of it is the most that one sharer takes
#define HTTP_SHARES 1024
#define HTTP_MAX_PART_HEAD_BYTES 8192
#define HTTP_MAX_BOUNDARY_BYTES 70 // RFC 2046 §5.1.1

// Time. A connection may rest between requests; once it speaks it must keep up a minimum pace in both directions.
#define HTTP_IDLE_TIMEOUT_S 60
#define HTTP_GRACE_US (30 * DGL_US_PER_S) // for a head; and before the pace of a body or an answer is looked at
#define HTTP_MIN_BYTES_PER_S 1024
#define HTTP_WATCH_INTERVAL_MS 250
#define HTTP_ABANDON_INTERVAL_MS 10 // at a stop
#define HTTP_LAST_WORDS_MS 1000

// Connections and threads
#define HTTP_DEFAULT_CONNECTIONS 12000
#define HTTP_PART_FOR_OTHERS 6 // one of so many parts of them is kept from any one address
#define HTTP_DEFAULT_THREADS 2
#define HTTP_MAX_THREADS 64
#define HTTP_DEFAULT_BLOCKING_THREADS 8
#define HTTP_MAX_BLOCKING_THREADS 256
#define HTTP_BLOCKING_QUEUE 1024
#define HTTP_LISTEN_BACKLOG 1024
#define HTTP_LOOP_RING 1024     // connections on their way to an epoll thread
#define HTTP_ACCEPT_PAUSE_MS 50 // after EMFILE and its kin, while the connection limit is reached or a ring is full
#define HTTP_RETRY_AFTER_S 1

// Recycling
#define HTTP_MAX_SPARE_REQUESTS 1024
#define HTTP_KEEP_BODY_BYTES ((size_t)64 << 10) // a spare request keeps a body buffer up to this size

// Compression
#define HTTP_COMPRESS_MIN_BYTES 1024
#define HTTP_COMPRESS_MAX_BYTES ((size_t)8 << 20)
#define HTTP_COMPRESS_LEVEL 4
#define HTTP_COMPRESS_STATIC_LEVEL 10
#define HTTP_MAX_COMPRESSED_STATICS 256

#define HTTP_MAX_TRUSTED_NETS 64
#define HTTP_COMPLAINT_BYTES 256
#define HTTP_MAX_TLS_FILE_BYTES ((size_t)1 << 20)

#endif
