// The store: everything durable that is not a file, as domain verbs. Behind it SQLite today (sqlite/), PostgreSQL
// later.
//
// Writes go to one writer thread that commits groups (a savepoint per request, commit when its queue is empty): a verb
// returns, or its `done` is called, only when the change is on disk. Reads run in the calling thread on a pooled
// connection. Rows are returned in the caller's arena. Times are microseconds UTC. Ids are text. Every verb that
// touches tenant data takes the organization and never looks outside it. Thread safe.
//
// Document:  queued ──claim──▶ rendering ──finish──▶ ready | failed        (restart: rendering → queued; tries counted)
// Delivery:  pending ──attempt──▶ succeeded | pending (again, later) | dropped | canceled
#ifndef DGL_SERVER_STORE_STORE_H
#define DGL_SERVER_STORE_STORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "base/id.h"

#define DGL_PAGE_MAX 200
#define DGL_PAGE_DEFAULT 50
#define DGL_INPUT_MAX_BYTES (10u << 20)

struct dgl_store;
// `url`: "sqlite:/path/file.db". Opens, checks the schema version, migrates forward (copying the file first when it
// holds data). A newer schema is DGL_E_UNSUPPORTED naming both versions.
enum dgl_status dgl_store_open(const char *url, struct dgl_clock *clock, struct dgl_store **ret,
                               struct dgl_error *err) DGL_MUST_CHECK;
// The same, but an older schema is DGL_E_CONFLICT with the slug "older_schema" and nothing is changed.
enum dgl_status dgl_store_open_current(const char *url, struct dgl_clock *clock, struct dgl_store **ret,
                                       struct dgl_error *err) DGL_MUST_CHECK;
