// What the files of this room share: the one struct behind struct dgl_documents, and the bounds.
#ifndef DGL_SERVER_DOCUMENT_PARTS_H
#define DGL_SERVER_DOCUMENT_PARTS_H

#include "base/str.h"
#include "server/document/document.h"
#include <pthread.h>
#include <stdatomic.h>

#define DGL_DOCUMENT_FINISHERS 64u      // threads that sync files and commit outcomes; they share group commits
#define DGL_DOCUMENT_MAX_FINISHING 256u // rendered, not yet committed; past it no job is claimed
#define DGL_DOCUMENT_MAX_WAITERS 10000u // clients in `Prefer: wait`
#define DGL_DOCUMENT_WAIT_BUCKETS 1024u
#define DGL_DOCUMENT_MAX_TRIES 2           // a job that took its worker down this often has failed
#define DGL_DOCUMENT_MAX_REFUSALS 250      // nor is one tried for ever that the machine keeps refusing: about an hour
#define DGL_DOCUMENT_REFUSED_REST_MS 15000 // at most, between two such tries
#define DGL_DOCUMENT_WORK_AHEAD_US 50000   // how much rendering time is claimed ahead
#define DGL_DOCUMENT_TEMPLATE_CACHE 1024u  // rows of templates known to the accepting path
#define DGL_DOCUMENT_TEMPLATE_TTL_US 2000000
#define DGL_DOCUMENT_FONT_CACHE 256u // organizations whose fonts are known to the dispatcher
#define DGL_DOCUMENT_PRUNE_BATCH 100u
#define DGL_DOCUMENT_KEEPER_PERIOD_S 60
#define DGL_DOCUMENT_TEMPLATE_KEPT_US (INT64_C(86400) * DGL_US_PER_S) // files of a deleted template, for backups
#define DGL_DOCUMENT_JUMP_US (INT64_C(3600) * DGL_US_PER_S)           // the clock was put, not corrected
#define DGL_DOCUMENT_JUMP_REST_US (INT64_C(86400) * DGL_US_PER_S)     // then nothing is erased for its age so long
#define DGL_DOCUMENT_SWEEP_BATCH 200u     // left-over files are looked for in steps of as many files, with rests
#define DGL_DOCUMENT_SWEEP_PERIOD_S 86400 // at start and then so often

// What accepting needs to know of a template. Direct-mapped by the id's hash; a changed template is forgotten at once.
struct dgl_template_fact {
    char id[40], org[40];
    int64_t version;
    bool is_uat;
    int64_t known_until_us; // monotonic
};

struct dgl_waiter {
    struct dgl_waiter *next;
    char id[40];
    int64_t deadline_mono_us;
    dgl_document_wait_done done;
    void *arg;
};

// A job between claim and commit. Owned by the engine while rendering, then by the finishing queue.
struct dgl_running {
    struct dgl_running *next;
    struct dgl_documents *documents;
    char id[40], org[40];
    unsigned formats;
    int64_t tries;
    int64_t accepted_at_us;
    enum dgl_status status;
    struct dgl_error error;
    bool worker_lost, rested;
    bool has_pdf_options; // in the store, to be taken out with the outcome
    int docx_fd, pdf_fd;  // -1 = none
    int64_t pages, render_us;
    char engine[16];
    char *warnings_json;
};

struct dgl_documents {
    struct dgl_documents_parts parts;
    struct dgl_documents_options options;
    char *public_url;

    pthread_mutex_t fact_lock;
    struct dgl_template_fact *facts;  // DGL_DOCUMENT_TEMPLATE_CACHE
    struct dgl_font_fact *font_facts; // DGL_DOCUMENT_FONT_CACHE
    uint64_t fact_epoch;              // counts forgets, so that a row read before one is not kept after it

    // Dispatcher: all under `lock`.
    pthread_mutex_t lock;
    pthread_cond_t wake;   // dispatcher: a new job, a free place, a stop
    pthread_cond_t finish; // finishers: something to commit
    pthread_cond_t idle;   // stop: nothing in hand any more
    bool started, stopping, more_queued;
    unsigned rendering, finishing;
    int64_t job_us; // moving average of one job's time in the engine
    struct dgl_running *finish_head, **finish_tail;
    pthread_t threads[DGL_DOCUMENT_FINISHERS + 2]; // and the dispatcher and the keeper
    size_t thread_count;

