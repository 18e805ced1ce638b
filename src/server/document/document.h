// Documents: templates with versions, accepting jobs, rendering them through the engine, completing them with their
// event, history, erasing, retention. The dispatcher thread claims, submits and completes; accepting never waits for
// it.
#ifndef DGL_SERVER_DOCUMENT_DOCUMENT_H
#define DGL_SERVER_DOCUMENT_DOCUMENT_H

#include "server/account/account.h"
#include "server/blob/blob.h"
#include "server/engine/engine.h"
#include "server/webhook/webhook.h"

#define DGL_IDEMPOTENCY_KEY_MAX 255

struct dgl_documents;
struct dgl_documents_options {
    const char *public_url;
    int64_t download_url_ttl_s;
    int64_t max_concurrent_jobs; // per organization; 0 = none
    int64_t retention_days;      // 0 = for ever
    int64_t delivery_log_days;
    int64_t max_upload_bytes;
};
struct dgl_documents_parts {
    struct dgl_store *store;
    struct dgl_blob_store *blobs;
    struct dgl_engine *engine;
    struct dgl_webhook *webhook;
    const struct dgl_keyring *keys;
    struct dgl_clock *clock;
};
enum dgl_status dgl_documents_new(const struct dgl_documents_parts *parts, const struct dgl_documents_options *options,
                                  struct dgl_documents **ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_documents_start(struct dgl_documents *d, struct dgl_error *err)
    DGL_MUST_CHECK; // recovers, starts the dispatcher and the keeper (retention)
void dgl_documents_stop(struct dgl_documents *d, int64_t wait_ms); // finishes what is in flight
void dgl_documents_free(struct dgl_documents *d);
DGL_DEFINE_AUTO(documents);

// ---- templates
struct dgl_template_upload {
    const char *name, *description; // name 1..200 characters; NULL on update = unchanged
    bool is_uat;
    int fd; // the uploaded file; -1 on update = unchanged
    const char *file_name;
};
// Inspects in a worker (compile, lint, tokens), stores the file, then the row. Blocks: blocking-pool threads only.
// Template problems: DGL_E_INVALID with place, all of them as JSON in *ret_problems_json (arena; NULL = none).
enum dgl_status dgl_documents_template_create(struct dgl_documents *d, struct dgl_arena *a,
                                              const struct dgl_principal *who, const struct dgl_template_upload *upload,
                                              struct dgl_template_row *ret, const char **ret_problems_json,
                                              struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_documents_template_update(struct dgl_documents *d, struct dgl_arena *a,
                                              const struct dgl_principal *who, const char *id,
                                              const struct dgl_template_upload *upload, struct dgl_template_row *ret,
                                              const char **ret_problems_json, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_documents_template_rollback(struct dgl_documents *d, struct dgl_arena *a,
                                                const struct dgl_principal *who, const char *id, int64_t version,
                                                struct dgl_template_row *ret, struct dgl_error *err) DGL_MUST_CHECK;
// Soft: versions stay for jobs already accepted.
enum dgl_status dgl_documents_template_delete(struct dgl_documents *d, const char *org, const char *id,
                                              struct dgl_error *err) DGL_MUST_CHECK;
// Renders at once, no job, no webhook. *ret_fd is the file. Blocks.
enum dgl_status dgl_documents_preview(struct dgl_documents *d, const struct dgl_principal *who, const char *template_id,
                                      const char *input, size_t input_len, unsigned format, int *ret_fd,
                                      struct dgl_error *err) DGL_MUST_CHECK;

// ---- fonts
// Checks the font in a worker, stores the file, then the row; the file it takes the place of goes. Blocks.
enum dgl_status dgl_documents_font_add(struct dgl_documents *d, struct dgl_arena *a, const struct dgl_principal *who,
                                       int fd, const char *file_name, struct dgl_font_row *ret,
                                       struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_documents_font_delete(struct dgl_documents *d, const char *org, const char *id,
                                          struct dgl_error *err) DGL_MUST_CHECK;

// ---- accepting
struct dgl_document_pdf { // what is wanted of the PDF; checked by the caller
    bool archive;         // PDF/A-2b
    struct dgl_pdf_protection protection;
};
struct dgl_document_request { // borrowed until done
    const char *template_id;
    const char *input; // JSON object text, already parsed and checked by the caller
    size_t input_len;
    unsigned formats;
    const char *webhook_url;  // NULL = the organization's
    int64_t template_version; // 0 = current
    const char *idempotency_key;
    unsigned char body_sha256[32];
    enum dgl_document_source source;
    const struct dgl_document_pdf *pdf; // NULL = nothing special
};
struct dgl_document_accepted {
    char id[40], template_id[40];
    int64_t created_at_us;
    bool replayed;
};
typedef void (*dgl_document_accept_done)(void *arg, enum dgl_status status,
                                         const struct dgl_document_accepted *accepted, const struct dgl_error *err);
// Checks template, version and URL here and now (a failure returns and done is not called), then queues the write; done
// is called in the store's writer thread when the job is durable. Does not block beyond a read (template rows are
// cached).
enum dgl_status dgl_documents_accept_async(struct dgl_documents *d, const struct dgl_principal *who,
                                           const struct dgl_document_request *request, dgl_document_accept_done done,
                                           void *arg, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_documents_accept(struct dgl_documents *d, const struct dgl_principal *who,
                                     const struct dgl_document_request *request, struct dgl_document_accepted *ret,
                                     struct dgl_error *err) DGL_MUST_CHECK; // blocks

// Calls `done` once, when the document is ready or failed or the deadline passed (finished = false); possibly before it
// returns. From the dispatcher's thread otherwise; must not block. Bounded number of waiters: DGL_E_UNAVAILABLE.
typedef void (*dgl_document_wait_done)(void *arg, bool finished);
enum dgl_status dgl_documents_wait(struct dgl_documents *d, const char *org, const char *id, int64_t wait_ms,
                                   dgl_document_wait_done done, void *arg, struct dgl_error *err) DGL_MUST_CHECK;

// ---- reading, erasing
// "download_url" for pages and GET /documents/{id}: signed, valid from now for the configured life. format "pdf" |
// "docx".
enum dgl_status dgl_documents_link(struct dgl_documents *d, const char *id, const char *format, char ret[1024],
                                   struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_document_file {
    int fd; // the caller's
    int64_t size_bytes;
    unsigned char sha256[32];
    char file_name[160]; // "<template name>-<id>.pdf", made safe
    const char *content_type;
    int64_t finished_at_us;
};
// format NULL = the PDF when made, else the DOCX. Not ready: DGL_E_CONFLICT "document_not_ready"; failed:
// DGL_E_CONFLICT "document_failed".
enum dgl_status dgl_documents_open(struct dgl_documents *d, const char *org, const char *id, const char *format,
                                   struct dgl_document_file *ret, struct dgl_error *err) DGL_MUST_CHECK;
// For /files/…: verifies the link first. 403 altered or expired, 410 erased, 404 never.
enum dgl_status dgl_documents_open_link(struct dgl_documents *d, const char *file, const char *expires,
                                        const char *signature, struct dgl_document_file *ret,
                                        struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_documents_template_file(struct dgl_documents *d, const char *org, const char *id, int64_t version,
                                            struct dgl_document_file *ret, struct dgl_error *err) DGL_MUST_CHECK;
// The sample sheet for many documents at once (XLSX), with a header for each token.
enum dgl_status dgl_documents_template_sheet(struct dgl_documents *d, struct dgl_arena *arena, const char *org,
                                             const char *id, struct dgl_buf *ret_xlsx,
                                             struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_documents_delete(struct dgl_documents *d, const char *org, const char *id,
                                     struct dgl_error *err) DGL_MUST_CHECK;

#define DGL_DOCUMENT_ENGINES 3
const char *dgl_document_engine_word(size_t i); // "native" "libreoffice" "none"
struct dgl_documents_stats {
    uint64_t accepted, rendering, finishing;
    struct {
        uint64_t ready, failed;
    } by_engine[DGL_DOCUMENT_ENGINES];  // dgl_document_engine_word; failed before an engine had it: the last
    uint64_t requeued;                  // worker lost or machine short of something: another try
    struct dgl_histogram_values render; // in the engine
    struct dgl_histogram_values total;  // from acceptance to the outcome being durable
};
void dgl_documents_stats(struct dgl_documents *d, struct dgl_documents_stats *ret);

#endif
