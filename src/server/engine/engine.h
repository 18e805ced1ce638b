// Engines: what turns templates and data into files, in sandboxed worker processes under one supervisor.
//
//   main ──jobs, descriptors──▶ native worker (compile, lint, tokens, DOCX, PDF)  ×N, SEQPACKET socketpairs
//        ──DOCX descriptor────▶ office worker (LibreOfficeKit, DOCX → PDF)         ×M, warm, started on first need
//   supervisor (forked first, single-threaded): forks workers on request, reaps, reports exits
//
// Worker:  starting ─▶ idle ⇄ busy ─▶ dead (crash, deadline, memory, N jobs) ─▶ replaced
// A job that takes its worker down fails with DGL_E_INVALID "worker_crashed" (or "render_timeout", "render_memory")
// after `tries` are counted by the caller. Workers have no network, no database, no clock; see sandbox.h for what they
// drop.
#ifndef DGL_SERVER_ENGINE_ENGINE_H
#define DGL_SERVER_ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "render/pdf/protect.h"

// Forks the supervisor. Must be the first thing a process does: before threads, database, sockets. Its end of the
// socket is closed when the process dies, and everything below goes with it.
struct dgl_supervisor;
enum dgl_status dgl_supervisor_start(struct dgl_supervisor **ret, struct dgl_error *err) DGL_MUST_CHECK;
// The same; `forget` runs in the supervisor before anything else, to overwrite what the workers must not find in the
// memory they get from us.
enum dgl_status dgl_supervisor_start_without(void (*forget)(void *ctx), void *ctx, struct dgl_supervisor **ret,
                                             struct dgl_error *err) DGL_MUST_CHECK;
void dgl_supervisor_stop(struct dgl_supervisor *s);

struct dgl_engine;
// Fetches one https image, another template of the organization ("template:" and its name, percent-encoded), or a font
// of its list ("font:" and its SHA-256) for a running job; called in the engine's thread, answers later from any thread
// through dgl_engine_fetch_done. NULL: remote images are an error.
struct dgl_engine_fetch;
typedef void (*dgl_engine_fetcher)(void *ctx, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch);
void dgl_engine_fetch_done(struct dgl_engine_fetch *fetch, const void *data, size_t len,
                           const struct dgl_error *error /* NULL = ok */);
// The same with an open file, for fonts; takes the descriptor.
void dgl_engine_fetch_done_fd(struct dgl_engine_fetch *fetch, int fd);

// A list of fonts that jobs may use beside the machine's; immutable, shared by the jobs that carry it. `json`:
// [{"sha256":"<hex>","faces":[…]}] with faces as font_json tells them, those first that go before others.
#define DGL_ENGINE_FONT_MAX_BYTES (INT64_C(20) << 20) // of one file
struct dgl_engine_fonts;
struct dgl_engine_fonts *dgl_engine_fonts_new(const char *json, size_t len);
struct dgl_engine_fonts *dgl_engine_fonts_ref(struct dgl_engine_fonts *f); // NULL gives NULL
void dgl_engine_fonts_unref(struct dgl_engine_fonts *f);

struct dgl_engine_options {
    unsigned workers;           // 0 = one per core
    unsigned office_workers;    // 0 = as needed up to the number of cores, at most 2
    int64_t timeout_ms;         // per job
    int64_t memory_bytes;       // resident, per worker
    const char *scratch_dir;    // office profiles and scratch files; made, mode 0700
    const char *office_program; // "/usr/lib/libreoffice/program"; NULL = looked for
    dgl_engine_fetcher fetcher;
    void *fetcher_ctx;
};
enum dgl_status dgl_engine_new(struct dgl_supervisor *s, const struct dgl_engine_options *options,
                               struct dgl_engine **ret, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_engine_stop(struct dgl_engine *e, int64_t wait_ms); // no new jobs, finish those running
void dgl_engine_free(struct dgl_engine *e);
DGL_DEFINE_AUTO(engine);

enum dgl_engine_op {
    DGL_ENGINE_INSPECT, // compile, lint, tokens of `template_fd`
    DGL_ENGINE_RENDER,
    DGL_ENGINE_FONT, // check the font file `template_fd` and tell what it is
};
struct dgl_engine_job {
    enum dgl_engine_op op;
    uint64_t org_number;
    int template_fd; // DOCX; duplicated by submit
    unsigned char
        template_sha256[32]; // key of the workers' compiled-template caches (bounded LRU), all zero = do not cache
    const char *input;       // JSON text; copied
    size_t input_len;
    bool want_docx, want_pdf;
    // Who makes the PDF. "native": our own, with warnings about what it does not do. "libreoffice". "auto" or NULL: our
    // own, but LibreOffice where it is installed and the document holds what the table of features declines.
    const char *engine;
    bool explain;                                // fill findings_json
    bool archive;                                // PDF/A-2b, by the native engine
    const struct dgl_pdf_protection *protection; // of the PDF, checked by the caller; NULL = none; copied
    int64_t created_at_us;
    const char *time_zone, *locale; // NULL = UTC, en_US
    int64_t timeout_ms;             // 0 = the engine's
    struct dgl_engine_fonts *fonts; // a reference is taken; NULL = the machine's alone
};
struct dgl_engine_result { // borrowed during done; descriptors are memfds, closed after done unless taken (set to -1)
    enum dgl_status status;
    struct dgl_error error;
    bool worker_lost; // crash or kill: the caller may try once more
    int docx_fd, pdf_fd;
    int64_t pages;
    const char *engine;        // what made the PDF, or "native" for DOCX alone
    const char *tokens_json;   // INSPECT
    const char *problems_json; // INSPECT: [{"severity","code","message","part","paragraph","excerpt","tag"}]; also when
                               // status is not DGL_OK
    const char *warnings_json; // array of sentences or NULL
    // FONT: {"faces":[{"index","instance","family","style","weight","width","italic","names"}],
    // "sample":{"path","width"}}; the path is an SVG path of integers, 1000 units an em.
    const char *font_json;
    // What the native engine met of its table of features, when asked for and it read the document:
    // [{"name","support":"supported|approximated|declined","effect","count","part","paragraph"}]
    const char *findings_json;
    int64_t fill_us, layout_us, total_us;
};
// Called in the engine's thread; must not block for long.
typedef void (*dgl_engine_done)(void *arg, struct dgl_engine_result *result);
// Queue full (4,096): DGL_E_UNAVAILABLE.
enum dgl_status dgl_engine_submit(struct dgl_engine *e, const struct dgl_engine_job *job, dgl_engine_done done,
                                  void *arg, struct dgl_error *err) DGL_MUST_CHECK;
unsigned dgl_engine_capacity(const struct dgl_engine *e); // jobs worth having in hand: workers and one each in reserve
// Why a worker ended that was not asked to leave.
enum dgl_worker_end { DGL_WORKER_CRASHED, DGL_WORKER_LATE, DGL_WORKER_LARGE, DGL_WORKER_SANDBOX, DGL_WORKER_ENDS };
const char *dgl_worker_end_word(enum dgl_worker_end e); // "crash" "timeout" "memory" "sandbox"
struct dgl_engine_stats {
    uint64_t jobs, failed, workers_alive, workers_lost, office_alive, office_lost, queue_length;
    bool office_available;
    uint64_t ends[DGL_WORKER_ENDS]; // of both kinds
    int fork_errno;                 // why no native worker could be forked at the latest start; 0 = it could
};
void dgl_engine_stats(struct dgl_engine *e, struct dgl_engine_stats *ret);

#endif