    pthread_mutex_t wait_lock;
    struct dgl_waiter *waiters[DGL_DOCUMENT_WAIT_BUCKETS]; // by the id's hash
    unsigned waiter_count;
    int64_t next_expiry_mono_us;

    atomic_ullong accepted, requeued, ready[DGL_DOCUMENT_ENGINES], failed[DGL_DOCUMENT_ENGINES];
    struct dgl_histogram render_us, total_us;
};

// documents.c
bool dgl_document_rest(struct dgl_documents *d, pthread_cond_t *cond, int64_t ms); // sleeps; false when the room stops
size_t dgl_document_engine_index(const char *word);                                // what is none of ours: "none"
// dispatch.c
void *dgl_document_dispatcher(void *documents);
void dgl_document_wake(struct dgl_documents *d); // a job was queued
// finish.c
void *dgl_document_finisher(void *documents);
void dgl_document_running_free(struct dgl_running *job);
// wait.c
void dgl_document_waiters_finished(struct dgl_documents *d, const char *id);
void dgl_document_waiters_expire(struct dgl_documents *d, int64_t now_mono_us, bool all);
int64_t dgl_document_waiters_next(struct dgl_documents *d); // monotonic; INT64_MAX = none
// files.c: of documents that are erased. What cannot be deleted now goes with the next sweep.
void dgl_document_delete_files(struct dgl_documents *d, const char *const *uris, size_t count);
// keeper.c
// Whether the wall clock has gone with the monotonic one for a day. A clock that was put years ahead must not make
// retention erase everything: it waits a day after a jump, for somebody or something to put it right.
struct dgl_clock_watch {
    bool begun;
    int64_t difference_us, jumped_at_mono_us; // wall minus monotonic; when that last changed
    bool jumped;
};
bool dgl_clock_watch_steady(struct dgl_clock_watch *w, int64_t now_us, int64_t mono_us);
void *dgl_document_keeper(void *documents);
// sweep.c
void dgl_document_sweep_uploads(struct dgl_documents *d); // templates and fonts, before anybody can upload
bool dgl_document_sweep(struct dgl_documents *d);         // false: stopped before its end
// templates.c
enum dgl_status dgl_document_template_fact(struct dgl_documents *d, const char *org, const char *id,
                                           struct dgl_template_fact *ret, struct dgl_error *err) DGL_MUST_CHECK;
// pdf_options.c: as they lie beside a waiting job's input
#define DGL_DOCUMENT_PDF_OPTIONS_MAX 512u // sealed
enum dgl_status dgl_document_pdf_seal(const struct dgl_documents *d, const char *document,
                                      const struct dgl_document_pdf *pdf, struct dgl_buf *ret,
                                      struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_document_pdf_open(const struct dgl_documents *d, const char *document, const void *sealed,
                                      size_t len, struct dgl_document_pdf *ret, struct dgl_error *err) DGL_MUST_CHECK;
// fonts.c
void dgl_document_fonts_init(struct dgl_documents *d);
void dgl_document_fonts_fini(struct dgl_documents *d);
// The organization's list as it is now, give or take a moment; NULL = it has none. The caller unrefs.
enum dgl_status dgl_document_fonts(struct dgl_documents *d, const char *org, struct dgl_engine_fonts **ret,
                                   struct dgl_error *err) DGL_MUST_CHECK;
// render.c: runs one engine job and waits for it.
struct dgl_document_rendered {
    int docx_fd, pdf_fd;
    char *tokens_json, *problems_json, *font_json; // malloc'd
};
void dgl_document_rendered_fini(struct dgl_document_rendered *r);
enum dgl_status dgl_document_render_now(struct dgl_documents *d, const struct dgl_engine_job *job,
                                        struct dgl_document_rendered *ret, struct dgl_error *err) DGL_MUST_CHECK;

#endif