int64_t dgl_store_schema_version(void); // this program's
// The version of a database that is there; it is not changed. A newer one than this program's is refused.
enum dgl_status dgl_store_read_version(const char *url, int64_t *ret, struct dgl_error *err) DGL_MUST_CHECK;
const char *dgl_store_peek_migration_copy(const struct dgl_store *s); // made by open; NULL = none
void dgl_store_close(struct dgl_store *s);                            // commits what is queued, joins the writer
static inline void dgl_store_free(struct dgl_store *s)
{
    if (s)
        dgl_store_close(s);
}
DGL_DEFINE_AUTO(store);
// DGL_OK when a write could be committed now; otherwise why not (disk full, read-only). For /readyz. Cheap: remembers
// the last commit.
enum dgl_status dgl_store_health(struct dgl_store *s, struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_store_stats {
    uint64_t commits, writes, write_errors, queue_length, database_bytes;
    uint64_t queued_documents, pending_deliveries; // not those of disabled organizations
    uint64_t disk_free_bytes, disk_bytes;          // of the database's file system
    int64_t oldest_queued_age_us;                  // how long the oldest queued document waits; 0 = none
    struct dgl_histogram_values commit;            // from the first request of a group to its being on disk
};
void dgl_store_stats(struct dgl_store *s, struct dgl_store_stats *ret);
// Result of an asynchronous write, called in the writer thread after the commit; must not block or write synchronously.
// When too many writes wait already, or the store is closing, it is called at once in the calling thread, with
// DGL_E_UNAVAILABLE.
typedef void (*dgl_store_done)(void *arg, enum dgl_status status, const struct dgl_error *err);

struct dgl_page_query {
    int64_t limit;      // 1..DGL_PAGE_MAX
    const char *cursor; // opaque, from the previous page; NULL = first. Bad ones: DGL_E_INVALID field "cursor"
};
#define DGL_CURSOR_LEN 64

// ---- organizations, users, sessions, keys

enum dgl_role { DGL_ROLE_VIEWER, DGL_ROLE_GENERATOR, DGL_ROLE_EDITOR, DGL_ROLE_ADMIN, DGL_ROLE_COUNT };
const char *dgl_role_word(enum dgl_role role);  // "viewer" "generator" "template_editor" "org_admin"
const char *dgl_role_title(enum dgl_role role); // "Viewer" … "Org Admin"
bool dgl_role_parse(const char *word, enum dgl_role *ret);

struct dgl_org {
    char id[40];
    uint64_t number; // small, unique, never reused: connection groups, fairness
    const char *name, *time_zone, *locale;
    int64_t rate_limit_per_minute; // -1 = the server's setting
    int64_t max_concurrent_jobs;   // -1 = the server's setting
    int64_t created_at_us;
    int64_t disabled_at_us; // 0 = it is not
};
enum dgl_status dgl_store_org_create(struct dgl_store *s, const char *name, struct dgl_id *ret_id,
                                     struct dgl_error *err)
    DGL_MUST_CHECK; // makes its webhook secret row too when given by dgl_store_secret_add
enum dgl_status dgl_store_org_get(struct dgl_store *s, struct dgl_arena *a, const char *org, struct dgl_org *ret,
                                  struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_org_list(struct dgl_store *s, struct dgl_arena *a, struct dgl_org **ret, size_t *ret_count,
                                   struct dgl_error *err) DGL_MUST_CHECK;
// A change names what it changes, so that two at the same time (a region chosen, a limit set) both hold. NULL = as it
// is.
struct dgl_org_change {
    const char *name, *time_zone, *locale;
    const int64_t *rate_limit_per_minute, *max_concurrent_jobs;
};
enum dgl_status dgl_store_org_change(struct dgl_store *s, const char *org, const struct dgl_org_change *change,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// A disabled organization's sessions end, nobody signs in to it, its queued documents are not claimed and its pending
// deliveries are neither due nor too old; nothing of it is removed. Enabling takes all of that up again: what waited is
// due at once, schedules and the days of failing of its endpoints count from now. Both may be said twice.
enum dgl_status dgl_store_org_set_disabled(struct dgl_store *s, const char *org, bool disabled,
                                           struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_user {
    char id[40], org[40];
    const char *email, *name, *password_hash; // e-mail in lower case; unique over all organizations
    enum dgl_role role;
    bool disabled;
    int64_t created_at_us, last_sign_in_at_us;
};
enum dgl_status dgl_store_user_create(struct dgl_store *s, const struct dgl_user *user, struct dgl_id *ret_id,
                                      struct dgl_error *err) DGL_MUST_CHECK; // taken e-mail: DGL_E_CONFLICT
enum dgl_status dgl_store_user_by_email(struct dgl_store *s, struct dgl_arena *a, const char *email,
                                        struct dgl_user *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_user_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                   struct dgl_user *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_user_list(struct dgl_store *s, struct dgl_arena *a, const char *org, struct dgl_user **ret,
                                    size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;
// As of an organization: a password chosen and a role taken away at the same time both hold.
struct dgl_user_change {
    const char *name; // NULL = as it is
    int role;         // an enum dgl_role; -1 = as it is
    int disabled;     // 0, 1; -1 = as it is
};
#define DGL_USER_CHANGE            \
    {                              \
        .role = -1, .disabled = -1 \
    }
enum dgl_status dgl_store_user_change(struct dgl_store *s, const char *org, const char *id,
                                      const struct dgl_user_change *change, struct dgl_error *err)
    DGL_MUST_CHECK; // ends sessions when disabled changed; the last enabled admin of an org stays (DGL_E_CONFLICT)
// Ends all sessions of the user. `was`: the hash it must still have, else DGL_E_CONFLICT "password_changed" and nothing
// is changed; NULL = any.
enum dgl_status dgl_store_user_set_hash(struct dgl_store *s, const char *org, const char *id, const char *was,
                                        const char *hash, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_user_delete(struct dgl_store *s, const char *org, const char *id,
                                      struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_session {
    unsigned char token_hash[32]; // SHA-256 of the cookie's token
    char org[40], user[40];
    int64_t created_at_us, expires_at_us;
    bool is_uat;               // the environment toggle
    const char *password_hash; // creating: what the user must still have, or it is DGL_E_NOT_FOUND; NULL = any
};
enum dgl_status dgl_store_session_create(struct dgl_store *s, const struct dgl_session *session,
                                         struct dgl_error *err) DGL_MUST_CHECK; // also stamps the user's last sign-in
enum dgl_status dgl_store_session_get(struct dgl_store *s, struct dgl_arena *a, const unsigned char token_hash[32],
                                      struct dgl_session *ret, struct dgl_user *ret_user, struct dgl_error *err)
    DGL_MUST_CHECK; // expired or disabled user: DGL_E_NOT_FOUND
enum dgl_status dgl_store_session_set_environment(struct dgl_store *s, const unsigned char token_hash[32], bool is_uat,
                                                  struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_session_delete(struct dgl_store *s, const unsigned char token_hash[32],
                                         struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_api_key {
    char id[40], org[40];
    const char *name;
    char prefix[16];        // "dgl_1a2b" to recognise it by
    unsigned char hash[32]; // SHA-256 of the whole key text
    enum dgl_role role;
    int64_t created_at_us, expires_at_us, last_used_at_us, revoked_at_us; // 0 = never
};
enum dgl_status dgl_store_key_create(struct dgl_store *s, const struct dgl_api_key *key, struct dgl_id *ret_id,
                                     struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status
dgl_store_key_by_hash(struct dgl_store *s, struct dgl_arena *a, const unsigned char hash[32], struct dgl_api_key *ret,
                      struct dgl_error *err) DGL_MUST_CHECK; // also revoked and expired ones: the caller judges
enum dgl_status dgl_store_key_list(struct dgl_store *s, struct dgl_arena *a, const char *org, struct dgl_api_key **ret,
                                   size_t *ret_count,
                                   struct dgl_error *err) DGL_MUST_CHECK; // newest first, without revoked ones
enum dgl_status dgl_store_key_revoke(struct dgl_store *s, const char *org, const char *id,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// A new organization with its first Org Admin and an API key, all or nothing (`org` of both is ignored). only_first:
// DGL_E_CONFLICT "already_initialized" when there is an organization.
struct dgl_org_setup {
    const char *org_name;
    const struct dgl_user *admin;
    const struct dgl_api_key *key;
    bool only_first;
};
enum dgl_status dgl_store_org_setup(struct dgl_store *s, const struct dgl_org_setup *setup, struct dgl_id *ret_org,
                                    struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_key_use {
    char id[40];
    int64_t used_at_us;
};
void dgl_store_keys_touch(struct dgl_store *s, const struct dgl_key_use *uses,
                          size_t count); // asynchronous, best effort

// ---- templates

struct dgl_template_row {
    char id[40], org[40];
    const char *name, *description;
    bool is_uat;
    const char *kind; // "docx" | "html"
    int64_t version;  // current
    int64_t created_at_us, updated_at_us, deleted_at_us;
};
struct dgl_template_version_row {
    char template_id[40];
    int64_t version;
    const char *blob_uri;
    unsigned char sha256[32];
    int64_t size_bytes;
    const char *tokens_json;
    const char *file_name;
    int64_t created_at_us;
};
// The version's blob must be durable before. The row's id is used when it is one, else a new one is made.
enum dgl_status dgl_store_template_create(struct dgl_store *s, const struct dgl_template_row *t,
                                          const struct dgl_template_version_row *v, struct dgl_id *ret_id,
                                          struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_template_add_version(struct dgl_store *s, const char *org, const struct dgl_template_row *t,
                                               const struct dgl_template_version_row *v, int64_t *ret_version,
                                               struct dgl_error *err)
    DGL_MUST_CHECK; // also updates name, description when not NULL; v NULL: only those
enum dgl_status dgl_store_template_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                       struct dgl_template_row *ret,
                                       struct dgl_error *err) DGL_MUST_CHECK; // deleted: DGL_E_NOT_FOUND
enum dgl_status dgl_store_template_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                        int is_uat /* -1 both */,
                                        const struct dgl_page_query *page /* NULL = all, at most 10,000 */,
                                        struct dgl_template_row **ret, size_t *ret_count,
                                        char ret_next_cursor[DGL_CURSOR_LEN],
                                        struct dgl_error *err) DGL_MUST_CHECK; // newest first
enum dgl_status dgl_store_template_delete(struct dgl_store *s, const char *org, const char *id,
                                          struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_template_version_get(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                               const char *id, int64_t version /* 0 = current */,
                                               struct dgl_template_version_row *ret, struct dgl_error *err)
    DGL_MUST_CHECK; // versions of deleted templates are readable for jobs already accepted, until they are removed
enum dgl_status dgl_store_template_versions(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                            const struct dgl_page_query *page, struct dgl_template_version_row **ret,
                                            size_t *ret_count, char ret_next_cursor[DGL_CURSOR_LEN],
                                            struct dgl_error *err) DGL_MUST_CHECK;

// For documents that name a template: the organization's current version of that name, the newest of several, or of
// that id.
enum dgl_status dgl_store_template_version_named(struct dgl_store *s, struct dgl_arena *a, uint64_t org_number,
                                                 const char *name, struct dgl_template_version_row *ret,
                                                 struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_template_names(struct dgl_store *s, struct dgl_arena *a, uint64_t org_number,
                                         const char ***ret, size_t *ret_count,
                                         struct dgl_error *err) DGL_MUST_CHECK; // newest first, at most 10,000

// Versions of templates that were deleted before then and that no unfinished document names; a small batch. The rows of
// the templates stay for history, with their names. *ret_uris: the files that no version names any more. *ret_more:
// call again.
enum dgl_status dgl_store_templates_prune(struct dgl_store *s, struct dgl_arena *a, int64_t deleted_before_us,
                                          size_t max, const char ***ret_uris, size_t *ret_count, bool *ret_more,
                                          struct dgl_error *err) DGL_MUST_CHECK;
// The files of all versions of all templates.
enum dgl_status dgl_store_template_files(struct dgl_store *s, struct dgl_arena *a, const char ***ret_uris,
                                         size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;

// ---- fonts: files that an organization brings

#define DGL_STORE_FONTS_MAX 100 // files of one organization
#define DGL_STORE_FONTS_MAX_BYTES (100 << 20)
#define DGL_FONT_URI_LEN 160
struct dgl_font_row {
    char id[40], org[40];
    const char *fonts;       // what the file holds, "Family/Style" a line: files with equal lines replace each other
    const char *faces_json;  // as the engine tells them
    const char *sample_path; // SVG path of a line of text, 1000 units an em
    int64_t sample_width;
    const char *blob_uri;
    unsigned char sha256[32];
    int64_t size_bytes;
    const char *file_name;
    int64_t created_at_us;
};
// The file must be durable before. An older one of the organization with the same fonts goes in the same transaction;
// its URI is *ret_replaced_uri, else "". Too many, or too large together: DGL_E_CONFLICT "too_many_fonts".
enum dgl_status dgl_store_font_add(struct dgl_store *s, const struct dgl_font_row *row, struct dgl_id *ret_id,
                                   char ret_replaced_uri[DGL_FONT_URI_LEN], struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_font_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                    struct dgl_font_row **ret, size_t *ret_count,
                                    struct dgl_error *err) DGL_MUST_CHECK; // newest first
enum dgl_status dgl_store_font_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                   struct dgl_font_row *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_font_delete(struct dgl_store *s, const char *org, const char *id,
                                      char ret_uri[DGL_FONT_URI_LEN], struct dgl_error *err) DGL_MUST_CHECK;
// The organization's file with these bytes.
enum dgl_status dgl_store_font_file(struct dgl_store *s, uint64_t org_number, const unsigned char sha256[32],
                                    char ret_uri[DGL_FONT_URI_LEN], struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_font_files(struct dgl_store *s, struct dgl_arena *a, const char ***ret_uris,
                                     size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK; // of all organizations

// ---- documents (jobs)

enum dgl_document_status { DGL_DOCUMENT_QUEUED, DGL_DOCUMENT_RENDERING, DGL_DOCUMENT_READY, DGL_DOCUMENT_FAILED };
enum dgl_document_source { DGL_SOURCE_API, DGL_SOURCE_UI, DGL_SOURCE_BULK };
enum { DGL_FORMAT_PDF = 1, DGL_FORMAT_DOCX = 2 };                 // bit set; "both" = 3
const char *dgl_document_status_word(enum dgl_document_status s); // "queued" …
const char *dgl_document_source_word(enum dgl_document_source s); // "api" "ui" "bulk"
const char *dgl_format_word(unsigned formats);                    // "pdf" "docx" "both"
bool dgl_format_parse(const char *word, unsigned *ret);

struct dgl_job_new {
    char id[40]; // made by the caller (dgl_id_new)
    char org[40], template_id[40];
    int64_t template_version;
    enum dgl_document_source source;
    char actor[40]; // key or user id
    unsigned formats;
    bool is_uat;
    const char *webhook_url; // NULL = the organization's
    const char *input;       // JSON text of input_json; borrowed until done
    size_t input_len;
    const void *pdf_options; // sealed; NULL = none; borrowed until done
    size_t pdf_options_len;
    int64_t created_at_us;
    const char *idempotency_key; // NULL = none
    unsigned char body_sha256[32];
};
struct dgl_job_accepted {
    char id[40], template_id[40]; // of the first job when replayed
    int64_t created_at_us;
    bool replayed;
};
// One transaction: idempotency row, job, input. Another body under the same key: DGL_E_CONFLICT slug
// "idempotency_conflict". *ret is filled before done is called; both live until then.
void dgl_store_job_accept_async(struct dgl_store *s, const struct dgl_job_new *job, struct dgl_job_accepted *ret,
                                dgl_store_done done, void *arg);
enum dgl_status dgl_store_job_accept(struct dgl_store *s, const struct dgl_job_new *job, struct dgl_job_accepted *ret,
                                     struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_job_claim {
    char id[40], org[40], template_id[40];
    uint64_t org_number;
    int64_t template_version;
    const char *blob_uri; // of the version
    unsigned char template_sha256[32];
    const char *template_kind;
    const char *time_zone, *locale;
    unsigned formats;
    bool is_uat;
    enum dgl_document_source source;
    const char *input;
    size_t input_len;
    const void *pdf_options; // as it was accepted
    size_t pdf_options_len;
    int64_t created_at_us;
    int64_t tries; // 1 on the first claim
};
struct dgl_job_limits {
    int64_t max_concurrent_per_org; // 0 = none; an org's own setting wins
};
// Takes up to `max` queued jobs, fairly: organizations in turn, oldest first within one, none above its limit of jobs
// in rendering.
enum dgl_status dgl_store_jobs_claim(struct dgl_store *s, struct dgl_arena *a, size_t max,
                                     const struct dgl_job_limits *limits, struct dgl_job_claim **ret, size_t *ret_count,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// At start: what was rendering when the process died is queued again. Returns how many.
enum dgl_status dgl_store_jobs_recover(struct dgl_store *s, int64_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_job_requeue(struct dgl_store *s, const char *id,
                                      struct dgl_error *err) DGL_MUST_CHECK; // worker crashed or stopping

struct dgl_output_row {
    const char *blob_uri; // NULL = not made
    int64_t size_bytes;
    unsigned char sha256[32];
};
struct dgl_job_finish {
    char id[40];
    bool ok;
    bool has_pdf_options;                   // they are erased
    const char *error_message, *error_code; // failed
    struct dgl_output_row pdf, docx;
    int64_t pages;             // 0 = unknown
    const char *engine;        // "native" "libreoffice" "chromium"
    const char *warnings_json; // array of sentences; NULL = none
    int64_t render_us;
};
struct dgl_delivery_due { // what the webhook dispatcher needs to queue one
    char id[40];          // "msg_…", the webhook-id
    char org[40];
    uint64_t org_number;
    char endpoint[40]; // "" = per-request URL
    const char *url;
    int64_t due_at_us;
    int64_t attempts;   // made so far
    int64_t queue;      // which line it stands in: one per endpoint, one per (organization, origin) otherwise
    int64_t rate_per_s; // the endpoint's own; 0 = the server's
    bool is_listener;   // fetched, not sent
};
// One transaction: the outcome, and for API jobs the event with one pending delivery per endpoint it goes to (the job's
// own URL, or else the organization's when set and enabled, and every further endpoint whose filter matches). The
// deliveries are returned in the arena. A job that is no longer rendering (deleted): DGL_E_CONFLICT, nothing changed.
enum dgl_status dgl_store_job_finish(struct dgl_store *s, struct dgl_arena *a, const struct dgl_job_finish *finish,
                                     struct dgl_delivery_due **ret, size_t *ret_count,
                                     struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_document_row {
    char id[40], org[40], template_id[40];
    const char *template_name;
    int64_t template_version;
    enum dgl_document_status status;
    enum dgl_document_source source;
    unsigned formats;
    bool is_uat;
    const char *webhook_url;
    const char *error_message, *error_code;
    struct dgl_output_row pdf, docx;
    int64_t pages;
    const char *engine, *warnings_json;
    int64_t tries, created_at_us, started_at_us, finished_at_us, render_us;
};
enum dgl_status dgl_store_document_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                       struct dgl_document_row *ret,
                                       struct dgl_error *err) DGL_MUST_CHECK; // erased ones: DGL_E_NOT_FOUND
// The JSON text a document was or will be made from (arena). Erased ones: DGL_E_NOT_FOUND.
enum dgl_status dgl_store_document_input(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                         const char **ret, struct dgl_error *err) DGL_MUST_CHECK;
// For signed links, which carry no organization: DGL_E_GONE when erased, DGL_E_FORBIDDEN "organization_disabled".
enum dgl_status dgl_store_document_for_link(struct dgl_store *s, struct dgl_arena *a, const char *id,
                                            struct dgl_document_row *ret, struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_document_filter {
    const char *template_id;    // NULL = any
    int status, source, is_uat; // -1 = any
    int64_t since_us, until_us; // 0 = any
};
enum dgl_status dgl_store_document_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                        const struct dgl_document_filter *filter, const struct dgl_page_query *page,
                                        struct dgl_document_row **ret, size_t *ret_count,
                                        char ret_next_cursor[DGL_CURSOR_LEN],
                                        struct dgl_error *err) DGL_MUST_CHECK; // newest first
// Erases input, outputs' names and stored answers; keeps a tombstone for links (410). Returns the blobs to delete.
enum dgl_status dgl_store_document_delete(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                          const char ***ret_uris, size_t *ret_count,
                                          struct dgl_error *err) DGL_MUST_CHECK;
// Whether a stored file is still of use: a row names it, or its document is not finished and may come to name it.
enum dgl_status dgl_store_document_wants_file(struct dgl_store *s, const char *id, const char *uri, bool *ret,
                                              struct dgl_error *err) DGL_MUST_CHECK;
// At most `max` documents finished before `before`, erased likewise. *ret_more: call again.
enum dgl_status dgl_store_documents_prune(struct dgl_store *s, struct dgl_arena *a, int64_t before_us, size_t max,
                                          const char ***ret_uris, size_t *ret_count, bool *ret_more,
                                          struct dgl_error *err) DGL_MUST_CHECK;
// Idempotency rows over 24 h, sessions and secrets past their end, deliveries and attempts older than before_us, and so
// long deleted endpoints and revoked keys; a small batch. *ret_more: call again.
enum dgl_status dgl_store_prune(struct dgl_store *s, int64_t deliveries_before_us, size_t max, bool *ret_more,
                                struct dgl_error *err) DGL_MUST_CHECK;

// ---- webhooks

enum dgl_secret_kind { DGL_SECRET_SHARED /* v1 */, DGL_SECRET_KEY_PAIR /* v1a */ };
struct dgl_secret_row { // signing secrets of an organization (endpoint "") or of one endpoint; sealed
    char id[40], org[40], endpoint[40];
    const void *sealed;
    size_t sealed_len;
    int64_t created_at_us;
    int64_t expires_at_us; // 0 = current; otherwise still signs until then
    enum dgl_secret_kind kind;
};
enum dgl_status dgl_store_secret_add(
    struct dgl_store *s, const struct dgl_secret_row *secret, int64_t retire_others_at_us,
    struct dgl_error *err) DGL_MUST_CHECK; // others of the same endpoint and kind end then; 0 = they stay
// Ends them without a successor.
enum dgl_status dgl_store_secret_retire(struct dgl_store *s, const char *org, const char *endpoint,
                                        enum dgl_secret_kind kind, int64_t at_us, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_secret_list(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *endpoint,
                                      struct dgl_secret_row **ret, size_t *ret_count,
                                      struct dgl_error *err) DGL_MUST_CHECK; // valid ones, newest first

// Sealed values of all organizations, by row number, for sealing them anew under another master key.
enum dgl_sealed_kind { DGL_SEALED_SECRET, DGL_SEALED_HEADERS /* as base64 text */ };
struct dgl_sealed_row {
    enum dgl_sealed_kind kind;
    int64_t seq;
    char org[40], endpoint[40];
    const void *sealed;
    size_t len;
};
// How many jobs wait with PDF options that another key than `key_id` sealed. They are not sealed anew: they go when the
// job is done.
enum dgl_status dgl_store_pdf_options_count(struct dgl_store *s, uint8_t key_id, int64_t *ret,
                                            struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_sealed_list(struct dgl_store *s, struct dgl_arena *a, enum dgl_sealed_kind kind,
                                      int64_t after_seq, size_t max, struct dgl_sealed_row **ret, size_t *ret_count,
                                      struct dgl_error *err) DGL_MUST_CHECK;
// Only when it is still what `row` says.
enum dgl_status dgl_store_sealed_replace(struct dgl_store *s, const struct dgl_sealed_row *row, const void *sealed,
                                         size_t len, bool *ret_replaced, struct dgl_error *err) DGL_MUST_CHECK;

enum dgl_endpoint_state { DGL_ENDPOINT_ENABLED, DGL_ENDPOINT_DISABLED };
enum dgl_endpoint_kind { DGL_ENDPOINT_PUSH, DGL_ENDPOINT_LISTENER };
struct dgl_endpoint_row {
    char id[40], org[40];
    bool is_organization; // the organization's webhook URL; at most one
    const char *url, *description;
    const char *events;       // comma-separated filter; "" = all
    const char *headers_json; // custom headers; NULL = none
    const char *schedule;     // NULL = the server's
    int64_t rate_per_s;       // 0 = the server's
    enum dgl_endpoint_state state;
    const char *state_reason;
    int64_t failing_since_us; // first failure after the latest success; 0 = healthy
    int64_t created_at_us, updated_at_us;
    enum dgl_endpoint_kind kind;
    int64_t last_success_at_us; // to the minute; 0 = never
    int64_t last_failure_at_us;
};
enum dgl_status dgl_store_endpoint_put(struct dgl_store *s, const struct dgl_endpoint_row *e, struct dgl_id *ret_id,
                                       struct dgl_error *err)
    DGL_MUST_CHECK; // id "" makes one; the organization's is replaced in place; a new URL enables it
enum dgl_status dgl_store_endpoint_organization(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                                struct dgl_endpoint_row *ret,
                                                struct dgl_error *err) DGL_MUST_CHECK; // none set: DGL_E_NOT_FOUND
enum dgl_status dgl_store_endpoint_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                       struct dgl_endpoint_row *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_endpoint_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                        struct dgl_endpoint_row **ret, size_t *ret_count,
                                        struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_endpoint_delete(struct dgl_store *s, const char *org, const char *id,
                                          struct dgl_error *err) DGL_MUST_CHECK; // its pending deliveries are canceled
// Disabling (here or by an attempt that says so) cancels its pending deliveries.
enum dgl_status dgl_store_endpoint_set_state(struct dgl_store *s, const char *org, const char *id,
                                             enum dgl_endpoint_state state, const char *reason,
                                             struct dgl_error *err) DGL_MUST_CHECK;

// Figures of the latest `sample` deliveries (at most 500) made since `since_us`; the cost is bounded by the sample and
// by 10,000 pending ones.
struct dgl_endpoint_health {
    int64_t attempts, succeeded;
    int64_t p50_us, p95_us;                         // whole exchange, of attempts that were answered; 0 = none
    int64_t last_success_at_us, last_failure_at_us; // 0 = never
    int64_t failing_since_us;                       // 0 = healthy
    int64_t pending;                                // counted up to 10,000
    int64_t oldest_pending_at_us;                   // made at; 0 = none
};
enum dgl_status dgl_store_endpoint_health(struct dgl_store *s, const char *org, const char *endpoint, int64_t since_us,
                                          size_t sample, struct dgl_endpoint_health *ret,
                                          struct dgl_error *err) DGL_MUST_CHECK;

// ---- listeners: endpoints of one client each, which fetches its deliveries instead of having them sent
// The organization's listener of that name, made when there is none, alive for another day.
enum dgl_status dgl_store_listener_open(struct dgl_store *s, const char *org, const char *name, struct dgl_id *ret_id,
                                        struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_listener_position { // of a delivery in its listener's line; {0, 0} = before the first
    int64_t at_us, seq;
};
struct dgl_delivery_row;
// Its pending deliveries behind `after`, oldest first, with their positions. Deleted since: DGL_E_NOT_FOUND.
enum dgl_status dgl_store_listener_events(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                          const char *listener, struct dgl_listener_position after, size_t max,
                                          struct dgl_delivery_row **ret, struct dgl_listener_position **ret_positions,
                                          size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;

// ---- deliveries

enum dgl_delivery_status { DGL_DELIVERY_PENDING, DGL_DELIVERY_SUCCEEDED, DGL_DELIVERY_DROPPED, DGL_DELIVERY_CANCELED };
const char *dgl_delivery_status_word(enum dgl_delivery_status s);
struct dgl_delivery_row {
    char id[40], org[40], endpoint[40], document[40], template_id[40];
    uint64_t org_number;
    const char *event_type; // "document.generated" …
    const char *url;
    enum dgl_delivery_status status;
    const char *reason; // why dropped or canceled; NULL
    int64_t attempts;
    int64_t scheduled_attempts; // attempts since the last manual redelivery: drives the schedule
    int64_t created_at_us, next_attempt_at_us, finished_at_us;
    int64_t last_http_status; // 0 = none
    const char *last_error;
    // facts the body is built from
    bool document_ok, document_erased;
    unsigned formats;
    const char *error_message;
    int64_t document_created_at_us;
};
// Everything an attempt needs, whatever the organization (the dispatcher's view).
enum dgl_status dgl_store_delivery_load(struct dgl_store *s, struct dgl_arena *a, const char *id,
                                        struct dgl_delivery_row *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_delivery_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                       struct dgl_delivery_row *ret, struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_delivery_filter {
    int status; // -1 = any
    const char *document, *endpoint;
    int64_t since_us, until_us;
};
enum dgl_status dgl_store_delivery_list(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                        const struct dgl_delivery_filter *filter, const struct dgl_page_query *page,
                                        struct dgl_delivery_row **ret, size_t *ret_count,
                                        char ret_next_cursor[DGL_CURSOR_LEN],
                                        struct dgl_error *err) DGL_MUST_CHECK; // newest first
// Queues with something to send up to `until_us`, by number: one index probe each, however long they are. after_queue:
// INT64_MIN at first, then *ret_after; *ret_more: there may be more behind it.
struct dgl_queue_due {
    int64_t queue, due_at_us /* its earliest */, rate_per_s;
    char org[40], endpoint[40];
    uint64_t org_number;
};
// After the clock was put back: pending deliveries whose wait began in what is the future now wait from now on.
enum dgl_status dgl_store_deliveries_rewind(struct dgl_store *s, int64_t *ret_count,
                                            struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_queues_due(struct dgl_store *s, struct dgl_arena *a, int64_t until_us, int64_t after_queue,
                                     size_t max, struct dgl_queue_due **ret, size_t *ret_count, int64_t *ret_after,
                                     bool *ret_more, struct dgl_error *err) DGL_MUST_CHECK;
// One queue's pending deliveries due up to `until_us`, earliest first.
enum dgl_status dgl_store_queue_due(struct dgl_store *s, struct dgl_arena *a, int64_t queue, int64_t until_us,
                                    size_t max, struct dgl_delivery_due **ret, size_t *ret_count,
                                    struct dgl_error *err) DGL_MUST_CHECK;
// Drops what is due in a queue and was scheduled (made, or sent again by hand) before `from_before_us`, in small
// batches; `done` gets how many.
typedef void (*dgl_store_counted)(void *arg, enum dgl_status status, int64_t count, const struct dgl_error *err);
void dgl_store_queue_expire_async(struct dgl_store *s, int64_t queue, int64_t from_before_us, const char *reason,
                                  dgl_store_counted done, void *arg);
enum dgl_status dgl_store_delivery_redeliver(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                             struct dgl_delivery_due *ret, struct dgl_error *err)
    DGL_MUST_CHECK; // pending again, due now, schedule from its start; already pending: due now. DGL_E_CONFLICT
                    // "endpoint_disabled" or "endpoint_deleted"
// All of a time range at once, `per_s` of them a second, in the order they were made in. Deliveries of endpoints that
// are disabled or deleted are left out. *ret_more: more than `max` match; then, and in a dry run, nothing is changed.
struct dgl_redeliver_range {
    int64_t since_us, until_us;      // creation
    enum dgl_delivery_status status; // any but PENDING
    const char *endpoint;            // NULL = any
    int64_t max, per_s;
    bool dry_run;
};
enum dgl_status dgl_store_deliveries_redeliver(struct dgl_store *s, const char *org,
                                               const struct dgl_redeliver_range *range, int64_t *ret_count,
                                               bool *ret_more, struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_attempt_row {
    char delivery[40];
    int64_t number; // from 1
    int64_t started_at_us;
    const char *address; // NULL for private ones
    int64_t dns_us, connect_us, tls_us, first_byte_us, total_us;
    int64_t http_status;
    const char *tls, *outcome, *message;      // outcome: dgl_net_outcome_word or "http"
    const char *answer_headers, *answer_body; // start; NULL = not stored
    size_t answer_body_len;
    int64_t link_expires_at_us;
    int64_t next_attempt_at_us; // 0 = none
};
enum dgl_endpoint_notice { DGL_NOTICE_NONE, DGL_NOTICE_FAILING, DGL_NOTICE_DISABLED, DGL_NOTICE_GONE };
struct dgl_attempt_result {
    struct dgl_attempt_row attempt;
    enum dgl_delivery_status status; // after it
    const char *reason;
    bool disable_endpoint; // 410
    // An endpoint all of whose attempts failed for so long is disabled, and said to be about to be before; 0 = never.
    int64_t disable_after_us, notice_after_us;
    bool mail_admins;                     // a notice is also a letter to each of the organization's admins
    enum dgl_endpoint_notice *ret_notice; // NULL, or written before `done`
};
// One transaction: the attempt, the delivery's new state, and the letters. Strings are copied before it returns.
void dgl_store_attempt_record_async(struct dgl_store *s, const struct dgl_attempt_result *result, dgl_store_done done,
                                    void *arg);
enum dgl_status dgl_store_attempt_list(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *delivery,
                                       struct dgl_attempt_row **ret, size_t *ret_count,
                                       struct dgl_error *err) DGL_MUST_CHECK;

// ---- letters: e-mail that waits until the mail server has taken it
//
//   posted ──due──▶ taken, refused, no longer of use, too old: done (the row goes) | not now: again, later
//
// A row says what a letter is about. The words, and a link in them, are made when it is sent.
enum dgl_letter_kind {
    DGL_LETTER_ENDPOINT_FAILING,
    DGL_LETTER_ENDPOINT_DISABLED,
    DGL_LETTER_ENDPOINT_GONE,
    DGL_LETTER_INVITATION, // also for choosing another password
};
#define DGL_LETTERS_ORG_MAX 200 // that wait, of one organization
#define DGL_LETTERS_MAX 10000   // … of all
struct dgl_letter_row {
    char id[40], org[40], about[40]; // about: the endpoint or the user
    enum dgl_letter_kind kind;
    const char *to;
    const char *detail; // what the latest attempt ended with; who invites; NULL = none
    int64_t created_at_us, due_at_us, tries;
};
// Due at once. Too many waiting: DGL_E_UNAVAILABLE "too_many_letters".
enum dgl_status dgl_store_letter_post(struct dgl_store *s, const struct dgl_letter_row *letter,
                                      struct dgl_error *err) DGL_MUST_CHECK;
// What is due, earliest first, at most `max`. *ret_next_us: when the next one behind those is due; INT64_MAX = none.
// One that is due later than again_max_us from now was put off before the clock was put back: it is due.
enum dgl_status dgl_store_letters_due(struct dgl_store *s, struct dgl_arena *a, int64_t again_max_us, size_t max,
                                      struct dgl_letter_row **ret, size_t *ret_count, int64_t *ret_next_us,
                                      struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_letter_again(struct dgl_store *s, const char *id, int64_t due_at_us,
                                       struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_store_letter_done(struct dgl_store *s, const char *id, struct dgl_error *err) DGL_MUST_CHECK;

#endif
