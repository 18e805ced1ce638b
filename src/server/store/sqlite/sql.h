// One SQLite connection with its prepared statements, and the few calls every verb is written with.
//
// SQL text is a static string; its address is the key of the connection's statement cache, so a statement is parsed
// once per connection. Parameters are put and columns are read in order, which keeps each SQL text, its parameters and
// its row reader side by side. Errors stick: a failed prepare or bind is reported by the next step. A connection
// belongs to one thread at a time.
#ifndef DGL_SERVER_STORE_SQLITE_SQL_H
#define DGL_SERVER_STORE_SQLITE_SQL_H

#include "base/arena.h"
#include "base/error.h"
#include "server/store/sqlite/bounds.h"
#include <sqlite3.h>

struct dgl_conn {
    sqlite3 *db;
    struct dgl_conn *next; // in the reader pool
    int log_pages;         // length of the write-ahead log after the last commit
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } cache[DGL_SQLITE_STATEMENTS_MAX];
};
// The file must exist (dgl_sqlite_create makes it). read_only connections refuse writes.
enum dgl_status dgl_conn_open(const char *path, bool read_only, struct dgl_conn **ret,
                              struct dgl_error *err) DGL_MUST_CHECK;
int dgl_conn_remember_log(void *conn, sqlite3 *db, const char *schema, int pages); // for sqlite3_wal_hook
void dgl_conn_free(struct dgl_conn *c);
DGL_DEFINE_AUTO(conn);
// Text of several statements, for schema and settings; not cached.
enum dgl_status dgl_conn_script(struct dgl_conn *c, const char *sql, struct dgl_error *err) DGL_MUST_CHECK;
// The connection's last error as ours. Disk full, I/O errors, read-only and busy are DGL_E_UNAVAILABLE; a violated
// UNIQUE is DGL_E_CONFLICT, which verbs put into their own words.
enum dgl_status dgl_conn_fail(struct dgl_conn *c, int rc, struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_sql {
    struct dgl_conn *conn;
    sqlite3_stmt *statement;
    int rc, put, got;
};
#define DGL_AUTO_SQL __attribute__((cleanup(dgl_sql_end))) struct dgl_sql
struct dgl_sql dgl_sql(struct dgl_conn *c, const char *static_sql);
void dgl_sql_end(struct dgl_sql *q);

// Parameters, in order. Text and bytes are borrowed until the end; NULL is NULL.
void dgl_sql_put_int(struct dgl_sql *q, int64_t v);
void dgl_sql_put_text(struct dgl_sql *q, const char *s);
void dgl_sql_put_textn(struct dgl_sql *q, const char *s, size_t len);
void dgl_sql_put_blob(struct dgl_sql *q, const void *data, size_t len);

enum dgl_status dgl_sql_next(struct dgl_sql *q, bool *ret_row, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_sql_run(struct dgl_sql *q, struct dgl_error *err) DGL_MUST_CHECK; // to its end, rows ignored
// Runs and gives the number of rows changed.
enum dgl_status dgl_sql_change(struct dgl_sql *q, int64_t *ret_changed, struct dgl_error *err) DGL_MUST_CHECK;
// First column of the first row; `absent` when there is none.
enum dgl_status dgl_sql_int(struct dgl_sql *q, int64_t absent, int64_t *ret, struct dgl_error *err) DGL_MUST_CHECK;

// Columns, in order.
int64_t dgl_sql_get_int(struct dgl_sql *q);
const char *dgl_sql_get_text(struct dgl_sql *q, struct dgl_arena *a); // copied; NULL for NULL
const char *dgl_sql_peek_text(struct dgl_sql *q);                     // lent until the next step; NULL for NULL
const void *dgl_sql_peek_blob(struct dgl_sql *q, size_t *ret_len);
void dgl_sql_get_chars(struct dgl_sql *q, char *out, size_t size); // "" for NULL
void dgl_sql_get_bytes(struct dgl_sql *q, void *out, size_t len);  // zeros unless it is exactly that long

#endif
