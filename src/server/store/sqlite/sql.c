// Connections and statements. See sql.h for the idea.
//
// NOMUTEX: a connection is never used by two threads at once (the writer has its own, readers borrow one from the
// pool), so SQLite's own locking would only cost.
#include "server/store/sqlite/sql.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int dgl_conn_remember_log(void *arg, sqlite3 *db, const char *schema, int pages)
{
    (void)db;
    (void)schema;
    ((struct dgl_conn *)arg)->log_pages = pages;
    return SQLITE_OK;
}

static enum dgl_status configure(struct dgl_conn *c, bool read_only, struct dgl_error *err)
{
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, DGL_SQLITE_BUSY_MS);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    DGL_TRY(dgl_conn_script(c, "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON", err));
    sqlite3_limit(c->db, SQLITE_LIMIT_ATTACHED, read_only ? 0 : 1);
    char cache[64];
    snprintf(cache, sizeof cache, "PRAGMA cache_size = -%d",
             read_only ? DGL_SQLITE_READER_CACHE_KIB : DGL_SQLITE_WRITER_CACHE_KIB);
    return dgl_conn_script(c, cache, err);
}

enum dgl_status dgl_conn_open(const char *path, bool read_only, struct dgl_conn **ret, struct dgl_error *err)
{
    DGL_AUTO(conn) c = DGL_NEW(struct dgl_conn);
    int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(path, &c->db, flags, NULL);
    if (rc != SQLITE_OK)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the database %s cannot be opened: %s", path,
                        c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc));
    DGL_TRY(configure(c, read_only, err));
    *ret = DGL_STEAL(c);
    return DGL_OK;
}

void dgl_conn_free(struct dgl_conn *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < DGL_COUNT(c->cache); i++)
        sqlite3_finalize(c->cache[i].statement);
    sqlite3_close(c->db);
    free(c);
}

enum dgl_status dgl_conn_script(struct dgl_conn *c, const char *sql, struct dgl_error *err)
{
    int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? DGL_OK : dgl_conn_fail(c, rc, err);
}

enum dgl_status dgl_conn_fail(struct dgl_conn *c, int rc, struct dgl_error *err)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "disk_full",
                             "the database cannot grow because its disk is full; free some space and try again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "database_read_only",
                             "the database cannot be written: %s; make its file and directory writable",
                             sqlite3_errmsg(c->db));
    case SQLITE_IOERR:
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "database_io",
                             "the database could not be read or written: %s (SQLite %d%s%s)", sqlite3_errmsg(c->db), rc,
                             sqlite3_system_errno(c->db) ? ", " : "",
                             sqlite3_system_errno(c->db) ? strerrordesc_np(sqlite3_system_errno(c->db)) : "");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "database_busy",
                             "the database stayed locked by another process for %d s; try again",
                             DGL_SQLITE_BUSY_MS / 1000);
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the database is not available: %s", sqlite3_errmsg(c->db));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return DGL_FAIL_SLUG(err, DGL_E_IO, "database_damaged",
                             "the database file is damaged (%s); restore it from a backup", sqlite3_errmsg(c->db));
    case SQLITE_TOOBIG:
        return DGL_FAIL(err, DGL_E_LIMIT, "a value is larger than the database takes");
    case SQLITE_CONSTRAINT:
        if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_ROWID)
            return DGL_FAIL(err, DGL_E_CONFLICT, "it exists already (%s)", sqlite3_errmsg(c->db));
        return DGL_FAIL(err, DGL_E_INTERNAL, "the database refused a row: %s", sqlite3_errmsg(c->db));
    default:
        return DGL_FAIL(err, DGL_E_INTERNAL, "the database failed: %s (SQLite %d)", sqlite3_errmsg(c->db), rc);
    }
}

// Open addressing on the text's address; the table is larger than the number of SQL texts in the program.
static sqlite3_stmt **slot_of(struct dgl_conn *c, const char *sql)
{
    size_t mask = DGL_COUNT(c->cache) - 1;
    size_t i = (size_t)(((uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15)) >> 40) & mask;
    for (size_t n = 0; n <= mask; n++, i = (i + 1) & mask) {
        if (!c->cache[i].sql)
            c->cache[i].sql = sql;
        if (c->cache[i].sql == sql)
            return &c->cache[i].statement;
    }
    abort(); // more SQL texts than DGL_SQLITE_STATEMENTS_MAX
}

