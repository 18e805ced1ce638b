// Bounds of the engine, together.
#ifndef DGL_SERVER_ENGINE_BOUNDS_H
#define DGL_SERVER_ENGINE_BOUNDS_H

#define DGL_ENGINE_MAX_QUEUE 4096u                       // jobs taken and not yet with a worker
#define DGL_ENGINE_MAX_WORKERS 64u                       // of one kind
#define DGL_ENGINE_MAX_INPUT_BYTES ((size_t)64 << 20)    // JSON of one job
#define DGL_ENGINE_MAX_PACKAGE_BYTES ((size_t)128 << 20) // template file
#define DGL_ENGINE_MAX_OUTPUT_BYTES ((size_t)256 << 20)
#define DGL_ENGINE_MAX_TEXT_BYTES ((size_t)8 << 20)   // tokens, problems and warnings of one result
#define DGL_ENGINE_MAX_FETCHES 256u                   // remote images of one job
#define DGL_ENGINE_MAX_FETCH_BYTES ((size_t)32 << 20) // one of them
#define DGL_ENGINE_MAX_URL 4096u
#define DGL_ENGINE_TEMPLATE_SCHEME "template:" // another template is asked for like an image
#define DGL_ENGINE_FONT_LIST "fonts:"          // and so is the job's list of fonts,
#define DGL_ENGINE_FONT_SCHEME "font:"         // and one of its files, by SHA-256 in hex

#define DGL_MESSAGE_INLINE_BYTES ((size_t)32 << 10) // larger payloads travel as a memfd
#define DGL_MESSAGE_MAX_FDS 4u

#define DGL_CACHE_MAX_ENTRIES 64u                     // compiled templates kept by one worker
#define DGL_CACHE_MAX_BYTES ((size_t)64 << 20)        // memory they take together
#define DGL_NATIVE_JOBS 10000u                        // then the worker is replaced
#define DGL_NATIVE_RECYCLE_BYTES (INT64_C(192) << 20) // resident between jobs: replaced above it
#define DGL_OFFICE_JOBS 200u
#define DGL_OFFICE_RECYCLE_BYTES (INT64_C(640) << 20)
#define DGL_OFFICE_BASE_BYTES (INT64_C(640) << 20) // what LibreOffice holds before the first document, generously

#define DGL_ENGINE_DEFAULT_TIMEOUT_MS INT64_C(30000)
#define DGL_ENGINE_MAX_TIMEOUT_MS INT64_C(3600000)
#define DGL_ENGINE_DEFAULT_MEMORY_BYTES (INT64_C(512) << 20)
#define DGL_NATIVE_START_MS INT64_C(20000)
#define DGL_OFFICE_START_MS INT64_C(90000)
#define DGL_ENGINE_GRACE_MS INT64_C(1000)         // a native worker looks at its own deadline; killed this much later
#define DGL_ENGINE_EXIT_MS INT64_C(5000)          // from goodbye to kill
#define DGL_ENGINE_WATCH_US INT64_C(20000)        // how often a busy worker's memory is looked at
#define DGL_ENGINE_RESERVE_MEAN_US INT64_C(10000) // workers slower than this get no second job in hand
#define DGL_ENGINE_MAX_BACKOFF_MS INT64_C(5000)
#define DGL_ENGINE_START_TRIES 4u // failed starts in a row after which waiting jobs are told

#endif
