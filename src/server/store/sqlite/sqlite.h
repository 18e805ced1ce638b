// The SQLite store from inside: the writer, the readers, and what verbs share.
#ifndef DGL_SERVER_STORE_SQLITE_SQLITE_H
#define DGL_SERVER_STORE_SQLITE_SQLITE_H

#include "server/store/sqlite/sql.h"
#include "server/store/store.h"
#include <pthread.h>
#include <stdatomic.h>

// One write request: `run` changes the database inside the group's transaction (on failure its changes are undone and
// the others stay); `done` is called in the writer thread after the commit, with the commit's failure when that
// failed. `run` may leave results behind `arg`, which count only when done gets DGL_OK.
struct dgl_write {
    struct dgl_write *next;
    enum dgl_status (*run)(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err);
    void *arg;
    dgl_store_done done;
    void *done_arg;
    enum dgl_status status;
    struct dgl_error err;
};
typedef enum dgl_status (*dgl_write_run)(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err);

struct dgl_writer {
    pthread_t thread;
    struct dgl_conn *conn;
    pthread_mutex_t lock; // guards the next six
    pthread_cond_t wake;
    struct dgl_write *first, **end;
    size_t length;
    bool stopping, started;
    struct dgl_error failure; // of the latest commit; code DGL_OK when it went well
    int64_t failed_at_mono_us;
    size_t last_batch; // writer thread only
    int checkpoint_at; // pages; writer thread only
    atomic_ullong commits, writes, write_errors;
    struct dgl_histogram commit_us;
};
struct dgl_readers {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    struct dgl_conn *idle;
    size_t open;
};
struct dgl_store {
    char *path;
    char *migration_copy; // NULL = none was made
    struct dgl_clock *clock;
    struct dgl_writer writer;
    struct dgl_readers readers;
    // writer thread only
    int64_t claim_after_org;      // the organization served last
    int64_t prune_after_delivery; // where the next prune goes on
};

// open.c: the path in "sqlite:PATH".
enum dgl_status dgl_sqlite_parse_url(const char *url, const char **ret_path, struct dgl_error *err) DGL_MUST_CHECK;

// writer.c
enum dgl_status dgl_writer_start(struct dgl_store *s, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_writer_stop(struct dgl_store *s); // commits what is queued
// Queues; when the queue is full or the store is closing `done` is called at once, with DGL_E_UNAVAILABLE.
void dgl_write_submit(struct dgl_store *s, struct dgl_write *w);
// Runs in the writer thread, waits for the commit.
enum dgl_status dgl_write_sync(struct dgl_store *s, dgl_write_run run, void *arg, struct dgl_error *err) DGL_MUST_CHECK;

// reader.c: DGL_AUTO_READ r = {.store = s}; DGL_TRY(dgl_read(&r, err)); … dgl_sql(r.conn, …)
struct dgl_read {
    struct dgl_store *store;
    struct dgl_conn *conn;
};
#define DGL_AUTO_READ __attribute__((cleanup(dgl_read_end))) struct dgl_read
enum dgl_status dgl_read(struct dgl_read *r, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_read_end(struct dgl_read *r);
void dgl_readers_close(struct dgl_store *s);

// shared.c
#define DGL_NO_SUCH(err, what, id) DGL_FAIL_SLUG((err), DGL_E_NOT_FOUND, "not_found", "there is no %s %s", (what), (id))
// Rows of a list that grows in an arena: `DGL_LIST_ADD(a, rows, count, cap)` is the next, zeroed one.
void *dgl_list_grow(struct dgl_arena *a, void *rows, size_t count, size_t *cap, size_t size);
#define DGL_LIST_ADD(a, rows, count, cap)                                                                        \
    ((count) == (cap) ? (void)((rows) = dgl_list_grow((a), (rows), (count), &(cap), sizeof(*(rows)))) : (void)0, \
     &(rows)[(count)++])
// Every row of a question that has one column of text; of one without parameters.
enum dgl_status dgl_sql_texts(struct dgl_sql *q, struct dgl_arena *a, const char ***ret, size_t *ret_count,
                              struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_read_texts(struct dgl_store *s, struct dgl_arena *a, const char *static_sql, const char ***ret,
                               size_t *ret_count, struct dgl_error *err) DGL_MUST_CHECK;
// The organization's seq, DGL_E_NOT_FOUND when there is none.
enum dgl_status dgl_org_seq(struct dgl_conn *c, const char *org, int64_t *ret, struct dgl_error *err) DGL_MUST_CHECK;

// A cursor is the last row's (time, seq) and the kind of list, as base64url text. Newest first: the first page starts
// at the far end of both.
enum dgl_cursor_kind {
    DGL_CURSOR_TEMPLATES = 't',
    DGL_CURSOR_VERSIONS = 'v',
    DGL_CURSOR_DOCUMENTS = 'd',
    DGL_CURSOR_DELIVERIES = 'w'
};
struct dgl_position {
    int64_t at_us, seq;
};
enum dgl_status dgl_cursor_read(const struct dgl_page_query *page, enum dgl_cursor_kind kind, struct dgl_position *ret,
                                struct dgl_error *err) DGL_MUST_CHECK;
void dgl_cursor_write(enum dgl_cursor_kind kind, struct dgl_position last, char ret[DGL_CURSOR_LEN]);

// endpoints.c, deliveries.c: pending deliveries of an endpoint that is disabled or deleted are canceled, a batch at
// once, the rest in follow-up writes.
enum dgl_status dgl_sweep_endpoint(struct dgl_store *s, struct dgl_conn *c, int64_t endpoint, bool *ret_more,
                                   struct dgl_error *err) DGL_MUST_CHECK;
void dgl_sweep_later(struct dgl_store *s, int64_t endpoint);
// At start: goes on with sweeps that a stop cut short.
enum dgl_status dgl_sweep_resume(struct dgl_store *s, struct dgl_error *err) DGL_MUST_CHECK;

// documents.c: empties the row, drops input and stored answers; the outputs' URIs are added to the list.
struct dgl_uri_list {
    struct dgl_arena *arena;
    const char **uris;
    size_t count, cap;
};
enum dgl_status dgl_document_erase(struct dgl_store *s, struct dgl_conn *c, int64_t seq, struct dgl_uri_list *uris,
                                   struct dgl_error *err) DGL_MUST_CHECK;

// letters.c: a letter to each enabled Org Admin (so many at most), as far as there is room.
enum dgl_status dgl_letters_to_admins(struct dgl_store *s, struct dgl_conn *c, int64_t endpoint,
                                      enum dgl_letter_kind kind, const char *detail,
                                      struct dgl_error *err) DGL_MUST_CHECK;

#define DGL_ATTEMPT_KEY(delivery_seq, number) ((int64_t)(delivery_seq)*65536 + (number))

#endif