struct dgl_sql dgl_sql(struct dgl_conn *c, const char *static_sql)
{
    struct dgl_sql q = {.conn = c};
    sqlite3_stmt **slot = slot_of(c, static_sql);
    if (!*slot)
        q.rc = sqlite3_prepare_v3(c->db, static_sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
    q.statement = *slot;
    return q;
}

void dgl_sql_end(struct dgl_sql *q)
{
    if (q->statement)
        sqlite3_reset(q->statement);
}

void dgl_sql_put_int(struct dgl_sql *q, int64_t v)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_int64(q->statement, ++q->put, v);
}

void dgl_sql_put_textn(struct dgl_sql *q, const char *s, size_t len)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_text64(q->statement, ++q->put, s, len, SQLITE_STATIC, SQLITE_UTF8);
}

void dgl_sql_put_text(struct dgl_sql *q, const char *s)
{
    dgl_sql_put_textn(q, s, s ? strlen(s) : 0);
}

void dgl_sql_put_blob(struct dgl_sql *q, const void *data, size_t len)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_blob64(q->statement, ++q->put, data, len, SQLITE_STATIC);
}

enum dgl_status dgl_sql_next(struct dgl_sql *q, bool *ret_row, struct dgl_error *err)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_step(q->statement);
    int rc = q->rc;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return dgl_conn_fail(q->conn, rc, err);
    q->rc = SQLITE_OK;
    q->got = 0;
    *ret_row = rc == SQLITE_ROW;
    return DGL_OK;
}

enum dgl_status dgl_sql_run(struct dgl_sql *q, struct dgl_error *err)
{
    bool row = true;
    while (row)
        DGL_TRY(dgl_sql_next(q, &row, err));
    return DGL_OK;
}

enum dgl_status dgl_sql_change(struct dgl_sql *q, int64_t *ret_changed, struct dgl_error *err)
{
    DGL_TRY(dgl_sql_run(q, err));
    *ret_changed = sqlite3_changes64(q->conn->db);
    return DGL_OK;
}

enum dgl_status dgl_sql_int(struct dgl_sql *q, int64_t absent, int64_t *ret, struct dgl_error *err)
{
    bool row;
    DGL_TRY(dgl_sql_next(q, &row, err));
    *ret = row ? dgl_sql_get_int(q) : absent;
    return DGL_OK;
}

int64_t dgl_sql_get_int(struct dgl_sql *q)
{
    return sqlite3_column_int64(q->statement, q->got++);
}

const char *dgl_sql_peek_text(struct dgl_sql *q)
{
    return (const char *)sqlite3_column_text(q->statement, q->got++);
}

const char *dgl_sql_get_text(struct dgl_sql *q, struct dgl_arena *a)
{
    int column = q->got++;
    const char *s = (const char *)sqlite3_column_text(q->statement, column);
    return s ? dgl_arena_strndup(a, s, (size_t)sqlite3_column_bytes(q->statement, column)) : NULL;
}

const void *dgl_sql_peek_blob(struct dgl_sql *q, size_t *ret_len)
{
    int column = q->got++;
    const void *data = sqlite3_column_blob(q->statement, column);
    *ret_len = (size_t)sqlite3_column_bytes(q->statement, column);
    return data;
}

void dgl_sql_get_chars(struct dgl_sql *q, char *out, size_t size)
{
    int column = q->got++;
    const char *s = (const char *)sqlite3_column_text(q->statement, column);
    dgl_str_copy(out, size, s ? s : "", s ? (size_t)sqlite3_column_bytes(q->statement, column) : 0);
}

void dgl_sql_get_bytes(struct dgl_sql *q, void *out, size_t len)
{
    size_t have;
    const void *data = dgl_sql_peek_blob(q, &have);
    if (data && have == len)
        memcpy(out, data, len);
    else
        memset(out, 0, len);
}
