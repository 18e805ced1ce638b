// Every bound of the API room, in one place.
#ifndef DGL_SERVER_API_LIMITS_H
#define DGL_SERVER_API_LIMITS_H

#include "server/document/document.h"

#define API_MAX_GENERATE_BYTES (DGL_INPUT_MAX_BYTES + (64u << 10)) // POST /documents/: the data and what is around it
#define API_MAX_SMALL_BYTES (16u << 10)                            // bodies that hold a URL or a number
#define API_MAX_REPORT_BYTES (512u << 10)                          // an answer, as JSON text
#define API_MAX_REPORT_HEADERS 16384                               // of it; an attempt keeps less
#define API_MAX_REPORT_BODY 65536
#define API_FORM_OVERHEAD_BYTES (3u << 20) // of an upload, around the file
#define API_MAX_ANSWER_BYTES ((size_t)64 << 20)
#define API_MAX_WAIT_S 30
#define API_MAX_NAME_BYTES 200 // words in queries and bodies: statuses, formats, ids

#endif
